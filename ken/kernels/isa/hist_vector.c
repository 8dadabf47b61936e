/* Kernels of trees whose leaves hold several values (ken/boosting/boosting_vector.h): a row has a word for
 * each output, side by side, and so has every place of a histogram. Words are added and sums turned into
 * doubles exactly; gains are made in one order: the same bits on every instruction set. */
#include "ken/kernels/isa/isa.h"

#include <string.h>

#ifdef __OPTIMIZE_SIZE__ /* a page waits for every byte of it */
#define VECTOR_INLINE static inline
#else
#define VECTOR_INLINE static inline __attribute__((always_inline))
#endif

enum { VECTOR_AHEAD = 8 }; /* rows asked for in advance */

/* --- histograms --- */

/* sum += word; the compiler would take one after the other. */
VECTOR_INLINE void vector_words(uint64_t *sum, const uint64_t *word, int width) {
    int w = 0;
#if KEN_AVX512
    for (; w + 8 <= width; w += 8)
        _mm512_storeu_si512(sum + w, _mm512_add_epi64(_mm512_loadu_si512(sum + w), _mm512_loadu_si512(word + w)));
#endif
#if KEN_AVX2 || KEN_AVX512
    for (; w < width; w += 4) {
        __m256i *const to = (__m256i *)(sum + w);
        _mm256_storeu_si256(to, _mm256_add_epi64(_mm256_loadu_si256(to), _mm256_loadu_si256((const __m256i *)(word + w))));
    }
#endif
    for (; w < width; w++) sum[w] += word[w];
}

/* width is a constant wherever this is called with one. */
VECTOR_INLINE void vector_rows(const uint8_t *codes, int64_t stride, const uint32_t *rows, int64_t n,
                               const uint64_t *words, int width, const int32_t *column, int d,
                               uint64_t *const *hist) {
    for (int64_t i = 0; i < n; i++) {
        const uint8_t *const code = codes + (int64_t)rows[i] * stride;
        const uint64_t *const word = words + (int64_t)rows[i] * width;
        if (i + VECTOR_AHEAD < n) {
            KEN_PREFETCH(codes + (int64_t)rows[i + VECTOR_AHEAD] * stride);
            for (int w = 0; w < width; w += 8)
                KEN_PREFETCH(words + (int64_t)rows[i + VECTOR_AHEAD] * width + w);
        }
        for (int j = 0; j < d; j++) vector_words(hist[j] + (int64_t)code[column ? column[j] : j] * width, word, width);
    }
}

void KEN_K(vector_add)(const uint8_t *codes, int64_t stride, const uint32_t *rows, int64_t n,
                       const uint64_t *words, int width, const int32_t *column, int d,
                       uint64_t *const *hist);
void KEN_K(vector_add)(const uint8_t *codes, int64_t stride, const uint32_t *rows, int64_t n,
                       const uint64_t *words, int width, const int32_t *column, int d,
                       uint64_t *const *hist) {
    switch (width) {
    case 4: vector_rows(codes, stride, rows, n, words, 4, column, d, hist); break;
    case 8: vector_rows(codes, stride, rows, n, words, 8, column, d, hist); break;
    case 12: vector_rows(codes, stride, rows, n, words, 12, column, d, hist); break;
    case 16: vector_rows(codes, stride, rows, n, words, 16, column, d, hist); break;
    default: vector_rows(codes, stride, rows, n, words, width, column, d, hist);
    }
}

/* --- gains --- */
/* Written for eight doubles at a time, of which AVX-512 has one register, AVX2 two, the others an array. Where
 * only four are left, the upper half is not kept. */

