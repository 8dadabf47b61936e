/* The second form of the layout: trees as questions over codes of a byte (tree_layout.h). */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ken/core/alloc.h"
#include "ken/tree/tree_layout.h"

typedef struct asks_plan {
    const ken_ensemble *e;
    ken_tree_layout *l;
    int64_t n_thresholds;
    int32_t *used_of;  /* (slots) the column of a slot, in `used` */
    uint32_t *stamp;   /* (thresholds) the last attempt at a part that met it */
    uint32_t attempt;
    int32_t *count;    /* (used) thresholds of the part at hand */
    uint8_t *local;    /* (thresholds) rank among those of the part at hand */
    uint32_t *met;     /* (questions of a part at most) thresholds of the part at hand */
    int32_t n_coded;
} asks_plan;

/* --- what a tree is ---------------------------------------------------------------------------- */

/* Depth of a tree that asks one question a level and has all its leaves at the bottom, else -1. The
 * nodes of level l of a full tree have the numbers 2^l - 1 .. 2^(l+1) - 2, and a tree without sets
 * whose nodes all ask what the first of their level asks has no other shape. */
static int asks_symmetric(const ken_tree_node *node, uint32_t size) {
    int depth = 0;
    while (depth <= KEN_TREE_MAX_LEVELS && (UINT32_C(2) << depth) - 1 < size) depth++;
    if (depth < 1 || depth > KEN_TREE_MAX_LEVELS || (UINT32_C(2) << depth) - 1 != size) return -1;
    for (int l = 0; l <= depth; l++) {
        const uint32_t first = (UINT32_C(1) << l) - 1;
        if ((node[first].rank == KEN_TREE_LEAF) != (l == depth)) return -1;
        for (uint32_t q = first; q <= 2 * first; q++)
            if (node[q].rank != node[first].rank || node[q].slot != node[first].slot) return -1;
    }
    return depth;
}

static uint32_t asks_size(const asks_plan *p, int32_t t) {
    return (uint32_t)(p->e->tree_offset[t + 1] - p->e->tree_offset[t]);
}

/* Kind of a tree, if a part can hold its questions; how many those are. */
static int asks_kind(const asks_plan *p, int32_t t, int *questions) {
    const uint32_t size = asks_size(p, t), inner = size / 2;
    const int depth = p->l->sets[t] ? -1 : asks_symmetric(p->l->node + p->e->tree_offset[t], size);
    *questions = depth > 0 ? depth : inner <= KEN_TREE_MAX_ASKS ? (int)inner : KEN_TREE_TOP;
    return p->l->sets[t] ? KEN_TREE_BY_NODES
           : depth > 0   ? KEN_TREE_BY_LEVELS
                         : inner <= KEN_TREE_MAX_ASKS ? KEN_TREE_BY_ASKS : KEN_TREE_BY_TOP;
}

/* --- parts ------------------------------------------------------------------------------------- */

/* The k-th question of a tree of which `kind` is asked; *at: the node, 0 at first, goes on. */
static const ken_tree_node *asks_next(const ken_tree_node *node, int kind, int k, uint32_t *at) {
    if (kind == KEN_TREE_BY_LEVELS) return &node[(UINT32_C(1) << k) - 1];
    while (node[*at].rank == KEN_TREE_LEAF) ++*at;
    return &node[(*at)++];
}

static int64_t asks_threshold(const asks_plan *p, const ken_tree_node *node) {
    return p->l->used[p->used_of[node->slot]].first + node->rank;
}

static void asks_open(asks_plan *p) {
    p->attempt++;
    memset(p->count, 0, (size_t)p->l->n_used * sizeof *p->count);
}

/* Adds the questions of tree t to the part at hand. false: a column has too many thresholds then. */
static bool asks_join(asks_plan *p, int32_t t) {
    const ken_tree_node *node = p->l->node + p->e->tree_offset[t];
    int questions;
    const int kind = asks_kind(p, t, &questions);
    uint32_t at = 0;
    for (int k = 0; k < questions; k++) {
        const ken_tree_node *next = asks_next(node, kind, k, &at);
        uint32_t *stamp = &p->stamp[asks_threshold(p, next)];
        if (*stamp == p->attempt) continue;
        *stamp = p->attempt;
        if (++p->count[p->used_of[next->slot]] > KEN_TREE_EDGES - 2) return false;
    }
    return true;
}

static void asks_close(asks_plan *p, int32_t end) {
    p->l->part[p->l->n_parts++].end = end;
    for (int32_t k = 0; k < p->l->n_used; k++) p->n_coded += p->count[k] > 0;
}

/* Trees one after another while their questions fit in one part; n_coded: no fewer than all parts need. */
static void asks_share_out(asks_plan *p) {
    ken_tree_layout *l = p->l;
    int32_t first = 0;
    asks_open(p);
    for (int32_t t = 0; t < p->e->n_trees; t++) {
        int questions;
        l->by[t] = (uint8_t)asks_kind(p, t, &questions);
        if (l->narrow || l->by[t] == KEN_TREE_BY_NODES || asks_join(p, t)) continue;
        if (t > first) {
            asks_close(p, t);
            l->part[l->n_parts].tree = first = t;
        }
        asks_open(p);
        if (asks_join(p, t)) continue;
        l->by[t] = KEN_TREE_BY_NODES; /* too many for any part */
        asks_open(p);
    }
    asks_close(p, p->e->n_trees);
    if (l->narrow) p->n_coded = l->n_used;
}

