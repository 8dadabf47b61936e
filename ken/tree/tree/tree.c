/* The descriptor of a single tree. How it grows: cart_grow.c; what it looks like: tree_ensemble.h.
 */
#include "ken/tree/tree/tree.h"

#include <math.h>
#include <string.h>

#include "ken/core/alloc.h"
#include "ken/tree/cart_grow.h"
#include "ken/tree/tree_model.h"

static const char *const tree_criteria[] = {"auto", "gini", "entropy", "squared", NULL};
static const char *const tree_class_weights[] = {"none", "balanced", NULL};
enum { TREE_AUTO, TREE_GINI, TREE_ENTROPY, TREE_SQUARED };

static const ken_param tree_params[] = {
    KEN_ROW_CHOICE(ken_tree_params, criterion, tree_criteria,
                   .doc = "what a split makes small; auto: gini to classify, squared to regress"),
    KEN_ROW_I64(ken_tree_params, max_depth, .min = 0, .max = 1e6, .lo = 1, .hi = 20,
                .unit = "splits", .doc = "longest path from the root; 0: no limit"),
    KEN_ROW_I64(ken_tree_params, max_leaves, .min = 0, .max = 1e9, .unit = "leaves",
                .doc = "grow the best split of all leaves first, up to so many; 0: no limit"),
    KEN_ROW_I64(ken_tree_params, min_leaf_rows, .min = 1, .max = 1e9, .lo = 1, .hi = 100,
                .scale = KEN_LOG_SCALE, .unit = "rows", .doc = "fewest rows in a leaf"),
    KEN_ROW_I64(ken_tree_params, min_split_rows, .min = 2, .max = 1e9, .unit = "rows",
                .doc = "fewest rows of a node that may be split"),
    KEN_ROW_F64(
        ken_tree_params, min_gain, .min = 0, .max = INFINITY,
        .doc = "smallest decrease of impurity by a split, times the node's share of the weight"),
    KEN_ROW_F64(ken_tree_params, ccp_alpha, .min = 0, .max = INFINITY, .lo = 1e-5, .hi = 0.1,
                .scale = KEN_LOG_SCALE,
                .doc = "cost-complexity pruning: impurity that a leaf must be worth"),
    KEN_ROW_F64(ken_tree_params, column_fraction, .min = 0, .max = 1, .open_min = true,
                .doc = "part of the columns, drawn at each node, that a split may use"),
    KEN_ROW_CHOICE(ken_tree_params, class_weight, tree_class_weights,
                   .doc = "balanced: each class gets the same weight in all"),
    {0}};

/* Whether criterion and task fit together. */
static ken_status tree_criterion(ken_ctx *ctx, int criterion, ken_task task, ken_criterion *out) {
    const bool classify = task == KEN_CLASSIFY;
    if (criterion != TREE_AUTO && classify == (criterion == TREE_SQUARED))
        return KEN_FAIL(ctx, KEN_E_ARG, "use criterion=auto", "tree: criterion '%s' cannot %s",
                        tree_criteria[criterion], classify ? "classify" : "regress");
    *out = !classify ? KEN_SQUARED_ERROR : criterion == TREE_ENTROPY ? KEN_ENTROPY : KEN_GINI;
    return KEN_OK;
}

/* --- fit: a step is a split ------------------------------------------------------------------- */

enum { TREE_VIEWS = 11 };
_Static_assert(sizeof(ken_cart_node) % sizeof(double) == 0, "views step over nodes in doubles");

typedef struct tree_growth {
    ken_tree_data data;
    ken_cart_rules rules;
    ken_cart cart;
    ken_cart_growth *growth;
    ken_tensor view[TREE_VIEWS];
} tree_growth;

