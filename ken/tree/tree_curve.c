/* The gain of every threshold of one column: tree_curve.h. */
#include "ken/tree/tree_curve.h"

#include <math.h>
#include <string.h>

#include "ken/core/alloc.h"
#include "ken/tree/cart_split.h"

typedef struct curve_side {
    cart_sums sums;
    double square; /* regression: sum of weight times (target - mean)^2 */
} curve_side;

typedef struct curve_scan {
    const cart_job *job;
    double center;       /* the targets of the sums are counted from here */
    double *square_from; /* (n) regression: `square` of the rows from a place of the order on */
    curve_side left, right;
} curve_scan;

static ken_status curve_check(ken_ctx *ctx, int64_t n, const double *y, const int32_t *label,
                              int32_t k, const double *weight, ken_criterion criterion) {
    const bool numbers = criterion == KEN_SQUARED_ERROR;
    if (numbers ? !y : !label || k < 1)
        return KEN_FAIL(ctx, KEN_E_ARG,
                        "give y with KEN_SQUARED_ERROR, label and k with KEN_GINI and KEN_ENTROPY",
                        "split curve: the criterion is for %s, which are not given",
                        numbers ? "numbers" : "classes");
    if (n >= INT32_MAX - 1)
        return KEN_FAIL(ctx, KEN_E_LIMIT, "take a sample", "split curve: %lld rows", (long long)n);
    for (int64_t i = 0; i < n; i++) {
        if (weight && !(weight[i] >= 0 && isfinite(weight[i])))
            return KEN_FAIL(ctx, KEN_E_VALUE, "weights are numbers of at least 0",
                            "split curve: the weight of row %lld", (long long)i + 1);
        if (numbers ? !isfinite(y[i]) : label[i] < 0 || label[i] >= k)
            return KEN_FAIL(ctx, KEN_E_VALUE, "leave the row out, or correct it",
                            "split curve: the target of row %lld is %s", (long long)i + 1,
                            numbers ? "not finite" : "no class");
    }
    return KEN_OK;
}

/* Rows with a value in x, as a tree's data of one column. */
static ken_status curve_data(ken_ctx *ctx, const double *x, int64_t n, const double *y,
                             const int32_t *label, int32_t k, const double *weight,
                             ken_tree_data *out) {
    static const int32_t number = 0;
    double *column, *target = NULL, *w = NULL;
    int32_t *class = NULL, m = 0;
    KEN_TRY(KEN_SCRATCH(ctx, double, n, &column));
    if (y) KEN_TRY(KEN_SCRATCH(ctx, double, n, &target));
    if (!y) KEN_TRY(KEN_SCRATCH(ctx, int32_t, n, &class));
    if (weight) KEN_TRY(KEN_SCRATCH(ctx, double, n, &w));
    for (int64_t i = 0; i < n; i++) {
        if (isnan(x[i])) continue;
        column[m] = x[i];
        if (target) target[m] = y[i];
        if (class) class[m] = label[i];
        if (w) w[m] = weight[i];
        m++;
    }
    *out = (ken_tree_data){.n = m,
                           .d = 1,
                           .x = column,
                           .levels = &number,
                           .y = target,
                           .label = class,
                           .weight = w,
                           .k = y ? 1 : k};
    return KEN_OK;
}

/* Impurity of a side from its score: the score of a side is what its impurity lacks. */
static double curve_impurity(const curve_scan *s, const curve_side *side) {
    const double w = side->sums.weight, score = cart_score(s->job, &side->sums);
    if (s->job->target) return KEN_MAX(side->square - score, 0) / w;
    return KEN_MAX(s->job->rules->criterion == KEN_ENTROPY ? -score / w : 1 - score / w, 0.0);
}

static double curve_square(const curve_scan *s, int32_t row) {
    if (!s->job->target) return 0;
    const double off = s->job->data->y[row] - s->center;
    return (s->job->weight ? s->job->weight[row] : 1.0) * off * off;
}

