/* The descriptor of extremely randomized trees. How it grows: forest_grow.h. */
#include "ken/tree/extra_trees/extra_trees.h"

#include "ken/tree/forest_grow.h"
#include "ken/tree/tree_model.h"

static const ken_param extra_trees_params[] = {KEN_FOREST_ROWS(ken_extra_trees_params), {0}};

static ken_status extra_trees_fit(ken_ctx *ctx, ken_model *model, const ken_problem *problem) {
    const ken_extra_trees_params *p = ken_model_params(model);
    ken_forest_rules rules = KEN_FOREST_RULES("extra_trees", p);
    rules.random_cuts = true;
    return ken_forest_fit(ctx, model, problem, &rules);
}

static const ken_attr extra_trees_attrs[] = {
    KEN_ENSEMBLE_ATTRS,
    {"oob_score", KEN_F64, "", "accuracy or R squared on rows that a tree did not see"},
    {"oob_rows", KEN_I64, "", "rows that some tree did not see"},
    {0}};

static const ken_estimator extra_trees_estimator = {.fit = extra_trees_fit,
                                                    .width = ken_tree_model_width,
                                                    .gives = KEN_TREE_MODEL_GIVES,
                                                    .margin = KEN_MARGIN_SHARE,
                                                    .predict = ken_tree_model_predict,
                                                    .predict_row = ken_tree_model_predict_row,
                                                    .contributions_against =
                                                        ken_tree_model_contributions_against,
                                                    .open = ken_tree_model_open,
                                                    .close = ken_tree_model_close};

const ken_desc ken_extra_trees_desc = {
    .name = "extra_trees",
    .title = "Extremely randomized trees",
    .kind = KEN_ESTIMATOR,
    .tasks = KEN_REGRESS | KEN_CLASSIFY,
    .tags = KEN_TAG_TYPED | KEN_TAG_CATEGORY | KEN_TAG_MISSING | KEN_TAG_WEIGHTS | KEN_TAG_RANDOM,
    .params = extra_trees_params,
    .defaults = &(const ken_extra_trees_params)KEN_EXTRA_TREES_DEFAULTS,
    .params_size = sizeof(ken_extra_trees_params),
    .attrs = extra_trees_attrs,
    .estimator = &extra_trees_estimator,
    .doc = "A forest whose thresholds are drawn at random and whose trees see all rows: smoother "
           "than a random "
           "forest, faster to grow, a little better on smooth targets and a little worse with many "
           "columns "
           "of noise. Takes categories, missing values and weights as they are.",
    .paper = "Geurts, Ernst & Wehenkel 2006, Machine Learning 63, 'Extremely randomized trees'",
    .peer = "sklearn.ensemble.ExtraTreesClassifier, ExtraTreesRegressor",
};

const ken_desc *const ken_extra_trees_things[] = {&ken_extra_trees_desc, NULL};
