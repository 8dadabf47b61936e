/* Which rows a fit sees: training rows, then validation rows. Those of early stopping are set aside
 * before the recipe learns. */
#include <math.h>
#include <string.h>

#include "ken/core/model_internal.h"
#include "ken/core/rng.h"

ken_status ken__prepare_collect(ken_ctx *ctx, const ken_data *data, prepare_rows *rows) {
    const int64_t n = ken_table_rows(data->table);
    memset(rows, 0, sizeof *rows);
    KEN_TRY(KEN_SCRATCH(ctx, int64_t, n + 1, &rows->index));
    for (int role = KEN_ROLE_TRAIN; role <= KEN_ROLE_VALIDATION; role++) {
        for (int64_t i = 0; i < n; i++) {
            if ((data->role ? data->role[i] : KEN_ROLE_TRAIN) != role) continue;
            if (data->target && ken_column_missing(data->target, i)) {
                rows->missing_target++;
                continue;
            }
            rows->index[rows->n++] = i;
        }
        if (role == KEN_ROLE_TRAIN) rows->n_train = rows->n;
    }
    rows->identity = rows->n == n;
    for (int64_t i = 0; rows->identity && i < n; i++) rows->identity = rows->index[i] == i;
    if (rows->missing_target && rows->n_train)
        ken_warn(ctx, "left out %lld rows without a value in the target '%s'",
                 (long long)rows->missing_target, data->target->name);
    if (rows->n_train == 0 && rows->missing_target)
        return KEN_FAIL(ctx, KEN_E_VALUE, "choose a target that has values",
                        "no training row has a value in the target '%s'", data->target->name);
    if (rows->n_train == 0)
        return KEN_FAIL(ctx, KEN_E_VALUE, "give rows with a target and the role of training",
                        "there is no row to train on among %lld", (long long)n);
    return KEN_OK;
}

/* --- validation rows for early stopping ----------------------------------------------------------------- */
/* Validation rows of each class: its share, but every class keeps at least one training row. */
static ken_status prepare_mark_classes(ken_ctx *ctx, const ken_data *data, double fraction,
                                       const prepare_rows *train, const int64_t *order, uint8_t *is_aside) {
    ken_dict *dict = NULL;
    const int64_t n = train->n;
    int32_t *label;
    KEN_TRY(KEN_SCRATCH(ctx, int32_t, n, &label));
    KEN_TRY(ken_dict_new(ctx, &dict));
    ken_status status = ken__prepare_codes(ctx, dict, data->target, train, label);
    const int64_t k = ken_dict_count(dict);
    int64_t *count = NULL, *taken = NULL;
    if (status == KEN_OK) status = KEN_SCRATCH(ctx, int64_t, k, &count);
    if (status == KEN_OK) status = KEN_SCRATCH(ctx, int64_t, k, &taken);
    ken_dict_free(dict);
    KEN_TRY(status);
    memset(count, 0, (size_t)k * sizeof *count);
    memset(taken, 0, (size_t)k * sizeof *taken);
    for (int64_t i = 0; i < n; i++) count[label[i]]++;
    for (int64_t i = 0; i < n; i++) { /* each class in the shuffled order */
        const int32_t c = label[order[i]];
        const int64_t want = KEN_MIN((int64_t)floor((double)count[c] * fraction + 0.5), count[c] - 1);
        if (taken[c] < want) is_aside[order[i]] = 1, taken[c]++;
    }
    return KEN_OK;
}

/* Whole groups, in the order in which the shuffle first meets them, until the share is reached; at
 * least one group stays. */
static ken_status prepare_mark_groups(ken_ctx *ctx, const ken_data *data, int64_t aside,
                                      const prepare_rows *train, const int64_t *order, uint8_t *is_aside) {
    ken_dict *dict = NULL;
    const int64_t n = train->n;
    int32_t *group;
    KEN_TRY(KEN_SCRATCH(ctx, int32_t, n, &group));
    KEN_TRY(ken_dict_new(ctx, &dict));
    ken_status status = ken__prepare_codes(ctx, dict, data->group, train, group);
    const int64_t k = ken_dict_count(dict);
    int64_t *count = NULL, taken = 0, groups = 0;
    if (status == KEN_OK) status = KEN_SCRATCH(ctx, int64_t, k, &count);
    ken_dict_free(dict);
    KEN_TRY(status);
    memset(count, 0, (size_t)k * sizeof *count);
    for (int64_t i = 0; i < n; i++) count[group[i]]++;
    for (int64_t i = 0; i < n && taken < aside && groups + 1 < k; i++) {
        int64_t *const size = &count[group[order[i]]];
        if (*size == 0) continue; /* taken already */
        taken += *size;
        groups++;
        *size = 0;
    }
    for (int64_t i = 0; i < n; i++) is_aside[i] = count[group[i]] == 0;
    return KEN_OK;
}

/* Draws by stream, so the same rows for any threads. */
ken_status ken__prepare_set_aside(ken_ctx *ctx, const ken_data *data, double fraction, ken_task task,
                                  prepare_rows *rows) {
    const int64_t n = rows->n_train;
    ken_rng rng = ken_rng_stream(ctx, "fit.validation", 0);
    int64_t *order, kept = 0, aside = (int64_t)floor((double)n * fraction + 0.5), out = 0;
    uint8_t *is_aside;
    if (aside < 1 || n - aside < 2) return KEN_OK;
    KEN_TRY(KEN_SCRATCH(ctx, int64_t, n, &order));
    for (int64_t i = 0; i < n; i++) order[i] = i;
    ken_rng_shuffle(&rng, order, n);
    KEN_TRY(KEN_SCRATCH(ctx, uint8_t, n, &is_aside));
    memset(is_aside, 0, (size_t)n);
    prepare_rows train = *rows;
    train.n = n;
    if (data->group)
        KEN_TRY(prepare_mark_groups(ctx, data, aside, &train, order, is_aside));
    else if (task == KEN_CLASSIFY)
        KEN_TRY(prepare_mark_classes(ctx, data, fraction, &train, order, is_aside));
    else
        for (int64_t i = 0; i < aside; i++) is_aside[order[i]] = 1;
    for (int64_t i = 0; i < n; i++) { /* stable: both parts keep the order of the table */
        if (is_aside[i])
            order[out++] = rows->index[i];
        else
            rows->index[kept++] = rows->index[i];
    }
    memcpy(rows->index + kept, order, (size_t)out * sizeof *order);
    rows->n_train = kept;
    rows->identity = false;
    return KEN_OK;
}
