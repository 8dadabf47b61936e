/* Sums over vectors. Lane l of 16 adds the items l, l+16, l+32 ...; a fixed tree adds the lanes. */
#include "ken/kernels/isa/vec.h"

double KEN_K(dot)(const double *x, const double *y, int64_t n);
double KEN_K(dot)(const double *x, const double *y, int64_t n) {
    enum { PER = KEN_LANES / KV };
    kv acc[PER];
    double lane[KEN_LANES];
    for (int p = 0; p < PER; p++) acc[p] = kv_set(0);
    int64_t i = 0;
    for (; i + KEN_LANES <= n; i += KEN_LANES)
        for (int p = 0; p < PER; p++)
            acc[p] = kv_madd(kv_load(x + i + p * KV), kv_load(y + i + p * KV), acc[p]);
    for (int p = 0; p < PER; p++) kv_store(lane + p * KV, acc[p]);
    for (int l = 0; i < n; i++, l++) lane[l] = KEN_MADD(x[i], y[i], lane[l]);
    return kv_tree16(lane);
}

double KEN_K(sum)(const double *x, int64_t n);
double KEN_K(sum)(const double *x, int64_t n) {
    enum { PER = KEN_LANES / KV };
    kv acc[PER];
    double lane[KEN_LANES];
    for (int p = 0; p < PER; p++) acc[p] = kv_set(0);
    int64_t i = 0;
    for (; i + KEN_LANES <= n; i += KEN_LANES)
        for (int p = 0; p < PER; p++) acc[p] = kv_add(acc[p], kv_load(x + i + p * KV));
    for (int p = 0; p < PER; p++) kv_store(lane + p * KV, acc[p]);
    for (int l = 0; i < n; i++, l++) lane[l] += x[i];
    return kv_tree16(lane);
}

void KEN_K(axpy)(double a, const double *x, double *y, int64_t n);
void KEN_K(axpy)(double a, const double *x, double *y, int64_t n) {
    for (int64_t i = 0; i < n; i++) y[i] = KEN_MADD(a, x[i], y[i]);
}
