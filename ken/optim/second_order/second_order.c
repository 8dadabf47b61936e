/* Newton's method: x := x - H^-1 g, with a choice of what is done where the curvature is negative (there the
 * plain step leads uphill), and L-BFGS, whose algorithm is in ken/math/lbfgs.c.
 * source  Nocedal & Wright 2006, chapter 3; Dauphin et al. 2014 (absolute curvatures) */
#include "ken/optim/second_order/second_order.h"

#include <math.h>
#include <string.h>

#include "ken/core/alloc.h"
#include "ken/math/linalg.h"

/* The curvatures that the step divides by. `least`: a thousandth of the largest. */
static void newton_mend(const ken_newton_params *p, double *values, int64_t n) {
    double top = 0, least, shift = 0;
    for (int64_t i = 0; i < n; i++) top = KEN_MAX(top, fabs(values[i]));
    least = 1e-3 * top;
    if (p->negative == KEN_NEWTON_SHIFT && values[0] < least * 1e-9) shift = least - values[0];
    for (int64_t i = 0; i < n; i++) {
        if (p->negative == KEN_NEWTON_ABSOLUTE) values[i] = fabs(values[i]);
        values[i] += shift + p->damping;
    }
}

/* step := -V diag(1 / values) V' g; a direction without curvature is left out. */
static void newton_direction(const double *values, const double *V, const double *g, int64_t n, double *step) {
    memset(step, 0, (size_t)n * sizeof *step);
    for (int64_t k = 0; k < n; k++) {
        double along = 0;
        if (values[k] == 0) continue;
        for (int64_t i = 0; i < n; i++) along += V[k * n + i] * g[i];
        for (int64_t i = 0; i < n; i++) step[i] -= along / values[k] * V[k * n + i];
    }
}

/* Halve until f falls by a part of what the slope promises (Armijo). A step uphill is taken whole. */
static bool newton_search(const ken_surface *s, double f, const double *g, const double *step, double rate,
                          int64_t n, double *x, double *next) {
    double slope = 0;
    for (int64_t i = 0; i < n; i++) slope += g[i] * step[i];
    for (int tries = 0; tries < 50; tries++, rate *= 0.5) {
        for (int64_t i = 0; i < n; i++) next[i] = x[i] + rate * step[i];
        if (slope < 0 && !(ken_surface_value(s, next) <= f + 1e-4 * rate * slope)) continue;
        memcpy(x, next, (size_t)n * sizeof *x);
        return slope != 0;
    }
    return false;
}

ken_status ken__newton_step(ken_ctx *ctx, const ken_newton_params *p, double rate, const ken_surface *s,
                            double f, const double *g, double *H, double *x, bool *moved) {
    const ken_mark mark = ken_scratch_mark(ctx);
    const int64_t n = ken_surface_dims(s);
    double *values, *V, *step, *next;
    KEN_TRY(KEN_SCRATCH(ctx, double, n, &values));
    KEN_TRY(KEN_SCRATCH(ctx, double, n * n, &V));
    KEN_TRY(KEN_SCRATCH(ctx, double, n, &step));
    KEN_TRY(KEN_SCRATCH(ctx, double, n, &next));
    ken_surface_hessian(s, x, H);
    KEN_TRY(ken_eigen_symmetric(ctx, H, n, n, values, V));
    newton_mend(p, values, n);
    newton_direction(values, V, g, n, step);
    if (p->line_search) {
        *moved = newton_search(s, f, g, step, rate, n, x, next);
    } else {
        *moved = false;
        for (int64_t i = 0; i < n; i++) {
            *moved |= step[i] != 0;
            x[i] += rate * step[i];
        }
    }
    ken_scratch_release(ctx, mark);
    return KEN_OK;
}

/* --- descriptors ------------------------------------------------------------------------------------------ */

static const char *const newton_negative[] = {"keep", "shift", "absolute", NULL};

static const ken_param newton_params[] = {
    KEN_ROW_F64(ken_newton_params, learning_rate, .min = 0, .max = 1e9, .lo = 0.1, .hi = 1,
                .doc = "share of the step; 1 lands in the minimum of a quadratic"),
    KEN_ROW_F64(ken_newton_params, damping, .min = 0, .max = 1e300, .lo = 1e-3, .hi = 100, .scale = KEN_LOG_SCALE,
                .doc = "added to every curvature: the larger, the nearer to gradient descent"),
    KEN_ROW_CHOICE(ken_newton_params, negative, newton_negative,
                   .doc = "negative curvatures: keep, the step then seeks saddles and maxima; shift, all are raised "
                          "until none is negative; absolute, their signs are dropped"),
    KEN_ROW_BOOL(ken_newton_params, line_search, .doc = "halve the step until the value falls"),
    {0}};

static const ken_attr newton_state[] = {{"hessian", KEN_F64, "n,n", "second derivatives where the step was taken"},
                                        {0}};

static const ken_param lbfgs_params[] = {
    KEN_ROW_I64(ken_lbfgs_params, memory, .min = 1, .max = 1000, .lo = 3, .hi = 20,
                .doc = "steps that are remembered in place of a Hessian"),
    {0}};

const ken_desc ken_newton_desc = {
    .name = "newton",
    .title = "Newton's method",
    .kind = KEN_OPTIMIZER,
    .params = newton_params,
    .defaults = &(const ken_newton_params)KEN_NEWTON_DEFAULTS,
    .params_size = sizeof(ken_newton_params),
    .attrs = newton_state,
    .optimizer = &(const ken_optimizer){.second_order = true},
    .doc = "Steps to the minimum of the quadratic that has the same slope and curvature: digits double near a "
           "minimum, the scale of the variables does not matter. It costs n^2 memory and n^3 time a step, and far "
           "from a minimum needs a line search and a cure for negative curvature.",
    .paper = "Nocedal & Wright 2006, chapter 3; Dauphin et al. 2014",
    .peer = "scipy.optimize.minimize(Newton-CG)",
};

const ken_desc ken_lbfgs_desc = {
    .name = "lbfgs",
    .title = "L-BFGS: Newton from remembered steps",
    .kind = KEN_OPTIMIZER,
    .params = lbfgs_params,
    .defaults = &(const ken_lbfgs_params)KEN_LBFGS_DEFAULTS,
    .params_size = sizeof(ken_lbfgs_params),
    .optimizer = &(const ken_optimizer){.second_order = true},
    .doc = "Curvature from the gradients of the last steps, and a line search that fulfills the strong Wolfe "
           "conditions: the choice for smooth objectives of many variables whose gradients carry no noise.",
    .paper = "Liu & Nocedal 1989; Nocedal & Wright 2006, alg. 7.4, 7.5",
    .peer = "scipy.optimize.minimize(L-BFGS-B)",
};

const ken_desc *const ken_second_order_things[] = {&ken_lbfgs_desc, &ken_newton_desc, NULL};
