/* Pages of every kind: well-formed, self-contained, and deaf to what names and values would like to
 * run. With KEN_REPORT_OUT=<folder> the pages are kept there (tests/report looks at them in a
 * browser; KEN_REPORT_JS=<folder> gives them the figures' JavaScript). */
#include "ken/report/report.h"

#include "ken/core/json.h"
#include "ken/explain/explain_testing.h"
#include "ken/report/figures.h"

#define HOSTILE_COLUMN "</script><script>window.hacked=1</script>"
#define HOSTILE_OTHER "\"><img src=x onerror='window.hacked=2'>"
#define HOSTILE_TARGET "<b>${7*7}</b>' --> <!-- \\u003c \xE2\x80\xAE"

typedef struct fixture {
    ken_ctx *ctx;
    ken_table *table, *features;
    ken_model *model;
    ken_data data;
    double *predicted, *proba, *y;
    int32_t *label;
    ken_scores *scores; /* the input points at them, wherever the fixture lies */
    ken_report_input in;
    ken_report_parts *parts;
} fixture;

/* --- a strict little reader of HTML ----------------------------------------------------------------- */

static bool is_void(const char *name) {
    static const char *const names[] = {"meta", "br", "img", "input", "hr", "link"};
    for (int i = 0; i < KEN_COUNT(names); i++)
        if (!strcmp(name, names[i])) return true;
    return false;
}

static void bad_html(const char *html, const char *at, const char *what) {
    print_error("html: %s at byte %lld: %.80s\n", what, (long long)(at - html), at);
    fail();
}

/* One start tag from after '<'; returns the place after '>'. Attributes must be quoted. */
static const char *read_tag(const char *html, const char *p, char *name, bool *closed) {
    int n = 0;
    while ((*p >= 'a' && *p <= 'z') || (*p >= '0' && *p <= '9') || *p == '!') {
        if (n < 31) name[n++] = *p;
        p++;
    }
    name[n] = 0;
    if (!n) bad_html(html, p, "a '<' that begins no tag");
    *closed = false;
    while (*p && *p != '>') {
        if (*p == '/') *closed = true;
        if (*p == '<') bad_html(html, p, "'<' inside a tag");
        if (*p == '=') {
            const char quote = p[1];
            if (quote != '\'' && quote != '"') bad_html(html, p, "an attribute without quotes");
            const char *end = strchr(p + 2, quote);
            if (!end) bad_html(html, p, "an attribute without end");
            if (!strncmp(p - 3, "src", 3) || (!strncmp(p - 4, "href", 4) && p[2] != '#'))
                bad_html(html, p, "something from outside");
            p = end;
        }
        p++;
    }
    if (!*p) bad_html(html, html, "a tag without end");
    return p + 1;
}

static void check_html(const char *html) {
    char stack[64][32];
    int depth = 0;
    assert_true(!strncmp(html, "<!doctype html>", 15));
    for (const char *p = html + 15; *p;) {
        char name[32];
        bool closed;
        if (*p == '>') bad_html(html, p, "a '>' outside a tag");
        if (*p != '<') {
            p++;
        } else if (p[1] == '/') {
            p = read_tag(html, p + 2, name, &closed);
            if (!depth || strcmp(stack[--depth], name)) bad_html(html, p, name);
        } else {
            p = read_tag(html, p + 1, name, &closed);
            if (closed || is_void(name)) continue;
            if (depth == 64) bad_html(html, p, "too deep");
            snprintf(stack[depth++], 32, "%s", name);
            if (!strcmp(name, "script") || !strcmp(name, "style")) {
                char end[40];
                snprintf(end, sizeof end, "</%s>", name);
                p = strstr(p, end);
                if (!p) bad_html(html, html, "a script without end");
            }
        }
    }
    assert_int_equal(depth, 0);
}

/* Every specification is JSON by itself. */
static void check_specifications(ken_ctx *ctx, const char *html) {
    static const char open[] = "<script type='application/json' id='";
    int n = 0;
    for (const char *p = strstr(html, open); p; p = strstr(p + 1, open)) {
        const char *from = strchr(p, '>') + 1, *to = strstr(from, "</script>");
        ken_json_doc *doc = NULL;
        TEST_OK(ctx, ken_json_parse(ctx, "specification", from, (size_t)(to - from), &doc));
        assert_int_equal(ken_json_get_type(ken_json_root(doc)), KEN_JSON_OBJECT);
        ken_json_doc_free(doc);
        n++;
    }
    print_message("%d specifications\n", n);
}