#if KEN_AVX512
typedef __m512d vector_f;
typedef __m512i vector_i;
VECTOR_INLINE vector_f vector_load_f(const double *x, int lanes) { return _mm512_maskz_loadu_pd((__mmask8)((1 << lanes) - 1), x); }
VECTOR_INLINE vector_i vector_load_i(const int64_t *x, int lanes) { return _mm512_maskz_loadu_epi64((__mmask8)((1 << lanes) - 1), x); }
VECTOR_INLINE void vector_store(double *x, vector_f v, int lanes) { _mm512_mask_storeu_pd(x, (__mmask8)((1 << lanes) - 1), v); }
VECTOR_INLINE vector_f vector_set(double x) { return _mm512_set1_pd(x); }
VECTOR_INLINE vector_f vector_plus(vector_f a, vector_f b) { return _mm512_add_pd(a, b); }
VECTOR_INLINE vector_f vector_minus(vector_f a, vector_f b) { return _mm512_sub_pd(a, b); }
VECTOR_INLINE vector_f vector_times(vector_f a, vector_f b) { return _mm512_mul_pd(a, b); }
VECTOR_INLINE vector_f vector_over(vector_f a, vector_f b) { return _mm512_div_pd(a, b); }
VECTOR_INLINE vector_f vector_soft(vector_f g, vector_f l1) {
    return _mm512_max_pd(_mm512_sub_pd(_mm512_abs_pd(g), l1), _mm512_setzero_pd());
}
VECTOR_INLINE vector_f vector_whole(vector_i x) { return _mm512_cvtepi64_pd(x); }
VECTOR_INLINE vector_f vector_upper(vector_i x, int shift) { return _mm512_cvtepi64_pd(_mm512_srai_epi64(x, (unsigned)shift)); }
VECTOR_INLINE vector_f vector_lower(vector_i x, int shift) {
    return _mm512_cvtepi64_pd(_mm512_and_si512(x, _mm512_set1_epi64((INT64_C(1) << shift) - 1)));
}
#elif KEN_AVX2
typedef struct vector_f { __m256d half[2]; } vector_f;
typedef struct vector_i { __m256i half[2]; } vector_i;
#define VECTOR_BOTH(type, x, y) ((type){{(x), (y)}})
VECTOR_INLINE vector_f vector_load_f(const double *x, int lanes) {
    return VECTOR_BOTH(vector_f, _mm256_loadu_pd(x), lanes > 4 ? _mm256_loadu_pd(x + 4) : _mm256_setzero_pd());
}
VECTOR_INLINE vector_i vector_load_i(const int64_t *x, int lanes) {
    return VECTOR_BOTH(vector_i, _mm256_loadu_si256((const __m256i *)x),
                       lanes > 4 ? _mm256_loadu_si256((const __m256i *)(x + 4)) : _mm256_setzero_si256());
}
VECTOR_INLINE void vector_store(double *x, vector_f v, int lanes) {
    _mm256_storeu_pd(x, v.half[0]);
    if (lanes > 4) _mm256_storeu_pd(x + 4, v.half[1]);
}
VECTOR_INLINE vector_f vector_set(double x) { return VECTOR_BOTH(vector_f, _mm256_set1_pd(x), _mm256_set1_pd(x)); }
#define VECTOR_OP(name, op)                                                                                            \
    VECTOR_INLINE vector_f name(vector_f a, vector_f b) {                                                              \
        return VECTOR_BOTH(vector_f, op(a.half[0], b.half[0]), op(a.half[1], b.half[1]));                              \
    }
VECTOR_OP(vector_plus, _mm256_add_pd)
VECTOR_OP(vector_minus, _mm256_sub_pd)
VECTOR_OP(vector_times, _mm256_mul_pd)
VECTOR_OP(vector_over, _mm256_div_pd)
VECTOR_INLINE __m256d vector_soft_half(__m256d g, __m256d l1) {
    return _mm256_max_pd(_mm256_sub_pd(_mm256_andnot_pd(_mm256_set1_pd(-0.0), g), l1), _mm256_setzero_pd());
}
VECTOR_OP(vector_soft, vector_soft_half)
/* 2^52 + 2^51 as bits: a whole number below 2^51 added to them is, read as a double, added to that double. */
VECTOR_INLINE __m256d vector_magic(__m256i x, double less) {
    const __m256i bits = _mm256_add_epi64(x, _mm256_set1_epi64x(INT64_C(0x4338000000000000)));
    return _mm256_sub_pd(_mm256_castsi256_pd(bits), _mm256_set1_pd(6755399441055744.0 + less));
}
VECTOR_INLINE vector_f vector_whole(vector_i x) {
    return VECTOR_BOTH(vector_f, vector_magic(x.half[0], 0), vector_magic(x.half[1], 0));
}
VECTOR_INLINE __m256d vector_upper_half(__m256i x, int shift) { /* there is no signed shift: 2^63 is added before */
    const __m256i plus = _mm256_xor_si256(x, _mm256_set1_epi64x(INT64_MIN));
    return vector_magic(_mm256_srl_epi64(plus, _mm_cvtsi32_si128(shift)), (double)(UINT64_C(1) << (63 - shift)));
}
VECTOR_INLINE vector_f vector_upper(vector_i x, int shift) {
    return VECTOR_BOTH(vector_f, vector_upper_half(x.half[0], shift), vector_upper_half(x.half[1], shift));
}
VECTOR_INLINE vector_f vector_lower(vector_i x, int shift) {
    const __m256i mask = _mm256_set1_epi64x((INT64_C(1) << shift) - 1);
    return VECTOR_BOTH(vector_f, vector_magic(_mm256_and_si256(x.half[0], mask), 0),
                       vector_magic(_mm256_and_si256(x.half[1], mask), 0));
}
#else
typedef struct vector_f { double of[8]; } vector_f;
typedef struct vector_i { int64_t of[8]; } vector_i;
#define VECTOR_EACH(type, expression)                                                                                  \
    type r;                                                                                                            \
    for (int w = 0; w < 8; w++) r.of[w] = (expression);                                                                \
    return r;
