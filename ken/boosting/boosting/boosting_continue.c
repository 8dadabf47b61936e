/* A fit that goes on: the trees of the earlier fit come first, and margins start at what they predict.
 * Rows and columns of a tree are drawn by its number, so that 60 rounds and 40 more are the 100 of one
 * fit on the same rows. Read next: boosting_sample.c. */
#include <math.h>
#include <string.h>

#include "ken/boosting/boosting/boosting_linear.h"
#include "ken/boosting/boosting/boosting_state.h"

static ken_status continue_check(ken_ctx *ctx, const boosting_fit *s, const ken_model *model,
                                 const ken_ensemble *e) {
    const int64_t rounds = ken_boosting_rounds(model);
    if (e->n_outputs != s->loss.outputs)
        return KEN_FAIL(ctx, KEN_E_ARG, "set the loss that it was fitted with",
                        "boosting: the model has %d outputs, the loss wants %d", (int)e->n_outputs,
                        s->loss.outputs);
    if (e->width != s->width)
        return KEN_FAIL(ctx, KEN_E_ARG, "set leaves as it was fitted",
                        "boosting: the model's leaves have %d values, with leaves=%s they have %d", (int)e->width,
                        s->width > 1 ? "vector" : "scalar", s->width);
    if (s->trees <= rounds)
        return KEN_FAIL(ctx, KEN_E_STATE, "set trees to more than that: it counts all rounds",
                        "boosting: the model has %lld rounds already, trees=%lld",
                        (long long)rounds, (long long)s->trees);
    return KEN_OK;
}

static ken_status continue_copy(ken_ctx *ctx, boosting_fit *s, const ken_ensemble *e) {
    KEN_TRY(BOOSTING_RESERVE(ctx, s->out, s->out_capacity, e->n_nodes));
    KEN_TRY(BOOSTING_RESERVE(ctx, s->words, s->words_capacity, e->n_words));
    KEN_TRY(BOOSTING_RESERVE(ctx, s->offset, s->offset_capacity, e->n_trees + 1));
    if (e->width > 1) {
        const size_t count = (size_t)e->n_nodes * (size_t)e->width;
        KEN_TRY(BOOSTING_RESERVE(ctx, s->vector.value, s->vector.value_capacity, count));
        memcpy(s->vector.value, e->value, count * sizeof *s->vector.value);
    }
    for (int64_t i = 0; i < e->n_nodes; i++)
        s->out[i] = (boosting_out){.node = -1,
                                   .feature = e->feature[i],
                                   .left = e->left[i],
                                   .right = e->right[i],
                                   .category = e->category[i],
                                   .category_words = e->category_words[i],
                                   .missing_left = e->missing_left[i] != 0,
                                   .threshold = e->threshold[i],
                                   .value = e->width > 1 ? 0 : e->value[i],
                                   .cover = e->cover[i],
                                   .gain = e->gain[i]};
    if (e->n_words > 0) memcpy(s->words, e->category_bits, (size_t)e->n_words * sizeof *s->words);
    memcpy(s->offset, e->tree_offset, ((size_t)e->n_trees + 1) * sizeof *s->offset);
    memcpy(s->base, e->base, (size_t)e->n_outputs * sizeof *s->base);
    s->n_out = (size_t)e->n_nodes;
    s->n_words = (size_t)e->n_words;
    s->n_trees = (size_t)e->n_trees;
    return s->linear ? ken__boosting_linear_continue(ctx, s, e) : KEN_OK;
}

/* The losses of earlier rounds; NaN where there were no validation rows. */
static ken_status continue_history(ken_ctx *ctx, boosting_fit *s, const ken_model *model) {
    const ken_tensor *const history = ken_model_attr(model, "validation_loss");
    KEN_TRY(BOOSTING_RESERVE(ctx, s->validation, s->validation_capacity, s->n_before));
    for (int64_t i = 0; i < s->n_before; i++)
        s->validation[i] = history && i < ken_tensor_count(history) ? ken_tensor_value(history, i)
                                                                    : (double)NAN;
    s->n_steps = (size_t)s->n_before;
    return s->judge.n > 0 ? ken__boosting_judge_recall(ctx, &s->judge, model, s->n_before) : KEN_OK;
}

ken_status ken__boosting_continue(ken_ctx *ctx, boosting_fit *s, const ken_model *model,
                                  const ken_problem *problem) {
    const ken_ensemble *const e = ken_model_state(model);
    if (!e) return KEN_OK;
    const int64_t n = s->loss.n, outputs = s->loss.outputs;
    const ken_mark mark = ken_scratch_mark(ctx);
    double *margin; /* (n, outputs) */
    KEN_TRY(continue_check(ctx, s, model, e));
    s->n_before = ken_boosting_rounds(model);
    KEN_TRY(continue_copy(ctx, s, e));
    KEN_TRY(continue_history(ctx, s, model));
    KEN_TRY(KEN_SCRATCH(ctx, double, n * outputs, &margin));
    KEN_TRY(ken_ensemble_margin(ctx, e, problem->X, margin));
    for (int64_t k = 0; k < outputs; k++)
        for (int64_t i = 0; i < n; i++)
            s->margin[k * n + i] =
                margin[i * outputs + k] + (s->loss.offset ? s->loss.offset[i] : 0);
    ken_scratch_release(ctx, mark);
    return KEN_OK;
}
