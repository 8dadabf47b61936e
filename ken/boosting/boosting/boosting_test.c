/* Boosting: against LightGBM and scikit-learn on small tables, and by what must hold for any table.
 */
#include "ken/boosting/boosting/boosting.h"

#include "ken/core/alloc.h"
#include "ken/core/rng.h"
#include "tests/support.h"

/* --- tables -------------------------------------------------------------------------------------
 */

typedef struct boosting_case {
    ken_table *X;
    ken_column y, weight;
    double *values, *weights;
    int32_t *labels;
    int64_t n;
} boosting_case;

static const int64_t test_two_offsets[] = {0, 1, 2, 3, 4, 5};

/* y = smooth function of three of d columns + noise, rounded to eighths; every 11th cell missing.
 */
static boosting_case test_case(ken_ctx *ctx, int64_t n, int d, int classes) {
    boosting_case t = {.n = n};
    ken_rng rng = ken_rng_stream(ctx, "test", 0);
    double *x = malloc((size_t)(n * d) * sizeof *x);
    t.values = malloc((size_t)n * sizeof(double));
    t.weights = malloc((size_t)n * sizeof(double));
    t.labels = malloc((size_t)n * sizeof(int32_t));
    for (int64_t i = 0; i < n; i++) {
        for (int j = 0; j < d; j++) x[i * d + j] = floor(ken_rng_f64(&rng) * 200) / 8;
        const double *r = x + i * d;
        const double f = sin(r[0] / 4) * 4 + (r[1] > 12 ? 3 : 0) + r[2] / 5;
        t.values[i] = floor((f + ken_rng_normal(&rng)) * 8) / 8;
        t.labels[i] = (int32_t)(ken_rng_f64(&rng) < 1 / (1 + exp(-(f - 3))));
        if (classes > 2)
            t.labels[i] = (int32_t)fmin(fmax(floor((f + 4) / 12 * classes), 0), classes - 1);
        t.weights[i] = 1;
        for (int j = 0; j < d; j++)
            if (ken_rng_below(&rng, 11) == 0) x[i * d + j] = (double)NAN;
    }
    t.X = test_table(ctx, x, n, d);
    t.y = test_column_f64("y", t.values, n);
    if (classes)
        t.y = (ken_column){.name = "y",
                           .dtype = KEN_CATEGORY,
                           .n = n,
                           .data = t.labels,
                           .stride = 1,
                           .text = {classes, test_two_offsets, "abcde"}};
    t.weight = test_column_f64("w", t.weights, n);
    free(x);
    return t;
}

static void test_case_free(boosting_case *t) {
    ken_table_free(t->X);
    free(t->values);
    free(t->weights);
    free(t->labels);
}

static ken_data test_data_of(const boosting_case *t, bool weighted) {
    return (ken_data){.table = t->X,
                      .target = &t->y,
                      .weight = weighted ? &t->weight : NULL,
                      .task = t->y.dtype == KEN_CATEGORY ? KEN_CLASSIFY : KEN_REGRESS};
}

static ken_model *case_fit(ken_ctx *ctx, const boosting_case *t, const char *settings,
                           bool weighted) {
    const ken_data data = test_data_of(t, weighted);
    return test_fit(ctx, "boosting", settings, &data);
}

/* --- what must hold
 * ------------------------------------------------------------------------------- */

static const char *const test_settings[] = {
    "trees=12 early_stopping=off",
    "trees=8 early_stopping=off row_fraction=0.6 column_fraction=0.5",
    "trees=8 growth=depthwise max_depth=4 max_leaves=1000 early_stopping=off",
    "trees=8 max_leaves=200 min_leaf_rows=1 l1=0.5 l2=2 early_stopping=off"};

typedef struct boosting_setting {
    const char *text;
    int classes;
} boosting_setting;

static ken_model *case_fit_setting(ken_ctx *ctx, void *arg) {
    const boosting_setting *const b = arg;
    boosting_case k = test_case(ctx, 6000, 7, b->classes);
    ken_model *m = case_fit(ctx, &k, b->text, false);
    test_case_free(&k);
    return m;
}

static void test_boosting__any_thread_count_gives_the_same_bits(void **state) {
    static const int classes[] = {0, 2, 3};
    (void)state;
    for (int c = 0; c < KEN_COUNT(classes); c++)
        for (int s = 0; s < KEN_COUNT(test_settings); s++)
            test_same_for_any_threads(case_fit_setting, &(boosting_setting){test_settings[s], classes[c]});
}

/* How many rounds there will be is known when the task is: what a progress bar counts to. */
static void test_boosting__progress_counts_to_the_rounds_of_the_task(void **state) {
    static const int classes[] = {0, 2, 3}, rounds[] = {1000, 400, 500};
    ken_ctx *ctx = test_ctx(1);
    (void)state;
    for (int c = 0; c < 3; c++) {
        boosting_case k = test_case(ctx, 200, 3, classes[c]);
        const ken_data data = test_data_of(&k, false);
        ken_model *m = NULL;
        ken_trace *trace = NULL;
        TEST_OK(ctx, ken_model_new(ctx, "boosting", "early_stopping=off", &m));
        TEST_OK(ctx, ken_model_trace(ctx, m, &data, &trace));
        TEST_OK(ctx, ken_trace_seek(trace, 3));
        assert_int_equal(ken_trace_at(trace)->iteration, 3);
        assert_int_equal(ken_trace_at(trace)->total, rounds[c]);
        TEST_OK(ctx, ken_trace_end(trace, false));
        ken_model_free(m);
        test_case_free(&k);
    }
    test_ctx_free(ctx);
}

