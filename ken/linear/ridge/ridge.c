/* Ridge regression (Hoerl & Kennard 1970): minimize
 *     sum of w (y - b0 - x . b)^2 + alpha |b|^2.
 * The intercept is not penalized: with columns and target centered it drops out, and
 *     (Z'WZ + alpha I) b = Z'W y,   b0 = mean(y) - mean(x) . b. */
#include "ken/linear/ridge/ridge.h"

#include <math.h>
#include <string.h>

#include "ken/kernels/kernels.h"
#include "ken/linear/linear_predict.h"
#include "ken/linear/linear_rows.h"
#include "ken/math/linalg.h"

typedef struct ridge_fit_state {
    const ken_problem *problem;
    double alpha;
    bool centered;
    int64_t d, ld;
    double *A;      /* (d + 1, ld) cross products, then their factor */
    double *mean;   /* (d + 1) */
    double *center; /* (d + 1) mean, or zeros without intercept */
    double *scale;  /* (d) one over the root of the diagonal */
    double *step;   /* (d) */
    double *coef, intercept, total;
} ridge_fit_state;

static ken_status ridge_alloc(ken_ctx *ctx, ridge_fit_state *s) {
    KEN_TRY(KEN_SCRATCH(ctx, double, s->ld * s->ld, &s->A));
    KEN_TRY(KEN_SCRATCH(ctx, double, s->d + 1, &s->mean));
    KEN_TRY(KEN_SCRATCH(ctx, double, s->d + 1, &s->center));
    KEN_TRY(KEN_SCRATCH(ctx, double, s->d, &s->scale));
    return KEN_SCRATCH(ctx, double, s->d + 1, &s->step);
}

static void ridge_add_step(ridge_fit_state *s) {
    for (int64_t j = 0; j < s->d; j++) {
        s->coef[j] += s->step[j];
        s->intercept -= s->step[j] * s->center[j];
    }
}

/* A + alpha I in columns of like scale, factored; *definite false: not to working precision. */
static ken_status ridge_factor(ken_ctx *ctx, ridge_fit_state *s, bool *definite) {
    const int64_t d = s->d, ld = s->ld;
    *definite = false;
    KEN_TRY(ken__linear_gram(ctx, s->problem, s->center, s->A));
    for (int64_t j = 0; j < d; j++) {
        const double diagonal = s->A[j * ld + j] += s->alpha;
        if (!(diagonal > 0)) return KEN_OK;
        s->scale[j] = 1 / sqrt(diagonal);
    }
    for (int64_t i = 0; i < d; i++) {
        s->step[i] = s->A[i * ld + d];
        for (int64_t j = 0; j < d; j++) s->A[i * ld + j] *= s->scale[i] * s->scale[j];
    }
    *definite = ken_cholesky(s->A, d, ld, 1e-10) == d;
    return KEN_OK;
}

/* step := (A + alpha I)^-1 step */
static void ridge_solve_factored(const ridge_fit_state *s) {
    for (int64_t j = 0; j < s->d; j++) s->step[j] *= s->scale[j];
    ken_cholesky_solve(s->A, s->d, s->ld, s->step);
    for (int64_t j = 0; j < s->d; j++) s->step[j] *= s->scale[j];
}

/* Cholesky, and one step of refinement with residuals from the data: it gives back the digits that
 * forming cross products has cost. */
static ken_status ridge_by_cholesky(ken_ctx *ctx, ridge_fit_state *s, bool *definite) {
    double *gradient;
    KEN_TRY(KEN_SCRATCH(ctx, double, s->d + 2, &gradient));
    KEN_TRY(ridge_factor(ctx, s, definite));
    if (!*definite) return KEN_OK;
    ridge_solve_factored(s);
    ridge_add_step(s);
    KEN_TRY(ken__linear_gradient(ctx, s->problem, s->center, s->coef, s->intercept, gradient));
    for (int64_t j = 0; j < s->d; j++) s->step[j] = gradient[j] - s->alpha * s->coef[j];
    ridge_solve_factored(s);
    ridge_add_step(s);
    return KEN_OK;
}

/* Least squares of R (from all rows) on top of sqrt(alpha) I. */
static ken_status ridge_by_qr(ken_ctx *ctx, ridge_fit_state *s) {
    const int64_t d = s->d, rows = 2 * d + 1, ld = s->ld;
    double *stack, *right;
    int64_t rank;
    KEN_TRY(KEN_SCRATCH(ctx, double, rows * ld, &stack));
    KEN_TRY(KEN_SCRATCH(ctx, double, rows, &right));
    KEN_TRY(ken__linear_tsqr(ctx, s->problem, s->center, stack));
    for (int64_t i = 0; i < d; i++)
        for (int64_t j = 0; j < d; j++) stack[(d + 1 + i) * ld + j] = i == j ? sqrt(s->alpha) : 0;
    for (int64_t i = 0; i < rows; i++) right[i] = i <= d ? stack[i * ld + d] : 0;
    KEN_TRY(ken_least_squares(ctx, stack, rows, d, ld, right, 0, s->step, &rank, NULL));
    if (rank < d)
        ken_warn(ctx, "ridge: %lld columns depend on others and got the coefficient 0; "
                      "alpha > 0 shares the effect among them", (long long)(d - rank));
    ridge_add_step(s);
    return KEN_OK;
}

