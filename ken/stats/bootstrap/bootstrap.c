/* The percentile bootstrap, whole or m out of n. */
#include "ken/stats/bootstrap/bootstrap.h"

#include <math.h>

#include "ken/core/alloc.h"
#include "ken/core/rng.h"
#include "ken/stats/stats_sort.h"

static ken_status bootstrap_draw(ken_ctx *ctx, int64_t n, const ken_bootstrap_options *o, int64_t m,
                                 ken_bootstrap_fn fn, void *arg, double *values) {
    int64_t *rows;
    KEN_TRY(KEN_SCRATCH(ctx, int64_t, m, &rows));
    for (int64_t b = 0; b < o->resamples; b++) {
        ken_rng rng = ken_rng_stream(ctx, "stats.bootstrap", (uint64_t)b);
        values[b] = NAN;
        for (int64_t i = 0; i < m; i++) rows[i] = (int64_t)ken_rng_below(&rng, (uint64_t)n);
        const ken_mark mark = ken_scratch_mark(ctx);
        const ken_status status = fn(ctx, arg, rows, m, &values[b]);
        ken_scratch_release(ctx, mark);
        KEN_TRY(status);
        if (b % 16 == 15) KEN_TRY(ken_check_cancel(ctx));
    }
    return KEN_OK;
}

/* shrink: what a deviation from out->value counts; below 1 for m out of n */
static ken_status bootstrap_summarize(ken_ctx *ctx, double *values, int64_t resamples, double level,
                                      double shrink, ken_bootstrap_result *out) {
    double *spare, mean = 0, square = 0;
    int64_t n = 0;
    for (int64_t b = 0; b < resamples; b++)
        if (!isnan(values[b])) values[n++] = values[b];
    out->resamples = n;
    /* mostly undefined: an interval over the lucky resamples would lie */
    if (isnan(out->value) || n < 2 || 2 * n < resamples) return KEN_OK;
    const ken_mark mark = ken_scratch_mark(ctx);
    KEN_TRY(KEN_SCRATCH(ctx, double, n, &spare));
    ken_sort_f64(values, n, spare);
    ken_scratch_release(ctx, mark);
    const double low = ken_quantile_sorted(values, n, 0.5 * (1 - level));
    const double high = ken_quantile_sorted(values, n, 0.5 * (1 + level));
    for (int64_t b = 0; b < n; b++) mean += values[b] / (double)n;
    for (int64_t b = 0; b < n; b++) square += (values[b] - mean) * (values[b] - mean);
    out->se = shrink * sqrt(square / (double)(n - 1));
    out->low = shrink < 1 ? out->value + shrink * (low - out->value) : low;
    out->high = shrink < 1 ? out->value + shrink * (high - out->value) : high;
    return KEN_OK;
}

ken_status ken_bootstrap_interval(ken_ctx *ctx, double *values, int64_t resamples, double level,
                                  ken_bootstrap_result *out) {
    return bootstrap_summarize(ctx, values, resamples, level, 1.0, out);
}

static ken_status bootstrap_run(ken_ctx *ctx, int64_t n, const ken_bootstrap_options *o,
                                ken_bootstrap_fn fn, void *arg, ken_bootstrap_result *out) {
    const int64_t m = KEN_MIN(n, o->max_rows);
    double *values;
    KEN_TRY(fn(ctx, arg, NULL, n, &out->value));
    KEN_TRY(KEN_SCRATCH(ctx, double, o->resamples, &values));
    KEN_TRY(bootstrap_draw(ctx, n, o, m, fn, arg, values));
    return bootstrap_summarize(ctx, values, o->resamples, o->level,
                               m < n ? sqrt((double)m / (double)n) : 1.0, out);
}

ken_status ken_bootstrap(ken_ctx *ctx, int64_t n, const ken_bootstrap_options *options,
                         ken_bootstrap_fn fn, void *arg, ken_bootstrap_result *out) {
    static const ken_bootstrap_options defaults = KEN_BOOTSTRAP_DEFAULTS;
    const ken_bootstrap_options *o = options ? options : &defaults;
    *out = (ken_bootstrap_result){NAN, NAN, NAN, NAN, 0};
    if (n < 1 || o->resamples < 2 || o->max_rows < 1 || !(o->level > 0 && o->level < 1))
        return KEN_FAIL(ctx, KEN_E_ARG, "1000 resamples at level 0.95 are usual",
                        "bootstrap: %lld rows, %lld resamples of at most %lld rows, level %g",
                        (long long)n, (long long)o->resamples, (long long)o->max_rows, o->level);
    const ken_mark mark = ken_scratch_mark(ctx);
    const ken_status status = bootstrap_run(ctx, n, o, fn, arg, out);
    ken_scratch_release(ctx, mark);
    return status;
}
