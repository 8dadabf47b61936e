/* Passes over the rows of a regression problem that linear and ridge share: means, cross products,
 * gradient, and R of a QR decomposition without the matrix in memory. All of them look at
 * z = (x - center, y - center_y), weighted, in blocks that depend on the number of rows alone: the
 * results are the same for any number of threads. */
#ifndef KEN_LINEAR_LINEAR_ROWS_H
#define KEN_LINEAR_LINEAR_ROWS_H

#include "ken/core/model.h"

KEN_BEGIN_C

/* Weighted means of the columns and, last, of the target: mean (d + 1); *total: sum of weights. */
ken_status ken__linear_means(ken_ctx *ctx, const ken_problem *problem, double *mean, double *total);

/* G (ld, ld) = sum of w z z' over the training rows, ld = ken_pad(d + 1), whole; the target is row and
 * column d. cost  n d^2; memory 64 ld ld doubles at most. */
ken_status ken__linear_gram(ken_ctx *ctx, const ken_problem *problem, const double *center, double *G);

/* For residuals r = y - intercept - x . coef: out (d + 2) = sum of w r (x - center), then of w r, then
 * of w r r. */
ken_status ken__linear_gradient(ken_ctx *ctx, const ken_problem *problem, const double *center,
                                const double *coef, double intercept, double *out);

/* R (d + 1, ld): upper triangle with R'R = sum of w z z', by Householder reflections of blocks of rows
 * (TSQR): digits are lost to the condition of z, not to its square.
 * source  Demmel, Grigori, Hoemmen & Langou 2012 (SIAM J. Sci. Comput.) */
ken_status ken__linear_tsqr(ken_ctx *ctx, const ken_problem *problem, const double *center, double *R);

/* out[j] (d + 1 columns a row) = coef_j (x_j - center_j), then `base`: the contributions. */
void ken__linear_contributions(const double *X, int64_t rows, int64_t d, const double *coef,
                               const double *center, double base, double *out, int64_t stride);

/* KEN_E_VALUE unless `total`, the sum of weights, is positive. */
ken_status ken__linear_weighty(ken_ctx *ctx, const ken_model *model, double total);

/* The attribute `name` must be `count` doubles. */
ken_status ken__linear_expect(ken_ctx *ctx, const ken_model *model, const char *name, int64_t count);

KEN_END_C

#endif
