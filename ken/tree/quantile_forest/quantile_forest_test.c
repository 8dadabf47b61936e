/* Quantile regression forests: against numpy over a tree of scikit-learn, against the weights taken
 * literally, against the forest whose trees they are, and against the true quantiles. */
#include "tests/support.h"

#include "ken/core/quantiles.h"
#include "ken/core/rng.h"
#include "ken/tree/quantile_forest/quantile_forest.h"

enum { N = 240, D = 3, Q = 5 };
static const double levels5[Q] = {0.05, 0.25, 0.5, 0.75, 0.95};
#define LEVELS5 "quantiles=0.05|0.25|0.5|0.75|0.95 "

typedef struct sample {
    int64_t n;
    double *X, *y, *w;
    ken_table *table;
} sample;

static sample sample_new(ken_ctx *ctx, int64_t n) {
    sample s = {n, malloc((size_t)n * D * 8), malloc((size_t)n * 8), malloc((size_t)n * 8), NULL};
    ken_rng rng = ken_rng_stream(ctx, "test.quantiles", 0);
    for (int64_t i = 0; i < n; i++) {
        double *x = s.X + i * D;
        for (int j = 0; j < D; j++) x[j] = 10 * ken_rng_f64(&rng);
        s.y[i] = 2 * x[0] + (0.2 + x[1]) * ken_rng_normal(&rng);
        s.w[i] = (double)ken_rng_below(&rng, 4);
    }
    s.table = test_table(ctx, s.X, n, D);
    return s;
}

static void sample_free(sample *s) {
    ken_table_free(s->table);
    free(s->X), free(s->y), free(s->w);
}

static ken_model *fit(ken_ctx *ctx, const char *thing, const char *settings, const ken_table *t,
                      const double *y, const double *w) {
    const ken_column target = test_column_f64("y", y, ken_table_rows(t));
    const ken_column weight = test_column_f64("w", w, ken_table_rows(t));
    const ken_data data = {.table = t, .target = &target, .weight = w ? &weight : NULL, .task = KEN_REGRESS};
    ken_model *m;
    TEST_OK(ctx, ken_model_new(ctx, thing, settings, &m));
    TEST_OK(ctx, ken_model_fit(ctx, m, &data));
    return m;
}

/* The caller frees. */
static double *ask(ken_ctx *ctx, const ken_model *m, const ken_table *t, ken_what what) {
    int64_t width;
    TEST_OK(ctx, ken_model_width(ctx, m, what, &width));
    double *out = malloc((size_t)(ken_table_rows(t) * width) * sizeof *out);
    ken_tensor o = ken_tensor_2d(out, KEN_F64, ken_table_rows(t), width);
    TEST_OK(ctx, ken_model_predict(ctx, m, t, what, &o));
    return out;
}

/* --- outside truths ---------------------------------------------------------------------------- */
static void test_quantile_forest__agrees_with_numpy_over_a_tree_of_scikit_learn(void **state) {
    enum { G = 90 };
    double X[G * 2], y[G], w[G];
    size_t size;
    int rows = 0, checked = 0;
    (void)state;
    ken_ctx *ctx = test_ctx(2);
    ken_table *t = NULL;
    double *plain = NULL, *weighted = NULL;
    char *text = test_read_file(KEN_SOURCE_DIR "/ken/tree/quantile_forest/golden/quantiles.csv", &size);
    const char *settings = "trees=1 bootstrap=false min_leaf_rows=7 quantiles=0.1|0.5|0.9";
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        double v[4];
        int row;
        if (sscanf(line, "row,%lf,%lf,%lf,%lf", v, v + 1, v + 2, v + 3) == 4) {
            memcpy(X + 2 * rows, v, 16);
            y[rows] = v[2], w[rows++] = v[3];
            if (rows < G) continue;
            t = test_table(ctx, X, G, 2);
            ken_model *a = fit(ctx, "quantile_forest", settings, t, y, NULL);
            ken_model *b = fit(ctx, "quantile_forest", settings, t, y, w);
            plain = ask(ctx, a, t, KEN_WHAT_QUANTILES), weighted = ask(ctx, b, t, KEN_WHAT_QUANTILES);
            ken_model_free(a), ken_model_free(b);
            continue;
        }
        const double *got = line[0] == 'p' ? plain : weighted;
        assert_int_equal(sscanf(strchr(line, ',') + 1, "%d,%lf,%lf,%lf", &row, v, v + 1, v + 2), 4);
        for (int q = 0; q < 3; q++)
            if (got[3 * row + q] != v[q]) fail_msg("%s: level %d is %g", line, q, got[3 * row + q]);
        checked++;
    }
    assert_int_equal(checked, 2 * G);
    free(plain), free(weighted), free(text);
    ken_table_free(t);
    test_ctx_free(ctx);
}

