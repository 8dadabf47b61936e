/* See boosting_loss.h: what is the same for every loss. Gradients are computed in blocks of rows with
 * the array kernels, and rounded to packed words at once: no array of gradients exists. Read next:
 * boosting_loss_table.h. */
#include "ken/boosting/boosting_loss.h"

#include <math.h>
#include <string.h>

#include "ken/boosting/boosting_loss_table.h"

static const boosting_loss_row *const loss_rows[BOOSTING_N_LOSSES] = {
    [BOOSTING_AUTO] = &ken__loss_squared,         [BOOSTING_SQUARED] = &ken__loss_squared,
    [BOOSTING_ABSOLUTE] = &ken__loss_absolute,    [BOOSTING_HUBER] = &ken__loss_huber,
    [BOOSTING_QUANTILE] = &ken__loss_quantile,    [BOOSTING_POISSON] = &ken__loss_poisson,
    [BOOSTING_LOGISTIC] = &ken__loss_logistic,    [BOOSTING_SOFTMAX] = &ken__loss_softmax,
    [BOOSTING_EXPECTILE] = &ken__loss_expectile,  [BOOSTING_GAMMA] = &ken__loss_gamma,
    [BOOSTING_TWEEDIE] = &ken__loss_tweedie,      [BOOSTING_CROSS_ENTROPY] = &ken__loss_cross_entropy,
    [BOOSTING_LAMBDARANK] = &ken__loss_lambdarank, [BOOSTING_XENDCG] = &ken__loss_xendcg,
    [BOOSTING_COX] = &ken__loss_cox,               [BOOSTING_AFT] = &ken__loss_aft,
    [BOOSTING_FORMULA] = &ken__loss_formula,       [BOOSTING_CALLBACK] = &ken__loss_callback};

void ken__boosting_loss_choose(boosting_loss *l, boosting_loss_kind kind) {
    l->row = loss_rows[kind];
    if (kind == BOOSTING_POISSON) l->power = 1;
    if (kind == BOOSTING_GAMMA) l->power = 2;
}

boosting_link_kind ken__boosting_loss_link(boosting_loss_kind kind) { return loss_rows[kind]->link; }

bool ken__boosting_loss_few(boosting_loss_kind kind) { return loss_rows[kind]->few; }

void ken__boosting_loss_free(ken_ctx *ctx, boosting_loss *l) {
    if (l->row && l->row->close) l->row->close(ctx, l);
    ken_expression_free(ctx, l->objective);
    ken_free(ctx, l->lse);
    ken_free(ctx, l->g);
    ken_free(ctx, l->h);
}

void ken__loss_kept_block(const ken_kernels *kernels, const boosting_loss *l, int k, int64_t at, int64_t n,
                          double *g, double *h) {
    (void)kernels, (void)k;
    memcpy(g, l->g + at, (size_t)n * sizeof *g);
    memcpy(h, l->h + at, (size_t)n * sizeof *h);
}

/* --- start --------------------------------------------------------------------------------------
 */

static void loss_weight_block(void *arg, int64_t begin, int64_t end, double *sum, int worker) {
    const boosting_loss *const l = arg;
    (void)worker;
    for (int64_t i = begin; i < end; i++) sum[0] += loss_weight(l, i);
}

static void loss_fill(const boosting_loss *l, const double *base) {
    for (int k = 0; k < l->outputs; k++)
        for (int64_t i = 0; i < l->n; i++) l->margin[k * l->n + i] = base[k] + loss_offset(l, i);
}

ken_status ken__boosting_loss_start(ken_ctx *ctx, boosting_loss *l, double *base) {
    double total;
    KEN_TRY(ken_reduce(ctx, l->n_train, 1, loss_weight_block, l, &total));
    l->max_weight = l->weight ? 0 : 1;
    for (int64_t i = 0; l->weight && i < l->n_train; i++)
        l->max_weight = KEN_MAX(l->max_weight, l->weight[i]);
    if (!(total > 0))
        return KEN_FAIL(ctx, KEN_E_VALUE, "give some rows a weight above 0",
                        "boosting: the weights of the training rows sum to %g", total);
    if (l->upper && !l->row->bounds)
        return KEN_FAIL(ctx, KEN_E_UNSUPPORTED, "set loss=cox or loss=aft, which can",
                        "boosting: loss=%s cannot take events or upper bounds of the target", l->row->name);
    if (l->row->open) KEN_TRY(l->row->open(ctx, l));
    KEN_TRY(l->row->start(ctx, l, total, base));
    loss_fill(l, base);
    return KEN_OK;
}