/* Of constant leaves: sums of whole numbers know no order. */
static void test_boosting__order_of_rows_does_not_matter(void **state) {
    ken_ctx *ctx = test_ctx(1);
    (void)state;
    for (int classes = 0; classes < 4; classes += 2) {
        boosting_case t = test_case(ctx, 3000, 5, classes);
        ken_model *a = case_fit(ctx, &t, "trees=10 linear_leaves=false row_fraction=1", false);
        int64_t *order = malloc(3000 * sizeof *order);
        ken_rng rng = ken_rng_stream(ctx, "order", 0);
        ken_table *X = NULL;
        for (int64_t i = 0; i < t.n; i++) order[i] = i;
        ken_rng_shuffle(&rng, order, t.n);
        TEST_OK(ctx, ken_table_take(ctx, t.X, order, t.n, &X));
        double *values = malloc(3000 * sizeof *values);
        int32_t *labels = malloc(3000 * sizeof *labels);
        for (int64_t i = 0; i < t.n; i++) {
            values[i] = t.values[order[i]];
            labels[i] = t.labels[order[i]];
        }
        boosting_case u = t;
        u.X = X;
        u.y.data = classes ? (void *)labels : (void *)values;
        ken_model *b = case_fit(ctx, &u, "trees=10 linear_leaves=false row_fraction=1", false);
        test_same_model(a, b);
        ken_model_free(a);
        ken_model_free(b);
        ken_table_free(X);
        free(order);
        free(values);
        free(labels);
        test_case_free(&t);
    }
    test_ctx_free(ctx);
}

static void test_boosting__weight_two_is_a_row_twice(void **state) {
    static const char *const losses[] = {"squared", "absolute", "huber", "quantile", "auto"};
    ken_ctx *ctx = test_ctx(1);
    (void)state;
    for (int l = 0; l < KEN_COUNT(losses); l++) {
        boosting_case t = test_case(ctx, 900, 4, l == 4 ? 2 : 0);
        int64_t order[1800], m = 0;
        double values[1800];
        int32_t labels[1800];
        char settings[160];
        ken_table *X = NULL;
        snprintf(settings, sizeof settings,
                 "trees=6 linear_leaves=false row_fraction=1 column_fraction=1 min_leaf_rows=1 "
                 "min_leaf_weight=5 loss=%s",
                 losses[l]);
        for (int64_t i = 0; i < t.n; i++) {
            /* 1 and 2 of different scale round gradients differently, which may decide a tie */
            const int times = l == 4 ? (i % 3 ? 2 : 0) : (int)(i % 3);
            t.weights[i] = times;
            for (int r = 0; r < times; r++) {
                values[m] = t.values[i];
                labels[m] = t.labels[i];
                order[m++] = i;
            }
        }
        TEST_OK(ctx, ken_table_take(ctx, t.X, order, m, &X));
        boosting_case u = {.X = X, .n = m, .y = t.y};
        u.y.n = m;
        u.y.data = l == 4 ? (void *)labels : (void *)values;
        ken_model *a = case_fit(ctx, &t, settings, true), *b = case_fit(ctx, &u, settings, false);
        double *p = test_predict(ctx, a, t.X, KEN_WHAT_MARGIN);
        double *q = test_predict(ctx, b, t.X, KEN_WHAT_MARGIN);
        for (int64_t i = 0; i < t.n; i++)
            test_near_(p[i], q[i], 1e-5, 1e-5, losses[l], __FILE__, __LINE__);
        free(p);
        free(q);
        ken_model_free(a);
        ken_model_free(b);
        ken_table_free(X);
        test_case_free(&t);
    }
    test_ctx_free(ctx);
}

static void test_boosting__limits_on_trees_hold(void **state) {
    ken_ctx *ctx = test_ctx(2);
    boosting_case t = test_case(ctx, 4000, 5, 2);
    ken_model *m = case_fit(ctx, &t,
                            "trees=7 max_leaves=9 max_depth=4 min_leaf_rows=150 "
                            "early_stopping=off row_fraction=1",
                            false);
    const int64_t *offset = ken_model_attr(m, "tree_offset")->data;
    const int32_t *feature = ken_model_attr(m, "feature")->data;
    const double *cover = ken_model_attr(m, "cover")->data;
    (void)state;
    assert_int_equal(ken_model_attr(m, "tree_offset")->shape[0], 8);
    for (int k = 0; k < 7; k++) {
        int leaves = 0;
        assert_true(cover[offset[k]] == 4000);
        for (int64_t i = offset[k]; i < offset[k + 1]; i++)
            if (feature[i] < 0) {
                leaves++;
                assert_true(cover[i] >= 150);
            }
        assert_in_range(leaves, 2, 9);
    }
    ken_model_free(m);
    test_case_free(&t);
    test_ctx_free(ctx);
}

