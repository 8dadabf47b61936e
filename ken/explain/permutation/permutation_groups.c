/* Columns that say the same, shuffled together: what one by one no column seems to be worth. */
#include <math.h>
#include <stdlib.h>

#include "ken/core/alloc.h"
#include "ken/explain/explain_score.h"
#include "ken/explain/permutation/permutation_parts.h"
#include "ken/stats/describe/describe.h"

/* --- which columns belong together ------------------------------------------------------------------------ */

static int groups_root(const int *parent, int j) {
    while (parent[j] != j) j = parent[j];
    return j;
}

/* Every pair of columns at least so closely associated becomes one group: the smaller number is its root. */
static void groups_join(const ken_model *model, const ken_profile *profile, double at_least, int *parent) {
    const int d = ken_model_n_features(model);
    for (int a = 0; a < profile->n_pairs; a++)
        for (int b = 0; b < a; b++) {
            const double association = profile->association[a * profile->n_pairs + b];
            const int i = profile->pair_columns[a], j = profile->pair_columns[b];
            if (!(fabs(association) >= at_least) || i >= d || j >= d) continue;
            const int x = groups_root(parent, i), y = groups_root(parent, j);
            parent[KEN_MAX(x, y)] = KEN_MIN(x, y);
        }
}

ken_status ken_explain_associated(ken_ctx *ctx, const ken_model *model, const ken_table *table, double at_least,
                                  int *group, int *n_groups) {
    const int d = ken_model_n_features(model);
    ken__explain_rows rows;
    ken_profile *profile = NULL;
    *n_groups = 0;
    if (!(at_least > 0 && at_least <= 1))
        return KEN_FAIL(ctx, KEN_E_ARG, "0.7 is usual", "permutation: an association of %g is not in (0, 1]", at_least);
    KEN_TRY(ken__explain_rows_begin(ctx, model, table, NULL, 0, "", &rows));
    const ken_status status = ken_describe(ctx, rows.table, -1, &profile);
    for (int j = 0; j < d; j++) group[j] = j;
    if (status == KEN_OK) groups_join(model, profile, at_least, group);
    for (int j = 0; j < d; j++) { /* a root comes before its columns and has its number already, from the other side of 0 */
        const int root = groups_root(group, j);
        group[j] = root;
    }
    for (int j = 0; j < d; j++) group[j] = group[j] == j ? -1 - (*n_groups)++ : group[group[j]];
    for (int j = 0; j < d; j++) group[j] = -1 - group[j];
    ken_profile_free(profile);
    ken__explain_rows_end(ctx, &rows);
    return status;
}

int ken_explain_drop_single(int *group, int n_features, int n_groups) {
    int next = 0;
    for (int g = 0; g < n_groups; g++) { /* numbers only fall, so a new one is never met again */
        int n = 0;
        for (int j = 0; j < n_features; j++) n += group[j] == g;
        for (int j = 0; j < n_features; j++)
            if (group[j] == g) group[j] = n > 1 ? next : -1;
        next += n > 1;
    }
    return next;
}

/* --- shuffling them together -------------------------------------------------------------------------------- */

static int groups_compare(const void *a, const void *b) {
    const ken_permutation_group *x = a, *y = b;
    if (x->mean != y->mean) return x->mean < y->mean ? 1 : -1;
    return (x->group > y->group) - (x->group < y->group);
}

static ken_status groups_check(ken_ctx *ctx, const int *group, int d, int n_groups) {
    for (int j = 0; j < d; j++)
        if (group[j] < -1 || group[j] >= n_groups)
            return KEN_FAIL(ctx, KEN_E_ARG, "number groups from 0", "permutation: column %d is in group %d of %d", j,
                            group[j], n_groups);
    return KEN_OK;
}

static ken_status groups_one(ken_ctx *ctx, ken__explain_score *score, const int *group, int g, int64_t n_repeats,
                             double base, int64_t *order, int *members, double *loss, ken_permutation_group *out) {
    const int d = ken_model_n_features(score->model);
    const double sign = score->metric->metric->higher_is_better ? 1 : -1;
    ken_permutation_row row;
    int n = 0;
    for (int j = 0; j < d; j++)
        if (group[j] == g) members[n++] = j;
    *out = (ken_permutation_group){g, n, 0, 0};
    if (n == 0) return KEN_OK;
    for (int64_t r = 0; r < n_repeats; r++) {
        double value = NAN;
        KEN_TRY(ken_check_cancel(ctx));
        KEN_TRY(ken__permutation_shuffle(ctx, score, members, n, r, order, &value));
        loss[r] = sign * (base - value);
    }
    ken__permutation_summary(loss, n_repeats, &row);
    out->mean = row.mean, out->sd = row.sd;
    return KEN_OK;
}

static ken_status groups_all(ken_ctx *ctx, ken__explain_score *score, const int *group, int n_groups,
                             int64_t n_repeats, double *base, ken_permutation_group *out) {
    int64_t *order;
    int *members;
    double *loss;
    KEN_TRY(KEN_SCRATCH(ctx, int64_t, score->rows.n, &order));
    KEN_TRY(KEN_SCRATCH(ctx, int, ken_model_n_features(score->model), &members));
    KEN_TRY(KEN_SCRATCH(ctx, double, n_repeats, &loss));
    KEN_TRY(ken__explain_score_value(ctx, score, score->rows.table, base));
    for (int g = 0; g < n_groups; g++)
        KEN_TRY(groups_one(ctx, score, group, g, n_repeats, *base, order, members, loss, &out[g]));
    qsort(out, (size_t)n_groups, sizeof *out, groups_compare);
    return KEN_OK;
}

ken_status ken_explain_permutation_groups(ken_ctx *ctx, const ken_model *model, const ken_data *data,
                                          const ken_permutation_params *params, const int *group, int n_groups,
                                          ken_permutation_info *info, ken_permutation_group *out) {
    const ken_permutation_params defaults = KEN_PERMUTATION_DEFAULTS;
    const ken_permutation_params *const p = params ? params : &defaults;
    ken__explain_score score;
    double base = NAN;
    KEN_TRY(ken__permutation_check(ctx, p));
    KEN_TRY(groups_check(ctx, group, ken_model_n_features(model), n_groups));
    KEN_TRY(ken__explain_score_begin(ctx, model, data, p->metric, p->max_rows, "permutation rows", &score));
    const ken_mark mark = ken_scratch_mark(ctx);
    const ken_status status = groups_all(ctx, &score, group, n_groups, p->n_repeats, &base, out);
    ken_scratch_release(ctx, mark);
    if (status == KEN_OK && info)
        *info = (ken_permutation_info){score.metric->name, score.metric->metric->higher_is_better, base,
                                       score.rows.n, p->n_repeats};
    ken__explain_score_end(ctx, &score);
    return status;
}