/* Meinshausen's formula, word by word, from nothing but the leaves: w_i(x) is the mean over the trees of
 * 1 / (rows in the leaf of x) where row i is in that leaf; the quantile is the first y whose summed
 * weight reaches the level. */
static void check_by_hand(const sample *s, const ken_model *m, ken_ctx *ctx, const double *w) {
    double *leaf = ask(ctx, m, s->table, KEN_WHAT_LEAF), *got = ask(ctx, m, s->table, KEN_WHAT_QUANTILES);
    const int64_t trees = ken_model_attr(m, "tree_output")->shape[0];
    for (int64_t x = 0; x < s->n; x += 7) {
        double *share = calloc((size_t)s->n, sizeof *share);
        for (int64_t t = 0; t < trees; t++) {
            double total = 0;
            for (int64_t i = 0; i < s->n; i++)
                if (leaf[i * trees + t] == leaf[x * trees + t]) total += w ? w[i] : 1;
            for (int64_t i = 0; i < s->n; i++)
                if (leaf[i * trees + t] == leaf[x * trees + t]) share[i] += (w ? w[i] : 1) / total / (double)trees;
        }
        for (int q = 0; q < Q; q++) {
            double below = 0, reached = 0;
            const double at = got[x * Q + q];
            for (int64_t i = 0; i < s->n; i++) {
                if (s->y[i] < at) below += share[i];
                if (s->y[i] <= at) reached += share[i];
            }
            assert_true(below < levels5[q] + 1e-9 && reached >= levels5[q] - 1e-9);
        }
        free(share);
    }
    free(leaf), free(got);
}

static void test_quantile_forest__is_the_weights_taken_literally(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(3);
    sample s = sample_new(ctx, N);
    for (int weighted = 0; weighted < 2; weighted++) {
        const double *w = weighted ? s.w : NULL;
        ken_model *m = fit(ctx, "quantile_forest", LEVELS5 "trees=20", s.table, s.y, w);
        check_by_hand(&s, m, ctx, w);
        ken_model_free(m);
    }
    sample_free(&s);
    test_ctx_free(ctx);
}

static void test_quantile_forest__has_the_trees_of_the_forest(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(2);
    sample s = sample_new(ctx, N);
    ken_model *q = fit(ctx, "quantile_forest", "trees=9 value=median " LEVELS5, s.table, s.y, NULL);
    ken_model *mean = fit(ctx, "quantile_forest", "trees=9", s.table, s.y, NULL);
    ken_model *f = fit(ctx, "forest", "trees=9 min_leaf_rows=5", s.table, s.y, NULL);
    double *a = ask(ctx, mean, s.table, KEN_WHAT_VALUE), *b = ask(ctx, f, s.table, KEN_WHAT_VALUE);
    assert_memory_equal(a, b, N * sizeof *a);
    assert_true(ken_model_attr_f64(mean, "oob_score", 0) == ken_model_attr_f64(f, "oob_score", 1));
    double *all = ask(ctx, q, s.table, KEN_WHAT_QUANTILES), *median = ask(ctx, q, s.table, KEN_WHAT_VALUE);
    double *both = ask(ctx, q, s.table, KEN_WHAT_INTERVAL);
    for (int i = 0; i < N; i++) {
        assert_true(median[i] == all[i * Q + 2] && both[2 * i] == all[i * Q] && both[2 * i + 1] == all[i * Q + 4]);
        for (int j = 1; j < Q; j++) assert_true(all[i * Q + j] >= all[i * Q + j - 1]);
    }
    free(a), free(b), free(all), free(median), free(both);
    ken_model_free(q), ken_model_free(mean), ken_model_free(f);
    sample_free(&s);
    test_ctx_free(ctx);
}

/* y = 2 x0 + (0.2 + x1) z with z normal: the quantiles are known. Of 2000 rows the forest finds the spread
 * where it is small and where it is large, and covers what it says. */
