/* Constraints on columns: what must hold for every row that there can be, not only for those seen. */
#include "ken/boosting/boosting/boosting.h"

#include "ken/core/rng.h"
#include "tests/support.h"

enum { N = 1500, LEVELS = 5, AT_A = 40, AT_B = 12, AT_C = 5 };

static const int64_t test_offsets[] = {0, 1, 2, 3, 4, 5};

typedef struct constrain_case {
    ken_table *X, *grid; /* a, b, c numbers with missing cells, k a category */
    ken_column y;
    double *values;
    int32_t *label;
} constrain_case;

static ken_table *test_columns(ken_ctx *ctx, const double *x, const int32_t *level, int64_t n) {
    const ken_column k = {.name = "k", .dtype = KEN_CATEGORY, .n = n, .data = level, .stride = 1,
                          .text = {LEVELS, test_offsets, "pqrst"}};
    static const char *const names[] = {"a", "b", "c"};
    ken_table *X = NULL;
    TEST_OK(ctx, ken_table_new(ctx, n, &X));
    for (int j = 0; j < 3; j++) {
        ken_column c = test_column_f64(names[j], x + j * n, n);
        TEST_OK(ctx, ken_table_add_copy(ctx, X, &c));
    }
    TEST_OK(ctx, ken_table_add_copy(ctx, X, &k));
    return X;
}

/* Every value of a, within every value of b, c and k; missing ones, too. */
static ken_table *test_grid(ken_ctx *ctx) {
    const int64_t n = AT_A * AT_B * AT_C * LEVELS;
    double *x = malloc((size_t)n * 3 * sizeof *x);
    int32_t *level = malloc((size_t)n * sizeof *level);
    for (int64_t i = 0; i < n; i++) {
        const int64_t a = i % AT_A, b = i / AT_A % AT_B, c = i / AT_A / AT_B % AT_C;
        x[i] = a == AT_A - 1 ? (double)NAN : (double)a * 30 / AT_A - 2;
        x[n + i] = b == AT_B - 1 ? (double)NAN : (double)b * 28 / AT_B;
        x[2 * n + i] = c == AT_C - 1 ? (double)NAN : (double)c * 6;
        level[i] = (int32_t)(i / AT_A / AT_B / AT_C);
    }
    ken_table *grid = test_columns(ctx, x, level, n);
    free(x);
    free(level);
    return grid;
}

/* Rises and falls with a and b by turns, so that a constraint has something to do. */
static constrain_case test_case(ken_ctx *ctx, int classes) {
    constrain_case t = {.values = malloc(N * sizeof(double)), .label = malloc(N * sizeof(int32_t))};
    ken_rng rng = ken_rng_stream(ctx, "constrain", 0);
    double *x = malloc(3 * N * sizeof *x);
    int32_t level[N];
    for (int i = 0; i < N; i++) {
        double r[3];
        for (int j = 0; j < 3; j++) r[j] = floor(ken_rng_f64(&rng) * 200) / 8;
        level[i] = (int32_t)ken_rng_below(&rng, LEVELS);
        const double f = 4 * sin(r[0] / 3) + r[0] / 4 - r[1] / 5 + 2 * cos(r[1] / 2 + r[2] / 9) +
                         level[i] * (r[0] > 9 ? 1 : -1);
        t.values[i] = exp((f + ken_rng_normal(&rng)) / 4);
        t.label[i] = classes > 2 ? (int32_t)fmin(fmax(f, 0), 2) : f + ken_rng_normal(&rng) > 1;
        for (int j = 0; j < 3; j++) x[j * N + i] = ken_rng_below(&rng, 9) ? r[j] : (double)NAN;
    }
    t.X = test_columns(ctx, x, level, N);
    t.grid = test_grid(ctx);
    t.y = test_column_f64("y", t.values, N);
    if (classes)
        t.y = (ken_column){.name = "y", .dtype = KEN_CATEGORY, .n = N, .data = t.label, .stride = 1,
                           .text = {classes, test_offsets, "uvw"}};
    free(x);
    return t;
}

static void test_case_free(constrain_case *t) {
    ken_table_free(t->X);
    ken_table_free(t->grid);
    free(t->values);
    free(t->label);
}

static ken_status test_try(ken_ctx *ctx, const constrain_case *t, const char *settings, ken_model **out) {
    const ken_data data = {.table = t->X, .target = &t->y,
                           .task = t->y.dtype == KEN_CATEGORY ? KEN_CLASSIFY : KEN_REGRESS};
    TEST_OK(ctx, ken_model_new(ctx, "boosting", settings, out));
    return ken_model_fit(ctx, *out, &data);
}

static ken_model *test_fit(ken_ctx *ctx, const constrain_case *t, const char *settings) {
    ken_model *m = NULL;
    TEST_OK(ctx, test_try(ctx, t, settings, &m));
    return m;
}

static double *test_margin(ken_ctx *ctx, const ken_model *m, const ken_table *X) {
    double *out = malloc((size_t)ken_table_rows(X) * sizeof *out);
    ken_tensor T = ken_tensor_2d(out, KEN_F64, ken_table_rows(X), 1);
    TEST_OK(ctx, ken_model_predict(ctx, m, X, KEN_WHAT_MARGIN, &T));
    return out;
}

