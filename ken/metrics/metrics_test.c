/* Metrics against scikit-learn's numbers (golden/make_golden.py), against pair-by-pair definitions, and
 * at their edges. */
#include "tests/support.h"

#include <time.h>

#include "ken/core/alloc.h"
#include "ken/core/rng.h"
#include "ken/metrics/classify/classify.h"
#include "ken/metrics/curves.h"
#include "ken/metrics/golden/metrics_golden.h"
#include "ken/metrics/metrics.h"
#include "ken/metrics/metrics_util.h"
#include "ken/metrics/regress/regress.h"

extern const ken_desc *const ken_classify_things[];
extern const ken_desc *const ken_regress_things[];

static const ken_desc *find(const char *name) {
    for (int i = 0; ken_classify_things[i]; i++)
        if (strcmp(ken_classify_things[i]->name, name) == 0) return ken_classify_things[i];
    for (int i = 0; ken_regress_things[i]; i++)
        if (strcmp(ken_regress_things[i]->name, name) == 0) return ken_regress_things[i];
    fail_msg("no metric '%s'", name);
    return NULL;
}

static ken_scores golden2(const double *weight) {
    return (ken_scores){.task = KEN_CLASSIFY, .n = KEN_COUNT(golden2_label), .label = golden2_label,
                        .n_classes = 2, .positive = 1, .predicted = golden2_predicted,
                        .proba = golden2_proba, .weight = weight};
}
static ken_scores golden4(const double *weight) {
    return (ken_scores){.task = KEN_CLASSIFY, .n = KEN_COUNT(golden4_label), .label = golden4_label,
                        .n_classes = 4, .positive = 1, .predicted = golden4_predicted,
                        .proba = golden4_proba, .weight = weight};
}
static ken_scores goldenr(const double *weight) {
    return (ken_scores){.task = KEN_REGRESS, .n = KEN_COUNT(goldenr_y), .y = goldenr_y,
                        .predicted = goldenr_predicted, .weight = weight};
}

static void check_golden(ken_ctx *ctx, const golden_row *rows, const ken_scores *s, bool weighted) {
    const ken_pinball_params pinball = {0.9};
    for (; rows->name; rows++) {
        const ken_desc *desc = find(rows->name);
        const double want = weighted ? rows->weighted : rows->plain;
        const void *params = desc == &ken_pinball_desc ? &pinball : NULL;
        double got;
        if (isnan(want)) continue; /* the peer has no such number */
        TEST_OK(ctx, ken_metric_value(ctx, desc, params, s, &got));
        if (fabs(got - want) > 1e-12 * fmax(1, fabs(want)))
            fail_msg("%s: %.17g, scikit-learn says %.17g", rows->name, got, want);
    }
}

static void test_metrics__equal_scikit_learn(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    for (int weighted = 0; weighted < 2; weighted++) {
        const ken_scores two = golden2(weighted ? golden2_weight : NULL);
        const ken_scores four = golden4(weighted ? golden4_weight : NULL);
        const ken_scores numbers = goldenr(weighted ? goldenr_weight : NULL);
        check_golden(ctx, golden2_rows, &two, weighted);
        check_golden(ctx, golden4_rows, &four, weighted);
        check_golden(ctx, goldenr_rows, &numbers, weighted);
    }
    test_ctx_free(ctx);
}

