#include "ken/explain/ale/ale.h"

#include "ken/explain/explain_testing.h"

/* Columns a and b of n cells, and the model 1 + a + 3 a b (or its logistic function) on them. */
static known_fixture together(const double *a, const double *b, int64_t n, bool classes) {
    known_fixture f = {.ctx = test_ctx(1)};
    void *x[2];
    TEST_OK(f.ctx, ken_table_new(f.ctx, n, &f.features));
    TEST_OK(f.ctx, ken_table_add_new(f.ctx, f.features, "a", KEN_F64, &x[0], NULL));
    TEST_OK(f.ctx, ken_table_add_new(f.ctx, f.features, "b", KEN_F64, &x[1], NULL));
    memcpy(x[0], a, (size_t)n * sizeof *a);
    memcpy(x[1], b, (size_t)n * sizeof *b);
    f.model = together_model(f.ctx, f.features, classes);
    return f;
}

/* Of an additive function the ALE of a column is its own term, moved to mean 0 over the rows (straight between
 * the edges), whatever the other columns are. */
static void test_ale__additive_function_gives_back_its_terms(void **state) {
    (void)state;
    known_fixture f = known_begin(1, 400, false);
    ken_ale_params p = {12, 0};
    ken_ale *ale = NULL;
    for (int j = 0; j < 3; j++) { /* a, b, and noise, which does nothing */
        TEST_OK(f.ctx, ken_explain_ale(f.ctx, f.model, f.features, &j, 1, &p, &ale));
        const ken_ale_view *v = ken_ale_get(ale);
        const ken_effect_axis *x = &v->axis[0];
        double mean = 0;
        int64_t rows = 0;
        assert_int_equal(x->n, 13);
        for (int64_t g = 0; g < x->n; g++) {
            const double z = x->value[g], z0 = x->value[0];
            TEST_NEAR(v->value[g] - v->value[0], j == 0 ? 2 * (z - z0) : j == 1 ? z * z - z0 * z0 : 0, 1e-12);
            if (g + 1 < x->n) {
                assert_true(v->count[g] >= 33); /* 400 / 12 */
                mean += (double)v->count[g] * (v->value[g] + v->value[g + 1]) / 2;
                rows += v->count[g];
            }
        }
        TEST_NEAR(mean, 0, 1e-9);
        assert_int_equal(rows, 400);
        ken_ale_free(ale);
    }
    known_end(&f);
}

static void test_ale__category_is_its_own_term_with_mean_zero(void **state) {
    (void)state;
    known_fixture f = known_begin(1, 400, false);
    const int c = ken_table_find(f.features, "c");
    ken_ale *ale = NULL;
    double mean = 0, red = 0;
    TEST_OK(f.ctx, ken_explain_ale(f.ctx, f.model, f.features, &c, 1, NULL, &ale));
    const ken_ale_view *v = ken_ale_get(ale);
    assert_int_equal(v->axis[0].n, 3);
    for (int64_t g = 0; g < 3; g++)
        if (v->axis[0].value[g] == 0) red = (double)v->count[g] / 400;
    for (int64_t g = 0; g < 3; g++) {
        TEST_NEAR(v->value[g], (v->axis[0].value[g] == 0) - red, 1e-12);
        mean += v->value[g] * (double)v->count[g];
    }
    TEST_NEAR(mean, 0, 1e-9);
    ken_ale_free(ale);
    known_end(&f);
}

/* Levels whose rows lie along a line in another column come in the order of that line, whatever their codes. */
static void test_ale__levels_are_ordered_by_likeness(void **state) {
    (void)state;
    enum { N = 600 };
    static const int place[6] = {3, 0, 5, 1, 4, 2}; /* of each code along the line */
    ken_ctx *ctx = test_ctx(1);
    ken_table *t = NULL;
    ken_ale *ale = NULL;
    void *a, *b;
    int32_t code[N];
    const int64_t at[] = {0, 1, 2, 3, 4, 5, 6};
    const ken_column c = {.name = "c", .dtype = KEN_CATEGORY, .n = N, .data = code, .stride = 1,
                          .text = {6, at, "ABCDEF"}, .source = -1};
    const int feature = 2;
    TEST_OK(ctx, ken_table_new(ctx, N, &t));
    TEST_OK(ctx, ken_table_add_new(ctx, t, "a", KEN_F64, &a, NULL));
    TEST_OK(ctx, ken_table_add_new(ctx, t, "b", KEN_F64, &b, NULL));
    for (int i = 0; i < N; i++) {
        code[i] = i % 6;
        ((double *)a)[i] = place[i % 6] + 3 * fmod(i * 0.618033988749895, 1);
    }
    TEST_OK(ctx, ken_table_add_copy(ctx, t, &c));
    ken_model *m = together_model(ctx, t, false);
    TEST_OK(ctx, ken_explain_ale(ctx, m, t, &feature, 1, NULL, &ale));
    const ken_ale_view *v = ken_ale_get(ale);
    assert_int_equal(v->axis[0].n, 6);
    /* The ends of the line are B and C: the axis begins at the end with the lower code, B. */
    for (int g = 0; g < 6; g++) assert_int_equal(place[(int)v->axis[0].value[g]], g);
    ken_ale_free(ale);
    ken_model_free(m);
    ken_table_free(t);
    test_ctx_free(ctx);
}

