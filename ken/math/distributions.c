/* Distributions over the incomplete beta and gamma functions. Each cdf is a probability of the lower
 * or the upper tail, whichever is smaller is computed directly; each quantile solves for the smaller
 * tail by a bracketed Newton iteration on log probability over log x, where the curves are nearly
 * straight. */
#include "ken/math/distributions.h"

#include <math.h>

/* --- normal ------------------------------------------------------------------------------------ */

/* exp(-x x / 2) with x x exact. */
double ken_normal_pdf(double x) {
    if (fabs(x) > 40) return x != x ? x : 0;
    const ken_pair square = ken_pair_product(x, x);
    return 0x1.9884533d43651p-2 * ken_exp_pair((ken_pair){-0.5 * square.hi, -0.5 * square.lo});
}

/* x / sqrt(2) is kept as a pair: in the tail the rounding of the argument would cost digits. */
double ken_normal_cdf(double x) {
    if (fabs(x) > 40) return x != x ? x : x < 0 ? 0 : 1;
    const ken_pair root = {0x1.6a09e667f3bcdp-1, -0x1.bdd3413b26456p-55}; /* sqrt(1/2) */
    const ken_pair z = ken_pair_mul_f64(root, -x);
    /* erfc'(z) = -2/sqrt(pi) exp(-z z) */
    const double slope = -0x1.20dd750429b6dp+0 * ken_exp(-z.hi * z.hi);
    return 0.5 * (ken_erfc(z.hi) + slope * z.lo);
}
double ken_normal_sf(double x) { return ken_normal_cdf(-x); }

double ken_normal_quantile(double p) {
    if (!(p >= 0 && p <= 1)) return NAN;
    if (p == 0) return -INFINITY;
    if (p == 1) return INFINITY;
    if (p > 0.25 && p < 0.75) return 0x1.6a09e667f3bcdp+0 * ken_erf_inv(2 * (p - 0.5));
    if (p < 0.5) return -0x1.6a09e667f3bcdp+0 * ken_erfc_inv(2 * p);
    return 0x1.6a09e667f3bcdp+0 * ken_erfc_inv(2 * (1 - p));
}

/* --- solving ----------------------------------------------------------------------------------- */

/* A tail over x in (0, infinity): probability and density. */
typedef struct distributions_tail {
    double (*probability)(const double *parameters, double x);
    double (*density)(const double *parameters, double x);
    double parameters[2];
    bool rising; /* a cdf; else an upper tail */
} distributions_tail;

/* Step in u = log x to where log probability is log p, from its value and slope at x. */
static double distributions_step(const distributions_tail *t, double x, double log_p, bool *above) {
    const double q = t->probability(t->parameters, x), d = t->density(t->parameters, x);
    *above = q > 0 && ken_log(q) > log_p;
    if (!(q > 0) || !(d > 0) || d == INFINITY) return NAN;
    const double slope = (t->rising ? d : -d) * x / q;
    return (log_p - ken_log(q)) / slope;
}

/* Newton's steps in log x inside a bracket that halves when a step leaves it. */
static double distributions_solve(const distributions_tail *t, double p, double start) {
    const double log_p = ken_log(p);
    double lo = -745, hi = 709, u = start > 0 ? ken_log(start) : 0;
    u = u < lo ? lo : u > hi ? hi : u;
    double x = ken_exp(u);
    for (int i = 0; i < 200; i++) {
        bool above;
        const double step = distributions_step(t, x, log_p, &above);
        if (fabs(step) < 1e-4) { /* close: in x itself, which has more digits than log x */
            const double next = x * (1 + step + 0.5 * step * step);
            if (fabs(step) < 2e-16 || next == x) return next;
            x = next;
            u = ken_log(x);
            if (fabs(step) < 1e-9) return x;
            continue;
        }
        if (above == t->rising)
            hi = u;
        else
            lo = u;
        u = u + step;
        if (!(u > lo && u < hi)) u = 0.5 * (lo + hi);
        if (hi - lo < 1e-15) return ken_exp(u);
        x = ken_exp(u);
    }
    return x;
}