typedef struct boosting_curve {
    double loss[64];
    int n;
} boosting_curve;

static void test_curve_hook(void *user, const ken_progress *p) {
    boosting_curve *c = user;
    if (c->n < 64) c->loss[c->n++] = p->objective;
}

static void test_boosting__training_loss_never_rises(void **state) {
    /* a gamma or tweedie loss has a floor far above 0: 40 rounds gain less of it */
    static const struct {
        const char *loss;
        int classes;
        double least; /* value of the target, -1e9: as it is */
        double share; /* of the first round's loss: what remains must be less */
    } list[] = {{"squared", 0, -1e9, 0.8},
                {"absolute", 0, -1e9, 0.8},
                {"huber", 0, -1e9, 0.8},
                {"quantile quantile=0.8", 0, -1e9, 0.8},
                {"expectile expectile=0.9", 0, -1e9, 0.8},
                {"poisson", 0, 0, 0.8},
                {"gamma", 0, 0.5, 0.95},
                {"tweedie tweedie_power=1.3", 0, 0, 0.98},
                {"logistic", 2, 0, 0.8},
                {"softmax", 3, 0, 0.8}};
    (void)state;
    for (int l = 0; l < KEN_COUNT(list); l++) {
        boosting_curve curve = {.n = 0};
        ken_ctx *helper = test_ctx(1);
        const ken_ctx_options o = {
            .threads = 2, .seed = 1, .hook = test_curve_hook, .user = &curve};
        ken_ctx *ctx = NULL;
        assert_int_equal(ken_ctx_new(&o, &ctx), KEN_OK);
        boosting_case t = test_case(helper, 2000, 5, list[l].classes);
        for (int64_t i = 0; list[l].least >= 0 && i < t.n; i++)
            t.values[i] = fmax(floor(t.values[i]), list[l].least);
        char settings[128];
        snprintf(settings, sizeof settings,
                 "trees=40 early_stopping=off row_fraction=1 column_fraction=1 loss=%s",
                 list[l].loss);
        ken_model *m = case_fit(ctx, &t, settings, false);
        assert_int_equal(curve.n, 40);
        for (int i = 1; i < curve.n; i++)
            assert_true(curve.loss[i] <= curve.loss[i - 1] * (1 + 1e-9));
        assert_true(curve.loss[39] < list[l].share * curve.loss[0]);
        ken_model_free(m);
        test_case_free(&t);
        ken_ctx_free(ctx);
        test_ctx_free(helper);
    }
}

static void test_boosting__constant_target_is_predicted_exactly(void **state) {
    ken_ctx *ctx = test_ctx(1);
    boosting_case t = test_case(ctx, 500, 3, 0);
    (void)state;
    for (int64_t i = 0; i < t.n; i++) t.values[i] = 2.75;
    ken_model *m = case_fit(ctx, &t, "row_fraction=1 column_fraction=1 node_fraction=1", false);
    double *p = test_predict(ctx, m, t.X, KEN_WHAT_VALUE);
    for (int64_t i = 0; i < t.n; i++) assert_true(p[i] == 2.75);
    assert_int_equal(ken_model_attr(m, "tree_output")->shape[0], 1); /* the first found no split */
    free(p);
    ken_model_free(m);
    test_case_free(&t);
    test_ctx_free(ctx);
}

static void test_boosting__one_class_is_refused(void **state) {
    ken_ctx *ctx = test_ctx(1);
    boosting_case t = test_case(ctx, 100, 3, 2);
    ken_model *m = NULL;
    const ken_data data = test_data_of(&t, false);
    (void)state;
    memset(t.labels, 0, 100 * sizeof *t.labels);
    TEST_OK(ctx, ken_model_new(ctx, "boosting", NULL, &m));
    TEST_FAILS(ctx, ken_model_fit(ctx, m, &data), KEN_E_VALUE, "class");
    ken_model_free(m);
    test_case_free(&t);
    test_ctx_free(ctx);
}

static void test_boosting__wrong_losses_are_refused(void **state) {
    ken_ctx *ctx = test_ctx(1);
    boosting_case t = test_case(ctx, 100, 3, 0), u = test_case(ctx, 100, 3, 3);
    ken_model *m = NULL;
    ken_data data = test_data_of(&t, false);
    (void)state;
    TEST_OK(ctx, ken_model_new(ctx, "boosting", "loss=logistic", &m));
    TEST_FAILS(ctx, ken_model_fit(ctx, m, &data), KEN_E_ARG, "logistic");
    TEST_OK(ctx, ken_model_set(ctx, m, "loss", "poisson"));
    TEST_FAILS(ctx, ken_model_fit(ctx, m, &data), KEN_E_VALUE, "poisson"); /* values below 0 */
    TEST_OK(ctx, ken_model_set(ctx, m, "loss", "tweedie"));
    TEST_FAILS(ctx, ken_model_fit(ctx, m, &data), KEN_E_VALUE, "tweedie");
    for (int64_t i = 0; i < t.n; i++) t.values[i] = i ? 1 : 0;
    TEST_OK(ctx, ken_model_fit(ctx, m, &data));
    TEST_OK(ctx, ken_model_set(ctx, m, "loss", "gamma"));
    TEST_FAILS(ctx, ken_model_fit(ctx, m, &data), KEN_E_VALUE, "gamma"); /* a value of 0 */
    TEST_OK(ctx, ken_model_set(ctx, m, "loss", "poisson"));
    data = test_data_of(&u, false);
    TEST_FAILS(ctx, ken_model_fit(ctx, m, &data), KEN_E_ARG, "poisson");
    TEST_OK(ctx, ken_model_set(ctx, m, "loss", "logistic"));
    TEST_FAILS(ctx, ken_model_fit(ctx, m, &data), KEN_E_ARG, "2 classes");
    ken_model_free(m);
    test_case_free(&t);
    test_case_free(&u);
    test_ctx_free(ctx);
}

