/* What a split would bring to gradient boosting at every threshold of one column: to look at (the search of
 * the boosting room works on bins, with the same sums). */
#ifndef KEN_TREE_GAIN_CURVE_H
#define KEN_TREE_GAIN_CURVE_H

#include "ken/core/ctx.h"

KEN_BEGIN_C

/* Thresholds between neighboring values, rising; x <= threshold goes left. Arrays in scratch. */
typedef struct ken_gain_curve {
    int64_t count;
    double *threshold, *gain;
    double *left_G, *left_H; /* sums of the rows on the left */
    double G, H;             /* of all rows */
} ken_gain_curve;

/* gain = GL^2 / (HL + l2) + GR^2 / (HR + l2) - G^2 / (H + l2), the number that boosting compares with
 * min_gain. With g = mean - y, h = 1, l2 = 0 it is the fall of the sum of squares: a regression tree.
 *
 * x, g, h   (n) finite values, first and second derivatives of the loss
 * errors    KEN_E_VALUE an x is not finite · KEN_E_LIMIT more than 2^31 - 1 rows
 * source    Chen & Guestrin 2016 (KDD), equation 7, without the factor 1/2 */
KEN_API ken_status ken_gain_curve_of(ken_ctx *ctx, int64_t n, const double *x, const double *g,
                                     const double *h, double l2, ken_gain_curve *out);

KEN_END_C

#endif
