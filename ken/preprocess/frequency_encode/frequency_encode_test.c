#include "ken/preprocess/preprocess_test_tables.h"
#include "ken/preprocess/frequency_encode/frequency_encode.h"

static void test_frequency_encode__gives_shares_and_counts(void **s) {
    (void)s;
    ken_ctx *ctx = test_ctx(1);
    ken_table *X = tables_of(ctx, "c category a b a . a b a .\nn f64 1 2 3 4 5 6 7 8"),
              *later = tables_of(ctx, "c string a . new\nn f64 1 1 1");
    const double want[] = {4, 2, 4, 2, 4, 2, 4, 2};
    for (int k = 0; k < 2; k++) {
        ken_frequency_encode_params p = {k};
        ken_model *m;
        ken_table *out2;
        const double unit = k ? 1 : 8;
        TEST_OK(ctx, ken_frequency_encode_new(ctx, &p, &m));
        ken_table *out = tables_fit(ctx, m, X, NULL, NULL);
        assert_string_equal(ken_table_column(out, 0)->name, "c (frequency)");
        for (int i = 0; i < 8; i++)
            assert_true(ken_column_f64(ken_table_column(out, 0), i) == want[i] / unit);
        TEST_OK(ctx, ken_model_transform(ctx, m, later, &out2));
        assert_true(ken_column_f64(ken_table_column(out2, 0), 0) == 4 / unit);
        assert_true(ken_column_f64(ken_table_column(out2, 0), 1) == 2 / unit);
        tables_round_trip(ctx, m, X);
        ken_table_free(out), ken_table_free(out2), ken_model_free(m);
    }
    ken_table_free(X), ken_table_free(later);
    test_ctx_free(ctx);
}

static void test_frequency_encode__unseen_levels_of_strings_are_zero(void **s) {
    (void)s;
    ken_ctx *ctx = test_ctx(1);
    ken_model *m;
    ken_table *X = tables_of(ctx, "c string a b a"), *later = tables_of(ctx, "c string new b"),
              *out2;
    TEST_OK(ctx, ken_frequency_encode_new(ctx, NULL, &m));
    ken_table *out = tables_fit(ctx, m, X, NULL, NULL);
    TEST_OK(ctx, ken_model_transform(ctx, m, later, &out2));
    assert_true(ken_column_f64(ken_table_column(out2, 0), 0) == 0);
    TEST_NEAR(ken_column_f64(ken_table_column(out2, 0), 1), 1 / 3.0, 1e-15);
    ken_table_free(out), ken_table_free(out2), ken_table_free(later), ken_table_free(X),
        ken_model_free(m);
    test_ctx_free(ctx);
}

static ken_status frequency_allocates(ken_ctx *ctx, void *arg) {
    ken_model *m = NULL;
    ken_table *X = NULL, *out = NULL;
    (void)arg;
    ken_status status = tables_make(ctx, "c category x . x y\nd string q r . q", &X);
    const ken_data data = {.table = X};
    if (status == KEN_OK) status = ken_frequency_encode_new(ctx, NULL, &m);
    if (status == KEN_OK) status = ken_model_fit(ctx, m, &data);
    if (status == KEN_OK) status = ken_model_transform(ctx, m, X, &out);
    ken_table_free(out), ken_table_free(X), ken_model_free(m);
    return status;
}

static void test_frequency_encode__every_allocation_may_fail(void **s) {
    (void)s;
    test_every_allocation(frequency_allocates, NULL, 1000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_frequency_encode__gives_shares_and_counts),
        cmocka_unit_test(test_frequency_encode__unseen_levels_of_strings_are_zero),
        cmocka_unit_test(test_frequency_encode__every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
