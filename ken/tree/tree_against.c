/* Contributions against a background: for each pair of an explained row and a background row, the leaves
 * that some mixture of the two reaches. The formula stands in tree_shap.h. */
#include <string.h>

#include "ken/core/alloc.h"
#include "ken/core/threads.h"
#include "ken/tree/tree_linear.h"
#include "ken/tree/tree_shap.h"

enum { AGAINST_MAX_COLUMNS = 4096 /* that differ between two rows on one path */ };

/* Where row and background part: the row's side is walked first. */
typedef struct against_fork {
    int32_t column, other; /* the child that the background takes */
    bool second;           /* the background's side is being walked */
    double pos, neg;       /* sums over the leaves of the first side */
} against_fork;

typedef struct against_job {
    const ken_ensemble *e;
    const ken_table *X;
    double *out;
    const double *background; /* (n_background, inputs) */
    const double *mean;       /* (outputs) of the margins of the background */
    int64_t n_background;
    int32_t most;          /* forks on a path */
    const double *weight;  /* (most + 1, most + 1) p! q! / (p + q + 1)! */
    double *x;             /* (threads, inputs) */
    uint8_t *side;         /* (threads, inputs) 0: not asked, 1: as the row, 2: as the background */
    against_fork *fork;    /* (threads, most) */
} against_job;

typedef struct against_pair {
    const against_job *job;
    const double *x, *b;
    uint8_t *side;
    against_fork *fork;
    int32_t n, p, q; /* forks open; columns that are the row's, the background's */
    double *phi;     /* (inputs) */
} against_pair;

/* From a node down to a leaf, opening forks. */
static int64_t against_descend(against_pair *s, int64_t first, int64_t i) {
    const ken_ensemble *e = s->job->e;
    while (e->feature[i] >= 0) {
        const int32_t column = e->feature[i];
        const bool x_left = ken_ensemble_goes_left(e, i, s->x[column]);
        const bool b_left = ken_ensemble_goes_left(e, i, s->b[column]);
        const bool left = s->side[column] == 2 ? b_left : x_left;
        if (s->side[column] == 0 && x_left != b_left) {
            s->fork[s->n++] =
                (against_fork){column, b_left ? e->left[i] : e->right[i], false, 0, 0};
            s->side[column] = 1;
            s->p++;
        }
        i = first + (left ? e->left[i] : e->right[i]);
    }
    return i;
}

/* All leaves that mixtures of the pair reach, depth first without recursion. A leaf of value v with p
 * columns of the row and q of the background before it gives v (p-1)! q! / (p+q)! to each of the p and
 * -v p! (q-1)! / (p+q)! to each of the q; sums of both kinds are handed up, a fork keeps its share. */
static void against_tree(against_pair *s, int32_t tree, int32_t output) {
    const ken_ensemble *e = s->job->e;
    const int64_t first = e->tree_offset[tree], row = s->job->most + 1;
    int64_t at = first;
    for (;;) {
        const double v = e->value[against_descend(s, first, at) * e->width + output];
        double pos = s->p > 0 ? v * s->job->weight[(s->p - 1) * row + s->q] : 0;
        double neg = s->q > 0 ? -v * s->job->weight[s->p * row + s->q - 1] : 0;
        while (s->n > 0 && s->fork[s->n - 1].second) {
            const against_fork *f = &s->fork[--s->n];
            s->phi[f->column] += neg;
            pos += f->pos;
            neg += f->neg;
            s->q--;
            s->side[f->column] = 0;
        }
        if (s->n == 0) return;
        against_fork *f = &s->fork[s->n - 1];
        s->phi[f->column] += pos;
        f->pos = pos, f->neg = neg, f->second = true;
        s->p--, s->q++;
        s->side[f->column] = 2;
        at = first + f->other;
    }
}

static void against_row(const against_job *job, against_pair *s, double *out) {
    const ken_ensemble *e = job->e;
    const int64_t width = e->n_inputs + 1;
    memset(out, 0, (size_t)(e->n_outputs * width) * sizeof(double));
    for (int64_t k = 0; k < job->n_background; k++) {
        s->b = job->background + k * e->n_inputs;
        for (int32_t t = 0; t < e->n_trees; t++)
            for (int32_t o = 0; o < e->width; o++) {
                s->phi = out + (e->width == 1 ? KEN_MAX(e->tree_output[t], 0) : o) * width;
                against_tree(s, t, o);
            }
    }
    for (int64_t c = 0; c < e->n_outputs * width; c++) out[c] /= (double)job->n_background;
    for (int32_t o = 0; o < e->n_outputs; o++) out[o * width + e->n_inputs] = job->mean[o];
}

