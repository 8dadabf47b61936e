/* Ranking losses: gradients against differences of the pairwise loss, pair by pair; what they lead to. */
#include "ken/boosting/boosting/boosting.h"
#include "ken/boosting/boosting_loss_table.h"
#include "ken/core/rng.h"
#include "ken/metrics/rank/rank.h"
#include "tests/support.h"

enum { N = 90, QUERIES = 12, CUT = 3 };

typedef struct rank_case {
    boosting_loss loss;
    double y[N], margin[N], base;
    int32_t group[N];
} rank_case;

static void rank_case_start(ken_ctx *ctx, rank_case *t, boosting_loss_kind kind) {
    ken_rng rng = ken_rng_stream(ctx, "test.rank", 0);
    memset(t, 0, sizeof *t);
    t->loss = (boosting_loss){.rank_cut = CUT, .outputs = 1, .n = N, .n_train = N, .y = t->y, .group = t->group,
                              .n_groups = QUERIES, .margin = t->margin};
    for (int i = 0; i < N; i++) {
        t->group[i] = (int32_t)ken_rng_below(&rng, QUERIES);
        t->y[i] = (double)ken_rng_below(&rng, 4);
    }
    ken__boosting_loss_choose(&t->loss, kind);
    TEST_OK(ctx, ken__boosting_loss_start(ctx, &t->loss, &t->base));
    assert_true(t->base == 0);
    for (int i = 0; i < N; i++) t->margin[i] = floor(4 * ken_rng_normal(&rng)) / 4; /* some are equal */
}

/* Places of all rows within their groups, by score, then by row. */
static void rank_places(const rank_case *t, const double *score, int *place) {
    for (int i = 0; i < N; i++) {
        place[i] = 0;
        for (int j = 0; j < N; j++)
            place[i] += t->group[j] == t->group[i] && (score[j] > score[i] || (score[j] == score[i] && j < i));
    }
}

static double rank_best(const rank_case *t, int32_t group) {
    ken_rank_item item[N];
    int n = 0;
    for (int i = 0; i < N; i++)
        if (t->group[i] == group) item[n++].gain = ken_rank_gain(t->y[i]);
    return ken_rank_ideal(item, n, CUT);
}

/* The loss of boosting.md with places held, as a function of scores. */
static double rank_pairs_loss(const rank_case *t, const double *score, const int *place, const double *best) {
    double sum = 0;
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) {
            if (t->group[i] != t->group[j] || !(t->y[i] > t->y[j])) continue;
            const double change = fabs((pow(2, t->y[i]) - pow(2, t->y[j])) *
                                       (ken_rank_discount(place[i], CUT) - ken_rank_discount(place[j], CUT))) /
                                  best[t->group[i]];
            sum += change * log1p(exp(score[j] - score[i]));
        }
    return sum;
}

static void test_boosting_rank__lambdas_are_differences_of_the_pairwise_loss(void **state) {
    static rank_case t;
    ken_ctx *ctx = test_ctx(2);
    int place[N];
    double best[QUERIES], score[N];
    (void)state;
    rank_case_start(ctx, &t, BOOSTING_LAMBDARANK);
    TEST_OK(ctx, ken__boosting_loss_refresh(ctx, &t.loss));
    rank_places(&t, t.margin, place);
    for (int q = 0; q < QUERIES; q++) best[q] = rank_best(&t, q);
    for (int i = 0; i < N; i++) {
        const double e = 1e-3;
        double loss[3];
        for (int s = 0; s < 3; s++) {
            memcpy(score, t.margin, sizeof score);
            score[i] += e * (s - 1);
            loss[s] = rank_pairs_loss(&t, score, place, best);
        }
        test_near_(t.loss.g[i], (loss[2] - loss[0]) / (2 * e), 1e-5, 1e-6, "gradient", __FILE__, __LINE__);
        test_near_(t.loss.h[i], (loss[2] - 2 * loss[1] + loss[0]) / (e * e), 1e-4, 1e-5, "hessian", __FILE__, __LINE__);
    }
    ken__boosting_loss_free(ctx, &t.loss);
    test_ctx_free(ctx);
}

/* Slopes of a cross entropy of two distributions: of any query they sum to 0, p (1 - p) is the curvature,
 * and over many rounds the drawn shares have the mean that direct draws have. */
