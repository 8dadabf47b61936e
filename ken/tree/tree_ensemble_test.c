/* Trees as attributes: hostile ones, fast and plain prediction. Contributions: tree_shap_test.c. */
#include "ken/tree/tree_testing.h"

#include "ken/kernels/kernels.h"
#include "ken/tree/tree_ensemble.h"
#include "ken/tree/tree_layout.h"
#include "ken/tree/tree_shap.h"

/* --- fast and plain --------------------------------------------------------------------------- */

static void test_trees__fast_prediction_is_the_plain_walk_bit_for_bit(void **state) {
    (void)state;
    static double a[ROWS * 4], b[ROWS * 4];
    const int64_t sizes[] = {1, 3, 7, 8, 9, 63, 64, 65, 511, 513, ROWS};
    const int threads[] = {1, 2, 3, 7};
    for (int round = 0; round < 12; round++) {
        const int outputs = 1 + round % 3, width = round % 2 ? 1 : outputs;
        make_cells();
        make_trees(1 + round * 2, 2 + round * 5, width, outputs, round % 4 > 1);
        ken_ctx *ctx = test_ctx(threads[round % 4]);
        ken_table *all = make_table(ctx, ROWS);
        ken_model *m = hold(ctx, all);
        ken_ensemble *e = NULL;
        TEST_OK(ctx, ken_ensemble_open(ctx, m, outputs, &e));
        assert_non_null(e->layout);
        for (int s = 0; s < KEN_COUNT(sizes); s++) {
            ken_table *t = make_table(ctx, sizes[s]);
            TEST_OK(ctx, ken_ensemble_margin(ctx, e, t, a));
            TEST_OK(ctx, ken_ensemble_margin_ref(ctx, e, t, b));
            assert_memory_equal(a, b, sizeof(double) * (size_t)(sizes[s] * outputs));
            ken_table_free(t);
        }
        drop(ctx, e);
        ken_model_free(m);
        ken_table_free(all);
        test_ctx_free(ctx);
    }
}

static ken_ctx *ctx_of(const char *isa, int threads) {
    const ken_ctx_options options = {.isa = isa, .threads = threads};
    ken_ctx *ctx = NULL;
    assert_int_equal(ken_ctx_new(&options, &ctx), KEN_OK);
    return ctx;
}

/* Margins and leaves of the trees M on every instruction set; kind: of the first and the last tree. */
static void check_all_isas(int kind, int kind_last) {
    static double want[ROWS * 4], got[ROWS * 4], leaf[ROWS * 40], leaf_got[ROWS * 40];
    make_cells();
    for (int v = 0; ken_kernels_at(v); v++) {
        ken_ctx *ctx = ctx_of(ken_kernels_at(v)->isa, 1 + v);
        ken_table *t = make_table(ctx, ROWS);
        ken_model *m = hold(ctx, t);
        ken_ensemble *e = NULL;
        TEST_OK(ctx, ken_ensemble_open(ctx, m, (int32_t)M.outputs, &e));
        assert_int_equal(e->layout->by[0], kind);
        assert_int_equal(e->layout->by[M.trees - 1], kind_last);
        TEST_OK(ctx, ken_ensemble_margin_ref(ctx, e, t, want));
        TEST_OK(ctx, ken_ensemble_margin(ctx, e, t, got));
        assert_memory_equal(want, got, sizeof(double) * (size_t)(ROWS * M.outputs));
        TEST_OK(ctx, ken_ensemble_leaves(ctx, e, t, leaf_got));
        if (v == 0) memcpy(leaf, leaf_got, sizeof leaf);
        assert_memory_equal(leaf, leaf_got, sizeof(double) * (size_t)(ROWS * M.trees));
        drop(ctx, e);
        ken_model_free(m);
        ken_table_free(t);
        ken_ctx_free(ctx);
    }
}

static void test_trees__the_second_form_is_the_plain_walk_bit_for_bit(void **state) {
    (void)state;
    make_trees(9, 60, 1, 3, false);
    check_all_isas(KEN_TREE_BY_ASKS, KEN_TREE_BY_ASKS);
    make_trees(9, 60, 3, 3, false);
    check_all_isas(KEN_TREE_BY_ASKS, KEN_TREE_BY_ASKS);
    make_trees(1, 1, 1, 1, false); /* a leaf alone */
    check_all_isas(KEN_TREE_BY_ASKS, KEN_TREE_BY_ASKS);
    make_symmetric(3, 1, false);
    check_all_isas(KEN_TREE_BY_LEVELS, KEN_TREE_BY_LEVELS);
    make_symmetric(6, 8, false);
    check_all_isas(KEN_TREE_BY_LEVELS, KEN_TREE_BY_LEVELS);
    make_symmetric(6, 8, true);
    check_all_isas(KEN_TREE_BY_LEVELS, KEN_TREE_BY_ASKS);
    make_symmetric(2, 9, false);
    check_all_isas(KEN_TREE_BY_LEVELS, KEN_TREE_BY_LEVELS);
    make_symmetric(2, 9, true);
    check_all_isas(KEN_TREE_BY_LEVELS, KEN_TREE_BY_TOP);
}

