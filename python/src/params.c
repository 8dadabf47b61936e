/* Parameters of things that are no models (metrics, splitters), and arrays that must be as they are. Such things have no
 * parameters of text, which would have to outlive the call that sets them. */
#include "params.h"

#include <stdlib.h>
#include <string.h>

static int params_set_one(door_context *context, const ken_desc *desc, void *params, PyObject *name, PyObject *value) {
    PyObject *key = NULL, *text = NULL;
    const char *k = door_text_of(name, &key), *v = k ? door_text_of(value, &text) : NULL;
    int failed = -1;
    if (k && v) {
        const ken_status status = ken_param_set(context->ctx, desc, params, k, v);
        failed = status == KEN_OK ? 0 : door_raise(context, status);
    }
    Py_XDECREF(key);
    Py_XDECREF(text);
    return failed;
}

static int params_set(door_context *context, const ken_desc *desc, void *params, PyObject *settings) {
    PyObject *name, *value;
    Py_ssize_t at = 0;
    while (PyDict_Next(settings, &at, &name, &value))
        if (params_set_one(context, desc, params, name, value) < 0) return -1;
    const ken_status status = ken_params_check(context->ctx, desc, params);
    return status == KEN_OK ? 0 : door_raise(context, status);
}

int door_params_of(door_context *context, const char *name, ken_kind kind, PyObject *settings, const ken_desc **desc,
                   void **params) {
    *params = NULL;
    const ken_status status = ken_catalog_find(context->ctx, name, kind, desc);
    if (status != KEN_OK) return door_raise(context, status);
    if (!PyDict_Check(settings)) {
        PyErr_SetString(PyExc_TypeError, "settings must be a dict");
        return -1;
    }
    if (!(*desc)->params_size) return PyDict_Size(settings) == 0 ? 0 : params_set(context, *desc, NULL, settings);
    *params = malloc((*desc)->params_size);
    if (!*params) return PyErr_NoMemory(), -1;
    memcpy(*params, (*desc)->defaults, (*desc)->params_size);
    return params_set(context, *desc, *params, settings);
}

int door_dense_of(PyObject *obj, const char *name, char kind, int itemsize, int64_t n, int64_t width, door_view *view) {
    const int found = door_view_of(obj, view);
    if (found < 0) return -1;
    const bool flat = found && view->ndim == 1 && width == 1 && view->shape[0] == n && (n < 2 || view->stride[0] == itemsize);
    const bool wide = found && view->ndim == 2 && view->shape[0] == n && view->shape[1] == width &&
                      (n < 2 || view->stride[0] == itemsize * width) && (width < 2 || view->stride[1] == itemsize);
    if (found && view->kind == kind && view->itemsize == itemsize && !view->swapped && (flat || wide)) return 0;
    if (found) door_view_release(view);
    memset(view, 0, sizeof *view);
    PyErr_Format(PyExc_ValueError, "%s must be a dense array of %lld x %lld numbers of %d bytes", name, (long long)n,
                 (long long)width, itemsize);
    return -1;
}
