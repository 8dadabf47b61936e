/* Cross-validation, comparison and evaluation, over a toy model that is easy to foresee: nearest class
 * mean (classify) or a line through the origin (regress) on column x0, or (blind) no column at all. */
#include "tests/support.h"

#include "ken/core/alloc.h"
#include "ken/core/rng.h"
#include "ken/metrics/classify/classify.h"
#include "ken/metrics/regress/regress.h"
#include "ken/select/compare/compare.h"
#include "ken/select/evaluate/evaluate.h"

typedef struct near_params {
    bool blind, fails;
} near_params;
static const ken_param near_rows[] = {KEN_ROW_BOOL(near_params, blind, .doc = "look at no column"),
                                      KEN_ROW_BOOL(near_params, fails, .doc = "fit fails"), {0}};
static const ken_attr near_attrs[] = {{"mean", KEN_F64, "k", "class means, or the slope"}, {0}};

static ken_status near_fit(ken_ctx *ctx, ken_model *m, const ken_problem *p) {
    const near_params *params = ken_model_params(m);
    const ken_column *x = ken_table_column(p->X, 0);
    const int64_t k = p->label ? p->n_classes : 1;
    double *mean, count[8] = {0}, xx = 0;
    if (params->fails) return KEN_FAIL(ctx, KEN_E_UNSUPPORTED, NULL, "near: fails as told");
    KEN_TRY(ken_attr_new(ctx, m, "mean", KEN_F64, 1, &k, (void **)&mean));
    for (int64_t i = 0; i < p->n_train; i++) {
        const double v = ken_column_f64(x, i), w = p->weight ? p->weight[i] : 1;
        if (p->label)
            mean[p->label[i]] += w * v, count[p->label[i]] += w;
        else
            mean[0] += w * v * p->y[i], xx += w * v * v;
    }
    for (int64_t c = 0; c < k; c++) mean[c] /= p->label ? count[c] : xx;
    return KEN_OK;
}

static ken_status near_predict(ken_ctx *ctx, const ken_model *m, const ken_table *X, ken_what what,
                               double *out) {
    const double *mean = ken_f64(ken_model_attr(m, "mean"));
    const bool blind = ((const near_params *)ken_model_params(m))->blind;
    const int k = ken_model_n_classes(m);
    (void)ctx, (void)what;
    for (int64_t i = 0; i < ken_table_rows(X); i++) {
        const double v = ken_column_f64(ken_table_column(X, 0), i);
        double sum = 0;
        if (!k) out[i] = blind ? 0 : mean[0] * v;
        for (int c = 0; c < k; c++)
            sum += out[i * k + c] = blind ? 1 : 1 / (1e-3 + (v - mean[c]) * (v - mean[c]));
        for (int c = 0; c < k; c++) out[i * k + c] /= sum;
    }
    return KEN_OK;
}

static const ken_estimator near_verbs = {.fit = near_fit, .predict = near_predict};
static const near_params near_defaults = {false, false};
static const ken_desc near_desc = {.name = "near", .title = "Near", .kind = KEN_ESTIMATOR,
                                   .tasks = KEN_REGRESS | KEN_CLASSIFY, .params = near_rows,
                                   .defaults = &near_defaults, .params_size = sizeof(near_params),
                                   .tags = KEN_TAG_WEIGHTS, .attrs = near_attrs, .estimator = &near_verbs};

enum { N = 90 };
typedef struct fixture {
    ken_ctx *ctx;
    ken_table *table;
    double x[N], y[N], label[N], weight[N];
    ken_column y_c, label_c, weight_c;
    ken_data data;
    ken_model *model, *blind;
} fixture;

static ken_model *near_new(ken_ctx *ctx, bool blind, bool fails) {
    const near_params p = {blind, fails};
    ken_model *m = NULL;
    TEST_OK(ctx, ken_model_new_desc(ctx, &near_desc, &p, &m));
    return m;
}

