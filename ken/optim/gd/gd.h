/* Gradient descent: see gd.md. */
#ifndef KEN_OPTIM_GD_GD_H
#define KEN_OPTIM_GD_GD_H

#include "ken/optim/optim.h"

KEN_BEGIN_C

typedef struct ken_gd_params {
    double learning_rate, weight_decay;
} ken_gd_params;

#define KEN_GD_DEFAULTS \
    {.learning_rate = 0.01}

extern KEN_API const ken_desc ken_gd_desc;
KEN_DEFINE_OPTIMIZER(gd)

KEN_END_C

#endif
