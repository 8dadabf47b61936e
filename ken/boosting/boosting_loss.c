/* See boosting_loss.h. Gradients are computed in blocks of rows with the array kernels, and rounded
 * to packed words at once: no array of gradients exists. */
#include "ken/boosting/boosting_loss.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ken/core/alloc.h"
#include "ken/core/threads.h"
#include "ken/kernels/elementary.h"

enum { LOSS_BLOCK = 1024, LOSS_GRAIN = 16 * LOSS_BLOCK };

/* --- order statistics ---------------------------------------------------------------------------
 */

typedef boosting_loss_item loss_item;

static int loss_by_value(const void *a, const void *b) {
    const double x = ((const loss_item *)a)->value, y = ((const loss_item *)b)->value;
    return x < y ? -1 : x > y;
}

/* The q-quantile of sorted items: the value where the weight below reaches q of the total; the mean
 * of two neighbors where it is met exactly (so that a weight of 2 is a row twice). */
static double loss_sorted_quantile(const loss_item *item, int64_t n, double q) {
    double total = 0, below = 0;
    for (int64_t i = 0; i < n; i++) total += item[i].weight;
    const double want = q * total, slack = 1e-12 * total;
    for (int64_t i = 0; i < n; i++) {
        below += item[i].weight;
        if (fabs(below - want) <= slack && i + 1 < n)
            return item[i].value / 2 + item[i + 1].value / 2;
        if (below > want) return item[i].value;
    }
    return n > 0 ? item[n - 1].value : 0.0;
}

/* --- start --------------------------------------------------------------------------------------
 */

static ken_status loss_quantile_of(ken_ctx *ctx, const boosting_loss *l, double q, double minus,
                                   bool absolute, double *out) {
    const ken_mark mark = ken_scratch_mark(ctx);
    loss_item *item;
    KEN_TRY(KEN_SCRATCH(ctx, loss_item, l->n_train, &item));
    int64_t m = 0;
    for (int64_t i = 0; i < l->n_train; i++) {
        const double w = l->weight ? l->weight[i] : 1.0, v = l->y[i] - minus;
        if (w > 0) item[m++] = (loss_item){absolute ? fabs(v) : v, w};
    }
    qsort(item, (size_t)m, sizeof *item, loss_by_value);
    *out = loss_sorted_quantile(item, m, q);
    ken_scratch_release(ctx, mark);
    return KEN_OK;
}

static void loss_sum_block(void *arg, int64_t begin, int64_t end, double *sum, int worker) {
    const boosting_loss *const l = arg;
    (void)worker;
    for (int64_t i = begin; i < end; i++) {
        const double w = l->weight ? l->weight[i] : 1.0;
        if (l->label)
            sum[l->label[i]] += w;
        else
            sum[0] += w * l->y[i];
    }
}

static void loss_weight_block(void *arg, int64_t begin, int64_t end, double *sum, int worker) {
    const boosting_loss *const l = arg;
    (void)worker;
    for (int64_t i = begin; i < end; i++) sum[0] += l->weight ? l->weight[i] : 1.0;
}

static ken_status loss_start_classes(ken_ctx *ctx, boosting_loss *l, double total, double *base) {
    const int k = l->outputs == 1 ? 2 : l->outputs;
    double *sum;
    KEN_TRY(KEN_SCRATCH(ctx, double, k, &sum));
    KEN_TRY(ken_reduce(ctx, l->n_train, k, loss_sum_block, l, sum));
    int present = 0;
    for (int c = 0; c < k; c++) present += sum[c] > 0;
    if (present < 2)
        return KEN_FAIL(ctx, KEN_E_VALUE, "give rows of at least two classes, or use model 'dummy'",
                        "boosting: the training rows have %d class, want at least 2", present);
    const double least = total / (2 * (double)l->n_train + 2); /* a class that is not there */
    for (int c = 0; c < k; c++) sum[c] = KEN_MAX(sum[c], least) / total;
    if (l->outputs == 1)
        base[0] = ken_log(sum[1] / sum[0]);
    else
        for (int c = 0; c < k; c++) base[c] = ken_log(sum[c]);
    return KEN_OK;
}

bool ken__boosting_loss_log_link(boosting_loss_kind kind) {
    return kind == BOOSTING_POISSON || kind == BOOSTING_GAMMA || kind == BOOSTING_TWEEDIE;
}

