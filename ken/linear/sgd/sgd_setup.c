/* Before the first step of sgd: see sgd_setup.h. */
#include "ken/linear/sgd/sgd_setup.h"

#include <math.h>
#include <string.h>

#include "ken/linear/linear_rows.h"
#include "ken/optim/adadelta/adadelta.h"
#include "ken/optim/adagrad/adagrad.h"
#include "ken/optim/adam/adam.h"
#include "ken/optim/adamax/adamax.h"
#include "ken/optim/adamw/adamw.h"
#include "ken/optim/asgd/asgd.h"
#include "ken/optim/gd/gd.h"
#include "ken/optim/lion/lion.h"
#include "ken/optim/momentum/momentum.h"
#include "ken/optim/nadam/nadam.h"
#include "ken/optim/nesterov/nesterov.h"
#include "ken/optim/radam/radam.h"
#include "ken/optim/rmsprop/rmsprop.h"
#include "ken/optim/rprop/rprop.h"

/* --- optimizers: a list, so that sgd by its typed door links no catalog (a test compares the two) ---------- */

static const ken_desc *const sgd_optimizers[] = {
    &ken_gd_desc,   &ken_momentum_desc, &ken_nesterov_desc, &ken_adagrad_desc, &ken_adadelta_desc,
    &ken_rmsprop_desc, &ken_adam_desc,  &ken_adamw_desc,    &ken_adamax_desc,  &ken_nadam_desc,
    &ken_radam_desc, &ken_lion_desc,    &ken_rprop_desc,    &ken_asgd_desc};

const char *const ken__sgd_optimizer_names[] = {"gd",   "momentum", "nesterov", "adagrad", "adadelta",
                                                "rmsprop", "adam",  "adamw",    "adamax",  "nadam",
                                                "radam", "lion",    "rprop",    "asgd",    NULL};

/* Parameters of an optimizer with the settings of sgd, in memory that the caller frees. */
static ken_status sgd_optimizer_params(ken_ctx *ctx, const ken_sgd_params *p, void **out) {
    const ken_desc *desc = sgd_optimizers[p->optimizer];
    char *settings = NULL;
    *out = NULL;
    KEN_TRY(ken_alloc(ctx, 1, desc->params_size, out));
    memcpy(*out, desc->defaults, desc->params_size);
    ken_status status = ken_strdup(ctx, p->optimizer_settings ? p->optimizer_settings : "", &settings);
    if (status == KEN_OK && strstr(settings, "learning_rate="))
        status = KEN_FAIL(ctx, KEN_E_ARG, "give learning_rate itself, outside of optimizer_settings",
                          "sgd: optimizer_settings has a learning_rate");
    if (status == KEN_OK) status = ken_params_parse(ctx, desc, *out, settings);
    ken_free(ctx, settings);
    if (status != KEN_OK) {
        ken_free(ctx, *out);
        *out = NULL;
    }
    return status;
}

ken_status ken__sgd_optimizer(ken_ctx *ctx, const ken_sgd_params *p, double rate, int64_t size, ken_optim **out) {
    const ken_desc *desc = sgd_optimizers[p->optimizer];
    void *params;
    KEN_TRY(sgd_optimizer_params(ctx, p, &params));
    *(double *)((char *)params + ken_desc_param(desc, "learning_rate")->offset) = rate;
    const ken_status status = ken_optimizer_new_desc(ctx, desc, params, size, out);
    ken_free(ctx, params);
    return status;
}

ken_status ken__sgd_check(ken_ctx *ctx, const void *params) {
    void *found;
    KEN_TRY(sgd_optimizer_params(ctx, params, &found));
    ken_free(ctx, found);
    return KEN_OK;
}

/* --- loss and rows ----------------------------------------------------------------------------------------- */

static ken_status sgd_choose_loss(ken_ctx *ctx, const ken_sgd_params *p, const ken_problem *problem, int *loss) {
    const bool classes = problem->task == KEN_CLASSIFY;
    *loss = p->loss != KEN_SGD_AUTO ? p->loss : classes ? KEN_SGD_LOGISTIC : KEN_SGD_SQUARED;
    if (classes != (*loss == KEN_SGD_LOGISTIC || *loss == KEN_SGD_HINGE))
        return KEN_FAIL(ctx, KEN_E_ARG, classes ? "use loss=logistic or loss=hinge" : "use loss=squared or loss=huber",
                        "sgd: this loss is not for a target of %s", classes ? "classes" : "numbers");
    if (classes && problem->n_classes < 2)
        return KEN_FAIL(ctx, KEN_E_VALUE, "give rows of at least two classes", "sgd: the target has %d class",
                        problem->n_classes);
    return KEN_OK;
}

