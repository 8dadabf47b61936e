/* Averaged gradient descent: see asgd.md. */
#ifndef KEN_OPTIM_ASGD_ASGD_H
#define KEN_OPTIM_ASGD_ASGD_H

#include "ken/optim/optim.h"

KEN_BEGIN_C

typedef struct ken_asgd_params {
    double learning_rate, rate_decay, power, start, weight_decay;
} ken_asgd_params;

#define KEN_ASGD_DEFAULTS \
    {.learning_rate = 0.01, .rate_decay = 1e-4, .power = 0.75, .start = 1e6}

extern KEN_API const ken_desc ken_asgd_desc;
KEN_DEFINE_OPTIMIZER(asgd)

KEN_END_C

#endif
