/* inspect_request: what the word under the cursor is: a symbol of the headers with its comment, a thing of the
 * catalog with its parameters, a name of an earlier cell. */
#include <string.h>

#include "ken/core/desc.h"
#include "kernel/cursor.h"
#include "kernel/kernel.h"

static bool inspect_same(const char *name, const char *word, size_t size) {
    return strlen(name) == size && memcmp(name, word, size) == 0;
}

static void inspect_param(const ken_param *p, const ken_desc *d, ken_text *out) {
    ken_text_addf(out, "  %s", p->name);
    if (d->defaults) {
        ken_text_add(out, " = ");
        ken_param_format(p, d->defaults, out);
    }
    ken_text_addf(out, "   %s", p->doc ? p->doc : "");
    if (p->type == KEN_PARAM_F64 || p->type == KEN_PARAM_I64) {
        ken_text_addf(out, " (%s", p->open_min ? "above " : "");
        ken_text_add_f64(out, p->min);
        ken_text_add(out, p->open_min ? " to " : " to ");
        ken_text_add_f64(out, p->max);
        ken_text_add_char(out, ')');
    }
    for (int i = 0; p->type == KEN_PARAM_CHOICE && p->choices[i]; i++)
        ken_text_addf(out, "%s%s%s", i ? ", " : " (", p->choices[i], p->choices[i + 1] ? "" : ")");
    if (p->when) ken_text_addf(out, " [when %s]", p->when);
    ken_text_add_char(out, '\n');
}

static bool inspect_thing(const char *word, size_t size, ken_text *out) {
    const ken_desc *d;
    for (int i = 0; (d = ken_catalog_at(i)); i++) {
        if (!inspect_same(d->name, word, size)) continue;
        ken_text_addf(out, "%s: %s (%s)\n\n%s\n", d->name, d->title, ken_kind_name(d->kind), d->doc ? d->doc : "");
        if (d->params && d->params->name) ken_text_add(out, "\nparameters\n");
        for (const ken_param *p = d->params; p && p->name; p++) inspect_param(p, d, out);
        if (d->paper) ken_text_addf(out, "\n%s\n", d->paper);
        return true;
    }
    return false;
}

/* A parameter in the settings of ken_model_new(ctx, "ridge", "alpha=0.1", ...). */
static bool inspect_setting(const cursor_place *at, const char *word, size_t size, ken_text *out) {
    const ken_desc *d;
    if (strcmp(at->function, "ken_model_new") != 0 || at->argument != 2) return false;
    for (int i = 0; (d = ken_catalog_at(i)); i++)
        for (const ken_param *p = d->params; inspect_same(d->name, at->texts[1], strlen(at->texts[1])) && p && p->name; p++)
            if (inspect_same(p->name, word, size)) {
                ken_text_addf(out, "%s of %s\n", p->name, d->name);
                inspect_param(p, d, out);
                return true;
            }
    return false;
}

static bool inspect_item(kernel *k, const char *word, size_t size, ken_text *out) {
    for (int i = k->session.items.n - 1; i >= 0; i--) {
        const cell_item *item = &k->session.items.at[i];
        if (!cell_item_has(item, word, size)) continue;
        const char *label = item->symbol ? strstr(item->text, " __asm__(\"") : NULL;
        ken_text_add_bytes(out, item->text, label ? (size_t)(label - item->text) : strlen(item->text));
        ken_text_addf(out, "%s\n", label ? ";" : "");
        if (item->doc && *item->doc) ken_text_addf(out, "\n%s\n", item->doc);
        ken_text_addf(out, "\ncell %d, line %d\n", item->cell, item->line);
        return true;
    }
    return false;
}

static bool inspect_symbol(kernel *k, const char *word, size_t size, ken_text *out) {
    const symbol *s = kernel_symbol(k, word, size);
    if (!s) return false;
    ken_text_addf(out, "%s\n", s->text);
    if (*s->doc) ken_text_addf(out, "\n%s\n", s->doc);
    ken_text_addf(out, "\n#include <%s>  (line %d)\n", s->file, s->line);
    return true;
}

static bool inspect_word(kernel *k, const cursor_place *at, const char *code, ken_text *out) {
    const char *word = code + at->begin;
    const size_t size = at->end - at->begin;
    if (size && at->in_string && inspect_setting(at, word, size, out)) return true;
    if (size && at->in_string) return inspect_thing(word, size, out);
    if (size && (inspect_item(k, word, size, out) || inspect_symbol(k, word, size, out))) return true;
    /* Between the brackets of a call: the function. */
    if (!at->function[0]) return false;
    return inspect_item(k, at->function, strlen(at->function), out) ||
           inspect_symbol(k, at->function, strlen(at->function), out);
}

void kernel_inspect(kernel *k, kernel_request *r) {
    size_t size;
    const char *code = ken_json_string(ken_json_get(r->message.content, "code"), &size, ""), *content, *text;
    const size_t at = cursor_bytes(code, size, ken_json_i64(ken_json_get(r->message.content, "cursor_pos"), INT64_MAX));
    cursor_place place;
    ken_text told = ken_text_new(k->ctx), t = ken_text_new(k->ctx);
    ken_json_writer w = ken_json_writer_new(&t, 0);
    cursor_find(code, size, at, &place);
    const bool found = inspect_word(k, &place, code, &told) && ken_text_end(&told, &text) == KEN_OK;
    ken_json_object(&w);
    KEN_JSON(&w, "status", string, "ok");
    KEN_JSON(&w, "found", bool, found);
    ken_json_put_key(&w, "data");
    ken_json_object(&w);
    if (found) KEN_JSON(&w, "text/plain", string, text);
    ken_json_end_object(&w);
    KEN_JSON(&w, "metadata", raw, "{}");
    ken_json_end_object(&w);
    if (ken_text_end(&t, &content) == KEN_OK) kernel_reply(k, r, "inspect_reply", content);
    ken_text_free(&told);
    ken_text_free(&t);
}
