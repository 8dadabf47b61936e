/* Logistic regression: minimize
 *     sum of w loss(row) + l2 / 2 sum of coef^2        (the intercept is not penalized)
 * by Newton's method or L-BFGS; a step is an iteration. The objective is convex, so a small gradient
 * proves the solution: it is kept as an attribute. Value, gradient, Hessian: logistic_loss.c. */
#include "ken/linear/logistic/logistic.h"

#include <math.h>
#include <string.h>

#include "ken/linear/linear_predict.h"
#include "ken/linear/linear_rows.h"
#include "ken/linear/logistic/logistic_loss.h"
#include "ken/math/lbfgs.h"
#include "ken/math/linalg.h"

typedef struct logistic_state {
    ken_logistic_loss loss;
    bool newton, converged, separable, stuck;
    int64_t size; /* variables */
    double *x, *g, f;          /* the point so far (L-BFGS: those of the stepper) */
    double *next, *next_g, *H; /* Newton */
    ken_lbfgs lbfgs;
    double *coef, *intercept, norm; /* (m, d), (m): what the model would be now */
    ken_tensor view[5];
} logistic_state;

/* --- begin --------------------------------------------------------------------------------------- */

/* Newton costs n p^2 a step and needs some 8; L-BFGS n p and some 60. */
static bool logistic_wants_newton(const ken_logistic_params *p, int64_t m, int64_t columns) {
    if (p->solver != KEN_LOGISTIC_AUTO) return p->solver == KEN_LOGISTIC_NEWTON;
    return m == 1 ? columns <= 256 : m * columns <= 160;
}

static ken_status logistic_begin_state(ken_ctx *ctx, const ken_model *model,
                                       const ken_problem *problem, logistic_state *s) {
    const ken_logistic_params *p = ken_model_params(model);
    const int64_t m = problem->n_classes > 2 ? problem->n_classes : 1;
    const double *weight = problem->weight;
    double *balanced;
    if (p->class_weight == KEN_LOGISTIC_BALANCED) {
        KEN_TRY(ken_problem_balanced(ctx, problem, &balanced));
        weight = balanced;
    }
    s->newton = logistic_wants_newton(p, m, ken_table_cols(problem->X) + p->fit_intercept);
    KEN_TRY(ken__logistic_loss_open(ctx, problem, weight, p->fit_intercept, p->l2, s->newton, &s->loss));
    KEN_TRY(ken__linear_weighty(ctx, model, s->loss.total_weight));
    s->size = m * s->loss.p;
    KEN_TRY(KEN_SCRATCH(ctx, double, s->size, &s->next));
    KEN_TRY(KEN_SCRATCH(ctx, double, s->size, &s->coef));
    KEN_TRY(KEN_SCRATCH(ctx, double, m, &s->intercept));
    memset(s->next, 0, (size_t)s->size * sizeof *s->next);
    if (!s->newton) {
        KEN_TRY(ken_lbfgs_begin(ctx, s->size, 12, ken__logistic_evaluate, &s->loss, s->next, &s->lbfgs));
        s->x = s->lbfgs.x, s->g = s->lbfgs.g, s->f = s->lbfgs.f;
        return KEN_OK;
    }
    KEN_TRY(KEN_SCRATCH(ctx, double, s->size, &s->x));
    KEN_TRY(KEN_SCRATCH(ctx, double, s->size, &s->g));
    KEN_TRY(KEN_SCRATCH(ctx, double, s->size, &s->next_g));
    KEN_TRY(KEN_SCRATCH(ctx, double, s->size * s->size, &s->H));
    memset(s->x, 0, (size_t)s->size * sizeof *s->x);
    s->loss.hessian = true;
    return ken__logistic_evaluate(&s->loss, s->x, &s->f, s->g);
}

static ken_status logistic_begin(ken_ctx *ctx, ken_model *model, const ken_problem *problem,
                                 void **state) {
    logistic_state *s;
    if (problem->n_classes < 2)
        return KEN_FAIL(ctx, KEN_E_VALUE, "give rows of at least two classes",
                        "logistic: the target has %d class", problem->n_classes);
    KEN_TRY(KEN_SCRATCH(ctx, logistic_state, 1, &s)); /* lives as long as the fit */
    memset(s, 0, sizeof *s);
    KEN_TRY(logistic_begin_state(ctx, model, problem, s));
    s->view[0] = ken_tensor_2d(s->coef, KEN_F64, s->loss.m, s->loss.d);
    s->view[1] = ken_tensor_1d(s->intercept, KEN_F64, s->loss.m);
    s->view[2] = ken_tensor_2d(s->g, KEN_F64, s->loss.m, s->loss.p);
    s->view[3] = ken_tensor_1d(&s->norm, KEN_F64, 1);
    s->view[4] = ken_tensor_1d(&s->f, KEN_F64, 1);
    *state = s;
    return KEN_OK;
}

/* --- step ---------------------------------------------------------------------------------------- */

