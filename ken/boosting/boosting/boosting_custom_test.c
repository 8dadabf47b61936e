/* Losses of the caller's own: as formulas and as functions they give the models of the built-in ones. */
#include "ken/boosting/boosting/boosting.h"
#include "ken/core/rng.h"
#include "tests/support.h"

enum { N = 900, D = 4 };

typedef struct custom_case {
    double x[D * N], y[N], positive[N], class[N], weight[N];
    uint8_t role[N];
    ken_table *X;
} custom_case;

static void custom_case_fill(ken_ctx *ctx, custom_case *t) {
    ken_rng rng = ken_rng_stream(ctx, "test.custom", 0);
    for (int i = 0; i < N; i++) {
        double *const x = t->x + D * i;
        for (int j = 0; j < D; j++) x[j] = ken_rng_f64(&rng);
        t->y[i] = sin(6 * x[0]) + x[1] + 0.3 * ken_rng_normal(&rng);
        t->positive[i] = exp(t->y[i]);
        t->class[i] = ken_rng_f64(&rng) < 1 / (1 + exp(-2 * t->y[i]));
        t->weight[i] = 1 + (double)ken_rng_below(&rng, 3);
        t->role[i] = i % 3 == 0 ? KEN_ROLE_VALIDATION : KEN_ROLE_TRAIN;
    }
    t->X = test_table(ctx, t->x, N, D);
}

static ken_status custom_fit(ken_ctx *ctx, const custom_case *t, const double *target, ken_task task, bool weighted,
                             const char *settings, const ken_boosting_objective *own, ken_model **out) {
    const ken_column y = test_column_f64("y", target, N), w = test_column_f64("w", t->weight, N);
    const ken_data data = {.table = t->X, .target = &y, .weight = weighted ? &w : NULL, .role = t->role, .task = task};
    ken_status status = ken_model_new(ctx, "boosting", settings, out);
    if (status != KEN_OK) return status;
    TEST_OK(ctx, ken_boosting_set_objective(ctx, *out, own));
    status = ken_model_fit(ctx, *out, &data);
    if (status != KEN_OK) ken_model_free(*out);
    return status;
}

static void custom_predict(ken_ctx *ctx, const custom_case *t, const ken_model *m, ken_what what, int64_t width,
                           double *out) {
    ken_tensor T = ken_tensor_2d(out, KEN_F64, N, width);
    TEST_OK(ctx, ken_model_predict(ctx, m, t->X, what, &T));
}

#define RULES "trees=30 linear_leaves=false min_leaf_rows=5 min_leaf_weight=0.5 l2=2 node_fraction=1 "

/* Where the built-in loss takes plain Newton steps, too. The gradients of both are rounded to whole numbers, so that
 * a difference of the last bit can be one of a rounding step: 1e-9 but for the logistic loss, whose slopes come from
 * another formula. */
