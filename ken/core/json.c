/* JSON (RFC 8259): a reader without recursion and a writer.
 *
 * The reader keeps values whose container is still open on a stack; when the container closes, they
 * move to the document's pool as one run, so that item i is found at once. While the pool grows,
 * values hold offsets; json_link turns them into pointers at the end. */
#include "ken/core/json.h"

#include <assert.h>
#include <math.h>
#include <string.h>

struct ken_json {
    ken_json_type type;
    int64_t n; /* bytes of a string, items of an array or object */
    union {
        bool truth;
        int64_t whole;
        double number;
        size_t offset; /* while reading: into doc->text or doc->pool */
        const char *string;
        const ken_json *items; /* object: key, value, key, value ... */
    } u;
};

struct ken_json_doc {
    ken_allocator alloc;
    ken_json *pool;
    size_t n_pool, capacity;
    char *text; /* all strings, decoded, each with a NUL */
    ken_json root;
};

typedef struct json_reader {
    ken_ctx *ctx;
    const char *name, *s;
    size_t size, at, n_text;
    ken_json_doc *doc;
    ken_json *stack;
    size_t n_stack, stack_capacity;
    size_t *frame; /* per open container: its own place on the stack */
    size_t depth, frame_capacity, max_depth;
} json_reader;

/* --- reader --------------------------------------------------------------------------------- */
static ken_status json_place(json_reader *r, ken_status status) {
    int64_t line = 1, column = 1;
    for (size_t i = 0; i < r->at && i < r->size; i++) {
        if (r->s[i] == '\n') {
            line++;
            column = 1;
        } else if (((unsigned char)r->s[i] & 0xc0) != 0x80) {
            column++;
        }
    }
    ken_fail_place(r->ctx, "%lld:%lld", (long long)line, (long long)column);
    return status;
}

static ken_status json_error(json_reader *r, const char *wanted) {
    if (r->at >= r->size)
        return json_place(r, KEN_FAIL(r->ctx, KEN_E_FORMAT, "is the text cut short?",
                                      "%s: the text ends where %s should be", r->name, wanted));
    const unsigned char c = (unsigned char)r->s[r->at];
    if (c > 0x20 && c < 0x7f)
        return json_place(r, KEN_FAIL(r->ctx, KEN_E_FORMAT, NULL, "%s: '%c' where %s should be",
                                      r->name, c, wanted));
    return json_place(r, KEN_FAIL(r->ctx, KEN_E_FORMAT, NULL, "%s: byte 0x%02x where %s should be",
                                  r->name, c, wanted));
}

static ken_status json_room(ken_ctx *ctx, ken_json **items, size_t *capacity, size_t need) {
    void *p = *items;
    size_t next;
    if (need <= *capacity) return KEN_OK;
    next = ken_next_capacity(*capacity, need);
    KEN_TRY(ken_grow(ctx, &p, *capacity, next, sizeof(ken_json)));
    *items = p;
    *capacity = next;
    return KEN_OK;
}

static ken_status json_push(json_reader *r, const ken_json *v) {
    KEN_TRY(json_room(r->ctx, &r->stack, &r->stack_capacity, r->n_stack + 1));
    r->stack[r->n_stack++] = *v;
    return KEN_OK;
}

static void json_blanks(json_reader *r) {
    while (r->at < r->size) {
        const char c = r->s[r->at];
        if (c != ' ' && c != '\n' && c != '\t' && c != '\r') return;
        r->at++;
    }
}

