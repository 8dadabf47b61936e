/* The predictions of a model stand beside the truth; round by round they are written over. */
#include "ken/select/select_staged.h"

#include <math.h>

#include "ken/boosting/boosting/boosting.h"

typedef struct staged_job {
    ken_ctx *ctx;
    ken_predictions *p;
    const ken_desc *const *metrics;
    int n_metrics;
    double *out;
} staged_job;

static void staged_put(ken_predictions *p, int64_t i, const double *out) {
    const int k = p->n_classes;
    if (p->task != KEN_CLASSIFY) {
        p->predicted[i] = out[p->row[i]];
        return;
    }
    const double *const proba = out + p->row[i] * k;
    int best = 0;
    for (int c = 0; c < k; c++) {
        p->proba[i * k + c] = proba[c];
        if (proba[c] > proba[best]) best = c;
    }
    p->predicted[i] = best;
}

static ken_status staged_round(void *arg, int64_t round, const double *out) {
    const staged_job *const job = arg;
    if (round == 0) return KEN_OK;
    for (int64_t i = 0; i < job->p->n; i++) staged_put(job->p, i, out);
    for (int m = 0; m < job->n_metrics; m++)
        KEN_TRY(ken_predictions_metric(job->ctx, job->p, job->metrics[m],
                                       &job->out[(round - 1) * job->n_metrics + m]));
    return KEN_OK;
}

ken_status ken_staged_metrics(ken_ctx *ctx, const ken_model *model, const ken_data *data,
                              const ken_desc *const *metrics, int n_metrics, double *out) {
    ken_predictions p;
    staged_job job = {ctx, &p, metrics, n_metrics, out};
    const ken_mark mark = ken_scratch_mark(ctx);
    KEN_TRY(ken_predictions_new(ctx, model, data->table, data->target, data->weight, NULL, 0, &p));
    ken_status status = ken_predictions_side(ctx, &p, data->group, data->event, data->upper);
    if (status == KEN_OK && p.n == 0)
        status = KEN_FAIL(ctx, KEN_E_VALUE, "give rows whose target is known",
                          "evaluation: no row has a value in the target '%s'", data->target->name);
    if (status == KEN_OK)
        status = ken_boosting_staged(ctx, model, data->table,
                                     p.task == KEN_CLASSIFY ? KEN_WHAT_PROBA : KEN_WHAT_VALUE,
                                     staged_round, &job);
    ken_predictions_free(&p);
    ken_scratch_release(ctx, mark);
    return status;
}
