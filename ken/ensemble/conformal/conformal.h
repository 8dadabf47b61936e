/* Conformal prediction: intervals with a guarantee around the predictions of any regression model, and sets of classes
 * with one for any classifier. */
#ifndef KEN_ENSEMBLE_CONFORMAL_CONFORMAL_H
#define KEN_ENSEMBLE_CONFORMAL_CONFORMAL_H

#include "ken/core/model.h"

KEN_BEGIN_C

typedef enum ken_conformal_method {
    KEN_CONFORMAL_AUTO = 0, /* numbers: quantile for a base that gives quantiles; else cv up to 20,000 rows, then split.
                               Classes: lac */
    KEN_CONFORMAL_SPLIT,
    KEN_CONFORMAL_CV,       /* CV+; jackknife+ with as many folds as rows */
    KEN_CONFORMAL_QUANTILE, /* conformalized quantile regression */
    KEN_CONFORMAL_LAC,      /* classes: all that are likely enough; the smallest sets */
    KEN_CONFORMAL_APS       /* classes: the likeliest until enough probability is together; the size follows the row */
} ken_conformal_method;

typedef struct ken_conformal_params {
    const char *base; /* a model; its parameters: "base.alpha" */
    double coverage;  /* share of new rows whose target shall lie in the interval or the set */
    int method;       /* ken_conformal_method */
    double calibration; /* all but cv: share of the rows that the base does not see */
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
