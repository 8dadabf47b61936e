/* Mean, variance, autocorrelation and higher moments of one column, to nearly all digits: two passes
 * with compensated sums. */
#ifndef KEN_STATS_MOMENTS_H
#define KEN_STATS_MOMENTS_H

#include "ken/core/compiler.h"

KEN_BEGIN_C

typedef struct ken_moments {
    int64_t n;
    double mean, variance;  /* variance over n - 1; NaN for n < 2 */
    double sd;              /* its root */
    double skewness;        /* m3 / m2^1.5, of the sample; NaN for a constant */
    double kurtosis;        /* m4 / m2^2 - 3 */
    double min, max;
} ken_moments;

/* x (n), every stride-th double; NaN cells are left out. cost  two passes. */
KEN_API ken_moments ken_moments_of(const double *x, int64_t n, int64_t stride);
/* sum of (x_i - mean)(x_{i+lag} - mean) over sum of (x_i - mean)^2; NaN for n <= lag or a constant. */
KEN_API double ken_autocorrelation(const double *x, int64_t n, int64_t lag);

/* The same for a stream: one value at a time, mergeable (Welford 1962; Chan, Golub & LeVeque 1983). */
typedef struct ken_running {
    double weight, mean, m2;
} ken_running;
KEN_API void ken_running_add(ken_running *r, double x, double weight);
KEN_API void ken_running_merge(ken_running *r, const ken_running *other);
/* m2 / (weight - 1): NaN for weight <= 1. */
KEN_API double ken_running_variance(const ken_running *r);

KEN_END_C

#endif
