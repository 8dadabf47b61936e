/* The binary classifiers inside one_vs_rest and one_vs_one: ensemble_binary.h. */
#include "ken/ensemble/ensemble_binary.h"

#include <math.h>
#include <string.h>

#include "ken/core/alloc.h"

static ken_column binary_column(const char *name, const double *data, int64_t n) {
    return (ken_column){
        .name = name, .dtype = KEN_F64, .n = n, .data = data, .stride = 1, .source = -1};
}

/* Targets 0 and 1, and the part that each row plays. */
static ken_status binary_rows(ken_ctx *ctx, const ken_problem *p, int positive, int negative,
                              double **target, uint8_t **role) {
    KEN_TRY(KEN_SCRATCH(ctx, double, p->n, target));
    KEN_TRY(KEN_SCRATCH(ctx, uint8_t, p->n, role));
    for (int64_t i = 0; i < p->n; i++) {
        const int label = p->label[i];
        (*target)[i] = label == positive;
        (*role)[i] = i < p->n_train ? KEN_ROLE_TRAIN : KEN_ROLE_VALIDATION;
        if (label != positive && negative >= 0 && label != negative) (*role)[i] = KEN_ROLE_TEST;
    }
    return KEN_OK;
}

static ken_status binary_fit_child(ken_ctx *ctx, const ken_model *model, ken_model *child,
                                   const ken_problem *p, int positive, int negative) {
    const ken_ctx_options *options = ken_ctx_get_options(ctx);
    void (*const hook)(void *, const ken_progress *) = options->hook;
    double *target;
    uint8_t *role;
    KEN_TRY(binary_rows(ctx, p, positive, negative, &target, &role));
    const ken_column y = binary_column(ken_model_target(model), target, p->n);
    const ken_column w = binary_column("weight", p->weight, p->n);
    const ken_data data = {.table = p->X,
                           .target = &y,
                           .weight = p->weight ? &w : NULL,
                           .role = role,
                           .task = KEN_CLASSIFY};
    ken_ctx_set_hook(ctx, NULL); /* its own steps are not those of the whole */
    const ken_status status = ken_model_fit(ctx, child, &data);
    ken_ctx_set_hook(ctx, hook);
    return status;
}

ken_status ken__binary_fit(ken_ctx *ctx, ken_model *model, const ken_problem *problem, int positive,
                           int negative, int64_t done, int64_t total) {
    const ken_progress at = ken_progress_of(ken_model_desc(model)->name, done, total);
    ken_model *child;
    KEN_TRY(ken_check_cancel(ctx));
    KEN_TRY(ken_model_clone(ctx, ken_model_base(model, "base"), &child));
    const ken_mark mark = ken_scratch_mark(ctx);
    ken_status status = binary_fit_child(ctx, model, child, problem, positive, negative);
    ken_scratch_release(ctx, mark);
    if (status == KEN_OK) status = ken_model_adopt(ctx, model, child);
    if (status != KEN_OK) {
        ken_model_free(child);
        return status;
    }
    ken_report_progress(ctx, &at);
    return KEN_OK;
}

ken_status ken__binary_check(ken_ctx *ctx, const ken_model *model, int64_t n) {
    const char *name = ken_model_desc(model)->name;
    const ken_desc *base = ken_model_desc(ken_model_base(model, "base"));
    if (ken_model_n_children(model) != n)
        return KEN_FAIL(ctx, KEN_E_FORMAT, "fit the model again", "%s: %d nested models, not %lld",
                        name, ken_model_n_children(model), (long long)n);
    for (int i = 0; i < n; i++) {
        const ken_model *child = ken_model_child(model, i);
        if (ken_model_desc(child) != base || ken_model_n_classes(child) != 2 ||
            ken_model_n_features(child) != ken_model_n_inputs(model))
            return KEN_FAIL(ctx, KEN_E_FORMAT, "fit the model again",
                            "%s: nested model %d is no %s of two classes on %d columns", name,
                            i + 1, base->name, ken_model_n_inputs(model));
    }
    return KEN_OK;
}

bool ken__binary_has_margin(const ken_model *model) {
    const ken_model *child = ken_model_n_children(model) ? ken_model_child(model, 0) : NULL;
    const ken_estimator *e = child ? ken_model_desc(child)->estimator : NULL;
    return e && e->width && e->width(child, KEN_WHAT_MARGIN) == 1;
}

ken_status ken__binary_ask(ken_ctx *ctx, const ken_model *model, int child, const ken_table *X,
                           ken_what what, double *out, int64_t stride) {
    const int64_t n = ken_table_rows(X);
    const bool proba = what == KEN_WHAT_PROBA;
    const ken_mark mark = ken_scratch_mark(ctx);
    double *both = out;
    if (proba) KEN_TRY(KEN_SCRATCH(ctx, double, 2 * n, &both));
    ken_tensor t = ken_tensor_2d(both, KEN_F64, n, proba ? 2 : 1);
    if (!proba) t.stride[0] = stride;
    const ken_status status = ken_model_predict(ctx, ken_model_child(model, child), X, what, &t);
    for (int64_t i = 0; proba && status == KEN_OK && i < n; i++) out[i * stride] = both[2 * i + 1];
    ken_scratch_release(ctx, mark);
    return status;
}
