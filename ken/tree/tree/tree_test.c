#include "tests/support.h"

#include "ken/tree/tree/golden/tree_golden.h"
#include "ken/tree/tree/tree.h"
#include "ken/tree/tree_ensemble.h"

/* --- helpers ---------------------------------------------------------------------------------- */

static double noise(uint64_t *s) {
    *s = *s * 6364136223846793005u + 1442695040888963407u;
    return (double)(*s >> 11) / 9007199254740992.0;
}

/* A CSV of numbers; the target is the last column of `classes` or the first named y. */
static int read_numbers(const char *path, double *X, double *y, int d, int n) {
    char *text = test_read_file(path, NULL), *p = strchr(text, '\n') + 1;
    int i = 0;
    while (*p && i < n) {
        for (int j = 0; j <= d; j++) {
            const double v = strtod(p, &p);
            if (j < d)
                X[i * d + j] = v;
            else
                y[i] = v;
            p += *p == ',' || *p == '\r' || *p == '\n';
        }
        while (*p == '\n' || *p == '\r') p++;
        i++;
    }
    free(text);
    return i;
}

static ken_model *fit_table(ken_ctx *ctx, const char *settings, const ken_table *X, const double *y,
                            bool classify, const double *weight) {
    const int64_t n = ken_table_rows(X);
    ken_model *m = NULL;
    ken_column target = test_column_f64("y", y, n), w = test_column_f64("w", weight, n);
    ken_data data = {.table = X,
                     .target = &target,
                     .weight = weight ? &w : NULL,
                     .task = classify ? KEN_CLASSIFY : KEN_REGRESS};
    TEST_OK(ctx, ken_model_new(ctx, "tree", settings, &m));
    TEST_OK(ctx, ken_model_fit(ctx, m, &data));
    return m;
}

static ken_model *fit(ken_ctx *ctx, const char *settings, const double *X, const double *y,
                      int64_t n, int d, bool classify, const double *weight) {
    ken_table *t = test_table(ctx, X, n, d);
    ken_model *m = fit_table(ctx, settings, t, y, classify, weight);
    ken_table_free(t);
    return m;
}

static const double *attr(const ken_model *m, const char *name) {
    return ken_f64(ken_model_attr(m, name));
}
static const int32_t *attr_i32(const ken_model *m, const char *name) {
    return ken_model_attr(m, name)->data;
}
static int64_t n_nodes(const ken_model *m) { return ken_model_attr(m, "feature")->shape[0]; }

static void predict(ken_ctx *ctx, const ken_model *m, const double *X, int64_t n, int d,
                    ken_what what, double *out) {
    int64_t width = 0;
    ken_table *t = test_table(ctx, X, n, d);
    TEST_OK(ctx, ken_model_width(ctx, m, what, &width));
    ken_tensor o = ken_tensor_2d(out, KEN_F64, n, width);
    TEST_OK(ctx, ken_model_predict(ctx, m, t, what, &o));
    ken_table_free(t);
}

static void same_trees(const ken_model *a, const ken_model *b) {
    assert_int_equal(n_nodes(a), n_nodes(b));
    const size_t n = (size_t)n_nodes(a);
    assert_memory_equal(attr(a, "threshold"), attr(b, "threshold"), n * 8);
    assert_memory_equal(attr(a, "value"), attr(b, "value"),
                        n * 8 * (size_t)ken_model_attr(a, "value")->shape[1]);
    assert_memory_equal(attr_i32(a, "feature"), attr_i32(b, "feature"), n * 4);
    assert_memory_equal(attr_i32(a, "left"), attr_i32(b, "left"), n * 4);
}

/* --- against scikit-learn --------------------------------------------------------------------- */

