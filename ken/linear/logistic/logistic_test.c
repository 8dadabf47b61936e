/* Logistic regression against scikit-learn (golden/make_logistic.py and shared/suites), the optimality
 * conditions, and its properties. */
#include "ken/linear/linear_check.h"

#include "ken/linear/logistic/logistic.h"

/* Coefficients (m, d) and intercepts within `relative` of the largest of them. */
static void logistic_expect(const ken_model *m, const double *intercept, const double *coef,
                            int64_t outputs, int64_t d, double relative, const char *what) {
    const ken_tensor *c = ken_model_attr(m, "coef"), *b = ken_model_attr(m, "intercept");
    double top = 0;
    assert_int_equal(ken_tensor_count(c), outputs * d);
    for (int64_t i = 0; i < outputs * d; i++) top = fmax(top, fabs(coef[i]));
    for (int64_t i = 0; i < outputs * d; i++)
        if (fabs(ken_f64(c)[i] - coef[i]) > relative * top)
            fail_msg("%s: coef[%d] is %.12g, not %.12g", what, (int)i, ken_f64(c)[i], coef[i]);
    for (int64_t i = 0; i < outputs; i++)
        if (fabs(ken_f64(b)[i] - intercept[i]) > relative * fmax(top, fabs(intercept[i])))
            fail_msg("%s: intercept[%d] is %.12g, not %.12g", what, (int)i, ken_f64(b)[i], intercept[i]);
}

enum { LOGISTIC_D = 4, LOGISTIC_MAX = 100 };

/* One 'fit' line, with both solvers. */
static void logistic_golden_fit(ken_ctx *ctx, const double *v, const double *X, const int *label,
                                const double *w, int rows) {
    double y[LOGISTIC_MAX];
    for (int i = 0; i < rows; i++) y[i] = v[0] > 2 ? label[i] : label[i] > 0;
    const linear_sample s = {(double *)(uintptr_t)X, y, v[4] > 0 ? (double *)(uintptr_t)w : NULL,
                             rows, LOGISTIC_D, KEN_CLASSIFY};
    static const char *const solvers[] = {"newton", "lbfgs"};
    for (int k = 0; k < 2; k++) {
        char settings[200];
        snprintf(settings, sizeof settings,
                 "l2=%.17g fit_intercept=%s class_weight=%s solver=%s tol=%s", v[1],
                 v[2] > 0 ? "true" : "false", v[3] > 0 ? "balanced" : "none", solvers[k],
                 k ? "1e-9" : "1e-12");
        ken_model *m = linear_sample_fit(ctx, "logistic", settings, &s);
        const int outputs = (int)v[5];
        logistic_expect(m, v + 6, v + 6 + outputs, outputs, LOGISTIC_D, 1e-6, settings);
        assert_true(ken_model_attr_f64(m, "converged", 0) == 1);
        ken_model_free(m);
    }
}

static void test_logistic__agrees_with_scikit_learn(void **state) {
    (void)state;
    static double X[LOGISTIC_MAX * LOGISTIC_D], w[LOGISTIC_MAX];
    static int label[LOGISTIC_MAX];
    ken_ctx *ctx = test_ctx(1);
    size_t size;
    char *text = test_read_file(KEN_SOURCE_DIR "/ken/linear/logistic/golden/logistic.csv", &size);
    int rows = 0, fits = 0;
    char *save = NULL;
    for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        double v[40] = {0};
        int n = 0;
        for (char *at = strchr(line, ','); at && n < 40; at = strchr(at, ','))
            v[n++] = strtod(at + 1, &at);
        if (strncmp(line, "row", 3) == 0) {
            memcpy(X + rows * LOGISTIC_D, v, LOGISTIC_D * sizeof *X);
            label[rows] = (int)v[4];
            w[rows++] = v[5];
        } else if (strncmp(line, "fit", 3) == 0) {
            logistic_golden_fit(ctx, v, X, label, w, rows);
            fits++;
        }
    }
    assert_int_equal(fits, 10);
    free(text);
    test_ctx_free(ctx);
}

