/* The best threshold of a numeric column in one node: running whole-number sums of its histogram, the
 * gain of each place in double, and the greatest one; nothing is written on the way. Sums are exact and
 * every gain takes the same operations in the same order, so bits are the same on every instruction set.
 *
 * Few places beat the best so far, so most are only screened. With L = hl + l2, T = L + R (the same at all
 * places), G the node's gradient and a best gain of `top`,
 *     gl^2 / L + gr^2 / R >= top   if and only if   T gl^2 + L (G^2 - top T - 2 G gl + top L) >= 0,
 * where no term is greater than T gl^2 + G^2 L + top T L: a part in 2^44 of that is left for rounding. With
 * an L1 penalty: a gain is num / den, and as rounding is monotone, num / den > top only if num >= top den. */
#include "ken/kernels/isa/isa.h"

#include <math.h>
#include <string.h>

void KEN_K(split_scan)(const ken_split_node *node, const ken_split_column *column, ken_split_best *best);

#if KEN_AVX512 || KEN_AVX2

/* What is known where they are called is to be known in them. */
#if defined(__GNUC__)
#define SPLIT_INLINE static inline __attribute__((always_inline))
#else
#define SPLIT_INLINE static inline
#endif

/* --- words of this instruction set: 8 or 4 places at a time; sets of them are bit masks --------------
 */
