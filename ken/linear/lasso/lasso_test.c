/* The lasso against scikit-learn, numbers by hand, and the conditions of its minimum. */
#include "ken/linear/linear_cd_check.h"

#include "ken/io/csv/csv.h"
#include "ken/linear/lasso/lasso.h"

static void test_lasso__agrees_with_scikit_learn(void **state) {
    (void)state;
    assert_int_equal(cd_check_golden("lasso"), 24);
}

/* scikit-learn's user guide 1.1.3: Lasso(alpha=.1) on [[0, 0], [1, 1], [2, 2]], [0, 1, 2]. */
static void test_lasso__example_of_the_scikit_learn_guide(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    double X[] = {0, 0, 1, 1, 2, 2}, y[] = {0, 1, 2};
    const linear_sample s = {X, y, NULL, 3, 2, KEN_REGRESS};
    ken_model *m = linear_sample_fit(ctx, "lasso", "alpha=0.1", &s);
    TEST_NEAR(ken_f64(ken_model_attr(m, "coef"))[0], 0.85, 1e-14);
    assert_true(ken_f64(ken_model_attr(m, "coef"))[1] == 0);
    TEST_NEAR(ken_model_attr_f64(m, "intercept", NAN), 0.15, 1e-14);
    ken_model_free(m);
    test_ctx_free(ctx);
}

/* The diabetes table of scikit-learn: data/diabetes.csv with columns centered and of length 1. */
static linear_sample diabetes_sample(ken_ctx *ctx) {
    ken_table *t;
    linear_sample s = {.n = 442, .d = 10, .task = KEN_REGRESS};
    TEST_OK(ctx, ken_csv_read(ctx, KEN_SOURCE_DIR "/data/diabetes.csv", NULL, NULL, &t));
    assert_int_equal(ken_table_rows(t), 442);
    s.X = malloc(4420 * sizeof *s.X), s.y = malloc(442 * sizeof *s.y);
    ken_column_gather(ken_table_column(t, 10), 0, 442, s.y, 1);
    for (int j = 0; j < 10; j++) {
        double mean = 0, square = 0;
        ken_column_gather(ken_table_column(t, j), 0, 442, s.X + j, 10);
        for (int i = 0; i < 442; i++) mean += s.X[i * 10 + j] / 442;
        for (int i = 0; i < 442; i++) s.X[i * 10 + j] -= mean, square += s.X[i * 10 + j] * s.X[i * 10 + j];
        for (int i = 0; i < 442; i++) s.X[i * 10 + j] /= sqrt(square);
    }
    ken_table_free(t);
    return s;
}

/* scikit-learn 1.9.1, Lasso(alpha, tol=1e-14) on load_diabetes(). */
static void test_lasso__diabetes_equals_scikit_learn(void **state) {
    (void)state;
    static const double want[3][11] = {
        {0, 0, 367.7016258214307, 6.309702644174879, 0, 0, 0, 0, 307.60214746219634, 0, 1.0},
        {0, -155.34311062466858, 517.2162412030532, 275.08722292825655, -52.55203581190213, 0,
         -210.1395090352349, 0, 483.9171745719605, 33.66219214313003, 0.1},
        {-1.3145922418994822, -228.8350668090642, 525.5347026564237, 316.1852505665905,
         -310.2999244549104, 91.89682620900022, -103.61146784406981, 120.02003914398495,
         572.542319567723, 65.00467162974861, 0.01}};
    ken_ctx *ctx = test_ctx(1);
    linear_sample s = diabetes_sample(ctx);
    for (int k = 0; k < 3; k++) {
        char settings[60];
        snprintf(settings, sizeof settings, "alpha=%g tol=1e-14", want[k][10]);
        ken_model *m = linear_sample_fit(ctx, "lasso", settings, &s);
        for (int j = 0; j < 10; j++) {
            TEST_NEAR(ken_f64(ken_model_attr(m, "coef"))[j], want[k][j], 1e-5);
            assert_true((ken_f64(ken_model_attr(m, "coef"))[j] == 0) == (want[k][j] == 0));
        }
        TEST_NEAR(ken_model_attr_f64(m, "intercept", NAN), 152.133484162896, 1e-12);
        /* lars_path: the first knot is the alpha from which on nothing is left */
        TEST_NEAR(ken_model_attr_f64(m, "alpha_max", NAN), 2.148043575529498, 1e-12);
        ken_model_free(m);
    }
    linear_sample_free(&s);
    test_ctx_free(ctx);
}

