/* ken explain: what a model goes by, and why it said what it said of one row. */
#include <math.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/explain.h"
#include "cli/show.h"
#include "ken/explain/importance/importance.h"
#include "ken/io/model_file/model_file.h"

#define EXPLAIN_ROWS 2000

/* --- one row --------------------------------------------------------------------------------------------- */
static int explain_row_json(cli *c, const ken_account *a) {
    cli_json j;
    cli_json_begin(c, &j);
    ken_report_json_account(a, &j.w);
    return cli_json_end(c, &j);
}

static int explain_row_show(const ken_account *r) {
    const ken_model *const m = r->model;
    static const char *const titles[] = {"column", "value", ">", ""};
    const ken_shap_view *v = ken_shap_get(r->shap);
    const char *bold = cli_style(stdout, "1"), *plain = cli_style(stdout, "0");
    char number[32], rest[32];
    double largest = 1e-300, small = 0;
    cli_grid g;
    if (r->proba) {
        printf("\nRow %lld: %s%s%s, probability %s\n", (long long)r->row + 1, bold, ken_model_class(m, (int)r->value),
               plain, cli_number_text(r->proba[(int)r->value], number));
        printf("%sWhat pushed the %s of '%s' up (+) and down (−)%s\n\n", cli_style(stdout, "2"), v->unit,
               ken_account_class(r), plain);
    } else {
        printf("\nRow %lld: %s%s%s\n%sWhat pushed it up (+) and down (−)%s\n\n", (long long)r->row + 1, bold,
               cli_number_text(r->value, number), plain, cli_style(stdout, "2"), plain);
    }
    for (int i = 0; i < r->n_parts; i++) largest = fmax(largest, fabs(r->parts[i].contribution));
    cli_grid_begin(&g, 4, titles);
    const char *base[] = {r->background_rows ? "(start: the background)" : r->asked ? "(start: the table)" : "(start: the average)", "", cli_number_text(v->base[r->output], number), ""};
    cli_grid_row(&g, base);
    for (int i = 0; i < r->n_parts; i++) {
        const double x = r->parts[i].contribution;
        char amount[40], bar[160];
        if (i >= 20) {
            small += x;
            continue;
        }
        snprintf(amount, sizeof amount, "%s%s", x < 0 ? "" : "+", cli_number_text(x, number));
        const char *cells[] = {ken_account_name(r, i), ken_account_value(r, i), amount,
                               cli_bar(fabs(x) / largest, 24, bar)};
        cli_grid_row(&g, cells);
    }
    if (r->n_parts > 20) {
        snprintf(rest, sizeof rest, "(%d others)", r->n_parts - 20);
        const char *cells[] = {rest, "", cli_number_text(small, number), ""};
        cli_grid_row(&g, cells);
    }
    const char *sum[] = {"(sum)", "", cli_number_text(v->sum[r->output], number), ""};
    cli_grid_row(&g, sum);
    cli_grid_print(&g, stdout);
    return CLI_DONE;
}

static int explain_row_run(cli *c, const ken_model *m, const ken_table *table, int64_t row) {
    const char *const rows = cli_value(c, "background");
    ken_table *background = NULL;
    ken_account account;
    memset(&account, 0, sizeof account);
    ken_status status = rows ? cli_load_table(c, rows, &background, NULL) : KEN_OK;
    if (status == KEN_OK) status = ken_explain_account(c->ctx, m, table, background, row - 1, &account);
    const int result = status != KEN_OK ? cli_failed(c, status)
                       : c->json        ? explain_row_json(c, &account)
                                        : explain_row_show(&account);
    ken_account_free(&account);
    ken_table_free(background);
    return result;
}

/* --- the whole model ------------------------------------------------------------------------------------------ */
typedef struct explain_all {
    ken_report_input found; /* permutation NULL: the table has no target; importance NULL: the model says nothing */
    ken_permutation_info info;
} explain_all;

/* Columns that say the same, shuffled together. */
static ken_status explain_measure_together(cli *c, const ken_data *data, const ken_permutation_params *params,
                                           double at_least, ken_report_input *in) {
    const int d = ken_model_n_features(in->model);
    ken_permutation_group *together;
    int *together_of, n;
    KEN_TRY(KEN_SCRATCH(c->ctx, int, d, &together_of));
    KEN_TRY(ken_explain_associated(c->ctx, in->model, data->table, at_least, together_of, &n));
    n = ken_explain_drop_single(together_of, d, n);
    if (n == 0) return KEN_OK;
    KEN_TRY(KEN_SCRATCH(c->ctx, ken_permutation_group, n, &together));
    in->together_of = together_of;
    in->together = together;
    in->n_together = n;
    return ken_explain_permutation_groups(c->ctx, in->model, data, params, together_of, n, NULL, together);
}

