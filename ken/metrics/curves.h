/* Curves and tables behind the metrics, for reports: ROC, precision-recall, calibration, gain and lift,
 * confusion, thresholds. All look at the probability of class s->positive against all others. */
#ifndef KEN_METRICS_CURVES_H
#define KEN_METRICS_CURVES_H

#include "ken/metrics/metrics.h"

KEN_BEGIN_C

/* Points of a curve; owned, freed by ken_curve_free. */
typedef struct ken_curve {
    int64_t n;
    double *x, *y;
    double *z;      /* threshold (ROC, PR), weight of the bin (calibration), lift (gain) */
    double *low, *high, *rows; /* 95 % interval of y and number of rows (calibration), else NULL */
    void *memory;   /* private */
    ken_allocator alloc;
} ken_curve;
KEN_API void ken_curve_free(ken_curve *curve); /* NULL is fine; the struct is zero afterwards */

/* x false positive rate, y true positive rate, z threshold (a row is positive when its score is at
 * least z; the first point has z = infinity). Falling thresholds, one a distinct score; points inside a
 * straight run are left out; at most max_points of them are kept, evenly by rank (0: all).
 * One class only: NaN rates. peer: sklearn.metrics.roc_curve */
KEN_API ken_status ken_roc_curve(ken_ctx *ctx, const ken_scores *s, int64_t max_points,
                                 ken_curve *out);
/* x recall, y precision, z threshold, from recall 0 (precision 1, threshold infinity) upwards.
 * peer: sklearn.metrics.precision_recall_curve, which lists them the other way round */
KEN_API ken_status ken_pr_curve(ken_ctx *ctx, const ken_scores *s, int64_t max_points,
                                ken_curve *out);
/* x mean predicted probability, y share of positive rows with its Wilson interval, z weight, of
 * the bins with weight. */
typedef enum ken_bin_way { KEN_BINS_UNIFORM = 0, KEN_BINS_QUANTILE } ken_bin_way;
KEN_API ken_status ken_calibration_curve(ken_ctx *ctx, const ken_scores *s, int64_t bins,
                                         ken_bin_way how, ken_curve *out);
/* x share of rows taken by falling score, y gain (share of the positive rows among them), z lift
 * (y / x; NaN at 0). Tied rows are taken together. */
KEN_API ken_status ken_lift_curve(ken_ctx *ctx, const ken_scores *s, int64_t max_points,
                                  ken_curve *out);

/* out[i * n_classes + j] = weight of the rows of class i predicted as j; (n_classes, n_classes). */
KEN_API ken_status ken_confusion(ken_ctx *ctx, const ken_scores *s, double *out);

/* What happens when rows with a probability of at least `threshold` are called positive. */
typedef struct ken_threshold_row {
    double threshold;
    double tp, fp, tn, fn; /* weights of rows */
    double precision, recall, specificity, f1, accuracy;
} ken_threshold_row;
typedef struct ken_threshold_table {
    int64_t n;
    ken_threshold_row *row;   /* by falling threshold */
    int64_t best_f1;          /* row number over ALL thresholds' best F1, always in the table */
    int64_t best_youden;      /* the same for recall + specificity - 1 */
    double positive, negative; /* weights of all rows of the class, and of all others */
    ken_allocator alloc;
} ken_threshold_table;
/* At most max_rows distinct scores, evenly by rank, and the two best ones. */
KEN_API ken_status ken_threshold_table_new(ken_ctx *ctx, const ken_scores *s, int64_t max_rows,
                                           ken_threshold_table *out);
KEN_API void ken_threshold_table_free(ken_threshold_table *table);

KEN_END_C

#endif
