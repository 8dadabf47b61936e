/* Linear regression against NIST's certified values (StRD), numbers done by hand, and its properties. */
#include "ken/linear/linear_check.h"

#include "ken/core/json.h"
#include "ken/linear/linear/linear.h"

/* --- NIST StRD ------------------------------------------------------------------------------------ */

static double linear_number(const ken_json *v) { return strtod(ken_json_string(v, NULL, "nan"), NULL); }

/* Digits that agree: -log10 of the relative error, at most 15 (that is what NIST prints). */
static double linear_digits(double got, double want) {
    if (got == want) return 15;
    const double off = fabs(got - want) / (want != 0 ? fabs(want) : 1);
    return off < 1e-15 ? 15 : -log10(off);
}

static linear_sample linear_nist_sample(const ken_json *set, bool *intercept) {
    const ken_json *x = ken_json_get(set, "x"), *y = ken_json_get(set, "y");
    const int64_t columns = ken_json_count(ken_json_at(x, 0));
    const int64_t degree = ken_json_i64(ken_json_get(set, "polynomial_degree"), 0);
    *intercept = ken_json_bool(ken_json_get(set, "intercept"), true);
    linear_sample s = {.n = ken_json_count(y), .task = KEN_REGRESS};
    s.d = (int)(degree > 1 ? degree : columns);
    s.X = malloc((size_t)(s.n * s.d) * sizeof *s.X);
    s.y = malloc((size_t)s.n * sizeof *s.y);
    for (int64_t i = 0; i < s.n; i++) {
        s.y[i] = linear_number(ken_json_at(y, i));
        for (int j = 0; j < s.d; j++) {
            const ken_json *row = ken_json_at(x, i);
            s.X[i * s.d + j] = degree > 1 ? pow(linear_number(ken_json_at(row, 0)), j + 1)
                                          : linear_number(ken_json_at(row, j));
        }
    }
    return s;
}

static double linear_worst(double worst, double got, const ken_json *want) {
    return fmin(worst, linear_digits(got, linear_number(want)));
}

/* Least agreeing digits over coefficients; over their errors, sigma, R2 and F. */
static void linear_nist_score(const ken_model *m, const ken_json *set, bool intercept, double score[2]) {
    const ken_json *b = ken_json_get(set, "estimate"), *e = ken_json_get(set, "std_error");
    score[0] = score[1] = 99;
    if (intercept) {
        score[0] = linear_worst(score[0], ken_model_attr_f64(m, "intercept", NAN), ken_json_at(b, 0));
        score[1] = linear_worst(score[1], ken_model_attr_f64(m, "intercept_standard_error", NAN),
                                ken_json_at(e, 0));
    }
    for (int64_t j = intercept; j < ken_json_count(b); j++) {
        score[0] = linear_worst(score[0], ken_f64(ken_model_attr(m, "coef"))[j - intercept],
                                ken_json_at(b, j));
        score[1] = linear_worst(score[1], ken_f64(ken_model_attr(m, "standard_error"))[j - intercept],
                                ken_json_at(e, j));
    }
    static const char *const ours[] = {"sigma", "r2", "f_value", "residual_sum_of_squares"};
    static const char *const theirs[] = {"residual_sd", "r_squared", "f_statistic", "residual_ss"};
    for (int k = 0; k < 4; k++)
        if (isfinite(linear_number(ken_json_get(set, theirs[k]))))
            score[1] = linear_worst(score[1], ken_model_attr_f64(m, ours[k], NAN),
                                    ken_json_get(set, theirs[k]));
}

/* Floors: what exact arithmetic on the doubles nearest to the data reaches, less one digit
 * (shared/suites/nist/attainable.csv). */
static const struct {
    const char *name;
    double digits;
} linear_floors[] = {{"Longley", 13.6},  {"NoInt1", 13.7},   {"Norris", 13.1},
                     {"Wampler1", 14.0}, {"Wampler2", 12.2}, {"Wampler3", 14.0}};

