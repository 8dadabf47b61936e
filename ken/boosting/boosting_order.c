/* Isotonic regression on a graph by divide and conquer: a block of items gets its mean; if some upward
 * closed part of it (with an item, all that must not be below) would rather be higher than the rest, the
 * block is cut in two, the best such part from the rest. That part is a minimum cut. */
#include "ken/boosting/boosting_order.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ken/core/alloc.h"

typedef struct order_arc {
    int32_t to, back; /* back: the arc the other way */
    double left;      /* capacity that is left */
} order_arc;

typedef struct order_graph {
    int64_t n;
    const double *weight;
    double *value;
    const boosting_pair *pair; /* sorted by low */
    int64_t *first;            /* (n + 1) pairs of an item as the low one */
    int32_t *item, *local;     /* blocks are ranges of item; local: number within the block, else -1 */
    double *pull;              /* (n) of the block: weight * (value - mean) */
    /* the network of a block: items 0 .. k-1, source k, sink k + 1 */
    order_arc *arc;
    int32_t *begin, *fill, *level, *queue, *at, *path;
} order_graph;

/* --- the network of a block --------------------------------------------------------------------- */

static void order_link(order_graph *g, int32_t from, int32_t to, double capacity) {
    const int32_t a = g->begin[from] + g->fill[from]++, b = g->begin[to] + g->fill[to]++;
    g->arc[a] = (order_arc){to, b, capacity};
    g->arc[b] = (order_arc){from, a, 0};
}

/* Calls of order_link in two rounds: degrees first, then arcs. */
static void order_build(order_graph *g, const int32_t *item, int32_t k) {
    const int32_t source = k, sink = k + 1;
    for (int round = 0; round < 2; round++) {
        memset(g->fill, 0, ((size_t)k + 2) * sizeof *g->fill);
        for (int32_t i = 0; i < k; i++) {
            const double pull = g->pull[i];
            const int32_t end = pull > 0 ? source : sink;
            if (round)
                order_link(g, pull > 0 ? source : i, pull > 0 ? i : sink, fabs(pull));
            else
                g->fill[i]++, g->fill[end]++;
            for (int64_t e = g->first[item[i]]; e < g->first[item[i] + 1]; e++) {
                const int32_t to = g->local[g->pair[e].high];
                if (to < 0) continue;
                if (round)
                    order_link(g, i, to, (double)INFINITY);
                else
                    g->fill[i]++, g->fill[to]++;
            }
        }
        if (round) break;
        g->begin[0] = 0;
        for (int32_t i = 0; i < k + 2; i++) g->begin[i + 1] = g->begin[i] + g->fill[i];
    }
}

/* Steps from the source over arcs with capacity left, -1: out of reach. */
static bool order_levels(order_graph *g, int32_t k) {
    int32_t head = 0, tail = 0;
    for (int32_t i = 0; i < k + 2; i++) g->level[i] = -1;
    g->level[k] = 0;
    g->queue[tail++] = k;
    while (head < tail) {
        const int32_t i = g->queue[head++];
        for (int32_t a = g->begin[i]; a < g->begin[i + 1]; a++) {
            const int32_t to = g->arc[a].to;
            if (!(g->arc[a].left > 0) || g->level[to] >= 0) continue;
            g->level[to] = g->level[i] + 1;
            g->queue[tail++] = to;
        }
    }
    return g->level[k + 1] >= 0;
}

/* Paths level by level from the source until none is left; each fills an arc to the last bit. */
static void order_block_flow(order_graph *g, int32_t k) {
    int32_t depth = 0, here = k;
    memcpy(g->at, g->begin, ((size_t)k + 2) * sizeof *g->at);
    for (;;) {
        if (here == k + 1) {
            double most = (double)INFINITY;
            int32_t back_to = 0;
            for (int32_t s = depth; s-- > 0;)
                if (g->arc[g->path[s]].left <= most) most = g->arc[g->path[s]].left, back_to = s;
            for (int32_t s = 0; s < depth; s++) {
                order_arc *const a = &g->arc[g->path[s]];
                a->left -= most;
                g->arc[a->back].left += most;
            }
            depth = back_to;
            here = g->arc[g->arc[g->path[depth]].back].to;
        }
        while (g->at[here] < g->begin[here + 1]) {
            const order_arc *const a = &g->arc[g->at[here]];
            if (a->left > 0 && g->level[a->to] == g->level[here] + 1) break;
            g->at[here]++;
        }
        if (g->at[here] < g->begin[here + 1]) {
            g->path[depth++] = g->at[here];
            here = g->arc[g->at[here]].to;
            continue;
        }
        if (depth == 0) return;
        g->level[here] = -1;
        here = g->arc[g->arc[g->path[--depth]].back].to;
    }
}

/* --- blocks ------------------------------------------------------------------------------------- */

/* The mean of a block, and what pulls at it; returns the sum of the pulls' sizes. */
static double order_pulls(order_graph *g, const int32_t *item, int32_t k, double *mean) {
    double sum = 0, total = 0, size = 0;
    for (int32_t i = 0; i < k; i++) {
        sum += g->weight[item[i]] * g->value[item[i]];
        total += g->weight[item[i]];
    }
    *mean = total > 0 ? sum / total : g->value[item[0]];
    for (int32_t i = 0; i < k; i++) {
        g->pull[i] = g->weight[item[i]] * (g->value[item[i]] - *mean);
        size += fabs(g->pull[i]);
    }
    return size;
}

