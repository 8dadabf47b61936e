/* A decision tree as an SVG. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "ken/core/alloc.h"
#include "ken/report/drawing.h"
#include "ken/report/report_html.h"

enum { TREE_CARD = 150, TREE_HIGH = 76, TREE_GAP = 14, TREE_PITCH = 148, TREE_TOP = 96, TREE_MARGIN = 20,
       TREE_BAR = TREE_CARD - 20, TREE_EDGE = 30, TREE_COLORS = 8, TREE_STEPS = 7, TREE_NAME = 17, TREE_LEGEND = 16,
       TREE_NUMBERS = 16 };

typedef struct tree_drawing {
    ken__report r;
    const ken_model *model;
    const ken_outline_view *v;
    double *x; /* (n) middle of each card */
    double width, height;
    int next; /* of pixels */
    char pixels[TREE_NUMBERS][32];
} tree_drawing;

/* A place to a tenth of a pixel, as plain digits; lent until TREE_NUMBERS further ones. */
static const char *tree_px(tree_drawing *t, double at) {
    char *buf = t->pixels[t->next++ % TREE_NUMBERS];
    ken_format_f64(floor(at * 10 + 0.5) / 10, buf);
    return buf;
}

/* --- colors -------------------------------------------------------------------------------------------- */

static const struct {
    const char *what, *light, *dark;
} tree_rules[] = {
    {".t-paper", "fill:#fcfcfa", "fill:#15181c"},
    {".t-card", "fill:#ffffff;stroke:#cfcfc8", "fill:#1e2329;stroke:#3d4650"},
    {".t-end", "fill:#f3f6fa;stroke:#aebccb", "fill:#222b35;stroke:#526174"},
    {".t-track", "fill:#e8e8e2", "fill:#323a43"},
    {"text", "fill:#1d2024", "fill:#e6e8eb"},
    {".t-sub", "fill:#585f69", "fill:#a6adb7"},
    {".t-c0", "fill:#2a6ebb;stroke:#2a6ebb", "fill:#7fb4ee;stroke:#7fb4ee"},
    {".t-c1", "fill:#d0661a;stroke:#d0661a", "fill:#f0a162;stroke:#f0a162"},
    {".t-c2", "fill:#1c8c78;stroke:#1c8c78", "fill:#5fc2ae;stroke:#5fc2ae"},
    {".t-c3", "fill:#7f549c;stroke:#7f549c", "fill:#c39bdf;stroke:#c39bdf"},
    {".t-c4", "fill:#b08d00;stroke:#b08d00", "fill:#d9bb54;stroke:#d9bb54"},
    {".t-c5", "fill:#b23a5e;stroke:#b23a5e", "fill:#ee8ba8;stroke:#ee8ba8"},
    {".t-c6", "fill:#5b6b2f;stroke:#5b6b2f", "fill:#adc178;stroke:#adc178"},
    {".t-c7", "fill:#6d747d;stroke:#6d747d", "fill:#98a0aa;stroke:#98a0aa"},
    {".t-v0", "fill:#2f74bf;stroke:#2f74bf", "fill:#5d9fe6;stroke:#5d9fe6"},
    {".t-v1", "fill:#6b98c4;stroke:#6b98c4", "fill:#6b9bcb;stroke:#6b9bcb"},
    {".t-v2", "fill:#93a8b9;stroke:#93a8b9", "fill:#7492ad;stroke:#7492ad"},
    {".t-v3", "fill:#a7a7a0;stroke:#a7a7a0", "fill:#7d848e;stroke:#7d848e"},
    {".t-v4", "fill:#bd9f80;stroke:#bd9f80", "fill:#a78a70;stroke:#a78a70"},
    {".t-v5", "fill:#cb8549;stroke:#cb8549", "fill:#cb8d5c;stroke:#cb8d5c"},
    {".t-v6", "fill:#d0661a;stroke:#d0661a", "fill:#f0914a;stroke:#f0914a"},
};

