/* One versus rest: many classes by one binary classifier per class. */
#ifndef KEN_ENSEMBLE_ONE_VS_REST_ONE_VS_REST_H
#define KEN_ENSEMBLE_ONE_VS_REST_ONE_VS_REST_H

#include "ken/core/model.h"

KEN_BEGIN_C

typedef struct ken_one_vs_rest_params {
    const char *
        base; /* a classifier's name; its parameters: ken_model_set(ctx, model, "base.l2", "0.1") */
} ken_one_vs_rest_params;

#define KEN_ONE_VS_REST_DEFAULTS {.base = "logistic"}

extern KEN_API const ken_desc ken_one_vs_rest_desc;
KEN_DEFINE_NEW(one_vs_rest)

KEN_END_C

#endif