static ken_status explain_measure_columns(cli *c, const ken_data *data, double together, explain_all *e) {
    ken_permutation_params params = KEN_PERMUTATION_DEFAULTS;
    ken_permutation_row *rows;
    const ken_model *const m = e->found.model;
    params.max_rows = EXPLAIN_ROWS;
    KEN_TRY(KEN_SCRATCH(c->ctx, ken_permutation_row, ken_model_n_features(m), &rows));
    KEN_TRY(ken_explain_permutation(c->ctx, m, data, &params, &e->info, rows, NULL));
    e->found.permutation = rows;
    e->found.n_permutation = ken_model_n_features(m);
    e->found.permutation_info = &e->info;
    return explain_measure_together(c, data, &params, together, &e->found);
}

static const char *explain_way_name(const ken_model *m) {
    return ken_importance_way_of(m) == KEN_IMPORTANCE_BY_COEF ? "|coefficient| × sd" : "share of gain";
}

static ken_status explain_measure(cli *c, const ken_model *m, const ken_table *table, double together, explain_all *e) {
    const int target = ken_table_find(table, ken_model_target(m));
    double *own;
    ken_data data;
    memset(e, 0, sizeof *e);
    memset(&data, 0, sizeof data);
    e->found.model = m;
    data.table = table;
    data.task = ken_model_task(m);
    if (target >= 0) {
        data.target = ken_table_column(table, target);
        KEN_TRY(explain_measure_columns(c, &data, together, e));
    } else if (!c->quiet && ken_model_task(m) != KEN_DETECT) {
        ken_warn(c->ctx, "the table has no column '%s': permutation importance is left out", ken_model_target(m));
    }
    const ken_importance_way way = ken_importance_way_of(m);
    if (way == KEN_IMPORTANCE_NONE || ken_model_task(m) == KEN_DETECT) return KEN_OK; /* cuts at random gain nothing */
    KEN_TRY(KEN_SCRATCH(c->ctx, double, ken_model_n_features(m) + 1, &own));
    KEN_TRY(ken_explain_importance(c->ctx, m, way, table, own));
    e->found.importance = own;
    e->found.importance_name = explain_way_name(m);
    return KEN_OK;
}

static int explain_all_json(cli *c, const explain_all *e) {
    cli_json j;
    cli_json_begin(c, &j);
    KEN_JSON(&j.w, "model", string, ken_model_desc(e->found.model)->name);
    ken_report_json_columns(&e->found, &j.w);
    return cli_json_end(c, &j);
}

static void explain_show_permutation(const explain_all *e) {
    const ken_report_input *const in = &e->found;
    const ken_model *const m = in->model;
    static const char *const titles[] = {"column", "loss of score>", "± sd>", ""};
    char rows[32];
    cli_grid g;
    printf("\n%sWhat the model goes by%s\n", cli_style(stdout, "1"), cli_style(stdout, "0"));
    printf("%sHow much %s (here %.4g) gets worse when a column is shuffled: %s rows, %lld times each%s\n\n",
           cli_style(stdout, "2"), e->info.metric, e->info.score, cli_count_text(e->info.rows, rows),
           (long long)e->info.n_repeats, cli_style(stdout, "0"));
    cli_grid_begin(&g, 4, titles);
    for (int i = 0; i < KEN_MIN(ken_model_n_features(m), 30); i++) {
        char mean[32], sd[32], bar[160];
        const double largest = fmax(in->permutation[0].mean, 1e-300);
        const char *cells[] = {ken_model_feature(m, in->permutation[i].feature), cli_number_text(in->permutation[i].mean, mean),
                               cli_number_text(in->permutation[i].sd, sd), cli_bar(in->permutation[i].mean / largest, 24, bar)};
        cli_grid_row(&g, cells);
    }
    cli_grid_print(&g, stdout);
}

static void explain_show_together(const explain_all *e) {
    const ken_report_input *const in = &e->found;
    const ken_model *const m = in->model;
    static const char *const titles[] = {"together", "loss of score>", "± sd>", ""};
    cli_grid g;
    printf("\n%sColumns that say the same%s\n%sShuffled one by one they stand in for each other; together they cannot%s\n\n",
           cli_style(stdout, "1"), cli_style(stdout, "0"), cli_style(stdout, "2"), cli_style(stdout, "0"));
    cli_grid_begin(&g, 4, titles);
    for (int i = 0; i < KEN_MIN(in->n_together, 30); i++) {
        char name[512] = "", mean[32], sd[32], bar[160];
        for (int j = 0; j < ken_model_n_features(m); j++)
            if (in->together_of[j] == in->together[i].group)
                snprintf(name + strlen(name), sizeof name - strlen(name), "%s%s", *name ? " + " : "", ken_model_feature(m, j));
        const char *cells[] = {name, cli_number_text(in->together[i].mean, mean), cli_number_text(in->together[i].sd, sd),
                               cli_bar(in->together[i].mean / fmax(in->permutation[0].mean, 1e-300), 24, bar)};
        cli_grid_row(&g, cells);
    }
    cli_grid_print(&g, stdout);
}

