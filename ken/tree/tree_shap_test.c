/* Contributions, interactions and contributions against a background: each against its definition, the
 * sum over all subsets of columns. */
#include "ken/tree/golden/shap_golden.h"
#include "ken/tree/tree_shap.h"
#include "ken/tree/tree_testing.h"

/* --- contributions ---------------------------------------------------------------------------- */

/* What the tree is worth when the columns in `known` are known. */
static double worth(const ken_ensemble *e, int32_t tree, int32_t node, int known, const double *x,
                    int o) {
    const int64_t first = e->tree_offset[tree], i = first + node;
    if (e->feature[i] < 0) return e->value[i * e->width + o];
    const int32_t l = e->left[i], r = e->right[i];
    if (known >> e->feature[i] & 1)
        return worth(e, tree, ken_ensemble_goes_left(e, i, x[e->feature[i]]) ? l : r, known, x, o);
    return (e->cover[first + l] * worth(e, tree, l, known, x, o) +
            e->cover[first + r] * worth(e, tree, r, known, x, o)) /
           e->cover[i];
}

static void test_shap__is_the_mean_over_all_subsets(void **state) {
    (void)state;
    static double phi[ROWS * 3 * (D + 1)];
    const double weight[D] = {24, 6, 4, 6, 24}; /* s! (4-s)! of 5! */
    for (int round = 0; round < 6; round++) {
        const int outputs = 1 + round % 3, width = round % 2 ? 1 : outputs;
        make_cells();
        make_trees(6, 24, width, outputs, true);
        ken_ctx *ctx = test_ctx(1 + round % 2);
        ken_table *t = make_table(ctx, 40);
        ken_model *m = hold(ctx, t);
        ken_ensemble *e = NULL;
        TEST_OK(ctx, ken_ensemble_open(ctx, m, outputs, &e));
        TEST_OK(ctx, ken_ensemble_contributions(ctx, e, t, phi));
        for (int i = 0; i < 40; i++)
            for (int o = 0; o < outputs; o++) {
                double want[D + 1] = {0};
                want[D] = e->base[o];
                for (int k = 0; k < 6; k++) {
                    if (width == 1 && e->tree_output[k] != o) continue;
                    const int w = width == 1 ? 0 : o;
                    double value[1 << D];
                    for (int s = 0; s < 1 << D; s++) value[s] = worth(e, k, 0, s, cells + i * D, w);
                    want[D] += value[0];
                    for (int j = 0; j < D; j++)
                        for (int s = 0; s < 1 << D; s++)
                            if (!(s >> j & 1))
                                want[j] += weight[__builtin_popcount((unsigned)s)] / 120 *
                                           (value[s | 1 << j] - value[s]);
                }
                for (int j = 0; j <= D; j++)
                    assert_true(fabs(phi[(i * outputs + o) * (D + 1) + j] - want[j]) < 1e-12);
            }
        drop(ctx, e);
        ken_model_free(m);
        ken_table_free(t);
        test_ctx_free(ctx);
    }
}

static void test_shap__adds_up_and_does_not_depend_on_threads(void **state) {
    (void)state;
    static double phi[ROWS * (D + 1)], again[ROWS * (D + 1)], margin[ROWS];
    make_cells();
    make_trees(30, 60, 1, 1, true);
    for (int threads = 1; threads <= 3; threads++) {
        ken_ctx *ctx = test_ctx(threads);
        ken_table *t = make_table(ctx, ROWS);
        ken_model *m = hold(ctx, t);
        ken_ensemble *e = NULL;
        TEST_OK(ctx, ken_ensemble_open(ctx, m, 1, &e));
        TEST_OK(ctx, ken_ensemble_contributions(ctx, e, t, threads == 1 ? phi : again));
        TEST_OK(ctx, ken_ensemble_margin(ctx, e, t, margin));
        for (int i = 0; i < ROWS; i++) {
            double sum = 0;
            for (int j = 0; j <= D; j++) sum += phi[i * (D + 1) + j];
            assert_true(fabs(sum - margin[i]) < 1e-11);
        }
        if (threads > 1) assert_memory_equal(phi, again, sizeof phi);
        drop(ctx, e);
        ken_model_free(m);
        ken_table_free(t);
        test_ctx_free(ctx);
    }
}

