/* Functions of the module, each in a file of its own; a further one is a prototype and a row. */
#ifndef KEN_PYTHON_FUNCTIONS_H
#define KEN_PYTHON_FUNCTIONS_H

#include "door.h"

PyObject *door_things(PyObject *module, PyObject *unused); /* model_look.c */

/* Methods of Table that stand in files of their own (columns.c, arrow_in.c, arrow_out.c). */
PyObject *door_table_from_columns(PyObject *type, PyObject *args, PyObject *kwargs); /* columns.c */
#define DOOR_TABLE_METHODS                                                                                              \
    {"from_columns", (PyCFunction)(void (*)(void))door_table_from_columns, METH_VARARGS | METH_KEYWORDS | METH_CLASS,   \
     "from_columns(columns, n_rows=None): a list of (name, values) or (name, values, mask); values is an array, a list,\n" \
     "a Table of one column or, for a category, (codes, levels); where mask is true, the cell is missing."},

#define DOOR_ROW(name, function, doc) {name, (PyCFunction)(void (*)(void))function, METH_VARARGS | METH_KEYWORDS, doc},
#define DOOR_FUNCTIONS \
    {"things", door_things, METH_NOARGS, "The catalog as JSON: what `ken models --json` prints."},

#endif
