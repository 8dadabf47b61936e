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

static ken_model *constrain_fit(ken_ctx *ctx, const constrain_case *t, const char *settings) {
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
                {"loss=absolute growth=oblivious path_smoothing=2", 0},
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
            snprintf(settings, sizeof settings, "trees=25 early_stopping=off node_fraction=1 %s %s", list[l].settings,
                     held ? "increasing=a decreasing=b" : "");
            ken_model *m = constrain_fit(ctx, &t, settings);
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
    ken_model *free_one = constrain_fit(ctx, &t, "trees=100 learning_rate=0.05 node_fraction=1 early_stopping=off");
    ken_model *held = constrain_fit(ctx, &t, "trees=100 learning_rate=0.05 node_fraction=1 early_stopping=off increasing=a decreasing=b");
    assert_true(test_squares(ctx, &t, held) < 1.5 * test_squares(ctx, &t, free_one));
    assert_true(test_squares(ctx, &t, held) < 0.1);
    ken_model_free(free_one);
    ken_model_free(held);
    test_case_free(&t);
    test_ctx_free(ctx);
}

/* --- interactions ------------------------------------------------------------------------------- */

/* Checks that on every path of every tree the columns stand together in one group (bits of columns). */
static void test_paths(const ken_model *m, const uint64_t *group, int n_groups) {
    const ken_tensor *offset = ken_model_attr(m, "tree_offset");
    const int64_t *at = offset->data;
    const int32_t *feature = ken_model_attr(m, "feature")->data;
    const int32_t *child[2] = {ken_model_attr(m, "left")->data, ken_model_attr(m, "right")->data};
    for (int64_t t = 0; t + 1 < offset->shape[0]; t++) {
        uint64_t met[512] = {0};
        const int64_t n = at[t + 1] - at[t];
        assert_true(n <= 512);
        for (int64_t i = 0; i < n; i++) { /* parents stand before children */
            bool within = false;
            if (feature[at[t] + i] >= 0) met[i] |= UINT64_C(1) << feature[at[t] + i];
            for (int g = 0; g < n_groups; g++) within |= (met[i] & ~group[g]) == 0;
            assert_true(within);
            for (int c = 0; feature[at[t] + i] >= 0 && c < 2; c++) met[child[c][at[t] + i]] = met[i];
        }
    }
}

static void test_boosting_constrain__paths_stay_within_a_group(void **state) {
    static const struct {
        const char *settings;
        uint64_t group[4]; /* bits of columns */
        int n;
    } list[] = {{"interactions=a|b;c", {3, 4, 8}, 3}, /* k is left over */
                {"interactions=a|c", {5, 10}, 2},     /* b and k are left over */
                {"interactions=a|k;b|k;c|k growth=depthwise", {9, 10, 12}, 3},
                {"interactions=a|k;b|k;c|k growth=oblivious node_fraction=0.5", {9, 10, 12}, 3},
                {"interactions=a;b;c;k", {1, 2, 4, 8}, 4},
                {"interactions=a|b|c|k level_fraction=0.7 node_fraction=0.7", {15}, 1}};
    ken_ctx *ctx = test_ctx(2);
    constrain_case t = test_case(ctx, 0);
    (void)state;
    for (int l = 0; l < KEN_COUNT(list); l++) {
        char settings[160];
        uint64_t used = 0;
        snprintf(settings, sizeof settings, "trees=60 early_stopping=off %s", list[l].settings);
        ken_model *m = constrain_fit(ctx, &t, settings);
        test_paths(m, list[l].group, list[l].n);
        const ken_tensor *feature = ken_model_attr(m, "feature");
        for (int64_t i = 0; i < feature->shape[0]; i++)
            if (((const int32_t *)feature->data)[i] >= 0) used |= UINT64_C(1) << ((const int32_t *)feature->data)[i];
        assert_true((used & 3) == 3 && used > 3);
        ken_model_free(m);
    }
    test_case_free(&t);
    test_ctx_free(ctx);
}

