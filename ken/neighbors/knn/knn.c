/* k nearest neighbors (Fix & Hodges 1951; Cover & Hart 1967). Fit keeps the training rows; a
 * prediction is the mean, or the vote, of the k nearest of them. The search is knn_search.c. */
#include "ken/neighbors/knn/knn.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "ken/core/alloc.h"
#include "ken/neighbors/knn_search.h"

static ken_status knn_check_k(ken_ctx *ctx, int64_t k, int64_t n) {
    if (k <= n) return KEN_OK;
    if (n == 1)
        return KEN_FAIL(ctx, KEN_E_VALUE, "give k=1, or more rows", "knn: k is %lld, but there is one sample only",
                        (long long)k);
    (void)KEN_FAIL(ctx, KEN_E_VALUE, NULL, "knn: k is %lld, but there are only %lld training rows",
                   (long long)k, (long long)n);
    ken_fail_hint(ctx, "give k=%lld or less, or more rows", (long long)n);
    return KEN_E_VALUE;
}

static ken_status knn_fit(ken_ctx *ctx, ken_model *model, const ken_problem *problem) {
    const ken_knn_params *p = ken_model_params(model);
    const int64_t n = problem->n_train, d = ken_table_cols(problem->X), shape[2] = {n, d};
    double *X, *y;
    int32_t *label;
    KEN_TRY(knn_check_k(ctx, p->k, n));
    KEN_TRY(ken_attr_new(ctx, model, "X", KEN_F64, 2, shape, (void **)&X));
    ken_table_gather(problem->X, 0, n, X, d);
    for (int64_t i = 0; i < n && p->metric == KEN_KNN_COSINE; i++) ken__knn_unit(X + i * d, d);
    if (problem->label) {
        KEN_TRY(ken_attr_new(ctx, model, "label", KEN_I32, 1, &n, (void **)&label));
        memcpy(label, problem->label, (size_t)n * sizeof *label);
        return KEN_OK;
    }
    KEN_TRY(ken_attr_new(ctx, model, "y", KEN_F64, 1, &n, (void **)&y));
    memcpy(y, problem->y, (size_t)n * sizeof *y);
    return KEN_OK;
}

/* --- predict ---------------------------------------------------------------------------------- */
static ken_knn_rows knn_rows_of(const ken_model *model) {
    const ken_tensor *X = ken_model_attr(model, "X");
    const ken_knn_params *p = ken_model_params(model);
    return (ken_knn_rows){.X = ken_f64(X),
                          .square = ken_model_state(model),
                          .n = X->shape[0],
                          .d = X->shape[1],
                          .metric = (ken_knn_metric)p->metric};
}

typedef struct knn_answer {
    int64_t k, classes; /* classes 0: regression */
    bool by_distance;
    const double *y;
    const int32_t *label;
    double *out;
} knn_answer;

/* The weight of a neighbor: 1, or nearest distance over its own (1 / distance, without its
 * overflow). Rows at distance 0 outweigh all others. */
static double knn_weight(const knn_answer *a, const double *dist, int64_t i) {
    if (!a->by_distance || isinf(dist[0])) return 1;
    return dist[0] > 0 ? dist[0] / dist[i] : dist[i] == 0;
}

static void knn_answer_rows(void *arg, int64_t first, int64_t n, const int64_t *idx,
                            const double *dist) {
    const knn_answer *a = arg;
    const int64_t width = KEN_MAX(a->classes, 1);
    for (int64_t q = 0; q < n; q++, idx += a->k, dist += a->k) {
        double *out = a->out + (first + q) * width, total = 0;
        for (int64_t c = 0; c < width; c++) out[c] = 0;
        for (int64_t i = 0; i < a->k; i++) {
            const double w = knn_weight(a, dist, i);
            total += w;
            if (a->classes)
                out[a->label[idx[i]]] += w;
            else
                out[0] += w * (a->y[idx[i]] -
                               a->y[idx[0]]); /* from the nearest: equal values give it exactly */
        }
        for (int64_t c = 0; c < width; c++) out[c] /= total;
        if (!a->classes) out[0] += a->y[idx[0]];
    }
}

static int64_t knn_width(const ken_model *model, ken_what what) {
    if (what == KEN_WHAT_PROBA) return ken_model_n_classes(model);
    return what == KEN_WHAT_VALUE || (what == KEN_WHAT_MARGIN && !ken_model_n_classes(model));
}

static ken_status knn_predict(ken_ctx *ctx, const ken_model *model, const ken_table *X,
                              ken_what what, double *out) {
    const ken_knn_params *p = ken_model_params(model);
    const ken_tensor *y = ken_model_attr(model, "y"), *label = ken_model_attr(model, "label");
    const ken_knn_rows rows = knn_rows_of(model);
    knn_answer answer = {.k = p->k,
                         .classes = ken_model_n_classes(model),
                         .by_distance = p->weights == KEN_KNN_DISTANCE,
                         .y = y ? y->data : NULL,
                         .label = label ? label->data : NULL,
                         .out = out};
    (void)what;
    return ken__knn_search(ctx, &rows, X, p->k, knn_answer_rows, &answer);
}

typedef struct knn_copy {
    int64_t k, *idx;
    double *dist;
} knn_copy;

static void knn_copy_rows(void *arg, int64_t first, int64_t n, const int64_t *idx,
                          const double *dist) {
    const knn_copy *c = arg;
    memcpy(c->idx + first * c->k, idx, (size_t)(n * c->k) * sizeof *idx);
    memcpy(c->dist + first * c->k, dist, (size_t)(n * c->k) * sizeof *dist);
}