/* --- gamma and chi-squared --------------------------------------------------------------------- */

static double distributions_gamma_p(const double *a, double x) { return ken_gamma_p(a[0], x); }
static double distributions_gamma_q(const double *a, double x) { return ken_gamma_q(a[0], x); }
static double distributions_gamma_d(const double *a, double x) {
    return ken_gamma_density(a[0], x);
}

double ken_gamma_pdf(double x, double shape, double scale) {
    if (!(shape > 0 && scale > 0) || x != x) return NAN;
    return x < 0 ? 0 : ken_gamma_density(shape, x / scale) / scale;
}
double ken_gamma_cdf(double x, double shape, double scale) {
    if (!(shape > 0 && scale > 0) || x != x) return NAN;
    return x <= 0 ? 0 : ken_gamma_p(shape, x / scale);
}
double ken_gamma_sf(double x, double shape, double scale) {
    if (!(shape > 0 && scale > 0) || x != x) return NAN;
    return x <= 0 ? 1 : ken_gamma_q(shape, x / scale);
}
double ken_gamma_quantile(double p, double shape, double scale) {
    if (!(shape > 0 && scale > 0 && p >= 0 && p <= 1)) return NAN;
    if (p == 0) return 0;
    if (p == 1) return INFINITY;
    const distributions_tail lower = {distributions_gamma_p, distributions_gamma_d, {shape, 0}, true};
    const distributions_tail upper = {distributions_gamma_q, distributions_gamma_d, {shape, 0}, false};
    return scale * (p <= 0.5 ? distributions_solve(&lower, p, shape)
                             : distributions_solve(&upper, 1 - p, shape));
}

double ken_chi2_pdf(double x, double dof) { return ken_gamma_pdf(x, 0.5 * dof, 2); }
double ken_chi2_cdf(double x, double dof) { return ken_gamma_cdf(x, 0.5 * dof, 2); }
double ken_chi2_sf(double x, double dof) { return ken_gamma_sf(x, 0.5 * dof, 2); }
double ken_chi2_quantile(double p, double dof) { return ken_gamma_quantile(p, 0.5 * dof, 2); }

/* --- beta -------------------------------------------------------------------------------------- */

double ken_beta_pdf(double x, double a, double b) {
    if (!(a > 0 && b > 0) || x != x) return NAN;
    return x < 0 || x > 1 ? 0 : ken_beta_density(a, b, x, 1 - x);
}
double ken_beta_cdf(double x, double a, double b) {
    if (!(a > 0 && b > 0) || x != x) return NAN;
    return x <= 0 ? 0 : x >= 1 ? 1 : ken_beta_reg(a, b, x, 1 - x);
}
double ken_beta_sf(double x, double a, double b) {
    if (!(a > 0 && b > 0) || x != x) return NAN;
    return x <= 0 ? 1 : x >= 1 ? 0 : ken_beta_reg(b, a, 1 - x, x);
}

/* In odds r = x / (1 - x), in which the lower tail of (a, b) at r is the upper one of (b, a) at 1/r:
 * no end of [0, 1] is special. */
static double distributions_odds_lower(const double *c, double r) {
    return ken_beta_reg(c[0], c[1], r / (1 + r), 1 / (1 + r));
}
static double distributions_odds_upper(const double *c, double r) {
    return ken_beta_reg(c[1], c[0], 1 / (1 + r), r / (1 + r));
}
static double distributions_odds_density(const double *c, double r) {
    const double y = 1 / (1 + r);
    if (y == 0) return 0;
    return ken_beta_density(c[0], c[1], r / (1 + r), y) * y * y;
}

/* The odds at lower tail p and upper tail q = 1 - p. */
static double distributions_odds(double p, double q, double a, double b) {
    const distributions_tail lower = {distributions_odds_lower, distributions_odds_density, {a, b}, true};
    const distributions_tail upper = {distributions_odds_upper, distributions_odds_density, {a, b}, false};
    return p <= q ? distributions_solve(&lower, p, a / b) : distributions_solve(&upper, q, a / b);
}

