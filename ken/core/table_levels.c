/* String columns of few different texts as categories: what the CSV reader does to the columns that it reads, for tables
 * that come from elsewhere. */
#include <stdlib.h>
#include <string.h>

#include "ken/core/alloc.h"
#include "ken/core/dict.h"
#include "ken/core/table_internal.h"

enum { LEVELS_FEW = 20, LEVELS_MOST = 65536 }; /* io/csv has the same */

typedef struct levels_key {
    const char *text;
    int64_t size;
    int32_t code; /* by first appearance */
} levels_key;

static int levels_compare(const void *a, const void *b) {
    const levels_key *x = a, *y = b;
    const int order = memcmp(x->text, y->text, (size_t)KEN_MIN(x->size, y->size));
    return order ? order : (x->size > y->size) - (x->size < y->size);
}

/* Codes by first appearance. *few: there are at most `limit` texts; else the rest is not looked at. */
static ken_status levels_number(ken_ctx *ctx, const ken_column *c, int64_t limit, ken_dict *dict, int32_t *codes, bool *few) {
    *few = false;
    for (int64_t i = 0; i < c->n; i++) {
        int64_t size;
        if (!ken_column_valid(c, i)) continue;
        const char *text = ken_strings_at(&c->text, i, &size);
        const ken_status status = ken_dict_add(dict, text, (size_t)size, &codes[i]);
        if (status != KEN_OK) return KEN_FAIL(ctx, status, NULL, "levels of column '%s'", c->name);
        if (ken_dict_count(dict) > limit) return KEN_OK;
    }
    *few = true;
    return KEN_OK;
}

ken_status ken__levels_order(ken_ctx *ctx, const ken_dict *dict, ken_strings *out, int32_t *rank) {
    const ken_strings texts = ken_dict_keys(dict);
    levels_key *keys;
    int64_t *offset = NULL, size = 0;
    char *bytes = NULL;
    KEN_TRY(KEN_SCRATCH(ctx, levels_key, texts.n, &keys));
    for (int64_t k = 0; k < texts.n; k++) {
        keys[k].text = ken_strings_at(&texts, k, &keys[k].size);
        keys[k].code = (int32_t)k;
        size += keys[k].size;
    }
    if (texts.n) qsort(keys, (size_t)texts.n, sizeof *keys, levels_compare);
    KEN_TRY(KEN_ALLOC(ctx, int64_t, texts.n + 1, &offset));
    *out = (ken_strings){texts.n, offset, NULL};
    KEN_TRY(KEN_ALLOC(ctx, char, size, &bytes));
    out->bytes = bytes;
    for (int64_t k = 0; k < texts.n; k++) {
        if (keys[k].size) memcpy(bytes + offset[k], keys[k].text, (size_t)keys[k].size);
        offset[k + 1] = offset[k] + keys[k].size;
        rank[keys[k].code] = (int32_t)k;
    }
    return KEN_OK;
}

/* made: data and text of ken_alloc, or NULL where there are too many texts. */
static ken_status levels_make(ken_ctx *ctx, const ken_column *c, int64_t limit, ken_dict *dict, ken_column *made) {
    int32_t *codes = NULL, *rank;
    bool few;
    KEN_TRY(KEN_ALLOC(ctx, int32_t, c->n, &codes));
    made->data = codes;
    KEN_TRY(levels_number(ctx, c, limit, dict, codes, &few));
    if (!few) {
        ken_free(ctx, codes);
        made->data = NULL;
        return KEN_OK;
    }
    KEN_TRY(KEN_SCRATCH(ctx, int32_t, ken_dict_count(dict) + 1, &rank));
    KEN_TRY(ken__levels_order(ctx, dict, &made->text, rank));
    for (int64_t i = 0; i < c->n; i++)
        if (ken_column_valid(c, i)) codes[i] = rank[codes[i]];
    return KEN_OK;
}

static ken_status levels_add(ken_ctx *ctx, const ken_column *c, int64_t limit, ken_table *out) {
    ken_column made = *c; /* its bitmap stays lent */
    ken_dict *dict = NULL;
    const ken_mark mark = ken_scratch_mark(ctx);
    made.dtype = KEN_CATEGORY;
    made.stride = 1;
    made.data = NULL;
    made.text = (ken_strings){0, NULL, NULL};
    ken_status status = ken_dict_new(ctx, &dict);
    if (status == KEN_OK) status = levels_make(ctx, c, limit, dict, &made);
    ken_dict_free(dict);
    ken_scratch_release(ctx, mark);
    if (status == KEN_OK && !made.data) return ken_table_add_borrow(ctx, out, c);
    if (status == KEN_OK) return ken_table_add_parts(ctx, out, &made, KEN_OWN_DATA | KEN_OWN_OFFSET | KEN_OWN_BYTES);
    ken_free(ctx, (void *)(uintptr_t)made.data);
    ken_free(ctx, (void *)(uintptr_t)made.text.offset);
    ken_free(ctx, (void *)(uintptr_t)made.text.bytes);
    return status;
}

ken_status ken_table_levels(ken_ctx *ctx, const ken_table *table, int64_t most, ken_table **out) {
    const int64_t n = ken_table_rows(table), limit = most > 0 ? most : KEN_MAX(LEVELS_FEW, KEN_MIN(LEVELS_MOST, n / 4));
    *out = NULL;
    KEN_TRY(ken_table_new(ctx, n, out));
    for (int j = 0; j < ken_table_cols(table); j++) {
        const ken_column *c = ken_table_column(table, j);
        ken_status status = ken_check_cancel(ctx);
        if (status == KEN_OK)
            status = c->dtype == KEN_STRING ? levels_add(ctx, c, limit, *out) : ken_table_add_borrow(ctx, *out, c);
        if (status != KEN_OK) {
            ken_table_free(*out);
            *out = NULL;
            return status;
        }
    }
    return KEN_OK;
}
