/* Minimal cost-complexity pruning, and a grown tree as attributes.
 *
 * source  Breiman, Friedman, Olshen & Stone 1984, chapter 3. A branch at node t with leaves L costs
 *         alpha = (R(t) - R(L)) / (|L| - 1), where R(t) - R(L) is the sum of the gains of its
 * splits. */
#include <string.h>

#include "ken/core/alloc.h"
#include "ken/tree/cart_grow.h"
#include "ken/tree/tree_ensemble.h"

typedef struct prune_link {
    double alpha;
    int32_t node;
} prune_link;

typedef struct prune_state {
    const int32_t *left, *right;
    int32_t *parent, *leaves; /* leaves 0: below a cut */
    double *gain;             /* of the branch, per unit of weight */
    prune_link *heap;
    int32_t n_heap;
} prune_state;

static bool prune_before(const prune_link *a, const prune_link *b) {
    return a->alpha != b->alpha ? a->alpha < b->alpha : a->node < b->node;
}

static void prune_sift_down(prune_state *s, int32_t i) {
    const prune_link last = s->heap[i];
    for (;;) {
        int32_t child = 2 * i + 1;
        if (child >= s->n_heap) break;
        if (child + 1 < s->n_heap && prune_before(&s->heap[child + 1], &s->heap[child])) child++;
        if (!prune_before(&s->heap[child], &last)) break;
        s->heap[i] = s->heap[child];
        i = child;
    }
    s->heap[i] = last;
}

static double prune_alpha(const prune_state *s, int32_t i) {
    return s->gain[i] / (s->leaves[i] - 1);
}

static ken_status prune_new(ken_ctx *ctx, int32_t n, const double *gain, double weight,
                            prune_state *s) {
    KEN_TRY(KEN_SCRATCH(ctx, int32_t, n, &s->parent));
    KEN_TRY(KEN_SCRATCH(ctx, int32_t, n, &s->leaves));
    KEN_TRY(KEN_SCRATCH(ctx, double, n, &s->gain));
    KEN_TRY(KEN_SCRATCH(ctx, prune_link, n, &s->heap));
    s->parent[0] = -1;
    for (int32_t i = n - 1; i >= 0; i--) {
        const int32_t l = s->left[i], r = s->right[i];
        s->leaves[i] = l < 0 ? 1 : s->leaves[l] + s->leaves[r];
        s->gain[i] = l < 0 ? 0 : gain[i] / weight + s->gain[l] + s->gain[r];
        if (l < 0) continue;
        s->parent[l] = s->parent[r] = i;
        s->heap[s->n_heap++] = (prune_link){prune_alpha(s, i), i};
    }
    for (int32_t i = s->n_heap / 2 - 1; i >= 0; i--) prune_sift_down(s, i);
    return KEN_OK;
}

/* Everything below node i is gone; its ancestors have fewer leaves and less gain. */
static void prune_cut(prune_state *s, int32_t i, int32_t *stack) {
    const int32_t saved = s->leaves[i] - 1;
    const double lost = s->gain[i];
    int32_t n = 0;
    for (int32_t a = i; a >= 0; a = s->parent[a]) {
        s->leaves[a] -= saved;
        s->gain[a] -= lost;
    }
    stack[n++] = s->left[i];
    stack[n++] = s->right[i];
    while (n > 0) {
        const int32_t at = stack[--n];
        if (s->leaves[at] > 1) {
            stack[n++] = s->left[at];
            stack[n++] = s->right[at];
        }
        s->leaves[at] = 0;
    }
}

ken_status ken_prune_order(ken_ctx *ctx, int32_t n, const int32_t *left, const int32_t *right,
                           const double *gain, double weight, ken_prune_step **steps,
                           int32_t *n_steps) {
    prune_state s = {.left = left, .right = right};
    int32_t *stack = NULL;
    double lost = 0;
    *n_steps = 0;
    KEN_TRY(KEN_SCRATCH(ctx, ken_prune_step, n, steps));
    KEN_TRY(KEN_SCRATCH(ctx, int32_t, (int64_t)n + 2, &stack));
    KEN_TRY(prune_new(ctx, n, gain, weight, &s));
    while (s.n_heap > 0) {
        const prune_link top = s.heap[0];
        const int32_t i = top.node;
        const bool gone = s.leaves[i] < 2;
        if (!gone && prune_alpha(&s, i) > top.alpha) {
            s.heap[0].alpha = prune_alpha(&s, i); /* it got dearer since: prices only rise */
            prune_sift_down(&s, 0);
            continue;
        }
        s.heap[0] = s.heap[--s.n_heap];
        if (s.n_heap > 0) prune_sift_down(&s, 0);
        if (gone) continue;
        const double alpha = prune_alpha(&s, i);
        lost += s.gain[i];
        prune_cut(&s, i, stack);
        (*steps)[(*n_steps)++] = (ken_prune_step){i, s.leaves[0], alpha, lost};
    }
    return KEN_OK;
}

