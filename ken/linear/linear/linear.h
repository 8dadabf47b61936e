/* Linear regression by least squares, with standard errors, tests and intervals. */
#ifndef KEN_LINEAR_LINEAR_LINEAR_H
#define KEN_LINEAR_LINEAR_LINEAR_H

#include "ken/core/model.h"

KEN_BEGIN_C

typedef struct ken_linear_params {
    bool fit_intercept;
    double confidence; /* of the intervals, in (0, 1) */
} ken_linear_params;

#define KEN_LINEAR_DEFAULTS {.fit_intercept = true, .confidence = 0.95}

extern KEN_API const ken_desc ken_linear_desc;
KEN_DEFINE_NEW(linear)

KEN_END_C

#endif
