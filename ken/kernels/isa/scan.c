/* Text scanning for tables in text: 64 bytes a step become bit masks (bit i is byte i), and quotes
 * are paired by a prefix sum over bits. All whole numbers: the same on every instruction set.
 * source  Langdale & Lemire 2019, Parsing gigabytes of JSON per second, section 3. */
#include "ken/kernels/isa/isa.h"

#include <string.h>

#if defined(__PCLMUL__)
#include <wmmintrin.h>
#endif

int64_t KEN_K(scan_survey)(ken_survey *s, const char *text, int64_t n);
int64_t KEN_K(scan_index)(ken_scan *s, const char *text, int64_t n);

/* --- 64 bytes as masks -------------------------------------------------------------------------
 */
#if KEN_AVX512 && defined(__AVX512BW__)
typedef __m512i scan_block;
static inline scan_block scan_load(const char *p) { return _mm512_loadu_si512(p); }
static inline uint64_t scan_equal(scan_block b, char c) {
    return _mm512_cmpeq_epi8_mask(b, _mm512_set1_epi8(c));
}
static inline uint64_t scan_high(scan_block b) { return _mm512_movepi8_mask(b); }
#elif KEN_AVX2
typedef struct scan_block {
    __m256i low, high;
} scan_block;
static inline scan_block scan_load(const char *p) {
    const scan_block b = {_mm256_loadu_si256((const __m256i *)(const void *)p),
                          _mm256_loadu_si256((const __m256i *)(const void *)(p + 32))};
    return b;
}
static inline uint64_t scan_both(__m256i low, __m256i high) {
    return (uint32_t)_mm256_movemask_epi8(low) | (uint64_t)(uint32_t)_mm256_movemask_epi8(high)
                                                     << 32;
}
static inline uint64_t scan_equal(scan_block b, char c) {
    const __m256i v = _mm256_set1_epi8(c);
    return scan_both(_mm256_cmpeq_epi8(b.low, v), _mm256_cmpeq_epi8(b.high, v));
}
static inline uint64_t scan_high(scan_block b) { return scan_both(b.low, b.high); }
#else
typedef struct scan_block {
    uint64_t word[8];
} scan_block;
static inline scan_block scan_load(const char *p) {
    scan_block b;
    memcpy(&b, p, sizeof b);
    return b;
}
/* The top bits of 8 bytes, gathered: byte 0 gives bit 0. */
static inline uint64_t scan_gather(uint64_t top) { return (top >> 7) * 0x0102040810204080u >> 56; }
static inline uint64_t scan_equal(scan_block b, char c) {
    const uint64_t ones = 0x0101010101010101u, low = 0x7f7f7f7f7f7f7f7fu;
    uint64_t mask = 0;
    for (int k = 0; k < 8; k++) {
        const uint64_t x = b.word[k] ^ ones * (uint8_t)c;
        mask |= scan_gather(~(((x & low) + low) | x) & ~low) << (8 * k);
    }
    return mask;
}
static inline uint64_t scan_high(scan_block b) {
    uint64_t mask = 0;
    for (int k = 0; k < 8; k++) mask |= scan_gather(b.word[k] & 0x8080808080808080u) << (8 * k);
    return mask;
}
#endif

/* Bit i of the result is the parity of bits 0..i. */
static inline uint64_t scan_parity(uint64_t x) {
#if defined(__PCLMUL__)
    const __m128i product =
        _mm_clmulepi64_si128(_mm_set_epi64x(0, (int64_t)x), _mm_set1_epi8((char)0xFF), 0);
    return (uint64_t)_mm_cvtsi128_si64(product);
#else
    for (int k = 1; k < 64; k *= 2) x ^= x << k;
    return x;
#endif
}

static inline int scan_count(uint64_t x) {
#if defined(__GNUC__)
    return __builtin_popcountll(x);
#else
    int n = 0;
    for (; x; x &= x - 1) n++;
    return n;
#endif
}

static inline int scan_first(uint64_t x) { /* x is not 0 */
#if defined(__GNUC__)
    return __builtin_ctzll(x);
#else
    int n = 0;
    while (!(x >> n & 1)) n++;
    return n;
#endif
}

/* The last, short block: padded, with a mask of the bytes that are there. */
static inline scan_block scan_tail(const char *text, int64_t n, uint64_t *there) {
    char padded[64];
    memset(padded, ' ', sizeof padded);
    memcpy(padded, text, (size_t)n);
    *there = ((uint64_t)1 << n) - 1;
    return scan_load(padded);
}

/* --- survey: what a piece looks like from afar, whether it starts inside quotes or not ----------
 */
