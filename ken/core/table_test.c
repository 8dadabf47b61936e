#include "tests/support.h"

#include "ken/core/alloc.h"
#include "ken/core/dict.h"
#include "ken/core/text.h"

static const int64_t name_offset[] = {0, 3, 3, 8};
static const ken_strings names = {3, name_offset, "redgreen"};

static ken_column category_column(const int32_t *codes, int64_t n, const uint8_t *valid) {
    ken_column c = {0};
    c.name = "color", c.dtype = KEN_CATEGORY, c.n = n, c.data = codes, c.stride = 1;
    c.valid = valid, c.text = names, c.source = -1;
    return c;
}

static void test_table__columns_keep_values_and_missing_cells(void **state) {
    static const int32_t codes[] = {2, 0, 1, 2};
    static const uint8_t valid[] = {0x0B}; /* row 2 is missing */
    ken_ctx *ctx = test_ctx(1);
    ken_table *t = NULL;
    char buf[16];
    const ken_column c = category_column(codes, 4, valid);
    (void)state;
    TEST_OK(ctx, ken_table_new(ctx, 4, &t));
    TEST_OK(ctx, ken_table_add_copy(ctx, t, &c));
    const ken_column *got = ken_table_column(t, 0);
    assert_string_equal(ken_column_format(got, 0, buf, sizeof buf), "green");
    assert_string_equal(ken_column_format(got, 1, buf, sizeof buf), "red");
    assert_string_equal(ken_column_format(got, 2, buf, sizeof buf), "");
    assert_string_equal(ken_column_format(got, 0, buf, 3), "gr");
    assert_int_equal(ken_column_count_missing(got), 1);
    assert_true(isnan(ken_column_f64(got, 2)));
    ken_table_free(t);
    test_ctx_free(ctx);
}

static void test_table__strided_matrix_is_not_copied(void **state) {
    double X[6] = {1, 2, 3, 4, 5, 6}, out[4];
    ken_ctx *ctx = test_ctx(1);
    ken_table *t = NULL;
    ken_tensor x = ken_tensor_2d(X, KEN_F64, 3, 2);
    (void)state;
    /* rows backwards */
    x.data = X + 4;
    x.stride[0] = -2;
    TEST_OK(ctx, ken_table_from_matrix(ctx, &x, NULL, &t));
    assert_string_equal(ken_table_column(t, 1)->name, "x1");
    assert_true(ken_column_f64(ken_table_column(t, 0), 0) == 5);
    X[4] = 50;
    assert_true(ken_column_f64(ken_table_column(t, 0), 0) == 50);
    ken_table_gather(t, 1, 2, out, 2);
    assert_true(out[0] == 3 && out[1] == 4 && out[2] == 1 && out[3] == 2);
    ken_table_free(t);
    test_ctx_free(ctx);
}

static void test_table__take_and_slice_agree(void **state) {
    double X[40];
    int64_t rows[16];
    char a[32], b[32];
    static const int64_t offset[] = {0, 1, 3, 3, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22};
    ken_ctx *ctx = test_ctx(1);
    ken_table *taken = NULL, *slice = NULL;
    (void)state;
    for (int i = 0; i < 40; i++) X[i] = i % 7 == 3 ? (double)NAN : i * 0.1;
    ken_table *t = test_table(ctx, X, 20, 2);
    ken_column words = {0};
    words.name = "words", words.dtype = KEN_STRING, words.n = 20, words.stride = 1;
    words.text = (ken_strings){20, offset, "abcdefghijklmnopqrstuvwxyz"};
    TEST_OK(ctx, ken_table_add_copy(ctx, t, &words));
    for (int i = 0; i < 12; i++) rows[i] = 8 + i;
    TEST_OK(ctx, ken_table_take(ctx, t, rows, 12, &taken));
    TEST_OK(ctx, ken_table_slice(ctx, t, 8, 12, &slice));
    for (int j = 0; j < 3; j++)
        for (int i = 0; i < 12; i++)
            assert_string_equal(ken_column_format(ken_table_column(taken, j), i, a, sizeof a),
                                ken_column_format(ken_table_column(slice, j), i, b, sizeof b));
    TEST_FAILS(ctx, ken_table_slice(ctx, t, 3, 2, &(ken_table *){NULL}), KEN_E_ARG, "slice");
    ken_table_free(slice);
    ken_table_free(taken);
    ken_table_free(t);
    test_ctx_free(ctx);
}

