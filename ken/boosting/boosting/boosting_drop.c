/* Trees that meet dropout (DART): a round is fitted as if some of the earlier ones were not there;
 * then new and dropped ones share what they say. So no tree is left to correct the first ones' crumbs.
 *
 * With k rounds dropped and learning rate e, the new round counts 1 / (k + e) of its shrunken self,
 * the dropped ones k / (k + e) of what they did (drop_scale=forest: both 1 / (1 + e)). Weights are
 * kept apart from the leaf values, with a log of what was dropped when: so a fit that stops early has
 * the weights of its best round. Rounds of an earlier fit are never dropped.
 *
 * source  Rashmi & Gilad-Bachrach 2015 (AISTATS) */
#include <string.h>

#include "ken/boosting/boosting/boosting_state.h"
#include "ken/core/rng.h"
#include "ken/core/threads.h"

static int64_t drop_round(const boosting_fit *s) { return (int64_t)s->n_trees / boosting_round_trees(s); }

/* By how much weights of rounds change that are dropped k at a time; of the new one. */
static double drop_factor(const boosting_fit *s, int64_t k) {
    const double e = s->p->learning_rate;
    return s->p->drop_scale == KEN_BOOSTING_DROP_FOREST ? 1 / (1 + e) : (double)k / ((double)k + e);
}

static double drop_birth(const boosting_fit *s, int64_t k) {
    const double e = s->p->learning_rate;
    if (k == 0) return 1;
    return s->p->drop_scale == KEN_BOOSTING_DROP_FOREST ? 1 / (1 + e) : 1 / ((double)k + e);
}

/* --- margins ------------------------------------------------------------------------------------
 */

typedef struct drop_job {
    boosting_fit *s;
    double sign;
} drop_job;

/* Usable training rows, then validation rows. */
static void drop_add_block(void *arg, int64_t begin, int64_t end, int worker) {
    const drop_job *const job = arg;
    const boosting_fit *const s = job->s;
    const int64_t n = s->loss.n, outputs = s->loss.outputs, trees = boosting_round_trees(s);
    (void)worker;
    for (int64_t i = begin; i < end; i++) {
        const int64_t row = i >= s->n_usable ? i - s->n_usable + s->loss.n_train
                            : s->usable      ? (int64_t)s->usable[i]
                                             : i;
        const uint8_t *const codes = s->codes + row * s->binned.stride;
        for (size_t d = s->drop.n_log - (size_t)s->drop.n; d < s->drop.n_log; d++) {
            const int64_t round = s->drop.log[d].round;
            const double weight = job->sign * s->drop.weight[round];
            for (int64_t t = round * trees; t < (round + 1) * trees; t++) {
                const int64_t leaf = s->offset[t] + boosting_step_walk(s->drop.tree[t], codes);
                if (s->width == 1) s->margin[t % trees * n + row] += weight * s->out[leaf].value;
                for (int64_t k = 0; s->width > 1 && k < outputs; k++)
                    s->margin[k * n + row] += weight * s->vector.value[leaf * outputs + k];
            }
        }
    }
}

static ken_status drop_add(ken_ctx *ctx, boosting_fit *s, double sign) {
    drop_job job = {s, sign};
    if (s->drop.n == 0) return KEN_OK;
    return ken_parallel(ctx, s->n_usable + s->loss.n - s->loss.n_train, 1024, drop_add_block, &job);
}

/* --- a round ------------------------------------------------------------------------------------
 */

static ken_status drop_log(ken_ctx *ctx, boosting_fit *s, int64_t at, int64_t round) {
    boosting_drop *const d = &s->drop;
    KEN_TRY(BOOSTING_RESERVE(ctx, d->log, d->log_capacity, d->n_log + 1));
    d->log[d->n_log++] = (struct boosting_dropped){at, round};
    d->n++;
    return KEN_OK;
}

/* Each round with the same probability, lowered so that max_drop are expected at most; one at random
 * where none was drawn. */
