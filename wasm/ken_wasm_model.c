/* Verbs over models: new, set, fit, predict, attributes, bytes, and the fit step by step. */
#include "wasm/kw.h"

#include "ken/tree/tree_ensemble.h"

/* There when the module has a model made of trees; when its things name "model_file". */
#pragma weak ken_ensemble_tree_json
#pragma weak ken_model_write
#pragma weak ken_model_read

/* --- a fit's data -------------------------------------------------------------------------------------- */
static bool kw_listed(const ken_json *names, const char *name) {
    for (int64_t i = 0; i < ken_json_count(names); i++)
        if (strcmp(ken_json_string(ken_json_at(names, i), NULL, ""), name) == 0) return true;
    return false;
}

static ken_status kw_role_column(ken_ctx *ctx, const ken_table *table, const ken_json *in, const char *key,
                                 const ken_column **out) {
    const char *name = kw_text(in, key, NULL);
    int j;
    if (!name) return KEN_OK;
    KEN_TRY(ken_table_require(ctx, table, name, &j));
    *out = ken_table_column(table, j);
    return KEN_OK;
}

/* All columns (or those that "features" names) but those with another part to play. */
static ken_status kw_features(ken_ctx *ctx, const ken_table *table, const ken_json *in, kw_fit_data *fit) {
    const ken_json *features = ken_json_get(in, "features");
    const ken_data *d = &fit->data;
    int *keep, n = 0;
    for (int64_t i = 0; i < ken_json_count(features); i++)
        KEN_TRY(ken_table_require(ctx, table, ken_json_string(ken_json_at(features, i), NULL, ""), &n));
    n = 0;
    KEN_TRY(KEN_ALLOC(ctx, int, ken_table_cols(table), &keep));
    for (int j = 0; j < ken_table_cols(table); j++) {
        const ken_column *c = ken_table_column(table, j);
        if (c == d->target || c == d->weight || c == d->group || c == d->time) continue;
        if (!features || kw_listed(features, c->name)) keep[n++] = j;
    }
    const ken_status status = ken_table_select(ctx, table, keep, n, &fit->features);
    ken_free(ctx, keep);
    fit->data.table = fit->features;
    return status;
}

static ken_status kw_fit_task(ken_ctx *ctx, const ken_json *in, ken_task *out) {
    const char *name = kw_text(in, "task", "auto");
    *out = KEN_TASK_AUTO;
    if (strcmp(name, "auto") == 0) return KEN_OK;
    *out = strcmp(name, "regress") == 0 ? KEN_REGRESS : KEN_CLASSIFY;
    if (strcmp(name, ken_task_name(*out)) == 0) return KEN_OK;
    return KEN_FAIL(ctx, KEN_E_ARG, "regress, classify or auto", "there is no task '%s'", name);
}

static ken_status kw_roles(ken_ctx *ctx, int32_t size, int32_t roles, int64_t n, kw_fit_data *fit) {
    const void *bytes;
    if (roles == 0) return KEN_OK;
    if (roles != n)
        return KEN_FAIL(ctx, KEN_E_SHAPE, "give one role per row, as split() does",
                        "%d roles for %lld rows", roles, (long long)n);
    KEN_TRY(kw_rest(size, (size_t)n, &bytes));
    KEN_TRY(KEN_ALLOC(ctx, uint8_t, n, &fit->role));
    memcpy(fit->role, bytes, (size_t)n);
    fit->data.role = fit->role;
    return KEN_OK;
}

ken_status kw_fit_data_read(ken_ctx *ctx, const ken_table *table, const ken_json *in, int32_t size,
                            int32_t roles, kw_fit_data *fit) {
    memset(fit, 0, sizeof *fit);
    ken_status status = kw_role_column(ctx, table, in, "target", &fit->data.target);
    if (status == KEN_OK) status = kw_role_column(ctx, table, in, "weight", &fit->data.weight);
    if (status == KEN_OK) status = kw_role_column(ctx, table, in, "group", &fit->data.group);
    if (status == KEN_OK) status = kw_role_column(ctx, table, in, "time", &fit->data.time);
    if (status == KEN_OK) status = kw_fit_task(ctx, in, &fit->data.task);
    if (status == KEN_OK) status = kw_roles(ctx, size, roles, ken_table_rows(table), fit);
    if (status == KEN_OK) status = kw_features(ctx, table, in, fit);
    if (status != KEN_OK) kw_fit_data_free(ctx, fit);
    return status;
}

