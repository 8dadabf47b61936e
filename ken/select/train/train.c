/* Train: hold-out, choice, fit, evaluation. Read cross_validate.c and compare.c for the choice. */
#include "ken/select/train/train.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "ken/boosting/boosting/boosting.h"

/* --- the model that is named ------------------------------------------------------------------------- */
static ken_status train_set(ken_ctx *ctx, const ken_train_options *o, ken_model *model) {
    char setting[256];
    for (const char *const *s = o->settings; s && *s; s++) {
        const char *equals = strchr(*s, '=');
        const size_t size = equals ? (size_t)(equals - *s) : 0;
        if (!equals || size == 0 || size >= sizeof setting)
            return KEN_FAIL(ctx, KEN_E_ARG, "write a setting as name=value", "'%.80s' is no setting", *s);
        memcpy(setting, *s, size);
        setting[size] = 0;
        KEN_TRY(ken_model_set(ctx, model, setting, equals + 1));
    }
    return KEN_OK;
}

static ken_status train_named(ken_ctx *ctx, const ken_train_options *o, const char *name, ken_model **out) {
    const ken_candidate candidate = {name, NULL, NULL};
    KEN_TRY(ken_candidate_new(ctx, &candidate, out));
    return train_set(ctx, o, *out);
}

/* As the model's parameters ask for, or else its target. */
static ken_status train_task(ken_ctx *ctx, const ken_train_options *o, ken_data *data) {
    ken_model *named = NULL;
    if (o->from) data->task = ken_model_task(o->from);
    if (o->from) return KEN_OK;
    if (!o->model) return ken_task_of(ctx, data->target, &data->task);
    ken_status status = train_named(ctx, o, o->model, &named);
    if (status == KEN_OK) status = ken_model_task_of(ctx, named, data->target, &data->task);
    ken_model_free(named);
    return status;
}

/* --- views ------------------------------------------------------------------------------------------ */
static ken_status train_column(ken_ctx *ctx, const ken_table *table, const char *name,
                               const ken_column **out) {
    int j;
    *out = NULL;
    if (!name) return KEN_OK;
    KEN_TRY(ken_table_require(ctx, table, name, &j));
    *out = ken_table_column(table, j);
    return KEN_OK;
}

/* Whether the model is named, and learns without a target. */
static bool train_detects(ken_ctx *ctx, const ken_train_options *o) {
    const ken_desc *desc;
    return o->model && ken_catalog_find(ctx, o->model, KEN_ESTIMATOR, &desc) == KEN_OK && desc->tasks == KEN_DETECT;
}

ken_status ken_train_data(ken_ctx *ctx, const ken_table *table, const ken_train_options *o,
                          ken_table **features, ken_data *data) {
    int *keep, n = 0;
    *features = NULL;
    memset(data, 0, sizeof *data);
    if (!o->target && !train_detects(ctx, o))
        return KEN_FAIL(ctx, KEN_E_ARG, "name the column to predict", "train: there is no target");
    KEN_TRY(train_column(ctx, table, o->target, &data->target));
    KEN_TRY(train_column(ctx, table, o->weight, &data->weight));
    KEN_TRY(train_column(ctx, table, o->group, &data->group));
    KEN_TRY(train_column(ctx, table, o->time, &data->time));
    KEN_TRY(train_column(ctx, table, o->offset, &data->offset));
    KEN_TRY(train_column(ctx, table, o->event, &data->event));
    KEN_TRY(train_column(ctx, table, o->upper, &data->upper));
    const ken_mark mark = ken_scratch_mark(ctx);
    KEN_TRY(KEN_SCRATCH(ctx, int, ken_table_cols(table), &keep));
    for (int j = 0; j < ken_table_cols(table); j++) {
        const ken_column *const c = ken_table_column(table, j);
        const bool feature = c != data->target && c != data->weight && c != data->group &&
                             c != data->offset && c != data->event && c != data->upper;
        if (feature) keep[n++] = j;
    }
    ken_status status = ken_table_select(ctx, table, keep, n, features);
    ken_scratch_release(ctx, mark);
    data->table = *features;
    data->task = o->task;
    if (!data->target) data->task = KEN_DETECT;
    if (data->task == KEN_TASK_AUTO && (data->event || data->upper)) data->task = KEN_REGRESS;
    if (status == KEN_OK && data->task == KEN_TASK_AUTO) status = train_task(ctx, o, data);
    if (status == KEN_OK) return KEN_OK;
    ken_table_free(*features);
    *features = NULL;
    return status;
}

