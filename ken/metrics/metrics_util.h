/* What the metrics share: an accurate sum, and rows in order of score. Private to the
 * room. */
#ifndef KEN_METRICS_UTIL_H
#define KEN_METRICS_UTIL_H

#include <math.h>

#include "ken/core/alloc.h"
#include "ken/core/rng.h"
#include "ken/metrics/metrics.h"

/* Neumaier's compensated sum. */
typedef struct ken__sum {
    double high, low;
} ken__sum;

static inline void ken__sum_add(ken__sum *sum, double x) {
    const double t = sum->high + x;
    sum->low += fabs(sum->high) >= fabs(x) ? (sum->high - t) + x : (x - t) + sum->high;
    sum->high = t;
}

static inline double ken__sum_value(const ken__sum *sum) {
    /* an infinite term makes low NaN: the sum is what high says */
    return isfinite(sum->high) ? sum->high + sum->low : sum->high;
}

static inline double ken__row_weight(const ken_scores *s, int64_t i) {
    return s->weight ? s->weight[i] : 1.0;
}

/* A row among others, in order of score. Equal keys are equal scores; -0 equals 0. */
typedef struct ken__ranked {
    uint64_t key;  /* falls as the score rises */
    uint64_t item; /* 2 * row + 1 if the row is of the positive class, 2 * row if not */
} ken__ranked;

static inline int64_t ken__ranked_row(ken__ranked r) { return (int64_t)(r.item >> 1); }
static inline bool ken__ranked_positive(ken__ranked r) { return r.item & 1; }

/* Rows by falling score, those of equal score by rising row number, in scratch.
 *
 * score    score[i * stride] belongs to row i.
 * against  only rows of class `positive` or `against`; -1: all rows. Rows of weight 0 are left out.
 * m        out: rows ranked; -1 when a score is NaN.
 * cost     O(n): a radix sort, least significant digit first; scratch 32 bytes a row. */
ken_status ken__rank_rows(ken_ctx *ctx, const ken_scores *s, const double *score, int64_t stride,
                          int positive, int against, ken__ranked **out, int64_t *m);

/* Sorts values in place, rising; no NaN among them. The same radix sort. */
ken_status ken__sort_f64(ken_ctx *ctx, double *values, int64_t n);

/* The score that a key was made from. */
double ken__ranked_score(ken__ranked r);

/* Area under the ROC curve of ranked rows; NaN with one class only. Exact (integers) without weights. */
double ken__auc(const ken_scores *s, const ken__ranked *ranked, int64_t m);

/* metrics_cells.c: `values` of a metric of labels over resamples of the rows, by drawing confusion
 * matrices; only where ken__cells_suit. Random: stream "metrics.cells", one index a resample. */
bool ken__cells_suit(const ken_desc *desc, const ken_scores *s);
ken_status ken__cells_values(ken_ctx *ctx, const ken_desc *desc, const void *params,
                             const ken_scores *s, int64_t resamples, double *values);

#endif
