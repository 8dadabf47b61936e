/* The inner step of reading a decimal number, for scanners that gather the digits themselves (CSV).
 * Whole texts are read by ken_parse_f64 of text.h. */
#ifndef KEN_CORE_NUMBER_H
#define KEN_CORE_NUMBER_H

#include <string.h>

#include "ken/core/text.h"

KEN_BEGIN_C

#define KEN_POWER_MIN (-342)
#define KEN_POWER_MAX 324
/* Row q - KEN_POWER_MIN: the leading 128 bits of 10^q, high word first (number_powers.h). */
KEN_API extern const uint64_t ken_power_bits[KEN_POWER_MAX - KEN_POWER_MIN + 1][2];
/* 10^0 .. 10^22: those that a double holds exactly. */
KEN_API extern const double ken_power_exact[23];

/* The high word of a * b; *low gets the other. */
static inline uint64_t ken_mul_u64(uint64_t a, uint64_t b, uint64_t *low) {
#if defined(__SIZEOF_INT128__)
    __extension__ typedef unsigned __int128 wide;
    const wide p = (wide)a * b;
    *low = (uint64_t)p;
    return (uint64_t)(p >> 64);
#else
    const uint64_t a0 = (uint32_t)a, a1 = a >> 32, b0 = (uint32_t)b, b1 = b >> 32;
    const uint64_t mid = a1 * b0 + (a0 * b0 >> 32);
    const uint64_t mid2 = a0 * b1 + (uint32_t)mid;
    *low = a * b;
    return a1 * b1 + (mid >> 32) + (mid2 >> 32);
#endif
}

/* Zeros above the highest set bit; x > 0. */
static inline int ken_clz_u64(uint64_t x) {
#if defined(__GNUC__)
    return __builtin_clzll(x);
#else
    int n = 0;
    while (!(x >> 63)) x <<= 1, n++;
    return n;
#endif
}

/* The double nearest to mantissa * 10^exponent10, as bits; ties to even.
 * source  Lemire 2021, Number parsing at a gigabyte per second, alg. 1; that the product of 128
 * bits always decides: Mushtak and Lemire 2023, Fast number parsing without fallback. */
static inline uint64_t ken_decimal_bits(uint64_t mantissa, int exponent10) {
    const uint64_t infinity = (uint64_t)0x7ff << 52;
    uint64_t low, high, low2, high2, m;
    int shift, zeros, upper, e;
    if (mantissa == 0 || exponent10 < KEN_POWER_MIN) return 0;
    if (exponent10 > 308) return infinity;
    zeros = ken_clz_u64(mantissa);
    mantissa <<= zeros;
    high = ken_mul_u64(mantissa, ken_power_bits[exponent10 - KEN_POWER_MIN][0], &low);
    if ((high & 0x1ff) == 0x1ff) { /* the second word may carry into the bits that count */
        high2 = ken_mul_u64(mantissa, ken_power_bits[exponent10 - KEN_POWER_MIN][1], &low2);
        low += high2;
        if (high2 > low) high++;
    }
    upper = (int)(high >> 63);
    shift = upper + 9;
    m = high >> shift; /* 54 bits: 53 and the one that rounds */
    e = ((217706 * exponent10) >> 16) + 63 + upper - zeros + 1023;
    if (e <= 0) { /* below the normal range: fewer bits are kept */
        if (1 - e >= 64) return 0;
        m >>= 1 - e;
        m += m & 1;
        m >>= 1;
        return m; /* a carry into bit 52 is the smallest normal number, as it should be */
    }
    /* Exactly half way is possible only here, and then the even neighbor is below. */
    if (low <= 1 && exponent10 >= -4 && exponent10 <= 23 && (m & 3) == 1 && m << shift == high)
        m &= ~(uint64_t)1;
    m += m & 1;
    m >>= 1;
    if (m >= (uint64_t)1 << 53) {
        m = (uint64_t)1 << 52;
        e++;
    }
    if (e >= 0x7ff) return infinity;
    return (m & (((uint64_t)1 << 52) - 1)) | (uint64_t)e << 52;
}

/* *out = mantissa * 10^exponent10, correctly rounded, for any mantissa (all digits of the number,
 * at most 19 of them). Too big is infinity. false is for callers with more digits: never today. */
static inline bool ken_decimal_to_f64(uint64_t mantissa, int exponent10, double *out) {
    uint64_t bits;
    /* Both factors exact, one rounding: Clinger 1990. */
    if (KEN_LIKELY(mantissa <= (uint64_t)1 << 53 && exponent10 >= -22 && exponent10 <= 22)) {
        *out = exponent10 < 0 ? (double)mantissa / ken_power_exact[-exponent10]
                              : (double)mantissa * ken_power_exact[exponent10];
        return true;
    }
    bits = ken_decimal_bits(mantissa, exponent10);
    memcpy(out, &bits, sizeof bits);
    return true;
}

/* private: eight bytes, the first one lowest, wherever they lie. */
static inline uint64_t ken__load_word(const char *s) {
    uint64_t word;
    memcpy(&word, s, sizeof word);
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

KEN_END_C

#endif
