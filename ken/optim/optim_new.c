/* The text doors of optimizers and surfaces: by name through the catalog. Apart from optim.c, so that a
 * program that uses typed doors alone links no catalog. */
#include <string.h>

#include "ken/core/alloc.h"
#include "ken/optim/descent.h"

static ken_status optim_find(ken_ctx *ctx, ken_kind kind, const char *name, const ken_desc **desc) {
    const ken_status status = ken_catalog_find(ctx, name, kind, desc);
    if (status != KEN_OK && kind == KEN_OPTIMIZER && strcmp(name, "sgd") == 0)
        ken_fail_hint(ctx, "use 'gd': the same step; what makes it stochastic is the gradient given to it");
    return status;
}

static ken_status optim_params(ken_ctx *ctx, const ken_desc *desc, char *own, const char *settings,
                               void **params) {
    char *copy = NULL;
    KEN_TRY(ken_alloc(ctx, 1, KEN_MAX(desc->params_size, 1), params));
    if (desc->params_size) memcpy(*params, desc->defaults, desc->params_size);
    KEN_TRY(ken_params_parse(ctx, desc, *params, own));
    if (!settings) return KEN_OK;
    KEN_TRY(ken_strdup(ctx, settings, &copy));
    const ken_status status = ken_params_parse(ctx, desc, *params, copy);
    ken_free(ctx, copy);
    return status;
}

ken_status ken__optim_parse(ken_ctx *ctx, ken_kind kind, const char *text, const char *settings,
                            const ken_desc **desc, void **params) {
    char *copy = NULL;
    *params = NULL;
    KEN_TRY(ken_strdup(ctx, text, &copy));
    char *own = copy + strcspn(copy, ": ,");
    if (*own) *own++ = 0;
    ken_status status = optim_find(ctx, kind, copy, desc);
    if (status == KEN_OK) status = optim_params(ctx, *desc, own, settings, params);
    if (status != KEN_OK) {
        ken_free(ctx, *params);
        *params = NULL;
    }
    ken_free(ctx, copy);
    return status;
}

ken_status ken_optimizer_new(ken_ctx *ctx, const char *name, const char *settings, int64_t n,
                             ken_optim **out) {
    const ken_desc *desc;
    void *params;
    *out = NULL;
    KEN_TRY(ken__optim_parse(ctx, KEN_OPTIMIZER, name, settings, &desc, &params));
    const ken_status status = ken_optimizer_new_desc(ctx, desc, params, n, out);
    ken_free(ctx, params);
    return status;
}

ken_status ken_descent_new(ken_ctx *ctx, const char *objective, const char *optimizer, const double *start,
                           int64_t n, ken_descent **out) {
    const ken_desc *desc;
    void *params;
    ken_surface *surface;
    *out = NULL;
    KEN_TRY(ken__optim_parse(ctx, KEN_OPTIMIZER, optimizer, NULL, &desc, &params));
    ken_status status = ken_surface_new(ctx, objective, NULL, n, &surface);
    if (status == KEN_OK) status = ken_descent_new_desc(ctx, surface, desc, params, start, out);
    ken_free(ctx, params);
    return status;
}

ken_status ken_surface_new(ken_ctx *ctx, const char *name, const char *settings, int64_t n,
                           ken_surface **out) {
    const ken_desc *desc;
    void *params;
    *out = NULL;
    KEN_TRY(ken__optim_parse(ctx, KEN_OBJECTIVE, name, settings, &desc, &params));
    const ken_status status = ken_surface_new_desc(ctx, desc, params, n, out);
    ken_free(ctx, params);
    return status;
}
