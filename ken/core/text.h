/* Text: a growable buffer, UTF-8, nearest names, and numbers to and from text. No locale anywhere. */
#ifndef KEN_CORE_TEXT_H
#define KEN_CORE_TEXT_H

#include "ken/core/alloc.h"

KEN_BEGIN_C

/* A growable text with a sticky error: after a failed allocation the calls do nothing and
 * ken_text_end reports it once. data is always NUL-terminated (NULL before the first addition). */
typedef struct ken_text {
    ken_ctx *ctx;
    char *data;
    size_t size, capacity;
    ken_status status;
} ken_text;

static inline ken_text ken_text_new(ken_ctx *ctx) {
    ken_text t = {ctx, NULL, 0, 0, KEN_OK};
    return t;
}
KEN_API void ken_text_free(ken_text *t);
KEN_API void ken_text_add(ken_text *t, const char *text);
KEN_API void ken_text_add_bytes(ken_text *t, const char *bytes, size_t size);
KEN_API void ken_text_addf(ken_text *t, const char *fmt, ...) KEN_PRINTF(2, 3);
KEN_API void ken_text_add_char(ken_text *t, char c);
/* Shortest decimal that reads back to the same double; "NaN", "Infinity", "-Infinity". */
KEN_API void ken_text_add_f64(ken_text *t, double value);
/* The text (owned by t, "" when empty) or the sticky error. */
KEN_API ken_status ken_text_end(ken_text *t, const char **out);

/* Number of bytes at the start of s[0..size) that are valid UTF-8: == size when all is. */
KEN_API size_t ken_utf8_valid(const char *s, size_t size);
/* Next code point (U+FFFD for a bad byte); *i moves on. */
KEN_API uint32_t ken_utf8_next(const char *s, size_t size, size_t *i);
/* Columns on a terminal of a UTF-8 text (wide East Asian characters count 2, combining marks 0). */
KEN_API int ken_utf8_width(const char *s, size_t size);

/* Damerau-Levenshtein distance with a limit; above it, limit + 1. */
KEN_API int ken_edit_distance(const char *a, const char *b, int limit);
/* The candidate nearest to `name` if it is near enough to be a slip of the fingers, else NULL.
 * Candidate i is get(arg, i). */
KEN_API const char *ken_nearest_name(const char *name, int n, const char *(*get)(void *, int),
                                     void *arg);

/* --- numbers (number.c) ------------------------------------------------------------------------ */
/* Correctly rounded, bit-equal to strtod in the C locale for [+-]digits[.digits][e[+-]digits] and
 * (any case) inf, infinity, nan. The whole of s[0..size) must be the number; no blanks.
 * false: not a number. */
KEN_API bool ken_parse_f64(const char *s, size_t size, double *out);
/* [+-]digits within int64. *overflow (may be NULL) says that it was a whole number, only too big. */
KEN_API bool ken_parse_i64(const char *s, size_t size, int64_t *out, bool *overflow);
/* Shortest text that reads back; needs 32 bytes; returns its length. */
KEN_API int ken_format_f64(double value, char *buf);
/* Correctly rounded to `digits` significant digits, for people: 0.8127, 1.2e-07, 31,250 is not made. */
KEN_API int ken_format_f64_digits(double value, int digits, char *buf);
KEN_API int ken_format_i64(int64_t value, char *buf);

KEN_END_C

#endif
