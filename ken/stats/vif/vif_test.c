/* Collinearity against statsmodels and numpy on Longley's data, regressions, and numbers by hand. */
#include "ken/stats/vif/vif.h"

#include "tests/support.h"

/* Longley 1967 (JASA 62), public: deflator, GNP, unemployed, armed forces, population, year; employed. */
static const double longley[16][7] = {
    {83.0, 234289, 2356, 1590, 107608, 1947, 60323},  {88.5, 259426, 2325, 1456, 108632, 1948, 61122},
    {88.2, 258054, 3682, 1616, 109773, 1949, 60171},  {89.5, 284599, 3351, 1650, 110929, 1950, 61187},
    {96.2, 328975, 2099, 3099, 112075, 1951, 63221},  {98.1, 346999, 1932, 3594, 113270, 1952, 63639},
    {99.0, 365385, 1870, 3547, 115094, 1953, 64989},  {100.0, 363112, 3578, 3350, 116219, 1954, 63761},
    {101.2, 397469, 2904, 3048, 117388, 1955, 66019}, {104.6, 419180, 2822, 2857, 118734, 1956, 67857},
    {108.4, 442769, 2936, 2798, 120445, 1957, 68169}, {110.8, 444546, 4681, 2637, 121950, 1958, 66513},
    {112.6, 482704, 3813, 2552, 123366, 1959, 68655}, {114.2, 502601, 3931, 2514, 125368, 1960, 69564},
    {115.7, 518173, 4806, 2572, 127852, 1961, 69331}, {116.9, 554894, 4007, 2827, 130081, 1962, 70551}};
static const int six[] = {0, 1, 2, 3, 4, 5};

/* statsmodels 0.15.0, variance_inflation_factor; ten digits, as its own route by QR of raw columns of
 * condition 43275 loses some. */
static void test_vif__longley_equals_statsmodels(void **state) {
    (void)state;
    static const double want[] = {135.53243828000367, 1788.5134827182983, 33.61889059604998,
                                  3.5889301934455404, 399.15102231263205, 758.9805974069244};
    ken_ctx *ctx = test_ctx(1);
    ken_table *t = test_table(ctx, longley[0], 16, 7);
    double vif[6];
    int64_t rows;
    TEST_OK(ctx, ken_vif(ctx, t, six, 6, vif, &rows));
    for (int j = 0; j < 6; j++) TEST_NEAR(vif[j], want[j], 1e-9);
    assert_int_equal(rows, 16);
    ken_table_free(t);
    test_ctx_free(ctx);
}

/* numpy 2.4.6: singular values of the unit columns, and Belsley's proportions of the two largest indices. */
static void test_vif__longley_condition_indices(void **state) {
    (void)state;
    static const double index[] = {1,                  9.141720519870459,  12.255735049271548, 25.33660709862304,
                                   230.42394600187487, 1048.0802980035965, 43275.043587179935};
    static const double worst[] = {0.9998503008585734, 0.03833141095530899, 0.6546279533653293, 0.6892567687316519,
                                   0.30204537555727046, 0.1597273486180208, 0.9998391233821368};
    static const double second[] = {0.000149137536843955, 0.5045560194251402, 0.32838549448757015,
                                    0.2253447759977454, 6.865016560089883e-07, 0.8305635692143974,
                                    0.00016031490440427128};
    ken_ctx *ctx = test_ctx(1);
    ken_table *t = test_table(ctx, longley[0], 16, 7);
    double got[7], share[49];
    TEST_OK(ctx, ken_condition_indices(ctx, t, six, 6, got, share));
    for (int k = 0; k < 7; k++) {
        double sum = 0;
        TEST_NEAR(got[k], index[k], 1e-8);
        TEST_NEAR(share[6 * 7 + k], worst[k], 1e-7);
        TEST_NEAR(share[5 * 7 + k], second[k], 1e-6);
        for (int row = 0; row < 7; row++) sum += share[row * 7 + k];
        TEST_NEAR(sum, 1, 1e-14);
    }
    ken_table_free(t);
    test_ctx_free(ctx);
}

/* By the definition: each column regressed on the others by the model `linear`. */
static void test_vif__is_one_over_one_less_r2_of_regressions(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    ken_table *t = test_table(ctx, longley[0], 16, 7);
    double vif[6];
    TEST_OK(ctx, ken_vif(ctx, t, six, 6, vif, NULL));
    for (int j = 0; j < 6; j++) {
        int others[5], n = 0;
        ken_table *rest;
        ken_model *m;
        for (int k = 0; k < 6; k++)
            if (k != j) others[n++] = k;
        TEST_OK(ctx, ken_table_select(ctx, t, others, 5, &rest));
        const ken_data data = {.table = rest, .target = ken_table_column(t, j), .task = KEN_REGRESS};
        TEST_OK(ctx, ken_model_new(ctx, "linear", NULL, &m));
        TEST_OK(ctx, ken_model_fit(ctx, m, &data));
        TEST_NEAR(vif[j], 1 / (1 - ken_model_attr_f64(m, "r2", NAN)), 1e-11);
        ken_model_free(m);
        ken_table_free(rest);
    }
    ken_table_free(t);
    test_ctx_free(ctx);
}

