/* RMSprop: see rmsprop.md. */
#ifndef KEN_OPTIM_RMSPROP_RMSPROP_H
#define KEN_OPTIM_RMSPROP_RMSPROP_H

#include "ken/optim/optim.h"

KEN_BEGIN_C

typedef struct ken_rmsprop_params {
    double learning_rate, memory, momentum;
    bool centered;
    double epsilon, weight_decay;
} ken_rmsprop_params;

#define KEN_RMSPROP_DEFAULTS \
    {.learning_rate = 0.01, .memory = 0.99, .epsilon = 1e-8}

extern KEN_API const ken_desc ken_rmsprop_desc;
KEN_DEFINE_OPTIMIZER(rmsprop)

KEN_END_C

#endif
