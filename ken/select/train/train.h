/* Training from a table, whole: set rows aside, choose a model if none is named, fit, evaluate on the rows
 * that were set aside, and hold the result against a baseline. What `ken train` does, for C. */
#ifndef KEN_SELECT_TRAIN_H
#define KEN_SELECT_TRAIN_H

#include "ken/select/compare/compare.h"
#include "ken/select/evaluate/evaluate.h"

KEN_BEGIN_C

typedef struct ken_train_options {
    const char *target;               /* name of a column; NULL: only for a model that detects outliers */
    /* Names of columns, NULL: none. Only time is also a feature. */
    const char *weight, *group, *time;
    const char *offset, *event, *upper; /* ken_data */
    ken_task task;                    /* KEN_TASK_AUTO: from the target */
    const char *model;                /* NULL: a few are compared, the best is kept */
    const char *const *settings;      /* "name=value" each, NULL-ended; NULL: defaults. "recipe.x=…" too */
    const ken_table *validation;      /* rows that a fit stops early by, instead of a share of the others:
                                         the table's columns; for a named model that stops early. NULL: none */
    double test;                      /* share of rows set aside for evaluation, 0 .. 0.9 */
    int64_t folds;                    /* cross-validation on the training rows; 0: only to compare models */
    const char *metric;               /* to choose by; NULL: the default of the task */
    double intervals;                 /* > 0: the model gets intervals (classes: sets) of that coverage: conformal */
    ken_model *from;                  /* fitted: fitted on (ken_model_fit_on) with the settings, given back as
                                         *model, or freed after an error; instead of `model`. NULL: none */
    bool refit;                       /* `from` is refitted instead (ken_model_refit) ... */
    double decay;                     /* ... with that decay */
} ken_train_options;
#define KEN_TRAIN_DEFAULTS {.task = KEN_TASK_AUTO, .test = 0.2}

typedef struct ken_training {
    ken_table *features;              /* columns that the model was given; borrows from the table */
    ken_data data;                    /* views of the table, with role below */
    uint8_t *role;                    /* (n) training or test */
    int64_t rows_train, rows_test;    /* with a target; training rows include the next ones */
    int64_t rows_validation;          /* to stop early by: of the training rows, or those given */
    const ken_desc *metric;           /* by which models are chosen and score is given */
    double score;                     /* of the model on the rows set aside; NaN without them */
    ken_evaluation evaluation;        /* on the rows set aside; n_metrics 0 without them */
    ken_evaluation baseline;          /* the same of `dummy` */
    ken_comparison comparison;        /* n 0: a model was named */
    ken_cv_result cv;                 /* folds 0: not asked for */
    double coverage, interval_width;  /* on the rows set aside: share inside, mean width or
                                         number of classes; NaN: no intervals wanted */
    double fit_s, predict_s;          /* NaN without a clock */
    ken_allocator alloc;
} ken_training;

/* table    outlives *training (which borrows from it).
 * options  target must be set, but for a model that detects outliers: it learns from all rows, nothing is
 *          evaluated.
 * model    out: fitted on the training rows, recipe included; the caller frees it.
 * out      freed by ken_training_free, also after an error.
 * errors   KEN_E_NOT_FOUND a column, model or metric (with the nearest name) · KEN_E_ARG settings · those of
 *          fit and evaluate
 * random   streams of the hold-out and of the models; the same seed gives the same model. */
KEN_API ken_status ken_train(ken_ctx *ctx, const ken_table *table, const ken_train_options *options,
                             ken_model **model, ken_training *out);
KEN_API void ken_training_free(ken_training *training); /* NULL is fine */

/* The views of a table for a target and friends: features without the columns that are no features.
 * *features is freed by the caller. For `compare` and others that do not train. */
KEN_API ken_status ken_train_data(ken_ctx *ctx, const ken_table *table, const ken_train_options *options,
                                  ken_table **features, ken_data *data);

KEN_END_C

#endif
