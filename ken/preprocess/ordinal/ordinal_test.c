#include "ken/preprocess/preprocess_test_tables.h"
#include "ken/preprocess/ordinal/ordinal.h"

static void test_ordinal__numbers_levels_in_their_order(void **s) {
    (void)s;
    ken_ctx *ctx = test_ctx(1);
    ken_model *m;
    ken_table *X = tables_of(
        ctx, "size category small large medium . large\nname string c a b a .\nn f64 5 6 7 8 9");
    TEST_OK(ctx, ken_ordinal_new(ctx, NULL, &m));
    ken_table *out = tables_fit(ctx, m, X, NULL, NULL);
    const double size[] = {0, 1, 2, NAN, 1}, name[] = {2, 0, 1, 0, NAN};
    for (int i = 0; i < 5; i++) {
        const double u = ken_column_f64(ken_table_column(out, 0), i),
                     v = ken_column_f64(ken_table_column(out, 1), i);
        assert_true(u == size[i] || (isnan(u) && isnan(size[i])));
        assert_true(v == name[i] || (isnan(v) && isnan(name[i])));
    }
    assert_ptr_equal(ken_table_column(out, 2)->data, ken_table_column(X, 2)->data);
    tables_round_trip(ctx, m, X);
    ken_table_free(out), ken_table_free(X), ken_model_free(m);
    test_ctx_free(ctx);
}

static void test_ordinal__categories_group_rare_levels(void **s) {
    (void)s;
    ken_ctx *ctx = test_ctx(1);
    ken_ordinal_params p = {KEN_ORDINAL_CATEGORY, 0, 2};
    ken_model *m;
    char text[40];
    ken_table *X = tables_of(ctx, "c string x y x z . y w"),
              *later = tables_of(ctx, "c string new y ."), *out2;
    TEST_OK(ctx, ken_ordinal_new(ctx, &p, &m));
    ken_table *out = tables_fit(ctx, m, X, NULL, NULL);
    const char *const want[] = {"x", "y", "x", "(other)", "", "y", "(other)"};
    assert_int_equal(ken_table_column(out, 0)->dtype, KEN_CATEGORY);
    assert_int_equal(ken_table_column(out, 0)->text.n, 3);
    for (int i = 0; i < 7; i++)
        assert_string_equal(ken_column_format(ken_table_column(out, 0), i, text, sizeof text),
                            want[i]);
    TEST_OK(ctx, ken_model_transform(ctx, m, later, &out2));
    assert_string_equal(ken_column_format(ken_table_column(out2, 0), 0, text, sizeof text),
                        "(other)");
    assert_string_equal(ken_column_format(ken_table_column(out2, 0), 1, text, sizeof text), "y");
    assert_true(ken_column_missing(ken_table_column(out2, 0), 2));
    tables_round_trip(ctx, m, X);
    ken_table_free(out), ken_table_free(out2), ken_table_free(later), ken_table_free(X),
        ken_model_free(m);
    test_ctx_free(ctx);
}

static void test_ordinal__a_hundred_thousand_levels(void **s) {
    (void)s;
    ken_ctx *ctx = test_ctx(2);
    const int n = 200000, levels = 100000;
    int32_t *codes = calloc((size_t)n, 4);
    int64_t *offset = calloc((size_t)levels + 1, 8);
    char *bytes = calloc(1, (size_t)levels * 8);
    for (int k = 0; k < levels; k++)
        offset[k + 1] = offset[k] + sprintf(bytes + offset[k], "v%d", k);
    for (int i = 0; i < n; i++) codes[i] = (int32_t)(i * 7919ll % levels);
    const ken_column c = {.name = "c",
                          .dtype = KEN_CATEGORY,
                          .n = n,
                          .data = codes,
                          .stride = 1,
                          .text = {levels, offset, bytes}};
    ken_table *X;
    ken_model *m;
    TEST_OK(ctx, ken_table_new(ctx, n, &X));
    TEST_OK(ctx, ken_table_add_borrow(ctx, X, &c));
    for (int k = 0; k < 2; k++) {
        ken_ordinal_params p = {k, k ? 254 : 0, 1};
        TEST_OK(ctx, ken_ordinal_new(ctx, &p, &m));
        ken_table *out = tables_fit(ctx, m, X, NULL, NULL);
        if (k == 0)
            for (int i = 0; i < n; i++)
                assert_true(ken_column_f64(ken_table_column(out, 0), i) == codes[i]);
        else
            assert_int_equal(ken_table_column(out, 0)->text.n, 255);
        ken_table_free(out), ken_model_free(m);
    }
    ken_table_free(X), free(codes), free(offset), free(bytes);
    test_ctx_free(ctx);
}

static ken_status ordinal_allocates(ken_ctx *ctx, void *arg) {
    ken_model *m = NULL;
    ken_table *X = NULL, *out = NULL;
    ken_ordinal_params p = {KEN_ORDINAL_CATEGORY, 1, 1};
    (void)arg;
    ken_status status = tables_make(ctx, "c category x . x y\nd string q r . q", &X);
    ken_data data = {.table = X};
    if (status == KEN_OK) status = ken_ordinal_new(ctx, &p, &m);
    if (status == KEN_OK) status = ken_model_fit(ctx, m, &data);
    if (status == KEN_OK) status = ken_model_transform(ctx, m, X, &out);
    ken_table_free(out), ken_table_free(X), ken_model_free(m);
    return status;
}

static void test_ordinal__every_allocation_may_fail(void **s) {
    (void)s;
    test_every_allocation(ordinal_allocates, NULL, 1000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ordinal__numbers_levels_in_their_order),
        cmocka_unit_test(test_ordinal__categories_group_rare_levels),
        cmocka_unit_test(test_ordinal__a_hundred_thousand_levels),
        cmocka_unit_test(test_ordinal__every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