/* y depends on whether x is missing only: one split of one tree must find it, whichever side. */
static void test_boosting__missing_values_choose_their_side(void **state) {
    double x[400], y[400];
    ken_ctx *ctx = test_ctx(1);
    (void)state;
    for (int high = 0; high < 2; high++) {
        for (int i = 0; i < 400; i++) {
            x[i] = i % 4 == 0 ? (double)NAN : i;
            y[i] = i % 4 == 0 ? (high ? 300 : 100) : i;
        }
        ken_table *X = test_table(ctx, x, 400, 1);
        const ken_column target = test_column_f64("y", y, 400);
        const ken_data data = {.table = X, .target = &target, .task = KEN_REGRESS};
        ken_model *m = NULL;
        TEST_OK(ctx, ken_model_new(ctx, "boosting",
                                   "trees=1 max_leaves=2 learning_rate=1 l2=0 "
                                   "row_fraction=1 min_leaf_rows=1",
                                   &m));
        TEST_OK(ctx, ken_model_fit(ctx, m, &data));
        assert_int_equal(((const uint8_t *)ken_model_attr(m, "missing_left")->data)[0], !high);
        double *p = test_predict(ctx, m, X, KEN_WHAT_VALUE);
        assert_true(p[0] == (high ? p[399] : p[1]));
        free(p);
        ken_model_free(m);
        ken_table_free(X);
    }
    test_ctx_free(ctx);
}

static void test_boosting__a_column_of_missing_values_is_ignored(void **state) {
    double x[600], y[300];
    ken_ctx *ctx = test_ctx(1);
    (void)state;
    for (int i = 0; i < 300; i++) {
        x[2 * i] = (double)NAN;
        x[2 * i + 1] = i;
        y[i] = i * i;
    }
    ken_table *X = test_table(ctx, x, 300, 2);
    const ken_column target = test_column_f64("y", y, 300);
    const ken_data data = {.table = X, .target = &target, .task = KEN_REGRESS};
    ken_model *m = NULL;
    TEST_OK(ctx, ken_model_new(ctx, "boosting", "column_fraction=1", &m));
    TEST_OK(ctx, ken_model_fit(ctx, m, &data));
    const ken_tensor *feature = ken_model_attr(m, "feature");
    for (int64_t i = 0; i < feature->shape[0]; i++)
        assert_true(((const int32_t *)feature->data)[i] != 0);
    double *p = test_predict(ctx, m, X, KEN_WHAT_VALUE);
    assert_true(fabs(p[150] - y[150]) < 0.1 * y[150]);
    free(p);
    ken_model_free(m);
    ken_table_free(X);
    test_ctx_free(ctx);
}

/* --- categories ---------------------------------------------------------------------------------
 */

static ken_table *test_levels(ken_ctx *ctx, const int32_t *code, int64_t n, int64_t levels) {
    int64_t *offset = calloc((size_t)levels + 1, sizeof *offset);
    char *bytes = malloc((size_t)levels * 8);
    ken_table *X = NULL;
    for (int64_t l = 0; l < levels; l++)
        offset[l + 1] = offset[l] + snprintf(bytes + offset[l], 8, "%lld", (long long)l);
    const ken_column c = {.name = "c",
                          .dtype = KEN_CATEGORY,
                          .n = n,
                          .data = code,
                          .stride = 1,
                          .text = {levels, offset, bytes}};
    TEST_OK(ctx, ken_table_new(ctx, n, &X));
    TEST_OK(ctx, ken_table_add_copy(ctx, X, &c));
    free(offset);
    free(bytes);
    return X;
}

