/* Training as a whole: what is set aside is not learned from, what is chosen is what was best. */
#include "tests/support.h"

#include "ken/core/rng.h"
#include "ken/data/datasets/datasets.h"
#include "ken/select/train/train.h"

static ken_table *load(ken_ctx *ctx, const char *name) {
    ken_table *t = NULL;
    TEST_OK(ctx, ken_dataset_load(ctx, name, &t));
    return t;
}

static void test_train__chooses_by_cross_validation_and_beats_the_baseline(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(2);
    ken_table *t = load(ctx, "gen:churn:rows=400");
    ken_train_options o = KEN_TRAIN_DEFAULTS;
    ken_model *model;
    ken_training r;
    o.target = "churn";
    TEST_OK(ctx, ken_train(ctx, t, &o, &model, &r));
    assert_int_equal(r.rows_train, 320);
    assert_int_equal(r.rows_test, 80);
    assert_string_equal(r.metric->name, "roc_auc");
    assert_string_equal(ken_model_desc(model)->name, r.comparison.row[0].name);
    assert_true(r.score > 0.65 && ken_evaluation_find(&r.baseline, "roc_auc")->interval.value == 0.5);
    assert_non_null(strstr(r.comparison.reason, r.comparison.row[0].name));
    ken_training_free(&r);
    ken_model_free(model);
    ken_table_free(t);
    test_ctx_free(ctx);
}

/* Nonsense in the targets of the rows set aside must not change the model. */
static void test_train__rows_set_aside_are_not_learned_from(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    ken_table *t = load(ctx, "gen:friedman:rows=200"), *spoiled = NULL;
    ken_train_options o = KEN_TRAIN_DEFAULTS;
    ken_model *a, *b;
    ken_training r, s;
    o.target = "y", o.model = "ridge";
    TEST_OK(ctx, ken_train(ctx, t, &o, &a, &r));
    TEST_OK(ctx, ken_table_new(ctx, 200, &spoiled));
    for (int j = 0; j < ken_table_cols(t); j++) {
        double *data;
        TEST_OK(ctx, ken_table_add_new(ctx, spoiled, ken_table_column(t, j)->name, KEN_F64, (void **)&data, NULL));
        ken_column_gather(ken_table_column(t, j), 0, 200, data, 1);
        for (int64_t i = 0; i < 200; i++)
            if (r.role[i] == KEN_ROLE_TEST) data[i] = data[i] * 1000 + (double)i + 0.5;
    }
    TEST_OK(ctx, ken_train(ctx, spoiled, &o, &b, &s));
    assert_memory_equal(r.role, s.role, 200);
    double pa[200], pb[200];
    ken_tensor ta = ken_tensor_1d(pa, KEN_F64, 200), tb = ken_tensor_1d(pb, KEN_F64, 200);
    TEST_OK(ctx, ken_model_predict(ctx, a, t, KEN_WHAT_VALUE, &ta));
    TEST_OK(ctx, ken_model_predict(ctx, b, t, KEN_WHAT_VALUE, &tb));
    assert_memory_equal(pa, pb, sizeof pa);
    assert_true(s.score > r.score);
    ken_training_free(&r), ken_training_free(&s);
    ken_model_free(a), ken_model_free(b);
    ken_table_free(t), ken_table_free(spoiled);
    test_ctx_free(ctx);
}

static void test_train__same_for_any_threads(void **state) {
    (void)state;
    double score[3];
    for (int threads = 1; threads <= 3; threads++) {
        ken_ctx *ctx = test_ctx(threads);
        ken_table *t = load(ctx, "gen:houses:rows=150");
        ken_train_options o = KEN_TRAIN_DEFAULTS;
        ken_model *model;
        ken_training r;
        o.target = "price", o.model = "boosting", o.folds = 2;
        TEST_OK(ctx, ken_train(ctx, t, &o, &model, &r));
        assert_int_equal(r.cv.folds, 2);
        assert_int_equal(r.comparison.n, 0);
        score[threads - 1] = r.score;
        ken_training_free(&r);
        ken_model_free(model);
        ken_table_free(t);
        test_ctx_free(ctx);
    }
    if (score[0] != score[1] || score[0] != score[2])
        fail_msg("%.17g with one thread, %.17g with two, %.17g with three", score[0], score[1], score[2]);
}