/* Solve H step = -g into next; a diagonal is added until H is definite in working precision. */
static void logistic_newton_direction(logistic_state *s) {
    double add = 0;
    for (int tries = 0; tries < 20; tries++) {
        ken__logistic_hessian(&s->loss, s->H, s->size);
        double top = 0;
        for (int64_t i = 0; i < s->size; i++) {
            top = KEN_MAX(top, s->H[i * (s->size + 1)]);
            s->H[i * (s->size + 1)] += add;
        }
        if (ken_cholesky(s->H, s->size, s->size, top * 1e-15) == s->size) break;
        add = add > 0 ? 100 * add : top * 1e-13 + 1e-300;
    }
    for (int64_t i = 0; i < s->size; i++) s->next[i] = -s->g[i];
    ken_cholesky_solve(s->H, s->size, s->size, s->next);
}

/* A Newton step, halved until the objective falls; far out the quadratic model promises too much. */
static ken_status logistic_newton(logistic_state *s) {
    double *direction = s->next, slope = 0, f = s->f;
    logistic_newton_direction(s);
    for (int64_t i = 0; i < s->size; i++) slope += s->g[i] * direction[i];
    const double noise = 1e-14 * fabs(s->f);
    double before = 0;
    for (double t = 1; t > 1e-10; t *= 0.5) {
        for (int64_t i = 0; i < s->size; i++) s->x[i] += (t - before) * direction[i];
        before = t;
        KEN_TRY(ken__logistic_evaluate(&s->loss, s->x, &f, s->next_g));
        if (f <= s->f + 1e-4 * t * slope + noise) {
            s->stuck = -slope <= noise; /* the next step cannot be told from rounding */
            s->f = f;
            memcpy(s->g, s->next_g, (size_t)s->size * sizeof *s->g);
            return KEN_OK;
        }
    }
    for (int64_t i = 0; i < s->size; i++) s->x[i] -= before * direction[i];
    s->stuck = true;
    return KEN_OK;
}

/* coef and intercept of the original columns: v / sd, and b0 = v0 - mean . coef */
static void logistic_unscale(const logistic_state *s, double *coef, double *intercept) {
    const ken_logistic_loss *loss = &s->loss;
    for (int64_t c = 0; c < loss->m; c++) {
        const double *v = s->x + c * loss->p;
        intercept[c] = loss->p > loss->d ? v[loss->d] : 0;
        for (int64_t j = 0; j < loss->d; j++) {
            coef[c * loss->d + j] = v[j] * loss->scale[j];
            intercept[c] -= coef[c * loss->d + j] * loss->center[j];
        }
    }
}

static double logistic_gradient_norm(const logistic_state *s) {
    double top = 0;
    for (int64_t i = 0; i < s->size; i++) top = KEN_MAX(top, fabs(s->g[i]));
    return top / s->loss.total_weight;
}

static ken_status logistic_step(ken_ctx *ctx, ken_model *model, void *state, ken_step *out) {
    logistic_state *s = state;
    const ken_logistic_params *p = ken_model_params(model);
    (void)ctx;
    if (logistic_gradient_norm(s) > p->tol) {
        if (s->newton) {
            KEN_TRY(logistic_newton(s));
        } else {
            KEN_TRY(ken_lbfgs_step(&s->lbfgs));
            s->f = s->lbfgs.f;
            s->stuck = !s->lbfgs.moving;
        }
    }
    /* Without a penalty, a point that separates the classes proves that there is no minimum. */
    s->separable = p->l2 == 0 && s->loss.errors == 0;
    s->converged = !s->separable && logistic_gradient_norm(s) <= p->tol;
    logistic_unscale(s, s->coef, s->intercept);
    s->norm = logistic_gradient_norm(s);
    out->objective = s->f;
    out->done = s->converged || s->separable || s->stuck;
    return KEN_OK;
}

/* coef, intercept, gradient_norm, objective as the attributes would be if the fit ended here; the
 * gradient is that of the sum, in columns of variance 1, the intercept's last. */
static int logistic_views(const ken_model *model, void *state, ken_view *out, int capacity) {
    logistic_state *s = state;
    (void)model;
    static const char *const names[] = {"coef", "intercept", "gradient", "gradient_norm", "objective"};
    if (capacity < KEN_COUNT(names)) return 0;
    for (int i = 0; i < KEN_COUNT(names); i++) out[i] = (ken_view){names[i], &s->view[i]};
    return KEN_COUNT(names);
}

static ken_stop_rule logistic_stop_rule(const void *params, int64_t n_rows) {
    const ken_logistic_params *p = params;
    (void)n_rows;
    return (ken_stop_rule){.max_steps = p->max_iter};
}

/* --- end ----------------------------------------------------------------------------------------- */

static void logistic_warn(ken_ctx *ctx, const logistic_state *s, int64_t steps) {
    if (s->separable)
        ken_warn(ctx, "logistic: the classes can be separated by a plane, so that without a penalty "
                      "the coefficients have no limit; give l2 > 0");
    else if (!s->converged)
        ken_warn(ctx, "logistic: not converged after %lld steps, gradient %.3g; raise max_iter or l2",
                 (long long)steps, logistic_gradient_norm(s));
}