/* Levels 0 .. 29, of which every third has the high mean: one subset split separates them. */
static void test_boosting__one_split_finds_a_subset_of_levels(void **state) {
    enum { N = 3000 };
    static int32_t code[N];
    static double y[N];
    ken_ctx *ctx = test_ctx(1);
    (void)state;
    for (int i = 0; i < N; i++) {
        code[i] = i % 30;
        y[i] = code[i] % 3 == 0 ? 5 : 1;
    }
    ken_table *X = test_levels(ctx, code, N, 30);
    const ken_column target = test_column_f64("y", y, N);
    const ken_data data = {.table = X, .target = &target, .task = KEN_REGRESS};
    ken_model *m = NULL;
    TEST_OK(ctx, ken_model_new(ctx, "boosting",
                               "trees=1 max_leaves=2 learning_rate=1 l2=0 "
                               "row_fraction=1",
                               &m));
    TEST_OK(ctx, ken_model_fit(ctx, m, &data));
    double *p = test_predict(ctx, m, X, KEN_WHAT_VALUE);
    for (int i = 0; i < N; i++) TEST_NEAR(p[i], y[i], 1e-9);
    free(p);
    ken_model_free(m);
    ken_table_free(X);
    test_ctx_free(ctx);
}

static void test_boosting__a_hundred_thousand_levels_are_no_problem(void **state) {
    enum { N = 200000, LEVELS = 100000 };
    int32_t *code = malloc(N * sizeof *code);
    double *y = malloc(N * sizeof *y);
    ken_ctx *ctx = test_ctx(2);
    (void)state;
    for (int i = 0; i < N; i++) {
        code[i] = (int32_t)(i % 5 == 0 ? i % 7 : (i * 7919LL) % LEVELS); /* seven frequent ones */
        y[i] = i % 5 == 0 ? i % 7 : 10;
    }
    ken_table *X = test_levels(ctx, code, N, LEVELS);
    const ken_column target = test_column_f64("y", y, N);
    const ken_data data = {.table = X, .target = &target, .task = KEN_REGRESS};
    ken_model *m = NULL;
    TEST_OK(ctx,
            ken_model_new(ctx, "boosting", "trees=40 learning_rate=0.3 early_stopping=off", &m));
    TEST_OK(ctx, ken_model_fit(ctx, m, &data));
    double *p = test_predict(ctx, m, X, KEN_WHAT_VALUE);
    for (int i = 1000; i < 1010; i++) assert_true(fabs(p[i] - y[i]) < 0.3);
    free(p);
    ken_model_free(m);
    ken_table_free(X);
    free(code);
    free(y);
    test_ctx_free(ctx);
}

/* --- losses -------------------------------------------------------------------------------------
 */

static void test_boosting__quantiles_cover_their_share(void **state) {
    ken_ctx *ctx = test_ctx(2);
    boosting_case t = test_case(ctx, 6000, 4, 0);
    static const double q[] = {0.1, 0.5, 0.9};
    (void)state;
    for (int k = 0; k < 3; k++) {
        char settings[128];
        snprintf(settings, sizeof settings,
                 "loss=quantile quantile=%g trees=100 early_stopping=off "
                 "min_leaf_rows=50",
                 q[k]);
        ken_model *m = case_fit(ctx, &t, settings, false);
        double *p = test_predict(ctx, m, t.X, KEN_WHAT_VALUE);
        double below = 0;
        for (int64_t i = 0; i < t.n; i++) below += t.values[i] <= p[i];
        assert_true(fabs(below / (double)t.n - q[k]) < 0.04);
        free(p);
        ken_model_free(m);
    }
    test_case_free(&t);
    test_ctx_free(ctx);
}

static void test_boosting__poisson_keeps_the_mean(void **state) {
    ken_ctx *ctx = test_ctx(1);
    boosting_case t = test_case(ctx, 4000, 4, 0);
    double sum = 0, predicted = 0;
    (void)state;
    for (int64_t i = 0; i < t.n; i++) sum += t.values[i] = fmax(floor(t.values[i] * 2), 0);
    ken_model *m =
        case_fit(ctx, &t, "loss=poisson trees=80 early_stopping=off row_fraction=1 l2=0", false);
    double *p = test_predict(ctx, m, t.X, KEN_WHAT_VALUE);
    for (int64_t i = 0; i < t.n; i++) {
        assert_true(p[i] > 0);
        predicted += p[i];
    }
    assert_true(fabs(predicted / sum - 1) < 0.01);
    free(p);
    ken_model_free(m);
    test_case_free(&t);
    test_ctx_free(ctx);
}

/* tau E (y - m)+ over (1 - tau) E (m - y)+ of rows first, first + step, ...: 1 at the expectile. */
static double test_balance(const boosting_case *t, bool weighted, int64_t first, int64_t step,
                           double m, double tau) {
    double above = 0, below = 0;
    for (int64_t i = first; i < t->n; i += step) {
        const double r = t->values[i] - m, w = weighted ? t->weights[i] : 1;
        above += r > 0 ? w * r : 0;
        below += r < 0 ? -w * r : 0;
    }
    return tau * above / ((1 - tau) * below);
}

/* One column of four values, trees without limits: each group of rows gets what minimizes its own
 * loss, which is known: the weighted mean (gamma and tweedie: their score is 0 there), or the
 * expectile, by its definition. So is where the sum starts, for all rows. */
