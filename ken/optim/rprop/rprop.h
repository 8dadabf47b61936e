/* Rprop: see rprop.md. */
#ifndef KEN_OPTIM_RPROP_RPROP_H
#define KEN_OPTIM_RPROP_RPROP_H

#include "ken/optim/optim.h"

KEN_BEGIN_C

typedef struct ken_rprop_params {
    double learning_rate, shrink, grow, least, most;
} ken_rprop_params;

#define KEN_RPROP_DEFAULTS \
    {.learning_rate = 0.01, .shrink = 0.5, .grow = 1.2, .least = 1e-6, .most = 50}

extern KEN_API const ken_desc ken_rprop_desc;
KEN_DEFINE_OPTIMIZER(rprop)

KEN_END_C

#endif