static ken_status tree_begin(ken_ctx *ctx, ken_model *model, const ken_problem *problem,
                             void **state) {
    const ken_tree_params *p = ken_model_params(model);
    tree_growth *s;
    double *weight = NULL;
    KEN_TRY(KEN_SCRATCH(ctx, tree_growth, 1, &s)); /* lives as long as the fit */
    memset(s, 0, sizeof *s);
    *state = s;
    s->rules = (ken_cart_rules){.max_depth = p->max_depth,
                                .max_leaves = p->max_leaves,
                                .min_leaf_rows = p->min_leaf_rows,
                                .min_split_rows = p->min_split_rows,
                                .min_gain = p->min_gain,
                                .column_fraction = p->column_fraction};
    KEN_TRY(tree_criterion(ctx, p->criterion, problem->task, &s->rules.criterion));
    if (problem->label && p->class_weight) KEN_TRY(ken_problem_balanced(ctx, problem, &weight));
    KEN_TRY(ken_tree_data_of(ctx, problem, weight, &s->data));
    return ken_cart_grow_begin(ctx, &s->data, &s->rules, &s->cart, &s->growth);
}

static ken_status tree_step(ken_ctx *ctx, ken_model *model, void *state, ken_step *out) {
    tree_growth *s = state;
    (void)ctx, (void)model;
    KEN_TRY(ken_cart_grow_step(s->growth, &out->done));
    out->objective = s->cart.root_impurity - s->cart.gained / s->cart.node[0].cover;
    return KEN_OK;
}

/* The nodes so far, seen where they lie (so with strides): nothing is copied. */
static int tree_views(const ken_model *model, void *state, ken_view *out, int capacity) {
    tree_growth *s = state;
    ken_cart_node *node = s->cart.node;
    const struct {
        const char *name;
        void *data;
        ken_dtype dtype;
    } rows[] = {{"feature", &node->feature, KEN_I32},          {"threshold", &node->threshold, KEN_F64},
                {"left", &node->left, KEN_I32},                {"right", &node->right, KEN_I32},
                {"missing_left", &node->missing_left, KEN_U8}, {"cover", &node->cover, KEN_F64},
                {"gain", &node->gain, KEN_F64},                {"category", &node->category, KEN_I32},
                {"category_words", &node->category_words, KEN_I32}};
    int n = 0;
    (void)model;
    if (capacity < TREE_VIEWS) return 0;
    for (; n < KEN_COUNT(rows); n++) {
        s->view[n] = ken_tensor_1d(rows[n].data, rows[n].dtype, s->cart.n);
        s->view[n].stride[0] = (int64_t)(sizeof *node / ken_dtype_size(rows[n].dtype));
        out[n] = (ken_view){rows[n].name, &s->view[n]};
    }
    s->view[n] = ken_tensor_1d(s->cart.bits, KEN_I32, s->cart.n_bits);
    out[n] = (ken_view){"category_bits", &s->view[n]};
    n++;
    s->view[n] = ken_tensor_2d(s->cart.value, KEN_F64, s->cart.n, s->cart.width);
    out[n] = (ken_view){"value", &s->view[n]};
    return TREE_VIEWS;
}

static ken_status tree_write(ken_ctx *ctx, ken_model *model, ken_cart *cart) {
    const ken_tree_params *p = ken_model_params(model);
    KEN_TRY(ken_cart_prune(ctx, cart, p->ccp_alpha));
    KEN_TRY(ken_cart_emit(ctx, model, cart, ken_tree_outputs(ken_model_n_classes(model))));
    return ken_attr_set_f64(ctx, model, "root_impurity", cart->root_impurity);
}

static ken_status tree_end(ken_ctx *ctx, ken_model *model, void *state, int64_t keep) {
    tree_growth *s = state;
    const ken_status status = keep > 0 ? tree_write(ctx, model, &s->cart) : KEN_OK;
    ken_cart_grow_end(s->growth);
    ken_cart_free(ctx, &s->cart);
    return status;
}

/* --- the pruning path ------------------------------------------------------------------------- */

typedef struct tree_path {
    int64_t capacity, n;
    double *alpha, *impurity;
    int64_t *leaves;
} tree_path;

static void tree_path_add(tree_path *p, double alpha, double impurity, int64_t leaves) {
    if (p->n < p->capacity) {
        if (p->alpha) p->alpha[p->n] = alpha;
        if (p->impurity) p->impurity[p->n] = impurity;
        if (p->leaves) p->leaves[p->n] = leaves;
    }
    p->n++;
}

