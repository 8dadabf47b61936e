/* Tables. A column is a view plus the memory that it owns, if any. Read next: dict.c, desc.c. */
#include "ken/core/table.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "ken/core/alloc.h"
#include "ken/core/table_internal.h"
#include "ken/core/text.h"

typedef struct table_column {
    ken_column view;
    unsigned owned; /* which of data, valid, text.offset, text.bytes came from the allocator: KEN_OWN_DATA ... */
    bool lent_name; /* the name is somebody else's */
} table_column;

struct ken_table {
    ken_allocator alloc; /* a table outlives its context */
    int64_t n;
    int d, capacity;
    table_column *columns;
    ken_table *kept, *next_kept; /* tables that live as long as this one */
    struct table_farewell *farewells;
};

/* What is called when a table is freed. */
typedef struct table_farewell {
    void (*call)(void *arg);
    void *arg;
    struct table_farewell *next;
} table_farewell;

enum { TABLE_OWNS_ALL = KEN_OWN_DATA | KEN_OWN_VALID | KEN_OWN_OFFSET | KEN_OWN_BYTES };

static void table_column_free(const ken_allocator *a, table_column *c) {
    if (!c->lent_name) ken_allocator_free(a, (void *)(uintptr_t)c->view.name);
    if (c->owned & KEN_OWN_DATA) ken_allocator_free(a, (void *)(uintptr_t)c->view.data);
    if (c->owned & KEN_OWN_VALID) ken_allocator_free(a, (void *)(uintptr_t)c->view.valid);
    if (c->owned & KEN_OWN_OFFSET) ken_allocator_free(a, (void *)(uintptr_t)c->view.text.offset);
    if (c->owned & KEN_OWN_BYTES) ken_allocator_free(a, (void *)(uintptr_t)c->view.text.bytes);
}

ken_status ken_table_new(ken_ctx *ctx, int64_t n_rows, ken_table **out) {
    *out = NULL;
    if (n_rows < 0)
        return KEN_FAIL(ctx, KEN_E_ARG, NULL, "table: %lld rows", (long long)n_rows);
    KEN_TRY(KEN_ALLOC(ctx, ken_table, 1, out));
    (*out)->alloc = ken_ctx_allocator(ctx);
    (*out)->n = n_rows;
    return KEN_OK;
}

void ken_table_free(ken_table *table) {
    if (!table) return;
    const ken_allocator a = table->alloc;
    for (int j = 0; j < table->d; j++) table_column_free(&a, &table->columns[j]);
    ken_allocator_free(&a, table->columns);
    for (ken_table *kept = table->kept, *next; kept; kept = next) {
        next = kept->next_kept;
        ken_table_free(kept);
    }
    for (table_farewell *f = table->farewells, *next; f; f = next) {
        next = f->next;
        f->call(f->arg);
        ken_allocator_free(&a, f);
    }
    ken_allocator_free(&a, table);
}

ken_status ken_table_on_free(ken_ctx *ctx, ken_table *table, void (*call)(void *arg), void *arg) {
    table_farewell *f = NULL;
    KEN_TRY(KEN_ALLOC(ctx, table_farewell, 1, &f));
    *f = (table_farewell){call, arg, table->farewells};
    table->farewells = f;
    return KEN_OK;
}

void ken_table_keep(ken_table *table, ken_table *kept) {
    if (!kept) return;
    kept->next_kept = table->kept;
    table->kept = kept;
}

int64_t ken_table_rows(const ken_table *table) { return table->n; }
int ken_table_cols(const ken_table *table) { return table->d; }
const ken_column *ken_table_column(const ken_table *table, int j) { return &table->columns[j].view; }

int ken_table_find(const ken_table *table, const char *name) {
    for (int j = 0; j < table->d; j++)
        if (strcmp(table->columns[j].view.name, name) == 0) return j;
    return -1;
}

static const char *table_name_at(void *table, int j) {
    return ken_table_column((const ken_table *)table, j)->name;
}

