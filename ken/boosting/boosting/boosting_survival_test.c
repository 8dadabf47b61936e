/* Survival losses: values against their definitions, slopes against differences, models against published
 * coefficients. */
#include "ken/boosting/boosting/boosting.h"
#include "ken/boosting/boosting_loss_table.h"
#include "ken/core/rng.h"
#include "tests/support.h"

enum { N = 60 };

typedef struct survival_case {
    boosting_loss loss;
    double y[N], upper[N], weight[N], margin[N], base;
} survival_case;

/* Times that tie, a third of them open above; for aft also intervals, and bounds from above only. */
static void survival_case_start(ken_ctx *ctx, survival_case *t, boosting_loss_kind kind, bool weighted) {
    ken_rng rng = ken_rng_stream(ctx, "test.survival", 0);
    memset(t, 0, sizeof *t);
    t->loss.outputs = 1, t->loss.n = t->loss.n_train = N, t->loss.aft_scale = 0.7;
    t->loss.y = t->y, t->loss.upper = t->upper, t->loss.margin = t->margin;
    t->loss.weight = weighted ? t->weight : NULL;
    for (int i = 0; i < N; i++) {
        t->y[i] = (double)(1 + ken_rng_below(&rng, 15));
        t->upper[i] = i % 3 == 2 ? (double)INFINITY : t->y[i];
        t->weight[i] = (double)ken_rng_below(&rng, 4);
        if (kind == BOOSTING_AFT && i % 7 == 0) t->upper[i] = t->y[i] + 3 * ken_rng_f64(&rng);
        if (kind == BOOSTING_AFT && i % 7 == 3) t->upper[i] = t->y[i], t->y[i] = 0;
    }
    if (kind == BOOSTING_AFT) t->y[7] = 5, t->upper[7] = 5 * (1 + 1e-9); /* an interval too narrow to subtract */
    ken__boosting_loss_choose(&t->loss, kind);
}

/* --- Cox --- */

/* Straight from the definition (Efron 1977, eq. for ties; Breslow 1974), one moment after another. */
static double cox_definition(const survival_case *t, const double *F) {
    double sum = 0, total = 0;
    for (int first = 0; first < N; first++) {
        double risk = 0, tied = 0, weight = 0;
        int events = 0;
        bool seen_before = false;
        for (int j = 0; j < N; j++) {
            const double w = t->loss.weight ? t->weight[j] : 1;
            const bool event = t->upper[j] == t->y[j] && w > 0;
            if (t->y[j] >= t->y[first]) risk += w * exp(F[j]);
            if (t->y[j] != t->y[first] || !event) continue;
            seen_before |= j < first;
            tied += w * exp(F[j]);
            weight += w;
            events++;
        }
        const double w = t->loss.weight ? t->weight[first] : 1;
        if (t->upper[first] == t->y[first]) sum -= w * F[first], total += w;
        if (seen_before || events == 0 || t->upper[first] != t->y[first] || w == 0) continue;
        for (int e = 0; e < events; e++)
            sum += weight / events * log(risk - (t->loss.breslow ? 0 : tied * e / events));
    }
    return sum / total;
}

static void test_boosting_survival__cox_is_its_definition(void **state) {
    static survival_case t;
    ken_ctx *ctx = test_ctx(1);
    (void)state;
    for (int c = 0; c < 4; c++) {
        ken_rng rng = ken_rng_stream(ctx, "test.margin", (uint64_t)c);
        double total = 0, mean, F[N];
        survival_case_start(ctx, &t, BOOSTING_COX, c % 2);
        t.loss.breslow = c / 2;
        TEST_OK(ctx, ken__boosting_loss_start(ctx, &t.loss, &t.base));
        for (int i = 0; i < N; i++) {
            t.margin[i] = ken_rng_normal(&rng);
            if (t.upper[i] == t.y[i]) total += t.loss.weight ? t.weight[i] : 1;
        }
        TEST_OK(ctx, ken__boosting_loss_mean(ctx, &t.loss, 0, N, &mean));
        TEST_NEAR(mean, cox_definition(&t, t.margin), 1e-12);
        TEST_OK(ctx, ken__boosting_loss_refresh(ctx, &t.loss));
        for (int i = 0; i < N; i++) {
            const double w = t.loss.weight ? t.weight[i] : 1, e = 1e-3;
            double at[3];
            for (int s = 0; s < 3; s++) {
                memcpy(F, t.margin, sizeof F);
                F[i] += e * (s - 1);
                at[s] = total * cox_definition(&t, F);
            }
            test_near_(w * t.loss.g[i], (at[2] - at[0]) / (2 * e), 1e-5, 1e-6, "slope", __FILE__, __LINE__);
            test_near_(w * t.loss.h[i], (at[2] - 2 * at[1] + at[0]) / (e * e), 1e-4, 1e-5, "bend", __FILE__, __LINE__);
        }
        ken__boosting_loss_free(ctx, &t.loss);
    }
    test_ctx_free(ctx);
}

