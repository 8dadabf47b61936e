/* ken evaluate: every metric that suits, with intervals. */
#include <math.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/show.h"
#include "ken/boosting/boosting/boosting.h"
#include "ken/io/model_file/model_file.h"
#include "ken/select/select_staged.h"

static int evaluate_json(cli *c, const ken_model *m, const ken_evaluation *e) {
    cli_json j;
    cli_json_begin(c, &j);
    ken_json_writer *w = &j.w;
    ken_report_json_evaluation(m, e, w);
    KEN_JSON(w, "fit_seconds", f64, (double)NAN);
    KEN_JSON(w, "predict_seconds", f64, e->predictions.predict_s);
    KEN_JSON(w, "peak_rss_mib", f64, cli_peak_rss_mib());
    KEN_JSON(w, "seed", i64, (int64_t)ken_ctx_seed(c->ctx));
    ken_report_json_model(m, w);
    return cli_json_end(c, &j);
}

static void evaluate_show(const ken_model *m, const ken_evaluation *e) {
    char rows[32];
    printf("\n%s%s%s  %s%s on %s rows%s\n\n", cli_style(stdout, "1"), ken_model_target(m), cli_style(stdout, "0"),
           cli_style(stdout, "2"), ken_model_desc(m)->title, cli_count_text(e->predictions.n, rows),
           cli_style(stdout, "0"));
    show_metrics(e, NULL);
    putchar('\n');
    show_confusion(m, e);
}

static ken_status evaluate_data(cli *c, const ken_model *m, const ken_table *table, ken_data *data) {
    const ken_evaluate_columns named = {cli_value(c, "weight"), cli_value(c, "group"), cli_value(c, "event"),
                                        cli_value(c, "upper")};
    return ken_evaluate_data(c->ctx, m, table, &named, data);
}

static ken_status evaluate_all(cli *c, const ken_model *m, const ken_table *table, ken_evaluation *e) {
    ken_evaluate_options options = KEN_EVALUATE_DEFAULTS;
    ken_data data;
    KEN_TRY(evaluate_data(c, m, table, &data));
    options.group = data.group, options.event = data.event, options.upper = data.upper;
    options.all_metrics = true;
    return ken_evaluate(c->ctx, m, table, data.target, data.weight, NULL, 0, &options, e);
}

/* --- after each round ------------------------------------------------------------------------------- */
static int evaluate_staged_json(cli *c, const ken_model *m, const ken_desc *const *metric, int n, const double *value) {
    const int64_t rounds = ken_boosting_rounds(m);
    cli_json j;
    cli_json_begin(c, &j);
    KEN_JSON(&j.w, "model", string, ken_model_desc(m)->name);
    KEN_JSON(&j.w, "target", string, ken_model_target(m));
    KEN_JSON(&j.w, "rounds", i64, rounds);
    ken_json_put_key(&j.w, "staged");
    ken_json_object(&j.w);
    for (int i = 0; i < n; i++) {
        ken_json_put_key(&j.w, metric[i]->name);
        ken_json_array(&j.w);
        for (int64_t r = 0; r < rounds; r++) ken_json_put_f64(&j.w, value[r * n + i]);
        ken_json_end_array(&j.w);
    }
    ken_json_end_object(&j.w);
    return cli_json_end(c, &j);
}

/* CSV: a line a round. */
static void evaluate_staged_show(const ken_model *m, const ken_desc *const *metric, int n, const double *value) {
    printf("round");
    for (int i = 0; i < n; i++) printf(",%s", metric[i]->name);
    for (int64_t r = 0; r < ken_boosting_rounds(m); r++) {
        printf("\n%lld", (long long)r + 1);
        for (int i = 0; i < n; i++) printf(",%.10g", value[r * n + i]);
    }
    putchar('\n');
}

