/* ken train: a table in; an evaluated, explained, saved model out. */
#include <math.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/show.h"
#include "ken/io/model_file/model_file.h"
#include "ken/select/train/train.h"

/* --- options to a ken_train_options ------------------------------------------------------------------- */
/* Only a model that finds outliers, and is named, learns without a target. */
static bool train_detects(cli *c) {
    const ken_desc *desc;
    const char *model = cli_value(c, "model");
    return model && ken_catalog_find(c->ctx, model, KEN_ESTIMATOR, &desc) == KEN_OK && desc->tasks == KEN_DETECT;
}

int cli_train_options(cli *c, ken_train_options *o, const char **settings, int capacity) {
    const char *task = cli_value(c, "task");
    static const ken_train_options defaults = KEN_TRAIN_DEFAULTS;
    int64_t folds;
    int n = 0;
    *o = defaults;
    o->target = cli_value(c, "target");
    o->weight = cli_value(c, "weight");
    o->group = cli_value(c, "group");
    o->time = cli_value(c, "time");
    o->offset = cli_value(c, "offset");
    o->event = cli_value(c, "event");
    o->upper = cli_value(c, "upper");
    o->metric = cli_value(c, "metric");
    o->task = !task ? KEN_TASK_AUTO : strcmp(task, "classify") == 0 ? KEN_CLASSIFY : KEN_REGRESS;
    if (!o->target && !train_detects(c))
        return cli_wrong("name the column to predict: --target COL", "%s needs a target", c->command->name);
    if (!cli_number(c, "test", 0.2, 0, 0.9, &o->test)) return CLI_USAGE;
    if (!cli_integer(c, "cv", 0, 2, 1000, &folds)) return CLI_USAGE;
    if (!cli_number(c, "intervals", 0, 0.001, 0.9999, &o->intervals)) return CLI_USAGE;
    o->folds = folds;
    for (const char *s; n + 1 < capacity && (s = cli_value_at(c, "set", n)); n++) settings[n] = s;
    settings[n] = NULL;
    o->settings = settings;
    return CLI_DONE;
}

/* --- showing ---------------------------------------------------------------------------------------------- */
static int train_json(cli *c, const ken_model *m, const ken_training *t, const char *file, const char *report) {
    cli_json j;
    cli_json_begin(c, &j);
    ken_json_writer *w = &j.w;
    ken_report_json_training(m, t, w);
    KEN_JSON(w, "peak_rss_mib", f64, cli_peak_rss_mib());
    KEN_JSON(w, "threads", i64, ken_ctx_threads(c->ctx));
    KEN_JSON(w, "seed", i64, (int64_t)ken_ctx_seed(c->ctx));
    ken_report_json_model(m, w);
    KEN_JSON(w, "model_file", string, file);
    if (report) KEN_JSON(w, "report", string, report);
    return cli_json_end(c, &j);
}

