/* A single decision tree (CART): splits at thresholds or by sets of levels, grown greedily, cut
 * back by minimal cost-complexity pruning. For regression and classification. */
#ifndef KEN_TREE_TREE_H
#define KEN_TREE_TREE_H

#include "ken/core/model.h"

KEN_BEGIN_C

typedef struct ken_tree_params {
    int criterion;      /* 0 auto, 1 gini, 2 entropy, 3 squared */
    int64_t max_depth;  /* 0: no limit */
    int64_t max_leaves; /* 0: no limit */
    int64_t min_leaf_rows;
    int64_t min_split_rows;
    double min_gain;
    double ccp_alpha;
    double column_fraction;
    int class_weight; /* 0 none, 1 balanced */
} ken_tree_params;

#define KEN_TREE_DEFAULTS                                                                          \
    {.max_depth = 0,                                                                               \
     .max_leaves = 0,                                                                              \
     .min_leaf_rows = 1,                                                                           \
     .min_split_rows = 2,                                                                          \
     .min_gain = 0,                                                                                \
     .ccp_alpha = 0,                                                                               \
     .column_fraction = 1}

extern KEN_API const ken_desc ken_tree_desc;
KEN_DEFINE_NEW(tree)

/* The pruning path of a fitted model of one tree: how it shrinks as ccp_alpha grows.
 *
 * alpha, impurity, leaves  out: (capacity), or NULL; entry 0 is the tree as it is (alpha 0), the
 *                          last one the root alone; impurity: mean over the training weight.
 *
 * n       out: number of entries; more than capacity: only so many were written.
 *
 * errors  KEN_E_STATE not fitted, or not a single tree
 *
 * peer    DecisionTreeClassifier.cost_complexity_pruning_path */
KEN_API ken_status ken_tree_prune_path(ken_ctx *ctx, const ken_model *model, int64_t capacity,
                                       double *alpha, double *impurity, int64_t *leaves,
                                       int64_t *n);

KEN_END_C

#endif
