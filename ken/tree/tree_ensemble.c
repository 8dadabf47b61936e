/* The attributes of tree models: made, checked, looked into. Prediction: tree_predict.c. */
#include "ken/tree/tree_ensemble.h"

#include <math.h>

#include "ken/core/alloc.h"
#include "ken/tree/tree_layout.h"
#include "ken/tree/tree_linear.h"

/* --- making ----------------------------------------------------------------------------------- */

static ken_status ensemble_new_1d(ken_ctx *ctx, ken_model *model, const char *name, ken_dtype dtype,
                                  int64_t n, void **out) {
    return ken_attr_new(ctx, model, name, dtype, 1, &n, out);
}

ken_status ken_ensemble_new_arrays(ken_ctx *ctx, ken_model *model, int64_t n_trees, int64_t n_nodes,
                                   int64_t n_words, int64_t width, int64_t n_outputs,
                                   ken_ensemble_arrays *out) {
    const int64_t shape[2] = {n_nodes, width};
    KEN_TRY(ensemble_new_1d(ctx, model, "tree_offset", KEN_I64, n_trees + 1,
                            (void **)&out->tree_offset));
    KEN_TRY(ensemble_new_1d(ctx, model, "feature", KEN_I32, n_nodes, (void **)&out->feature));
    KEN_TRY(ensemble_new_1d(ctx, model, "threshold", KEN_F64, n_nodes, (void **)&out->threshold));
    KEN_TRY(ensemble_new_1d(ctx, model, "left", KEN_I32, n_nodes, (void **)&out->left));
    KEN_TRY(ensemble_new_1d(ctx, model, "right", KEN_I32, n_nodes, (void **)&out->right));
    KEN_TRY(
        ensemble_new_1d(ctx, model, "missing_left", KEN_U8, n_nodes, (void **)&out->missing_left));
    KEN_TRY(ensemble_new_1d(ctx, model, "category", KEN_I32, n_nodes, (void **)&out->category));
    KEN_TRY(ensemble_new_1d(ctx, model, "category_words", KEN_I32, n_nodes,
                            (void **)&out->category_words));
    KEN_TRY(ensemble_new_1d(ctx, model, "category_bits", KEN_I32, n_words,
                            (void **)&out->category_bits));
    KEN_TRY(ken_attr_new(ctx, model, "value", KEN_F64, 2, shape, (void **)&out->value));
    KEN_TRY(ensemble_new_1d(ctx, model, "cover", KEN_F64, n_nodes, (void **)&out->cover));
    KEN_TRY(ensemble_new_1d(ctx, model, "gain", KEN_F64, n_nodes, (void **)&out->gain));
    KEN_TRY(
        ensemble_new_1d(ctx, model, "tree_output", KEN_I32, n_trees, (void **)&out->tree_output));
    return ensemble_new_1d(ctx, model, "base", KEN_F64, n_outputs, (void **)&out->base);
}

/* --- checking --------------------------------------------------------------------------------- */

/* The memory of attribute `name`, which must have this type and shape. */
static ken_status ensemble_attr(ken_ctx *ctx, const ken_model *model, const char *name,
                                ken_dtype dtype, int ndim, int64_t n, int64_t width,
                                const void **out) {
    const ken_tensor *t = ken_model_attr(model, name);
    if (!t) return KEN_FAIL(ctx, KEN_E_FORMAT, NULL, "trees: attribute '%s' is missing", name);
    if (t->dtype != dtype)
        return KEN_FAIL(ctx, KEN_E_FORMAT, NULL, "trees: attribute '%s' is %s, not %s", name,
                        ken_dtype_name(t->dtype), ken_dtype_name(dtype));
    if (t->ndim != ndim || t->shape[0] != n || (ndim == 2 && t->shape[1] != width) ||
        !ken_tensor_is_contiguous(t))
        return KEN_FAIL(ctx, KEN_E_FORMAT, NULL,
                        "trees: attribute '%s' has %lld rows in %d dimensions, not %lld in %d",
                        name, (long long)(t->ndim > 0 ? t->shape[0] : 0), (int)t->ndim,
                        (long long)n, ndim);
    *out = t->data;
    return KEN_OK;
}

static int64_t ensemble_length(const ken_model *model, const char *name, int axis) {
    const ken_tensor *t = ken_model_attr(model, name);
    return t && t->ndim > axis ? t->shape[axis] : 0;
}