/* The main metrics, and those that the model stopped by. */
static int evaluate_staged_metrics(cli *c, const ken_model *m, const ken_data *data, const ken_desc **out, int capacity) {
    const ken_strings *stop = ken_model_attr_strings(m, "metrics");
    const ken_judged what = {.task = ken_model_task(m), .n_classes = ken_model_n_classes(m),
                             .answer = ken_model_answer(m),
                             .bounds = data->event || data->upper};
    int n = KEN_MIN(ken_metrics_suited(&what, true, out, capacity), capacity);
    for (int64_t i = 0; stop && i < stop->n && n < capacity; i++) {
        char name[64];
        const ken_desc *desc;
        int64_t size;
        bool there = false;
        const char *text = ken_strings_at(stop, i, &size);
        snprintf(name, sizeof name, "%.*s", (int)KEN_MIN(size, 60), text);
        if (ken_catalog_find(c->ctx, name, KEN_METRIC, &desc) != KEN_OK || !ken_metric_suits(desc, &what)) continue;
        for (int k = 0; k < n; k++) there |= out[k] == desc;
        if (!there) out[n++] = desc;
    }
    ken_ctx_clear_error(c->ctx);
    return n;
}

static ken_status evaluate_staged(cli *c, const ken_model *m, const ken_table *table) {
    const int64_t rounds = KEN_MAX(ken_boosting_rounds(m), 1);
    const ken_desc *metric[64];
    double *value;
    ken_data data;
    KEN_TRY(evaluate_data(c, m, table, &data));
    const int n = evaluate_staged_metrics(c, m, &data, metric, KEN_COUNT(metric));
    KEN_TRY(KEN_SCRATCH(c->ctx, double, rounds * n, &value));
    KEN_TRY(ken_staged_metrics(c->ctx, m, &data, metric, n, value));
    if (c->json) return evaluate_staged_json(c, m, metric, n, value) == CLI_DONE ? KEN_OK : KEN_E_IO;
    evaluate_staged_show(m, metric, n, value);
    return KEN_OK;
}

static int evaluate_run(cli *c) {
    ken_model *model = NULL;
    ken_table *table = NULL;
    ken_evaluation e;
    int result = CLI_DONE;
    memset(&e, 0, sizeof e);
    ken_status status = ken_model_load(c->ctx, c->arguments[0], &model);
    if (status == KEN_OK) status = cli_load_table(c, c->arguments[1], &table, NULL);
    const bool staged = cli_flag(c, "staged");
    if (status == KEN_OK) status = staged ? evaluate_staged(c, model, table) : evaluate_all(c, model, table, &e);
    if (status != KEN_OK)
        result = cli_failed(c, status);
    else if (staged)
        result = CLI_DONE;
    else if (c->json)
        result = evaluate_json(c, model, &e);
    else
        evaluate_show(model, &e);
    ken_evaluation_free(&e);
    ken_table_free(table);
    ken_model_free(model);
    return result;
}

static const cli_option evaluate_options[] = {
    {"weight", 0, "COL", NULL, "a column of row weights"},
    {"staged", 0, NULL, NULL, "the main metrics, and those that it stopped by, after each round of a boosting model, as CSV or with --json"},
    {"group", 0, "COL", NULL, "rows of one group are ranked among each other: NDCG (models that rank: the column of the fit)"},
    {"event", 0, "COL", NULL, "survival: 1 the target was seen, 0 it is later than that: concordance (models of times and risks: the column of the fit)"},
    {"upper", 0, "COL", NULL, "survival: upper bound of the target, empty: none (instead of --event)"},
    {"json", 0, NULL, NULL, "the result as one JSON object on standard output"},
    CLI_TABLE_OPTIONS,
    CLI_END_OPTIONS};

const cli_command cli_evaluate = {
    .name = "evaluate", .arguments = "MODEL TABLE [--json]",
    .summary = "Every metric that suits the task, with confidence intervals",
    .details = "TABLE must hold the model's columns and the target. Use rows that the model did not see. Intervals "
               "cover 95 %: Wilson's for accuracy, DeLong's for ROC AUC, the bootstrap for the rest.",
    .examples = "  ken evaluate model.ken test.csv\n  ken evaluate model.ken test.csv --json\n",
    .options = evaluate_options, .min_arguments = 2, .max_arguments = 2, .run = evaluate_run};