static void test_shap__quadrature_is_exact_to_its_degree(void **state) {
    (void)state;
    double t[40], w[40];
    for (int m = 1; m <= 40; m++) {
        ken_gauss_legendre(m, t, w);
        for (int degree = 0; degree < 2 * m; degree++) {
            double sum = 0;
            for (int q = 0; q < m; q++) sum += w[q] * pow(t[q], degree);
            TEST_NEAR(sum, 1.0 / (degree + 1), 1e-13);
        }
    }
}

/* --- interactions ------------------------------------------------------------------------------- */

/* Shapley interaction indices of one tree's game, halved: mean over the subsets without i and j of
 * (S - 2)! (D - S - 1)! / (D - 1)! times the second difference. */
static void interactions_of(const double *value, double (*want)[D]) {
    const double weight[D - 1] = {6, 2, 2, 6}; /* s! (3-s)! of 4! */
    for (int i = 0; i < D; i++)
        for (int j = 0; j < D; j++)
            for (int s = 0; s < 1 << D; s++)
                if (i != j && !(s >> i & 1) && !(s >> j & 1))
                    want[i][j] += weight[__builtin_popcount((unsigned)s)] / 24 / 2 *
                                  (value[s | 1 << i | 1 << j] - value[s | 1 << i] - value[s | 1 << j] +
                                   value[s]);
}

static void test_interactions__are_the_mean_over_all_subsets(void **state) {
    (void)state;
    static double pairs[40 * 3 * (D + 1) * (D + 1)], phi[40 * 3 * (D + 1)];
    for (int round = 0; round < 6; round++) {
        const int outputs = 1 + round % 3, width = round % 2 ? 1 : outputs;
        make_cells();
        make_trees(6, 24, width, outputs, true);
        ken_ctx *ctx = test_ctx(1 + round % 2);
        ken_table *t = make_table(ctx, 40);
        ken_model *m = hold(ctx, t);
        ken_ensemble *e = NULL;
        TEST_OK(ctx, ken_ensemble_open(ctx, m, outputs, &e));
        TEST_OK(ctx, ken_ensemble_interactions(ctx, e, t, pairs));
        TEST_OK(ctx, ken_ensemble_contributions(ctx, e, t, phi));
        for (int i = 0; i < 40; i++)
            for (int o = 0; o < outputs; o++) {
                double want[D][D] = {{0}};
                const double *got = pairs + (i * outputs + o) * (D + 1) * (D + 1);
                for (int k = 0; k < 6; k++) {
                    double value[1 << D];
                    if (width == 1 && e->tree_output[k] != o) continue;
                    for (int s = 0; s < 1 << D; s++)
                        value[s] = worth(e, k, 0, s, cells + i * D, width == 1 ? 0 : o);
                    interactions_of(value, want);
                }
                for (int a = 0; a <= D; a++) {
                    double sum = 0;
                    for (int b = 0; b <= D; b++) {
                        sum += got[a * (D + 1) + b];
                        assert_true(fabs(got[a * (D + 1) + b] - got[b * (D + 1) + a]) < 1e-13);
                        if (a < D && b < D && a != b) TEST_NEAR(got[a * (D + 1) + b], want[a][b], 1e-12);
                    }
                    TEST_NEAR(sum, phi[(i * outputs + o) * (D + 1) + a], 1e-11);
                }
            }
        drop(ctx, e);
        ken_model_free(m);
        ken_table_free(t);
        test_ctx_free(ctx);
    }
}

/* --- against a background ----------------------------------------------------------------------- */

