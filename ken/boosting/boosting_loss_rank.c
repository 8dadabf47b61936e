/* Losses that rank the rows of a group (a query): LambdaMART and XE-NDCG. Rows of a query hang
 * together, so their gradients are found for all queries before the trees of a round. Groups are
 * worked on in parallel, each by one thread in one order. Read next: ken/metrics/rank/rank.h. */
#include <math.h>
#include <string.h>

#include "ken/boosting/boosting_loss_table.h"
#include "ken/core/rng.h"
#include "ken/metrics/rank/rank.h"

enum { RANK_QUERIES = 16, RANK_MAX_RELEVANCE = 60 };

/* Queries of the training rows first, then those of the validation rows: a group in both is two. */
typedef struct loss_rank {
    int64_t n_train, n_queries;
    int64_t *first;     /* (n_queries + 1) */
    uint32_t *member;   /* (n) rows, query by query, ascending */
    double *gain;       /* (n) 2^relevance - 1 of a row */
    double *share;      /* (n) as member: softmax of a query's scores */
    ken_rank_item *item; /* (n) as member */
    double *inverse;    /* (n_train) 1 / the best DCG that a training query can have; 0: nothing to rank */
    double *ndcg;       /* (n_queries) */
    uint64_t round;
} loss_rank;

/* --- queries --- */

static void rank_close(ken_ctx *ctx, boosting_loss *l) {
    loss_rank *const r = l->own;
    if (!r) return;
    ken_free(ctx, r->first);
    ken_free(ctx, r->member);
    ken_free(ctx, r->gain);
    ken_free(ctx, r->share);
    ken_free(ctx, r->item);
    ken_free(ctx, r->inverse);
    ken_free(ctx, r->ndcg);
    ken_free(ctx, r);
}

/* Rows [begin, end) by group; queries without rows there are left out. Returns queries so far. */
static int64_t rank_lists(const boosting_loss *l, loss_rank *r, int64_t begin, int64_t end, int64_t *count,
                          int64_t queries) {
    int64_t at = begin;
    memset(count, 0, (size_t)l->n_groups * sizeof *count);
    for (int64_t i = begin; i < end; i++) count[l->group[i]]++;
    for (int32_t g = 0; g < l->n_groups; g++) {
        if (count[g] == 0) continue;
        r->first[queries++] = at;
        at += count[g];
        count[g] = at - count[g]; /* where its next row goes */
    }
    for (int64_t i = begin; i < end; i++) r->member[count[l->group[i]]++] = (uint32_t)i;
    r->first[queries] = end;
    return queries;
}

static ken_status rank_check(ken_ctx *ctx, const boosting_loss *l) {
    if (!l->group)
        return KEN_FAIL(ctx, KEN_E_ARG, "name the column that says which rows are of one query: --group",
                        "boosting: loss=%s ranks rows within groups, there are none", l->row->name);
    for (int64_t i = 0; i < l->n; i++)
        if (!(l->y[i] >= 0 && l->y[i] <= RANK_MAX_RELEVANCE))
            return KEN_FAIL(ctx, KEN_E_VALUE, "number degrees of relevance from 0, the best the highest: 0, 1, 2 ...",
                            "boosting: loss=%s needs a target between 0 and %d, one value is %g", l->row->name,
                            RANK_MAX_RELEVANCE, l->y[i]);
    return KEN_OK;
}

