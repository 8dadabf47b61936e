/* For the tests of linear models: fit on arrays, and the properties that each of them must have. */
#ifndef KEN_LINEAR_LINEAR_CHECK_H
#define KEN_LINEAR_LINEAR_CHECK_H

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support.h"

#include "ken/core/rng.h"

typedef struct linear_sample {
    double *X, *y, *weight; /* weight NULL: none */
    int64_t n;
    int d;
    ken_task task;
} linear_sample;

/* A fitted model; the caller frees it. */
static inline ken_model *linear_sample_fit(ken_ctx *ctx, const char *name, const char *settings,
                                           const linear_sample *s) {
    ken_model *model;
    ken_table *table = test_table(ctx, s->X, s->n, s->d);
    const ken_column target = test_column_f64("y", s->y, s->n);
    const ken_column weight = test_column_f64("w", s->weight, s->n);
    const ken_data data = {
        .table = table, .target = &target, .weight = s->weight ? &weight : NULL, .task = s->task};
    TEST_OK(ctx, ken_model_new(ctx, name, settings, &model));
    TEST_OK(ctx, ken_model_fit(ctx, model, &data));
    ken_table_free(table);
    return model;
}

/* Rows of `what`; the caller frees them with free(). */
static inline double *linear_sample_predict(ken_ctx *ctx, const ken_model *model,
                                            const linear_sample *s, ken_what what, int64_t *width) {
    ken_table *table = test_table(ctx, s->X, s->n, s->d);
    TEST_OK(ctx, ken_model_width(ctx, model, what, width));
    double *values = malloc((size_t)(s->n * *width) * sizeof *values);
    ken_tensor out = ken_tensor_2d(values, KEN_F64, s->n, *width);
    TEST_OK(ctx, ken_model_predict(ctx, model, table, what, &out));
    ken_table_free(table);
    return values;
}

/* n rows of d columns with offsets and scales of their own, a linear target with noise or k classes
 * from noisy linear scores, and weights 1 .. 3. */
static inline linear_sample linear_sample_new(int64_t n, int d, int k, bool weights) {
    ken_ctx *ctx = test_ctx(1);
    ken_rng rng = ken_rng_stream(ctx, "linear_check", 0);
    linear_sample s = {.n = n, .d = d, .task = k ? KEN_CLASSIFY : KEN_REGRESS};
    s.X = malloc((size_t)(n * d) * sizeof *s.X);
    s.y = malloc((size_t)n * sizeof *s.y);
    s.weight = weights ? malloc((size_t)n * sizeof *s.y) : NULL;
    for (int64_t i = 0; i < n; i++) {
        double sum[8] = {0};
        for (int j = 0; j < d; j++) {
            const double z = ken_rng_normal(&rng);
            s.X[i * d + j] = (j - 1) * 3 + z * (1 + j);
            for (int c = 0; c < 8; c++) sum[c] += z * sin(1.0 + j * (c + 1));
        }
        s.y[i] = sum[0] + 0.5 * ken_rng_normal(&rng);
        if (k > 0) {
            int best = 0;
            for (int c = 0; c < k; c++) {
                sum[c] += 1.5 * ken_rng_normal(&rng);
                if (sum[c] > sum[best]) best = c;
            }
            s.y[i] = best;
        }
        if (weights) s.weight[i] = 1 + (double)ken_rng_below(&rng, 3);
    }
    test_ctx_free(ctx);
    return s;
}
static inline void linear_sample_free(linear_sample *s) { free(s->X), free(s->y), free(s->weight); }

static inline void linear_expect_coefs(const ken_model *a, const ken_model *b, double relative) {
    static const char *const names[] = {"coef", "intercept"};
    for (int k = 0; k < 2; k++) {
        const ken_tensor *p = ken_model_attr(a, names[k]), *q = ken_model_attr(b, names[k]);
        assert_non_null(p);
        assert_non_null(q);
        double top = 0;
        for (int64_t i = 0; i < ken_tensor_count(p); i++) top = fmax(top, fabs(ken_f64(p)[i]));
        for (int64_t i = 0; i < ken_tensor_count(p); i++)
            if (fabs(ken_f64(p)[i] - ken_f64(q)[i]) > relative * top)
                fail_msg("%s[%d] is %.17g and %.17g", names[k], (int)i, ken_f64(p)[i], ken_f64(q)[i]);
    }
}

