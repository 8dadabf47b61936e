/* One-dimensional things of Python as columns. */
#include "door.h"

static int column_shape_wrong(const char *name, const door_view *view) {
    PyErr_Format(PyExc_ValueError, "%s must be one-dimensional, found an array of %d dimensions", name, view->ndim);
    return -1;
}

int64_t door_column_rows(door_state *state, PyObject *obj) {
    (void)state;
    return PyObject_Size(obj);
}

static int column_add_view(door_context *context, door_table *table, const char *name, const door_view *view) {
    ken_tensor x;
    PyObject *copy = NULL;
    if (view->ndim != 1) return column_shape_wrong(name, view);
    if (view->shape[0] != ken_table_rows(table->table)) {
        PyErr_Format(PyExc_ValueError, "%s has %lld rows where the others have %lld", name, (long long)view->shape[0],
                     (long long)ken_table_rows(table->table));
        return -1;
    }
    if (door_view_tensor(view, &x, &copy) < 0) return -1;
    const int kept = door_table_keep(table, copy ? copy : view->owner);
    Py_XDECREF(copy);
    if (kept < 0) return -1;
    const ken_column column = {.name = name, .dtype = x.dtype, .n = x.shape[0], .data = x.data, .stride = x.stride[0],
                               .source = -1};
    const ken_status status = ken_table_add_borrow(context->ctx, table->table, &column);
    return status == KEN_OK ? 0 : door_raise(context, status);
}

int door_column_add(door_state *state, door_context *context, door_table *table, const char *name, PyObject *obj) {
    door_view view;
    (void)state;
    const int found = door_view_of(obj, &view);
    if (found < 0) return -1;
    if (found == 0) {
        PyErr_Format(PyExc_TypeError, "%s: expected a column, found %S", name, (PyObject *)Py_TYPE(obj));
        return -1;
    }
    const int status = column_add_view(context, table, name, &view);
    door_view_release(&view);
    return status;
}