/* golden/ale.py: the formulas row by row in numpy, on columns that hang together, with cells that have no rows. */
static const double golden_edges[7] =
    {-1.0, -0.6818926975065125, -0.3475241575014696, -0.029416855007980303,
     0.3049516849970608, 0.6656314599949624, 0.983738762488457};
static const double golden_one[2][7] = {
    {-0.4487609109481082, -0.6511788496967312, -0.5436038281257064, -0.25353574648511024,
     0.07730378892317635, 0.8530000816443678, 1.4847900184281162},
    {-0.0966596105649655, -0.10782107694139638, -0.07527786386933513, -0.010735437179797913,
     0.04650543063181001, 0.1189601702018892, 0.15339716487862579}};
static const double golden_two[2][25] = {
    {1.111320857201165, 0.14828970149569187, -0.7347265222931993, -1.7179964693028682,
     -3.5693665312418936, 0.3409089152733016, 0.2913914603188681, -0.08919222805695504,
     -0.6609193808940239, -2.10074664866045, -0.9917471239964477, -0.0768425044673664,
     0.07300594812273897, -0.06424391666887286, -0.7807546285726608, -2.6169178523232715,
     -0.7061280530320679, -0.008542751572799157, 0.30285896840922777, 0.3332621413270347,
     -4.64348467497907, -1.7368096959257435, -0.5087922535005378, 0.23708675452695327,
     0.9908064833074082},
    {0.1495104283125609, 0.05545215404448453, -0.1380407611401555, -0.337467777664205,
     -0.6376310503064765, 0.07594534399348464, 0.0420290192296191, -0.029790013227377288,
     -0.13696261886107214, -0.344871480612989, -0.15670175296414707, -0.052891202308655294,
     -0.009149407588732283, -0.00858290200823364, -0.04210813490346488, -0.4763948237664202,
     -0.1441081305614259, -0.003670936201548791, 0.05751023241062525, 0.09352767981323196,
     -0.7721434285720207, -0.21138059281752408, -0.000741420758763156, 0.07080034849415295,
     0.08732727123207884}};

static void test_ale__agrees_with_the_formulas_in_numpy(void **state) {
    (void)state;
    double a[60], b[60];
    const int both[] = {0, 1};
    for (int i = 0; i < 60; i++) {
        a[i] = 2 * fmod(i * 0.618033988749895, 1) - 1;
        b[i] = 0.5 * a[i] + fmod(i * 0.414213562373095, 1) - 0.5;
    }
    for (int classes = 0; classes < 2; classes++) {
        known_fixture f = together(a, b, 60, classes);
        ken_ale_params p = {6, 0};
        ken_ale *ale = NULL;
        TEST_OK(f.ctx, ken_explain_ale(f.ctx, f.model, f.features, both, 1, &p, &ale));
        assert_int_equal(ken_ale_get(ale)->axis[0].n, 7);
        for (int g = 0; g < 7; g++) {
            TEST_NEAR(ken_ale_get(ale)->axis[0].value[g], golden_edges[g], 1e-15);
            TEST_NEAR(ken_ale_get(ale)->value[g], golden_one[classes][g], 1e-12);
        }
        ken_ale_free(ale);
        p.bins = 4;
        TEST_OK(f.ctx, ken_explain_ale(f.ctx, f.model, f.features, both, 2, &p, &ale));
        assert_int_equal(ken_ale_get(ale)->empty, 2);
        for (int g = 0; g < 25; g++) TEST_NEAR(ken_ale_get(ale)->value[g], golden_two[classes][g], 1e-12);
        ken_ale_free(ale);
        known_end(&f);
    }
}

/* On a full factorial the second-order ALE of 1 + a + 3 a b is 3 (a - m)(b - n), m and n the means of the rows
 * taken at the middles of their bins; of an additive function it is 0. */
