/* Drop-column importance: how much worse the model gets when it has to learn without a column. */
#ifndef KEN_EXPLAIN_DROP_COLUMN_H
#define KEN_EXPLAIN_DROP_COLUMN_H

#include "ken/core/model.h"

KEN_BEGIN_C

typedef struct ken_drop_column_params {
    int64_t folds;      /* of the cross-validation, 2 .. 1000 */
    const char *metric; /* NULL: the one that `train` goes by */
} ken_drop_column_params;
#define KEN_DROP_COLUMN_DEFAULTS {5, NULL}

/* The loss of score by learning without one column, positive when the column helps whatever the direction of the
 * metric. */
typedef struct ken_drop_column_row {
    int feature;  /* of ken_model_feature */
    double score; /* without it, mean over the folds */
    double mean;  /* loss of score, over the folds */
    double se;    /* its standard error: sd over the folds / sqrt(folds) */
    double p;     /* corrected resampled t-test of a loss of 0; NaN: one fold with a score */
} ken_drop_column_row;

typedef struct ken_drop_column_info {
    const char *metric; /* the catalog's, lives as long as the program */
    bool higher_is_better;
    double score;       /* with all columns, mean over the folds */
    int64_t folds, rows;
} ken_drop_column_info;

/* Fit clones of the model, recipe included, on the same folds with all its columns and without each in turn.
 *
 * model    fitted; it gives the thing, its parameters, its columns and its task, and stays as it is.
 * data     table, target and what else the fit had (weight, group, time, role); rows of role TEST take no part.
 * params   NULL: defaults.
 * info     out, may be NULL.
 * out      (n_features) of the caller, sorted by falling mean (ties: by column).
 * errors   KEN_E_STATE not fitted · KEN_E_ARG no target, a metric of another task · KEN_E_NOT_FOUND a column or the
 *          metric · KEN_E_VALUE a model of a single column · KEN_E_CANCELLED · those of fit and splitter
 * cost     (n_features + 1) * folds fits
 * random   those of the splitter and of the model
 * source   Parr et al. 2018, "Beware default random forest importances"; the test: Nadeau & Bengio 2003.
 *          Peer: rfpimp.dropcol_importances */
KEN_API ken_status ken_explain_drop_column(ken_ctx *ctx, const ken_model *model, const ken_data *data,
                                           const ken_drop_column_params *params, ken_drop_column_info *info,
                                           ken_drop_column_row *out);

KEN_END_C

#endif
