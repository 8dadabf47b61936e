/* Numbers to and from text, exact and without a locale.
 *
 * Reading: the first 19 digits by a 128-bit product (number.h); with more digits the two neighbors
 * 19 digits allow are compared, and if they round apart big integers decide.
 * Printing: the shortest decimal by Schubfach (Giulietti 2021, The Schubfach way to render
 * doubles); a given number of digits from the exact expansion in big integers. */
#include "ken/core/number.h"

#include <math.h>
#include <string.h>

const uint64_t ken_power_bits[KEN_POWER_MAX - KEN_POWER_MIN + 1][2] = {
#include "ken/core/number_powers.h"
};
const double ken_power_exact[23] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                    1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

/* --- whole numbers of up to 5000 bits ------------------------------------------------------- */
/* The longest: 770 digits (2558 bits) against 54 bits times 5^1112, or a shift of some 2600 bits.
 */
#define NUMBER_LIMBS 160
typedef struct number_big {
    int n; /* limbs in use; the highest is not 0 */
    uint32_t limb[NUMBER_LIMBS];
} number_big;

/* b = b * factor + add */
static void number_mul_add(number_big *b, uint32_t factor, uint32_t add) {
    uint64_t carry = add;
    for (int i = 0; i < b->n; i++) {
        carry += (uint64_t)b->limb[i] * factor;
        b->limb[i] = (uint32_t)carry;
        carry >>= 32;
    }
    if (carry && b->n < NUMBER_LIMBS) b->limb[b->n++] = (uint32_t)carry;
}

static void number_mul_pow5(number_big *b, int power) {
    for (; power >= 13; power -= 13) number_mul_add(b, 1220703125u, 0); /* 5^13 */
    for (; power > 0; power--) number_mul_add(b, 5, 0);
}

static void number_shift(number_big *b, int bits) {
    const int limbs = bits / 32;
    if (b->n == 0) return;
    number_mul_add(b, (uint32_t)1 << (bits % 32), 0);
    if (limbs == 0 || b->n + limbs > NUMBER_LIMBS) return;
    memmove(b->limb + limbs, b->limb, (size_t)b->n * sizeof(b->limb[0]));
    memset(b->limb, 0, (size_t)limbs * sizeof(b->limb[0]));
    b->n += limbs;
}

static number_big number_of(uint64_t value) {
    number_big b;
    b.n = value == 0 ? 0 : value >> 32 ? 2 : 1;
    b.limb[0] = (uint32_t)value;
    b.limb[1] = (uint32_t)(value >> 32);
    return b;
}

static int number_compare(const number_big *a, const number_big *b) {
    if (a->n != b->n) return a->n < b->n ? -1 : 1;
    for (int i = a->n - 1; i >= 0; i--)
        if (a->limb[i] != b->limb[i]) return a->limb[i] < b->limb[i] ? -1 : 1;
    return 0;
}

/* The remainder of b / 10^9, b becoming the quotient. */
static uint32_t number_div_1e9(number_big *b) {
    uint64_t rest = 0;
    for (int i = b->n - 1; i >= 0; i--) {
        rest = rest << 32 | b->limb[i];
        b->limb[i] = (uint32_t)(rest / 1000000000u);
        rest %= 1000000000u;
    }
    while (b->n > 0 && b->limb[b->n - 1] == 0) b->n--;
    return (uint32_t)rest;
}

/* --- reading -------------------------------------------------------------------------------- */
/* The parts of a decimal: digits (with at most one point among them) from the first that is not 0.
 * Its value is 0.DDDD... * 10^point. */
typedef struct number_parts {
    const char *digits, *end;
    int64_t point;
} number_parts;

static bool number_is_digit(char c) { return (unsigned char)(c - '0') < 10; }

/* Of two neighbors, the double with `bits` and the next one, the nearer to the decimal. */
static uint64_t number_decide(const number_parts *p, uint64_t bits) {
    const uint64_t fraction = bits & (((uint64_t)1 << 52) - 1);
    const int field = (int)(bits >> 52);
    const uint64_t m = field ? fraction | (uint64_t)1 << 52 : fraction;
    const int exponent2 = (field ? field : 1) - 1075 - 1; /* half way is (2m + 1) * 2^exponent2 */
    number_big decimal = number_of(0), half = number_of(2 * m + 1);
    int used = 0, exponent10, order;
    bool rest = false;
    for (const char *c = p->digits; c < p->end; c++) {
        if (*c == '.') continue;
        if (used < 769) {
            number_mul_add(&decimal, 10, (uint32_t)(*c - '0'));
            used++;
        } else if (*c != '0') {
            rest = true;
            break;
        }
    }
    if (rest) { /* a half way point has at most 767 digits: only "a little more" matters */
        number_mul_add(&decimal, 10, 1);
        used++;
    }
    exponent10 = (int)(p->point - used);
    number_mul_pow5(exponent10 < 0 ? &half : &decimal, exponent10 < 0 ? -exponent10 : exponent10);
    if (exponent10 > exponent2)
        number_shift(&decimal, exponent10 - exponent2);
    else
        number_shift(&half, exponent2 - exponent10);
    order = number_compare(&decimal, &half);
    return order > 0 || (order == 0 && (bits & 1)) ? bits + 1 : bits;
}

