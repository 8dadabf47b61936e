/* Metrics of survival: targets that may be bounds only (ken_scores.upper). */
#ifndef KEN_METRICS_SURVIVAL_H
#define KEN_METRICS_SURVIVAL_H

#include "ken/metrics/metrics.h"

KEN_BEGIN_C

extern KEN_API const ken_desc ken_concordance_desc, ken_concordance_risk_desc;

KEN_END_C

#endif
