/* AdaBoost against scikit-learn stage by stage (golden/make_adaboost.py), against the theorem on its training
 * error, and its properties. */
#include "tests/support.h"

#include "ken/ensemble/adaboost/adaboost.h"

enum { N = 120, D = 3 };
static double X0[N * D], target[3][N]; /* two, three, y */
static double number[N];

static ken_model *fit(ken_ctx *ctx, const char *settings, const ken_table *t, const double *y, const double *w,
                      ken_task task) {
    const ken_column column = test_column_f64("y", y, ken_table_rows(t));
    const ken_column weight = test_column_f64("w", w, ken_table_rows(t));
    const ken_data data = {.table = t, .target = &column, .weight = w ? &weight : NULL, .task = task};
    return test_fit(ctx, "adaboost", settings, &data);
}

static const double *attr(const ken_model *m, const char *name) {
    const ken_tensor *t = ken_model_attr(m, name);
    assert_non_null(t);
    return ken_f64(t);
}

/* --- against scikit-learn --------------------------------------------------------------------- */
typedef struct golden {
    ken_ctx *ctx;
    ken_table *table;
    char kind[16], settings[120];
    ken_model *model;
    double *answers;
    int checked;
} golden;

static void golden_model(golden *g, const char *kind, int depth, double rate, int stages) {
    char settings[120];
    const int at = strcmp(kind, "two") == 0 ? 0 : strcmp(kind, "three") == 0 ? 1 : 2;
    snprintf(settings, sizeof settings, "stages=15 base.max_depth=%d learning_rate=%g%s%s", depth, rate,
             at == 2 ? " loss=" : "", at == 2 ? kind : "");
    if (strcmp(settings, g->settings) == 0 && strcmp(kind, g->kind) == 0) return;
    ken_model_free(g->model), free(g->answers);
    strcpy(g->settings, settings), strcpy(g->kind, kind);
    g->model = fit(g->ctx, settings, g->table, target[at], NULL, at < 2 ? KEN_CLASSIFY : KEN_REGRESS);
    g->answers = test_predict(g->ctx, g->model, g->table, at < 2 ? KEN_WHAT_MARGIN : KEN_WHAT_VALUE);
    assert_int_equal(ken_model_n_children(g->model), stages);
}

/* decision_function is 2 (votes of class 1 less those of class 0) / all votes, or k / (k - 1) of the margin
 * over all votes. */
static void golden_line(golden *g, char *line) {
    char kind[16], *comma = strchr(line, ',');
    int depth, stages, row, at;
    double rate, a, b, votes = 0;
    *comma = 0;
    const bool ask_line = strchr(line, '_') != NULL;
    snprintf(kind, sizeof kind, "%.*s", (int)strcspn(line, "_"), line);
    if (!ask_line) {
        assert_int_equal(sscanf(comma + 1, "%d,%lf,%d,%d,%lf,%lf", &depth, &rate, &row, &stages, &a, &b), 6);
        golden_model(g, kind, depth, rate, stages);
        TEST_NEAR(attr(g->model, "stage_weight")[row], a, 1e-9);
        TEST_NEAR(attr(g->model, "stage_error")[row], b, 1e-9);
        g->checked++;
        return;
    }
    assert_int_equal(sscanf(comma + 1, "%d,%lf,%d,%d%n", &depth, &rate, &stages, &row, &at), 4);
    golden_model(g, kind, depth, rate, stages);
    const int width = strcmp(kind, "three") == 0 ? 3 : 1;
    for (int t = 0; t < stages; t++) votes += attr(g->model, "stage_weight")[t];
    const double scale = width == 3 ? 1.5 / votes : strcmp(kind, "two") == 0 ? 2 / votes : 1;
    char *p = comma + 1 + at;
    for (int c = 0; c < width; c++) TEST_NEAR(g->answers[row * width + c] * scale, strtod(p + 1, &p), 1e-9);
    g->checked++;
}