#if KEN_AVX512
enum { SPLIT_WIDTH = 8 };
typedef __m512d split_f64;
typedef __m512i split_i64;
static inline split_f64 split_all(double x) { return _mm512_set1_pd(x); }
static inline split_f64 split_plus(split_f64 a, split_f64 b) { return _mm512_add_pd(a, b); }
static inline split_f64 split_minus(split_f64 a, split_f64 b) { return _mm512_sub_pd(a, b); }
static inline split_f64 split_times(split_f64 a, split_f64 b) { return _mm512_mul_pd(a, b); }
static inline split_f64 split_over(split_f64 a, split_f64 b) { return _mm512_div_pd(a, b); }
/* a * b + c, for screens alone: gains take none. */
static inline split_f64 split_fused(split_f64 a, split_f64 b, split_f64 c) { return _mm512_fmadd_pd(a, b, c); }
static inline split_f64 split_real(split_i64 x) { return _mm512_cvtepi64_pd(x); }
static inline unsigned split_at_least(split_f64 a, split_f64 b) { return _mm512_cmp_pd_mask(a, b, _CMP_GE_OQ); }
static inline unsigned split_above(split_f64 a, split_f64 b) { return _mm512_cmp_pd_mask(a, b, _CMP_GT_OQ); }
static inline unsigned split_not_below(split_f64 a, split_f64 b) { return _mm512_cmp_pd_mask(a, b, _CMP_NLT_UQ); }
static inline void split_store_f64(double *to, split_f64 x) { _mm512_storeu_pd(to, x); }
static inline void split_store_i64(int64_t *to, split_i64 x) { _mm512_storeu_si512(to, x); }
static inline split_f64 split_soft_all(split_f64 g, split_f64 l1) {
    const split_f64 a = _mm512_abs_pd(g);
    return _mm512_maskz_sub_pd(_mm512_cmp_pd_mask(a, l1, _CMP_GT_OQ), a, l1);
}
static inline split_i64 split_none(void) { return _mm512_setzero_si512(); }
/* Up to SPLIT_WIDTH values, then 0; nothing behind the last one is read. */
static inline split_i64 split_load(const void *from, int n) {
    return n >= 8 ? _mm512_loadu_si512(from) : _mm512_maskz_loadu_epi64((__mmask8)((1u << n) - 1), from);
}
static inline split_i64 split_gradient(split_i64 word, int shift) {
    return _mm512_sra_epi64(word, _mm_cvtsi32_si128(shift));
}
static inline split_i64 split_hessian(split_i64 word, int shift) {
    return _mm512_and_si512(word, _mm512_set1_epi64((INT64_C(1) << shift) - 1));
}
/* Running sums; *carry: the sum of all before, in every lane. */
static inline split_i64 split_running(split_i64 x, split_i64 *carry) {
    const __m512i zero = _mm512_setzero_si512();
    x = _mm512_add_epi64(x, _mm512_alignr_epi64(x, zero, 7));
    x = _mm512_add_epi64(x, _mm512_alignr_epi64(x, zero, 6));
    x = _mm512_add_epi64(x, _mm512_alignr_epi64(x, zero, 4));
    x = _mm512_add_epi64(x, *carry);
    *carry = _mm512_permutexvar_epi64(_mm512_set1_epi64(7), x);
    return x;
}
#else
enum { SPLIT_WIDTH = 4 };
typedef __m256d split_f64;
typedef __m256i split_i64;
static inline split_f64 split_all(double x) { return _mm256_set1_pd(x); }
static inline split_f64 split_plus(split_f64 a, split_f64 b) { return _mm256_add_pd(a, b); }
static inline split_f64 split_minus(split_f64 a, split_f64 b) { return _mm256_sub_pd(a, b); }
static inline split_f64 split_times(split_f64 a, split_f64 b) { return _mm256_mul_pd(a, b); }
static inline split_f64 split_over(split_f64 a, split_f64 b) { return _mm256_div_pd(a, b); }
static inline split_f64 split_fused(split_f64 a, split_f64 b, split_f64 c) { return _mm256_fmadd_pd(a, b, c); }
/* The high and the low half, each exact as a double of its own size; their sum is rounded once. */
static inline split_f64 split_real(split_i64 x) {
    const __m256i low = _mm256_blend_epi32(_mm256_set1_epi64x(0x4330000000000000), x, 0x55); /* 2^52 + low */
    const __m256i high = _mm256_xor_si256(_mm256_srli_epi64(x, 32), _mm256_set1_epi64x(0x4530000080000000));
    const __m256d both = _mm256_castsi256_pd(_mm256_set1_epi64x(0x4530000080100000)); /* 2^84 + 2^63 + 2^52 */
    return _mm256_add_pd(_mm256_sub_pd(_mm256_castsi256_pd(high), both), _mm256_castsi256_pd(low));
}
static inline unsigned split_at_least(split_f64 a, split_f64 b) {
    return (unsigned)_mm256_movemask_pd(_mm256_cmp_pd(a, b, _CMP_GE_OQ));
}
static inline unsigned split_above(split_f64 a, split_f64 b) {
    return (unsigned)_mm256_movemask_pd(_mm256_cmp_pd(a, b, _CMP_GT_OQ));
}
static inline unsigned split_not_below(split_f64 a, split_f64 b) {
    return (unsigned)_mm256_movemask_pd(_mm256_cmp_pd(a, b, _CMP_NLT_UQ));
}
static inline void split_store_f64(double *to, split_f64 x) { _mm256_storeu_pd(to, x); }
static inline void split_store_i64(int64_t *to, split_i64 x) { _mm256_storeu_si256((__m256i *)(void *)to, x); }
static inline split_f64 split_soft_all(split_f64 g, split_f64 l1) {
    const split_f64 a = _mm256_andnot_pd(_mm256_set1_pd(-0.0), g);
    return _mm256_and_pd(_mm256_cmp_pd(a, l1, _CMP_GT_OQ), _mm256_sub_pd(a, l1));
}
static inline split_i64 split_none(void) { return _mm256_setzero_si256(); }
static inline split_i64 split_load(const void *from, int n) {
    const __m256i there = _mm256_cmpgt_epi64(_mm256_set1_epi64x(n), _mm256_set_epi64x(3, 2, 1, 0));
    return n >= 4 ? _mm256_loadu_si256((const __m256i *)from) : _mm256_maskload_epi64((const long long *)from, there);
}
static inline split_i64 split_gradient(split_i64 word, int shift) {
    const __m256i sign = _mm256_cmpgt_epi64(_mm256_setzero_si256(), word);
    return _mm256_or_si256(_mm256_srl_epi64(word, _mm_cvtsi32_si128(shift)),
                           _mm256_sll_epi64(sign, _mm_cvtsi32_si128(64 - shift)));
}
static inline split_i64 split_hessian(split_i64 word, int shift) {
    return _mm256_and_si256(word, _mm256_set1_epi64x((INT64_C(1) << shift) - 1));
}
static inline split_i64 split_running(split_i64 x, split_i64 *carry) {
    const __m256i zero = _mm256_setzero_si256();
    x = _mm256_add_epi64(x, _mm256_blend_epi32(_mm256_permute4x64_epi64(x, 0x90), zero, 0x03));
    x = _mm256_add_epi64(x, _mm256_permute2x128_si256(x, x, 0x08));
    x = _mm256_add_epi64(x, *carry);
    *carry = _mm256_permute4x64_epi64(x, 0xff);
    return x;
}
#endif

