/* JSON against JSONTestSuite (Seriot 2016, "Parsing JSON is a minefield") and by hand. */
#include "tests/support.h"

#include <dirent.h>

#include "ken/core/json.h"

static ken_status parse(ken_ctx *ctx, const char *text, ken_json_doc **doc) {
    return ken_json_parse(ctx, "t", text, strlen(text), doc);
}

/* Writes any value back. */
static void put_value(ken_json_writer *w, const ken_json *v) {
    size_t size;
    const char *text;
    switch (ken_json_get_type(v)) {
    case KEN_JSON_NULL:
        ken_json_put_null(w);
        return;
    case KEN_JSON_BOOL:
        ken_json_put_bool(w, ken_json_bool(v, false));
        return;
    case KEN_JSON_INT:
        ken_json_put_i64(w, ken_json_i64(v, 0));
        return;
    case KEN_JSON_NUMBER:
        ken_json_put_f64(w, ken_json_f64(v, 0));
        return;
    case KEN_JSON_STRING:
        text = ken_json_string(v, &size, NULL);
        ken_json_put_bytes(w, text, size);
        return;
    case KEN_JSON_ARRAY:
        ken_json_array(w);
        for (int64_t i = 0; i < ken_json_count(v); i++) put_value(w, ken_json_at(v, i));
        ken_json_end_array(w);
        return;
    case KEN_JSON_OBJECT:
        ken_json_object(w);
        for (int64_t i = 0; i < ken_json_count(v); i++) {
            ken_json_put_key(w, ken_json_key(v, i, NULL));
            put_value(w, ken_json_at(v, i));
        }
        ken_json_end_object(w);
    }
}

static bool same(const ken_json *a, const ken_json *b) {
    const ken_json_type type = ken_json_get_type(a);
    size_t n, m;
    if (type == KEN_JSON_NUMBER && ken_json_get_type(b) == KEN_JSON_INT)
        return ken_json_f64(a, 0) == ken_json_f64(b, 1); /* 1.0 is written as 1 */
    if (type != ken_json_get_type(b) || ken_json_count(a) != ken_json_count(b)) return false;
    if (type == KEN_JSON_BOOL) return ken_json_bool(a, false) == ken_json_bool(b, true);
    if (type == KEN_JSON_INT) return ken_json_i64(a, 0) == ken_json_i64(b, 1);
    if (type == KEN_JSON_NUMBER) {
        const double x = ken_json_f64(a, 0), y = ken_json_f64(b, 1);
        return memcmp(&x, &y, sizeof x) == 0;
    }
    if (type == KEN_JSON_STRING) {
        const char *x = ken_json_string(a, &n, ""), *y = ken_json_string(b, &m, "");
        return n == m && memcmp(x, y, n) == 0;
    }
    for (int64_t i = 0; i < ken_json_count(a); i++) {
        if (type == KEN_JSON_OBJECT) {
            const char *x = ken_json_key(a, i, &n), *y = ken_json_key(b, i, &m);
            if (strlen(x) != strlen(y) || strcmp(x, y) != 0) return false;
        }
        if (!same(ken_json_at(a, i), ken_json_at(b, i))) return false;
    }
    return true;
}

static void round_trip(ken_ctx *ctx, const ken_json_doc *doc, int indent) {
    ken_text t = ken_text_new(ctx);
    ken_json_writer w = ken_json_writer_new(&t, indent);
    ken_json_doc *again = NULL;
    const char *text;
    put_value(&w, ken_json_root(doc));
    const ken_status status = ken_text_end(&t, &text);
    if (status != KEN_E_LIMIT) { /* deeper than the writer goes */
        TEST_OK(ctx, status);
        TEST_OK(ctx, parse(ctx, text, &again));
        assert_true(same(ken_json_root(doc), ken_json_root(again)));
    }
    ken_json_doc_free(again);
    ken_text_free(&t);
}

static void run_folder(const char *folder, int *count) {
    DIR *dir = opendir(folder);
    struct dirent *entry;
    ken_ctx *ctx = test_ctx(1);
    assert_non_null(dir);
    while ((entry = readdir(dir)) != NULL) {
        char path[4096];
        size_t size;
        ken_json_doc *doc = NULL;
        if (!strstr(entry->d_name, ".json")) continue;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        char *read = test_read_file(path, &size);
        char *text = malloc(size ? size : 1); /* without a NUL: reading past the end would show */
        memcpy(text, read, size);
        free(read);
        const ken_status status = ken_json_parse(ctx, entry->d_name, text, size, &doc);
        if (entry->d_name[0] == 'y' && status != KEN_OK) TEST_OK(ctx, status);
        if (entry->d_name[0] == 'n' && strncmp(entry->d_name, "n_", 2) == 0 && status == KEN_OK) {
            print_error("%s was accepted\n", entry->d_name);
            fail();
        }
        if (status == KEN_OK) {
            round_trip(ctx, doc, 0);
            round_trip(ctx, doc, 2);
        } else {
            assert_non_null(strchr(ken_ctx_place(ctx), ':'));
            assert_true(strlen(ken_ctx_message(ctx)) > 0);
        }
        ken_json_doc_free(doc);
        free(text);
        ++*count;
    }
    closedir(dir);
    test_ctx_free(ctx);
}

