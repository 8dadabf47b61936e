/* One vector of doubles under one set of names, for the kernels of this folder. kv_madd is fused where
 * the instruction set has it; generic multiplies, then adds (level 2). */
#ifndef KEN_KERNELS_ISA_VEC_H
#define KEN_KERNELS_ISA_VEC_H

#include "ken/kernels/isa/isa.h"

#if KEN_AVX512
typedef __m512d kv;
enum { KV = 8, KV_ROWS = 8 };
static inline kv kv_load(const double *p) { return _mm512_loadu_pd(p); }
static inline void kv_store(double *p, kv a) { _mm512_storeu_pd(p, a); }
static inline kv kv_set(double a) { return _mm512_set1_pd(a); }
static inline kv kv_add(kv a, kv b) { return _mm512_add_pd(a, b); }
static inline kv kv_mul(kv a, kv b) { return _mm512_mul_pd(a, b); }
static inline kv kv_madd(kv a, kv b, kv c) { return _mm512_fmadd_pd(a, b, c); }
#define KEN_MADD(a, b, c) __builtin_fma(a, b, c)
#elif KEN_AVX2
typedef __m256d kv;
enum { KV = 4, KV_ROWS = 4 };
static inline kv kv_load(const double *p) { return _mm256_loadu_pd(p); }
static inline void kv_store(double *p, kv a) { _mm256_storeu_pd(p, a); }
static inline kv kv_set(double a) { return _mm256_set1_pd(a); }
static inline kv kv_add(kv a, kv b) { return _mm256_add_pd(a, b); }
static inline kv kv_mul(kv a, kv b) { return _mm256_mul_pd(a, b); }
static inline kv kv_madd(kv a, kv b, kv c) { return _mm256_fmadd_pd(a, b, c); }
#define KEN_MADD(a, b, c) __builtin_fma(a, b, c)
#else
typedef struct kv {
    double v[2];
} kv;
enum { KV = 2, KV_ROWS = 4 };
static inline kv kv_load(const double *p) { return (kv){{p[0], p[1]}}; }
static inline void kv_store(double *p, kv a) { p[0] = a.v[0], p[1] = a.v[1]; }
static inline kv kv_set(double a) { return (kv){{a, a}}; }
static inline kv kv_add(kv a, kv b) { return (kv){{a.v[0] + b.v[0], a.v[1] + b.v[1]}}; }
static inline kv kv_mul(kv a, kv b) { return (kv){{a.v[0] * b.v[0], a.v[1] * b.v[1]}}; }
static inline kv kv_madd(kv a, kv b, kv c) {
    return (kv){{a.v[0] * b.v[0] + c.v[0], a.v[1] * b.v[1] + c.v[1]}};
}
#define KEN_MADD(a, b, c) ((a) * (b) + (c))
#endif

/* The fixed tree that ends every 16-lane sum. */
static inline double kv_tree16(const double a[16]) {
    double b[8], c[4];
    for (int l = 0; l < 8; l++) b[l] = a[l] + a[l + 8];
    for (int l = 0; l < 4; l++) c[l] = b[l] + b[l + 4];
    return (c[0] + c[2]) + (c[1] + c[3]);
}

#endif