static void test_against__is_the_mean_over_all_subsets_and_the_background(void **state) {
    (void)state;
    enum { N = 12, B = 9 };
    static double phi[N * 3 * (D + 1)], margin[N * 3];
    const double weight[D] = {24, 6, 4, 6, 24}; /* s! (4-s)! of 5! */
    for (int round = 0; round < 6; round++) {
        const int outputs = 1 + round % 3, width = round % 2 ? 1 : outputs;
        make_cells();
        make_trees(6, 24, width, outputs, true);
        ken_ctx *ctx = test_ctx(1 + round % 2);
        ken_table *t = make_table(ctx, N), *b = make_table(ctx, B); /* the first B rows */
        ken_model *m = hold(ctx, t);
        ken_ensemble *e = NULL;
        TEST_OK(ctx, ken_ensemble_open(ctx, m, outputs, &e));
        TEST_OK(ctx, ken_ensemble_contributions_against(ctx, e, t, b, phi));
        TEST_OK(ctx, ken_ensemble_margin(ctx, e, t, margin));
        for (int i = 0; i < N; i++)
            for (int o = 0; o < outputs; o++) {
                double want[D + 1] = {0}, sum = 0;
                for (int s = 0; s < 1 << D; s++)
                    for (int k = 0; k < B; k++) {
                        double x[D], value = e->base[o];
                        const int known = __builtin_popcount((unsigned)s);
                        for (int j = 0; j < D; j++) x[j] = cells[(s >> j & 1 ? i : k) * D + j];
                        for (int q = 0; q < 6; q++)
                            if (width > 1 || outputs == 1 || e->tree_output[q] == o)
                                value += e->value[(e->tree_offset[q] + ken_ensemble_walk(e, q, x)) * width +
                                                  (width == 1 ? 0 : o)];
                        for (int j = 0; j < D; j++)
                            want[j] += s >> j & 1 ? value * weight[known - 1] / 120 / B
                                                  : -value * weight[known] / 120 / B;
                        if (s == 0) want[D] += value / B;
                    }
                for (int j = 0; j <= D; j++) {
                    TEST_NEAR(phi[(i * outputs + o) * (D + 1) + j], want[j], 1e-12);
                    sum += phi[(i * outputs + o) * (D + 1) + j];
                }
                TEST_NEAR(sum, margin[i * outputs + o], 1e-11);
            }
        drop(ctx, e);
        ken_model_free(m);
        ken_table_free(t);
        ken_table_free(b);
        test_ctx_free(ctx);
    }
}

/* --- what the package shap says ------------------------------------------------------------------ */

static void make_golden(void) {
    memset(&M, 0, sizeof M);
    M.trees = 2, M.nodes = 2 * GOLDEN_NODES, M.width = M.outputs = 1;
    M.offset[1] = GOLDEN_NODES, M.offset[2] = 2 * GOLDEN_NODES;
    for (int i = 0; i < 2 * GOLDEN_NODES; i++) {
        M.feature[i] = golden_feature[i], M.category[i] = -1;
        M.left[i] = golden_left[i], M.right[i] = golden_right[i];
        M.threshold[i] = golden_threshold[i], M.value[i] = golden_value[i], M.cover[i] = golden_cover[i];
    }
}

static void test_shap__gives_the_values_of_the_package_shap(void **state) {
    (void)state;
    enum { N = GOLDEN_ROWS, C = GOLDEN_COLUMNS };
    const ken_tensor X = ken_tensor_2d((void *)(uintptr_t)golden_x, KEN_F64, N, C);
    const ken_tensor B = ken_tensor_2d((void *)(uintptr_t)golden_b, KEN_F64, GOLDEN_BACKGROUND, C);
    double phi[N * (C + 1)], against[N * (C + 1)], pairs[N * (C + 1) * (C + 1)];
    ken_ctx *ctx = test_ctx(1);
    ken_table *t = NULL, *b = NULL;
    ken_ensemble *e = NULL;
    make_golden();
    TEST_OK(ctx, ken_table_from_matrix(ctx, &X, NULL, &t));
    TEST_OK(ctx, ken_table_from_matrix(ctx, &B, NULL, &b));
    ken_model *m = hold(ctx, t);
    TEST_OK(ctx, ken_ensemble_open(ctx, m, 1, &e));
    TEST_OK(ctx, ken_ensemble_contributions(ctx, e, t, phi));
    TEST_OK(ctx, ken_ensemble_contributions_against(ctx, e, t, b, against));
    TEST_OK(ctx, ken_ensemble_interactions(ctx, e, t, pairs));
    for (int i = 0; i < N; i++)
        for (int j = 0; j < C; j++) {
            TEST_NEAR(phi[i * (C + 1) + j], golden_contributions[i * C + j], 1e-9);
            /* the package rounds these to single precision on the way; all subsets above do not */
            assert_true(fabs(against[i * (C + 1) + j] - golden_against[i * C + j]) < 1e-7);
            for (int k = 0; k < C; k++)
                TEST_NEAR(pairs[(i * (C + 1) + j) * (C + 1) + k],
                          golden_interactions[(i * C + j) * C + k], 1e-9);
        }
    drop(ctx, e);
    ken_model_free(m);
    ken_table_free(t);
    ken_table_free(b);
    test_ctx_free(ctx);
}

