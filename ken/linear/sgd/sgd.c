/* Linear models by gradient descent: minimize
 *     mean of w loss(row) + l2 / 2 |coef|^2 + l1 |coef|_1        (the intercept is not penalized)
 * An update takes the gradient of a batch of rows to an optimizer; an epoch is one pass over the rows. Losses:
 * sgd_loss.c. Optimizers: ken/optim/. */
#include "ken/linear/sgd/sgd.h"

#include <math.h>
#include <string.h>

#include "ken/core/rng.h"
#include "ken/kernels/elementary.h"
#include "ken/linear/linear_predict.h"
#include "ken/linear/linear_rows.h"
#include "ken/linear/sgd/sgd_loss.h"
#include "ken/linear/sgd/sgd_setup.h"

enum { SGD_MAX_PATH = 1 << 20, SGD_FIXED_VIEWS = 7 };

typedef struct sgd_state {
    const ken_sgd_params *p;
    ken_sgd_loss loss;
    ken_optim *optim;
    int64_t n, n_valid, size;           /* rows of either kind; variables */
    int64_t batch, per_epoch, updates;  /* rows and updates of an epoch; updates so far */
    int64_t *order;                     /* NULL: the rows as they lie */
    double rate;                        /* at the start */
    double *v, *g, *full, *answer;      /* variables; gradient of the last batch, of all rows; v or its average */
    double *kept, best;                 /* at the best validation so far */
    double *mean;                       /* (d) of the columns */
    double f, f0, norm, norm0;
    bool converged;
    double *path;                       /* (path_rows, size) of the last step, NULL: too long to keep */
    double *coef, *intercept, at_rate;  /* for the views */
    ken_tensor coef_view, intercept_view, gradient_view, batch_view, rate_view, path_view;
} sgd_state;

/* --- one update -------------------------------------------------------------------------------------------- */

static double sgd_factor(const sgd_state *s) {
    const double epoch = (double)s->updates / (double)s->per_epoch;
    if (s->p->schedule == KEN_SGD_INVERSE) return 1 / (1 + s->p->decay * epoch);
    if (s->p->schedule == KEN_SGD_CONSTANT) return 1;
    return 0.5 * (1 + ken_cos(3.14159265358979323846 * epoch / (double)s->p->epochs));
}

static bool sgd_is_coef(const sgd_state *s, int64_t i) { return i % s->loss.p < s->loss.d; }
static bool sgd_is_proximal(const sgd_state *s) { return s->p->optimizer == KEN_SGD_GD; }

/* The order of an epoch depends on its number alone. */
static void sgd_shuffle(ken_ctx *ctx, sgd_state *s) {
    const int64_t epoch = s->updates / s->per_epoch;
    ken_rng rng = ken_rng_stream(ctx, "sgd.shuffle", (uint64_t)epoch);
    for (int64_t i = 0; i < s->n; i++) s->order[i] = i;
    ken_rng_shuffle(&rng, s->order, s->n);
}

/* The gradient of the next batch with that of the penalties. */
static ken_status sgd_batch_gradient(ken_ctx *ctx, sgd_state *s) {
    const int64_t first = s->updates % s->per_epoch * s->batch, n = KEN_MIN(s->batch, s->n - first);
    double f;
    if (first == 0 && s->order) sgd_shuffle(ctx, s);
    KEN_TRY(ken__sgd_evaluate(&s->loss, s->order, first, n, s->v, &f, s->g, NULL));
    for (int64_t i = 0; i < s->size; i++) {
        if (!sgd_is_coef(s, i)) continue;
        s->g[i] += s->p->l2 * s->v[i];
        if (!sgd_is_proximal(s)) s->g[i] += s->p->l1 * ((s->v[i] > 0) - (s->v[i] < 0));
    }
    return KEN_OK;
}

/* gd: the step of the smooth part, then each coefficient moves rate l1 towards 0 and stops there. */
static ken_status sgd_update(ken_ctx *ctx, sgd_state *s) {
    KEN_TRY(sgd_batch_gradient(ctx, s));
    s->at_rate = s->rate * sgd_factor(s);
    ken_optimizer_set_rate(s->optim, s->at_rate);
    ken_optimizer_step(s->optim, s->v, s->g);
    const double cut = sgd_is_proximal(s) ? s->at_rate * s->p->l1 : 0;
    for (int64_t i = 0; cut > 0 && i < s->size; i++)
        if (sgd_is_coef(s, i)) s->v[i] = s->v[i] > cut ? s->v[i] - cut : s->v[i] < -cut ? s->v[i] + cut : 0;
    s->updates++;
    return KEN_OK;
}

