/* Golden numbers: preprocess_golden.py, scikit-learn 1.9.1 (its encoding of new rows; cross-fitting
 * depends on the folds and is tested by what it must do). Tolerance 1e-12: order of summation. */
#include "ken/preprocess/preprocess_test_tables.h"
#include "ken/preprocess/golden/preprocess_golden.h"
#include "ken/preprocess/target_encode/target_encode.h"

static const char *const encode_names[] = {"red", "green", "blue", "ash", "fig"};

static ken_table *encode_levels(ken_ctx *ctx) {
    char spec[2000] = "c string";
    for (int i = 0; i < 60; i++) {
        strcat(spec, " ");
        strcat(spec, encode_names[(i * i + 3 * i) % 11 % 5]);
    }
    return tables_of(ctx, spec);
}

static void encode_against(int kind, double smooth, const double *golden, int k) {
    ken_ctx *ctx = test_ctx(1);
    double y[60];
    for (int i = 0; i < 60; i++) {
        const char *level = encode_names[(i * i + 3 * i) % 11 % 5];
        y[i] = kind == 0   ? sin(i * 0.7) * 3 + (!strcmp(level, "red") ? 2 : 0)
               : kind == 1 ? (i * 37 % 19) + (!strcmp(level, "blue") ? 6 : 0) > 11
                           : (i * 53 % 17) % 3;
    }
    ken_column target = test_column_f64("y", y, 60);
    ken_target_encode_params p = {5, smooth};
    ken_model *m;
    ken_table *X = encode_levels(ctx);
    TEST_OK(ctx, ken_target_encode_new(ctx, &p, &m));
    ken_table *out = tables_fit(ctx, m, X, &target, NULL);
    assert_int_equal(ken_table_cols(out), k);
    tables_near(out, 0, k, golden, 1e-12);
    tables_round_trip(ctx, m, X);
    ken_table_free(out), ken_table_free(X), ken_model_free(m);
    test_ctx_free(ctx);
}

static void test_target_encode__regression_equals_sklearn(void **s) {
    (void)s;
    encode_against(0, 0, golden_target, 1);
}
static void test_target_encode__fixed_smoothing_equals_sklearn(void **s) {
    (void)s;
    encode_against(0, 3, golden_target_smooth, 1);
}
static void test_target_encode__two_classes_equal_sklearn(void **s) {
    (void)s;
    encode_against(1, 0, golden_target_two, 1);
}
static void test_target_encode__three_classes_equal_sklearn(void **s) {
    (void)s;
    encode_against(2, 0, golden_target_three, 3);
}

/* Fits as a recipe does: the table that training rows become. */
static ken_table *encode_train(ken_ctx *ctx, const ken_table *X, const double *y, int64_t n_train,
                               ken_model **m) {
    const ken_problem problem = {
        .task = KEN_REGRESS, .n = ken_table_rows(X), .n_train = n_train, .X = X, .y = y};
    ken_table *out;
    TEST_OK(ctx, ken_target_encode_new(ctx, NULL, m));
    TEST_OK(ctx, ken_model_fit_problem(ctx, *m, &problem, &out));
    return out;
}

static void test_target_encode__a_rows_own_target_does_not_show(void **s) {
    (void)s;
    ken_ctx *ctx = test_ctx(1);
    ken_table *X = encode_levels(ctx);
    double y[60], first[60];
    for (int i = 0; i < 60; i++) y[i] = sin(i);
    for (int k = 0; k < 2; k++) {
        ken_model *m;
        y[7] = k ? 2.5 : y[7];
        ken_table *out = encode_train(ctx, X, y, 60, &m);
        if (k == 0)
            for (int i = 0; i < 60; i++) first[i] = ken_column_f64(ken_table_column(out, 0), i);
        /* The mean of all moves a little with row 7; its level's mean in the other folds does not.
         */
        if (k == 1)
            assert_true(fabs(ken_column_f64(ken_table_column(out, 0), 7) - first[7]) < 0.06);
        ken_table_free(out), ken_model_free(m);
    }
    ken_table_free(X);
    test_ctx_free(ctx);
}

