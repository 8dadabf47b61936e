/* Dummy: a prediction that looks at no feature, there to be beaten. */
#ifndef KEN_BASELINE_DUMMY_DUMMY_H
#define KEN_BASELINE_DUMMY_DUMMY_H

#include "ken/core/model.h"

KEN_BEGIN_C

enum {
    KEN_DUMMY_AUTO = 0, /* mean for numbers, prior for classes */
    KEN_DUMMY_MEAN,
    KEN_DUMMY_MEDIAN,
    KEN_DUMMY_QUANTILE,
    KEN_DUMMY_CONSTANT,
    KEN_DUMMY_PRIOR,
    KEN_DUMMY_MAJORITY,
    KEN_DUMMY_UNIFORM
};

typedef struct ken_dummy_params {
    int strategy;    /* KEN_DUMMY_* */
    double quantile; /* with strategy=quantile */
    double constant; /* with strategy=constant */
} ken_dummy_params;

#define KEN_DUMMY_DEFAULTS {.strategy = KEN_DUMMY_AUTO, .quantile = 0.5, .constant = 0}

extern KEN_API const ken_desc ken_dummy_desc;
KEN_DEFINE_NEW(dummy)

KEN_END_C

#endif