static ken_status prune_tree(ken_ctx *ctx, ken_cart *tree, double alpha) {
    int32_t *left = NULL, *right = NULL, n_steps = 0;
    double *gain = NULL;
    ken_prune_step *steps = NULL;
    KEN_TRY(KEN_SCRATCH(ctx, int32_t, tree->n, &left));
    KEN_TRY(KEN_SCRATCH(ctx, int32_t, tree->n, &right));
    KEN_TRY(KEN_SCRATCH(ctx, double, tree->n, &gain));
    for (int32_t i = 0; i < tree->n; i++) {
        const ken_cart_node *node = &tree->node[i];
        left[i] = node->feature < 0 ? -1 : node->left;
        right[i] = node->feature < 0 ? -1 : node->right;
        gain[i] = node->gain;
    }
    KEN_TRY(
        ken_prune_order(ctx, tree->n, left, right, gain, tree->node[0].cover, &steps, &n_steps));
    for (int32_t k = 0; k < n_steps && steps[k].alpha <= alpha; k++) {
        tree->node[steps[k].node].feature = -1;
        tree->node[steps[k].node].gain = 0;
    }
    return KEN_OK;
}

ken_status ken_cart_prune(ken_ctx *ctx, ken_cart *tree, double alpha) {
    if (!(alpha > 0)) return KEN_OK;
    const ken_mark mark = ken_scratch_mark(ctx);
    const ken_status status = prune_tree(ctx, tree, alpha);
    ken_scratch_release(ctx, mark);
    return status;
}

/* --- attributes ------------------------------------------------------------------------------- */

/* Old numbers of the nodes in preorder (cut ones left out), and the new number of each old one. */
static int32_t emit_order(const ken_cart *t, int32_t *old, int32_t *now, int32_t *stack,
                          int64_t *words) {
    int32_t n = 0, depth = 1;
    stack[0] = 0;
    *words = 0;
    while (depth > 0) {
        const int32_t i = stack[--depth];
        now[i] = n;
        old[n++] = i;
        if (t->node[i].feature < 0) continue;
        if (t->node[i].category >= 0) *words += t->node[i].category_words;
        stack[depth++] = t->node[i].right;
        stack[depth++] = t->node[i].left;
    }
    return n;
}

static void emit_node(const ken_cart *t, const int32_t *now, int32_t from, int32_t to,
                      int64_t *word, const ken_ensemble_arrays *a) {
    const ken_cart_node *node = &t->node[from];
    const bool leaf = node->feature < 0;
    memcpy(a->value + (int64_t)to * t->width, t->value + (int64_t)from * t->width,
           (size_t)t->width * sizeof(double));
    a->feature[to] = node->feature;
    a->cover[to] = node->cover;
    a->category[to] = -1;
    if (leaf) return;
    a->left[to] = now[node->left];
    a->right[to] = now[node->right];
    a->missing_left[to] = node->missing_left;
    a->gain[to] = node->gain;
    if (node->category < 0) {
        a->threshold[to] = node->threshold;
        return;
    }
    a->category[to] = (int32_t)*word;
    a->category_words[to] = node->category_words;
    memcpy(a->category_bits + *word, t->bits + node->category,
           (size_t)node->category_words * sizeof(int32_t));
    *word += node->category_words;
}

static ken_status emit_tree(ken_ctx *ctx, ken_model *model, const ken_cart *t, int32_t n_outputs) {
    int32_t *old = NULL, *now = NULL, *stack = NULL;
    int64_t words = 0, word = 0;
    ken_ensemble_arrays a = {0};
    KEN_TRY(KEN_SCRATCH(ctx, int32_t, t->n, &old));
    KEN_TRY(KEN_SCRATCH(ctx, int32_t, t->n, &now));
    KEN_TRY(KEN_SCRATCH(ctx, int32_t, (int64_t)t->n + 2, &stack));
    const int32_t n = emit_order(t, old, now, stack, &words);
    KEN_TRY(ken_ensemble_new_arrays(ctx, model, 1, n, words, t->width, n_outputs, &a));
    a.tree_offset[1] = n;
    a.tree_output[0] = t->width == 1 ? 0 : -1;
    for (int32_t i = 0; i < n; i++) emit_node(t, now, old[i], i, &word, &a);
    return KEN_OK;
}

ken_status ken_cart_emit(ken_ctx *ctx, ken_model *model, const ken_cart *tree, int32_t n_outputs) {
    const ken_mark mark = ken_scratch_mark(ctx);
    const ken_status status = emit_tree(ctx, model, tree, n_outputs);
    ken_scratch_release(ctx, mark);
    return status;
}
