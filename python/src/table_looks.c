/* Tables as Python sees them: parts of a table, cells as arrays of NumPy, and what ken/_views.py makes of these. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "door.h"
#include "functions.h"

/* --- tables of the same columns ----------------------------------------------------------------------------------------- */
/* A table that borrows from self. */
static PyObject *look_wrap(door_state *state, door_context *context, door_table *self, ken_status status, ken_table *table) {
    door_table *made = NULL;
    if (status != KEN_OK)
        door_raise(context, status);
    else
        made = door_table_new(state, context, 0);
    if (made) {
        ken_table_free(made->table);
        made->table = table;
        if (door_table_keep(made, (PyObject *)self) < 0) Py_CLEAR(made);
    } else if (status == KEN_OK) {
        ken_table_free(table);
    }
    door_context_give(state, context, false);
    return (PyObject *)made;
}

typedef struct look_levels_args {
    const ken_table *table;
    int64_t most;
    ken_table *out;
} look_levels_args;

static ken_status look_levels(ken_ctx *ctx, void *arg) {
    look_levels_args *a = arg;
    return ken_table_levels(ctx, a->table, a->most, &a->out);
}

PyObject *door_table_categorized(PyObject *obj, PyObject *args) {
    door_table *self = (door_table *)obj;
    door_state *state = door_state_of_module(self->module);
    long long most = 0;
    if (!PyArg_ParseTuple(args, "|L", &most)) return NULL;
    door_context *context = door_context_take(state, 1, 0, 0);
    look_levels_args *a = context ? calloc(1, sizeof *a) : NULL;
    if (!a) {
        if (context) PyErr_NoMemory(), door_context_give(state, context, false);
        return NULL;
    }
    a->table = self->table;
    a->most = most;
    const int failed = door_run(state, context, look_levels, a, ken_table_rows(self->table) < 4096, NULL);
    ken_table *out = a->out;
    free(a);
    if (!failed) return look_wrap(state, context, self, KEN_OK, out);
    ken_table_free(out); /* made before an exception came */
    door_context_give(state, context, false);
    return NULL;
}

PyObject *door_table_head(PyObject *obj, PyObject *args) {
    door_table *self = (door_table *)obj;
    door_state *state = door_state_of_module(self->module);
    long long n = 5;
    ken_table *out = NULL;
    if (!PyArg_ParseTuple(args, "|L", &n)) return NULL;
    if (n < 0) n = 0;
    if (n > ken_table_rows(self->table)) n = ken_table_rows(self->table);
    door_context *context = door_context_take(state, 1, 0, 0);
    if (!context) return NULL;
    const ken_status status = ken_table_slice(context->ctx, self->table, 0, n, &out);
    return look_wrap(state, context, self, status, out);
}

/* --- cells ------------------------------------------------------------------------------------------------------------------ */
static PyObject *look_text(const ken_strings *texts, int64_t i) {
    int64_t size;
    const char *text = ken_strings_at(texts, i, &size);
    return PyUnicode_FromStringAndSize(text, (Py_ssize_t)size);
}

/* Texts as a list; None where a cell is missing. */
static PyObject *look_texts(const ken_strings *texts, const ken_column *column) {
    PyObject *list = PyList_New((Py_ssize_t)texts->n);
    for (int64_t i = 0; list && i < texts->n; i++) {
        const bool there = !column || ken_column_valid(column, i);
        PyObject *item = there ? look_text(texts, i) : Py_None;
        if (!there) Py_INCREF(Py_None);
        if (!item || PyList_SetItem(list, (Py_ssize_t)i, item) < 0) Py_CLEAR(list);
    }
    return list;
}

static PyObject *look_mask(door_state *state, const ken_column *c) {
    void *data;
    if (ken_column_count_missing(c) == 0) Py_RETURN_NONE;
    PyObject *mask = door_array_new(state, 1, &c->n, "?", &data);
    for (int64_t i = 0; mask && i < c->n; i++) ((uint8_t *)data)[i] = ken_column_missing(c, i);
    return mask;
}