static void test_tree__grows_the_trees_of_sklearn(void **state) {
    (void)state;
    static double wx[178 * 13], wy[178], dx[442 * 10], dy[442], hole[442 * 13], w[442];
    const char *wine = test_shared("data/wine/wine.csv");
    const char *diabetes = test_shared("data/diabetes_efron/diabetes.csv");
    if (!wine || !diabetes) TEST_SKIP("no outside data");
    assert_int_equal(read_numbers(wine, wx, wy, 13, 178), 178);
    assert_int_equal(read_numbers(diabetes, dx, dy, 10, 442), 442);
    for (int k = 0; k < KEN_COUNT(golden_cases); k++) {
        const golden_case *g = &golden_cases[k];
        const int n = g->classify ? 178 : 442, d = g->classify ? 13 : 10;
        const double *X = g->classify ? wx : dx, *y = g->classify ? wy : dy;
        ken_ctx *ctx = test_ctx(1);
        for (int i = 0; i < n; i++) w[i] = 1 + i % 3;
        for (int i = 0; g->missing && i < n * d; i++)
            hole[i] = (i / d * 7 + i % d * 3) % 5 == 0 ? NAN : X[i];
        ken_model *m = fit(ctx, g->settings, g->missing ? hole : X, y, n, d, g->classify,
                           g->weighted ? w : NULL);
        assert_int_equal(n_nodes(m), g->n);
        const int64_t width = ken_model_attr(m, "value")->shape[1];
        for (int i = 0; i < g->n; i++) {
            assert_int_equal(attr_i32(m, "feature")[i], g->nodes[i].feature);
            TEST_NEAR(attr(m, "threshold")[i], g->nodes[i].threshold, 1e-6); /* sklearn: float32 */
            TEST_NEAR(attr(m, "cover")[i], g->nodes[i].cover, 1e-12);
            TEST_NEAR(attr(m, "value")[i * width + width - 1], g->nodes[i].value, 1e-9);
            if (g->missing && g->nodes[i].feature >= 0)
                assert_int_equal(((const uint8_t *)ken_model_attr(m, "missing_left")->data)[i],
                                 g->nodes[i].missing_left);
        }
        ken_model_free(m);
        test_ctx_free(ctx);
    }
}

static void check_path(ken_ctx *ctx, ken_model *m, const double *alpha, const double *impurity,
                       int n) {
    double a[512], i[512];
    int64_t leaves[512], got = 0;
    TEST_OK(ctx, ken_tree_prune_path(ctx, m, 512, a, i, leaves, &got));
    assert_int_equal(got, n);
    assert_int_equal(leaves[got - 1], 1);
    for (int k = 0; k < n; k++) {
        TEST_NEAR(a[k], alpha[k], 1e-9);
        TEST_NEAR(i[k], impurity[k], 1e-9);
    }
    ken_model_free(m);
}

static void test_tree__pruning_path_is_that_of_sklearn(void **state) {
    (void)state;
    static double wx[178 * 13], wy[178], dx[442 * 10], dy[442];
    const char *wine = test_shared("data/wine/wine.csv");
    const char *diabetes = test_shared("data/diabetes_efron/diabetes.csv");
    if (!wine || !diabetes) TEST_SKIP("no outside data");
    read_numbers(wine, wx, wy, 13, 178);
    read_numbers(diabetes, dx, dy, 10, 442);
    ken_ctx *ctx = test_ctx(1);
    check_path(ctx, fit(ctx, "min_leaf_rows=5", wx, wy, 178, 13, true, NULL), golden_wine_alpha,
               golden_wine_impurity, KEN_COUNT(golden_wine_alpha));
    check_path(ctx, fit(ctx, "min_leaf_rows=20", dx, dy, 442, 10, false, NULL),
               golden_diabetes_alpha, golden_diabetes_impurity, KEN_COUNT(golden_diabetes_alpha));
    test_ctx_free(ctx);
}

static void test_tree__contributions_are_those_of_shap(void **state) {
    (void)state;
    static double X[442 * 10], y[442], phi[442 * 11];
    const int row[3] = {0, 100, 441};
    const char *diabetes = test_shared("data/diabetes_efron/diabetes.csv");
    if (!diabetes) TEST_SKIP("no outside data");
    read_numbers(diabetes, X, y, 10, 442);
    ken_ctx *ctx = test_ctx(1);
    ken_model *m = fit(ctx, "max_depth=3", X, y, 442, 10, false, NULL);
    predict(ctx, m, X, 442, 10, KEN_WHAT_CONTRIBUTIONS, phi);
    for (int k = 0; k < 3; k++)
        for (int j = 0; j < 11; j++)
            assert_true(fabs(phi[row[k] * 11 + j] - golden_shap[k][j]) < 1e-6 * 100);
    ken_model_free(m);
    test_ctx_free(ctx);
}

/* --- against all subsets ---------------------------------------------------------------------- */

