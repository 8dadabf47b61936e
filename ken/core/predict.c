/* Predict and transform: bring the table into the model's shape, run the recipe, ask the estimator.
 * Rows go through in slices, so that what a recipe widens never stands in memory whole. */
#include <math.h>
#include <string.h>

#include "ken/core/model_internal.h"
#include "ken/core/threads.h"

#define PREDICT_SLICE ((int64_t)1 << 16)

static ken_status predict_fitted(ken_ctx *ctx, const ken_model *m) {
    if (m->fitted) return KEN_OK;
    return KEN_FAIL(ctx, KEN_E_STATE, "fit it first", "%s is not fitted", m->desc->name);
}

const char *ken_what_name(ken_what what) {
    static const char *const names[KEN_N_WHATS] = {"value", "proba", "margin", "leaf", "contributions", "interval",
                                                   "quantiles", "interactions", "set"};
    return (int)what >= 0 && (int)what < KEN_N_WHATS ? names[what] : "unknown";
}

ken_status ken_model_width(ken_ctx *ctx, const ken_model *m, ken_what what, int64_t *width) {
    const ken_estimator *e = m->desc->estimator;
    *width = 0;
    KEN_TRY(predict_fitted(ctx, m));
    if (e && what == KEN_WHAT_VALUE)
        *width = 1;
    else if (e && what == KEN_WHAT_PROBA)
        *width = m->task == KEN_CLASSIFY ? m->classes.n : 0;
    else if (e && e->width)
        *width = e->width(m, what);
    if (*width > 0) return KEN_OK;
    return KEN_FAIL(ctx, KEN_E_UNSUPPORTED,
                    what == KEN_WHAT_CONTRIBUTIONS ? "permutation importance works for every model"
                                                   : "ask for another kind of output",
                    "%s cannot give '%s'%s", m->desc->name, ken_what_name(what),
                    what == KEN_WHAT_PROBA && e && m->task == KEN_REGRESS ? ": it is a regression" : "");
}

static ken_status predict_transform(ken_ctx *ctx, const ken_model *recipe, const ken_table *X,
                                    ken_table **out) {
    KEN_TRY(ken_table_new(ctx, ken_table_rows(X), out));
    const ken_status status = recipe->desc->transformer->transform(ctx, recipe, X, *out);
    if (status != KEN_OK) {
        ken_table_free(*out);
        *out = NULL;
    }
    return status;
}

/* Classes from probabilities: the first of the largest. */
static void predict_argmax(const double *proba, int64_t n, int64_t k, double *out) {
    for (int64_t i = 0; i < n; i++) {
        const double *p = proba + i * k;
        int64_t best = 0;
        for (int64_t c = 1; c < k; c++)
            if (p[c] > p[best]) best = c;
        out[i] = (double)best;
    }
}

/* One slice of aligned rows into dense `out` (n, width). */
static ken_status predict_slice(ken_ctx *ctx, const ken_model *m, const ken_table *X, ken_what what,
                                double *out) {
    const ken_estimator *e = m->desc->estimator;
    const int64_t n = ken_table_rows(X);
    double *proba = out;
    if (what != KEN_WHAT_VALUE || m->task != KEN_CLASSIFY) {
        KEN_TRY(ken__check_inputs(ctx, m, X));
        return e->predict(ctx, m, X, what, out);
    }
    KEN_TRY(ken_scratch(ctx, (size_t)(n * m->classes.n), sizeof(double), (void **)&proba));
    KEN_TRY(ken__check_inputs(ctx, m, X));
    KEN_TRY(e->predict(ctx, m, X, KEN_WHAT_PROBA, proba));
    predict_argmax(proba, n, m->classes.n, out);
    return KEN_OK;
}

static void predict_store(const double *from, int64_t first, int64_t n, int64_t width, ken_tensor *out) {
    double *to = ken_f64_mut(out);
    const int64_t step = out->ndim > 1 ? out->stride[1] : 1;
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < width; j++)
            to[(first + i) * out->stride[0] + j * step] = from[i * width + j];
}

