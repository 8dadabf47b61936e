/* Descents: see descent.h. A step is recorded as a row of the path, its value, and a snapshot of the state of the
 * method: the optimizer's block, or the struct and the memory of L-BFGS. */
#include "ken/optim/descent.h"

#include <math.h>
#include <string.h>

#include "ken/core/alloc.h"
#include "ken/core/rng.h"
#include "ken/kernels/elementary.h"
#include "ken/math/lbfgs.h"
#include "ken/optim/second_order/second_order.h"

enum { DESCENT_FIXED_VIEWS = 4 };

struct ken_descent {
    ken_ctx *ctx;
    ken_surface *surface;
    const ken_desc *desc;
    void *params;       /* newton, lbfgs */
    ken_optim *optim;   /* the others */
    ken_lbfgs lbfgs;
    double *room;       /* of lbfgs */
    int64_t n, steps;   /* variables; the present iteration */
    double *x, *g, *last, *H; /* H: newton */
    double *noisy;            /* of a step; free between steps */
    double *path, *f;   /* (known + 1, n), (known + 1) */
    double *saved;      /* (known + 1, saved_size) snapshots */
    int64_t known, capacity, saved_size;
    ken_descent_state state, end; /* now; after step `known` */
    double sigma;
    uint32_t run;
    ken_tensor view[DESCENT_FIXED_VIEWS];
    ken_view views[DESCENT_FIXED_VIEWS + KEN_OPTIM_MAX_STATE];
    ken_progress at;
};

static bool descent_is_lbfgs(const ken_descent *d) { return d->desc == &ken_lbfgs_desc; }

/* --- memory ----------------------------------------------------------------------------------------------- */

static ken_status descent_reserve(ken_descent *d, int64_t rows) {
    if (rows <= d->capacity) return KEN_OK;
    const int64_t capacity = (int64_t)ken_next_capacity((size_t)d->capacity, (size_t)rows);
    if ((uint64_t)capacity > SIZE_MAX / 16 / (size_t)(d->n + 1 + d->saved_size))
        return KEN_FAIL(d->ctx, KEN_E_LIMIT, "take fewer steps", "descent: the path is too long");
    const size_t old = (size_t)d->capacity, now = (size_t)capacity, n = (size_t)d->n, size = (size_t)d->saved_size;
    KEN_TRY(ken_grow(d->ctx, (void **)&d->path, old * n, now * n, sizeof(double)));
    KEN_TRY(ken_grow(d->ctx, (void **)&d->f, old, now, sizeof(double)));
    KEN_TRY(ken_grow(d->ctx, (void **)&d->saved, old * size, now * size, sizeof(double)));
    d->capacity = capacity;
    return KEN_OK;
}

/* The struct of L-BFGS in doubles, rounded up. */
enum { DESCENT_LBFGS_SIZE = (sizeof(ken_lbfgs) + sizeof(double) - 1) / sizeof(double) };

static int64_t descent_lbfgs_room(const ken_descent *d) {
    return ken_lbfgs_room(d->n, ((const ken_lbfgs_params *)d->params)->memory);
}

static void descent_save(ken_descent *d) {
    double *to = d->saved + d->steps * d->saved_size;
    if (d->optim) memcpy(to, ken_optimizer_state(d->optim), (size_t)d->saved_size * sizeof *to);
    if (descent_is_lbfgs(d)) {
        memcpy(to, &d->lbfgs, sizeof d->lbfgs);
        memcpy(to + DESCENT_LBFGS_SIZE, d->room, (size_t)descent_lbfgs_room(d) * sizeof *to);
    }
}

/* What can be seen at the present iteration. */
static void descent_look(ken_descent *d) {
    const double *x = d->path + d->steps * d->n, *before = d->steps > 0 ? x - d->n : x;
    for (int64_t i = 0; i < d->n; i++) d->last[i] = x[i] - before[i];
    ken_surface_gradient(d->surface, x, d->g);
    if (d->H) ken_surface_hessian(d->surface, before, d->H);
    d->at.iteration = d->steps;
    d->at.objective = d->f[d->steps];
}

