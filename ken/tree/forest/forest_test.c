/* Random forests and extra trees: both things, for they share all code but the cut. */
#include "tests/support.h"

#include "ken/tree/extra_trees/extra_trees.h"
#include "ken/tree/forest/forest.h"

static uint64_t seed = 9;
static double noise(void) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (double)(seed >> 11) / 9007199254740992.0;
}

enum { N = 400, D = 6, LEVELS = 12 };
static double X0[N * D], y_number[N], y_two[N], y_three[N];
static const char *const things[] = {"forest", "extra_trees"};

static void make_data(void) {
    for (int i = 0; i < N * D; i++) X0[i] = floor(noise() * 60) / 4;
    for (int i = 0; i < N; i++) {
        const double *x = X0 + i * D;
        y_number[i] = x[0] * x[1] + 5 * noise();
        y_two[i] = x[2] + 2 * noise() > 8;
        y_three[i] = (x[2] > 5) + (x[3] + 2 * noise() > 8);
    }
}

/* Numbers with holes and one category (column c). */
static ken_table *mixed_table(ken_ctx *ctx, int64_t levels) {
    ken_table *t = test_table(ctx, X0, N, D);
    int64_t *offset = calloc((size_t)levels + 1, sizeof *offset);
    char *bytes = malloc((size_t)levels * 8);
    int32_t *code = malloc(N * sizeof *code);
    void *hole = NULL;
    for (int64_t l = 0; l < levels; l++)
        offset[l + 1] = offset[l] + snprintf(bytes + offset[l], 8, "l%lld", (long long)l);
    for (int i = 0; i < N; i++) code[i] = (int32_t)((i * 7919 + 3 * (int)X0[i * D]) % levels);
    ken_column c = {.name = "c",
                    .dtype = KEN_CATEGORY,
                    .n = N,
                    .data = code,
                    .stride = 1,
                    .text = {levels, offset, bytes},
                    .source = -1};
    TEST_OK(ctx, ken_table_add_copy(ctx, t, &c));
    TEST_OK(ctx, ken_table_add_new(ctx, t, "hole", KEN_F64, &hole, NULL));
    for (int i = 0; i < N; i++) ((double *)hole)[i] = i % 3 ? X0[i * D] : NAN;
    free(offset);
    free(bytes);
    free(code);
    return t;
}

static ken_model *fit_table(ken_ctx *ctx, const char *thing, const char *settings,
                            const ken_table *X, const double *y, bool classify,
                            const double *weight) {
    ken_model *m = NULL;
    const int64_t n = ken_table_rows(X);
    ken_column target = test_column_f64("y", y, n), w = test_column_f64("w", weight, n);
    ken_data data = {.table = X,
                     .target = &target,
                     .weight = weight ? &w : NULL,
                     .task = classify ? KEN_CLASSIFY : KEN_REGRESS};
    TEST_OK(ctx, ken_model_new(ctx, thing, settings, &m));
    TEST_OK(ctx, ken_model_fit(ctx, m, &data));
    return m;
}

static ken_model *fit(ken_ctx *ctx, const char *thing, const char *settings, const double *X,
                      const double *y, int64_t n, int d, bool classify, const double *weight) {
    ken_table *t = test_table(ctx, X, n, d);
    ken_model *m = fit_table(ctx, thing, settings, t, y, classify, weight);
    ken_table_free(t);
    return m;
}

static void predict_table(ken_ctx *ctx, const ken_model *m, const ken_table *t, ken_what what,
                          double *out) {
    int64_t width = 0;
    TEST_OK(ctx, ken_model_width(ctx, m, what, &width));
    ken_tensor o = ken_tensor_2d(out, KEN_F64, ken_table_rows(t), width);
    TEST_OK(ctx, ken_model_predict(ctx, m, t, what, &o));
}

static void predict(ken_ctx *ctx, const ken_model *m, const double *X, int64_t n, int d,
                    ken_what what, double *out) {
    ken_table *t = test_table(ctx, X, n, d);
    predict_table(ctx, m, t, what, out);
    ken_table_free(t);
}

/* --- against the exact tree ------------------------------------------------------------------- */