static void golden_rows(ken_ctx *ctx, golden *g) {
    int rows = 0;
    char *text = test_read_file(KEN_SOURCE_DIR "/ken/ensemble/adaboost/golden/adaboost.csv", NULL), *save = NULL;
    for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        double v[6];
        if (sscanf(line, "row,%lf,%lf,%lf,%lf,%lf,%lf", v, v + 1, v + 2, v + 3, v + 4, v + 5) == 6) {
            memcpy(X0 + D * rows, v, D * sizeof *v);
            for (int k = 0; k < 3; k++) target[k][rows] = v[3 + k];
            number[rows] = v[5];
            if (++rows == N && g) g->table = test_table(ctx, X0, N, D);
        } else if (g) {
            golden_line(g, line);
        }
    }
    assert_int_equal(rows, N);
    free(text);
}

static void test_adaboost__agrees_with_scikit_learn_stage_by_stage(void **state) {
    golden g = {.ctx = test_ctx(2)};
    (void)state;
    golden_rows(g.ctx, &g);
    assert_true(g.checked > 200);
    ken_model_free(g.model), free(g.answers);
    ken_table_free(g.table);
    test_ctx_free(g.ctx);
}

/* --- theory ------------------------------------------------------------------------------------- */
/* Freund & Schapire 1997, theorem 6: the training error is at most the product of 2 sqrt(e (1 - e)). */
static void test_adaboost__training_error_keeps_below_the_bound(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    golden_rows(ctx, NULL);
    ken_table *t = test_table(ctx, X0, N, D);
    ken_model *m = fit(ctx, "stages=200 base.max_depth=2", t, target[0], NULL, KEN_CLASSIFY);
    const int stages = ken_model_n_children(m);
    const double *e = attr(m, "stage_error"), *wrong = attr(m, "train_error");
    double bound = 1;
    for (int s = 0; s < stages; s++) {
        bound *= 2 * sqrt(e[s] * (1 - e[s]));
        assert_true(e[s] < 0.5 && wrong[s] <= bound * (1 + 1e-12) + 1e-15);
    }
    assert_true(stages > 10 && wrong[0] > 0 && wrong[stages - 1] == 0); /* and in the end it is 0 */
    double *p = test_predict(ctx, m, t, KEN_WHAT_VALUE), *proba = test_predict(ctx, m, t, KEN_WHAT_PROBA);
    double *margin = test_predict(ctx, m, t, KEN_WHAT_MARGIN);
    for (int i = 0; i < N; i++) {
        assert_true(p[i] == target[0][i] && (margin[i] > 0) == (p[i] == 1));
        TEST_NEAR(proba[2 * i + 1], 1 / (1 + exp(-margin[i])), 1e-12);
    }
    free(p), free(proba), free(margin);
    ken_model_free(m);
    ken_table_free(t);
    test_ctx_free(ctx);
}

/* Less than half of the weight lies below the answer, at least half up to it. */
static void test_adaboost__numbers_are_the_weighted_median_of_the_stages(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(2);
    golden_rows(ctx, NULL);
    ken_table *t = test_table(ctx, X0, N, D);
    ken_model *m = fit(ctx, "stages=9", t, number, NULL, KEN_REGRESS);
    const double *alpha = attr(m, "stage_weight");
    const int stages = ken_model_n_children(m);
    double *got = test_predict(ctx, m, t, KEN_WHAT_VALUE), total = 0;
    double *said[9];
    for (int s = 0; s < stages; s++) said[s] = test_predict(ctx, ken_model_child(m, s), t, KEN_WHAT_VALUE), total += alpha[s];
    for (int i = 0; i < N; i++) {
        double below = 0, reached = 0;
        for (int s = 0; s < stages; s++) {
            below += said[s][i] < got[i] ? alpha[s] : 0;
            reached += said[s][i] <= got[i] ? alpha[s] : 0;
        }
        assert_true(below < total / 2 + 1e-12 && reached >= total / 2 - 1e-12);
    }
    for (int s = 0; s < stages; s++) free(said[s]);
    free(got);
    ken_model_free(m);
    ken_table_free(t);
    test_ctx_free(ctx);
}

