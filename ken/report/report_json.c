/* Results as JSON. */
#include "ken/report/report_json.h"

#include <math.h>
#include <stdio.h>

#include "ken/boosting/boosting/boosting.h"

/* --- metrics ------------------------------------------------------------------------------------------ */

void ken_report_json_metrics(const ken_evaluation *e, ken_json_writer *w) {
    ken_json_put_key(w, "metrics");
    ken_json_object(w);
    for (int i = 0; i < e->n_metrics; i++) KEN_JSON(w, e->metric[i].desc->name, f64, e->metric[i].interval.value);
    ken_json_end_object(w);
    ken_json_put_key(w, "intervals");
    ken_json_object(w);
    for (int i = 0; i < e->n_metrics; i++) {
        const ken_interval *v = &e->metric[i].interval;
        if (isnan(v->low) && isnan(v->high)) continue;
        ken_json_put_key(w, e->metric[i].desc->name);
        ken_json_object(w);
        KEN_JSON(w, "low", f64, v->low);
        KEN_JSON(w, "high", f64, v->high);
        KEN_JSON(w, "method", string, v->method);
        ken_json_end_object(w);
    }
    ken_json_end_object(w);
}

static void results_confusion(const ken_evaluation *e, int k, ken_json_writer *w) {
    ken_json_put_key(w, "confusion");
    ken_json_array(w);
    for (int i = 0; i < k; i++) {
        ken_json_array(w);
        for (int j = 0; j < k; j++) ken_json_put_f64(w, e->confusion[i * k + j]);
        ken_json_end_array(w);
    }
    ken_json_end_array(w);
}

void ken_report_json_evaluation(const ken_model *m, const ken_evaluation *e, ken_json_writer *w) {
    KEN_JSON(w, "task", string, ken_task_name(ken_model_task(m)));
    KEN_JSON(w, "model", string, ken_model_desc(m)->name);
    KEN_JSON(w, "target", string, ken_model_target(m));
    KEN_JSON(w, "rows_train", i64, ken_model_rows_train(m));
    KEN_JSON(w, "rows_test", i64, e->predictions.n);
    KEN_JSON(w, "rows_unseen_class", i64, e->predictions.n_unseen);
    KEN_JSON(w, "rows_without_target", i64, e->predictions.n_missing);
    ken_report_json_metrics(e, w);
    if (e->confusion) results_confusion(e, ken_model_n_classes(m), w);
}

/* --- cross-validation and leaderboards ------------------------------------------------------------------- */

void ken_report_json_cv(const ken_cv_result *cv, ken_json_writer *w) {
    ken_json_put_key(w, "cv");
    ken_json_object(w);
    KEN_JSON(w, "splitter", string, cv->splitter);
    KEN_JSON(w, "folds", i64, cv->folds);
    for (int i = 0; i < cv->n_metrics; i++) {
        ken_json_put_key(w, cv->metric[i]->name);
        ken_json_object(w);
        KEN_JSON(w, "mean", f64, cv->mean[i]);
        KEN_JSON(w, "se", f64, cv->se[i]);
        ken_json_put_key(w, "folds");
        ken_json_array(w);
        for (int64_t f = 0; f < cv->folds; f++) ken_json_put_f64(w, cv->score[f * cv->n_metrics + i]);
        ken_json_end_array(w);
        ken_json_end_object(w);
    }
    ken_json_end_object(w);
}

void ken_report_json_compared(const ken_compare_row *r, ken_json_writer *w) {
    ken_json_object(w);
    KEN_JSON(w, "model", string, r->name);
    if (r->settings && *r->settings) KEN_JSON(w, "settings", string, r->settings);
    if (r->status != KEN_OK) {
        KEN_JSON(w, "error", string, r->message);
    } else {
        KEN_JSON(w, "mean", f64, r->mean);
        KEN_JSON(w, "se", f64, r->se);
        KEN_JSON(w, "fit_seconds", f64, r->fit_s);
        KEN_JSON(w, "predict_seconds", f64, r->predict_s);
        KEN_JSON(w, "bytes", i64, r->bytes);
        KEN_JSON(w, "difference", f64, r->difference);
        KEN_JSON(w, "p", f64, r->p);
        ken_report_json_cv(&r->cv, w);
    }
    ken_json_end_object(w);
}

/* --- training ----------------------------------------------------------------------------------------------- */

static void results_series(ken_json_writer *w, const char *name, const ken_tensor *t, int64_t first, int64_t step) {
    ken_json_put_key(w, name);
    ken_json_array(w);
    for (int64_t i = first; i < ken_tensor_count(t); i += step) ken_json_put_f64(w, ken_tensor_value(t, i));
    ken_json_end_array(w);
}

