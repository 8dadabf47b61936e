/* Verbs over tables: built-in ones, CSV, columns from the page; columns, values, splits, metrics. */
#include "wasm/kw.h"

/* Only where the module's catalog has such things (tools/wasm): a lesson pays for what it names. */
#pragma weak ken_split
#pragma weak ken_metric_interval
#pragma weak ken_metric_value

static ken_status kw_table_handle(ken_table *table, int32_t *handle) {
    const ken_status status = kw_handle_new(KW_TABLE, table, handle);
    if (status != KEN_OK) ken_table_free(table);
    return status;
}

KW(dataset, int32_t size) {
    const ken_json *in;
    ken_table *table;
    int32_t handle;
    KEN_TRY(kw_json(size, &in));
    KEN_TRY(ken_dataset_load(kw_ctx(), ken_json_string(in, NULL, ""), &table));
    KEN_TRY(kw_table_handle(table, &handle));
    return handle;
}

/* JSON: the file's name for messages; the file follows. */
KW(csv, int32_t size, uint32_t bytes) {
    const ken_json *in;
    const void *file;
    ken_table *table;
    int32_t handle;
    KEN_TRY(kw_json(size, &in));
    KEN_TRY(kw_rest(size, bytes, &file));
    if (!kw_csv_parse)
        return KEN_FAIL(kw_ctx(), KEN_E_UNSUPPORTED, "load the lesson's whole module",
                        "this module reads no files");
    KEN_TRY(kw_csv_parse(kw_ctx(), ken_json_string(in, NULL, "table"), file, bytes, NULL, NULL, &table));
    KEN_TRY(kw_table_handle(table, &handle));
    return handle;
}

/* --- tables from the page ------------------------------------------------------------------------- */
KW(table_new, double rows) {
    ken_table *table;
    int32_t handle;
    if (!(rows >= 0 && rows <= INT32_MAX / 8) || rows != floor(rows))
        return KEN_FAIL(kw_ctx(), KEN_E_ARG, "give every column the same number of values",
                        "a table cannot have %g rows", rows);
    KEN_TRY(ken_table_new(kw_ctx(), (int64_t)rows, &table));
    KEN_TRY(kw_table_handle(table, &handle));
    return handle;
}

/* A code below 0 is a missing cell. */
static ken_status kw_category(ken_table *table, const char *name, const ken_json *levels,
                              const int32_t *codes) {
    ken_ctx *ctx = kw_ctx();
    const int64_t n = ken_table_rows(table), k = ken_json_count(levels);
    ken_column column = {.name = name, .dtype = KEN_CATEGORY, .n = n, .stride = 1, .source = -1};
    ken_text bytes = ken_text_new(ctx);
    const char *text = "";
    int64_t *offset;
    int32_t *code;
    uint8_t *valid;
    if (k == 0)
        return KEN_FAIL(ctx, KEN_E_VALUE, "name its levels: {codes, levels: ['a', 'b']}",
                        "column '%s' has no levels", name);
    KEN_TRY(KEN_SCRATCH(ctx, int64_t, k + 1, &offset));
    KEN_TRY(KEN_SCRATCH(ctx, int32_t, n + 1, &code));
    KEN_TRY(KEN_SCRATCH(ctx, uint8_t, n / 8 + 1, &valid));
    memset(valid, 0xff, (size_t)(n / 8 + 1));
    for (int64_t i = 0; i < n; i++) {
        if (codes[i] >= k)
            return KEN_FAIL(ctx, KEN_E_VALUE, "number levels from 0; -1 is a missing cell",
                            "column '%s': row %lld has level %d of %lld", name, (long long)i + 1, codes[i],
                            (long long)k);
        code[i] = KEN_MAX(codes[i], 0);
        if (codes[i] < 0) ken_bitmap_clear(valid, i);
    }
    for (int64_t l = 0; l < k; l++) {
        size_t size;
        const char *level = ken_json_string(ken_json_at(levels, l), &size, "");
        offset[l] = (int64_t)bytes.size;
        ken_text_add_bytes(&bytes, level, size);
    }
    offset[k] = (int64_t)bytes.size;
    ken_status status = ken_text_end(&bytes, &text);
    column.data = code;
    column.valid = valid;
    column.text = (ken_strings){k, offset, text};
    if (status == KEN_OK) status = ken_table_add_copy(ctx, table, &column);
    ken_text_free(&bytes);
    return status;
}

