/* Predictions beside the truth. Where rows are of a class that the model does not know, each metric gets
 * the view of them that treats it fairly: see ken_predictions_metric. */
#include "ken/select/select_predictions.h"

#include <math.h>
#include <string.h>

#include "ken/core/dict.h"

void ken_predictions_free(ken_predictions *p) {
    if (!p) return;
    void *const owned[] = {p->row, p->y, p->label, p->predicted, p->proba, p->weight, p->group, p->upper};
    for (int i = 0; i < KEN_COUNT(owned); i++)
        if (owned[i]) ken_allocator_free(&p->alloc, owned[i]);
    memset(p, 0, sizeof *p);
}

static ken_status select_alloc(ken_ctx *ctx, ken_predictions *p, int64_t n, bool weighted) {
    if (p->n_classes > 0 && n > INT64_MAX / 8 / p->n_classes)
        return KEN_FAIL(ctx, KEN_E_NOMEM, "evaluate fewer rows", "predictions: %lld rows of %d classes",
                        (long long)n, p->n_classes);
    KEN_TRY(KEN_ALLOC(ctx, int64_t, n, &p->row));
    KEN_TRY(KEN_ALLOC(ctx, double, n, &p->predicted));
    if (weighted) KEN_TRY(KEN_ALLOC(ctx, double, n, &p->weight));
    if (p->task != KEN_CLASSIFY) return KEN_ALLOC(ctx, double, n, &p->y);
    KEN_TRY(KEN_ALLOC(ctx, int32_t, n, &p->label));
    return KEN_ALLOC(ctx, double, n * p->n_classes, &p->proba);
}

/* The rows with a target among those asked for, their truth and their weights. */
static ken_status select_truth(ken_ctx *ctx, const ken_model *model, const ken_column *target,
                               const ken_column *weight, const int64_t *rows, int64_t n,
                               ken_predictions *p) {
    int32_t *codes = NULL;
    if (p->task == KEN_CLASSIFY) {
        KEN_TRY(KEN_SCRATCH(ctx, int32_t, target->n, &codes));
        KEN_TRY(ken_model_encode_target(ctx, model, target, codes));
    }
    for (int64_t i = 0; i < n; i++) {
        const int64_t row = rows ? rows[i] : i, at = p->n;
        if (ken_column_missing(target, row)) {
            p->n_missing++;
            continue;
        }
        p->row[at] = row;
        if (p->y) p->y[at] = ken_column_f64(target, row);
        if (codes) p->label[at] = codes[row];
        if (codes && codes[row] < 0) p->n_unseen++;
        if (weight) {
            p->weight[at] = ken_column_f64(weight, row);
            if (!(p->weight[at] >= 0))
                return KEN_FAIL(ctx, KEN_E_VALUE, "weights are numbers of at least 0",
                                "weight: row %lld of column '%s' is missing or negative",
                                (long long)row + 1, weight->name);
        }
        p->n++;
    }
    return KEN_OK;
}

static ken_status select_predict(ken_ctx *ctx, const ken_model *model, const ken_table *table,
                                 ken_predictions *p) {
    ken_table *some = NULL;
    const ken_table *all = table;
    if (p->n < ken_table_rows(table)) {
        KEN_TRY(ken_table_take(ctx, table, p->row, p->n, &some));
        all = some;
    }
    const bool classify = p->task == KEN_CLASSIFY;
    ken_tensor out = classify ? ken_tensor_2d(p->proba, KEN_F64, p->n, p->n_classes)
                              : ken_tensor_2d(p->predicted, KEN_F64, p->n, 1);
    const double begin = ken_ctx_clock(ctx);
    const ken_status status =
        ken_model_predict(ctx, model, all, classify ? KEN_WHAT_PROBA : KEN_WHAT_VALUE, &out);
    p->predict_s = ken_ctx_clock(ctx) - begin;
    ken_table_free(some);
    KEN_TRY(status);
    for (int64_t i = 0; classify && i < p->n; i++) {
        const double *proba = p->proba + i * p->n_classes;
        int best = 0;
        for (int c = 1; c < p->n_classes; c++)
            if (proba[c] > proba[best]) best = c;
        p->predicted[i] = best;
    }
    return KEN_OK;
}

