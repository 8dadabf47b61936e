/* Cross-validation: plain, stratified, by group, by time. Each split names the rows of one test fold. */
#include <stdlib.h>

#include "ken/core/alloc.h"
#include "ken/core/rng.h"
#include "ken/data/splits/splits_internal.h"

static ken_status splits_enough(ken_ctx *ctx, const char *what, int64_t folds, int64_t n,
                                const char *unit) {
    if (n >= folds) return KEN_OK;
    return KEN_FAIL(ctx, KEN_E_VALUE, "ask for fewer folds", "%s: %lld folds of %lld %s", what,
                    (long long)folds, (long long)n, unit);
}

/* Fold f of `folds` over positions [0, n): contiguous, sizes differ by at most 1, larger ones first. */
static int64_t splits_border(int64_t n, int64_t folds, int64_t f) {
    return f * (n / folds) + KEN_MIN(f, n % folds);
}

ken_status ken__split_kfold_run(ken_ctx *ctx, const void *params, const ken_data *data, int64_t i,
                                uint8_t *role) {
    const ken_kfold_params *p = params;
    int64_t *rows, n;
    KEN_TRY(ken__split_rows(ctx, data, role, &rows, &n));
    KEN_TRY(splits_enough(ctx, "kfold", p->folds, n, "rows"));
    if (p->shuffle) {
        ken_rng rng = ken_rng_stream(ctx, "splits.kfold", (uint64_t)(i / p->folds));
        ken_rng_shuffle(&rng, rows, n);
    }
    const int64_t f = i % p->folds;
    const int64_t from = splits_border(n, p->folds, f), to = splits_border(n, p->folds, f + 1);
    for (int64_t j = 0; j < n; j++)
        role[rows[j]] = j >= from && j < to ? KEN_ROLE_TEST : KEN_ROLE_TRAIN;
    return KEN_OK;
}

/* Rows sorted by class are dealt out like cards, one to each fold in turn, on from one class to the
 * next: the folds' sizes, and their counts of each class, differ by at most 1. */
ken_status ken__split_stratified_run(ken_ctx *ctx, const void *params, const ken_data *data,
                                     int64_t i, uint8_t *role) {
    const ken_kfold_params *p = params;
    int64_t *rows, *order, *start, n;
    int32_t *codes, k;
    if (!data->target)
        return KEN_FAIL(ctx, KEN_E_ARG, "give the target, or take kfold",
                        "stratified_kfold: no target given");
    KEN_TRY(ken__split_rows(ctx, data, role, &rows, &n));
    KEN_TRY(splits_enough(ctx, "stratified_kfold", p->folds, n, "rows"));
    KEN_TRY(KEN_SCRATCH(ctx, int32_t, n, &codes));
    KEN_TRY(ken__split_codes(ctx, data->target, rows, n, codes, &k));
    KEN_TRY(ken__split_by_code(ctx, codes, n, k, &order, &start));
    ken_rng rng = ken_rng_stream(ctx, "splits.stratified_kfold", (uint64_t)(i / p->folds));
    for (int32_t c = 0; p->shuffle && c <= k; c++)
        ken_rng_shuffle(&rng, order + start[c], start[c + 1] - start[c]);
    for (int64_t j = 0; j < n; j++)
        role[rows[order[j]]] = j % p->folds == i % p->folds ? KEN_ROLE_TEST : KEN_ROLE_TRAIN;
    return KEN_OK;
}

typedef struct splits_group {
    int64_t size, at; /* rows; place in the shuffled order */
    int32_t code;
} splits_group;

static int splits_compare_group(const void *a, const void *b) {
    const splits_group *x = a, *y = b;
    if (x->size != y->size) return x->size > y->size ? -1 : 1;
    return (x->at > y->at) - (x->at < y->at);
}

/* fold[code] of each group: the largest group first, each into the lightest fold so far. */
static ken_status splits_deal_groups(ken_ctx *ctx, const ken_group_kfold_params *p,
                                     const int32_t *codes, int64_t n, int32_t k, int64_t *fold) {
    splits_group *group;
    int64_t *place, *load;
    KEN_TRY(KEN_SCRATCH(ctx, splits_group, k, &group));
    KEN_TRY(KEN_SCRATCH(ctx, int64_t, k, &place));
    KEN_TRY(KEN_SCRATCH(ctx, int64_t, p->folds, &load));
    for (int32_t c = 0; c < k; c++) place[c] = c;
    if (p->shuffle) {
        ken_rng rng = ken_rng_stream(ctx, "splits.group_kfold", 0);
        ken_rng_shuffle(&rng, place, k);
    }
    for (int32_t c = 0; c < k; c++) group[c] = (splits_group){0, place[c], c};
    for (int64_t i = 0; i < n; i++) group[codes[i]].size++;
    qsort(group, (size_t)k, sizeof(*group), splits_compare_group);
    for (int64_t f = 0; f < p->folds; f++) load[f] = 0;
    for (int32_t c = 0; c < k; c++) {
        int64_t lightest = 0;
        for (int64_t f = 1; f < p->folds; f++)
            if (load[f] < load[lightest]) lightest = f;
        fold[group[c].code] = lightest;
        load[lightest] += group[c].size;
    }
    return KEN_OK;
}

ken_status ken__split_group_run(ken_ctx *ctx, const void *params, const ken_data *data, int64_t i,
                                uint8_t *role) {
    const ken_group_kfold_params *p = params;
    int64_t *rows, *fold, n;
    int32_t *codes, k;
    KEN_TRY(ken__split_rows(ctx, data, role, &rows, &n));
    KEN_TRY(ken__split_groups(ctx, data, rows, n, &codes, &k));
    KEN_TRY(splits_enough(ctx, "group_kfold", p->folds, k, "groups"));
    KEN_TRY(KEN_SCRATCH(ctx, int64_t, k, &fold));
    KEN_TRY(splits_deal_groups(ctx, p, codes, n, k, fold));
    for (int64_t j = 0; j < n; j++)
        role[rows[j]] = fold[codes[j]] == i ? KEN_ROLE_TEST : KEN_ROLE_TRAIN;
    return KEN_OK;
}

/* Expanding window: the last folds * size rows are the test folds in turn; what lies before a fold,
 * but for a gap, trains it (at most max_train_rows, the latest ones). */
ken_status ken__split_time_run(ken_ctx *ctx, const void *params, const ken_data *data, int64_t i,
                               uint8_t *role) {
    const ken_time_split_params *p = params;
    int64_t *rows, n;
    KEN_TRY(ken__split_rows(ctx, data, role, &rows, &n));
    KEN_TRY(ken__split_sort_time(ctx, data, rows, n));
    const int64_t size = p->test_rows ? p->test_rows : n / (p->folds + 1);
    const int64_t first = size > n / p->folds ? -1 : n - p->folds * size - p->gap;
    if (size < 1 || first < 1)
        return KEN_FAIL(ctx, KEN_E_VALUE, "ask for fewer folds, fewer test rows or a smaller gap",
                        "time_split: %lld folds of %lld rows after a gap of %lld need more than "
                        "%lld rows",
                        (long long)p->folds, (long long)size, (long long)p->gap, (long long)n);
    const int64_t from = n - (p->folds - i) * size, end = from - p->gap;
    const int64_t begin = p->max_train_rows ? KEN_MAX(0, end - p->max_train_rows) : 0;
    for (int64_t j = begin; j < end; j++) role[rows[j]] = KEN_ROLE_TRAIN;
    for (int64_t j = from; j < from + size; j++) role[rows[j]] = KEN_ROLE_TEST;
    return KEN_OK;
}
