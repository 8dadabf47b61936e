#include "ken/explain/outline/outline.h"

#include "ken/boosting/boosting/boosting.h"
#include "ken/explain/explain_testing.h"
#include "ken/report/drawing.h"
#include "ken/tree/forest/forest.h"
#include "ken/tree/tree/tree.h"
#include "ken/tree/tree_ensemble.h"

typedef struct fixture {
    ken_ctx *ctx;
    ken_table *table, *features;
    ken_model *model;
} fixture;

/* A tree (or forest of three) on columns a, b, noise, c of the known table. */
static fixture begin(const ken_desc *desc, const char *settings, bool classes) {
    fixture f = {.ctx = test_ctx(1)};
    f.table = known_table(f.ctx, 300, classes);
    int columns[] = {0, 1, 2, ken_table_find(f.table, "c")};
    TEST_OK(f.ctx, ken_table_select(f.ctx, f.table, columns, 4, &f.features));
    const ken_data data = {.table = f.features, .target = ken_table_column(f.table, ken_table_find(f.table, "y"))};
    TEST_OK(f.ctx, ken_model_new(f.ctx, desc->name, settings, &f.model));
    TEST_OK(f.ctx, ken_model_fit(f.ctx, f.model, &data));
    return f;
}

static void end(fixture *f) {
    ken_model_free(f->model);
    ken_table_free(f->features);
    ken_table_free(f->table);
    test_ctx_free(f->ctx);
}

static double at(const fixture *f, const char *attr, int64_t i) { return ken_tensor_value(ken_model_attr(f->model, attr), i); }

/* Every node against the attributes, every fact that binds nodes together. */
static void test_outline__whole_tree_is_the_attributes(void **state) {
    (void)state;
    for (int classes = 0; classes < 2; classes++) {
        fixture f = begin(&ken_tree_desc, "max_depth=5 min_leaf_rows=5", classes);
        ken_outline_params p = {0, 1000, 1};
        ken_outline *o = NULL;
        TEST_OK(f.ctx, ken_explain_outline(f.ctx, f.model, &p, &o));
        const ken_outline_view *v = ken_outline_get(o);
        assert_int_equal(v->n, ken_tensor_count(ken_model_attr(f.model, "feature")));
        assert_int_equal(v->unit, classes ? KEN_OUTLINE_SHARE : KEN_OUTLINE_VALUE);
        assert_int_equal(v->n, 2 * v->n_ends - 1);
        assert_int_equal(v->node[0].leaves, v->n_ends);
        TEST_NEAR(v->node[0].cover, 300, 1e-12);
        for (int i = 0; i < v->n; i++) {
            const ken_outline_node *n = &v->node[i];
            TEST_NEAR(n->cover, at(&f, "cover", n->node), 1e-12);
            TEST_NEAR(n->share, n->cover / 300, 1e-12);
            assert_false(n->cut);
            assert_int_equal(n->column != NULL, n->yes >= 0);
            if (n->column) {
                const ken_outline_node *yes = &v->node[n->yes], *no = &v->node[n->no];
                assert_string_equal(n->column, ken_model_input(f.model, (int)at(&f, "feature", n->node)));
                assert_int_equal(yes->node, (int)at(&f, "left", n->node));
                TEST_NEAR(yes->cover + no->cover, n->cover, 1e-12);
                assert_int_equal(yes->leaves + no->leaves, n->leaves);
                assert_int_equal(yes->parent, i);
                /* What a node says is the mean of its children. */
                if (!classes) TEST_NEAR(n->value, (yes->value * yes->cover + no->value * no->cover) / n->cover, 1e-9);
            }
            if (classes) {
                TEST_NEAR(n->shares[0] + n->shares[1], 1, 1e-12);
                TEST_NEAR(n->shares[1], at(&f, "value", n->node), 1e-12);
                assert_int_equal(n->best, n->shares[1] > n->shares[0]);
                assert_string_equal(n->answer, n->best ? "yes" : "no");
            }
        }
        ken_outline_free(o);
        end(&f);
    }
}

