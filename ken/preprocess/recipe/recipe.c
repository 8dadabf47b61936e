/* The recipe: plans (recipe_plan.c), builds the steps as nested models, and runs them block by
 * block. A block is a set of columns with a chain of steps; what a block borrows, the output keeps
 * alive. */
#include "ken/preprocess/recipe/recipe.h"

#include <string.h>

#include "ken/preprocess/date_parts/date_parts.h"
#include "ken/preprocess/frequency_encode/frequency_encode.h"
#include "ken/preprocess/impute/impute.h"
#include "ken/preprocess/one_hot/one_hot.h"
#include "ken/preprocess/ordered_encode/ordered_encode.h"
#include "ken/preprocess/ordinal/ordinal.h"
#include "ken/preprocess/polynomial/polynomial.h"
#include "ken/preprocess/recipe/recipe_plan.h"
#include "ken/preprocess/scale/scale.h"
#include "ken/preprocess/target_encode/target_encode.h"
#include "ken/preprocess/tfidf/tfidf.h"

/* --- steps of a block ------------------------------------------------------------------------ */

static ken_status recipe_adopt(ken_ctx *ctx, ken_model *model, ken_status made, ken_model **child) {
    KEN_TRY(made);
    const ken_status status = ken_model_adopt(ctx, model, *child);
    if (status != KEN_OK) ken_model_free(*child);
    return status;
}

static ken_status recipe_add_impute(ken_ctx *ctx, ken_model *model, int strategy, int indicator) {
    ken_impute_params p = KEN_IMPUTE_DEFAULTS;
    ken_model *child = NULL;
    p.strategy = strategy;
    p.indicator = indicator;
    return recipe_adopt(ctx, model, ken_impute_new(ctx, &p, &child), &child);
}

static bool recipe_fills(const ken_recipe_params *p, uint32_t tags) {
    return p->impute != KEN_RECIPE_IMPUTE_NONE &&
           (p->impute != KEN_RECIPE_IMPUTE_AUTO || !(tags & KEN_TAG_MISSING));
}

static int recipe_strategy(const ken_recipe_params *p) {
    return p->impute == KEN_RECIPE_IMPUTE_AUTO ? KEN_IMPUTE_MEDIAN : p->impute - KEN_RECIPE_MEAN;
}

static ken_status recipe_add_fill(ken_ctx *ctx, ken_model *model, uint32_t tags) {
    const ken_recipe_params *p = ken_model_params(model);
    if (!recipe_fills(p, tags)) return KEN_OK;
    return recipe_add_impute(ctx, model, recipe_strategy(p), KEN_INDICATOR_NO);
}

/* The method of ken_scale, -1: no scaling. */
static int recipe_method(const ken_recipe_params *p, uint32_t tags) {
    if (p->scale == KEN_RECIPE_SCALE_AUTO) return tags & KEN_TAG_SCALED ? KEN_SCALE_STANDARD : -1;
    return p->scale == KEN_RECIPE_SCALE_NONE ? -1 : p->scale - KEN_RECIPE_STANDARD;
}

static ken_status recipe_add_scale_by(ken_ctx *ctx, ken_model *model, int method) {
    ken_scale_params p = KEN_SCALE_DEFAULTS;
    ken_model *child = NULL;
    if (method < 0) return KEN_OK;
    p.method = method;
    return recipe_adopt(ctx, model, ken_scale_new(ctx, &p, &child), &child);
}

static ken_status recipe_add_scale(ken_ctx *ctx, ken_model *model, uint32_t tags) {
    return recipe_add_scale_by(ctx, model, recipe_method(ken_model_params(model), tags));
}

/* Before powers numbers are scaled for any model, unless that is forbidden: powers of numbers far from 0
 * are nearly dependent. */
static int recipe_method_before_powers(const ken_recipe_params *p, uint32_t tags) {
    return recipe_method(p, p->scale == KEN_RECIPE_SCALE_AUTO ? tags | KEN_TAG_SCALED : tags);
}

static ken_status recipe_add_polynomial(ken_ctx *ctx, ken_model *model, uint32_t tags) {
    const ken_recipe_params *r = ken_model_params(model);
    ken_polynomial_params p = KEN_POLYNOMIAL_DEFAULTS;
    ken_model *child = NULL;
    if (r->polynomial < 2) return KEN_OK;
    p.degree = r->polynomial;
    KEN_TRY(recipe_add_scale_by(ctx, model, recipe_method_before_powers(r, tags)));
    return recipe_adopt(ctx, model, ken_polynomial_new(ctx, &p, &child), &child);
}

