/* How the figures write their specifications. Not public. */
#ifndef KEN_REPORT_FIGURES_COMMON_H
#define KEN_REPORT_FIGURES_COMMON_H

#include "ken/report/figures.h"

/* The rows of a figure's data: a JSON array of objects. */
typedef struct ken__figure_data {
    ken_text text;
    ken_json_writer w;
} ken__figure_data;
void ken__figure_data_begin(ken_ctx *ctx, ken__figure_data *data);
void ken__figure_row(ken__figure_data *data); /* starts a row, ending the one before */
void ken__figure_value(ken__figure_data *data, const char *key, double value); /* 5 digits */
void ken__figure_string(ken__figure_data *data, const char *key, const char *text);

/* Write the specification: in `spec`, ' stands for ", ` for ', $0..$9 for texts[i] as a JSON string,
 * @0..@9 for raws[i] as it is, and @d for the data, whose text is freed. */
ken_status ken__figure_end(ken_ctx *ctx, ken__figure_data *data, const char *spec,
                           const char *const *texts, const char *const *raws, ken_json_writer *w);

/* A metric's name for people: "roc_auc" is "ROC AUC"; `name` itself when it has no other. */
const char *ken__figure_metric(const char *name);

/* Row i of m shown, of n rows. */
static inline int64_t ken__figure_pick(int64_t i, int64_t m, int64_t n) {
    return m < n ? (int64_t)((double)i * ((double)n / (double)m)) : i;
}

/* "a + b": the columns of a group. */
void ken__figure_group_name(const ken_report_input *in, int group, ken_text *out);

#endif
