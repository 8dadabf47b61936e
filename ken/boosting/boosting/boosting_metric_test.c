/* Named metrics of early stopping: against the metrics of staged predictions, and the rule of stopping against
 * its definition on the history of a fit that does not stop. */
#include "ken/boosting/boosting/boosting_testing.h"
#include "ken/metrics/metrics.h"

enum { N = 900, VALID = 300, MOST = 8 };

/* --- the history is what predictions of every round give ------------------------------------------------ */

typedef struct metric_stage {
    ken_ctx *ctx;
    ken_scores scores; /* of the validation rows, which come first */
    double *predicted, *proba;
    const ken_desc *metric[MOST];
    int n;
    const double *history; /* (rounds, n) */
    int64_t rounds;
} metric_stage;

static ken_status metric_stage_round(void *arg, int64_t round, const double *out) {
    metric_stage *const s = arg;
    const int k = s->scores.n_classes;
    if (round == 0) return KEN_OK;
    for (int64_t i = 0; i < s->scores.n; i++) {
        if (!k) s->predicted[i] = out[i];
        for (int c = 0, best = 0; c < k; c++) {
            s->proba[i * k + c] = out[i * k + c];
            if (out[i * k + c] > out[i * k + best]) best = c;
            s->predicted[i] = best;
        }
    }
    for (int m = 0; m < s->n; m++) {
        double value;
        TEST_OK(s->ctx, ken_metric_value(s->ctx, s->metric[m], NULL, &s->scores, &value));
        TEST_NEAR(s->history[(round - 1) * s->n + m], value, 1e-12);
    }
    s->rounds = round;
    return KEN_OK;
}

/* names: the metrics of `settings`, apart by '|'. */
static void metric_check_history(ken_ctx *ctx, mixed_case *c, int classes, const char *names, const char *settings) {
    static double predicted[VALID], proba[VALID * 5];
    int32_t label[VALID];
    char text[400], list[200];
    metric_stage s = {.ctx = ctx, .predicted = predicted, .proba = proba};
    snprintf(text, sizeof text, "trees=12 patience=12 %s metric=%s", settings, names);
    ken_model *m = mixed_fit(ctx, c, text);
    snprintf(list, sizeof list, "%s", names);
    for (char *name = strtok(list, "|"); name; name = strtok(NULL, "|"))
        TEST_OK(ctx, ken_catalog_find(ctx, name, KEN_METRIC, &s.metric[s.n++]));
    const ken_tensor *values = ken_model_attr(m, "validation_metric");
    assert_int_equal(values->shape[0], 12);
    assert_int_equal(values->shape[1], s.n);
    assert_int_equal(ken_model_attr_strings(m, "metrics")->n, s.n);
    s.history = values->data;
    for (int i = 0; i < VALID; i++) label[i] = (int32_t)c->y[i];
    s.scores = (ken_scores){.task = c->data.task, .n = VALID, .y = c->y, .label = label, .n_classes = classes,
                            .positive = 1, .predicted = predicted, .proba = classes ? proba : NULL,
                            .weight = c->data.weight ? c->weight : NULL};
    TEST_OK(ctx, ken_boosting_staged(ctx, m, c->X, classes ? KEN_WHAT_PROBA : KEN_WHAT_VALUE, metric_stage_round, &s));
    assert_true(s.rounds == ken_boosting_rounds(m) && s.rounds > 1);
    ken_model_free(m);
}

