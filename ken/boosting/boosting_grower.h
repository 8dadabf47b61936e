/* What the files that grow a tree share; nobody else includes this. Read in this order:
 * boosting_grow.c (which node is split next, and by how many threads), boosting_rows.c (rows change
 * sides), boosting_hist.c (histograms: sums, differences, where they lie), boosting_joint.c (sums of
 * several columns at once), boosting_grower.c
 * (memory). */
#ifndef KEN_BOOSTING_GROWER_H
#define KEN_BOOSTING_GROWER_H

#include "ken/boosting/boosting_grow.h"

enum {
    GROW_ROWS_PER_TASK = BOOSTING_CHUNK,
    GROW_COLUMNS_PER_TASK = 4,
    GROW_APART = 256 /* places of a column, where columns lie evenly */
};

typedef struct grow_worker {
    uint64_t *packed; /* (n_places) sums of a chunk; 0 between chunks */
    uint64_t **hist;  /* (d) where the columns of `packed`, or of a slot, begin */
    int64_t *wide;    /* (2 n_places) own part of a large node's histogram; several threads only */
    int32_t *chosen;  /* (d) columns that a small node may ask about */
    uint64_t *joint, **joint_hist; /* sums of joint codes, 0 between chunks; where each begins */
} grow_worker;

/* Columns of few bins share a code: c0 + radix0 * (c1 + radix1 * ...). n 0: too few of them. */
typedef struct grow_joint {
    int n;
    int64_t stride;
    uint8_t *codes;          /* (n_train, stride) */
    int32_t *first, *member; /* (n + 1), (d) columns of joint code j: member[first[j]] to member[first[j + 1]] */
} grow_joint;

typedef struct grow_heap {
    int32_t *leaf; /* (node_capacity) nodes, the first in the order of decisions on top */
    int64_t n;
} grow_heap;

struct boosting_grower {
    const boosting_binned *binned;
    const boosting_rules *rules;
    const boosting_scale *scale;
    const ken_kernels *k;
    const ken_ctx *ctx; /* of the call that grows: for random numbers */
    int64_t tree;       /* how many have been begun */
    int64_t n_train, n_places;
    int64_t *offset;   /* (d + 1) first place of a column, in words */
    uint32_t *rows[2]; /* (n_train) in node order */
    uint64_t *gh[2];
    uint8_t *mark; /* (n_train) */
    /* columns of the tree at hand; what is summed, in tiles [tile[t], tile[t+1]) */
    const int32_t *columns;
    int n_columns;
    const int32_t *listed; /* columns that are summed: those, or NULL: all */
    int n_sums;
    grow_joint joint;
    bool joint_on; /* for this tree */
    int *tile; /* (d + 1); the first is 0 */
    int n_tiles;
    /* nodes; leaves that wait for a decision, and those of them that nobody has split yet */
    boosting_node *node;
    int64_t n_nodes, node_capacity;
    uint64_t *groups; /* (node_capacity, group_words) groups that a node's path is within */
    grow_heap waiting, whole;
    int64_t n_leaves, n_split; /* of the tree as decided; nodes split, or being split */
    /* pool of histograms */
    int64_t **slot;
    int32_t *owner; /* (max_slots) node, -1: free */
    int32_t *free_slot;
    int32_t n_slots, n_free, max_slots;
    /* workers */
    int threads;
    grow_worker *worker;
    boosting_split *found; /* (tasks of columns of two nodes) */
    int32_t *chosen;       /* (2, d) columns that two large nodes may ask about */
    int64_t *part;         /* (tasks of rows + 1) */
};

/* --- boosting_hist.c --- */
/* Cut the tree's columns into tiles. */
void ken__grow_tiles(boosting_grower *w);
/* All slots are free. */
void ken__grow_free_slots(boosting_grower *w);
/* n free slots become spares of a node that is being split: if need be, nodes that are last in line
 * lose theirs. false: more slots could be had by ken__grow_more_slots. */
bool ken__grow_slots(boosting_grower *w, int32_t node, int n);
/* Some more slots, unless there are enough, or as many as the pool may have. */
ken_status ken__grow_more_slots(ken_ctx *ctx, boosting_grower *w);
/* After a split: the children have what they need, the other slots are free. */
void ken__grow_settle(boosting_grower *w, boosting_node *node);
/* Sum a node's histogram into its slot, on one thread or on all. */
void ken__grow_sum(const boosting_grower *w, boosting_node *node, grow_worker *worker);
ken_status ken__grow_sum_together(ken_ctx *ctx, boosting_grower *w, boosting_node *node);
/* The slot of `large`, which is the parent's, minus the histogram of `small`. */
void ken__grow_subtract(const boosting_grower *w, const boosting_node *large,
                        const boosting_node *small);
