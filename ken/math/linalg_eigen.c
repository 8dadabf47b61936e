/* Eigenvalues of symmetric matrices (Householder, implicit QL) and singular values (one-sided Jacobi). */
#include "ken/math/linalg.h"

#include <float.h>
#include <math.h>

static ken_status linalg_check_finite(ken_ctx *ctx, const char *who, const double *A, int64_t m,
                                      int64_t n, int64_t ld, double *top) {
    *top = 0;
    for (int64_t i = 0; i < m; i++)
        for (int64_t j = 0; j < n; j++) {
            const double a = A[i * ld + j];
            if (!isfinite(a))
                return KEN_FAIL(ctx, KEN_E_VALUE, "remove missing and infinite values",
                                "%s: cell (%lld, %lld) is %g", who, (long long)i, (long long)j, a);
            *top = KEN_MAX(*top, fabs(a));
        }
    return KEN_OK;
}

/* A power of two that brings cells of size `top` near 1: no overflow in squares. */
static double linalg_unit(double top) {
    int e = 0;
    if (top > 0) frexp(top, &e);
    return ldexp(1, -e);
}

/* --- symmetric eigenvalues ---------------------------------------------------------------------- */

/* A (n, n) := the orthogonal Q with Q'A Q tridiagonal: diagonal d, below it e[1..n). From the last row
 * up, each row's part left of the diagonal is reflected onto its last cell. */
static void linalg_tridiagonal(double *A, int64_t n, double *d, double *e) {
    for (int64_t i = n - 1; i > 0; i--) {
        double *v = A + i * n, norm = 0;
        for (int64_t k = 0; k < i; k++) norm += v[k] * v[k];
        d[i] = 0; /* tau, for now */
        e[i] = v[i - 1];
        if (norm - v[i - 1] * v[i - 1] <= 0) continue;
        norm = sqrt(norm);
        e[i] = v[i - 1] > 0 ? -norm : norm;
        v[i - 1] -= e[i];
        double tau = 0;
        for (int64_t k = 0; k < i; k++) tau += v[k] * v[k];
        tau = 2 / tau;
        d[i] = tau;
        double dot = 0; /* e[0..i) as room for w = tau A v - (tau^2 v'A v / 2) v */
        for (int64_t j = 0; j < i; j++) {
            double sum = 0;
            for (int64_t k = 0; k <= j; k++) sum += A[j * n + k] * v[k];
            for (int64_t k = j + 1; k < i; k++) sum += A[k * n + j] * v[k];
            e[j] = tau * sum;
            dot += e[j] * v[j];
        }
        for (int64_t j = 0; j < i; j++) e[j] -= 0.5 * tau * dot * v[j];
        for (int64_t j = 0; j < i; j++)
            for (int64_t k = 0; k <= j; k++) A[j * n + k] -= v[j] * e[k] + e[j] * v[k];
    }
    e[0] = 0;
}

/* Multiply the reflections out, smallest first: A becomes Q, d the diagonal. */
static void linalg_accumulate(double *A, int64_t n, double *d) {
    for (int64_t i = 0; i < n; i++) {
        const double tau = i > 0 ? d[i] : 0, *v = A + i * n;
        d[i] = A[i * n + i];
        for (int64_t j = 0; j < i && tau != 0; j++) { /* Q := (I - tau v v') Q on rows and columns < i */
            double sum = 0;
            for (int64_t k = 0; k < i; k++) sum += v[k] * A[k * n + j];
            for (int64_t k = 0; k < i; k++) A[k * n + j] -= tau * sum * v[k];
        }
        for (int64_t k = 0; k < i; k++) A[i * n + k] = A[k * n + i] = 0;
        A[i * n + i] = 1;
    }
}

/* Rotations that chase a shifted tridiagonal to diagonal form; rows of Q follow the columns. */
static bool linalg_implicit_ql(double *d, double *e, double *Q, int64_t n) {
    for (int64_t i = 1; i < n; i++) e[i - 1] = e[i];
    if (n > 0) e[n - 1] = 0;
    for (int64_t l = 0; l < n; l++)
        for (int round = 0;; round++) {
            int64_t m = l;
            while (m < n - 1 && fabs(e[m]) > DBL_EPSILON * 0.5 * (fabs(d[m]) + fabs(d[m + 1]))) m++;
            if (m == l) break;
            if (round == 60) return false;
            double g = (d[l + 1] - d[l]) / (2 * e[l]), r = sqrt(g * g + 1);
            g = d[m] - d[l] + e[l] / (g + copysign(r, g)); /* Wilkinson's shift */
            double s = 1, c = 1, p = 0;
            int64_t i = m - 1;
            for (; i >= l; i--) {
                const double f = s * e[i], b = c * e[i];
                r = sqrt(f * f + g * g);
                e[i + 1] = r;
                if (r == 0) { /* the rest has split off */
                    d[i + 1] -= p;
                    e[m] = 0;
                    break;
                }
                s = f / r, c = g / r;
                g = d[i + 1] - p;
                r = (d[i] - g) * s + 2 * c * b;
                p = s * r;
                d[i + 1] = g + p;
                g = c * r - b;
                for (int64_t k = 0; Q && k < n; k++) {
                    const double q = Q[k * n + i + 1];
                    Q[k * n + i + 1] = s * Q[k * n + i] + c * q;
                    Q[k * n + i] = c * Q[k * n + i] - s * q;
                }
            }
            if (r == 0 && i >= l) continue;
            d[l] -= p;
            e[l] = g;
            e[m] = 0;
        }
    return true;
}

