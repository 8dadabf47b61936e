/* Records of cells: each is written to a text of its own and given to the sink whole. */
#include "ken/report/show.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "ken/core/json.h"

typedef struct show_record {
    ken_text text;
    ken_json_writer json;
} show_record;

/* Opens {"cell":...,"key":...,"type":...,"value": and leaves the value to the caller. */
static void show_begin(show_record *r, ken_ctx *ctx, const ken_show *show, const char *key,
                       const char *type) {
    r->text = ken_text_new(ctx);
    r->json = ken_json_writer_new(&r->text, 0);
    ken_json_object(&r->json);
    KEN_JSON(&r->json, "cell", string, show->cell ? show->cell : "");
    KEN_JSON(&r->json, "key", string, key ? key : "");
    KEN_JSON(&r->json, "type", string, type);
    ken_json_put_key(&r->json, "value");
}

static ken_status show_end(show_record *r, ken_show *show) {
    const char *line;
    ken_json_end_object(&r->json);
    ken_status status = ken_text_end(&r->text, &line);
    if (status == KEN_OK) show->write(show->user, line, r->text.size);
    ken_text_free(&r->text);
    return status;
}

ken_status ken_show_number(ken_ctx *ctx, ken_show *show, const char *key, double value) {
    show_record r;
    show_begin(&r, ctx, show, key, "number");
    ken_json_put_f64(&r.json, value);
    return show_end(&r, show);
}

ken_status ken_show_integer(ken_ctx *ctx, ken_show *show, const char *key, int64_t value) {
    show_record r;
    show_begin(&r, ctx, show, key, "integer");
    ken_json_put_i64(&r.json, value);
    return show_end(&r, show);
}

ken_status ken_show_bool(ken_ctx *ctx, ken_show *show, const char *key, bool value) {
    show_record r;
    show_begin(&r, ctx, show, key, "bool");
    ken_json_put_bool(&r.json, value);
    return show_end(&r, show);
}

ken_status ken_show_text(ken_ctx *ctx, ken_show *show, const char *key, const char *value) {
    show_record r;
    show_begin(&r, ctx, show, key, "text");
    ken_json_put_string(&r.json, value ? value : "");
    return show_end(&r, show);
}

ken_status ken_show_array(ken_ctx *ctx, ken_show *show, const char *key, const double *values,
                          int64_t n) {
    show_record r;
    if (n < 0 || (n > 0 && !values))
        return KEN_FAIL(ctx, KEN_E_ARG, "pass the array and how many numbers it has",
                        "KEN_SHOW_ARRAY(\"%s\"): %s of %lld numbers", key ? key : "",
                        values ? "an array" : "NULL instead of an array", (long long)n);
    show_begin(&r, ctx, show, key, "array");
    ken_json_array(&r.json);
    for (int64_t i = 0; i < n; i++) ken_json_put_f64(&r.json, values[i]);
    ken_json_end_array(&r.json);
    return show_end(&r, show);
}

/* --- tables --------------------------------------------------------------------------------------- */
static void show_cell(ken_json_writer *w, const ken_column *column, int64_t i) {
    char buf[64];
    int64_t size;
    const char *bytes;
    if (ken_column_missing(column, i)) {
        ken_json_put_null(w);
        return;
    }
    switch (column->dtype) {
    case KEN_F64: ken_json_put_f64(w, ken_column_f64(column, i)); return;
    case KEN_I64: ken_json_put_i64(w, ((const int64_t *)column->data)[i * column->stride]); return;
    case KEN_BOOL: ken_json_put_bool(w, ken_column_f64(column, i) != 0); return;
    case KEN_STRING:
        bytes = ken_strings_at(&column->text, i, &size);
        ken_json_put_bytes(w, bytes, (size_t)size);
        return;
    case KEN_CATEGORY:
        bytes = ken_strings_at(&column->text, (int64_t)ken_column_f64(column, i), &size);
        ken_json_put_bytes(w, bytes, (size_t)size);
        return;
    case KEN_TIME: ken_json_put_string(w, ken_column_format(column, i, buf, sizeof buf)); return;
    default: ken_json_put_f64(w, ken_column_f64(column, i)); return;
    }
}

