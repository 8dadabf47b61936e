/* Incomplete beta and gamma by continued fractions and series, each where it converges fast, with a
 * front factor whose logarithm is summed in pairs of doubles: near a = b = 1000 it cancels from some
 * 1000s to 1.
 *
 * source  Gil, Segura & Temme 2007, "Numerical Methods for Special Functions", ch. 6; Lentz 1976 in
 *         the form of Thompson & Barnett 1986; DiDonato & Morris 1992 (TOMS 708);
 *         DLMF 8.7.1, 8.9.2, 5.11.2 */
#include "ken/math/special.h"

#include <math.h>

enum { SPECIAL_MAX_TERMS = 200000 };

static ken_pair special_lbeta_pair(double a, double b) {
    const ken_pair sum = ken_lgamma_pair(a + b);
    return ken_pair_sub(ken_pair_add(ken_lgamma_pair(a), ken_lgamma_pair(b)), sum);
}

double ken_lbeta(double a, double b) {
    if (!(a > 0 && b > 0)) return NAN;
    const ken_pair l = special_lbeta_pair(a, b);
    return l.hi + l.lo;
}

/* --- polygamma --------------------------------------------------------------------------------- */

double ken_digamma(double x) {
    static const double c[] = {1.0 / 12, -1.0 / 120, 1.0 / 252, -1.0 / 240, 1.0 / 132,
                               -691.0 / 32760, 1.0 / 12, -3617.0 / 8160};
    if (x != x || x == -INFINITY) return NAN;
    if (x <= 0) {
        if (floor(x) == x) return NAN;
        const double f = x - floor(x + 0.5); /* pi cot(pi x) has period 1 */
        return ken_digamma(1 - x) - 0x1.921fb54442d18p+1 / ken_tan(0x1.921fb54442d18p+1 * f);
    }
    double shift = 0;
    if (fabs(x - 1.4616321449683623) < 0.05) { /* its zero: a Taylor series keeps the digits */
        const double t = (x - 1.4616321449683623) + -9.549995429965697e-17;
        static const double d[] = {0.9676722454476212,   -0.4427631689835921,
                                   0.258499760955651,    -0.16394270544240652,
                                   0.10782405069126237,  -0.07219956125645471,
                                   0.04880428816414311,  -0.03316112647484736,
                                   0.022597648232218104, -0.01542476590494896,
                                   0.010538791616612175, -0.007204534386356869};
        double p = d[11];
        for (int k = 10; k >= 0; k--) p = p * t + d[k];
        return p * t;
    }
    while (x < 12) {
        shift += 1 / x;
        x += 1;
    }
    const double u = 1 / (x * x);
    double p = c[7];
    for (int k = 6; k >= 0; k--) p = p * u + c[k];
    return ken_log(x) - 0.5 / x - u * p - shift;
}

double ken_trigamma(double x) {
    static const double c[] = {1.0 / 6, -1.0 / 30, 1.0 / 42, -1.0 / 30, 5.0 / 66, -691.0 / 2730,
                               7.0 / 6, -3617.0 / 510};
    if (!(x > 0)) return NAN;
    double shift = 0;
    while (x < 14) {
        shift += 1 / (x * x);
        x += 1;
    }
    const double u = 1 / (x * x);
    double p = c[7];
    for (int k = 6; k >= 0; k--) p = p * u + c[k];
    return shift + (1 / x + 0.5 * u + u / x * p);
}

/* --- incomplete gamma -------------------------------------------------------------------------- */

/* x^a exp(-x) / gamma(a + 1) */
static double special_gamma_front(double a, double x) {
    if (x == 0) return 0;
    const ken_pair top = ken_pair_add_f64(ken_pair_mul_f64(ken_log_pair(x), a), -x);
    return ken_exp_pair(ken_pair_sub(top, ken_pair_add(ken_lgamma_pair(a), ken_log_pair(a))));
}

/* P = front (1 + x/(a+1) + x x/((a+1)(a+2)) + ...) */
static double special_gamma_series(double a, double x) {
    double term = 1, sum = 1;
    for (int k = 1; k < SPECIAL_MAX_TERMS && term > sum * 1e-17; k++) {
        term = term * (x / (a + k));
        sum = sum + term;
    }
    return special_gamma_front(a, x) * sum;
}

/* Q = front a / (x + 1 - a - 1 (1 - a) / (x + 3 - a - 2 (2 - a) / ...)) */
static double special_gamma_fraction(double a, double x) {
    double b = x + 1 - a, c = 1e300, d = 1 / b, h = d;
    for (int k = 1; k < SPECIAL_MAX_TERMS; k++) {
        const double an = -k * (k - a);
        b = b + 2;
        d = an * d + b;
        c = b + an / c;
        d = 1 / (fabs(d) < 1e-300 ? 1e-300 : d);
        c = fabs(c) < 1e-300 ? 1e-300 : c;
        const double ratio = d * c;
        h = h * ratio;
        if (fabs(ratio - 1) < 1e-16) break;
    }
    return special_gamma_front(a, x) * a * h;
}

double ken_gamma_p(double a, double x) {
    if (!(a > 0 && x >= 0)) return NAN;
    if (x == INFINITY) return 1;
    return x < a + 1 ? special_gamma_series(a, x) : 1 - special_gamma_fraction(a, x);
}