static void test_boosting_custom__formulas_give_the_built_in_models(void **state) {
    static const struct {
        const char *built_in, *formula;
        int target; /* 0: any number, 1: above 0, 2: a class */
        double within;
    } list[] = {{"loss=squared", "objective=0.5*(y-p)^2", 0, 1e-9},
                {"loss=tweedie tweedie_power=1.5", "objective=2*y*exp(-p/2)+2*exp(p/2) link=log", 1, 1e-9},
                {"loss=expectile expectile=0.8", "objective=if(p>y;0.2;0.8)*(y-p)^2", 0, 1e-9},
                {"loss=logistic", "objective=softplus(p)-y*p", 2, 1e-6}};
    static custom_case t;
    static double p[2 * N], q[2 * N];
    ken_ctx *ctx = test_ctx(2);
    (void)state;
    custom_case_fill(ctx, &t);
    for (int c = 0; c < 2 * KEN_COUNT(list); c++) {
        const int l = c / 2;
        const double *const y = list[l].target == 2 ? t.class : list[l].target ? t.positive : t.y;
        const bool classes = list[l].target == 2;
        char built_in[200], formula[200];
        ken_model *a, *b;
        snprintf(built_in, sizeof built_in, RULES "%s", list[l].built_in);
        snprintf(formula, sizeof formula, RULES "%s", list[l].formula);
        TEST_OK(ctx, custom_fit(ctx, &t, y, classes ? KEN_CLASSIFY : KEN_REGRESS, c % 2, built_in, NULL, &a));
        TEST_OK(ctx, custom_fit(ctx, &t, y, classes ? KEN_CLASSIFY : KEN_REGRESS, c % 2, formula, NULL, &b));
        custom_predict(ctx, &t, a, classes ? KEN_WHAT_PROBA : KEN_WHAT_VALUE, 1 + classes, p);
        custom_predict(ctx, &t, b, classes ? KEN_WHAT_PROBA : KEN_WHAT_VALUE, 1 + classes, q);
        for (int i = 0; i < (1 + classes) * N; i++)
            test_near_(q[i], p[i], list[l].within, list[l].within, formula, __FILE__, __LINE__);
        ken_model_free(a), ken_model_free(b);
    }
    ken_table_free(t.X);
    test_ctx_free(ctx);
}

/* Poisson: the built-in one shortens steps upwards, so compare where both end: at the mean of a leaf's rows. */
static void test_boosting_custom__poisson_ends_at_the_means_of_groups(void **state) {
    static custom_case t;
    static double count[N], p[N];
    ken_ctx *ctx = test_ctx(1);
    ken_model *m;
    double sum[3] = {0}, n[3] = {0};
    (void)state;
    custom_case_fill(ctx, &t);
    for (int i = 0; i < N; i++) {
        const int group = i % 3;
        for (int j = 0; j < D; j++) t.x[D * i + j] = j ? 0 : group;
        count[i] = floor(t.positive[i] * (1 + group));
        t.role[i] = KEN_ROLE_TRAIN;
        sum[group] += count[i], n[group]++;
    }
    ken_table_free(t.X);
    t.X = test_table(ctx, t.x, N, D);
    TEST_OK(ctx, custom_fit(ctx, &t, count, KEN_REGRESS, false, "trees=150 learning_rate=0.5 row_fraction=1 l2=0 "
                            "early_stopping=off objective=exp(p)-y*p link=log", NULL, &m));
    custom_predict(ctx, &t, m, KEN_WHAT_VALUE, 1, p);
    for (int i = 0; i < N; i++) TEST_NEAR(p[i], sum[i % 3] / n[i % 3], 1e-5);
    ken_model_free(m);
    ken_table_free(t.X);
    test_ctx_free(ctx);
}

/* No curvature anywhere: 1 stands for it, and the median is approached. */
static void test_boosting_custom__a_formula_without_curvature_learns(void **state) {
    static custom_case t;
    static double p[N], q[N];
    ken_ctx *ctx = test_ctx(1);
    ken_model *m;
    double error = 0, still = 0;
    (void)state;
    custom_case_fill(ctx, &t);
    TEST_OK(ctx, custom_fit(ctx, &t, t.y, KEN_REGRESS, false, "trees=200 objective=abs(y-p)", NULL, &m));
    custom_predict(ctx, &t, m, KEN_WHAT_VALUE, 1, p);
    ken_model_free(m);
    TEST_OK(ctx, custom_fit(ctx, &t, t.y, KEN_REGRESS, false, "trees=1 learning_rate=1e-9 loss=absolute", NULL, &m));
    custom_predict(ctx, &t, m, KEN_WHAT_VALUE, 1, q); /* the median */
    ken_model_free(m);
    for (int i = 0; i < N; i++) error += fabs(t.y[i] - p[i]), still += fabs(t.y[i] - q[i]);
    assert_true(error < 0.5 * still);
    ken_table_free(t.X);
    test_ctx_free(ctx);
}

