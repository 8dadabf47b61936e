/* Blocks, tails and states of cells; what a scanner is easily fooled by. */
#include "tests/support.h"

#include "kernel/cell_split.h"

static ken_status split(ken_ctx *ctx, const char *text, cell_split *out) {
    return cell_split_text(ctx, text, strlen(text), out);
}

static void check_block(const char *text, const cell_block *b, const char *body) {
    assert_int_equal(b->end - b->body, strlen(body));
    assert_memory_equal(text + b->body, body, strlen(body));
}

static void test_split__run_blocks_and_what_is_around(void **s) {
    ken_ctx *ctx = test_ctx(1);
    cell_split c;
    (void)s;
    const char *text = "int a = 1;\nRUN { f(); }\nint b;\n RUN{ if (a) { g(); } }\n";
    TEST_OK(ctx, split(ctx, text, &c));
    assert_int_equal(c.n_blocks, 2);
    check_block(text, &c.blocks[0], "{ f(); }");
    check_block(text, &c.blocks[1], "{ if (a) { g(); } }");
    assert_memory_equal(text + c.blocks[1].begin, "RUN", 3);
    assert_int_equal(c.tail, c.tail_end);
    test_ctx_free(ctx);
}

static void test_split__brackets_in_texts_and_comments_do_not_count(void **s) {
    static const char *const bodies[] = {
        "{ puts(\"}\"); }", "{ char c = '}'; }", "{ char c = '\\''; /* } */ }", "{ // }\n }",
        "{ puts(\"\\\"}\\\\\"); }", "{ // spliced \\\n }\n }", "{\n#define X }\n }", "{\n#define Y \\\n }\n}",
        "{\n#define Z /* \n } */ 1\n}", "{ puts(\"a\\\n}\"); }", "{ x = a / b; y = '/' ; }", "{\n#error don't }\n}"};
    ken_ctx *ctx = test_ctx(1);
    (void)s;
    for (int i = 0; i < KEN_COUNT(bodies); i++) {
        char text[128];
        cell_split c;
        snprintf(text, sizeof text, "RUN %s int z;", bodies[i]);
        TEST_OK(ctx, split(ctx, text, &c));
        assert_int_equal(c.n_blocks, 1);
        check_block(text, &c.blocks[0], bodies[i]);
    }
    test_ctx_free(ctx);
}

static void test_split__run_is_a_word_at_file_scope_only(void **s) {
    ken_ctx *ctx = test_ctx(1);
    cell_split c;
    (void)s;
    TEST_OK(ctx, split(ctx, "int RUNS; int f(void) { int RUN = 1; return RUN; }\n#define RUN_ RUN {\n// RUN {\n/* RUN { */", &c));
    assert_int_equal(c.n_blocks, 0);
    test_ctx_free(ctx);
}

static void test_split__checks_have_names(void **s) {
    ken_ctx *ctx = test_ctx(1);
    cell_split c;
    (void)s;
    TEST_OK(ctx, split(ctx, "KEN_CHECK( norm_1 ) { EXPECT(1); }", &c));
    assert_int_equal(c.n_blocks, 1);
    assert_int_equal(c.blocks[0].kind, CELL_CHECK);
    assert_string_equal(c.blocks[0].name, "norm_1");
    test_ctx_free(ctx);
}

static void test_split__tail_is_what_ends_without_semicolon(void **s) {
    static const struct {
        const char *text, *tail;
    } cases[] = {{"1 + 2", "1 + 2"}, {"int a = 1;\n\n a + f(2) // shown\n", "a + f(2)"}, {"RUN { }\n/* c */ x", "x"},
                 {"#include <a.h>\n\"text\"", "\"text\""}, {"int a;", ""}, {"int a; // b", ""}, {"", ""}, {"  \n", ""},
                 {"int f(void) { return 1; }\nf()", "f()"}, {"int x = 3", "int x = 3"}};
    ken_ctx *ctx = test_ctx(1);
    (void)s;
    for (int i = 0; i < KEN_COUNT(cases); i++) {
        cell_split c;
        TEST_OK(ctx, split(ctx, cases[i].text, &c));
        assert_int_equal(c.tail_end - c.tail, strlen(cases[i].tail));
        assert_memory_equal(cases[i].text + c.tail, cases[i].tail, strlen(cases[i].tail));
    }
    test_ctx_free(ctx);
}