ken_status ken_predictions_new(ken_ctx *ctx, const ken_model *model, const ken_table *table,
                               const ken_column *target, const ken_column *weight,
                               const int64_t *rows, int64_t n, ken_predictions *out) {
    const ken_mark mark = ken_scratch_mark(ctx);
    memset(out, 0, sizeof *out);
    out->alloc = ken_ctx_allocator(ctx);
    if (!ken_model_fitted(model))
        return KEN_FAIL(ctx, KEN_E_STATE, "fit it first", "%s is not fitted",
                        ken_model_desc(model)->name);
    if (!rows) n = ken_table_rows(table);
    if (!target || target->n != ken_table_rows(table) ||
        (weight && weight->n != ken_table_rows(table)))
        return KEN_FAIL(ctx, KEN_E_SHAPE, "take target and weights from the table",
                        "predictions: the table has %lld rows but its target has %lld",
                        (long long)ken_table_rows(table), target ? (long long)target->n : 0);
    out->task = ken_model_task(model);
    out->answer = ken_model_answer(model);
    out->n_classes = ken_model_n_classes(model);
    if (out->task != KEN_CLASSIFY && !ken_dtype_is_number(target->dtype))
        return KEN_FAIL(ctx, KEN_E_TYPE, "evaluate on a column of numbers",
                        "%s predicts numbers but '%s' is %s", ken_model_desc(model)->name,
                        target->name, ken_dtype_name(target->dtype));
    ken_status status = select_alloc(ctx, out, n, weight != NULL);
    if (status == KEN_OK) status = select_truth(ctx, model, target, weight, rows, n, out);
    if (status == KEN_OK) status = select_predict(ctx, model, table, out);
    ken_scratch_release(ctx, mark);
    if (status != KEN_OK) ken_predictions_free(out);
    return status;
}

/* --- groups and bounds ----------------------------------------------------------------------------- */

/* Numbered by their text, numbers by their bits. */
static ken_status select_group(ken_ctx *ctx, ken_predictions *p, const ken_column *group) {
    ken_dict *dict;
    ken_status status = KEN_OK;
    KEN_TRY(KEN_ALLOC(ctx, int32_t, p->n, &p->group));
    KEN_TRY(ken_dict_new(ctx, &dict));
    for (int64_t i = 0; status == KEN_OK && i < p->n; i++) {
        const int64_t row = p->row[i];
        int64_t size = sizeof(double);
        if (ken_column_missing(group, row)) {
            status = KEN_FAIL(ctx, KEN_E_VALUE, "fill it in or drop the row", "the group '%s' is missing in row %lld",
                              group->name, (long long)row + 1);
            break;
        }
        const double number = ken_dtype_is_number(group->dtype) ? ken_column_f64(group, row) + 0.0 : 0;
        const char *text = (const char *)&number;
        if (group->dtype == KEN_CATEGORY)
            text = ken_strings_at(&group->text, ((const int32_t *)group->data)[row * group->stride], &size);
        else if (group->dtype == KEN_STRING)
            text = ken_strings_at(&group->text, row, &size);
        status = ken_dict_add(dict, text, (size_t)size, &p->group[i]);
    }
    p->n_groups = (int32_t)ken_dict_count(dict);
    ken_dict_free(dict);
    return status;
}

static ken_status select_upper(ken_ctx *ctx, ken_predictions *p, const ken_column *event, const ken_column *upper) {
    const ken_column *const c = event ? event : upper;
    if (!p->y || !ken_dtype_is_number(c->dtype) || (event && upper))
        return KEN_FAIL(ctx, KEN_E_ARG, "give an event or an upper bound, a column of numbers, to a regression",
                        "'%s' cannot say that targets are bounds", c->name);
    KEN_TRY(KEN_ALLOC(ctx, double, p->n, &p->upper));
    for (int64_t i = 0; i < p->n; i++) {
        const double v = ken_column_f64(c, p->row[i]);
        if (event)
            p->upper[i] = v == 1 ? p->y[i] : (double)INFINITY;
        else
            p->upper[i] = isnan(v) ? (double)INFINITY : v;
        if ((event && v != 0 && v != 1) || !(p->upper[i] >= p->y[i]))
            return KEN_FAIL(ctx, KEN_E_VALUE, event ? "1: the target was seen, 0: it is later than that"
                                                    : "leave it empty where there is no upper bound",
                            "'%s' is %g in row %lld, of target %g", c->name, v, (long long)p->row[i] + 1, p->y[i]);
    }
    return KEN_OK;
}

ken_status ken_predictions_side(ken_ctx *ctx, ken_predictions *p, const ken_column *group, const ken_column *event,
                                const ken_column *upper) {
    if (group) KEN_TRY(select_group(ctx, p, group));
    return event || upper ? select_upper(ctx, p, event, upper) : KEN_OK;
}

/* --- views --------------------------------------------------------------------------------------- */

