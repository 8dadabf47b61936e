/* L-BFGS: minimize a smooth function of n variables from its values and gradients, with a memory of
 * the last steps instead of a Hessian, and a line search that fulfills the strong Wolfe conditions.
 * One call is one iteration, so that a fit can stop, show and resume between them.
 *
 *     ken_lbfgs s;
 *     KEN_TRY(ken_lbfgs_begin(ctx, n, 10, fn, arg, start, &s));
 *     while (norm of s.g is too large && s.moving) KEN_TRY(ken_lbfgs_step(&s));
 *
 * source  Nocedal & Wright 2006, algorithms 7.4, 7.5 (direction), 3.5, 3.6 (line search); Hager &
 *         Zhang 2005 (when values no longer tell points apart, slopes do) */
#ifndef KEN_MATH_LBFGS_H
#define KEN_MATH_LBFGS_H

#include "ken/core/alloc.h"

KEN_BEGIN_C

/* *f := value at x (n), g (n) := gradient there. An error ends the step and is returned. */
typedef ken_status (*ken_objective_fn)(void *arg, const double *x, double *f, double *g);

typedef struct ken_lbfgs {
    int64_t n, memory, stored, newest;
    double *x, *g, f;     /* the best point so far, its gradient and value: read at will */
    bool moving;          /* false: no step decreases f in working precision */
    int64_t iterations, evaluations;
    ken_objective_fn fn;
    void *arg;
    double *next, *next_g, *direction, *s, *y, *rho, *a;
} ken_lbfgs;

/* Evaluates fn at start (n). memory: steps remembered, 5 to 20. Arrays (n (2 memory + 5) doubles) are
 * scratch of ctx: they live until the caller's mark is released.
 * errors  KEN_E_NOMEM, those of fn, KEN_E_VALUE: f is not finite at the start */
KEN_API ken_status ken_lbfgs_begin(ken_ctx *ctx, int64_t n, int64_t memory, ken_objective_fn fn,
                                   void *arg, const double *start, ken_lbfgs *out);
/* The same with the caller's memory: ken_lbfgs_room(n, memory) doubles. A copy of them and of the struct is a
 * snapshot. */
KEN_API int64_t ken_lbfgs_room(int64_t n, int64_t memory);
KEN_API ken_status ken_lbfgs_begin_in(ken_ctx *ctx, int64_t n, int64_t memory, ken_objective_fn fn,
                                      void *arg, const double *start, double *room, ken_lbfgs *out);
/* One iteration: some 1 to 3 evaluations. errors  those of fn */
KEN_API ken_status ken_lbfgs_step(ken_lbfgs *s);

KEN_END_C

#endif