void kw_fit_data_free(ken_ctx *ctx, kw_fit_data *fit) {
    ken_table_free(fit->features);
    ken_free(ctx, fit->role);
    memset(fit, 0, sizeof *fit);
}

/* --- life ------------------------------------------------------------------------------------------------ */
static ken_status kw_set_all(ken_ctx *ctx, ken_model *model, const ken_json *settings) {
    for (int64_t i = 0; i < ken_json_count(settings); i++)
        KEN_TRY(ken_model_set(ctx, model, ken_json_key(settings, i, NULL),
                              ken_json_string(ken_json_at(settings, i), NULL, "")));
    return KEN_OK;
}

static ken_status kw_model_make(ken_ctx *ctx, const ken_json *in, ken_model **model) {
    ken_model *recipe;
    KEN_TRY(ken_model_new(ctx, kw_text(in, "name", ""), NULL, model));
    if (ken_json_bool(ken_json_get(in, "recipe"), false)) {
        KEN_TRY(ken_model_new(ctx, "recipe", NULL, &recipe));
        const ken_status status = ken_model_set_recipe(ctx, *model, recipe);
        if (status != KEN_OK) {
            ken_model_free(recipe);
            return status;
        }
    }
    return kw_set_all(ctx, *model, ken_json_get(in, "settings"));
}

/* JSON {"name", "settings": {name: text}, "recipe": bool}. */
KW(model_new, int32_t size) {
    const ken_json *in;
    ken_model *model = NULL;
    int32_t handle;
    KEN_TRY(kw_json(size, &in));
    ken_status status = kw_model_make(kw_ctx(), in, &model);
    if (status == KEN_OK) status = kw_handle_new(KW_MODEL, model, &handle);
    if (status == KEN_OK) return handle;
    ken_model_free(model);
    return status;
}

KW(model_set, int32_t handle, int32_t size) {
    const ken_json *in;
    ken_model *model;
    KEN_TRY(kw_get(handle, KW_MODEL, &model));
    KEN_TRY(kw_unheld(handle));
    KEN_TRY(kw_json(size, &in));
    return kw_set_all(kw_ctx(), model, in);
}

/* JSON {"target", "task", "features"?, "weight"?, "group"?, "time"?}; then `roles` bytes (0: none). */
KW(fit, int32_t handle, int32_t table_handle, int32_t size, int32_t roles) {
    const ken_json *in;
    const ken_table *table;
    ken_model *model;
    kw_fit_data fit;
    KEN_TRY(kw_get(handle, KW_MODEL, &model));
    KEN_TRY(kw_unheld(handle));
    KEN_TRY(kw_get(table_handle, KW_TABLE, &table));
    KEN_TRY(kw_json(size, &in));
    KEN_TRY(kw_fit_data_read(kw_ctx(), table, in, size, roles, &fit));
    const ken_status status = ken_model_fit(kw_ctx(), model, &fit.data);
    kw_fit_data_free(kw_ctx(), &fit);
    return status;
}

/* The result has rows * width doubles; returns the width. */
KW(predict, int32_t handle, int32_t table_handle, int32_t what) {
    ken_ctx *ctx = kw_ctx();
    const ken_table *table;
    const ken_model *model;
    int64_t width;
    void *out;
    KEN_TRY(kw_get(handle, KW_MODEL, &model));
    KEN_TRY(kw_get(table_handle, KW_TABLE, &table));
    KEN_TRY(ken_model_width(ctx, model, (ken_what)what, &width));
    const int64_t n = ken_table_rows(table);
    KEN_TRY(kw_result_new(width > INT32_MAX / KEN_MAX(n, 1) ? INT64_MAX : n * width, sizeof(double), &out));
    ken_tensor view = ken_tensor_2d(out, KEN_F64, n, width);
    KEN_TRY(ken_model_predict(ctx, model, table, (ken_what)what, &view));
    return (int32_t)width;
}

