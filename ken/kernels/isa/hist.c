/* Kernels of trees: codes of binned values, histograms of gradients, partition of rows. All of it
 * is whole-number work (or exact comparisons): the same on every instruction set. What is binned,
 * and what the histograms are for: ken/tree/tree_bins.h, ken/boosting/boosting.c. */
#include "ken/kernels/isa/isa.h"

#include <string.h>

#include "ken/core/number.h"

/* --- codes --------------------------------------------------------------------------------------
 */
/* Number of edges below x, in two looks: at every 16th edge, then at the 16 that are left. `edge`
 * has 256 places, those from n_edges on are +infinity. NaN gets `missing`. */
#if KEN_AVX512
static inline int hist_below_f64(double x, const double *edge) {
    const __m512d v = _mm512_set1_pd(x);
    const __mmask8 lo = _mm512_cmp_pd_mask(_mm512_loadu_pd(edge), v, _CMP_LT_OQ);
    const __mmask8 hi = _mm512_cmp_pd_mask(_mm512_loadu_pd(edge + 8), v, _CMP_LT_OQ);
    return __builtin_popcount((unsigned)lo | (unsigned)hi << 8);
}
static inline int hist_below_f32(float x, const float *edge) {
    const __m512 v = _mm512_set1_ps(x);
    return __builtin_popcount(_mm512_cmp_ps_mask(_mm512_loadu_ps(edge), v, _CMP_LT_OQ));
}
#elif KEN_AVX2
static inline int hist_below_f64(double x, const double *edge) {
    const __m256d v = _mm256_set1_pd(x);
    unsigned mask = 0;
    for (int q = 0; q < 4; q++)
        mask |= (unsigned)_mm256_movemask_pd(
                    _mm256_cmp_pd(_mm256_loadu_pd(edge + 4 * q), v, _CMP_LT_OQ))
                << (4 * q);
    return __builtin_popcount(mask);
}
static inline int hist_below_f32(float x, const float *edge) {
    const __m256 v = _mm256_set1_ps(x);
    const int lo = _mm256_movemask_ps(_mm256_cmp_ps(_mm256_loadu_ps(edge), v, _CMP_LT_OQ));
    const int hi = _mm256_movemask_ps(_mm256_cmp_ps(_mm256_loadu_ps(edge + 8), v, _CMP_LT_OQ));
    return __builtin_popcount((unsigned)lo | (unsigned)hi << 8);
}
#else
static inline int hist_below_f64(double x, const double *edge) {
    int below = 0;
    for (int k = 0; k < 16; k++) below += edge[k] < x;
    return below;
}
static inline int hist_below_f32(float x, const float *edge) {
    int below = 0;
    for (int k = 0; k < 16; k++) below += edge[k] < x;
    return below;
}
#endif

#define HIST_BIN(type, below)                                                                      \
    type coarse[16];                                                                               \
    for (int k = 0; k < 16; k++) coarse[k] = edge[16 * k + 15];                                    \
    for (int64_t i = 0; i < n; i++) {                                                              \
        const int block = n_edges < 16 ? 0 : below(x[i], coarse);                                  \
        const int code = 16 * block + below(x[i], edge + 16 * block);                              \
        out[i * stride] = (uint8_t)(x[i] == x[i] ? code : missing);                                \
    }

void KEN_K(bin_f64)(const double *x, int64_t n, const double *edge, int n_edges, int missing,
                    uint8_t *out, int64_t stride);
void KEN_K(bin_f64)(const double *x, int64_t n, const double *edge, int n_edges, int missing,
                    uint8_t *out, int64_t stride) {
    HIST_BIN(double, hist_below_f64)
}

void KEN_K(bin_f32)(const float *x, int64_t n, const float *edge, int n_edges, int missing,
                    uint8_t *out, int64_t stride);
void KEN_K(bin_f32)(const float *x, int64_t n, const float *edge, int n_edges, int missing,
                    uint8_t *out, int64_t stride) {
    HIST_BIN(float, hist_below_f32)
}

/* --- histograms of gradients --------------------------------------------------------------------
 */