/* --- pages --------------------------------------------------------------------------------------------- */

static void predict(fixture *f, bool classes) {
    const int64_t n = ken_table_rows(f->features);
    const int k = classes ? 2 : 0;
    f->predicted = malloc((size_t)n * sizeof(double));
    f->proba = malloc((size_t)n * 2 * sizeof(double));
    f->y = malloc((size_t)n * sizeof(double));
    f->label = malloc((size_t)n * sizeof(int32_t));
    ken_tensor value = ken_tensor_2d(f->predicted, KEN_F64, n, 1);
    TEST_OK(f->ctx, ken_model_predict(f->ctx, f->model, f->features, KEN_WHAT_VALUE, &value));
    if (classes) {
        ken_tensor proba = ken_tensor_2d(f->proba, KEN_F64, n, 2);
        TEST_OK(f->ctx, ken_model_predict(f->ctx, f->model, f->features, KEN_WHAT_PROBA, &proba));
        TEST_OK(f->ctx, ken_model_encode_target(f->ctx, f->model, f->data.target, f->label));
    }
    for (int64_t i = 0; i < n; i++) f->y[i] = ken_column_f64(f->data.target, i);
    f->scores = malloc(sizeof *f->scores);
    *f->scores = (ken_scores){.task = classes ? KEN_CLASSIFY : KEN_REGRESS, .n = n, .y = f->y,
                             .label = f->label, .n_classes = k, .positive = 1,
                             .predicted = f->predicted, .proba = classes ? f->proba : NULL};
}

static const ken_report_metric class_metrics[] = {
    {"roc_auc", NULL, 0.81, 0.78, 0.84, 0.5, true}, {"accuracy", NULL, 0.76, 0.72, 0.79, 0.6, true},
    {"log_loss", NULL, 0.48, 0.44, 0.52, 0.67, false}};
static const ken_report_metric number_metrics[] = {
    {"rmse", NULL, 0.1, 0.09, 0.11, 1.3, false}, {"mae", NULL, 0.08, NAN, NAN, 1.1, false},
    {"r2", NULL, 0.99, 0.98, 0.99, 0, true}};
static const ken_report_leader leaders[] = {
    {"boosting", 0.84, 0.01, 0.2, 0.01, 40000, false, true, NULL},
    {HOSTILE_COLUMN, 0.83, 0.02, 3, 0.2, 9e6, false, false, HOSTILE_OTHER},
    {"dummy", 0.5, 0, 0.001, 0.0001, NAN, true, false, NULL}};
static const ken_report_curve_point curve[] = {
    {1, 0.6, 0.65}, {2, 0.5, 0.58}, {3, 0.4, 0.55}, {4, 0.35, 0.56}};
static const ken_report_fact run[] = {{"seed", "1"}, {HOSTILE_OTHER, HOSTILE_COLUMN}};

static fixture begin(bool classes, bool hostile) {
    fixture f = {.ctx = test_ctx(2)};
    f.table = known_table(f.ctx, 600, classes);
    if (hostile) {
        TEST_OK(f.ctx, ken_table_rename(f.ctx, f.table, 2, HOSTILE_COLUMN));
        TEST_OK(f.ctx, ken_table_rename(f.ctx, f.table, 0, HOSTILE_OTHER));
    }
    f.model = known_model(f.ctx, f.table, &f.features, &f.data);
    predict(&f, classes);
    f.in = (ken_report_input){
        .data_name = hostile ? HOSTILE_COLUMN : "known.csv", .table = f.table, .model = f.model,
        .title = hostile ? HOSTILE_TARGET : NULL, .leaders = leaders,
        .n_leaders = hostile ? 3 : 0, .leader_metric = "roc_auc", .leader_higher_is_better = true,
        .scores = f.scores, .scores_how = "600 rows kept aside",
        .metrics = classes ? class_metrics : number_metrics, .n_metrics = 3, .rows_train = 600,
        .rows_test = 600, .training = curve, .n_training = 4, .training_name = "log loss",
        .command = hostile ? HOSTILE_OTHER : "ken train known.csv --target y", .run = run,
        .n_run = hostile ? 2 : 1};
    TEST_OK(f.ctx, ken_report_collect(f.ctx, f.model, &f.data, NULL, &f.in, &f.parts));
    return f;
}

