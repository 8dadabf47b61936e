/* Losses of classes: logistic (two), softmax (several), and cross entropy with targets that are
 * probabilities themselves. Read next: boosting_loss.c. */
#include "ken/boosting/boosting_loss_table.h"

#include <string.h>

/* --- start: shares of the classes --- */

static void loss_class_sums(void *arg, int64_t begin, int64_t end, double *sum, int worker) {
    const boosting_loss *const l = arg;
    (void)worker;
    for (int64_t i = begin; i < end; i++) sum[l->label[i]] += loss_weight(l, i);
}

static ken_status loss_shares(ken_ctx *ctx, boosting_loss *l, double total, int k, double *sum) {
    KEN_TRY(ken_reduce(ctx, l->n_train, k, loss_class_sums, l, sum));
    int present = 0;
    for (int c = 0; c < k; c++) present += sum[c] > 0;
    if (present < 2)
        return KEN_FAIL(ctx, KEN_E_VALUE, "give rows of at least two classes, or use model 'dummy'",
                        "boosting: the training rows have %d class, want at least 2", present);
    const double least = total / (2 * (double)l->n_train + 2); /* a class that is not there */
    for (int c = 0; c < k; c++) sum[c] = KEN_MAX(sum[c], least) / total;
    return KEN_OK;
}

static ken_status loss_logistic_start(ken_ctx *ctx, boosting_loss *l, double total, double *base) {
    double share[2];
    KEN_TRY(loss_shares(ctx, l, total, 2, share));
    base[0] = ken_log(share[1] / share[0]);
    return l->offset ? ken__loss_newton(ctx, l, base) : KEN_OK;
}

static ken_status loss_softmax_start(ken_ctx *ctx, boosting_loss *l, double total, double *base) {
    double *share;
    KEN_TRY(KEN_SCRATCH(ctx, double, KEN_MAX(l->outputs, 2), &share));
    KEN_TRY(loss_shares(ctx, l, total, l->outputs == 1 ? 2 : l->outputs, share));
    if (l->outputs == 1) {
        base[0] = ken_log(share[1] / share[0]);
        return KEN_OK;
    }
    for (int c = 0; c < l->outputs; c++) base[c] = ken_log(share[c]);
    return KEN_OK;
}

static ken_status loss_softmax_open(ken_ctx *ctx, boosting_loss *l) {
    if (!l->offset) return KEN_ALLOC(ctx, double, l->n, &l->lse);
    return KEN_FAIL(ctx, KEN_E_UNSUPPORTED, "leave the offset out",
                    "boosting: loss=softmax: an offset shifts all classes alike, which changes nothing");
}

/* --- gradients --- */

static void loss_logistic_block(const ken_kernels *kernels, const boosting_loss *l, int k, int64_t at,
                                int64_t n, double *g, double *h) {
    kernels->sigmoid_n(l->margin + k * l->n + at, g, n);
    for (int64_t i = 0; i < n; i++) {
        h[i] = g[i] * (1 - g[i]);
        g[i] -= (double)l->label[at + i];
    }
}

static void loss_softmax_block(const ken_kernels *kernels, const boosting_loss *l, int k, int64_t at,
                               int64_t n, double *g, double *h) {
    const double *const F = l->margin + k * l->n + at;
    const double factor = (double)l->outputs / KEN_MAX(l->outputs - 1.0, 1.0);
    for (int64_t i = 0; i < n; i++) g[i] = F[i] - l->lse[at + i];
    kernels->exp_n(g, g, n);
    for (int64_t i = 0; i < n; i++) {
        h[i] = factor * g[i] * (1 - g[i]);
        h[i] = h[i] > 0 ? h[i] : 0;
        g[i] -= l->label[at + i] == k ? 1.0 : 0.0;
    }
}

static void loss_logistic_bound(const boosting_loss *l, double bound[2]) {
    (void)l;
    bound[0] = 1;
    bound[1] = 0.25;
}

static void loss_softmax_bound(const boosting_loss *l, double bound[2]) {
    bound[0] = 1;
    bound[1] = 0.25 * l->outputs / KEN_MAX(l->outputs - 1.0, 1.0);
}

/* The logarithm of the sum of exp of the margins of rows [at, at + n), n <= LOSS_BLOCK. */
static void loss_lse(const ken_kernels *kernels, const boosting_loss *l, int64_t at, int64_t n, double *lse) {
    double top[LOSS_BLOCK], x[LOSS_BLOCK], sum[LOSS_BLOCK];
    memcpy(top, l->margin + at, (size_t)n * sizeof *top);
    for (int k = 1; k < l->outputs; k++)
        for (int64_t i = 0; i < n; i++) top[i] = KEN_MAX(top[i], l->margin[k * l->n + at + i]);
    memset(sum, 0, (size_t)n * sizeof *sum);
    for (int k = 0; k < l->outputs; k++) {
        for (int64_t i = 0; i < n; i++) x[i] = l->margin[k * l->n + at + i] - top[i];
        kernels->exp_n(x, x, n);
        for (int64_t i = 0; i < n; i++) sum[i] += x[i];
    }
    kernels->log_n(sum, sum, n);
    for (int64_t i = 0; i < n; i++) lse[i] = top[i] + sum[i];
}