/* Numbers that scikit-learn 1.9.1 prints for tied scores (suites/sklearn_docs, "metrics binary"). */
static void test_metrics__tied_scores_of_the_documentation(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    const int32_t label[] = {0, 0, 1, 1, 1, 0, 1, 0, 1, 1};
    const double score[] = {.1, .4, .35, .8, .4, .4, .7, .2, .9, .35};
    const struct {
        const char *name;
        double value;
    } want[] = {{"roc_auc", 0.7916666666666666},  {"average_precision", 0.8611111111111109},
                {"log_loss", 0.5051269306286297}, {"brier", 0.17150000000000004},
                {"f1", 0.6666666666666666},       {"mcc", 0.16666666666666666},
                {"kappa", 0.16666666666666663},   {"balanced_accuracy", 0.5833333333333333}};
    double proba[20], predicted[10], got;
    ken_scores s = {.task = KEN_CLASSIFY, .n = 10, .label = label, .n_classes = 2, .positive = 1,
                    .predicted = predicted, .proba = proba};
    for (int i = 0; i < 10; i++) {
        proba[2 * i] = 1 - score[i];
        proba[2 * i + 1] = score[i];
        predicted[i] = score[i] >= 0.4; /* the threshold of that example */
    }
    for (int i = 0; i < KEN_COUNT(want); i++) {
        TEST_OK(ctx, ken_metric_value(ctx, find(want[i].name), NULL, &s, &got));
        TEST_NEAR(got, want[i].value, 1e-14);
    }
    test_ctx_free(ctx);
}

static void test_roc_auc__delong_interval_equals_the_definition(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    const ken_scores s = golden2(NULL);
    ken_interval got;
    TEST_OK(ctx, ken_metric_interval(ctx, &ken_roc_auc_desc, NULL, &s, 0.95, &got));
    assert_string_equal(got.method, "delong");
    TEST_NEAR(got.value, golden2_delong[0], 1e-14);
    TEST_NEAR(got.low, golden2_delong[1], 1e-12);
    TEST_NEAR(got.high, golden2_delong[2], 1e-12);
    test_ctx_free(ctx);
}

/* Wilson's interval as printed in many textbooks: 8 of 10 at 95 %: 0.490162 to 0.943318. */
static void test_accuracy__wilson_interval(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    const int32_t label[10] = {1, 1, 1, 1, 1, 1, 1, 1, 0, 0};
    const double predicted[10] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
    ken_scores s = {.task = KEN_CLASSIFY, .n = 10, .label = label, .n_classes = 2, .positive = 1,
                    .predicted = predicted};
    ken_interval got;
    TEST_OK(ctx, ken_metric_interval(ctx, &ken_accuracy_desc, NULL, &s, 0.95, &got));
    TEST_NEAR(got.low, 0.4901624715, 1e-9);
    TEST_NEAR(got.high, 0.9433178485, 1e-9);
    s.n = 8; /* all right: the lower end is n / (n + z^2) */
    TEST_OK(ctx, ken_metric_interval(ctx, &ken_accuracy_desc, NULL, &s, 0.95, &got));
    TEST_NEAR(got.low, 8 / (8 + 3.8414588206941254), 1e-12);
    assert_true(got.high == 1.0);
    test_ctx_free(ctx);
}

/* Against the definition over all pairs, for scores on grids from coarse (all tied) to fine. */
static void test_roc_auc__equals_counting_pairs(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    ken_rng rng = ken_rng_stream(ctx, "test", 0);
    enum { n = 300 };
    static int32_t label[n];
    static double proba[2 * n], weight[n];
    for (int round = 0; round < 24; round++) {
        const int grid = 1 << (round / 2);
        double win = 0, pairs = 0, got;
        for (int i = 0; i < n; i++) {
            label[i] = ken_rng_f64(&rng) < 0.3;
            proba[2 * i + 1] = floor((ken_rng_f64(&rng) - 0.3 + 0.2 * label[i]) * grid) / grid;
            proba[2 * i] = 1 - proba[2 * i + 1];
            weight[i] = (double)ken_rng_below(&rng, 4);
        }
        const bool weighted = round % 2;
        for (int i = 0; i < n; i++)
            for (int j = 0; j < n; j++) {
                const double a = proba[2 * i + 1], b = proba[2 * j + 1];
                const double w = weighted ? weight[i] * weight[j] : 1;
                if (label[i] != 1 || label[j] != 0) continue;
                win += w * (a > b ? 1 : a == b ? 0.5 : 0);
                pairs += w;
            }
        const ken_scores s = {.task = KEN_CLASSIFY, .n = n, .label = label, .n_classes = 2,
                              .positive = 1, .proba = proba, .weight = weighted ? weight : NULL};
        TEST_OK(ctx, ken_metric_value(ctx, &ken_roc_auc_desc, NULL, &s, &got));
        if (weighted)
            TEST_NEAR(got, win / pairs, 1e-14);
        else
            assert_true(got == win / pairs); /* exact */
    }
    test_ctx_free(ctx);
}

