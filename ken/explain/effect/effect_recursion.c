#include "ken/explain/effect/effect_recursion.h"

#include <math.h>
#include <string.h>

#include "ken/core/alloc.h"
#include "ken/core/threads.h"
#include "ken/tree/tree_ensemble.h"

enum { WALK_ROWS = 64, WALK_BLOCK = 4 };

/* --- may it walk? -------------------------------------------------------------------------------------- */

static bool walk_of_trees(const ken_model *model) {
    return ken_model_attr(model, "tree_offset") && ken_model_attr(model, "cover") && ken_model_attr(model, "base");
}

/* What the walk would be asked about columns of the grid and about inputs made of several columns. */
static ken_status walk_known(ken_ctx *ctx, const ken_model *model, const int *features, int n_features,
                             ken__effect_walk *w, const char **why) {
    const int inputs = ken_model_n_inputs(model);
    KEN_TRY(KEN_ALLOC(ctx, uint8_t, KEN_MAX(inputs, 1), &w->known));
    for (int j = 0; j < inputs; j++) {
        const int source = ken_model_recipe(model) ? ken_model_input_source(model, j) : j;
        for (int a = 0; a < n_features; a++) w->known[j] |= source == features[a];
        if (source >= 0) continue;
        for (int64_t i = 0; i < w->ens->n_nodes; i++)
            if (w->ens->feature[i] == j) *why = "its trees ask about an input that is made of several columns";
    }
    return KEN_OK;
}

/* Largest relative distance of scale * margin (n, k) from the last k columns of what the model says. */
static ken_status walk_gap(ken_ctx *ctx, const ken_model *model, const ken_table *rows, ken_what what, int k,
                           double scale, const double *margin, double *gap) {
    const int64_t n = ken_table_rows(rows);
    int64_t width = 0;
    double *own = NULL;
    *gap = INFINITY;
    if (ken_model_width(ctx, model, what, &width) != KEN_OK || width < k) {
        ken_ctx_clear_error(ctx);
        return KEN_OK;
    }
    KEN_TRY(KEN_SCRATCH(ctx, double, n * width, &own));
    ken_tensor out = ken_tensor_2d(own, KEN_F64, n, width);
    KEN_TRY(ken_model_predict(ctx, model, rows, what, &out));
    *gap = 0;
    for (int64_t i = 0; i < n; i++)
        for (int o = 0; o < k; o++) {
            const double want = own[i * width + width - k + o];
            *gap = KEN_MAX(*gap, fabs(scale * margin[i * k + o] - want) / (1 + fabs(want)));
        }
    return KEN_OK;
}

/* Which of the model's answers is a sum, or a mean, of its trees: found by asking for some rows. */
static ken_status walk_unit(ken_ctx *ctx, const ken_model *model, const ken_table *rows, ken__effect_walk *w,
                            const char **why) {
    const bool classes = ken_model_task(model) == KEN_CLASSIFY;
    const struct { ken_what what; const char *unit; } answers[] = {
        {classes ? KEN_WHAT_PROBA : KEN_WHAT_VALUE, classes ? "probability" : "value"}, {KEN_WHAT_MARGIN, "score"}};
    const double scales[] = {1, 1.0 / w->ens->n_trees};
    const int64_t n = ken_table_rows(rows);
    ken_table *inputs = NULL;
    double *margin = NULL, gap = INFINITY;
    KEN_TRY(KEN_SCRATCH(ctx, double, n * w->ens->n_outputs, &margin));
    KEN_TRY(ken_model_transform(ctx, model, rows, &inputs));
    ken_status status = ken_ensemble_margin(ctx, w->ens, inputs, margin);
    ken_table_free(inputs);
    for (int a = 0; a < 2 && status == KEN_OK; a++)
        for (int s = 0; s < 2 && status == KEN_OK && !w->unit; s++) {
            status = walk_gap(ctx, model, rows, answers[a].what, w->ens->n_outputs, scales[s], margin, &gap);
            if (!(gap <= 1e-9)) continue;
            w->unit = answers[a].unit;
            w->scale = scales[s];
        }
    if (!w->unit) *why = "its answers are no sum of its trees";
    return status;
}

static ken_status walk_open(ken_ctx *ctx, const ken_model *model, const int *features, int n_features,
                            const ken_table *rows, ken__effect_walk *w, const char **why) {
    const int64_t n = KEN_MIN(ken_table_rows(rows), WALK_ROWS);
    const int k = ken_model_n_classes(model), outputs = (int)ken_tensor_count(ken_model_attr(model, "base"));
    ken_table *some = NULL;
    if (outputs != (k > 2 ? k : 1)) {
        *why = "its trees have other outputs than its answers";
        return KEN_OK;
    }
    KEN_TRY(ken_ensemble_open(ctx, model, outputs, &w->ens));
    KEN_TRY(walk_known(ctx, model, features, n_features, w, why));
    if (*why) return KEN_OK;
    KEN_TRY(ken_table_slice(ctx, rows, 0, n, &some));
    const ken_mark mark = ken_scratch_mark(ctx);
    const ken_status status = walk_unit(ctx, model, some, w, why);
    ken_scratch_release(ctx, mark);
    ken_table_free(some);
    return status;
}