static void test_split__options_of_the_first_line(void **s) {
    ken_ctx *ctx = test_ctx(1);
    cell_split c;
    (void)s;
    TEST_OK(ctx, split(ctx, "//% fast cell=fit-1\nint a;", &c));
    assert_true(c.fast);
    assert_string_equal(c.id, "fit-1");
    TEST_OK(ctx, split(ctx, "int a; //% fast", &c));
    assert_false(c.fast);
    TEST_FAILS(ctx, split(ctx, "//% fats\n", &c), KEN_E_FORMAT, "not known");
    assert_string_equal(ken_ctx_place(ctx), "1:5");
    test_ctx_free(ctx);
}

static void test_split__errors_have_a_place(void **s) {
    static const struct {
        const char *text, *place, *part;
    } cases[] = {{"int a;\nint f( {", "2:8", "'{' is not closed"}, {"}", "1:1", "closes nothing"},
                 {"RUN {\n  f(1;\n}", "2:4", "'(' is still open at the '}' of line 3"},
                 {"\"abc\n\";", "1:1", "a string that does not end"}, {"int c = 'a;\n", "1:9", "a character"},
                 {"int a; /* b", "1:8", "a comment"}, {"RUN;", "1:1", "RUN without a block"},
                 {"RUN RUN {}", "1:1", "RUN without a block"}, {"KEN_CHECK { }", "1:1", "KEN_CHECK without"}};
    ken_ctx *ctx = test_ctx(1);
    (void)s;
    for (int i = 0; i < KEN_COUNT(cases); i++) {
        cell_split c;
        TEST_FAILS(ctx, split(ctx, cases[i].text, &c), KEN_E_FORMAT, cases[i].part);
        assert_string_equal(ken_ctx_place(ctx), cases[i].place);
    }
    test_ctx_free(ctx);
}

static void test_split__too_many_blocks_and_brackets_are_refused(void **s) {
    ken_ctx *ctx = test_ctx(1);
    char text[4096] = "";
    cell_split c;
    (void)s;
    for (int i = 0; i < 64; i++) strcat(text, "RUN{}");
    TEST_OK(ctx, split(ctx, text, &c));
    strcat(text, "RUN{}");
    TEST_FAILS(ctx, split(ctx, text, &c), KEN_E_FORMAT, "64 blocks");
    memset(text, '(', 1025);
    text[1025] = 0;
    TEST_FAILS(ctx, split(ctx, text, &c), KEN_E_FORMAT, "1024 open");
    test_ctx_free(ctx);
}

static void test_split__complete(void **s) {
    static const struct {
        const char *text;
        cell_state state;
        int depth;
    } cases[] = {{"", CELL_COMPLETE, 0}, {"int a;", CELL_COMPLETE, 0}, {"RUN {", CELL_INCOMPLETE, 1},
                 {"RUN { f(a,", CELL_INCOMPLETE, 2}, {"RUN { // }", CELL_INCOMPLETE, 1}, {"/* a", CELL_INCOMPLETE, 0},
                 {"#define A \\", CELL_INCOMPLETE, 0}, {"#define A /* b", CELL_INCOMPLETE, 0}, {")", CELL_INVALID, 0},
                 {"RUN { ) }", CELL_INVALID, 0}, {"\"a\n", CELL_INVALID, 0}};
    (void)s;
    for (int i = 0; i < KEN_COUNT(cases); i++) {
        int depth;
        assert_int_equal(cell_is_complete(cases[i].text, strlen(cases[i].text), &depth), cases[i].state);
        if (cases[i].state != CELL_INVALID) assert_int_equal(depth, cases[i].depth);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_split__run_blocks_and_what_is_around),
        cmocka_unit_test(test_split__brackets_in_texts_and_comments_do_not_count),
        cmocka_unit_test(test_split__run_is_a_word_at_file_scope_only),
        cmocka_unit_test(test_split__checks_have_names),
        cmocka_unit_test(test_split__tail_is_what_ends_without_semicolon),
        cmocka_unit_test(test_split__options_of_the_first_line),
        cmocka_unit_test(test_split__errors_have_a_place),
        cmocka_unit_test(test_split__too_many_blocks_and_brackets_are_refused),
        cmocka_unit_test(test_split__complete),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