/* A weight of 2 is the row twice; a weight of 0 is no row. */
static void test_metrics__weights_are_repeated_rows(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    enum { n = KEN_COUNT(golden4_label) };
    static int32_t label[3 * n];
    static double proba[12 * n], predicted[3 * n], weight[n];
    int64_t m = 0;
    for (int i = 0; i < n; i++) {
        weight[i] = i % 4;
        for (int r = 0; r < i % 4; r++, m++) {
            label[m] = golden4_label[i];
            predicted[m] = golden4_predicted[i];
            for (int j = 0; j < 4; j++) proba[4 * m + j] = golden4_proba[4 * i + j];
        }
    }
    const ken_scores a = golden4(weight);
    ken_scores b = a;
    b.n = m, b.label = label, b.predicted = predicted, b.proba = proba, b.weight = NULL;
    for (int i = 0; ken_classify_things[i]; i++) {
        double x, y;
        if (ken_classify_things[i]->metric->binary_only) continue;
        TEST_OK(ctx, ken_metric_value(ctx, ken_classify_things[i], NULL, &a, &x));
        TEST_OK(ctx, ken_metric_value(ctx, ken_classify_things[i], NULL, &b, &y));
        TEST_NEAR(x, y, 1e-12);
    }
    test_ctx_free(ctx);
}

/* One class only, one row, no row, NaN: a value or NaN, never a crash. */
static void test_metrics__undefined_is_nan(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    const int32_t ones[6] = {1, 1, 1, 1, 1, 1};
    const double flat[6] = {1, 1, 1, 1, 1, 1}, proba[12] = {0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1};
    const double nothing[6] = {0};
    double value, bad[12];
    ken_interval interval;
    for (int64_t n = 0; n <= 6; n += n ? 5 : 1)
        for (int weighted = 0; weighted < 2; weighted++) {
            ken_scores s = {.task = KEN_CLASSIFY, .n = n, .label = ones, .n_classes = 2, .positive = 1,
                            .predicted = flat, .proba = proba, .weight = weighted ? nothing : NULL};
            for (int i = 0; ken_classify_things[i]; i++) {
                TEST_OK(ctx, ken_metric_value(ctx, ken_classify_things[i], NULL, &s, &value));
                TEST_OK(ctx, ken_metric_interval(ctx, ken_classify_things[i], NULL, &s, 0.9, &interval));
                assert_true(isnan(value) || (value >= -1 && value <= 40));
                if (strncmp(ken_classify_things[i]->name, "roc_auc", 7) == 0) assert_true(isnan(value));
                if (weighted || n == 0) assert_true(isnan(value));
            }
            s.task = KEN_REGRESS, s.y = flat;
            for (int i = 0; ken_regress_things[i]; i++) {
                TEST_OK(ctx, ken_metric_value(ctx, ken_regress_things[i], NULL, &s, &value));
                TEST_OK(ctx, ken_metric_interval(ctx, ken_regress_things[i], NULL, &s, 0.9, &interval));
            }
            TEST_OK(ctx, ken_metric_value(ctx, &ken_r2_desc, NULL, &s, &value));
            assert_true(isnan(value));
        }
    for (int i = 0; i < 12; i++) bad[i] = i == 7 ? NAN : 0.5;
    const int32_t mixed[6] = {0, 1, 0, 1, 0, 1};
    const ken_scores s = {.task = KEN_CLASSIFY, .n = 6, .label = mixed, .n_classes = 2, .positive = 1,
                          .predicted = bad + 6, .proba = bad};
    for (int i = 0; ken_classify_things[i]; i++) {
        TEST_OK(ctx, ken_metric_value(ctx, ken_classify_things[i], NULL, &s, &value));
        if (ken_classify_things[i]->metric->needs_proba) assert_true(isnan(value));
    }
    test_ctx_free(ctx);
}

