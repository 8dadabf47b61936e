/* A report's input, from what training, describing and explaining leave behind. */
#include "ken/report/report_training.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "ken/core/alloc.h"
#include "ken/report/report_html.h"
#include "ken/report/report_json.h"

#define REPORT_MAX 64

/* Everything that an input points to and that has no other owner. */
typedef struct report_memory {
    ken_report_leader leaders[REPORT_MAX];
    char notes[REPORT_MAX][128];
    ken_report_metric metrics[REPORT_MAX];
    ken_report_fact run[16];
    char scores_how[128], leader_how[128], seed[32], threads[32], times[128];
    ken__report numbers; /* lends numbers for people */
} report_memory;

static void report_fact(report_memory *mem, ken_report_input *in, const char *name, const char *value) {
    if (value && *value && in->n_run < KEN_COUNT(mem->run)) mem->run[in->n_run++] = (ken_report_fact){name, value};
}

static void report_run(ken_ctx *ctx, const ken_report_source *s, report_memory *mem, ken_report_input *in) {
    snprintf(mem->seed, sizeof mem->seed, "%llu", (unsigned long long)ken_ctx_seed(ctx));
    snprintf(mem->threads, sizeof mem->threads, "%d", ken_ctx_threads(ctx));
    in->data_name = s->data_name;
    in->command = s->command;
    in->run = mem->run;
    report_fact(mem, in, "ken", KEN_VERSION);
    report_fact(mem, in, "made", s->made);
    report_fact(mem, in, "seed", mem->seed);
    report_fact(mem, in, "threads", mem->threads);
    report_fact(mem, in, "SHA-256 of the data", s->checksum);
    in->vega_js = s->vega_js, in->vega_size = s->vega_size;
    in->vega_lite_js = s->vega_lite_js, in->vega_lite_size = s->vega_lite_size;
    in->vega_embed_js = s->vega_embed_js, in->vega_embed_size = s->vega_embed_size;
}

static ken_status report_out(ken_ctx *ctx, const ken_report_input *in, const ken_report_output *out) {
    if (out->columns) {
        ken_json_object(out->columns);
        if (in->model) ken_report_json_columns(in, out->columns);
        ken_json_end_object(out->columns);
        KEN_TRY(out->columns->out->status);
    }
    return out->page || out->figures ? ken__report_render(ctx, in, out->page, out->figures) : KEN_OK;
}

/* --- a training ------------------------------------------------------------------------------------------- */

static void report_training_leaders(const ken_training *t, report_memory *mem, ken_report_input *in) {
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

static void report_training_metrics(const ken_training *t, report_memory *mem, ken_report_input *in) {
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
             ken__report_int(&mem->numbers, t->rows_test));
    in->scores_how = mem->scores_how;
}

/* The rows set aside, with their target and weight: what the explanations are measured on. */
typedef struct report_aside {
    ken_table *features, *others;
    ken_data data;
} report_aside;

static ken_status report_take(ken_ctx *ctx, const ken_training *t, report_aside *out, ken_report_input *in) {
    const int64_t n = ken_table_rows(t->features);
    const uint8_t role = t->rows_test ? KEN_ROLE_TEST : KEN_ROLE_TRAIN;
    int64_t *rows, *numbers, k = 0;
    ken_table *others = NULL;
    KEN_TRY(KEN_SCRATCH(ctx, int64_t, n, &rows));
    KEN_TRY(KEN_SCRATCH(ctx, int64_t, n, &numbers));
    for (int64_t i = 0; i < n; i++)
        if (t->role[i] == role) {
            numbers[k] = i + 1; /* people count from 1 */
            rows[k++] = i;
        }
    in->shap_row_numbers = numbers;
    KEN_TRY(ken_table_take(ctx, t->features, rows, k, &out->features));
    KEN_TRY(ken_table_new(ctx, n, &others));
    ken_status status = ken_table_add_borrow(ctx, others, t->data.target);
    if (status == KEN_OK && t->data.weight) status = ken_table_add_borrow(ctx, others, t->data.weight);
    if (status == KEN_OK) status = ken_table_take(ctx, others, rows, k, &out->others);
    ken_table_free(others);
    KEN_TRY(status);
    out->data.table = out->features;
    out->data.target = ken_table_column(out->others, 0);
    out->data.weight = t->data.weight ? ken_table_column(out->others, 1) : NULL;
    out->data.task = t->data.task;
    return KEN_OK;
}