static void tree_rule_list(ken_text *out, const char *scope, bool dark) {
    for (int i = 0; i < KEN_COUNT(tree_rules); i++) {
        /* "A,B" as scope: each of the two takes the rule. */
        const char *comma = strchr(scope, ',');
        const int first = comma ? (int)(comma - scope) : (int)strlen(scope);
        ken_text_addf(out, "%.*s %s", first, scope, tree_rules[i].what);
        if (comma) ken_text_addf(out, ",%s %s", comma + 1, tree_rules[i].what);
        ken_text_addf(out, "{%s}\n", dark ? tree_rules[i].dark : tree_rules[i].light);
    }
}

/* Light; dark where the system asks for it, unless the page around says otherwise; dark where the page does. */
static void tree_style(ken_text *out) {
    ken_text_add(out, "<style>\n.ken-tree{font-family:system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',"
                      "'Noto Sans',Arial,sans-serif}\n"
                      ".ken-tree text{font-size:11.5px;text-anchor:middle}\n"
                      ".ken-tree .t-ask{font-size:13px;font-weight:600}\n"
                      ".ken-tree .t-head{font-size:16px;font-weight:600;text-anchor:start}\n"
                      ".ken-tree .t-left{text-anchor:start}\n"
                      ".ken-tree .t-edge{fill:none!important;stroke-opacity:.45}\n"
                      ".ken-tree .t-cut{stroke-dasharray:5 4}\n"
                      ".ken-tree .t-bar{stroke:none!important}\n");
    tree_rule_list(out, ".ken-tree", false);
    ken_text_add(out, "@media (prefers-color-scheme:dark){\n");
    tree_rule_list(out, ":root:not([data-theme='light']) .ken-tree,svg.ken-tree:root", true);
    ken_text_add(out, "}\n");
    tree_rule_list(out, ":root[data-theme='dark'] .ken-tree", true);
    ken_text_add(out, "</style>\n");
}

/* The color class of a node: of its class, or of its place between the least and the largest value. */
static const char *tree_color(const tree_drawing *t, int k, double value, char *buf) {
    const ken_outline_view *v = t->v;
    if (v->unit == KEN_OUTLINE_SHARE) {
        snprintf(buf, 8, "t-c%d", k % TREE_COLORS);
        return buf;
    }
    const double reach = KEN_MAX(fabs(v->low), fabs(v->high)); /* scores: zero is the middle */
    const double low = v->unit == KEN_OUTLINE_SCORE ? -reach : v->low;
    const double high = v->unit == KEN_OUTLINE_SCORE ? reach : v->high;
    const double at = high > low ? (value - low) / (high - low) : 0.5;
    snprintf(buf, 8, "t-v%d", (int)KEN_MIN(at * TREE_STEPS, TREE_STEPS - 1.0));
    return buf;
}

/* --- places -------------------------------------------------------------------------------------------- */

/* The least (sign 1) or largest (sign -1) x of each depth among nodes [from, to), times sign. */
static void tree_contour(const tree_drawing *t, int from, int to, double sign, double *at) {
    for (int i = from; i < to; i++) {
        const int d = t->v->node[i].depth;
        at[d] = KEN_MIN(at[d], sign * t->x[i]);
    }
}

