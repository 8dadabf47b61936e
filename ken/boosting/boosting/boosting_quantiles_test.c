/* Several quantiles at once: each is what it would be alone, no row crosses, and none gets worse by it. */
#include "ken/boosting/boosting/boosting.h"
#include "ken/core/quantiles.h"
#include "ken/core/rng.h"
#include "tests/support.h"

enum { N = 800, D = 3, Q = 5 };
static const double levels[Q] = {0.05, 0.25, 0.5, 0.75, 0.95};
#define ALONE "trees=25 min_leaf_rows=3 row_fraction=1 column_fraction=1 early_stopping=off "

typedef struct quantile_case {
    double x[D * N], y[N];
    ken_table *X;
} quantile_case;

/* Noise that grows with the first column; few rows a leaf, so that single quantiles do cross. */
static void quantile_case_fill(ken_ctx *ctx, quantile_case *t) {
    ken_rng rng = ken_rng_stream(ctx, "test.quantiles", 0);
    for (int i = 0; i < N; i++) {
        for (int j = 0; j < D; j++) t->x[D * i + j] = ken_rng_f64(&rng);
        t->y[i] = 3 * t->x[D * i + 1] + t->x[D * i] * ken_rng_normal(&rng);
    }
    t->X = test_table(ctx, t->x, N, D);
}

static ken_model *quantile_fit(ken_ctx *ctx, const quantile_case *t, const char *settings) {
    const ken_column y = test_column_f64("y", t->y, N);
    const ken_data data = {.table = t->X, .target = &y, .task = KEN_REGRESS};
    ken_model *m = NULL;
    TEST_OK(ctx, ken_model_new(ctx, "boosting", settings, &m));
    TEST_OK(ctx, ken_model_fit(ctx, m, &data));
    return m;
}

static void quantile_predict(ken_ctx *ctx, const quantile_case *t, const ken_model *m, ken_what what, int64_t width,
                             double *out) {
    int64_t w;
    TEST_OK(ctx, ken_model_width(ctx, m, what, &w));
    assert_int_equal(w, width);
    ken_tensor T = ken_tensor_2d(out, KEN_F64, N, width);
    TEST_OK(ctx, ken_model_predict(ctx, m, t->X, what, &T));
}

static double pinball(double r, double q) { return r > 0 ? q * r : (q - 1) * r; }

static void test_boosting_quantiles__are_single_ones_put_in_order(void **state) {
    static quantile_case t;
    static double single[Q][N], all[Q * N], value[N], margin[N], interval[2 * N], parts[(D + 1) * N];
    ken_ctx *ctx = test_ctx(2);
    int crossed = 0;
    double before = 0, after = 0;
    (void)state;
    quantile_case_fill(ctx, &t);
    for (int k = 0; k < Q; k++) {
        char settings[160];
        snprintf(settings, sizeof settings, ALONE "loss=quantile quantile=%g", levels[k]);
        ken_model *m = quantile_fit(ctx, &t, settings);
        quantile_predict(ctx, &t, m, KEN_WHAT_VALUE, 1, single[k]);
        ken_model_free(m);
    }
    ken_model *m = quantile_fit(ctx, &t, ALONE "quantiles=0.05|0.25|0.5|0.75|0.95");
    quantile_predict(ctx, &t, m, KEN_WHAT_QUANTILES, Q, all);
    quantile_predict(ctx, &t, m, KEN_WHAT_VALUE, 1, value);
    quantile_predict(ctx, &t, m, KEN_WHAT_MARGIN, 1, margin);
    quantile_predict(ctx, &t, m, KEN_WHAT_INTERVAL, 2, interval);
    quantile_predict(ctx, &t, m, KEN_WHAT_CONTRIBUTIONS, D + 1, parts);
    for (int i = 0; i < N; i++) {
        double row[Q], sum = 0, old = 0, new = 0;
        for (int k = 0; k < Q; k++) {
            row[k] = single[k][i];
            crossed += k > 0 && row[k] < row[k - 1];
            old += pinball(t.y[i] - row[k], levels[k]);
            new += pinball(t.y[i] - all[Q * i + k], levels[k]);
        }
        assert_true(new <= old + 1e-12); /* for every row, so in every mean */
        before += old, after += new;
        ken_quantiles_sort(row, 1, Q);
        assert_memory_equal(row, all + Q * i, sizeof row);
        assert_true(value[i] == row[Q / 2] && margin[i] == single[Q / 2][i]);
        assert_true(interval[2 * i] == row[0] && interval[2 * i + 1] == row[Q - 1]);
        for (int j = 0; j <= D; j++) sum += parts[(D + 1) * i + j];
        TEST_NEAR(sum, margin[i], 1e-9);
    }
    assert_true(crossed > 0 && after < before);
    ken_model_free(m);
    ken_table_free(t.X);
    test_ctx_free(ctx);
}

