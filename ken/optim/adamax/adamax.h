/* Adamax: see adamax.md. */
#ifndef KEN_OPTIM_ADAMAX_ADAMAX_H
#define KEN_OPTIM_ADAMAX_ADAMAX_H

#include "ken/optim/optim.h"

KEN_BEGIN_C

typedef struct ken_adamax_params {
    double learning_rate, beta1, beta2, epsilon, weight_decay;
} ken_adamax_params;

#define KEN_ADAMAX_DEFAULTS \
    {.learning_rate = 0.002, .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-8}

extern KEN_API const ken_desc ken_adamax_desc;
KEN_DEFINE_OPTIMIZER(adamax)

KEN_END_C

#endif
