/* The owner of an optimizer: parameters, state in one block, steps done. See optim.h. */
#include "ken/optim/optim.h"

#include <math.h>
#include <string.h>

struct ken_optim {
    ken_allocator alloc;
    const ken_desc *desc;
    void *params;
    double rate;
    int64_t n, steps, size;
    double *block;                       /* the parts in use, one after another */
    double *state[KEN_OPTIM_MAX_STATE];
    ken_tensor view[KEN_OPTIM_MAX_STATE];
};

static int64_t optim_part_size(const ken_optim *o, int part) {
    const ken_optimizer *verbs = o->desc->optimizer;
    if (verbs->uses && !verbs->uses(o->params, part)) return 0;
    return *o->desc->attrs[part].shape ? o->n : 1;
}

static int optim_parts(const ken_desc *desc) {
    int parts = 0;
    while (desc->attrs && desc->attrs[parts].name) parts++;
    return parts;
}

/* The parts in use lie in one block, in the order of the descriptor. */
static ken_status optim_lay_out(ken_ctx *ctx, ken_optim *o) {
    const int parts = optim_parts(o->desc);
    int64_t at = 0;
    for (int k = 0; k < parts; k++) o->size += optim_part_size(o, k);
    KEN_TRY(KEN_ALLOC(ctx, double, o->size, &o->block));
    for (int k = 0; k < parts; k++) {
        const int64_t size = optim_part_size(o, k);
        if (size == 0 && o->n > 0) continue;
        o->state[k] = o->block + at;
        o->view[k] = *o->desc->attrs[k].shape ? ken_tensor_1d(o->state[k], KEN_F64, o->n)
                                              : ken_tensor_nd(o->state[k], KEN_F64, 0, NULL);
        at += size;
    }
    return KEN_OK;
}

static const double *optim_rate_field(const ken_optim *o) {
    const ken_param *p = ken_desc_param(o->desc, "learning_rate");
    return p ? (const double *)((const char *)o->params + p->offset) : NULL;
}

static ken_status optim_build(ken_ctx *ctx, ken_optim *o, const void *params) {
    KEN_TRY(ken_params_check(ctx, o->desc, params));
    KEN_TRY(ken_alloc(ctx, 1, o->desc->params_size, &o->params));
    memcpy(o->params, params, o->desc->params_size);
    const double *rate = optim_rate_field(o);
    o->rate = rate ? *rate : 1;
    KEN_TRY(optim_lay_out(ctx, o));
    ken_optimizer_reset(o);
    return KEN_OK;
}

ken_status ken_optimizer_new_desc(ken_ctx *ctx, const ken_desc *desc, const void *params, int64_t n,
                                  ken_optim **out) {
    ken_optim *o = NULL;
    *out = NULL;
    if (desc->kind != KEN_OPTIMIZER)
        return KEN_FAIL(ctx, KEN_E_ARG, "'ken models' lists the optimizers", "'%s' is a %s, not an optimizer",
                        desc->name, ken_kind_name(desc->kind));
    if (desc->optimizer->second_order)
        return KEN_FAIL(ctx, KEN_E_UNSUPPORTED, "run it on an objective with ken_descent_new, or use gd or adam",
                        "%s needs values and curvatures, not gradients alone", desc->name);
    if (n < 0 || (uint64_t)n > SIZE_MAX / sizeof(double) / (KEN_OPTIM_MAX_STATE + 1))
        return KEN_FAIL(ctx, KEN_E_ARG, "give the number of variables", "%s: %lld variables", desc->name,
                        (long long)n);
    KEN_TRY(KEN_ALLOC(ctx, ken_optim, 1, &o));
    o->alloc = ken_ctx_allocator(ctx);
    o->desc = desc;
    o->n = n;
    const ken_status status = optim_build(ctx, o, params ? params : desc->defaults);
    if (status != KEN_OK) {
        ken_optimizer_free(o);
        return status;
    }
    *out = o;
    return KEN_OK;
}

void ken_optimizer_free(ken_optim *o) {
    if (!o) return;
    const ken_allocator a = o->alloc;
    ken_allocator_free(&a, o->params);
    ken_allocator_free(&a, o->block);
    ken_allocator_free(&a, o);
}

void ken_optimizer_step(ken_optim *o, double *x, const double *g) {
    const ken_optimizer *verbs = o->desc->optimizer;
    o->steps++;
    if (verbs->advance) verbs->advance(o->params, o->steps, o->state);
    verbs->step(o->params, o->rate, o->steps, o->n, x, g, o->state);
}

void ken_optimizer_reset(ken_optim *o) {
    o->steps = 0;
    memset(o->block, 0, (size_t)o->size * sizeof *o->block);
    if (o->desc->optimizer->begin) o->desc->optimizer->begin(o->params, o->rate, o->n, o->state);
}

/* What a parameter changes must not need a part that is not there: such a parameter is refused. */
ken_status ken_optimizer_set(ken_ctx *ctx, ken_optim *o, const char *name, const char *value) {
    void *next;
    const int parts = optim_parts(o->desc);
    KEN_TRY(ken_alloc(ctx, 1, o->desc->params_size, &next));
    memcpy(next, o->params, o->desc->params_size);
    ken_status status = ken_param_set(ctx, o->desc, next, name, value);
    if (status == KEN_OK) status = ken_params_check(ctx, o->desc, next);
    for (int k = 0; status == KEN_OK && k < parts; k++)
        if (o->desc->optimizer->uses &&
            o->desc->optimizer->uses(next, k) != o->desc->optimizer->uses(o->params, k))
            status = KEN_FAIL(ctx, KEN_E_STATE, "make a new optimizer with it",
                              "%s: %s=%s needs another state than this optimizer has", o->desc->name,
                              name, value);
    if (status == KEN_OK) memcpy(o->params, next, o->desc->params_size);
    ken_free(ctx, next);
    const double *rate = optim_rate_field(o);
    if (status == KEN_OK && rate && strcmp(name, "learning_rate") == 0) o->rate = *rate;
    return status;
}

void ken_optimizer_set_rate(ken_optim *o, double rate) { o->rate = rate; }
double ken_optimizer_rate(const ken_optim *o) { return o->rate; }
int64_t ken_optimizer_steps(const ken_optim *o) { return o->steps; }
void ken_optimizer_set_steps(ken_optim *o, int64_t steps) { o->steps = steps; }
const ken_desc *ken_optimizer_desc(const ken_optim *o) { return o->desc; }
const void *ken_optimizer_params(const ken_optim *o) { return o->params; }
int64_t ken_optimizer_state_size(const ken_optim *o) { return o->size; }
double *ken_optimizer_state(ken_optim *o) { return o->block; }

const ken_tensor *ken_optimizer_view(const ken_optim *o, const char *name) {
    for (int k = 0; k < optim_parts(o->desc); k++)
        if (o->state[k] && strcmp(o->desc->attrs[k].name, name) == 0) return &o->view[k];
    return NULL;
}

int ken_optimizer_views(const ken_optim *o, ken_view *out, int capacity) {
    int n = 0;
    for (int k = 0; k < optim_parts(o->desc) && n < capacity; k++)
        if (o->state[k]) out[n++] = (ken_view){o->desc->attrs[k].name, &o->view[k]};
    return n;
}

double ken_gradient_clip(double *g, int64_t n, double limit) {
    double sum = 0;
    for (int64_t i = 0; i < n; i++) sum += g[i] * g[i];
    const double norm = sqrt(sum), factor = limit / (norm + 1e-6);
    if (factor < 1)
        for (int64_t i = 0; i < n; i++) g[i] *= factor;
    return norm;
}