/* --- validation rows that are given ------------------------------------------------------------------ */
static ken_status train_check_validation(ken_ctx *ctx, const ken_train_options *o) {
    const ken_desc *desc = o->from ? ken_model_desc(o->from) : NULL;
    if (!o->validation) return KEN_OK;
    if (!desc && !o->model)
        return KEN_FAIL(ctx, KEN_E_ARG, "name it: boosting stops early", "train: validation rows are for one model");
    if (!desc) KEN_TRY(ken_catalog_find(ctx, o->model, KEN_ESTIMATOR, &desc));
    if (!(desc->tags & KEN_TAG_EARLY_STOP) || o->refit || o->intervals > 0)
        return KEN_FAIL(ctx, KEN_E_ARG, "leave them out, or choose boosting, which does",
                        "train: validation rows are for a fit that stops early%s%s", o->refit || o->intervals > 0 ? "" : ", not for ",
                        o->refit || o->intervals > 0 ? "" : desc->name);
    if (o->folds > 0)
        return KEN_FAIL(ctx, KEN_E_ARG, "leave out one of them", "train: validation rows and cross-validation");
    return KEN_OK;
}

/* They stand under the table from now on, with the role of validation; the columns are found anew. */
static ken_status train_add_validation(ken_ctx *ctx, const ken_table *table, const ken_train_options *o, ken_training *t) {
    const int64_t n = ken_table_rows(table), more = ken_table_rows(o->validation);
    const ken_task task = t->data.task;
    ken_table *all = NULL, *features;
    KEN_TRY(ken_table_stack(ctx, "--validation", table, o->validation, &all));
    const ken_status status = ken_train_data(ctx, all, o, &features, &t->data);
    if (status != KEN_OK) {
        ken_table_free(all);
        return status;
    }
    ken_table_keep(features, all);
    ken_table_free(t->features);
    t->features = features;
    t->data.task = task;
    KEN_TRY(ken_grow(ctx, (void **)&t->role, (size_t)n, (size_t)(n + more), sizeof *t->role));
    memset(t->role + n, KEN_ROLE_VALIDATION, (size_t)more);
    t->data.role = t->role;
    for (int64_t i = n; i < n + more; i++) t->rows_validation += !ken_column_missing(t->data.target, i);
    if (t->rows_validation == 0)
        return KEN_FAIL(ctx, KEN_E_VALUE, "give rows whose target is known",
                        "--validation: no row has a value that the target '%s' has in training", t->data.target->name);
    return KEN_OK;
}

/* --- choice ------------------------------------------------------------------------------------------- */
static ken_status train_find_metric(ken_ctx *ctx, const ken_train_options *o, ken_training *t) {
    const char *name = o->metric;
    const ken_judged what = ken_predictions_judged(&t->evaluation.predictions);
    if (!name) name = ken_metric_default(&what);
    KEN_TRY(ken_catalog_find(ctx, name, KEN_METRIC, &t->metric));
    if (t->metric->tasks & t->data.task) return KEN_OK;
    return KEN_FAIL(ctx, KEN_E_ARG, "'ken models' lists the metrics of each task",
                    "the metric '%s' cannot %s", name, ken_task_name(t->data.task));
}