static fixture *make(int threads) {
    fixture *f = calloc(1, sizeof(*f));
    f->ctx = test_ctx(threads);
    ken_rng rng = ken_rng_stream(f->ctx, "test", 3);
    for (int i = 0; i < N; i++) {
        f->label[i] = i % 3;
        f->x[i] = 4 * f->label[i] + ken_rng_normal(&rng);
        f->y[i] = 3 * f->x[i] + ken_rng_normal(&rng);
        f->weight[i] = 1 + i % 2;
    }
    f->table = test_table(f->ctx, f->x, N, 1);
    f->y_c = test_column_f64("y", f->y, N);
    f->label_c = test_column_f64("label", f->label, N);
    f->weight_c = test_column_f64("weight", f->weight, N);
    f->data = (ken_data){.table = f->table, .target = &f->label_c};
    f->model = near_new(f->ctx, false, false);
    f->blind = near_new(f->ctx, true, false);
    return f;
}

static void drop(fixture *f) {
    ken_model_free(f->model);
    ken_model_free(f->blind);
    ken_table_free(f->table);
    test_ctx_free(f->ctx);
    free(f);
}

/* Every fold by hand: roles from the splitter, the formula of the model, the error of the test rows. */
static void test_cross_validate__equals_folds_by_hand(void **state) {
    (void)state;
    fixture *f = make(1);
    ken_cv_options o = KEN_CV_DEFAULTS;
    ken_cv_result r;
    uint8_t role[N];
    o.keep_predictions = true;
    f->data.target = &f->y_c;
    f->data.weight = &f->weight_c;
    TEST_OK(f->ctx, ken_cross_validate(f->ctx, f->model, &f->data, &o, &r));
    assert_string_equal(r.splitter, "kfold");
    assert_int_equal(r.folds, 5);
    const int rmse = ken_cv_result_find(&r, "rmse");
    double mean = 0;
    for (int64_t fold = 0; fold < 5; fold++) {
        double xy = 0, xx = 0, square = 0, total = 0;
        TEST_OK(f->ctx, ken_split(f->ctx, &ken_kfold_desc, NULL, &f->data, fold, role));
        for (int i = 0; i < N; i++) {
            if (role[i] != KEN_ROLE_TRAIN) continue;
            xy += f->weight[i] * f->x[i] * f->y[i];
            xx += f->weight[i] * f->x[i] * f->x[i];
        }
        for (int i = 0; i < N; i++) {
            if (role[i] != KEN_ROLE_TEST) continue;
            TEST_NEAR(r.prediction[i], xy / xx * f->x[i], 1e-12);
            square += f->weight[i] * pow(f->y[i] - xy / xx * f->x[i], 2);
            total += f->weight[i];
        }
        TEST_NEAR(r.score[fold * r.n_metrics + rmse], sqrt(square / total), 1e-12);
        mean += r.score[fold * r.n_metrics + rmse] / 5;
        assert_int_equal(r.rows_test[fold], 18);
        assert_int_equal(r.rows_train[fold], 72);
        assert_true(isnan(r.fit_s[fold])); /* no clock */
    }
    TEST_NEAR(r.mean[rmse], mean, 1e-13);
    assert_true(r.model_bytes > 8);
    ken_cv_result_free(&r);
    drop(f);
}

static void test_cross_validate__classes_threads_and_roles(void **state) {
    (void)state;
    double mean[3];
    for (int threads = 1; threads <= 3; threads++) {
        fixture *f = make(threads);
        ken_cv_options o = KEN_CV_DEFAULTS;
        ken_cv_result r;
        uint8_t role[N] = {0};
        o.keep_predictions = true;
        for (int i = 0; i < 10; i++) role[i] = KEN_ROLE_TEST;
        f->data.role = role;
        TEST_OK(f->ctx, ken_cross_validate(f->ctx, f->model, &f->data, &o, &r));
        assert_string_equal(r.splitter, "stratified_kfold");
        assert_int_equal(r.n_classes, 3);
        const int accuracy = ken_cv_result_find(&r, "accuracy");
        double right = 0;
        for (int i = 0; i < N; i++) {
            if (i < 10) { /* a row of the hold-out is in no fold */
                assert_true(isnan(r.prediction[i]));
                continue;
            }
            int64_t size;
            const char *text = ken_strings_at(&r.classes, (int64_t)r.prediction[i], &size);
            assert_int_equal(size, 1);
            right += text[0] == '0' + (int)f->label[i];
        }
        assert_int_equal(r.rows_test[0] + r.rows_test[1] + r.rows_test[2] + r.rows_test[3] + r.rows_test[4],
                         80);
        TEST_NEAR(r.mean[accuracy], right / 80, 1e-12); /* folds of 16 rows each */
        assert_int_equal(ken_cv_result_find(&r, "roc_auc"), -1);
        assert_true(r.mean[ken_cv_result_find(&r, "roc_auc_ovr")] > 0.7);
        mean[threads - 1] = r.mean[ken_cv_result_find(&r, "log_loss")];
        ken_cv_result_free(&r);
        drop(f);
    }
    assert_true(mean[0] == mean[1] && mean[0] == mean[2]);
}

