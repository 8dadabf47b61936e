/* Newton's method and L-BFGS as optimizers: they look at values and curvatures, so they run on objectives
 * (ken/optim/descent.h), not on gradients alone. The algorithm of the latter: ken/math/lbfgs.h. */
#ifndef KEN_OPTIM_SECOND_ORDER_SECOND_ORDER_H
#define KEN_OPTIM_SECOND_ORDER_SECOND_ORDER_H

#include "ken/optim/optim.h"

KEN_BEGIN_C

enum { KEN_NEWTON_KEEP = 0, KEN_NEWTON_SHIFT, KEN_NEWTON_ABSOLUTE };

typedef struct ken_newton_params {
    double learning_rate, damping;
    int negative; /* KEN_NEWTON_* */
    bool line_search;
} ken_newton_params;
#define KEN_NEWTON_DEFAULTS {1, 0, KEN_NEWTON_SHIFT, true}

typedef struct ken_lbfgs_params {
    int64_t memory;
} ken_lbfgs_params;
#define KEN_LBFGS_DEFAULTS {10}

extern KEN_API const ken_desc ken_newton_desc, ken_lbfgs_desc;

/* One step of Newton's method from x with gradient g and value f: x moves; *moved false: no step lowers f.
 * H (n, n) is the Hessian at x before the step.
 * errors  KEN_E_NOMEM, KEN_E_VALUE: the Hessian is not finite */
ken_status ken__newton_step(ken_ctx *ctx, const ken_newton_params *params, double rate, const ken_surface *s,
                            double f, const double *g, double *H, double *x, bool *moved);

KEN_END_C

#endif