/* Weights of mean 1 over the training rows: a batch of b rows is then an estimate of the mean without bias. */
static ken_status sgd_weights(ken_ctx *ctx, const ken_model *model, const ken_problem *problem,
                              const double **out) {
    double total = 0, *scaled;
    *out = NULL;
    if (!problem->weight) return KEN_OK;
    for (int64_t i = 0; i < problem->n_train; i++) total += problem->weight[i];
    KEN_TRY(ken__linear_weighty(ctx, model, total));
    KEN_TRY(KEN_SCRATCH(ctx, double, problem->n, &scaled));
    for (int64_t i = 0; i < problem->n; i++) scaled[i] = problem->weight[i] * ((double)problem->n_train / total);
    *out = scaled;
    return KEN_OK;
}

ken_status ken__sgd_setup(ken_ctx *ctx, const ken_model *model, const ken_problem *problem, ken_sgd_loss *loss) {
    const ken_sgd_params *p = ken_model_params(model);
    double *X;
    memset(loss, 0, sizeof *loss);
    KEN_TRY(sgd_choose_loss(ctx, p, problem, &loss->loss));
    KEN_TRY(ken_problem_matrix(ctx, problem, problem->n, &X));
    KEN_TRY(sgd_weights(ctx, model, problem, &loss->weight));
    loss->X = X;
    loss->y = problem->y;
    loss->label = problem->label;
    loss->d = ken_table_cols(problem->X);
    loss->m = problem->n_classes > 2 ? problem->n_classes : 1;
    loss->p = loss->d + p->fit_intercept;
    loss->delta = p->delta;
    return ken__sgd_loss_open(ctx, loss);
}

/* --- moments ----------------------------------------------------------------------------------------------- */

static double sgd_row_weight(const ken_sgd_loss *loss, int64_t i) { return loss->weight ? loss->weight[i] : 1; }

void ken__sgd_means(const ken_sgd_loss *loss, int64_t n, double *mean) {
    memset(mean, 0, (size_t)loss->d * sizeof *mean);
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < loss->d; j++)
            mean[j] += sgd_row_weight(loss, i) * loss->X[i * loss->d + j];
    for (int64_t j = 0; j < loss->d; j++) mean[j] /= (double)n;
}

double ken__sgd_target(const ken_sgd_loss *loss, int64_t n, double *deviation) {
    double sum = 0, square = 0;
    *deviation = 1;
    if (!loss->y) return 0;
    for (int64_t i = 0; i < n; i++) sum += sgd_row_weight(loss, i) * (loss->y[i] - loss->y[0]);
    const double mean = loss->y[0] + sum / (double)n;
    for (int64_t i = 0; i < n; i++) {
        const double off = loss->y[i] - mean;
        square += sgd_row_weight(loss, i) * off * off;
    }
    *deviation = sqrt(square / (double)n);
    return mean;
}

/* --- learning rate ----------------------------------------------------------------------------------------- */

/* The largest eigenvalue of the mean of w z z' by power iteration, from below, to some percent. */
static ken_status sgd_largest(ken_ctx *ctx, const ken_sgd_loss *of, int64_t n, double *out) {
    ken_sgd_loss pass = *of; /* the squared loss of target 0 has the gradient A v */
    double *v, *Av, f;
    pass.loss = KEN_SGD_SQUARED, pass.y = NULL, pass.m = 1;
    KEN_TRY(KEN_SCRATCH(ctx, double, pass.p, &v));
    KEN_TRY(KEN_SCRATCH(ctx, double, pass.p, &Av));
    for (int64_t j = 0; j < pass.p; j++) v[j] = 1 + 0.1 * (double)(j % 7);
    *out = 0;
    for (int round = 0; round < 30; round++) {
        double norm = 0;
        for (int64_t j = 0; j < pass.p; j++) norm += v[j] * v[j];
        if (!(norm > 0)) break;
        for (int64_t j = 0; j < pass.p; j++) v[j] /= sqrt(norm);
        KEN_TRY(ken__sgd_evaluate(&pass, NULL, 0, n, v, &f, Av, NULL));
        double size = 0;
        for (int64_t j = 0; j < pass.p; j++) size += Av[j] * Av[j];
        *out = sqrt(size);
        memcpy(v, Av, (size_t)pass.p * sizeof *v);
    }
    return KEN_OK;
}

