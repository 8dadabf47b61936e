/* Cells that are Python objects. One pass: the column is what its cells so far are; the first cell that does not go with
 * them is an error that says where it stands. */
#include <math.h>
#include <string.h>

#include "columns.h"

typedef enum object_kind { OBJECT_NONE, OBJECT_BOOL, OBJECT_WHOLE, OBJECT_REAL, OBJECT_TEXT, OBJECT_TIME } object_kind;

typedef struct object_column {
    door_context *context;
    const char *name;
    int64_t n;
    object_kind kind;
    bool holes;      /* a cell is missing */
    void *data;      /* 8 bytes a cell: int64_t, or double once one is real */
    uint8_t *valid;
    int64_t *offset; /* of texts */
    ken_text text;
} object_column;

static int object_unlike(const object_column *c, int64_t row, const char *found) {
    static const char *const kinds[] = {"", "truth values", "numbers", "numbers", "texts", "dates"};
    PyErr_Format(PyExc_ValueError,
                 "column %s, row %lld: found %s in a column of %s; make all its cells numbers or all of them texts", c->name,
                 (long long)row, found, kinds[c->kind]);
    return -1;
}

/* --- one cell ------------------------------------------------------------------------------------------------------- */
static int object_put_whole(object_column *c, int64_t row, int64_t value, object_kind kind) {
    if (c->kind > OBJECT_REAL) return object_unlike(c, row, "a number");
    if (c->kind == OBJECT_REAL)
        ((double *)c->data)[row] = (double)value;
    else
        ((int64_t *)c->data)[row] = value;
    if (c->kind < kind) c->kind = kind;
    return 0;
}

static int object_put_real(object_column *c, int64_t row, double value) {
    if (c->kind > OBJECT_REAL) return object_unlike(c, row, "a number");
    if (c->kind != OBJECT_REAL)
        for (int64_t i = 0; i < row; i++) {
            int64_t whole;
            memcpy(&whole, (char *)c->data + 8 * i, 8);
            ((double *)c->data)[i] = (double)whole;
        }
    c->kind = OBJECT_REAL;
    ((double *)c->data)[row] = value;
    return 0;
}

static int object_put_int(object_column *c, int64_t row, PyObject *cell) {
    int beyond = 0;
    const long long value = PyLong_AsLongLongAndOverflow(cell, &beyond);
    if (value == -1 && PyErr_Occurred()) return -1;
    if (!beyond) return object_put_whole(c, row, value, OBJECT_WHOLE);
    const double real = PyLong_AsDouble(cell);
    if (real == -1 && PyErr_Occurred()) return -1;
    return object_put_real(c, row, real);
}

static void object_put_missing(object_column *c, int64_t row) {
    ken_bitmap_clear(c->valid, row);
    c->holes = true;
}

static int object_put_float(object_column *c, int64_t row, PyObject *cell) {
    const double value = PyFloat_AsDouble(cell);
    if (value == -1 && PyErr_Occurred()) return -1;
    if (!isnan(value)) return object_put_real(c, row, value);
    object_put_missing(c, row);
    return 0;
}

static int object_put_bytes(object_column *c, int64_t row, PyObject *bytes) {
    char *text;
    Py_ssize_t size;
    if (PyBytes_AsStringAndSize(bytes, &text, &size) < 0) return -1;
    if (c->kind != OBJECT_NONE && c->kind != OBJECT_TEXT) return object_unlike(c, row, "a text");
    if (ken_utf8_valid(text, (size_t)size) != (size_t)size) {
        PyErr_Format(PyExc_ValueError, "column %s, row %lld: the bytes are no valid UTF-8", c->name, (long long)row);
        return -1;
    }
    if (c->kind == OBJECT_NONE) {
        if (door_column_buffers(c->context, c->n + 1, sizeof *c->offset, (void **)&c->offset, NULL) < 0) return -1;
        ken_text_add_bytes(&c->text, "", 0);
        c->kind = OBJECT_TEXT;
    }
    ken_text_add_bytes(&c->text, text, (size_t)size);
    return 0;
}

