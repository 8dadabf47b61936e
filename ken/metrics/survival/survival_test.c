/* Concordance against its definition, pair by pair. */
#include "ken/metrics/survival/survival.h"
#include "ken/core/rng.h"
#include "tests/support.h"

enum { N = 120 };

static bool over_before(double low_a, double high_a, double low_b, double high_b) {
    if (high_a < low_b) return true;
    return low_a == high_a && high_a == low_b && high_b > low_b;
}

static void test_survival__concordance_is_counted_pair_by_pair(void **state) {
    double y[N], upper[N], p[N], w[N];
    ken_ctx *ctx = test_ctx(1);
    (void)state;
    for (int round = 0; round < 30; round++) {
        ken_rng rng = ken_rng_stream(ctx, "test.survival", (uint64_t)round);
        const bool weighted = round % 2, bounded = round % 3;
        double same = 0, all = 0, got, risk;
        for (int i = 0; i < N; i++) {
            y[i] = (double)ken_rng_below(&rng, 12); /* many at one moment */
            p[i] = (double)ken_rng_below(&rng, 9);
            w[i] = (double)ken_rng_below(&rng, 3);
            upper[i] = y[i];
            if (ken_rng_below(&rng, 3) == 0) upper[i] = i % 2 ? (double)INFINITY : y[i] + (double)ken_rng_below(&rng, 4);
        }
        for (int i = 0; i < N; i++)
            for (int j = 0; j < N; j++) {
                if (!over_before(y[i], bounded ? upper[i] : y[i], y[j], bounded ? upper[j] : y[j])) continue;
                const double weight = weighted ? w[i] * w[j] : 1;
                same += weight * (p[i] < p[j] ? 1 : p[i] == p[j] ? 0.5 : 0);
                all += weight;
            }
        const ken_scores s = {.task = KEN_REGRESS, .n = N, .y = y, .predicted = p, .weight = weighted ? w : NULL,
                              .upper = bounded ? upper : NULL};
        TEST_OK(ctx, ken_metric_value(ctx, &ken_concordance_desc, NULL, &s, &got));
        TEST_OK(ctx, ken_metric_value(ctx, &ken_concordance_risk_desc, NULL, &s, &risk));
        TEST_NEAR(got, same / all, 1e-12);
        TEST_NEAR(risk, 1 - same / all, 1e-12);
    }
    test_ctx_free(ctx);
}

/* survival.md's example; and nothing to compare. */
static void test_survival__worked_example_and_edges(void **state) {
    const double y[] = {2, 5, 7}, upper[] = {2, (double)INFINITY, 7}, p[] = {1, 9, 4}, open[] = {INFINITY, INFINITY, INFINITY};
    ken_ctx *ctx = test_ctx(1);
    ken_scores s = {.task = KEN_REGRESS, .n = 3, .y = y, .predicted = p, .upper = upper};
    ken_interval i;
    double got;
    (void)state;
    TEST_OK(ctx, ken_metric_value(ctx, &ken_concordance_desc, NULL, &s, &got));
    assert_true(got == 1);
    TEST_OK(ctx, ken_metric_interval(ctx, &ken_concordance_desc, NULL, &s, 0.9, &i));
    assert_true(i.value == 1);
    s.upper = open;
    TEST_OK(ctx, ken_metric_value(ctx, &ken_concordance_desc, NULL, &s, &got));
    assert_true(isnan(got));
    test_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_survival__concordance_is_counted_pair_by_pair),
        cmocka_unit_test(test_survival__worked_example_and_edges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
