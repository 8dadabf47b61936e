#include "ken/explain/effect/effect.h"

#include "ken/explain/explain_testing.h"

/* Of an additive function the partial dependence on a column is its own term plus the mean of the
 * others over the rows. */
static double others(const known_fixture *f, int but, int but_too) {
    const int64_t n = ken_table_rows(f->features);
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        for (int j = 0; j < ken_table_cols(f->features); j++)
            if (j != but && j != but_too) sum += known_term(f->features, j, i);
    return KNOWN_BASE + sum / (double)n;
}

static void test_effect__additive_function_gives_back_its_terms(void **state) {
    (void)state;
    known_fixture f = known_begin(1, 400, false);
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
    known_end(&f);
}

/* Centered single rows begin at 0; of an additive function they all are the term itself, whatever the row. */
static void test_effect__centered_rows_of_an_additive_function_are_its_term(void **state) {
    (void)state;
    known_fixture f = known_begin(1, 100, false);
    ken_effect_params p = KEN_EFFECT_DEFAULTS;
    ken_effect *e = NULL;
    const int b = 1;
    p.center = true;
    TEST_OK(f.ctx, ken_explain_effect(f.ctx, f.model, f.features, &b, 1, &p, &e));
    const ken_effect_view *v = ken_effect_get(e);
    const double *x = v->axis[0].value;
    assert_int_equal(v->n_ice, 60);
    for (int64_t r = 0; r < v->n_ice; r++) {
        assert_true(v->ice[r * v->axis[0].n] == 0);
        for (int64_t g = 0; g < v->axis[0].n; g++)
            TEST_NEAR(v->ice[r * v->axis[0].n + g], x[g] * x[g] - x[0] * x[0], 1e-12);
    }
    ken_effect_free(e);
    known_end(&f);
}

static void test_effect__category_goes_by_level_most_frequent_first(void **state) {
    (void)state;
    known_fixture f = known_begin(1, 400, false);
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
    known_end(&f);
}

static void test_effect__two_columns(void **state) {
    (void)state;
    known_fixture f = known_begin(1, 200, false);
    const int features[] = {ken_table_find(f.features, "c"), 0};
    ken_effect_params p = {7, 0, 0, 0, 1, true, -1, KEN_EFFECT_AUTO, false};
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
    known_end(&f);
}

static void test_effect__classes_give_the_probability_of_the_second(void **state) {
    (void)state;
    known_fixture f = known_begin(1, 100, true);
    const int a = 0;
    ken_effect_params p = {5, 0, 100, 0, 1, false, -1, KEN_EFFECT_AUTO, false};
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
    known_end(&f);
}

/* numpy 1.26: quantile([1..9, 100], [0, .25, .5, .75, 1]) = 1, 3.25, 5.5, 7.75, 100 (linear). */
static void test_effect__grid_is_by_quantiles(void **state) {
    (void)state;
    known_fixture f = {.ctx = test_ctx(1)};
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
    ken_effect_params p = {5, 0, 0, 0, 1, false, -1, KEN_EFFECT_AUTO, false};
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
    known_end(&f);
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
    known_fixture f = {.ctx = test_ctx(1)};
    void *a, *b, *y;
    const int both[] = {0, 1};
    ken_effect_params p = {7, 0, 0, 0, 1, true, -1, KEN_EFFECT_AUTO, false};
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
    known_end(&f);
}

static void test_effect__same_bits_for_any_threads(void **state) {
    (void)state;
    double mean[2][24];
    for (int t = 0; t < 2; t++) {
        known_fixture f = known_begin(t ? 5 : 1, 3000, false);
        const int b = 1;
        ken_effect *e = NULL;
        TEST_OK(f.ctx, ken_explain_effect(f.ctx, f.model, f.features, &b, 1, NULL, &e));
        memcpy(mean[t], ken_effect_get(e)->mean, sizeof mean[t]);
        ken_effect_free(e);
        known_end(&f);
    }
    assert_memory_equal(mean[0], mean[1], sizeof mean[0]);
}

static void test_effect__says_what_is_wrong(void **state) {
    (void)state;
    known_fixture f = known_begin(1, 20, false);
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
    known_end(&f);
}

static ken_status effect_once(ken_ctx *ctx, void *arg) {
    known_fixture *f = arg;
    const int features[] = {0, 3};
    ken_effect_params p = {3, 10, 2, 0, 1, false, -1, KEN_EFFECT_AUTO, false};
    ken_effect *e = NULL;
    const ken_status status = ken_explain_effect(ctx, f->model, f->features, features, 2, &p, &e);
    ken_effect_free(e);
    return status;
}

