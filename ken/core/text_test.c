#include "tests/support.h"

static void test_text__grows_and_keeps_a_nul(void **s) {
    ken_ctx *ctx = test_ctx(1);
    ken_text t = ken_text_new(ctx);
    const char *out;
    (void)s;
    TEST_OK(ctx, ken_text_end(&t, &out));
    assert_string_equal(out, "");
    ken_text_add_bytes(&t, NULL, 0);
    for (int i = 0; i < 1000; i++) {
        ken_text_addf(&t, "%d,", i);
        ken_text_add_char(&t, ';');
    }
    ken_text_add_f64(&t, 0.1);
    ken_text_add(&t, "end");
    TEST_OK(ctx, ken_text_end(&t, &out));
    assert_int_equal(strlen(out), t.size);
    assert_memory_equal(out, "0,;1,;2,;", 9);
    assert_string_equal(out + t.size - 6, "0.1end");
    ken_text_free(&t);
    test_ctx_free(ctx);
}

static void test_text__a_failed_allocation_sticks(void **s) {
    ken_ctx *ctx = test_ctx(1);
    ken_text t = ken_text_new(ctx);
    const char *out;
    (void)s;
    test_fail_allocation(ctx, 2);
    for (int i = 0; i < 100; i++) ken_text_addf(&t, "%d some text ", i);
    TEST_FAILS(ctx, ken_text_end(&t, &out), KEN_E_NOMEM, "memory");
    ken_text_free(&t);
    test_ctx_free(ctx);
}

static void test_text__utf8_by_the_table_of_rfc_3629(void **s) {
    static const struct {
        const char *bytes;
        size_t valid;
    } cases[] = {{"", 0},
                 {"abcdefghijklm", 13},
                 {"\xc3\xa9", 2},
                 {"\xe2\x82\xac!", 4},
                 {"\xf0\x9f\x98\x80", 4},
                 {"\xf4\x8f\xbf\xbf", 4},
                 {"\xef\xbf\xbf", 3},
                 {"\xc0\x80", 0}, /* overlong */
                 {"\xc1\xbf", 0},
                 {"\xe0\x80\x80", 0},
                 {"\xe0\x9f\xbf", 0},
                 {"\xf0\x80\x80\x80", 0},
                 {"\xf0\x8f\xbf\xbf", 0},
                 {"\xed\xa0\x80", 0}, /* surrogates */
                 {"\xed\xbf\xbf", 0},
                 {"\xf4\x90\x80\x80", 0}, /* past U+10FFFF */
                 {"\xf5\x80\x80\x80", 0},
                 {"\xff", 0},
                 {"\x80", 0},
                 {"ab\xe2\x82", 2}, /* cut short */
                 {"12345678\xe2", 8},
                 {"1234567\x80", 7}};
    (void)s;
    for (int i = 0; i < KEN_COUNT(cases); i++)
        assert_int_equal(ken_utf8_valid(cases[i].bytes, strlen(cases[i].bytes)), cases[i].valid);
    size_t i = 0;
    assert_int_equal(ken_utf8_next("\xe2\x82\xac", 3, &i), 0x20ac);
    assert_int_equal(i, 3);
    i = 0;
    assert_int_equal(ken_utf8_next("\xe2\x82z", 3, &i), 0xfffd);
    assert_int_equal(i, 1);
}

static void test_text__width_counts_columns(void **s) {
    (void)s;
    assert_int_equal(ken_utf8_width("abc", 3), 3);
    assert_int_equal(ken_utf8_width("\xc3\xa9t\xc3\xa9", 5), 3);
    assert_int_equal(ken_utf8_width("e\xcc\x81", 3), 1);                /* e + combining acute */
    assert_int_equal(ken_utf8_width("\xe6\x97\xa5\xe6\x9c\xac", 6), 4); /* two ideographs */
    assert_int_equal(ken_utf8_width("\xf0\x9f\x98\x80", 4), 2);
    assert_int_equal(ken_utf8_width("\xff", 1), 1);
    assert_int_equal(ken_utf8_width("a\nb", 3), 2);
}

static void test_text__edit_distance_by_hand(void **s) {
    static const struct {
        const char *a, *b;
        int limit, distance;
    } cases[] = {{"", "", 3, 0},
                 {"", "abc", 3, 3},
                 {"kitten", "sitting", 5, 3},
                 {"alhpa", "alpha", 3, 1},
                 {"ca", "abc", 3, 3},
                 {"abc", "abc", 0, 0},
                 {"abcdef", "fedcba", 2, 3},
                 {"flaw", "lawn", 3, 2},
                 {"caf\xc3\xa9", "cafe", 3, 1},
                 {"abcdefgh", "a", 3, 4}};
    (void)s;
    for (int i = 0; i < KEN_COUNT(cases); i++) {
        assert_int_equal(ken_edit_distance(cases[i].a, cases[i].b, cases[i].limit),
                         cases[i].distance);
        assert_int_equal(ken_edit_distance(cases[i].b, cases[i].a, cases[i].limit),
                         cases[i].distance);
    }
    char x[301], y[301];
    memset(x, 'x', 300);
    memset(y, 'x', 300);
    x[300] = y[300] = 0;
    assert_int_equal(ken_edit_distance(x, y, 2), 0);
    y[299] = 'y';
    assert_int_equal(ken_edit_distance(x, y, 2), 3); /* too long to compare */
}

static const char *get_name(void *arg, int i) { return ((const char *const *)arg)[i]; }

static void test_text__nearest_name_forgives_slips_only(void **s) {
    static const char *names[] = {"alpha", "fit_intercept", "max_iter",
                                  "mse",   "learning_rate", NULL};
    static const struct {
        const char *name, *nearest;
    } cases[] = {{"alhpa", "alpha"},
                 {"Alpha", "alpha"},
                 {"max-iter", "max_iter"},
                 {"maxiter", "max_iter"},
                 {"mze", "mse"},
                 {"auc", NULL},
                 {"x", NULL},
                 {"", NULL},
                 {"beta", NULL},
                 {"learning_ratte", "learning_rate"},
                 {"fit_intercpet", "fit_intercept"}};
    (void)s;
    for (int i = 0; i < KEN_COUNT(cases); i++) {
        const char *got = ken_nearest_name(cases[i].name, 6, get_name, names);
        if (got == cases[i].nearest || (got && cases[i].nearest && !strcmp(got, cases[i].nearest)))
            continue;
        print_error("'%s': got %s\n", cases[i].name, got ? got : "nothing");
        fail();
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text__grows_and_keeps_a_nul),
        cmocka_unit_test(test_text__a_failed_allocation_sticks),
        cmocka_unit_test(test_text__utf8_by_the_table_of_rfc_3629),
        cmocka_unit_test(test_text__width_counts_columns),
        cmocka_unit_test(test_text__edit_distance_by_hand),
        cmocka_unit_test(test_text__nearest_name_forgives_slips_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