/* Subtrees as near to each other as their outlines allow, each parent in the middle over its children. */
static ken_status tree_places(ken_ctx *ctx, tree_drawing *t) {
    const ken_outline_view *v = t->v;
    double *left = NULL, *right = NULL, least = 0, most = 0;
    int *end = NULL;
    KEN_TRY(KEN_SCRATCH(ctx, double, v->n, &t->x));
    KEN_TRY(KEN_SCRATCH(ctx, double, v->depth + 1, &left));
    KEN_TRY(KEN_SCRATCH(ctx, double, v->depth + 1, &right));
    KEN_TRY(KEN_SCRATCH(ctx, int, v->n, &end));
    for (int i = v->n - 1; i >= 0; i--) {
        const ken_outline_node *n = &v->node[i];
        t->x[i] = 0;
        end[i] = i + 1;
        if (n->yes < 0) continue;
        end[i] = end[n->no];
        for (int d = 0; d <= v->depth; d++) left[d] = right[d] = INFINITY;
        tree_contour(t, n->yes, n->no, -1, right);
        tree_contour(t, n->no, end[i], 1, left);
        double shift = -INFINITY;
        for (int d = n->depth + 1; d <= v->depth && isfinite(left[d]) && isfinite(right[d]); d++)
            shift = KEN_MAX(shift, -right[d] - left[d] + TREE_CARD + TREE_GAP);
        for (int j = n->no; j < end[i]; j++) t->x[j] += shift;
        t->x[i] = (t->x[n->yes] + t->x[n->no]) / 2;
    }
    for (int i = 0; i < v->n; i++) least = KEN_MIN(least, t->x[i]), most = KEN_MAX(most, t->x[i]);
    t->width = most - least + TREE_CARD + 2 * TREE_MARGIN;
    t->height = TREE_TOP + v->depth * (double)TREE_PITCH + TREE_HIGH + TREE_MARGIN;
    const double wide = KEN_MAX(t->width, 560), add = (wide - t->width) / 2 + TREE_MARGIN + TREE_CARD / 2.0 - least;
    for (int i = 0; i < v->n; i++) t->x[i] += add;
    t->width = wide;
    return KEN_OK;
}

static double tree_y(const ken_outline_node *n) { return TREE_TOP + n->depth * (double)TREE_PITCH; }

/* --- words --------------------------------------------------------------------------------------------- */

/* A text cut to `most` columns. */
static void tree_text(tree_drawing *t, const char *style, double x, double y, const char *text, int most) {
    ken__report *r = &t->r;
    const size_t size = strlen(text);
    size_t at = 0, keep = 0;
    while (at < size && ken_utf8_width(text, at) < most) keep = at, ken_utf8_next(text, size, &at);
    const bool whole = ken_utf8_width(text, size) <= most;
    ken__report_add(r, "<text class='$' x='$' y='$'>", style, tree_px(t, x),
                    tree_px(t, y));
    ken__html_escape(r->out, text, whole ? size : keep);
    ken_text_add(r->out, whole ? "</text>\n" : "\xE2\x80\xA6</text>\n");
}

/* The whole of it, for the pointer: where a name was cut, and what the card has no room for. */
static void tree_tooltip(tree_drawing *t, const ken_outline_node *n) {
    ken__report *r = &t->r;
    ken_text_add(r->out, "<title>");
    if (n->column)
        ken__report_add(r, "$ $?\nA missing value goes $.\n", n->column, n->question,
                        n->missing_yes ? "left (yes)" : "right (no)");
    ken__report_add(r, "$ of the training weight, $", ken__report_percent(r, n->share), ken__report_num(r, n->cover));
    for (int k = 0; n->shares && k < t->v->n_classes; k++)
        if (n->shares[k] > 0)
            ken__report_add(r, "\n$: $", ken_model_class(t->model, k), ken__report_percent(r, n->shares[k]));
    if (!n->shares) ken__report_add(r, "\n$", n->line ? n->line : n->answer);
    if (n->cut) ken__report_add(r, "\n$ leaves below are not drawn", ken__report_int(r, n->leaves));
    ken_text_add(r->out, "</title>\n");
}

/* --- cards and lines ----------------------------------------------------------------------------------- */

static void tree_rect(tree_drawing *t, const char *style, double x, double y, double w, double h, double round) {
    ken__report *r = &t->r;
    ken__report_add(r, "<rect class='$' x='$' y='$' width='$' height='$' rx='$'/>\n", style,
                    tree_px(t, x), tree_px(t, y), tree_px(t, w),
                    tree_px(t, h), tree_px(t, round));
}

/* As long as the node's share of the rows, in the colors of its classes or of its value. */
static void tree_bar(tree_drawing *t, const ken_outline_node *n, double x, double y) {
    const double length = TREE_BAR * n->share;
    char color[8], style[16];
    double at = x - TREE_BAR / 2.0;
    tree_rect(t, "t-track t-bar", at, y, TREE_BAR, 7, 2);
    for (int k = 0; k < (n->shares ? t->v->n_classes : 1); k++) {
        const double part = n->shares ? n->shares[k] * length : length;
        if (!(part > 0)) continue;
        snprintf(style, sizeof style, "t-bar %s", tree_color(t, k, n->value, color));
        tree_rect(t, style, at, y, KEN_MAX(part, 0.6), 7, 0);
        at += part;
    }
}

