/* The generic verbs, over two toys defined here: a mean found step by step, and a centering. */
#include "tests/support.h"

#include "ken/core/alloc.h"

/* --- toy estimator: y's mean by halving the distance each step ---------------------------------- */
typedef struct toy_params {
    double rate;
    int64_t steps;
    bool stop;
    int loss;
    const char *note;
} toy_params;
static const char *const toy_losses[] = {"squared", "absolute", NULL};
static const ken_param toy_rows[] = {
    KEN_ROW_F64(toy_params, rate, .min = 0, .max = 1, .open_min = true, .doc = "share of the way each step"),
    KEN_ROW_I64(toy_params, steps, .min = 1, .max = 1e6, .was = "iterations", .doc = "most steps"),
    KEN_ROW_BOOL(toy_params, stop, .doc = "stop early"),
    KEN_ROW_CHOICE(toy_params, loss, toy_losses, .doc = "what is minimized"),
    KEN_ROW_TEXT(toy_params, note, .doc = "any text"),
    {0}};
static const toy_params toy_defaults = {0.5, 10, false, 0, ""};
static const ken_attr toy_attrs[] = {{"mean", KEN_F64, "", "the mean"}, {"path", KEN_F64, "t", "its path"}, {0}};

typedef struct toy_state {
    const ken_problem *p;
    double at, path[64];
    int64_t done;
    ken_tensor view;
} toy_state;

static ken_status toy_begin(ken_ctx *ctx, ken_model *m, const ken_problem *p, void **state) {
    toy_state *s;
    (void)m;
    KEN_TRY(KEN_ALLOC(ctx, toy_state, 1, &s));
    s->p = p;
    *state = s;
    return KEN_OK;
}

static double toy_mean(const ken_problem *p, int64_t from, int64_t to) {
    double sum = 0;
    for (int64_t i = from; i < to; i++) sum += p->y ? p->y[i] : p->label[i];
    return sum / (double)(to - from);
}

static ken_status toy_step(ken_ctx *ctx, ken_model *m, void *state, ken_step *out) {
    toy_state *s = state;
    const toy_params *params = ken_model_params(m);
    const double goal = toy_mean(s->p, 0, s->p->n_train);
    (void)ctx;
    s->at += params->rate * (goal - s->at);
    s->path[s->done++] = s->at;
    out->objective = (goal - s->at) * (goal - s->at);
    if (s->p->n > s->p->n_train) {
        const double far = toy_mean(s->p, s->p->n_train, s->p->n) - s->at;
        out->validation = far * far;
    }
    return KEN_OK;
}

static ken_status toy_end(ken_ctx *ctx, ken_model *m, void *state, int64_t keep) {
    toy_state *s = state;
    double *path;
    ken_status status = KEN_OK;
    if (keep > 0) {
        status = ken_attr_set_f64(ctx, m, "mean", s->path[keep - 1]);
        if (status == KEN_OK) status = ken_attr_new(ctx, m, "path", KEN_F64, 1, &keep, (void **)&path);
        if (status == KEN_OK) memcpy(path, s->path, (size_t)keep * sizeof *path);
    }
    ken_free(ctx, s);
    return status;
}

static int toy_views(const ken_model *m, void *state, ken_view *out, int capacity) {
    toy_state *s = state;
    (void)m;
    if (capacity < 1) return 0;
    s->view = ken_tensor_1d(s->path, KEN_F64, s->done);
    out[0] = (ken_view){"path", &s->view};
    return 1;
}

static ken_stop_rule toy_stop_rule(const void *params, int64_t n) {
    const toy_params *p = params;
    (void)n;
    return (ken_stop_rule){.max_steps = p->steps, .validation_fraction = p->stop ? 0.25 : 0, .patience = p->stop ? 2 : 0};
}

static ken_status toy_predict(ken_ctx *ctx, const ken_model *m, const ken_table *X, ken_what what, double *out) {
    (void)ctx, (void)what;
    const int64_t width = ken_model_task(m) == KEN_CLASSIFY ? ken_model_n_classes(m) : 1;
    for (int64_t i = 0; i < ken_table_rows(X) * width; i++)
        out[i] = ken_model_attr_f64(m, "mean", 0) * (double)(i % width + 1);
    return KEN_OK;
}

