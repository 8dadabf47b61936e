/* Dates against the C library's gmtime. */
#include <time.h>

#include "ken/preprocess/preprocess_test_tables.h"
#include "ken/preprocess/date_parts/date_parts.h"

static ken_table *dates(ken_ctx *ctx, const int64_t *t, int64_t n) {
    ken_table *X;
    const ken_column c = {.name = "t", .dtype = KEN_TIME, .n = n, .data = t, .stride = 1};
    TEST_OK(ctx, ken_table_new(ctx, n, &X));
    TEST_OK(ctx, ken_table_add_copy(ctx, X, &c));
    return X;
}

static void test_date_parts__equal_gmtime(void **s) {
    (void)s;
    ken_ctx *ctx = test_ctx(2);
    enum { N = 4000 };
    int64_t *t = calloc(N, 8);
    for (int i = 0; i < N; i++) /* years -800 to 4700, leap days among them */
        t[i] = (-87000000000ll + i * 43456789ll + (i % 3) * 3600) * 1000000;
    t[0] = 951782400000000, t[1] = -1, t[2] = 0,
    t[3] = 4107542400000000; /* 2000-02-29, last of 1969, 2100-03-01 */
    ken_date_parts_params p = {KEN_CYCLIC_NO};
    ken_model *m;
    ken_table *X = dates(ctx, t, N);
    TEST_OK(ctx, ken_date_parts_new(ctx, &p, &m));
    ken_table *out = tables_fit(ctx, m, X, NULL, NULL);
    for (int i = 0; i < N; i++) {
        struct tm d;
        const time_t seconds = t[i] / 1000000 - (t[i] % 1000000 < 0);
        gmtime_r(&seconds, &d);
        assert_true(ken_column_f64(tables_col(out, "t.year"), i) == d.tm_year + 1900.0);
        assert_true(ken_column_f64(tables_col(out, "t.month"), i) == d.tm_mon + 1);
        assert_true(ken_column_f64(tables_col(out, "t.day"), i) == d.tm_mday);
        assert_true(ken_column_f64(tables_col(out, "t.weekday"), i) == (d.tm_wday ? d.tm_wday : 7));
        assert_true(ken_column_f64(tables_col(out, "t.day_of_year"), i) == d.tm_yday + 1);
        assert_true(floor(ken_column_f64(tables_col(out, "t.hour"), i)) == d.tm_hour);
    }
    tables_round_trip(ctx, m, X);
    ken_table_free(out), ken_table_free(X), ken_model_free(m), free(t);
    test_ctx_free(ctx);
}

static void test_date_parts__leaves_out_what_never_changes(void **s) {
    (void)s;
    ken_ctx *ctx = test_ctx(1);
    ken_model *m;
    ken_table *X = tables_of(ctx, "t time 18262 18263 18270 .\nn f64 1 2 3 4"); /* January 2020 */
    TEST_OK(ctx, ken_date_parts_new(ctx, NULL, &m));
    ken_table *out = tables_fit(ctx, m, X, NULL, NULL);
    assert_int_equal(ken_table_find(out, "t.year"), -1);
    assert_int_equal(ken_table_find(out, "t.month"), -1);
    assert_int_equal(ken_table_find(out, "t.hour"), -1);
    assert_true(ken_column_f64(tables_col(out, "t.weekday"), 0) == 3); /* 2020-01-01, a Wednesday */
    assert_true(ken_column_f64(tables_col(out, "t.days"), 2) == 8);
    assert_true(ken_column_missing(tables_col(out, "t.days"), 3));
    assert_int_equal(tables_col(out, "t.day")->source, 0);
    ken_table_free(out), ken_table_free(X), ken_model_free(m);
    test_ctx_free(ctx);
}

static void test_date_parts__cyclic_parts_lie_on_a_circle(void **s) {
    (void)s;
    ken_ctx *ctx = test_ctx(1);
    ken_date_parts_params p = {KEN_CYCLIC_YES};
    ken_model *m;
    ken_table *X =
        tables_of(ctx, "t time 0 31.25 59.5 334.75 ."); /* January, February, March, December */
    TEST_OK(ctx, ken_date_parts_new(ctx, &p, &m));
    ken_table *out = tables_fit(ctx, m, X, NULL, NULL);
    const ken_column *sine = tables_col(out, "t.month_sin"),
                     *cosine = tables_col(out, "t.month_cos");
    for (int i = 0; i < 4; i++)
        TEST_NEAR(pow(ken_column_f64(sine, i), 2) + pow(ken_column_f64(cosine, i), 2), 1, 1e-15);
    test_near_(ken_column_f64(sine, 0), 0, 0, 1e-12, "January", __FILE__, __LINE__);
    TEST_NEAR(ken_column_f64(sine, 2), sin(2 * 3.14159265358979323846 * 2 / 12), 1e-14);
    TEST_NEAR(ken_column_f64(tables_col(out, "t.hour_sin"), 1), 1, 1e-15); /* six o'clock */
    assert_true(ken_column_missing(sine, 4) && ken_column_missing(cosine, 4));
    tables_round_trip(ctx, m, X);
    ken_table_free(out), ken_table_free(X), ken_model_free(m);
    test_ctx_free(ctx);
}

static void test_date_parts__takes_extreme_and_no_times(void **s) {
    (void)s;
    ken_ctx *ctx = test_ctx(1);
    const int64_t t[3] = {INT64_MIN, INT64_MAX, 0};
    ken_model *m;
    ken_table *X = dates(ctx, t, 3), *none = tables_of(ctx, "t time . .");
    TEST_OK(ctx, ken_date_parts_new(ctx, NULL, &m));
    ken_table *out = tables_fit(ctx, m, X, NULL, NULL);
    for (int j = 0; j < ken_table_cols(out); j++)
        for (int i = 0; i < 3; i++)
            assert_true(isfinite(ken_column_f64(ken_table_column(out, j), i)));
    ken_table_free(out);
    out = tables_fit(ctx, m, none, NULL, NULL);
    assert_int_equal(ken_table_cols(out), 0);
    ken_table_free(out), ken_table_free(X), ken_table_free(none), ken_model_free(m);
    test_ctx_free(ctx);
}

static ken_status date_allocates(ken_ctx *ctx, void *arg) {
    ken_model *m = NULL;
    ken_table *X = NULL, *out = NULL;
    (void)arg;
    ken_status status = tables_make(ctx, "t time 0 400.5 . 9000", &X);
    const ken_data data = {.table = X};
    if (status == KEN_OK) status = ken_date_parts_new(ctx, NULL, &m);
    if (status == KEN_OK) status = ken_model_fit(ctx, m, &data);
    if (status == KEN_OK) status = ken_model_transform(ctx, m, X, &out);
    ken_table_free(out), ken_table_free(X), ken_model_free(m);
    return status;
}

static void test_date_parts__every_allocation_may_fail(void **s) {
    (void)s;
    test_every_allocation(date_allocates, NULL, 1000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_date_parts__equal_gmtime),
        cmocka_unit_test(test_date_parts__leaves_out_what_never_changes),
        cmocka_unit_test(test_date_parts__cyclic_parts_lie_on_a_circle),
        cmocka_unit_test(test_date_parts__takes_extreme_and_no_times),
        cmocka_unit_test(test_date_parts__every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