static ken_status recipe_add_ordinal(ken_ctx *ctx, ken_model *model, int output) {
    const ken_recipe_params *r = ken_model_params(model);
    ken_ordinal_params p = KEN_ORDINAL_DEFAULTS;
    ken_model *child = NULL;
    p.output = output;
    p.max_levels = output == KEN_ORDINAL_CATEGORY ? r->category_levels : 0;
    p.min_level_rows = KEN_MAX(r->min_level_rows, 1);
    return recipe_adopt(ctx, model, ken_ordinal_new(ctx, &p, &child), &child);
}

static ken_status recipe_add_one_hot(ken_ctx *ctx, ken_model *model, int64_t n_train) {
    const ken_recipe_params *r = ken_model_params(model);
    ken_one_hot_params p = KEN_ONE_HOT_DEFAULTS;
    ken_model *child = NULL;
    p.max_levels = r->max_levels;
    p.min_level_rows = ken__recipe_min_rows(r, n_train);
    return recipe_adopt(ctx, model, ken_one_hot_new(ctx, &p, &child), &child);
}

/* Dense words: at most some 256 MiB of them, at least 64; none that only a few rows have. */
static ken_status recipe_add_tfidf(ken_ctx *ctx, ken_model *model, int64_t n) {
    const ken_recipe_params *r = ken_model_params(model);
    ken_tfidf_params p = KEN_TFIDF_DEFAULTS;
    ken_model *child = NULL;
    const int64_t fits = ((int64_t)1 << 25) / KEN_MAX(n, 1);
    p.min_rows = KEN_MIN(10, 2 + n / 500);
    p.max_words = r->max_words ? r->max_words : KEN_MIN(1000, KEN_MAX(64, fits));
    return recipe_adopt(ctx, model, ken_tfidf_new(ctx, &p, &child), &child);
}

static ken_status recipe_build(ken_ctx *ctx, ken_model *model, int block,
                               const ken_problem *problem) {
    const uint32_t tags = problem->consumer_tags;
    ken_model *child = NULL;
    switch (block) {
    case RECIPE_NUMBERS:
        KEN_TRY(recipe_add_fill(ctx, model, tags));
        KEN_TRY(recipe_add_polynomial(ctx, model, tags));
        return recipe_add_scale(ctx, model, tags);
    case RECIPE_BOOLS:
        return recipe_add_impute(ctx, model, KEN_IMPUTE_MODE, KEN_INDICATOR_NO);
    case RECIPE_INDICATORS:
        return recipe_add_impute(ctx, model, KEN_IMPUTE_MEDIAN, KEN_INDICATOR_ONLY);
    case RECIPE_TIMES:
        KEN_TRY(recipe_adopt(ctx, model, ken_date_parts_new(ctx, NULL, &child), &child));
        break;
    case RECIPE_CATEGORIES:
        return recipe_add_ordinal(ctx, model, KEN_ORDINAL_CATEGORY);
    case RECIPE_ONE_HOTS:
        return recipe_add_one_hot(ctx, model, problem->n_train);
    case RECIPE_ORDINALS:
        KEN_TRY(recipe_add_ordinal(ctx, model, KEN_ORDINAL_NUMBER));
        break;
    case RECIPE_TARGETS:
        KEN_TRY(recipe_adopt(ctx, model, ken_target_encode_new(ctx, NULL, &child), &child));
        return recipe_add_scale(ctx, model, tags);
    case RECIPE_FREQUENCIES:
        KEN_TRY(recipe_adopt(ctx, model, ken_frequency_encode_new(ctx, NULL, &child), &child));
        return recipe_add_scale(ctx, model, tags);
    case RECIPE_TEXTS:
        return recipe_add_tfidf(ctx, model, problem->n);
    default:
        return KEN_OK;
    }
    KEN_TRY(recipe_add_fill(ctx, model, tags));
    return recipe_add_scale(ctx, model, tags);
}

/* --- running a block ------------------------------------------------------------------------- */

/* A table on its way through a block's steps, and the raw column of each of its columns. */
typedef struct recipe_flow {
    ken_table *table;
    int64_t *source; /* scratch */
} recipe_flow;

static ken_status recipe_flow_start(ken_ctx *ctx, const ken_table *X, const int64_t *columns,
                                    int64_t n, recipe_flow *flow) {
    int *pick;
    flow->table = NULL;
    KEN_TRY(KEN_SCRATCH(ctx, int, KEN_MAX(n, 1), &pick));
    KEN_TRY(KEN_SCRATCH(ctx, int64_t, KEN_MAX(n, 1), &flow->source));
    for (int64_t k = 0; k < n; k++) {
        pick[k] = (int)columns[k];
        flow->source[k] = columns[k];
    }
    return ken_table_select(ctx, X, pick, (int)n, &flow->table);
}

