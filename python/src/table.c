/* ken._ken.Table: a ken_table with what it borrows from. Columns come in by columns.c and arrow_in.c. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "columns.h"
#include "functions.h"

/* --- life --------------------------------------------------------------------------------------------------------- */
static door_table *table_object(door_state *state) {
    PyTypeObject *type = (PyTypeObject *)state->table_type;
    allocfunc alloc = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
    door_table *self = (door_table *)alloc(type, 0);
    if (!self) return NULL;
    self->module = state->module;
    Py_INCREF(self->module);
    self->keep = PyList_New(0);
    if (!self->keep) Py_CLEAR(self);
    return self;
}

static void table_dealloc(door_table *self) {
    PyTypeObject *type = Py_TYPE(self);
    ken_table_free(self->table);
    if (self->lender) self->lender->lent--;
    Py_XDECREF(self->keep);
    Py_XDECREF(self->about);
    Py_XDECREF(self->module);
    freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
    release(self);
    Py_DECREF(type);
}

door_table *door_table_new(door_state *state, door_context *context, int64_t n_rows) {
    door_table *self = table_object(state);
    if (!self) return NULL;
    const ken_status status = ken_table_new(context->ctx, n_rows, &self->table);
    if (status != KEN_OK) {
        door_raise(context, status);
        Py_CLEAR(self);
    }
    return self;
}

int door_table_keep(door_table *table, PyObject *obj) { return obj ? PyList_Append(table->keep, obj) : 0; }

/* --- from a matrix ------------------------------------------------------------------------------------------------ */
static int table_shape_wrong(const door_view *view) {
    PyErr_Format(PyExc_ValueError,
                 "Expected 2D array, got %s array instead. Reshape your data either using array.reshape(-1, 1) if your "
                 "data has a single feature or array.reshape(1, -1) if it contains a single sample.",
                 view->ndim == 0 ? "scalar" : view->ndim == 1 ? "1D" : "an array of more dimensions as 2D");
    return -1;
}

static ken_status table_add_columns(door_context *context, ken_table *table, const ken_tensor *X,
                                    const char *const *names) {
    for (int64_t j = 0; j < X->shape[1]; j++) {
        char name[32];
        snprintf(name, sizeof name, "x%lld", (long long)j);
        const ken_column column = {.name = names ? names[j] : name,
                                   .dtype = X->dtype,
                                   .n = X->shape[0],
                                   .data = (const char *)X->data + j * X->stride[1] * (int64_t)ken_dtype_size(X->dtype),
                                   .stride = X->stride[0],
                                   .source = (int32_t)j};
        KEN_TRY(ken_table_add_borrow(context->ctx, table, &column));
    }
    return KEN_OK;
}

/* Texts, objects and dates: column by column. */
static door_table *table_from_cells(door_state *state, door_context *context, const door_view *view,
                                    const char *const *names) {
    door_table *self = door_table_new(state, context, view->shape[0]);
    for (int64_t j = 0; self && j < view->shape[1]; j++) {
        char name[32];
        snprintf(name, sizeof name, "x%lld", (long long)j);
        door_view line = *view; /* lends the owner */
        line.ndim = 1;
        line.data = (char *)view->data + j * view->stride[1];
        if (door_column_add_view(context, self, names ? names[j] : name, &line) < 0)
            Py_CLEAR(self);
        else
            ken_table_set_source(self->table, (int)j, (int32_t)j);
    }
    return self;
}

enum { TABLE_COLUMNS = 1 << 24 }; /* some gigabytes of names: a view with a stride of 0 may have any number */

static bool table_is_cells(const door_view *view) { return view->kind && strchr("OUSMm", view->kind); }

