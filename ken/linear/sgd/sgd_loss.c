/* With t the margins of a row, y its target or its class (s: -1 or 1 where there are two):
 *     squared   (t - y)^2 / 2
 *     huber     r = t - y:  r^2 / 2 up to delta, then delta (|r| - delta / 2)             Huber 1964
 *     logistic  log(1 + exp(-s t));   more classes: log sum exp(t_c) - t_y                 Cox 1958
 *     hinge     max(0, 1 - s t);      more: max(0, 1 + largest other t_c - t_y)           Crammer & Singer 2001
 * The pull of a row on a margin is the derivative by it; the gradient is the sum of pulls times rows. */
#include "ken/linear/sgd/sgd_loss.h"

#include <math.h>
#include <string.h>

#include "ken/core/threads.h"

enum { SGD_ROWS = 256, SGD_ALONE = 4096 }; /* gathered at a time; up to so many rows a batch is not split */

ken_status ken__sgd_loss_open(ken_ctx *ctx, ken_sgd_loss *loss) {
    loss->ctx = ctx;
    loss->kernels = ken_ctx_kernels(ctx);
    loss->ld = ken_pad(loss->d + 1);
    loss->work_size = ken_pad(SGD_ROWS * (loss->ld + loss->m + 2));
    KEN_TRY(KEN_SCRATCH(ctx, double, loss->work_size * ken_ctx_threads(ctx), &loss->work));
    return KEN_SCRATCH(ctx, double, 2 + loss->m * loss->ld, &loss->sum);
}

/* --- losses of n rows: margins T (n, m) become pulls; returns the sum of losses ---------------------------- */

static double sgd_weight(const ken_sgd_loss *loss, int64_t i) { return loss->weight ? loss->weight[i] : 1; }

static double sgd_residuals(const ken_sgd_loss *loss, const int64_t *at, int64_t n, double *T) {
    const double delta = loss->loss == KEN_SGD_HUBER ? loss->delta : INFINITY;
    double sum = 0;
    for (int64_t i = 0; i < n; i++) {
        const double r = T[i] - (loss->y ? loss->y[at[i]] : 0), w = sgd_weight(loss, at[i]), size = fabs(r);
        sum += w * (size <= delta ? 0.5 * r * r : delta * (size - 0.5 * delta));
        T[i] = w * (size <= delta ? r : r > 0 ? delta : -delta);
    }
    return sum;
}

/* u: minus the margin of the own class; its sigmoid is what the row pulls with. */
static double sgd_binary_logistic(const ken_sgd_loss *loss, const int64_t *at, int64_t n, double *T, double *curve) {
    double sum = 0;
    for (int64_t i = 0; i < n; i++) T[i] = loss->label[at[i]] ? -T[i] : T[i];
    loss->kernels->softplus_n(T, curve, n);
    loss->kernels->sigmoid_n(T, T, n);
    for (int64_t i = 0; i < n; i++) {
        const double w = sgd_weight(loss, at[i]);
        sum += w * curve[i];
        T[i] *= loss->label[at[i]] ? -w : w;
    }
    return sum;
}

static double sgd_softmax(const ken_sgd_loss *loss, const int64_t *at, int64_t n, double *T, double *own, double *lse) {
    const int64_t m = loss->m;
    double sum = 0;
    for (int64_t i = 0; i < n; i++) own[i] = T[i * m + loss->label[at[i]]];
    loss->kernels->softmax_rows(T, n, m, lse);
    for (int64_t i = 0; i < n; i++) {
        const double w = sgd_weight(loss, at[i]);
        sum += w * (lse[i] - own[i]);
        T[i * m + loss->label[at[i]]] -= 1;
        for (int64_t c = 0; c < m; c++) T[i * m + c] *= w;
    }
    return sum;
}

