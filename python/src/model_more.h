/* What a fitted model says besides predictions (model_more.c): rows for the table of its type. Not public. */
#ifndef KEN_PYTHON_MODEL_MORE_H
#define KEN_PYTHON_MODEL_MORE_H

#include "door.h"

int door_what_of(const char *text, ken_what *out); /* model.c */

PyObject *door_model_width(door_model *self, PyObject *args);
PyObject *door_model_outputs(door_model *self, PyObject *unused);
PyObject *door_model_importance(door_model *self, PyObject *args);
PyObject *door_model_against(door_model *self, PyObject *args);

#define DOOR_MORE_ROW(name, function, flags, doc) {name, (PyCFunction)(void (*)(void))function, flags, doc},
#define DOOR_MODEL_MORE                                                                                               \
    DOOR_MORE_ROW("width", door_model_width, METH_VARARGS, "width(what): columns of such a prediction; 0: it has none.")   \
    DOOR_MORE_ROW("outputs", door_model_outputs, METH_NOARGS, "Names of the columns that a transformer makes.")       \
    DOOR_MORE_ROW("importance", door_model_importance, METH_VARARGS,                                                  \
                  "importance(way='gain'): of each column by 'gain' or number of 'splits'; None: there are no trees.")       \
    DOOR_MORE_ROW("contributions_against", door_model_against, METH_VARARGS,                                          \
                  "contributions_against(X, background, threads=1): Tables; as predict(X, 'contributions').")

#endif