/* A class of one row: the fold that tests it has never seen it. */
static void test_cross_validate__unseen_class_counts_as_wrong(void **state) {
    (void)state;
    fixture *f = make(1);
    ken_cv_result r;
    f->label[7] = 3;
    TEST_OK(f->ctx, ken_cross_validate(f->ctx, f->model, &f->data, NULL, &r));
    assert_int_equal(r.n_unseen, 1);
    assert_int_equal(r.n_classes, 4);
    for (int64_t i = 0; i < 5; i++)
        assert_false(isnan(r.score[i * r.n_metrics + ken_cv_result_find(&r, "log_loss")]));
    ken_cv_result_free(&r);
    drop(f);
}

/* Nadeau & Bengio's formula, worked by hand: differences 1 2 3 2 2, mean 2, s^2 = 0.5, ratio 1/4:
 * t = 2 / sqrt((1/5 + 1/4) 0.5) = 4.216, 4 degrees of freedom, p = 0.0135169 (scipy.stats.t.sf). */
static void test_corrected_t__worked_example(void **state) {
    (void)state;
    const double a[5] = {11, 12, 13, 12, 12}, b[5] = {10, 10, 10, 10, 10};
    double difference;
    const double p = ken_corrected_t(a, b, 5, 0.25, &difference);
    TEST_NEAR(difference, 2, 1e-15);
    TEST_NEAR(p, 0.013516881521817516, 1e-12);
    assert_true(ken_corrected_t(a, a, 5, 0.25, &difference) == 1);
    assert_true(isnan(ken_corrected_t(a, b, 1, 0.25, &difference)));
}

static void test_compare__ranks_and_gives_a_reason(void **state) {
    (void)state;
    fixture *f = make(1);
    ken_model *bad = near_new(f->ctx, false, true);
    const ken_candidate candidates[] = {{"blind", NULL, f->blind}, {"broken", NULL, bad},
                                        {"near", NULL, f->model}, {"near too", NULL, f->model}};
    ken_comparison c;
    TEST_OK(f->ctx, ken_compare(f->ctx, candidates, 4, &f->data, NULL, &c));
    assert_string_equal(c.metric->name, "log_loss");
    assert_string_equal(c.row[0].name, "near");
    assert_string_equal(c.row[1].name, "near too"); /* equal ones stay in order */
    assert_string_equal(c.row[2].name, "blind");
    TEST_NEAR(c.row[2].mean, log(3), 1e-12);
    assert_true(c.row[1].p == 1 && c.row[1].difference == 0);
    assert_true(c.row[2].p < 0.05 && c.row[2].difference < 0);
    assert_int_equal(c.row[3].status, KEN_E_UNSUPPORTED);
    assert_non_null(strstr(c.row[3].message, "fails as told"));
    assert_non_null(strstr(c.reason, "near: log_loss 0."));
    assert_non_null(strstr(c.reason, "Next is near too"));
    assert_non_null(strstr(c.reason, "within noise"));
    assert_non_null(strstr(c.reason, "1 left out"));
    ken_comparison_free(&c);
    const ken_candidate two[] = {{"blind", NULL, f->blind}, {"near", NULL, f->model}};
    ken_compare_options o = KEN_COMPARE_DEFAULTS;
    o.metric = "accuracy";
    TEST_OK(f->ctx, ken_compare(f->ctx, two, 2, &f->data, &o, &c));
    assert_string_equal(c.row[0].name, "near");
    assert_non_null(strstr(c.reason, "more than noise"));
    ken_comparison_free(&c);
    const ken_candidate one[] = {{"broken", NULL, bad}};
    TEST_FAILS(f->ctx, ken_compare(f->ctx, one, 1, &f->data, NULL, &c), KEN_E_UNSUPPORTED, "as told");
    o.metric = "acuracy";
    TEST_FAILS(f->ctx, ken_compare(f->ctx, two, 2, &f->data, &o, &c), KEN_E_NOT_FOUND, "acuracy");
    ken_model_free(bad);
    drop(f);
}