double ken_gamma_q(double a, double x) {
    if (!(a > 0 && x >= 0)) return NAN;
    if (x == INFINITY) return 0;
    return x < a + 1 ? 1 - special_gamma_series(a, x) : special_gamma_fraction(a, x);
}

double ken_gamma_density(double a, double x) {
    if (!(a > 0 && x >= 0)) return NAN;
    if (x == 0) return a < 1 ? INFINITY : a == 1 ? 1 : 0;
    if (x == INFINITY) return 0;
    const ken_pair top = ken_pair_add_f64(ken_pair_mul_f64(ken_log_pair(x), a - 1), -x);
    return ken_exp_pair(ken_pair_sub(top, ken_lgamma_pair(a)));
}

/* --- incomplete beta --------------------------------------------------------------------------- */

/* log(1 - x) for 0 < x <= 1/2: 1 - x as a pair, for the sake of large powers of it. */
static ken_pair special_log_rest(double x) {
    const ken_pair rest = ken_pair_sum(1, -x);
    return ken_pair_add_f64(ken_log_pair(rest.hi), rest.lo / rest.hi);
}

/* x^a y^b / exp(log_beta) with y = 1 - x; the smaller of x and y is the one that is exact. */
static double special_beta_power(double a, double b, double x, double y, ken_pair log_beta) {
    const ken_pair log_x = x <= y ? ken_log_pair(x) : special_log_rest(y);
    const ken_pair log_y = x <= y ? special_log_rest(x) : ken_log_pair(y);
    const ken_pair top = ken_pair_add(ken_pair_mul_f64(log_x, a), ken_pair_mul_f64(log_y, b));
    return ken_exp_pair(ken_pair_sub(top, log_beta));
}

/* x^a y^b / B(a, b) over this is I_x(a, b), for x < (a + 1) / (a + b + 2): the continued fraction of
 * DiDonato & Morris, whose first term a y - b x + 1 does not cancel when a is large and x near 1. */
static double special_beta_fraction(double a, double b, double x, double y) {
    const double first = a * y - b * x + 1;
    double f = a * first / (a + 1), c = f, d = 0;
    for (int m = 1; m < SPECIAL_MAX_TERMS; m++) {
        const double t = a + 2 * m - 1;
        const double top = (a + m - 1) / t * ((a + b + m - 1) / t) * m * (b - m) * x * x;
        const double bottom = m + m * (b - m) * x / t + (a + m) * (first + m * (1 + y)) / (t + 2);
        d = bottom + top * d, c = bottom + top / c;
        d = 1 / (fabs(d) < 1e-300 ? 1e-300 : d);
        c = fabs(c) < 1e-300 ? 1e-300 : c;
        f = f * (c * d);
        if (fabs(c * d - 1) < 1e-16) break;
    }
    return f;
}

double ken_beta_reg(double a, double b, double x, double y) {
    if (!(a > 0 && b > 0 && x >= 0 && y >= 0)) return NAN;
    if (x == 0) return 0;
    if (y == 0) return 1;
    const double front = special_beta_power(a, b, x, y, special_lbeta_pair(a, b));
    if (x * (a + b + 2) < a + 1) return front / special_beta_fraction(a, b, x, y);
    return 1 - front / special_beta_fraction(b, a, y, x);
}

double ken_beta_density(double a, double b, double x, double y) {
    if (!(a > 0 && b > 0 && x >= 0 && y >= 0)) return NAN;
    if (x == 0) return a < 1 ? INFINITY : a == 1 ? b : 0;
    if (y == 0) return b < 1 ? INFINITY : b == 1 ? a : 0;
    return special_beta_power(a - 1, b - 1, x, y, special_lbeta_pair(a, b));
}

/* --- inverse error function -------------------------------------------------------------------- */

/* x >= 0 with erfc(x) = q, 0 < q <= 1/2: Newton on log erfc, which is concave, from a start above. */
static double special_erfc_inv_tail(double q) {
    const double log_q = ken_log(q);
    double x = ken_sqrt(-log_q);
    for (int i = 0; i < 60; i++) {
        /* d/dx log erfc(x) = -2/sqrt(pi) exp(-x x) / erfc(x) */
        const double e = ken_erfc(x), slope = -0x1.20dd750429b6dp+0 * ken_exp(-x * x) / e;
        const double step = (ken_log(e) - log_q) / slope;
        x = x - step;
        if (fabs(step) <= 4e-16 * x) break;
    }
    return x;
}

double ken_erfc_inv(double q) {
    if (!(q >= 0 && q <= 2)) return NAN;
    if (q == 0) return INFINITY;
    if (q == 2) return -INFINITY;
    if (q > 0.5 && q < 1.5) return ken_erf_inv(1 - q);
    return q <= 0.5 ? special_erfc_inv_tail(q) : -special_erfc_inv_tail(2 - q);
}

double ken_erf_inv(double p) {
    if (!(p >= -1 && p <= 1)) return NAN;
    if (fabs(p) > 0.5) return copysign(ken_erfc_inv(1 - fabs(p)), p);
    double x = p * 0x1.c5bf891b4ef6bp-1; /* sqrt(pi) / 2 */
    for (int i = 0; i < 60; i++) {
        const double step = (ken_erf(x) - p) / (0x1.20dd750429b6dp+0 * ken_exp(-x * x));
        x = x - step;
        if (fabs(step) <= 2e-16 * fabs(x)) break;
    }
    return x;
}
