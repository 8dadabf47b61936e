/* ken explain --interactions, --drop-column, --surrogate: which columns act together, what each is worth to learning,
 * and a small tree that imitates the model. */
#include <math.h>
#include <string.h>

#include "cli/explain.h"
#include "ken/core/alloc.h"
#include "ken/explain/drop_column/drop_column.h"
#include "ken/explain/interaction/interaction.h"
#include "ken/explain/surrogate/surrogate.h"
#include "ken/io/model_file/model_file.h"

#define MEASURES_ROWS 12

/* --- interactions ------------------------------------------------------------------------------------------- */
typedef struct measures_together {
    ken_interaction_info info;
    ken_interaction_row *totals, *pairs;
} measures_together;

static int together_json(cli *c, const ken_model *m, const measures_together *t) {
    cli_json j;
    cli_json_begin(c, &j);
    ken_json_writer *w = &j.w;
    KEN_JSON(w, "model", string, ken_model_desc(m)->name);
    KEN_JSON(w, "explains", string, "interactions");
    KEN_JSON(w, "unit", string, t->info.unit);
    KEN_JSON(w, "rows", i64, t->info.rows);
    KEN_JSON(w, "sd", f64, t->info.sd);
    for (int pairs = 0; pairs < 2; pairs++) {
        ken_json_put_key(w, pairs ? "pairs" : "totals");
        ken_json_array(w);
        for (int i = 0; i < (pairs ? t->info.n_pairs : ken_model_n_features(m)); i++) {
            const ken_interaction_row *r = pairs ? &t->pairs[i] : &t->totals[i];
            ken_json_object(w);
            KEN_JSON(w, "feature", string, ken_model_feature(m, r->a));
            if (pairs) KEN_JSON(w, "with", string, ken_model_feature(m, r->b));
            KEN_JSON(w, "h", f64, r->h);
            KEN_JSON(w, "strength", f64, r->strength);
            ken_json_end_object(w);
        }
        ken_json_end_array(w);
    }
    return cli_json_end(c, &j);
}

static void together_rows(const ken_model *m, const ken_interaction_row *rows, int n, bool pairs) {
    static const char *const alone[] = {"column", "H>", "strength>", ""}, *const both[] = {"columns", "H>", "strength>", ""};
    cli_grid g;
    cli_grid_begin(&g, 4, pairs ? both : alone);
    double largest = 1e-300;
    for (int i = 0; i < n; i++) largest = fmax(largest, rows[i].strength);
    for (int i = 0; i < n && i < MEASURES_ROWS; i++) {
        char name[256], h[32], strength[32], bar[160];
        snprintf(name, sizeof name, "%s%s%s", ken_model_feature(m, rows[i].a), pairs ? " × " : "",
                 pairs ? ken_model_feature(m, rows[i].b) : "");
        const char *cells[] = {name, cli_number_text(rows[i].h, h), cli_number_text(rows[i].strength, strength),
                               cli_bar(rows[i].strength / largest, 24, bar)};
        cli_grid_row(&g, cells);
    }
    cli_grid_print(&g, stdout);
}

static int together_show(const cli *c, const ken_model *m, const measures_together *t) {
    char sd[32], rows[32];
    printf("\n%sColumns that act together%s\n%sH: 0 none, 1 nothing else. Strength in the %s of the model, which varies by "
           "± %s over %s rows%s\n\n", cli_style(stdout, "1"), cli_style(stdout, "0"), cli_style(stdout, "2"), t->info.unit,
           cli_number_text(t->info.sd, sd), cli_count_text(t->info.rows, rows), cli_style(stdout, "0"));
    together_rows(m, t->totals, ken_model_n_features(m), false);
    if (t->info.n_pairs) putchar('\n');
    if (t->info.n_pairs) together_rows(m, t->pairs, t->info.n_pairs, true);
    if (t->info.n_pairs && t->pairs[0].strength > 1e-9 * t->info.sd)
        printf("\n  next: ken explain %s %s --effect '%s,%s'   what the strongest pair does\n", c->arguments[0],
               c->arguments[1], ken_model_feature(m, t->pairs[0].a), ken_model_feature(m, t->pairs[0].b));
    return CLI_DONE;
}

static ken_status together_measure(cli *c, const ken_model *m, const ken_table *table, measures_together *t) {
    const ken_interaction_params p = KEN_INTERACTION_DEFAULTS;
    const int d = ken_model_n_features(m);
    const int64_t few = KEN_MIN(d, p.pair_features);
    KEN_TRY(KEN_SCRATCH(c->ctx, ken_interaction_row, KEN_MAX(d, 1), &t->totals));
    KEN_TRY(KEN_SCRATCH(c->ctx, ken_interaction_row, few * (few - 1) / 2 + 1, &t->pairs));
    return ken_explain_interaction(c->ctx, m, table, &p, &t->info, t->totals, t->pairs);
}