static void tree_says(tree_drawing *t, const ken_outline_node *n, char *buf, size_t size) {
    ken__report *r = &t->r;
    if (n->shares)
        snprintf(buf, size, "%s %s", ken__report_percent(r, n->value), n->answer);
    else
        snprintf(buf, size, "%s %s", t->v->unit == KEN_OUTLINE_SCORE ? "adds" : "mean", n->answer);
}

static void tree_card(tree_drawing *t, int i) {
    ken__report *r = &t->r;
    const ken_outline_node *n = &t->v->node[i];
    const double x = t->x[i], y = tree_y(n);
    const char *rows = n->cover == 1 ? " row" : " rows";
    char line[160];
    ken_text_add(r->out, "<g>\n");
    tree_tooltip(t, n);
    tree_rect(t, n->column ? "t-card" : n->cut ? "t-end t-cut" : "t-end", x - TREE_CARD / 2.0, y, TREE_CARD, TREE_HIGH, 8);
    if (n->column) {
        tree_text(t, "t-ask", x, y + 19, n->column, TREE_NAME);
        tree_text(t, "", x, y + 36, n->question, TREE_NAME + 3);
        tree_says(t, n, line, sizeof line);
        tree_text(t, "t-sub", x, y + 53, line, TREE_NAME + 5);
    } else {
        tree_text(t, "t-ask", x, y + 20, n->line ? n->line : n->answer, TREE_NAME);
        if (n->shares)
            snprintf(line, sizeof line, "%s of %s%s", ken__report_percent(r, n->value), ken__report_num(r, n->cover), rows);
        else
            snprintf(line, sizeof line, "%s%s", ken__report_num(r, n->cover), rows);
        tree_text(t, "", x, y + 37, line, TREE_NAME + 3);
        if (n->cut)
            snprintf(line, sizeof line, "%s leaves below", ken__report_int(r, n->leaves));
        else
            snprintf(line, sizeof line, "%s of all rows", ken__report_percent(r, n->share));
        tree_text(t, "t-sub", x, y + 53, line, TREE_NAME + 5);
    }
    tree_bar(t, n, x, y + TREE_HIGH - 15);
    ken_text_add(r->out, "</g>\n");
}

/* The line to child c; side -1 is yes. Both lines of a card begin side by side and are as wide as its rows. */
static void tree_line(tree_drawing *t, int i, int c, int side) {
    ken__report *r = &t->r;
    const ken_outline_node *n = &t->v->node[i], *child = &t->v->node[c];
    const double all = TREE_EDGE * n->share, wide = TREE_EDGE * child->share;
    const double from = t->x[i] + side * (all - wide) / 2, to = t->x[c];
    const double y0 = tree_y(n) + TREE_HIGH, y1 = tree_y(child), middle = (y0 + y1) / 2;
    char color[8], label[64];
    ken__report_add(r, "<path class='t-edge $' stroke-width='$' d='M$ $C$ $ $ $ $ $'/>\n",
                    tree_color(t, child->best, child->value, color), tree_px(t, KEN_MAX(wide, 1.2)),
                    tree_px(t, from), tree_px(t, y0), tree_px(t, from),
                    tree_px(t, middle), tree_px(t, to), tree_px(t, middle),
                    tree_px(t, to), tree_px(t, y1));
    snprintf(label, sizeof label, "%s \xC2\xB7 %s", side < 0 ? "yes" : "no", ken__report_num(r, child->cover));
    tree_text(t, "t-sub", to + side * 34, y1 - 9, label, 18);
}

/* --- the whole ----------------------------------------------------------------------------------------- */

