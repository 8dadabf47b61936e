/* Refit: on the rows of the fit nothing changes, to the bit, also where each tree was grown on a sample of them
 * (leaf_rows=all); on others, the formula, leaf by leaf. */
#include "ken/boosting/boosting/boosting.h"

#include "ken/core/alloc.h"
#include "ken/core/rng.h"
#include "tests/support.h"

enum { ROWS = 1000, COLUMNS = 3 };

typedef struct refit_case {
    ken_table *X;
    double y[ROWS], weight[ROWS];
    ken_column target, weights;
    ken_data data;
} refit_case;

static refit_case *refit_new(ken_ctx *ctx, const char *stream, int classes, bool positive) {
    refit_case *c = calloc(1, sizeof *c);
    ken_rng rng = ken_rng_stream(ctx, stream, (uint64_t)classes);
    double *x = malloc(ROWS * COLUMNS * sizeof *x);
    for (int i = 0; i < ROWS; i++) {
        double *const r = x + i * COLUMNS;
        for (int j = 0; j < COLUMNS; j++) r[j] = ken_rng_f64(&rng);
        c->y[i] = sin(6 * r[0]) + r[1] + 0.3 * ken_rng_normal(&rng);
        if (positive) c->y[i] = floor(exp(c->y[i]));
        if (classes) c->y[i] = fmin(fmax(floor((c->y[i] + 1) / 3 * classes), 0), classes - 1);
        if (i % 8 == 0) r[1] = (double)NAN;
        c->weight[i] = (double)(i % 3);
    }
    c->X = test_table(ctx, x, ROWS, COLUMNS);
    free(x);
    c->target = test_column_f64("y", c->y, ROWS);
    c->weights = test_column_f64("w", c->weight, ROWS);
    c->data = (ken_data){.table = c->X, .target = &c->target,
                         .task = classes ? KEN_CLASSIFY : KEN_REGRESS};
    return c;
}

static void refit_free(refit_case *c) {
    ken_table_free(c->X);
    free(c);
}

static ken_model *refit_fit(ken_ctx *ctx, const refit_case *c, const char *settings) {
    ken_model *m;
    TEST_OK(ctx, ken_model_new(ctx, "boosting", settings, &m));
    TEST_OK(ctx, ken_model_fit(ctx, m, &c->data));
    return m;
}

static double *refit_copy(const ken_model *m, const char *name) {
    const ken_tensor *t = ken_model_attr(m, name);
    double *out = malloc((size_t)ken_tensor_count(t) * sizeof *out);
    memcpy(out, t->data, (size_t)ken_tensor_count(t) * sizeof *out);
    return out;
}

static void refit_predict(ken_ctx *ctx, const ken_model *m, const ken_table *X, double *out) {
    ken_tensor t = ken_tensor_2d(out, KEN_F64, ROWS, 1);
    TEST_OK(ctx, ken_model_predict(ctx, m, X, KEN_WHAT_VALUE, &t));
}

static void test_refit__the_rows_of_the_fit_give_the_model_back(void **state) {
    static const struct {
        const char *settings;
        int classes;
        bool positive, weighted;
    } fits[] = {{"loss=squared", 0, false, false}, {"loss=squared", 0, false, true},
                {"loss=absolute", 0, false, true}, {"loss=huber", 0, false, false},
                {"loss=quantile quantile=0.8", 0, false, false}, {"loss=poisson", 0, true, true},
                {"row_fraction=0.5", 0, false, false},           {"row_fraction=0.3", 2, false, true},
                {"loss=auto", 2, false, false},    {"loss=auto class_weight=balanced", 3, false, true}};
    (void)state;
    for (int f = 0; f < KEN_COUNT(fits); f++) {
        ken_ctx *ctx = test_ctx(2);
        refit_case *c = refit_new(ctx, "fit", fits[f].classes, fits[f].positive);
        char settings[160];
        if (fits[f].weighted) c->data.weight = &c->weights;
        snprintf(settings, sizeof settings, "trees=12 learning_rate=0.2 row_fraction=1 %s",
                 fits[f].settings);
        ken_model *m = refit_fit(ctx, c, settings);
        double *value = refit_copy(m, "value"), *base = refit_copy(m, "base"), out[2][ROWS];
        const int64_t n = ken_tensor_count(ken_model_attr(m, "value"));
        refit_predict(ctx, m, c->X, out[0]);
        for (int decay = 0; decay < 2; decay++) {
            TEST_OK(ctx, ken_model_refit(ctx, m, &c->data, decay));
            assert_memory_equal(value, ken_model_attr(m, "value")->data, (size_t)n * sizeof *value);
            assert_true(base[0] == ken_model_attr_f64(m, "base", (double)NAN));
            refit_predict(ctx, m, c->X, out[1]);
            assert_memory_equal(out[0], out[1], sizeof out[0]);
        }
        free(value), free(base);
        ken_model_free(m);
        refit_free(c);
        test_ctx_free(ctx);
    }
}

