#include "ken/explain/outline/outline.h"

#include <math.h>
#include <string.h>

#include "ken/core/alloc.h"
#include "ken/core/text.h"
#include "ken/tree/tree_linear.h"
#include "ken/tree/tree_model.h"

struct ken_outline {
    ken_outline_view view;
    ken_allocator alloc;
    ken_outline_node *node;
    double *shares; /* (n, n_classes) */
    char *text;     /* all questions and answers, one after another, NUL between */
};

enum { OUTLINE_MAX_DEPTH = 1000, OUTLINE_MAX_ENDS = 10000, OUTLINE_LEVELS = 6, OUTLINE_TERMS = 4 };

const ken_outline_view *ken_outline_get(const ken_outline *outline) { return &outline->view; }

void ken_outline_free(ken_outline *o) {
    if (!o) return;
    const ken_allocator alloc = o->alloc;
    ken_allocator_free(&alloc, o->node);
    ken_allocator_free(&alloc, o->shares);
    ken_allocator_free(&alloc, o->text);
    ken_allocator_free(&alloc, o);
}

/* --- the tree ------------------------------------------------------------------------------------------ */

typedef struct outline_tree {
    const ken_model *model;
    const ken_ensemble *ens;
    int64_t first;   /* node 0 of the tree among all nodes */
    int32_t size;
    int32_t *depth;  /* (size), in scratch */
    int32_t *leaves; /* (size) below, in scratch */
    int full_depth;
} outline_tree;

/* Depths downward, leaves upward: children come after their parents. */
static ken_status outline_measure(ken_ctx *ctx, outline_tree *t) {
    const ken_ensemble *e = t->ens;
    KEN_TRY(KEN_SCRATCH(ctx, int32_t, t->size, &t->depth));
    KEN_TRY(KEN_SCRATCH(ctx, int32_t, t->size, &t->leaves));
    t->depth[0] = 0;
    for (int32_t j = 0; j < t->size; j++) {
        const int64_t i = t->first + j;
        t->full_depth = KEN_MAX(t->full_depth, t->depth[j]);
        if (e->feature[i] < 0) continue;
        t->depth[e->left[i]] = t->depth[e->right[i]] = t->depth[j] + 1;
    }
    for (int32_t j = t->size - 1; j >= 0; j--) {
        const int64_t i = t->first + j;
        t->leaves[j] = e->feature[i] < 0 ? 1 : t->leaves[e->left[i]] + t->leaves[e->right[i]];
    }
    return KEN_OK;
}

/* Ends of the outline when it is cut at `depth`: the leaves above, and the nodes there. */
static int64_t outline_ends(const outline_tree *t, int depth) {
    int64_t ends = 0;
    for (int32_t j = 0; j < t->size; j++)
        ends += t->depth[j] == depth || (t->depth[j] < depth && t->ens->feature[t->first + j] < 0);
    return ends;
}

static int outline_depth(const outline_tree *t, const ken_outline_params *p) {
    int depth = 0;
    if (p->depth >= 0) return (int)KEN_MIN(p->depth, t->full_depth);
    while (depth < t->full_depth && outline_ends(t, depth + 1) <= p->max_ends) depth++;
    return depth;
}

/* --- nodes --------------------------------------------------------------------------------------------- */

static int outline_add(const outline_tree *t, ken_outline *o, int32_t j, int parent, int depth) {
    const int at = o->view.n++;
    const int64_t i = t->first + j;
    const bool inner = t->ens->feature[i] >= 0;
    ken_outline_node *n = &o->node[at];
    *n = (ken_outline_node){.node = j, .parent = parent, .yes = -1, .no = -1, .depth = t->depth[j],
                            .leaves = t->leaves[j], .cut = inner && t->depth[j] >= depth,
                            .cover = t->ens->cover[i], .threshold = NAN, .best = -1};
    n->share = t->ens->cover[t->first] > 0 ? n->cover / t->ens->cover[t->first] : 0;
    if (!inner || n->cut) {
        o->view.n_ends++;
        return at;
    }
    n->column = ken_model_input(t->model, t->ens->feature[i]);
    n->missing_yes = t->ens->missing_left[i];
    if (t->ens->category[i] < 0 && isfinite(t->ens->threshold[i])) n->threshold = t->ens->threshold[i];
    n->yes = outline_add(t, o, t->ens->left[i], at, depth);
    n->no = outline_add(t, o, t->ens->right[i], at, depth);
    return at;
}

