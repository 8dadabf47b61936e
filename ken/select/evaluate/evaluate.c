/* Every metric that suits the task, with an interval, of one model on one table. */
#include "ken/select/evaluate/evaluate.h"

#include <math.h>
#include <string.h>

void ken_evaluation_free(ken_evaluation *e) {
    if (!e) return;
    ken_predictions_free(&e->predictions);
    if (e->metric) ken_allocator_free(&e->alloc, e->metric);
    if (e->confusion) ken_allocator_free(&e->alloc, e->confusion);
    memset(e, 0, sizeof *e);
}

const ken_evaluation_metric *ken_evaluation_find(const ken_evaluation *e, const char *name) {
    for (int i = 0; i < e->n_metrics; i++)
        if (strcmp(e->metric[i].desc->name, name) == 0) return &e->metric[i];
    return NULL;
}

/* Which metrics, the default one first. */
static ken_status evaluate_choose(ken_ctx *ctx, const ken_evaluate_options *o, ken_evaluation *e) {
    const ken_judged what = ken_predictions_judged(&e->predictions);
    const ken_desc **chosen;
    int n = 0;
    if (o->metrics)
        while (o->metrics[n]) n++;
    else
        n = ken_metrics_suited(&what, !o->all_metrics, NULL, 0);
    KEN_TRY(KEN_SCRATCH(ctx, const ken_desc *, n, &chosen));
    if (o->metrics)
        memcpy(chosen, o->metrics, sizeof(*chosen) * (size_t)n);
    else
        ken_metrics_suited(&what, !o->all_metrics, chosen, n);
    KEN_TRY(KEN_ALLOC(ctx, ken_evaluation_metric, n, &e->metric));
    const char *first = ken_metric_default(&what);
    for (int pass = 0; pass < 2; pass++)
        for (int i = 0; i < n; i++)
            if ((!o->metrics && strcmp(chosen[i]->name, first) == 0) == (pass == 0))
                e->metric[e->n_metrics++].desc = chosen[i];
    return KEN_OK;
}

static ken_status evaluate_metrics(ken_ctx *ctx, const ken_evaluate_options *o, ken_evaluation *e) {
    for (int i = 0; i < e->n_metrics; i++) {
        const ken_desc *desc = e->metric[i].desc;
        ken_interval *at = &e->metric[i].interval;
        KEN_TRY(ken_check_cancel(ctx));
        if (o->intervals) {
            KEN_TRY(ken_predictions_interval(ctx, &e->predictions, desc, o->level, at));
        } else {
            *at = (ken_interval){NAN, NAN, NAN, "none"};
            KEN_TRY(ken_predictions_metric(ctx, &e->predictions, desc, &at->value));
        }
        const ken_progress p = ken_progress_of("evaluation", i + 1, e->n_metrics);
        ken_report_progress(ctx, &p);
    }
    return KEN_OK;
}

/* More classes than anybody reads a matrix of: it would only eat memory. */
#define EVALUATE_MAX_CONFUSION 2000

static ken_status evaluate_confusion(ken_ctx *ctx, ken_evaluation *e) {
    const ken_predictions *p = &e->predictions;
    const int64_t k = p->n_classes;
    if (p->task != KEN_CLASSIFY || k > EVALUATE_MAX_CONFUSION) return KEN_OK;
    KEN_TRY(KEN_ALLOC(ctx, double, (k + 1) * k, &e->confusion));
    for (int64_t i = 0; i < p->n; i++) {
        const int64_t truth = p->label[i] < 0 ? k : p->label[i];
        e->confusion[truth * k + (int64_t)p->predicted[i]] += p->weight ? p->weight[i] : 1.0;
    }
    return KEN_OK;
}

static void evaluate_warn(ken_ctx *ctx, const ken_predictions *p, const ken_column *target) {
    if (p->n_missing)
        ken_warn(ctx, "evaluation: left out %lld rows without a value in '%s'",
                 (long long)p->n_missing, target->name);
    if (p->n_unseen)
        ken_warn(ctx,
                 "evaluation: %lld rows have a class in '%s' that the model has never seen; they count "
                 "as wrong, and are left out where probabilities are judged",
                 (long long)p->n_unseen, target->name);
}

ken_status ken_evaluate_data(ken_ctx *ctx, const ken_model *m, const ken_table *table, const ken_evaluate_columns *named,
                             ken_data *out) {
    const char *const names[KEN_SIDES] = {named->group, named->event, named->upper};
    const ken_column **const column[KEN_SIDES] = {&out->group, &out->event, &out->upper};
    const bool any = named->group || named->event || named->upper;
    int at;
    *out = (ken_data){.table = table, .task = ken_model_task(m)};
    if (ken_model_task(m) == KEN_DETECT)
        return KEN_FAIL(ctx, KEN_E_UNSUPPORTED, "look at its predictions: they are scores",
                        "%s learned without a target: there is nothing to evaluate against", ken_model_desc(m)->name);
    KEN_TRY(ken_table_require(ctx, table, ken_model_target(m), &at));
    out->target = ken_table_column(table, at);
    if (named->weight) {
        KEN_TRY(ken_table_require(ctx, table, named->weight, &at));
        out->weight = ken_table_column(table, at);
    }
    for (int s = 0; s < KEN_SIDES; s++) {
        const char *name = names[s];
        if (!any && ken_model_answer(m) != KEN_ANSWER_VALUES) name = ken_model_side(m, (ken_side)s);
        if (!name || !*name) continue;
        KEN_TRY(ken_table_require(ctx, table, name, &at));
        *column[s] = ken_table_column(table, at);
    }
    return KEN_OK;
}

ken_status ken_evaluate(ken_ctx *ctx, const ken_model *model, const ken_table *table,
                        const ken_column *target, const ken_column *weight, const int64_t *rows,
                        int64_t n, const ken_evaluate_options *options, ken_evaluation *out) {
    static const ken_evaluate_options defaults = KEN_EVALUATE_DEFAULTS;
    const ken_evaluate_options *o = options ? options : &defaults;
    const ken_mark mark = ken_scratch_mark(ctx);
    memset(out, 0, sizeof *out);
    out->alloc = ken_ctx_allocator(ctx);
    out->level = o->level;
    ken_status status =
        ken_predictions_new(ctx, model, table, target, weight, rows, n, &out->predictions);
    if (status == KEN_OK) status = ken_predictions_side(ctx, &out->predictions, o->group, o->event, o->upper);
    if (status == KEN_OK && out->predictions.n == 0)
        status = KEN_FAIL(ctx, KEN_E_VALUE, "give rows whose target is known",
                          "evaluation: no row has a value in the target '%s'", target->name);
    if (status == KEN_OK) {
        evaluate_warn(ctx, &out->predictions, target);
        status = evaluate_choose(ctx, o, out);
    }
    if (status == KEN_OK) status = evaluate_metrics(ctx, o, out);
    if (status == KEN_OK) status = evaluate_confusion(ctx, out);
    ken_scratch_release(ctx, mark);
    if (status != KEN_OK) ken_evaluation_free(out);
    return status;
}
