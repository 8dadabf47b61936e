/* One versus rest against scikit-learn (golden/make_multiclass.py), and its properties; and
 * parameters that are models, which it was the first to have. */
#include "ken/ensemble/ensemble_check.h"

#include "ken/ensemble/one_vs_rest/one_vs_rest.h"

/* Both fits stop at gradients near 1e-12: 1e-7 of a probability or a margin is far above that. */
static void check_golden(ken_ctx *ctx, mc_sample *s, const char *line, void *arg) {
    double l2, v[8];
    int row;
    char settings[80];
    assert_int_equal(sscanf(line, "ovr,%lf,%d,%lf,%lf,%lf,%lf,%lf,%lf,%lf,%lf", &l2, &row, v, v + 1,
                            v + 2, v + 3, v + 4, v + 5, v + 6, v + 7),
                     10);
    snprintf(settings, sizeof settings, "base=logistic base.l2=%g base.tol=1e-10", l2);
    ken_model *m = mc_fit(ctx, "one_vs_rest", settings, s->table, s->label);
    double *p = mc_ask(ctx, m, s->table, KEN_WHAT_PROBA),
           *margin = mc_ask(ctx, m, s->table, KEN_WHAT_MARGIN);
    for (int c = 0; c < MC_CLASSES; c++) {
        TEST_NEAR(p[row * MC_CLASSES + c], v[c], 1e-7);
        TEST_NEAR(margin[row * MC_CLASSES + c], v[4 + c], 1e-7);
    }
    free(p), free(margin);
    ken_model_free(m);
    ++*(int *)arg;
}

static void test_one_vs_rest__agrees_with_scikit_learn(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(2);
    int checked = 0;
    mc_sample s = mc_golden(ctx, "ovr", check_golden, &checked);
    assert_int_equal(checked, 54);
    ken_table_free(s.table);
    test_ctx_free(ctx);
}

static void test_one_vs_rest__two_classes_are_the_base(void **state) {
    (void)state;
    mc_check_two_classes("one_vs_rest");
}
static void test_one_vs_rest__names_of_classes_do_not_matter(void **state) {
    (void)state;
    mc_check_labels("one_vs_rest", KEN_WHAT_PROBA, 1e-7);
    mc_check_labels("one_vs_rest", KEN_WHAT_MARGIN, 1e-6);
}
static void test_one_vs_rest__file_keeps_the_base(void **state) {
    (void)state;
    mc_check_pack("one_vs_rest");
}
static void test_one_vs_rest__every_allocation_may_fail(void **state) {
    (void)state;
    test_every_allocation(mc_round, "one_vs_rest", 5000);
}

/* --- parameters that are models --------------------------------------------------------------- */
static double base_l2(const ken_model *m) {
    const ken_model *base = ken_model_base(m, "base");
    const ken_param *p = ken_desc_param(ken_model_desc(base), "l2");
    return *(const double *)((const char *)ken_model_params(base) + p->offset);
}

static void test_model_parameter__dotted_names_reach_the_base(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    ken_model *m, *copy;
    TEST_OK(ctx, ken_model_new(ctx, "one_vs_rest", "base.l2=0.25 base=logistic", &m));
    assert_true(base_l2(m) == 0.25); /* the same name again changes nothing */
    TEST_OK(ctx, ken_model_clone(ctx, m, &copy));
    assert_true(base_l2(copy) == 0.25);
    TEST_OK(ctx, ken_model_set(ctx, m, "base.l2", "4"));
    assert_true(base_l2(copy) == 0.25);
    ken_model_free(copy);
    TEST_OK(ctx, ken_model_set(ctx, m, "base", "tree")); /* another: its defaults */
    TEST_OK(ctx, ken_model_set(ctx, m, "base", "logistic"));
    assert_true(base_l2(m) == 1);
    assert_null(ken_model_base(m, "no such"));
    ken_model_free(m);
    const ken_one_vs_rest_params typed = {.base = "tree"};
    TEST_OK(ctx, ken_one_vs_rest_new(ctx, &typed, &m));
    assert_string_equal(ken_model_desc(ken_model_base(m, "base"))->name, "tree");
    ken_model_free(m);
    test_ctx_free(ctx);
}

static void test_model_parameter__bad_values_are_errors(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    ken_model *m;
    TEST_OK(ctx, ken_model_new(ctx, "one_vs_rest", NULL, &m));
    TEST_FAILS(ctx, ken_model_set(ctx, m, "base", "logistik"), KEN_E_NOT_FOUND, "logistik");
    TEST_FAILS(ctx, ken_model_set(ctx, m, "base", ""), KEN_E_NOT_FOUND, "''");
    TEST_FAILS(ctx, ken_model_set(ctx, m, "base", "recipe"), KEN_E_NOT_FOUND, "recipe");
    TEST_FAILS(ctx, ken_model_set(ctx, m, "base", "ridge"), KEN_E_ARG, "does not classify");
    TEST_FAILS(ctx, ken_model_set(ctx, m, "base.l3", "1"), KEN_E_ARG,
               "logistic has no parameter 'l3'");
    TEST_FAILS(ctx, ken_model_set(ctx, m, "bass.l2", "1"), KEN_E_ARG, "bass.l2");
    TEST_FAILS(ctx, ken_model_set(ctx, m, "base.", "1"), KEN_E_ARG, "''");
    assert_string_equal(ken_model_desc(ken_model_base(m, "base"))->name, "logistic");
    assert_true(base_l2(m) == 1);
    const ken_one_vs_rest_params typed = {.base = "ridge"};
    ken_model *none;
    TEST_FAILS(ctx, ken_one_vs_rest_new(ctx, &typed, &none), KEN_E_ARG, "ridge");
    ken_model_free(m);
    test_ctx_free(ctx);
}