ken_status ken_table_require(ken_ctx *ctx, const ken_table *table, const char *name, int *j) {
    *j = ken_table_find(table, name);
    if (*j >= 0) return KEN_OK;
    const char *near = ken_nearest_name(name, table->d, table_name_at, (void *)(uintptr_t)table);
    (void)KEN_FAIL(ctx, KEN_E_NOT_FOUND, NULL, "the table has no column '%s'", name);
    if (near) {
        ken_fail_hint(ctx, "did you mean '%s'?", near);
    } else {
        char list[512];
        size_t used = 0;
        list[0] = 0;
        for (int c = 0; c < table->d && used < sizeof list - 80; c++)
            used += (size_t)snprintf(list + used, sizeof list - used, "%s%.60s", c ? ", " : "",
                                     table->columns[c].view.name);
        ken_fail_hint(ctx, "its columns are %s%s", list, used >= sizeof list - 80 ? " …" : "");
    }
    return KEN_E_NOT_FOUND;
}

/* --- adding columns ----------------------------------------------------------------------------- */
static size_t table_bitmap_bytes(int64_t n) { return (size_t)((n + 7) / 8); }

static ken_status table_make_room(ken_ctx *ctx, ken_table *table, int columns) {
    if (columns <= table->capacity) return KEN_OK;
    const size_t capacity = ken_next_capacity((size_t)table->capacity, (size_t)columns);
    KEN_TRY(ken_grow(ctx, (void **)&table->columns, (size_t)table->d, capacity, sizeof(table_column)));
    table->capacity = (int)capacity;
    return KEN_OK;
}

static ken_status table_push(ken_ctx *ctx, ken_table *table, const ken_column *view, unsigned owned) {
    char *name = NULL;
    if (view->n != table->n)
        return KEN_FAIL(ctx, KEN_E_SHAPE, "give every column as many cells as the table has rows",
                        "column '%s' has %lld cells, the table has %lld rows", view->name,
                        (long long)view->n, (long long)table->n);
    KEN_TRY(table_make_room(ctx, table, table->d + 1));
    KEN_TRY(ken_strdup(ctx, view->name ? view->name : "", &name));
    table_column *c = &table->columns[table->d++];
    c->view = *view;
    c->view.name = name;
    c->owned = owned;
    c->lent_name = false;
    return KEN_OK;
}

ken_status ken__table_view_begin(ken_ctx *ctx, int64_t n_rows, int columns, ken_table **out) {
    KEN_TRY(ken_table_new(ctx, n_rows, out));
    const ken_status status = table_make_room(ctx, *out, columns);
    if (status != KEN_OK) {
        ken_table_free(*out);
        *out = NULL;
    }
    return status;
}

void ken__table_view_add(ken_table *table, const ken_column *column) {
    table->columns[table->d++] = (table_column){*column, 0, true};
}

ken_status ken_table_add_borrow(ken_ctx *ctx, ken_table *table, const ken_column *column) {
    return table_push(ctx, table, column, 0);
}

ken_status ken_table_add_parts(ken_ctx *ctx, ken_table *table, const ken_column *column, unsigned own) {
    const ken_status status = table_push(ctx, table, column, own);
    if (status != KEN_OK) {
        table_column lost = {*column, own, true};
        const ken_allocator a = ken_ctx_allocator(ctx);
        table_column_free(&a, &lost);
    }
    return status;
}

ken_status ken_table_add_adopt(ken_ctx *ctx, ken_table *table, const ken_column *column) {
    return ken_table_add_parts(ctx, table, column, TABLE_OWNS_ALL);
}

static ken_status table_copy_strings(ken_ctx *ctx, const ken_strings *from, ken_strings *to) {
    int64_t *offset = NULL;
    char *bytes = NULL;
    to->n = from->n;
    if (from->n == 0 || !from->offset) return KEN_OK;
    KEN_TRY(KEN_ALLOC(ctx, int64_t, from->n + 1, &offset));
    to->offset = offset;
    const int64_t first = from->offset[0];
    for (int64_t i = 0; i <= from->n; i++) offset[i] = from->offset[i] - first;
    KEN_TRY(KEN_ALLOC(ctx, char, offset[from->n], &bytes));
    to->bytes = bytes;
    if (offset[from->n]) memcpy(bytes, from->bytes + first, (size_t)offset[from->n]);
    return KEN_OK;
}

