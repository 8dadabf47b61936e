/* Target encoding with empirical-Bayes shrinkage and cross-fitting. */
#include "ken/preprocess/target_encode/target_encode.h"

#include <stdio.h>
#include <string.h>

#include "ken/core/rng.h"
#include "ken/core/threads.h"
#include "ken/preprocess/preprocess_levels.h"

/* Sums of the targets of a set of rows with one level, per output. Targets are centered at the mean
 * of all training rows (regression), or 1 and 0 for a class. */
typedef struct target_sums {
    double *count;        /* (levels + 1); the last level is "missing" */
    double *sum, *square; /* (levels + 1, k); square NULL for classes: there it equals sum */
} target_sums;

typedef struct target_problem {
    const ken_problem *problem;
    int64_t k;                     /* outputs */
    const double *mean, *variance; /* (k) of the training targets */
    double smooth;
} target_problem;

/* A label's output column, -1: none (two classes have one column, for class 1). */
static inline int64_t target_output(const target_problem *t, int32_t label) {
    return t->k == 1 ? (label == 1 ? 0 : -1) : label;
}

static void target_moments(const ken_problem *problem, int64_t k, double *mean, double *variance) {
    const int64_t n = problem->n_train;
    for (int64_t o = 0; o < k; o++) mean[o] = variance[o] = 0;
    if (problem->y) {
        for (int64_t i = 0; i < n; i++) mean[0] += problem->y[i];
        mean[0] /= (double)n;
        for (int64_t i = 0; i < n; i++) {
            const double v = problem->y[i] - mean[0];
            variance[0] += v * v;
        }
        variance[0] /= (double)n;
        return;
    }
    for (int64_t i = 0; i < n; i++) {
        const int32_t label = problem->label[i];
        if (k == 1)
            mean[0] += label == 1;
        else
            mean[label] += 1;
    }
    for (int64_t o = 0; o < k; o++) {
        mean[o] /= (double)n;
        variance[o] = mean[o] * (1 - mean[o]);
    }
}

/* Add (sign 1) or take away (-1) row i with this level. */
static inline void target_add(const target_problem *t, target_sums *s, int64_t level, int64_t i,
                              double sign) {
    s->count[level] += sign;
    if (t->problem->y) {
        const double v = t->problem->y[i] - t->mean[0];
        s->sum[level] += sign * v;
        s->square[level] += sign * v * v;
        return;
    }
    const int64_t o = target_output(t, t->problem->label[i]);
    if (o >= 0) s->sum[level * t->k + o] += sign;
}

/* The shrunk mean of a level from its count, sum and sum of squares: lambda m_level + (1 - lambda)
 * m, lambda = n var / (n var + var_level): many rows or little spread within the level trust it
 * more. */
static double target_shrink(const target_problem *t, double n, double sum, double square,
                            int64_t o) {
    const double mean = t->mean[o];
    if (!(n > 0)) return mean;
    const double own = t->problem->y ? mean + sum / n : sum / n;
    if (t->smooth > 0) return (n * own + t->smooth * mean) / (n + t->smooth);
    double within = t->problem->y ? square - sum * sum / n : sum * (1 - sum / n);
    if (within < 0) within = 0;
    const double weight = t->variance[o] * n, all = weight + within / n;
    if (!(all > 0)) return mean; /* constant target */
    const double lambda = weight / all;
    return lambda * own + (1 - lambda) * mean;
}

static double target_value(const target_problem *t, const target_sums *all, const target_sums *less,
                           int64_t level, int64_t o) {
    const int64_t at = level * t->k + o;
    double n = all->count[level], sum = all->sum[at];
    double square = t->problem->y ? all->square[at] : 0;
    if (less) {
        n -= less->count[level];
        sum -= less->sum[at];
        if (t->problem->y) square -= less->square[at];
    }
    return target_shrink(t, n, sum, square, o);
}

static ken_status target_sums_new(ken_ctx *ctx, const target_problem *t, int64_t levels,
                                  target_sums *out) {
    const int64_t n = levels + 1;
    if (t->k > (int64_t)(SIZE_MAX / 64) / n)
        return KEN_FAIL(ctx, KEN_E_LIMIT, "group rare levels first",
                        "target_encode: %lld levels times %lld classes are too many",
                        (long long)levels, (long long)t->k);
    out->square = NULL;
    KEN_TRY(KEN_SCRATCH(ctx, double, n, &out->count));
    KEN_TRY(KEN_SCRATCH(ctx, double, n * t->k, &out->sum));
    memset(out->count, 0, (size_t)n * sizeof *out->count);
    memset(out->sum, 0, (size_t)(n * t->k) * sizeof *out->sum);
    if (!t->problem->y) return KEN_OK;
    KEN_TRY(KEN_SCRATCH(ctx, double, n, &out->square));
    memset(out->square, 0, (size_t)n * sizeof *out->square);
    return KEN_OK;
}

