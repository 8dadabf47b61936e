/* Paths over alpha: see linear_path.h. */
#include "ken/linear/linear_path.h"

#include <math.h>
#include <string.h>

#include "ken/kernels/elementary.h"
#include "ken/kernels/kernels.h"
#include "ken/linear/elastic_net/elastic_net.h"
#include "ken/linear/lasso/lasso.h"
#include "ken/linear/linear_cd.h"
#include "ken/linear/linear_rows.h"
#include "ken/linear/ridge/ridge.h"
#include "ken/math/linalg.h"

enum {
    PATH_ALPHA,
    PATH_INTERCEPT,
    PATH_OBJECTIVE,
    PATH_GAP,
    PATH_DF,
    PATH_N_ITER,
    PATH_COEF,
    PATH_ITEMS
};

static const char *const path_names[PATH_ITEMS] = {"alpha", "intercept", "objective", "gap",
                                                   "df",    "n_iter",    "coef"};

struct ken_linear_path {
    ken_allocator alloc;
    int64_t m, d;
    double *item[PATH_ITEMS]; /* one block: item[0] is its start */
    ken_tensor tensor[PATH_ITEMS];
    char **inputs;
};

typedef struct path_job {
    ken_linear_path_params params;
    ken_linear_path *path;
} path_job;

/* --- memory ---------------------------------------------------------------------------------- */

static ken_status path_alloc(ken_ctx *ctx, ken_linear_path *path, const ken_model *model, int64_t m,
                             int64_t d) {
    if (m > INT64_MAX / 16 / (d + PATH_ITEMS))
        return KEN_FAIL(ctx, KEN_E_NOMEM, "ask for fewer alphas", "path: %lld alphas are too many",
                        (long long)m);
    KEN_TRY(KEN_ALLOC(ctx, char *, d + 1, &path->inputs));
    path->d = d;
    for (int64_t j = 0; j < d; j++)
        KEN_TRY(ken_strdup(ctx, ken_model_input(model, (int)j), &path->inputs[j]));
    KEN_TRY(KEN_ALLOC(ctx, double, m *(PATH_COEF + d), &path->item[0]));
    path->m = m;
    for (int k = 0; k < PATH_ITEMS; k++) {
        path->item[k] = path->item[0] + k * m;
        path->tensor[k] = ken_tensor_1d(path->item[k], KEN_F64, m);
    }
    path->tensor[PATH_COEF] = ken_tensor_2d(path->item[PATH_COEF], KEN_F64, m, d);
    return KEN_OK;
}

void ken_linear_path_free(ken_linear_path *path) {
    if (!path) return;
    const ken_allocator alloc = path->alloc;
    for (int64_t j = 0; path->inputs && j < path->d; j++)
        ken_allocator_free(&alloc, path->inputs[j]);
    ken_allocator_free(&alloc, path->inputs);
    ken_allocator_free(&alloc, path->item[0]);
    ken_allocator_free(&alloc, path);
}

const ken_tensor *ken_linear_path_get(const ken_linear_path *path, const char *name) {
    for (int k = 0; k < PATH_ITEMS; k++)
        if (strcmp(name, path_names[k]) == 0) return &path->tensor[k];
    return NULL;
}

const char *ken_linear_path_input(const ken_linear_path *path, int j) {
    return j >= 0 && j < path->d ? path->inputs[j] : NULL;
}

void ken_linear_path_write_json(const ken_linear_path *path, ken_json_writer *w) {
    ken_json_object(w);
    ken_json_put_key(w, "inputs");
    ken_json_array(w);
    for (int64_t j = 0; j < path->d; j++) ken_json_put_string(w, path->inputs[j]);
    ken_json_end_array(w);
    for (int k = 0; k < PATH_ITEMS; k++) {
        ken_json_put_key(w, path_names[k]);
        ken_json_array(w);
        for (int64_t i = 0; i < path->m; i++) {
            if (k == PATH_COEF) ken_json_array(w);
            for (int64_t j = 0; j < (k == PATH_COEF ? path->d : 1); j++)
                ken_json_put_f64(w, path->item[k][k == PATH_COEF ? i * path->d + j : i]);
            if (k == PATH_COEF) ken_json_end_array(w);
        }
        ken_json_end_array(w);
    }
    ken_json_end_object(w);
}