VECTOR_INLINE vector_f vector_load_f(const double *x, int lanes) { VECTOR_EACH(vector_f, w < lanes ? x[w] : 0) }
VECTOR_INLINE vector_i vector_load_i(const int64_t *x, int lanes) { VECTOR_EACH(vector_i, w < lanes ? x[w] : 0) }
VECTOR_INLINE void vector_store(double *x, vector_f v, int lanes) { memcpy(x, v.of, (size_t)lanes * sizeof *x); }
VECTOR_INLINE vector_f vector_set(double x) { VECTOR_EACH(vector_f, x) }
VECTOR_INLINE vector_f vector_plus(vector_f a, vector_f b) { VECTOR_EACH(vector_f, a.of[w] + b.of[w]) }
VECTOR_INLINE vector_f vector_minus(vector_f a, vector_f b) { VECTOR_EACH(vector_f, a.of[w] - b.of[w]) }
VECTOR_INLINE vector_f vector_times(vector_f a, vector_f b) { VECTOR_EACH(vector_f, a.of[w] * b.of[w]) }
VECTOR_INLINE vector_f vector_over(vector_f a, vector_f b) { VECTOR_EACH(vector_f, a.of[w] / b.of[w]) }
VECTOR_INLINE double vector_soft_one(double g, double l1) {
    const double a = (g < 0 ? -g : g) - l1;
    return a > 0 ? a : 0.0;
}
VECTOR_INLINE vector_f vector_soft(vector_f g, vector_f l1) { VECTOR_EACH(vector_f, vector_soft_one(g.of[w], l1.of[w])) }
VECTOR_INLINE vector_f vector_whole(vector_i x) { VECTOR_EACH(vector_f, (double)x.of[w]) }
VECTOR_INLINE vector_f vector_upper(vector_i x, int shift) { VECTOR_EACH(vector_f, (double)(x.of[w] >> shift)) }
VECTOR_INLINE vector_f vector_lower(vector_i x, int shift) {
    VECTOR_EACH(vector_f, (double)(x.of[w] & ((INT64_C(1) << shift) - 1)))
}
#endif

/* part[i] += what the two sides of place i score in the outputs from `at` on. */
VECTOR_INLINE void vector_lanes(const ken_vector_gains *v, int at, int lanes, bool soft, double (*part)[8]) {
    const vector_f ug = vector_load_f(v->unit_g + at, lanes), uh = vector_load_f(v->unit_h + at, lanes);
    const vector_f Gt = vector_load_f(v->total_g + at, lanes), Ht = vector_load_f(v->total_h + at, lanes);
    const vector_f l1 = vector_set(v->l1), l2 = vector_set(v->l2), none = vector_set(0);
    vector_f G = vector_load_f(v->start_g + at, lanes), H = vector_load_f(v->start_h + at, lanes);
    for (int i = 0; i < v->n; i++) {
        const int64_t from = (int64_t)v->place[i] * v->width + at;
        const vector_i first = vector_load_i(v->g + from, lanes);
        const vector_f g = v->h ? vector_whole(first) : vector_upper(first, v->shift);
        const vector_f h = v->h ? vector_whole(vector_load_i(v->h + from, lanes)) : vector_lower(first, v->shift);
        G = vector_plus(v->single ? none : G, vector_times(g, ug));
        H = vector_plus(v->single ? none : H, vector_times(h, uh));
        const vector_f right = vector_minus(Gt, G), L = vector_plus(H, l2);
        const vector_f R = vector_plus(vector_minus(Ht, H), l2);
        const vector_f sl = soft ? vector_soft(G, l1) : G, sr = soft ? vector_soft(right, l1) : right;
        const vector_f top = vector_plus(vector_times(vector_times(sl, sl), R), vector_times(vector_times(sr, sr), L));
        const vector_f score = vector_over(top, vector_times(L, R));
        vector_store(part[i], vector_plus(vector_load_f(part[i], lanes), score), lanes);
    }
}

void KEN_K(vector_gains)(const ken_vector_gains *v, double *gain);
void KEN_K(vector_gains)(const ken_vector_gains *v, double *gain) {
    double part[256][8];
    const int whole = v->lanes & ~7;
    memset(part, 0, (size_t)v->n * sizeof part[0]);
    for (int at = 0; at < v->lanes; at += 8) {
        if (v->l1 > 0)
            at < whole ? vector_lanes(v, at, 8, true, part) : vector_lanes(v, at, 4, true, part);
        else
            at < whole ? vector_lanes(v, at, 8, false, part) : vector_lanes(v, at, 4, false, part);
    }
    for (int i = 0; i < v->n; i++) {
        const double *const p = part[i];
        gain[i] = ((p[0] + p[4]) + (p[2] + p[6])) + ((p[1] + p[5]) + (p[3] + p[7]));
    }
}
