/* What a cell can be, and what the cells of a column make of it. Decided over all rows: the bits of
 * the cells are joined by `or`, so no order and no cut of the rows can change the type. */
#include <string.h>

#include "ken/io/csv/csv_parts.h"

static const char csv_missing_default[] = "|NA|N/A|n/a|NaN|nan|null|NULL|None|?|-|.";

ken_status ken__csv_missing_words(ken_ctx *ctx, const char *words, csv_missing *out) {
    const char *at = words ? words : csv_missing_default;
    memset(out, 0, sizeof(*out));
    for (;;) {
        const char *bar = strchr(at, '|');
        const size_t size = bar ? (size_t)(bar - at) : strlen(at);
        if (size > 255)
            return KEN_FAIL(ctx, KEN_E_ARG, "use words of at most 255 bytes",
                            "csv: a missing-value word has %zu bytes", size);
        if (size > 0) { /* an empty cell is always missing */
            if (out->n == CSV_MAX_MISSING)
                return KEN_FAIL(ctx, KEN_E_ARG, "give fewer words",
                                "csv: more than %d missing-value words", CSV_MAX_MISSING);
            out->word[out->n] = at;
            out->size[out->n++] = (uint32_t)size;
            out->first[(unsigned char)*at] = true;
            out->longest = KEN_MAX(out->longest, (uint32_t)size);
            for (size_t k = 0; k < size; k++) out->digits |= at[k] >= '0' && at[k] <= '9';
        }
        if (!bar) return KEN_OK;
        at = bar + 1;
    }
}

bool ken__csv_is_missing(const csv_missing *m, const char *s, uint32_t n) {
    if (n == 0) return true;
    if (n > m->longest || !m->first[(unsigned char)*s]) return false;
    for (int i = 0; i < m->n; i++)
        if (m->size[i] == n && memcmp(m->word[i], s, n) == 0) return true;
    return false;
}

static bool csv_types_blank(char c) { return c == ' ' || c == '\t'; }

csv_cell ken__csv_cell(const csv_dialect *d, const char *s, uint32_t n) {
    csv_cell cell = {s, n, false};
    while (cell.size && csv_types_blank(cell.text[cell.size - 1])) cell.size--;
    if (d->quote && cell.size >= 2 && s[0] == d->quote && s[cell.size - 1] == d->quote) {
        cell.quoted = true;
        cell.text = s + 1;
        cell.size -= 2;
        if (!d->slow) return cell;
        for (uint32_t i = 0; i < cell.size;
             i++) { /* a lone quote inside: all of it is plain text */
            if (cell.text[i] != d->quote) continue;
            if (i + 1 < cell.size && cell.text[i + 1] == d->quote) {
                i++;
                continue;
            }
            return (csv_cell){s, cell.size + 2, false};
        }
        return cell;
    }
    while (cell.size && csv_types_blank(*cell.text)) cell.text++, cell.size--;
    return cell;
}

/* The bits of a number and its value, 0: not a number. */
uint32_t ken__csv_number(char decimal, const char *s, uint32_t n, double *f, int64_t *i) {
    const uint32_t sign = n > 0 && (*s == '-' || *s == '+');
    char copy[128];
    bool overflow = false;
    uint32_t digits = sign;
    if (n <= sign) return 0;
    while (digits < n && s[digits] >= '0' && s[digits] <= '9') digits++;
    if (digits == n) {
        if (s[sign] == '0' && n > sign + 1) return CSV_ZEROS;
        if (ken_parse_i64(s, n, i, &overflow)) return CSV_INT;
        return overflow ? CSV_BIG : 0;
    }
    if (decimal != '.') {
        if (n >= sizeof copy || memchr(s, '.', n)) return 0;
        for (uint32_t k = 0; k < n; k++) copy[k] = s[k] == decimal ? '.' : s[k];
        s = copy;
    }
    return ken_parse_f64(s, n, f) ? CSV_FLOAT : 0;
}

int ken__csv_bool(const char *s, uint32_t n) {
    if (n == 4 && (!memcmp(s, "true", 4) || !memcmp(s, "TRUE", 4) || !memcmp(s, "True", 4)))
        return 1;
    if (n == 5 && (!memcmp(s, "false", 5) || !memcmp(s, "FALSE", 5) || !memcmp(s, "False", 5)))
        return 0;
    return -1;
}

uint32_t ken__csv_classify(const csv_dialect *d, const csv_missing *m, const char *s, uint32_t n) {
    const csv_cell cell = ken__csv_cell(d, s, n);
    double f;
    int64_t i;
    uint32_t flags;
    if (ken__csv_is_missing(m, cell.text, cell.size))
        return cell.quoted && cell.size ? CSV_WORD : 0;
    if (ken__csv_bool(cell.text, cell.size) >= 0) return CSV_BOOL;
    flags = ken__csv_number(d->decimal, cell.text, cell.size, &f, &i);
    if (!flags) flags = ken__csv_time(cell.text, cell.size, true, &i);
    return flags ? flags : CSV_TEXT;
}

static bool csv_types_only(uint32_t flags, uint32_t allowed) { return !(flags & ~allowed); }

csv_mode ken__csv_mode_of(uint32_t flags) {
    if (flags == CSV_WORD) return CSV_AS_CATEGORY;
    flags &= ~(uint32_t)CSV_WORD;
    if (flags && csv_types_only(flags, CSV_BOOL)) return CSV_AS_BOOL;
    if (csv_types_only(flags, CSV_INT))
        return CSV_AS_I64; /* also 0: nothing but missing cells so far */
    if (csv_types_only(flags, CSV_INT | CSV_FLOAT)) return CSV_AS_F64;
    if (csv_types_only(flags, CSV_ISO)) return CSV_AS_ISO;
    /* CSV_SLASH alone: so far; when it stays so, csv.c makes it text */
    if (csv_types_only(flags, CSV_SLASH | CSV_DMY)) return CSV_AS_DMY;
    if (csv_types_only(flags, CSV_SLASH | CSV_MDY)) return CSV_AS_MDY;
    return CSV_AS_CATEGORY;
}