static void test_target_encode__pure_noise_levels_tell_nothing(void **s) {
    (void)s;
    ken_ctx *ctx = test_ctx(1);
    enum { N = 2000 };
    char *spec = calloc(1, N * 8), *at = spec + sprintf(spec, "c string");
    double *y = calloc(N, 8), leak = 0, fitted = 0, mean = 0, yy = 0, ll = 0, ff = 0;
    for (int i = 0; i < N; i++) {
        at += sprintf(at, " l%d", i * 7919 % 1000); /* two rows a level */
        y[i] = (i * 104729ll % 9973) / 9973.0;
        mean += y[i] / N;
    }
    ken_table *X = tables_of(ctx, spec), *full;
    ken_model *m;
    ken_table *crossed = encode_train(ctx, X, y, N, &m);
    TEST_OK(ctx, ken_model_transform(ctx, m, X, &full));
    double mean_l = 0, mean_f = 0;
    for (int i = 0; i < N; i++) {
        mean_l += ken_column_f64(ken_table_column(crossed, 0), i) / N;
        mean_f += ken_column_f64(ken_table_column(full, 0), i) / N;
    }
    for (int i = 0; i < N; i++) {
        const double l = ken_column_f64(ken_table_column(crossed, 0), i) - mean_l;
        const double f = ken_column_f64(ken_table_column(full, 0), i) - mean_f, v = y[i] - mean;
        leak += l * v, fitted += f * v, yy += v * v, ll += l * l, ff += f * f;
    }
    assert_true(fitted / sqrt(ff * yy) > 0.5);      /* without cross-fitting: learned by heart */
    assert_true(fabs(leak) / sqrt(ll * yy) < 0.15); /* with it: next to nothing */
    ken_table_free(full), ken_table_free(crossed), ken_table_free(X), ken_model_free(m), free(spec),
        free(y);
    test_ctx_free(ctx);
}

/* The public verb gives what a recipe would make of the training rows, and then transforms other rows as ever. */
static void test_target_encode__fit_transform_goes_across_folds(void **s) {
    (void)s;
    ken_ctx *ctx = test_ctx(1);
    ken_table *X = encode_levels(ctx), *made, *plain, *later;
    ken_model *m, *again, *ridge;
    double y[60];
    for (int i = 0; i < 60; i++) y[i] = sin(i);
    ken_column target = test_column_f64("y", y, 60);
    const ken_data data = {.table = X, .target = &target, .task = KEN_REGRESS};
    ken_table *crossed = encode_train(ctx, X, y, 60, &again);
    TEST_OK(ctx, ken_target_encode_new(ctx, NULL, &m));
    TEST_OK(ctx, ken_model_fit_transform(ctx, m, &data, &made));
    TEST_OK(ctx, ken_model_transform(ctx, m, X, &plain));
    TEST_OK(ctx, ken_model_transform(ctx, again, X, &later));
    bool differs = false;
    for (int i = 0; i < 60; i++) {
        const double a = ken_column_f64(ken_table_column(made, 0), i);
        assert_true(a == ken_column_f64(ken_table_column(crossed, 0), i));
        differs |= a != ken_column_f64(ken_table_column(plain, 0), i);
        assert_true(ken_column_f64(ken_table_column(plain, 0), i) == ken_column_f64(ken_table_column(later, 0), i));
    }
    assert_true(differs);
    ken_table_free(made), ken_table_free(plain), ken_table_free(later), ken_table_free(crossed);
    y[3] = NAN; /* the rows that come out are those that went in */
    TEST_FAILS(ctx, ken_model_fit_transform(ctx, m, &data, &made), KEN_E_VALUE, "no target");
    assert_null(made);
    TEST_OK(ctx, ken_model_new(ctx, "ridge", NULL, &ridge));
    TEST_FAILS(ctx, ken_model_fit_transform(ctx, ridge, &data, &made), KEN_E_UNSUPPORTED, "not a transformer");
    ken_model_free(ridge), ken_model_free(again), ken_model_free(m), ken_table_free(X);
    test_ctx_free(ctx);
}