static void test_quantile_forest__finds_where_the_spread_changes(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(2);
    sample s = sample_new(ctx, 2000);
    ken_model *m = fit(ctx, "quantile_forest", "quantiles=0.05|0.95 min_leaf_rows=10", s.table, s.y, NULL);
    double X[400 * D], narrow = 0, wide = 0, inside = 0;
    ken_rng rng = ken_rng_stream(ctx, "test.fresh", 0);
    double y[400];
    for (int i = 0; i < 400; i++) {
        for (int j = 0; j < D; j++) X[i * D + j] = 10 * ken_rng_f64(&rng);
        X[i * D + 1] = i % 2 ? 9 : 1;
        y[i] = 2 * X[i * D] + (0.2 + X[i * D + 1]) * ken_rng_normal(&rng);
    }
    ken_table *fresh = test_table(ctx, X, 400, D);
    double *both = ask(ctx, m, fresh, KEN_WHAT_INTERVAL);
    for (int i = 0; i < 400; i++) {
        *(i % 2 ? &wide : &narrow) += (both[2 * i + 1] - both[2 * i]) / 200;
        inside += y[i] >= both[2 * i] && y[i] <= both[2 * i + 1];
    }
    /* 2 * 1.645 * 1.2 = 3.9 and 2 * 1.645 * 9.2 = 30.3, the first made wider by what a leaf spans of 2 x0 */
    if (!(narrow > 3.5 && narrow < 12 && wide > 24 && wide < 36 && inside > 0.86 * 400 && inside < 0.97 * 400))
        fail_msg("%g wide where 3.9 is true, %g where 30.3 is, %g of 400 inside", narrow, wide, inside);
    free(both);
    ken_table_free(fresh);
    ken_model_free(m);
    sample_free(&s);
    test_ctx_free(ctx);
}

/* --- invariants ---------------------------------------------------------------------------------- */
static void test_quantile_forest__weight_is_replication_without_draws(void **state) {
    const char *settings = "trees=1 bootstrap=false min_leaf_rows=1 max_depth=4 " LEVELS5;
    int64_t rows[4 * N], n = 0;
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    sample s = sample_new(ctx, N);
    double y[4 * N];
    for (int i = 0; i < N; i++)
        for (int k = 0; k < s.w[i]; k++) y[n] = s.y[i], rows[n++] = i;
    ken_table *copies = NULL;
    TEST_OK(ctx, ken_table_take(ctx, s.table, rows, n, &copies));
    ken_model *a = fit(ctx, "quantile_forest", settings, s.table, s.y, s.w);
    ken_model *b = fit(ctx, "quantile_forest", settings, copies, y, NULL);
    double *p = ask(ctx, a, s.table, KEN_WHAT_QUANTILES), *q = ask(ctx, b, s.table, KEN_WHAT_QUANTILES);
    assert_memory_equal(p, q, N * Q * sizeof *p);
    free(p), free(q);
    ken_model_free(a), ken_model_free(b);
    ken_table_free(copies);
    sample_free(&s);
    test_ctx_free(ctx);
}

static void test_quantile_forest__same_for_any_threads_and_after_a_file(void **state) {
    static const int threads[] = {1, 2, 3, 7};
    double *first = NULL;
    (void)state;
    for (int t = 0; t < 4; t++) {
        ken_ctx *ctx = test_ctx(threads[t]);
        sample s = sample_new(ctx, 3000); /* more than a slice */
        ken_model *m = fit(ctx, "quantile_forest", "trees=5 min_leaf_rows=20 " LEVELS5, s.table, s.y, s.w), *back;
        ken_bundle *bundle;
        TEST_OK(ctx, ken_model_pack(ctx, m, &bundle));
        const char *json = ken_bundle_json(bundle);
        TEST_OK(ctx, ken_model_unpack(ctx, "test", json, strlen(json), ken_bundle_at(bundle, 0),
                                      ken_bundle_count(bundle), &back));
        double *p = ask(ctx, back, s.table, KEN_WHAT_QUANTILES);
        if (!first) first = malloc(3000 * Q * sizeof *first), memcpy(first, p, 3000 * Q * sizeof *p);
        assert_memory_equal(first, p, 3000 * Q * sizeof *p);
        free(p);
        ken_bundle_free(bundle);
        ken_model_free(back), ken_model_free(m);
        sample_free(&s);
        test_ctx_free(ctx);
    }
    free(first);
}

/* --- errors ---------------------------------------------------------------------------------------- */
static void test_quantile_forest__bad_settings_are_errors(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    ken_model *m;
    TEST_FAILS(ctx, ken_model_new(ctx, "quantile_forest", "quantiles=0.9|0.1", &m), KEN_E_ARG, "do not ascend");
    TEST_FAILS(ctx, ken_model_new(ctx, "quantile_forest", "value=mode", &m), KEN_E_ARG, "value");
    sample s = sample_new(ctx, 40);
    int64_t width;
    m = fit(ctx, "quantile_forest", "trees=2 quantiles=0.5", s.table, s.y, NULL);
    TEST_FAILS(ctx, ken_model_width(ctx, m, KEN_WHAT_INTERVAL, &width), KEN_E_UNSUPPORTED, "interval");
    ken_model_free(m);
    m = fit(ctx, "quantile_forest", "trees=2 quantiles=|", s.table, s.y, NULL);
    TEST_FAILS(ctx, ken_model_width(ctx, m, KEN_WHAT_QUANTILES, &width), KEN_E_UNSUPPORTED, "quantiles");
    ken_model_free(m);
    sample_free(&s);
    test_ctx_free(ctx);
}

