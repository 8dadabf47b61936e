/* Passes over rows: see linear_rows.h. */
#include "ken/linear/linear_rows.h"

#include <math.h>
#include <string.h>

#include "ken/core/threads.h"
#include "ken/kernels/kernels.h"
#include "ken/math/linalg.h"

enum { LINEAR_ROWS = 256 }; /* gathered at a time: some 100 columns stay in the second cache */

typedef struct linear_pass {
    const ken_problem *problem;
    const ken_kernels *kernels;
    const double *center, *coef;
    double intercept;
    int64_t d, ld;
    double *block; /* a worker's own: rows x ld, then the weights */
    int64_t block_size;
    double *part; /* of TSQR: a triangle a block of rows */
    int64_t part_rows;
} linear_pass;

static ken_status linear_pass_open(ken_ctx *ctx, const ken_problem *problem, int64_t rows,
                                   linear_pass *pass) {
    memset(pass, 0, sizeof *pass);
    pass->problem = problem;
    pass->kernels = ken_ctx_kernels(ctx);
    pass->d = ken_table_cols(problem->X);
    pass->ld = ken_pad(pass->d + 1);
    pass->block_size = rows * pass->ld + ken_pad(rows);
    return KEN_SCRATCH(ctx, double, pass->block_size * ken_ctx_threads(ctx), &pass->block);
}

/* Rows [first, first + n) as (n, ld): columns, then the target, centered; zeros up to ld. */
static void linear_gather(const linear_pass *pass, int64_t first, int64_t n, double *Z) {
    const int64_t d = pass->d, ld = pass->ld;
    ken_table_gather(pass->problem->X, first, n, Z, ld);
    for (int64_t i = 0; i < n; i++) {
        double *z = Z + i * ld;
        z[d] = pass->problem->y[first + i];
        for (int64_t j = 0; pass->center && j <= d; j++) z[j] -= pass->center[j];
        for (int64_t j = d + 1; j < ld; j++) z[j] = 0;
    }
}

static double linear_weight(const ken_problem *problem, int64_t i) {
    return problem->weight ? problem->weight[i] : 1;
}

/* --- means ------------------------------------------------------------------------------------- */

static void linear_sum_means(void *arg, int64_t begin, int64_t end, double *sum, int worker) {
    const linear_pass *pass = arg;
    double *Z = pass->block + worker * pass->block_size;
    for (int64_t first = begin; first < end; first += LINEAR_ROWS) {
        const int64_t n = KEN_MIN(end - first, LINEAR_ROWS);
        linear_gather(pass, first, n, Z);
        for (int64_t i = 0; i < n; i++) {
            const double w = linear_weight(pass->problem, first + i);
            for (int64_t j = 0; j <= pass->d; j++) sum[j] += w * Z[i * pass->ld + j];
            sum[pass->d + 1] += w;
        }
    }
}

/* Sums of the differences to the first row: a constant column has its mean to the bit. */
ken_status ken__linear_means(ken_ctx *ctx, const ken_problem *problem, double *mean, double *total) {
    const ken_mark mark = ken_scratch_mark(ctx);
    linear_pass pass;
    double *sum, *first;
    KEN_TRY(linear_pass_open(ctx, problem, LINEAR_ROWS, &pass));
    KEN_TRY(KEN_SCRATCH(ctx, double, pass.d + 2, &sum));
    KEN_TRY(KEN_SCRATCH(ctx, double, pass.ld, &first));
    linear_gather(&pass, 0, 1, first);
    pass.center = first;
    KEN_TRY(ken_reduce(ctx, problem->n_train, pass.d + 2, linear_sum_means, &pass, sum));
    *total = sum[pass.d + 1];
    for (int64_t j = 0; j <= pass.d; j++) mean[j] = first[j] + (*total > 0 ? sum[j] / *total : 0);
    ken_scratch_release(ctx, mark);
    return KEN_OK;
}

/* --- cross products ---------------------------------------------------------------------------- */

static void linear_sum_gram(void *arg, int64_t begin, int64_t end, double *sum, int worker) {
    const linear_pass *pass = arg;
    double *Z = pass->block + worker * pass->block_size;
    for (int64_t first = begin; first < end; first += LINEAR_ROWS) {
        const int64_t n = KEN_MIN(end - first, LINEAR_ROWS);
        const double *weight = pass->problem->weight ? pass->problem->weight + first : NULL;
        linear_gather(pass, first, n, Z);
        pass->kernels->syrk(Z, n, pass->ld, weight, sum);
    }
}

ken_status ken__linear_gram(ken_ctx *ctx, const ken_problem *problem, const double *center, double *G) {
    const ken_mark mark = ken_scratch_mark(ctx);
    linear_pass pass;
    KEN_TRY(linear_pass_open(ctx, problem, LINEAR_ROWS, &pass));
    pass.center = center;
    KEN_TRY(ken_reduce(ctx, problem->n_train, pass.ld * pass.ld, linear_sum_gram, &pass, G));
    ken_mirror(G, pass.d + 1, pass.ld);
    ken_scratch_release(ctx, mark);
    return KEN_OK;
}

/* --- gradient ---------------------------------------------------------------------------------- */

static void linear_sum_gradient(void *arg, int64_t begin, int64_t end, double *sum, int worker) {
    const linear_pass *pass = arg;
    const int64_t d = pass->d, ld = pass->ld;
    double *Z = pass->block + worker * pass->block_size, *r = Z + LINEAR_ROWS * ld;
    for (int64_t first = begin; first < end; first += LINEAR_ROWS) {
        const int64_t n = KEN_MIN(end - first, LINEAR_ROWS);
        linear_gather(pass, first, n, Z);
        pass->kernels->gemv(Z, n, d, ld, pass->coef, pass->intercept, r, 1);
        for (int64_t i = 0; i < n; i++) {
            const double w = linear_weight(pass->problem, first + i), e = Z[i * ld + d] - r[i];
            pass->kernels->axpy(w * e, Z + i * ld, sum, d);
            sum[d] += w * e;
            sum[d + 1] += w * e * e;
        }
    }
}