/* Thresholds of the trees M that hardly two nodes share; column: of all questions, -1: as they are. */
static void spread_thresholds(int32_t column) {
    for (int64_t i = 0; i < M.nodes; i++) {
        if (M.feature[i] < 0 || M.category[i] >= 0) continue;
        M.threshold[i] = 10 * noise();
        if (column >= 0) M.feature[i] = column;
    }
}

static int32_t parts_of_trees(void) {
    ken_ctx *ctx = test_ctx(1);
    ken_table *t = make_table(ctx, ROWS);
    ken_model *m = hold(ctx, t);
    ken_ensemble *e = NULL;
    TEST_OK(ctx, ken_ensemble_open(ctx, m, (int32_t)M.outputs, &e));
    const int32_t parts = e->layout->n_parts;
    drop(ctx, e);
    ken_model_free(m);
    ken_table_free(t);
    test_ctx_free(ctx);
    return parts;
}

/* 254 thresholds of a column is what a byte can tell apart: then a new part begins. */
static void test_trees__many_thresholds_are_coded_in_parts(void **state) {
    (void)state;
    make_cells();
    make_trees(30, 60, 1, 3, false);
    spread_thresholds(-1);
    assert_true(parts_of_trees() > 1);
    check_all_isas(KEN_TREE_BY_ASKS, KEN_TREE_BY_ASKS);
    make_trees(9, 200, 3, 3, false);
    spread_thresholds(0);
    assert_true(parts_of_trees() > 5);
    check_all_isas(KEN_TREE_BY_ASKS, KEN_TREE_BY_ASKS);
    make_trees(6, 300, 1, 1, false); /* too large: the top is asked */
    spread_thresholds(-1);
    check_all_isas(KEN_TREE_BY_TOP, KEN_TREE_BY_TOP);
    make_trees(6, 300, 2, 2, false); /* the same, but a byte is enough */
    assert_int_equal(parts_of_trees(), 1);
    check_all_isas(KEN_TREE_BY_TOP, KEN_TREE_BY_TOP);
    make_trees(2, 256, 1, 1, false); /* one column, one threshold more than a byte */
    spread_thresholds(0);
    check_all_isas(KEN_TREE_BY_NODES, KEN_TREE_BY_NODES);
}

static void test_trees__leaves_are_numbered_in_node_order(void **state) {
    (void)state;
    static double leaf[ROWS * 40];
    make_cells();
    make_trees(9, 20, 1, 1, true);
    ken_ctx *ctx = test_ctx(2);
    ken_table *t = make_table(ctx, ROWS);
    ken_model *m = hold(ctx, t);
    ken_ensemble *e = NULL;
    TEST_OK(ctx, ken_ensemble_open(ctx, m, 1, &e));
    TEST_OK(ctx, ken_ensemble_leaves(ctx, e, t, leaf));
    for (int i = 0; i < ROWS; i++)
        for (int k = 0; k < 9; k++) {
            const int32_t node = ken_ensemble_walk(e, k, cells + i * D);
            int before = 0;
            for (int32_t j = 0; j < node; j++) before += e->feature[e->tree_offset[k] + j] < 0;
            assert_true(leaf[i * 9 + k] == before);
        }
    drop(ctx, e);
    ken_model_free(m);
    ken_table_free(t);
    test_ctx_free(ctx);
}

/* --- hostile files ---------------------------------------------------------------------------- */

static void refuses(ken_ctx *ctx, const ken_table *t, const char *part) {
    ken_model *m = hold(ctx, t);
    ken_ensemble *e = NULL;
    TEST_FAILS(ctx, ken_ensemble_open(ctx, m, (int32_t)M.outputs, &e), KEN_E_FORMAT, part);
    assert_null(e);
    ken_model_free(m);
}

