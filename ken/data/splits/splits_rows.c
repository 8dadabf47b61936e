/* Which rows there are to split, what they are equal in, and how they are ordered. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ken/core/alloc.h"
#include "ken/core/dict.h"
#include "ken/data/splits/splits_internal.h"

ken_status ken__split_rows(ken_ctx *ctx, const ken_data *data, uint8_t *role, int64_t **rows,
                           int64_t *n) {
    const int64_t all = ken_table_rows(data->table);
    KEN_TRY(KEN_SCRATCH(ctx, int64_t, all, rows));
    *n = 0;
    for (int64_t i = 0; i < all; i++) {
        const uint8_t given = data->role ? data->role[i] : KEN_ROLE_TRAIN;
        role[i] = given == KEN_ROLE_VALIDATION ? KEN_ROLE_VALIDATION : KEN_ROLE_UNUSED;
        if (given == KEN_ROLE_TRAIN) (*rows)[(*n)++] = i;
    }
    return KEN_OK;
}

/* The bytes that make two cells equal. */
static const char *splits_key(const ken_column *c, int64_t i, double *number, size_t *size) {
    if (c->dtype == KEN_STRING) {
        int64_t bytes;
        const char *text = ken_strings_at(&c->text, i, &bytes);
        *size = (size_t)bytes;
        return text;
    }
    *size = sizeof(int64_t);
    if (c->dtype == KEN_I64 || c->dtype == KEN_TIME)
        return (const char *)((const int64_t *)c->data + i * c->stride);
    *number = ken_column_f64(c, i) + 0.0; /* -0 equals 0 */
    return (const char *)number;
}

ken_status ken__split_codes(ken_ctx *ctx, const ken_column *column, const int64_t *rows, int64_t n,
                            int32_t *codes, int32_t *k) {
    ken_dict *dict = NULL;
    KEN_TRY(ken_dict_new(ctx, &dict));
    ken_status status = KEN_OK;
    for (int64_t i = 0; status == KEN_OK && i < n; i++) {
        double number;
        size_t size;
        codes[i] = -1;
        if (ken_column_missing(column, rows[i])) continue;
        const char *key = splits_key(column, rows[i], &number, &size);
        status = ken_dict_add(dict, key, size, &codes[i]);
    }
    *k = (int32_t)ken_dict_count(dict);
    ken_dict_free(dict);
    return status;
}

ken_status ken__split_by_code(ken_ctx *ctx, const int32_t *codes, int64_t n, int32_t k,
                              int64_t **order, int64_t **start) {
    int64_t *begin, *at;
    KEN_TRY(KEN_SCRATCH(ctx, int64_t, n, order));
    KEN_TRY(KEN_SCRATCH(ctx, int64_t, (size_t)k + 2, &begin));
    KEN_TRY(KEN_SCRATCH(ctx, int64_t, (size_t)k + 1, &at));
    memset(begin, 0, sizeof(*begin) * ((size_t)k + 2));
    for (int64_t i = 0; i < n; i++) begin[(codes[i] < 0 ? k : codes[i]) + 1]++;
    for (int32_t c = 0; c <= k; c++) begin[c + 1] += begin[c];
    for (int32_t c = 0; c <= k; c++) at[c] = begin[c];
    for (int64_t i = 0; i < n; i++) (*order)[at[codes[i] < 0 ? k : codes[i]]++] = i;
    *start = begin;
    return KEN_OK;
}

typedef struct splits_moment {
    double time;
    int64_t row;
} splits_moment;

static int splits_compare_time(const void *a, const void *b) {
    const splits_moment *x = a, *y = b;
    if (x->time != y->time) return x->time < y->time ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

ken_status ken__split_sort_time(ken_ctx *ctx, const ken_data *data, int64_t *rows, int64_t n) {
    splits_moment *moment;
    if (!data->time) return KEN_OK;
    if (data->time->dtype == KEN_STRING || data->time->dtype == KEN_CATEGORY)
        return KEN_FAIL(ctx, KEN_E_TYPE, "read it as a time: --type NAME=time",
                        "time_split: column '%s' is %s, not a time or a number", data->time->name,
                        ken_dtype_name(data->time->dtype));
    KEN_TRY(KEN_SCRATCH(ctx, splits_moment, n, &moment));
    for (int64_t i = 0; i < n; i++) {
        moment[i] = (splits_moment){ken_column_f64(data->time, rows[i]), rows[i]};
        if (isnan(moment[i].time))
            return KEN_FAIL(ctx, KEN_E_VALUE, "drop the rows without a time",
                            "time_split: the time of row %lld is missing", (long long)rows[i] + 1);
    }
    qsort(moment, (size_t)n, sizeof(*moment), splits_compare_time);
    for (int64_t i = 0; i < n; i++) rows[i] = moment[i].row;
    return KEN_OK;
}

ken_status ken__split_groups(ken_ctx *ctx, const ken_data *data, const int64_t *rows, int64_t n,
                             int32_t **codes, int32_t *k) {
    if (!data->group)
        return KEN_FAIL(ctx, KEN_E_ARG, "name the column of groups", "group_kfold: no groups given");
    KEN_TRY(KEN_SCRATCH(ctx, int32_t, n, codes));
    KEN_TRY(ken__split_codes(ctx, data->group, rows, n, *codes, k));
    for (int64_t i = 0; i < n; i++)
        if ((*codes)[i] < 0)
            return KEN_FAIL(ctx, KEN_E_VALUE, "fill in or drop the rows without a group",
                            "group_kfold: the group of row %lld is missing", (long long)rows[i] + 1);
    return KEN_OK;
}
