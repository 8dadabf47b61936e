/* The report's input, from what a command knows. The page itself is the library's (report/). */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/show.h"
#include "ken/core/alloc.h"
#include "ken/report/report_assets.h"
#include "ken/stats/describe/describe.h"

#define REPORT_MAX 64

/* Everything that an input points to and that has no other owner. */
typedef struct report_memory {
    ken_report_leader leaders[REPORT_MAX];
    char notes[REPORT_MAX][128];
    ken_report_metric metrics[REPORT_MAX];
    ken_report_fact run[16];
    ken_report_curve_point training[CLI_MAX_CURVE];
    char command[4096], scores_how[128], leader_how[128], seed[32], threads[32], when[64], times[96];
} report_memory;

static void report_fact(report_memory *mem, ken_report_input *in, const char *name, const char *value) {
    if (in->n_run < KEN_COUNT(mem->run)) mem->run[in->n_run++] = (ken_report_fact){name, value};
}

static void report_run(cli *c, report_memory *mem, const char *checksum, ken_report_input *in) {
    const time_t now = time(NULL);
    struct tm day;
    cli_command_line(c, mem->command, sizeof mem->command);
    snprintf(mem->seed, sizeof mem->seed, "%llu", (unsigned long long)ken_ctx_seed(c->ctx));
    snprintf(mem->threads, sizeof mem->threads, "%d", ken_ctx_threads(c->ctx));
    if (gmtime_r(&now, &day)) strftime(mem->when, sizeof mem->when, "%Y-%m-%d %H:%M UTC", &day);
    in->command = mem->command;
    in->run = mem->run;
    report_fact(mem, in, "ken", KEN_VERSION);
    report_fact(mem, in, "made", mem->when);
    report_fact(mem, in, "seed", mem->seed);
    report_fact(mem, in, "threads", mem->threads);
    if (checksum && *checksum) report_fact(mem, in, "SHA-256 of the data", checksum);
    in->vega_js = ken_asset_vega_js(&in->vega_size);
    in->vega_lite_js = ken_asset_vega_lite_js(&in->vega_lite_size);
    in->vega_embed_js = ken_asset_vega_embed_js(&in->vega_embed_size);
}

static const char *report_base_name(const char *path) {
    const char *slash = strrchr(path, '/');
    return strcmp(path, "-") == 0 ? "standard input" : slash ? slash + 1 : path;
}

static void report_leaders(const ken_training *t, report_memory *mem, ken_report_input *in) {
    const ken_comparison *cmp = &t->comparison;
    for (int i = 0; i < cmp->n && i < REPORT_MAX; i++) {
        const ken_compare_row *r = &cmp->row[i];
        ken_report_leader *l = &mem->leaders[in->n_leaders++];
        l->model = r->name;
        l->score = r->mean, l->error = r->se;
        l->fit_s = r->fit_s, l->predict_s = r->predict_s;
        l->bytes = r->status == KEN_OK ? (double)r->bytes : (double)NAN;
        l->baseline = strcmp(r->name, "dummy") == 0;
        l->chosen = i == 0;
        if (r->status != KEN_OK) {
            snprintf(mem->notes[i], sizeof mem->notes[i], "%s", r->message);
            l->note = mem->notes[i];
        }
    }
    if (!cmp->n) return;
    in->leaders = mem->leaders;
    in->leader_metric = cmp->metric->name;
    in->leader_higher_is_better = cmp->metric->metric->higher_is_better;
    snprintf(mem->leader_how, sizeof mem->leader_how, "%lld-fold cross-validation on the training rows",
             (long long)cmp->row[0].cv.folds);
    in->leader_how = mem->leader_how;
    in->leader_reason = cmp->reason;
}

static void report_metrics(const ken_training *t, report_memory *mem, ken_report_input *in) {
    char rows[32];
    for (int i = 0; i < t->evaluation.n_metrics && in->n_metrics < REPORT_MAX; i++) {
        const ken_evaluation_metric *m = &t->evaluation.metric[i];
        const ken_evaluation_metric *base = ken_evaluation_find(&t->baseline, m->desc->name);
        if (!m->desc->metric->main) continue;
        mem->metrics[in->n_metrics++] =
            (ken_report_metric){m->desc->name, m->desc->title, m->interval.value, m->interval.low, m->interval.high,
                                base ? base->interval.value : (double)NAN, m->desc->metric->higher_is_better};
    }
    in->metrics = mem->metrics;
    in->rows_train = t->rows_train, in->rows_test = t->rows_test;
    snprintf(mem->scores_how, sizeof mem->scores_how, "%s rows set aside before training",
             cli_count_text(t->rows_test, rows));
    in->scores_how = mem->scores_how;
}

/* The rows set aside, with their target and weight: what the explanations are measured on. */
typedef struct report_rows {
    ken_table *features, *others;
    ken_data data;
} report_rows;

