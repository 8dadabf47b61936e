/* The outline of one tree of a fitted model: its nodes with what they ask, what they answer and how many
 * rows came by, cut to a depth that can be looked at. What draws or prints a tree reads this. */
#ifndef KEN_EXPLAIN_OUTLINE_H
#define KEN_EXPLAIN_OUTLINE_H

#include "ken/core/model.h"

KEN_BEGIN_C

typedef struct ken_outline_params {
    int64_t tree;     /* which one, from 0 */
    int64_t depth;    /* the most questions in a row, from 0; -1: as many as `max_ends` allows */
    int64_t max_ends; /* with depth -1: the most ends, 1 .. 10000 */
} ken_outline_params;
#define KEN_OUTLINE_DEFAULTS {0, -1, 16}

typedef enum ken_outline_unit {
    KEN_OUTLINE_VALUE = 0, /* the target */
    KEN_OUTLINE_SHARE,     /* shares of the classes among the rows of the node */
    KEN_OUTLINE_SCORE      /* what the tree adds to the model's score (log odds, say) */
} ken_outline_unit;

typedef struct ken_outline_node {
    int32_t node;         /* in the tree, whose first is 0 */
    int parent, yes, no;  /* places in the list; -1: none. yes is drawn on the left */
    int depth;
    int64_t leaves;       /* of the whole tree, below this node; a leaf has 1 */
    bool cut;             /* asks on, but that is beyond the outline */
    double cover, share;  /* weight of the training rows that came by; share of the tree's */
    double value;         /* number to color by: mean, share or score of the shown output */
    int best;             /* SHARE: the most frequent class; else -1 */
    const double *shares; /* SHARE: (n_classes); else NULL */
    const char *column;   /* inner nodes; NULL at ends */
    const char *question; /* inner nodes: "≤ 4.2", "is red, green", "is a, b, c, d, e, f and 9 more"; NULL
                             at ends */
    double threshold;     /* inner nodes that ask for a number: yes is x <= threshold; else NaN */
    const char *answer;   /* the class, or the number to 4 digits; of a linear leaf at its center */
    const char *line;     /* a linear leaf's line, "0.31 + 2 (x − 5)"; NULL: it is a constant */
    bool missing_yes;     /* inner nodes: a missing cell goes where yes leads */
} ken_outline_node;

typedef struct ken_outline_view {
    int n;                        /* nodes, a parent before its children, yes before no */
    const ken_outline_node *node;
    int tree, n_trees;
    int depth, n_ends;            /* of the outline */
    int full_depth;               /* of the tree */
    ken_outline_unit unit;
    int output;                   /* class that a score is for; -1: none or all */
    int n_classes;
    double low, high;             /* the least and the largest `value` of the list */
} ken_outline_view;

typedef struct ken_outline ken_outline;

/* model   fitted: tree, forest, extra_trees, boosting: whatever keeps its trees as ken/tree/tree_ensemble.h.
 * params  NULL: defaults.
 * out     freed by ken_outline_free; its names live as long as the model.
 * errors  KEN_E_STATE not fitted · KEN_E_UNSUPPORTED not made of trees · KEN_E_ARG no such tree, a depth or a
 *         number out of range · KEN_E_FORMAT a broken tree
 * cost    O(nodes of the model) */
KEN_API ken_status ken_explain_outline(ken_ctx *ctx, const ken_model *model, const ken_outline_params *params,
                                       ken_outline **out);
KEN_API const ken_outline_view *ken_outline_get(const ken_outline *outline);
/* The way from the root to node i as one condition, each bound said once: "2 < a ≤ 3 and c is red". The root's is
 * empty. Added to out, whose error stays in it. */
KEN_API void ken_outline_rule(const ken_outline *outline, int i, ken_text *out);
KEN_API void ken_outline_free(ken_outline *outline); /* NULL is fine */

KEN_END_C

#endif
