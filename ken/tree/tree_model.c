/* Verbs of models whose output is the mean of their trees. */
#include "ken/tree/tree_model.h"

#include "ken/tree/tree_shap.h"

int64_t ken_tree_model_width(const ken_model *model, ken_what what) {
    const int k = ken_model_n_classes(model);
    const int64_t outputs = ken_tree_outputs(k);
    const ken_tensor *trees = ken_model_attr(model, "tree_output");
    switch (what) {
    case KEN_WHAT_VALUE:
        return 1;
    case KEN_WHAT_PROBA:
        return k;
    case KEN_WHAT_MARGIN:
        return outputs;
    case KEN_WHAT_LEAF:
        return trees ? trees->shape[0] : 0;
    case KEN_WHAT_CONTRIBUTIONS:
        return outputs * ((int64_t)ken_model_n_inputs(model) + 1);
    case KEN_WHAT_INTERACTIONS:
        return outputs * ((int64_t)ken_model_n_inputs(model) + 1) *
               ((int64_t)ken_model_n_inputs(model) + 1);
    default:
        return 0;
    }
}

static void tree_model_scale(double *out, int64_t n, double trees) {
    if (trees == 1) return;
    for (int64_t i = 0; i < n; i++) out[i] /= trees;
}

/* (n) shares of the second class, in the front of out, become (n, 2). From the back: nothing is
 * overwritten before it is read. */
static void tree_model_spread(double *out, int64_t n) {
    for (int64_t i = n - 1; i >= 0; i--) {
        const double p = out[i];
        out[2 * i + 1] = p;
        out[2 * i] = 1 - p;
    }
}

ken_status ken_tree_model_predict(ken_ctx *ctx, const ken_model *model, const ken_table *X,
                                  ken_what what, double *out) {
    const ken_ensemble *ens = ken_model_state(model);
    const int64_t n = ken_table_rows(X);
    const int k = ken_model_n_classes(model);
    if (what == KEN_WHAT_LEAF) return ken_ensemble_leaves(ctx, ens, X, out);
    if (what == KEN_WHAT_CONTRIBUTIONS || what == KEN_WHAT_INTERACTIONS) {
        KEN_TRY(what == KEN_WHAT_INTERACTIONS ? ken_ensemble_interactions(ctx, ens, X, out)
                                              : ken_ensemble_contributions(ctx, ens, X, out));
        tree_model_scale(out, n * ken_tree_model_width(model, what), ens->n_trees);
        return KEN_OK;
    }
    if (what == KEN_WHAT_PROBA && k == 1) {
        for (int64_t i = 0; i < n; i++) out[i] = 1;
        return KEN_OK;
    }
    KEN_TRY(ken_ensemble_margin(ctx, ens, X, out));
    tree_model_scale(out, n * ens->n_outputs, ens->n_trees);
    if (what == KEN_WHAT_PROBA && k == 2) tree_model_spread(out, n);
    return KEN_OK;
}

ken_status ken_tree_model_contributions_against(ken_ctx *ctx, const ken_model *model,
                                                const ken_table *X, const ken_table *background,
                                                double *out) {
    const ken_ensemble *ens = ken_model_state(model);
    const int64_t width = ken_tree_model_width(model, KEN_WHAT_CONTRIBUTIONS);
    KEN_TRY(ken_ensemble_contributions_against(ctx, ens, X, background, out));
    tree_model_scale(out, ken_table_rows(X) * width, ens->n_trees);
    return KEN_OK;
}

ken_status ken_tree_model_predict_row(ken_ctx *ctx, const ken_model *model, const double *x,
                                      ken_what what, double *out) {
    const ken_ensemble *ens = ken_model_state(model);
    const int k = ken_model_n_classes(model);
    if (what == KEN_WHAT_PROBA && k == 1) {
        out[0] = 1;
        return KEN_OK;
    }
    KEN_TRY(ken_ensemble_margin_row(ctx, ens, x, out));
    tree_model_scale(out, ens->n_outputs, ens->n_trees);
    if (what == KEN_WHAT_PROBA && k == 2) tree_model_spread(out, 1);
    return KEN_OK;
}

ken_status ken_tree_model_open(ken_ctx *ctx, ken_model *model, void **state) {
    ken_ensemble *ens = NULL;
    KEN_TRY(ken_ensemble_open(ctx, model, ken_tree_outputs(ken_model_n_classes(model)), &ens));
    *state = ens;
    if (ens->n_trees > 0) return KEN_OK;
    const ken_allocator alloc = ken_ctx_allocator(ctx);
    *state = NULL;
    ken_ensemble_close(&alloc, ens);
    return KEN_FAIL(ctx, KEN_E_FORMAT, NULL, "trees: the model has no tree");
}

void ken_tree_model_close(const ken_allocator *alloc, void *state) {
    ken_ensemble_close(alloc, state);
}
