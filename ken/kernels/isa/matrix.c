/* Blocks of rows against small matrices, with the accumulators in registers. Each output is one chain
 * of sums over the rows in their order, so tile sizes never change a bit. */
#include "ken/kernels/isa/vec.h"

enum { MATRIX_COLS = 2 * KV }; /* columns of a tile; divides KEN_LANES */

double KEN_K(dot)(const double *x, const double *y, int64_t n);

void KEN_K(gemv)(const double *X, int64_t n, int64_t d, int64_t ld, const double *w, double b,
                 double *out, int64_t stride);
void KEN_K(gemv)(const double *X, int64_t n, int64_t d, int64_t ld, const double *w, double b,
                 double *out, int64_t stride) {
    for (int64_t i = 0; i < n; i++) out[i * stride] = b + KEN_K(dot)(X + i * ld, w, d);
}

/* C[0..m) += A' B for a tile of m <= KV_ROWS rows of C and MATRIX_COLS columns. */
#define MATRIX_TILE(M)                                                                         \
    do {                                                                                       \
        kv acc[M][2];                                                                          \
        for (int i = 0; i < M; i++)                                                            \
            acc[i][0] = kv_load(C + i * ldc), acc[i][1] = kv_load(C + i * ldc + KV);           \
        for (int64_t r = 0; r < n; r++) {                                                      \
            kv b0 = kv_load(B + r * ldb), b1 = kv_load(B + r * ldb + KV);                      \
            if (w) b0 = kv_mul(b0, kv_set(w[r])), b1 = kv_mul(b1, kv_set(w[r]));               \
            for (int i = 0; i < M; i++) {                                                      \
                const kv a = kv_set(A[r * lda + i]);                                           \
                acc[i][0] = kv_madd(a, b0, acc[i][0]), acc[i][1] = kv_madd(a, b1, acc[i][1]);  \
            }                                                                                  \
        }                                                                                      \
        for (int i = 0; i < M; i++)                                                            \
            kv_store(C + i * ldc, acc[i][0]), kv_store(C + i * ldc + KV, acc[i][1]);           \
    } while (0)

static void KEN_K(tile_full)(const double *A, int64_t lda, const double *B, int64_t ldb, int64_t n,
                             const double *w, double *C, int64_t ldc) {
    MATRIX_TILE(KV_ROWS);
}
static void KEN_K(tile_one)(const double *A, int64_t lda, const double *B, int64_t ldb, int64_t n,
                            const double *w, double *C, int64_t ldc) {
    MATRIX_TILE(1);
}

void KEN_K(gemm_tn)(const double *A, int64_t m, int64_t lda, const double *B, int64_t ldb,
                    int64_t n, double *C);
void KEN_K(gemm_tn)(const double *A, int64_t m, int64_t lda, const double *B, int64_t ldb,
                    int64_t n, double *C) {
    for (int64_t j = 0; j < ldb; j += MATRIX_COLS) {
        int64_t i = 0;
        for (; i + KV_ROWS <= m; i += KV_ROWS)
            KEN_K(tile_full)(A + i, lda, B + j, ldb, n, NULL, C + i * ldb + j, ldb);
        for (; i < m; i++)
            KEN_K(tile_one)(A + i, lda, B + j, ldb, n, NULL, C + i * ldb + j, ldb);
    }
}

void KEN_K(syrk)(const double *X, int64_t n, int64_t ld, const double *w, double *G);
void KEN_K(syrk)(const double *X, int64_t n, int64_t ld, const double *w, double *G) {
    enum { BLOCK = 128 }; /* rows that stay in the nearest caches while all tiles pass over them */
    for (int64_t r = 0; r < n; r += BLOCK) {
        const int64_t rows = KEN_MIN(n - r, BLOCK);
        const double *at = X + r * ld, *weight = w ? w + r : NULL;
        for (int64_t i = 0; i < ld; i += KV_ROWS)
            for (int64_t j = i / MATRIX_COLS * MATRIX_COLS; j < ld; j += MATRIX_COLS)
                KEN_K(tile_full)(at + i, ld, at + j, ld, rows, weight, G + i * ld + j, ld);
    }
}
