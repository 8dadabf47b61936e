/* Leaf values, and with them the margins of all rows: those of the tree's sample lie sorted by leaf,
 * the others walk the tree. Read next: boosting.c. */
#include "ken/boosting/boosting/boosting_linear.h"
#include "ken/boosting/boosting/boosting_state.h"
#include "ken/core/threads.h"

enum { BOOSTING_MARGINS = 1 << 15 }; /* rows whose margins (256 KB) fit the second cache */

typedef struct boosting_move {
    boosting_fit *s;
    int k;
    const boosting_node *nodes;
    const boosting_step_node *tree;
    const boosting_out *out; /* its values */
    const uint32_t *rows;    /* to walk; NULL: those from `first` on */
    const int32_t *end;      /* where they end, if that is known; else NULL */
    int64_t first;
} boosting_move;

static void boosting_renew_block(void *arg, int64_t begin, int64_t end, int worker) {
    const boosting_move *const m = arg;
    boosting_fit *const s = m->s;
    boosting_loss loss = s->loss;
    if (s->sample_weight) loss.weight = s->sample_weight;
    (void)worker;
    for (int64_t i = begin; i < end; i++) {
        const boosting_node *const node = &m->nodes[s->leaf[i].node];
        s->leaf[i].value =
            s->shrinkage *
            ken__boosting_loss_renew(&loss, m->k, ken__boosting_grower_rows(s->grower, node),
                                     node->end - node->begin, s->items + node->begin);
    }
}

int64_t ken__boosting_first_row(const uint32_t *rows, int64_t n, int64_t limit) {
    int64_t low = 0;
    while (low < n) {
        const int64_t middle = low + (n - low) / 2;
        if ((int64_t)rows[middle] < limit)
            low = middle + 1;
        else
            n = middle;
    }
    return low;
}

/* Margins of rows [begin, end), leaf after leaf: a block's margins stay in the cache, where those of a
 * whole leaf, which lie all over the table, would not. */
static void boosting_leaf_block(void *arg, int64_t begin, int64_t end, int worker) {
    const boosting_move *const m = arg;
    const boosting_fit *const s = m->s;
    double *const margin = s->margin + m->k * s->loss.n;
    (void)worker;
    for (size_t i = 0; i < s->n_leaves; i++) {
        const boosting_node *const node = &m->nodes[s->leaf[i].node];
        const uint32_t *const rows = ken__boosting_grower_rows(s->grower, node);
        const int64_t n = node->end - node->begin;
        const double value = s->leaf[i].value;
        if (s->linear && ken__boosting_linear_has(s->linear, s->leaf[i].out)) {
            for (int64_t r = ken__boosting_first_row(rows, n, begin); r < n && rows[r] < end; r++)
                margin[rows[r]] += ken__boosting_linear_at(s->linear, s->leaf[i].out, rows[r], value);
            continue;
        }
        for (int64_t r = ken__boosting_first_row(rows, n, begin); r < n && rows[r] < end; r++)
            margin[rows[r]] += value;
    }
}

static void boosting_walk_block(void *arg, int64_t begin, int64_t end, int worker) {
    const boosting_move *const m = arg;
    const boosting_fit *const s = m->s;
    double *const margin = m->s->margin + m->k * s->loss.n;
    (void)worker;
    for (int64_t i = begin; m->end && !s->linear && i < end; i++) margin[m->rows[i]] += m->out[m->end[i]].value;
    if (m->end && !s->linear) return;
    for (int64_t i = begin; i < end; i++) {
        const int64_t row = m->rows ? (int64_t)m->rows[i] : m->first + i;
        if (m->rows && i + 8 < end) KEN_PREFETCH(s->codes + m->rows[i + 8] * s->binned.stride);
        const int32_t node = m->end ? m->end[i] : boosting_step_walk(m->tree, s->codes + row * s->binned.stride);
        margin[row] += s->linear ? ken__boosting_linear_at(s->linear, (m->out - s->out) + node, row,
                                                           m->out[node].value)
                                 : m->out[node].value;
    }
}

void ken__boosting_steps(const boosting_fit *s, boosting_step_node *tree) {
    const boosting_node *const nodes = ken__boosting_grower_nodes(s->grower);
    const size_t first = (size_t)s->offset[s->n_trees];
    for (size_t i = first; i < s->n_out; i++) {
        const boosting_split *const split = &nodes[s->out[i].node].split;
        const bool leaf = s->out[i].feature < 0;
        tree[i - first] = (boosting_step_node){
            .column = leaf ? -1 : split->column,
            .right = s->out[i].right,
            .bin = (uint16_t)split->bin,
            .missing =
                leaf || !split->missing_left ? 256 : (uint16_t)s->feature[split->column].n_bins,
            .set = !leaf && split->category ? split->set : NULL};
    }
}

