/* Losses as a user meets them, on numbers: offsets, and targets that are probabilities. */
#include "ken/boosting/boosting/boosting.h"
#include "ken/core/rng.h"
#include "tests/support.h"

enum { N = 1200 };

typedef struct offset_case {
    double x[2 * N], y[N], offset[N], shifted[N];
    uint8_t role[N];
    ken_table *X;
} offset_case;

/* Two columns, the second of three values; every fourth row is for validation. */
static void offset_case_fill(ken_ctx *ctx, offset_case *t) {
    ken_rng rng = ken_rng_stream(ctx, "test.offset", 0);
    for (int i = 0; i < N; i++) {
        t->x[2 * i] = floor(8 * ken_rng_f64(&rng));
        t->x[2 * i + 1] = (double)ken_rng_below(&rng, 3);
        t->offset[i] = floor(8 * ken_rng_normal(&rng)) / 8;
        t->y[i] = floor(8 * (t->x[2 * i] / 2 + t->x[2 * i + 1] + ken_rng_normal(&rng))) / 8;
        t->shifted[i] = t->y[i] + t->offset[i];
        t->role[i] = i % 4 == 3 ? KEN_ROLE_VALIDATION : KEN_ROLE_TRAIN;
    }
    t->X = test_table(ctx, t->x, N, 2);
}

static ken_model *offset_fit(ken_ctx *ctx, const offset_case *t, const double *y, const double *offset,
                             const char *settings) {
    const ken_column target = test_column_f64("y", y, N), o = test_column_f64("o", offset ? offset : y, N);
    const ken_data data = {.table = t->X,
                           .target = &target,
                           .offset = offset ? &o : NULL,
                           .role = t->role,
                           .task = KEN_REGRESS};
    ken_model *m = NULL;
    TEST_OK(ctx, ken_model_new(ctx, "boosting", settings, &m));
    TEST_OK(ctx, ken_model_fit(ctx, m, &data));
    return m;
}

static void offset_predict(ken_ctx *ctx, const offset_case *t, const ken_model *m, ken_what what, double *out) {
    ken_tensor T = ken_tensor_2d(out, KEN_F64, N, 1);
    TEST_OK(ctx, ken_model_predict(ctx, m, t->X, what, &T));
}

/* Where the prediction is the margin, y with an offset is y less the offset without one; predictions
 * are without the offset. */
static void test_boosting_offset__is_taken_from_the_target_where_margins_are_predictions(void **state) {
    static const char *const losses[] = {"squared", "absolute", "huber", "quantile quantile=0.7",
                                         "expectile expectile=0.3"};
    static offset_case t;
    static double p[N], q[N];
    ken_ctx *ctx = test_ctx(2);
    (void)state;
    offset_case_fill(ctx, &t);
    for (int l = 0; l < KEN_COUNT(losses); l++) {
        char settings[128];
        snprintf(settings, sizeof settings, "trees=30 patience=30 loss=%s", losses[l]);
        ken_model *a = offset_fit(ctx, &t, t.shifted, t.offset, settings);
        ken_model *b = offset_fit(ctx, &t, t.y, NULL, settings);
        const ken_tensor *va = ken_model_attr(a, "validation_loss"), *vb = ken_model_attr(b, "validation_loss");
        offset_predict(ctx, &t, a, KEN_WHAT_VALUE, p);
        offset_predict(ctx, &t, b, KEN_WHAT_VALUE, q);
        for (int i = 0; i < N; i++) test_near_(p[i], q[i], 1e-6, 1e-6, losses[l], __FILE__, __LINE__);
        assert_int_equal(va->shape[0], vb->shape[0]);
        for (int64_t i = 0; i < va->shape[0]; i++)
            TEST_NEAR(((const double *)va->data)[i], ((const double *)vb->data)[i], 1e-6);
        ken_model_free(a), ken_model_free(b);
    }
    ken_table_free(t.X);
    test_ctx_free(ctx);
}

/* Counts y of exposures e^o, one column of three values, trees without limits: the rate of a group is
 * its counts by its exposure, sum y / sum e^o. Gamma and Tweedie of power p: the score of a group is 0
 * at sum y e^((1-p) o) / sum e^((2-p) o). */