static void train_show(cli *c, const char *name, const ken_model *m, const ken_training *t, const char *file,
                       const char *report) {
    const char *bold = cli_style(stdout, "1"), *dim = cli_style(stdout, "2"), *plain = cli_style(stdout, "0");
    char rows[32], test[32], stop[32], seconds[32];
    double asked = 0;
    (void)cli_number(c, "intervals", 0, 0, 1, &asked);
    const ken_task task = ken_model_task(m);
    printf("\n%s%s%s  %s%s %s%s\n", bold, task == KEN_DETECT ? "outliers" : ken_model_target(m), plain, dim,
           task == KEN_DETECT ? "among the rows of" : task == KEN_CLASSIFY ? "classified from" : "predicted from", name, plain);
    printf("%s%s rows to learn from, %s set aside, %d columns%s\n", dim, cli_count_text(t->rows_train, rows),
           cli_count_text(t->rows_test, test), ken_table_cols(t->features), plain);
    if (t->rows_validation > 0)
        printf("%s%s rows to stop by%s%s\n", dim, cli_count_text(t->rows_validation, stop),
               cli_value(c, "validation") ? "" : ", of those to learn from", plain);
    putchar('\n');
    if (t->comparison.n) {
        show_leaderboard(&t->comparison);
        fputs("\n  ", stdout);
        cli_wrap(stdout, t->comparison.reason, 2, KEN_MIN(cli_width(stdout), 100));
        putchar('\n');
    } else {
        const ken_model *base = ken_model_base(m, "base");
        printf("  model  %s%s%s%s%s\n\n", bold, ken_model_desc(m)->title, plain, base ? ", base " : "",
               base ? ken_model_desc(base)->name : "");
    }
    if (t->cv.folds) show_cv(&t->cv);
    if (t->evaluation.n_metrics) {
        printf("%sOn the %s rows set aside%s\n", bold, test, plain);
        show_metrics(&t->evaluation, &t->baseline);
    }
    if (!isnan(t->coverage))
        printf("\n  %s  %.1f %% of the %s rows lie inside (%g %% asked for), mean %s %.4g\n",
               task == KEN_CLASSIFY ? "sets" : "intervals", 100 * t->coverage, test, 100 * asked,
               task == KEN_CLASSIFY ? "size" : "width", t->interval_width);
    printf("\n  %sfitted in%s %s", dim, plain, cli_seconds_text(t->fit_s, seconds));
    if (!isnan(t->predict_s)) printf("%s, predicted in%s %s", dim, plain, cli_seconds_text(t->predict_s, seconds));
    printf("\n  %smodel%s     %s\n", dim, plain, file);
    if (report) printf("  %sreport%s    %s\n", dim, plain, report);
    const ken_estimator *e = ken_model_desc(m)->estimator;
    const bool by_row = e->width && e->width(m, KEN_WHAT_CONTRIBUTIONS) > 0;
    printf("\n  next: ken explain %s %s%s\n        ken predict %s new.csv%s\n", file, name, by_row ? " --row 1" : "", file,
           asked > 0 ? (ken_model_n_classes(m) ? " --sets" : " --interval") : ken_model_n_classes(m) ? " --proba" : "");
}

/* --- running ------------------------------------------------------------------------------------------------ */
static int train_finish(cli *c, const ken_table *table, const char *checksum, ken_model *m, ken_training *t) {
    const char *file = cli_value(c, "output") ? cli_value(c, "output") : "model.ken";
    const char *report = cli_value(c, "report");
    /* A person gets a report unless they say --report none; a script (--json) only when it asks. */
    const bool detect = ken_model_task(m) == KEN_DETECT; /* nothing to report about: no target, no evaluation */
    if (!report) report = c->json || detect ? NULL : "report.html";
    if (report && strcmp(report, "none") == 0) report = NULL;
    if (report && detect)
        return cli_failed(c, KEN_FAIL(c->ctx, KEN_E_UNSUPPORTED, "'ken predict' gives its scores",
                                      "a report is about a target, and %s has none", ken_model_desc(m)->name));
    ken_status status = ken_model_save(c->ctx, m, file);
    if (status == KEN_OK && report) status = show_train_report(c, table, checksum, m, t, report);
    if (status != KEN_OK) return cli_failed(c, status);
    if (c->json) return train_json(c, m, t, file, report);
    if (!c->quiet) train_show(c, c->arguments[0], m, t, file, report);
    return CLI_DONE;
}

static int train_run(cli *c) {
    ken_train_options o;
    const char *settings[CLI_MAX_GIVEN + 1];
    char checksum[65];
    ken_table *table = NULL, *validation = NULL;
    ken_model *model = NULL;
    ken_training training;
    const char *const rows = cli_value(c, "validation");
    int result = cli_train_options(c, &o, settings, CLI_MAX_GIVEN + 1);
    if (result != CLI_DONE) return result;
    const char *const refit = cli_value(c, "refit"), *const from = refit ? refit : cli_value(c, "from");
    o.model = cli_value(c, "model");
    if (from && (o.model || o.folds || (refit && cli_value(c, "from"))))
        return cli_wrong("leave the other one out", "--from and --refit go neither with each other nor with --model or --cv");
    o.refit = refit != NULL;
    if (!cli_number(c, "decay", 0, 0, 1, &o.decay)) return CLI_USAGE;
    memset(&training, 0, sizeof training);
    ken_status status = cli_load_table(c, c->arguments[0], &table, checksum);
    if (status == KEN_OK && rows) status = cli_load_table(c, rows, &validation, NULL);
    o.validation = validation;
    if (status == KEN_OK && from) status = ken_model_load(c->ctx, from, &o.from);
    if (status == KEN_OK) status = ken_train(c->ctx, table, &o, &model, &training);
    result = status == KEN_OK ? train_finish(c, table, checksum, model, &training) : cli_failed(c, status);
    ken_training_free(&training);
    ken_model_free(model);
    ken_table_free(validation);
    ken_table_free(table);
    return result;
}

