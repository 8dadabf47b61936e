/* Metrics: one verb for all of them. Families: classify/, regress/, rank/, survival/. */
#ifndef KEN_METRICS_METRICS_H
#define KEN_METRICS_METRICS_H

#include "ken/core/desc.h"

KEN_BEGIN_C

/* What a metric looks at. For classification label and proba (n, k) row-major; predicted is the class
 * code (argmax, first of equals) for classification and the value for regression. */
typedef struct ken_scores {
    ken_task task;
    int64_t n;
    const double *y;          /* (n) regression */
    const int32_t *label;     /* (n) classification, all in 0 .. k-1 */
    int n_classes;
    int positive;             /* binary: the class that counts as positive (default 1) */
    const double *predicted;  /* (n) */
    const double *proba;      /* (n, k); NULL for regression */
    const double *weight;     /* (n) or NULL */
    const int32_t *group;     /* (n) 0 .. n_groups-1, or NULL: all rows are one group */
    int32_t n_groups;
    const double *upper;      /* (n) the truth lies in [y, upper]; NULL: it is y */
} ken_scores;

/* What a metric needs besides truth and prediction; a set. */
enum { KEN_LOOKS_AT_GROUP = 1, KEN_LOOKS_AT_BOUNDS = 2 };

typedef struct ken_interval {
    double value, low, high;  /* NaN where undefined (one class only, say) */
    const char *method;       /* "wilson", "delong", "bootstrap", "none" */
} ken_interval;

typedef struct ken_metric {
    bool higher_is_better;
    bool binary_only;
    double best;
    /* value, NaN when undefined; params is the descriptor's struct (or NULL). scratch allowed. */
    ken_status (*value)(ken_ctx *ctx, const void *params, const ken_scores *s, double *out);
    /* NULL: percentile bootstrap. level 0.95. */
    ken_status (*interval)(ken_ctx *ctx, const void *params, const ken_scores *s, double level,
                           ken_interval *out);
    bool main;                /* shown first, and computed by evaluate */
    bool needs_proba;         /* looks at proba, not at predicted (classification) */
    uint32_t looks_at;        /* KEN_LOOKS_AT_*: computed only where there is that, or by name */
    uint32_t judges;          /* 1 << ken_answer, a set: what predictions it says something of; 0: values only */
    double class_cost;        /* work a row and class, in simple passes: fewer resamples; 0: little */
} ken_metric;

/* params NULL: the defaults. n = 0 or a NaN among the predictions: NaN.
 * errors  KEN_E_UNSUPPORTED a metric of the other task, or of two classes where there are more ·
 *         KEN_E_ARG a view that the metric needs is NULL, or n_classes or positive is out of range */
KEN_API ken_status ken_metric_value(ken_ctx *ctx, const ken_desc *metric, const void *params,
                                    const ken_scores *s, double *out);
/* Value and interval at `level` (in (0, 1)). The bootstrap draws 1000 resamples (fewer,
 * at least 100, for costly metrics of many classes) of at most 8000 rows (ken/stats/bootstrap), or of
 * whole confusion matrices for metrics of labels: same seed, same bits, for any threads. */
KEN_API ken_status ken_metric_interval(ken_ctx *ctx, const ken_desc *metric, const void *params,
                                       const ken_scores *s, double level, ken_interval *out);
/* A metric by name; it links the metrics alone, not the catalog. tasks: hints name those of one of
 * them; 0: any.
 * errors  KEN_E_NOT_FOUND with the nearest name as a hint */
KEN_API ken_status ken_metric_find(ken_ctx *ctx, const char *name, uint32_t tasks, const ken_desc **out);

/* Predictions that are to be judged, in a few words. */
typedef struct ken_judged {
    ken_task task;
    int n_classes;     /* 0 for regression */
    ken_answer answer; /* what the predictions of a regression mean */
    bool groups;       /* the rows' groups are known, and their targets are grades (0 .. 30) */
    bool bounds;       /* events or upper bounds of the targets are known */
} ken_judged;
/* The metric that `train` and `compare` go by: roc_auc for two classes, log_loss for more, rmse; ndcg of an
 * order, a concordance of risks and of times. */
KEN_API const char *ken_metric_default(const ken_judged *what);
/* Whether the metric says something of such predictions. */
KEN_API bool ken_metric_suits(const ken_desc *metric, const ken_judged *what);

KEN_END_C

#endif
