/* Monotone constraints. A tree grows as if there were none; then all pairs of leaves are found between
 * which a constrained column can lead, and the values are replaced by the nearest ones that are in order
 * (boosting_order.h). Given the tree, no other values that keep the promise have a lower second-order
 * loss. Splits that only noise asked for come out with equal values on both sides.
 *
 * Two leaves are such a pair where they touch in the constrained column m, and in every other column have
 * a code in common. (Whatever moves along m passes from leaf to leaf that touch; a missing value of m is
 * neither below nor above anything.) */
#include <string.h>

#include "ken/boosting/boosting_grow.h"
#include "ken/boosting/boosting_order.h"
#include "ken/core/alloc.h"

/* The direction of a split's column; present against missing has none. */
static int monotone_direction(const boosting_binned *b, const boosting_rules *rules,
                              const boosting_split *s) {
    if (s->category || s->bin >= b->feature[s->column].n_bins - 1) return 0;
    return rules->direction[s->column];
}

typedef uint32_t monotone_set[8]; /* of the codes of a column */

typedef struct monotone_walk {
    ken_ctx *ctx;
    const boosting_binned *binned;
    const boosting_rules *rules;
    const boosting_node *node;
    monotone_set *here, *low, *high; /* (d) the region of a node, those of a pair */
    int column, cut;                 /* what a pair is parted by: low ends with code cut */
    int32_t *rank;                   /* of a leaf, by node: the order in which leaves are visited */
    int32_t n_leaves;
    boosting_pair *pair; /* of nodes */
    size_t n_pairs, capacity;
} monotone_walk;

static void monotone_restrict(const monotone_walk *w, const boosting_split *s, int side,
                              monotone_set set) {
    const int missing = w->binned->feature[s->column].n_bins;
    for (int i = 0; i < 8; i++) {
        uint32_t left = 0;
        for (int bit = 0; bit < 32; bit++)
            left |= (uint32_t)boosting_goes_left(s, missing, 32 * i + bit) << bit;
        set[i] &= side ? ~left : left;
    }
}

static bool monotone_has(const monotone_set set, int code) {
    return set[code >> 5] >> (code & 31) & 1;
}

/* Whether the two regions of a pair still touch, after a change in column j. */
static bool monotone_touch(const monotone_walk *w, int j) {
    if (j == w->column)
        return monotone_has(w->low[j], w->cut) && monotone_has(w->high[j], w->cut + 1);
    for (int i = 0; i < 8; i++)
        if (w->low[j][i] & w->high[j][i]) return true;
    return false;
}

static ken_status monotone_add(monotone_walk *w, int32_t low, int32_t high) {
    if (w->n_pairs == w->capacity) {
        const size_t next = ken_next_capacity(w->capacity, w->n_pairs + 1);
        void *pair = w->pair;
        const ken_status status = ken_grow(w->ctx, &pair, w->capacity, next, sizeof *w->pair);
        w->pair = pair;
        KEN_TRY(status);
        w->capacity = next;
    }
    w->pair[w->n_pairs++] = (boosting_pair){low, high};
    return KEN_OK;
}

/* Leaves below `low` and `high` that touch. */
static ken_status monotone_pairs(monotone_walk *w, int32_t low, int32_t high) {
    const bool first = w->node[low].open;
    const boosting_node *const node = &w->node[first ? low : high];
    if (!node->open) return monotone_add(w, low, high);
    monotone_set *const set = &(first ? w->low : w->high)[node->split.column];
    monotone_set before;
    memcpy(before, *set, sizeof before);
    for (int side = 0; side < 2; side++) {
        const int32_t child = side ? node->right : node->left;
        monotone_restrict(w, &node->split, side, *set);
        if (monotone_touch(w, node->split.column))
            KEN_TRY(first ? monotone_pairs(w, child, high) : monotone_pairs(w, low, child));
        memcpy(*set, before, sizeof before);
    }
    return KEN_OK;
}

