/* Bins: exact ones, quantiles, missing cells, categories, weights, threads. */
#include "ken/tree/tree_bins.h"

#include "ken/core/alloc.h"
#include "tests/support.h"

static ken_bins *bins_fit(ken_ctx *ctx, const ken_table *X, const double *weight, int max_bins) {
    ken_bins *bins = NULL;
    TEST_OK(ctx, ken_bins_fit(ctx, X, ken_table_rows(X), weight, max_bins, &bins));
    return bins;
}

static void test_tree_bins__few_values_have_a_bin_each(void **state) {
    const double x[] = {3, 1, NAN, 2, 1, 3, -0.0, 0.0};
    const uint8_t want[] = {3, 1, 4, 2, 1, 3, 0, 0};
    uint8_t codes[8];
    ken_ctx *ctx = test_ctx(1);
    ken_table *X = test_table(ctx, x, 8, 1);
    ken_bins *bins = bins_fit(ctx, X, NULL, 255);
    const ken_bin_feature *f = bins->feature;
    (void)state;
    assert_true(f->exact && f->has_missing && !f->category);
    assert_int_equal(f->n_bins, 4);
    assert_true(f->edge[0] == 0.5 && f->edge[1] == 1.5 && f->edge[2] == 2.5);
    TEST_OK(ctx, ken_bins_apply(ctx, bins, X, 0, 8, codes, 1, 8));
    assert_memory_equal(codes, want, 8);
    ken_bins_free(ctx, bins);
    ken_table_free(X);
    test_ctx_free(ctx);
}

static void test_tree_bins__neighboring_doubles_are_told_apart(void **state) {
    const double one = nextafter(1.0, 2.0), x[] = {1.0, one, -INFINITY, INFINITY, 1e308, -1e308};
    uint8_t codes[6];
    const uint8_t want[] = {2, 3, 0, 5, 4, 1};
    ken_ctx *ctx = test_ctx(1);
    ken_table *X = test_table(ctx, x, 6, 1);
    ken_bins *bins = bins_fit(ctx, X, NULL, 255);
    (void)state;
    assert_int_equal(bins->feature->n_bins, 6);
    TEST_OK(ctx, ken_bins_apply(ctx, bins, X, 0, 6, codes, 1, 6));
    assert_memory_equal(codes, want, 6);
    ken_bins_free(ctx, bins);
    ken_table_free(X);
    test_ctx_free(ctx);
}

/* 10,000 distinct values in 50 bins: 200 in each; codes ask the same question as the thresholds. */
static void test_tree_bins__many_values_are_cut_evenly(void **state) {
    enum { N = 10000 };
    double *x = malloc(N * sizeof *x);
    uint8_t *codes = malloc(N);
    int64_t count[256] = {0};
    ken_ctx *ctx = test_ctx(2);
    (void)state;
    for (int i = 0; i < N; i++) x[i] = (double)((i * 7919LL) % N) * 0.37;
    ken_table *X = test_table(ctx, x, N, 1);
    ken_bins *bins = bins_fit(ctx, X, NULL, 50);
    assert_int_equal(bins->feature->n_bins, 50);
    assert_false(bins->feature->exact);
    TEST_OK(ctx, ken_bins_apply(ctx, bins, X, 0, N, codes, 1, N));
    for (int i = 0; i < N; i++) {
        count[codes[i]]++;
        for (int b = 0; b < 49; b++)
            assert_int_equal(codes[i] <= b, x[i] <= bins->feature->edge[b]);
    }
    for (int b = 0; b < 50; b++) assert_in_range(count[b], 199, 201);
    ken_bins_free(ctx, bins);
    ken_table_free(X);
    test_ctx_free(ctx);
    free(x);
    free(codes);
}