/* Iris with the default penalty: numbers of scikit-learn 1.9.1 from shared/suites/sklearn_docs. */
static void test_logistic__iris_as_in_scikit_learn(void **state) {
    (void)state;
    const char *path = test_shared("data/iris/iris.csv");
    if (!path) TEST_SKIP("no ../shared");
    static double X[150 * 4], y[150];
    size_t size;
    char *text = test_read_file(path, &size), *save = NULL;
    int n = 0;
    for (char *line = strtok_r(text, "\r\n", &save); line; line = strtok_r(NULL, "\r\n", &save)) {
        double *x = X + n * 4;
        if (n < 150 && sscanf(line, "%lf,%lf,%lf,%lf,", x, x + 1, x + 2, x + 3) == 4)
            y[n++] = strstr(line, "virginica") ? 2 : strstr(line, "versicolor") ? 1 : 0;
    }
    free(text);
    assert_int_equal(n, 150);
    static const double coef[] = {
        -0.4235099201227155, 0.9673505795715541,  -2.517152377609203,   -1.0793366485007172,
        0.5344615089959208,  -0.3215878551919292, -0.20639207129485918, -0.9442984653963408,
        -0.110951588873214,  -0.6457627243796205, 2.7235444489040828,   2.0236351138970603};
    static const double intercept[] = {9.849568050482084, 2.237205632203133, -12.086773682685362};
    ken_ctx *ctx = test_ctx(1);
    const linear_sample s = {X, y, NULL, 150, 4, KEN_CLASSIFY};
    ken_model *m = linear_sample_fit(ctx, "logistic", NULL, &s);
    logistic_expect(m, intercept, coef, 3, 4, 1e-6, "iris");
    int64_t width;
    double *p = linear_sample_predict(ctx, m, &s, KEN_WHAT_PROBA, &width), loss = 0;
    TEST_NEAR(p[0], 0.9815834948781587, 1e-6);
    TEST_NEAR(p[2], 1.4498667355488956e-08, 1e-5);
    for (int i = 0; i < 150; i++) loss -= log(p[3 * i + (int)y[i]]) / 150;
    TEST_NEAR(loss, 0.11963667798790427, 1e-7);
    free(p);
    ken_model_free(m);
    test_ctx_free(ctx);
}

/* One column 0/1 without penalty: the coefficient is the log odds ratio of the table. */
static void test_logistic__log_odds_ratio_by_hand(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    double x[] = {0, 0, 0, 0, 1, 1, 1, 1, 1}, y[] = {1, 0, 0, 0, 1, 1, 1, 0, 0};
    const linear_sample s = {x, y, NULL, 9, 1, KEN_CLASSIFY};
    ken_model *m = linear_sample_fit(ctx, "logistic", "l2=0 tol=1e-13", &s);
    TEST_NEAR(ken_f64(ken_model_attr(m, "intercept"))[0], log(1.0 / 3), 1e-10);
    TEST_NEAR(ken_f64(ken_model_attr(m, "coef"))[0], log(3.0 / 2) - log(1.0 / 3), 1e-10);
    int64_t width;
    double *p = linear_sample_predict(ctx, m, &s, KEN_WHAT_PROBA, &width);
    TEST_NEAR(p[1], 0.25, 1e-10);
    TEST_NEAR(p[2 * 8 + 1], 0.6, 1e-10);
    TEST_NEAR(p[0] + p[1], 1, 1e-15);
    free(p);
    ken_model_free(m);
    test_ctx_free(ctx);
}

/* At the minimum the gradient by finite differences of the written objective is zero. */
static double logistic_objective(const linear_sample *s, int k, const double *coef,
                                 const double *intercept, double l2) {
    const int m = k > 2 ? k : 1;
    double sum = 0;
    for (int64_t i = 0; i < s->n; i++) {
        double t[8] = {0}, total = 0;
        for (int c = 0; c < m; c++) {
            t[c + (m == 1)] = intercept[c];
            for (int j = 0; j < s->d; j++) t[c + (m == 1)] += coef[c * s->d + j] * s->X[i * s->d + j];
        }
        for (int c = 0; c < k; c++) total += exp(t[c]);
        sum += (s->weight ? s->weight[i] : 1) * (log(total) - t[(int)s->y[i]]);
    }
    for (int i = 0; i < m * s->d; i++) sum += 0.5 * l2 * coef[i] * coef[i];
    return sum;
}