static const cli_option train_options[] = {
    {"target", 't', "COL", NULL, "the column to predict (must be given)"},
    {"model", 'm', "NAME", ":model", "the model to train; without it a few are compared and the best is kept"},
    {"from", 0, "FILE", ":file", "a boosting model to be fitted on, until it has --set trees=N rounds in all (instead of --model)"},
    {"refit", 0, "FILE", ":file", "a boosting model whose trees stay, with new values in their leaves (instead of --model)"},
    {"decay", 0, "SHARE", NULL, "with --refit: how much of the old values stays (default 0)"},
    {"set", 's', "NAME=VALUE", NULL, "a parameter of the model ('ken models NAME' lists them), or recipe.NAME=VALUE; again and again"},
    {"task", 0, "TASK", "classify|regress", "default: text, yes/no and up to 10 whole numbers are classified"},
    {"test", 0, "SHARE", NULL, "share of the rows set aside for the evaluation (default 0.2; 0: none)"},
    {"validation", 0, "FILE", ":file", "rows to stop early by (boosting, sgd), instead of a share of the training rows"},
    {"cv", 0, "K", NULL, "also K-fold cross-validation on the training rows"},
    {"intervals", 0, "SHARE", NULL, "intervals (classes: sets) that hold such a share of new rows, e.g. 0.9: 'ken predict --interval', '--sets'"},
    {"metric", 0, "NAME", ":metric", "what the best model is chosen by"},
    {"weight", 0, "COL", NULL, "a column of row weights"},
    {"group", 0, "COL", NULL, "rows of one group are never split between training and test"},
    {"time", 0, "COL", NULL, "train on what came before, test on what came after"},
    {"offset", 0, "COL", NULL, "where each row's margin starts: a log exposure, another model's margin"},
    {"event", 0, "COL", NULL, "survival: 1 the target was seen, 0 it is later than that"},
    {"upper", 0, "COL", NULL, "survival: upper bound of the target, empty: none (instead of --event)"},
    {"output", 'o', "FILE", ":file", "where the model goes (default model.ken)"},
    {"report", 0, "FILE", ":file", "where the report goes (default report.html; with --json none; 'none': none)"},
    {"json", 0, NULL, NULL, "the result as one JSON object on standard output"},
    CLI_TABLE_OPTIONS,
    CLI_END_OPTIONS};

const cli_command cli_train = {
    .name = "train", .arguments = "TABLE --target COL [--model NAME] [--set NAME=VALUE]...",
    .summary = "Trains a model, evaluates it on rows it never saw, saves it with a report",
    .details = "Without --model a small, fast set of models is compared by cross-validation on the training rows, the "
               "best is kept, and you are told why. TABLE is a .csv, .tsv, .csv.gz or .npy file, '-' for CSV on "
               "standard input, or a built-in table ('ken data' lists them). Numbers, categories, dates, free text "
               "and missing cells are handled by a recipe that is learned on the training rows and saved with the model.",
    .examples = "  ken train adult.csv --target income\n"
                "  ken train adult.csv --target income --model boosting --set trees=300 --set learning_rate=0.05 -o m.ken\n"
                "  ken train houses.csv --target price --cv 5 --json\n"
                "  ken train jan.csv --target sold --validation feb.csv --model boosting --set 'metric=roc_auc|log_loss'\n",
    .options = train_options, .min_arguments = 1, .max_arguments = 1, .run = train_run};