static void end(fixture *f) {
    ken_report_parts_free(f->parts);
    ken_model_free(f->model);
    ken_table_free(f->features);
    ken_table_free(f->table);
    free(f->predicted);
    free(f->scores);
    free(f->proba);
    free(f->y);
    free(f->label);
    test_ctx_free(f->ctx);
}

static const char *read_script(const char *folder, const char *name, size_t *size) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return test_read_file(path, size);
}

/* Renders, checks, and keeps the page if asked. with_js: needs KEN_REPORT_JS, else a stand-in. */
static char *render(ken_ctx *ctx, ken_report_input *in, const char *name, bool with_js) {
    const char *js = getenv("KEN_REPORT_JS"), *out = getenv("KEN_REPORT_OUT");
    const char *const scripts[] = {"vega.min.js", "vega-lite.min.js", "vega-embed.min.js"};
    const char *text[3] = {NULL};
    size_t size[3] = {0};
    ken_text page = ken_text_new(ctx);
    const char *html = NULL;
    for (int i = 0; i < 3 && with_js; i++) {
        text[i] = js ? read_script(js, scripts[i], &size[i]) : strdup("/* </script><!-- */");
        if (!js) size[i] = strlen(text[i]);
    }
    in->vega_js = text[0], in->vega_lite_js = text[1], in->vega_embed_js = text[2];
    in->vega_size = size[0], in->vega_lite_size = size[1], in->vega_embed_size = size[2];
    TEST_OK(ctx, ken_report_render(ctx, in, &page));
    TEST_OK(ctx, ken_text_end(&page, &html));
    check_html(html);
    check_specifications(ctx, html);
    assert_true(page.size < 2500000);
    char *copy = strdup(html);
    if (out) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s.html", out, name);
        FILE *file = fopen(path, "wb");
        assert_non_null(file);
        fwrite(html, 1, page.size, file);
        fclose(file);
    }
    for (int i = 0; i < 3; i++) free((char *)text[i]);
    ken_text_free(&page);
    return copy;
}

static void test_report__two_classes(void **state) {
    (void)state;
    fixture f = begin(true, false);
    char *html = render(f.ctx, &f.in, "classes", true);
    static const char *const parts[] = {"id='data'", "id='quality'", "id='importance'",
                                        "id='effects'", "id='rows'", "id='training'", "id='repeat'",
                                        "id='card'", "id='threshold-data'", "spec-roc", "spec-pr",
                                        "spec-calibration", "spec-effect-0", "spec-pair", "spec-shap"};
    for (int i = 0; i < KEN_COUNT(parts); i++)
        if (!strstr(html, parts[i])) fail_msg("the page lacks %s", parts[i]);
    assert_null(strstr(html, "id='models'"));
    assert_null(strstr(html, "id='tree'"));
    free(html);
    end(&f);
}

static void test_report__numbers(void **state) {
    (void)state;
    fixture f = begin(false, false);
    char *html = render(f.ctx, &f.in, "numbers", true);
    assert_non_null(strstr(html, "spec-predicted"));
    assert_non_null(strstr(html, "less error"));
    assert_null(strstr(html, "id='threshold-data'"));
    free(html);
    end(&f);
}

static void test_report__tables_without_javascript(void **state) {
    (void)state;
    fixture f = begin(true, false);
    char *html = render(f.ctx, &f.in, "plain", false);
    assert_null(strstr(html, "id='spec-"));
    assert_non_null(strstr(html, "<details class='numbers' open>"));
    free(html);
    end(&f);
}

static void test_report__data_alone(void **state) {
    (void)state;
    fixture f = begin(true, false);
    ken_report_input in = {.data_name = "known.csv", .table = f.table};
    char *html = render(f.ctx, &in, "describe", true);
    assert_non_null(strstr(html, "id='data'"));
    assert_null(strstr(html, "id='card'"));
    free(html);
    ken_report_input none = {.title = "nothing"};
    ken_text out = ken_text_new(f.ctx);
    TEST_FAILS(f.ctx, ken_report_render(f.ctx, &none, &out), KEN_E_ARG, "neither");
    ken_text_free(&out);
    end(&f);
}

