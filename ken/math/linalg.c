/* Cholesky, QR and least squares. Eigenvalues and singular values: linalg_eigen.c; QR in pairs of
 * doubles: linalg_pair.c. */
#include "ken/math/linalg.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* --- triangles --------------------------------------------------------------------------------- */

void ken_solve_lower(const double *L, int64_t n, int64_t ld, double *x) {
    for (int64_t i = 0; i < n; i++) {
        double sum = x[i];
        for (int64_t k = 0; k < i; k++) sum -= L[i * ld + k] * x[k];
        x[i] = sum / L[i * ld + i];
    }
}

void ken_solve_lower_t(const double *L, int64_t n, int64_t ld, double *x) {
    for (int64_t i = n - 1; i >= 0; i--) {
        x[i] = x[i] / L[i * ld + i];
        for (int64_t k = 0; k < i; k++) x[k] -= L[i * ld + k] * x[i];
    }
}

void ken_solve_upper(const double *R, int64_t n, int64_t ld, double *x) {
    for (int64_t i = n - 1; i >= 0; i--) {
        double sum = x[i];
        for (int64_t k = i + 1; k < n; k++) sum -= R[i * ld + k] * x[k];
        x[i] = sum / R[i * ld + i];
    }
}

void ken_solve_upper_t(const double *R, int64_t n, int64_t ld, double *x) {
    for (int64_t i = 0; i < n; i++) {
        x[i] = x[i] / R[i * ld + i];
        for (int64_t k = i + 1; k < n; k++) x[k] -= R[i * ld + k] * x[i];
    }
}

/* --- Cholesky ---------------------------------------------------------------------------------- */

/* Rows [first, last) of L, whose columns before `first` are done. */
static int64_t linalg_cholesky_diagonal(double *A, int64_t first, int64_t last, int64_t ld,
                                        double floor) {
    for (int64_t i = first; i < last; i++)
        for (int64_t j = first; j <= i; j++) {
            double sum = A[i * ld + j];
            for (int64_t k = first; k < j; k++) sum -= A[i * ld + k] * A[j * ld + k];
            if (j < i) {
                A[i * ld + j] = sum / A[j * ld + j];
                continue;
            }
            if (!(sum > floor)) return i;
            A[i * ld + i] = sqrt(sum);
        }
    return last;
}

/* A := A - L L' for rows and columns from `last` on, with the columns [first, last) of L: four columns
 * at a time, so that the sums run side by side. */
static void linalg_cholesky_update(double *A, int64_t n, int64_t ld, int64_t first, int64_t last) {
    for (int64_t i = last; i < n; i++) {
        const double *a = A + i * ld;
        int64_t j = last;
        for (; j + 4 <= i + 1; j += 4) {
            const double *b = A + j * ld;
            double s[4] = {0, 0, 0, 0};
            for (int64_t k = first; k < last; k++)
                for (int q = 0; q < 4; q++) s[q] += a[k] * b[q * ld + k];
            for (int q = 0; q < 4; q++) A[i * ld + j + q] -= s[q];
        }
        for (; j <= i; j++) {
            double s = 0;
            for (int64_t k = first; k < last; k++) s += a[k] * A[j * ld + k];
            A[i * ld + j] -= s;
        }
    }
}

int64_t ken_cholesky(double *A, int64_t n, int64_t ld, double floor) {
    enum { BLOCK = 48 };
    for (int64_t first = 0; first < n; first += BLOCK) {
        const int64_t last = KEN_MIN(first + BLOCK, n);
        const int64_t reached = linalg_cholesky_diagonal(A, first, last, ld, floor);
        if (reached < last) return reached;
        for (int64_t i = last; i < n; i++)
            for (int64_t j = first; j < last; j++) {
                double sum = A[i * ld + j];
                for (int64_t k = first; k < j; k++) sum -= A[i * ld + k] * A[j * ld + k];
                A[i * ld + j] = sum / A[j * ld + j];
            }
        linalg_cholesky_update(A, n, ld, first, last);
    }
    return n;
}

void ken_cholesky_solve(const double *L, int64_t n, int64_t ld, double *b) {
    ken_solve_lower(L, n, ld, b);
    ken_solve_lower_t(L, n, ld, b);
}