/* A linear leaf has a line: its value, then term after term. */
static void test_outline__linear_leaves_say_their_lines(void **state) {
    (void)state;
    fixture f = begin(&ken_boosting_desc, "trees=2 max_leaves=9 linear_leaves=true", false);
    int lines = 0;
    for (int tree = 0; tree < 2; tree++) {
        ken_outline_params p = {tree, 1000, 1};
        ken_outline *o = NULL;
        TEST_OK(f.ctx, ken_explain_outline(f.ctx, f.model, &p, &o));
        const ken_outline_view *v = ken_outline_get(o);
        for (int i = 0; i < v->n; i++) {
            const ken_outline_node *n = &v->node[i];
            const int64_t at_node = (int64_t)at(&f, "tree_offset", tree) + n->node;
            int64_t t = (int64_t)at(&f, "linear_offset", at_node);
            const int64_t end_term = (int64_t)at(&f, "linear_offset", at_node + 1);
            assert_int_equal(n->line != NULL, end_term > t);
            if (!n->line) continue;
            char *text = NULL;
            test_near_(strtod(n->line, &text), at(&f, "value", at_node), 1e-3, 1e-3, n->line, __FILE__, __LINE__);
            for (; t < end_term; t++) {
                const char *const name = ken_model_input(f.model, (int)at(&f, "linear_feature", t));
                const bool falls = strncmp(text, " \xE2\x88\x92 ", 5) == 0;
                text += falls ? 5 : 3;
                test_near_(falls ? -strtod(text, &text) : strtod(text, &text), at(&f, "linear_coef", t), 1e-2, 1e-3, n->line,
                           __FILE__, __LINE__);
                assert_true(strncmp(text, " (", 2) == 0 && strncmp(text + 2, name, strlen(name)) == 0);
                text = strchr(text, ')') + 1;
            }
            assert_string_equal(text, "");
            lines++;
        }
        assert_true(tree > 0 || lines == 0); /* the first round is constant */
        ken_outline_free(o);
    }
    assert_true(lines > 2);
    end(&f);
}

/* What is cut is counted: the leaves below the ends add up to the whole tree's. */
static void test_outline__a_cut_counts_what_it_hides(void **state) {
    (void)state;
    fixture f = begin(&ken_tree_desc, "", false);
    ken_outline *o = NULL;
    for (int depth = 0; depth < 5; depth++) {
        ken_outline_params p = {0, depth, 1};
        int64_t leaves = 0;
        TEST_OK(f.ctx, ken_explain_outline(f.ctx, f.model, &p, &o));
        const ken_outline_view *v = ken_outline_get(o);
        for (int i = 0; i < v->n; i++) {
            assert_true(v->node[i].depth <= depth);
            if (v->node[i].column) continue;
            leaves += v->node[i].leaves;
            assert_int_equal(v->node[i].cut, v->node[i].leaves > 1);
        }
        assert_true(leaves > 50);
        assert_int_equal(leaves, v->node[0].leaves);
        ken_outline_free(o);
    }
    for (int ends = 1; ends < 40; ends += 7) { /* as deep as the number of ends allows, no less */
        ken_outline_params p = {0, -1, ends}, deeper = {0, 0, 1};
        TEST_OK(f.ctx, ken_explain_outline(f.ctx, f.model, &p, &o));
        assert_true(ken_outline_get(o)->n_ends <= ends);
        deeper.depth = ken_outline_get(o)->depth + 1;
        ken_outline_free(o);
        TEST_OK(f.ctx, ken_explain_outline(f.ctx, f.model, &deeper, &o));
        assert_true(ken_outline_get(o)->n_ends > ends);
        ken_outline_free(o);
    }
    end(&f);
}

