#include "ken/explain/effect/effect.h"

#include "ken/explain/explain_testing.h"

typedef struct fixture {
    ken_ctx *ctx;
    ken_table *table, *features;
    ken_model *model;
    ken_data data;
} fixture;

static fixture begin(int threads, int64_t n, bool classes) {
    fixture f = {.ctx = test_ctx(threads)};
    f.table = known_table(f.ctx, n, classes);
    f.model = known_model(f.ctx, f.table, &f.features, &f.data);
    return f;
}

static void end(fixture *f) {
    ken_model_free(f->model);
    ken_table_free(f->features);
    ken_table_free(f->table);
    test_ctx_free(f->ctx);
}

/* Of an additive function the partial dependence on a column is its own term plus the mean of the
 * others over the rows. */
static double others(const fixture *f, int but, int but_too) {
    const int64_t n = ken_table_rows(f->features);
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        for (int j = 0; j < ken_table_cols(f->features); j++)
            if (j != but && j != but_too) sum += known_term(f->features, j, i);
    return KNOWN_BASE + sum / (double)n;
}

static void test_effect__additive_function_gives_back_its_terms(void **state) {
    (void)state;
    fixture f = begin(1, 400, false);
    ken_effect_params p = KEN_EFFECT_DEFAULTS;
    ken_effect *e = NULL;
    p.max_rows = 0;
    for (int j = 0; j < 2; j++) {
        TEST_OK(f.ctx, ken_explain_effect(f.ctx, f.model, f.features, &j, 1, &p, &e));
        const ken_effect_view *v = ken_effect_get(e);
        const double rest = others(&f, j, -1);
        assert_int_equal(v->axis[0].n, 24);
        assert_int_equal(v->n_outputs, 1);
        assert_int_equal(v->axis[0].n_marks, 9);
        for (int64_t g = 0; g < v->axis[0].n; g++) {
            const double x = v->axis[0].value[g];
            TEST_NEAR(v->mean[g], rest + (j ? x * x : 2 * x), 1e-12);
            assert_true(g == 0 || x > v->axis[0].value[g - 1]);
        }
        /* Single rows of an additive function are parallel. */
        assert_int_equal(v->n_ice, 60);
        for (int64_t r = 0; r < v->n_ice; r++)
            TEST_NEAR(v->ice[r * v->axis[0].n + 5] - v->ice[r * v->axis[0].n],
                      v->mean[5] - v->mean[0], 1e-9);
        ken_effect_free(e);
    }
    end(&f);
}

static void test_effect__category_goes_by_level_most_frequent_first(void **state) {
    (void)state;
    fixture f = begin(1, 400, false);
    const int c = ken_table_find(f.features, "c");
    ken_effect *e = NULL;
    int64_t count[3] = {0};
    TEST_OK(f.ctx, ken_explain_effect(f.ctx, f.model, f.features, &c, 1, NULL, &e));
    const ken_effect_view *v = ken_effect_get(e);
    for (int64_t i = 0; i < 400; i++) count[(int)ken_column_f64(ken_table_column(f.features, c), i)]++;
    assert_int_equal(v->axis[0].n, 3);
    for (int64_t g = 0; g < 3; g++) {
        TEST_NEAR(v->mean[g], others(&f, c, -1) + !strcmp(v->axis[0].label[g], "red"), 1e-12);
        if (g) assert_true(count[(int)v->axis[0].value[g]] <= count[(int)v->axis[0].value[g - 1]]);
    }
    ken_effect_free(e);
    end(&f);
}

static void test_effect__two_columns(void **state) {
    (void)state;
    fixture f = begin(1, 200, false);
    const int features[] = {ken_table_find(f.features, "c"), 0};
    ken_effect_params p = {7, 0, 0, 0, 1, true, -1};
    ken_effect *e = NULL;
    TEST_OK(f.ctx, ken_explain_effect(f.ctx, f.model, f.features, features, 2, &p, &e));
    const ken_effect_view *v = ken_effect_get(e);
    assert_int_equal(v->axis[0].n, 3);
    assert_int_equal(v->axis[1].n, 7);
    for (int64_t i = 0; i < 3; i++)
        for (int64_t j = 0; j < 7; j++)
            TEST_NEAR(v->mean[i * 7 + j],
                      others(&f, features[0], 0) + !strcmp(v->axis[0].label[i], "red") +
                          2 * v->axis[1].value[j],
                      1e-12);
    /* Even steps from the smallest to the largest value. */
    TEST_NEAR(v->axis[1].value[3], (v->axis[1].value[0] + v->axis[1].value[6]) / 2, 1e-9);
    ken_effect_free(e);
    end(&f);
}