static void test_boosting__groups_get_the_minimum_of_their_loss(void **state) {
    static const struct {
        const char *loss;
        double expectile;
    } list[] = {{"gamma", 0.5},
                {"tweedie tweedie_power=1.2", 0.5},
                {"tweedie tweedie_power=1.8", 0.5},
                {"expectile expectile=0.5", 0.5},
                {"expectile expectile=0.1", 0.1},
                {"expectile expectile=0.95", 0.95}};
    ken_ctx *ctx = test_ctx(2);
    boosting_case t = test_case(ctx, 2000, 3, 0); /* its columns are replaced */
    ken_rng rng = ken_rng_stream(ctx, "test.groups", 0);
    double x[2000];
    (void)state;
    ken_table_free(t.X);
    for (int64_t i = 0; i < t.n; i++) {
        x[i] = (double)(i % 4);
        t.values[i] = exp(x[i] / 2 + ken_rng_normal(&rng));
        t.weights[i] = (double)(1 + ken_rng_below(&rng, 3));
    }
    t.X = test_table(ctx, x, t.n, 1);
    for (int l = 0; l < 2 * KEN_COUNT(list); l++) {
        const bool weighted = l % 2;
        const double tau = list[l / 2].expectile;
        char settings[160];
        snprintf(settings, sizeof settings,
                 "trees=200 learning_rate=0.5 early_stopping=off row_fraction=1 l2=0 "
                 "min_leaf_weight=1e-9 loss=%s",
                 list[l / 2].loss);
        ken_model *m = case_fit(ctx, &t, settings, weighted);
        double *p = test_predict(ctx, m, t.X, KEN_WHAT_VALUE);
        const double base = ken_model_attr_f64(m, "base", (double)NAN);
        const double start = strncmp(list[l / 2].loss, "expectile", 9) ? exp(base) : base;
        assert_true(fabs(test_balance(&t, weighted, 0, 1, start, tau) - 1) < 1e-9);
        for (int group = 0; group < 4; group++)
            assert_true(fabs(test_balance(&t, weighted, group, 4, p[group], tau) - 1) < 1e-4);
        free(p);
        ken_model_free(m);
    }
    test_case_free(&t);
    test_ctx_free(ctx);
}

static void test_boosting__early_stopping_keeps_the_best_round(void **state) {
    ken_ctx *ctx = test_ctx(1);
    boosting_case t = test_case(ctx, 1500, 6, 2);
    ken_model *m = case_fit(ctx, &t,
                            "trees=400 learning_rate=0.3 early_stopping=on patience=7 "
                            "min_delta=0",
                            false);
    const ken_tensor *history = ken_model_attr(m, "validation_loss");
    const double *loss = history->data;
    const int64_t trees = ken_model_attr(m, "tree_output")->shape[0];
    int64_t best = 0;
    (void)state;
    for (int64_t i = 1; i < history->shape[0]; i++) best = loss[i] < loss[best] ? i : best;
    assert_true(history->shape[0] < 400);
    assert_int_equal(trees, best + 1);
    assert_int_equal(history->shape[0], best + 1 + 7);
    ken_model_free(m);
    test_case_free(&t);
    test_ctx_free(ctx);
}

/* --- the whole life
 * ------------------------------------------------------------------------------- */

static void test_boosting__packs_and_unpacks(void **state) {
    ken_ctx *ctx = test_ctx(1);
    boosting_case t = test_case(ctx, 800, 5, 3);
    ken_model *m = case_fit(ctx, &t, "trees=5", false), *again = NULL;
    ken_bundle *bundle = NULL;
    (void)state;
    TEST_OK(ctx, ken_model_pack(ctx, m, &bundle));
    const char *json = ken_bundle_json(bundle);
    TEST_OK(ctx, ken_model_unpack(ctx, "test", json, strlen(json), ken_bundle_at(bundle, 0),
                                  ken_bundle_count(bundle), &again));
    static const ken_what whats[] = {KEN_WHAT_VALUE, KEN_WHAT_PROBA, KEN_WHAT_MARGIN, KEN_WHAT_LEAF,
                                     KEN_WHAT_CONTRIBUTIONS};
    for (int w = 0; w < KEN_COUNT(whats); w++) {
        int64_t width;
        TEST_OK(ctx, ken_model_width(ctx, m, whats[w], &width));
        double *p = test_predict(ctx, m, t.X, whats[w]),
               *q = test_predict(ctx, again, t.X, whats[w]);
        assert_memory_equal(p, q, (size_t)(t.n * width) * sizeof *p);
        free(p);
        free(q);
    }
    ken_bundle_free(bundle);
    ken_model_free(m);
    ken_model_free(again);
    test_case_free(&t);
    test_ctx_free(ctx);
}

static void test_boosting__probabilities_are_probabilities(void **state) {
    ken_ctx *ctx = test_ctx(2);
    (void)state;
    for (int k = 2; k <= 4; k++) {
        boosting_case t = test_case(ctx, 1200, 4, k);
        ken_model *m =
            case_fit(ctx, &t, k == 2 ? "trees=9 class_weight=balanced" : "trees=9", false);
        double *p = test_predict(ctx, m, t.X, KEN_WHAT_PROBA);
        for (int64_t i = 0; i < t.n; i++) {
            double sum = 0;
            for (int c = 0; c < k; c++) {
                assert_true(p[i * k + c] >= 0 && p[i * k + c] <= 1);
                sum += p[i * k + c];
            }
            TEST_NEAR(sum, 1, 1e-12);
        }
        free(p);
        ken_model_free(m);
        test_case_free(&t);
    }
    test_ctx_free(ctx);
}

