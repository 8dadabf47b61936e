/* Numbers out of text, sixteen characters at a time: [-]digits[.digits] whose digits a double holds
 * exactly, and [-]digits. One division of two exact numbers is rounded once (Clinger 1990), so the
 * bits are those of any correct reader, on every instruction set. Everything else (exponents, more
 * digits, blanks, leading zeros of whole numbers) is left to the caller.
 * source  maddubs chains: Mula 2014; Langdale & Lemire 2019. */
#include "ken/kernels/isa/isa.h"

#include <string.h>

#include "ken/core/number.h"

int64_t KEN_K(read_decimals)(const char *text, const ken_span *span, int64_t n, char point,
                             double *out);
int64_t KEN_K(read_integers)(const char *text, const ken_span *span, int64_t n, int64_t *out);

#define DECIMAL_EXACT ((uint64_t)1 << 53)

/* 1 for a minus. Not `==`: the byte that setcc writes would wait for the result before it. */
static inline uint32_t decimal_sign(const char *s) {
    return (((uint32_t)(uint8_t)*s ^ '-') - 1) >> 31;
}

#if KEN_AVX2
/* The digits of s[0..n), n in 1..16, around at most one point. */
static inline bool decimal_digits(const char *s, uint32_t n, char point, bool whole,
                                  uint64_t *value, uint32_t *fraction) {
    const __m128i v = _mm_loadu_si128((const __m128i *)(const void *)s);
    const __m128i iota = _mm_setr_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    const uint32_t there = (uint32_t)((1u << n) - 1);
    const __m128i digit = _mm_sub_epi8(v, _mm_set1_epi8('0'));
    const uint32_t good =
        (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(_mm_min_epu8(digit, _mm_set1_epi8(9)), digit));
    const uint32_t points =
        whole ? 0 : (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(v, _mm_set1_epi8(point))) & there;
    const uint32_t at = (uint32_t)__builtin_ctz(points | 1u << n), has = points != 0,
                   digits = n - has;
    /* 16 - digits zeros, then the digits; those behind the point come from one further on */
    const __m128i place = _mm_sub_epi8(iota, _mm_set1_epi8((char)(16 - digits)));
    const __m128i behind = _mm_cmpgt_epi8(place, _mm_set1_epi8((char)((int)at - 1)));
    const __m128i ones = _mm_shuffle_epi8(digit, _mm_sub_epi8(place, behind));
    const __m128i pairs = _mm_maddubs_epi16(ones, _mm_set1_epi16(0x010A));
    const __m128i fours = _mm_madd_epi16(pairs, _mm_set1_epi32(0x00010064));
    const __m128i eights =
        _mm_madd_epi16(_mm_packus_epi32(fours, fours), _mm_set1_epi32(0x00012710));
    const uint64_t halves = (uint64_t)_mm_cvtsi128_si64(eights);
    *value = (halves & 0xFFFFFFFFu) * 100000000 + (halves >> 32);
    *fraction = n - has - at;
    const bool zeros = !has && n > 1 && *s == '0';
    return ((good | points) & there) == there && !(points & (points - 1)) && digits && !zeros;
}
#else
/* Eight digits, the first in the low byte, as values 0..9 (Mula's three multiplications). */
static inline uint64_t decimal_eight(uint64_t t) {
    t = t * 10 + (t >> 8);
    return ((t & 0x000000FF000000FFu) * 0x000F424000000064u +
            ((t >> 16) & 0x000000FF000000FFu) * 0x0000271000000001u) >>
           32;
}

static inline bool decimal_digits_ok(uint64_t t) {
    return !(((t + 0x7676767676767676u) | t) & 0x8080808080808080u);
}

