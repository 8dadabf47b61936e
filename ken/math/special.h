/* Special functions: incomplete beta and gamma, digamma, inverses of the error function. Elementary
 * ones, lgamma and erf are in kernels/elementary.h; distributions are in distributions.h.
 *
 * Relative error about 1e-13 or better, into the far tails, unless said otherwise. NaN in, or an
 * argument outside the domain, gives NaN. */
#ifndef KEN_MATH_SPECIAL_H
#define KEN_MATH_SPECIAL_H

#include "ken/kernels/elementary.h"

KEN_BEGIN_C

KEN_API double ken_lbeta(double a, double b);   /* log B(a, b), a, b > 0 */
KEN_API double ken_digamma(double x);           /* d/dx log gamma(x); NaN at 0, -1, -2 ... */
KEN_API double ken_trigamma(double x);          /* d/dx digamma(x), x > 0 */
KEN_API double ken_erf_inv(double p);           /* -1 <= p <= 1 */
KEN_API double ken_erfc_inv(double q);          /* 0 <= q <= 2 */

/* Regularized incomplete gamma, a > 0, x >= 0: P(a, x) and Q = 1 - P, each to its own digits. */
KEN_API double ken_gamma_p(double a, double x);
KEN_API double ken_gamma_q(double a, double x);
/* d/dx P(a, x) */
KEN_API double ken_gamma_density(double a, double x);

/* Regularized incomplete beta I_x(a, b), a, b > 0, given both x and y = 1 - x, so that neither loses
 * digits near 1. The upper part is ken_beta_reg(b, a, y, x). */
KEN_API double ken_beta_reg(double a, double b, double x, double y);
/* d/dx I_x(a, b) */
KEN_API double ken_beta_density(double a, double b, double x, double y);

KEN_END_C

#endif