static ken_status predict_rows(ken_ctx *ctx, const ken_model *m, const ken_table *aligned,
                               int64_t first, int64_t n, ken_what what, int64_t width, ken_tensor *out) {
    ken_table *slice = NULL, *inputs = NULL;
    double *dense = NULL;
    const bool direct = out->stride[0] == width && (out->ndim == 1 || out->stride[1] == 1 || width == 1);
    ken_status status = ken_table_slice(ctx, aligned, first, n, &slice);
    if (status == KEN_OK && m->recipe) status = predict_transform(ctx, m->recipe, slice, &inputs);
    if (status == KEN_OK) {
        dense = ken_f64_mut(out) + first * out->stride[0];
        if (!direct)
            status = ken_scratch(ctx, (size_t)(n * width), sizeof(double), (void **)&dense);
    }
    if (status == KEN_OK) status = predict_slice(ctx, m, inputs ? inputs : slice, what, dense);
    if (status == KEN_OK && !direct) predict_store(dense, first, n, width, out);
    ken_table_free(inputs);
    ken_table_free(slice);
    return status;
}

ken_status ken_model_predict(ken_ctx *ctx, const ken_model *m, const ken_table *table, ken_what what,
                             ken_tensor *out) {
    const int64_t n = ken_table_rows(table);
    int64_t width;
    ken_table *aligned = NULL;
    KEN_TRY(ken_model_width(ctx, m, what, &width));
    const int64_t columns = out->ndim == 2 ? out->shape[1] : 1;
    if (out->dtype != KEN_F64 || out->ndim < 1 || out->ndim > 2 || out->shape[0] != n || columns != width)
        return KEN_FAIL(ctx, KEN_E_SHAPE, "ken_model_width gives the number of columns",
                        "%s: the output must be (%lld, %lld) of f64", m->desc->name, (long long)n,
                        (long long)width);
    KEN_TRY(ken__schema_align(ctx, m->desc->name, &m->features, table, &aligned));
    ken_status status = KEN_OK;
    for (int64_t first = 0; status == KEN_OK && first < n; first += PREDICT_SLICE) {
        const ken_mark mark = ken_scratch_mark(ctx);
        status = ken_check_cancel(ctx);
        if (status == KEN_OK)
            status = predict_rows(ctx, m, aligned, first, KEN_MIN(PREDICT_SLICE, n - first), what,
                                  width, out);
        ken_scratch_release(ctx, mark);
    }
    ken_table_free(aligned);
    return status;
}

/* --- against a background ------------------------------------------------------------------------------- */
/* What the estimator sees of a table. *aligned lives as long as *X, which is it where there is no recipe. */
static ken_status predict_inputs(ken_ctx *ctx, const ken_model *m, const ken_table *table,
                                 ken_table **aligned, ken_table **X) {
    KEN_TRY(ken__schema_align(ctx, m->desc->name, &m->features, table, aligned));
    *X = *aligned;
    if (m->recipe) KEN_TRY(predict_transform(ctx, m->recipe, *aligned, X));
    return ken__check_inputs(ctx, m, *X);
}

static ken_status predict_against(ken_ctx *ctx, const ken_model *m, const ken_table *table,
                                  const ken_table *background, double *out) {
    ken_table *aligned[2] = {NULL, NULL}, *X[2] = {NULL, NULL};
    ken_status status = predict_inputs(ctx, m, table, &aligned[0], &X[0]);
    if (status == KEN_OK) status = predict_inputs(ctx, m, background, &aligned[1], &X[1]);
    if (status == KEN_OK) status = m->desc->estimator->contributions_against(ctx, m, X[0], X[1], out);
    for (int k = 0; k < 2; k++) {
        if (X[k] != aligned[k]) ken_table_free(X[k]);
        ken_table_free(aligned[k]);
    }
    return status;
}

ken_status ken_model_contributions_against(ken_ctx *ctx, const ken_model *m, const ken_table *table,
                                           const ken_table *background, ken_tensor *out) {
    const ken_estimator *e = m->desc->estimator;
    int64_t width;
    KEN_TRY(ken_model_width(ctx, m, KEN_WHAT_CONTRIBUTIONS, &width));
    if (!e->contributions_against)
        return KEN_FAIL(ctx, KEN_E_UNSUPPORTED, "ask for contributions without a background",
                        "%s cannot give contributions against a background", m->desc->name);
    if (out->dtype != KEN_F64 || out->ndim != 2 || out->shape[0] != ken_table_rows(table) ||
        out->shape[1] != width || !ken_tensor_is_contiguous(out))
        return KEN_FAIL(ctx, KEN_E_SHAPE, "ken_model_width gives the number of columns",
                        "%s: the output must be (%lld, %lld) of f64, dense", m->desc->name,
                        (long long)ken_table_rows(table), (long long)width);
    if (ken_table_rows(background) < 1)
        return KEN_FAIL(ctx, KEN_E_ARG, "100 rows of the training data will do",
                        "%s: the background has no rows", m->desc->name);
    const ken_mark mark = ken_scratch_mark(ctx);
    const ken_status status = predict_against(ctx, m, table, background, ken_f64_mut(out));
    ken_scratch_release(ctx, mark);
    return status;
}

