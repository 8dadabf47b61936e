/* Reports from what training, describing and explaining leave behind: who has a ken_training has a page and its
 * figures. Programs hand in what only they know; no program puts a ken_report_input together itself. */
#ifndef KEN_REPORT_REPORT_TRAINING_H
#define KEN_REPORT_REPORT_TRAINING_H

#include "ken/core/json.h"
#include "ken/report/report.h"
#include "ken/select/train/train.h"

KEN_BEGIN_C

/* What only the caller knows; whatever is NULL or 0 is not said. */
typedef struct ken_report_source {
    const char *data_name;               /* "churn.csv" */
    const char *command;                 /* that does it again */
    const char *made;                    /* when, in words: nothing here looks at a calendar */
    const char *checksum;                /* SHA-256 of the data */
    const ken_report_curve_point *curve; /* objective by iteration, of a training */
    int n_curve;
    const char *vega_js, *vega_lite_js, *vega_embed_js; /* all three, or none: tables only */
    size_t vega_size, vega_lite_size, vega_embed_size;
} ken_report_source;

/* Where a report goes; each may be NULL. */
typedef struct ken_report_output {
    ken_text *page;           /* HTML */
    ken_json_writer *figures; /* one JSON value: ken_report_figures */
    ken_json_writer *columns; /* one JSON object: what was found of the columns (ken_report_json_columns) */
} ken_report_output;

/* The report of a training, explanations of the model on the rows set aside included (ken_report_collect with
 * its defaults): what `ken train` writes.
 *
 * table    the one trained on.
 * errors   those of ken_describe, ken_report_collect and ken_report_render
 * cost     ten seconds of explanations at most, where the context has a clock */
KEN_API ken_status ken_report_training(ken_ctx *ctx, const ken_table *table, const ken_model *model,
                                       const ken_training *training, const ken_report_source *source,
                                       const ken_report_output *out);
/* Of a fitted model and a table it is asked about: what `ken explain` writes. asked NULL: nothing besides. */
KEN_API ken_status ken_report_model(ken_ctx *ctx, const ken_table *table, const ken_model *model,
                                    const ken_report_asked *asked, const ken_report_source *source,
                                    const ken_report_output *out);
/* Of a table alone: what `ken describe` writes. */
KEN_API ken_status ken_report_table(ken_ctx *ctx, const ken_table *table, const ken_profile *profile,
                                    const ken_report_source *source, const ken_report_output *out);

KEN_END_C

#endif
