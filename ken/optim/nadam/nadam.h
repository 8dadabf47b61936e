/* Nadam: see nadam.md. */
#ifndef KEN_OPTIM_NADAM_NADAM_H
#define KEN_OPTIM_NADAM_NADAM_H

#include "ken/optim/optim.h"

KEN_BEGIN_C

typedef struct ken_nadam_params {
    double learning_rate, beta1, beta2, epsilon, weight_decay, momentum_decay;
} ken_nadam_params;

#define KEN_NADAM_DEFAULTS \
    {.learning_rate = 0.002, .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-8, .momentum_decay = 0.004}

extern KEN_API const ken_desc ken_nadam_desc;
KEN_DEFINE_OPTIMIZER(nadam)

KEN_END_C

#endif
