/* The grown tree as the model keeps it: nodes in depth-first order, sets of levels, covers; at the end
 * all of them as arrays (ken/tree/tree_ensemble.h). Read next: boosting_advance.c. */
#include <math.h>
#include <string.h>

#include "ken/boosting/boosting/boosting_linear.h"
#include "ken/boosting/boosting/boosting_state.h"

static ken_status boosting_put_set(ken_ctx *ctx, boosting_fit *s, const boosting_split *split,
                                   boosting_out *out) {
    const ken_bin_feature *const f = &s->feature[split->column];
    const size_t words = ((size_t)f->n_levels + 31) / 32;
    KEN_TRY(BOOSTING_RESERVE(ctx, s->words, s->words_capacity, s->n_words + words));
    int32_t *const word = s->words + s->n_words;
    out->category = (int32_t)s->n_words;
    out->category_words = (int32_t)words;
    if (s->n_words + words > INT32_MAX)
        return KEN_FAIL(ctx, KEN_E_LIMIT, "use fewer trees, or group the rare levels",
                        "boosting: the sets of levels take more than 2147483647 words");
    memset(word, 0, words * sizeof *word);
    for (int32_t l = 0; l < f->n_levels; l++)
        if (boosting_goes_left(split, f->n_bins, f->level_bin[l]))
            word[l >> 5] |= (int32_t)(UINT32_C(1) << (l & 31));
    s->n_words += words;
    return KEN_OK;
}

ken_status ken__boosting_write_tree(ken_ctx *ctx, boosting_fit *s, const boosting_scale *scale) {
    const boosting_node *const nodes = ken__boosting_grower_nodes(s->grower);
    const size_t first = s->n_out;
    size_t depth = 0;
    s->n_leaves = 0;
    KEN_TRY(BOOSTING_RESERVE(ctx, s->stack, s->stack_capacity, 2));
    s->stack[depth++] = -1; /* the place where the node's number is to be written: none */
    s->stack[depth++] = 0;
    while (depth > 0) {
        const boosting_node *const node = &nodes[s->stack[depth - 1]];
        const int32_t number = s->stack[depth - 1], parent = s->stack[depth - 2];
        depth -= 2;
        KEN_TRY(BOOSTING_RESERVE(ctx, s->out, s->out_capacity, s->n_out + 1));
        const size_t at = s->n_out++;
        boosting_out *const out = &s->out[at];
        *out = (boosting_out){.node = number, .feature = -1, .category = -1};
        if (parent >= 0) s->out[first + (size_t)parent].right = (int32_t)(at - first);
        out->value = s->shrinkage *
                     ken__boosting_loss_step(&s->loss, &s->rules, (double)node->g / scale->scale_g,
                                             (double)node->h / scale->scale_h);
        out->cover = (double)(node->end - node->begin);
        if (!node->open) {
            KEN_TRY(BOOSTING_RESERVE(ctx, s->leaf, s->leaf_capacity, s->n_leaves + 1));
            s->leaf[s->n_leaves++] = (boosting_leaf){number, (int64_t)at, out->value, node->h};
            continue;
        }
        const boosting_split *const split = &node->split;
        const ken_bin_feature *const f = &s->feature[split->column];
        out->feature = s->source[split->column];
        out->missing_left = split->missing_left;
        out->gain = split->gain;
        out->left = (int32_t)(at - first) + 1;
        if (split->category)
            KEN_TRY(boosting_put_set(ctx, s, split, out));
        else
            out->threshold = split->bin < f->n_bins - 1 ? f->edge[split->bin] : INFINITY;
        KEN_TRY(BOOSTING_RESERVE(ctx, s->stack, s->stack_capacity, depth + 4));
        s->stack[depth++] = (int32_t)(at - first);
        s->stack[depth++] = node->right;
        s->stack[depth++] = -1;
        s->stack[depth++] = node->left;
    }
    return KEN_OK;
}