/* The history holds the metric, of predictions, not margins; the kept round is the best by it. */
static void test_boosting_custom__a_metric_is_what_stops(void **state) {
    static custom_case t;
    static double p[N];
    ken_ctx *ctx = test_ctx(1);
    ken_model *m;
    double sum = 0, n = 0;
    (void)state;
    custom_case_fill(ctx, &t);
    TEST_OK(ctx, custom_fit(ctx, &t, t.positive, KEN_REGRESS, true, "trees=12 patience=12 loss=gamma metric=abs(y-p)",
                            NULL, &m));
    custom_predict(ctx, &t, m, KEN_WHAT_VALUE, 1, p);
    for (int i = 0; i < N; i += 3) sum += t.weight[i] * fabs(t.positive[i] - p[i]), n += t.weight[i];
    const ken_tensor *history = ken_model_attr(m, "validation_metric");
    double least = INFINITY;
    for (int64_t i = 0; i < history->shape[0]; i++) least = fmin(least, ((const double *)history->data)[i]);
    TEST_NEAR(least, sum / n, 1e-12);
    ken_model_free(m);
    ken_table_free(t.X);
    test_ctx_free(ctx);
}

/* --- functions --- */

typedef struct squares {
    int calls, fail;
} squares;

static ken_status squares_derivatives(void *user, ken_ctx *ctx, int64_t n, const double *margin, const double *target,
                                      const double *weight, double *g, double *h) {
    squares *const s = user;
    (void)weight;
    s->calls++;
    if (s->fail == 1) return KEN_FAIL(ctx, KEN_E_VALUE, NULL, "squares: no");
    for (int64_t i = 0; i < n; i++) g[i] = s->fail == 2 && i == 5 ? (double)NAN : margin[i] - target[i], h[i] = 1;
    return KEN_OK;
}

static double squares_metric(void *user, int64_t n, const double *margin, const double *target, const double *weight) {
    double sum = 0, total = 0;
    (void)user;
    for (int64_t i = 0; i < n; i++) {
        const double w = weight ? weight[i] : 1;
        sum += w * (margin[i] - target[i]) * (margin[i] - target[i]) / 2;
        total += w;
    }
    return sum / total;
}

static void test_boosting_custom__functions_give_the_built_in_model(void **state) {
    static custom_case t;
    static double p[N], q[N];
    squares s = {0, 0};
    ken_ctx *ctx = test_ctx(2);
    (void)state;
    custom_case_fill(ctx, &t);
    for (int weighted = 0; weighted < 2; weighted++) {
        ken_model *a, *b, *again;
        TEST_OK(ctx, custom_fit(ctx, &t, t.y, KEN_REGRESS, weighted, RULES "loss=squared", NULL, &a));
        const ken_boosting_objective own = {squares_derivatives, squares_metric, &s,
                                            ken_model_attr_f64(a, "base", (double)NAN)};
        TEST_OK(ctx, custom_fit(ctx, &t, t.y, KEN_REGRESS, weighted, RULES, &own, &b));
        custom_predict(ctx, &t, a, KEN_WHAT_VALUE, 1, p);
        custom_predict(ctx, &t, b, KEN_WHAT_VALUE, 1, q);
        for (int i = 0; i < N; i++) TEST_NEAR(q[i], p[i], 1e-12);
        assert_true(s.calls == 30);
        s.calls = 0;
        TEST_OK(ctx, ken_model_clone(ctx, b, &again)); /* a clone has it, too */
        const ken_column y = test_column_f64("y", t.y, N);
        const ken_data data = {.table = t.X, .target = &y, .task = KEN_REGRESS};
        TEST_OK(ctx, ken_model_fit(ctx, again, &data));
        assert_true(s.calls == 30);
        s.calls = 0;
        ken_model_free(a), ken_model_free(b), ken_model_free(again);
    }
    ken_table_free(t.X);
    test_ctx_free(ctx);
}

