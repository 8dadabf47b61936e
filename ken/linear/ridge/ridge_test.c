/* Ridge against scikit-learn (golden/make_ridge.py), its documentation, numbers by hand, and its
 * properties. */
#include "ken/linear/linear_check.h"

#include "ken/linear/ridge/ridge.h"

/* n rows from golden/ridge.csv; then calls check for each fit line. Both solvers must agree with
 * scikit-learn's singular value decomposition to 1e-10 of the largest coefficient. */
static void test_ridge__agrees_with_scikit_learn(void **state) {
    (void)state;
    enum { N = 40, D = 5 };
    static double X[N * D], y[N], w[N];
    ken_ctx *ctx = test_ctx(1);
    size_t size;
    char *text = test_read_file(KEN_SOURCE_DIR "/ken/linear/ridge/golden/ridge.csv", &size);
    int rows = 0, fits = 0;
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        double v[9];
        if (sscanf(line, "row,%lf,%lf,%lf,%lf,%lf,%lf,%lf", v, v + 1, v + 2, v + 3, v + 4, v + 5,
                   v + 6) == 7) {
            memcpy(X + rows * D, v, D * sizeof *X);
            y[rows] = v[5], w[rows++] = v[6];
        }
        if (sscanf(line, "fit,%lf,%lf,%lf,%lf,%lf,%lf,%lf,%lf,%lf", v, v + 1, v + 2, v + 3, v + 4,
                   v + 5, v + 6, v + 7, v + 8) != 9)
            continue;
        for (int solver = 0; solver < 3; solver++) {
            static const char *const names[] = {"auto", "cholesky", "qr"};
            char settings[100];
            snprintf(settings, sizeof settings, "alpha=%.17g fit_intercept=%s solver=%s", v[0],
                     v[1] > 0 ? "true" : "false", names[solver]);
            const linear_sample s = {X, y, v[2] > 0 ? w : NULL, rows, D, KEN_REGRESS};
            ken_model *m = linear_sample_fit(ctx, "ridge", settings, &s);
            const double *coef = ken_f64(ken_model_attr(m, "coef"));
            double top = 0;
            for (int j = 0; j < D; j++) top = fmax(top, fabs(v[4 + j]));
            for (int j = 0; j < D; j++) assert_true(fabs(coef[j] - v[4 + j]) <= 1e-10 * top);
            TEST_NEAR(ken_model_attr_f64(m, "intercept", NAN), v[3], 1e-10);
            ken_model_free(m);
        }
        fits++;
    }
    assert_int_equal(rows, N);
    assert_int_equal(fits, 12);
    free(text);
    test_ctx_free(ctx);
}

/* scikit-learn's user guide 1.1.2: Ridge(alpha=.5) on [[0, 0], [0, 0], [1, 1]], [0, .1, 1]. */
static void test_ridge__example_of_the_scikit_learn_guide(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    double X[] = {0, 0, 0, 0, 1, 1}, y[] = {0, 0.1, 1};
    const linear_sample s = {X, y, NULL, 3, 2, KEN_REGRESS};
    ken_model *m = linear_sample_fit(ctx, "ridge", "alpha=0.5", &s);
    TEST_NEAR(ken_f64(ken_model_attr(m, "coef"))[0], 0.34545454545454546, 1e-14);
    TEST_NEAR(ken_f64(ken_model_attr(m, "coef"))[1], 0.34545454545454546, 1e-14);
    TEST_NEAR(ken_model_attr_f64(m, "intercept", NAN), 0.13636363636363638, 1e-14);
    ken_model_free(m);
    test_ctx_free(ctx);
}

static void test_ridge__alpha_zero_equals_least_squares(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    linear_sample s = linear_sample_new(300, 5, 0, true);
    static const char *const settings[] = {"alpha=0", "alpha=0 solver=cholesky", "alpha=0 solver=qr"};
    ken_model *ols = linear_sample_fit(ctx, "linear", NULL, &s);
    for (int i = 0; i < 3; i++) {
        ken_model *m = linear_sample_fit(ctx, "ridge", settings[i], &s);
        linear_expect_coefs(m, ols, 1e-13);
        ken_model_free(m);
    }
    ken_model_free(ols);
    linear_sample_free(&s);
    test_ctx_free(ctx);
}

/* The penalty as data: sqrt(alpha) I under X, zeros under y. Without intercept the same solution. */
static void test_ridge__equals_least_squares_of_augmented_rows(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    linear_sample s = linear_sample_new(53, 3, 0, false), t = s;
    ken_model *m, *ols;
    s.n = 50;
    m = linear_sample_fit(ctx, "ridge", "alpha=4 fit_intercept=false", &s);
    for (int i = 0; i < 3; i++) {
        t.y[50 + i] = 0;
        for (int j = 0; j < 3; j++) t.X[(50 + i) * 3 + j] = i == j ? 2 : 0;
    }
    ols = linear_sample_fit(ctx, "linear", "fit_intercept=false", &t);
    linear_expect_coefs(m, ols, 1e-13);
    ken_model_free(m);
    ken_model_free(ols);
    linear_sample_free(&s);
    test_ctx_free(ctx);
}