/* Does a column of `made` lie in memory of `from`? */
static bool recipe_shares(const ken_table *made, const ken_table *from) {
    for (int a = 0; a < ken_table_cols(made); a++) {
        const ken_column *c = ken_table_column(made, a);
        if (c->source < 0 || c->source >= ken_table_cols(from)) return true;
        const ken_column *o = ken_table_column(from, c->source);
        if ((c->data && c->data == o->data) || (c->text.bytes && c->text.bytes == o->text.bytes) ||
            (c->valid && c->valid == o->valid))
            return true;
    }
    return false;
}

/* The flow moves on to `made`, which came from its table. */
static ken_status recipe_flow_next(ken_ctx *ctx, recipe_flow *flow, ken_table *made) {
    const int n = ken_table_cols(made);
    int64_t *source;
    if (recipe_shares(made, flow->table))
        ken_table_keep(made, flow->table);
    else
        ken_table_free(flow->table);
    flow->table = made;
    KEN_TRY(KEN_SCRATCH(ctx, int64_t, KEN_MAX(n, 1), &source));
    for (int k = 0; k < n; k++) {
        const int32_t from = ken_table_column(made, k)->source;
        source[k] = from >= 0 ? flow->source[from] : -1;
    }
    flow->source = source;
    return KEN_OK;
}

static ken_status recipe_flow_end(ken_ctx *ctx, recipe_flow *flow, ken_table *out) {
    ken_status status = KEN_OK;
    for (int k = 0; status == KEN_OK && k < ken_table_cols(flow->table); k++) {
        status = ken_table_add_borrow(ctx, out, ken_table_column(flow->table, k));
        if (status == KEN_OK) ken__set_source(out, (int)flow->source[k]);
    }
    /* Also on failure: columns that were added point into the block's table. */
    ken_table_keep(out, flow->table);
    flow->table = NULL;
    return status;
}

static ken_status recipe_step(ken_ctx *ctx, const ken_model *child, const ken_table *X,
                              const ken_problem *problem, ken_table **out) {
    const ken_transformer *verbs = ken_model_desc(child)->transformer;
    ken_status status;
    KEN_TRY(ken_table_new(ctx, ken_table_rows(X), out));
    if (problem && verbs->transform_train) {
        ken_problem sub = *problem;
        sub.X = X;
        status = verbs->transform_train(ctx, child, &sub, *out);
    } else {
        status = verbs->transform(ctx, child, X, *out);
    }
    if (status != KEN_OK) {
        ken_table_free(*out);
        *out = NULL;
    }
    return status;
}

typedef struct recipe_learned {
    const int64_t *columns, *first, *steps; /* of the blocks */
} recipe_learned;

/* problem NULL: rows that come later; else the rows of the fit. */
static ken_status recipe_run_block(ken_ctx *ctx, const ken_model *model, const recipe_learned *l,
                                   int block, const ken_table *X, const ken_problem *problem,
                                   ken_table *out) {
    recipe_flow flow;
    ken_status status = recipe_flow_start(ctx, X, l->columns + l->first[block],
                                          l->first[block + 1] - l->first[block], &flow);
    for (int64_t s = l->steps[block]; status == KEN_OK && s < l->steps[block + 1]; s++) {
        ken_table *made;
        status = recipe_step(ctx, ken_model_child(model, (int)s), flow.table, problem, &made);
        if (status == KEN_OK) status = recipe_flow_next(ctx, &flow, made);
    }
    if (status == KEN_OK) return recipe_flow_end(ctx, &flow, out);
    ken_table_free(flow.table);
    return status;
}

static ken_status recipe_learned_of(ken_ctx *ctx, const ken_model *model, recipe_learned *out) {
    KEN_TRY(ken__attr_need(ctx, model, "block_first", KEN_I64, RECIPE_BLOCKS + 1,
                           (const void **)&out->first));
    KEN_TRY(ken__attr_need(ctx, model, "block_steps", KEN_I64, RECIPE_BLOCKS + 1,
                           (const void **)&out->steps));
    return ken__attr_need(ctx, model, "block_columns", KEN_I64, -1, (const void **)&out->columns);
}

static ken_status recipe_run(ken_ctx *ctx, const ken_model *model, const ken_table *X,
                             const ken_problem *problem, ken_table *out) {
    recipe_learned learned;
    KEN_TRY(recipe_learned_of(ctx, model, &learned));
    KEN_TRY(ken__check_columns(ctx, model, X, ken_model_attr(model, "role")->shape[0]));
    for (int b = 0; b < RECIPE_BLOCKS; b++) {
        if (learned.first[b] == learned.first[b + 1]) continue;
        const ken_mark mark = ken_scratch_mark(ctx);
        KEN_TRY(recipe_run_block(ctx, model, &learned, b, X, problem, out));
        ken_scratch_release(ctx, mark);
    }
    return KEN_OK;
}

