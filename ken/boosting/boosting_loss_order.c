/* Losses whose leaves are order statistics of residuals: absolute, quantile, Huber. Read next:
 * boosting_loss_classes.c. */
#include <math.h>
#include <stdlib.h>

#include "ken/boosting/boosting_loss_table.h"

typedef boosting_loss_item loss_item;

static double loss_level(const boosting_loss *l, int k) { return l->levels ? l->levels[k] : l->quantile; }

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

/* --- start: a quantile of all targets, less their offsets --- */

static ken_status loss_quantile_of(ken_ctx *ctx, const boosting_loss *l, double q, double minus,
                                   bool absolute, double *out) {
    const ken_mark mark = ken_scratch_mark(ctx);
    loss_item *item;
    KEN_TRY(KEN_SCRATCH(ctx, loss_item, l->n_train, &item));
    int64_t m = 0;
    for (int64_t i = 0; i < l->n_train; i++) {
        const double w = loss_weight(l, i), v = l->y[i] - minus - loss_offset(l, i);
        if (w > 0) item[m++] = (loss_item){absolute ? fabs(v) : v, w};
    }
    qsort(item, (size_t)m, sizeof *item, loss_by_value);
    *out = loss_sorted_quantile(item, m, q);
    ken_scratch_release(ctx, mark);
    return KEN_OK;
}

static ken_status loss_absolute_start(ken_ctx *ctx, boosting_loss *l, double total, double *base) {
    (void)total;
    return loss_quantile_of(ctx, l, 0.5, 0, false, base);
}

static ken_status loss_quantile_start(ken_ctx *ctx, boosting_loss *l, double total, double *base) {
    (void)total;
    for (int k = 0; k < l->outputs; k++)
        KEN_TRY(loss_quantile_of(ctx, l, loss_level(l, k), 0, false, &base[k]));
    return KEN_OK;
}

static ken_status loss_huber_start(ken_ctx *ctx, boosting_loss *l, double total, double *base) {
    (void)total;
    KEN_TRY(loss_quantile_of(ctx, l, 0.5, 0, false, base));
    if (!(l->delta > 0)) KEN_TRY(loss_quantile_of(ctx, l, 0.9, base[0], true, &l->delta));
    l->delta = l->delta > 0 ? l->delta : 1;
    return KEN_OK;
}

/* --- gradients; r: margin - y --- */

static void loss_absolute_block(const ken_kernels *kernels, const boosting_loss *l, int k, int64_t at,
                                int64_t n, double *g, double *h) {
    const double *const F = l->margin + k * l->n + at;
    (void)kernels;
    for (int64_t i = 0; i < n; i++) {
        const double r = F[i] - l->y[at + i];
        g[i] = r > 0 ? 1.0 : r < 0 ? -1.0 : 0.0;
        h[i] = 1;
    }
}

static void loss_quantile_block(const ken_kernels *kernels, const boosting_loss *l, int k, int64_t at,
                                int64_t n, double *g, double *h) {
    const double *const F = l->margin + k * l->n + at;
    const double q = loss_level(l, k);
    (void)kernels;
    for (int64_t i = 0; i < n; i++) {
        const double r = F[i] - l->y[at + i];
        g[i] = r > 0 ? 1 - q : r < 0 ? -q : 0.0;
        h[i] = 1;
    }
}

static double loss_huber_slope(const boosting_loss *l, double r) {
    return r > l->delta ? l->delta : r < -l->delta ? -l->delta : r;
}

static void loss_huber_block(const ken_kernels *kernels, const boosting_loss *l, int k, int64_t at,
                             int64_t n, double *g, double *h) {
    const double *const F = l->margin + k * l->n + at;
    (void)kernels;
    for (int64_t i = 0; i < n; i++) {
        g[i] = loss_huber_slope(l, F[i] - l->y[at + i]);
        h[i] = 1;
    }
}

