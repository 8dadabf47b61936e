#include "ken/explain/interaction/interaction.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ken/core/alloc.h"
#include "ken/explain/explain_score.h"

enum { INTERACTION_CELLS = 1 << 22 };

typedef struct interaction_job {
    const ken_model *model;
    ken__explain_rows rows;
    int64_t n;
    int d, width, first, outputs;
    ken_what what;
    int64_t blocks;      /* points asked at a time */
    int64_t *at, *other; /* (blocks * n) rows that the two sides are taken from */
    double *answer;      /* (blocks * n, width) */
    int64_t *same;       /* (n) the first row with the same cells in the columns asked about */
    double *all;         /* (outputs, n) the answers for the rows themselves, centered */
    double *alone;       /* (d, outputs, n) partial dependence on each column, centered */
    double *pair;        /* (outputs, n) one more */
    ken_progress progress;
} interaction_job;

/* --- partial dependence at the rows themselves --------------------------------------------------------- */

static bool interaction_cell_same(const ken_column *c, int64_t i, int64_t j) {
    const bool missing = ken_column_missing(c, i);
    if (missing != ken_column_missing(c, j)) return false;
    if (missing) return true;
    if (c->dtype != KEN_STRING) return ken_column_f64(c, i) == ken_column_f64(c, j);
    int64_t m = 0, k = 0;
    const char *a = ken_strings_at(&c->text, i, &m), *b = ken_strings_at(&c->text, j, &k);
    return m == k && memcmp(a, b, (size_t)m) == 0;
}

/* same[i] <= i: rows that are alike in the columns with in[j] are asked about once. */
static void interaction_same(interaction_job *job, const uint8_t *in) {
    for (int64_t i = 0; i < job->n; i++) {
        job->same[i] = i;
        for (int64_t k = 0; k < i && job->same[i] == i; k++) {
            bool same = job->same[k] == k;
            for (int j = 0; j < job->d && same; j++)
                same = !in[j] || interaction_cell_same(ken_table_column(job->rows.table, j), i, k);
            if (same) job->same[i] = k;
        }
    }
}

/* Columns with in[j] from the rows `at`, the others from the rows `other`. */
static ken_status interaction_mix(ken_ctx *ctx, const interaction_job *job, const uint8_t *in, int64_t m,
                                  ken_table **out) {
    ken_table *mine = NULL, *theirs = NULL;
    *out = NULL;
    ken_status status = ken_table_take(ctx, job->rows.table, job->at, m, &mine);
    if (status == KEN_OK) status = ken_table_take(ctx, job->rows.table, job->other, m, &theirs);
    if (status == KEN_OK) status = ken_table_new(ctx, m, out);
    for (int j = 0; j < job->d && status == KEN_OK; j++)
        status = ken_table_add_borrow(ctx, *out, ken_table_column(in[j] ? mine : theirs, j));
    if (status == KEN_OK) {
        ken_table_keep(*out, mine);
        ken_table_keep(*out, theirs);
        return KEN_OK;
    }
    ken_table_free(*out);
    ken_table_free(mine);
    ken_table_free(theirs);
    *out = NULL;
    return status;
}

static ken_status interaction_ask(ken_ctx *ctx, const interaction_job *job, const ken_table *table, double *out) {
    ken_tensor t = ken_tensor_2d(out, KEN_F64, ken_table_rows(table), job->width);
    return ken_model_predict(ctx, job->model, table, job->what, &t);
}

static void interaction_center(const interaction_job *job, double *F) {
    for (int o = 0; o < job->outputs; o++) {
        double mean = 0;
        for (int64_t i = 0; i < job->n; i++) mean += F[o * job->n + i];
        mean /= (double)job->n;
        for (int64_t i = 0; i < job->n; i++) F[o * job->n + i] -= mean;
    }
}

/* The points `point` (m row numbers): each with its own cells in the columns asked about, over all rows. */
static ken_status interaction_block(ken_ctx *ctx, interaction_job *job, const uint8_t *in, const int64_t *point,
                                    int64_t m, double *F) {
    const int64_t n = job->n;
    ken_table *table = NULL;
    for (int64_t i = 0; i < m * n; i++) job->at[i] = point[i / n], job->other[i] = i % n;
    KEN_TRY(ken_check_cancel(ctx));
    KEN_TRY(interaction_mix(ctx, job, in, m * n, &table));
    const ken_status status = interaction_ask(ctx, job, table, job->answer);
    ken_table_free(table);
    for (int64_t p = 0; p < m && status == KEN_OK; p++)
        for (int o = 0; o < job->outputs; o++) {
            double sum = 0;
            for (int64_t b = 0; b < n; b++) sum += job->answer[(p * n + b) * job->width + job->first + o];
            F[o * n + point[p]] = sum / (double)n;
        }
    return status;
}