static ken_status report_take(cli *c, const ken_training *t, report_rows *out, ken_report_input *in) {
    const int64_t n = ken_table_rows(t->features);
    const uint8_t role = t->rows_test ? KEN_ROLE_TEST : KEN_ROLE_TRAIN;
    int64_t *rows, *numbers, k = 0;
    ken_table *others = NULL;
    KEN_TRY(KEN_SCRATCH(c->ctx, int64_t, n, &rows));
    KEN_TRY(KEN_SCRATCH(c->ctx, int64_t, n, &numbers));
    for (int64_t i = 0; i < n; i++)
        if (t->role[i] == role) {
            numbers[k] = i + 1; /* people count from 1 */
            rows[k++] = i;
        }
    in->shap_row_numbers = numbers;
    KEN_TRY(ken_table_take(c->ctx, t->features, rows, k, &out->features));
    KEN_TRY(ken_table_new(c->ctx, n, &others));
    ken_status status = ken_table_add_borrow(c->ctx, others, t->data.target);
    if (status == KEN_OK && t->data.weight) status = ken_table_add_borrow(c->ctx, others, t->data.weight);
    if (status == KEN_OK) status = ken_table_take(c->ctx, others, rows, k, &out->others);
    ken_table_free(others);
    KEN_TRY(status);
    out->data.table = out->features;
    out->data.target = ken_table_column(out->others, 0);
    out->data.weight = t->data.weight ? ken_table_column(out->others, 1) : NULL;
    out->data.task = t->data.task;
    return KEN_OK;
}

static void report_training(const cli *c, const ken_model *m, report_memory *mem, ken_report_input *in) {
    if (c->curve.n < 2 || !ken_model_desc(m)->estimator->begin) return;
    for (int i = 0; i < c->curve.n; i++)
        mem->training[i] = (ken_report_curve_point){c->curve.at[i].iteration, c->curve.at[i].objective,
                                                    c->curve.at[i].validation};
    in->training = mem->training;
    in->n_training = c->curve.n;
    in->training_name = "objective";
}

static ken_status report_write_train(cli *c, const ken_table *table, const ken_model *m, const ken_training *t,
                                     ken_report_input *in, const char *path) {
    ken_report_parts *parts = NULL;
    ken_profile *profile = NULL;
    report_rows test;
    ken_scores scores;
    memset(&test, 0, sizeof test);
    ken_status status = ken_describe(c->ctx, table, ken_table_find(table, ken_model_target(m)), &profile);
    in->profile = profile;
    if (status == KEN_OK && t->evaluation.n_metrics) {
        status = ken_predictions_scores(c->ctx, &t->evaluation.predictions, &scores);
        in->scores = &scores;
    }
    if (status == KEN_OK) status = report_take(c, t, &test, in);
    if (status == KEN_OK) status = ken_report_collect(c->ctx, m, &test.data, NULL, in, &parts);
    if (status == KEN_OK) status = ken_report_write(c->ctx, in, path);
    ken_report_parts_free(parts);
    ken_profile_free(profile);
    ken_table_free(test.features);
    ken_table_free(test.others);
    return status;
}

ken_status show_train_report(cli *c, const ken_table *table, const char *checksum, const ken_model *m,
                             const ken_training *t, const char *path) {
    report_memory *mem = NULL;
    ken_report_input in;
    char fit[32], predict[32];
    memset(&in, 0, sizeof in);
    KEN_TRY(KEN_ALLOC(c->ctx, report_memory, 1, &mem));
    const ken_mark mark = ken_scratch_mark(c->ctx);
    in.data_name = report_base_name(c->arguments[0]);
    in.model = m;
    in.table = table;
    report_run(c, mem, checksum, &in);
    snprintf(mem->times, sizeof mem->times, "fit %s, predict %s", cli_seconds_text(t->fit_s, fit),
             cli_seconds_text(t->predict_s, predict));
    report_fact(mem, &in, "time", mem->times);
    report_leaders(t, mem, &in);
    report_metrics(t, mem, &in);
    report_training(c, m, mem, &in);
    const ken_status status = report_write_train(c, table, m, t, &in, path);
    ken_scratch_release(c->ctx, mark);
    ken_free(c->ctx, mem);
    return status;
}

ken_status show_describe_report(cli *c, const ken_table *table, const ken_profile *profile, const char *checksum,
                                const char *path) {
    report_memory *mem = NULL;
    ken_report_input in;
    memset(&in, 0, sizeof in);
    KEN_TRY(KEN_ALLOC(c->ctx, report_memory, 1, &mem));
    in.data_name = report_base_name(c->arguments[0]);
    in.table = table;
    in.profile = profile;
    report_run(c, mem, checksum, &in);
    const ken_status status = ken_report_write(c->ctx, &in, path);
    ken_free(c->ctx, mem);
    return status;
}

ken_status show_explain_report(cli *c, const ken_table *table, const char *checksum, const ken_model *m,
                               const ken_report_asked *asked, const char *path) {
    report_memory *mem = NULL;
    ken_report_parts *parts = NULL;
    ken_report_input in;
    ken_data data;
    const int target = ken_table_find(table, ken_model_target(m));
    memset(&in, 0, sizeof in);
    memset(&data, 0, sizeof data);
    KEN_TRY(KEN_ALLOC(c->ctx, report_memory, 1, &mem));
    in.data_name = report_base_name(c->arguments[1]);
    in.model = m;
    in.table = table;
    in.rows_train = ken_model_rows_train(m);
    if (asked) in.asked = *asked;
    report_run(c, mem, checksum, &in);
    data.table = table;
    data.target = target < 0 ? NULL : ken_table_column(table, target);
    data.task = ken_model_task(m);
    ken_status status = ken_report_collect(c->ctx, m, &data, NULL, &in, &parts);
    if (status == KEN_OK) status = ken_report_write(c->ctx, &in, path);
    ken_report_parts_free(parts);
    ken_free(c->ctx, mem);
    return status;
}