static void test_boosting_custom__says_what_is_wrong(void **state) {
    static custom_case t;
    squares s = {0, 1};
    const ken_boosting_objective own = {squares_derivatives, NULL, &s, 0}, none = {NULL, NULL, NULL, 0};
    ken_ctx *ctx = test_ctx(1);
    ken_model *m;
    (void)state;
    custom_case_fill(ctx, &t);
    static const struct {
        const char *settings, *part;
        ken_status status;
    } list[] = {{"objective=y-q", "character 3", KEN_E_ARG},
                {"metric=(y", "character 3", KEN_E_ARG},
                {"objective=(y-p)^2 loss=huber", "huber", KEN_E_ARG},
                {"objective=(y-p)^2 quantiles=0.1|0.9", "quantile", KEN_E_ARG},
                {"objective=log(p-1e9)", "no number", KEN_E_VALUE}};
    for (int i = 0; i < KEN_COUNT(list); i++)
        TEST_FAILS(ctx, custom_fit(ctx, &t, t.y, KEN_REGRESS, false, list[i].settings, NULL, &m), list[i].status,
                   list[i].part);
    TEST_FAILS(ctx, custom_fit(ctx, &t, t.y, KEN_REGRESS, false, "trees=3", &own, &m), KEN_E_VALUE, "squares: no");
    s.fail = 2;
    TEST_FAILS(ctx, custom_fit(ctx, &t, t.y, KEN_REGRESS, false, "trees=3", &own, &m), KEN_E_VALUE, "no number");
    TEST_FAILS(ctx, custom_fit(ctx, &t, t.y, KEN_REGRESS, false, "objective=(y-p)^2", &own, &m), KEN_E_ARG, "function");
    TEST_OK(ctx, ken_model_new(ctx, "boosting", NULL, &m));
    TEST_FAILS(ctx, ken_boosting_set_objective(ctx, m, &none), KEN_E_ARG, "objective");
    ken_model_free(m);
    ken_table_free(t.X);
    test_ctx_free(ctx);
}

static ken_model *custom_fit_anew(ken_ctx *ctx, void *settings) {
    static custom_case t;
    ken_model *m;
    custom_case_fill(ctx, &t);
    TEST_OK(ctx, custom_fit(ctx, &t, t.y, KEN_REGRESS, true, settings, NULL, &m));
    ken_table_free(t.X);
    return m;
}

static void test_boosting_custom__any_thread_count_gives_the_same_bits(void **state) {
    (void)state;
    test_same_for_any_threads(custom_fit_anew, "trees=6 objective=log1p((y-p)^2)+0.1*(y-p)^2 metric=abs(y-p)");
}

static ken_status custom_fit_once(ken_ctx *ctx, void *arg) {
    const custom_case *t = arg;
    const ken_column y = test_column_f64("y", t->class, N);
    const ken_data data = {.table = t->X, .target = &y, .task = KEN_CLASSIFY};
    ken_model *m = NULL;
    ken_status status =
        ken_model_new(ctx, "boosting", "trees=1 max_leaves=2 objective=softplus(p)-y*p metric=abs(y-p)", &m);
    if (status == KEN_OK) status = ken_model_fit(ctx, m, &data);
    ken_model_free(m);
    return status;
}

static void test_boosting_custom__every_failed_allocation_is_an_error(void **state) {
    static custom_case t;
    ken_ctx *ctx = test_ctx(1);
    (void)state;
    custom_case_fill(ctx, &t);
    test_every_allocation(custom_fit_once, &t, 3000);
    ken_table_free(t.X);
    test_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_boosting_custom__formulas_give_the_built_in_models),
        cmocka_unit_test(test_boosting_custom__poisson_ends_at_the_means_of_groups),
        cmocka_unit_test(test_boosting_custom__a_formula_without_curvature_learns),
        cmocka_unit_test(test_boosting_custom__a_metric_is_what_stops),
        cmocka_unit_test(test_boosting_custom__functions_give_the_built_in_model),
        cmocka_unit_test(test_boosting_custom__says_what_is_wrong),
        cmocka_unit_test(test_boosting_custom__any_thread_count_gives_the_same_bits),
        cmocka_unit_test(test_boosting_custom__every_failed_allocation_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
