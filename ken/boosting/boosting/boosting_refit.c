/* New values for the leaves of a fitted model: the trees keep their questions; round by round, the
 * gradients of the rows at hand are summed in the nodes that they come by, and the leaves get
 *
 *   decay * what they were + (1 - decay) * learning_rate * the step (or median ...) of their rows,
 *
 * so does the base. Sums are those of whole numbers that a fit makes: on the rows of the fit, all of
 * which each tree saw, decay 0 gives the model back to the bit. Covers and gains stay, so do the slopes of
 * linear leaves, which say nothing at the leaf's mean and so do not touch the step. */
#include <string.h>

#include "ken/boosting/boosting/boosting_state.h"
#include "ken/tree/tree_linear.h"

/* Trees whose leaves are looked up together, so that a table is coded once for all of them. */
enum { REFIT_TREES = 8 };

typedef struct refit_job {
    boosting_fit *s;
    const ken_ensemble *e;
    const ken_table *X;
    double decay;
    double *value;       /* (nodes, width) new ones */
    uint64_t *words;     /* (n_train) packed gradients */
    int64_t trees;       /* of a round */
    uint32_t *leaf;      /* (trees of a batch, n) number of the leaf in its tree */
    const uint32_t *round; /* (trees, n) those of the round at hand */
    int64_t *g, *h;      /* (nodes of the largest tree) */
    int64_t *begin;      /* (nodes of the largest tree + 1) rows of a leaf, for medians */
    int32_t *node_of;    /* (nodes of the largest tree) of a leaf, by its number */
    uint32_t *rows;      /* (n_train) by leaf */
} refit_job;

static ken_status refit_check(ken_ctx *ctx, const ken_boosting_params *p) {
    const char *const why = p->drop_rate > 0        ? "drop_rate"
                            : p->path_smoothing > 0 ? "path_smoothing"
                            : *p->increasing        ? "increasing"
                            : *p->decreasing        ? "decreasing"
                                                    : NULL;
    if (!why) return KEN_OK;
    return KEN_FAIL(ctx, KEN_E_UNSUPPORTED, "fit a new model",
                    "boosting: leaves of a model with %s are not refitted by themselves", why);
}

/* Trees of a batch: whole rounds. */
static int64_t refit_batch(const refit_job *r) {
    return KEN_MIN(KEN_MAX(REFIT_TREES / r->trees, 1) * r->trees, r->e->n_trees);
}

static ken_status refit_allocate(ken_ctx *ctx, refit_job *r) {
    const ken_ensemble *const e = r->e;
    const boosting_loss *const l = &r->s->loss;
    int64_t most = 1;
    for (int32_t t = 0; t < e->n_trees; t++)
        most = KEN_MAX(most, e->tree_offset[t + 1] - e->tree_offset[t]);
    KEN_TRY(KEN_SCRATCH(ctx, double, e->n_nodes * e->width, &r->value));
    KEN_TRY(KEN_SCRATCH(ctx, uint64_t, l->n_train, &r->words));
    KEN_TRY(KEN_SCRATCH(ctx, uint32_t, l->n * refit_batch(r), &r->leaf));
    KEN_TRY(KEN_SCRATCH(ctx, int64_t, most, &r->g));
    KEN_TRY(KEN_SCRATCH(ctx, int64_t, most, &r->h));
    KEN_TRY(KEN_SCRATCH(ctx, int64_t, most + 1, &r->begin));
    KEN_TRY(KEN_SCRATCH(ctx, int32_t, most, &r->node_of));
    return KEN_SCRATCH(ctx, uint32_t, l->n_train, &r->rows);
}

static int64_t refit_leaf(const refit_job *r, int64_t row, int k) {
    return (int64_t)r->round[row + (r->trees > 1 ? k : 0) * r->s->loss.n];
}

/* Where value k of a node stands. */
static int64_t refit_at(const refit_job *r, int64_t node, int k) {
    return node * r->e->width + (r->e->width > 1 ? k : 0);
}

static bool refit_sees(const boosting_loss *l, int64_t row) {
    return !l->weight || l->weight[row] > 0;
}