static ken_status train_compare(ken_ctx *ctx, const ken_train_options *o, ken_training *t, ken_model **out) {
    ken_candidate candidates[16];
    ken_compare_options options = KEN_COMPARE_DEFAULTS;
    const int64_t d = ken_table_cols(t->features);
    const int n = ken_candidates_default(t->data.task, t->rows_train, d, candidates, KEN_COUNT(candidates));
    if (o->settings && *o->settings)
        return KEN_FAIL(ctx, KEN_E_ARG, "name the model they are for", "settings without a model");
    options.metric = o->metric;
    options.cv.folds = o->folds > 1 ? o->folds : ken_compare_folds(t->rows_train, d);
    KEN_TRY(ken_compare(ctx, candidates, n, &t->data, &options, &t->comparison));
    t->metric = t->comparison.metric;
    return ken_candidate_new(ctx, &candidates[t->comparison.row[0].candidate], out);
}

static ken_status train_choose(ken_ctx *ctx, const ken_train_options *o, ken_training *t, ken_model **out) {
    ken_cv_options cv = KEN_CV_DEFAULTS;
    if (o->from) return train_set(ctx, o, *out);
    if (!o->model) return train_compare(ctx, o, t, out);
    KEN_TRY(train_named(ctx, o, o->model, out));
    if (o->folds < 2) return KEN_OK;
    if (!t->data.target)
        return KEN_FAIL(ctx, KEN_E_UNSUPPORTED, "leave the folds out", "%s has no target to be cross-validated against",
                        o->model);
    cv.folds = o->folds;
    return ken_cross_validate(ctx, *out, &t->data, &cv, &t->cv);
}

/* --- intervals ------------------------------------------------------------------------------------------ */
/* The parameters of `from`, and of models that are among them, into those of `to` under a prefix. */
static ken_status train_copy_params(ken_ctx *ctx, const ken_model *from, const char *prefix, ken_model *to) {
    const ken_desc *desc = ken_model_desc(from);
    char name[192];
    for (const ken_param *p = desc->params; p && p->name; p++) {
        const char *value;
        ken_text text = ken_text_new(ctx);
        snprintf(name, sizeof name, "%s.%s", prefix, p->name);
        ken_param_format(p, ken_model_params(from), &text);
        ken_status status = ken_text_end(&text, &value);
        if (status == KEN_OK) status = ken_model_set(ctx, to, name, value);
        ken_text_free(&text);
        KEN_TRY(status);
        if (p->type == KEN_PARAM_MODEL) KEN_TRY(train_copy_params(ctx, ken_model_base(from, p->name), name, to));
    }
    return KEN_OK;
}

/* The chosen model becomes the base of a conformal one, and its recipe that one's. */
static ken_status train_wrap(ken_ctx *ctx, double coverage, ken_model *chosen, ken_model *out) {
    char number[40];
    ken_format_f64(coverage, number);
    KEN_TRY(ken_model_set(ctx, out, "base", ken_model_desc(chosen)->name));
    KEN_TRY(train_copy_params(ctx, chosen, "base", out));
    KEN_TRY(ken_model_set(ctx, out, "coverage", number));
    return ken_model_recipe(chosen) ? train_copy_params(ctx, ken_model_recipe(chosen), "recipe", out) : KEN_OK;
}

static ken_status train_intervals(ken_ctx *ctx, const ken_train_options *o, ken_model **model) {
    const ken_candidate conformal = {"conformal", NULL, NULL};
    ken_model *out;
    if (!(o->intervals > 0)) return KEN_OK;
    if (o->from)
        return KEN_FAIL(ctx, KEN_E_ARG, "leave the intervals out", "train: a model that is fitted already gets no intervals");
    KEN_TRY(ken_candidate_new(ctx, &conformal, &out));
    const ken_status status = train_wrap(ctx, o->intervals, *model, out);
    ken_model_free(status == KEN_OK ? *model : out);
    if (status == KEN_OK) *model = out;
    return status;
}

