/* Fits that go on: 5 rounds and 7 more are the 12 of one fit, to the bit. */
#include "ken/boosting/boosting/boosting_testing.h"

enum { ROWS = 1200, VALID = 200 };

static void continue_predict(ken_ctx *ctx, const ken_model *m, const ken_table *X, double *out) {
    ken_tensor t = ken_tensor_2d(out, KEN_F64, ROWS, 1);
    TEST_OK(ctx, ken_model_predict(ctx, m, X, KEN_WHAT_VALUE, &t));
}

static void test_continue__rounds_and_more_rounds_are_those_of_one_fit(void **state) {
    static const struct {
        const char *settings;
        int classes, threads;
        bool weighted;
    } fits[] = {{"early_stopping=off max_onehot=2", 0, 1, false},
                {"early_stopping=off row_fraction=0.5 column_fraction=0.5", 2, 2, true},
                {"early_stopping=off sampling=goss", 3, 3, false},
                {"early_stopping=off loss=absolute sampling=mvs", 0, 7, true},
                {"early_stopping=on patience=100", 2, 2, false}};
    (void)state;
    for (int f = 0; f < KEN_COUNT(fits); f++) {
        ken_ctx *ctx = test_ctx(fits[f].threads);
        mixed_case *c = mixed_new(ctx, ROWS, VALID, fits[f].classes);
        if (fits[f].weighted) c->data.weight = &c->weights;
        char whole[128], part[128];
        snprintf(whole, sizeof whole, "trees=12 %s", fits[f].settings);
        snprintf(part, sizeof part, "trees=5 %s", fits[f].settings);
        ken_model *a = mixed_fit(ctx, c, whole), *b = mixed_fit(ctx, c, part);
        TEST_OK(ctx, ken_model_set(ctx, b, "trees", "12"));
        TEST_OK(ctx, ken_model_fit_on(ctx, b, &c->data));
        if (strstr(part, "=off")) assert_int_equal(ken_boosting_rounds(b), 12);
        test_same_model(a, b);
        double *x = malloc(2 * ROWS * sizeof *x), *y = x + ROWS;
        continue_predict(ctx, a, c->X, x);
        continue_predict(ctx, b, c->X, y);
        assert_memory_equal(x, y, ROWS * sizeof *x);
        free(x);
        ken_model_free(a), ken_model_free(b);
        mixed_free(c);
        test_ctx_free(ctx);
    }
}

/* The first half of the rows, then the second: what the trees say of the first stays, the error on
 * the second falls. */
static void test_continue__new_rows_are_learned(void **state) {
    ken_ctx *ctx = test_ctx(2);
    mixed_case *c = mixed_new(ctx, ROWS, VALID, 0);
    double before[ROWS], after[ROWS], loss[2] = {0, 0};
    (void)state;
    for (int i = 0; i < ROWS; i++) c->role[i] = i < ROWS / 2 ? KEN_ROLE_TRAIN : KEN_ROLE_TEST;
    ken_model *m = mixed_fit(ctx, c, "trees=10");
    continue_predict(ctx, m, c->X, before);
    for (int i = 0; i < ROWS; i++) c->role[i] = i < ROWS / 2 ? KEN_ROLE_TEST : KEN_ROLE_TRAIN;
    TEST_OK(ctx, ken_model_set(ctx, m, "trees", "60"));
    TEST_OK(ctx, ken_model_fit_on(ctx, m, &c->data));
    continue_predict(ctx, m, c->X, after);
    for (int i = ROWS / 2; i < ROWS; i++) {
        loss[0] += pow(before[i] - c->y[i], 2);
        loss[1] += pow(after[i] - c->y[i], 2);
    }
    assert_true(loss[1] < 0.5 * loss[0]);
    ken_model *first;
    double again[ROWS];
    TEST_OK(ctx, ken_boosting_slice(ctx, m, 0, 10, &first));
    continue_predict(ctx, first, c->X, again);
    assert_memory_equal(before, again, sizeof again);
    ken_model_free(m), ken_model_free(first);
    mixed_free(c);
    test_ctx_free(ctx);
}

static void continue_refused(ken_ctx *ctx, ken_model *m, const ken_data *data, ken_status want,
                             const char *part) {
    assert_int_equal(ken_model_fit_on(ctx, m, data), want);
    assert_non_null(strstr(ken_ctx_message(ctx), part));
}

static void test_continue__errors_leave_the_model(void **state) {
    ken_ctx *ctx = test_ctx(1);
    mixed_case *c = mixed_new(ctx, ROWS, VALID, 3);
    ken_model *m = mixed_fit(ctx, c, "trees=4 early_stopping=off"), *other;
    double before[ROWS], after[ROWS];
    (void)state;
    continue_predict(ctx, m, c->X, before);
    continue_refused(ctx, m, &c->data, KEN_E_STATE, "4 rounds already");
    TEST_OK(ctx, ken_model_set(ctx, m, "trees", "9"));
    ken_data data = c->data;
    data.task = KEN_REGRESS;
    continue_refused(ctx, m, &data, KEN_E_ARG, "not to regress");
    c->y[700] = 7;
    continue_refused(ctx, m, &c->data, KEN_E_VALUE, "no class '7'");
    c->y[700] = 0;
    ken_table *narrow;
    TEST_OK(ctx, ken_table_new(ctx, ROWS, &narrow));
    TEST_OK(ctx, ken_table_add_borrow(ctx, narrow, ken_table_column(c->X, 0)));
    data = c->data;
    data.table = narrow;
    assert_int_not_equal(ken_model_fit_on(ctx, m, &data), KEN_OK);
    assert_non_null(strstr(ken_ctx_message(ctx), "'b'"));
    ken_table_free(narrow);
    continue_predict(ctx, m, c->X, after);
    assert_memory_equal(before, after, sizeof after);
    TEST_OK(ctx, ken_model_new(ctx, "boosting", NULL, &other));
    continue_refused(ctx, other, &c->data, KEN_E_STATE, "not fitted");
    ken_model_free(other);
    TEST_OK(ctx, ken_model_new(ctx, "ridge", NULL, &other));
    continue_refused(ctx, other, &c->data, KEN_E_UNSUPPORTED, "ridge");
    ken_model_free(other);
    ken_model_free(m);
    mixed_free(c);
    test_ctx_free(ctx);
}

static ken_status continue_once(ken_ctx *ctx, void *arg) {
    const mixed_case *const c = arg;
    ken_model *m;
    KEN_TRY(ken_model_new(ctx, "boosting", "trees=2", &m));
    ken_status status = ken_model_fit(ctx, m, &c->data);
    if (status == KEN_OK) status = ken_model_set(ctx, m, "trees", "3");
    if (status == KEN_OK) status = ken_model_fit_on(ctx, m, &c->data);
    ken_model_free(m);
    return status;
}

static void test_continue__every_failed_allocation_is_an_error(void **state) {
    ken_ctx *ctx = test_ctx(1);
    mixed_case *c = mixed_new(ctx, ROWS, VALID, 2);
    (void)state;
    test_every_allocation(continue_once, c, 3000);
    mixed_free(c);
    test_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_continue__rounds_and_more_rounds_are_those_of_one_fit),
        cmocka_unit_test(test_continue__new_rows_are_learned),
        cmocka_unit_test(test_continue__errors_leave_the_model),
        cmocka_unit_test(test_continue__every_failed_allocation_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
