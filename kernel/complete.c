/* complete_request: names of the headers, of earlier cells and of this one; names of the catalog in strings. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ken/core/desc.h"
#include "kernel/cursor.h"
#include "kernel/kernel.h"

enum { COMPLETE_MAX = 400 };

typedef struct complete_list {
    kernel *k;
    const char *prefix;
    size_t size;
    struct {
        char text[96];
        const char *type;
    } at[COMPLETE_MAX];
    int n;
} complete_list;

static void complete_add(complete_list *c, const char *name, size_t size, const char *type) {
    if (size < c->size || memcmp(name, c->prefix, c->size) != 0 || c->n == COMPLETE_MAX || size >= sizeof c->at[0].text)
        return;
    for (int i = 0; i < c->n; i++)
        if (strlen(c->at[i].text) == size && memcmp(c->at[i].text, name, size) == 0) return;
    memcpy(c->at[c->n].text, name, size);
    c->at[c->n].text[size] = 0;
    c->at[c->n++].type = type;
}

/* --- in a string ------------------------------------------------------------------------------------------- */
static void complete_catalog(complete_list *c, int kinds) {
    const ken_desc *d;
    for (int i = 0; (d = ken_catalog_at(i)); i++)
        if (kinds >> d->kind & 1) complete_add(c, d->name, strlen(d->name), ken_kind_name(d->kind));
}

static const ken_desc *complete_desc(const char *name) {
    const ken_desc *d;
    for (int i = 0; (d = ken_catalog_at(i)); i++)
        if (strcmp(d->name, name) == 0) return d;
    return NULL;
}

/* Parameters with '=', or the choices of the one before the '='. */
static void complete_settings(complete_list *c, const ken_desc *d, const char *string, size_t before) {
    size_t word = before;
    while (word > 0 && !strchr(" ,", string[word - 1])) word--;
    const char *equals = memchr(string + word, '=', before - word);
    for (const ken_param *p = d->params; p && p->name; p++) {
        char name[96];
        if (!equals) {
            const int n = snprintf(name, sizeof name, "%s=", p->name);
            if (n < (int)sizeof name) complete_add(c, name, (size_t)n, "param");
            continue;
        }
        if (strlen(p->name) != (size_t)(equals - string) - word || memcmp(p->name, string + word, strlen(p->name)) != 0) continue;
        for (int i = 0; p->type == KEN_PARAM_CHOICE && p->choices[i]; i++)
            complete_add(c, p->choices[i], strlen(p->choices[i]), "choice");
        if (p->type == KEN_PARAM_BOOL) complete_add(c, "true", 4, "choice"), complete_add(c, "false", 5, "choice");
    }
}

#define COMPLETE_MODELS (1 << KEN_ESTIMATOR | 1 << KEN_TRANSFORMER)
static void complete_string(complete_list *c, const cursor_place *at, const char *text) {
    static const struct {
        const char *function;
        int argument, kinds;
    } calls[] = {{"ken_model_new", 1, COMPLETE_MODELS}, {"ken_dataset_load", 1, 1 << KEN_DATASET},
                 {"ken_catalog_find", 1, -1}, {"ken_metric_find", 1, 1 << KEN_METRIC}};
    for (int i = 0; i < KEN_COUNT(calls); i++)
        if (strcmp(at->function, calls[i].function) == 0 && at->argument == calls[i].argument)
            complete_catalog(c, calls[i].kinds);
    if (strcmp(at->field, "model") == 0) complete_catalog(c, 1 << KEN_ESTIMATOR);
    if (strcmp(at->field, "metric") == 0) complete_catalog(c, 1 << KEN_METRIC);
    if (strcmp(at->function, "ken_model_new") == 0 && at->argument == 2) {
        const ken_desc *d = complete_desc(at->texts[1]);
        if (d) complete_settings(c, d, text + at->string, at->begin - at->string);
    }
    if (strcmp(at->function, "ken_model_set") == 0 && at->argument == 2) { /* of which model, is not known here */
        const ken_desc *d;
        for (int i = 0; (d = ken_catalog_at(i)); i++)
            for (const ken_param *p = d->params; (COMPLETE_MODELS >> d->kind & 1) && p && p->name; p++)
                complete_add(c, p->name, strlen(p->name), "param");
    }
}