/* Two equal columns share the effect; Cholesky at alpha 0 must refuse them, auto must not. */
static void test_ridge__equal_columns_share_the_effect(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    ken_model *m;
    double X[] = {1, 1, 2, 2, 3, 3, 5, 5}, y[] = {1, 2, 3, 5};
    const linear_sample s = {X, y, NULL, 4, 2, KEN_REGRESS};
    m = linear_sample_fit(ctx, "ridge", "alpha=0.001", &s);
    TEST_NEAR(ken_f64(ken_model_attr(m, "coef"))[0], ken_f64(ken_model_attr(m, "coef"))[1], 1e-10);
    TEST_NEAR(ken_f64(ken_model_attr(m, "coef"))[0], 0.5, 1e-4);
    ken_model_free(m);
    m = linear_sample_fit(ctx, "ridge", "alpha=0", &s);
    const double *coef = ken_f64(ken_model_attr(m, "coef"));
    TEST_NEAR(coef[0] + coef[1], 1, 1e-13);
    ken_model_free(m);
    ken_table *table = test_table(ctx, X, 4, 2);
    const ken_column target = test_column_f64("y", y, 4);
    const ken_data data = {.table = table, .target = &target, .task = KEN_REGRESS};
    TEST_OK(ctx, ken_model_new(ctx, "ridge", "alpha=0 solver=cholesky", &m));
    TEST_FAILS(ctx, ken_model_fit(ctx, m, &data), KEN_E_VALUE, "dependent");
    ken_model_free(m);
    ken_table_free(table);
    test_ctx_free(ctx);
}

static void test_ridge__bad_parameters_are_errors(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    ken_model *m;
    TEST_FAILS(ctx, ken_model_new(ctx, "ridge", "alpha=-1", &m), KEN_E_ARG, "alpha");
    TEST_FAILS(ctx, ken_model_new(ctx, "ridge", "alhpa=1", &m), KEN_E_ARG, "alhpa");
    TEST_FAILS(ctx, ken_model_new(ctx, "ridge", "solver=magic", &m), KEN_E_ARG, "magic");
    test_ctx_free(ctx);
}

static void test_ridge__weight_two_is_the_row_twice(void **state) {
    (void)state;
    linear_check_weights("ridge", "alpha=3", 0, 1e-12);
}
static void test_ridge__order_of_rows_does_not_matter(void **state) {
    (void)state;
    linear_check_permutation("ridge", "alpha=3", 0, 1e-12);
    linear_check_permutation("ridge", "alpha=3 solver=qr", 0, 1e-12);
}
static void test_ridge__same_bits_for_any_number_of_threads(void **state) {
    (void)state;
    linear_check_threads("ridge", NULL, 0);
    linear_check_threads("ridge", "solver=qr", 0);
}
static void test_ridge__packed_model_predicts_the_same(void **state) {
    (void)state;
    linear_check_pack("ridge", NULL, 0);
}
static void test_ridge__contributions_sum_to_the_value(void **state) {
    (void)state;
    linear_check_contributions("ridge", NULL, 0);
}
static void test_ridge__rows_of_weight_zero_do_not_count(void **state) {
    (void)state;
    linear_check_zero_weights("ridge", NULL, 0);
}
static void test_ridge__every_allocation_may_fail(void **state) {
    (void)state;
    linear_check_allocations("ridge", NULL, 0);
    linear_check_allocations("ridge", "solver=qr", 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ridge__agrees_with_scikit_learn),
        cmocka_unit_test(test_ridge__example_of_the_scikit_learn_guide),
        cmocka_unit_test(test_ridge__alpha_zero_equals_least_squares),
        cmocka_unit_test(test_ridge__equals_least_squares_of_augmented_rows),
        cmocka_unit_test(test_ridge__equal_columns_share_the_effect),
        cmocka_unit_test(test_ridge__bad_parameters_are_errors),
        cmocka_unit_test(test_ridge__weight_two_is_the_row_twice),
        cmocka_unit_test(test_ridge__order_of_rows_does_not_matter),
        cmocka_unit_test(test_ridge__same_bits_for_any_number_of_threads),
        cmocka_unit_test(test_ridge__packed_model_predicts_the_same),
        cmocka_unit_test(test_ridge__contributions_sum_to_the_value),
        cmocka_unit_test(test_ridge__rows_of_weight_zero_do_not_count),
        cmocka_unit_test(test_ridge__every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
