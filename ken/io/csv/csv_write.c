/* Tables to CSV. What is written reads back the same: shortest numbers, ISO dates, quotes where the
 * reader needs them. A missing cell is empty (in a table of one column "", as an empty line would
 * be no row). Text that looks like a number reads back as a number: CSV has no types. */
#include <string.h>

#include "ken/core/text.h"
#include "ken/io/csv/csv_parts.h"
#include "ken/io/file.h"

typedef struct csv_write_job {
    const ken_table *table;
    ken_text text;
    csv_missing missing;
    bool quote[256]; /* bytes that make a cell need quotes */
} csv_write_job;

static void csv_write_text(csv_write_job *w, const char *s, size_t n) {
    bool plain = n > 0 && *s != ' ' && *s != '\t' && s[n - 1] != ' ' && s[n - 1] != '\t';
    for (size_t i = 0; i < n && plain; i++) plain = !w->quote[(unsigned char)s[i]];
    if (plain && !(n <= w->missing.longest && ken__csv_is_missing(&w->missing, s, (uint32_t)n))) {
        ken_text_add_bytes(&w->text, s, n);
        return;
    }
    ken_text_add_char(&w->text, '"');
    for (size_t from = 0; from < n;) {
        const char *quote = memchr(s + from, '"', n - from);
        const size_t upto = quote ? (size_t)(quote - s) + 1 : n;
        ken_text_add_bytes(&w->text, s + from, upto - from);
        if (quote) ken_text_add_char(&w->text, '"');
        from = upto;
    }
    ken_text_add_char(&w->text, '"');
}

static void csv_write_strings_cell(csv_write_job *w, const ken_strings *strings, int64_t i) {
    int64_t n;
    const char *s = ken_strings_at(strings, i, &n);
    csv_write_text(w, s, (size_t)n);
}

static void csv_write_cell(csv_write_job *w, const ken_column *c, int64_t i) {
    const int64_t at = i * c->stride;
    char buf[48];
    switch (c->dtype) {
    case KEN_F64:
        ken_text_add_bytes(&w->text, buf,
                           (size_t)ken_format_f64(((const double *)c->data)[at], buf));
        break;
    case KEN_I64:
        ken_text_add_bytes(&w->text, buf,
                           (size_t)ken_format_i64(((const int64_t *)c->data)[at], buf));
        break;
    case KEN_BOOL:
        ken_text_add(&w->text, ((const uint8_t *)c->data)[at] ? "true" : "false");
        break;
    case KEN_CATEGORY:
        csv_write_strings_cell(w, &c->text, ((const int32_t *)c->data)[at]);
        break;
    case KEN_STRING:
        csv_write_strings_cell(w, &c->text, i);
        break;
    default:
        ken_text_add(&w->text, ken_column_format(c, i, buf, sizeof buf));
        break;
    }
}

static void csv_write_row(csv_write_job *w, int64_t i) {
    const int d = ken_table_cols(w->table);
    for (int j = 0; j < d; j++) {
        const ken_column *c = ken_table_column(w->table, j);
        if (j > 0) ken_text_add_char(&w->text, ',');
        if (!ken_column_missing(c, i))
            csv_write_cell(w, c, i);
        else if (d == 1)
            ken_text_add(&w->text, "\"\"");
    }
    ken_text_add_char(&w->text, '\n');
}

static ken_status csv_write_flush(csv_write_job *w, ken_file_writer *file) {
    const char *text;
    KEN_TRY(ken_text_end(&w->text, &text));
    KEN_TRY(ken_file_write(file, text, w->text.size));
    w->text.size = 0;
    return KEN_OK;
}

static ken_status csv_write_rows(ken_ctx *ctx, csv_write_job *w, ken_file_writer *file) {
    const int64_t n = ken_table_rows(w->table);
    for (int j = 0; j < ken_table_cols(w->table); j++) {
        const char *name = ken_table_column(w->table, j)->name;
        if (j > 0) ken_text_add_char(&w->text, ',');
        csv_write_text(w, name, strlen(name));
    }
    ken_text_add_char(&w->text, '\n');
    for (int64_t i = 0; i < n; i++) {
        csv_write_row(w, i);
        if (w->text.size < (size_t)64 << 10) continue;
        KEN_TRY(csv_write_flush(w, file));
        KEN_TRY(ken_check_cancel(ctx));
    }
    return csv_write_flush(w, file);
}

ken_status ken_csv_write(ken_ctx *ctx, const char *path, const ken_table *table) {
    static const char special[] = ",;|\t\"\n\r";
    csv_write_job w = {table, ken_text_new(ctx), {0}, {false}};
    ken_file_writer *file = NULL;
    for (const char *s = special; *s; s++) w.quote[(unsigned char)*s] = true;
    KEN_TRY(ken__csv_missing_words(ctx, NULL, &w.missing));
    KEN_TRY(ken_file_create(ctx, path, &file));
    const ken_status status = csv_write_rows(ctx, &w, file);
    ken_text_free(&w.text);
    if (status == KEN_OK) return ken_file_commit(file);
    ken_file_discard(file);
    return status;
}
