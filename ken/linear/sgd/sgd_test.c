/* sgd against the exact models at convergence, updates by hand, gradients by differences, and its properties. */
#include "ken/linear/linear_check.h"

#include "ken/linear/sgd/sgd.h"
#include "ken/linear/sgd/sgd_loss.h"
#include "ken/linear/sgd/sgd_setup.h"

/* --- against the exact ------------------------------------------------------------------------------------ */

#define EXACT "batch_rows=0 schedule=constant epochs=300000 tol=1e-13 "

static void expect_same(const char *sgd, const char *name, const char *settings, int k, double relative) {
    ken_ctx *ctx = test_ctx(1);
    linear_sample s = linear_sample_new(300, 4, k, true);
    ken_model *a = linear_sample_fit(ctx, "sgd", sgd, &s), *b = linear_sample_fit(ctx, name, settings, &s);
    linear_expect_coefs(a, b, relative);
    ken_model_free(a);
    ken_model_free(b);
    linear_sample_free(&s);
    test_ctx_free(ctx);
}

static double total_weight(int k) {
    linear_sample s = linear_sample_new(300, 4, k, true);
    double sum = 0;
    for (int64_t i = 0; i < s.n; i++) sum += s.weight[i];
    linear_sample_free(&s);
    return sum;
}

/* Squared loss: the normal equations; the gradient is at most 1e-13 of the size of the target, 1. */
static void test_sgd__gradient_descent_finds_least_squares(void **state) {
    (void)state;
    expect_same(EXACT, "linear", NULL, 0, 1e-11);
    expect_same(EXACT "optimizer=nesterov", "linear", NULL, 0, 1e-11);
    expect_same(EXACT "optimizer=momentum start=zero", "linear", NULL, 0, 1e-11);
    expect_same(EXACT "loss=huber delta=1e9", "linear", NULL, 0, 1e-11);
}

/* The penalty of ridge is alpha |b|^2 on a sum of squares, so l2 = alpha / W. */
static void test_sgd__l2_is_ridge(void **state) {
    char text[200];
    (void)state;
    snprintf(text, sizeof text, EXACT "l2=%.17g", 40 / total_weight(0));
    expect_same(text, "ridge", "alpha=40", 0, 1e-11);
}

static void test_sgd__logistic_and_softmax(void **state) {
    char text[200];
    (void)state;
    for (int k = 2; k <= 3; k++) {
        snprintf(text, sizeof text, EXACT "optimizer=nesterov l2=%.17g", 5 / total_weight(k));
        expect_same(text, "logistic", "l2=5 tol=1e-13", k, 1e-9);
    }
}

/* The proximal steps of gd: the lasso, with its zeros. */
static void test_sgd__l1_is_the_lasso(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    linear_sample s = linear_sample_new(300, 4, 0, true);
    int zeros = 0;
    ken_model *a = linear_sample_fit(ctx, "sgd", EXACT "l1=1.5", &s);
    ken_model *b = linear_sample_fit(ctx, "lasso", "alpha=1.5 tol=1e-14", &s);
    linear_expect_coefs(a, b, 1e-7);
    for (int j = 0; j < 4; j++) {
        const double p = ken_f64(ken_model_attr(a, "coef"))[j], q = ken_f64(ken_model_attr(b, "coef"))[j];
        assert_int_equal(p == 0, q == 0);
        zeros += p == 0;
    }
    assert_in_range(zeros, 1, 3);
    assert_true(ken_model_attr_f64(a, "gradient_norm", NAN) <= 1e-13);
    ken_model_free(a);
    ken_model_free(b);
    linear_sample_free(&s);
    test_ctx_free(ctx);
}

