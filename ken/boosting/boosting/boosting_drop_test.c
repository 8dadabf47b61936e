/* DART: what the fit believes of its margins is what the stored trees say; how often rounds are left
 * out; against LightGBM and XGBoost. */
#include "ken/boosting/boosting/boosting_state.h"

#include "ken/core/rng.h"
#include "tests/support.h"

enum { ROWS = 1500, COLUMNS = 4, VALID = 300, NEW = 1500 };

typedef struct drop_case {
    ken_table *X, *X_new;
    double y[ROWS], weight[ROWS], y_new[NEW];
    uint8_t role[ROWS];
    ken_column target, weights;
    ken_data data;
} drop_case;

static void drop_rows(ken_ctx *ctx, const char *stream, int classes, ken_table **X, double *y) {
    ken_rng rng = ken_rng_stream(ctx, stream, 0);
    double *x = malloc(ROWS * COLUMNS * sizeof *x);
    for (int i = 0; i < ROWS; i++) {
        double *const r = x + i * COLUMNS;
        for (int j = 0; j < COLUMNS; j++) r[j] = ken_rng_f64(&rng);
        y[i] = sin(6 * r[0]) + r[1] * r[1] + (r[2] > 0.7) + 0.3 * ken_rng_normal(&rng);
        if (classes) y[i] = fmin(fmax(floor((y[i] + 1.2) / 4 * classes), 0), classes - 1);
    }
    *X = test_table(ctx, x, ROWS, COLUMNS);
    free(x);
}

static drop_case *drop_new(ken_ctx *ctx, int classes) {
    drop_case *c = calloc(1, sizeof *c);
    drop_rows(ctx, "rows", classes, &c->X, c->y);
    drop_rows(ctx, "new", classes, &c->X_new, c->y_new);
    for (int i = 0; i < ROWS; i++) {
        c->role[i] = i < ROWS - VALID ? KEN_ROLE_TRAIN : KEN_ROLE_VALIDATION;
        c->weight[i] = (double)(i % 3);
    }
    c->target = test_column_f64("y", c->y, ROWS);
    c->weights = test_column_f64("w", c->weight, ROWS);
    c->data = (ken_data){.table = c->X, .target = &c->target, .role = c->role,
                         .task = classes ? KEN_CLASSIFY : KEN_REGRESS};
    return c;
}

static void drop_free(drop_case *c) {
    ken_table_free(c->X), ken_table_free(c->X_new);
    free(c);
}

static ken_model *drop_fit(ken_ctx *ctx, const drop_case *c, const char *settings) {
    return test_fit(ctx, "boosting", settings, &c->data);
}

/* Margins of the fit, by its views, against the sum of the trees that it leaves, rows of training and
 * of validation. */
static void test_drop__margins_are_the_sum_of_the_stored_trees(void **state) {
    static const char *const settings[] = {
        "trees=40 drop_rate=0.2 skip_drop=0.3 early_stopping=off",
        "trees=40 drop_rate=0.5 skip_drop=0 drop_scale=forest learning_rate=0.2 early_stopping=off",
        "trees=30 drop_rate=1 skip_drop=0 max_drop=7 early_stopping=off loss=auto sampling=goss"};
    (void)state;
    for (int classes = 0; classes <= 3; classes += classes ? 1 : 2)
        for (int f = 0; f < KEN_COUNT(settings); f++) {
            ken_ctx *ctx = test_ctx(2);
            drop_case *c = drop_new(ctx, classes);
            ken_model *m;
            ken_trace *trace;
            int64_t width = classes == 3 ? 3 : 1;
            double *fit = malloc((size_t)(ROWS * width) * sizeof *fit);
            double *sum = malloc((size_t)(ROWS * width) * sizeof *sum);
            TEST_OK(ctx, ken_model_new(ctx, "boosting", settings[f], &m));
            TEST_OK(ctx, ken_model_trace(ctx, m, &c->data, &trace));
            TEST_OK(ctx, ken_trace_seek(trace, 1000));
            const ken_progress *at = ken_trace_at(trace);
            memcpy(fit, at->views[0].tensor->data, (size_t)(ROWS * width) * sizeof *fit);
            TEST_OK(ctx, ken_trace_end(trace, true));
            ken_tensor t = ken_tensor_2d(sum, KEN_F64, ROWS, width);
            TEST_OK(ctx, ken_model_predict(ctx, m, c->X, KEN_WHAT_MARGIN, &t));
            for (int64_t i = 0; i < ROWS; i++)
                for (int64_t k = 0; k < width; k++)
                    assert_true(fabs(fit[k * ROWS + i] - sum[i * width + k]) < 1e-10);
            free(fit), free(sum);
            ken_model_free(m);
            drop_free(c);
            test_ctx_free(ctx);
        }
}

static void test_drop__without_drops_it_is_boosting(void **state) {
    ken_ctx *ctx = test_ctx(1);
    drop_case *c = drop_new(ctx, 2);
    ken_model *a = drop_fit(ctx, c, "trees=15 linear_leaves=false");
    ken_model *b = drop_fit(ctx, c, "trees=15 drop_rate=0.3 skip_drop=1");
    (void)state;
    test_same_model(a, b);
    ken_model_free(a), ken_model_free(b);
    drop_free(c);
    test_ctx_free(ctx);
}

static void test_drop__any_thread_count_gives_the_same_bits(void **state) {
    static const int threads[] = {2, 3, 7};
    const char *const settings = "trees=25 drop_rate=0.3 skip_drop=0.2 patience=100";
    ken_ctx *one = test_ctx(1);
    drop_case *c = drop_new(one, 3);
    ken_model *first = drop_fit(one, c, settings);
    (void)state;
    for (int t = 0; t < KEN_COUNT(threads); t++) {
        ken_ctx *ctx = test_ctx(threads[t]);
        ken_model *m = drop_fit(ctx, c, settings);
        test_same_model(first, m);
        ken_model_free(m);
        test_ctx_free(ctx);
    }
    ken_model_free(first);
    drop_free(c);
    test_ctx_free(one);
}