static inline void scan_survey_lines(ken_survey *s, int side, uint64_t ends, uint64_t rows,
                                     int64_t at) {
    s->rows[side] += scan_count(rows);
    if (s->first[side] < 0 && ends) {
        const int k = scan_first(ends);
        s->first[side] = at + k;
        s->first_is_row[side] = (int)(rows >> k & 1);
    }
}

static inline void scan_survey_block(ken_survey *s, scan_block b, uint64_t there, int64_t at) {
    const uint64_t newline = scan_equal(b, s->newline) & there;
    const uint64_t quote = s->quote ? scan_equal(b, s->quote) & there : 0;
    const uint64_t cr = scan_equal(b, '\r') & there;
    const uint64_t after = newline << 1 | (s->carry & 1); /* just after a line end */
    const uint64_t after_cr = after & cr;                 /* an empty line's CR */
    const uint64_t blank = newline & (after | after_cr << 1 | (s->carry >> 1 & 1));
    s->carry = newline >> 63 | (after_cr >> 63) << 1;
    s->non_ascii |= scan_high(b) & there;
    s->nul |= scan_equal(b, 0) & there;
    s->quotes += scan_count(quote);
    uint64_t inside = s->inside;
    if (quote) {
        inside ^= scan_parity(quote);
        s->inside = (uint64_t)0 - (inside >> 63);
    }
    scan_survey_lines(s, 0, newline & ~inside, newline & ~blank & ~inside, at);
    if (s->quote) scan_survey_lines(s, 1, newline & inside, newline & ~blank & inside, at);
}

int64_t KEN_K(scan_survey)(ken_survey *s, const char *text, int64_t n) {
    int64_t i = 0;
    uint64_t there;
    for (; i + 64 <= n; i += 64) scan_survey_block(s, scan_load(text + i), ~(uint64_t)0, i);
    if (i < n) {
        const scan_block b = scan_tail(text + i, n - i, &there);
        scan_survey_block(s, b, there, i);
    }
    return n;
}

/* --- index: where the cells end ----------------------------------------------------------------
 */
/* Eight at a time without asking whether there are eight: what is too much is overwritten. */
static inline uint32_t *scan_positions(uint32_t *out, uint64_t mask, uint32_t at) {
    const int n = scan_count(mask);
    for (int done = 0; done < n; done += 8)
        for (int k = 0; k < 8; k++) {
            out[done + k] = at + (uint32_t)(mask ? scan_first(mask) : 0);
            mask &= mask - 1;
        }
    return out + n;
}

/* An opening quote stands at the start of a cell (or after a quote: a doubled one), and what
 * follows a closing quote ends the cell. Anything else, and pairing quotes by parity is not to be
 * trusted. */
static inline uint64_t scan_check_quotes(ken_scan *s, uint64_t quote, uint64_t separator,
                                         uint64_t cr, uint64_t inside, uint64_t there) {
    const uint64_t opening = quote & inside, closing = quote & ~inside;
    const uint64_t may_open = separator << 1 | (s->carry & 1) | closing << 1 | (s->carry >> 1 & 1);
    const uint64_t after = closing << 1 | (s->carry >> 1 & 1);
    return (opening & ~may_open) | (after & there & ~(separator | cr | quote));
}

static inline void scan_index_block(ken_scan *s, scan_block b, uint64_t there, uint32_t at) {
    const uint64_t newline = scan_equal(b, s->newline) & there;
    const uint64_t separator = newline | (scan_equal(b, s->delimiter) & there);
    const uint64_t quote = s->quote ? scan_equal(b, s->quote) & there : 0;
    uint64_t inside = s->inside;
    if (quote | (s->carry & 2)) {
        inside ^= scan_parity(quote);
        s->irregular |=
            scan_check_quotes(s, quote, separator, scan_equal(b, '\r') & there, inside, there);
        s->inside = (uint64_t)0 - (inside >> 63);
    }
    s->carry = separator >> 63 | ((quote & ~inside) >> 63) << 1;
    const uint64_t cells = separator & ~inside;
    uint64_t rows = newline & ~inside;
    uint32_t *out = s->pos + s->n_pos;
    while (rows) {
        const uint64_t bit = rows & (0 - rows);
        s->ends[s->n_ends++] = (uint32_t)s->n_pos + (uint32_t)scan_count(cells & (bit - 1));
        rows ^= bit;
    }
    s->n_pos = scan_positions(out, cells, at) - s->pos;
}

int64_t KEN_K(scan_index)(ken_scan *s, const char *text, int64_t n) {
    int64_t i = 0;
    uint64_t there;
    for (; i + 64 <= n; i += 64)
        scan_index_block(s, scan_load(text + i), ~(uint64_t)0, s->at + (uint32_t)i);
    if (i < n) {
        const scan_block b = scan_tail(text + i, n - i, &there);
        scan_index_block(s, b, there, s->at + (uint32_t)i);
    }
    s->at += (uint32_t)n;
    return s->n_pos;
}
