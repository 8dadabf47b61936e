/* Oblivious (symmetric) trees: one question a level, asked of all its nodes, the one whose gains have the
 * greatest sum over them (Kohavi & Li 1995; Prokhorenkova et al. 2018). Few trees are possible, so a tree
 * overfits less; and every answer is a pattern of a few yes and no.
 *
 * A node that the question would cut below the limits (rows, weight) adds nothing to the sum and goes on
 * whole to the next level: so there are no empty leaves. Read before: boosting_grower.h. */
#include <string.h>

#include "ken/boosting/boosting_grower.h"
#include "ken/core/alloc.h"
#include "ken/core/rng.h"
#include "ken/core/threads.h"

typedef struct oblivious_level {
    boosting_grower *w;
    int depth;
    int32_t *leaf; /* the nodes that take part, from left to right */
    int32_t n;
    const int32_t *columns; /* NULL: all of the tree */
    int n_columns;
    double *sum;               /* (2, n_places) gains: missing values right, left */
    bool *missing;             /* (d) some node has missing values */
    boosting_level_order *order; /* (d) of categories, the same for all levels of a tree */
    int32_t first, last;       /* nodes [first, last) of leaf that have histograms now */
    int32_t *sums;             /* nodes to be worked on by one thread each; behind them, descend's */
    boosting_split question;
} oblivious_level;

/* --- histograms --------------------------------------------------------------------------------- */

static ken_status oblivious_slot(ken_ctx *ctx, boosting_grower *w, int32_t *slot) {
    *slot = -1;
    if (w->n_free == 0 && w->n_slots < w->max_slots) {
        KEN_TRY(KEN_ALLOC(ctx, int64_t, 2 * w->n_places, &w->slot[w->n_slots]));
        w->free_slot[w->n_free++] = w->n_slots++;
    }
    if (w->n_free > 0) *slot = w->free_slot[--w->n_free];
    return KEN_OK;
}

static void oblivious_release(boosting_grower *w, boosting_node *node) {
    if (node->slot >= 0) w->free_slot[w->n_free++] = node->slot;
    node->slot = -1;
}

static void oblivious_sum_block(void *arg, int64_t begin, int64_t end, int worker) {
    const oblivious_level *const v = arg;
    for (int64_t i = begin; i < end; i++)
        ken__grow_sum(v->w, &v->w->node[v->sums[i]], &v->w->worker[worker]);
}

/* As many of the nodes from `first` on as there are slots for. */
static ken_status oblivious_sum(ken_ctx *ctx, oblivious_level *v) {
    boosting_grower *const w = v->w;
    int32_t n = 0;
    for (v->last = v->first; v->last < v->n; v->last++) {
        boosting_node *const node = &w->node[v->leaf[v->last]];
        if (node->slot >= 0) continue;
        KEN_TRY(oblivious_slot(ctx, w, &node->slot));
        if (node->slot < 0) break;
        if (ken__grow_is_large(w, node))
            KEN_TRY(ken__grow_sum_together(ctx, w, node));
        else
            v->sums[n++] = v->leaf[v->last];
    }
    KEN_TRY(ken_parallel(ctx, n, 1, oblivious_sum_block, v));
    for (int32_t i = v->first; i < v->last; i++) ken__grow_look_at_hessians(w, &w->node[v->leaf[i]]);
    return KEN_OK;
}

/* --- the question ------------------------------------------------------------------------------- */

static void oblivious_add_block(void *arg, int64_t begin, int64_t end, int worker) {
    oblivious_level *const v = arg;
    boosting_grower *const w = v->w;
    (void)worker;
    for (int64_t j = begin; j < end; j++) {
        const int32_t column = v->columns ? v->columns[j] : (int32_t)j;
        double *const sum[2] = {v->sum + w->offset[column], v->sum + w->n_places + w->offset[column]};
        for (int32_t i = v->first; i < v->last; i++) {
            const boosting_search search = ken__grow_search(w, &w->node[v->leaf[i]]);
            v->missing[column] |= ken__boosting_add_gains(&search, column, &v->order[column], sum);
        }
    }
}