/* One 64-bit word a row: gradient << shift | hessian, both whole numbers, the hessian >= 0 and
 * small enough that a few thousand of them never carry into the gradient. One addition serves both
 * sums, in any order. */

enum {
    HIST_FAR = 64, /* rows of codes asked for in advance, since they lie scattered: as far as the second
                    * cache, for what waits for memory on its way to the first one is in the way of the sums */
    HIST_NEAR = 4, /* from there to the first one */
    HIST_APART = 256 /* places of a column of 255 bins and missing values */
};

/* Four rows into four columns a step: of what an addition takes (a code, where its column's sums
 * begin, the sum read and written) the beginnings are then shared by four. */
static inline void hist_four(const uint8_t *codes, int64_t stride, const uint32_t *rows,
                             const uint64_t *gh, const int32_t *column, int d,
                             uint64_t *const *hist) {
    const uint8_t *code[4];
    int j = 0;
    for (int r = 0; r < 4; r++) code[r] = codes + (int64_t)rows[r] * stride;
    for (; j + 4 <= d; j += 4) {
        uint64_t *const sum[4] = {hist[j], hist[j + 1], hist[j + 2], hist[j + 3]};
        for (int r = 0; r < 4; r++) {
            const uint8_t *const c = code[r];
            const uint64_t v = gh[r];
            sum[0][c[column ? column[j] : j]] += v;
            sum[1][c[column ? column[j + 1] : j + 1]] += v;
            sum[2][c[column ? column[j + 2] : j + 2]] += v;
            sum[3][c[column ? column[j + 3] : j + 3]] += v;
        }
    }
    for (; j < d; j++) {
        uint64_t *const sum = hist[j];
        for (int r = 0; r < 4; r++) sum[code[r][column ? column[j] : j]] += gh[r];
    }
}

/* Asks for the codes (up to column `last`) of the four rows that are `ahead` of row i, unless that is past the
 * end. Not a function: compilers take calls out that do nothing but ask. */
#define HIST_ASK(prefetch, ahead)                                                                  \
    if (i + (ahead) + 4 <= n) {                                                                    \
        const uint32_t *const next_ = rows + i + (ahead);                                          \
        prefetch(codes + (int64_t)next_[0] * stride);                                              \
        prefetch(codes + (int64_t)next_[1] * stride);                                              \
        prefetch(codes + (int64_t)next_[2] * stride);                                              \
        prefetch(codes + (int64_t)next_[3] * stride);                                              \
        for (int64_t b_ = 64; b_ <= last; b_ += 64)                                                \
            for (int r_ = 0; r_ < 4; r_++) prefetch(codes + (int64_t)next_[r_] * stride + b_);     \
    }

static inline void hist_all(const uint8_t *codes, int64_t stride, const uint32_t *rows, int64_t n,
                            const uint64_t *gh, const int32_t *column, int d,
                            uint64_t *const *hist) {
    const int64_t last = d > 0 ? (column ? column[d - 1] : d - 1) : 0;
    int64_t i = 0;
    for (; i < HIST_FAR; i += 4) HIST_ASK(KEN_PREFETCH_FAR, 0)
    i = 0;
    for (; i + 4 <= n; i += 4) {
        HIST_ASK(KEN_PREFETCH_FAR, HIST_FAR)
        HIST_ASK(KEN_PREFETCH, HIST_NEAR)
        hist_four(codes, stride, rows + i, gh + i, column, d, hist);
    }
    for (; i < n; i++) {
        const uint8_t *const code = codes + (int64_t)rows[i] * stride;
        for (int j = 0; j < d; j++) hist[j][code[column ? column[j] : j]] += gh[i];
    }
}

/* Four rows where the sums of a column begin HIST_APART places behind those of the one before, as they do
 * where columns have all the bins there can be: one beginning in a register serves eight columns, one
 * load gives their codes. */