static ken_status rank_open(ken_ctx *ctx, boosting_loss *l) {
    loss_rank *r;
    int64_t *count;
    KEN_TRY(rank_check(ctx, l));
    KEN_TRY(KEN_ALLOC(ctx, loss_rank, 1, &r));
    l->own = r;
    KEN_TRY(KEN_SCRATCH(ctx, int64_t, l->n_groups, &count));
    KEN_TRY(KEN_ALLOC(ctx, int64_t, 2 * (int64_t)l->n_groups + 1, &r->first));
    KEN_TRY(KEN_ALLOC(ctx, uint32_t, l->n, &r->member));
    KEN_TRY(KEN_ALLOC(ctx, double, l->n, &r->gain));
    KEN_TRY(KEN_ALLOC(ctx, double, l->n, &r->share));
    KEN_TRY(KEN_ALLOC(ctx, ken_rank_item, l->n, &r->item));
    r->n_train = rank_lists(l, r, 0, l->n_train, count, 0);
    r->n_queries = rank_lists(l, r, l->n_train, l->n, count, r->n_train);
    KEN_TRY(KEN_ALLOC(ctx, double, r->n_train, &r->inverse));
    KEN_TRY(KEN_ALLOC(ctx, double, r->n_queries, &r->ndcg));
    KEN_TRY(KEN_ALLOC(ctx, double, l->n_train, &l->g));
    KEN_TRY(KEN_ALLOC(ctx, double, l->n_train, &l->h));
    for (int64_t i = 0; i < l->n; i++) r->gain[i] = ken_rank_gain(l->y[i]);
    for (int64_t q = 0; q < r->n_train; q++) {
        const int64_t n = r->first[q + 1] - r->first[q];
        ken_rank_item *const item = r->item + r->first[q];
        for (int64_t i = 0; i < n; i++) item[i].gain = r->gain[r->member[r->first[q] + i]];
        const double best = ken_rank_ideal(item, n, l->rank_cut);
        r->inverse[q] = best > 0 ? 1 / best : 0;
    }
    return KEN_OK;
}

static ken_status rank_start(ken_ctx *ctx, boosting_loss *l, double total, double *base) {
    (void)ctx, (void)l, (void)total;
    base[0] = 0; /* only differences of scores count */
    return KEN_OK;
}

/* --- LambdaMART: Burges 2010. A pair whose first row is more relevant has the loss log(1 + e^-d), d the
 * difference of its scores, times what NDCG would change if the two swapped places. (A factor at d is but
 * the unit of scores.) --- */

typedef struct rank_job {
    ken_ctx *ctx;
    const ken_kernels *kernels;
    const boosting_loss *loss;
} rank_job;

/* The row at place a against rows at places [from, from + n), n <= LOSS_BLOCK. */
static void rank_pairs(const rank_job *job, const ken_rank_item *item, double inverse, int64_t a, int64_t from,
                       int64_t n) {
    const boosting_loss *const l = job->loss;
    const double top = ken_rank_discount(a, l->rank_cut);
    const ken_rank_item *const first = &item[a];
    double p[LOSS_BLOCK], g = 0, h = 0;
    p[0] = 0; /* n is at least 1, which a compiler cannot know */
    for (int64_t j = 0; j < n; j++) {
        const double d = first->score - item[from + j].score;
        p[j] = first->gain > item[from + j].gain ? -d : d;
    }
    job->kernels->sigmoid_n(p, p, n);
    for (int64_t j = 0; j < n; j++) {
        const ken_rank_item *const other = &item[from + j];
        if (other->gain == first->gain) continue;
        const double change =
            fabs(first->gain - other->gain) * (top - ken_rank_discount(from + j, l->rank_cut)) * inverse;
        const double slope = (first->gain > other->gain ? -p[j] : p[j]) * change;
        const double curve = p[j] * (1 - p[j]) * change;
        l->g[other->row] -= slope;
        l->h[other->row] += curve;
        g += slope;
        h += curve;
    }
    l->g[first->row] += g;
    l->h[first->row] += h;
}

static void rank_lambda_block(void *arg, int64_t begin, int64_t end, int worker) {
    const rank_job *const job = arg;
    const boosting_loss *const l = job->loss;
    const loss_rank *const r = l->own;
    (void)worker;
    for (int64_t q = begin; q < end; q++) {
        const int64_t n = r->first[q + 1] - r->first[q];
        const uint32_t *const member = r->member + r->first[q];
        ken_rank_item *const item = r->item + r->first[q];
        for (int64_t i = 0; i < n; i++) {
            item[i] = (ken_rank_item){l->margin[member[i]], r->gain[member[i]], member[i]};
            l->g[member[i]] = l->h[member[i]] = 0;
        }
        if (r->inverse[q] == 0) continue;
        ken_rank_sort(item, n);
        for (int64_t a = 0; a < KEN_MIN(n, l->rank_cut); a++)
            for (int64_t from = a + 1; from < n; from += LOSS_BLOCK)
                rank_pairs(job, item, r->inverse[q], a, from, KEN_MIN(LOSS_BLOCK, n - from));
    }
}

static ken_status rank_lambda_refresh(ken_ctx *ctx, boosting_loss *l) {
    rank_job job = {ctx, ken_ctx_kernels(ctx), l};
    return ken_parallel(ctx, ((const loss_rank *)l->own)->n_train, RANK_QUERIES, rank_lambda_block, &job);
}

