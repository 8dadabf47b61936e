/* Paths against fits at each alpha, scikit-learn's LARS path (its knots are exact), and the properties that
 * a path must have. */
#include "ken/linear/linear_check.h"

#include "ken/core/text.h"
#include "ken/io/csv/csv.h"
#include "ken/linear/linear_path.h"

typedef struct path_fixture {
    ken_table *table;
    ken_column target, weight;
    ken_data data;
    linear_sample sample;
} path_fixture;

static void path_open(ken_ctx *ctx, path_fixture *f, linear_sample s) {
    f->sample = s;
    f->table = test_table(ctx, s.X, s.n, s.d);
    f->target = test_column_f64("y", s.y, s.n);
    f->weight = test_column_f64("w", s.weight, s.n);
    f->data = (ken_data){.table = f->table, .target = &f->target,
                         .weight = s.weight ? &f->weight : NULL, .task = KEN_REGRESS};
}
static void path_close(path_fixture *f) {
    ken_table_free(f->table);
    linear_sample_free(&f->sample);
}

static const double *path_item(const ken_linear_path *p, const char *name) {
    assert_non_null(ken_linear_path_get(p, name));
    return ken_f64(ken_linear_path_get(p, name));
}

/* Every point is what the model alone finds at that alpha. */
static void path_check_points(const char *name, const char *settings, double relative) {
    ken_ctx *ctx = test_ctx(1);
    path_fixture f;
    ken_model *m;
    ken_linear_path *path;
    ken_linear_path_params p = KEN_LINEAR_PATH_DEFAULTS;
    path_open(ctx, &f, linear_sample_new(120, 6, 0, true));
    p.n_alphas = 12;
    TEST_OK(ctx, ken_model_new(ctx, name, settings, &m));
    TEST_OK(ctx, ken_linear_path_new(ctx, m, &f.data, &p, &path));
    assert_int_equal(ken_linear_path_get(path, "coef")->shape[0], 12);
    assert_int_equal(ken_linear_path_get(path, "coef")->shape[1], 6);
    assert_string_equal(ken_linear_path_input(path, 5), "x5");
    for (int i = 0; i < 12; i++) {
        const double *coef = path_item(path, "coef") + 6 * i;
        char alpha[40];
        double top = 0;
        snprintf(alpha, sizeof alpha, "%.17g", path_item(path, "alpha")[i]);
        TEST_OK(ctx, ken_model_set(ctx, m, "alpha", alpha));
        TEST_OK(ctx, ken_model_fit(ctx, m, &f.data));
        const double *want = ken_f64(ken_model_attr(m, "coef"));
        for (int j = 0; j < 6; j++) top = fmax(top, fabs(want[j]));
        for (int j = 0; j < 6; j++) assert_true(fabs(coef[j] - want[j]) <= relative * fmax(top, 1e-3));
        TEST_NEAR(path_item(path, "intercept")[i], ken_model_attr_f64(m, "intercept", NAN), relative * 10);
        assert_true(path_item(path, "gap")[i] >= 0);
        assert_true(path_item(path, "gap")[i] <= 1e-9 * path_item(path, "objective")[0]);
        if (i > 0) { /* the weaker the penalty, the more freedom, the smaller the objective */
            assert_true(path_item(path, "alpha")[i] < path_item(path, "alpha")[i - 1]);
            assert_true(path_item(path, "objective")[i] < path_item(path, "objective")[i - 1]);
        }
        assert_true(path_item(path, "df")[i] <= 6 + 1e-9);
    }
    ken_linear_path_free(path);
    ken_model_free(m);
    path_close(&f);
    test_ctx_free(ctx);
}

