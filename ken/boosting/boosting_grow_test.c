/* One tree: the root's split against a search by hand, and a pool of histograms that is too small.
 */
#include "ken/boosting/boosting_grow.h"

#include "ken/core/alloc.h"
#include "ken/core/rng.h"
#include "tests/support.h"

enum { N = 5000, MANY = 60000, D = 6 };

typedef struct grow_case {
    int64_t n;
    ken_table *X;
    ken_bins *bins;
    uint8_t *codes, *by_column;
    double *g, *h;
    boosting_binned binned;
} grow_case;

static grow_case test_case_of(ken_ctx *ctx, int64_t n, double values, int bins) {
    grow_case t = {.n = n};
    ken_rng rng = ken_rng_stream(ctx, "test", 0);
    double *x = malloc((size_t)n * D * sizeof *x);
    t.g = malloc((size_t)n * sizeof *t.g);
    t.h = malloc((size_t)n * sizeof *t.h);
    for (int64_t i = 0; i < n; i++) {
        for (int j = 0; j < D; j++) x[i * D + j] = floor(ken_rng_f64(&rng) * values) * (100 / values);
        t.h[i] = 0.05 + 0.2 * ken_rng_f64(&rng);
        t.g[i] = sin(x[i * D] / 15) / 4 + (x[i * D + 3] > 40 ? 0.3 : 0) + ken_rng_normal(&rng) / 8;
        t.g[i] = fmax(fmin(t.g[i], 1), -1);
    }
    t.X = test_table(ctx, x, n, D);
    TEST_OK(ctx, ken_bins_fit(ctx, t.X, n, NULL, bins, &t.bins));
    t.codes = calloc((size_t)n, 8);
    t.by_column = calloc((size_t)n, D);
    TEST_OK(ctx, ken_bins_apply(ctx, t.bins, t.X, 0, n, t.codes, 8, 1));
    TEST_OK(ctx, ken_bins_apply(ctx, t.bins, t.X, 0, n, t.by_column, 1, n));
    t.binned = (boosting_binned){n, n, 8, D, t.codes, t.by_column, t.bins->feature};
    free(x);
    return t;
}

static grow_case test_case(ken_ctx *ctx, int64_t n) { return test_case_of(ctx, n, 100, 60); }

static void test_case_free(ken_ctx *ctx, grow_case *t) {
    ken_bins_free(ctx, t->bins);
    ken_table_free(t->X);
    free(t->codes);
    free(t->by_column);
    free(t->g);
    free(t->h);
}

static boosting_grower *test_grow(ken_ctx *ctx, const grow_case *t, const boosting_rules *rules,
                                  const boosting_scale *scale) {
    boosting_grower *grower = NULL;
    const ken_mark mark = ken_scratch_mark(ctx);
    TEST_OK(ctx, ken__boosting_grower_new(ctx, &t->binned, rules, &grower));
    ken_ctx_kernels(ctx)->hist_pack(t->g, t->h, t->n, scale->scale_g, scale->scale_h, scale->shift,
                                    ken__boosting_grower_words(grower));
    TEST_OK(ctx, ken__boosting_grow(ctx, grower, scale, NULL, t->n, NULL, 0));
    ken_scratch_release(ctx, mark);
    return grower;
}

