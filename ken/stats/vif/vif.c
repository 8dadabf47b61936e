/* Collinearity of columns: see vif.h. */
#include "ken/stats/vif/vif.h"

#include <math.h>
#include <string.h>

#include "ken/core/alloc.h"
#include "ken/math/linalg.h"

/* Singular values below this part of the largest are those of an exact dependency, rounded. */
static const double vif_tiny = 1e-13;

typedef struct vif_work {
    const ken_table *table;
    const int *columns;
    int n;         /* columns of the table */
    bool constant; /* a column of ones before them, nothing centered */
    int64_t rows, p;
    double *A;     /* (rows, p): unit columns, then R in its first p rows */
    bool *flat;    /* (p) length 0 */
    double *s, *V; /* (p) falling; (p, p), rows are right singular vectors */
} vif_work;

static ken_status vif_check(ken_ctx *ctx, const vif_work *w) {
    for (int k = 0; k < w->n; k++) {
        const ken_column *c = ken_table_column(w->table, w->columns[k]);
        if (!ken_dtype_is_number(c->dtype))
            return KEN_FAIL(ctx, KEN_E_TYPE, "pass columns of numbers", "vif: column '%s' holds %s",
                            c->name, ken_dtype_name(c->dtype));
    }
    return KEN_OK;
}

/* Complete rows, one behind the other. */
static ken_status vif_load(ken_ctx *ctx, vif_work *w) {
    const int64_t n = ken_table_rows(w->table), first = w->constant;
    double *row;
    w->p = w->n + first;
    if (n > INT64_MAX / 16 / KEN_MAX(w->p, 1))
        return KEN_FAIL(ctx, KEN_E_NOMEM, "pass a sample of the rows",
                        "vif: the table is too large");
    KEN_TRY(KEN_SCRATCH(ctx, double, KEN_MAX(n * w->p, 1), &w->A));
    for (int64_t i = 0; i < n; i++) {
        bool complete = true;
        row = w->A + w->rows * w->p;
        if (w->constant) row[0] = 1;
        for (int k = 0; k < w->n && complete; k++) {
            row[first + k] = ken_column_f64(ken_table_column(w->table, w->columns[k]), i);
            complete = isfinite(row[first + k]);
        }
        w->rows += complete;
    }
    if (w->rows > w->n) return KEN_OK;
    return KEN_FAIL(ctx, KEN_E_VALUE, "give more rows, or fewer columns",
                    "vif: %lld complete rows for %d columns", (long long)w->rows, w->n);
}

/* Columns of length 1; without a constant also of mean 0. Lengths by the largest value, so that no
 * square overflows. */
static void vif_standardize(vif_work *w) {
    for (int64_t j = 0; j < w->p; j++) {
        double mean = 0, correction = 0, top = 0, square = 0, largest = 0;
        for (int64_t i = 0; i < w->rows; i++) mean += w->A[i * w->p + j] / (double)w->rows;
        for (int64_t i = 0; i < w->rows; i++)
            correction += (w->A[i * w->p + j] - mean) / (double)w->rows;
        for (int64_t i = 0; i < w->rows; i++) {
            double *a = w->A + i * w->p + j;
            largest = KEN_MAX(largest, fabs(*a));
            if (!w->constant) *a = (*a - mean) - correction;
            top = KEN_MAX(top, fabs(*a));
        }
        w->flat[j] = !(top > largest * 1e-14); /* what is left of a constant is rounding */
        for (int64_t i = 0; i < w->rows; i++) {
            const double a = w->flat[j] ? 0 : w->A[i * w->p + j] / top;
            w->A[i * w->p + j] = a;
            square += a * a;
        }
        for (int64_t i = 0; i < w->rows && square > 0; i++) w->A[i * w->p + j] /= sqrt(square);
    }
}

