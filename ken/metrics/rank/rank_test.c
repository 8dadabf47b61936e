/* NDCG against scikit-learn's numbers and its own definition. */
#include "ken/metrics/rank/rank.h"
#include "ken/core/rng.h"
#include "tests/support.h"

/* sklearn.metrics.ndcg_score([2.0**l - 1], [s], k=k), scikit-learn 1.9.1; scores are tied. */
static void test_rank__ndcg_equals_scikit_learn(void **state) {
    static const double l[] = {0, 3, 1, 2, 0, 1, 2, 0}, s[] = {.9, .4, .4, .7, .1, .4, .2, .7};
    static const struct {
        int64_t k;
        double want;
    } list[] = {{1, 0.0}, {3, 0.16322804088501075}, {5, 0.3701039073635277}, {10, 0.5546322539996541}};
    ken_ctx *ctx = test_ctx(1);
    (void)state;
    const ken_scores scores = {.task = KEN_REGRESS, .n = 8, .y = l, .predicted = s};
    for (int i = 0; i < KEN_COUNT(list); i++) {
        const ken_ndcg_params p = {list[i].k};
        double got;
        TEST_OK(ctx, ken_metric_value(ctx, &ken_ndcg_desc, &p, &scores, &got));
        test_near_(got, list[i].want, 1e-12, 1e-12, "ndcg", __FILE__, __LINE__);
    }
    test_ctx_free(ctx);
}

/* Groups stand apart wherever their rows are; the mean weighs a group by the mean weight of its rows; a
 * group without a relevant row is left out. rank.md: relevances 2, 0, 1 in their order give 0.964. */
static void test_rank__groups_are_averaged_by_weight(void **state) {
    /* group 0: 2 0 1 by score; group 1: the best order; group 2: nothing relevant */
    static const int32_t group[] = {0, 1, 2, 0, 1, 2, 0};
    static const double y[] = {2, 1, 0, 0, 0, 0, 1}, p[] = {3, 9, 1, 2, 8, 2, 1};
    static const double weight[] = {3, 1, 1, 3, 1, 1, 3};
    const double worked = 3.5 / (3 + 1 / log2(3));
    ken_ctx *ctx = test_ctx(1);
    ken_scores s = {.task = KEN_REGRESS, .n = 7, .y = y, .predicted = p, .group = group, .n_groups = 3};
    ken_interval i;
    double got;
    (void)state;
    TEST_NEAR(worked, 0.964, 1e-3);
    TEST_OK(ctx, ken_metric_value(ctx, &ken_ndcg_desc, NULL, &s, &got));
    TEST_NEAR(got, (worked + 1) / 2, 1e-12);
    s.weight = weight;
    TEST_OK(ctx, ken_metric_value(ctx, &ken_ndcg_desc, NULL, &s, &got));
    TEST_NEAR(got, (3 * worked + 1) / 4, 1e-12);
    TEST_OK(ctx, ken_metric_interval(ctx, &ken_ndcg_desc, NULL, &s, 0.95, &i));
    assert_true(i.value == got && i.low == worked && i.high == 1); /* resamples of two groups */
    const double negative[] = {-1, 0, 0, 0, 0, 0, 0};
    s.y = negative;
    TEST_OK(ctx, ken_metric_value(ctx, &ken_ndcg_desc, NULL, &s, &got));
    assert_true(isnan(got));
    s.y = y, s.n_groups = 2;
    TEST_FAILS(ctx, ken_metric_value(ctx, &ken_ndcg_desc, NULL, &s, &got), KEN_E_ARG, "group");
    test_ctx_free(ctx);
}

/* Ties: the mean over all orders of tied rows, here all 24 of four. */
static void test_rank__ties_are_the_mean_of_all_orders(void **state) {
    const double gain[] = {7, 0, 3, 1};
    double sum = 0;
    (void)state;
    for (int code = 0; code < 256; code++) {
        int place[4], seen = 0;
        double dcg = 0;
        for (int i = 0; i < 4; i++) place[i] = code >> (2 * i) & 3, seen |= 1 << place[i];
        if (seen != 15) continue;
        for (int i = 0; i < 4; i++) dcg += gain[i] * ken_rank_discount(place[i], 3);
        sum += dcg / 24;
    }
    ken_rank_item item[4];
    for (uint32_t i = 0; i < 4; i++) item[i] = (ken_rank_item){0.5, gain[i], i};
    const double best = 7 + 3 / log2(3) + 1 / log2(4);
    TEST_NEAR(ken_rank_ndcg(item, 4, 3), sum / best, 1e-12);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rank__ndcg_equals_scikit_learn),
        cmocka_unit_test(test_rank__groups_are_averaged_by_weight),
        cmocka_unit_test(test_rank__ties_are_the_mean_of_all_orders),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