/* JSON {"name", "levels"?}; then the table's rows as doubles, or with levels as int32 codes. */
KW(table_column, int32_t handle, int32_t size) {
    ken_ctx *ctx = kw_ctx();
    const ken_json *in, *levels;
    const void *data;
    ken_table *table;
    KEN_TRY(kw_get(handle, KW_TABLE, &table));
    KEN_TRY(kw_unheld(handle));
    KEN_TRY(kw_json(size, &in));
    levels = ken_json_get(in, "levels");
    const int64_t n = ken_table_rows(table);
    const char *name = kw_text(in, "name", "");
    KEN_TRY(kw_rest(size, (size_t)n * (levels ? sizeof(int32_t) : sizeof(double)), &data));
    const ken_mark mark = ken_scratch_mark(ctx);
    const ken_column numbers = {.name = name, .dtype = KEN_F64, .n = n, .data = data, .stride = 1, .source = -1};
    const ken_status status = levels ? kw_category(table, name, levels, data)
                                     : ken_table_add_copy(ctx, table, &numbers);
    ken_scratch_release(ctx, mark);
    return status;
}

/* --- looking in -------------------------------------------------------------------------------------- */
static void kw_column_info(ken_json_writer *w, const ken_column *c) {
    double low = NAN, high = NAN;
    ken_json_object(w);
    KEN_JSON(w, "name", string, c->name);
    KEN_JSON(w, "dtype", string, ken_dtype_name(c->dtype));
    if (c->dtype == KEN_CATEGORY) {
        ken_json_put_key(w, "levels");
        ken_json_array(w);
        for (int64_t l = 0; l < c->text.n; l++) {
            int64_t size;
            const char *level = ken_strings_at(&c->text, l, &size);
            ken_json_put_bytes(w, level, (size_t)size);
        }
        ken_json_end_array(w);
    }
    for (int64_t i = 0; i < c->n; i++) {
        const double v = ken_column_f64(c, i);
        if (!(low <= v)) low = isnan(v) ? low : v;
        if (!(high >= v)) high = isnan(v) ? high : v;
    }
    KEN_JSON(w, "min", f64, low);
    KEN_JSON(w, "max", f64, high);
    KEN_JSON(w, "missing", i64, ken_column_count_missing(c));
    ken_json_end_object(w);
}

KW(table_info, int32_t handle) {
    ken_table *table;
    KEN_TRY(kw_get(handle, KW_TABLE, &table));
    ken_json_writer *w = kw_result_json();
    ken_json_object(w);
    KEN_JSON(w, "rows", i64, ken_table_rows(table));
    ken_json_put_key(w, "columns");
    ken_json_array(w);
    for (int j = 0; j < ken_table_cols(table); j++) kw_column_info(w, ken_table_column(table, j));
    ken_json_end_array(w);
    ken_json_end_object(w);
    return kw_result_end();
}

static ken_status kw_column(int32_t handle, int32_t j, const ken_column **out) {
    ken_table *table;
    KEN_TRY(kw_get(handle, KW_TABLE, &table));
    if (j < 0 || j >= ken_table_cols(table))
        return KEN_FAIL(kw_ctx(), KEN_E_ARG, "number columns from 0", "there is no column %d of %d", j,
                        ken_table_cols(table));
    *out = ken_table_column(table, j);
    return KEN_OK;
}

KW(values, int32_t handle, int32_t j) {
    const ken_column *column;
    void *out;
    KEN_TRY(kw_column(handle, j, &column));
    KEN_TRY(kw_result_new(column->n, sizeof(double), &out));
    ken_column_gather(column, 0, column->n, out, 1);
    return KEN_OK;
}

