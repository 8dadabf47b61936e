/* Elementary functions over arrays: the arithmetic of elementary_core.h, which the compiler turns into
 * vectors of this instruction set. No FMA: the bits are those of elementary.h on every table. */
#include "ken/kernels/isa/vec.h"

#include <math.h>

/* GCC keeps branches for the sake of exception flags, which nobody reads, and then does not vectorize;
 * values are the same. clang reads no flags by default. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("no-trapping-math")
#endif
#include "ken/kernels/elementary_core.h"

#define LANES_MAP(name)                                             \
    void KEN_K(name##_n)(const double *x, double *out, int64_t n);  \
    void KEN_K(name##_n)(const double *x, double *out, int64_t n) { \
        for (int64_t i = 0; i < n; i++) out[i] = ken__##name(x[i]); \
    }

LANES_MAP(exp)
LANES_MAP(log)
LANES_MAP(log1p)
LANES_MAP(expm1)
LANES_MAP(tanh)
LANES_MAP(sigmoid)

/* ken__softplus in three passes over a small piece: in one it is too much for the vectorizer. */
void KEN_K(softplus_n)(const double *x, double *out, int64_t n);
void KEN_K(softplus_n)(const double *x, double *out, int64_t n) {
    enum { PIECE = 64 };
    double t[PIECE];
    for (int64_t first = 0; first < n; first += PIECE) {
        const int64_t count = KEN_MIN(n - first, PIECE);
        const double *at = x + first;
        for (int64_t i = 0; i < count; i++) t[i] = -fabs(at[i]);
        KEN_K(exp_n)(t, t, count);
        KEN_K(log1p_n)(t, t, count);
        for (int64_t i = 0; i < count; i++) out[first + i] = (at[i] > 0 ? at[i] : 0) + t[i];
    }
}

void KEN_K(softmax_rows)(double *M, int64_t n, int64_t k, double *lse);
void KEN_K(softmax_rows)(double *M, int64_t n, int64_t k, double *lse) {
    for (int64_t i = 0; i < n; i++) {
        double *row = M + i * k, top = row[0], sum = 0;
        for (int64_t c = 1; c < k; c++) top = row[c] > top ? row[c] : top;
        for (int64_t c = 0; c < k; c++) row[c] = row[c] - top;
        KEN_K(exp_n)(row, row, k);
        for (int64_t c = 0; c < k; c++) sum += row[c];
        for (int64_t c = 0; c < k; c++) row[c] = row[c] / sum;
        if (lse) lse[i] = top + ken__log(sum);
    }
}
