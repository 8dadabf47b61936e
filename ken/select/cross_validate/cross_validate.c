/* One fold after the other: split, clone, fit, predict, score. */
#include "ken/select/cross_validate/cross_validate.h"

#include <math.h>
#include <string.h>

#include "ken/core/dict.h"
#include "ken/math/distributions.h"
#include "ken/select/select_predictions.h"

void ken_cv_result_free(ken_cv_result *r) {
    if (!r) return;
    void *const owned[] = {(void *)(uintptr_t)r->classes.offset,
                           (void *)(uintptr_t)r->classes.bytes,
                           r->metric,
                           r->score,
                           r->mean,
                           r->se,
                           r->fit_s,
                           r->predict_s,
                           r->rows_train,
                           r->rows_test,
                           r->prediction};
    for (int i = 0; i < KEN_COUNT(owned); i++)
        if (owned[i]) ken_allocator_free(&r->alloc, owned[i]);
    memset(r, 0, sizeof *r);
}

int ken_cv_result_find(const ken_cv_result *r, const char *metric) {
    for (int m = 0; m < r->n_metrics; m++)
        if (strcmp(r->metric[m]->name, metric) == 0) return m;
    return -1;
}

typedef struct cross_run {
    const ken_model *model;
    ken_data data;           /* the caller's, with the task settled and the roles of the fold */
    const uint8_t *given;    /* the caller's roles */
    const ken_desc *splitter;
    const void *splitter_params;
    uint8_t *role;           /* (n) */
    int64_t *rows;           /* (n) room for the numbers of test rows */
    ken_dict *classes;       /* of all rows that take part */
} cross_run;

/* --- what to do --------------------------------------------------------------------------------------- */

/* The classes among the rows that take part, as texts. */
static ken_status cross_list_classes(ken_ctx *ctx, const ken_data *data, ken_dict *dict) {
    char buf[64];
    const ken_column *t = data->target;
    (void)ctx;
    for (int64_t i = 0; i < t->n; i++) {
        const char *text = buf;
        int64_t size;
        int32_t code;
        if (data->role && data->role[i] != KEN_ROLE_TRAIN) continue;
        if (ken_column_missing(t, i)) continue;
        if (t->dtype == KEN_STRING || t->dtype == KEN_CATEGORY)
            text = ken_strings_at(&t->text, t->dtype == KEN_STRING ? i : (int64_t)ken_column_f64(t, i),
                                  &size);
        else
            size = (int64_t)strlen(ken_column_format(t, i, buf, sizeof buf));
        KEN_TRY(ken_dict_add(dict, text, (size_t)size, &code));
    }
    return KEN_OK;
}

ken_status ken__cv_two_classes(ken_ctx *ctx, const ken_data *data, bool *two) {
    ken_dict *dict = NULL;
    KEN_TRY(ken_dict_new(ctx, &dict));
    const ken_status status = cross_list_classes(ctx, data, dict);
    *two = ken_dict_count(dict) == 2;
    ken_dict_free(dict);
    return status;
}

static ken_status cross_copy_classes(ken_ctx *ctx, const ken_dict *dict, ken_cv_result *r) {
    const ken_strings keys = ken_dict_keys(dict);
    int64_t *offset;
    char *bytes;
    KEN_TRY(KEN_ALLOC(ctx, int64_t, keys.n + 1, &offset));
    r->classes.offset = offset;
    if (keys.n) memcpy(offset, keys.offset, sizeof(*offset) * (size_t)(keys.n + 1));
    KEN_TRY(KEN_ALLOC(ctx, char, offset[keys.n], &bytes));
    r->classes.bytes = bytes;
    if (offset[keys.n]) memcpy(bytes, keys.bytes, (size_t)offset[keys.n]);
    r->classes.n = keys.n;
    r->n_classes = (int)keys.n;
    return KEN_OK;
}

static void cross_choose_splitter(const ken_cv_options *o, cross_run *run, void *room) {
    run->splitter = o->splitter;
    run->splitter_params = o->splitter_params;
    if (run->splitter) {
        if (!run->splitter_params) run->splitter_params = run->splitter->defaults;
        return;
    }
    run->splitter = run->data.group                 ? &ken_group_kfold_desc
                    : run->data.time                ? &ken_time_split_desc
                    : run->data.task == KEN_CLASSIFY ? &ken_stratified_kfold_desc
                                                    : &ken_kfold_desc;
    memcpy(room, run->splitter->defaults, run->splitter->params_size);
    *(int64_t *)room = o->folds; /* the first field of each of them */
    run->splitter_params = room;
}

