/* Candidates one after the other through the same cross-validation; then ranks and tests. The words are
 * in compare_reason.c. */
#include "ken/select/compare/compare.h"

#include <math.h>
#include <string.h>

#include "ken/select/select_predictions.h"

/* --- candidates ----------------------------------------------------------------------------------------- */

typedef struct compare_default {
    uint32_t tasks;
    double max_cells;   /* rows * columns up to which it is tried */
    const char *name, *settings;
} compare_default;

static const compare_default compare_defaults[] = {
    {KEN_CLASSIFY | KEN_REGRESS, INFINITY, "dummy", NULL},
    {KEN_CLASSIFY, 1e8, "logistic", NULL},
    {KEN_REGRESS, INFINITY, "ridge", NULL},
    {KEN_CLASSIFY | KEN_REGRESS, INFINITY, "tree", NULL},
    {KEN_CLASSIFY | KEN_REGRESS, 1e7, "forest", NULL},
    {KEN_CLASSIFY | KEN_REGRESS, INFINITY, "boosting", NULL},
};

static bool compare_in_catalog(const char *name) {
    const ken_desc *desc;
    for (int i = 0; (desc = ken_catalog_at(i)); i++)
        if (desc->kind == KEN_ESTIMATOR && strcmp(desc->name, name) == 0) return true;
    return false;
}

int ken_candidates_default(ken_task task, int64_t n, int64_t d, ken_candidate *out, int capacity) {
    const double cells = (double)n * (double)d;
    int count = 0;
    for (int i = 0; i < KEN_COUNT(compare_defaults); i++) {
        const compare_default *c = &compare_defaults[i];
        if (!(c->tasks & (uint32_t)task) || cells > c->max_cells) continue;
        if (!compare_in_catalog(c->name)) continue;
        if (count < capacity) out[count] = (ken_candidate){c->name, c->settings, NULL};
        count++;
    }
    return count;
}

int64_t ken_compare_folds(int64_t n, int64_t d) {
    const double cells = (double)n * (double)d;
    return cells <= 2e6 ? 5 : cells <= 2e7 ? 3 : 2;
}

ken_status ken_candidate_new(ken_ctx *ctx, const ken_candidate *candidate, ken_model **out) {
    ken_model *model = NULL, *recipe = NULL;
    *out = NULL;
    if (candidate->model) return ken_model_clone(ctx, candidate->model, out);
    ken_status status = ken_model_new(ctx, candidate->name, candidate->settings, &model);
    if (status == KEN_OK && ken_model_desc(model)->kind != KEN_ESTIMATOR)
        status = KEN_FAIL(ctx, KEN_E_ARG, "ken models lists them", "%s is no model to train",
                          candidate->name);
    if (status == KEN_OK) status = ken_model_new(ctx, "recipe", NULL, &recipe);
    if (status == KEN_OK) {
        status = ken_model_set_recipe(ctx, model, recipe);
        if (status != KEN_OK) ken_model_free(recipe);
    }
    if (status != KEN_OK)
        ken_model_free(model);
    else
        *out = model;
    return status;
}

/* --- running -------------------------------------------------------------------------------------------- */

static void compare_row_free(const ken_allocator *alloc, ken_compare_row *row) {
    if (row->name) ken_allocator_free(alloc, row->name);
    if (row->settings) ken_allocator_free(alloc, row->settings);
    if (row->message) ken_allocator_free(alloc, row->message);
    ken_cv_result_free(&row->cv);
}

void ken_comparison_free(ken_comparison *c) {
    if (!c) return;
    for (int i = 0; i < c->n; i++) compare_row_free(&c->alloc, &c->row[i]);
    if (c->row) ken_allocator_free(&c->alloc, c->row);
    if (c->reason) ken_allocator_free(&c->alloc, c->reason);
    memset(c, 0, sizeof *c);
}

static double compare_mean(const double *x, int64_t n) {
    double sum = 0;
    for (int64_t i = 0; i < n; i++) sum += x[i];
    return n ? sum / (double)n : NAN;
}