int explain_interactions_run(cli *c, const ken_model *m, const explain_page *page) {
    measures_together t;
    const ken_mark mark = ken_scratch_mark(c->ctx);
    memset(&t, 0, sizeof t);
    ken_status status = together_measure(c, m, page->table, &t);
    const ken_report_asked asked = {.interactions = &t.info, .totals = t.totals, .pairs = t.pairs};
    if (status == KEN_OK) status = explain_write_page(c, m, page, &asked);
    const int result = status != KEN_OK ? cli_failed(c, status) : c->json ? together_json(c, m, &t) : together_show(c, m, &t);
    ken_scratch_release(c->ctx, mark);
    return result;
}

/* --- drop-column importance ------------------------------------------------------------------------------- */
static int drop_json(cli *c, const ken_model *m, const ken_drop_column_info *info, const ken_drop_column_row *rows) {
    cli_json j;
    cli_json_begin(c, &j);
    ken_json_writer *w = &j.w;
    KEN_JSON(w, "model", string, ken_model_desc(m)->name);
    KEN_JSON(w, "explains", string, "drop-column");
    KEN_JSON(w, "metric", string, info->metric);
    KEN_JSON(w, "score", f64, info->score);
    KEN_JSON(w, "folds", i64, info->folds);
    KEN_JSON(w, "rows", i64, info->rows);
    ken_json_put_key(w, "columns");
    ken_json_array(w);
    for (int i = 0; i < ken_model_n_features(m); i++) {
        ken_json_object(w);
        KEN_JSON(w, "feature", string, ken_model_feature(m, rows[i].feature));
        KEN_JSON(w, "score", f64, rows[i].score);
        KEN_JSON(w, "mean", f64, rows[i].mean);
        KEN_JSON(w, "se", f64, rows[i].se);
        KEN_JSON(w, "p", f64, rows[i].p);
        ken_json_end_object(w);
    }
    ken_json_end_array(w);
    return cli_json_end(c, &j);
}

static int drop_show(const ken_model *m, const ken_drop_column_info *info, const ken_drop_column_row *rows) {
    static const char *const titles[] = {"without", "score>", "loss>", "± se>", "p>", ""};
    char base[32], n[32];
    cli_grid g;
    printf("\n%sWhat learning loses without a column%s\n%s%s is %s with all of them: %lld folds of %s rows, learned anew "
           "each time%s\n\n", cli_style(stdout, "1"), cli_style(stdout, "0"), cli_style(stdout, "2"), info->metric,
           cli_number_text(info->score, base), (long long)info->folds, cli_count_text(info->rows, n), cli_style(stdout, "0"));
    cli_grid_begin(&g, 6, titles);
    for (int i = 0; i < KEN_MIN(ken_model_n_features(m), 30); i++) {
        char score[32], mean[32], se[32], p[32], bar[160];
        const char *cells[] = {ken_model_feature(m, rows[i].feature), cli_number_text(rows[i].score, score),
                               cli_number_text(rows[i].mean, mean), cli_number_text(rows[i].se, se),
                               cli_number_text(rows[i].p, p), cli_bar(rows[i].mean / fmax(rows[0].mean, 1e-300), 12, bar)};
        cli_grid_row(&g, cells);
    }
    cli_grid_print(&g, stdout);
    return CLI_DONE;
}

static ken_status drop_measure(cli *c, const ken_model *m, const ken_table *table, int64_t folds,
                               ken_drop_column_info *info, ken_drop_column_row **rows) {
    const int target = ken_table_find(table, ken_model_target(m));
    const ken_drop_column_params p = {folds, NULL};
    ken_data data;
    memset(&data, 0, sizeof data);
    if (target < 0)
        return KEN_FAIL(c->ctx, KEN_E_NOT_FOUND, "give the table that the model was trained on",
                        "the table has no column '%s' to learn", ken_model_target(m));
    data.table = table;
    data.target = ken_table_column(table, target);
    KEN_TRY(KEN_SCRATCH(c->ctx, ken_drop_column_row, KEN_MAX(ken_model_n_features(m), 1), rows));
    return ken_explain_drop_column(c->ctx, m, &data, &p, info, *rows);
}

int explain_drop_column_run(cli *c, const ken_model *m, const explain_page *page) {
    ken_drop_column_info info;
    ken_drop_column_row *rows = NULL;
    int64_t folds;
    if (!cli_integer(c, "cv", 5, 2, 1000, &folds)) return CLI_USAGE;
    const ken_mark mark = ken_scratch_mark(c->ctx);
    ken_status status = drop_measure(c, m, page->table, folds, &info, &rows);
    if (status == KEN_OK) status = explain_write_page(c, m, page, &(const ken_report_asked){.drop = &info, .dropped = rows});
    const int result = status != KEN_OK ? cli_failed(c, status) : c->json ? drop_json(c, m, &info, rows) : drop_show(m, &info, rows);
    ken_scratch_release(c->ctx, mark);
    return result;
}