static door_table *table_from_view(door_state *state, door_context *context, const door_view *view,
                                   const char *const *names, int n_names) {
    ken_tensor X;
    PyObject *copy = NULL;
    if (view->ndim != 2) return table_shape_wrong(view), NULL;
    if (names && n_names != view->shape[1]) {
        PyErr_Format(PyExc_ValueError, "X has %lld features, but this model is expecting %d features as input",
                     (long long)view->shape[1], n_names);
        return NULL;
    }
    if (view->shape[1] > TABLE_COLUMNS) {
        PyErr_Format(PyExc_ValueError, "X has %lld features: at most %d are understood", (long long)view->shape[1], TABLE_COLUMNS);
        return NULL;
    }
    if (table_is_cells(view)) return table_from_cells(state, context, view, names);
    if (door_view_tensor(view, &X, &copy) < 0) return NULL;
    door_table *self = door_table_new(state, context, X.shape[0]);
    if (self && (door_table_keep(self, copy ? copy : view->owner) < 0)) Py_CLEAR(self);
    Py_XDECREF(copy);
    const ken_status status = self ? table_add_columns(context, self->table, &X, names) : KEN_OK;
    if (status != KEN_OK) {
        door_raise(context, status);
        Py_CLEAR(self);
    }
    return self;
}

door_table *door_table_of(door_state *state, door_context *context, PyObject *obj, const char *const *names, int n_names) {
    door_view view;
    if (PyObject_TypeCheck(obj, (PyTypeObject *)state->table_type)) {
        Py_INCREF(obj);
        return (door_table *)obj;
    }
    const int found = door_view_of(obj, &view);
    if (found < 0) return NULL;
    if (found == 0 && door_speaks_arrow(obj)) return door_table_of_arrow(state, context, obj);
    if (found == 0) {
        PyErr_Format(PyExc_TypeError, "expected a table or a matrix of numbers, found %S", (PyObject *)Py_TYPE(obj));
        return NULL;
    }
    door_table *self = table_from_view(state, context, &view, names, n_names);
    door_view_release(&view);
    return self;
}

door_table *door_column_of(door_state *state, door_context *context, PyObject *obj, const char *name,
                           const ken_column **out) {
    const bool is_table = PyObject_TypeCheck(obj, (PyTypeObject *)state->table_type);
    door_table *self = NULL;
    if (is_table || (door_speaks_arrow(obj) && !PyObject_HasAttrString(obj, "__array_struct__"))) {
        if (is_table) Py_INCREF(obj);
        self = is_table ? (door_table *)obj : door_table_of_arrow(state, context, obj);
        if (self && ken_table_cols(self->table) != 1) {
            PyErr_Format(PyExc_ValueError, "%s must be one column, found a table of %d", name, ken_table_cols(self->table));
            Py_CLEAR(self);
        }
        if (!self) return NULL;
    } else {
        const int64_t n = door_column_rows(state, obj);
        if (n < 0) return NULL;
        self = door_table_new(state, context, n);
        if (self && door_column_add(state, context, self, name, obj) < 0) Py_CLEAR(self);
        if (!self) return NULL;
    }
    *out = ken_table_column(self->table, 0);
    return self;
}

/* --- methods -------------------------------------------------------------------------------------------------------- */
/* The UTF-8 of a list of str, lent as long as the list lives; freed by the caller (the array, not the texts). */
static const char **table_names_of(PyObject *list, int *n) {
    const Py_ssize_t count = PySequence_Size(list);
    if (count < 0) return NULL;
    const char **names = calloc((size_t)count + 1, sizeof *names);
    if (!names) return (const char **)PyErr_NoMemory();
    for (Py_ssize_t i = 0; i < count; i++) {
        PyObject *item = PySequence_GetItem(list, i), *utf8 = NULL;
        const char *text = item ? door_text_of(item, &utf8) : NULL;
        names[i] = text ? strdup(text) : NULL;
        Py_XDECREF(utf8);
        Py_XDECREF(item);
        if (!names[i]) {
            if (!PyErr_Occurred()) PyErr_NoMemory();
            while (i-- > 0) free((char *)names[i]);
            free(names);
            return NULL;
        }
    }
    *n = (int)count;
    return names;
}

static void table_names_free(const char **names, int n) {
    for (int i = 0; names && i < n; i++) free((char *)names[i]);
    free(names);
}