/* A file whose attribute `name` is spoiled is refused: index `at` becomes `value` (dtype by name). */
static void spoil(ken_ctx *ctx, const ken_bundle *bundle, const char *name, int64_t at, double value) {
    const int n = ken_bundle_count(bundle);
    ken_named_tensor *tensors = malloc((size_t)n * sizeof *tensors);
    ken_model *back;
    void *copy = NULL;
    for (int i = 0; i < n; i++) {
        tensors[i] = *ken_bundle_at(bundle, i);
        if (strcmp(tensors[i].name, name) != 0) continue;
        const size_t bytes = (size_t)ken_tensor_count(&tensors[i].tensor) * ken_dtype_size(tensors[i].tensor.dtype);
        copy = malloc(bytes);
        memcpy(copy, tensors[i].tensor.data, bytes);
        tensors[i].tensor.data = copy;
        if (tensors[i].tensor.dtype == KEN_F64) ((double *)copy)[at] = value;
        if (tensors[i].tensor.dtype == KEN_I64) ((int64_t *)copy)[at] = (int64_t)value;
        if (tensors[i].tensor.dtype == KEN_I32) ((int32_t *)copy)[at] = (int32_t)value;
    }
    assert_non_null(copy);
    TEST_FAILS(ctx, ken_model_unpack(ctx, "test", ken_bundle_json(bundle), strlen(ken_bundle_json(bundle)), tensors, n, &back),
               KEN_E_FORMAT, "quantile_forest");
    free(copy), free(tensors);
}

static void test_quantile_forest__hostile_files_are_refused(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    sample s = sample_new(ctx, 60);
    ken_model *m = fit(ctx, "quantile_forest", "trees=3 " LEVELS5, s.table, s.y, s.w);
    ken_bundle *bundle;
    TEST_OK(ctx, ken_model_pack(ctx, m, &bundle));
    spoil(ctx, bundle, "model/leaf_row", 5, -1);
    spoil(ctx, bundle, "model/leaf_row", 5, 1e9);
    spoil(ctx, bundle, "model/leaf_offset", 0, 1);
    spoil(ctx, bundle, "model/leaf_offset", 1, 1e15);
    spoil(ctx, bundle, "model/leaf_first", 1, 1);
    spoil(ctx, bundle, "model/leaf_first", 3, 1e15);
    spoil(ctx, bundle, "model/leaf_first", 0, -7);
    spoil(ctx, bundle, "model/target", 3, (double)NAN);
    spoil(ctx, bundle, "model/target", 3, 1e9);
    spoil(ctx, bundle, "model/row_weight", 0, -1);
    spoil(ctx, bundle, "model/quantiles", 1, 0.99);
    ken_bundle_free(bundle);
    ken_model_free(m);
    sample_free(&s);
    test_ctx_free(ctx);
}

static ken_status qf_round(ken_ctx *ctx, void *arg) {
    double X[24], y[24], values[24 * 2];
    ken_model *m = NULL;
    ken_table *t = NULL;
    (void)arg;
    for (int i = 0; i < 24; i++) X[i] = (i * 7) % 24, y[i] = i % 5;
    ken_tensor matrix = ken_tensor_2d(X, KEN_F64, 24, 1), out = ken_tensor_2d(values, KEN_F64, 24, 2);
    const ken_column target = test_column_f64("y", y, 24);
    ken_status status = ken_table_from_matrix(ctx, &matrix, NULL, &t);
    const ken_data data = {.table = t, .target = &target, .weight = &target, .task = KEN_REGRESS};
    if (status == KEN_OK) status = ken_model_new(ctx, "quantile_forest", "trees=2", &m);
    if (status == KEN_OK) status = ken_model_fit(ctx, m, &data);
    if (status == KEN_OK) status = ken_model_predict(ctx, m, t, KEN_WHAT_INTERVAL, &out);
    ken_model_free(m);
    ken_table_free(t);
    return status;
}

static void test_quantile_forest__every_allocation_may_fail(void **state) {
    (void)state;
    test_every_allocation(qf_round, NULL, 5000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quantile_forest__agrees_with_numpy_over_a_tree_of_scikit_learn),
        cmocka_unit_test(test_quantile_forest__is_the_weights_taken_literally),
        cmocka_unit_test(test_quantile_forest__has_the_trees_of_the_forest),
        cmocka_unit_test(test_quantile_forest__finds_where_the_spread_changes),
        cmocka_unit_test(test_quantile_forest__weight_is_replication_without_draws),
        cmocka_unit_test(test_quantile_forest__same_for_any_threads_and_after_a_file),
        cmocka_unit_test(test_quantile_forest__bad_settings_are_errors),
        cmocka_unit_test(test_quantile_forest__hostile_files_are_refused),
        cmocka_unit_test(test_quantile_forest__every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