/* Losses whose margin is the logarithm of the mean. */
static ken_status loss_start_log(ken_ctx *ctx, boosting_loss *l, double mean, double *base) {
    const bool above = l->kind == BOOSTING_GAMMA;
    const char *const name = above                         ? "gamma"
                             : l->kind == BOOSTING_TWEEDIE ? "tweedie"
                                                           : "poisson";
    for (int64_t i = 0; i < l->n; i++)
        if (above ? !(l->y[i] > 0) : l->y[i] < 0)
            return KEN_FAIL(ctx, KEN_E_VALUE,
                            above ? "set loss=tweedie, which takes zeros, or loss=squared"
                                  : "set loss=squared, or give values that are >= 0",
                            "boosting: loss=%s needs a target %s 0, one value is %g", name,
                            above ? ">" : ">=", l->y[i]);
    if (!(mean > 0))
        return KEN_FAIL(ctx, KEN_E_VALUE, "set loss=squared, or give some values above 0",
                        "boosting: loss=%s needs a target with a value above 0, all are 0", name);
    base[0] = ken_log(mean);
    return KEN_OK;
}

/* What a residual above 0 or below it weighs: half of both is squared error. */
static double loss_expectile_weight(const boosting_loss *l, double r) { /* r: margin - y */
    return 2 * (r > 0 ? 1 - l->expectile : l->expectile);
}

typedef struct loss_expectile_job {
    const boosting_loss *loss;
    double at, mean;
} loss_expectile_job;

static void loss_expectile_block(void *arg, int64_t begin, int64_t end, double *sum, int worker) {
    const loss_expectile_job *const job = arg;
    const boosting_loss *const l = job->loss;
    (void)worker;
    for (int64_t i = begin; i < end; i++) {
        const double w =
            loss_expectile_weight(l, job->at - l->y[i]) * (l->weight ? l->weight[i] : 1.0);
        sum[0] += w * (l->y[i] - job->mean);
        sum[1] += w;
    }
}

/* The expectile of all rows: the weighted mean, anew with the sides that it gives, until they no
 * longer change, but for rounding (Newey & Powell 1987). */
static ken_status loss_start_expectile(ken_ctx *ctx, const boosting_loss *l, double mean,
                                       double *base) {
    loss_expectile_job job = {l, mean, mean};
    for (int pass = 0; pass < 50; pass++) {
        const double before = job.at;
        double sum[2];
        KEN_TRY(ken_reduce(ctx, l->n_train, 2, loss_expectile_block, &job, sum));
        job.at = mean + sum[0] / sum[1];
        if (fabs(job.at - before) <= 1e-14 * fabs(job.at)) break;
    }
    base[0] = job.at;
    return KEN_OK;
}

ken_status ken__boosting_loss_start(ken_ctx *ctx, boosting_loss *l, double *base) {
    double total, sum = 0;
    KEN_TRY(ken_reduce(ctx, l->n_train, 1, loss_weight_block, l, &total));
    l->max_weight = l->weight ? 0 : 1;
    for (int64_t i = 0; l->weight && i < l->n_train; i++)
        l->max_weight = KEN_MAX(l->max_weight, l->weight[i]);
    if (!(total > 0))
        return KEN_FAIL(ctx, KEN_E_VALUE, "give some rows a weight above 0",
                        "boosting: the weights of the training rows sum to %g", total);
    if (l->label) return loss_start_classes(ctx, l, total, base);
    KEN_TRY(ken_reduce(ctx, l->n_train, 1, loss_sum_block, l, &sum));
    switch (l->kind) {
    case BOOSTING_ABSOLUTE:
        return loss_quantile_of(ctx, l, 0.5, 0, false, base);
    case BOOSTING_QUANTILE:
        return loss_quantile_of(ctx, l, l->quantile, 0, false, base);
    case BOOSTING_HUBER:
        KEN_TRY(loss_quantile_of(ctx, l, 0.5, 0, false, base));
        if (!(l->delta > 0)) KEN_TRY(loss_quantile_of(ctx, l, 0.9, base[0], true, &l->delta));
        l->delta = l->delta > 0 ? l->delta : 1;
        return KEN_OK;
    case BOOSTING_EXPECTILE:
        return loss_start_expectile(ctx, l, sum / total, base);
    case BOOSTING_POISSON:
    case BOOSTING_GAMMA:
    case BOOSTING_TWEEDIE:
        return loss_start_log(ctx, l, sum / total, base);
    default:
        base[0] = sum / total;
        return KEN_OK;
    }
}

/* --- gradients ----------------------------------------------------------------------------------
 */

static bool loss_one(const boosting_loss *l) {
    return !l->weight && l->kind != BOOSTING_LOGISTIC && l->kind != BOOSTING_SOFTMAX &&
           l->kind != BOOSTING_EXPECTILE && !ken__boosting_loss_log_link(l->kind);
}