/* In centered columns the intercept is the prediction at the center. */
ken_status ken__linear_gradient(ken_ctx *ctx, const ken_problem *problem, const double *center,
                                const double *coef, double intercept, double *out) {
    const ken_mark mark = ken_scratch_mark(ctx);
    linear_pass pass;
    KEN_TRY(linear_pass_open(ctx, problem, LINEAR_ROWS, &pass));
    pass.center = center;
    pass.coef = coef;
    pass.intercept = intercept - (center ? center[pass.d] : 0);
    for (int64_t j = 0; center && j < pass.d; j++) pass.intercept += coef[j] * center[j];
    KEN_TRY(ken_reduce(ctx, problem->n_train, pass.d + 2, linear_sum_gradient, &pass, out));
    ken_scratch_release(ctx, mark);
    return KEN_OK;
}

/* --- TSQR -------------------------------------------------------------------------------------- */

/* The first d + 1 rows of Z (rows, ld) become the triangle R of its QR; the rest is spoilt. */
static void linear_triangle(double *Z, int64_t rows, int64_t d, int64_t ld, double *work) {
    ken_qr(Z, rows, d + 1, ld, work, NULL, work + d + 1);
    for (int64_t i = 1; i <= d; i++)
        for (int64_t j = 0; j < i; j++) Z[i * ld + j] = 0;
}

/* R of a part of the rows: the triangle so far on top of the next rows, again and again. */
static void linear_tsqr_part(void *arg, int64_t begin, int64_t end, int worker) {
    const linear_pass *pass = arg;
    const int64_t d = pass->d, ld = pass->ld, top = d + 1, step = top + LINEAR_ROWS;
    double *Z = pass->block + worker * pass->block_size, *work = Z + (top + step) * ld;
    for (int64_t b = begin; b < end; b++) {
        const int64_t last = KEN_MIN((b + 1) * pass->part_rows, pass->problem->n_train);
        memset(Z, 0, (size_t)(top * ld) * sizeof *Z);
        for (int64_t first = b * pass->part_rows; first < last; first += step) {
            const int64_t n = KEN_MIN(last - first, step);
            linear_gather(pass, first, n, Z + top * ld);
            for (int64_t i = 0; pass->problem->weight && i < n; i++) {
                const double root = sqrt(pass->problem->weight[first + i]);
                for (int64_t j = 0; j <= d; j++) Z[(top + i) * ld + j] *= root;
            }
            linear_triangle(Z, top + n, d, ld, work);
        }
        memcpy(pass->part + b * top * ld, Z, (size_t)(top * ld) * sizeof *Z);
    }
}

ken_status ken__linear_tsqr(ken_ctx *ctx, const ken_problem *problem, const double *center, double *R) {
    enum { PARTS = 32, PART_ROWS = 4096 };
    const ken_mark mark = ken_scratch_mark(ctx);
    const int64_t n = problem->n_train, top = ken_table_cols(problem->X) + 1;
    linear_pass pass;
    KEN_TRY(linear_pass_open(ctx, problem, 2 * top + LINEAR_ROWS + 3, &pass));
    pass.center = center;
    pass.part_rows = KEN_MAX((n + PARTS - 1) / PARTS, PART_ROWS);
    const int64_t parts = (n + pass.part_rows - 1) / pass.part_rows, size = top * pass.ld;
    KEN_TRY(KEN_SCRATCH(ctx, double, parts * size, &pass.part));
    KEN_TRY(ken_parallel(ctx, parts, 1, linear_tsqr_part, &pass));
    double *Z = pass.block, *work = Z + 2 * size;
    memcpy(Z, pass.part, (size_t)size * sizeof *Z);
    for (int64_t b = 1; b < parts; b++) { /* in order: the same for any number of threads */
        KEN_TRY(ken_check_cancel(ctx));
        memcpy(Z + size, pass.part + b * size, (size_t)size * sizeof *Z);
        linear_triangle(Z, 2 * top, top - 1, pass.ld, work);
    }
    memcpy(R, Z, (size_t)size * sizeof *Z);
    ken_scratch_release(ctx, mark);
    return KEN_OK;
}

/* --- for predict and open ---------------------------------------------------------------------- */

void ken__linear_contributions(const double *X, int64_t rows, int64_t d, const double *coef,
                               const double *center, double base, double *out, int64_t stride) {
    for (int64_t i = 0; i < rows; i++) {
        for (int64_t j = 0; j < d; j++)
            out[i * stride + j] = coef[j] * (X[i * d + j] - center[j]);
        out[i * stride + d] = base;
    }
}

ken_status ken__linear_weighty(ken_ctx *ctx, const ken_model *model, double total) {
    if (total > 0) return KEN_OK;
    return KEN_FAIL(ctx, KEN_E_VALUE, "give some rows a weight above 0",
                    "%s: the weights of all training rows are 0", ken_model_desc(model)->name);
}

ken_status ken__linear_expect(ken_ctx *ctx, const ken_model *model, const char *name, int64_t count) {
    const ken_tensor *t = ken_model_attr(model, name);
    if (t && t->dtype == KEN_F64 && ken_tensor_count(t) == count) return KEN_OK;
    return KEN_FAIL(ctx, KEN_E_FORMAT, "fit the model again",
                    "%s: attribute '%s' must hold %lld numbers", ken_model_desc(model)->name, name,
                    (long long)count);
}