/* Level of a cell with "missing" as the last one; -1: unseen. */
static inline int64_t target_level(int32_t code, int64_t levels) {
    return code >= 0 ? code : code == KEN__MISSING ? levels : -1;
}

static ken_status target_problem_new(ken_ctx *ctx, const ken_model *model,
                                     const ken_problem *problem, target_problem *out) {
    const ken_target_encode_params *p = ken_model_params(model);
    double *moments;
    if (!problem->y && !problem->label)
        return KEN_FAIL(ctx, KEN_E_ARG, "give the target in ken_data",
                        "target_encode: it learns from a target, but there is none");
    out->problem = problem;
    out->smooth = p->smooth;
    out->k = problem->y || problem->n_classes <= 2 ? 1 : problem->n_classes;
    KEN_TRY(KEN_SCRATCH(ctx, double, 2 * out->k, &moments));
    target_moments(problem, out->k, moments, moments + out->k);
    out->mean = moments;
    out->variance = moments + out->k;
    return KEN_OK;
}

/* --- fit ----------------------------------------------------------------------------------------
 */

static ken_status target_fit_column(ken_ctx *ctx, const target_problem *t,
                                    const ken__levels *levels, int j, double *encoding,
                                    double *missing) {
    const ken_column *c = ken_table_column(t->problem->X, j);
    const int64_t n = ken__levels_of(levels, j);
    int32_t *codes;
    target_sums sums;
    KEN_TRY(KEN_SCRATCH(ctx, int32_t, KEN_MAX(c->n, 1), &codes));
    KEN_TRY(ken__levels_codes(ctx, levels, j, c, codes));
    KEN_TRY(target_sums_new(ctx, t, n, &sums));
    for (int64_t i = 0; i < t->problem->n_train; i++)
        target_add(t, &sums, target_level(codes[i], n), i, 1);
    for (int64_t l = 0; l < n; l++)
        for (int64_t o = 0; o < t->k; o++)
            encoding[l * t->k + o] = target_value(t, &sums, NULL, l, o);
    for (int64_t o = 0; o < t->k; o++) missing[o] = target_value(t, &sums, NULL, n, o);
    return KEN_OK;
}

static ken_status target_encode_fit(ken_ctx *ctx, ken_model *model, const ken_problem *problem) {
    ken__levels levels;
    target_problem t;
    double *encoding, *missing, *mean;
    KEN_TRY(target_problem_new(ctx, model, problem, &t));
    KEN_TRY(ken__levels_learn(ctx, model, problem));
    KEN_TRY(ken__levels_open(ctx, model, &levels));
    const int64_t shape[2] = {levels.text.n, t.k}, shape_missing[2] = {levels.d, t.k};
    KEN_TRY(ken_attr_new(ctx, model, "encoding", KEN_F64, 2, shape, (void **)&encoding));
    KEN_TRY(
        ken_attr_new(ctx, model, "encoding_missing", KEN_F64, 2, shape_missing, (void **)&missing));
    KEN_TRY(ken_attr_new(ctx, model, "mean", KEN_F64, 1, &t.k, (void **)&mean));
    memcpy(mean, t.mean, (size_t)t.k * sizeof *mean);
    for (int j = 0; j < levels.d; j++) {
        const ken_mark mark = ken_scratch_mark(ctx);
        if (levels.missing[j] >= 0)
            KEN_TRY(target_fit_column(ctx, &t, &levels, j, encoding + levels.first[j] * t.k,
                                      missing + j * t.k));
        ken_scratch_release(ctx, mark);
        KEN_TRY(ken_check_cancel(ctx));
    }
    return KEN_OK;
}

/* --- transform ----------------------------------------------------------------------------------
 */

typedef struct target_learned {
    ken__levels levels;
    const double *encoding, *missing, *mean;
    int64_t k;
} target_learned;

