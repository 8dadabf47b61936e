/* From attributes to the layout for prediction: thresholds ranked, nodes in 8 bytes. */
#include "ken/tree/tree_layout.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ken/core/alloc.h"

enum { LAYOUT_TOP = 511 }; /* nodes of a tree that stand breadth first, with all that are asked */

/* Inner nodes sorted by column (a counting sort), so that each column's thresholds can be ranked.
 */
typedef struct layout_plan {
    const ken_ensemble *e;
    ken_tree_layout *l;
    int64_t *start;  /* (n_inputs + 1) into order */
    uint32_t *order; /* (inner nodes) node numbers; the layout's limit is 2^32 nodes */
    uint16_t *rank;  /* (nodes) of the attributes' nodes */
    uint64_t *keys;  /* hash set of one column's thresholds, as bits */
    double *sorted;
    double *threshold; /* of all columns, before their number is known */
} layout_plan;

static uint64_t layout_bits(double x) {
    uint64_t bits = 0;
    x += 0.0; /* -0 is 0 */
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static int layout_compare(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Number of thresholds below x. */
static int32_t layout_rank(const double *t, int32_t n, double x) {
    int32_t low = 0;
    while (n > 0) {
        const int32_t half = n / 2;
        if (t[low + half] < x) {
            low += half + 1;
            n -= half + 1;
        } else {
            n = half;
        }
    }
    return low;
}

/* The distinct thresholds of nodes order[begin, end), sorted, into `sorted`; their number. */
static int64_t layout_distinct(layout_plan *p, int64_t begin, int64_t end) {
    const uint64_t empty = UINT64_MAX; /* a NaN, which no threshold is */
    uint64_t mask = 15;
    int64_t n = 0;
    while (mask + 1 < 2 * (uint64_t)(end - begin)) mask = 2 * mask + 1;
    for (uint64_t s = 0; s <= mask; s++) p->keys[s] = empty;
    for (int64_t k = begin; k < end; k++) {
        const int64_t i = p->order[k];
        if (p->e->category[i] >= 0) continue;
        const uint64_t bits = layout_bits(p->e->threshold[i]);
        uint64_t s = (bits * 0x9E3779B97F4A7C15u) >> 20 & mask;
        while (p->keys[s] != empty && p->keys[s] != bits) s = (s + 1) & mask;
        if (p->keys[s] == bits) continue;
        p->keys[s] = bits;
        p->sorted[n++] = p->e->threshold[i];
    }
    qsort(p->sorted, (size_t)n, sizeof(double), layout_compare);
    return n;
}

/* Rank the thresholds of one column, and give it its slots. false: beyond a limit. */
static bool layout_column(layout_plan *p, int32_t column, int64_t *n_thresholds) {
    const ken_ensemble *e = p->e;
    const int64_t begin = p->start[column], end = p->start[column + 1];
    ken_tree_used *u = &p->l->used[p->l->n_used];
    if (begin == end) return true;
    const int64_t n = layout_distinct(p, begin, end);
    if (n > KEN_TREE_MAX_RANKS) return false;
    *u = (ken_tree_used){column, -1, -1, -1, *n_thresholds, (int32_t)n};
    memcpy(p->threshold + *n_thresholds, p->sorted, (size_t)n * sizeof(double));
    *n_thresholds += n;
    for (int64_t k = n; n < KEN_TREE_EDGES && k < KEN_TREE_EDGES; k++)
        p->threshold[(*n_thresholds)++] = (double)INFINITY;
    for (int64_t k = begin; k < end; k++) {
        const int64_t i = p->order[k];
        int32_t *slot = e->missing_left[i] ? &u->slot_left : &u->slot_right;
        if (e->category[i] >= 0) {
            if (e->category_words[i] > KEN_TREE_MAX_RANKS / 32) return false;
            slot = &u->slot_level;
            p->rank[i] = KEN_TREE_SET;
        } else {
            p->rank[i] = (uint16_t)layout_rank(p->sorted, (int32_t)n, e->threshold[i]);
        }
        if (*slot < 0) *slot = p->l->n_slots++;
    }
    p->l->n_used++;
    return p->l->n_slots <= UINT16_MAX;
}

/* One tree while it is numbered: nodes [0, filled) have a place, their own node in origin. */
typedef struct layout_tree {
    const layout_plan *p;
    const int32_t *used_of; /* used column of each input */
    int32_t tree;
    int64_t first;
    ken_tree_node *node;
    uint32_t *origin, filled;
} layout_tree;

/* Writes node q and gives its children the next two places. */
static void layout_node(layout_tree *t, uint32_t q) {
    const ken_ensemble *e = t->p->e;
    const int64_t i = t->first + t->origin[q];
    if (e->feature[i] < 0) {
        t->node[q] = (ken_tree_node){0, KEN_TREE_LEAF, q};
        return;
    }
    const ken_tree_used *u = &t->p->l->used[t->used_of[e->feature[i]]];
    const int32_t slot = e->category[i] >= 0  ? u->slot_level
                         : e->missing_left[i] ? u->slot_left
                                              : u->slot_right;
    t->node[q] = (ken_tree_node){(uint16_t)slot, t->p->rank[i], t->filled};
    if (e->category[i] >= 0) t->p->l->sets[t->tree] = 1;
    t->origin[t->filled++] = (uint32_t)e->left[i];
    t->origin[t->filled++] = (uint32_t)e->right[i];
}

/* All below node q, depth first, the child that more rows come to before the other: on most paths the next
 * node stands near. The places from the end down hold the nodes that wait: they are fewer than those without
 * a place, for each of them has two children to come. */
static void layout_below(layout_tree *t, uint32_t q, uint32_t size) {
    const ken_ensemble *e = t->p->e;
    uint32_t waiting = 1;
    t->origin[size - 1] = q; /* q has a place, so this one is free unless q is a leaf */
    while (waiting > 0) {
        const uint32_t at = t->origin[size - waiting--], child = t->filled;
        layout_node(t, at);
        const int64_t l = t->first + t->origin[child], r = t->first + t->origin[child + 1];
        const uint32_t heavy = e->cover[l] < e->cover[r];
        const uint32_t later = child + !heavy, sooner = child + heavy;
        for (int k = 0; k < 2; k++) {
            const uint32_t c = k ? sooner : later;
            if (e->feature[t->first + t->origin[c]] < 0)
                layout_node(t, c);
            else
                t->origin[size - ++waiting] = c;
        }
    }
}

/* Number the nodes of one tree so that brothers are neighbors: the top, where all rows come by, breadth first,
 * and so a tree that may be symmetric; below it each part by itself. */
static void layout_number(const layout_plan *p, int32_t tree, const int32_t *used_of) {
    const int64_t first = p->e->tree_offset[tree];
    const uint32_t size = (uint32_t)(p->e->tree_offset[tree + 1] - first);
    layout_tree t = {p, used_of, tree, first, p->l->node + first, p->l->origin + first, 1};
    const uint32_t top = (size & (size + 1)) == 0 ? size : KEN_MIN(size, LAYOUT_TOP);
    uint32_t q = 0;
    t.origin[0] = 0;
    while (q < size && t.filled <= top) layout_node(&t, q++);
    for (const uint32_t end = t.filled; q < end; q++)
        if (p->e->feature[first + t.origin[q]] < 0)
            layout_node(&t, q);
        else
            layout_below(&t, q, size);
}

/* --- all -------------------------------------------------------------------------------------- */

static ken_status layout_scratch(ken_ctx *ctx, layout_plan *p, int32_t **used_of) {
    const ken_ensemble *e = p->e;
    int64_t largest = 1, slots = 16;
    int32_t n_used = 0;
    KEN_TRY(KEN_SCRATCH(ctx, int64_t, (int64_t)e->n_inputs + 1, &p->start));
    KEN_TRY(KEN_SCRATCH(ctx, int32_t, e->n_inputs, used_of));
    for (int32_t j = 0; j <= e->n_inputs; j++) p->start[j] = 0;
    for (int64_t i = 0; i < e->n_nodes; i++)
        if (e->feature[i] >= 0) p->start[e->feature[i] + 1]++;
    for (int32_t j = 0; j < e->n_inputs; j++) {
        n_used += p->start[j + 1] > 0;
        largest = KEN_MAX(largest, p->start[j + 1]);
        p->start[j + 1] += p->start[j];
    }
    while (slots < 2 * largest) slots *= 2;
    KEN_TRY(KEN_SCRATCH(ctx, uint64_t, slots, &p->keys));
    KEN_TRY(KEN_SCRATCH(ctx, double, largest, &p->sorted));
    KEN_TRY(KEN_SCRATCH(ctx, double, p->start[e->n_inputs] + KEN_TREE_EDGES * (int64_t)n_used,
                        &p->threshold));
    KEN_TRY(KEN_SCRATCH(ctx, uint32_t, p->start[e->n_inputs], &p->order));
    return KEN_SCRATCH(ctx, uint16_t, e->n_nodes, &p->rank);
}

static void layout_sort_by_column(layout_plan *p) {
    const ken_ensemble *e = p->e;
    for (int64_t i = 0; i < e->n_nodes; i++)
        if (e->feature[i] >= 0) p->order[p->start[e->feature[i]]++] = (uint32_t)i;
    for (int32_t j = e->n_inputs; j > 0; j--) p->start[j] = p->start[j - 1];
    p->start[0] = 0;
}

/* false in *fits: a limit is passed. */
static ken_status layout_fill(ken_ctx *ctx, layout_plan *p, bool *fits) {
    const ken_ensemble *e = p->e;
    int32_t *used_of = NULL;
    int64_t n_thresholds = 0;
    KEN_TRY(layout_scratch(ctx, p, &used_of));
    layout_sort_by_column(p);
    KEN_TRY(KEN_ALLOC(ctx, ken_tree_used, e->n_inputs, &p->l->used));
    for (int32_t j = 0; j < e->n_inputs && *fits; j++) {
        used_of[j] = p->l->n_used;
        *fits = layout_column(p, j, &n_thresholds);
    }
    if (!*fits) return KEN_OK;
    KEN_TRY(KEN_ALLOC(ctx, double, n_thresholds, &p->l->threshold));
    memcpy(p->l->threshold, p->threshold, (size_t)n_thresholds * sizeof(double));
    KEN_TRY(KEN_ALLOC(ctx, ken_tree_node, e->n_nodes, &p->l->node));
    KEN_TRY(KEN_ALLOC(ctx, uint32_t, e->n_nodes, &p->l->origin));
    KEN_TRY(KEN_ALLOC(ctx, uint8_t, e->n_trees, &p->l->sets));
    for (int32_t t = 0; t < e->n_trees; t++) layout_number(p, t, used_of);
    return ken__tree_layout_asks(ctx, e, p->l);
}

ken_status ken_tree_layout_new(ken_ctx *ctx, const ken_ensemble *ens, ken_tree_layout **out) {
    layout_plan p = {0};
    bool fits = ens->n_nodes < UINT32_MAX;
    *out = NULL;
    if (!fits) return KEN_OK;
    const ken_mark mark = ken_scratch_mark(ctx);
    const ken_allocator alloc = ken_ctx_allocator(ctx);
    p.e = ens;
    KEN_TRY(KEN_ALLOC(ctx, ken_tree_layout, 1, &p.l));
    const ken_status status = layout_fill(ctx, &p, &fits);
    ken_scratch_release(ctx, mark);
    if (status == KEN_OK && fits)
        *out = p.l;
    else
        ken_tree_layout_free(&alloc, p.l);
    return status;
}

void ken_tree_layout_free(const ken_allocator *alloc, ken_tree_layout *l) {
    if (!l) return;
    ken_allocator_free(alloc, l->used);
    ken_allocator_free(alloc, l->threshold);
    ken_allocator_free(alloc, l->node);
    ken_allocator_free(alloc, l->origin);
    ken_allocator_free(alloc, l->sets);
    ken_allocator_free(alloc, l->part);
    ken_allocator_free(alloc, l->coded);
    ken_allocator_free(alloc, l->coded_edge);
    ken_allocator_free(alloc, l->by);
    ken_allocator_free(alloc, l->ask_first);
    ken_allocator_free(alloc, l->place_first);
    ken_allocator_free(alloc, l->ask);
    ken_allocator_free(alloc, l->place_node);
    ken_allocator_free(alloc, l->place_value);
    ken_allocator_free(alloc, l);
}