static const ken_estimator toy_verbs = {.begin = toy_begin, .step = toy_step, .end = toy_end, .views = toy_views,
                                        .stop_rule = toy_stop_rule, .predict = toy_predict};
static const ken_desc toy_desc = {.name = "toy", .title = "Toy", .kind = KEN_ESTIMATOR,
                                  .tasks = KEN_REGRESS | KEN_CLASSIFY, .params = toy_rows, .defaults = &toy_defaults,
                                  .params_size = sizeof(toy_params), .attrs = toy_attrs, .estimator = &toy_verbs};

/* --- toy transformer: subtracts the training mean of each column -------------------------------------- */
static const ken_attr center_attrs[] = {{"mean", KEN_F64, "d", "means"}, {0}};

static ken_status center_fit(ken_ctx *ctx, ken_model *m, const ken_problem *p) {
    const int64_t d = ken_table_cols(p->X);
    double *mean;
    KEN_TRY(ken_attr_new(ctx, m, "mean", KEN_F64, 1, &d, (void **)&mean));
    for (int j = 0; j < d; j++)
        for (int64_t i = 0; i < p->n_train; i++)
            mean[j] += ken_column_f64(ken_table_column(p->X, j), i) / (double)p->n_train;
    return KEN_OK;
}

static ken_status center_transform(ken_ctx *ctx, const ken_model *m, const ken_table *X, ken_table *out) {
    const double *mean = ken_f64(ken_model_attr(m, "mean"));
    for (int j = 0; j < ken_table_cols(X); j++) {
        double *data;
        KEN_TRY(ken_table_add_new(ctx, out, ken_table_column(X, j)->name, KEN_F64, (void **)&data, NULL));
        ken_table_set_source(out, j, j);
        for (int64_t i = 0; i < ken_table_rows(X); i++)
            data[i] = ken_column_f64(ken_table_column(X, j), i) - mean[j];
    }
    return KEN_OK;
}

static const ken_transformer center_verbs = {.fit = center_fit, .transform = center_transform};
static const ken_desc center_desc = {.name = "center", .title = "Center", .kind = KEN_TRANSFORMER,
                                     .attrs = center_attrs, .transformer = &center_verbs};

/* --- data ------------------------------------------------------------------------------------------------ */
static const double X8[16] = {1, 10, 2, 20, 3, 30, 4, 40, 5, 50, 6, 60, 7, 70, 8, 80};
static const double y8[8] = {1, 2, 3, 4, 5, 6, 7, 8.5};

typedef struct fixture {
    ken_table *table;
    ken_column target;
    ken_data data;
} fixture;

static void fixture_begin(ken_ctx *ctx, fixture *f, const double *y) {
    memset(f, 0, sizeof *f);
    f->table = test_table(ctx, X8, 8, 2);
    f->target = test_column_f64("y", y, 8);
    f->data.table = f->table;
    f->data.target = &f->target;
}

static ken_model *toy_new(ken_ctx *ctx, const char *name, const char *value) {
    ken_model *m = NULL;
    TEST_OK(ctx, ken_model_new_desc(ctx, &toy_desc, NULL, &m));
    if (name) TEST_OK(ctx, ken_model_set(ctx, m, name, value));
    return m;
}

static double toy_value(ken_ctx *ctx, const ken_model *m, const ken_table *table) {
    double out[8] = {0};
    ken_tensor t = ken_tensor_1d(out, KEN_F64, 8);
    TEST_OK(ctx, ken_model_predict(ctx, m, table, KEN_WHAT_VALUE, &t));
    for (int i = 1; i < 8; i++) assert_true(out[i] == out[0]);
    return out[0];
}

