/* The elastic net against scikit-learn, its two ends (lasso and ridge), and the conditions of its
 * minimum. */
#include "ken/linear/linear_cd_check.h"

#include "ken/linear/elastic_net/elastic_net.h"

static void test_elastic_net__agrees_with_scikit_learn(void **state) {
    (void)state;
    assert_int_equal(cd_check_golden("elastic_net"), 72);
}

static void test_elastic_net__ratio_one_is_the_lasso(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    linear_sample s = linear_sample_new(150, 6, 0, true);
    ken_model *a = linear_sample_fit(ctx, "elastic_net", "alpha=0.2 l1_ratio=1", &s);
    ken_model *b = linear_sample_fit(ctx, "lasso", "alpha=0.2", &s);
    linear_expect_coefs(a, b, 0);
    ken_model_free(a);
    ken_model_free(b);
    linear_sample_free(&s);
    test_ctx_free(ctx);
}

/* ridge minimizes a sum: (1/(2W)) sum + alpha/2 |b|^2 is its objective over 2W with alpha W for alpha. */
static void test_elastic_net__ratio_zero_is_ridge(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    linear_sample s = linear_sample_new(150, 6, 0, true);
    double total = 0;
    char settings[60];
    for (int i = 0; i < 150; i++) total += s.weight[i];
    snprintf(settings, sizeof settings, "alpha=%.17g", 0.2 * total);
    ken_model *b = linear_sample_fit(ctx, "ridge", settings, &s);
    for (int way = 0; way < 2; way++) {
        ken_model *a = linear_sample_fit(ctx, "elastic_net",
                                         way ? "alpha=0.2 l1_ratio=0 tol=1e-14 solver=gram"
                                             : "alpha=0.2 l1_ratio=0 tol=1e-14 solver=residual", &s);
        linear_expect_coefs(a, b, 1e-6);
        assert_true(isnan(ken_model_attr_f64(a, "alpha_max", 0)));
        assert_true(((const bool *)ken_model_attr(a, "converged")->data)[0]);
        ken_model_free(a);
    }
    ken_model_free(b);
    linear_sample_free(&s);
    test_ctx_free(ctx);
}

/* One column: b = S(x'y / n, alpha ratio) / (x'x / n + alpha (1 - ratio)); x = -1 0 1, y = -2 0 2,
 * alpha 2/3, ratio 1/2: (4/3 - 1/3) / (2/3 + 1/3) = 1. */
static void test_elastic_net__one_column_by_hand(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    double X[] = {-1, 0, 1}, y[] = {-2, 0, 2};
    const linear_sample s = {X, y, NULL, 3, 1, KEN_REGRESS};
    ken_model *m = linear_sample_fit(ctx, "elastic_net", "alpha=0.66666666666666667", &s);
    TEST_NEAR(ken_f64(ken_model_attr(m, "coef"))[0], 1, 1e-15);
    ken_model_free(m);
    test_ctx_free(ctx);
}

/* Zou & Hastie's grouping: equal columns get equal coefficients, where the lasso may choose. */
static void test_elastic_net__equal_columns_share_the_effect(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    double X[] = {1, 1, 2, 2, 3, 3, 5, 5}, y[] = {1, 2, 3, 5};
    const linear_sample s = {X, y, NULL, 4, 2, KEN_REGRESS};
    ken_model *m = linear_sample_fit(ctx, "elastic_net", "alpha=0.01 tol=1e-14", &s);
    const double *coef = ken_f64(ken_model_attr(m, "coef"));
    TEST_NEAR(coef[0], coef[1], 1e-5);
    TEST_NEAR(coef[0] + coef[1], 1, 0.02);
    ken_model_free(m);
    test_ctx_free(ctx);
}

static void test_elastic_net__solvers_reach_the_same_minimum(void **state) {
    (void)state;
    cd_check_solvers("elastic_net", "l1_ratio=0.5", 0.5);
    cd_check_solvers("elastic_net", "l1_ratio=0.9 selection=random", 0.9);
    cd_check_solvers("elastic_net", "l1_ratio=0", 0);
}