static ken_scores select_view(const ken_predictions *p) {
    return (ken_scores){.task = p->task, .n = p->n, .y = p->y, .label = p->label,
                        .n_classes = p->n_classes, .positive = p->n_classes > 1,
                        .predicted = p->predicted, .proba = p->proba, .weight = p->weight,
                        .group = p->group, .n_groups = p->n_groups, .upper = p->upper};
}

ken_status ken_predictions_scores(ken_ctx *ctx, const ken_predictions *p, ken_scores *out) {
    const int64_t known = p->n - p->n_unseen, k = p->n_classes;
    double *predicted, *proba, *weight = NULL;
    int32_t *label;
    int64_t at = 0;
    *out = select_view(p);
    if (!p->n_unseen) return KEN_OK;
    KEN_TRY(KEN_SCRATCH(ctx, int32_t, known, &label));
    KEN_TRY(KEN_SCRATCH(ctx, double, known, &predicted));
    KEN_TRY(KEN_SCRATCH(ctx, double, known * k, &proba));
    if (p->weight) KEN_TRY(KEN_SCRATCH(ctx, double, known, &weight));
    for (int64_t i = 0; i < p->n; i++) {
        if (p->label[i] < 0) continue;
        label[at] = p->label[i];
        predicted[at] = p->predicted[i];
        memcpy(proba + at * k, p->proba + i * k, sizeof(*proba) * (size_t)k);
        if (weight) weight[at] = p->weight[i];
        at++;
    }
    out->n = known, out->label = label, out->predicted = predicted, out->proba = proba;
    out->weight = weight;
    out->group = NULL; /* no metric of classes looks at groups */
    return KEN_OK;
}

/* All rows for a metric of labels: unseen classes are one class more, that is never predicted. For a
 * metric of the positive class they are negative: predicted so, they count for nothing there. */
static ken_status select_all_labels(ken_ctx *ctx, const ken_predictions *p, bool binary,
                                    ken_scores *out) {
    int32_t *label;
    *out = select_view(p);
    if (!p->n_unseen) return KEN_OK;
    KEN_TRY(KEN_SCRATCH(ctx, int32_t, p->n, &label));
    for (int64_t i = 0; i < p->n; i++)
        label[i] = p->label[i] >= 0 ? p->label[i] : binary ? 1 - out->positive : p->n_classes;
    out->label = label;
    out->proba = NULL;
    out->n_classes += !binary;
    return KEN_OK;
}

static ken_status select_scores_for(ken_ctx *ctx, const ken_predictions *p, const ken_desc *desc,
                                    ken_scores *out) {
    /* what is no metric is refused by ken_metric_value */
    if (p->task != KEN_CLASSIFY || !desc->metric || desc->metric->needs_proba)
        return ken_predictions_scores(ctx, p, out);
    return select_all_labels(ctx, p, desc->metric->binary_only && p->n_classes == 2, out);
}

ken_status ken_predictions_metric(ken_ctx *ctx, const ken_predictions *p, const ken_desc *desc,
                                  double *out) {
    const ken_mark mark = ken_scratch_mark(ctx);
    ken_scores s;
    ken_status status = select_scores_for(ctx, p, desc, &s);
    if (status == KEN_OK) status = ken_metric_value(ctx, desc, NULL, &s, out);
    ken_scratch_release(ctx, mark);
    return status;
}

ken_status ken_predictions_interval(ken_ctx *ctx, const ken_predictions *p, const ken_desc *desc,
                                    double level, ken_interval *out) {
    const ken_mark mark = ken_scratch_mark(ctx);
    ken_scores s;
    ken_status status = select_scores_for(ctx, p, desc, &s);
    if (status == KEN_OK) status = ken_metric_interval(ctx, desc, NULL, &s, level, out);
    ken_scratch_release(ctx, mark);
    return status;
}

ken_judged ken_predictions_judged(const ken_predictions *p) {
    ken_judged what = {p->task, p->n_classes, p->answer, p->group != NULL, p->upper != NULL};
    for (int64_t i = 0; what.groups && i < p->n; i++)
        what.groups = p->y && p->y[i] >= 0 && p->y[i] <= 30 && p->y[i] == floor(p->y[i]);
    return what;
}

int ken_metrics_suited(const ken_judged *what, bool main_only, const ken_desc **out, int capacity) {
    int n = 0;
    const ken_desc *desc;
    for (int i = 0; (desc = ken_catalog_at(i)); i++) {
        if (!ken_metric_suits(desc, what) || (main_only && !desc->metric->main)) continue;
        /* for two classes these are roc_auc again */
        if (what->n_classes == 2 && strncmp(desc->name, "roc_auc_", 8) == 0) continue;
        if (n < capacity) out[n] = desc;
        n++;
    }
    return n;
}
