#include "ken/explain/effect/effect.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ken/core/alloc.h"
#include "ken/explain/effect/effect_recursion.h"
#include "ken/explain/explain_score.h"

struct ken_effect {
    ken_effect_view view;
    ken_allocator alloc;
    double *value[2], *marks[2], *mean, *ice;
    char **label[2];
    char *texts[2]; /* the labels' bytes, EFFECT_LABEL each */
};

enum { EFFECT_LABEL = 96, EFFECT_CELLS = 1 << 22, EFFECT_MARKS = 9 };

const ken_effect_view *ken_effect_get(const ken_effect *effect) { return &effect->view; }

void ken_effect_free(ken_effect *effect) {
    if (!effect) return;
    const ken_allocator alloc = effect->alloc;
    for (int a = 0; a < 2; a++) {
        ken_allocator_free(&alloc, effect->value[a]);
        ken_allocator_free(&alloc, effect->marks[a]);
        ken_allocator_free(&alloc, effect->label[a]);
        ken_allocator_free(&alloc, effect->texts[a]);
    }
    ken_allocator_free(&alloc, effect->mean);
    ken_allocator_free(&alloc, effect->ice);
    ken_allocator_free(&alloc, effect);
}

/* --- the grid ----------------------------------------------------------------------------------- */

static int effect_compare(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Quantile q of m sorted values, linear between neighbors; whole: the nearer of the two. */
static double effect_quantile(const double *sorted, int64_t m, double q, bool whole) {
    const double at = q * (double)(m - 1);
    const int64_t below = (int64_t)floor(at);
    const int64_t above = KEN_MIN(below + 1, m - 1);
    const double part = at - (double)below;
    if (whole) return sorted[part < 0.5 ? below : above];
    return sorted[below] + part * (sorted[above] - sorted[below]);
}

static int64_t effect_distinct(double *sorted, int64_t m) {
    int64_t kept = 0;
    for (int64_t i = 0; i < m; i++)
        if (!kept || sorted[i] != sorted[kept - 1]) sorted[kept++] = sorted[i];
    return kept;
}

/* Grid of a numeric axis from m sorted values; sorted is used up. Returns its length. */
static int64_t effect_number_grid(double *sorted, int64_t m, const ken_effect_params *p, bool whole,
                                  double *grid, double *marks) {
    for (int k = 0; k < EFFECT_MARKS; k++)
        marks[k] = effect_quantile(sorted, m, (k + 1) / 10.0, whole);
    const double from = effect_quantile(sorted, m, p->low, whole);
    const double to = effect_quantile(sorted, m, p->high, whole);
    for (int64_t g = 0; g < p->grid; g++) {
        const double t = (double)g / (double)(p->grid - 1);
        grid[g] = p->even ? from + t * (to - from)
                          : effect_quantile(sorted, m, p->low + t * (p->high - p->low), whole);
        if (p->even && whole) grid[g] = floor(grid[g] + 0.5);
    }
    const int64_t distinct = effect_distinct(sorted, m);
    if (distinct <= p->grid) {
        memcpy(grid, sorted, (size_t)distinct * sizeof(double));
        return distinct;
    }
    return effect_distinct(grid, p->grid);
}

/* Most frequent levels first (ties: by code). */
static int64_t effect_level_grid(const double *codes, int64_t m, int64_t n_levels, int64_t most,
                                 int64_t *count, double *grid) {
    int64_t n = 0;
    memset(count, 0, (size_t)n_levels * sizeof *count);
    for (int64_t i = 0; i < m; i++)
        if (codes[i] >= 0 && codes[i] < (double)n_levels) count[(int64_t)codes[i]]++;
    while (n < most) {
        int64_t best = -1;
        for (int64_t c = 0; c < n_levels; c++)
            if (count[c] > 0 && (best < 0 || count[c] > count[best])) best = c;
        if (best < 0) break;
        grid[n++] = (double)best;
        count[best] = 0;
    }
    return n;
}

static ken_status effect_axis_grid(ken_ctx *ctx, const ken_column *column,
                                   const ken_effect_params *p, ken_effect *e, int a) {
    ken_effect_axis *axis = &e->view.axis[a];
    double *cells = NULL;
    int64_t m = 0, *count = NULL;
    KEN_TRY(KEN_ALLOC(ctx, double, p->grid, &e->value[a]));
    KEN_TRY(KEN_ALLOC(ctx, double, EFFECT_MARKS, &e->marks[a]));
    KEN_TRY(KEN_SCRATCH(ctx, double, column->n, &cells));
    for (int64_t i = 0; i < column->n; i++) {
        const double cell = ken_column_f64(column, i);
        if (isfinite(cell) && !ken_column_missing(column, i)) cells[m++] = cell;
    }
    if (!m)
        return KEN_FAIL(ctx, KEN_E_VALUE, "choose another column",
                        "effect: column '%s' has no value in the %lld rows used", axis->name,
                        (long long)column->n);
    if (column->dtype == KEN_CATEGORY) {
        KEN_TRY(KEN_SCRATCH(ctx, int64_t, column->text.n, &count));
        axis->n = effect_level_grid(cells, m, column->text.n, p->grid, count, e->value[a]);
    } else {
        const bool whole = column->dtype != KEN_F64 && column->dtype != KEN_F32;
        qsort(cells, (size_t)m, sizeof(double), effect_compare);
        axis->n = effect_number_grid(cells, m, p, whole, e->value[a], e->marks[a]);
        axis->n_marks = column->dtype == KEN_BOOL ? 0 : EFFECT_MARKS;
    }
    axis->value = e->value[a];
    axis->marks = e->marks[a];
    return KEN_OK;
}

static ken_status effect_labels(ken_ctx *ctx, const ken_column *column, ken_effect *e, int a) {
    ken_effect_axis *axis = &e->view.axis[a];
    KEN_TRY(KEN_ALLOC(ctx, char *, axis->n, &e->label[a]));
    KEN_TRY(KEN_ALLOC(ctx, char, axis->n * EFFECT_LABEL, &e->texts[a]));
    for (int64_t g = 0; g < axis->n; g++) {
        e->label[a][g] = e->texts[a] + g * EFFECT_LABEL;
        ken__explain_label(column, axis->value[g], e->label[a][g], EFFECT_LABEL);
    }
    axis->label = (const char *const *)e->label[a];
    return KEN_OK;
}

/* --- asking the model --------------------------------------------------------------------------- */

typedef struct effect_job {
    const ken_model *model;
    ken__explain_rows rows;
    int64_t blocks;       /* grid points asked at a time */
    int64_t points;       /* grid points in all */
    int width;            /* columns of the prediction */
    int first_output;     /* 1 for the second of two classes */
    ken_table *repeated;  /* the rows, `blocks` times */
    double *answer;       /* (blocks * n, width) */
} effect_job;

static ken_status effect_repeat(ken_ctx *ctx, effect_job *job, int64_t blocks) {
    const int64_t n = job->rows.n;
    int64_t *index = NULL;
    if (job->repeated && ken_table_rows(job->repeated) == blocks * n) return KEN_OK;
    ken_table_free(job->repeated);
    job->repeated = NULL;
    KEN_TRY(KEN_ALLOC(ctx, int64_t, blocks * n, &index));
    for (int64_t i = 0; i < blocks * n; i++) index[i] = i % n;
    const ken_status status =
        ken_table_take(ctx, job->rows.table, index, blocks * n, &job->repeated);
    ken_free(ctx, index);
    return status;
}

static ken_status effect_column(ken_ctx *ctx, const effect_job *job, const ken_effect_view *v,
                                int a, int64_t first, int64_t blocks, const ken_table *from,
                                ken_table **out) {
    const ken_effect_axis *axis = &v->axis[a];
    const int64_t n = job->rows.n, divide = v->n_axes == 2 && a == 0 ? v->axis[1].n : 1;
    double *value = NULL;
    KEN_TRY(KEN_ALLOC(ctx, double, blocks * n, &value));
    for (int64_t i = 0; i < blocks * n; i++) value[i] = axis->value[(first + i / n) / divide % axis->n];
    const ken_status status = ken__explain_set(ctx, from, axis->feature, value, out);
    ken_free(ctx, value);
    return status;
}

static ken_status effect_ask(ken_ctx *ctx, effect_job *job, const ken_effect_view *v,
                             int64_t first, int64_t blocks) {
    ken_table *one = NULL, *two = NULL;
    ken_status status = effect_repeat(ctx, job, blocks);
    if (status == KEN_OK)
        status = effect_column(ctx, job, v, 0, first, blocks, job->repeated, &one);
    if (status == KEN_OK && v->n_axes == 2)
        status = effect_column(ctx, job, v, 1, first, blocks, one, &two);
    if (status == KEN_OK) status = ken__explain_answer(ctx, job->model, two ? two : one, job->answer);
    ken_table_free(two);
    ken_table_free(one);
    return status;
}

/* Averages (and single rows) of grid points [first, first + blocks) out of job->answer. */
static void effect_collect(const effect_job *job, int64_t first, int64_t blocks, ken_effect *e) {
    const int64_t n = job->rows.n;
    const ken_effect_view *v = &e->view;
    for (int64_t b = 0; b < blocks; b++) {
        const double *answer = job->answer + b * n * job->width + job->first_output;
        for (int o = 0; o < v->n_outputs; o++) {
            double sum = 0;
            for (int64_t i = 0; i < n; i++) sum += answer[i * job->width + o];
            e->mean[o * job->points + first + b] = sum / (double)n;
        }
        for (int64_t r = 0; r < v->n_ice; r++) {
            const int64_t i = r * n / v->n_ice;
            e->ice[r * job->points + first + b] = answer[i * job->width + v->ice_output];
        }
    }
}

static ken_status effect_brute(ken_ctx *ctx, effect_job *job, ken_effect *e) {
    ken_progress progress = ken_progress_of("effect", 0, job->points);
    KEN_TRY(KEN_ALLOC(ctx, double, job->blocks * job->rows.n * job->width, &job->answer));
    for (int64_t first = 0; first < job->points; first += job->blocks) {
        const int64_t blocks = KEN_MIN(job->blocks, job->points - first);
        KEN_TRY(ken_check_cancel(ctx));
        KEN_TRY(effect_ask(ctx, job, &e->view, first, blocks));
        effect_collect(job, first, blocks, e);
        progress.iteration = first + blocks;
        ken_report_progress(ctx, &progress);
    }
    return KEN_OK;
}

/* The grid as the model's inputs: one row with the grid's values in turn. */
static ken_status effect_grid_inputs(ken_ctx *ctx, const effect_job *job, const ken_effect_view *v, ken_table **out) {
    effect_job one = {.model = job->model, .rows = {.n = 1}, .points = job->points};
    const int64_t zero = 0;
    ken_table *row = NULL, *first = NULL, *both = NULL;
    ken_status status = ken_table_take(ctx, job->rows.table, &zero, 1, &row);
    one.rows.table = row;
    if (status == KEN_OK) status = effect_repeat(ctx, &one, one.points);
    if (status == KEN_OK) status = effect_column(ctx, &one, v, 0, 0, one.points, one.repeated, &first);
    if (status == KEN_OK && v->n_axes == 2) status = effect_column(ctx, &one, v, 1, 0, one.points, first, &both);
    if (status == KEN_OK) status = ken_model_transform(ctx, job->model, both ? both : first, out);
    if (status == KEN_OK) { /* it may borrow from them */
        ken_table_keep(*out, one.repeated);
        ken_table_keep(*out, first);
        if (both) ken_table_keep(*out, both);
    } else {
        ken_table_free(both);
        ken_table_free(first);
        ken_table_free(one.repeated);
    }
    ken_table_free(row);
    return status;
}

static ken_status effect_recursion(ken_ctx *ctx, const effect_job *job, const ken__effect_walk *walk, ken_effect *e) {
    ken_table *grid = NULL;
    ken_status status = effect_grid_inputs(ctx, job, &e->view, &grid);
    if (status == KEN_OK) status = ken__effect_walk_run(ctx, walk, grid, e->mean);
    ken_table_free(grid);
    e->view.method = KEN_EFFECT_RECURSION;
    e->view.unit = walk->unit;
    e->view.n_ice = 0;
    return status;
}

static void effect_center(ken_effect *e) {
    const int64_t n = e->view.axis[0].n;
    for (int64_t r = 0; r < e->view.n_ice; r++)
        for (int64_t g = n - 1; g >= 0; g--) e->ice[r * n + g] -= e->ice[r * n];
}

static ken_status effect_run(ken_ctx *ctx, effect_job *job, const int *features, const ken_effect_params *p,
                             ken_effect *e) {
    const bool may = p->method == KEN_EFFECT_RECURSION || (p->method == KEN_EFFECT_AUTO && p->n_ice == 0);
    const char *why = NULL;
    ken__effect_walk walk;
    e->view.method = KEN_EFFECT_BRUTE;
    e->view.unit = ken_model_task(job->model) == KEN_CLASSIFY ? "probability" : "value";
    if (!may) {
        KEN_TRY(effect_brute(ctx, job, e));
        if (p->center) effect_center(e);
        return KEN_OK;
    }
    KEN_TRY(ken__effect_walk_begin(ctx, job->model, features, e->view.n_axes, job->rows.table, &walk, &why));
    if (why && p->method == KEN_EFFECT_RECURSION)
        return KEN_FAIL(ctx, KEN_E_UNSUPPORTED, "use method=brute: it asks any model",
                        "effect: '%s' cannot be walked: %s", ken_model_desc(job->model)->name, why);
    if (why) return effect_brute(ctx, job, e);
    const bool same = strcmp(walk.unit, e->view.unit) == 0;
    const ken_status status = same || p->method == KEN_EFFECT_RECURSION ? effect_recursion(ctx, job, &walk, e)
                                                                        : effect_brute(ctx, job, e);
    ken__effect_walk_end(&walk);
    return status;
}

/* --- the call ----------------------------------------------------------------------------------- */

static ken_status effect_check(ken_ctx *ctx, const ken_model *model, const int *features,
                               int n_features, const ken_effect_params *p) {
    if (n_features < 1 || n_features > 2)
        return KEN_FAIL(ctx, KEN_E_ARG, "ask for one or two columns",
                        "effect: %d columns, but it shows 1 or 2", n_features);
    if (p->grid < 2 || p->grid > 1000)
        return KEN_FAIL(ctx, KEN_E_ARG, "use a grid of 2 to 1000 points",
                        "effect: a grid of %lld points is not in 2 to 1000", (long long)p->grid);
    if (!(p->low >= 0 && p->low < p->high && p->high <= 1) || p->max_rows < 0 || p->n_ice < 0)
        return KEN_FAIL(ctx, KEN_E_ARG, "use 0 <= low < high <= 1, and row numbers from 0",
                        "effect: quantiles %g to %g, max_rows %lld, n_ice %lld", p->low, p->high,
                        (long long)p->max_rows, (long long)p->n_ice);
    if ((int)p->method < KEN_EFFECT_AUTO || p->method > KEN_EFFECT_RECURSION)
        return KEN_FAIL(ctx, KEN_E_ARG, "use auto, brute or recursion", "effect: there is no method %d", (int)p->method);
    for (int a = 0; a < n_features; a++) {
        if (features[a] < 0 || features[a] >= ken_model_n_features(model))
            return KEN_FAIL(ctx, KEN_E_ARG, "number the model's columns from 0",
                            "effect: column %d is not one of the model's %d", features[a],
                            ken_model_n_features(model));
        if (ken_model_feature_dtype(model, features[a]) == KEN_STRING)
            return KEN_FAIL(ctx, KEN_E_UNSUPPORTED, "use permutation importance for text columns",
                            "effect: text column '%s' has no grid of values",
                            ken_model_feature(model, features[a]));
    }
    if (n_features == 2 && features[0] == features[1])
        return KEN_FAIL(ctx, KEN_E_ARG, "choose two different columns",
                        "effect: column '%s' is given twice",
                        ken_model_feature(model, features[0]));
    return KEN_OK;
}

static ken_status effect_axes(ken_ctx *ctx, const effect_job *job, const int *features,
                              const ken_effect_params *p, ken_effect *e) {
    for (int a = 0; a < e->view.n_axes; a++) {
        const ken_column *column = ken_table_column(job->rows.table, features[a]);
        e->view.axis[a].feature = features[a];
        e->view.axis[a].name = ken_model_feature(job->model, features[a]);
        e->view.axis[a].dtype = column->dtype;
        if (column->dtype == KEN_STRING)
            return KEN_FAIL(ctx, KEN_E_TYPE, "read the table with the column types of the training",
                            "effect: column '%s' is text in this table", e->view.axis[a].name);
        const ken_mark mark = ken_scratch_mark(ctx);
        const ken_status status = effect_axis_grid(ctx, column, p, e, a);
        ken_scratch_release(ctx, mark);
        KEN_TRY(status);
        KEN_TRY(effect_labels(ctx, column, e, a));
    }
    return KEN_OK;
}

static ken_status effect_outputs(ken_ctx *ctx, effect_job *job, const ken_effect_params *p,
                                 ken_effect *e) {
    ken_effect_view *v = &e->view;
    const int k = ken_model_n_classes(job->model);
    ken__explain_outputs(job->model, &job->width, &job->first_output, &v->n_outputs);
    job->points = v->axis[0].n * (v->n_axes == 2 ? v->axis[1].n : 1);
    v->rows = job->rows.n;
    v->n_ice = v->n_axes == 1 ? KEN_MIN(p->n_ice, job->rows.n) : 0;
    v->ice_output = k > 2 && p->output > 0 ? (int)KEN_MIN(p->output, k - 1) : 0;
    KEN_TRY(KEN_ALLOC(ctx, double, v->n_outputs * job->points, &e->mean));
    KEN_TRY(KEN_ALLOC(ctx, double, v->n_ice * job->points, &e->ice));
    v->mean = e->mean;
    v->ice = e->ice;
    const int64_t cells = job->rows.n * KEN_MAX(1, ken_table_cols(job->rows.table));
    job->blocks = KEN_MAX(1, KEN_MIN(job->points, EFFECT_CELLS / cells));
    return KEN_OK;
}

ken_status ken_explain_effect(ken_ctx *ctx, const ken_model *model, const ken_table *table,
                              const int *features, int n_features, const ken_effect_params *params,
                              ken_effect **out) {
    const ken_effect_params defaults = KEN_EFFECT_DEFAULTS;
    const ken_effect_params *p = params ? params : &defaults;
    effect_job job = {.model = model};
    ken_effect *e = NULL;
    *out = NULL;
    KEN_TRY(effect_check(ctx, model, features, n_features, p));
    KEN_TRY(ken__explain_rows_begin(ctx, model, table, NULL, p->max_rows, "effect.rows", &job.rows));
    ken_status status = KEN_ALLOC(ctx, ken_effect, 1, &e);
    if (status == KEN_OK) {
        e->alloc = ken_ctx_allocator(ctx);
        e->view.n_axes = n_features;
        status = effect_axes(ctx, &job, features, p, e);
    }
    if (status == KEN_OK) status = effect_outputs(ctx, &job, p, e);
    if (status == KEN_OK) status = effect_run(ctx, &job, features, p, e);
    ken_table_free(job.repeated);
    ken_free(ctx, job.answer);
    ken__explain_rows_end(ctx, &job.rows);
    if (status != KEN_OK) {
        ken_effect_free(e);
        e = NULL;
    }
    *out = e;
    return status;
}
