/* Golden numbers: preprocess_golden.py, scikit-learn 1.9.1. */
#include "ken/preprocess/preprocess_test_tables.h"
#include "ken/preprocess/golden/preprocess_golden.h"
#include "ken/preprocess/one_hot/one_hot.h"

static ken_table *one_hot_levels(ken_ctx *ctx) {
    static const char *const names[] = {"red", "green", "blue", "ash", "fig"};
    char spec[2000] = "c string";
    for (int i = 0; i < 60; i++) {
        strcat(spec, " ");
        strcat(spec, names[(i * i + 3 * i) % 11 % 5]);
    }
    return tables_of(ctx, spec);
}

static void test_one_hot__equals_sklearn(void **s) {
    (void)s;
    ken_ctx *ctx = test_ctx(2);
    ken_model *m;
    ken_table *X = one_hot_levels(ctx);
    TEST_OK(ctx, ken_one_hot_new(ctx, NULL, &m));
    ken_table *out = tables_fit(ctx, m, X, NULL, NULL);
    const int k = (int)(KEN_COUNT(golden_one_hot) / 60);
    assert_int_equal(ken_table_cols(out), k);
    tables_near(out, 0, k, golden_one_hot, 0);
    tables_round_trip(ctx, m, X);
    ken_table_free(out), ken_table_free(X), ken_model_free(m);
    test_ctx_free(ctx);
}

static void test_one_hot__groups_rare_levels_and_says_missing(void **s) {
    (void)s;
    ken_ctx *ctx = test_ctx(1);
    ken_one_hot_params p = {2, 1, KEN_ONE_HOT_KEEP_ALL};
    ken_model *m;
    ken_table *X = tables_of(ctx, "n f64 1 2 3 4 5 6 7 8\nc category a a b b c d . a"), *later,
              *out2;
    TEST_OK(ctx, ken_one_hot_new(ctx, &p, &m));
    ken_table *out = tables_fit(ctx, m, X, NULL, NULL);
    assert_int_equal(ken_table_cols(out), 5);
    assert_string_equal(ken_table_column(out, 0)->name, "n");
    assert_int_equal(tables_col(out, "c=a")->source, 1);
    assert_true(ken_column_f64(tables_col(out, "c=b"), 3) == 1);
    assert_true(ken_column_f64(tables_col(out, "c=(other)"), 4) == 1);
    assert_true(ken_column_f64(tables_col(out, "c=(other)"), 5) == 1);
    assert_true(ken_column_f64(tables_col(out, "c=(missing)"), 6) == 1);
    assert_true(ken_column_f64(tables_col(out, "c=(missing)"), 5) == 0);
    /* other order of levels, new ones, a string column */
    later = tables_of(ctx, "n f64 1 1 1\nc string b zzz .");
    TEST_OK(ctx, ken_model_transform(ctx, m, later, &out2));
    assert_true(ken_column_f64(tables_col(out2, "c=b"), 0) == 1);
    assert_true(ken_column_f64(tables_col(out2, "c=(missing)"), 2) == 1);
    tables_round_trip(ctx, m, X);
    ken_table_free(out), ken_table_free(out2), ken_table_free(later), ken_table_free(X),
        ken_model_free(m);
    test_ctx_free(ctx);
}

static void test_one_hot__drops_as_asked(void **s) {
    (void)s;
    ken_ctx *ctx = test_ctx(1);
    const struct {
        int drop, columns;
        const char *gone;
    } cases[] = {{KEN_ONE_HOT_AUTO, 3, NULL},
                 {KEN_ONE_HOT_KEEP_ALL, 3, NULL},
                 {KEN_ONE_HOT_DROP_FIRST, 2, "c=a"},
                 {KEN_ONE_HOT_DROP_FREQUENT, 2, "c=b"}};
    ken_table *X = tables_of(ctx, "c category a b b c");
    for (int k = 0; k < KEN_COUNT(cases); k++) {
        ken_one_hot_params p = {0, 1, cases[k].drop};
        ken_model *m;
        TEST_OK(ctx, ken_one_hot_new(ctx, &p, &m));
        ken_table *out = tables_fit(ctx, m, X, NULL, NULL);
        assert_int_equal(ken_table_cols(out), cases[k].columns);
        if (cases[k].gone) assert_int_equal(ken_table_find(out, cases[k].gone), -1);
        ken_table_free(out), ken_model_free(m);
    }
    ken_table_free(X);
    test_ctx_free(ctx);
}

