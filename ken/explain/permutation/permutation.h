/* Permutation importance: how much worse the model scores when one raw column is shuffled. */
#ifndef KEN_EXPLAIN_PERMUTATION_H
#define KEN_EXPLAIN_PERMUTATION_H

#include "ken/core/model.h"

KEN_BEGIN_C

typedef struct ken_permutation_params {
    int64_t n_repeats;  /* shuffles per column, 1 .. 1000 */
    const char *metric; /* NULL: the one that `train` goes by */
    int64_t max_rows;   /* score on at most so many rows, drawn at random; 0: all */
} ken_permutation_params;
#define KEN_PERMUTATION_DEFAULTS {5, NULL, 0}

/* The loss of score by shuffling one column, positive when the column helps whatever the direction
 * of the metric. */
typedef struct ken_permutation_row {
    int feature; /* of ken_model_feature */
    double mean; /* over the repeats */
    double sd;   /* over the repeats, n - 1; 0 with one repeat */
} ken_permutation_row;

typedef struct ken_permutation_info {
    const char *metric;      /* the catalog's, lives as long as the program */
    bool higher_is_better;
    double score;            /* of the untouched rows */
    int64_t rows, n_repeats; /* rows used */
} ken_permutation_info;

/* Shuffle each raw input column in turn and measure the score through the whole model, recipe
 * included.
 *
 * data     table, target and (optional) weight; all rows are used, whatever their role. Use rows
 *          that the model did not see: on training rows a model that overfits praises noise.
 * params   NULL: defaults.
 * info     out, may be NULL.
 * out      (n_features) of the caller, sorted by falling mean (ties: by column).
 * repeats  (n_features, n_repeats) of the caller, row j is feature j; NULL: not wanted.
 * errors   KEN_E_STATE not fitted · KEN_E_ARG no target, metric of another task · KEN_E_NOT_FOUND a
 *          column or the metric · KEN_E_VALUE no row has a known target · KEN_E_CANCELLED
 * cost     n_features * n_repeats predictions of the rows; one more copy of a column.
 * random   stream "permutation.<column>", index = repeat: a column's draws do not depend on which
 *          other columns there are.
 * source   Breiman 2001, Machine Learning 45; Fisher, Rudin & Dominici 2019, JMLR 20(177).
 *          Peer: sklearn.inspection.permutation_importance
 */
KEN_API ken_status ken_explain_permutation(ken_ctx *ctx, const ken_model *model,
                                           const ken_data *data,
                                           const ken_permutation_params *params,
                                           ken_permutation_info *info, ken_permutation_row *out,
                                           double *repeats);

/* --- groups (permutation_groups.c) --- */
/* Columns that say the same share their importance: while one is shuffled the others still tell. Together they
 * tell nothing. */
typedef struct ken_permutation_group {
    int group, n; /* its number; columns in it */
    double mean, sd;
} ken_permutation_group;
/* Groups of columns that pairs of at least that association hang together by (Pearson's |r|, Cramer's V or the
 * correlation ratio, by the types; ken/stats/describe). at_least in (0, 1], 0.7 say.
 *
 * group     (n_features) of the caller: the group of each column, 0 .. *n_groups - 1 in order of first columns.
 * errors    KEN_E_ARG · KEN_E_NOT_FOUND a column */
KEN_API ken_status ken_explain_associated(ken_ctx *ctx, const ken_model *model, const ken_table *table,
                                          double at_least, int *group, int *n_groups);
#define KEN_PERMUTATION_ASSOCIATED 0.7
/* Groups of one column become -1, the others are numbered anew in the same order; how many there are. */
KEN_API int ken_explain_drop_single(int *group, int n_features, int n_groups);
/* Permutation importance of groups: all columns of a group in the same new order, so that what they say of each
 * other stays. A group of one column has the numbers of ken_explain_permutation, to the bit.
 *
 * group     (n_features) 0 .. n_groups - 1, or -1: in none; an empty group is worth 0.
 * out       (n_groups) of the caller, sorted by falling mean (ties: by group).
 * source    Gregorutti, Michel & Saint-Pierre 2015 (Computational Statistics & Data Analysis 90) */
KEN_API ken_status ken_explain_permutation_groups(ken_ctx *ctx, const ken_model *model, const ken_data *data,
                                                  const ken_permutation_params *params, const int *group,
                                                  int n_groups, ken_permutation_info *info,
                                                  ken_permutation_group *out);

KEN_END_C

#endif
