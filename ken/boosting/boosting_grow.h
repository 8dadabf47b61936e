/* One tree of boosting, grown on binned rows from packed whole-number gradients. Read in this
 * order: this file, boosting_split.c (which split is best), boosting_grow.c (growth; what it is made
 * of: boosting_grower.h).
 *
 * Sums are whole numbers, so a tree does not depend on threads, on the order of rows or on the
 * instruction set. Gradients: round(g * 2^e), |.| <= 2^21 (2^40 where every hessian is 1). */
#ifndef KEN_BOOSTING_GROW_H
#define KEN_BOOSTING_GROW_H

#include "ken/kernels/kernels.h"
#include "ken/tree/tree_bins.h"

KEN_BEGIN_C

enum { BOOSTING_CHUNK = 4080 }; /* most rows whose packed sums are kept in one word */

/* A split that is given: codes <= bin of a column go left; then those of its sides (1 + place, 0: none). */
typedef struct boosting_forced {
    int32_t column, bin, left, right;
} boosting_forced;

typedef struct boosting_rules {
    int64_t max_leaves, max_depth; /* max_depth 0: no limit */
    bool depthwise, oblivious; /* else leafwise */
    double min_rows, min_weight, l1, l2, min_gain;
    int32_t onehot; /* categories in a node up to which one stands against the rest */
    double cat_smooth, cat_l2;
    double level_fraction, node_fraction; /* shares of columns that a level, a node may ask about; 0: all */
    bool extra_random;                    /* one threshold at random per column and node */
    const uint64_t *group; /* (d, group_words) groups whose columns may meet on a path, as bits */
    int32_t group_words;   /* 0: all may meet */
    const boosting_forced *forced; /* splits that are given; the root's is 1 + place, 0: none */
    int32_t first_forced;
    const int8_t *direction; /* (d) 1: the output must not fall where the column rises; -1; NULL: none */
    const struct boosting_vector *vector; /* leaves of several values (boosting_vector.h); NULL: of one */
    bool apart; /* each column is summed by itself: slower where columns have few bins, else the same */
    int64_t first_tree; /* number of the first tree to be grown: random numbers are addressed by it */
    int64_t pool_bytes; /* of histograms; beyond it some are summed anew; 0: 256 MiB */
} boosting_rules;

typedef struct boosting_split {
    double gain;    /* 0: none */
    int32_t column; /* of the binned columns */
    int32_t bin;    /* numeric: codes <= bin go left */
    bool category, missing_left;
    uint32_t set[8]; /* category: codes that go left */
    int64_t g, h;    /* sums of the left side */
} boosting_split;

typedef struct boosting_node {
    int32_t left, right; /* -1: none (yet) */
    int32_t depth, slot; /* slot: histogram of the pool, -1: none */
    int32_t spare[2];    /* slots for its children while it is being split */
    bool narrow;         /* the histogram is packed */
    bool open;           /* its split has been decided on: an inner node */
    bool busy;           /* being split */
    uint8_t buffer;      /* which of the two row buffers has its rows */
    int64_t begin, end;  /* its rows there */
    int64_t g, h;
    uint64_t range[2]; /* least and greatest hessian of its rows */
    int32_t forced;    /* 1 + place of the split that is given for it, 0: it is free */
    uint64_t path;     /* left 0 and right 1 after a leading 1, the last 64 */
    boosting_split split;
} boosting_node;

/* The binned table: row-major codes of n rows, `stride` bytes a row, for histograms; the training
 * rows column-major, too, for moving rows (a byte a row instead of a cache line a row). */
typedef struct boosting_binned {
    int64_t n, n_train, stride;
    int d;
    const uint8_t *codes;
    const uint8_t *by_column;       /* (d, n_train) */
    const ken_bin_feature *feature; /* (d) */
} boosting_binned;

typedef struct boosting_grower boosting_grower;

/* binned and rules must outlive the grower. */
ken_status ken__boosting_grower_new(ken_ctx *ctx, const boosting_binned *binned,
                                    const boosting_rules *rules, boosting_grower **out);
void ken__boosting_grower_free(ken_ctx *ctx, boosting_grower *grower);

