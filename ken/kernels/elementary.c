/* Elementary functions, scalar. Those that exist in lanes too are in elementary_core.h; the rest is
 * here: powers, trigonometry, error and gamma functions. Where one rounding would cost an ulp in the
 * end, values are pairs of doubles, high + low (Dekker 1971).
 *
 * source  Muller 2016, "Elementary Functions"; Payne & Hanek 1983 for large angles; the splitting of
 *         erfc and the reflection of gamma are classical (Abramowitz & Stegun, ch. 6 and 7) */
#include "ken/kernels/elementary.h"

#include <math.h>

#include "ken/kernels/elementary_core.h"

double ken_exp(double x) { return ken__exp(x); }
double ken_expm1(double x) { return ken__expm1(x); }
double ken_log(double x) { return ken__log(x); }
double ken_log1p(double x) { return ken__log1p(x); }
double ken_tanh(double x) { return ken__tanh(x); }
double ken_sigmoid(double x) { return ken__sigmoid(x); }
double ken_softplus(double x) { return ken__softplus(x); }

static ken_pair elementary_constant(const double c[2]) { return (ken_pair){c[0], c[1]}; }

static double elementary_polynomial(const double *c, int terms, double x) {
    double p = c[terms - 1];
    for (int k = terms - 2; k >= 0; k--) p = p * x + c[k];
    return p;
}

/* --- logarithms and powers --------------------------------------------------------------------- */

double ken_exp2(double x) {
    if (x >= 1025) return INFINITY;
    if (x < -1080) return 0;
    if (x != x) return x;
    const double n = floor(x + 0.5);
    const ken_pair r = ken_pair_mul_f64(elementary_constant(ken__ln2_dd), x - n);
    return ken__scale(ken__exp2part(r.hi, r.lo), (uint64_t)(int64_t)n);
}

/* log(x) as a pair, to some 100 bits, for x > 0 and finite: 2 atanh(s) = 2 s (1 + z/3 + z^2/5 + ...)
 * with z = s s; the first terms in pairs, the others count less than 2^-17. */
ken_pair ken_log_pair(double x) {
    double k;
    const bool tiny = x < 0x1p-1022;
    const double m = ken__log_split(tiny ? x * 0x1p54 : x, &k);
    const ken_pair s = ken_pair_div(ken_pair_of(m - 1), ken_pair_sum(m, 1));
    const ken_pair z = ken_pair_mul(s, s);
    const double rest =
        elementary_polynomial(ken__log_pair_c, KEN_COUNT(ken__log_pair_c), z.hi);
    ken_pair p = ken_pair_add(elementary_constant(ken__fifth_dd), ken_pair_mul_f64(z, rest));
    p = ken_pair_add(elementary_constant(ken__third_dd), ken_pair_mul(z, p));
    p = ken_pair_add(ken_pair_of(1), ken_pair_mul(z, p));
    p = ken_pair_mul(s, p);
    p = (ken_pair){2 * p.hi, 2 * p.lo};
    const ken_pair l = ken_pair_mul_f64(elementary_constant(ken__ln2_dd), tiny ? k - 54 : k);
    return ken_pair_add(l, p);
}

static double elementary_log_base(double x, const double inverse[2]) {
    if (!(x > 0) || x == INFINITY) return ken__log_special(x, x);
    const ken_pair y = ken_pair_mul(ken_log_pair(x), elementary_constant(inverse));
    return y.hi + y.lo;
}

double ken_log2(double x) { return elementary_log_base(x, ken__inv_ln2_dd); }
double ken_log10(double x) { return elementary_log_base(x, ken__inv_ln10_dd); }

/* 0: not a whole number, 1: odd, 2: even */
static int elementary_parity(double y) {
    if (floor(y) != y) return 0;
    return fabs(y) >= 0x1p53 || floor(y / 2) == y / 2 ? 2 : 1;
}

static double elementary_pow_special(double x, double y, int parity) {
    const double ax = fabs(x);
    if (x != x || y != y) return x + y;
    if (fabs(y) == INFINITY) return ax == 1 ? 1 : (ax > 1) == (y > 0) ? INFINITY : 0;
    const double size = (ax == 0) == (y < 0) ? INFINITY : 0; /* x is 0 or infinite */
    return signbit(x) && parity == 1 ? -size : size;
}

