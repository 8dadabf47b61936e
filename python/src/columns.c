/* One-dimensional things of Python as columns. Read next: column_objects.c, column_texts.c, column_times.c; what speaks
 * Arrow comes in by arrow_in.c. */
#include "columns.h"

#include <string.h>

#include "functions.h"

/* --- buffers of a column that is made here -------------------------------------------------------------------------- */
int door_column_buffers(door_context *context, int64_t n, size_t size, void **data, uint8_t **valid) {
    void *bits = NULL;
    ken_status status = ken_alloc(context->ctx, (size_t)n, size, data);
    if (status == KEN_OK && valid) {
        status = ken_alloc(context->ctx, (size_t)(n + 7) / 8, 1, &bits);
        if (status == KEN_OK)
            memset(bits, 0xFF, (size_t)(n + 7) / 8);
        else
            ken_free(context->ctx, *data);
    }
    if (valid) *valid = bits;
    return status == KEN_OK ? 0 : door_raise(context, status);
}

static bool column_all_there(const uint8_t *valid, int64_t n) {
    for (int64_t i = 0; i < (n + 7) / 8; i++)
        if (valid[i] != 0xFF) return false;
    return true;
}

/* Takes over the buffers that `own` names. A bitmap that has all bits set is dropped. */
static int column_take(door_context *context, door_table *table, const ken_column *column, unsigned own) {
    ken_column c = *column;
    if (c.valid && column_all_there(c.valid, c.n)) {
        ken_free(context->ctx, (void *)(uintptr_t)c.valid);
        c.valid = NULL;
    }
    const ken_status status = ken_table_add_parts(context->ctx, table->table, &c, own);
    return status == KEN_OK ? 0 : door_raise(context, status);
}

int door_column_adopt(door_context *context, door_table *table, const ken_column *column) {
    return column_take(context, table, column, KEN_OWN_DATA | KEN_OWN_VALID | KEN_OWN_OFFSET | KEN_OWN_BYTES);
}

static int column_borrow(door_context *context, door_table *table, const ken_column *column, PyObject *owner) {
    if (door_table_keep(table, owner) < 0) return -1;
    const ken_status status = ken_table_add_borrow(context->ctx, table->table, column);
    return status == KEN_OK ? 0 : door_raise(context, status);
}

/* --- arrays ------------------------------------------------------------------------------------------------------------ */
static int column_shape_wrong(const char *name, const door_view *view) {
    PyErr_Format(PyExc_ValueError, "%s must be one-dimensional, found an array of %d dimensions", name, view->ndim);
    return -1;
}

static int column_rows_wrong(const char *name, int64_t found, const door_table *table) {
    PyErr_Format(PyExc_ValueError, "%s has %lld rows where the others have %lld", name, (long long)found,
                 (long long)ken_table_rows(table->table));
    return -1;
}

static int column_add_numbers(door_context *context, door_table *table, const char *name, const door_view *view) {
    ken_tensor x;
    PyObject *copy = NULL;
    if (door_view_tensor(view, &x, &copy) < 0) return -1;
    const ken_column column = {.name = name, .dtype = x.dtype, .n = x.shape[0], .data = x.data, .stride = x.stride[0],
                               .source = -1};
    const int failed = column_borrow(context, table, &column, copy ? copy : view->owner);
    Py_XDECREF(copy);
    return failed;
}

int door_column_add_view(door_context *context, door_table *table, const char *name, const door_view *view) {
    if (view->ndim != 1 && (view->ndim != 2 || view->shape[1] != 1)) return column_shape_wrong(name, view);
    if (view->shape[0] != ken_table_rows(table->table)) return column_rows_wrong(name, view->shape[0], table);
    door_view line = *view; /* lends the owner */
    line.ndim = 1;
    switch (view->kind) {
        case 'O': return door_column_add_objects(context, table, name, &line);
        case 'U':
        case 'S': return door_column_add_texts(context, table, name, &line);
        case 'M':
        case 'm': return door_column_add_times(context, table, name, &line);
        default: return column_add_numbers(context, table, name, &line);
    }
}