static void test_boosting_rank__cross_entropies_are_of_two_distributions(void **state) {
    enum { ROUNDS = 4000 };
    static rank_case t;
    static double mean[N], drawn[N];
    ken_ctx *ctx = test_ctx(2);
    ken_rng rng = ken_rng_stream(ctx, "test.draws", 0);
    (void)state;
    rank_case_start(ctx, &t, BOOSTING_XENDCG);
    double total[QUERIES] = {0};
    int relevant[QUERIES] = {0};
    for (int i = 0; i < N; i++) total[t.group[i]] += exp(t.margin[i]), relevant[t.group[i]] |= t.y[i] > 0;
    memset(mean, 0, sizeof mean);
    memset(drawn, 0, sizeof drawn);
    for (int round = 0; round < ROUNDS; round++) {
        double sum[QUERIES] = {0}, u[N], all[QUERIES] = {0};
        TEST_OK(ctx, ken__boosting_loss_refresh(ctx, &t.loss));
        for (int i = 0; i < N; i++) {
            const double p = exp(t.margin[i]) / total[t.group[i]];
            sum[t.group[i]] += t.loss.g[i];
            if (relevant[t.group[i]]) TEST_NEAR(t.loss.h[i], p * (1 - p), 1e-12);
            mean[i] += (p - t.loss.g[i]) / ROUNDS;
            u[i] = pow(2, t.y[i]) - ken_rng_f64(&rng);
            all[t.group[i]] += u[i];
        }
        for (int i = 0; i < N; i++) drawn[i] += u[i] / all[t.group[i]] / ROUNDS;
        for (int q = 0; q < QUERIES; q++) assert_true(fabs(sum[q]) < 1e-12);
    }
    for (int i = 0; i < N; i++)
        if (relevant[t.group[i]]) assert_true(fabs(mean[i] - drawn[i]) < 0.02);
    ken__boosting_loss_free(ctx, &t.loss);
    test_ctx_free(ctx);
}

/* --- models --- */

enum { ROWS = 3000, GROUPS = 200 };

typedef struct rank_table {
    double x[4 * ROWS], y[ROWS], group[ROWS];
    uint8_t role[ROWS];
    ken_table *X;
} rank_table;

/* The second column shifts a whole group, which is no matter for an order; the first one orders. */
static void rank_table_fill(ken_ctx *ctx, rank_table *t) {
    ken_rng rng = ken_rng_stream(ctx, "test.table", 0);
    double shift[GROUPS];
    for (int q = 0; q < GROUPS; q++) shift[q] = ken_rng_normal(&rng);
    for (int i = 0; i < ROWS; i++) {
        const int q = (int)ken_rng_below(&rng, GROUPS);
        double *const x = t->x + 4 * i;
        for (int j = 0; j < 4; j++) x[j] = ken_rng_normal(&rng);
        const double u = x[0] + sin(2 * x[2]) + 0.5 * ken_rng_normal(&rng) + shift[q];
        t->y[i] = fmin(fmax(floor(u + 1), 0), 4);
        t->group[i] = q;
        t->role[i] = q % 4 == 0 ? KEN_ROLE_VALIDATION : KEN_ROLE_TRAIN;
    }
    t->X = test_table(ctx, t->x, ROWS, 4);
}

static ken_status rank_fit(ken_ctx *ctx, const rank_table *t, const char *settings, bool grouped, ken_model **out) {
    const ken_column y = test_column_f64("y", t->y, ROWS), group = test_column_f64("q", t->group, ROWS);
    const ken_data data = {.table = t->X, .target = &y, .group = grouped ? &group : NULL, .role = t->role,
                           .task = KEN_REGRESS};
    TEST_OK(ctx, ken_model_new(ctx, "boosting", settings, out));
    const ken_status status = ken_model_fit(ctx, *out, &data);
    if (status != KEN_OK) ken_model_free(*out);
    return status;
}

static double rank_validation(ken_ctx *ctx, const rank_table *t, const ken_model *m, int64_t k) {
    static double p[ROWS], y[ROWS];
    static int32_t group[ROWS];
    ken_tensor T = ken_tensor_2d(p, KEN_F64, ROWS, 1);
    int64_t n = 0;
    double out;
    TEST_OK(ctx, ken_model_predict(ctx, m, t->X, KEN_WHAT_VALUE, &T));
    for (int i = 0; i < ROWS; i++) {
        if (t->role[i] != KEN_ROLE_VALIDATION) continue;
        p[n] = p[i], y[n] = t->y[i], group[n++] = (int32_t)t->group[i];
    }
    const ken_scores s = {.task = KEN_REGRESS, .n = n, .y = y, .predicted = p, .group = group, .n_groups = GROUPS};
    const ken_ndcg_params params = {k};
    TEST_OK(ctx, ken_metric_value(ctx, &ken_ndcg_desc, &params, &s, &out));
    return out;
}

