/* A single decision tree as a drawing of our own: needs no script, prints as lines. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "ken/core/json.h"
#include "ken/report/report_html.h"
#include "ken/tree/tree_ensemble.h"

enum { TREE_DEPTH = 5, TREE_LEAVES = 8, TREE_LEAF_PX = 115, TREE_ROW_PX = 104, TREE_BOX_PX = 108, TREE_BOX_HIGH = 50,
       TREE_TEXT = 15 };

static int tree_leaves(const ken_json *node) {
    const ken_json *left = ken_json_get(node, "left"), *right = ken_json_get(node, "right");
    return left && right ? tree_leaves(left) + tree_leaves(right) : 1;
}

static int tree_depth(const ken_json *node) {
    const ken_json *left = ken_json_get(node, "left"), *right = ken_json_get(node, "right");
    return left && right ? 1 + KEN_MAX(tree_depth(left), tree_depth(right)) : 0;
}

/* A text cut to `most` characters, the whole one as a tooltip. */
static void tree_text(ken__report *r, const char *style, double x, double y, const char *text,
                      int most) {
    const size_t size = strlen(text);
    size_t i = 0;
    for (int k = 0; k < most && i < size; k++) ken_utf8_next(text, size, &i);
    ken__report_add(r, "<text class='$' x='$' y='$'>", style, ken__report_digits(r, x, 6),
                    ken__report_digits(r, y, 6));
    ken__html_escape(r->out, text, i);
    if (i < size) ken__report_add(r, "\xE2\x80\xA6<title>$</title>", text);
    ken__report_add(r, "</text>\n");
}

/* What an inner node asks, in at most two lines. */
static void tree_question(ken__report *r, const ken_json *node, double x, double y) {
    const ken_json *levels = ken_json_get(node, "levels");
    const ken_json *feature = ken_json_get(node, "feature");
    ken_text second = ken_text_new(r->ctx);
    const char *name = ken_json_string(feature, NULL, NULL), *text = NULL;
    if (!name) name = ken_model_input(r->in->model, (int)ken_json_i64(feature, 0));
    if (levels) {
        ken_text_add(&second, "is ");
        for (int64_t l = 0; l < ken_json_count(levels); l++) {
            if (l) ken_text_add(&second, ", ");
            ken_text_add(&second, ken_json_string(ken_json_at(levels, l), NULL, ""));
        }
    } else {
        ken_text_add(&second, "\xE2\x89\xA4 ");
        ken_text_add(&second, ken__report_num(r, ken_json_f64(ken_json_get(node, "threshold"), NAN)));
    }
    tree_text(r, "ask", x, y - 4, name, TREE_TEXT);
    if (ken_text_end(&second, &text) == KEN_OK) tree_text(r, "sub", x, y + 12, text, TREE_TEXT);
    ken_text_free(&second);
}

/* What a leaf says: the value, or the most probable class with its share. */
static void tree_answer(ken__report *r, const ken_json *node, double x, double y) {
    const ken_model *m = r->in->model;
    const ken_json *value = ken_json_get(node, "value");
    const int k = ken_model_n_classes(m);
    const int64_t n = ken_json_count(value), cut = ken_json_i64(ken_json_get(node, "cut"), 0);
    char line[80], below[48] = "";
    if (k > 1 && n == k) {
        int best = 0;
        for (int c = 1; c < k; c++)
            if (ken_json_f64(ken_json_at(value, c), 0) > ken_json_f64(ken_json_at(value, best), 0))
                best = c;
        tree_text(r, "ask", x, y - 4, ken_model_class(m, best), TREE_TEXT);
        snprintf(line, sizeof line, "%s of %s",
                 ken__report_percent(r, ken_json_f64(ken_json_at(value, best), NAN)),
                 ken__report_num(r, ken_json_f64(ken_json_get(node, "cover"), NAN)));
    } else {
        const double v = ken_json_f64(n ? ken_json_at(value, 0) : value, NAN);
        tree_text(r, "ask", x, y - 4, ken__report_num(r, v), TREE_TEXT);
        snprintf(line, sizeof line, "%s rows",
                 ken__report_num(r, ken_json_f64(ken_json_get(node, "cover"), NAN)));
    }
    if (cut > 1) {
        snprintf(below, sizeof below, "%lld more boxes", (long long)cut);
        tree_text(r, "sub", x, y + 42, below, 2 * TREE_TEXT);
    }
    tree_text(r, "sub", x, y + 12, line, 2 * TREE_TEXT);
}

