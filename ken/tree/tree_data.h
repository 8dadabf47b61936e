/* What trees are grown from: the columns of a problem as f64, one after another, and its target. */
#ifndef KEN_TREE_TREE_DATA_H
#define KEN_TREE_TREE_DATA_H

#include "ken/core/model.h"

KEN_BEGIN_C

typedef struct ken_tree_data {
    int32_t n, d;
    const double *x;       /* (d, n): column j at x + j * n; NaN: missing; category: level codes */
    const int32_t *levels; /* (d) number of levels of a category column, 0: numbers */
    const double *y;       /* (n) regression, else NULL */
    const int32_t *label;  /* (n) classification, else NULL */
    const double *weight;  /* (n), or NULL: all 1 */
    int32_t k;             /* classes; 1 for regression */
} ken_tree_data;

/* The training rows of a problem, in scratch. weight: NULL for the problem's own.
 * errors  KEN_E_LIMIT more than 2^31 - 2 rows */
KEN_API ken_status ken_tree_data_of(ken_ctx *ctx, const ken_problem *problem, const double *weight,
                                    ken_tree_data *out);

KEN_END_C

#endif
