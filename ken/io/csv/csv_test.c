/* Unit tests of the CSV reader and writer: small texts with the answer beside them. */
#include "ken/io/csv/csv.h"

#include <unistd.h>

#include "tests/support.h"

static ken_table *parse_with(ken_ctx *ctx, const char *text, const ken_csv_options *o,
                             ken_csv_info *info) {
    ken_table *t = NULL;
    TEST_OK(ctx, ken_csv_parse(ctx, "t.csv", text, strlen(text), o, info, &t));
    return t;
}

static ken_table *parse(ken_ctx *ctx, const char *text) {
    return parse_with(ctx, text, NULL, NULL);
}

static void refuse(ken_ctx *ctx, const char *text, size_t size, const ken_csv_options *o,
                   ken_status code, const char *part, const char *place) {
    ken_table *t = NULL;
    TEST_FAILS(ctx, ken_csv_parse(ctx, "t.csv", text, size, o, NULL, &t), code, part);
    assert_null(t);
    assert_string_equal(ken_ctx_place(ctx), place);
    assert_true(strlen(ken_ctx_hint(ctx)) > 0);
}

/* All cells as "a|b;c|d", missing as ~. */
static void expect_cells(const ken_table *t, const char *want) {
    char got[4096] = "", cell[256];
    for (int64_t i = 0; i < ken_table_rows(t); i++)
        for (int j = 0; j < ken_table_cols(t); j++) {
            const ken_column *c = ken_table_column(t, j);
            const bool missing = ken_column_missing(c, i);
            const size_t used = strlen(got);
            snprintf(got + used, sizeof got - used, "%s%s",
                     j   ? "|"
                     : i ? ";"
                         : "",
                     missing ? "~" : ken_column_format(c, i, cell, sizeof cell));
        }
    assert_string_equal(got, want);
}

static void expect_types(const ken_table *t, const char *want) {
    char got[1024] = "";
    for (int j = 0; j < ken_table_cols(t); j++) {
        const size_t used = strlen(got);
        snprintf(got + used, sizeof got - used, "%s%s:%s", j ? " " : "",
                 ken_table_column(t, j)->name, ken_dtype_name(ken_table_column(t, j)->dtype));
    }
    assert_string_equal(got, want);
}

#define CHECK(text, types, cells)                                                                  \
    do {                                                                                           \
        ken_table *t_ = parse(ctx, (text));                                                        \
        expect_types(t_, (types));                                                                 \
        expect_cells(t_, (cells));                                                                 \
        ken_table_free(t_);                                                                        \
    } while (0)

static void test_csv__types_are_found(void **state) {
    ken_ctx *ctx = test_ctx(2);
    (void)state;
    CHECK("a,b,c,d,e\n1,1.5,true,x,2020-01-31\n-2,3,FALSE,y,1969-12-31\n",
          "a:i64 b:f64 c:bool d:category e:time",
          "1|1.5|true|x|2020-01-31;-2|3|false|y|1969-12-31");
    CHECK("a\n1e3\n.5\n5.\n+7\ninf\n-Infinity\n", "a:f64", "1000;0.5;5;7;Infinity;-Infinity");
    CHECK("a,b\n1,\n,\n3,NA\n", "a:i64 b:f64", "1|~;~|~;3|~");
    CHECK("zip,n\n01234,0\n99999,-0\n", "zip:category n:i64", "01234|0;99999|0");
    CHECK("a\n0\n1\n0\n", "a:i64", "0;1;0");
    CHECK("a\n1\nx\n2.5\n", "a:category", "1;x;2.5");
    CHECK("a\ntrue\n1\n", "a:category", "true;1");
    CHECK("a\n 1\n2 \n", "a:i64", "1;2");
    test_ctx_free(ctx);
}

