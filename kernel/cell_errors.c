/* Reads messages as gcc, clang and tcc write them: FILE:LINE[:COLUMN]: KIND: MESSAGE. */
#include "kernel/cell_errors.h"

#include <stdio.h>
#include <string.h>

typedef struct errors_message {
    const char *file, *text;
    size_t file_size, text_size;
    int line, column;
    enum { ERRORS_ERROR, ERRORS_WARNING, ERRORS_NOTE } kind;
} errors_message;

/* A number that ends at *end, after a colon; moves *end to the colon. 0: there is none. */
static int errors_number_before(const char *s, size_t *end) {
    size_t i = *end;
    long value = 0, scale = 1;
    while (i > 0 && s[i - 1] >= '0' && s[i - 1] <= '9' && scale <= 100000000) {
        value += (s[--i] - '0') * scale;
        scale *= 10;
    }
    if (i == *end || i == 0 || s[i - 1] != ':') return 0;
    *end = i - 1;
    return (int)value;
}

static bool errors_parse(const char *s, size_t size, errors_message *m) {
    static const char *const kinds[] = {": error: ", ": warning: ", ": note: ", ": fatal error: "};
    for (size_t at = 0; at < size; at++) {
        if (s[at] != ':') continue;
        for (int k = 0; k < 4; k++) {
            const size_t n = strlen(kinds[k]);
            if (size - at < n || memcmp(s + at, kinds[k], n) != 0) continue;
            size_t end = at;
            const int last = errors_number_before(s, &end);
            const int before = last ? errors_number_before(s, &end) : 0;
            m->line = before ? before : last;
            m->column = before ? last : 0;
            m->kind = k == 3 ? ERRORS_ERROR : k;
            m->file = s, m->file_size = last ? end : at;
            m->text = s + at + n, m->text_size = size - at - n;
            return true;
        }
    }
    return false;
}

void cell_errors_line(ken_text *out, const char *text, size_t size, int line, int column) {
    size_t begin = 0;
    for (int k = 1; k < line; k++) {
        const char *end = memchr(text + begin, '\n', size - begin);
        if (!end) return;
        begin = (size_t)(end - text) + 1;
    }
    const char *stop = memchr(text + begin, '\n', size - begin);
    const size_t length = stop ? (size_t)(stop - text) - begin : size - begin;
    if (length == 0) return;
    ken_text_addf(out, "%5d | ", line);
    ken_text_add_bytes(out, text + begin, length);
    ken_text_add(out, "\n");
    if (column < 1 || (size_t)column > length + 1) return;
    ken_text_add(out, "      | ");
    for (size_t i = 0; i + 1 < (size_t)column; i++) {
        const unsigned char c = (unsigned char)text[begin + i];
        if (c == '\t' || (c & 0xC0) != 0x80) ken_text_add_char(out, c == '\t' ? '\t' : ' ');
    }
    ken_text_add(out, "^\n");
}

static void errors_tell_one(const errors_message *m, cell_source_fn source, void *user, bool color,
                            ken_text *out) {
    static const char *const names[] = {"error", "warning", "note"}, *const colors[] = {"31", "35", "36"};
    char file[64];
    size_t size = 0;
    snprintf(file, sizeof file, "%.*s", (int)KEN_MIN(m->file_size, sizeof file - 1), m->file);
    const char *text = source ? source(user, file, &size) : NULL;
    ken_text_add_bytes(out, m->file, m->file_size);
    if (m->line) ken_text_addf(out, text ? ", line %d" : ":%d", m->line);
    if (color)
        ken_text_addf(out, ": \x1b[1;%sm%s\x1b[0m: ", colors[m->kind], names[m->kind]);
    else
        ken_text_addf(out, ": %s: ", names[m->kind]);
    ken_text_add_bytes(out, m->text, m->text_size);
    ken_text_add(out, "\n");
    if (text && m->line) cell_errors_line(out, text, size, m->line, m->column);
}

/* gcc says these once more per use, or about its own words. */
static bool errors_is_noise(const errors_message *m) {
    static const char *const noise[] = {"each undeclared identifier is reported only once",
                                        "(near initialization", "in definition of macro",
                                        "in expansion of macro"};
    for (int i = 0; i < KEN_COUNT(noise); i++)
        if (m->text_size >= strlen(noise[i]) && memmem(m->text, m->text_size, noise[i], strlen(noise[i])))
            return true;
    return false;
}

/* "notebook" is what the kernel wrote around the cell; what is wrong with the cell is told there once more. */
static bool errors_is_of_kernel(const errors_message *m) {
    return m->file_size == 8 && memcmp(m->file, "notebook", 8) == 0;
}

static bool errors_in_cells(const char *text, size_t size) {
    for (size_t begin = 0; begin < size;) {
        const char *end = memchr(text + begin, '\n', size - begin);
        const size_t length = end ? (size_t)(end - text) - begin : size - begin;
        errors_message m;
        if (errors_parse(text + begin, length, &m) && m.kind == ERRORS_ERROR && !errors_is_of_kernel(&m)) return true;
        begin += length + 1;
    }
    return false;
}

static bool errors_has_error(const char *text, size_t size) {
    return memmem(text, size, " error: ", 8) != NULL;
}

void cell_errors_tell(const char *text, size_t size, cell_source_fn source, void *user, bool color,
                      ken_text *out, cell_error *first) {
    const bool failed = errors_has_error(text, size); /* then warnings only distract */
    const bool of_cells = !failed || errors_in_cells(text, size);
    memset(first, 0, sizeof *first);
    for (size_t begin = 0; begin < size;) {
        const char *end = memchr(text + begin, '\n', size - begin);
        const size_t length = end ? (size_t)(end - text) - begin : size - begin;
        errors_message m;
        if (errors_parse(text + begin, length, &m) && !errors_is_noise(&m) && !(of_cells && errors_is_of_kernel(&m))) {
            first->n_errors += m.kind == ERRORS_ERROR;
            first->n_warnings += m.kind == ERRORS_WARNING;
            if (m.kind == ERRORS_ERROR && first->n_errors == 1) {
                first->line = m.line, first->column = m.column;
                snprintf(first->file, sizeof first->file, "%.*s", (int)KEN_MIN(m.file_size, 63), m.file);
                snprintf(first->message, sizeof first->message, "%.*s", (int)KEN_MIN(m.text_size, 511), m.text);
            }
            if (!failed || m.kind != ERRORS_WARNING) errors_tell_one(&m, source, user, color, out);
        }
        begin += length + 1;
    }
}
