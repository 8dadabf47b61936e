/* Built-in tables: shapes and missing cells as data/README.md has them; generated ones obey their law. */
#include "tests/support.h"

#include "ken/data/datasets/datasets_gen.h"

static const double *numbers(const ken_table *t, const char *name) {
    const int j = ken_table_find(t, name);
    assert_true(j >= 0);
    const ken_column *c = ken_table_column(t, j);
    assert_int_equal(c->dtype, KEN_F64);
    return c->data;
}

static int64_t missing(const ken_table *t) {
    int64_t n = 0;
    for (int j = 0; j < ken_table_cols(t); j++) n += ken_column_count_missing(ken_table_column(t, j));
    return n;
}

static void test_datasets__have_their_known_shapes(void **state) {
    (void)state;
    const struct {
        const char *name, *target;
        int64_t rows, cols, missing;
    } known[] = {{"iris", "species", 150, 5, 0},          {"penguins", "species", 344, 8, 19},
                 {"credit_g", "class", 1000, 21, -1},     {"wine", "cultivar", 178, 14, 0},
                 {"breast_cancer", "diagnosis", 569, 31, 0}, {"diabetes", "y", 442, 11, 0},
                 {"auto_mpg", "mpg", 398, 9, 6},          {"heart_disease", "num", 303, 14, 6}};
    ken_ctx *ctx = test_ctx(1);
    for (int i = 0; i < KEN_COUNT(known); i++) {
        ken_table *t = NULL;
        const ken_desc *desc;
        const ken_status status = ken_dataset_load(ctx, known[i].name, &t);
        if (status == KEN_E_UNSUPPORTED) {
            test_ctx_free(ctx);
            TEST_SKIP("this build carries no tables");
        }
        TEST_OK(ctx, status);
        assert_int_equal(ken_table_rows(t), known[i].rows);
        assert_int_equal(ken_table_cols(t), known[i].cols);
        if (known[i].missing >= 0) assert_int_equal(missing(t), known[i].missing);
        TEST_OK(ctx, ken_catalog_find(ctx, known[i].name, KEN_DATASET, &desc));
        assert_string_equal(desc->dataset->target, known[i].target);
        assert_true(ken_table_find(t, desc->dataset->target) >= 0);
        ken_table_free(t);
    }
    test_ctx_free(ctx);
}

/* Sums that everybody's iris has: 876.5, 458.6, 563.7, 179.9. */
static void test_datasets__iris_sums(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    const double want[4] = {876.5, 458.6, 563.7, 179.9};
    ken_table *t = NULL;
    if (ken_dataset_load(ctx, "iris", &t) == KEN_E_UNSUPPORTED) {
        test_ctx_free(ctx);
        TEST_SKIP("this build carries no tables");
    }
    for (int j = 0; j < 4; j++) {
        double sum = 0;
        for (int64_t i = 0; i < 150; i++) sum += ken_column_f64(ken_table_column(t, j), i);
        TEST_NEAR(sum, want[j], 1e-12);
    }
    ken_table_free(t);
    test_ctx_free(ctx);
}

static void test_datasets__names_and_settings_are_checked(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    ken_table *t = NULL;
    TEST_FAILS(ctx, ken_dataset_load(ctx, "gen:mons", &t), KEN_E_NOT_FOUND, "gen:mons");
    assert_non_null(strstr(ken_ctx_hint(ctx), "gen:moons"));
    TEST_FAILS(ctx, ken_dataset_load(ctx, "gen:moons:rows", &t), KEN_E_ARG, "name=value");
    TEST_FAILS(ctx, ken_dataset_load(ctx, "gen:moons:row=5", &t), KEN_E_ARG, "row");
    TEST_FAILS(ctx, ken_dataset_load(ctx, "gen:moons:rows=0", &t), KEN_E_ARG, "rows");
    TEST_OK(ctx, ken_dataset_load(ctx, "gen:moons:rows=12,noise=0", &t));
    assert_int_equal(ken_table_rows(t), 12);
    ken_table_free(t);
    test_ctx_free(ctx);
}

static void test_datasets__first_rows_do_not_depend_on_rows_or_threads(void **state) {
    (void)state;
    const char *const few[] = {"gen:houses:rows=20", "gen:churn:rows=20", "gen:moons:rows=20",
                               "gen:circles:rows=20", "gen:spirals:rows=20", "gen:blobs:rows=20",
                               "gen:friedman:rows=20", "gen:linear:rows=20"};
    for (int g = 0; g < KEN_COUNT(few); g++) {
        char name[64], x[64], y[64];
        ken_ctx *a = test_ctx(1), *b = test_ctx(3);
        ken_table *s = NULL, *t = NULL;
        snprintf(name, sizeof name, "%s", few[g]);
        *strrchr(name, ':') = 0;
        TEST_OK(a, ken_dataset_load(a, few[g], &s));
        TEST_OK(b, ken_dataset_load(b, name, &t));
        assert_int_equal(ken_table_cols(s), ken_table_cols(t));
        for (int j = 0; j < ken_table_cols(s); j++)
            for (int64_t i = 0; i < 20; i++)
                assert_string_equal(ken_column_format(ken_table_column(s, j), i, x, sizeof x),
                                    ken_column_format(ken_table_column(t, j), i, y, sizeof y));
        ken_table_free(s);
        ken_table_free(t);
        test_ctx_free(a);
        test_ctx_free(b);
    }
}

