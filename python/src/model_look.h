/* What a model tells about itself, and its bytes (model_look.c): rows for the tables of its type. Not public. */
#ifndef KEN_PYTHON_MODEL_LOOK_H
#define KEN_PYTHON_MODEL_LOOK_H

#include "door.h"

PyObject *door_model_attr(door_model *self, PyObject *name);
PyObject *door_model_attrs(door_model *self, PyObject *unused);
PyObject *door_model_params(door_model *self, PyObject *unused);
PyObject *door_model_to_bytes(door_model *self, PyObject *unused);
PyObject *door_model_from_bytes(PyObject *type, PyObject *bytes);
PyObject *door_model_save(door_model *self, PyObject *args);
PyObject *door_model_load(PyObject *type, PyObject *args);
PyObject *door_model_clone(door_model *self, PyObject *unused);
PyObject *door_model_copy(door_model *self, PyObject *unused);
PyObject *door_model_reduce(door_model *self, PyObject *unused);
extern PyGetSetDef door_model_getset[];

#define DOOR_LOOK_ROW(name, function, flags, doc) {name, (PyCFunction)(void (*)(void))function, flags, doc},
#define DOOR_MODEL_LOOK                                                                                             \
    DOOR_LOOK_ROW("attr", door_model_attr, METH_O, "attr(name): what the fit learned, an array or a list of str; None: it has not.")     \
    DOOR_LOOK_ROW("attrs", door_model_attrs, METH_NOARGS, "Names of what can be learned.")                          \
    DOOR_LOOK_ROW("params", door_model_params, METH_NOARGS, "Parameters as JSON, those of nested models by dotted name.")        \
    DOOR_LOOK_ROW("to_bytes", door_model_to_bytes, METH_NOARGS, "The bytes of the model file.")                     \
    DOOR_LOOK_ROW("from_bytes", door_model_from_bytes, METH_O | METH_CLASS, "A model out of the bytes of its file.") \
    DOOR_LOOK_ROW("save", door_model_save, METH_VARARGS, "save(path): written whole or not at all.")                \
    DOOR_LOOK_ROW("load", door_model_load, METH_VARARGS | METH_CLASS, "load(path)")                                 \
    DOOR_LOOK_ROW("clone", door_model_clone, METH_NOARGS, "An unfitted model of the same thing and parameters.")    \
    DOOR_LOOK_ROW("__copy__", door_model_copy, METH_NOARGS, "A model of its own, fitted if this one is.")           \
    DOOR_LOOK_ROW("__deepcopy__", door_model_copy, METH_O, "The same.")                                             \
    DOOR_LOOK_ROW("__reduce__", door_model_reduce, METH_NOARGS, "Pickled as the bytes of its file.")

#endif