/* F (outputs, n): centered partial dependence on the columns with in[j], at the rows' own cells. */
static ken_status interaction_dependence(ken_ctx *ctx, interaction_job *job, const uint8_t *in, double *F) {
    int64_t *point = NULL, m = 0;
    const ken_mark mark = ken_scratch_mark(ctx);
    KEN_TRY(KEN_SCRATCH(ctx, int64_t, job->n, &point));
    interaction_same(job, in);
    for (int64_t i = 0; i < job->n; i++)
        if (job->same[i] == i) point[m++] = i;
    ken_status status = KEN_OK;
    for (int64_t p = 0; p < m && status == KEN_OK; p += job->blocks)
        status = interaction_block(ctx, job, in, point + p, KEN_MIN(job->blocks, m - p), F);
    ken_scratch_release(ctx, mark);
    for (int o = 0; o < job->outputs; o++)
        for (int64_t i = 0; i < job->n; i++) F[o * job->n + i] = F[o * job->n + job->same[i]];
    interaction_center(job, F);
    job->progress.iteration++;
    if (status == KEN_OK) ken_report_progress(ctx, &job->progress);
    return status;
}

/* --- the statistics ------------------------------------------------------------------------------------ */

/* H and strength of what `whole` is beyond `a` and `b`; a whole that hardly varies has no interaction. */
static void interaction_measure(const interaction_job *job, const double *whole, const double *a, const double *b,
                                ken_interaction_row *out) {
    const int64_t m = job->outputs * job->n;
    double beyond = 0, own = 0, model = 0;
    for (int64_t i = 0; i < m; i++) {
        const double rest = whole[i] - a[i] - b[i];
        beyond += rest * rest;
        own += whole[i] * whole[i];
        model += job->all[i] * job->all[i];
    }
    out->strength = sqrt(beyond / (double)job->n);
    out->h = own > 1e-16 * model && own > 0 ? sqrt(beyond / own) : 0;
}

static int interaction_compare_h(const void *a, const void *b) {
    const ken_interaction_row *x = a, *y = b;
    if (x->h != y->h) return x->h < y->h ? 1 : -1;
    return (x->a > y->a) - (x->a < y->a);
}

static int interaction_compare_strength(const void *a, const void *b) {
    const ken_interaction_row *x = a, *y = b;
    if (x->strength != y->strength) return x->strength < y->strength ? 1 : -1;
    if (x->a != y->a) return x->a < y->a ? -1 : 1;
    return (x->b > y->b) - (x->b < y->b);
}

static ken_status interaction_totals(ken_ctx *ctx, interaction_job *job, uint8_t *in, ken_interaction_row *totals) {
    for (int j = 0; j < job->d; j++) {
        double *alone = job->alone + (int64_t)j * job->outputs * job->n;
        memset(in, 0, (size_t)job->d);
        in[j] = 1;
        KEN_TRY(interaction_dependence(ctx, job, in, alone));
        for (int k = 0; k < job->d; k++) in[k] = k != j;
        KEN_TRY(interaction_dependence(ctx, job, in, job->pair));
        totals[j] = (ken_interaction_row){.a = j, .b = -1};
        interaction_measure(job, job->all, alone, job->pair, &totals[j]);
    }
    qsort(totals, (size_t)job->d, sizeof *totals, interaction_compare_h);
    return KEN_OK;
}

static ken_status interaction_pairs(ken_ctx *ctx, interaction_job *job, uint8_t *in, const ken_interaction_row *totals,
                                    int p, ken_interaction_row *pairs, int *n_pairs) {
    const int64_t step = (int64_t)job->outputs * job->n;
    *n_pairs = 0;
    for (int x = 0; x < p; x++)
        for (int y = 0; y < x; y++) {
            const int a = KEN_MIN(totals[x].a, totals[y].a), b = KEN_MAX(totals[x].a, totals[y].a);
            memset(in, 0, (size_t)job->d);
            in[a] = in[b] = 1;
            KEN_TRY(interaction_dependence(ctx, job, in, job->pair));
            pairs[*n_pairs] = (ken_interaction_row){.a = a, .b = b};
            interaction_measure(job, job->pair, job->alone + a * step, job->alone + b * step, &pairs[(*n_pairs)++]);
        }
    qsort(pairs, (size_t)*n_pairs, sizeof *pairs, interaction_compare_strength);
    return KEN_OK;
}

/* --- the call ------------------------------------------------------------------------------------------ */

