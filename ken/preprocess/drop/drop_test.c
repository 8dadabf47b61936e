#include "ken/preprocess/preprocess_test_tables.h"
#include "ken/preprocess/drop/drop.h"

static void test_drop__leaves_out_by_name(void **s) {
    (void)s;
    ken_ctx *ctx = test_ctx(1);
    ken_drop_params p = {"b|d", "no use"};
    ken_model *m;
    ken_table *X = tables_of(ctx, "a f64 1 2\nb f64 1 2\nc string x y\nd bool 1 0");
    TEST_OK(ctx, ken_drop_new(ctx, &p, &m));
    ken_table *out = tables_fit(ctx, m, X, NULL, NULL);
    assert_int_equal(ken_table_cols(out), 2);
    assert_string_equal(ken_table_column(out, 1)->name, "c");
    assert_int_equal(ken_table_column(out, 1)->source, 2);
    assert_int_equal(ken_model_attr_strings(m, "names")->n, 2);
    tables_round_trip(ctx, m, X);
    ken_table_free(out), ken_table_free(X), ken_model_free(m);
    test_ctx_free(ctx);
}

static void test_drop__nothing_by_default_and_names_must_exist(void **s) {
    (void)s;
    ken_ctx *ctx = test_ctx(1);
    ken_drop_params p = {"price|colour", ""};
    ken_model *m;
    ken_table *X = tables_of(ctx, "price f64 1 2\ncolor f64 1 2");
    const ken_data data = {.table = X};
    TEST_OK(ctx, ken_drop_new(ctx, NULL, &m));
    ken_table *out = tables_fit(ctx, m, X, NULL, NULL);
    assert_int_equal(ken_table_cols(out), 2);
    ken_table_free(out), ken_model_free(m);
    TEST_OK(ctx, ken_drop_new(ctx, &p, &m));
    TEST_FAILS(ctx, ken_model_fit(ctx, m, &data), KEN_E_NOT_FOUND, "colour");
    assert_non_null(strstr(ken_ctx_hint(ctx), "color"));
    ken_table_free(X), ken_model_free(m);
    test_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_drop__leaves_out_by_name),
        cmocka_unit_test(test_drop__nothing_by_default_and_names_must_exist),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
