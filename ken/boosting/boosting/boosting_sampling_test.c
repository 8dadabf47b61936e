/* Rows drawn by the size of their gradients: against the sums over all rows, the border found by
 * bisection, and what must hold of the fit. */
#include "ken/boosting/boosting/boosting_state.h"

#include "ken/core/rng.h"
#include "tests/support.h"

/* --- one draw, without a fit --------------------------------------------------------------------
 */

enum { ROWS = 9000 };

typedef struct sampling_case {
    ken_boosting_params p;
    ken_bin_feature feature;
    uint8_t code[ROWS * 4];
    boosting_binned binned;
    boosting_rules rules;
    boosting_fit fit;
    boosting_scale scale;
    double g[ROWS], h[ROWS];
    uint64_t word[ROWS];
} sampling_case;

/* Gradients with a long tail; one: hessians of 1. Rows divisible by 7 have no weight and are never
 * seen. */
static sampling_case *sampling_new(ken_ctx *ctx, ken_boosting_params p, bool one) {
    sampling_case *c = calloc(1, sizeof *c);
    ken_rng rng = ken_rng_stream(ctx, "sampling", one);
    double most_g = 0, most_h = 0;
    c->p = p;
    c->feature.n_bins = 2;
    c->binned = (boosting_binned){.n = ROWS, .n_train = ROWS, .stride = 4, .d = 1, .codes = c->code,
                                  .by_column = c->code, .feature = &c->feature};
    c->rules.max_leaves = 2;
    for (int i = 0; i < ROWS; i++) {
        c->g[i] = pow(ken_rng_normal(&rng), 3);
        c->h[i] = one ? 1 : 0.01 + ken_rng_f64(&rng);
        most_g = fmax(most_g, fabs(c->g[i]));
        most_h = fmax(most_h, c->h[i]);
    }
    c->scale = ken__boosting_scale_of(ROWS, one, most_g, most_h);
    ken_ctx_kernels(ctx)->hist_pack(c->g, one ? NULL : c->h, ROWS, c->scale.scale_g,
                                    c->scale.scale_h, c->scale.shift, c->word);
    boosting_fit *const s = &c->fit;
    s->p = &c->p;
    s->loss.n_train = s->loss.n = ROWS;
    s->rows = malloc(ROWS * sizeof *s->rows);
    s->sample_weight = malloc(ROWS * sizeof *s->sample_weight);
    s->usable = malloc(ROWS * sizeof *s->usable);
    for (int i = 0; i < ROWS; i++)
        if (i % 7) s->usable[s->n_usable++] = (uint32_t)i;
    TEST_OK(ctx, ken__boosting_grower_new(ctx, &c->binned, &c->rules, &s->grower));
    return c;
}

static void sampling_free(ken_ctx *ctx, sampling_case *c) {
    ken__boosting_grower_free(ctx, c->fit.grower);
    free(c->fit.rows), free(c->fit.sample_weight), free(c->fit.usable);
    free(c);
}

/* Rows of tree `tree` and their packed gradients: sums[0..1] in the units of the loss. */
static int64_t sampling_draw(ken_ctx *ctx, sampling_case *c, size_t tree, double sums[2]) {
    const ken_mark mark = ken_scratch_mark(ctx);
    boosting_scale scale = c->scale;
    uint64_t *const words = ken__boosting_grower_words(c->fit.grower);
    int64_t n = 0;
    memcpy(words, c->word, sizeof c->word);
    c->fit.n_trees = tree;
    TEST_OK(ctx, ken__boosting_draw_by_gradient(ctx, &c->fit, &scale, &n));
    ken_scratch_release(ctx, mark);
    sums[0] = sums[1] = 0;
    for (int64_t i = 0; i < n; i++) {
        const uint64_t w = words[c->fit.rows[i]];
        const double g = (double)((int64_t)w >> scale.shift);
        const double h = (double)(w & ((UINT64_C(1) << scale.shift) - 1));
        assert_true(fabs(g) <= 0x1p21 && h >= 1 && h <= 0x1p20); /* what a chunk can add up */
        assert_true(c->fit.rows[i] % 7 != 0);
        sums[0] += g / scale.scale_g;
        sums[1] += h / scale.scale_h;
    }
    return n;
}

