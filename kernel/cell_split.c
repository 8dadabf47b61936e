/* Splits a cell into blocks and C at file scope. */
#include "kernel/cell_split.h"

#include <stdio.h>
#include <string.h>

/* --- words ------------------------------------------------------------------------------------------- */
static bool split_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (unsigned char)c >= 0x80;
}
static bool split_digit(char c) { return c >= '0' && c <= '9'; }

void cell_scan_begin(cell_scan *s, const char *text, size_t size) {
    memset(s, 0, sizeof *s);
    s->text = text, s->size = size, s->line_start = true;
}

bool cell_scan_is(const cell_scan *s, const char *word) {
    return s->end - s->begin == strlen(word) && memcmp(s->text + s->begin, word, s->end - s->begin) == 0;
}

/* One past a line's end that is spliced by a backslash at i; i when there is none. */
static size_t split_splice(const cell_scan *s, size_t i) {
    if (i + 1 < s->size && s->text[i] == '\\' && s->text[i + 1] == '\n') return i + 2;
    if (i + 2 < s->size && s->text[i] == '\\' && s->text[i + 1] == '\r' && s->text[i + 2] == '\n') return i + 3;
    return i;
}

/* From the opening quote to one past the closing one; false: the line or the text ends before. */
static bool split_quote(const cell_scan *s, size_t *i) {
    const char quote = s->text[(*i)++];
    while (*i < s->size) {
        const char c = s->text[*i];
        if (c == '\n') return false;
        if (c == '\\' && *i + 1 < s->size) {
            const size_t spliced = split_splice(s, *i);
            *i = spliced == *i ? *i + 2 : spliced;
            continue;
        }
        ++*i;
        if (c == quote) return true;
    }
    return false;
}

/* *i at a slash. One past the comment; *i is unchanged where there is none. false: it does not end. */
static bool split_comment(const cell_scan *s, size_t *i) {
    if (*i + 1 >= s->size) return true;
    if (s->text[*i + 1] == '/') {
        while (*i < s->size && s->text[*i] != '\n') {
            const size_t spliced = split_splice(s, *i);
            *i = spliced == *i ? *i + 1 : spliced;
        }
        return true;
    }
    if (s->text[*i + 1] != '*') return true;
    for (size_t k = *i + 2; k + 1 < s->size; k++)
        if (s->text[k] == '*' && s->text[k + 1] == '/') {
            *i = k + 2;
            return true;
        }
    return false;
}

/* Blanks, comments, spliced lines. false: a comment does not end. */
static bool split_skip(cell_scan *s) {
    while (s->at < s->size) {
        const char c = s->text[s->at];
        const size_t before = s->at;
        if (c == '\n') s->line_start = true;
        if (c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f' || c == '\v') {
            s->at++;
        } else if (c == '\\') {
            s->at = split_splice(s, s->at);
        } else if (c == '/') {
            if (!split_comment(s, &s->at)) return false;
        }
        if (s->at == before) return true;
    }
    return true;
}

/* A preprocessor line: comments in it may span lines, quotes may be apostrophes of an #error. */
static cell_token split_directive(cell_scan *s) {
    while (s->at < s->size && s->text[s->at] != '\n') {
        const size_t before = s->at, spliced = split_splice(s, before);
        if (spliced != before) {
            s->at = spliced;
        } else if (s->text[before] == '/') {
            if (!split_comment(s, &s->at)) {
                s->end = s->at = s->size;
                return CELL_OPEN;
            }
            if (s->at == before) s->at++;
        } else if (s->text[before] == '"') {
            if (!split_quote(s, &s->at)) s->at = before + 1;
        } else {
            s->at++;
        }
    }
    s->end = s->at;
    return CELL_DIRECTIVE;
}

static cell_token split_open(cell_scan *s) {
    s->end = s->at = s->size;
    return CELL_OPEN;
}

cell_token cell_scan_next(cell_scan *s) {
    const bool ended = split_skip(s);
    s->begin = s->end = s->at;
    if (!ended) return split_open(s);
    if (s->at == s->size) return CELL_END;
    const char c = s->text[s->at];
    const bool first = s->line_start;
    s->line_start = false;
    if (c == '#' && first) return split_directive(s);
    if (c == '"' || c == '\'') {
        if (!split_quote(s, &s->at)) return split_open(s);
        s->end = s->at;
        return CELL_LITERAL;
    }
    const bool number = split_digit(c);
    if (number || split_letter(c)) {
        while (s->at < s->size && (split_letter(s->text[s->at]) || split_digit(s->text[s->at]) ||
                                   (number && s->text[s->at] == '.')))
            s->at++;
        s->end = s->at;
        return number ? CELL_LITERAL : CELL_WORD;
    }
    s->end = ++s->at;
    return CELL_MARK;
}

