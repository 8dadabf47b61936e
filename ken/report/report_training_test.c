/* Pages, figures and JSON of a training, held against what the training itself says. */
#include "ken/report/report_training.h"

#include "ken/data/datasets/datasets.h"
#include "ken/report/report_json.h"
#include "tests/support.h"

typedef struct trained {
    ken_ctx *ctx;
    ken_table *table;
    ken_model *model;
    ken_training training;
} trained;

static trained trained_begin(int threads, const char *table, const char *target, const char *model,
                             const char *const *settings) {
    trained t = {.ctx = test_ctx(threads)};
    ken_train_options o = KEN_TRAIN_DEFAULTS;
    o.target = target;
    o.model = model;
    o.settings = settings;
    TEST_OK(t.ctx, ken_dataset_load(t.ctx, table, &t.table));
    TEST_OK(t.ctx, ken_train(t.ctx, t.table, &o, &t.model, &t.training));
    return t;
}

static void trained_end(trained *t) {
    ken_training_free(&t->training);
    ken_model_free(t->model);
    ken_table_free(t->table);
    test_ctx_free(t->ctx);
}

static ken_json_doc *parse(ken_ctx *ctx, const ken_text *text) {
    ken_json_doc *doc = NULL;
    TEST_OK(ctx, text->status);
    TEST_OK(ctx, ken_json_parse(ctx, "result", text->data, text->size, &doc));
    return doc;
}

static double number(const ken_json *object, const char *key) {
    const ken_json *v = ken_json_get(object, key);
    assert_non_null(v);
    return ken_json_f64(v, (double)NAN);
}

static const char *const few_trees[] = {"trees=15", NULL};

/* --- page and figures ---------------------------------------------------------------------------------- */

/* What both functions give for a training, as one text each. */
static void report_both(trained *t, ken_text *page, ken_text *figures) {
    static const char js[] = "/* drawn by nobody */";
    ken_json_writer w = ken_json_writer_new(figures, 0);
    const ken_report_source source = {.data_name = "known", .command = "ken train known", .made = "one day",
                                      .vega_js = js, .vega_lite_js = js, .vega_embed_js = js,
                                      .vega_size = sizeof js - 1, .vega_lite_size = sizeof js - 1,
                                      .vega_embed_size = sizeof js - 1};
    const ken_report_output out = {.page = page, .figures = &w};
    TEST_OK(t->ctx, ken_report_training(t->ctx, t->table, t->model, &t->training, &source, &out));
}

/* The n-th specification that a page holds. */
static const char *page_spec(const char *page, const char *name, size_t *size) {
    char open[160];
    snprintf(open, sizeof open, "<script type='application/json' id='spec-%s'>", name);
    const char *from = strstr(page, open);
    if (!from) return NULL;
    from += strlen(open);
    *size = (size_t)(strstr(from, "</script>") - from);
    return from;
}

static int count(const char *text, const char *part) {
    int n = 0;
    for (const char *p = strstr(text, part); p; p = strstr(p + 1, part)) n++;
    return n;
}

/* Every figure of the page comes as JSON under its name, with equal values; none besides. */
static void test_report_training__figures_are_those_of_the_page(void **state) {
    static const char *const wanted[2][4] = {{"roc", "calibration", "importance", "effect-0"},
                                             {"predicted", "residuals", "importance", "effect-0"}};
    (void)state;
    for (int regress = 0; regress < 2; regress++) {
        trained t = trained_begin(1, regress ? "gen:friedman:rows=300" : "breast_cancer", regress ? "y" : "diagnosis",
                                  "boosting", few_trees);
        ken_text page = ken_text_new(t.ctx), figures = ken_text_new(t.ctx);
        report_both(&t, &page, &figures);
        ken_json_doc *doc = parse(t.ctx, &figures);
        const ken_json *root = ken_json_root(doc);
        assert_int_equal(ken_json_count(root), count(page.data, "<script type='application/json' id='spec-"));
        for (int i = 0; i < 4; i++) assert_non_null(ken_json_get(root, wanted[regress][i]));
        for (int64_t i = 0; i < ken_json_count(root); i++) {
            const char *name = ken_json_key(root, i, NULL);
            const ken_json *figure = ken_json_at(root, i), *spec = ken_json_get(figure, "spec");
            size_t size = 0;
            const char *text = page_spec(page.data, name, &size);
            assert_non_null(text);
            assert_true(*ken_json_string(ken_json_get(figure, "title"), NULL, "") != 0);
            assert_true(ken_json_i64(ken_json_get(figure, "height"), 0) > 0);
            ken_json_doc *other = NULL;
            TEST_OK(t.ctx, ken_json_parse(t.ctx, name, text, size, &other));
            assert_int_equal(ken_json_count(ken_json_root(other)), ken_json_count(spec));
            assert_string_equal(ken_json_string(ken_json_get(spec, "$schema"), NULL, "no"),
                                ken_json_string(ken_json_get(ken_json_root(other), "$schema"), NULL, "?"));
            assert_int_equal(ken_json_count(ken_json_get(ken_json_get(spec, "data"), "values")),
                             ken_json_count(ken_json_get(ken_json_get(ken_json_root(other), "data"), "values")));
            ken_json_doc_free(other);
        }
        assert_non_null(strstr(page.data, "ken train known"));
        assert_non_null(strstr(page.data, "one day"));
        ken_json_doc_free(doc);
        ken_text_free(&page);
        ken_text_free(&figures);
        trained_end(&t);
    }
}

