/* Values in order: against the minimum over all closed parts, by brute force. */
#include "ken/boosting/boosting_order.h"

#include "ken/core/rng.h"
#include "tests/support.h"

enum { MOST = 9 };

/* Whether a set of items has with each item all that must not be below it. */
static bool test_is_upper(unsigned set, const boosting_pair *pair, int m) {
    for (int e = 0; e < m; e++)
        if ((set >> pair[e].low & 1) && !(set >> pair[e].high & 1)) return false;
    return true;
}

/* value of i = max over upper sets U with i of min over lower sets L with i of the mean of U and L
 * (Robertson, Wright & Dykstra 1988, theorem 1.4.4). */
static double test_by_hand(int n, const double *weight, const double *value, const boosting_pair *pair,
                           int m, int i) {
    const unsigned all = (1u << n) - 1;
    double best = -(double)INFINITY;
    for (unsigned U = 1; U <= all; U++) {
        if (!(U >> i & 1) || !test_is_upper(U, pair, m)) continue;
        double least = (double)INFINITY;
        for (unsigned V = 0; V <= all; V++) { /* the complement of a lower set */
            if ((V >> i & 1) || !test_is_upper(V, pair, m)) continue;
            double sum = 0, total = 0;
            for (int k = 0; k < n; k++)
                if ((U >> k & 1) && !(V >> k & 1)) sum += weight[k] * value[k], total += weight[k];
            least = fmin(least, sum / total);
        }
        best = fmax(best, least);
    }
    return best;
}

static void test_boosting_order__is_the_minimum(void **state) {
    ken_ctx *ctx = test_ctx(1);
    ken_rng rng = ken_rng_stream(ctx, "order", 0);
    (void)state;
    for (int round = 0; round < 150; round++) {
        const int n = 2 + (int)ken_rng_below(&rng, MOST - 1);
        double weight[MOST], value[MOST], old[MOST];
        boosting_pair pair[MOST * MOST];
        int m = 0;
        for (int i = 0; i < n; i++) {
            weight[i] = 0.1 + ken_rng_f64(&rng);
            old[i] = value[i] = round % 2 ? ken_rng_normal(&rng) : floor(4 * ken_rng_f64(&rng));
        }
        for (int i = 0; i < n; i++)
            for (int k = i + 1; k < n; k++)
                if (ken_rng_below(&rng, 3) == 0) pair[m++] = (boosting_pair){i, k};
        TEST_OK(ctx, ken__boosting_order(ctx, n, weight, pair, m, value));
        for (int e = 0; e < m; e++) assert_true(value[pair[e].low] <= value[pair[e].high]);
        for (int i = 0; i < n; i++)
            test_near_(value[i], test_by_hand(n, weight, old, pair, m, i), 1e-9, 1e-9, "order",
                       __FILE__, __LINE__);
    }
    test_ctx_free(ctx);
}

static void test_boosting_order__what_is_in_order_stays(void **state) {
    ken_ctx *ctx = test_ctx(1);
    boosting_pair pair[] = {{1, 2}, {0, 2}};
    const double weight[] = {1, 2, 3};
    double value[] = {0.1, 0.3, 0.7};
    (void)state;
    TEST_OK(ctx, ken__boosting_order(ctx, 3, weight, pair, 2, value));
    assert_true(value[0] == 0.1 && value[1] == 0.3 && value[2] == 0.7);
    test_ctx_free(ctx);
}

/* A chain of many falling values is one block: their mean. */
static void test_boosting_order__a_long_chain(void **state) {
    enum { N = 3000 };
    ken_ctx *ctx = test_ctx(1);
    boosting_pair *pair = malloc(N * sizeof *pair);
    double *weight = malloc(N * sizeof *weight), *value = malloc(N * sizeof *value);
    (void)state;
    for (int i = 0; i < N; i++) {
        pair[i] = (boosting_pair){i, i + 1};
        weight[i] = 1;
        value[i] = i < N / 2 ? N - i : 2 * N + i; /* half falls, half rises */
    }
    TEST_OK(ctx, ken__boosting_order(ctx, N, weight, pair, N - 1, value));
    for (int i = 0; i < N; i++)
        TEST_NEAR(value[i], i < N / 2 ? N - (N / 2 - 1) / 2.0 : 2.0 * N + i, 1e-12);
    free(pair);
    free(weight);
    free(value);
    test_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_boosting_order__is_the_minimum),
        cmocka_unit_test(test_boosting_order__what_is_in_order_stays),
        cmocka_unit_test(test_boosting_order__a_long_chain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
