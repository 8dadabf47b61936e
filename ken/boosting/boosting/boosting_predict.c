/* What a fitted model gives: margins of the trees through the link of the loss. */
#include <string.h>

#include "ken/boosting/boosting/boosting_state.h"
#include "ken/core/threads.h"
#include "ken/tree/tree_shap.h"

/* Margins a row: one a class, one a quantile, or one. */
static int boosting_outputs(const ken_model *model) {
    const ken_boosting_params *const p = ken_model_params(model);
    const int classes = ken_model_n_classes(model);
    int q;
    if (ken_model_task(model) != KEN_CLASSIFY) return ken_model_quantiles(model, &q) ? q : 1;
    return ken__boosting_kind(p, KEN_CLASSIFY, classes) == BOOSTING_SOFTMAX ? classes : 1;
}

/* Several quantiles: how many, else 0. */
static int boosting_n_quantiles(const ken_model *model) {
    int q;
    return ken_model_quantiles(model, &q) ? q : 0;
}

/* Numbers of one output: contributions of all inputs and the base, or of their pairs. */
static int64_t boosting_part(const ken_model *model, ken_what what) {
    const int64_t d = ken_model_n_inputs(model) + 1;
    return what == KEN_WHAT_CONTRIBUTIONS ? d : what == KEN_WHAT_INTERACTIONS ? d * d : 1;
}

int64_t ken__boosting_width(const ken_model *model, ken_what what) {
    const ken_ensemble *const e = ken_model_state(model);
    switch (what) {
    case KEN_WHAT_VALUE:
        return 1;
    case KEN_WHAT_PROBA:
        return ken_model_n_classes(model);
    case KEN_WHAT_INTERVAL:
        return boosting_n_quantiles(model) > 1 ? 2 : 0;
    case KEN_WHAT_QUANTILES:
        return boosting_n_quantiles(model);
    case KEN_WHAT_MARGIN:
        return boosting_n_quantiles(model) ? 1 : boosting_outputs(model);
    case KEN_WHAT_LEAF:
        return e ? e->n_trees : 0;
    case KEN_WHAT_CONTRIBUTIONS:
    case KEN_WHAT_INTERACTIONS:
        return (boosting_n_quantiles(model) ? 1 : boosting_outputs(model)) * boosting_part(model, what);
    default:
        return 0;
    }
}

typedef struct boosting_link {
    const ken_kernels *k;
    boosting_link_kind kind;
    double *out;
    int64_t width;
} boosting_link;

static void boosting_link_block(void *arg, int64_t begin, int64_t end, int worker) {
    const boosting_link *const l = arg;
    double *const out = l->out + begin * l->width;
    const int64_t n = end - begin;
    (void)worker;
    if (l->kind == BOOSTING_LINK_EXP)
        l->k->exp_n(out, out, n);
    else if (l->kind == BOOSTING_LINK_SIGMOID)
        l->k->sigmoid_n(out, out, n);
    else if (l->kind == BOOSTING_LINK_SOFTMAX)
        l->k->softmax_rows(out, n, l->width, NULL);
}

static void boosting_two_block(void *arg, int64_t begin, int64_t end, int worker) {
    const boosting_link *const l = arg;
    (void)worker;
    for (int64_t i = begin; i < end; i += 256) {
        double p[256];
        const int64_t n = KEN_MIN(256, end - i);
        for (int64_t r = 0; r < n; r++) p[r] = l->out[i + r];
        l->k->sigmoid_n(p, p, n);
        for (int64_t r = 0; r < n; r++) l->out[i + r] = p[r];
    }
}

/* Margins of two classes stand in the first half of out: spread them from the end. */
static ken_status boosting_two_classes(ken_ctx *ctx, boosting_link *l, int64_t n) {
    KEN_TRY(ken_parallel(ctx, n, 4096, boosting_two_block, l));
    for (int64_t i = n; i-- > 0;) {
        const double p = l->out[i];
        l->out[2 * i + 1] = p;
        l->out[2 * i] = 1 - p;
    }
    return KEN_OK;
}

/* Several margins a row that are quantiles: how many, else 0. */
static int boosting_crossing(const ken_model *model) {
    const ken_ensemble *const e = ken_model_state(model);
    return e->n_outputs > 1 && ken_model_task(model) == KEN_REGRESS ? e->n_outputs : 0;
}

/* From q margins a row to what is asked for, in place: quantiles in order, the middle one, the outer two. The
 * margin is that of the middle level's trees, which is the same where none cross. */
static void boosting_quantiles(ken_what what, int64_t n, int64_t q, double *out) {
    const int64_t middle = (q - 1) / 2;
    if (what != KEN_WHAT_MARGIN) ken_quantiles_sort(out, n, q);
    for (int64_t i = 0; i < n && what != KEN_WHAT_QUANTILES; i++) {
        const double first = out[i * q], last = out[i * q + q - 1], value = out[i * q + middle];
        if (what == KEN_WHAT_INTERVAL)
            out[2 * i] = first, out[2 * i + 1] = last;
        else
            out[i] = value;
    }
}