/* --- one row -------------------------------------------------------------------------------------------- */
/* Whether the estimator takes the row as it is: then nothing of it has to be looked up by name or level. */
static bool predict_row_direct(const ken_model *m, const double *row, ken_what what) {
    const ken_estimator *e = m->desc->estimator;
    const bool missing = m->desc->tags & KEN_TAG_MISSING;
    if (!e || !e->predict_row || m->recipe) return false;
    if (what != KEN_WHAT_VALUE && what != KEN_WHAT_PROBA && what != KEN_WHAT_MARGIN) return false;
    for (int j = 0; j < m->features.n; j++)
        if (!ken_dtype_is_number(m->features.fields[j].dtype) || (!missing && row[j] != row[j]))
            return false;
    return true;
}

static ken_status predict_row_values(ken_ctx *ctx, const ken_model *m, const double *row, ken_what what,
                                     double *out) {
    const ken_estimator *e = m->desc->estimator;
    double *proba = NULL;
    if (what != KEN_WHAT_VALUE || m->task != KEN_CLASSIFY) return e->predict_row(ctx, m, row, what, out);
    KEN_TRY(KEN_SCRATCH(ctx, double, m->classes.n, &proba));
    KEN_TRY(e->predict_row(ctx, m, row, KEN_WHAT_PROBA, proba));
    predict_argmax(proba, 1, m->classes.n, out);
    return KEN_OK;
}

/* The column of feature j for a table of that row; code, valid: memory for a category. */
static ken_status predict_row_column(ken_ctx *ctx, const ken_model *m, int j, const double *value,
                                     int32_t *code, uint8_t *valid, ken_column *c) {
    const ken_field *f = &m->features.fields[j];
    *c = (ken_column){.name = f->name, .dtype = KEN_F64, .n = 1, .stride = 1, .source = -1};
    c->data = (void *)(uintptr_t)value;
    if (ken_dtype_is_number(f->dtype)) return KEN_OK;
    if (f->dtype != KEN_CATEGORY)
        return KEN_FAIL(ctx, KEN_E_UNSUPPORTED, "pass a table to ken_model_predict",
                        "%s: the column '%s' is %s, which no number stands for", m->desc->name, f->name,
                        ken_dtype_name(f->dtype));
    const bool known = *value >= 0 && *value < (double)f->levels.n && *value == floor(*value);
    *code = known ? (int32_t)*value : 0;
    *valid = known;
    c->dtype = KEN_CATEGORY, c->text = f->levels, c->data = code, c->valid = valid;
    return KEN_OK;
}

static ken_status predict_row_table(ken_ctx *ctx, const ken_model *m, const double *row, ken_table *table) {
    int32_t *codes = NULL;
    uint8_t *valid = NULL;
    KEN_TRY(KEN_SCRATCH(ctx, int32_t, m->features.n, &codes));
    KEN_TRY(KEN_SCRATCH(ctx, uint8_t, m->features.n, &valid));
    for (int j = 0; j < m->features.n; j++) {
        ken_column c;
        KEN_TRY(predict_row_column(ctx, m, j, row + j, codes + j, valid + j, &c));
        KEN_TRY(ken_table_add_borrow(ctx, table, &c));
    }
    return KEN_OK;
}

ken_status ken_model_predict_row(ken_ctx *ctx, const ken_model *m, const double *row, ken_what what,
                                 double *out) {
    int64_t width;
    ken_table *table = NULL;
    KEN_TRY(ken_model_width(ctx, m, what, &width));
    const ken_mark mark = ken_scratch_mark(ctx);
    ken_status status;
    if (predict_row_direct(m, row, what)) {
        status = predict_row_values(ctx, m, row, what, out);
    } else {
        ken_tensor t = ken_tensor_2d(out, KEN_F64, 1, width);
        status = ken_table_new(ctx, 1, &table);
        if (status == KEN_OK) status = predict_row_table(ctx, m, row, table);
        if (status == KEN_OK) status = ken_model_predict(ctx, m, table, what, &t);
        ken_table_free(table);
    }
    ken_scratch_release(ctx, mark);
    return status;
}

