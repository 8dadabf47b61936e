/* Facts for bindings, and ranking: see metrics_util.h. */
#include "ken/metrics/metrics_util.h"

#include <math.h>

#include "ken/stats/stats_sort.h"

void ken__metric_write_json(const ken_desc *desc, ken_json_writer *w) {
    const ken_metric *const m = desc->metric;
    KEN_JSON(w, "higher_is_better", bool, m->higher_is_better);
    KEN_JSON(w, "best", f64, m->best);
    KEN_JSON(w, "binary_only", bool, m->binary_only);
    KEN_JSON(w, "needs_proba", bool, m->needs_proba);
    ken_json_put_key(w, "looks_at");
    ken_json_array(w);
    if (m->looks_at & KEN_LOOKS_AT_GROUP) ken_json_put_string(w, "group");
    if (m->looks_at & KEN_LOOKS_AT_BOUNDS) ken_json_put_string(w, "bounds");
    ken_json_end_array(w);
}

#define METRICS_MAX_RANKED ((int64_t)1 << 30)

ken_status ken__rank_rows(ken_ctx *ctx, const ken_scores *s, const double *score, int64_t stride,
                          int positive, int against, ken__ranked *out) {
    double *negated, *spare;
    int32_t *item, *spare_item;
    *out = (ken__ranked){-1, NULL, NULL};
    if (s->n > METRICS_MAX_RANKED)
        return KEN_FAIL(ctx, KEN_E_LIMIT, "evaluate a sample of the rows",
                        "metrics: %lld rows are more than can be ranked (%lld)", (long long)s->n,
                        (long long)METRICS_MAX_RANKED);
    KEN_TRY(KEN_SCRATCH(ctx, double, s->n, &negated));
    KEN_TRY(KEN_SCRATCH(ctx, double, s->n, &spare));
    KEN_TRY(KEN_SCRATCH(ctx, int32_t, s->n, &item));
    KEN_TRY(KEN_SCRATCH(ctx, int32_t, s->n, &spare_item));
    int64_t at = 0;
    for (int64_t i = 0; i < s->n; i++) {
        const bool is_positive = s->label[i] == positive;
        if (against >= 0 && !is_positive && s->label[i] != against) continue;
        if (s->weight && s->weight[i] == 0) continue; /* not there: no threshold either */
        if (isnan(score[i * stride])) return KEN_OK;
        negated[at] = -score[i * stride];
        item[at++] = (int32_t)(2 * i + is_positive);
    }
    ken_sort_f64_index(negated, item, at, spare, spare_item);
    *out = (ken__ranked){at, negated, item};
    return KEN_OK;
}

ken_status ken__sort_f64(ken_ctx *ctx, double *values, int64_t n) {
    const ken_mark mark = ken_scratch_mark(ctx);
    double *spare;
    const ken_status status = KEN_SCRATCH(ctx, double, n, &spare);
    if (status == KEN_OK) ken_sort_f64(values, n, spare);
    ken_scratch_release(ctx, mark);
    return status;
}

/* Sum over pairs of a positive and a negative row of [score+ > score-] + [equal] / 2, over their number. */
double ken__auc(const ken_scores *s, const ken__ranked *r) {
    int64_t twice = 0, n_above = 0; /* without weights: integers, so no rounding */
    int64_t n_positive = 0, n_negative = 0;
    double area = 0, above = 0, negative = 0;
    for (int64_t i = 0; i < r->n;) {
        const double score = r->negated[i];
        double p = 0, q = 0;
        int64_t np = 0, nq = 0;
        for (; i < r->n && r->negated[i] == score; i++) {
            const bool is_positive = ken__ranked_positive(r, i);
            const double w = s->weight ? s->weight[ken__ranked_row(r, i)] : 1.0;
            np += is_positive;
            nq += !is_positive;
            if (is_positive)
                p += w;
            else
                q += w;
        }
        twice += nq * (2 * n_above + np);
        area += q * (above + 0.5 * p);
        n_above += np;
        above += p;
        n_positive += np, n_negative += nq;
        negative += q;
    }
    if (!(above > 0) || !(negative > 0)) return NAN;
    if (s->weight) return area / (above * negative);
    return (double)twice / (2.0 * (double)n_positive * (double)n_negative);
}