static void test_forest__one_tree_on_all_rows_and_columns_is_the_exact_tree(void **state) {
    (void)state;
    static double a[N * 3], b[N * 3];
    const char *alone = "trees=1 bootstrap=false columns=all oob=false max_depth=6";
    for (int k = 0; k < 3; k++) {
        const double *y = k == 0 ? y_number : k == 1 ? y_two : y_three;
        ken_ctx *ctx = test_ctx(1);
        ken_model *f = fit(ctx, "forest", alone, X0, y, N, D, k > 0, NULL);
        ken_model *t = fit(ctx, "tree", "max_depth=6", X0, y, N, D, k > 0, NULL);
        const ken_tensor *gf = ken_model_attr(f, "gain"), *gt = ken_model_attr(t, "gain");
        double sum_f = 0, sum_t = 0;
        for (int64_t i = 0; i < gf->shape[0]; i++) sum_f += ken_f64(gf)[i];
        for (int64_t i = 0; i < gt->shape[0]; i++) sum_t += ken_f64(gt)[i];
        TEST_NEAR(ken_f64(gf)[0], ken_f64(gt)[0], 1e-6); /* kept as float */
        if (k == 0) { /* no ties: the same partition all the way */
            predict(ctx, f, X0, N, D, KEN_WHAT_VALUE, a);
            predict(ctx, t, X0, N, D, KEN_WHAT_VALUE, b);
            for (int i = 0; i < N; i++) TEST_NEAR(a[i], b[i], 1e-9);
            TEST_NEAR(sum_f, sum_t, 1e-6);
        }
        TEST_NEAR(sum_f, sum_t, 0.05);
        ken_model_free(f);
        ken_model_free(t);
        test_ctx_free(ctx);
    }
}

/* --- against scikit-learn --------------------------------------------------------------------- */

static int read_numbers(const char *path, double *X, double *y, int d, int n) {
    char *text = test_read_file(path, NULL), *p = strchr(text, '\n') + 1;
    int i = 0;
    for (; *p && i < n; i++) {
        for (int j = 0; j <= d; j++) {
            const double v = strtod(p, &p);
            *(j < d ? &X[i * d + j] : &y[i]) = v;
            p += *p == ',';
        }
        while (*p == '\n' || *p == '\r') p++;
    }
    free(text);
    return i;
}

/* Mean out-of-bag score of 20 seeds, 100 trees, scikit-learn 1.9.1 (random_state 0 to 19):
 *   RandomForestClassifier()                              wine      0.98118, deviation 0.0037
 *   ExtraTreesClassifier(bootstrap=True)                  wine      0.98202, deviation 0.0061
 *   RandomForestRegressor(max_features=1/3)               diabetes  0.43915, deviation 0.0078
 *   RandomForestRegressor(max_features=1.0)               diabetes  0.42089, deviation 0.0078
 *   ExtraTreesRegressor(bootstrap=True, max_features=1/3) diabetes  0.45463, deviation 0.0101
 * The mean of five seeds must be within three deviations of the mean of five. */
static void test_forest__scores_out_of_bag_as_sklearn_does(void **state) {
    (void)state;
    static double wx[178 * 13], wy[178], dx[442 * 10], dy[442];
    const struct {
        const char *thing, *settings;
        bool classify;
        double mean, deviation;
    } want[] = {{"forest", "", true, 0.98118, 0.0037},
                {"extra_trees", "bootstrap=true", true, 0.98202, 0.0061},
                {"forest", "columns=third", false, 0.43915, 0.0078},
                {"forest", "columns=all", false, 0.42089, 0.0078},
                {"extra_trees", "bootstrap=true columns=third", false, 0.45463, 0.0101}};
    const char *wine = test_shared("data/wine/wine.csv");
    const char *diabetes = test_shared("data/diabetes_efron/diabetes.csv");
    if (!wine || !diabetes) TEST_SKIP("no outside data");
    read_numbers(wine, wx, wy, 13, 178);
    read_numbers(diabetes, dx, dy, 10, 442);
    for (int k = 0; k < KEN_COUNT(want); k++) {
        double mean = 0;
        for (int s = 1; s <= 5; s++) {
            ken_ctx *ctx = test_ctx(2);
            ken_ctx_set_seed(ctx, (uint64_t)s);
            ken_model *m = fit(ctx, want[k].thing, want[k].settings, want[k].classify ? wx : dx,
                               want[k].classify ? wy : dy, want[k].classify ? 178 : 442,
                               want[k].classify ? 13 : 10, want[k].classify, NULL);
            mean += ken_model_attr_f64(m, "oob_score", NAN) / 5;
            ken_model_free(m);
            test_ctx_free(ctx);
        }
        if (!(fabs(mean - want[k].mean) < 3 * want[k].deviation / sqrt(5)))
            print_error("%s %s: %.5f, sklearn %.5f\n", want[k].thing, want[k].settings, mean,
                        want[k].mean);
        assert_true(fabs(mean - want[k].mean) < 3 * want[k].deviation / sqrt(5));
    }
}