/* G and H of the nodes of tree t: leaves from their rows, then upwards, children before parents. */
static void refit_sums(const refit_job *r, int64_t t, int k, const boosting_scale *scale) {
    const ken_ensemble *const e = r->e;
    const int64_t first = e->tree_offset[t], n = e->tree_offset[t + 1] - first;
    const uint64_t mask = (UINT64_C(1) << scale->shift) - 1;
    memset(r->g, 0, (size_t)n * sizeof *r->g);
    memset(r->h, 0, (size_t)n * sizeof *r->h);
    for (int64_t i = 0; i < r->s->loss.n_train; i++) {
        if (!refit_sees(&r->s->loss, i)) continue;
        const int32_t node = r->node_of[refit_leaf(r, i, k)];
        r->g[node] += (int64_t)r->words[i] >> scale->shift;
        r->h[node] += (int64_t)(r->words[i] & mask);
    }
    for (int64_t i = n; i-- > 0;) {
        if (e->feature[first + i] < 0) continue;
        r->g[i] = r->g[e->left[first + i]] + r->g[e->right[first + i]];
        r->h[i] = r->h[e->left[first + i]] + r->h[e->right[first + i]];
    }
}

/* Rows of each leaf, ascending, and their median or what else the loss asks for. */
static void refit_renew(const refit_job *r, int64_t first, int64_t leaves, int k) {
    boosting_fit *const s = r->s;
    memset(r->begin, 0, (size_t)(leaves + 1) * sizeof *r->begin);
    for (int64_t i = 0; i < s->loss.n_train; i++)
        if (refit_sees(&s->loss, i)) r->begin[refit_leaf(r, i, k) + 1]++;
    for (int64_t j = 0; j < leaves; j++) r->begin[j + 1] += r->begin[j];
    for (int64_t i = 0; i < s->loss.n_train; i++)
        if (refit_sees(&s->loss, i)) r->rows[r->begin[refit_leaf(r, i, k)]++] = (uint32_t)i;
    for (int64_t j = leaves; j > 0; j--) r->begin[j] = r->begin[j - 1];
    r->begin[0] = 0;
    for (int64_t j = 0; j < leaves; j++) {
        const int64_t at = r->begin[j], n = r->begin[j + 1] - at;
        if (n > 0)
            r->value[refit_at(r, first + r->node_of[j], k)] =
                s->shrinkage * ken__boosting_loss_renew(&s->loss, k, r->rows + at, n, s->items);
    }
}

/* What a leaf of constant `value` says of a row, with the bits of a fit. */
static double refit_says(const refit_job *r, int64_t node, int64_t row, double value) {
    const ken_tree_linear *const l = r->e->linear;
    double v = value;
    if (!l) return value;
    for (int64_t t = l->offset[node]; t < l->offset[node + 1]; t++) {
        const double x = ken_column_f64(ken_table_column(r->X, l->feature[t]), row);
        v += l->coef[t] * (ken__tree_linear_hold(l, l->feature[t], x) - l->center[t]);
    }
    return isfinite(v) ? v : value;
}

/* The tree's new values of output k, and the margins of all rows with them. A node that no row comes by
 * keeps what it has. */
static ken_status refit_tree(ken_ctx *ctx, const refit_job *r, int64_t t, int k) {
    boosting_fit *const s = r->s;
    const ken_ensemble *const e = r->e;
    const int64_t first = e->tree_offset[t], n = e->tree_offset[t + 1] - first;
    boosting_scale scale;
    int64_t leaves = 0;
    for (int64_t i = 0; i < n; i++)
        if (e->feature[first + i] < 0) r->node_of[leaves++] = (int32_t)i;
    KEN_TRY(ken__boosting_loss_pack(ctx, &s->loss, k, &scale, r->words));
    refit_sums(r, t, k, &scale);
    for (int64_t i = 0; i < n; i++)
        r->value[refit_at(r, first + i, k)] =
            r->h[i] == 0 ? e->value[refit_at(r, first + i, k)]
                         : s->shrinkage * ken__boosting_loss_step(&s->loss, &s->rules,
                                                                  (double)r->g[i] / scale.scale_g,
                                                                  (double)r->h[i] / scale.scale_h);
    if (ken__boosting_loss_renews(&s->loss)) refit_renew(r, first, leaves, k);
    for (int64_t i = first; i < first + n && r->decay > 0; i++) {
        double *const value = &r->value[refit_at(r, i, k)];
        *value = r->decay * e->value[refit_at(r, i, k)] + (1 - r->decay) * *value;
    }
    for (int64_t i = 0; i < s->loss.n; i++) {
        const int64_t node = first + r->node_of[refit_leaf(r, i, k)];
        s->margin[k * s->loss.n + i] += refit_says(r, node, i, r->value[refit_at(r, node, k)]);
    }
    return KEN_OK;
}