/* Small batches and a rate that falls: of what there is to gain over the mean of the target, nearly all. */
static void test_sgd__batches_come_near(void **state) {
    (void)state;
    static const char *const ways[] = {"epochs=500", "batch_rows=1",
                                       "batch_rows=1 optimizer=asgd optimizer.start=15000 schedule=constant"};
    ken_ctx *ctx = test_ctx(1);
    linear_sample s = linear_sample_new(300, 4, 0, true);
    ken_model *exact = linear_sample_fit(ctx, "sgd", EXACT, &s);
    ken_model *mean = linear_sample_fit(ctx, "sgd", "batch_rows=0 epochs=1 learning_rate=1e-12", &s);
    const double least = ken_model_attr_f64(exact, "objective", NAN), most = ken_model_attr_f64(mean, "objective", NAN);
    assert_true(most > 2 * least);
    for (int k = 0; k < KEN_COUNT(ways); k++) {
        ken_model *m = linear_sample_fit(ctx, "sgd", ways[k], &s);
        const double got = ken_model_attr_f64(m, "objective", NAN);
        assert_true(got >= least * (1 - 1e-12));
        if (!(got - least < 0.02 * (most - least))) fail_msg("%s: %g of %g ... %g", ways[k], got, least, most);
        ken_model_free(m);
    }
    ken_model_free(exact);
    ken_model_free(mean);
    linear_sample_free(&s);
    test_ctx_free(ctx);
}

/* The robust fit: one wild target moves the squared loss, hardly the Huber loss. */
static void test_sgd__huber_is_calm_about_an_outlier(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    double X[40], y[40];
    for (int i = 0; i < 40; i++) X[i] = i / 20.0 - 1, y[i] = 2 * X[i] + 0.01 * (i % 3 - 1);
    y[39] = 1000;
    const linear_sample s = {X, y, NULL, 40, 1, KEN_REGRESS};
    ken_model *squared = linear_sample_fit(ctx, "sgd", EXACT, &s);
    ken_model *huber = linear_sample_fit(ctx, "sgd", "batch_rows=0 epochs=20000 schedule=constant loss=huber delta=0.1", &s);
    assert_true(fabs(ken_f64(ken_model_attr(squared, "coef"))[0] - 2) > 10);
    assert_true(fabs(ken_f64(ken_model_attr(huber, "coef"))[0] - 2) < 0.1);
    ken_model_free(squared);
    ken_model_free(huber);
    test_ctx_free(ctx);
}

/* Two clouds: the widest street between the nearest rows -1 and 1 of each, as l2 goes to 0: b = 1, b0 = 0. */
static void test_sgd__hinge_finds_the_widest_street(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    double X[] = {-4, -2, -1, 1, 3, 5}, y[] = {0, 0, 0, 1, 1, 1};
    const linear_sample s = {X, y, NULL, 6, 1, KEN_CLASSIFY};
    ken_model *m = linear_sample_fit(ctx, "sgd", "loss=hinge batch_rows=0 l2=0.01 schedule=inverse decay=0.01 epochs=200000 "
                                                 "learning_rate=0.5", &s);
    TEST_NEAR(ken_f64(ken_model_attr(m, "coef"))[0], 1, 0.01);
    assert_true(fabs(ken_f64(ken_model_attr(m, "intercept"))[0]) < 0.01);
    ken_model_free(m);
    test_ctx_free(ctx);
}

/* --- by hand ---------------------------------------------------------------------------------------------- */

typedef struct traced {
    ken_table *table;
    ken_column target;
    ken_data data;
    ken_model *model;
    ken_trace *trace;
} traced;

static void trace_open(ken_ctx *ctx, traced *t, const char *settings, double *X, double *y, int n, int d, ken_task task) {
    t->table = test_table(ctx, X, n, d);
    t->target = test_column_f64("y", y, n);
    t->data = (ken_data){.table = t->table, .target = &t->target, .task = task};
    TEST_OK(ctx, ken_model_new(ctx, "sgd", settings, &t->model));
    TEST_OK(ctx, ken_model_trace(ctx, t->model, &t->data, &t->trace));
}
static void trace_close(ken_ctx *ctx, traced *t, bool finish) {
    TEST_OK(ctx, ken_trace_end(t->trace, finish));
    ken_model_free(t->model);
    ken_table_free(t->table);
}
static const ken_tensor *trace_view(const traced *t, const char *name) {
    const ken_progress *at = ken_trace_at(t->trace);
    for (int i = 0; i < at->n_views; i++)
        if (strcmp(at->views[i].name, name) == 0) return at->views[i].tensor;
    return NULL;
}

#define BY_HAND "batch_rows=1 shuffle=false start=zero schedule=constant learning_rate=0.1 step_unit=update epochs=2 "

