/* polynomial against scikit-learn (golden/make_polynomial.py), by hand, and inside a recipe. */
#include "ken/preprocess/preprocess_test_tables.h"

#include "ken/preprocess/polynomial/polynomial.h"
#include "ken/preprocess/recipe/recipe.h"

/* One case of the golden file; text moves on. */
static void polynomial_check_case(ken_ctx *ctx, char *line, char **save) {
    int d, degree, interaction, bias, columns;
    double X[15];
    assert_int_equal(sscanf(line, "case,%d,%d,%d,%d,%d", &d, &degree, &interaction, &bias, &columns), 5);
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < d; j++) X[i * d + j] = (7 * i + 3 * j + 1) / 4.0 - j;
    ken_polynomial_params p = KEN_POLYNOMIAL_DEFAULTS;
    p.degree = degree, p.interaction_only = interaction, p.include_bias = bias;
    assert_int_equal(ken_polynomial_columns(d, &p), columns);
    ken_model *m;
    ken_table *table = test_table(ctx, X, 3, d);
    TEST_OK(ctx, ken_polynomial_new(ctx, &p, &m));
    ken_table *out = tables_fit(ctx, m, table, NULL, NULL);
    assert_int_equal(ken_table_cols(out), columns);
    char *names = strtok_r(NULL, "\n", save), *inner;
    assert_string_equal(strtok_r(names, "|", &inner), "names");
    for (int k = 0; k < columns; k++)
        assert_string_equal(ken_table_column(out, k)->name, strtok_r(NULL, "|", &inner));
    for (int i = 0; i < 3; i++) {
        char *row = strtok_r(NULL, "\n", save), *at = row + 4;
        for (int k = 0; k < columns; k++, at++)
            TEST_NEAR(ken_column_f64(ken_table_column(out, k), i), strtod(at, &at), 1e-14);
    }
    tables_round_trip(ctx, m, table);
    ken_table_free(out), ken_table_free(table), ken_model_free(m);
}

static void test_polynomial__names_and_values_equal_scikit_learn(void **s) {
    (void)s;
    ken_ctx *ctx = test_ctx(2);
    size_t size;
    char *text = test_read_file(KEN_SOURCE_DIR "/ken/preprocess/polynomial/golden/polynomial.txt", &size);
    int cases = 0;
    char *save;
    for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
        if (!strncmp(line, "case", 4)) polynomial_check_case(ctx, line, &save), cases++;
    assert_int_equal(cases, 28);
    free(text);
    test_ctx_free(ctx);
}

static void test_polynomial__sources_missing_and_what_passes(void **s) {
    (void)s;
    ken_ctx *ctx = test_ctx(1);
    ken_model *m;
    ken_table *X = tables_of(ctx, "c category u v u\na f64 1 . 3\nb bool 1 0 1\ne i64 2 5 .");
    TEST_OK(ctx, ken_polynomial_new(ctx, NULL, &m));
    ken_table *out = tables_fit(ctx, m, X, NULL, NULL);
    static const struct {
        const char *name;
        int source;
        double cell[3];
    } want[] = {{"a", 1, {1, NAN, 3}},     {"e", 3, {2, 5, NAN}},     {"a^2", 1, {1, NAN, 9}},
                {"a e", -1, {2, NAN, NAN}}, {"e^2", 3, {4, 25, NAN}}, {"c", 0, {0, 1, 0}},
                {"b", 2, {1, 0, 1}}};
    assert_int_equal(ken_table_cols(out), KEN_COUNT(want));
    for (int k = 0; k < KEN_COUNT(want); k++) {
        const ken_column *c = ken_table_column(out, k);
        assert_string_equal(c->name, want[k].name);
        assert_int_equal(c->source, want[k].source);
        for (int i = 0; i < 3; i++) {
            const double got = ken_column_f64(c, i);
            assert_true(got == want[k].cell[i] || (isnan(got) && isnan(want[k].cell[i])));
        }
    }
    tables_round_trip(ctx, m, X);
    ken_table_free(out), ken_table_free(X), ken_model_free(m);
    test_ctx_free(ctx);
}