static void test_linear__nist_certified_values(void **state) {
    (void)state;
    const char *path = test_shared("suites/nist/nist.json");
    if (!path) TEST_SKIP("no ../shared");
    ken_ctx *ctx = test_ctx(2);
    size_t size;
    char *text = test_read_file(path, &size);
    ken_json_doc *doc;
    TEST_OK(ctx, ken_json_parse(ctx, "nist.json", text, size, &doc));
    int sets = 0;
    for (int64_t i = 0; i < ken_json_count(ken_json_root(doc)); i++) {
        const ken_json *set = ken_json_at(ken_json_root(doc), i);
        if (strcmp(ken_json_string(ken_json_get(set, "kind"), NULL, ""), "linear") != 0) continue;
        const char *name = ken_json_string(ken_json_get(set, "name"), NULL, "");
        bool intercept;
        double score[2];
        linear_sample s = linear_nist_sample(set, &intercept);
        ken_model *m = linear_sample_fit(ctx, "linear", intercept ? NULL : "fit_intercept=false", &s);
        linear_nist_score(m, set, intercept, score);
        printf("%-9s coefficients %.1f digits, errors %.1f digits, condition %.3g\n", name, score[0],
               score[1], ken_model_attr_f64(m, "condition", NAN));
        for (int f = 0; f < KEN_COUNT(linear_floors); f++)
            if (strcmp(linear_floors[f].name, name) == 0) {
                assert_true(score[0] >= linear_floors[f].digits);
                assert_true(score[1] >= fmin(linear_floors[f].digits, 13.0));
            }
        sets++;
        ken_model_free(m);
        linear_sample_free(&s);
    }
    assert_true(sets >= 6);
    ken_json_doc_free(doc);
    free(text);
    test_ctx_free(ctx);
}

/* --- by hand -------------------------------------------------------------------------------------- */

/* y = 1 2 2 4 over x = 0 1 2 3: Sxx 5, Sxy 4.5; slope .9, intercept .9; residuals .1 .2 -.7 .4, sum of
 * squares .7, sigma sqrt(.35); standard error of the slope sqrt(.35 / 5), R2 1 - .7 / 4.75. */
static void test_linear__four_points_by_hand(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    double x[] = {0, 1, 2, 3}, y[] = {1, 2, 2, 4};
    const linear_sample s = {x, y, NULL, 4, 1, KEN_REGRESS};
    ken_model *m = linear_sample_fit(ctx, "linear", NULL, &s);
    TEST_NEAR(ken_f64(ken_model_attr(m, "coef"))[0], 0.9, 1e-15);
    TEST_NEAR(ken_model_attr_f64(m, "intercept", 0), 0.9, 1e-15);
    TEST_NEAR(ken_model_attr_f64(m, "sigma", 0), sqrt(0.35), 1e-14);
    TEST_NEAR(ken_f64(ken_model_attr(m, "standard_error"))[0], sqrt(0.07), 1e-14);
    TEST_NEAR(ken_model_attr_f64(m, "r2", 0), 1 - 0.7 / 4.75, 1e-14);
    TEST_NEAR(ken_model_attr_f64(m, "f_value", 0), 4.05 / 0.35, 1e-13);
    assert_int_equal(*(const int64_t *)ken_model_attr(m, "rank")->data, 2);
    int64_t width;
    double *interval = linear_sample_predict(ctx, m, &s, KEN_WHAT_INTERVAL, &width);
    /* t(0.975; 2) = 4.302652729749464; at x = 0: sigma sqrt(1 + 1/4 + 1.5^2 / 5) */
    const double half = 4.302652729749464 * sqrt(0.35 * (1 + 0.25 + 2.25 / 5));
    TEST_NEAR(interval[0], 0.9 - half, 1e-12);
    TEST_NEAR(interval[1], 0.9 + half, 1e-12);
    free(interval);
    ken_model_free(m);
    test_ctx_free(ctx);
}

/* Large and small problems go different ways; both must give the same. */
static void test_linear__fast_way_agrees_with_pairs_of_doubles(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(2);
    linear_sample s = linear_sample_new(6000, 6, 0, true);
    ken_model *fast, *small;
    static const char *const settings[] = {NULL, "fit_intercept=false"};
    for (int i = 0; i < 2; i++) {
        s.n = 6000;
        small = linear_sample_fit(ctx, "linear", settings[i], &s);
        /* the same rows four times: the same coefficients */
        linear_sample big = s;
        big.n = 48000;
        big.X = malloc(48000 * 6 * sizeof(double));
        big.y = malloc(48000 * sizeof(double));
        big.weight = malloc(48000 * sizeof(double));
        for (int k = 0; k < 8; k++) {
            memcpy(big.X + k * 6000 * 6, s.X, 6000 * 6 * sizeof(double));
            memcpy(big.y + k * 6000, s.y, 6000 * sizeof(double));
            memcpy(big.weight + k * 6000, s.weight, 6000 * sizeof(double));
        }
        fast = linear_sample_fit(ctx, "linear", settings[i], &big);
        linear_expect_coefs(small, fast, 1e-13);
        TEST_NEAR(ken_model_attr_f64(fast, "r2", 0), ken_model_attr_f64(small, "r2", 1), 1e-13);
        TEST_NEAR(ken_model_attr_f64(fast, "residual_sum_of_squares", 0),
                  8 * ken_model_attr_f64(small, "residual_sum_of_squares", 1), 1e-12);
        const double shrink = ken_model_attr_f64(fast, "sigma", 0) / ken_model_attr_f64(small, "sigma", 0);
        for (int j = 0; j < 6; j++)
            TEST_NEAR(ken_f64(ken_model_attr(fast, "standard_error"))[j],
                      ken_f64(ken_model_attr(small, "standard_error"))[j] * shrink / sqrt(8), 1e-11);
        ken_model_free(small);
        ken_model_free(fast);
        linear_sample_free(&big);
    }
    linear_sample_free(&s);
    test_ctx_free(ctx);
}