static ken_status target_learned_of(ken_ctx *ctx, const ken_model *model, target_learned *out) {
    const ken_tensor *encoding = ken_model_attr(model, "encoding");
    const ken_tensor *missing = ken_model_attr(model, "encoding_missing");
    const ken_tensor *mean = ken_model_attr(model, "mean");
    KEN_TRY(ken__levels_open(ctx, model, &out->levels));
    out->k = mean && mean->ndim == 1 ? mean->shape[0] : 0;
    if (out->k < 1 || mean->dtype != KEN_F64 || !encoding || encoding->dtype != KEN_F64 ||
        encoding->ndim != 2 || encoding->shape[0] != out->levels.text.n ||
        encoding->shape[1] != out->k || !missing || missing->dtype != KEN_F64 ||
        missing->ndim != 2 || missing->shape[0] != out->levels.d || missing->shape[1] != out->k)
        return KEN_FAIL(ctx, KEN_E_FORMAT, "the model file is damaged: train the model again",
                        "target_encode: its encodings do not fit its levels");
    out->encoding = encoding->data;
    out->missing = missing->data;
    out->mean = mean->data;
    return KEN_OK;
}

typedef struct target_job {
    const int32_t *codes;
    const target_learned *learned;
    int64_t j;
    double **out; /* k columns */
} target_job;

static void target_rows(void *arg, int64_t begin, int64_t end, int worker) {
    const target_job *job = arg;
    const target_learned *l = job->learned;
    const int64_t k = l->k, first = l->levels.first[job->j];
    (void)worker;
    for (int64_t i = begin; i < end; i++) {
        const int32_t code = job->codes[i];
        const double *from = code >= 0              ? l->encoding + (first + code) * k
                             : code == KEN__MISSING ? l->missing + job->j * k
                                                    : l->mean;
        for (int64_t o = 0; o < k; o++) job->out[o][i] = from[o];
    }
}

static ken_status target_column(ken_ctx *ctx, const target_learned *l, const ken_table *X, int j,
                                ken_table *out, int32_t **codes, double ***columns) {
    const ken_column *c = ken_table_column(X, j);
    KEN_TRY(KEN_SCRATCH(ctx, int32_t, KEN_MAX(c->n, 1), codes));
    KEN_TRY(KEN_SCRATCH(ctx, double *, l->k, columns));
    KEN_TRY(ken__levels_codes(ctx, &l->levels, j, c, *codes));
    for (int64_t o = 0; o < l->k; o++) {
        char name[512];
        if (l->k == 1)
            snprintf(name, sizeof name, "%.480s (target)", c->name);
        else
            snprintf(name, sizeof name, "%.480s (target %lld)", c->name, (long long)o);
        KEN_TRY(ken__add(ctx, out, name, KEN_F64, j, (void **)&(*columns)[o], NULL));
    }
    target_job job = {*codes, l, j, *columns};
    return ken_parallel(ctx, c->n, 16384, target_rows, &job);
}

static ken_status target_encode_transform(ken_ctx *ctx, const ken_model *model, const ken_table *X,
                                          ken_table *out) {
    target_learned learned;
    KEN_TRY(target_learned_of(ctx, model, &learned));
    KEN_TRY(ken__check_columns(ctx, model, X, learned.levels.d));
    for (int j = 0; j < ken_table_cols(X); j++) {
        const ken_mark mark = ken_scratch_mark(ctx);
        int32_t *codes;
        double **columns;
        if (learned.levels.missing[j] < 0)
            KEN_TRY(ken__pass(ctx, out, X, j));
        else
            KEN_TRY(target_column(ctx, &learned, X, j, out, &codes, &columns));
        ken_scratch_release(ctx, mark);
    }
    return KEN_OK;
}

/* --- what the training rows become: each from the other folds ------------------------------------
 */

/* fold[i] of training row i: as equal in size as can be, shuffled. */
static ken_status target_folds(ken_ctx *ctx, int64_t n, int64_t folds, uint8_t **out) {
    int64_t *order;
    KEN_TRY(KEN_SCRATCH(ctx, uint8_t, KEN_MAX(n, 1), out));
    const ken_mark mark = ken_scratch_mark(ctx);
    KEN_TRY(KEN_SCRATCH(ctx, int64_t, KEN_MAX(n, 1), &order));
    for (int64_t i = 0; i < n; i++) order[i] = i;
    ken_rng rng = ken_rng_stream(ctx, "target_encode.folds", 0);
    ken_rng_shuffle(&rng, order, n);
    for (int64_t i = 0; i < n; i++) (*out)[order[i]] = (uint8_t)(i % folds);
    ken_scratch_release(ctx, mark);
    return KEN_OK;
}

