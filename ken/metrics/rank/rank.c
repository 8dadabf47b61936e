/* NDCG: the discounted gain of the order that scores give, by that of the best order (Järvelin &
 * Kekäläinen 2002), with the gains of Burges et al. 2005. */
#include "ken/metrics/rank/rank.h"

#include <math.h>
#include <stdlib.h>

#include "ken/kernels/elementary.h"
#include "ken/metrics/metrics_util.h"
#include "ken/stats/bootstrap/bootstrap.h"

double ken_rank_gain(double relevance) { return ken_exp(relevance * 0.69314718055994530942) - 1; }

double ken_rank_discount(int64_t place, int64_t k) {
    return place < k ? 0.69314718055994530942 / ken_log((double)place + 2) : 0;
}

static int rank_by_score(const void *a, const void *b) {
    const ken_rank_item *x = a, *y = b;
    if (x->score != y->score) return x->score < y->score ? 1 : -1;
    return x->row < y->row ? -1 : x->row > y->row;
}

static int rank_by_gain(const void *a, const void *b) {
    const double x = ((const ken_rank_item *)a)->gain, y = ((const ken_rank_item *)b)->gain;
    return x < y ? 1 : x > y ? -1 : 0;
}

void ken_rank_sort(ken_rank_item *item, int64_t n) { qsort(item, (size_t)n, sizeof *item, rank_by_score); }

double ken_rank_ideal(ken_rank_item *item, int64_t n, int64_t k) {
    double best = 0;
    qsort(item, (size_t)n, sizeof *item, rank_by_gain);
    for (int64_t i = 0; i < KEN_MIN(n, k); i++) best += item[i].gain * ken_rank_discount(i, k);
    return best;
}

double ken_rank_ndcg(ken_rank_item *item, int64_t n, int64_t k) {
    double dcg = 0;
    ken_rank_sort(item, n);
    for (int64_t i = 0, end; i < KEN_MIN(n, k); i = end) { /* a run of equal scores */
        double gain = 0, discount = 0;
        for (end = i; end < n && item[end].score == item[i].score; end++) {
            gain += item[end].gain;
            discount += ken_rank_discount(end, k);
        }
        dcg += gain * discount / (double)(end - i);
    }
    const double best = ken_rank_ideal(item, n, k);
    return best > 0 ? dcg / best : (double)NAN;
}

/* --- the metric: mean over groups ----------------------------------------------------------------- */

typedef struct rank_groups {
    int64_t n;
    double *ndcg, *weight; /* of the groups that have something to rank; weight: mean of their rows' */
} rank_groups;

/* Rows side by side by group, those of weight 0 left out. */
static ken_status rank_collect(ken_ctx *ctx, const ken_scores *s, int64_t **first, ken_rank_item **item,
                               double **weight, int64_t *n_groups) {
    int64_t m = s->group ? s->n_groups : 1;
    KEN_TRY(KEN_SCRATCH(ctx, int64_t, m + 2, first));
    KEN_TRY(KEN_SCRATCH(ctx, ken_rank_item, s->n, item));
    KEN_TRY(KEN_SCRATCH(ctx, double, s->n, weight));
    int64_t *const at = *first;
    for (int64_t g = 0; g < m + 2; g++) at[g] = 0;
    for (int64_t i = 0; i < s->n; i++) {
        const int64_t g = s->group ? s->group[i] : 0;
        if (g < 0 || g >= m)
            return KEN_FAIL(ctx, KEN_E_ARG, "number groups from 0", "ndcg: row %lld is of group %lld of %lld",
                            (long long)i + 1, (long long)g, (long long)m);
        at[g + 2] += ken__row_weight(s, i) > 0;
    }
    for (int64_t g = 2; g < m + 2; g++) at[g] += at[g - 1];
    for (int64_t i = 0; i < s->n; i++) {
        if (!(ken__row_weight(s, i) > 0)) continue;
        const int64_t to = at[(s->group ? s->group[i] : 0) + 1]++;
        (*item)[to] = (ken_rank_item){s->predicted[i], ken_rank_gain(s->y[i]), (uint32_t)to};
        (*weight)[to] = ken__row_weight(s, i);
    }
    *n_groups = m;
    return KEN_OK;
}

