/* Bins: each column of a table as a small whole number, so that a tree looks at 256 candidates a
 * column and not at n. Shared by trees, forests and boosting. Read next: tree_bins.c.
 *
 * A numeric column has thresholds edge[0] < edge[1] < ...; the code of x is the number of edges
 * below it, so that "code <= b" and "x <= edge[b]" are the same question. A category column has a
 * table from level to code. The code of a missing cell is n_bins, in every column. */
#ifndef KEN_TREE_TREE_BINS_H
#define KEN_TREE_TREE_BINS_H

#include "ken/core/table.h"

KEN_BEGIN_C

enum { KEN_BINS_MAX = 255, KEN_BINS_SAMPLE = 200000 };

typedef struct ken_bin_feature {
    bool category;
    bool has_missing;   /* some training row lacks it */
    bool exact;         /* a bin for each value that occurs (category: for each level) */
    int32_t n_bins;     /* codes of values: 0 .. n_bins - 1 (0 bins: no training row has it) */
    int32_t n_levels;   /* category: levels of the column; else 0 */
    const double *edge; /* numeric: (n_bins - 1), ascending */
    const uint8_t *level_bin; /* category: (n_levels) code of a level; n_bins: not in training */
} ken_bin_feature;

typedef struct ken_bins {
    int n_features;
    ken_bin_feature *feature; /* (n_features) */
    double *edge_memory;
    uint8_t *level_memory;
} ken_bins;

/* Choose the bins from rows [0, n_train).
 *
 * X         columns f64 f32 i64 bool time (numeric) or category.
 * weight    (n_train or more) f64 >= 0, or NULL; rows of weight 0 do not count.
 * max_bins  2 .. KEN_BINS_MAX, missing not counted. A column of at most so many distinct values has
 *           a bin for each, with thresholds half way between neighbors; more: bins of about equal
 *           weight over a stratified sample of KEN_BINS_SAMPLE rows. Categories: a bin for each
 *           level; with more levels than bins the most frequent ones, and one bin for the rest.
 * errors    KEN_E_TYPE a string column · KEN_E_ARG max_bins · KEN_E_CANCELLED
 * cost      O(n d) + sorting of the sample; threads: columns are split.
 * random    stream "tree.bins" of ctx, only with more than KEN_BINS_SAMPLE rows. */
KEN_API ken_status ken_bins_fit(ken_ctx *ctx, const ken_table *X, int64_t n_train,
                                const double *weight, int max_bins, ken_bins **out);
KEN_API void ken_bins_free(ken_ctx *ctx, ken_bins *bins);

/* Codes of rows [first, first + n) of X: the code of row first + i, column j goes to
 * out[i * row_stride + j * col_stride]. Row-major: row_stride >= d, col_stride 1 (bytes between are
 * not written); column-major: row_stride 1, col_stride >= n. Threads: rows are split. */
KEN_API ken_status ken_bins_apply(ken_ctx *ctx, const ken_bins *bins, const ken_table *X,
                                  int64_t first, int64_t n, uint8_t *out, int64_t row_stride,
                                  int64_t col_stride);

KEN_END_C

#endif
