/* Least squares. The coefficients and their covariance come from linear_solve.c, by one of three ways
 * that differ in speed and digits; here is what statistics makes of them, and prediction. */
#include "ken/linear/linear/linear.h"

#include <math.h>
#include <stdio.h>

#include "ken/kernels/kernels.h"
#include "ken/linear/linear/linear_solve.h"
#include "ken/linear/linear_rows.h"
#include "ken/math/distributions.h"

/* --- fit ------------------------------------------------------------------------------------------ */

/* "linear: 2 columns depend on others ...: 'a', 'b'" */
static void linear_warn_dependent(ken_ctx *ctx, const ken_problem *problem,
                                  const ken_linear_solution *s) {
    char names[200] = "";
    size_t used = 0;
    int64_t dropped = 0;
    for (int64_t j = 0; j < s->d; j++) {
        if (!s->dependent[j]) continue;
        const char *name = ken_table_column(problem->X, (int)j)->name;
        dropped++;
        if (used + 1 < sizeof names) {
            const int wrote = snprintf(names + used, sizeof names - used, "%s'%s'",
                                       used ? ", " : "", name ? name : "?");
            used += wrote > 0 ? (size_t)wrote : 0;
        }
    }
    if (dropped > 0)
        ken_warn(ctx, "linear: %lld columns depend on others and got the coefficient 0: %s%s",
                 (long long)dropped, names, used >= sizeof names ? " ..." : "");
}

/* estimate, standard error, t, p and the interval of one coefficient */
typedef struct linear_line {
    double *error, *t, *p, *low, *high;
} linear_line;

static void linear_test(const linear_line *line, int64_t j, double estimate, double variance,
                        double sigma, double dof, double confidence) {
    const double error = sigma * sqrt(variance);
    const double width = dof > 0 ? ken_t_quantile(0.5 + 0.5 * confidence, dof) * error : NAN;
    line->error[j] = error;
    line->t[j] = estimate / error;
    line->p[j] = dof > 0 ? 2 * ken_t_sf(fabs(line->t[j]), dof) : NAN;
    line->low[j] = estimate - width;
    line->high[j] = estimate + width;
}

static ken_status linear_store_tests(ken_ctx *ctx, ken_model *model, const ken_linear_solution *s,
                                     double sigma, double dof) {
    const ken_linear_params *params = ken_model_params(model);
    linear_line line, own;
    double cell[5] = {NAN, NAN, NAN, NAN, NAN};
    own = (linear_line){cell, cell + 1, cell + 2, cell + 3, cell + 4};
    KEN_TRY(ken_attr_new(ctx, model, "standard_error", KEN_F64, 1, &s->d, (void **)&line.error));
    KEN_TRY(ken_attr_new(ctx, model, "t_value", KEN_F64, 1, &s->d, (void **)&line.t));
    KEN_TRY(ken_attr_new(ctx, model, "p_value", KEN_F64, 1, &s->d, (void **)&line.p));
    KEN_TRY(ken_attr_new(ctx, model, "conf_low", KEN_F64, 1, &s->d, (void **)&line.low));
    KEN_TRY(ken_attr_new(ctx, model, "conf_high", KEN_F64, 1, &s->d, (void **)&line.high));
    for (int64_t j = 0; j < s->d; j++) {
        const double variance = s->dependent[j] ? NAN : s->covariance[j * s->d + j];
        linear_test(&line, j, s->coef[j], variance, sigma, dof, params->confidence);
    }
    if (params->fit_intercept)
        linear_test(&own, 0, s->intercept, s->intercept_variance, sigma, dof, params->confidence);
    static const char *const names[] = {"intercept_standard_error", "intercept_t_value",
                                        "intercept_p_value", "intercept_conf_low",
                                        "intercept_conf_high"};
    for (int i = 0; i < KEN_COUNT(names); i++)
        KEN_TRY(ken_attr_set_f64(ctx, model, names[i], cell[i]));
    return KEN_OK;
}

static ken_status linear_store_summary(ken_ctx *ctx, ken_model *model, const ken_linear_solution *s,
                                       double sigma, double dof) {
    const ken_linear_params *params = ken_model_params(model);
    const double r2 = 1 - s->rss / s->tss, free_rows = dof + (double)s->rank;
    const double explained = (s->tss - s->rss) / (double)s->rank;
    const double f = explained / (sigma * sigma);
    const struct {
        const char *name;
        double value;
    } cells[] = {
        {"intercept", params->fit_intercept ? s->intercept : 0},
        {"sigma", sigma},
        {"dof", dof},
        {"r2", r2},
        {"adjusted_r2", 1 - (1 - r2) * free_rows / dof},
        {"f_value", f},
        {"f_p_value", dof > 0 && s->rank > 0 ? ken_f_sf(f, (double)s->rank, dof) : NAN},
        {"residual_sum_of_squares", s->rss},
        {"condition", s->condition},
        {"mean_variance", params->fit_intercept ? 1 / s->total_weight : 0},
    };
    for (int i = 0; i < KEN_COUNT(cells); i++)
        KEN_TRY(ken_attr_set_f64(ctx, model, cells[i].name, cells[i].value));
    return ken_attr_set_i64(ctx, model, "rank", s->rank + params->fit_intercept);
}

