/* A random forest: the mean of many deep trees, each grown on rows drawn with replacement, each
 * split chosen among a few columns drawn at random. */
#ifndef KEN_TREE_FOREST_H
#define KEN_TREE_FOREST_H

#include "ken/core/model.h"

KEN_BEGIN_C

typedef struct ken_forest_params {
    int64_t trees;
    int criterion; /* 0 auto (gini, squared), 1 gini, 2 entropy, 3 squared */
    int columns;   /* 0 auto, 1 sqrt, 2 third, 3 log2, 4 all, 5 fraction */
    double column_fraction;
    bool bootstrap;
    double row_fraction;
    int64_t max_depth; /* 0: no limit */
    int64_t min_leaf_rows, min_split_rows;
    double min_gain;
    int class_weight; /* 0 none, 1 balanced */
    bool oob;
} ken_forest_params;

#define KEN_FOREST_DEFAULTS                                                                        \
    {.trees = 100,                                                                                 \
     .column_fraction = 1,                                                                         \
     .bootstrap = true,                                                                            \
     .row_fraction = 1,                                                                            \
     .max_depth = 0,                                                                               \
     .min_leaf_rows = 1,                                                                           \
     .min_split_rows = 2,                                                                          \
     .min_gain = 0,                                                                                \
     .oob = true}

extern KEN_API const ken_desc ken_forest_desc;
KEN_DEFINE_NEW(forest)

KEN_END_C

#endif
