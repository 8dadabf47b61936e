/* Linear leaves: a leaf that answers with a line in the columns on its path, not with a number.
 *
 *   leaf(x) = value + sum over its terms of coef * (held(x[feature]) - center)
 *
 * where that is a finite number; else (a value of these columns is missing, or infinite) `value` alone.
 * A finite value is held between `low` and `high` of its column, the ends of what the fit saw: lines do not
 * go on beyond them. A leaf without terms is a constant. Attributes, beside those of tree_ensemble.h, which
 * stay as they are:
 *
 *   linear_offset   i64 (nodes+1)  first term of each node
 *   linear_feature  i32 (terms)    input column
 *   linear_coef     f64 (terms)    slope
 *   linear_center   f64 (terms)    mean of the column in the leaf
 *   linear_low      f64 (inputs)   ends of each column
 *   linear_high     f64 (inputs) */
#ifndef KEN_TREE_LINEAR_H
#define KEN_TREE_LINEAR_H

#include <math.h>

#include "ken/tree/tree_ensemble.h"

KEN_BEGIN_C

/* Rows for the descriptor of a thing whose leaves may be linear. */
#define KEN_ENSEMBLE_LINEAR_ATTRS                                                                  \
    {"linear_offset", KEN_I64, "nodes+1", "linear leaves: first term of each node"},               \
        {"linear_feature", KEN_I32, "terms", "linear leaves: input column of a term"},             \
        {"linear_coef", KEN_F64, "terms", "linear leaves: slope of a term"},                       \
        {"linear_center", KEN_F64, "terms", "linear leaves: mean of the column in the leaf"},      \
        {"linear_low", KEN_F64, "inputs", "linear leaves: below it a column counts as it"},        \
        {"linear_high", KEN_F64, "inputs", "linear leaves: above it a column counts as it"}

/* The arrays to be filled by a fit (memory of the model's attributes, zeroed). */
typedef struct ken_linear_arrays {
    int64_t *offset;
    int32_t *feature;
    double *coef, *center;
    double *low, *high; /* (n_inputs) */
} ken_linear_arrays;
KEN_API ken_status ken_ensemble_new_linear(ken_ctx *ctx, ken_model *model, int64_t n_nodes,
                                           int64_t n_terms, int64_t n_inputs, ken_linear_arrays *out);

/* A checked view of the attributes. */
typedef struct ken_tree_linear {
    int64_t n_terms;
    const int64_t *offset;
    const int32_t *feature;
    const double *coef, *center;
    const double *low, *high; /* (n_inputs) */
    int32_t n_used; /* columns that some term has */
    int32_t *used;  /* (n_used) ascending */
    int32_t *slot;  /* (n_terms) place in `used` */
} ken_tree_linear;

/* *out is NULL for models without linear leaves. e: its nodes have been checked.
 * errors  KEN_E_FORMAT what is missing, of a wrong shape, out of range, not finite. KEN_E_NOMEM. */
ken_status ken__tree_linear_open(ken_ctx *ctx, const ken_model *model, const ken_ensemble *e,
                                 ken_tree_linear **out);
void ken__tree_linear_free(const ken_allocator *alloc, ken_tree_linear *linear);

/* x as it counts in the terms of a column. What is not finite stays so. */
static inline double ken__tree_linear_held(double x, double low, double high) {
    return !isfinite(x) ? x : x < low ? low : x > high ? high : x;
}
static inline double ken__tree_linear_hold(const ken_tree_linear *l, int32_t column, double x) {
    return ken__tree_linear_held(x, l->low[column], l->high[column]);
}

/* What leaf `node` (counted over all trees) says; x[column[t]] is the value for term t, held. */
static inline double ken__tree_linear_at(const ken_ensemble *e, int64_t node, const int32_t *column,
                                         const double *x) {
    const ken_tree_linear *const l = e->linear;
    double v = e->value[node];
    for (int64_t t = l->offset[node]; t < l->offset[node + 1]; t++)
        v += l->coef[t] * (x[column[t]] - l->center[t]);
    return isfinite(v) ? v : e->value[node];
}

/* The columns of one row that terms ask for, held: (n_used), to be looked up by `slot`. */
static inline void ken__tree_linear_row(const ken_tree_linear *l, const double *x, double *held) {
    for (int32_t k = 0; k < l->n_used; k++) held[k] = ken__tree_linear_hold(l, l->used[k], x[l->used[k]]);
}

/* "terms": [{"feature", "coef", "center"}, ..]; nothing for a constant. */
void ken__tree_linear_json(const ken_ensemble *e, const ken_model *model, int64_t node,
                           ken_json_writer *w);

/* --- tree_linear_shap.c: what the slopes add to contributions -------------------------------------- */
/* out (n, n_outputs * (n_inputs + 1)), pairs: (n, n_outputs * (n_inputs + 1)^2), holds those of the constants.
 * Scratch: 12 bytes a node.
 * cost  O(n * leaves * depth * points), pairs: depth times that */
ken_status ken__tree_linear_contributions(ken_ctx *ctx, const ken_ensemble *e, const ken_table *X, bool pairs,
                                          double *out);
/* The same against a background (n_background, n_inputs); weight: p! q! / (p + q + 1)!, rows and columns one
 * more than there are columns on a path.
 * cost  O(n * n_background * leaves * depth) */
ken_status ken__tree_linear_against(ken_ctx *ctx, const ken_ensemble *e, const ken_table *X,
                                    const double *background, int64_t n_background,
                                    const double *weight, double *out);

KEN_END_C

#endif