static void test_logistic__gradient_vanishes_at_the_solution(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    for (int k = 2; k <= 4; k++) {
        linear_sample s = linear_sample_new(400, 3, k, true);
        ken_model *m = linear_sample_fit(ctx, "logistic", "l2=2 tol=1e-12", &s);
        double coef[12], intercept[4];
        const int outputs = k > 2 ? k : 1;
        memcpy(coef, ken_model_attr(m, "coef")->data, (size_t)outputs * 3 * sizeof *coef);
        memcpy(intercept, ken_model_attr(m, "intercept")->data, (size_t)outputs * sizeof *coef);
        const double at = logistic_objective(&s, k, coef, intercept, 2);
        TEST_NEAR(ken_model_attr_f64(m, "objective", 0), at, 1e-12);
        for (int i = 0; i < outputs * 4; i++) {
            double *cell = i < outputs * 3 ? coef + i : intercept + i - outputs * 3;
            const double keep = *cell, h = 1e-4;
            *cell = keep + h;
            const double up = logistic_objective(&s, k, coef, intercept, 2);
            *cell = keep - h;
            const double down = logistic_objective(&s, k, coef, intercept, 2);
            *cell = keep;
            assert_true(fabs(up - down) / (2 * h) < 1e-5 * at);
            assert_true(up > at - 1e-9 && down > at - 1e-9);
        }
        ken_model_free(m);
        linear_sample_free(&s);
    }
    test_ctx_free(ctx);
}

static void test_logistic__solvers_agree(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    for (int k = 2; k <= 3; k++) {
        linear_sample s = linear_sample_new(2000, 6, k, true);
        ken_model *a = linear_sample_fit(ctx, "logistic", "solver=newton tol=1e-12", &s);
        ken_model *b = linear_sample_fit(ctx, "logistic", "solver=lbfgs tol=1e-10", &s);
        linear_expect_coefs(a, b, 1e-7);
        assert_true(ken_model_attr_f64(a, "n_iter", 99) < 15);
        ken_model_free(a);
        ken_model_free(b);
        linear_sample_free(&s);
    }
    test_ctx_free(ctx);
}

static void test_logistic__separable_classes_are_noticed(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    double x[] = {1, 2, 3, 10, 11, 12}, y[] = {0, 0, 0, 1, 1, 1};
    const linear_sample s = {x, y, NULL, 6, 1, KEN_CLASSIFY};
    static const char *const without[] = {"l2=0 solver=newton", "l2=0 solver=lbfgs"};
    for (int i = 0; i < 2; i++) {
        ken_model *m = linear_sample_fit(ctx, "logistic", without[i], &s);
        assert_true(ken_model_attr_f64(m, "separable", 0) == 1);
        assert_true(ken_model_attr_f64(m, "converged", 1) == 0);
        ken_model_free(m);
    }
    ken_model *m = linear_sample_fit(ctx, "logistic", "l2=0.01", &s);
    assert_true(ken_model_attr_f64(m, "separable", 1) == 0);
    assert_true(ken_model_attr_f64(m, "converged", 0) == 1);
    ken_model_free(m);
    test_ctx_free(ctx);
}

/* The trace of a fit: the objective falls, the views are there, and the end is the model. */
static void test_logistic__trace_steps_down(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    linear_sample s = linear_sample_new(300, 3, 2, false);
    ken_table *table = test_table(ctx, s.X, s.n, s.d);
    const ken_column target = test_column_f64("y", s.y, s.n);
    const ken_data data = {.table = table, .target = &target, .task = KEN_CLASSIFY};
    static const char *const solvers[] = {"solver=newton", "solver=lbfgs"};
    for (int i = 0; i < 2; i++) {
        ken_model *m;
        ken_trace *trace;
        double before = INFINITY;
        TEST_OK(ctx, ken_model_new(ctx, "logistic", solvers[i], &m));
        TEST_OK(ctx, ken_model_trace(ctx, m, &data, &trace));
        for (int64_t step = 1; step <= 4; step++) {
            TEST_OK(ctx, ken_trace_seek(trace, step));
            const ken_progress *at = ken_trace_at(trace);
            assert_true(at->objective <= before);
            before = at->objective;
        }
        /* the views are the model that the fit would be if it ended here */
        static const char *const names[] = {"coef", "intercept", "gradient", "gradient_norm", "objective"};
        double seen[5][4] = {{0}};
        const ken_progress *at = ken_trace_at(trace);
        assert_int_equal(at->n_views, 5);
        for (int v = 0; v < 5; v++) {
            const int64_t n = ken_tensor_count(at->views[v].tensor);
            assert_string_equal(at->views[v].name, names[v]);
            assert_int_equal(n, v == 0 ? 3 : v == 2 ? 4 : 1);
            memcpy(seen[v], at->views[v].tensor->data, (size_t)n * sizeof(double));
        }
        double top = 0;
        for (int j = 0; j < 4; j++) top = fmax(top, fabs(seen[2][j]));
        TEST_NEAR(seen[3][0], top / 300, 1e-14);
        assert_true(seen[4][0] == at->objective);
        TEST_OK(ctx, ken_trace_end(trace, true));
        assert_true(ken_model_fitted(m));
        assert_memory_equal(ken_f64(ken_model_attr(m, "coef")), seen[0], 3 * sizeof(double));
        assert_true(ken_model_attr_f64(m, "intercept", NAN) == seen[1][0]);
        assert_true(ken_model_attr_f64(m, "gradient_norm", NAN) == seen[3][0]);
        ken_model_free(m);
    }
    ken_table_free(table);
    linear_sample_free(&s);
    test_ctx_free(ctx);
}