static void test_metrics__wrong_calls_are_errors(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    ken_scores s = golden4(NULL);
    ken_interval interval;
    double value;
    TEST_FAILS(ctx, ken_metric_value(ctx, &ken_roc_auc_desc, NULL, &s, &value), KEN_E_UNSUPPORTED,
               "two classes");
    TEST_FAILS(ctx, ken_metric_value(ctx, &ken_rmse_desc, NULL, &s, &value), KEN_E_UNSUPPORTED,
               "classify");
    TEST_FAILS(ctx, ken_metric_interval(ctx, &ken_f1_macro_desc, NULL, &s, 1, &interval), KEN_E_ARG,
               "level");
    s.n_classes = 3;
    TEST_FAILS(ctx, ken_metric_value(ctx, &ken_accuracy_desc, NULL, &s, &value), KEN_E_VALUE, "class 3");
    s = golden2(NULL);
    const double nothing[KEN_COUNT(golden2_label)] = {0};
    ken_curve curve;
    ken_threshold_table table;
    s.weight = nothing;
    TEST_FAILS(ctx, ken_roc_curve(ctx, &s, 0, &curve), KEN_E_VALUE, "all weights are 0");
    TEST_FAILS(ctx, ken_threshold_table_new(ctx, &s, 0, &table), KEN_E_VALUE, "all weights are 0");
    s = golden4(NULL);
    s.proba = NULL;
    TEST_FAILS(ctx, ken_metric_value(ctx, &ken_log_loss_desc, NULL, &s, &value), KEN_E_ARG, "proba");
    test_ctx_free(ctx);
}

/* The percentile interval of a mean must agree with the normal one, and does not depend on threads. */
static void test_bootstrap__interval_of_a_mean(void **state) {
    (void)state;
    enum { n = 400, many = 40000 };
    static double y[many], zero[many];
    ken_interval got[3];
    double spread = 0;
    for (int threads = 1; threads <= 3; threads++) {
        ken_ctx *ctx = test_ctx(threads);
        ken_rng rng = ken_rng_stream(ctx, "test", 1);
        for (int i = 0; i < many; i++) y[i] = fabs(ken_rng_normal(&rng));
        const ken_scores s = {.task = KEN_REGRESS, .n = n, .y = y, .predicted = zero};
        TEST_OK(ctx, ken_metric_interval(ctx, &ken_mae_desc, NULL, &s, 0.95, &got[threads - 1]));
        test_ctx_free(ctx);
    }
    assert_memory_equal(&got[0].value, &got[1].value, 3 * sizeof(double));
    assert_memory_equal(&got[0].value, &got[2].value, 3 * sizeof(double));
    for (int i = 0; i < n; i++) spread += (y[i] - got[0].value) * (y[i] - got[0].value);
    const double half = 1.96 * sqrt(spread) / n;
    assert_true(fabs(got[0].high - got[0].value - half) < 0.12 * half);
    assert_true(fabs(got[0].value - got[0].low - half) < 0.12 * half);
    /* m out of n: the width shrinks as for all rows */
    ken_ctx *ctx = test_ctx(1);
    const ken_scores s = {.task = KEN_REGRESS, .n = many, .y = y, .predicted = zero};
    TEST_OK(ctx, ken_metric_interval(ctx, &ken_mae_desc, NULL, &s, 0.95, &got[1]));
    const double width = got[1].high - got[1].low, want = 2 * 1.96 * 0.6028 / sqrt(many);
    assert_true(fabs(width - want) < 0.1 * want);
    test_ctx_free(ctx);
}