/* More groups than a word has bits: each of 70 columns alone. */
static void test_boosting_constrain__many_groups(void **state) {
    enum { D = 70, ROWS = 300 };
    double *x = malloc(D * ROWS * sizeof *x), y[ROWS];
    char settings[1024] = "trees=30 early_stopping=off interactions=";
    ken_ctx *ctx = test_ctx(2);
    ken_rng rng = ken_rng_stream(ctx, "many", 0);
    (void)state;
    for (int i = 0; i < D * ROWS; i++) x[i] = ken_rng_f64(&rng);
    for (int i = 0; i < ROWS; i++) y[i] = 5 * x[i * D] + 4 * x[i * D + 66] + 3 * x[i * D + 69] * x[i * D];
    for (int j = 0; j < D; j++) snprintf(settings + strlen(settings), 16, "x%d;", j);
    ken_table *X = test_table(ctx, x, ROWS, D);
    const ken_column target = test_column_f64("y", y, ROWS);
    const ken_data data = {.table = X, .target = &target, .task = KEN_REGRESS};
    ken_model *m = NULL;
    TEST_OK(ctx, ken_model_new(ctx, "boosting", settings, &m));
    TEST_OK(ctx, ken_model_fit(ctx, m, &data));
    const ken_tensor *offset = ken_model_attr(m, "tree_offset");
    const int64_t *at = offset->data;
    const int32_t *feature = ken_model_attr(m, "feature")->data;
    bool late = false;
    for (int64_t t = 0; t + 1 < offset->shape[0]; t++)
        for (int64_t i = at[t]; i < at[t + 1]; i++) {
            assert_true(feature[i] < 0 || feature[i] == feature[at[t]]);
            late |= feature[i] > 64;
        }
    assert_true(late);
    ken_model_free(m);
    ken_table_free(X);
    free(x);
    test_ctx_free(ctx);
}

/* --- samples of columns, random thresholds ------------------------------------------------------ */

/* Trees on equal columns, of which the first is taken wherever there is a choice. */
static ken_model *test_equal_columns(ken_ctx *ctx, int d, const char *settings) {
    enum { ROWS = 256 };
    double *x = malloc((size_t)(ROWS * d) * sizeof *x), y[ROWS];
    for (int i = 0; i < ROWS; i++) {
        for (int j = 0; j < d; j++) x[i * d + j] = i % 64;
        y[i] = (i % 64) * (i % 64);
    }
    ken_table *X = test_table(ctx, x, ROWS, d);
    const ken_column target = test_column_f64("y", y, ROWS);
    const ken_data data = {.table = X, .target = &target, .task = KEN_REGRESS};
    ken_model *m = NULL;
    TEST_OK(ctx, ken_model_new(ctx, "boosting", settings, &m));
    TEST_OK(ctx, ken_model_fit(ctx, m, &data));
    ken_table_free(X);
    free(x);
    return m;
}

/* Chi-squared of `count` against equal shares of n. */
static double test_chi2(const int *count, int cells, double n) {
    double sum = 0;
    for (int i = 0; i < cells; i++) sum += (count[i] - n / cells) * (count[i] - n / cells) / (n / cells);
    return sum;
}

static void test_boosting_constrain__samples_of_columns_are_uniform(void **state) {
    enum { D = 5, TREES = 200 };
    ken_ctx *ctx = test_ctx(2);
    (void)state;
    for (int by_node = 0; by_node < 2; by_node++) {
        char settings[200];
        int count[D] = {0}, drawn = 0, mixed = 0;
        snprintf(settings, sizeof settings,
                 "trees=%d early_stopping=off row_fraction=1 max_leaves=8 growth=depthwise learning_rate=0.01 "
                 "%s=0.2", TREES, by_node ? "node_fraction" : "level_fraction");
        ken_model *m = test_equal_columns(ctx, D, settings);
        const int64_t *at = ken_model_attr(m, "tree_offset")->data;
        const int32_t *feature = ken_model_attr(m, "feature")->data;
        const int32_t *child[2] = {ken_model_attr(m, "left")->data, ken_model_attr(m, "right")->data};
        for (int t = 0; t < TREES; t++) {
            int depth[64] = {0}, level[8];
            memset(level, 255, sizeof level);
            for (int64_t i = 0; i < at[t + 1] - at[t]; i++) {
                const int32_t f = feature[at[t] + i];
                if (f < 0) continue;
                for (int c = 0; c < 2; c++) depth[child[c][at[t] + i]] = depth[i] + 1;
                if (by_node || level[depth[i]] < 0) count[f]++, drawn++;
                if (level[depth[i]] >= 0) mixed += level[depth[i]] != f;
                level[depth[i]] = f;
            }
        }
        assert_true(by_node ? mixed > TREES : mixed == 0); /* a level has one column, its nodes do not */
        assert_true(test_chi2(count, D, drawn) < 23.5);    /* the 0.9999 quantile of 4 degrees */
        ken_model_free(m);
    }
    test_ctx_free(ctx);
}