double ken_beta_quantile(double p, double a, double b) {
    if (!(a > 0 && b > 0 && p >= 0 && p <= 1)) return NAN;
    if (p == 0 || p == 1) return p;
    const double r = distributions_odds(p, 1 - p, a, b);
    return r / (1 + r);
}

/* --- F: d1 x / d2 are the odds of beta(d1/2, d2/2) ---------------------------------------------- */

double ken_f_pdf(double x, double d1, double d2) {
    if (!(d1 > 0 && d2 > 0) || x != x) return NAN;
    if (x < 0 || x == INFINITY) return 0;
    if (x == 0) return d1 < 2 ? INFINITY : d1 == 2 ? 1 : 0;
    const double c[2] = {0.5 * d1, 0.5 * d2};
    return distributions_odds_density(c, d1 / d2 * x) * (d1 / d2);
}
double ken_f_cdf(double x, double d1, double d2) {
    if (!(d1 > 0 && d2 > 0) || x != x) return NAN;
    if (x <= 0 || x == INFINITY) return x > 0;
    return ken_beta_reg(0.5 * d1, 0.5 * d2, d1 * x / (d1 * x + d2), d2 / (d1 * x + d2));
}
double ken_f_sf(double x, double d1, double d2) {
    if (!(d1 > 0 && d2 > 0) || x != x) return NAN;
    if (x <= 0 || x == INFINITY) return !(x > 0);
    return ken_beta_reg(0.5 * d2, 0.5 * d1, d2 / (d1 * x + d2), d1 * x / (d1 * x + d2));
}
double ken_f_quantile(double p, double d1, double d2) {
    if (!(d1 > 0 && d2 > 0 && p >= 0 && p <= 1)) return NAN;
    if (p == 0) return 0;
    if (p == 1) return INFINITY;
    return d2 / d1 * distributions_odds(p, 1 - p, 0.5 * d1, 0.5 * d2);
}

/* --- Student's t: t t / dof are the odds of beta(1/2, dof/2) ------------------------------------ */

double ken_t_pdf(double x, double dof) {
    if (!(dof > 0) || x != x) return NAN;
    if (fabs(x) == INFINITY) return 0;
    const double power = -0.5 * (dof + 1) * ken_log1p(x / dof * x);
    return ken_exp(power - ken_lbeta(0.5, 0.5 * dof)) / ken_sqrt(dof);
}

double ken_t_sf(double x, double dof) {
    if (!(dof > 0) || x != x) return NAN;
    if (dof == INFINITY) return ken_normal_sf(x);
    if (x < 0) return 0.5 + (0.5 - ken_t_sf(-x, dof));
    const double r = x / dof * x, part = 1 / (1 + r), rest = r == INFINITY ? 1 : r / (1 + r);
    if (part == 0) { /* x x overflows: the first term of the tail */
        const double log_sf = dof * (0.5 * ken_log(dof) - ken_log(x)) - ken_lbeta(0.5, 0.5 * dof);
        return ken_exp(log_sf) / dof;
    }
    return 0.5 * ken_beta_reg(0.5 * dof, 0.5, part, rest);
}
double ken_t_cdf(double x, double dof) { return ken_t_sf(-x, dof); }

static double distributions_t_q(const double *c, double x) { return ken_t_sf(x, c[0]); }
static double distributions_t_d(const double *c, double x) { return ken_t_pdf(x, c[0]); }

double ken_t_quantile(double p, double dof) {
    if (!(dof > 0 && p >= 0 && p <= 1)) return NAN;
    if (p == 0 || p == 1) return p == 0 ? -INFINITY : INFINITY;
    if (p == 0.5) return 0;
    if (dof == INFINITY) return ken_normal_quantile(p);
    const double tail = p < 0.5 ? p : 1 - p;
    double x;
    if (tail > 0.25) { /* the middle, by its own digits */
        x = ken_sqrt(dof * distributions_odds(1 - 2 * tail, 2 * tail, 0.5, 0.5 * dof));
    } else {
        const distributions_tail upper = {distributions_t_q, distributions_t_d, {dof, 0}, false};
        x = distributions_solve(&upper, tail, 1);
    }
    return copysign(x, p - 0.5);
}
