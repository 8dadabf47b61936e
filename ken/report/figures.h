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
#include "ken/metrics/curves.h"
#include "ken/report/report.h"

KEN_BEGIN_C

enum { KEN_FIGURE_MARKS = 5000, KEN_FIGURE_CURVE = 200 };

/* Vega-Lite's "config" (JSON) for figures whose surroundings have no look of their own; colors that stand out on
 * white and on black (figures_common.c). */
KEN_API const char *ken_figure_look(void);

/* --- two classes (figures_classify.c); `threshold` is a parameter of the first three ---------------- */
/* curve: ken_threshold_table_new(ctx, scores, KEN_FIGURE_CURVE, ...) */
KEN_API ken_status ken_figure_roc(ken_ctx *ctx, const ken_threshold_table *curve,
                                  ken_json_writer *w);
KEN_API ken_status ken_figure_precision_recall(ken_ctx *ctx, const ken_threshold_table *curve,
                                               ken_json_writer *w);
/* names: of class 0 and class 1. */
KEN_API ken_status ken_figure_scores(ken_ctx *ctx, const ken_scores *scores,
                                     const char *const names[2], ken_json_writer *w);
KEN_API ken_status ken_figure_gain(ken_ctx *ctx, const ken_threshold_table *curve,
                                   ken_json_writer *w);
KEN_API ken_status ken_figure_lift(ken_ctx *ctx, const ken_threshold_table *curve,
                                   ken_json_writer *w);

/* bins: ken_calibration_curve(...); with the 95 % interval of each. */
KEN_API ken_status ken_figure_calibration(ken_ctx *ctx, const ken_curve *bins, ken_json_writer *w);

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
/* With a choice: columns one by one, or those that say the same together. Members of group g are the columns
 * with together_of[column] = g. */
KEN_API ken_status ken_figure_together(ken_ctx *ctx, const ken_report_input *in, ken_json_writer *w);
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

/* Bars from 0, with a line of +- error where that is a number; the first 30. title: of the axis (report_asked.c). */
typedef struct ken_report_bar {
    const char *name;
    double value, error;
} ken_report_bar;
KEN_API ken_status ken_figure_bars(ken_ctx *ctx, const ken_report_bar *bars, int n, const char *title,
                                   ken_json_writer *w);

/* Contributions of a column against its values, a point a row, colored by another column (-1: none)
 * (report_asked.c). */
KEN_API ken_status ken_figure_dependence(ken_ctx *ctx, const ken_model *model, const ken_table *table,
                                         const ken_shap_view *shap, int output, int column, int partner,
                                         ken_json_writer *w);

/* --- models, training, data (figures_models.c) --- */
KEN_API ken_status ken_figure_leaders(ken_ctx *ctx, const ken_report_leader *rows, int n,
                                      const char *metric, ken_json_writer *w);
KEN_API ken_status ken_figure_curve(ken_ctx *ctx, const ken_report_curve_point *points, int n,
                                    const char *x_title, const char *y_title, ken_json_writer *w);
/* A metric of n rounds, `stride` apart; kept: the round that the model ends with, 0: none is marked. */
KEN_API ken_status ken_figure_history(ken_ctx *ctx, const double *values, int64_t n, int64_t stride, int64_t kept,
                                      const char *title, ken_json_writer *w);
/* correlation (n, n) of the named columns. */
KEN_API ken_status ken_figure_correlation(ken_ctx *ctx, const char *const *names,
                                          const double *correlation, int n, ken_json_writer *w);

KEN_END_C

#endif
