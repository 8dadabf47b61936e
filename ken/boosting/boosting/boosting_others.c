/* Leaf values from all rows: a tree's splits are found on a sample, but what stands in its leaves is said by
 * every row, with those that had no say in the splits. Read next: boosting_advance.c.
 *
 * source  Prokhorenkova et al. 2018 (NeurIPS): CatBoost samples for the structure of a tree, not for its values. */
#include <string.h>

#include "ken/boosting/boosting/boosting_state.h"
#include "ken/core/threads.h"

enum { OTHERS_GRAIN = 4096, OTHERS_AHEAD = 8 };

bool ken__boosting_asks_all(const boosting_fit *s) {
    return s->p->leaf_rows == KEN_BOOSTING_LEAF_ROWS_ALL && s->rows && !s->sample_weight &&
           !ken__boosting_loss_renews(&s->loss);
}

/* The grower moves gradients about: those of the other rows are set aside before. */
ken_status ken__boosting_others_keep(ken_ctx *ctx, boosting_fit *s, int64_t n_sampled) {
    const uint64_t *const word = ken__boosting_grower_words(s->grower);
    const int64_t n = s->n_usable - n_sampled;
    s->others.word = NULL;
    s->others.end = NULL;
    if (s->width > 1 || !ken__boosting_asks_all(s)) return KEN_OK; /* vector leaves: gradients stay where they are */
    KEN_TRY(KEN_SCRATCH(ctx, uint64_t, n, &s->others.word));
    KEN_TRY(KEN_SCRATCH(ctx, int32_t, n, &s->others.end));
    for (int64_t i = 0; i < n; i++) s->others.word[i] = word[s->rows[n_sampled + i]];
    return KEN_OK;
}

typedef struct others_walk {
    const boosting_fit *s;
    const boosting_step_node *tree;
    const uint32_t *rows;
} others_walk;

static void others_walk_block(void *arg, int64_t begin, int64_t end, int worker) {
    const others_walk *const w = arg;
    const int64_t stride = w->s->binned.stride;
    (void)worker;
    for (int64_t i = begin; i < end; i++) {
        if (i + OTHERS_AHEAD < end) KEN_PREFETCH(w->s->codes + w->rows[i + OTHERS_AHEAD] * stride);
        w->s->others.end[i] = boosting_step_walk(w->tree, w->s->codes + w->rows[i] * stride);
    }
}

/* What the other rows add to a node. */
typedef struct others_sum {
    int64_t g, h;
    double cover;
} others_sum;

/* Leaves from their rows, then upwards: a child stands behind its parent. */
static void others_add(const boosting_fit *s, const boosting_scale *scale, const uint32_t *rows, int64_t n,
                       others_sum *sum) {
    const uint64_t mask = (UINT64_C(1) << scale->shift) - 1;
    const size_t first = (size_t)s->offset[s->n_trees];
    for (int64_t i = 0; i < n; i++) {
        others_sum *const at = &sum[s->others.end[i]];
        at->g += (int64_t)s->others.word[i] >> scale->shift;
        at->h += (int64_t)(s->others.word[i] & mask);
        at->cover += s->loss.weight ? s->loss.weight[rows[i]] : 1.0;
    }
    for (size_t i = s->n_out - first; i-- > 0;) {
        const boosting_out *const out = &s->out[first + i];
        if (out->feature < 0) continue;
        const others_sum *const l = &sum[out->left], *const r = &sum[out->right];
        sum[i] = (others_sum){l->g + r->g, l->h + r->h, l->cover + r->cover};
    }
}

ken_status ken__boosting_others_vote(ken_ctx *ctx, boosting_fit *s, int64_t n_sampled, const boosting_scale *scale) {
    const boosting_node *const nodes = ken__boosting_grower_nodes(s->grower);
    const size_t first = (size_t)s->offset[s->n_trees], n_nodes = s->n_out - first;
    const int64_t n = s->n_usable - n_sampled;
    boosting_step_node *tree;
    others_sum *sum;
    if (!s->others.word) return KEN_OK;
    KEN_TRY(KEN_SCRATCH(ctx, boosting_step_node, n_nodes, &tree));
    KEN_TRY(KEN_SCRATCH(ctx, others_sum, n_nodes, &sum));
    memset(sum, 0, n_nodes * sizeof *sum);
    ken__boosting_steps(s, tree);
    others_walk walk = {s, tree, s->rows + n_sampled};
    KEN_TRY(ken_parallel(ctx, n, OTHERS_GRAIN, others_walk_block, &walk));
    others_add(s, scale, walk.rows, n, sum);
    for (size_t i = 0; i < n_nodes; i++) {
        boosting_out *const out = &s->out[first + i];
        const boosting_node *const node = &nodes[out->node];
        const double G = (double)(node->g + sum[i].g) / scale->scale_g;
        const double H = (double)(node->h + sum[i].h) / scale->scale_h;
        out->value = s->shrinkage * ken__boosting_loss_step(&s->loss, &s->rules, G, H);
        out->cover += sum[i].cover;
    }
    for (size_t i = 0; i < s->n_leaves; i++) {
        s->leaf[i].value = s->out[s->leaf[i].out].value;
        s->leaf[i].h += sum[(size_t)s->leaf[i].out - first].h;
    }
    return KEN_OK;
}
