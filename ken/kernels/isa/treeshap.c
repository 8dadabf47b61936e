/* Kernels of TreeSHAP: products of factors down an edge, and sums of leaves up it, at m points of a
 * quadrature (a multiple of 8) for many rows. What they mean: ken/tree/tree_shap.c. Each operation is
 * rounded by itself and every sum has its fixed order: the same bits on every instruction set. */
#include "ken/kernels/isa/vec.h"

enum { TREESHAP_LANES = 8, TREESHAP_PARTS = TREESHAP_LANES / KV };

void KEN_K(shap_down)(const double *ratio, int m, const uint8_t *state, int rows, const double *from,
                      double *to);
void KEN_K(shap_down)(const double *ratio, int m, const uint8_t *state, int rows, const double *from,
                      double *to) {
    for (int r = 0; r < rows; r++, from += m, to += m) {
        const double *factor = ratio + (int64_t)state[r] * m;
        for (int q = 0; q < m; q += KV)
            kv_store(to + q, kv_mul(kv_load(from + q), kv_load(factor + q)));
    }
}

void KEN_K(shap_up)(const double *weight, int m, const uint8_t *state, int rows, const double *below,
                    double *sum, double *phi, int64_t stride);
void KEN_K(shap_up)(const double *weight, int m, const uint8_t *state, int rows, const double *below,
                    double *sum, double *phi, int64_t stride) {
    for (int r = 0; r < rows; r++, below += m, sum += m) {
        const double *w = weight + (int64_t)state[r] * m;
        kv acc[TREESHAP_PARTS];
        double lane[TREESHAP_LANES];
        for (int v = 0; v < TREESHAP_PARTS; v++) acc[v] = kv_set(0);
        for (int q = 0; q < m; q += TREESHAP_LANES)
            for (int v = 0; v < TREESHAP_PARTS; v++) {
                const kv b = kv_load(below + q + KV * v);
                kv_store(sum + q + KV * v, kv_add(kv_load(sum + q + KV * v), b));
                acc[v] = kv_add(acc[v], kv_mul(kv_load(w + q + KV * v), b));
            }
        for (int v = 0; v < TREESHAP_PARTS; v++) kv_store(lane + KV * v, acc[v]);
        phi[r * stride] += ((lane[0] + lane[4]) + (lane[2] + lane[6])) +
                           ((lane[1] + lane[5]) + (lane[3] + lane[7]));
    }
}