/* --- properties ---------------------------------------------------------------------------------- */
static void test_adaboost__weight_is_replication(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    golden_rows(ctx, NULL);
    ken_table *t = test_table(ctx, X0, N, D), *copies = NULL;
    for (int k = 0; k < 3; k++) {
        double w[N], y[3 * N];
        int64_t rows[3 * N], n = 0;
        for (int i = 0; i < N; i++) {
            w[i] = i % 4;
            for (int c = 0; c < i % 4 && n < 3 * N; c++) y[n] = target[k][i], rows[n++] = i;
        }
        TEST_OK(ctx, ken_table_take(ctx, t, rows, n, &copies));
        const ken_task task = k < 2 ? KEN_CLASSIFY : KEN_REGRESS;
        ken_model *a = fit(ctx, "stages=8 base.max_depth=2", t, target[k], w, task);
        ken_model *b = fit(ctx, "stages=8 base.max_depth=2", copies, y, NULL, task);
        assert_int_equal(ken_model_n_children(a), ken_model_n_children(b));
        for (int s = 0; s < ken_model_n_children(a); s++)
            TEST_NEAR(attr(a, "stage_error")[s], attr(b, "stage_error")[s], 1e-9);
        ken_model_free(a), ken_model_free(b);
        ken_table_free(copies);
    }
    ken_table_free(t);
    test_ctx_free(ctx);
}

/* Any base: a logistic regression as the weak model; one that takes no weights is refused. */
static void test_adaboost__takes_any_base_that_takes_weights(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    golden_rows(ctx, NULL);
    ken_table *t = test_table(ctx, X0, N, D);
    const ken_column y = test_column_f64("y", number, N), two = test_column_f64("y", target[0], N);
    ken_data data = {.table = t, .target = &y, .task = KEN_REGRESS};
    ken_model *m = fit(ctx, "base=logistic base.l2=10 stages=5", t, target[0], NULL, KEN_CLASSIFY);
    assert_string_equal(ken_model_desc(ken_model_child(m, 0))->name, "logistic");
    ken_model_free(m);
    m = fit(ctx, "base=ridge stages=5", t, number, NULL, KEN_REGRESS);
    ken_model_free(m);
    TEST_OK(ctx, ken_model_new(ctx, "adaboost", "base=logistic", &m));
    TEST_FAILS(ctx, ken_model_fit(ctx, m, &data), KEN_E_UNSUPPORTED, "logistic cannot regress");
    TEST_OK(ctx, ken_model_set(ctx, m, "base", "knn"));
    data.target = &two, data.task = KEN_CLASSIFY;
    TEST_FAILS(ctx, ken_model_fit(ctx, m, &data), KEN_E_UNSUPPORTED, "takes no row weights");
    ken_model_free(m);
    TEST_FAILS(ctx, ken_model_new(ctx, "adaboost", "learning_rate=0", &m), KEN_E_ARG, "learning_rate");
    TEST_FAILS(ctx, ken_model_new(ctx, "adaboost", "stages=0", &m), KEN_E_ARG, "stages");
    ken_table_free(t);
    test_ctx_free(ctx);
}

/* A base without error ends it at once; a first stage no better than chance stays, with a warning; a class that
 * only validation rows have is never said. */