/* How often the target lies in the interval (its class in the set), and how wide that is, on the rows set aside. */
static ken_status train_coverage_of(ken_ctx *ctx, const ken_model *model, ken_training *t) {
    const int64_t n = ken_table_rows(t->features), k = ken_model_n_classes(model), width = k ? k : 2;
    double *out, inside = 0, size = 0, rows = 0;
    int32_t *code = NULL;
    KEN_TRY(KEN_SCRATCH(ctx, double, width * n, &out));
    if (k) KEN_TRY(KEN_SCRATCH(ctx, int32_t, n, &code));
    if (k) KEN_TRY(ken_model_encode_target(ctx, model, t->data.target, code));
    ken_tensor into = ken_tensor_2d(out, KEN_F64, n, width);
    KEN_TRY(ken_model_predict(ctx, model, t->features, k ? KEN_WHAT_SET : KEN_WHAT_INTERVAL, &into));
    for (int64_t i = 0; i < n; i++) {
        const double *row = out + i * width, y = ken_column_f64(t->data.target, i);
        if (t->role[i] != KEN_ROLE_TEST || ken_column_missing(t->data.target, i)) continue;
        inside += k ? code[i] >= 0 && row[code[i]] == 1 : y >= row[0] && y <= row[1];
        for (int64_t c = 0; c < k; c++) size += row[c];
        if (!k) size += row[1] - row[0];
        rows++;
    }
    t->coverage = inside / rows, t->interval_width = size / rows;
    return KEN_OK;
}

static ken_status train_coverage(ken_ctx *ctx, const ken_train_options *o, const ken_model *model, ken_training *t) {
    const ken_mark mark = ken_scratch_mark(ctx);
    const ken_status status = o->intervals > 0 && t->rows_test ? train_coverage_of(ctx, model, t) : KEN_OK;
    ken_scratch_release(ctx, mark);
    return status;
}

/* --- fit and evaluation ---------------------------------------------------------------------------------- */
static ken_status train_hold_out(ken_ctx *ctx, double fraction, ken_training *t) {
    const int64_t n = ken_table_rows(t->features);
    KEN_TRY(KEN_ALLOC(ctx, uint8_t, n, &t->role));
    if (fraction > 0 && t->data.target) KEN_TRY(ken_split_holdout(ctx, &t->data, fraction, t->role));
    t->data.role = t->role;
    for (int64_t i = 0; i < n; i++) {
        if (t->data.target && ken_column_missing(t->data.target, i)) continue;
        t->rows_train += t->role[i] == KEN_ROLE_TRAIN;
        t->rows_test += t->role[i] == KEN_ROLE_TEST;
    }
    return KEN_OK;
}

static ken_status train_evaluate(ken_ctx *ctx, const ken_model *model, const ken_training *t, bool full,
                                 ken_evaluation *out) {
    ken_evaluate_options options = KEN_EVALUATE_DEFAULTS;
    const ken_desc **judged = NULL; /* a baseline: by what the model is judged by */
    int64_t *rows, n = 0;
    const ken_mark mark = ken_scratch_mark(ctx);
    options.intervals = full;
    options.all_metrics = full;
    options.group = t->data.group, options.event = t->data.event, options.upper = t->data.upper;
    if (!full) {
        KEN_TRY(KEN_SCRATCH(ctx, const ken_desc *, t->evaluation.n_metrics + 1, &judged));
        for (int i = 0; i < t->evaluation.n_metrics; i++) judged[i] = t->evaluation.metric[i].desc;
        judged[t->evaluation.n_metrics] = NULL;
        options.metrics = judged;
    }
    KEN_TRY(KEN_SCRATCH(ctx, int64_t, t->rows_test, &rows));
    for (int64_t i = 0; i < ken_table_rows(t->features); i++)
        if (t->role[i] == KEN_ROLE_TEST) rows[n++] = i;
    const ken_status status =
        ken_evaluate(ctx, model, t->features, t->data.target, t->data.weight, rows, n, &options, out);
    ken_scratch_release(ctx, mark);
    return status;
}