/* The worked example of sgd.md, and the objective after it. */
static void test_sgd__two_updates_by_hand(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    double X[] = {1, 2}, y[] = {2, 3};
    traced t;
    trace_open(ctx, &t, BY_HAND, X, y, 2, 1, KEN_REGRESS);
    TEST_OK(ctx, ken_trace_seek(t.trace, 1));
    TEST_NEAR(ken_f64(trace_view(&t, "coef"))[0], 0.2, 1e-15);
    TEST_NEAR(ken_f64(trace_view(&t, "batch_gradient"))[1], -2, 1e-15);
    TEST_OK(ctx, ken_trace_seek(t.trace, 2));
    TEST_NEAR(ken_f64(trace_view(&t, "coef"))[0], 0.68, 1e-15);
    TEST_NEAR(ken_f64(trace_view(&t, "intercept"))[0], 0.44, 1e-15);
    /* residuals 1.12 - 2 = -0.88 and 1.8 - 3 = -1.2: half the mean of their squares */
    TEST_NEAR(ken_trace_at(t.trace)->objective, (0.88 * 0.88 + 1.44) / 4, 1e-14);
    TEST_NEAR(ken_f64(trace_view(&t, "gradient"))[0], (-0.88 - 2.4) / 2, 1e-14);
    const ken_tensor *path = trace_view(&t, "path");
    assert_int_equal(path->shape[0], 2);
    TEST_NEAR(ken_f64(path)[0], 0.2, 1e-15);
    TEST_NEAR(ken_f64(path)[2], 0.68, 1e-15);
    trace_close(ctx, &t, true);
    test_ctx_free(ctx);
}

/* Row (2, class b): logistic: pull sigmoid(0) - 1 = -0.5; hinge: pull -1. Then row (-1, class a), margin known. */
static void test_sgd__updates_of_classes_by_hand(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    double X[] = {2, -1}, y[] = {1, 0};
    traced t;
    trace_open(ctx, &t, BY_HAND "loss=logistic", X, y, 2, 1, KEN_CLASSIFY);
    TEST_OK(ctx, ken_trace_seek(t.trace, 1));
    TEST_NEAR(ken_f64(trace_view(&t, "coef"))[0], 0.1, 1e-15);
    TEST_NEAR(ken_f64(trace_view(&t, "intercept"))[0], 0.05, 1e-15);
    TEST_OK(ctx, ken_trace_seek(t.trace, 2)); /* t = -0.1 + 0.05: pull sigmoid(-0.05) = 0.487503 */
    TEST_NEAR(ken_f64(trace_view(&t, "coef"))[0], 0.1 + 0.1 * 0.48750260351578967, 1e-14);
    trace_close(ctx, &t, false);
    trace_open(ctx, &t, BY_HAND "loss=hinge", X, y, 2, 1, KEN_CLASSIFY);
    TEST_OK(ctx, ken_trace_seek(t.trace, 1));
    TEST_NEAR(ken_f64(trace_view(&t, "coef"))[0], 0.2, 1e-15);
    TEST_OK(ctx, ken_trace_seek(t.trace, 2)); /* t = -0.1: 1 + t > 0, pull 1: b = 0.2 + 0.1, b0 = 0.1 - 0.1 */
    TEST_NEAR(ken_f64(trace_view(&t, "coef"))[0], 0.3, 1e-15);
    assert_true(fabs(ken_f64(trace_view(&t, "intercept"))[0]) < 1e-15);
    trace_close(ctx, &t, false);
    test_ctx_free(ctx);
}

/* Schedules: the rate of the update that begins after e epochs. */
static void test_sgd__schedules_by_hand(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    double X[] = {1, 2}, y[] = {2, 3};
    static const struct {
        const char *text;
        double want[4];
    } rounds[] = {{"schedule=constant", {0.1, 0.1, 0.1, 0.1}},
                  {"schedule=inverse decay=2", {0.1, 0.05, 0.1 / 3, 0.025}},
                  {"schedule=cosine", {0.1, 0.085355339059327376, 0.05, 0.014644660940672624}}};
    for (int k = 0; k < 3; k++) {
        char settings[300];
        traced t;
        snprintf(settings, sizeof settings, BY_HAND "%s", rounds[k].text);
        trace_open(ctx, &t, settings, X, y, 2, 1, KEN_REGRESS);
        for (int u = 0; u < 4; u++) {
            TEST_OK(ctx, ken_trace_seek(t.trace, u + 1));
            TEST_NEAR(ken_f64(trace_view(&t, "learning_rate"))[0], rounds[k].want[u], 1e-14);
        }
        assert_int_equal(ken_trace_at(t.trace)->total, 4);
        trace_close(ctx, &t, false);
    }
    test_ctx_free(ctx);
}