static ken_status report_training_out(ken_ctx *ctx, const ken_table *table, const ken_model *m, const ken_training *t,
                                      ken_report_input *in, const ken_report_output *out) {
    ken_report_parts *parts = NULL;
    ken_profile *profile = NULL;
    report_aside aside;
    ken_scores scores;
    memset(&aside, 0, sizeof aside);
    ken_status status = ken_describe(ctx, table, ken_table_find(table, ken_model_target(m)), &profile);
    in->profile = profile;
    if (status == KEN_OK && t->evaluation.n_metrics) {
        status = ken_predictions_scores(ctx, &t->evaluation.predictions, &scores);
        in->scores = &scores;
    }
    if (status == KEN_OK) status = report_take(ctx, t, &aside, in);
    if (status == KEN_OK) status = ken_report_collect(ctx, m, &aside.data, NULL, in, &parts);
    if (status == KEN_OK) status = report_out(ctx, in, out);
    ken_report_parts_free(parts);
    ken_profile_free(profile);
    ken_table_free(aside.features);
    ken_table_free(aside.others);
    return status;
}

static void report_training_times(const ken_training *t, report_memory *mem, ken_report_input *in) {
    snprintf(mem->times, sizeof mem->times, "fit %s, predict %s", ken__report_seconds(&mem->numbers, t->fit_s),
             ken__report_seconds(&mem->numbers, t->predict_s));
    report_fact(mem, in, "time", mem->times);
}

ken_status ken_report_training(ken_ctx *ctx, const ken_table *table, const ken_model *m, const ken_training *t,
                               const ken_report_source *source, const ken_report_output *out) {
    report_memory *mem = NULL;
    ken_report_input in;
    memset(&in, 0, sizeof in);
    if (!t->data.target)
        return KEN_FAIL(ctx, KEN_E_UNSUPPORTED, "'ken predict' gives its scores",
                        "a report is about a target, and %s has none", ken_model_desc(m)->name);
    KEN_TRY(KEN_ALLOC(ctx, report_memory, 1, &mem));
    const ken_mark mark = ken_scratch_mark(ctx);
    in.model = m;
    in.table = table;
    report_run(ctx, source, mem, &in);
    report_training_times(t, mem, &in);
    report_training_leaders(t, mem, &in);
    report_training_metrics(t, mem, &in);
    if (source->n_curve > 1 && ken_model_desc(m)->estimator->begin) {
        in.training = source->curve;
        in.n_training = source->n_curve;
        in.training_name = "objective";
    }
    const ken_status status = report_training_out(ctx, table, m, t, &in, out);
    ken_scratch_release(ctx, mark);
    ken_free(ctx, mem);
    return status;
}

/* --- others ------------------------------------------------------------------------------------------------ */

ken_status ken_report_table(ken_ctx *ctx, const ken_table *table, const ken_profile *profile,
                            const ken_report_source *source, const ken_report_output *out) {
    report_memory *mem = NULL;
    ken_report_input in;
    memset(&in, 0, sizeof in);
    KEN_TRY(KEN_ALLOC(ctx, report_memory, 1, &mem));
    in.table = table;
    in.profile = profile;
    report_run(ctx, source, mem, &in);
    const ken_status status = report_out(ctx, &in, out);
    ken_free(ctx, mem);
    return status;
}

ken_status ken_report_model(ken_ctx *ctx, const ken_table *table, const ken_model *m, const ken_report_asked *asked,
                            const ken_report_source *source, const ken_report_output *out) {
    report_memory *mem = NULL;
    ken_report_parts *parts = NULL;
    ken_report_input in;
    ken_data data;
    const int target = ken_table_find(table, ken_model_target(m));
    memset(&in, 0, sizeof in);
    memset(&data, 0, sizeof data);
    KEN_TRY(KEN_ALLOC(ctx, report_memory, 1, &mem));
    in.model = m;
    in.table = table;
    in.rows_train = ken_model_rows_train(m);
    if (asked) in.asked = *asked;
    report_run(ctx, source, mem, &in);
    data.table = table;
    data.target = target < 0 ? NULL : ken_table_column(table, target);
    data.task = ken_model_task(m);
    ken_status status = ken_report_collect(ctx, m, &data, NULL, &in, &parts);
    if (status == KEN_OK) status = report_out(ctx, &in, out);
    ken_report_parts_free(parts);
    ken_free(ctx, mem);
    return status;
}