static void explain_show_own(const explain_all *e) {
    const ken_report_input *const in = &e->found;
    const ken_model *const m = in->model;
    static const char *const titles[] = {"column", ">", ""};
    cli_grid g;
    double largest = 1e-300;
    char number[32], bar[160];
    printf("\n%sBy the model itself%s  %s\n", cli_style(stdout, "1"), cli_style(stdout, "0"), in->importance_name);
    for (int i = 0; i < ken_model_n_features(m); i++) largest = fmax(largest, in->importance[i]);
    cli_grid_begin(&g, 3, titles);
    for (int i = 0; i < KEN_MIN(ken_model_n_features(m), 30); i++) {
        const int j = in->permutation ? in->permutation[i].feature : i;
        const char *cells[] = {ken_model_feature(m, j), cli_number_text(in->importance[j], number),
                               cli_bar(in->importance[j] / largest, 24, bar)};
        cli_grid_row(&g, cells);
    }
    cli_grid_print(&g, stdout);
}

static int explain_all_run(cli *c, const ken_model *m, const ken_table *table) {
    explain_all e;
    double together;
    if (!cli_number(c, "together", KEN_PERMUTATION_ASSOCIATED, 0.01, 1, &together)) return CLI_USAGE;
    const ken_mark mark = ken_scratch_mark(c->ctx);
    const ken_status status = explain_measure(c, m, table, together, &e);
    int result = CLI_DONE;
    if (status != KEN_OK) {
        result = cli_failed(c, status);
    } else if (c->json) {
        result = explain_all_json(c, &e);
    } else {
        if (e.found.permutation) explain_show_permutation(&e);
        if (e.found.n_together) explain_show_together(&e);
        if (e.found.importance) explain_show_own(&e);
        printf("\n  next: ken explain %s %s --row 1   why it said what it said of one row\n", c->arguments[0],
               c->arguments[1]);
    }
    ken_scratch_release(c->ctx, mark);
    return result;
}

static int explain_no_row(const ken_table *table, int64_t row) {
    char hint[96], rows[32];
    snprintf(hint, sizeof hint, "give a row from 1 to %s", cli_count_text(ken_table_rows(table), rows));
    return cli_wrong(hint, "there is no row %lld", (long long)row);
}

ken_status explain_write_page(cli *c, const ken_model *m, const explain_page *page, const ken_report_asked *asked) {
    return page->path ? show_explain_report(c, page->table, page->checksum, m, asked, page->path) : KEN_OK;
}

/* One question a call: a row, a shape, or the whole model. */
static int explain_question(cli *c, const ken_model *m, const explain_page *page, int64_t row) {
    static const char *const questions[] = {"row", "effect", "ale", "interactions", "drop-column", "surrogate",
                                            "shap-interactions", "dependence"};
    const bool pairs = cli_flag(c, "shap-interactions");
    const ken_table *const table = page->table;
    const char *asked = NULL, *value = NULL;
    if (row > ken_table_rows(table)) return explain_no_row(table, row);
    if (cli_value(c, "background") && (!row || pairs))
        return cli_wrong("ken explain MODEL TABLE --row 1 --background FILE", "--background is for what --row asks");
    for (int q = 0; q < KEN_COUNT(questions); q++) {
        if (!cli_value(c, questions[q]) || (q == 0 && pairs)) continue; /* of one row, or of many */
        if (asked) return cli_wrong("ask one after the other", "--%s and --%s are two questions", asked, questions[q]);
        asked = questions[q];
        value = cli_value(c, asked);
    }
    if (asked && strcmp(asked, "effect") == 0) return explain_effect_run(c, m, page, value);
    if (asked && strcmp(asked, "dependence") == 0) return explain_dependence_run(c, m, page, value);
    if (asked && strcmp(asked, "ale") == 0) return explain_ale_run(c, m, page, value);
    if (asked && strcmp(asked, "drop-column") == 0) return explain_drop_column_run(c, m, page);
    if (asked && strcmp(asked, "interactions") == 0) return explain_interactions_run(c, m, page);
    const ken_status status = explain_write_page(c, m, page, NULL);
    if (status != KEN_OK) return cli_failed(c, status);
    if (!asked) return explain_all_run(c, m, table);
    if (pairs) return explain_pairs_run(c, m, table, row);
    return strcmp(asked, "surrogate") == 0 ? explain_surrogate_run(c, m, table) : explain_row_run(c, m, table, row);
}

