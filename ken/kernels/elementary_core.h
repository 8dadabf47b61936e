/* The elementary functions that also run in lanes (isa/lanes.c): straight-line arithmetic with
 * selections instead of branches, which compilers turn into vectors of any width with the same bits.
 * What to call from outside is elementary.h. No FMA anywhere here: -ffp-contract=off. */
#ifndef KEN_KERNELS_ELEMENTARY_CORE_H
#define KEN_KERNELS_ELEMENTARY_CORE_H

#include <math.h>
#include <string.h>

#include "ken/core/compiler.h"
#include "ken/kernels/elementary_tables.h"

static inline uint64_t ken__bits(double x) {
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}
static inline double ken__from_bits(uint64_t bits) {
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

#define KEN_LN2_HI 0x1.62e42feep-1          /* 32 bits: a multiple up to 2^20 is exact */
#define KEN_LN2_LO 0x1.a39ef35793c76p-33    /* the rest */
#define KEN_ROUND_MAGIC 0x1.8p52            /* x + it - it: x rounded to even, |x| < 2^51 */

/* x 2^n for -2200 < n < 2000, rounded once: the second factor does the only rounding, into or out
 * of the subnormal range. */
static inline double ken__scale(double x, uint64_t n) {
    const uint64_t half = ((n + 4096) >> 1) - 2048; /* modulo 2^64: n may be negative */
    const double a = ken__from_bits((half + 1023) << 52);
    const double b = ken__from_bits((n - half + 1023) << 52);
    return x * a * b;
}

/* r r (1/2 + r/6 + ...) = exp(r) - 1 - r for |r| <= log(2)/2 */
static inline double ken__exp_tail_sum(double r) {
    double p = ken__exp_c[11];
    for (int k = 10; k >= 0; k--) p = p * r + ken__exp_c[k];
    return r * r * p;
}

/* exp(x + tail), |tail| << |x|: x = n log 2 + r, exp(r) by its series, times 2^n. */
static inline double ken__exp2part(double x, double tail) {
    const double low = x < -750 ? -750 : x, bound = low > 711 ? 711 : low;
    const double shifted = bound * 0x1.71547652b82fep+0 + KEN_ROUND_MAGIC;
    const double n = shifted - KEN_ROUND_MAGIC;
    const double hi = bound - n * KEN_LN2_HI, lo = tail - n * KEN_LN2_LO;
    const double r = hi + lo;
    const double y = 1 + (hi + (lo + ken__exp_tail_sum(r)));
    return ken__scale(y, ken__bits(shifted) - ken__bits(KEN_ROUND_MAGIC));
}

static inline double ken__exp(double x) { return ken__exp2part(x, 0); }

/* exp(x) - 1 = 2^n ((1 - 2^-n) + r + (exp(r) - 1 - r)); the sum of the first two is kept exactly. */
static inline double ken__expm1(double x) {
    const double low = x < -45 ? -45 : x, bound = low > 711 ? 711 : low;
    const double shifted = bound * 0x1.71547652b82fep+0 + KEN_ROUND_MAGIC;
    const double n = shifted - KEN_ROUND_MAGIC;
    const uint64_t k = ken__bits(shifted) - ken__bits(KEN_ROUND_MAGIC);
    const double hi = bound - n * KEN_LN2_HI, lo = -(n * KEN_LN2_LO);
    const double r = hi + lo, c = (hi - r) + lo;
    const double a = 1 - ken__scale(1, 0 - k), s = a + r, e = k ? (a - s) + r : 0;
    const double y = ken__scale(s + (e + (c + c * r + ken__exp_tail_sum(r))), k);
    return x == 0 ? x : y;
}

/* s sum c_k (s s)^(k+1) with s = f / (2 + f): log(1 + f) = f - (f f / 2 - s (f f / 2 + this)) */
static inline double ken__log_tail_sum(double s) {
    const double z = s * s;
    double p = ken__log_c[9];
    for (int k = 8; k >= 0; k--) p = p * z + ken__log_c[k];
    return z * p;
}

/* k log 2 + log(1 + f) + c for f in [sqrt(1/2) - 1, sqrt(2) - 1] */
static inline double ken__log_parts(double k, double f, double c) {
    const double s = f / (2 + f), half = 0.5 * f * f;
    const double t = s * (half + ken__log_tail_sum(s)) + (k * KEN_LN2_LO + c);
    return k * KEN_LN2_HI - ((half - t) - f);
}

/* x = 2^k m with m in [sqrt(1/2), sqrt(2)); x > 0, normal */
static inline double ken__log_split(double x, double *k) {
    const uint64_t top = (uint64_t)(0x3ff00000 - 0x3fe6a09e) << 32;
    const uint64_t bits = ken__bits(x) + top;
    *k = ken__from_bits(0x4330000000000000u | (bits >> 52)) - (0x1p52 + 1023);
    return ken__from_bits((bits & 0xfffffffffffffu) + ((uint64_t)0x3fe6a09e << 32));
}

static inline double ken__log_special(double x, double y) {
    const double a = x == INFINITY ? x : y, b = x == 0 ? -INFINITY : a;
    return x < 0 || x != x ? NAN : b;
}

static inline double ken__log(double x) {
    const bool tiny = x < 0x1p-1022;
    double k;
    const double m = ken__log_split(tiny ? x * 0x1p54 : x, &k);
    return ken__log_special(x, ken__log_parts(tiny ? k - 54 : k, m - 1, 0));
}

/* c: what 1 + x lost in rounding, over 1 + x. */
static inline double ken__log1p(double x) {
    const double u = 1 + x;
    double k;
    const double m = ken__log_split(u, &k);
    const double lost = x < 1 ? x - (u - 1) : 1 - (u - x);
    const double f = k == 0 ? x : m - 1, c = k == 0 ? 0 : lost / u;
    const double y = x == 0 || x == INFINITY ? x : ken__log_parts(k, f, c);
    const double z = x == -1 ? -INFINITY : y;
    return x < -1 || x != x ? NAN : z;
}

static inline double ken__tanh(double x) {
    const double ax = fabs(x), small = ax < 1 ? -2 * ax : 2 * ax;
    const double e = ken__expm1(small);
    const double y = ax < 1 ? -e / (e + 2) : 1 - 2 / (e + 2);
    return x == 0 || x != x ? x : x < 0 ? -y : y;
}

static inline double ken__sigmoid(double x) {
    const double e = ken__exp(-fabs(x));
    return (x < 0 ? e : 1) / (1 + e);
}

static inline double ken__softplus(double x) {
    const double y = ken__log1p(ken__exp(-fabs(x)));
    return (x > 0 ? x : 0) + y;
}

#endif
