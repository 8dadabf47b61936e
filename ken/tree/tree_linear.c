/* The attributes of linear leaves: made, checked, shown. Prediction: tree_predict.c, tree_row.c. */
#include "ken/tree/tree_linear.h"

#include "ken/core/alloc.h"

ken_status ken_ensemble_new_linear(ken_ctx *ctx, ken_model *model, int64_t n_nodes, int64_t n_terms,
                                   int64_t n_inputs, ken_linear_arrays *out) {
    const int64_t offsets = n_nodes + 1;
    KEN_TRY(ken_attr_new(ctx, model, "linear_offset", KEN_I64, 1, &offsets, (void **)&out->offset));
    KEN_TRY(ken_attr_new(ctx, model, "linear_feature", KEN_I32, 1, &n_terms, (void **)&out->feature));
    KEN_TRY(ken_attr_new(ctx, model, "linear_coef", KEN_F64, 1, &n_terms, (void **)&out->coef));
    KEN_TRY(ken_attr_new(ctx, model, "linear_center", KEN_F64, 1, &n_terms, (void **)&out->center));
    KEN_TRY(ken_attr_new(ctx, model, "linear_low", KEN_F64, 1, &n_inputs, (void **)&out->low));
    return ken_attr_new(ctx, model, "linear_high", KEN_F64, 1, &n_inputs, (void **)&out->high);
}

/* --- checking --------------------------------------------------------------------------------- */

static ken_status tree_linear_attr(ken_ctx *ctx, const ken_model *model, const char *name, ken_dtype dtype,
                              int64_t n, const void **out) {
    const ken_tensor *const t = ken_model_attr(model, name);
    if (!t || t->dtype != dtype || t->ndim != 1 || t->shape[0] != n || !ken_tensor_is_contiguous(t))
        return KEN_FAIL(ctx, KEN_E_FORMAT, NULL, "trees: attribute '%s' is missing or of a wrong shape",
                        name);
    *out = t->data;
    return KEN_OK;
}

static const char *tree_linear_fault(const ken_ensemble *e, const ken_tree_linear *l) {
    if (l->offset[0] != 0 || l->offset[e->n_nodes] != l->n_terms)
        return "linear_offset does not run over all terms";
    for (int64_t i = 0; i < e->n_nodes; i++) {
        if (l->offset[i + 1] < l->offset[i] || l->offset[i + 1] > l->n_terms)
            return "linear_offset does not ascend";
        if (e->feature[i] >= 0 && l->offset[i + 1] != l->offset[i]) return "an inner node has terms";
    }
    for (int64_t t = 0; t < l->n_terms; t++) {
        if (l->feature[t] < 0 || l->feature[t] >= e->n_inputs)
            return "the column of a term is out of range";
        if (!isfinite(l->coef[t]) || !isfinite(l->center[t])) return "a term is not a number";
    }
    for (int32_t j = 0; j < e->n_inputs; j++)
        if (!isfinite(l->low[j]) || !isfinite(l->high[j]) || l->low[j] > l->high[j])
            return "a column's linear_low and linear_high are no ends";
    return e->width == 1 ? NULL : "linear leaves with several values";
}

static ken_status tree_linear_view(ken_ctx *ctx, const ken_model *model, const ken_ensemble *e,
                              ken_tree_linear *l) {
    const ken_tensor *const coef = ken_model_attr(model, "linear_coef");
    l->n_terms = coef && coef->ndim == 1 ? coef->shape[0] : 0;
    KEN_TRY(tree_linear_attr(ctx, model, "linear_offset", KEN_I64, e->n_nodes + 1, (const void **)&l->offset));
    KEN_TRY(tree_linear_attr(ctx, model, "linear_feature", KEN_I32, l->n_terms, (const void **)&l->feature));
    KEN_TRY(tree_linear_attr(ctx, model, "linear_coef", KEN_F64, l->n_terms, (const void **)&l->coef));
    KEN_TRY(tree_linear_attr(ctx, model, "linear_center", KEN_F64, l->n_terms, (const void **)&l->center));
    KEN_TRY(tree_linear_attr(ctx, model, "linear_low", KEN_F64, e->n_inputs, (const void **)&l->low));
    KEN_TRY(tree_linear_attr(ctx, model, "linear_high", KEN_F64, e->n_inputs, (const void **)&l->high));
    const char *const fault = tree_linear_fault(e, l);
    if (fault) return KEN_FAIL(ctx, KEN_E_FORMAT, NULL, "trees: %s", fault);
    return KEN_OK;
}

static ken_status tree_linear_slots(ken_ctx *ctx, const ken_ensemble *e, ken_tree_linear *l) {
    int32_t *place;
    KEN_TRY(KEN_ALLOC(ctx, int32_t, KEN_MAX(e->n_inputs, 1), &l->used));
    KEN_TRY(KEN_ALLOC(ctx, int32_t, KEN_MAX(l->n_terms, 1), &l->slot));
    const ken_mark mark = ken_scratch_mark(ctx);
    KEN_TRY(KEN_SCRATCH(ctx, int32_t, KEN_MAX(e->n_inputs, 1), &place));
    for (int32_t j = 0; j < e->n_inputs; j++) place[j] = -1;
    for (int64_t t = 0; t < l->n_terms; t++) place[l->feature[t]] = 0;
    for (int32_t j = 0; j < e->n_inputs; j++)
        if (place[j] == 0) {
            place[j] = l->n_used;
            l->used[l->n_used++] = j;
        }
    for (int64_t t = 0; t < l->n_terms; t++) l->slot[t] = place[l->feature[t]];
    ken_scratch_release(ctx, mark);
    return KEN_OK;
}

ken_status ken__tree_linear_open(ken_ctx *ctx, const ken_model *model, const ken_ensemble *e,
                                 ken_tree_linear **out) {
    const ken_allocator alloc = ken_ctx_allocator(ctx);
    ken_tree_linear *l = NULL;
    *out = NULL;
    if (!ken_model_attr(model, "linear_offset")) return KEN_OK;
    KEN_TRY(KEN_ALLOC(ctx, ken_tree_linear, 1, &l));
    ken_status status = tree_linear_view(ctx, model, e, l);
    if (status == KEN_OK) status = tree_linear_slots(ctx, e, l);
    if (status == KEN_OK)
        *out = l;
    else
        ken__tree_linear_free(&alloc, l);
    return status;
}

void ken__tree_linear_free(const ken_allocator *alloc, ken_tree_linear *l) {
    if (!l) return;
    ken_allocator_free(alloc, l->used);
    ken_allocator_free(alloc, l->slot);
    ken_allocator_free(alloc, l);
}

/* --- showing ---------------------------------------------------------------------------------- */

void ken__tree_linear_json(const ken_ensemble *e, const ken_model *model, int64_t node,
                           ken_json_writer *w) {
    const ken_tree_linear *const l = e->linear;
    if (!l || l->offset[node] == l->offset[node + 1]) return;
    ken_json_put_key(w, "terms");
    ken_json_array(w);
    for (int64_t t = l->offset[node]; t < l->offset[node + 1]; t++) {
        ken_json_object(w);
        KEN_JSON(w, "feature", string, ken_model_input(model, l->feature[t]));
        KEN_JSON(w, "coef", f64, l->coef[t]);
        KEN_JSON(w, "center", f64, l->center[t]);
        ken_json_end_object(w);
    }
    ken_json_end_array(w);
}