/* Rows rows[0..n) of `from` (all, in order, when rows is NULL) as a dense copy in *to. */
static ken_status table_copy_cells(ken_ctx *ctx, const ken_column *from, const int64_t *rows,
                                   int64_t n, ken_column *to) {
    const size_t size = ken_dtype_size(from->dtype);
    if (from->dtype != KEN_STRING) {
        char *data = NULL;
        const char *source = from->data;
        KEN_TRY(ken_alloc(ctx, (size_t)n, size, (void **)&data));
        to->data = data;
        if (!rows && from->stride == 1) {
            if (n) memcpy(data, source, (size_t)n * size);
        } else {
            for (int64_t i = 0; i < n; i++) {
                const int64_t at = (rows ? rows[i] : i) * from->stride * (int64_t)size;
                switch (size) {
                case 8: memcpy(data + i * 8, source + at, 8); break;
                case 4: memcpy(data + i * 4, source + at, 4); break;
                default: memcpy(data + i * (int64_t)size, source + at, size);
                }
            }
        }
        if (from->dtype == KEN_CATEGORY) KEN_TRY(table_copy_strings(ctx, &from->text, &to->text));
    }
    if (from->valid) {
        uint8_t *valid = NULL;
        KEN_TRY(KEN_ALLOC(ctx, uint8_t, table_bitmap_bytes(n), &valid));
        to->valid = valid;
        for (int64_t i = 0; i < n; i++)
            if (ken_column_valid(from, rows ? rows[i] : i))
                valid[i >> 3] = (uint8_t)(valid[i >> 3] | 1u << (i & 7));
    }
    return KEN_OK;
}

static ken_status table_copy_texts(ken_ctx *ctx, const ken_column *from, const int64_t *rows,
                                   int64_t n, ken_column *to) {
    int64_t *offset = NULL, size = 0;
    char *bytes = NULL;
    KEN_TRY(KEN_ALLOC(ctx, int64_t, n + 1, &offset));
    to->text.offset = offset;
    to->text.n = n;
    for (int64_t i = 0; i < n; i++) {
        ken_strings_at(&from->text, rows ? rows[i] : i, &size);
        offset[i + 1] = offset[i] + size;
    }
    KEN_TRY(KEN_ALLOC(ctx, char, offset[n], &bytes));
    to->text.bytes = bytes;
    for (int64_t i = 0; i < n; i++) {
        const char *s = ken_strings_at(&from->text, rows ? rows[i] : i, &size);
        if (size) memcpy(bytes + offset[i], s, (size_t)size);
    }
    return KEN_OK;
}

static ken_status table_add_rows(ken_ctx *ctx, ken_table *table, const ken_column *column,
                                 const int64_t *rows) {
    ken_column copy = *column;
    copy.n = table->n;
    copy.stride = 1;
    copy.data = NULL;
    copy.valid = NULL;
    memset(&copy.text, 0, sizeof copy.text);
    ken_status status = table_copy_cells(ctx, column, rows, table->n, &copy);
    if (status == KEN_OK && column->dtype == KEN_STRING)
        status = table_copy_texts(ctx, column, rows, table->n, &copy);
    if (status != KEN_OK) {
        table_column lost = {copy, TABLE_OWNS_ALL, true};
        const ken_allocator a = ken_ctx_allocator(ctx);
        table_column_free(&a, &lost);
        return status;
    }
    return ken_table_add_adopt(ctx, table, &copy);
}

ken_status ken_table_add_copy(ken_ctx *ctx, ken_table *table, const ken_column *column) {
    if (column->n != table->n) return table_push(ctx, table, column, 0); /* its error */
    return table_add_rows(ctx, table, column, NULL);
}