static ken_status train_baseline(ken_ctx *ctx, ken_training *t) {
    const ken_candidate dummy = {"dummy", NULL, NULL};
    ken_model *model = NULL;
    KEN_TRY(ken_candidate_new(ctx, &dummy, &model));
    ken_data plain = t->data; /* a baseline knows the target only */
    plain.offset = plain.event = plain.upper = NULL;
    ken_status status = ken_model_fit(ctx, model, &plain);
    if (status == KEN_OK) status = train_evaluate(ctx, model, t, false, &t->baseline);
    ken_model_free(model);
    return status;
}

/* A metric to stop by, and no rows to look at. */
static void train_warn_of_metric(ken_ctx *ctx, const ken_model *model, const ken_training *t) {
    if (ken_model_desc(model) != &ken_boosting_desc || t->rows_validation > 0) return;
    const ken_boosting_params *const p = ken_model_params(model);
    if (*p->metric)
        ken_warn(ctx, "boosting: metric=%s is not looked at: there are no validation rows (early_stopping=on sets some "
                      "aside)", p->metric);
}

static ken_status train_all(ken_ctx *ctx, const ken_table *table, const ken_train_options *o, ken_model **model,
                            ken_training *t) {
    if (!(o->test >= 0 && o->test <= 0.9))
        return KEN_FAIL(ctx, KEN_E_ARG, "give a share from 0 to 0.9", "train: test is %g", o->test);
    KEN_TRY(train_check_validation(ctx, o));
    KEN_TRY(ken_train_data(ctx, table, o, &t->features, &t->data));
    if (o->from && o->target && strcmp(o->target, ken_model_target(o->from)) != 0)
        return KEN_FAIL(ctx, KEN_E_ARG, "name its target", "train: the model was fitted to '%s', not to '%s'",
                        ken_model_target(o->from), o->target);
    KEN_TRY(train_hold_out(ctx, o->test, t));
    if (o->validation) KEN_TRY(train_add_validation(ctx, table, o, t));
    if (o->metric) KEN_TRY(train_find_metric(ctx, o, t));
    KEN_TRY(train_choose(ctx, o, t, model));
    KEN_TRY(train_intervals(ctx, o, model));
    const double start = ken_ctx_clock(ctx);
    KEN_TRY(!o->from   ? ken_model_fit(ctx, *model, &t->data)
            : o->refit ? ken_model_refit(ctx, *model, &t->data, o->decay)
                       : ken_model_fit_on(ctx, *model, &t->data));
    t->fit_s = ken_ctx_clock(ctx) - start;
    if (!o->validation) t->rows_validation = t->rows_train - ken_model_rows_train(*model);
    train_warn_of_metric(ctx, *model, t);
    if (t->rows_test == 0) return KEN_OK;
    KEN_TRY(train_coverage(ctx, o, *model, t));
    KEN_TRY(train_evaluate(ctx, *model, t, true, &t->evaluation));
    t->predict_s = t->evaluation.predictions.predict_s;
    if (!t->metric) KEN_TRY(train_find_metric(ctx, o, t));
    const ken_evaluation_metric *m = ken_evaluation_find(&t->evaluation, t->metric->name);
    t->score = m ? m->interval.value : (double)NAN;
    return train_baseline(ctx, t);
}

ken_status ken_train(ken_ctx *ctx, const ken_table *table, const ken_train_options *options,
                     ken_model **model, ken_training *out) {
    memset(out, 0, sizeof *out);
    out->alloc = ken_ctx_allocator(ctx);
    out->score = out->fit_s = out->predict_s = out->coverage = out->interval_width = (double)NAN;
    *model = options->from;
    const ken_status status = train_all(ctx, table, options, model, out);
    if (status != KEN_OK) {
        ken_model_free(*model);
        *model = NULL;
    }
    return status;
}

void ken_training_free(ken_training *t) {
    if (!t) return;
    ken_table_free(t->features);
    ken_allocator_free(&t->alloc, t->role);
    ken_evaluation_free(&t->evaluation);
    ken_evaluation_free(&t->baseline);
    ken_comparison_free(&t->comparison);
    ken_cv_result_free(&t->cv);
    memset(t, 0, sizeof *t);
}