static ken_status recipe_transform(ken_ctx *ctx, const ken_model *model, const ken_table *X,
                                   ken_table *out) {
    return recipe_run(ctx, model, X, NULL, out);
}

static ken_status recipe_transform_train(ken_ctx *ctx, const ken_model *model,
                                         const ken_problem *problem, ken_table *out) {
    return recipe_run(ctx, model, problem->X, problem, out);
}

/* --- fit ------------------------------------------------------------------------------------- */

static ken_status recipe_fit_block(ken_ctx *ctx, ken_model *model, const ken_problem *problem,
                                   const int64_t *columns, int64_t n, int first_step) {
    const int last = ken_model_n_children(model) - 1;
    recipe_flow flow;
    ken_status status = recipe_flow_start(ctx, problem->X, columns, n, &flow);
    for (int s = first_step; status == KEN_OK && s <= last; s++) {
        ken_problem sub = *problem;
        ken_table *made = NULL;
        sub.X = flow.table;
        status =
            ken_model_fit_problem(ctx, ken_model_child(model, s), &sub, s < last ? &made : NULL);
        if (status == KEN_OK && s < last) status = recipe_flow_next(ctx, &flow, made);
    }
    ken_table_free(flow.table);
    return status;
}

static bool recipe_takes_part(const recipe_column *r, int block) {
    return r->block == block || (block == RECIPE_INDICATORS && r->indicator) ||
           (block == RECIPE_COMBINATIONS && r->combines);
}

/* The columns of each block, one block after another. */
static ken_status recipe_store_blocks(ken_ctx *ctx, ken_model *model, const recipe_column *plan,
                                      int d, int64_t **columns, int64_t **first) {
    const int64_t blocks = RECIPE_BLOCKS + 1;
    int64_t total = 0;
    for (int j = 0; j < d; j++)
        for (int b = 0; b < RECIPE_BLOCKS; b++) total += recipe_takes_part(&plan[j], b);
    KEN_TRY(ken_attr_new(ctx, model, "block_columns", KEN_I64, 1, &total, (void **)columns));
    KEN_TRY(ken_attr_new(ctx, model, "block_first", KEN_I64, 1, &blocks, (void **)first));
    int64_t at = 0;
    for (int b = 0; b < RECIPE_BLOCKS; b++) {
        for (int j = 0; j < d; j++)
            if (recipe_takes_part(&plan[j], b)) (*columns)[at++] = j;
        (*first)[b + 1] = at;
    }
    return KEN_OK;
}

/* "filled with the median, standardized" */
static void recipe_action(const ken_recipe_params *p, uint32_t tags, const recipe_column *r,
                          ken__name_list *list) {
    static const char *const fills[] = {"mean", "median", "most frequent value", "constant"};
    static const char *const scaled[] = {"standardized", "scaled to [0, 1]",
                                         "scaled by median and quartiles"};
    static const char *const does[RECIPE_BLOCKS] = {[RECIPE_PASS] = "as it is",
                                                    [RECIPE_BOOLS] =
                                                        "filled with the most frequent value",
                                                    [RECIPE_TIMES] = "taken apart into numbers",
                                                    [RECIPE_CATEGORIES] = "as a category",
                                                    [RECIPE_ONE_HOTS] = "a column per level",
                                                    [RECIPE_ORDINALS] = "numbered levels",
                                                    [RECIPE_TARGETS] = "mean target of the level",
                                                    [RECIPE_FREQUENCIES] = "share of the level",
                                                    [RECIPE_TEXTS] = "word weights"};
    ken_text *t = &list->bytes;
    const size_t start = t->size;
    const int b = r->block, method = recipe_method(p, tags);
    if (b < 0 && !r->indicator) ken_text_add(t, "dropped");
    if (b >= 0 && does[b]) ken_text_add(t, does[b]);
    const bool filled = b == RECIPE_NUMBERS && recipe_fills(p, tags) && r->look.missing > 0;
    if (filled) ken_text_addf(t, "filled with the %s", fills[recipe_strategy(p)]);
    if (b == RECIPE_NUMBERS && p->polynomial > 1) {
        const int before = recipe_method_before_powers(p, tags);
        if (before >= 0) ken_text_addf(t, "%s%s", t->size > start ? ", " : "", scaled[before]);
        ken_text_addf(t, "%spowers and products up to degree %lld", t->size > start ? ", " : "",
                      (long long)p->polynomial);
    }
    const bool scales = b == RECIPE_NUMBERS || b == RECIPE_TIMES || b == RECIPE_ORDINALS ||
                        b == RECIPE_TARGETS || b == RECIPE_FREQUENCIES;
    if (scales && method >= 0)
        ken_text_addf(t, "%s%s", t->size > start ? ", " : "", scaled[method]);
    if (r->indicator)
        ken_text_addf(t, "%sa column says where it is missing", t->size > start ? ", " : "");
    if (r->combined) ken_text_addf(t, "%scombined with others", t->size > start ? ", " : "");
    if (t->size == start) ken_text_add(t, "as it is");
    ken__name_list_end(list);
}