/* --- in C ---------------------------------------------------------------------------------------------------- */
static void complete_code(complete_list *c, const char *text, size_t size, const cursor_place *at) {
    static const char *const words[] = {
        "RUN", "auto", "break", "case", "char", "const", "continue", "default", "do", "double", "else", "enum", "extern",
        "float", "for", "goto", "if", "inline", "int", "long", "register", "restrict", "return", "short", "signed",
        "sizeof", "static", "struct", "switch", "typedef", "union", "unsigned", "void", "volatile", "while", "_Bool",
        "_Generic", "_Static_assert", "bool", "true", "false", "int64_t", "int32_t", "uint8_t", "size_t", "NULL",
        "printf", "fprintf", "snprintf", "stdout", "stderr", "malloc", "calloc", "free", "memcpy", "memset", "strlen",
        "strcmp", "scanf", "fgets", "stdin", "sqrt", "exp", "log", "fabs", "pow", "ctx", "show"};
    cell_scan s;
    cell_scan_begin(&s, text, size);
    for (cell_token token; (token = cell_scan_next(&s)) != CELL_END;) /* of this cell, but for the word itself */
        if (token == CELL_WORD && s.begin != at->begin) complete_add(c, text + s.begin, s.end - s.begin, "name");
    for (int i = 0; i < c->k->session.items.n; i++) {
        const cell_item *item = &c->k->session.items.at[i];
        for (const char *name = item->names; *name == ' ' && name[1];) {
            const size_t n = strcspn(name + 1, " ");
            if (n) complete_add(c, name + 1, n, item->kind == CELL_FUNCTION ? "function" : "variable");
            name += 1 + n;
        }
    }
    const symbols *all = kernel_symbols(c->k);
    for (int i = 0; i < all->n; i++) complete_add(c, all->at[i].name, strlen(all->at[i].name), all->at[i].kind);
    for (int i = 0; i < KEN_COUNT(words); i++) complete_add(c, words[i], strlen(words[i]), "keyword");
}

/* Names of the members of a struct's text that stand before ';' or ',' or '['. */
static void complete_members(complete_list *c, const char *declaration) {
    cell_scan s;
    const char *brace = strchr(declaration, '{');
    char last[96] = "";
    if (!brace) return;
    cell_scan_begin(&s, brace + 1, strlen(brace + 1));
    for (cell_token token; (token = cell_scan_next(&s)) != CELL_END;) {
        const char mark = s.text[s.begin];
        if (token == CELL_WORD) snprintf(last, sizeof last, "%.*s", (int)(s.end - s.begin), s.text + s.begin);
        if (token != CELL_MARK) continue;
        if (mark == '}') return;
        if ((mark == ';' || mark == ',' || mark == '[') && last[0]) complete_add(c, last, strlen(last), "member");
        if (mark != '*') last[0] = 0;
    }
}

/* The text of a struct by its type's name. */
static const char *complete_type_text(kernel *k, const char *name, size_t size) {
    for (int i = k->session.items.n - 1; i >= 0; i--)
        if (k->session.items.at[i].kind == CELL_TYPE && cell_item_has(&k->session.items.at[i], name, size))
            return k->session.items.at[i].text;
    const symbol *s = kernel_symbol(k, name, size);
    return s && strcmp(s->kind, "type") == 0 ? s->text : NULL;
}

/* "TYPE *name" in a text: members of the last TYPE found. */
static bool complete_declared_in(complete_list *c, const char *text, size_t size, const char *name, size_t length) {
    cell_scan s;
    size_t type = 0, type_size = 0;
    const char *found = NULL;
    cell_scan_begin(&s, text, size);
    for (cell_token token; (token = cell_scan_next(&s)) != CELL_END;) {
        if (token == CELL_MARK && text[s.begin] == '*') continue;
        if (token != CELL_WORD) {
            type_size = 0;
            continue;
        }
        if (type_size && s.end - s.begin == length && memcmp(text + s.begin, name, length) == 0) {
            const char *declared = complete_type_text(c->k, text + type, type_size);
            if (declared) found = declared;
        }
        type = s.begin, type_size = s.end - s.begin;
    }
    if (found) complete_members(c, found);
    return found != NULL;
}