/* --- alphas ---------------------------------------------------------------------------------- */

static ken_status path_check(ken_ctx *ctx, const ken_linear_path_params *p, bool ridge) {
    if (p->n_alphas < 1)
        return KEN_FAIL(ctx, KEN_E_ARG, "ask for at least 1", "path: n_alphas is %lld",
                        (long long)p->n_alphas);
    if (!(p->eps >= 0 && p->eps < 1))
        return KEN_FAIL(ctx, KEN_E_ARG, "give a ratio above 0 and below 1, or 0 for the default",
                        "path: eps is %g", p->eps);
    for (int64_t i = 0; p->alphas && i < p->n_alphas; i++) {
        const double a = p->alphas[i];
        const bool good =
            isfinite(a) && (ridge ? a >= 0 : a > 0) && (i == 0 || a < p->alphas[i - 1]);
        if (!good)
            return KEN_FAIL(ctx, KEN_E_ARG, "give finite alphas above 0, each below the one before",
                            "path: alpha %lld is %g", (long long)i + 1, a);
    }
    return KEN_OK;
}

static ken_status path_fill_alphas(ken_ctx *ctx, const path_job *job, double top, double eps) {
    double *alpha = job->path->item[PATH_ALPHA];
    const int64_t m = job->params.n_alphas;
    if (job->params.alphas) {
        memcpy(alpha, job->params.alphas, (size_t)m * sizeof *alpha);
        return KEN_OK;
    }
    if (!(top > 0 && isfinite(top)))
        return KEN_FAIL(ctx, KEN_E_VALUE, "give alphas, or other columns",
                        "path: no column goes with the target, so that there is no largest alpha");
    const double slope = ken_log(job->params.eps > 0 ? job->params.eps : eps);
    for (int64_t i = 0; i < m; i++)
        alpha[i] = i == 0 ? top : top * ken_exp(slope * (double)i / (double)(m - 1));
    return KEN_OK;
}

/* --- lasso, elastic net ---------------------------------------------------------------------- */

static double path_product(const ken_cd *s, int64_t j, int64_t k) {
    return s->gram ? s->gram[j * s->ld + k]
                   : s->kernels->dot(s->Z + j * s->n, s->Z + k * s->n, s->n);
}

/* Trace of Z_A (Z_A'Z_A + l2 I)^-1 Z_A' = a - l2 trace((Z_A'Z_A + l2 I)^-1), for the a columns in
 * use. */
static ken_status path_df(ken_ctx *ctx, const ken_cd *s, double *df) {
    int64_t a = 0, *active;
    double *A, *inverse;
    KEN_TRY(KEN_SCRATCH(ctx, int64_t, s->d, &active));
    for (int64_t j = 0; j < s->d; j++)
        if (s->coef[j] != 0) active[a++] = j;
    *df = (double)a;
    if (s->l2 == 0 || a == 0) return KEN_OK;
    KEN_TRY(KEN_SCRATCH(ctx, double, a *a, &A));
    KEN_TRY(KEN_SCRATCH(ctx, double, a *a, &inverse));
    for (int64_t i = 0; i < a; i++)
        for (int64_t k = 0; k <= i; k++)
            A[i * a + k] = path_product(s, active[i], active[k]) + (i == k ? s->l2 : 0);
    if (ken_cholesky(A, a, a, 0) < a) return KEN_OK; /* l2 below rounding: as without it */
    ken_cholesky_inverse(A, a, a, inverse);
    for (int64_t i = 0; i < a; i++) *df -= s->l2 * inverse[i * a + i];
    return KEN_OK;
}

