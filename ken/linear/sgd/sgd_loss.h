/* Losses of linear models over some of the rows: mean value and mean gradient, for sgd. */
#ifndef KEN_LINEAR_SGD_SGD_LOSS_H
#define KEN_LINEAR_SGD_SGD_LOSS_H

#include "ken/core/model.h"
#include "ken/kernels/kernels.h"

KEN_BEGIN_C

enum { KEN_SGD_AUTO = 0, KEN_SGD_SQUARED, KEN_SGD_HUBER, KEN_SGD_LOGISTIC, KEN_SGD_HINGE };

/* Variables are v (m, p): for each output the coefficients of the d columns, then, where p is d + 1, the
 * intercept. */
typedef struct ken_sgd_loss {
    ken_ctx *ctx;
    const ken_kernels *kernels;
    const double *X, *y, *weight; /* (n, d), (n) or NULL: zeros, (n) or NULL: ones */
    const int32_t *label;         /* (n), logistic and hinge */
    int64_t d, m, p, ld;
    int loss;                     /* KEN_SGD_SQUARED ... */
    double delta;                 /* huber: where it turns from a square to a line */
    double *work, *sum;           /* a worker's; loss, weight and gradient (m, ld) */
    int64_t work_size;
    const double *v;              /* of the pass */
    const int64_t *rows;
    int64_t first;
    bool slopes;
} ken_sgd_loss;

/* Memory is scratch. X, y, label, weight, d, m, p, loss and delta are set. */
ken_status ken__sgd_loss_open(ken_ctx *ctx, ken_sgd_loss *loss);
/* Rows rows[first .. first + n), or first .. first + n where rows is NULL. *f and g (m p; NULL: not wanted) are sums
 * of w loss over n, *total (may be NULL) the sum of w. The same bits for any number of threads. */
ken_status ken__sgd_evaluate(ken_sgd_loss *loss, const int64_t *rows, int64_t first, int64_t n, const double *v,
                             double *f, double *g, double *total);

KEN_END_C

#endif