#if KEN_AVX512
/* --- places with rows: worth it only where words can be pushed together ---------------------------
 */

/* The words that are not 0, and number `also`, of n <= 256, close together in `out`, which has room for
 * 264; which ones they are: bits of `here`. Returns how many. */
static inline int split_gather(const uint64_t *word, int n, int also, uint64_t here[4], uint64_t *out) {
    int m = 0;
    memset(here, 0, 4 * sizeof *here);
    for (int block = 0; block < n; block += 64) {
        uint64_t bits = 0;
        for (int b = block; b < n && b < block + 64; b += 8) {
            const __m512i w = split_load(word + b, n - b);
            const unsigned mask = _mm512_test_epi64_mask(w, w) | (b == (also & ~7)) << (also & 7);
            _mm512_storeu_si512(out + m, _mm512_maskz_compress_epi64((__mmask8)mask, w));
            bits |= (uint64_t)mask << (b & 63);
            m += __builtin_popcount(mask);
        }
        here[block >> 6] = bits;
    }
    return m;
}

/* How many of those stand before place b. */
static inline int split_rank(const uint64_t here[4], int b) {
    int n = 0;
    for (int w = 0; w < b >> 6; w++) n += __builtin_popcountll(here[w]);
    return b & 63 ? n + __builtin_popcountll(here[b >> 6] << (64 - (b & 63))) : n;
}

/* The place of word number i of those. */
static inline int split_place(const uint64_t here[4], int i) {
    int w = 0;
    for (int c; (c = __builtin_popcountll(here[w])) <= i; w++) i -= c;
    return 64 * w + __builtin_ctzll(_pdep_u64(UINT64_C(1) << i, here[w]));
}

#endif

/* --- the scan ------------------------------------------------------------------------------------
 */

typedef struct split_scan_state {
    const ken_split_node *node;
    split_f64 unit_g, unit_h, total_g, total_h, missing_g, missing_h, l1, l2, least, top;
    split_f64 more_g, more_h, square, cross, constant, linear; /* the screen, for whole sums of gradients */
} split_scan_state;

/* From here on only gains above `top` matter. */
static void split_aim(split_scan_state *s, double top) {
    const ken_split_node *const n = s->node;
    const double rest = 0x1p-44, G = n->total_g, T = n->total_h + 2 * n->l2;
    const bool sound = n->unit_g > 0x1p-300 && n->unit_g < 0x1p300 && n->unit_h > 0x1p-300 && n->unit_h < 0x1p300 &&
                       G * G < 1e200 && T < 1e200 && top * T < 1e200 && (top == 0 || top * T > 1e-200);
    s->top = split_all(top);
    s->square = split_all(T * (1 + 2 * rest) * (n->unit_g * n->unit_g));
    s->cross = split_all(-2 * G * n->unit_g);
    s->constant = split_all(G * G - top * T + 2 * rest * (G * G + top * T));
    s->linear = split_all(sound ? top : (double)INFINITY); /* all are looked at where doubles end */
}

