/* Dense linear algebra in double precision for matrices that fit into memory: triangular solves,
 * Cholesky, Householder QR with column pivoting (in doubles, and in pairs of doubles for problems
 * where digits matter more than time), least squares, symmetric eigenvalues, singular values.
 *
 * Matrices are row-major with a row length `ld` >= columns. Sizes are the caller's and trusted. */
#ifndef KEN_MATH_LINALG_H
#define KEN_MATH_LINALG_H

#include "ken/core/alloc.h"
#include "ken/kernels/pair.h"

KEN_BEGIN_C

/* --- Cholesky ---------------------------------------------------------------------------------- */
/* A (n, n) = L L', L in the lower triangle, in place; the upper triangle is neither read nor written.
 * Returns n, or the first i whose pivot is not > `floor` (then A is spoilt from there on).
 * cost  n^3 / 3, blocked. source  Golub & Van Loan 2013, alg. 4.2.2 */
KEN_API int64_t ken_cholesky(double *A, int64_t n, int64_t ld, double floor);
/* x := L^-1 x and x := L^-T x */
KEN_API void ken_solve_lower(const double *L, int64_t n, int64_t ld, double *x);
KEN_API void ken_solve_lower_t(const double *L, int64_t n, int64_t ld, double *x);
/* b := (L L')^-1 b */
KEN_API void ken_cholesky_solve(const double *L, int64_t n, int64_t ld, double *b);
/* out (n, n, ld) := (L L')^-1, whole. */
KEN_API void ken_cholesky_inverse(const double *L, int64_t n, int64_t ld, double *out);
/* x := R^-1 x and x := R^-T x for an upper triangle. */
KEN_API void ken_solve_upper(const double *R, int64_t n, int64_t ld, double *x);
KEN_API void ken_solve_upper_t(const double *R, int64_t n, int64_t ld, double *x);
/* An estimate from below, nearly always sharp, of the condition number of R in the 1-norm; infinite
 * when a diagonal cell is 0. work: 3 n. source  Higham 1988 (TOMS 674) */
KEN_API double ken_condition_upper(const double *R, int64_t n, int64_t ld, double *work);

/* --- QR ---------------------------------------------------------------------------------------- */
/* A (m, n) = Q R by Householder reflections, in place: R in the upper triangle, the reflections below
 * it with factors tau (min(m, n)). pivot (n), may be NULL: columns are exchanged so that |R_kk| falls;
 * column k of R is column pivot[k] of A. work: 2 n. source  Golub & Van Loan 2013, alg. 5.4.1 */
KEN_API void ken_qr(double *A, int64_t m, int64_t n, int64_t ld, double *tau, int64_t *pivot,
                    double *work);
/* b (m) := Q' b */
KEN_API void ken_qr_apply_t(const double *A, int64_t m, int64_t n, int64_t ld, const double *tau,
                            double *b);
/* The same in pairs of doubles: some 30 digits. work: 2 n pairs. */
KEN_API void ken_qr_pair(ken_pair *A, int64_t m, int64_t n, int64_t ld, ken_pair *tau,
                         int64_t *pivot, ken_pair *work);
KEN_API void ken_qr_apply_t_pair(const ken_pair *A, int64_t m, int64_t n, int64_t ld,
                                 const ken_pair *tau, ken_pair *b);

/* x minimizing |A x - b|, A (m, n) of row length ld and b (m) unchanged. Rank deficient: the basic
 * solution, x = 0 for the columns that depend on others by `tolerance` (relative to the largest
 * pivot after scaling columns to length 1; 0: max(m, n) 2^-52). rank, and dependent[j] (may be
 * NULL), say which. Solved in pairs of doubles where m n n <= 2^20, else in doubles with residuals
 * in pairs for one step of refinement.
 * errors  KEN_E_NOMEM */
KEN_API ken_status ken_least_squares(ken_ctx *ctx, const double *A, int64_t m, int64_t n, int64_t ld,
                                     const double *b, double tolerance, double *x, int64_t *rank,
                                     bool *dependent);
/* A x = b, A (n, n) unchanged, the same way. KEN_E_VALUE when A is singular to working precision. */
KEN_API ken_status ken_solve(ken_ctx *ctx, const double *A, int64_t n, int64_t ld, const double *b,
                             double *x);

/* --- eigenvalues and singular values ----------------------------------------------------------- */
/* A (n, n) symmetric (only the lower triangle is read) -> values (n) rising, vectors (n, n): row k is
 * the unit eigenvector of value k, its largest component positive. vectors may be NULL.
 * source  tridiagonal by Householder, then implicit QL (Golub & Van Loan 2013, 8.3)
 * errors  KEN_E_NOMEM, KEN_E_VALUE: not finite */
KEN_API ken_status ken_eigen_symmetric(ken_ctx *ctx, const double *A, int64_t n, int64_t ld,
                                       double *values, double *vectors);
/* A (m, n) = U diag(s) V': s (min(m, n)) falling; right (min(m, n), n): rows are the right singular
 * vectors, or NULL; left (m, min(m, n)) or NULL. Small singular values are good relative to
 * themselves after scaling of the columns. source  one-sided Jacobi (Demmel & Veselic 1992)
 * errors  KEN_E_NOMEM, KEN_E_VALUE: not finite */
KEN_API ken_status ken_svd(ken_ctx *ctx, const double *A, int64_t m, int64_t n, int64_t ld, double *s,
                           double *left, double *right);

KEN_END_C

#endif