static void test_csv__whole_numbers_are_exact_or_text(void **state) {
    ken_ctx *ctx = test_ctx(1);
    (void)state;
    CHECK("a\n9223372036854775807\n-9223372036854775808\n", "a:i64",
          "9223372036854775807;-9223372036854775808");
    CHECK("a\n9007199254740993\n1\n", "a:i64", "9007199254740993;1");
    CHECK("a\n9223372036854775808\n1\n", "a:category", "9223372036854775808;1");
    CHECK("a\n9223372036854775808\n1.5\n", "a:category", "9223372036854775808;1.5");
    CHECK("a\n92233720368547758080.0\n1\n", "a:f64", "9.223372036854776e+19;1");
    test_ctx_free(ctx);
}

static void test_csv__quotes(void **state) {
    ken_ctx *ctx = test_ctx(1);
    (void)state;
    CHECK("a,b\n\"x,y\",\"1\"\n\"say \"\"hi\"\"\",2\n", "a:category b:i64", "x,y|1;say \"hi\"|2");
    CHECK("a,b\n\"one\ntwo\",1\nz,2\n", "a:category b:i64", "one\ntwo|1;z|2");
    CHECK("a,b\r\n\"one\r\ntwo\",1\r\nz,\"2\"\r\n", "a:category b:i64", "one\r\ntwo|1;z|2");
    /* quotes that are no quoting: in the middle of a cell, or text after the closing one */
    CHECK("a,b\n5\" pipe,1\nx\"y\"z,2\n", "a:category b:i64", "5\" pipe|1;x\"y\"z|2");
    CHECK("a,b\n\"x\"y,1\n\"p\" ,2\n", "a:category b:i64", "\"x\"y|1;p|2");
    CHECK("a,b\n\"\",1\n\"NA\",2\nNA,3\n", "a:category b:i64", "~|1;NA|2;~|3");
    test_ctx_free(ctx);
}

static void test_csv__line_ends(void **state) {
    ken_ctx *ctx = test_ctx(1);
    (void)state;
    CHECK("a,b\r\n1,x\r\n2,y", "a:i64 b:category", "1|x;2|y");
    CHECK("a,b\r1,x\r2,y\r", "a:i64 b:category", "1|x;2|y");
    CHECK("\n\na,b\n\n1,x\n   \n\r\n2,y\n\n\n", "a:i64 b:category", "1|x;2|y");
    CHECK("a\n1\n\n2\n\"\"\n", "a:i64", "1;2;~");
    CHECK("\xEF\xBB\xBF"
          "a,b\n1,2\n",
          "a:i64 b:i64", "1|2");
    CHECK("a,b\r\n", "a:f64 b:f64", "");
    CHECK("a,b", "a:f64 b:f64", "");
    test_ctx_free(ctx);
}

static void test_csv__dialects(void **state) {
    ken_ctx *ctx = test_ctx(1);
    ken_csv_info info;
    (void)state;
    CHECK("a\tb\n1\tx\n", "a:i64 b:category", "1|x");
    CHECK("a|b\n1|x\n", "a:i64 b:category", "1|x");
    ken_table *t = parse_with(ctx, "a;b\n1,5;2\n-0,25;3\n", NULL, &info);
    expect_cells(t, "1.5|2;-0.25|3");
    assert_int_equal(info.delimiter, ';');
    assert_int_equal(info.decimal, ',');
    assert_true(info.header);
    assert_int_equal(info.rows, 2);
    ken_table_free(t);
    CHECK("words\nhello, world\ngood bye\n", "words:category", "hello, world;good bye");
    CHECK("1,2\n3,4\n", "c1:i64 c2:i64", "1|2;3|4");
    CHECK("id,1990,1991\n1,2.5,3\n", "id:i64 1990:f64 1991:i64", "1|2.5|3");
    CHECK("a,a,,a_2\n1,2,3,4\n", "a:i64 a_2:i64 c3:i64 a_2_2:i64", "1|2|3|4");
    ken_csv_options o = KEN_CSV_DEFAULTS;
    o.delimiter = '\t', o.header = 0, o.quote = KEN_CSV_NO_QUOTE;
    t = parse_with(ctx, "ham\t\"oh\nspam\tno\"\n", &o, NULL);
    expect_cells(t, "ham|\"oh;spam|no\"");
    ken_table_free(t);
    o = (ken_csv_options)KEN_CSV_DEFAULTS;
    o.header = 1;
    t = parse_with(ctx, "1,2\n3,4\n", &o, NULL);
    expect_types(t, "1:i64 2:i64");
    ken_table_free(t);
    test_ctx_free(ctx);
}