/* Of the places at `at`, whose gains in `lane` are above the best so far: the first of the greatest. */
static void split_take(split_scan_state *s, split_f64 gain, unsigned lanes, split_i64 g, split_i64 h, int at,
                       ken_split_best *best) {
    double value[SPLIT_WIDTH];
    int64_t sum[SPLIT_WIDTH];
    split_store_f64(value, gain);
    int lane = -1;
    for (; lanes; lanes &= lanes - 1) {
        const int l = __builtin_ctz(lanes);
        if (value[l] > best->gain) best->gain = value[lane = l];
    }
    best->place = at + lane;
    split_store_i64(sum, g);
    best->g = sum[lane];
    split_store_i64(sum, h);
    best->h = sum[lane];
    split_aim(s, best->gain);
}

/* Which places may have a gain above s->top; from whole sums. */
SPLIT_INLINE unsigned split_screen(const split_scan_state *s, bool missing, split_f64 g, split_f64 h) {
    const split_f64 L = split_fused(h, s->unit_h, s->more_h);
    if (missing) g = split_plus(g, s->more_g);
    const split_f64 inner = split_fused(L, s->linear, split_fused(g, s->cross, s->constant));
    return split_not_below(split_fused(split_times(g, g), s->square, split_times(L, inner)), split_all(0));
}

/* Looks at the places at `at` with these running sums. few: many places have too little on a side, so that is
 * asked along with the screen. */
SPLIT_INLINE void split_look(split_scan_state *s, bool missing, bool l1, bool few, split_i64 whole_g, split_i64 whole_h,
                             unsigned lanes, int at, ken_split_best *best) {
    const split_f64 g = split_real(whole_g), h = split_real(whole_h);
    if (!few && !l1 && !(lanes & split_screen(s, missing, g, h))) return;
    split_f64 hl = split_times(h, s->unit_h), gl = split_times(g, s->unit_g);
    if (missing) hl = split_plus(hl, s->missing_h);
    const split_f64 hr = split_minus(s->total_h, hl);
    lanes &= split_at_least(hl, s->least) & split_at_least(hr, s->least);
    if (few && !l1) lanes &= split_screen(s, missing, g, h);
    if (!lanes) return;
    if (missing) gl = split_plus(gl, s->missing_g);
    const split_f64 gr = split_minus(s->total_g, gl);
    const split_f64 L = split_plus(hl, s->l2), R = split_plus(hr, s->l2);
    const split_f64 sl = l1 ? split_soft_all(gl, s->l1) : gl, sr = l1 ? split_soft_all(gr, s->l1) : gr;
    const split_f64 num = split_plus(split_times(split_times(sl, sl), R), split_times(split_times(sr, sr), L));
    const split_f64 den = split_times(L, R);
    lanes &= split_at_least(num, split_times(s->top, den));
    if (!lanes) return;
    const split_f64 gain = split_over(num, den);
    lanes &= split_above(gain, s->top);
    if (lanes) split_take(s, gain, lanes, whole_g, whole_h, at, best);
}

/* Bits of the places from <= b < to among those at `at`. */
static inline unsigned split_lanes(int at, int from, int to) {
    const unsigned all = (1u << SPLIT_WIDTH) - 1;
    const unsigned low = at >= from ? all : from - at >= SPLIT_WIDTH ? 0 : all << (from - at) & all;
    return to - at >= SPLIT_WIDTH ? low : low & ((1u << (to - at)) - 1);
}

SPLIT_INLINE void split_packed(split_scan_state *s, bool missing, bool l1, bool few, const uint64_t *word, int shift, int from, int to,
                                ken_split_best *best) {
    split_i64 carry = split_none();
    for (int b = 0; b < to; b += SPLIT_WIDTH) {
        const split_i64 sum = split_running(split_load(word + b, to - b), &carry);
        split_look(s, missing, l1, few, split_gradient(sum, shift), split_hessian(sum, shift),
                   split_lanes(b, from, to), b, best);
    }
}