double ken_pow(double x, double y) {
    if (y == 0 || x == 1) return 1;
    const int parity = elementary_parity(y);
    if (x != x || y != y || x == 0 || fabs(x) == INFINITY || fabs(y) == INFINITY)
        return elementary_pow_special(x, y, parity);
    if (x < 0 && parity == 0) return NAN;
    const ken_pair l = ken_log_pair(fabs(x));
    const double sign = x < 0 && parity == 1 ? -1 : 1;
    if (fabs(y) > 0x1p70) y = y > 0 ? 0x1p70 : -0x1p70; /* the result is 0, 1 or infinite anyway */
    if (fabs(y * l.hi) > 800) return sign * (y * l.hi > 0 ? INFINITY : 0);
    const ken_pair e = ken_pair_mul_f64(l, y);
    return sign * ken__exp2part(e.hi, e.lo);
}

/* A guess by a polynomial on [1, 8), two steps of Newton, the last with the residual in a pair. */
double ken_cbrt(double x) {
    if (x == 0 || x != x || fabs(x) == INFINITY) return x;
    const bool tiny = fabs(x) < 0x1p-1022;
    const uint64_t bits = ken__bits(tiny ? fabs(x) * 0x1p54 : fabs(x));
    const int e = (int)(bits >> 52) - 1023 - (tiny ? 54 : 0);
    const int third = (e + 1200) / 3 - 400; /* floor(e / 3) */
    const double m = ken__scale(ken__from_bits((bits & 0xfffffffffffffu) | 0x3ff0000000000000u),
                                (uint64_t)(int64_t)(e - 3 * third));
    double y = elementary_polynomial(ken__cbrt_c, 5, m);
    for (int i = 0; i < 3; i++) y = y - (y - m / (y * y)) / 3;
    const ken_pair cube = ken_pair_mul_f64(ken_pair_product(y, y), y);
    y = y - ((cube.hi - m) + cube.lo) / (3 * y * y);
    y = ken__scale(y, (uint64_t)(int64_t)third);
    return x < 0 ? -y : y;
}

/* --- trigonometry ------------------------------------------------------------------------------ */

/* 32 bits of 2/pi from bit `at` on; those before the point are 0. */
static uint32_t elementary_two_over_pi(int at) {
    uint32_t bits = 0;
    for (int i = 0; i < 32; i++) {
        const int b = at + i;
        const uint32_t bit = b < 0 ? 0 : (uint32_t)(ken__two_over_pi[b / 64] >> (63 - b % 64)) & 1;
        bits = bits << 1 | bit;
    }
    return bits;
}

/* |x| >= 2^20: x 2/pi modulo 4 from 192 bits of 2/pi (Payne & Hanek). x = M 2^e, and the bits of 2/pi
 * before place e - 2 count whole multiples of 4. */
static ken_pair elementary_reduce_large(double x, int *quadrant) {
    const uint64_t bits = ken__bits(x);
    const int e = (int)(bits >> 52 & 2047) - 1075;
    const uint64_t m = (bits & 0xfffffffffffffu) | 0x10000000000000u;
    const uint64_t part[2] = {m & 0xffffffffu, m >> 32};
    uint32_t product[6] = {0}; /* most significant first, modulo 2^192 */
    for (int p = 0; p < 2; p++) {
        uint64_t carry = 0;
        for (int i = 5; i - p >= 0; i--) {
            carry += product[i - p] + part[p] * elementary_two_over_pi(e - 2 + 32 * i);
            product[i - p] = (uint32_t)carry;
            carry >>= 32;
        }
    }
    *quadrant = (int)(product[0] >> 30);
    double sign = 1;
    uint64_t a = (uint64_t)product[0] << 34 | (uint64_t)product[1] << 2 | product[2] >> 30;
    uint64_t b = (uint64_t)product[2] << 34 | (uint64_t)product[3] << 2 | product[4] >> 30;
    if (a >> 63) a = ~a, b = ~b, sign = -1, *quadrant += 1; /* fraction >= 1/2: nearer from above */
    const ken_pair high = ken_pair_sum((double)(a >> 11) * 0x1p-53, (double)(a & 2047) * 0x1p-64);
    const ken_pair f = ken_pair_add(high, ken_pair_of((double)(b >> 11) * 0x1p-117));
    const ken_pair r = ken_pair_mul(f, elementary_constant(ken__half_pi_dd));
    return (ken_pair){sign * r.hi, sign * r.lo};
}

