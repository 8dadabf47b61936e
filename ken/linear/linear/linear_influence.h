/* Which rows a least squares fit hangs on: leverage, standardized residuals, Cook's distance. */
#ifndef KEN_LINEAR_LINEAR_LINEAR_INFLUENCE_H
#define KEN_LINEAR_LINEAR_LINEAR_INFLUENCE_H

#include "ken/core/model.h"

KEN_BEGIN_C

/* Diagnostics of `model` (linear, with its recipe, fitted or not: unchanged) on the training rows
 * of `data`: it is fitted anew to them. A new table, which the caller frees, of one row a training
 * row:
 *
 *   "row"           number of the row in data, from 0
 *   "fitted"        prediction
 *   "residual"      target - prediction
 *   "leverage"      h, the weight of the row's own target in its prediction, 0 .. 1; they sum to
 *                   the number of coefficients p; above 2 p / n is worth a look
 *   "standardized"  e = residual sqrt(w) / (sigma sqrt(1 - h)), of variance 1
 *   "studentized"   the same with the sigma of a fit without the row: t-distributed with dof - 1
 *   "cook"          e^2 h / (p (1 - h)): how far all predictions move when the row is left out;
 *                   above 1 is much
 *   "dffits"        studentized sqrt(h / (1 - h)): how far its own prediction moves, in standard
 *                   errors
 *
 * NaN: a row of weight 0 or of leverage 1 (the fit goes through it, whatever its target), or no
 * degree of freedom left.
 *
 * errors  KEN_E_ARG not a linear model · those of fit
 * cost    a fit, then n d^2
 * source  Cook & Weisberg 1982; Belsley, Kuh & Welsch 1980
 *         Peer: R influence.measures, statsmodels OLSInfluence */
KEN_API ken_status ken_linear_influence(ken_ctx *ctx, const ken_model *model, const ken_data *data,
                                        ken_table **out);

KEN_END_C

#endif