/* A = Q R, R = U S V': the singular values of A are those of R. */
static ken_status vif_decompose(ken_ctx *ctx, vif_work *w) {
    const int64_t p = w->p, top = KEN_MIN(w->rows, p);
    double *tau, *work, *R;
    KEN_TRY(KEN_SCRATCH(ctx, double, p, &tau));
    KEN_TRY(KEN_SCRATCH(ctx, double, 2 * p, &work));
    KEN_TRY(KEN_SCRATCH(ctx, double, p *p, &R));
    KEN_TRY(KEN_SCRATCH(ctx, double, p, &w->s));
    KEN_TRY(KEN_SCRATCH(ctx, double, p *p, &w->V));
    ken_qr(w->A, w->rows, p, p, tau, NULL, work);
    memset(R, 0, (size_t)(p * p) * sizeof *R);
    for (int64_t i = 0; i < top; i++)
        memcpy(R + i * p + i, w->A + i * p + i, (size_t)(p - i) * sizeof *R);
    return ken_svd(ctx, R, p, p, p, w->s, NULL, w->V);
}

static ken_status vif_run(ken_ctx *ctx, vif_work *w) {
    KEN_TRY(vif_check(ctx, w));
    KEN_TRY(vif_load(ctx, w));
    KEN_TRY(KEN_SCRATCH(ctx, bool, w->p, &w->flat));
    vif_standardize(w);
    return vif_decompose(ctx, w);
}

/* Part of direction k in the variance of coefficient j: (V_jk / s_k)^2, infinite in an exact
 * dependency of which j is a part. Flat columns have a direction of their own, of value 0. */
static double vif_part(const vif_work *w, int64_t k, int64_t j) {
    const double v = w->V[k * w->p + j];
    if (w->s[k] > vif_tiny * w->s[0]) return v * v / (w->s[k] * w->s[k]);
    return v * v > 1e-20 ? INFINITY : 0;
}

ken_status ken_vif(ken_ctx *ctx, const ken_table *table, const int *columns, int n, double *vif,
                   int64_t *rows) {
    const ken_mark mark = ken_scratch_mark(ctx);
    vif_work w = {.table = table, .columns = columns, .n = n};
    const ken_status status = n > 0 ? vif_run(ctx, &w) : KEN_OK;
    for (int j = 0; status == KEN_OK && j < n; j++) {
        vif[j] = w.flat[j] ? (double)NAN : 0;
        for (int64_t k = 0; k < n && !w.flat[j]; k++) vif[j] += vif_part(&w, k, j);
        if (vif[j] < 1) vif[j] = 1; /* by rounding */
    }
    if (rows) *rows = w.rows;
    ken_scratch_release(ctx, mark);
    return status;
}

ken_status ken_condition_indices(ken_ctx *ctx, const ken_table *table, const int *columns, int n,
                                 double *index, double *proportion) {
    const ken_mark mark = ken_scratch_mark(ctx);
    vif_work w = {.table = table, .columns = columns, .n = n, .constant = true};
    const ken_status status = vif_run(ctx, &w);
    for (int64_t k = 0; status == KEN_OK && k < w.p; k++)
        index[k] = w.s[k] > vif_tiny * w.s[0] ? w.s[0] / w.s[k] : INFINITY;
    for (int64_t j = 0; status == KEN_OK && proportion && j < w.p; j++) {
        double total = 0, infinite = 0;
        for (int64_t k = 0; k < w.p; k++) {
            const double part = vif_part(&w, k, j);
            if (isinf(part)) infinite += w.V[k * w.p + j] * w.V[k * w.p + j];
            total += part;
        }
        for (int64_t k = 0; k < w.p; k++) { /* an exact dependency takes all of the variance */
            const double part = vif_part(&w, k, j), v = w.V[k * w.p + j];
            proportion[k * w.p + j] = infinite == 0 ? part / total
                                      : isinf(part) ? v * v / infinite
                                                    : 0;
        }
    }
    ken_scratch_release(ctx, mark);
    return status;
}
