/* The lasso: least squares with a penalty on the absolute values of the coefficients. */
#ifndef KEN_LINEAR_LASSO_LASSO_H
#define KEN_LINEAR_LASSO_LASSO_H

#include "ken/core/model.h"
#include "ken/linear/linear_cd.h"

KEN_BEGIN_C

typedef struct ken_lasso_params {
    double alpha;
    bool fit_intercept, positive;
    int solver;    /* KEN_CD_AUTO, KEN_CD_GRAM, KEN_CD_RESIDUAL */
    int selection; /* KEN_CD_CYCLIC, KEN_CD_RANDOM */
    int step_unit; /* KEN_CD_PASS, KEN_CD_COORDINATE */
    int64_t max_iter;
    double tol;
} ken_lasso_params;

#define KEN_LASSO_DEFAULTS \
    {.alpha = 1, .fit_intercept = true, .max_iter = 10000, .tol = 1e-10}

extern KEN_API const ken_desc ken_lasso_desc;
KEN_DEFINE_NEW(lasso)

/* For the path. */
ken_cd_options ken__lasso_options(const ken_lasso_params *params);

KEN_END_C

#endif