/* One column: b = S(x'y / n, alpha) / (x'x / n). x = -1 0 1, y = -2 0 2: S(4/3, alpha) / (2/3). */
static void test_lasso__one_column_is_a_soft_threshold(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    double X[] = {-1, 0, 1}, y[] = {-2, 0, 2};
    const linear_sample s = {X, y, NULL, 3, 1, KEN_REGRESS};
    static const double pairs[][2] = {{1.0 / 3, 1.5}, {1, 0.5}, {1.5, 0}};
    for (int k = 0; k < 3; k++) {
        char settings[60];
        snprintf(settings, sizeof settings, "alpha=%.17g", pairs[k][0]);
        ken_model *m = linear_sample_fit(ctx, "lasso", settings, &s);
        TEST_NEAR(ken_f64(ken_model_attr(m, "coef"))[0], pairs[k][1], 1e-15);
        TEST_NEAR(ken_model_attr_f64(m, "alpha_max", NAN), 4.0 / 3, 1e-15);
        ken_model_free(m);
    }
    assert_true(ken_soft_threshold(3, 1) == 2 && ken_soft_threshold(-3, 1) == -2);
    assert_true(ken_soft_threshold(0.5, 1) == 0 && ken_soft_threshold(-1, 1) == 0);
    test_ctx_free(ctx);
}

static void test_lasso__solvers_reach_the_same_minimum(void **state) {
    (void)state;
    cd_check_solvers("lasso", "", 1);
    cd_check_solvers("lasso", "selection=random", 1);
}

static void test_lasso__steps_of_a_trace_are_single_coordinates(void **state) {
    (void)state;
    cd_check_trace("lasso", "alpha=0.1");
    cd_check_trace("lasso", "alpha=0.1 solver=residual selection=random");
}

/* At alpha_max nothing is left, just below it one column is. */
static void test_lasso__alpha_max_is_where_the_first_column_enters(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    linear_sample s = linear_sample_new(100, 5, 0, true);
    ken_model *m = linear_sample_fit(ctx, "lasso", NULL, &s);
    const double top = ken_model_attr_f64(m, "alpha_max", NAN);
    for (int k = 0; k < 2; k++) {
        char settings[60];
        ken_model *at;
        snprintf(settings, sizeof settings, "alpha=%.17g", top * (k ? 1 - 1e-3 : 1 + 1e-9));
        at = linear_sample_fit(ctx, "lasso", settings, &s);
        int64_t nonzero = 0;
        for (int j = 0; j < 5; j++) nonzero += ken_f64(ken_model_attr(at, "coef"))[j] != 0;
        assert_int_equal(nonzero, k);
        assert_int_equal(((const int64_t *)ken_model_attr(at, "n_nonzero")->data)[0], k);
        ken_model_free(at);
    }
    ken_model_free(m);
    linear_sample_free(&s);
    test_ctx_free(ctx);
}

static void test_lasso__positive_coefficients_meet_their_conditions(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    linear_sample s = linear_sample_new(200, 8, 0, true);
    const cd_case c = {0.05, 1, true, true};
    for (int way = 0; way < 2; way++) {
        ken_model *m = linear_sample_fit(ctx, "lasso", way ? "alpha=0.05 positive=true tol=1e-13 solver=gram"
                                         : "alpha=0.05 positive=true tol=1e-13 solver=residual", &s);
        cd_expect_kkt(m, &s, &c, 1e-6);
        ken_model_free(m);
    }
    linear_sample_free(&s);
    test_ctx_free(ctx);
}

static void test_lasso__constant_columns_and_targets(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    double X[] = {1e9, 1, 1e9, 2, 1e9, 3, 1e9, 5}, y[] = {1, 2, 3, 5}, flat[] = {7, 7, 7, 7};
    linear_sample s = {X, y, NULL, 4, 2, KEN_REGRESS};
    ken_model *m = linear_sample_fit(ctx, "lasso", "alpha=0.01", &s);
    assert_true(ken_f64(ken_model_attr(m, "coef"))[0] == 0);
    assert_true(ken_f64(ken_model_attr(m, "coef"))[1] > 0.9);
    ken_model_free(m);
    s.y = flat;
    m = linear_sample_fit(ctx, "lasso", "alpha=0.01", &s);
    assert_true(ken_f64(ken_model_attr(m, "coef"))[1] == 0);
    assert_true(ken_model_attr_f64(m, "intercept", NAN) == 7);
    assert_true(((const bool *)ken_model_attr(m, "converged")->data)[0]);
    ken_model_free(m);
    test_ctx_free(ctx);
}