void ken_cholesky_inverse(const double *L, int64_t n, int64_t ld, double *out) {
    for (int64_t j = 0; j < n; j++) {
        for (int64_t i = 0; i < n; i++) out[j * ld + i] = i == j;
        ken_cholesky_solve(L, n, ld, out + j * ld);
    }
    for (int64_t i = 0; i < n; i++) /* symmetric to the bit */
        for (int64_t j = 0; j < i; j++)
            out[i * ld + j] = out[j * ld + i] = 0.5 * (out[i * ld + j] + out[j * ld + i]);
}

static double linalg_norm1(const double *x, int64_t n) {
    double sum = 0;
    for (int64_t i = 0; i < n; i++) sum += fabs(x[i]);
    return sum;
}

/* Hager's ascent: |R^-1|_1 is the largest |R^-1 x|_1 over |x|_1 = 1, attained at a unit vector. */
double ken_condition_upper(const double *R, int64_t n, int64_t ld, double *work) {
    double *x = work, *y = work + n, *z = work + 2 * n;
    double norm = 0, inverse = 0;
    for (int64_t j = 0; j < n; j++) {
        double sum = 0;
        for (int64_t i = 0; i <= j; i++) sum += fabs(R[i * ld + j]);
        norm = KEN_MAX(norm, sum);
        if (R[j * ld + j] == 0) return INFINITY;
    }
    for (int64_t i = 0; i < n; i++) x[i] = 1.0 / (double)n;
    for (int round = 0; round < 5; round++) {
        memcpy(y, x, (size_t)n * sizeof *y);
        ken_solve_upper(R, n, ld, y);
        const double now = linalg_norm1(y, n);
        if (round > 0 && now <= inverse) break;
        inverse = now;
        for (int64_t i = 0; i < n; i++) z[i] = y[i] < 0 ? -1 : 1;
        ken_solve_upper_t(R, n, ld, z);
        int64_t best = 0;
        for (int64_t i = 1; i < n; i++)
            if (fabs(z[i]) > fabs(z[best])) best = i;
        memset(x, 0, (size_t)n * sizeof *x);
        x[best] = 1;
    }
    return n > 0 ? norm * inverse : 1;
}

/* --- QR ---------------------------------------------------------------------------------------- */

/* Reflect rows [k, m) of column k onto its first cell; the column's rest becomes the vector v, whose
 * first cell is 1 and not stored. */
static double linalg_reflect(double *A, int64_t m, int64_t ld, int64_t k) {
    double top = 0, sum = 0;
    for (int64_t i = k; i < m; i++) top = KEN_MAX(top, fabs(A[i * ld + k]));
    if (top == 0) return 0;
    for (int64_t i = k; i < m; i++) { /* scaled: no overflow, no underflow that counts */
        const double a = A[i * ld + k] / top;
        sum += a * a;
    }
    const double norm = top * sqrt(sum), a = A[k * ld + k];
    const double beta = a > 0 ? -norm : norm;
    if (a == beta) return 0; /* already a multiple of the unit vector */
    for (int64_t i = k + 1; i < m; i++) A[i * ld + k] = A[i * ld + k] / (a - beta);
    A[k * ld + k] = beta;
    return (beta - a) / beta;
}

/* Columns (k, n) := (I - tau v v') of them; row by row, so that memory is walked forward. */
static void linalg_reflect_rest(double *A, int64_t m, int64_t n, int64_t ld, int64_t k, double tau,
                                double *work) {
    if (tau == 0) return;
    for (int64_t j = k + 1; j < n; j++) work[j] = A[k * ld + j];
    for (int64_t i = k + 1; i < m; i++) {
        const double v = A[i * ld + k];
        for (int64_t j = k + 1; j < n; j++) work[j] += v * A[i * ld + j];
    }
    for (int64_t j = k + 1; j < n; j++) A[k * ld + j] -= tau * work[j];
    for (int64_t i = k + 1; i < m; i++) {
        const double v = tau * A[i * ld + k];
        for (int64_t j = k + 1; j < n; j++) A[i * ld + j] -= v * work[j];
    }
}

static double linalg_column_norm(const double *A, int64_t m, int64_t ld, int64_t from, int64_t j) {
    double sum = 0;
    for (int64_t i = from; i < m; i++) sum += A[i * ld + j] * A[i * ld + j];
    return sum;
}

