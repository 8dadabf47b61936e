/* Figures as Vega-Lite 5 specifications (JSON), data inline, at most KEN_FIGURE_MARKS marks: what the
 * report draws and a notebook shows. Colors come from the surroundings (styles named "ken-..."), so
 * the same figure suits light and dark. More rows than marks: rows at even steps of the table's
 * order are shown.
 *
 * Every function writes one JSON object to `w` and fails only for want of memory, or with KEN_E_ARG
 * for scores of another task. */
#ifndef KEN_REPORT_FIGURES_H
#define KEN_REPORT_FIGURES_H

#include "ken/core/json.h"
#include "ken/explain/effect/effect.h"
#include "ken/explain/permutation/permutation.h"
#include "ken/explain/shap/shap.h"
#include "ken/metrics/metrics.h"
#include "ken/report/report.h"

KEN_BEGIN_C

enum { KEN_FIGURE_MARKS = 5000, KEN_FIGURE_CURVE = 200 };

/* Counts of a two-class model at falling thresholds: predicted positive is score >= t. */
typedef struct ken_threshold_curve {
    int n;
    double t[KEN_FIGURE_CURVE + 2], tp[KEN_FIGURE_CURVE + 2], fp[KEN_FIGURE_CURVE + 2];
    double positives, negatives; /* sums of weights */
} ken_threshold_curve;
/* errors  KEN_E_ARG not two classes. */
KEN_API ken_status ken_threshold_curve_of(ken_ctx *ctx, const ken_scores *scores,
                                          ken_threshold_curve *out);

/* --- two classes (figures_classify.c); `threshold` is a parameter of the first three ---------------- */
KEN_API ken_status ken_figure_roc(ken_ctx *ctx, const ken_threshold_curve *curve,
                                  ken_json_writer *w);
KEN_API ken_status ken_figure_precision_recall(ken_ctx *ctx, const ken_threshold_curve *curve,
                                               ken_json_writer *w);
/* names: of class 0 and class 1. */
KEN_API ken_status ken_figure_scores(ken_ctx *ctx, const ken_scores *scores,
                                     const char *const names[2], ken_json_writer *w);
KEN_API ken_status ken_figure_gain(ken_ctx *ctx, const ken_threshold_curve *curve,
                                   ken_json_writer *w);
KEN_API ken_status ken_figure_lift(ken_ctx *ctx, const ken_threshold_curve *curve,
                                   ken_json_writer *w);

enum { KEN_CALIBRATION_BINS = 10 };
typedef struct ken_calibration_bin {
    double predicted, observed, low, high, rows; /* mean score, share, its 95 % Wilson interval */
} ken_calibration_bin;
/* Bins of equally many rows by score. Returns through n how many there are. */
KEN_API ken_status ken_calibration_bins(ken_ctx *ctx, const ken_scores *scores,
                                        ken_calibration_bin *bins, int *n);
KEN_API ken_status ken_figure_calibration(ken_ctx *ctx, const ken_calibration_bin *bins, int n,
                                          ken_json_writer *w);

/* --- regression (figures_regress.c) --- */
KEN_API ken_status ken_figure_predicted(ken_ctx *ctx, const ken_scores *scores, const char *target,
                                        ken_json_writer *w);
KEN_API ken_status ken_figure_residuals(ken_ctx *ctx, const ken_scores *scores, const char *target,
                                        ken_json_writer *w);
KEN_API ken_status ken_figure_residual_histogram(ken_ctx *ctx, const ken_scores *scores,
                                                 const char *target, ken_json_writer *w);

/* --- explanations (figures_explain.c) --- */
KEN_API ken_status ken_figure_permutation(ken_ctx *ctx, const ken_model *model,
                                          const ken_permutation_info *info,
                                          const ken_permutation_row *rows, int n,
                                          ken_json_writer *w);
/* One axis: mean and single rows. low, high: of the vertical axis, NaN: from the data. classes: names
 * of the outputs (n_outputs), or NULL. */
KEN_API ken_status ken_figure_effect(ken_ctx *ctx, const ken_effect_view *effect,
                                     const char *answer, const char *const *classes, double low,
                                     double high, ken_json_writer *w);
KEN_API ken_status ken_figure_effect_pair(ken_ctx *ctx, const ken_effect_view *effect,
                                          const char *answer, ken_json_writer *w);
/* The n_features most important columns by mean |value|; color: rank of the row's own value. */
KEN_API ken_status ken_figure_shap(ken_ctx *ctx, const ken_model *model, const ken_table *table,
                                   const ken_shap_view *shap, int output, int n_features,
                                   ken_json_writer *w);

/* --- models, training, data (figures_models.c) --- */
KEN_API ken_status ken_figure_leaders(ken_ctx *ctx, const ken_report_leader *rows, int n,
                                      const char *metric, ken_json_writer *w);
KEN_API ken_status ken_figure_curve(ken_ctx *ctx, const ken_report_curve_point *points, int n,
                                    const char *x_title, const char *y_title, ken_json_writer *w);
/* correlation (n, n) of the named columns. */
KEN_API ken_status ken_figure_correlation(ken_ctx *ctx, const char *const *names,
                                          const double *correlation, int n, ken_json_writer *w);

KEN_END_C

#endif
