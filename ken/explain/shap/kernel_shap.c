/* Shapley values of any model: what it says when some columns are a row's own and the others come from a
 * background, for all sets of columns (then by the definition) or for many (then by least squares).
 *
 * Least squares: of all phi with sum f(x) - base, those nearest to v(S) - base = sum of phi over S under the weights
 * (d - 1) / (C(d, s) s (d - s)) are the Shapley values. Sets of one column and of all but one weigh most, so sizes
 * are asked whole from outside inwards as long as there is room; of the rest sets are drawn, each with its
 * complement.
 *
 * source  Shapley 1953; Charnes et al. 1988; Lundberg & Lee 2017 (KernelSHAP); Covert & Lee 2021 (pairs) */
#include <math.h>
#include <string.h>

#include "ken/core/alloc.h"
#include "ken/core/rng.h"
#include "ken/explain/explain_score.h"
#include "ken/explain/shap/shap_parts.h"
#include "ken/math/linalg.h"

enum { KERNEL_ROWS = 1 << 16, KERNEL_EXACT = 16 }; /* rows asked in one go; most columns of the definition */

typedef struct kernel_job {
    ken_ctx *ctx;
    const ken_model *model;
    const ken_table *both; /* row 0 the one explained, behind it the background; the model's columns */
    int64_t background, sets;
    int d, width, first, outputs;
    uint8_t *in;   /* (sets, d) whether a column is the row's own */
    double *weight; /* (sets) */
    double *v;     /* (sets, outputs) mean answers */
} kernel_job;

/* --- answers ---------------------------------------------------------------------------------------------- */

/* Sets [first, first + n) side by side: a row for each set and background row. */
static ken_status kernel_mix(const kernel_job *job, int64_t first, int64_t n, int64_t *index, ken_table **out) {
    const int64_t rows = n * job->background;
    KEN_TRY(ken_table_new(job->ctx, rows, out));
    for (int j = 0; j < job->d; j++) {
        ken_table *one = NULL, *taken = NULL;
        for (int64_t s = 0, at = 0; s < n; s++)
            for (int64_t b = 0; b < job->background; b++, at++) index[at] = job->in[(first + s) * job->d + j] ? 0 : 1 + b;
        ken_status status = ken_table_select(job->ctx, job->both, &j, 1, &one);
        if (status == KEN_OK) status = ken_table_take(job->ctx, one, index, rows, &taken);
        if (status == KEN_OK) {
            ken_table_keep(*out, taken);
            status = ken_table_add_borrow(job->ctx, *out, ken_table_column(taken, 0));
        }
        ken_table_free(one);
        KEN_TRY(status);
    }
    return KEN_OK;
}

static ken_status kernel_ask_some(const kernel_job *job, int64_t first, int64_t n, int64_t *index, double *answer) {
    ken_table *mixed = NULL;
    KEN_TRY(ken_check_cancel(job->ctx));
    ken_status status = kernel_mix(job, first, n, index, &mixed);
    if (status == KEN_OK) status = ken__explain_answer(job->ctx, job->model, mixed, answer);
    ken_table_free(mixed);
    KEN_TRY(status);
    for (int64_t s = 0; s < n; s++)
        for (int o = 0; o < job->outputs; o++) {
            double sum = 0;
            for (int64_t b = 0; b < job->background; b++)
                sum += answer[(s * job->background + b) * job->width + job->first + o];
            job->v[(first + s) * job->outputs + o] = sum / (double)job->background;
        }
    return KEN_OK;
}

static ken_status kernel_ask(const kernel_job *job) {
    const int64_t most = KEN_MAX(1, KERNEL_ROWS / job->background);
    const ken_mark mark = ken_scratch_mark(job->ctx);
    int64_t *index;
    double *answer;
    KEN_TRY(KEN_SCRATCH(job->ctx, int64_t, most * job->background, &index));
    KEN_TRY(KEN_SCRATCH(job->ctx, double, most * job->background * job->width, &answer));
    for (int64_t first = 0; first < job->sets; first += most)
        KEN_TRY(kernel_ask_some(job, first, KEN_MIN(most, job->sets - first), index, answer));
    ken_scratch_release(job->ctx, mark);
    return KEN_OK;
}