static ken_status logistic_end(ken_ctx *ctx, ken_model *model, void *state, int64_t keep) {
    logistic_state *s = state;
    const int64_t m = s->loss.m, shape[2] = {m, s->loss.d};
    double *coef, *intercept, *center;
    uint8_t *flag;
    if (keep == 0) return KEN_OK;
    KEN_TRY(ken_attr_new(ctx, model, "coef", KEN_F64, 2, shape, (void **)&coef));
    KEN_TRY(ken_attr_new(ctx, model, "intercept", KEN_F64, 1, &m, (void **)&intercept));
    KEN_TRY(ken_attr_new(ctx, model, "center", KEN_F64, 1, &shape[1], (void **)&center));
    logistic_unscale(s, coef, intercept);
    for (int64_t j = 0; j < s->loss.d; j++) center[j] = s->loss.mean[j];
    KEN_TRY(ken_attr_new(ctx, model, "converged", KEN_BOOL, 0, NULL, (void **)&flag));
    *flag = s->converged;
    KEN_TRY(ken_attr_new(ctx, model, "separable", KEN_BOOL, 0, NULL, (void **)&flag));
    *flag = s->separable;
    KEN_TRY(ken_attr_set_i64(ctx, model, "n_iter", keep));
    KEN_TRY(ken_attr_set_f64(ctx, model, "objective", s->f));
    KEN_TRY(ken_attr_set_f64(ctx, model, "gradient_norm", logistic_gradient_norm(s)));
    logistic_warn(ctx, s, keep);
    return KEN_OK;
}

/* --- descriptor ---------------------------------------------------------------------------------- */

static const char *const logistic_solvers[] = {"auto", "newton", "lbfgs", NULL};
static const char *const logistic_class_weights[] = {"none", "balanced", NULL};

static const ken_param logistic_params[] = {
    KEN_ROW_F64(ken_logistic_params, l2, .min = 0, .max = 1e300, .lo = 1e-4, .hi = 1e4,
                .scale = KEN_LOG_SCALE,
                .doc = "half of it times the squared coefficients is added to the sum of losses"),
    KEN_ROW_BOOL(ken_logistic_params, fit_intercept, .doc = "add a constant term, not penalized"),
    KEN_ROW_CHOICE(ken_logistic_params, class_weight, logistic_class_weights,
                   .doc = "balanced: each class has the same weight"),
    KEN_ROW_CHOICE(ken_logistic_params, solver, logistic_solvers,
                   .doc = "newton: few steps, for up to some hundred columns; lbfgs: many columns"),
    KEN_ROW_I64(ken_logistic_params, max_iter, .min = 1, .max = 1e9, .doc = "iterations at most"),
    KEN_ROW_F64(ken_logistic_params, tol, .min = 0, .max = 1,
                .doc = "converged when no component of the mean gradient (in columns of variance 1) "
                       "exceeds it"),
    {0}};

static const ken_attr logistic_attrs[] = {
    {"coef", KEN_F64, "m,d", "change of the log odds per unit of each column; one row for two "
                             "classes (those of the second), else a row per class, summing to 0"},
    {"intercept", KEN_F64, "m", "margin where all columns are 0"},
    {"center", KEN_F64, "d", "weighted mean of each column"},
    {"objective", KEN_F64, "", "sum of losses plus penalty at the solution"},
    {"gradient_norm", KEN_F64, "", "largest component of the mean gradient: the certificate"},
    {"converged", KEN_BOOL, "", "gradient_norm is at most tol"},
    {"separable", KEN_BOOL, "", "a plane separates the classes, and l2 is 0: no solution exists"},
    {"n_iter", KEN_I64, "", "iterations done"},
    {0}};

static const ken_estimator logistic_estimator = {.begin = logistic_begin,
                                                 .step = logistic_step,
                                                 .end = logistic_end,
                                                 .views = logistic_views,
                                                 .stop_rule = logistic_stop_rule,
                                                 .width = ken__linear_model_width,
                                                 .gives = KEN_GIVES(MARGIN) | KEN_GIVES(CONTRIBUTIONS),
                                                 .predict = ken__linear_model_predict,
                                                 .open = ken__linear_model_open};

static const ken_logistic_params logistic_defaults = KEN_LOGISTIC_DEFAULTS;

const ken_desc ken_logistic_desc = {
    .name = "logistic",
    .title = "Logistic regression",
    .kind = KEN_ESTIMATOR,
    .tasks = KEN_CLASSIFY,
    .tags = KEN_TAG_WEIGHTS | KEN_TAG_LINEAR | KEN_TAG_SCALED,
    .params = logistic_params,
    .defaults = &logistic_defaults,
    .params_size = sizeof(ken_logistic_params),
    .attrs = logistic_attrs,
    .estimator = &logistic_estimator,
    .doc = "Probabilities of classes whose log odds are linear in the columns: the first model for "
           "classes, easy to read, well calibrated. Where effects bend or interact, trees do better.",
    .paper = "Cox 1958; Nocedal & Wright 2006 (L-BFGS)",
    .peer = "sklearn.linear_model.LogisticRegression",
};

const ken_desc *const ken_logistic_things[] = {&ken_logistic_desc, NULL};
