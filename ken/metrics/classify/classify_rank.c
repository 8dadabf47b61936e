/* Metrics of order: does the positive class get the higher scores? Tied scores count as what they are:
 * half a win in the area under the ROC curve, one threshold in the average precision. */
#include <math.h>

#include "ken/math/distributions.h"
#include "ken/metrics/classify/classify.h"
#include "ken/metrics/metrics_util.h"

ken_status ken__roc_auc_value(ken_ctx *ctx, const void *params, const ken_scores *s, double *out) {
    ken__ranked ranked;
    (void)params;
    if (s->positive >= s->n_classes) return KEN_OK;
    KEN_TRY(ken__rank_rows(ctx, s, s->proba + s->positive, s->n_classes, s->positive, -1, &ranked));
    if (ranked.n >= 0) *out = ken__auc(s, &ranked);
    return KEN_OK;
}

/* DeLong's variance from the placements of each row among the rows of the other class; one pass over
 * groups of tied scores (Sun & Xu 2014 do the same with midranks). */
static double classify_delong_variance(const ken__ranked *r, double auc) {
    double n_positive = 0, above_p = 0, above_q = 0, s10 = 0, s01 = 0;
    for (int64_t i = 0; i < r->n; i++) n_positive += ken__ranked_positive(r, i);
    const double n_negative = (double)r->n - n_positive;
    if (n_positive < 2 || n_negative < 2) return NAN;
    for (int64_t i = 0; i < r->n;) {
        const double score = r->negated[i];
        double p = 0, q = 0;
        for (; i < r->n && r->negated[i] == score; i++) {
            p += ken__ranked_positive(r, i);
            q += !ken__ranked_positive(r, i);
        }
        const double v10 = (n_negative - above_q - 0.5 * q) / n_negative - auc;
        const double v01 = (above_p + 0.5 * p) / n_positive - auc;
        s10 += p * v10 * v10;
        s01 += q * v01 * v01;
        above_p += p;
        above_q += q;
    }
    return s10 / (n_positive - 1) / n_positive + s01 / (n_negative - 1) / n_negative;
}

ken_status ken__roc_auc_interval(ken_ctx *ctx, const void *params, const ken_scores *s,
                                 double level, ken_interval *out) {
    ken__ranked ranked;
    (void)params;
    if (s->weight) return KEN_OK; /* DeLong knows no weights: the bootstrap does it */
    *out = (ken_interval){NAN, NAN, NAN, "delong"};
    if (s->positive >= s->n_classes) return KEN_OK;
    KEN_TRY(ken__rank_rows(ctx, s, s->proba + s->positive, s->n_classes, s->positive, -1, &ranked));
    if (ranked.n < 0) return KEN_OK;
    out->value = ken__auc(s, &ranked);
    if (isnan(out->value)) return KEN_OK;
    const double se = sqrt(classify_delong_variance(&ranked, out->value));
    if (isnan(se)) return KEN_OK;
    const double z = ken_normal_quantile(0.5 * (1 + level));
    out->low = KEN_MAX(out->value - z * se, 0.0);
    out->high = KEN_MIN(out->value + z * se, 1.0);
    return KEN_OK;
}

static ken_status classify_present(ken_ctx *ctx, const ken_scores *s, uint8_t **present, int *count) {
    *count = 0;
    KEN_TRY(KEN_SCRATCH(ctx, uint8_t, s->n_classes, present));
    for (int j = 0; j < s->n_classes; j++) (*present)[j] = 0;
    for (int64_t i = 0; i < s->n; i++)
        if (ken__row_weight(s, i) > 0) (*present)[s->label[i]] = 1;
    for (int j = 0; j < s->n_classes; j++) *count += (*present)[j];
    return KEN_OK;
}

/* AUC of class `positive` by its own probability, against one class or (-1) all others. */
static ken_status classify_auc_of(ken_ctx *ctx, const ken_scores *s, int positive, int against,
                                  double *out) {
    const ken_mark mark = ken_scratch_mark(ctx);
    ken__ranked ranked;
    const ken_status status =
        ken__rank_rows(ctx, s, s->proba + positive, s->n_classes, positive, against, &ranked);
    *out = status == KEN_OK && ranked.n >= 0 ? ken__auc(s, &ranked) : NAN;
    ken_scratch_release(ctx, mark);
    return status;
}

/* Mean over the classes that occur of one class against the rest. */
ken_status ken__roc_auc_ovr_value(ken_ctx *ctx, const void *params, const ken_scores *s,
                                  double *out) {
    uint8_t *present;
    double sum = 0, auc;
    int count;
    (void)params;
    KEN_TRY(classify_present(ctx, s, &present, &count));
    if (count < 2) return KEN_OK;
    for (int j = 0; j < s->n_classes; j++) {
        if (!present[j]) continue;
        KEN_TRY(classify_auc_of(ctx, s, j, -1, &auc));
        sum += auc;
    }
    *out = sum / count;
    return KEN_OK;
}

/* Hand & Till 2001: mean over pairs of classes that occur. */
ken_status ken__roc_auc_ovo_value(ken_ctx *ctx, const void *params, const ken_scores *s,
                                  double *out) {
    uint8_t *present;
    double sum = 0, one, other;
    int count;
    (void)params;
    KEN_TRY(classify_present(ctx, s, &present, &count));
    if (count < 2) return KEN_OK;
    for (int a = 0; a < s->n_classes; a++)
        for (int b = a + 1; b < s->n_classes; b++) {
            if (!present[a] || !present[b]) continue;
            KEN_TRY(ken_check_cancel(ctx));
            KEN_TRY(classify_auc_of(ctx, s, a, b, &one));
            KEN_TRY(classify_auc_of(ctx, s, b, a, &other));
            sum += 0.5 * (one + other);
        }
    *out = sum / (0.5 * count * (count - 1));
    return KEN_OK;
}

/* Sum over thresholds of (recall gained) * (precision there): no interpolation. */
ken_status ken__average_precision_value(ken_ctx *ctx, const void *params, const ken_scores *s,
                                        double *out) {
    ken__ranked r;
    double hits = 0, taken = 0, area = 0;
    (void)params;
    if (s->positive >= s->n_classes) return KEN_OK;
    KEN_TRY(ken__rank_rows(ctx, s, s->proba + s->positive, s->n_classes, s->positive, -1, &r));
    for (int64_t i = 0; i < r.n;) {
        const double score = r.negated[i];
        double gained = 0;
        for (; i < r.n && r.negated[i] == score; i++) {
            const double w = ken__row_weight(s, ken__ranked_row(&r, i));
            taken += w;
            if (ken__ranked_positive(&r, i)) gained += w;
        }
        hits += gained;
        if (taken > 0) area += gained * hits / taken;
    }
    *out = r.n >= 0 && hits > 0 ? area / hits : NAN;
    return KEN_OK;
}
