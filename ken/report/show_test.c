/* Records of cells, byte by byte. */
#include "ken/cell.h"
#include "tests/support.h"

typedef struct lines {
    char text[8192];
    size_t size;
} lines;

static void lines_add(void *user, const char *line, size_t size) {
    lines *l = user;
    assert_null(memchr(line, '\n', size));
    assert_true(l->size + size + 2 < sizeof l->text);
    memcpy(l->text + l->size, line, size);
    l->size += size;
    l->text[l->size++] = '\n';
    l->text[l->size] = 0;
}

static ken_status show_values(ken_ctx *ctx, ken_show *show) {
    const double coef[] = {0.1, -0.0, NAN, 1e300};
    const int64_t n = INT64_MIN;
    const size_t size = 7;
    const char *word = "a \"b\"\n\xc3\xa9\xff";
    KEN_SHOW("r2", 0.1 + 0.2);
    KEN_SHOW("f", 0.5f);
    KEN_SHOW("n", n);
    KEN_SHOW("size", size);
    KEN_SHOW("yes", (bool)true);
    KEN_SHOW("word", word);
    KEN_SHOW_ARRAY("coef", coef, 4);
    KEN_PRINT("loss %.3f after %d steps\n", 2.0 / 3, 12);
    KEN_SHOW_FIGURE("f", " {\"mark\": \"a b\\\" {\",\n \"x\": [1, 2]}\n");
    return KEN_OK;
}

static void test_show__records_are_exact(void **state) {
    lines l = {{0}, 0};
    ken_show show = {"fit", lines_add, &l, 0};
    ken_ctx *ctx = test_ctx(1);
    (void)state;
    TEST_OK(ctx, show_values(ctx, &show));
    assert_string_equal(
        l.text,
        "{\"cell\":\"fit\",\"key\":\"r2\",\"type\":\"number\",\"value\":0.30000000000000004}\n"
        "{\"cell\":\"fit\",\"key\":\"f\",\"type\":\"number\",\"value\":0.5}\n"
        "{\"cell\":\"fit\",\"key\":\"n\",\"type\":\"integer\",\"value\":-9223372036854775808}\n"
        "{\"cell\":\"fit\",\"key\":\"size\",\"type\":\"integer\",\"value\":7}\n"
        "{\"cell\":\"fit\",\"key\":\"yes\",\"type\":\"bool\",\"value\":true}\n"
        "{\"cell\":\"fit\",\"key\":\"word\",\"type\":\"text\",\"value\":\"a \\\"b\\\"\\n\xc3\xa9\xef\xbf\xbd\"}\n"
        "{\"cell\":\"fit\",\"key\":\"coef\",\"type\":\"array\",\"value\":[0.1,-0,\"NaN\",1e+300]}\n"
        "{\"cell\":\"fit\",\"key\":\"\",\"type\":\"print\",\"value\":\"loss 0.667 after 12 steps\\n\"}\n"
        "{\"cell\":\"fit\",\"key\":\"f\",\"type\":\"figure\",\"value\":{\"mark\":\"a b\\\" {\",\"x\":[1,2]}}\n");
    assert_int_equal(show.failures, 0);
    test_ctx_free(ctx);
}

static void test_show__a_table_shows_twenty_rows_and_its_total(void **state) {
    lines l = {{0}, 0};
    ken_show show = {"data", lines_add, &l, 0};
    ken_ctx *ctx = test_ctx(1);
    ken_table *table;
    double *x;
    int32_t *kind;
    uint8_t *valid;
    const int64_t offset[] = {0, 3, 6};
    (void)state;
    TEST_OK(ctx, ken_table_new(ctx, 22, &table));
    TEST_OK(ctx, ken_table_add_new(ctx, table, "x", KEN_F64, (void **)&x, &valid));
    for (int i = 0; i < 22; i++) x[i] = i / 4.0;
    ken_bitmap_clear(valid, 1);
    x[2] = NAN;
    KEN_ALLOC(ctx, int32_t, 22, &kind);
    kind[0] = 1;
    const ken_column column = {.name = "kind", .dtype = KEN_CATEGORY, .n = 22, .data = kind,
                               .stride = 1, .text = {2, offset, "reddog"}, .source = -1};
    TEST_OK(ctx, ken_table_add_copy(ctx, table, &column));
    TEST_OK(ctx, ken_show_table(ctx, &show, "t", table));
    const char *start =
        "{\"cell\":\"data\",\"key\":\"t\",\"type\":\"table\",\"value\":{\"columns\":[{\"name\":\"x\","
        "\"dtype\":\"f64\"},{\"name\":\"kind\",\"dtype\":\"category\"}],\"rows\":[[0,\"dog\"],"
        "[null,\"red\"],[null,\"red\"],[0.75,\"red\"],";
    assert_memory_equal(l.text, start, strlen(start));
    assert_non_null(strstr(l.text, ",[4.75,\"red\"]],\"total\":22}}\n"));
    ken_free(ctx, kind);
    ken_table_free(table);
    test_ctx_free(ctx);
}