static ken_status refit_rounds(ken_ctx *ctx, refit_job *r, const ken_table *X) {
    const int64_t batch = refit_batch(r), trees = r->e->n_trees;
    for (int64_t t = 0; t < trees; t += r->trees) {
        const ken_mark mark = ken_scratch_mark(ctx);
        KEN_TRY(ken_check_cancel(ctx));
        if (t % batch == 0)
            KEN_TRY(ken_ensemble_leaves_of(ctx, r->e, X, (int32_t)t, (int32_t)KEN_MIN(t + batch, trees), r->leaf));
        r->round = r->leaf + t % batch * r->s->loss.n;
        KEN_TRY(ken__boosting_loss_refresh(ctx, &r->s->loss));
        for (int k = 0; k < r->s->loss.outputs; k++) KEN_TRY(refit_tree(ctx, r, t + (r->trees > 1 ? k : 0), k));
        ken_scratch_release(ctx, mark);
    }
    return KEN_OK;
}

/* The base lies between the old one and that of the rows at hand, where the margins are now. */
static void refit_base(const refit_job *r) {
    boosting_fit *const s = r->s;
    for (int k = 0; k < s->loss.outputs && r->decay > 0; k++) {
        s->base[k] = r->decay * r->e->base[k] + (1 - r->decay) * s->base[k];
        for (int64_t i = 0; i < s->loss.n; i++)
            s->margin[k * s->loss.n + i] =
                s->base[k] + (s->loss.offset ? s->loss.offset[i] : 0);
    }
}

static ken_status refit_run(ken_ctx *ctx, ken_model *model, const ken_problem *problem,
                            refit_job *r) {
    KEN_TRY(refit_check(ctx, ken_model_params(model)));
    KEN_TRY(ken__boosting_set_up(ctx, model, problem, r->s));
    if (r->s->loss.outputs != r->e->n_outputs)
        return KEN_FAIL(ctx, KEN_E_ARG, "set the loss that it was fitted with",
                        "boosting: the model has %d outputs, the loss wants %d",
                        (int)r->e->n_outputs, r->s->loss.outputs);
    if (r->s->width != r->e->width)
        return KEN_FAIL(ctx, KEN_E_ARG, "set leaves as it was fitted",
                        "boosting: the model's leaves have %d values, not %d", (int)r->e->width, r->s->width);
    r->trees = boosting_round_trees(r->s);
    r->X = problem->X;
    KEN_TRY(refit_allocate(ctx, r));
    refit_base(r);
    KEN_TRY(refit_rounds(ctx, r, problem->X));
    /* nothing can fail any more: written where the attributes are */
    memcpy(ken_model_attr(model, "value")->data, r->value,
           (size_t)(r->e->n_nodes * r->e->width) * sizeof *r->value);
    memcpy(ken_model_attr(model, "base")->data, r->s->base,
           (size_t)r->e->n_outputs * sizeof *r->s->base);
    return KEN_OK;
}

ken_status ken__boosting_refit(ken_ctx *ctx, ken_model *model, const ken_problem *problem,
                               double decay) {
    const ken_mark mark = ken_scratch_mark(ctx);
    refit_job r = {.e = ken_model_state(model), .decay = decay};
    KEN_TRY(KEN_ALLOC(ctx, boosting_fit, 1, &r.s));
    const ken_status status = refit_run(ctx, model, problem, &r);
    ken__boosting_free(ctx, r.s);
    ken_scratch_release(ctx, mark);
    return status;
}
