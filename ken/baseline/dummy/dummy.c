/* Dummy: mean, median, quantile or a constant for numbers; class frequencies, the most frequent class
 * or a uniform distribution for classes. */
#include "ken/baseline/dummy/dummy.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- numbers ------------------------------------------------------------------------------------- */

typedef struct dummy_cell {
    double value, weight;
} dummy_cell;

/* By value, then by weight: a total order, so that no sort changes the sums. */
static int dummy_compare(const void *a, const void *b) {
    const dummy_cell *x = a, *y = b;
    if (x->value != y->value) return x->value < y->value ? -1 : 1;
    return x->weight < y->weight ? -1 : x->weight > y->weight;
}

static double dummy_weight(const ken_problem *problem, int64_t i) {
    return problem->weight ? problem->weight[i] : 1;
}

/* The first value at which the weight reaches the fraction q of all weight; where it is reached
 * exactly, the middle between that value and the next (for q = 1/2: the median). */
static ken_status dummy_quantile(ken_ctx *ctx, const ken_problem *problem, double q, double *out) {
    const ken_mark mark = ken_scratch_mark(ctx);
    const int64_t n = problem->n_train;
    dummy_cell *cells;
    KEN_TRY(KEN_SCRATCH(ctx, dummy_cell, n, &cells));
    double total = 0, reached = 0;
    for (int64_t i = 0; i < n; i++) {
        cells[i] = (dummy_cell){problem->y[i], dummy_weight(problem, i)};
        total += cells[i].weight;
    }
    qsort(cells, (size_t)n, sizeof *cells, dummy_compare);
    int64_t i = 0;
    while (i < n - 1 && (cells[i].weight == 0 || reached + cells[i].weight < q * total))
        reached += cells[i++].weight;
    *out = cells[i].value;
    if (reached + cells[i].weight == q * total) {
        int64_t next = i + 1;
        while (next < n && cells[next].weight == 0) next++;
        if (next < n) *out = 0.5 * cells[i].value + 0.5 * cells[next].value;
    }
    ken_scratch_release(ctx, mark);
    return KEN_OK;
}

/* Updated row by row (West 1979): no overflow, no cancellation. */
static double dummy_mean(const ken_problem *problem) {
    double mean = 0, total = 0;
    for (int64_t i = 0; i < problem->n_train; i++) {
        const double w = dummy_weight(problem, i);
        total += w;
        if (w > 0) mean += (problem->y[i] - mean) * (w / total);
    }
    return mean;
}

static ken_status dummy_fit_value(ken_ctx *ctx, ken_model *model, const ken_problem *problem) {
    const ken_dummy_params *p = ken_model_params(model);
    double value;
    switch (p->strategy) {
    case KEN_DUMMY_AUTO:
    case KEN_DUMMY_MEAN: value = dummy_mean(problem); break;
    case KEN_DUMMY_MEDIAN: KEN_TRY(dummy_quantile(ctx, problem, 0.5, &value)); break;
    case KEN_DUMMY_QUANTILE: KEN_TRY(dummy_quantile(ctx, problem, p->quantile, &value)); break;
    case KEN_DUMMY_CONSTANT: value = p->constant; break;
    default:
        return KEN_FAIL(ctx, KEN_E_ARG, "use strategy=mean, median, quantile or constant",
                        "dummy: this strategy is for classes, but the target is a number");
    }
    return ken_attr_set_f64(ctx, model, "value", value);
}

/* --- classes ------------------------------------------------------------------------------------- */

static ken_status dummy_fit_proba(ken_ctx *ctx, ken_model *model, const ken_problem *problem) {
    const ken_dummy_params *p = ken_model_params(model);
    const int64_t k = problem->n_classes;
    double *proba, total = 0;
    if (p->strategy >= KEN_DUMMY_MEAN && p->strategy <= KEN_DUMMY_CONSTANT)
        return KEN_FAIL(ctx, KEN_E_ARG, "use strategy=prior, majority or uniform",
                        "dummy: this strategy is for numbers, but the target has classes");
    KEN_TRY(ken_attr_new(ctx, model, "proba", KEN_F64, 1, &k, (void **)&proba));
    for (int64_t i = 0; i < problem->n_train; i++) {
        proba[problem->label[i]] += dummy_weight(problem, i);
        total += dummy_weight(problem, i);
    }
    int64_t best = 0;
    for (int64_t c = 1; c < k; c++)
        if (proba[c] > proba[best]) best = c;
    for (int64_t c = 0; c < k; c++) {
        if (p->strategy == KEN_DUMMY_MAJORITY)
            proba[c] = c == best;
        else
            proba[c] = p->strategy == KEN_DUMMY_UNIFORM ? 1.0 / (double)k : proba[c] / total;
    }
    return KEN_OK;
}

