/* The owner of an objective: parameters and a number of variables. See optim.h. */
#include <string.h>

#include "ken/core/alloc.h"
#include "ken/optim/optim.h"

struct ken_surface {
    ken_allocator alloc;
    const ken_desc *desc;
    void *params;
    int64_t n;
};

static ken_status surface_dims(ken_ctx *ctx, const ken_desc *desc, int64_t *n) {
    const ken_objective *o = desc->objective;
    const int64_t least = o->dims ? o->dims : o->least_dims;
    if (*n == 0) *n = least;
    if (o->dims ? *n == o->dims : *n >= least && *n <= (1 << 20)) return KEN_OK;
    (void)KEN_FAIL(ctx, KEN_E_SHAPE, NULL, "%s: has no %lld variables", desc->name, (long long)*n);
    ken_fail_hint(ctx, o->dims ? "it has %lld" : "it has %lld or more", (long long)least);
    return KEN_E_SHAPE;
}

static ken_status surface_build(ken_ctx *ctx, ken_surface *s, const void *params) {
    if (!s->desc->params_size) return KEN_OK;
    KEN_TRY(ken_params_check(ctx, s->desc, params));
    KEN_TRY(ken_alloc(ctx, 1, s->desc->params_size, &s->params));
    memcpy(s->params, params, s->desc->params_size);
    return KEN_OK;
}

ken_status ken_surface_new_desc(ken_ctx *ctx, const ken_desc *desc, const void *params, int64_t n,
                                ken_surface **out) {
    ken_surface *s = NULL;
    *out = NULL;
    if (desc->kind != KEN_OBJECTIVE)
        return KEN_FAIL(ctx, KEN_E_ARG, "'ken models' lists the test surfaces", "'%s' is a %s, not an objective",
                        desc->name, ken_kind_name(desc->kind));
    KEN_TRY(surface_dims(ctx, desc, &n));
    KEN_TRY(KEN_ALLOC(ctx, ken_surface, 1, &s));
    s->alloc = ken_ctx_allocator(ctx);
    s->desc = desc;
    s->n = n;
    const ken_status status = surface_build(ctx, s, params ? params : desc->defaults);
    if (status != KEN_OK) {
        ken_surface_free(s);
        return status;
    }
    *out = s;
    return KEN_OK;
}

void ken_surface_free(ken_surface *s) {
    if (!s) return;
    const ken_allocator a = s->alloc;
    ken_allocator_free(&a, s->params);
    ken_allocator_free(&a, s);
}

int64_t ken_surface_dims(const ken_surface *s) { return s->n; }
const ken_desc *ken_surface_desc(const ken_surface *s) { return s->desc; }
double ken_surface_value(const ken_surface *s, const double *x) {
    return s->desc->objective->value(s->params, s->n, x);
}
void ken_surface_gradient(const ken_surface *s, const double *x, double *g) {
    s->desc->objective->gradient(s->params, s->n, x, g);
}
void ken_surface_hessian(const ken_surface *s, const double *x, double *H) {
    s->desc->objective->hessian(s->params, s->n, x, H);
}
void ken_surface_start(const ken_surface *s, double *x) {
    s->desc->objective->start(s->params, s->n, x);
}
bool ken_surface_minimum(const ken_surface *s, int i, double *x, bool *global) {
    return s->desc->objective->minimum(s->params, s->n, i, x, global);
}
bool ken_surface_curvature(const ken_surface *s, double *L, double *mu) {
    const ken_objective *o = s->desc->objective;
    return o->curvature && o->curvature(s->params, s->n, L, mu);
}

ken_status ken_surface_grid(ken_ctx *ctx, const ken_surface *s, const double *window, int64_t rows,
                            int64_t cols, double *out) {
    const double *w = window ? window : s->desc->objective->window;
    const ken_mark mark = ken_scratch_mark(ctx);
    double *x;
    KEN_TRY(KEN_SCRATCH(ctx, double, s->n, &x));
    ken_surface_start(s, x);
    for (int64_t i = 0; i < rows; i++) {
        KEN_TRY(ken_check_cancel(ctx));
        for (int64_t j = 0; j < cols; j++) {
            x[0] = w[0] + (w[1] - w[0]) * (double)j / (double)(cols > 1 ? cols - 1 : 1);
            if (s->n > 1) x[1] = w[2] + (w[3] - w[2]) * (double)i / (double)(rows > 1 ? rows - 1 : 1);
            out[i * cols + j] = ken_surface_value(s, x);
        }
    }
    ken_scratch_release(ctx, mark);
    return KEN_OK;
}