/* --- invariants ------------------------------------------------------------------------------- */

static void test_forest__threads_do_not_change_a_bit(void **state) {
    (void)state;
    const int counts[] = {2, 3, 7};
    for (int k = 0; k < 2; k++)
        for (int classify = 0; classify < 2; classify++) {
            const double *y = classify ? y_three : y_number;
            const char *settings = "trees=9 bootstrap=true";
            ken_ctx *one = test_ctx(1);
            ken_table *t = mixed_table(one, LEVELS);
            ken_model *want = fit_table(one, things[k], settings, t, y, classify, NULL);
            for (int c = 0; c < 3; c++) {
                ken_ctx *ctx = test_ctx(counts[c]);
                ken_model *m = fit_table(ctx, things[k], settings, t, y, classify, NULL);
                test_same_model(want, m);
                ken_model_free(m);
                test_ctx_free(ctx);
            }
            ken_model_free(want);
            ken_table_free(t);
            test_ctx_free(one);
        }
}

static void test_forest__without_draws_a_weight_is_a_repeated_row(void **state) {
    (void)state;
    static double X[3 * N * D], y[3 * N], w[N], a[N], b[N];
    const char *settings = "trees=3 bootstrap=false columns=all max_depth=5";
    ken_ctx *ctx = test_ctx(1);
    int n = 0;
    for (int i = 0; i < N; i++) {
        w[i] = i % 3 + (i % 3 == 0);
        for (int k = 0; k < w[i]; k++, n++) {
            memcpy(X + n * D, X0 + i * D, sizeof(double) * D);
            y[n] = y_number[i];
        }
    }
    ken_model *m = fit(ctx, "forest", settings, X0, y_number, N, D, false, w);
    ken_model *r = fit(ctx, "forest", settings, X, y, n, D, false, NULL);
    predict(ctx, m, X0, N, D, KEN_WHAT_VALUE, a);
    predict(ctx, r, X0, N, D, KEN_WHAT_VALUE, b);
    for (int i = 0; i < N; i++) TEST_NEAR(a[i], b[i], 1e-9);
    ken_model_free(m);
    ken_model_free(r);
    test_ctx_free(ctx);
}

static void test_forest__probabilities_contributions_and_leaves_fit_together(void **state) {
    (void)state;
    static double p[N * 3], phi[N * 3 * (D + 3)], leaf[N * 20];
    for (int k = 0; k < 2; k++)
        for (int classes = 2; classes <= 3; classes++) {
            ken_ctx *ctx = test_ctx(2);
            ken_table *t = mixed_table(ctx, LEVELS);
            ken_model *m = fit_table(ctx, things[k], "trees=20", t, classes == 2 ? y_two : y_three,
                                     true, NULL);
            const int outputs = classes == 2 ? 1 : 3, width = D + 3;
            predict_table(ctx, m, t, KEN_WHAT_PROBA, p);
            predict_table(ctx, m, t, KEN_WHAT_CONTRIBUTIONS, phi);
            predict_table(ctx, m, t, KEN_WHAT_LEAF, leaf);
            for (int i = 0; i < N; i++) {
                double all = 0;
                for (int c = 0; c < classes; c++) all += p[i * classes + c];
                TEST_NEAR(all, 1, 1e-12);
                for (int o = 0; o < outputs; o++) {
                    double sum = 0;
                    for (int j = 0; j < width; j++) sum += phi[(i * outputs + o) * width + j];
                    assert_true(fabs(sum - p[i * classes + (outputs == 1 ? 1 : o)]) < 1e-12);
                }
            }
            ken_model_free(m);
            ken_table_free(t);
            test_ctx_free(ctx);
        }
}

static void test_forest__leaves_have_enough_rows(void **state) {
    (void)state;
    for (int k = 0; k < 2; k++)
        for (int weighted = 0; weighted < 2; weighted++) {
            double w[N];
            for (int i = 0; i < N; i++) w[i] = 1 + i % 2;
            ken_ctx *ctx = test_ctx(1);
            ken_model *m = fit(ctx, things[k], "trees=5 min_leaf_rows=17 bootstrap=false", X0,
                               y_two, N, D, true, weighted ? w : NULL);
            const ken_tensor *feature = ken_model_attr(m, "feature");
            for (int64_t i = 0; i < feature->shape[0]; i++)
                if (((const int32_t *)feature->data)[i] < 0)
                    assert_true(ken_f64(ken_model_attr(m, "cover"))[i] >= 17);
            assert_true(feature->shape[0] > 10);
            ken_model_free(m);
            test_ctx_free(ctx);
        }
}

