/* Conformal prediction. Rows that a model has not seen tell how far off it is; as a new row is one more of their
 * kind, its error ranks among theirs uniformly, whatever the model and whatever the distribution. Nested model 0
 * is the one that predicts; with CV+ the models of the folds come after it.
 *
 * source  Vovk, Gammerman & Shafer 2005; Barber, Candes, Ramdas & Tibshirani 2021 (jackknife+, CV+); Romano,
 *         Patterson & Candes 2019 (quantiles); Sadinle, Lei & Wasserman 2019 (LAC); Romano, Sesia & Candes 2020 (APS) */
#include "ken/ensemble/conformal/conformal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ken/core/alloc.h"
#include "ken/core/catalog.h"
#include "ken/core/quantiles.h"
#include "ken/core/rng.h"
#include "ken/core/text.h"
#include "ken/core/threads.h"
#include "ken/ensemble/conformal/conformal_select.h"

#define CONFORMAL_CV_ROWS 20000
#define CONFORMAL_CELLS ((int64_t)1 << 22) /* predictions of the folds' models in one go */

int64_t ken_conformal_rank(int64_t n, double coverage) {
    const double at = ceil((double)(n + 1) * coverage - 1e-9); /* 10 * 0.9 is a little more than 9 */
    return at < 1 ? 1 : at > (double)n + 1 ? n + 1 : (int64_t)at;
}