static void test_ale__second_order_is_the_interaction_alone(void **state) {
    (void)state;
    double a[63], b[63];
    const int both[] = {0, 1};
    ken_ale_params p = {100, 0};
    ken_ale *ale = NULL;
    for (int i = 0; i < 63; i++) a[i] = pow(i % 9, 1.5), b[i] = i / 9 * 0.25;
    known_fixture f = together(a, b, 63, false);
    TEST_OK(f.ctx, ken_explain_ale(f.ctx, f.model, f.features, both, 2, &p, &ale));
    const ken_ale_view *v = ken_ale_get(ale);
    assert_int_equal(v->axis[0].n, 9);
    assert_int_equal(v->axis[1].n, 7);
    assert_int_equal(v->empty, 0);
    double m[2] = {0, 0};
    for (int x = 0; x < 2; x++) {
        const double *z = v->axis[x].value;
        const int64_t n = v->axis[x].n;
        /* The first bin has two of the n values, every other one. */
        for (int64_t g = 0; g + 1 < n; g++) m[x] += (g ? 1 : 2) * (z[g] + z[g + 1]) / 2 / (double)n;
    }
    for (int64_t g = 0; g < 9; g++)
        for (int64_t h = 0; h < 7; h++)
            TEST_NEAR(v->value[g * 7 + h], 3 * (v->axis[0].value[g] - m[0]) * (v->axis[1].value[h] - m[1]), 1e-10);
    ken_ale_free(ale);
    known_end(&f);
    f = known_begin(1, 500, false);
    p.bins = 8;
    TEST_OK(f.ctx, ken_explain_ale(f.ctx, f.model, f.features, both, 2, &p, &ale));
    for (int g = 0; g < 81; g++) TEST_NEAR(ken_ale_get(ale)->value[g], 0, 1e-12);
    ken_ale_free(ale);
    known_end(&f);
}

static void test_ale__same_bits_for_any_threads(void **state) {
    (void)state;
    static const int threads[] = {1, 2, 3, 7};
    const int both[] = {0, 1};
    double value[4][400];
    for (int t = 0; t < 4; t++) {
        known_fixture f = known_begin(threads[t], 9000, true);
        ken_ale_params p = {19, 6000};
        ken_ale *ale = NULL;
        TEST_OK(f.ctx, ken_explain_ale(f.ctx, f.model, f.features, both, 2, &p, &ale));
        assert_int_equal(ken_ale_get(ale)->rows, 6000);
        memcpy(value[t], ken_ale_get(ale)->value, sizeof value[t]);
        assert_memory_equal(value[0], value[t], sizeof value[t]);
        ken_ale_free(ale);
        known_end(&f);
    }
}

static void test_ale__says_what_is_wrong(void **state) {
    (void)state;
    double a[4] = {1, 1, 1, 1}, b[4] = {NAN, NAN, NAN, NAN};
    const int twice[] = {1, 1}, far = 9, c[] = {3, 0}, two[] = {0, 1};
    ken_ale_params p = {0, 0};
    ken_ale *ale = NULL;
    known_fixture f = known_begin(1, 20, false);
    TEST_FAILS(f.ctx, ken_explain_ale(f.ctx, f.model, f.features, twice, 2, NULL, &ale), KEN_E_ARG, "twice");
    TEST_FAILS(f.ctx, ken_explain_ale(f.ctx, f.model, f.features, &far, 1, NULL, &ale), KEN_E_ARG, "column 9");
    TEST_FAILS(f.ctx, ken_explain_ale(f.ctx, f.model, f.features, c, 2, NULL, &ale), KEN_E_UNSUPPORTED, "category");
    TEST_FAILS(f.ctx, ken_explain_ale(f.ctx, f.model, f.features, two, 2, &p, &ale), KEN_E_ARG, "0 bins");
    known_end(&f);
    f = together(a, b, 4, false);
    for (int j = 0; j < 2; j++)
        TEST_FAILS(f.ctx, ken_explain_ale(f.ctx, f.model, f.features, &two[j], 1, NULL, &ale), KEN_E_VALUE,
                   "fewer than two values");
    assert_null(ale);
    known_end(&f);
}

static ken_status ale_once(ken_ctx *ctx, void *arg) {
    known_fixture *f = arg;
    const int pair[] = {0, 1}, c = 3;
    ken_ale_params p = {3, 20};
    ken_ale *ale = NULL;
    ken_status status = ken_explain_ale(ctx, f->model, f->features, pair, 2, &p, &ale);
    ken_ale_free(ale);
    if (status == KEN_OK) {
        status = ken_explain_ale(ctx, f->model, f->features, &c, 1, &p, &ale);
        ken_ale_free(ale);
    }
    return status;
}

static void test_ale__survives_every_failed_allocation(void **state) {
    (void)state;
    known_fixture f = known_begin(1, 40, false);
    test_every_allocation(ale_once, &f, 4000);
    known_end(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ale__additive_function_gives_back_its_terms),
        cmocka_unit_test(test_ale__category_is_its_own_term_with_mean_zero),
        cmocka_unit_test(test_ale__levels_are_ordered_by_likeness),
        cmocka_unit_test(test_ale__agrees_with_the_formulas_in_numpy),
        cmocka_unit_test(test_ale__second_order_is_the_interaction_alone),
        cmocka_unit_test(test_ale__same_bits_for_any_threads),
        cmocka_unit_test(test_ale__says_what_is_wrong),
        cmocka_unit_test(test_ale__survives_every_failed_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
