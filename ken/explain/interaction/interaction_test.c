#include "ken/explain/interaction/interaction.h"

#include "ken/explain/explain_testing.h"

/* Columns a, b and noise, which 1 + a + 3 a b does not use. */
static known_fixture together(bool classes) {
    known_fixture f = {.ctx = test_ctx(1)};
    void *x[3];
    static const char *const names[] = {"a", "b", "noise"};
    TEST_OK(f.ctx, ken_table_new(f.ctx, 60, &f.features));
    for (int j = 0; j < 3; j++) TEST_OK(f.ctx, ken_table_add_new(f.ctx, f.features, names[j], KEN_F64, &x[j], NULL));
    for (int i = 0; i < 60; i++) {
        const double a = 2 * fmod(i * 0.618033988749895, 1) - 1;
        ((double *)x[0])[i] = a;
        ((double *)x[1])[i] = 0.5 * a + fmod(i * 0.414213562373095, 1) - 0.5;
        ((double *)x[2])[i] = i % 3;
    }
    f.model = together_model(f.ctx, f.features, classes);
    return f;
}

/* An additive function has no interactions; a classifier whose score is additive has none in its score, but has
 * some in its probabilities. */
static void test_interaction__additive_function_has_none(void **state) {
    (void)state;
    ken_interaction_row totals[4], pairs[6];
    ken_interaction_info info;
    for (int classes = 0; classes < 2; classes++) {
        known_fixture f = known_begin(1, 80, classes);
        TEST_OK(f.ctx, ken_explain_interaction(f.ctx, f.model, f.features, NULL, &info, totals, pairs));
        assert_int_equal(info.rows, 80);
        assert_int_equal(info.n_pairs, 6);
        assert_string_equal(info.unit, classes ? "score" : "value");
        assert_true(info.sd > 0.5);
        for (int j = 0; j < 4; j++) assert_true(totals[j].h < 1e-12 && totals[j].strength < 1e-12);
        for (int j = 0; j < 6; j++) assert_true(pairs[j].strength < 1e-12);
        if (classes) {
            ken_interaction_params p = KEN_INTERACTION_DEFAULTS;
            p.probability = true;
            TEST_OK(f.ctx, ken_explain_interaction(f.ctx, f.model, f.features, &p, &info, totals, pairs));
            assert_string_equal(info.unit, "probability");
            assert_true(totals[0].h > 0.01);
        }
        known_end(&f);
    }
}

/* f = 1 + a + 3 a b: what is beyond both columns is 3 (a - mean a)(b - mean b) less its mean, and the pair's part is
 * all of f; so H is the ratio of their variations over the rows. */
static void test_interaction__product_has_the_closed_form(void **state) {
    (void)state;
    known_fixture f = together(false);
    ken_interaction_row totals[3], pairs[3];
    ken_interaction_info info;
    double ma = 0, mb = 0, mf = 0, mp = 0, beyond = 0, own = 0;
    TEST_OK(f.ctx, ken_explain_interaction(f.ctx, f.model, f.features, NULL, &info, totals, pairs));
    for (int pass = 0; pass < 3; pass++)
        for (int i = 0; i < 60; i++) {
            const double a = ken_column_f64(ken_table_column(f.features, 0), i);
            const double b = ken_column_f64(ken_table_column(f.features, 1), i), value = 1 + a + 3 * a * b;
            const double product = 3 * (a - ma) * (b - mb);
            if (pass == 0) ma += a / 60, mb += b / 60, mf += value / 60;
            if (pass == 1) mp += product / 60;
            if (pass == 2) beyond += (product - mp) * (product - mp), own += (value - mf) * (value - mf);
        }
    TEST_NEAR(pairs[0].h, sqrt(beyond / own), 1e-10);
    TEST_NEAR(pairs[0].strength, sqrt(beyond / 60), 1e-10);
    TEST_NEAR(info.sd, sqrt(own / 60), 1e-10);
    assert_int_equal(pairs[0].a, 0);
    assert_int_equal(pairs[0].b, 1);
    for (int j = 0; j < 2; j++) TEST_NEAR(totals[j].h, sqrt(beyond / own), 1e-10);
    assert_int_equal(totals[2].a, 2);
    assert_true(totals[2].h < 1e-12 && pairs[1].strength < 1e-12);
    known_end(&f);
}