static ken_status tree_path_fill(ken_ctx *ctx, const ken_ensemble *e, double root_impurity,
                                 tree_path *path) {
    int32_t n_steps = 0, *left = NULL;
    int64_t leaves = 0;
    double gain = 0;
    ken_prune_step *steps = NULL;
    KEN_TRY(KEN_SCRATCH(ctx, int32_t, e->n_nodes, &left));
    for (int64_t i = 0; i < e->n_nodes; i++) {
        left[i] = e->feature[i] < 0 ? -1 : e->left[i];
        leaves += e->feature[i] < 0;
        gain += e->gain[i] / e->cover[0];
    }
    KEN_TRY(ken_prune_order(ctx, (int32_t)e->n_nodes, left, e->right, e->gain, e->cover[0], &steps,
                            &n_steps));
    tree_path_add(path, 0, root_impurity - gain, leaves);
    for (int32_t k = 0; k < n_steps; k++)
        tree_path_add(path, steps[k].alpha, root_impurity - gain + steps[k].lost, steps[k].leaves);
    return KEN_OK;
}

ken_status ken_tree_prune_path(ken_ctx *ctx, const ken_model *model, int64_t capacity,
                               double *alpha, double *impurity, int64_t *leaves, int64_t *n) {
    tree_path path = {capacity, 0, alpha, impurity, leaves};
    if (ken_model_desc(model) != &ken_tree_desc || !ken_model_fitted(model))
        return KEN_FAIL(ctx, KEN_E_STATE, "fit a model 'tree' first",
                        "tree: '%s' is no fitted tree", ken_model_desc(model)->name);
    const ken_mark mark = ken_scratch_mark(ctx);
    const ken_status status = tree_path_fill(ctx, ken_model_state(model),
                                             ken_model_attr_f64(model, "root_impurity", 0), &path);
    ken_scratch_release(ctx, mark);
    *n = path.n;
    return status;
}

/* --- descriptor ------------------------------------------------------------------------------- */

static const ken_attr tree_attrs[] = {
    KEN_ENSEMBLE_ATTRS, {"root_impurity", KEN_F64, "", "mean impurity of the training rows"}, {0}};

static const ken_estimator tree_estimator = {.begin = tree_begin,
                                             .step = tree_step,
                                             .end = tree_end,
                                             .views = tree_views,
                                             .width = ken_tree_model_width,
                                             .gives = KEN_TREE_MODEL_GIVES,
                                             .margin = KEN_MARGIN_SHARE,
                                             .predict = ken_tree_model_predict,
                                             .predict_row = ken_tree_model_predict_row,
                                             .contributions_against =
                                                 ken_tree_model_contributions_against,
                                             .open = ken_tree_model_open,
                                             .close = ken_tree_model_close};

const ken_desc ken_tree_desc = {
    .name = "tree",
    .title = "Decision tree",
    .kind = KEN_ESTIMATOR,
    .tasks = KEN_REGRESS | KEN_CLASSIFY,
    .tags = KEN_TAG_TYPED | KEN_TAG_CATEGORY | KEN_TAG_MISSING | KEN_TAG_WEIGHTS | KEN_TAG_RANDOM,
    .params = tree_params,
    .defaults = &(const ken_tree_params)KEN_TREE_DEFAULTS,
    .params_size = sizeof(ken_tree_params),
    .attrs = tree_attrs,
    .estimator = &tree_estimator,
    .doc =
        "Asks one question about one column at a time and answers with the mean, or the class "
        "shares, of the training rows that got there. Easy to read when it is small; unstable and "
        "weaker than a forest when it is large. Takes categories, missing values and weights as "
        "they are.",
    .paper = "Breiman, Friedman, Olshen & Stone 1984, Classification and Regression Trees",
    .peer = "sklearn.tree.DecisionTreeClassifier, DecisionTreeRegressor",
};

const ken_desc *const ken_tree_things[] = {&ken_tree_desc, NULL};
