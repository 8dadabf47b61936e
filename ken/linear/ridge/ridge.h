/* Ridge regression: least squares with a penalty on the squared length of the coefficients. */
#ifndef KEN_LINEAR_RIDGE_RIDGE_H
#define KEN_LINEAR_RIDGE_RIDGE_H

#include "ken/core/model.h"

KEN_BEGIN_C

enum { KEN_RIDGE_AUTO = 0, KEN_RIDGE_CHOLESKY, KEN_RIDGE_QR };

typedef struct ken_ridge_params {
    double alpha;
    bool fit_intercept;
    int solver; /* KEN_RIDGE_* */
} ken_ridge_params;

#define KEN_RIDGE_DEFAULTS {.alpha = 1, .fit_intercept = true, .solver = KEN_RIDGE_AUTO}

extern KEN_API const ken_desc ken_ridge_desc;
KEN_DEFINE_NEW(ridge)

KEN_END_C

#endif
