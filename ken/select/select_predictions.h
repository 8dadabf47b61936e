/* What a model says about some rows, side by side with the truth: the food of metrics. */
#ifndef KEN_SELECT_PREDICTIONS_H
#define KEN_SELECT_PREDICTIONS_H

#include "ken/core/alloc.h"
#include "ken/core/model.h"
#include "ken/metrics/metrics.h"

KEN_BEGIN_C

typedef struct ken_predictions {
    ken_task task;
    ken_answer answer;   /* what `predicted` means */
    int n_classes;       /* of the model; 0 for regression */
    int64_t n;           /* rows with a target */
    int64_t n_missing;   /* rows without one: left out */
    int64_t n_unseen;    /* rows of classes that the model has never seen: label is -1 */
    int64_t *row;        /* (n) numbers of the rows in the table, from 0 */
    double *y;           /* (n) regression, else NULL */
    int32_t *label;      /* (n) the model's classes, else NULL */
    double *predicted;   /* (n) number, or class: the first of the most probable */
    double *proba;       /* (n, n_classes), else NULL */
    double *weight;      /* (n), NULL: all 1 */
    int32_t *group;      /* (n) 0 .. n_groups-1, NULL: not given */
    int32_t n_groups;
    double *upper;       /* (n) bounds of survival, NULL: not given */
    double predict_s;    /* by the context's clock; NaN without one */
    ken_allocator alloc;
} ken_predictions;

/* Predict rows of `table` and put the truth beside it.
 *
 * target, weight  columns of all the table's rows; weight may be NULL.
 * rows, n         which rows; rows NULL: all.
 * errors          those of ken_model_predict · KEN_E_VALUE a weight is missing or negative */
KEN_API ken_status ken_predictions_new(ken_ctx *ctx, const ken_model *model, const ken_table *table,
                                       const ken_column *target, const ken_column *weight,
                                       const int64_t *rows, int64_t n, ken_predictions *out);
KEN_API void ken_predictions_free(ken_predictions *p); /* NULL is fine */

/* What metrics of ranking and survival look at besides: groups, and events or upper bounds (at most
 * one of the two), columns of all the table's rows, each NULL where there is none.
 * errors  KEN_E_VALUE no group, an event that is not 0 or 1, an upper bound below the target */
KEN_API ken_status ken_predictions_side(ken_ctx *ctx, ken_predictions *p, const ken_column *group,
                                        const ken_column *event, const ken_column *upper);

/* Rows of known classes as a metric sees them. Borrows from p where no row is unseen, else lies in
 * scratch. */
KEN_API ken_status ken_predictions_scores(ken_ctx *ctx, const ken_predictions *p, ken_scores *out);

/* Metric `desc` of the predictions. Rows of unseen classes count as wrong where labels are compared,
 * and are left out where probabilities are looked at: there is none for them. */
KEN_API ken_status ken_predictions_metric(ken_ctx *ctx, const ken_predictions *p,
                                          const ken_desc *desc, double *out);
KEN_API ken_status ken_predictions_interval(ken_ctx *ctx, const ken_predictions *p,
                                            const ken_desc *desc, double level, ken_interval *out);

/* These predictions in a few words, for the choice of metrics. */
KEN_API ken_judged ken_predictions_judged(const ken_predictions *p);
/* The metrics of the catalog that suit, only `main` ones if wanted. Returns how many there are, and puts at
 * most `capacity` into `out`. */
KEN_API int ken_metrics_suited(const ken_judged *what, bool main_only, const ken_desc **out, int capacity);

KEN_END_C

#endif
