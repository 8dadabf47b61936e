/* The two doors of all metrics: value, and value with an interval. The metrics themselves stand in
 * classify/ and regress/; the bootstrap in ken/stats/bootstrap/. */
#include "ken/metrics/metrics.h"

#include <math.h>
#include <string.h>

#include "ken/metrics/metrics_util.h"
#include "ken/stats/bootstrap/bootstrap.h"

/* Times that are all known are values. */
static ken_answer metrics_answer(const ken_judged *what) {
    return what->answer == KEN_ANSWER_TIMES && !what->bounds ? KEN_ANSWER_VALUES : what->answer;
}

const char *ken_metric_default(const ken_judged *what) {
    static const char *const regression[] = {[KEN_ANSWER_VALUES] = "rmse", [KEN_ANSWER_ORDER] = "ndcg",
                                             [KEN_ANSWER_RISK] = "concordance_risk",
                                             [KEN_ANSWER_TIMES] = "concordance"};
    if (what->task != KEN_CLASSIFY) return regression[metrics_answer(what)];
    return what->n_classes <= 2 ? "roc_auc" : "log_loss";
}

bool ken_metric_suits(const ken_desc *desc, const ken_judged *what) {
    if (desc->kind != KEN_METRIC || !(desc->tasks & (uint32_t)what->task)) return false;
    const ken_metric *const m = desc->metric;
    const ken_answer answer = metrics_answer(what);
    const uint32_t judges = m->judges ? m->judges : UINT32_C(1) << KEN_ANSWER_VALUES;
    if (what->task == KEN_CLASSIFY) return !m->looks_at && !(m->binary_only && what->n_classes != 2);
    if (!(judges >> answer & 1)) return false;
    return answer != KEN_ANSWER_VALUES || /* of plain values, only where there is more to look at */
           ((what->groups || !(m->looks_at & KEN_LOOKS_AT_GROUP)) &&
            (what->bounds || !(m->looks_at & KEN_LOOKS_AT_BOUNDS)));
}

static ken_status metrics_check_classes(ken_ctx *ctx, const ken_desc *desc, const ken_scores *s) {
    if (s->n_classes < 1)
        return KEN_FAIL(ctx, KEN_E_ARG, "set n_classes to the number of classes of the model",
                        "%s: n_classes is %d", desc->name, s->n_classes);
    if (desc->metric->binary_only && s->n_classes > 2)
        return KEN_FAIL(ctx, KEN_E_UNSUPPORTED,
                        "take a metric for several classes: f1_macro, roc_auc_ovr, log_loss ...",
                        "%s: is for two classes but there are %d", desc->name, s->n_classes);
    if (s->positive < 0 || s->positive >= KEN_MAX(s->n_classes, 2))
        return KEN_FAIL(ctx, KEN_E_ARG, "number classes from 0",
                        "%s: the positive class is %d of %d", desc->name, s->positive,
                        s->n_classes);
    for (int64_t i = 0; i < s->n; i++)
        if (s->label[i] < 0 || s->label[i] >= s->n_classes)
            return KEN_FAIL(ctx, KEN_E_VALUE, "number classes from 0 and leave out rows without one",
                            "%s: row %lld has class %d but there are %d", desc->name,
                            (long long)i + 1, s->label[i], s->n_classes);
    return KEN_OK;
}