/* golden/interaction.py: three loops in numpy, probabilities of the logistic function of the same. */
static void test_interaction__agrees_with_brute_force_in_numpy(void **state) {
    (void)state;
    known_fixture f = together(true);
    ken_interaction_params p = {150, 8, true};
    ken_interaction_row totals[3], pairs[3];
    ken_interaction_info info;
    TEST_OK(f.ctx, ken_explain_interaction(f.ctx, f.model, f.features, &p, &info, totals, pairs));
    for (int j = 0; j < 2; j++) {
        TEST_NEAR(totals[j].h, 1.1198468302199989, 1e-12);
        TEST_NEAR(totals[j].strength, 0.12366381827332923, 1e-12);
    }
    TEST_NEAR(pairs[0].h, 1.1198468302199989, 1e-12);
    TEST_NEAR(pairs[0].strength, 0.12366381827332924, 1e-12);
    known_end(&f);
}

static void test_interaction__same_bits_for_any_threads_and_pairs(void **state) {
    (void)state;
    static const int threads[] = {1, 2, 3, 7};
    ken_interaction_row totals[4][4], pairs[4][6];
    ken_interaction_info info;
    memset(totals, 0, sizeof totals);
    memset(pairs, 0, sizeof pairs);
    for (int t = 0; t < 4; t++) {
        known_fixture f = known_begin(threads[t], 400, true);
        ken_interaction_params p = {90, 3, true};
        TEST_OK(f.ctx, ken_explain_interaction(f.ctx, f.model, f.features, &p, &info, totals[t], pairs[t]));
        assert_int_equal(info.n_pairs, 3);
        for (int j = 0; j < 4; j++) {
            assert_true(totals[t][j].h == totals[0][j].h && totals[t][j].a == totals[0][j].a);
            if (j < 3) assert_true(pairs[t][j].h == pairs[0][j].h && pairs[t][j].strength == pairs[0][j].strength);
        }
        known_end(&f);
    }
}

static void test_interaction__says_what_is_wrong(void **state) {
    (void)state;
    ken_interaction_row totals[4];
    ken_interaction_info info;
    ken_interaction_params p = {1, 0, false};
    known_fixture f = known_begin(1, 1, false);
    TEST_FAILS(f.ctx, ken_explain_interaction(f.ctx, f.model, f.features, &p, &info, totals, NULL), KEN_E_ARG, "max_rows 1");
    TEST_FAILS(f.ctx, ken_explain_interaction(f.ctx, f.model, f.features, NULL, &info, totals, NULL), KEN_E_VALUE,
               "single row");
    known_end(&f);
}

static ken_status interaction_once(ken_ctx *ctx, void *arg) {
    known_fixture *f = arg;
    ken_interaction_row totals[4], pairs[6];
    ken_interaction_info info;
    ken_interaction_params p = {6, 2, false};
    return ken_explain_interaction(ctx, f->model, f->features, &p, &info, totals, pairs);
}

static void test_interaction__survives_every_failed_allocation(void **state) {
    (void)state;
    known_fixture f = known_begin(1, 30, false);
    test_every_allocation(interaction_once, &f, 4000);
    known_end(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_interaction__additive_function_has_none),
        cmocka_unit_test(test_interaction__product_has_the_closed_form),
        cmocka_unit_test(test_interaction__agrees_with_brute_force_in_numpy),
        cmocka_unit_test(test_interaction__same_bits_for_any_threads_and_pairs),
        cmocka_unit_test(test_interaction__says_what_is_wrong),
        cmocka_unit_test(test_interaction__survives_every_failed_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