/* Cells [first, first + n) as texts: an array of strings, null where missing. */
KW(texts, int32_t handle, int32_t j, int32_t first, int32_t n) {
    const ken_column *c;
    char buf[256];
    KEN_TRY(kw_column(handle, j, &c));
    if (first < 0 || n < 0 || first > c->n - n)
        return KEN_FAIL(kw_ctx(), KEN_E_ARG, "stay within the rows of the table",
                        "rows %d to %lld of %lld", first, (long long)first + n, (long long)c->n);
    ken_json_writer *w = kw_result_json();
    ken_json_array(w);
    for (int64_t i = first; i < (int64_t)first + n; i++) {
        int64_t size;
        const char *text;
        if (ken_column_missing(c, i)) {
            ken_json_put_null(w);
        } else if (c->dtype == KEN_STRING) {
            text = ken_strings_at(&c->text, i, &size);
            ken_json_put_bytes(w, text, (size_t)size);
        } else {
            ken_json_put_string(w, ken_column_format(c, i, buf, sizeof buf));
        }
    }
    ken_json_end_array(w);
    return kw_result_end();
}

/* --- splits -------------------------------------------------------------------------------------------- */
static ken_status kw_params(const ken_desc *desc, const ken_json *settings, void **out) {
    ken_ctx *ctx = kw_ctx();
    *out = NULL;
    if (!desc->params) return KEN_OK;
    KEN_TRY(ken_scratch(ctx, 1, desc->params_size, out));
    memcpy(*out, desc->defaults, desc->params_size);
    for (int64_t i = 0; i < ken_json_count(settings); i++)
        KEN_TRY(ken_param_set(ctx, desc, *out, ken_json_key(settings, i, NULL),
                              ken_json_string(ken_json_at(settings, i), NULL, "")));
    return ken_params_check(ctx, desc, *out);
}

static ken_status kw_split_roles(int32_t handle, const ken_json *in) {
    ken_ctx *ctx = kw_ctx();
    const ken_desc *desc;
    const ken_table *table;
    kw_fit_data fit;
    void *role, *params;
    KEN_TRY(kw_get(handle, KW_TABLE, &table));
    KEN_TRY(ken_catalog_find(ctx, kw_text(in, "name", ""), KEN_SPLITTER, &desc));
    KEN_TRY(kw_params(desc, ken_json_get(in, "settings"), &params));
    KEN_TRY(kw_result_new(ken_table_rows(table), 1, &role));
    KEN_TRY(kw_fit_data_read(ctx, table, in, 0, 0, &fit));
    const ken_status status =
        ken_split(ctx, desc, params, &fit.data, ken_json_i64(ken_json_get(in, "index"), 0), role);
    kw_fit_data_free(ctx, &fit);
    return status;
}

/* JSON {"name", "settings": {name: text}, "target"?, "group"?, "time"?, "task"?, "index"}: a byte a row. */
KW(split, int32_t handle, int32_t size) {
    const ken_json *in;
    KEN_TRY(kw_json(size, &in));
    if (!ken_split) {
        const ken_desc *none; /* the catalog's own words */
        return ken_catalog_find(kw_ctx(), kw_text(in, "name", ""), KEN_SPLITTER, &none);
    }
    const ken_mark mark = ken_scratch_mark(kw_ctx());
    const ken_status status = kw_split_roles(handle, in);
    ken_scratch_release(kw_ctx(), mark);
    return status;
}