static double sgd_hinge(const ken_sgd_loss *loss, const int64_t *at, int64_t n, double *T) {
    const int64_t m = loss->m;
    double sum = 0;
    for (int64_t i = 0; i < n; i++) {
        const double w = sgd_weight(loss, at[i]);
        const int64_t y = loss->label[at[i]];
        double *t = T + i * m;
        if (m == 1) {
            const double s = y ? 1 : -1, short_of = 1 - s * t[0];
            sum += short_of > 0 ? w * short_of : 0;
            t[0] = short_of > 0 ? -s * w : 0;
            continue;
        }
        int64_t other = y == 0;
        for (int64_t c = 0; c < m; c++)
            if (c != y && t[c] > t[other]) other = c;
        const double short_of = 1 + t[other] - t[y];
        memset(t, 0, (size_t)m * sizeof *t);
        if (!(short_of > 0)) continue;
        sum += w * short_of;
        t[other] = w, t[y] = -w;
    }
    return sum;
}

/* --- a pass ------------------------------------------------------------------------------------------------ */

static void sgd_gather(const ken_sgd_loss *loss, const int64_t *at, int64_t n, double *Z) {
    const int64_t d = loss->d, ld = loss->ld;
    for (int64_t i = 0; i < n; i++) {
        double *z = Z + i * ld;
        memcpy(z, loss->X + at[i] * d, (size_t)d * sizeof *z);
        for (int64_t j = d; j < ld; j++) z[j] = j < loss->p;
    }
}

static void sgd_sum_rows(void *arg, int64_t begin, int64_t end, double *sum, int worker) {
    const ken_sgd_loss *loss = arg;
    const int64_t m = loss->m, ld = loss->ld;
    double *Z = loss->work + worker * loss->work_size, *T = Z + SGD_ROWS * ld, *extra = T + SGD_ROWS * m;
    int64_t at[SGD_ROWS];
    for (int64_t first = begin; first < end; first += SGD_ROWS) {
        const int64_t n = KEN_MIN(end - first, SGD_ROWS);
        for (int64_t i = 0; i < n; i++) {
            const int64_t k = loss->first + first + i;
            at[i] = loss->rows ? loss->rows[k] : k;
            sum[1] += sgd_weight(loss, at[i]);
        }
        sgd_gather(loss, at, n, Z);
        for (int64_t c = 0; c < m; c++)
            loss->kernels->gemv(Z, n, loss->p, ld, loss->v + c * loss->p, 0, T + c, m);
        if (loss->loss == KEN_SGD_HINGE) sum[0] += sgd_hinge(loss, at, n, T);
        else if (loss->loss != KEN_SGD_LOGISTIC) sum[0] += sgd_residuals(loss, at, n, T);
        else if (m == 1) sum[0] += sgd_binary_logistic(loss, at, n, T, extra);
        else sum[0] += sgd_softmax(loss, at, n, T, extra, extra + SGD_ROWS);
        if (loss->slopes) loss->kernels->gemm_tn(T, m, m, Z, ld, n, sum + 2);
    }
}

ken_status ken__sgd_evaluate(ken_sgd_loss *loss, const int64_t *rows, int64_t first, int64_t n, const double *v,
                             double *f, double *g, double *total) {
    const int64_t width = 2 + (g ? loss->m * loss->ld : 0);
    const double share = 1 / (double)n;
    loss->v = v, loss->rows = rows, loss->first = first, loss->slopes = g != NULL;
    if (n <= SGD_ALONE) { /* a small batch: the one block that ken_reduce would make of it */
        memset(loss->sum, 0, (size_t)width * sizeof *loss->sum);
        sgd_sum_rows(loss, 0, n, loss->sum, 0);
    } else {
        KEN_TRY(ken_reduce(loss->ctx, n, width, sgd_sum_rows, loss, loss->sum));
    }
    *f = loss->sum[0] * share;
    if (total) *total = loss->sum[1];
    for (int64_t c = 0; g && c < loss->m; c++)
        for (int64_t j = 0; j < loss->p; j++) g[c * loss->p + j] = loss->sum[2 + c * loss->ld + j] * share;
    return KEN_OK;
}