/* Far outside the range of doubles it does not matter how far. */
static int number_clamp(int64_t exponent10) {
    return exponent10 > 400 ? 400 : exponent10 < -400 ? -400 : (int)exponent10;
}

/* Bits of the decimal of more than 19 digits, the first 19 of which are `first`. */
static uint64_t number_long(const number_parts *p, uint64_t first) {
    const int exponent10 = number_clamp(p->point - 19);
    const uint64_t below = ken_decimal_bits(first, exponent10);
    if (below == ken_decimal_bits(first + 1, exponent10)) return below;
    return number_decide(p, below);
}

static bool number_word(const char *s, size_t size, const char *word) {
    size_t i = 0;
    for (; i < size && word[i]; i++)
        if ((s[i] | 32) != word[i]) return false;
    return i == size && !word[i];
}

static bool number_special(const char *s, size_t size, bool negative, double *out) {
    if (number_word(s, size, "inf") || number_word(s, size, "infinity"))
        *out = negative ? -INFINITY : INFINITY;
    else if (number_word(s, size, "nan"))
        *out = negative ? -NAN : NAN;
    else
        return false;
    return true;
}

/* The exponent after 'e' in s[*i..size), added to *point, kept within some 10^15. */
static bool number_exponent(const char *s, size_t size, size_t *i, int64_t *exponent) {
    int64_t e = 0;
    bool negative = false;
    *exponent = 0;
    if (*i >= size || (s[*i] | 32) != 'e') return true;
    ++*i;
    if (*i < size && (s[*i] == '+' || s[*i] == '-')) negative = s[(*i)++] == '-';
    if (*i >= size || !number_is_digit(s[*i])) return false;
    for (; *i < size && number_is_digit(s[*i]); ++*i)
        if (e < 1000000000000000) e = e * 10 + (s[*i] - '0');
    *exponent = negative ? -e : e;
    return true;
}

/* Bits of s[start..end), digits with perhaps a point at `point` (== end: none), times 10^exponent.
 */
static uint64_t number_many_digits(const char *s, size_t start, size_t point, size_t end,
                                   int64_t exponent) {
    uint64_t mantissa = 0;
    int kept = 0;
    size_t first = start; /* not 0, not the point */
    while (first < end && (s[first] == '0' || s[first] == '.')) first++;
    number_parts p = {s + first, s + end, exponent};
    p.point += first <= point ? (int64_t)(point - first) : -(int64_t)(first - point - 1);
    for (size_t i = first; i < end && kept < 19; i++) {
        if (s[i] == '.') continue;
        mantissa = mantissa * 10 + (uint64_t)(s[i] - '0');
        kept++;
    }
    return kept < 19 ? ken_decimal_bits(mantissa, number_clamp(p.point - kept))
                     : number_long(&p, mantissa);
}

bool ken_parse_f64(const char *s, size_t size, double *out) {
    size_t i = 0, digits;
    int64_t exponent;
    uint64_t mantissa = 0;
    const bool negative = size > 0 && s[0] == '-';
    if (size > 0 && (s[0] == '-' || s[0] == '+')) i = 1;
    const size_t start = i;
    while (i < size && number_is_digit(s[i])) mantissa = mantissa * 10 + (uint64_t)(s[i++] - '0');
    const size_t point = i;
    digits = point - start;
    if (i < size && s[i] == '.') {
        for (i++; i < size && number_is_digit(s[i]); i++)
            mantissa = mantissa * 10 + (uint64_t)(s[i] - '0');
        digits += i - point - 1;
    }
    const size_t end = i;
    if (digits == 0) return number_special(s + start, size - start, negative, out);
    if (!number_exponent(s, size, &i, &exponent) || i != size) return false;
    if (digits <= 19) {
        const int64_t after_point = end > point ? (int64_t)(end - point - 1) : 0;
        ken_decimal_to_f64(mantissa, number_clamp(exponent - after_point), out);
    } else {
        const uint64_t bits = number_many_digits(s, start, point, end, exponent);
        memcpy(out, &bits, sizeof bits);
    }
    if (negative) *out = -*out;
    return true;
}

