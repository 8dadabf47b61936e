/* Quantiles as an output, KEN_WHAT_QUANTILES: what every thing that gives them has in common.
 *
 *   parameter  quantiles, a text: the levels, ascending, "0.05 0.5 0.95" ('|' or ',' may stand
 *              for the blanks, which the text door of settings would cut at)
 *   attribute  quantiles f64 (q): the levels of a fitted model, as they were asked for
 *   output     (n, q): column j is the quantile of level j; no row crosses: it never decreases
 *
 * INTERVAL of such a thing, where it has one, is its first and its last quantile. */
#ifndef KEN_CORE_QUANTILES_H
#define KEN_CORE_QUANTILES_H

#include "ken/core/model.h"

KEN_BEGIN_C

enum { KEN_QUANTILES_MAX = 99 };

/* level    out: (KEN_QUANTILES_MAX), or NULL: only checked.
 * n        out: how many, 0 for "" or NULL; may be NULL.
 * errors   KEN_E_ARG, in the name of `who`: no number, not between 0 and 1, not ascending, too many */
KEN_API ken_status ken_quantiles_parse(ken_ctx *ctx, const char *who, const char *text, double *level,
                                       int *n);
/* Inside fit: the attribute `quantiles`. */
KEN_API ken_status ken_quantiles_set(ken_ctx *ctx, ken_model *model, const double *level, int n);
/* The levels of a fitted model, *n of them, ascending and between 0 and 1; NULL and 0: it gives no
 * quantiles, or its attribute (of a hostile file) is not sound. n may be NULL. */
KEN_API const double *ken_model_quantiles(const ken_model *model, int *n);
/* Sorts each of n rows of q values: quantiles that were fitted one by one no longer cross, and none
 * of them gets worse by it in the mean (Chernozhukov, Fernández-Val & Galichon 2010). */
KEN_API void ken_quantiles_sort(double *rows, int64_t n, int64_t q);

KEN_END_C

#endif
