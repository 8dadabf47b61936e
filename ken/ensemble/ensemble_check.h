/* For the tests of one_vs_rest and one_vs_one: rows of several classes, and what scikit-learn says.
 */
#ifndef KEN_ENSEMBLE_CHECK_H
#define KEN_ENSEMBLE_CHECK_H

#include "tests/support.h"

#include "ken/core/rng.h"

enum { MC_ROWS = 80, MC_COLS = 3, MC_CLASSES = 4 };

typedef struct mc_sample {
    double X[MC_ROWS * MC_COLS], label[MC_ROWS];
    ken_table *table;
} mc_sample;

static inline ken_model *mc_fit(ken_ctx *ctx, const char *name, const char *settings,
                                const ken_table *table, const double *label) {
    ken_model *m;
    const ken_column target = test_column_f64("y", label, ken_table_rows(table));
    const ken_data data = {.table = table, .target = &target, .task = KEN_CLASSIFY};
    TEST_OK(ctx, ken_model_new(ctx, name, settings, &m));
    TEST_OK(ctx, ken_model_fit(ctx, m, &data));
    return m;
}

/* The caller frees. */
static inline double *mc_ask(ken_ctx *ctx, const ken_model *m, const ken_table *table,
                             ken_what what) {
    int64_t width;
    TEST_OK(ctx, ken_model_width(ctx, m, what, &width));
    double *out = malloc((size_t)(ken_table_rows(table) * width) * sizeof *out);
    ken_tensor t = ken_tensor_2d(out, KEN_F64, ken_table_rows(table), width);
    TEST_OK(ctx, ken_model_predict(ctx, m, table, what, &t));
    return out;
}

/* The rows of golden/multiclass.csv; then check(line) for each line that starts with `kind`. */
static inline mc_sample mc_golden(ken_ctx *ctx, const char *kind,
                                  void (*check)(ken_ctx *, mc_sample *, const char *line, void *),
                                  void *arg) {
    mc_sample s = {.table = NULL};
    size_t size;
    int rows = 0;
    char *text =
        test_read_file(KEN_SOURCE_DIR "/ken/ensemble/one_vs_rest/golden/multiclass.csv", &size);
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        double v[4];
        if (sscanf(line, "row,%lf,%lf,%lf,%lf", v, v + 1, v + 2, v + 3) == 4) {
            memcpy(s.X + rows * MC_COLS, v, MC_COLS * sizeof *v);
            s.label[rows++] = v[3];
            if (rows == MC_ROWS) s.table = test_table(ctx, s.X, MC_ROWS, MC_COLS);
        } else if (strncmp(line, kind, strlen(kind)) == 0) {
            check(ctx, &s, line, arg);
        }
    }
    assert_int_equal(rows, MC_ROWS);
    free(text);
    return s;
}

static inline void mc_nothing(ken_ctx *ctx, mc_sample *s, const char *line, void *arg) {
    (void)ctx, (void)s, (void)line, (void)arg;
}

/* Two classes: the bits of the base, for every output that it has. */
static inline void mc_check_two_classes(const char *name) {
    ken_ctx *ctx = test_ctx(2);
    mc_sample s = mc_golden(ctx, "none", mc_nothing, NULL);
    double two[MC_ROWS];
    for (int i = 0; i < MC_ROWS; i++) two[i] = s.label[i] > 1;
    ken_model *base = mc_fit(ctx, "logistic", "l2=0.3", s.table, two);
    ken_model *m = mc_fit(ctx, name, "base.l2=0.3", s.table, two);
    static const ken_what whats[] = {KEN_WHAT_VALUE, KEN_WHAT_PROBA, KEN_WHAT_MARGIN};
    for (int w = 0; w < 3; w++) {
        double *a = mc_ask(ctx, base, s.table, whats[w]), *b = mc_ask(ctx, m, s.table, whats[w]);
        assert_memory_equal(a, b, MC_ROWS * (w == 1 ? 2 : 1) * sizeof *a);
        free(a), free(b);
    }
    ken_model_free(base), ken_model_free(m);
    ken_table_free(s.table);
    test_ctx_free(ctx);
}

