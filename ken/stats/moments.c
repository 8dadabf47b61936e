/* Moments: see moments.h. Sums are kept as pairs of doubles, so that a mean far from 0 costs nothing.
 *
 * source  Chan, Golub & LeVeque 1983 (American Statistician); Ogita, Rump & Oishi 2005 (sums) */
#include "ken/stats/moments.h"

#include <math.h>

#include "ken/kernels/pair.h"

static ken_pair moments_mean(const double *x, int64_t n, int64_t stride, int64_t *count) {
    ken_pair sum = ken_pair_of(0);
    *count = 0;
    for (int64_t i = 0; i < n; i++) {
        if (isnan(x[i * stride])) continue;
        sum = ken_pair_add_f64(sum, x[i * stride]);
        ++*count;
    }
    return *count > 0 ? ken_pair_div(sum, ken_pair_of((double)*count)) : ken_pair_of(NAN);
}

/* Differences to the mean are exact pairs; their squares are summed in pairs. */
ken_moments ken_moments_of(const double *x, int64_t n, int64_t stride) {
    ken_moments m = {.mean = NAN, .variance = NAN, .sd = NAN, .skewness = NAN, .kurtosis = NAN,
                     .min = NAN, .max = NAN};
    const ken_pair mean = moments_mean(x, n, stride, &m.n);
    ken_pair squares = ken_pair_of(0), cubes = ken_pair_of(0), fourths = ken_pair_of(0);
    m.mean = mean.hi;
    for (int64_t i = 0; i < n; i++) {
        const double v = x[i * stride];
        if (isnan(v)) continue;
        const ken_pair d = ken_pair_add_f64(ken_pair_neg(mean), v), dd = ken_pair_mul(d, d);
        squares = ken_pair_add(squares, dd);
        cubes = ken_pair_add(cubes, ken_pair_mul(dd, d));
        fourths = ken_pair_add(fourths, ken_pair_mul(dd, dd));
        if (!(m.min <= v)) m.min = v;
        if (!(m.max >= v)) m.max = v;
    }
    if (m.n < 2) return m;
    m.variance = ken_pair_div(squares, ken_pair_of((double)(m.n - 1))).hi;
    m.sd = sqrt(m.variance);
    const double m2 = squares.hi / (double)m.n;
    if (m2 > 0) {
        m.skewness = cubes.hi / (double)m.n / (m2 * sqrt(m2));
        m.kurtosis = fourths.hi / (double)m.n / (m2 * m2) - 3;
    }
    return m;
}

double ken_autocorrelation(const double *x, int64_t n, int64_t lag) {
    int64_t count;
    const ken_pair mean = ken_pair_neg(moments_mean(x, n, 1, &count));
    ken_pair products = ken_pair_of(0), squares = ken_pair_of(0);
    if (lag < 0 || n <= lag || count < n) return NAN;
    for (int64_t i = 0; i < n; i++) {
        const ken_pair d = ken_pair_add_f64(mean, x[i]);
        squares = ken_pair_add(squares, ken_pair_mul(d, d));
        if (i + lag < n)
            products = ken_pair_add(products, ken_pair_mul(d, ken_pair_add_f64(mean, x[i + lag])));
    }
    return squares.hi > 0 ? ken_pair_div(products, squares).hi : NAN;
}

void ken_running_add(ken_running *r, double x, double weight) {
    if (!(weight > 0)) return;
    r->weight += weight;
    const double d = x - r->mean;
    r->mean += d * (weight / r->weight);
    r->m2 += weight * d * (x - r->mean);
}

void ken_running_merge(ken_running *r, const ken_running *other) {
    const double total = r->weight + other->weight, d = other->mean - r->mean;
    if (!(other->weight > 0)) return;
    r->m2 += other->m2 + d * d * (r->weight / total) * other->weight;
    r->mean += d * (other->weight / total);
    r->weight = total;
}

double ken_running_variance(const ken_running *r) {
    return r->weight > 1 ? r->m2 / (r->weight - 1) : NAN;
}