static bool outline_is_linear(const outline_tree *t, const ken_outline_node *n) {
    const ken_tree_linear *const l = t->ens->linear;
    const int64_t i = t->first + n->node;
    return l && l->offset[i] < l->offset[i + 1];
}

/* What a node says, by the unit; two classes have one share, that of the second. */
static void outline_value(const outline_tree *t, ken_outline *o, int at) {
    ken_outline_node *n = &o->node[at];
    ken_outline_view *v = &o->view;
    const double *value = t->ens->value + (t->first + n->node) * t->ens->width;
    const int shown = v->output >= 0 && v->output < t->ens->width ? v->output : 0;
    n->value = value[shown];
    if (v->unit != KEN_OUTLINE_SHARE) return;
    double *shares = o->shares + (int64_t)at * v->n_classes;
    n->shares = shares;
    n->best = 0;
    for (int k = 0; k < v->n_classes; k++) {
        shares[k] = v->n_classes == 1              ? 1
                    : t->ens->width == v->n_classes ? value[k]
                                                    : k ? value[0] : 1 - value[0];
        if (shares[k] > shares[n->best]) n->best = k;
    }
    n->value = shares[n->best];
}

/* --- words --------------------------------------------------------------------------------------------- */

static void outline_levels(const ken_ensemble *e, const ken_strings *levels, int64_t i, ken_text *out) {
    int named = 0;
    ken_text_add(out, "is ");
    for (int64_t c = 0; c < 32 * (int64_t)e->category_words[i]; c++) {
        if (!((uint32_t)e->category_bits[e->category[i] + c / 32] >> (c % 32) & 1) || c >= levels->n) continue;
        int64_t size = 0;
        const char *text = ken_strings_at(levels, c, &size);
        if (named++ >= OUTLINE_LEVELS) continue;
        if (named > 1) ken_text_add(out, ", ");
        ken_text_add_bytes(out, text, (size_t)size);
    }
    if (named > OUTLINE_LEVELS) ken_text_addf(out, " and %d more", named - OUTLINE_LEVELS);
    if (!named) ken_text_add(out, "a level never seen");
}

/* The line of a linear leaf: what it says at its center, and the way from there; many terms are counted. */
static void outline_line(const outline_tree *t, const ken_outline_node *n, ken_text *out) {
    const ken_tree_linear *const l = t->ens->linear;
    const int64_t i = t->first + n->node;
    char number[32];
    if (!outline_is_linear(t, n)) return;
    ken_format_f64_digits(n->value, 4, number);
    ken_text_add(out, number);
    for (int64_t k = l->offset[i]; k < l->offset[i + 1]; k++) {
        const double coef = l->coef[k], center = l->center[k];
        if (k == l->offset[i] + OUTLINE_TERMS) {
            ken_text_addf(out, " and %lld more terms", (long long)(l->offset[i + 1] - k));
            return;
        }
        ken_format_f64_digits(fabs(coef), 3, number);
        ken_text_addf(out, " %s %s (%s", coef < 0 ? "\xE2\x88\x92" : "+", number,
                      ken_model_input(t->model, l->feature[k]));
        ken_format_f64_digits(fabs(center), 4, number);
        ken_text_addf(out, " %s %s)", center < 0 ? "+" : "\xE2\x88\x92", number);
    }
}

static void outline_words(const outline_tree *t, const ken_outline *o, int at, size_t *question, size_t *answer,
                          size_t *line, ken_text *out) {
    const ken_outline_node *n = &o->node[at];
    const int64_t i = t->first + n->node;
    char number[32];
    *question = out->size;
    if (n->column && t->ens->category[i] >= 0) {
        const ken_strings levels = ken_model_input_levels(t->model, t->ens->feature[i]);
        outline_levels(t->ens, &levels, i, out);
    } else if (n->column && isinf(t->ens->threshold[i])) { /* missing cells against all others */
        ken_text_add(out, t->ens->threshold[i] > 0 ? "is not missing" : "is missing");
    } else if (n->column) {
        ken_format_f64_digits(t->ens->threshold[i], 4, number);
        ken_text_addf(out, "\xE2\x89\xA4 %s", number);
    }
    ken_text_add_bytes(out, "", 1);
    *answer = out->size;
    if (n->best >= 0) {
        ken_text_add(out, ken_model_class(t->model, n->best));
    } else {
        ken_format_f64_digits(n->value, 4, number);
        ken_text_addf(out, "%s%s", o->view.unit == KEN_OUTLINE_SCORE && n->value > 0 ? "+" : "", number);
    }
    ken_text_add_bytes(out, "", 1);
    *line = out->size;
    outline_line(t, n, out);
    ken_text_add_bytes(out, "", 1);
}

