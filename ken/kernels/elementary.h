/* Elementary functions of our own: polynomials after argument reduction, without FMA and without
 * libm (but sqrt, fabs, floor: exact everywhere), so that results have the same bits with every
 * libc, compiler and instruction set. `ulp` is the largest error that elementary_test measured over
 * dense random arguments, in units of the last place of the result, rounded up.
 *
 * NaN gives NaN, poles and overflow give infinities, subnormal arguments and results are right, and
 * no exception flag or errno is promised. Over arrays: exp_n and so on of kernels.h. */
#ifndef KEN_KERNELS_ELEMENTARY_H
#define KEN_KERNELS_ELEMENTARY_H

#include <math.h>

#include "ken/kernels/pair.h"

KEN_BEGIN_C

KEN_API double ken_exp(double x);   /* 1 ulp */
KEN_API double ken_exp2(double x);  /* 1 ulp */
KEN_API double ken_expm1(double x); /* 1 ulp */
KEN_API double ken_log(double x);   /* 1 ulp */
KEN_API double ken_log2(double x);  /* 1 ulp */
KEN_API double ken_log10(double x); /* 1 ulp */
KEN_API double ken_log1p(double x); /* 1 ulp */
KEN_API double ken_pow(double x, double y); /* 1 ulp; special cases as in C99, annex F */
KEN_API double ken_cbrt(double x);  /* 1 ulp */

KEN_API double ken_sin(double x); /* 1 ulp, any magnitude */
KEN_API double ken_cos(double x); /* 1 ulp, any magnitude */
KEN_API double ken_tan(double x); /* 3 ulp, any magnitude */
KEN_API double ken_atan(double x);            /* 1 ulp */
KEN_API double ken_atan2(double y, double x); /* 2 ulp; signed zeros and infinities as in C99 */

KEN_API double ken_sinh(double x); /* 3 ulp */
KEN_API double ken_cosh(double x); /* 2 ulp */
KEN_API double ken_tanh(double x); /* 3 ulp */

KEN_API double ken_sigmoid(double x);  /* 1 / (1 + exp(-x)), 2 ulp, no overflow */
KEN_API double ken_softplus(double x); /* log(1 + exp(x)), 3 ulp, no overflow */

KEN_API double ken_erf(double x);  /* 1 ulp */
KEN_API double ken_erfc(double x); /* 3 ulp, into the subnormal tail */

KEN_API double ken_tgamma(double x); /* 5 ulp; NaN at 0 - 1 - 2 ..., but infinite at +-0 */
/* log |gamma(x)|: 4 ulp for x > 0; below, 1e-14 of max(1, |result|), because near its zeros the
 * reflection formula cancels. */
KEN_API double ken_lgamma(double x);

/* With some 80 bits and more, for sums that cancel and exponents that are large: log(x), x > 0 and
 * finite; log gamma(x), x > 0 (80 bits from 12 on, a double below); exp(x.hi + x.lo), 1 ulp. */
KEN_API ken_pair ken_log_pair(double x);
KEN_API ken_pair ken_lgamma_pair(double x);
KEN_API double ken_exp_pair(ken_pair x);

static inline double ken_sqrt(double x) { return sqrt(x); } /* exact rounding everywhere */

KEN_END_C

#endif
