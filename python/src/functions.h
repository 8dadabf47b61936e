/* Functions of the module, each in a file of its own; a further one is a prototype and a row. */
#ifndef KEN_PYTHON_FUNCTIONS_H
#define KEN_PYTHON_FUNCTIONS_H

#include "door.h"

PyObject *door_things(PyObject *module, PyObject *unused); /* model_look.c */

/* Methods of Table that stand in files of their own (columns.c, arrow_in.c, arrow_out.c). */
#define DOOR_TABLE_METHODS

#define DOOR_ROW(name, function, doc) {name, (PyCFunction)(void (*)(void))function, METH_VARARGS | METH_KEYWORDS, doc},
#define DOOR_FUNCTIONS \
    {"things", door_things, METH_NOARGS, "The catalog as JSON: what `ken models --json` prints."},

#endif