static void test_forest__degenerate_tables(void **state) {
    (void)state;
    const double X[] = {1, 2, 1, 2, 1, 2}, y[] = {4, 4, 4}, z[] = {1, 2, 6};
    double out[6];
    for (int k = 0; k < 2; k++) {
        ken_ctx *ctx = test_ctx(1);
        ken_model *m =
            fit(ctx, things[k], "trees=3", X, y, 3, 2, false, NULL); /* constant target */
        predict(ctx, m, X, 3, 2, KEN_WHAT_VALUE, out);
        TEST_NEAR(out[0], 4, 1e-15);
        ken_model_free(m);
        m = fit(ctx, things[k], "trees=3 bootstrap=false", X, z, 3, 2, false,
                NULL); /* constant columns */
        predict(ctx, m, X, 3, 2, KEN_WHAT_VALUE, out);
        TEST_NEAR(out[1], 3, 1e-15);
        ken_model_free(m);
        m = fit(ctx, things[k], "trees=3", X, z, 1, 2, false, NULL); /* one row */
        ken_model_free(m);
        test_ctx_free(ctx);
    }
}

static void test_forest__many_levels_are_put_in_order_once(void **state) {
    (void)state;
    enum { ROWS = 100000 };
    int32_t *code = malloc(ROWS * sizeof *code);
    double *y = malloc(ROWS * sizeof *y), *p = malloc(2 * ROWS * sizeof *p);
    int64_t *offset = malloc((ROWS + 1) * sizeof *offset);
    char *bytes = malloc(ROWS * 8);
    offset[0] = 0;
    for (int i = 0; i < ROWS; i++) {
        offset[i + 1] = offset[i] + snprintf(bytes + offset[i], 8, "l%d", i);
        code[i] = i;
        y[i] = i % 3 == 0;
    }
    for (int k = 0; k < 2; k++) {
        ken_ctx *ctx = test_ctx(2);
        ken_table *t = NULL;
        ken_column c = {.name = "c",
                        .dtype = KEN_CATEGORY,
                        .n = ROWS,
                        .data = code,
                        .stride = 1,
                        .text = {ROWS, offset, bytes},
                        .source = -1};
        TEST_OK(ctx, ken_table_new(ctx, ROWS, &t));
        TEST_OK(ctx, ken_table_add_borrow(ctx, t, &c));
        ken_model *m = fit_table(ctx, things[k], "trees=8 bootstrap=true", t, y, true, NULL);
        predict_table(ctx, m, t, KEN_WHAT_PROBA, p);
        int64_t right = 0;
        for (int i = 0; i < ROWS; i++) right += (p[2 * i + 1] > 0.5) == (y[i] > 0.5);
        assert_true(right > 0.99 * ROWS);
        assert_true(ken_model_attr(m, "category_bits")->shape[0] < 4000000);
        ken_model_free(m);
        ken_table_free(t);
        test_ctx_free(ctx);
    }
    free(code), free(y), free(p), free(offset), free(bytes);
}

static void test_forest__survives_packing(void **state) {
    (void)state;
    static double a[N * 3], b[N * 3];
    for (int k = 0; k < 2; k++) {
        ken_ctx *ctx = test_ctx(1);
        ken_table *t = mixed_table(ctx, LEVELS);
        ken_model *m = fit_table(ctx, things[k], "trees=7", t, y_three, true, NULL), *back = NULL;
        ken_bundle *bundle = NULL;
        ken_named_tensor tensors[64];
        TEST_OK(ctx, ken_model_pack(ctx, m, &bundle));
        for (int i = 0; i < ken_bundle_count(bundle); i++) tensors[i] = *ken_bundle_at(bundle, i);
        TEST_OK(ctx, ken_model_unpack(ctx, "test", ken_bundle_json(bundle),
                                      strlen(ken_bundle_json(bundle)), tensors,
                                      ken_bundle_count(bundle), &back));
        predict_table(ctx, m, t, KEN_WHAT_PROBA, a);
        predict_table(ctx, back, t, KEN_WHAT_PROBA, b);
        assert_memory_equal(a, b, sizeof a);
        ken_bundle_free(bundle);
        ken_model_free(m);
        ken_model_free(back);
        ken_table_free(t);
        test_ctx_free(ctx);
    }
}