/* A table of its own: what a transformer makes, or what the recipe gives the estimator. */
KW(transform, int32_t handle, int32_t table_handle) {
    ken_ctx *ctx = kw_ctx();
    const ken_table *table;
    const ken_model *model;
    ken_table *made, *own = NULL;
    int64_t *rows;
    int32_t out;
    KEN_TRY(kw_get(handle, KW_MODEL, &model));
    KEN_TRY(kw_get(table_handle, KW_TABLE, &table));
    KEN_TRY(ken_model_transform(ctx, model, table, &made));
    const int64_t n = ken_table_rows(made);
    ken_status status = KEN_ALLOC(ctx, int64_t, n, &rows);
    for (int64_t i = 0; status == KEN_OK && i < n; i++) rows[i] = i;
    if (status == KEN_OK) status = ken_table_take(ctx, made, rows, n, &own);
    ken_free(ctx, rows);
    ken_table_free(made);
    if (status == KEN_OK) status = kw_handle_new(KW_TABLE, own, &out);
    if (status == KEN_OK) return out;
    ken_table_free(own);
    return status;
}

/* Class codes of a column by the model's own classes, as doubles; -1: missing or unseen. */
KW(encode, int32_t handle, int32_t table_handle, int32_t j) {
    const ken_model *model;
    const ken_table *table;
    int32_t *codes;
    void *out;
    KEN_TRY(kw_get(handle, KW_MODEL, &model));
    KEN_TRY(kw_get(table_handle, KW_TABLE, &table));
    if (j < 0 || j >= ken_table_cols(table))
        return KEN_FAIL(kw_ctx(), KEN_E_ARG, "number columns from 0", "there is no column %d", j);
    const int64_t n = ken_table_rows(table);
    KEN_TRY(kw_result_new(n, sizeof(double), &out));
    KEN_TRY(KEN_ALLOC(kw_ctx(), int32_t, n, &codes));
    const ken_status status = ken_model_encode_target(kw_ctx(), model, ken_table_column(table, j), codes);
    for (int64_t i = 0; i < n; i++) ((double *)out)[i] = codes[i];
    ken_free(kw_ctx(), codes);
    return status;
}

/* --- looking in ------------------------------------------------------------------------------------------ */
static void kw_shape(ken_json_writer *w, const ken_tensor *t) {
    ken_json_put_key(w, "shape");
    ken_json_array(w);
    for (int k = 0; k < t->ndim; k++) ken_json_put_i64(w, t->shape[k]);
    ken_json_end_array(w);
}

static void kw_names(ken_json_writer *w, const char *key, const ken_model *m, int n,
                     const char *(*name)(const ken_model *, int)) {
    ken_json_put_key(w, key);
    ken_json_array(w);
    for (int i = 0; i < n; i++) ken_json_put_string(w, name(m, i));
    ken_json_end_array(w);
}

static void kw_attr_info(ken_json_writer *w, const ken_model *m, const char *name) {
    const ken_tensor *t = ken_model_attr(m, name);
    const ken_strings *s = ken_model_attr_strings(m, name);
    ken_json_object(w);
    KEN_JSON(w, "name", string, name);
    KEN_JSON(w, "dtype", string, s || !t ? "string" : ken_dtype_name(t->dtype));
    if (t) kw_shape(w, t);
    for (const ken_attr *a = ken_model_desc(m)->attrs; a && a->name; a++)
        if (strcmp(a->name, name) == 0) KEN_JSON(w, "doc", string, a->doc ? a->doc : "");
    ken_json_end_object(w);
}

KW(model_info, int32_t handle) {
    const ken_model *m;
    KEN_TRY(kw_get(handle, KW_MODEL, &m));
    const bool fitted = ken_model_fitted(m);
    ken_json_writer *w = kw_result_json();
    ken_json_object(w);
    KEN_JSON(w, "name", string, ken_model_desc(m)->name);
    KEN_JSON(w, "fitted", bool, fitted);
    ken_json_put_key(w, "params");
    ken_json_object(w);
    ken_params_write_json(ken_model_desc(m), ken_model_params(m), w);
    ken_json_end_object(w);
    if (fitted) {
        KEN_JSON(w, "task", string, ken_task_name(ken_model_task(m)));
        KEN_JSON(w, "target", string, ken_model_target(m) ? ken_model_target(m) : "");
        KEN_JSON(w, "rows", i64, ken_model_rows_train(m));
        kw_names(w, "features", m, ken_model_n_features(m), ken_model_feature);
        kw_names(w, "inputs", m, ken_model_n_inputs(m), ken_model_input);
        kw_names(w, "classes", m, ken_model_n_classes(m), ken_model_class);
    }
    ken_json_put_key(w, "attrs");
    ken_json_array(w);
    for (int i = 0; fitted && i < ken_model_n_attrs(m); i++) kw_attr_info(w, m, ken_model_attr_name(m, i));
    ken_json_end_array(w);
    ken_json_end_object(w);
    return kw_result_end();
}