ken_status ken__effect_walk_begin(ken_ctx *ctx, const ken_model *model, const int *features, int n_features,
                                  const ken_table *rows, ken__effect_walk *w, const char **why) {
    *w = (ken__effect_walk){.alloc = ken_ctx_allocator(ctx)};
    *why = !walk_of_trees(model)                      ? "it is not made of trees"
           : ken_model_attr(model, "linear_offset") ? "its leaves are linear"
                                                    : NULL;
    if (*why) return KEN_OK;
    const ken_status status = walk_open(ctx, model, features, n_features, rows, w, why);
    if (status != KEN_OK || *why) ken__effect_walk_end(w);
    return status;
}

void ken__effect_walk_end(ken__effect_walk *w) {
    ken_ensemble_close(&w->alloc, w->ens);
    ken_allocator_free(&w->alloc, w->known);
    w->ens = NULL;
    w->known = NULL;
}

/* --- the walk ------------------------------------------------------------------------------------------ */

typedef struct walk_job {
    const ken__effect_walk *w;
    const double *X;      /* (points, inputs) */
    int64_t points, size; /* size: nodes of the largest tree */
    double *weight;       /* (threads, size) */
    double *mean;         /* (outputs, points) */
} walk_job;

/* Weight 1 enters at the root. A question about the grid sends all of it one way, any other both ways, by the
 * covers. Parents stand before their children, so one pass over the nodes is the walk. */
static void walk_tree(const walk_job *job, int32_t tree, int64_t point, double *weight) {
    const ken_ensemble *e = job->w->ens;
    const int64_t first = e->tree_offset[tree], size = e->tree_offset[tree + 1] - first;
    const double *x = job->X + point * e->n_inputs;
    memset(weight, 0, (size_t)size * sizeof *weight);
    weight[0] = 1;
    for (int64_t j = 0; j < size; j++) {
        const int64_t i = first + j;
        if (weight[j] == 0) continue;
        if (e->feature[i] < 0) {
            for (int32_t o = 0; o < e->width; o++) {
                const int64_t output = e->width > 1 || e->tree_output[tree] < 0 ? o : e->tree_output[tree];
                job->mean[output * job->points + point] += weight[j] * e->value[i * e->width + o];
            }
        } else if (job->w->known[e->feature[i]]) {
            weight[ken_ensemble_goes_left(e, i, x[e->feature[i]]) ? e->left[i] : e->right[i]] += weight[j];
        } else {
            const double left = e->cover[first + e->left[i]], right = e->cover[first + e->right[i]];
            const double share = left + right > 0 ? left / (left + right) : 0.5;
            weight[e->left[i]] += weight[j] * share;
            weight[e->right[i]] += weight[j] * (1 - share);
        }
    }
}

static void walk_block(void *arg, int64_t begin, int64_t end, int worker) {
    const walk_job *job = arg;
    const ken_ensemble *e = job->w->ens;
    for (int64_t p = begin; p < end; p++) {
        for (int32_t o = 0; o < e->n_outputs; o++) job->mean[o * job->points + p] = e->base[o];
        for (int32_t t = 0; t < e->n_trees; t++) walk_tree(job, t, p, job->weight + worker * job->size);
        for (int32_t o = 0; o < e->n_outputs; o++) job->mean[o * job->points + p] *= job->w->scale;
    }
}

ken_status ken__effect_walk_run(ken_ctx *ctx, const ken__effect_walk *w, const ken_table *grid, double *mean) {
    const ken_ensemble *e = w->ens;
    walk_job job = {.w = w, .points = ken_table_rows(grid), .mean = mean};
    const ken_mark mark = ken_scratch_mark(ctx);
    double *X = NULL;
    for (int32_t t = 0; t < e->n_trees; t++)
        job.size = KEN_MAX(job.size, e->tree_offset[t + 1] - e->tree_offset[t]);
    ken_status status = KEN_SCRATCH(ctx, double, job.points * KEN_MAX(e->n_inputs, 1), &X);
    if (status == KEN_OK) status = KEN_SCRATCH(ctx, double, ken_ctx_threads(ctx) * job.size, &job.weight);
    if (status == KEN_OK) {
        ken_table_gather(grid, 0, job.points, X, e->n_inputs);
        job.X = X;
        status = ken_parallel(ctx, job.points, WALK_BLOCK, walk_block, &job);
    }
    ken_scratch_release(ctx, mark);
    return status;
}