ken_status ken__boosting_link(ken_ctx *ctx, const ken_model *model, ken_what what, int64_t n,
                              double *out) {
    boosting_link link = {
        ken_ctx_kernels(ctx),
        ken__boosting_link_kind(ken_model_params(model), ken_model_task(model), ken_model_n_classes(model)),
        out, boosting_outputs(model)};
    const int q = boosting_crossing(model);
    if (q) return boosting_quantiles(what, n, q, out), KEN_OK;
    if (what == KEN_WHAT_MARGIN) return KEN_OK;
    if (what == KEN_WHAT_PROBA && link.kind == BOOSTING_LINK_SIGMOID)
        return boosting_two_classes(ctx, &link, n);
    return ken_parallel(ctx, n, 4096, boosting_link_block, &link);
}

/* Of all quantiles the middle one's part of each row. */
static void boosting_middle(const double *all, int64_t n, int64_t q, int64_t part, double *out) {
    for (int64_t i = 0; i < n; i++)
        memcpy(out + i * part, all + (i * q + (q - 1) / 2) * part, (size_t)part * sizeof *out);
}

ken_status ken__boosting_predict(ken_ctx *ctx, const ken_model *model, const ken_table *X,
                                   ken_what what, double *out) {
    const ken_ensemble *const e = ken_model_state(model);
    const int64_t n = ken_table_rows(X), q = boosting_crossing(model), part = boosting_part(model, what);
    double *all = out;
    if (what == KEN_WHAT_LEAF) return ken_ensemble_leaves(ctx, e, X, out);
    if (q) KEN_TRY(KEN_SCRATCH(ctx, double, n * q * part, &all));
    if (part > 1) {
        KEN_TRY(what == KEN_WHAT_CONTRIBUTIONS ? ken_ensemble_contributions(ctx, e, X, all)
                                               : ken_ensemble_interactions(ctx, e, X, all));
        if (q) boosting_middle(all, n, q, part, out);
        return KEN_OK;
    }
    KEN_TRY(ken_ensemble_margin(ctx, e, X, all));
    KEN_TRY(ken__boosting_link(ctx, model, what, n, all));
    if (q) memcpy(out, all, (size_t)(n * ken__boosting_width(model, what)) * sizeof *out);
    return KEN_OK;
}

ken_status ken__boosting_contributions_against(ken_ctx *ctx, const ken_model *model,
                                               const ken_table *X, const ken_table *background,
                                               double *out) {
    const ken_ensemble *const e = ken_model_state(model);
    const int64_t n = ken_table_rows(X), q = boosting_crossing(model);
    const int64_t part = boosting_part(model, KEN_WHAT_CONTRIBUTIONS);
    double *all = out;
    if (q) KEN_TRY(KEN_SCRATCH(ctx, double, n * q * part, &all));
    KEN_TRY(ken_ensemble_contributions_against(ctx, e, X, background, all));
    if (q) boosting_middle(all, n, q, part, out);
    return KEN_OK;
}

ken_status ken__boosting_predict_row(ken_ctx *ctx, const ken_model *model, const double *x,
                                     ken_what what, double *out) {
    const ken_ensemble *const e = ken_model_state(model);
    double all[KEN_QUANTILES_MAX];
    const bool several = boosting_crossing(model) > 0;
    KEN_TRY(ken_ensemble_margin_row(ctx, e, x, several ? all : out));
    KEN_TRY(ken__boosting_link(ctx, model, what, 1, several ? all : out));
    if (several) memcpy(out, all, (size_t)ken__boosting_width(model, what) * sizeof *out);
    return KEN_OK;
}

ken_status ken__boosting_open(ken_ctx *ctx, ken_model *model, void **state) {
    const ken_boosting_params *const p = ken_model_params(model);
    const int levels = boosting_n_quantiles(model);
    int wanted = 0; /* of a hostile file, the attribute may be unsound or of something else */
    if (ken_model_task(model) == KEN_REGRESS && ken__boosting_kind(p, KEN_REGRESS, 0) == BOOSTING_QUANTILE)
        KEN_TRY(ken_quantiles_parse(ctx, "boosting", p->quantiles, NULL, &wanted));
    if (levels != wanted)
        return KEN_FAIL(ctx, KEN_E_FORMAT, NULL, "boosting: the file has %d levels of quantiles, not %d", levels, wanted);
    return ken_ensemble_open(ctx, model, boosting_outputs(model), (ken_ensemble **)state);
}

void ken__boosting_close(const ken_allocator *alloc, void *state) {
    ken_ensemble_close(alloc, state);
}
