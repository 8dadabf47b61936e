/* One hold-out set: the last rows in time, whole groups, a like share of every class, or any rows. */
#include <math.h>

#include "ken/core/alloc.h"
#include "ken/core/rng.h"
#include "ken/data/splits/splits_internal.h"

/* Rows to set aside: at least one, and at least one stays. */
static int64_t splits_test_size(int64_t n, double fraction) {
    const int64_t size = (int64_t)floor(fraction * (double)n + 0.5);
    return KEN_MIN(KEN_MAX(size, 1), n - 1);
}

/* Test rows of each class: its share rounded down, and the rows left over to the largest remainders
 * (Hamilton's method). A class keeps at least one training row. */
static ken_status splits_quota(ken_ctx *ctx, const int64_t *start, int32_t strata, int64_t want,
                               double fraction, int64_t *quota) {
    double *remainder;
    int64_t given = 0;
    KEN_TRY(KEN_SCRATCH(ctx, double, strata, &remainder));
    for (int32_t c = 0; c < strata; c++) {
        const double share = fraction * (double)(start[c + 1] - start[c]);
        quota[c] = KEN_MIN((int64_t)share, KEN_MAX(start[c + 1] - start[c] - 1, 0));
        remainder[c] = share - (double)quota[c];
        given += quota[c];
    }
    while (given < want) {
        int32_t most = -1;
        for (int32_t c = 0; c < strata; c++)
            if (quota[c] + 1 < start[c + 1] - start[c] &&
                (most < 0 || remainder[c] > remainder[most]))
                most = c;
        if (most < 0) break; /* classes of one row each: they all train */
        quota[most]++;
        remainder[most] -= 1;
        given++;
    }
    return KEN_OK;
}

static ken_status splits_stratified(ken_ctx *ctx, const ken_holdout_params *p, const ken_data *data,
                                    int64_t *rows, int64_t n, uint8_t *role) {
    int64_t *order, *start, *quota;
    int32_t *codes, k;
    ken_rng rng = ken_rng_stream(ctx, "splits.holdout", 0);
    KEN_TRY(KEN_SCRATCH(ctx, int32_t, n, &codes));
    KEN_TRY(ken__split_codes(ctx, data->target, rows, n, codes, &k));
    KEN_TRY(ken__split_by_code(ctx, codes, n, k, &order, &start));
    KEN_TRY(KEN_SCRATCH(ctx, int64_t, (size_t)k + 1, &quota));
    KEN_TRY(splits_quota(ctx, start, k + 1, splits_test_size(n, p->fraction), p->fraction, quota));
    for (int32_t c = 0; c <= k; c++) {
        const int64_t size = start[c + 1] - start[c];
        if (p->shuffle) ken_rng_shuffle(&rng, order + start[c], size);
        for (int64_t j = size - quota[c]; j < size; j++) role[rows[order[start[c] + j]]] = KEN_ROLE_TEST;
    }
    return KEN_OK;
}

/* Groups in random order are set aside while they fit; the first one in every case, all of them in
 * none. */
static ken_status splits_groups_aside(ken_ctx *ctx, const ken_holdout_params *p,
                                      const ken_data *data, int64_t *rows, int64_t n, uint8_t *role) {
    int64_t *order, *start, *group, taken = 0;
    int32_t *codes, k;
    KEN_TRY(ken__split_groups(ctx, data, rows, n, &codes, &k));
    if (k < 2)
        return KEN_FAIL(ctx, KEN_E_VALUE, "split without groups", "holdout: all rows are of one group");
    KEN_TRY(ken__split_by_code(ctx, codes, n, k, &order, &start));
    KEN_TRY(KEN_SCRATCH(ctx, int64_t, k, &group));
    for (int32_t c = 0; c < k; c++) group[c] = c;
    if (p->shuffle) {
        ken_rng rng = ken_rng_stream(ctx, "splits.holdout", 0);
        ken_rng_shuffle(&rng, group, k);
    }
    const double want = p->fraction * (double)n;
    for (int32_t g = 0; g < k; g++) {
        const int64_t from = start[group[g]], to = start[group[g] + 1];
        /* as near to the wanted number as whole groups allow */
        if (taken && fabs((double)(taken + to - from) - want) > fabs((double)taken - want)) continue;
        if (taken + to - from == n) continue;
        for (int64_t j = from; j < to; j++) role[rows[order[j]]] = KEN_ROLE_TEST;
        taken += to - from;
    }
    return KEN_OK;
}

ken_status ken__split_holdout_run(ken_ctx *ctx, const void *params, const ken_data *data, int64_t i,
                                  uint8_t *role) {
    const ken_holdout_params *p = params;
    int64_t *rows, n;
    ken_task task = data->task;
    (void)i;
    KEN_TRY(ken__split_rows(ctx, data, role, &rows, &n));
    for (int64_t j = 0; j < n; j++) role[rows[j]] = KEN_ROLE_TRAIN;
    if (n < 2 || p->fraction <= 0) return KEN_OK;
    const int64_t size = splits_test_size(n, p->fraction);
    if (data->group) return splits_groups_aside(ctx, p, data, rows, n, role);
    if (data->time) {
        KEN_TRY(ken__split_sort_time(ctx, data, rows, n));
        for (int64_t j = n - size; j < n; j++) role[rows[j]] = KEN_ROLE_TEST;
        return KEN_OK;
    }
    if (task == KEN_TASK_AUTO && data->target) KEN_TRY(ken_task_of(ctx, data->target, &task));
    if (task == KEN_CLASSIFY && data->target) return splits_stratified(ctx, p, data, rows, n, role);
    if (p->shuffle) {
        ken_rng rng = ken_rng_stream(ctx, "splits.holdout", 0);
        ken_rng_shuffle(&rng, rows, n);
    }
    for (int64_t j = n - size; j < n; j++) role[rows[j]] = KEN_ROLE_TEST;
    return KEN_OK;
}
