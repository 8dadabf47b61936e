/* Prediction of models whose margins are linear: attributes coef (m, d), intercept (m) and center (d), with m
 * 1 for regression and two classes, else one per class. For the descriptors of such models. */
#ifndef KEN_LINEAR_LINEAR_PREDICT_H
#define KEN_LINEAR_LINEAR_PREDICT_H

#include "ken/core/model.h"

KEN_BEGIN_C

/* value (regression), proba (classes: sigmoid or softmax of the margins), margin, contributions. */
int64_t ken__linear_model_width(const ken_model *model, ken_what what);
ken_status ken__linear_model_predict(ken_ctx *ctx, const ken_model *model, const ken_table *X, ken_what what,
                                     double *out);
/* The attributes must fit the inputs and classes. */
ken_status ken__linear_model_open(ken_ctx *ctx, ken_model *model, void **state);

KEN_END_C

#endif