/* The bytes of n (1..16) digits moved to the end of 16, zeros before them. */
static inline bool decimal_sixteen(uint64_t low, uint64_t high, uint32_t n, uint64_t *value) {
    const uint64_t zeros = 0x3030303030303030u;
    if (n <= 8) {
        const uint32_t shift = (8 - n) * 8;
        const uint64_t t = (low ^ zeros) << shift;
        *value = decimal_eight(t);
        return decimal_digits_ok(t);
    }
    const uint32_t shift = (16 - n) * 8; /* 0..56 */
    low ^= zeros, high ^= zeros;
    const uint64_t second = shift ? high << shift | low >> (64 - shift) : high;
    const uint64_t first = low << shift;
    *value = decimal_eight(first) * 100000000 + decimal_eight(second);
    return decimal_digits_ok(first) && decimal_digits_ok(second);
}

/* Where c is among the first n (<= 8) bytes of word, n: nowhere. */
static inline uint32_t decimal_find(uint64_t word, uint64_t pattern, uint32_t n) {
    const uint64_t x = word ^ pattern;
    const uint64_t hit = (x - 0x0101010101010101u) & ~x & 0x8080808080808080u;
    if (!hit) return n;
#if defined(__GNUC__)
    const uint32_t at = (uint32_t)__builtin_ctzll(hit) >> 3;
#else
    uint32_t at = 0;
    while (!(hit >> (8 * at + 7) & 1)) at++;
#endif
    return KEN_MIN(at, n);
}

/* The digits of s[0..n), n in 1..16, around at most one point. */
static inline bool decimal_digits(const char *s, uint32_t n, char point, bool whole,
                                  uint64_t *value, uint32_t *fraction) {
    const uint64_t pattern = 0x0101010101010101u * (uint8_t)point;
    uint64_t low = ken__load_word(s), high = n > 8 ? ken__load_word(s + 8) : 0;
    uint32_t at = n;
    if (!whole) {
        at = decimal_find(low, pattern, KEN_MIN(n, 8));
        if (at == 8 && n > 8) at += decimal_find(high, pattern, n - 8);
    }
    *fraction = 0;
    if (at == n && n > 1 && *s == '0') return false;
    if (at < n) { /* close the gap */
        *fraction = --n - at;
        if (at < 8) {
            const uint64_t before = ((uint64_t)1 << (8 * at)) - 1;
            low = (low & before) | ((low >> 8 | high << 56) & ~before);
            high >>= 8;
        } else {
            const uint64_t before = ((uint64_t)1 << (8 * (at - 8))) - 1;
            high = (high & before) | (high >> 8 & ~before);
        }
        if (n == 0) return false;
    }
    return decimal_sixteen(low, high, n, value);
}
#endif

int64_t KEN_K(read_decimals)(const char *text, const ken_span *span, int64_t n, char point,
                             double *out) {
    for (int64_t i = 0; i < n; i++) {
        const char *s = text + span[i].start;
        const uint32_t sign = decimal_sign(s), size = span[i].size - sign;
        uint64_t value, bits;
        uint32_t fraction;
        if (size - 1 >= 16 || !decimal_digits(s + sign, size, point, false, &value, &fraction) ||
            value > DECIMAL_EXACT)
            return i;
        const double magnitude = (double)(int64_t)value / ken_power_exact[fraction];
        memcpy(&bits, &magnitude, sizeof bits);
        bits |= (uint64_t)sign << 63;
        memcpy(&out[i], &bits, sizeof bits);
    }
    return n;
}

int64_t KEN_K(read_integers)(const char *text, const ken_span *span, int64_t n, int64_t *out) {
    for (int64_t i = 0; i < n; i++) {
        const char *s = text + span[i].start;
        const uint32_t sign = decimal_sign(s), size = span[i].size - sign;
        uint64_t value;
        uint32_t fraction;
        if (size - 1 >= 16 || !decimal_digits(s + sign, size, 0, true, &value, &fraction)) return i;
        out[i] = ((int64_t)value ^ -(int64_t)sign) + (int64_t)sign;
    }
    return n;
}