static void test_effect__survives_every_failed_allocation(void **state) {
    (void)state;
    known_fixture f = known_begin(1, 30, false);
    test_every_allocation(effect_once, &f, 2000);
    known_end(&f);
}

/* --- recursion -------------------------------------------------------------------------------------------- */

/* golden/recursion.py, scikit-learn 1.9.1: a tree of 8 leaves, method="recursion". Sums in another order: 1e-12. */
static const double recursion_one[2][5] = {
    {0.3310645498880526, 0.3310645498880526, 0.8229730943354165, 1.698487654976223, 1.698487654976223},
    {0.5771358773626131, 0.5771358773626131, 0.8056701586164278, 1.476684977610906, 1.6821280469497044}};
static const double recursion_two[25] =
    {0.1583709716796875, 0.1583709716796875, 0.1583709716796875, 0.7484073638916016, 0.7484073638916016,
     0.1583709716796875, 0.1583709716796875, 0.1583709716796875, 0.7484073638916016, 0.7484073638916016,
     0.5558626651763916, 0.5558626651763916, 0.5558626651763916, 1.4684899648030598, 1.4684899648030598,
     0.9326934814453125, 0.9326934814453125, 1.5686149597167969, 2.133106231689453, 2.7047739028930664,
     0.9326934814453125, 0.9326934814453125, 1.5686149597167969, 2.133106231689453, 2.7047739028930664};

static void test_effect__recursion_agrees_with_scikit_learn(void **state) {
    (void)state;
    known_fixture f = {.ctx = test_ctx(1)};
    ken_effect_params p = {5, 0, 0, 0, 1, true, -1, KEN_EFFECT_AUTO, false};
    ken_effect *e = NULL;
    double X[64 * 2], y[64];
    const int both[] = {0, 1};
    for (int i = 0; i < 64; i++) {
        X[2 * i] = i * 37 % 64 / 64.0;
        X[2 * i + 1] = i * 23 % 61 / 64.0;
        y[i] = X[2 * i] * X[2 * i] + 2 * X[2 * i] * X[2 * i + 1] + pow(X[2 * i + 1], 3);
    }
    const ken_column target = test_column_f64("y", y, 64);
    f.features = test_table(f.ctx, X, 64, 2);
    const ken_data data = {.table = f.features, .target = &target};
    TEST_OK(f.ctx, ken_model_new(f.ctx, "tree", "max_depth=3", &f.model));
    TEST_OK(f.ctx, ken_model_fit(f.ctx, f.model, &data));
    for (int j = 0; j < 2; j++) {
        TEST_OK(f.ctx, ken_explain_effect(f.ctx, f.model, f.features, &j, 1, &p, &e));
        assert_int_equal(ken_effect_get(e)->method, KEN_EFFECT_RECURSION);
        assert_string_equal(ken_effect_get(e)->unit, "value");
        for (int g = 0; g < 5; g++) TEST_NEAR(ken_effect_get(e)->mean[g], recursion_one[j][g], 1e-12);
        ken_effect_free(e);
    }
    TEST_OK(f.ctx, ken_explain_effect(f.ctx, f.model, f.features, both, 2, &p, &e));
    for (int g = 0; g < 25; g++) TEST_NEAR(ken_effect_get(e)->mean[g], recursion_two[g], 1e-12);
    ken_effect_free(e);
    known_end(&f);
}

/* A table that has every combination of its columns once is a product of independent columns, also below any
 * question; so the covers of a tree that was fitted to it are its probabilities, and both methods agree. */
