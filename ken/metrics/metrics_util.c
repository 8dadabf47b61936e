/* Ranking by radix sort: see metrics_util.h. */
#include "ken/metrics/metrics_util.h"

#include <string.h>

#include "ken/stats/stats_sort.h"

/* An unsigned integer that rises with the number. */
static uint64_t metrics_key_of(double value) {
    uint64_t bits;
    value += 0.0; /* -0 becomes 0: they tie */
    memcpy(&bits, &value, sizeof bits);
    return bits >> 63 ? ~bits : bits | UINT64_C(1) << 63;
}

static double metrics_value_of(uint64_t key) {
    const uint64_t bits = key >> 63 ? key & ~(UINT64_C(1) << 63) : ~key;
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

double ken__ranked_score(ken__ranked r) { return metrics_value_of(~r.key); }

/* LSD radix sort by key; `spare` is as long as `rows`. Digits that are equal in all rows cost nothing
 * but their count. The result is in *rows. */
static void metrics_radix_sort(ken__ranked **rows, ken__ranked *spare, int64_t n, uint32_t *count) {
    const int bits = n < 16384 ? 8 : 11, digits = (64 + bits - 1) / bits, buckets = 1 << bits;
    const uint64_t mask = (uint64_t)buckets - 1;
    ken__ranked *from = *rows, *to = spare;
    memset(count, 0, sizeof(*count) * (size_t)(digits * buckets));
    for (int64_t i = 0; i < n; i++)
        for (int d = 0; d < digits; d++) count[d * buckets + (int)(from[i].key >> (d * bits) & mask)]++;
    for (int d = 0; d < digits; d++) {
        uint32_t *c = count + d * buckets, at = 0;
        if (n && c[from[0].key >> (d * bits) & mask] == (uint32_t)n) continue;
        for (int b = 0; b < buckets; b++) {
            const uint32_t size = c[b];
            c[b] = at;
            at += size;
        }
        for (int64_t i = 0; i < n; i++) to[c[from[i].key >> (d * bits) & mask]++] = from[i];
        ken__ranked *swap = from;
        from = to;
        to = swap;
    }
    *rows = from;
}

/* Room for n rows twice and for the counts. */
static ken_status metrics_sort_scratch(ken_ctx *ctx, int64_t n, ken__ranked **rows,
                                       ken__ranked **spare, uint32_t **count) {
    if (n > UINT32_MAX)
        return KEN_FAIL(ctx, KEN_E_LIMIT, "evaluate a sample of the rows",
                        "metrics: %lld rows are more than can be ranked (%lld)", (long long)n,
                        (long long)UINT32_MAX);
    KEN_TRY(KEN_SCRATCH(ctx, ken__ranked, n, rows));
    KEN_TRY(KEN_SCRATCH(ctx, ken__ranked, n, spare));
    return KEN_SCRATCH(ctx, uint32_t, 6 * 2048, count); /* 8 * 256 is less */
}

ken_status ken__rank_rows(ken_ctx *ctx, const ken_scores *s, const double *score, int64_t stride,
                          int positive, int against, ken__ranked **out, int64_t *m) {
    ken__ranked *rows, *spare;
    uint32_t *count;
    int64_t at = 0;
    KEN_TRY(metrics_sort_scratch(ctx, s->n, &rows, &spare, &count));
    for (int64_t i = 0; i < s->n; i++) {
        const bool is_positive = s->label[i] == positive;
        if (against >= 0 && !is_positive && s->label[i] != against) continue;
        if (s->weight && s->weight[i] == 0) continue; /* not there: no threshold either */
        if (isnan(score[i * stride])) {
            *m = -1;
            return KEN_OK;
        }
        rows[at].key = ~metrics_key_of(score[i * stride]);
        rows[at++].item = (uint64_t)i * 2 + is_positive;
    }
    metrics_radix_sort(&rows, spare, at, count);
    *out = rows;
    *m = at;
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
double ken__auc(const ken_scores *s, const ken__ranked *r, int64_t m) {
    int64_t twice = 0, n_above = 0; /* without weights: integers, so no rounding */
    int64_t n_positive = 0, n_negative = 0;
    double area = 0, above = 0, positive = 0, negative = 0;
    for (int64_t i = 0; i < m;) {
        const uint64_t key = r[i].key;
        double p = 0, q = 0;
        int64_t np = 0, nq = 0;
        for (; i < m && r[i].key == key; i++) {
            const bool is_positive = ken__ranked_positive(r[i]);
            const double w = s->weight ? s->weight[ken__ranked_row(r[i])] : 1.0;
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
        positive += p, negative += q;
    }
    if (!(positive > 0) || !(negative > 0)) return NAN;
    if (s->weight) return area / (positive * negative);
    return (double)twice / (2.0 * (double)n_positive * (double)n_negative);
}
