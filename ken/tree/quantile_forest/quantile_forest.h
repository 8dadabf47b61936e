/* A quantile regression forest: a forest that keeps the training targets of each leaf, and so gives
 * the whole distribution of the target at a row, not its mean alone. */
#ifndef KEN_TREE_QUANTILE_FOREST_H
#define KEN_TREE_QUANTILE_FOREST_H

#include "ken/core/model.h"

KEN_BEGIN_C

typedef struct ken_quantile_forest_params {
    const char *quantiles; /* levels, ascending: ken/core/quantiles.h */
    int value;             /* 0 mean, 1 median */
    int64_t trees;
    int columns; /* 0 auto (all), 1 sqrt, 2 third, 3 log2, 4 all, 5 fraction */
    double column_fraction;
    bool bootstrap;
    double row_fraction;
    int64_t max_depth; /* 0: no limit */
    int64_t min_leaf_rows, min_split_rows;
    double min_gain;
    bool oob;
} ken_quantile_forest_params;

#define KEN_QUANTILE_FOREST_DEFAULTS                                                               \
    {.quantiles = "0.05|0.5|0.95",                                                                 \
     .trees = 100,                                                                                 \
     .column_fraction = 1,                                                                         \
     .bootstrap = true,                                                                            \
     .row_fraction = 1,                                                                            \
     .max_depth = 0,                                                                               \
     .min_leaf_rows = 5,                                                                           \
     .min_split_rows = 2,                                                                          \
     .min_gain = 0,                                                                                \
     .oob = true}

extern KEN_API const ken_desc ken_quantile_forest_desc;
KEN_DEFINE_NEW(quantile_forest)

KEN_END_C

#endif
