/* Evaluation with groups, events and upper bounds: metrics of ranking and survival come with them, and only then. */
#include "ken/core/rng.h"
#include "ken/metrics/rank/rank.h"
#include "ken/metrics/survival/survival.h"
#include "ken/select/evaluate/evaluate.h"
#include "tests/support.h"

enum { N = 60 };

typedef struct side_case {
    double x[N], y[N], group[N], event[N], upper[N];
    ken_table *X;
    ken_column target, groups, events, uppers;
    ken_model *model;
} side_case;

static void side_case_fill(ken_ctx *ctx, side_case *t) {
    ken_rng rng = ken_rng_stream(ctx, "test.side", 0);
    for (int i = 0; i < N; i++) {
        t->x[i] = ken_rng_normal(&rng);
        t->y[i] = fmin(fmax(floor(2 + t->x[i] + ken_rng_normal(&rng)), 0), 4);
        t->group[i] = 10 - (double)ken_rng_below(&rng, 7);
        t->event[i] = i % 3 != 0;
        t->upper[i] = i % 3 ? t->y[i] : (double)NAN;
    }
    t->X = test_table(ctx, t->x, N, 1);
    t->target = test_column_f64("y", t->y, N);
    t->groups = test_column_f64("g", t->group, N);
    t->events = test_column_f64("e", t->event, N);
    t->uppers = test_column_f64("u", t->upper, N);
    const ken_data data = {.table = t->X, .target = &t->target, .task = KEN_REGRESS};
    TEST_OK(ctx, ken_model_new(ctx, "ridge", NULL, &t->model));
    TEST_OK(ctx, ken_model_fit(ctx, t->model, &data));
}

static ken_status side_evaluate(ken_ctx *ctx, const side_case *t, const ken_evaluate_options *o, ken_evaluation *e) {
    return ken_evaluate(ctx, t->model, t->X, &t->target, NULL, NULL, 0, o, e);
}

static double side_value(const ken_evaluation *e, const char *name) {
    const ken_evaluation_metric *const m = ken_evaluation_find(e, name);
    assert_non_null(m);
    return m->interval.value;
}

static void test_evaluate_side__metrics_come_with_what_they_look_at(void **state) {
    static side_case t;
    ken_ctx *ctx = test_ctx(1);
    ken_evaluate_options o = KEN_EVALUATE_DEFAULTS;
    ken_evaluation e;
    int32_t code[N];
    double upper[N], want;
    (void)state;
    side_case_fill(ctx, &t);
    TEST_OK(ctx, side_evaluate(ctx, &t, &o, &e));
    assert_null(ken_evaluation_find(&e, "ndcg"));
    assert_null(ken_evaluation_find(&e, "concordance"));
    ken_evaluation_free(&e);
    o.group = &t.groups;
    o.event = &t.events;
    TEST_OK(ctx, side_evaluate(ctx, &t, &o, &e));
    for (int i = 0; i < N; i++) {
        code[i] = (int32_t)t.group[i] - 4;
        upper[i] = t.event[i] == 1 ? t.y[i] : (double)INFINITY;
    }
    const ken_scores s = {.task = KEN_REGRESS, .n = N, .y = t.y, .predicted = e.predictions.predicted, .group = code,
                          .n_groups = 7, .upper = upper};
    TEST_OK(ctx, ken_metric_value(ctx, &ken_ndcg_desc, NULL, &s, &want));
    TEST_NEAR(side_value(&e, "ndcg"), want, 1e-12);
    TEST_OK(ctx, ken_metric_value(ctx, &ken_concordance_desc, NULL, &s, &want));
    TEST_NEAR(side_value(&e, "concordance"), want, 1e-12);
    assert_null(ken_evaluation_find(&e, "concordance_risk")); /* the predictions are no risks */
    ken_evaluation_free(&e);
    o.event = NULL;
    o.upper = &t.uppers; /* the same bounds, said otherwise */
    TEST_OK(ctx, side_evaluate(ctx, &t, &o, &e));
    TEST_NEAR(side_value(&e, "concordance"), want, 1e-12);
    ken_evaluation_free(&e);
    ken_model_free(t.model);
    ken_table_free(t.X);
    test_ctx_free(ctx);
}

/* A loss whose predictions are no values of the target: judged by what it is for and by nothing else, in a
 * fit whose target of a few grades would otherwise be classes. */