static void test_boosting_offset__rates_are_counts_by_exposure(void **state) {
    static const struct {
        const char *loss;
        double power;
    } list[] = {{"poisson", 1}, {"gamma", 2}, {"tweedie tweedie_power=1.6", 1.6}};
    static offset_case t;
    static double counts[N], p[N];
    ken_ctx *ctx = test_ctx(2);
    ken_rng rng = ken_rng_stream(ctx, "test.counts", 0);
    (void)state;
    offset_case_fill(ctx, &t);
    for (int i = 0; i < N; i++) t.x[2 * i] = 0, t.role[i] = KEN_ROLE_TRAIN;
    ken_table_free(t.X);
    t.X = test_table(ctx, t.x, N, 2);
    for (int i = 0; i < N; i++) counts[i] = 1 + floor(exp(t.offset[i] + t.x[2 * i + 1] + ken_rng_normal(&rng)));
    for (int l = 0; l < KEN_COUNT(list); l++) {
        double above[4] = {0}, below[4] = {0}; /* of three groups, and of all rows */
        char settings[160];
        snprintf(settings, sizeof settings,
                 "trees=200 learning_rate=0.5 early_stopping=off row_fraction=1 l2=0 min_leaf_weight=1e-9 "
                 "loss=%s", list[l].loss);
        ken_model *m = offset_fit(ctx, &t, counts, t.offset, settings);
        offset_predict(ctx, &t, m, KEN_WHAT_VALUE, p);
        for (int i = 0; i < N; i++) {
            const int group = (int)t.x[2 * i + 1];
            const double a = counts[i] * exp((1 - list[l].power) * t.offset[i]);
            const double b = exp((2 - list[l].power) * t.offset[i]);
            above[group] += a, below[group] += b, above[3] += a, below[3] += b;
        }
        for (int i = 0; i < N; i++) {
            const int group = (int)t.x[2 * i + 1];
            test_near_(p[i], above[group] / below[group], 1e-5, 0, list[l].loss, __FILE__, __LINE__);
        }
        TEST_NEAR(exp(ken_model_attr_f64(m, "base", (double)NAN)), above[3] / below[3], 1e-12);
        ken_model_free(m);
    }
    ken_table_free(t.X);
    test_ctx_free(ctx);
}

/* Shares as targets: a group's prediction is its mean share, and a target of 0 and 1 is a class. */
static void test_boosting_offset__cross_entropy_predicts_mean_shares(void **state) {
    static offset_case t;
    static double share[N], p[N], proba[2 * N];
    ken_ctx *ctx = test_ctx(1);
    (void)state;
    offset_case_fill(ctx, &t);
    double sum[3] = {0}, n[3] = {0};
    for (int i = 0; i < N; i++) {
        t.role[i] = KEN_ROLE_TRAIN;
        share[i] = 1 / (1 + exp(-t.y[i] + 2.5));
        t.x[2 * i] = 0;
        sum[(int)t.x[2 * i + 1]] += share[i];
        n[(int)t.x[2 * i + 1]]++;
    }
    ken_table_free(t.X);
    t.X = test_table(ctx, t.x, N, 2);
    static const char settings[] = "trees=100 learning_rate=0.5 early_stopping=off row_fraction=1 l2=0 ";
    char text[160];
    snprintf(text, sizeof text, "%s loss=cross_entropy", settings);
    ken_model *m = offset_fit(ctx, &t, share, NULL, text);
    offset_predict(ctx, &t, m, KEN_WHAT_VALUE, p);
    for (int i = 0; i < N; i++) {
        const int group = (int)t.x[2 * i + 1];
        TEST_NEAR(p[i], sum[group] / n[group], 1e-5);
    }
    ken_model_free(m);
    for (int i = 0; i < N; i++) share[i] = share[i] > 0.5;
    m = offset_fit(ctx, &t, share, NULL, text);
    offset_predict(ctx, &t, m, KEN_WHAT_VALUE, p);
    ken_model_free(m);
    const ken_column target = test_column_f64("y", share, N);
    const ken_data data = {.table = t.X, .target = &target, .task = KEN_CLASSIFY};
    TEST_OK(ctx, ken_model_new(ctx, "boosting", settings, &m));
    TEST_OK(ctx, ken_model_fit(ctx, m, &data));
    ken_tensor T = ken_tensor_2d(proba, KEN_F64, N, 2);
    TEST_OK(ctx, ken_model_predict(ctx, m, t.X, KEN_WHAT_PROBA, &T));
    for (int i = 0; i < N; i++) TEST_NEAR(p[i], proba[2 * i + 1], 1e-9);
    ken_model_free(m);
    ken_table_free(t.X);
    test_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_boosting_offset__is_taken_from_the_target_where_margins_are_predictions),
        cmocka_unit_test(test_boosting_offset__rates_are_counts_by_exposure),
        cmocka_unit_test(test_boosting_offset__cross_entropy_predicts_mean_shares),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