static const char *allocation_thing;
static ken_status fit_small(ken_ctx *ctx, void *arg) {
    const double X[] = {1, 5, 2, 4, 3, 3, 4, 2, 5, 1, 6, 0}, y[] = {0, 0, 1, 1, 2, 2};
    ken_table *t = NULL;
    ken_model *m = NULL;
    ken_column target = test_column_f64("y", y, 6);
    const ken_tensor matrix = ken_tensor_2d((void *)(uintptr_t)X, KEN_F64, 6, 2);
    ken_status status = ken_table_from_matrix(ctx, &matrix, NULL, &t);
    (void)arg;
    if (status == KEN_OK) status = ken_model_new(ctx, allocation_thing, "trees=2", &m);
    if (status == KEN_OK) {
        ken_data data = {.table = t, .target = &target, .task = KEN_CLASSIFY};
        status = ken_model_fit(ctx, m, &data);
    }
    ken_model_free(m);
    ken_table_free(t);
    return status;
}

static void test_forest__every_failed_allocation_is_an_error(void **state) {
    (void)state;
    for (int k = 0; k < 2; k++) {
        allocation_thing = things[k];
        test_every_allocation(fit_small, NULL, 500);
    }
}

static void test_forest__options_do_what_they_say(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(2);
    ken_table *t = mixed_table(ctx, LEVELS);
    const char *settings[] = {"trees=5 criterion=entropy",
                              "trees=5 class_weight=balanced",
                              "trees=5 row_fraction=0.3",
                              "trees=5 bootstrap=false row_fraction=0.5",
                              "trees=5 columns=log2 max_depth=3",
                              "trees=5 columns=fraction column_fraction=0.5",
                              "trees=5 min_gain=0.01"};
    for (int k = 0; k < 2; k++)
        for (int s = 0; s < KEN_COUNT(settings); s++) {
            static double p[N * 3];
            int64_t right = 0;
            ken_model *m = fit_table(ctx, things[k], settings[s], t, y_three, true, NULL);
            predict_table(ctx, m, t, KEN_WHAT_VALUE, p);
            for (int i = 0; i < N; i++) right += p[i] == y_three[i];
            assert_true(right > 0.4 * N);
            ken_model_free(m);
        }
    ken_model *m = NULL;
    ken_column target = test_column_f64("y", y_two, N);
    ken_data data = {.table = t, .target = &target, .task = KEN_CLASSIFY};
    TEST_OK(ctx, ken_model_new(ctx, "forest", "criterion=squared", &m));
    TEST_FAILS(ctx, ken_model_fit(ctx, m, &data), KEN_E_ARG, "cannot classify");
    ken_model_free(m);
    ken_table_free(t);
    test_ctx_free(ctx);
}

/* Infinite values, and values further apart than a double reaches, once made a threshold of NaN. */
static void test_extra_trees__infinite_values_are_cut_between_bins(void **state) {
    (void)state;
    static const double ends[][2] = {{-INFINITY, INFINITY}, {-1e308, 1e308}, {0, INFINITY}};
    static double X[N * 2], y[N], p[N];
    for (int e = 0; e < KEN_COUNT(ends); e++) {
        ken_ctx *ctx = test_ctx(1);
        for (int i = 0; i < N; i++) {
            X[2 * i] = i % 4 == 0 ? ends[e][0] : i % 4 == 1 ? ends[e][1] : (double)(i % 7);
            X[2 * i + 1] = noise();
            y[i] = X[2 * i] > 3;
        }
        ken_model *m = fit(ctx, "extra_trees", "trees=10 columns=all", X, y, N, 2, true, NULL);
        predict(ctx, m, X, N, 2, KEN_WHAT_VALUE, p);
        for (int i = 0; i < N; i++) assert_true(p[i] == y[i]);
        ken_model_free(m);
        test_ctx_free(ctx);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forest__one_tree_on_all_rows_and_columns_is_the_exact_tree),
        cmocka_unit_test(test_forest__scores_out_of_bag_as_sklearn_does),
        cmocka_unit_test(test_forest__threads_do_not_change_a_bit),
        cmocka_unit_test(test_forest__without_draws_a_weight_is_a_repeated_row),
        cmocka_unit_test(test_forest__probabilities_contributions_and_leaves_fit_together),
        cmocka_unit_test(test_forest__leaves_have_enough_rows),
        cmocka_unit_test(test_forest__degenerate_tables),
        cmocka_unit_test(test_forest__many_levels_are_put_in_order_once),
        cmocka_unit_test(test_forest__survives_packing),
        cmocka_unit_test(test_forest__every_failed_allocation_is_an_error),
        cmocka_unit_test(test_forest__options_do_what_they_say),
        cmocka_unit_test(test_extra_trees__infinite_values_are_cut_between_bins),
    };
    make_data();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