/* Either output alone says the same as both; any number of threads the same figures. */
static void test_report_training__one_output_or_both(void **state) {
    (void)state;
    char *first = NULL;
    for (int threads = 1; threads <= 3; threads += 2) {
        trained t = trained_begin(threads, "penguins", "species", "logistic", NULL);
        ken_text page = ken_text_new(t.ctx), both = ken_text_new(t.ctx), alone = ken_text_new(t.ctx);
        report_both(&t, &page, &both);
        ken_json_writer w = ken_json_writer_new(&alone, 0);
        const ken_report_source source = {.data_name = "known"};
        const ken_report_output out = {.figures = &w};
        TEST_OK(t.ctx, ken_report_training(t.ctx, t.table, t.model, &t.training, &source, &out));
        assert_int_equal(alone.size, both.size);
        assert_memory_equal(alone.data, both.data, alone.size);
        if (first)
            assert_string_equal(first, both.data);
        else
            first = strdup(both.data);
        ken_text_free(&page);
        ken_text_free(&both);
        ken_text_free(&alone);
        trained_end(&t);
    }
    free(first);
}

/* Columns alone: the loss of the most important one is that of the page's figure, and nothing is drawn. */
static void test_report_training__what_was_found_of_the_columns(void **state) {
    (void)state;
    trained t = trained_begin(1, "penguins", "species", "logistic", NULL);
    ken_text columns = ken_text_new(t.ctx), figures = ken_text_new(t.ctx);
    ken_json_writer w = ken_json_writer_new(&columns, 0), v = ken_json_writer_new(&figures, 0);
    const ken_report_source source = {.data_name = "penguins"};
    const ken_report_output out = {.figures = &v, .columns = &w};
    TEST_OK(t.ctx, ken_report_training(t.ctx, t.table, t.model, &t.training, &source, &out));
    ken_json_doc *doc = parse(t.ctx, &columns), *drawn = parse(t.ctx, &figures);
    const ken_json *root = ken_json_root(doc), *rows = ken_json_get(root, "permutation");
    const ken_json *figure = ken_json_get(ken_json_get(ken_json_root(drawn), "importance"), "spec");
    const char *first = ken_json_string(ken_json_get(ken_json_at(rows, 0), "feature"), NULL, "");
    assert_int_equal(ken_json_count(rows), 7);
    for (int64_t i = 1; i < 7; i++)
        assert_true(number(ken_json_at(rows, i - 1), "mean") >= number(ken_json_at(rows, i), "mean"));
    assert_non_null(figure);
    assert_non_null(strstr(figures.data, first));
    assert_true(ken_json_count(ken_json_get(root, "effects")) > 0);
    TEST_NEAR(number(root, "score"), t.training.evaluation.metric[0].interval.value, 1e-12);
    ken_json_doc_free(doc);
    ken_json_doc_free(drawn);
    ken_text_free(&columns);
    ken_text_free(&figures);
    trained_end(&t);
}

