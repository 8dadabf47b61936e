/* Golden numbers: preprocess_golden.py, scikit-learn 1.9.1. Tolerance 1e-12: two ways of rounding.
 */
#include "ken/preprocess/preprocess_test_tables.h"
#include "ken/preprocess/golden/preprocess_golden.h"
#include "ken/preprocess/scale/scale.h"

static ken_table *scale_data(ken_ctx *ctx, bool missing) {
    double X[60 * 3];
    for (int i = 0; i < 60; i++) {
        X[i * 3] = missing && i % 7 == 3 ? NAN : i * 7919 % 1000 / 10.0 - 30;
        X[i * 3 + 1] = missing && i % 5 == 1 ? NAN : 1e6 + i * 104729 % 997 / 1000.0;
        X[i * 3 + 2] = 0.1;
    }
    return test_table(ctx, X, 60, 3);
}

static void scale_against(int method, const double *golden) {
    ken_ctx *ctx = test_ctx(3);
    ken_scale_params p = {method};
    ken_model *m;
    ken_table *X = scale_data(ctx, false);
    TEST_OK(ctx, ken_scale_new(ctx, &p, &m));
    ken_table *out = tables_fit(ctx, m, X, NULL, NULL);
    for (int i = 0; i < 60; i++)
        for (int j = 0; j < 3; j++) {
            /* Column 1 spreads by 0.3 around 1e6: scikit-learn itself keeps 9 digits of it. */
            const double tolerance = j == 1 ? 5e-9 : 1e-12;
            const double got = ken_column_f64(ken_table_column(out, j), i),
                         want = golden[i * 3 + j];
            assert_true(fabs(got - want) <= tolerance * KEN_MAX(1, fabs(want)));
        }
    tables_round_trip(ctx, m, X);
    ken_table_free(out), ken_table_free(X), ken_model_free(m);
    test_ctx_free(ctx);
}

static void test_scale__standard_equals_sklearn(void **s) {
    (void)s;
    scale_against(KEN_SCALE_STANDARD, golden_standard);
}
static void test_scale__minmax_equals_sklearn(void **s) {
    (void)s;
    scale_against(KEN_SCALE_MINMAX, golden_minmax);
}
static void test_scale__robust_equals_sklearn(void **s) {
    (void)s;
    scale_against(KEN_SCALE_ROBUST, golden_robust);
}

static void test_scale__missing_cells_do_not_count(void **s) {
    (void)s;
    ken_ctx *ctx = test_ctx(1);
    ken_model *m;
    ken_table *X = scale_data(ctx, true);
    TEST_OK(ctx, ken_scale_new(ctx, NULL, &m));
    ken_table *out = tables_fit(ctx, m, X, NULL, NULL);
    for (int j = 0; j < 2; j++) {
        TEST_NEAR(ken_f64(ken_model_attr(m, "center"))[j], golden_standard_missing[j], 1e-13);
        TEST_NEAR(ken_f64(ken_model_attr(m, "scale"))[j], golden_standard_missing[2 + j], 1e-12);
    }
    assert_true(ken_column_missing(ken_table_column(out, 0), 3));
    ken_table_free(out), ken_table_free(X), ken_model_free(m);
    test_ctx_free(ctx);
}

static void test_scale__passes_what_is_no_number_and_bools(void **s) {
    (void)s;
    ken_ctx *ctx = test_ctx(1);
    ken_model *m;
    ken_table *X = tables_of(
        ctx,
        "a f64 1 2 3\nb bool 1 0 1\nc category x y x\nd string p q r\ne time 1 2 3\nf i64 1 1 4");
    TEST_OK(ctx, ken_scale_new(ctx, NULL, &m));
    ken_table *out = tables_fit(ctx, m, X, NULL, NULL);
    assert_int_equal(ken_table_cols(out), 6);
    for (int j = 1; j < 5; j++)
        assert_int_equal(ken_table_column(out, j)->dtype, ken_table_column(X, j)->dtype);
    TEST_NEAR(ken_column_f64(ken_table_column(out, 5), 2), sqrt(2), 1e-15); /* (4 - 2) / sqrt(2) */
    tables_round_trip(ctx, m, X);
    ken_table_free(out), ken_table_free(X), ken_model_free(m);
    test_ctx_free(ctx);
}