static void test_metric__the_history_is_that_of_staged_predictions(void **state) {
    static const struct {
        int classes;
        bool weighted;
        const char *names, *settings;
    } list[] = {{0, false, "rmse|mae|r2", ""},
                {0, true, "mae|rmse", ""},
                {0, true, "rmse", "objective=exp(p)-y*p link=log"},
                {0, false, "mae|pinball", "quantiles=0.1|0.5|0.9"},
                {2, false, "roc_auc|log_loss|accuracy", ""},
                {2, true, "log_loss|roc_auc", "class_weight=balanced"},
                {2, false, "log_loss|roc_auc", "loss=softmax"},
                {5, true, "log_loss|accuracy|f1_macro", ""},
                {5, true, "log_loss|accuracy", "leaves=vector"},
                {0, false, "mae", "quantiles=0.2|0.5|0.8 leaves=vector"}};
    ken_ctx *ctx = test_ctx(2);
    (void)state;
    for (int i = 0; i < KEN_COUNT(list); i++) {
        mixed_case *c = mixed_new(ctx, N, VALID, list[i].classes);
        c->data.weight = list[i].weighted ? &c->weights : NULL;
        metric_check_history(ctx, c, list[i].classes, list[i].names, list[i].settings);
        mixed_free(c);
    }
    test_ctx_free(ctx);
}

/* Groups and bounds reach the metrics that look at them; the loss and a formula stand in the same list. */
static void test_metric__ranks_times_losses_and_formulas(void **state) {
    ken_ctx *ctx = test_ctx(1);
    mixed_case *c = mixed_new(ctx, N, VALID, 5);
    double group[N], upper[N];
    (void)state;
    for (int i = 0; i < N; i++) group[i] = i % 30, upper[i] = c->y[i] + (i % 4 == 0);
    const ken_column groups = test_column_f64("g", group, N), bounds = test_column_f64("u", upper, N);
    c->data.task = KEN_REGRESS, c->data.group = &groups;
    ken_model *m = mixed_fit(ctx, c, "trees=6 patience=6 loss=lambdarank metric=ndcg|loss");
    const double *h = ken_model_attr(m, "validation_metric")->data;
    for (int r = 0; r < 6; r++) {
        TEST_NEAR(h[2 * r + 1], ken_tensor_value(ken_model_attr(m, "validation_loss"), r), 1e-15);
        assert_true(h[2 * r] > 0.3 && h[2 * r] <= 1);
    }
    ken_model_free(m);
    c->data.group = NULL;
    for (int i = 0; i < N; i++) c->y[i] += 1, upper[i] += 1;
    c->data.upper = &bounds;
    m = mixed_fit(ctx, c, "trees=6 patience=6 loss=aft metric=concordance");
    h = ken_model_attr(m, "validation_metric")->data;
    assert_true(h[5] > 0.6 && h[5] >= h[0]);
    ken_model_free(m);
    c->data.upper = NULL;
    m = mixed_fit(ctx, c, "trees=6 patience=6 metric=rmse|(y-p)^2|abs(y-p)|mae");
    h = ken_model_attr(m, "validation_metric")->data;
    for (int r = 0; r < 6; r++) {
        TEST_NEAR(h[4 * r] * h[4 * r], h[4 * r + 1], 1e-12);
        TEST_NEAR(h[4 * r + 2], h[4 * r + 3], 1e-12);
    }
    ken_model_free(m);
    mixed_free(c);
    test_ctx_free(ctx);
}

/* --- the rule -------------------------------------------------------------------------------------------- */

/* The definition, on the whole history (rounds, n): rounds kept and rounds grown. */
static void metric_rule(const double *h, int n, const bool *higher, int64_t rounds, int64_t patience, double delta,
                        bool first, int64_t *kept, int64_t *grown) {
    const int judges = first ? 1 : n;
    int64_t best[MOST] = {0};
    double value[MOST];
    for (int m = 0; m < n; m++) value[m] = INFINITY;
    for (int64_t r = 1; r <= rounds; r++)
        for (int m = 0, ended = -1; m < judges; m++) {
            const double v = higher[m] ? -h[(r - 1) * n + m] : h[(r - 1) * n + m];
            if (v < value[m] - delta)
                value[m] = v, best[m] = r;
            else if (r - best[m] >= patience && ended < 0)
                ended = m;
            if (m + 1 < judges || ended < 0) continue;
            *kept = best[ended], *grown = r;
            return;
        }
    *kept = best[0], *grown = rounds;
}