typedef struct loss_lse_job {
    const ken_kernels *kernels;
    boosting_loss *loss;
} loss_lse_job;

static void loss_refresh_block(void *arg, int64_t begin, int64_t end, int worker) {
    const loss_lse_job *const job = arg;
    (void)worker;
    for (int64_t i = begin; i < end; i += LOSS_BLOCK)
        loss_lse(job->kernels, job->loss, i, KEN_MIN(LOSS_BLOCK, end - i), job->loss->lse + i);
}

static ken_status loss_softmax_refresh(ken_ctx *ctx, boosting_loss *l) {
    loss_lse_job job = {ken_ctx_kernels(ctx), l};
    return ken_parallel(ctx, l->n, LOSS_GRAIN, loss_refresh_block, &job);
}

/* --- values --- */

static void loss_logistic_value(const ken_kernels *kernels, const boosting_loss *l, int64_t at,
                                int64_t n, double *value) {
    for (int64_t i = 0; i < n; i++)
        value[i] = l->label[at + i] ? -l->margin[at + i] : l->margin[at + i];
    kernels->softplus_n(value, value, n);
}

static void loss_softmax_value(const ken_kernels *kernels, const boosting_loss *l, int64_t at,
                               int64_t n, double *value) {
    loss_lse(kernels, l, at, n, value);
    for (int64_t i = 0; i < n; i++) value[i] -= l->margin[l->label[at + i] * l->n + at + i];
}

/* --- cross entropy of a probability: logistic with labels between 0 and 1 --- */

static ken_status loss_cross_entropy_open(ken_ctx *ctx, boosting_loss *l) {
    for (int64_t i = 0; i < l->n; i++)
        if (!(l->y[i] >= 0 && l->y[i] <= 1))
            return KEN_FAIL(ctx, KEN_E_VALUE, "give shares or probabilities, or set loss=squared",
                            "boosting: loss=cross_entropy needs a target between 0 and 1, one value is %g",
                            l->y[i]);
    return KEN_OK;
}

static void loss_share_sums(void *arg, int64_t begin, int64_t end, double *sum, int worker) {
    const boosting_loss *const l = arg;
    (void)worker;
    for (int64_t i = begin; i < end; i++) {
        sum[0] += loss_weight(l, i) * l->y[i];
        sum[1] += loss_weight(l, i) * (1 - l->y[i]);
    }
}

static ken_status loss_cross_entropy_start(ken_ctx *ctx, boosting_loss *l, double total, double *base) {
    double sum[2];
    (void)total;
    KEN_TRY(ken_reduce(ctx, l->n_train, 2, loss_share_sums, l, sum));
    if (!(sum[0] > 0 && sum[1] > 0))
        return KEN_FAIL(ctx, KEN_E_VALUE, "give rows of other values, or use model 'dummy'",
                        "boosting: loss=cross_entropy: the target of all training rows is %d", sum[0] > 0);
    base[0] = ken_log(sum[0] / sum[1]);
    return l->offset ? ken__loss_newton(ctx, l, base) : KEN_OK;
}

static void loss_cross_entropy_block(const ken_kernels *kernels, const boosting_loss *l, int k,
                                     int64_t at, int64_t n, double *g, double *h) {
    kernels->sigmoid_n(l->margin + k * l->n + at, g, n);
    for (int64_t i = 0; i < n; i++) {
        h[i] = g[i] * (1 - g[i]);
        g[i] -= l->y[at + i];
    }
}

/* log(1 + e^F) - y F, less its least value at this y, so that 0 is a target met. */
static void loss_cross_entropy_value(const ken_kernels *kernels, const boosting_loss *l, int64_t at,
                                     int64_t n, double *value) {
    kernels->softplus_n(l->margin + at, value, n);
    for (int64_t i = 0; i < n; i++) {
        const double y = l->y[at + i];
        value[i] -= y * l->margin[at + i];
        if (y > 0 && y < 1) value[i] += y * ken_log(y) + (1 - y) * ken_log1p(-y);
    }
}

const boosting_loss_row ken__loss_logistic = {.name = "logistic",
                                              .classes = true,
                                              .link = BOOSTING_LINK_SIGMOID,
                                              .start = loss_logistic_start,
                                              .block = loss_logistic_block,
                                              .bound = loss_logistic_bound,
                                              .value = loss_logistic_value};
const boosting_loss_row ken__loss_softmax = {.name = "softmax",
                                             .classes = true,
                                             .link = BOOSTING_LINK_SOFTMAX,
                                             .open = loss_softmax_open,
                                             .start = loss_softmax_start,
                                             .refresh = loss_softmax_refresh,
                                             .block = loss_softmax_block,
                                             .bound = loss_softmax_bound,
                                             .value = loss_softmax_value};
const boosting_loss_row ken__loss_cross_entropy = {.name = "cross_entropy",
                                                   .link = BOOSTING_LINK_SIGMOID,
                                                   .open = loss_cross_entropy_open,
                                                   .start = loss_cross_entropy_start,
                                                   .block = loss_cross_entropy_block,
                                                   .bound = loss_logistic_bound,
                                                   .value = loss_cross_entropy_value};