static PyObject *table_from_matrix(PyObject *type, PyObject *args, PyObject *kwargs) {
    static char *keys[] = {"obj", "names", NULL};
    PyObject *obj, *list = Py_None;
    int n_names = 0;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O|O", keys, &obj, &list)) return NULL;
    door_state *state = door_state_of_type((PyTypeObject *)type);
    if (!state) return NULL;
    const char **names = list == Py_None ? NULL : table_names_of(list, &n_names);
    if (!names && list != Py_None) return NULL;
    door_context *context = door_context_take(state, 1, 0, 0);
    door_table *self = context ? door_table_of(state, context, obj, names, n_names) : NULL;
    if (context) door_context_give(state, context, false);
    table_names_free(names, n_names);
    return (PyObject *)self;
}

static PyObject *table_new(PyTypeObject *type, PyObject *args, PyObject *kwargs) {
    (void)type, (void)args, (void)kwargs;
    PyErr_SetString(PyExc_TypeError, "a Table is made by Table.from_matrix, from_columns or from_arrow");
    return NULL;
}

static PyObject *table_get_rows(door_table *self, void *unused) {
    (void)unused;
    return PyLong_FromLongLong(ken_table_rows(self->table));
}

static PyObject *table_get_columns(door_table *self, void *unused) {
    (void)unused;
    return PyLong_FromLong(ken_table_cols(self->table));
}

static PyObject *table_get_about(door_table *self, void *unused) {
    PyObject *about = self->about ? self->about : Py_None;
    (void)unused;
    Py_INCREF(about);
    return about;
}

/* Rows, and the first columns with their types. */
static PyObject *table_repr(door_table *self) {
    enum { SHOWN = 12 };
    const int d = ken_table_cols(self->table);
    PyObject *text = PyUnicode_FromFormat("<ken.Table of %lld rows:", (long long)ken_table_rows(self->table));
    for (int j = 0; text && j < KEN_MIN(d, SHOWN); j++) {
        const ken_column *c = ken_table_column(self->table, j);
        PyObject *longer = PyUnicode_FromFormat("%U%s %s %s", text, j ? "," : "", c->name, ken_dtype_name(c->dtype));
        Py_DECREF(text);
        text = longer;
    }
    PyObject *whole = !text ? NULL : d > SHOWN ? PyUnicode_FromFormat("%U and %d more>", text, d - SHOWN) : PyUnicode_FromFormat("%U>", text);
    Py_XDECREF(text);
    return whole;
}

static PyObject *table_texts(door_table *self, const char *(*text)(const ken_column *)) {
    const int d = ken_table_cols(self->table);
    PyObject *list = PyList_New(d);
    for (int j = 0; list && j < d; j++) {
        PyObject *item = PyUnicode_FromString(text(ken_table_column(self->table, j)));
        if (!item || PyList_SetItem(list, j, item) < 0) Py_CLEAR(list);
    }
    return list;
}

static const char *table_column_name(const ken_column *c) { return c->name; }
static const char *table_column_dtype(const ken_column *c) { return ken_dtype_name(c->dtype); }

static PyObject *table_get_names(door_table *self, void *unused) {
    (void)unused;
    return table_texts(self, table_column_name);
}

static PyObject *table_get_dtypes(door_table *self, void *unused) {
    (void)unused;
    return table_texts(self, table_column_dtype);
}

typedef struct table_gather_args {
    const ken_table *table;
    double *out;
} table_gather_args;

static ken_status table_gather(ken_ctx *ctx, void *arg) {
    const table_gather_args *a = arg;
    const int64_t n = ken_table_rows(a->table), d = ken_table_cols(a->table);
    for (int64_t i = 0; i < n; i += 65536) {
        KEN_TRY(ken_check_cancel(ctx));
        ken_table_gather(a->table, i, n - i < 65536 ? n - i : 65536, a->out + i * d, d);
    }
    return KEN_OK;
}