static void test_outline__levels_and_boosting_have_their_words(void **state) {
    (void)state;
    fixture f = begin(&ken_tree_desc, "max_depth=6", false);
    ken_outline_params p = {0, 6, 1};
    ken_outline *o = NULL;
    int sets = 0;
    TEST_OK(f.ctx, ken_explain_outline(f.ctx, f.model, &p, &o));
    for (int i = 0; i < ken_outline_get(o)->n; i++) {
        const ken_outline_node *n = &ken_outline_get(o)->node[i];
        if (!n->column || strcmp(n->column, "c")) continue;
        static const char *const level[] = {"red", "green", "blue"};
        const uint32_t bits = (uint32_t)at(&f, "category_bits", (int64_t)at(&f, "category", n->node));
        char want[64] = "is ";
        for (int c = 0; c < 3; c++)
            if (bits >> c & 1) strcat(strcat(want, strlen(want) > 3 ? ", " : ""), level[c]);
        assert_string_equal(n->question, want);
        sets++;
    }
    assert_true(sets > 0);
    ken_outline_free(o);
    end(&f);
    const ken_desc *boosting = NULL;
    ken_ctx *ctx = test_ctx(1);
    TEST_OK(ctx, ken_catalog_find(ctx, "boosting", KEN_ESTIMATOR, &boosting));
    test_ctx_free(ctx);
    f = begin(boosting, "trees=3", true);
    p.tree = 2;
    TEST_OK(f.ctx, ken_explain_outline(f.ctx, f.model, &p, &o));
    assert_int_equal(ken_outline_get(o)->unit, KEN_OUTLINE_SCORE);
    assert_int_equal(ken_outline_get(o)->output, 1);
    assert_int_equal(ken_outline_get(o)->n_trees, 3);
    ken_outline_free(o);
    end(&f);
}

static int count(const char *text, const char *part) {
    int n = 0;
    for (const char *s = text; (s = strstr(s, part)); s += strlen(part)) n++;
    return n;
}

/* Names as hostile as a CSV may have them: the drawing stays well-formed, nothing becomes markup. */
static void test_outline__drawing_escapes_names_and_has_every_node(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    ken_table *t = NULL;
    ken_model *m = NULL;
    ken_outline *o = NULL;
    void *x, *y;
    const char *name = "</text><script>alert('1') & \"a column of a very long name\xE2\x80\xAE";
    TEST_OK(ctx, ken_table_new(ctx, 64, &t));
    TEST_OK(ctx, ken_table_add_new(ctx, t, name, KEN_F64, &x, NULL));
    TEST_OK(ctx, ken_table_add_new(ctx, t, "<y>", KEN_F64, &y, NULL));
    for (int i = 0; i < 64; i++) ((double *)x)[i] = i, ((double *)y)[i] = (i * 37) % 64;
    int column = 0;
    ken_table *features = NULL;
    TEST_OK(ctx, ken_table_select(ctx, t, &column, 1, &features));
    const ken_data data = {.table = features, .target = ken_table_column(t, 1), .task = KEN_REGRESS};
    TEST_OK(ctx, ken_model_new(ctx, "tree", "", &m));
    TEST_OK(ctx, ken_model_fit(ctx, m, &data));
    ken_outline_params p = {0, 1000, 1};
    TEST_OK(ctx, ken_explain_outline(ctx, m, &p, &o));
    ken_text svg = ken_text_new(ctx);
    const char *text = NULL;
    TEST_OK(ctx, ken_drawing_tree(ctx, m, o, &svg));
    TEST_OK(ctx, ken_text_end(&svg, &text));
    assert_null(strstr(text, "<script"));
    assert_null(strstr(text, "\xE2\x80\xAE"));
    assert_non_null(strstr(text, "&lt;/text&gt;"));
    const ken_outline_view *v = ken_outline_get(o);
    assert_int_equal(count(text, "<g>"), v->n);
    assert_int_equal(count(text, "</g>"), v->n);
    assert_int_equal(count(text, "class='t-edge"), v->n - 1);
    assert_int_equal(count(text, "<text"), count(text, "</text>"));
    assert_int_equal(count(text, "<title>"), v->n);
    ken_text_free(&svg);
    ken_outline_free(o);
    ken_model_free(m);
    ken_table_free(features);
    ken_table_free(t);
    test_ctx_free(ctx);
}