/* Largest component positive: the sign is then a matter of the matrix alone. */
static void linalg_fix_sign(double *v, int64_t n) {
    int64_t best = 0;
    for (int64_t i = 1; i < n; i++)
        if (fabs(v[i]) > fabs(v[best]) * (1 + 1e-10)) best = i;
    const double sign = v[best] < 0 ? -1 : 1;
    for (int64_t i = 0; i < n; i++) v[i] = sign * v[i] + 0.0; /* no -0 */
}

static void linalg_sort_eigen(const double *d, const double *Q, int64_t n, double unit,
                              int64_t *order, double *values, double *vectors) {
    for (int64_t i = 0; i < n; i++) { /* insertion: stable, and n is small next to n^3 */
        int64_t at = i;
        for (; at > 0 && d[order[at - 1]] > d[i]; at--) order[at] = order[at - 1];
        order[at] = i;
    }
    for (int64_t k = 0; k < n; k++) {
        values[k] = d[order[k]] / unit;
        for (int64_t i = 0; vectors && i < n; i++) vectors[k * n + i] = Q[i * n + order[k]];
        if (vectors) linalg_fix_sign(vectors + k * n, n);
    }
}

ken_status ken_eigen_symmetric(ken_ctx *ctx, const double *A, int64_t n, int64_t ld, double *values,
                               double *vectors) {
    const ken_mark mark = ken_scratch_mark(ctx);
    double *Q, *d, *e, top;
    int64_t *order;
    KEN_TRY(linalg_check_finite(ctx, "eigen", A, n, n, ld, &top));
    KEN_TRY(KEN_SCRATCH(ctx, double, n * n, &Q));
    KEN_TRY(KEN_SCRATCH(ctx, double, n, &d));
    KEN_TRY(KEN_SCRATCH(ctx, double, n, &e));
    KEN_TRY(KEN_SCRATCH(ctx, int64_t, n, &order));
    const double unit = linalg_unit(top);
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j <= i; j++) Q[i * n + j] = Q[j * n + i] = A[i * ld + j] * unit;
    linalg_tridiagonal(Q, n, d, e);
    linalg_accumulate(Q, n, d);
    const bool converged = linalg_implicit_ql(d, e, vectors ? Q : NULL, n);
    if (converged) linalg_sort_eigen(d, Q, n, unit, order, values, vectors);
    ken_scratch_release(ctx, mark);
    return converged ? KEN_OK : KEN_FAIL(ctx, KEN_E_VALUE, NULL, "eigen: no convergence");
}

/* --- singular values ---------------------------------------------------------------------------- */

static double linalg_rows_dot(const double *a, const double *b, int64_t n) {
    double sum = 0;
    for (int64_t i = 0; i < n; i++) sum += a[i] * b[i];
    return sum;
}

/* Rotate pairs of rows of W (n, m) until all are orthogonal; V (n, n) collects the rotations. */
static bool linalg_jacobi(double *W, int64_t n, int64_t m, double *V) {
    for (int sweep = 0; sweep < 60; sweep++) {
        bool rotated = false;
        for (int64_t p = 0; p < n; p++)
            for (int64_t q = p + 1; q < n; q++) {
                double *a = W + p * m, *b = W + q * m;
                const double aa = linalg_rows_dot(a, a, m), bb = linalg_rows_dot(b, b, m);
                const double ab = linalg_rows_dot(a, b, m);
                if (fabs(ab) <= DBL_EPSILON * sqrt(aa) * sqrt(bb)) continue;
                rotated = true;
                const double zeta = (bb - aa) / (2 * ab);
                const double t = copysign(1, zeta) / (fabs(zeta) + sqrt(1 + zeta * zeta));
                const double c = 1 / sqrt(1 + t * t), s = c * t;
                for (int64_t i = 0; i < m; i++) {
                    const double x = a[i];
                    a[i] = c * x - s * b[i], b[i] = s * x + c * b[i];
                }
                for (int64_t i = 0; V && i < n; i++) {
                    const double x = V[p * n + i];
                    V[p * n + i] = c * x - s * V[q * n + i], V[q * n + i] = s * x + c * V[q * n + i];
                }
            }
        if (!rotated) return true;
    }
    return false;
}