static ken_status compare_try(ken_ctx *ctx, const ken_candidate *candidate, const ken_data *data,
                              const ken_cv_options *cv, const char *metric, ken_compare_row *row) {
    ken_model *model = NULL;
    KEN_TRY(ken_candidate_new(ctx, candidate, &model));
    const ken_status status = ken_cross_validate(ctx, model, data, cv, &row->cv);
    ken_model_free(model);
    KEN_TRY(status);
    const int m = ken_cv_result_find(&row->cv, metric);
    row->mean = m < 0 ? NAN : row->cv.mean[m];
    row->se = m < 0 ? NAN : row->cv.se[m];
    row->fit_s = compare_mean(row->cv.fit_s, row->cv.folds);
    row->predict_s = compare_mean(row->cv.predict_s, row->cv.folds);
    row->bytes = row->cv.model_bytes;
    return KEN_OK;
}

/* One row. What only this candidate cannot do is written down; what stops everything goes up. */
static ken_status compare_one(ken_ctx *ctx, const ken_candidate *candidate, const ken_data *data,
                              const ken_cv_options *cv, const char *metric, bool in_time,
                              ken_compare_row *row) {
    const char *name = candidate->name ? candidate->name : ken_model_desc(candidate->model)->name;
    row->mean = row->se = row->fit_s = row->predict_s = row->difference = row->p = NAN;
    KEN_TRY(ken_strdup(ctx, name, &row->name));
    KEN_TRY(ken_strdup(ctx, candidate->settings ? candidate->settings : "", &row->settings));
    row->status = in_time ? compare_try(ctx, candidate, data, cv, metric, row) : KEN_E_CANCELLED;
    if (row->status == KEN_E_NOMEM || ken_ctx_cancelled(ctx)) return row->status;
    const char *message = row->status == KEN_OK ? "" : in_time ? ken_ctx_message(ctx) : "no time left";
    KEN_TRY(ken_strdup(ctx, message, &row->message));
    if (row->status != KEN_OK) ken_warn(ctx, "compare: %s was left out: %s", row->name, row->message);
    return KEN_OK;
}

/* --- ranking ---------------------------------------------------------------------------------------------- */

static bool compare_better(const ken_comparison *c, const ken_compare_row *a, const ken_compare_row *b) {
    if (isnan(a->mean) || isnan(b->mean)) return isnan(b->mean) && !isnan(a->mean);
    return c->metric->metric->higher_is_better ? a->mean > b->mean : a->mean < b->mean;
}

/* Best first; equal ones stay in the order given. */
static void compare_sort(ken_comparison *c) {
    for (int i = 1; i < c->n; i++)
        for (int j = i; j > 0 && compare_better(c, &c->row[j], &c->row[j - 1]); j--) {
            const ken_compare_row swap = c->row[j];
            c->row[j] = c->row[j - 1];
            c->row[j - 1] = swap;
        }
}

static ken_status compare_test(ken_ctx *ctx, ken_comparison *c) {
    const ken_cv_result *best = &c->row[0].cv;
    double *a, *b, ratio = 0;
    const int64_t folds = best->folds;
    KEN_TRY(KEN_SCRATCH(ctx, double, folds, &a));
    KEN_TRY(KEN_SCRATCH(ctx, double, folds, &b));
    for (int64_t f = 0; f < folds; f++)
        ratio += (double)best->rows_test[f] / (double)best->rows_train[f] / (double)folds;
    const int m = ken_cv_result_find(best, c->metric->name);
    for (int i = 1; i < c->n; i++) {
        ken_compare_row *row = &c->row[i];
        if (row->status != KEN_OK || isnan(row->mean)) continue;
        for (int64_t f = 0; f < folds; f++) {
            a[f] = best->score[f * best->n_metrics + m];
            b[f] = row->cv.score[f * row->cv.n_metrics + m];
        }
        row->p = ken_corrected_t(a, b, folds, ratio, &row->difference);
    }
    return KEN_OK;
}