static void test_adaboost__stops_where_it_must(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    golden_rows(ctx, NULL);
    ken_table *t = test_table(ctx, X0, N, D);
    ken_model *m = fit(ctx, "base.max_depth=60", t, target[1], NULL, KEN_CLASSIFY);
    assert_int_equal(ken_model_n_children(m), 1);
    assert_true(attr(m, "stage_error")[0] == 0 && attr(m, "train_error")[0] == 0);
    ken_model_free(m);
    const double flat[4] = {1, 1, 1, 1}, y[4] = {0, 1, 0, 1};
    ken_table *same = test_table(ctx, flat, 4, 1);
    m = fit(ctx, NULL, same, y, NULL, KEN_CLASSIFY);
    assert_int_equal(ken_model_n_children(m), 1);
    ken_model_free(m);
    double late[N];
    uint8_t role[N];
    for (int i = 0; i < N; i++) role[i] = i >= N - 10, late[i] = i >= N - 10 ? 7 : target[0][i];
    const ken_column last = test_column_f64("y", late, N);
    const ken_data data = {.table = t, .target = &last, .role = role, .task = KEN_CLASSIFY};
    TEST_OK(ctx, ken_model_new(ctx, "adaboost", "stages=5", &m));
    TEST_OK(ctx, ken_model_fit(ctx, m, &data));
    assert_int_equal(ken_model_n_classes(m), 3);
    double *p = test_predict(ctx, m, t, KEN_WHAT_VALUE);
    for (int i = 0; i < N; i++) assert_true(p[i] < 2);
    free(p);
    ken_model_free(m);
    ken_table_free(t), ken_table_free(same);
    test_ctx_free(ctx);
}

static void test_adaboost__same_for_any_threads_and_after_a_file(void **state) {
    static const int threads[] = {1, 2, 3, 7};
    double first[2][N];
    (void)state;
    for (int i = 0; i < 4; i++) {
        ken_ctx *ctx = test_ctx(threads[i]);
        golden_rows(ctx, NULL);
        ken_table *t = test_table(ctx, X0, N, D);
        for (int k = 0; k < 2; k++) {
            ken_model *m = fit(ctx, "stages=12", t, k ? number : target[0], NULL, k ? KEN_REGRESS : KEN_CLASSIFY), *back;
            ken_bundle *bundle;
            TEST_OK(ctx, ken_model_pack(ctx, m, &bundle));
            const char *json = ken_bundle_json(bundle);
            TEST_OK(ctx, ken_model_unpack(ctx, "test", json, strlen(json), ken_bundle_at(bundle, 0),
                                          ken_bundle_count(bundle), &back));
            double *p = test_predict(ctx, back, t, k ? KEN_WHAT_VALUE : KEN_WHAT_MARGIN);
            if (i == 0) memcpy(first[k], p, sizeof first[k]);
            assert_memory_equal(first[k], p, sizeof first[k]);
            free(p);
            ken_bundle_free(bundle);
            ken_model_free(m), ken_model_free(back);
        }
        ken_table_free(t);
        test_ctx_free(ctx);
    }
}

/* A trace goes forth and back; an early end keeps the stages so far. */
static void test_adaboost__trace_can_stop_early(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    golden_rows(ctx, NULL);
    ken_table *t = test_table(ctx, X0, N, D);
    const ken_column y = test_column_f64("y", target[0], N);
    const ken_data data = {.table = t, .target = &y, .task = KEN_CLASSIFY};
    ken_model *m;
    ken_trace *trace;
    TEST_OK(ctx, ken_model_new(ctx, "adaboost", NULL, &m));
    TEST_OK(ctx, ken_model_trace(ctx, m, &data, &trace));
    TEST_OK(ctx, ken_trace_seek(trace, 6));
    const double at6 = ken_trace_at(trace)->objective;
    assert_string_equal(ken_trace_at(trace)->views[0].name, "row_weight");
    TEST_OK(ctx, ken_trace_seek(trace, 2));
    TEST_OK(ctx, ken_trace_seek(trace, 6));
    assert_true(ken_trace_at(trace)->objective == at6);
    TEST_OK(ctx, ken_trace_end(trace, true));
    assert_int_equal(ken_model_n_children(m), 6);
    assert_true(attr(m, "train_error")[5] == at6);
    ken_model_free(m);
    ken_table_free(t);
    test_ctx_free(ctx);
}