static double tick_at;
static double tick(void *user) {
    (void)user;
    return tick_at += 1;
}

static void test_compare__skips_what_there_is_no_time_for(void **state) {
    (void)state;
    fixture *f = make(1);
    ken_ctx *ctx = NULL;
    const ken_ctx_options options = {.clock_s = tick, .threads = 1};
    const ken_candidate two[] = {{"near", NULL, f->model}, {"blind", NULL, f->blind}};
    ken_compare_options o = KEN_COMPARE_DEFAULTS;
    ken_comparison c;
    assert_int_equal(ken_ctx_new(&options, &ctx), KEN_OK);
    o.budget_s = 5;
    TEST_OK(ctx, ken_compare(ctx, two, 2, &f->data, &o, &c));
    assert_int_equal(c.row[1].status, KEN_E_CANCELLED);
    assert_string_equal(c.row[1].message, "no time left");
    assert_true(c.row[0].fit_s == 1);
    ken_comparison_free(&c);
    ken_ctx_free(ctx);
    drop(f);
}

static void test_evaluate__all_metrics_with_intervals(void **state) {
    (void)state;
    fixture *f = make(1);
    ken_evaluation e;
    double value;
    TEST_OK(f->ctx, ken_model_fit(f->ctx, f->model, &f->data));
    TEST_OK(f->ctx, ken_evaluate(f->ctx, f->model, f->table, &f->label_c, NULL, NULL, 0, NULL, &e));
    assert_string_equal(e.metric[0].desc->name, "log_loss");
    for (int i = 0; i < e.n_metrics; i++) {
        const ken_interval *at = &e.metric[i].interval;
        assert_true(at->low <= at->value && at->value <= at->high);
        TEST_OK(f->ctx, ken_predictions_metric(f->ctx, &e.predictions, e.metric[i].desc, &value));
        assert_true(value == at->value);
    }
    assert_string_equal(ken_evaluation_find(&e, "accuracy")->interval.method, "wilson");
    double hits = 0, all = 0;
    for (int c = 0; c < 12; c++) all += e.confusion[c], hits += c / 3 == c % 3 ? e.confusion[c] : 0;
    assert_true(all == N);
    TEST_NEAR(hits / N, ken_evaluation_find(&e, "accuracy")->interval.value, 1e-14);
    ken_evaluation_free(&e);
    drop(f);
}

/* Two classes learned; a third one and missing ones come. */
static void test_evaluate__unseen_and_missing_labels(void **state) {
    (void)state;
    fixture *f = make(1);
    ken_evaluation e;
    const int64_t some[] = {0, 1, 2, 3, 4, 5};
    for (int i = 0; i < N; i++) f->label[i] = i % 3 == 2;
    TEST_OK(f->ctx, ken_model_fit(f->ctx, f->model, &f->data));
    f->label[0] = 7;
    f->label[1] = NAN;
    TEST_OK(f->ctx, ken_evaluate(f->ctx, f->model, f->table, &f->label_c, NULL, some, 6, NULL, &e));
    assert_int_equal(e.predictions.n, 5);
    assert_int_equal(e.predictions.n_unseen, 1);
    assert_int_equal(e.predictions.n_missing, 1);
    double hits = 0;
    for (int i = 0; i < 5; i++) hits += e.predictions.label[i] == e.predictions.predicted[i];
    TEST_NEAR(ken_evaluation_find(&e, "accuracy")->interval.value, hits / 5, 1e-14);
    assert_true(e.confusion[4] + e.confusion[5] == 1); /* the row of unseen classes */
    assert_false(isnan(ken_evaluation_find(&e, "roc_auc")->interval.value));
    assert_false(isnan(ken_evaluation_find(&e, "f1")->interval.value));
    ken_evaluation_free(&e);
    for (int i = 0; i < 6; i++) f->label[i] = NAN;
    TEST_FAILS(f->ctx, ken_evaluate(f->ctx, f->model, f->table, &f->label_c, NULL, some, 6, NULL, &e),
               KEN_E_VALUE, "no row");
    TEST_FAILS(f->ctx, ken_evaluate(f->ctx, f->blind, f->table, &f->label_c, NULL, NULL, 0, NULL, &e),
               KEN_E_STATE, "not fitted");
    drop(f);
}

