/* Some rounds of a fitted model: a smaller model of them, and what is predicted after each. */
#include <stdio.h>
#include <string.h>

#include "ken/boosting/boosting/boosting_state.h"
#include "ken/tree/tree_linear.h"

static ken_status rounds_check(ken_ctx *ctx, const ken_model *model) {
    if (ken_model_desc(model) != &ken_boosting_desc)
        return KEN_FAIL(ctx, KEN_E_ARG, "give a model of kind 'boosting'",
                        "%s has no rounds of boosting", ken_model_desc(model)->name);
    if (!ken_model_fitted(model))
        return KEN_FAIL(ctx, KEN_E_STATE, "fit it first", "boosting is not fitted");
    return KEN_OK;
}

/* Trees of a round. */
static int64_t rounds_trees(const ken_ensemble *e) { return e->width == 1 ? e->n_outputs : 1; }

int64_t ken_boosting_rounds(const ken_model *model) {
    const ken_ensemble *const e = ken_model_state(model);
    return e ? e->n_trees / rounds_trees(e) : 0;
}

/* --- a smaller model ----------------------------------------------------------------------------
 */

/* Trees [tree[0], tree[1]), their nodes and the words of their sets. */
typedef struct rounds_range {
    int64_t round[2], tree[2], node[2], word[2], term[2];
} rounds_range;

static rounds_range rounds_of(const ken_ensemble *e, int64_t first, int64_t last) {
    const int64_t trees = rounds_trees(e);
    rounds_range r = {.round = {first, last}, .tree = {first * trees, last * trees}};
    bool any = false;
    for (int c = 0; c < 2; c++) r.node[c] = e->tree_offset[r.tree[c]];
    for (int c = 0; c < 2 && e->linear; c++) r.term[c] = e->linear->offset[r.node[c]];
    for (int64_t i = r.node[0]; i < r.node[1]; i++) {
        if (e->category[i] < 0) continue;
        if (!any) r.word[0] = e->category[i];
        r.word[1] = e->category[i] + e->category_words[i];
        any = true;
    }
    return r;
}

/* Rows [range[0], range[1]) of a tensor, seen where they are. */
static void rounds_cut(ken_tensor *t, const int64_t range[2]) {
    t->data = (char *)t->data + (size_t)(range[0] * t->stride[0]) * ken_dtype_size(t->dtype);
    t->shape[0] = range[1] - range[0];
}

/* Numbers that count from the first tree's first node, or from the first word. */
static ken_status rounds_shift(ken_ctx *ctx, ken_tensor *t, int64_t by) {
    const int64_t n = t->shape[0];
    if (t->dtype == KEN_I64) {
        int64_t *to;
        KEN_TRY(KEN_SCRATCH(ctx, int64_t, n, &to));
        for (int64_t i = 0; i < n; i++) to[i] = ((const int64_t *)t->data)[i] - by;
        t->data = to;
        return KEN_OK;
    }
    int32_t *to;
    KEN_TRY(KEN_SCRATCH(ctx, int32_t, n, &to));
    for (int64_t i = 0; i < n; i++) {
        const int32_t v = ((const int32_t *)t->data)[i];
        to[i] = v < 0 ? v : v - (int32_t)by;
    }
    t->data = to;
    return KEN_OK;
}

static ken_status rounds_tensor(ken_ctx *ctx, const ken_named_tensor *from, const rounds_range *r,
                                ken_named_tensor *to) {
    static const char *const of_nodes[] = {"feature", "threshold", "left", "right", "missing_left",
                                           "category", "category_words", "value", "cover", "gain"};
    static const char *const of_terms[] = {"linear_feature", "linear_coef", "linear_center"};
    const char *const name = strncmp(from->name, "model/", 6) == 0 ? from->name + 6 : "";
    *to = *from;
    for (int i = 0; i < KEN_COUNT(of_nodes); i++)
        if (strcmp(name, of_nodes[i]) == 0) rounds_cut(&to->tensor, r->node);
    for (int i = 0; i < KEN_COUNT(of_terms); i++)
        if (strcmp(name, of_terms[i]) == 0) rounds_cut(&to->tensor, r->term);
    if (strcmp(name, "linear_offset") == 0) {
        rounds_cut(&to->tensor, (const int64_t[]){r->node[0], r->node[1] + 1});
        return rounds_shift(ctx, &to->tensor, r->term[0]);
    }
    if (strcmp(name, "category") == 0) return rounds_shift(ctx, &to->tensor, r->word[0]);
    if (strcmp(name, "category_bits") == 0) rounds_cut(&to->tensor, r->word);
    if (strcmp(name, "tree_output") == 0) rounds_cut(&to->tensor, r->tree);
    const bool history = (strcmp(name, "validation_loss") == 0 && to->tensor.ndim == 1) ||
                         (strcmp(name, "validation_metric") == 0 && to->tensor.ndim == 2);
    if (history) { /* a file may have fewer, nothing checks it */
        const int64_t n = to->tensor.shape[0];
        rounds_cut(&to->tensor, (const int64_t[]){KEN_MIN(r->round[0], n), KEN_MIN(r->round[1], n)});
    }
    if (strcmp(name, "tree_offset") != 0) return KEN_OK;
    rounds_cut(&to->tensor, (const int64_t[]){r->tree[0], r->tree[1] + 1});
    return rounds_shift(ctx, &to->tensor, r->node[0]);
}