static void test_boosting_constrain__random_thresholds_are_uniform(void **state) {
    enum { TREES = 3000 };
    ken_ctx *ctx = test_ctx(2);
    char settings[160];
    int count[63] = {0};
    (void)state;
    snprintf(settings, sizeof settings,
             "trees=%d early_stopping=off row_fraction=1 max_leaves=2 min_leaf_rows=1 learning_rate=0.0001 "
             "extra_random=true", TREES);
    ken_model *m = test_equal_columns(ctx, 1, settings);
    const int64_t *at = ken_model_attr(m, "tree_offset")->data;
    const double *threshold = ken_model_attr(m, "threshold")->data;
    for (int t = 0; t < TREES; t++) count[(int)threshold[at[t]]]++;
    assert_true(test_chi2(count, 63, TREES) < 112); /* the 0.9999 quantile of 62 degrees */
    ken_model_free(m);
    test_ctx_free(ctx);
}

/* --- smoothing: LightGBM 4.7.0 ------------------------------------------------------------------- */

/* lightgbm.train(dict(objective='l2', learning_rate=0.5, num_leaves=5, min_data_in_leaf=2, lambda_l2=1,
 * min_sum_hessian_in_leaf=1e-9, path_smooth=7.5, min_data_in_bin=1), Dataset(X, y), rounds), i = 0 .. 63. */
static void test_boosting_constrain__smoothing_as_lightgbm(void **state) {
    static const int row[] = {0, 4, 6, 7, 40, 44, 46, 63};
    static const double want[2][8] = {
        {3.748166, 8.27079239, 8.27079239, 8.27079239, 3.748166, 9.10166692, 9.10166692, 9.10166692},
        {1.49893895, 9.91804273, 10.177783, 10.177783, 1.49893895, 11.9894483, 11.9894483, 11.9894483}};
    double x[128], y[64];
    ken_ctx *ctx = test_ctx(1);
    (void)state;
    for (int i = 0; i < 64; i++) {
        const int a = i % 8, b = i / 8;
        x[2 * i] = a;
        x[2 * i + 1] = b;
        y[i] = (a > 3) * (10 + 3 * (b > 4)) + (a > 5) + b % 3 * 0.25;
    }
    ken_table *X = test_table(ctx, x, 64, 2);
    const ken_column target = test_column_f64("y", y, 64);
    const ken_data data = {.table = X, .target = &target, .task = KEN_REGRESS};
    for (int k = 0; k < 2; k++) {
        ken_model *m = NULL;
        char settings[200];
        snprintf(settings, sizeof settings,
                 "trees=%d learning_rate=0.5 max_leaves=5 l2=1 row_fraction=1 node_fraction=1 min_leaf_rows=2 "
                 "path_smoothing=7.5", k ? 3 : 1);
        TEST_OK(ctx, ken_model_new(ctx, "boosting", settings, &m));
        TEST_OK(ctx, ken_model_fit(ctx, m, &data));
        double *p = test_margin(ctx, m, X);
        for (int i = 0; i < 8; i++) TEST_NEAR(p[row[i]], want[k][i], 1e-7);
        free(p);
        ken_model_free(m);
    }
    ken_table_free(X);
    test_ctx_free(ctx);
}

