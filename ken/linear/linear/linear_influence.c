/* Influence of rows on least squares: see linear_influence.h. With C = (Z'WZ)^-1 of the centered
 * columns, h = w (1/W + z'Cz), and all else follows from h, the residual and sigma: no fit is made
 * again for a row left out. */
#include "ken/linear/linear/linear_influence.h"

#include <math.h>
#include <string.h>

#include "ken/core/threads.h"
#include "ken/linear/linear/linear.h"
#include "ken/linear/linear/linear_solve.h"
#include "ken/linear/linear_rows.h"

enum {
    INFLUENCE_ROW,
    INFLUENCE_FITTED,
    INFLUENCE_RESIDUAL,
    INFLUENCE_LEVERAGE,
    INFLUENCE_STANDARDIZED,
    INFLUENCE_STUDENTIZED,
    INFLUENCE_COOK,
    INFLUENCE_DFFITS,
    INFLUENCE_ITEMS
};

static const char *const influence_names[INFLUENCE_ITEMS] = {
    "row", "fitted", "residual", "leverage", "standardized", "studentized", "cook", "dffits"};

typedef struct influence_job {
    const ken_data *data;
    const ken_problem *problem;
    ken_linear_solution solution;
    bool centered;
    double dof, sigma;
    double *z; /* a worker's own: d */
    int64_t *row;
    double *item[INFLUENCE_ITEMS];
    ken_table *out;
} influence_job;

/* h and the prediction of row i; z is work. */
static void influence_look(const influence_job *job, int64_t i, double w, double *z) {
    const ken_linear_solution *s = &job->solution;
    double h = job->centered ? 1 / s->total_weight : 0, value = s->intercept;
    for (int64_t j = 0; j < s->d; j++) {
        const double x = ken_column_f64(ken_table_column(job->problem->X, (int)j), i);
        value += s->coef[j] * x;
        z[j] = job->centered ? x - s->center[j] : x;
    }
    for (int64_t j = 0; j < s->d; j++) {
        double sum = 0;
        for (int64_t k = 0; k < s->d; k++) sum += s->covariance[j * s->d + k] * z[k];
        h += z[j] * sum;
    }
    job->item[INFLUENCE_FITTED][i] = value;
    job->item[INFLUENCE_RESIDUAL][i] = job->problem->y[i] - value;
    job->item[INFLUENCE_LEVERAGE][i] = KEN_MIN(w * h, 1);
}

static void influence_rows(void *arg, int64_t begin, int64_t end, int worker) {
    const influence_job *job = arg;
    const double p = (double)(job->solution.rank + job->centered);
    for (int64_t i = begin; i < end; i++) {
        const double w = job->problem->weight ? job->problem->weight[i] : 1;
        influence_look(job, i, w, job->z + worker * job->solution.d);
        const double h = job->item[INFLUENCE_LEVERAGE][i], rest = 1 - h;
        const bool known = w > 0 && job->dof > 0 && rest > 1e-10;
        const double r = job->item[INFLUENCE_RESIDUAL][i];
        const double e = known ? r * sqrt(w) / (job->sigma * sqrt(rest)) : (double)NAN;
        const double left =
            job->dof - e * e; /* times sigma^2: the residual sum of squares without the row */
        const double t = left > 0 ? e * sqrt((job->dof - 1) / left) : (double)NAN;
        job->item[INFLUENCE_STANDARDIZED][i] = e;
        job->item[INFLUENCE_STUDENTIZED][i] = t;
        job->item[INFLUENCE_COOK][i] = e * e * h / (p * rest);
        job->item[INFLUENCE_DFFITS][i] = t * sqrt(h / rest);
    }
}

/* The rows that ken_data trains on, in order: as core/prepare.c takes them. */
static void influence_number_rows(const influence_job *job) {
    const ken_data *data = job->data;
    int64_t n = 0;
    for (int64_t i = 0; i < ken_table_rows(data->table) && n < job->problem->n_train; i++)
        if ((!data->role || data->role[i] == KEN_ROLE_TRAIN) &&
            !ken_column_missing(data->target, i))
            job->row[n++] = i;
}

static ken_status influence_solve(ken_ctx *ctx, const ken_model *model, influence_job *job) {
    ken_linear_solution *s = &job->solution;
    s->d = ken_table_cols(job->problem->X);
    KEN_TRY(KEN_SCRATCH(ctx, double, s->d, &s->coef));
    KEN_TRY(KEN_SCRATCH(ctx, double, s->d, &s->center));
    KEN_TRY(KEN_SCRATCH(ctx, double, s->d * s->d, &s->covariance));
    memset(s->coef, 0, (size_t)s->d * sizeof *s->coef);
    memset(s->center, 0, (size_t)s->d * sizeof *s->center);
    memset(s->covariance, 0, (size_t)(s->d * s->d) * sizeof *s->covariance);
    KEN_TRY(ken__linear_solve(ctx, job->problem, job->centered, s));
    KEN_TRY(ken__linear_weighty(ctx, model, s->total_weight));
    if (!job->centered) s->intercept = 0;
    job->dof = (double)(s->rows - s->rank - job->centered);
    job->sigma = job->dof > 0 ? sqrt(s->rss / job->dof) : (double)NAN;
    return KEN_OK;
}

static ken_status influence_run(ken_ctx *ctx, const ken_model *model, const ken_problem *problem,
                                void *arg) {
    influence_job *job = arg;
    job->problem = problem;
    job->centered = ((const ken_linear_params *)ken_model_params(model))->fit_intercept;
    KEN_TRY(influence_solve(ctx, model, job));
    KEN_TRY(KEN_SCRATCH(ctx, double, KEN_MAX(job->solution.d, 1) * ken_ctx_threads(ctx), &job->z));
    KEN_TRY(ken_table_new(ctx, problem->n_train, &job->out));
    for (int k = 0; k < INFLUENCE_ITEMS; k++)
        KEN_TRY(ken_table_add_new(
            ctx, job->out, influence_names[k], k == INFLUENCE_ROW ? KEN_I64 : KEN_F64,
            k == INFLUENCE_ROW ? (void **)&job->row : (void **)&job->item[k], NULL));
    influence_number_rows(job);
    return ken_parallel(ctx, problem->n_train, 1024, influence_rows, job);
}

ken_status ken_linear_influence(ken_ctx *ctx, const ken_model *model, const ken_data *data,
                                ken_table **out) {
    influence_job job = {.data = data};
    ken_model *copy = NULL;
    *out = NULL;
    if (ken_model_desc(model) != &ken_linear_desc)
        return KEN_FAIL(ctx, KEN_E_ARG, "give a model 'linear'",
                        "influence: %s has no hat matrix here", ken_model_desc(model)->name);
    KEN_TRY(ken_model_clone(ctx, model, &copy));
    const ken_status status = ken_model_prepare(ctx, copy, data, influence_run, &job);
    ken_model_free(copy);
    if (status != KEN_OK)
        ken_table_free(job.out);
    else
        *out = job.out;
    return status;
}
