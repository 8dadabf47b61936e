/* One split under a glass: for a column and a target, what every threshold would do to the
 * impurity. A tree takes the best of them (cart_split.c, whose sums and scores these are). */
#ifndef KEN_TREE_CURVE_H
#define KEN_TREE_CURVE_H

#include "ken/tree/cart_grow.h"

KEN_BEGIN_C

/* Thresholds between neighboring values, ascending: x <= threshold goes left. Impurity: variance
 * for KEN_SQUARED_ERROR, 1 - sum of p^2 for KEN_GINI, entropy in bits for KEN_ENTROPY. */
typedef struct ken_split_curve {
    int64_t n;            /* thresholds; 0: all values are equal */
    int64_t best;         /* the one that a tree takes, the first of the largest gain; -1: none */
    double impurity;      /* of all rows */
    double weight;        /* of all rows */
    double *threshold;    /* (n) */
    double *left, *right; /* (n) impurity of the rows that go there */
    double *share;        /* (n) part of the weight that goes left */
    double *gain; /* (n) impurity - share left - (1 - share) right: at least 0 but for rounding */
} ken_split_curve;

/* x          (n) values; rows with NaN, and rows of weight 0, are left out.
 * y          (n) targets of KEN_SQUARED_ERROR, finite; NULL for classes.
 * label      (n) classes 0 .. k-1 of KEN_GINI and KEN_ENTROPY; NULL for numbers.
 * k          number of classes; not looked at with y.
 * weight     (n) >= 0, or NULL: all 1.
 * *out       the caller frees it with ken_split_curve_free.
 * errors     KEN_E_ARG targets do not fit the criterion · KEN_E_VALUE no row is left, a class or
 * weight out of range, a target that is not finite · KEN_E_LIMIT more than 2^31 - 2 rows cost O(n
 * (log n + k)) */
KEN_API ken_status ken_split_curve_new(ken_ctx *ctx, const double *x, int64_t n, const double *y,
                                       const int32_t *label, int32_t k, const double *weight,
                                       ken_criterion criterion, ken_split_curve **out);
KEN_API void ken_split_curve_free(ken_ctx *ctx, ken_split_curve *curve);

KEN_END_C

#endif
