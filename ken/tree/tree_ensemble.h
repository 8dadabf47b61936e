/* clang-format off */
/* Decision trees as named arrays: the one format of single trees, forests and boosting; what reads
 * it, checks it, predicts with it and looks into it. How trees are grown stands elsewhere
 * (cart_grow.h, forest_grow.h, the boosting room). Contributions (TreeSHAP): tree_shap.h.
 *
 * Attributes of every model made of trees (the nodes of all trees one after another, a parent
 * before its children, the root first):
 *
 *   tree_offset     i64 (trees+1)  first node of each tree
 *   feature         i32 (nodes)    input column that the node asks about; -1: a leaf
 *   threshold       f64 (nodes)    x <= threshold goes left
 *   left, right     i32 (nodes)    children, counted from the tree's first node
 *   missing_left    u8  (nodes)    1: missing values (and levels never seen) go left
 *   category        i32 (nodes)    -1: by threshold; else first word of its set in category_bits
 *   category_words  i32 (nodes)    32-bit words of the set
 *   category_bits   i32 (words)    bit c set: level code c goes left
 *   value           f64 (nodes, w) leaf values; of inner nodes the mean value, for pictures.
 *                                  w is 1 (the tree adds to one output) or the number of outputs
 *   cover           f64 (nodes)    sum of the weights of the training rows that came by
 *   gain            f64 (nodes)    what the split improved (weighted); 0 in leaves
 *   tree_output     i32 (trees)    output that a tree with w = 1 adds to; -1: all (vector leaf)
 *   base            f64 (outputs)  where the sum starts */
/* clang-format on */
#ifndef KEN_TREE_ENSEMBLE_H
#define KEN_TREE_ENSEMBLE_H

#include "ken/core/model.h"

KEN_BEGIN_C

/* Rows for the descriptor of a thing made of trees. */
#define KEN_ENSEMBLE_ATTRS                                                                         \
    {"tree_offset", KEN_I64, "trees+1", "first node of each tree"},                                \
        {"feature", KEN_I32, "nodes", "input column of the split, -1 in a leaf"},                  \
        {"threshold", KEN_F64, "nodes", "x <= threshold goes left"},                               \
        {"left", KEN_I32, "nodes", "left child, counted from the tree's first node"},              \
        {"right", KEN_I32, "nodes", "right child, counted from the tree's first node"},            \
        {"missing_left", KEN_U8, "nodes", "1: missing values go left"},                            \
        {"category", KEN_I32, "nodes",                                                             \
         "first word of the set of levels that go left, -1: threshold"},                           \
        {"category_words", KEN_I32, "nodes", "number of 32-bit words of that set"},                \
        {"category_bits", KEN_I32, "words", "sets of level codes, a bit a level"},                 \
        {"value", KEN_F64, "nodes,w", "leaf values (inner nodes: their mean)"},                    \
        {"cover", KEN_F64, "nodes", "sum of row weights"},                                         \
        {"gain", KEN_F64, "nodes", "improvement by the split"},                                    \
        {"tree_output", KEN_I32, "trees", "output that the tree adds to, -1: all"},                \
        {"base", KEN_F64, "outputs", "where the sum of the trees starts"}

/* The arrays to be filled by a fit (memory of the model's attributes, zeroed). */
typedef struct ken_ensemble_arrays {
    int64_t *tree_offset;
    int32_t *feature;
    double *threshold;
    int32_t *left, *right;
    uint8_t *missing_left;
    int32_t *category, *category_words, *category_bits;
    double *value, *cover, *gain;
    int32_t *tree_output;
    double *base;
} ken_ensemble_arrays;

/* Inside fit: make all attributes above. width: values a node (1 or n_outputs). */
KEN_API ken_status ken_ensemble_new_arrays(ken_ctx *ctx, ken_model *model, int64_t n_trees,
                                           int64_t n_nodes, int64_t n_words, int64_t width,
                                           int64_t n_outputs, ken_ensemble_arrays *out);

/* A checked view of the attributes of one model, with a layout for fast prediction beside it. */
struct ken_tree_layout; /* tree_layout.h */
struct ken_tree_linear; /* tree_linear.h */
typedef struct ken_ensemble {
    int64_t n_nodes;
    int64_t n_words;
    int32_t n_trees, n_inputs, n_outputs;
    int32_t width;     /* values a node: 1 or n_outputs */
    int32_t max_depth; /* of the deepest leaf; a single leaf has depth 0 */
    const int64_t *tree_offset;
    const int32_t *feature;
    const double *threshold;
    const int32_t *left, *right;
    const uint8_t *missing_left;
    const int32_t *category, *category_words, *category_bits;
    const double *value, *cover, *gain;
    const int32_t *tree_output;
    const double *base;
    struct ken_tree_linear *linear; /* NULL: every leaf is a constant */
    struct ken_tree_layout *layout; /* NULL: beyond its limits, prediction takes the plain walk */
} ken_ensemble;

