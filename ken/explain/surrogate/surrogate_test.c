#include "ken/explain/surrogate/surrogate.h"

#include "ken/explain/explain_testing.h"
#include "ken/tree/tree/tree.h"

static double value(const known_fixture *f, int64_t i) {
    double sum = KNOWN_BASE;
    for (int j = 0; j < 4; j++) sum += known_term(f->features, j, i);
    return sum;
}

/* The fidelity is R^2 of the tree against the function, by hand over the rows that it did not see: over all rows it
 * must lie between those of the two parts; and one question can take no more than the best cut of all does. */
static void test_surrogate__fidelity_is_r2_against_the_model(void **state) {
    (void)state;
    enum { N = 400 };
    known_fixture f = known_begin(1, N, false);
    double last = 0;
    for (int depth = 1; depth <= 6; depth++) {
        ken_surrogate_params p = {depth, 0, 0.25, 0};
        ken_surrogate_info info;
        ken_model *tree = NULL;
        double said[N], rest = 0, mean = 0, all = 0;
        TEST_OK(f.ctx, ken_explain_surrogate(f.ctx, f.model, f.features, &p, &info, &tree));
        ken_tensor t = ken_tensor_2d(said, KEN_F64, N, 1);
        TEST_OK(f.ctx, ken_model_predict(f.ctx, tree, f.features, KEN_WHAT_VALUE, &t));
        for (int i = 0; i < N; i++) mean += value(&f, i) / N;
        for (int i = 0; i < N; i++) {
            rest += (value(&f, i) - said[i]) * (value(&f, i) - said[i]);
            all += (value(&f, i) - mean) * (value(&f, i) - mean);
        }
        const double r2 = 1 - rest / all;
        assert_true(r2 > fmin(info.fidelity, info.fidelity_train) - 0.01);
        assert_true(r2 < fmax(info.fidelity, info.fidelity_train) + 0.01);
        assert_int_equal(info.rows_train, 300);
        assert_int_equal(info.rows_test, 100);
        assert_true(info.depth <= depth && info.leaves <= 1 << depth);
        assert_true(info.fidelity_train > last); /* deeper trees imitate better */
        last = info.fidelity_train;
        ken_model_free(tree);
    }
    assert_true(last > 0.95);
    known_end(&f);
}

/* A model that is a small tree itself is copied: every row of another sample gets the same answer. */
static void test_surrogate__a_tree_is_copied(void **state) {
    (void)state;
    for (int classes = 0; classes < 2; classes++) {
        known_fixture f = known_begin(1, 600, classes);
        ken_model *original = NULL, *copy = NULL;
        ken_surrogate_params p = {2, 0, 0.25, 0};
        ken_surrogate_info info;
        TEST_OK(f.ctx, ken_model_new(f.ctx, "tree", "max_depth=2", &original));
        TEST_OK(f.ctx, ken_model_fit(f.ctx, original, &f.data));
        TEST_OK(f.ctx, ken_explain_surrogate(f.ctx, original, f.features, &p, &info, &copy));
        TEST_NEAR(info.fidelity_train, 1, 1e-12);
        assert_true(info.fidelity > 0.97);
        assert_true(info.baseline < 0.9);
        assert_string_equal(ken_model_desc(copy)->name, "tree");
        assert_int_equal(ken_model_n_classes(copy), classes ? 2 : 0);
        ken_model_free(copy);
        ken_model_free(original);
        known_end(&f);
    }
}

/* Rules: each row satisfies exactly one, that of its leaf; a bound is said once. */
static void test_surrogate__rules_say_each_bound_once(void **state) {
    (void)state;
    known_fixture f = {.ctx = test_ctx(1)};
    ken_outline *o = NULL;
    double x[64], y[64];
    for (int i = 0; i < 64; i++) x[i] = i, y[i] = i < 16 ? 0 : i < 32 ? 7 : i < 48 ? -3 : 20;
    const ken_column target = test_column_f64("y", y, 64);
    f.features = test_table(f.ctx, x, 64, 1);
    const ken_data data = {.table = f.features, .target = &target, .task = KEN_REGRESS};
    TEST_OK(f.ctx, ken_model_new(f.ctx, "tree", "", &f.model));
    TEST_OK(f.ctx, ken_model_fit(f.ctx, f.model, &data));
    TEST_OK(f.ctx, ken_explain_outline(f.ctx, f.model, NULL, &o));
    const ken_outline_view *v = ken_outline_get(o);
    static const char *const want[] = {"x0 ≤ 15.5", "15.5 < x0 ≤ 31.5", "31.5 < x0 ≤ 47.5", "x0 > 47.5"};
    int leaf = 0;
    for (int i = 0; i < v->n; i++) {
        ken_text rule = ken_text_new(f.ctx);
        const char *text = NULL;
        ken_outline_rule(o, i, &rule);
        TEST_OK(f.ctx, ken_text_end(&rule, &text));
        if (i == 0) assert_string_equal(text, "");
        if (!v->node[i].column) assert_string_equal(text, want[leaf++]);
        ken_text_free(&rule);
    }
    assert_int_equal(leaf, 4);
    ken_outline_free(o);
    known_end(&f);
}

static void test_surrogate__same_bits_for_any_threads(void **state) {
    (void)state;
    static const int threads[] = {1, 2, 3, 7};
    double first = 0;
    for (int t = 0; t < 4; t++) {
        known_fixture f = known_begin(threads[t], 9000, true);
        ken_surrogate_params p = {4, 9, 0.3, 5000};
        ken_surrogate_info info;
        ken_model *tree = NULL;
        TEST_OK(f.ctx, ken_explain_surrogate(f.ctx, f.model, f.features, &p, &info, &tree));
        assert_int_equal(info.rows_train + info.rows_test, 5000);
        assert_int_equal(info.leaves, 9);
        assert_true(info.fidelity > 0.8 && info.fidelity > info.baseline);
        if (t == 0) first = info.fidelity;
        assert_true(info.fidelity == first);
        ken_model_free(tree);
        known_end(&f);
    }
}

static void test_surrogate__says_what_is_wrong(void **state) {
    (void)state;
    known_fixture f = known_begin(1, 3, false);
    ken_surrogate_params p = {0, 0, 0.25, 0};
    ken_model *tree = NULL;
    TEST_FAILS(f.ctx, ken_explain_surrogate(f.ctx, f.model, f.features, &p, NULL, &tree), KEN_E_ARG, "depth 0");
    TEST_FAILS(f.ctx, ken_explain_surrogate(f.ctx, f.model, f.features, NULL, NULL, &tree), KEN_E_VALUE, "too few");
    assert_null(tree);
    known_end(&f);
}

static ken_status surrogate_once(ken_ctx *ctx, void *arg) {
    known_fixture *f = arg;
    ken_surrogate_info info;
    ken_model *tree = NULL;
    const ken_status status = ken_explain_surrogate(ctx, f->model, f->features, NULL, &info, &tree);
    ken_model_free(tree);
    return status;
}

static void test_surrogate__survives_every_failed_allocation(void **state) {
    (void)state;
    known_fixture f = known_begin(1, 30, true);
    test_every_allocation(surrogate_once, &f, 4000);
    known_end(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_surrogate__fidelity_is_r2_against_the_model),
        cmocka_unit_test(test_surrogate__a_tree_is_copied),
        cmocka_unit_test(test_surrogate__rules_say_each_bound_once),
        cmocka_unit_test(test_surrogate__same_bits_for_any_threads),
        cmocka_unit_test(test_surrogate__says_what_is_wrong),
        cmocka_unit_test(test_surrogate__survives_every_failed_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
