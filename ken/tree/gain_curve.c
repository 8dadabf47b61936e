#include "ken/tree/gain_curve.h"

#include <math.h>
#include <string.h>

#include "ken/core/alloc.h"
#include "ken/stats/stats_sort.h"

/* x sorted, and where its rows stood. */
static ken_status curve_open(ken_ctx *ctx, int64_t n, const double *x, double **sorted, int32_t **row,
                             ken_gain_curve *c) {
    double *tmp, *columns;
    int32_t *index_tmp;
    memset(c, 0, sizeof *c);
    if (n < 0 || n > INT32_MAX) return KEN_FAIL(ctx, KEN_E_LIMIT, NULL, "a curve of %lld rows", (long long)n);
    KEN_TRY(KEN_SCRATCH(ctx, double, n, sorted));
    KEN_TRY(KEN_SCRATCH(ctx, int32_t, n, row));
    KEN_TRY(KEN_SCRATCH(ctx, double, n, &tmp));
    KEN_TRY(KEN_SCRATCH(ctx, int32_t, n, &index_tmp));
    for (int64_t i = 0; i < n; i++) {
        if (!isfinite(x[i]))
            return KEN_FAIL(ctx, KEN_E_VALUE, "leave such rows out", "row %lld has no value", (long long)i);
        (*sorted)[i] = x[i];
        (*row)[i] = (int32_t)i;
    }
    ken_sort_f64_index(*sorted, *row, n, tmp, index_tmp);
    KEN_TRY(KEN_SCRATCH(ctx, double, 4 * n, &columns));
    c->threshold = columns;
    c->gain = columns + n;
    c->left_G = columns + 2 * n;
    c->left_H = columns + 3 * n;
    return KEN_OK;
}

static double curve_score(double g, double h, double l2) { return h + l2 > 0 ? g * g / (h + l2) : 0; }

ken_status ken_gain_curve_of(ken_ctx *ctx, int64_t n, const double *x, const double *g, const double *h,
                             double l2, ken_gain_curve *c) {
    double *sorted, left_G = 0, left_H = 0;
    int32_t *row;
    KEN_TRY(curve_open(ctx, n, x, &sorted, &row, c));
    for (int64_t i = 0; i < n; i++) {
        c->G += g[row[i]];
        c->H += h[row[i]];
    }
    for (int64_t i = 0; i < n; i++) {
        left_G += g[row[i]];
        left_H += h[row[i]];
        if (i + 1 >= n || sorted[i] == sorted[i + 1]) continue;
        const double mid = sorted[i] / 2 + sorted[i + 1] / 2; /* where no number lies between: the lower one */
        c->threshold[c->count] = mid < sorted[i + 1] ? mid : sorted[i];
        c->left_G[c->count] = left_G;
        c->left_H[c->count] = left_H;
        c->gain[c->count++] = curve_score(left_G, left_H, l2) + curve_score(c->G - left_G, c->H - left_H, l2) -
                              curve_score(c->G, c->H, l2);
    }
    return KEN_OK;
}