/* --- XE-NDCG: Bruch 2021. Cross entropy of the softmax of scores and the shares of 2^relevance - u,
 * u uniform and new each round, which makes it a bound of NDCG. --- */

static void rank_cross_block(void *arg, int64_t begin, int64_t end, int worker) {
    const rank_job *const job = arg;
    const boosting_loss *const l = job->loss;
    const loss_rank *const r = l->own;
    (void)worker;
    for (int64_t q = begin; q < end; q++) {
        const int64_t n = r->first[q + 1] - r->first[q];
        const uint32_t *const member = r->member + r->first[q];
        double *const share = r->share + r->first[q], total = 0;
        ken_rng rng = ken_rng_stream(job->ctx, "boosting.xendcg", r->round * (uint64_t)r->n_train + (uint64_t)q);
        for (int64_t i = 0; i < n; i++) {
            share[i] = l->margin[member[i]];
            l->g[member[i]] = r->gain[member[i]] + 1 - ken_rng_f64(&rng);
            total += l->g[member[i]];
        }
        job->kernels->softmax_rows(share, 1, n, NULL);
        for (int64_t i = 0; i < n; i++) {
            const bool none = r->inverse[q] == 0;
            l->g[member[i]] = none ? 0 : share[i] - l->g[member[i]] / total;
            l->h[member[i]] = none ? 0 : share[i] * (1 - share[i]);
        }
    }
}

static ken_status rank_cross_refresh(ken_ctx *ctx, boosting_loss *l) {
    rank_job job = {ctx, ken_ctx_kernels(ctx), l};
    loss_rank *const r = l->own;
    KEN_TRY(ken_parallel(ctx, r->n_train, RANK_QUERIES, rank_cross_block, &job));
    r->round++;
    return KEN_OK;
}

/* --- what both are judged by: 1 - NDCG, a query weighing what its rows weigh in the mean --- */

static void rank_ndcg_block(void *arg, int64_t begin, int64_t end, int worker) {
    const rank_job *const job = arg;
    const boosting_loss *const l = job->loss;
    const loss_rank *const r = l->own;
    (void)worker;
    for (int64_t q = begin; q < end; q++) {
        ken_rank_item *const item = r->item + r->first[q];
        for (int64_t i = r->first[q]; i < r->first[q + 1]; i++)
            r->item[i] = (ken_rank_item){l->margin[r->member[i]], r->gain[r->member[i]], r->member[i]};
        r->ndcg[q] = ken_rank_ndcg(item, r->first[q + 1] - r->first[q], l->rank_cut);
    }
}

static ken_status rank_mean_loss(ken_ctx *ctx, const boosting_loss *l, int64_t begin, int64_t end, double *out) {
    rank_job job = {ctx, ken_ctx_kernels(ctx), l};
    const loss_rank *const r = l->own;
    double sum = 0, total = 0;
    *out = (double)NAN;
    if (begin == end) return KEN_OK;
    KEN_TRY(ken_parallel(ctx, r->n_queries, RANK_QUERIES, rank_ndcg_block, &job));
    for (int64_t q = begin == 0 ? 0 : r->n_train; q < (begin == 0 ? r->n_train : r->n_queries); q++) {
        double w = 0;
        for (int64_t i = r->first[q]; i < r->first[q + 1]; i++) w += loss_weight(l, r->member[i]);
        w /= (double)(r->first[q + 1] - r->first[q]);
        if (isnan(r->ndcg[q])) continue; /* nothing to rank */
        sum += w * (1 - r->ndcg[q]);
        total += w;
    }
    if (total > 0) *out = sum / total;
    return KEN_OK;
}

const boosting_loss_row ken__loss_lambdarank = {.name = "lambdarank",
                                                .few = true,
                                                .open = rank_open,
                                                .close = rank_close,
                                                .start = rank_start,
                                                .refresh = rank_lambda_refresh,
                                                .block = ken__loss_kept_block,
                                                .mean = rank_mean_loss};
const boosting_loss_row ken__loss_xendcg = {.name = "xendcg",
                                            .few = true,
                                            .open = rank_open,
                                            .close = rank_close,
                                            .start = rank_start,
                                            .refresh = rank_cross_refresh,
                                            .block = ken__loss_kept_block,
                                            .mean = rank_mean_loss};
