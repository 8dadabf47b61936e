/* Oblivious trees: each level's question against a search by hand over all of them; CatBoost. */
#include "ken/boosting/boosting/boosting.h"
#include "ken/boosting/boosting_grow.h"

#include "ken/core/alloc.h"
#include "ken/core/rng.h"
#include "tests/support.h"

enum { N = 700, D = 4, DEPTH = 4, CAT = 3, LEVELS = 4 };

typedef struct oblivious_case {
    ken_table *X;
    ken_bins *bins;
    uint8_t *codes, *by_column;
    double *g;
    boosting_binned binned;
} oblivious_case;

static const int64_t test_offsets[] = {0, 1, 2, 3, 4};

/* Three numbers, the first two with missing cells, and a category; gradients are multiples of 1/1024. */
static oblivious_case test_case(ken_ctx *ctx, uint64_t seed) {
    oblivious_case t = {.g = malloc(N * sizeof(double)), .codes = calloc(N, 4), .by_column = calloc(N, D)};
    ken_rng rng = ken_rng_stream(ctx, "oblivious", seed);
    double x[3][N];
    int32_t level[N];
    for (int i = 0; i < N; i++) {
        for (int j = 0; j < 3; j++) x[j][i] = floor(ken_rng_f64(&rng) * 12);
        level[i] = (int32_t)ken_rng_below(&rng, LEVELS);
        const double f = sin(x[0][i]) + (x[1][i] > 5 ? x[2][i] / 6 : 0) + (level[i] == 2 ? x[0][i] / 9 : 0);
        t.g[i] = floor(fmin(fmax(f + ken_rng_normal(&rng) / 2, -3.9), 3.9) * 1024) / 1024;
        for (int j = 0; j < 2; j++)
            if (ken_rng_below(&rng, 7) == 0) x[j][i] = (double)NAN;
    }
    TEST_OK(ctx, ken_table_new(ctx, N, &t.X));
    for (int j = 0; j < 3; j++) {
        const ken_column c = test_column_f64("x", x[j], N);
        TEST_OK(ctx, ken_table_add_copy(ctx, t.X, &c));
    }
    const ken_column k = {.name = "k", .dtype = KEN_CATEGORY, .n = N, .data = level, .stride = 1,
                          .text = {LEVELS, test_offsets, "pqrs"}};
    TEST_OK(ctx, ken_table_add_copy(ctx, t.X, &k));
    TEST_OK(ctx, ken_bins_fit(ctx, t.X, N, NULL, 60, &t.bins));
    TEST_OK(ctx, ken_bins_apply(ctx, t.bins, t.X, 0, N, t.codes, 4, 1));
    TEST_OK(ctx, ken_bins_apply(ctx, t.bins, t.X, 0, N, t.by_column, 1, N));
    t.binned = (boosting_binned){N, N, 4, D, t.codes, t.by_column, t.bins->feature};
    return t;
}

static void test_case_free(ken_ctx *ctx, oblivious_case *t) {
    ken_bins_free(ctx, t->bins);
    ken_table_free(t->X);
    free(t->codes);
    free(t->by_column);
    free(t->g);
}

static boosting_grower *test_grow(ken_ctx *ctx, const oblivious_case *t, const boosting_rules *rules,
                                  const boosting_scale *scale) {
    boosting_grower *grower = NULL;
    const ken_mark mark = ken_scratch_mark(ctx);
    TEST_OK(ctx, ken__boosting_grower_new(ctx, &t->binned, rules, &grower));
    ken_ctx_kernels(ctx)->hist_pack(t->g, NULL, N, scale->scale_g, scale->scale_h, scale->shift,
                                    ken__boosting_grower_words(grower));
    TEST_OK(ctx, ken__boosting_grow(ctx, grower, scale, NULL, N, NULL, 0));
    ken_scratch_release(ctx, mark);
    return grower;
}

static const boosting_rules test_rules = {.max_leaves = 1 << DEPTH, .max_depth = DEPTH, .oblivious = true,
                                          .min_rows = 5, .min_weight = 1e-3, .l2 = 0.7, .onehot = 9};

/* --- by hand ------------------------------------------------------------------------------------ */

/* Whether a row goes left by candidate (column, place, side of missing values). */
static bool test_left(const oblivious_case *t, int i, int column, int place, int side) {
    const int code = t->codes[i * 4 + column], missing = t->bins->feature[column].n_bins;
    if (column == CAT) return code == place;
    return code == missing ? side == 1 : code <= place;
}

/* Gains over the groups 0 .. n-1 of rows; allowed[k]: both sides of group k have enough rows. positive:
 * the sum of those above 0. */
