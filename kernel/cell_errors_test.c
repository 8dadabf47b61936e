/* Messages of gcc and tcc, told in the places of a notebook. */
#include "tests/support.h"

#include "kernel/cell_errors.h"

static const char cell[] = "int a;\n\tint b = \xc3\xa9 + x;\nlast";

static const char *source(void *user, const char *file, size_t *size) {
    (void)user;
    if (strcmp(file, "cell 3") != 0) return NULL;
    *size = sizeof cell - 1;
    return cell;
}

static void check(const char *log, const char *want, cell_error *first) {
    ken_ctx *ctx = test_ctx(1);
    ken_text out = ken_text_new(ctx);
    const char *text;
    cell_errors_tell(log, strlen(log), source, NULL, false, &out, first);
    TEST_OK(ctx, ken_text_end(&out, &text));
    assert_string_equal(text, want);
    ken_text_free(&out);
    test_ctx_free(ctx);
}

static void test_errors__line_and_caret(void **s) {
    cell_error first;
    (void)s;
    /* Columns are bytes; the caret's line has the tab, and one blank for a character of two bytes. */
    check("cell 3:2:15: error: 'x' undeclared\n",
          "cell 3, line 2: error: 'x' undeclared\n    2 | \tint b = \xc3\xa9 + x;\n      | \t            ^\n", &first);
    assert_int_equal(first.line, 2);
    assert_int_equal(first.column, 15);
    assert_string_equal(first.file, "cell 3");
    assert_string_equal(first.message, "'x' undeclared");
    check("cell 3:3: error: ';' expected (got \"last\")\n", /* tcc has no columns */
          "cell 3, line 3: error: ';' expected (got \"last\")\n    3 | last\n", &first);
}

static void test_errors__other_files_and_fatal_errors(void **s) {
    cell_error first;
    (void)s;
    check("/usr/include/a.h:7:1: note: here\ncell 3:1:1: fatal error: b.h: No such file\n",
          "/usr/include/a.h:7: note: here\ncell 3, line 1: error: b.h: No such file\n    1 | int a;\n      | ^\n", &first);
    assert_int_equal(first.n_errors, 1);
}

static void test_errors__warnings_only_without_errors(void **s) {
    cell_error first;
    (void)s;
    check("cell 3:1:5: warning: unused\n", "cell 3, line 1: warning: unused\n    1 | int a;\n      |     ^\n", &first);
    assert_int_equal(first.n_warnings, 1);
    check("cell 3:1:5: warning: unused\ncell 3:3:1: error: no\n", "cell 3, line 3: error: no\n    3 | last\n      | ^\n", &first);
}

static void test_errors__lines_of_the_kernel_are_left_out(void **s) {
    cell_error first;
    (void)s;
    check("notebook:1:5: error: again\ncell 3:1:1: error: once\nnotebook:1:5: note: here\n",
          "cell 3, line 1: error: once\n    1 | int a;\n      | ^\n", &first);
    check("notebook:1:5: error: alone\n", "notebook:1: error: alone\n", &first);
}

static void test_errors__odd_bytes(void **s) {
    cell_error first;
    (void)s;
    check("", "", &first);
    check("cc1: all good\nmake: nothing\n: error: ", ": error: \n", &first);
    check("cell 3:99999999999999:1: error: far\n", "cell 3:99999999999999:1: error: far\n", &first);
}

static void test_errors__odd_places(void **s) {
    cell_error first;
    (void)s;
    check("cell 3:77:1: error: past the end\n", "cell 3, line 77: error: past the end\n", &first);
    check("cell 3:1:500: error: past the line\n", "cell 3, line 1: error: past the line\n    1 | int a;\n", &first);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_errors__line_and_caret),
        cmocka_unit_test(test_errors__other_files_and_fatal_errors),
        cmocka_unit_test(test_errors__warnings_only_without_errors),
        cmocka_unit_test(test_errors__lines_of_the_kernel_are_left_out),
        cmocka_unit_test(test_errors__odd_bytes),
        cmocka_unit_test(test_errors__odd_places),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