static ken_status rounds_unpack(ken_ctx *ctx, const ken_bundle *bundle, const rounds_range *r,
                                ken_model **out) {
    const int n = ken_bundle_count(bundle);
    ken_named_tensor *tensor;
    char trees[24];
    KEN_TRY(KEN_SCRATCH(ctx, ken_named_tensor, n, &tensor));
    for (int i = 0; i < n; i++) KEN_TRY(rounds_tensor(ctx, ken_bundle_at(bundle, i), r, &tensor[i]));
    const char *const json = ken_bundle_json(bundle);
    KEN_TRY(ken_model_unpack(ctx, "slice", json, strlen(json), tensor, n, out));
    snprintf(trees, sizeof trees, "%lld", (long long)(r->round[1] - r->round[0]));
    return ken_model_set(ctx, *out, "trees", trees);
}

ken_status ken_boosting_slice(ken_ctx *ctx, const ken_model *model, int64_t first, int64_t last,
                              ken_model **out) {
    *out = NULL;
    KEN_TRY(rounds_check(ctx, model));
    const int64_t rounds = ken_boosting_rounds(model);
    if (first < 0 || last <= first || last > rounds)
        return KEN_FAIL(ctx, KEN_E_ARG, "give rounds from 0 on, the last one not included",
                        "boosting: no rounds %lld to %lld in a model of %lld", (long long)first,
                        (long long)last, (long long)rounds);
    const rounds_range range = rounds_of(ken_model_state(model), first, last);
    const ken_mark mark = ken_scratch_mark(ctx);
    ken_bundle *bundle;
    KEN_TRY(ken_model_pack(ctx, model, &bundle));
    const ken_status status = rounds_unpack(ctx, bundle, &range, out);
    ken_bundle_free(bundle);
    ken_scratch_release(ctx, mark);
    if (status != KEN_OK) {
        ken_model_free(*out);
        *out = NULL;
    }
    return status;
}

/* --- after each round ---------------------------------------------------------------------------
 */

typedef struct rounds_staged {
    const ken_model *model;
    const ken_table *X;
    ken_what what;
    int64_t n, width; /* of what is given */
    double *margin, *step, *out;
    ken_boosting_staged_fn fn;
    void *arg;
} rounds_staged;

static ken_status rounds_give(ken_ctx *ctx, const rounds_staged *s, int64_t round) {
    const ken_ensemble *const e = ken_model_state(s->model);
    memcpy(s->out, s->margin, (size_t)(s->n * e->n_outputs) * sizeof *s->out);
    KEN_TRY(ken__boosting_link(ctx, s->model, s->what, s->n, s->out));
    return s->fn(s->arg, round, s->out);
}

/* A value is added to what stood there before: the order, and so the bits, of the whole sum. */
static ken_status rounds_all(ken_ctx *ctx, const rounds_staged *s) {
    const ken_ensemble *const e = ken_model_state(s->model);
    const int64_t trees = rounds_trees(e), count = s->n * e->n_outputs;
    double *none;
    KEN_TRY(KEN_SCRATCH(ctx, double, e->n_outputs, &none));
    memset(none, 0, (size_t)e->n_outputs * sizeof *none);
    for (int64_t i = 0; i < count; i++) s->margin[i] = e->base[i % e->n_outputs];
    KEN_TRY(rounds_give(ctx, s, 0));
    for (int64_t round = 0; round < ken_boosting_rounds(s->model); round++) {
        ken_ensemble one = *e;
        one.n_trees = (int32_t)trees;
        one.tree_offset = e->tree_offset + round * trees;
        one.tree_output = e->tree_output + round * trees;
        one.base = none;
        KEN_TRY(ken_check_cancel(ctx));
        KEN_TRY(ken_ensemble_margin_ref(ctx, &one, s->X, s->step));
        for (int64_t i = 0; i < count; i++) s->margin[i] += s->step[i];
        KEN_TRY(rounds_give(ctx, s, round + 1));
    }
    return KEN_OK;
}

ken_status ken_boosting_staged(ken_ctx *ctx, const ken_model *model, const ken_table *table,
                               ken_what what, ken_boosting_staged_fn fn, void *arg) {
    KEN_TRY(rounds_check(ctx, model));
    const bool classes = ken_model_task(model) == KEN_CLASSIFY;
    if (what != KEN_WHAT_MARGIN && what != (classes ? KEN_WHAT_PROBA : KEN_WHAT_VALUE))
        return KEN_FAIL(ctx, KEN_E_ARG, "ask for margins, probabilities, or values of a regression",
                        "boosting: this kind of output is not given round by round");
    const ken_mark mark = ken_scratch_mark(ctx);
    ken_table *X = NULL;
    rounds_staged s = {.model = model, .what = what, .n = ken_table_rows(table), .fn = fn, .arg = arg};
    KEN_TRY(ken_model_width(ctx, model, what, &s.width));
    KEN_TRY(ken_model_transform(ctx, model, table, &X));
    const int64_t outputs = ((const ken_ensemble *)ken_model_state(model))->n_outputs;
    s.X = X;
    ken_status status = KEN_SCRATCH(ctx, double, s.n * outputs, &s.margin);
    if (status == KEN_OK) status = KEN_SCRATCH(ctx, double, s.n * outputs, &s.step);
    if (status == KEN_OK) status = KEN_SCRATCH(ctx, double, s.n * KEN_MAX(s.width, outputs), &s.out);
    if (status == KEN_OK) status = rounds_all(ctx, &s);
    ken_table_free(X);
    ken_scratch_release(ctx, mark);
    return status;
}