/* What early stopping looked at after each round; nothing without that. */
static void results_history(const ken_model *m, ken_json_writer *w) {
    const ken_tensor *loss = ken_model_attr(m, "validation_loss"), *metric = ken_model_attr(m, "validation_metric");
    const ken_strings *names = ken_model_attr_strings(m, "metrics");
    if (ken_model_desc(m) != &ken_boosting_desc || !loss) return;
    KEN_JSON(w, "rounds", i64, ken_boosting_rounds(m));
    ken_json_put_key(w, "history");
    ken_json_object(w);
    results_series(w, "validation_loss", loss, 0, 1);
    for (int64_t i = 0; names && metric && metric->ndim == 2 && metric->shape[1] == names->n && i < names->n; i++) {
        char name[128];
        int64_t size;
        const char *text = ken_strings_at(names, i, &size);
        snprintf(name, sizeof name, "%.*s", (int)KEN_MIN(size, 120), text);
        results_series(w, name, metric, i, names->n);
    }
    ken_json_end_object(w);
}

static void results_comparison(const ken_comparison *cmp, ken_json_writer *w) {
    ken_json_put_key(w, "compared");
    ken_json_array(w);
    for (int i = 0; i < cmp->n; i++) ken_report_json_compared(&cmp->row[i], w);
    ken_json_end_array(w);
    KEN_JSON(w, "reason", string, cmp->reason);
}

void ken_report_json_training(const ken_model *m, const ken_training *t, ken_json_writer *w) {
    KEN_JSON(w, "task", string, ken_task_name(ken_model_task(m)));
    KEN_JSON(w, "model", string, ken_model_desc(m)->name);
    KEN_JSON(w, "target", string, ken_model_target(m));
    KEN_JSON(w, "rows_train", i64, t->rows_train);
    KEN_JSON(w, "rows_validation", i64, t->rows_validation);
    KEN_JSON(w, "rows_test", i64, t->rows_test);
    ken_report_json_metrics(&t->evaluation, w);
    ken_json_put_key(w, "baseline");
    ken_json_object(w);
    for (int i = 0; i < t->baseline.n_metrics; i++)
        KEN_JSON(w, t->baseline.metric[i].desc->name, f64, t->baseline.metric[i].interval.value);
    ken_json_end_object(w);
    if (!isnan(t->coverage)) {
        KEN_JSON(w, "coverage", f64, t->coverage);
        KEN_JSON(w, "interval_width", f64, t->interval_width);
    }
    results_history(m, w);
    if (t->cv.folds) ken_report_json_cv(&t->cv, w);
    if (t->comparison.n) results_comparison(&t->comparison, w);
    KEN_JSON(w, "fit_seconds", f64, t->fit_s);
    KEN_JSON(w, "predict_seconds", f64, t->predict_s);
}

void ken_report_json_model(const ken_model *m, ken_json_writer *w) {
    ken_json_put_key(w, "parameters");
    ken_json_object(w);
    ken_model_write_params(m, w);
    ken_json_end_object(w);
    ken_json_put_key(w, "features");
    ken_json_array(w);
    for (int j = 0; j < ken_model_n_features(m); j++) ken_json_put_string(w, ken_model_feature(m, j));
    ken_json_end_array(w);
    if (ken_model_n_classes(m) == 0) return;
    ken_json_put_key(w, "classes");
    ken_json_array(w);
    for (int k = 0; k < ken_model_n_classes(m); k++) ken_json_put_string(w, ken_model_class(m, k));
    ken_json_end_array(w);
}

/* --- explanations --------------------------------------------------------------------------------------------- */

static void results_axis(const ken_effect_axis *axis, ken_json_writer *w) {
    ken_json_object(w);
    KEN_JSON(w, "column", string, axis->name);
    ken_json_put_key(w, "values");
    ken_json_array(w);
    for (int64_t g = 0; g < axis->n; g++) {
        if (axis->dtype == KEN_CATEGORY)
            ken_json_put_string(w, axis->label[g]);
        else
            ken_json_put_f64(w, axis->value[g]);
    }
    ken_json_end_array(w);
    ken_json_end_object(w);
}

void ken_report_json_points(const ken_report_shape *s, const double *value, ken_json_writer *w) {
    const int64_t n = s->axis[0]->n, m = s->n_axes == 2 ? s->axis[1]->n : 1;
    ken_json_array(w);
    for (int64_t i = 0; i < n; i++) {
        if (s->n_axes == 2) ken_json_array(w);
        for (int64_t j = 0; j < m; j++) ken_json_put_f64(w, value[i * m + j]);
        if (s->n_axes == 2) ken_json_end_array(w);
    }
    ken_json_end_array(w);
}