/* Classes under other names: the columns of the answer move with them. */
static inline void mc_check_labels(const char *name, ken_what what, double tolerance) {
    static const int to[MC_CLASSES] = {2, 0, 3, 1};
    ken_ctx *ctx = test_ctx(1);
    mc_sample s = mc_golden(ctx, "none", mc_nothing, NULL);
    double moved[MC_ROWS];
    for (int i = 0; i < MC_ROWS; i++) moved[i] = to[(int)s.label[i]];
    ken_model *m = mc_fit(ctx, name, NULL, s.table, s.label),
              *w = mc_fit(ctx, name, NULL, s.table, moved);
    double *a = mc_ask(ctx, m, s.table, what), *b = mc_ask(ctx, w, s.table, what);
    for (int i = 0; i < MC_ROWS; i++)
        for (int c = 0; c < MC_CLASSES; c++)
            assert_true(fabs(a[i * MC_CLASSES + c] - b[i * MC_CLASSES + to[c]]) <= tolerance);
    free(a), free(b);
    ken_model_free(m), ken_model_free(w);
    ken_table_free(s.table);
    test_ctx_free(ctx);
}

/* Packed and unpacked, the base's name, parameters and bits come back; the text `from` of the
 * header changed to `to`, the file is refused. */
static inline void mc_check_pack_of(const char *name, const char *settings, const char *base,
                                    const char *from, const char *to) {
    ken_ctx *ctx = test_ctx(1);
    mc_sample s = mc_golden(ctx, "none", mc_nothing, NULL);
    ken_model *m = mc_fit(ctx, name, settings, s.table, s.label), *back;
    ken_bundle *bundle;
    TEST_OK(ctx, ken_model_pack(ctx, m, &bundle));
    const char *json = ken_bundle_json(bundle), *at = strstr(json, from);
    const int n = ken_bundle_count(bundle);
    TEST_OK(ctx,
            ken_model_unpack(ctx, "test", json, strlen(json), ken_bundle_at(bundle, 0), n, &back));
    assert_string_equal(ken_model_desc(ken_model_base(back, "base"))->name, base);
    assert_memory_equal(
        ken_model_params(ken_model_base(back, "base")), ken_model_params(ken_model_base(m, "base")),
        strcmp(base, "tree") == 0 ? ken_model_desc(ken_model_base(m, "base"))->params_size : 0);
    double *a = mc_ask(ctx, m, s.table, KEN_WHAT_PROBA),
           *b = mc_ask(ctx, back, s.table, KEN_WHAT_PROBA);
    assert_memory_equal(a, b, MC_ROWS * MC_CLASSES * sizeof *a);
    free(a), free(b);
    ken_model_free(back);
    assert_non_null(at);
    char *bad = malloc(strlen(json) + strlen(to) + 1);
    sprintf(bad, "%.*s%s%s", (int)(at - json), json, to, at + strlen(from));
    TEST_FAILS(ctx,
               ken_model_unpack(ctx, "test", bad, strlen(bad), ken_bundle_at(bundle, 0), n, &back),
               KEN_E_FORMAT, "nested model");
    free(bad);
    ken_bundle_free(bundle);
    ken_model_free(m);
    ken_table_free(s.table);
    test_ctx_free(ctx);
}

static inline void mc_check_pack(const char *name) {
    mc_check_pack_of(name, "base=tree base.max_depth=2", "tree", "\"children\"", "\"childless\"");
    mc_check_pack_of(name, "base=one_vs_rest base.base=tree", "one_vs_rest",
                     "\"base\":\"one_vs_rest\"", "\"base\":\"one_vs_one\"");
}

static inline ken_status mc_round(ken_ctx *ctx, void *arg) {
    double X[24], y[24], values[24];
    ken_model *m = NULL;
    ken_table *t = NULL;
    for (int i = 0; i < 24; i++) X[i] = (i * 7) % 24, y[i] = i % 3;
    ken_tensor matrix = ken_tensor_2d(X, KEN_F64, 24, 1), out = ken_tensor_1d(values, KEN_F64, 24);
    const ken_column target = test_column_f64("y", y, 24);
    ken_status status = ken_table_from_matrix(ctx, &matrix, NULL, &t);
    const ken_data data = {.table = t, .target = &target, .task = KEN_CLASSIFY};
    if (status == KEN_OK)
        status = ken_model_new(ctx, arg, "base=dummy base=logistic base.l2=2", &m);
    if (status == KEN_OK) status = ken_model_fit(ctx, m, &data);
    if (status == KEN_OK) status = ken_model_predict(ctx, m, t, KEN_WHAT_VALUE, &out);
    ken_model_free(m);
    ken_table_free(t);
    return status;
}

#endif