/* 240 of 300 right: accuracy's bootstrap distribution is binomial; its quantiles are 226 and 253
 * (scipy.stats.binom.ppf). Weights of 1 take the way over rows, none the way over cells. */
static void test_bootstrap__cells_and_rows_agree_with_the_binomial(void **state) {
    (void)state;
    enum { n = 300 };
    static int32_t label[n];
    static double predicted[n], one[n];
    ken_ctx *ctx = test_ctx(1);
    for (int i = 0; i < n; i++) {
        label[i] = i % 3;
        predicted[i] = i < 240 ? i % 3 : (i + 1) % 3;
        one[i] = 1;
    }
    for (int weighted = 0; weighted < 2; weighted++) {
        const ken_scores s = {.task = KEN_CLASSIFY, .n = n, .label = label, .n_classes = 3, .positive = 1,
                              .predicted = predicted, .weight = weighted ? one : NULL};
        ken_interval got, macro;
        TEST_OK(ctx, ken_metric_interval(ctx, &ken_f1_micro_desc, NULL, &s, 0.95, &got));
        assert_string_equal(got.method, "bootstrap");
        TEST_NEAR(got.value, 0.8, 1e-14);
        assert_true(fabs(got.low * n - 226) <= 2.5);
        assert_true(fabs(got.high * n - 253) <= 2.5);
        TEST_OK(ctx, ken_metric_interval(ctx, &ken_f1_macro_desc, NULL, &s, 0.95, &macro));
        assert_true(fabs(macro.low - got.low) < 0.01 && fabs(macro.high - got.high) < 0.01);
    }
    test_ctx_free(ctx);
}

/* A million rows, 100 of them positive: no resample of few rows would see them. */
static void test_bootstrap__rare_class_among_many_rows(void **state) {
    (void)state;
    const int64_t n = 1000000;
    int32_t *label = calloc((size_t)n, sizeof(*label));
    double *predicted = calloc((size_t)n, sizeof(*predicted));
    ken_ctx *ctx = test_ctx(1);
    ken_interval got;
    for (int i = 0; i < 100; i++) label[i] = 1, predicted[i] = i < 50;
    const ken_scores s = {.task = KEN_CLASSIFY, .n = n, .label = label, .n_classes = 2, .positive = 1,
                          .predicted = predicted};
    TEST_OK(ctx, ken_metric_interval(ctx, &ken_recall_desc, NULL, &s, 0.95, &got));
    TEST_NEAR(got.value, 0.5, 1e-15);
    assert_true(fabs(got.low - 0.402) < 0.02 && fabs(got.high - 0.598) < 0.02); /* 0.5 +- 1.96 * 0.05 */
    free(label);
    free(predicted);
    test_ctx_free(ctx);
}

static void check_curve(const double *got, const double *want, int64_t n) {
    for (int64_t i = 0; i < n; i++) TEST_NEAR(got[i], want[i], 1e-14);
}