bool ken_parse_i64(const char *s, size_t size, int64_t *out, bool *overflow) {
    size_t i = 0;
    uint64_t value = 0;
    bool over = false;
    const bool negative = size > 0 && s[0] == '-';
    const uint64_t limit = (uint64_t)INT64_MAX + negative;
    if (overflow) *overflow = false;
    if (size > 0 && (s[0] == '-' || s[0] == '+')) i = 1;
    if (i == size) return false;
    for (; i < size; i++) {
        const uint64_t digit = (uint64_t)(unsigned char)s[i] - '0';
        if (digit > 9) return false;
        if (value > (limit - digit) / 10) over = true;
        value = value * 10 + digit;
    }
    if (overflow) *overflow = over;
    if (over) return false;
    *out = negative ? (int64_t)(0 - value) : (int64_t)value;
    return true;
}

/* --- printing ------------------------------------------------------------------------------- */
/* The high word of the 192-bit product of a power and `c`, its last bit set if anything is below.
 */
static uint64_t number_round_odd(uint64_t high, uint64_t low, uint64_t c) {
    uint64_t lowest, y0, carry = ken_mul_u64(low, c, &lowest);
    uint64_t y1 = ken_mul_u64(high, c, &y0);
    y0 += carry;
    y1 += y0 < carry;
    return y1 | (y0 > 1);
}

/* The shortest decimal digits * 10^*exponent10 inside the rounding interval of the finite, positive
 * double with these bits; the nearest to it if there are several. Schubfach, fig. 4. */
static uint64_t number_shortest(uint64_t bits, int *exponent10) {
    const uint64_t fraction = bits & (((uint64_t)1 << 52) - 1);
    const int field = (int)(bits >> 52);
    const uint64_t c = field ? fraction | (uint64_t)1 << 52 : fraction;
    const int q = (field ? field : 1) - 1075;
    const bool odd = c & 1, closer = fraction == 0 && field > 1; /* the gap below is half as wide */
    if (q <= 0 && q > -53 && (c & (((uint64_t)1 << -q) - 1)) == 0) {
        *exponent10 = 0;
        return c >> -q;
    }
    const int k = (q * 1262611 - (closer ? 524031 : 0)) >> 22; /* floor(log10) of the interval */
    const int h = q + ((-k * 1741647) >> 19) + 1;
    uint64_t high = ken_power_bits[-k - KEN_POWER_MIN][0],
             low = ken_power_bits[-k - KEN_POWER_MIN][1];
    if (-k > 55 && ++low == 0) high++; /* rounded up, see tools/make_powers.py */
    const uint64_t v = number_round_odd(high, low, (4 * c) << h);
    const uint64_t lower = number_round_odd(high, low, (4 * c - 2 + closer) << h) + odd;
    const uint64_t upper = number_round_odd(high, low, (4 * c + 2) << h) - odd;
    const uint64_t s = v / 4, tens = s / 10;
    *exponent10 = k;
    if (s >= 10) {
        const bool down = lower <= 40 * tens, up = 40 * tens + 40 <= upper;
        if (down != up) {
            *exponent10 = k + 1;
            return tens + up;
        }
    }
    const bool down = lower <= 4 * s, up = 4 * s + 4 <= upper;
    if (down != up) return s + up;
    return s + (v > 4 * s + 2 || (v == 4 * s + 2 && (s & 1)));
}

/* Lays out n digits d (value 0.ddd * 10^point): positional within [least, most), else with an
 * exponent, as "%g" does. Returns the end. */
static char *number_layout(char *buf, const char *d, int n, int point, int least, int most) {
    int e = point - 1;
    if (point > least && point <= 0) {
        *buf++ = '0';
        *buf++ = '.';
        for (int i = point; i < 0; i++) *buf++ = '0';
        memcpy(buf, d, (size_t)n);
        return buf + n;
    }
    if (point > 0 && point <= most) {
        for (int i = 0; i < n || i < point; i++) {
            if (i == point) *buf++ = '.';
            *buf++ = i < n ? d[i] : '0';
        }
        return buf;
    }
    *buf++ = d[0];
    if (n > 1) {
        *buf++ = '.';
        memcpy(buf, d + 1, (size_t)n - 1);
        buf += n - 1;
    }
    *buf++ = 'e';
    *buf++ = e < 0 ? '-' : '+';
    e = e < 0 ? -e : e;
    if (e >= 100) *buf++ = (char)('0' + e / 100);
    *buf++ = (char)('0' + e / 10 % 10);
    *buf++ = (char)('0' + e % 10);
    return buf;
}