static void test_tree_bins__a_heavy_value_has_its_own_bin(void **state) {
    enum { N = 3000 };
    double x[N];
    ken_ctx *ctx = test_ctx(1);
    (void)state;
    for (int i = 0; i < N; i++) x[i] = i < 1500 ? 0.0 : i - 2250;
    ken_table *X = test_table(ctx, x, N, 1);
    ken_bins *bins = bins_fit(ctx, X, NULL, 16);
    const ken_bin_feature *f = bins->feature;
    int at = 0;
    while (f->edge[at] < 0) at++;
    assert_true(at > 0 && f->edge[at - 1] >= -1 && f->edge[at] < 1);
    assert_int_equal(f->n_bins, 16);
    ken_bins_free(ctx, bins);
    ken_table_free(X);
    test_ctx_free(ctx);
}

static void test_tree_bins__weight_two_is_a_row_twice(void **state) {
    enum { N = 900 };
    double x[2 * N], w[N];
    ken_ctx *ctx = test_ctx(1);
    int m = N;
    (void)state;
    for (int i = 0; i < N; i++) {
        x[i] = (double)((i * 389) % N);
        w[i] = i % 3;
    }
    ken_table *X = test_table(ctx, x, N, 1);
    ken_bins *a = bins_fit(ctx, X, w, 20);
    m = 0;
    double twice[2 * N];
    for (int i = 0; i < N; i++)
        for (int r = 0; r < (int)w[i]; r++) twice[m++] = x[i];
    ken_table *Y = test_table(ctx, twice, m, 1);
    ken_bins *b = bins_fit(ctx, Y, NULL, 20);
    assert_int_equal(a->feature->n_bins, b->feature->n_bins);
    assert_memory_equal(a->feature->edge, b->feature->edge,
                        (size_t)(a->feature->n_bins - 1) * sizeof(double));
    ken_bins_free(ctx, a);
    ken_bins_free(ctx, b);
    ken_table_free(X);
    ken_table_free(Y);
    test_ctx_free(ctx);
}

static ken_table *test_categories(ken_ctx *ctx, const int32_t *code, int64_t n, int64_t levels,
                                  const uint8_t *valid) {
    int64_t *offset = calloc((size_t)levels + 1, sizeof *offset);
    char *bytes = malloc((size_t)levels * 8);
    ken_table *X = NULL;
    for (int64_t l = 0; l < levels; l++)
        offset[l + 1] = offset[l] + snprintf(bytes + offset[l], 8, "%lld", (long long)l);
    const ken_column c = {.name = "c",
                          .dtype = KEN_CATEGORY,
                          .n = n,
                          .data = code,
                          .stride = 1,
                          .valid = valid,
                          .text = {levels, offset, bytes}};
    TEST_OK(ctx, ken_table_new(ctx, n, &X));
    TEST_OK(ctx, ken_table_add_copy(ctx, X, &c));
    free(offset);
    free(bytes);
    return X;
}

static void test_tree_bins__frequent_levels_stay_and_the_rest_is_one_bin(void **state) {
    const int32_t code[] = {0, 0, 0, 1, 2, 2, 3, 3, 3, 3, 0, 5};
    const uint8_t valid[] = {0xff, 0x0b}; /* row 10 is missing */
    const uint8_t want[] = {0, 0, 0, 2, 2, 2, 1, 1, 1, 1, 3, 2};
    uint8_t codes[12];
    ken_ctx *ctx = test_ctx(1);
    ken_table *X = test_categories(ctx, code, 12, 7, valid);
    ken_bins *bins = bins_fit(ctx, X, NULL, 3);
    (void)state;
    assert_true(bins->feature->category && bins->feature->has_missing && !bins->feature->exact);
    assert_int_equal(bins->feature->n_bins, 3);
    assert_int_equal(bins->feature->level_bin[4], 3); /* never seen: as missing */
    TEST_OK(ctx, ken_bins_apply(ctx, bins, X, 0, 12, codes, 1, 12));
    assert_memory_equal(codes, want, 12);
    ken_bins_free(ctx, bins);
    ken_table_free(X);
    test_ctx_free(ctx);
}