static void test_evaluate__columns_are_found_by_name(void **state) {
    (void)state;
    trained t = trained_begin(1, "penguins", "species", "tree", NULL), d = trained_begin(1, "iris", NULL, "isolation_forest", NULL);
    ken_evaluate_columns named = {.weight = "year"};
    ken_data data;
    TEST_OK(t.ctx, ken_evaluate_data(t.ctx, t.model, t.table, &named, &data));
    assert_string_equal(data.target->name, "species");
    assert_string_equal(data.weight->name, "year");
    assert_null(data.group);
    named.group = "years";
    TEST_FAILS(t.ctx, ken_evaluate_data(t.ctx, t.model, t.table, &named, &data), KEN_E_NOT_FOUND, "years");
    TEST_FAILS(t.ctx, ken_evaluate_data(t.ctx, t.model, t.training.features, &named, &data), KEN_E_NOT_FOUND, "species");
    TEST_FAILS(d.ctx, ken_evaluate_data(d.ctx, d.model, d.table, &named, &data), KEN_E_UNSUPPORTED, "without a target");
    trained_end(&t);
    trained_end(&d);
}

static void test_report_training__outliers_have_no_report(void **state) {
    (void)state;
    trained t = trained_begin(1, "iris", NULL, "isolation_forest", NULL);
    ken_text page = ken_text_new(t.ctx);
    const ken_report_source source = {.data_name = "iris"};
    const ken_report_output out = {.page = &page};
    TEST_FAILS(t.ctx, ken_report_training(t.ctx, t.table, t.model, &t.training, &source, &out), KEN_E_UNSUPPORTED,
               "about a target");
    ken_text_free(&page);
    trained_end(&t);
}

static ken_status report_once(ken_ctx *ctx, void *arg) {
    trained *t = arg;
    ken_text page = ken_text_new(ctx), figures = ken_text_new(ctx);
    ken_json_writer w = ken_json_writer_new(&figures, 0);
    const ken_report_source source = {.data_name = "iris"};
    const ken_report_output out = {.page = &page, .figures = &w};
    const ken_status status = ken_report_training(ctx, t->table, t->model, &t->training, &source, &out);
    ken_text_free(&page);
    ken_text_free(&figures);
    return status;
}

static void test_report_training__survives_every_failed_allocation(void **state) {
    (void)state;
    trained t = trained_begin(1, "iris", "sepal_length", "ridge", NULL);
    test_every_allocation(report_once, &t, 20000);
    trained_end(&t);
}

/* --- JSON -------------------------------------------------------------------------------------------------- */

/* Accuracy is the confusion matrix' diagonal by its sum, and what an evaluation of the same rows says. */
static void test_report_json__training_and_evaluation_agree(void **state) {
    (void)state;
    trained t = trained_begin(1, "penguins", "species", NULL, NULL);
    ken_text text[2] = {ken_text_new(t.ctx), ken_text_new(t.ctx)};
    for (int i = 0; i < 2; i++) {
        ken_json_writer w = ken_json_writer_new(&text[i], 0);
        ken_json_object(&w);
        if (i == 0) ken_report_json_training(t.model, &t.training, &w);
        if (i == 1) ken_report_json_evaluation(t.model, &t.training.evaluation, &w);
        ken_report_json_model(t.model, &w);
        ken_json_end_object(&w);
    }
    ken_json_doc *doc[2] = {parse(t.ctx, &text[0]), parse(t.ctx, &text[1])};
    const ken_json *training = ken_json_root(doc[0]), *evaluation = ken_json_root(doc[1]);
    const double accuracy = number(ken_json_get(training, "metrics"), "accuracy");
    const ken_json *confusion = ken_json_get(evaluation, "confusion");
    double sum = 0, diagonal = 0;
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++) {
            const double cell = ken_json_f64(ken_json_at(ken_json_at(confusion, i), j), (double)NAN);
            sum += cell;
            if (i == j) diagonal += cell;
        }
    TEST_NEAR(accuracy, diagonal / sum, 1e-15);
    TEST_NEAR(sum, number(training, "rows_test"), 0);
    TEST_NEAR(number(ken_json_get(evaluation, "metrics"), "accuracy"), accuracy, 0);
    assert_true(number(ken_json_get(ken_json_get(training, "intervals"), "accuracy"), "low") < accuracy);
    assert_true(number(ken_json_get(training, "baseline"), "accuracy") < accuracy);
    assert_int_equal(ken_json_count(ken_json_get(training, "classes")), 3);
    assert_int_equal(ken_json_count(ken_json_get(training, "features")), 7);
    /* the leaderboard's mean is the mean of its folds */
    const ken_json *best = ken_json_at(ken_json_get(training, "compared"), 0);
    const char *metric = t.training.comparison.metric->name;
    const ken_json *folds = ken_json_get(ken_json_get(ken_json_get(best, "cv"), metric), "folds");
    double mean = 0;
    for (int64_t f = 0; f < ken_json_count(folds); f++) mean += ken_json_f64(ken_json_at(folds, f), (double)NAN);
    TEST_NEAR(mean / (double)ken_json_count(folds), number(best, "mean"), 1e-12);
    for (int i = 0; i < 2; i++) {
        ken_json_doc_free(doc[i]);
        ken_text_free(&text[i]);
    }
    trained_end(&t);
}