/* One tree, squared errors: by the leaves that predict names, residuals from the new base. */
static void test_refit__leaves_move_by_the_formula(void **state) {
    ken_ctx *ctx = test_ctx(1);
    refit_case *old = refit_new(ctx, "fit", 0, false), *c = refit_new(ctx, "other", 0, false);
    ken_model *m = refit_fit(ctx, old, "trees=1 learning_rate=0.4 l2=3 max_leaves=8 row_fraction=1");
    const int64_t n = ken_tensor_count(ken_model_attr(m, "value"));
    double *before = refit_copy(m, "value"), base = ken_model_attr_f64(m, "base", 0), mean = 0;
    double leaf[ROWS], sum[16] = {0}, count[16] = {0};
    ken_tensor t = ken_tensor_2d(leaf, KEN_F64, ROWS, 1);
    (void)state;
    for (int i = 0; i < ROWS; i++) {
        c->y[i] += 2; /* another level */
        mean += c->y[i] / ROWS;
    }
    TEST_OK(ctx, ken_model_predict(ctx, m, c->X, KEN_WHAT_LEAF, &t));
    TEST_OK(ctx, ken_model_refit(ctx, m, &c->data, 0.3));
    base = 0.3 * base + 0.7 * mean;
    TEST_NEAR(ken_model_attr_f64(m, "base", 0), base, 1e-12);
    for (int i = 0; i < ROWS; i++) {
        sum[(int)leaf[i]] += c->y[i] - base;
        count[(int)leaf[i]]++;
    }
    const double *after = ken_model_attr(m, "value")->data;
    const int32_t *feature = ken_model_attr(m, "feature")->data;
    int j = 0;
    for (int64_t i = 0; i < n; i++) {
        if (feature[i] >= 0) continue;
        assert_true(fabs(after[i] - (0.3 * before[i] + 0.7 * 0.4 * sum[j] / (count[j] + 3))) < 1e-9);
        j++;
    }
    assert_int_equal(j, 8);
    free(before);
    ken_model_free(m);
    refit_free(old), refit_free(c);
    test_ctx_free(ctx);
}

static void test_refit__any_thread_count_gives_the_same_bits(void **state) {
    static const int threads[] = {1, 2, 3, 7};
    double first[ROWS], out[ROWS];
    (void)state;
    for (int k = 0; k < KEN_COUNT(threads); k++) {
        ken_ctx *ctx = test_ctx(threads[k]);
        refit_case *old = refit_new(ctx, "fit", 0, false), *c = refit_new(ctx, "other", 0, false);
        ken_model *m = refit_fit(ctx, old, "trees=20");
        TEST_OK(ctx, ken_model_refit(ctx, m, &c->data, 0.5));
        refit_predict(ctx, m, c->X, k ? out : first);
        if (k) assert_memory_equal(first, out, sizeof out);
        ken_model_free(m);
        refit_free(old), refit_free(c);
        test_ctx_free(ctx);
    }
}

static void test_refit__errors_leave_the_model(void **state) {
    static const char *const refused[] = {"drop_rate=0.2", "path_smoothing=1", "increasing=x0"};
    ken_ctx *ctx = test_ctx(1);
    refit_case *c = refit_new(ctx, "fit", 0, false);
    (void)state;
    for (int i = 0; i < KEN_COUNT(refused); i++) {
        char settings[64];
        snprintf(settings, sizeof settings, "trees=2 %s", refused[i]);
        ken_model *m = refit_fit(ctx, c, settings);
        assert_int_equal(ken_model_refit(ctx, m, &c->data, 0), KEN_E_UNSUPPORTED);
        assert_non_null(strstr(ken_ctx_message(ctx), "not refitted"));
        ken_model_free(m);
    }
    ken_model *m = refit_fit(ctx, c, "trees=3"), *ridge;
    double before[ROWS], after[ROWS];
    refit_predict(ctx, m, c->X, before);
    assert_int_equal(ken_model_refit(ctx, m, &c->data, 1.5), KEN_E_ARG);
    assert_int_equal(ken_model_refit(ctx, m, &c->data, (double)NAN), KEN_E_ARG);
    refit_predict(ctx, m, c->X, after);
    assert_memory_equal(before, after, sizeof after);
    ken_model_free(m);
    TEST_OK(ctx, ken_model_new(ctx, "ridge", NULL, &ridge));
    assert_int_equal(ken_model_refit(ctx, ridge, &c->data, 0), KEN_E_UNSUPPORTED);
    ken_model_free(ridge);
    refit_free(c);
    test_ctx_free(ctx);
}

static ken_status refit_once(ken_ctx *ctx, void *arg) {
    const refit_case *const c = arg;
    ken_model *m;
    KEN_TRY(ken_model_new(ctx, "boosting", "trees=2", &m));
    ken_status status = ken_model_fit(ctx, m, &c->data);
    if (status == KEN_OK) status = ken_model_refit(ctx, m, &c->data, 0.5);
    ken_model_free(m);
    return status;
}

static void test_refit__every_failed_allocation_is_an_error(void **state) {
    ken_ctx *ctx = test_ctx(1);
    refit_case *c = refit_new(ctx, "fit", 3, false);
    (void)state;
    test_every_allocation(refit_once, c, 3000);
    refit_free(c);
    test_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refit__the_rows_of_the_fit_give_the_model_back),
        cmocka_unit_test(test_refit__leaves_move_by_the_formula),
        cmocka_unit_test(test_refit__any_thread_count_gives_the_same_bits),
        cmocka_unit_test(test_refit__errors_leave_the_model),
        cmocka_unit_test(test_refit__every_failed_allocation_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
