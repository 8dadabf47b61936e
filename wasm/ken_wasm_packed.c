/* Built-in tables of small modules: columns whose types and levels are known already, so nothing of the reader of files is
 * needed. hub/gen/module.mjs writes them from what ken_csv_parse gave: the number of rows and a newline; then of each column
 * "type TAB name TAB level TAB level ..." and its cells between tabs, a line each. A missing cell is empty; a category's
 * cell is the code of its level. Bytes of our own making: still, what is not as written here is an error. */
#include "wasm/kw.h"

typedef struct packed_text {
    const char *at, *end;
} packed_text;

/* The next item before `stop`; false at the end. */
static bool packed_item(packed_text *text, char stop, packed_text *item) {
    if (text->at > text->end) return false;
    const char *end = memchr(text->at, stop, (size_t)(text->end - text->at));
    *item = (packed_text){text->at, end ? end : text->end};
    text->at = item->end + 1;
    return true;
}

static size_t packed_size(const packed_text *item) { return (size_t)(item->end - item->at); }

/* Items to the end of `list` as texts of the column, by copy. */
static ken_status packed_strings(ken_ctx *ctx, packed_text list, ken_strings *out) {
    packed_text item;
    int64_t *offset;
    char *bytes;
    int64_t n = 0, most = 1;
    for (const char *at = list.at; at < list.end; at++) most += *at == '\t';
    KEN_TRY(KEN_SCRATCH(ctx, int64_t, most + 1, &offset));
    KEN_TRY(KEN_SCRATCH(ctx, char, packed_size(&list) + 1, &bytes));
    offset[0] = 0;
    for (; packed_item(&list, '\t', &item); n++) {
        memcpy(bytes + offset[n], item.at, packed_size(&item));
        offset[n + 1] = offset[n] + (int64_t)packed_size(&item);
    }
    *out = (ken_strings){n, offset, bytes};
    return KEN_OK;
}

static bool packed_cell(const packed_text *item, ken_dtype dtype, void *data, int64_t i) {
    int64_t whole = 0;
    if (dtype == KEN_F64) return ken_parse_f64(item->at, packed_size(item), (double *)data + i);
    if (!ken_parse_i64(item->at, packed_size(item), &whole, NULL)) return false;
    if (dtype == KEN_CATEGORY) ((int32_t *)data)[i] = (int32_t)whole;
    else if (dtype == KEN_BOOL) ((uint8_t *)data)[i] = (uint8_t)whole;
    else ((int64_t *)data)[i] = whole;
    return true;
}

static ken_status packed_column(ken_ctx *ctx, const char *table_name, packed_text head, packed_text cells, ken_table *table) {
    static const ken_dtype types[] = {KEN_F64, KEN_I64, KEN_BOOL, KEN_CATEGORY, KEN_STRING, KEN_TIME};
    ken_column c = {.n = ken_table_rows(table), .stride = 1, .source = -1};
    packed_text type = {0}, name = {0}, item;
    char *copy;
    uint8_t *valid;
    double *data; /* room for every type */
    bool good = packed_item(&head, '\t', &type) && packed_item(&head, '\t', &name);
    for (size_t t = 0; good && t < sizeof types / sizeof types[0]; t++) {
        const char *known = ken_dtype_name(types[t]);
        if (strlen(known) == packed_size(&type) && memcmp(known, type.at, packed_size(&type)) == 0) c.dtype = types[t];
    }
    KEN_TRY(KEN_SCRATCH(ctx, char, packed_size(&name) + 1, &copy));
    KEN_TRY(KEN_SCRATCH(ctx, uint8_t, c.n / 8 + 1, &valid));
    KEN_TRY(KEN_SCRATCH(ctx, double, c.n + 1, &data));
    memcpy(copy, name.at, packed_size(&name));
    copy[packed_size(&name)] = 0;
    memset(valid, 0xff, (size_t)(c.n / 8 + 1));
    c.name = copy;
    if (c.dtype == KEN_CATEGORY) KEN_TRY(packed_strings(ctx, head, &c.text));
    if (c.dtype == KEN_STRING) KEN_TRY(packed_strings(ctx, cells, &c.text));
    good = good && (c.dtype != KEN_STRING || c.text.n == c.n);
    for (int64_t i = 0; good && c.dtype && i < c.n; i++) {
        good = packed_item(&cells, '\t', &item);
        if (good && item.at == item.end) {
            ken_bitmap_clear(valid, i);
            c.valid = valid;
            data[i] = 0;
            if (c.dtype == KEN_F64) data[i] = NAN;
        } else if (good && c.dtype != KEN_STRING) {
            good = packed_cell(&item, c.dtype, data, i);
        }
    }
    if (c.dtype != KEN_STRING) c.data = data;
    if (!good || !c.dtype) return KEN_FAIL(ctx, KEN_E_FORMAT, NULL, "%s: column '%s' is not as it was packed", table_name, c.name);
    return ken_table_add_copy(ctx, table, &c);
}

/* As ken_csv_parse, for ken_dataset_csvs. */
ken_status kw_packed_parse(ken_ctx *ctx, const char *name, const char *bytes, size_t size, const ken_csv_options *options,
                           ken_csv_info *info, ken_table **out);
ken_status kw_packed_parse(ken_ctx *ctx, const char *name, const char *bytes, size_t size, const ken_csv_options *options,
                           ken_csv_info *info, ken_table **out) {
    packed_text text = {bytes, bytes + size}, line, cells;
    int64_t rows = -1;
    (void)options;
    (void)info;
    *out = NULL;
    if (!packed_item(&text, '\n', &line) || !ken_parse_i64(line.at, packed_size(&line), &rows, NULL) || rows < 0)
        return KEN_FAIL(ctx, KEN_E_FORMAT, NULL, "%s: no number of rows", name);
    KEN_TRY(ken_table_new(ctx, rows, out));
    ken_status status = KEN_OK;
    const ken_mark mark = ken_scratch_mark(ctx);
    while (status == KEN_OK && packed_item(&text, '\n', &line) && packed_item(&text, '\n', &cells))
        status = packed_column(ctx, name, line, cells, *out);
    ken_scratch_release(ctx, mark);
    if (status == KEN_OK) return KEN_OK;
    ken_table_free(*out);
    *out = NULL;
    return status;
}
