/* The split curve against impurities by their definition, and against what a tree then does. */
#include "tests/support.h"

#include "ken/core/rng.h"
#include "ken/tree/tree_curve.h"

enum { N = 120, K = 3 };

/* Impurity of the rows with keep[i], by definition. */
static double impurity(const double *y, const int32_t *label, const double *w, const bool *keep,
                       ken_criterion c) {
    double total = 0, mean = 0, sum = 0, of[K] = {0};
    for (int i = 0; i < N; i++) {
        if (!keep[i]) continue;
        total += w[i];
        if (y)
            mean += w[i] * y[i];
        else
            of[label[i]] += w[i];
    }
    if (y) {
        mean /= total;
        for (int i = 0; i < N; i++) sum += keep[i] ? w[i] * (y[i] - mean) * (y[i] - mean) : 0;
        return sum / total;
    }
    for (int k = 0; k < K; k++) {
        const double p = of[k] / total;
        if (p > 0) sum += c == KEN_GINI ? p * (1 - p) : -p * log2(p);
    }
    return sum;
}

static double weight_of(const double *w, const bool *keep) {
    double sum = 0;
    for (int i = 0; i < N; i++) sum += keep[i] ? w[i] : 0;
    return sum;
}

static void check_curve(ken_ctx *ctx, const double *x, const double *y, const int32_t *label,
                        const double *w, ken_criterion criterion) {
    double all_ones[N];
    ken_split_curve *c;
    bool all[N], left[N], right[N];
    for (int i = 0; i < N; i++) all_ones[i] = 1;
    const double *weight = w ? w : all_ones;
    TEST_OK(ctx, ken_split_curve_new(ctx, x, N, y, label, K, w, criterion, &c));
    for (int i = 0; i < N; i++) all[i] = !isnan(x[i]);
    const double whole = impurity(y, label, weight, all, criterion);
    TEST_NEAR(c->impurity, whole, 1e-12);
    int64_t different = 0, best = 0;
    for (int i = 0; i < N; i++) { /* values that have a larger one, each once */
        bool first = all[i] && weight[i] > 0, larger = false;
        for (int j = 0; j < N; j++) {
            first &= !(j < i && weight[j] > 0 && x[j] == x[i]);
            larger |= weight[j] > 0 && x[j] > x[i];
        }
        different += first && larger;
    }
    assert_int_equal(c->n, different);
    for (int64_t t = 0; t < c->n; t++) {
        for (int i = 0; i < N; i++)
            left[i] = all[i] && x[i] <= c->threshold[t], right[i] = all[i] && !left[i];
        const double share = weight_of(weight, left) / weight_of(weight, all);
        const double l = impurity(y, label, weight, left, criterion),
                     r = impurity(y, label, weight, right, criterion);
        assert_true(t == 0 || c->threshold[t] > c->threshold[t - 1]);
        TEST_NEAR(c->share[t], share, 1e-13);
        assert_true(fabs(c->left[t] - l) <= 1e-12 * whole);
        assert_true(fabs(c->right[t] - r) <= 1e-12 * whole);
        assert_true(fabs(c->gain[t] - (whole - share * l - (1 - share) * r)) <= 1e-12 * whole);
        if (c->gain[t] > c->gain[best]) best = t;
    }
    assert_int_equal(c->best, best);
    ken_split_curve_free(ctx, c);
}

typedef struct curve_sample {
    double x[N], y[N], w[N];
    int32_t label[N];
} curve_sample;

static curve_sample curve_rows(ken_ctx *ctx, uint64_t index) {
    ken_rng rng = ken_rng_stream(ctx, "tree_curve", index);
    curve_sample s;
    for (int i = 0; i < N; i++) {
        s.x[i] = index % 2 ? (double)ken_rng_below(&rng, 15) : ken_rng_normal(&rng);
        s.y[i] = 1e3 + s.x[i] * 0.3 + ken_rng_normal(&rng);
        s.label[i] = (int32_t)ken_rng_below(&rng, 3);
        s.w[i] = (double)ken_rng_below(&rng, 4) / 4;
        if (index % 3 == 2 && i % 7 == 0) s.x[i] = NAN;
    }
    return s;
}

static void test_split_curve__is_the_definition_at_every_threshold(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(2);
    for (uint64_t index = 0; index < 12; index++) {
        const curve_sample s = curve_rows(ctx, index);
        const double *w = index % 4 < 2 ? NULL : s.w;
        check_curve(ctx, s.x, s.y, NULL, w, KEN_SQUARED_ERROR);
        check_curve(ctx, s.x, NULL, s.label, w, KEN_GINI);
        check_curve(ctx, s.x, NULL, s.label, w, KEN_ENTROPY);
    }
    test_ctx_free(ctx);
}