static ken_status path_one(ken_ctx *ctx, ken_cd *s, ken_linear_path *path, int64_t i) {
    const ken_mark mark = ken_scratch_mark(ctx);
    KEN_TRY(ken__cd_restart(ctx, s, path->item[PATH_ALPHA][i]));
    while (!ken__cd_done(s)) {
        KEN_TRY(ken_check_cancel(ctx));
        KEN_TRY(ken__cd_step_pass(ctx, s));
    }
    KEN_TRY(ken__cd_certify_rows(ctx, s));
    path->item[PATH_INTERCEPT][i] = ken__cd_intercept(s);
    path->item[PATH_OBJECTIVE][i] = s->bound.objective;
    path->item[PATH_GAP][i] = s->bound.gap;
    path->item[PATH_N_ITER][i] = (double)s->passes;
    memcpy(path->item[PATH_COEF] + i * s->d, s->coef, (size_t)s->d * sizeof *s->coef);
    KEN_TRY(path_df(ctx, s, &path->item[PATH_DF][i]));
    ken_scratch_release(ctx, mark);
    return KEN_OK;
}

static ken_status path_descend(ken_ctx *ctx, const ken_model *model, const ken_problem *problem,
                               path_job *job) {
    ken_cd_options options = ken_model_desc(model) == &ken_lasso_desc
                                 ? ken__lasso_options(ken_model_params(model))
                                 : ken__elastic_net_options(ken_model_params(model));
    ken_cd s;
    int64_t open = 0;
    options.step_unit = KEN_CD_PASS;
    KEN_TRY(ken__cd_open(ctx, model, problem, &options, &s));
    s.options.l1_ratio = KEN_MAX(options.l1_ratio, 1e-3); /* for the largest alpha alone */
    const double top = ken__cd_alpha_max(&s);
    s.options.l1_ratio = options.l1_ratio;
    KEN_TRY(path_fill_alphas(ctx, job, top, s.d > s.n ? 1e-2 : 1e-3));
    for (int64_t i = 0; i < job->params.n_alphas; i++) {
        KEN_TRY(path_one(ctx, &s, job->path, i));
        open += !s.converged;
    }
    if (open > 0)
        ken_warn(ctx,
                 "path: %lld of %lld alphas did not converge, their gap says how far they are; "
                 "raise max_iter or eps",
                 (long long)open, (long long)job->params.n_alphas);
    return KEN_OK;
}

/* --- ridge ----------------------------------------------------------------------------------- */

typedef struct path_ridge {
    int64_t d;
    double *mean, *center, *values, *vectors, *along, *gradient;
} path_ridge;

static ken_status path_ridge_open(ken_ctx *ctx, const ken_model *model, const ken_problem *problem,
                                  path_ridge *r) {
    const ken_ridge_params *p = ken_model_params(model);
    const int64_t d = r->d = ken_table_cols(problem->X), ld = ken_pad(d + 1);
    double *G, total;
    KEN_TRY(KEN_SCRATCH(ctx, double, d + 1, &r->mean));
    KEN_TRY(KEN_SCRATCH(ctx, double, d + 1, &r->center));
    KEN_TRY(KEN_SCRATCH(ctx, double, d, &r->values));
    KEN_TRY(KEN_SCRATCH(ctx, double, d *d, &r->vectors));
    KEN_TRY(KEN_SCRATCH(ctx, double, d, &r->along));
    KEN_TRY(KEN_SCRATCH(ctx, double, d + 2, &r->gradient));
    KEN_TRY(KEN_SCRATCH(ctx, double, ld *ld, &G));
    KEN_TRY(ken__linear_means(ctx, problem, r->mean, &total));
    KEN_TRY(ken__linear_weighty(ctx, model, total));
    for (int64_t j = 0; j <= d; j++) r->center[j] = p->fit_intercept ? r->mean[j] : 0;
    KEN_TRY(ken__linear_gram(ctx, problem, r->center, G));
    KEN_TRY(ken_eigen_symmetric(ctx, G, d, ld, r->values, r->vectors));
    for (int64_t k = 0; k < d; k++) {
        r->along[k] = 0;
        for (int64_t j = 0; j < d; j++) r->along[k] += r->vectors[k * d + j] * G[j * ld + d];
    }
    return KEN_OK;
}

/* b = sum over directions k of v_k (v_k . Z'Wy) / (s_k^2 + alpha); df = sum of s_k^2 / (s_k^2 +
 * alpha). With e = Z'W r - alpha b, the gap of the dual point r is |e|^2 / alpha. */
