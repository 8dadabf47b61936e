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

/* The facts of ken_metric that bindings need: .write_json of every metric. */
void ken__metric_write_json(const ken_desc *desc, ken_json_writer *w);

/* Rows in order of score. Equal scores stand together (-0 equals 0). */
typedef struct ken__ranked {
    int64_t n;              /* rows ranked; -1: a score is NaN */
    const double *negated;  /* -score, rising */
    const int32_t *item;    /* 2 * row + 1 if the row is of the positive class, 2 * row if not */
} ken__ranked;

static inline int64_t ken__ranked_row(const ken__ranked *r, int64_t i) { return r->item[i] >> 1; }
static inline bool ken__ranked_positive(const ken__ranked *r, int64_t i) { return r->item[i] & 1; }
static inline double ken__ranked_score(const ken__ranked *r, int64_t i) { return 0.0 - r->negated[i]; }

/* Rows by falling score, in scratch.
 *
 * score    score[i * stride] belongs to row i.
 * against  only rows of class `positive` or `against`; -1: all rows. Rows of weight 0 are left out.
 * errors   KEN_E_LIMIT more than 2^30 rows
 * cost     O(n): a radix sort; scratch 24 bytes a row. */
ken_status ken__rank_rows(ken_ctx *ctx, const ken_scores *s, const double *score, int64_t stride,
                          int positive, int against, ken__ranked *out);

/* Sorts values in place, rising; no NaN among them. */
ken_status ken__sort_f64(ken_ctx *ctx, double *values, int64_t n);

/* Area under the ROC curve of ranked rows; NaN with one class only. Exact (integers) without weights. */
double ken__auc(const ken_scores *s, const ken__ranked *r);

/* Wilson 1927: the interval of a share of n rows, z standard deviations wide on each side. Weighted
 * rows count as (sum w)^2 / sum w^2 rows (Kish). */
static inline void ken__wilson(double share, double n, double z, double *low, double *high) {
    const double center = (share + z * z / (2 * n)) / (1 + z * z / n);
    const double half =
        z / (1 + z * z / n) * sqrt(share * (1 - share) / n + z * z / (4 * n * n));
    *low = share <= 0 ? 0.0 : KEN_MAX(center - half, 0.0);
    *high = share >= 1 ? 1.0 : KEN_MIN(center + half, 1.0);
}

/* metrics_cells.c: `values` of a metric of labels over resamples of the rows, by drawing confusion
 * matrices; only where ken__cells_suit. Random: stream "metrics.cells", one index a resample. */
bool ken__cells_suit(const ken_desc *desc, const ken_scores *s);
ken_status ken__cells_values(ken_ctx *ctx, const ken_desc *desc, const void *params,
                             const ken_scores *s, int64_t resamples, double *values);

#endif