static int object_put_text(object_column *c, int64_t row, PyObject *cell) {
    PyObject *utf8 = PyUnicode_AsUTF8String(cell);
    if (!utf8) {
        PyErr_Clear();
        PyErr_Format(PyExc_ValueError, "column %s, row %lld: the text is no valid Unicode", c->name, (long long)row);
        return -1;
    }
    const int failed = object_put_bytes(c, row, utf8);
    Py_DECREF(utf8);
    return failed;
}

static int object_stranger(const object_column *c, int64_t row, PyObject *cell) {
    PyObject *type = PyObject_GetAttrString((PyObject *)Py_TYPE(cell), "__name__");
    PyErr_Clear();
    if (type && !PyUnicode_Check(type)) Py_CLEAR(type);
    PyErr_Format(PyExc_TypeError, "column %s, row %lld: argument must be a string or a real number, not '%V'", c->name,
                 (long long)row, type, "an unknown type");
    Py_XDECREF(type);
    return -1;
}

/* What type a cell of a rarer kind has, by name, since the modules that define it may not be there. */
static bool object_is_a(PyObject *cell, const char *name, bool *failed) {
    PyObject *type = PyObject_GetAttrString((PyObject *)Py_TYPE(cell), "__name__");
    if (!type) *failed = true;
    const bool is = type && PyUnicode_Check(type) && PyUnicode_CompareWithASCIIString(type, name) == 0;
    Py_XDECREF(type);
    return is;
}

/* Dates and durations of the standard library, pandas and NumPy: ken._tables knows them. */
static int object_put_date(object_column *c, int64_t row, PyObject *cell) {
    PyObject *tables = PyImport_ImportModule("ken._tables");
    PyObject *found = tables ? PyObject_CallMethod(tables, "time_of", "O", cell) : NULL;
    Py_XDECREF(tables);
    if (!found) return -1;
    const bool is_date = PyLong_Check(found), is_duration = PyFloat_Check(found);
    const long long value = is_date ? PyLong_AsLongLong(found) : 0;
    const double seconds = is_duration ? PyFloat_AsDouble(found) : 0;
    Py_DECREF(found);
    if (PyErr_Occurred()) return -1;
    if (is_duration) return isnan(seconds) ? (object_put_missing(c, row), 0) : object_put_real(c, row, seconds);
    if (!is_date) return object_stranger(c, row, cell);
    if (value == INT64_MIN) return object_put_missing(c, row), 0;
    if (c->kind != OBJECT_NONE && c->kind != OBJECT_TIME) return object_unlike(c, row, "a date");
    c->kind = OBJECT_TIME;
    ((int64_t *)c->data)[row] = value;
    return 0;
}

static int object_put_rare(object_column *c, int64_t row, PyObject *cell) {
    bool failed = false;
    if (object_is_a(cell, "NAType", &failed) || object_is_a(cell, "NaTType", &failed)) {
        object_put_missing(c, row);
        return 0;
    }
    if (failed) return -1;
    if (object_is_a(cell, "datetime64", &failed) || object_is_a(cell, "timedelta64", &failed))
        return object_put_date(c, row, cell);
    if (PyComplex_Check(cell)) {
        PyErr_Format(PyExc_ValueError, "Complex data not supported: column %s, row %lld", c->name, (long long)row);
        return -1;
    }
    if (object_is_a(cell, "bool", &failed) || object_is_a(cell, "bool_", &failed)) {
        const int truth = PyObject_IsTrue(cell);
        return truth < 0 ? -1 : object_put_whole(c, row, truth, OBJECT_BOOL);
    }
    if (PyIndex_Check(cell)) {
        PyObject *whole = PyNumber_Index(cell);
        const int put = whole ? object_put_int(c, row, whole) : -1;
        Py_XDECREF(whole);
        if (whole || !PyErr_ExceptionMatches(PyExc_Exception)) return put;
        PyErr_Clear();
    }
    if (!PyObject_HasAttrString((PyObject *)Py_TYPE(cell), "__float__")) return object_put_date(c, row, cell);
    PyObject *real = PyNumber_Float(cell);
    if (!real) return PyErr_ExceptionMatches(PyExc_Exception) ? object_stranger(c, row, cell) : -1;
    const int put = object_put_float(c, row, real);
    Py_DECREF(real);
    return put;
}