/* Lower part first; returns its size, k (or 0): the block stays whole. */
static int32_t order_cut(order_graph *g, int32_t *item, int32_t k, double *mean) {
    const double size = order_pulls(g, item, k, mean);
    double up = 0;
    int32_t low = 0, high = 0;
    for (int32_t i = 0; i < k; i++) g->local[item[i]] = i;
    order_build(g, item, k);
    while (order_levels(g, k)) order_block_flow(g, k);
    for (int32_t i = 0; i < k; i++) {
        const bool upper = g->level[i] >= 0;
        if (upper) up += g->pull[i];
        g->local[item[i]] = -1;
        if (upper)
            g->queue[high++] = item[i];
        else
            item[low++] = item[i];
    }
    memcpy(item + low, g->queue, (size_t)high * sizeof *item);
    return up > 1e-13 * size ? low : k;
}

/* A block of one value keeps its bits. */
static void order_settle(order_graph *g, const int32_t *item, int32_t k, double mean) {
    bool same = true;
    for (int32_t i = 1; i < k; i++) same &= g->value[item[i]] == g->value[item[0]];
    for (int32_t i = 0; !same && i < k; i++) g->value[item[i]] = mean;
}

static void order_solve(order_graph *g, int64_t *stack) {
    int64_t n = 0;
    stack[n++] = 0;
    stack[n++] = g->n;
    while (n > 0) {
        const int64_t end = stack[--n], begin = stack[--n];
        const int32_t k = (int32_t)(end - begin);
        double mean;
        if (k <= 1) continue;
        const int32_t low = order_cut(g, g->item + begin, k, &mean);
        if (low == 0 || low == k) {
            order_settle(g, g->item + begin, k, mean);
            continue;
        }
        stack[n++] = begin;
        stack[n++] = begin + low;
        stack[n++] = begin + low;
        stack[n++] = end;
    }
}

static bool order_is_broken(const order_graph *g, int64_t m) {
    for (int64_t e = 0; e < m; e++)
        if (g->value[g->pair[e].low] > g->value[g->pair[e].high]) return true;
    return false;
}

static int order_by_low(const void *a, const void *b) {
    const boosting_pair *const x = a, *const y = b;
    if (x->low != y->low) return x->low < y->low ? -1 : 1;
    return x->high < y->high ? -1 : x->high > y->high;
}

static ken_status order_reserve(ken_ctx *ctx, order_graph *g, int64_t m, int64_t **stack) {
    const int64_t n = g->n;
    KEN_TRY(KEN_SCRATCH(ctx, int64_t, n + 1, &g->first));
    KEN_TRY(KEN_SCRATCH(ctx, int32_t, n, &g->item));
    KEN_TRY(KEN_SCRATCH(ctx, int32_t, n, &g->local));
    KEN_TRY(KEN_SCRATCH(ctx, double, n, &g->pull));
    KEN_TRY(KEN_SCRATCH(ctx, order_arc, 2 * (n + m), &g->arc));
    KEN_TRY(KEN_SCRATCH(ctx, int32_t, n + 3, &g->begin));
    KEN_TRY(KEN_SCRATCH(ctx, int32_t, n + 2, &g->fill));
    KEN_TRY(KEN_SCRATCH(ctx, int32_t, n + 2, &g->level));
    KEN_TRY(KEN_SCRATCH(ctx, int32_t, n + 2, &g->queue));
    KEN_TRY(KEN_SCRATCH(ctx, int32_t, n + 2, &g->at));
    KEN_TRY(KEN_SCRATCH(ctx, int32_t, n + 2, &g->path));
    return KEN_SCRATCH(ctx, int64_t, 2 * n + 4, stack);
}

ken_status ken__boosting_order(ken_ctx *ctx, int64_t n, const double *weight, boosting_pair *pair,
                               int64_t m, double *value) {
    order_graph g = {.n = n, .weight = weight, .value = value, .pair = pair};
    const ken_mark mark = ken_scratch_mark(ctx);
    int64_t *stack;
    if (!order_is_broken(&g, m)) return KEN_OK;
    qsort(pair, (size_t)m, sizeof *pair, order_by_low);
    KEN_TRY(order_reserve(ctx, &g, m, &stack));
    memset(g.first, 0, ((size_t)n + 1) * sizeof *g.first);
    for (int64_t e = 0; e < m; e++) g.first[pair[e].low + 1] = e + 1;
    for (int64_t i = 1; i <= n; i++) g.first[i] = KEN_MAX(g.first[i], g.first[i - 1]);
    for (int64_t i = 0; i < n; i++) g.item[i] = (int32_t)i, g.local[i] = -1;
    order_solve(&g, stack);
    /* means of neighboring blocks may have been rounded past each other */
    for (int64_t e = 0; e < m; e++)
        value[pair[e].high] = KEN_MAX(value[pair[e].high], value[pair[e].low]);
    ken_scratch_release(ctx, mark);
    return KEN_OK;
}