static void test_linear_path__points_are_the_fits(void **state) {
    (void)state;
    path_check_points("lasso", "tol=1e-14", 1e-5);
    path_check_points("lasso", "tol=1e-14 solver=residual fit_intercept=false", 1e-5);
    path_check_points("elastic_net", "tol=1e-14 l1_ratio=0.3", 1e-5);
    path_check_points("elastic_net", "tol=1e-14 positive=true solver=residual", 1e-5);
    path_check_points("ridge", NULL, 1e-9);
}

/* scikit-learn 1.9.1, lars_path(method='lasso') on load_diabetes(), target centered: at its knots the
 * active set changes, so that at a knot there are as many coefficients as steps before it, less those
 * that left. coef at the sixth knot in full. Columns as scikit-learn has them: centered, of length 1. */
static void test_linear_path__knots_of_lars_on_diabetes(void **state) {
    (void)state;
    static const double knots[] = {2.148043575529498, 2.0120221388246358, 1.0246509061690736,
                                   0.7150981424178943, 0.29441071741273245, 0.20086945554432886};
    static const double sixth[] = {0, -74.91048300135638, 511.3522143766302, 234.14871908434176, 0, 0,
                                   -169.70713693689228, 0, 450.66595660301994, 0};
    ken_ctx *ctx = test_ctx(1);
    path_fixture f;
    ken_table *t;
    ken_model *m;
    ken_linear_path *path;
    linear_sample s = {.n = 442, .d = 10, .task = KEN_REGRESS};
    TEST_OK(ctx, ken_csv_read(ctx, KEN_SOURCE_DIR "/data/diabetes.csv", NULL, NULL, &t));
    s.X = malloc(4420 * sizeof *s.X), s.y = malloc(442 * sizeof *s.y);
    ken_column_gather(ken_table_column(t, 10), 0, 442, s.y, 1);
    for (int j = 0; j < 10; j++) {
        double mean = 0, square = 0;
        ken_column_gather(ken_table_column(t, j), 0, 442, s.X + j, 10);
        for (int i = 0; i < 442; i++) mean += s.X[i * 10 + j] / 442;
        for (int i = 0; i < 442; i++) s.X[i * 10 + j] -= mean, square += s.X[i * 10 + j] * s.X[i * 10 + j];
        for (int i = 0; i < 442; i++) s.X[i * 10 + j] /= sqrt(square);
    }
    ken_table_free(t);
    path_open(ctx, &f, s);
    const ken_linear_path_params p = {6, 0, knots};
    TEST_OK(ctx, ken_model_new(ctx, "lasso", "tol=1e-14", &m));
    TEST_OK(ctx, ken_linear_path_new(ctx, m, &f.data, &p, &path));
    const double *coef = path_item(path, "coef");
    for (int j = 0; j < 10; j++) TEST_NEAR(coef[50 + j], sixth[j], 1e-5);
    /* one enters after each knot: at knot k (from 0) there are k, give or take the one at the door */
    for (int k = 0; k < 6; k++) assert_true(fabs(path_item(path, "df")[k] - k) <= 1);
    TEST_NEAR(path_item(path, "intercept")[3], 152.13348416289594, 1e-12);
    ken_linear_path_free(path);
    /* between knots the path is linear: the middle of the last two is their mean */
    const double middle[] = {knots[4], 0.5 * (knots[4] + knots[5]), knots[5]};
    const ken_linear_path_params q = {3, 0, middle};
    TEST_OK(ctx, ken_linear_path_new(ctx, m, &f.data, &q, &path));
    coef = path_item(path, "coef");
    for (int j = 0; j < 10; j++) TEST_NEAR(coef[10 + j], 0.5 * (coef[j] + coef[20 + j]), 1e-5);
    ken_linear_path_free(path);
    ken_model_free(m);
    path_close(&f);
    test_ctx_free(ctx);
}