static void test_trees__refuse_what_is_no_tree(void **state) {
    (void)state;
    make_cells();
    ken_ctx *ctx = test_ctx(1);
    ken_table *t = make_table(ctx, 10);
    made good;
    make_trees(3, 12, 1, 1, true);
    good = M;
#define WITH(change, part)                                                                         \
    do {                                                                                           \
        M = good;                                                                                  \
        change;                                                                                    \
        refuses(ctx, t, part);                                                                     \
    } while (0)
    WITH(M.feature[0] = D, "column is out of range");
    WITH(M.feature[0] = -2, "column is out of range");
    WITH(M.left[0] = 0, "children are out of range");
    WITH(M.left[0] = -1, "children are out of range");
    WITH(M.right[0] = 4000000, "children are out of range");
    WITH(M.right[0] = M.left[0], "children are out of range");
    WITH(M.left[0] = 3, "leads to it");
    for (int j = 1; j < 3; j++)
        if (good.feature[j] >= 0 && good.left[j] != j + 1) WITH(M.left[j] = j + 1, "two parents");
    WITH(M.offset[0] = 1, "tree_offset");
    WITH(M.offset[1] = -5, "nodes");
    WITH(M.offset[1] = M.offset[2], "nodes");
    WITH(M.offset[3] += 1, "tree_offset");
    WITH(M.output[1] = 1, "adds to output");
    WITH(M.cover[0] = NAN, "cover");
    WITH(M.cover[0] = -1, "cover");
    WITH(M.gain[0] = NAN, "gain");
    WITH(M.missing_left[0] = 2, "missing_left");
    for (int64_t i = 0; i < good.nodes; i++) {
        if (good.feature[i] < 0) continue;
        if (good.category[i] < 0) {
            WITH(M.threshold[i] = NAN, "threshold");
        } else {
            WITH(M.category[i] = (int32_t)M.words, "set of levels");
            WITH(M.category_words[i] = INT32_MAX, "set of levels");
            WITH(M.category_words[i] = -1, "set of levels");
        }
    }
    M = good;
    ken_model *m = hold(ctx, t);
    ken_ensemble *e = NULL;
    TEST_FAILS(ctx, ken_ensemble_open(ctx, m, 2, &e), KEN_E_FORMAT, "base");
    TEST_FAILS(ctx, ken_ensemble_open(ctx, m, 0, &e), KEN_E_FORMAT, "outputs");
    ken_model_free(m);
    ken_table_free(t);
    test_ctx_free(ctx);
}

static void test_trees__a_long_chain_is_walked_without_recursion(void **state) {
    (void)state;
    double margin[4], phi[4 * (D + 1)];
    enum { LINKS = 1999 };
    make_cells();
    memset(&M, 0, sizeof M);
    M.trees = 1, M.width = 1, M.outputs = 1, M.nodes = 2 * LINKS + 1;
    M.offset[1] = M.nodes;
    for (int k = 0; k < M.nodes; k++) {
        M.category[k] = -1;
        M.feature[k] = k % 2 || k == 2 * LINKS ? -1 : k / 2 % 4;
        M.threshold[k] = k % 2 ? 0 : 1e-3 * k;
        M.left[k] = k + 1;
        M.right[k] = k + 2;
        M.value[k] = k;
        M.cover[k] = 2 * LINKS - k + 1;
    }
    ken_ctx *ctx = test_ctx(1);
    ken_table *t = make_table(ctx, 4);
    ken_model *m = hold(ctx, t);
    ken_ensemble *e = NULL;
    TEST_OK(ctx, ken_ensemble_open(ctx, m, 1, &e));
    assert_int_equal(e->max_depth, LINKS);
    TEST_OK(ctx, ken_ensemble_margin(ctx, e, t, margin));
    TEST_OK(ctx, ken_ensemble_contributions(ctx, e, t, phi));
    for (int i = 0; i < 4; i++) {
        double sum = 0;
        for (int j = 0; j <= D; j++) sum += phi[i * (D + 1) + j];
        assert_true(fabs(sum - margin[i]) < 1e-11 * 2 * LINKS); /* leaf values go up to 2 LINKS */
    }
    drop(ctx, e);
    ken_model_free(m);
    ken_table_free(t);
    test_ctx_free(ctx);
}

/* --- pictures --------------------------------------------------------------------------------- */