ken_status ken_table_add_new(ken_ctx *ctx, ken_table *table, const char *name, ken_dtype dtype,
                             void **data, uint8_t **valid) {
    ken_column c;
    uint8_t *bits = NULL;
    const size_t size = ken_dtype_size(dtype);
    if (size == 0)
        return KEN_FAIL(ctx, KEN_E_TYPE, NULL, "column '%s': a dense column cannot be of type %s",
                        name, ken_dtype_name(dtype));
    memset(&c, 0, sizeof c);
    c.name = name;
    c.dtype = dtype;
    c.n = table->n;
    c.stride = 1;
    c.source = -1;
    KEN_TRY(ken_alloc(ctx, (size_t)table->n, size, data));
    c.data = *data;
    if (valid) {
        const ken_status status = KEN_ALLOC(ctx, uint8_t, table_bitmap_bytes(table->n), &bits);
        if (status != KEN_OK) {
            ken_free(ctx, *data);
            return status;
        }
        memset(bits, 0xFF, table_bitmap_bytes(table->n));
        c.valid = *valid = bits;
    }
    return ken_table_add_adopt(ctx, table, &c);
}

ken_status ken_table_rename(ken_ctx *ctx, ken_table *table, int j, const char *name) {
    char *copy = NULL;
    KEN_TRY(ken_strdup(ctx, name, &copy));
    if (!table->columns[j].lent_name)
        ken_allocator_free(&table->alloc, (void *)(uintptr_t)table->columns[j].view.name);
    table->columns[j].view.name = copy;
    table->columns[j].lent_name = false;
    return KEN_OK;
}

void ken_table_set_source(ken_table *table, int j, int32_t source) {
    table->columns[j].view.source = source;
}

/* --- whole tables --------------------------------------------------------------------------------- */
ken_status ken_table_from_matrix(ken_ctx *ctx, const ken_tensor *X, const char *const *names,
                                 ken_table **out) {
    *out = NULL;
    if (X->ndim != 2 || (X->dtype != KEN_F64 && X->dtype != KEN_F32))
        return KEN_FAIL(ctx, KEN_E_SHAPE, "pass X as (rows, columns) of f64 or f32",
                        "matrix has %d dimensions of type %s", X->ndim, ken_dtype_name(X->dtype));
    KEN_TRY(ken_table_new(ctx, X->shape[0], out));
    for (int64_t j = 0; j < X->shape[1]; j++) {
        char name[24];
        ken_column c;
        memset(&c, 0, sizeof c);
        snprintf(name, sizeof name, "x%lld", (long long)j);
        c.name = names ? names[j] : name;
        c.dtype = X->dtype;
        c.n = X->shape[0];
        c.stride = X->stride[0];
        c.data = (const char *)X->data + j * X->stride[1] * (int64_t)ken_dtype_size(X->dtype);
        c.source = -1;
        const ken_status status = ken_table_add_borrow(ctx, *out, &c);
        if (status != KEN_OK) {
            ken_table_free(*out);
            *out = NULL;
            return status;
        }
    }
    return KEN_OK;
}

ken_status ken_table_take(ken_ctx *ctx, const ken_table *table, const int64_t *rows, int64_t n,
                          ken_table **out) {
    ken_table *taken = NULL;
    *out = NULL;
    KEN_TRY(ken_table_new(ctx, n, &taken));
    for (int j = 0; j < table->d; j++) {
        const ken_status status = table_add_rows(ctx, taken, &table->columns[j].view, rows);
        if (status != KEN_OK) {
            ken_table_free(taken);
            return status;
        }
    }
    *out = taken;
    return KEN_OK;
}

ken_status ken_table_select(ken_ctx *ctx, const ken_table *table, const int *columns, int n,
                            ken_table **out) {
    *out = NULL;
    KEN_TRY(ken_table_new(ctx, table->n, out));
    for (int j = 0; j < n; j++) {
        const ken_status status =
            ken_table_add_borrow(ctx, *out, &table->columns[columns[j]].view);
        if (status != KEN_OK) {
            ken_table_free(*out);
            *out = NULL;
            return status;
        }
    }
    return KEN_OK;
}

