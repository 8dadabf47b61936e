/* Bootstrap of metrics of labels without touching rows: a resample of rows is a multinomial draw of the
 * cells of the confusion matrix, so its cost depends on the cells, not on n. */
#include <math.h>

#include "ken/kernels/elementary.h"
#include "ken/metrics/metrics_util.h"
#include "ken/stats/bootstrap/bootstrap.h"

/* P(X = x), X ~ binomial(n, p), 0 < p < 1. */
static double metrics_binomial_pmf(double n, double p, double x) {
    const double ways = ken_lgamma(n + 1) - ken_lgamma(x + 1) - ken_lgamma(n - x + 1);
    return ken_exp(ways + x * ken_log(p) + (n - x) * ken_log1p(-p));
}

/* A binomial draw by inversion from the mode outwards: about sqrt(n p (1 - p)) steps. */
static double metrics_binomial(ken_rng *rng, double n, double p) {
    if (n <= 0 || p <= 0) return 0;
    if (p >= 1) return n;
    const double mode = floor((n + 1) * p), odds = p / (1 - p);
    double u = ken_rng_f64(rng), low = mode, high = mode;
    double at_low = metrics_binomial_pmf(n, p, mode), at_high = at_low;
    u -= at_low;
    while (u >= 0 && (low > 0 || high < n)) {
        if (high < n) {
            at_high *= (n - high) / (high + 1) * odds;
            high++;
            u -= at_high;
            if (u < 0) return high;
        }
        if (low > 0) {
            at_low *= low / ((n - low + 1) * odds);
            low--;
            u -= at_low;
            if (u < 0) return low;
        }
        if (at_low < 1e-300 && at_high < 1e-300) break; /* the rest of u is rounding */
    }
    return mode;
}

typedef struct metrics_cells {
    int64_t n;
    double *share;     /* of the rows, by cell */
    int32_t *label;
    double *predicted, *weight;
} metrics_cells;

/* The cells that have rows, each with its count as weight. */
static ken_status metrics_cells_count(ken_ctx *ctx, const ken_scores *s, metrics_cells *c) {
    const int64_t k = s->n_classes;
    int64_t *count;
    KEN_TRY(KEN_SCRATCH(ctx, int64_t, k * k, &count));
    for (int64_t i = 0; i < k * k; i++) count[i] = 0;
    for (int64_t i = 0; i < s->n; i++) count[s->label[i] * k + (int64_t)s->predicted[i]]++;
    c->n = 0;
    for (int64_t i = 0; i < k * k; i++) c->n += count[i] > 0;
    KEN_TRY(KEN_SCRATCH(ctx, double, c->n, &c->share));
    KEN_TRY(KEN_SCRATCH(ctx, double, c->n, &c->predicted));
    KEN_TRY(KEN_SCRATCH(ctx, double, c->n, &c->weight));
    KEN_TRY(KEN_SCRATCH(ctx, int32_t, c->n, &c->label));
    for (int64_t i = 0, at = 0; i < k * k; i++) {
        if (!count[i]) continue;
        c->share[at] = (double)count[i] / (double)s->n;
        c->label[at] = (int32_t)(i / k);
        c->predicted[at++] = (double)(i % k);
    }
    return KEN_OK;
}

/* Cell by cell: what is left of the rows, by the cell's share of what is left. */
static void metrics_cells_draw(metrics_cells *c, int64_t n, ken_rng *rng) {
    double left = (double)n, share = 1;
    for (int64_t i = 0; i < c->n; i++) {
        const bool last = i + 1 == c->n;
        c->weight[i] = last ? left : metrics_binomial(rng, left, KEN_MIN(c->share[i] / share, 1.0));
        left -= c->weight[i];
        share -= c->share[i];
        if (share <= 0) share = 1e-300;
    }
}

bool ken__cells_suit(const ken_desc *desc, const ken_scores *s) {
    if (s->task != KEN_CLASSIFY || desc->metric->needs_proba || s->weight) return false;
    if (s->n_classes > 256 || (double)s->n_classes * s->n_classes > 4.0 * (double)s->n) return false;
    for (int64_t i = 0; i < s->n; i++)
        if (!(s->predicted[i] >= 0 && s->predicted[i] < s->n_classes)) return false;
    return true;
}

ken_status ken__cells_values(ken_ctx *ctx, const ken_desc *desc, const void *params,
                             const ken_scores *s, int64_t resamples, double *values) {
    metrics_cells c;
    ken_scores some = *s;
    KEN_TRY(metrics_cells_count(ctx, s, &c));
    some.n = c.n, some.label = c.label, some.predicted = c.predicted, some.weight = c.weight;
    for (int64_t b = 0; b < resamples; b++) {
        ken_rng rng = ken_rng_stream(ctx, "metrics.cells", (uint64_t)b);
        const ken_mark mark = ken_scratch_mark(ctx);
        metrics_cells_draw(&c, s->n, &rng);
        values[b] = NAN;
        const ken_status status = desc->metric->value(ctx, params, &some, &values[b]);
        ken_scratch_release(ctx, mark);
        KEN_TRY(status);
    }
    return KEN_OK;
}