static PyObject *table_to_numpy(door_table *self, PyObject *unused) {
    door_state *state = door_state_of_module(self->module);
    const int64_t shape[2] = {ken_table_rows(self->table), ken_table_cols(self->table)};
    void *data = NULL;
    (void)unused;
    for (int j = 0; j < (int)shape[1]; j++) {
        const ken_column *c = ken_table_column(self->table, j);
        if (ken_dtype_is_number(c->dtype)) continue;
        return PyErr_Format(PyExc_TypeError, "column \"%s\" holds %s, not numbers; use to_pandas() or to_arrow()", c->name,
                            ken_dtype_name(c->dtype));
    }
    PyObject *array = door_array_new(state, 2, shape, "f8", &data);
    door_context *context = array ? door_context_take(state, 1, 0, 0) : NULL;
    table_gather_args *a = context ? malloc(sizeof *a) : NULL;
    if (!a) {
        if (context) PyErr_NoMemory(), door_context_give(state, context, false);
        Py_XDECREF(array);
        return NULL;
    }
    *a = (table_gather_args){self->table, data};
    if (door_run(state, context, table_gather, a, shape[0] < 4096, NULL) < 0) Py_CLEAR(array);
    free(a);
    door_context_give(state, context, false);
    return array;
}

static PyObject *table_column(door_table *self, PyObject *arg) {
    door_state *state = door_state_of_module(self->module);
    const long j = PyLong_AsLong(arg);
    if (j == -1 && PyErr_Occurred()) return NULL;
    if (j < 0 || j >= ken_table_cols(self->table))
        return PyErr_Format(PyExc_IndexError, "column %ld of a table of %d", j, ken_table_cols(self->table));
    door_context *context = door_context_take(state, 1, 0, 0);
    if (!context) return NULL;
    door_table *one = door_table_new(state, context, ken_table_rows(self->table));
    if (one && door_table_keep(one, (PyObject *)self) < 0) Py_CLEAR(one);
    if (one) {
        const ken_status status = ken_table_add_borrow(context->ctx, one->table, ken_table_column(self->table, (int)j));
        if (status != KEN_OK) {
            door_raise(context, status);
            Py_CLEAR(one);
        }
    }
    door_context_give(state, context, false);
    return (PyObject *)one;
}

static Py_ssize_t table_length(door_table *self) { return (Py_ssize_t)ken_table_rows(self->table); }

static PyMethodDef table_methods[] = {
    {"from_matrix", (PyCFunction)(void (*)(void))table_from_matrix, METH_VARARGS | METH_KEYWORDS | METH_CLASS,
     "from_matrix(obj, names=None): a matrix of numbers, borrowed where the library can read it in place."},
    DOOR_TABLE_METHODS
    {"to_numpy", (PyCFunction)(void (*)(void))table_to_numpy, METH_NOARGS,
     "The cells as float64 (n, d), NaN where missing. TypeError for columns that are no numbers."},
    {"column", (PyCFunction)(void (*)(void))table_column, METH_O, "Column j as a table of its own, not copied."},
    {NULL, NULL, 0, NULL}};

static PyGetSetDef table_getset[] = {{"about", (getter)(void (*)(void))table_get_about, NULL,
                                      "Where it came from: a dict with name and sha256, or None.", NULL},
                                     {"n_rows", (getter)(void (*)(void))table_get_rows, NULL, "Rows.", NULL},
                                     {"n_columns", (getter)(void (*)(void))table_get_columns, NULL, "Columns.", NULL},
                                     {"columns", (getter)(void (*)(void))table_get_names, NULL, "Names of the columns.", NULL},
                                     {"names", (getter)(void (*)(void))table_get_names, NULL, "Names of the columns.", NULL},
                                     {"dtypes", (getter)(void (*)(void))table_get_dtypes, NULL,
                                      "Types: f64 f32 i64 bool category string time.", NULL},
                                     {NULL, NULL, NULL, NULL, NULL}};

static PyType_Slot table_slots[] = {{Py_tp_new, (void *)table_new},
                                    {Py_tp_dealloc, (void *)table_dealloc},
                                    {Py_tp_methods, table_methods},
                                    {Py_tp_getset, table_getset},
                                    {Py_sq_length, (void *)table_length},
                                    {Py_mp_subscript, (void *)door_table_item},
                                    {Py_tp_str, (void *)door_table_str},
                                    {Py_tp_repr, (void *)table_repr},
                                    {Py_tp_doc, "Named columns of equal length, each with its own type; immutable."},
                                    {0, NULL}};

PyType_Spec door_table_spec = {.name = "ken._ken.Table",
                               .basicsize = sizeof(door_table),
                               .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,
                               .slots = table_slots};