/* --- categories: (codes, levels) ------------------------------------------------------------------------------------------ */
/* Levels as texts: those of a column of any type. Gives the table that owns them. */
static door_table *column_levels(door_state *state, door_context *context, const char *name, PyObject *obj, ken_strings *out) {
    const ken_column *c;
    door_table *levels = door_column_of(state, context, obj, name, &c);
    if (!levels) return NULL;
    if (ken_column_count_missing(c)) {
        PyErr_Format(PyExc_ValueError, "column %s: a level of a category is missing", name);
        Py_DECREF(levels);
        return NULL;
    }
    if (c->dtype == KEN_STRING) {
        *out = c->text;
        return levels;
    }
    door_table *texts = door_table_new(state, context, c->n);
    ken_text text = ken_text_new(context->ctx);
    int64_t *offset = NULL;
    char cell[64];
    int failed = texts ? door_column_buffers(context, c->n + 1, sizeof *offset, (void **)&offset, NULL) : -1;
    ken_text_add_bytes(&text, "", 0);
    for (int64_t i = 0; !failed && i < c->n; i++) {
        ken_text_add(&text, ken_column_format(c, i, cell, sizeof cell));
        offset[i + 1] = (int64_t)text.size;
    }
    if (!failed && text.status != KEN_OK) failed = door_raise(context, text.status);
    if (failed) {
        ken_text_free(&text);
        ken_free(context->ctx, offset);
        Py_CLEAR(texts);
    } else {
        const ken_column made = {.name = name, .dtype = KEN_STRING, .n = c->n, .stride = 1, .source = -1,
                                 .text = {c->n, offset, text.data}};
        if (door_column_adopt(context, texts, &made) < 0) Py_CLEAR(texts);
    }
    Py_DECREF(levels);
    if (texts) *out = ken_table_column(texts->table, 0)->text;
    return texts;
}

static int column_add_codes(door_context *context, door_table *table, const char *name, const ken_tensor *codes,
                            ken_strings levels, PyObject *owner) {
    const int64_t n = codes->shape[0];
    int32_t *data;
    uint8_t *valid;
    if (door_column_buffers(context, n, sizeof *data, (void **)&data, &valid) < 0) return -1;
    const int64_t *from = codes->data;
    for (int64_t i = 0; i < n; i++) {
        const int64_t code = from[i * codes->stride[0]];
        if (code < 0) ken_bitmap_clear(valid, i);
        data[i] = code < 0 ? 0 : (int32_t)code;
        if (code < levels.n) continue;
        PyErr_Format(PyExc_ValueError, "column %s, row %lld: code %lld of a category of %lld levels", name, (long long)i,
                     (long long)code, (long long)levels.n);
        ken_free(context->ctx, data);
        ken_free(context->ctx, valid);
        return -1;
    }
    /* The codes are ours, the levels' texts are lent. */
    const ken_column column = {.name = name, .dtype = KEN_CATEGORY, .n = n, .data = data, .stride = 1, .valid = valid,
                               .text = levels, .source = -1};
    if (door_table_keep(table, owner) < 0) {
        ken_free(context->ctx, data);
        ken_free(context->ctx, valid);
        return -1;
    }
    return column_take(context, table, &column, KEN_OWN_DATA | KEN_OWN_VALID);
}