/* --- parameters -------------------------------------------------------------------------------------------- */
static void test_param__wrong_names_and_values_are_errors_with_advice(void **state) {
    ken_ctx *ctx = test_ctx(1);
    ken_model *m = toy_new(ctx, "rate", "1");
    (void)state;
    TEST_FAILS(ctx, ken_model_set(ctx, m, "raet", "1"), KEN_E_ARG, "toy has no parameter 'raet'");
    assert_non_null(strstr(ken_ctx_hint(ctx), "'rate'"));
    TEST_FAILS(ctx, ken_model_set(ctx, m, "rate", "0"), KEN_E_ARG, "outside its range");
    TEST_FAILS(ctx, ken_model_set(ctx, m, "rate", "1.5"), KEN_E_ARG, "outside its range");
    TEST_FAILS(ctx, ken_model_set(ctx, m, "rate", "nan"), KEN_E_ARG, "not a number");
    TEST_FAILS(ctx, ken_model_set(ctx, m, "rate", "fast"), KEN_E_ARG, "not a number");
    TEST_FAILS(ctx, ken_model_set(ctx, m, "steps", "2.5"), KEN_E_ARG, "not a whole number");
    TEST_FAILS(ctx, ken_model_set(ctx, m, "stop", "maybe"), KEN_E_ARG, "not true or false");
    TEST_FAILS(ctx, ken_model_set(ctx, m, "loss", "squard"), KEN_E_ARG, "cannot be");
    assert_non_null(strstr(ken_ctx_hint(ctx), "'squared'"));
    TEST_FAILS(ctx, ken_model_set(ctx, m, "iterations", "3"), KEN_E_ARG, "new name");
    assert_non_null(strstr(ken_ctx_hint(ctx), "'steps'"));
    TEST_FAILS(ctx, ken_model_set(ctx, m, "recipe.scale", "none"), KEN_E_STATE, "no recipe");
    TEST_OK(ctx, ken_model_set(ctx, m, "steps", "1e3"));
    assert_int_equal(((const toy_params *)ken_model_params(m))->steps, 1000);
    char note[] = "mine";
    TEST_OK(ctx, ken_model_set(ctx, m, "note", note));
    note[0] = 'd'; /* the model keeps its own copy */
    assert_string_equal(((const toy_params *)ken_model_params(m))->note, "mine");
    ken_model_free(m);
    test_ctx_free(ctx);
}

static void test_param__bounds_are_checked_at_fit_too(void **state) {
    ken_ctx *ctx = test_ctx(1);
    toy_params p = toy_defaults;
    ken_model *m = NULL;
    (void)state;
    p.steps = 0;
    TEST_FAILS(ctx, ken_model_new_desc(ctx, &toy_desc, &p, &m), KEN_E_ARG, "steps is 0");
    p = toy_defaults;
    p.loss = 7;
    TEST_FAILS(ctx, ken_model_new_desc(ctx, &toy_desc, &p, &m), KEN_E_ARG, "loss is 7");
    test_ctx_free(ctx);
}

/* --- fit ---------------------------------------------------------------------------------------------------- */
static void test_fit__loop_reports_each_step(void **state);
static int hook_calls;
static double hook_last;
static void hook(void *user, const ken_progress *p) {
    (void)user;
    hook_calls++;
    assert_int_equal(p->iteration, hook_calls);
    assert_int_equal(p->n_views, 1);
    assert_int_equal(p->views[0].tensor->shape[0], hook_calls);
    hook_last = p->objective;
}

static void test_fit__loop_reports_each_step(void **state) {
    ken_ctx *ctx = test_ctx(1);
    fixture f;
    (void)state;
    fixture_begin(ctx, &f, y8);
    ken_model *m = toy_new(ctx, "steps", "6");
    hook_calls = 0;
    ken_ctx_set_hook(ctx, hook);
    TEST_OK(ctx, ken_model_fit(ctx, m, &f.data));
    assert_int_equal(hook_calls, 6);
    /* distance 4.5625 halved six times, squared */
    TEST_NEAR(hook_last, 4.5625 * 4.5625 / 4096, 1e-12);
    TEST_NEAR(toy_value(ctx, m, f.table), 4.5625 * (1 - 1.0 / 64), 1e-12);
    assert_int_equal(ken_model_rows_train(m), 8);
    ken_model_free(m);
    ken_table_free(f.table);
    test_ctx_free(ctx);
}