static inline void hist_four_apart(const uint8_t *const code[4], const uint64_t *gh, int d, uint64_t *sum) {
    int j = 0;
    for (; j + 8 <= d; j += 8, sum += 8 * HIST_APART)
        for (int r = 0; r < 4; r++) {
            const uint64_t word = ken__load_word((const char *)code[r] + j), v = gh[r];
            sum[word & 255] += v;
            sum[HIST_APART + (word >> 8 & 255)] += v;
            sum[2 * HIST_APART + (word >> 16 & 255)] += v;
            sum[3 * HIST_APART + (word >> 24 & 255)] += v;
            sum[4 * HIST_APART + (word >> 32 & 255)] += v;
            sum[5 * HIST_APART + (word >> 40 & 255)] += v;
            sum[6 * HIST_APART + (word >> 48 & 255)] += v;
            sum[7 * HIST_APART + (word >> 56)] += v;
        }
    for (; j + 4 <= d; j += 4, sum += 4 * HIST_APART)
        for (int r = 0; r < 4; r++) {
            const uint8_t *const c = code[r] + j;
            const uint64_t v = gh[r];
            sum[c[0]] += v;
            sum[HIST_APART + c[1]] += v;
            sum[2 * HIST_APART + c[2]] += v;
            sum[3 * HIST_APART + c[3]] += v;
        }
    for (; j < d; j++, sum += HIST_APART)
        for (int r = 0; r < 4; r++) sum[code[r][j]] += gh[r];
}

static void hist_apart(const uint8_t *codes, int64_t stride, const uint32_t *rows, int64_t n,
                       const uint64_t *gh, int d, uint64_t *sum) {
    const int64_t last = d - 1;
    const bool scattered = n >= 4 && (int64_t)rows[n - 1] - (int64_t)rows[0] >= 2 * n;
    int64_t i = 0;
    for (; i < HIST_FAR; i += 4) HIST_ASK(KEN_PREFETCH_FAR, 0)
    for (i = 0; i + 4 <= n; i += 4) {
        const uint8_t *code[4];
        HIST_ASK(KEN_PREFETCH_FAR, HIST_FAR)
        if (scattered) HIST_ASK(KEN_PREFETCH, HIST_NEAR)
        for (int r = 0; r < 4; r++) code[r] = codes + (int64_t)rows[i + r] * stride;
        hist_four_apart(code, gh + i, d, sum);
    }
    for (; i < n; i++)
        for (int j = 0; j < d; j++) sum[HIST_APART * j + codes[(int64_t)rows[i] * stride + j]] += gh[i];
}

void KEN_K(hist_add)(const uint8_t *codes, int64_t stride, const uint32_t *rows, int64_t n,
                     const uint64_t *gh, int d, uint64_t *const *hist);
void KEN_K(hist_add)(const uint8_t *codes, int64_t stride, const uint32_t *rows, int64_t n,
                     const uint64_t *gh, int d, uint64_t *const *hist) {
    bool apart = d > 0;
    for (int j = 1; j < d; j++) apart &= hist[j] == hist[j - 1] + HIST_APART;
    if (apart)
        hist_apart(codes, stride, rows, n, gh, d, hist[0]);
    else
        hist_all(codes, stride, rows, n, gh, NULL, d, hist);
}

void KEN_K(hist_add_some)(const uint8_t *codes, int64_t stride, const uint32_t *rows, int64_t n,
                          const uint64_t *gh, const int32_t *column, int d, uint64_t *const *hist);
void KEN_K(hist_add_some)(const uint8_t *codes, int64_t stride, const uint32_t *rows, int64_t n,
                          const uint64_t *gh, const int32_t *column, int d, uint64_t *const *hist) {
    hist_all(codes, stride, rows, n, gh, column, d, hist);
}

void KEN_K(hist_widen)(uint64_t *packed, int64_t n, int shift, int64_t *g, int64_t *h);
void KEN_K(hist_widen)(uint64_t *restrict packed, int64_t n, int shift, int64_t *restrict g,
                       int64_t *restrict h) {
    const uint64_t mask = (UINT64_C(1) << shift) - 1;
    for (int64_t i = 0; i < n; i++) {
        g[i] += (int64_t)packed[i] >> shift;
        h[i] += (int64_t)(packed[i] & mask);
        packed[i] = 0;
    }
}

