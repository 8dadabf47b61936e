/* ken plot: pictures of a fitted model, on the terminal or as a file. So far: its trees. */
#include <string.h>

#include "cli/commands.h"
#include "cli/show.h"
#include "ken/io/file.h"
#include "ken/io/model_file/model_file.h"
#include "ken/report/drawing.h"
#include "ken/tree/tree_ensemble.h"

#define PLOT_SVG_ENDS 24
#define PLOT_TEXT_ENDS 16

/* --- on the terminal ------------------------------------------------------------------------------------ */
/* What stands before a node: "│ ├ yes ". */
static void plot_rails(const ken_outline_view *v, const ken_outline_node *n, char *buf, size_t size) {
    const char *piece[64];
    int k = 0;
    size_t used = 0;
    buf[0] = 0;
    for (const ken_outline_node *at = n; at->parent >= 0 && k < KEN_COUNT(piece); at = &v->node[at->parent], k++) {
        const bool yes = &v->node[v->node[at->parent].yes] == at;
        piece[k] = at == n ? (yes ? "├ yes " : "└ no  ") : yes ? "│ " : "  ";
    }
    while (k-- > 0 && used < size) used += (size_t)snprintf(buf + used, size - used, "%s", piece[k]);
}

/* line: the number under which a linear leaf's line is written below. */
static void plot_text_node(const ken_outline_view *v, int i, int line, cli_grid *g) {
    const ken_outline_node *n = &v->node[i];
    char tree[512], says[160], rows[40], share[16], bar[160];
    plot_rails(v, n, tree, sizeof tree);
    const size_t used = strlen(tree);
    if (n->column)
        snprintf(tree + used, sizeof tree - used, "%s %s ?", n->column, n->question);
    else if (n->cut)
        snprintf(tree + used, sizeof tree - used, "… %lld leaves", (long long)n->leaves);
    else if (n->line)
        snprintf(tree + used, sizeof tree - used, "→ line %d", line);
    else
        snprintf(tree + used, sizeof tree - used, "→ %s", n->answer);
    if (n->shares)
        snprintf(says, sizeof says, "%.0f%% %s", 100 * n->value, n->answer);
    else
        snprintf(says, sizeof says, "%s", n->answer);
    snprintf(share, sizeof share, n->share < 0.01 ? "<1%%" : "%.0f%%", 100 * n->share);
    const char *cells[] = {tree, says, cli_number_text(n->cover, rows), share, cli_bar(n->share, 10, bar)};
    cli_grid_row(g, cells);
}

/* The lines of linear leaves, in the order of the tree. */
static void plot_text_lines(const ken_outline_view *v) {
    for (int i = 0, line = 0; i < v->n; i++) {
        if (!v->node[i].line) continue;
        printf("%s  line %d  ", line == 0 ? "\n" : "", line + 1);
        cli_wrap(stdout, v->node[i].line, 10, cli_width(stdout));
        line++;
    }
}

static int plot_text(const cli *c, const ken_model *m, const ken_outline_view *v) {
    static const char *const titles[] = {"question", "says", "rows>", "share>", ""};
    cli_grid g;
    printf("\n%s%s%s", cli_style(stdout, "1"), ken_model_target(m), cli_style(stdout, "0"));
    if (v->n_trees > 1) printf("  tree %d of %d", v->tree + 1, v->n_trees);
    printf("  %s%lld leaves, %d questions deep", cli_style(stdout, "2"), (long long)v->node[0].leaves, v->full_depth);
    if (v->depth < v->full_depth) printf("; shown to %d (--depth)", v->depth);
    printf("%s\n", cli_style(stdout, "0"));
    if (v->unit == KEN_OUTLINE_SCORE)
        printf("%sIts leaves add to the %s%s%s%s\n", cli_style(stdout, "2"), v->output < 0 ? "prediction" : "score of '",
               v->output < 0 ? "" : ken_model_class(m, v->output), v->output < 0 ? "" : "'", cli_style(stdout, "0"));
    putchar('\n');
    cli_grid_begin(&g, 5, titles);
    for (int i = 0, line = 0; i < v->n; i++) plot_text_node(v, i, line += v->node[i].line != NULL, &g);
    cli_grid_print(&g, stdout);
    plot_text_lines(v);
    printf("\n  next: ken plot tree %s%s%s -o tree.svg   the same as a drawing\n", c->arguments[1],
           cli_value(c, "tree") ? " --tree " : "", cli_value(c, "tree") ? cli_value(c, "tree") : "");
    return CLI_DONE;
}

/* --- as a file ------------------------------------------------------------------------------------------ */
static ken_status plot_write(cli *c, const char *path, const char *text, size_t size) {
    if (strcmp(path, "-") != 0) return ken_file_write_whole(c->ctx, path, text, size);
    fwrite(text, 1, size, stdout);
    return KEN_OK;
}

