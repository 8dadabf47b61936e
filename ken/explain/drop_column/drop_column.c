#include "ken/explain/drop_column/drop_column.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ken/core/alloc.h"
#include "ken/metrics/metrics.h"
#include "ken/select/cross_validate/cross_validate.h"

typedef struct drop_column_job {
    ken_model *fresh; /* unfitted, to be cloned */
    const ken_model *model;
    const ken_data *data;
    const ken_desc *metric;
    ken_cv_options options;
    double ratio; /* test rows / training rows of a fold */
} drop_column_job;

/* Scores (folds) of cross-validation on the model's columns but `without` (-1: all). */
static ken_status drop_column_scores(ken_ctx *ctx, drop_column_job *job, int without, ken_cv_result *out) {
    const int d = ken_model_n_features(job->model);
    ken_data data = *job->data;
    ken_table *table = NULL;
    int *columns = NULL, n = 0;
    memset(out, 0, sizeof *out);
    const ken_mark mark = ken_scratch_mark(ctx);
    ken_status status = KEN_SCRATCH(ctx, int, d, &columns);
    for (int j = 0; j < d && status == KEN_OK; j++)
        if (j != without) status = ken_table_require(ctx, data.table, ken_model_feature(job->model, j), &columns[n++]);
    if (status == KEN_OK) status = ken_table_select(ctx, data.table, columns, n, &table);
    ken_scratch_release(ctx, mark);
    if (status == KEN_OK) {
        data.table = table;
        data.task = ken_model_task(job->model);
        status = ken_cross_validate(ctx, job->fresh, &data, &job->options, out);
    }
    ken_table_free(table);
    return status;
}

/* Losses fold by fold; folds where one of the two is undefined are left out. */
static void drop_column_measure(const drop_column_job *job, const ken_cv_result *all, const ken_cv_result *without,
                         ken_drop_column_row *out) {
    const double sign = job->metric->metric->higher_is_better ? 1 : -1;
    double sum = 0, squares = 0, n = 0, difference = 0;
    for (int64_t f = 0; f < all->folds; f++) {
        const double loss = sign * (all->score[f] - without->score[f]);
        if (!isfinite(loss)) continue;
        sum += loss, n++;
    }
    out->score = without->mean[0];
    out->mean = n > 0 ? sum / n : NAN;
    for (int64_t f = 0; f < all->folds; f++) {
        const double loss = sign * (all->score[f] - without->score[f]);
        if (isfinite(loss)) squares += (loss - out->mean) * (loss - out->mean);
    }
    out->se = n > 1 ? sqrt(squares / (n - 1) / n) : NAN;
    out->p = ken_corrected_t(all->score, without->score, all->folds, job->ratio, &difference);
}

static ken_status drop_column_all(ken_ctx *ctx, drop_column_job *job, ken_drop_column_info *info, ken_drop_column_row *out) {
    const int d = ken_model_n_features(job->model);
    ken_progress progress = ken_progress_of("drop-column importance", 0, d + 1);
    ken_cv_result all;
    ken_status status = drop_column_scores(ctx, job, -1, &all);
    for (int j = 0; j < d && status == KEN_OK; j++) {
        ken_cv_result without;
        progress.iteration = j + 1;
        ken_report_progress(ctx, &progress);
        if (j == 0) job->ratio = all.rows_train[0] ? (double)all.rows_test[0] / (double)all.rows_train[0] : 0;
        status = ken_check_cancel(ctx);
        if (status != KEN_OK) break;
        status = drop_column_scores(ctx, job, j, &without);
        out[j] = (ken_drop_column_row){.feature = j};
        if (status == KEN_OK) drop_column_measure(job, &all, &without, &out[j]);
        ken_cv_result_free(&without);
    }
    if (status == KEN_OK && info)
        *info = (ken_drop_column_info){job->metric->name, job->metric->metric->higher_is_better, all.mean[0], all.folds,
                                       ken_table_rows(job->data->table)};
    ken_cv_result_free(&all);
    return status;
}

static int drop_column_compare(const void *a, const void *b) {
    const ken_drop_column_row *x = a, *y = b;
    if (x->mean != y->mean && !isnan(x->mean) && !isnan(y->mean)) return x->mean < y->mean ? 1 : -1;
    if (isnan(x->mean) != isnan(y->mean)) return isnan(x->mean) ? 1 : -1;
    return (x->feature > y->feature) - (x->feature < y->feature);
}

static ken_status drop_column_metric(ken_ctx *ctx, const ken_model *model, const ken_data *data, const char *name,
                                     const ken_desc **out) {
    const ken_task task = ken_model_task(model);
    const ken_judged what = {.task = task,
                             .n_classes = ken_model_n_classes(model),
                             .answer = ken_model_answer(model),
                             .bounds = data->event || data->upper};
    if (!name) name = ken_metric_default(&what);
    KEN_TRY(ken_catalog_find(ctx, name, KEN_METRIC, out));
    if ((*out)->tasks & (uint32_t)task) return KEN_OK;
    return KEN_FAIL(ctx, KEN_E_ARG, "choose a metric of the model's task",
                    "drop column: metric '%s' does not suit a model that does '%s'", name, ken_task_name(task));
}

ken_status ken_explain_drop_column(ken_ctx *ctx, const ken_model *model, const ken_data *data,
                                   const ken_drop_column_params *params, ken_drop_column_info *info,
                                   ken_drop_column_row *out) {
    const ken_drop_column_params defaults = KEN_DROP_COLUMN_DEFAULTS;
    const ken_drop_column_params *p = params ? params : &defaults;
    drop_column_job job = {.model = model, .data = data, .options = KEN_CV_DEFAULTS};
    if (!ken_model_fitted(model))
        return KEN_FAIL(ctx, KEN_E_STATE, "fit or load the model first", "drop column: the model is not fitted");
    if (!data->target)
        return KEN_FAIL(ctx, KEN_E_ARG, "give the target column in ken_data",
                        "drop column: learning needs the target '%s'", ken_model_target(model));
    if (p->folds < 2 || p->folds > 1000)
        return KEN_FAIL(ctx, KEN_E_ARG, "use 2 to 1000 folds", "drop column: %lld folds", (long long)p->folds);
    if (ken_model_n_features(model) < 2)
        return KEN_FAIL(ctx, KEN_E_VALUE, "compare with the model 'dummy' instead",
                        "drop column: without its only column there is nothing to learn from");
    KEN_TRY(drop_column_metric(ctx, model, data, p->metric, &job.metric));
    const ken_desc *const metrics[] = {job.metric, NULL};
    job.options.folds = p->folds;
    job.options.metrics = metrics;
    KEN_TRY(ken_model_clone(ctx, model, &job.fresh));
    const ken_status status = drop_column_all(ctx, &job, info, out);
    ken_model_free(job.fresh);
    if (status == KEN_OK) qsort(out, (size_t)ken_model_n_features(model), sizeof *out, drop_column_compare);
    return status;
}
