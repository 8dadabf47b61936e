/* Metrics after each round of a boosting model: where more rounds stop to help. */
#ifndef KEN_SELECT_STAGED_H
#define KEN_SELECT_STAGED_H

#include "ken/select/select_predictions.h"

KEN_BEGIN_C

/* data     the table, its target, and what metrics may look at: weight, group, event, upper
 * metrics  (n_metrics) of the task
 * out      (ken_boosting_rounds, n_metrics) row-major: after round 1, 2 ...
 * errors   KEN_E_ARG not a boosting · KEN_E_VALUE no row has a target · those of predict and
 *          metrics
 * cost     one prediction, and the metrics once a round */
KEN_API ken_status ken_staged_metrics(ken_ctx *ctx, const ken_model *model, const ken_data *data,
                                      const ken_desc *const *metrics, int n_metrics, double *out);

KEN_END_C

#endif