static ken_status ridge_solve(ken_ctx *ctx, const ken_model *model, ridge_fit_state *s) {
    const int solver = ((const ken_ridge_params *)ken_model_params(model))->solver;
    bool definite = false;
    memset(s->center, 0, (size_t)(s->d + 1) * sizeof *s->center);
    KEN_TRY(ken__linear_means(ctx, s->problem, s->mean, &s->total));
    KEN_TRY(ken__linear_weighty(ctx, model, s->total));
    if (s->centered) {
        memcpy(s->center, s->mean, (size_t)(s->d + 1) * sizeof *s->center);
        s->intercept = s->mean[s->d];
    }
    if (solver != KEN_RIDGE_QR) KEN_TRY(ridge_by_cholesky(ctx, s, &definite));
    if (!definite && solver == KEN_RIDGE_CHOLESKY)
        return KEN_FAIL(ctx, KEN_E_VALUE, "raise alpha, or use solver=qr",
                        "ridge: the columns are too nearly dependent for Cholesky at alpha %g",
                        s->alpha);
    return definite ? KEN_OK : ridge_by_qr(ctx, s);
}

static ken_status ridge_fit(ken_ctx *ctx, ken_model *model, const ken_problem *problem) {
    const ken_ridge_params *p = ken_model_params(model);
    const int64_t d = ken_table_cols(problem->X);
    ridge_fit_state s = {.problem = problem,
                         .alpha = p->alpha,
                         .centered = p->fit_intercept,
                         .d = d,
                         .ld = ken_pad(d + 1)};
    double *center;
    KEN_TRY(ken_attr_new(ctx, model, "coef", KEN_F64, 1, &d, (void **)&s.coef));
    KEN_TRY(ken_attr_new(ctx, model, "center", KEN_F64, 1, &d, (void **)&center));
    KEN_TRY(ridge_alloc(ctx, &s));
    KEN_TRY(ridge_solve(ctx, model, &s));
    memcpy(center, s.mean, (size_t)d * sizeof *center);
    return ken_attr_set_f64(ctx, model, "intercept", s.intercept);
}

/* --- descriptor ----------------------------------------------------------------------------------- */

static const char *const ridge_solvers[] = {"auto", "cholesky", "qr", NULL};

static const ken_param ridge_params[] = {
    KEN_ROW_F64(ken_ridge_params, alpha, .min = 0, .max = 1e300, .lo = 1e-4, .hi = 1e4,
                .scale = KEN_LOG_SCALE,
                .doc = "penalty on the squared coefficients; 0 is ordinary least squares"),
    KEN_ROW_BOOL(ken_ridge_params, fit_intercept, .doc = "add a constant term, not penalized"),
    KEN_ROW_CHOICE(ken_ridge_params, solver, ridge_solvers,
                   .doc = "cholesky: fast; qr: for nearly dependent columns and small alpha; auto: "
                          "cholesky where it is safe"),
    {0}};

static const ken_attr ridge_attrs[] = {
    {"coef", KEN_F64, "d", "change of the prediction per unit of each column"},
    {"intercept", KEN_F64, "", "prediction where all columns are 0"},
    {"center", KEN_F64, "d", "weighted mean of each column"},
    {0}};

static const ken_estimator ridge_estimator = {
    .fit = ridge_fit,
    .width = ken__linear_model_width,
    .gives = KEN_GIVES(MARGIN) | KEN_GIVES(CONTRIBUTIONS),
    .predict = ken__linear_model_predict,
    .open = ken__linear_model_open};

static const ken_ridge_params ridge_defaults = KEN_RIDGE_DEFAULTS;

const ken_desc ken_ridge_desc = {
    .name = "ridge",
    .title = "Ridge regression",
    .kind = KEN_ESTIMATOR,
    .tasks = KEN_REGRESS,
    .tags = KEN_TAG_WEIGHTS | KEN_TAG_LINEAR | KEN_TAG_SCALED,
    .params = ridge_params,
    .defaults = &ridge_defaults,
    .params_size = sizeof(ken_ridge_params),
    .attrs = ridge_attrs,
    .estimator = &ridge_estimator,
    .doc = "Least squares with a penalty on the squared coefficients: steady where columns are many "
           "or nearly dependent. The penalty compares coefficients, so columns should have like "
           "scale. For standard errors use linear.",
    .paper = "Hoerl & Kennard 1970 (Technometrics)",
    .peer = "sklearn.linear_model.Ridge",
};

const ken_desc *const ken_ridge_things[] = {&ken_ridge_desc, NULL};
