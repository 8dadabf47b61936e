/* A model for each of many alphas: the path of the coefficients of lasso, elastic_net and ridge.
 * Each fit starts from the one before (lasso, elastic_net), or all come from one eigendecomposition
 * (ridge).
 * Selection of alpha on other rows is not done here. */
#ifndef KEN_LINEAR_LINEAR_PATH_H
#define KEN_LINEAR_LINEAR_PATH_H

#include "ken/core/model.h"

KEN_BEGIN_C

typedef struct ken_linear_path_params {
    int64_t n_alphas;
    /* least alpha over largest; 0: 1e-3, with more columns than rows 1e-2, ridge 1e-6 */
    double eps;
    const double *alphas; /* n_alphas falling numbers instead of a grid; NULL: the grid */
} ken_linear_path_params;

#define KEN_LINEAR_PATH_DEFAULTS {.n_alphas = 100, .eps = 0, .alphas = NULL}

typedef struct ken_linear_path ken_linear_path;

/* The path of `model` on the training rows of `data`.
 *
 * model    lasso, elastic_net or ridge with its parameters (alpha is replaced) and its recipe, fitted
 *          or not; unchanged. Coefficients are those of the columns after the recipe.
 * params   NULL: defaults. The grid falls evenly in log(alpha), from alpha_max, where the first
 *          coefficient leaves 0 (l1_ratio below 1e-3 is taken as that); ridge from 100 times the
 *          largest eigenvalue of Z'WZ.
 * out      the caller frees it
 * errors   KEN_E_ARG another model, bad params · KEN_E_VALUE no column goes with the target · those
 *          of fit
 * cost     products of columns once, or 8 n d bytes; then some passes and n d an alpha. ridge: d^3 once
 * source   Friedman, Hastie & Tibshirani 2010 (JSS 33). Peer: sklearn.linear_model.enet_path */
KEN_API ken_status ken_linear_path_new(ken_ctx *ctx, const ken_model *model, const ken_data *data,
                                       const ken_linear_path_params *params, ken_linear_path **out);
KEN_API void ken_linear_path_free(ken_linear_path *path);

/* All of f64 and dense, m alphas, d inputs; NULL: no such name. Lent by the path.
 *   "alpha" (m), falling   "coef" (m, d)   "intercept" (m)
 *   "objective" (m)        what the model minimizes at that alpha
 *   "gap" (m)              duality gap: the objective is at most so far above its minimum
 *   "df" (m)               degrees of freedom without the intercept: lasso, the coefficients that are
 *                          not 0 (Zou, Hastie & Tibshirani 2007); with squares, the trace of the
 *                          smoother of these columns
 *   "n_iter" (m)           passes; ridge 0 */
KEN_API const ken_tensor *ken_linear_path_get(const ken_linear_path *path, const char *name);
/* Name of input j: what the estimator sees. */
KEN_API const char *ken_linear_path_input(const ken_linear_path *path, int j);
/* One JSON object: "inputs", and each of the above, coef as a list of lists. */
KEN_API void ken_linear_path_write_json(const ken_linear_path *path, ken_json_writer *w);

KEN_END_C

#endif
