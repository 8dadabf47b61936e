#include "ken/explain/importance/importance.h"

#include "ken/explain/explain_testing.h"

/* A model with the attributes of a linear one: coef (2 outputs, 4 inputs). */
static const double linear_coef[8] = {1, 0, -2, 0.5, 3, 0, 2, -0.5};

static ken_status linear_fit(ken_ctx *ctx, ken_model *model, const ken_problem *problem) {
    const int64_t shape[] = {2, 4};
    void *data;
    (void)problem;
    KEN_TRY(ken_attr_new(ctx, model, "coef", KEN_F64, 2, shape, &data));
    memcpy(data, linear_coef, sizeof linear_coef);
    return ken_attr_set_f64(ctx, model, "intercept", 0);
}

/* sum over outputs of |coef| times the standard deviation: x0 = 0 2 0 2 ... has sd sqrt(n / (n - 1)). */
static void test_importance__coefficients_times_spread(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    double X[10 * 4], y[10], out[5];
    for (int i = 0; i < 10; i++) {
        X[4 * i] = 2 * (i % 2);
        X[4 * i + 1] = i;
        X[4 * i + 2] = 10 * (i % 2);
        X[4 * i + 3] = 7;
        y[i] = i;
    }
    static const ken_attr attrs[] = {
        {"coef", KEN_F64, "k,d", "weights"}, {"intercept", KEN_F64, "", "constant"}, {0}};
    ken_estimator estimator = known_estimator;
    ken_desc desc = known_desc;
    ken_model *m = NULL;
    ken_table *t = test_table(ctx, X, 10, 4);
    const ken_column target = test_column_f64("y", y, 10);
    const ken_data data = {.table = t, .target = &target, .task = KEN_REGRESS};
    estimator.fit = linear_fit;
    desc.estimator = &estimator;
    desc.attrs = attrs;
    TEST_OK(ctx, ken_model_new_desc(ctx, &desc, NULL, &m));
    assert_int_equal(ken_importance_way_of(m), KEN_IMPORTANCE_NONE);
    TEST_FAILS(ctx, ken_explain_importance(ctx, m, KEN_IMPORTANCE_BY_COEF, t, out), KEN_E_STATE,
               "not fitted");
    TEST_OK(ctx, ken_model_fit(ctx, m, &data));
    assert_int_equal(ken_importance_way_of(m), KEN_IMPORTANCE_BY_COEF);
    TEST_OK(ctx, ken_explain_importance(ctx, m, KEN_IMPORTANCE_BY_COEF, t, out));
    const double sd = sqrt(10.0 / 9.0);
    TEST_NEAR(out[0], 4 * sd, 1e-14);
    TEST_NEAR(out[1], 0, 0);
    TEST_NEAR(out[2], 4 * 5 * sd, 1e-14);
    TEST_NEAR(out[3], 0, 0);
    TEST_NEAR(out[4], 0, 0);
    TEST_FAILS(ctx, ken_explain_importance(ctx, m, KEN_IMPORTANCE_BY_GAIN, t, out),
               KEN_E_UNSUPPORTED, "known");
    ken_model_free(m);
    ken_table_free(t);
    test_ctx_free(ctx);
}

/* Only a tells anything in y = [a > 0]: a tree puts all its gain there; shares add up to 1. */
static void test_importance__gain_of_trees_goes_to_the_raw_columns(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    const ken_desc *desc = NULL;
    if (ken_catalog_find(ctx, "tree", KEN_ESTIMATOR, &desc) != KEN_OK) {
        test_ctx_free(ctx);
        TEST_SKIP("no trees in this build");
    }
    ken_table *t = known_table(ctx, 500, false), *features = NULL;
    double y[500], out[5], sum = 0;
    int columns[] = {0, 1, 2, 4};
    ken_model *m = NULL;
    for (int i = 0; i < 500; i++) y[i] = ken_column_f64(ken_table_column(t, 0), i) > 0;
    const ken_column target = test_column_f64("y", y, 500);
    TEST_OK(ctx, ken_table_select(ctx, t, columns, 4, &features));
    const ken_data data = {.table = features, .target = &target, .task = KEN_REGRESS};
    TEST_OK(ctx, ken_model_new(ctx, "tree", NULL, &m));
    TEST_OK(ctx, ken_model_fit(ctx, m, &data));
    TEST_OK(ctx, ken_explain_importance(ctx, m, ken_importance_way_of(m), features, out));
    for (int j = 0; j < 5; j++) sum += out[j];
    TEST_NEAR(sum, 1, 1e-12);
    TEST_NEAR(out[0], 1, 1e-12);
    ken_model_free(m);
    ken_table_free(features);
    ken_table_free(t);
    test_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_importance__coefficients_times_spread),
        cmocka_unit_test(test_importance__gain_of_trees_goes_to_the_raw_columns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