/* Best decrease of the sum of squares by any split of 6 levels in two sets. For two classes the sum
 * of squares is half of Gini's. */
static double best_subset(const int *code, const double *y, const double *w, int n, int levels) {
    double best = 0;
    for (int set = 1; set < (1 << levels) - 1; set++) {
        double s[2] = {0, 0}, t[2] = {0, 0};
        for (int i = 0; i < n; i++) {
            const int side = set >> code[i] & 1;
            s[side] += w[i] * y[i];
            t[side] += w[i];
        }
        if (t[0] == 0 || t[1] == 0) continue;
        const double gain =
            s[0] * s[0] / t[0] + s[1] * s[1] / t[1] - (s[0] + s[1]) * (s[0] + s[1]) / (t[0] + t[1]);
        if (gain > best) best = gain;
    }
    return best;
}

static ken_table *category_table(ken_ctx *ctx, const int32_t *codes, int64_t n, int64_t levels) {
    ken_table *t = NULL;
    int64_t *offset = calloc((size_t)levels + 1, sizeof *offset);
    char *bytes = malloc((size_t)levels * 8 + 8);
    for (int64_t l = 0; l < levels; l++)
        offset[l + 1] = offset[l] + snprintf(bytes + offset[l], 8, "l%lld", (long long)l);
    ken_column c = {.name = "c",
                    .dtype = KEN_CATEGORY,
                    .n = n,
                    .data = codes,
                    .stride = 1,
                    .text = {levels, offset, bytes},
                    .source = -1};
    TEST_OK(ctx, ken_table_new(ctx, n, &t));
    TEST_OK(ctx, ken_table_add_copy(ctx, t, &c));
    free(offset);
    free(bytes);
    return t;
}

static void test_tree__ordered_levels_find_the_best_of_all_subsets(void **state) {
    (void)state;
    uint64_t s = 7;
    for (int round = 0; round < 40; round++) {
        ken_ctx *ctx = test_ctx(1);
        int32_t code[60];
        double y[60], w[60];
        const bool classify = round % 2;
        for (int i = 0; i < 60; i++) {
            code[i] = (int32_t)(noise(&s) * 6);
            y[i] = classify ? (noise(&s) < 0.2 + 0.1 * code[i]) : noise(&s) + (code[i] * 5 % 6);
            w[i] = 1 + (int)(noise(&s) * 3);
        }
        y[0] = 0;
        y[1] = 1;
        ken_table *t = category_table(ctx, code, 60, 6);
        ken_model *m = fit_table(ctx, "max_depth=1", t, y, classify, w);
        const double best = best_subset((const int *)code, y, w, 60, 6);
        TEST_NEAR(attr(m, "gain")[0], classify ? 2 * best : best, 1e-9);
        ken_model_free(m);
        ken_table_free(t);
        test_ctx_free(ctx);
    }
}

static void test_tree__first_split_is_the_best_of_all_thresholds(void **state) {
    (void)state;
    uint64_t s = 11;
    for (int round = 0; round < 20; round++) {
        double X[50 * 3], y[50], best = 0;
        ken_ctx *ctx = test_ctx(1);
        for (int i = 0; i < 150; i++) X[i] = noise(&s) < 0.15 ? NAN : floor(noise(&s) * 12);
        for (int i = 0; i < 50; i++) y[i] = noise(&s) + (X[i * 3 + 1] > 5);
        ken_model *m = fit(ctx, "max_depth=1", X, y, 50, 3, false, NULL);
        for (int j = 0; j < 3; j++)
            for (int cut = 0; cut <= 12; cut++)
                for (int missing = 0; missing < 2; missing++) {
                    double a[2] = {0, 0}, n[2] = {0, 0};
                    for (int i = 0; i < 50; i++) {
                        const double x = X[i * 3 + j];
                        const int side = isnan(x) ? missing : x < cut;
                        a[side] += y[i];
                        n[side]++;
                    }
                    if (n[0] == 0 || n[1] == 0) continue;
                    const double gain = a[0] * a[0] / n[0] + a[1] * a[1] / n[1] -
                                        (a[0] + a[1]) * (a[0] + a[1]) / 50;
                    if (gain > best) best = gain;
                }
        TEST_NEAR(attr(m, "gain")[0], best, 1e-9);
        ken_model_free(m);
        test_ctx_free(ctx);
    }
}

