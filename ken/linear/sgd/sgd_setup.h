/* What sgd does before its first step: loss and rows, learning rate, optimizer. */
#ifndef KEN_LINEAR_SGD_SGD_SETUP_H
#define KEN_LINEAR_SGD_SGD_SETUP_H

#include "ken/linear/sgd/sgd.h"
#include "ken/linear/sgd/sgd_loss.h"
#include "ken/optim/optim.h"

KEN_BEGIN_C

extern const char *const ken__sgd_optimizer_names[]; /* NULL-ended, in the order of KEN_SGD_GD ... */

ken_status ken__sgd_check(ken_ctx *ctx, const void *params);
/* The loss that task and parameters ask for, over the rows of the problem; weights have mean 1. */
ken_status ken__sgd_setup(ken_ctx *ctx, const ken_model *model, const ken_problem *problem, ken_sgd_loss *loss);
/* Weighted means of the columns over the first n rows. */
void ken__sgd_means(const ken_sgd_loss *loss, int64_t n, double *mean);
/* Weighted mean and standard deviation (0: constant) of the target; 0 and 1 for classes. */
double ken__sgd_target(const ken_sgd_loss *loss, int64_t n, double *deviation);
ken_status ken__sgd_rate(ken_ctx *ctx, const ken_sgd_params *params, ken_sgd_loss *loss, int64_t n, int64_t batch,
                         double deviation, double *rate);
ken_status ken__sgd_optimizer(ken_ctx *ctx, const ken_sgd_params *params, double rate, int64_t size,
                              ken_optim **out);

KEN_END_C

#endif