static double test_sum(const oblivious_case *t, const int *group, int n, int column, int place, int side,
                       bool *allowed, double *positive) {
    double G[2][1 << DEPTH] = {{0}}, H[2][1 << DEPTH] = {{0}}, sum = 0;
    for (int i = 0; i < N; i++) {
        const int right = !test_left(t, i, column, place, side);
        G[right][group[i]] += t->g[i];
        H[right][group[i]] += 1;
    }
    for (int k = 0; k < n; k++) {
        const double Gk = G[0][k] + G[1][k], Hk = H[0][k] + H[1][k];
        allowed[k] = H[0][k] >= test_rules.min_rows && H[1][k] >= test_rules.min_rows;
        const double gain = G[0][k] * G[0][k] / (H[0][k] + 0.7) + G[1][k] * G[1][k] / (H[1][k] + 0.7) -
                            Gk * Gk / (Hk + 0.7);
        sum += allowed[k] ? gain : 0;
        *positive += allowed[k] ? fmax(gain, 0) : 0;
    }
    return sum;
}

/* The best question for the groups, asked: group numbers are replaced. Returns how many there are. */
static int test_ask(const oblivious_case *t, int *group, int n, double *gain) {
    int column = -1, place = -1, side = -1;
    bool allowed[1 << DEPTH];
    double best = 0, any = 0;
    for (int j = 0; j < D; j++)
        for (int s = 0; s < (j == CAT ? 1 : 2); s++)
            for (int b = 0; b < t->bins->feature[j].n_bins; b++) {
                const double sum = test_sum(t, group, n, j, b, s, allowed, &any);
                if (sum > best + 1e-9) best = sum, column = j, place = b, side = s;
            }
    (void)test_sum(t, group, n, column, place, side, allowed, gain);
    int number[1 << DEPTH][2], m = 0;
    for (int k = 0; k < n; k++) {
        number[k][0] = m++;
        number[k][1] = allowed[k] ? m++ : m - 1;
    }
    for (int i = 0; i < N; i++) group[i] = number[group[i]][!test_left(t, i, column, place, side)];
    return m;
}

/* Leaf of each row in the grown tree. */
static void test_leaves(const oblivious_case *t, const boosting_node *node, int *leaf) {
    for (int i = 0; i < N; i++) {
        int32_t k = 0;
        while (node[k].open) {
            const boosting_split *const s = &node[k].split;
            k = boosting_goes_left(s, t->bins->feature[s->column].n_bins, t->codes[i * 4 + s->column])
                    ? node[k].left
                    : node[k].right;
        }
        leaf[i] = k;
    }
}

static void test_boosting_oblivious__each_question_is_the_best_of_all(void **state) {
    ken_ctx *ctx = test_ctx(2);
    int whole = 0;
    (void)state;
    for (uint64_t seed = 0; seed < 6; seed++) {
        oblivious_case t = test_case(ctx, seed);
        const boosting_scale scale = ken__boosting_scale_of(N, true, 4, 1);
        boosting_grower *grower = test_grow(ctx, &t, &test_rules, &scale);
        const boosting_node *const node = ken__boosting_grower_nodes(grower);
        int group[N] = {0}, leaf[N], of_group[1 << DEPTH], n = 1;
        double gain = 0, total = 0;
        for (int depth = 0; depth < DEPTH; depth++) n = test_ask(&t, group, n, &total);
        test_leaves(&t, node, leaf);
        memset(of_group, 255, sizeof of_group);
        for (int i = 0; i < N; i++) { /* the same rows stand together */
            if (of_group[group[i]] < 0) of_group[group[i]] = leaf[i];
            assert_int_equal(of_group[group[i]], leaf[i]);
        }
        for (int a = 0; a < n; a++)
            for (int b = 0; b < a; b++) assert_true(of_group[a] != of_group[b]);
        int32_t stack[64], top = 0;
        for (stack[top++] = 0; top > 0;) {
            const boosting_node *const at = &node[stack[--top]];
            if (!at->open) continue;
            gain += at->split.gain;
            stack[top++] = at->left;
            stack[top++] = at->right;
        }
        TEST_NEAR(gain, total, 1e-9);
        whole += (1 << DEPTH) - n; /* nodes that a question left whole */
        ken__boosting_grower_free(ctx, grower);
        test_case_free(ctx, &t);
    }
    assert_true(whole > 0);
    test_ctx_free(ctx);
}

static void test_same_tree(const boosting_node *a, int32_t i, const boosting_node *b, int32_t k) {
    assert_int_equal(a[i].open, b[k].open);
    assert_true(a[i].g == b[k].g && a[i].h == b[k].h);
    assert_int_equal(a[i].end - a[i].begin, b[k].end - b[k].begin);
    if (!a[i].open) return;
    assert_memory_equal(&a[i].split, &b[k].split, sizeof a[i].split);
    test_same_tree(a, a[i].left, b, b[k].left);
    test_same_tree(a, a[i].right, b, b[k].right);
}