/* --- invariants ------------------------------------------------------------------------------- */

enum { N = 300, D = 5 };
static double X0[N * D], y_regress[N], y_class[N];

static void make_data(void) {
    uint64_t s = 3;
    for (int i = 0; i < N * D; i++) X0[i] = floor(noise(&s) * 40) / 4;
    for (int i = 0; i < N; i++) {
        y_regress[i] = X0[i * D] * X0[i * D + 1] + 3 * noise(&s);
        y_class[i] = (X0[i * D + 2] > 5) + (X0[i * D + 3] + noise(&s) * 4 > 6);
    }
}

static void test_tree__a_weight_is_a_repeated_row(void **state) {
    (void)state;
    static double X[4 * N * D], y[4 * N], w[N];
    for (int classify = 0; classify < 2; classify++) {
        const double *target = classify ? y_class : y_regress;
        ken_ctx *ctx = test_ctx(1);
        int n = 0;
        for (int i = 0; i < N; i++) {
            w[i] = i % 4;
            for (int k = 0; k < i % 4; k++, n++) {
                memcpy(X + n * D, X0 + i * D, sizeof(double) * D);
                y[n] = target[i];
            }
        }
        ken_model *a = fit(ctx, "", X0, target, N, D, classify, w);
        ken_model *b = fit(ctx, "", X, y, n, D, classify, NULL);
        assert_int_equal(n_nodes(a), n_nodes(b));
        assert_memory_equal(attr(a, "threshold"), attr(b, "threshold"), (size_t)n_nodes(a) * 8);
        for (int64_t i = 0; i < n_nodes(a); i++) {
            TEST_NEAR(attr(a, "value")[i], attr(b, "value")[i], 1e-12);
            TEST_NEAR(attr(a, "cover")[i], attr(b, "cover")[i], 1e-12);
        }
        ken_model_free(a);
        ken_model_free(b);
        test_ctx_free(ctx);
    }
}

static void test_tree__order_of_rows_does_not_matter(void **state) {
    (void)state;
    static double X[N * D], y[N];
    ken_ctx *ctx = test_ctx(1);
    for (int i = 0; i < N; i++) {
        const int to = (i * 7 + 3) % N;
        memcpy(X + to * D, X0 + i * D, sizeof(double) * D);
        y[to] = y_class[i];
    }
    ken_model *a = fit(ctx, "", X0, y_class, N, D, true, NULL);
    ken_model *b = fit(ctx, "", X, y, N, D, true, NULL);
    same_trees(a, b);
    ken_model_free(a);
    ken_model_free(b);
    test_ctx_free(ctx);
}

static void test_tree__threads_do_not_change_a_bit(void **state) {
    (void)state;
    enum { BIG = 12000 };
    static double X[BIG * D], y[BIG];
    uint64_t s = 5;
    for (int i = 0; i < BIG * D; i++) X[i] = noise(&s);
    for (int i = 0; i < BIG; i++) y[i] = X[i * D] > 0.3 ? X[i * D + 1] : noise(&s);
    ken_ctx *one = test_ctx(1);
    ken_model *want = fit(one, "max_depth=8 column_fraction=0.6", X, y, BIG, D, false, NULL);
    const int counts[] = {2, 3, 7};
    for (int k = 0; k < 3; k++) {
        ken_ctx *ctx = test_ctx(counts[k]);
        ken_model *m = fit(ctx, "max_depth=8 column_fraction=0.6", X, y, BIG, D, false, NULL);
        same_trees(want, m);
        ken_model_free(m);
        test_ctx_free(ctx);
    }
    ken_model_free(want);
    test_ctx_free(one);
}

static void test_tree__to_purity_it_repeats_the_training_rows(void **state) {
    (void)state;
    static double out[N];
    ken_ctx *ctx = test_ctx(1);
    ken_model *m = fit(ctx, "", X0, y_regress, N, D, false, NULL);
    predict(ctx, m, X0, N, D, KEN_WHAT_VALUE, out);
    for (int i = 0; i < N; i++) TEST_NEAR(out[i], y_regress[i], 1e-12);
    ken_model_free(m);
    m = fit(ctx, "", X0, y_class, N, D, true, NULL);
    predict(ctx, m, X0, N, D, KEN_WHAT_VALUE, out);
    for (int i = 0; i < N; i++) assert_true(out[i] == y_class[i]);
    ken_model_free(m);
    test_ctx_free(ctx);
}

