/* What later cells are given of earlier ones; the text that the compiler gets. */
#include "tests/support.h"

#include "kernel/cell_session.h"

typedef struct world {
    ken_ctx *ctx;
    cell_session session;
    char *source, *calls, *notices;
} world;

static void world_begin(world *w) {
    memset(w, 0, sizeof *w);
    w->ctx = w->session.ctx = test_ctx(1);
}

static void world_texts_free(world *w) {
    free(w->source);
    free(w->calls);
    free(w->notices);
    w->source = w->calls = w->notices = NULL;
}

static void world_end(world *w) {
    world_texts_free(w);
    cell_session_clear(&w->session);
    ken_free(w->ctx, w->session.items.at);
    test_ctx_free(w->ctx);
}

/* A cell that compiles and loads; sizes of arrays are 3. */
static void run(world *w, const char *text) {
    ken_text source = ken_text_new(w->ctx), calls = ken_text_new(w->ctx), notices = ken_text_new(w->ctx);
    const int64_t sizes[] = {3, 3, 3};
    const char *told;
    cell_unit u;
    const int number = ++w->session.units;
    TEST_OK(w->ctx, cell_unit_open(w->ctx, text, strlen(text), number, number, &u));
    TEST_OK(w->ctx, cell_session_prepare(&w->session, &u, &source, &calls, &notices));
    world_texts_free(w);
    w->source = strdup(source.data);
    w->calls = strdup(calls.data ? calls.data : "");
    TEST_OK(w->ctx, ken_text_end(&notices, &told));
    w->notices = strdup(told);
    TEST_OK(w->ctx, cell_session_commit(&w->session, &u, sizes, 3));
    cell_unit_close(&u);
    ken_text_free(&source);
    ken_text_free(&calls);
    ken_text_free(&notices);
}

static bool has(const world *w, const char *part) { return strstr(w->source, part) != NULL; }

static void test_session__declarations_come_back(void **s) {
    world w;
    (void)s;
    world_begin(&w);
    run(&w, "#include <time.h>\n#define N 3\nstatic inline double f(double x)\n{ return x; }\nstatic int a = 1, *b[N], c[] = {1, 2, 3};\n"
            "typedef struct { int q; } pair;\nint g(void);");
    assert_true(has(&w, "double f(double x) __asm__(\"f.1\");"));
    assert_false(has(&w, "static"));
    run(&w, "RUN { f(a); }");
    assert_true(has(&w, "#include <time.h>\n") && has(&w, "#define N 3\n"));
    assert_true(has(&w, "double f(double x) __asm__(\"f.1\");"));
    assert_true(has(&w, "extern int a __asm__(\"a.1\");") && has(&w, "extern int *b[N] __asm__(\"b.1\");"));
    assert_true(has(&w, "extern int c[3] __asm__(\"c.1\");"));
    assert_true(has(&w, "typedef struct { int q; } pair;") && has(&w, "extern int g(void);"));
    assert_string_equal(w.calls, "ken_cell_2_0 ");
    world_end(&w);
}

static void test_session__lines_and_columns_stay(void **s) {
    world w;
    (void)s;
    world_begin(&w);
    run(&w, "int one;\n  int two; RUN { one = two; }");
    assert_true(has(&w, "#line 2 \"cell 1\"\n  int two;"));
    assert_true(has(&w, "ken_status ken_cell_1_0(ken_ctx *ctx, ken_show *show)\n#line 2 \"cell 1\"\n               { one = two;  return KEN_OK;}"));
    world_end(&w);
}

static void test_session__a_type_with_variables_is_cut(void **s) {
    world w;
    (void)s;
    world_begin(&w);
    run(&w, "static const struct p { int z; } x = {1};\nenum { RED } color;");
    run(&w, "int y;");
    assert_true(has(&w, "struct p { int z; };\n") && has(&w, "extern const struct p x __asm__(\"x.1\");"));
    assert_true(has(&w, "enum ken_tag_1_") && has(&w, "{ RED };"));
    world_end(&w);
}