static void test_show__what_is_no_figure_is_refused(void **state) {
    lines l = {{0}, 0};
    ken_show show = {"fig", lines_add, &l, 0};
    ken_ctx *ctx = test_ctx(1);
    (void)state;
    TEST_FAILS(ctx, ken_show_figure(ctx, &show, "f", "{\"mark\": }"), KEN_E_FORMAT, "KEN_SHOW_FIGURE");
    TEST_FAILS(ctx, ken_show_figure(ctx, &show, "f", "[1]"), KEN_E_FORMAT, "no object");
    TEST_FAILS(ctx, ken_show_figure(ctx, &show, "f", NULL), KEN_E_FORMAT, "ends where");
    TEST_FAILS(ctx, ken_show_table(ctx, &show, "t", NULL), KEN_E_ARG, "NULL");
    TEST_FAILS(ctx, ken_show_array(ctx, &show, "a", NULL, 3), KEN_E_ARG, "NULL");
    assert_int_equal(l.size, 0); /* a refused record leaves no half line */
    TEST_OK(ctx, ken_show_error(ctx, &show, KEN_E_ARG));
    assert_string_equal(l.text,
                        "{\"cell\":\"fig\",\"key\":\"error\",\"type\":\"error\",\"value\":{\"code\":\"KEN_E_ARG\","
                        "\"message\":\"KEN_SHOW_ARRAY(\\\"a\\\"): NULL instead of an array of 3 numbers\","
                        "\"hint\":\"pass the array and how many numbers it has\",\"place\":\"\"}}\n");
    assert_int_equal(show.failures, 1);
    test_ctx_free(ctx);
}

static ken_status show_all(ken_ctx *ctx, void *arg) {
    lines l = {{0}, 0};
    ken_show show = {"fit", lines_add, &l, 0};
    (void)arg;
    return show_values(ctx, &show);
}

static void test_show__every_allocation_may_fail(void **state) {
    (void)state;
    test_every_allocation(show_all, NULL, 200);
}

/* --- checks --------------------------------------------------------------------------------------- */
KEN_CHECK(good) {
    EXPECT(1 + 1 == 2);
    EXPECT_NEAR(1.0 / 3, 0.3333, 1e-3);
    EXPECT_NEAR(NAN, NAN, 0);
    EXPECT_INT(2 + 2, 4);
    EXPECT_TEXT("ken", "ken");
    EXPECT_OK(ken_check_cancel(ctx));
}
KEN_CHECK(near) { EXPECT_NEAR(0.5, 0.25, 1e-6); }
KEN_CHECK(undefined) { EXPECT_NEAR(NAN, 1, 1e9); }
KEN_CHECK(whole) { EXPECT_INT(2 + 2, 5); }
KEN_CHECK(text) { EXPECT_TEXT(NULL, "ken"); }
KEN_CHECK(first) {
    EXPECT(2 < 1);
    EXPECT(3 < 1);
}
KEN_CHECK(call) { EXPECT_OK(KEN_FAIL(ctx, KEN_E_VALUE, NULL, "seven is odd")); }

static void test_check__says_what_was_expected(void **state) {
    static const struct {
        void (*run)(ken_ctx *, ken_show *);
        const char *says;
    } bad[] = {{ken_check_near, "0.5 is 0.5, not 0.25 (within 1e-06 of it)"},
               {ken_check_undefined, "NAN is nan, not 1 ("},
               {ken_check_whole, "2 + 2 is 4, not 5"},
               {ken_check_text, "is '(NULL)', not 'ken'"},
               {ken_check_first, "not so: 2 < 1"},
               {ken_check_call, "KEN_E_VALUE: seven is odd"}};
    ken_ctx *ctx = test_ctx(1);
    (void)state;
    for (int i = -1; i < KEN_COUNT(bad); i++) {
        lines l = {{0}, 0};
        ken_show show = {"check", lines_add, &l, 0};
        (i < 0 ? ken_check_good : bad[i].run)(ctx, &show);
        assert_int_equal(show.failures, i < 0 ? 0 : 1);
        if (i < 0) continue;
        if (!strstr(l.text, bad[i].says)) fail_msg("'%s' lacks '%s'", l.text, bad[i].says);
        assert_non_null(strstr(l.text, "show_test.c:"));
    }
    test_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_show__records_are_exact),
        cmocka_unit_test(test_show__a_table_shows_twenty_rows_and_its_total),
        cmocka_unit_test(test_show__what_is_no_figure_is_refused),
        cmocka_unit_test(test_show__every_allocation_may_fail),
        cmocka_unit_test(test_check__says_what_was_expected),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