static int plot_svg(cli *c, const ken_model *m, const ken_outline *outline, const char *path) {
    const ken_outline_view *v = ken_outline_get(outline);
    ken_text svg = ken_text_new(c->ctx);
    const char *text = NULL;
    ken_status status = ken_drawing_tree(c->ctx, m, outline, &svg);
    if (status == KEN_OK) status = ken_text_end(&svg, &text);
    if (status == KEN_OK) status = plot_write(c, path, text, svg.size);
    ken_text_free(&svg);
    if (status != KEN_OK) return cli_failed(c, status);
    if (!c->quiet && strcmp(path, "-") != 0)
        fprintf(stderr, "  → %s   %d of %lld leaves' paths, %d of %d questions deep\n", path, v->n_ends,
                (long long)v->node[0].leaves, v->depth, v->full_depth);
    return CLI_DONE;
}

static int plot_json(cli *c, const ken_model *m, const ken_outline_view *v) {
    cli_json j;
    cli_json_begin(c, &j);
    KEN_JSON(&j.w, "model", string, ken_model_desc(m)->name);
    KEN_JSON(&j.w, "target", string, ken_model_target(m));
    KEN_JSON(&j.w, "trees", i64, v->n_trees);
    KEN_JSON(&j.w, "leaves", i64, v->node[0].leaves);
    KEN_JSON(&j.w, "depth", i64, v->full_depth);
    KEN_JSON(&j.w, "unit", string,
             v->unit == KEN_OUTLINE_SHARE ? "share" : v->unit == KEN_OUTLINE_SCORE ? "score" : "value");
    ken_json_put_key(&j.w, "drawn");
    const int deepest = KEN_JSON_MAX_WRITE_DEPTH - 8 - j.w.depth;
    const ken_status status = ken_ensemble_tree_json(c->ctx, m, v->tree, KEN_MIN(v->depth, deepest), &j.w);
    if (status == KEN_OK) return cli_json_end(c, &j);
    ken_text_free(&j.text);
    return cli_failed(c, status);
}

/* --- the command ------------------------------------------------------------------------------------------ */
static bool plot_ends_with(const char *text, const char *end) {
    const size_t n = strlen(text), k = strlen(end);
    return n >= k && strcmp(text + n - k, end) == 0;
}

static int plot_tree(cli *c, const ken_model *m, int64_t tree, int64_t depth, const char *out) {
    ken_outline_params p = KEN_OUTLINE_DEFAULTS;
    ken_outline *outline = NULL;
    p.tree = tree - 1;
    p.depth = depth;
    p.max_ends = out ? PLOT_SVG_ENDS : PLOT_TEXT_ENDS;
    const ken_status status = ken_explain_outline(c->ctx, m, &p, &outline);
    if (status != KEN_OK) return cli_failed(c, status);
    const int result = c->json ? plot_json(c, m, ken_outline_get(outline))
                       : out   ? plot_svg(c, m, outline, out)
                               : plot_text(c, m, ken_outline_get(outline));
    ken_outline_free(outline);
    return result;
}

static int plot_run(cli *c) {
    const char *out = cli_value(c, "out");
    ken_model *model = NULL;
    int64_t tree, depth;
    if (strcmp(c->arguments[0], "tree") != 0)
        return cli_wrong("usage: ken plot tree MODEL", "plot cannot draw '%s'", c->arguments[0]);
    if (!cli_integer(c, "tree", 1, 1, INT32_MAX, &tree) || !cli_integer(c, "depth", -1, 0, 1000, &depth))
        return CLI_USAGE;
    if (out && strcmp(out, "-") != 0 && !plot_ends_with(out, ".svg"))
        return cli_wrong("name the file something.svg: browsers, editors and slides show it", "--out cannot be '%s'", out);
    const ken_status status = ken_model_load(c->ctx, c->arguments[1], &model);
    const int result = status == KEN_OK ? plot_tree(c, model, tree, depth, out) : cli_failed(c, status);
    ken_model_free(model);
    return result;
}

static const cli_option plot_options[] = {
    {"tree", 0, "N", NULL, "which tree of a forest or of boosting, from 1 (default 1)"},
    {"depth", 0, "D", NULL, "the most questions in a row (default: as many as can be looked at)"},
    {"out", 'o', "FILE.svg", ":file", "write a drawing; '-' is standard output"},
    {"json", 0, NULL, NULL, "the nodes as one JSON object on standard output"},
    CLI_END_OPTIONS};

const cli_command cli_plot = {
    .name = "plot", .arguments = "tree MODEL [--tree N] [--depth D] [-o tree.svg]",
    .summary = "Draw a tree of a fitted tree, forest or boosting",
    .details = "A row starts at the top and goes to 'yes' where the question is answered with yes, until it ends at a leaf, "
               "which is the answer of that tree. 'says' is what the tree would answer if it stopped there; the bar is the "
               "share of the training rows that came by. A forest answers with the mean of its trees; trees of boosting add "
               "up, so their leaves are small steps. What is deeper than the drawing is counted at its lower end.",
    .examples = "  ken train penguins --target species --model tree -o p.ken\n  ken plot tree p.ken\n"
                "  ken plot tree p.ken -o tree.svg\n  ken plot tree forest.ken --tree 7 --depth 3\n",
    .options = plot_options, .min_arguments = 2, .max_arguments = 2, .run = plot_run};