static ken_status target_cross_fit(ken_ctx *ctx, const target_problem *t, int64_t levels,
                                   const int32_t *codes, const uint8_t *fold, int64_t folds,
                                   double **columns) {
    const int64_t n = t->problem->n_train;
    target_sums all, held;
    KEN_TRY(target_sums_new(ctx, t, levels, &all));
    KEN_TRY(target_sums_new(ctx, t, levels, &held));
    for (int64_t i = 0; i < n; i++) target_add(t, &all, target_level(codes[i], levels), i, 1);
    for (int64_t f = 0; f < folds; f++) {
        memset(held.count, 0, (size_t)(levels + 1) * sizeof(double));
        memset(held.sum, 0, (size_t)((levels + 1) * t->k) * sizeof(double));
        if (held.square) memset(held.square, 0, (size_t)(levels + 1) * sizeof(double));
        for (int64_t i = 0; i < n; i++)
            if (fold[i] == f) target_add(t, &held, target_level(codes[i], levels), i, 1);
        for (int64_t i = 0; i < n; i++) {
            if (fold[i] != f) continue;
            const int64_t level = target_level(codes[i], levels);
            for (int64_t o = 0; o < t->k; o++)
                columns[o][i] = target_value(t, &all, &held, level, o);
        }
        KEN_TRY(ken_check_cancel(ctx));
    }
    return KEN_OK;
}

static ken_status target_encode_transform_train(ken_ctx *ctx, const ken_model *model,
                                                const ken_problem *problem, ken_table *out) {
    const ken_target_encode_params *p = ken_model_params(model);
    const int64_t folds = KEN_MIN(p->folds, problem->n_train);
    target_learned learned;
    target_problem t;
    uint8_t *fold = NULL;
    KEN_TRY(target_learned_of(ctx, model, &learned));
    KEN_TRY(target_problem_new(ctx, model, problem, &t));
    KEN_TRY(ken__check_columns(ctx, model, problem->X, learned.levels.d));
    if (folds >= 2) KEN_TRY(target_folds(ctx, problem->n_train, folds, &fold));
    for (int j = 0; j < ken_table_cols(problem->X); j++) {
        const ken_mark mark = ken_scratch_mark(ctx);
        int32_t *codes;
        double **columns;
        if (learned.levels.missing[j] < 0) {
            KEN_TRY(ken__pass(ctx, out, problem->X, j));
        } else {
            KEN_TRY(target_column(ctx, &learned, problem->X, j, out, &codes, &columns));
            if (folds >= 2)
                KEN_TRY(target_cross_fit(ctx, &t, ken__levels_of(&learned.levels, j), codes, fold,
                                         folds, columns));
        }
        ken_scratch_release(ctx, mark);
    }
    return KEN_OK;
}

static ken_status target_encode_open(ken_ctx *ctx, ken_model *model, void **state) {
    target_learned learned;
    *state = NULL;
    return target_learned_of(ctx, model, &learned);
}

static const ken_param target_encode_params[] = {
    KEN_ROW_I64(ken_target_encode_params, folds, .min = 1, .max = 255,
                .doc = "folds of the cross-fitting of training rows; 1: none, which leaks"),
    KEN_ROW_F64(ken_target_encode_params, smooth, .min = 0, .max = 1e300, .lo = 1, .hi = 100,
                .scale = KEN_LOG_SCALE, .unit = "rows",
                .doc = "rows' worth of trust in the mean of all; 0: from the data"),
    {0}};
static const ken_attr target_encode_attrs[] = {
    KEN__LEVEL_ATTRS,
    {"encoding", KEN_F64, "l,k", "the value of each level"},
    {"encoding_missing", KEN_F64, "d,k", "the value of missing cells"},
    {"mean", KEN_F64, "k", "mean target: the value of unseen levels"},
    {0}};
static const ken_transformer target_encode_verbs = {.fit = target_encode_fit,
                                                    .transform = target_encode_transform,
                                                    .transform_train =
                                                        target_encode_transform_train,
                                                    .open = target_encode_open};

const ken_desc ken_target_encode_desc = {
    .name = "target_encode",
    .title = "Levels as mean targets",
    .kind = KEN_TRANSFORMER,
    .tasks = KEN_REGRESS | KEN_CLASSIFY,
    .tags = KEN_TAG_TYPED | KEN_TAG_CATEGORY | KEN_TAG_MISSING | KEN_TAG_RANDOM,
    .params = target_encode_params,
    .defaults = &(const ken_target_encode_params)KEN_TARGET_ENCODE_DEFAULTS,
    .params_size = sizeof(ken_target_encode_params),
    .attrs = target_encode_attrs,
    .transformer = &target_encode_verbs,
    .doc =
        "Replaces a level by the mean target of its training rows, shrunk towards the mean of all: "
        "one column however many levels there are. Training rows are encoded from other folds.",
    .paper = "Micci-Barreca 2001; Pargent et al. 2022",
    .peer = "sklearn.preprocessing.TargetEncoder",
};

const ken_desc *const ken_target_encode_things[] = {&ken_target_encode_desc, NULL};