/* Weights 1, 2, 3 are the row once, twice, three times. */
static inline void linear_check_weights(const char *name, const char *settings, int k, double relative) {
    ken_ctx *ctx = test_ctx(1);
    linear_sample s = linear_sample_new(200, 4, k, true), twice = s;
    twice.X = malloc((size_t)(600 * s.d) * sizeof *s.X);
    twice.y = malloc(600 * sizeof *s.y);
    twice.weight = NULL;
    twice.n = 0;
    for (int64_t i = 0; i < s.n; i++)
        for (int r = 0; r < (int)s.weight[i]; r++) {
            memcpy(twice.X + twice.n * s.d, s.X + i * s.d, (size_t)s.d * sizeof *s.X);
            twice.y[twice.n++] = s.y[i];
        }
    ken_model *a = linear_sample_fit(ctx, name, settings, &s);
    ken_model *b = linear_sample_fit(ctx, name, settings, &twice);
    linear_expect_coefs(a, b, relative);
    ken_model_free(a);
    ken_model_free(b);
    linear_sample_free(&s);
    linear_sample_free(&twice);
    test_ctx_free(ctx);
}

static inline void linear_check_permutation(const char *name, const char *settings, int k,
                                            double relative) {
    ken_ctx *ctx = test_ctx(1);
    linear_sample s = linear_sample_new(500, 4, k, true), mixed = linear_sample_new(500, 4, k, true);
    for (int64_t i = 0; i < s.n; i++) {
        const int64_t from = (i * 127 + 31) % s.n;
        memcpy(mixed.X + i * s.d, s.X + from * s.d, (size_t)s.d * sizeof *s.X);
        mixed.y[i] = s.y[from], mixed.weight[i] = s.weight[from];
    }
    ken_model *a = linear_sample_fit(ctx, name, settings, &s);
    ken_model *b = linear_sample_fit(ctx, name, settings, &mixed);
    linear_expect_coefs(a, b, relative);
    ken_model_free(a);
    ken_model_free(b);
    linear_sample_free(&s);
    linear_sample_free(&mixed);
    test_ctx_free(ctx);
}

/* 1, 2, 3, 7 threads: the same bits, learned and predicted. */
static inline void linear_check_threads(const char *name, const char *settings, int k) {
    static const int threads[] = {1, 2, 3, 7};
    linear_sample s = linear_sample_new(20000, 20, k, true);
    double *first = NULL;
    int64_t width;
    for (int t = 0; t < KEN_COUNT(threads); t++) {
        ken_ctx *ctx = test_ctx(threads[t]);
        ken_model *m = linear_sample_fit(ctx, name, settings, &s);
        double *now = linear_sample_predict(ctx, m, &s, k ? KEN_WHAT_PROBA : KEN_WHAT_VALUE, &width);
        if (first) assert_memory_equal(first, now, (size_t)(s.n * width) * sizeof *now);
        if (!first) first = now;
        else free(now);
        ken_model_free(m);
        test_ctx_free(ctx);
    }
    free(first);
    linear_sample_free(&s);
}

/* Packed and unpacked, the model predicts the same bits for every `what` it has. */
static inline void linear_check_pack(const char *name, const char *settings, int k) {
    ken_ctx *ctx = test_ctx(1);
    linear_sample s = linear_sample_new(300, 5, k, false);
    ken_model *a = linear_sample_fit(ctx, name, settings, &s), *b;
    ken_bundle *bundle;
    TEST_OK(ctx, ken_model_pack(ctx, a, &bundle));
    const char *json = ken_bundle_json(bundle);
    TEST_OK(ctx, ken_model_unpack(ctx, "test", json, strlen(json), ken_bundle_at(bundle, 0),
                                  ken_bundle_count(bundle), &b));
    for (ken_what what = KEN_WHAT_VALUE; what <= KEN_WHAT_SET; what++) {
        int64_t width, same;
        if (ken_model_width(ctx, a, what, &width) != KEN_OK) continue;
        double *p = linear_sample_predict(ctx, a, &s, what, &width);
        double *q = linear_sample_predict(ctx, b, &s, what, &same);
        assert_int_equal(width, same);
        assert_memory_equal(p, q, (size_t)(s.n * width) * sizeof *p);
        free(p);
        free(q);
    }
    ken_bundle_free(bundle);
    ken_model_free(a);
    ken_model_free(b);
    linear_sample_free(&s);
    test_ctx_free(ctx);
}