static void test_fit__never_sees_test_rows(void **state) {
    static const uint8_t role[8] = {2, 0, 0, 2, 1, 0, 2, 2};
    ken_ctx *ctx = test_ctx(1);
    fixture f;
    (void)state;
    fixture_begin(ctx, &f, y8);
    f.data.role = role;
    ken_model *m = toy_new(ctx, "rate", "1");
    TEST_OK(ctx, ken_model_fit(ctx, m, &f.data));
    TEST_NEAR(toy_value(ctx, m, f.table), (2 + 3 + 6) / 3.0, 1e-12); /* rows 2, 3, 6 train */
    assert_int_equal(ken_model_rows_train(m), 3);
    ken_model_free(m);
    ken_table_free(f.table);
    test_ctx_free(ctx);
}

static void test_fit__early_stop_keeps_the_best_step(void **state) {
    /* Train mean 8, validation mean 4: the path 4, 6, 7 ... is best after step 1. */
    static const double y[8] = {8, 8, 8, 8, 4, 4, 8, 8};
    static const uint8_t role[8] = {0, 0, 0, 0, 1, 1, 0, 0};
    ken_ctx *ctx = test_ctx(1);
    fixture f;
    (void)state;
    fixture_begin(ctx, &f, y);
    f.data.role = role;
    f.data.task = KEN_REGRESS;
    ken_model *m = toy_new(ctx, "stop", "true");
    TEST_OK(ctx, ken_model_fit(ctx, m, &f.data));
    assert_int_equal(ken_model_attr(m, "path")->shape[0], 1);
    TEST_NEAR(toy_value(ctx, m, f.table), 4.0, 1e-12);
    /* without validation rows a quarter of the training rows is set aside */
    f.data.role = NULL;
    TEST_OK(ctx, ken_model_fit(ctx, m, &f.data));
    assert_int_equal(ken_model_rows_train(m), 6);
    ken_model_free(m);
    ken_table_free(f.table);
    test_ctx_free(ctx);
}

static void test_fit__recipe_learns_on_training_rows_and_routes_sources(void **state) {
    static const uint8_t role[8] = {0, 0, 0, 0, 2, 2, 2, 2};
    ken_ctx *ctx = test_ctx(1);
    ken_model *center = NULL;
    ken_table *inputs = NULL;
    fixture f;
    (void)state;
    fixture_begin(ctx, &f, y8);
    f.data.role = role;
    ken_model *m = toy_new(ctx, NULL, NULL), *copy = NULL;
    TEST_OK(ctx, ken_model_new_desc(ctx, &center_desc, NULL, &center));
    TEST_OK(ctx, ken_model_set_recipe(ctx, m, center));
    TEST_OK(ctx, ken_model_fit(ctx, m, &f.data));
    TEST_OK(ctx, ken_model_transform(ctx, m, f.table, &inputs));
    TEST_NEAR(ken_column_f64(ken_table_column(inputs, 1), 0), 10 - 25.0, 1e-12);
    assert_int_equal(ken_model_n_inputs(m), 2);
    assert_int_equal(ken_model_input_source(m, 1), 1);
    assert_string_equal(ken_model_feature(m, 1), "x1");
    TEST_OK(ctx, ken_model_clone(ctx, m, &copy));
    assert_false(ken_model_fitted(copy));
    TEST_OK(ctx, ken_model_fit(ctx, copy, &f.data));
    TEST_NEAR(toy_value(ctx, copy, f.table), toy_value(ctx, m, f.table), 0);
    ken_table_free(inputs);
    ken_model_free(copy);
    ken_model_free(m);
    ken_table_free(f.table);
    test_ctx_free(ctx);
}

