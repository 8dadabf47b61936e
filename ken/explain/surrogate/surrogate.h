/* A surrogate: a small decision tree that imitates a model, and how well it does. */
#ifndef KEN_EXPLAIN_SURROGATE_H
#define KEN_EXPLAIN_SURROGATE_H

#include "ken/core/model.h"
#include "ken/explain/outline/outline.h"

KEN_BEGIN_C

typedef struct ken_surrogate_params {
    int64_t max_depth;  /* questions in a row, 1 .. 30 */
    int64_t max_leaves; /* 2 ..; 0: as the depth allows */
    double test;        /* share of the rows that the fidelity is measured on, above 0 and below 1 */
    int64_t max_rows;   /* use at most so many rows, drawn at random; 0: all */
} ken_surrogate_params;
#define KEN_SURROGATE_DEFAULTS {3, 0, 0.25, 0}

/* How well the tree says what the model says (not what is true). */
typedef struct ken_surrogate_info {
    double fidelity;       /* on rows that the tree did not see: R^2 of its answers against the model's, or the
                              share of rows with the same class; NaN: R^2 of a model that says one number */
    double fidelity_train; /* on those that it did */
    double baseline;       /* what the best constant would have: 0, or the share of the most frequent class */
    int64_t rows_train, rows_test;
    int64_t leaves;
    int depth;
} ken_surrogate_info;

/* Ask the model for all rows, and fit the model "tree" (with a recipe of its own) to what it says.
 *
 * table   rows with all columns of the model; the target is not needed.
 * params  NULL: defaults.
 * info    out, may be NULL.
 * out     the tree, a model like any other: freed by ken_model_free, saved, drawn, asked.
 * errors  KEN_E_STATE · KEN_E_ARG · KEN_E_NOT_FOUND a column · KEN_E_VALUE fewer than 4 rows · KEN_E_CANCELLED
 * cost    one prediction a row and one fit of a tree
 * random  stream "surrogate.rows" (max_rows), "surrogate.test" (which rows are set aside)
 * source  Craven & Shavlik 1996 (NIPS 8), Bastani et al. 2017. Peer: interpret, skater */
KEN_API ken_status ken_explain_surrogate(ken_ctx *ctx, const ken_model *model, const ken_table *table,
                                         const ken_surrogate_params *params, ken_surrogate_info *info,
                                         ken_model **out);

KEN_END_C

#endif