static void test_one_hot__two_levels_are_one_column(void **s) {
    (void)s;
    ken_ctx *ctx = test_ctx(1);
    ken_model *m;
    ken_table *X = tables_of(ctx, "sex category f m m m");
    TEST_OK(ctx, ken_one_hot_new(ctx, NULL, &m));
    ken_table *out = tables_fit(ctx, m, X, NULL, NULL);
    assert_int_equal(ken_table_cols(out), 1);
    assert_string_equal(ken_table_column(out, 0)->name, "sex=f");
    ken_table_free(out), ken_table_free(X), ken_model_free(m);
    test_ctx_free(ctx);
}

static void test_one_hot__levels_only_in_validation_are_not_learned(void **s) {
    (void)s;
    ken_ctx *ctx = test_ctx(1);
    const uint8_t role[5] = {0, 0, 0, 0, 1};
    ken_model *m;
    ken_table *X = tables_of(ctx, "c category z y x y secret");
    TEST_OK(ctx, ken_one_hot_new(ctx, NULL, &m));
    ken_table *out = tables_fit(ctx, m, X, NULL, role);
    assert_int_equal(ken_table_cols(out), 3);
    for (int j = 0; j < 3; j++) assert_true(ken_column_f64(ken_table_column(out, j), 4) == 0);
    tables_round_trip(ctx, m, X);
    ken_table_free(out), ken_table_free(X), ken_model_free(m);
    test_ctx_free(ctx);
}

static void test_one_hot__empty_column_gives_nothing_but_missing(void **s) {
    (void)s;
    ken_ctx *ctx = test_ctx(1);
    ken_model *m;
    ken_table *X = tables_of(ctx, "c category . .\nd string . .");
    TEST_OK(ctx, ken_one_hot_new(ctx, NULL, &m));
    ken_table *out = tables_fit(ctx, m, X, NULL, NULL);
    assert_int_equal(ken_table_cols(out), 2);
    assert_string_equal(ken_table_column(out, 0)->name, "c=(missing)");
    tables_round_trip(ctx, m, X);
    ken_table_free(out), ken_table_free(X), ken_model_free(m);
    test_ctx_free(ctx);
}

static ken_status one_hot_allocates(ken_ctx *ctx, void *arg) {
    ken_model *m = NULL;
    ken_table *X = NULL, *out = NULL;
    (void)arg;
    ken_status status = tables_make(ctx, "a f64 1 2 . 4\nc category x y x .\nd string q r s q", &X);
    ken_data data = {.table = X};
    if (status == KEN_OK) status = ken_one_hot_new(ctx, NULL, &m);
    if (status == KEN_OK) status = ken_model_fit(ctx, m, &data);
    if (status == KEN_OK) status = ken_model_transform(ctx, m, X, &out);
    ken_table_free(out), ken_table_free(X), ken_model_free(m);
    return status;
}

static void test_one_hot__every_allocation_may_fail(void **s) {
    (void)s;
    test_every_allocation(one_hot_allocates, NULL, 1000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_hot__equals_sklearn),
        cmocka_unit_test(test_one_hot__groups_rare_levels_and_says_missing),
        cmocka_unit_test(test_one_hot__drops_as_asked),
        cmocka_unit_test(test_one_hot__two_levels_are_one_column),
        cmocka_unit_test(test_one_hot__levels_only_in_validation_are_not_learned),
        cmocka_unit_test(test_one_hot__empty_column_gives_nothing_but_missing),
        cmocka_unit_test(test_one_hot__every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