typedef struct loss_newton_job {
    const ken_kernels *kernels;
    const boosting_loss *loss;
} loss_newton_job;

static void loss_newton_sums(void *arg, int64_t begin, int64_t end, double *sum, int worker) {
    const loss_newton_job *const job = arg;
    const boosting_loss *const l = job->loss;
    double g[LOSS_BLOCK], h[LOSS_BLOCK];
    (void)worker;
    for (int64_t at = begin; at < end; at += LOSS_BLOCK) {
        const int64_t n = KEN_MIN(LOSS_BLOCK, end - at);
        l->row->block(job->kernels, l, 0, at, n, g, h);
        for (int64_t i = 0; i < n; i++) {
            sum[0] += loss_weight(l, at + i) * g[i];
            sum[1] += loss_weight(l, at + i) * h[i];
        }
    }
}

ken_status ken__loss_newton(ken_ctx *ctx, boosting_loss *l, double *base) {
    loss_newton_job job = {ken_ctx_kernels(ctx), l};
    double loss, sum[2];
    loss_fill(l, base);
    KEN_TRY(ken__boosting_loss_mean(ctx, l, 0, l->n_train, &loss));
    for (int pass = 0; pass < 60; pass++) {
        KEN_TRY(ken__boosting_loss_refresh(ctx, l));
        KEN_TRY(ken_reduce(ctx, l->n_train, 2, loss_newton_sums, &job, sum));
        if (!(sum[1] > 0) || !isfinite(sum[0])) break;
        double step = -sum[0] / sum[1], at = base[0], next;
        for (int half = 0;; half++, step /= 2) {
            const double moved = at + step;
            loss_fill(l, &moved);
            KEN_TRY(ken__boosting_loss_mean(ctx, l, 0, l->n_train, &next));
            if (next <= loss + 1e-13 * fabs(loss)) break;
            if (half == 40) return loss_fill(l, base), KEN_OK; /* as far as rounding allows */
        }
        base[0] = at + step;
        loss = next;
        if (fabs(step) <= 1e-13 * (1 + fabs(base[0]))) break;
    }
    return KEN_OK;
}

/* --- gradients ----------------------------------------------------------------------------------
 */

void ken__loss_weighted_block(const ken_kernels *kernels, const boosting_loss *l, int k, int64_t at, int64_t n,
                              double *g, double *h) {
    l->row->block(kernels, l, k, at, n, g, h);
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
        ken__loss_weighted_block(job->kernels, job->loss, job->k, i, n, g, h);
        for (int64_t r = 0; r < n; r++) {
            max[0] = KEN_MAX(max[0], fabs(g[r]));
            max[1] = KEN_MAX(max[1], h[r]);
            max[2] += h[r] != 1;
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
        ken__loss_weighted_block(job->kernels, job->loss, job->k, i, n, g, h);
        job->kernels->hist_pack(g, s->one ? NULL : h, n, s->scale_g, s->scale_h, s->shift,
                                job->words + i);
    }
}

/* The greatest gradient and hessian: from the formula, or by a look at all rows. */
static ken_status loss_bounds(ken_ctx *ctx, const loss_job *job, double bound[2], bool *one) {
    const boosting_loss *const l = job->loss;
    double others = 0;
    *one = l->row->one && !l->weight;
    if (l->row->bound) {
        l->row->bound(l, bound);
        bound[0] *= l->max_weight;
        bound[1] *= l->max_weight;
        return KEN_OK;
    }
    bound[0] = bound[1] = 0;
    memset(job->max, 0, (size_t)ken_ctx_threads(ctx) * 8 * sizeof *job->max);
    KEN_TRY(ken_parallel(ctx, l->n_train, LOSS_GRAIN, loss_max_block, (void *)(uintptr_t)job));
    for (int t = 0; t < ken_ctx_threads(ctx); t++) {
        bound[0] = KEN_MAX(bound[0], job->max[8 * t]);
        bound[1] = KEN_MAX(bound[1], job->max[8 * t + 1]);
        others += job->max[8 * t + 2];
    }
    *one |= l->row->look_one && others == 0;
    return KEN_OK;
}