/* --- all sets: the definition -------------------------------------------------------------------------------- */

static void kernel_all_sets(kernel_job *job) {
    job->sets = INT64_C(1) << job->d;
    for (int64_t s = 0; s < job->sets; s++)
        for (int j = 0; j < job->d; j++) job->in[s * job->d + j] = s >> j & 1;
}

/* Set 0 is the background, the last one the row itself. */
static void kernel_definition(const kernel_job *job, int o, double *phi) {
    double share[KERNEL_EXACT + 1]; /* |S|! (d - |S| - 1)! / d! */
    share[0] = 1.0 / job->d;
    for (int s = 1; s < job->d; s++) share[s] = share[s - 1] * s / (job->d - s);
    for (int j = 0; j < job->d; j++) phi[j] = 0;
    for (int64_t s = 0; s < job->sets; s++) {
        int size = 0;
        for (int j = 0; j < job->d; j++) size += job->in[s * job->d + j];
        for (int j = 0; j < job->d; j++) {
            if (job->in[s * job->d + j]) continue;
            const int64_t with = s | INT64_C(1) << j;
            phi[j] += share[size] * (job->v[with * job->outputs + o] - job->v[s * job->outputs + o]);
        }
    }
}

/* --- many sets: least squares ---------------------------------------------------------------------------------- */

static void kernel_put(kernel_job *job, const uint8_t *in, bool complement, double weight) {
    uint8_t *const out = job->in + job->sets * job->d;
    for (int j = 0; j < job->d; j++) out[j] = in[j] != complement;
    job->weight[job->sets++] = weight;
}

/* All sets of `size` columns in order of their numbers, each with its complement unless that is one of them. */
static void kernel_put_size(kernel_job *job, int size, double weight, uint8_t *in, int *place) {
    const int d = job->d;
    for (int i = 0; i < size; i++) place[i] = i;
    for (;;) {
        for (int j = 0; j < d; j++) in[j] = 0;
        for (int i = 0; i < size; i++) in[place[i]] = 1;
        kernel_put(job, in, false, weight);
        if (2 * size < d) kernel_put(job, in, true, weight);
        int i = size - 1;
        while (i >= 0 && place[i] == d - size + i) i--;
        if (i < 0) return;
        for (place[i]++, i++; i < size; i++) place[i] = place[i - 1] + 1;
    }
}

static double kernel_choose(int d, int s) {
    double c = 1;
    for (int i = 0; i < s; i++) c = c * (d - i) / (i + 1);
    return c;
}

/* Sets 0 and 1 are the background and the row itself; then whole sizes, then drawn ones. */
static void kernel_some_sets(kernel_job *job, int64_t most, ken_rng *rng, uint8_t *in, int *place, double *size_weight) {
    const int d = job->d, half = d / 2;
    int size = 1;
    double left = 0;
    for (int j = 0; j < d; j++) in[j] = 0;
    job->sets = 0;
    kernel_put(job, in, false, 0);
    kernel_put(job, in, true, 0);
    for (int s = 1; s <= half; s++) left += size_weight[s] = (2 * s < d ? 2.0 : 1.0) * (d - 1) / ((double)s * (d - s));
    for (; size <= half; size++) {
        const double sets = kernel_choose(d, size) * (2 * size < d ? 2 : 1);
        if ((double)job->sets + sets > (double)most) break;
        kernel_put_size(job, size, size_weight[size] / sets, in, place);
        left -= size_weight[size];
    }
    if (size > half) return;
    const int64_t pairs = (most - job->sets) / 2;
    for (int64_t p = 0; p < pairs; p++) {
        double at = ken_rng_f64(rng) * left;
        int s = size;
        while (s < half && at >= size_weight[s]) at -= size_weight[s++];
        for (int j = 0; j < d; j++) place[j] = j;
        for (int j = 0; j < d; j++) in[j] = 0;
        for (int i = 0; i < s; i++) {
            const int k = i + (int)ken_rng_below(rng, (uint64_t)(d - i)), column = place[k];
            place[k] = place[i], place[i] = column;
            in[column] = 1;
        }
        kernel_put(job, in, false, left / (double)(2 * pairs));
        kernel_put(job, in, true, left / (double)(2 * pairs));
    }
}

