/* Trees as attributes: hostile ones, fast and plain prediction, contributions against all subsets.
 */
#include "tests/support.h"

#include "ken/kernels/kernels.h"
#include "ken/tree/tree_ensemble.h"
#include "ken/tree/tree_layout.h"
#include "ken/tree/tree_shap.h"

/* --- a thing that only holds trees ------------------------------------------------------------ */

typedef struct made {
    int64_t trees, nodes, words, width, outputs;
    int64_t offset[40];
    int32_t feature[4000], left[4000], right[4000], category[4000], category_words[4000],
        bits[4000];
    int32_t output[40];
    double threshold[4000], value[12000], cover[4000], gain[4000], base[4];
    uint8_t missing_left[4000];
} made;

static made M; /* what the next fit emits */

static ken_status held_fit(ken_ctx *ctx, ken_model *model, const ken_problem *problem) {
    ken_ensemble_arrays a;
    (void)problem;
    KEN_TRY(ken_ensemble_new_arrays(ctx, model, M.trees, M.nodes, M.words, M.width, M.outputs, &a));
    const size_t n = (size_t)M.nodes;
    memcpy(a.tree_offset, M.offset, sizeof(int64_t) * (size_t)(M.trees + 1));
    memcpy(a.feature, M.feature, 4 * n);
    memcpy(a.left, M.left, 4 * n);
    memcpy(a.right, M.right, 4 * n);
    memcpy(a.category, M.category, 4 * n);
    memcpy(a.category_words, M.category_words, 4 * n);
    memcpy(a.category_bits, M.bits, 4 * (size_t)M.words);
    memcpy(a.threshold, M.threshold, 8 * n);
    memcpy(a.value, M.value, 8 * n * (size_t)M.width);
    memcpy(a.cover, M.cover, 8 * n);
    memcpy(a.gain, M.gain, 8 * n);
    memcpy(a.missing_left, M.missing_left, n);
    memcpy(a.tree_output, M.output, 4 * (size_t)M.trees);
    memcpy(a.base, M.base, 8 * (size_t)M.outputs);
    return KEN_OK;
}

static int64_t held_width(const ken_model *model, ken_what what) {
    (void)model;
    return what == KEN_WHAT_VALUE ? 1 : 0;
}
static ken_status held_predict(ken_ctx *ctx, const ken_model *m, const ken_table *X, ken_what what,
                               double *out) {
    (void)ctx, (void)m, (void)X, (void)what, (void)out;
    return KEN_OK;
}
static const ken_estimator held_estimator = {
    .fit = held_fit, .width = held_width, .predict = held_predict};
static const ken_attr held_attrs[] = {KEN_ENSEMBLE_ATTRS, {0}};
static const ken_desc held_desc = {.name = "held",
                                   .title = "Trees",
                                   .kind = KEN_ESTIMATOR,
                                   .tasks = KEN_REGRESS,
                                   .tags = KEN_TAG_TYPED | KEN_TAG_CATEGORY | KEN_TAG_MISSING,
                                   .attrs = held_attrs,
                                   .estimator = &held_estimator};

enum { D = 5, ROWS = 707, LEVELS = 70 };
static double cells[ROWS * D], target[ROWS];
static int32_t codes[ROWS];

static uint64_t seed = 1;
static double noise(void) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (double)(seed >> 11) / 9007199254740992.0;
}

/* Columns 0 to 3 are numbers with holes, 4 is a category of 70 levels with holes. */
static ken_table *make_table(ken_ctx *ctx, int64_t n) {
    ken_table *t = NULL;
    static int64_t offset[LEVELS + 1];
    static char bytes[LEVELS * 4];
    uint8_t valid[(ROWS + 7) / 8];
    memset(valid, 0xFF, sizeof valid);
    for (int l = 0; l < LEVELS; l++)
        offset[l + 1] = offset[l] + snprintf(bytes + offset[l], 4, "%d", l);
    TEST_OK(ctx, ken_table_new(ctx, n, &t));
    for (int j = 0; j < D - 1; j++) {
        void *data = NULL;
        char name[8];
        snprintf(name, sizeof name, "x%d", j);
        TEST_OK(ctx, ken_table_add_new(ctx, t, name, KEN_F64, &data, NULL));
        for (int64_t i = 0; i < n; i++) ((double *)data)[i] = cells[i * D + j];
    }
    for (int64_t i = 0; i < n; i++) {
        codes[i] = isnan(cells[i * D + 4]) ? 0 : (int32_t)cells[i * D + 4];
        if (isnan(cells[i * D + 4])) ken_bitmap_clear(valid, i);
    }
    ken_column c = {.name = "c",
                    .dtype = KEN_CATEGORY,
                    .n = n,
                    .data = codes,
                    .stride = 1,
                    .valid = valid,
                    .text = {LEVELS, offset, bytes},
                    .source = -1};
    TEST_OK(ctx, ken_table_add_copy(ctx, t, &c));
    return t;
}

