/* AdaBoost: weak models one after another, each on rows weighted by what those before it got wrong.
 * SAMME for classes (with two: discrete AdaBoost), R2 for numbers. */
#ifndef KEN_ENSEMBLE_ADABOOST_ADABOOST_H
#define KEN_ENSEMBLE_ADABOOST_ADABOOST_H

#include "ken/core/model.h"

KEN_BEGIN_C

typedef enum ken_adaboost_loss {
    KEN_ADABOOST_LINEAR = 0,
    KEN_ADABOOST_SQUARE,
    KEN_ADABOOST_EXPONENTIAL
} ken_adaboost_loss;

typedef struct ken_adaboost_params {
    const char *base; /* a model that takes weights; its parameters: "base.max_depth" */
    int64_t stages;
    double learning_rate;
    int loss; /* ken_adaboost_loss; numbers only */
} ken_adaboost_params;

#define KEN_ADABOOST_DEFAULTS {.base = "tree", .stages = 50, .learning_rate = 1, .loss = KEN_ADABOOST_LINEAR}

extern KEN_API const ken_desc ken_adaboost_desc;
KEN_DEFINE_NEW(adaboost)

KEN_END_C

#endif
