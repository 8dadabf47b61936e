/* Metrics of regression: how far predicted numbers are from true ones. */
#ifndef KEN_METRICS_REGRESS_H
#define KEN_METRICS_REGRESS_H

#include "ken/metrics/metrics.h"

KEN_BEGIN_C

typedef struct ken_pinball_params {
    double quantile; /* the quantile that is predicted */
} ken_pinball_params;
#define KEN_PINBALL_DEFAULTS {0.5}

extern KEN_API const ken_desc ken_rmse_desc, ken_mae_desc, ken_median_ae_desc, ken_r2_desc, ken_mape_desc,
    ken_poisson_deviance_desc, ken_pinball_desc, ken_max_error_desc, ken_explained_variance_desc;

KEN_END_C

#endif