/* Pairs that are parted by the split of this node. */
static ken_status monotone_part(monotone_walk *w, const boosting_node *node, int direction) {
    const int32_t column = node->split.column;
    const size_t size = (size_t)w->binned->d * sizeof(monotone_set);
    if (direction == 0) return KEN_OK;
    memcpy(w->low, w->here, size);
    memcpy(w->high, w->here, size);
    /* decreasing: the lower codes have the higher values; touching is symmetric, so walk by codes */
    monotone_restrict(w, &node->split, 0, w->low[column]);
    monotone_restrict(w, &node->split, 1, w->high[column]);
    w->column = column;
    w->cut = node->split.bin;
    if (!monotone_touch(w, column)) return KEN_OK;
    const size_t from = w->n_pairs;
    KEN_TRY(monotone_pairs(w, node->left, node->right));
    for (size_t e = from; direction < 0 && e < w->n_pairs; e++)
        w->pair[e] = (boosting_pair){w->pair[e].high, w->pair[e].low};
    return KEN_OK;
}

/* Leaves get ranks in an order that no pair contradicts. */
static ken_status monotone_visit(monotone_walk *w, int32_t number) {
    const boosting_node *const node = &w->node[number];
    if (!node->open) {
        w->rank[number] = w->n_leaves++;
        return KEN_OK;
    }
    const int direction = monotone_direction(w->binned, w->rules, &node->split);
    monotone_set *const set = &w->here[node->split.column];
    monotone_set before;
    KEN_TRY(monotone_part(w, node, direction));
    memcpy(before, *set, sizeof before);
    for (int i = 0; i < 2; i++) {
        const int side = direction < 0 ? !i : i;
        monotone_restrict(w, &node->split, side, *set);
        KEN_TRY(monotone_visit(w, side ? node->right : node->left));
        memcpy(*set, before, sizeof before);
    }
    return KEN_OK;
}

static ken_status monotone_prepare(monotone_walk *w, int32_t last) {
    const int d = w->binned->d;
    KEN_TRY(KEN_SCRATCH(w->ctx, monotone_set, d, &w->here));
    KEN_TRY(KEN_SCRATCH(w->ctx, monotone_set, d, &w->low));
    KEN_TRY(KEN_SCRATCH(w->ctx, monotone_set, d, &w->high));
    memset(w->here, 0, (size_t)d * sizeof *w->here);
    for (int j = 0; j < d; j++)
        for (int c = 0; c <= w->binned->feature[j].n_bins; c++)
            w->here[j][c >> 5] |= UINT32_C(1) << (c & 31);
    return KEN_SCRATCH(w->ctx, int32_t, (int64_t)last + 1, &w->rank);
}

static ken_status monotone_solve(monotone_walk *w, const int32_t *leaf, int64_t n,
                                 const double *weight, double *value) {
    double *v, *c;
    KEN_TRY(KEN_SCRATCH(w->ctx, double, n, &v));
    KEN_TRY(KEN_SCRATCH(w->ctx, double, n, &c));
    for (int64_t i = 0; i < n; i++) {
        v[w->rank[leaf[i]]] = value[i];
        c[w->rank[leaf[i]]] = weight[i];
    }
    for (size_t e = 0; e < w->n_pairs; e++)
        w->pair[e] = (boosting_pair){w->rank[w->pair[e].low], w->rank[w->pair[e].high]};
    KEN_TRY(ken__boosting_order(w->ctx, n, c, w->pair, (int64_t)w->n_pairs, v));
    for (int64_t i = 0; i < n; i++) value[i] = v[w->rank[leaf[i]]];
    return KEN_OK;
}

ken_status ken__boosting_obey(ken_ctx *ctx, const boosting_binned *binned,
                              const boosting_rules *rules, const boosting_node *nodes,
                              const int32_t *leaf, int64_t n, const double *weight, double *value) {
    monotone_walk w = {.ctx = ctx, .binned = binned, .rules = rules, .node = nodes};
    const ken_mark mark = ken_scratch_mark(ctx);
    int32_t last = 0;
    for (int64_t i = 0; i < n; i++) last = KEN_MAX(last, leaf[i]);
    KEN_TRY(monotone_prepare(&w, last));
    ken_status status = monotone_visit(&w, 0);
    if (status == KEN_OK) status = monotone_solve(&w, leaf, n, weight, value);
    ken_free(ctx, w.pair);
    ken_scratch_release(ctx, mark);
    return status;
}