static void test_boosting_grow__root_split_is_the_best_of_all(void **state) {
    const boosting_rules rules = {.max_leaves = 2, .min_rows = 300, .min_weight = 1e-3, .l2 = 0.7};
    ken_ctx *ctx = test_ctx(2);
    grow_case t = test_case(ctx, N);
    const boosting_scale scale = ken__boosting_scale_of(N, false, 1, 0.25);
    boosting_grower *grower = test_grow(ctx, &t, &rules, &scale);
    const boosting_split *split = &ken__boosting_grower_nodes(grower)->split;
    double best = 0;
    int column = -1, bin = -1;
    (void)state;
    for (int j = 0; j < D; j++)
        for (int b = 0; b + 1 < t.bins->feature[j].n_bins; b++) {
            double G[2] = {0, 0}, H[2] = {0, 0};
            int rows[2] = {0, 0};
            for (int i = 0; i < N; i++) {
                const int side = t.codes[i * 8 + j] > b;
                G[side] += t.g[i];
                H[side] += t.h[i];
                rows[side]++;
            }
            const double G0 = G[0] + G[1], H0 = H[0] + H[1];
            const double gain =
                G[0] * G[0] / (H[0] + 0.7) + G[1] * G[1] / (H[1] + 0.7) - G0 * G0 / (H0 + 0.7);
            if (rows[0] >= 300 && rows[1] >= 300 && gain > best) {
                best = gain;
                column = j;
                bin = b;
            }
        }
    assert_int_equal(split->column, column);
    assert_int_equal(split->bin, bin);
    TEST_NEAR(split->gain, best, 1e-5); /* gradients are rounded to 2^-21 */
    ken__boosting_grower_free(ctx, grower);
    test_case_free(ctx, &t);
    test_ctx_free(ctx);
}

typedef struct grow_check {
    const grow_case *t;
    const boosting_rules *rules;
    const boosting_scale *scale;
    const boosting_node *node;
    const uint64_t *word;
} grow_check;

/* The best gain of `n` rows by a search by hand, from the same whole numbers. */
static double test_best_gain(const grow_check *c, const int *rows, int n) {
    double best = 0;
    for (int j = 0; j < D; j++)
        for (int b = 0; b < c->t->bins->feature[j].n_bins; b++)
            for (int left = 0; left < 2; left++) {
                const int missing = c->t->bins->feature[j].n_bins;
                double G[2] = {0, 0}, H[2] = {0, 0};
                int count[2] = {0, 0};
                for (int r = 0; r < n; r++) {
                    const int code = c->t->codes[8 * rows[r] + j], side = code == missing ? !left : code > b;
                    const uint64_t word = c->word[rows[r]];
                    G[side] += (double)((int64_t)word >> c->scale->shift) / c->scale->scale_g;
                    H[side] += (double)(word & ((UINT64_C(1) << c->scale->shift) - 1)) / c->scale->scale_h;
                    count[side]++;
                }
                const double gain = ken__boosting_score(c->rules, G[0], H[0]) +
                                    ken__boosting_score(c->rules, G[1], H[1]) -
                                    ken__boosting_score(c->rules, G[0] + G[1], H[0] + H[1]);
                const bool fit = count[0] >= c->rules->min_rows && count[1] >= c->rules->min_rows &&
                                 H[0] >= c->rules->min_weight && H[1] >= c->rules->min_weight;
                if (fit && gain > best) best = gain;
            }
    return best;
}

static void test_check_node(const grow_check *c, int32_t i, int *rows, int n) {
    const boosting_node *const node = &c->node[i];
    int n_left = 0;
    assert_int_equal(node->end - node->begin, n);
    if (!node->open) return;
    TEST_NEAR(node->split.gain, test_best_gain(c, rows, n), 1e-9 * fabs(node->split.gain));
    for (int r = 0; r < n; r++) { /* the left ones first */
        const int row = rows[r], code = c->t->codes[8 * row + node->split.column];
        const int missing = c->t->bins->feature[node->split.column].n_bins;
        if (!boosting_goes_left(&node->split, missing, code)) continue;
        rows[r] = rows[n_left];
        rows[n_left++] = row;
    }
    test_check_node(c, node->left, rows, n_left);
    test_check_node(c, node->right, rows + n_left, n - n_left);
}