/* Remission of leukemia in weeks, 6-mercaptopurine against placebo (Freireich et al. 1963), the data of many
 * textbooks; the coefficient of placebo by Newton's method on the partial likelihood as it is defined, in numpy:
 * 1.57213 (Efron) and 1.50919 (Breslow). Two leaves that are refined until they no longer move: the same. */
static void test_boosting_survival__cox_of_two_groups_is_the_published_coefficient(void **state) {
    static const double weeks[] = {6,  6,  6,  6,  7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35,
                                   1,  1,  2,  2,  3, 4, 4,  5,  5,  8,  8,  8,  8,  11, 11, 12, 12, 15, 17, 22, 23};
    static const double seen[] = {1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0,
                                  1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
    static const struct {
        const char *ties;
        double want;
    } list[] = {{"efron", 1.5721}, {"breslow", 1.5092}};
    double x[42], margin[42];
    ken_ctx *ctx = test_ctx(1);
    (void)state;
    for (int i = 0; i < 42; i++) x[i] = i >= 21;
    ken_table *X = test_table(ctx, x, 42, 1);
    const ken_column y = test_column_f64("weeks", weeks, 42), event = test_column_f64("seen", seen, 42);
    const ken_data data = {.table = X, .target = &y, .event = &event, .task = KEN_REGRESS};
    for (int l = 0; l < KEN_COUNT(list); l++) {
        ken_model *m;
        char settings[160];
        snprintf(settings, sizeof settings, "trees=300 learning_rate=0.3 l2=0 row_fraction=1 min_leaf_rows=1 "
                 "min_leaf_weight=1e-6 early_stopping=off loss=cox cox_ties=%s", list[l].ties);
        TEST_OK(ctx, ken_model_new(ctx, "boosting", settings, &m));
        TEST_OK(ctx, ken_model_fit(ctx, m, &data));
        ken_tensor T = ken_tensor_2d(margin, KEN_F64, 42, 1);
        TEST_OK(ctx, ken_model_predict(ctx, m, X, KEN_WHAT_MARGIN, &T));
        test_near_(margin[41] - margin[0], list[l].want, 1e-4, 0, list[l].ties, __FILE__, __LINE__);
        TEST_OK(ctx, ken_model_predict(ctx, m, X, KEN_WHAT_VALUE, &T)); /* the hazard ratio itself */
        TEST_NEAR(log(margin[41] / margin[0]), list[l].want, 1e-3);
        ken_model_free(m);
    }
    ken_table_free(X);
    test_ctx_free(ctx);
}

/* --- AFT --- */

static void test_boosting_survival__aft_slopes_are_differences_of_values(void **state) {
    static survival_case t;
    ken_ctx *ctx = test_ctx(1);
    (void)state;
    for (int law = BOOSTING_AFT_NORMAL; law <= BOOSTING_AFT_EXTREME; law++) {
        survival_case_start(ctx, &t, BOOSTING_AFT, false);
        t.loss.aft = law;
        TEST_OK(ctx, ken__boosting_loss_start(ctx, &t.loss, &t.base));
        double G = 0, g, h, slope[3], at[3], spare;
        for (int i = 0; i < N; i++) {
            t.loss.row->block(ken_kernels_at(0), &t.loss, 0, i, 1, &g, &h);
            G += g;
        }
        assert_true(fabs(G) < 1e-6); /* no constant is better */
        for (int i = 0; i < N; i++)
            for (int place = -3; place <= 3; place++) {
                const double e = 1e-4, F = t.base + place;
                for (int s = 0; s < 3; s++) {
                    t.margin[i] = F + e * (s - 1);
                    t.loss.row->value(ken_kernels_at(0), &t.loss, i, 1, &at[s]);
                    t.loss.row->block(ken_kernels_at(0), &t.loss, 0, i, 1, &slope[s], s == 1 ? &h : &spare);
                }
                assert_true(h >= 0);
                test_near_(slope[1], (at[2] - at[0]) / (2 * e), 1e-5, 1e-6, "slope", __FILE__, __LINE__);
                test_near_(h, (slope[2] - slope[0]) / (2 * e), 1e-5, 1e-6, "bend", __FILE__, __LINE__);
            }
        ken__boosting_loss_free(ctx, &t.loss);
    }
    test_ctx_free(ctx);
}

/* Values: a probability is the integral of the density, by Simpson's rule. */
static void test_boosting_survival__aft_probabilities_are_integrals_of_the_density(void **state) {
    static survival_case t;
    ken_ctx *ctx = test_ctx(1);
    (void)state;
    for (int law = BOOSTING_AFT_NORMAL; law <= BOOSTING_AFT_EXTREME; law++) {
        survival_case_start(ctx, &t, BOOSTING_AFT, false);
        t.loss.aft = law, t.loss.aft_scale = 1;
        TEST_OK(ctx, ken__boosting_loss_start(ctx, &t.loss, &t.base));
        static const double bounds[][2] = {{0.2, 3}, {2, 40}, {0, 1.5}, {1.5, INFINITY}};
        for (int b = 0; b < KEN_COUNT(bounds); b++) {
            const int steps = 4000;
            double sum = 0, value;
            const double low = bounds[b][0] > 0 ? log(bounds[b][0]) : -40, high = fmin(log(bounds[b][1]), 40);
            for (int s = 0; s <= steps; s++) {
                const double z = low + (high - low) * s / steps;
                t.y[0] = t.upper[0] = exp(z), t.margin[0] = 0;
                t.loss.row->value(ken_kernels_at(0), &t.loss, 0, 1, &value);
                sum += (s == 0 || s == steps ? 1 : s % 2 ? 4 : 2) * exp(-value) * (high - low) / (3 * steps);
            }
            t.y[0] = bounds[b][0], t.upper[0] = bounds[b][1];
            t.loss.row->value(ken_kernels_at(0), &t.loss, 0, 1, &value);
            test_near_(exp(-value), sum, 1e-7, 1e-9, "probability", __FILE__, __LINE__);
        }
        ken__boosting_loss_free(ctx, &t.loss);
    }
    test_ctx_free(ctx);
}

/* --- models --- */

enum { ROWS = 1500 };

typedef struct survival_table {
    double x[3 * ROWS], time[ROWS], truth[ROWS], event[ROWS];
    uint8_t role[ROWS];
    ken_table *X;
} survival_table;

/* Weibull times of scale e^f; each row is watched for a time of its own. */
static void survival_table_fill(ken_ctx *ctx, survival_table *t) {
    ken_rng rng = ken_rng_stream(ctx, "test.times", 0);
    for (int i = 0; i < ROWS; i++) {
        double *const x = t->x + 3 * i;
        for (int j = 0; j < 3; j++) x[j] = floor(20 * ken_rng_f64(&rng)) / 5;
        const double f = sin(2 * x[0]) + x[1] / 2;
        t->truth[i] = exp(f + 0.5 * log(-log(1 - ken_rng_f64(&rng))));
        const double watched = 8 * ken_rng_f64(&rng);
        t->time[i] = fmin(t->truth[i], watched);
        t->event[i] = t->truth[i] <= watched;
        t->role[i] = i % 3 == 0 ? KEN_ROLE_VALIDATION : KEN_ROLE_TRAIN;
    }
    t->X = test_table(ctx, t->x, ROWS, 3);
}

static ken_status survival_fit(ken_ctx *ctx, const survival_table *t, const double *y, bool censored,
                               const char *settings, ken_model **out) {
    const ken_column target = test_column_f64("t", y, ROWS), event = test_column_f64("e", t->event, ROWS);
    const ken_data data = {.table = t->X, .target = &target, .event = censored ? &event : NULL, .role = t->role,
                           .task = KEN_REGRESS};
    TEST_OK(ctx, ken_model_new(ctx, "boosting", settings, out));
    const ken_status status = ken_model_fit(ctx, *out, &data);
    if (status != KEN_OK) ken_model_free(*out);
    return status;
}

/* The pairs of true times of unseen rows that predictions order so: a risk the other way. */
static double survival_ordered(ken_ctx *ctx, const survival_table *t, const ken_model *m) {
    static double p[ROWS];
    double same = 0, all = 0;
    ken_tensor T = ken_tensor_2d(p, KEN_F64, ROWS, 1);
    TEST_OK(ctx, ken_model_predict(ctx, m, t->X, KEN_WHAT_VALUE, &T));
    for (int i = 0; i < ROWS; i += 3)
        for (int j = 0; j < ROWS; j += 3) {
            if (!(t->truth[i] < t->truth[j])) continue;
            same += p[i] < p[j] ? 1 : p[i] == p[j] ? 0.5 : 0;
            all++;
        }
    return same / all;
}

static void test_boosting_survival__orders_lives_it_has_not_seen(void **state) {
    static survival_table t;
    ken_ctx *ctx = test_ctx(2);
    ken_model *m;
    (void)state;
    survival_table_fill(ctx, &t);
    TEST_OK(ctx, survival_fit(ctx, &t, t.time, true, "loss=cox", &m));
    assert_true(survival_ordered(ctx, &t, m) < 0.22); /* the law itself: 0.19 */
    ken_model_free(m);
    TEST_OK(ctx, survival_fit(ctx, &t, t.time, true, "loss=aft aft_law=extreme aft_scale=0.5", &m));
    assert_true(survival_ordered(ctx, &t, m) > 0.78);
    ken_model_free(m);
    ken_table_free(t.X);
    test_ctx_free(ctx);
}

/* Normal, all seen, scale 1: squared error of the logarithm. */
static void test_boosting_survival__aft_of_seen_times_is_squared_error_of_logarithms(void **state) {
    static survival_table t;
    static double logs[ROWS], p[ROWS], q[ROWS];
    ken_ctx *ctx = test_ctx(1);
    ken_model *a, *b;
    (void)state;
    survival_table_fill(ctx, &t);
    for (int i = 0; i < ROWS; i++) logs[i] = log(t.truth[i]);
    static const char settings[] = "trees=40 linear_leaves=false min_leaf_rows=5 l2=2 node_fraction=1";
    char text[96];
    snprintf(text, sizeof text, "%s loss=aft", settings);
    TEST_OK(ctx, survival_fit(ctx, &t, t.truth, false, text, &a));
    TEST_OK(ctx, survival_fit(ctx, &t, logs, false, settings, &b));
    ken_tensor P = ken_tensor_2d(p, KEN_F64, ROWS, 1), Q = ken_tensor_2d(q, KEN_F64, ROWS, 1);
    TEST_OK(ctx, ken_model_predict(ctx, a, t.X, KEN_WHAT_MARGIN, &P));
    TEST_OK(ctx, ken_model_predict(ctx, b, t.X, KEN_WHAT_VALUE, &Q));
    for (int i = 0; i < ROWS; i++) test_near_(p[i], q[i], 1e-4, 1e-4, "margin", __FILE__, __LINE__);
    ken_model_free(a), ken_model_free(b);
    ken_table_free(t.X);
    test_ctx_free(ctx);
}

static ken_model *survival_fit_anew(ken_ctx *ctx, void *settings) {
    static survival_table t;
    ken_model *m;
    survival_table_fill(ctx, &t);
    TEST_OK(ctx, survival_fit(ctx, &t, t.time, true, settings, &m));
    ken_table_free(t.X);
    return m;
}

static void test_boosting_survival__any_thread_count_gives_the_same_bits(void **state) {
    (void)state;
    test_same_for_any_threads(survival_fit_anew, "trees=5 loss=cox");
    test_same_for_any_threads(survival_fit_anew, "trees=5 loss=aft aft_law=logistic");
}

static void test_boosting_survival__says_what_it_cannot_take(void **state) {
    static survival_table t;
    ken_ctx *ctx = test_ctx(1);
    ken_model *m;
    (void)state;
    survival_table_fill(ctx, &t);
    TEST_FAILS(ctx, survival_fit(ctx, &t, t.time, true, "loss=squared", &m), KEN_E_UNSUPPORTED, "squared");
    const double before = t.time[1];
    t.time[1] = 0;
    TEST_FAILS(ctx, survival_fit(ctx, &t, t.time, false, "loss=aft", &m), KEN_E_VALUE, "above 0");
    t.time[1] = before;
    for (int i = 0; i < ROWS; i++) t.event[i] = 0;
    TEST_FAILS(ctx, survival_fit(ctx, &t, t.time, true, "loss=cox", &m), KEN_E_VALUE, "event");
    TEST_FAILS(ctx, survival_fit(ctx, &t, t.time, true, "loss=aft", &m), KEN_E_VALUE, "end");
    double upper[ROWS];
    for (int i = 0; i < ROWS; i++) upper[i] = t.time[i] + 1;
    const ken_column y = test_column_f64("t", t.time, ROWS), u = test_column_f64("u", upper, ROWS);
    const ken_data data = {.table = t.X, .target = &y, .upper = &u, .task = KEN_REGRESS};
    TEST_OK(ctx, ken_model_new(ctx, "boosting", "loss=cox", &m));
    TEST_FAILS(ctx, ken_model_fit(ctx, m, &data), KEN_E_UNSUPPORTED, "open above");
    TEST_OK(ctx, ken_model_set(ctx, m, "loss", "aft"));
    TEST_OK(ctx, ken_model_set(ctx, m, "trees", "2"));
    TEST_OK(ctx, ken_model_fit(ctx, m, &data));
    ken_model_free(m);
    ken_table_free(t.X);
    test_ctx_free(ctx);
}

static ken_status survival_fit_once(ken_ctx *ctx, void *arg) {
    const survival_table *t = arg;
    const ken_column y = test_column_f64("t", t->time, ROWS), event = test_column_f64("e", t->event, ROWS);
    const ken_data data = {.table = t->X, .target = &y, .event = &event, .task = KEN_REGRESS};
    ken_model *m = NULL;
    ken_status status = ken_model_new(ctx, "boosting", "trees=1 max_leaves=2 loss=cox", &m);
    if (status == KEN_OK) status = ken_model_fit(ctx, m, &data);
    ken_model_free(m);
    return status;
}

static void test_boosting_survival__every_failed_allocation_is_an_error(void **state) {
    static survival_table t;
    ken_ctx *ctx = test_ctx(1);
    (void)state;
    survival_table_fill(ctx, &t);
    test_every_allocation(survival_fit_once, &t, 2000);
    ken_table_free(t.X);
    test_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_boosting_survival__cox_is_its_definition),
        cmocka_unit_test(test_boosting_survival__cox_of_two_groups_is_the_published_coefficient),
        cmocka_unit_test(test_boosting_survival__aft_slopes_are_differences_of_values),
        cmocka_unit_test(test_boosting_survival__aft_probabilities_are_integrals_of_the_density),
        cmocka_unit_test(test_boosting_survival__orders_lives_it_has_not_seen),
        cmocka_unit_test(test_boosting_survival__aft_of_seen_times_is_squared_error_of_logarithms),
        cmocka_unit_test(test_boosting_survival__any_thread_count_gives_the_same_bits),
        cmocka_unit_test(test_boosting_survival__says_what_it_cannot_take),
        cmocka_unit_test(test_boosting_survival__every_failed_allocation_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