static int object_put(object_column *c, int64_t row, PyObject *cell) {
    if (!cell || cell == Py_None) return object_put_missing(c, row), 0;
    if (PyFloat_Check(cell)) return object_put_float(c, row, cell);
    if (PyUnicode_Check(cell)) return object_put_text(c, row, cell);
    if (PyBool_Check(cell)) return object_put_whole(c, row, cell == Py_True, OBJECT_BOOL);
    if (PyLong_Check(cell)) return object_put_int(c, row, cell);
    if (PyBytes_Check(cell)) return object_put_bytes(c, row, cell);
    return object_put_rare(c, row, cell);
}

/* --- a column ----------------------------------------------------------------------------------------------------------- */
static int object_begin(object_column *c, door_context *context, const char *name, int64_t n) {
    *c = (object_column){.context = context, .name = name, .n = n, .text = ken_text_new(context->ctx)};
    return door_column_buffers(context, n, 8, &c->data, &c->valid);
}

static int object_put_row(object_column *c, int64_t row, PyObject *cell) {
    Py_XINCREF(cell);
    const int failed = object_put(c, row, cell);
    Py_XDECREF(cell);
    if (c->offset) c->offset[row + 1] = (int64_t)c->text.size;
    return failed;
}

static void object_drop(object_column *c) {
    ken_free(c->context->ctx, c->data);
    ken_free(c->context->ctx, c->valid);
    ken_free(c->context->ctx, c->offset);
    ken_text_free(&c->text);
}

/* Reals say NaN for what is missing; a column without any cell is one of them. */
static void object_end_reals(object_column *c, ken_column *column) {
    column->dtype = KEN_F64;
    if (!c->holes) return;
    for (int64_t i = 0; i < c->n; i++)
        if (!ken_column_valid(column, i)) ((double *)c->data)[i] = (double)NAN;
    ken_free(c->context->ctx, c->valid);
    column->valid = NULL;
}

static void object_end_bools(object_column *c, ken_column *column) {
    const int64_t *from = c->data;
    uint8_t *to = c->data; /* in place: a byte lies before or in the cell that it comes from */
    for (int64_t i = 0; i < c->n; i++) to[i] = (uint8_t)from[i];
    column->dtype = KEN_BOOL;
}

static int object_end(object_column *c, door_table *table) {
    ken_column column = {.name = c->name, .n = c->n, .data = c->data, .stride = 1, .valid = c->valid, .source = -1};
    if (c->text.status != KEN_OK) {
        const ken_status status = c->text.status;
        object_drop(c);
        return door_raise(c->context, status);
    }
    switch (c->kind) {
        case OBJECT_NONE:
        case OBJECT_REAL: object_end_reals(c, &column); break;
        case OBJECT_BOOL: object_end_bools(c, &column); break;
        case OBJECT_WHOLE: column.dtype = KEN_I64; break;
        case OBJECT_TIME: column.dtype = KEN_TIME; break;
        case OBJECT_TEXT:
            column.dtype = KEN_STRING;
            column.text = (ken_strings){c->n, c->offset, c->text.data};
            column.data = NULL;
            ken_free(c->context->ctx, c->data);
            break;
    }
    return door_column_adopt(c->context, table, &column);
}

int door_column_add_objects(door_context *context, door_table *table, const char *name, const door_view *view) {
    object_column c;
    if (object_begin(&c, context, name, view->shape[0]) < 0) return -1;
    for (int64_t i = 0; i < c.n; i++) {
        PyObject *cell;
        memcpy(&cell, (const char *)view->data + i * view->stride[0], sizeof cell);
        if (object_put_row(&c, i, cell) < 0) {
            object_drop(&c);
            return -1;
        }
    }
    return object_end(&c, table);
}

int door_column_add_sequence(door_context *context, door_table *table, const char *name, PyObject *sequence) {
    object_column c;
    const Py_ssize_t n = PySequence_Size(sequence);
    if (n < 0 || object_begin(&c, context, name, n) < 0) return -1;
    for (Py_ssize_t i = 0; i < n; i++) {
        PyObject *cell = PySequence_GetItem(sequence, i);
        const int failed = cell ? object_put_row(&c, i, cell) : -1;
        Py_XDECREF(cell);
        if (failed) {
            object_drop(&c);
            return -1;
        }
    }
    return object_end(&c, table);
}