static void test_json__test_suite(void **s) {
    const char *parsing = test_shared("suites/parsers/json/test_parsing");
    const char *transform = test_shared("suites/parsers/json/test_transform");
    int count = 0;
    (void)s;
    if (!parsing || !transform) TEST_SKIP("no JSONTestSuite");
    run_folder(parsing, &count);
    assert_true(count >= 300);
    run_folder(transform, &count);
}

static void test_json__values_come_back_exactly(void **s) {
    ken_ctx *ctx = test_ctx(1);
    ken_json_doc *doc;
    size_t size;
    (void)s;
    TEST_OK(ctx,
            parse(ctx,
                  " {\"a\":[1,-9223372036854775808,9223372036854775807,9223372036854775808,1.0,"
                  "-0,0.1,1e2],\"t\":true,\"f\":false,\"n\":null,\"s\":\"a\\u0000b\\ud83d\\ude00\","
                  "\"\":{},\"dup\":1,\"dup\":2,\"inf\":\"-Infinity\",\"nan\":\"NaN\"}\r\n\t ",
                  &doc));
    const ken_json *root = ken_json_root(doc), *a = ken_json_get(root, "a");
    assert_int_equal(ken_json_count(root), 10);
    assert_int_equal(ken_json_count(a), 8);
    assert_int_equal(ken_json_get_type(ken_json_at(a, 0)), KEN_JSON_INT);
    assert_true(ken_json_i64(ken_json_at(a, 1), 0) == INT64_MIN);
    assert_true(ken_json_i64(ken_json_at(a, 2), 0) == INT64_MAX);
    assert_int_equal(ken_json_get_type(ken_json_at(a, 3)), KEN_JSON_NUMBER);
    assert_true(ken_json_f64(ken_json_at(a, 3), 0) == 9223372036854775808.0);
    assert_int_equal(ken_json_get_type(ken_json_at(a, 4)), KEN_JSON_NUMBER);
    assert_true(signbit(ken_json_f64(ken_json_at(a, 5), 1)));
    assert_true(ken_json_f64(ken_json_at(a, 6), 0) == 0.1);
    assert_true(ken_json_f64(ken_json_at(a, 0), 0) == 1.0);
    assert_null(ken_json_at(a, 8));
    assert_null(ken_json_at(a, -1));
    assert_true(ken_json_bool(ken_json_get(root, "t"), false));
    assert_false(ken_json_bool(ken_json_get(root, "f"), true));
    assert_int_equal(ken_json_get_type(ken_json_get(root, "n")), KEN_JSON_NULL);
    assert_memory_equal(ken_json_string(ken_json_get(root, "s"), &size, NULL),
                        "a\0b\xf0\x9f\x98\x80", 8);
    assert_int_equal(size, 7);
    assert_int_equal(ken_json_count(ken_json_get(root, "")), 0);
    assert_int_equal(ken_json_i64(ken_json_get(root, "dup"), 0), 2);
    assert_string_equal(ken_json_key(root, 6, &size), "dup");
    assert_true(ken_json_f64(ken_json_get(root, "inf"), 0) == -INFINITY);
    assert_true(isnan(ken_json_f64(ken_json_get(root, "nan"), 0)));
    assert_null(ken_json_get(root, "missing"));
    assert_null(ken_json_get(NULL, "a"));
    assert_null(ken_json_get(a, "a"));
    assert_int_equal(ken_json_i64(NULL, 7), 7);
    assert_string_equal(ken_json_string(a, &size, "none"), "none");
    assert_int_equal(size, 4);
    ken_json_doc_free(doc);
    test_ctx_free(ctx);
}

static void test_json__errors_name_line_and_column(void **s) {
    static const struct {
        const char *text, *place, *part;
    } cases[] = {{"", "1:1", "ends where a value"},
                 {"[1,\n 2,\n  x]", "3:3", "'x' where a value"},
                 {"{\"\xc3\xa9\": }", "1:7", "'}' where a value"},
                 {"[1 2]", "1:4", "'2' where ',' or ']'"},
                 {"{\"a\" 1}", "1:6", "':' after a key"},
                 {"{a:1}", "1:2", "a key in quotes"},
                 {"[01]", "1:3", "no zeros in front"},
                 {"\"a\nb\"", "1:3", "control"},
                 {"[1e999]", "1:2", "too big"},
                 {"\"\xff\"", "1:2", "UTF-8"},
                 {"1 1", "1:3", "the end of the text"}};
    ken_ctx *ctx = test_ctx(1);
    ken_json_doc *doc;
    (void)s;
    for (int i = 0; i < KEN_COUNT(cases); i++) {
        TEST_FAILS(ctx, parse(ctx, cases[i].text, &doc), KEN_E_FORMAT, cases[i].part);
        assert_string_equal(ken_ctx_place(ctx), cases[i].place);
        assert_null(doc);
    }
    test_ctx_free(ctx);
}

