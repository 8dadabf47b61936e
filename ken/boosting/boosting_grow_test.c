/* One tree: the root's split against a search by hand, and a pool of histograms that is too small.
 */
#include "ken/boosting/boosting_grow.h"

#include "ken/core/alloc.h"
#include "ken/core/rng.h"
#include "tests/support.h"

enum { N = 5000, D = 6 };

typedef struct grow_case {
    ken_table *X;
    ken_bins *bins;
    uint8_t *codes, *by_column;
    double *g, *h;
    boosting_binned binned;
} grow_case;

static grow_case test_case(ken_ctx *ctx) {
    grow_case t;
    ken_rng rng = ken_rng_stream(ctx, "test", 0);
    double *x = malloc(N * D * sizeof *x);
    t.g = malloc(N * sizeof *t.g);
    t.h = malloc(N * sizeof *t.h);
    for (int i = 0; i < N; i++) {
        for (int j = 0; j < D; j++) x[i * D + j] = floor(ken_rng_f64(&rng) * 100);
        t.h[i] = 0.05 + 0.2 * ken_rng_f64(&rng);
        t.g[i] = sin(x[i * D] / 15) / 4 + (x[i * D + 3] > 40 ? 0.3 : 0) + ken_rng_normal(&rng) / 8;
        t.g[i] = fmax(fmin(t.g[i], 1), -1);
    }
    t.X = test_table(ctx, x, N, D);
    TEST_OK(ctx, ken_bins_fit(ctx, t.X, N, NULL, 60, &t.bins));
    t.codes = calloc(N, 8);
    t.by_column = calloc(N, D);
    TEST_OK(ctx, ken_bins_apply(ctx, t.bins, t.X, 0, N, t.codes, 8, 1));
    TEST_OK(ctx, ken_bins_apply(ctx, t.bins, t.X, 0, N, t.by_column, 1, N));
    t.binned = (boosting_binned){N, N, 8, D, t.codes, t.by_column, t.bins->feature};
    free(x);
    return t;
}

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
    ken_ctx_kernels(ctx)->hist_pack(t->g, t->h, N, scale->scale_g, scale->scale_h, scale->shift,
                                    ken__boosting_grower_words(grower));
    TEST_OK(ctx, ken__boosting_grow(ctx, grower, scale, NULL, N, NULL, 0));
    ken_scratch_release(ctx, mark);
    return grower;
}

static void test_boosting_grow__root_split_is_the_best_of_all(void **state) {
    const boosting_rules rules = {.max_leaves = 2, .min_rows = 300, .min_weight = 1e-3, .l2 = 0.7};
    ken_ctx *ctx = test_ctx(2);
    grow_case t = test_case(ctx);
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
            grow_case t = test_case(ctx);
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

/* Scales: the finest power of two; sums of 2048 rounded gradients fit their bits. */
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
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_boosting_grow__root_split_is_the_best_of_all),
        cmocka_unit_test(test_boosting_grow__a_small_pool_changes_nothing),
        cmocka_unit_test(test_boosting_grow__scales_leave_room_for_sums),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