/* Columns with far offsets and scales: the same probabilities as standardized ones without penalty. */
static void test_logistic__offsets_and_units_do_not_matter(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    linear_sample s = linear_sample_new(500, 3, 2, false);
    int64_t width;
    ken_model *a = linear_sample_fit(ctx, "logistic", "l2=0 tol=1e-11", &s);
    double *p = linear_sample_predict(ctx, a, &s, KEN_WHAT_PROBA, &width);
    for (int64_t i = 0; i < s.n; i++) s.X[3 * i] = s.X[3 * i] * 1e-3 + 50, s.X[3 * i + 1] *= 1e5;
    ken_model *b = linear_sample_fit(ctx, "logistic", "l2=0 tol=1e-11 solver=lbfgs", &s);
    double *q = linear_sample_predict(ctx, b, &s, KEN_WHAT_PROBA, &width);
    for (int64_t i = 0; i < s.n * 2; i++) assert_true(fabs(p[i] - q[i]) < 1e-7);
    free(p), free(q);
    ken_model_free(a);
    ken_model_free(b);
    linear_sample_free(&s);
    test_ctx_free(ctx);
}

static void test_logistic__weight_two_is_the_row_twice(void **state) {
    (void)state;
    linear_check_weights("logistic", "tol=1e-13", 2, 1e-11);
    linear_check_weights("logistic", "tol=1e-13", 3, 1e-11);
    linear_check_weights("logistic", "tol=1e-13 class_weight=balanced", 2, 1e-11);
}
static void test_logistic__order_of_rows_does_not_matter(void **state) {
    (void)state;
    linear_check_permutation("logistic", "tol=1e-13", 2, 1e-11);
    linear_check_permutation("logistic", "tol=1e-13", 3, 1e-11);
}
static void test_logistic__same_bits_for_any_number_of_threads(void **state) {
    (void)state;
    linear_check_threads("logistic", NULL, 2);
    linear_check_threads("logistic", "solver=lbfgs tol=1e-5", 3);
}
static void test_logistic__packed_model_predicts_the_same(void **state) {
    (void)state;
    linear_check_pack("logistic", NULL, 2);
    linear_check_pack("logistic", NULL, 3);
}
static void test_logistic__contributions_sum_to_the_margin(void **state) {
    (void)state;
    linear_check_contributions("logistic", NULL, 2);
    linear_check_contributions("logistic", NULL, 3);
}
static void test_logistic__rows_of_weight_zero_do_not_count(void **state) {
    (void)state;
    linear_check_zero_weights("logistic", "tol=1e-12", 2);
    linear_check_zero_weights("logistic", "tol=1e-10 solver=lbfgs", 3);
}
static void test_logistic__every_allocation_may_fail(void **state) {
    (void)state;
    linear_check_allocations("logistic", "solver=newton", 2);
    linear_check_allocations("logistic", "solver=lbfgs", 3);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_logistic__agrees_with_scikit_learn),
        cmocka_unit_test(test_logistic__iris_as_in_scikit_learn),
        cmocka_unit_test(test_logistic__log_odds_ratio_by_hand),
        cmocka_unit_test(test_logistic__gradient_vanishes_at_the_solution),
        cmocka_unit_test(test_logistic__solvers_agree),
        cmocka_unit_test(test_logistic__separable_classes_are_noticed),
        cmocka_unit_test(test_logistic__trace_steps_down),
        cmocka_unit_test(test_logistic__offsets_and_units_do_not_matter),
        cmocka_unit_test(test_logistic__weight_two_is_the_row_twice),
        cmocka_unit_test(test_logistic__order_of_rows_does_not_matter),
        cmocka_unit_test(test_logistic__same_bits_for_any_number_of_threads),
        cmocka_unit_test(test_logistic__packed_model_predicts_the_same),
        cmocka_unit_test(test_logistic__contributions_sum_to_the_margin),
        cmocka_unit_test(test_logistic__rows_of_weight_zero_do_not_count),
        cmocka_unit_test(test_logistic__every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
