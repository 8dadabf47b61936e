/* Blocks of rows against small matrices, with the accumulators in registers. Each output is one chain
 * of sums over the rows in their order, so tile sizes never change a bit. */
#include "ken/kernels/isa/vec.h"

enum { MATRIX_COLS = 2 * KV }; /* columns of a tile; divides KEN_LANES */

/* Rows in pairs of four, so that w is loaded once for four rows; the sums are those of dot. */
static void KEN_K(gemv_rows)(const double *X, int rows, int64_t d, int64_t ld, const double *w,
                             double *out) {
    enum { PER = KEN_LANES / KV };
    double lane[KEN_LANES];
    for (int r = 0; r < rows; r++) {
        const double *x = X + r * ld;
        kv acc[PER];
        for (int p = 0; p < PER; p++) acc[p] = kv_set(0);
        int64_t j = 0;
        for (; j + KEN_LANES <= d; j += KEN_LANES)
            for (int p = 0; p < PER; p++)
                acc[p] = kv_madd(kv_load(x + j + p * KV), kv_load(w + j + p * KV), acc[p]);
        for (int p = 0; p < PER; p++) kv_store(lane + p * KV, acc[p]);
        for (int l = 0; j < d; j++, l++) lane[l] = KEN_MADD(x[j], w[j], lane[l]);
        out[r] = kv_tree16(lane);
    }
}

void KEN_K(gemv)(const double *X, int64_t n, int64_t d, int64_t ld, const double *w, double b,
                 double *out, int64_t stride);
void KEN_K(gemv)(const double *X, int64_t n, int64_t d, int64_t ld, const double *w, double b,
                 double *out, int64_t stride) {
    for (int64_t i = 0; i < n; i += 4) {
        double part[4];
        const int rows = (int)KEN_MIN(n - i, 4);
        KEN_K(gemv_rows)(X + i * ld, rows, d, ld, w, part);
        for (int r = 0; r < rows; r++) out[(i + r) * stride] = b + part[r];
    }
}

/* C[0..m) += A' B for a tile of m <= KV_ROWS rows of C and MATRIX_COLS columns. */
#define MATRIX_TILE(M)                                                                         \
    do {                                                                                       \
        kv acc[M][2];                                                                          \
        for (int i = 0; i < M; i++)                                                            \
            acc[i][0] = kv_load(C + i * ldc), acc[i][1] = kv_load(C + i * ldc + KV);           \
        for (int64_t r = 0; r < n; r++) {                                                      \
            const kv b0 = kv_load(B + r * ldb), b1 = kv_load(B + r * ldb + KV);                \
            const double s = w ? w[r] : 1;                                                     \
            for (int i = 0; i < M; i++) {                                                      \
                const kv a = kv_set(A[r * lda + i] * s);                                       \
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