static void test_session__new_definitions_replace(void **s) {
    world w;
    (void)s;
    world_begin(&w);
    run(&w, "int f(int a) { return a; }\nint v;\n#define M 1");
    run(&w, "double f(void) { return 2; }\nchar v[4];\n#define M 2");
    assert_false(has(&w, "f.1") || has(&w, "v.1"));
    assert_true(has(&w, "#undef M\n#line"));
    run(&w, "int u;");
    assert_true(has(&w, "double f(void) __asm__(\"f.2\");") && has(&w, "extern char v[4] __asm__(\"v.2\");"));
    assert_true(has(&w, "#undef M\n#define M 2"));
    world_end(&w);
}

static void test_session__a_changed_type_drops_what_is_made_of_it(void **s) {
    world w;
    (void)s;
    world_begin(&w);
    run(&w, "struct p { int z; };\ntypedef struct p pp;\npp one(void) { pp a = {1}; return a; }\nstruct p two;\nint three;");
    run(&w, "struct p { int z; };"); /* the same: nothing is dropped, nothing is defined twice */
    assert_string_equal(w.notices, "");
    char *first = strstr(w.source, "struct p { int z; };");
    assert_non_null(first);
    assert_null(strstr(first + 1, "struct p { int z; };"));
    run(&w, "struct p { long z; };");
    assert_non_null(strstr(w.notices, "'one' of cell 1"));
    assert_non_null(strstr(w.notices, "'two' of cell 1"));
    assert_false(has(&w, "one.1") || has(&w, "two.1"));
    assert_true(has(&w, "three.1"));
    world_end(&w);
}

static void test_session__cancel_keeps_the_old(void **s) {
    world w;
    cell_unit u;
    (void)s;
    world_begin(&w);
    run(&w, "int v;");
    ken_text source = ken_text_new(w.ctx), calls = ken_text_new(w.ctx), notices = ken_text_new(w.ctx);
    TEST_OK(w.ctx, cell_unit_open(w.ctx, "double v;", 9, 2, 2, &u));
    TEST_OK(w.ctx, cell_session_prepare(&w.session, &u, &source, &calls, &notices));
    cell_session_cancel(&w.session);
    cell_unit_close(&u);
    ken_text_free(&source);
    ken_text_free(&calls);
    ken_text_free(&notices);
    run(&w, "int u;");
    assert_true(has(&w, "extern int v __asm__(\"v.1\");"));
    world_end(&w);
}

static void test_session__a_tail_is_shown_if_it_is_an_expression(void **s) {
    world w;
    (void)s;
    world_begin(&w);
    run(&w, "int a;\na + 1");
    assert_true(has(&w, "KEN_SHOW(\"\", ("));
    run(&w, "int b = 3");
    assert_false(has(&w, "KEN_SHOW("));
    world_end(&w);
}

static ken_status whole(ken_ctx *ctx, void *arg) {
    cell_session session = {.ctx = ctx};
    cell_unit u;
    ken_text source = ken_text_new(ctx), calls = ken_text_new(ctx), notices = ken_text_new(ctx);
    const char *text = arg;
    const int64_t size = 3;
    ken_status status = cell_unit_open(ctx, text, strlen(text), 1, 1, &u);
    if (status == KEN_OK) status = cell_session_prepare(&session, &u, &source, &calls, &notices);
    if (status == KEN_OK) status = cell_session_commit(&session, &u, &size, 1);
    cell_unit_close(&u);
    cell_session_clear(&session);
    ken_free(ctx, session.items.at);
    ken_text_free(&source);
    ken_text_free(&calls);
    ken_text_free(&notices);
    return status;
}

static void test_session__every_allocation_may_fail(void **s) {
    char text[] = "#define A 1\n/* doc */ static int f(int x) { return x; }\nint a[] = {1}, b;\nstruct { int z; } t;\n"
                  "typedef int q;\nint g(void);\nRUN { f(1); }\nf(2)";
    (void)s;
    test_every_allocation(whole, text, 1000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_session__declarations_come_back),
        cmocka_unit_test(test_session__lines_and_columns_stay),
        cmocka_unit_test(test_session__a_type_with_variables_is_cut),
        cmocka_unit_test(test_session__new_definitions_replace),
        cmocka_unit_test(test_session__a_changed_type_drops_what_is_made_of_it),
        cmocka_unit_test(test_session__cancel_keeps_the_old),
        cmocka_unit_test(test_session__a_tail_is_shown_if_it_is_an_expression),
        cmocka_unit_test(test_session__every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
