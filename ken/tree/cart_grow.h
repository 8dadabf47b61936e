/* Classification and regression trees by exact splits (CART): every cut between two neighboring
 * values of every column is looked at. Memory 4 bytes a row and column (each column's rows stay
 * sorted all the way down), time O(n d) a level. Forests use histograms instead: forest_grow.h.
 *
 * source  Breiman, Friedman, Olshen & Stone 1984. Sets of levels in the order of their mean target:
 *         Fisher 1958; several classes: Coppersmith, Hong & Hosking 1999. */
#ifndef KEN_TREE_CART_GROW_H
#define KEN_TREE_CART_GROW_H

#include "ken/tree/tree_data.h"

KEN_BEGIN_C

typedef enum ken_criterion { KEN_SQUARED_ERROR, KEN_GINI, KEN_ENTROPY } ken_criterion;

typedef struct ken_cart_rules {
    ken_criterion criterion;
    int64_t max_depth;  /* 0: no limit */
    int64_t max_leaves; /* 0: no limit; else the best split of all leaves comes next */
    int64_t min_leaf_rows, min_split_rows;
    double min_gain;        /* of the whole: weight share times impurity decrease */
    double column_fraction; /* columns looked at a node */
} ken_cart_rules;

/* A tree that grows; children have larger numbers. Memory by ken_alloc; free with ken_cart_free. */
typedef struct ken_cart_node {
    int32_t feature; /* -1: leaf */
    int32_t left, right;
    int32_t category, category_words; /* category -1: threshold */
    uint8_t missing_left;
    double threshold, cover, gain;
} ken_cart_node;

typedef struct ken_cart {
    ken_cart_node *node;
    double *value; /* (nodes, width) */
    int32_t *bits;
    int32_t n, width;
    int64_t n_bits;
    size_t node_capacity, bits_capacity;
    double root_impurity; /* mean impurity of the root */
    double gained;        /* sum of the gains while it grew */
} ken_cart;

/* Growth, one split after another: the last leaf made comes first, with max_leaves the best one.
 * *out is the tree so far, its nodes numbered in the order in which they were made; it must stay in
 * its place. data: tree_data.h. All three must outlive the growth, whose own memory is scratch and
 * what ken_cart_grow_end frees. Begin makes the root; on its failure end must be called, too.
 * random  stream "tree.columns", index: the node's number, when column_fraction < 1 */
typedef struct cart_growth ken_cart_growth;
KEN_API ken_status ken_cart_grow_begin(ken_ctx *ctx, const ken_tree_data *data,
                                       const ken_cart_rules *rules, ken_cart *out,
                                       ken_cart_growth **growth);
/* One more split; *done: there is no other (or was none). */
KEN_API ken_status ken_cart_grow_step(ken_cart_growth *growth, bool *done);
KEN_API void ken_cart_grow_end(ken_cart_growth *growth); /* NULL is fine */
/* Before the first step: what a search for splits works on (cart_split.h), the root's sums, and the
 * mean from which its targets are counted. */
struct cart_job;
struct cart_sums;
void ken__cart_root(const ken_cart_growth *growth, const struct cart_job **job,
                    const struct cart_sums **sums, int64_t *n_rows, double *center);
KEN_API void ken_cart_free(ken_ctx *ctx, ken_cart *tree);

/* Minimal cost-complexity pruning: cut the weakest link as long as its price is at most alpha. The
 * price of the branch at a node is the gain that its cut loses, per leaf saved and unit of weight.
 */
KEN_API ken_status ken_cart_prune(ken_ctx *ctx, ken_cart *tree, double alpha);
/* The order in which links are cut until the root is alone: n_steps of them, in scratch.
 * left[i], right[i] > i, -1: a leaf; gain of each node; weight: of the root. */
typedef struct ken_prune_step {
    int32_t node;   /* its branch is cut */
    int32_t leaves; /* of what remains */
    double alpha;   /* the price */
    double lost;    /* gain lost so far, per unit of weight */
} ken_prune_step;
KEN_API ken_status ken_prune_order(ken_ctx *ctx, int32_t n, const int32_t *left,
                                   const int32_t *right, const double *gain, double weight,
                                   ken_prune_step **steps, int32_t *n_steps);
/* Emit into a model's attributes, nodes in preorder; cut nodes are left out. */
KEN_API ken_status ken_cart_emit(ken_ctx *ctx, ken_model *model, const ken_cart *tree,
                                 int32_t n_outputs);

KEN_END_C

#endif