/* Contributions of a row sum to the margin (the value of a regression). */
static inline void linear_check_contributions(const char *name, const char *settings, int k) {
    ken_ctx *ctx = test_ctx(1);
    linear_sample s = linear_sample_new(300, 5, k, true);
    ken_model *m = linear_sample_fit(ctx, name, settings, &s);
    int64_t width, outputs;
    double *parts = linear_sample_predict(ctx, m, &s, KEN_WHAT_CONTRIBUTIONS, &width);
    double *margin = linear_sample_predict(ctx, m, &s, KEN_WHAT_MARGIN, &outputs);
    assert_int_equal(width, outputs * (s.d + 1));
    for (int64_t i = 0; i < s.n * outputs; i++) {
        double sum = 0;
        for (int j = 0; j <= s.d; j++) sum += parts[i * (s.d + 1) + j];
        TEST_NEAR(sum, margin[i], 1e-11);
    }
    free(parts);
    free(margin);
    ken_model_free(m);
    linear_sample_free(&s);
    test_ctx_free(ctx);
}

/* Weights of 0 for all rows are an error, for one row as if it were not there. */
static inline void linear_check_zero_weights(const char *name, const char *settings, int k) {
    ken_ctx *ctx = test_ctx(1);
    linear_sample s = linear_sample_new(60, 3, k, true), less = s;
    s.weight[59] = 0;
    less.n = 59;
    ken_model *a = linear_sample_fit(ctx, name, settings, &s);
    ken_model *b = linear_sample_fit(ctx, name, settings, &less);
    linear_expect_coefs(a, b, 1e-10);
    ken_table *table = test_table(ctx, s.X, s.n, s.d);
    const ken_column target = test_column_f64("y", s.y, s.n);
    const ken_column weight = test_column_f64("w", s.weight, s.n);
    const ken_data data = {.table = table, .target = &target, .weight = &weight, .task = s.task};
    for (int64_t i = 0; i < s.n; i++) s.weight[i] = 0;
    TEST_FAILS(ctx, ken_model_fit(ctx, a, &data), KEN_E_VALUE, "weights");
    ken_table_free(table);
    ken_model_free(a);
    ken_model_free(b);
    linear_sample_free(&s);
    test_ctx_free(ctx);
}

typedef struct linear_round {
    const char *name, *settings;
    linear_sample sample;
} linear_round;

static inline ken_status linear_round_run(ken_ctx *ctx, void *arg) {
    const linear_round *r = arg;
    ken_model *model = NULL;
    ken_table *table = NULL;
    ken_tensor X = ken_tensor_2d(r->sample.X, KEN_F64, r->sample.n, r->sample.d);
    const ken_column target = test_column_f64("y", r->sample.y, r->sample.n);
    ken_status status = ken_table_from_matrix(ctx, &X, NULL, &table);
    const ken_data data = {.table = table, .target = &target, .task = r->sample.task};
    if (status == KEN_OK) status = ken_model_new(ctx, r->name, r->settings, &model);
    if (status == KEN_OK) status = ken_model_fit(ctx, model, &data);
    if (status == KEN_OK) {
        double values[64];
        ken_tensor out = ken_tensor_1d(values, KEN_F64, r->sample.n);
        status = ken_model_predict(ctx, model, table, KEN_WHAT_VALUE, &out);
    }
    ken_model_free(model);
    ken_table_free(table);
    return status;
}

static inline void linear_check_allocations(const char *name, const char *settings, int k) {
    linear_round round = {name, settings, linear_sample_new(40, 3, k, false)};
    test_every_allocation(linear_round_run, &round, 1000);
    linear_sample_free(&round.sample);
}

#endif