/* The chosen model with all its parameters, the recipe's too, inside of the one that gives intervals; on the rows set
 * aside they hold about what was asked for. */
static void test_train__intervals_wrap_the_model(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(2);
    ken_table *t = load(ctx, "gen:friedman:rows=900");
    const char *const settings[] = {"base=tree", "base.max_depth=4", "stages=6", "recipe.drop=x9", NULL};
    ken_train_options o = KEN_TRAIN_DEFAULTS;
    ken_model *model;
    ken_training r;
    o.target = "y", o.model = "adaboost", o.settings = settings, o.intervals = 0.8, o.test = 0.4;
    TEST_OK(ctx, ken_train(ctx, t, &o, &model, &r));
    assert_string_equal(ken_model_desc(model)->name, "conformal");
    const ken_model *base = ken_model_base(model, "base"), *tree = ken_model_base(base, "base");
    assert_string_equal(ken_model_desc(base)->name, "adaboost");
    assert_int_equal(*(const int64_t *)((const char *)ken_model_params(tree) +
                                        ken_desc_param(ken_model_desc(tree), "max_depth")->offset), 4);
    assert_int_equal(ken_model_n_inputs(model), ken_table_cols(r.features) - 1);
    if (!(r.coverage > 0.72 && r.coverage < 0.9 && r.interval_width > 0)) fail_msg("%g inside", r.coverage);
    ken_training_free(&r);
    ken_model_free(model);
    o.settings = NULL, o.model = NULL; /* chosen by comparison, then wrapped */
    o.test = 0.2;
    TEST_OK(ctx, ken_train(ctx, t, &o, &model, &r));
    assert_string_equal(ken_model_desc(model)->name, "conformal");
    assert_string_equal(ken_model_desc(ken_model_base(model, "base"))->name, r.comparison.row[0].name);
    ken_training_free(&r);
    ken_model_free(model);
    ken_table_free(t);
    t = load(ctx, "gen:moons:rows=60");
    o.target = "class", o.model = "logistic"; /* classes: sets */
    TEST_OK(ctx, ken_train(ctx, t, &o, &model, &r));
    assert_true(r.coverage >= 0.5 && r.coverage <= 1 && r.interval_width > 0.5 && r.interval_width <= 2);
    ken_training_free(&r);
    ken_model_free(model);
    ken_table_free(t);
    test_ctx_free(ctx);
}

static void test_train__wrong_calls_are_errors(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    ken_table *t = load(ctx, "gen:moons:rows=60");
    ken_train_options o = KEN_TRAIN_DEFAULTS;
    const char *const bad[] = {"alhpa=1", NULL};
    ken_model *model;
    ken_training r;
    TEST_FAILS(ctx, ken_train(ctx, t, &o, &model, &r), KEN_E_ARG, "no target");
    ken_training_free(&r);
    o.target = "klass";
    TEST_FAILS(ctx, ken_train(ctx, t, &o, &model, &r), KEN_E_NOT_FOUND, "klass");
    ken_training_free(&r);
    o.target = "class", o.model = "logistic", o.settings = bad;
    TEST_FAILS(ctx, ken_train(ctx, t, &o, &model, &r), KEN_E_ARG, "alhpa");
    ken_training_free(&r);
    o.settings = NULL, o.metric = "rmse";
    TEST_FAILS(ctx, ken_train(ctx, t, &o, &model, &r), KEN_E_ARG, "rmse");
    ken_training_free(&r);
    ken_table_free(t);
    test_ctx_free(ctx);
}

static ken_status train_small(ken_ctx *ctx, void *arg) {
    ken_train_options o = KEN_TRAIN_DEFAULTS;
    ken_model *model = NULL;
    ken_table *t = NULL;
    ken_training r = {0};
    o.target = "y", o.model = "ridge", o.folds = 2;
    (void)arg;
    KEN_TRY(ken_dataset_load(ctx, "gen:linear:rows=20,columns=2", &t));
    const ken_status status = ken_train(ctx, t, &o, &model, &r);
    ken_training_free(&r);
    ken_model_free(model);
    ken_table_free(t);
    return status;
}