static ken_status curve_begin(ken_ctx *ctx, curve_scan *s, const cart_sums *root, int64_t n,
                              ken_split_curve *out) {
    const int32_t *rows = s->job->order[0];
    KEN_TRY(KEN_SCRATCH(ctx, double, s->job->data->k, &s->left.sums.c));
    KEN_TRY(KEN_SCRATCH(ctx, double, s->job->data->k, &s->right.sums.c));
    KEN_TRY(KEN_SCRATCH(ctx, double, n, &s->square_from));
    cart_clear(s->job, &s->left.sums);
    cart_rest(s->job, root, &s->left.sums, &s->right.sums);
    s->left.square = s->right.square = 0;
    for (int64_t i = n; i-- > 0;) s->square_from[i] = s->right.square += curve_square(s, rows[i]);
    out->weight = root->weight;
    out->impurity = curve_impurity(s, &s->right);
    return KEN_OK;
}

static void curve_scan_rows(curve_scan *s, const cart_sums *root, int64_t n, ken_split_curve *out) {
    const double *x = s->job->data->x, parent = cart_score(s->job, root);
    const int32_t *rows = s->job->order[0];
    double best = 0;
    out->best = -1;
    for (int64_t i = 0; i + 1 < n; i++) {
        const int32_t row = rows[i];
        cart_move(s->job, &s->left.sums, &s->right.sums, row);
        s->left.square += curve_square(s, row);
        s->right.square = s->square_from[i + 1];
        if (!(x[rows[i + 1]] > x[row])) continue;
        const double gain =
            cart_score(s->job, &s->left.sums) + cart_score(s->job, &s->right.sums) - parent;
        const int64_t at = out->n++;
        out->threshold[at] = cart_midpoint(x[row], x[rows[i + 1]]);
        out->left[at] = curve_impurity(s, &s->left);
        out->right[at] = curve_impurity(s, &s->right);
        out->share[at] = s->left.sums.weight / out->weight;
        out->gain[at] = gain / out->weight;
        if (out->best < 0 || gain > best) out->best = at, best = gain;
    }
}

static ken_status curve_fill(ken_ctx *ctx, const ken_tree_data *data, ken_criterion criterion,
                             ken_split_curve *out) {
    /* two rows at least, and no split is looked for: the growth only prepares */
    const ken_cart_rules rules = {.criterion = criterion,
                                  .min_leaf_rows = INT32_MAX,
                                  .min_split_rows = 2,
                                  .column_fraction = 1};
    double **const arrays[] = {&out->threshold, &out->left, &out->right, &out->share, &out->gain};
    ken_cart cart;
    ken_cart_growth *growth;
    curve_scan scan = {.job = NULL};
    const cart_sums *root = NULL;
    int64_t n = 0;
    ken_status status = ken_cart_grow_begin(ctx, data, &rules, &cart, &growth);
    for (int a = 0; a < KEN_COUNT(arrays) && status == KEN_OK; a++)
        status = KEN_ALLOC(ctx, double, data->n, arrays[a]);
    if (status == KEN_OK) {
        ken__cart_root(growth, &scan.job, &root, &n, &scan.center);
        status = curve_begin(ctx, &scan, root, n, out);
    }
    if (status == KEN_OK) curve_scan_rows(&scan, root, n, out);
    ken_cart_grow_end(growth);
    ken_cart_free(ctx, &cart);
    return status;
}

ken_status ken_split_curve_new(ken_ctx *ctx, const double *x, int64_t n, const double *y,
                               const int32_t *label, int32_t k, const double *weight,
                               ken_criterion criterion, ken_split_curve **out) {
    const bool numbers = criterion == KEN_SQUARED_ERROR;
    ken_tree_data data;
    ken_split_curve *curve;
    *out = NULL;
    KEN_TRY(curve_check(ctx, n, y, label, k, weight, criterion));
    KEN_TRY(KEN_ALLOC(ctx, ken_split_curve, 1, &curve));
    const ken_mark mark = ken_scratch_mark(ctx);
    ken_status status =
        curve_data(ctx, x, n, numbers ? y : NULL, numbers ? NULL : label, k, weight, &data);
    if (status == KEN_OK) status = curve_fill(ctx, &data, criterion, curve);
    ken_scratch_release(ctx, mark);
    if (status == KEN_OK)
        *out = curve;
    else
        ken_split_curve_free(ctx, curve);
    return status;
}

void ken_split_curve_free(ken_ctx *ctx, ken_split_curve *c) {
    if (!c) return;
    ken_free(ctx, c->threshold);
    ken_free(ctx, c->left);
    ken_free(ctx, c->right);
    ken_free(ctx, c->share);
    ken_free(ctx, c->gain);
    ken_free(ctx, c);
}