static void look_copy(const ken_column *c, void *data) {
    const size_t size = ken_dtype_size(c->dtype);
    const int64_t step = c->stride * (int64_t)size;
    for (int64_t i = 0; i < c->n; i++) memcpy((char *)data + i * (int64_t)size, (const char *)c->data + i * step, size);
}

/* The cells, dense; a missing one is NaN, NaT or the code -1 where its type has such. */
static PyObject *look_array(door_state *state, const ken_column *c) {
    const char *type = c->dtype == KEN_F64 ? "f8" : c->dtype == KEN_F32 ? "f4" : c->dtype == KEN_BOOL ? "?"
                       : c->dtype == KEN_CATEGORY ? "i4" : c->dtype == KEN_TIME ? "M8[us]" : "i8";
    void *data;
    if (c->dtype != KEN_F64 && c->dtype != KEN_F32 && c->dtype != KEN_BOOL && c->dtype != KEN_CATEGORY && c->dtype != KEN_TIME &&
        c->dtype != KEN_I64)
        return PyErr_Format(PyExc_TypeError, "column \"%s\" is of type %s", c->name, ken_dtype_name(c->dtype));
    PyObject *array = door_array_new(state, 1, &c->n, type, &data);
    if (!array) return NULL;
    look_copy(c, data);
    for (int64_t i = 0; c->valid && i < c->n; i++) {
        if (ken_column_valid(c, i)) continue;
        if (c->dtype == KEN_F64) ((double *)data)[i] = (double)NAN;
        if (c->dtype == KEN_F32) ((float *)data)[i] = (float)NAN;
        if (c->dtype == KEN_TIME) ((int64_t *)data)[i] = INT64_MIN;
        if (c->dtype == KEN_CATEGORY) ((int32_t *)data)[i] = -1;
    }
    return array;
}

PyObject *door_table_cells(PyObject *obj, PyObject *arg) {
    door_table *self = (door_table *)obj;
    door_state *state = door_state_of_module(self->module);
    const long j = PyLong_AsLong(arg);
    if (j == -1 && PyErr_Occurred()) return NULL;
    if (j < 0 || j >= ken_table_cols(self->table))
        return PyErr_Format(PyExc_IndexError, "column %ld of a table of %d", j, ken_table_cols(self->table));
    const ken_column *c = ken_table_column(self->table, (int)j);
    if (c->dtype == KEN_STRING) return look_texts(&c->text, c);
    PyObject *first = look_array(state, c), *second = NULL, *both = NULL;
    if (first) second = c->dtype == KEN_CATEGORY ? look_texts(&c->text, NULL) : look_mask(state, c);
    if (second) both = PyTuple_Pack(2, first, second);
    Py_XDECREF(first);
    Py_XDECREF(second);
    return both;
}

/* --- what is written in Python --------------------------------------------------------------------------------------------- */
static PyObject *look_ask(const char *function, PyObject *self, PyObject *arg) {
    PyObject *views = PyImport_ImportModule("ken._views");
    if (!views) return NULL;
    PyObject *answer = arg ? PyObject_CallMethod(views, function, "OO", self, arg) : PyObject_CallMethod(views, function, "O", self);
    Py_DECREF(views);
    return answer;
}

PyObject *door_table_to_pandas(PyObject *self, PyObject *unused) { return (void)unused, look_ask("to_pandas", self, NULL); }
PyObject *door_table_to_polars(PyObject *self, PyObject *unused) { return (void)unused, look_ask("to_polars", self, NULL); }
PyObject *door_table_to_arrow(PyObject *self, PyObject *unused) { return (void)unused, look_ask("to_arrow", self, NULL); }
PyObject *door_table_html(PyObject *self, PyObject *unused) { return (void)unused, look_ask("to_html", self, NULL); }
PyObject *door_table_reduce(PyObject *self, PyObject *unused) { return (void)unused, look_ask("to_parts", self, NULL); }
PyObject *door_table_str(PyObject *self) { return look_ask("to_text", self, NULL); }
PyObject *door_table_item(PyObject *self, PyObject *key) { return look_ask("item", self, key); }