void KEN_K(hist_narrow)(const uint64_t *packed, int64_t n, int shift, int64_t *g, int64_t *h);
void KEN_K(hist_narrow)(const uint64_t *packed, int64_t n, int shift, int64_t *restrict g,
                        int64_t *restrict h) {
    const uint64_t mask = (UINT64_C(1) << shift) - 1;
    for (int64_t i = 0; i < n; i++) {
        g[i] -= (int64_t)packed[i] >> shift;
        h[i] -= (int64_t)(packed[i] & mask);
    }
}

void KEN_K(hist_subtract)(const uint64_t *words, int64_t n, uint64_t *from);
void KEN_K(hist_subtract)(const uint64_t *restrict words, int64_t n, uint64_t *restrict from) {
    for (int64_t i = 0; i < n; i++) from[i] -= words[i];
}

/* 2^52 + 2^51: adding it rounds a double of small size to a whole number, ties to even, and leaves
 * that number in the low bits. */
#define HIST_MAGIC 6755399441055744.0

static inline int64_t hist_whole(double x) {
    int64_t bits, magic;
    const double y = x + HIST_MAGIC, m = HIST_MAGIC;
    memcpy(&bits, &y, sizeof bits);
    memcpy(&magic, &m, sizeof magic);
    return bits - magic;
}

void KEN_K(hist_pack)(const double *g, const double *h, int64_t n, double scale_g, double scale_h,
                      int shift, uint64_t *out);
void KEN_K(hist_pack)(const double *restrict g, const double *restrict h, int64_t n, double scale_g,
                      double scale_h, int shift, uint64_t *restrict out) {
    if (!h) {
        for (int64_t i = 0; i < n; i++)
            out[i] = ((uint64_t)hist_whole(g[i] * scale_g) << shift) + 1;
        return;
    }
    for (int64_t i = 0; i < n; i++) {
        const int64_t whole = hist_whole(h[i] * scale_h);
        out[i] =
            ((uint64_t)hist_whole(g[i] * scale_g) << shift) + (uint64_t)(whole > 1 ? whole : 1);
    }
}

void KEN_K(hist_range)(const uint64_t *gh, int64_t n, int shift, uint64_t range[2]);
void KEN_K(hist_range)(const uint64_t *gh, int64_t n, int shift, uint64_t range[2]) {
    const uint64_t mask = (UINT64_C(1) << shift) - 1;
    uint64_t lo = mask, hi = 0;
    for (int64_t i = 0; i < n; i++) {
        const uint64_t h = gh[i] & mask;
        lo = h < lo ? h : lo;
        hi = h > hi ? h : hi;
    }
    range[0] = lo;
    range[1] = hi;
}

/* --- split gains --------------------------------------------------------------------------------
 */
/* score(G, H) = soft(G, l1)^2 / (H + l2); both terms over one denominator: one division. */

void KEN_K(split_gains)(const double *G, const double *H, int n, const double total[2],
                        const double missing[2], double l1, double l2, double least, double *gain);
void KEN_K(split_gains)(const double *restrict G, const double *restrict H, int n,
                        const double total[2], const double missing[2], double l1, double l2,
                        double least, double *restrict gain) {
    const double Gt = total[0], Ht = total[1], Gm = missing[0], Hm = missing[1];
    if (l1 > 0) {
        for (int b = 0; b < n; b++) {
            const double gl = G[b] + Gm, hl = H[b] + Hm, gr = Gt - gl, hr = Ht - hl;
            const double al = gl < 0 ? -gl : gl, ar = gr < 0 ? -gr : gr;
            const double sl = al > l1 ? al - l1 : 0.0, sr = ar > l1 ? ar - l1 : 0.0;
            const double L = hl + l2, R = hr + l2;
            const double score = (sl * sl * R + sr * sr * L) / (L * R);
            gain[b] = ((hl >= least) & (hr >= least)) ? score : -1.0;
        }
        return;
    }
    for (int b = 0; b < n; b++) {
        const double gl = G[b] + Gm, hl = H[b] + Hm, gr = Gt - gl, hr = Ht - hl;
        const double L = hl + l2, R = hr + l2;
        const double score = (gl * gl * R + gr * gr * L) / (L * R);
        gain[b] = ((hl >= least) & (hr >= least)) ? score : -1.0;
    }
}

