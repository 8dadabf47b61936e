/* What the files of forest_*.c share. Private. */
#ifndef KEN_TREE_FOREST_PARTS_H
#define KEN_TREE_FOREST_PARTS_H

#include "ken/core/rng.h"
#include "ken/tree/forest_grow.h"
#include "ken/tree/tree_bins.h"

KEN_BEGIN_C

enum {
    FOREST_BINS = 256,             /* codes of a column, missing included */
    FOREST_CHUNK = 8,              /* columns whose sums are made in one pass */
    FOREST_LOCAL_BYTES = 256 << 10 /* codes of a node so small that it moves into cache */
};

typedef struct forest_column {
    int32_t n_bins;            /* code n_bins: missing */
    bool set;                  /* category: bins are put into order at each node */
    bool shared;               /* category of very many levels: bins are in order already */
    const int16_t *level_code; /* shared: (levels) code, -1: never seen */
    int32_t n_levels;
    const double *edge;       /* numbers: (n_bins - 1) */
    const double *low, *high; /* random cuts: (n_bins) smallest and largest value of each bin */
    bool exact;               /* a bin is one value */
} forest_column;

/* A row of a tree's draw. */
typedef struct forest_entry {
    uint32_t row;
    uint16_t label, count;
} forest_entry;

typedef struct forest_node {
    int32_t column; /* -1: leaf */
    int32_t left;   /* right is left + 1 */
    float gain;
    uint8_t bin, missing_left; /* codes up to bin go left, unless it is a set */
    int32_t set;               /* number of its set of bins, -1: none */
    double cover, cut;         /* cut: the random threshold */
} forest_node;

typedef struct forest_set {
    uint64_t bits[4]; /* bins that go left */
} forest_set;

/* One tree when it is done; `value` has width values a node. */
typedef struct forest_tree {
    int32_t n_nodes, n_sets;
    forest_node *node;
    double *value;
    forest_set *set;
} forest_tree;

typedef struct forest {
    ken_ctx *ctx;
    const struct ken_kernels *kernels;
    const ken_forest_rules *rules;
    const ken_bins *bins;
    const forest_column *column;
    int32_t n, d, k, width, m; /* m: columns drawn at a node */
    int32_t stats; /* sums a bin: classes, or weight and weight times target; then rows */
    bool counted;  /* the last sum is the number of rows: there are weights */
    bool any_set;
    int64_t stride;       /* bytes of a row of codes */
    const uint8_t *codes; /* (n, stride) */
    const int32_t *label;
    const double *y, *weight;
    double center, total_weight;
    int64_t draws; /* rows drawn for a tree, repeats counted */
    int64_t most_rows, most_nodes;
    uint8_t *in_bag; /* (trees, (n + 7) / 8), NULL: not wanted */
} forest;

typedef struct forest_split {
    int32_t column; /* -1: none */
    uint8_t bin;
    bool missing_left, missing_seen, is_set;
    double gain, cut;
    forest_set set;
} forest_split;

/* A worker's memory. */
typedef struct forest_worker {
    forest_entry *entry, *spare; /* (most_rows) */
    uint16_t *count;             /* (n) how often a row was drawn */
    uint8_t *local;              /* (local_rows, stride) codes of a small subtree */
    forest_entry *local_entry;   /* its rows, with their places in `local` */
    double *local_y, *local_w;
    int64_t local_rows;
    uint8_t *codes;           /* (FOREST_CHUNK, most_rows) of the drawn columns, side by side */
    double *sums;             /* (FOREST_BINS, stats), all zero between columns */
    uint32_t *counts;         /* (FOREST_BINS, k), all zero between columns */
    double *packed;           /* (FOREST_BINS, stats) of the bins that occur */
    double *total, *left;     /* (stats) */
    double *best_left;        /* (2 stats): of the best split so far; room for its right side */
    double *right;            /* (stats) */
    int32_t *column;          /* (d) a permutation */
    struct forest_todo *todo; /* (most_nodes / 2 + 2) */
    ken_rng rng;
    forest_tree tree;
} forest_worker;

/* The rows of a node, wherever they stand. */
typedef struct forest_rows {
    const forest_entry *entry;
    int64_t n;
    const uint8_t *codes;
    const double *y, *weight;
} forest_rows;

/* One column of a node. */
typedef struct forest_look {
    const forest *f;
    forest_worker *w;
    const forest_rows *rows;
    const uint8_t *codes; /* (rows) of the column, one after another */
    int32_t column;
    double parent; /* score of the node */
} forest_look;

/* Whether a cut with w->left to the left beats the best; then takes its gain and its sums. */
bool forest_better(const forest_look *s, forest_split *best);
/* One random cut of the column (forest_random.c). */
void forest_try_random(const forest_look *s, forest_split *best);
/* The best split by the columns list[0..n); best is improved, worker->best_left are the sums to the
 * left. */
void forest_find(const forest *f, forest_worker *w, const forest_rows *rows, const int32_t *list,
                 int32_t n, forest_split *best);
/* Sums of all rows of a node into out (stats). */
void forest_total(const forest *f, const forest_rows *rows, double *out);
double forest_score(const forest *f, const double *sums);
static inline double forest_weight(const forest *f, const double *s) {
    double w = 0;
    if (f->y) return s[0];
    for (int32_t c = 0; c < f->k; c++) w += s[c];
    return w;
}
/* Number of rows, repeats counted. */
static inline double forest_count(const forest *f, const double *s) {
    return f->counted ? s[f->stats - 1] : forest_weight(f, s);
}
static inline bool forest_bin_left(const forest_node *node, const forest_set *sets, int32_t n_bins,
                                   uint8_t code) {
    if (code == n_bins) return node->missing_left;
    if (node->set < 0) return code <= node->bin;
    return sets[node->set].bits[code >> 6] >> (code & 63) & 1;
}

size_t forest_todo_size(void);
/* Grow tree t into w->tree. */
void forest_grow_tree(const forest *f, forest_worker *w, int64_t t);
/* Codes, columns and targets of a problem, in scratch. */
ken_status forest_prepare(ken_ctx *ctx, const ken_problem *problem, const ken_forest_rules *rules,
                          const ken_bins *bins, forest *out);
/* Attributes of tree_ensemble.h. */
ken_status forest_emit(ken_ctx *ctx, ken_model *model, const forest *f, const forest_tree *trees);
ken_status forest_oob(ken_ctx *ctx, ken_model *model, const forest *f, const forest_tree *trees);

KEN_END_C

#endif