/* What the whole way asks of the column of `up`: low < x <= high. */
static void outline_bound(ken_text *out, const ken_outline_node *up, double low, double high) {
    char number[32];
    if (isfinite(low) && isfinite(high)) {
        ken_format_f64_digits(low, 4, number);
        ken_text_addf(out, "%s < ", number);
    }
    ken_text_add(out, up->column);
    ken_format_f64_digits(isfinite(high) ? high : low, 4, number);
    ken_text_addf(out, isfinite(high) ? " \xE2\x89\xA4 %s" : " > %s", number);
}

void ken_outline_rule(const ken_outline *outline, int i, ken_text *out) {
    const ken_outline_view *v = &outline->view;
    const ken_outline_node *const end = &v->node[i];
    bool begun = false;
    for (int depth = 0; depth < end->depth; depth++) { /* from the top: the ancestor at each depth */
        const ken_outline_node *up = end, *child = end;
        while (up->depth > depth) child = up, up = &v->node[up->parent];
        const bool yes = &v->node[up->yes] == child;
        double low = -INFINITY, high = INFINITY;
        bool said = false;
        for (const ken_outline_node *at = end; at->parent >= 0; at = &v->node[at->parent]) {
            const ken_outline_node *asks = &v->node[at->parent];
            if (isnan(up->threshold) || isnan(asks->threshold) || strcmp(asks->column, up->column) != 0) continue;
            said |= asks->depth < depth;
            if (&v->node[asks->yes] == at)
                high = KEN_MIN(high, asks->threshold);
            else
                low = KEN_MAX(low, asks->threshold);
        }
        if (said) continue;
        if (begun) ken_text_add(out, " and ");
        begun = true;
        if (!isnan(up->threshold))
            outline_bound(out, up, low, high);
        else if (yes)
            ken_text_addf(out, "%s %s", up->column, up->question);
        else if (strncmp(up->question, "is not ", 7) == 0)
            ken_text_addf(out, "%s is %s", up->column, up->question + 7);
        else
            ken_text_addf(out, "%s is not %s", up->column, up->question + 3);
    }
}

static ken_status outline_texts(ken_ctx *ctx, const outline_tree *t, ken_outline *o) {
    ken_text text = ken_text_new(ctx);
    size_t *at = NULL;
    const char *all = NULL;
    KEN_TRY(KEN_SCRATCH(ctx, size_t, 3 * (int64_t)o->view.n, &at));
    for (int i = 0; i < o->view.n; i++) outline_words(t, o, i, &at[3 * i], &at[3 * i + 1], &at[3 * i + 2], &text);
    ken_status status = ken_text_end(&text, &all);
    if (status == KEN_OK) status = KEN_ALLOC(ctx, char, (int64_t)text.size, &o->text);
    if (status == KEN_OK) memcpy(o->text, all, text.size);
    for (int i = 0; i < o->view.n && status == KEN_OK; i++) {
        o->node[i].question = o->node[i].column ? o->text + at[3 * i] : NULL;
        o->node[i].answer = o->text + at[3 * i + 1];
        o->node[i].line = outline_is_linear(t, &o->node[i]) ? o->text + at[3 * i + 2] : NULL;
    }
    ken_text_free(&text);
    return status;
}

/* --- the call ------------------------------------------------------------------------------------------ */

/* Models whose answer is the mean of their trees keep targets or shares in them; others, what adds to a score. */
static ken_outline_unit outline_unit(const ken_model *model) {
    if (ken_model_desc(model)->estimator->predict != ken_tree_model_predict) return KEN_OUTLINE_SCORE;
    return ken_model_task(model) == KEN_CLASSIFY ? KEN_OUTLINE_SHARE : KEN_OUTLINE_VALUE;
}