/* --- gradients -------------------------------------------------------------------------------------------- */

/* Every loss, for two and three classes, with weights, over batches of listed rows: the gradient is that of the
 * value, by central differences (of order h^2 = 1e-10); batches that cover the rows sum to the whole. */
static void test_sgd__gradients_are_those_of_the_values(void **state) {
    static const struct {
        int loss, k;
    } rounds[] = {{KEN_SGD_SQUARED, 0}, {KEN_SGD_HUBER, 0}, {KEN_SGD_LOGISTIC, 2}, {KEN_SGD_LOGISTIC, 3},
                  {KEN_SGD_HINGE, 2},   {KEN_SGD_HINGE, 3}};
    (void)state;
    for (int r = 0; r < KEN_COUNT(rounds); r++) {
        ken_ctx *ctx = test_ctx(1);
        linear_sample s = linear_sample_new(30, 3, rounds[r].k, true);
        int32_t label[30];
        int64_t order[30];
        const ken_mark mark = ken_scratch_mark(ctx);
        ken_sgd_loss loss = {.X = s.X, .y = s.y, .label = label, .weight = s.weight, .d = 3, .p = 4,
                             .m = rounds[r].k > 2 ? 3 : 1, .loss = rounds[r].loss, .delta = 0.7};
        double v[12], g[12], part[12], sum[12] = {0}, f, up, down;
        for (int i = 0; i < 30; i++) label[i] = (int32_t)s.y[i], order[i] = (i * 7 + 3) % 30;
        for (int j = 0; j < 12; j++) v[j] = 0.1 * sin(j + 1.0);
        TEST_OK(ctx, ken__sgd_loss_open(ctx, &loss));
        TEST_OK(ctx, ken__sgd_evaluate(&loss, NULL, 0, 30, v, &f, g, NULL));
        for (int first = 0; first < 30; first += 10) {
            TEST_OK(ctx, ken__sgd_evaluate(&loss, order, first, 10, v, &f, part, NULL));
            for (int j = 0; j < 4 * (int)loss.m; j++) sum[j] += part[j] / 3;
        }
        for (int j = 0; j < 4 * (int)loss.m; j++) {
            const double at = v[j], h = 1e-5;
            v[j] = at + h;
            TEST_OK(ctx, ken__sgd_evaluate(&loss, NULL, 0, 30, v, &up, NULL, NULL));
            v[j] = at - h;
            TEST_OK(ctx, ken__sgd_evaluate(&loss, NULL, 0, 30, v, &down, NULL, NULL));
            v[j] = at;
            TEST_NEAR((up - down) / (2 * h), g[j], 1e-7);
            TEST_NEAR(sum[j], g[j], 1e-12);
        }
        ken_scratch_release(ctx, mark);
        linear_sample_free(&s);
        test_ctx_free(ctx);
    }
}

/* --- steps ------------------------------------------------------------------------------------------------ */

static void expect_same_bits(const char *one, const char *other, int k) {
    ken_ctx *ctx = test_ctx(1);
    linear_sample s = linear_sample_new(100, 3, k, true);
    ken_model *a = linear_sample_fit(ctx, "sgd", one, &s), *b = linear_sample_fit(ctx, "sgd", other, &s);
    linear_expect_coefs(a, b, 0);
    ken_model_free(a);
    ken_model_free(b);
    linear_sample_free(&s);
    test_ctx_free(ctx);
}

static void test_sgd__units_of_a_step_do_not_change_the_path(void **state) {
    (void)state;
    expect_same_bits("epochs=7", "epochs=7 step_unit=update", 0);
    expect_same_bits("epochs=7 optimizer=adam", "epochs=7 step_unit=update optimizer=adam", 3);
    expect_same_bits("batch_rows=0 epochs=9", "batch_rows=100 epochs=9", 2);
    expect_same_bits("batch_rows=0 epochs=9", "batch_rows=1000 shuffle=false epochs=9", 0);
}

