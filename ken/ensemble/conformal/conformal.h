/* Conformal prediction: intervals with a guarantee around the predictions of any regression model. */
#ifndef KEN_ENSEMBLE_CONFORMAL_CONFORMAL_H
#define KEN_ENSEMBLE_CONFORMAL_CONFORMAL_H

#include "ken/core/model.h"

KEN_BEGIN_C

typedef enum ken_conformal_method {
    KEN_CONFORMAL_AUTO = 0, /* quantile for a base that gives quantiles; else cv up to 20,000 rows, then split */
    KEN_CONFORMAL_SPLIT,
    KEN_CONFORMAL_CV,       /* CV+; jackknife+ with as many folds as rows */
    KEN_CONFORMAL_QUANTILE  /* conformalized quantile regression */
} ken_conformal_method;

typedef struct ken_conformal_params {
    const char *base; /* a regression model; its parameters: "base.alpha" */
    double coverage;  /* share of new rows whose target shall lie in the interval */
    int method;       /* ken_conformal_method */
    double calibration; /* split, quantile: share of the rows that the base does not see */
    int64_t folds;      /* cv */
} ken_conformal_params;

#define KEN_CONFORMAL_DEFAULTS {.base = "boosting", .coverage = 0.9, .calibration = 0.25, .folds = 10}

extern KEN_API const ken_desc ken_conformal_desc;
KEN_DEFINE_NEW(conformal)

/* ceil((n + 1) coverage): which of n scores in ascending order bounds a new one with that probability. n + 1: none
 * does, the interval is infinite. */
KEN_API int64_t ken_conformal_rank(int64_t n, double coverage);

KEN_END_C

#endif