static void test_curves__equal_scikit_learn(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    const ken_scores s = golden2(NULL), weighted = golden2(golden2_weight);
    ken_curve c;
    double rows = 0;
    TEST_OK(ctx, ken_roc_curve(ctx, &s, 0, &c));
    assert_int_equal(c.n, KEN_COUNT(golden2_fpr));
    check_curve(c.x, golden2_fpr, c.n);
    check_curve(c.y, golden2_tpr, c.n);
    check_curve(c.z, golden2_roc_at, c.n);
    ken_curve_free(&c);
    TEST_OK(ctx, ken_pr_curve(ctx, &weighted, 0, &c));
    assert_int_equal(c.n, KEN_COUNT(golden2_pr_recall));
    check_curve(c.x, golden2_pr_recall, c.n);
    check_curve(c.y, golden2_pr_precision, c.n);
    check_curve(c.z + 1, golden2_pr_at, c.n - 1);
    ken_curve_free(&c);
    TEST_OK(ctx, ken_calibration_curve(ctx, &s, 5, KEN_BINS_UNIFORM, &c));
    assert_int_equal(c.n, KEN_COUNT(golden2_uniform_mean));
    check_curve(c.x, golden2_uniform_mean, c.n);
    check_curve(c.y, golden2_uniform_share, c.n);
    ken_curve_free(&c);
    TEST_OK(ctx, ken_calibration_curve(ctx, &s, 5, KEN_BINS_QUANTILE, &c));
    assert_int_equal(c.n, KEN_COUNT(golden2_quantile_mean));
    check_curve(c.x, golden2_quantile_mean, c.n);
    check_curve(c.y, golden2_quantile_share, c.n);
    for (int64_t b = 0; b < c.n; b++) {
        rows += c.rows[b];
        assert_true(0 <= c.low[b] && c.low[b] <= c.y[b] && c.y[b] <= c.high[b] && c.high[b] <= 1);
    }
    assert_true(rows == (double)s.n);
    ken_curve_free(&c);
    TEST_OK(ctx, ken_roc_curve(ctx, &s, 5, &c));
    assert_int_equal(c.n, 6);
    assert_true(c.x[5] == 1 && c.y[5] == 1);
    ken_curve_free(&c);
    const ken_scores four = golden4(golden4_weight);
    double confusion[16];
    TEST_OK(ctx, ken_confusion(ctx, &four, confusion));
    check_curve(confusion, golden4_confusion, 16);
    test_ctx_free(ctx);
}

static void test_curves__lift_and_thresholds_agree_with_the_metrics(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    const ken_scores s = golden2(NULL);
    ken_curve c;
    ken_threshold_table t;
    double f1;
    TEST_OK(ctx, ken_lift_curve(ctx, &s, 0, &c));
    assert_true(c.x[c.n - 1] == 1 && c.y[c.n - 1] == 1 && c.z[c.n - 1] == 1);
    for (int64_t i = 1; i < c.n; i++) assert_true(c.x[i] >= c.x[i - 1] && c.y[i] >= c.y[i - 1]);
    ken_curve_free(&c);
    for (int max = 0; max <= 4; max += 4) {
        TEST_OK(ctx, ken_threshold_table_new(ctx, &s, max, &t));
        for (int64_t r = 0; r < t.n; r++) {
            double predicted[KEN_COUNT(golden2_label)];
            ken_scores at = s;
            for (int64_t i = 0; i < s.n; i++)
                predicted[i] = s.proba[2 * i + 1] >= t.row[r].threshold;
            at.predicted = predicted;
            TEST_OK(ctx, ken_metric_value(ctx, &ken_f1_desc, NULL, &at, &f1));
            TEST_NEAR(t.row[r].f1, f1, 1e-14);
            assert_true(t.row[r].f1 <= t.row[t.best_f1].f1);
            if (r) assert_true(t.row[r].threshold < t.row[r - 1].threshold);
        }
        ken_threshold_table_free(&t);
    }
    test_ctx_free(ctx);
}

static ken_status everything(ken_ctx *ctx, void *arg) {
    const ken_scores s = golden2(golden2_weight), r = goldenr(goldenr_weight);
    ken_interval interval;
    ken_curve c;
    ken_threshold_table t;
    (void)arg;
    KEN_TRY(ken_metric_interval(ctx, &ken_roc_auc_desc, NULL, &s, 0.95, &interval));
    const ken_scores plain = golden2(NULL);
    KEN_TRY(ken_metric_interval(ctx, &ken_f1_desc, NULL, &plain, 0.95, &interval));
    KEN_TRY(ken_metric_interval(ctx, &ken_median_ae_desc, NULL, &r, 0.95, &interval));
    KEN_TRY(ken_roc_curve(ctx, &s, 0, &c));
    ken_curve_free(&c);
    KEN_TRY(ken_calibration_curve(ctx, &s, 5, KEN_BINS_QUANTILE, &c));
    ken_curve_free(&c);
    KEN_TRY(ken_threshold_table_new(ctx, &s, 10, &t));
    ken_threshold_table_free(&t);
    return KEN_OK;
}

