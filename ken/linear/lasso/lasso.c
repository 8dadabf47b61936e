/* The lasso: least squares with a penalty on the absolute values of the coefficients.
 * The work is done by coordinate descent: linear_cd.h. */
#include "ken/linear/lasso/lasso.h"

#include <stddef.h>

#include "ken/linear/linear_predict.h"

static ken_status lasso_check(ken_ctx *ctx, const void *params) {
    return ken__cd_check_alpha(ctx, "lasso", ((const ken_lasso_params *)params)->alpha);
}

ken_cd_options ken__lasso_options(const ken_lasso_params *p) {
    return (ken_cd_options){.alpha = p->alpha,
                            .l1_ratio = 1,
                            .tol = p->tol,
                            .max_iter = p->max_iter,
                            .fit_intercept = p->fit_intercept,
                            .positive = p->positive,
                            .selection = p->selection,
                            .step_unit = p->step_unit,
                            .solver = p->solver};
}

static ken_status lasso_begin(ken_ctx *ctx, ken_model *model, const ken_problem *problem,
                              void **state) {
    const ken_cd_options options = ken__lasso_options(ken_model_params(model));
    return ken__cd_begin(ctx, model, problem, &options, state);
}

/* max_iter counts passes; a step may be less than that. */
static ken_stop_rule lasso_stop_rule(const void *params, int64_t n_rows) {
    const ken_lasso_params *p = params;
    (void)n_rows;
    return (ken_stop_rule){.max_steps = p->step_unit == KEN_CD_PASS ? p->max_iter : INT64_MAX};
}

/* --- descriptor ------------------------------------------------------------------------------ */

static const ken_param lasso_params[] = {
    KEN_ROW_F64(ken_lasso_params, alpha, .min = 0, .max = 1e300, .lo = 1e-4, .hi = 1e2,
                .scale = KEN_LOG_SCALE,
                .doc =
                    "strength of the penalty, above 0; from alpha_max on all coefficients are 0"),
    KEN_ROW_BOOL(ken_lasso_params, fit_intercept, .doc = "add a constant term, not penalized"),
    KEN_ROW_BOOL(ken_lasso_params, positive, .doc = "no coefficient below 0"),
    KEN_ROW_CHOICE(ken_lasso_params, solver, ken__cd_solvers,
                   .doc =
                       "gram: on products of columns, for many rows; residual: on the columns, for "
                       "many columns; auto: by shape"),
    KEN_ROW_CHOICE(ken_lasso_params, selection, ken__cd_selections,
                   .doc = "order of the coordinates: cyclic, or random anew for each pass"),
    KEN_ROW_CHOICE(ken_lasso_params, step_unit, ken__cd_step_units,
                   .doc = "what a step of a trace is: a pass over all coordinates, or one of them"),
    KEN_ROW_I64(ken_lasso_params, max_iter, .min = 1, .max = 1e9, .doc = "passes at most"),
    KEN_ROW_F64(ken_lasso_params, tol, .min = 0, .max = 1,
                .doc =
                    "converged when the duality gap is at most so much of the objective at coef 0; "
                    "below 2^-48 it is that"),
    {0}};

static const ken_estimator lasso_estimator = {.begin = lasso_begin,
                                              .step = ken__cd_step,
                                              .end = ken__cd_end,
                                              .views = ken__cd_views,
                                              .stop_rule = lasso_stop_rule,
                                              .width = ken__linear_model_width,
                                              .gives = KEN_GIVES(MARGIN) | KEN_GIVES(CONTRIBUTIONS),
                                              .predict = ken__linear_model_predict,
                                              .open = ken__linear_model_open};

static const ken_lasso_params lasso_defaults = KEN_LASSO_DEFAULTS;

const ken_desc ken_lasso_desc = {
    .name = "lasso",
    .title = "Lasso",
    .kind = KEN_ESTIMATOR,
    .tasks = KEN_REGRESS,
    .tags = KEN_TAG_WEIGHTS | KEN_TAG_LINEAR | KEN_TAG_SCALED,
    .params = lasso_params,
    .defaults = &lasso_defaults,
    .params_size = sizeof(ken_lasso_params),
    .check = lasso_check,
    .attrs = ken__cd_attrs,
    .estimator = &lasso_estimator,
    .doc = "Least squares with a penalty on the absolute values of the coefficients: most become "
           "exactly 0, "
           "so that it chooses columns while it fits. Of a group of nearly equal columns it keeps "
           "one, "
           "more or less by chance: elastic_net keeps them together. The penalty compares "
           "coefficients, "
           "so columns should have like scale.",
    .paper = "Tibshirani 1996 (JRSS B); Friedman, Hastie & Tibshirani 2010 (JSS)",
    .peer = "sklearn.linear_model.Lasso",
};

const ken_desc *const ken_lasso_things[] = {&ken_lasso_desc, NULL};