static void loss_bound_one(const boosting_loss *l, double bound[2]) {
    (void)l;
    bound[0] = bound[1] = 1;
}

static void loss_huber_bound(const boosting_loss *l, double bound[2]) {
    bound[0] = l->delta;
    bound[1] = 1;
}

/* --- leaves --- */

static double loss_center(const boosting_loss *l, int k, double q, const uint32_t *rows, int64_t n,
                          loss_item *item) {
    for (int64_t i = 0; i < n; i++) {
        const int64_t row = rows[i];
        item[i] = (loss_item){l->y[row] - l->margin[k * l->n + row], loss_weight(l, row)};
    }
    qsort(item, (size_t)n, sizeof *item, loss_by_value);
    return loss_sorted_quantile(item, n, q);
}

static double loss_absolute_renew(const boosting_loss *l, int k, const uint32_t *rows, int64_t n,
                                  loss_item *item) {
    return loss_center(l, k, 0.5, rows, n, item);
}

static double loss_quantile_renew(const boosting_loss *l, int k, const uint32_t *rows, int64_t n,
                                  loss_item *item) {
    return loss_center(l, k, loss_level(l, k), rows, n, item);
}

static double loss_huber_renew(const boosting_loss *l, int k, const uint32_t *rows, int64_t n,
                               loss_item *item) {
    const double center = loss_center(l, k, 0.5, rows, n, item);
    double sum = 0, total = 0; /* Friedman 2001, eq. 33 */
    for (int64_t i = 0; i < n; i++) {
        sum += item[i].weight * -loss_huber_slope(l, -(item[i].value - center));
        total += item[i].weight;
    }
    return total > 0 ? center + sum / total : center;
}

/* --- values --- */

static void loss_absolute_value(const ken_kernels *kernels, const boosting_loss *l, int64_t at,
                                int64_t n, double *value) {
    (void)kernels;
    for (int64_t i = 0; i < n; i++) value[i] = fabs(l->margin[at + i] - l->y[at + i]);
}

/* The mean over the levels. */
static void loss_quantile_value(const ken_kernels *kernels, const boosting_loss *l, int64_t at,
                                int64_t n, double *value) {
    (void)kernels;
    for (int k = 0; k < l->outputs; k++) {
        const double *const F = l->margin + k * l->n + at, q = loss_level(l, k);
        for (int64_t i = 0; i < n; i++) {
            const double r = F[i] - l->y[at + i], loss = r > 0 ? (1 - q) * r : -q * r;
            value[i] = k ? value[i] + loss : loss;
        }
    }
    for (int64_t i = 0; l->outputs > 1 && i < n; i++) value[i] /= l->outputs;
}

static void loss_huber_value(const ken_kernels *kernels, const boosting_loss *l, int64_t at, int64_t n,
                             double *value) {
    (void)kernels;
    for (int64_t i = 0; i < n; i++) {
        const double r = l->margin[at + i] - l->y[at + i], a = fabs(r);
        value[i] = a <= l->delta ? r * r / 2 : l->delta * (a - l->delta / 2);
    }
}

const boosting_loss_row ken__loss_absolute = {.name = "absolute",
                                              .one = true,
                                              .start = loss_absolute_start,
                                              .block = loss_absolute_block,
                                              .bound = loss_bound_one,
                                              .renew = loss_absolute_renew,
                                              .value = loss_absolute_value};
const boosting_loss_row ken__loss_quantile = {.name = "quantile",
                                              .one = true,
                                              .start = loss_quantile_start,
                                              .block = loss_quantile_block,
                                              .bound = loss_bound_one,
                                              .renew = loss_quantile_renew,
                                              .value = loss_quantile_value};
const boosting_loss_row ken__loss_huber = {.name = "huber",
                                           .one = true,
                                           .start = loss_huber_start,
                                           .block = loss_huber_block,
                                           .bound = loss_huber_bound,
                                           .renew = loss_huber_renew,
                                           .value = loss_huber_value};