static void test_effect__classes_give_the_probability_of_the_second(void **state) {
    (void)state;
    fixture f = begin(1, 100, true);
    const int a = 0;
    ken_effect_params p = {5, 0, 100, 0, 1, false, -1};
    ken_effect *e = NULL;
    TEST_OK(f.ctx, ken_explain_effect(f.ctx, f.model, f.features, &a, 1, &p, &e));
    const ken_effect_view *v = ken_effect_get(e);
    for (int64_t g = 0; g < v->axis[0].n; g++) {
        double mean = 0;
        for (int64_t i = 0; i < 100; i++) {
            double m = KNOWN_BASE + 2 * v->axis[0].value[g];
            for (int j = 1; j < 4; j++) m += known_term(f.features, j, i);
            TEST_NEAR(v->ice[i * v->axis[0].n + g], 1 / (1 + exp(-m)), 1e-12);
            mean += 1 / (1 + exp(-m)) / 100;
        }
        TEST_NEAR(v->mean[g], mean, 1e-12);
    }
    ken_effect_free(e);
    end(&f);
}

/* numpy 1.26: quantile([1..9, 100], [0, .25, .5, .75, 1]) = 1, 3.25, 5.5, 7.75, 100 (linear). */
static void test_effect__grid_is_by_quantiles(void **state) {
    (void)state;
    fixture f = {.ctx = test_ctx(1)};
    void *a, *b, *y;
    const int feature = 0, whole = 1;
    TEST_OK(f.ctx, ken_table_new(f.ctx, 10, &f.table));
    TEST_OK(f.ctx, ken_table_add_new(f.ctx, f.table, "a", KEN_F64, &a, NULL));
    TEST_OK(f.ctx, ken_table_add_new(f.ctx, f.table, "b", KEN_I64, &b, NULL));
    TEST_OK(f.ctx, ken_table_add_new(f.ctx, f.table, "y", KEN_F64, &y, NULL));
    for (int i = 0; i < 10; i++) {
        ((double *)a)[i] = i < 9 ? i + 1 : 100;
        ((int64_t *)b)[i] = i % 3;
        ((double *)y)[i] = i;
    }
    f.model = known_model(f.ctx, f.table, &f.features, &f.data);
    ken_effect_params p = {5, 0, 0, 0, 1, false, -1};
    ken_effect *e = NULL;
    TEST_OK(f.ctx, ken_explain_effect(f.ctx, f.model, f.features, &feature, 1, &p, &e));
    static const double want[] = {1, 3.25, 5.5, 7.75, 100};
    assert_int_equal(ken_effect_get(e)->axis[0].n, 5);
    for (int g = 0; g < 5; g++) TEST_NEAR(ken_effect_get(e)->axis[0].value[g], want[g], 1e-15);
    ken_effect_free(e);
    TEST_OK(f.ctx, ken_explain_effect(f.ctx, f.model, f.features, &whole, 1, &p, &e));
    assert_int_equal(ken_effect_get(e)->axis[0].n, 3);
    assert_string_equal(ken_effect_get(e)->axis[0].label[2], "2");
    ken_effect_free(e);
    end(&f);
}

/* golden/partial_dependence.py, scikit-learn 1.9.1: grids to the last digits, averages to 1e-12 (their
 * order of summing differs). */
static const double sklearn_grid[2][7] = {
    {-1.0, -0.673762078750735, -0.34752415750147014, -0.02128623625220527, 0.3049516849970597,
     0.6311896062463247, 0.9574275274955895},
    {-1.0, -0.6724146475677024, -0.34482929513540483, -0.01724394270310725, 0.31034140972919033,
     0.6379267621614879, 0.9655121145937855}};
static const double sklearn_average[2][7] = {
    {0.24292495115811377, 0.37811861937123453, 0.5350216066681663, 0.6855889077390797,
     0.8056618559544702, 0.887752120671614, 0.9379962384204952},
    {0.7526245795329826, 0.6625420917705587, 0.6025199383551566, 0.5805172396868461,
     0.5983493635430803, 0.6545902358086471, 0.7421991125933968}};
static const double sklearn_pair[9] = {
    0.37754066879814535, 0.18246987722288371, 0.3617477682584711, 0.8111389064718335,
    0.6124743161102043, 0.8005349519544173, 0.9681655807084273, 0.9179754766479976,
    0.9660087153525868};