/* Missing values, limits of rows and of weight, penalties; nodes from all rows to a few. */
static void test_boosting_grow__each_split_is_the_best_of_its_node(void **state) {
    (void)state;
    for (int kind = 0; kind < 4; kind++) {
        const boosting_rules rules = {.max_leaves = 60, .min_rows = kind % 2 ? 25 : 1,
                                      .min_weight = kind == 2 ? 4 : 1e-3, .l1 = kind > 1 ? 0.5 : 0, .l2 = 0.7};
        ken_ctx *ctx = test_ctx(1 + kind % 3);
        const ken_mark mark = ken_scratch_mark(ctx);
        grow_case t = test_case(ctx, N);
        ken_rng rng = ken_rng_stream(ctx, "missing", 0);
        for (int j = 2; j < 5; j += 2) {
            t.bins->feature[j].has_missing = true;
            for (int i = 0; i < N; i++)
                if (ken_rng_f64(&rng) < 0.1 * j)
                    t.codes[8 * i + j] = t.by_column[j * N + i] = (uint8_t)t.bins->feature[j].n_bins;
        }
        const boosting_scale scale = ken__boosting_scale_of(N, false, 1, 0.25);
        boosting_grower *grower = test_grow(ctx, &t, &rules, &scale);
        uint64_t *word = malloc(N * sizeof *word);
        int *rows = malloc(N * sizeof *rows);
        for (int i = 0; i < N; i++) rows[i] = i;
        ken_ctx_kernels(ctx)->hist_pack(t.g, t.h, N, scale.scale_g, scale.scale_h, scale.shift, word);
        const grow_check check = {&t, &rules, &scale, ken__boosting_grower_nodes(grower), word};
        assert_true(check.node[0].open);
        test_check_node(&check, 0, rows, N);
        free(rows);
        free(word);
        ken_scratch_release(ctx, mark);
        ken__boosting_grower_free(ctx, grower);
        test_case_free(ctx, &t);
        test_ctx_free(ctx);
    }
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

static void test_boosting_grow__a_small_pool_changes_nothing(void **state) {
    (void)state;
    for (int depthwise = 0; depthwise < 2; depthwise++)
        for (int threads = 1; threads <= 4; threads += 3) {
            const boosting_rules rich = {.max_leaves = 200,
                                         .min_rows = 2,
                                         .min_weight = 1e-3,
                                         .l2 = 1,
                                         .depthwise = depthwise != 0};
            boosting_rules poor = rich;
            ken_ctx *ctx = test_ctx(threads);
            grow_case t = test_case(ctx, N);
            const boosting_scale scale = ken__boosting_scale_of(N, false, 1, 0.25);
            poor.pool_bytes = 1;
            boosting_grower *a = test_grow(ctx, &t, &rich, &scale);
            boosting_grower *b = test_grow(ctx, &t, &poor, &scale);
            test_same_tree(ken__boosting_grower_nodes(a), 0, ken__boosting_grower_nodes(b), 0);
            ken__boosting_grower_free(ctx, a);
            ken__boosting_grower_free(ctx, b);
            test_case_free(ctx, &t);
            test_ctx_free(ctx);
        }
}

/* The rows of each leaf are in order, whoever split it and whatever was split in vain. */
static void test_rows_ascend(const boosting_grower *grower, int32_t i) {
    const boosting_node *const node = &ken__boosting_grower_nodes(grower)[i];
    if (node->open) {
        test_rows_ascend(grower, node->left);
        test_rows_ascend(grower, node->right);
        return;
    }
    const uint32_t *const rows = ken__boosting_grower_rows(grower, node);
    for (int64_t r = 1; r < node->end - node->begin; r++) assert_true(rows[r - 1] < rows[r]);
}

/* Enough rows that the first nodes are shared, and then each thread takes what is next. */
static void test_boosting_grow__threads_change_nothing(void **state) {
    static const int counts[] = {2, 3, 7};
    ken_ctx *one = test_ctx(1);
    grow_case t = test_case(one, MANY);
    const boosting_scale scale = ken__boosting_scale_of(MANY, false, 1, 0.25);
    (void)state;
    for (int depthwise = 0; depthwise < 2; depthwise++) {
        const boosting_rules rules = {.max_leaves = 100,
                                      .min_rows = 20,
                                      .min_weight = 1e-3,
                                      .l2 = 1,
                                      .depthwise = depthwise != 0};
        boosting_grower *a = test_grow(one, &t, &rules, &scale);
        for (int c = 0; c < KEN_COUNT(counts); c++) {
            ken_ctx *ctx = test_ctx(counts[c]);
            for (int repeat = 0; repeat < 3; repeat++) {
                boosting_grower *b = test_grow(ctx, &t, &rules, &scale);
                test_same_tree(ken__boosting_grower_nodes(a), 0, ken__boosting_grower_nodes(b), 0);
                test_rows_ascend(b, 0);
                ken__boosting_grower_free(ctx, b);
            }
            test_ctx_free(ctx);
        }
        ken__boosting_grower_free(one, a);
    }
    test_case_free(one, &t);
    test_ctx_free(one);
}

/* Columns that have all bins are summed side by side, also those that the tree may not ask about: it is the
 * tree of a table without these. */
static void test_boosting_grow__columns_left_out_are_as_if_not_there(void **state) {
    static const int32_t columns[] = {0, 1, 3, 4, 5};
    const boosting_rules rules = {.max_leaves = 60, .min_rows = 5, .min_weight = 1e-3, .l2 = 1};
    (void)state;
    for (int threads = 1; threads <= 3; threads += 2) {
        ken_ctx *ctx = test_ctx(threads);
        const ken_mark mark = ken_scratch_mark(ctx);
        grow_case t = test_case_of(ctx, MANY, 10000, 255);
        const boosting_scale scale = ken__boosting_scale_of(MANY, false, 1, 0.25);
        boosting_grower *some = NULL, *few = NULL;
        TEST_OK(ctx, ken__boosting_grower_new(ctx, &t.binned, &rules, &some));
        ken_ctx_kernels(ctx)->hist_pack(t.g, t.h, t.n, scale.scale_g, scale.scale_h, scale.shift,
                                        ken__boosting_grower_words(some));
        TEST_OK(ctx, ken__boosting_grow(ctx, some, &scale, NULL, t.n, columns, KEN_COUNT(columns)));
        for (int64_t i = 0; i < t.n; i++) t.codes[8 * i + 2] = t.by_column[2 * t.n + i] = 0; /* nothing to ask */
        TEST_OK(ctx, ken__boosting_grower_new(ctx, &t.binned, &rules, &few));
        ken_ctx_kernels(ctx)->hist_pack(t.g, t.h, t.n, scale.scale_g, scale.scale_h, scale.shift,
                                        ken__boosting_grower_words(few));
        TEST_OK(ctx, ken__boosting_grow(ctx, few, &scale, NULL, t.n, NULL, 0));
        test_same_tree(ken__boosting_grower_nodes(some), 0, ken__boosting_grower_nodes(few), 0);
        ken_scratch_release(ctx, mark);
        ken__boosting_grower_free(ctx, some);
        ken__boosting_grower_free(ctx, few);
        test_case_free(ctx, &t);
        test_ctx_free(ctx);
    }
}

/* Scales: the finest power of two; sums of 2048 rounded gradients, or of a chunk, fit their bits. */
static void test_boosting_grow__scales_leave_room_for_sums(void **state) {
    static const double max[] = {1, 0.25, 1e-300, 1e300, 3, 1.9999999999, 0};
    (void)state;
    for (int i = 0; i < KEN_COUNT(max); i++)
        for (int one = 0; one < 2; one++) {
            const boosting_scale s = ken__boosting_scale_of(1000000, one, max[i], max[i]);
            const double q = rint(max[i] * s.scale_g), bits = one ? 40 : 21;
            assert_true(q < ldexp(1, (int)bits));
            if (max[i] > 1e-290) assert_true(q >= ldexp(1, (int)bits - 2));
            assert_true(one || rint(max[i] * s.scale_h) < ldexp(1, 20));
            assert_true(s.chunk >= 2048 && s.chunk <= BOOSTING_CHUNK);
            assert_true(s.chunk * q < ldexp(1, 63 - s.shift));
            assert_true(s.chunk * (one ? 1 : rint(max[i] * s.scale_h)) < ldexp(1, s.shift));
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_boosting_grow__root_split_is_the_best_of_all),
        cmocka_unit_test(test_boosting_grow__each_split_is_the_best_of_its_node),
        cmocka_unit_test(test_boosting_grow__a_small_pool_changes_nothing),
        cmocka_unit_test(test_boosting_grow__threads_change_nothing),
        cmocka_unit_test(test_boosting_grow__columns_left_out_are_as_if_not_there),
        cmocka_unit_test(test_boosting_grow__scales_leave_room_for_sums),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