static int asks_compare(const void *a, const void *b) {
    const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* The different thresholds that the trees of a part ask about, in order; their number. */
static int64_t asks_collect(asks_plan *p, const ken_tree_part *part) {
    int64_t n = 0, different = 0;
    asks_open(p);
    for (int32_t t = part->tree; t < part->end; t++) {
        const ken_tree_node *node = p->l->node + p->e->tree_offset[t];
        int questions;
        const int kind = asks_kind(p, t, &questions);
        uint32_t at = 0;
        for (int k = 0; p->l->by[t] != KEN_TREE_BY_NODES && k < questions; k++)
            p->met[n++] = (uint32_t)asks_threshold(p, asks_next(node, kind, k, &at));
    }
    qsort(p->met, (size_t)n, sizeof *p->met, asks_compare);
    for (int64_t k = 0; k < n; k++)
        if (k == 0 || p->met[k] != p->met[k - 1]) p->met[different++] = p->met[k];
    return different;
}

/* Column u of a part: the thresholds met[0..n) of `used`, or all. */
static void asks_code_column(asks_plan *p, const ken_tree_used *u, const uint32_t *met, int32_t n) {
    ken_tree_layout *l = p->l;
    ken_tree_used *c = &l->coded[p->n_coded];
    double *edge = l->coded_edge + (int64_t)p->n_coded * KEN_TREE_EDGES;
    *c = *u;
    c->first = (int64_t)p->n_coded++ * KEN_TREE_EDGES;
    c->count = n;
    for (int32_t k = 0; k < n; k++) {
        const int64_t at = met ? met[k] : u->first + k;
        edge[k] = l->threshold[at];
        p->local[at] = (uint8_t)k;
    }
    for (int32_t k = n; k < KEN_TREE_EDGES; k++) edge[k] = (double)INFINITY;
}

/* Columns of a part. Bytes cost some 4 ns a column and row, and save some 10 a tree: where that is not
 * worth it, the trees are walked. */
static void asks_code_part(asks_plan *p, ken_tree_part *part) {
    ken_tree_layout *l = p->l;
    part->used = p->n_coded;
    for (int32_t j = 0; l->narrow && j < l->n_used; j++)
        asks_code_column(p, &l->used[j], NULL, l->used[j].count);
    const int64_t n = l->narrow ? 0 : asks_collect(p, part);
    int64_t k = 0;
    for (int32_t j = 0; k < n && j < l->n_used; j++) {
        const int64_t begin = k, end = l->used[j].first + l->used[j].count;
        while (k < n && p->met[k] < end) k++;
        if (k > begin) asks_code_column(p, &l->used[j], p->met + begin, (int32_t)(k - begin));
    }
    part->used_end = p->n_coded;
    if (l->narrow || 2 * (part->end - part->tree) >= part->used_end - part->used) return;
    for (int32_t t = part->tree; t < part->end; t++)
        if (l->by[t] != KEN_TREE_BY_LEVELS) l->by[t] = KEN_TREE_BY_NODES;
}

/* --- questions ---------------------------------------------------------------------------------- */

static ken_tree_ask asks_question(const asks_plan *p, const ken_tree_node *node, uint8_t place) {
    return (ken_tree_ask){node->slot, place, p->local[asks_threshold(p, node)]};
}

/* The first n questions in the order of the nodes, places as the kernel counts them. A place where no
 * question is left is a leaf, or in a tree of which the top is asked the node to walk on from. */
static void asks_write_places(const asks_plan *p, int32_t t, int n, bool top) {
    const ken_tree_layout *l = p->l;
    const int64_t first = p->e->tree_offset[t];
    const ken_tree_node *node = l->node + first;
    uint32_t *place = l->place_node + l->place_first[t];
    ken_tree_ask *ask = l->ask + l->ask_first[t];
    uint8_t at[2 * KEN_TREE_MAX_ASKS + 1] = {0}, asked = 0;
    for (uint32_t q = 0; q < 2 * (uint32_t)n + 1; q++) {
        if (node[q].rank == KEN_TREE_LEAF || asked == n) {
            place[at[q]] = top ? q : l->origin[first + q];
            continue;
        }
        ask[asked] = asks_question(p, &node[q], at[q]);
        at[node[q].left] = at[q];
        at[node[q].left + 1] = ++asked;
    }
}

static void asks_write_levels(const asks_plan *p, int32_t t, int depth) {
    const ken_tree_layout *l = p->l;
    const int64_t first = p->e->tree_offset[t];
    const uint32_t leaves = UINT32_C(1) << depth;
    for (int k = 0; k < depth; k++)
        l->ask[l->ask_first[t] + k] = asks_question(p, &l->node[first + (INT64_C(1) << k) - 1], 0);
    memcpy(l->place_node + l->place_first[t], l->origin + first + leaves - 1, leaves * sizeof(uint32_t));
}

static void asks_write(asks_plan *p, ken_tree_part *part) {
    ken_tree_layout *l = p->l;
    for (int32_t t = part->tree; t < part->end; t++) {
        int n;
        (void)asks_kind(p, t, &n);
        const uint8_t by = l->by[t];
        part->n_by[by]++, l->n_by[by]++;
        if (by == KEN_TREE_BY_LEVELS) asks_write_levels(p, t, n);
        if (by == KEN_TREE_BY_ASKS || by == KEN_TREE_BY_TOP) asks_write_places(p, t, n, by == KEN_TREE_BY_TOP);
        for (int64_t k = l->place_first[t]; l->place_value && by != KEN_TREE_BY_TOP && k < l->place_first[t + 1]; k++)
            l->place_value[k] = p->e->value[p->e->tree_offset[t] + l->place_node[k]];
    }
}

/* Where each tree's second form stands; a tree that is walked in the end leaves its room empty. */
static void asks_count(asks_plan *p) {
    ken_tree_layout *l = p->l;
    for (int32_t t = 0; t < p->e->n_trees; t++) {
        int n;
        const int kind = asks_kind(p, t, &n);
        const bool asked = l->by[t] != KEN_TREE_BY_NODES;
        const int64_t places = kind == KEN_TREE_BY_LEVELS ? INT64_C(1) << n : (int64_t)n + 1;
        l->ask_first[t + 1] = l->ask_first[t] + (asked ? n : 0);
        l->place_first[t + 1] = l->place_first[t] + (asked ? places : 0);
    }
}

/* --- all ---------------------------------------------------------------------------------------- */

static ken_status asks_prepare(ken_ctx *ctx, asks_plan *p) {
    const ken_tree_layout *l = p->l;
    KEN_TRY(KEN_SCRATCH(ctx, int32_t, l->n_slots, &p->used_of));
    KEN_TRY(KEN_SCRATCH(ctx, int32_t, l->n_used, &p->count));
    p->l->narrow = true;
    for (int32_t k = 0; k < l->n_used; k++) {
        const ken_tree_used *u = &l->used[k];
        p->n_thresholds = KEN_MAX(p->n_thresholds, u->first + u->count);
        if (u->slot_left >= 0) p->used_of[u->slot_left] = k;
        if (u->slot_right >= 0) p->used_of[u->slot_right] = k;
        if (u->slot_level >= 0) p->used_of[u->slot_level] = k;
        if (u->slot_level >= 0 || u->count > KEN_TREE_EDGES - 2) p->l->narrow = false;
    }
    KEN_TRY(KEN_SCRATCH(ctx, uint32_t, p->n_thresholds, &p->stamp));
    memset(p->stamp, 0, (size_t)p->n_thresholds * sizeof *p->stamp);
    return KEN_SCRATCH(ctx, uint8_t, p->n_thresholds, &p->local);
}

static ken_status asks_fill(ken_ctx *ctx, asks_plan *p) {
    ken_tree_layout *l = p->l;
    const int64_t trees = p->e->n_trees;
    KEN_TRY(asks_prepare(ctx, p));
    KEN_TRY(KEN_ALLOC(ctx, uint8_t, trees, &l->by));
    KEN_TRY(KEN_ALLOC(ctx, ken_tree_part, trees + 1, &l->part));
    KEN_TRY(KEN_ALLOC(ctx, int64_t, trees + 1, &l->ask_first));
    KEN_TRY(KEN_ALLOC(ctx, int64_t, trees + 1, &l->place_first));
    asks_share_out(p);
    asks_count(p);
    const int64_t asks = l->ask_first[trees], places = l->place_first[trees];
    KEN_TRY(KEN_ALLOC(ctx, ken_tree_used, p->n_coded, &l->coded));
    KEN_TRY(KEN_ALLOC(ctx, double, (int64_t)p->n_coded * KEN_TREE_EDGES, &l->coded_edge));
    KEN_TRY(KEN_ALLOC(ctx, ken_tree_ask, asks, &l->ask));
    KEN_TRY(KEN_ALLOC(ctx, uint32_t, places, &l->place_node));
    if (p->e->width == 1 && !p->e->linear) KEN_TRY(KEN_ALLOC(ctx, double, places, &l->place_value));
    KEN_TRY(KEN_SCRATCH(ctx, uint32_t, asks, &p->met));
    p->n_coded = 0;
    for (int32_t k = 0; k < l->n_parts; k++) {
        asks_code_part(p, &l->part[k]);
        asks_write(p, &l->part[k]);
    }
    return KEN_OK;
}

ken_status ken__tree_layout_asks(ken_ctx *ctx, const ken_ensemble *ens, ken_tree_layout *layout) {
    asks_plan p = {.e = ens, .l = layout};
    const ken_mark mark = ken_scratch_mark(ctx);
    const ken_status status = asks_fill(ctx, &p);
    ken_scratch_release(ctx, mark);
    return status;
}