/* --- a step ------------------------------------------------------------------------------------------------ */

/* Objective, its gradient without l1, and the norm of the least subgradient: 0 exactly at the solution. */
static ken_status sgd_look(sgd_state *s) {
    KEN_TRY(ken__sgd_evaluate(&s->loss, NULL, 0, s->n, s->answer, &s->f, s->full, NULL));
    s->norm = 0;
    for (int64_t i = 0; i < s->size; i++) {
        double slope = s->full[i];
        const double at = s->answer[i];
        if (sgd_is_coef(s, i)) {
            s->f += 0.5 * s->p->l2 * at * at + s->p->l1 * fabs(at);
            slope = s->full[i] += s->p->l2 * at;
            slope = at == 0 ? KEN_MAX(fabs(slope) - s->p->l1, 0) : slope + (at > 0 ? s->p->l1 : -s->p->l1);
        }
        s->norm = KEN_MAX(s->norm, fabs(slope));
    }
    return KEN_OK;
}

static ken_status sgd_finite(ken_ctx *ctx, const sgd_state *s) {
    bool finite = fabs(s->f) <= 1e30 * (1 + s->f0);
    for (int64_t i = 0; i < s->size; i++) finite &= isfinite(s->v[i]) != 0;
    if (finite) return KEN_OK;
    (void)KEN_FAIL(ctx, KEN_E_VALUE, NULL, "sgd: diverged in epoch %lld at learning rate %.3g",
                   (long long)((s->updates + s->per_epoch - 1) / s->per_epoch), s->at_rate);
    ken_fail_hint(ctx, s->p->learning_rate > 0 ? "lower learning_rate (0: chosen from the data), or bring the columns to "
                                                 "like scale"
                                               : "bring the columns to like scale, or give a small learning_rate");
    return KEN_E_VALUE;
}

static void sgd_validate(sgd_state *s, ken_step *out, double loss, double weight) {
    out->validation = loss * (double)s->n_valid / weight;
    if (s->p->patience <= 0 || !(out->validation < s->best - s->p->min_delta)) return;
    s->best = out->validation; /* the rule of core/fit.c */
    memcpy(s->kept, s->answer, (size_t)s->size * sizeof *s->kept);
}

static void sgd_split(const sgd_state *s, const double *v, double *coef, double *intercept) {
    const int64_t d = s->loss.d, p = s->loss.p;
    for (int64_t c = 0; c < s->loss.m; c++) {
        for (int64_t j = 0; j < d; j++) coef[c * d + j] = v[c * p + j];
        intercept[c] = p > d ? v[c * p + d] : 0;
    }
}

static ken_status sgd_step(ken_ctx *ctx, ken_model *model, void *state, ken_step *out) {
    sgd_state *s = state;
    const int64_t todo = s->p->step_unit == KEN_SGD_UPDATE ? 1 : s->per_epoch;
    const size_t size = (size_t)s->size * sizeof *s->v;
    double loss, weight;
    (void)model;
    if (s->path) memcpy(s->path, s->v, size);
    for (int64_t k = 1; k <= todo; k++) {
        if (k % 64 == 0) KEN_TRY(ken_check_cancel(ctx));
        KEN_TRY(sgd_update(ctx, s));
        if (s->path) memcpy(s->path + k * s->size, s->v, size);
    }
    KEN_TRY(sgd_look(s));
    KEN_TRY(sgd_finite(ctx, s));
    sgd_split(s, s->answer, s->coef, s->intercept);
    s->converged = s->norm <= s->p->tol;
    out->objective = s->f;
    out->done = s->converged;
    if (s->n_valid == 0) return KEN_OK;
    KEN_TRY(ken__sgd_evaluate(&s->loss, NULL, s->n, s->n_valid, s->answer, &loss, NULL, &weight));
    if (weight > 0) sgd_validate(s, out, loss, weight);
    return KEN_OK;
}

/* --- begin ------------------------------------------------------------------------------------------------- */

