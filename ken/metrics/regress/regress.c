/* Metrics of regression. Each is a mean of something over rows, but for the median and the maximum. */
#include "ken/metrics/regress/regress.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "ken/kernels/elementary.h"
#include "ken/metrics/metrics_util.h"

typedef double (*regress_loss)(double y, double predicted, double param);

/* Weighted mean of loss(y, predicted); NaN without weight. */
static double regress_mean(const ken_scores *s, regress_loss loss, double param) {
    ken__sum sum = {0, 0}, total = {0, 0};
    for (int64_t i = 0; i < s->n; i++) {
        const double w = ken__row_weight(s, i);
        if (w == 0) continue;
        ken__sum_add(&sum, w * loss(s->y[i], s->predicted[i], param));
        ken__sum_add(&total, w);
    }
    return total.high > 0 ? ken__sum_value(&sum) / ken__sum_value(&total) : NAN;
}

static double regress_truth(double y, double predicted, double param) {
    (void)predicted, (void)param;
    return y;
}
static double regress_error(double y, double predicted, double param) {
    (void)param;
    return y - predicted;
}
static double regress_square(double y, double predicted, double center) {
    const double off = y - predicted - center;
    return off * off;
}
static double regress_spread(double y, double predicted, double center) {
    (void)predicted;
    return (y - center) * (y - center);
}
static double regress_absolute(double y, double predicted, double param) {
    (void)param;
    return fabs(y - predicted);
}
static double regress_percentage(double y, double predicted, double param) {
    (void)param;
    return fabs(y - predicted) / KEN_MAX(fabs(y), DBL_EPSILON);
}
static double regress_pinball(double y, double predicted, double quantile) {
    const double off = y - predicted;
    return off >= 0 ? quantile * off : (quantile - 1) * off;
}
/* 2 (y log(y / mu) - y + mu), where 0 log 0 = 0 */
static double regress_poisson(double y, double mu, double param) {
    (void)param;
    if (!(mu > 0) || !(y >= 0)) return NAN;
    return 2 * ((y > 0 ? y * ken_log(y / mu) : 0.0) - y + mu);
}

static ken_status regress_rmse_value(ken_ctx *ctx, const void *params, const ken_scores *s,
                                     double *out) {
    (void)ctx, (void)params;
    *out = sqrt(regress_mean(s, regress_square, 0));
    return KEN_OK;
}

static ken_status regress_mae_value(ken_ctx *ctx, const void *params, const ken_scores *s,
                                    double *out) {
    (void)ctx, (void)params;
    *out = regress_mean(s, regress_absolute, 0);
    return KEN_OK;
}

static ken_status regress_mape_value(ken_ctx *ctx, const void *params, const ken_scores *s,
                                     double *out) {
    (void)ctx, (void)params;
    *out = regress_mean(s, regress_percentage, 0);
    return KEN_OK;
}

static ken_status regress_poisson_deviance_value(ken_ctx *ctx, const void *params,
                                                 const ken_scores *s, double *out) {
    (void)ctx, (void)params;
    *out = regress_mean(s, regress_poisson, 0);
    return KEN_OK;
}

static ken_status regress_pinball_value(ken_ctx *ctx, const void *params, const ken_scores *s,
                                        double *out) {
    (void)ctx;
    *out = regress_mean(s, regress_pinball, ((const ken_pinball_params *)params)->quantile);
    return KEN_OK;
}

/* 1 - (residual / total); a target without spread has none to explain */
static double regress_share(double residual, double total) {
    return total > 0 ? 1 - residual / total : NAN;
}

static ken_status regress_r2_value(ken_ctx *ctx, const void *params, const ken_scores *s,
                                   double *out) {
    const double mean = regress_mean(s, regress_truth, 0);
    (void)ctx, (void)params;
    *out = regress_share(regress_mean(s, regress_square, 0), regress_mean(s, regress_spread, mean));
    return KEN_OK;
}

static ken_status regress_explained_variance_value(ken_ctx *ctx, const void *params,
                                                   const ken_scores *s, double *out) {
    const double mean = regress_mean(s, regress_truth, 0), bias = regress_mean(s, regress_error, 0);
    (void)ctx, (void)params;
    *out = regress_share(regress_mean(s, regress_square, bias),
                         regress_mean(s, regress_spread, mean));
    return KEN_OK;
}

static ken_status regress_max_error_value(ken_ctx *ctx, const void *params, const ken_scores *s,
                                          double *out) {
    double most = -1;
    (void)ctx, (void)params;
    for (int64_t i = 0; i < s->n; i++) {
        const double off = fabs(s->y[i] - s->predicted[i]);
        if (isnan(off)) return KEN_OK;
        if (ken__row_weight(s, i) > 0 && off > most) most = off;
    }
    *out = most < 0 ? NAN : most;
    return KEN_OK;
}

/* --- median --------------------------------------------------------------------------------------- */

typedef struct regress_weighted {
    double value, weight;
} regress_weighted;

static int regress_compare(const void *a, const void *b) {
    const double x = ((const regress_weighted *)a)->value, y = ((const regress_weighted *)b)->value;
    return (x > y) - (x < y);
}