static void test_target_encode__missing_is_a_level_and_unseen_the_mean(void **s) {
    (void)s;
    ken_ctx *ctx = test_ctx(1);
    const double y[] = {1, 1, 9, 9, 5, 5};
    ken_column target = test_column_f64("y", y, 6);
    ken_target_encode_params p = {5, 1e-9};
    ken_model *m;
    ken_table *X = tables_of(ctx, "c string a a . . b b\nn f64 1 2 3 4 5 6"),
              *later = tables_of(ctx, "c string . zz\nn f64 1 2"), *out2;
    TEST_OK(ctx, ken_target_encode_new(ctx, &p, &m));
    const ken_data data = {.table = X, .target = &target, .task = KEN_REGRESS};
    TEST_OK(ctx, ken_model_fit(ctx, m, &data));
    TEST_OK(ctx, ken_model_transform(ctx, m, later, &out2));
    TEST_NEAR(ken_column_f64(ken_table_column(out2, 0), 0), 9, 1e-8);
    TEST_NEAR(ken_column_f64(ken_table_column(out2, 0), 1), 5, 1e-12);
    ken_table_free(out2), ken_table_free(later), ken_table_free(X), ken_model_free(m);
    test_ctx_free(ctx);
}

static void test_target_encode__validation_rows_use_all_training_rows(void **s) {
    (void)s;
    ken_ctx *ctx = test_ctx(1);
    ken_table *X = encode_levels(ctx), *full;
    double y[60];
    for (int i = 0; i < 60; i++) y[i] = i < 40 ? sin(i) : 1e6; /* targets there must not matter */
    ken_model *m;
    ken_table *out = encode_train(ctx, X, y, 40, &m);
    TEST_OK(ctx, ken_model_transform(ctx, m, X, &full));
    for (int i = 40; i < 60; i++) {
        assert_true(ken_column_f64(ken_table_column(out, 0), i) ==
                    ken_column_f64(ken_table_column(full, 0), i));
        assert_true(fabs(ken_column_f64(ken_table_column(out, 0), i)) <= 1);
    }
    ken_table_free(out), ken_table_free(full), ken_table_free(X), ken_model_free(m);
    test_ctx_free(ctx);
}

static void test_target_encode__needs_a_target(void **s) {
    (void)s;
    ken_ctx *ctx = test_ctx(1);
    ken_table *X = encode_levels(ctx);
    const ken_data data = {.table = X};
    ken_model *m;
    TEST_OK(ctx, ken_target_encode_new(ctx, NULL, &m));
    TEST_FAILS(ctx, ken_model_fit(ctx, m, &data), KEN_E_ARG, "target");
    ken_table_free(X), ken_model_free(m);
    test_ctx_free(ctx);
}

static ken_status encode_allocates(ken_ctx *ctx, void *arg) {
    static const double y[] = {1, 2, 3, 5};
    const ken_column target = {.name = "y", .dtype = KEN_F64, .n = 4, .data = y, .stride = 1};
    ken_model *m = NULL;
    ken_table *X = NULL, *out = NULL;
    (void)arg;
    ken_status status = tables_make(ctx, "c category x . x y\nd string q r . q", &X);
    const ken_data data = {.table = X, .target = &target, .task = KEN_REGRESS};
    if (status == KEN_OK) status = ken_target_encode_new(ctx, NULL, &m);
    if (status == KEN_OK) status = ken_model_fit_transform(ctx, m, &data, &out);
    ken_table_free(out), out = NULL;
    if (status == KEN_OK) status = ken_model_transform(ctx, m, X, &out);
    ken_table_free(out), ken_table_free(X), ken_model_free(m);
    return status;
}

static void test_target_encode__every_allocation_may_fail(void **s) {
    (void)s;
    test_every_allocation(encode_allocates, NULL, 1000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_target_encode__regression_equals_sklearn),
        cmocka_unit_test(test_target_encode__fixed_smoothing_equals_sklearn),
        cmocka_unit_test(test_target_encode__two_classes_equal_sklearn),
        cmocka_unit_test(test_target_encode__three_classes_equal_sklearn),
        cmocka_unit_test(test_target_encode__a_rows_own_target_does_not_show),
        cmocka_unit_test(test_target_encode__pure_noise_levels_tell_nothing),
        cmocka_unit_test(test_target_encode__fit_transform_goes_across_folds),
        cmocka_unit_test(test_target_encode__missing_is_a_level_and_unseen_the_mean),
        cmocka_unit_test(test_target_encode__validation_rows_use_all_training_rows),
        cmocka_unit_test(test_target_encode__needs_a_target),
        cmocka_unit_test(test_target_encode__every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
