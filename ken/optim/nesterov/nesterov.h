/* Nesterov momentum: see nesterov.md. */
#ifndef KEN_OPTIM_NESTEROV_NESTEROV_H
#define KEN_OPTIM_NESTEROV_NESTEROV_H

#include "ken/optim/optim.h"

KEN_BEGIN_C

typedef struct ken_nesterov_params {
    double learning_rate, momentum, weight_decay;
} ken_nesterov_params;

#define KEN_NESTEROV_DEFAULTS \
    {.learning_rate = 0.01, .momentum = 0.9}

extern KEN_API const ken_desc ken_nesterov_desc;
KEN_DEFINE_OPTIMIZER(nesterov)

KEN_END_C

#endif