static ken_status linear_fit(ken_ctx *ctx, ken_model *model, const ken_problem *problem) {
    const ken_linear_params *params = ken_model_params(model);
    const int64_t d = ken_table_cols(problem->X), square[2] = {d, d};
    ken_linear_solution s = {.d = d};
    KEN_TRY(ken_attr_new(ctx, model, "coef", KEN_F64, 1, &d, (void **)&s.coef));
    KEN_TRY(ken_attr_new(ctx, model, "center", KEN_F64, 1, &d, (void **)&s.center));
    KEN_TRY(ken_attr_new(ctx, model, "covariance", KEN_F64, 2, square, (void **)&s.covariance));
    KEN_TRY(ken__linear_solve(ctx, problem, params->fit_intercept, &s));
    KEN_TRY(ken__linear_weighty(ctx, model, s.total_weight));
    linear_warn_dependent(ctx, problem, &s);
    const double dof = (double)(s.rows - s.rank - params->fit_intercept);
    const double sigma = dof > 0 ? sqrt(s.rss / dof) : NAN;
    if (!(dof > 0))
        ken_warn(ctx, "linear: %lld rows for %lld coefficients leave no degree of freedom: "
                      "no standard errors", (long long)s.rows,
                 (long long)(s.rank + params->fit_intercept));
    KEN_TRY(linear_store_tests(ctx, model, &s, sigma, dof));
    for (int64_t i = 0; i < d * d; i++) s.covariance[i] *= sigma * sigma;
    return linear_store_summary(ctx, model, &s, sigma, dof);
}

/* --- predict -------------------------------------------------------------------------------------- */

typedef struct linear_view {
    const ken_kernels *kernels;
    const double *coef, *center, *covariance;
    double intercept, base, variance, width;
    int64_t d;
    bool centered;
} linear_view;

static void linear_value_rows(const void *arg, const double *X, int64_t rows, double *out) {
    const linear_view *v = arg;
    v->kernels->gemv(X, rows, v->d, v->d, v->coef, v->intercept, out, 1);
}

static void linear_contribution_rows(const void *arg, const double *X, int64_t rows, double *out) {
    const linear_view *v = arg;
    ken__linear_contributions(X, rows, v->d, v->coef, v->center, v->base, out, v->d + 1);
}

/* value -+ t sqrt(sigma^2 (1 + 1/n) + z' C z): for a new row, not for its mean */
static void linear_interval_rows(const void *arg, const double *X, int64_t rows, double *out) {
    const linear_view *v = arg;
    for (int64_t i = 0; i < rows; i++) {
        const double *x = X + i * v->d;
        double value = v->intercept, spread = v->variance;
        for (int64_t j = 0; j < v->d; j++) {
            const double z = v->centered ? x[j] - v->center[j] : x[j];
            double sum = 0;
            for (int64_t k = 0; k < v->d; k++)
                sum += v->covariance[j * v->d + k] * (v->centered ? x[k] - v->center[k] : x[k]);
            spread += z * sum;
            value += v->coef[j] * x[j];
        }
        out[2 * i] = value - v->width * sqrt(spread);
        out[2 * i + 1] = value + v->width * sqrt(spread);
    }
}

static int64_t linear_width(const ken_model *model, ken_what what) {
    if (what == KEN_WHAT_VALUE || what == KEN_WHAT_MARGIN) return 1;
    if (what == KEN_WHAT_CONTRIBUTIONS) return ken_model_n_inputs(model) + 1;
    return what == KEN_WHAT_INTERVAL && ken_model_attr_f64(model, "dof", 0) > 0 ? 2 : 0;
}

static ken_status linear_predict(ken_ctx *ctx, const ken_model *model, const ken_table *X,
                                 ken_what what, double *out) {
    const ken_linear_params *params = ken_model_params(model);
    linear_view v = {.kernels = ken_ctx_kernels(ctx),
                     .coef = ken_f64(ken_model_attr(model, "coef")),
                     .center = ken_f64(ken_model_attr(model, "center")),
                     .covariance = ken_f64(ken_model_attr(model, "covariance")),
                     .intercept = ken_model_attr_f64(model, "intercept", 0),
                     .d = ken_table_cols(X),
                     .centered = params->fit_intercept};
    const double sigma = ken_model_attr_f64(model, "sigma", NAN);
    v.base = v.intercept;
    for (int64_t j = 0; j < v.d; j++) v.base += v.coef[j] * v.center[j];
    v.variance = sigma * sigma * (1 + ken_model_attr_f64(model, "mean_variance", 0));
    if (what == KEN_WHAT_INTERVAL)
        v.width = ken_t_quantile(0.5 + 0.5 * params->confidence, ken_model_attr_f64(model, "dof", 0));
    const ken_row_block_fn rows = what == KEN_WHAT_CONTRIBUTIONS ? linear_contribution_rows
                                  : what == KEN_WHAT_INTERVAL    ? linear_interval_rows
                                                                 : linear_value_rows;
    return ken_predict_dense(ctx, X, linear_width(model, what), rows, &v, out);
}