/* --- partition ----------------------------------------------------------------------------------
 */

enum { PARTITION_FAR = 64 }; /* rows asked for in advance, as far as the second cache */

int64_t KEN_K(partition_mark)(const uint8_t *codes, int64_t stride, const uint32_t *rows, int64_t n,
                              const uint8_t *left, uint8_t *mark);
int64_t KEN_K(partition_mark)(const uint8_t *codes, int64_t stride, const uint32_t *rows, int64_t n,
                              const uint8_t *left, uint8_t *mark) {
    const bool scattered = n > 0 && (int64_t)rows[n - 1] - (int64_t)rows[0] >= 32 * n; /* else the CPU looks ahead */
    int64_t count = 0, i = 0;
    for (; scattered && i + PARTITION_FAR < n; i++) {
        KEN_PREFETCH_FAR(codes + (int64_t)rows[i + PARTITION_FAR] * stride);
        mark[i] = left[codes[(int64_t)rows[i] * stride]];
        count += mark[i];
    }
    for (; i < n; i++) {
        mark[i] = left[codes[(int64_t)rows[i] * stride]];
        count += mark[i];
    }
    return count;
}

void KEN_K(partition_move)(const uint8_t *mark, const uint32_t *rows, const uint64_t *gh, int64_t n,
                           uint32_t *out_rows, uint64_t *out_gh, int64_t left, int64_t right);
void KEN_K(partition_move)(const uint8_t *mark, const uint32_t *rows, const uint64_t *gh, int64_t n,
                           uint32_t *out_rows, uint64_t *out_gh, int64_t left, int64_t right) {
    int64_t i = 0;
#if KEN_AVX512
    for (; i + 16 <= n; i += 16) {
        const __mmask16 l =
            _mm_test_epi8_mask(_mm_loadu_si128((const __m128i *)(mark + i)), _mm_set1_epi8(1));
        const __mmask16 r = (__mmask16)~l;
        const __m512i row = _mm512_loadu_si512(rows + i);
        const __m512i a = _mm512_loadu_si512(gh + i), b = _mm512_loadu_si512(gh + i + 8);
        const unsigned nl = (unsigned)__builtin_popcount(l), nr = 16 - nl;
        const unsigned la = (unsigned)__builtin_popcount(l & 255), ra = 8 - la;
        _mm512_mask_storeu_epi32(out_rows + left, (__mmask16)((1u << nl) - 1),
                                 _mm512_maskz_compress_epi32(l, row));
        _mm512_mask_storeu_epi32(out_rows + right, (__mmask16)((1u << nr) - 1),
                                 _mm512_maskz_compress_epi32(r, row));
        _mm512_mask_storeu_epi64(out_gh + left, (__mmask8)((1u << la) - 1),
                                 _mm512_maskz_compress_epi64((__mmask8)l, a));
        _mm512_mask_storeu_epi64(out_gh + left + la, (__mmask8)((1u << (nl - la)) - 1),
                                 _mm512_maskz_compress_epi64((__mmask8)(l >> 8), b));
        _mm512_mask_storeu_epi64(out_gh + right, (__mmask8)((1u << ra) - 1),
                                 _mm512_maskz_compress_epi64((__mmask8)r, a));
        _mm512_mask_storeu_epi64(out_gh + right + ra, (__mmask8)((1u << (nr - ra)) - 1),
                                 _mm512_maskz_compress_epi64((__mmask8)(r >> 8), b));
        left += nl;
        right += nr;
    }
#endif
    for (; i < n; i++) {
        const int64_t at = mark[i] ? left : right;
        out_rows[at] = rows[i];
        out_gh[at] = gh[i];
        left += mark[i];
        right += 1 - mark[i];
    }
}