static ken_status drop_draw(ken_ctx *ctx, boosting_fit *s, int64_t at) {
    const int64_t count = at - s->n_before;
    ken_rng rng = ken_rng_stream(ctx, "boosting.drop", (uint64_t)at);
    s->drop.n = 0;
    if (count == 0 || ken_rng_f64(&rng) < s->p->skip_drop) return KEN_OK;
    const double rate = KEN_MIN(s->p->drop_rate, (double)s->p->max_drop / (double)count);
    for (int64_t r = s->n_before; r < at && s->drop.n < s->p->max_drop; r++)
        if (ken_rng_f64(&rng) < rate) KEN_TRY(drop_log(ctx, s, at, r));
    if (s->drop.n > 0) return KEN_OK;
    return drop_log(ctx, s, at, s->n_before + (int64_t)ken_rng_below(&rng, (uint64_t)count));
}

ken_status ken__boosting_drop_begin(ken_ctx *ctx, boosting_fit *s) {
    KEN_TRY(drop_draw(ctx, s, drop_round(s)));
    s->shrinkage = s->p->learning_rate * drop_birth(s, s->drop.n);
    return drop_add(ctx, s, -1);
}

ken_status ken__boosting_drop_keep(ken_ctx *ctx, boosting_fit *s) {
    boosting_drop *const d = &s->drop;
    const size_t n = s->n_out - (size_t)s->offset[s->n_trees];
    const int64_t round = drop_round(s);
    boosting_step_node *tree;
    size_t n_sets = 0;
    KEN_TRY(BOOSTING_RESERVE(ctx, d->weight, d->weight_capacity, round + 1));
    d->weight[round] = 1;
    KEN_TRY(BOOSTING_RESERVE(ctx, d->tree, d->tree_capacity, s->n_trees + 1));
    for (size_t i = s->n_out - n; i < s->n_out; i++) n_sets += s->out[i].category >= 0;
    KEN_TRY(ken_alloc(ctx, n * sizeof *tree + n_sets * 8 * sizeof(uint32_t), 1, (void **)&tree));
    d->tree[s->n_trees] = tree;
    ken__boosting_steps(s, tree);
    uint32_t *set = (uint32_t *)(tree + n);
    for (size_t i = 0; i < n; i++) {
        if (!tree[i].set) continue;
        memcpy(set, tree[i].set, 8 * sizeof *set);
        tree[i].set = set;
        set += 8;
    }
    return KEN_OK;
}

ken_status ken__boosting_drop_end(ken_ctx *ctx, boosting_fit *s) {
    const double factor = drop_factor(s, s->drop.n);
    for (size_t d = s->drop.n_log - (size_t)s->drop.n; d < s->drop.n_log; d++)
        s->drop.weight[s->drop.log[d].round] *= factor;
    return drop_add(ctx, s, 1);
}

/* --- end ----------------------------------------------------------------------------------------
 */

ken_status ken__boosting_drop_weights(ken_ctx *ctx, const boosting_fit *s, int64_t keep,
                                      const double **out) {
    const boosting_drop *const d = &s->drop;
    double *weight;
    KEN_TRY(KEN_SCRATCH(ctx, double, keep, &weight));
    for (int64_t r = 0; r < keep; r++) weight[r] = 1;
    for (size_t i = 0, next; i < d->n_log && d->log[i].at < keep; i = next) {
        for (next = i; next < d->n_log && d->log[next].at == d->log[i].at;) next++;
        for (size_t j = i; j < next; j++)
            weight[d->log[j].round] *= drop_factor(s, (int64_t)(next - i));
    }
    *out = weight;
    return KEN_OK;
}

void ken__boosting_drop_free(ken_ctx *ctx, boosting_fit *s) {
    boosting_drop *const d = &s->drop;
    for (size_t t = 0; d->tree && t < d->tree_capacity; t++) ken_free(ctx, d->tree[t]);
    ken_free(ctx, d->tree);
    ken_free(ctx, d->weight);
    ken_free(ctx, d->log);
}