void cell_place(const char *text, size_t at, int *line, int *column) {
    size_t start = 0;
    *line = 1;
    for (size_t i = 0; i < at; i++)
        if (text[i] == '\n') ++*line, start = i + 1;
    *column = (int)(at - start) + 1;
}

/* --- brackets ----------------------------------------------------------------------------------------- */
enum { SPLIT_DEPTH = 1024 };
typedef struct split_stack {
    size_t at[SPLIT_DEPTH];
    int depth;
} split_stack;

static char split_partner(char c) { return c == ')' ? '(' : c == ']' ? '[' : '{'; }

/* Follows a mark. false: it closes what is not open (at: the bracket that is, if there is one). */
static bool split_bracket(split_stack *stack, const cell_scan *s) {
    const char c = s->text[s->begin];
    if (c == '(' || c == '[' || c == '{') {
        if (stack->depth == SPLIT_DEPTH) return false;
        stack->at[stack->depth++] = s->begin;
    } else if (c == ')' || c == ']' || c == '}') {
        if (stack->depth == 0 || s->text[stack->at[stack->depth - 1]] != split_partner(c)) return false;
        stack->depth--;
    }
    return true;
}

cell_state cell_is_complete(const char *text, size_t size, int *depth) {
    cell_scan s;
    split_stack stack = {{0}, 0};
    cell_token token;
    cell_scan_begin(&s, text, size);
    *depth = 0;
    while ((token = cell_scan_next(&s)) != CELL_END) {
        if (token == CELL_OPEN) {
            *depth = stack.depth;
            return text[s.begin] == '/' || text[s.begin] == '#' ? CELL_INCOMPLETE : CELL_INVALID;
        }
        if (token == CELL_MARK && !split_bracket(&stack, &s)) return CELL_INVALID;
    }
    *depth = stack.depth;
    /* A line that ends with a backslash goes on. */
    return stack.depth || (size && text[size - 1] == '\\') ? CELL_INCOMPLETE : CELL_COMPLETE;
}

/* --- blocks -------------------------------------------------------------------------------------------- */
static ken_status split_fail(ken_ctx *ctx, const char *text, size_t at, const char *hint, const char *message) {
    int line, column;
    cell_place(text, at, &line, &column);
    (void)KEN_FAIL(ctx, KEN_E_FORMAT, hint, "%s", message);
    ken_fail_place(ctx, "%d:%d", line, column);
    return KEN_E_FORMAT;
}

static ken_status split_bracket_failed(ken_ctx *ctx, const cell_scan *s, const split_stack *stack) {
    char message[160];
    const char c = s->text[s->begin];
    int line, column;
    if (stack->depth == SPLIT_DEPTH)
        return split_fail(ctx, s->text, s->begin, "write it flatter", "more than 1024 open brackets");
    if (stack->depth == 0) {
        snprintf(message, sizeof message, "'%c' closes nothing", c);
        return split_fail(ctx, s->text, s->begin, "is there one too many?", message);
    }
    const size_t open = stack->at[stack->depth - 1];
    cell_place(s->text, s->begin, &line, &column);
    snprintf(message, sizeof message, "'%c' is still open at the '%c' of line %d", s->text[open], c, line);
    return split_fail(ctx, s->text, open, "close it first", message);
}

static ken_status split_open_failed(ken_ctx *ctx, const cell_scan *s) {
    const char c = s->text[s->begin];
    return split_fail(ctx, s->text, s->begin,
                      c == '"'    ? "a string ends on its line: add '\"'"
                      : c == '\'' ? "a character ends on its line: add \"'\""
                                  : "add */",
                      c == '"'    ? "a string that does not end"
                      : c == '\'' ? "a character that does not end"
                                  : "a comment that does not end");
}

/* "//% fast cell=fit" in the first line. */
static ken_status split_options(ken_ctx *ctx, const char *text, size_t size, cell_split *out) {
    if (size < 3 || memcmp(text, "//%", 3) != 0) return KEN_OK;
    size_t i = 3;
    while (i < size && text[i] != '\n') {
        while (i < size && (text[i] == ' ' || text[i] == '\t' || text[i] == '\r')) i++;
        const size_t begin = i;
        while (i < size && !strchr(" \t\r\n", text[i]) && text[i]) i++;
        const size_t length = i - begin;
        if (length == 4 && memcmp(text + begin, "fast", 4) == 0) {
            out->fast = true;
        } else if (length > 5 && length - 5 < CELL_MAX_NAME && memcmp(text + begin, "cell=", 5) == 0) {
            memcpy(out->id, text + begin + 5, length - 5);
            out->id[length - 5] = 0;
        } else if (length || (i < size && !text[i])) {
            return split_fail(ctx, text, begin, "after '//%' may stand: fast, cell=NAME",
                              "an option that is not known");
        }
    }
    return KEN_OK;
}