/* The metric to rank by, and the list of metrics with it (in scratch) where it is not among them. */
static ken_status compare_metrics(ken_ctx *ctx, const ken_data *data, const char *metric,
                                  ken_cv_options *cv, ken_comparison *c) {
    const ken_desc **list;
    ken_task task = data->task;
    bool two = false, there = false;
    int n = 0;
    if (task == KEN_TASK_AUTO) KEN_TRY(ken_task_of(ctx, data->target, &task));
    if (task == KEN_CLASSIFY) KEN_TRY(ken__cv_two_classes(ctx, data, &two));
    const ken_judged what = {.task = task, .n_classes = two ? 2 : 3};
    if (!metric) metric = ken_metric_default(&what);
    KEN_TRY(ken_catalog_find(ctx, metric, KEN_METRIC, &c->metric));
    if (cv->metrics)
        while (cv->metrics[n]) n++;
    else
        n = ken_metrics_suited(&what, true, NULL, 0);
    KEN_TRY(KEN_SCRATCH(ctx, const ken_desc *, n + 2, &list));
    if (cv->metrics)
        memcpy(list, cv->metrics, sizeof(*list) * (size_t)n);
    else
        ken_metrics_suited(&what, true, list, n);
    for (int i = 0; i < n; i++) there = there || list[i] == c->metric;
    if (!there) list[n++] = c->metric;
    list[n] = NULL;
    cv->metrics = list;
    return KEN_OK;
}

static ken_status compare_run(ken_ctx *ctx, const ken_candidate *candidates, int n,
                              const ken_data *data, const ken_compare_options *o, ken_comparison *c) {
    ken_cv_options cv = o->cv;
    const double begin = ken_ctx_clock(ctx);
    int first_failed = -1;
    KEN_TRY(compare_metrics(ctx, data, o->metric, &cv, c));
    KEN_TRY(KEN_ALLOC(ctx, ken_compare_row, n, &c->row));
    for (int i = 0; i < n; i++) {
        const ken_progress at = ken_progress_of("comparison", i + 1, n);
        const bool late = o->budget_s > 0 && i > 0 && ken_ctx_clock(ctx) - begin > o->budget_s;
        KEN_TRY(ken_check_cancel(ctx));
        c->row[c->n++].candidate = i;
        KEN_TRY(compare_one(ctx, &candidates[i], data, &cv, c->metric->name, !late, &c->row[i]));
        if (c->row[i].status != KEN_OK && first_failed < 0) first_failed = i;
        ken_report_progress(ctx, &at);
    }
    const ken_status failed = first_failed < 0 ? KEN_OK : c->row[first_failed].status;
    compare_sort(c);
    if (isnan(c->row[0].mean))
        return KEN_FAIL(ctx, failed == KEN_OK ? KEN_E_VALUE : failed,
                        "look at the message, or choose another metric",
                        "no candidate could be judged by %s%s%s", c->metric->name,
                        failed == KEN_OK ? "" : ": ", c->row[0].message);
    KEN_TRY(compare_test(ctx, c));
    return ken__compare_reason(ctx, c);
}

ken_status ken_compare(ken_ctx *ctx, const ken_candidate *candidates, int n, const ken_data *data,
                       const ken_compare_options *options, ken_comparison *out) {
    static const ken_compare_options defaults = KEN_COMPARE_DEFAULTS;
    memset(out, 0, sizeof *out);
    out->alloc = ken_ctx_allocator(ctx);
    if (n < 1 || !data->target || !data->table)
        return KEN_FAIL(ctx, KEN_E_ARG, "give a table, a target and at least one model",
                        "compare: nothing to compare");
    const ken_mark mark = ken_scratch_mark(ctx);
    const ken_status status =
        compare_run(ctx, candidates, n, data, options ? options : &defaults, out);
    ken_scratch_release(ctx, mark);
    if (status != KEN_OK) ken_comparison_free(out);
    return status;
}