/* Base and contributions add up to the log odds of the probability that is said beside them. */
static void test_report_json__an_account_adds_up(void **state) {
    (void)state;
    trained t = trained_begin(1, "breast_cancer", "diagnosis", "logistic", NULL);
    ken_account account;
    ken_text text = ken_text_new(t.ctx);
    ken_json_writer w = ken_json_writer_new(&text, 0);
    TEST_OK(t.ctx, ken_explain_account(t.ctx, t.model, t.table, NULL, 4, &account));
    ken_json_object(&w);
    ken_report_json_account(&account, &w);
    ken_json_end_object(&w);
    ken_json_doc *doc = parse(t.ctx, &text);
    const ken_json *root = ken_json_root(doc), *parts = ken_json_get(root, "contributions");
    double sum = number(root, "base");
    for (int64_t i = 0; i < ken_json_count(parts); i++) sum += number(ken_json_at(parts, i), "contribution");
    const char *class = ken_json_string(ken_json_get(root, "explained_class"), NULL, "");
    const double p = number(ken_json_get(root, "proba"), class);
    assert_string_equal(ken_json_string(ken_json_get(root, "unit"), NULL, ""), "log odds");
    TEST_NEAR(number(root, "sum"), sum, 1e-12);
    TEST_NEAR(log(p / (1 - p)), sum, 1e-8);
    TEST_NEAR(number(root, "row"), 5, 0);
    ken_json_doc_free(doc);
    ken_text_free(&text);
    ken_account_free(&account);
    TEST_FAILS(t.ctx, ken_explain_account(t.ctx, t.model, t.table, NULL, 100000, &account), KEN_E_ARG, "no row");
    ken_account_free(&account);
    trained_end(&t);
}

/* A model that has no contributions of its own is asked, and the sum is its answer. */
static void test_report_json__an_account_of_a_model_that_is_asked(void **state) {
    (void)state;
    trained t = trained_begin(1, "gen:friedman:rows=60", "y", "knn", NULL);
    ken_account account;
    TEST_OK(t.ctx, ken_explain_account(t.ctx, t.model, t.table, NULL, 0, &account));
    assert_true(account.asked);
    double sum = ken_shap_get(account.shap)->base[0];
    for (int i = 0; i < account.n_parts; i++) sum += account.parts[i].contribution;
    TEST_NEAR(sum, account.value, 1e-9);
    assert_null(ken_account_class(&account));
    ken_account_free(&account);
    trained_end(&t);
}

static ken_status account_once(ken_ctx *ctx, void *arg) {
    trained *t = arg;
    ken_account account;
    const ken_status status = ken_explain_account(ctx, t->model, t->table, NULL, 1, &account);
    ken_account_free(&account);
    return status;
}

static void test_report_json__an_account_survives_every_failed_allocation(void **state) {
    (void)state;
    trained t = trained_begin(1, "iris", "species", "tree", NULL);
    test_every_allocation(account_once, &t, 5000);
    trained_end(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_report_training__figures_are_those_of_the_page),
        cmocka_unit_test(test_report_training__one_output_or_both),
        cmocka_unit_test(test_report_training__what_was_found_of_the_columns),
        cmocka_unit_test(test_evaluate__columns_are_found_by_name),
        cmocka_unit_test(test_report_training__outliers_have_no_report),
        cmocka_unit_test(test_report_training__survives_every_failed_allocation),
        cmocka_unit_test(test_report_json__training_and_evaluation_agree),
        cmocka_unit_test(test_report_json__an_account_adds_up),
        cmocka_unit_test(test_report_json__an_account_of_a_model_that_is_asked),
        cmocka_unit_test(test_report_json__an_account_survives_every_failed_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