static ken_status linear_open(ken_ctx *ctx, ken_model *model, void **state) {
    const int64_t d = ken_model_n_inputs(model);
    *state = NULL;
    KEN_TRY(ken__linear_expect(ctx, model, "coef", d));
    KEN_TRY(ken__linear_expect(ctx, model, "center", d));
    KEN_TRY(ken__linear_expect(ctx, model, "covariance", d * d));
    return ken__linear_expect(ctx, model, "intercept", 1);
}

/* --- descriptor ----------------------------------------------------------------------------------- */

static const ken_param linear_params[] = {
    KEN_ROW_BOOL(ken_linear_params, fit_intercept, .doc = "add a constant term"),
    KEN_ROW_F64(ken_linear_params, confidence, .min = 0, .max = 1 - 0x1p-53, .open_min = true,
                .doc = "of the intervals of coefficients and predictions"),
    {0}};

static const ken_attr linear_attrs[] = {
    {"coef", KEN_F64, "d", "change of the prediction per unit of each column; 0 where dependent"},
    {"intercept", KEN_F64, "", "prediction where all columns are 0"},
    {"standard_error", KEN_F64, "d", "of coef"},
    {"t_value", KEN_F64, "d", "coef / standard_error"},
    {"p_value", KEN_F64, "d", "two-sided, of the hypothesis coef = 0"},
    {"conf_low", KEN_F64, "d", "lower end of the confidence interval of coef"},
    {"conf_high", KEN_F64, "d", "upper end"},
    {"intercept_standard_error", KEN_F64, "", "of intercept"},
    {"intercept_t_value", KEN_F64, "", "intercept / intercept_standard_error"},
    {"intercept_p_value", KEN_F64, "", "two-sided, of the hypothesis intercept = 0"},
    {"intercept_conf_low", KEN_F64, "", "lower end of the confidence interval of intercept"},
    {"intercept_conf_high", KEN_F64, "", "upper end"},
    {"sigma", KEN_F64, "", "residual standard deviation, sqrt(residual sum of squares / dof)"},
    {"dof", KEN_F64, "", "rows of weight > 0 less rank"},
    {"r2", KEN_F64, "", "explained part of the variance; without intercept of the sum of squares"},
    {"adjusted_r2", KEN_F64, "", "r2 with variances instead of sums of squares"},
    {"f_value", KEN_F64, "", "of the hypothesis that all coef are 0"},
    {"f_p_value", KEN_F64, "", "its p-value"},
    {"residual_sum_of_squares", KEN_F64, "", "weighted"},
    {"rank", KEN_I64, "", "independent columns, with the constant one"},
    {"condition", KEN_F64, "", "estimated condition number of the centered columns at equal length"},
    {"covariance", KEN_F64, "d,d", "of coef; 0 where dependent"},
    {"center", KEN_F64, "d", "weighted mean of each column"},
    {"mean_variance", KEN_F64, "", "variance of the mean prediction over sigma squared"},
    {0}};

static const ken_estimator linear_estimator = {
    .fit = linear_fit, .width = linear_width,
    .gives = KEN_GIVES(MARGIN) | KEN_GIVES(CONTRIBUTIONS) | KEN_GIVES(INTERVAL),
    .predict = linear_predict, .open = linear_open};

static const ken_linear_params linear_defaults = KEN_LINEAR_DEFAULTS;

const ken_desc ken_linear_desc = {
    .name = "linear",
    .title = "Linear regression",
    .kind = KEN_ESTIMATOR,
    .tasks = KEN_REGRESS,
    .tags = KEN_TAG_WEIGHTS | KEN_TAG_LINEAR,
    .params = linear_params,
    .defaults = &linear_defaults,
    .params_size = sizeof(ken_linear_params),
    .attrs = linear_attrs,
    .estimator = &linear_estimator,
    .doc = "Ordinary least squares with standard errors, tests and intervals. The first model for a "
           "number that may depend on the columns in proportion; with many or nearly dependent "
           "columns use ridge.",
    .paper = "Legendre 1805; Gauss 1809; Golub 1965 (QR)",
    .peer = "sklearn.linear_model.LinearRegression",
};

const ken_desc *const ken_linear_things[] = {&ken_linear_desc, NULL};