ken_status ken_knn_neighbors(ken_ctx *ctx, const ken_model *model, const ken_table *table,
                             int64_t k, int64_t *idx, double *dist) {
    knn_copy copy = {k, idx, dist};
    ken_table *X = NULL;
    if (ken_model_desc(model) != &ken_knn_desc)
        return KEN_FAIL(ctx, KEN_E_ARG, "give a knn model", "'%s' has no neighbors",
                        ken_model_desc(model)->name);
    KEN_TRY(ken_model_transform(ctx, model, table, &X));
    const ken_mark mark = ken_scratch_mark(ctx);
    const ken_knn_rows rows = knn_rows_of(model);
    const ken_status status = ken__knn_search(ctx, &rows, X, k, knn_copy_rows, &copy);
    ken_scratch_release(ctx, mark);
    ken_table_free(X);
    return status;
}

/* --- open: the attributes may come from a hostile file ---------------------------------------- */
static ken_status knn_unsound(ken_ctx *ctx, const char *what) {
    return KEN_FAIL(ctx, KEN_E_FORMAT, "fit the model again", "knn: %s", what);
}

static ken_status knn_open_targets(ken_ctx *ctx, const ken_model *model, int64_t n) {
    const int classes = ken_model_n_classes(model);
    const ken_tensor *t = ken_model_attr(model, classes ? "label" : "y");
    if (!t || t->ndim != 1 || t->shape[0] != n)
        return knn_unsound(ctx, "there is not one target per training row");
    for (int64_t i = 0; i < n; i++)
        if (classes ? ((const int32_t *)t->data)[i] < 0 || ((const int32_t *)t->data)[i] >= classes
                    : !(fabs(ken_f64(t)[i]) <= DBL_MAX))
            return knn_unsound(ctx, "a target is no class of the model, or not finite");
    return KEN_OK;
}

static ken_status knn_open(ken_ctx *ctx, ken_model *model, void **state) {
    const ken_knn_params *p = ken_model_params(model);
    const ken_tensor *X = ken_model_attr(model, "X");
    double *square;
    *state = NULL;
    if (!X || X->ndim != 2 || X->shape[0] < p->k || X->shape[1] != ken_model_n_inputs(model))
        return knn_unsound(ctx, "the training rows are missing, fewer than k, or of another width");
    for (int64_t i = 0; i < ken_tensor_count(X); i++)
        if (!(fabs(ken_f64(X)[i]) <= DBL_MAX))
            return knn_unsound(ctx, "a training row has a cell that is not finite");
    KEN_TRY(knn_open_targets(ctx, model, X->shape[0]));
    KEN_TRY(KEN_ALLOC(ctx, double, X->shape[0], &square));
    ken__knn_squares(ken_f64(X), X->shape[0], X->shape[1], square);
    *state = square;
    return KEN_OK;
}

static void knn_close(const ken_allocator *alloc, void *state) { ken_allocator_free(alloc, state); }

/* --- descriptor
 * ------------------------------------------------------------------------------------------------
 */
static const char *const knn_metrics[] = {"euclidean", "manhattan", "chebyshev", "cosine", NULL};
static const char *const knn_weight_names[] = {"uniform", "distance", NULL};

static const ken_param knn_params[] = {
    KEN_ROW_I64(ken_knn_params, k, .min = 1, .max = 1e9, .lo = 1, .hi = 50, .scale = KEN_LOG_SCALE,
                .unit = "rows",
                .doc = "neighbors that answer; few follow the data closely, many smooth"),
    KEN_ROW_CHOICE(ken_knn_params, metric, knn_metrics,
                   .doc = "euclidean: straight line; manhattan: sum of differences; chebyshev: the "
                          "largest difference; "
                          "cosine: 1 - cosine of the angle"),
    KEN_ROW_CHOICE(ken_knn_params, weights, knn_weight_names,
                   .doc = "uniform: neighbors count alike; distance: by 1 / distance, and rows at "
                          "distance 0 alone"),
    {0}};

static const ken_attr knn_attrs[] = {
    {"X", KEN_F64, "n,d",
     "the training rows, as the model sees them; of length 1 with metric=cosine"},
    {"y", KEN_F64, "n", "their targets (regression)"},
    {"label", KEN_I32, "n", "their classes, numbered from 0 (classification)"},
    {0}};

static const ken_estimator knn_estimator = {.fit = knn_fit,
                                            .width = knn_width,
                                            .predict = knn_predict,
                                            .open = knn_open,
                                            .close = knn_close};

static const ken_knn_params knn_defaults = KEN_KNN_DEFAULTS;

const ken_desc ken_knn_desc = {
    .name = "knn",
    .title = "k nearest neighbors",
    .kind = KEN_ESTIMATOR,
    .tasks = KEN_REGRESS | KEN_CLASSIFY,
    .tags = KEN_TAG_SCALED,
    .params = knn_params,
    .defaults = &knn_defaults,
    .params_size = sizeof(ken_knn_params),
    .attrs = knn_attrs,
    .estimator = &knn_estimator,
    .doc =
        "The mean, or the vote, of the k training rows that are nearest. No shape is assumed, so "
        "that it "
        "follows any boundary; but it needs rows near every place that is asked about, which fails "
        "with many "
        "columns, and each answer costs a look at all training rows, which the model file holds.",
    .paper = "Fix & Hodges 1951; Cover & Hart 1967 (IEEE Trans. Inf. Theory)",
    .peer = "sklearn.neighbors.KNeighborsClassifier, KNeighborsRegressor",
};

const ken_desc *const ken_knn_things[] = {&ken_knn_desc, NULL};
