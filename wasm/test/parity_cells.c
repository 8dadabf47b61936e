/* One translation unit for both sides: run natively by cells_main.c and in a module by the loader; the records
 * must be equal byte for byte. Everything of the catalog, on tables with categories and missing cells. */
#include <stdio.h>

#include "ken/cell.h"
#include "ken/kernels/elementary.h"
#include "ken/ken.h"

typedef struct parity_data {
    ken_table *table, *features;
    const ken_column *target;
} parity_data;

static ken_status parity_load(ken_ctx *ctx, const char *name, const char *target, parity_data *out) {
    int keep[64], n = 0, j;
    KEN_TRY(ken_dataset_load(ctx, name, &out->table));
    KEN_TRY(ken_table_require(ctx, out->table, target, &j));
    out->target = ken_table_column(out->table, j);
    for (int k = 0; k < ken_table_cols(out->table) && n < 64; k++)
        if (k != j) keep[n++] = k;
    return ken_table_select(ctx, out->table, keep, n, &out->features);
}

static ken_status parity_tensor(ken_ctx *ctx, ken_show *show, const char *key, const ken_tensor *t) {
    double *values;
    const int64_t n = ken_tensor_count(t), width = t->ndim == 2 ? t->shape[1] : 1;
    if (t->ndim > 2) return KEN_FAIL(ctx, KEN_E_UNSUPPORTED, NULL, "'%s' has %d axes", key, t->ndim);
    KEN_TRY(KEN_ALLOC(ctx, double, n, &values));
    for (int64_t i = 0; i < n; i++)
        values[i] = ken_tensor_value(t, t->ndim == 0 ? 0 : t->ndim == 1 ? i * t->stride[0]
                                                  : i / width * t->stride[0] + i % width * t->stride[1]);
    return ken_show_array(ctx, show, key, values, n);
}

static ken_status parity_predictions(ken_ctx *ctx, ken_show *show, const ken_model *m, const ken_table *table) {
    static const char *const names[] = {"predicted value", "predicted proba", "margin", "leaf",
                                        "contributions", "interval"};
    for (int what = 0; what < KEN_COUNT(names); what++) {
        int64_t width;
        double *out;
        if (ken_model_width(ctx, m, (ken_what)what, &width) != KEN_OK) continue;
        KEN_TRY(KEN_ALLOC(ctx, double, ken_table_rows(table) * width, &out));
        ken_tensor view = ken_tensor_2d(out, KEN_F64, ken_table_rows(table), width);
        KEN_TRY(ken_model_predict(ctx, m, table, (ken_what)what, &view));
        KEN_TRY(parity_tensor(ctx, show, names[what], &view));
    }
    return KEN_OK;
}

static ken_status parity_attrs(ken_ctx *ctx, ken_show *show, const ken_model *m) {
    for (int i = 0; i < ken_model_n_attrs(m); i++) {
        const ken_tensor *t = ken_model_attr(m, ken_model_attr_name(m, i));
        if (t) KEN_TRY(parity_tensor(ctx, show, ken_model_attr_name(m, i), t));
    }
    return KEN_OK;
}

/* Five steps forth, three back, with all views; then the fit itself. */
static ken_status parity_trace(ken_ctx *ctx, ken_show *show, ken_model *m, const ken_data *data) {
    static const int stops[] = {1, 5, 2};
    ken_trace *trace;
    KEN_TRY(ken_model_trace(ctx, m, data, &trace));
    for (int s = 0; s < KEN_COUNT(stops); s++) {
        KEN_TRY(ken_trace_seek(trace, stops[s]));
        const ken_progress *at = ken_trace_at(trace);
        KEN_SHOW("iteration", at->iteration);
        KEN_SHOW("objective", at->objective);
        for (int v = 0; v < at->n_views; v++)
            KEN_TRY(parity_tensor(ctx, show, at->views[v].name, at->views[v].tensor));
    }
    return ken_trace_end(trace, true);
}

static ken_status parity_bytes(ken_ctx *ctx, ken_show *show, const ken_model *m) {
    void *bytes;
    size_t size;
    uint64_t hash = 0xcbf29ce484222325u; /* FNV-1a */
    KEN_TRY(ken_model_write(ctx, m, &bytes, &size));
    for (size_t i = 0; i < size; i++) hash = (hash ^ ((unsigned char *)bytes)[i]) * 0x100000001b3u;
    KEN_SHOW("bytes", (int64_t)size);
    KEN_SHOW("hash", (int64_t)hash);
    return KEN_OK;
}