/* Mean of the lowest and the highest value with at most half of the weight on either side. */
static ken_status regress_weighted_median(ken_ctx *ctx, const ken_scores *s, double *out) {
    regress_weighted *item;
    double total = 0, below = 0;
    int64_t m = 0;
    KEN_TRY(KEN_SCRATCH(ctx, regress_weighted, s->n, &item));
    for (int64_t i = 0; i < s->n; i++) {
        const double off = fabs(s->y[i] - s->predicted[i]);
        if (isnan(off)) return KEN_OK;
        if (!(s->weight[i] > 0)) continue;
        item[m++] = (regress_weighted){off, s->weight[i]};
        total += s->weight[i];
    }
    qsort(item, (size_t)m, sizeof(*item), regress_compare);
    for (int64_t i = 0; i < m; i++) {
        below += item[i].weight;
        if (below < 0.5 * total) continue;
        const bool between = below == 0.5 * total && i + 1 < m;
        *out = between ? 0.5 * (item[i].value + item[i + 1].value) : item[i].value;
        break;
    }
    return KEN_OK;
}

static ken_status regress_median_ae_value(ken_ctx *ctx, const void *params, const ken_scores *s,
                                          double *out) {
    double *off;
    const int64_t n = s->n;
    (void)params;
    if (s->weight) return regress_weighted_median(ctx, s, out);
    KEN_TRY(KEN_SCRATCH(ctx, double, n, &off));
    for (int64_t i = 0; i < n; i++) {
        off[i] = fabs(s->y[i] - s->predicted[i]);
        if (isnan(off[i])) return KEN_OK;
    }
    KEN_TRY(ken__sort_f64(ctx, off, n));
    *out = n % 2 ? off[n / 2] : 0.5 * (off[n / 2 - 1] + off[n / 2]);
    return KEN_OK;
}

/* --- descriptors ------------------------------------------------------------------------------------ */

static const ken_param regress_pinball_params[] = {
    KEN_ROW_F64(ken_pinball_params, quantile, .min = 0, .max = 1, .doc = "the quantile predicted"),
    {0}};

#define REGRESS_METRIC(thing, words, source, like, text, ...)                                  \
    const ken_desc ken_##thing##_desc = {                                                      \
        .name = #thing,                                                                        \
        .title = words,                                                                        \
        .kind = KEN_METRIC,                                                                    \
        .tasks = KEN_REGRESS,                                                                  \
        .tags = KEN_TAG_WEIGHTS,                                                               \
        .write_json = ken__metric_write_json,                                                  \
        .metric = &(const ken_metric){.value = regress_##thing##_value, __VA_ARGS__},          \
        .doc = text,                                                                           \
        .paper = source,                                                                       \
        .peer = "sklearn.metrics." like}

REGRESS_METRIC(rmse, "Root mean squared error", "Gauss 1809", "root_mean_squared_error",
               "In the unit of the target; large errors count more than in proportion.",
               .main = true);
REGRESS_METRIC(mae, "Mean absolute error", "Laplace 1774", "mean_absolute_error",
               "In the unit of the target; calm about single large errors.", .main = true);
REGRESS_METRIC(median_ae, "Median absolute error", "Hampel 1974", "median_absolute_error",
               "Half of the rows are nearer than this.", .main = true);
REGRESS_METRIC(r2, "R squared", "Wright 1921", "r2_score",
               "Share of the target's variance that is explained; 0 is what the mean explains, below "
               "0 is worse than the mean. NaN for a constant target.",
               .higher_is_better = true, .best = 1, .main = true);
REGRESS_METRIC(explained_variance, "Explained variance", "Kendall 1948", "explained_variance_score",
               "R squared that forgives a constant error. NaN for a constant target.",
               .higher_is_better = true, .best = 1);
REGRESS_METRIC(mape, "Mean absolute percentage error", "Makridakis 1993",
               "mean_absolute_percentage_error",
               "Mean of |error| / |truth|, as a share; explodes where the truth is near 0.",
               .main = true);
REGRESS_METRIC(poisson_deviance, "Mean Poisson deviance", "Nelder & Wedderburn 1972",
               "mean_poisson_deviance",
               "For counts and rates. NaN unless truth is at least 0 and predictions are above 0.",
               .main = false);
REGRESS_METRIC(max_error, "Largest error", "Chebyshev 1854", "max_error",
               "The worst row; its bootstrap interval is rough.", .main = true);

const ken_desc ken_pinball_desc = {
    .name = "pinball",
    .title = "Pinball loss",
    .kind = KEN_METRIC,
    .tasks = KEN_REGRESS,
    .tags = KEN_TAG_WEIGHTS,
    .write_json = ken__metric_write_json,
    .params = regress_pinball_params,
    .defaults = &(const ken_pinball_params)KEN_PINBALL_DEFAULTS,
    .params_size = sizeof(ken_pinball_params),
    .metric = &(const ken_metric){.value = regress_pinball_value},
    .doc = "The loss that a predicted quantile makes smallest; at 0.5 half of the mean absolute error.",
    .paper = "Koenker & Bassett 1978",
    .peer = "sklearn.metrics.mean_pinball_loss"};

const ken_desc *const ken_regress_things[] = {
    &ken_explained_variance_desc, &ken_mae_desc,     &ken_mape_desc,
    &ken_max_error_desc,          &ken_median_ae_desc, &ken_pinball_desc,
    &ken_poisson_deviance_desc,   &ken_r2_desc,      &ken_rmse_desc,
    NULL};
