/* Numbers of twice the precision as unevaluated sums hi + lo, |lo| <= ulp(hi) / 2, without FMA: error
 * of an operation some 2^-102 of the result. For values whose products neither overflow nor underflow
 * (|x| in 1e-140 .. 1e140, or 0).
 *
 * source  Dekker 1971; Knuth 1969 (two-sum); Joldes, Muller & Popescu 2017 */
#ifndef KEN_KERNELS_PAIR_H
#define KEN_KERNELS_PAIR_H

#include "ken/core/compiler.h"

typedef struct ken_pair {
    double hi, lo;
} ken_pair;

static inline ken_pair ken_pair_of(double a) { return (ken_pair){a, 0}; }
static inline ken_pair ken_pair_neg(ken_pair a) { return (ken_pair){-a.hi, -a.lo}; }

/* a + b exactly */
static inline ken_pair ken_pair_sum(double a, double b) {
    const double s = a + b, t = s - a;
    return (ken_pair){s, (a - (s - t)) + (b - t)};
}
/* a + b exactly, for |a| >= |b| or a = 0 */
static inline ken_pair ken_pair_quick_sum(double a, double b) {
    const double s = a + b;
    return (ken_pair){s, b - (s - a)};
}
/* a b exactly */
static inline ken_pair ken_pair_product(double a, double b) {
    const double p = a * b, sa = 0x1.0000002p27 * a, sb = 0x1.0000002p27 * b;
    const double ah = sa - (sa - a), al = a - ah, bh = sb - (sb - b), bl = b - bh;
    return (ken_pair){p, ((ah * bh - p) + ah * bl + al * bh) + al * bl};
}
static inline ken_pair ken_pair_add(ken_pair a, ken_pair b) {
    const ken_pair s = ken_pair_sum(a.hi, b.hi), t = ken_pair_sum(a.lo, b.lo);
    const ken_pair u = ken_pair_quick_sum(s.hi, s.lo + t.hi);
    return ken_pair_quick_sum(u.hi, u.lo + t.lo);
}
static inline ken_pair ken_pair_add_f64(ken_pair a, double b) {
    const ken_pair s = ken_pair_sum(a.hi, b);
    return ken_pair_quick_sum(s.hi, s.lo + a.lo);
}
static inline ken_pair ken_pair_sub(ken_pair a, ken_pair b) {
    return ken_pair_add(a, ken_pair_neg(b));
}
static inline ken_pair ken_pair_mul(ken_pair a, ken_pair b) {
    const ken_pair p = ken_pair_product(a.hi, b.hi);
    return ken_pair_quick_sum(p.hi, p.lo + (a.hi * b.lo + a.lo * b.hi));
}
static inline ken_pair ken_pair_mul_f64(ken_pair a, double b) {
    const ken_pair p = ken_pair_product(a.hi, b);
    return ken_pair_quick_sum(p.hi, p.lo + a.lo * b);
}
static inline ken_pair ken_pair_div(ken_pair a, ken_pair b) {
    const double q = a.hi / b.hi;
    const ken_pair r = ken_pair_sub(a, ken_pair_mul_f64(b, q));
    return ken_pair_quick_sum(q, (r.hi + r.lo) / b.hi);
}
/* acc += a b, everything kept */
static inline ken_pair ken_pair_fused(ken_pair acc, double a, double b) {
    return ken_pair_add(acc, ken_pair_product(a, b));
}

#endif