/* Orders of all categories from the root's sums: a later level may ask about columns that the first did not. */
static void oblivious_order(oblivious_level *v) {
    boosting_grower *const w = v->w;
    const boosting_search search = ken__grow_search(w, &w->node[v->leaf[0]]);
    for (int j = 0; j < w->n_columns; j++) {
        const int32_t column = w->columns ? w->columns[j] : j;
        ken__boosting_order_levels(&search, column, &v->order[column]);
    }
}

/* Sums of gains over all nodes, in their order. */
static ken_status oblivious_add(ken_ctx *ctx, oblivious_level *v) {
    memset(v->sum, 0, 2 * (size_t)v->w->n_places * sizeof *v->sum);
    memset(v->missing, 0, (size_t)v->w->binned->d * sizeof *v->missing);
    for (v->first = 0; v->first < v->n; v->first = v->last) {
        KEN_TRY(oblivious_sum(ctx, v));
        if (v->depth == 0) oblivious_order(v);
        KEN_TRY(ken_parallel(ctx, v->n_columns, GROW_COLUMNS_PER_TASK, oblivious_add_block, v));
        for (int32_t i = v->first; v->last < v->n && i < v->last; i++) /* make room for the others */
            oblivious_release(v->w, &v->w->node[v->leaf[i]]);
    }
    return KEN_OK;
}

static void oblivious_take(oblivious_level *v, int32_t column, int place, bool missing_left, double gain) {
    const int missing = v->w->binned->feature[column].n_bins;
    const boosting_level_order *const order = &v->order[column];
    boosting_split *const q = &v->question;
    memset(q, 0, sizeof *q);
    q->gain = gain;
    q->column = column;
    q->bin = place;
    q->missing_left = missing_left;
    q->category = v->w->binned->feature[column].category;
    if (!q->category) return;
    q->bin = 0;
    for (int l = order->single ? place : 0; l <= place; l++)
        q->set[order->code[l] >> 5] |= UINT32_C(1) << (order->code[l] & 31);
    q->missing_left = q->set[missing >> 5] >> (missing & 31) & 1;
}

/* The best sum; ties: lowest column, missing values right, lowest place. */
static void oblivious_ask(oblivious_level *v) {
    boosting_grower *const w = v->w;
    memset(&v->question, 0, sizeof v->question);
    for (int j = 0; j < v->n_columns; j++) {
        const int32_t column = v->columns ? v->columns[j] : j;
        const ken_bin_feature *const f = &w->binned->feature[column];
        const int n = f->category ? v->order[column].n : f->n_bins;
        int from = 0, to = n;
        if (w->rules->extra_random && n > 0) {
            ken_rng rng = ken_rng_stream(w->ctx, "boosting.threshold",
                                         ken__grow_level_key(w, v->depth) + (uint64_t)column);
            from = (int)ken_rng_below(&rng, (uint64_t)n);
            to = from + 1;
        }
        for (int side = 0; side < 2; side++)
            for (int b = from; b < to; b++) {
                const double sum = v->sum[side * w->n_places + w->offset[column] + b];
                if (sum > v->question.gain) oblivious_take(v, column, b, side == 1, sum);
            }
    }
}

static bool oblivious_is_worth_it(const oblivious_level *v) {
    const boosting_grower *const w = v->w;
    double parents = 0;
    for (int32_t i = 0; i < v->n; i++) {
        const boosting_node *const node = &w->node[v->leaf[i]];
        parents += ken__boosting_score(w->rules, (double)node->g / w->scale->scale_g,
                                       (double)node->h / w->scale->scale_h);
    }
    return v->question.gain > w->rules->min_gain && v->question.gain > 1e-10 * parents;
}

/* --- the answers -------------------------------------------------------------------------------- */

/* Sums of the rows that went left, and whether both sides are within the limits. */
static bool oblivious_sides(const boosting_grower *w, boosting_node *node, int64_t n_left) {
    const boosting_rules *const r = w->rules;
    const int64_t n = node->end - node->begin;
    const uint64_t *const gh = w->gh[!node->buffer] + node->begin;
    const uint64_t mask = (UINT64_C(1) << w->scale->shift) - 1;
    for (int64_t i = 0; i < n_left; i++) {
        node->split.g += (int64_t)gh[i] >> w->scale->shift;
        node->split.h += (int64_t)(gh[i] & mask);
    }
    const double rows = KEN_MAX(r->min_rows, 1), least = r->min_weight * w->scale->scale_h;
    return (double)n_left >= rows && (double)(n - n_left) >= rows &&
           (double)node->split.h >= least && (double)(node->h - node->split.h) >= least;
}