ken_status ken_model_transform(ken_ctx *ctx, const ken_model *m, const ken_table *table, ken_table **out) {
    const ken_model *t = m->desc->kind == KEN_TRANSFORMER ? m : m->recipe;
    ken_table *aligned = NULL;
    const ken_mark mark = ken_scratch_mark(ctx);
    *out = NULL;
    KEN_TRY(predict_fitted(ctx, m));
    KEN_TRY(ken__schema_align(ctx, m->desc->name, &m->features, table, &aligned));
    if (!t) { /* an estimator without a recipe sees the columns as they are */
        *out = aligned;
        return KEN_OK;
    }
    const ken_status status = predict_transform(ctx, t, aligned, out);
    ken_scratch_release(ctx, mark);
    if (status == KEN_OK)
        ken_table_keep(*out, aligned);
    else
        ken_table_free(aligned);
    return status;
}

/* --- helpers for things --------------------------------------------------------------------------------- */
typedef struct matrix_job {
    const ken_table *X;
    double *out;
} matrix_job;

static void matrix_block(void *arg, int64_t begin, int64_t end, int worker) {
    const matrix_job *job = arg;
    const int64_t d = ken_table_cols(job->X);
    (void)worker;
    ken_table_gather(job->X, begin, end - begin, job->out + begin * d, d);
}

ken_status ken_problem_matrix(ken_ctx *ctx, const ken_problem *p, int64_t rows, double **out) {
    matrix_job job = {p->X, NULL};
    const size_t d = (size_t)ken_table_cols(p->X);
    if (d && (size_t)rows > SIZE_MAX / 8 / d)
        return KEN_FAIL(ctx, KEN_E_LIMIT, "use fewer columns", "a matrix of %lld x %zu is too large",
                        (long long)rows, d);
    KEN_TRY(ken_scratch(ctx, (size_t)rows * d, sizeof(double), (void **)&job.out));
    *out = job.out;
    return ken_parallel(ctx, rows, 4096, matrix_block, &job);
}

ken_status ken_problem_balanced(ken_ctx *ctx, const ken_problem *p, double **out) {
    double *sum, *weight, total = 0;
    int present = 0;
    KEN_TRY(KEN_SCRATCH(ctx, double, p->n, &weight));
    KEN_TRY(KEN_SCRATCH(ctx, double, p->n_classes, &sum));
    memset(sum, 0, (size_t)p->n_classes * sizeof *sum);
    for (int64_t i = 0; i < p->n_train; i++) {
        const double w = p->weight ? p->weight[i] : 1.0;
        sum[p->label[i]] += w;
        total += w;
    }
    for (int k = 0; k < p->n_classes; k++) present += sum[k] > 0;
    for (int64_t i = 0; i < p->n; i++) {
        const double of_class = sum[p->label[i]];
        weight[i] = (p->weight ? p->weight[i] : 1.0) * (of_class > 0 ? total / (present * of_class) : 1.0);
    }
    *out = weight;
    return KEN_OK;
}

#define DENSE_ROWS 256
typedef struct dense_job {
    const ken_table *X;
    ken_row_block_fn fn;
    const void *arg;
    double *out, *scratch;
    int64_t width, d;
} dense_job;

static void dense_block(void *arg, int64_t begin, int64_t end, int worker) {
    const dense_job *job = arg;
    double *X = job->scratch + (int64_t)worker * DENSE_ROWS * job->d;
    ken_table_gather(job->X, begin, end - begin, X, job->d);
    job->fn(job->arg, X, end - begin, job->out + begin * job->width);
}

ken_status ken_predict_dense(ken_ctx *ctx, const ken_table *X, int64_t width, ken_row_block_fn fn,
                             const void *arg, double *out) {
    dense_job job = {X, fn, arg, out, NULL, width, ken_table_cols(X)};
    const int64_t rows = KEN_MIN(ken_table_rows(X), DENSE_ROWS);
    const size_t workers = ken_table_rows(X) > DENSE_ROWS ? (size_t)ken_ctx_threads(ctx) : 1;
    KEN_TRY(ken_scratch(ctx, workers * (size_t)(rows * job.d), sizeof(double), (void **)&job.scratch));
    return ken_parallel(ctx, ken_table_rows(X), DENSE_ROWS, dense_block, &job);
}