static void test_metric__stopping_is_by_its_definition(void **state) {
    static const char *const metrics[] = {"roc_auc|log_loss|accuracy", "accuracy|roc_auc", "log_loss|accuracy"};
    static const bool higher[][3] = {{true, false, true}, {true, true}, {false, true}};
    static const int count[] = {3, 2, 2};
    static const double deltas[] = {0, 1e-3, 0.02};
    ken_ctx *ctx = test_ctx(2);
    mixed_case *c = mixed_new(ctx, N, VALID, 2);
    int64_t stopped = 0;
    (void)state;
    for (int i = 0; i < N; i += 7) c->y[i] = 1 - c->y[i]; /* noise, so that there is something to overfit */
    for (int l = 0; l < KEN_COUNT(metrics); l++) {
        char settings[200];
        snprintf(settings, sizeof settings, "trees=60 learning_rate=0.3 early_stopping=off metric=%s", metrics[l]);
        ken_model *whole = mixed_fit(ctx, c, settings);
        const double *h = ken_model_attr(whole, "validation_metric")->data;
        for (int k = 0; k < 18; k++) {
            const int64_t patience = k % 3 == 0 ? 2 : k % 3 == 1 ? 5 : 15;
            const double delta = deltas[k / 3 % 3];
            int64_t kept = 0, grown = 0;
            metric_rule(h, count[l], higher[l], 60, patience, delta, k >= 9, &kept, &grown);
            snprintf(settings, sizeof settings, "trees=60 learning_rate=0.3 patience=%d min_delta=%g stop_by=%s metric=%s",
                     (int)patience, delta, k >= 9 ? "first" : "any", metrics[l]);
            ken_model *m = mixed_fit(ctx, c, settings);
            assert_int_equal(ken_boosting_rounds(m), kept);
            assert_int_equal(ken_model_attr(m, "validation_metric")->shape[0], grown);
            assert_memory_equal(ken_model_attr(m, "validation_metric")->data, h, (size_t)(grown * count[l]) * sizeof *h);
            stopped += grown < 60;
            ken_model_free(m);
        }
        ken_model_free(whole);
    }
    assert_in_range(stopped, 20, 54); /* the table must not be one on which nothing ever stops */
    mixed_free(c);
    test_ctx_free(ctx);
}

/* --- with what else there is ---------------------------------------------------------------------------- */

static void test_metric__goes_on_and_is_cut_with_the_rounds(void **state) {
    ken_ctx *ctx = test_ctx(1);
    mixed_case *c = mixed_new(ctx, N, VALID, 2);
    ken_model *whole = mixed_fit(ctx, c, "trees=9 early_stopping=off metric=roc_auc|log_loss"), *slice;
    ken_model *m = mixed_fit(ctx, c, "trees=4 early_stopping=off metric=roc_auc|log_loss");
    (void)state;
    TEST_OK(ctx, ken_model_set(ctx, m, "trees", "9"));
    TEST_OK(ctx, ken_model_fit_on(ctx, m, &c->data));
    test_same_model(whole, m);
    TEST_OK(ctx, ken_model_set(ctx, m, "trees", "11"));
    TEST_OK(ctx, ken_model_set(ctx, m, "metric", "accuracy"));
    TEST_OK(ctx, ken_model_fit_on(ctx, m, &c->data));
    const ken_tensor *values = ken_model_attr(m, "validation_metric");
    assert_int_equal(values->shape[0], 11);
    assert_int_equal(values->shape[1], 1);
    assert_true(isnan(ken_tensor_value(values, 8)) && ken_tensor_value(values, 9) > 0.5);
    TEST_OK(ctx, ken_boosting_slice(ctx, whole, 2, 7, &slice));
    values = ken_model_attr(slice, "validation_metric");
    assert_int_equal(values->shape[0], 5);
    for (int i = 0; i < 10; i++)
        assert_true(ken_tensor_value(values, i) == ken_tensor_value(ken_model_attr(whole, "validation_metric"), 4 + i));
    ken_model_free(slice), ken_model_free(whole), ken_model_free(m);
    mixed_free(c);
    test_ctx_free(ctx);
}