static void test_polynomial__too_many_columns_are_an_error(void **s) {
    (void)s;
    ken_ctx *ctx = test_ctx(1);
    double X[60] = {0};
    ken_polynomial_params p = KEN_POLYNOMIAL_DEFAULTS;
    ken_model *m;
    ken_table *table = test_table(ctx, X, 1, 60);
    ken_data data = {.table = table};
    p.degree = 4;
    TEST_OK(ctx, ken_polynomial_new(ctx, &p, &m));
    /* 64 over 4, less 1 */
    TEST_FAILS(ctx, ken_model_fit(ctx, m, &data), KEN_E_LIMIT, "635375 columns, more than 5000");
    TEST_OK(ctx, ken_model_set(ctx, m, "degree", "30"));
    TEST_FAILS(ctx, ken_model_fit(ctx, m, &data), KEN_E_LIMIT, "billions of columns");
    TEST_FAILS(ctx, ken_model_set(ctx, m, "degree", "0"), KEN_E_ARG, "degree");
    p.degree = 30;
    assert_true(ken_polynomial_columns(1000000, &p) == INT64_MAX);
    assert_int_equal(ken_polynomial_columns(1, &p), 30);
    p.interaction_only = true;
    assert_int_equal(ken_polynomial_columns(10, &p), 1023);
    ken_table_free(table), ken_model_free(m);
    test_ctx_free(ctx);
}

/* y = 1 + 2 x - 3 x^2 + x^3 at x = 1000 .. 1020: degree 3 through the recipe finds it to 1e-9 of the target's
 * range, which powers of x itself could not: their condition number is about 1e17. */
static void test_polynomial__recipe_fits_a_cubic_far_from_zero(void **s) {
    (void)s;
    enum { N = 21 };
    ken_ctx *ctx = test_ctx(1);
    double x[N], y[N], p[N];
    for (int i = 0; i < N; i++) {
        const double z = (i - 10) / 5.0;
        x[i] = 1010 + (i - 10);
        y[i] = 1 + 2 * z - 3 * z * z + z * z * z;
    }
    ken_model *m, *recipe;
    ken_table *table = test_table(ctx, x, N, 1);
    const ken_column target = test_column_f64("y", y, N);
    const ken_data data = {.table = table, .target = &target, .task = KEN_REGRESS};
    TEST_OK(ctx, ken_model_new(ctx, "linear", NULL, &m));
    TEST_OK(ctx, ken_model_new(ctx, "recipe", "polynomial=3", &recipe));
    TEST_OK(ctx, ken_model_set_recipe(ctx, m, recipe));
    TEST_OK(ctx, ken_model_fit(ctx, m, &data));
    assert_int_equal(ken_model_n_inputs(m), 3);
    assert_string_equal(ken_model_input(m, 2), "x0^3");
    assert_int_equal(ken_model_input_source(m, 2), 0);
    ken_tensor out = ken_tensor_1d(p, KEN_F64, N);
    TEST_OK(ctx, ken_model_predict(ctx, m, table, KEN_WHAT_VALUE, &out));
    for (int i = 0; i < N; i++) assert_true(fabs(p[i] - y[i]) < 1e-9);
    ken_text text = ken_text_new(ctx);
    const char *words;
    TEST_OK(ctx, ken_recipe_describe_text(ctx, ken_model_recipe(m), &text));
    TEST_OK(ctx, ken_text_end(&text, &words));
    assert_non_null(strstr(words, "standardized, powers and products up to degree 3"));
    ken_text_free(&text);
    /* through the dotted name, without scaling */
    TEST_OK(ctx, ken_model_set(ctx, m, "recipe.polynomial", "2"));
    TEST_OK(ctx, ken_model_set(ctx, m, "recipe.scale", "none"));
    TEST_OK(ctx, ken_model_fit(ctx, m, &data));
    ken_table *seen;
    TEST_OK(ctx, ken_model_transform(ctx, m, table, &seen));
    assert_true(ken_column_f64(tables_col(seen, "x0^2"), 0) == 1e6);
    ken_table_free(seen);
    ken_table_free(table), ken_model_free(m);
    test_ctx_free(ctx);
}