static size_t json_put_code(char *out, uint32_t code) {
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        out[0] = (char)(0xc0 | code >> 6);
        out[1] = (char)(0x80 | (code & 0x3f));
        return 2;
    }
    if (code < 0x10000) {
        out[0] = (char)(0xe0 | code >> 12);
        out[1] = (char)(0x80 | (code >> 6 & 0x3f));
        out[2] = (char)(0x80 | (code & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | code >> 18);
    out[1] = (char)(0x80 | (code >> 12 & 0x3f));
    out[2] = (char)(0x80 | (code >> 6 & 0x3f));
    out[3] = (char)(0x80 | (code & 0x3f));
    return 4;
}

/* Four hexadecimal digits at `at`; false: they are not. */
static bool json_hex4(const json_reader *r, size_t at, uint32_t *code) {
    *code = 0;
    if (r->size - at < 4 || at > r->size) return false;
    for (size_t i = at; i < at + 4; i++) {
        const char c = r->s[i];
        const char lower = (char)(c | 32);
        if (c >= '0' && c <= '9')
            *code = *code << 4 | (uint32_t)(c - '0');
        else if (lower >= 'a' && lower <= 'f')
            *code = *code << 4 | (uint32_t)(lower - 'a' + 10);
        else
            return false;
    }
    return true;
}

/* After a backslash. A surrogate without its other half becomes U+FFFD. */
static ken_status json_escape(json_reader *r, char *out, size_t *n) {
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    uint32_t code, low;
    const char *known;
    if (r->at >= r->size) return json_error(r, "an escape");
    if (r->s[r->at] != 'u') {
        known = r->s[r->at] ? strchr(from, r->s[r->at]) : NULL;
        if (!known) return json_error(r, "an escape (one of \"\\/bfnrtu)");
        out[(*n)++] = to[known - from];
        r->at++;
        return KEN_OK;
    }
    if (!json_hex4(r, r->at + 1, &code)) return json_error(r, "\\u with four hexadecimal digits");
    r->at += 5;
    if (code >= 0xd800 && code < 0xdc00 && r->size - r->at >= 6 && r->s[r->at] == '\\' &&
        r->s[r->at + 1] == 'u' && json_hex4(r, r->at + 2, &low) && low >= 0xdc00 && low < 0xe000) {
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
        r->at += 6;
    }
    if (code >= 0xd800 && code < 0xe000) code = 0xfffd;
    *n += json_put_code(out + *n, code);
    return KEN_OK;
}

/* At a quote. Decoded text is never longer than its source, so doc->text has room. */
static ken_status json_read_string(json_reader *r, ken_json *v) {
    char *out = r->doc->text + r->n_text;
    size_t n = 0;
    r->at++;
    for (;;) {
        const size_t start = r->at;
        while (r->at < r->size && r->s[r->at] != '"' && r->s[r->at] != '\\' &&
               (unsigned char)r->s[r->at] >= 0x20)
            r->at++;
        memcpy(out + n, r->s + start, r->at - start);
        n += r->at - start;
        if (r->at >= r->size) return json_error(r, "the end of a string (\")");
        if (r->s[r->at] == '"') break;
        if (r->s[r->at] != '\\')
            return json_error(r, "the rest of a string (write control characters as escapes)");
        r->at++;
        KEN_TRY(json_escape(r, out, &n));
    }
    r->at++;
    out[n] = 0;
    v->type = KEN_JSON_STRING;
    v->n = (int64_t)n;
    v->u.offset = r->n_text;
    r->n_text += n + 1;
    return KEN_OK;
}

static bool json_digits(json_reader *r) {
    const size_t start = r->at;
    while (r->at < r->size && r->s[r->at] >= '0' && r->s[r->at] <= '9') r->at++;
    return r->at > start;
}

static ken_status json_read_number(json_reader *r, ken_json *v) {
    const size_t start = r->at;
    bool whole = true;
    r->at += r->s[r->at] == '-';
    const size_t first = r->at;
    if (!json_digits(r)) return json_error(r, "a digit");
    if (r->s[first] == '0' && r->at - first > 1) {
        r->at = first + 1;
        return json_error(r, "the end of a number (no zeros in front)");
    }
    if (r->at < r->size && r->s[r->at] == '.') {
        whole = false;
        r->at++;
        if (!json_digits(r)) return json_error(r, "a digit");
    }
    if (r->at < r->size && (r->s[r->at] | 32) == 'e') {
        whole = false;
        r->at++;
        if (r->at < r->size && (r->s[r->at] == '+' || r->s[r->at] == '-')) r->at++;
        if (!json_digits(r)) return json_error(r, "a digit");
    }
    v->type = KEN_JSON_INT;
    /* "-0" has a sign that only a double can keep. */
    if (whole && !(r->at - start == 2 && r->s[start] == '-' && r->s[first] == '0') &&
        ken_parse_i64(r->s + start, r->at - start, &v->u.whole, NULL))
        return KEN_OK;
    v->type = KEN_JSON_NUMBER;
    if (ken_parse_f64(r->s + start, r->at - start, &v->u.number) && isfinite(v->u.number))
        return KEN_OK;
    r->at = start;
    return json_place(r, KEN_FAIL(r->ctx, KEN_E_FORMAT, "the largest is about 1.8e308",
                                  "%s: a number is too big for a double", r->name));
}

static ken_status json_read_word(json_reader *r, ken_json *v) {
    static const char *const words[] = {"null", "false", "true"};
    for (int i = 0; i < 3; i++) {
        const size_t n = strlen(words[i]);
        if (r->size - r->at < n || memcmp(r->s + r->at, words[i], n) != 0) continue;
        r->at += n;
        v->type = i == 0 ? KEN_JSON_NULL : KEN_JSON_BOOL;
        v->u.truth = i == 2;
        return KEN_OK;
    }
    return json_error(r, "a value");
}

static ken_status json_open(json_reader *r) {
    ken_json v = {0};
    v.type = r->s[r->at] == '{' ? KEN_JSON_OBJECT : KEN_JSON_ARRAY;
    if (r->depth >= r->max_depth)
        return json_place(r, KEN_FAIL(r->ctx, KEN_E_LIMIT, "raise max_json_depth of the context",
                                      "%s: nested deeper than %zu levels", r->name, r->max_depth));
    if (r->depth == r->frame_capacity) {
        void *p = r->frame;
        const size_t next = ken_next_capacity(r->frame_capacity, r->depth + 1);
        KEN_TRY(ken_grow(r->ctx, &p, r->frame_capacity, next, sizeof(size_t)));
        r->frame = p;
        r->frame_capacity = next;
    }
    r->frame[r->depth++] = r->n_stack;
    r->at++;
    return json_push(r, &v);
}

/* The items of the innermost container move from the stack to the pool. */
static ken_status json_close(json_reader *r) {
    const size_t own = r->frame[r->depth - 1], n = r->n_stack - own - 1;
    ken_json_doc *d = r->doc;
    ken_json *v = &r->stack[own];
    KEN_TRY(json_room(r->ctx, &d->pool, &d->capacity, d->n_pool + n));
    if (n > 0) memcpy(d->pool + d->n_pool, v + 1, n * sizeof(*v));
    v->u.offset = d->n_pool;
    v->n = (int64_t)(v->type == KEN_JSON_OBJECT ? n / 2 : n);
    d->n_pool += n;
    r->n_stack = own + 1;
    r->depth--;
    r->at++;
    return KEN_OK;
}

static ken_status json_key(json_reader *r) {
    ken_json v = {0};
    json_blanks(r);
    if (r->at >= r->size || r->s[r->at] != '"') return json_error(r, "a key in quotes");
    KEN_TRY(json_read_string(r, &v));
    KEN_TRY(json_push(r, &v));
    json_blanks(r);
    if (r->at >= r->size || r->s[r->at] != ':') return json_error(r, "':' after a key");
    r->at++;
    return KEN_OK;
}

/* A value that is not a container, or the start of one. *opened: it is one, and not empty. */
static ken_status json_value(json_reader *r, bool *opened) {
    ken_json v = {0};
    *opened = false;
    json_blanks(r);
    if (r->at >= r->size) return json_error(r, "a value");
    const char c = r->s[r->at];
    if (c == '{' || c == '[') {
        KEN_TRY(json_open(r));
        json_blanks(r);
        if (r->at < r->size && r->s[r->at] == (c == '{' ? '}' : ']')) return json_close(r);
        *opened = true;
        return c == '{' ? json_key(r) : KEN_OK;
    }
    if (c == '"')
        KEN_TRY(json_read_string(r, &v));
    else if (c == '-' || (c >= '0' && c <= '9'))
        KEN_TRY(json_read_number(r, &v));
    else
        KEN_TRY(json_read_word(r, &v));
    return json_push(r, &v);
}

static ken_status json_document(json_reader *r) {
    bool opened;
    for (;;) {
        KEN_TRY(json_value(r, &opened));
        if (opened) continue;
        for (;;) { /* after a value: a comma, or the ends of containers */
            json_blanks(r);
            if (r->depth == 0)
                return r->at == r->size ? KEN_OK : json_error(r, "the end of the text");
            const bool object = r->stack[r->frame[r->depth - 1]].type == KEN_JSON_OBJECT;
            const char c = r->at < r->size ? r->s[r->at] : 0;
            if (c == ',') {
                r->at++;
                if (object) KEN_TRY(json_key(r));
                break;
            }
            if (c != (object ? '}' : ']'))
                return json_error(r, object ? "',' or '}'" : "',' or ']'");
            KEN_TRY(json_close(r));
        }
    }
}

static void json_link(ken_json_doc *d, ken_json *v) {
    if (v->type == KEN_JSON_STRING)
        v->u.string = d->text + v->u.offset;
    else if (v->type == KEN_JSON_ARRAY || v->type == KEN_JSON_OBJECT)
        v->u.items = d->pool ? d->pool + v->u.offset : NULL;
}

static ken_status json_read(json_reader *r) {
    r->at = ken_utf8_valid(r->s, r->size);
    if (r->at < r->size)
        return json_place(
            r, KEN_FAIL(r->ctx, KEN_E_FORMAT, "save it as UTF-8", "%s: not valid UTF-8", r->name));
    r->at = r->size >= 3 && memcmp(r->s, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    KEN_TRY(ken_alloc(r->ctx, r->size + 1, 1, (void **)&r->doc->text));
    KEN_TRY(json_document(r));
    r->doc->root = r->stack[0];
    json_link(r->doc, &r->doc->root);
    for (size_t i = 0; i < r->doc->n_pool; i++) json_link(r->doc, &r->doc->pool[i]);
    return KEN_OK;
}

ken_status ken_json_parse(ken_ctx *ctx, const char *name, const char *text, size_t size,
                          ken_json_doc **out) {
    json_reader r = {0};
    const size_t max_depth = ken_ctx_get_options(ctx)->max_json_depth;
    ken_status status;
    *out = NULL;
    r.ctx = ctx;
    r.name = name ? name : "json";
    r.s = text;
    r.size = size;
    r.max_depth = max_depth ? max_depth : 256;
    if (size > SIZE_MAX / 2) return KEN_FAIL(ctx, KEN_E_LIMIT, NULL, "%s: too long", r.name);
    KEN_TRY(KEN_ALLOC(ctx, ken_json_doc, 1, &r.doc));
    r.doc->alloc = ken_ctx_allocator(ctx);
    status = json_read(&r);
    ken_free(ctx, r.stack);
    ken_free(ctx, r.frame);
    if (status != KEN_OK) {
        ken_json_doc_free(r.doc);
        return status;
    }
    *out = r.doc;
    return KEN_OK;
}

void ken_json_doc_free(ken_json_doc *doc) {
    if (!doc) return;
    const ken_allocator alloc = doc->alloc;
    ken_allocator_free(&alloc, doc->pool);
    ken_allocator_free(&alloc, doc->text);
    ken_allocator_free(&alloc, doc);
}

/* --- looking in ----------------------------------------------------------------------------- */
const ken_json *ken_json_root(const ken_json_doc *doc) { return &doc->root; }

ken_json_type ken_json_get_type(const ken_json *v) { return v ? v->type : KEN_JSON_NULL; }

int64_t ken_json_count(const ken_json *v) {
    return v && (v->type == KEN_JSON_ARRAY || v->type == KEN_JSON_OBJECT) ? v->n : 0;
}

const ken_json *ken_json_at(const ken_json *v, int64_t i) {
    if (i < 0 || i >= ken_json_count(v)) return NULL;
    return v->type == KEN_JSON_OBJECT ? &v->u.items[2 * i + 1] : &v->u.items[i];
}

const char *ken_json_key(const ken_json *v, int64_t i, size_t *size) {
    if (size) *size = 0;
    if (!v || v->type != KEN_JSON_OBJECT || i < 0 || i >= v->n) return NULL;
    if (size) *size = (size_t)v->u.items[2 * i].n;
    return v->u.items[2 * i].u.string;
}

const ken_json *ken_json_get(const ken_json *v, const char *key) {
    const size_t size = strlen(key);
    if (!v || v->type != KEN_JSON_OBJECT) return NULL;
    for (int64_t i = v->n - 1; i >= 0; i--) { /* of equal keys the last one counts */
        const ken_json *k = &v->u.items[2 * i];
        if ((size_t)k->n == size && memcmp(k->u.string, key, size) == 0) return k + 1;
    }
    return NULL;
}

bool ken_json_bool(const ken_json *v, bool otherwise) {
    return v && v->type == KEN_JSON_BOOL ? v->u.truth : otherwise;
}

int64_t ken_json_i64(const ken_json *v, int64_t otherwise) {
    return v && v->type == KEN_JSON_INT ? v->u.whole : otherwise;
}

double ken_json_f64(const ken_json *v, double otherwise) {
    if (!v) return otherwise;
    if (v->type == KEN_JSON_NUMBER) return v->u.number;
    if (v->type == KEN_JSON_INT) return (double)v->u.whole;
    if (v->type != KEN_JSON_STRING) return otherwise;
    if (strcmp(v->u.string, "NaN") == 0) return NAN;
    if (strcmp(v->u.string, "Infinity") == 0) return INFINITY;
    if (strcmp(v->u.string, "-Infinity") == 0) return -INFINITY;
    return otherwise;
}

const char *ken_json_string(const ken_json *v, size_t *size, const char *otherwise) {
    const bool is = v && v->type == KEN_JSON_STRING;
    if (size) *size = is ? (size_t)v->n : otherwise ? strlen(otherwise) : 0;
    return is ? v->u.string : otherwise;
}

/* --- writer --------------------------------------------------------------------------------- */
ken_json_writer ken_json_writer_new(ken_text *out, int indent) {
    ken_json_writer w = {0};
    w.out = out;
    w.indent = indent;
    return w;
}

static void json_new_line(ken_json_writer *w, int depth) {
    if (w->indent <= 0) return;
    ken_text_add_char(w->out, '\n');
    for (int i = 0; i < depth * w->indent; i++) ken_text_add_char(w->out, ' ');
}

/* What stands before an item: comma and new line, unless a key stands there already. */
static void json_before(ken_json_writer *w) {
    if (w->after_key) {
        w->after_key = false;
        return;
    }
    if (w->depth == 0) return;
    assert(w->depth > KEN_JSON_MAX_WRITE_DEPTH || !w->in_object[w->depth - 1]); /* key forgotten */
    if (w->depth <= KEN_JSON_MAX_WRITE_DEPTH && w->items[w->depth - 1]++ > 0)
        ken_text_add_char(w->out, ',');
    json_new_line(w, w->depth);
}

static void json_begin(ken_json_writer *w, bool object) {
    json_before(w);
    ken_text_add_char(w->out, object ? '{' : '[');
    if (w->depth < KEN_JSON_MAX_WRITE_DEPTH) {
        w->in_object[w->depth] = object;
        w->items[w->depth] = 0;
    } else if (w->out->status == KEN_OK) {
        w->out->status =
            KEN_FAIL(w->out->ctx, KEN_E_LIMIT, NULL, "json: cannot write more than %d levels",
                     KEN_JSON_MAX_WRITE_DEPTH);
    }
    w->depth++;
}

static void json_end(ken_json_writer *w, bool object) {
    assert(w->depth > 0 && !w->after_key);
    w->depth--;
    if (w->depth < KEN_JSON_MAX_WRITE_DEPTH) {
        assert(w->in_object[w->depth] == object);
        if (w->items[w->depth] > 0) json_new_line(w, w->depth);
    }
    ken_text_add_char(w->out, object ? '}' : ']');
}

void ken_json_object(ken_json_writer *w) { json_begin(w, true); }
void ken_json_end_object(ken_json_writer *w) { json_end(w, true); }
void ken_json_array(ken_json_writer *w) { json_begin(w, false); }
void ken_json_end_array(ken_json_writer *w) { json_end(w, false); }

static void json_quote(ken_text *out, const char *s, size_t size) {
    size_t start = 0, i = 0;
    ken_text_add_char(out, '"');
    while (i < size) {
        const unsigned char c = (unsigned char)s[i];
        const size_t here = i;
        const char *named = c && c < 0x20 ? strchr("\bb\ff\nn\rr\tt", c) : NULL;
        if (c >= 0x80) {
            if (ken_utf8_next(s, size, &i) != 0xfffd || i - here > 1) continue;
        } else {
            i++;
            if (c >= 0x20 && c != '"' && c != '\\') continue;
        }
        ken_text_add_bytes(out, s + start, here - start);
        start = i;
        if (c >= 0x80)
            ken_text_add(out, "\xef\xbf\xbd");
        else if (c == '"' || c == '\\')
            ken_text_addf(out, "\\%c", c);
        else if (named)
            ken_text_addf(out, "\\%c", named[1]);
        else
            ken_text_addf(out, "\\u%04x", c);
    }
    ken_text_add_bytes(out, s + start, size - start);
    ken_text_add_char(out, '"');
}

void ken_json_put_key(ken_json_writer *w, const char *key) {
    assert(w->depth > 0 && !w->after_key);
    assert(w->depth > KEN_JSON_MAX_WRITE_DEPTH || w->in_object[w->depth - 1]);
    if (w->depth <= KEN_JSON_MAX_WRITE_DEPTH && w->items[w->depth - 1]++ > 0)
        ken_text_add_char(w->out, ',');
    json_new_line(w, w->depth);
    json_quote(w->out, key, strlen(key));
    ken_text_add(w->out, w->indent > 0 ? ": " : ":");
    w->after_key = true;
}

void ken_json_put_null(ken_json_writer *w) { ken_json_put_raw(w, "null"); }

void ken_json_put_bool(ken_json_writer *w, bool value) {
    ken_json_put_raw(w, value ? "true" : "false");
}

void ken_json_put_i64(ken_json_writer *w, int64_t value) {
    char buf[32];
    ken_format_i64(value, buf);
    ken_json_put_raw(w, buf);
}

void ken_json_put_f64(ken_json_writer *w, double value) {
    char buf[32];
    ken_format_f64(value, buf);
    if (isfinite(value))
        ken_json_put_raw(w, buf);
    else
        ken_json_put_string(w, buf);
}

void ken_json_put_string(ken_json_writer *w, const char *text) {
    ken_json_put_bytes(w, text, strlen(text));
}

void ken_json_put_bytes(ken_json_writer *w, const char *text, size_t size) {
    json_before(w);
    json_quote(w->out, text, size);
}

void ken_json_put_raw(ken_json_writer *w, const char *json) {
    json_before(w);
    ken_text_add(w->out, json);
}