static void test_tree_bins__all_missing_has_no_bins(void **state) {
    const double x[] = {NAN, NAN, NAN};
    uint8_t codes[3] = {9, 9, 9};
    ken_ctx *ctx = test_ctx(1);
    ken_table *X = test_table(ctx, x, 3, 1);
    ken_bins *bins = bins_fit(ctx, X, NULL, 255);
    (void)state;
    assert_true(bins->feature->has_missing);
    assert_int_equal(bins->feature->n_bins, 0);
    TEST_OK(ctx, ken_bins_apply(ctx, bins, X, 0, 3, codes, 1, 3));
    assert_true(codes[0] == 0 && codes[1] == 0 && codes[2] == 0);
    ken_bins_free(ctx, bins);
    ken_table_free(X);
    test_ctx_free(ctx);
}

/* Above the sample's size: thresholds near the true quantiles, and the same for 1, 2, 3 threads and
 * for float and double columns; columns are strided views of a matrix. */
static void test_tree_bins__a_sample_gives_the_quantiles(void **state) {
    enum { N = 300000, D = 3 };
    float *x = malloc((size_t)N * D * sizeof *x);
    uint8_t *codes = malloc((size_t)N * 4), *again = malloc((size_t)N * 4);
    (void)state;
    for (int i = 0; i < N; i++)
        for (int j = 0; j < D; j++) x[i * D + j] = (float)((i * (7919LL + 2 * j)) % N) / N;
    for (int threads = 1; threads <= 3; threads++) {
        ken_ctx *ctx = test_ctx(threads);
        const ken_tensor T = ken_tensor_2d(x, KEN_F32, N, D);
        ken_table *X = NULL;
        TEST_OK(ctx, ken_table_from_matrix(ctx, &T, NULL, &X));
        ken_bins *bins = bins_fit(ctx, X, NULL, 100);
        assert_int_equal(bins->feature[1].n_bins, 100);
        for (int b = 0; b < 99; b++)
            assert_true(fabs(bins->feature[1].edge[b] - (b + 1) / 100.0) < 0.003);
        uint8_t *const out = threads == 1 ? codes : again;
        memset(out, 0, (size_t)N * 4);
        TEST_OK(ctx, ken_bins_apply(ctx, bins, X, 0, N, out, 4, 1));
        for (int i = 0; i < N; i += 101)
            for (int b = 0; b < 99; b++)
                assert_int_equal(out[i * 4] <= b, (double)x[i * D] <= bins->feature[0].edge[b]);
        if (threads > 1) assert_memory_equal(codes, again, (size_t)N * 4);
        ken_bins_free(ctx, bins);
        ken_table_free(X);
        test_ctx_free(ctx);
    }
    free(x);
    free(codes);
    free(again);
}

static ken_status test_bins_once(ken_ctx *ctx, void *arg) {
    ken_bins *bins = NULL;
    const ken_status status = ken_bins_fit(ctx, arg, 5, NULL, 255, &bins);
    ken_bins_free(ctx, bins);
    return status;
}

static void test_tree_bins__every_failed_allocation_is_an_error(void **state) {
    const double x[] = {1, 2, 3, 4, 5};
    ken_ctx *ctx = test_ctx(1);
    ken_table *X = test_table(ctx, x, 5, 1);
    (void)state;
    test_every_allocation(test_bins_once, X, 100);
    TEST_FAILS(ctx, ken_bins_fit(ctx, X, 5, NULL, 256, &(ken_bins *){NULL}), KEN_E_ARG, "max_bins");
    ken_table_free(X);
    test_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tree_bins__few_values_have_a_bin_each),
        cmocka_unit_test(test_tree_bins__neighboring_doubles_are_told_apart),
        cmocka_unit_test(test_tree_bins__many_values_are_cut_evenly),
        cmocka_unit_test(test_tree_bins__a_heavy_value_has_its_own_bin),
        cmocka_unit_test(test_tree_bins__weight_two_is_a_row_twice),
        cmocka_unit_test(test_tree_bins__frequent_levels_stay_and_the_rest_is_one_bin),
        cmocka_unit_test(test_tree_bins__all_missing_has_no_bins),
        cmocka_unit_test(test_tree_bins__a_sample_gives_the_quantiles),
        cmocka_unit_test(test_tree_bins__every_failed_allocation_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
