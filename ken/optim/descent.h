/* A descent: an optimizer on an objective, step by step, forth and back. For lessons, races and tests.
 *
 *     ken_descent *d;
 *     KEN_TRY(ken_descent_new(ctx, "rosenbrock", "adam:learning_rate=0.1", NULL, 2, &d));
 *     KEN_TRY(ken_descent_seek(d, 200));
 *     const ken_progress *at = ken_descent_at(d);       (views: x, gradient, step, m, v)
 *
 * Everything is recorded, point, value and the optimizer's state of every step, so that going back and forth
 * costs nothing and gives the same bits: meant for objectives of few variables. */
#ifndef KEN_OPTIM_DESCENT_H
#define KEN_OPTIM_DESCENT_H

#include "ken/optim/optim.h"

KEN_BEGIN_C

typedef enum ken_descent_state {
    KEN_DESCENT_MOVING = 0,
    KEN_DESCENT_DIVERGED, /* x or f is not finite, or |f| beyond 1e30 times its size at the start */
    KEN_DESCENT_STILL     /* newton or lbfgs found no step that lowers f: converged, or caught */
} ken_descent_state;

typedef struct ken_descent ken_descent;

/* objective, optimizer: a name, with settings after a colon. start (n) NULL: the usual one of the objective; n 0:
 * its least number of variables. ctx must outlive the descent.
 * errors  those of ken_surface_new and ken_optimizer_new; KEN_E_VALUE the start is not finite */
KEN_API ken_status ken_descent_new(ken_ctx *ctx, const char *objective, const char *optimizer,
                                   const double *start, int64_t n, ken_descent **out);
/* The typed door. Takes the surface over, also on failure. params NULL: defaults. */
KEN_API ken_status ken_descent_new_desc(ken_ctx *ctx, ken_surface *surface, const ken_desc *optimizer,
                                        const void *params, const double *start, ken_descent **out);
KEN_API void ken_descent_free(ken_descent *d); /* NULL is fine */

/* One step (the recorded one, where there is one); nothing once it has diverged or stands still. errors  KEN_E_NOMEM, KEN_E_CANCELLED */
KEN_API ken_status ken_descent_step(ken_descent *d);
/* To iteration `to` (0: the start), or as far as it goes before it diverges or stands still. */
KEN_API ken_status ken_descent_seek(ken_descent *d, int64_t to);
/* Normal noise of standard deviation sigma on each component of each gradient, drawn from stream "descent.noise",
 * `run` and step: like the gradients of small batches. Starts over. KEN_E_UNSUPPORTED for lbfgs, whose line
 * search needs exact ones. */
KEN_API ken_status ken_descent_set_noise(ken_descent *d, double sigma, uint32_t run);
/* Another setting of the optimizer from the present step on; later steps are forgotten. */
KEN_API ken_status ken_descent_set(ken_descent *d, const char *name, const char *value);
/* Start over, from here (NULL: from the same start). */
KEN_API ken_status ken_descent_restart(ken_descent *d, const double *start);

/* --- looking ---------------------------------------------------------------------------------------------- */
/* iteration, objective, and views: x, gradient (there, without noise), step (the last one), and the parts of the
 * optimizer's state by name. Valid until the next step. */
KEN_API const ken_progress *ken_descent_at(const ken_descent *d);
KEN_API const ken_tensor *ken_descent_view(const ken_descent *d, const char *name); /* NULL: none */
KEN_API ken_descent_state ken_descent_where(const ken_descent *d);
KEN_API const ken_surface *ken_descent_surface(const ken_descent *d);
KEN_API const ken_desc *ken_descent_optimizer(const ken_descent *d);
/* All points so far, also those after a seek back: (*count, n) row-major, from the start on; and their values
 * (*count). Valid until the next step. */
KEN_API const double *ken_descent_path(const ken_descent *d, int64_t *count);
KEN_API const double *ken_descent_values(const ken_descent *d, int64_t *count);
/* Euclidean distance of x to the nearest known minimum; NaN: none is known. */
KEN_API double ken_descent_distance(const ken_descent *d);

/* --- what theory promises, beside what was measured -------------------------------------------------------- */
/* Gradient descent with rate 1/L on a convex function: f_k - f* <= L distance^2 / (2 k).
 * source  Nesterov 2004, corollary 2.1.2 */
KEN_API double ken_descent_bound_convex(double L, double distance, int64_t k);
/* And with curvature at least mu: f_k - f* <= (1 - mu / L)^k (f_0 - f*). */
KEN_API double ken_descent_bound_strong(double L, double mu, double gap, int64_t k);
/* Factor on the distance a step: of gradient descent with rate 2 / (L + mu), of momentum with its best pair on a
 * quadratic. source  Polyak 1964 */
KEN_API double ken_descent_factor_gd(double L, double mu);
KEN_API double ken_descent_factor_momentum(double L, double mu);
/* Measured: the geometric mean of the factors by which f - least fell over the last `steps` before the present
 * one; NaN before there are so many, or where f has reached `least`. */
KEN_API double ken_descent_factor(const ken_descent *d, double least, int64_t steps);

KEN_END_C

#endif