static ken_status parity_model(ken_ctx *ctx, ken_show *show, const ken_desc *desc, const parity_data *d,
                               ken_task task) {
    const ken_data data = {.table = d->features, .target = d->target, .task = task};
    ken_model *m, *recipe;
    KEN_TRY(ken_model_new(ctx, desc->name, NULL, &m));
    KEN_TRY(ken_model_new(ctx, "recipe", NULL, &recipe));
    KEN_TRY(ken_model_set_recipe(ctx, m, recipe));
    KEN_TRY(parity_trace(ctx, show, m, &data));
    KEN_TRY(ken_model_fit(ctx, m, &data));
    KEN_TRY(parity_predictions(ctx, show, m, d->features));
    KEN_TRY(parity_attrs(ctx, show, m));
    return parity_bytes(ctx, show, m);
}

/* All estimators of a task; one that cannot says why, in the same words. */
static ken_status parity_models(ken_ctx *ctx, ken_show *show, const char *table, const char *target, ken_task task) {
    const ken_desc *desc;
    parity_data d;
    int64_t fitted = 0;
    KEN_TRY(parity_load(ctx, table, target, &d));
    for (int i = 0; (desc = ken_catalog_at(i)); i++) {
        if (desc->kind != KEN_ESTIMATOR || !(desc->tasks & (uint32_t)task)) continue;
        KEN_SHOW("model", desc->name);
        const ken_status status = parity_model(ctx, show, desc, &d, task);
        if (status == KEN_OK)
            fitted++;
        else
            KEN_TRY(ken_show_text(ctx, show, "cannot", ken_ctx_message(ctx)));
    }
    KEN_SHOW("fitted", fitted);
    return KEN_OK;
}

static ken_status cell_regress(ken_ctx *ctx, ken_show *show) {
    return parity_models(ctx, show, "gen:houses:rows=150", "price", KEN_REGRESS);
}
static ken_status cell_diabetes(ken_ctx *ctx, ken_show *show) {
    return parity_models(ctx, show, "diabetes", "y", KEN_REGRESS);
}
static ken_status cell_classes(ken_ctx *ctx, ken_show *show) {
    return parity_models(ctx, show, "penguins", "species", KEN_CLASSIFY);
}
static ken_status cell_two(ken_ctx *ctx, ken_show *show) {
    return parity_models(ctx, show, "gen:churn:rows=200", "churn", KEN_CLASSIFY);
}

static ken_status cell_transform(ken_ctx *ctx, ken_show *show) {
    const ken_desc *desc;
    parity_data d;
    KEN_TRY(parity_load(ctx, "credit_g", "class", &d));
    const ken_data data = {.table = d.features, .target = d.target};
    for (int i = 0; (desc = ken_catalog_at(i)); i++) {
        ken_model *m;
        ken_table *made = NULL;
        if (desc->kind != KEN_TRANSFORMER) continue;
        KEN_SHOW("transformer", desc->name);
        KEN_TRY(ken_model_new(ctx, desc->name, NULL, &m));
        if (ken_model_fit(ctx, m, &data) != KEN_OK || ken_model_transform(ctx, m, d.features, &made) != KEN_OK)
            KEN_SHOW("cannot", ken_ctx_message(ctx));
        else
            KEN_SHOW("made", made);
    }
    return KEN_OK;
}

/* --- elementary functions: bits of the results over random bits and special values --------------------- */
static double el_pow(double x) { return ken_pow(fabs(x), 1.7); }
static double el_atan2(double x) { return ken_atan2(x, 1.3); }
static double el_exp_pair(double x) { return ken_exp_pair((ken_pair){x, x * 1e-17}); }
static double el_sqrt(double x) { return ken_sqrt(x); }

static ken_status cell_elementary(ken_ctx *ctx, ken_show *show) {
    static const struct {
        const char *name;
        double (*of)(double);
    } functions[] = {
        {"exp", ken_exp}, {"exp2", ken_exp2}, {"expm1", ken_expm1}, {"log", ken_log}, {"log2", ken_log2},
        {"log10", ken_log10}, {"log1p", ken_log1p}, {"cbrt", ken_cbrt}, {"sin", ken_sin}, {"cos", ken_cos},
        {"tan", ken_tan}, {"atan", ken_atan}, {"sinh", ken_sinh}, {"cosh", ken_cosh}, {"tanh", ken_tanh},
        {"sigmoid", ken_sigmoid}, {"softplus", ken_softplus}, {"erf", ken_erf}, {"erfc", ken_erfc},
        {"tgamma", ken_tgamma}, {"lgamma", ken_lgamma}, {"pow", el_pow}, {"atan2", el_atan2},
        {"exp_pair", el_exp_pair}, {"sqrt", el_sqrt}};
    static const double special[] = {0.0, -0.0, 1, -1, INFINITY, -INFINITY, NAN, 5e-324, 1.7976931348623157e308, 1e22};
    for (int f = 0; f < KEN_COUNT(functions); f++) {
        ken_rng r = ken_rng_stream(ctx, "parity.elementary", (uint64_t)f);
        uint64_t hash = 0xcbf29ce484222325u;
        double sample[16];
        for (int i = 0; i < 60000; i++) {
            uint64_t bits = ken_rng_u64(&r);
            double x;
            memcpy(&x, &bits, sizeof x);
            if (i % 2) x = (double)(int64_t)bits * 0x1p-58; /* [-32, 32) */
            if (i < KEN_COUNT(special)) x = special[i];
            const double y = functions[f].of(x);
            if (i >= 100 && i < 116) sample[i - 100] = y;
            memcpy(&bits, &y, sizeof bits);
            if (isnan(y)) bits = 0; /* the sign of a NaN is nobody's */
            hash = (hash ^ bits) * 0x100000001b3u;
        }
        KEN_SHOW("function", functions[f].name);
        KEN_SHOW("hash", (int64_t)hash);
        KEN_SHOW_ARRAY("sample", sample, 16);
    }
    return KEN_OK;
}

