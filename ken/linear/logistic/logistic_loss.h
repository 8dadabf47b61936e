/* The objective of logistic regression: value, gradient and Hessian in one pass over the rows. */
#ifndef KEN_LINEAR_LOGISTIC_LOGISTIC_LOSS_H
#define KEN_LINEAR_LOGISTIC_LOGISTIC_LOSS_H

#include "ken/core/model.h"
#include "ken/kernels/kernels.h"

KEN_BEGIN_C

/* Variables are v (m, p): for each output (1 for two classes, else one per class) the coefficients of
 * the columns z = (x - center) * scale, then, if there is one, the intercept. The penalty is that of
 * the original coefficients v * scale: standardizing changes the path, not the solution. */
typedef struct ken_logistic_loss {
    ken_ctx *ctx;
    const ken_problem *problem;
    const ken_kernels *kernels;
    const double *weight;       /* (n) or NULL */
    const double *v;            /* the point of the pass */
    int64_t d, m, p, ld;
    double *mean;               /* (d) weighted, of the columns as they are */
    double *center, *scale;     /* (d) z = (x - center) * scale; center 0 without intercept */
    double *penalty;            /* (p): l2 * scale^2, 0 for the intercept */
    double *sum;                /* of a pass: loss, errors, gradient (m, ld), Hessian */
    double *work;               /* a worker's: rows, margins ... */
    int64_t work_size;
    double total_weight, errors;
    bool hessian;               /* wanted from the next pass, in sum */
} ken_logistic_loss;

/* Memory is scratch. second: Hessians will be asked for. */
ken_status ken__logistic_loss_open(ken_ctx *ctx, const ken_problem *problem, const double *weight,
                                   bool intercept, double l2, bool second, ken_logistic_loss *loss);
/* Value and gradient (m p) at v; a ken_objective_fn. Also sets loss->errors: the weight of rows whose
 * own class does not have the largest margin. */
ken_status ken__logistic_evaluate(void *loss, const double *v, double *f, double *gradient);
/* The Hessian of the last pass with loss->hessian, (m p, m p) of row length `ld`, penalty included. */
void ken__logistic_hessian(const ken_logistic_loss *loss, double *H, int64_t ld);

KEN_END_C

#endif
