/* One row through all trees: eight trees at a time, so that the loads in one hide behind those in the
 * others. Codes, nodes and the order of the sums are those of tree_predict.c: so are the bits. */
#include "ken/core/alloc.h"
#include "ken/tree/tree_linear.h"
#include "ken/tree/tree_walk.h"

enum { ROW_TREES = 8 };

/* Number of thresholds below x; a NaN compares false: 0. */
static uint16_t row_rank(const double *t, int32_t n, double x) {
    int32_t low = 0;
    if (n == 0) return 0;
    while (n > 1) {
        const int32_t half = n / 2;
        low += (t[low + half - 1] < x) * half;
        n -= half;
    }
    return (uint16_t)(low + (t[low] < x));
}

static void row_code(const ken_tree_layout *l, const double *x, uint16_t *codes) {
    for (int32_t k = 0; k < l->n_used; k++) {
        const ken_tree_used *u = &l->used[k];
        const double v = x[u->column];
        if (u->slot_level >= 0) codes[u->slot_level] = v >= 0 && v < 0xFFFF ? (uint16_t)v : 0xFFFF;
        if (u->slot_left < 0 && u->slot_right < 0) continue;
        const uint16_t rank = row_rank(l->threshold + u->first, u->count, v);
        if (u->slot_left >= 0) codes[u->slot_left] = rank;
        if (u->slot_right >= 0) codes[u->slot_right] = v != v ? KEN_TREE_MAX_RANKS + 1 : rank;
    }
}

static void row_walk8(const ken_tree_node *const node[ROW_TREES], const uint16_t *codes, uint32_t *at) {
    uint32_t a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0, all;
    do {
        a = KEN_TREE_STEP(node[0], codes, 1, a);
        b = KEN_TREE_STEP(node[1], codes, 1, b);
        c = KEN_TREE_STEP(node[2], codes, 1, c);
        d = KEN_TREE_STEP(node[3], codes, 1, d);
        e = KEN_TREE_STEP(node[4], codes, 1, e);
        f = KEN_TREE_STEP(node[5], codes, 1, f);
        g = KEN_TREE_STEP(node[6], codes, 1, g);
        h = KEN_TREE_STEP(node[7], codes, 1, h);
        all = node[0][a].rank & node[1][b].rank & node[2][c].rank & node[3][d].rank &
              node[4][e].rank & node[5][f].rank & node[6][g].rank & node[7][h].rank;
    } while (all != KEN_TREE_LEAF);
    at[0] = a, at[1] = b, at[2] = c, at[3] = d, at[4] = e, at[5] = f, at[6] = g, at[7] = h;
}

/* at[k] for the trees from t on, as many as the answer says. */
static int row_walk(const ken_ensemble *e, int32_t t, const uint16_t *codes, uint32_t *at) {
    const ken_tree_node *node[ROW_TREES];
    for (int k = 0; k < ROW_TREES; k++) {
        if (t + k >= e->n_trees || e->layout->sets[t + k]) {
            at[0] = ken__tree_walk(e, t, codes, 1);
            return 1;
        }
        node[k] = e->layout->node + e->tree_offset[t + k];
    }
    row_walk8(node, codes, at);
    return ROW_TREES;
}

/* held: the columns of linear leaves. */
static void row_add(const ken_ensemble *e, int32_t t, int64_t node, const double *held, double *out) {
    const double *value = e->value + node * e->width;
    if (e->linear)
        out[KEN_MAX(e->tree_output[t], 0)] += ken__tree_linear_at(e, node, e->linear->slot, held);
    else if (e->width == 1)
        out[KEN_MAX(e->tree_output[t], 0)] += value[0];
    else
        for (int32_t o = 0; o < e->width; o++) out[o] += value[o];
}

ken_status ken_ensemble_margin_row(ken_ctx *ctx, const ken_ensemble *e, const double *x, double *out) {
    const ken_tree_layout *l = e->layout;
    const ken_mark mark = ken_scratch_mark(ctx);
    uint16_t *codes = NULL;
    double *held = NULL;
    for (int32_t o = 0; o < e->n_outputs; o++) out[o] = e->base[o];
    if (e->linear) {
        KEN_TRY(KEN_SCRATCH(ctx, double, KEN_MAX(e->linear->n_used, 1), &held));
        ken__tree_linear_row(e->linear, x, held);
    }
    if (!l) {
        for (int32_t t = 0; t < e->n_trees; t++)
            row_add(e, t, e->tree_offset[t] + ken_ensemble_walk(e, t, x), held, out);
        ken_scratch_release(ctx, mark);
        return KEN_OK;
    }
    KEN_TRY(KEN_SCRATCH(ctx, uint16_t, KEN_MAX(l->n_slots, 1), &codes));
    codes[0] = 0; /* leaves look here, in vain */
    row_code(l, x, codes);
    for (int32_t t = 0; t < e->n_trees;) {
        uint32_t at[ROW_TREES];
        const int n = row_walk(e, t, codes, at);
        for (int k = 0; k < n; k++, t++) {
            const int64_t first = e->tree_offset[t];
            row_add(e, t, first + l->origin[first + at[k]], held, out);
        }
    }
    ken_scratch_release(ctx, mark);
    return KEN_OK;
}