static void test_table__unknown_column_offers_the_nearest(void **state) {
    ken_ctx *ctx = test_ctx(1);
    ken_table *t = test_table(ctx, (double[]){1, 2}, 1, 2);
    int j;
    (void)state;
    TEST_OK(ctx, ken_table_rename(ctx, t, 0, "income"));
    TEST_FAILS(ctx, ken_table_require(ctx, t, "incmoe", &j), KEN_E_NOT_FOUND, "incmoe");
    assert_non_null(strstr(ken_ctx_hint(ctx), "'income'"));
    TEST_FAILS(ctx, ken_table_require(ctx, t, "zzzz", &j), KEN_E_NOT_FOUND, "zzzz");
    assert_non_null(strstr(ken_ctx_hint(ctx), "income, x1"));
    ken_table_free(t);
    test_ctx_free(ctx);
}

static void test_table__times_print_as_iso(void **state) {
    static const int64_t us[] = {0, 951782400000000, -1000000, 1700000000123456};
    static const char *const want[] = {"1970-01-01", "2000-02-29", "1969-12-31T23:59:59",
                                       "2023-11-14T22:13:20.123456"};
    ken_column c = {0};
    char buf[64];
    (void)state;
    c.name = "t", c.dtype = KEN_TIME, c.n = 4, c.data = us, c.stride = 1;
    for (int i = 0; i < 4; i++) assert_string_equal(ken_column_format(&c, i, buf, sizeof buf), want[i]);
}

static void test_dict__numbers_in_order_of_appearance(void **state) {
    ken_ctx *ctx = test_ctx(1);
    ken_dict *d = NULL;
    int32_t code;
    char key[16];
    (void)state;
    TEST_OK(ctx, ken_dict_new(ctx, &d));
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < 20000; i++) {
            const int n = snprintf(key, sizeof key, "k%d", i);
            TEST_OK(ctx, ken_dict_add(d, key, (size_t)n, &code));
            assert_int_equal(code, i);
        }
    assert_int_equal(ken_dict_count(d), 20000);
    assert_int_equal(ken_dict_find(d, "k123", 4), 123);
    assert_int_equal(ken_dict_find(d, "nope", 4), -1);
    assert_int_equal(ken_dict_find(d, "", 0), -1);
    TEST_OK(ctx, ken_dict_add(d, "", 0, &code));
    assert_int_equal(ken_dict_find(d, "", 0), 20000);
    ken_dict_free(d);
    test_ctx_free(ctx);
}

/* --- stack --- */

/* Numbers of several types, a category, text; `extra` columns stand in another order. */
static ken_status stack_table(ken_ctx *ctx, int n, bool bottom, bool odd, ken_table **out) {
    static const int32_t codes[] = {2, 0, 1, 2, 1};
    static const uint8_t there[] = {0x1D}; /* row 1 is missing */
    static const int64_t levels[] = {0, 5, 9, 12};
    void *whole = NULL, *flag = NULL, *real = NULL;
    uint8_t *valid = NULL;
    ken_column color = category_column(codes, n, there);
    ken_column word = {.name = "word", .dtype = KEN_STRING, .n = n, .stride = 1, .source = -1, .valid = there,
                       .text = {n, (const int64_t[]){0, 1, 3, 3, 6, 7}, "abbcccd"}};
    if (bottom) color.text = (ken_strings){3, levels, "greenbluered"}; /* no blue above */
    KEN_TRY(ken_table_new(ctx, n, out));
    if (bottom) KEN_TRY(ken_table_add_copy(ctx, *out, &word));
    KEN_TRY(ken_table_add_new(ctx, *out, "whole", bottom ? KEN_F64 : KEN_I64, &whole, &valid));
    KEN_TRY(ken_table_add_copy(ctx, *out, &color));
    KEN_TRY(ken_table_add_new(ctx, *out, "flag", bottom ? KEN_I64 : KEN_BOOL, &flag, NULL));
    KEN_TRY(ken_table_add_new(ctx, *out, bottom ? "more" : "real", KEN_F64, &real, NULL));
    if (bottom) KEN_TRY(ken_table_add_new(ctx, *out, "real", KEN_F64, &real, NULL));
    if (!bottom) KEN_TRY(ken_table_add_copy(ctx, *out, &word));
    for (int i = 0; i < n; i++) {
        if (bottom) ((double *)whole)[i] = 10 + i + (odd ? 0.5 : 0), ((int64_t *)flag)[i] = odd ? i : i % 2;
        else ((int64_t *)whole)[i] = INT64_C(9007199254740993) + i, ((uint8_t *)flag)[i] = i % 2;
        ((double *)real)[i] = i == 3 ? (double)NAN : i + 0.25;
    }
    ken_bitmap_clear(valid, 2);
    return KEN_OK;
}