static void against_rows(void *arg, int64_t begin, int64_t end, int worker) {
    const against_job *job = arg;
    const ken_ensemble *e = job->e;
    double *x = job->x + (int64_t)worker * e->n_inputs;
    against_pair s = {.job = job,
                      .x = x,
                      .side = job->side + (int64_t)worker * e->n_inputs,
                      .fork = job->fork + (int64_t)worker * job->most};
    for (int64_t i = begin; i < end; i++) {
        ken_table_gather(job->X, i, 1, x, e->n_inputs);
        against_row(job, &s, job->out + i * e->n_outputs * (e->n_inputs + 1));
    }
}

/* weight[p][q] = p! q! / (p + q + 1)!, by the last factor of p. */
static void against_weights(double *weight, int32_t most) {
    const int64_t row = most + 1;
    for (int32_t p = 0; p <= most; p++)
        for (int32_t q = 0; q <= most; q++)
            weight[p * row + q] = p > 0 ? weight[(p - 1) * row + q] * p / (p + q + 1) : 1.0 / (q + 1);
}

static ken_status against_background(ken_ctx *ctx, against_job *job, const ken_table *background) {
    const ken_ensemble *e = job->e;
    double *rows = NULL, *margin = NULL, *mean = NULL;
    KEN_TRY(KEN_SCRATCH(ctx, double, KEN_MAX(job->n_background * e->n_inputs, 1), &rows));
    KEN_TRY(KEN_SCRATCH(ctx, double, job->n_background * e->n_outputs, &margin));
    KEN_TRY(KEN_SCRATCH(ctx, double, e->n_outputs, &mean));
    ken_table_gather(background, 0, job->n_background, rows, e->n_inputs);
    KEN_TRY(ken_ensemble_margin(ctx, e, background, margin));
    for (int32_t o = 0; o < e->n_outputs; o++) {
        mean[o] = 0;
        for (int64_t k = 0; k < job->n_background; k++) mean[o] += margin[k * e->n_outputs + o];
        mean[o] /= (double)job->n_background;
    }
    job->background = rows;
    job->mean = mean;
    return KEN_OK;
}

static ken_status against_run(ken_ctx *ctx, against_job *job, const ken_table *background) {
    const int64_t threads = ken_ctx_threads(ctx), inputs = KEN_MAX(job->e->n_inputs, 1);
    const int64_t row = job->most + 1;
    double *weight = NULL;
    KEN_TRY(against_background(ctx, job, background));
    KEN_TRY(KEN_SCRATCH(ctx, double, row * row, &weight));
    against_weights(weight, job->most);
    job->weight = weight;
    KEN_TRY(KEN_SCRATCH(ctx, double, threads * inputs, &job->x));
    KEN_TRY(KEN_SCRATCH(ctx, uint8_t, threads * inputs, &job->side));
    KEN_TRY(KEN_SCRATCH(ctx, against_fork, threads * KEN_MAX(job->most, 1), &job->fork));
    memset(job->side, 0, (size_t)(threads * inputs));
    KEN_TRY(ken_parallel(ctx, ken_table_rows(job->X), 1, against_rows, job));
    return job->e->linear ? ken__tree_linear_against(ctx, job->e, job->X, job->background, job->n_background,
                                                     job->weight, job->out)
                          : KEN_OK;
}

ken_status ken_ensemble_contributions_against(ken_ctx *ctx, const ken_ensemble *ens,
                                              const ken_table *X, const ken_table *background,
                                              double *out) {
    against_job job = {.e = ens, .X = X, .out = out, .n_background = ken_table_rows(background)};
    if (ken_table_cols(X) != ens->n_inputs || ken_table_cols(background) != ens->n_inputs)
        return KEN_FAIL(ctx, KEN_E_SHAPE, "pass the columns that fit saw",
                        "trees: the tables have %d and %d columns, not %d", ken_table_cols(X),
                        ken_table_cols(background), (int)ens->n_inputs);
    if (job.n_background < 1)
        return KEN_FAIL(ctx, KEN_E_ARG, "100 rows of the training data will do",
                        "trees: the background has no rows");
    job.most = KEN_MIN(ens->max_depth, ens->n_inputs);
    if (job.most > AGAINST_MAX_COLUMNS)
        return KEN_FAIL(ctx, KEN_E_LIMIT, "use shallower trees",
                        "trees: paths of %d columns are too long", (int)job.most);
    const ken_mark mark = ken_scratch_mark(ctx);
    const ken_status status = against_run(ctx, &job, background);
    ken_scratch_release(ctx, mark);
    return status;
}