/* --- files and memory ----------------------------------------------------------------------------- */
static void refused(ken_ctx *ctx, const ken_bundle *b, const char *from, const char *to) {
    const char *json = ken_bundle_json(b), *at = strstr(json, from);
    ken_model *back;
    assert_non_null(at);
    char *bad = malloc(strlen(json) + strlen(to) + 1);
    sprintf(bad, "%.*s%s%s", (int)(at - json), json, to, at + strlen(from));
    TEST_FAILS(ctx, ken_model_unpack(ctx, "test", bad, strlen(bad), ken_bundle_at(b, 0), ken_bundle_count(b), &back),
               KEN_E_FORMAT, "adaboost");
    free(bad);
}

static void test_adaboost__hostile_files_are_refused(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    golden_rows(ctx, NULL);
    ken_table *t = test_table(ctx, X0, N, D);
    ken_model *m = fit(ctx, "stages=3", t, target[0], NULL, KEN_CLASSIFY);
    ken_bundle *b;
    TEST_OK(ctx, ken_model_pack(ctx, m, &b));
    refused(ctx, b, "\"children\"", "\"childless\"");
    const char *json = ken_bundle_json(b);
    char *bad = malloc(strlen(json) + 1);
    strcpy(bad, json);
    char *stages = strstr(bad, "\"children\""), *classes = strstr(stages, "\"classes\":[\"0\",\"1\"]");
    assert_non_null(classes);
    classes[16] = '9'; /* a stage that says class 9 */
    ken_model *back;
    TEST_FAILS(ctx, ken_model_unpack(ctx, "test", bad, strlen(bad), ken_bundle_at(b, 0), ken_bundle_count(b), &back),
               KEN_E_FORMAT, "adaboost");
    free(bad);
    ken_bundle_free(b);
    ken_model_free(m);
    ken_table_free(t);
    test_ctx_free(ctx);
}

static ken_status adaboost_round(ken_ctx *ctx, void *arg) {
    double X[24], y[24], values[24];
    ken_model *m = NULL;
    ken_table *t = NULL;
    const ken_task task = *(const ken_task *)arg;
    for (int i = 0; i < 24; i++) X[i] = (i * 7) % 24, y[i] = (i * 5) % 3;
    ken_tensor matrix = ken_tensor_2d(X, KEN_F64, 24, 1), out = ken_tensor_1d(values, KEN_F64, 24);
    const ken_column column = test_column_f64("y", y, 24);
    ken_status status = ken_table_from_matrix(ctx, &matrix, NULL, &t);
    const ken_data data = {.table = t, .target = &column, .task = task};
    if (status == KEN_OK) status = ken_model_new(ctx, "adaboost", "stages=3", &m);
    if (status == KEN_OK) status = ken_model_fit(ctx, m, &data);
    if (status == KEN_OK) status = ken_model_predict(ctx, m, t, KEN_WHAT_VALUE, &out);
    ken_model_free(m);
    ken_table_free(t);
    return status;
}

static void test_adaboost__every_allocation_may_fail(void **state) {
    ken_task classify = KEN_CLASSIFY, regress = KEN_REGRESS;
    (void)state;
    test_every_allocation(adaboost_round, &classify, 5000);
    test_every_allocation(adaboost_round, &regress, 5000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_adaboost__agrees_with_scikit_learn_stage_by_stage),
        cmocka_unit_test(test_adaboost__training_error_keeps_below_the_bound),
        cmocka_unit_test(test_adaboost__numbers_are_the_weighted_median_of_the_stages),
        cmocka_unit_test(test_adaboost__weight_is_replication),
        cmocka_unit_test(test_adaboost__takes_any_base_that_takes_weights),
        cmocka_unit_test(test_adaboost__stops_where_it_must),
        cmocka_unit_test(test_adaboost__same_for_any_threads_and_after_a_file),
        cmocka_unit_test(test_adaboost__trace_can_stop_early),
        cmocka_unit_test(test_adaboost__hostile_files_are_refused),
        cmocka_unit_test(test_adaboost__every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
