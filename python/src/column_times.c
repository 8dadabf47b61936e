/* NumPy's dates and durations: whole numbers of a unit, INT64_MIN for none. Dates become microseconds since 1970,
 * durations seconds. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "columns.h"

/* value * times / parts microseconds; months: calendar months instead. */
typedef struct time_unit {
    int64_t times, parts;
    bool months, none;
} time_unit;

static time_unit time_unit_of(const char *text) {
    static const struct {
        const char *name;
        time_unit unit;
    } units[] = {{"Y", {12, 1, true, false}},       {"M", {1, 1, true, false}},
                 {"W", {604800000000, 1, 0, 0}},    {"D", {86400000000, 1, 0, 0}},
                 {"h", {3600000000, 1, 0, 0}},      {"m", {60000000, 1, 0, 0}},
                 {"s", {1000000, 1, 0, 0}},         {"ms", {1000, 1, 0, 0}},
                 {"us", {1, 1, 0, 0}},              {"ns", {1, 1000, 0, 0}},
                 {"ps", {1, 1000000, 0, 0}},        {"fs", {1, 1000000000, 0, 0}},
                 {"as", {1, 1000000000000, 0, 0}}};
    char *end;
    const char *open = strchr(text, '[');
    if (!open) return (time_unit){.none = true};
    const long count = strtol(open + 1, &end, 10);
    const size_t size = strcspn(end, "]");
    for (int i = 0; i < KEN_COUNT(units); i++)
        if (strlen(units[i].name) == size && strncmp(units[i].name, end, size) == 0) {
            time_unit unit = units[i].unit;
            if (count > 1 && __builtin_mul_overflow(unit.times, (int64_t)count, &unit.times)) break;
            return unit;
        }
    return (time_unit){.none = true};
}

/* The unit is said by the array's dtype alone: "<M8[ns]". */
static int time_unit_ask(const door_view *view, const char *name, time_unit *unit) {
    PyObject *array = view->owner, *dtype = NULL, *str = NULL, *utf8 = NULL;
    if (PyTuple_Check(array)) array = PyTuple_GetItem(array, 0);
    dtype = PyObject_GetAttrString(array, "dtype");
    if (dtype) str = PyObject_GetAttrString(dtype, "str");
    if (str) utf8 = PyUnicode_AsUTF8String(str);
    const char *text = utf8 ? PyBytes_AsString(utf8) : NULL;
    if (text) *unit = time_unit_of(text);
    if (text && unit->none) PyErr_Format(PyExc_ValueError, "column %s: times need a unit, found %s", name, text);
    Py_XDECREF(utf8);
    Py_XDECREF(str);
    Py_XDECREF(dtype);
    return PyErr_Occurred() ? -1 : 0;
}

/* Days from 1970-01-01 to the first day of a month counted from 1970-01 (Hinnant's days_from_civil). */
static int64_t time_month_days(int64_t months) {
    const int64_t month = ((months % 12) + 12) % 12, year = 1970 + (months - month) / 12 - (month < 2);
    const int64_t era = (year >= 0 ? year : year - 399) / 400, yoe = year - era * 400;
    const int64_t doy = (153 * (month < 2 ? month + 10 : month - 2) + 2) / 5;
    return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

/* false: beyond what 64 bits of microseconds hold. */
static bool time_microseconds(time_unit unit, int64_t value, int64_t *out) {
    const int64_t day = 86400000000;
    if (unit.months) {
        const int64_t most = INT64_MAX / day / 31;
        if (value > most / unit.times || value < -most / unit.times) return false;
        *out = time_month_days(value * unit.times) * day;
        return true;
    }
    if (value > INT64_MAX / unit.times || value < -(INT64_MAX / unit.times)) return false;
    value *= unit.times;
    *out = value / unit.parts - (value % unit.parts < 0);
    return true;
}

static int64_t time_load(const door_view *v, int64_t i) {
    int64_t x;
    memcpy(&x, (const char *)v->data + i * v->stride[0], sizeof x);
    return v->swapped ? (int64_t)__builtin_bswap64((uint64_t)x) : x;
}

static int time_too_far(const char *name, int64_t row) {
    PyErr_Format(PyExc_ValueError, "column %s, row %lld: the date lies beyond the years -290308 to 294247", name, (long long)row);
    return -1;
}

static int time_add_dates(door_context *context, door_table *table, const char *name, const door_view *view, time_unit unit) {
    const int64_t n = view->shape[0];
    int64_t *data;
    uint8_t *valid;
    if (door_column_buffers(context, n, sizeof *data, (void **)&data, &valid) < 0) return -1;
    for (int64_t i = 0; i < n; i++) {
        const int64_t value = time_load(view, i);
        if (value == INT64_MIN) {
            ken_bitmap_clear(valid, i);
        } else if (!time_microseconds(unit, value, &data[i])) {
            ken_free(context->ctx, data);
            ken_free(context->ctx, valid);
            return time_too_far(name, i);
        }
    }
    const ken_column column = {.name = name, .dtype = KEN_TIME, .n = n, .data = data, .stride = 1, .valid = valid, .source = -1};
    return door_column_adopt(context, table, &column);
}

static int time_add_durations(door_context *context, door_table *table, const char *name, const door_view *view, time_unit unit) {
    const int64_t n = view->shape[0];
    double *data;
    if (unit.months) {
        PyErr_Format(PyExc_ValueError, "column %s: durations of months have no length in seconds", name);
        return -1;
    }
    if (door_column_buffers(context, n, sizeof *data, (void **)&data, NULL) < 0) return -1;
    for (int64_t i = 0; i < n; i++) {
        const int64_t value = time_load(view, i);
        data[i] = value == INT64_MIN ? (double)NAN
                                     : (double)value * ((double)unit.times / 1e6) / (double)unit.parts;
    }
    const ken_column column = {.name = name, .dtype = KEN_F64, .n = n, .data = data, .stride = 1, .source = -1};
    return door_column_adopt(context, table, &column);
}

/* Microseconds of which none is missing lie as the library wants them. */
static bool time_in_place(const door_view *v, time_unit unit) {
    if (unit.months || unit.times != 1 || unit.parts != 1 || v->swapped) return false;
    if ((uintptr_t)v->data % 8 || v->stride[0] % 8) return false;
    for (int64_t i = 0; i < v->shape[0]; i++)
        if (time_load(v, i) == INT64_MIN) return false;
    return true;
}

int door_column_add_times(door_context *context, door_table *table, const char *name, const door_view *view) {
    time_unit unit = {.none = true};
    if (time_unit_ask(view, name, &unit) < 0) return -1;
    if (view->kind == 'm') return time_add_durations(context, table, name, view, unit);
    if (!time_in_place(view, unit)) return time_add_dates(context, table, name, view, unit);
    if (door_table_keep(table, view->owner) < 0) return -1;
    const ken_column column = {.name = name, .dtype = KEN_TIME, .n = view->shape[0], .data = view->data,
                               .stride = view->stride[0] / 8, .source = -1};
    const ken_status status = ken_table_add_borrow(context->ctx, table->table, &column);
    return status == KEN_OK ? 0 : door_raise(context, status);
}
