/* Random forests and extra trees: many trees, each grown to the end on its own draw of the rows,
 * with a few columns drawn at every node. All code of both; the folders forest/ and extra_trees/
 * hold their parameters.
 *
 * Columns are bins of one byte (tree_bins.h), so a node is one pass over its rows: each adds its
 * weight to the (bin, class) sums of the drawn columns. Only bins that occur are looked at and
 * cleared, so a node of three rows costs three rows. A column of at most 255 distinct values is
 * split exactly where an exact search would; others at 254 quantiles.
 *
 * source  Breiman 2001, "Random forests"; Geurts, Ernst & Wehenkel 2006, "Extremely randomized
 * trees". */
#ifndef KEN_TREE_FOREST_GROW_H
#define KEN_TREE_FOREST_GROW_H

#include <math.h>

#include "ken/tree/cart_grow.h"

KEN_BEGIN_C

typedef enum ken_forest_columns {
    KEN_FOREST_AUTO,
    KEN_FOREST_SQRT,
    KEN_FOREST_THIRD,
    KEN_FOREST_LOG2,
    KEN_FOREST_ALL,
    KEN_FOREST_FRACTION
} ken_forest_columns;

/* The parameters of both, under their own names. */
typedef struct ken_forest_rules {
    const char *name; /* of the thing: messages and random streams */
    int64_t trees;
    bool bootstrap;         /* draw rows with replacement */
    bool random_cuts;       /* one random threshold a column instead of the best */
    bool oob;               /* score on the rows that a tree did not see */
    int criterion;          /* 0 auto, 1 gini, 2 entropy, 3 squared */
    bool entropy;           /* set by ken_forest_fit */
    int columns;            /* ken_forest_columns: how many are drawn at a node */
    double column_fraction; /* with KEN_FOREST_FRACTION */
    double row_fraction;    /* rows drawn for a tree */
    int64_t max_depth;      /* 0: no limit */
    int64_t min_leaf_rows, min_split_rows;
    double min_gain;
    int class_weight; /* 0 none, 1 balanced */
} ken_forest_rules;

/* Grow a forest and set the attributes of tree_ensemble.h; with oob also oob_score (accuracy or R
 * squared over the rows that some tree did not see) and oob_rows (how many those are).
 *
 * random  streams "<name>.rows" and "<name>.columns", index: the tree
 * cost    O(trees n columns log n); memory: a byte a cell, some 30 bytes a row and thread,
 *         56 bytes a node while the trees grow.
 * threads trees are shared out; the result is the same for any number. */
KEN_API ken_status ken_forest_fit(ken_ctx *ctx, ken_model *model, const ken_problem *problem,
                                  const ken_forest_rules *rules);

extern const char *const ken_forest_criteria[], *const ken_forest_column_choices[],
                                                    *const ken_forest_class_weights[];

/* The parameter rows of all forests: the same, over structs with the same fields. */
#define KEN_FOREST_TREES_ROW(type)                                                                 \
    KEN_ROW_I64(type, trees, .min = 1, .max = 1e6, .lo = 50, .hi = 1000, .scale = KEN_LOG_SCALE,   \
                .doc = "number of trees; more is better, ever less so")
#define KEN_FOREST_SHAPE_ROWS(type)                                                                \
    KEN_ROW_CHOICE(type, columns, ken_forest_column_choices,                                       \
                   .doc = "columns drawn at a node; auto: sqrt to classify, all to regress"),      \
        KEN_ROW_F64(type, column_fraction, .min = 0, .max = 1, .open_min = true, .lo = 0.1,        \
                    .hi = 1, .when = "columns=fraction",                                           \
                    .doc = "part of the columns drawn at a node"),                                 \
        KEN_ROW_BOOL(type, bootstrap, .doc = "draw the rows of a tree with replacement"),          \
        KEN_ROW_F64(type, row_fraction, .min = 0, .max = 1, .open_min = true, .lo = 0.3, .hi = 1,  \
                    .doc = "rows drawn for a tree, as part of all"),                               \
        KEN_ROW_I64(type, max_depth, .min = 0, .max = 1e6, .unit = "splits",                       \
                    .doc = "longest path from the root; 0: no limit"),                             \
        KEN_ROW_I64(type, min_leaf_rows, .min = 1, .max = 1e9, .lo = 1, .hi = 20,                  \
                    .scale = KEN_LOG_SCALE, .unit = "rows",                                        \
                    .doc = "fewest rows in a leaf, repeats counted"),                              \
        KEN_ROW_I64(type, min_split_rows, .min = 2, .max = 1e9, .unit = "rows",                    \
                    .doc = "fewest rows of a node that may be split"),                             \
        KEN_ROW_F64(type, min_gain, .min = 0, .max = INFINITY,                                     \
                    .doc = "smallest decrease of impurity by a split, times the node's share")
#define KEN_FOREST_OOB_ROW(type)                                                                   \
    KEN_ROW_BOOL(type, oob, .doc = "score the forest on rows that a tree did not see (oob_score)")
#define KEN_FOREST_ROWS(type)                                                                      \
    KEN_FOREST_TREES_ROW(type),                                                                    \
        KEN_ROW_CHOICE(                                                                            \
            type, criterion, ken_forest_criteria,                                                  \
            .doc = "what a split makes small; auto: gini to classify, squared to regress"),        \
        KEN_FOREST_SHAPE_ROWS(type),                                                               \
        KEN_ROW_CHOICE(type, class_weight, ken_forest_class_weights,                               \
                       .doc = "balanced: each class gets the same weight in all"),                 \
        KEN_FOREST_OOB_ROW(type)

/* Rules from the parameters of either thing. */
#define KEN_FOREST_RULES(thing, p)                                                                 \
    {.name = thing,                                                                                \
     .trees = (p)->trees,                                                                          \
     .bootstrap = (p)->bootstrap,                                                                  \
     .oob = (p)->oob,                                                                              \
     .criterion = (p)->criterion,                                                                  \
     .columns = (p)->columns,                                                                      \
     .column_fraction = (p)->column_fraction,                                                      \
     .row_fraction = (p)->row_fraction,                                                            \
     .max_depth = (p)->max_depth,                                                                  \
     .min_leaf_rows = (p)->min_leaf_rows,                                                          \
     .min_split_rows = (p)->min_split_rows,                                                        \
     .min_gain = (p)->min_gain,                                                                    \
     .class_weight = (p)->class_weight}

KEN_END_C

#endif