static void linalg_swap_columns(double *A, int64_t m, int64_t ld, int64_t a, int64_t b) {
    for (int64_t i = 0; i < m; i++) {
        const double t = A[i * ld + a];
        A[i * ld + a] = A[i * ld + b];
        A[i * ld + b] = t;
    }
}

void ken_qr(double *A, int64_t m, int64_t n, int64_t ld, double *tau, int64_t *pivot, double *work) {
    double *norm = work + n; /* squared, of the rows still to do */
    for (int64_t j = 0; pivot && j < n; j++) {
        pivot[j] = j;
        norm[j] = linalg_column_norm(A, m, ld, 0, j);
    }
    for (int64_t k = 0; k < KEN_MIN(m, n); k++) {
        if (pivot) {
            int64_t best = k;
            for (int64_t j = k + 1; j < n; j++)
                if (norm[j] > norm[best]) best = j;
            if (best != k) {
                linalg_swap_columns(A, m, ld, k, best);
                const int64_t p = pivot[k];
                pivot[k] = pivot[best], pivot[best] = p;
                norm[best] = norm[k];
            }
        }
        tau[k] = linalg_reflect(A, m, ld, k);
        linalg_reflect_rest(A, m, n, ld, k, tau[k], work);
        for (int64_t j = k + 1; pivot && j < n; j++) {
            const double r = A[k * ld + j], rest = norm[j] - r * r;
            norm[j] = rest > 1e-6 * norm[j] ? rest : linalg_column_norm(A, m, ld, k + 1, j);
        }
    }
}

void ken_qr_apply_t(const double *A, int64_t m, int64_t n, int64_t ld, const double *tau, double *b) {
    for (int64_t k = 0; k < KEN_MIN(m, n); k++) {
        double sum = b[k];
        for (int64_t i = k + 1; i < m; i++) sum += A[i * ld + k] * b[i];
        sum *= tau[k];
        b[k] -= sum;
        for (int64_t i = k + 1; i < m; i++) b[i] -= sum * A[i * ld + k];
    }
}

/* --- least squares ----------------------------------------------------------------------------- */

/* A power of two near the length of column j: scaling with it rounds nothing. */
static double linalg_scale(const double *A, int64_t m, int64_t ld, int64_t j) {
    double top = 0;
    for (int64_t i = 0; i < m; i++) top = KEN_MAX(top, fabs(A[i * ld + j]));
    if (!(top > 0) || top == INFINITY) return 1;
    double sum = 0;
    for (int64_t i = 0; i < m; i++) sum += A[i * ld + j] / top * (A[i * ld + j] / top);
    int e;
    frexp(top * sqrt(sum), &e);
    return ldexp(1, -e);
}

typedef struct linalg_problem {
    const double *A, *b;
    int64_t m, n, ld;
    double tolerance;
    double *scale, *x;
    int64_t *pivot, rank;
} linalg_problem;

static ken_status linalg_solve_pair(ken_ctx *ctx, linalg_problem *p) {
    ken_pair *A, *b, *tau, *work;
    const int64_t m = p->m, n = p->n;
    KEN_TRY(KEN_SCRATCH(ctx, ken_pair, m * n, &A));
    KEN_TRY(KEN_SCRATCH(ctx, ken_pair, m, &b));
    KEN_TRY(KEN_SCRATCH(ctx, ken_pair, n, &tau));
    KEN_TRY(KEN_SCRATCH(ctx, ken_pair, 2 * n, &work));
    for (int64_t i = 0; i < m; i++) {
        b[i] = ken_pair_of(p->b[i]);
        for (int64_t j = 0; j < n; j++)
            A[i * n + j] = ken_pair_of(p->A[i * p->ld + j] * p->scale[j]);
    }
    ken_qr_pair(A, m, n, n, tau, p->pivot, work);
    ken_qr_apply_t_pair(A, m, n, n, tau, b);
    const double top = fabs(A[0].hi);
    while (p->rank < KEN_MIN(m, n) && fabs(A[p->rank * (n + 1)].hi) > p->tolerance * top) p->rank++;
    for (int64_t i = p->rank - 1; i >= 0; i--) {
        for (int64_t k = i + 1; k < p->rank; k++)
            b[i] = ken_pair_sub(b[i], ken_pair_mul(A[i * n + k], b[k]));
        b[i] = ken_pair_div(b[i], A[i * n + i]);
        p->x[p->pivot[i]] = b[i].hi * p->scale[p->pivot[i]];
    }
    return KEN_OK;
}