static ken_status metrics_check(ken_ctx *ctx, const ken_desc *desc, const ken_scores *s) {
    if (!desc || desc->kind != KEN_METRIC)
        return KEN_FAIL(ctx, KEN_E_ARG, "look it up with ken_catalog_find and KEN_METRIC",
                        "%s: is not a metric", desc ? desc->name : "(null)");
    if (!(desc->tasks & (uint32_t)s->task))
        return KEN_FAIL(ctx, KEN_E_UNSUPPORTED,
                        s->task == KEN_CLASSIFY ? "take one for classes: accuracy, log_loss ..."
                                                : "take one for numbers: rmse, mae, r2 ...",
                        "%s: cannot score the task %s", desc->name, ken_task_name(s->task));
    const bool classify = s->task == KEN_CLASSIFY;
    const void *truth = classify ? (const void *)s->label : (const void *)s->y;
    const void *guess = desc->metric->needs_proba ? s->proba : s->predicted;
    if (s->n < 0 || (s->n > 0 && (!truth || !guess)))
        return KEN_FAIL(ctx, KEN_E_ARG, "fill in the views of ken_scores that the task needs",
                        "%s: %s is missing", desc->name,
                        !truth ? (classify ? "label" : "y")
                               : desc->metric->needs_proba ? "proba" : "predicted");
    return classify ? metrics_check_classes(ctx, desc, s) : KEN_OK;
}

ken_status ken_metric_value(ken_ctx *ctx, const ken_desc *desc, const void *params,
                            const ken_scores *s, double *out) {
    *out = NAN;
    KEN_TRY(metrics_check(ctx, desc, s));
    if (s->n == 0) return KEN_OK;
    const ken_mark mark = ken_scratch_mark(ctx);
    const ken_status status = desc->metric->value(ctx, params ? params : desc->defaults, s, out);
    ken_scratch_release(ctx, mark);
    return status;
}

/* --- bootstrap: the rows of a resample are copied side by side, so that every metric works on it --- */

typedef struct metrics_resampled {
    const ken_desc *desc;
    const void *params;
    const ken_scores *all;
    ken_scores some;
    double *y, *predicted, *proba, *weight, *upper;
    int32_t *label, *group;
} metrics_resampled;

static ken_status metrics_resample_alloc(ken_ctx *ctx, metrics_resampled *r, int64_t m) {
    const ken_scores *s = r->all;
    r->some = *s;
    if (s->task == KEN_CLASSIFY) {
        KEN_TRY(KEN_SCRATCH(ctx, int32_t, m, &r->label));
        r->some.label = r->label;
    } else {
        KEN_TRY(KEN_SCRATCH(ctx, double, m, &r->y));
        r->some.y = r->y;
    }
    r->some.predicted = r->some.proba = r->some.weight = NULL;
    if (r->desc->metric->needs_proba) {
        if (s->n_classes > INT64_MAX / KEN_MAX(m, 1) / 8)
            return KEN_FAIL(ctx, KEN_E_NOMEM, NULL, "%s: too many classes", r->desc->name);
        KEN_TRY(KEN_SCRATCH(ctx, double, m * s->n_classes, &r->proba));
        r->some.proba = r->proba;
    } else {
        KEN_TRY(KEN_SCRATCH(ctx, double, m, &r->predicted));
        r->some.predicted = r->predicted;
    }
    if (s->group) {
        KEN_TRY(KEN_SCRATCH(ctx, int32_t, m, &r->group));
        r->some.group = r->group;
    }
    if (s->upper) {
        KEN_TRY(KEN_SCRATCH(ctx, double, m, &r->upper));
        r->some.upper = r->upper;
    }
    if (s->weight) {
        KEN_TRY(KEN_SCRATCH(ctx, double, m, &r->weight));
        r->some.weight = r->weight;
    }
    return KEN_OK;
}

static ken_status metrics_resample_value(ken_ctx *ctx, void *arg, const int64_t *rows, int64_t m,
                                         double *out) {
    metrics_resampled *r = arg;
    const ken_scores *s = r->all;
    if (!rows) return r->desc->metric->value(ctx, r->params, s, out);
    r->some.n = m;
    for (int64_t i = 0; i < m; i++) {
        const int64_t row = rows[i];
        if (r->label) r->label[i] = s->label[row];
        if (r->y) r->y[i] = s->y[row];
        if (r->predicted) r->predicted[i] = s->predicted[row];
        if (r->weight) r->weight[i] = s->weight[row];
        if (r->group) r->group[i] = s->group[row];
        if (r->upper) r->upper[i] = s->upper[row];
        if (!r->proba) continue;
        const double *from = s->proba + row * s->n_classes;
        for (int c = 0; c < s->n_classes; c++) r->proba[i * s->n_classes + c] = from[c];
    }
    return r->desc->metric->value(ctx, r->params, &r->some, out);
}

