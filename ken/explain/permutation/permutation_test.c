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

/* --- groups --- */

/* Single columns as ever; all columns in one new order are the answers in that order. */
static void test_permutation_groups__of_one_and_of_all(void **state) {
    (void)state;
    known_fixture f = known_begin(2, 300, false);
    ken_permutation_params p = KEN_PERMUTATION_DEFAULTS;
    ken_permutation_row rows[4];
    ken_permutation_group g[4];
    ken_permutation_info info;
    static const int single[] = {3, 2, 1, 0}, all[] = {1, 1, 1, 1}; /* group 0 is empty */
    p.n_repeats = 3, p.metric = "rmse";
    TEST_OK(f.ctx, ken_explain_permutation(f.ctx, f.model, &f.data, &p, NULL, rows, NULL));
    TEST_OK(f.ctx, ken_explain_permutation_groups(f.ctx, f.model, &f.data, &p, single, 4, &info, g));
    for (int i = 0; i < 4; i++) {
        assert_int_equal(g[i].n, 1);
        assert_true(g[i].group == 3 - rows[i].feature && g[i].mean == rows[i].mean && g[i].sd == rows[i].sd);
    }
    TEST_OK(f.ctx, ken_explain_permutation_groups(f.ctx, f.model, &f.data, &p, all, 2, &info, g));
    double mean = 0, answer[300];
    for (int i = 0; i < 300; i++) {
        answer[i] = KNOWN_BASE;
        for (int j = 0; j < 4; j++) answer[i] += known_term(f.features, j, i);
    }
    for (int r = 0; r < 3; r++) {
        int64_t order[300];
        ken_rng rng = ken_rng_stream(f.ctx, "permutation.a", (uint64_t)r);
        double sum = 0;
        for (int i = 0; i < 300; i++) order[i] = i;
        ken_rng_shuffle(&rng, order, 300);
        for (int i = 0; i < 300; i++) {
            const double e = ken_column_f64(f.data.target, i) - answer[order[i]];
            sum += e * e / 300;
        }
        mean += (sqrt(sum) - info.score) / 3;
    }
    assert_true(g[0].group == 1 && g[0].n == 4 && g[1].n == 0 && g[1].mean == 0);
    TEST_NEAR(g[0].mean, mean, 1e-12);
    known_end(&f);
}

/* y = 2a learned from a and its copy: each carries half, so that one shuffled alone costs half of both. */
static void test_permutation_groups__twins_split_what_they_say(void **state) {
    (void)state;
    enum { N = 600 };
    static double a[N], twin[N], other[N], y[N];
    ken_ctx *ctx = test_ctx(1);
    ken_rng rng = ken_rng_stream(ctx, "test.twins", 0);
    ken_table *t;
    ken_model *m;
    ken_permutation_params p = KEN_PERMUTATION_DEFAULTS;
    ken_permutation_row rows[3];
    ken_permutation_group g[3];
    int group[3], n;
    for (int i = 0; i < N; i++) {
        a[i] = twin[i] = ken_rng_normal(&rng), other[i] = ken_rng_normal(&rng);
        y[i] = 2 * a[i];
    }
    const ken_column columns[] = {test_column_f64("other", other, N), test_column_f64("a", a, N),
                                  test_column_f64("twin", twin, N)};
    const ken_column target = test_column_f64("y", y, N);
    TEST_OK(ctx, ken_table_new(ctx, N, &t));
    for (int j = 0; j < 3; j++) TEST_OK(ctx, ken_table_add_borrow(ctx, t, &columns[j]));
    const ken_data data = {.table = t, .target = &target, .task = KEN_REGRESS};
    TEST_OK(ctx, ken_model_new(ctx, "ridge", "alpha=1e-6", &m));
    TEST_OK(ctx, ken_model_fit(ctx, m, &data));
    TEST_OK(ctx, ken_explain_associated(ctx, m, t, 0.9, group, &n));
    assert_true(n == 2 && group[0] == 0 && group[1] == 1 && group[2] == 1);
    p.n_repeats = 30, p.metric = "rmse";
    TEST_OK(ctx, ken_explain_permutation(ctx, m, &data, &p, NULL, rows, NULL));
    TEST_OK(ctx, ken_explain_permutation_groups(ctx, m, &data, &p, group, n, NULL, g));
    const double half = sqrt(2 * variance(&columns[1]) * N / (N - 1));
    assert_true(g[0].group == 1 && g[0].n == 2);
    TEST_NEAR(g[0].mean, 2 * half, 0.02);
    for (int i = 0; i < 2; i++) TEST_NEAR(rows[i].mean, half, 0.02);
    assert_int_equal(ken_explain_drop_single(group, 3, n), 1);
    assert_true(group[0] == -1 && group[1] == 0 && group[2] == 0);
    TEST_OK(ctx, ken_explain_permutation_groups(ctx, m, &data, &p, group, 1, NULL, g));
    TEST_NEAR(g[0].mean, 2 * half, 0.02);
    TEST_OK(ctx, ken_explain_associated(ctx, m, t, 1e-9, group, &n));
    assert_true(n == 1 && group[0] == 0 && group[2] == 0);
    TEST_FAILS(ctx, ken_explain_associated(ctx, m, t, 0, group, &n), KEN_E_ARG, "association");
    group[1] = 3;
    TEST_FAILS(ctx, ken_explain_permutation_groups(ctx, m, &data, &p, group, 3, NULL, g), KEN_E_ARG, "group 3 of 3");
    ken_model_free(m);
    ken_table_free(t);
    test_ctx_free(ctx);
}

static ken_status groups_once(ken_ctx *ctx, void *arg) {
    const known_fixture *f = arg;
    const ken_permutation_params p = {1, NULL, 0};
    ken_permutation_group g[4];
    int group[4] = {0, 0, 1, 0}, n;
    KEN_TRY(ken_explain_permutation_groups(ctx, f->model, &f->data, &p, group, 2, NULL, g));
    return ken_explain_associated(ctx, f->model, f->features, 0.5, group, &n);
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
    test_every_allocation(groups_once, &f, 4000);
    known_end(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_permutation__linear_column_has_the_analytic_importance),
        cmocka_unit_test(test_permutation__unused_column_is_exactly_zero),
        cmocka_unit_test(test_permutation__higher_is_better_keeps_the_sign),
        cmocka_unit_test(test_permutation__same_bits_for_any_threads_and_other_columns),
        cmocka_unit_test(test_permutation_groups__of_one_and_of_all),
        cmocka_unit_test(test_permutation_groups__twins_split_what_they_say),
        cmocka_unit_test(test_permutation__says_what_is_wrong),
        cmocka_unit_test(test_permutation__survives_every_failed_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