static ken_status rank_each(ken_ctx *ctx, const ken_scores *s, int64_t k, rank_groups *out) {
    int64_t *first, m = 0;
    ken_rank_item *item;
    double *weight;
    if (s->n >= INT64_C(1) << 32)
        return KEN_FAIL(ctx, KEN_E_LIMIT, NULL, "ndcg: more than 2^32 rows");
    KEN_TRY(rank_collect(ctx, s, &first, &item, &weight, &m));
    KEN_TRY(KEN_SCRATCH(ctx, double, m, &out->ndcg));
    KEN_TRY(KEN_SCRATCH(ctx, double, m, &out->weight));
    out->n = 0;
    for (int64_t g = 0; g < m; g++) {
        const int64_t n = first[g + 1] - first[g];
        double w = 0;
        for (int64_t i = first[g]; i < first[g + 1]; i++) w += weight[i];
        const double ndcg = n ? ken_rank_ndcg(item + first[g], n, k) : (double)NAN;
        if (isnan(ndcg)) continue;
        out->ndcg[out->n] = ndcg;
        out->weight[out->n++] = w / (double)n;
    }
    return KEN_OK;
}

/* Whether relevances and scores are such that a rank exists. */
static bool rank_sound(const ken_scores *s) {
    for (int64_t i = 0; i < s->n; i++)
        if (isnan(s->predicted[i]) || !(s->y[i] >= 0) || s->y[i] > 1000) return false;
    return true;
}

static ken_status rank_mean(ken_ctx *ctx, void *arg, const int64_t *rows, int64_t m, double *out) {
    const rank_groups *const g = arg;
    double sum = 0, total = 0;
    (void)ctx;
    if (!rows) m = g->n;
    for (int64_t i = 0; i < m; i++) {
        const int64_t at = rows ? rows[i] : i;
        sum += g->weight[at] * g->ndcg[at];
        total += g->weight[at];
    }
    *out = total > 0 ? sum / total : (double)NAN;
    return KEN_OK;
}

static ken_status rank_ndcg_value(ken_ctx *ctx, const void *params, const ken_scores *s, double *out) {
    rank_groups groups;
    if (!rank_sound(s)) return KEN_OK;
    KEN_TRY(rank_each(ctx, s, ((const ken_ndcg_params *)params)->k, &groups));
    return rank_mean(ctx, &groups, NULL, 0, out);
}

/* Groups are what is drawn anew: rows of one hang together. */
static ken_status rank_ndcg_interval(ken_ctx *ctx, const void *params, const ken_scores *s, double level,
                                     ken_interval *out) {
    rank_groups groups;
    ken_bootstrap_options o = KEN_BOOTSTRAP_DEFAULTS;
    ken_bootstrap_result result;
    *out = (ken_interval){NAN, NAN, NAN, "none"};
    if (!rank_sound(s)) return KEN_OK;
    KEN_TRY(rank_each(ctx, s, ((const ken_ndcg_params *)params)->k, &groups));
    if (groups.n == 0) return KEN_OK;
    o.level = level;
    o.max_rows = KEN_MIN(groups.n, o.max_rows);
    KEN_TRY(ken_bootstrap(ctx, groups.n, &o, rank_mean, &groups, &result));
    const bool many = groups.n > 1; /* one group says nothing of others */
    *out = (ken_interval){result.value, many ? result.low : NAN, many ? result.high : NAN,
                          many ? "bootstrap of groups" : "none"};
    return KEN_OK;
}

static const ken_param rank_ndcg_params[] = {
    KEN_ROW_I64(ken_ndcg_params, k, .min = 1, .max = 1e9, .doc = "how many places count"), {0}};

const ken_desc ken_ndcg_desc = {
    .name = "ndcg",
    .title = "Normalized discounted cumulative gain",
    .kind = KEN_METRIC,
    .tasks = KEN_REGRESS,
    .tags = KEN_TAG_WEIGHTS,
    .write_json = ken__metric_write_json,
    .params = rank_ndcg_params,
    .defaults = &(const ken_ndcg_params)KEN_NDCG_DEFAULTS,
    .params_size = sizeof(ken_ndcg_params),
    .metric = &(const ken_metric){.value = rank_ndcg_value,
                                  .interval = rank_ndcg_interval,
                                  .higher_is_better = true,
                                  .best = 1,
                                  .main = true,
                                  .judges = 1 << KEN_ANSWER_VALUES | 1 << KEN_ANSWER_ORDER,
                                  .looks_at = KEN_LOOKS_AT_GROUP},
    .doc = "How well scores order the rows of a group, the first places counting most; 1 is the best order. "
           "The target is the relevance, from 0; without groups all rows are one.",
    .paper = "Järvelin & Kekäläinen 2002; Burges et al. 2005",
    .peer = "sklearn.metrics.ndcg_score"};

const ken_desc *const ken_rank_things[] = {&ken_ndcg_desc, NULL};