/* The same without a histogram of `small`, which has none and needs none: the packed slot minus its rows, one
 * by one. Not for vectors. */
void ken__grow_remove(boosting_grower *w, const boosting_node *large, const boosting_node *small,
                      grow_worker *worker);

/* --- boosting_joint.c --- */
/* Joint codes of the training rows, if they save a quarter of the additions. */
ken_status ken__grow_join(ken_ctx *ctx, boosting_grower *w);
void ken__grow_free_joint(ken_ctx *ctx, boosting_grower *w);
/* Whether a node of n rows is to be summed that way. */
bool ken__grow_pays_to_join(const boosting_grower *w, int64_t n);
/* Rows [begin, end) of a buffer, at most a chunk, into a packed histogram of all columns. */
void ken__grow_add_joint(const boosting_grower *w, const grow_worker *worker, int buffer, int64_t begin,
                         int64_t end, uint64_t *packed);

/* --- boosting_rows.c --- */
/* Rows and gradients of the root, which gets its sums; rows as in ken__boosting_grow. */
ken_status ken__grow_start(ken_ctx *ctx, boosting_grower *w, const uint32_t *rows, int64_t n);
/* Move the rows of a node to the other buffer, left ones first, on one thread or on all. Gives how
 * many go left. */
int64_t ken__grow_partition(const boosting_grower *w, const boosting_node *node);
ken_status ken__grow_partition_together(ken_ctx *ctx, boosting_grower *w, const boosting_node *node,
                                        int64_t *n_left);

/* --- boosting_choose.c --- */
/* Whether nodes may not all ask about all columns of the tree; which ones a node may (list has room for
 * all), ascending; how many. */
bool ken__grow_chooses(const boosting_grower *w);
int ken__grow_choose(const boosting_grower *w, const boosting_node *node, int32_t *list);
/* A number of the node's own, by tree and path. */
uint64_t ken__grow_key(const boosting_grower *w, const boosting_node *node);
/* Groups of columns that a child's path is within, from its parent's (NULL: the root). */
void ken__grow_groups(const boosting_grower *w, const boosting_node *parent, const boosting_node *child);

/* The same for a level whose nodes all ask one question, with its key; and what that question is. */
int ken__grow_choose_level(const boosting_grower *w, int depth, int32_t *list);
uint64_t ken__grow_level_key(const boosting_grower *w, int depth);
void ken__grow_groups_of_level(const boosting_grower *w, int32_t column);

/* --- boosting_force.c --- */
/* The given split, if there is one and limits allow it, in place of the best. Cost: the node's rows. */
void ken__grow_force(const boosting_grower *w, boosting_node *node);

/* --- boosting_oblivious.c --- */
/* The rest of an oblivious tree; the root has its rows. */
ken_status ken__grow_oblivious(ken_ctx *ctx, boosting_grower *w);

/* --- boosting_grow.c --- */
/* Whether depth and limits allow a split. */
bool ken__grow_may_split(const boosting_grower *w, const boosting_node *node);
/* Whether all threads are to work on it together. */
bool ken__grow_is_large(const boosting_grower *w, const boosting_node *node);
void ken__grow_look_at_hessians(const boosting_grower *w, boosting_node *node);
boosting_search ken__grow_search(const boosting_grower *w, const boosting_node *node);
/* Writes the children of a node whose rows have been moved. */
void ken__grow_children(boosting_grower *w, const boosting_node *node, int64_t n_left);
/* Room for `least` nodes, and for some more, but not so many that a small tree pays for them. */
ken_status ken__grow_more_nodes(ken_ctx *ctx, boosting_grower *w, int64_t least);
/* Order of decisions: what is forced, level after level; by gain; depthwise: level after level. Ties: the node whose rows come first.
 */
static inline bool grow_before(const boosting_grower *w, int32_t a, int32_t b) {
    const boosting_node *const x = &w->node[a], *const y = &w->node[b];
    if ((x->forced != 0) != (y->forced != 0)) return x->forced != 0;
    if ((x->forced || w->rules->depthwise) && x->depth != y->depth) return x->depth < y->depth;
    if (x->split.gain != y->split.gain) return x->split.gain > y->split.gain;
    return x->begin < y->begin;
}

#endif