/* A leaf far lighter than the pull has its parent's value; medians are pulled, too. */
static void test_boosting_constrain__much_smoothing_leaves_nothing(void **state) {
    static const char *const losses[] = {"squared", "absolute", "quantile"};
    ken_ctx *ctx = test_ctx(1);
    constrain_case t = test_case(ctx, 0);
    (void)state;
    for (int l = 0; l < KEN_COUNT(losses); l++) {
        double spread[2];
        for (int k = 0; k < 2; k++) {
            char settings[160];
            snprintf(settings, sizeof settings, "trees=10 early_stopping=off loss=%s path_smoothing=%g",
                     losses[l], k ? 1e12 : 0);
            ken_model *m = constrain_fit(ctx, &t, settings);
            double *p = test_margin(ctx, m, t.X), lo = p[0], hi = p[0];
            for (int i = 0; i < N; i++) lo = fmin(lo, p[i]), hi = fmax(hi, p[i]);
            spread[k] = hi - lo;
            free(p);
            ken_model_free(m);
        }
        assert_true(spread[0] > 0.5 && spread[1] < 1e-6);
    }
    test_case_free(&t);
    test_ctx_free(ctx);
}

/* --- forced splits ------------------------------------------------------------------------------- */

/* Every tree begins with the given questions, in every growth; the rest is free. Where limits forbid one,
 * the best takes its place. */
static void test_boosting_constrain__forced_splits_come_first(void **state) {
    static const char *const more[] = {"", "growth=depthwise", "column_fraction=0.3", "max_leaves=4",
                                       "loss=absolute level_fraction=0.5"};
    ken_ctx *ctx = test_ctx(2);
    constrain_case t = test_case(ctx, 0);
    (void)state;
    for (int l = 0; l < KEN_COUNT(more); l++) {
        char settings[200];
        snprintf(settings, sizeof settings,
                 "trees=12 early_stopping=off forced=c<=10(b<=7.5;a<=3(;b<=12)) %s", more[l]);
        ken_model *m = constrain_fit(ctx, &t, settings);
        const int64_t *at = ken_model_attr(m, "tree_offset")->data;
        const int32_t *feature = ken_model_attr(m, "feature")->data;
        const int32_t *left = ken_model_attr(m, "left")->data, *right = ken_model_attr(m, "right")->data;
        const double *threshold = ken_model_attr(m, "threshold")->data;
        for (int k = 0; k < 12; k++) {
            const int64_t root = at[k], l1 = root + left[root], r1 = root + right[root];
            const int64_t r2 = root + right[r1];
            assert_true(feature[root] == 2 && fabs(threshold[root] - 10) < 0.25);
            assert_true(feature[l1] == 1 && fabs(threshold[l1] - 7.5) < 0.25);
            assert_true(feature[r1] == 0 && fabs(threshold[r1] - 3) < 0.25);
            assert_true(l == 3 || (feature[r2] == 1 && fabs(threshold[r2] - 12) < 0.25));
        }
        ken_model_free(m);
    }
    ken_model *m = constrain_fit(ctx, &t, "trees=1 row_fraction=1 min_leaf_rows=300 forced=c<=0.1(a<=5)");
    ken_model *free_one = constrain_fit(ctx, &t, "trees=1 row_fraction=1 min_leaf_rows=300");
    const double *a = ken_model_attr(m, "value")->data, *b = ken_model_attr(free_one, "value")->data;
    assert_memory_equal(a, b, (size_t)ken_model_attr(m, "value")->shape[0] * sizeof *a);
    ken_model_free(m);
    ken_model_free(free_one);
    test_case_free(&t);
    test_ctx_free(ctx);
}