static void test_trees__json_shows_a_tree(void **state) {
    (void)state;
    make_cells();
    memset(&M, 0, sizeof M);
    M.trees = 1, M.width = 1, M.outputs = 1, M.nodes = 5, M.words = 1;
    M.offset[1] = 5;
    M.feature[0] = 4, M.feature[1] = -1, M.feature[2] = 1, M.feature[3] = M.feature[4] = -1;
    M.left[0] = 1, M.right[0] = 2, M.left[2] = 3, M.right[2] = 4;
    M.category[1] = M.category[2] = M.category[3] = M.category[4] = -1;
    M.category_words[0] = 1;
    M.bits[0] = 1 << 2 | 1 << 9;
    M.threshold[2] = 1.5;
    M.missing_left[2] = 1;
    M.cover[0] = 4, M.cover[1] = 1, M.cover[2] = 3, M.cover[3] = 2, M.cover[4] = 1;
    M.value[0] = 7;
    ken_ctx *ctx = test_ctx(1);
    ken_table *t = make_table(ctx, 10);
    ken_model *m = hold(ctx, t);
    ken_text text = ken_text_new(ctx);
    ken_json_writer w = ken_json_writer_new(&text, 0);
    const char *json = NULL;
    TEST_OK(ctx, ken_ensemble_tree_json(ctx, m, 0, 1, &w));
    TEST_OK(ctx, ken_text_end(&text, &json));
    assert_non_null(strstr(json, "\"levels\""));
    ken_json_doc *doc = NULL;
    TEST_OK(ctx, ken_json_parse(ctx, "tree", json, strlen(json), &doc));
    const ken_json *root = ken_json_get(ken_json_root(doc), "root");
    assert_string_equal(ken_json_string(ken_json_get(root, "feature"), NULL, ""), "c");
    assert_string_equal(ken_json_string(ken_json_at(ken_json_get(root, "levels"), 1), NULL, ""),
                        "9");
    assert_int_equal(ken_json_i64(ken_json_get(ken_json_get(root, "right"), "cut"), 0), 2);
    ken_json_doc_free(doc);
    TEST_FAILS(ctx, ken_ensemble_tree_json(ctx, m, 1, 3, &w), KEN_E_ARG, "no tree 1");
    TEST_FAILS(ctx, ken_ensemble_tree_json(ctx, m, 0, 1000, &w), KEN_E_ARG, "depth 1000");
    ken_text_free(&text);
    ken_model_free(m);
    ken_table_free(t);
    test_ctx_free(ctx);
}

static void test_trees__importance_sums_to_one(void **state) {
    (void)state;
    double gain[D], splits[D], cover[D];
    make_cells();
    make_trees(5, 10, 1, 1, true);
    ken_ctx *ctx = test_ctx(1);
    ken_table *t = make_table(ctx, 10);
    ken_model *m = hold(ctx, t);
    ken_ensemble *e = NULL;
    TEST_OK(ctx, ken_ensemble_open(ctx, m, 1, &e));
    ken_ensemble_importance(e, KEN_IMPORTANCE_GAIN, gain);
    ken_ensemble_importance(e, KEN_IMPORTANCE_SPLITS, splits);
    ken_ensemble_importance(e, KEN_IMPORTANCE_COVER, cover);
    double a = 0, b = 0, c = 0;
    for (int j = 0; j < D; j++) a += gain[j], b += splits[j], c += cover[j];
    TEST_NEAR(a, 1, 1e-12);
    TEST_NEAR(b, 1, 1e-12);
    TEST_NEAR(c, 1, 1e-12);
    drop(ctx, e);
    ken_model_free(m);
    ken_table_free(t);
    test_ctx_free(ctx);
}

static ken_model *shared_model;
static ken_status open_and_use(ken_ctx *ctx, void *arg) {
    ken_ensemble *e = NULL;
    double out[1], phi[D + 1];
    const double x[D] = {1, 2, 3, 4, 5};
    const ken_tensor X = ken_tensor_2d((void *)(uintptr_t)x, KEN_F64, 1, D);
    ken_table *t = NULL;
    (void)arg;
    ken_status status = ken_table_from_matrix(ctx, &X, NULL, &t);
    if (status == KEN_OK) status = ken_ensemble_open(ctx, shared_model, 1, &e);
    if (status == KEN_OK) status = ken_ensemble_margin(ctx, e, t, out);
    if (status == KEN_OK) status = ken_ensemble_contributions(ctx, e, t, phi);
    drop(ctx, e);
    ken_table_free(t);
    return status;
}

static void test_trees__every_failed_allocation_is_an_error(void **state) {
    (void)state;
    make_cells();
    make_trees(5, 10, 1, 1, true);
    ken_ctx *ctx = test_ctx(1);
    ken_table *t = make_table(ctx, 10);
    shared_model = hold(ctx, t);
    test_every_allocation(open_and_use, NULL, 100);
    ken_model_free(shared_model);
    ken_table_free(t);
    test_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_trees__fast_prediction_is_the_plain_walk_bit_for_bit),
        cmocka_unit_test(test_trees__the_second_form_is_the_plain_walk_bit_for_bit),
        cmocka_unit_test(test_trees__many_thresholds_are_coded_in_parts),
        cmocka_unit_test(test_trees__leaves_are_numbered_in_node_order),
        cmocka_unit_test(test_trees__refuse_what_is_no_tree),
        cmocka_unit_test(test_trees__a_long_chain_is_walked_without_recursion),
        cmocka_unit_test(test_trees__json_shows_a_tree),
        cmocka_unit_test(test_trees__importance_sums_to_one),
        cmocka_unit_test(test_trees__every_failed_allocation_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
