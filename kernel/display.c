/* Records of a cell (ken/report/show.h) as outputs of a notebook: every one as text, tables as HTML too,
 * figures as Vega-Lite; and the record itself, byte for byte, for who compares. */
#include <string.h>

#include "ken/report/figures.h"
#include "kernel/kernel.h"

static void display_escape(ken_text *out, const char *text) {
    for (const char *s = text; *s; s++) {
        if (*s == '<') ken_text_add(out, "&lt;");
        else if (*s == '>') ken_text_add(out, "&gt;");
        else if (*s == '&') ken_text_add(out, "&amp;");
        else if (*s == '"') ken_text_add(out, "&quot;");
        else ken_text_add_char(out, *s);
    }
}

/* A value for people. */
static void display_value(const ken_json *v, ken_text *out) {
    char buf[32];
    switch (ken_json_get_type(v)) {
    case KEN_JSON_INT:
        ken_format_i64(ken_json_i64(v, 0), buf);
        ken_text_add(out, buf);
        return;
    case KEN_JSON_NUMBER:
        ken_text_add_f64(out, ken_json_f64(v, 0));
        return;
    case KEN_JSON_BOOL:
        ken_text_add(out, ken_json_bool(v, false) ? "true" : "false");
        return;
    case KEN_JSON_STRING:
        ken_text_add(out, ken_json_string(v, NULL, ""));
        return;
    case KEN_JSON_ARRAY:
        ken_text_add_char(out, '[');
        for (int64_t i = 0; i < ken_json_count(v); i++) {
            if (i) ken_text_add(out, ", ");
            display_value(ken_json_at(v, i), out);
        }
        ken_text_add_char(out, ']');
        return;
    default: /* null: a missing cell */
        return;
    }
}

/* --- tables ---------------------------------------------------------------------------------------------- */
static bool display_is_number(const char *dtype) {
    return strcmp(dtype, "f64") == 0 || strcmp(dtype, "f32") == 0 || strcmp(dtype, "i64") == 0;
}

static void display_cell_html(const ken_json *v, bool number, ken_ctx *ctx, ken_text *out) {
    ken_text t = ken_text_new(ctx);
    const char *text;
    display_value(v, &t);
    ken_text_add(out, number ? "<td style=\"text-align:right\">" : "<td style=\"text-align:left\">");
    if (ken_text_end(&t, &text) == KEN_OK) display_escape(out, text);
    ken_text_add(out, "</td>");
    ken_text_free(&t);
}

static void display_table_html(ken_ctx *ctx, const ken_json *record, const ken_json *value, ken_text *out) {
    const ken_json *columns = ken_json_get(value, "columns"), *rows = ken_json_get(value, "rows");
    const int64_t total = ken_json_i64(ken_json_get(value, "total"), 0), shown = ken_json_count(rows);
    ken_text_add(out, "<table><caption style=\"text-align:left\"><b>");
    display_escape(out, ken_json_string(ken_json_get(record, "key"), NULL, ""));
    ken_text_addf(out, "</b> %lld rows%s</caption><thead><tr>", (long long)total, shown < total ? ", the first of them:" : "");
    for (int64_t j = 0; j < ken_json_count(columns); j++) {
        const ken_json *column = ken_json_at(columns, j);
        ken_text_add(out, "<th>");
        display_escape(out, ken_json_string(ken_json_get(column, "name"), NULL, ""));
        ken_text_add(out, "<br><small>");
        display_escape(out, ken_json_string(ken_json_get(column, "dtype"), NULL, ""));
        ken_text_add(out, "</small></th>");
    }
    ken_text_add(out, "</tr></thead><tbody>");
    for (int64_t i = 0; i < shown; i++) {
        const ken_json *row = ken_json_at(rows, i);
        ken_text_add(out, "<tr>");
        for (int64_t j = 0; j < ken_json_count(row); j++)
            display_cell_html(ken_json_at(row, j),
                              display_is_number(ken_json_string(ken_json_get(ken_json_at(columns, j), "dtype"), NULL, "")),
                              ctx, out);
        ken_text_add(out, "</tr>");
    }
    ken_text_add(out, "</tbody></table>");
}