/* A large polynomial, too ill-conditioned for cross products: by QR of blocks of rows. y is exact. */
static void test_linear__ill_conditioned_and_large(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(2);
    linear_sample s = {.n = 40000, .d = 8, .task = KEN_REGRESS};
    s.X = malloc((size_t)(s.n * s.d) * sizeof *s.X);
    s.y = malloc((size_t)s.n * sizeof *s.y);
    for (int64_t i = 0; i < s.n; i++) {
        const double x = (double)i / (double)s.n;
        double power = 1, sum = 1;
        for (int j = 0; j < s.d; j++) {
            power *= x;
            s.X[i * s.d + j] = power;
            sum += power;
        }
        s.y[i] = sum;
    }
    ken_model *m = linear_sample_fit(ctx, "linear", NULL, &s);
    for (int j = 0; j < s.d; j++) TEST_NEAR(ken_f64(ken_model_attr(m, "coef"))[j], 1, 1e-7);
    assert_true(ken_model_attr_f64(m, "condition", 0) > 1e4);
    ken_model_free(m);
    linear_sample_free(&s);
    test_ctx_free(ctx);
}

/* x2 = 2 x0 - x1 and x3 constant: two columns are dropped; predictions are those without them. */
static void linear_expect_rank_two(int64_t n) {
    ken_ctx *ctx = test_ctx(1);
    linear_sample s = linear_sample_new(n, 4, 0, false);
    for (int64_t i = 0; i < n; i++) {
        s.X[i * 4 + 2] = 2 * s.X[i * 4] - s.X[i * 4 + 1];
        s.X[i * 4 + 3] = 0.1;
    }
    ken_model *m = linear_sample_fit(ctx, "linear", NULL, &s);
    assert_int_equal(*(const int64_t *)ken_model_attr(m, "rank")->data, 3);
    int zeros = 0;
    for (int j = 0; j < 4; j++) zeros += ken_f64(ken_model_attr(m, "coef"))[j] == 0;
    assert_int_equal(zeros, 2);
    int64_t width;
    double *p = linear_sample_predict(ctx, m, &s, KEN_WHAT_VALUE, &width);
    linear_sample two = s;
    two.d = 2;
    two.X = malloc((size_t)n * 2 * sizeof(double));
    for (int64_t i = 0; i < n; i++) two.X[2 * i] = s.X[4 * i], two.X[2 * i + 1] = s.X[4 * i + 1];
    ken_model *full = linear_sample_fit(ctx, "linear", NULL, &two);
    double *q = linear_sample_predict(ctx, full, &two, KEN_WHAT_VALUE, &width);
    for (int64_t i = 0; i < n; i++) TEST_NEAR(p[i], q[i], 1e-9);
    TEST_NEAR(ken_model_attr_f64(m, "sigma", 0), ken_model_attr_f64(full, "sigma", 1), 1e-10);
    free(p), free(q), free(two.X);
    ken_model_free(m);
    ken_model_free(full);
    linear_sample_free(&s);
    test_ctx_free(ctx);
}
static void test_linear__dependent_columns_get_zero(void **state) {
    (void)state;
    linear_expect_rank_two(100);
    linear_expect_rank_two(90000);
}

static void test_linear__fewer_rows_than_columns_fit_exactly(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    linear_sample s = linear_sample_new(4, 9, 0, false);
    ken_model *m = linear_sample_fit(ctx, "linear", NULL, &s);
    int64_t width;
    double *p = linear_sample_predict(ctx, m, &s, KEN_WHAT_VALUE, &width);
    for (int i = 0; i < 4; i++) TEST_NEAR(p[i], s.y[i], 1e-11);
    assert_true(isnan(ken_model_attr_f64(m, "sigma", 0)));
    assert_int_equal(ken_model_width(ctx, m, KEN_WHAT_INTERVAL, &width), KEN_E_UNSUPPORTED);
    free(p);
    ken_model_free(m);
    linear_sample_free(&s);
    test_ctx_free(ctx);
}