static void tree_edge(ken__report *r, double x, double y, double to, const char *word) {
    const double from_y = y + TREE_BOX_HIGH / 2.0, to_y = y + TREE_ROW_PX - TREE_BOX_HIGH / 2.0;
    ken__report_add(r, "<path class='edge' d='M$ $C$ $ $ $ $ $'/>\n", ken__report_digits(r, x, 6),
                    ken__report_digits(r, from_y, 6), ken__report_digits(r, x, 6),
                    ken__report_digits(r, (from_y + to_y) / 2, 6), ken__report_digits(r, to, 6),
                    ken__report_digits(r, (from_y + to_y) / 2, 6), ken__report_digits(r, to, 6),
                    ken__report_digits(r, to_y, 6));
    tree_text(r, "sub", (x + to) / 2 + (to < x ? -12 : 12), (from_y + to_y) / 2 - 4, word, 5);
}

/* Draws the node whose leaves begin at column `first`; returns its place. */
static double tree_node(ken__report *r, const ken_json *node, int first, int depth) {
    const ken_json *left = ken_json_get(node, "left"), *right = ken_json_get(node, "right");
    const double y = depth * TREE_ROW_PX + TREE_BOX_HIGH / 2.0 + 2;
    double x = (first + 0.5) * TREE_LEAF_PX;
    const bool inner = left && right;
    if (inner) {
        const double a = tree_node(r, left, first, depth + 1);
        const double b = tree_node(r, right, first + tree_leaves(left), depth + 1);
        x = (a + b) / 2;
        tree_edge(r, x, y, a, "yes");
        tree_edge(r, x, y, b, "no");
    }
    ken__report_add(r, "<rect class='$' x='$' y='$' width='$' height='$' rx='6'/>\n",
                    inner ? "node" : "leaf", ken__report_digits(r, x - TREE_BOX_PX / 2.0, 6),
                    ken__report_digits(r, y - TREE_BOX_HIGH / 2.0, 6),
                    ken__report_int(r, TREE_BOX_PX), ken__report_int(r, TREE_BOX_HIGH));
    if (inner)
        tree_question(r, node, x, y);
    else
        tree_answer(r, node, x, y);
    return x;
}

static void tree_draw(ken__report *r, const ken_json *root) {
    char width[32], height[32];
    snprintf(width, sizeof width, "%d", tree_leaves(root) * TREE_LEAF_PX);
    snprintf(height, sizeof height, "%d", (tree_depth(root) + 1) * TREE_ROW_PX - TREE_ROW_PX +
                                              TREE_BOX_HIGH + 26);
    ken__report_add(r, "<p>Start at the top; a row goes left where the question is answered with yes. "
                       "Boxes at the bottom say what the model answers there. The first $ questions "
                       "are drawn.</p>\n<div class='scroll tree' tabindex='0' role='group' "
                       "aria-label='The decision tree'>\n<svg width='$' height='$' viewBox='0 0 $ $' "
                       "role='img' aria-label='Drawing of the decision tree'>\n",
                    ken__report_int(r, tree_depth(root)), width, height, width, height);
    tree_node(r, root, 0, 0);
    ken__report_add(r, "</svg>\n</div>\n");
}

static ken_status tree_parse(ken__report *r, int depth, ken_json_doc **doc) {
    ken_text json = ken_text_new(r->ctx);
    ken_json_writer w = ken_json_writer_new(&json, 0);
    ken_status status = ken_ensemble_tree_json(r->ctx, r->in->model, 0, depth, &w);
    if (status == KEN_OK) status = json.status;
    if (status == KEN_OK)
        status = ken_json_parse(r->ctx, "report: tree", json.data, json.size, doc);
    ken_text_free(&json);
    return status;
}

/* As deep as fits the page. */
ken_status ken__report_tree(ken__report *r) {
    const ken_model *m = r->in->model;
    const ken_tensor *offset = m ? ken_model_attr(m, "tree_offset") : NULL;
    if (!offset || ken_tensor_count(offset) != 2 || !ken_model_attr(m, "gain")) return KEN_OK;
    for (int depth = TREE_DEPTH; depth > 0; depth--) {
        ken_json_doc *doc = NULL;
        KEN_TRY(tree_parse(r, depth, &doc));
        const ken_json *root = ken_json_get(ken_json_root(doc), "root");
        const bool fits = tree_leaves(root) <= TREE_LEAVES;
        if (fits) tree_draw(r, root);
        ken_json_doc_free(doc);
        if (fits) break;
    }
    return KEN_OK;
}