static void test_boosting_rank__ranks_rows_it_has_not_seen(void **state) {
    static const char *const losses[] = {"lambdarank", "xendcg"};
    static rank_table t;
    ken_ctx *ctx = test_ctx(2);
    ken_model *m;
    (void)state;
    rank_table_fill(ctx, &t);
    for (int l = 0; l < KEN_COUNT(losses); l++) {
        char settings[96];
        snprintf(settings, sizeof settings, "trees=60 patience=60 rank_cut=10 loss=%s", losses[l]);
        TEST_OK(ctx, rank_fit(ctx, &t, settings, true, &m));
        const ken_tensor *history = ken_model_attr(m, "validation_loss");
        double best = INFINITY;
        for (int64_t i = 0; i < history->shape[0]; i++) best = fmin(best, ((const double *)history->data)[i]);
        const double ndcg = rank_validation(ctx, &t, m, 10);
        TEST_NEAR(1 - ndcg, best, 1e-12); /* the metric is what it stopped by */
        assert_true(ndcg > 0.87);         /* 0.6 where nothing is known; the noise allows 0.91 */
        ken_model_free(m);
    }
    ken_table_free(t.X);
    test_ctx_free(ctx);
}

static ken_model *rank_fit_anew(ken_ctx *ctx, void *settings) {
    static rank_table t;
    ken_model *m;
    rank_table_fill(ctx, &t);
    TEST_OK(ctx, rank_fit(ctx, &t, settings, true, &m));
    ken_table_free(t.X);
    return m;
}

static void test_boosting_rank__any_thread_count_gives_the_same_bits(void **state) {
    (void)state;
    test_same_for_any_threads(rank_fit_anew, "trees=5 loss=lambdarank");
    test_same_for_any_threads(rank_fit_anew, "trees=5 loss=xendcg");
}

static void test_boosting_rank__says_what_it_needs(void **state) {
    static rank_table t;
    ken_ctx *ctx = test_ctx(1);
    ken_model *m;
    (void)state;
    rank_table_fill(ctx, &t);
    TEST_FAILS(ctx, rank_fit(ctx, &t, "loss=lambdarank", false, &m), KEN_E_ARG, "groups");
    t.y[7] = -1;
    TEST_FAILS(ctx, rank_fit(ctx, &t, "loss=xendcg", true, &m), KEN_E_VALUE, "-1");
    t.y[7] = 61;
    TEST_FAILS(ctx, rank_fit(ctx, &t, "loss=lambdarank", true, &m), KEN_E_VALUE, "61");
    ken_table_free(t.X);
    test_ctx_free(ctx);
}

static ken_status rank_fit_once(ken_ctx *ctx, void *arg) {
    const rank_table *t = arg;
    const ken_column y = test_column_f64("y", t->y, ROWS), group = test_column_f64("q", t->group, ROWS);
    const ken_data data = {.table = t->X, .target = &y, .group = &group, .role = t->role, .task = KEN_REGRESS};
    ken_model *m = NULL;
    ken_status status = ken_model_new(ctx, "boosting", "trees=1 max_leaves=2 loss=lambdarank", &m);
    if (status == KEN_OK) status = ken_model_fit(ctx, m, &data);
    ken_model_free(m);
    return status;
}

static void test_boosting_rank__every_failed_allocation_is_an_error(void **state) {
    static rank_table t;
    ken_ctx *ctx = test_ctx(1);
    (void)state;
    rank_table_fill(ctx, &t);
    test_every_allocation(rank_fit_once, &t, 2000);
    ken_table_free(t.X);
    test_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_boosting_rank__lambdas_are_differences_of_the_pairwise_loss),
        cmocka_unit_test(test_boosting_rank__cross_entropies_are_of_two_distributions),
        cmocka_unit_test(test_boosting_rank__ranks_rows_it_has_not_seen),
        cmocka_unit_test(test_boosting_rank__any_thread_count_gives_the_same_bits),
        cmocka_unit_test(test_boosting_rank__says_what_it_needs),
        cmocka_unit_test(test_boosting_rank__every_failed_allocation_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