/* The first alpha of the grid leaves nothing, the second something. */
static void test_linear_path__grid_begins_where_the_first_column_enters(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    path_fixture f;
    ken_model *m;
    ken_linear_path *path;
    path_open(ctx, &f, linear_sample_new(50, 5, 0, false));
    TEST_OK(ctx, ken_model_new(ctx, "lasso", NULL, &m));
    TEST_OK(ctx, ken_linear_path_new(ctx, m, &f.data, NULL, &path));
    const double *alpha = path_item(path, "alpha"), *df = path_item(path, "df");
    assert_int_equal(ken_linear_path_get(path, "alpha")->shape[0], 100);
    assert_true(df[0] == 0 && df[1] == 1 && df[99] == 5);
    TEST_NEAR(alpha[99] / alpha[0], 1e-3, 1e-12);
    TEST_NEAR(alpha[1] / alpha[0], alpha[51] / alpha[50], 1e-12);
    ken_linear_path_free(path);
    ken_model_free(m);
    path_close(&f);
    test_ctx_free(ctx);
}

/* Orthogonal columns of mean square 1: df of the elastic net is a / (1 + l2), of ridge d n / (n + alpha). */
static void test_linear_path__degrees_of_freedom_by_hand(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    path_fixture f;
    ken_model *m;
    ken_linear_path *path;
    linear_sample s = {.n = 4, .d = 2, .task = KEN_REGRESS};
    const double X[] = {1, 1, 1, -1, -1, 1, -1, -1}, y[] = {5, 3, -2, -6}, alpha = 0.5, eight = 8;
    s.X = malloc(sizeof X), s.y = malloc(sizeof y);
    memcpy(s.X, X, sizeof X), memcpy(s.y, y, sizeof y);
    path_open(ctx, &f, s);
    ken_linear_path_params p = {1, 0, &alpha};
    TEST_OK(ctx, ken_model_new(ctx, "elastic_net", "l1_ratio=0.5", &m));
    TEST_OK(ctx, ken_linear_path_new(ctx, m, &f.data, &p, &path));
    TEST_NEAR(path_item(path, "df")[0], 2 / 1.25, 1e-14);
    TEST_NEAR(path_item(path, "coef")[0], (4 - 0.25) / 1.25, 1e-14); /* x0.y/n = 16/4 */
    ken_linear_path_free(path);
    ken_model_free(m);
    p.alphas = &eight;
    TEST_OK(ctx, ken_model_new(ctx, "ridge", NULL, &m));
    TEST_OK(ctx, ken_linear_path_new(ctx, m, &f.data, &p, &path));
    TEST_NEAR(path_item(path, "df")[0], 2 * 4.0 / 12, 1e-14);
    TEST_NEAR(path_item(path, "coef")[0], 16.0 / 12, 1e-14);
    ken_linear_path_free(path);
    ken_model_free(m);
    path_close(&f);
    test_ctx_free(ctx);
}

/* With a recipe, inputs are its outputs; the model itself stays as it was. */
static void test_linear_path__goes_through_the_recipe_and_says_it_in_json(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    path_fixture f;
    ken_model *m, *recipe;
    ken_linear_path *path;
    const ken_linear_path_params p = {3, 0.1, NULL};
    path_open(ctx, &f, linear_sample_new(60, 3, 0, false));
    TEST_OK(ctx, ken_model_new(ctx, "lasso", NULL, &m));
    TEST_OK(ctx, ken_model_new(ctx, "recipe", NULL, &recipe));
    TEST_OK(ctx, ken_model_set_recipe(ctx, m, recipe));
    TEST_OK(ctx, ken_linear_path_new(ctx, m, &f.data, &p, &path));
    assert_false(ken_model_fitted(m));
    ken_text text = ken_text_new(ctx);
    ken_json_writer w = ken_json_writer_new(&text, 0);
    const char *json;
    ken_linear_path_write_json(path, &w);
    TEST_OK(ctx, ken_text_end(&text, &json));
    assert_non_null(strstr(json, "\"inputs\":[\"x0\",\"x1\",\"x2\"]"));
    assert_non_null(strstr(json, "\"coef\":[[0,0,0],["));
    ken_text_free(&text);
    ken_linear_path_free(path);
    ken_model_free(m);
    path_close(&f);
    test_ctx_free(ctx);
}

