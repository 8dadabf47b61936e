/* Shapley values on the raw columns: what each column added to one prediction. */
#ifndef KEN_EXPLAIN_SHAP_H
#define KEN_EXPLAIN_SHAP_H

#include "ken/core/model.h"

KEN_BEGIN_C

typedef struct ken_shap ken_shap;

typedef struct ken_shap_view {
    int64_t n;            /* rows explained */
    const int64_t *row;   /* (n) row of the table, from 0 */
    int n_features;       /* raw columns of the model */
    int n_outputs;        /* 1: regression or two classes; else one a class */
    const double *value;  /* (n, n_outputs, n_features + 1): columns, then inputs made of several */
    const double *base;   /* (n, n_outputs): where the sum starts */
    const double *sum;    /* (n, n_outputs): base + all values, in the unit explained */
    bool other;           /* whether the slot of inputs made of several columns is used */
    const char *unit;     /* "value", "log odds", "score" or "probability" */
    double gap;           /* largest |sum - the model's own answer|, relative to the answers' size */
} ken_shap_view;

/* Explain rows by the contributions of the model's estimator to its inputs, added up by the raw
 * column that each input was made from (inputs of several columns go into one further slot).
 *
 * rows    n row numbers of `table`; NULL: all its rows, then n is not looked at.
 * errors  KEN_E_UNSUPPORTED the model has no contributions: use permutation importance ·
 *         KEN_E_NOT_FOUND a column · KEN_E_ARG a row number out of range · KEN_E_CANCELLED
 * cost    that of KEN_WHAT_CONTRIBUTIONS; (n_features + 3) * 8 bytes a row and output are kept.
 * source  Lundberg & Lee 2017 (NeurIPS); Lundberg et al. 2020 (trees). Peer: shap.TreeExplainer */
KEN_API ken_status ken_explain_shap(ken_ctx *ctx, const ken_model *model, const ken_table *table,
                                    const int64_t *rows, int64_t n, ken_shap **out);
/* The same against a background: columns that are not known take the values of its rows in turn, and the
 * base is the mean answer over it ("interventional"). Explains what the model does with its columns, also
 * where these never occur together.
 *
 * background  a table as for the model, some hundred rows; NULL: as above.
 * errors      also KEN_E_UNSUPPORTED the model has no such contributions (trees have) · KEN_E_ARG no rows
 * source      Lundberg et al. 2020; Janzing, Minorics & Bloebaum 2020. */
KEN_API ken_status ken_explain_shap_against(ken_ctx *ctx, const ken_model *model, const ken_table *table,
                                            const ken_table *background, const int64_t *rows, int64_t n,
                                            ken_shap **out);
KEN_API const ken_shap_view *ken_shap_get(const ken_shap *shap);
KEN_API void ken_shap_free(ken_shap *shap); /* NULL is fine */

/* One line of the account of one prediction. */
typedef struct ken_shap_part {
    int feature;         /* of ken_model_feature; -1: inputs made of several columns */
    char text[96];       /* the row's value as text, cut to fit; "" when missing */
    double contribution;
} ken_shap_part;

/* The account of explained row i (its place in the view) for one output, largest first by size.
 *
 * table  the one explained.  parts  (n_features + 1) of the caller.  n_parts  out: lines written. */
KEN_API ken_status ken_explain_row(ken_ctx *ctx, const ken_model *model, const ken_table *table,
                                   const ken_shap *shap, int64_t i, int output,
                                   ken_shap_part *parts, int *n_parts);

/* --- of any model (kernel_shap.c) --- */
typedef struct ken_kernel_shap_params {
    int64_t sets;       /* most sets of columns to ask about; all 2^d of them if so few: then it is exact */
    int64_t background; /* most rows of it, at even steps */
} ken_kernel_shap_params;
#define KEN_KERNEL_SHAP_DEFAULTS {2048, 100}
/* Shapley values against a background of a model that does not say itself what its inputs contribute: values, or
 * probabilities of classes. Where the sets are too many, by least squares; the sum is exact in either case.
 *
 * background  a table as for the model.  params  NULL: defaults.
 * errors      KEN_E_STATE · KEN_E_ARG · KEN_E_NOT_FOUND a column · KEN_E_TYPE a cell of the background that does not
 *             fit the table's column · KEN_E_CANCELLED
 * cost        rows * min(sets, 2^d) * background predictions
 * random      stream "kernel_shap.sets", index = row
 * source      Lundberg & Lee 2017; Covert & Lee 2021. Peer: shap.KernelExplainer */
KEN_API ken_status ken_explain_kernel_shap(ken_ctx *ctx, const ken_model *model, const ken_table *table,
                                           const ken_table *background, const int64_t *rows, int64_t n,
                                           const ken_kernel_shap_params *params, ken_shap **out);

/* --- two by two (shap_pairs.c) --- */
/* Matrices (n_features + 1, n_features + 1) an output, symmetric; the last row and column are inputs made of
 * several columns. Outside the diagonal each half of what two columns do together, on it what a column
 * does alone; a row adds up to the column's contribution, all of it to the answer less the base. */
typedef struct ken_shap_pairs ken_shap_pairs;
typedef struct ken_shap_pairs_view {
    int64_t n;           /* rows explained */
    int n_features, n_outputs;
    const double *value; /* (n_outputs, n_features + 1, n_features + 1) means over the rows */
    const double *size;  /* the same of absolute values */
    const double *base;  /* (n_outputs) mean of where the sums start */
    bool other;          /* whether there are inputs made of several columns */
    const char *unit;    /* as in ken_shap_view */
} ken_shap_pairs_view;
/* rows    n row numbers of `table`, one for the account of that row; NULL: all its rows.
 * errors  KEN_E_UNSUPPORTED the model has no interaction values (trees, forests, boosting have) ·
 *         KEN_E_NOT_FOUND a column · KEN_E_ARG a row out of range, no rows · KEN_E_CANCELLED
 * cost    that of KEN_WHAT_INTERACTIONS
 * source  Fujimoto, Kojadinovic & Marichal 2006; Lundberg et al. 2020. Peer: shap_interaction_values */
KEN_API ken_status ken_explain_shap_pairs(ken_ctx *ctx, const ken_model *model, const ken_table *table,
                                          const int64_t *rows, int64_t n, ken_shap_pairs **out);
KEN_API const ken_shap_pairs_view *ken_shap_pairs_get(const ken_shap_pairs *pairs);
KEN_API void ken_shap_pairs_free(ken_shap_pairs *pairs); /* NULL is fine */

KEN_END_C

#endif
