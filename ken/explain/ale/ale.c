#include "ken/explain/ale/ale.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ken/core/alloc.h"
#include "ken/explain/ale/ale_order.h"
#include "ken/explain/explain_score.h"

struct ken_ale {
    ken_ale_view view;
    ken_allocator alloc;
    double *edge[2], *value;
    int64_t *count;
    char **label[2];
    char *texts[2]; /* the labels' bytes, ALE_LABEL each */
};

enum { ALE_LABEL = 96 };

const ken_ale_view *ken_ale_get(const ken_ale *ale) { return &ale->view; }

void ken_ale_free(ken_ale *a) {
    if (!a) return;
    const ken_allocator alloc = a->alloc;
    for (int i = 0; i < 2; i++) {
        ken_allocator_free(&alloc, a->edge[i]);
        ken_allocator_free(&alloc, a->label[i]);
        ken_allocator_free(&alloc, a->texts[i]);
    }
    ken_allocator_free(&alloc, a->value);
    ken_allocator_free(&alloc, a->count);
    ken_allocator_free(&alloc, a);
}

/* --- axes ---------------------------------------------------------------------------------------------- */

static int ale_compare(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Edges at values that occur: the least, then the smallest value below or at which k/K of the rows lie. So no bin
 * is empty, and each but the first takes its upper edge and not its lower one. */
static ken_status ale_edges(ken_ctx *ctx, const ken_column *c, int64_t bins, double *edge, int64_t *n) {
    double *sorted = NULL;
    int64_t m = 0;
    KEN_TRY(KEN_SCRATCH(ctx, double, c->n, &sorted));
    for (int64_t i = 0; i < c->n; i++)
        if (isfinite(ken_column_f64(c, i))) sorted[m++] = ken_column_f64(c, i);
    if (m) {
        qsort(sorted, (size_t)m, sizeof(double), ale_compare);
        edge[0] = sorted[0], *n = 1;
    }
    for (int64_t k = 1; k <= bins && m; k++) {
        const double z = sorted[(k * m + bins - 1) / bins - 1];
        if (z > edge[*n - 1]) edge[(*n)++] = z;
    }
    if (*n < 2)
        return KEN_FAIL(ctx, KEN_E_VALUE, "choose a column that varies",
                        "ale: column '%s' has fewer than two values in the %lld rows used", c->name, (long long)c->n);
    return KEN_OK;
}

static ken_status ale_levels(ken_ctx *ctx, const ken_table *rows, int j, double *edge, int64_t *n) {
    int64_t *order = NULL;
    KEN_TRY(KEN_SCRATCH(ctx, int64_t, ken_table_column(rows, j)->text.n, &order));
    KEN_TRY(ken__ale_order(ctx, rows, j, order, n));
    for (int64_t k = 0; k < *n; k++) edge[k] = (double)order[k];
    if (*n < 2)
        return KEN_FAIL(ctx, KEN_E_VALUE, "choose a column that varies",
                        "ale: column '%s' has fewer than two levels in the rows used", ken_table_column(rows, j)->name);
    return KEN_OK;
}

static ken_status ale_axis(ken_ctx *ctx, const ken_model *model, const ken_table *rows, int j,
                           const ken_ale_params *p, ken_ale *ale, int a) {
    const ken_column *c = ken_table_column(rows, j);
    const bool levels = c->dtype == KEN_CATEGORY;
    ken_effect_axis *axis = &ale->view.axis[a];
    if (c->dtype == KEN_STRING)
        return KEN_FAIL(ctx, KEN_E_TYPE, "read the table with the column types of the training",
                        "ale: column '%s' is text in this table", c->name);
    *axis = (ken_effect_axis){.feature = j, .name = ken_model_feature(model, j), .dtype = c->dtype};
    KEN_TRY(KEN_ALLOC(ctx, double, levels ? KEN_MAX(c->text.n, 1) : p->bins + 1, &ale->edge[a]));
    const ken_mark mark = ken_scratch_mark(ctx);
    const ken_status status = levels ? ale_levels(ctx, rows, j, ale->edge[a], &axis->n)
                                     : ale_edges(ctx, c, p->bins, ale->edge[a], &axis->n);
    ken_scratch_release(ctx, mark);
    KEN_TRY(status);
    KEN_TRY(KEN_ALLOC(ctx, char *, axis->n, &ale->label[a]));
    KEN_TRY(KEN_ALLOC(ctx, char, axis->n * ALE_LABEL, &ale->texts[a]));
    for (int64_t g = 0; g < axis->n; g++) {
        ale->label[a][g] = ale->texts[a] + g * ALE_LABEL;
        ken__explain_label(c, ale->edge[a][g], ale->label[a][g], ALE_LABEL);
    }
    axis->value = ale->edge[a];
    axis->label = (const char *const *)ale->label[a];
    return KEN_OK;
}

/* --- rows and answers ---------------------------------------------------------------------------------- */

typedef struct ale_job {
    const ken_model *model;
    ken__explain_rows rows;
    int width, first;  /* of the answers */
    int64_t *bin[2];   /* (n) bin (numbers) or place in the order (levels) of each row; -1: no value */
    double *cell;      /* (n) a column's values, to be asked */
    double *answer[4]; /* (n, width) */
    int64_t *place;    /* levels: code to place in the order */
} ale_job;

/* The bin of x: edges [0, n), bin k is (edge k, edge k + 1], the first with its lower edge. */
static int64_t ale_bin(const ken_effect_axis *axis, double x) {
    int64_t low = 0, high = axis->n - 2;
    while (low < high) {
        const int64_t middle = (low + high) / 2;
        if (x <= axis->value[middle + 1])
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

static ken_status ale_bins(ken_ctx *ctx, ale_job *job, const ken_ale_view *v, int a) {
    const ken_effect_axis *axis = &v->axis[a];
    const ken_column *c = ken_table_column(job->rows.table, axis->feature);
    KEN_TRY(KEN_SCRATCH(ctx, int64_t, job->rows.n, &job->bin[a]));
    if (axis->dtype == KEN_CATEGORY) {
        KEN_TRY(KEN_SCRATCH(ctx, int64_t, c->text.n, &job->place));
        for (int64_t g = 0; g < axis->n; g++) job->place[(int64_t)axis->value[g]] = g;
    }
    for (int64_t i = 0; i < job->rows.n; i++) {
        const double x = ken_column_f64(c, i);
        if (!isfinite(x) || ken_column_missing(c, i))
            job->bin[a][i] = -1;
        else
            job->bin[a][i] = axis->dtype == KEN_CATEGORY ? job->place[(int64_t)x] : ale_bin(axis, x);
    }
    return KEN_OK;
}

/* Every row with its column moved to edge (bin + step) of the axis, kept within it. */
static ken_status ale_move(ken_ctx *ctx, ale_job *job, const ken_effect_axis *axis, int a, int step,
                           const ken_table *from, ken_table **out) {
    for (int64_t i = 0; i < job->rows.n; i++) {
        const int64_t g = KEN_MAX(job->bin[a][i], 0) + step;
        job->cell[i] = axis->value[KEN_MAX(0, KEN_MIN(g, axis->n - 1))];
    }
    return ken__explain_set(ctx, from, axis->feature, job->cell, out);
}

static ken_status ale_ask(ken_ctx *ctx, ale_job *job, const ken_ale_view *v, int step, int step_too, double *answer) {
    ken_table *one = NULL, *two = NULL;
    KEN_TRY(ken_check_cancel(ctx));
    ken_status status = ale_move(ctx, job, &v->axis[0], 0, step, job->rows.table, &one);
    if (status == KEN_OK && v->n_axes == 2) status = ale_move(ctx, job, &v->axis[1], 1, step_too, one, &two);
    if (status == KEN_OK) status = ken__explain_answer(ctx, job->model, two ? two : one, answer);
    ken_table_free(two);
    ken_table_free(one);
    return status;
}

static void ale_progress(ken_ctx *ctx, int64_t done, int64_t total) {
    const ken_progress progress = ken_progress_of("accumulated local effects", done, total);
    ken_report_progress(ctx, &progress);
}

/* --- one column ---------------------------------------------------------------------------------------- */

/* Adds up the mean steps, and moves the curve so that its mean over the rows is 0; in a bin of numbers the curve
 * is taken as the straight line between its edges. */
static void ale_accumulate(const double *step, const int64_t *count, bool levels, int64_t n, double *curve) {
    double mean = 0, rows = 0;
    curve[0] = 0;
    for (int64_t g = 1; g < n; g++) curve[g] = curve[g - 1] + step[g - 1];
    for (int64_t g = 0; g < (levels ? n : n - 1); g++) {
        mean += (double)count[g] * (levels ? curve[g] : (curve[g] + curve[g + 1]) / 2);
        rows += (double)count[g];
    }
    for (int64_t g = 0; g < n; g++) curve[g] -= mean / rows;
}

/* Numbers: each row steps over its own bin. */
static ken_status ale_numbers(ken_ctx *ctx, ale_job *job, ken_ale *ale, double *step) {
    const ken_ale_view *v = &ale->view;
    const int64_t n = v->axis[0].n;
    for (int s = 0; s < 2; s++) {
        KEN_TRY(ale_ask(ctx, job, v, s, 0, job->answer[s]));
        ale_progress(ctx, s + 1, 2);
    }
    for (int o = 0; o < v->n_outputs; o++) {
        memset(step, 0, (size_t)n * sizeof *step);
        for (int64_t i = 0; i < job->rows.n; i++) {
            const int64_t at = i * job->width + job->first + o;
            if (job->bin[0][i] >= 0) step[job->bin[0][i]] += job->answer[1][at] - job->answer[0][at];
        }
        for (int64_t b = 0; b < n - 1; b++) step[b] /= (double)KEN_MAX(ale->count[b], 1);
        ale_accumulate(step, ale->count, false, n, ale->value + o * n);
    }
    return KEN_OK;
}

/* Levels: between two neighbors in the order step the rows of both. */
static ken_status ale_categories(ken_ctx *ctx, ale_job *job, ken_ale *ale, double *step) {
    const ken_ale_view *v = &ale->view;
    const int64_t n = v->axis[0].n;
    for (int s = 0; s < 3; s++) {
        KEN_TRY(ale_ask(ctx, job, v, s - 1, 0, job->answer[s]));
        ale_progress(ctx, s + 1, 3);
    }
    for (int o = 0; o < v->n_outputs; o++) {
        memset(step, 0, (size_t)n * sizeof *step);
        for (int64_t i = 0; i < job->rows.n; i++) {
            const int64_t at = i * job->width + job->first + o, g = job->bin[0][i];
            if (g < 0) continue;
            if (g + 1 < n) step[g] += job->answer[2][at] - job->answer[1][at];
            if (g > 0) step[g - 1] += job->answer[1][at] - job->answer[0][at];
        }
        for (int64_t g = 0; g + 1 < n; g++) step[g] /= (double)(ale->count[g] + ale->count[g + 1]);
        ale_accumulate(step, ale->count, true, n, ale->value + o * n);
    }
    return KEN_OK;
}

/* --- two columns --------------------------------------------------------------------------------------- */

/* A cell without rows takes the step of the nearest cell that has some, both axes counted in shares of their bins;
 * of several the first in row order. */
static void ale_fill(const int64_t *count, int64_t K, int64_t M, double *step) {
    for (int64_t c = 0; c < K * M; c++) {
        double nearest = INFINITY;
        if (count[c]) continue;
        for (int64_t d = 0; d < K * M; d++) {
            const double up = (double)(c / M - d / M) / (double)K, right = (double)(c % M - d % M) / (double)M;
            if (!count[d] || up * up + right * right >= nearest) continue;
            nearest = up * up + right * right;
            step[c] = step[d];
        }
    }
}

/* Main effect of the plane along its first index: mean steps by the rows of the cells, added up. out (K + 1). Strides
 * let the same words serve the second index. */
static void ale_main(const double *plane, const int64_t *count, int64_t K, int64_t M, int64_t up, int64_t right,
                     int64_t count_up, int64_t count_right, double *out) {
    out[0] = 0;
    for (int64_t k = 0; k < K; k++) {
        double sum = 0, rows = 0;
        for (int64_t m = 0; m < M; m++) {
            const double *at = plane + k * up + m * right;
            const double n = (double)count[k * count_up + m * count_right];
            sum += n * ((at[up] - at[0]) + (at[up + right] - at[right])) / 2;
            rows += n;
        }
        out[k + 1] = out[k] + (rows > 0 ? sum / rows : 0);
    }
}

/* The plane without the main effects of its two columns and with mean 0 over the rows (eq. 15 to 17). */
static void ale_center(const int64_t *count, int64_t K, int64_t M, double *first, double *second, double *plane) {
    double mean = 0, rows = 0;
    ale_main(plane, count, K, M, M + 1, 1, M, 1, first);
    ale_main(plane, count, M, K, 1, M + 1, 1, M, second);
    for (int64_t k = 0; k <= K; k++)
        for (int64_t m = 0; m <= M; m++) plane[k * (M + 1) + m] -= first[k] + second[m];
    for (int64_t k = 0; k < K; k++)
        for (int64_t m = 0; m < M; m++) {
            const double *at = plane + k * (M + 1) + m;
            mean += (double)count[k * M + m] * (at[0] + at[1] + at[M + 1] + at[M + 2]) / 4;
            rows += (double)count[k * M + m];
        }
    for (int64_t c = 0; c < (K + 1) * (M + 1); c++) plane[c] -= mean / rows;
}

static ken_status ale_pair(ken_ctx *ctx, ale_job *job, ken_ale *ale, double *step) {
    ken_ale_view *v = &ale->view;
    const int64_t K = v->axis[0].n - 1, M = v->axis[1].n - 1;
    double *first = NULL, *second = NULL;
    KEN_TRY(KEN_SCRATCH(ctx, double, K + 1, &first));
    KEN_TRY(KEN_SCRATCH(ctx, double, M + 1, &second));
    for (int s = 0; s < 4; s++) { /* both edges of both bins */
        KEN_TRY(ale_ask(ctx, job, v, s >> 1, s & 1, job->answer[s]));
        ale_progress(ctx, s + 1, 4);
    }
    for (int o = 0; o < v->n_outputs; o++) {
        double *plane = ale->value + o * (K + 1) * (M + 1);
        memset(step, 0, (size_t)(K * M) * sizeof *step);
        for (int64_t i = 0; i < job->rows.n; i++) {
            const int64_t at = i * job->width + job->first + o;
            if (job->bin[0][i] < 0 || job->bin[1][i] < 0) continue;
            step[job->bin[0][i] * M + job->bin[1][i]] +=
                (job->answer[3][at] - job->answer[1][at]) - (job->answer[2][at] - job->answer[0][at]);
        }
        for (int64_t c = 0; c < K * M; c++) step[c] /= (double)KEN_MAX(ale->count[c], 1);
        ale_fill(ale->count, K, M, step);
        for (int64_t k = 1; k <= K; k++)
            for (int64_t m = 1; m <= M; m++)
                plane[k * (M + 1) + m] = plane[(k - 1) * (M + 1) + m] + plane[k * (M + 1) + m - 1] -
                                         plane[(k - 1) * (M + 1) + m - 1] + step[(k - 1) * M + m - 1];
        ale_center(ale->count, K, M, first, second, plane);
    }
    return KEN_OK;
}

/* --- the call ------------------------------------------------------------------------------------------ */

static ken_status ale_check(ken_ctx *ctx, const ken_model *model, const int *features, int n_features,
                            const ken_ale_params *p) {
    if (n_features < 1 || n_features > 2)
        return KEN_FAIL(ctx, KEN_E_ARG, "ask for one or two columns", "ale: %d columns, but it shows 1 or 2", n_features);
    if (p->bins < 1 || p->bins > 1000 || p->max_rows < 0)
        return KEN_FAIL(ctx, KEN_E_ARG, "use 1 to 1000 bins, and max_rows from 0", "ale: %lld bins, max_rows %lld",
                        (long long)p->bins, (long long)p->max_rows);
    for (int a = 0; a < n_features; a++) {
        if (features[a] < 0 || features[a] >= ken_model_n_features(model))
            return KEN_FAIL(ctx, KEN_E_ARG, "number the model's columns from 0",
                            "ale: column %d is not one of the model's %d", features[a], ken_model_n_features(model));
        const ken_dtype dtype = ken_model_feature_dtype(model, features[a]);
        if (dtype == KEN_STRING || (n_features == 2 && dtype == KEN_CATEGORY))
            return KEN_FAIL(ctx, KEN_E_UNSUPPORTED,
                            dtype == KEN_STRING ? "use permutation importance for text columns"
                                                : "use partial dependence of the two (--effect), or one column",
                            "ale: %s column '%s' %s", dtype == KEN_STRING ? "text" : "category",
                            ken_model_feature(model, features[a]),
                            dtype == KEN_STRING ? "has no order" : "cannot be one of two");
    }
    if (n_features == 2 && features[0] == features[1])
        return KEN_FAIL(ctx, KEN_E_ARG, "choose two different columns", "ale: column '%s' is given twice",
                        ken_model_feature(model, features[0]));
    return KEN_OK;
}

/* Rows by bin, by level or by cell, and the memory of the answers. */
static ken_status ale_count(ken_ctx *ctx, ale_job *job, ken_ale *ale) {
    ken_ale_view *v = &ale->view;
    const bool two = v->n_axes == 2;
    const int64_t first = v->axis[0].n - (v->axis[0].dtype != KEN_CATEGORY), cells = first * (two ? v->axis[1].n - 1 : 1);
    KEN_TRY(KEN_ALLOC(ctx, int64_t, cells, &ale->count));
    KEN_TRY(KEN_ALLOC(ctx, double, v->n_outputs * v->axis[0].n * (two ? v->axis[1].n : 1), &ale->value));
    for (int64_t i = 0; i < job->rows.n; i++) {
        if (job->bin[0][i] < 0 || (two && job->bin[1][i] < 0)) continue;
        ale->count[two ? job->bin[0][i] * (v->axis[1].n - 1) + job->bin[1][i] : job->bin[0][i]]++;
        v->rows++;
    }
    for (int64_t c = 0; c < cells; c++) v->empty += ale->count[c] == 0;
    if (!v->rows)
        return KEN_FAIL(ctx, KEN_E_VALUE, "choose columns with values in the same rows",
                        "ale: no row has a value in both '%s' and '%s'", v->axis[0].name, v->axis[1].name);
    v->count = ale->count;
    v->value = ale->value;
    KEN_TRY(KEN_SCRATCH(ctx, double, job->rows.n, &job->cell));
    for (int s = 0; s < 4; s++) KEN_TRY(KEN_SCRATCH(ctx, double, job->rows.n * job->width, &job->answer[s]));
    return KEN_OK;
}

static ken_status ale_run(ken_ctx *ctx, ale_job *job, const int *features, const ken_ale_params *p, ken_ale *ale) {
    ken_ale_view *v = &ale->view;
    double *step = NULL;
    ken__explain_outputs(job->model, &job->width, &job->first, &v->n_outputs);
    for (int a = 0; a < v->n_axes; a++) {
        KEN_TRY(ale_axis(ctx, job->model, job->rows.table, features[a], p, ale, a));
        KEN_TRY(ale_bins(ctx, job, v, a));
    }
    KEN_TRY(ale_count(ctx, job, ale));
    KEN_TRY(KEN_SCRATCH(ctx, double, v->axis[0].n * (v->n_axes == 2 ? v->axis[1].n : 1), &step));
    return v->n_axes == 2                          ? ale_pair(ctx, job, ale, step)
           : v->axis[0].dtype == KEN_CATEGORY      ? ale_categories(ctx, job, ale, step)
                                                   : ale_numbers(ctx, job, ale, step);
}

ken_status ken_explain_ale(ken_ctx *ctx, const ken_model *model, const ken_table *table, const int *features,
                           int n_features, const ken_ale_params *params, ken_ale **out) {
    const ken_ale_params defaults = KEN_ALE_DEFAULTS;
    const ken_ale_params *p = params ? params : &defaults;
    ale_job job = {.model = model};
    ken_ale *ale = NULL;
    *out = NULL;
    KEN_TRY(ale_check(ctx, model, features, n_features, p));
    KEN_TRY(ken__explain_rows_begin(ctx, model, table, NULL, p->max_rows, "ale.rows", &job.rows));
    const ken_mark mark = ken_scratch_mark(ctx);
    ken_status status = KEN_ALLOC(ctx, ken_ale, 1, &ale);
    if (status == KEN_OK) {
        ale->alloc = ken_ctx_allocator(ctx);
        ale->view.n_axes = n_features;
        status = ale_run(ctx, &job, features, p, ale);
    }
    ken_scratch_release(ctx, mark);
    ken__explain_rows_end(ctx, &job.rows);
    if (status != KEN_OK) {
        ken_ale_free(ale);
        ale = NULL;
    }
    *out = ale;
    return status;
}
