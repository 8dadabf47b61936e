/* Adagrad: see adagrad.md. */
#ifndef KEN_OPTIM_ADAGRAD_ADAGRAD_H
#define KEN_OPTIM_ADAGRAD_ADAGRAD_H

#include "ken/optim/optim.h"

KEN_BEGIN_C

typedef struct ken_adagrad_params {
    double learning_rate, rate_decay, initial, epsilon, weight_decay;
} ken_adagrad_params;

#define KEN_ADAGRAD_DEFAULTS \
    {.learning_rate = 0.01, .epsilon = 1e-10}

extern KEN_API const ken_desc ken_adagrad_desc;
KEN_DEFINE_OPTIMIZER(adagrad)

KEN_END_C

#endif