/* Swatches with the names of classes, or of the least and the largest value. */
static void tree_legend(tree_drawing *t) {
    ken__report *r = &t->r;
    const ken_outline_view *v = t->v;
    const bool classes = v->unit == KEN_OUTLINE_SHARE;
    const int n = classes ? KEN_MIN(v->n_classes, TREE_COLORS) : TREE_STEPS;
    const double reach = KEN_MAX(fabs(v->low), fabs(v->high));
    double x = TREE_MARGIN;
    char style[16], line[256];
    if (!classes) {
        const char *low = ken__report_num(r, v->unit == KEN_OUTLINE_SCORE ? -reach : v->low);
        tree_text(t, "t-sub t-left", x, 77, low, TREE_LEGEND);
        x += 7.0 * ken_utf8_width(low, strlen(low)) + 6;
    }
    for (int k = 0; k < n; k++) {
        const char *name = classes ? ken_model_class(t->model, k) : "";
        const int wide = (int)KEN_MIN(ken_utf8_width(name, strlen(name)), TREE_LEGEND);
        snprintf(style, sizeof style, "t-bar t-%s%d", classes ? "c" : "v", k);
        tree_rect(t, style, x, 67, classes ? 12 : 18, 12, classes ? 3 : 0);
        if (classes) tree_text(t, "t-sub t-left", x + 17, 77, name, TREE_LEGEND);
        x += classes ? 17 + 6.6 * wide + 18 : 18;
    }
    if (!classes) tree_text(t, "t-sub t-left", x + 6, 77, ken__report_num(r, v->unit == KEN_OUTLINE_SCORE ? reach : v->high), 12);
    if (v->unit == KEN_OUTLINE_SCORE) {
        snprintf(line, sizeof line, "Leaves add to the %s%s", v->output < 0 ? "prediction" : "score of ",
                 v->output < 0 ? "" : ken_model_class(t->model, v->output));
        tree_text(t, "t-sub t-left", x + 80, 77, line, 48);
    }
    if (classes && v->n_classes > n) {
        snprintf(style, sizeof style, "+ %d", v->n_classes - n);
        tree_text(t, "t-sub t-left", x, 77, style, TREE_LEGEND);
    }
}

static void tree_head(tree_drawing *t) {
    ken__report *r = &t->r;
    const ken_outline_view *v = t->v;
    char line[256];
    snprintf(line, sizeof line, "%s", ken_model_target(t->model));
    if (v->n_trees > 1) snprintf(line, sizeof line, "%s: tree %d of %d", ken_model_target(t->model), v->tree + 1, v->n_trees);
    tree_text(t, "t-head", TREE_MARGIN, 28, line, (int)(t->width / 9));
    snprintf(line, sizeof line, "Left is yes. Bars and lines are as long and wide as their share of the %s rows.",
             ken__report_num(r, v->node[0].cover));
    tree_text(t, "t-sub t-left", TREE_MARGIN, 50, line, (int)(t->width / 5.6));
    tree_legend(t);
}

static void tree_draw(tree_drawing *t) {
    ken__report *r = &t->r;
    const char *width = tree_px(t, ceil(t->width)), *height = tree_px(t, ceil(t->height));
    ken__report_add(r, "<svg xmlns='http://www.w3.org/2000/svg' class='ken-tree' width='$' height='$' "
                       "viewBox='0 0 $ $' role='img' aria-label='Decision tree for $'>\n",
                    width, height, width, height, ken_model_target(t->model));
    tree_style(r->out);
    ken__report_add(r, "<rect class='t-paper' width='$' height='$'/>\n", width, height);
    tree_head(t);
    for (int i = 0; i < t->v->n; i++) {
        if (t->v->node[i].yes < 0) continue;
        tree_line(t, i, t->v->node[i].yes, -1);
        tree_line(t, i, t->v->node[i].no, 1);
    }
    for (int i = 0; i < t->v->n; i++) tree_card(t, i);
    ken_text_add(r->out, "</svg>\n");
}

ken_status ken_drawing_tree(ken_ctx *ctx, const ken_model *model, const ken_outline *outline, ken_text *out) {
    tree_drawing t = {.r = {.ctx = ctx, .out = out}, .model = model, .v = ken_outline_get(outline)};
    const ken_mark mark = ken_scratch_mark(ctx);
    ken_status status = tree_places(ctx, &t);
    if (status == KEN_OK) tree_draw(&t);
    ken_scratch_release(ctx, mark);
    return status == KEN_OK ? out->status : status;
}