/* NaN, infinities and zeros; NULL: an ordinary number. Writes the sign in every case. */
static char *number_special_text(uint64_t bits, char *buf) {
    const char *text = NULL;
    if (bits << 1 > (uint64_t)0x7ff << 53)
        text = "NaN";
    else if (bits << 1 == (uint64_t)0x7ff << 53)
        text = bits >> 63 ? "-Infinity" : "Infinity";
    else if (bits << 1 == 0)
        text = bits >> 63 ? "-0" : "0";
    if (!text) return NULL;
    memcpy(buf, text, strlen(text) + 1);
    return buf + strlen(text);
}

/* Decimal digits of v, highest first; returns how many. */
static int number_digits(uint64_t v, char *out) {
    char reversed[20];
    int n = 0;
    do reversed[n++] = (char)('0' + v % 10);
    while ((v /= 10) > 0);
    for (int i = 0; i < n; i++) out[i] = reversed[n - 1 - i];
    return n;
}

int ken_format_f64(double value, char *buf) {
    uint64_t bits;
    char digits[20], *end = buf;
    int exponent10, n, point;
    memcpy(&bits, &value, sizeof bits);
    if ((end = number_special_text(bits, buf)) != NULL) return (int)(end - buf);
    end = buf;
    if (bits >> 63) *end++ = '-';
    n = number_digits(number_shortest(bits & ~((uint64_t)1 << 63), &exponent10), digits);
    point = n + exponent10;
    while (n > 1 && digits[n - 1] == '0') n--;
    end = number_layout(end, digits, n, point, -4, 16);
    *end = 0;
    return (int)(end - buf);
}

/* All decimal digits of the finite, positive double with these bits into out (of 800 bytes);
 * returns how many. *point as in number_layout. */
static int number_expand(uint64_t bits, char *out, int *point) {
    const uint64_t fraction = bits & (((uint64_t)1 << 52) - 1);
    const int field = (int)(bits >> 52);
    const int q = (field ? field : 1) - 1075;
    number_big b = number_of(field ? fraction | (uint64_t)1 << 52 : fraction);
    uint32_t chunk[100];
    int chunks = 0, n;
    if (q < 0)
        number_mul_pow5(&b, -q); /* m * 2^q = m * 5^-q / 10^-q */
    else
        number_shift(&b, q);
    while (b.n > 0) chunk[chunks++] = number_div_1e9(&b);
    n = number_digits(chunk[chunks - 1], out);
    for (int i = chunks - 2; i >= 0; i--, n += 9)
        for (int j = 8; j >= 0; j--, chunk[i] /= 10) out[n + j] = (char)('0' + chunk[i] % 10);
    *point = n + (q < 0 ? q : 0);
    return n;
}

int ken_format_f64_digits(double value, int digits, char *buf) {
    uint64_t bits;
    char d[800], *end;
    int n, point;
    memcpy(&bits, &value, sizeof bits);
    if ((end = number_special_text(bits, buf)) != NULL) return (int)(end - buf);
    end = buf;
    if (bits >> 63) *end++ = '-';
    digits = digits < 1 ? 1 : digits > 17 ? 17 : digits;
    n = number_expand(bits & ~((uint64_t)1 << 63), d, &point);
    if (n > digits) {
        bool rest = false, up;
        for (int i = digits + 1; i < n && !rest; i++) rest = d[i] != '0';
        up = d[digits] > '5' || (d[digits] == '5' && (rest || (d[digits - 1] & 1)));
        n = digits;
        while (up && n > 0 && d[n - 1] == '9') n--;
        if (up && n == 0) {
            d[n++] = '1';
            point++;
        } else if (up) {
            d[n - 1]++;
        }
    }
    while (n > 1 && d[n - 1] == '0') n--;
    end = number_layout(end, d, n, point, -4, digits > 7 ? digits : 7);
    *end = 0;
    return (int)(end - buf);
}

int ken_format_i64(int64_t value, char *buf) {
    char *out = buf;
    if (value < 0) *out++ = '-';
    out += number_digits(value < 0 ? 0 - (uint64_t)value : (uint64_t)value, out);
    *out = 0;
    return (int)(out - buf);
}