/* The best point is the split of a tree of depth 1, threshold and gain to the last bit. */
static void test_split_curve__best_is_what_a_tree_takes(void **state) {
    (void)state;
    static const char *const settings[] = {"max_depth=1", "max_depth=1 criterion=gini",
                                           "max_depth=1 criterion=entropy"};
    ken_ctx *ctx = test_ctx(1);
    for (uint64_t index = 0; index < 12; index++)
        for (int criterion = 0; criterion < 3; criterion++) {
            curve_sample s =
                curve_rows(ctx, index * 3); /* no missing values: a tree may send them alone */
            double classes[N];
            for (int i = 0; i < N; i++) classes[i] = s.label[i];
            ken_table *t = test_table(ctx, s.x, N, 1);
            const ken_column target = test_column_f64("y", criterion ? classes : s.y, N);
            const ken_column weight = test_column_f64("w", s.w, N);
            const ken_data data = {.table = t,
                                   .target = &target,
                                   .weight = &weight,
                                   .task = criterion ? KEN_CLASSIFY : KEN_REGRESS};
            ken_model *m;
            ken_split_curve *c;
            TEST_OK(ctx, ken_model_new(ctx, "tree", settings[criterion], &m));
            TEST_OK(ctx, ken_model_fit(ctx, m, &data));
            TEST_OK(ctx, ken_split_curve_new(ctx, s.x, N, criterion ? NULL : s.y,
                                             criterion ? s.label : NULL, K, s.w,
                                             (ken_criterion)criterion, &c));
            assert_true(ken_f64(ken_model_attr(m, "threshold"))[0] == c->threshold[c->best]);
            assert_true(ken_f64(ken_model_attr(m, "gain"))[0] / c->weight == c->gain[c->best]);
            TEST_NEAR(ken_model_attr_f64(m, "root_impurity", NAN), c->impurity, 1e-12);
            ken_split_curve_free(ctx, c);
            ken_model_free(m);
            ken_table_free(t);
        }
    test_ctx_free(ctx);
}

/* x = 1 1 2 3, classes a a b b: between 1 and 2 both sides are pure, between 2 and 3 the left is
 * 2/3 a. Gini 1/2; 3/4 of the rows with 4/9: gain 1/2 - 1/3. */
static void test_split_curve__by_hand(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    const double x[] = {1, 3, 2, 1}, flat[] = {5, 5, 5, 5};
    const int32_t label[] = {0, 1, 1, 0};
    ken_split_curve *c;
    TEST_OK(ctx, ken_split_curve_new(ctx, x, 4, NULL, label, 2, NULL, KEN_GINI, &c));
    assert_int_equal(c->n, 2);
    assert_int_equal(c->best, 0);
    assert_true(c->threshold[0] == 1.5 && c->threshold[1] == 2.5);
    assert_true(c->impurity == 0.5 && c->gain[0] == 0.5 && c->left[0] == 0 && c->right[0] == 0);
    TEST_NEAR(c->left[1], 4.0 / 9, 1e-15);
    TEST_NEAR(c->gain[1], 0.5 - 1.0 / 3, 1e-15);
    assert_true(c->share[1] == 0.75);
    ken_split_curve_free(ctx, c);
    TEST_OK(ctx, ken_split_curve_new(ctx, flat, 4, NULL, label, 2, NULL, KEN_ENTROPY, &c));
    assert_int_equal(c->n, 0);
    assert_int_equal(c->best, -1);
    assert_true(c->impurity == 1);
    ken_split_curve_free(ctx, c);
    test_ctx_free(ctx);
}

static void test_split_curve__bad_input_is_an_error(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    const double x[] = {1, 2}, none[] = {NAN, NAN}, y[] = {1, INFINITY}, w[] = {1, -1};
    const int32_t label[] = {0, 2};
    ken_split_curve *c;
    TEST_FAILS(ctx, ken_split_curve_new(ctx, x, 2, NULL, label, 3, NULL, KEN_SQUARED_ERROR, &c),
               KEN_E_ARG, "numbers");
    TEST_FAILS(ctx, ken_split_curve_new(ctx, x, 2, x, NULL, 0, NULL, KEN_GINI, &c), KEN_E_ARG,
               "classes");
    TEST_FAILS(ctx, ken_split_curve_new(ctx, x, 2, NULL, label, 2, NULL, KEN_GINI, &c), KEN_E_VALUE,
               "row 2");
    TEST_FAILS(ctx, ken_split_curve_new(ctx, x, 2, y, NULL, 0, NULL, KEN_SQUARED_ERROR, &c),
               KEN_E_VALUE, "row 2");
    TEST_FAILS(ctx, ken_split_curve_new(ctx, x, 2, x, NULL, 0, w, KEN_SQUARED_ERROR, &c),
               KEN_E_VALUE, "row 2");
    TEST_FAILS(ctx, ken_split_curve_new(ctx, none, 2, x, NULL, 0, NULL, KEN_SQUARED_ERROR, &c),
               KEN_E_VALUE, "no row");
    assert_null(c);
    test_ctx_free(ctx);
}

static ken_status curve_round(ken_ctx *ctx, void *arg) {
    const double x[] = {1, 2, 3, 4}, y[] = {1, 5, 2, 8};
    ken_split_curve *c;
    (void)arg;
    KEN_TRY(ken_split_curve_new(ctx, x, 4, y, NULL, 0, y, KEN_SQUARED_ERROR, &c));
    ken_split_curve_free(ctx, c);
    return KEN_OK;
}

static void test_split_curve__every_allocation_may_fail(void **state) {
    (void)state;
    test_every_allocation(curve_round, NULL, 200);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_split_curve__is_the_definition_at_every_threshold),
        cmocka_unit_test(test_split_curve__best_is_what_a_tree_takes),
        cmocka_unit_test(test_split_curve__by_hand),
        cmocka_unit_test(test_split_curve__bad_input_is_an_error),
        cmocka_unit_test(test_split_curve__every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
