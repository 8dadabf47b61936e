#include "ken/explain/surrogate/surrogate.h"

#include <math.h>
#include <string.h>

#include "ken/core/alloc.h"
#include "ken/core/rng.h"
#include "ken/explain/explain_score.h"
#include "ken/preprocess/recipe/recipe.h"
#include "ken/tree/tree/tree.h"

typedef struct surrogate_job {
    const ken_model *model;
    ken__explain_rows rows;
    const ken_surrogate_params *p;
    double *said;    /* (n) what the model says: a number, or a class */
    double *copied;  /* (n) what the tree says */
    uint8_t *role;   /* (n) */
    ken_table *target;
} surrogate_job;

/* --- what the model says, as a target ------------------------------------------------------------------ */

static ken_status surrogate_classes(ken_ctx *ctx, const surrogate_job *job, ken_column *c, int32_t **codes) {
    const int k = ken_model_n_classes(job->model);
    int64_t *offset = NULL, size = 0;
    char *bytes = NULL;
    KEN_TRY(KEN_SCRATCH(ctx, int32_t, job->rows.n, codes));
    KEN_TRY(KEN_SCRATCH(ctx, int64_t, k + 1, &offset));
    for (int i = 0; i < k; i++) {
        offset[i] = size;
        size += (int64_t)strlen(ken_model_class(job->model, i));
    }
    offset[k] = size;
    KEN_TRY(KEN_SCRATCH(ctx, char, size + 1, &bytes));
    for (int i = 0; i < k; i++)
        memcpy(bytes + offset[i], ken_model_class(job->model, i), (size_t)(offset[i + 1] - offset[i]));
    for (int64_t i = 0; i < job->rows.n; i++) (*codes)[i] = (int32_t)job->said[i];
    c->dtype = KEN_CATEGORY;
    c->data = *codes;
    c->text = (ken_strings){k, offset, bytes};
    return KEN_OK;
}

static ken_status surrogate_target(ken_ctx *ctx, surrogate_job *job) {
    ken_tensor said = ken_tensor_2d(job->said, KEN_F64, job->rows.n, 1);
    ken_column c = {.name = ken_model_target(job->model), .dtype = KEN_F64, .n = job->rows.n, .data = job->said,
                    .stride = 1, .source = -1};
    int32_t *codes = NULL;
    KEN_TRY(ken_model_predict(ctx, job->model, job->rows.table, KEN_WHAT_VALUE, &said));
    if (ken_model_task(job->model) == KEN_CLASSIFY) KEN_TRY(surrogate_classes(ctx, job, &c, &codes));
    KEN_TRY(ken_table_new(ctx, job->rows.n, &job->target));
    return ken_table_add_copy(ctx, job->target, &c);
}

/* --- the tree ------------------------------------------------------------------------------------------ */

static ken_status surrogate_split(ken_ctx *ctx, surrogate_job *job) {
    const int64_t n = job->rows.n;
    const int64_t test = KEN_MAX(1, KEN_MIN(n - 2, (int64_t)(job->p->test * (double)n + 0.5)));
    int64_t *order = NULL;
    ken_rng rng = ken_rng_stream(ctx, "surrogate.test", 0);
    KEN_TRY(KEN_SCRATCH(ctx, int64_t, n, &order));
    for (int64_t i = 0; i < n; i++) order[i] = i;
    ken_rng_shuffle(&rng, order, n);
    for (int64_t i = 0; i < n; i++) job->role[order[i]] = i < test ? KEN_ROLE_TEST : KEN_ROLE_TRAIN;
    return KEN_OK;
}

static ken_status surrogate_fit(ken_ctx *ctx, const surrogate_job *job, ken_model **out) {
    ken_tree_params p = KEN_TREE_DEFAULTS;
    ken_model *recipe = NULL;
    p.max_depth = job->p->max_depth;
    p.max_leaves = job->p->max_leaves;
    const ken_data data = {.table = job->rows.table, .target = ken_table_column(job->target, 0), .role = job->role,
                           .task = ken_model_task(job->model)};
    KEN_TRY(ken_tree_new(ctx, &p, out));
    KEN_TRY(ken_model_new_desc(ctx, &ken_recipe_desc, NULL, &recipe));
    const ken_status status = ken_model_set_recipe(ctx, *out, recipe);
    if (status != KEN_OK) {
        ken_model_free(recipe);
        return status;
    }
    return ken_model_fit(ctx, *out, &data);
}

/* --- fidelity ------------------------------------------------------------------------------------------ */

/* R^2 against what the model says, or the share of equal classes, over the rows of a role. */
static double surrogate_fidelity(const surrogate_job *job, uint8_t role) {
    double n = 0, mean = 0, rest = 0, all = 0, same = 0;
    for (int64_t i = 0; i < job->rows.n; i++) {
        if (job->role[i] != role) continue;
        n++, mean += job->said[i];
        same += job->said[i] == job->copied[i];
    }
    if (ken_model_task(job->model) == KEN_CLASSIFY) return same / n;
    for (int64_t i = 0; i < job->rows.n; i++) {
        if (job->role[i] != role) continue;
        rest += (job->said[i] - job->copied[i]) * (job->said[i] - job->copied[i]);
        all += (job->said[i] - mean / n) * (job->said[i] - mean / n);
    }
    return all > 0 ? 1 - rest / all : NAN;
}