/* Check every attribute (they may come from a hostile file) and build the layout.
 *
 * n_outputs  width of the margin that the model must have.
 * errors     KEN_E_FORMAT what is missing, of a wrong shape, out of range, not a tree. KEN_E_NOMEM.
 * cost       O(nodes); memory 12 bytes a node.  The view lives no longer than the attributes. */
KEN_API ken_status ken_ensemble_open(ken_ctx *ctx, const ken_model *model, int32_t n_outputs,
                                     ken_ensemble **out);
KEN_API void ken_ensemble_close(const ken_allocator *alloc, ken_ensemble *ens);

/* out (n, n_outputs) row-major: base + the trees' values, added in the order of the trees, so that
 * the bits depend on nothing but the row. X: columns as at fit; category columns hold the codes of
 * the training levels. */
KEN_API ken_status ken_ensemble_margin(ken_ctx *ctx, const ken_ensemble *ens, const ken_table *X,
                                       double *out);
/* The same for one row x (n_inputs), NaN: missing; out (n_outputs). A microsecond or two for 100 trees
 * of 255 leaves. */
KEN_API ken_status ken_ensemble_margin_row(ken_ctx *ctx, const ken_ensemble *ens, const double *x,
                                           double *out);
/* The same by the plain walk over the attributes: the reference, and what a lesson shows. */
KEN_API ken_status ken_ensemble_margin_ref(ken_ctx *ctx, const ken_ensemble *ens,
                                           const ken_table *X, double *out);
/* out (n, n_trees): the leaf that a row falls into, leaves of a tree numbered from 0 in node order.
 */
KEN_API ken_status ken_ensemble_leaves(ken_ctx *ctx, const ken_ensemble *ens, const ken_table *X,
                                       double *out);
/* The same of the trees [first, end), tree by tree: out (end - first, n). */
KEN_API ken_status ken_ensemble_leaves_of(ken_ctx *ctx, const ken_ensemble *ens, const ken_table *X, int32_t first,
                                          int32_t end, uint32_t *out);
/* The node of `tree` (counted from its first) where a row of n_inputs values ends. NaN: missing. */
KEN_API int32_t ken_ensemble_walk(const ken_ensemble *ens, int32_t tree, const double *x);
/* Whether a value goes left at node i (counted over all trees). */
static inline bool ken_ensemble_goes_left(const ken_ensemble *ens, int64_t i, double x) {
    if (ens->category[i] < 0) return x != x ? ens->missing_left[i] != 0 : x <= ens->threshold[i];
    const double levels = 32.0 * ens->category_words[i];
    if (!(x >= 0 && x < levels)) return ens->missing_left[i] != 0;
    const uint32_t c = (uint32_t)x;
    return (uint32_t)ens->category_bits[ens->category[i] + (int32_t)(c >> 5)] >> (c & 31) & 1;
}

typedef enum ken_importance_kind {
    KEN_IMPORTANCE_GAIN = 0, /* sum of the gains of the splits on a column */
    KEN_IMPORTANCE_SPLITS,   /* number of splits */
    KEN_IMPORTANCE_COVER     /* sum of the covers of the splits */
} ken_importance_kind;
/* out (n_inputs), scaled to sum 1 (all 0 when there is no split). */
KEN_API void ken_ensemble_importance(const ken_ensemble *ens, ken_importance_kind kind,
                                     double *out);

/* One tree as a JSON object of nested nodes, as the report draws it: {"tree", "output", "root":
 * {"cover", "value": [..], "gain", "feature", "threshold" | "levels": [names], "missing": "left" |
 * "right", "left": {..}, "right": {..}}}; below max_depth a node says "cut": number of its leaves; a linear
 * leaf says "terms": [{"feature", "coef", "center"}, ..] (tree_linear.h).
 * errors  KEN_E_ARG no such tree, or max_depth too deep for the writer; KEN_E_STATE not made of
 * trees */
KEN_API ken_status ken_ensemble_tree_json(ken_ctx *ctx, const ken_model *model, int32_t tree,
                                          int max_depth, ken_json_writer *w);

KEN_END_C

#endif