static void test_tree__exclusive_or_needs_a_split_without_gain(void **state) {
    (void)state;
    const double X[] = {0, 0, 0, 1, 1, 0, 1, 1}, y[] = {0, 1, 1, 0};
    double out[4];
    ken_ctx *ctx = test_ctx(1);
    ken_model *m = fit(ctx, "", X, y, 4, 2, true, NULL);
    predict(ctx, m, X, 4, 2, KEN_WHAT_VALUE, out);
    for (int i = 0; i < 4; i++) assert_true(out[i] == y[i]);
    assert_int_equal(n_nodes(m), 7);
    ken_model_free(m);
    test_ctx_free(ctx);
}

static void test_tree__small_and_degenerate_tables(void **state) {
    (void)state;
    const double X[] = {1, 2, 1, 2, 1, 2}, y[] = {4, 4, 4}, z[] = {1, 2, 6};
    double out[6];
    ken_ctx *ctx = test_ctx(1);
    ken_model *m = fit(ctx, "", X, y, 3, 2, false, NULL); /* constant target */
    assert_int_equal(n_nodes(m), 1);
    ken_model_free(m);
    m = fit(ctx, "", X, z, 3, 2, false, NULL); /* constant columns */
    assert_int_equal(n_nodes(m), 1);
    predict(ctx, m, X, 3, 2, KEN_WHAT_VALUE, out);
    TEST_NEAR(out[0], 3, 1e-15);
    ken_model_free(m);
    m = fit(ctx, "", X, z, 1, 2, false, NULL); /* one row */
    assert_int_equal(n_nodes(m), 1);
    ken_model_free(m);
    test_ctx_free(ctx);
}

static void test_tree__huge_neighbors_are_cut_between(void **state) {
    (void)state;
    const double X[] = {1.0, nextafter(1.0, 2), 1e308, 1.7e308}, y[] = {0, 1, 2, 3};
    double out[4];
    ken_ctx *ctx = test_ctx(1);
    ken_model *m = fit(ctx, "", X, y, 4, 1, false, NULL);
    predict(ctx, m, X, 4, 1, KEN_WHAT_VALUE, out);
    for (int i = 0; i < 4; i++) assert_true(out[i] == y[i]);
    ken_model_free(m);
    test_ctx_free(ctx);
}

static void test_tree__many_levels_are_no_burden(void **state) {
    (void)state;
    enum { ROWS = 100000 };
    ken_ctx *ctx = test_ctx(2);
    int32_t *code = malloc(ROWS * sizeof *code);
    double *y = malloc(ROWS * sizeof *y);
    for (int i = 0; i < ROWS; i++) {
        code[i] = i;
        y[i] = i % 3 == 0;
    }
    ken_table *t = category_table(ctx, code, ROWS, ROWS);
    ken_model *m = fit_table(ctx, "", t, y, true, NULL);
    assert_int_equal(n_nodes(m), 3);
    ken_model_free(m);
    ken_table_free(t);
    free(code);
    free(y);
    test_ctx_free(ctx);
}

static void test_tree__several_classes_split_levels_well(void **state) {
    (void)state;
    int32_t code[90];
    double y[90];
    ken_ctx *ctx = test_ctx(1);
    for (int i = 0; i < 90; i++) {
        code[i] = i % 9;
        y[i] = i % 9 % 3;
    }
    ken_table *t = category_table(ctx, code, 90, 9);
    ken_model *m = fit_table(ctx, "", t, y, true, NULL);
    assert_int_equal(n_nodes(m), 5); /* two splits separate three classes */
    ken_model_free(m);
    ken_table_free(t);
    test_ctx_free(ctx);
}