static void make_cells(void) {
    for (int i = 0; i < ROWS; i++) {
        for (int j = 0; j < D - 1; j++)
            cells[i * D + j] = noise() < 0.2 ? NAN : floor(noise() * 20) / 2;
        cells[i * D + 4] = noise() < 0.2 ? NAN : floor(noise() * LEVELS);
        target[i] = noise();
    }
}

/* Random trees of up to `leaves` leaves, children always behind their parent. */
static void make_trees(int trees, int leaves, int width, int outputs, bool sets) {
    memset(&M, 0, sizeof M);
    M.trees = trees;
    M.width = width;
    M.outputs = outputs;
    for (int o = 0; o < outputs; o++) M.base[o] = noise();
    for (int t = 0; t < trees; t++) {
        const int64_t first = M.nodes;
        int n = 1, open = 0;
        M.cover[first] = 100;
        while (open < n && n + 2 <= 2 * leaves - 1) {
            const int64_t i = first + open++;
            if (open > 1 && noise() < 0.25) continue;                   /* stays a leaf */
            M.feature[i] = 1 + (int32_t)(noise() * (sets ? D : D - 1)); /* for now: column + 1 */
            M.threshold[i] = floor(noise() * 20) / 2;
            M.missing_left[i] = noise() < 0.5;
            M.gain[i] = noise();
            M.left[i] = n++;
            M.right[i] = n++;
            const double share = noise();
            M.cover[first + M.left[i]] = M.cover[i] * share;
            M.cover[first + M.right[i]] = M.cover[i] * (1 - share);
        }
        for (int k = 0; k < n; k++) {
            const int64_t i = first + k;
            M.feature[i]--;
            M.category[i] = -1;
            if (M.feature[i] == D - 1) {
                M.category[i] = (int32_t)M.words;
                M.category_words[i] = 1 + (int32_t)(noise() * 3);
                for (int w = 0; w < M.category_words[i]; w++)
                    M.bits[M.words++] = (int32_t)(uint32_t)(noise() * 4294967296.0);
            }
            for (int o = 0; o < width; o++) M.value[i * width + o] = noise() - 0.5;
        }
        M.nodes += n;
        M.offset[t + 1] = M.nodes;
        M.output[t] = width == 1 ? t % outputs : -1;
    }
}

/* Trees that ask one question on each of `depth` levels; spoil: one of them asks another once. */
static void make_symmetric(int trees, int depth, bool spoil) {
    const int inner = (1 << depth) - 1;
    memset(&M, 0, sizeof M);
    M.trees = trees, M.width = M.outputs = 1, M.base[0] = noise();
    for (int t = 0; t < trees; t++) {
        for (int l = 0; l < depth; l++) {
            const int32_t column = (int32_t)(noise() * (D - 1));
            const double threshold = floor(noise() * 20) / 2;
            const uint8_t left = noise() < 0.5;
            for (int64_t i = M.nodes + (1 << l) - 1; i < M.nodes + (2 << l) - 1; i++)
                M.feature[i] = column, M.threshold[i] = threshold, M.missing_left[i] = left;
        }
        for (int k = 0; k < 2 * inner + 1; k++, M.nodes++) {
            M.category[M.nodes] = -1, M.cover[M.nodes] = 1, M.value[M.nodes] = noise() - 0.5;
            M.left[M.nodes] = 2 * k + 1, M.right[M.nodes] = 2 * k + 2;
            if (k >= inner) M.feature[M.nodes] = -1;
        }
        M.offset[t + 1] = M.nodes;
    }
    if (spoil) M.threshold[M.offset[trees - 1] + inner - 1] = 0.25;
}

static ken_model *hold(ken_ctx *ctx, const ken_table *table) {
    ken_model *m = NULL;
    ken_column y = test_column_f64("y", target, ken_table_rows(table));
    ken_data data = {.table = table, .target = &y, .task = KEN_REGRESS};
    TEST_OK(ctx, ken_model_new_desc(ctx, &held_desc, NULL, &m));
    TEST_OK(ctx, ken_model_fit(ctx, m, &data));
    return m;
}

static void drop(ken_ctx *ctx, ken_ensemble *e) {
    const ken_allocator alloc = ken_ctx_allocator(ctx);
    ken_ensemble_close(&alloc, e);
}

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
    check_all_isas(KEN_TREE_BY_LEVELS, KEN_TREE_BY_NODES);
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
        cmocka_unit_test(test_trees__leaves_are_numbered_in_node_order),
        cmocka_unit_test(test_shap__is_the_mean_over_all_subsets),
        cmocka_unit_test(test_shap__adds_up_and_does_not_depend_on_threads),
        cmocka_unit_test(test_shap__quadrature_is_exact_to_its_degree),
        cmocka_unit_test(test_trees__refuse_what_is_no_tree),
        cmocka_unit_test(test_trees__a_long_chain_is_walked_without_recursion),
        cmocka_unit_test(test_trees__json_shows_a_tree),
        cmocka_unit_test(test_trees__importance_sums_to_one),
        cmocka_unit_test(test_trees__every_failed_allocation_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