static void test_report__hostile_names_stay_text(void **state) {
    (void)state;
    for (int js = 0; js < 2; js++) {
        fixture f = begin(true, true);
        char *html = render(f.ctx, &f.in, js ? "hostile" : "hostile-plain", js);
        /* The page's own scripts stand at its end; what comes before must not begin one. */
        char *scripts = strstr(html, "<script>");
        assert_non_null(scripts);
        assert_true(strstr(html, "</main>") < scripts);
        *scripts = 0;
        assert_null(strstr(html, "<img"));
        assert_null(strstr(html, "<b>${"));
        assert_null(strstr(html, "\xE2\x80\xAE")); /* turns the direction of text */
        assert_non_null(strstr(html, "&lt;/script&gt;&lt;script&gt;window.hacked=1"));
        free(html);
        end(&f);
    }
}

static void test_report__equal_input_gives_equal_pages(void **state) {
    (void)state;
    char *html[2];
    for (int i = 0; i < 2; i++) {
        fixture f = begin(false, false);
        html[i] = render(f.ctx, &f.in, "again", true);
        end(&f);
    }
    assert_string_equal(html[0], html[1]);
    free(html[0]);
    free(html[1]);
}

/* The figures as a notebook takes them: one JSON object with the schema, few marks. */
static void test_report__figures_are_vega_lite(void **state) {
    (void)state;
    fixture f = begin(true, false);
    ken_threshold_table c;
    ken_curve bins;
    TEST_OK(f.ctx, ken_threshold_table_new(f.ctx, f.scores, KEN_FIGURE_CURVE, &c));
    TEST_OK(f.ctx, ken_calibration_curve(f.ctx, f.scores, 10, KEN_BINS_QUANTILE, &bins));
    assert_true(c.n <= KEN_FIGURE_CURVE + 2);
    for (int k = 0; k < 4; k++) {
        ken_text text = ken_text_new(f.ctx);
        ken_json_writer w = ken_json_writer_new(&text, 0);
        ken_json_doc *doc = NULL;
        TEST_OK(f.ctx, k == 0   ? ken_figure_roc(f.ctx, &c, &w)
                       : k == 1 ? ken_figure_calibration(f.ctx, &bins, &w)
                       : k == 2 ? ken_figure_lift(f.ctx, &c, &w)
                                : ken_figure_shap(f.ctx, f.model, f.features,
                                                  ken_shap_get(f.in.shap), 0, 4, &w));
        TEST_OK(f.ctx, ken_json_parse(f.ctx, "figure", text.data, text.size, &doc));
        assert_non_null(strstr(ken_json_string(ken_json_get(ken_json_root(doc), "$schema"), NULL, ""),
                               "vega-lite/v5"));
        const ken_json *data = ken_json_get(ken_json_get(ken_json_root(doc), "data"), "values");
        assert_true(ken_json_count(data) > 0 && ken_json_count(data) <= KEN_FIGURE_MARKS);
        ken_json_doc_free(doc);
        ken_text_free(&text);
    }
    ken_threshold_table_free(&c);
    ken_curve_free(&bins);
    end(&f);
}

static ken_status render_once(ken_ctx *ctx, void *arg) {
    const fixture *f = arg;
    ken_text out = ken_text_new(ctx);
    const ken_status status = ken_report_render(ctx, &f->in, &out);
    ken_text_free(&out);
    return status;
}

static void test_report__survives_every_failed_allocation(void **state) {
    (void)state;
    fixture f = begin(true, false);
    f.in.vega_js = NULL;
    test_every_allocation(render_once, &f, 20000);
    end(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_report__two_classes),
        cmocka_unit_test(test_report__numbers),
        cmocka_unit_test(test_report__tables_without_javascript),
        cmocka_unit_test(test_report__data_alone),
        cmocka_unit_test(test_report__hostile_names_stay_text),
        cmocka_unit_test(test_report__equal_input_gives_equal_pages),
        cmocka_unit_test(test_report__figures_are_vega_lite),
        cmocka_unit_test(test_report__survives_every_failed_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