static ken_status sgd_alloc(ken_ctx *ctx, sgd_state *s) {
    const int64_t steps = s->p->step_unit == KEN_SGD_UPDATE ? 1 : s->per_epoch, m = s->loss.m;
    double **vectors[] = {&s->v, &s->g, &s->full, &s->kept};
    for (int i = 0; i < KEN_COUNT(vectors); i++) {
        KEN_TRY(KEN_SCRATCH(ctx, double, s->size, vectors[i]));
        memset(*vectors[i], 0, (size_t)s->size * sizeof(double));
    }
    KEN_TRY(KEN_SCRATCH(ctx, double, m * s->loss.d, &s->coef));
    KEN_TRY(KEN_SCRATCH(ctx, double, m, &s->intercept));
    KEN_TRY(KEN_SCRATCH(ctx, double, s->loss.d, &s->mean));
    s->order = NULL;
    if (s->p->shuffle && s->per_epoch > 1) KEN_TRY(KEN_SCRATCH(ctx, int64_t, s->n, &s->order));
    s->path = NULL;
    if (s->size > 0 && steps < SGD_MAX_PATH / s->size)
        KEN_TRY(KEN_SCRATCH(ctx, double, (steps + 1) * s->size, &s->path));
    s->coef_view = ken_tensor_2d(s->coef, KEN_F64, m, s->loss.d);
    s->intercept_view = ken_tensor_1d(s->intercept, KEN_F64, m);
    s->gradient_view = ken_tensor_2d(s->full, KEN_F64, m, s->loss.p);
    s->batch_view = ken_tensor_2d(s->g, KEN_F64, m, s->loss.p);
    s->rate_view = ken_tensor_nd(&s->at_rate, KEN_F64, 0, NULL);
    s->path_view = ken_tensor_2d(s->path, KEN_F64, steps + 1, s->size);
    return KEN_OK;
}

static ken_status sgd_begin_state(ken_ctx *ctx, const ken_model *model, const ken_problem *problem, sgd_state *s) {
    double scale;
    KEN_TRY(ken__sgd_setup(ctx, model, problem, &s->loss));
    s->n = problem->n_train, s->n_valid = problem->n - problem->n_train;
    s->size = s->loss.m * s->loss.p;
    s->batch = s->p->batch_rows == 0 ? s->n : KEN_MIN(s->p->batch_rows, s->n);
    s->per_epoch = (s->n + s->batch - 1) / s->batch;
    s->best = INFINITY;
    KEN_TRY(sgd_alloc(ctx, s));
    ken__sgd_means(&s->loss, s->n, s->mean);
    const double mean = ken__sgd_target(&s->loss, s->n, &scale);
    if (s->p->start == KEN_SGD_START_MEAN && s->loss.y && s->p->fit_intercept) s->v[s->loss.d] = mean;
    KEN_TRY(ken__sgd_rate(ctx, s->p, &s->loss, s->n, s->batch, scale, &s->rate));
    KEN_TRY(ken__sgd_optimizer(ctx, s->p, s->rate, s->size, &s->optim));
    const ken_tensor *average = ken_optimizer_view(s->optim, "average");
    s->answer = s->v;
    KEN_TRY(sgd_look(s)); /* where it starts */
    if (average) s->answer = (double *)average->data;
    s->f0 = s->f, s->norm0 = s->norm;
    return KEN_OK;
}

static ken_status sgd_begin(ken_ctx *ctx, ken_model *model, const ken_problem *problem, void **state) {
    sgd_state *s;
    KEN_TRY(KEN_SCRATCH(ctx, sgd_state, 1, &s)); /* lives as long as the fit */
    memset(s, 0, sizeof *s);
    s->p = ken_model_params(model);
    *state = s;
    return sgd_begin_state(ctx, model, problem, s);
}

static int sgd_views(const ken_model *model, void *state, ken_view *out, int capacity) {
    sgd_state *s = state;
    int n = 0;
    (void)model;
    if (capacity < SGD_FIXED_VIEWS) return 0;
    out[n++] = (ken_view){"coef", &s->coef_view};
    out[n++] = (ken_view){"intercept", &s->intercept_view};
    out[n++] = (ken_view){"gradient", &s->gradient_view};
    out[n++] = (ken_view){"batch_gradient", &s->batch_view};
    out[n++] = (ken_view){"learning_rate", &s->rate_view};
    if (s->path) out[n++] = (ken_view){"path", &s->path_view};
    return n + ken_optimizer_views(s->optim, out + n, capacity - n);
}

static ken_stop_rule sgd_stop_rule(const void *params, int64_t n_rows) {
    const ken_sgd_params *p = params;
    const int64_t batch = p->batch_rows == 0 || p->batch_rows > n_rows ? n_rows : p->batch_rows;
    const int64_t per_epoch = batch > 0 ? (n_rows + batch - 1) / batch : 1;
    return (ken_stop_rule){.max_steps = p->epochs * (p->step_unit == KEN_SGD_UPDATE ? per_epoch : 1),
                           .validation_fraction = p->patience > 0 ? p->validation_fraction : 0,
                           .patience = p->patience,
                           .min_delta = p->min_delta};
}