/* Rows that are given to stop by: one table with roles says the same; what is tested is not touched by them. */
static void test_train__validation_rows_are_their_own(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(2);
    ken_table *t = load(ctx, "gen:churn:rows=400"), *others = load(ctx, "gen:churn:rows=700");
    ken_table *all, *more, *features;
    ken_train_options o = KEN_TRAIN_DEFAULTS;
    ken_model *a, *b;
    ken_training r, plain;
    ken_data data;
    uint8_t role[700];
    int64_t rows[300];
    const char *const settings[] = {"metric=roc_auc|log_loss", "patience=5", NULL};
    o.target = "churn", o.model = "boosting", o.settings = settings;
    TEST_OK(ctx, ken_train(ctx, t, &o, &a, &plain));
    ken_model_free(a);
    for (int i = 0; i < 300; i++) rows[i] = 400 + i;
    TEST_OK(ctx, ken_table_take(ctx, others, rows, 300, &more));
    o.validation = more;
    TEST_OK(ctx, ken_train(ctx, t, &o, &a, &r));
    assert_memory_equal(r.role, plain.role, 400);
    assert_int_equal(r.rows_validation, 300);
    assert_int_equal(r.rows_train, 320);
    assert_int_equal(ken_model_rows_train(a), 320);
    TEST_OK(ctx, ken_table_stack(ctx, "test", t, more, &all)); /* the first 400 are those of t, whatever their number */
    TEST_OK(ctx, ken_train_data(ctx, all, &o, &features, &data));
    memcpy(role, r.role, 400);
    memset(role + 400, KEN_ROLE_VALIDATION, 300);
    data.role = role;
    const ken_candidate candidate = {"boosting", "metric=roc_auc|log_loss patience=5", NULL};
    TEST_OK(ctx, ken_candidate_new(ctx, &candidate, &b));
    TEST_OK(ctx, ken_model_fit(ctx, b, &data));
    test_same_model(a, b);
    assert_true(ken_model_attr(a, "validation_metric")->shape[0] < 500); /* it did stop */
    ken_training_free(&r), ken_training_free(&plain);
    ken_model_free(a), ken_model_free(b);
    o.model = "ridge";
    TEST_FAILS(ctx, ken_train(ctx, t, &o, &a, &r), KEN_E_ARG, "not for ridge");
    ken_training_free(&r);
    o.model = NULL;
    TEST_FAILS(ctx, ken_train(ctx, t, &o, &a, &r), KEN_E_ARG, "for one model");
    ken_training_free(&r);
    ken_table_free(features), ken_table_free(more), ken_table_free(all), ken_table_free(others), ken_table_free(t);
    test_ctx_free(ctx);
}

static ken_status train_with_validation(ken_ctx *ctx, void *arg) {
    ken_train_options o = KEN_TRAIN_DEFAULTS;
    const char *const settings[] = {"trees=2", "metric=rmse", NULL};
    ken_model *model = NULL;
    ken_table *t = NULL;
    ken_training r = {0};
    o.target = "y", o.model = "boosting", o.settings = settings;
    (void)arg;
    KEN_TRY(ken_dataset_load(ctx, "gen:linear:rows=20,columns=2", &t));
    o.validation = t;
    const ken_status status = ken_train(ctx, t, &o, &model, &r);
    ken_training_free(&r);
    ken_model_free(model);
    ken_table_free(t);
    return status;
}

static void test_train__every_allocation_may_fail(void **state) {
    (void)state;
    test_every_allocation(train_small, NULL, 5000);
    test_every_allocation(train_with_validation, NULL, 5000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_train__chooses_by_cross_validation_and_beats_the_baseline),
        cmocka_unit_test(test_train__rows_set_aside_are_not_learned_from),
        cmocka_unit_test(test_train__same_for_any_threads),
        cmocka_unit_test(test_train__intervals_wrap_the_model),
        cmocka_unit_test(test_train__wrong_calls_are_errors),
        cmocka_unit_test(test_train__validation_rows_are_their_own),
        cmocka_unit_test(test_train__every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