/* Behind "name." or "name->". */
static bool complete_after_dot(complete_list *c, const char *text, size_t size, const cursor_place *at) {
    size_t end = at->begin;
    if (end >= 1 && text[end - 1] == '.') end -= 1;
    else if (end >= 2 && text[end - 1] == '>' && text[end - 2] == '-') end -= 2;
    else return false;
    size_t begin = end;
    while (begin > 0 && (cell_scan_is(&(cell_scan){.text = text, .begin = begin, .end = begin}, "") &&
                         (text[begin - 1] == '_' || (text[begin - 1] >= '0' && text[begin - 1] <= '9') ||
                          (text[begin - 1] >= 'a' && text[begin - 1] <= 'z') || (text[begin - 1] >= 'A' && text[begin - 1] <= 'Z'))))
        begin--;
    if (begin == end) return false;
    if (complete_declared_in(c, text, size, text + begin, end - begin)) return true;
    for (int i = 0; i < c->k->session.items.n; i++) {
        const cell_item *item = &c->k->session.items.at[i];
        if (item->kind == CELL_VARIABLE && complete_declared_in(c, item->text, strlen(item->text), text + begin, end - begin))
            return true;
    }
    return true; /* of a type that is not known: better nothing than everything */
}

/* --- reply ------------------------------------------------------------------------------------------------------ */
static int complete_compare(const void *a, const void *b) { return strcmp(a, b); }

static ken_status complete_write(const complete_list *c, int64_t begin, int64_t end, ken_text *t) {
    ken_json_writer w = ken_json_writer_new(t, 0);
    const char *text;
    ken_json_object(&w);
    KEN_JSON(&w, "status", string, "ok");
    ken_json_put_key(&w, "matches");
    ken_json_array(&w);
    for (int i = 0; i < c->n; i++) ken_json_put_string(&w, c->at[i].text);
    ken_json_end_array(&w);
    KEN_JSON(&w, "cursor_start", i64, begin);
    KEN_JSON(&w, "cursor_end", i64, end);
    ken_json_put_key(&w, "metadata");
    ken_json_object(&w);
    ken_json_put_key(&w, "_jupyter_types_experimental");
    ken_json_array(&w);
    for (int i = 0; i < c->n; i++) {
        ken_json_object(&w);
        KEN_JSON(&w, "text", string, c->at[i].text);
        KEN_JSON(&w, "type", string, c->at[i].type);
        KEN_JSON(&w, "start", i64, begin);
        KEN_JSON(&w, "end", i64, end);
        ken_json_end_object(&w);
    }
    ken_json_end_array(&w);
    ken_json_end_object(&w);
    ken_json_end_object(&w);
    return ken_text_end(t, &text);
}

void kernel_complete(kernel *k, kernel_request *r) {
    size_t size;
    const char *code = ken_json_string(ken_json_get(r->message.content, "code"), &size, "");
    const size_t at = cursor_bytes(code, size, ken_json_i64(ken_json_get(r->message.content, "cursor_pos"), INT64_MAX));
    cursor_place place;
    complete_list *c = calloc(1, sizeof *c);
    ken_text t = ken_text_new(k->ctx);
    if (!c) return;
    cursor_find(code, size, at, &place);
    c->k = k, c->prefix = code + place.begin, c->size = at - place.begin;
    if (place.in_string)
        complete_string(c, &place, code);
    else if (!place.in_comment && !complete_after_dot(c, code, size, &place) && c->size)
        complete_code(c, code, size, &place);
    qsort(c->at, (size_t)c->n, sizeof c->at[0], complete_compare);
    if (complete_write(c, cursor_points(code, place.begin), cursor_points(code, at), &t) == KEN_OK)
        kernel_reply(k, r, "complete_reply", t.data);
    ken_text_free(&t);
    free(c);
}
