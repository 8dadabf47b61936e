/* Results as JSON: members of an object that the caller has open, in the field's names. What programs print for
 * scripts and what bindings read. Durations are NaN ("NaN") without a clock. */
#ifndef KEN_REPORT_REPORT_JSON_H
#define KEN_REPORT_REPORT_JSON_H

#include "ken/core/json.h"
#include "ken/explain/explain_account.h"
#include "ken/report/report.h"
#include "ken/select/train/train.h"

KEN_BEGIN_C

/* "metrics": name -> value, "intervals": name -> {"low", "high", "method"} where there is one. */
KEN_API void ken_report_json_metrics(const ken_evaluation *e, ken_json_writer *w);
/* "task", "model", "target", rows by what became of them, metrics, "confusion" (truth by prediction) where there
 * are classes. */
KEN_API void ken_report_json_evaluation(const ken_model *model, const ken_evaluation *e, ken_json_writer *w);
/* "cv": splitter, folds, and name -> {"mean", "se", "folds"}. */
KEN_API void ken_report_json_cv(const ken_cv_result *cv, ken_json_writer *w);
/* One line of a leaderboard, as an object (a value, no members). */
KEN_API void ken_report_json_compared(const ken_compare_row *row, ken_json_writer *w);
/* "task", "model", "target", rows, metrics, "baseline", what was asked besides ("coverage", "cv", "compared" with its
 * "reason"), what early stopping looked at ("rounds", "history"), and durations. */
KEN_API void ken_report_json_training(const ken_model *model, const ken_training *t, ken_json_writer *w);
/* "parameters", "features", and "classes" where there are any. */
KEN_API void ken_report_json_model(const ken_model *model, ken_json_writer *w);
/* What was measured of the columns, as far as the input has it: "metric", "score", "rows", "permutation",
 * "together"; "importance"; "effects". */
KEN_API void ken_report_json_columns(const ken_report_input *in, ken_json_writer *w);
/* A curve or a plane over one or two columns: "unit", "axes", and "outputs" by class, or one called "value". */
typedef struct ken_report_shape {
    const ken_effect_axis *axis[2];
    int n_axes, n_outputs;
    const double *value; /* (n_outputs, n of axis 0 [, n of axis 1]) */
    const char *unit;
} ken_report_shape;
KEN_API void ken_report_json_shape(const ken_model *model, const ken_report_shape *shape, ken_json_writer *w);
/* The values of one output, as an array of one or two dimensions (a value, no members). */
KEN_API void ken_report_json_points(const ken_report_shape *shape, const double *value, ken_json_writer *w);
/* One prediction and what each column added to it. */
KEN_API void ken_report_json_account(const ken_account *account, ken_json_writer *w);

KEN_END_C

#endif