/* A column in other units: its coefficient changes in inverse proportion, nothing else does. */
static void test_linear__scale_equivariance(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    linear_sample s = linear_sample_new(300, 3, 0, false);
    ken_model *a = linear_sample_fit(ctx, "linear", NULL, &s);
    for (int64_t i = 0; i < s.n; i++) s.X[i * 3 + 1] *= 1e6;
    ken_model *b = linear_sample_fit(ctx, "linear", NULL, &s);
    for (int j = 0; j < 3; j++)
        TEST_NEAR(ken_f64(ken_model_attr(b, "coef"))[j] * (j == 1 ? 1e6 : 1),
                  ken_f64(ken_model_attr(a, "coef"))[j], 1e-12);
    TEST_NEAR(ken_model_attr_f64(b, "sigma", 0), ken_model_attr_f64(a, "sigma", 1), 1e-13);
    ken_model_free(a);
    ken_model_free(b);
    linear_sample_free(&s);
    test_ctx_free(ctx);
}

/* --- properties ----------------------------------------------------------------------------------- */

static void test_linear__weight_two_is_the_row_twice(void **state) {
    (void)state;
    linear_check_weights("linear", NULL, 0, 1e-12);
    linear_check_weights("linear", "fit_intercept=false", 0, 1e-12);
}
/* With more columns than rows the same columns are left out, whichever way a row counts more. */
static void test_linear__weights_choose_the_same_columns(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    linear_sample s = linear_sample_new(6, 20, 0, true), twice = linear_sample_new(18, 20, 0, false);
    twice.n = 0;
    for (int64_t i = 0; i < s.n; i++) {
        s.weight[i] = (double)(1 + i % 3);
        for (int r = 0; r < (int)s.weight[i]; r++) {
            memcpy(twice.X + twice.n * s.d, s.X + i * s.d, (size_t)s.d * sizeof *s.X);
            twice.y[twice.n++] = s.y[i];
        }
    }
    ken_model *a = linear_sample_fit(ctx, "linear", NULL, &s);
    ken_model *b = linear_sample_fit(ctx, "linear", NULL, &twice);
    linear_expect_coefs(a, b, 1e-9);
    ken_model_free(a);
    ken_model_free(b);
    linear_sample_free(&s);
    linear_sample_free(&twice);
    test_ctx_free(ctx);
}
static void test_linear__order_of_rows_does_not_matter(void **state) {
    (void)state;
    linear_check_permutation("linear", NULL, 0, 1e-12);
}
static void test_linear__same_bits_for_any_number_of_threads(void **state) {
    (void)state;
    linear_check_threads("linear", NULL, 0);
}
static void test_linear__packed_model_predicts_the_same(void **state) {
    (void)state;
    linear_check_pack("linear", NULL, 0);
}
static void test_linear__contributions_sum_to_the_value(void **state) {
    (void)state;
    linear_check_contributions("linear", NULL, 0);
    linear_check_contributions("linear", "fit_intercept=false", 0);
}
static void test_linear__rows_of_weight_zero_do_not_count(void **state) {
    (void)state;
    linear_check_zero_weights("linear", NULL, 0);
}
static void test_linear__every_allocation_may_fail(void **state) {
    (void)state;
    linear_check_allocations("linear", NULL, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_linear__nist_certified_values),
        cmocka_unit_test(test_linear__four_points_by_hand),
        cmocka_unit_test(test_linear__fast_way_agrees_with_pairs_of_doubles),
        cmocka_unit_test(test_linear__ill_conditioned_and_large),
        cmocka_unit_test(test_linear__dependent_columns_get_zero),
        cmocka_unit_test(test_linear__fewer_rows_than_columns_fit_exactly),
        cmocka_unit_test(test_linear__scale_equivariance),
        cmocka_unit_test(test_linear__weight_two_is_the_row_twice),
        cmocka_unit_test(test_linear__weights_choose_the_same_columns),
        cmocka_unit_test(test_linear__order_of_rows_does_not_matter),
        cmocka_unit_test(test_linear__same_bits_for_any_number_of_threads),
        cmocka_unit_test(test_linear__packed_model_predicts_the_same),
        cmocka_unit_test(test_linear__contributions_sum_to_the_value),
        cmocka_unit_test(test_linear__rows_of_weight_zero_do_not_count),
        cmocka_unit_test(test_linear__every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