/* --- surrogate ----------------------------------------------------------------------------------------------- */
static ken_status surrogate_rules_json(cli *c, const ken_outline *o, ken_json_writer *w) {
    const ken_outline_view *v = ken_outline_get(o);
    ken_json_put_key(w, "rules");
    ken_json_array(w);
    for (int i = 0; i < v->n; i++) {
        if (v->node[i].column) continue;
        ken_text rule = ken_text_new(c->ctx);
        const char *text;
        ken_outline_rule(o, i, &rule);
        const ken_status status = ken_text_end(&rule, &text);
        ken_json_object(w);
        if (status == KEN_OK) KEN_JSON(w, "if", string, text);
        KEN_JSON(w, "then", string, v->node[i].answer);
        KEN_JSON(w, "share", f64, v->node[i].share);
        ken_json_end_object(w);
        ken_text_free(&rule);
        KEN_TRY(status);
    }
    ken_json_end_array(w);
    return KEN_OK;
}

static int surrogate_json(cli *c, const ken_model *m, const ken_surrogate_info *info, const ken_outline *o) {
    cli_json j;
    cli_json_begin(c, &j);
    ken_json_writer *w = &j.w;
    KEN_JSON(w, "model", string, ken_model_desc(m)->name);
    KEN_JSON(w, "explains", string, "surrogate");
    KEN_JSON(w, "measure", string, ken_model_n_classes(m) ? "agreement" : "r2");
    KEN_JSON(w, "fidelity", f64, info->fidelity);
    KEN_JSON(w, "fidelity_train", f64, info->fidelity_train);
    KEN_JSON(w, "baseline", f64, info->baseline);
    KEN_JSON(w, "rows_train", i64, info->rows_train);
    KEN_JSON(w, "rows_test", i64, info->rows_test);
    KEN_JSON(w, "leaves", i64, info->leaves);
    KEN_JSON(w, "depth", i64, info->depth);
    const ken_status status = surrogate_rules_json(c, o, w);
    if (status == KEN_OK) return cli_json_end(c, &j);
    ken_text_free(&j.text);
    return cli_failed(c, status);
}

/* The rules, the one with most rows first. */
static ken_status surrogate_rules(cli *c, const ken_outline *o) {
    const ken_outline_view *v = ken_outline_get(o);
    double before = 2;
    int last = -1;
    for (int shown = 0; shown < v->n_ends; shown++) {
        int best = -1;
        for (int i = 0; i < v->n; i++) {
            const double share = v->node[i].share;
            if (v->node[i].column || share > before || (share == before && i <= last)) continue;
            if (best < 0 || share > v->node[best].share) best = i;
        }
        if (best < 0) break;
        ken_text rule = ken_text_new(c->ctx);
        const char *text;
        ken_outline_rule(o, best, &rule);
        KEN_TRY(ken_text_end(&rule, &text));
        printf("  %s%3.0f%%%s  if ", cli_style(stdout, "2"), 100 * v->node[best].share, cli_style(stdout, "0"));
        cli_wrap(stdout, *text ? text : "anything", 9, KEN_MIN(cli_width(stdout), 100));
        printf("        → %s%s%s\n", cli_style(stdout, "1"), v->node[best].answer, cli_style(stdout, "0"));
        ken_text_free(&rule);
        before = v->node[best].share, last = best;
    }
    return KEN_OK;
}

static int surrogate_show(cli *c, const ken_model *m, const ken_surrogate_info *info, const ken_outline *o, const char *out) {
    char fidelity[32], base[32], rows[32];
    const bool classes = ken_model_n_classes(m) > 0;
    printf("\n%sA tree of %lld leaves that imitates the model%s\n%sfidelity %s (%s, %s rows that it did not see; the best "
           "constant has %s)%s\n\n", cli_style(stdout, "1"), (long long)info->leaves, cli_style(stdout, "0"),
           cli_style(stdout, "2"), cli_number_text(info->fidelity, fidelity),
           classes ? "share of rows where both say the same" : "R² against what the model says",
           cli_count_text(info->rows_test, rows), cli_number_text(info->baseline, base), cli_style(stdout, "0"));
    const ken_status status = surrogate_rules(c, o);
    if (status != KEN_OK) return cli_failed(c, status);
    if (out)
        printf("\n  → %s\n  next: ken plot tree %s -o tree.svg   the tree as a drawing\n", out, out);
    else
        printf("\n  next: -o small.ken saves the tree; ken plot tree small.ken draws it\n");
    return CLI_DONE;
}

int explain_surrogate_run(cli *c, const ken_model *m, const ken_table *table) {
    const char *out = cli_value(c, "out");
    ken_surrogate_params p = KEN_SURROGATE_DEFAULTS;
    ken_surrogate_info info;
    ken_outline_params whole = {0, 1000, 1};
    ken_outline *outline = NULL;
    ken_model *tree = NULL;
    if (!cli_integer(c, "depth", p.max_depth, 1, 30, &p.max_depth)) return CLI_USAGE;
    ken_status status = ken_explain_surrogate(c->ctx, m, table, &p, &info, &tree);
    if (status == KEN_OK) status = ken_explain_outline(c->ctx, tree, &whole, &outline);
    if (status == KEN_OK && out) status = ken_model_save(c->ctx, tree, out);
    const int result = status != KEN_OK ? cli_failed(c, status)
                       : c->json        ? surrogate_json(c, m, &info, outline)
                                        : surrogate_show(c, m, &info, outline, out);
    ken_outline_free(outline);
    ken_model_free(tree);
    return result;
}
