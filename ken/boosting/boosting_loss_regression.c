/* Losses of numbers whose leaves are Newton steps: squared, expectile, and those whose margin is the
 * logarithm of the mean: poisson, gamma, tweedie. Read next: boosting_loss_order.c. */
#include <math.h>

#include "ken/boosting/boosting_loss_table.h"

/* --- squared --- */

static void loss_sum_block(void *arg, int64_t begin, int64_t end, double *sum, int worker) {
    const boosting_loss *const l = arg;
    (void)worker;
    for (int64_t i = begin; i < end; i++) sum[0] += loss_weight(l, i) * (l->y[i] - loss_offset(l, i));
}

static ken_status loss_squared_start(ken_ctx *ctx, boosting_loss *l, double total, double *base) {
    KEN_TRY(ken_reduce(ctx, l->n_train, 1, loss_sum_block, l, base));
    base[0] /= total;
    return KEN_OK;
}

static void loss_squared_block(const ken_kernels *kernels, const boosting_loss *l, int k, int64_t at,
                               int64_t n, double *g, double *h) {
    const double *const F = l->margin + k * l->n + at;
    (void)kernels;
    for (int64_t i = 0; i < n; i++) {
        g[i] = F[i] - l->y[at + i];
        h[i] = 1;
    }
}

static void loss_squared_value(const ken_kernels *kernels, const boosting_loss *l, int64_t at,
                               int64_t n, double *value) {
    (void)kernels;
    for (int64_t i = 0; i < n; i++) {
        const double r = l->margin[at + i] - l->y[at + i];
        value[i] = r * r / 2;
    }
}

/* --- expectile --- */

/* What a residual above 0 or below it weighs: half of both is squared error. */
static double loss_expectile_weight(const boosting_loss *l, double r) { /* r: margin - y */
    return 2 * (r > 0 ? 1 - l->expectile : l->expectile);
}

typedef struct loss_expectile_job {
    const boosting_loss *loss;
    double at, mean;
} loss_expectile_job;

static void loss_expectile_sums(void *arg, int64_t begin, int64_t end, double *sum, int worker) {
    const loss_expectile_job *const job = arg;
    const boosting_loss *const l = job->loss;
    (void)worker;
    for (int64_t i = begin; i < end; i++) {
        const double y = l->y[i] - loss_offset(l, i);
        const double w = loss_expectile_weight(l, job->at - y) * loss_weight(l, i);
        sum[0] += w * (y - job->mean);
        sum[1] += w;
    }
}

/* The expectile of all rows: the weighted mean, anew with the sides that it gives, until they no
 * longer change, but for rounding (Newey & Powell 1987). */
static ken_status loss_expectile_start(ken_ctx *ctx, boosting_loss *l, double total, double *base) {
    KEN_TRY(loss_squared_start(ctx, l, total, base));
    loss_expectile_job job = {l, base[0], base[0]};
    for (int pass = 0; pass < 50; pass++) {
        const double before = job.at;
        double sum[2];
        KEN_TRY(ken_reduce(ctx, l->n_train, 2, loss_expectile_sums, &job, sum));
        job.at = job.mean + sum[0] / sum[1];
        if (fabs(job.at - before) <= 1e-14 * fabs(job.at)) break;
    }
    base[0] = job.at;
    return KEN_OK;
}

static void loss_expectile_block(const ken_kernels *kernels, const boosting_loss *l, int k, int64_t at,
                                 int64_t n, double *g, double *h) {
    const double *const F = l->margin + k * l->n + at;
    (void)kernels;
    for (int64_t i = 0; i < n; i++) {
        g[i] = F[i] - l->y[at + i];
        h[i] = loss_expectile_weight(l, g[i]);
        g[i] *= h[i];
    }
}

static void loss_expectile_value(const ken_kernels *kernels, const boosting_loss *l, int64_t at,
                                 int64_t n, double *value) {
    (void)kernels;
    for (int64_t i = 0; i < n; i++) {
        const double r = l->margin[at + i] - l->y[at + i];
        value[i] = loss_expectile_weight(l, r) * r * r / 2;
    }
}

/* --- the margin is the logarithm of the mean, the variance mean^power --- */

static ken_status loss_fail_sign(ken_ctx *ctx, const boosting_loss *l, const char *hint, const char *sign,
                                 double y) {
    return KEN_FAIL(ctx, KEN_E_VALUE, hint, "boosting: loss=%s needs a target %s 0, one value is %g",
                    l->row->name, sign, y);
}

static ken_status loss_check_counts(ken_ctx *ctx, boosting_loss *l) {
    for (int64_t i = 0; i < l->n; i++)
        if (l->y[i] < 0)
            return loss_fail_sign(ctx, l, "set loss=squared, or give values that are >= 0", ">=", l->y[i]);
    return KEN_OK;
}

static ken_status loss_check_positive(ken_ctx *ctx, boosting_loss *l) {
    for (int64_t i = 0; i < l->n; i++)
        if (!(l->y[i] > 0))
            return loss_fail_sign(ctx, l, "set loss=tweedie, which takes zeros, or loss=squared", ">",
                                  l->y[i]);
    return KEN_OK;
}

/* The score of the constant c is 0 where e^c = sum w y e^((1-p) o) / sum w e^((2-p) o). */
static void loss_log_sums(void *arg, int64_t begin, int64_t end, double *sum, int worker) {
    const boosting_loss *const l = arg;
    (void)worker;
    for (int64_t i = begin; i < end; i++) {
        const double w = loss_weight(l, i);
        if (!l->offset) {
            sum[0] += w * l->y[i];
            continue;
        }
        sum[0] += w * l->y[i] * ken_exp((1 - l->power) * l->offset[i]);
        sum[1] += w * ken_exp((2 - l->power) * l->offset[i]);
    }
}