/* x = quadrant pi/2 + r, |r| <= pi/4 */
static ken_pair elementary_reduce(double x, int *quadrant) {
    const double ax = fabs(x);
    ken_pair r;
    if (ax <= 0x1.921fb54442d18p-1) {
        *quadrant = 0;
        return ken_pair_of(x);
    }
    if (ax < 0x1p20) {
        const double *part = ken__half_pi_parts;
        const double n = floor(ax * 0x1.45f306dc9c883p-1 + 0.5);
        const ken_pair two = ken_pair_sum(ax - n * part[0], -(n * part[1]));
        r = ken_pair_add(two, ken_pair_neg(ken_pair_product(n, part[2])));
        *quadrant = (int)((int64_t)n & 3);
    } else {
        r = elementary_reduce_large(ax, quadrant);
    }
    if (x < 0) r = ken_pair_neg(r), *quadrant = -*quadrant;
    *quadrant &= 3;
    return r;
}

static double elementary_sin_reduced(ken_pair r) {
    const double z = r.hi * r.hi, p = elementary_polynomial(ken__sin_c, 8, z);
    return r.hi + (r.hi * z * p + r.lo * (1 - 0.5 * z));
}

static double elementary_cos_reduced(ken_pair r) {
    const double z = r.hi * r.hi, half = 0.5 * z, w = 1 - half;
    const double p = elementary_polynomial(ken__cos_c, 8, z);
    return w + (((1 - w) - half) + (z * z * p - r.hi * r.lo));
}

static double elementary_sin_cos(double x, int shift) {
    if (x != x || fabs(x) == INFINITY) return NAN;
    int quadrant;
    const ken_pair r = elementary_reduce(x, &quadrant);
    quadrant = (quadrant + shift) & 3;
    const double y = quadrant & 1 ? elementary_cos_reduced(r) : elementary_sin_reduced(r);
    return quadrant & 2 ? -y : y;
}

double ken_sin(double x) { return x == 0 ? x : elementary_sin_cos(x, 0); }
double ken_cos(double x) { return elementary_sin_cos(x, 1); }
double ken_tan(double x) {
    if (x == 0 || x != x || fabs(x) == INFINITY) return x == 0 ? x : NAN;
    int quadrant;
    const ken_pair r = elementary_reduce(x, &quadrant);
    const double s = elementary_sin_reduced(r), c = elementary_cos_reduced(r);
    return quadrant & 1 ? -c / s : s / c;
}

/* atan(a / b) as a pair, 0 <= a <= b, b > 0: minus the nearest of 0, 1/8 .. 1, which leaves a tangent
 * of at most 1/15. */
static ken_pair elementary_atan_ratio(double a, double b) {
    const double c = floor(a / b * 8 + 0.5) / 8;
    const int k = (int)(c * 8);
    const ken_pair cb = ken_pair_product(c, b);
    const ken_pair t = ken_pair_div(ken_pair_of((a - cb.hi) - cb.lo),
                                    ken_pair_add(ken_pair_of(b), ken_pair_product(c, a)));
    const double z = t.hi * t.hi;
    const double rest = t.lo + t.hi * z * elementary_polynomial(ken__atan_c, 7, z);
    const ken_pair base = ken_pair_sum(ken__atan_hi[k], t.hi);
    return ken_pair_sum(base.hi, base.lo + (ken__atan_lo[k] + rest));
}

/* atan(y / x) for y, x > 0 and finite, in (0, pi/2) */
static ken_pair elementary_atan_quadrant(double y, double x) {
    const double top = y > x ? y : x;
    const int e = (int)(ken__bits(top) >> 52) - 1023;
    if (top >= 0x1p500 || top <= 0x1p-500) { /* away from overflow; the ratio is what counts */
        const uint64_t by = (uint64_t)(int64_t)-e;
        y = ken__scale(y, by), x = ken__scale(x, by);
    }
    if (y <= x) return y == 0 ? ken_pair_of(0) : elementary_atan_ratio(y, x);
    const ken_pair other = x == 0 ? ken_pair_of(0) : elementary_atan_ratio(x, y);
    return ken_pair_add(elementary_constant(ken__half_pi_dd), ken_pair_neg(other));
}