static void display_table_text(const ken_json *value, ken_text *out) {
    const ken_json *columns = ken_json_get(value, "columns"), *rows = ken_json_get(value, "rows");
    for (int64_t j = 0; j < ken_json_count(columns); j++)
        ken_text_addf(out, "%s%s", j ? "\t" : "", ken_json_string(ken_json_get(ken_json_at(columns, j), "name"), NULL, ""));
    for (int64_t i = 0; i < ken_json_count(rows); i++) {
        const ken_json *row = ken_json_at(rows, i);
        ken_text_add_char(out, '\n');
        for (int64_t j = 0; j < ken_json_count(row); j++) {
            if (j) ken_text_add_char(out, '\t');
            display_value(ken_json_at(row, j), out);
        }
    }
    const int64_t more = ken_json_i64(ken_json_get(value, "total"), 0) - ken_json_count(rows);
    if (more > 0) ken_text_addf(out, "\n(and %lld more rows)", (long long)more);
}

/* --- bundles --------------------------------------------------------------------------------------------------- */
/* "width": "container" at s: how long it is; 0: something else is there. Inside a text its quotes were escaped. */
static size_t display_container(const char *s, const char *key) {
    const char *const words[] = {key, ":", "\"container\""};
    const char *at = s;
    for (int i = 0; i < 3; i++) {
        at += strspn(at, i ? " \t\r\n" : "");
        if (strncmp(at, words[i], strlen(words[i])) != 0) return 0;
        at += strlen(words[i]);
    }
    return (size_t)(at - s);
}

/* The box of an output is as wide as what is in it: a figure that asks for the width of its box never comes to
 * rest. Such a figure gets a size. */
static void display_sized(const char *s, size_t size, ken_text *out) {
    for (const char *end = s + size; s < end;) {
        const size_t width = *s == '"' ? display_container(s, "\"width\"") : 0;
        const size_t height = *s == '"' && !width ? display_container(s, "\"height\"") : 0;
        if (width || height)
            ken_text_add(out, width ? "\"width\":560" : "\"height\":300");
        else
            ken_text_add_char(out, *s);
        s += width || height ? width + height : 1;
    }
}

/* A figure's own bytes, and a look for its styles if it brings none. */
static void display_figure(const ken_json *record, const char *line, ken_json_writer *w) {
    const ken_json *value = ken_json_get(record, "value");
    const char *spec = strstr(line, "\"value\":"); /* keys come in a fixed order; a '"' in a key is escaped */
    if (!spec) return;
    spec += strlen("\"value\":");
    const size_t size = strlen(spec) - 1; /* without the record's '}' */
    ken_text *out = w->out;
    ken_json_put_key(w, "application/vnd.vegalite.v5+json");
    ken_json_put_raw(w, "");
    const bool has_config = ken_json_get(value, "config") != NULL;
    const char *brace = memchr(spec, '{', size);
    if (!brace) {
        ken_text_add(out, "{}");
        return;
    }
    ken_text_add_char(out, '{');
    if (!has_config) ken_text_addf(out, "\"config\":%s%s", ken_figure_look(), ken_json_count(value) ? "," : "");
    display_sized(brace + 1, size - (size_t)(brace + 1 - spec), out);
}

static ken_status display_put_text(ken_ctx *ctx, const ken_json *record, const char *type, ken_json_writer *w) {
    const char *key = ken_json_string(ken_json_get(record, "key"), NULL, ""), *text;
    const ken_json *value = ken_json_get(record, "value");
    ken_text t = ken_text_new(ctx);
    if (strcmp(type, "table") == 0) {
        if (*key) ken_text_addf(&t, "%s\n", key);
        display_table_text(value, &t);
    } else if (strcmp(type, "figure") == 0) {
        ken_text_addf(&t, "<figure %s>", key);
    } else {
        if (*key) ken_text_addf(&t, "%s = ", key);
        display_value(value, &t);
    }
    ken_status status = ken_text_end(&t, &text);
    if (status == KEN_OK) KEN_JSON(w, "text/plain", string, text);
    ken_text_free(&t);
    if (status != KEN_OK || strcmp(type, "table") != 0) return status;
    t = ken_text_new(ctx);
    display_table_html(ctx, record, value, &t);
    status = ken_text_end(&t, &text);
    if (status == KEN_OK) KEN_JSON(w, "text/html", string, text);
    ken_text_free(&t);
    return status;
}