/* Elements in order of their indices, whatever the strides. */
static ken_status kw_tensor_result(const ken_tensor *t) {
    const int64_t n = ken_tensor_count(t);
    int64_t at[KEN_MAX_DIMS] = {0};
    void *out;
    KEN_TRY(kw_result_new(n, sizeof(double), &out));
    for (int64_t i = 0; i < n; i++) {
        int64_t offset = 0;
        for (int k = 0; k < t->ndim; k++) offset += at[k] * t->stride[k];
        ((double *)out)[i] = ken_tensor_value(t, offset);
        for (int k = t->ndim - 1; k >= 0 && ++at[k] == t->shape[k]; k--) at[k] = 0;
    }
    return KEN_OK;
}

/* JSON: the name. Doubles; returns 1 where the result is a JSON array of texts instead. */
KW(attr, int32_t handle, int32_t size) {
    const ken_json *in;
    const ken_model *m;
    KEN_TRY(kw_get(handle, KW_MODEL, &m));
    KEN_TRY(kw_json(size, &in));
    const char *name = ken_json_string(in, NULL, "");
    const ken_strings *s = ken_model_attr_strings(m, name);
    const ken_tensor *t = ken_model_attr(m, name);
    if (!s && !t)
        return KEN_FAIL(kw_ctx(), KEN_E_NOT_FOUND,
                        ken_model_fitted(m) ? "attrs() lists what it has learned" : "fit it first",
                        "%s has no attribute '%s'", ken_model_desc(m)->name, name);
    if (!s) return kw_tensor_result(t);
    ken_json_writer *w = kw_result_json();
    ken_json_array(w);
    for (int64_t i = 0; i < s->n; i++) {
        int64_t bytes;
        const char *text = ken_strings_at(s, i, &bytes);
        ken_json_put_bytes(w, text, (size_t)bytes);
    }
    ken_json_end_array(w);
    KEN_TRY(kw_result_end());
    return 1;
}

KW(tree, int32_t handle, int32_t tree, int32_t depth) {
    const ken_model *m;
    KEN_TRY(kw_get(handle, KW_MODEL, &m));
    if (!ken_ensemble_tree_json)
        return KEN_FAIL(kw_ctx(), KEN_E_UNSUPPORTED, "ask a tree, a forest or boosting",
                        "%s is not made of trees", ken_model_desc(m)->name);
    ken_json_writer *w = kw_result_json();
    KEN_TRY(ken_ensemble_tree_json(kw_ctx(), m, tree, depth, w));
    return kw_result_end();
}

/* --- bytes ------------------------------------------------------------------------------------------------ */
static ken_status kw_files(void) {
    if (ken_model_write && ken_model_read) return KEN_OK;
    return KEN_FAIL(kw_ctx(), KEN_E_UNSUPPORTED, "name model_file among the lesson's things",
                    "this module reads and writes no model files");
}

KW(save, int32_t handle) {
    const ken_model *m;
    void *bytes, *out;
    size_t size;
    KEN_TRY(kw_get(handle, KW_MODEL, &m));
    KEN_TRY(kw_files());
    KEN_TRY(ken_model_write(kw_ctx(), m, &bytes, &size));
    const ken_status status = kw_result_new((int64_t)size, 1, &out);
    if (status == KEN_OK) memcpy(out, bytes, size);
    ken_free(kw_ctx(), bytes);
    return status;
}

/* JSON: the file's name; the file follows. */
KW(load, int32_t size, uint32_t bytes) {
    const ken_json *in;
    const void *file;
    ken_model *model;
    int32_t handle;
    KEN_TRY(kw_files());
    KEN_TRY(kw_json(size, &in));
    KEN_TRY(kw_rest(size, bytes, &file));
    KEN_TRY(ken_model_read(kw_ctx(), ken_json_string(in, NULL, "model"), file, bytes, &model));
    const ken_status status = kw_handle_new(KW_MODEL, model, &handle);
    if (status == KEN_OK) return handle;
    ken_model_free(model);
    return status;
}