static int column_add_category(door_state *state, door_context *context, door_table *table, const char *name, PyObject *pair) {
    door_view view;
    ken_tensor codes;
    ken_strings levels;
    PyObject *copy = NULL;
    int failed = 0;
    const int found = door_view_of(PyTuple_GetItem(pair, 0), &view);
    if (found == 0) PyErr_Format(PyExc_TypeError, "column %s: the codes of a category must be an array", name);
    if (found <= 0) return -1;
    if (view.ndim != 1) failed = column_shape_wrong(name, &view);
    if (!failed && view.shape[0] != ken_table_rows(table->table)) failed = column_rows_wrong(name, view.shape[0], table);
    if (!failed && view.kind != 'i' && view.kind != 'u') {
        PyErr_Format(PyExc_TypeError, "column %s: the codes of a category must be whole numbers", name);
        failed = -1;
    }
    if (!failed) failed = door_view_tensor(&view, &codes, &copy);
    if (!failed && codes.dtype != KEN_I64) {
        PyErr_Format(PyExc_TypeError, "column %s: the codes of a category must fit 64 bits with a sign", name);
        failed = -1;
    }
    door_table *own = failed ? NULL : column_levels(state, context, name, PyTuple_GetItem(pair, 1), &levels);
    if (!own) failed = -1;
    if (!failed) failed = column_add_codes(context, table, name, &codes, levels, (PyObject *)own);
    Py_XDECREF(own);
    Py_XDECREF(copy);
    door_view_release(&view);
    return failed;
}

static bool column_is_category(PyObject *obj) {
    return PyTuple_Check(obj) && PyTuple_Size(obj) == 2 && PyObject_HasAttrString(PyTuple_GetItem(obj, 0), "__array_struct__");
}

/* --- the door ------------------------------------------------------------------------------------------------------------- */
int64_t door_column_rows(door_state *state, PyObject *obj) {
    (void)state;
    return PyObject_Size(column_is_category(obj) ? PyTuple_GetItem(obj, 0) : obj);
}

/* The one column of another table. */
static int column_add_table(door_context *context, door_table *table, const char *name, door_table *from) {
    if (ken_table_cols(from->table) != 1) {
        PyErr_Format(PyExc_ValueError, "%s must be one column, found a table of %d", name, ken_table_cols(from->table));
        return -1;
    }
    ken_column column = *ken_table_column(from->table, 0);
    if (column.n != ken_table_rows(table->table)) return column_rows_wrong(name, column.n, table);
    column.name = name;
    return column_borrow(context, table, &column, (PyObject *)from);
}

int door_column_add(door_state *state, door_context *context, door_table *table, const char *name, PyObject *obj) {
    door_view view;
    if (PyObject_TypeCheck(obj, (PyTypeObject *)state->table_type))
        return column_add_table(context, table, name, (door_table *)obj);
    if (column_is_category(obj)) return column_add_category(state, context, table, name, obj);
    if (PyList_Check(obj) || PyTuple_Check(obj)) {
        if (PySequence_Size(obj) != ken_table_rows(table->table)) return column_rows_wrong(name, PySequence_Size(obj), table);
        return door_column_add_sequence(context, table, name, obj);
    }
    if (door_speaks_arrow(obj) && !PyObject_HasAttrString(obj, "__array_struct__")) {
        door_table *from = door_table_of_arrow(state, context, obj);
        const int added = from ? column_add_table(context, table, name, from) : -1;
        Py_XDECREF(from);
        return added;
    }
    const int found = door_view_of(obj, &view);
    if (found < 0) return -1;
    if (found == 0) {
        PyErr_Format(PyExc_TypeError, "%s: expected a column, found %S", name, (PyObject *)Py_TYPE(obj));
        return -1;
    }
    const int status = door_column_add_view(context, table, name, &view);
    door_view_release(&view);
    return status;
}

/* --- a mask ---------------------------------------------------------------------------------------------------------------- */
/* The last column of the table with the cells missing where the mask says so. */
static int column_mask_bits(const char *name, const ken_column *column, const door_view *mask, uint8_t *valid) {
    if (mask->ndim != 1 || mask->kind != 'b' || mask->shape[0] != column->n) {
        PyErr_Format(PyExc_ValueError, "%s: the mask must be one truth value a row", name);
        return -1;
    }
    memset(valid, 0xFF, (size_t)(column->n + 7) / 8);
    for (int64_t i = 0; i < column->n; i++)
        if (((const char *)mask->data)[i * mask->stride[0]] || !ken_column_valid(column, i)) ken_bitmap_clear(valid, i);
    return 0;
}