/* With the last column's value as what is left of the sum, d - 1 unknowns; A, b scratch. */
static void kernel_least_squares(const kernel_job *job, int o, double *A, double *b, double *z, double *phi) {
    const int d = job->d, m = d - 1;
    const double base = job->v[o], all = job->v[job->outputs + o] - base;
    memset(A, 0, (size_t)m * (size_t)m * sizeof *A);
    memset(b, 0, (size_t)m * sizeof *b);
    for (int64_t s = 2; s < job->sets; s++) {
        const uint8_t *const in = job->in + s * d;
        const double y = job->v[s * job->outputs + o] - base - in[m] * all;
        for (int j = 0; j < m; j++) z[j] = (double)in[j] - in[m];
        for (int j = 0; j < m; j++) {
            if (z[j] == 0) continue;
            b[j] += job->weight[s] * z[j] * y;
            for (int k = 0; k <= j; k++) A[j * m + k] += job->weight[s] * z[j] * z[k];
        }
    }
    (void)ken_cholesky(A, m, m, 0); /* sets of one column are always there: positive definite */
    ken_cholesky_solve(A, m, m, b);
    double sum = 0;
    for (int j = 0; j < m; j++) sum += phi[j] = b[j];
    phi[m] = all - sum;
}

/* --- one row --------------------------------------------------------------------------------------------------- */

static ken_status kernel_row(kernel_job *job, int64_t most, int64_t row, int64_t i, ken_shap *s) {
    const int d = job->d;
    const bool exact = d <= KERNEL_EXACT && (INT64_C(1) << d) <= most;
    ken_rng rng = ken_rng_stream(job->ctx, "kernel_shap.sets", (uint64_t)row);
    uint8_t *in;
    int *place;
    double *room;
    KEN_TRY(KEN_SCRATCH(job->ctx, uint8_t, d, &in));
    KEN_TRY(KEN_SCRATCH(job->ctx, int, d, &place));
    KEN_TRY(KEN_SCRATCH(job->ctx, double, (int64_t)d * d + 2 * (int64_t)d, &room));
    if (exact)
        kernel_all_sets(job);
    else
        kernel_some_sets(job, most, &rng, in, place, room);
    KEN_TRY(kernel_ask(job));
    for (int o = 0; o < job->outputs; o++) {
        const int64_t at = i * job->outputs + o;
        double *const phi = s->value + at * (d + 1);
        if (exact)
            kernel_definition(job, o, phi);
        else
            kernel_least_squares(job, o, room + 2 * d, room, room + d, phi);
        s->base[at] = s->sum[at] = job->v[o];
        for (int j = 0; j < d; j++) s->sum[at] += phi[j];
    }
    return KEN_OK;
}

/* The row over the background rows, the model's columns alone. */
static ken_status kernel_stack(ken_ctx *ctx, const ken_table *table, int64_t row, const ken_table *background,
                               ken_table **out) {
    ken_table *one;
    KEN_TRY(ken_table_take(ctx, table, &row, 1, &one));
    const ken_status status = ken_table_stack(ctx, "the background", one, background, out);
    ken_table_free(one);
    return status;
}

static ken_status kernel_rows(kernel_job *job, const ken_table *table, const ken_table *background, int64_t most,
                              ken_shap *s) {
    for (int64_t i = 0; i < s->view.n; i++) {
        ken_table *both;
        KEN_TRY(kernel_stack(job->ctx, table, s->row[i], background, &both));
        job->both = both;
        const ken_mark mark = ken_scratch_mark(job->ctx);
        const ken_status status = kernel_row(job, most, s->row[i], i, s);
        ken_scratch_release(job->ctx, mark);
        ken_table_free(both);
        KEN_TRY(status);
    }
    return KEN_OK;
}

/* Background rows at even steps, at most so many. */
static ken_status kernel_background(ken_ctx *ctx, const ken_table *from, int64_t most, ken_table **out) {
    const int64_t all = ken_table_rows(from), n = KEN_MIN(all, most);
    int64_t *rows;
    KEN_TRY(KEN_SCRATCH(ctx, int64_t, n, &rows));
    for (int64_t i = 0; i < n; i++) rows[i] = i * all / n;
    return ken_table_take(ctx, from, rows, n, out);
}