static void test_json__depth_has_a_limit(void **s) {
    ken_ctx *ctx = test_ctx(1);
    ken_json_doc *doc;
    char text[600];
    (void)s;
    memset(text, '[', 256);
    memset(text + 256, ']', 256);
    TEST_OK(ctx, ken_json_parse(ctx, "t", text, 512, &doc));
    ken_json_doc_free(doc);
    memset(text, '[', 257);
    memset(text + 257, ']', 257);
    TEST_FAILS(ctx, ken_json_parse(ctx, "t", text, 514, &doc), KEN_E_LIMIT, "256 levels");
    test_ctx_free(ctx);
}

static void test_json__writer_layout(void **s) {
    ken_ctx *ctx = test_ctx(1);
    const char *text;
    (void)s;
    for (int indent = 0; indent <= 2; indent += 2) {
        ken_text t = ken_text_new(ctx);
        ken_json_writer w = ken_json_writer_new(&t, indent);
        ken_json_object(&w);
        KEN_JSON(&w, "rows", i64, 12);
        KEN_JSON(&w, "x", f64, NAN);
        KEN_JSON(&w, "name", string, "a\"\\\n\x01\xff\xc3\xa9");
        ken_json_put_key(&w, "list");
        ken_json_array(&w);
        ken_json_put_f64(&w, 0.5);
        ken_json_put_bool(&w, true);
        ken_json_put_null(&w);
        ken_json_put_raw(&w, "[1]");
        ken_json_end_array(&w);
        ken_json_put_key(&w, "none");
        ken_json_object(&w);
        ken_json_end_object(&w);
        ken_json_end_object(&w);
        TEST_OK(ctx, ken_text_end(&t, &text));
        assert_string_equal(
            text,
            indent == 0
                ? "{\"rows\":12,\"x\":\"NaN\",\"name\":\"a\\\"\\\\\\n\\u0001\xef\xbf\xbd\xc3\xa9\","
                  "\"list\":[0.5,true,null,[1]],\"none\":{}}"
                : "{\n  \"rows\": 12,\n  \"x\": \"NaN\",\n  \"name\": "
                  "\"a\\\"\\\\\\n\\u0001\xef\xbf\xbd\xc3\xa9\",\n"
                  "  \"list\": [\n    0.5,\n    true,\n    null,\n    [1]\n  ],\n  \"none\": "
                  "{}\n}");
        ken_text_free(&t);
    }
    test_ctx_free(ctx);
}

static void test_json__writer_depth_has_a_limit(void **s) {
    ken_ctx *ctx = test_ctx(1);
    ken_text t = ken_text_new(ctx);
    ken_json_writer w = ken_json_writer_new(&t, 2);
    const char *text;
    (void)s;
    for (int i = 0; i < 2 * KEN_JSON_MAX_WRITE_DEPTH; i++) ken_json_array(&w);
    ken_json_put_i64(&w, 1);
    for (int i = 0; i < 2 * KEN_JSON_MAX_WRITE_DEPTH; i++) ken_json_end_array(&w);
    TEST_FAILS(ctx, ken_text_end(&t, &text), KEN_E_LIMIT, "64 levels");
    ken_text_free(&t);
    test_ctx_free(ctx);
}

static ken_status read_and_write(ken_ctx *ctx, void *arg) {
    ken_json_doc *doc;
    ken_text t = ken_text_new(ctx);
    ken_json_writer w = ken_json_writer_new(&t, 2);
    const char *text;
    KEN_TRY(parse(ctx, arg, &doc));
    put_value(&w, ken_json_root(doc));
    const ken_status status = ken_text_end(&t, &text);
    ken_text_free(&t);
    ken_json_doc_free(doc);
    return status;
}

static void test_json__every_allocation_may_fail(void **s) {
    char text[2000] = "[";
    (void)s;
    for (int i = 0; i < 100; i++) strcat(text, "{\"a\":[1,2]},");
    strcat(text, "[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]");
    test_every_allocation(read_and_write, text, 1000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json__test_suite),
        cmocka_unit_test(test_json__values_come_back_exactly),
        cmocka_unit_test(test_json__errors_name_line_and_column),
        cmocka_unit_test(test_json__depth_has_a_limit),
        cmocka_unit_test(test_json__writer_layout),
        cmocka_unit_test(test_json__writer_depth_has_a_limit),
        cmocka_unit_test(test_json__every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
