/* Text: the growable buffer, UTF-8, and nearest names. Numbers are in number.c. */
#include "ken/core/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* --- the buffer ----------------------------------------------------------------------------- */
/* Room for `more` bytes and a NUL. */
static bool text_reserve(ken_text *t, size_t more) {
    void *data = t->data;
    size_t capacity;
    if (t->status != KEN_OK) return false;
    if (more < t->capacity - t->size) return true;
    if (more > SIZE_MAX / 2 - t->size - 64) {
        t->status = KEN_FAIL(t->ctx, KEN_E_NOMEM, NULL, "text: %zu more bytes are too many", more);
        return false;
    }
    capacity = ken_next_capacity(t->capacity, t->size + more + 1);
    t->status = ken_grow(t->ctx, &data, t->capacity, capacity, 1);
    if (t->status != KEN_OK) return false;
    t->data = data;
    t->capacity = capacity;
    return true;
}

void ken_text_free(ken_text *t) {
    ken_free(t->ctx, t->data);
    t->data = NULL;
    t->size = t->capacity = 0;
}

void ken_text_add_bytes(ken_text *t, const char *bytes, size_t size) {
    if (!text_reserve(t, size)) return;
    if (size > 0) memcpy(t->data + t->size, bytes, size);
    t->size += size;
    t->data[t->size] = 0;
}

void ken_text_add(ken_text *t, const char *text) { ken_text_add_bytes(t, text, strlen(text)); }

void ken_text_add_char(ken_text *t, char c) { ken_text_add_bytes(t, &c, 1); }

void ken_text_addf(ken_text *t, const char *fmt, ...) {
    va_list args;
    int need;
    va_start(args, fmt);
    need = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    if (need < 0 || !text_reserve(t, (size_t)need)) return;
    va_start(args, fmt);
    vsnprintf(t->data + t->size, (size_t)need + 1, fmt, args);
    va_end(args);
    t->size += (size_t)need;
}

void ken_text_add_f64(ken_text *t, double value) {
    char buf[32];
    ken_text_add_bytes(t, buf, (size_t)ken_format_f64(value, buf));
}

ken_status ken_text_end(ken_text *t, const char **out) {
    *out = t->data ? t->data : "";
    return t->status;
}

/* --- UTF-8 (RFC 3629) ----------------------------------------------------------------------- */
/* Bytes of the well-formed sequence at s[0..size), size > 0; 0: there is none. */
static size_t text_sequence(const char *s, size_t size, uint32_t *code) {
    const unsigned char *b = (const unsigned char *)s;
    const size_t n = b[0] < 0x80   ? 1
                     : b[0] < 0xc2 ? 0
                     : b[0] < 0xe0 ? 2
                     : b[0] < 0xf0 ? 3
                     : b[0] < 0xf5 ? 4
                                   : 0;
    if (n == 0 || n > size) return 0;
    *code = n == 1 ? b[0] : b[0] & (0x7fu >> n);
    for (size_t i = 1; i < n; i++) {
        if ((b[i] & 0xc0) != 0x80) return 0;
        *code = *code << 6 | (b[i] & 0x3fu);
    }
    if (n == 3 && (*code < 0x800 || (*code >= 0xd800 && *code < 0xe000))) return 0;
    if (n == 4 && (*code < 0x10000 || *code > 0x10ffff)) return 0;
    return n;
}

size_t ken_utf8_valid(const char *s, size_t size) {
    size_t i = 0;
    uint32_t code;
    while (i < size) {
        uint64_t eight;
        size_t n;
        if (size - i >= 8) {
            memcpy(&eight, s + i, 8);
            if (!(eight & 0x8080808080808080u)) {
                i += 8;
                continue;
            }
        }
        n = text_sequence(s + i, size - i, &code);
        if (n == 0) break;
        i += n;
    }
    return i;
}

uint32_t ken_utf8_next(const char *s, size_t size, size_t *i) {
    uint32_t code;
    const size_t n = text_sequence(s + *i, size - *i, &code);
    *i += n ? n : 1;
    return n ? code : 0xfffd;
}

typedef struct text_range {
    uint32_t first, last;
} text_range;

/* Combining marks and other characters that take no column (the common blocks of Unicode 15). */
static const text_range text_zero[] = {
    {0x300, 0x36f},   {0x483, 0x489},    {0x591, 0x5bd},   {0x610, 0x61a},   {0x64b, 0x65f},
    {0x6d6, 0x6dc},   {0x900, 0x902},    {0x93c, 0x93c},   {0x941, 0x948},   {0xe31, 0xe31},
    {0xe34, 0xe3a},   {0xe47, 0xe4e},    {0x1ab0, 0x1aff}, {0x1dc0, 0x1dff}, {0x200b, 0x200f},
    {0x2028, 0x202e}, {0x2060, 0x2064},  {0x20d0, 0x20ff}, {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f},
    {0xfeff, 0xfeff}, {0xe0100, 0xe01ef}};