/* --- metrics ------------------------------------------------------------------------------------------- */
/* JSON {"task", "n", "classes"}; then y (n), predicted (n) and, with classes > 0, proba (n, classes). */
static ken_status kw_scores_read(const ken_json *in, int32_t size, ken_scores *s) {
    ken_ctx *ctx = kw_ctx();
    const int64_t n = ken_json_i64(ken_json_get(in, "n"), -1);
    const int64_t k = ken_json_i64(ken_json_get(in, "classes"), 0);
    const bool proba = ken_json_bool(ken_json_get(in, "proba"), false);
    const void *rest;
    int32_t *label;
    memset(s, 0, sizeof *s);
    if (n < 0 || n > INT32_MAX / 8 || k < 0 || k > INT32_MAX / 8 / KEN_MAX(n, 1) - 2)
        return KEN_FAIL(ctx, KEN_E_ARG, "pass arrays of one length", "metrics of %lld rows and %lld classes",
                        (long long)n, (long long)k);
    KEN_TRY(kw_rest(size, (size_t)(n * (2 + (proba ? k : 0))) * sizeof(double), &rest));
    const double *y = rest;
    s->task = strcmp(kw_text(in, "task", ""), "classify") == 0 ? KEN_CLASSIFY : KEN_REGRESS;
    s->n = n;
    s->predicted = y + n;
    s->y = y;
    if (s->task == KEN_REGRESS) return KEN_OK;
    KEN_TRY(KEN_SCRATCH(ctx, int32_t, n + 1, &label));
    for (int64_t i = 0; i < n; i++) label[i] = y[i] >= 0 && y[i] < k ? (int32_t)y[i] : -1;
    s->y = NULL;
    s->label = label;
    s->n_classes = (int)k;
    s->positive = 1;
    s->proba = proba ? y + 2 * n : NULL;
    return KEN_OK;
}

static bool kw_metric_fits(const ken_desc *d, const ken_scores *s, const ken_json *names) {
    if (d->kind != KEN_METRIC || !(d->tasks & (uint32_t)s->task)) return false;
    if ((d->metric->binary_only && s->n_classes != 2) || (d->metric->needs_proba && s->task == KEN_CLASSIFY && !s->proba))
        return false;
    if (!names) return d->metric->main;
    for (int64_t i = 0; i < ken_json_count(names); i++)
        if (strcmp(ken_json_string(ken_json_at(names, i), NULL, ""), d->name) == 0) return true;
    return false;
}

static ken_status kw_metrics_write(const ken_json *in, const ken_scores *s, ken_json_writer *w) {
    const ken_json *names = ken_json_get(in, "names");
    const bool interval = ken_json_bool(ken_json_get(in, "interval"), true);
    const ken_desc *d;
    for (int i = 0; (d = ken_catalog_at(i)); i++) {
        ken_interval v = {NAN, NAN, NAN, "none"};
        if (!kw_metric_fits(d, s, names)) continue;
        KEN_TRY(interval ? ken_metric_interval(kw_ctx(), d, NULL, s, 0.95, &v)
                         : ken_metric_value(kw_ctx(), d, NULL, s, &v.value));
        ken_json_object(w);
        KEN_JSON(w, "name", string, d->name);
        KEN_JSON(w, "title", string, d->title);
        KEN_JSON(w, "value", f64, v.value);
        KEN_JSON(w, "low", f64, v.low);
        KEN_JSON(w, "high", f64, v.high);
        ken_json_end_object(w);
    }
    return KEN_OK;
}

KW(metrics, int32_t size) {
    ken_ctx *ctx = kw_ctx();
    const ken_json *in;
    ken_scores s;
    KEN_TRY(kw_json(size, &in));
    const ken_json *names = ken_json_get(in, "names");
    const ken_desc *desc;
    for (int64_t i = 0; i < ken_json_count(names); i++)
        KEN_TRY(ken_catalog_find(ctx, ken_json_string(ken_json_at(names, i), NULL, ""), KEN_METRIC, &desc));
    const ken_mark mark = ken_scratch_mark(ctx);
    ken_status status = kw_scores_read(in, size, &s);
    ken_json_writer *w = kw_result_json();
    ken_json_array(w);
    if (status == KEN_OK && ken_metric_value) status = kw_metrics_write(in, &s, w);
    ken_json_end_array(w);
    ken_scratch_release(ctx, mark);
    return status == KEN_OK ? kw_result_end() : status;
}