/* Depth 8 has more nodes than a small pool of histograms; splits that no limit forbids. */
static void test_boosting_oblivious__one_question_a_level_and_a_small_pool(void **state) {
    boosting_rules rich = test_rules, poor = test_rules;
    ken_ctx *ctx = test_ctx(1), *other = test_ctx(3);
    oblivious_case t = test_case(ctx, 9);
    const boosting_scale scale = ken__boosting_scale_of(N, true, 4, 1);
    (void)state;
    rich.max_depth = poor.max_depth = 8;
    rich.max_leaves = poor.max_leaves = 256;
    poor.pool_bytes = 1;
    boosting_grower *a = test_grow(ctx, &t, &rich, &scale), *b = test_grow(other, &t, &poor, &scale);
    const boosting_node *const node = ken__boosting_grower_nodes(a);
    test_same_tree(node, 0, ken__boosting_grower_nodes(b), 0);
    ken__boosting_grower_free(ctx, a);
    ken__boosting_grower_free(other, b);
    rich.max_depth = 3;
    rich.max_leaves = 8;
    rich.min_rows = 1;
    a = test_grow(ctx, &t, &rich, &scale);
    const boosting_node *const small = ken__boosting_grower_nodes(a);
    const boosting_split *asked[3] = {0};
    int32_t stack[32], top = 0;
    int nodes = 0;
    for (stack[top++] = 0; top > 0;) {
        const boosting_node *const at = &small[stack[--top]];
        if (!at->open) continue;
        if (!asked[at->depth]) asked[at->depth] = &at->split;
        const boosting_split *const q = asked[at->depth];
        nodes++;
        assert_true(q->column == at->split.column && q->bin == at->split.bin &&
                    q->missing_left == at->split.missing_left);
        assert_memory_equal(q->set, at->split.set, sizeof q->set);
        stack[top++] = at->left;
        stack[top++] = at->right;
    }
    assert_int_equal(nodes, 7);
    ken__boosting_grower_free(ctx, a);
    test_case_free(ctx, &t);
    test_ctx_free(ctx);
    test_ctx_free(other);
}

/* --- CatBoost ----------------------------------------------------------------------------------- */

/* CatBoost 1.2.10, CatBoostRegressor(iterations, learning_rate, depth=4, l2_leaf_reg=2,
 * boost_from_average=True, bootstrap_type='No', random_strength=0, score_function='L2',
 * leaf_estimation_iterations=1, leaf_estimation_method='Newton', border_count=254, rsm=1): the first rows. */
static void test_boosting_oblivious__as_catboost(void **state) {
    static const struct {
        const char *settings;
        double want[12];
    } list[] = {
        {"trees=1 learning_rate=1",
         {1.140064093, 4.657614938, 0.5434895754, 3.066927075, 0.5434895754, 4.657614938, 3.089236101,
          2.673284306, 4.657614938, 1.140064093, 4.657614938, 2.259325391}},
        {"trees=3 learning_rate=0.4",
         {1.373803558, 4.313370817, 1.038146321, 2.986726288, 0.8495564234, 4.144163143, 3.012808627,
          2.622002053, 4.144163143, 1.373803558, 4.313370817, 2.192396018}}};
    double x[360], y[120], p[120];
    ken_ctx *ctx = test_ctx(1);
    (void)state;
    for (int i = 0; i < 120; i++) {
        const int a = i * 7 % 12, b = i * 5 % 9, c = i * 11 % 16 / 2;
        x[3 * i] = a;
        x[3 * i + 1] = b;
        x[3 * i + 2] = c;
        y[i] = 2 * (a > 4) + (b > 3 ? 1.5 : -1) * (c > 2) + 0.5 * (c > 5) * (a > 8) + i * 37 % 19 / 8.0;
    }
    ken_table *X = test_table(ctx, x, 120, 3);
    const ken_column target = test_column_f64("y", y, 120);
    const ken_data data = {.table = X, .target = &target, .task = KEN_REGRESS};
    for (int k = 0; k < KEN_COUNT(list); k++) {
        ken_model *m = NULL;
        char settings[200];
        ken_tensor T = ken_tensor_2d(p, KEN_F64, 120, 1);
        snprintf(settings, sizeof settings,
                 "%s growth=oblivious max_depth=4 l2=2 row_fraction=1 node_fraction=1 min_leaf_rows=1 "
                 "min_leaf_weight=0.001",
                 list[k].settings);
        TEST_OK(ctx, ken_model_new(ctx, "boosting", settings, &m));
        TEST_OK(ctx, ken_model_fit(ctx, m, &data));
        TEST_OK(ctx, ken_model_predict(ctx, m, X, KEN_WHAT_VALUE, &T));
        for (int i = 0; i < 12; i++) TEST_NEAR(p[i], list[k].want[i], 1e-7);
        ken_model_free(m);
    }
    ken_table_free(X);
    test_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_boosting_oblivious__each_question_is_the_best_of_all),
        cmocka_unit_test(test_boosting_oblivious__one_question_a_level_and_a_small_pool),
        cmocka_unit_test(test_boosting_oblivious__as_catboost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