/* Wide and fullwidth characters of UAX 11, and emoji. */
static const text_range text_wide[] = {
    {0x1100, 0x115f},   {0x231a, 0x231b},   {0x2329, 0x232a},   {0x23e9, 0x23ec},
    {0x25fd, 0x25fe},   {0x2614, 0x2615},   {0x2648, 0x2653},   {0x26aa, 0x26ab},
    {0x26bd, 0x26be},   {0x2705, 0x2705},   {0x270a, 0x270b},   {0x2728, 0x2728},
    {0x274c, 0x274c},   {0x2753, 0x2755},   {0x2795, 0x2797},   {0x2b1b, 0x2b1c},
    {0x2e80, 0x303e},   {0x3041, 0x33ff},   {0x3400, 0x4dbf},   {0x4e00, 0x9fff},
    {0xa000, 0xa4cf},   {0xa960, 0xa97f},   {0xac00, 0xd7a3},   {0xf900, 0xfaff},
    {0xfe30, 0xfe6f},   {0xff00, 0xff60},   {0xffe0, 0xffe6},   {0x16fe0, 0x18cff},
    {0x1b000, 0x1b2ff}, {0x1f18e, 0x1f18e}, {0x1f191, 0x1f19a}, {0x1f200, 0x1f320},
    {0x1f32d, 0x1f335}, {0x1f337, 0x1f37c}, {0x1f37e, 0x1f393}, {0x1f3a0, 0x1f3ca},
    {0x1f3e0, 0x1f3f0}, {0x1f400, 0x1f64f}, {0x1f680, 0x1f6c5}, {0x1f6d0, 0x1f6ec},
    {0x1f7e0, 0x1f7eb}, {0x1f90c, 0x1faff}, {0x20000, 0x3fffd}};

static bool text_in(const text_range *ranges, int n, uint32_t code) {
    int low = 0, high = n - 1;
    while (low <= high) {
        const int mid = (low + high) / 2;
        if (code > ranges[mid].last)
            low = mid + 1;
        else if (code < ranges[mid].first)
            high = mid - 1;
        else
            return true;
    }
    return false;
}

int ken_utf8_width(const char *s, size_t size) {
    int width = 0;
    for (size_t i = 0; i < size;) {
        const uint32_t code = ken_utf8_next(s, size, &i);
        if (code < 0x20 || (code >= 0x7f && code < 0xa0)) continue;
        if (code < 0x300)
            width++;
        else if (text_in(text_wide, KEN_COUNT(text_wide), code))
            width += 2;
        else
            width += !text_in(text_zero, KEN_COUNT(text_zero), code);
    }
    return width;
}

/* --- nearest names -------------------------------------------------------------------------- */
#define TEXT_NAME_MAX 128 /* code points; longer names are compared for equality only */

static int text_codes(const char *s, uint32_t *codes) {
    const size_t size = strlen(s);
    int n = 0;
    for (size_t i = 0; i < size; n++) {
        if (n == TEXT_NAME_MAX) return -1;
        codes[n] = ken_utf8_next(s, size, &i);
    }
    return n;
}

/* Optimal string alignment: insertions, deletions, replacements, swaps of neighbors (Damerau 1964),
 * by three rows of the table. */
int ken_edit_distance(const char *a, const char *b, int limit) {
    uint32_t x[TEXT_NAME_MAX], y[TEXT_NAME_MAX];
    int rows[3][TEXT_NAME_MAX + 1];
    int *before = rows[0], *last = rows[1], *now = rows[2];
    const int n = text_codes(a, x), m = text_codes(b, y);
    if (n < 0 || m < 0) return strcmp(a, b) == 0 ? 0 : limit + 1;
    if (n - m > limit || m - n > limit) return limit + 1;
    for (int j = 0; j <= m; j++) {
        before[j] = 0;
        last[j] = j;
    }
    for (int i = 1; i <= n; i++) {
        int best = i, *spare = before;
        now[0] = i;
        for (int j = 1; j <= m; j++) {
            int d = last[j - 1] + (x[i - 1] != y[j - 1]);
            d = KEN_MIN(d, KEN_MIN(last[j], now[j - 1]) + 1);
            if (i > 1 && j > 1 && x[i - 1] == y[j - 2] && x[i - 2] == y[j - 1])
                d = KEN_MIN(d, before[j - 2] + 1);
            now[j] = d;
            best = KEN_MIN(best, d);
        }
        if (best > limit) return limit + 1;
        before = last;
        last = now;
        now = spare;
    }
    return KEN_MIN(last[m], limit + 1);
}

static bool text_same_letters(const char *a, const char *b) {
    for (; *a && *b; a++, b++) {
        const char x = *a >= 'A' && *a <= 'Z' ? (char)(*a + 32) : *a;
        const char y = *b >= 'A' && *b <= 'Z' ? (char)(*b + 32) : *b;
        if (x != y && !((x == '-' || x == ' ') && y == '_')) return false;
    }
    return *a == *b;
}

const char *ken_nearest_name(const char *name, int n, const char *(*get)(void *, int), void *arg) {
    const size_t size = strlen(name);
    /* A third of the letters may be wrong, three at most. */
    int limit = size <= 2 ? 1 : size <= 5 ? (int)(size + 1) / 3 : size <= 8 ? 2 : 3;
    const char *found = NULL;
    for (int i = 0; i < n; i++) {
        const char *candidate = get(arg, i);
        int distance;
        if (!candidate) continue;
        if (text_same_letters(name, candidate)) return candidate;
        distance = ken_edit_distance(name, candidate, limit);
        /* Everything replaced is no likeness: "mse" is not "auc". */
        if (distance > limit || (size_t)distance >= size) continue;
        found = candidate;
        limit = distance - 1;
        if (limit < 0) break;
    }
    return found;
}