/* Rows that the tree was not grown on: those left out of its sample, and the validation rows. */
static ken_status boosting_walk_others(ken_ctx *ctx, boosting_move *m, int64_t n_sampled) {
    boosting_fit *const s = m->s;
    const int64_t n_out = s->rows ? s->n_usable - n_sampled : 0;
    const size_t first = (size_t)s->offset[s->n_trees];
    boosting_step_node *tree;
    if (n_out == 0 && s->loss.n == s->loss.n_train) return KEN_OK;
    KEN_TRY(KEN_SCRATCH(ctx, boosting_step_node, s->n_out - first, &tree));
    ken__boosting_steps(s, tree);
    m->tree = tree;
    m->out = s->out + first;
    m->rows = s->rows ? s->rows + n_sampled : NULL;
    m->end = s->others.end;
    KEN_TRY(ken_parallel(ctx, n_out, 4096, boosting_walk_block, m));
    m->rows = NULL;
    m->end = NULL;
    m->first = s->loss.n_train;
    return ken_parallel(ctx, s->loss.n - m->first, 4096, boosting_walk_block, m);
}

/* Values that keep what columns are said to do; weights: the leaves' part in the second-order loss, or
 * their rows where values are medians and the like. */
static ken_status boosting_obey(ken_ctx *ctx, boosting_fit *s, const boosting_node *nodes,
                                const boosting_scale *scale) {
    const int64_t n = (int64_t)s->n_leaves;
    const bool renewed = ken__boosting_loss_renews(&s->loss);
    int32_t *leaf;
    double *value, *weight;
    KEN_TRY(KEN_SCRATCH(ctx, int32_t, n, &leaf));
    KEN_TRY(KEN_SCRATCH(ctx, double, n, &value));
    KEN_TRY(KEN_SCRATCH(ctx, double, n, &weight));
    for (int64_t i = 0; i < n; i++) {
        leaf[i] = s->leaf[i].node;
        value[i] = s->leaf[i].value;
        weight[i] = renewed ? s->out[s->leaf[i].out].cover
                            : (double)s->leaf[i].h / scale->scale_h + s->rules.l2;
    }
    KEN_TRY(ken__boosting_obey(ctx, &s->binned, &s->rules, nodes, leaf, n, weight, value));
    for (int64_t i = 0; i < n; i++) s->out[s->leaf[i].out].value = s->leaf[i].value = value[i];
    return KEN_OK;
}

/* value = (n value + s parent) / (n + s) from the root's children down; n: rows or their weights. */
static void boosting_smooth(boosting_fit *s) {
    boosting_out *const tree = s->out + s->offset[s->n_trees];
    const int64_t n = (int64_t)s->n_out - s->offset[s->n_trees];
    const bool renewed = ken__boosting_loss_renews(&s->loss);
    for (int64_t i = n; renewed && i-- > 0;) /* inner nodes have no value of their own: the mean below */
        if (tree[i].feature >= 0) {
            const boosting_out *const l = &tree[tree[i].left], *const r = &tree[tree[i].right];
            tree[i].value = (l->cover * l->value + r->cover * r->value) / (l->cover + r->cover);
        }
    for (int64_t i = 0; i < n; i++) {
        if (tree[i].feature < 0) continue;
        for (int c = 0; c < 2; c++) {
            boosting_out *const child = &tree[c ? tree[i].right : tree[i].left];
            const double share = child->cover / (child->cover + s->p->path_smoothing);
            child->value = share * child->value + (1 - share) * tree[i].value;
        }
    }
    for (size_t i = 0; i < s->n_leaves; i++) s->leaf[i].value = s->out[s->leaf[i].out].value;
}

ken_status ken__boosting_advance(ken_ctx *ctx, boosting_fit *s, int k, int64_t n_sampled,
                                const boosting_scale *scale) {
    boosting_move m = {.s = s, .k = k, .nodes = ken__boosting_grower_nodes(s->grower)};
    const int64_t n_leaves = (int64_t)s->n_leaves;
    if (ken__boosting_loss_renews(&s->loss)) {
        KEN_TRY(ken_parallel(ctx, n_leaves, 1, boosting_renew_block, &m));
        for (size_t i = 0; i < s->n_leaves; i++) s->out[s->leaf[i].out].value = s->leaf[i].value;
    }
    if (s->p->path_smoothing > 0) boosting_smooth(s);
    if (s->rules.direction) KEN_TRY(boosting_obey(ctx, s, m.nodes, scale));
    if (s->linear) KEN_TRY(ken__boosting_linear_fit(ctx, s, n_sampled, scale));
    KEN_TRY(ken_parallel(ctx, s->loss.n_train, BOOSTING_MARGINS, boosting_leaf_block, &m));
    return boosting_walk_others(ctx, &m, n_sampled);
}