/* Correlation 0.8: 1 / 0.36. Units and far offsets do not matter. */
static void test_vif__two_columns_by_hand(void **state) {
    (void)state;
    static const int both[] = {0, 1};
    ken_ctx *ctx = test_ctx(1);
    double X[] = {1, 1, 2, 3, 3, 2, 4, 4}, vif[2];
    for (int k = 0; k < 2; k++) {
        ken_table *t = test_table(ctx, X, 4, 2);
        TEST_OK(ctx, ken_vif(ctx, t, both, 2, vif, NULL));
        TEST_NEAR(vif[0], 1 / 0.36, 1e-14);
        TEST_NEAR(vif[1], 1 / 0.36, 1e-14);
        ken_table_free(t);
        for (int i = 0; i < 4; i++) X[2 * i] = X[2 * i] * 4096 - 1e6, X[2 * i + 1] *= 0x1p-700;
    }
    test_ctx_free(ctx);
}

/* c = a + b, e unrelated, f constant: infinite for three, finite for e, none for f. */
static void test_vif__exact_dependencies_are_infinite_for_their_columns_alone(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    static const int five[] = {0, 1, 2, 3, 4};
    double X[40][5], vif[5], index[6], share[36];
    for (int i = 0; i < 40; i++) {
        X[i][0] = sin(i) * 3 + 100, X[i][1] = cos(2.0 * i), X[i][2] = X[i][0] + X[i][1];
        X[i][3] = sin(5.0 * i + 1), X[i][4] = 0.1;
    }
    ken_table *t = test_table(ctx, X[0], 40, 5);
    TEST_OK(ctx, ken_vif(ctx, t, five, 5, vif, NULL));
    for (int j = 0; j < 3; j++) assert_true(isinf(vif[j]));
    assert_true(vif[3] >= 1 && vif[3] < 2);
    assert_true(isnan(vif[4]));
    TEST_OK(ctx, ken_condition_indices(ctx, t, five, 4, index, share));
    assert_true(isinf(index[4]) && isfinite(index[3]));
    for (int j = 1; j <= 3; j++) TEST_NEAR(share[4 * 5 + j], 1, 1e-12);
    assert_true(share[4 * 5 + 4] == 0);
    ken_table_free(t);
    test_ctx_free(ctx);
}

static void test_vif__missing_rows_do_not_count_and_bad_tables_are_errors(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    static const int both[] = {0, 1};
    double X[] = {1, 1, 2, 3, NAN, 7, 3, 2, 5, INFINITY, 4, 4}, vif[2];
    int64_t rows;
    ken_table *t = test_table(ctx, X, 6, 2), *few = test_table(ctx, X, 2, 2);
    TEST_OK(ctx, ken_vif(ctx, t, both, 2, vif, &rows));
    assert_int_equal(rows, 4);
    TEST_NEAR(vif[0], 1 / 0.36, 1e-14);
    TEST_OK(ctx, ken_vif(ctx, t, both, 1, vif, NULL));
    assert_true(vif[0] == 1);
    TEST_OK(ctx, ken_vif(ctx, t, both, 0, vif, NULL));
    TEST_FAILS(ctx, ken_vif(ctx, few, both, 2, vif, NULL), KEN_E_VALUE, "2 complete rows for 2 columns");
    ken_table_free(few);
    ken_table_free(t);
    test_ctx_free(ctx);
}

static ken_status vif_allocates(ken_ctx *ctx, void *arg) {
    double vif[6];
    ken_table *t = NULL;
    ken_tensor X = ken_tensor_2d(arg, KEN_F64, 16, 7);
    ken_status status = ken_table_from_matrix(ctx, &X, NULL, &t);
    if (status == KEN_OK) status = ken_vif(ctx, t, six, 6, vif, NULL);
    ken_table_free(t);
    return status;
}

static void test_vif__every_allocation_may_fail(void **state) {
    (void)state;
    double X[16][7];
    memcpy(X, longley, sizeof X);
    test_every_allocation(vif_allocates, X, 200);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vif__longley_equals_statsmodels),
        cmocka_unit_test(test_vif__longley_condition_indices),
        cmocka_unit_test(test_vif__is_one_over_one_less_r2_of_regressions),
        cmocka_unit_test(test_vif__two_columns_by_hand),
        cmocka_unit_test(test_vif__exact_dependencies_are_infinite_for_their_columns_alone),
        cmocka_unit_test(test_vif__missing_rows_do_not_count_and_bad_tables_are_errors),
        cmocka_unit_test(test_vif__every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