/* To a recorded iteration. */
static void descent_restore(ken_descent *d, int64_t to) {
    const double *from = d->saved + to * d->saved_size;
    d->steps = to;
    d->state = to == d->known ? d->end : KEN_DESCENT_MOVING;
    if (d->optim) {
        memcpy(ken_optimizer_state(d->optim), from, (size_t)d->saved_size * sizeof *from);
        ken_optimizer_set_steps(d->optim, to);
    }
    if (descent_is_lbfgs(d)) {
        memcpy(&d->lbfgs, from, sizeof d->lbfgs);
        memcpy(d->room, from + DESCENT_LBFGS_SIZE, (size_t)descent_lbfgs_room(d) * sizeof *from);
    }
    memcpy(d->x, d->path + to * d->n, (size_t)d->n * sizeof *d->x);
    descent_look(d);
}

/* --- a step ----------------------------------------------------------------------------------------------- */

static ken_status descent_evaluate(void *arg, const double *x, double *f, double *g) {
    const ken_descent *d = arg;
    *f = ken_surface_value(d->surface, x);
    ken_surface_gradient(d->surface, x, g);
    return KEN_OK;
}

static bool descent_finite(const ken_descent *d, double f) {
    bool finite = fabs(f) <= 1e30 * (1 + fabs(d->f[0]));
    for (int64_t i = 0; i < d->n; i++) finite &= isfinite(d->x[i]) != 0;
    return finite;
}

/* x moves; what the method remembers moves on. */
static ken_status descent_move(ken_descent *d, bool *moved) {
    *moved = true;
    if (descent_is_lbfgs(d)) {
        KEN_TRY(ken_lbfgs_step(&d->lbfgs));
        memcpy(d->x, d->lbfgs.x, (size_t)d->n * sizeof *d->x);
        *moved = memcmp(d->x, d->path + d->steps * d->n, (size_t)d->n * sizeof *d->x) != 0;
        return KEN_OK;
    }
    const double *g = d->g;
    if (d->sigma > 0) {
        ken_rng rng = ken_rng_stream(d->ctx, "descent.noise", (uint64_t)d->run << 32 | (uint64_t)d->steps);
        for (int64_t i = 0; i < d->n; i++) d->noisy[i] = d->g[i] + d->sigma * ken_rng_normal(&rng);
        g = d->noisy;
    }
    if (d->optim) {
        ken_optimizer_step(d->optim, d->x, g);
        return KEN_OK;
    }
    const ken_newton_params *p = d->params;
    return ken__newton_step(d->ctx, p, p->learning_rate, d->surface, d->f[d->steps], g, d->H, d->x, moved);
}

ken_status ken_descent_step(ken_descent *d) {
    bool moved;
    if (d->state != KEN_DESCENT_MOVING) return KEN_OK;
    KEN_TRY(ken_check_cancel(d->ctx));
    if (d->steps < d->known) {
        descent_restore(d, d->steps + 1);
        return KEN_OK;
    }
    KEN_TRY(descent_reserve(d, d->steps + 2));
    KEN_TRY(descent_move(d, &moved));
    if (!moved) { /* no iteration: nothing happened */
        d->state = d->end = KEN_DESCENT_STILL;
        return KEN_OK;
    }
    d->known = ++d->steps;
    memcpy(d->path + d->steps * d->n, d->x, (size_t)d->n * sizeof *d->x);
    d->f[d->steps] = ken_surface_value(d->surface, d->x);
    if (!descent_finite(d, d->f[d->steps])) d->state = d->end = KEN_DESCENT_DIVERGED;
    descent_save(d);
    descent_look(d);
    return KEN_OK;
}

ken_status ken_descent_seek(ken_descent *d, int64_t to) {
    to = KEN_MAX(to, 0);
    if (to < d->steps || d->steps < d->known) descent_restore(d, KEN_MIN(to, d->known));
    while (d->steps < to && d->state == KEN_DESCENT_MOVING) KEN_TRY(ken_descent_step(d));
    return KEN_OK;
}

/* --- beginning -------------------------------------------------------------------------------------------- */