static ken_status ensemble_take_attrs(ken_ctx *ctx, const ken_model *model, int32_t n_outputs,
                                      ken_ensemble *e) {
    const int64_t trees = ensemble_length(model, "tree_output", 0);
    const int64_t nodes = ensemble_length(model, "feature", 0);
    const int64_t words = ensemble_length(model, "category_bits", 0);
    const int64_t width = ensemble_length(model, "value", 1);
    if (trees >= INT32_MAX || (width != 1 && width != n_outputs))
        return KEN_FAIL(ctx, KEN_E_FORMAT, NULL, "trees: %lld values a node, but %d outputs",
                        (long long)width, (int)n_outputs);
    e->n_trees = (int32_t)trees;
    e->n_nodes = nodes;
    e->n_words = words;
    e->width = (int32_t)width;
    e->n_outputs = n_outputs;
    e->n_inputs = ken_model_n_inputs(model);
#define ENSEMBLE_TAKE(field, dtype, n)                                                             \
    KEN_TRY(ensemble_attr(ctx, model, #field, dtype, 1, n, 0, (const void **)&e->field))
    ENSEMBLE_TAKE(tree_offset, KEN_I64, trees + 1);
    ENSEMBLE_TAKE(feature, KEN_I32, nodes);
    ENSEMBLE_TAKE(threshold, KEN_F64, nodes);
    ENSEMBLE_TAKE(left, KEN_I32, nodes);
    ENSEMBLE_TAKE(right, KEN_I32, nodes);
    ENSEMBLE_TAKE(missing_left, KEN_U8, nodes);
    ENSEMBLE_TAKE(category, KEN_I32, nodes);
    ENSEMBLE_TAKE(category_words, KEN_I32, nodes);
    ENSEMBLE_TAKE(category_bits, KEN_I32, words);
    ENSEMBLE_TAKE(cover, KEN_F64, nodes);
    ENSEMBLE_TAKE(gain, KEN_F64, nodes);
    ENSEMBLE_TAKE(tree_output, KEN_I32, trees);
    ENSEMBLE_TAKE(base, KEN_F64, n_outputs);
#undef ENSEMBLE_TAKE
    return ensemble_attr(ctx, model, "value", KEN_F64, 2, nodes, width, (const void **)&e->value);
}

static ken_status ensemble_bad_node(ken_ctx *ctx, int32_t tree, int64_t node, const char *what) {
    return KEN_FAIL(ctx, KEN_E_FORMAT, NULL, "trees: tree %d, node %lld: %s", (int)tree,
                    (long long)node, what);
}

/* One node: its column, its set of levels, its numbers. */
static const char *ensemble_node_fault(const ken_ensemble *e, int64_t i, int32_t j, int32_t size) {
    if (e->feature[i] < -1 || e->feature[i] >= e->n_inputs) return "its column is out of range";
    if (e->missing_left[i] > 1) return "missing_left is neither 0 nor 1";
    if (!isfinite(e->cover[i]) || e->cover[i] < 0) return "its cover is not a number >= 0";
    if (isnan(e->gain[i])) return "its gain is not a number";
    if (e->feature[i] < 0) return NULL;
    if (e->left[i] <= j || e->left[i] >= size || e->right[i] <= j || e->right[i] >= size ||
        e->left[i] == e->right[i])
        return "its children are out of range";
    if (e->category[i] < -1 || e->category_words[i] < 0) return "its set of levels is out of range";
    if (e->category[i] >= 0 && (int64_t)e->category[i] + e->category_words[i] > e->n_words)
        return "its set of levels is out of range";
    if (e->category[i] < 0 && isnan(e->threshold[i])) return "its threshold is not a number";
    return NULL;
}

/* Children come after their parent and each node but the root has exactly one parent: then it is a
 * tree, and walks end. depth: scratch (nodes of the tree). */
static ken_status ensemble_check_tree(ken_ctx *ctx, ken_ensemble *e, int32_t t, int32_t *depth) {
    const int64_t first = e->tree_offset[t];
    const int32_t size = (int32_t)(e->tree_offset[t + 1] - first);
    depth[0] = 0;
    for (int32_t j = 1; j < size; j++) depth[j] = -1;
    for (int32_t j = 0; j < size; j++) {
        const int64_t i = first + j;
        const char *fault = ensemble_node_fault(e, i, j, size);
        if (fault) return ensemble_bad_node(ctx, t, j, fault);
        if (depth[j] < 0) return ensemble_bad_node(ctx, t, j, "no node leads to it");
        if (depth[j] > e->max_depth) e->max_depth = depth[j];
        if (e->feature[i] < 0) continue;
        if (depth[e->left[i]] >= 0 || depth[e->right[i]] >= 0)
            return ensemble_bad_node(ctx, t, j, "a child has two parents");
        depth[e->left[i]] = depth[e->right[i]] = depth[j] + 1;
    }
    return KEN_OK;
}

static ken_status ensemble_check(ken_ctx *ctx, ken_ensemble *e) {
    int64_t largest = 0;
    int32_t *depth = NULL;
    if (e->tree_offset[0] != 0 || e->tree_offset[e->n_trees] != e->n_nodes)
        return KEN_FAIL(ctx, KEN_E_FORMAT, NULL,
                        "trees: tree_offset does not run from 0 to %lld nodes",
                        (long long)e->n_nodes);
    for (int32_t t = 0; t < e->n_trees; t++) {
        const int64_t size = e->tree_offset[t + 1] - e->tree_offset[t];
        if (e->tree_offset[t] < 0 || e->tree_offset[t + 1] > e->n_nodes || size < 1 ||
            size > INT32_MAX / 2)
            return KEN_FAIL(ctx, KEN_E_FORMAT, NULL, "trees: tree %d has %lld nodes", (int)t,
                            (long long)size);
        if (e->tree_output[t] >= e->n_outputs || e->tree_output[t] < -1 ||
            (e->tree_output[t] < 0 && e->width != e->n_outputs) ||
            (e->tree_output[t] >= 0 && e->width != 1))
            return KEN_FAIL(ctx, KEN_E_FORMAT, NULL, "trees: tree %d adds to output %d of %d",
                            (int)t, (int)e->tree_output[t], (int)e->n_outputs);
        largest = KEN_MAX(largest, size);
    }
    const ken_mark mark = ken_scratch_mark(ctx);
    ken_status status = KEN_SCRATCH(ctx, int32_t, largest, &depth);
    for (int32_t t = 0; status == KEN_OK && t < e->n_trees; t++)
        status = ensemble_check_tree(ctx, e, t, depth);
    ken_scratch_release(ctx, mark);
    return status;
}

static ken_status ensemble_view(ken_ctx *ctx, const ken_model *model, int32_t n_outputs,
                                ken_ensemble *e) {
    if (n_outputs < 1)
        return KEN_FAIL(ctx, KEN_E_FORMAT, NULL, "trees: %d outputs", (int)n_outputs);
    KEN_TRY(ensemble_take_attrs(ctx, model, n_outputs, e));
    return ensemble_check(ctx, e);
}

ken_status ken_ensemble_open(ken_ctx *ctx, const ken_model *model, int32_t n_outputs,
                             ken_ensemble **out) {
    ken_ensemble *e = NULL;
    *out = NULL;
    KEN_TRY(KEN_ALLOC(ctx, ken_ensemble, 1, &e));
    ken_status status = ensemble_view(ctx, model, n_outputs, e);
    if (status == KEN_OK) status = ken__tree_linear_open(ctx, model, e, &e->linear);
    if (status == KEN_OK) status = ken_tree_layout_new(ctx, e, &e->layout);
    if (status != KEN_OK) {
        const ken_allocator alloc = ken_ctx_allocator(ctx);
        ken__tree_linear_free(&alloc, e->linear);
        ken_free(ctx, e);
        return status;
    }
    *out = e;
    return KEN_OK;
}

void ken_ensemble_close(const ken_allocator *alloc, ken_ensemble *ens) {
    if (!ens) return;
    ken_tree_layout_free(alloc, ens->layout);
    ken__tree_linear_free(alloc, ens->linear);
    ken_allocator_free(alloc, ens);
}

/* --- looking in ------------------------------------------------------------------------------- */

void ken_ensemble_importance(const ken_ensemble *ens, ken_importance_kind kind, double *out) {
    double total = 0;
    for (int32_t j = 0; j < ens->n_inputs; j++) out[j] = 0;
    for (int64_t i = 0; i < ens->n_nodes; i++) {
        if (ens->feature[i] < 0) continue;
        out[ens->feature[i]] += kind == KEN_IMPORTANCE_GAIN    ? ens->gain[i]
                                : kind == KEN_IMPORTANCE_COVER ? ens->cover[i]
                                                               : 1.0;
    }
    for (int32_t j = 0; j < ens->n_inputs; j++) total += out[j];
    if (!(total > 0)) return;
    for (int32_t j = 0; j < ens->n_inputs; j++) out[j] /= total;
}

/* Names of the levels in the set of node i. */
static void ensemble_write_levels(const ken_ensemble *e, const ken_strings *levels, int64_t i,
                                  ken_json_writer *w) {
    ken_json_put_key(w, "levels");
    ken_json_array(w);
    for (int64_t c = 0; c < 32 * (int64_t)e->category_words[i]; c++) {
        if (!((uint32_t)e->category_bits[e->category[i] + c / 32] >> (c % 32) & 1)) continue;
        if (c < levels->n) {
            int64_t size = 0;
            const char *text = ken_strings_at(levels, c, &size);
            ken_json_put_bytes(w, text, (size_t)size);
        } else {
            ken_json_put_i64(w, c);
        }
    }
    ken_json_end_array(w);
}

typedef struct ensemble_json {
    const ken_ensemble *e;
    const ken_model *model;
    ken_json_writer *w;
    const int32_t *leaves; /* (nodes of the tree): leaves below each */
    int64_t first;
    int max_depth;
} ensemble_json;

static void ensemble_write_node(const ensemble_json *s, int32_t j, int depth) {
    const ken_ensemble *e = s->e;
    const int64_t i = s->first + j;
    ken_json_writer *w = s->w;
    ken_json_object(w);
    KEN_JSON(w, "cover", f64, e->cover[i]);
    ken_json_put_key(w, "value");
    ken_json_array(w);
    for (int32_t o = 0; o < e->width; o++) ken_json_put_f64(w, e->value[i * e->width + o]);
    ken_json_end_array(w);
    if (e->feature[i] < 0) ken__tree_linear_json(e, s->model, i, w);
    if (e->feature[i] >= 0 && depth >= s->max_depth) {
        KEN_JSON(w, "cut", i64, s->leaves[j]);
    } else if (e->feature[i] >= 0) {
        const ken_strings levels = ken_model_input_levels(s->model, e->feature[i]);
        KEN_JSON(w, "gain", f64, e->gain[i]);
        KEN_JSON(w, "feature", string, ken_model_input(s->model, e->feature[i]));
        if (e->category[i] < 0)
            KEN_JSON(w, "threshold", f64, e->threshold[i]);
        else
            ensemble_write_levels(e, &levels, i, w);
        KEN_JSON(w, "missing", string, e->missing_left[i] ? "left" : "right");
        ken_json_put_key(w, "left");
        ensemble_write_node(s, e->left[i], depth + 1);
        ken_json_put_key(w, "right");
        ensemble_write_node(s, e->right[i], depth + 1);
    }
    ken_json_end_object(w);
}

static ken_status ensemble_write_tree(ken_ctx *ctx, ensemble_json *s, int32_t tree) {
    const ken_ensemble *e = s->e;
    const int32_t size = (int32_t)(e->tree_offset[tree + 1] - e->tree_offset[tree]);
    int32_t *leaves = NULL;
    KEN_TRY(KEN_SCRATCH(ctx, int32_t, size, &leaves));
    s->first = e->tree_offset[tree];
    s->leaves = leaves;
    for (int32_t j = size - 1; j >= 0; j--) {
        const int64_t i = s->first + j;
        leaves[j] = e->feature[i] < 0 ? 1 : leaves[e->left[i]] + leaves[e->right[i]];
    }
    ken_json_object(s->w);
    KEN_JSON(s->w, "tree", i64, tree);
    KEN_JSON(s->w, "output", i64, e->tree_output[tree]);
    ken_json_put_key(s->w, "root");
    ensemble_write_node(s, 0, 0);
    ken_json_end_object(s->w);
    return KEN_OK;
}

ken_status ken_ensemble_tree_json(ken_ctx *ctx, const ken_model *model, int32_t tree, int max_depth,
                                  ken_json_writer *w) {
    ken_ensemble e = {0};
    ensemble_json s = {&e, model, w, NULL, 0, max_depth};
    if (!ken_model_attr(model, "tree_offset") || !ken_model_attr(model, "base"))
        return KEN_FAIL(ctx, KEN_E_STATE, "fit a model made of trees first",
                        "trees: '%s' has no trees to show", ken_model_desc(model)->name);
    KEN_TRY(ensemble_view(ctx, model,
                          (int32_t)KEN_MIN(ensemble_length(model, "base", 0), INT32_MAX), &e));
    if (tree < 0 || tree >= e.n_trees)
        return KEN_FAIL(ctx, KEN_E_ARG, "trees are numbered from 0", "trees: no tree %d among %d",
                        (int)tree, (int)e.n_trees);
    if (max_depth < 0 || max_depth > KEN_JSON_MAX_WRITE_DEPTH - 8 - w->depth)
        return KEN_FAIL(ctx, KEN_E_ARG, "ask for fewer levels", "trees: depth %d cannot be written",
                        max_depth);
    const ken_allocator alloc = ken_ctx_allocator(ctx);
    KEN_TRY(ken__tree_linear_open(ctx, model, &e, &e.linear));
    const ken_mark mark = ken_scratch_mark(ctx);
    const ken_status status = ensemble_write_tree(ctx, &s, tree);
    ken_scratch_release(ctx, mark);
    ken__tree_linear_free(&alloc, e.linear);
    return status;
}
