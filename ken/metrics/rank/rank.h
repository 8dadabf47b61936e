/* Metrics of ranking: how well scores order the rows of each group (a query). The formula, alone:
 * ken_rank_ndcg, which boosting's ranking losses look at, too. */
#ifndef KEN_METRICS_RANK_H
#define KEN_METRICS_RANK_H

#include "ken/metrics/metrics.h"

KEN_BEGIN_C

typedef struct ken_ndcg_params {
    int64_t k;
} ken_ndcg_params;
#define KEN_NDCG_DEFAULTS {.k = 10}

extern KEN_API const ken_desc ken_ndcg_desc;

typedef struct ken_rank_item {
    double score, gain;
    uint32_t row; /* orders equal scores */
} ken_rank_item;

/* 2^relevance - 1: what a row of this relevance is worth at the first place. */
KEN_API double ken_rank_gain(double relevance);
/* What a place is worth, from 0: 1 / log2(place + 2), and 0 from place k on. */
KEN_API double ken_rank_discount(int64_t place, int64_t k);
/* By falling score, equal ones by row. */
KEN_API void ken_rank_sort(ken_rank_item *item, int64_t n);
/* The highest DCG@k that any order of the items has. Reorders them. */
KEN_API double ken_rank_ideal(ken_rank_item *item, int64_t n, int64_t k);
/* NDCG@k of one group: DCG by that of the best order; items of equal score share the mean of their
 * places. NaN where no item is worth anything. Reorders them. Cost O(n log n). */
KEN_API double ken_rank_ndcg(ken_rank_item *item, int64_t n, int64_t k);

KEN_END_C

#endif