typedef enum recipe_words { RECIPE_NAME, RECIPE_ACTION, RECIPE_REASON } recipe_words;

static ken_status recipe_store_words(ken_ctx *ctx, ken_model *model, const ken_problem *problem,
                                     const recipe_column *plan, recipe_words which,
                                     const char *attr) {
    ken__name_list list = ken__name_list_new(ctx);
    for (int j = 0; j < ken_table_cols(problem->X); j++) {
        if (which == RECIPE_NAME)
            ken__name_list_add(&list, ken_table_column(problem->X, j)->name);
        else if (which == RECIPE_REASON)
            ken__name_list_add(&list, plan[j].reason);
        else
            recipe_action(ken_model_params(model), problem->consumer_tags, &plan[j], &list);
    }
    const ken_status status = ken__name_list_store(&list, model, attr);
    ken__name_list_free(&list);
    return status;
}

static ken_status recipe_store_plan(ken_ctx *ctx, ken_model *model, const ken_problem *problem,
                                    const recipe_column *plan) {
    const int64_t d = ken_table_cols(problem->X);
    int64_t *role, *type;
    KEN_TRY(ken_attr_new(ctx, model, "role", KEN_I64, 1, &d, (void **)&role));
    KEN_TRY(ken_attr_new(ctx, model, "type", KEN_I64, 1, &d, (void **)&type));
    for (int j = 0; j < d; j++) {
        role[j] = plan[j].role;
        type[j] = ken_table_column(problem->X, j)->dtype;
    }
    KEN_TRY(recipe_store_words(ctx, model, problem, plan, RECIPE_NAME, "column"));
    KEN_TRY(recipe_store_words(ctx, model, problem, plan, RECIPE_ACTION, "action"));
    return recipe_store_words(ctx, model, problem, plan, RECIPE_REASON, "reason");
}

/* What comes out is learned from a run over no rows. */
static ken_status recipe_list_outputs(ken_ctx *ctx, ken_model *model, const ken_table *made) {
    const int64_t n = ken_table_cols(made);
    int64_t *source;
    KEN_TRY(ken_attr_new(ctx, model, "output_source", KEN_I64, 1, &n, (void **)&source));
    ken__name_list list = ken__name_list_new(ctx);
    for (int k = 0; k < n; k++) {
        source[k] = ken_table_column(made, k)->source;
        ken__name_list_add(&list, ken_table_column(made, k)->name);
    }
    const ken_status status = ken__name_list_store(&list, model, "output");
    ken__name_list_free(&list);
    return status;
}

static ken_status recipe_store_outputs(ken_ctx *ctx, ken_model *model, const ken_table *X) {
    ken_table *none = NULL, *made = NULL;
    KEN_TRY(ken_table_slice(ctx, X, 0, 0, &none));
    ken_status status = ken_table_new(ctx, 0, &made);
    if (status == KEN_OK) status = recipe_transform(ctx, model, none, made);
    if (status == KEN_OK) status = recipe_list_outputs(ctx, model, made);
    ken_table_free(made);
    ken_table_free(none);
    return status;
}

static ken_status recipe_combiner(ken_ctx *ctx, const ken_model *model, ken_model **child) {
    const ken_recipe_params *r = ken_model_params(model);
    ken_ordered_encode_params p = KEN_ORDERED_ENCODE_DEFAULTS;
    p.singles = false;
    p.combine = r->combine;
    return ken_ordered_encode_new(ctx, &p, child);
}

/* The step of combinations, fitted: whether there are any is known only then, and mostly there are none.
 * *out stays NULL without them, and no column takes part. */