static void test_fit__bad_data_is_refused_with_the_place(void **state) {
    ken_ctx *ctx = test_ctx(1);
    double y[8], X[16];
    fixture f;
    (void)state;
    memcpy(y, y8, sizeof y);
    memcpy(X, X8, sizeof X);
    fixture_begin(ctx, &f, y);
    ken_model *m = toy_new(ctx, NULL, NULL);
    f.data.target = NULL;
    TEST_FAILS(ctx, ken_model_fit(ctx, m, &f.data), KEN_E_ARG, "needs a target");
    f.data.target = &f.target;
    y[3] = INFINITY;
    TEST_FAILS(ctx, ken_model_fit(ctx, m, &f.data), KEN_E_VALUE, "infinite in row 4");
    for (int i = 0; i < 8; i++) y[i] = NAN;
    TEST_FAILS(ctx, ken_model_fit(ctx, m, &f.data), KEN_E_VALUE, "no training row has a value");
    for (int i = 0; i < 8; i++) y[i] = 3;
    TEST_FAILS(ctx, ken_model_fit(ctx, m, &f.data), KEN_E_VALUE, "one class only, '3'");
    ken_table_free(f.table);
    memcpy(y, y8, sizeof y);
    X[5] = NAN;
    f.table = test_table(ctx, X, 8, 2);
    f.data.table = f.table;
    TEST_FAILS(ctx, ken_model_fit(ctx, m, &f.data), KEN_E_VALUE, "column 'x1' is missing in row 3");
    assert_false(ken_model_fitted(m));
    ken_model_free(m);
    ken_table_free(f.table);
    test_ctx_free(ctx);
}

static void test_fit__whole_numbers_with_few_values_are_classes(void **state) {
    static const double y[8] = {10, 9, 10, 9, 2, 10, 9, 2};
    static const double out_of_order[8] = {2, 9, 10, 9.0, 3, NAN, 9, 2};
    static const int32_t want[8] = {0, 1, 2, 1, -1, -1, 1, 0};
    int32_t codes[8];
    ken_ctx *ctx = test_ctx(1);
    fixture f;
    (void)state;
    fixture_begin(ctx, &f, y);
    ken_model *m = toy_new(ctx, NULL, NULL);
    TEST_OK(ctx, ken_model_fit(ctx, m, &f.data));
    assert_int_equal(ken_model_task(m), KEN_CLASSIFY);
    assert_int_equal(ken_model_n_classes(m), 3);
    assert_string_equal(ken_model_class(m, 0), "2"); /* by value, not by text */
    assert_string_equal(ken_model_class(m, 2), "10");
    const ken_column c = test_column_f64("y", out_of_order, 8);
    TEST_OK(ctx, ken_model_encode_target(ctx, m, &c, codes));
    assert_memory_equal(codes, want, sizeof want);
    assert_true(toy_value(ctx, m, f.table) == 2); /* the largest of the toy's "probabilities" */
    ken_model_free(m);
    ken_table_free(f.table);
    test_ctx_free(ctx);
}

/* --- predict ---------------------------------------------------------------------------------------------- */
static void test_predict__columns_are_found_by_name(void **state) {
    ken_ctx *ctx = test_ctx(1);
    ken_table *shuffled = NULL;
    double out[8];
    ken_tensor t = ken_tensor_1d(out, KEN_F64, 8);
    fixture f;
    (void)state;
    fixture_begin(ctx, &f, y8);
    ken_model *m = toy_new(ctx, NULL, NULL);
    TEST_FAILS(ctx, ken_model_predict(ctx, m, f.table, KEN_WHAT_VALUE, &t), KEN_E_STATE, "not fitted");
    TEST_OK(ctx, ken_model_fit(ctx, m, &f.data));
    TEST_OK(ctx, ken_table_select(ctx, f.table, (const int[]){1, 1, 0}, 3, &shuffled));
    TEST_OK(ctx, ken_model_predict(ctx, m, shuffled, KEN_WHAT_VALUE, &t));
    ken_table_free(shuffled);
    TEST_OK(ctx, ken_table_select(ctx, f.table, (const int[]){1}, 1, &shuffled));
    TEST_FAILS(ctx, ken_model_predict(ctx, m, shuffled, KEN_WHAT_VALUE, &t), KEN_E_NOT_FOUND, "'x0'");
    TEST_FAILS(ctx, ken_model_predict(ctx, m, f.table, KEN_WHAT_LEAF, &t), KEN_E_UNSUPPORTED, "leaf");
    TEST_FAILS(ctx, ken_model_predict(ctx, m, f.table, KEN_WHAT_PROBA, &t), KEN_E_UNSUPPORTED, "regression");
    t.shape[0] = 7;
    TEST_FAILS(ctx, ken_model_predict(ctx, m, f.table, KEN_WHAT_VALUE, &t), KEN_E_SHAPE, "(8, 1)");
    ken_table_free(shuffled);
    ken_model_free(m);
    ken_table_free(f.table);
    test_ctx_free(ctx);
}

