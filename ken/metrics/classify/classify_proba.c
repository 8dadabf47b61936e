/* Metrics of probabilities: proper scores (log loss, Brier) and calibration. */
#include <float.h>
#include <math.h>

#include "ken/kernels/elementary.h"
#include "ken/metrics/classify/classify.h"
#include "ken/metrics/metrics_util.h"

/* -log p of the true class, p kept within [eps, 1 - eps] so that one sure mistake stays finite. */
ken_status ken__log_loss_value(ken_ctx *ctx, const void *params, const ken_scores *s, double *out) {
    ken__sum loss = {0, 0}, total = {0, 0};
    (void)ctx, (void)params;
    for (int64_t i = 0; i < s->n; i++) {
        const double w = ken__row_weight(s, i), p = s->proba[i * s->n_classes + s->label[i]];
        if (isnan(p)) return KEN_OK;
        ken__sum_add(&loss, -w * ken_log(KEN_MIN(KEN_MAX(p, DBL_EPSILON), 1 - DBL_EPSILON)));
        ken__sum_add(&total, w);
    }
    if (total.high > 0) *out = ken__sum_value(&loss) / ken__sum_value(&total);
    return KEN_OK;
}

/* Brier 1950: squared distance to the one-hot truth; halved for two classes, where that is the usual
 * form (p - y)^2. */
ken_status ken__brier_value(ken_ctx *ctx, const void *params, const ken_scores *s, double *out) {
    ken__sum loss = {0, 0}, total = {0, 0};
    (void)ctx, (void)params;
    for (int64_t i = 0; i < s->n; i++) {
        const double w = ken__row_weight(s, i), *p = s->proba + i * s->n_classes;
        double square = 0;
        for (int j = 0; j < s->n_classes; j++) {
            const double off = p[j] - (j == s->label[i]);
            square += off * off;
        }
        ken__sum_add(&loss, w * (s->n_classes <= 2 ? 0.5 * square : square));
        ken__sum_add(&total, w);
    }
    if (total.high > 0) *out = ken__sum_value(&loss) / ken__sum_value(&total);
    return KEN_OK;
}

/* Guo et al. 2017: mean over bins of the highest probability of |accuracy - mean probability|, each
 * bin (left open, right closed) as heavy as its rows. */
ken_status ken__ece_value(ken_ctx *ctx, const void *params, const ken_scores *s, double *out) {
    const int64_t bins = ((const ken_ece_params *)params)->bins;
    double *gap, total = 0, sum = 0;
    KEN_TRY(KEN_SCRATCH(ctx, double, bins, &gap)); /* sum of w * (hit - confidence) */
    for (int64_t b = 0; b < bins; b++) gap[b] = 0;
    for (int64_t i = 0; i < s->n; i++) {
        const double w = ken__row_weight(s, i), *p = s->proba + i * s->n_classes;
        int best = 0;
        for (int j = 0; j < s->n_classes; j++) {
            if (isnan(p[j])) return KEN_OK;
            if (p[j] > p[best]) best = j;
        }
        const double at = ceil(p[best] * (double)bins) - 1;
        const int64_t b = at < 0 ? 0 : at >= (double)bins ? bins - 1 : (int64_t)at;
        gap[b] += w * ((best == s->label[i]) - p[best]);
        total += w;
    }
    for (int64_t b = 0; b < bins; b++) sum += fabs(gap[b]);
    if (total > 0) *out = sum / total;
    return KEN_OK;
}
