/* Lion: see lion.md. */
#ifndef KEN_OPTIM_LION_LION_H
#define KEN_OPTIM_LION_LION_H

#include "ken/optim/optim.h"

KEN_BEGIN_C

typedef struct ken_lion_params {
    double learning_rate, beta1, beta2, weight_decay;
} ken_lion_params;

#define KEN_LION_DEFAULTS \
    {.learning_rate = 1e-4, .beta1 = 0.9, .beta2 = 0.99}

extern KEN_API const ken_desc ken_lion_desc;
KEN_DEFINE_OPTIMIZER(lion)

KEN_END_C

#endif