static void test_shap__all_kinds_do_not_depend_on_threads(void **state) {
    (void)state;
    enum { N = 150, B = 10 };
    static double pairs[2][N * (D + 1) * (D + 1)], phi[2][N * (D + 1)];
    make_cells();
    make_trees(12, 40, 1, 1, true);
    for (int k = 0; k < 4; k++) {
        ken_ctx *ctx = test_ctx(k < 3 ? k + 1 : 7);
        ken_table *t = make_table(ctx, N), *b = make_table(ctx, B);
        ken_model *m = hold(ctx, t);
        ken_ensemble *e = NULL;
        TEST_OK(ctx, ken_ensemble_open(ctx, m, 1, &e));
        TEST_OK(ctx, ken_ensemble_interactions(ctx, e, t, pairs[k > 0]));
        TEST_OK(ctx, ken_ensemble_contributions_against(ctx, e, t, b, phi[k > 0]));
        if (k > 0) assert_memory_equal(pairs[0], pairs[1], sizeof pairs[0]);
        if (k > 0) assert_memory_equal(phi[0], phi[1], sizeof phi[0]);
        drop(ctx, e);
        ken_model_free(m);
        ken_table_free(t);
        ken_table_free(b);
        test_ctx_free(ctx);
    }
}

static void test_against__refuses_an_empty_background(void **state) {
    (void)state;
    double phi[D + 1];
    make_cells();
    make_trees(2, 4, 1, 1, true);
    ken_ctx *ctx = test_ctx(1);
    ken_table *t = make_table(ctx, 1), *none = make_table(ctx, 0), *narrow = NULL;
    ken_model *m = hold(ctx, t);
    ken_ensemble *e = NULL;
    TEST_OK(ctx, ken_table_new(ctx, 1, &narrow));
    TEST_OK(ctx, ken_ensemble_open(ctx, m, 1, &e));
    TEST_FAILS(ctx, ken_ensemble_contributions_against(ctx, e, t, none, phi), KEN_E_ARG, "no rows");
    TEST_FAILS(ctx, ken_ensemble_contributions_against(ctx, e, t, narrow, phi), KEN_E_SHAPE, "0 columns");
    TEST_FAILS(ctx, ken_ensemble_interactions(ctx, e, narrow, phi), KEN_E_SHAPE, "0 columns");
    drop(ctx, e);
    ken_model_free(m);
    ken_table_free(t);
    ken_table_free(none);
    ken_table_free(narrow);
    test_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shap__is_the_mean_over_all_subsets),
        cmocka_unit_test(test_shap__adds_up_and_does_not_depend_on_threads),
        cmocka_unit_test(test_shap__quadrature_is_exact_to_its_degree),
        cmocka_unit_test(test_interactions__are_the_mean_over_all_subsets),
        cmocka_unit_test(test_against__is_the_mean_over_all_subsets_and_the_background),
        cmocka_unit_test(test_shap__gives_the_values_of_the_package_shap),
        cmocka_unit_test(test_shap__all_kinds_do_not_depend_on_threads),
        cmocka_unit_test(test_against__refuses_an_empty_background),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