ken_status ken_table_slice(ken_ctx *ctx, const ken_table *table, int64_t first, int64_t n,
                           ken_table **out) {
    *out = NULL;
    if (first < 0 || n < 0 || first % 8 || first > table->n - n)
        return KEN_FAIL(ctx, KEN_E_ARG, NULL, "slice of %lld rows from %lld of a table of %lld",
                        (long long)n, (long long)first, (long long)table->n);
    KEN_TRY(ken__table_view_begin(ctx, n, table->d, out));
    for (int j = 0; j < table->d; j++) {
        ken_column c = table->columns[j].view;
        c.n = n;
        if (c.data)
            c.data = (const char *)c.data + first * c.stride * (int64_t)ken_dtype_size(c.dtype);
        if (c.valid) c.valid += first / 8;
        if (c.dtype == KEN_STRING && c.text.offset) c.text.offset += first, c.text.n = n;
        ken__table_view_add(*out, &c);
    }
    return KEN_OK;
}

/* --- cells ------------------------------------------------------------------------------------------ */
double ken_column_f64(const ken_column *c, int64_t i) {
    if (!ken_column_valid(c, i)) return (double)NAN;
    const int64_t at = i * c->stride;
    switch (c->dtype) {
    case KEN_F64: return ((const double *)c->data)[at];
    case KEN_F32: return (double)((const float *)c->data)[at];
    case KEN_I64: case KEN_TIME: return (double)((const int64_t *)c->data)[at];
    case KEN_CATEGORY: case KEN_I32: return ((const int32_t *)c->data)[at];
    case KEN_I16: return ((const int16_t *)c->data)[at];
    case KEN_U16: return ((const uint16_t *)c->data)[at];
    case KEN_BOOL: case KEN_U8: return ((const uint8_t *)c->data)[at];
    case KEN_STRING: break;
    }
    return (double)NAN;
}

bool ken_column_missing(const ken_column *c, int64_t i) {
    if (!ken_column_valid(c, i)) return true;
    if (c->dtype == KEN_F64) return isnan(((const double *)c->data)[i * c->stride]);
    if (c->dtype == KEN_F32) return isnan(((const float *)c->data)[i * c->stride]);
    return false;
}

int64_t ken_column_count_missing(const ken_column *c) {
    int64_t count = 0;
    if (!c->valid && c->dtype != KEN_F64 && c->dtype != KEN_F32) return 0;
    for (int64_t i = 0; i < c->n; i++) count += ken_column_missing(c, i);
    return count;
}

#define TABLE_GATHER(ctype)                                                              \
    do {                                                                                 \
        const ctype *from = (const ctype *)c->data + first * c->stride;                  \
        for (int64_t i = 0; i < n; i++) out[i * out_stride] = (double)from[i * c->stride]; \
    } while (0)

void ken_column_gather(const ken_column *c, int64_t first, int64_t n, double *out,
                       int64_t out_stride) {
    switch (c->dtype) {
    case KEN_F64: TABLE_GATHER(double); break;
    case KEN_F32: TABLE_GATHER(float); break;
    case KEN_I64: case KEN_TIME: TABLE_GATHER(int64_t); break;
    case KEN_CATEGORY: case KEN_I32: TABLE_GATHER(int32_t); break;
    case KEN_I16: TABLE_GATHER(int16_t); break;
    case KEN_U16: TABLE_GATHER(uint16_t); break;
    case KEN_BOOL: case KEN_U8: TABLE_GATHER(uint8_t); break;
    case KEN_STRING:
        for (int64_t i = 0; i < n; i++) out[i * out_stride] = (double)NAN;
        return;
    }
    if (c->valid)
        for (int64_t i = 0; i < n; i++)
            if (!ken_column_valid(c, first + i)) out[i * out_stride] = (double)NAN;
}

/* Whether the columns are those of one row-major matrix of doubles or floats, in order. */
static bool table_is_matrix(const ken_table *table) {
    const ken_column *head = &table->columns[0].view;
    const size_t size = ken_dtype_size(head->dtype);
    if (table->d < 2 || !head->data || head->stride < table->d) return false;
    if (head->dtype != KEN_F64 && head->dtype != KEN_F32) return false;
    for (int j = 0; j < table->d; j++) {
        const ken_column *c = &table->columns[j].view;
        if (c->dtype != head->dtype || c->valid || c->stride != head->stride ||
            (const char *)c->data != (const char *)head->data + (size_t)j * size)
            return false;
    }
    return true;
}

