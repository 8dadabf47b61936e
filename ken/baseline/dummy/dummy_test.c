/* Dummy against numbers done by hand. */
#include "tests/support.h"

#include "ken/baseline/dummy/dummy.h"

static const double dummy_x[] = {0, 0, 0, 0};
static const double dummy_y[] = {1, 2, 3, 10};

/* Fit on rows of y with weights, and return what it predicts for a row. */
static double dummy_value(ken_ctx *ctx, const char *settings, const double *y, const double *weight,
                          int64_t n, ken_task task, ken_what what, double *proba, int64_t k) {
    ken_model *model;
    ken_table *table = test_table(ctx, dummy_x, n, 1);
    const ken_column target = test_column_f64("y", y, n);
    ken_column w = test_column_f64("w", weight, n);
    const ken_data data = {.table = table, .target = &target, .weight = weight ? &w : NULL, .task = task};
    double value, rows[16];
    TEST_OK(ctx, ken_model_new(ctx, "dummy", settings, &model));
    TEST_OK(ctx, ken_model_fit(ctx, model, &data));
    ken_tensor out = ken_tensor_2d(rows, KEN_F64, n, k);
    TEST_OK(ctx, ken_model_predict(ctx, model, table, what, &out));
    value = rows[0];
    if (proba) memcpy(proba, rows, (size_t)k * sizeof *proba);
    for (int64_t i = 0; i < n * k; i++) assert_true(rows[i] == rows[i % k]);
    ken_model_free(model);
    ken_table_free(table);
    return value;
}

static double dummy_number(ken_ctx *ctx, const char *settings, const double *weight) {
    return dummy_value(ctx, settings, dummy_y, weight, 4, KEN_REGRESS, KEN_WHAT_VALUE, NULL, 1);
}

static void test_dummy__numbers_by_hand(void **state) {
    ken_ctx *ctx = test_ctx(1);
    (void)state;
    assert_true(dummy_number(ctx, NULL, NULL) == 4);
    assert_true(dummy_number(ctx, "strategy=mean", NULL) == 4);
    assert_true(dummy_number(ctx, "strategy=median", NULL) == 2.5);
    assert_true(dummy_number(ctx, "strategy=quantile quantile=0.9", NULL) == 10);
    assert_true(dummy_number(ctx, "strategy=quantile quantile=0", NULL) == 1);
    assert_true(dummy_number(ctx, "strategy=constant constant=-7", NULL) == -7);
    test_ctx_free(ctx);
}

static void test_dummy__weight_two_is_the_row_twice(void **state) {
    ken_ctx *ctx = test_ctx(1);
    (void)state;
    static const double weight[] = {2, 1, 1, 0}; /* 1 1 2 3 */
    TEST_NEAR(dummy_number(ctx, "strategy=mean", weight), 1.75, 1e-15);
    assert_true(dummy_number(ctx, "strategy=median", weight) == 1.5);
    test_ctx_free(ctx);
}

static void test_dummy__classes_by_hand(void **state) {
    ken_ctx *ctx = test_ctx(1);
    (void)state;
    static const double y[] = {0, 1, 1, 2}, weight[] = {1, 1, 2, 4};
    double p[3];
    dummy_value(ctx, NULL, y, NULL, 4, KEN_CLASSIFY, KEN_WHAT_PROBA, p, 3);
    assert_true(p[0] == 0.25 && p[1] == 0.5 && p[2] == 0.25);
    dummy_value(ctx, "strategy=prior", y, weight, 4, KEN_CLASSIFY, KEN_WHAT_PROBA, p, 3);
    assert_true(p[0] == 0.125 && p[1] == 0.375 && p[2] == 0.5);
    dummy_value(ctx, "strategy=majority", y, NULL, 4, KEN_CLASSIFY, KEN_WHAT_PROBA, p, 3);
    assert_true(p[0] == 0 && p[1] == 1 && p[2] == 0);
    dummy_value(ctx, "strategy=uniform", y, NULL, 4, KEN_CLASSIFY, KEN_WHAT_PROBA, p, 3);
    assert_true(p[0] == p[1] && p[1] == p[2]);
    assert_true(dummy_value(ctx, NULL, y, NULL, 4, KEN_CLASSIFY, KEN_WHAT_VALUE, NULL, 1) == 1);
    test_ctx_free(ctx);
}

static void test_dummy__strategy_of_the_other_task_is_an_error(void **state) {
    ken_ctx *ctx = test_ctx(1);
    ken_model *model;
    ken_table *table = test_table(ctx, dummy_x, 4, 1);
    const ken_column target = test_column_f64("y", dummy_y, 4);
    ken_data data = {.table = table, .target = &target, .task = KEN_REGRESS};
    (void)state;
    TEST_OK(ctx, ken_model_new(ctx, "dummy", "strategy=prior", &model));
    TEST_FAILS(ctx, ken_model_fit(ctx, model, &data), KEN_E_ARG, "classes");
    TEST_OK(ctx, ken_model_set(ctx, model, "strategy", "median"));
    data.task = KEN_CLASSIFY;
    TEST_FAILS(ctx, ken_model_fit(ctx, model, &data), KEN_E_ARG, "numbers");
    assert_false(ken_model_fitted(model));
    ken_model_free(model);
    ken_table_free(table);
    test_ctx_free(ctx);
}

static ken_status dummy_round(ken_ctx *ctx, void *arg) {
    ken_model *model = NULL;
    ken_tensor X = ken_tensor_2d((void *)(uintptr_t)dummy_x, KEN_F64, 4, 1);
    ken_table *table = NULL;
    const ken_column target = test_column_f64("y", dummy_y, 4);
    ken_status status = ken_table_from_matrix(ctx, &X, NULL, &table);
    const ken_data data = {.table = table, .target = &target, .task = KEN_REGRESS};
    if (status == KEN_OK) status = ken_model_new(ctx, "dummy", arg, &model);
    if (status == KEN_OK) status = ken_model_fit(ctx, model, &data);
    ken_model_free(model);
    ken_table_free(table);
    return status;
}

static void test_dummy__every_allocation_may_fail(void **state) {
    (void)state;
    char settings[] = "strategy=median";
    test_every_allocation(dummy_round, settings, 200);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dummy__numbers_by_hand),
        cmocka_unit_test(test_dummy__weight_two_is_the_row_twice),
        cmocka_unit_test(test_dummy__classes_by_hand),
        cmocka_unit_test(test_dummy__strategy_of_the_other_task_is_an_error),
        cmocka_unit_test(test_dummy__every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