static double oblivious_gain(const boosting_grower *w, const boosting_node *node) {
    const double ug = 1 / w->scale->scale_g, uh = 1 / w->scale->scale_h;
    const boosting_split *const s = &node->split;
    const double gain =
        ken__boosting_score(w->rules, (double)s->g * ug, (double)s->h * uh) +
        ken__boosting_score(w->rules, (double)(node->g - s->g) * ug, (double)(node->h - s->h) * uh) -
        ken__boosting_score(w->rules, (double)node->g * ug, (double)node->h * uh);
    return KEN_MAX(gain, 0);
}

/* Its rows are in the other buffer now; `open` where it has been split. */
static void oblivious_answer(const oblivious_level *v, boosting_node *node, int64_t n_left) {
    node->open = oblivious_sides(v->w, node, n_left);
    if (node->open) {
        node->split.gain = oblivious_gain(v->w, node);
        ken__grow_children(v->w, node, n_left);
    } else {
        node->buffer = !node->buffer;
        node->left = node->right = -1;
    }
}

static void oblivious_split_block(void *arg, int64_t begin, int64_t end, int worker) {
    const oblivious_level *const v = arg;
    (void)worker;
    for (int64_t i = begin; i < end; i++) {
        boosting_node *const node = &v->w->node[v->sums[i]];
        oblivious_answer(v, node, ken__grow_partition(v->w, node));
    }
}

static ken_status oblivious_split(ken_ctx *ctx, oblivious_level *v) {
    boosting_grower *const w = v->w;
    int32_t n = 0;
    KEN_TRY(ken__grow_more_nodes(ctx, w, w->n_nodes + 2 * (int64_t)v->n));
    for (int32_t i = 0; i < v->n; i++) {
        boosting_node *const node = &w->node[v->leaf[i]];
        node->split = v->question;
        node->left = (int32_t)w->n_nodes++;
        node->right = (int32_t)w->n_nodes++;
        v->sums[n++] = v->leaf[i];
        if (!ken__grow_is_large(w, node)) continue;
        int64_t n_left;
        KEN_TRY(ken__grow_partition_together(ctx, w, node, &n_left));
        oblivious_answer(v, node, n_left);
        n--;
    }
    return ken_parallel(ctx, n, 1, oblivious_split_block, v);
}

/* Where no row has a missing value, or one of a level unseen, those go with the heavier side. */
static void oblivious_send_missing(oblivious_level *v) {
    boosting_grower *const w = v->w;
    const int missing = w->binned->feature[v->question.column].n_bins;
    int64_t left = 0, all = 0;
    if (v->missing[v->question.column]) return;
    for (int32_t i = 0; i < v->n; i++)
        if (w->node[v->leaf[i]].open) {
            left += w->node[v->leaf[i]].split.h;
            all += w->node[v->leaf[i]].h;
        }
    for (int32_t i = 0; i < v->n; i++) {
        boosting_split *const s = &w->node[v->leaf[i]].split;
        s->missing_left = left > all - left;
        if (s->category && s->missing_left) s->set[missing >> 5] |= UINT32_C(1) << (missing & 31);
    }
}

/* --- the next level ----------------------------------------------------------------------------- */

/* The smaller child is summed, the larger one is the parent minus that. */
static void oblivious_subtract_block(void *arg, int64_t begin, int64_t end, int worker) {
    const oblivious_level *const v = arg;
    boosting_grower *const w = v->w;
    for (int64_t i = begin; i < end; i++) {
        const boosting_node *const node = &w->node[v->sums[i]];
        boosting_node *small = &w->node[node->left], *large = &w->node[node->right];
        if (small->slot == node->slot) small = large, large = &w->node[node->left];
        ken__grow_sum(w, small, &w->worker[worker]);
        ken__grow_subtract(w, large, small);
    }
}