static void test_sampling__sums_over_samples_have_the_full_sums_as_their_mean(void **state) {
    enum { DRAWS = 600 };
    ken_ctx *ctx = test_ctx(2);
    double spread[3] = {0, 0, 0}; /* variance of the sum of gradients: uniform, goss, mvs */
    (void)state;
    for (int method = KEN_BOOSTING_GOSS; method <= KEN_BOOSTING_MVS; method++)
        for (int one = 0; one < 2; one++) {
            ken_boosting_params p = KEN_BOOSTING_DEFAULTS;
            p.sampling = method;
            p.row_fraction = 0.3;
            sampling_case *c = sampling_new(ctx, p, one);
            double full[2] = {0, 0}, mean[3] = {0, 0, 0}, square[3] = {0, 0, 0}, squares = 0;
            for (int64_t i = 0; i < c->fit.n_usable; i++) {
                full[0] += c->g[c->fit.usable[i]];
                full[1] += c->h[c->fit.usable[i]];
                squares += c->g[c->fit.usable[i]] * c->g[c->fit.usable[i]];
            }
            for (int t = 0; t < DRAWS; t++) {
                double sums[3];
                sums[2] = (double)sampling_draw(ctx, c, (size_t)t, sums);
                for (int k = 0; k < 3; k++) {
                    mean[k] += sums[k] / DRAWS;
                    square[k] += sums[k] * sums[k] / DRAWS;
                }
            }
            const double want[3] = {full[0], full[1], 0.3 * (double)c->fit.n_usable};
            for (int k = 0; k < 3; k++) {
                const double variance = square[k] - mean[k] * mean[k];
                assert_true(variance > 0);
                assert_true(fabs(mean[k] - want[k]) < 4 * sqrt(variance / DRAWS) + 1e-5 * want[2]);
                if (k == 0) spread[method] += variance;
            }
            spread[0] += squares * (1 - 0.3) / 0.3 / 2; /* of Bernoulli draws; for both methods */
            sampling_free(ctx, c);
        }
    assert_true(spread[KEN_BOOSTING_GOSS] < 0.5 * spread[0]);
    assert_true(spread[KEN_BOOSTING_MVS] < 0.5 * spread[0]);
    test_ctx_free(ctx);
}

static double sampling_size(const sampling_case *c, int64_t i, double lambda) {
    return sqrt(c->g[i] * c->g[i] + lambda * c->h[i] * c->h[i]);
}

static void test_sampling__mvs_has_the_probabilities_of_least_variance(void **state) {
    ken_ctx *ctx = test_ctx(1);
    (void)state;
    for (int one = 0; one < 2; one++) {
        ken_boosting_params p = KEN_BOOSTING_DEFAULTS;
        p.sampling = KEN_BOOSTING_MVS;
        p.row_fraction = 0.25;
        p.mvs_lambda = 0.04;
        sampling_case *c = sampling_new(ctx, p, one);
        const double want = floor(0.25 * (double)c->fit.n_usable);
        double lo = 0, hi = 1e6, sums[2];
        for (int pass = 0; pass < 200; pass++) { /* mu, by bisection */
            const double mu = (lo + hi) / 2;
            double size = 0;
            for (int64_t i = 0; i < c->fit.n_usable; i++)
                size += fmin(1, sampling_size(c, c->fit.usable[i], 0.04) / mu);
            *(size > want ? &lo : &hi) = mu;
        }
        const int64_t n = sampling_draw(ctx, c, 3, sums);
        bool sure = false, unsure = false;
        for (int64_t i = 0; i < n; i++) {
            const int64_t row = c->fit.rows[i];
            const double p_row = fmin(1, sampling_size(c, row, 0.04) / lo);
            /* gradients are packed: half a unit of g, the same of h */
            const double packed = 1 / c->scale.scale_g + 1 / c->scale.scale_h;
            assert_true(fabs(1 / c->fit.sample_weight[row] - p_row) < 1e-5 * p_row + packed / lo);
            *(p_row < 1 ? &unsure : &sure) = true;
        }
        assert_true(sure && unsure);
        sampling_free(ctx, c);
    }
    test_ctx_free(ctx);
}

static int sampling_descending(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return x > y ? -1 : x < y;
}

