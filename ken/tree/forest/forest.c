/* The descriptor of a random forest. How it grows: forest_grow.h. */
#include "ken/tree/forest/forest.h"

#include "ken/tree/forest_grow.h"
#include "ken/tree/tree_model.h"

static const ken_param forest_params[] = {KEN_FOREST_ROWS(ken_forest_params), {0}};

static ken_status forest_fit(ken_ctx *ctx, ken_model *model, const ken_problem *problem) {
    const ken_forest_params *p = ken_model_params(model);
    ken_forest_rules rules = KEN_FOREST_RULES("forest", p);
    rules.random_cuts = false;
    return ken_forest_fit(ctx, model, problem, &rules);
}

static const ken_attr forest_attrs[] = {
    KEN_ENSEMBLE_ATTRS,
    {"oob_score", KEN_F64, "", "accuracy or R squared on rows that a tree did not see"},
    {"oob_rows", KEN_I64, "", "rows that some tree did not see"},
    {0}};

static const ken_estimator forest_estimator = {.fit = forest_fit,
                                               .width = ken_tree_model_width,
                                               .gives = KEN_TREE_MODEL_GIVES,
                                               .margin = KEN_MARGIN_SHARE,
                                               .predict = ken_tree_model_predict,
                                               .predict_row = ken_tree_model_predict_row,
                                               .contributions_against =
                                                   ken_tree_model_contributions_against,
                                               .open = ken_tree_model_open,
                                               .close = ken_tree_model_close};

const ken_desc ken_forest_desc = {
    .name = "forest",
    .title = "Random forest",
    .kind = KEN_ESTIMATOR,
    .tasks = KEN_REGRESS | KEN_CLASSIFY,
    .tags = KEN_TAG_TYPED | KEN_TAG_CATEGORY | KEN_TAG_MISSING | KEN_TAG_WEIGHTS | KEN_TAG_RANDOM,
    .params = forest_params,
    .defaults = &(const ken_forest_params)KEN_FOREST_DEFAULTS,
    .params_size = sizeof(ken_forest_params),
    .attrs = forest_attrs,
    .estimator = &forest_estimator,
    .doc = "The mean of many deep trees that differ by the rows and columns they were shown. Needs "
           "hardly any "
           "tuning, does not overfit with more trees, scores itself on the rows that a tree did "
           "not see. "
           "Does not extrapolate; boosting is often a little better and smaller. Takes categories, "
           "missing "
           "values and weights as they are.",
    .paper = "Breiman 2001, Machine Learning 45, 'Random forests'",
    .peer = "sklearn.ensemble.RandomForestClassifier, RandomForestRegressor",
};

const ken_desc *const ken_forest_things[] = {&ken_forest_desc, NULL};