/* Back and forth with state, shuffles and all: the same bits. */
static void test_sgd__trace_forth_and_back(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    linear_sample s = linear_sample_new(60, 3, 0, false);
    traced t;
    double first[8][3], m[3];
    trace_open(ctx, &t, "optimizer=adam batch_rows=8 epochs=8", s.X, s.y, 60, 3, KEN_REGRESS);
    for (int e = 1; e <= 8; e++) {
        TEST_OK(ctx, ken_trace_seek(t.trace, e));
        memcpy(first[e - 1], ken_f64(trace_view(&t, "coef")), sizeof first[0]);
        assert_int_equal(trace_view(&t, "path")->shape[0], 9);
        assert_memory_equal(ken_f64(trace_view(&t, "path")) + 8 * 4, first[e - 1], sizeof first[0]);
    }
    memcpy(m, ken_f64(trace_view(&t, "m")), sizeof m);
    for (int k = 0; k < 4; k++) {
        static const int to[] = {3, 8, 1, 8};
        TEST_OK(ctx, ken_trace_seek(t.trace, to[k]));
        assert_memory_equal(ken_f64(trace_view(&t, "coef")), first[to[k] - 1], sizeof first[0]);
    }
    assert_memory_equal(ken_f64(trace_view(&t, "m")), m, sizeof m);
    assert_non_null(trace_view(&t, "v"));
    trace_close(ctx, &t, true);
    linear_sample_free(&s);
    test_ctx_free(ctx);
}

/* Validation rows that contradict the training rows: the best step is an early one, and it is the one kept. */
static void test_sgd__patience_keeps_the_best(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    linear_sample s = linear_sample_new(80, 3, 0, false);
    uint8_t role[80];
    for (int i = 0; i < 80; i++) {
        role[i] = i < 60 ? KEN_ROLE_TRAIN : KEN_ROLE_VALIDATION;
        if (i >= 60) s.y[i] *= 0.3;
    }
    ken_table *table = test_table(ctx, s.X, 80, 3);
    const ken_column target = test_column_f64("y", s.y, 80);
    const ken_data data = {.table = table, .target = &target, .role = role, .task = KEN_REGRESS};
    ken_model *stopped, *full, *again;
    ken_trace *trace;
    double best = INFINITY;
    int64_t at = 0;
    TEST_OK(ctx, ken_model_new(ctx, "sgd", "batch_rows=0 schedule=constant epochs=60", &full));
    TEST_OK(ctx, ken_model_trace(ctx, full, &data, &trace));
    for (int e = 1; e <= 60; e++) {
        TEST_OK(ctx, ken_trace_seek(trace, e));
        if (ken_trace_at(trace)->validation < best) best = ken_trace_at(trace)->validation, at = e;
    }
    TEST_OK(ctx, ken_trace_end(trace, false));
    assert_in_range(at, 1, 40);
    TEST_OK(ctx, ken_model_new(ctx, "sgd", "batch_rows=0 schedule=constant epochs=60 patience=5", &stopped));
    TEST_OK(ctx, ken_model_fit(ctx, stopped, &data));
    assert_int_equal((int64_t)ken_model_attr_f64(stopped, "n_iter", NAN), at);
    assert_int_equal((int64_t)ken_model_attr_f64(stopped, "n_updates", NAN), at + 5);
    char settings[80];
    snprintf(settings, sizeof settings, "batch_rows=0 schedule=constant epochs=%d", (int)at);
    TEST_OK(ctx, ken_model_new(ctx, "sgd", settings, &again));
    TEST_OK(ctx, ken_model_fit(ctx, again, &data));
    linear_expect_coefs(stopped, again, 0);
    ken_model_free(stopped), ken_model_free(full), ken_model_free(again);
    ken_table_free(table);
    linear_sample_free(&s);
    test_ctx_free(ctx);
}

/* --- doors and errors ------------------------------------------------------------------------------------- */