/* A unit vector orthogonal to the `rank` rows of U (of length m, every `step`): for singular value 0. */
static void linalg_complete(double *out, const double *U, int64_t rank, int64_t m) {
    for (int64_t start = 0; start < m; start++) {
        for (int64_t i = 0; i < m; i++) out[i] = i == start;
        for (int twice = 0; twice < 2; twice++)
            for (int64_t k = 0; k < rank; k++) {
                const double dot = linalg_rows_dot(U + k * m, out, m);
                for (int64_t i = 0; i < m; i++) out[i] -= dot * U[k * m + i];
            }
        const double norm = sqrt(linalg_rows_dot(out, out, m));
        if (norm < 0.5 / sqrt((double)m)) continue;
        for (int64_t i = 0; i < m; i++) out[i] /= norm;
        return;
    }
}

/* W (n, m), m >= n: the columns of a tall matrix as rows. U (n, m) and V (n, n): rows are the vectors. */
static bool linalg_svd_tall(double *W, int64_t m, int64_t n, double *s, double *U, double *V,
                            int64_t *order) {
    for (int64_t i = 0; V && i < n * n; i++) V[i] = i % (n + 1) == 0;
    if (!linalg_jacobi(W, n, m, V)) return false;
    for (int64_t k = 0; k < n; k++) { /* lengths, falling */
        U[k] = sqrt(linalg_rows_dot(W + k * m, W + k * m, m));
        int64_t at = k;
        for (; at > 0 && U[order[at - 1]] < U[k]; at--) order[at] = order[at - 1];
        order[at] = k;
    }
    for (int64_t k = 0; k < n; k++) s[k] = U[order[k]];
    for (int64_t k = 0; k < n; k++) {
        double *u = U + k * m, *w = W + order[k] * m;
        for (int64_t i = 0; s[k] > 0 && i < m; i++) u[i] = w[i] / s[k];
        if (!(s[k] > 0)) linalg_complete(u, U, k, m);
    }
    return true;
}

/* Rows of U and V to where the caller wants them, in order and with signs fixed by V. */
static void linalg_svd_store(const double *U, double *V, const int64_t *order, int64_t m, int64_t n,
                             bool wide, double *left, double *right) {
    for (int64_t k = 0; k < n; k++) {
        double *v = V + order[k] * n;
        int64_t best = 0;
        for (int64_t i = 1; i < n; i++)
            if (fabs(v[i]) > fabs(v[best]) * (1 + 1e-10)) best = i;
        const double sign = v[best] < 0 ? -1 : 1;
        for (int64_t i = 0; i < n; i++) { /* the short side */
            if (!wide && right) right[k * n + i] = sign * v[i];
            if (wide && left) left[i * n + k] = sign * v[i];
        }
        for (int64_t i = 0; i < m; i++) { /* the long one */
            if (!wide && left) left[i * n + k] = sign * U[k * m + i];
            if (wide && right) right[k * m + i] = sign * U[k * m + i];
        }
    }
}

ken_status ken_svd(ken_ctx *ctx, const double *A, int64_t m, int64_t n, int64_t ld, double *s,
                   double *left, double *right) {
    const ken_mark mark = ken_scratch_mark(ctx);
    const bool wide = m < n;
    const int64_t tall = wide ? n : m, thin = wide ? m : n;
    double *W, *U, *V, top;
    int64_t *order;
    KEN_TRY(linalg_check_finite(ctx, "svd", A, m, n, ld, &top));
    KEN_TRY(KEN_SCRATCH(ctx, double, tall * thin, &W));
    KEN_TRY(KEN_SCRATCH(ctx, double, tall * thin + thin, &U));
    KEN_TRY(KEN_SCRATCH(ctx, double, thin * thin, &V));
    KEN_TRY(KEN_SCRATCH(ctx, int64_t, thin, &order));
    const double unit = linalg_unit(top);
    for (int64_t i = 0; i < m; i++)
        for (int64_t j = 0; j < n; j++)
            W[wide ? i * tall + j : j * tall + i] = A[i * ld + j] * unit;
    const bool converged = linalg_svd_tall(W, tall, thin, s, U, V, order);
    for (int64_t k = 0; k < thin; k++) s[k] = s[k] / unit;
    if (converged) linalg_svd_store(U, V, order, tall, thin, wide, left, right);
    ken_scratch_release(ctx, mark);
    return converged ? KEN_OK : KEN_FAIL(ctx, KEN_E_VALUE, NULL, "svd: no convergence");
}
