/* Golden numbers: preprocess_golden.py, scikit-learn 1.9.1. */
#include "ken/preprocess/preprocess_test_tables.h"
#include "ken/preprocess/golden/preprocess_golden.h"
#include "ken/preprocess/impute/impute.h"

static ken_table *impute_data(ken_ctx *ctx) {
    double X[60 * 2];
    for (int i = 0; i < 60; i++) {
        X[i * 2] = i % 7 == 3 ? NAN : i * 7919 % 1000 / 10.0 - 30;
        X[i * 2 + 1] = i % 5 == 1 ? NAN : 1e6 + i * 104729 % 997 / 1000.0;
    }
    return test_table(ctx, X, 60, 2);
}

static void test_impute__fills_equal_sklearn(void **s) {
    (void)s;
    ken_ctx *ctx = test_ctx(2);
    const double *golden[] = {golden_impute_mean, golden_impute_median,
                              golden_impute_most_frequent};
    ken_table *X = impute_data(ctx);
    for (int strategy = 0; strategy < 3; strategy++) {
        ken_impute_params p = KEN_IMPUTE_DEFAULTS;
        ken_model *m;
        p.strategy = strategy;
        TEST_OK(ctx, ken_impute_new(ctx, &p, &m));
        ken_table *out = tables_fit(ctx, m, X, NULL, NULL);
        for (int j = 0; j < 2; j++) {
            TEST_NEAR(ken_f64(ken_model_attr(m, "fill"))[j], golden[strategy][j], 1e-14);
            assert_true(ken_column_f64(ken_table_column(out, j), j ? 1 : 3) ==
                        ken_f64(ken_model_attr(m, "fill"))[j]);
        }
        assert_int_equal(ken_table_cols(out), 4); /* missing is not rare: two indicators */
        assert_string_equal(ken_table_column(out, 2)->name, "x0 (missing)");
        assert_int_equal(ken_table_column(out, 3)->source, 1);
        for (int i = 0; i < 60; i++)
            assert_true(ken_column_f64(ken_table_column(out, 2), i) == (i % 7 == 3));
        tables_round_trip(ctx, m, X);
        ken_table_free(out), ken_model_free(m);
    }
    ken_table_free(X);
    test_ctx_free(ctx);
}

static void test_impute__columns_without_gaps_are_borrowed(void **s) {
    (void)s;
    ken_ctx *ctx = test_ctx(1);
    ken_model *m;
    ken_table *X = tables_of(ctx, "a f64 1 2 3\nb i64 1 . 3\nc category x . y\nd time 1 . 2");
    TEST_OK(ctx, ken_impute_new(ctx, NULL, &m));
    ken_table *out = tables_fit(ctx, m, X, NULL, NULL);
    assert_ptr_equal(tables_col(out, "a")->data, ken_table_column(X, 0)->data);
    assert_true(ken_column_f64(tables_col(out, "b"), 1) == 2);
    assert_true(ken_column_missing(tables_col(out, "c"), 1)); /* text has no median */
    assert_true(ken_column_missing(tables_col(out, "d"), 1));
    ken_table_free(out), ken_table_free(X), ken_model_free(m);
    test_ctx_free(ctx);
}

static void test_impute__text_by_mode_and_constant(void **s) {
    (void)s;
    ken_ctx *ctx = test_ctx(1);
    ken_table *X = tables_of(ctx, "c category b . a a\nd string q r . r\ne category . . . .");
    for (int strategy = KEN_IMPUTE_MODE; strategy <= KEN_IMPUTE_CONSTANT; strategy++) {
        ken_impute_params p = KEN_IMPUTE_DEFAULTS;
        ken_model *m;
        char text[40];
        p.strategy = strategy;
        p.fill_text = "none";
        TEST_OK(ctx, ken_impute_new(ctx, &p, &m));
        ken_table *out = tables_fit(ctx, m, X, NULL, NULL);
        const bool mode = strategy == KEN_IMPUTE_MODE;
        assert_string_equal(ken_column_format(tables_col(out, "c"), 1, text, sizeof text),
                            mode ? "a" : "none");
        assert_string_equal(ken_column_format(tables_col(out, "d"), 2, text, sizeof text),
                            mode ? "r" : "none");
        assert_string_equal(ken_column_format(tables_col(out, "e"), 2, text, sizeof text), "none");
        assert_string_equal(ken_column_format(tables_col(out, "c"), 0, text, sizeof text), "b");
        tables_round_trip(ctx, m, X);
        ken_table_free(out), ken_model_free(m);
    }
    ken_table_free(X);
    test_ctx_free(ctx);
}

static void test_impute__empty_columns_get_the_constant(void **s) {
    (void)s;
    ken_ctx *ctx = test_ctx(1);
    ken_impute_params p = {KEN_IMPUTE_MEDIAN, KEN_INDICATOR_ONLY, -7, ""};
    ken_model *m;
    ken_table *X = tables_of(ctx, "a f64 . .\nb bool 1 .");
    TEST_OK(ctx, ken_impute_new(ctx, &p, &m));
    ken_table *out = tables_fit(ctx, m, X, NULL, NULL);
    assert_int_equal(ken_table_cols(out), 2);
    assert_int_equal(ken_table_column(out, 1)->dtype, KEN_BOOL);
    ken_table_free(out), ken_model_free(m);
    p.indicator = KEN_INDICATOR_NO;
    TEST_OK(ctx, ken_impute_new(ctx, &p, &m));
    out = tables_fit(ctx, m, X, NULL, NULL);
    assert_true(ken_column_f64(ken_table_column(out, 0), 1) == -7);
    assert_true(ken_column_f64(ken_table_column(out, 1), 1) == 1);
    ken_table_free(out), ken_table_free(X), ken_model_free(m);
    test_ctx_free(ctx);
}

static ken_status impute_allocates(ken_ctx *ctx, void *arg) {
    ken_model *m = NULL;
    ken_table *X = NULL, *out = NULL;
    ken_impute_params p = KEN_IMPUTE_DEFAULTS;
    (void)arg;
    p.strategy = KEN_IMPUTE_MODE;
    ken_status status = tables_make(ctx, "a f64 1 2 . 4\nc category x . x .\nd string q r . q", &X);
    ken_data data = {.table = X};
    if (status == KEN_OK) status = ken_impute_new(ctx, &p, &m);
    if (status == KEN_OK) status = ken_model_fit(ctx, m, &data);
    if (status == KEN_OK) status = ken_model_transform(ctx, m, X, &out);
    ken_table_free(out), ken_table_free(X), ken_model_free(m);
    return status;
}

static void test_impute__every_allocation_may_fail(void **s) {
    (void)s;
    test_every_allocation(impute_allocates, NULL, 1000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_impute__fills_equal_sklearn),
        cmocka_unit_test(test_impute__columns_without_gaps_are_borrowed),
        cmocka_unit_test(test_impute__text_by_mode_and_constant),
        cmocka_unit_test(test_impute__empty_columns_get_the_constant),
        cmocka_unit_test(test_impute__every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
