/* Looks from the beginning of a cell to the cursor. */
#include "kernel/cursor.h"

#include <string.h>

size_t cursor_bytes(const char *text, size_t size, int64_t points) {
    size_t i = 0;
    while (i < size && points-- > 0) ken_utf8_next(text, size, &i);
    return i;
}

int64_t cursor_points(const char *text, size_t bytes) {
    int64_t n = 0;
    for (size_t i = 0; i < bytes; n++) ken_utf8_next(text, bytes, &i);
    return n;
}

static bool cursor_is_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

typedef struct cursor_call {
    char function[64];
    int argument;
    char texts[4][128];
} cursor_call;

enum { CURSOR_CALLS = 32 };
typedef struct cursor_calls {
    cursor_call at[CURSOR_CALLS];
    int n;
} cursor_calls;

static void cursor_copy(char *to, size_t capacity, const char *from, size_t size) {
    const size_t n = KEN_MIN(size, capacity - 1);
    memcpy(to, from, n);
    to[n] = 0;
}

static void cursor_mark(cursor_calls *calls, char c, const char *word) {
    if (c == '(' || c == '{' || c == '[') {
        if (calls->n == CURSOR_CALLS) return;
        cursor_call *call = &calls->at[calls->n++];
        memset(call, 0, sizeof *call);
        if (c == '(') cursor_copy(call->function, sizeof call->function, word, strlen(word));
    } else if (c == ')' || c == '}' || c == ']') {
        if (calls->n) calls->n--;
    } else if (c == ',' && calls->n) {
        calls->at[calls->n - 1].argument++;
    } else if (c == ';' && calls->n && calls->at[calls->n - 1].function[0]) {
        calls->n = 0; /* an unfinished line */
    }
}

static void cursor_literal(cursor_calls *calls, const cell_scan *s) {
    if (!calls->n || s->end - s->begin < 2 || s->text[s->begin] != '"') return;
    cursor_call *call = &calls->at[calls->n - 1];
    if (call->argument < 4)
        cursor_copy(call->texts[call->argument], sizeof call->texts[0], s->text + s->begin + 1, s->end - s->begin - 2);
}

static void cursor_set_call(const cursor_calls *calls, cursor_place *out) {
    if (!calls->n) return;
    const cursor_call *call = &calls->at[calls->n - 1];
    memcpy(out->function, call->function, sizeof out->function);
    memcpy(out->texts, call->texts, sizeof out->texts);
    out->argument = call->argument;
}

void cursor_find(const char *text, size_t size, size_t at, cursor_place *out) {
    cell_scan s;
    cursor_calls calls = {.n = 0};
    char word[64] = "", before[64] = "";
    bool assigned = false;
    memset(out, 0, sizeof *out);
    cell_scan_begin(&s, text, size);
    for (;;) {
        const cell_token token = cell_scan_next(&s);
        if (token == CELL_END || s.begin >= at) break;
        if ((token == CELL_LITERAL || token == CELL_OPEN) && text[s.begin] == '"' && (s.end > at || token == CELL_OPEN)) {
            out->in_string = true, out->string = s.begin + 1;
            if (assigned) cursor_copy(out->field, sizeof out->field, before, strlen(before));
            break;
        }
        if (token == CELL_OPEN) {
            out->in_comment = text[s.begin] == '/';
            break;
        }
        if (token == CELL_LITERAL) cursor_literal(&calls, &s);
        if (token == CELL_MARK) cursor_mark(&calls, text[s.begin], word);
        assigned = token == CELL_MARK && text[s.begin] == '=';
        if (assigned) memcpy(before, word, sizeof word);
        if (token == CELL_WORD) cursor_copy(word, sizeof word, text + s.begin, s.end - s.begin);
        else word[0] = 0;
    }
    cursor_set_call(&calls, out);
    out->begin = out->end = at;
    while (out->begin > 0 && cursor_is_word(text[out->begin - 1])) out->begin--;
    while (out->end < size && cursor_is_word(text[out->end])) out->end++;
}