static void test_metrics__every_allocation_may_fail(void **state) {
    (void)state;
    test_every_allocation(everything, NULL, 1000);
}

/* Not a benchmark: a guard against a quadratic slip (0.2 s are wanted; sanitizers are slow). */
static void test_roc_auc__a_million_rows_are_quick(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    const int64_t n = 1000000;
    int32_t *label = malloc(sizeof(*label) * (size_t)n);
    double *proba = malloc(sizeof(*proba) * 2 * (size_t)n), value;
    ken_rng rng = ken_rng_stream(ctx, "test", 2);
    for (int64_t i = 0; i < n; i++) {
        label[i] = ken_rng_f64(&rng) < 0.3;
        proba[2 * i + 1] = 0.5 * ken_rng_f64(&rng) + 0.2 * label[i];
        proba[2 * i] = 1 - proba[2 * i + 1];
    }
    const ken_scores s = {.task = KEN_CLASSIFY, .n = n, .label = label, .n_classes = 2, .positive = 1,
                          .proba = proba};
    const clock_t begin = clock();
    TEST_OK(ctx, ken_metric_value(ctx, &ken_roc_auc_desc, NULL, &s, &value));
    const double seconds = (double)(clock() - begin) / CLOCKS_PER_SEC;
    print_message("roc_auc of a million rows: %.3f s, %.6f\n", seconds, value);
    assert_true(seconds < 5);
    /* P(U + 0.4 > V) for U, V uniform on [0, 1): 1 - 0.6^2 / 2 */
    assert_true(fabs(value - 0.82) < 0.002);
    free(label);
    free(proba);
    test_ctx_free(ctx);
}

/* The short list of families is all of the catalog's metrics. */
static void test_metrics__all_are_found_without_the_catalog(void **state) {
    ken_ctx *ctx = test_ctx(1);
    const ken_desc *found;
    int n = 0;
    (void)state;
    for (int i = 0; ken_catalog_at(i); i++) {
        if (ken_catalog_at(i)->kind != KEN_METRIC) continue;
        TEST_OK(ctx, ken_metric_find(ctx, ken_catalog_at(i)->name, 0, &found));
        assert_ptr_equal(found, ken_catalog_at(i));
        n++;
    }
    assert_true(n > 20);
    TEST_FAILS(ctx, ken_metric_find(ctx, "log_los", KEN_CLASSIFY, &found), KEN_E_NOT_FOUND, "no metric 'log_los'");
    assert_non_null(strstr(ken_ctx_hint(ctx), "'log_loss'"));
    assert_null(found);
    test_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_metrics__all_are_found_without_the_catalog),
        cmocka_unit_test(test_metrics__equal_scikit_learn),
        cmocka_unit_test(test_metrics__tied_scores_of_the_documentation),
        cmocka_unit_test(test_roc_auc__delong_interval_equals_the_definition),
        cmocka_unit_test(test_accuracy__wilson_interval),
        cmocka_unit_test(test_roc_auc__equals_counting_pairs),
        cmocka_unit_test(test_metrics__weights_are_repeated_rows),
        cmocka_unit_test(test_metrics__undefined_is_nan),
        cmocka_unit_test(test_metrics__wrong_calls_are_errors),
        cmocka_unit_test(test_bootstrap__interval_of_a_mean),
        cmocka_unit_test(test_bootstrap__cells_and_rows_agree_with_the_binomial),
        cmocka_unit_test(test_bootstrap__rare_class_among_many_rows),
        cmocka_unit_test(test_curves__equal_scikit_learn),
        cmocka_unit_test(test_curves__lift_and_thresholds_agree_with_the_metrics),
        cmocka_unit_test(test_metrics__every_allocation_may_fail),
        cmocka_unit_test(test_roc_auc__a_million_rows_are_quick),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
