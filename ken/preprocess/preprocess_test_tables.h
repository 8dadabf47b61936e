/* For the tests of this room: tables from lines of text, and comparing what transformers make. */
#ifndef KEN_PREPROCESS_TEST_TABLES_H
#define KEN_PREPROCESS_TEST_TABLES_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support.h"
#include "ken/core/alloc.h"
#include "ken/core/dict.h"
#include "ken/core/text.h"

#define TABLES_UNUSED __attribute__((unused))

/* One column from "name type cell cell ..."; '.' is missing, '_' a blank, '~' the empty text.
 * Types: f64 i64 bool category string time (days since 1970). */
typedef struct tables_words {
    char *copy;
    char *word[4096];
    int n;
} tables_words;

static inline ken_status tables_add(ken_ctx *ctx, ken_table *table, tables_words *w) {
    static const struct {
        const char *name;
        ken_dtype dtype;
    } types[] = {{"f64", KEN_F64},           {"i64", KEN_I64},       {"bool", KEN_BOOL},
                 {"category", KEN_CATEGORY}, {"string", KEN_STRING}, {"time", KEN_TIME}};
    const int64_t n = w->n - 2;
    ken_column c = {.name = w->word[0], .n = n, .stride = 1};
    for (int k = 0; k < 6; k++)
        if (!strcmp(types[k].name, w->word[1])) c.dtype = types[k].dtype;
    int64_t *cells = calloc((size_t)n + 1, 8), *offset = calloc((size_t)n + 2, 8);
    uint8_t *valid = calloc((size_t)n / 8 + 1, 1);
    char *bytes = calloc(strlen(w->copy) + 1 + 65536, 1);
    char *seen[4096];
    int64_t levels = 0, size = 0;
    for (int64_t i = 0; i < n; i++) {
        char *s = w->word[i + 2];
        const bool missing = !strcmp(s, ".");
        if (!missing) valid[i / 8] |= (uint8_t)(1 << i % 8);
        if (!strcmp(s, "~")) s[0] = 0;
        if (c.dtype == KEN_CATEGORY || c.dtype == KEN_STRING)
            for (char *p = s; *p; p++) *p = *p == '_' ? ' ' : *p;
        if (c.dtype == KEN_F64) ((double *)cells)[i] = missing ? NAN : strtod(s, NULL);
        if (c.dtype == KEN_I64) cells[i] = missing ? -77 : strtoll(s, NULL, 10);
        if (c.dtype == KEN_BOOL) ((uint8_t *)cells)[i] = *s == '1';
        if (c.dtype == KEN_TIME) cells[i] = missing ? 5 : (int64_t)(strtod(s, NULL) * 86400e6);
        if (c.dtype == KEN_STRING) {
            if (!missing) memcpy(bytes + size, s, strlen(s)), size += (int64_t)strlen(s);
            offset[i + 1] = size;
        }
        if (c.dtype == KEN_CATEGORY && !missing) {
            int64_t k = 0;
            while (k < levels && strcmp(seen[k], s)) k++;
            if (k == levels) {
                memcpy(bytes + size, s, strlen(s));
                size += (int64_t)strlen(s);
                seen[levels++] = s;
                offset[levels] = size;
            }
            ((int32_t *)cells)[i] = (int32_t)k;
        }
    }
    c.data = c.dtype == KEN_STRING ? NULL : cells;
    c.valid = valid;
    c.text = (ken_strings){c.dtype == KEN_STRING ? n : levels, offset, bytes};
    const ken_status status = ken_table_add_copy(ctx, table, &c);
    free(cells), free(offset), free(valid), free(bytes);
    return status;
}

/* Lines apart by '\n', one column each. */
static TABLES_UNUSED ken_status tables_make(ken_ctx *ctx, const char *spec, ken_table **out) {
    *out = NULL;
    ken_status status = KEN_OK;
    while (*spec && status == KEN_OK) {
        const size_t size = strcspn(spec, "\n");
        tables_words *w = calloc(1, sizeof *w);
        w->copy = calloc(size + 1, 1);
        memcpy(w->copy, spec, size);
        for (char *p = strtok(w->copy, " "); p; p = strtok(NULL, " ")) w->word[w->n++] = p;
        if (!*out) status = ken_table_new(ctx, w->n - 2, out);
        if (status == KEN_OK) status = tables_add(ctx, *out, w);
        free(w->copy), free(w);
        spec += size + (spec[size] == '\n');
    }
    if (status != KEN_OK) {
        ken_table_free(*out);
        *out = NULL;
    }
    return status;
}