static ken_status cross_alloc(ken_ctx *ctx, const ken_cv_options *o, const cross_run *run, ken_cv_result *r) {
    const int64_t f = r->folds;
    const ken_judged what = {.task = r->task,
                             .n_classes = r->n_classes,
                             .answer = ken_model_answer(run->model),
                             .bounds = run->data.event || run->data.upper};
    int n = 0;
    if (o->metrics)
        while (o->metrics[n]) n++;
    else
        n = ken_metrics_suited(&what, true, NULL, 0);
    KEN_TRY(KEN_ALLOC(ctx, const ken_desc *, n, &r->metric));
    if (o->metrics)
        memcpy(r->metric, o->metrics, sizeof(*r->metric) * (size_t)n);
    else
        ken_metrics_suited(&what, true, r->metric, n);
    r->n_metrics = n;
    KEN_TRY(KEN_ALLOC(ctx, double, f * n, &r->score));
    KEN_TRY(KEN_ALLOC(ctx, double, n, &r->mean));
    KEN_TRY(KEN_ALLOC(ctx, double, n, &r->se));
    KEN_TRY(KEN_ALLOC(ctx, double, f, &r->fit_s));
    KEN_TRY(KEN_ALLOC(ctx, double, f, &r->predict_s));
    KEN_TRY(KEN_ALLOC(ctx, int64_t, f, &r->rows_train));
    KEN_TRY(KEN_ALLOC(ctx, int64_t, f, &r->rows_test));
    if (o->keep_predictions) {
        KEN_TRY(KEN_ALLOC(ctx, double, r->n, &r->prediction));
        for (int64_t i = 0; i < r->n; i++) r->prediction[i] = NAN;
    }
    return KEN_OK;
}

/* --- one fold ------------------------------------------------------------------------------------------- */

static ken_status cross_model_bytes(ken_ctx *ctx, const ken_model *model, int64_t *out) {
    ken_bundle *bundle = NULL;
    KEN_TRY(ken_model_pack(ctx, model, &bundle));
    *out = (int64_t)strlen(ken_bundle_json(bundle));
    for (int i = 0; i < ken_bundle_count(bundle); i++) {
        const ken_tensor *t = &ken_bundle_at(bundle, i)->tensor;
        *out += ken_tensor_count(t) * (int64_t)ken_dtype_size(t->dtype);
    }
    ken_bundle_free(bundle);
    return KEN_OK;
}

/* Out-of-fold predictions; classes from the fold's own numbers to those of the whole. */
static void cross_keep(const cross_run *run, const ken_model *model, const ken_predictions *p,
                       ken_cv_result *r) {
    for (int64_t i = 0; i < p->n; i++) {
        double value = p->predicted[i];
        if (p->task == KEN_CLASSIFY) {
            const char *text = ken_model_class(model, (int)value);
            value = ken_dict_find(run->classes, text, strlen(text));
        }
        r->prediction[p->row[i]] = value;
    }
}

static ken_status cross_score(ken_ctx *ctx, const cross_run *run, int64_t f, const ken_model *model,
                              ken_cv_result *r) {
    ken_predictions p;
    int64_t n = 0;
    for (int64_t i = 0; i < r->n; i++)
        if (run->role[i] == KEN_ROLE_TEST) run->rows[n++] = i;
    KEN_TRY(ken_predictions_new(ctx, model, run->data.table, run->data.target, run->data.weight,
                                run->rows, n, &p));
    bool more = false;
    for (int m = 0; m < r->n_metrics; m++) more |= r->metric[m]->metric && r->metric[m]->metric->looks_at;
    ken_status status = KEN_OK;
    if (more) status = ken_predictions_side(ctx, &p, run->data.group, run->data.event, run->data.upper);
    for (int m = 0; status == KEN_OK && m < r->n_metrics; m++) {
        double *score = &r->score[f * r->n_metrics + m];
        *score = NAN; /* a fold with fewer classes than the whole leaves some metrics undefined */
        const bool binary = r->metric[m]->metric && r->metric[m]->metric->binary_only;
        if (binary && r->n_classes == 2 && p.n_classes != 2) continue;
        status = ken_predictions_metric(ctx, &p, r->metric[m], score);
    }
    r->rows_test[f] = p.n;
    r->n_unseen += p.n_unseen;
    r->predict_s[f] = p.predict_s;
    if (r->prediction) cross_keep(run, model, &p, r);
    ken_predictions_free(&p);
    return status;
}

static ken_status cross_fit(ken_ctx *ctx, const cross_run *run, int64_t f, ken_model *model,
                            ken_cv_result *r) {
    const double begin = ken_ctx_clock(ctx);
    KEN_TRY(ken_model_fit(ctx, model, &run->data));
    r->fit_s[f] = ken_ctx_clock(ctx) - begin;
    r->rows_train[f] = ken_model_rows_train(model);
    if (f == 0) KEN_TRY(cross_model_bytes(ctx, model, &r->model_bytes));
    return cross_score(ctx, run, f, model, r);
}