/* Seconds since 1970 by `date -u -d ... +%s`. */
static void test_csv__times(void **state) {
    ken_ctx *ctx = test_ctx(1);
    (void)state;
    ken_table *t = parse(
        ctx, "t\n2024-02-29T12:34:56.789Z\n2024-02-29 12:34:56+01:00\n0001-01-01\n9999-12-31\n");
    const int64_t *us = ken_table_column(t, 0)->data;
    assert_int_equal(ken_table_column(t, 0)->dtype, KEN_TIME);
    assert_true(us[0] == 1709210096789000);
    assert_true(us[1] == 1709206496000000);
    assert_true(us[2] == -62135596800000000);
    assert_true(us[3] == 253402214400000000);
    ken_table_free(t);
    CHECK("t\n1/2/2020\n13/2/2020\n", "t:time", "2020-02-01;2020-02-13");
    CHECK("t\n1/2/2020\n2/13/2020\n", "t:time", "2020-01-02;2020-02-13");
    CHECK("t\n1/2/2020\n3/4/2020\n", "t:category", "1/2/2020;3/4/2020");
    CHECK("t\n13/2/2020\n2/13/2020\n", "t:category", "13/2/2020;2/13/2020");
    CHECK("t\n2020-02-30\n", "t:category", "2020-02-30");
    CHECK("t\n1949-01\n1949-12\n", "t:time", "1949-01-01;1949-12-01");
    ken_csv_options o = KEN_CSV_DEFAULTS;
    const char *const types[] = {"t=time:dmy", NULL};
    o.types = types;
    t = parse_with(ctx, "t\n1/2/2020\n3/4/2020\n", &o, NULL);
    expect_cells(t, "2020-02-01;2020-04-03");
    ken_table_free(t);
    test_ctx_free(ctx);
}

static void test_csv__types_can_be_asked_for(void **state) {
    ken_ctx *ctx = test_ctx(1);
    ken_csv_options o = KEN_CSV_DEFAULTS;
    const char *const types[] = {"a=f64", "b=string", "c=i64", "d=category", NULL};
    const char *const unknown[] = {"x=f64", NULL};
    const char *const bad[] = {"a=float", NULL};
    (void)state;
    o.types = types;
    ken_table *t = parse_with(ctx, "a,b,c,d\n1,7,007,1\n,8,,2\n", &o, NULL);
    expect_types(t, "a:f64 b:string c:i64 d:category");
    expect_cells(t, "1|7|7|1;~|8|~|2");
    ken_table_free(t);
    refuse(ctx, "a,b,c,d\n1,7,1,1\n1,8,2.5,2\n", 26, &o, KEN_E_TYPE,
           "'2.5' in column 'c' is not of type i64", "t.csv:3:5");
    o.types = unknown;
    ken_ctx_clear_error(ctx);
    refuse(ctx, "a\n1\n", 4, &o, KEN_E_NOT_FOUND, "no column 'x'", "");
    o.types = bad;
    refuse(ctx, "a\n1\n", 4, &o, KEN_E_ARG, "names no type", "");
    test_ctx_free(ctx);
}