static double surrogate_baseline(const surrogate_job *job) {
    const int k = ken_model_n_classes(job->model);
    double most = 0, n = 0;
    for (int c = 0; c < k; c++) {
        double count = 0;
        for (int64_t i = 0; i < job->rows.n; i++)
            count += job->role[i] == KEN_ROLE_TEST && job->said[i] == c;
        most = KEN_MAX(most, count);
        n += count;
    }
    return n > 0 ? most / n : 0;
}

/* The tree's classes may come in another order, and some of the model's may be missing: by name. */
static ken_status surrogate_ask(ken_ctx *ctx, const surrogate_job *job, const ken_model *tree) {
    const int k = ken_model_n_classes(job->model);
    ken_tensor t = ken_tensor_2d(job->copied, KEN_F64, job->rows.n, 1);
    KEN_TRY(ken_model_predict(ctx, tree, job->rows.table, KEN_WHAT_VALUE, &t));
    for (int64_t i = 0; i < job->rows.n && k; i++) {
        const char *name = ken_model_class(tree, (int)job->copied[i]);
        int c = 0;
        while (c < k && strcmp(ken_model_class(job->model, c), name) != 0) c++;
        job->copied[i] = c;
    }
    return KEN_OK;
}

static ken_status surrogate_judge(ken_ctx *ctx, surrogate_job *job, const ken_model *tree, ken_surrogate_info *info) {
    ken_outline_params p = {0, 0, 1};
    ken_outline *outline = NULL;
    KEN_TRY(surrogate_ask(ctx, job, tree));
    KEN_TRY(ken_explain_outline(ctx, tree, &p, &outline));
    memset(info, 0, sizeof *info);
    info->fidelity = surrogate_fidelity(job, KEN_ROLE_TEST);
    info->fidelity_train = surrogate_fidelity(job, KEN_ROLE_TRAIN);
    info->baseline = surrogate_baseline(job);
    for (int64_t i = 0; i < job->rows.n; i++) info->rows_test += job->role[i] == KEN_ROLE_TEST;
    info->rows_train = job->rows.n - info->rows_test;
    info->leaves = ken_outline_get(outline)->node[0].leaves;
    info->depth = ken_outline_get(outline)->full_depth;
    ken_outline_free(outline);
    return KEN_OK;
}

/* --- the call ------------------------------------------------------------------------------------------ */

static ken_status surrogate_run(ken_ctx *ctx, surrogate_job *job, ken_surrogate_info *info, ken_model **out) {
    if (job->rows.n < 4)
        return KEN_FAIL(ctx, KEN_E_VALUE, "give more rows", "surrogate: %lld rows are too few to learn from and to judge by",
                        (long long)job->rows.n);
    KEN_TRY(KEN_SCRATCH(ctx, double, job->rows.n, &job->said));
    KEN_TRY(KEN_SCRATCH(ctx, double, job->rows.n, &job->copied));
    KEN_TRY(KEN_SCRATCH(ctx, uint8_t, job->rows.n, &job->role));
    KEN_TRY(surrogate_target(ctx, job));
    KEN_TRY(surrogate_split(ctx, job));
    KEN_TRY(surrogate_fit(ctx, job, out));
    return info ? surrogate_judge(ctx, job, *out, info) : KEN_OK;
}

ken_status ken_explain_surrogate(ken_ctx *ctx, const ken_model *model, const ken_table *table,
                                 const ken_surrogate_params *params, ken_surrogate_info *info, ken_model **out) {
    const ken_surrogate_params defaults = KEN_SURROGATE_DEFAULTS;
    surrogate_job job = {.model = model, .p = params ? params : &defaults};
    *out = NULL;
    if (job.p->max_depth < 1 || job.p->max_depth > 30 || job.p->max_leaves < 0 || job.p->max_leaves == 1 ||
        job.p->max_rows < 0 || !(job.p->test > 0 && job.p->test < 1))
        return KEN_FAIL(ctx, KEN_E_ARG, "use a depth of 1 to 30, 2 leaves or more (0: any), a test share between 0 and 1",
                        "surrogate: depth %lld, %lld leaves, test %g", (long long)job.p->max_depth,
                        (long long)job.p->max_leaves, job.p->test);
    KEN_TRY(ken__explain_rows_begin(ctx, model, table, NULL, job.p->max_rows, "surrogate.rows", &job.rows));
    const ken_mark mark = ken_scratch_mark(ctx);
    const ken_status status = surrogate_run(ctx, &job, info, out);
    ken_scratch_release(ctx, mark);
    ken_table_free(job.target);
    ken__explain_rows_end(ctx, &job.rows);
    if (status != KEN_OK) {
        ken_model_free(*out);
        *out = NULL;
    }
    return status;
}