/* How whole numbers become real ones. one: every hessian is 1. */
typedef struct boosting_scale {
    bool one;
    int shift; /* bits of the packed hessian */
    int chunk; /* rows whose packed sums cannot carry: 2048 to BOOSTING_CHUNK */
    double scale_g, scale_h;
} boosting_scale;
/* The finest power-of-two scale for gradients of size up to max_g and hessians up to max_h. */
boosting_scale ken__boosting_scale_of(int64_t n, bool one, double max_g, double max_h);

/* Where the packed gradient of row i is to be written before a tree is grown: (n_train) words. */
uint64_t *ken__boosting_grower_words(boosting_grower *grower);

/* Grow. rows (n_rows) ascending, NULL: all n_train. columns (n_columns), NULL: all. */
ken_status ken__boosting_grow(ken_ctx *ctx, boosting_grower *grower, const boosting_scale *scale,
                              const uint32_t *rows, int64_t n_rows, const int32_t *columns,
                              int n_columns);
/* The tree: node 0 is the root; children where `open`. Nodes that no open node leads to are to be
 * ignored. Valid until the next boosting_grow. */
const boosting_node *ken__boosting_grower_nodes(const boosting_grower *grower);
/* Rows of a node. */
const uint32_t *ken__boosting_grower_rows(const boosting_grower *grower, const boosting_node *node);
/* Their packed gradients, in that order. */
const uint64_t *ken__boosting_grower_packed(const boosting_grower *grower, const boosting_node *node);
static inline bool boosting_goes_left(const boosting_split *s, int missing, int code) {
    if (s->category) return s->set[code >> 5] >> (code & 31) & 1;
    return code == missing ? s->missing_left : code <= s->bin;
}
/* --- boosting_monotone.c: constraints of direction --- */
/* Replaces the values of all n leaves of a tree by the nearest ones (squares, times weight) with which
 * the tree rises and falls as rules->direction says. leaf: numbers of nodes. */
ken_status ken__boosting_obey(ken_ctx *ctx, const boosting_binned *binned,
                              const boosting_rules *rules, const boosting_node *nodes,
                              const int32_t *leaf, int64_t n, const double *weight, double *value);

/* --- boosting_split.c --- */
/* What the search needs to know of a node. */
typedef struct boosting_search {
    const ken_kernels *k;
    const boosting_binned *binned;
    const boosting_rules *rules;
    const boosting_scale *scale;
    const int64_t *offset; /* (d + 1) first place of a column in a histogram */
    int64_t n_places;      /* of a histogram */
    const int64_t *hist;   /* wide: g (n_places), h (n_places); narrow: words (n_places) */
    const boosting_node *node;
    const uint32_t *rows; /* of the node */
    const ken_ctx *ctx;   /* extra_random: for random numbers, addressed by the node's key */
    uint64_t key;
} boosting_search;
/* The best split on columns[begin .. end) (NULL: the columns themselves); gain 0: none. */
void ken__boosting_best_split(const boosting_search *search, const int32_t *columns, int begin,
                              int end, boosting_split *out);
/* The order in which an oblivious tree cuts the levels of a category (n of them; single: it takes one
 * of them instead), from the sums of its root. */
typedef struct boosting_level_order {
    int32_t n;
    bool single;
    uint8_t code[256];
} boosting_level_order;
void ken__boosting_order_levels(const boosting_search *search, int32_t column,
                                boosting_level_order *out);
/* Adds the gain of each place of a column: sum[0], with missing values right, sum[1], with them left
 * (numbers only); nothing where a side would be below the limits. Returns whether there are missing
 * values in the node. */
bool ken__boosting_add_gains(const boosting_search *search, int32_t column,
                             const boosting_level_order *order, double *const sum[2]);
/* What a leaf with these sums takes off twice the loss. */
double ken__boosting_score(const boosting_rules *rules, double G, double H);
/* The better of two: more gain, then the lower column. */
bool ken__boosting_split_better(const boosting_split *a, const boosting_split *b);
double ken__boosting_leaf_value(const boosting_rules *rules, double G, double H);

KEN_END_C

#endif
