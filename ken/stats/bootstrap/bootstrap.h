/* Confidence intervals by the bootstrap, for any number computed from rows. */
#ifndef KEN_STATS_BOOTSTRAP_H
#define KEN_STATS_BOOTSTRAP_H

#include "ken/core/ctx.h"

KEN_BEGIN_C

/* The number of interest for the m rows given (they repeat); rows NULL: of all n rows, once each.
 * NaN: undefined for these rows. May use scratch; it is released after each call. */
typedef ken_status (*ken_bootstrap_fn)(ken_ctx *ctx, void *arg, const int64_t *rows, int64_t m,
                                       double *out);

typedef struct ken_bootstrap_options {
    int64_t resamples;
    double level;        /* of the interval, in (0, 1) */
    int64_t max_rows;    /* rows drawn a resample: min(n, max_rows) */
} ken_bootstrap_options;
#define KEN_BOOTSTRAP_DEFAULTS {1000, 0.95, 8000}

typedef struct ken_bootstrap_result {
    double value;        /* of all rows */
    double low, high;    /* NaN: undefined in more than half of the resamples */
    double se;           /* standard error */
    int64_t resamples;   /* those that were defined */
} ken_bootstrap_result;

/* The percentile interval: quantiles of the number over resamples drawn with replacement. With
 * n > max_rows, m = max_rows rows are drawn and the deviations from `value` are shrunk by
 * sqrt(m / n) (m out of n), so that the cost does not grow with n.
 *
 * options  NULL: defaults.
 * errors   KEN_E_ARG n < 1, resamples < 2, level not in (0, 1) · those of fn · KEN_E_CANCELLED
 * cost     resamples calls of fn with min(n, max_rows) rows
 * random   stream "stats.bootstrap", one index a resample
 * source   Efron 1979; Bickel, Goetze & van Zwet 1997 (m out of n). Peer: scipy.stats.bootstrap
 */
KEN_API ken_status ken_bootstrap(ken_ctx *ctx, int64_t n, const ken_bootstrap_options *options,
                                 ken_bootstrap_fn fn, void *arg, ken_bootstrap_result *out);

/* The percentile interval of values that were drawn elsewhere; out->value is given, `values` is sorted in
 * place (NaN: undefined, left out). */
KEN_API ken_status ken_bootstrap_interval(ken_ctx *ctx, double *values, int64_t resamples,
                                          double level, ken_bootstrap_result *out);

KEN_END_C

#endif