static void test_scale__learns_from_training_rows_only(void **s) {
    (void)s;
    ken_ctx *ctx = test_ctx(1);
    const uint8_t role[6] = {0, 0, 0, 1, 1, 2};
    double center[2];
    for (int k = 0; k < 2; k++) {
        ken_model *m;
        ken_table *X = tables_of(ctx, k ? "a f64 1 2 6 1e9 . -4" : "a f64 1 2 6 7 8 9");
        TEST_OK(ctx, ken_scale_new(ctx, NULL, &m));
        ken_table *out = tables_fit(ctx, m, X, NULL, role);
        center[k] = ken_f64(ken_model_attr(m, "center"))[0];
        ken_table_free(out), ken_table_free(X), ken_model_free(m);
    }
    assert_true(center[0] == 3 && center[1] == 3);
    test_ctx_free(ctx);
}

static void test_scale__refuses_infinite_values_by_name(void **s) {
    (void)s;
    ken_ctx *ctx = test_ctx(1);
    for (int method = 0; method < 3; method++) {
        ken_scale_params p = {method};
        ken_model *m;
        ken_table *X = tables_of(ctx, "size f64 1 2 inf 4");
        ken_data data = {.table = X};
        TEST_OK(ctx, ken_scale_new(ctx, &p, &m));
        TEST_FAILS(ctx, ken_model_fit(ctx, m, &data), KEN_E_VALUE,
                   "'size' has an infinite value in row 3");
        ken_table_free(X), ken_model_free(m);
    }
    test_ctx_free(ctx);
}

static void test_scale__empty_columns_and_one_row(void **s) {
    (void)s;
    ken_ctx *ctx = test_ctx(1);
    for (int method = 0; method < 4; method++) {
        ken_scale_params p = {method};
        ken_model *m;
        ken_table *X = tables_of(ctx, "a f64 .\nb f64 5");
        TEST_OK(ctx, ken_scale_new(ctx, &p, &m));
        ken_table *out = tables_fit(ctx, m, X, NULL, NULL);
        assert_true(ken_column_missing(ken_table_column(out, 0), 0));
        assert_true(ken_column_f64(ken_table_column(out, 1), 0) ==
                    (method == KEN_SCALE_NONE ? 5 : 0));
        ken_table_free(out), ken_table_free(X), ken_model_free(m);
    }
    test_ctx_free(ctx);
}

static ken_status scale_allocates(ken_ctx *ctx, void *arg) {
    ken_model *m = NULL;
    ken_table *X = NULL, *out = NULL;
    ken_scale_params p = {*(int *)arg};
    ken_status status = tables_make(ctx, "a f64 1 2 . 4\nc category x y x y", &X);
    ken_data data = {.table = X};
    if (status == KEN_OK) status = ken_scale_new(ctx, &p, &m);
    if (status == KEN_OK) status = ken_model_fit(ctx, m, &data);
    if (status == KEN_OK) status = ken_model_transform(ctx, m, X, &out);
    ken_table_free(out), ken_table_free(X), ken_model_free(m);
    return status;
}

static void test_scale__every_allocation_may_fail(void **s) {
    (void)s;
    int method = KEN_SCALE_ROBUST;
    test_every_allocation(scale_allocates, &method, 500);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scale__standard_equals_sklearn),
        cmocka_unit_test(test_scale__minmax_equals_sklearn),
        cmocka_unit_test(test_scale__robust_equals_sklearn),
        cmocka_unit_test(test_scale__missing_cells_do_not_count),
        cmocka_unit_test(test_scale__passes_what_is_no_number_and_bools),
        cmocka_unit_test(test_scale__learns_from_training_rows_only),
        cmocka_unit_test(test_scale__refuses_infinite_values_by_name),
        cmocka_unit_test(test_scale__empty_columns_and_one_row),
        cmocka_unit_test(test_scale__every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