static void test_tree__survives_packing(void **state) {
    (void)state;
    static double a[N * 3], b[N * 3];
    ken_ctx *ctx = test_ctx(1);
    ken_model *m = fit(ctx, "max_depth=5", X0, y_class, N, D, true, NULL), *back = NULL;
    ken_bundle *bundle = NULL;
    ken_named_tensor tensors[64];
    TEST_OK(ctx, ken_model_pack(ctx, m, &bundle));
    for (int i = 0; i < ken_bundle_count(bundle); i++) tensors[i] = *ken_bundle_at(bundle, i);
    TEST_OK(ctx,
            ken_model_unpack(ctx, "test", ken_bundle_json(bundle), strlen(ken_bundle_json(bundle)),
                             tensors, ken_bundle_count(bundle), &back));
    predict(ctx, m, X0, N, D, KEN_WHAT_PROBA, a);
    predict(ctx, back, X0, N, D, KEN_WHAT_PROBA, b);
    assert_memory_equal(a, b, sizeof a);
    same_trees(m, back);
    ken_bundle_free(bundle);
    ken_model_free(m);
    ken_model_free(back);
    test_ctx_free(ctx);
}

static ken_status fit_small(ken_ctx *ctx, void *arg) {
    const double X[] = {1, 5, 2, 4, 3, 3, 4, 2, 5, 1, 6, 0}, y[] = {0, 0, 1, 1, 2, 2};
    ken_table *t = NULL;
    ken_model *m = NULL;
    ken_column target = test_column_f64("y", y, 6);
    const ken_tensor matrix = ken_tensor_2d((void *)(uintptr_t)X, KEN_F64, 6, 2);
    ken_status status = ken_table_from_matrix(ctx, &matrix, NULL, &t);
    (void)arg;
    if (status == KEN_OK) status = ken_model_new(ctx, "tree", "ccp_alpha=1e-9", &m);
    if (status == KEN_OK) {
        ken_data data = {.table = t, .target = &target, .task = KEN_CLASSIFY};
        status = ken_model_fit(ctx, m, &data);
    }
    ken_model_free(m);
    ken_table_free(t);
    return status;
}

static void test_tree__every_failed_allocation_is_an_error(void **state) {
    (void)state;
    test_every_allocation(fit_small, NULL, 500);
}

static void test_tree__criterion_must_fit_the_task(void **state) {
    (void)state;
    const double X[] = {1, 2}, y[] = {0, 1};
    ken_ctx *ctx = test_ctx(1);
    ken_table *t = test_table(ctx, X, 2, 1);
    ken_model *m = NULL;
    ken_column target = test_column_f64("y", y, 2);
    ken_data data = {.table = t, .target = &target, .task = KEN_REGRESS};
    TEST_OK(ctx, ken_model_new(ctx, "tree", "criterion=gini", &m));
    TEST_FAILS(ctx, ken_model_fit(ctx, m, &data), KEN_E_ARG, "cannot regress");
    ken_model_free(m);
    ken_table_free(t);
    test_ctx_free(ctx);
}

/* --- step by step ------------------------------------------------------------------------------- */

static const ken_tensor *view_of(const ken_progress *at, const char *name) {
    for (int i = 0; i < at->n_views; i++)
        if (strcmp(at->views[i].name, name) == 0) return at->views[i].tensor;
    fail_msg("no view '%s'", name);
    return NULL;
}
static double view_at(const ken_progress *at, const char *name, int64_t i) {
    const ken_tensor *t = view_of(at, name);
    return ken_tensor_value(t, i * t->stride[0]);
}

/* After step k: k splits, so 2 k + 1 nodes; parents before children, weights add up, and the
 * objective is the mean impurity of the leaves. */
static void check_growth(const ken_progress *at, int64_t k, double root_impurity) {
    const int64_t n = view_of(at, "feature")->shape[0];
    double leaves = 0, gain = 0;
    assert_int_equal(n, 2 * k + 1);
    for (int64_t i = 0; i < n; i++) {
        if (view_at(at, "feature", i) < 0) {
            leaves += view_at(at, "cover", i);
            assert_true(view_at(at, "gain", i) == 0);
            continue;
        }
        const int64_t l = (int64_t)view_at(at, "left", i), r = (int64_t)view_at(at, "right", i);
        assert_true(l > i && r > i && l < n && r < n);
        TEST_NEAR(view_at(at, "cover", l) + view_at(at, "cover", r), view_at(at, "cover", i), 1e-14);
        gain += view_at(at, "gain", i);
    }
    TEST_NEAR(leaves, view_at(at, "cover", 0), 1e-14);
    TEST_NEAR(at->objective, root_impurity - gain / leaves, 1e-12);
}