/* A model that scales: what it sees is standardized after the powers too, and missing cells are filled first. */
static void test_polynomial__recipe_fills_before_and_scales_after(void **s) {
    (void)s;
    ken_ctx *ctx = test_ctx(1);
    ken_model *m, *recipe;
    ken_table *X = tables_of(ctx, "a f64 1 2 . 4 9 6\nb f64 3 1 4 1 5 9\nc category u v u v u v"), *out;
    const double y[] = {1, 2, 3, 4, 5, 7};
    const ken_column target = test_column_f64("y", y, 6);
    const ken_data data = {.table = X, .target = &target, .task = KEN_REGRESS};
    TEST_OK(ctx, ken_model_new(ctx, "ridge", NULL, &m));
    TEST_OK(ctx, ken_model_new(ctx, "recipe", "polynomial=2", &recipe));
    TEST_OK(ctx, ken_model_set_recipe(ctx, m, recipe));
    TEST_OK(ctx, ken_model_fit(ctx, m, &data));
    TEST_OK(ctx, ken_model_transform(ctx, m, X, &out));
    static const char *const names[] = {"a", "b", "a^2", "a b", "b^2"};
    for (int k = 0; k < 5; k++) {
        double sum = 0, square = 0;
        for (int i = 0; i < 6; i++) {
            const double v = ken_column_f64(tables_col(out, names[k]), i);
            sum += v, square += v * v;
        }
        assert_true(fabs(sum) < 1e-13); /* six cells of size 1 */
        TEST_NEAR(square, 6, 1e-12);
    }
    assert_int_equal(ken_model_n_inputs(m), 6); /* and one level of c */
    tables_round_trip(ctx, recipe, X);
    ken_table_free(out), ken_table_free(X), ken_model_free(m);
    test_ctx_free(ctx);
}

/* Each cell of a saved list of products set to a wrong value: the file is refused, never read past its ends. */
static void test_polynomial__damaged_lists_are_refused(void **s) {
    (void)s;
    static const int64_t wrong[] = {-3, -2, 6, 1000, INT64_MIN, INT64_MAX};
    ken_ctx *ctx = test_ctx(1);
    ken_model *m, *copy;
    ken_bundle *bundle;
    ken_table *X = tables_of(ctx, "a f64 1 2 3\nb f64 4 5 6");
    TEST_OK(ctx, ken_polynomial_new(ctx, NULL, &m));
    ken_table *out = tables_fit(ctx, m, X, NULL, NULL);
    TEST_OK(ctx, ken_model_pack(ctx, m, &bundle));
    const char *json = ken_bundle_json(bundle);
    const int n = ken_bundle_count(bundle);
    ken_named_tensor tensors[16];
    int refused = 0;
    assert_true(n <= 16);
    for (int k = 0; k < n; k++) {
        const ken_tensor *tensor = &ken_bundle_at(bundle, k)->tensor;
        const bool list = strstr(ken_bundle_at(bundle, k)->name, "/parent") ||
                          strstr(ken_bundle_at(bundle, k)->name, "/factor") ||
                          strstr(ken_bundle_at(bundle, k)->name, "/used");
        for (int64_t i = 0; list && i < ken_tensor_count(tensor); i++)
            for (int w = 0; w < KEN_COUNT(wrong); w++) {
                int64_t cells[8];
                memcpy(cells, tensor->data, (size_t)ken_tensor_count(tensor) * sizeof *cells);
                cells[i] = wrong[w];
                for (int j = 0; j < n; j++) tensors[j] = *ken_bundle_at(bundle, j);
                tensors[k].tensor.data = cells;
                TEST_FAILS(ctx, ken_model_unpack(ctx, "test", json, strlen(json), tensors, n, &copy),
                           KEN_E_FORMAT, "");
                refused++;
            }
    }
    assert_int_equal(refused, (5 + 5 + 2) * KEN_COUNT(wrong));
    ken_bundle_free(bundle);
    ken_table_free(out), ken_table_free(X), ken_model_free(m);
    test_ctx_free(ctx);
}

static ken_status polynomial_allocates(ken_ctx *ctx, void *arg) {
    ken_model *m = NULL;
    ken_table *X = NULL, *out = NULL;
    (void)arg;
    ken_status status = tables_make(ctx, "a f64 1 2 . 4\nc category x y x y\nb i64 1 2 3 4", &X);
    ken_data data = {.table = X};
    if (status == KEN_OK) status = ken_polynomial_new(ctx, NULL, &m);
    if (status == KEN_OK) status = ken_model_fit(ctx, m, &data);
    if (status == KEN_OK) status = ken_model_transform(ctx, m, X, &out);
    ken_table_free(out), ken_table_free(X), ken_model_free(m);
    return status;
}

static void test_polynomial__every_allocation_may_fail(void **s) {
    (void)s;
    test_every_allocation(polynomial_allocates, NULL, 500);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_polynomial__names_and_values_equal_scikit_learn),
        cmocka_unit_test(test_polynomial__sources_missing_and_what_passes),
        cmocka_unit_test(test_polynomial__too_many_columns_are_an_error),
        cmocka_unit_test(test_polynomial__recipe_fits_a_cubic_far_from_zero),
        cmocka_unit_test(test_polynomial__recipe_fills_before_and_scales_after),
        cmocka_unit_test(test_polynomial__damaged_lists_are_refused),
        cmocka_unit_test(test_polynomial__every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
