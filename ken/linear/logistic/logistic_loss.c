/* Value, gradient and Hessian of
 *     sum of w log(1 + exp(-+ t))             two classes, t = z . v
 *     sum of w (log sum exp(t_c) - t_y)       more classes, t_c = z . v_c
 * plus half the penalty. Blocks of rows stay in cache; sums over blocks are those of ken_reduce, the
 * same for any number of threads.
 *
 * source  Bishop 2006, 4.3 (4.91, 4.97, 4.109, 4.110) */
#include "ken/linear/logistic/logistic_loss.h"

#include <math.h>
#include <string.h>

#include "ken/core/threads.h"
#include "ken/linear/linear_rows.h"

enum { LOGISTIC_ROWS = 256 };

/* --- opening: means and scales ------------------------------------------------------------------- */

static void logistic_gather(const ken_logistic_loss *loss, int64_t first, int64_t n, double *Z) {
    const int64_t d = loss->d, ld = loss->ld;
    ken_table_gather(loss->problem->X, first, n, Z, ld);
    for (int64_t i = 0; i < n; i++) {
        double *z = Z + i * ld;
        for (int64_t j = 0; j < d; j++) z[j] = (z[j] - loss->center[j]) * loss->scale[j];
        for (int64_t j = d; j < ld; j++) z[j] = j < loss->p;
    }
}

static void logistic_sum_moments(void *arg, int64_t begin, int64_t end, double *sum, int worker) {
    const ken_logistic_loss *loss = arg;
    double *Z = loss->work + worker * loss->work_size;
    for (int64_t first = begin; first < end; first += LOGISTIC_ROWS) {
        const int64_t n = KEN_MIN(end - first, LOGISTIC_ROWS);
        logistic_gather(loss, first, n, Z);
        for (int64_t i = 0; i < n; i++) {
            const double w = loss->weight ? loss->weight[first + i] : 1, *z = Z + i * loss->ld;
            sum[0] += w;
            for (int64_t j = 0; j < loss->d; j++) {
                sum[1 + j] += w * z[j];
                sum[1 + loss->d + j] += w * z[j] * z[j];
            }
        }
    }
}

/* center: the mean; scale: one over the standard deviation (without intercept, the root mean square).
 * From the first row on, so that offsets do not cancel. A constant column keeps scale 1. */
static ken_status logistic_standardize(ken_logistic_loss *loss, bool intercept) {
    const int64_t d = loss->d;
    double *sum = loss->sum;
    for (int64_t j = 0; j < d; j++) {
        loss->center[j] = ken_column_f64(ken_table_column(loss->problem->X, (int)j), 0);
        loss->scale[j] = 1;
    }
    KEN_TRY(ken_reduce(loss->ctx, loss->problem->n_train, 1 + 2 * d, logistic_sum_moments, loss, sum));
    loss->total_weight = sum[0];
    for (int64_t j = 0; j < d; j++) {
        const double shift = sum[1 + j] / sum[0], first = loss->center[j];
        double variance = sum[1 + d + j] / sum[0] - shift * shift;
        loss->mean[j] = first + shift;
        loss->center[j] = intercept ? loss->mean[j] : 0;
        if (!intercept) variance += loss->mean[j] * loss->mean[j];
        const double noise = loss->mean[j] * 0x1p-50;
        loss->scale[j] = variance > noise * noise ? 1 / sqrt(variance) : 1;
    }
    return KEN_OK;
}

ken_status ken__logistic_loss_open(ken_ctx *ctx, const ken_problem *problem, const double *weight,
                                   bool intercept, double l2, bool second, ken_logistic_loss *loss) {
    const int64_t d = ken_table_cols(problem->X), m = problem->n_classes > 2 ? problem->n_classes : 1;
    memset(loss, 0, sizeof *loss);
    loss->ctx = ctx;
    loss->problem = problem;
    loss->kernels = ken_ctx_kernels(ctx);
    loss->weight = weight;
    loss->d = d, loss->m = m, loss->p = d + intercept, loss->ld = ken_pad(d + 1);
    loss->work_size = LOGISTIC_ROWS * (loss->ld + 2 * m + 2);
    const int64_t blocks = second ? m * (m + 1) / 2 : 0;
    const int64_t width = KEN_MAX(2 + m * loss->ld + blocks * loss->ld * loss->ld, 1 + 2 * d);
    KEN_TRY(KEN_SCRATCH(ctx, double, loss->work_size * ken_ctx_threads(ctx), &loss->work));
    KEN_TRY(KEN_SCRATCH(ctx, double, width, &loss->sum));
    KEN_TRY(KEN_SCRATCH(ctx, double, d, &loss->mean));
    KEN_TRY(KEN_SCRATCH(ctx, double, d, &loss->center));
    KEN_TRY(KEN_SCRATCH(ctx, double, d, &loss->scale));
    KEN_TRY(KEN_SCRATCH(ctx, double, loss->p, &loss->penalty));
    KEN_TRY(logistic_standardize(loss, intercept));
    for (int64_t j = 0; j < loss->p; j++)
        loss->penalty[j] = j < d ? l2 * loss->scale[j] * loss->scale[j] : 0;
    return KEN_OK;
}

/* --- one pass ------------------------------------------------------------------------------------ */

