/* Effects: how the model's answer moves with one or two raw columns, on average (partial dependence)
 * and for single rows (individual conditional expectation). */
#ifndef KEN_EXPLAIN_EFFECT_H
#define KEN_EXPLAIN_EFFECT_H

#include "ken/core/model.h"

KEN_BEGIN_C

/* How the others are averaged over. BRUTE: the rows given, the definition. RECURSION: trees only, a weighted walk
 * by the covers of the training rows; no rows are asked, exact for the trees' own distribution. AUTO: recursion
 * where it gives the same unit as brute and no single rows are wanted (n_ice 0), else brute. */
typedef enum ken_effect_method { KEN_EFFECT_AUTO = 0, KEN_EFFECT_BRUTE, KEN_EFFECT_RECURSION } ken_effect_method;

typedef struct ken_effect_params {
    int64_t grid;     /* most points on an axis, 2 .. 1000 */
    int64_t max_rows; /* average over at most so many rows, drawn at random; 0: all */
    int64_t n_ice;    /* single rows to keep the curves of (one axis only), evenly from the rows used */
    double low, high; /* numbers: the quantiles where the grid begins and ends, 0 .. 1 */
    bool even;        /* numbers: even steps between them, else even steps in rank */
    int64_t output;   /* class whose probability the single rows show; -1: 1 of two classes, else 0 */
    ken_effect_method method;
    bool center;      /* single rows as differences to their answer at the first grid point (centered ICE) */
} ken_effect_params;
#define KEN_EFFECT_DEFAULTS {24, 500, 60, 0.01, 0.99, false, -1, KEN_EFFECT_AUTO, false}

typedef struct ken_effect ken_effect;

typedef struct ken_effect_axis {
    int feature;              /* of ken_model_feature */
    const char *name;
    ken_dtype dtype;
    int64_t n;
    const double *value;      /* (n) rising numbers; category: the codes of the table asked with */
    const char *const *label; /* (n) the value as text; numbers to 4 digits */
    int64_t n_marks;          /* numbers: 9 deciles of the rows, for a rug; else 0 */
    const double *marks;
} ken_effect_axis;

typedef struct ken_effect_view {
    int n_axes;               /* 1 or 2 */
    ken_effect_axis axis[2];
    int n_outputs;            /* 1: the value, or the probability of the second of two classes; else k */
    const double *mean;       /* (n_outputs, n of axis 0 [, n of axis 1]) */
    int64_t n_ice;
    int ice_output;           /* the output that the single rows show */
    const double *ice;        /* (n_ice, n of axis 0); centered where asked for */
    int64_t rows;             /* of the grid, and of the average when brute */
    ken_effect_method method; /* BRUTE or RECURSION */
    const char *unit;         /* "value", "probability", or "score" (recursion through boosting that classifies) */
} ken_effect_view;

/* Partial dependence of a model, recipe included, on one or two raw columns.
 *
 * table     rows to average over, with all columns of the model; up to two of them take the grid's
 *           values in turn. Missing cells do not enter the grid.
 * features  n_features (1 or 2) different numbers of ken_model_feature.
 * params    NULL: defaults. Grid: all distinct values when they fit, else quantiles (whole numbers
 *           and dates keep to values that occur); category: the most frequent levels, by frequency.
 * errors    KEN_E_ARG · KEN_E_UNSUPPORTED a text column has no grid; recursion asked of what it cannot walk · KEN_E_VALUE no usable value ·
 *           KEN_E_NOT_FOUND a column · KEN_E_CANCELLED
 * cost      rows * grid (* grid) predictions, at most some 4 million cells at a time; recursion: points * nodes.
 * random    stream "effect.rows" when max_rows cuts.
 * source    Friedman 2001, Annals of Statistics 29(5); Goldstein et al. 2015 (ICE).
 *           Peer: sklearn.inspection.partial_dependence */
KEN_API ken_status ken_explain_effect(ken_ctx *ctx, const ken_model *model, const ken_table *table,
                                      const int *features, int n_features,
                                      const ken_effect_params *params, ken_effect **out);
KEN_API const ken_effect_view *ken_effect_get(const ken_effect *effect);
KEN_API void ken_effect_free(ken_effect *effect); /* NULL is fine */

KEN_END_C

#endif
