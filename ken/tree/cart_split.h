/* The best split of one node by one column, exactly. Private to cart_grow.c. */
#ifndef KEN_TREE_CART_SPLIT_H
#define KEN_TREE_CART_SPLIT_H

#include "ken/tree/cart_grow.h"

KEN_BEGIN_C

/* Rows of a node (or of one side). Weights are rounded beforehand to multiples of a power of two,
 * and targets to whole numbers of a small unit, so that all these sums are exact: they depend on
 * the set of rows alone, and two splits that part the rows alike have the same gain to the last
 * bit. */
typedef struct cart_sums {
    double *c;     /* (k) class weights */
    int64_t total; /* regression: sum of weight times target, in units */
    double weight;
    int32_t rows;
} cart_sums;

typedef struct cart_level {
    double key; /* the order of the levels */
    int32_t slot, code;
} cart_level;

/* What a worker needs for itself. */
typedef struct cart_worker {
    cart_sums left, right, missing;
    int32_t *slot_of;     /* (most levels) -1: not in this node */
    cart_level *level;    /* (most levels): those of this node, sorted */
    double *level_c;      /* (most levels, k) */
    int64_t *level_total; /* (most levels) */
    double *level_weight; /* (most levels) */
    int32_t *level_rows;  /* (most levels) */
    double *axis;         /* (3 k) */
} cart_worker;

typedef struct cart_split {
    int32_t column; /* -1: none */
    int32_t prefix; /* category: so many levels, in their order, go left */
    bool missing_left;
    double gain, threshold;
} cart_split;

typedef struct cart_job {
    const ken_tree_data *data;
    const ken_cart_rules *rules;
    const double *weight;  /* (n), or NULL: all 1; a multiple of a power of two */
    const int64_t *target; /* (n) regression: weight times (target - root's mean), in units */
    double unit;
    int32_t *const *order; /* (d + 1): rows by value of column j; [d]: rows as they stand */
    cart_worker *worker;
} cart_job;

/* Sum of (class weights squared) / weight, or its like for entropy: what a split should make large.
 */
double cart_score(const cart_job *job, const cart_sums *s);
void cart_add(const cart_job *job, cart_sums *s, int32_t row);
void cart_clear(const cart_job *job, cart_sums *s);
void cart_rest(const cart_job *job, const cart_sums *all, const cart_sums *part, cart_sums *to);
/* One row from `right` to `left`. */
void cart_move(const cart_job *job, cart_sums *left, cart_sums *right, int32_t row);
/* A threshold between two neighbors: low <= it < high. */
double cart_midpoint(double low, double high);
/* rows [begin, end) of the orders; node: their sums. */
cart_split cart_best_split(const cart_job *job, int32_t column, int64_t begin, int64_t end,
                           const cart_sums *node, int worker);
/* Sort the levels of a category column that occur in rows [begin, end); how many. */
int32_t cart_order_levels(const cart_job *job, int32_t column, int64_t begin, int64_t end,
                          int worker);

KEN_END_C

#endif