static ken_status test_fit_once(ken_ctx *ctx, void *arg) {
    const boosting_case *t = arg;
    const ken_data data = test_data_of(t, false);
    ken_model *m = NULL;
    ken_status status = ken_model_new(
        ctx, "boosting", "trees=2 max_leaves=4 row_fraction=0.9 column_fraction=0.6", &m);
    if (status == KEN_OK) status = ken_model_fit(ctx, m, &data);
    ken_model_free(m);
    return status;
}

static void test_boosting__every_failed_allocation_is_an_error(void **state) {
    ken_ctx *ctx = test_ctx(1);
    (void)state;
    for (int classes = 0; classes <= 3; classes += 3) {
        boosting_case t = test_case(ctx, 80, 3, classes);
        test_every_allocation(test_fit_once, &t, 2000);
        test_case_free(&t);
    }
    test_ctx_free(ctx);
}

/* --- peers: golden/make_golden.py (LightGBM 4.7.0, scikit-learn 1.9.1)
 * ------------------------------- */

enum { GOLDEN_ROWS = 240, GOLDEN_COLUMNS = 9 };

/* Cells of golden/boosting_golden.csv, column by column; an empty cell is NaN. */
static void test_golden(double cell[GOLDEN_COLUMNS][GOLDEN_ROWS]) {
    size_t size;
    char *text =
        test_read_file(KEN_SOURCE_DIR "/ken/boosting/boosting/golden/boosting_golden.csv", &size);
    char *at = strchr(text, '\n') + 1;
    for (int i = 0; i < GOLDEN_ROWS; i++)
        for (int j = 0; j < GOLDEN_COLUMNS; j++) {
            char *end;
            cell[j][i] = strtod(at, &end);
            if (end == at) cell[j][i] = (double)NAN;
            at = end + 1;
        }
    free(text);
}

/* The peers' gradients are floats: 1e-6 of a target of size 5. */
static void test_against(ken_ctx *ctx, double cell[GOLDEN_COLUMNS][GOLDEN_ROWS], bool category,
                         bool classify, const char *settings, int peer) {
    int32_t code[GOLDEN_ROWS], label[GOLDEN_ROWS];
    ken_table *X = NULL;
    ken_model *m = NULL;
    ken_column y = test_column_f64("y", cell[3], GOLDEN_ROWS);
    const ken_column x0 = test_column_f64("x0", cell[0], GOLDEN_ROWS);
    const ken_column x1 = test_column_f64("x1", cell[1], GOLDEN_ROWS);
    const ken_column c = {.name = "c",
                          .dtype = KEN_CATEGORY,
                          .n = GOLDEN_ROWS,
                          .data = code,
                          .stride = 1,
                          .text = {4, test_two_offsets, "0123"}};
    for (int i = 0; i < GOLDEN_ROWS; i++) {
        code[i] = (int32_t)cell[2][i];
        label[i] = (int32_t)cell[4][i];
    }
    if (classify)
        y = (ken_column){.name = "y",
                         .dtype = KEN_CATEGORY,
                         .n = GOLDEN_ROWS,
                         .data = label,
                         .stride = 1,
                         .text = {2, test_two_offsets, "01"}};
    TEST_OK(ctx, ken_table_new(ctx, GOLDEN_ROWS, &X));
    TEST_OK(ctx, ken_table_add_copy(ctx, X, &x0));
    TEST_OK(ctx, ken_table_add_copy(ctx, X, &x1));
    if (category) TEST_OK(ctx, ken_table_add_copy(ctx, X, &c));
    const ken_data data = {.table = X, .target = &y, .task = classify ? KEN_CLASSIFY : KEN_REGRESS};
    TEST_OK(ctx, ken_model_new(ctx, "boosting", settings, &m));
    TEST_OK(ctx, ken_model_fit(ctx, m, &data));
    double *p = test_predict(ctx, m, X, classify ? KEN_WHAT_PROBA : KEN_WHAT_VALUE);
    for (int i = 0; i < GOLDEN_ROWS; i++)
        test_near_(classify ? p[2 * i + 1] : p[i], cell[peer][i], 1e-6, 1e-4, settings, __FILE__,
                   __LINE__);
    free(p);
    ken_model_free(m);
    ken_table_free(X);
}

#define GOLDEN_SETTINGS                                                                            \
    "trees=20 linear_leaves=false learning_rate=0.1 max_leaves=7 l2=1 row_fraction=1 column_fraction=1 node_fraction=1 " \
    "max_onehot=9 "

static void test_boosting__same_trees_as_lightgbm_and_scikit_learn(void **state) {
    static double cell[GOLDEN_COLUMNS][GOLDEN_ROWS];
    static const char rows[] = GOLDEN_SETTINGS "min_leaf_rows=5 min_leaf_weight=0.001";
    static const char weight[] = GOLDEN_SETTINGS "min_leaf_rows=1 min_leaf_weight=1";
    ken_ctx *ctx = test_ctx(1);
    (void)state;
    test_golden(cell);
    test_against(ctx, cell, true, false, rows, 5);
    test_against(ctx, cell, true, true, weight, 6);
    test_against(ctx, cell, false, false, rows, 7);
    test_against(ctx, cell, false, true, rows, 8);
    test_ctx_free(ctx);
}