/* Every cell is what its own table says, as text. */
static void stack_check(ken_ctx *ctx, int n, int m, bool odd) {
    ken_table *top, *bottom, *out;
    char got[64], want[64];
    TEST_OK(ctx, stack_table(ctx, n, false, odd, &top));
    TEST_OK(ctx, stack_table(ctx, m, true, odd, &bottom));
    TEST_OK(ctx, ken_table_stack(ctx, "test", top, bottom, &out));
    assert_int_equal(ken_table_rows(out), n + m);
    assert_int_equal(ken_table_cols(out), 5);
    for (int j = 0; j < 5; j++) {
        const ken_column *c = ken_table_column(out, j), *a = ken_table_column(top, j);
        const ken_column *b = ken_table_column(bottom, ken_table_find(bottom, a->name));
        assert_string_equal(c->name, a->name);
        if (!odd) assert_int_equal(c->dtype, a->dtype);
        for (int i = 0; i < n + m; i++) {
            ken_column_format(c, i, got, sizeof got);
            ken_column_format(i < n ? a : b, i < n ? i : i - n, want, sizeof want);
            if (strcmp(want, "blue") == 0) want[0] = 0;
            if (strcmp(c->name, "flag") == 0 || (odd && strcmp(c->name, "whole") == 0 && i < n)) {
                assert_true(ken_column_f64(c, i) == ken_column_f64(i < n ? a : b, i < n ? i : i - n) ||
                            ken_column_missing(c, i));
                continue;
            }
            assert_string_equal(got, want);
        }
    }
    ken_table_free(top), ken_table_free(bottom), ken_table_free(out);
}

static void test_table__stacked_rows_are_those_of_both(void **state) {
    ken_ctx *ctx = test_ctx(1);
    ken_table *top, *bottom, *out;
    (void)state;
    for (int k = 0; k < 50; k++) stack_check(ctx, 1 + k % 5, 1 + k / 5 % 5, k >= 25);
    TEST_OK(ctx, stack_table(ctx, 3, false, false, &top));
    TEST_OK(ctx, stack_table(ctx, 3, true, false, &bottom));
    TEST_FAILS(ctx, ken_table_stack(ctx, "the validation table", bottom, top, &out), KEN_E_NOT_FOUND,
               "the validation table needs the column 'more'");
    assert_null(out);
    ken_table_free(top), ken_table_free(bottom);
    test_ctx_free(ctx);
}

static ken_status stack_once(ken_ctx *ctx, void *arg) {
    ken_table *top = NULL, *bottom = NULL, *out = NULL;
    (void)arg;
    ken_status status = stack_table(ctx, 5, false, false, &top);
    if (status == KEN_OK) status = stack_table(ctx, 4, true, false, &bottom);
    if (status == KEN_OK) status = ken_table_stack(ctx, "test", top, bottom, &out);
    ken_table_free(top), ken_table_free(bottom), ken_table_free(out);
    return status;
}

