/* RAdam: see radam.md. */
#ifndef KEN_OPTIM_RADAM_RADAM_H
#define KEN_OPTIM_RADAM_RADAM_H

#include "ken/optim/optim.h"

KEN_BEGIN_C

typedef struct ken_radam_params {
    double learning_rate, beta1, beta2, epsilon, weight_decay;
} ken_radam_params;

#define KEN_RADAM_DEFAULTS \
    {.learning_rate = 0.001, .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-8}

extern KEN_API const ken_desc ken_radam_desc;
KEN_DEFINE_OPTIMIZER(radam)

KEN_END_C

#endif
