/* Distributions: density, cumulative probability (cdf), upper tail (sf = 1 - cdf, to its own digits)
 * and quantile (the inverse of cdf). Relative error about 1e-12 into tails of 1e-300; where the
 * distribution itself is steep, as the condition number demands. Parameters out of their range, NaN,
 * and p outside [0, 1] give NaN. */
#ifndef KEN_MATH_DISTRIBUTIONS_H
#define KEN_MATH_DISTRIBUTIONS_H

#include "ken/math/special.h"

KEN_BEGIN_C

/* Standard normal. */
KEN_API double ken_normal_pdf(double x);
KEN_API double ken_normal_cdf(double x);
KEN_API double ken_normal_sf(double x);
KEN_API double ken_normal_quantile(double p);

/* Student's t, dof > 0 (need not be whole). */
KEN_API double ken_t_pdf(double x, double dof);
KEN_API double ken_t_cdf(double x, double dof);
KEN_API double ken_t_sf(double x, double dof);
KEN_API double ken_t_quantile(double p, double dof);

/* Gamma with shape > 0, scale > 0; chi-squared is gamma with shape dof/2, scale 2. */
KEN_API double ken_gamma_pdf(double x, double shape, double scale);
KEN_API double ken_gamma_cdf(double x, double shape, double scale);
KEN_API double ken_gamma_sf(double x, double shape, double scale);
KEN_API double ken_gamma_quantile(double p, double shape, double scale);
KEN_API double ken_chi2_pdf(double x, double dof);
KEN_API double ken_chi2_cdf(double x, double dof);
KEN_API double ken_chi2_sf(double x, double dof);
KEN_API double ken_chi2_quantile(double p, double dof);

/* Beta with a, b > 0, on [0, 1]. */
KEN_API double ken_beta_pdf(double x, double a, double b);
KEN_API double ken_beta_cdf(double x, double a, double b);
KEN_API double ken_beta_sf(double x, double a, double b);
KEN_API double ken_beta_quantile(double p, double a, double b);

/* Fisher's F with d1, d2 > 0 degrees of freedom. */
KEN_API double ken_f_pdf(double x, double d1, double d2);
KEN_API double ken_f_cdf(double x, double d1, double d2);
KEN_API double ken_f_sf(double x, double d1, double d2);
KEN_API double ken_f_quantile(double p, double d1, double d2);

KEN_END_C

#endif