/* --- end --------------------------------------------------------------------------------------------------- */

static ken_status sgd_learn(ken_ctx *ctx, ken_model *model, const sgd_state *s, int64_t keep) {
    const int64_t m = s->loss.m, shape[2] = {m, s->loss.d};
    double *coef, *intercept, *center;
    uint8_t *flag;
    KEN_TRY(ken_attr_new(ctx, model, "coef", KEN_F64, 2, shape, (void **)&coef));
    KEN_TRY(ken_attr_new(ctx, model, "intercept", KEN_F64, 1, &m, (void **)&intercept));
    KEN_TRY(ken_attr_new(ctx, model, "center", KEN_F64, 1, &shape[1], (void **)&center));
    sgd_split(s, isfinite(s->best) ? s->kept : s->answer, coef, intercept);
    memcpy(center, s->mean, (size_t)s->loss.d * sizeof *center);
    KEN_TRY(ken_attr_set_i64(ctx, model, "n_iter", keep));
    KEN_TRY(ken_attr_set_i64(ctx, model, "n_updates", s->updates));
    KEN_TRY(ken_attr_set_f64(ctx, model, "learning_rate", s->rate));
    KEN_TRY(ken_attr_set_f64(ctx, model, "objective", s->f));
    KEN_TRY(ken_attr_set_f64(ctx, model, "gradient_norm", s->norm));
    KEN_TRY(ken_attr_new(ctx, model, "converged", KEN_BOOL, 0, NULL, (void **)&flag));
    *flag = s->converged;
    if (!s->converged && s->norm > 0.2 * s->norm0)
        ken_warn(ctx, "sgd: after %lld updates the gradient is still %.2g times what it was at the start; raise "
                      "epochs or learning_rate (it was %.3g), or choose another optimizer",
                 (long long)s->updates, s->norm / s->norm0, s->rate);
    return KEN_OK;
}

static ken_status sgd_end(ken_ctx *ctx, ken_model *model, void *state, int64_t keep) {
    sgd_state *s = state;
    const ken_status status = keep > 0 ? sgd_learn(ctx, model, s, keep) : KEN_OK;
    ken_optimizer_free(s->optim);
    s->optim = NULL;
    return status;
}

/* --- descriptor -------------------------------------------------------------------------------------------- */

static const char *const sgd_losses[] = {"auto", "squared", "huber", "logistic", "hinge", NULL};
static const char *const sgd_schedules[] = {"constant", "inverse", "cosine", NULL};
static const char *const sgd_units[] = {"epoch", "update", NULL};
static const char *const sgd_starts[] = {"mean", "zero", NULL};