/* Slots for the children of a node, -1 where there are none left; true: they are to be subtracted. */
static ken_status oblivious_inherit(ken_ctx *ctx, boosting_grower *w, boosting_node *node, bool *subtract) {
    boosting_node *small = &w->node[node->left], *large = &w->node[node->right];
    if (small->end - small->begin > large->end - large->begin) small = large, large = &w->node[node->left];
    *subtract = false;
    if (node->slot < 0) return KEN_OK;
    if (ken__grow_may_split(w, large)) KEN_TRY(oblivious_slot(ctx, w, &small->slot));
    if (small->slot < 0) {
        oblivious_release(w, node);
        return KEN_OK;
    }
    *subtract = true;
    large->slot = node->slot;
    large->narrow = node->narrow;
    return KEN_OK;
}

static void oblivious_keep(oblivious_level *v, int32_t *n, int32_t number) {
    boosting_node *const node = &v->w->node[number];
    if (ken__grow_may_split(v->w, node))
        v->leaf[(*n)++] = number;
    else
        oblivious_release(v->w, node);
}

static ken_status oblivious_descend(ken_ctx *ctx, oblivious_level *v, int32_t capacity) {
    boosting_grower *const w = v->w;
    int32_t *const old = v->sums + capacity; /* the nodes of this level */
    const int32_t n_old = v->n;
    int32_t n = 0;
    memcpy(old, v->leaf, (size_t)n_old * sizeof *old);
    for (int32_t i = 0; i < n_old; i++) {
        bool subtract = false;
        if (w->node[old[i]].open) KEN_TRY(oblivious_inherit(ctx, w, &w->node[old[i]], &subtract));
        if (subtract) v->sums[n++] = old[i];
    }
    KEN_TRY(ken_parallel(ctx, n, 1, oblivious_subtract_block, v));
    v->n = 0;
    for (int32_t i = 0; i < n_old; i++) {
        boosting_node *const node = &w->node[old[i]];
        if (!node->open) {
            oblivious_keep(v, &v->n, old[i]);
            continue;
        }
        node->slot = -1; /* a child has it */
        oblivious_keep(v, &v->n, node->left);
        oblivious_keep(v, &v->n, node->right);
    }
    return KEN_OK;
}

static ken_status oblivious_columns(oblivious_level *v) {
    boosting_grower *const w = v->w;
    v->columns = w->columns;
    v->n_columns = w->n_columns;
    if (!ken__grow_chooses(w)) return KEN_OK;
    v->n_columns = ken__grow_choose_level(w, v->depth, w->chosen);
    v->columns = w->chosen;
    return KEN_OK;
}

ken_status ken__grow_oblivious(ken_ctx *ctx, boosting_grower *w) {
    const int64_t most = KEN_MAX(w->n_train, 1);
    const int32_t capacity = (int32_t)KEN_MIN(most, w->rules->max_leaves);
    oblivious_level v = {.w = w};
    KEN_TRY(KEN_SCRATCH(ctx, int32_t, 2 * (int64_t)capacity + 2, &v.leaf));
    KEN_TRY(KEN_SCRATCH(ctx, int32_t, 2 * ((int64_t)capacity + 1), &v.sums));
    KEN_TRY(KEN_SCRATCH(ctx, double, 2 * w->n_places, &v.sum));
    KEN_TRY(KEN_SCRATCH(ctx, bool, w->binned->d, &v.missing));
    KEN_TRY(KEN_SCRATCH(ctx, boosting_level_order, w->binned->d, &v.order));
    v.leaf[v.n++] = 0;
    for (; v.depth < w->rules->max_depth && v.n > 0; v.depth++) {
        KEN_TRY(oblivious_columns(&v));
        KEN_TRY(oblivious_add(ctx, &v));
        oblivious_ask(&v);
        if (!oblivious_is_worth_it(&v)) break;
        KEN_TRY(oblivious_split(ctx, &v));
        oblivious_send_missing(&v);
        ken__grow_groups_of_level(w, v.question.column);
        KEN_TRY(oblivious_descend(ctx, &v, capacity));
    }
    return KEN_OK;
}