/* --- metrics, splits, descriptions ---------------------------------------------------------------------- */
static ken_status cell_metrics(ken_ctx *ctx, ken_show *show) {
    const ken_desc *desc;
    parity_data d;
    uint8_t role[2000];
    double roles[2000], y[400], guess[400], proba[800];
    int32_t label[400];
    ken_rng r = ken_rng_stream(ctx, "parity.metrics", 0);
    for (int i = 0; i < 400; i++) {
        y[i] = (double)ken_rng_below(&r, 1000) / 100;
        guess[i] = y[i] + (double)ken_rng_below(&r, 1000) / 400;
        label[i] = (int32_t)ken_rng_below(&r, 2);
        proba[2 * i + 1] = (double)(ken_rng_below(&r, 600) + 400 * (uint64_t)label[i]) / 1000;
        proba[2 * i] = 1 - proba[2 * i + 1];
    }
    for (int i = 0; (desc = ken_catalog_at(i)); i++) {
        ken_interval v;
        if (desc->kind != KEN_METRIC) continue;
        const bool classify = !(desc->tasks & KEN_REGRESS);
        double code[400];
        for (int k = 0; k < 400; k++) code[k] = proba[2 * k + 1] > proba[2 * k];
        const ken_scores s = {.task = classify ? KEN_CLASSIFY : KEN_REGRESS, .n = 400, .y = y, .label = label,
                              .n_classes = 2, .positive = 1, .predicted = classify ? code : guess, .proba = proba};
        KEN_TRY(ken_metric_interval(ctx, desc, NULL, &s, 0.95, &v));
        KEN_SHOW("metric", desc->name);
        const double three[] = {v.value, v.low, v.high};
        KEN_SHOW_ARRAY("interval", three, 3);
    }
    KEN_TRY(parity_load(ctx, "credit_g", "class", &d));
    const ken_data data = {.table = d.features, .target = d.target};
    KEN_TRY(ken_split_holdout(ctx, &data, 0.25, role));
    for (int i = 0; i < 1000; i++) roles[i] = role[i];
    KEN_SHOW_ARRAY("holdout", roles, 1000);
    return KEN_OK;
}

/* Formats that a cell may print. */
static ken_status cell_print(ken_ctx *ctx, ken_show *show) {
    ken_rng r = ken_rng_stream(ctx, "parity.print", 0);
    for (int i = 0; i < 500; i++) {
        uint64_t bits = ken_rng_u64(&r);
        double x;
        memcpy(&x, &bits, sizeof x);
        if (i % 2) x = (double)(int64_t)bits * 0x1p-50;
        if (isnan(x)) continue;
        KEN_PRINT("%g %.3f %8.2f %-12.4e| %.17g %+.0f %G %#.3g\n", x, fabs(x) < 1e15 ? x : 1.5, fabs(x) < 1e9 ? x : 2.5, x, x,
                  fabs(x) < 1e15 ? x : 0.5, x, x);
        KEN_PRINT("%d %5d|%-5d|%05d %x %lld %zu %c %s %.3s %% %*d\n", i, i, i, i, i, (long long)bits, (size_t)i, 'k', "ken", "kernel", 6, i);
    }
    KEN_PRINT("%g %g %g %.1f %.0f %.2f %a\n", INFINITY, -INFINITY, -0.0, 0.25, 2.5, 1.005, 0.1);
    return KEN_OK;
}

/* Failures are records too. */
static ken_status cell_failure(ken_ctx *ctx, ken_show *show) {
    ken_model *m;
    KEN_SHOW("before", 1);
    return ken_model_new(ctx, "ridge", "alhpa=1", &m);
}

const ken_cell ken_cells[] = {{"elementary", cell_elementary}, {"print", cell_print}, {"regress", cell_regress},
                              {"diabetes", cell_diabetes}, {"classes", cell_classes}, {"two", cell_two},
                              {"transform", cell_transform}, {"metrics", cell_metrics}, {"failure", cell_failure},
                              {NULL, NULL}};