/* A fit that is stopped early has the weights of its best round: those of a fit of so many rounds. */
static void test_drop__an_early_stop_is_a_fit_of_fewer_rounds(void **state) {
    ken_ctx *ctx = test_ctx(1);
    drop_case *c = drop_new(ctx, 0);
    ken_model *a = drop_fit(ctx, c, "trees=300 drop_rate=0.2 learning_rate=0.3 patience=10"), *b;
    char settings[128];
    (void)state;
    const int64_t rounds = ken_boosting_rounds(a);
    assert_true(rounds > 5 && rounds < 290);
    snprintf(settings, sizeof settings,
             "trees=%d drop_rate=0.2 learning_rate=0.3 early_stopping=off", (int)rounds);
    b = drop_fit(ctx, c, settings);
    const ken_tensor *x = ken_model_attr(a, "value"), *y = ken_model_attr(b, "value");
    assert_int_equal(ken_tensor_count(x), ken_tensor_count(y));
    assert_memory_equal(x->data, y->data, (size_t)ken_tensor_count(x) * sizeof(double));
    ken_model_free(a), ken_model_free(b);
    drop_free(c);
    test_ctx_free(ctx);
}

/* Draws alone: 400 rounds whose trees are leaves of 0. */
static void test_drop__rounds_are_dropped_at_the_rate(void **state) {
    enum { ROUNDS = 400 };
    ken_ctx *ctx = test_ctx(1);
    ken_boosting_params p = KEN_BOOSTING_DEFAULTS;
    p.drop_rate = 0.1, p.skip_drop = 0.25, p.max_drop = 1000;
    (void)state;
    boosting_fit s = {.p = &p};
    s.loss.outputs = 1; /* no rows: nothing to add up */
    double expected = 0, variance = 0;
    int64_t skipped = 0;
    for (int r = 0; r < ROUNDS; r++) {
        s.n_trees = (size_t)r;
        TEST_OK(ctx, ken__boosting_drop_begin(ctx, &s));
        skipped += r > 0 && s.drop.n == 0;
        if (r > 0) { /* at least one: an empty draw, of probability 0.9^r, becomes 1 */
            const double n = 0.1 * r + pow(0.9, r), squares = 0.09 * r + 0.01 * r * r + pow(0.9, r);
            expected += 0.75 * n;
            variance += 0.75 * squares - 0.75 * 0.75 * n * n;
        }
        const double birth = s.drop.n ? 1 / ((double)s.drop.n + p.learning_rate) : 1;
        TEST_NEAR(s.shrinkage, p.learning_rate * birth, 1e-15);
        for (size_t d = s.drop.n_log - (size_t)s.drop.n; d < s.drop.n_log; d++)
            assert_true(s.drop.log[d].round < r && s.drop.log[d].at == r);
    }
    assert_true(fabs((double)s.drop.n_log - expected) < 4 * sqrt(variance));
    assert_true(fabs((double)skipped - 0.25 * 399) < 4 * sqrt(399 * 0.25 * 0.75));
    ken__boosting_drop_free(ctx, &s);
    test_ctx_free(ctx);
}

static double drop_error(ken_ctx *ctx, const drop_case *c, const char *settings) {
    ken_model *m = drop_fit(ctx, c, settings);
    double out[NEW], sum = 0;
    ken_tensor t = ken_tensor_2d(out, KEN_F64, NEW, 1);
    TEST_OK(ctx, ken_model_predict(ctx, m, c->X_new, KEN_WHAT_VALUE, &t));
    for (int i = 0; i < NEW; i++) sum += pow(out[i] - c->y_new[i], 2);
    ken_model_free(m);
    return sqrt(sum / NEW);
}

static void test_drop__predicts_about_like_boosting(void **state) {
    ken_ctx *ctx = test_ctx(2);
    drop_case *c = drop_new(ctx, 0);
    const double plain = drop_error(ctx, c, "trees=150 learning_rate=0.1 early_stopping=off");
    const double dart = drop_error(
        ctx, c, "trees=150 learning_rate=0.1 drop_rate=0.1 early_stopping=off");
    (void)state;
    assert_true(plain < 0.36 && dart < 1.05 * plain); /* the noise is 0.3 */
    drop_free(c);
    test_ctx_free(ctx);
}

static ken_status drop_once(ken_ctx *ctx, void *arg) {
    const drop_case *const c = arg;
    ken_model *m;
    KEN_TRY(ken_model_new(ctx, "boosting", "trees=4 drop_rate=0.5 skip_drop=0", &m));
    const ken_status status = ken_model_fit(ctx, m, &c->data);
    ken_model_free(m);
    return status;
}

static void test_drop__every_failed_allocation_is_an_error(void **state) {
    ken_ctx *ctx = test_ctx(1);
    drop_case *c = drop_new(ctx, 3);
    (void)state;
    test_every_allocation(drop_once, c, 3000);
    drop_free(c);
    test_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_drop__margins_are_the_sum_of_the_stored_trees),
        cmocka_unit_test(test_drop__without_drops_it_is_boosting),
        cmocka_unit_test(test_drop__any_thread_count_gives_the_same_bits),
        cmocka_unit_test(test_drop__an_early_stop_is_a_fit_of_fewer_rounds),
        cmocka_unit_test(test_drop__rounds_are_dropped_at_the_rate),
        cmocka_unit_test(test_drop__predicts_about_like_boosting),
        cmocka_unit_test(test_drop__every_failed_allocation_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