static void test_effect__recursion_is_brute_force_where_columns_are_independent(void **state) {
    (void)state;
    static const char *const models[] = {"tree", "extra_trees"}; /* the latter without a bootstrap */
    enum { N = 6 * 7 * 3 };
    for (int classes = 0; classes < 2; classes++)
        for (int m = 0; m < 2; m++) {
            known_fixture f = {.ctx = test_ctx(1)};
            void *a, *b, *y;
            int32_t code[N];
            const int64_t at[] = {0, 3, 8, 12};
            const ken_column c = {.name = "c", .dtype = KEN_CATEGORY, .n = N, .data = code, .stride = 1,
                                  .text = {3, at, "redgreenblue"}, .source = -1};
            TEST_OK(f.ctx, ken_table_new(f.ctx, N, &f.table));
            TEST_OK(f.ctx, ken_table_add_new(f.ctx, f.table, "a", KEN_F64, &a, NULL));
            TEST_OK(f.ctx, ken_table_add_new(f.ctx, f.table, "b", KEN_I64, &b, NULL));
            TEST_OK(f.ctx, ken_table_add_new(f.ctx, f.table, "y", classes ? KEN_BOOL : KEN_F64, &y, NULL));
            for (int i = 0; i < N; i++) {
                const double u = ((double *)a)[i] = i % 6 / 8.0, v = (double)(((int64_t *)b)[i] = i / 6 % 7);
                code[i] = i / 42;
                const double z = u * v + (code[i] == 1) * u - (code[i] == 2) * v;
                if (classes)
                    ((uint8_t *)y)[i] = fmod(z * 5, 2) > 1;
                else
                    ((double *)y)[i] = z;
            }
            TEST_OK(f.ctx, ken_table_add_copy(f.ctx, f.table, &c));
            const int columns[] = {0, 1, 3}, pairs[][2] = {{0, 1}, {1, 2}, {2, 0}};
            TEST_OK(f.ctx, ken_table_select(f.ctx, f.table, columns, 3, &f.features));
            const ken_data data = {.table = f.features, .target = ken_table_column(f.table, 2)};
            TEST_OK(f.ctx, ken_model_new(f.ctx, models[m], m ? "trees=5" : "", &f.model));
            TEST_OK(f.ctx, ken_model_fit(f.ctx, f.model, &data));
            for (int pair = 0; pair < 6; pair++) {
                ken_effect_params p = {20, 0, 0, 0, 1, false, -1, KEN_EFFECT_RECURSION, false};
                ken_effect *walk = NULL, *brute = NULL;
                TEST_OK(f.ctx, ken_explain_effect(f.ctx, f.model, f.features, pairs[pair / 2], 1 + pair % 2, &p, &walk));
                p.method = KEN_EFFECT_BRUTE;
                TEST_OK(f.ctx, ken_explain_effect(f.ctx, f.model, f.features, pairs[pair / 2], 1 + pair % 2, &p, &brute));
                const ken_effect_view *v = ken_effect_get(walk), *w = ken_effect_get(brute);
                assert_int_equal(w->method, KEN_EFFECT_BRUTE);
                assert_string_equal(v->unit, w->unit);
                const int64_t n = v->axis[0].n * (v->n_axes == 2 ? v->axis[1].n : 1);
                for (int64_t g = 0; g < n; g++) TEST_NEAR(v->mean[g], w->mean[g], 1e-12);
                ken_effect_free(walk);
                ken_effect_free(brute);
            }
            known_end(&f);
        }
}

/* The walk as the paper tells it, from the attributes, node by node. */
static double walk(const ken_model *m, int64_t first, int64_t j, double weight, int known, double x) {
    const int feature = (int)ken_tensor_value(ken_model_attr(m, "feature"), first + j);
    const int64_t left = (int64_t)ken_tensor_value(ken_model_attr(m, "left"), first + j);
    const int64_t right = (int64_t)ken_tensor_value(ken_model_attr(m, "right"), first + j);
    const ken_tensor *cover = ken_model_attr(m, "cover");
    if (feature < 0) return weight * ken_tensor_value(ken_model_attr(m, "value"), first + j);
    if (feature == known)
        return walk(m, first, x <= ken_tensor_value(ken_model_attr(m, "threshold"), first + j) ? left : right, weight, known, x);
    const double share = ken_tensor_value(cover, first + left) / ken_tensor_value(cover, first + j);
    return walk(m, first, left, weight * share, known, x) + walk(m, first, right, weight * (1 - share), known, x);
}