static void test_linear_path__bad_requests_are_errors(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    path_fixture f;
    ken_model *m, *other;
    ken_linear_path *path;
    const double rising[] = {1, 2}, zero[] = {1, 0};
    ken_linear_path_params p = {0, 0, NULL};
    path_open(ctx, &f, linear_sample_new(20, 2, 0, false));
    TEST_OK(ctx, ken_model_new(ctx, "lasso", NULL, &m));
    TEST_OK(ctx, ken_model_new(ctx, "linear", NULL, &other));
    TEST_FAILS(ctx, ken_linear_path_new(ctx, other, &f.data, NULL, &path), KEN_E_ARG, "linear has no path");
    TEST_FAILS(ctx, ken_linear_path_new(ctx, m, &f.data, &p, &path), KEN_E_ARG, "n_alphas");
    p = (ken_linear_path_params){2, 1, NULL};
    TEST_FAILS(ctx, ken_linear_path_new(ctx, m, &f.data, &p, &path), KEN_E_ARG, "eps");
    p = (ken_linear_path_params){2, 0, rising};
    TEST_FAILS(ctx, ken_linear_path_new(ctx, m, &f.data, &p, &path), KEN_E_ARG, "alpha 2");
    p.alphas = zero;
    TEST_FAILS(ctx, ken_linear_path_new(ctx, m, &f.data, &p, &path), KEN_E_ARG, "alpha 2");
    for (int i = 0; i < 20; i++) f.sample.y[i] = 3;
    TEST_FAILS(ctx, ken_linear_path_new(ctx, m, &f.data, NULL, &path), KEN_E_VALUE, "no column");
    assert_null(path);
    ken_linear_path_free(NULL);
    ken_model_free(m);
    ken_model_free(other);
    path_close(&f);
    test_ctx_free(ctx);
}

static ken_status path_allocates(ken_ctx *ctx, void *arg) {
    const linear_sample *s = arg;
    ken_model *m = NULL;
    ken_table *table = NULL;
    ken_linear_path *path = NULL;
    const ken_linear_path_params p = {4, 0.1, NULL};
    ken_tensor X = ken_tensor_2d(s->X, KEN_F64, s->n, s->d);
    const ken_column target = test_column_f64("y", s->y, s->n);
    ken_status status = ken_table_from_matrix(ctx, &X, NULL, &table);
    const ken_data data = {.table = table, .target = &target, .task = KEN_REGRESS};
    if (status == KEN_OK) status = ken_model_new(ctx, s->task == KEN_CLASSIFY ? "ridge" : "elastic_net", NULL, &m);
    if (status == KEN_OK) status = ken_linear_path_new(ctx, m, &data, &p, &path);
    ken_linear_path_free(path);
    ken_model_free(m);
    ken_table_free(table);
    return status;
}

static void test_linear_path__every_allocation_may_fail(void **state) {
    (void)state;
    linear_sample s = linear_sample_new(30, 3, 0, false);
    test_every_allocation(path_allocates, &s, 1000);
    s.task = KEN_CLASSIFY; /* says: ridge */
    test_every_allocation(path_allocates, &s, 1000);
    linear_sample_free(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_linear_path__points_are_the_fits),
        cmocka_unit_test(test_linear_path__knots_of_lars_on_diabetes),
        cmocka_unit_test(test_linear_path__grid_begins_where_the_first_column_enters),
        cmocka_unit_test(test_linear_path__degrees_of_freedom_by_hand),
        cmocka_unit_test(test_linear_path__goes_through_the_recipe_and_says_it_in_json),
        cmocka_unit_test(test_linear_path__bad_requests_are_errors),
        cmocka_unit_test(test_linear_path__every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
