/* The descriptor of a single tree. How it grows: cart_grow.c; what it looks like: tree_ensemble.h.
 */
#include "ken/tree/tree/tree.h"

#include <math.h>

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

static ken_status tree_grow(ken_ctx *ctx, ken_model *model, const ken_problem *problem,
                            ken_cart *cart) {
    const ken_tree_params *p = ken_model_params(model);
    ken_tree_data data;
    double *weight = NULL;
    ken_cart_rules rules = {.max_depth = p->max_depth,
                            .max_leaves = p->max_leaves,
                            .min_leaf_rows = p->min_leaf_rows,
                            .min_split_rows = p->min_split_rows,
                            .min_gain = p->min_gain,
                            .column_fraction = p->column_fraction};
    KEN_TRY(tree_criterion(ctx, p->criterion, problem->task, &rules.criterion));
    if (problem->label && p->class_weight) KEN_TRY(ken_problem_balanced(ctx, problem, &weight));
    KEN_TRY(ken_tree_data_of(ctx, problem, weight, &data));
    KEN_TRY(ken_cart_grow(ctx, &data, &rules, cart));
    return ken_cart_prune(ctx, cart, p->ccp_alpha);
}

static ken_status tree_fit(ken_ctx *ctx, ken_model *model, const ken_problem *problem) {
    ken_cart cart = {0};
    const ken_mark mark = ken_scratch_mark(ctx);
    ken_status status = tree_grow(ctx, model, problem, &cart);
    if (status == KEN_OK)
        status = ken_cart_emit(ctx, model, &cart, ken_tree_outputs(problem->n_classes));
    if (status == KEN_OK)
        status = ken_attr_set_f64(ctx, model, "root_impurity", cart.root_impurity);
    ken_cart_free(ctx, &cart);
    ken_scratch_release(ctx, mark);
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

static const ken_estimator tree_estimator = {.fit = tree_fit,
                                             .width = ken_tree_model_width,
                                             .predict = ken_tree_model_predict,
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