ken_status ken_show_table(ken_ctx *ctx, ken_show *show, const char *key, const ken_table *table) {
    show_record r;
    ken_json_writer *w = &r.json;
    if (!table)
        return KEN_FAIL(ctx, KEN_E_ARG, "pass a table that has been made",
                        "KEN_SHOW(\"%s\"): NULL instead of a table", key ? key : "");
    const int d = ken_table_cols(table);
    const int64_t n = ken_table_rows(table);
    show_begin(&r, ctx, show, key, "table");
    ken_json_object(w);
    ken_json_put_key(w, "columns");
    ken_json_array(w);
    for (int j = 0; j < d; j++) {
        const ken_column *column = ken_table_column(table, j);
        ken_json_object(w);
        KEN_JSON(w, "name", string, column->name);
        KEN_JSON(w, "dtype", string, ken_dtype_name(column->dtype));
        ken_json_end_object(w);
    }
    ken_json_end_array(w);
    ken_json_put_key(w, "rows");
    ken_json_array(w);
    for (int64_t i = 0; i < KEN_MIN(n, KEN_SHOW_ROWS); i++) {
        ken_json_array(w);
        for (int j = 0; j < d; j++) show_cell(w, ken_table_column(table, j), i);
        ken_json_end_array(w);
    }
    ken_json_end_array(w);
    KEN_JSON(w, "total", i64, n);
    ken_json_end_object(w);
    return show_end(&r, show);
}

/* --- figures -------------------------------------------------------------------------------------- */
/* Valid JSON without the blanks between its parts: a record is one line. */
static void show_compact(ken_text *out, const char *json) {
    bool in_string = false;
    for (const char *s = json; *s; s++) {
        if (!in_string && strchr(" \t\r\n", *s)) continue;
        ken_text_add_char(out, *s);
        if (*s == '"') in_string = !in_string;
        if (in_string && *s == '\\') ken_text_add_char(out, *++s);
    }
}

ken_status ken_show_figure(ken_ctx *ctx, ken_show *show, const char *key, const char *json) {
    show_record r;
    ken_json_doc *doc;
    if (!json) json = "";
    KEN_TRY(ken_json_parse(ctx, "KEN_SHOW_FIGURE", json, strlen(json), &doc));
    const ken_json_type type = ken_json_get_type(ken_json_root(doc));
    ken_json_doc_free(doc);
    if (type != KEN_JSON_OBJECT)
        return KEN_FAIL(ctx, KEN_E_FORMAT, "pass a whole Vega-Lite specification: {\"mark\": ...}",
                        "KEN_SHOW_FIGURE(\"%s\"): the JSON is no object", key ? key : "");
    show_begin(&r, ctx, show, key, "figure");
    ken_json_put_raw(&r.json, ""); /* the value's place */
    show_compact(&r.text, json);
    return show_end(&r, show);
}

/* --- prints and errors ------------------------------------------------------------------------------ */
ken_status ken_show_print(ken_ctx *ctx, ken_show *show, const char *fmt, ...) {
    show_record r;
    va_list args;
    char *text = NULL;
    va_start(args, fmt);
    const int size = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    if (size < 0) return KEN_FAIL(ctx, KEN_E_ARG, NULL, "KEN_PRINT: the format cannot be printed");
    KEN_TRY(KEN_ALLOC(ctx, char, (size_t)size + 1, &text));
    va_start(args, fmt);
    vsnprintf(text, (size_t)size + 1, fmt, args);
    va_end(args);
    show_begin(&r, ctx, show, "", "print");
    ken_json_put_string(&r.json, text);
    ken_free(ctx, text);
    return show_end(&r, show);
}

static ken_status show_problem(ken_ctx *ctx, ken_show *show, const char *code, const char *message,
                               const char *hint, const char *place) {
    show_record r;
    show->failures++;
    show_begin(&r, ctx, show, "error", "error");
    ken_json_object(&r.json);
    KEN_JSON(&r.json, "code", string, code);
    KEN_JSON(&r.json, "message", string, message);
    KEN_JSON(&r.json, "hint", string, hint);
    KEN_JSON(&r.json, "place", string, place);
    ken_json_end_object(&r.json);
    return show_end(&r, show);
}

ken_status ken_show_error(ken_ctx *ctx, ken_show *show, ken_status status) {
    return show_problem(ctx, show, ken_status_name(status), ken_ctx_message(ctx), ken_ctx_hint(ctx),
                        ken_ctx_place(ctx));
}

void ken_show_failure(ken_ctx *ctx, ken_show *show, const char *file, int line, const char *fmt, ...) {
    char message[1024], place[256];
    va_list args;
    va_start(args, fmt);
    vsnprintf(message, sizeof message, fmt, args);
    va_end(args);
    snprintf(place, sizeof place, "%s:%d", file, line);
    (void)show_problem(ctx, show, "EXPECT", message, "", place); /* counted, even without memory */
}
