/* AdamW: see adamw.md. */
#ifndef KEN_OPTIM_ADAMW_ADAMW_H
#define KEN_OPTIM_ADAMW_ADAMW_H

#include "ken/optim/optim.h"

KEN_BEGIN_C

typedef struct ken_adamw_params {
    double learning_rate, beta1, beta2, epsilon, weight_decay;
} ken_adamw_params;

#define KEN_ADAMW_DEFAULTS \
    {.learning_rate = 0.001, .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-8, .weight_decay = 0.01}

extern KEN_API const ken_desc ken_adamw_desc;
KEN_DEFINE_OPTIMIZER(adamw)

KEN_END_C

#endif