/* The tree of step k, with max_leaves the tree of k + 1 leaves; to the end, and after going back, the
 * tree of the fit. */
static void check_trace(ken_ctx *ctx, const double *X, const double *y, bool classify, bool best_first) {
    ken_table *t = test_table(ctx, X, 200, 3);
    const ken_column target = test_column_f64("y", y, 200);
    const ken_data data = {.table = t, .target = &target, .task = classify ? KEN_CLASSIFY : KEN_REGRESS};
    const char *settings = best_first ? "max_leaves=9" : "max_depth=4 column_fraction=0.5";
    ken_model *whole = fit_table(ctx, settings, t, y, classify, NULL);
    const int64_t splits = (n_nodes(whole) - 1) / 2;
    assert_true(splits >= 8);
    for (int64_t k = 1; k <= splits; k += best_first ? 1 : splits - 1) {
        ken_model *m;
        ken_trace *trace;
        TEST_OK(ctx, ken_model_new(ctx, "tree", settings, &m));
        TEST_OK(ctx, ken_model_trace(ctx, m, &data, &trace));
        for (int64_t step = 1; step <= splits; step++) {
            TEST_OK(ctx, ken_trace_seek(trace, step));
            check_growth(ken_trace_at(trace), step, ken_model_attr_f64(whole, "root_impurity", NAN));
        }
        TEST_OK(ctx, ken_trace_seek(trace, splits + 5)); /* there is no more */
        assert_int_equal(ken_trace_at(trace)->iteration, splits);
        TEST_OK(ctx, ken_trace_seek(trace, k));
        check_growth(ken_trace_at(trace), k, ken_model_attr_f64(whole, "root_impurity", NAN));
        TEST_OK(ctx, ken_trace_end(trace, true));
        char fewer[40];
        snprintf(fewer, sizeof fewer, "max_leaves=%d", (int)k + 1);
        ken_model *want = k == splits ? NULL : best_first ? fit_table(ctx, fewer, t, y, classify, NULL) : NULL;
        if (k == splits || want) same_trees(m, want ? want : whole);
        ken_model_free(want);
        ken_model_free(m);
    }
    ken_model_free(whole);
    ken_table_free(t);
}

static void test_tree__a_step_is_a_split(void **state) {
    (void)state;
    double X[600], y[200], label[200];
    uint64_t s = 17;
    for (int i = 0; i < 600; i++) X[i] = noise(&s);
    for (int i = 0; i < 200; i++) {
        y[i] = X[3 * i] * 3 - X[3 * i + 1] * X[3 * i + 2] + 0.2 * noise(&s);
        label[i] = floor(y[i]) + 1;
    }
    ken_ctx *ctx = test_ctx(2);
    for (int k = 0; k < 4; k++) check_trace(ctx, X, k & 1 ? label : y, k & 1, k & 2);
    test_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tree__grows_the_trees_of_sklearn),
        cmocka_unit_test(test_tree__pruning_path_is_that_of_sklearn),
        cmocka_unit_test(test_tree__contributions_are_those_of_shap),
        cmocka_unit_test(test_tree__ordered_levels_find_the_best_of_all_subsets),
        cmocka_unit_test(test_tree__first_split_is_the_best_of_all_thresholds),
        cmocka_unit_test(test_tree__a_weight_is_a_repeated_row),
        cmocka_unit_test(test_tree__order_of_rows_does_not_matter),
        cmocka_unit_test(test_tree__threads_do_not_change_a_bit),
        cmocka_unit_test(test_tree__to_purity_it_repeats_the_training_rows),
        cmocka_unit_test(test_tree__exclusive_or_needs_a_split_without_gain),
        cmocka_unit_test(test_tree__small_and_degenerate_tables),
        cmocka_unit_test(test_tree__huge_neighbors_are_cut_between),
        cmocka_unit_test(test_tree__many_levels_are_no_burden),
        cmocka_unit_test(test_tree__several_classes_split_levels_well),
        cmocka_unit_test(test_tree__survives_packing),
        cmocka_unit_test(test_tree__every_failed_allocation_is_an_error),
        cmocka_unit_test(test_tree__criterion_must_fit_the_task),
        cmocka_unit_test(test_tree__a_step_is_a_split),
    };
    make_data();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