/* --- step by step ------------------------------------------------------------------------------- */

static const ken_tensor *view_of(const ken_progress *at, const char *name) {
    for (int i = 0; i < at->n_views; i++)
        if (strcmp(at->views[i].name, name) == 0) return at->views[i].tensor;
    fail_msg("no view '%s'", name);
    return NULL;
}

/* The views of round r are the nodes of its trees as the fitted model has them. */
static void test_boosting__views_are_the_last_trees(void **state) {
    (void)state;
    enum { N = 300, ROUNDS = 4 };
    static const char *const names[] = {"feature", "threshold", "left", "right", "missing_left", "category",
                                        "category_words", "value", "cover", "gain"};
    double X[N * 2], y[N];
    ken_ctx *ctx = test_ctx(2);
    ken_rng rng = ken_rng_stream(ctx, "boosting.views", 0);
    for (int i = 0; i < N; i++) {
        X[2 * i] = ken_rng_f64(&rng), X[2 * i + 1] = ken_rng_f64(&rng);
        y[i] = floor(3 * (0.7 * X[2 * i] + 0.3 * X[2 * i + 1]));
    }
    ken_table *t = test_table(ctx, X, N, 2);
    const ken_column target = test_column_f64("y", y, N);
    const ken_data data = {.table = t, .target = &target, .task = KEN_CLASSIFY};
    ken_model *whole, *m;
    ken_trace *trace;
    TEST_OK(ctx, ken_model_new(ctx, "boosting", "trees=4 max_leaves=5", &whole));
    TEST_OK(ctx, ken_model_clone(ctx, whole, &m));
    TEST_OK(ctx, ken_model_fit(ctx, whole, &data));
    TEST_OK(ctx, ken_model_trace(ctx, m, &data, &trace));
    const int64_t *offset = ken_model_attr(whole, "tree_offset")->data;
    for (int round = 0; round < ROUNDS; round++) {
        TEST_OK(ctx, ken_trace_seek(trace, round + 1));
        const ken_progress *at = ken_trace_at(trace);
        const ken_tensor *rel = view_of(at, "tree_offset");
        assert_int_equal(rel->shape[0], 4);
        for (int k = 0; k <= 3; k++)
            assert_int_equal(((const int64_t *)rel->data)[k], offset[3 * round + k] - offset[3 * round]);
        for (int v = 0; v < KEN_COUNT(names); v++) {
            const ken_tensor *view = view_of(at, names[v]), *attr = ken_model_attr(whole, names[v]);
            assert_int_equal(view->shape[0], offset[3 * round + 3] - offset[3 * round]);
            for (int64_t i = 0; i < view->shape[0]; i++)
                assert_true(ken_tensor_value(view, i * view->stride[0]) ==
                            ken_tensor_value(attr, (offset[3 * round] + i) * attr->stride[0]));
        }
        assert_int_equal(view_of(at, "margin")->shape[1], N);
    }
    TEST_OK(ctx, ken_trace_end(trace, true));
    test_same_model(whole, m);
    ken_model_free(whole), ken_model_free(m);
    ken_table_free(t);
    test_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_boosting__same_trees_as_lightgbm_and_scikit_learn),
        cmocka_unit_test(test_boosting__any_thread_count_gives_the_same_bits),
        cmocka_unit_test(test_boosting__progress_counts_to_the_rounds_of_the_task),
        cmocka_unit_test(test_boosting__order_of_rows_does_not_matter),
        cmocka_unit_test(test_boosting__weight_two_is_a_row_twice),
        cmocka_unit_test(test_boosting__limits_on_trees_hold),
        cmocka_unit_test(test_boosting__training_loss_never_rises),
        cmocka_unit_test(test_boosting__constant_target_is_predicted_exactly),
        cmocka_unit_test(test_boosting__one_class_is_refused),
        cmocka_unit_test(test_boosting__wrong_losses_are_refused),
        cmocka_unit_test(test_boosting__missing_values_choose_their_side),
        cmocka_unit_test(test_boosting__a_column_of_missing_values_is_ignored),
        cmocka_unit_test(test_boosting__one_split_finds_a_subset_of_levels),
        cmocka_unit_test(test_boosting__a_hundred_thousand_levels_are_no_problem),
        cmocka_unit_test(test_boosting__quantiles_cover_their_share),
        cmocka_unit_test(test_boosting__poisson_keeps_the_mean),
        cmocka_unit_test(test_boosting__groups_get_the_minimum_of_their_loss),
        cmocka_unit_test(test_boosting__early_stopping_keeps_the_best_round),
        cmocka_unit_test(test_boosting__packs_and_unpacks),
        cmocka_unit_test(test_boosting__probabilities_are_probabilities),
        cmocka_unit_test(test_boosting__every_failed_allocation_is_an_error),
        cmocka_unit_test(test_boosting__views_are_the_last_trees),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
