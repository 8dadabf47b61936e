/* What a fitted model gives: margins of the trees through the link of the loss. */
#include "ken/boosting/boosting/boosting_state.h"
#include "ken/core/threads.h"
#include "ken/tree/tree_shap.h"

static int boosting_outputs(const ken_model *model) {
    const ken_boosting_params *const p = ken_model_params(model);
    const int classes = ken_model_n_classes(model);
    return ken_model_task(model) == KEN_CLASSIFY &&
                   ken__boosting_kind(p, KEN_CLASSIFY, classes) == BOOSTING_SOFTMAX
               ? classes
               : 1;
}

int64_t ken__boosting_width(const ken_model *model, ken_what what) {
    const ken_ensemble *const e = ken_model_state(model);
    switch (what) {
    case KEN_WHAT_VALUE:
        return 1;
    case KEN_WHAT_PROBA:
        return ken_model_n_classes(model);
    case KEN_WHAT_MARGIN:
        return boosting_outputs(model);
    case KEN_WHAT_LEAF:
        return e ? e->n_trees : 0;
    case KEN_WHAT_CONTRIBUTIONS:
        return (int64_t)boosting_outputs(model) * (ken_model_n_inputs(model) + 1);
    case KEN_WHAT_INTERACTIONS:
        return (int64_t)boosting_outputs(model) * (ken_model_n_inputs(model) + 1) *
               (ken_model_n_inputs(model) + 1);
    default:
        return 0;
    }
}

typedef struct boosting_link {
    const ken_kernels *k;
    boosting_link_kind kind;
    double *out;
    int64_t width;
} boosting_link;

static void boosting_link_block(void *arg, int64_t begin, int64_t end, int worker) {
    const boosting_link *const l = arg;
    double *const out = l->out + begin * l->width;
    const int64_t n = end - begin;
    (void)worker;
    if (l->kind == BOOSTING_LINK_EXP)
        l->k->exp_n(out, out, n);
    else if (l->kind == BOOSTING_LINK_SIGMOID)
        l->k->sigmoid_n(out, out, n);
    else if (l->kind == BOOSTING_LINK_SOFTMAX)
        l->k->softmax_rows(out, n, l->width, NULL);
}

static void boosting_two_block(void *arg, int64_t begin, int64_t end, int worker) {
    const boosting_link *const l = arg;
    (void)worker;
    for (int64_t i = begin; i < end; i += 256) {
        double p[256];
        const int64_t n = KEN_MIN(256, end - i);
        for (int64_t r = 0; r < n; r++) p[r] = l->out[i + r];
        l->k->sigmoid_n(p, p, n);
        for (int64_t r = 0; r < n; r++) l->out[i + r] = p[r];
    }
}

/* Margins of two classes stand in the first half of out: spread them from the end. */
static ken_status boosting_two_classes(ken_ctx *ctx, boosting_link *l, int64_t n) {
    KEN_TRY(ken_parallel(ctx, n, 4096, boosting_two_block, l));
    for (int64_t i = n; i-- > 0;) {
        const double p = l->out[i];
        l->out[2 * i + 1] = p;
        l->out[2 * i] = 1 - p;
    }
    return KEN_OK;
}

ken_status ken__boosting_link(ken_ctx *ctx, const ken_model *model, ken_what what, int64_t n,
                              double *out) {
    boosting_link link = {
        ken_ctx_kernels(ctx),
        ken__boosting_loss_link(ken__boosting_kind(ken_model_params(model), ken_model_task(model),
                                                   ken_model_n_classes(model))),
        out, boosting_outputs(model)};
    if (what == KEN_WHAT_MARGIN) return KEN_OK;
    if (what == KEN_WHAT_PROBA && link.kind == BOOSTING_LINK_SIGMOID)
        return boosting_two_classes(ctx, &link, n);
    return ken_parallel(ctx, n, 4096, boosting_link_block, &link);
}

ken_status ken__boosting_predict(ken_ctx *ctx, const ken_model *model, const ken_table *X,
                                   ken_what what, double *out) {
    const ken_ensemble *const e = ken_model_state(model);
    if (what == KEN_WHAT_LEAF) return ken_ensemble_leaves(ctx, e, X, out);
    if (what == KEN_WHAT_CONTRIBUTIONS) return ken_ensemble_contributions(ctx, e, X, out);
    if (what == KEN_WHAT_INTERACTIONS) return ken_ensemble_interactions(ctx, e, X, out);
    KEN_TRY(ken_ensemble_margin(ctx, e, X, out));
    return ken__boosting_link(ctx, model, what, ken_table_rows(X), out);
}

ken_status ken__boosting_contributions_against(ken_ctx *ctx, const ken_model *model,
                                               const ken_table *X, const ken_table *background,
                                               double *out) {
    return ken_ensemble_contributions_against(ctx, ken_model_state(model), X, background, out);
}

ken_status ken__boosting_predict_row(ken_ctx *ctx, const ken_model *model, const double *x,
                                     ken_what what, double *out) {
    KEN_TRY(ken_ensemble_margin_row(ctx, ken_model_state(model), x, out));
    return ken__boosting_link(ctx, model, what, 1, out);
}

ken_status ken__boosting_open(ken_ctx *ctx, ken_model *model, void **state) {
    return ken_ensemble_open(ctx, model, boosting_outputs(model), (ken_ensemble **)state);
}

void ken__boosting_close(const ken_allocator *alloc, void *state) {
    ken_ensemble_close(alloc, state);
}
