/* Evaluation of a fitted model on rows it has not seen: every metric that suits, with intervals. */
#ifndef KEN_SELECT_EVALUATE_H
#define KEN_SELECT_EVALUATE_H

#include "ken/select/select_predictions.h"

KEN_BEGIN_C

typedef struct ken_evaluation_metric {
    const ken_desc *desc;
    ken_interval interval;
} ken_evaluation_metric;

typedef struct ken_evaluation {
    int n_metrics;
    ken_evaluation_metric *metric;   /* in the catalog's order, the default metric first */
    double level;
    ken_predictions predictions;     /* task, classes, rows, missing and unseen counts are here */
    double *confusion;               /* (k + 1, k): truth by prediction, in weights of rows; the last
                                        row: unseen classes. NULL for regression and
                                        for more than 2000 classes */
    ken_allocator alloc;
} ken_evaluation;

typedef struct ken_evaluate_options {
    double level;                      /* of the intervals */
    bool all_metrics;                  /* also those that are not marked main */
    bool intervals;                    /* false: values only, quicker */
    const ken_desc *const *metrics;    /* NULL-ended: just these; NULL: by task */
    const ken_column *group;           /* for metrics of ranking: computed by themselves where the target
                                          is a degree of relevance, whole numbers 0 to 30 */
    const ken_column *event, *upper;   /* for metrics of survival; at most one of the two */
} ken_evaluate_options;
#define KEN_EVALUATE_DEFAULTS {0.95, false, true, NULL, NULL, NULL, NULL}

/* Names of columns that stand beside the target; NULL: not named. */
typedef struct ken_evaluate_columns {
    const char *weight, *group, *event, *upper;
} ken_evaluate_columns;
/* What a fitted model is judged against in a table: its target and the columns that are named; where none of
 * group, event and upper is, and its predictions are no plain values, those of its fit.
 *
 * out     views of the table.
 * errors  KEN_E_NOT_FOUND a column · KEN_E_UNSUPPORTED the model learned without a target */
KEN_API ken_status ken_evaluate_data(ken_ctx *ctx, const ken_model *model, const ken_table *table,
                                     const ken_evaluate_columns *named, ken_data *out);

/* options  NULL: defaults.
 * rows     NULL: all rows of the table (else n of them): the test rows of a hold-out.
 * out      freed by ken_evaluation_free, also after an error.
 * errors   KEN_E_STATE not fitted · KEN_E_VALUE no row has a target · those of predict and metrics
 * A warning says how many rows are of unseen classes (counted as wrong) or have no target (left out). */
KEN_API ken_status ken_evaluate(ken_ctx *ctx, const ken_model *model, const ken_table *table,
                                const ken_column *target, const ken_column *weight,
                                const int64_t *rows, int64_t n,
                                const ken_evaluate_options *options, ken_evaluation *out);
KEN_API void ken_evaluation_free(ken_evaluation *e); /* NULL is fine */
/* The metric of that name; NULL: not there. */
KEN_API const ken_evaluation_metric *ken_evaluation_find(const ken_evaluation *e, const char *name);

KEN_END_C

#endif
