/* Influence against R and statsmodels on `cars`, and against fits without the row. */
#include "ken/linear/linear_check.h"

#include "ken/linear/linear/linear_influence.h"

/* Ezekiel 1930, public (R's data set cars): speed in mph, distance to stop in ft. */
static const double cars[50][2] = {
    {4, 2},   {4, 10},  {7, 4},   {7, 22},  {8, 16},  {9, 10},  {10, 18}, {10, 26}, {10, 34}, {11, 17},
    {11, 28}, {12, 14}, {12, 20}, {12, 24}, {12, 28}, {13, 26}, {13, 34}, {13, 34}, {13, 46}, {14, 26},
    {14, 36}, {14, 60}, {14, 80}, {15, 20}, {15, 26}, {15, 54}, {16, 32}, {16, 40}, {17, 32}, {17, 40},
    {17, 50}, {18, 42}, {18, 56}, {18, 76}, {18, 84}, {19, 36}, {19, 46}, {19, 68}, {20, 32}, {20, 48},
    {20, 52}, {20, 56}, {20, 64}, {22, 66}, {23, 54}, {24, 70}, {24, 92}, {24, 93}, {24, 120}, {25, 85}};

typedef struct influence_fixture {
    ken_table *table;
    ken_column target, weight;
    ken_data data;
} influence_fixture;

static void influence_open(ken_ctx *ctx, influence_fixture *f, const linear_sample *s) {
    f->table = test_table(ctx, s->X, s->n, s->d);
    f->target = test_column_f64("y", s->y, s->n);
    f->weight = test_column_f64("w", s->weight, s->n);
    f->data = (ken_data){.table = f->table, .target = &f->target,
                         .weight = s->weight ? &f->weight : NULL, .task = KEN_REGRESS};
}

static double influence_at(const ken_table *t, const char *name, int64_t i) {
    const int j = ken_table_find(t, name);
    assert_true(j >= 0);
    return ken_column_f64(ken_table_column(t, j), i);
}

/* R 4.2.2, lm(dist ~ speed, cars): the largest of hatvalues, rstudent, cooks.distance. Rows 1, 23 and 49:
 * statsmodels 0.15.0, OLSInfluence. */
static void test_linear_influence__cars_equals_r_and_statsmodels(void **state) {
    (void)state;
    static const char *const names[] = {"leverage", "residual", "standardized", "studentized", "cook", "dffits"};
    static const double want[][7] = {
        {0, 0.11486131386861315, 3.849459854014608, 0.2660415487336661, 0.263450002533177, 0.00459231210643486,
         0.0949028895272418},
        {22, 0.021430656934306572, 42.52537226277373, 2.795166322152543, 3.0228287641208644,
         0.08555180809278999, 0.44733768429709186},
        {48, 0.07398540145985401, 43.20128467153285, 2.9190603831255206, 3.184992840075445,
         0.34039593360643833, 0.9002695497758388}};
    ken_ctx *ctx = test_ctx(1);
    double x[50], y[50], most[3] = {0};
    for (int i = 0; i < 50; i++) x[i] = cars[i][0], y[i] = cars[i][1];
    const linear_sample s = {x, y, NULL, 50, 1, KEN_REGRESS};
    influence_fixture f;
    ken_model *m;
    ken_table *t;
    influence_open(ctx, &f, &s);
    TEST_OK(ctx, ken_model_new(ctx, "linear", NULL, &m));
    TEST_OK(ctx, ken_linear_influence(ctx, m, &f.data, &t));
    assert_int_equal(ken_table_rows(t), 50);
    for (int r = 0; r < 3; r++)
        for (int k = 0; k < 6; k++) TEST_NEAR(influence_at(t, names[k], (int64_t)want[r][0]), want[r][1 + k], 1e-11);
    for (int i = 0; i < 50; i++) {
        most[0] = fmax(most[0], influence_at(t, "leverage", i));
        most[1] = fmax(most[1], influence_at(t, "studentized", i));
        most[2] = fmax(most[2], influence_at(t, "cook", i));
    }
    TEST_NEAR(most[0], 0.114861313868613, 1e-13); /* 15 digits are printed */
    TEST_NEAR(most[1], 3.18499284007545, 1e-13);
    TEST_NEAR(most[2], 0.340395933606438, 1e-13);
    ken_table_free(t);
    ken_model_free(m);
    ken_table_free(f.table);
    test_ctx_free(ctx);
}

/* Leave each row out and fit again: its residual is r / (1 - h), the sigma in the studentized one is that of
 * the fit without it, and Cook's distance is the weighted square of what all predictions move by, over
 * p sigma^2. Leverages sum to p. */
