/* Cells of Arrow arrays as cells of ours. Buffers may lie at any address, hence memcpy. */
#include <math.h>
#include <string.h>

#include "ken/core/number.h"
#include "ken/io/arrow/arrow_parts.h"

static const char *arrow_items(const arrow_type *type, const arrow_chunk *c) {
    return (const char *)c->array->buffers[1] + c->first * type->width;
}

#define ARROW_EACH(itype, otype)                       \
    for (int64_t i = 0; i < c->n; i++) {               \
        itype x;                                       \
        memcpy(&x, from + i * (int64_t)sizeof x, sizeof x); \
        out[i] = (otype)x;                             \
    }                                                  \
    break

void ken__arrow_whole(const arrow_type *type, const arrow_chunk *c, int64_t *out) {
    const char *from = arrow_items(type, c);
    const bool sign = type->kind != ARROW_UNSIGNED;
    switch (type->width) {
    case 1:
        if (sign) { ARROW_EACH(int8_t, int64_t); }
        ARROW_EACH(uint8_t, int64_t);
    case 2:
        if (sign) { ARROW_EACH(int16_t, int64_t); }
        ARROW_EACH(uint16_t, int64_t);
    case 4:
        if (sign) { ARROW_EACH(int32_t, int64_t); }
        ARROW_EACH(uint32_t, int64_t);
    default: memcpy(out, from, (size_t)c->n * 8);
    }
}

bool ken__arrow_beyond(const arrow_type *type, const arrow_chunk *c) {
    const char *from = arrow_items(type, c);
    if (type->kind != ARROW_UNSIGNED || type->width != 8) return false;
    for (int64_t i = 0; i < c->n; i++)
        if (from[i * 8 + 7] < 0 && arrow_there(c, i)) return true;
    return false;
}

/* A whole number of up to 128 bits times 10^-scale: the nearest double if its digits fit in 64 bits, else within a few
 * units in the last place. */
static double arrow_decimal_value(uint64_t low, uint64_t high, int scale) {
    const bool negative = high >> 63;
    double x;
    if (negative) {
        low = ~low + 1;
        high = ~high + (low == 0);
    }
    if (high == 0) {
        const uint64_t bits = ken_decimal_bits(low, -scale);
        memcpy(&x, &bits, sizeof x);
    } else {
        x = (ldexp((double)high, 64) + (double)low) * pow(10, -scale);
    }
    return negative ? -x : x;
}

/* A signed number of 4 bytes, or the first 8 of more. */
static int64_t arrow_signed(const char *from, int64_t width) {
    int64_t x = 0;
    int32_t small;
    if (width == 4) {
        memcpy(&small, from, 4);
        return small;
    }
    memcpy(&x, from, 8);
    return x;
}

static void arrow_decimals(const arrow_type *type, const arrow_chunk *c, double *out) {
    const char *from = arrow_items(type, c);
    for (int64_t i = 0; i < c->n; i++, from += type->width) {
        const int64_t low = arrow_signed(from, type->width);
        uint64_t high = low < 0 ? UINT64_MAX : 0;
        if (type->width == 16) memcpy(&high, from + 8, 8);
        out[i] = arrow_decimal_value((uint64_t)low, high, type->scale);
    }
}

void ken__arrow_real(const arrow_type *type, const arrow_chunk *c, double *out) {
    const char *from = c->n && type->kind != ARROW_NULL ? arrow_items(type, c) : NULL;
    switch (type->kind) {
    case ARROW_DECIMAL: arrow_decimals(type, c, out); break;
    case ARROW_UNSIGNED: ARROW_EACH(uint64_t, double);
    case ARROW_FLOAT: memcpy(out, from, (size_t)c->n * 8); break;
    case ARROW_SECONDS:
        for (int64_t i = 0; i < c->n; i++, from += type->width)
            out[i] = (double)arrow_signed(from, type->width) * ((double)type->times / 1e6) / (double)type->parts;
        break;
    default:
        for (int64_t i = 0; i < c->n; i++) out[i] = (double)NAN;
    }
}

static float arrow_half_value(uint16_t h) {
    const int exponent = h >> 10 & 31, fraction = h & 1023;
    const double x = exponent == 0    ? ldexp(fraction, -24)
                     : exponent == 31 ? (fraction ? (double)NAN : (double)INFINITY)
                                      : ldexp(1024 + fraction, exponent - 25);
    return (float)(h >> 15 ? -x : x);
}

void ken__arrow_half(const arrow_chunk *c, float *out) {
    const char *from = (const char *)c->array->buffers[1] + c->first * 2;
    for (int64_t i = 0; i < c->n; i++) {
        uint16_t h;
        memcpy(&h, from + i * 2, sizeof h);
        out[i] = arrow_half_value(h);
    }
}

void ken__arrow_bools(const arrow_chunk *c, uint8_t *out) {
    const uint8_t *bits = c->array->buffers[1];
    for (int64_t i = 0; i < c->n; i++) out[i] = arrow_bit(bits, c->first + i);
}

int64_t ken__arrow_times(const arrow_type *type, const arrow_chunk *c, int64_t *out) {
    const char *from = arrow_items(type, c);
    const int64_t most = INT64_MAX / type->times;
    for (int64_t i = 0; i < c->n; i++, from += type->width) {
        int64_t x = arrow_there(c, i) ? arrow_signed(from, type->width) : 0;
        if (x > most || x < -most) return i;
        x *= type->times;
        out[i] = x / type->parts - (x % type->parts < 0);
    }
    return -1;
}