/* Weights of the rows (where they have any) as covers: leaves from their rows, then upwards. */
void ken__boosting_weigh(boosting_fit *s) {
    const boosting_node *const nodes = ken__boosting_grower_nodes(s->grower);
    const size_t first = (size_t)s->offset[s->n_trees];
    const double *const weight = s->sample_weight ? s->sample_weight : s->loss.weight;
    if (!weight) return;
    for (size_t i = 0; i < s->n_leaves; i++) {
        const boosting_node *const node = &nodes[s->leaf[i].node];
        const uint32_t *const rows = ken__boosting_grower_rows(s->grower, node);
        double sum = 0;
        for (int64_t r = 0; r < node->end - node->begin; r++) sum += weight[rows[r]];
        s->out[s->leaf[i].out].cover = sum;
    }
    for (size_t i = s->n_out; i-- > first;)
        if (s->out[i].feature >= 0)
            s->out[i].cover = s->out[first + (size_t)s->out[i].left].cover +
                              s->out[first + (size_t)s->out[i].right].cover;
}

/* Values of a tree that was dropped and came back count less than when it was grown. */
static void boosting_scale_values(const boosting_fit *s, const double *weight, int64_t n_trees,
                                  double *value) {
    for (int64_t t = 0; weight && t < n_trees; t++)
        for (int64_t i = s->offset[t] * s->width; i < s->offset[t + 1] * s->width; i++)
            value[i] *= weight[t / boosting_round_trees(s)];
}

static void boosting_copy_nodes(const boosting_fit *s, int64_t n, const ken_ensemble_arrays *a) {
    for (int64_t i = 0; i < n; i++) {
        const boosting_out *const o = &s->out[i];
        a->feature[i] = o->feature;
        a->threshold[i] = o->threshold;
        a->left[i] = o->left;
        a->right[i] = o->right;
        a->missing_left[i] = o->missing_left;
        a->category[i] = o->category;
        a->category_words[i] = o->category_words;
        if (s->width == 1) a->value[i] = o->value;
        a->cover[i] = o->cover;
        a->gain[i] = o->gain;
    }
    if (s->width > 1) memcpy(a->value, s->vector.value, (size_t)(n * s->width) * sizeof *a->value);
}

ken_status ken__boosting_write_model(ken_ctx *ctx, ken_model *model, const boosting_fit *s,
                                 int64_t keep) {
    const int64_t outputs = s->loss.outputs, n_trees = keep * boosting_round_trees(s);
    const int64_t n_nodes = s->offset[n_trees];
    int64_t n_words = 0;
    for (int64_t i = 0; i < n_nodes; i++) n_words += s->out[i].category_words;
    ken_ensemble_arrays a;
    KEN_TRY(ken_ensemble_new_arrays(ctx, model, n_trees, n_nodes, n_words, s->width, outputs, &a));
    memcpy(a.tree_offset, s->offset, (size_t)(n_trees + 1) * sizeof *s->offset);
    boosting_copy_nodes(s, n_nodes, &a);
    const double *weight = NULL;
    if (s->p->drop_rate > 0) KEN_TRY(ken__boosting_drop_weights(ctx, s, keep, &weight));
    boosting_scale_values(s, weight, n_trees, a.value);
    if (n_words > 0) memcpy(a.category_bits, s->words, (size_t)n_words * sizeof *s->words);
    for (int64_t t = 0; t < n_trees; t++) a.tree_output[t] = s->width > 1 ? -1 : (int32_t)(t % outputs);
    memcpy(a.base, s->base, (size_t)outputs * sizeof *s->base);
    if (s->linear) KEN_TRY(ken__boosting_linear_write(ctx, model, s, n_nodes));
    if (s->loss.levels) KEN_TRY(ken_quantiles_set(ctx, model, s->levels, s->loss.outputs));
    if (s->loss.n == s->loss.n_train) return KEN_OK;
    const int64_t steps = (int64_t)s->n_steps;
    double *history;
    KEN_TRY(ken_attr_new(ctx, model, "validation_loss", KEN_F64, 1, &steps, (void **)&history));
    memcpy(history, s->validation, s->n_steps * sizeof *history);
    return s->judge.n > 0 ? ken__boosting_judge_write(ctx, &s->judge, model) : KEN_OK;
}