static const ken_param sgd_params[] = {
    KEN_ROW_CHOICE(ken_sgd_params, loss, sgd_losses,
                   .doc = "auto: squared for numbers, logistic for classes; huber: calm about outliers; hinge: a "
                          "support vector machine, whose probabilities are not calibrated"),
    KEN_ROW_F64(ken_sgd_params, delta, .min = 0, .open_min = true, .max = 1e300, .when = "loss=huber",
                .doc = "error from which the loss grows in a line, in units of the target"),
    KEN_ROW_CHOICE(ken_sgd_params, optimizer, ken__sgd_optimizer_names,
                   .doc = "what makes a step of a gradient; 'ken models adam' and so on explain each"),
    KEN_ROW_TEXT(ken_sgd_params, optimizer_settings,
                 .doc = "further settings of the optimizer, beta1=0.8,beta2=0.99; or one by one: optimizer.beta1=0.8"),
    KEN_ROW_F64(ken_sgd_params, learning_rate, .min = 0, .max = 1e9, .lo = 1e-4, .hi = 1, .scale = KEN_LOG_SCALE,
                .doc = "length of the steps; 0: chosen from the data (attribute learning_rate says which)"),
    KEN_ROW_CHOICE(ken_sgd_params, schedule, sgd_schedules,
                   .doc = "of the learning rate, e epochs on: constant; inverse: divided by 1 + decay e; cosine: "
                          "falls to 0 at the last epoch"),
    KEN_ROW_F64(ken_sgd_params, decay, .min = 0, .max = 1e9, .lo = 1e-3, .hi = 1, .scale = KEN_LOG_SCALE,
                .when = "schedule=inverse", .doc = "how fast the learning rate falls"),
    KEN_ROW_I64(ken_sgd_params, batch_rows, .min = 0, .max = 1e15, .lo = 1, .hi = 256, .scale = KEN_LOG_SCALE,
                .unit = "rows", .doc = "rows of a gradient: 1 is SGD, some are mini-batches, 0 is all: gradient descent"),
    KEN_ROW_I64(ken_sgd_params, epochs, .min = 1, .max = 1000000000, .doc = "passes over the rows"),
    KEN_ROW_CHOICE(ken_sgd_params, step_unit, sgd_units,
                   .doc = "what a step of the fit is, for progress, patience and traces; with update each step also "
                          "costs a pass over all rows, for its objective"),
    KEN_ROW_F64(ken_sgd_params, l1, .min = 0, .max = 1e300, .lo = 1e-6, .hi = 1, .scale = KEN_LOG_SCALE,
                .doc = "penalty on the absolute coefficients; with optimizer=gd they become exactly 0"),
    KEN_ROW_F64(ken_sgd_params, l2, .min = 0, .max = 1e300, .lo = 1e-6, .hi = 1, .scale = KEN_LOG_SCALE,
                .doc = "half of it times the squared coefficients is added to the mean loss"),
    KEN_ROW_BOOL(ken_sgd_params, fit_intercept, .doc = "add a constant term, not penalized"),
    KEN_ROW_BOOL(ken_sgd_params, shuffle, .doc = "a new order of the rows for each epoch"),
    KEN_ROW_CHOICE(ken_sgd_params, start, sgd_starts,
                   .doc = "the intercept of a regression starts at the mean of the target, or at 0 like the rest"),
    KEN_ROW_F64(ken_sgd_params, tol, .min = 0, .max = 1,
                .doc = "converged when no component of the gradient of all rows exceeds it"),
    KEN_ROW_I64(ken_sgd_params, patience, .min = 0, .max = 1000000000, .unit = "steps",
                .doc = "stop so long after the best loss on validation rows, and keep the best; 0: never"),
    KEN_ROW_F64(ken_sgd_params, validation_fraction, .min = 0.001, .max = 0.9,
                .doc = "with patience: share of the training rows set aside where no validation rows are given"),
    KEN_ROW_F64(ken_sgd_params, min_delta, .min = 0, .max = 1e300,
                .doc = "with patience: less is no improvement"),
    {0}};

static const ken_attr sgd_attrs[] = {
    {"coef", KEN_F64, "m,d", "change of the margin per unit of each column; one row, or one per class of three and more"},
    {"intercept", KEN_F64, "m", "margin where all columns are 0"},
    {"center", KEN_F64, "d", "weighted mean of each column"},
    {"objective", KEN_F64, "", "mean loss plus penalties after the last step"},
    {"gradient_norm", KEN_F64, "", "largest component of its gradient there"},
    {"learning_rate", KEN_F64, "", "the rate of the first update"},
    {"converged", KEN_BOOL, "", "gradient_norm is at most tol"},
    {"n_iter", KEN_I64, "", "steps kept"},
    {"n_updates", KEN_I64, "", "updates done"},
    {0}};

static const ken_estimator sgd_estimator = {.begin = sgd_begin,
                                            .step = sgd_step,
                                            .end = sgd_end,
                                            .views = sgd_views,
                                            .stop_rule = sgd_stop_rule,
                                            .width = ken__linear_model_width,
                                            .gives = KEN_GIVES(MARGIN) | KEN_GIVES(CONTRIBUTIONS),
                                            .predict = ken__linear_model_predict,
                                            .open = ken__linear_model_open};

static const ken_sgd_params sgd_defaults = KEN_SGD_DEFAULTS;

const ken_desc ken_sgd_desc = {
    .name = "sgd",
    .title = "Linear model by stochastic gradient descent",
    .kind = KEN_ESTIMATOR,
    .tasks = KEN_REGRESS | KEN_CLASSIFY,
    .tags = KEN_TAG_WEIGHTS | KEN_TAG_LINEAR | KEN_TAG_SCALED | KEN_TAG_EARLY_STOP | KEN_TAG_RANDOM,
    .params = sgd_params,
    .defaults = &sgd_defaults,
    .params_size = sizeof(ken_sgd_params),
    .check = ken__sgd_check,
    .attrs = sgd_attrs,
    .estimator = &sgd_estimator,
    .doc = "Linear and logistic regression, and more losses, learned in small steps from a few rows at a time: for "
           "very many rows, for losses that the others lack, and to see gradient descent at work. For few rows "
           "linear, ridge and logistic find the same answer at once, to all digits.",
    .paper = "Robbins & Monro 1951; Bottou 2010; Gower et al. 2019 (learning rate)",
    .peer = "sklearn.linear_model.SGDClassifier",
};

const ken_desc *const ken_sgd_things[] = {&ken_sgd_desc, NULL};
