/* Joint codes: the tree is, to the bit, the one whose columns are summed by themselves. */
#include "ken/boosting/boosting_grower.h"
#include "ken/core/alloc.h"
#include "ken/core/rng.h"
#include "tests/support.h"

enum { N = 40000, WIDE = 2, SMALL = 21, D = WIDE + SMALL, STRIDE = 32 };

typedef struct joint_case {
    ken_table *X;
    ken_bins *bins;
    uint8_t *codes, *by_column;
    double *g, *h;
    boosting_binned binned;
} joint_case;

/* Two columns of many values, the others of 2 to 7, every third of them with missing values, in turn. */
static joint_case test_case(ken_ctx *ctx) {
    joint_case t = {.g = malloc(N * sizeof(double)), .h = malloc(N * sizeof(double))};
    ken_rng rng = ken_rng_stream(ctx, "test", 0);
    double *const x = malloc((size_t)N * D * sizeof *x);
    for (int64_t i = 0; i < N; i++) {
        double z = 0;
        for (int j = 0; j < D; j++) {
            const int values = j % 11 == 3 ? 10000 : 2 + j % 6;
            const double u = floor(ken_rng_f64(&rng) * values);
            x[i * D + j] = j % 3 == 1 && ken_rng_f64(&rng) < 0.1 ? (double)NAN : u;
            z += (u - values / 2.0) / values * ((j % 5) - 2) / 4;
        }
        t.h[i] = 0.05 + 0.2 * ken_rng_f64(&rng);
        t.g[i] = fmax(fmin(z + ken_rng_normal(&rng) / 8, 1), -1);
    }
    t.X = test_table(ctx, x, N, D);
    TEST_OK(ctx, ken_bins_fit(ctx, t.X, N, NULL, 255, &t.bins));
    t.codes = calloc(N, STRIDE);
    t.by_column = calloc(N, D);
    TEST_OK(ctx, ken_bins_apply(ctx, t.bins, t.X, 0, N, t.codes, STRIDE, 1));
    TEST_OK(ctx, ken_bins_apply(ctx, t.bins, t.X, 0, N, t.by_column, 1, N));
    t.binned = (boosting_binned){N, N, STRIDE, D, t.codes, t.by_column, t.bins->feature};
    free(x);
    return t;
}

static void test_case_free(ken_ctx *ctx, joint_case *t) {
    ken_bins_free(ctx, t->bins);
    ken_table_free(t->X);
    free(t->codes);
    free(t->by_column);
    free(t->g);
    free(t->h);
}

static boosting_grower *test_grow(ken_ctx *ctx, const joint_case *t, const boosting_rules *rules,
                                  const boosting_scale *scale, const int32_t *columns, int n_columns) {
    boosting_grower *grower = NULL;
    const ken_mark mark = ken_scratch_mark(ctx);
    TEST_OK(ctx, ken__boosting_grower_new(ctx, &t->binned, rules, &grower));
    ken_ctx_kernels(ctx)->hist_pack(t->g, t->h, N, scale->scale_g, scale->scale_h, scale->shift,
                                    ken__boosting_grower_words(grower));
    TEST_OK(ctx, ken__boosting_grow(ctx, grower, scale, NULL, N, columns, n_columns));
    ken_scratch_release(ctx, mark);
    return grower;
}

static int test_same_tree(const boosting_node *a, int32_t i, const boosting_node *b, int32_t k) {
    assert_int_equal(a[i].open, b[k].open);
    assert_true(a[i].g == b[k].g && a[i].h == b[k].h);
    assert_int_equal(a[i].end - a[i].begin, b[k].end - b[k].begin);
    if (!a[i].open) return 1;
    assert_memory_equal(&a[i].split, &b[k].split, sizeof a[i].split);
    return test_same_tree(a, a[i].left, b, b[k].left) + test_same_tree(a, a[i].right, b, b[k].right);
}

/* The columns of each joint code are its digits: nothing is lost, nothing is mixed up. */
static void test_boosting_joint__codes_are_numbers_of_digits(void **state) {
    ken_ctx *ctx = test_ctx(2);
    joint_case t = test_case(ctx);
    const boosting_rules rules = {.max_leaves = 2, .min_rows = 1, .l2 = 1};
    const boosting_scale scale = ken__boosting_scale_of(N, false, 1, 0.25);
    boosting_grower *w = test_grow(ctx, &t, &rules, &scale, NULL, 0);
    const grow_joint *const g = &w->joint;
    int seen[D] = {0};
    (void)state;
    assert_in_range(g->n, WIDE + 1, D / 2);
    for (int64_t i = 0; i < N; i += 7)
        for (int j = 0; j < g->n; j++) {
            int code = g->codes[i * g->stride + j];
            for (int32_t m = g->first[j]; m < g->first[j + 1]; m++) {
                const ken_bin_feature *const f = &t.bins->feature[g->member[m]];
                const int radix = f->n_bins + f->has_missing;
                assert_int_equal(code % radix, t.codes[i * STRIDE + g->member[m]]);
                code /= radix;
                seen[g->member[m]]++;
            }
            assert_int_equal(code, 0);
        }
    for (int j = 0; j < D; j++) assert_int_equal(seen[j], (N + 6) / 7);
    ken__boosting_grower_free(ctx, w);
    test_case_free(ctx, &t);
    test_ctx_free(ctx);
}

static void test_boosting_joint__trees_are_the_same_to_the_bit(void **state) {
    static const int32_t some[] = {0, 1, 2, 3, 4, 6, 7, 8, 9, 11, 13, 14, 16, 17, 20, 21};
    static const int threads[] = {1, 2, 3, 7};
    ken_ctx *one = test_ctx(1);
    joint_case t = test_case(one);
    const boosting_scale scale = ken__boosting_scale_of(N, false, 1, 0.25);
    (void)state;
    for (int kind = 0; kind < 4; kind++) {
        const int32_t *const columns = kind == 1 ? some : NULL;
        boosting_rules rules = {.max_leaves = 120, .min_rows = 5, .min_weight = 1e-3, .l2 = 1};
        rules.depthwise = kind == 2;
        rules.pool_bytes = kind == 3 ? 1 : 0;
        rules.apart = true;
        boosting_grower *want = test_grow(one, &t, &rules, &scale, columns, KEN_COUNT(some));
        assert_int_equal(want->joint.n, 0);
        rules.apart = false;
        for (int c = 0; c < KEN_COUNT(threads); c++) {
            ken_ctx *ctx = test_ctx(threads[c]);
            boosting_grower *got = test_grow(ctx, &t, &rules, &scale, columns, KEN_COUNT(some));
            assert_true(got->joint_on);
            assert_in_range(test_same_tree(ken__boosting_grower_nodes(want), 0, ken__boosting_grower_nodes(got), 0),
                            100, 120);
            ken__boosting_grower_free(ctx, got);
            test_ctx_free(ctx);
        }
        ken__boosting_grower_free(one, want);
    }
    test_case_free(one, &t);
    test_ctx_free(one);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_boosting_joint__codes_are_numbers_of_digits),
        cmocka_unit_test(test_boosting_joint__trees_are_the_same_to_the_bit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