void ken_report_json_shape(const ken_model *m, const ken_report_shape *s, ken_json_writer *w) {
    const int classes = ken_model_n_classes(m);
    const int64_t points = s->axis[0]->n * (s->n_axes == 2 ? s->axis[1]->n : 1);
    KEN_JSON(w, "unit", string, s->unit);
    ken_json_put_key(w, "axes");
    ken_json_array(w);
    for (int a = 0; a < s->n_axes; a++) results_axis(s->axis[a], w);
    ken_json_end_array(w);
    ken_json_put_key(w, "outputs"); /* by class, or one of no name */
    ken_json_object(w);
    for (int k = 0; k < s->n_outputs; k++) {
        ken_json_put_key(w, !classes ? "value" : ken_model_class(m, s->n_outputs > 1 ? k : KEN_MIN(1, classes - 1)));
        ken_report_json_points(s, s->value + k * points, w);
    }
    ken_json_end_object(w);
}

static void results_together(const ken_report_input *in, ken_json_writer *w) {
    ken_json_put_key(w, "together");
    ken_json_array(w);
    for (int g = 0; g < in->n_together; g++) {
        ken_json_object(w);
        ken_json_put_key(w, "features");
        ken_json_array(w);
        for (int j = 0; j < ken_model_n_features(in->model); j++)
            if (in->together_of[j] == in->together[g].group) ken_json_put_string(w, ken_model_feature(in->model, j));
        ken_json_end_array(w);
        KEN_JSON(w, "mean", f64, in->together[g].mean);
        KEN_JSON(w, "sd", f64, in->together[g].sd);
        ken_json_end_object(w);
    }
    ken_json_end_array(w);
}

static void results_permutation(const ken_report_input *in, ken_json_writer *w) {
    KEN_JSON(w, "metric", string, in->permutation_info->metric);
    KEN_JSON(w, "score", f64, in->permutation_info->score);
    KEN_JSON(w, "rows", i64, in->permutation_info->rows);
    ken_json_put_key(w, "permutation");
    ken_json_array(w);
    for (int i = 0; i < in->n_permutation; i++) {
        ken_json_object(w);
        KEN_JSON(w, "feature", string, ken_model_feature(in->model, in->permutation[i].feature));
        KEN_JSON(w, "mean", f64, in->permutation[i].mean);
        KEN_JSON(w, "sd", f64, in->permutation[i].sd);
        ken_json_end_object(w);
    }
    ken_json_end_array(w);
    results_together(in, w);
}

static void results_effects(const ken_report_input *in, ken_json_writer *w) {
    ken_json_put_key(w, "effects");
    ken_json_array(w);
    for (int i = 0; i < in->n_effects; i++) {
        const ken_effect_view *v = ken_effect_get(in->effects[i]);
        const ken_report_shape s = {.axis = {&v->axis[0], &v->axis[1]}, .n_axes = v->n_axes, .n_outputs = v->n_outputs,
                                    .value = v->mean, .unit = v->unit};
        ken_json_object(w);
        ken_report_json_shape(in->model, &s, w);
        ken_json_end_object(w);
    }
    ken_json_end_array(w);
}

void ken_report_json_columns(const ken_report_input *in, ken_json_writer *w) {
    if (in->permutation) results_permutation(in, w);
    if (in->importance) {
        ken_json_put_key(w, "importance");
        ken_json_object(w);
        KEN_JSON(w, "by", string, in->importance_name);
        for (int i = 0; i < ken_model_n_features(in->model); i++)
            KEN_JSON(w, ken_model_feature(in->model, i), f64, in->importance[i]);
        ken_json_end_object(w);
    }
    if (in->n_effects) results_effects(in, w);
}

void ken_report_json_account(const ken_account *a, ken_json_writer *w) {
    const ken_shap_view *v = ken_shap_get(a->shap);
    KEN_JSON(w, "model", string, ken_model_desc(a->model)->name);
    KEN_JSON(w, "row", i64, a->row + 1);
    ken_json_put_key(w, "prediction");
    if (a->proba)
        ken_json_put_string(w, ken_model_class(a->model, (int)a->value));
    else
        ken_json_put_f64(w, a->value);
    if (a->proba) {
        ken_json_put_key(w, "proba");
        ken_json_object(w);
        for (int k = 0; k < ken_model_n_classes(a->model); k++)
            KEN_JSON(w, ken_model_class(a->model, k), f64, a->proba[k]);
        ken_json_end_object(w);
        KEN_JSON(w, "explained_class", string, ken_account_class(a));
    }
    KEN_JSON(w, "method", string, a->asked ? "kernel" : "own");
    if (a->background_rows) KEN_JSON(w, "background_rows", i64, a->background_rows);
    KEN_JSON(w, "unit", string, v->unit);
    KEN_JSON(w, "base", f64, v->base[a->output]);
    KEN_JSON(w, "sum", f64, v->sum[a->output]);
    ken_json_put_key(w, "contributions");
    ken_json_array(w);
    for (int i = 0; i < a->n_parts; i++) {
        ken_json_object(w);
        KEN_JSON(w, "feature", string, ken_account_name(a, i));
        KEN_JSON(w, "value", string, a->parts[i].text);
        KEN_JSON(w, "contribution", f64, a->parts[i].contribution);
        ken_json_end_object(w);
    }
    ken_json_end_array(w);
}