static double test_squares(ken_ctx *ctx, const constrain_case *t, const ken_model *m) {
    double *p = test_margin(ctx, m, t->X), sum = 0;
    for (int i = 0; i < N; i++) sum += (p[i] - t->values[i]) * (p[i] - t->values[i]);
    free(p);
    return sum / N;
}

/* --- monotone ----------------------------------------------------------------------------------- */

/* Steps along a that fall (broken[0]) and along b that rise (broken[1]), among all of the grid. */
static void test_count_broken(const double *p, int64_t n, int64_t broken[2]) {
    broken[0] = broken[1] = 0;
    for (int64_t i = 0; i < n; i++) {
        const int64_t a = i % AT_A, b = i / AT_A % AT_B;
        if (a + 2 < AT_A) broken[0] += p[i + 1] < p[i];
        if (b + 2 < AT_B) broken[1] += p[i + AT_A] > p[i];
    }
}

static void test_boosting_constrain__predictions_are_monotone_everywhere(void **state) {
    static const struct {
        const char *settings;
        int classes;
    } list[] = {{"loss=squared", 0},
                {"loss=squared growth=depthwise max_depth=5", 0},
                {"loss=squared max_leaves=400 min_leaf_rows=1 learning_rate=0.5", 0},
                {"loss=squared l1=2 max_bins=7 row_fraction=0.5 column_fraction=0.5", 0},
                {"loss=absolute", 0},
                {"loss=huber", 0},
                {"loss=quantile quantile=0.9", 0},
                {"loss=poisson", 0},
                {"loss=gamma max_onehot=0 category_smooth=1", 0},
                {"loss=tweedie", 0},
                {"loss=logistic", 2}};
    ken_ctx *ctx = test_ctx(2);
    (void)state;
    for (int l = 0; l < KEN_COUNT(list); l++)
        for (int held = 0; held < 2; held++) {
            constrain_case t = test_case(ctx, list[l].classes);
            char settings[256];
            int64_t broken[2];
            snprintf(settings, sizeof settings, "trees=25 early_stopping=off %s %s", list[l].settings,
                     held ? "increasing=a decreasing=b" : "");
            ken_model *m = test_fit(ctx, &t, settings);
            double *p = test_margin(ctx, m, t.grid);
            test_count_broken(p, ken_table_rows(t.grid), broken);
            assert_true(held ? broken[0] + broken[1] == 0 : broken[0] > 20 && broken[1] > 20);
            free(p);
            ken_model_free(m);
            test_case_free(&t);
        }
    test_ctx_free(ctx);
}

/* Leaves of one tree on one column: isotonic regression of their means, which the pool of adjacent
 * violators gives. */
static void test_boosting_constrain__one_column_is_isotonic_regression(void **state) {
    enum { GROUPS = 12, EACH = 10 };
    double x[GROUPS * EACH], y[GROUPS * EACH], mean[GROUPS], size[GROUPS];
    ken_ctx *ctx = test_ctx(1);
    ken_rng rng = ken_rng_stream(ctx, "isotonic", 0);
    int blocks = 0;
    (void)state;
    for (int g = 0; g < GROUPS; g++) {
        double sum = 0;
        for (int i = 0; i < EACH; i++) {
            x[g * EACH + i] = g;
            sum += y[g * EACH + i] = floor(32 * (g * 0.4 + 3 * ken_rng_normal(&rng))) / 32;
        }
        mean[blocks] = sum / EACH;
        size[blocks++] = 1;
        for (; blocks > 1 && mean[blocks - 2] >= mean[blocks - 1]; blocks--) {
            const double s = size[blocks - 2] + size[blocks - 1];
            mean[blocks - 2] = (mean[blocks - 2] * size[blocks - 2] + mean[blocks - 1] * size[blocks - 1]) / s;
            size[blocks - 2] = s;
        }
    }
    assert_true(blocks > 2 && blocks < GROUPS - 2);
    ken_table *X = test_table(ctx, x, GROUPS * EACH, 1);
    const ken_column target = test_column_f64("y", y, GROUPS * EACH);
    const ken_data data = {.table = X, .target = &target, .task = KEN_REGRESS};
    ken_model *m = NULL;
    TEST_OK(ctx, ken_model_new(ctx, "boosting",
                               "trees=1 learning_rate=1 l2=0 row_fraction=1 min_leaf_rows=1 increasing=x0", &m));
    TEST_OK(ctx, ken_model_fit(ctx, m, &data));
    double *p = test_margin(ctx, m, X);
    for (int b = 0, g = 0; b < blocks; b++)
        for (int k = 0; k < (int)size[b]; k++, g++)
            test_near_(p[g * EACH], mean[b], 1e-9, 1e-9, "block", __FILE__, __LINE__);
    free(p);
    ken_model_free(m);
    ken_table_free(X);
    test_ctx_free(ctx);
}