static ken_status loss_log_start(ken_ctx *ctx, boosting_loss *l, double total, double *base) {
    double sum[2];
    KEN_TRY(ken_reduce(ctx, l->n_train, 2, loss_log_sums, l, sum));
    const double mean = sum[0] / (l->offset ? sum[1] : total);
    if (!(mean > 0))
        return KEN_FAIL(ctx, KEN_E_VALUE, "set loss=squared, or give some values above 0",
                        "boosting: loss=%s needs a target with a value above 0, all are 0",
                        l->row->name);
    if (!isfinite(mean))
        return KEN_FAIL(ctx, KEN_E_VALUE, "offsets are logarithms: log of the exposure, say",
                        "boosting: loss=%s: the offsets are too far from 0", l->row->name);
    base[0] = ken_log(mean);
    return KEN_OK;
}

static void loss_poisson_block(const ken_kernels *kernels, const boosting_loss *l, int k, int64_t at,
                               int64_t n, double *g, double *h) {
    kernels->exp_n(l->margin + k * l->n + at, h, n);
    for (int64_t i = 0; i < n; i++) g[i] = h[i] - l->y[at + i];
}

/* y exp(-F) is what a gamma loss has as hessian; its gradient is 1 - that. */
static void loss_gamma_block(const ken_kernels *kernels, const boosting_loss *l, int k, int64_t at,
                             int64_t n, double *g, double *h) {
    const double *const F = l->margin + k * l->n + at;
    for (int64_t i = 0; i < n; i++) h[i] = -F[i];
    kernels->exp_n(h, h, n);
    for (int64_t i = 0; i < n; i++) {
        h[i] *= l->y[at + i];
        g[i] = 1 - h[i];
    }
}

/* With a = y exp((1 - p) F) and b = exp((2 - p) F): b - a, and (p - 1) a + (2 - p) b. */
static void loss_tweedie_block(const ken_kernels *kernels, const boosting_loss *l, int k, int64_t at,
                               int64_t n, double *g, double *h) {
    const double *const F = l->margin + k * l->n + at, power = l->power;
    for (int64_t i = 0; i < n; i++) {
        g[i] = (1 - power) * F[i];
        h[i] = (2 - power) * F[i];
    }
    kernels->exp_n(g, g, n);
    kernels->exp_n(h, h, n);
    for (int64_t i = 0; i < n; i++) {
        const double a = l->y[at + i] * g[i], b = h[i];
        g[i] = b - a;
        h[i] = (power - 1) * a + (2 - power) * b;
    }
}

/* Poisson: G = sum of mu - y, H = sum of mu, so that sum y / sum mu = 1 - G / H, whose logarithm is
 * the exact answer. It is taken above 0, where Newton's step is the greater of the two. Gamma is
 * its mirror: G = sum of 1 - y / mu, H = sum of y / mu, the answer is -log(1 + G / H), taken below
 * 0. */
static double loss_poisson_tame(double step) { return step > 0 ? ken_log1p(step) : step; }
static double loss_gamma_tame(double step) { return step < 0 ? -ken_log1p(-step) : step; }

static void loss_poisson_value(const ken_kernels *kernels, const boosting_loss *l, int64_t at,
                               int64_t n, double *value) {
    (void)kernels;
    for (int64_t i = 0; i < n; i++) {
        const double F = l->margin[at + i];
        value[i] = ken_exp(F) - l->y[at + i] * F;
    }
}

static void loss_gamma_value(const ken_kernels *kernels, const boosting_loss *l, int64_t at, int64_t n,
                             double *value) {
    (void)kernels;
    for (int64_t i = 0; i < n; i++) {
        const double F = l->margin[at + i];
        value[i] = l->y[at + i] * ken_exp(-F) + F;
    }
}

static void loss_tweedie_value(const ken_kernels *kernels, const boosting_loss *l, int64_t at,
                               int64_t n, double *value) {
    (void)kernels;
    for (int64_t i = 0; i < n; i++) {
        const double F = l->margin[at + i];
        value[i] = l->y[at + i] * ken_exp((1 - l->power) * F) / (l->power - 1) +
                   ken_exp((2 - l->power) * F) / (2 - l->power);
    }
}

const boosting_loss_row ken__loss_squared = {.name = "squared",
                                             .one = true,
                                             .start = loss_squared_start,
                                             .block = loss_squared_block,
                                             .value = loss_squared_value};
const boosting_loss_row ken__loss_expectile = {.name = "expectile",
                                               .start = loss_expectile_start,
                                               .block = loss_expectile_block,
                                               .value = loss_expectile_value};
const boosting_loss_row ken__loss_poisson = {.name = "poisson",
                                             .link = BOOSTING_LINK_EXP,
                                             .open = loss_check_counts,
                                             .start = loss_log_start,
                                             .block = loss_poisson_block,
                                             .tame = loss_poisson_tame,
                                             .value = loss_poisson_value};
const boosting_loss_row ken__loss_gamma = {.name = "gamma",
                                           .link = BOOSTING_LINK_EXP,
                                           .open = loss_check_positive,
                                           .start = loss_log_start,
                                           .block = loss_gamma_block,
                                           .tame = loss_gamma_tame,
                                           .value = loss_gamma_value};
const boosting_loss_row ken__loss_tweedie = {.name = "tweedie",
                                             .link = BOOSTING_LINK_EXP,
                                             .open = loss_check_counts,
                                             .start = loss_log_start,
                                             .block = loss_tweedie_block,
                                             .value = loss_tweedie_value};