static void test_csv__missing_words_can_be_given(void **state) {
    ken_ctx *ctx = test_ctx(1);
    ken_csv_options o = KEN_CSV_DEFAULTS;
    (void)state;
    CHECK("a,b\n?,n/a\n1,x\n.,-\n", "a:i64 b:category", "~|~;1|x;~|~");
    o.missing = "-999|unknown";
    ken_table *t = parse_with(ctx, "a,b\n-999,NA\n1,unknown\n", &o, NULL);
    expect_cells(t, "~|NA;1|~");
    ken_table_free(t);
    test_ctx_free(ctx);
}

static void test_csv__errors_name_the_place(void **state) {
    ken_ctx *ctx = test_ctx(2);
    (void)state;
    refuse(ctx, "a,b\n1,2\n3\n", 10, NULL, KEN_E_FORMAT,
           "this row has 1 cells, the first one has 2", "t.csv:3:2");
    refuse(ctx, "a,b\n1,2\n3,4,5\n", 14, NULL, KEN_E_FORMAT, "this row has 3 cells", "t.csv:3:4");
    refuse(ctx, "a,b\n\"x\ny\",2\n3,4,5\n", 18, NULL, KEN_E_FORMAT, "this row has 3 cells",
           "t.csv:4:4");
    refuse(ctx, "a,b\n1,\"2\n3,4\n", 13, NULL, KEN_E_FORMAT, "never closed", "t.csv:2:3");
    refuse(ctx, "a,b\n1,\xC3\xA9\xFF\n", 10, NULL, KEN_E_FORMAT, "0xFF is not UTF-8", "t.csv:2:4");
    refuse(ctx, "a,\xFF\n1,2\n", 8, NULL, KEN_E_FORMAT, "0xFF is not UTF-8", "t.csv:1:3");
    refuse(ctx, "a,b\n1,\0\n", 8, NULL, KEN_E_FORMAT, "no text", "t.csv:2:3");
    refuse(ctx,
           "\xFF\xFE"
           "a\0",
           4, NULL, KEN_E_FORMAT, "UTF-16", "t.csv:1:1");
    refuse(ctx, "PK\003\004....", 8, NULL, KEN_E_FORMAT, "zip", "t.csv:1:1");
    ken_ctx_clear_error(ctx);
    refuse(ctx, "", 0, NULL, KEN_E_FORMAT, "empty", "");
    refuse(ctx, "\n\n \n", 4, NULL, KEN_E_FORMAT, "empty", "");
    refuse(ctx, "\x1f\x8b\x08garbage", 10, NULL, KEN_E_FORMAT, "gzip", "");
    test_ctx_free(ctx);
}

static void test_csv__bad_rows_can_be_left_out(void **state) {
    ken_ctx *ctx = test_ctx(2);
    ken_csv_options o = KEN_CSV_DEFAULTS;
    ken_csv_info info;
    (void)state;
    o.skip_bad_rows = true;
    ken_table *t = parse_with(ctx, "a,b\n1,2\n3\n5,6\n7,8,9\n9,10\n", &o, &info);
    expect_cells(t, "1|2;5|6;9|10");
    assert_int_equal(info.bad_rows, 2);
    assert_int_equal(info.first_bad_line, 3);
    ken_table_free(t);
    o.max_rows = 2;
    t = parse_with(ctx, "a,b\n1,2\n3\n5,6\n7,8,9\n9,x\n", &o, &info);
    expect_types(t, "a:i64 b:i64");
    expect_cells(t, "1|2;5|6");
    ken_table_free(t);
    o.skip_bad_rows = false;
    t = parse_with(ctx, "a,b\n1,2\n3,4\n5\n6,x\n", &o, NULL); /* rows not asked for are not looked at */
    expect_types(t, "a:i64 b:i64");
    expect_cells(t, "1|2;3|4");
    ken_table_free(t);
    test_ctx_free(ctx);
}