static void side_check_answer(ken_ctx *ctx, const side_case *t, const char *loss, const ken_data *data, ken_answer answer,
                              const char *metric) {
    ken_evaluate_options o = KEN_EVALUATE_DEFAULTS;
    ken_model *model = NULL;
    ken_evaluation e;
    o.event = data->event, o.group = data->group;
    TEST_OK(ctx, ken_model_new(ctx, "boosting", "trees=5 min_leaf_rows=5", &model));
    TEST_OK(ctx, ken_model_set(ctx, model, "loss", loss));
    TEST_OK(ctx, ken_model_fit(ctx, model, data));
    assert_int_equal(ken_model_task(model), KEN_REGRESS);
    assert_int_equal(ken_model_answer(model), answer);
    assert_string_equal(ken_model_side(model, KEN_SIDE_GROUP), data->group ? "g" : "");
    assert_string_equal(ken_model_side(model, KEN_SIDE_EVENT), data->event ? "e" : "");
    assert_string_equal(ken_model_side(model, KEN_SIDE_UPPER), "");
    TEST_OK(ctx, ken_evaluate(ctx, model, t->X, &t->target, NULL, NULL, 0, &o, &e));
    assert_int_equal(e.n_metrics, 1);
    assert_string_equal(e.metric[0].desc->name, metric);
    assert_true(e.metric[0].interval.value > 0.5);
    ken_evaluation_free(&e);
    ken_model_free(model);
}

static void test_evaluate_side__a_loss_says_what_judges_it(void **state) {
    static side_case t;
    ken_ctx *ctx = test_ctx(1);
    (void)state;
    side_case_fill(ctx, &t);
    const ken_data ranks = {.table = t.X, .target = &t.target, .group = &t.groups};
    const ken_data times = {.table = t.X, .target = &t.target, .event = &t.events};
    side_check_answer(ctx, &t, "lambdarank", &ranks, KEN_ANSWER_ORDER, "ndcg");
    side_check_answer(ctx, &t, "xendcg", &ranks, KEN_ANSWER_ORDER, "ndcg");
    for (int i = 0; i < N; i++) t.y[i] += 1;
    side_check_answer(ctx, &t, "cox", &times, KEN_ANSWER_RISK, "concordance_risk");
    side_check_answer(ctx, &t, "aft", &times, KEN_ANSWER_TIMES, "concordance");
    ken_model_free(t.model);
    ken_table_free(t.X);
    test_ctx_free(ctx);
}

static void test_evaluate_side__targets_that_are_no_relevance_are_not_ranked(void **state) {
    static side_case t;
    ken_ctx *ctx = test_ctx(1);
    ken_evaluate_options o = KEN_EVALUATE_DEFAULTS;
    ken_evaluation e;
    (void)state;
    side_case_fill(ctx, &t);
    t.y[7] = 1.5;
    o.group = &t.groups;
    TEST_OK(ctx, side_evaluate(ctx, &t, &o, &e));
    assert_null(ken_evaluation_find(&e, "ndcg"));
    ken_evaluation_free(&e);
    ken_model_free(t.model);
    ken_table_free(t.X);
    test_ctx_free(ctx);
}

static void test_evaluate_side__bad_columns_are_refused(void **state) {
    static side_case t;
    ken_ctx *ctx = test_ctx(1);
    ken_evaluation e;
    (void)state;
    side_case_fill(ctx, &t);
    t.group[3] = (double)NAN;
    t.event[4] = 0.5;
    t.upper[5] = t.y[5] - 1;
    const ken_column *const groups[] = {&t.groups, NULL, NULL, NULL};
    const ken_column *const events[] = {NULL, &t.events, NULL, &t.events};
    const ken_column *const uppers[] = {NULL, NULL, &t.uppers, &t.uppers};
    static const char *const part[] = {"group", "0.5", "-1", "bounds"};
    for (int i = 0; i < 4; i++) {
        ken_evaluate_options o = KEN_EVALUATE_DEFAULTS;
        o.group = groups[i], o.event = events[i], o.upper = uppers[i];
        const ken_status status = side_evaluate(ctx, &t, &o, &e);
        assert_true(status == KEN_E_VALUE || (i == 3 && status == KEN_E_ARG));
        if (i != 2) assert_non_null(strstr(ken_ctx_message(ctx), part[i]));
        ken_evaluation_free(&e);
    }
    ken_model_free(t.model);
    ken_table_free(t.X);
    test_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_evaluate_side__metrics_come_with_what_they_look_at),
        cmocka_unit_test(test_evaluate_side__a_loss_says_what_judges_it),
        cmocka_unit_test(test_evaluate_side__targets_that_are_no_relevance_are_not_ranked),
        cmocka_unit_test(test_evaluate_side__bad_columns_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