/* One row, pairs of columns, a background: of the middle level each, and of the row's own size. */
static void test_boosting_quantiles__explain_the_middle_level(void **state) {
    enum { FEW = 40, PARTS = D + 1 };
    static quantile_case t;
    static double value[N], margin[N], pairs[FEW * PARTS * PARTS + 1], against[FEW * PARTS + 1], quantiles[Q * N];
    ken_ctx *ctx = test_ctx(2);
    ken_table *few = NULL;
    double mean = 0;
    (void)state;
    quantile_case_fill(ctx, &t);
    ken_model *m = quantile_fit(ctx, &t, ALONE "quantiles=0.05|0.25|0.5|0.75|0.95");
    quantile_predict(ctx, &t, m, KEN_WHAT_VALUE, 1, value);
    quantile_predict(ctx, &t, m, KEN_WHAT_MARGIN, 1, margin);
    quantile_predict(ctx, &t, m, KEN_WHAT_QUANTILES, Q, quantiles);
    for (int i = 0; i < N; i++) {
        double row[2] = {0, 12345};
        TEST_OK(ctx, ken_model_predict_row(ctx, m, t.x + D * i, KEN_WHAT_VALUE, row));
        assert_true(row[0] == value[i] && row[1] == 12345);
        TEST_OK(ctx, ken_model_predict_row(ctx, m, t.x + D * i, KEN_WHAT_MARGIN, row));
        assert_true(row[0] == margin[i] && row[1] == 12345);
        mean += margin[i] / N;
    }
    TEST_OK(ctx, ken_table_slice(ctx, t.X, 0, FEW, &few));
    pairs[FEW * PARTS * PARTS] = against[FEW * PARTS] = 12345;
    ken_tensor P = ken_tensor_2d(pairs, KEN_F64, FEW, PARTS * PARTS), A = ken_tensor_2d(against, KEN_F64, FEW, PARTS);
    TEST_OK(ctx, ken_model_predict(ctx, m, few, KEN_WHAT_INTERACTIONS, &P));
    TEST_OK(ctx, ken_model_contributions_against(ctx, m, few, t.X, &A));
    for (int i = 0; i < FEW; i++) {
        double sum[2] = {0, 0};
        for (int j = 0; j < PARTS * PARTS; j++) sum[0] += pairs[i * PARTS * PARTS + j];
        for (int j = 0; j < PARTS; j++) sum[1] += against[i * PARTS + j];
        TEST_NEAR(sum[0], margin[i], 1e-9);
        TEST_NEAR(sum[1], margin[i], 1e-9);
        TEST_NEAR(against[i * PARTS + D], mean, 1e-9); /* the mean margin of the background */
    }
    assert_true(pairs[FEW * PARTS * PARTS] == 12345 && against[FEW * PARTS] == 12345);
    ken_table_free(few);
    ken_model_free(m);
    ken_table_free(t.X);
    test_ctx_free(ctx);
}

