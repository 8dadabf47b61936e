/* What functions over metrics and splitters share. Not public. */
#ifndef KEN_PYTHON_PARAMS_H
#define KEN_PYTHON_PARAMS_H

#include "door.h"

/* The thing of that name and its parameters: defaults, then a dict of texts by name. *params is the caller's, to be
 * freed by free(), on failure, too. -1 with an exception. */
int door_params_of(door_context *context, const char *name, ken_kind kind, PyObject *settings, const ken_desc **desc,
                   void **params);
/* obj as a dense array (n, width), or (n) of width 1, of such items. 0, or -1 with an exception and an empty view. */
int door_dense_of(PyObject *obj, const char *name, char kind, int itemsize, int64_t n, int64_t width, door_view *view);

#endif
