/* The layout that prediction walks: made from the attributes when a model is opened, never saved.
 *
 * The thresholds of a column are ranked, so a row becomes one small code per column and a split an
 * integer comparison: code(x) = number of thresholds below x, hence x <= t_k iff code(x) <= k. A
 * column whose missing values go left at some nodes and right at others has a code for each
 * ("slot"): missing is 0 in the one (below every rank: left) and the largest code in the other.
 * Nodes take 8 bytes, brothers stand side by side, leaves lead to themselves. */
#ifndef KEN_TREE_LAYOUT_H
#define KEN_TREE_LAYOUT_H

#include "ken/tree/tree_ensemble.h"

KEN_BEGIN_C

enum {
    KEN_TREE_TILE = 64,     /* rows that are coded together: a code of a slot is a run of 64 */
    KEN_TREE_LEAF = 0xFFFF, /* rank of a leaf: every code is at or below it */
    KEN_TREE_SET = 0xFFFE,  /* rank of a split by a set of levels */
    KEN_TREE_MAX_RANKS = 65530,
    KEN_TREE_EDGES =
        256 /* fewer thresholds than 255 are filled up with infinity (kernel bin_f64) */
};

/* next = left + (code[slot] > rank). */
typedef struct ken_tree_node {
    uint16_t slot, rank;
    uint32_t left; /* counted from the tree's first node, in the layout's own order */
} ken_tree_node;

/* A column that some node asks about. Slots are -1 where no node needs them. */
typedef struct ken_tree_used {
    int32_t column;
    int32_t slot_right, slot_left; /* codes with missing as largest, as 0 */
    int32_t slot_level;            /* level codes, 0xFFFF: missing */
    int64_t first; /* thresholds [first, first + count), increasing; then infinity */
    int32_t count;
} ken_tree_used;

typedef struct ken_tree_layout {
    int32_t n_used, n_slots;
    ken_tree_used *used;
    double *threshold;
    ken_tree_node *node; /* (nodes): those of tree t from tree_offset[t] on */
    uint32_t *origin;    /* (nodes): the node of the attributes, counted from the tree's first */
    uint8_t *sets;       /* (trees): 1: some split is by a set of levels */
} ken_tree_layout;

/* NULL in *out when a limit is passed (ranks, slots, levels): then the plain walk is taken. */
KEN_API ken_status ken_tree_layout_new(ken_ctx *ctx, const ken_ensemble *ens,
                                       ken_tree_layout **out);
KEN_API void ken_tree_layout_free(const ken_allocator *alloc, ken_tree_layout *layout);

KEN_END_C

#endif