/* So many rows and resamples that a metric's interval costs some tenths of a second at most. */
#define METRICS_WORK 1e7
static ken_bootstrap_options metrics_effort(const ken_desc *desc, const ken_scores *s) {
    ken_bootstrap_options o = KEN_BOOTSTRAP_DEFAULTS;
    double a_row = 1;
    if (desc->metric->needs_proba)
        a_row = KEN_MAX(1.0, (desc->metric->class_cost + 0.25) * s->n_classes);
    const double all = METRICS_WORK / a_row;
    o.max_rows = KEN_MIN(s->n, o.max_rows);
    o.resamples = (int64_t)KEN_MIN(1000.0, KEN_MAX(100.0, all / (double)o.max_rows));
    o.max_rows = (int64_t)KEN_MIN((double)o.max_rows, KEN_MAX(1000.0, all / (double)o.resamples));
    return o;
}

static ken_status metrics_bootstrap_rows(ken_ctx *ctx, const ken_desc *desc, const void *params,
                                         const ken_scores *s, double level,
                                         ken_bootstrap_result *result) {
    ken_bootstrap_options o = metrics_effort(desc, s);
    metrics_resampled r = {.desc = desc, .params = params, .all = s};
    o.level = level;
    KEN_TRY(metrics_resample_alloc(ctx, &r, o.max_rows));
    return ken_bootstrap(ctx, s->n, &o, metrics_resample_value, &r, result);
}

static ken_status metrics_bootstrap_cells(ken_ctx *ctx, const ken_desc *desc, const void *params,
                                          const ken_scores *s, double level,
                                          ken_bootstrap_result *result) {
    const ken_bootstrap_options o = KEN_BOOTSTRAP_DEFAULTS;
    double *values;
    *result = (ken_bootstrap_result){NAN, NAN, NAN, NAN, 0};
    KEN_TRY(desc->metric->value(ctx, params, s, &result->value));
    KEN_TRY(KEN_SCRATCH(ctx, double, o.resamples, &values));
    KEN_TRY(ken__cells_values(ctx, desc, params, s, o.resamples, values));
    return ken_bootstrap_interval(ctx, values, o.resamples, level, result);
}

static ken_status metrics_bootstrap(ken_ctx *ctx, const ken_desc *desc, const void *params,
                                    const ken_scores *s, double level, ken_interval *out) {
    ken_bootstrap_result result;
    KEN_TRY(ken__cells_suit(desc, s)
                ? metrics_bootstrap_cells(ctx, desc, params, s, level, &result)
                : metrics_bootstrap_rows(ctx, desc, params, s, level, &result));
    *out = (ken_interval){result.value, result.low, result.high, "bootstrap"};
    return KEN_OK;
}

ken_status ken_metric_interval(ken_ctx *ctx, const ken_desc *desc, const void *params,
                               const ken_scores *s, double level, ken_interval *out) {
    *out = (ken_interval){NAN, NAN, NAN, "none"};
    KEN_TRY(metrics_check(ctx, desc, s));
    if (!(level > 0 && level < 1))
        return KEN_FAIL(ctx, KEN_E_ARG, "0.95 is usual", "%s: level is %g, not between 0 and 1",
                        desc->name, level);
    if (s->n == 0) return KEN_OK;
    if (!params) params = desc->defaults;
    const ken_mark mark = ken_scratch_mark(ctx);
    ken_status status = KEN_OK;
    out->method = "bootstrap"; /* an own interval may leave it so: not for these rows */
    if (desc->metric->interval) status = desc->metric->interval(ctx, params, s, level, out);
    if (status == KEN_OK && strcmp(out->method, "bootstrap") == 0)
        status = metrics_bootstrap(ctx, desc, params, s, level, out);
    ken_scratch_release(ctx, mark);
    return status;
}