static void test_effect__recursion_of_boosting_is_its_score_at_any_threads(void **state) {
    (void)state;
    double mean[4][24];
    for (int t = 0; t < 4; t++) {
        static const int threads[] = {1, 2, 3, 7};
        known_fixture f = {.ctx = test_ctx(threads[t])};
        const int b = 1;
        f.table = known_table(f.ctx, 500, true);
        const int columns[] = {0, 1, 2};
        TEST_OK(f.ctx, ken_table_select(f.ctx, f.table, columns, 3, &f.features));
        const ken_data data = {.table = f.features, .target = ken_table_column(f.table, ken_table_find(f.table, "y"))};
        TEST_OK(f.ctx, ken_model_new(f.ctx, "boosting", "trees=12 linear_leaves=false", &f.model));
        TEST_OK(f.ctx, ken_model_fit(f.ctx, f.model, &data));
        ken_effect_params p = KEN_EFFECT_DEFAULTS;
        ken_effect *e = NULL;
        p.n_ice = 0; /* auto keeps to probabilities: brute */
        TEST_OK(f.ctx, ken_explain_effect(f.ctx, f.model, f.features, &b, 1, &p, &e));
        assert_int_equal(ken_effect_get(e)->method, KEN_EFFECT_BRUTE);
        assert_string_equal(ken_effect_get(e)->unit, "probability");
        ken_effect_free(e);
        p.method = KEN_EFFECT_RECURSION;
        TEST_OK(f.ctx, ken_explain_effect(f.ctx, f.model, f.features, &b, 1, &p, &e));
        const ken_effect_view *v = ken_effect_get(e);
        assert_string_equal(v->unit, "score");
        for (int64_t g = 0; g < v->axis[0].n; g++) {
            double want = ken_tensor_value(ken_model_attr(f.model, "base"), 0);
            for (int64_t tree = 0; tree < 12; tree++)
                want += walk(f.model, (int64_t)ken_tensor_value(ken_model_attr(f.model, "tree_offset"), tree), 0, 1, b,
                             v->axis[0].value[g]);
            TEST_NEAR(v->mean[g], want, 1e-12);
        }
        memcpy(mean[t], v->mean, sizeof mean[t]);
        assert_memory_equal(mean[0], mean[t], sizeof mean[t]);
        ken_effect_free(e);
        known_end(&f);
    }
}

static void test_effect__recursion_says_why_it_cannot(void **state) {
    (void)state;
    known_fixture f = known_begin(1, 50, false);
    const int a = 0;
    ken_effect_params p = {5, 0, 0, 0, 1, false, -1, KEN_EFFECT_RECURSION, false};
    ken_effect *e = NULL;
    TEST_FAILS(f.ctx, ken_explain_effect(f.ctx, f.model, f.features, &a, 1, &p, &e), KEN_E_UNSUPPORTED,
               "not made of trees");
    p.method = KEN_EFFECT_AUTO;
    TEST_OK(f.ctx, ken_explain_effect(f.ctx, f.model, f.features, &a, 1, &p, &e));
    assert_int_equal(ken_effect_get(e)->method, KEN_EFFECT_BRUTE);
    ken_effect_free(e);
    known_end(&f);
}

static ken_status recursion_once(ken_ctx *ctx, void *arg) {
    known_fixture *f = arg;
    const int features[] = {0, 1};
    ken_effect_params p = {3, 10, 0, 0, 1, false, -1, KEN_EFFECT_RECURSION, false};
    ken_effect *e = NULL;
    const ken_status status = ken_explain_effect(ctx, f->model, f->features, features, 2, &p, &e);
    ken_effect_free(e);
    return status;
}

static void test_effect__recursion_survives_every_failed_allocation(void **state) {
    (void)state;
    known_fixture f = {.ctx = test_ctx(1)};
    f.table = known_table(f.ctx, 60, false);
    const int columns[] = {0, 1, 2};
    TEST_OK(f.ctx, ken_table_select(f.ctx, f.table, columns, 3, &f.features));
    const ken_data data = {.table = f.features, .target = ken_table_column(f.table, ken_table_find(f.table, "y"))};
    TEST_OK(f.ctx, ken_model_new(f.ctx, "tree", "max_depth=3", &f.model));
    TEST_OK(f.ctx, ken_model_fit(f.ctx, f.model, &data));
    test_every_allocation(recursion_once, &f, 2000);
    known_end(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_effect__additive_function_gives_back_its_terms),
        cmocka_unit_test(test_effect__centered_rows_of_an_additive_function_are_its_term),
        cmocka_unit_test(test_effect__category_goes_by_level_most_frequent_first),
        cmocka_unit_test(test_effect__two_columns),
        cmocka_unit_test(test_effect__classes_give_the_probability_of_the_second),
        cmocka_unit_test(test_effect__grid_is_by_quantiles),
        cmocka_unit_test(test_effect__agrees_with_scikit_learn),
        cmocka_unit_test(test_effect__same_bits_for_any_threads),
        cmocka_unit_test(test_effect__says_what_is_wrong),
        cmocka_unit_test(test_effect__recursion_agrees_with_scikit_learn),
        cmocka_unit_test(test_effect__recursion_is_brute_force_where_columns_are_independent),
        cmocka_unit_test(test_effect__recursion_of_boosting_is_its_score_at_any_threads),
        cmocka_unit_test(test_effect__recursion_says_why_it_cannot),
        cmocka_unit_test(test_effect__recursion_survives_every_failed_allocation),
        cmocka_unit_test(test_effect__survives_every_failed_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