/* A target that is monotone already loses next to nothing; constraints on columns that no tree asks
 * about lose nothing. */
static void test_boosting_constrain__a_true_constraint_costs_little(void **state) {
    ken_ctx *ctx = test_ctx(1);
    constrain_case t = test_case(ctx, 0);
    const double *a = ken_table_column(t.X, 0)->data, *b = ken_table_column(t.X, 1)->data;
    ken_rng rng = ken_rng_stream(ctx, "true", 0);
    (void)state;
    for (int i = 0; i < N; i++)
        t.values[i] = (a[i] == a[i] ? a[i] : 5) - (b[i] == b[i] ? b[i] : 9) / 2 + ken_rng_normal(&rng) / 4;
    ken_model *free_one = test_fit(ctx, &t, "trees=100 early_stopping=off");
    ken_model *held = test_fit(ctx, &t, "trees=100 early_stopping=off increasing=a decreasing=b");
    assert_true(test_squares(ctx, &t, held) < 1.5 * test_squares(ctx, &t, free_one));
    assert_true(test_squares(ctx, &t, held) < 0.1);
    ken_model_free(free_one);
    ken_model_free(held);
    test_case_free(&t);
    test_ctx_free(ctx);
}

static void test_same(const ken_model *a, const ken_model *b) {
    for (int i = 0; i < ken_model_n_attrs(a); i++) {
        const ken_tensor *x = ken_model_attr(a, ken_model_attr_name(a, i));
        const ken_tensor *y = ken_model_attr(b, ken_model_attr_name(a, i));
        assert_int_equal(ken_tensor_count(x), ken_tensor_count(y));
        assert_memory_equal(x->data, y->data, (size_t)ken_tensor_count(x) * ken_dtype_size(x->dtype));
    }
}

static void test_boosting_constrain__any_thread_count_gives_the_same_bits(void **state) {
    static const int threads[] = {1, 2, 3, 7};
    static const char *const list[] = {"increasing=a decreasing=b",
                                       "loss=absolute increasing=a|b growth=depthwise max_depth=6"};
    (void)state;
    for (int l = 0; l < KEN_COUNT(list); l++) {
        ken_model *first = NULL;
        ken_ctx *owner = NULL;
        for (int k = 0; k < KEN_COUNT(threads); k++) {
            ken_ctx *ctx = test_ctx(threads[k]);
            constrain_case t = test_case(ctx, 0);
            char settings[256];
            snprintf(settings, sizeof settings, "trees=12 early_stopping=off %s", list[l]);
            ken_model *m = test_fit(ctx, &t, settings);
            test_case_free(&t);
            if (!first) {
                first = m;
                owner = ctx;
                continue;
            }
            test_same(first, m);
            ken_model_free(m);
            test_ctx_free(ctx);
        }
        ken_model_free(first);
        test_ctx_free(owner);
    }
}

static void test_boosting_constrain__wrong_names_are_errors(void **state) {
    ken_ctx *ctx = test_ctx(1);
    static const struct {
        const char *settings, *part;
        int classes;
        ken_status status;
    } list[] = {{"increasing=a|bb", "bb", 0, KEN_E_NOT_FOUND},
                {"increasing=k", "category", 0, KEN_E_ARG},
                {"increasing=a|c decreasing=b|c", "both", 0, KEN_E_ARG},
                {"increasing=a", "3 classes", 3, KEN_E_ARG}};
    (void)state;
    for (int l = 0; l < KEN_COUNT(list); l++) {
        constrain_case t = test_case(ctx, list[l].classes);
        ken_model *m = NULL;
        TEST_FAILS(ctx, test_try(ctx, &t, list[l].settings, &m), list[l].status, list[l].part);
        ken_model_free(m);
        test_case_free(&t);
    }
    test_ctx_free(ctx);
}

static ken_status test_fit_once(ken_ctx *ctx, void *arg) {
    const ken_data data = {.table = ((constrain_case *)arg)->X, .target = &((constrain_case *)arg)->y,
                           .task = KEN_REGRESS};
    ken_model *m = NULL;
    ken_status status = ken_model_new(ctx, "boosting", "trees=2 max_leaves=8 increasing=a decreasing=b", &m);
    if (status == KEN_OK) status = ken_model_fit(ctx, m, &data);
    ken_model_free(m);
    return status;
}

static void test_boosting_constrain__every_failed_allocation_is_an_error(void **state) {
    ken_ctx *ctx = test_ctx(1);
    constrain_case t = test_case(ctx, 0);
    (void)state;
    test_every_allocation(test_fit_once, &t, 2000);
    test_case_free(&t);
    test_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_boosting_constrain__predictions_are_monotone_everywhere),
        cmocka_unit_test(test_boosting_constrain__one_column_is_isotonic_regression),
        cmocka_unit_test(test_boosting_constrain__a_true_constraint_costs_little),
        cmocka_unit_test(test_boosting_constrain__any_thread_count_gives_the_same_bits),
        cmocka_unit_test(test_boosting_constrain__wrong_names_are_errors),
        cmocka_unit_test(test_boosting_constrain__every_failed_allocation_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