static void test_gen__rows_obey_the_law(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    ken_table *t = NULL;
    char cell[32];
    TEST_OK(ctx, ken_dataset_load(ctx, "gen:friedman:rows=5000,noise=0", &t));
    double mean = 0;
    for (int64_t i = 0; i < 5000; i++) {
        double x[5];
        for (int j = 0; j < 5; j++) x[j] = ken_column_f64(ken_table_column(t, j), i);
        const double y = ken_column_f64(ken_table_column(t, 10), i);
        assert_true(y == ken_gen_friedman_truth(x));
        TEST_NEAR(y, 10 * sin(M_PI * x[0] * x[1]) + 20 * pow(x[2] - 0.5, 2) + 10 * x[3] + 5 * x[4], 1e-13);
        mean += y / 5000;
    }
    assert_true(fabs(mean - 14.41) < 0.2); /* 10 * 0.5244 + 20 / 12 + 5 + 2.5 */
    ken_table_free(t);
    TEST_OK(ctx, ken_dataset_load(ctx, "gen:houses:rows=300,noise=0", &t));
    int checked = 0;
    for (int64_t i = 0; i < 300; i++) {
        const double age = numbers(t, "age_years")[i];
        if (isnan(age) || ken_column_missing(ken_table_column(t, ken_table_find(t, "energy")), i)) continue;
        const int energy = (int)ken_column_f64(ken_table_column(t, ken_table_find(t, "energy")), i);
        ken_column_format(ken_table_column(t, ken_table_find(t, "garden")), i, cell, sizeof cell);
        const double truth = ken_gen_houses_truth(
            numbers(t, "area_m2")[i], numbers(t, "rooms")[i], age, numbers(t, "distance_km")[i],
            (int)ken_column_f64(ken_table_column(t, ken_table_find(t, "neighborhood")), i), energy,
            strcmp(cell, "yes") == 0);
        assert_true(fabs(numbers(t, "price")[i] - truth) <= 0.0501);
        checked++;
    }
    assert_true(checked > 250 && checked < 300);
    assert_true(missing(t) > 5);
    ken_table_free(t);
    TEST_OK(ctx, ken_dataset_load(ctx, "gen:churn:rows=20000,noise=0", &t));
    double left = 0, expected = 0;
    for (int64_t i = 0; i < 20000; i++) {
        const double fee = numbers(t, "monthly_fee")[i];
        if (isnan(fee)) continue;
        const ken_column *churn = ken_table_column(t, ken_table_find(t, "churn"));
        const ken_column *contract = ken_table_column(t, ken_table_find(t, "contract"));
        const ken_column *internet = ken_table_column(t, ken_table_find(t, "internet"));
        left += ken_column_f64(churn, i);
        expected += ken_gen_churn_truth(numbers(t, "months")[i], fee, numbers(t, "support_calls")[i],
                                        (int)ken_column_f64(contract, i), ken_column_f64(internet, i) == 1);
    }
    assert_true(fabs(left - expected) < 4 * sqrt(20000 * 0.25));
    assert_true(left / 20000 > 0.15 && left / 20000 < 0.5);
    ken_table_free(t);
    test_ctx_free(ctx);
}

static ken_status load(ken_ctx *ctx, void *arg) {
    ken_table *t = NULL;
    const ken_status status = ken_dataset_load(ctx, arg, &t);
    ken_table_free(t);
    return status;
}

static void test_datasets__every_allocation_may_fail(void **state) {
    (void)state;
    test_every_allocation(load, (void *)(uintptr_t)"gen:houses:rows=30", 300);
    test_every_allocation(load, (void *)(uintptr_t)"gen:blobs:rows=30", 300);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_datasets__have_their_known_shapes),
        cmocka_unit_test(test_datasets__iris_sums),
        cmocka_unit_test(test_datasets__names_and_settings_are_checked),
        cmocka_unit_test(test_datasets__first_rows_do_not_depend_on_rows_or_threads),
        cmocka_unit_test(test_gen__rows_obey_the_law),
        cmocka_unit_test(test_datasets__every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