static ken_status outline_fill(ken_ctx *ctx, const outline_tree *t, const ken_outline_params *p, ken_outline *o) {
    ken_outline_view *v = &o->view;
    const int32_t output = t->ens->tree_output[p->tree];
    const int k = ken_model_n_classes(t->model), depth = outline_depth(t, p);
    int64_t n = 0;
    for (int32_t j = 0; j < t->size; j++) n += t->depth[j] <= depth;
    v->tree = (int)p->tree;
    v->n_trees = t->ens->n_trees;
    v->depth = depth;
    v->full_depth = t->full_depth;
    v->unit = outline_unit(t->model);
    v->n_classes = k;
    v->output = v->unit != KEN_OUTLINE_SCORE || !k ? -1 : k == 2 ? 1 : output >= 0 && output < k ? output : 0;
    KEN_TRY(KEN_ALLOC(ctx, ken_outline_node, n, &o->node));
    KEN_TRY(KEN_ALLOC(ctx, double, v->unit == KEN_OUTLINE_SHARE ? n * k : 0, &o->shares));
    v->node = o->node;
    outline_add(t, o, 0, -1, depth);
    v->low = INFINITY, v->high = -INFINITY;
    for (int i = 0; i < v->n; i++) {
        outline_value(t, o, i);
        v->low = KEN_MIN(v->low, o->node[i].value);
        v->high = KEN_MAX(v->high, o->node[i].value);
    }
    return outline_texts(ctx, t, o);
}

static ken_status outline_check(ken_ctx *ctx, const ken_model *model, const ken_outline_params *p) {
    if (!ken_model_fitted(model))
        return KEN_FAIL(ctx, KEN_E_STATE, "fit or load the model first", "outline: the model is not fitted");
    if (!ken_model_attr(model, "tree_offset") || !ken_model_attr(model, "base") || !ken_model_attr(model, "gain"))
        return KEN_FAIL(ctx, KEN_E_UNSUPPORTED,
                        "use a tree, forest, extra_trees or boosting; a surrogate tree imitates any model",
                        "outline: '%s' is not made of trees", ken_model_desc(model)->name);
    const int64_t trees = ken_tensor_count(ken_model_attr(model, "tree_offset")) - 1;
    if (p->tree < 0 || p->tree >= trees)
        return KEN_FAIL(ctx, KEN_E_ARG, "the first tree has the number 0", "outline: tree %lld of %lld",
                        (long long)p->tree, (long long)trees);
    if (p->depth < -1 || p->depth > OUTLINE_MAX_DEPTH || p->max_ends < 1 || p->max_ends > OUTLINE_MAX_ENDS)
        return KEN_FAIL(ctx, KEN_E_ARG, "use a depth of -1 to 1000 and 1 to 10000 ends",
                        "outline: depth %lld, %lld ends", (long long)p->depth, (long long)p->max_ends);
    return KEN_OK;
}

static ken_status outline_open(ken_ctx *ctx, outline_tree *t, const ken_outline_params *p, ken_outline *o) {
    const ken_ensemble *e = t->ens;
    const ken_mark mark = ken_scratch_mark(ctx);
    t->first = e->tree_offset[p->tree];
    t->size = (int32_t)(e->tree_offset[p->tree + 1] - t->first);
    ken_status status = outline_measure(ctx, t);
    if (status == KEN_OK && KEN_MIN(t->full_depth, p->depth < 0 ? t->full_depth : p->depth) > OUTLINE_MAX_DEPTH)
        status = KEN_FAIL(ctx, KEN_E_LIMIT, "ask for fewer levels", "outline: a tree %d questions deep",
                          t->full_depth);
    if (status == KEN_OK) status = outline_fill(ctx, t, p, o);
    ken_scratch_release(ctx, mark);
    return status;
}

ken_status ken_explain_outline(ken_ctx *ctx, const ken_model *model, const ken_outline_params *params,
                               ken_outline **out) {
    const ken_outline_params defaults = KEN_OUTLINE_DEFAULTS;
    const ken_outline_params *p = params ? params : &defaults;
    const ken_allocator alloc = ken_ctx_allocator(ctx);
    outline_tree tree = {.model = model};
    ken_ensemble *ens = NULL;
    ken_outline *o = NULL;
    *out = NULL;
    KEN_TRY(outline_check(ctx, model, p));
    KEN_TRY(ken_ensemble_open(ctx, model, (int32_t)ken_tensor_count(ken_model_attr(model, "base")), &ens));
    tree.ens = ens;
    ken_status status = KEN_ALLOC(ctx, ken_outline, 1, &o);
    if (status == KEN_OK) {
        o->alloc = alloc;
        status = outline_open(ctx, &tree, p, o);
    }
    ken_ensemble_close(&alloc, ens);
    if (status != KEN_OK) {
        ken_outline_free(o);
        o = NULL;
    }
    *out = o;
    return status;
}