typedef struct split_state {
    ken_ctx *ctx;
    cell_scan scan;
    split_stack stack;
    cell_split *out;
    cell_block *open; /* the block whose '}' is awaited */
} split_state;

static ken_status split_add(split_state *p, cell_block_kind kind, cell_block **block) {
    if (p->out->n_blocks == CELL_MAX_BLOCKS)
        return split_fail(p->ctx, p->scan.text, p->scan.begin, "use several cells", "more than 64 blocks in a cell");
    *block = &p->out->blocks[p->out->n_blocks++];
    memset(*block, 0, sizeof **block);
    (*block)->kind = kind;
    (*block)->begin = p->scan.begin;
    return KEN_OK;
}

/* After the word RUN or KEN_CHECK at file scope: up to and with its '{'. */
static ken_status split_block(split_state *p, cell_block_kind kind) {
    cell_block *block = NULL;
    cell_scan *s = &p->scan;
    const size_t word = s->begin;
    KEN_TRY(split_add(p, kind, &block));
    bool good = true;
    if (kind == CELL_CHECK) {
        good = cell_scan_next(s) == CELL_MARK && s->text[s->begin] == '(' && cell_scan_next(s) == CELL_WORD;
        if (good) {
            snprintf(block->name, sizeof block->name, "%.*s", (int)KEN_MIN(s->end - s->begin, CELL_MAX_NAME - 1),
                     s->text + s->begin);
            good = cell_scan_next(s) == CELL_MARK && s->text[s->begin] == ')';
        }
    }
    good = good && cell_scan_next(s) == CELL_MARK && s->text[s->begin] == '{';
    if (!good)
        return split_fail(p->ctx, s->text, word,
                          kind == CELL_RUN ? "write RUN { statements }" : "write KEN_CHECK(name) { statements }",
                          kind == CELL_RUN ? "RUN without a block" : "KEN_CHECK without a name and a block");
    block->body = s->begin;
    p->open = block;
    return split_bracket(&p->stack, s) ? KEN_OK : split_bracket_failed(p->ctx, s, &p->stack);
}

static ken_status split_mark(split_state *p, size_t *tail) {
    cell_scan *s = &p->scan;
    if (!split_bracket(&p->stack, s)) return split_bracket_failed(p->ctx, s, &p->stack);
    const char c = s->text[s->begin];
    if (p->stack.depth == 0 && (c == ';' || c == '}')) *tail = s->end;
    if (p->stack.depth == 0 && c == '}' && p->open) {
        p->open->end = s->end;
        p->open = NULL;
    }
    return KEN_OK;
}

static ken_status split_scan(split_state *p, size_t *tail, size_t *last) {
    cell_scan *s = &p->scan;
    for (;;) {
        const cell_token token = cell_scan_next(s);
        if (token == CELL_END) return KEN_OK;
        if (token == CELL_OPEN) return split_open_failed(p->ctx, s);
        if (token == CELL_DIRECTIVE && p->stack.depth == 0) {
            *tail = s->end;
        } else if (token == CELL_WORD && p->stack.depth == 0 && cell_scan_is(s, "RUN")) {
            KEN_TRY(split_block(p, CELL_RUN));
        } else if (token == CELL_WORD && p->stack.depth == 0 && cell_scan_is(s, "KEN_CHECK")) {
            KEN_TRY(split_block(p, CELL_CHECK));
        } else if (token == CELL_MARK) {
            KEN_TRY(split_mark(p, tail));
        }
        *last = s->end;
    }
}

ken_status cell_split_text(ken_ctx *ctx, const char *text, size_t size, cell_split *out) {
    split_state p = {.ctx = ctx, .out = out};
    size_t tail = 0, last = 0;
    memset(out, 0, sizeof *out);
    KEN_TRY(split_options(ctx, text, size, out));
    cell_scan_begin(&p.scan, text, size);
    KEN_TRY(split_scan(&p, &tail, &last));
    if (p.stack.depth) {
        char message[64];
        const size_t open = p.stack.at[p.stack.depth - 1];
        snprintf(message, sizeof message, "'%c' is not closed", text[open]);
        return split_fail(ctx, text, open, "close it in the same cell", message);
    }
    /* The tail begins at its first word, not at the blanks and comments before it. */
    cell_scan_begin(&p.scan, text, size);
    p.scan.at = tail;
    if (last > tail && cell_scan_next(&p.scan) != CELL_END) out->tail = p.scan.begin, out->tail_end = last;
    return KEN_OK;
}
