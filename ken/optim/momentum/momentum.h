/* Heavy-ball momentum: see momentum.md. */
#ifndef KEN_OPTIM_MOMENTUM_MOMENTUM_H
#define KEN_OPTIM_MOMENTUM_MOMENTUM_H

#include "ken/optim/optim.h"

KEN_BEGIN_C

typedef struct ken_momentum_params {
    double learning_rate, momentum, dampening, weight_decay;
} ken_momentum_params;

#define KEN_MOMENTUM_DEFAULTS \
    {.learning_rate = 0.01, .momentum = 0.9}

extern KEN_API const ken_desc ken_momentum_desc;
KEN_DEFINE_OPTIMIZER(momentum)

KEN_END_C

#endif