/* --- verbs --------------------------------------------------------------------------------------- */

static ken_status dummy_fit(ken_ctx *ctx, ken_model *model, const ken_problem *problem) {
    return problem->task == KEN_CLASSIFY ? dummy_fit_proba(ctx, model, problem)
                                         : dummy_fit_value(ctx, model, problem);
}

static ken_status dummy_predict(ken_ctx *ctx, const ken_model *model, const ken_table *X,
                                ken_what what, double *out) {
    const bool classes = what == KEN_WHAT_PROBA;
    const ken_tensor *learned = ken_model_attr(model, classes ? "proba" : "value");
    const int64_t n = ken_table_rows(X), width = ken_tensor_count(learned);
    (void)ctx;
    for (int64_t i = 0; i < n; i++)
        memcpy(out + i * width, ken_f64(learned), (size_t)width * sizeof *out);
    return KEN_OK;
}

static ken_status dummy_open(ken_ctx *ctx, ken_model *model, void **state) {
    const bool classes = ken_model_task(model) == KEN_CLASSIFY;
    const ken_tensor *learned = ken_model_attr(model, classes ? "proba" : "value");
    const int64_t width = classes ? ken_model_n_classes(model) : 1;
    *state = NULL;
    if (!learned || learned->dtype != KEN_F64 || ken_tensor_count(learned) != width)
        return KEN_FAIL(ctx, KEN_E_FORMAT, "fit the model again",
                        "dummy: attribute '%s' must hold %lld numbers",
                        classes ? "proba" : "value", (long long)width);
    return KEN_OK;
}

/* --- descriptor ---------------------------------------------------------------------------------- */

static const char *const dummy_strategies[] = {"auto",     "mean",  "median",   "quantile",
                                               "constant", "prior", "majority", "uniform", NULL};

static const ken_param dummy_params[] = {
    KEN_ROW_CHOICE(ken_dummy_params, strategy, dummy_strategies,
                   .doc = "mean, median, quantile, constant for numbers; prior, majority, uniform "
                          "for classes; auto is mean or prior"),
    KEN_ROW_F64(ken_dummy_params, quantile, .min = 0, .max = 1, .when = "strategy=quantile",
                .doc = "which quantile; 0.5 is the median"),
    KEN_ROW_F64(ken_dummy_params, constant, .min = -INFINITY, .max = INFINITY,
                .when = "strategy=constant", .doc = "the number to predict"),
    {0}};

static const ken_attr dummy_attrs[] = {
    {"value", KEN_F64, "", "the number predicted for every row (numbers)"},
    {"proba", KEN_F64, "k", "the probability of each class, the same for every row (classes)"},
    {0}};

static const ken_estimator dummy_estimator = {
    .fit = dummy_fit, .predict = dummy_predict, .open = dummy_open};

static const ken_dummy_params dummy_defaults = KEN_DUMMY_DEFAULTS;

const ken_desc ken_dummy_desc = {
    .name = "dummy",
    .title = "Dummy baseline",
    .kind = KEN_ESTIMATOR,
    .tasks = KEN_REGRESS | KEN_CLASSIFY,
    .tags = KEN_TAG_TYPED | KEN_TAG_CATEGORY | KEN_TAG_MISSING | KEN_TAG_WEIGHTS | KEN_TAG_BASELINE,
    .params = dummy_params,
    .defaults = &dummy_defaults,
    .params_size = sizeof(ken_dummy_params),
    .attrs = dummy_attrs,
    .estimator = &dummy_estimator,
    .doc = "Predicts the same for every row: the mean of the target, or the class frequencies. A "
           "model that does not beat it has learned nothing.",
    .peer = "sklearn.dummy.DummyRegressor, sklearn.dummy.DummyClassifier",
};

const ken_desc *const ken_dummy_things[] = {&ken_dummy_desc, NULL};