static ken_status path_ridge_one(ken_ctx *ctx, const ken_problem *problem, const path_ridge *r,
                                 ken_linear_path *path, int64_t i) {
    const double alpha = path->item[PATH_ALPHA][i], largest = r->d > 0 ? r->values[r->d - 1] : 0;
    double *coef = path->item[PATH_COEF] + i * r->d, intercept = r->center[r->d], square = 0,
           gap = 0;
    for (int64_t k = 0; k < r->d; k++) {
        const double value = KEN_MAX(r->values[k], 0);
        if (value <= (double)r->d * 0x1p-52 * largest) continue; /* no direction of its own */
        for (int64_t j = 0; j < r->d; j++)
            coef[j] += r->vectors[k * r->d + j] * r->along[k] / (value + alpha);
        path->item[PATH_DF][i] += value / (value + alpha);
    }
    for (int64_t j = 0; j < r->d; j++) {
        intercept -= coef[j] * r->center[j];
        square += coef[j] * coef[j];
    }
    KEN_TRY(ken__linear_gradient(ctx, problem, r->center, coef, intercept, r->gradient));
    for (int64_t j = 0; j < r->d; j++) {
        const double e = r->gradient[j] - alpha * coef[j];
        gap += e * e;
    }
    path->item[PATH_INTERCEPT][i] = intercept;
    path->item[PATH_OBJECTIVE][i] = r->gradient[r->d + 1] + alpha * square;
    path->item[PATH_GAP][i] = alpha > 0 ? gap / alpha : (double)NAN;
    return KEN_OK;
}

static ken_status path_shrink(ken_ctx *ctx, const ken_model *model, const ken_problem *problem,
                              path_job *job) {
    path_ridge r;
    KEN_TRY(path_ridge_open(ctx, model, problem, &r));
    KEN_TRY(path_fill_alphas(ctx, job, r.d > 0 ? 100 * r.values[r.d - 1] : 0, 1e-6));
    for (int64_t i = 0; i < job->params.n_alphas; i++) {
        KEN_TRY(ken_check_cancel(ctx));
        KEN_TRY(path_ridge_one(ctx, problem, &r, job->path, i));
    }
    return KEN_OK;
}

/* --- public ---------------------------------------------------------------------------------- */

static ken_status path_run(ken_ctx *ctx, const ken_model *model, const ken_problem *problem,
                           void *arg) {
    path_job *job = arg;
    KEN_TRY(path_alloc(ctx, job->path, model, job->params.n_alphas, ken_table_cols(problem->X)));
    return ken_model_desc(model) == &ken_ridge_desc ? path_shrink(ctx, model, problem, job)
                                                    : path_descend(ctx, model, problem, job);
}

ken_status ken_linear_path_new(ken_ctx *ctx, const ken_model *model, const ken_data *data,
                               const ken_linear_path_params *params, ken_linear_path **out) {
    const ken_desc *desc = ken_model_desc(model);
    path_job job = {.params = KEN_LINEAR_PATH_DEFAULTS};
    ken_model *copy = NULL;
    *out = NULL;
    if (params) job.params = *params;
    if (desc != &ken_lasso_desc && desc != &ken_elastic_net_desc && desc != &ken_ridge_desc)
        return KEN_FAIL(ctx, KEN_E_ARG, "give a lasso, elastic_net or ridge",
                        "path: %s has no path over alpha", desc->name);
    KEN_TRY(path_check(ctx, &job.params, desc == &ken_ridge_desc));
    KEN_TRY(ken_model_clone(ctx, model, &copy));
    ken_status status = KEN_ALLOC(ctx, ken_linear_path, 1, &job.path);
    if (status == KEN_OK) {
        job.path->alloc = ken_ctx_allocator(ctx);
        status = ken_model_prepare(ctx, copy, data, path_run, &job);
    }
    ken_model_free(copy);
    if (status != KEN_OK) {
        ken_linear_path_free(job.path);
        return status;
    }
    *out = job.path;
    return KEN_OK;
}