/* Cards of one depth do not overlap: their places are a card and a gap apart or more. */
static void test_outline__cards_do_not_overlap(void **state) {
    (void)state;
    fixture f = begin(&ken_tree_desc, "max_depth=7", false);
    ken_outline_params p = {0, 7, 1};
    ken_outline *o = NULL;
    ken_text svg = ken_text_new(f.ctx);
    const char *text = NULL;
    double x[2000], y[2000];
    int n = 0;
    TEST_OK(f.ctx, ken_explain_outline(f.ctx, f.model, &p, &o));
    TEST_OK(f.ctx, ken_drawing_tree(f.ctx, f.model, o, &svg));
    TEST_OK(f.ctx, ken_text_end(&svg, &text));
    for (const char *s = text; n < 2000 && (s = strstr(s, "</title>\n<rect class='")); s++) {
        assert_int_equal(sscanf(strstr(s, "x='"), "x='%lf' y='%lf'", &x[n], &y[n]), 2);
        n++;
    }
    assert_int_equal(n, ken_outline_get(o)->n);
    for (int i = 0; i < n; i++) {
        assert_true(x[i] >= 19);
        for (int j = 0; j < i; j++) assert_true(y[i] != y[j] || fabs(x[i] - x[j]) > 160);
    }
    ken_text_free(&svg);
    ken_outline_free(o);
    end(&f);
}

static void test_outline__says_what_is_wrong(void **state) {
    (void)state;
    fixture f = begin(&ken_forest_desc, "trees=3", false);
    ken_outline *o = NULL;
    ken_outline_params p = {3, 2, 1};
    TEST_FAILS(f.ctx, ken_explain_outline(f.ctx, f.model, &p, &o), KEN_E_ARG, "tree 3 of 3");
    p = (ken_outline_params){0, 2000, 1};
    TEST_FAILS(f.ctx, ken_explain_outline(f.ctx, f.model, &p, &o), KEN_E_ARG, "depth 2000");
    ken_model *fresh = NULL;
    TEST_OK(f.ctx, ken_model_new(f.ctx, "tree", NULL, &fresh));
    TEST_FAILS(f.ctx, ken_explain_outline(f.ctx, fresh, NULL, &o), KEN_E_STATE, "not fitted");
    ken_model_free(fresh);
    end(&f);
    ken_data data;
    f = (fixture){.ctx = test_ctx(1)};
    f.table = known_table(f.ctx, 50, false);
    f.model = known_model(f.ctx, f.table, &f.features, &data);
    TEST_FAILS(f.ctx, ken_explain_outline(f.ctx, f.model, NULL, &o), KEN_E_UNSUPPORTED, "not made of trees");
    assert_null(o);
    end(&f);
}

static ken_status outline_once(ken_ctx *ctx, void *arg) {
    fixture *f = arg;
    ken_outline *o = NULL;
    ken_text svg = ken_text_new(ctx);
    ken_status status = ken_explain_outline(ctx, f->model, NULL, &o);
    if (status == KEN_OK) status = ken_drawing_tree(ctx, f->model, o, &svg);
    ken_text_free(&svg);
    ken_outline_free(o);
    return status;
}

static void test_outline__survives_every_failed_allocation(void **state) {
    (void)state;
    fixture f = begin(&ken_tree_desc, "max_depth=3", true);
    test_every_allocation(outline_once, &f, 2000);
    end(&f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_outline__whole_tree_is_the_attributes),
        cmocka_unit_test(test_outline__linear_leaves_say_their_lines),
        cmocka_unit_test(test_outline__a_cut_counts_what_it_hides),
        cmocka_unit_test(test_outline__levels_and_boosting_have_their_words),
        cmocka_unit_test(test_outline__drawing_escapes_names_and_has_every_node),
        cmocka_unit_test(test_outline__cards_do_not_overlap),
        cmocka_unit_test(test_outline__says_what_is_wrong),
        cmocka_unit_test(test_outline__survives_every_failed_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