static void test_sampling__goss_takes_the_greatest_gradients(void **state) {
    ken_ctx *ctx = test_ctx(1);
    ken_boosting_params p = KEN_BOOSTING_DEFAULTS;
    double sorted[ROWS], sums[2];
    (void)state;
    p.sampling = KEN_BOOSTING_GOSS;
    sampling_case *c = sampling_new(ctx, p, true);
    const int64_t usable = c->fit.n_usable, top = (int64_t)(0.2 * (double)usable);
    for (int64_t i = 0; i < usable; i++) sorted[i] = fabs(c->g[c->fit.usable[i]]);
    qsort(sorted, (size_t)usable, sizeof *sorted, sampling_descending);
    const int64_t n = sampling_draw(ctx, c, 0, sums);
    int64_t great = 0;
    for (int64_t i = 0; i < n; i++) {
        const int64_t row = c->fit.rows[i];
        if (fabs(c->g[row]) > sorted[top]) {
            assert_true(c->fit.sample_weight[row] == 1);
            great++;
        } else { /* (1 - a) / b */
            assert_true(fabs(c->fit.sample_weight[row] - 8) < 0.01);
        }
    }
    assert_int_equal(great, top);
    sampling_free(ctx, c);
    test_ctx_free(ctx);
}

/* --- fits ---------------------------------------------------------------------------------------
 */

typedef struct sampling_table {
    ken_table *X, *X_test;
    double *y, *y_test, *weight;
    ken_column target, weights;
    int64_t n;
} sampling_table;

/* y = bends of three of five columns + noise; classes > 0: cut into so many. */
static void sampling_rows(ken_ctx *ctx, const char *stream, int64_t n, int classes, ken_table **X,
                          double **y) {
    ken_rng rng = ken_rng_stream(ctx, stream, 0);
    double *x = malloc((size_t)n * 5 * sizeof *x);
    *y = malloc((size_t)n * sizeof **y);
    for (int64_t i = 0; i < n; i++) {
        double *const r = x + 5 * i;
        for (int j = 0; j < 5; j++) r[j] = ken_rng_f64(&rng);
        (*y)[i] = sin(6 * r[0]) + r[1] * r[1] + (r[2] > 0.7) + 0.3 * ken_rng_normal(&rng);
        if (classes) (*y)[i] = fmin(fmax(floor(((*y)[i] + 1.2) / 4 * classes), 0), classes - 1);
    }
    *X = test_table(ctx, x, n, 5);
    free(x);
}

static sampling_table sampling_table_new(ken_ctx *ctx, int64_t n, int classes) {
    sampling_table t = {.n = n};
    sampling_rows(ctx, "rows", n, classes, &t.X, &t.y);
    sampling_rows(ctx, "new", n, classes, &t.X_test, &t.y_test);
    t.weight = malloc((size_t)n * sizeof *t.weight);
    for (int64_t i = 0; i < n; i++) t.weight[i] = (double)(i % 4) / 2;
    t.target = test_column_f64("y", t.y, n);
    t.weights = test_column_f64("w", t.weight, n);
    return t;
}

static void sampling_table_free(sampling_table *t) {
    ken_table_free(t->X), ken_table_free(t->X_test);
    free(t->y), free(t->y_test), free(t->weight);
}

static ken_model *sampling_fit(ken_ctx *ctx, const sampling_table *t, const char *settings,
                               bool classify, bool weighted) {
    ken_model *model = NULL;
    const ken_data data = {.table = t->X, .target = &t->target,
                           .weight = weighted ? &t->weights : NULL,
                           .task = classify ? KEN_CLASSIFY : KEN_REGRESS};
    TEST_OK(ctx, ken_model_new(ctx, "boosting", settings, &model));
    TEST_OK(ctx, ken_model_fit(ctx, model, &data));
    return model;
}

static void test_sampling__any_thread_count_gives_the_same_bits(void **state) {
    static const struct {
        const char *settings;
        int classes;
        bool weighted;
    } fits[] = {{"trees=8 sampling=goss", 0, false},
                {"trees=8 sampling=mvs row_fraction=0.3", 0, true},
                {"trees=8 sampling=mvs row_fraction=0.4", 2, false},
                {"trees=5 sampling=goss top_rate=0.3", 3, true},
                {"trees=5 sampling=mvs row_fraction=0.2 loss=absolute", 0, false}};
    static const int threads[] = {2, 3, 7};
    (void)state;
    for (int f = 0; f < KEN_COUNT(fits); f++) {
        ken_ctx *one = test_ctx(1);
        sampling_table t = sampling_table_new(one, 30000, fits[f].classes);
        ken_model *first = sampling_fit(one, &t, fits[f].settings, fits[f].classes, fits[f].weighted);
        for (int k = 0; k < KEN_COUNT(threads); k++) {
            ken_ctx *ctx = test_ctx(threads[k]);
            ken_model *m = sampling_fit(ctx, &t, fits[f].settings, fits[f].classes, fits[f].weighted);
            test_same_model(first, m);
            ken_model_free(m);
            test_ctx_free(ctx);
        }
        ken_model_free(first);
        sampling_table_free(&t);
        test_ctx_free(one);
    }
}

