/* One table under another: columns by name, with the types and levels of the upper one. */
#include <math.h>
#include <string.h>

#include "ken/core/model_internal.h"

/* Whether every cell of a number column is one of dtype `want`, to the last bit. */
static bool stack_fits(const ken_column *c, ken_dtype want) {
    if (c->dtype == want) return true;
    for (int64_t i = 0; i < c->n; i++) {
        const double v = ken_column_f64(c, i);
        if (ken_column_missing(c, i)) continue;
        if (want == KEN_BOOL && v != 0 && v != 1) return false;
        if (want == KEN_I64 && (v != floor(v) || fabs(v) > 9007199254740992.0)) return false;
        if (want == KEN_F32 && (double)(float)v != v) return false;
    }
    return true;
}

/* Cells of `from` into rows [at, at + from->n) of data. */
static void stack_cells(const ken_column *from, ken_dtype dtype, int64_t at, void *data, uint8_t *valid) {
    for (int64_t i = 0; i < from->n; i++) {
        if (ken_column_missing(from, i)) {
            ken_bitmap_clear(valid, at + i);
            if (dtype == KEN_F64) ((double *)data)[at + i] = (double)NAN;
            if (dtype == KEN_F32) ((float *)data)[at + i] = NAN;
            continue;
        }
        if (from->dtype == dtype) {
            const size_t size = ken_dtype_size(dtype);
            memcpy((char *)data + (size_t)(at + i) * size, (const char *)from->data + (size_t)(i * from->stride) * size, size);
            continue;
        }
        const double v = ken_column_f64(from, i);
        if (dtype == KEN_F64) ((double *)data)[at + i] = v;
        if (dtype == KEN_F32) ((float *)data)[at + i] = (float)v;
        if (dtype == KEN_I64) ((int64_t *)data)[at + i] = (int64_t)v;
        if (dtype == KEN_BOOL) ((uint8_t *)data)[at + i] = v != 0;
    }
}

/* Numbers, times: a cell is a few bytes. */
static ken_status stack_fixed(ken_ctx *ctx, const ken_column *a, const ken_column *b, ken_table *out) {
    const ken_dtype dtype = stack_fits(b, a->dtype) ? a->dtype : KEN_F64;
    void *data;
    uint8_t *valid;
    KEN_TRY(ken_table_add_new(ctx, out, a->name, dtype, &data, &valid));
    stack_cells(a, dtype, 0, data, valid);
    stack_cells(b, dtype, a->n, data, valid);
    return KEN_OK;
}

/* Text: of strings and of levels. `made` has its name and type; on error the buffers are freed. */
static ken_status stack_codes(ken_ctx *ctx, const ken_column *a, const ken_column *b, ken_table *out) {
    const int64_t n = a->n + b->n, cells = (n + 7) / 8;
    ken_column made = {.name = a->name, .dtype = KEN_CATEGORY, .n = n, .stride = 1, .source = a->source};
    const ken_allocator alloc = ken_ctx_allocator(ctx);
    int32_t *codes = NULL;
    uint8_t *valid = NULL;
    ken_status status = KEN_ALLOC(ctx, int32_t, n, &codes);
    if (status == KEN_OK) status = KEN_ALLOC(ctx, uint8_t, cells, &valid);
    if (status == KEN_OK) status = ken__strings_copy(ctx, &a->text, &made.text);
    if (status != KEN_OK) {
        ken_free(ctx, codes);
        ken_free(ctx, valid);
        ken__strings_free(&alloc, &made.text);
        return status;
    }
    memset(valid, 0xff, (size_t)cells);
    stack_cells(a, KEN_CATEGORY, 0, codes, valid);
    stack_cells(b, KEN_CATEGORY, a->n, codes, valid);
    made.data = codes, made.valid = valid;
    return ken_table_add_adopt(ctx, out, &made);
}

static ken_status stack_texts(ken_ctx *ctx, const ken_column *a, const ken_column *b, ken_table *out) {
    const int64_t n = a->n + b->n;
    const ken_column *const part[2] = {a, b};
    int64_t *offset = NULL, at = 0, row = 0;
    char *bytes = NULL;
    uint8_t *valid = NULL;
    const int64_t size = (a->n ? a->text.offset[a->n] - a->text.offset[0] : 0) +
                         (b->n ? b->text.offset[b->n] - b->text.offset[0] : 0);
    ken_status status = KEN_ALLOC(ctx, int64_t, n + 1, &offset);
    if (status == KEN_OK) status = KEN_ALLOC(ctx, char, size, &bytes);
    if (status == KEN_OK) status = KEN_ALLOC(ctx, uint8_t, (n + 7) / 8, &valid);
    if (status != KEN_OK) {
        ken_free(ctx, offset);
        ken_free(ctx, bytes);
        return status;
    }
    memset(valid, 0xff, (size_t)((n + 7) / 8));
    for (int p = 0; p < 2; p++)
        for (int64_t i = 0; i < part[p]->n; i++) {
            int64_t length;
            const char *const text = ken_strings_at(&part[p]->text, i, &length);
            if (length) memcpy(bytes + at, text, (size_t)length);
            if (!ken_column_valid(part[p], i)) ken_bitmap_clear(valid, row);
            offset[++row] = at += length;
        }
    const ken_column made = {.name = a->name, .dtype = KEN_STRING, .n = n, .stride = 1, .valid = valid,
                             .text = {n, offset, bytes}, .source = a->source};
    return ken_table_add_adopt(ctx, out, &made);
}

static ken_status stack_all(ken_ctx *ctx, const ken_table *top, const ken_table *bottom, ken_table *out) {
    for (int j = 0; j < ken_table_cols(top); j++) {
        const ken_column *const a = ken_table_column(top, j), *const b = ken_table_column(bottom, j);
        KEN_TRY(a->dtype == KEN_STRING     ? stack_texts(ctx, a, b, out)
                : a->dtype == KEN_CATEGORY ? stack_codes(ctx, a, b, out)
                                           : stack_fixed(ctx, a, b, out));
    }
    return KEN_OK;
}

ken_status ken_table_stack(ken_ctx *ctx, const char *who, const ken_table *top, const ken_table *bottom,
                           ken_table **out) {
    const ken_allocator alloc = ken_ctx_allocator(ctx);
    ken_schema schema;
    ken_table *aligned = NULL;
    *out = NULL;
    ken_status status = ken__schema_of(ctx, top, &schema);
    if (status == KEN_OK) status = ken__schema_align(ctx, who, &schema, bottom, &aligned);
    if (status == KEN_OK) status = ken_table_new(ctx, ken_table_rows(top) + ken_table_rows(bottom), out);
    if (status == KEN_OK) status = stack_all(ctx, top, aligned, *out);
    ken_table_free(aligned);
    ken__schema_free(&alloc, &schema);
    if (status == KEN_OK) return KEN_OK;
    ken_table_free(*out);
    *out = NULL;
    return status;
}