ken_status display_bundle(ken_ctx *ctx, const ken_json *record, const char *line, ken_json_writer *w) {
    const char *type = ken_json_string(ken_json_get(record, "type"), NULL, "");
    ken_json_put_key(w, "data");
    ken_json_object(w);
    KEN_TRY(display_put_text(ctx, record, type, w));
    if (strcmp(type, "figure") == 0)
        display_figure(record, line, w);
    KEN_JSON(w, "application/vnd.ken.show+json", raw, line);
    ken_json_end_object(w);
    ken_json_put_key(w, "metadata");
    ken_json_object(w);
    ken_json_end_object(w);
    return KEN_OK;
}

static void display_publish(kernel *k, const kernel_request *parent, const ken_json *record, const char *line) {
    const char *key = ken_json_string(ken_json_get(record, "key"), NULL, ""), *content;
    ken_text t = ken_text_new(k->ctx);
    ken_json_writer w = ken_json_writer_new(&t, 0);
    ken_json_object(&w);
    const ken_status status = display_bundle(k->ctx, record, line, &w);
    if (*key) {
        ken_json_put_key(&w, "transient");
        ken_json_object(&w);
        ken_json_end_object(&w);
    } else {
        KEN_JSON(&w, "execution_count", i64, k->count);
    }
    ken_json_end_object(&w);
    if (status == KEN_OK && ken_text_end(&t, &content) == KEN_OK)
        kernel_publish(k, parent, *key ? "display_data" : "execute_result", content);
    ken_text_free(&t);
}

static void display_print(kernel *k, const kernel_request *parent, const char *name, const char *text) {
    const char *content;
    ken_text t = ken_text_new(k->ctx);
    ken_json_writer w = ken_json_writer_new(&t, 0);
    ken_json_object(&w);
    KEN_JSON(&w, "name", string, name);
    KEN_JSON(&w, "text", string, text);
    ken_json_end_object(&w);
    if (ken_text_end(&t, &content) == KEN_OK) kernel_publish(k, parent, "stream", content);
    ken_text_free(&t);
}

/* A failed expectation: where, and what. */
static void display_failure(kernel *k, const kernel_request *parent, const ken_json *record) {
    const ken_json *value = ken_json_get(record, "value") ? ken_json_get(record, "value") : record;
    ken_text t = ken_text_new(k->ctx);
    const char *text;
    ken_text_addf(&t, "%s: %s\n", ken_json_string(ken_json_get(value, "place"), NULL, ""),
                  ken_json_string(ken_json_get(value, "message"), NULL, "an expectation was not met"));
    if (ken_text_end(&t, &text) == KEN_OK) display_print(k, parent, "stderr", text);
    ken_text_free(&t);
}

void display_record(kernel *k, const kernel_request *parent, const char *line, size_t size) {
    ken_json_doc *doc;
    if (k->silent || ken_json_parse(k->ctx, "record", line, size, &doc) != KEN_OK) return;
    const ken_json *record = ken_json_root(doc);
    const char *type = ken_json_string(ken_json_get(record, "type"), NULL, "");
    if (strcmp(type, "print") == 0)
        display_print(k, parent, "stdout", ken_json_string(ken_json_get(record, "value"), NULL, ""));
    else if (strcmp(type, "error") == 0)
        display_failure(k, parent, record);
    else
        display_publish(k, parent, record, line);
    ken_json_doc_free(doc);
}