static void influence_check_leaving_out(const char *settings, bool weights, bool intercept) {
    enum { N = 25, D = 3 };
    ken_ctx *ctx = test_ctx(2);
    linear_sample s = linear_sample_new(N, D, 0, weights), less = linear_sample_new(N, D, 0, weights);
    influence_fixture f;
    ken_model *m = linear_sample_fit(ctx, "linear", settings, &s);
    ken_table *t;
    double sum = 0;
    const double p = D + intercept, sigma = ken_model_attr_f64(m, "sigma", NAN);
    int64_t width;
    double *all = linear_sample_predict(ctx, m, &s, KEN_WHAT_VALUE, &width);
    influence_open(ctx, &f, &s);
    TEST_OK(ctx, ken_linear_influence(ctx, m, &f.data, &t));
    less.n = N - 1;
    for (int out = 0; out < N; out++) {
        for (int i = 0, k = 0; i < N; i++) {
            if (i == out) continue;
            memcpy(less.X + k * D, s.X + i * D, D * sizeof *s.X);
            if (weights) less.weight[k] = s.weight[i];
            less.y[k++] = s.y[i];
        }
        ken_model *without = linear_sample_fit(ctx, "linear", settings, &less);
        double *now = linear_sample_predict(ctx, without, &s, KEN_WHAT_VALUE, &width), cook = 0;
        for (int i = 0; i < N; i++)
            cook += (weights ? s.weight[i] : 1) * (now[i] - all[i]) * (now[i] - all[i]) / (p * sigma * sigma);
        const double h = influence_at(t, "leverage", out), r = influence_at(t, "residual", out);
        const double w = weights ? s.weight[out] : 1;
        TEST_NEAR(influence_at(t, "fitted", out), all[out], 1e-12);
        TEST_NEAR(r / (1 - h), s.y[out] - now[out], 1e-9);
        TEST_NEAR(influence_at(t, "studentized", out),
                  r * sqrt(w) / (ken_model_attr_f64(without, "sigma", NAN) * sqrt(1 - h)), 1e-10);
        TEST_NEAR(influence_at(t, "cook", out), cook, 1e-9);
        sum += h;
        free(now);
        ken_model_free(without);
    }
    TEST_NEAR(sum, p, 1e-12);
    free(all);
    ken_table_free(t);
    ken_table_free(f.table);
    ken_model_free(m);
    linear_sample_free(&s);
    linear_sample_free(&less);
    test_ctx_free(ctx);
}

static void test_linear_influence__is_what_leaving_rows_out_shows(void **state) {
    (void)state;
    influence_check_leaving_out(NULL, false, true);
    influence_check_leaving_out(NULL, true, true);
    influence_check_leaving_out("fit_intercept=false", true, false);
}

/* Only training rows with a target, under their own numbers; a row that alone has its indicator has leverage
 * 1; a row of weight 0 has leverage 0; the same for any number of threads. */
static void test_linear_influence__rows_roles_and_extremes(void **state) {
    (void)state;
    double X[16], y[8] = {1, 2.5, 2, NAN, 5, 4, 6, 9}, w[8] = {1, 1, 1, 1, 1, 0, 1, 1};
    const uint8_t role[8] = {0, 0, 1, 0, 0, 0, 0, 0};
    for (int i = 0; i < 8; i++) X[2 * i] = i, X[2 * i + 1] = i == 6;
    const linear_sample s = {X, y, w, 8, 2, KEN_REGRESS};
    double first[6][8];
    for (int threads = 1; threads < 4; threads++) {
        ken_ctx *ctx = test_ctx(threads);
        influence_fixture f;
        ken_model *m;
        ken_table *t;
        influence_open(ctx, &f, &s);
        f.data.role = role;
        TEST_OK(ctx, ken_model_new(ctx, "linear", NULL, &m));
        TEST_OK(ctx, ken_linear_influence(ctx, m, &f.data, &t));
        assert_int_equal(ken_table_rows(t), 6);
        static const int rows[] = {0, 1, 4, 5, 6, 7};
        for (int k = 0; k < 6; k++) assert_true(influence_at(t, "row", k) == rows[k]);
        TEST_NEAR(influence_at(t, "leverage", 4), 1, 1e-14);
        assert_true(isnan(influence_at(t, "standardized", 4)) && isnan(influence_at(t, "cook", 4)));
        assert_true(influence_at(t, "leverage", 3) == 0 && isnan(influence_at(t, "studentized", 3)));
        assert_true(isfinite(influence_at(t, "cook", 0)));
        for (int j = 0; j < 8; j++)
            for (int k = 0; k < 6; k++) {
                const double v = ken_column_f64(ken_table_column(t, j), k);
                if (threads == 1) first[k][j] = v;
                assert_memory_equal(&v, &first[k][j], sizeof v);
            }
        assert_false(ken_model_fitted(m));
        ken_table_free(t);
        ken_model_free(m);
        ken_table_free(f.table);
        test_ctx_free(ctx);
    }
}

static ken_status influence_allocates(ken_ctx *ctx, void *arg) {
    const linear_sample *s = arg;
    ken_model *m = NULL;
    ken_table *table = NULL, *t = NULL;
    ken_tensor X = ken_tensor_2d(s->X, KEN_F64, s->n, s->d);
    const ken_column target = test_column_f64("y", s->y, s->n);
    ken_status status = ken_table_from_matrix(ctx, &X, NULL, &table);
    const ken_data data = {.table = table, .target = &target, .task = KEN_REGRESS};
    if (status == KEN_OK) status = ken_model_new(ctx, "linear", NULL, &m);
    if (status == KEN_OK) status = ken_linear_influence(ctx, m, &data, &t);
    ken_table_free(t);
    ken_model_free(m);
    ken_table_free(table);
    return status;
}

static void test_linear_influence__errors(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    linear_sample s = linear_sample_new(20, 2, 0, false);
    influence_fixture f;
    ken_model *m;
    ken_table *t;
    influence_open(ctx, &f, &s);
    TEST_OK(ctx, ken_model_new(ctx, "ridge", NULL, &m));
    TEST_FAILS(ctx, ken_linear_influence(ctx, m, &f.data, &t), KEN_E_ARG, "ridge");
    assert_null(t);
    ken_model_free(m);
    ken_table_free(f.table);
    test_ctx_free(ctx);
    test_every_allocation(influence_allocates, &s, 1000);
    linear_sample_free(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_linear_influence__cars_equals_r_and_statsmodels),
        cmocka_unit_test(test_linear_influence__is_what_leaving_rows_out_shows),
        cmocka_unit_test(test_linear_influence__rows_roles_and_extremes),
        cmocka_unit_test(test_linear_influence__errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