ken_status ken__loss_scale(ken_ctx *ctx, const boosting_loss *l, int k, bool may_be_one, boosting_scale *scale) {
    loss_job job = {ken_ctx_kernels(ctx), l, k, scale, NULL, NULL};
    double bound[2];
    bool one;
    KEN_TRY(KEN_SCRATCH(ctx, double, 8 * ken_ctx_threads(ctx), &job.max));
    KEN_TRY(loss_bounds(ctx, &job, bound, &one));
    *scale = ken__boosting_scale_of(l->n_train, one && may_be_one, bound[0], bound[1]);
    return KEN_OK;
}

ken_status ken__boosting_loss_pack(ken_ctx *ctx, const boosting_loss *l, int k,
                                   boosting_scale *scale, uint64_t *words) {
    loss_job job = {ken_ctx_kernels(ctx), l, k, scale, words, NULL};
    KEN_TRY(ken__loss_scale(ctx, l, k, true, scale));
    return ken_parallel(ctx, l->n_train, LOSS_GRAIN, loss_pack_block, &job);
}

ken_status ken__boosting_loss_refresh(ken_ctx *ctx, boosting_loss *l) {
    return l->row->refresh ? l->row->refresh(ctx, l) : KEN_OK;
}

/* --- leaves -------------------------------------------------------------------------------------
 */

bool ken__boosting_loss_renews(const boosting_loss *l) { return l->row->renew != NULL; }

double ken__boosting_loss_renew(const boosting_loss *l, int k, const uint32_t *rows, int64_t n,
                                boosting_loss_item *item) {
    return l->row->renew(l, k, rows, n, item);
}

double ken__boosting_loss_step(const boosting_loss *l, const boosting_rules *rules, double G,
                               double H) {
    const double step = ken__boosting_leaf_value(rules, G, H);
    return ken__boosting_loss_tame(l, step);
}

bool ken__boosting_loss_tames(const boosting_loss *l) { return l->row->tame != NULL; }

double ken__boosting_loss_tame(const boosting_loss *l, double step) {
    return l->row->tame ? l->row->tame(step) : step;
}

/* --- mean loss ----------------------------------------------------------------------------------
 */

typedef struct loss_mean_job {
    const ken_kernels *kernels;
    const boosting_loss *loss;
    int64_t first;
} loss_mean_job;

static void loss_mean_block(void *arg, int64_t begin, int64_t end, double *sum, int worker) {
    const loss_mean_job *const job = arg;
    const boosting_loss *const l = job->loss;
    double value[LOSS_BLOCK];
    (void)worker;
    for (int64_t b = begin; b < end; b += LOSS_BLOCK) {
        const int64_t n = KEN_MIN(LOSS_BLOCK, end - b), at = job->first + b;
        l->row->value(job->kernels, l, at, n, value);
        for (int64_t i = 0; i < n; i++) {
            const double w = loss_weight(l, at + i);
            sum[0] += w * value[i];
            sum[1] += w;
        }
    }
}

ken_status ken__boosting_loss_mean(ken_ctx *ctx, const boosting_loss *l, int64_t begin, int64_t end,
                                   double *out) {
    loss_mean_job job = {ken_ctx_kernels(ctx), l, begin};
    double sum[2];
    if (l->row->mean) return l->row->mean(ctx, l, begin, end, out);
    *out = (double)NAN;
    KEN_TRY(ken_reduce(ctx, end - begin, 2, loss_mean_block, &job, sum));
    if (sum[1] > 0) *out = sum[0] / sum[1];
    return KEN_OK;
}
