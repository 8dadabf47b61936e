/* What the model itself says about its columns: gains of splits, sizes of coefficients. Cheap, from
 * the fit alone; permutation importance (permutation.h) measures what the columns do. */
#ifndef KEN_EXPLAIN_IMPORTANCE_H
#define KEN_EXPLAIN_IMPORTANCE_H

#include "ken/core/model.h"

KEN_BEGIN_C

typedef enum ken_importance_way {
    KEN_IMPORTANCE_NONE = 0,
    KEN_IMPORTANCE_BY_GAIN,   /* trees: share of the gain of all splits */
    KEN_IMPORTANCE_BY_SPLITS, /* trees: share of the number of splits */
    KEN_IMPORTANCE_BY_COEF    /* linear: sum over outputs of |coef| * sd of the input */
} ken_importance_way;

/* The way that suits a fitted model: gain for trees, coefficients for linear models, else NONE. */
KEN_API ken_importance_way ken_importance_way_of(const ken_model *model);

/* Importances of the model's inputs, added up by the raw column that each was made from.
 *
 * table   rows for the standard deviations of BY_COEF (any role); not used by the others.
 * out     (n_features + 1) of the caller: one a raw column, then the inputs made of several ones.
 * errors  KEN_E_STATE not fitted · KEN_E_UNSUPPORTED the model cannot say · KEN_E_NOT_FOUND a column
 * source  Breiman et al. 1984 (gain; it favors columns with many values: Strobl et al. 2007). */
KEN_API ken_status ken_explain_importance(ken_ctx *ctx, const ken_model *model,
                                          ken_importance_way way, const ken_table *table,
                                          double *out);

KEN_END_C

#endif