/* Two classes. u: minus the margin of the own class; its sigmoid is what the row pulls with. */
static void logistic_binary(const ken_logistic_loss *loss, int64_t first, int64_t n, const double *Z,
                            double *t, double *sum) {
    const int64_t ld = loss->ld;
    const int32_t *label = loss->problem->label + first;
    double *u = t, *pull = t + LOGISTIC_ROWS, *curve = t + 2 * LOGISTIC_ROWS;
    loss->kernels->gemv(Z, n, loss->p, ld, loss->v, 0, u, 1);
    for (int64_t i = 0; i < n; i++) u[i] = label[i] ? -u[i] : u[i];
    loss->kernels->sigmoid_n(u, pull, n);
    loss->kernels->softplus_n(u, curve, n);
    for (int64_t i = 0; i < n; i++) {
        const double w = loss->weight ? loss->weight[first + i] : 1, s = pull[i];
        sum[0] += w * curve[i];
        sum[1] += u[i] >= 0 ? w : 0;
        curve[i] = w * (s * (1 - s));
        pull[i] = label[i] ? -w * s : w * s;
    }
    loss->kernels->gemm_tn(pull, 1, 1, Z, ld, n, sum + 2);
    if (loss->hessian) loss->kernels->syrk(Z, n, ld, curve, sum + 2 + ld);
}

/* More classes: margins, probabilities, pulls p - 1[own class]. T (rows, m). */
static void logistic_softmax(const ken_logistic_loss *loss, int64_t first, int64_t n, const double *Z,
                             double *T, double *sum) {
    const int64_t m = loss->m, ld = loss->ld;
    const int32_t *label = loss->problem->label + first;
    double *pull = T + LOGISTIC_ROWS * m, *curve = pull + LOGISTIC_ROWS * m;
    double *lse = curve + LOGISTIC_ROWS;
    for (int64_t c = 0; c < m; c++)
        loss->kernels->gemv(Z, n, loss->p, ld, loss->v + c * loss->p, 0, T + c, m);
    for (int64_t i = 0; i < n; i++) {
        const double own = T[i * m + label[i]];
        bool wrong = false;
        for (int64_t c = 0; c < m; c++) wrong |= c != label[i] && T[i * m + c] >= own;
        curve[i] = own;
        sum[1] += wrong ? (loss->weight ? loss->weight[first + i] : 1) : 0;
    }
    loss->kernels->softmax_rows(T, n, m, lse);
    for (int64_t i = 0; i < n; i++) {
        const double w = loss->weight ? loss->weight[first + i] : 1;
        sum[0] += w * (lse[i] - curve[i]);
        for (int64_t c = 0; c < m; c++)
            pull[i * m + c] = w * (T[i * m + c] - (c == label[i] ? 1 : 0));
    }
    loss->kernels->gemm_tn(pull, m, m, Z, ld, n, sum + 2);
    double *H = sum + 2 + m * ld;
    for (int64_t a = 0; loss->hessian && a < m; a++)
        for (int64_t b = 0; b <= a; b++, H += ld * ld) { /* w p_a (1[a = b] - p_b) */
            for (int64_t i = 0; i < n; i++) {
                const double w = loss->weight ? loss->weight[first + i] : 1;
                curve[i] = w * T[i * m + a] * ((a == b ? 1 : 0) - T[i * m + b]);
            }
            loss->kernels->syrk(Z, n, ld, curve, H);
        }
}

static void logistic_sum_rows(void *arg, int64_t begin, int64_t end, double *sum, int worker) {
    const ken_logistic_loss *loss = arg;
    double *Z = loss->work + worker * loss->work_size, *t = Z + LOGISTIC_ROWS * loss->ld;
    for (int64_t first = begin; first < end; first += LOGISTIC_ROWS) {
        const int64_t n = KEN_MIN(end - first, LOGISTIC_ROWS);
        logistic_gather(loss, first, n, Z);
        if (loss->m == 1)
            logistic_binary(loss, first, n, Z, t, sum);
        else
            logistic_softmax(loss, first, n, Z, t, sum);
    }
}

ken_status ken__logistic_evaluate(void *arg, const double *v, double *f, double *gradient) {
    ken_logistic_loss *loss = arg;
    const int64_t m = loss->m, p = loss->p, ld = loss->ld;
    const int64_t blocks = loss->hessian ? m * (m + 1) / 2 : 0;
    loss->v = v;
    KEN_TRY(ken_reduce(loss->ctx, loss->problem->n_train, 2 + m * ld + blocks * ld * ld,
                       logistic_sum_rows, loss, loss->sum));
    loss->errors = loss->sum[1];
    *f = loss->sum[0];
    for (int64_t c = 0; c < m; c++)
        for (int64_t j = 0; j < p; j++) {
            const double at = v[c * p + j];
            *f += 0.5 * loss->penalty[j] * at * at;
            gradient[c * p + j] = loss->sum[2 + c * ld + j] + loss->penalty[j] * at;
        }
    return KEN_OK;
}

/* With more than two classes the sum of the outputs' variables is free but for the penalty, and 0 at
 * the start and ever after: curvature along it makes H definite and changes no step. */
void ken__logistic_hessian(const ken_logistic_loss *loss, double *H, int64_t ld) {
    const int64_t m = loss->m, p = loss->p;
    const double *block = loss->sum + 2 + m * loss->ld;
    for (int64_t a = 0; a < m; a++)
        for (int64_t b = 0; b <= a; b++, block += loss->ld * loss->ld)
            for (int64_t i = 0; i < p; i++)
                for (int64_t j = 0; j < p; j++) {
                    const double h = block[KEN_MIN(i, j) * loss->ld + KEN_MAX(i, j)];
                    double *cell = H + (a * p + i) * ld + b * p + j;
                    *cell = h + (a == b && i == j ? loss->penalty[i] : 0);
                    if (m > 1 && i == j) *cell += 0.1 * loss->total_weight / (double)m;
                    H[(b * p + j) * ld + a * p + i] = *cell;
                }
}
