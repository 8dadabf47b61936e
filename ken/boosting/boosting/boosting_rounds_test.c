/* Slices and staged predictions: against fits of fewer rounds and against predict. */
#include "ken/boosting/boosting/boosting_testing.h"

enum { ROWS = 1500, VALID = 300 };

static void test_rounds__a_slice_is_the_fit_of_fewer_rounds(void **state) {
    (void)state;
    for (int classes = 0; classes <= 3; classes += classes ? 1 : 2) {
        ken_ctx *ctx = test_ctx(2);
        mixed_case *c = mixed_new(ctx, ROWS, VALID, classes);
        ken_model *all = mixed_fit(ctx, c, "trees=20 early_stopping=off max_onehot=2"), *slice;
        ken_model *few = mixed_fit(ctx, c, "trees=7 early_stopping=off max_onehot=2");
        assert_int_equal(ken_boosting_rounds(all), 20);
        TEST_OK(ctx, ken_boosting_slice(ctx, all, 0, 7, &slice));
        assert_int_equal(ken_boosting_rounds(slice), 7);
        test_same_model(few, slice);
        double *a = test_predict(ctx, few, c->X, KEN_WHAT_MARGIN);
        double *b = test_predict(ctx, slice, c->X, KEN_WHAT_MARGIN);
        assert_memory_equal(a, b, ROWS * sizeof *a);
        free(a), free(b);
        ken_model_free(all), ken_model_free(few), ken_model_free(slice);
        mixed_free(c);
        test_ctx_free(ctx);
    }
}

static void test_rounds__slices_add_up(void **state) {
    ken_ctx *ctx = test_ctx(1);
    mixed_case *c = mixed_new(ctx, ROWS, VALID, 0);
    ken_model *all = mixed_fit(ctx, c, "trees=15 early_stopping=off max_onehot=2"), *a, *b, *again;
    const double base = ken_model_attr_f64(all, "base", (double)NAN);
    (void)state;
    TEST_OK(ctx, ken_boosting_slice(ctx, all, 0, 6, &a));
    TEST_OK(ctx, ken_boosting_slice(ctx, all, 6, 15, &b));
    TEST_OK(ctx, ken_boosting_slice(ctx, b, 0, 9, &again));
    test_same_model(b, again);
    double *x = test_predict(ctx, all, c->X, KEN_WHAT_MARGIN);
    double *y = test_predict(ctx, a, c->X, KEN_WHAT_MARGIN);
    double *z = test_predict(ctx, b, c->X, KEN_WHAT_MARGIN);
    for (int i = 0; i < ROWS; i++) assert_true(fabs(y[i] + z[i] - base - x[i]) < 1e-12);
    free(x), free(y), free(z);
    ken_model_free(all), ken_model_free(a), ken_model_free(b), ken_model_free(again);
    mixed_free(c);
    test_ctx_free(ctx);
}

typedef struct rounds_seen {
    ken_ctx *ctx;
    const ken_model *model;
    const ken_table *X;
    ken_what what;
    int64_t width, next;
} rounds_seen;

/* The bits of predict with a slice. */
static ken_status rounds_look(void *arg, int64_t round, const double *out) {
    rounds_seen *const s = arg;
    ken_model *slice;
    assert_int_equal(round, s->next++);
    if (round == 0 || round % 4 != 3) return KEN_OK;
    TEST_OK(s->ctx, ken_boosting_slice(s->ctx, s->model, 0, round, &slice));
    double *want = test_predict(s->ctx, slice, s->X, s->what);
    assert_memory_equal(want, out, (size_t)(ROWS * s->width) * sizeof *want);
    free(want);
    ken_model_free(slice);
    return KEN_OK;
}

static void test_rounds__staged_predictions_are_those_of_slices(void **state) {
    (void)state;
    for (int classes = 0; classes <= 3; classes += classes ? 1 : 2)
        for (int margin = 0; margin < 2; margin++) {
            ken_ctx *ctx = test_ctx(3);
            mixed_case *c = mixed_new(ctx, ROWS, VALID, classes);
            ken_model *m = mixed_fit(ctx, c, "trees=11 early_stopping=off max_onehot=2");
            rounds_seen s = {.ctx = ctx, .model = m, .X = c->X};
            s.what = margin ? KEN_WHAT_MARGIN : classes ? KEN_WHAT_PROBA : KEN_WHAT_VALUE;
            TEST_OK(ctx, ken_model_width(ctx, m, s.what, &s.width));
            TEST_OK(ctx, ken_boosting_staged(ctx, m, c->X, s.what, rounds_look, &s));
            assert_int_equal(s.next, 12);
            ken_model_free(m);
            mixed_free(c);
            test_ctx_free(ctx);
        }
}

static ken_status rounds_stop(void *arg, int64_t round, const double *out) {
    (void)out;
    *(int64_t *)arg = round;
    return round == 2 ? KEN_E_CANCELLED : KEN_OK;
}

