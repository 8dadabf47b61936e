/* Accumulated local effects: how the model's answer moves with one or two columns, added up from small steps
 * that the rows near them take; unlike partial dependence it never asks for rows that cannot be. */
#ifndef KEN_EXPLAIN_ALE_H
#define KEN_EXPLAIN_ALE_H

#include "ken/explain/effect/effect.h"

KEN_BEGIN_C

typedef struct ken_ale_params {
    int64_t bins;     /* most bins of a number's axis, 1 .. 1000 */
    int64_t max_rows; /* use at most so many rows, drawn at random; 0: all */
} ken_ale_params;
#define KEN_ALE_DEFAULTS {20, 5000}

typedef struct ken_ale ken_ale;

typedef struct ken_ale_view {
    int n_axes;              /* 1 or 2 */
    /* value: numbers: the n edges of the n - 1 bins; category: the levels that occur, ordered so that levels
     * whose rows are alike in the other columns stand side by side. */
    ken_effect_axis axis[2];
    int n_outputs;           /* 1: the value, or the probability of the second of two classes; else k */
    const double *value;     /* (n_outputs, n of axis 0 [, n of axis 1]); mean over the rows 0 */
    const int64_t *count;    /* rows by bin (n - 1 of axis 0 [, n - 1 of axis 1]) or by level (n) */
    int64_t rows;            /* used: with a value in the column(s) */
    int64_t empty;           /* two columns: cells without rows, whose effect is their nearest neighbor's */
} ken_ale_view;

/* ALE of a model, recipe included, on one raw column, or the second-order ALE of two columns of numbers: what
 * they do together beyond what each does by itself.
 *
 * table     rows with all columns of the model.
 * features  n_features (1 or 2) different numbers of ken_model_feature.
 * params    NULL: defaults.
 * errors    KEN_E_ARG · KEN_E_UNSUPPORTED a text column, a category among two columns · KEN_E_VALUE no usable
 *           value, fewer than two different ones, more than 1000 levels · KEN_E_NOT_FOUND · KEN_E_CANCELLED
 * cost      2 predictions a row (two columns: 4); categories: 3, and levels^2 * columns.
 * random    stream "ale.rows" when max_rows cuts.
 * source    Apley & Zhu 2020, J. Royal Statistical Society B 82(4). Peers: R ALEPlot, alibi, PyALE */
KEN_API ken_status ken_explain_ale(ken_ctx *ctx, const ken_model *model, const ken_table *table,
                                   const int *features, int n_features, const ken_ale_params *params,
                                   ken_ale **out);
KEN_API const ken_ale_view *ken_ale_get(const ken_ale *ale);
KEN_API void ken_ale_free(ken_ale *ale); /* NULL is fine */

KEN_END_C

#endif