static void test_sampling__a_sample_of_all_rows_is_no_sample(void **state) {
    ken_ctx *ctx = test_ctx(1);
    sampling_table t = sampling_table_new(ctx, 2000, 0);
    ken_model *plain = sampling_fit(ctx, &t, "trees=6 row_fraction=1", false, false);
    ken_model *mvs = sampling_fit(ctx, &t, "trees=6 row_fraction=1 sampling=mvs", false, false);
    ken_model *goss = sampling_fit(ctx, &t, "trees=6 sampling=goss top_rate=0.5 other_rate=0.5",
                                   false, false);
    (void)state;
    test_same_model(plain, mvs);
    test_same_model(plain, goss);
    ken_model_free(plain), ken_model_free(mvs), ken_model_free(goss);
    sampling_table_free(&t);
    test_ctx_free(ctx);
}

static double sampling_error(ken_ctx *ctx, const sampling_table *t, const char *settings) {
    ken_model *m = sampling_fit(ctx, t, settings, false, false);
    double *out = malloc((size_t)t->n * sizeof *out), sum = 0;
    ken_tensor T = ken_tensor_2d(out, KEN_F64, t->n, 1);
    TEST_OK(ctx, ken_model_predict(ctx, m, t->X_test, KEN_WHAT_VALUE, &T));
    for (int64_t i = 0; i < t->n; i++) sum += (out[i] - t->y_test[i]) * (out[i] - t->y_test[i]);
    free(out);
    ken_model_free(m);
    return sqrt(sum / (double)t->n);
}

static void test_sampling__a_third_of_the_rows_predicts_like_all(void **state) {
    ken_ctx *ctx = test_ctx(2);
    sampling_table t = sampling_table_new(ctx, 12000, 0);
    const double all = sampling_error(ctx, &t, "trees=100 learning_rate=0.1 row_fraction=1");
    (void)state;
    assert_true(all < 0.32); /* the noise is 0.3 */
    assert_true(sampling_error(ctx, &t, "trees=100 learning_rate=0.1 sampling=goss") < 1.02 * all);
    assert_true(sampling_error(ctx, &t, "trees=100 learning_rate=0.1 sampling=mvs row_fraction=0.3") <
                1.02 * all);
    sampling_table_free(&t);
    test_ctx_free(ctx);
}

static void test_sampling__covers_count_all_rows(void **state) {
    ken_ctx *ctx = test_ctx(1);
    sampling_table t = sampling_table_new(ctx, 20000, 0);
    ken_model *m = sampling_fit(ctx, &t, "trees=5 sampling=goss", false, false);
    const double *cover = ken_model_attr(m, "cover")->data;
    const int64_t *first = ken_model_attr(m, "tree_offset")->data;
    (void)state;
    for (int tree = 0; tree < 5; tree++) /* roots: importance sums to the number of rows */
        assert_true(fabs(cover[first[tree]] / 20000 - 1) < 0.1);
    ken_model_free(m);
    sampling_table_free(&t);
    test_ctx_free(ctx);
}

static void test_sampling__rates_above_one_are_refused(void **state) {
    ken_ctx *ctx = test_ctx(1);
    sampling_table t = sampling_table_new(ctx, 100, 0);
    ken_model *m;
    const ken_data data = {.table = t.X, .target = &t.target, .task = KEN_REGRESS};
    (void)state;
    TEST_OK(ctx, ken_model_new(ctx, "boosting", "sampling=goss top_rate=0.7 other_rate=0.4", &m));
    assert_int_equal(ken_model_fit(ctx, m, &data), KEN_E_ARG);
    assert_non_null(strstr(ken_ctx_message(ctx), "1.1"));
    ken_model_free(m);
    sampling_table_free(&t);
    test_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sampling__sums_over_samples_have_the_full_sums_as_their_mean),
        cmocka_unit_test(test_sampling__mvs_has_the_probabilities_of_least_variance),
        cmocka_unit_test(test_sampling__goss_takes_the_greatest_gradients),
        cmocka_unit_test(test_sampling__any_thread_count_gives_the_same_bits),
        cmocka_unit_test(test_sampling__a_sample_of_all_rows_is_no_sample),
        cmocka_unit_test(test_sampling__a_third_of_the_rows_predicts_like_all),
        cmocka_unit_test(test_sampling__covers_count_all_rows),
        cmocka_unit_test(test_sampling__rates_above_one_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