static ken_status recipe_find_combinations(ken_ctx *ctx, const ken_model *model, const ken_problem *problem,
                                           recipe_column *plan, ken_model **out) {
    const int d = ken_table_cols(problem->X);
    recipe_flow flow;
    int64_t *columns, n = 0;
    KEN_TRY(KEN_SCRATCH(ctx, int64_t, KEN_MAX(d, 1), &columns));
    for (int j = 0; j < d; j++)
        if (plan[j].combines) columns[n++] = j;
    KEN_TRY(recipe_flow_start(ctx, problem->X, columns, n, &flow));
    ken_problem sub = *problem;
    sub.X = flow.table;
    ken_status status = n < 2 ? KEN_OK : recipe_combiner(ctx, model, out);
    if (status == KEN_OK && *out) status = ken_model_fit_problem(ctx, *out, &sub, NULL);
    ken_table_free(flow.table);
    KEN_TRY(status);
    const ken_tensor *made = *out ? ken_model_attr(*out, "combination") : NULL;
    const int64_t items = made ? ken_tensor_count(made) : 0;
    for (int64_t k = 0; k < items; k++) {
        const int64_t at = ((const int64_t *)made->data)[k];
        if (at >= 0) plan[columns[at]].combined = true;
    }
    for (int j = 0; j < d; j++) plan[j].combines &= items > 0;
    if (items > 0) return KEN_OK;
    ken_model_free(*out);
    *out = NULL;
    return KEN_OK;
}

/* *combiner is the model's from the moment it is adopted, and NULL then. */
static ken_status recipe_fit_blocks(ken_ctx *ctx, ken_model *model, const ken_problem *problem,
                                    const recipe_column *plan, ken_model **combiner) {
    const int64_t blocks = RECIPE_BLOCKS + 1;
    int64_t *columns, *first, *steps;
    KEN_TRY(recipe_store_blocks(ctx, model, plan, ken_table_cols(problem->X), &columns, &first));
    KEN_TRY(ken_attr_new(ctx, model, "block_steps", KEN_I64, 1, &blocks, (void **)&steps));
    for (int b = 0; b < RECIPE_BLOCKS; b++) {
        const ken_mark mark = ken_scratch_mark(ctx);
        if (b == RECIPE_COMBINATIONS && *combiner) {
            KEN_TRY(ken_model_adopt(ctx, model, *combiner));
            *combiner = NULL;
        } else if (first[b + 1] > first[b]) {
            KEN_TRY(recipe_build(ctx, model, b, problem));
            KEN_TRY(recipe_fit_block(ctx, model, problem, columns + first[b],
                                     first[b + 1] - first[b], (int)steps[b]));
        }
        steps[b + 1] = ken_model_n_children(model);
        ken_scratch_release(ctx, mark);
        KEN_TRY(ken_check_cancel(ctx));
    }
    return KEN_OK;
}

static ken_status recipe_fit(ken_ctx *ctx, ken_model *model, const ken_problem *problem) {
    recipe_column *plan;
    ken_model *combiner = NULL;
    KEN_TRY(KEN_SCRATCH(ctx, recipe_column, KEN_MAX(ken_table_cols(problem->X), 1), &plan));
    KEN_TRY(ken__recipe_plan(ctx, ken_model_params(model), problem, plan));
    ken_status status = recipe_find_combinations(ctx, model, problem, plan, &combiner);
    if (status == KEN_OK) status = recipe_store_plan(ctx, model, problem, plan);
    if (status == KEN_OK) status = recipe_fit_blocks(ctx, model, problem, plan, &combiner);
    ken_model_free(combiner);
    KEN_TRY(status);
    return recipe_store_outputs(ctx, model, problem->X);
}

static bool recipe_sound(const ken_model *model, const recipe_learned *l, int64_t d) {
    const int64_t n = ken_model_attr(model, "block_columns")->shape[0];
    bool good = l->first[0] == 0 && l->first[RECIPE_BLOCKS] == n && l->steps[0] == 0 &&
                l->steps[RECIPE_BLOCKS] == ken_model_n_children(model);
    for (int b = 0; good && b < RECIPE_BLOCKS; b++)
        good = l->first[b] <= l->first[b + 1] && l->steps[b] <= l->steps[b + 1];
    for (int64_t k = 0; good && k < n; k++) good = l->columns[k] >= 0 && l->columns[k] < d;
    for (int s = 0; good && s < ken_model_n_children(model); s++) {
        const ken_transformer *verbs = ken_model_desc(ken_model_child(model, s))->transformer;
        good = verbs && ken_model_desc(ken_model_child(model, s)) != &ken_recipe_desc;
    }
    return good;
}