SPLIT_INLINE void split_wide(split_scan_state *s, bool missing, bool l1, const int64_t *g, const int64_t *h, int from, int to,
                              ken_split_best *best) {
    split_i64 carry_g = split_none(), carry_h = split_none();
    for (int b = 0; b < to; b += SPLIT_WIDTH) {
        const split_i64 sum_g = split_running(split_load(g + b, to - b), &carry_g);
        const split_i64 sum_h = split_running(split_load(h + b, to - b), &carry_h);
        split_look(s, missing, l1, false, sum_g, sum_h, split_lanes(b, from, to), b, best);
    }
}

/* missing and l1 are known where this is called, so it exists four times. */
SPLIT_INLINE void split_any(split_scan_state *s, bool missing, bool l1, const ken_split_column *c,
                             ken_split_best *best) {
    const uint64_t *const word = (const uint64_t *)c->h;
    const int from = c->from;
    int to = c->to;
    if (c->g) {
        split_wide(s, missing, l1, c->g, c->h, from, to, best);
        return;
    }
#if KEN_AVX512
    if (2 * s->node->rows <= to) { /* most places have none */
        uint64_t gathered[264], here[4];
        to = split_gather(word, to, from, here, gathered);
        split_packed(s, missing, l1, true, gathered, s->node->shift, split_rank(here, from), to, best);
        if (best->place >= 0) best->place = split_place(here, best->place);
        return;
    }
#endif
    split_packed(s, missing, l1, false, word, s->node->shift, from, to, best);
}

void KEN_K(split_scan)(const ken_split_node *node, const ken_split_column *c, ken_split_best *best) {
    split_scan_state s; /* set item by item: to zero it all first takes longer than the scan of a small node */
    best->place = -1;
    if (c->from >= c->to) return;
    s.node = node;
    s.unit_g = split_all(node->unit_g);
    s.unit_h = split_all(node->unit_h);
    s.total_g = split_all(node->total_g);
    s.total_h = split_all(node->total_h);
    s.missing_g = split_all(c->missing_g);
    s.missing_h = split_all(c->missing_h);
    s.l1 = split_all(node->l1);
    s.l2 = split_all(node->l2);
    s.least = split_all(node->least);
    s.more_g = split_all(c->missing_h == 0 ? 0 : c->missing_g / node->unit_g);
    s.more_h = split_all(c->missing_h + node->l2);
    split_aim(&s, best->gain);
    if (c->missing_h == 0)
        node->l1 > 0 ? split_any(&s, false, true, c, best) : split_any(&s, false, false, c, best);
    else
        node->l1 > 0 ? split_any(&s, true, true, c, best) : split_any(&s, true, false, c, best);
}

#else /* the oracle */

static inline double split_soft(double g, double l1) {
    const double a = g < 0 ? -g : g;
    return a > l1 ? a - l1 : 0.0;
}

void KEN_K(split_scan)(const ken_split_node *node, const ken_split_column *c, ken_split_best *best) {
    const int64_t mask = (INT64_C(1) << node->shift) - 1;
    int64_t g = 0, h = 0;
    best->place = -1;
    for (int b = 0; b < c->to; b++) {
        g += c->g ? c->g[b] : c->h[b] >> node->shift;
        h += c->g ? c->h[b] : c->h[b] & mask;
        const double hl = (double)h * node->unit_h + c->missing_h, hr = node->total_h - hl;
        if (b < c->from || !(hl >= node->least) || !(hr >= node->least)) continue;
        const double gl = (double)g * node->unit_g + c->missing_g, gr = node->total_g - gl;
        const double sl = node->l1 > 0 ? split_soft(gl, node->l1) : gl;
        const double sr = node->l1 > 0 ? split_soft(gr, node->l1) : gr;
        const double L = hl + node->l2, R = hr + node->l2;
        const double num = sl * sl * R + sr * sr * L, den = L * R;
        if (!(num >= best->gain * den) || !(num / den > best->gain)) continue;
        *best = (ken_split_best){.gain = num / den, .place = b, .g = g, .h = h};
    }
}

#endif