static TABLES_UNUSED ken_table *tables_of(ken_ctx *ctx, const char *spec) {
    ken_table *table;
    TEST_OK(ctx, tables_make(ctx, spec, &table));
    return table;
}

static TABLES_UNUSED const ken_column *tables_col(const ken_table *t, const char *name) {
    const int j = ken_table_find(t, name);
    if (j < 0) {
        fprintf(stderr, "no column '%s' among:", name);
        for (int k = 0; k < ken_table_cols(t); k++)
            fprintf(stderr, " '%s'", ken_table_column(t, k)->name);
        fprintf(stderr, "\n");
    }
    assert_true(j >= 0);
    return ken_table_column(t, j);
}

/* Every cell, type, name and missing mark. */
static TABLES_UNUSED void tables_same(const ken_table *a, const ken_table *b) {
    assert_int_equal(ken_table_cols(a), ken_table_cols(b));
    assert_int_equal(ken_table_rows(a), ken_table_rows(b));
    for (int j = 0; j < ken_table_cols(a); j++) {
        const ken_column *x = ken_table_column(a, j), *y = ken_table_column(b, j);
        assert_string_equal(x->name, y->name);
        assert_int_equal(x->source, y->source);
        for (int64_t i = 0; i < x->n; i++) {
            char s[128], t[128];
            const double u = ken_column_f64(x, i), v = ken_column_f64(y, i);
            assert_int_equal(ken_column_missing(x, i), ken_column_missing(y, i));
            assert_true(!memcmp(&u, &v, sizeof u) || (isnan(u) && isnan(v)));
            assert_string_equal(ken_column_format(x, i, s, sizeof s),
                                ken_column_format(y, i, t, sizeof t));
        }
    }
}

/* Pack and unpack; the copy must transform `table` alike. */
static TABLES_UNUSED void tables_round_trip(ken_ctx *ctx, const ken_model *model,
                                            const ken_table *table) {
    ken_bundle *bundle;
    ken_model *copy;
    ken_table *a, *b;
    TEST_OK(ctx, ken_model_pack(ctx, model, &bundle));
    ken_named_tensor *tensors = calloc((size_t)ken_bundle_count(bundle) + 1, sizeof *tensors);
    for (int i = 0; i < ken_bundle_count(bundle); i++) tensors[i] = *ken_bundle_at(bundle, i);
    const char *json = ken_bundle_json(bundle);
    TEST_OK(ctx, ken_model_unpack(ctx, "copy", json, strlen(json), tensors,
                                  ken_bundle_count(bundle), &copy));
    TEST_OK(ctx, ken_model_transform(ctx, model, table, &a));
    TEST_OK(ctx, ken_model_transform(ctx, copy, table, &b));
    tables_same(a, b);
    ken_table_free(a), ken_table_free(b), ken_model_free(copy), ken_bundle_free(bundle),
        free(tensors);
}

/* Fit on all rows, or with roles, and transform the same table. target may be NULL. */
static TABLES_UNUSED ken_table *tables_fit(ken_ctx *ctx, ken_model *model, const ken_table *table,
                                           const ken_column *target, const uint8_t *role) {
    ken_data data = {.table = table, .target = target, .role = role};
    ken_table *out;
    TEST_OK(ctx, ken_model_fit(ctx, model, &data));
    TEST_OK(ctx, ken_model_transform(ctx, model, table, &out));
    return out;
}

/* golden: (n, columns) row-major; columns of out from `first`. */
static TABLES_UNUSED void tables_near(const ken_table *out, int first, int columns,
                                      const double *golden, double tolerance) {
    for (int64_t i = 0; i < ken_table_rows(out); i++)
        for (int j = 0; j < columns; j++) {
            const double got = ken_column_f64(ken_table_column(out, first + j), i);
            const double want = golden[i * columns + j];
            if (!(fabs(got - want) <= tolerance * KEN_MAX(1, fabs(want))))
                fail_msg("row %d, column %d: %.17g, wanted %.17g", (int)i, j, got, want);
        }
}

#endif