double ken_atan(double x) {
    if (x != x || fabs(x) < 0x1p-28) return x;
    if (fabs(x) > 0x1p60) return copysign(ken__half_pi_dd[0], x);
    return copysign(elementary_atan_quadrant(fabs(x), 1).hi, x);
}

double ken_atan2(double y, double x) {
    if (x != x || y != y) return x + y;
    double ay = fabs(y), ax = fabs(x);
    if (ay == INFINITY || ax == INFINITY) {
        ay = ay == INFINITY ? 1 : 0;
        ax = ax == INFINITY ? 1 : 0;
    }
    if (ay == 0) return copysign(signbit(x) ? ken__pi_dd[0] : 0, y);
    if (ax == 0) return copysign(ken__half_pi_dd[0], y);
    if (!signbit(x) && ay < ax * 0x1p-200) return y / x; /* may be subnormal: one rounding */
    const ken_pair a = elementary_atan_quadrant(ay, ax);
    const ken_pair b = ken_pair_add(elementary_constant(ken__pi_dd), ken_pair_neg(a));
    return copysign(signbit(x) ? b.hi : a.hi, y);
}

/* --- hyperbolic -------------------------------------------------------------------------------- */

/* exp(x) / 2 without overflow before the result's own */
static double elementary_half_exp(double x) {
    if (x > 720) return INFINITY;
    const ken_pair r = ken_pair_sum(x, -ken__ln2_dd[0]);
    return ken__exp2part(r.hi, r.lo - ken__ln2_dd[1]);
}

double ken_sinh(double x) {
    const double ax = fabs(x);
    if (x == 0 || x != x) return x;
    double y;
    if (ax < 22) {
        const double t = ken__expm1(ax);
        y = 0.5 * (t + t / (t + 1));
    } else {
        y = elementary_half_exp(ax);
    }
    return x < 0 ? -y : y;
}

double ken_cosh(double x) {
    const double ax = fabs(x);
    if (ax >= 22) return elementary_half_exp(ax);
    const double e = ken__exp(ax);
    return 0.5 * e + 0.5 / e;
}

/* --- error function ---------------------------------------------------------------------------- */

/* exp(x x) erfc(x) for x >= 1/2 */
static double elementary_erfcx(double x) {
    if (x >= 6) return elementary_polynomial(ken__erfcx_far_c, KEN_COUNT(ken__erfcx_far_c),
                                             1 / (x * x)) / x;
    int i = 0;
    while (x >= ken__erfcx_edge[i + 1]) i++;
    return elementary_polynomial(ken__erfcx_c[i], KEN_ERFCX_TERMS, x - ken__erfcx_mid[i]);
}

/* erf(x) - x for |x| <= 1 */
static double elementary_erf_tail(double x) {
    return x * elementary_polynomial(ken__erf_c, KEN_COUNT(ken__erf_c), x * x);
}

double ken_erfc(double x) {
    if (x != x) return x;
    if (x < -6) return 2;
    if (x > 27.3) return 0;
    if (x < 0.25 && x > -1) return 1 - (x + elementary_erf_tail(x));
    if (x < 0.5 && x > -1) return 0.5 - (elementary_erf_tail(x) + (x - 0.5));
    const double ax = fabs(x);
    const ken_pair square = ken_pair_product(ax, ax);
    const double y = ken__exp2part(-square.hi, -square.lo) * elementary_erfcx(ax);
    return x < 0 ? 2 - y : y;
}

double ken_erf(double x) {
    const double ax = fabs(x);
    if (ax < 0x1p-1000) return x + x * ken__erf_c[0]; /* no underflow on the way */
    if (ax < 1) return x + elementary_erf_tail(x);
    return copysign(1 - ken_erfc(ax), x);
}

/* --- gamma function ---------------------------------------------------------------------------- */