static int column_add_masked(door_state *state, door_context *context, door_table *table, const char *name, PyObject *obj,
                             PyObject *mask) {
    door_view view;
    void *valid;
    door_table *bare = door_table_new(state, context, ken_table_rows(table->table));
    if (!bare) return -1;
    int failed = door_column_add(state, context, bare, name, obj);
    const int found = failed ? 0 : door_view_of(mask, &view);
    PyObject *block = found == 1 ? door_block_new((size_t)ken_table_rows(table->table) / 8 + 1, 1, &valid) : NULL;
    if (!failed && found == 0) PyErr_Format(PyExc_TypeError, "%s: the mask must be an array", name);
    if (!failed && block) {
        ken_column column = *ken_table_column(bare->table, 0);
        failed = column_mask_bits(name, &column, &view, valid) < 0 || door_table_keep(table, block) < 0 ? -1 : 0;
        column.name = name;
        column.valid = valid;
        if (!failed) failed = column_borrow(context, table, &column, (PyObject *)bare);
    } else {
        failed = -1;
    }
    if (found == 1) door_view_release(&view);
    Py_XDECREF(block);
    Py_DECREF(bare);
    return failed;
}

/* --- Table.from_columns ------------------------------------------------------------------------------------------------------ */
/* One of (name, values) or (name, values, mask). */
static int column_add_row(door_state *state, door_context *context, door_table *table, PyObject *row) {
    const Py_ssize_t size = PyTuple_Check(row) ? PyTuple_Size(row) : 0;
    if (size != 2 && size != 3) {
        PyErr_SetString(PyExc_TypeError, "from_columns takes a list of (name, values) or (name, values, mask)");
        return -1;
    }
    PyObject *utf8, *values = PyTuple_GetItem(row, 1);
    const char *name = door_text_of(PyTuple_GetItem(row, 0), &utf8);
    int failed = -1;
    if (name && size == 3 && PyTuple_GetItem(row, 2) != Py_None)
        failed = column_add_masked(state, context, table, name, values, PyTuple_GetItem(row, 2));
    else if (name)
        failed = door_column_add(state, context, table, name, values);
    Py_XDECREF(utf8);
    return failed;
}

PyObject *door_table_from_columns(PyObject *type, PyObject *args, PyObject *kwargs) {
    static char *keys[] = {"columns", "n_rows", NULL};
    PyObject *rows;
    long long n = -1;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O!|L", keys, &PyList_Type, &rows, &n)) return NULL;
    door_state *state = door_state_of_type((PyTypeObject *)type);
    if (!state) return NULL;
    const Py_ssize_t d = PyList_Size(rows);
    PyObject *first = d ? PyList_GetItem(rows, 0) : NULL;
    Py_XINCREF(first);
    if (n < 0 && first && PyTuple_Check(first) && PyTuple_Size(first) > 1)
        n = door_column_rows(state, PyTuple_GetItem(first, 1));
    Py_XDECREF(first);
    if (PyErr_Occurred()) return NULL;
    door_context *context = door_context_take(state, 1, 0, 0);
    door_table *self = context ? door_table_new(state, context, n < 0 ? 0 : n) : NULL;
    for (Py_ssize_t j = 0; self && j < PyList_Size(rows); j++) {
        PyObject *row = PyList_GetItem(rows, j);
        Py_INCREF(row);
        if (column_add_row(state, context, self, row) < 0) Py_CLEAR(self);
        Py_DECREF(row);
        if (self) ken_table_set_source(self->table, (int)j, (int32_t)j);
    }
    if (context) door_context_give(state, context, false);
    return (PyObject *)self;
}