static void test_rounds__errors(void **state) {
    ken_ctx *ctx = test_ctx(1);
    mixed_case *c = mixed_new(ctx, ROWS, VALID, 3);
    ken_model *m = mixed_fit(ctx, c, "trees=5 early_stopping=off"), *out, *ridge;
    int64_t last = -1;
    (void)state;
    assert_int_equal(ken_boosting_slice(ctx, m, 0, 6, &out), KEN_E_ARG);
    assert_null(out);
    assert_non_null(strstr(ken_ctx_message(ctx), "of 5"));
    assert_int_equal(ken_boosting_slice(ctx, m, 3, 3, &out), KEN_E_ARG);
    assert_int_equal(ken_boosting_slice(ctx, m, -1, 3, &out), KEN_E_ARG);
    assert_int_equal(ken_boosting_staged(ctx, m, c->X, KEN_WHAT_VALUE, rounds_stop, &last), KEN_E_ARG);
    assert_int_equal(ken_boosting_staged(ctx, m, c->X, KEN_WHAT_PROBA, rounds_stop, &last),
                     KEN_E_CANCELLED);
    assert_int_equal(last, 2);
    TEST_OK(ctx, ken_model_new(ctx, "ridge", NULL, &ridge));
    assert_int_equal(ken_boosting_slice(ctx, ridge, 0, 1, &out), KEN_E_ARG);
    ken_model_free(ridge);
    TEST_OK(ctx, ken_model_new(ctx, "boosting", NULL, &ridge));
    assert_int_equal(ken_boosting_slice(ctx, ridge, 0, 1, &out), KEN_E_STATE);
    ken_model_free(m), ken_model_free(ridge);
    mixed_free(c);
    test_ctx_free(ctx);
}

/* A file may hold fewer losses than rounds. */
static void test_rounds__a_short_history_is_cut(void **state) {
    ken_ctx *ctx = test_ctx(1);
    mixed_case *c = mixed_new(ctx, ROWS, VALID, 0);
    ken_model *m = mixed_fit(ctx, c, "trees=8 early_stopping=off"), *file, *slice;
    ken_bundle *bundle;
    ken_named_tensor tensor[32];
    double two[2] = {1, 2};
    (void)state;
    TEST_OK(ctx, ken_model_pack(ctx, m, &bundle));
    const int n = ken_bundle_count(bundle);
    assert_in_range(n, 1, 32);
    for (int i = 0; i < n; i++) {
        tensor[i] = *ken_bundle_at(bundle, i);
        if (strcmp(tensor[i].name, "model/validation_loss") == 0)
            tensor[i].tensor = ken_tensor_1d(two, KEN_F64, 2);
    }
    const char *json = ken_bundle_json(bundle);
    TEST_OK(ctx, ken_model_unpack(ctx, "file", json, strlen(json), tensor, n, &file));
    TEST_OK(ctx, ken_boosting_slice(ctx, file, 1, 6, &slice));
    assert_int_equal(ken_tensor_count(ken_model_attr(slice, "validation_loss")), 1);
    ken_model_free(slice);
    TEST_OK(ctx, ken_boosting_slice(ctx, file, 4, 6, &slice));
    assert_int_equal(ken_tensor_count(ken_model_attr(slice, "validation_loss")), 0);
    ken_model_free(slice), ken_model_free(file), ken_model_free(m);
    ken_bundle_free(bundle);
    mixed_free(c);
    test_ctx_free(ctx);
}

static ken_status rounds_slice_once(ken_ctx *ctx, void *arg) {
    mixed_case *const c = arg;
    ken_model *m, *slice = NULL;
    int64_t last;
    KEN_TRY(ken_model_new(ctx, "boosting", "trees=3", &m));
    ken_status status = ken_model_fit(ctx, m, &c->data);
    if (status == KEN_OK) status = ken_boosting_slice(ctx, m, 0, 2, &slice);
    if (status == KEN_OK) {
        status = ken_boosting_staged(ctx, slice, c->X, KEN_WHAT_MARGIN, rounds_stop, &last);
        if (status == KEN_E_CANCELLED) status = KEN_OK;
    }
    ken_model_free(slice);
    ken_model_free(m);
    return status;
}

static void test_rounds__every_failed_allocation_is_an_error(void **state) {
    ken_ctx *ctx = test_ctx(1);
    mixed_case *c = mixed_new(ctx, ROWS, VALID, 0);
    (void)state;
    test_every_allocation(rounds_slice_once, c, 3000);
    mixed_free(c);
    test_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rounds__a_slice_is_the_fit_of_fewer_rounds),
        cmocka_unit_test(test_rounds__slices_add_up),
        cmocka_unit_test(test_rounds__staged_predictions_are_those_of_slices),
        cmocka_unit_test(test_rounds__errors),
        cmocka_unit_test(test_rounds__a_short_history_is_cut),
        cmocka_unit_test(test_rounds__every_failed_allocation_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