/* --- trace ------------------------------------------------------------------------------------------------- */
static void test_trace__seeks_forth_and_back(void **state) {
    ken_ctx *ctx = test_ctx(1);
    ken_trace *trace = NULL;
    fixture f;
    (void)state;
    fixture_begin(ctx, &f, y8);
    ken_model *m = toy_new(ctx, NULL, NULL);
    TEST_OK(ctx, ken_model_trace(ctx, m, &f.data, &trace));
    TEST_OK(ctx, ken_trace_seek(trace, 7));
    const double at7 = ken_trace_at(trace)->objective;
    TEST_OK(ctx, ken_trace_seek(trace, 3));
    assert_int_equal(ken_trace_at(trace)->iteration, 3);
    assert_true(ken_trace_at(trace)->objective > at7);
    TEST_OK(ctx, ken_trace_seek(trace, 7));
    assert_true(ken_trace_at(trace)->objective == at7);
    assert_true(ken_f64(ken_trace_at(trace)->views[0].tensor)[0] == 4.5625 / 2);
    TEST_OK(ctx, ken_trace_end(trace, true));
    assert_int_equal(ken_model_attr(m, "path")->shape[0], 7);
    TEST_OK(ctx, ken_model_trace(ctx, m, &f.data, &trace));
    TEST_OK(ctx, ken_trace_end(trace, false));
    assert_false(ken_model_fitted(m));
    ken_model_free(m);
    ken_table_free(f.table);
    test_ctx_free(ctx);
}

static ken_status fit_with_recipe(ken_ctx *ctx, void *arg) {
    ken_model *m = NULL, *center = NULL;
    ken_table *t = NULL;
    const ken_tensor x = ken_tensor_2d((void *)(uintptr_t)X8, KEN_F64, 8, 2);
    ken_column target = test_column_f64("y", y8, 8);
    ken_data data = {0};
    (void)arg;
    ken_status status = ken_table_from_matrix(ctx, &x, NULL, &t);
    if (status == KEN_OK) status = ken_model_new_desc(ctx, &toy_desc, NULL, &m);
    if (status == KEN_OK) status = ken_model_new_desc(ctx, &center_desc, NULL, &center);
    if (status == KEN_OK) status = ken_model_set_recipe(ctx, m, center);
    data.table = t, data.target = &target;
    if (status == KEN_OK) status = ken_model_set(ctx, m, "stop", "true");
    if (status == KEN_OK) status = ken_model_fit(ctx, m, &data);
    ken_model_free(m);
    ken_table_free(t);
    return status;
}

static void test_fit__every_allocation_may_fail(void **state) {
    (void)state;
    test_every_allocation(fit_with_recipe, NULL, 500);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_param__wrong_names_and_values_are_errors_with_advice),
        cmocka_unit_test(test_param__bounds_are_checked_at_fit_too),
        cmocka_unit_test(test_fit__loop_reports_each_step),
        cmocka_unit_test(test_fit__never_sees_test_rows),
        cmocka_unit_test(test_fit__early_stop_keeps_the_best_step),
        cmocka_unit_test(test_fit__recipe_learns_on_training_rows_and_routes_sources),
        cmocka_unit_test(test_fit__bad_data_is_refused_with_the_place),
        cmocka_unit_test(test_fit__whole_numbers_with_few_values_are_classes),
        cmocka_unit_test(test_predict__columns_are_found_by_name),
        cmocka_unit_test(test_trace__seeks_forth_and_back),
        cmocka_unit_test(test_fit__every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
