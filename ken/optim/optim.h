/* Optimizers, each a step over a vector, and objectives, surfaces to try them on: the verbs that a thing
 * of either kind gives, and a small owner for each (settings and memory). Nothing here knows a model.
 * Read next: optim/adam/adam.c (a step), optim/surfaces/surfaces.h, optim/descent.h (one runs on the
 * other). */
#ifndef KEN_OPTIM_OPTIM_H
#define KEN_OPTIM_OPTIM_H

#include "ken/core/desc.h"

KEN_BEGIN_C

enum { KEN_OPTIM_MAX_STATE = 6 };

/* What an optimizer gives. Its state is the attributes of its descriptor, in order: shape "n" is a double a
 * variable, shape "" one number; state[k] is part k, NULL where `uses` says that these parameters have no
 * need of it. A step looks at each variable alone, so a long vector may be cut into pieces, each with
 * its piece of the state (and all with the same numbers of shape ""). Nothing is allocated. */
typedef struct ken_optimizer {
    /* No step below: it needs values or curvatures too. ken_descent_new runs it on an objective. */
    bool second_order;
    bool (*uses)(const void *params, int part); /* NULL: all parts */
    /* The state before the first step; NULL: zeros. */
    void (*begin)(const void *params, double rate, int64_t n, double *const *state);
    /* Once before each step: moves the numbers of shape "" on; NULL: there are none. */
    void (*advance)(const void *params, int64_t t, double *const *state);
    /* x := x - what this optimizer makes of the gradient g (n) in step t = 1, 2 ...; rate: the learning
     * rate of this step, in place of params->learning_rate (schedules change it). */
    void (*step)(const void *params, double rate, int64_t t, int64_t n, double *x, const double *g,
                 double *const *state);
} ken_optimizer;

/* --- owner: an optimizer with its settings and state, for n variables -------------------------------- */
typedef struct ken_optim ken_optim;
/* ken_optimizer_new(ctx, "adam", "learning_rate=0.1 beta1=0.8", n, &o); settings NULL: defaults. */
KEN_API ken_status ken_optimizer_new(ken_ctx *ctx, const char *name, const char *settings, int64_t n,
                                     ken_optim **out);
/* The typed door behind ken_adam_new and the like: links one optimizer. params NULL: defaults; copied. */
KEN_API ken_status ken_optimizer_new_desc(ken_ctx *ctx, const ken_desc *desc, const void *params,
                                          int64_t n, ken_optim **out);
KEN_API void ken_optimizer_free(ken_optim *o); /* NULL is fine */
/* One step: x (n) moves, g (n) is read. Cannot fail: what is not finite stays so. */
KEN_API void ken_optimizer_step(ken_optim *o, double *x, const double *g);
/* Back to before the first step. The learning rate stays as it was set. */
KEN_API void ken_optimizer_reset(ken_optim *o);
/* Change a parameter between steps; the state stays. */
KEN_API ken_status ken_optimizer_set(ken_ctx *ctx, ken_optim *o, const char *name, const char *value);
KEN_API void ken_optimizer_set_rate(ken_optim *o, double rate);
KEN_API double ken_optimizer_rate(const ken_optim *o);
KEN_API int64_t ken_optimizer_steps(const ken_optim *o); /* done so far */
KEN_API const ken_desc *ken_optimizer_desc(const ken_optim *o);
KEN_API const void *ken_optimizer_params(const ken_optim *o);
/* A view of a part of the state ("m", "v" ...), valid as long as o; NULL: there is none. */
KEN_API const ken_tensor *ken_optimizer_view(const ken_optim *o, const char *name);
/* All parts in use; returns how many. */
KEN_API int ken_optimizer_views(const ken_optim *o, ken_view *out, int capacity);
/* Numbers of state, and the state as one block: what a snapshot copies. Steps done are not in it. */
KEN_API int64_t ken_optimizer_state_size(const ken_optim *o);
KEN_API double *ken_optimizer_state(ken_optim *o);
KEN_API void ken_optimizer_set_steps(ken_optim *o, int64_t steps);