static ken_status recipe_open(ken_ctx *ctx, ken_model *model, void **state) {
    static const char *const words[] = {"column", "action", "reason"};
    const ken_tensor *role = ken_model_attr(model, "role");
    const ken_tensor *output = ken_model_attr(model, "output_source");
    const ken_strings *names = ken_model_attr_strings(model, "output");
    const int64_t d = role && role->ndim == 1 ? role->shape[0] : 0;
    recipe_learned learned;
    const void *data;
    *state = NULL;
    KEN_TRY(recipe_learned_of(ctx, model, &learned));
    KEN_TRY(ken__attr_need(ctx, model, "role", KEN_I64, d, &data));
    KEN_TRY(ken__attr_need(ctx, model, "type", KEN_I64, d, &data));
    KEN_TRY(ken__attr_need(ctx, model, "output_source", KEN_I64, -1, &data));
    bool good = recipe_sound(model, &learned, d) && names && names->n == output->shape[0];
    for (int i = 0; good && i < KEN_COUNT(words); i++) {
        const ken_strings *s = ken_model_attr_strings(model, words[i]);
        good = s && s->n == d;
    }
    if (!good)
        return KEN_FAIL(ctx, KEN_E_FORMAT, "the model file is damaged: train the model again",
                        "recipe: its steps do not fit its columns");
    return KEN_OK;
}

/* --- for people ------------------------------------------------------------------------------ */

static ken_status recipe_need(ken_ctx *ctx, const ken_model *model) {
    if (ken_model_desc(model) != &ken_recipe_desc || !ken_model_attr(model, "role"))
        return KEN_FAIL(ctx, KEN_E_STATE, "fit the recipe first", "%s: it is no fitted recipe",
                        ken_model_desc(model)->name);
    return KEN_OK;
}

static void recipe_put(ken_json_writer *w, const char *key, const ken_strings *s, int64_t i) {
    int64_t size;
    const char *text = ken_strings_at(s, i, &size);
    ken_json_put_key(w, key);
    ken_json_put_bytes(w, text, (size_t)size);
}

ken_status ken_recipe_describe(ken_ctx *ctx, const ken_model *model, ken_json_writer *w) {
    KEN_TRY(recipe_need(ctx, model));
    const ken_strings *outputs = ken_model_attr_strings(model, "output");
    const int64_t *role = ken_model_attr(model, "role")->data;
    const int64_t *type = ken_model_attr(model, "type")->data;
    const int64_t *source = ken_model_attr(model, "output_source")->data;
    ken_json_array(w);
    for (int64_t j = 0; j < ken_model_attr(model, "role")->shape[0]; j++) {
        ken_json_object(w);
        recipe_put(w, "column", ken_model_attr_strings(model, "column"), j);
        KEN_JSON(w, "type", string, ken_dtype_name((ken_dtype)type[j]));
        KEN_JSON(w, "role", string, ken__recipe_role_name(role[j]));
        recipe_put(w, "action", ken_model_attr_strings(model, "action"), j);
        recipe_put(w, "reason", ken_model_attr_strings(model, "reason"), j);
        ken_json_put_key(w, "outputs");
        ken_json_array(w);
        for (int64_t k = 0; k < outputs->n; k++) {
            int64_t size;
            if (source[k] != j) continue;
            const char *text = ken_strings_at(outputs, k, &size);
            ken_json_put_bytes(w, text, (size_t)size);
        }
        ken_json_end_array(w);
        ken_json_end_object(w);
    }
    ken_json_end_array(w);
    return KEN_OK;
}

static void recipe_pad(ken_text *out, const char *text, int width) {
    ken_text_add(out, text);
    for (int k = ken_utf8_width(text, strlen(text)); k < width + 2; k++)
        ken_text_add_char(out, ' ');
}

ken_status ken_recipe_describe_text(ken_ctx *ctx, const ken_model *model, ken_text *out) {
    KEN_TRY(recipe_need(ctx, model));
    const ken_strings *columns = ken_model_attr_strings(model, "column");
    const int64_t *role = ken_model_attr(model, "role")->data;
    char cell[256];
    int width = 6;
    for (int64_t j = 0; j < columns->n; j++) {
        ken__text_at(columns, j, cell, 41);
        width = KEN_MAX(width, ken_utf8_width(cell, strlen(cell)));
    }
    for (int64_t j = 0; j < columns->n; j++) {
        recipe_pad(out, ken__text_at(columns, j, cell, 41), width);
        recipe_pad(out, ken__recipe_role_name(role[j]), 10);
        ken_text_add(out,
                     ken__text_at(ken_model_attr_strings(model, "action"), j, cell, sizeof cell));
        ken__text_at(ken_model_attr_strings(model, "reason"), j, cell, sizeof cell);
        if (cell[0]) ken_text_addf(out, " (%s)", cell);
        ken_text_add_char(out, '\n');
    }
    return out->status;
}

/* --- descriptor ------------------------------------------------------------------------------ */

