/* The layout that prediction walks: made from the attributes when a model is opened, never saved.
 *
 * The thresholds of a column are ranked, so a row becomes one small code per column and a split an
 * integer comparison: code(x) = number of thresholds below x, hence x <= t_k iff code(x) <= k. A
 * column whose missing values go left at some nodes and right at others has a code for each
 * ("slot"): missing is 0 in the one (below every rank: left) and the largest code in the other.
 * Nodes take 8 bytes, brothers stand side by side, leaves lead to themselves.
 *
 * The second form (tree_layout_asks.c): a tree of at most 256 leaves as the list of its questions
 * (kernels/isa/trees.c), by which many rows go through all of the tree at once; where each level asks
 * one question (symmetric or "oblivious" trees), a question a level is enough; of a larger tree the
 * top is asked, and rows walk on from there. Questions are about codes of one byte, so of a column
 * 254 thresholds at most: trees that ask no more of any column lie side by side in a part, for which
 * rows are coded anew. A model whose columns are all like that is one part, and is walked by the codes
 * of it, too. */
#ifndef KEN_TREE_LAYOUT_H
#define KEN_TREE_LAYOUT_H

#include "ken/kernels/kernels.h"
#include "ken/tree/tree_ensemble.h"

KEN_BEGIN_C

enum {
    KEN_TREE_TILE = 64,     /* rows that are coded together: a code of a slot is a run of 64 */
    KEN_TREE_LEAF = 0xFFFF, /* rank of a leaf: every code is at or below it */
    KEN_TREE_SET = 0xFFFE,  /* rank of a split by a set of levels */
    KEN_TREE_MAX_RANKS = 65530,
    KEN_TREE_EDGES = 256,   /* fewer thresholds than 255 are filled up with infinity (kernel bin_f64) */
    KEN_TREE_MAX_ASKS = 255,
    KEN_TREE_TOP = 63,
    KEN_TREE_MAX_LEVELS = 16
};

/* How rows go through a tree when there are many of them. */
enum {
    KEN_TREE_BY_NODES = 0, /* from node to node */
    KEN_TREE_BY_ASKS,      /* all questions, kernel tree_places */
    KEN_TREE_BY_LEVELS,    /* a question a level, kernel tree_levels */
    KEN_TREE_BY_TOP        /* the first KEN_TREE_TOP questions, then from node to node */
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

/* Trees [tree, end), whose questions are about the codes of coded[used .. used_end). */
typedef struct ken_tree_part {
    int32_t tree, end, used, used_end;
    int32_t n_by[4]; /* how many trees of each kind */
} ken_tree_part;

typedef struct ken_tree_layout {
    int32_t n_used, n_slots;
    ken_tree_used *used;
    double *threshold;
    ken_tree_node *node; /* (nodes): those of tree t from tree_offset[t] on */
    uint32_t *origin;    /* (nodes): the node of the attributes, counted from the tree's first */
    uint8_t *sets;       /* (trees): 1: some split is by a set of levels */
    /* The second form: questions [ask_first[t], ask_first[t + 1]), places from place_first[t] on. */
    bool narrow;         /* every code fits in a byte: one part, whose codes are walked by, too */
    int32_t n_parts;
    ken_tree_part *part;
    ken_tree_used *coded;    /* (all parts) first counts in coded_edge, KEN_TREE_EDGES places each */
    double *coded_edge;
    uint8_t *by;          /* (trees) KEN_TREE_BY_* */
    int32_t n_by[4];      /* how many of each kind */
    int64_t *ask_first, *place_first; /* (trees + 1) */
    ken_tree_ask *ask;
    uint32_t *place_node; /* (places) the leaf's node in the attributes, from the tree's first; by top: in the layout */
    double *place_value;  /* (places) its value; NULL unless there is one a leaf, for all rows */
} ken_tree_layout;

/* NULL in *out when a limit is passed (ranks, slots, levels): then the plain walk is taken. */
KEN_API ken_status ken_tree_layout_new(ken_ctx *ctx, const ken_ensemble *ens,
                                       ken_tree_layout **out);
KEN_API void ken_tree_layout_free(const ken_allocator *alloc, ken_tree_layout *layout);

/* Inside: adds the second form to a layout that has the first. */
ken_status ken__tree_layout_asks(ken_ctx *ctx, const ken_ensemble *ens, ken_tree_layout *layout);

KEN_END_C

#endif