static double sgd_longest_row(const ken_sgd_loss *loss, int64_t n) {
    double top = 0;
    for (int64_t i = 0; i < n; i++) {
        double sum = loss->p > loss->d;
        for (int64_t j = 0; j < loss->d; j++) sum += loss->X[i * loss->d + j] * loss->X[i * loss->d + j];
        top = KEN_MAX(top, sgd_row_weight(loss, i) * sum);
    }
    return top;
}

/* How fast gradients of batches of b of n rows change, in expectation (Gower et al. 2019, proposition 3.8):
 *     n (b - 1) / (b (n - 1)) L + (n - b) / (b (n - 1)) max L_i */
static ken_status sgd_smoothness(ken_ctx *ctx, const ken_sgd_loss *loss, int64_t n, int64_t batch, double l2,
                                 double *out) {
    const double curve = loss->loss != KEN_SGD_LOGISTIC ? 1 : loss->m == 1 ? 0.25 : 0.5;
    const double b = (double)batch, all = (double)n;
    double L;
    KEN_TRY(sgd_largest(ctx, loss, n, &L));
    *out = curve * L + l2;
    if (batch < n)
        *out = curve * (all * (b - 1) * L + (all - b) * sgd_longest_row(loss, n)) / (b * (all - 1)) + l2;
    return KEN_OK;
}

/* The learning rate of optimizers whose steps are in proportion to the gradient: one over the smoothness, less
 * where momentum adds up noisy steps. */
static ken_status sgd_proportional(ken_ctx *ctx, const ken_sgd_params *p, ken_sgd_loss *loss, int64_t n,
                                   int64_t batch, double *rate) {
    const ken_param *memory = ken_desc_param(sgd_optimizers[p->optimizer], "momentum");
    const ken_mark mark = ken_scratch_mark(ctx);
    void *params;
    double smooth;
    KEN_TRY(sgd_smoothness(ctx, loss, n, batch, p->l2, &smooth));
    ken_scratch_release(ctx, mark);
    KEN_TRY(sgd_optimizer_params(ctx, p, &params));
    const double keep = memory ? *(const double *)((const char *)params + memory->offset) : 0;
    ken_free(ctx, params);
    *rate = smooth > 0 ? (batch < n ? 1 - keep : 1) / smooth : 1;
    return KEN_OK;
}

/* The others move each variable by about the rate, which then has the unit of the target; but radam begins in
 * proportion to the gradient, adadelta finds the size of its steps, and the decay of adamw goes by the rate. */
ken_status ken__sgd_rate(ken_ctx *ctx, const ken_sgd_params *p, ken_sgd_loss *loss, int64_t n, int64_t batch,
                         double deviation, double *rate) {
    const double unit = deviation > 0 ? deviation : 1;
    double most;
    *rate = p->learning_rate;
    if (p->learning_rate > 0) return KEN_OK;
    switch (p->optimizer) {
    case KEN_SGD_GD:
    case KEN_SGD_MOMENTUM:
    case KEN_SGD_NESTEROV:
    case KEN_SGD_ASGD: return sgd_proportional(ctx, p, loss, n, batch, rate);
    case KEN_SGD_RADAM:
        KEN_TRY(sgd_proportional(ctx, p, loss, n, batch, &most));
        *rate = KEN_MIN(0.05 * unit, most);
        return KEN_OK;
    case KEN_SGD_ADADELTA: *rate = 1; return KEN_OK;
    case KEN_SGD_ADAMW: *rate = 0.05 * KEN_MIN(unit, 1); return KEN_OK;
    case KEN_SGD_LION:
    case KEN_SGD_RPROP: *rate = 0.01 * unit; return KEN_OK;
    default: *rate = 0.05 * unit; return KEN_OK;
    }
}