/* Its list is that of the catalog: an optimizer that is added must be added there. */
static void test_sgd__knows_every_optimizer(void **state) {
    const ken_desc *d;
    int known = 0;
    (void)state;
    for (int i = 0; (d = ken_catalog_at(i)); i++) {
        bool found = false;
        if (d->kind != KEN_OPTIMIZER || d->optimizer->second_order) continue;
        for (int k = 0; ken__sgd_optimizer_names[k]; k++) found |= strcmp(ken__sgd_optimizer_names[k], d->name) == 0;
        if (!found) fail_msg("sgd does not know the optimizer %s: sgd_setup.c", d->name);
        known++;
    }
    for (int k = 0; ken__sgd_optimizer_names[k]; k++, known--) {
        ken_ctx *ctx = test_ctx(1);
        ken_optim *o;
        const ken_sgd_params p = {.optimizer = k, .optimizer_settings = ""};
        TEST_OK(ctx, ken__sgd_optimizer(ctx, &p, 0.5, 2, &o));
        assert_string_equal(ken_optimizer_desc(o)->name, ken__sgd_optimizer_names[k]);
        TEST_NEAR(ken_optimizer_rate(o), 0.5, 0);
        ken_optimizer_free(o);
        test_ctx_free(ctx);
    }
    assert_int_equal(known, 0);
}

/* All optimizers with the rate that sgd chooses: better than the mean by far. */
static void test_sgd__every_optimizer_learns(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    linear_sample s = linear_sample_new(300, 4, 2, false);
    for (int k = 0; ken__sgd_optimizer_names[k]; k++) {
        char settings[80];
        snprintf(settings, sizeof settings, "optimizer=%s batch_rows=%d", ken__sgd_optimizer_names[k],
                 k == KEN_SGD_RPROP ? 0 : 16);
        ken_model *m = linear_sample_fit(ctx, "sgd", settings, &s);
        ken_model *exact = linear_sample_fit(ctx, "logistic", "l2=0", &s);
        const double got = ken_model_attr_f64(m, "objective", NAN);
        const double best = ken_model_attr_f64(exact, "objective", NAN) / 300, none = log(2);
        if (!(got - best < 0.1 * (none - best))) fail_msg("%s: loss %g, best %g", settings, got, best);
        assert_true(got >= best - 1e-12);
        ken_model_free(m);
        ken_model_free(exact);
    }
    linear_sample_free(&s);
    test_ctx_free(ctx);
}

static void test_sgd__settings_of_the_optimizer(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    ken_model *m;
    TEST_OK(ctx, ken_model_new(ctx, "sgd", "optimizer=adam optimizer.beta1=0.8 optimizer.beta2=0.9", &m));
    assert_string_equal(((const ken_sgd_params *)ken_model_params(m))->optimizer_settings, "beta1=0.8,beta2=0.9");
    ken_model_free(m);
    expect_same_bits("optimizer=adam optimizer.beta1=0.9 epochs=3", "optimizer=adam epochs=3", 0);
    TEST_FAILS(ctx, ken_model_new(ctx, "sgd", "optimizer.beta1=0.8", &m), KEN_E_ARG, "gd has no parameter 'beta1'");
    TEST_FAILS(ctx, ken_model_new(ctx, "sgd", "optimizer=adam optimizer.beta1=2", &m), KEN_E_ARG, "beta1");
    TEST_FAILS(ctx, ken_model_new(ctx, "sgd", "optimizer=adam optimizer.learning_rate=2", &m), KEN_E_ARG, "learning_rate");
    TEST_FAILS(ctx, ken_model_new(ctx, "sgd", "optimizer=newton", &m), KEN_E_ARG, "newton");
    TEST_FAILS(ctx, ken_model_new(ctx, "sgd", "rate.beta1=2", &m), KEN_E_ARG, "rate.beta1");
    const ken_sgd_params p = KEN_SGD_DEFAULTS;
    TEST_OK(ctx, ken_sgd_new(ctx, &p, &m));
    ken_model_free(m);
    test_ctx_free(ctx);
}

static void test_sgd__errors_of_a_fit(void **state) {
    (void)state;
    static const struct {
        const char *settings, *part;
        int k;
        ken_status code;
    } rounds[] = {{"loss=hinge", "numbers", 0, KEN_E_ARG},
                  {"loss=huber", "classes", 2, KEN_E_ARG},
                  {"learning_rate=1000", "diverged", 0, KEN_E_VALUE},
                  {"learning_rate=1000 batch_rows=0 step_unit=update optimizer=momentum", "diverged", 0, KEN_E_VALUE}};
    ken_ctx *ctx = test_ctx(1);
    for (int r = 0; r < KEN_COUNT(rounds); r++) {
        linear_sample s = linear_sample_new(50, 3, rounds[r].k, false);
        ken_table *table = test_table(ctx, s.X, 50, 3);
        const ken_column target = test_column_f64("y", s.y, 50);
        const ken_data data = {.table = table, .target = &target, .task = s.task};
        ken_model *m;
        TEST_OK(ctx, ken_model_new(ctx, "sgd", rounds[r].settings, &m));
        TEST_FAILS(ctx, ken_model_fit(ctx, m, &data), rounds[r].code, rounds[r].part);
        ken_model_free(m);
        ken_table_free(table);
        linear_sample_free(&s);
    }
    test_ctx_free(ctx);
}

