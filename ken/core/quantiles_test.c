/* Levels of quantiles as text, as an attribute, and rows put into order. */
#include "tests/support.h"

#include "ken/core/quantiles.h"

static void test_quantiles__levels_are_read_as_they_are_written(void **state) {
    static const char *const same[] = {"0.05 0.5 0.95", "0.05|0.5|0.95", " 0.05, 0.5,|0.95 "};
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    for (int i = 0; i < 3; i++) {
        double level[KEN_QUANTILES_MAX];
        int n = -1;
        TEST_OK(ctx, ken_quantiles_parse(ctx, "toy", same[i], level, &n));
        assert_int_equal(n, 3);
        assert_true(level[0] == 0.05 && level[1] == 0.5 && level[2] == 0.95);
    }
    int n = -1;
    TEST_OK(ctx, ken_quantiles_parse(ctx, "toy", NULL, NULL, &n));
    assert_int_equal(n, 0);
    TEST_OK(ctx, ken_quantiles_parse(ctx, "toy", " | ", NULL, NULL));
    test_ctx_free(ctx);
}

static void test_quantiles__bad_levels_are_errors(void **state) {
    char many[1000] = "";
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    TEST_FAILS(ctx, ken_quantiles_parse(ctx, "toy", "0.1 half", NULL, NULL), KEN_E_ARG, "toy: quantiles '0.1 half'");
    TEST_FAILS(ctx, ken_quantiles_parse(ctx, "toy", "0.5 0.1", NULL, NULL), KEN_E_ARG, "do not ascend");
    TEST_FAILS(ctx, ken_quantiles_parse(ctx, "toy", "0.5 0.5", NULL, NULL), KEN_E_ARG, "do not ascend");
    TEST_FAILS(ctx, ken_quantiles_parse(ctx, "toy", "0", NULL, NULL), KEN_E_ARG, "between 0 and 1");
    TEST_FAILS(ctx, ken_quantiles_parse(ctx, "toy", "0.5 1", NULL, NULL), KEN_E_ARG, "between 0 and 1");
    TEST_FAILS(ctx, ken_quantiles_parse(ctx, "toy", "nan", NULL, NULL), KEN_E_ARG, "'nan'");
    for (int i = 1; i <= 100; i++) sprintf(many + strlen(many), "%.4f ", i / 200.0);
    TEST_FAILS(ctx, ken_quantiles_parse(ctx, "toy", many, NULL, NULL), KEN_E_ARG, "99");
    test_ctx_free(ctx);
}

static ken_status levels_fit(ken_ctx *ctx, ken_model *model, const ken_problem *p) {
    (void)p;
    return ken_quantiles_set(ctx, model, (const double[]){0.25, 0.75}, 2);
}
static const ken_estimator levels_estimator = {.fit = levels_fit};
static const ken_attr levels_attrs[] = {{"quantiles", KEN_F64, "q", "levels"}, {0}};
static const ken_desc levels_desc = {.name = "levels", .kind = KEN_ESTIMATOR, .tasks = KEN_REGRESS,
                                     .attrs = levels_attrs, .estimator = &levels_estimator};

static void test_quantiles__levels_of_a_model_are_checked(void **state) {
    static const double x[4] = {1, 2, 3, 4}, y[4] = {0.5, 1, 2, 4};
    const ken_column target = test_column_f64("y", y, 4);
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    ken_table *t = test_table(ctx, x, 4, 1);
    const ken_data data = {.table = t, .target = &target, .task = KEN_REGRESS};
    ken_model *m;
    int n = -1;
    TEST_OK(ctx, ken_model_new_desc(ctx, &levels_desc, NULL, &m));
    assert_null(ken_model_quantiles(m, &n));
    assert_int_equal(n, 0);
    TEST_OK(ctx, ken_model_fit(ctx, m, &data));
    const double *level = ken_model_quantiles(m, &n);
    assert_true(n == 2 && level[0] == 0.25 && level[1] == 0.75);
    TEST_OK(ctx, ken_quantiles_set(ctx, m, (const double[]){0.75, 0.25}, 2)); /* of a hostile file */
    assert_null(ken_model_quantiles(m, NULL));
    TEST_OK(ctx, ken_quantiles_set(ctx, m, (const double[]){(double)NAN}, 1));
    assert_null(ken_model_quantiles(m, NULL));
    TEST_OK(ctx, ken_quantiles_set(ctx, m, NULL, 0));
    assert_null(ken_model_quantiles(m, NULL));
    ken_model_free(m);
    ken_table_free(t);
    test_ctx_free(ctx);
}

static void test_quantiles__rows_no_longer_cross(void **state) {
    double rows[] = {3, 1, 2, 1, 1, 5, 9, 8, -7};
    static const double sorted[] = {1, 2, 3, 1, 1, 5, -7, 8, 9};
    (void)state;
    ken_quantiles_sort(rows, 3, 3);
    assert_memory_equal(rows, sorted, sizeof sorted);
    ken_quantiles_sort(rows, 9, 1);
    assert_memory_equal(rows, sorted, sizeof sorted);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quantiles__levels_are_read_as_they_are_written),
        cmocka_unit_test(test_quantiles__bad_levels_are_errors),
        cmocka_unit_test(test_quantiles__levels_of_a_model_are_checked),
        cmocka_unit_test(test_quantiles__rows_no_longer_cross),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
