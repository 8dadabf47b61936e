/* Adam: see adam.md. */
#ifndef KEN_OPTIM_ADAM_ADAM_H
#define KEN_OPTIM_ADAM_ADAM_H

#include "ken/optim/optim.h"

KEN_BEGIN_C

typedef struct ken_adam_params {
    double learning_rate, beta1, beta2, epsilon, weight_decay;
    bool amsgrad;
} ken_adam_params;

#define KEN_ADAM_DEFAULTS \
    {.learning_rate = 0.001, .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-8}

extern KEN_API const ken_desc ken_adam_desc;
KEN_DEFINE_OPTIMIZER(adam)

KEN_END_C

#endif