/* log gamma(x), x >= 12, by Stirling's series: (x - 1/2) log x - x + log(2 pi)/2 + 1/(12 x) - ... */
static ken_pair elementary_stirling(double x) {
    const double u = 1 / x;
    const double series = u * elementary_polynomial(ken__stirling_c, 10, u * u);
    const ken_pair l = ken_pair_mul(ken_log_pair(x), ken_pair_sum(x, -0.5));
    const ken_pair c = ken_pair_add(elementary_constant(ken__half_log_2pi_dd),
                                    ken_pair_of(series));
    return ken_pair_add(ken_pair_add(l, ken_pair_of(-x)), c);
}

/* sin(pi x), exact in its zeros */
static double elementary_sin_pi(double x) {
    const double n = floor(x + 0.5), f = x - n;
    const ken_pair r = ken_pair_mul_f64(elementary_constant(ken__pi_dd), f);
    double y;
    if (fabs(f) <= 0.25) {
        y = elementary_sin_reduced(r);
    } else {
        const ken_pair c = ken_pair_mul_f64(elementary_constant(ken__pi_dd), 0.5 - fabs(f));
        y = copysign(elementary_cos_reduced(c), f);
    }
    return floor(n / 2) == n / 2 ? y : -y;
}

/* gamma(x) for 0 < x < 12: gamma(1 + f) by a polynomial, the factors between in a pair. */
static double elementary_gamma_small(double x) {
    if (x < 1) {
        const double g = elementary_polynomial(ken__gamma_c, KEN_COUNT(ken__gamma_c), x - 0.5);
        return g / x;
    }
    ken_pair product = ken_pair_of(1);
    while (x >= 2) {
        x = x - 1;
        product = ken_pair_mul_f64(product, x);
    }
    const double g = elementary_polynomial(ken__gamma_c, KEN_COUNT(ken__gamma_c), x - 1.5);
    return product.hi * g + product.lo * g;
}

double ken_tgamma(double x) {
    if (x != x || x == INFINITY) return x;
    if (x == 0) return 1 / x;
    if (x > 0) {
        if (x > 172) return INFINITY;
        if (x < 12) return elementary_gamma_small(x);
        const ken_pair l = elementary_stirling(x);
        return ken__exp2part(l.hi, l.lo);
    }
    if (floor(x) == x) return NAN; /* -infinity too */
    if (x > -0x1p-60) return 1 / x;
    const double s = -ken__pi_dd[0] / (x * elementary_sin_pi(x));
    if (x > -12) return s / elementary_gamma_small(-x);
    if (x < -190) return s > 0 ? 0.0 : -0.0;
    const ken_pair l = elementary_stirling(-x);
    return ken__exp2part(-l.hi, -l.lo) * s;
}

static double elementary_lgamma_positive(double x) {
    if (x >= 12) {
        if (x > 0x1p300) return x * (ken_log(x) - 1);
        const ken_pair l = elementary_stirling(x);
        return l.hi + l.lo;
    }
    if (x < 0.5) return elementary_lgamma_positive(x + 1) - ken_log(x);
    if (x < 1.25) {
        const double t = x - 1;
        return t * elementary_polynomial(ken__lgamma_c, KEN_COUNT(ken__lgamma_c), t) - ken_log1p(t);
    }
    double product = 1;
    while (x >= 2.5) {
        x = x - 1;
        product = product * x;
    }
    const double t = x - 2;
    return t * elementary_polynomial(ken__lgamma_c, KEN_COUNT(ken__lgamma_c), t) + ken_log(product);
}

ken_pair ken_lgamma_pair(double x) {
    return x >= 12 && x < 0x1p300 ? elementary_stirling(x)
                                  : ken_pair_of(elementary_lgamma_positive(x));
}

double ken_exp_pair(ken_pair x) { return ken__exp2part(x.hi, x.lo); }

double ken_lgamma(double x) {
    if (x != x || fabs(x) == INFINITY) return x * x;
    if (x > 0x1p-60) return elementary_lgamma_positive(x);
    if (floor(x) == x) return INFINITY; /* 0 -1 -2 ... */
    if (x > -0x1p-60) return -ken_log(fabs(x));
    const double s = fabs(x * elementary_sin_pi(x));
    return ken_log(ken__pi_dd[0] / s) - elementary_lgamma_positive(-x);
}