static void test_csv__levels_are_in_byte_order(void **state) {
    ken_ctx *ctx = test_ctx(1);
    (void)state;
    ken_table *t = parse(ctx, "a\nb\n\"a\"\nb\n\"c\"\"\"\na\n");
    const ken_column *c = ken_table_column(t, 0);
    const int32_t want[] = {1, 0, 1, 2, 0};
    assert_int_equal(c->text.n, 3);
    assert_memory_equal(c->data, want, sizeof want);
    ken_table_free(t);
    test_ctx_free(ctx);
}

static void test_csv__many_levels_are_a_string(void **state) {
    ken_ctx *ctx = test_ctx(1);
    ken_csv_options o = KEN_CSV_DEFAULTS;
    char text[2048] = "a\n";
    (void)state;
    for (int i = 0; i < 21; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "w%d\n", i);
    ken_table *t = parse(ctx, text);
    expect_types(t, "a:string");
    ken_table_free(t);
    o.max_levels = 21;
    t = parse_with(ctx, text, &o, NULL);
    expect_types(t, "a:category");
    ken_table_free(t);
    test_ctx_free(ctx);
}

static void test_csv__cell_limit(void **state) {
    ken_ctx *ctx = NULL;
    ken_ctx_options options = {0};
    (void)state;
    options.max_cell_bytes = 8;
    assert_int_equal(ken_ctx_new(&options, &ctx), KEN_OK);
    refuse(ctx, "a,b\n1,2\n3,123456789\n", 20, NULL, KEN_E_LIMIT, "more than 8 bytes", "t.csv:3:3");
    CHECK("a,b,c\n12345678,12345678,1\n", "a:i64 b:i64 c:i64", "12345678|12345678|1");
    ken_ctx_free(ctx);
}

/* sha256sum of "a,b\n1,2\n". */
static void test_csv__digest_of_the_file(void **state) {
    ken_ctx *ctx = test_ctx(2);
    ken_csv_info info;
    (void)state;
    ken_table_free(parse_with(ctx, "a,b\n1,2\n", NULL, &info));
    assert_int_equal(info.sha256[0], 0x49);
    assert_int_equal(info.sha256[31], 0x70);
    test_ctx_free(ctx);
}

static ken_status read_and_write(ken_ctx *ctx, void *arg) {
    ken_table *t = NULL;
    const char *text = arg;
    char path[64];
    KEN_TRY(ken_csv_parse(ctx, "t.csv", text, strlen(text), NULL, NULL, &t));
    snprintf(path, sizeof path, "/tmp/ken_csv_test_%d.csv", (int)getpid());
    const ken_status status = ken_csv_write(ctx, path, t);
    ken_table_free(t);
    remove(path);
    return status;
}

static void test_csv__every_allocation_may_fail(void **state) {
    (void)state;
    test_every_allocation(read_and_write,
                          "a,b,c,d\n1,x,2020-01-01,1\n2.5,\"y\"\"\",2020-01-02,x\n,,,\n", 2000);
    test_every_allocation(read_and_write, "a,b\n1,5\" x\n2\n", 1); /* only that it does not crash */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_csv__types_are_found),
        cmocka_unit_test(test_csv__whole_numbers_are_exact_or_text),
        cmocka_unit_test(test_csv__quotes),
        cmocka_unit_test(test_csv__line_ends),
        cmocka_unit_test(test_csv__dialects),
        cmocka_unit_test(test_csv__times),
        cmocka_unit_test(test_csv__types_can_be_asked_for),
        cmocka_unit_test(test_csv__missing_words_can_be_given),
        cmocka_unit_test(test_csv__errors_name_the_place),
        cmocka_unit_test(test_csv__bad_rows_can_be_left_out),
        cmocka_unit_test(test_csv__levels_are_in_byte_order),
        cmocka_unit_test(test_csv__many_levels_are_a_string),
        cmocka_unit_test(test_csv__cell_limit),
        cmocka_unit_test(test_csv__digest_of_the_file),
        cmocka_unit_test(test_csv__every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