static void test_elastic_net__steps_of_a_trace_are_single_coordinates(void **state) {
    (void)state;
    cd_check_trace("elastic_net", "alpha=0.1");
    cd_check_trace("elastic_net", "alpha=0.1 l1_ratio=0 solver=residual");
    cd_check_trace("elastic_net", "alpha=0.1 positive=true selection=random");
}

static void test_elastic_net__bad_parameters_are_errors(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    ken_elastic_net_params p = KEN_ELASTIC_NET_DEFAULTS;
    ken_model *m;
    TEST_FAILS(ctx, ken_model_new(ctx, "elastic_net", "l1_ratio=1.5", &m), KEN_E_ARG, "l1_ratio");
    TEST_FAILS(ctx, ken_model_new(ctx, "elastic_net", "max_iter=0", &m), KEN_E_ARG, "max_iter");
    p.alpha = 0;
    TEST_FAILS(ctx, ken_elastic_net_new(ctx, &p, &m), KEN_E_ARG, "alpha is 0");
    test_ctx_free(ctx);
}

static void test_elastic_net__weight_two_is_the_row_twice(void **state) {
    (void)state;
    linear_check_weights("elastic_net", "alpha=0.1 tol=1e-14", 0, 1e-6);
    linear_check_weights("elastic_net", "alpha=0.1 tol=1e-14 solver=residual", 0, 1e-6);
}
static void test_elastic_net__order_of_rows_does_not_matter(void **state) {
    (void)state;
    linear_check_permutation("elastic_net", "alpha=0.1 tol=1e-14", 0, 1e-6);
}
static void test_elastic_net__same_bits_for_any_number_of_threads(void **state) {
    (void)state;
    linear_check_threads("elastic_net", "alpha=0.1", 0);
    linear_check_threads("elastic_net", "alpha=0.1 solver=residual", 0);
}
static void test_elastic_net__packed_model_predicts_the_same(void **state) {
    (void)state;
    linear_check_pack("elastic_net", NULL, 0);
}
static void test_elastic_net__contributions_sum_to_the_value(void **state) {
    (void)state;
    linear_check_contributions("elastic_net", "alpha=0.1", 0);
}
static void test_elastic_net__rows_of_weight_zero_do_not_count(void **state) {
    (void)state;
    linear_check_zero_weights("elastic_net", "tol=1e-14", 0);
}
static void test_elastic_net__every_allocation_may_fail(void **state) {
    (void)state;
    linear_check_allocations("elastic_net", NULL, 0);
    linear_check_allocations("elastic_net", "solver=residual", 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_elastic_net__agrees_with_scikit_learn),
        cmocka_unit_test(test_elastic_net__ratio_one_is_the_lasso),
        cmocka_unit_test(test_elastic_net__ratio_zero_is_ridge),
        cmocka_unit_test(test_elastic_net__one_column_by_hand),
        cmocka_unit_test(test_elastic_net__equal_columns_share_the_effect),
        cmocka_unit_test(test_elastic_net__solvers_reach_the_same_minimum),
        cmocka_unit_test(test_elastic_net__steps_of_a_trace_are_single_coordinates),
        cmocka_unit_test(test_elastic_net__bad_parameters_are_errors),
        cmocka_unit_test(test_elastic_net__weight_two_is_the_row_twice),
        cmocka_unit_test(test_elastic_net__order_of_rows_does_not_matter),
        cmocka_unit_test(test_elastic_net__same_bits_for_any_number_of_threads),
        cmocka_unit_test(test_elastic_net__packed_model_predicts_the_same),
        cmocka_unit_test(test_elastic_net__contributions_sum_to_the_value),
        cmocka_unit_test(test_elastic_net__rows_of_weight_zero_do_not_count),
        cmocka_unit_test(test_elastic_net__every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