/* One forced split: values and gain as by hand, on data with missing cells. */
static void test_boosting_constrain__a_forced_split_by_hand(void **state) {
    double x[80], y[80], p[80];
    ken_ctx *ctx = test_ctx(1);
    ken_tensor T = ken_tensor_2d(p, KEN_F64, 80, 1);
    (void)state;
    for (int i = 0; i < 80; i++) {
        x[i] = i < 10 ? (double)NAN : i;
        y[i] = i < 10 ? 100 : i % 8; /* missing ones are worth being apart from the most */
    }
    ken_table *X = test_table(ctx, x, 80, 1);
    const ken_column target = test_column_f64("y", y, 80);
    const ken_data data = {.table = X, .target = &target, .task = KEN_REGRESS};
    ken_model *m = NULL;
    TEST_OK(ctx, ken_model_new(ctx, "boosting",
                               "trees=1 learning_rate=1 max_leaves=2 l2=0 row_fraction=1 forced=x0<=19.5", &m));
    TEST_OK(ctx, ken_model_fit(ctx, m, &data));
    TEST_OK(ctx, ken_model_predict(ctx, m, X, KEN_WHAT_VALUE, &T));
    double left = 0, right = 0; /* rows 10 .. 19 and the missing ones; 20 .. 79 */
    for (int i = 0; i < 20; i++) left += y[i] / 20;
    for (int i = 20; i < 80; i++) right += y[i] / 60;
    for (int i = 0; i < 80; i++) TEST_NEAR(p[i], i < 20 ? left : right, 1e-9);
    const double *gain = ken_model_attr(m, "gain")->data;
    TEST_NEAR(gain[0], 20.0 * 60 / 80 * (left - right) * (left - right), 1e-9);
    ken_model_free(m);
    ken_table_free(X);
    test_ctx_free(ctx);
}

/* --- any threads, errors ------------------------------------------------------------------------- */

static ken_model *constrain_fit_setting(ken_ctx *ctx, void *arg) {
    constrain_case t = test_case(ctx, 0);
    char settings[256];
    snprintf(settings, sizeof settings, "trees=12 early_stopping=off %s", (const char *)arg);
    ken_model *m = constrain_fit(ctx, &t, settings);
    test_case_free(&t);
    return m;
}

static void test_boosting_constrain__any_thread_count_gives_the_same_bits(void **state) {
    static char *const list[] = {"increasing=a decreasing=b",
                                       "loss=absolute increasing=a|b growth=depthwise max_depth=6",
                                       "interactions=a|b;c|k level_fraction=0.7 node_fraction=0.6",
                                       "growth=oblivious interactions=a|k;b|c;a|b node_fraction=0.8",
                                       "growth=oblivious max_depth=7 loss=quantile extra_random=true increasing=a",
                                       "extra_random=true path_smoothing=3 decreasing=c forced=b<=9(c<=4;a<=5)"};
    (void)state;
    for (int l = 0; l < KEN_COUNT(list); l++) test_same_for_any_threads(constrain_fit_setting, list[l]);
}

static void test_boosting_constrain__wrong_names_are_errors(void **state) {
    ken_ctx *ctx = test_ctx(1);
    static const struct {
        const char *settings, *part;
        int classes;
        ken_status status;
    } list[] = {{"increasing=a|bb", "bb", 0, KEN_E_NOT_FOUND},
                {"interactions=a|c;bb|c", "bb", 0, KEN_E_NOT_FOUND},
                {"forced=a<=3(b<=2", "')' is missing", 0, KEN_E_ARG},
                {"forced=a<=3)", "left over", 0, KEN_E_ARG},
                {"forced=a<=x", "number", 0, KEN_E_ARG},
                {"forced=a(b<=2)", "a(b", 0, KEN_E_NOT_FOUND},
                {"forced=k<=2", "category", 0, KEN_E_ARG},
                {"forced=a<=2 growth=oblivious", "oblivious", 0, KEN_E_ARG},
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
    ken_status status = ken_model_new(ctx, "boosting", "trees=2 max_leaves=8 increasing=a decreasing=b interactions=a|b;c forced=a<=9(b<=4)", &m);
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
        cmocka_unit_test(test_boosting_constrain__paths_stay_within_a_group),
        cmocka_unit_test(test_boosting_constrain__many_groups),
        cmocka_unit_test(test_boosting_constrain__samples_of_columns_are_uniform),
        cmocka_unit_test(test_boosting_constrain__random_thresholds_are_uniform),
        cmocka_unit_test(test_boosting_constrain__smoothing_as_lightgbm),
        cmocka_unit_test(test_boosting_constrain__much_smoothing_leaves_nothing),
        cmocka_unit_test(test_boosting_constrain__forced_splits_come_first),
        cmocka_unit_test(test_boosting_constrain__a_forced_split_by_hand),
        cmocka_unit_test(test_boosting_constrain__any_thread_count_gives_the_same_bits),
        cmocka_unit_test(test_boosting_constrain__wrong_names_are_errors),
        cmocka_unit_test(test_boosting_constrain__every_failed_allocation_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
