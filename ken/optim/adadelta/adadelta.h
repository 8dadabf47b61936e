/* Adadelta: see adadelta.md. */
#ifndef KEN_OPTIM_ADADELTA_ADADELTA_H
#define KEN_OPTIM_ADADELTA_ADADELTA_H

#include "ken/optim/optim.h"

KEN_BEGIN_C

typedef struct ken_adadelta_params {
    double learning_rate, memory, epsilon, weight_decay;
} ken_adadelta_params;

#define KEN_ADADELTA_DEFAULTS \
    {.learning_rate = 1, .memory = 0.9, .epsilon = 1e-6}

extern KEN_API const ken_desc ken_adadelta_desc;
KEN_DEFINE_OPTIMIZER(adadelta)

KEN_END_C

#endif