static double loss_slope(const boosting_loss *l, double r) { /* r: margin - y */
    switch (l->kind) {
    case BOOSTING_ABSOLUTE:
        return r > 0 ? 1.0 : r < 0 ? -1.0 : 0.0;
    case BOOSTING_QUANTILE:
        return r > 0 ? 1 - l->quantile : r < 0 ? -l->quantile : 0.0;
    case BOOSTING_HUBER:
        return r > l->delta ? l->delta : r < -l->delta ? -l->delta : r;
    default:
        return r;
    }
}

/* y exp(-F) is what a gamma loss has as hessian; its gradient is 1 - that. */
static void loss_gamma_block(const ken_kernels *kernels, const double *F, const double *y,
                             int64_t n, double *g, double *h) {
    for (int64_t i = 0; i < n; i++) h[i] = -F[i];
    kernels->exp_n(h, h, n);
    for (int64_t i = 0; i < n; i++) {
        h[i] *= y[i];
        g[i] = 1 - h[i];
    }
}

/* With a = y exp((1 - p) F) and b = exp((2 - p) F): b - a, and (p - 1) a + (2 - p) b. */
static void loss_tweedie_block(const ken_kernels *kernels, double power, const double *F,
                               const double *y, int64_t n, double *g, double *h) {
    for (int64_t i = 0; i < n; i++) {
        g[i] = (1 - power) * F[i];
        h[i] = (2 - power) * F[i];
    }
    kernels->exp_n(g, g, n);
    kernels->exp_n(h, h, n);
    for (int64_t i = 0; i < n; i++) {
        const double a = y[i] * g[i], b = h[i];
        g[i] = b - a;
        h[i] = (power - 1) * a + (2 - power) * b;
    }
}

/* Gradients and hessians of output k of rows [at, at + n), n <= LOSS_BLOCK. */
static void loss_block(const ken_kernels *kernels, const boosting_loss *l, int k, int64_t at,
                       int64_t n, double *g, double *h) {
    const double *const F = l->margin + k * l->n + at;
    const double factor = (double)l->outputs / KEN_MAX(l->outputs - 1.0, 1.0);
    if (l->kind == BOOSTING_LOGISTIC) {
        kernels->sigmoid_n(F, g, n);
        for (int64_t i = 0; i < n; i++) {
            h[i] = g[i] * (1 - g[i]);
            g[i] -= (double)l->label[at + i];
        }
    } else if (l->kind == BOOSTING_SOFTMAX) {
        for (int64_t i = 0; i < n; i++) g[i] = F[i] - l->lse[at + i];
        kernels->exp_n(g, g, n);
        for (int64_t i = 0; i < n; i++) {
            h[i] = factor * g[i] * (1 - g[i]);
            h[i] = h[i] > 0 ? h[i] : 0;
            g[i] -= l->label[at + i] == k ? 1.0 : 0.0;
        }
    } else if (l->kind == BOOSTING_POISSON) {
        kernels->exp_n(F, h, n);
        for (int64_t i = 0; i < n; i++) g[i] = h[i] - l->y[at + i];
    } else if (l->kind == BOOSTING_GAMMA) {
        loss_gamma_block(kernels, F, l->y + at, n, g, h);
    } else if (l->kind == BOOSTING_TWEEDIE) {
        loss_tweedie_block(kernels, l->power, F, l->y + at, n, g, h);
    } else if (l->kind == BOOSTING_EXPECTILE) {
        for (int64_t i = 0; i < n; i++) {
            g[i] = F[i] - l->y[at + i];
            h[i] = loss_expectile_weight(l, g[i]);
            g[i] *= h[i];
        }
    } else if (l->kind == BOOSTING_SQUARED) {
        for (int64_t i = 0; i < n; i++) {
            g[i] = F[i] - l->y[at + i];
            h[i] = 1;
        }
    } else {
        for (int64_t i = 0; i < n; i++) {
            g[i] = loss_slope(l, F[i] - l->y[at + i]);
            h[i] = 1;
        }
    }
    for (int64_t i = 0; l->weight && i < n; i++) {
        g[i] *= l->weight[at + i];
        h[i] *= l->weight[at + i];
    }
}

typedef struct loss_job {
    const ken_kernels *kernels;
    const boosting_loss *loss;
    int k;
    const boosting_scale *scale;
    uint64_t *words;
    double *max; /* (threads, 2) */
} loss_job;

