/* Householder QR in pairs of doubles: the same steps as ken_qr, some 25 times the work, twice the
 * digits. For the few small problems whose condition eats all the digits of a double. */
#include "ken/math/linalg.h"

#include <math.h>

static ken_pair linalg_pair_sqrt(ken_pair a) {
    if (!(a.hi > 0)) return ken_pair_of(0);
    const double s = sqrt(a.hi);
    const ken_pair rest = ken_pair_sub(a, ken_pair_product(s, s));
    return ken_pair_quick_sum(s, rest.hi / (2 * s));
}

static ken_pair linalg_pair_norm2(const ken_pair *A, int64_t m, int64_t ld, int64_t from, int64_t j) {
    ken_pair sum = ken_pair_of(0);
    for (int64_t i = from; i < m; i++)
        sum = ken_pair_add(sum, ken_pair_mul(A[i * ld + j], A[i * ld + j]));
    return sum;
}

static ken_pair linalg_pair_reflect(ken_pair *A, int64_t m, int64_t ld, int64_t k) {
    const ken_pair norm = linalg_pair_sqrt(linalg_pair_norm2(A, m, ld, k, k)), a = A[k * ld + k];
    const ken_pair beta = a.hi > 0 ? ken_pair_neg(norm) : norm;
    if (norm.hi == 0 || (a.hi == beta.hi && a.lo == beta.lo)) return ken_pair_of(0);
    const ken_pair gap = ken_pair_sub(a, beta);
    for (int64_t i = k + 1; i < m; i++) A[i * ld + k] = ken_pair_div(A[i * ld + k], gap);
    A[k * ld + k] = beta;
    return ken_pair_div(ken_pair_neg(gap), beta);
}

void ken_qr_pair(ken_pair *A, int64_t m, int64_t n, int64_t ld, ken_pair *tau, int64_t *pivot,
                 ken_pair *work) {
    for (int64_t j = 0; pivot && j < n; j++) pivot[j] = j;
    for (int64_t k = 0; k < KEN_MIN(m, n); k++) {
        int64_t best = k;
        double top = -1;
        for (int64_t j = k; pivot && j < n; j++) {
            const double norm = linalg_pair_norm2(A, m, ld, k, j).hi;
            if (norm > top) top = norm, best = j;
        }
        if (pivot && best != k) {
            const int64_t p = pivot[k];
            pivot[k] = pivot[best], pivot[best] = p;
            for (int64_t i = 0; i < m; i++) {
                const ken_pair t = A[i * ld + k];
                A[i * ld + k] = A[i * ld + best], A[i * ld + best] = t;
            }
        }
        tau[k] = linalg_pair_reflect(A, m, ld, k);
        for (int64_t j = k + 1; j < n && tau[k].hi != 0; j++) {
            work[j] = A[k * ld + j];
            for (int64_t i = k + 1; i < m; i++)
                work[j] = ken_pair_add(work[j], ken_pair_mul(A[i * ld + k], A[i * ld + j]));
            work[j] = ken_pair_mul(work[j], tau[k]);
            A[k * ld + j] = ken_pair_sub(A[k * ld + j], work[j]);
            for (int64_t i = k + 1; i < m; i++)
                A[i * ld + j] = ken_pair_sub(A[i * ld + j], ken_pair_mul(A[i * ld + k], work[j]));
        }
    }
}

void ken_qr_apply_t_pair(const ken_pair *A, int64_t m, int64_t n, int64_t ld, const ken_pair *tau,
                         ken_pair *b) {
    for (int64_t k = 0; k < KEN_MIN(m, n); k++) {
        ken_pair sum = b[k];
        for (int64_t i = k + 1; i < m; i++)
            sum = ken_pair_add(sum, ken_pair_mul(A[i * ld + k], b[i]));
        sum = ken_pair_mul(sum, tau[k]);
        b[k] = ken_pair_sub(b[k], sum);
        for (int64_t i = k + 1; i < m; i++)
            b[i] = ken_pair_sub(b[i], ken_pair_mul(sum, A[i * ld + k]));
    }
}
