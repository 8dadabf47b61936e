#include "ken/explain/permutation/permutation.h"

#include "ken/explain/explain_testing.h"

enum { ROWS = 2000 };

static double variance(const ken_column *c) {
    double sum = 0, squares = 0;
    for (int64_t i = 0; i < c->n; i++) sum += ken_column_f64(c, i);
    for (int64_t i = 0; i < c->n; i++) {
        const double x = ken_column_f64(c, i) - sum / (double)c->n;
        squares += x * x;
    }
    return squares / (double)c->n;
}

/* Shuffling column x of f(x) = g + beta x raises the mean squared error, on average over all
 * permutations, by 2 beta cov(r, x) + 2 beta^2 var(x) with r the residual, var and cov over n rows
 * and the whole multiplied by n / (n - 1) ... which the residual's part (about 0 here) leaves at
 * 2 * 4 * var(a). (Fisher, Rudin & Dominici 2019, section 3.) */
static void test_permutation__linear_column_has_the_analytic_importance(void **state) {
    (void)state;
    known_fixture f = known_begin(1, ROWS, false);
    ken_permutation_params p = KEN_PERMUTATION_DEFAULTS;
    ken_permutation_row rows[4];
    ken_permutation_info info;
    const ken_column *a = ken_table_column(f.features, 0);
    double base = 0, residual_a = 0, mean_a = 0, mean_r = 0;
    p.n_repeats = 40;
    p.metric = "rmse";
    TEST_OK(f.ctx, ken_explain_permutation(f.ctx, f.model, &f.data, &p, &info, rows, NULL));
    for (int64_t i = 0; i < ROWS; i++) {
        double fx = KNOWN_BASE;
        for (int j = 0; j < 4; j++) fx += known_term(f.features, j, i);
        const double r = ken_column_f64(f.data.target, i) - fx;
        base += r * r / ROWS;
        residual_a += r * ken_column_f64(a, i) / ROWS;
        mean_a += ken_column_f64(a, i) / ROWS;
        mean_r += r / ROWS;
    }
    TEST_NEAR(info.score, sqrt(base), 1e-12);
    assert_int_equal(rows[0].feature, 0);
    const double want =
        sqrt(base + (2 * 2 * (residual_a - mean_a * mean_r) + 2 * 4 * variance(a)) * ROWS / (ROWS - 1));
    TEST_NEAR(rows[0].mean + info.score, want, 0.005);
    assert_true(rows[0].sd > 0);
    known_end(&f);
}

static void test_permutation__unused_column_is_exactly_zero(void **state) {
    (void)state;
    known_fixture f = known_begin(1, 300, false);
    ken_permutation_row rows[4];
    TEST_OK(f.ctx, ken_explain_permutation(f.ctx, f.model, &f.data, NULL, NULL, rows, NULL));
    for (int i = 0; i < 4; i++)
        if (!strcmp(ken_model_feature(f.model, rows[i].feature), "noise")) {
            assert_true(rows[i].mean == 0);
            assert_true(rows[i].sd == 0);
        } else {
            assert_true(rows[i].mean > 0.01);
        }
    known_end(&f);
}

static void test_permutation__higher_is_better_keeps_the_sign(void **state) {
    (void)state;
    known_fixture f = known_begin(1, 1000, true);
    ken_permutation_row rows[4];
    ken_permutation_info info;
    ken_permutation_params p = KEN_PERMUTATION_DEFAULTS;
    for (int m = 0; m < 2; m++) {
        p.metric = m ? "log_loss" : "roc_auc";
        TEST_OK(f.ctx, ken_explain_permutation(f.ctx, f.model, &f.data, &p, &info, rows, NULL));
        assert_int_equal(info.higher_is_better, !m);
        assert_string_equal(ken_model_feature(f.model, rows[0].feature), "a");
        assert_true(rows[0].mean > 0.02);
    }
    known_end(&f);
}

static void test_permutation__same_bits_for_any_threads_and_other_columns(void **state) {
    (void)state;
    double repeats[2][4 * 3];
    ken_permutation_params p = {3, "rmse", 500};
    ken_permutation_row rows[4];
    for (int t = 0; t < 2; t++) {
        known_fixture f = known_begin(t ? 7 : 1, 20000, false);
        TEST_OK(f.ctx, ken_explain_permutation(f.ctx, f.model, &f.data, &p, NULL, rows, repeats[t]));
        known_end(&f);
    }
    assert_memory_equal(repeats[0], repeats[1], sizeof repeats[0]);
}

static void test_permutation__says_what_is_wrong(void **state) {
    (void)state;
    known_fixture f = known_begin(1, 50, false);
    ken_permutation_row rows[4];
    ken_permutation_params p = KEN_PERMUTATION_DEFAULTS;
    ken_data none = f.data;
    ken_model *fresh = NULL;
    none.target = NULL;
    TEST_FAILS(f.ctx, ken_explain_permutation(f.ctx, f.model, &none, NULL, NULL, rows, NULL),
               KEN_E_ARG, "target");
    p.metric = "roc_auc";
    TEST_FAILS(f.ctx, ken_explain_permutation(f.ctx, f.model, &f.data, &p, NULL, rows, NULL),
               KEN_E_ARG, "roc_auc");
    p.metric = "rmes";
    TEST_FAILS(f.ctx, ken_explain_permutation(f.ctx, f.model, &f.data, &p, NULL, rows, NULL),
               KEN_E_NOT_FOUND, "rmes");
    p.n_repeats = 0;
    TEST_FAILS(f.ctx, ken_explain_permutation(f.ctx, f.model, &f.data, &p, NULL, rows, NULL),
               KEN_E_ARG, "repeats");
    TEST_OK(f.ctx, ken_model_new_desc(f.ctx, &known_desc, NULL, &fresh));
    TEST_FAILS(f.ctx, ken_explain_permutation(f.ctx, fresh, &f.data, NULL, NULL, rows, NULL),
               KEN_E_STATE, "not fitted");
    ken_model_free(fresh);
    known_end(&f);
}

static ken_status permute_once(ken_ctx *ctx, void *arg) {
    known_fixture *f = arg;
    ken_permutation_row rows[4];
    ken_permutation_params p = {1, "rmse", 10};
    return ken_explain_permutation(ctx, f->model, &f->data, &p, NULL, rows, NULL);
}

static void test_permutation__survives_every_failed_allocation(void **state) {
    (void)state;
    known_fixture f = known_begin(1, 30, false);
    test_every_allocation(permute_once, &f, 2000);
    known_end(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_permutation__linear_column_has_the_analytic_importance),
        cmocka_unit_test(test_permutation__unused_column_is_exactly_zero),
        cmocka_unit_test(test_permutation__higher_is_better_keeps_the_sign),
        cmocka_unit_test(test_permutation__same_bits_for_any_threads_and_other_columns),
        cmocka_unit_test(test_permutation__says_what_is_wrong),
        cmocka_unit_test(test_permutation__survives_every_failed_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