static void loss_max_block(void *arg, int64_t begin, int64_t end, int worker) {
    const loss_job *const job = arg;
    double g[LOSS_BLOCK], h[LOSS_BLOCK], *const max = job->max + 8 * worker;
    for (int64_t i = begin; i < end; i += LOSS_BLOCK) {
        const int64_t n = KEN_MIN(LOSS_BLOCK, end - i);
        loss_block(job->kernels, job->loss, job->k, i, n, g, h);
        for (int64_t r = 0; r < n; r++) {
            max[0] = KEN_MAX(max[0], fabs(g[r]));
            max[1] = KEN_MAX(max[1], h[r]);
        }
    }
}

static void loss_pack_block(void *arg, int64_t begin, int64_t end, int worker) {
    const loss_job *const job = arg;
    const boosting_scale *const s = job->scale;
    double g[LOSS_BLOCK], h[LOSS_BLOCK];
    (void)worker;
    for (int64_t i = begin; i < end; i += LOSS_BLOCK) {
        const int64_t n = KEN_MIN(LOSS_BLOCK, end - i);
        loss_block(job->kernels, job->loss, job->k, i, n, g, h);
        job->kernels->hist_pack(g, s->one ? NULL : h, n, s->scale_g, s->scale_h, s->shift,
                                job->words + i);
    }
}

/* The greatest gradient and hessian: from the formula, or by a look at all rows. */
static ken_status loss_bounds(ken_ctx *ctx, const loss_job *job, double bound[2]) {
    const boosting_loss *const l = job->loss;
    bound[0] = bound[1] = l->max_weight;
    switch (l->kind) {
    case BOOSTING_ABSOLUTE:
    case BOOSTING_QUANTILE:
        return KEN_OK;
    case BOOSTING_HUBER:
        bound[0] *= l->delta;
        return KEN_OK;
    case BOOSTING_LOGISTIC:
        bound[1] *= 0.25;
        return KEN_OK;
    case BOOSTING_SOFTMAX:
        bound[1] *= 0.25 * l->outputs / KEN_MAX(l->outputs - 1.0, 1.0);
        return KEN_OK;
    default:
        break;
    }
    bound[0] = bound[1] = 0;
    memset(job->max, 0, (size_t)ken_ctx_threads(ctx) * 8 * sizeof *job->max);
    KEN_TRY(ken_parallel(ctx, l->n_train, LOSS_GRAIN, loss_max_block, (void *)(uintptr_t)job));
    for (int t = 0; t < ken_ctx_threads(ctx); t++) {
        bound[0] = KEN_MAX(bound[0], job->max[8 * t]);
        bound[1] = KEN_MAX(bound[1], job->max[8 * t + 1]);
    }
    return KEN_OK;
}

ken_status ken__boosting_loss_pack(ken_ctx *ctx, const boosting_loss *l, int k,
                                   boosting_scale *scale, uint64_t *words) {
    loss_job job = {ken_ctx_kernels(ctx), l, k, scale, words, NULL};
    double bound[2];
    KEN_TRY(KEN_SCRATCH(ctx, double, 8 * ken_ctx_threads(ctx), &job.max));
    KEN_TRY(loss_bounds(ctx, &job, bound));
    *scale = ken__boosting_scale_of(l->n_train, loss_one(l), bound[0], bound[1]);
    return ken_parallel(ctx, l->n_train, LOSS_GRAIN, loss_pack_block, &job);
}

static void loss_refresh_block(void *arg, int64_t begin, int64_t end, int worker) {
    boosting_loss *const l = arg;
    (void)worker;
    for (int64_t i = begin; i < end; i++) {
        double top = l->margin[i], sum = 0;
        for (int k = 1; k < l->outputs; k++) top = KEN_MAX(top, l->margin[k * l->n + i]);
        for (int k = 0; k < l->outputs; k++) sum += ken_exp(l->margin[k * l->n + i] - top);
        l->lse[i] = top + ken_log(sum);
    }
}

ken_status ken__boosting_loss_refresh(ken_ctx *ctx, boosting_loss *l) {
    if (l->kind != BOOSTING_SOFTMAX) return KEN_OK;
    return ken_parallel(ctx, l->n, LOSS_GRAIN, loss_refresh_block, l);
}

/* --- leaves -------------------------------------------------------------------------------------
 */

bool ken__boosting_loss_renews(const boosting_loss *l) {
    return l->kind == BOOSTING_ABSOLUTE || l->kind == BOOSTING_QUANTILE ||
           l->kind == BOOSTING_HUBER;
}

