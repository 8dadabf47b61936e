/* Collinearity: how far columns can be told from the others. For people who read coefficients;
 * predictions do not mind. */
#ifndef KEN_STATS_VIF_VIF_H
#define KEN_STATS_VIF_VIF_H

#include "ken/core/table.h"

KEN_BEGIN_C

/* Variance inflation factors: vif[j] = 1 / (1 - R^2) of the regression of column j on the others
 * and a constant. By so much the variance of its coefficient is larger than if it were unrelated to
 * them; above 10 (or 5) people worry. Infinite where a column is a combination of others, NaN where
 * it is constant.
 *
 * columns  n numbers of columns of numbers; rows where one of them is missing or not finite do not count
 * rows     out, may be NULL: rows that counted
 * errors   KEN_E_TYPE a column of no numbers · KEN_E_VALUE no more rows than columns
 * cost     8 rows n bytes, 2 rows n^2; from the singular values of R of a QR decomposition of the
 *          standardized columns, so that digits are lost to their condition, not to its square
 * source   Marquardt 1970 (Technometrics 12). Peer: statsmodels variance_inflation_factor */
KEN_API ken_status ken_vif(ken_ctx *ctx, const ken_table *table, const int *columns, int n,
                           double *vif, int64_t *rows);

/* Condition indices and variance proportions of Belsley, Kuh & Welsch 1980 (Regression Diagnostics,
 * ch. 3): of the constant and the columns, at length 1 but not centered. index (n + 1): largest
 * singular value over each, rising from 1; above 30 is a dependency. proportion (n + 1, n + 1), or
 * NULL: [k][j] is the share of index k in the variance of coefficient j (0: the constant, then the
 * columns): two and more above 0.5 in one row are what depends on each other there. Infinite
 * indices: exact dependencies. */
KEN_API ken_status ken_condition_indices(ken_ctx *ctx, const ken_table *table, const int *columns,
                                         int n, double *index, double *proportion);

KEN_END_C

#endif