static ken_status build_and_take(ken_ctx *ctx, void *arg) {
    static const int32_t codes[] = {2, 0, 1, 2};
    ken_table *t = NULL, *taken = NULL;
    const int64_t rows[] = {3, 0};
    ken_column c = category_column(codes, 4, arg);
    ken_status status = ken_table_new(ctx, 4, &t);
    if (status == KEN_OK) status = ken_table_add_copy(ctx, t, &c);
    if (status == KEN_OK) {
        c.dtype = KEN_STRING, c.data = NULL;
        c.text = (ken_strings){4, (const int64_t[]){0, 1, 2, 3, 4}, "abcd"};
        status = ken_table_add_copy(ctx, t, &c);
    }
    if (status == KEN_OK) status = ken_table_take(ctx, t, rows, 2, &taken);
    ken_table_free(taken);
    ken_table_free(t);
    return status;
}

static void test_table__every_allocation_may_fail(void **state) {
    uint8_t valid[] = {0x0F};
    (void)state;
    test_every_allocation(build_and_take, valid, 200);
    test_every_allocation(stack_once, NULL, 400);
}

static ken_status levels_of(ken_ctx *ctx, void *arg) {
    static const int64_t offset[] = {0, 3, 8, 11, 11, 14};
    static const uint8_t valid[] = {0x1B}; /* row 2 is missing */
    const ken_column texts = {.name = "t", .dtype = KEN_STRING, .n = 5, .stride = 1, .valid = valid,
                              .text = {5, offset, "redgreenxxxred"}, .source = 4};
    ken_table *t = NULL, *levels = NULL;
    char buf[16];
    (void)arg;
    ken_status status = ken_table_new(ctx, 5, &t);
    if (status == KEN_OK) status = ken_table_add_borrow(ctx, t, &texts);
    if (status == KEN_OK) status = ken_table_levels(ctx, t, 0, &levels);
    if (status == KEN_OK) {
        const ken_column *c = ken_table_column(levels, 0);
        assert_int_equal(c->dtype, KEN_CATEGORY);
        assert_int_equal(c->text.n, 3); /* "", green, red */
        assert_int_equal(c->source, 4);
        assert_ptr_equal(c->valid, valid);
        assert_int_equal(((const int32_t *)c->data)[1], 1);
        for (int i = 0; i < 5; i++) {
            char want[16];
            assert_string_equal(ken_column_format(c, i, buf, sizeof buf), ken_column_format(&texts, i, want, sizeof want));
        }
    }
    ken_table_free(levels);
    ken_table_free(t);
    return status;
}

static void test_table__few_texts_become_levels(void **state) {
    enum { N = 100 };
    int64_t offset[N + 1];
    char bytes[2 * N + 1];
    ken_ctx *ctx = test_ctx(1);
    ken_table *t = NULL, *levels = NULL;
    (void)state;
    test_every_allocation(levels_of, NULL, 60);
    for (int i = 0; i <= N; i++) offset[i] = 2 * i;
    for (int i = 0; i < N; i++) snprintf(bytes + 2 * i, 3, "%02d", i % 26); /* 26 > 100 / 4 */
    const ken_column texts = {.name = "t", .dtype = KEN_STRING, .n = N, .stride = 1, .text = {N, offset, bytes}, .source = -1};
    TEST_OK(ctx, ken_table_new(ctx, N, &t));
    TEST_OK(ctx, ken_table_add_borrow(ctx, t, &texts));
    TEST_OK(ctx, ken_table_levels(ctx, t, 0, &levels));
    assert_int_equal(ken_table_column(levels, 0)->dtype, KEN_STRING);
    ken_table_free(levels);
    ken_table_free(t);
    test_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table__columns_keep_values_and_missing_cells),
        cmocka_unit_test(test_table__strided_matrix_is_not_copied),
        cmocka_unit_test(test_table__take_and_slice_agree),
        cmocka_unit_test(test_table__unknown_column_offers_the_nearest),
        cmocka_unit_test(test_table__times_print_as_iso),
        cmocka_unit_test(test_table__stacked_rows_are_those_of_both),
        cmocka_unit_test(test_dict__numbers_in_order_of_appearance),
        cmocka_unit_test(test_table__every_allocation_may_fail),
        cmocka_unit_test(test_table__few_texts_become_levels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