/* Classes: the score, where it has as many columns as there are outputs. */
static void interaction_what(ken_ctx *ctx, interaction_job *job, bool probability, ken_interaction_info *info) {
    const bool classes = ken_model_task(job->model) == KEN_CLASSIFY;
    int64_t width = 0;
    ken__explain_outputs(job->model, &job->width, &job->first, &job->outputs);
    job->what = classes ? KEN_WHAT_PROBA : KEN_WHAT_VALUE;
    info->unit = classes ? "probability" : "value";
    if (!classes || probability) return;
    if (ken_model_width(ctx, job->model, KEN_WHAT_MARGIN, &width) != KEN_OK)
        ken_ctx_clear_error(ctx);
    else if (width == job->outputs) {
        job->what = KEN_WHAT_MARGIN;
        job->width = job->outputs;
        job->first = 0;
        info->unit = "score";
    }
}

static ken_status interaction_memory(ken_ctx *ctx, interaction_job *job) {
    const int64_t m = (int64_t)job->outputs * job->n;
    job->blocks = KEN_MAX(1, KEN_MIN(job->n, INTERACTION_CELLS / (job->n * KEN_MAX(job->d, 1))));
    KEN_TRY(KEN_SCRATCH(ctx, int64_t, job->blocks * job->n, &job->at));
    KEN_TRY(KEN_SCRATCH(ctx, int64_t, job->blocks * job->n, &job->other));
    KEN_TRY(KEN_SCRATCH(ctx, double, job->blocks * job->n * job->width, &job->answer));
    KEN_TRY(KEN_SCRATCH(ctx, int64_t, job->n, &job->same));
    KEN_TRY(KEN_SCRATCH(ctx, double, m, &job->all));
    KEN_TRY(KEN_SCRATCH(ctx, double, m, &job->pair));
    return KEN_SCRATCH(ctx, double, m * KEN_MAX(job->d, 1), &job->alone);
}

static ken_status interaction_run(ken_ctx *ctx, interaction_job *job, const ken_interaction_params *p,
                                  ken_interaction_info *info, ken_interaction_row *totals, ken_interaction_row *pairs) {
    const int few = pairs ? (int)KEN_MIN(job->d, p->pair_features) : 0;
    uint8_t *in = NULL;
    double squares = 0;
    interaction_what(ctx, job, p->probability, info);
    KEN_TRY(interaction_memory(ctx, job));
    KEN_TRY(KEN_SCRATCH(ctx, uint8_t, KEN_MAX(job->d, 1), &in));
    job->progress = ken_progress_of("interactions", 0, 2 * job->d + few * (few - 1) / 2);
    KEN_TRY(interaction_ask(ctx, job, job->rows.table, job->answer));
    for (int o = 0; o < job->outputs; o++)
        for (int64_t i = 0; i < job->n; i++)
            job->all[o * job->n + i] = job->answer[i * job->width + job->first + o];
    interaction_center(job, job->all);
    for (int64_t i = 0; i < job->outputs * job->n; i++) squares += job->all[i] * job->all[i];
    info->sd = sqrt(squares / (double)job->n);
    info->rows = job->n;
    KEN_TRY(interaction_totals(ctx, job, in, totals));
    return interaction_pairs(ctx, job, in, totals, few, pairs, &info->n_pairs);
}

ken_status ken_explain_interaction(ken_ctx *ctx, const ken_model *model, const ken_table *table,
                                   const ken_interaction_params *params, ken_interaction_info *info,
                                   ken_interaction_row *totals, ken_interaction_row *pairs) {
    const ken_interaction_params defaults = KEN_INTERACTION_DEFAULTS;
    const ken_interaction_params *p = params ? params : &defaults;
    interaction_job job = {.model = model, .d = ken_model_n_features(model)};
    memset(info, 0, sizeof *info);
    if (p->max_rows < 2 || p->max_rows > 10000 || p->pair_features < 0)
        return KEN_FAIL(ctx, KEN_E_ARG, "use 2 to 10000 rows, and pair_features from 0",
                        "interaction: max_rows %lld, pair_features %lld", (long long)p->max_rows,
                        (long long)p->pair_features);
    KEN_TRY(ken__explain_rows_begin(ctx, model, table, NULL, p->max_rows, "interaction.rows", &job.rows));
    job.n = job.rows.n;
    const ken_mark mark = ken_scratch_mark(ctx);
    const ken_status status =
        job.n < 2 ? KEN_FAIL(ctx, KEN_E_VALUE, "give more rows", "interaction: a single row has nothing to vary")
                  : interaction_run(ctx, &job, p, info, totals, pairs);
    ken_scratch_release(ctx, mark);
    ken__explain_rows_end(ctx, &job.rows);
    return status;
}