static ken_status descent_begin(ken_descent *d) {
    d->steps = d->known = 0;
    d->state = d->end = KEN_DESCENT_MOVING;
    memcpy(d->x, d->path, (size_t)d->n * sizeof *d->x);
    d->f[0] = ken_surface_value(d->surface, d->x);
    if (!isfinite(d->f[0]) || !descent_finite(d, d->f[0]))
        return KEN_FAIL(d->ctx, KEN_E_VALUE, "start elsewhere", "descent: %s is %g at the start",
                        ken_surface_desc(d->surface)->name, d->f[0]);
    if (d->optim) ken_optimizer_reset(d->optim);
    if (descent_is_lbfgs(d))
        KEN_TRY(ken_lbfgs_begin_in(d->ctx, d->n, ((const ken_lbfgs_params *)d->params)->memory,
                                   descent_evaluate, d, d->x, d->room, &d->lbfgs));
    descent_save(d);
    descent_look(d);
    return KEN_OK;
}

static void descent_open_views(ken_descent *d) {
    int n = 0;
    d->view[0] = ken_tensor_1d(d->x, KEN_F64, d->n);
    d->view[1] = ken_tensor_1d(d->g, KEN_F64, d->n);
    d->view[2] = ken_tensor_1d(d->last, KEN_F64, d->n);
    d->view[3] = ken_tensor_2d(d->H, KEN_F64, d->n, d->n);
    d->views[n++] = (ken_view){"x", &d->view[0]};
    d->views[n++] = (ken_view){"gradient", &d->view[1]};
    d->views[n++] = (ken_view){"step", &d->view[2]};
    if (d->H) d->views[n++] = (ken_view){"hessian", &d->view[3]};
    if (d->optim) n += ken_optimizer_views(d->optim, d->views + n, KEN_OPTIM_MAX_STATE);
    d->at.what = d->desc->name;
    d->at.validation = (double)NAN;
    d->at.views = d->views;
    d->at.n_views = n;
}

static ken_status descent_open_method(ken_descent *d, const void *params) {
    ken_ctx *ctx = d->ctx;
    if (!d->desc->optimizer->second_order) {
        KEN_TRY(ken_optimizer_new_desc(ctx, d->desc, params, d->n, &d->optim));
        d->saved_size = ken_optimizer_state_size(d->optim);
        return KEN_OK;
    }
    if (!params) params = d->desc->defaults;
    KEN_TRY(ken_params_check(ctx, d->desc, params));
    KEN_TRY(ken_alloc(ctx, 1, d->desc->params_size, &d->params));
    memcpy(d->params, params, d->desc->params_size);
    if (!descent_is_lbfgs(d)) return KEN_ALLOC(ctx, double, d->n * d->n, &d->H);
    d->saved_size = DESCENT_LBFGS_SIZE + descent_lbfgs_room(d);
    return KEN_ALLOC(ctx, double, descent_lbfgs_room(d), &d->room);
}

static ken_status descent_build(ken_descent *d, const void *params, const double *start) {
    ken_ctx *ctx = d->ctx;
    if (d->desc->kind != KEN_OPTIMIZER)
        return KEN_FAIL(ctx, KEN_E_ARG, "'ken models' lists the optimizers", "'%s' is a %s, not an optimizer",
                        d->desc->name, ken_kind_name(d->desc->kind));
    KEN_TRY(descent_open_method(d, params));
    double **vectors[] = {&d->x, &d->g, &d->noisy, &d->last};
    for (int i = 0; i < KEN_COUNT(vectors); i++) KEN_TRY(KEN_ALLOC(ctx, double, d->n, vectors[i]));
    KEN_TRY(descent_reserve(d, 1));
    if (start) memcpy(d->path, start, (size_t)d->n * sizeof *start);
    else ken_surface_start(d->surface, d->path);
    descent_open_views(d);
    return descent_begin(d);
}

ken_status ken_descent_new_desc(ken_ctx *ctx, ken_surface *surface, const ken_desc *optimizer,
                                const void *params, const double *start, ken_descent **out) {
    ken_descent *d = NULL;
    *out = NULL;
    const ken_status made = KEN_ALLOC(ctx, ken_descent, 1, &d);
    if (made != KEN_OK) {
        ken_surface_free(surface);
        return made;
    }
    d->ctx = ctx;
    d->surface = surface;
    d->desc = optimizer;
    d->n = ken_surface_dims(surface);
    const ken_status status = descent_build(d, params, start);
    if (status != KEN_OK) {
        ken_descent_free(d);
        return status;
    }
    *out = d;
    return KEN_OK;
}

