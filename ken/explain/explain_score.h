/* Shared by the things of this room: rows prepared for asking a fitted model many questions, and the
 * model's score on them by one metric. Not public. */
#ifndef KEN_EXPLAIN_EXPLAIN_SCORE_H
#define KEN_EXPLAIN_EXPLAIN_SCORE_H

#include "ken/core/model.h"
#include "ken/metrics/metrics.h"

/* The model's own columns of some rows, in the model's order: column j is feature j. */
typedef struct ken__explain_rows {
    ken_table *selected; /* borrows from the caller's table */
    ken_table *taken;    /* NULL: all rows */
    const ken_table *table;
    int64_t *index;      /* row i is row index[i] of the caller's table */
    int64_t n;
} ken__explain_rows;

/* Rows of `table` that `keep` (n bytes, NULL: all) allows, at most max_rows of them (0: all), drawn
 * without replacement from the stream `stream`, in the order of the table. */
ken_status ken__explain_rows_begin(ken_ctx *ctx, const ken_model *model, const ken_table *table,
                                   const uint8_t *keep, int64_t max_rows, const char *stream,
                                   ken__explain_rows *out);
void ken__explain_rows_end(ken_ctx *ctx, ken__explain_rows *rows);

/* A table like `table`, all columns borrowed, but with column j replaced by `column` (copied). */
ken_status ken__explain_replace(ken_ctx *ctx, const ken_table *table, int j,
                                const ken_column *column, ken_table **out);

/* The same with column j holding value[i] in row i, in the column's own type (category: codes). */
ken_status ken__explain_set(ken_ctx *ctx, const ken_table *table, int j, const double *value, ken_table **out);
/* One value of a column as text: numbers to 4 digits. */
void ken__explain_label(const ken_column *column, double value, char *buf, size_t size);
/* Answers (n, width) as probabilities or values, the first of interest is `first` (1 for the second of two
 * classes), n_outputs of them. */
void ken__explain_outputs(const ken_model *model, int *width, int *first, int *n_outputs);
ken_status ken__explain_answer(ken_ctx *ctx, const ken_model *model, const ken_table *table, double *out);

typedef struct ken__explain_score {
    const ken_model *model;
    const ken_desc *metric;
    ken__explain_rows rows;
    ken_scores scores;
    double *y, *predicted, *proba, *weight;
    int32_t *label;
} ken__explain_score;

/* metric NULL: the default of the model's task. Rows without a known target are left out. */
ken_status ken__explain_score_begin(ken_ctx *ctx, const ken_model *model, const ken_data *data,
                                    const char *metric, int64_t max_rows, const char *stream,
                                    ken__explain_score *out);
void ken__explain_score_end(ken_ctx *ctx, ken__explain_score *score);
/* The metric on the model's answers for `table`, whose rows are those of score->rows. */
ken_status ken__explain_score_value(ken_ctx *ctx, ken__explain_score *score,
                                    const ken_table *table, double *out);

#endif
