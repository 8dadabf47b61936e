/* For the tests of this room and of the report: an estimator whose function is known.
 *
 *   f(row) = 0.5 + 2 a + b^2 + [c is "red"],   columns a, b, noise (numbers), c (category)
 *
 * Additive, so that Shapley values, effects and permutation importances are known in closed form. As
 * a classifier it gives the logistic function of f. */
#ifndef KEN_EXPLAIN_EXPLAIN_TESTING_H
#define KEN_EXPLAIN_EXPLAIN_TESTING_H

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ken/core/rng.h"
#include "ken/kernels/elementary.h"
#include "tests/support.h"

#define KNOWN_BASE 0.5

static inline double known_term(const ken_table *X, int j, int64_t i) {
    const ken_column *column = ken_table_column(X, j);
    const double x = ken_column_f64(column, i);
    int64_t size = 0;
    if (!strcmp(column->name, "a")) return 2 * x;
    if (!strcmp(column->name, "b")) return x * x;
    if (!strcmp(column->name, "c") && x >= 0) {
        const char *level = ken_strings_at(&column->text, (int64_t)x, &size);
        return size == 3 && !memcmp(level, "red", 3) ? 1 : 0;
    }
    return 0;
}

static ken_status known_fit(ken_ctx *ctx, ken_model *model, const ken_problem *problem) {
    (void)problem;
    return ken_attr_set_f64(ctx, model, "intercept", KNOWN_BASE);
}

static int64_t known_width(const ken_model *model, ken_what what) {
    if (what == KEN_WHAT_PROBA) return ken_model_n_classes(model);
    if (what == KEN_WHAT_CONTRIBUTIONS) return ken_model_n_inputs(model) + 1;
    return what == KEN_WHAT_VALUE || what == KEN_WHAT_MARGIN;
}

static ken_status known_predict(ken_ctx *ctx, const ken_model *model, const ken_table *X,
                                ken_what what, double *out) {
    const int64_t n = ken_table_rows(X);
    const int d = ken_table_cols(X);
    const double base = ken_model_attr_f64(model, "intercept", NAN);
    (void)ctx;
    for (int64_t i = 0; i < n; i++) {
        double sum = base;
        for (int j = 0; j < d; j++) {
            const double term = known_term(X, j, i);
            if (what == KEN_WHAT_CONTRIBUTIONS) out[i * (d + 1) + j] = term;
            sum += term;
        }
        if (what == KEN_WHAT_CONTRIBUTIONS)
            out[i * (d + 1) + d] = base;
        else if (what == KEN_WHAT_PROBA) {
            out[2 * i + 1] = 1 / (1 + ken_exp(-sum));
            out[2 * i] = 1 - out[2 * i + 1];
        } else
            out[i] = sum;
    }
    return KEN_OK;
}

static const ken_attr known_attrs[] = {{"intercept", KEN_F64, "", "the constant"}, {0}};
static const ken_estimator known_estimator = {
    .fit = known_fit, .width = known_width, .predict = known_predict};
static const ken_desc known_desc = {
    .name = "known", .title = "A known function", .kind = KEN_ESTIMATOR,
    .tasks = KEN_REGRESS | KEN_CLASSIFY, .tags = KEN_TAG_TYPED | KEN_TAG_CATEGORY | KEN_TAG_MISSING,
    .attrs = known_attrs, .estimator = &known_estimator, .doc = "for tests"};

/* f(row) = 1 + a + 3 a b by the columns of those names: the two act together. As a classifier its logistic function. */
static inline double together_value(const ken_table *X, int64_t i) {
    double a = 0, b = 0;
    for (int j = 0; j < ken_table_cols(X); j++) {
        const ken_column *column = ken_table_column(X, j);
        if (!strcmp(column->name, "a")) a = ken_column_f64(column, i);
        if (!strcmp(column->name, "b")) b = ken_column_f64(column, i);
    }
    return 1 + a + 3 * a * b;
}

static inline ken_status together_predict(ken_ctx *ctx, const ken_model *model, const ken_table *X, ken_what what,
                                          double *out) {
    (void)ctx, (void)model;
    for (int64_t i = 0; i < ken_table_rows(X); i++) {
        const double f = together_value(X, i);
        if (what == KEN_WHAT_PROBA)
            out[2 * i + 1] = 1 / (1 + ken_exp(-f)), out[2 * i] = 1 - out[2 * i + 1];
        else
            out[i] = f;
    }
    return KEN_OK;
}

static const ken_estimator together_estimator = {.fit = known_fit, .width = known_width, .predict = together_predict};
static const ken_desc together_desc = {
    .name = "together", .title = "A known product", .kind = KEN_ESTIMATOR, .tasks = KEN_REGRESS | KEN_CLASSIFY,
    .tags = KEN_TAG_TYPED | KEN_TAG_CATEGORY | KEN_TAG_MISSING, .attrs = known_attrs,
    .estimator = &together_estimator, .doc = "for tests"};