static int explain_run(cli *c) {
    ken_model *model = NULL;
    ken_table *table = NULL;
    char checksum[65];
    int64_t row;
    int result;
    if (!cli_integer(c, "row", 0, 1, INT64_MAX, &row)) return CLI_USAGE;
    ken_status status = ken_model_load(c->ctx, c->arguments[0], &model);
    if (status == KEN_OK) status = cli_load_table(c, c->arguments[1], &table, checksum);
    const explain_page page = {table, checksum, cli_value(c, "report")};
    result = status == KEN_OK ? explain_question(c, model, &page, row) : cli_failed(c, status);
    ken_table_free(table);
    ken_model_free(model);
    return result;
}

static const cli_option explain_options[] = {
    {"row", 0, "N", NULL, "why the model said what it said of row N (counted from 1, the header not counted)"},
    {"background", 0, "FILE", ":file", "with --row: unknown columns take the values of these rows (some hundred), not of the training rows"},
    {"shap-interactions", 0, NULL, NULL, "what columns do alone and two by two, as Shapley values: mean sizes, or with --row of that row (trees)"},
    {"together", 0, "SHARE", NULL, "columns at least so closely associated are also shuffled together (default 0.7)"},
    {"dependence", 0, "A", NULL, "what column A added to single answers (Shapley) at its values"},
    {"effect", 0, "A[,B]", NULL, "partial dependence: the mean answer as column A (and B) takes its values"},
    {"ice", 0, NULL, NULL, "with --effect of one column: also how single rows move (centered)"},
    {"ale", 0, "A[,B]", NULL, "accumulated local effects: the same from small steps of rows that there are; of two "
                              "columns what they do together"},
    {"interactions", 0, NULL, NULL, "which columns act together, and how strongly (H-statistic)"},
    {"drop-column", 0, NULL, NULL, "what learning loses without each column: the model is fitted anew, in folds"},
    {"cv", 0, "K", NULL, "folds of --drop-column (default 5)"},
    {"surrogate", 0, NULL, NULL, "a small tree that imitates the model, as rules, and how faithful it is"},
    {"depth", 0, "D", NULL, "the most questions in a row of --surrogate (default 3)"},
    {"out", 'o', "FILE.ken", ":file", "save the tree of --surrogate: ken plot tree draws it"},
    {"method", 0, "M", "auto|brute|recursion", "of --effect: ask for all rows, or walk trees by their covers (auto: walk "
                                               "where the unit is the same)"},
    {"grid", 0, "N", NULL, "the most points of a curve, or on each side of a plane"},
    {"class", 0, "NAME", NULL, "of several classes, the one to show (default: the one that moves most, of a row its own)"},
    {"report", 0, "FILE", ":file", "also a page with importances, effects and single predictions, and figures of what was asked"},
    {"json", 0, NULL, NULL, "the result as one JSON object on standard output"},
    CLI_TABLE_OPTIONS,
    CLI_END_OPTIONS};

const cli_command cli_explain = {
    .name = "explain", .arguments = "MODEL TABLE [--row N | --effect A[,B] | --ale A[,B] | --dependence A | --interactions | --shap-interactions | --drop-column | --surrogate] [--report FILE.html]",
    .summary = "What a model goes by, and why it said what it said of one row",
    .details = "Without --row: permutation importance of every column (where the table holds the target) beside what the "
               "model itself says. With --row: Shapley values, which add up to the prediction exactly (of models that do not say themselves what columns contribute by KernelSHAP); --shap-interactions divides them "
               "further, into what columns do alone and in pairs. "
               "With --effect or --ale: the shape that the model learned; where columns hang "
               "together --ale is the one to trust, since it never asks for rows that cannot be.",
    .examples = "  ken explain model.ken test.csv\n  ken explain model.ken test.csv --row 17\n"
                "  ken explain model.ken test.csv --row 17 --background some.csv\n  ken explain model.ken test.csv --shap-interactions\n"
                "  ken explain model.ken test.csv --effect age\n  ken explain model.ken test.csv --effect age,income\n"
                "  ken explain model.ken test.csv --ale age\n  ken explain model.ken test.csv --dependence age --report age.html\n  ken explain model.ken test.csv --interactions\n"
                "  ken explain model.ken train.csv --drop-column\n  ken explain model.ken test.csv --surrogate -o small.ken\n",
    .options = explain_options, .min_arguments = 2, .max_arguments = 2, .run = explain_run};
