/* The elastic net: least squares with a penalty between those of lasso and ridge. */
#ifndef KEN_LINEAR_ELASTIC_NET_ELASTIC_NET_H
#define KEN_LINEAR_ELASTIC_NET_ELASTIC_NET_H

#include "ken/core/model.h"
#include "ken/linear/linear_cd.h"

KEN_BEGIN_C

typedef struct ken_elastic_net_params {
    double alpha;
    double l1_ratio; /* share of the penalty on absolute values, the rest on squares */
    bool fit_intercept, positive;
    int solver;    /* KEN_CD_AUTO, KEN_CD_GRAM, KEN_CD_RESIDUAL */
    int selection; /* KEN_CD_CYCLIC, KEN_CD_RANDOM */
    int step_unit; /* KEN_CD_PASS, KEN_CD_COORDINATE */
    int64_t max_iter;
    double tol;
} ken_elastic_net_params;

#define KEN_ELASTIC_NET_DEFAULTS \
    {.alpha = 1, .l1_ratio = 0.5, .fit_intercept = true, .max_iter = 10000, .tol = 1e-10}

extern KEN_API const ken_desc ken_elastic_net_desc;
KEN_DEFINE_NEW(elastic_net)

/* For the path. */
ken_cd_options ken__elastic_net_options(const ken_elastic_net_params *params);

KEN_END_C

#endif
