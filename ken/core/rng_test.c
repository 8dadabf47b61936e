#include "tests/support.h"

#include "ken/core/rng.h"

/* Random123 kat_vectors, philox4x32 10 (D. E. Shaw Research, BSD-3). */
static void test_rng__known_answers(void **state) {
    static const uint32_t cases[3][10] = {
        {0, 0, 0, 0, 0, 0, 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8},
        {~0u, ~0u, ~0u, ~0u, ~0u, ~0u, 0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd},
        {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0, 0xd16cfe09, 0x94fdcceb,
         0x5001e420, 0x24126ea1}};
    (void)state;
    for (int i = 0; i < 3; i++) {
        uint32_t out[4];
        ken_philox4x32(cases[i], cases[i] + 4, out);
        assert_memory_equal(out, cases[i] + 6, sizeof out);
    }
}

/* The whole file of known answers where it is there. */
static void test_rng__outside_known_answers(void **state) {
    const char *path = test_shared("suites/rng/random123_kat_vectors.txt");
    char line[512];
    int seen = 0;
    (void)state;
    if (!path) TEST_SKIP("no suites/rng");
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    while (fgets(line, sizeof line, f)) {
        uint32_t v[10], out[4];
        if (sscanf(line, "philox4x32 10 %x %x %x %x %x %x %x %x %x %x", v, v + 1, v + 2, v + 3, v + 4, v + 5,
                   v + 6, v + 7, v + 8, v + 9) != 10)
            continue;
        ken_philox4x32(v, v + 4, out);
        assert_memory_equal(out, v + 6, sizeof out);
        seen++;
    }
    fclose(f);
    assert_true(seen > 0);
}

static void test_rng__streams_are_addressed_by_name_and_index(void **state) {
    ken_ctx *ctx = test_ctx(1);
    (void)state;
    ken_rng a = ken_rng_stream(ctx, "forest.bootstrap", 3), b = ken_rng_stream(ctx, "forest.bootstrap", 3);
    ken_rng other = ken_rng_stream(ctx, "forest.bootstrap", 4), name = ken_rng_stream(ctx, "forest.feature", 3);
    int same = 0;
    for (int i = 0; i < 100; i++) {
        const uint64_t x = ken_rng_u64(&a);
        assert_true(x == ken_rng_u64(&b));
        same += x == ken_rng_u64(&other);
        same += x == ken_rng_u64(&name);
    }
    assert_int_equal(same, 0);
    ken_ctx_set_seed(ctx, 2);
    ken_rng seeded = ken_rng_stream(ctx, "forest.bootstrap", 3);
    b = seeded;
    assert_true(ken_rng_u64(&seeded) != ken_rng_u64(&a));
    test_ctx_free(ctx);
}

/* Means and variances within 5 standard errors of the truth. */
static void test_rng__moments(void **state) {
    ken_ctx *ctx = test_ctx(1);
    ken_rng rng = ken_rng_stream(ctx, "test", 0);
    const int n = 200000;
    double u = 0, z = 0, z2 = 0;
    int64_t die[6] = {0};
    (void)state;
    for (int i = 0; i < n; i++) {
        const double v = ken_rng_f64(&rng), g = ken_rng_normal(&rng);
        assert_true(v >= 0 && v < 1);
        u += v, z += g, z2 += g * g;
        die[ken_rng_below(&rng, 6)]++;
    }
    assert_true(fabs(u / n - 0.5) < 5 * sqrt(1.0 / 12 / n));
    assert_true(fabs(z / n) < 5 / sqrt(n));
    assert_true(fabs(z2 / n - 1) < 5 * sqrt(2.0 / n));
    for (int k = 0; k < 6; k++) assert_true(fabs((double)die[k] - n / 6.0) < 5 * sqrt(n * 5.0 / 36));
    assert_true(ken_rng_below(&rng, 1) == 0);
    for (int i = 0; i < 100; i++) assert_true(ken_rng_below(&rng, (uint64_t)1 << 40) < (uint64_t)1 << 40);
    test_ctx_free(ctx);
}

static void test_rng__shuffle_is_a_permutation(void **state) {
    ken_ctx *ctx = test_ctx(1);
    ken_rng rng = ken_rng_stream(ctx, "test", 1);
    int64_t items[100];
    int moved = 0, seen[100] = {0};
    (void)state;
    for (int i = 0; i < 100; i++) items[i] = i;
    ken_rng_shuffle(&rng, items, 100);
    for (int i = 0; i < 100; i++) seen[items[i]]++, moved += items[i] != i;
    for (int i = 0; i < 100; i++) assert_int_equal(seen[i], 1);
    assert_true(moved > 80);
    test_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rng__known_answers),
        cmocka_unit_test(test_rng__outside_known_answers),
        cmocka_unit_test(test_rng__streams_are_addressed_by_name_and_index),
        cmocka_unit_test(test_rng__moments),
        cmocka_unit_test(test_rng__shuffle_is_a_permutation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