static void test_metric__says_what_is_wrong(void **state) {
    static const struct {
        int classes;
        const char *metric, *part, *hint;
        ken_status status;
    } list[] = {{0, "rsme", "no metric 'rsme'", "did you mean 'rmse'", KEN_E_ARG},
                {0, "rmse|", "empty item", "roc_auc|log_loss", KEN_E_ARG},
                {0, "rmse||mae", "empty item", "roc_auc|log_loss", KEN_E_ARG},
                {0, "rmse|(y", "character 3", "", KEN_E_ARG},
                {0, "a1|a2", "no metric 'a1'", "", KEN_E_ARG},
                {0, "y|p|w|y|p|w|y|p|w|y|p|w|y|p|w|y|p", "more than 16", "", KEN_E_ARG},
                {0, "roc_auc", "cannot regress", "rmse", KEN_E_ARG},
                {2, "rmse", "cannot classify", "roc_auc", KEN_E_ARG},
                {5, "roc_auc", "two classes", "roc_auc_ovr", KEN_E_UNSUPPORTED},
                {5, "log_loss|abs(y-p)", "one margin", "", KEN_E_UNSUPPORTED}};
    ken_ctx *ctx = test_ctx(1);
    (void)state;
    for (int i = 0; i < KEN_COUNT(list); i++) {
        mixed_case *c = mixed_new(ctx, N, VALID, list[i].classes);
        ken_model *m;
        TEST_OK(ctx, ken_model_new(ctx, "boosting", "trees=3", &m));
        TEST_OK(ctx, ken_model_set(ctx, m, "metric", list[i].metric));
        TEST_FAILS(ctx, ken_model_fit(ctx, m, &c->data), list[i].status, list[i].part);
        assert_non_null(strstr(ken_ctx_hint(ctx), list[i].hint));
        ken_model_free(m);
        mixed_free(c);
    }
    test_ctx_free(ctx);
}

static ken_model *metric_fit_anew(ken_ctx *ctx, void *settings) {
    mixed_case *c = mixed_new(ctx, N, VALID, 5);
    ken_model *m = mixed_fit(ctx, c, settings);
    mixed_free(c);
    return m;
}

static void test_metric__any_thread_count_gives_the_same_bits(void **state) {
    (void)state;
    test_same_for_any_threads(metric_fit_anew, "trees=20 patience=3 metric=accuracy|log_loss|loss");
}

static ken_status metric_fit_once(ken_ctx *ctx, void *arg) {
    const mixed_case *const c = arg;
    ken_model *m = NULL;
    ken_status status = ken_model_new(ctx, "boosting", "trees=2 max_leaves=3 metric=roc_auc|abs(y-p)|loss", &m);
    if (status == KEN_OK) status = ken_model_fit(ctx, m, &c->data);
    if (status == KEN_OK) status = ken_model_set(ctx, m, "trees", "3");
    if (status == KEN_OK) status = ken_model_fit_on(ctx, m, &c->data);
    ken_model_free(m);
    return status;
}

static void test_metric__every_failed_allocation_is_an_error(void **state) {
    ken_ctx *ctx = test_ctx(1);
    mixed_case *c = mixed_new(ctx, 200, 60, 2);
    (void)state;
    test_every_allocation(metric_fit_once, c, 3000);
    mixed_free(c);
    test_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_metric__the_history_is_that_of_staged_predictions),
        cmocka_unit_test(test_metric__ranks_times_losses_and_formulas),
        cmocka_unit_test(test_metric__stopping_is_by_its_definition),
        cmocka_unit_test(test_metric__goes_on_and_is_cut_with_the_rounds),
        cmocka_unit_test(test_metric__says_what_is_wrong),
        cmocka_unit_test(test_metric__any_thread_count_gives_the_same_bits),
        cmocka_unit_test(test_metric__every_failed_allocation_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