/* `together` over the columns of `features`, fitted to any target: it learns nothing. */
static inline ken_model *together_model(ken_ctx *ctx, const ken_table *features, bool classes) {
    const int64_t n = ken_table_rows(features);
    ken_table *t = NULL;
    ken_model *m = NULL;
    void *y;
    TEST_OK(ctx, ken_table_new(ctx, n, &t));
    TEST_OK(ctx, ken_table_add_new(ctx, t, "y", classes ? KEN_BOOL : KEN_F64, &y, NULL));
    for (int64_t i = 0; i < n && classes; i++) ((uint8_t *)y)[i] = i % 2;
    for (int64_t i = 0; i < n && !classes; i++) ((double *)y)[i] = (double)i;
    const ken_data data = {.table = features, .target = ken_table_column(t, 0)};
    TEST_OK(ctx, ken_model_new_desc(ctx, &together_desc, NULL, &m));
    TEST_OK(ctx, ken_model_fit(ctx, m, &data));
    ken_table_free(t);
    return m;
}

/* Columns a, b, noise, c, and the target `y` = f + e (classes: f > 2, "no" and "yes"). Uniform a and b
 * in (-1, 1). */
static inline ken_table *known_table(ken_ctx *ctx, int64_t n, bool classes) {
    ken_table *t = NULL;
    void *a, *b, *noise, *y = NULL;
    int32_t *c = malloc((size_t)n * sizeof(int32_t)), *label = malloc((size_t)n * sizeof(int32_t));
    ken_rng rng = ken_rng_stream(ctx, "known", 0);
    TEST_OK(ctx, ken_table_new(ctx, n, &t));
    TEST_OK(ctx, ken_table_add_new(ctx, t, "a", KEN_F64, &a, NULL));
    TEST_OK(ctx, ken_table_add_new(ctx, t, "b", KEN_F64, &b, NULL));
    TEST_OK(ctx, ken_table_add_new(ctx, t, "noise", KEN_F64, &noise, NULL));
    if (!classes) TEST_OK(ctx, ken_table_add_new(ctx, t, "y", KEN_F64, &y, NULL));
    for (int64_t i = 0; i < n; i++) {
        const double u = 2 * ken_rng_f64(&rng) - 1, v = 2 * ken_rng_f64(&rng) - 1;
        ((double *)a)[i] = u;
        ((double *)b)[i] = v;
        ((double *)noise)[i] = ken_rng_normal(&rng);
        c[i] = (int32_t)ken_rng_below(&rng, 3);
        const double f = KNOWN_BASE + 2 * u + v * v + (c[i] == 0);
        if (classes)
            label[i] = ken_rng_f64(&rng) < 1 / (1 + ken_exp(-f));
        else
            ((double *)y)[i] = f + 0.1 * ken_rng_normal(&rng);
    }
    const int64_t color_at[] = {0, 3, 8, 12}, answer_at[] = {0, 2, 5};
    const ken_column color = {.name = "c", .dtype = KEN_CATEGORY, .n = n, .data = c, .stride = 1,
                              .text = {3, color_at, "redgreenblue"}, .source = -1};
    const ken_column answer = {.name = "y", .dtype = KEN_CATEGORY, .n = n, .data = label,
                               .stride = 1, .text = {2, answer_at, "noyes"}, .source = -1};
    TEST_OK(ctx, ken_table_add_copy(ctx, t, &color));
    if (classes) TEST_OK(ctx, ken_table_add_copy(ctx, t, &answer));
    free(c);
    free(label);
    return t;
}

/* The features of `t` (all but y), and a model fitted to them. */
static inline ken_model *known_model(ken_ctx *ctx, const ken_table *t, ken_table **features,
                                     ken_data *data) {
    int columns[16], d = 0;
    ken_model *m = NULL;
    for (int j = 0; j < ken_table_cols(t); j++)
        if (strcmp(ken_table_column(t, j)->name, "y")) columns[d++] = j;
    TEST_OK(ctx, ken_table_select(ctx, t, columns, d, features));
    *data = (ken_data){.table = *features, .target = ken_table_column(t, ken_table_find(t, "y"))};
    TEST_OK(ctx, ken_model_new_desc(ctx, &known_desc, NULL, &m));
    TEST_OK(ctx, ken_model_fit(ctx, m, data));
    return m;
}

/* A model that is known on a table that is known. */
typedef struct known_fixture {
    ken_ctx *ctx;
    ken_table *table, *features;
    ken_model *model;
    ken_data data;
} known_fixture;

static inline known_fixture known_begin(int threads, int64_t n, bool classes) {
    known_fixture f = {.ctx = test_ctx(threads)};
    f.table = known_table(f.ctx, n, classes);
    f.model = known_model(f.ctx, f.table, &f.features, &f.data);
    return f;
}

static inline void known_end(known_fixture *f) {
    ken_model_free(f->model);
    ken_table_free(f->features);
    ken_table_free(f->table);
    test_ctx_free(f->ctx);
}

#endif