/* A step for residual r (overwritten): x += R^-1 Q' r */
static void linalg_step(const linalg_problem *p, const double *A, const double *tau, double *r) {
    ken_qr_apply_t(A, p->m, p->n, p->n, tau, r);
    ken_solve_upper(A, p->rank, p->n, r);
    for (int64_t k = 0; k < p->rank; k++) p->x[p->pivot[k]] += r[k] * p->scale[p->pivot[k]];
}

static ken_status linalg_solve_f64(ken_ctx *ctx, linalg_problem *p) {
    double *A, *r, *tau, *work;
    const int64_t m = p->m, n = p->n;
    KEN_TRY(KEN_SCRATCH(ctx, double, m * n, &A));
    KEN_TRY(KEN_SCRATCH(ctx, double, m, &r));
    KEN_TRY(KEN_SCRATCH(ctx, double, n, &tau));
    KEN_TRY(KEN_SCRATCH(ctx, double, 2 * n, &work));
    for (int64_t i = 0; i < m; i++)
        for (int64_t j = 0; j < n; j++) A[i * n + j] = p->A[i * p->ld + j] * p->scale[j];
    ken_qr(A, m, n, n, tau, p->pivot, work);
    const double top = fabs(A[0]);
    while (p->rank < KEN_MIN(m, n) && fabs(A[p->rank * (n + 1)]) > p->tolerance * top) p->rank++;
    memcpy(r, p->b, (size_t)m * sizeof *r);
    linalg_step(p, A, tau, r);
    for (int round = 0; round < 2; round++) {
        for (int64_t i = 0; i < m; i++) {
            ken_pair sum = ken_pair_of(p->b[i]);
            for (int64_t j = 0; j < n; j++)
                sum = ken_pair_fused(sum, -p->A[i * p->ld + j], p->x[j]);
            r[i] = sum.hi;
        }
        linalg_step(p, A, tau, r);
    }
    return KEN_OK;
}

static bool linalg_is_small(int64_t m, int64_t n) {
    return (double)m * (double)n * (double)n <= 0x1p20;
}

ken_status ken_least_squares(ken_ctx *ctx, const double *A, int64_t m, int64_t n, int64_t ld,
                             const double *b, double tolerance, double *x, int64_t *rank,
                             bool *dependent) {
    const ken_mark mark = ken_scratch_mark(ctx);
    linalg_problem p = {.A = A, .b = b, .m = m, .n = n, .ld = ld, .x = x};
    p.tolerance = tolerance > 0 ? tolerance : (double)KEN_MAX(m, n) * DBL_EPSILON;
    for (int64_t j = 0; j < n; j++) x[j] = 0;
    ken_status status = KEN_SCRATCH(ctx, double, n, &p.scale);
    if (status == KEN_OK) status = KEN_SCRATCH(ctx, int64_t, n, &p.pivot);
    if (status == KEN_OK && m > 0 && n > 0) {
        for (int64_t j = 0; j < n; j++) p.scale[j] = linalg_scale(A, m, ld, j);
        status = linalg_is_small(m, n) ? linalg_solve_pair(ctx, &p) : linalg_solve_f64(ctx, &p);
    }
    if (status == KEN_OK) *rank = p.rank;
    for (int64_t k = 0; status == KEN_OK && dependent && k < n; k++)
        dependent[m > 0 ? p.pivot[k] : k] = k >= p.rank;
    ken_scratch_release(ctx, mark);
    return status;
}

ken_status ken_solve(ken_ctx *ctx, const double *A, int64_t n, int64_t ld, const double *b, double *x) {
    int64_t rank;
    const double tolerance = linalg_is_small(n, n) ? 0x1p-96 : 0x1p-51; /* of pairs, of doubles */
    KEN_TRY(ken_least_squares(ctx, A, n, n, ld, b, tolerance, x, &rank, NULL));
    if (rank < n)
        return KEN_FAIL(ctx, KEN_E_VALUE, "remove rows that depend on others",
                        "solve: the matrix has rank %lld, not %lld", (long long)rank, (long long)n);
    return KEN_OK;
}