/* --- properties ------------------------------------------------------------------------------------------- */

static void test_sgd__weight_two_is_the_row_twice(void **state) {
    (void)state;
    linear_check_weights("sgd", EXACT, 0, 1e-11);
    linear_check_weights("sgd", "batch_rows=0 schedule=constant epochs=20000 tol=1e-11 optimizer=nesterov l2=0.01", 3, 1e-8);
}
static void test_sgd__order_of_rows_does_not_matter_to_all_of_them(void **state) {
    (void)state;
    linear_check_permutation("sgd", "batch_rows=0 epochs=50", 0, 1e-11);
    linear_check_permutation("sgd", "batch_rows=0 epochs=50", 2, 1e-11);
}
static void test_sgd__same_bits_for_any_number_of_threads(void **state) {
    (void)state;
    linear_check_threads("sgd", "epochs=2", 0);
    linear_check_threads("sgd", "batch_rows=0 epochs=20", 3);
    linear_check_threads("sgd", "batch_rows=10000 epochs=3 optimizer=adam", 2);
}
static void test_sgd__packed_model_predicts_the_same(void **state) {
    (void)state;
    for (int k = 0; k <= 3; k++)
        if (k != 1) linear_check_pack("sgd", "epochs=3", k);
}
static void test_sgd__contributions_sum_to_the_margin(void **state) {
    (void)state;
    linear_check_contributions("sgd", "epochs=3", 0);
    linear_check_contributions("sgd", "epochs=3 loss=hinge", 3);
}
static void test_sgd__rows_of_weight_zero_do_not_count(void **state) {
    (void)state;
    linear_check_zero_weights("sgd", EXACT, 0);
}
static void test_sgd__every_allocation_may_fail(void **state) {
    (void)state;
    linear_check_allocations("sgd", "epochs=3 optimizer=adam optimizer.amsgrad=true", 0);
    linear_check_allocations("sgd", "epochs=3 optimizer=nesterov patience=1", 3);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sgd__gradient_descent_finds_least_squares),
        cmocka_unit_test(test_sgd__l2_is_ridge),
        cmocka_unit_test(test_sgd__logistic_and_softmax),
        cmocka_unit_test(test_sgd__l1_is_the_lasso),
        cmocka_unit_test(test_sgd__batches_come_near),
        cmocka_unit_test(test_sgd__huber_is_calm_about_an_outlier),
        cmocka_unit_test(test_sgd__hinge_finds_the_widest_street),
        cmocka_unit_test(test_sgd__two_updates_by_hand),
        cmocka_unit_test(test_sgd__updates_of_classes_by_hand),
        cmocka_unit_test(test_sgd__schedules_by_hand),
        cmocka_unit_test(test_sgd__gradients_are_those_of_the_values),
        cmocka_unit_test(test_sgd__units_of_a_step_do_not_change_the_path),
        cmocka_unit_test(test_sgd__trace_forth_and_back),
        cmocka_unit_test(test_sgd__patience_keeps_the_best),
        cmocka_unit_test(test_sgd__knows_every_optimizer),
        cmocka_unit_test(test_sgd__every_optimizer_learns),
        cmocka_unit_test(test_sgd__settings_of_the_optimizer),
        cmocka_unit_test(test_sgd__errors_of_a_fit),
        cmocka_unit_test(test_sgd__weight_two_is_the_row_twice),
        cmocka_unit_test(test_sgd__order_of_rows_does_not_matter_to_all_of_them),
        cmocka_unit_test(test_sgd__same_bits_for_any_number_of_threads),
        cmocka_unit_test(test_sgd__packed_model_predicts_the_same),
        cmocka_unit_test(test_sgd__contributions_sum_to_the_margin),
        cmocka_unit_test(test_sgd__rows_of_weight_zero_do_not_count),
        cmocka_unit_test(test_sgd__every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