double ken__boosting_loss_renew(const boosting_loss *l, const uint32_t *rows, int64_t n,
                                boosting_loss_item *item) {
    for (int64_t i = 0; i < n; i++) {
        const int64_t row = rows[i];
        item[i] = (loss_item){l->y[row] - l->margin[row], l->weight ? l->weight[row] : 1.0};
    }
    qsort(item, (size_t)n, sizeof *item, loss_by_value);
    const double q = l->kind == BOOSTING_QUANTILE ? l->quantile : 0.5;
    const double center = loss_sorted_quantile(item, n, q);
    if (l->kind != BOOSTING_HUBER) return center;
    double sum = 0, total = 0; /* Friedman 2001, eq. 33 */
    for (int64_t i = 0; i < n; i++) {
        sum += item[i].weight * -loss_slope(l, -(item[i].value - center));
        total += item[i].weight;
    }
    return total > 0 ? center + sum / total : center;
}

/* Poisson: G = sum of mu - y, H = sum of mu, so that sum y / sum mu = 1 - G / H, whose logarithm is
 * the exact answer. It is taken above 0, where Newton's step is the greater of the two. Gamma is
 * its mirror: G = sum of 1 - y / mu, H = sum of y / mu, the answer is -log(1 + G / H), taken below
 * 0. */
double ken__boosting_loss_step(const boosting_loss *l, const boosting_rules *rules, double G,
                               double H) {
    const double step = ken__boosting_leaf_value(rules, G, H);
    if (l->kind == BOOSTING_POISSON && step > 0) return ken_log1p(step);
    if (l->kind == BOOSTING_GAMMA && step < 0) return -ken_log1p(-step);
    return step;
}

/* --- mean loss ----------------------------------------------------------------------------------
 */

typedef struct loss_mean_job {
    const ken_kernels *kernels;
    const boosting_loss *loss;
    int64_t first;
} loss_mean_job;

static double loss_of(const boosting_loss *l, int64_t i) {
    const double F = l->margin[i], r = F - (l->y ? l->y[i] : 0), a = fabs(r);
    switch (l->kind) {
    case BOOSTING_SQUARED:
        return r * r / 2;
    case BOOSTING_ABSOLUTE:
        return a;
    case BOOSTING_QUANTILE:
        return r > 0 ? (1 - l->quantile) * r : -l->quantile * r;
    case BOOSTING_HUBER:
        return a <= l->delta ? r * r / 2 : l->delta * (a - l->delta / 2);
    case BOOSTING_POISSON:
        return ken_exp(F) - l->y[i] * F;
    case BOOSTING_EXPECTILE:
        return loss_expectile_weight(l, r) * r * r / 2;
    case BOOSTING_GAMMA:
        return l->y[i] * ken_exp(-F) + F;
    case BOOSTING_TWEEDIE:
        return l->y[i] * ken_exp((1 - l->power) * F) / (l->power - 1) +
               ken_exp((2 - l->power) * F) / (2 - l->power);
    default: { /* softmax */
        double top = l->margin[i], sum = 0;
        for (int k = 1; k < l->outputs; k++) top = KEN_MAX(top, l->margin[k * l->n + i]);
        for (int k = 0; k < l->outputs; k++) sum += ken_exp(l->margin[k * l->n + i] - top);
        return top + ken_log(sum) - l->margin[l->label[i] * l->n + i];
    }
    }
}

static void loss_mean_block(void *arg, int64_t begin, int64_t end, double *sum, int worker) {
    const loss_mean_job *const job = arg;
    const boosting_loss *const l = job->loss;
    double value[LOSS_BLOCK];
    (void)worker;
    for (int64_t b = begin; b < end; b += LOSS_BLOCK) {
        const int64_t n = KEN_MIN(LOSS_BLOCK, end - b), at = job->first + b;
        if (l->kind == BOOSTING_LOGISTIC) {
            for (int64_t i = 0; i < n; i++)
                value[i] = l->label[at + i] ? -l->margin[at + i] : l->margin[at + i];
            job->kernels->softplus_n(value, value, n);
        } else {
            for (int64_t i = 0; i < n; i++) value[i] = loss_of(l, at + i);
        }
        for (int64_t i = 0; i < n; i++) {
            const double w = l->weight ? l->weight[at + i] : 1.0;
            sum[0] += w * value[i];
            sum[1] += w;
        }
    }
}

ken_status ken__boosting_loss_mean(ken_ctx *ctx, const boosting_loss *l, int64_t begin, int64_t end,
                                   double *out) {
    loss_mean_job job = {ken_ctx_kernels(ctx), l, begin};
    double sum[2];
    *out = (double)NAN;
    KEN_TRY(ken_reduce(ctx, end - begin, 2, loss_mean_block, &job, sum));
    if (sum[1] > 0) *out = sum[0] / sum[1];
    return KEN_OK;
}