/* g := g min(1, limit / (|g| + 1e-6)): clipping by the norm of the whole gradient. Returns |g|.
 * source  Pascanu, Mikolov & Bengio 2013 (ICML) */
KEN_API double ken_gradient_clip(double *g, int64_t n, double limit);

/* --- objectives ---------------------------------------------------------------------------------------- */
typedef struct ken_objective {
    int64_t dims;         /* variables; 0: any number from least_dims on */
    int64_t least_dims;
    double lo, hi;        /* the usual box, the same for each variable */
    double window[4];     /* a good picture of the first two variables: left, right, bottom, top */
    bool convex;
    double (*value)(const void *params, int64_t n, const double *x);
    void (*gradient)(const void *params, int64_t n, const double *x, double *g);      /* (n) */
    void (*hessian)(const void *params, int64_t n, const double *x, double *H);       /* (n, n) whole */
    void (*start)(const void *params, int64_t n, double *x);                          /* the usual one */
    /* Known minimum i: true and x (n), or false: no more are known. global: not only a local one. */
    bool (*minimum)(const void *params, int64_t n, int i, double *x, bool *global);
    /* Where known for all x: gradients change by at most L a unit of length, and at least mu. */
    bool (*curvature)(const void *params, int64_t n, double *L, double *mu);          /* NULL: not known */
} ken_objective;

/* Owner: an objective with its settings, in n variables. */
typedef struct ken_surface ken_surface;
/* ken_surface_new(ctx, "bowl", "condition=30", 2, &s). n 0: the least number that it has.
 * errors  KEN_E_SHAPE it has no such number of variables */
KEN_API ken_status ken_surface_new(ken_ctx *ctx, const char *name, const char *settings, int64_t n,
                                   ken_surface **out);
KEN_API ken_status ken_surface_new_desc(ken_ctx *ctx, const ken_desc *desc, const void *params,
                                        int64_t n, ken_surface **out);
KEN_API void ken_surface_free(ken_surface *s); /* NULL is fine */
KEN_API int64_t ken_surface_dims(const ken_surface *s);
KEN_API const ken_desc *ken_surface_desc(const ken_surface *s);
KEN_API double ken_surface_value(const ken_surface *s, const double *x);
KEN_API void ken_surface_gradient(const ken_surface *s, const double *x, double *g);
KEN_API void ken_surface_hessian(const ken_surface *s, const double *x, double *H);
KEN_API void ken_surface_start(const ken_surface *s, double *x);
KEN_API bool ken_surface_minimum(const ken_surface *s, int i, double *x, bool *global);
KEN_API bool ken_surface_curvature(const ken_surface *s, double *L, double *mu);
/* out (rows, cols): values over a grid of the first two variables, others as in the usual start; row 0 is
 * y[0]. What a contour plot needs. window: left, right, bottom, top; NULL: the usual one. */
KEN_API ken_status ken_surface_grid(ken_ctx *ctx, const ken_surface *s, const double *window,
                                    int64_t rows, int64_t cols, double *out);

/* --- for the text doors: "bowl:condition=30" or "bowl condition=30" ------------------------------------ */
/* The thing of that kind and its parameters (ken_free'd by the caller). settings: more of them, or NULL. */
ken_status ken__optim_parse(ken_ctx *ctx, ken_kind kind, const char *text, const char *settings,
                            const ken_desc **desc, void **params);

#define KEN_DEFINE_OPTIMIZER(thing)                                                              \
    static inline ken_status ken_##thing##_new(ken_ctx *ctx, const ken_##thing##_params *params, \
                                               int64_t n, ken_optim **out) {                     \
        return ken_optimizer_new_desc(ctx, &ken_##thing##_desc, params, n, out);                 \
    }

KEN_END_C

#endif
