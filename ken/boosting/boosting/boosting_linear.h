/* Linear leaves of a fit: after a tree has grown, each leaf gets a line in the columns of numbers on its
 * path (ken/tree/tree_linear.h says what is stored, boosting_linear.c how it is found). */
#ifndef KEN_BOOSTING_BOOSTING_LINEAR_H
#define KEN_BOOSTING_BOOSTING_LINEAR_H

#include <math.h>

#include "ken/boosting/boosting/boosting_state.h"
#include "ken/tree/tree_linear.h"

KEN_BEGIN_C

/* An input column as it was given; f64: its values where none has a bit for "missing". */
typedef struct boosting_linear_column {
    const ken_column *column;
    const double *f64;
    double spread;    /* variance over the training rows */
    double low, high; /* their ends: a value beyond counts as the end */
} boosting_linear_column;

typedef struct boosting_linear {
    bool fits; /* false: an earlier fit has left linear leaves, this one makes none */
    double l2;
    boosting_linear_column *column; /* (inputs) */
    /* of all nodes so far, as the attributes will have them */
    int64_t *offset;
    int32_t *feature;
    double *coef, *center;
    size_t n_terms, offset_capacity, feature_capacity, coef_capacity, center_capacity;
} boosting_linear;

/* s->linear, if leaves are to be linear, or those of an earlier fit are. Errors: what cannot be combined. */
ken_status ken__boosting_linear_begin(ken_ctx *ctx, boosting_fit *s, const ken_model *model,
                                      const ken_problem *problem);
/* Takes over the leaves of an earlier fit. */
ken_status ken__boosting_linear_continue(ken_ctx *ctx, boosting_fit *s, const ken_ensemble *e);
/* Lines for the leaves of the tree just grown, whose constants have been found; the trees of the first
 * round stay constant. */
ken_status ken__boosting_linear_fit(ken_ctx *ctx, boosting_fit *s, int64_t n_sampled, const boosting_scale *scale);
/* The first n_nodes nodes as attributes. */
ken_status ken__boosting_linear_write(ken_ctx *ctx, ken_model *model, const boosting_fit *s,
                                      int64_t n_nodes);
void ken__boosting_linear_free(ken_ctx *ctx, boosting_linear *linear);

static inline double boosting_linear_cell(const boosting_linear_column *c, int64_t row) {
    const double x = c->f64 ? c->f64[row * c->column->stride] : ken_column_f64(c->column, row);
    return ken__tree_linear_held(x, c->low, c->high);
}
static inline bool ken__boosting_linear_has(const boosting_linear *l, int64_t node) {
    return l->offset[node] < l->offset[node + 1];
}
/* What leaf `node` of constant `value` says of a row, with the bits of ken__tree_linear_at. */
static inline double ken__boosting_linear_at(const boosting_linear *l, int64_t node, int64_t row,
                                             double value) {
    double v = value;
    for (int64_t t = l->offset[node]; t < l->offset[node + 1]; t++)
        v += l->coef[t] * (boosting_linear_cell(&l->column[l->feature[t]], row) - l->center[t]);
    return isfinite(v) ? v : value;
}

KEN_END_C

#endif