static int conformal_by_value(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

/* --- fitting the base --------------------------------------------------------------------------- */
/* The rows of a fit, parted: part[i] is the fold of training row i. */
typedef struct conformal {
    ken_model *model;
    const ken_problem *p;
    const ken_conformal_params *params;
    int64_t n;     /* training rows */
    int64_t folds; /* parts */
    int32_t *part; /* (n) */
    const double *target; /* (p->n): y, or class codes */
    int64_t done, total; /* fits */
} conformal;

static ken_column conformal_column(const char *name, const double *data, int64_t n) {
    return (ken_column){.name = name, .dtype = KEN_F64, .n = n, .data = data, .stride = 1, .source = -1};
}

/* A clone of the base that sees all training rows but those of part `without` (-1: all); the model adopts it. */
static ken_status conformal_fit_base(ken_ctx *ctx, conformal *c, int32_t without, ken_model **out) {
    const ken_problem *p = c->p;
    const ken_column y = conformal_column(ken_model_target(c->model), c->target, p->n);
    const ken_column w = conformal_column("weight", p->weight, p->n);
    void (*const hook)(void *, const ken_progress *) = ken_ctx_get_options(ctx)->hook;
    const ken_progress at = ken_progress_of("conformal", ++c->done, c->total);
    uint8_t *role;
    KEN_TRY(ken_check_cancel(ctx));
    KEN_TRY(KEN_SCRATCH(ctx, uint8_t, p->n, &role));
    for (int64_t i = 0; i < p->n; i++)
        role[i] = i >= c->n ? KEN_ROLE_VALIDATION : c->part[i] == without ? KEN_ROLE_TEST : KEN_ROLE_TRAIN;
    const ken_data data = {.table = p->X, .target = &y, .weight = p->weight ? &w : NULL, .role = role,
                           .task = p->task};
    KEN_TRY(ken_model_clone(ctx, ken_model_base(c->model, "base"), out));
    ken_ctx_set_hook(ctx, NULL); /* its own steps are not those of the whole */
    ken_status status = ken_model_fit(ctx, *out, &data);
    ken_ctx_set_hook(ctx, hook);
    if (status == KEN_OK) status = ken_model_adopt(ctx, c->model, *out);
    if (status != KEN_OK)
        ken_model_free(*out);
    else
        ken_report_progress(ctx, &at);
    return status;
}

/* Parts of equal size by a shuffle; with one share to calibrate on, part 0 has it and part 1 the rest. */
static ken_status conformal_part(ken_ctx *ctx, conformal *c, bool folds) {
    ken_rng rng = ken_rng_stream(ctx, "conformal.parts", 0);
    int64_t *order, held = (int64_t)floor((double)c->n * c->params->calibration + 0.5);
    held = KEN_MAX(1, KEN_MIN(held, c->n - 1));
    c->folds = folds ? KEN_MIN(c->params->folds, c->n) : 2;
    KEN_TRY(KEN_SCRATCH(ctx, int32_t, c->n, &c->part));
    KEN_TRY(KEN_SCRATCH(ctx, int64_t, c->n, &order));
    for (int64_t i = 0; i < c->n; i++) order[i] = i;
    ken_rng_shuffle(&rng, order, c->n);
    for (int64_t i = 0; i < c->n; i++) c->part[order[i]] = (int32_t)(folds ? i % c->folds : i >= held);
    return KEN_OK;
}

/* --- scores: how far off the rows are that a model has not seen ---------------------------------- */
/* A pair of columns (n, 2) around the target: the interval, or the outer quantiles. */
static ken_status conformal_pair(ken_ctx *ctx, const ken_model *m, const ken_table *X, double *out) {
    const ken_estimator *e = ken_model_desc(m)->estimator;
    const int64_t n = ken_table_rows(X), q = e->width ? e->width(m, KEN_WHAT_QUANTILES) : 0;
    ken_tensor t = ken_tensor_2d(out, KEN_F64, n, 2);
    double *all;
    if (e->width && e->width(m, KEN_WHAT_INTERVAL) == 2) return ken_model_predict(ctx, m, X, KEN_WHAT_INTERVAL, &t);
    if (q < 2)
        return KEN_FAIL(ctx, KEN_E_UNSUPPORTED, "choose quantile_forest, or method=cv",
                        "conformal: base '%s' gives no quantiles", ken_model_desc(m)->name);
    KEN_TRY(KEN_SCRATCH(ctx, double, n * q, &all));
    t = ken_tensor_2d(all, KEN_F64, n, q);
    KEN_TRY(ken_model_predict(ctx, m, X, KEN_WHAT_QUANTILES, &t));
    for (int64_t i = 0; i < n; i++) out[2 * i] = all[i * q], out[2 * i + 1] = all[i * q + q - 1];
    return KEN_OK;
}

/* Classes of a nested model are named by their codes; false: they are not (a hostile file). */
static bool conformal_code(const ken_model *m, int j, int64_t k, int64_t *code) {
    const char *name = ken_model_class(m, j);
    double value;
    if (!ken_parse_f64(name, strlen(name), &value) || !(value >= 0 && value < (double)k) || value != floor(value))
        return false;
    *code = (int64_t)value;
    return true;
}

/* out (n, k): probabilities of all classes, 0 for those that the nested model never saw. */
static ken_status conformal_proba(ken_ctx *ctx, const ken_model *m, const ken_table *X, int64_t k, double *out) {
    const int64_t n = ken_table_rows(X), seen = ken_model_n_classes(m);
    const ken_mark mark = ken_scratch_mark(ctx);
    double *proba;
    KEN_TRY(KEN_SCRATCH(ctx, double, n * seen, &proba));
    ken_tensor t = ken_tensor_2d(proba, KEN_F64, n, seen);
    const ken_status status = ken_model_predict(ctx, m, X, KEN_WHAT_PROBA, &t);
    memset(out, 0, (size_t)(n * k) * sizeof *out);
    for (int j = 0; status == KEN_OK && j < seen; j++) {
        int64_t code;
        if (!conformal_code(m, j, k, &code)) continue;
        for (int64_t i = 0; i < n; i++) out[i * k + code] = proba[i * seen + j];
    }
    ken_scratch_release(ctx, mark);
    return status;
}

/* The smaller, the better class c fits. LAC: 1 - p. APS: the probability of all classes as likely or more. */
static double conformal_misfit(int method, const double *p, int64_t k, int64_t c) {
    double sum = 0;
    if (method == KEN_CONFORMAL_LAC) return 1 - p[c];
    for (int64_t j = 0; j < k; j++) sum += p[j] >= p[c] ? p[j] : 0;
    return sum;
}

static bool conformal_is_set(int method) { return method == KEN_CONFORMAL_LAC || method == KEN_CONFORMAL_APS; }

/* How far off each row is: |y - prediction|, how far y lies outside of the pair, or how badly its class fits. */
static ken_status conformal_measure(ken_ctx *ctx, const conformal *c, const ken_model *m, const ken_table *X, int method,
                                    const int64_t *row, double *score) {
    const int64_t n = ken_table_rows(X), k = c->p->n_classes;
    const bool pair = method == KEN_CONFORMAL_QUANTILE, set = conformal_is_set(method);
    double *said;
    KEN_TRY(KEN_SCRATCH(ctx, double, n * (pair ? 2 : set ? k : 1), &said));
    ken_tensor t = ken_tensor_2d(said, KEN_F64, n, 1);
    KEN_TRY(pair  ? conformal_pair(ctx, m, X, said)
            : set ? conformal_proba(ctx, m, X, k, said)
                  : ken_model_predict(ctx, m, X, KEN_WHAT_VALUE, &t));
    for (int64_t i = 0; i < n; i++) {
        const double y = c->target[row[i]];
        score[i] = pair  ? KEN_MAX(said[2 * i] - y, y - said[2 * i + 1])
                   : set ? conformal_misfit(method, said + i * k, k, (int64_t)y)
                         : fabs(y - said[i]);
    }
    return KEN_OK;
}

/* Scores of the rows of a part, ascending. */
static ken_status conformal_score(ken_ctx *ctx, const conformal *c, const ken_model *m, int32_t part, int method,
                                  double *score, int64_t *n) {
    int64_t *row;
    ken_table *X;
    *n = 0;
    KEN_TRY(KEN_SCRATCH(ctx, int64_t, c->n, &row));
    for (int64_t i = 0; i < c->n; i++)
        if (c->part[i] == part) row[(*n)++] = i;
    KEN_TRY(ken_table_take(ctx, c->p->X, row, *n, &X));
    const ken_status status = conformal_measure(ctx, c, m, X, method, row, score);
    ken_table_free(X);
    KEN_TRY(status);
    qsort(score, (size_t)*n, sizeof *score, conformal_by_value);
    return KEN_OK;
}

static ken_status conformal_keep(ken_ctx *ctx, ken_model *model, int method, const double *score, int64_t n,
                                 const int64_t *offset, int64_t folds) {
    const ken_conformal_params *p = ken_model_params(model);
    const int64_t rank = ken_conformal_rank(n, p->coverage), offsets = folds + 1;
    void *data;
    if (rank > n)
        ken_warn(ctx, "conformal: %lld rows to calibrate on are too few for coverage %g: every value is inside",
                 (long long)n, p->coverage);
    KEN_TRY(ken_attr_new(ctx, model, "score", KEN_F64, 1, &n, &data));
    memcpy(data, score, (size_t)n * sizeof *score);
    KEN_TRY(ken_attr_new(ctx, model, "offset", KEN_I64, 1, &offsets, &data));
    memcpy(data, offset, (size_t)offsets * sizeof *offset);
    return ken_attr_set_i64(ctx, model, "method", method);
}

/* One model, scored on the rows kept from it. */
static ken_status conformal_split(ken_ctx *ctx, conformal *c, int method) {
    int64_t offset[2] = {0, 0};
    double *score;
    ken_model *m;
    c->total = 1;
    KEN_TRY(conformal_part(ctx, c, false));
    KEN_TRY(conformal_fit_base(ctx, c, 0, &m));
    KEN_TRY(KEN_SCRATCH(ctx, double, c->n, &score));
    KEN_TRY(conformal_score(ctx, c, m, 0, method, score, &offset[1]));
    return conformal_keep(ctx, c->model, method, score, offset[1], offset, 1);
}

/* A model of all rows, and one without each fold, scored on that fold. */
static ken_status conformal_cv(ken_ctx *ctx, conformal *c) {
    int64_t *offset;
    double *score;
    ken_model *m;
    KEN_TRY(conformal_part(ctx, c, true));
    c->total = c->folds + 1;
    KEN_TRY(KEN_SCRATCH(ctx, double, c->n, &score));
    KEN_TRY(KEN_SCRATCH(ctx, int64_t, c->folds + 1, &offset));
    KEN_TRY(conformal_fit_base(ctx, c, -1, &m));
    offset[0] = 0;
    for (int64_t k = 0; k < c->folds; k++) {
        int64_t n;
        const ken_mark mark = ken_scratch_mark(ctx);
        KEN_TRY(conformal_fit_base(ctx, c, (int32_t)k, &m));
        KEN_TRY(conformal_score(ctx, c, m, (int32_t)k, KEN_CONFORMAL_CV, score + offset[k], &n));
        offset[k + 1] = offset[k] + n;
        ken_scratch_release(ctx, mark);
    }
    return conformal_keep(ctx, c->model, KEN_CONFORMAL_CV, score, c->n, offset, c->folds);
}

/* Whether the base is set to give two quantiles at least. */
static bool conformal_has_quantiles(ken_ctx *ctx, const ken_model *base) {
    const ken_param *p = ken_desc_param(ken_model_desc(base), "quantiles");
    int n = 0;
    if (!p || p->type != KEN_PARAM_TEXT) return false;
    const char *text = *(const char *const *)((const char *)ken_model_params(base) + p->offset);
    return ken_quantiles_parse(ctx, ken_model_desc(base)->name, text, NULL, &n) == KEN_OK && n > 1;
}

static ken_status conformal_method(ken_ctx *ctx, const conformal *c, int *method) {
    const bool classes = c->p->task == KEN_CLASSIFY;
    *method = c->params->method;
    if (*method == KEN_CONFORMAL_AUTO)
        *method = classes                                                                 ? KEN_CONFORMAL_LAC
                  : conformal_has_quantiles(ctx, ken_model_base(c->model, "base")) ? KEN_CONFORMAL_QUANTILE
                  : c->n <= CONFORMAL_CV_ROWS                                      ? KEN_CONFORMAL_CV
                                                                                   : KEN_CONFORMAL_SPLIT;
    if (classes == conformal_is_set(*method)) return KEN_OK;
    return KEN_FAIL(ctx, KEN_E_ARG, classes ? "use method=lac or method=aps" : "use method=split, cv or quantile",
                    "conformal: this method cannot %s", ken_task_name(c->p->task));
}

static ken_status conformal_run(ken_ctx *ctx, conformal *c) {
    double *code;
    int method;
    KEN_TRY(conformal_method(ctx, c, &method));
    c->target = c->p->y;
    if (c->p->label) {
        KEN_TRY(KEN_SCRATCH(ctx, double, c->p->n, &code));
        for (int64_t i = 0; i < c->p->n; i++) code[i] = c->p->label[i];
        c->target = code;
    }
    return method == KEN_CONFORMAL_CV ? conformal_cv(ctx, c) : conformal_split(ctx, c, method);
}

static ken_status conformal_fit(ken_ctx *ctx, ken_model *model, const ken_problem *p) {
    conformal c = {.model = model, .p = p, .params = ken_model_params(model), .n = p->n_train};
    if (c.n < 3)
        return KEN_FAIL(ctx, KEN_E_VALUE, "give more rows", "conformal: %s cannot be learned from and calibrated on",
                        c.n < 2 ? "one sample" : "2 rows");
    const ken_mark mark = ken_scratch_mark(ctx);
    const ken_status status = conformal_run(ctx, &c);
    ken_scratch_release(ctx, mark);
    return status;
}

/* --- predict ------------------------------------------------------------------------------------ */
typedef struct conformal_job {
    conformal_view v;
    const double *said; /* (folds, rows) */
    int64_t rows;
    double *out; /* (rows, 2) */
} conformal_job;

static void conformal_rows(void *arg, int64_t begin, int64_t end, int worker) {
    const conformal_job *job = arg;
    (void)worker;
    for (int64_t i = begin; i < end; i++) {
        job->out[2 * i] = -ken__conformal_select(&job->v, job->said + i, job->rows, -1);
        job->out[2 * i + 1] = ken__conformal_select(&job->v, job->said + i, job->rows, 1);
        if (job->out[2 * i] > job->out[2 * i + 1]) /* models that differ by more than they err */
            job->out[2 * i] = job->out[2 * i + 1] = 0.5 * (job->out[2 * i] + job->out[2 * i + 1]);
    }
}

static ken_status conformal_around_folds(ken_ctx *ctx, const ken_model *model, conformal_job *job, const ken_table *X,
                                         double *said) {
    job->rows = ken_table_rows(X);
    job->said = said;
    for (int64_t k = 0; k < job->v.folds; k++) { /* one model: it is the predicting one */
        const int child = (int)(ken_model_n_children(model) > 1 ? k + 1 : 0);
        ken_tensor t = ken_tensor_2d(said + k * job->rows, KEN_F64, job->rows, 1);
        KEN_TRY(ken_model_predict(ctx, ken_model_child(model, child), X, KEN_WHAT_VALUE, &t));
    }
    return ken_parallel(ctx, job->rows, 64, conformal_rows, job);
}

static ken_status conformal_around(ken_ctx *ctx, const ken_model *model, conformal_view v, const ken_table *X,
                                   double *out) {
    const int64_t n = ken_table_rows(X), most = KEN_MIN(n, KEN_MAX(64, CONFORMAL_CELLS / v.folds));
    conformal_job job = {.v = v};
    double *said;
    KEN_TRY(KEN_SCRATCH(ctx, double, most * v.folds, &said));
    for (int64_t first = 0; first < n; first += most) {
        ken_table *slice;
        KEN_TRY(ken_table_slice(ctx, X, first, KEN_MIN(most, n - first), &slice));
        job.out = out + 2 * first;
        const ken_status status = conformal_around_folds(ctx, model, &job, slice, said);
        ken_table_free(slice);
        KEN_TRY(status);
    }
    return KEN_OK;
}

/* The base's own interval, made wider or narrower. */
static ken_status conformal_widen(ken_ctx *ctx, const ken_model *model, conformal_view v, const ken_table *X,
                                  double *out) {
    const double by = v.rank > v.n ? INFINITY : v.score[v.rank - 1];
    KEN_TRY(conformal_pair(ctx, ken_model_child(model, 0), X, out));
    for (int64_t i = 0; i < ken_table_rows(X); i++) {
        const double middle = 0.5 * (out[2 * i] + out[2 * i + 1]);
        out[2 * i] -= by, out[2 * i + 1] += by;
        if (out[2 * i] > out[2 * i + 1]) out[2 * i] = out[2 * i + 1] = middle;
    }
    return KEN_OK;
}

/* Probabilities become sets: the classes that fit no worse than the bound. */
static ken_status conformal_sets(ken_ctx *ctx, const ken_model *model, conformal_view v, int method, const ken_table *X,
                                 double *out) {
    const int64_t n = ken_table_rows(X), k = ken_model_n_classes(model);
    const double bound = v.rank > v.n ? INFINITY : v.score[v.rank - 1];
    double *proba;
    KEN_TRY(KEN_SCRATCH(ctx, double, n * k, &proba));
    KEN_TRY(conformal_proba(ctx, ken_model_child(model, 0), X, k, proba));
    for (int64_t i = 0; i < n; i++)
        for (int64_t c = 0; c < k; c++) out[i * k + c] = conformal_misfit(method, proba + i * k, k, c) <= bound;
    return KEN_OK;
}

static int64_t conformal_width(const ken_model *model, ken_what what) {
    const ken_model *m = ken_model_child(model, 0);
    const ken_estimator *e = ken_model_desc(m)->estimator;
    const int k = ken_model_n_classes(model);
    if (what == KEN_WHAT_VALUE) return 1;
    if (what == KEN_WHAT_INTERVAL) return k ? 0 : 2;
    if (what == KEN_WHAT_SET || what == KEN_WHAT_PROBA) return k;
    if (k != ken_model_n_classes(m)) return 0; /* a rare class that the nested model never saw */
    return e->width ? e->width(m, what) : 0;
}

static ken_status conformal_predict(ken_ctx *ctx, const ken_model *model, const ken_table *X, ken_what what,
                                    double *out) {
    const ken_conformal_params *p = ken_model_params(model);
    const ken_model *m = ken_model_child(model, 0);
    const int method = (int)ken_model_attr_f64(model, "method", 0);
    ken_tensor t = ken_tensor_2d(out, KEN_F64, ken_table_rows(X), conformal_width(model, what));
    const ken_tensor *score = ken_model_attr(model, "score"), *offset = ken_model_attr(model, "offset");
    const conformal_view v = {ken_f64(score), offset->data, offset->shape[0] - 1, score->shape[0],
                              ken_conformal_rank(score->shape[0], p->coverage)};
    if (what == KEN_WHAT_PROBA) return conformal_proba(ctx, m, X, ken_model_n_classes(model), out);
    if (what == KEN_WHAT_SET) return conformal_sets(ctx, model, v, method, X, out);
    if (what != KEN_WHAT_INTERVAL) return ken_model_predict(ctx, m, X, what, &t);
    return method == KEN_CONFORMAL_QUANTILE ? conformal_widen(ctx, model, v, X, out)
                                            : conformal_around(ctx, model, v, X, out);
}

/* --- open: a file may be hostile ------------------------------------------------------------------ */
static bool conformal_sound_scores(const ken_model *model, int method) {
    const ken_tensor *score = ken_model_attr(model, "score"), *offset = ken_model_attr(model, "offset");
    const int children = ken_model_n_children(model);
    if (!score || score->ndim != 1 || score->shape[0] < 1 || !offset || offset->ndim != 1 || offset->shape[0] < 2)
        return false;
    const int64_t *at = offset->data, folds = offset->shape[0] - 1;
    const double *s = ken_f64(score);
    if (method == KEN_CONFORMAL_CV ? children != folds + 1 : children != 1 || folds != 1) return false;
    if (at[0] != 0 || at[folds] != score->shape[0]) return false;
    for (int64_t k = 0; k < folds; k++)
        if (at[k] > at[k + 1] || at[k] < 0) return false;
    for (int64_t k = 0; k < folds; k++)
        for (int64_t i = at[k]; i < at[k + 1]; i++)
            if (!isfinite(s[i]) || (i > at[k] && s[i] < s[i - 1])) return false;
    return true;
}

static ken_status conformal_open(ken_ctx *ctx, ken_model *model, void **state) {
    const double method = ken_model_attr_f64(model, "method", 0);
    const int64_t k = ken_model_n_classes(model);
    int64_t code;
    bool sound = method >= KEN_CONFORMAL_SPLIT && method <= KEN_CONFORMAL_APS &&
                 conformal_is_set((int)method) == (k > 0) && conformal_sound_scores(model, (int)method);
    *state = NULL;
    for (int i = 0; sound && i < ken_model_n_children(model); i++) {
        const ken_model *m = ken_model_child(model, i);
        sound = ken_model_desc(m) == ken_model_desc(ken_model_base(model, "base")) &&
                ken_model_task(m) == ken_model_task(model) && ken_model_n_features(m) == ken_model_n_inputs(model);
        for (int j = 0; sound && k && j < ken_model_n_classes(m); j++) sound = conformal_code(m, j, k, &code);
    }
    if (sound) return KEN_OK;
    return KEN_FAIL(ctx, KEN_E_FORMAT, "fit the model again", "conformal: its scores or nested models are not sound");
}

/* --- descriptor ----------------------------------------------------------------------------------- */
static const char *const conformal_methods[] = {"auto", "split", "cv", "quantile", "lac", "aps", NULL};
static const ken_param conformal_params[] = {
    KEN_ROW_MODEL(ken_conformal_params, base, KEN_REGRESS | KEN_CLASSIFY, .doc = "the model that predicts; its parameters as base.NAME"),
    KEN_ROW_F64(ken_conformal_params, coverage, .min = 0, .max = 0.9999, .open_min = true,
                .doc = "share of new rows whose target shall lie between lower and upper, or whose class in the set"),
    KEN_ROW_CHOICE(ken_conformal_params, method, conformal_methods,
                   .doc = "auto: quantile for a base that gives quantiles, else cv up to 20,000 rows, then split; classes: lac"),
    KEN_ROW_F64(ken_conformal_params, calibration, .min = 0, .max = 0.9, .open_min = true,
                .doc = "all but cv: share of the rows that the base does not see"),
    KEN_ROW_I64(ken_conformal_params, folds, .min = 2, .max = 1e5,
                .doc = "cv: folds; as many as rows: the jackknife+"),
    {0}};

static const ken_attr conformal_attrs[] = {
    {"score", KEN_F64, "n", "how far off rows were that the model had not seen, ascending in each fold"},
    {"offset", KEN_I64, "folds+1", "where the scores of each fold begin"},
    {"method", KEN_I64, "", "1 split, 2 cv, 3 quantile, 4 lac, 5 aps"},
    {0}};

static const ken_estimator conformal_estimator = {.fit = conformal_fit,
                                                  .width = conformal_width,
                                                  .gives = KEN_GIVES(INTERVAL) | KEN_GIVES(SET) | KEN_GIVES(MARGIN) | KEN_GIVES(LEAF) |
                                                           KEN_GIVES(CONTRIBUTIONS) | KEN_GIVES(INTERACTIONS) | KEN_GIVES(QUANTILES),
                                                  .margin = KEN_MARGIN_OF_BASE,
                                                  .predict = conformal_predict,
                                                  .open = conformal_open};

static const ken_conformal_params conformal_defaults = KEN_CONFORMAL_DEFAULTS;

const ken_desc ken_conformal_desc = {
    .name = "conformal",
    .title = "Conformal intervals and sets",
    .kind = KEN_ESTIMATOR,
    .tasks = KEN_REGRESS | KEN_CLASSIFY,
    .tags = KEN_TAG_BASE | KEN_TAG_RANDOM,
    .params = conformal_params,
    .defaults = &conformal_defaults,
    .params_size = sizeof(ken_conformal_params),
    .attrs = conformal_attrs,
    .estimator = &conformal_estimator,
    .doc = "Intervals around the predictions of any regression model, and sets of classes of any classifier, that hold "
           "the target of a new row as often as asked for, whatever the model and the distribution, as long as new rows are like those of the fit. "
           "Where the rows drift in time, no such promise holds.",
    .paper = "Vovk et al. 2005; Barber et al. 2021 (Annals of Statistics 49); Romano et al. 2019 (NeurIPS)",
    .peer = "mapie",
};

const ken_desc *const ken_conformal_things[] = {&ken_conformal_desc, NULL};