static void test_effect__agrees_with_scikit_learn(void **state) {
    (void)state;
    fixture f = {.ctx = test_ctx(1)};
    void *a, *b, *y;
    const int both[] = {0, 1};
    ken_effect_params p = {7, 0, 0, 0, 1, true, -1};
    ken_effect *e = NULL;
    TEST_OK(f.ctx, ken_table_new(f.ctx, 50, &f.table));
    TEST_OK(f.ctx, ken_table_add_new(f.ctx, f.table, "a", KEN_F64, &a, NULL));
    TEST_OK(f.ctx, ken_table_add_new(f.ctx, f.table, "b", KEN_F64, &b, NULL));
    TEST_OK(f.ctx, ken_table_add_new(f.ctx, f.table, "y", KEN_BOOL, &y, NULL));
    for (int i = 0; i < 50; i++) {
        ((double *)a)[i] = 2 * fmod(i * 0.618033988749895, 1) - 1;
        ((double *)b)[i] = 2 * fmod(i * 0.414213562373095, 1) - 1;
        ((uint8_t *)y)[i] = i % 2;
    }
    f.model = known_model(f.ctx, f.table, &f.features, &f.data);
    for (int j = 0; j < 2; j++) {
        TEST_OK(f.ctx, ken_explain_effect(f.ctx, f.model, f.features, &j, 1, &p, &e));
        const ken_effect_view *v = ken_effect_get(e);
        assert_int_equal(v->axis[0].n, 7);
        for (int g = 0; g < 7; g++) {
            TEST_NEAR(v->axis[0].value[g], sklearn_grid[j][g], 1e-14);
            TEST_NEAR(v->mean[g], sklearn_average[j][g], 1e-12);
        }
        ken_effect_free(e);
    }
    p.grid = 3;
    TEST_OK(f.ctx, ken_explain_effect(f.ctx, f.model, f.features, both, 2, &p, &e));
    for (int g = 0; g < 9; g++) TEST_NEAR(ken_effect_get(e)->mean[g], sklearn_pair[g], 1e-12);
    ken_effect_free(e);
    end(&f);
}

static void test_effect__same_bits_for_any_threads(void **state) {
    (void)state;
    double mean[2][24];
    for (int t = 0; t < 2; t++) {
        fixture f = begin(t ? 5 : 1, 3000, false);
        const int b = 1;
        ken_effect *e = NULL;
        TEST_OK(f.ctx, ken_explain_effect(f.ctx, f.model, f.features, &b, 1, NULL, &e));
        memcpy(mean[t], ken_effect_get(e)->mean, sizeof mean[t]);
        ken_effect_free(e);
        end(&f);
    }
    assert_memory_equal(mean[0], mean[1], sizeof mean[0]);
}

static void test_effect__says_what_is_wrong(void **state) {
    (void)state;
    fixture f = begin(1, 20, false);
    const int twice[] = {1, 1}, far = 9;
    ken_effect_params p = KEN_EFFECT_DEFAULTS;
    ken_effect *e = NULL;
    TEST_FAILS(f.ctx, ken_explain_effect(f.ctx, f.model, f.features, twice, 2, NULL, &e), KEN_E_ARG,
               "twice");
    TEST_FAILS(f.ctx, ken_explain_effect(f.ctx, f.model, f.features, &far, 1, NULL, &e), KEN_E_ARG,
               "column 9");
    p.grid = 1;
    TEST_FAILS(f.ctx, ken_explain_effect(f.ctx, f.model, f.features, twice, 1, &p, &e), KEN_E_ARG,
               "grid");
    assert_null(e);
    end(&f);
}

static ken_status effect_once(ken_ctx *ctx, void *arg) {
    fixture *f = arg;
    const int features[] = {0, 3};
    ken_effect_params p = {3, 10, 2, 0, 1, false, -1};
    ken_effect *e = NULL;
    const ken_status status = ken_explain_effect(ctx, f->model, f->features, features, 2, &p, &e);
    ken_effect_free(e);
    return status;
}

static void test_effect__survives_every_failed_allocation(void **state) {
    (void)state;
    fixture f = begin(1, 30, false);
    test_every_allocation(effect_once, &f, 2000);
    end(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_effect__additive_function_gives_back_its_terms),
        cmocka_unit_test(test_effect__category_goes_by_level_most_frequent_first),
        cmocka_unit_test(test_effect__two_columns),
        cmocka_unit_test(test_effect__classes_give_the_probability_of_the_second),
        cmocka_unit_test(test_effect__grid_is_by_quantiles),
        cmocka_unit_test(test_effect__agrees_with_scikit_learn),
        cmocka_unit_test(test_effect__same_bits_for_any_threads),
        cmocka_unit_test(test_effect__says_what_is_wrong),
        cmocka_unit_test(test_effect__survives_every_failed_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