static ken_status kernel_run(ken_ctx *ctx, const ken_model *model, const ken_table *table, const ken_table *from,
                             const ken_kernel_shap_params *p, ken_shap *s) {
    const int d = s->view.n_features;
    const int64_t most = KEN_MAX(p->sets, 2 * (int64_t)d + 2);
    kernel_job job = {.ctx = ctx, .model = model, .d = d};
    ken_table *background;
    ken__explain_outputs(model, &job.width, &job.first, &job.outputs);
    KEN_TRY(kernel_background(ctx, from, p->background, &background));
    job.background = ken_table_rows(background);
    ken_status status = ken_alloc(ctx, (size_t)most, (size_t)d, (void **)&job.in);
    if (status == KEN_OK) status = KEN_SCRATCH(ctx, double, most, &job.weight);
    if (status == KEN_OK) status = KEN_SCRATCH(ctx, double, most * job.outputs, &job.v);
    if (status == KEN_OK) status = kernel_rows(&job, table, background, most, s);
    ken_table_free(background);
    ken_free(ctx, job.in);
    s->view.unit = ken_model_n_classes(model) ? "probability" : "value";
    return status;
}

static ken_status kernel_check(ken_ctx *ctx, const ken_model *model, const ken_kernel_shap_params *p,
                               const ken_table *table, const ken_table *background, const int64_t *rows, int64_t n) {
    if (!ken_model_fitted(model))
        return KEN_FAIL(ctx, KEN_E_STATE, "fit or load the model first", "kernel_shap: the model is not fitted");
    if (p->sets < 2 || p->sets > 10000000 || p->background < 1)
        return KEN_FAIL(ctx, KEN_E_ARG, "some thousand sets and 100 rows of background will do",
                        "kernel_shap: %lld sets, %lld rows of background", (long long)p->sets, (long long)p->background);
    if (ken_table_rows(background) < 1)
        return KEN_FAIL(ctx, KEN_E_ARG, "100 rows of the training data will do", "kernel_shap: the background has no rows");
    for (int64_t i = 0; i < n && rows; i++)
        if (rows[i] < 0 || rows[i] >= ken_table_rows(table))
            return KEN_FAIL(ctx, KEN_E_ARG, "number the rows from 0", "kernel_shap: row %lld is not one of the table's %lld",
                            (long long)rows[i], (long long)ken_table_rows(table));
    return KEN_OK;
}

ken_status ken_explain_kernel_shap(ken_ctx *ctx, const ken_model *model, const ken_table *table,
                                   const ken_table *background, const int64_t *rows, int64_t n,
                                   const ken_kernel_shap_params *params, ken_shap **out) {
    static const ken_kernel_shap_params defaults = KEN_KERNEL_SHAP_DEFAULTS;
    const ken_kernel_shap_params *const p = params ? params : &defaults;
    ken__explain_rows picked, others;
    ken_shap *s = NULL;
    int width, first, outputs;
    *out = NULL;
    if (!rows) n = ken_table_rows(table);
    KEN_TRY(kernel_check(ctx, model, p, table, background, rows, n));
    ken__explain_outputs(model, &width, &first, &outputs);
    KEN_TRY(ken__explain_rows_begin(ctx, model, table, NULL, 0, "", &picked));
    ken_status status = ken__explain_rows_begin(ctx, model, background, NULL, 0, "", &others);
    if (status == KEN_OK) {
        const ken_mark mark = ken_scratch_mark(ctx);
        status = ken__shap_make(ctx, model, rows, n, outputs, &s);
        if (status == KEN_OK) status = kernel_run(ctx, model, picked.table, others.table, p, s);
        ken_scratch_release(ctx, mark);
        ken__explain_rows_end(ctx, &others);
    }
    ken__explain_rows_end(ctx, &picked);
    if (status != KEN_OK) {
        ken_shap_free(s);
        return status;
    }
    *out = s;
    return KEN_OK;
}