/* --- trace -------------------------------------------------------------------------------------------------- */
static ken_status kw_trace_open(kw_trace *t, ken_model *model, const ken_table *table, const ken_json *in,
                                int32_t size, int32_t roles) {
    KEN_TRY(kw_fit_data_read(kw_ctx(), table, in, size, roles, &t->fit));
    KEN_TRY(kw_ctx_new(&t->ctx));
    return kw_from(t->ctx, ken_model_trace(t->ctx, model, &t->fit.data, &t->trace));
}

void kw_trace_free(kw_trace *t) {
    if (t->trace) (void)ken_trace_end(t->trace, false);
    kw_hold(t->table, -1);
    kw_hold(t->model, -1);
    kw_fit_data_free(kw_ctx(), &t->fit);
    ken_ctx_free(t->ctx);
    ken_free(kw_ctx(), t);
}

/* As kw_fit. The model and the table are held until the trace is freed. */
KW(trace_new, int32_t handle, int32_t table_handle, int32_t size, int32_t roles) {
    const ken_json *in;
    const ken_table *table;
    ken_model *model;
    kw_trace *t;
    int32_t out;
    KEN_TRY(kw_get(handle, KW_MODEL, &model));
    KEN_TRY(kw_unheld(handle));
    KEN_TRY(kw_get(table_handle, KW_TABLE, &table));
    KEN_TRY(kw_json(size, &in));
    KEN_TRY(KEN_ALLOC(kw_ctx(), kw_trace, 1, &t));
    ken_status status = kw_trace_open(t, model, table, in, size, roles);
    if (status == KEN_OK) status = kw_handle_new(KW_TRACE, t, &out);
    if (status != KEN_OK) {
        kw_trace_free(t);
        return status;
    }
    kw_hold(t->table = table_handle, +1);
    kw_hold(t->model = handle, +1);
    return out;
}

KW(trace_seek, int32_t handle, int32_t to) {
    kw_trace *t;
    KEN_TRY(kw_get(handle, KW_TRACE, &t));
    if (to < 0) return KEN_FAIL(kw_ctx(), KEN_E_ARG, "count steps from 0", "there is no step %d", to);
    return kw_from(t->ctx, ken_trace_seek(t->trace, to));
}

KW(trace_at, int32_t handle) {
    kw_trace *t;
    KEN_TRY(kw_get(handle, KW_TRACE, &t));
    const ken_progress *at = ken_trace_at(t->trace);
    ken_json_writer *w = kw_result_json();
    ken_json_object(w);
    KEN_JSON(w, "iteration", i64, at->iteration);
    KEN_JSON(w, "total", i64, at->total);
    KEN_JSON(w, "objective", f64, at->iteration ? at->objective : NAN);
    KEN_JSON(w, "validation", f64, at->iteration ? at->validation : NAN);
    ken_json_put_key(w, "views");
    ken_json_array(w);
    for (int i = 0; i < at->n_views; i++) {
        ken_json_object(w);
        KEN_JSON(w, "name", string, at->views[i].name);
        kw_shape(w, at->views[i].tensor);
        ken_json_end_object(w);
    }
    ken_json_end_array(w);
    ken_json_end_object(w);
    return kw_result_end();
}

KW(trace_view, int32_t handle, int32_t i) {
    kw_trace *t;
    KEN_TRY(kw_get(handle, KW_TRACE, &t));
    const ken_progress *at = ken_trace_at(t->trace);
    if (i < 0 || i >= at->n_views)
        return KEN_FAIL(kw_ctx(), KEN_E_ARG, "trace.at lists the views", "there is no view %d", i);
    return kw_tensor_result(at->views[i].tensor);
}

/* Ends the fit where it stands; the model is fitted, and the trace is gone. */
KW(trace_end, int32_t handle) {
    kw_trace *t;
    KEN_TRY(kw_get(handle, KW_TRACE, &t));
    ken_trace *trace = t->trace;
    t->trace = NULL;
    const ken_status status = kw_from(t->ctx, ken_trace_end(trace, true));
    (void)kw_free(handle);
    return status;
}