static void table_gather_matrix(const ken_table *table, int64_t first, int64_t n, double *out,
                                int64_t out_stride) {
    const ken_column *head = &table->columns[0].view;
    for (int64_t i = 0; i < n; i++) {
        const int64_t at = (first + i) * head->stride;
        double *row = out + i * out_stride;
        if (head->dtype == KEN_F64) {
            memcpy(row, (const double *)head->data + at, (size_t)table->d * sizeof(double));
        } else {
            const float *from = (const float *)head->data + at;
            for (int j = 0; j < table->d; j++) row[j] = (double)from[j];
        }
    }
}

void ken_table_gather(const ken_table *table, int64_t first, int64_t n, double *out,
                      int64_t out_stride) {
    if (table_is_matrix(table)) {
        table_gather_matrix(table, first, n, out, out_stride);
        return;
    }
    for (int j = 0; j < table->d; j++)
        ken_column_gather(&table->columns[j].view, first, n, out + j, out_stride);
}

/* Days since 1970-01-01 to year, month, day (proleptic Gregorian; Hinnant's civil_from_days). */
static void table_civil(int64_t days, int64_t *year, int *month, int *day) {
    days += 719468;
    const int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    const int64_t doe = days - era * 146097;
    const int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    const int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
    *day = (int)(doy - (153 * mp + 2) / 5 + 1);
    *month = (int)(mp < 10 ? mp + 3 : mp - 9);
    *year = yoe + era * 400 + (*month <= 2);
}

static void table_format_time(int64_t us, char *buf, size_t size) {
    const int64_t day_us = 86400000000;
    int64_t days = us / day_us, rest = us % day_us, year;
    int month, day;
    if (rest < 0) rest += day_us, days--;
    table_civil(days, &year, &month, &day);
    int used = snprintf(buf, size, "%04lld-%02d-%02d", (long long)year, month, day);
    if (rest == 0 || used < 0 || (size_t)used >= size) return;
    const int64_t seconds = rest / 1000000, fraction = rest % 1000000;
    used += snprintf(buf + used, size - (size_t)used, "T%02lld:%02lld:%02lld",
                     (long long)(seconds / 3600), (long long)(seconds / 60 % 60),
                     (long long)(seconds % 60));
    if (fraction && (size_t)used < size)
        snprintf(buf + used, size - (size_t)used, ".%06lld", (long long)fraction);
}

const char *ken_column_format(const ken_column *c, int64_t i, char *buf, size_t size) {
    char number[32];
    const char *text = number;
    int64_t length = 0;
    if (size) buf[0] = 0;
    if (size == 0 || ken_column_missing(c, i)) return buf;
    switch (c->dtype) {
    case KEN_F64: length = ken_format_f64(ken_column_f64(c, i), number); break;
    case KEN_F32: /* the shortest text of the double that is near enough to give the float back */
        for (int digits = 6; digits <= 9; digits++) {
            double back = 0;
            const float value = ((const float *)c->data)[i * c->stride];
            length = ken_format_f64_digits((double)value, digits, number);
            if (ken_parse_f64(number, (size_t)length, &back) && (float)back == value) break;
        }
        break;
    case KEN_TIME: table_format_time(((const int64_t *)c->data)[i * c->stride], buf, size); return buf;
    case KEN_STRING: text = ken_strings_at(&c->text, i, &length); break;
    case KEN_CATEGORY: {
        const int32_t code = ((const int32_t *)c->data)[i * c->stride];
        if (code < 0 || code >= c->text.n) return buf;
        text = ken_strings_at(&c->text, code, &length);
        break;
    }
    case KEN_BOOL: text = ken_column_f64(c, i) != 0 ? "true" : "false"; length = text[0] == 't' ? 4 : 5; break;
    default: length = ken_format_i64(((const int64_t *)c->data)[i * c->stride], number);
    }
    length = KEN_MIN(length, (int64_t)size - 1);
    memcpy(buf, text, (size_t)length);
    buf[length] = 0;
    return buf;
}
