/* ken compare: several models on the same splits. */
#include <string.h>

#include "cli/commands.h"
#include "cli/show.h"

static int compare_candidates(cli *c, const ken_train_options *o, const ken_data *data, ken_candidate *out, int capacity,
                              char *names, size_t size) {
    const char *list = cli_value(c, "models");
    int n = 0;
    (void)o;
    if (!list)
        return ken_candidates_default(data->task, ken_table_rows(data->table), ken_table_cols(data->table), out, capacity);
    snprintf(names, size, "%s", list);
    for (char *at = names, *comma; *at && n < capacity; at = comma) {
        comma = at + strcspn(at, ",");
        if (*comma) *comma++ = 0;
        if (*at) out[n++] = (ken_candidate){at, NULL, NULL};
    }
    return n;
}

static int compare_show(cli *c, const ken_comparison *cmp, const ken_data *data) {
    char rows[32];
    if (c->json) {
        cli_json j;
        cli_json_begin(c, &j);
        KEN_JSON(&j.w, "task", string, ken_task_name(data->task));
        KEN_JSON(&j.w, "metric", string, cmp->metric->name);
        KEN_JSON(&j.w, "rows", i64, ken_table_rows(data->table));
        KEN_JSON(&j.w, "seed", i64, (int64_t)ken_ctx_seed(c->ctx));
        ken_json_put_key(&j.w, "models");
        ken_json_array(&j.w);
        for (int i = 0; i < cmp->n; i++) ken_report_json_compared(&cmp->row[i], &j.w);
        ken_json_end_array(&j.w);
        KEN_JSON(&j.w, "reason", string, cmp->reason);
        return cli_json_end(c, &j);
    }
    printf("\n%s%s%s  %s%lld-fold cross-validation on %s rows%s\n\n", cli_style(stdout, "1"), data->target->name,
           cli_style(stdout, "0"), cli_style(stdout, "2"), (long long)cmp->row[0].cv.folds,
           cli_count_text(ken_table_rows(data->table), rows), cli_style(stdout, "0"));
    show_leaderboard(cmp);
    fputs("\n  ", stdout);
    cli_wrap(stdout, cmp->reason, 2, KEN_MIN(cli_width(stdout), 100));
    return CLI_DONE;
}

static int compare_run(cli *c) {
    ken_train_options o;
    const char *settings[2];
    char names[1024];
    ken_candidate candidates[32];
    ken_compare_options options = KEN_COMPARE_DEFAULTS;
    ken_table *table = NULL, *features = NULL;
    ken_comparison cmp;
    ken_data data;
    int result = cli_train_options(c, &o, settings, 2);
    if (result != CLI_DONE) return result;
    memset(&cmp, 0, sizeof cmp);
    ken_status status = cli_load_table(c, c->arguments[0], &table, NULL);
    if (status == KEN_OK) status = ken_train_data(c->ctx, table, &o, &features, &data);
    if (status == KEN_OK) {
        const int n = compare_candidates(c, &o, &data, candidates, KEN_COUNT(candidates), names, sizeof names);
        options.metric = o.metric;
        options.cv.folds =
            o.folds ? o.folds : ken_compare_folds(ken_table_rows(features), ken_table_cols(features));
        status = ken_compare(c->ctx, candidates, n, &data, &options, &cmp);
    }
    result = status == KEN_OK ? compare_show(c, &cmp, &data) : cli_failed(c, status);
    ken_comparison_free(&cmp);
    ken_table_free(features);
    ken_table_free(table);
    return result;
}

static const cli_option compare_options[] = {
    {"target", 't', "COL", NULL, "the column to predict (must be given)"},
    {"models", 'm', "A,B,...", ":model", "the models to compare (default: a small, fast set)"},
    {"task", 0, "TASK", "classify|regress", "default: text, yes/no and up to 10 whole numbers are classified"},
    {"cv", 0, "K", NULL, "folds (default 5, fewer for large tables)"},
    {"metric", 0, "NAME", ":metric", "what the board is ordered by"},
    {"weight", 0, "COL", NULL, "a column of row weights"},
    {"group", 0, "COL", NULL, "rows of one group are never split between training and test"},
    {"time", 0, "COL", NULL, "train on what came before, test on what came after"},
    {"json", 0, NULL, NULL, "the result as one JSON object on standard output"},
    CLI_TABLE_OPTIONS,
    CLI_END_OPTIONS};

const cli_command cli_compare = {
    .name = "compare", .arguments = "TABLE --target COL [--models A,B,...] [--cv K]",
    .summary = "A leaderboard: score ± error, fit time, predict time, size",
    .details = "All models see the same folds. The words under the board say whether the best one is ahead by more "
               "than the choice of rows explains (corrected resampled t-test).",
    .examples = "  ken compare adult.csv --target income\n  ken compare iris --target species --models logistic,forest --cv 10\n",
    .options = compare_options, .min_arguments = 1, .max_arguments = 1, .run = compare_run};