void ken_descent_free(ken_descent *d) {
    if (!d) return;
    ken_ctx *ctx = d->ctx;
    ken_surface_free(d->surface);
    ken_optimizer_free(d->optim);
    void *const blocks[] = {d->params, d->room, d->x, d->g, d->noisy, d->last, d->H, d->path, d->f, d->saved};
    for (int i = 0; i < KEN_COUNT(blocks); i++) ken_free(ctx, blocks[i]);
    ken_free(ctx, d);
}

ken_status ken_descent_restart(ken_descent *d, const double *start) {
    if (start) memcpy(d->path, start, (size_t)d->n * sizeof *start);
    return descent_begin(d);
}

ken_status ken_descent_set_noise(ken_descent *d, double sigma, uint32_t run) {
    if (!(sigma >= 0) || isinf(sigma))
        return KEN_FAIL(d->ctx, KEN_E_ARG, "give 0 or more", "descent: noise of %g", sigma);
    if (sigma > 0 && descent_is_lbfgs(d))
        return KEN_FAIL(d->ctx, KEN_E_UNSUPPORTED, "use gd, momentum or adam with noise",
                        "lbfgs: its line search needs exact gradients");
    d->sigma = sigma;
    d->run = run;
    return descent_begin(d);
}

ken_status ken_descent_set(ken_descent *d, const char *name, const char *value) {
    if (descent_is_lbfgs(d) && ken_desc_param(d->desc, name))
        return KEN_FAIL(d->ctx, KEN_E_STATE, "make a new descent with it", "lbfgs: %s cannot change on the way", name);
    if (d->optim)
        KEN_TRY(ken_optimizer_set(d->ctx, d->optim, name, value));
    else
        KEN_TRY(ken_param_set(d->ctx, d->desc, d->params, name, value));
    d->known = d->steps;
    d->end = d->state;
    return KEN_OK;
}

/* --- looking ---------------------------------------------------------------------------------------------- */

const ken_progress *ken_descent_at(const ken_descent *d) { return &d->at; }
ken_descent_state ken_descent_where(const ken_descent *d) { return d->state; }
const ken_surface *ken_descent_surface(const ken_descent *d) { return d->surface; }
const ken_desc *ken_descent_optimizer(const ken_descent *d) { return d->desc; }

const ken_tensor *ken_descent_view(const ken_descent *d, const char *name) {
    for (int i = 0; i < d->at.n_views; i++)
        if (strcmp(d->at.views[i].name, name) == 0) return d->at.views[i].tensor;
    return NULL;
}

const double *ken_descent_path(const ken_descent *d, int64_t *count) {
    *count = d->known + 1;
    return d->path;
}
const double *ken_descent_values(const ken_descent *d, int64_t *count) {
    *count = d->known + 1;
    return d->f;
}

double ken_descent_distance(const ken_descent *d) {
    double best = (double)NAN;
    bool global;
    /* `noisy` is free between steps. */
    for (int i = 0; ken_surface_minimum(d->surface, i, d->noisy, &global); i++) {
        double sum = 0;
        for (int64_t j = 0; j < d->n; j++) sum += (d->x[j] - d->noisy[j]) * (d->x[j] - d->noisy[j]);
        if (!(sqrt(sum) >= best)) best = sqrt(sum);
    }
    return best;
}

double ken_descent_bound_convex(double L, double distance, int64_t k) {
    return k > 0 ? L * distance * distance / (2 * (double)k) : INFINITY;
}
double ken_descent_bound_strong(double L, double mu, double gap, int64_t k) {
    return ken_pow(1 - mu / L, (double)k) * gap;
}
double ken_descent_factor_gd(double L, double mu) { return (L - mu) / (L + mu); }
double ken_descent_factor_momentum(double L, double mu) {
    return (sqrt(L) - sqrt(mu)) / (sqrt(L) + sqrt(mu));
}
double ken_descent_factor(const ken_descent *d, double least, int64_t steps) {
    if (steps < 1 || steps > d->steps) return (double)NAN;
    const double now = d->f[d->steps] - least, before = d->f[d->steps - steps] - least;
    return now > 0 && before > 0 ? ken_pow(now / before, 1 / (double)steps) : (double)NAN;
}