static void test_lasso__bad_parameters_are_errors(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    double X[] = {1, 2, 3}, y[] = {1, 2, 4}, big[] = {1e200, -1e200, 3};
    ken_table *table = test_table(ctx, X, 3, 1), *large = test_table(ctx, big, 3, 1);
    const ken_column target = test_column_f64("y", y, 3);
    ken_data data = {.table = table, .target = &target, .task = KEN_REGRESS};
    ken_lasso_params p = KEN_LASSO_DEFAULTS;
    ken_model *m;
    TEST_FAILS(ctx, ken_model_new(ctx, "lasso", "alpha=-1", &m), KEN_E_ARG, "alpha");
    TEST_FAILS(ctx, ken_model_new(ctx, "lasso", "solver=magic", &m), KEN_E_ARG, "magic");
    p.alpha = 0;
    TEST_FAILS(ctx, ken_lasso_new(ctx, &p, &m), KEN_E_ARG, "alpha is 0");
    TEST_OK(ctx, ken_lasso_new(ctx, NULL, &m));
    data.table = large;
    TEST_FAILS(ctx, ken_model_fit(ctx, m, &data), KEN_E_VALUE, "too large");
    ken_model_free(m);
    ken_table_free(table);
    ken_table_free(large);
    test_ctx_free(ctx);
}

static void test_lasso__weight_two_is_the_row_twice(void **state) {
    (void)state;
    linear_check_weights("lasso", "alpha=0.1 tol=1e-14", 0, 1e-6);
    linear_check_weights("lasso", "alpha=0.1 tol=1e-14 solver=residual", 0, 1e-6);
}
static void test_lasso__order_of_rows_does_not_matter(void **state) {
    (void)state;
    linear_check_permutation("lasso", "alpha=0.1 tol=1e-14", 0, 1e-6);
}
static void test_lasso__same_bits_for_any_number_of_threads(void **state) {
    (void)state;
    linear_check_threads("lasso", "alpha=0.1", 0);
    linear_check_threads("lasso", "alpha=0.1 solver=residual selection=random", 0);
}
static void test_lasso__packed_model_predicts_the_same(void **state) {
    (void)state;
    linear_check_pack("lasso", "alpha=0.1", 0);
}
static void test_lasso__contributions_sum_to_the_value(void **state) {
    (void)state;
    linear_check_contributions("lasso", "alpha=0.1", 0);
}
static void test_lasso__rows_of_weight_zero_do_not_count(void **state) {
    (void)state;
    linear_check_zero_weights("lasso", "tol=1e-14", 0);
}
static void test_lasso__every_allocation_may_fail(void **state) {
    (void)state;
    linear_check_allocations("lasso", NULL, 0);
    linear_check_allocations("lasso", "solver=residual", 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lasso__agrees_with_scikit_learn),
        cmocka_unit_test(test_lasso__example_of_the_scikit_learn_guide),
        cmocka_unit_test(test_lasso__diabetes_equals_scikit_learn),
        cmocka_unit_test(test_lasso__one_column_is_a_soft_threshold),
        cmocka_unit_test(test_lasso__solvers_reach_the_same_minimum),
        cmocka_unit_test(test_lasso__steps_of_a_trace_are_single_coordinates),
        cmocka_unit_test(test_lasso__alpha_max_is_where_the_first_column_enters),
        cmocka_unit_test(test_lasso__positive_coefficients_meet_their_conditions),
        cmocka_unit_test(test_lasso__constant_columns_and_targets),
        cmocka_unit_test(test_lasso__bad_parameters_are_errors),
        cmocka_unit_test(test_lasso__weight_two_is_the_row_twice),
        cmocka_unit_test(test_lasso__order_of_rows_does_not_matter),
        cmocka_unit_test(test_lasso__same_bits_for_any_number_of_threads),
        cmocka_unit_test(test_lasso__packed_model_predicts_the_same),
        cmocka_unit_test(test_lasso__contributions_sum_to_the_value),
        cmocka_unit_test(test_lasso__rows_of_weight_zero_do_not_count),
        cmocka_unit_test(test_lasso__every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