static const char *const recipe_encodes[] = {"auto",   "one_hot",   "ordinal",
                                             "target", "frequency", NULL};
static const char *const recipe_imputes[] = {"auto",     "mean", "median", "mode",
                                             "constant", "none", NULL};
static const char *const recipe_indicators[] = {"auto", "no", "yes", NULL};
static const char *const recipe_scales[] = {"auto", "standard", "minmax", "robust", "none", NULL};
static const char *const recipe_texts[] = {"auto", "tfidf", "drop", NULL};
static const ken_param recipe_params[] = {
    KEN_ROW_CHOICE(ken_recipe_params, encode, recipe_encodes,
                   .doc =
                       "text columns; auto: as they are for models that take categories, else one "
                       "column per level, with many levels the mean target"),
    KEN_ROW_CHOICE(
        ken_recipe_params, impute, recipe_imputes,
        .doc = "missing numbers; auto: the median, or as they are for models that take them"),
    KEN_ROW_CHOICE(ken_recipe_params, indicator, recipe_indicators,
                   .doc = "a column that says where a number was missing; auto: where not rare"),
    KEN_ROW_CHOICE(ken_recipe_params, scale, recipe_scales,
                   .doc = "number columns; auto: standardized for models that want it"),
    KEN_ROW_CHOICE(ken_recipe_params, text, recipe_texts,
                   .doc = "columns of free text; auto: tfidf"),
    KEN_ROW_I64(ken_recipe_params, max_words, .min = 0, .max = 1e6,
                .doc = "words per text column; 0: up to 1000, fewer for very many rows"),
    KEN_ROW_I64(ken_recipe_params, max_levels, .min = 1, .max = 1e6,
                .doc = "levels that still get a column each"),
    KEN_ROW_I64(ken_recipe_params, category_levels, .min = 2, .max = 1e6,
                .doc = "levels up to which a category stays one for models that take categories"),
    KEN_ROW_I64(ken_recipe_params, min_level_rows, .min = 0, .max = 1e18, .unit = "rows",
                .doc = "rarer levels are grouped; 0: from the number of rows"),
    KEN_ROW_I64(ken_recipe_params, polynomial, .min = 1, .max = 30,
                .doc = "number columns: powers and products up to this degree, of scaled columns; 1: none"),
    KEN_ROW_I64(ken_recipe_params, combine, .min = 1, .max = 3,
                .doc = "models that take categories: mean targets of combinations of up to so many text columns, "
                       "where the data show that it pays; 1: none"),
    KEN_ROW_TEXT(ken_recipe_params, drop, .doc = "columns to leave out, apart by '|'"),
    KEN_ROW_TEXT(ken_recipe_params, keep,
                 .doc = "columns to keep though they look like identifiers, apart by '|'"),
    {0}};
static const ken_attr recipe_attrs[] = {
    {"column", KEN_STRING, "d", "raw columns"},
    {"type", KEN_I64, "d", "their types"},
    {"role", KEN_I64, "d", "what each is taken for"},
    {"action", KEN_STRING, "d", "what is done with it, in words"},
    {"reason", KEN_STRING, "d", "why, in words"},
    {"block_columns", KEN_I64, "", "columns of the blocks, one block after another"},
    {"block_first", KEN_I64, "13", "where the columns of each block begin"},
    {"block_steps", KEN_I64, "13", "where the steps of each block begin"},
    {"output", KEN_STRING, "", "columns that come out"},
    {"output_source", KEN_I64, "", "raw column of each, -1: several"},
    {0}};
static const ken_transformer recipe_verbs = {.fit = recipe_fit,
                                             .transform = recipe_transform,
                                             .transform_train = recipe_transform_train,
                                             .open = recipe_open};

const ken_desc ken_recipe_desc = {
    .name = "recipe",
    .title = "Recipe: from any table to what a model takes",
    .kind = KEN_TRANSFORMER,
    .tags = KEN_TAG_TYPED | KEN_TAG_CATEGORY | KEN_TAG_MISSING | KEN_TAG_RANDOM,
    .params = recipe_params,
    .defaults = &(const ken_recipe_params)KEN_RECIPE_DEFAULTS,
    .params_size = sizeof(ken_recipe_params),
    .attrs = recipe_attrs,
    .transformer = &recipe_verbs,
    .doc =
        "Looks at the training rows, decides for each column what it is, and does what the model "
        "behind it needs: fill, encode, scale, take dates and texts apart, drop identifiers and "
        "constants. Part of the saved model; cross-validation plans again on each fold.",
    .peer = "sklearn.compose.ColumnTransformer",
};

const ken_desc *const ken_recipe_things[] = {&ken_recipe_desc, NULL};