static ken_status cross_fold(ken_ctx *ctx, cross_run *run, int64_t f, ken_cv_result *r) {
    ken_model *model = NULL;
    run->data.role = run->given;
    KEN_TRY(ken_split(ctx, run->splitter, run->splitter_params, &run->data, f, run->role));
    run->data.role = run->role;
    KEN_TRY(ken_model_clone(ctx, run->model, &model));
    const ken_mark mark = ken_scratch_mark(ctx);
    const ken_status status = cross_fit(ctx, run, f, model, r);
    ken_scratch_release(ctx, mark);
    ken_model_free(model);
    return status;
}

/* --- all folds ------------------------------------------------------------------------------------------ */

static void cross_summarize(ken_cv_result *r) {
    for (int m = 0; m < r->n_metrics; m++) {
        double sum = 0, square = 0;
        int64_t n = 0;
        for (int64_t f = 0; f < r->folds; f++) {
            const double score = r->score[f * r->n_metrics + m];
            if (isnan(score)) continue;
            sum += score;
            n++;
        }
        r->mean[m] = n ? sum / (double)n : NAN;
        for (int64_t f = 0; f < r->folds; f++) {
            const double off = r->score[f * r->n_metrics + m] - r->mean[m];
            if (!isnan(off)) square += off * off;
        }
        r->se[m] = n > 1 ? sqrt(square / (double)(n - 1) / (double)n) : NAN;
    }
}

static ken_status cross_run_all(ken_ctx *ctx, const ken_cv_options *o, cross_run *run,
                                ken_cv_result *r) {
    union {
        ken_kfold_params kfold;
        ken_group_kfold_params group;
        ken_time_split_params time;
    } room;
    if (!run->data.target || !run->data.table)
        return KEN_FAIL(ctx, KEN_E_ARG, "set data.table and data.target",
                        "cross-validation: no target given");
    if (run->data.task == KEN_TASK_AUTO)
        KEN_TRY(ken_model_task_of(ctx, run->model, run->data.target, &run->data.task));
    r->task = run->data.task;
    r->n = ken_table_rows(run->data.table);
    if (r->task == KEN_CLASSIFY) {
        KEN_TRY(cross_list_classes(ctx, &run->data, run->classes));
        KEN_TRY(cross_copy_classes(ctx, run->classes, r));
    }
    cross_choose_splitter(o, run, &room);
    if (run->splitter->kind != KEN_SPLITTER)
        return KEN_FAIL(ctx, KEN_E_ARG, "take a splitter", "%s: is not a splitter",
                        run->splitter->name);
    KEN_TRY(ken_params_check(ctx, run->splitter, run->splitter_params));
    r->splitter = run->splitter->name;
    r->folds = run->splitter->splitter->count(run->splitter_params);
    KEN_TRY(cross_alloc(ctx, o, run, r));
    KEN_TRY(KEN_SCRATCH(ctx, uint8_t, r->n, &run->role));
    KEN_TRY(KEN_SCRATCH(ctx, int64_t, r->n, &run->rows));
    for (int64_t f = 0; f < r->folds; f++) {
        const ken_progress at = ken_progress_of("cross-validation", f + 1, r->folds);
        KEN_TRY(ken_check_cancel(ctx));
        KEN_TRY(cross_fold(ctx, run, f, r));
        ken_report_progress(ctx, &at);
    }
    cross_summarize(r);
    return KEN_OK;
}

ken_status ken_cross_validate(ken_ctx *ctx, const ken_model *model, const ken_data *data,
                              const ken_cv_options *options, ken_cv_result *out) {
    static const ken_cv_options defaults = KEN_CV_DEFAULTS;
    cross_run run = {.model = model, .data = *data, .given = data->role};
    const ken_mark mark = ken_scratch_mark(ctx);
    memset(out, 0, sizeof *out);
    out->alloc = ken_ctx_allocator(ctx);
    ken_status status = ken_dict_new(ctx, &run.classes);
    if (status == KEN_OK) status = cross_run_all(ctx, options ? options : &defaults, &run, out);
    ken_dict_free(run.classes);
    ken_scratch_release(ctx, mark);
    if (status != KEN_OK) ken_cv_result_free(out);
    return status;
}

double ken_corrected_t(const double *a, const double *b, int64_t folds, double test_ratio,
                       double *difference) {
    double sum = 0, square = 0;
    int64_t n = 0;
    for (int64_t f = 0; f < folds; f++)
        if (!isnan(a[f] - b[f])) sum += a[f] - b[f], n++;
    *difference = n ? sum / (double)n : NAN;
    if (n < 2) return NAN;
    for (int64_t f = 0; f < folds; f++) {
        const double off = a[f] - b[f] - *difference;
        if (!isnan(off)) square += off * off;
    }
    const double variance = (1.0 / (double)n + test_ratio) * square / (double)(n - 1);
    if (variance <= 0) return *difference == 0 ? 1.0 : 0.0;
    return KEN_MIN(2 * ken_t_sf(fabs(*difference) / sqrt(variance), (double)(n - 1)), 1.0);
}