/* base=one_vs_rest base.base=one_vs_rest ... : as deep as allowed works, deeper is an error. */
static void test_model_parameter__nesting_has_a_limit(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    mc_sample s = mc_golden(ctx, "none", mc_nothing, NULL);
    char name[200] = "base";
    ken_model *m;
    ken_status status = KEN_OK;
    TEST_OK(ctx, ken_model_new(ctx, "one_vs_rest", NULL, &m));
    for (int depth = 0; depth < 3; depth++, strcat(name, ".base"))
        TEST_OK(ctx, ken_model_set(ctx, m, name, "one_vs_rest"));
    const ken_column target = test_column_f64("y", s.label, MC_ROWS);
    const ken_data data = {.table = s.table, .target = &target, .task = KEN_CLASSIFY};
    TEST_OK(ctx, ken_model_fit(ctx, m, &data));
    ken_bundle *bundle;
    ken_model *back;
    TEST_OK(ctx, ken_model_pack(ctx, m, &bundle));
    TEST_OK(ctx,
            ken_model_unpack(ctx, "test", ken_bundle_json(bundle), strlen(ken_bundle_json(bundle)),
                             ken_bundle_at(bundle, 0), ken_bundle_count(bundle), &back));
    ken_model_free(back);
    ken_bundle_free(bundle);
    for (int depth = 0; depth < 3 && status == KEN_OK; depth++, strcat(name, ".base"))
        status = ken_model_set(ctx, m, name, "one_vs_rest");
    TEST_FAILS(ctx, status, KEN_E_LIMIT, "nested deeper");
    ken_model_free(m);
    ken_table_free(s.table);
    test_ctx_free(ctx);
}

/* The recipe serves what the base needs, and a tree's missing cells pass. */
static void test_model_parameter__tags_are_those_of_the_base(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    mc_sample s = mc_golden(ctx, "none", mc_nothing, NULL);
    ken_model *m;
    TEST_OK(ctx, ken_model_new(ctx, "one_vs_rest", NULL, &m));
    assert_true(ken_model_tags(m) & KEN_TAG_SCALED);
    assert_true(ken_model_tags(m) & KEN_TAG_WEIGHTS);
    assert_false(ken_model_tags(m) & KEN_TAG_MISSING);
    TEST_OK(ctx, ken_model_set(ctx, m, "base", "tree"));
    assert_false(ken_model_tags(m) & KEN_TAG_SCALED);
    assert_true(ken_model_tags(m) & KEN_TAG_MISSING);
    s.X[4] = NAN;
    ken_table *holes = test_table(ctx, s.X, MC_ROWS, MC_COLS);
    const ken_column target = test_column_f64("y", s.label, MC_ROWS);
    const ken_data data = {.table = holes, .target = &target, .task = KEN_CLASSIFY};
    TEST_OK(ctx, ken_model_fit(ctx, m, &data));
    TEST_OK(ctx, ken_model_set(ctx, m, "base", "logistic"));
    TEST_FAILS(ctx, ken_model_fit(ctx, m, &data), KEN_E_VALUE, "missing");
    ken_model_free(m);
    ken_table_free(holes), ken_table_free(s.table);
    test_ctx_free(ctx);
}

/* A closed-form fit that nests models: going to the start and back must not fit twice. */
static void test_one_vs_rest__trace_fits_once(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    mc_sample s = mc_golden(ctx, "none", mc_nothing, NULL);
    const ken_column target = test_column_f64("y", s.label, MC_ROWS);
    const ken_data data = {.table = s.table, .target = &target, .task = KEN_CLASSIFY};
    ken_model *m;
    ken_trace *trace;
    TEST_OK(ctx, ken_model_new(ctx, "one_vs_rest", NULL, &m));
    TEST_OK(ctx, ken_model_trace(ctx, m, &data, &trace));
    TEST_OK(ctx, ken_trace_seek(trace, 1));
    TEST_OK(ctx, ken_trace_seek(trace, 0));
    TEST_OK(ctx, ken_trace_seek(trace, 1));
    TEST_OK(ctx, ken_trace_end(trace, true));
    assert_int_equal(ken_model_n_children(m), MC_CLASSES);
    ken_model_free(m);
    ken_table_free(s.table);
    test_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_vs_rest__agrees_with_scikit_learn),
        cmocka_unit_test(test_one_vs_rest__two_classes_are_the_base),
        cmocka_unit_test(test_one_vs_rest__names_of_classes_do_not_matter),
        cmocka_unit_test(test_one_vs_rest__file_keeps_the_base),
        cmocka_unit_test(test_one_vs_rest__every_allocation_may_fail),
        cmocka_unit_test(test_model_parameter__dotted_names_reach_the_base),
        cmocka_unit_test(test_model_parameter__bad_values_are_errors),
        cmocka_unit_test(test_model_parameter__nesting_has_a_limit),
        cmocka_unit_test(test_model_parameter__tags_are_those_of_the_base),
        cmocka_unit_test(test_one_vs_rest__trace_fits_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