static ken_status whole(ken_ctx *ctx, void *arg) {
    static const double x[12] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    static const double y[12] = {0, 1, 0, 0, 0, 1, 1, 0, 1, 1, 1, 1};
    const ken_tensor X = ken_tensor_2d((void *)(uintptr_t)x, KEN_F64, 12, 1);
    ken_column target = test_column_f64("y", y, 12);
    ken_model *a = NULL, *b = NULL;
    ken_table *t = NULL;
    ken_comparison c = {0};
    ken_evaluation e = {0};
    ken_compare_options o = KEN_COMPARE_DEFAULTS;
    ken_evaluate_options eo = KEN_EVALUATE_DEFAULTS;
    const near_params blind = {true, false};
    const ken_desc *const metrics[] = {&ken_log_loss_desc, &ken_f1_desc, NULL};
    (void)arg;
    o.cv.folds = 2, o.cv.metrics = metrics, eo.metrics = metrics, o.cv.keep_predictions = true;
    ken_status status = ken_table_from_matrix(ctx, &X, NULL, &t);
    ken_data data = {.table = t, .target = &target};
    if (status == KEN_OK) status = ken_model_new_desc(ctx, &near_desc, NULL, &a);
    if (status == KEN_OK) status = ken_model_new_desc(ctx, &near_desc, &blind, &b);
    const ken_candidate two[] = {{"a", NULL, a}, {"b", NULL, b}};
    if (status == KEN_OK) status = ken_compare(ctx, two, 2, &data, &o, &c);
    ken_comparison_free(&c);
    if (status == KEN_OK) status = ken_model_fit(ctx, a, &data);
    if (status == KEN_OK) status = ken_evaluate(ctx, a, t, &target, NULL, NULL, 0, &eo, &e);
    ken_evaluation_free(&e);
    ken_model_free(a);
    ken_model_free(b);
    ken_table_free(t);
    return status;
}

static void test_select__every_allocation_may_fail(void **state) {
    (void)state;
    test_every_allocation(whole, NULL, 5000);
}

/* With whatever models this build has: the default candidates on a table that is easy. */
static void test_candidates__defaults_find_the_signal(void **state) {
    (void)state;
    ken_candidate candidates[8];
    if (ken_candidates_default(KEN_CLASSIFY, N, 1, candidates, 8) < 2) TEST_SKIP("no models in this build");
    fixture *f = make(1);
    for (int task = 0; task < 2; task++) {
        ken_comparison c;
        f->data.target = task ? &f->label_c : &f->y_c;
        const int n = ken_candidates_default(task ? KEN_CLASSIFY : KEN_REGRESS, N, 1, candidates, 8);
        TEST_OK(f->ctx, ken_compare(f->ctx, candidates, n, &f->data, NULL, &c));
        print_message("%s\n", c.reason);
        assert_string_not_equal(c.row[0].name, "dummy");
        ken_comparison_free(&c);
    }
    drop(f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cross_validate__equals_folds_by_hand),
        cmocka_unit_test(test_cross_validate__classes_threads_and_roles),
        cmocka_unit_test(test_cross_validate__unseen_class_counts_as_wrong),
        cmocka_unit_test(test_corrected_t__worked_example),
        cmocka_unit_test(test_compare__ranks_and_gives_a_reason),
        cmocka_unit_test(test_compare__skips_what_there_is_no_time_for),
        cmocka_unit_test(test_evaluate__all_metrics_with_intervals),
        cmocka_unit_test(test_evaluate__unseen_and_missing_labels),
        cmocka_unit_test(test_select__every_allocation_may_fail),
        cmocka_unit_test(test_candidates__defaults_find_the_signal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