static void test_boosting_quantiles__survive_a_file_and_bad_files_are_refused(void **state) {
    static quantile_case t;
    static double p[2 * N], q[2 * N];
    ken_ctx *ctx = test_ctx(1);
    ken_model *again = NULL;
    ken_bundle *bundle = NULL;
    (void)state;
    quantile_case_fill(ctx, &t);
    ken_model *m = quantile_fit(ctx, &t, "trees=4 quantiles=0.1|0.9");
    TEST_OK(ctx, ken_model_pack(ctx, m, &bundle));
    const char *json = ken_bundle_json(bundle);
    const int n = ken_bundle_count(bundle);
    TEST_OK(ctx, ken_model_unpack(ctx, "test", json, strlen(json), ken_bundle_at(bundle, 0), n, &again));
    quantile_predict(ctx, &t, m, KEN_WHAT_QUANTILES, 2, p);
    quantile_predict(ctx, &t, again, KEN_WHAT_QUANTILES, 2, q);
    assert_memory_equal(p, q, sizeof p);
    ken_model_free(again);
    static const double bad[][3] = {{0.9, 0.1, 0}, {0.1, 1.5, 0}, {0.1, 0.5, 0.9}, {0.5, 0, 0}};
    static const int64_t count[] = {2, 2, 3, 1};
    ken_named_tensor tensor[32];
    for (int b = 0; b < KEN_COUNT(bad); b++) {
        for (int i = 0; i < n; i++) {
            tensor[i] = *ken_bundle_at(bundle, i);
            if (strstr(tensor[i].name, "quantiles"))
                tensor[i].tensor = ken_tensor_1d((void *)(uintptr_t)bad[b], KEN_F64, count[b]);
        }
        TEST_FAILS(ctx, ken_model_unpack(ctx, "test", json, strlen(json), tensor, n, &again), KEN_E_FORMAT, "");
    }
    ken_bundle_free(bundle);
    ken_model_free(m);
    ken_table_free(t.X);
    test_ctx_free(ctx);
}

static void test_boosting_quantiles__say_what_is_wrong(void **state) {
    static quantile_case t;
    ken_ctx *ctx = test_ctx(1);
    ken_model *m = NULL;
    (void)state;
    quantile_case_fill(ctx, &t);
    const ken_column y = test_column_f64("y", t.y, N);
    const ken_data data = {.table = t.X, .target = &y, .task = KEN_REGRESS};
    TEST_FAILS(ctx, ken_model_new(ctx, "boosting", "quantiles=0.9|0.1", &m), KEN_E_ARG, "ascend");
    TEST_OK(ctx, ken_model_new(ctx, "boosting", "quantiles=0.1|0.9 loss=huber", &m));
    TEST_FAILS(ctx, ken_model_fit(ctx, m, &data), KEN_E_ARG, "quantile");
    ken_model_free(m);
    ken_table_free(t.X);
    test_ctx_free(ctx);
}

static void test_boosting_quantiles__any_thread_count_gives_the_same_bits(void **state) {
    static const int threads[] = {1, 2, 3, 7};
    static quantile_case t;
    static double first[3 * N], p[3 * N];
    (void)state;
    for (int c = 0; c < KEN_COUNT(threads); c++) {
        ken_ctx *ctx = test_ctx(threads[c]);
        quantile_case_fill(ctx, &t);
        ken_model *m = quantile_fit(ctx, &t, "trees=6 quantiles=0.1|0.6|0.9");
        quantile_predict(ctx, &t, m, KEN_WHAT_QUANTILES, 3, c ? p : first);
        if (c) assert_memory_equal(first, p, sizeof p);
        ken_model_free(m);
        ken_table_free(t.X);
        test_ctx_free(ctx);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_boosting_quantiles__are_single_ones_put_in_order),
        cmocka_unit_test(test_boosting_quantiles__explain_the_middle_level),
        cmocka_unit_test(test_boosting_quantiles__survive_a_file_and_bad_files_are_refused),
        cmocka_unit_test(test_boosting_quantiles__say_what_is_wrong),
        cmocka_unit_test(test_boosting_quantiles__any_thread_count_gives_the_same_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
