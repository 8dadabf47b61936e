/* Every loss that looks at one row at a time: slopes against differences of its values, curvatures
 * against differences of its slopes, the constant that it starts from. */
#include <math.h>

#include "ken/boosting/boosting_loss_table.h"
#include "ken/core/rng.h"
#include "tests/support.h"

enum { N = 400, TRAIN = 300, CLASSES = 3 };

typedef struct loss_case {
    boosting_loss loss;
    double y[N], weight[N], offset[N], margin[CLASSES * N], base[CLASSES];
    int32_t label[N];
} loss_case;

/* Targets that the loss can take, weights 0 to 3, offsets within 1. */
static void loss_case_fill(ken_ctx *ctx, loss_case *t, boosting_loss_kind kind, bool offset) {
    ken_rng rng = ken_rng_stream(ctx, "test.loss", (uint64_t)kind);
    memset(t, 0, sizeof *t);
    const bool softmax = kind == BOOSTING_SOFTMAX;
    t->loss = (boosting_loss){.quantile = 0.3,
                              .expectile = 0.8,
                              .power = 1.4,
                              .outputs = softmax ? CLASSES : 1,
                              .n = N,
                              .n_train = TRAIN,
                              .y = t->y,
                              .label = t->label,
                              .weight = t->weight,
                              .offset = offset ? t->offset : NULL,
                              .margin = t->margin};
    ken__boosting_loss_choose(&t->loss, kind);
    for (int i = 0; i < N; i++) {
        t->y[i] = 3 * ken_rng_normal(&rng);
        if (t->loss.row->link == BOOSTING_LINK_EXP)
            t->y[i] = kind == BOOSTING_GAMMA ? exp(t->y[i] / 3) : floor(exp(t->y[i] / 3));
        if (kind == BOOSTING_CROSS_ENTROPY) t->y[i] = i % 5 ? ken_rng_f64(&rng) : i % 2;
        t->label[i] = (int32_t)ken_rng_below(&rng, softmax ? CLASSES : 2);
        t->weight[i] = (double)ken_rng_below(&rng, 4);
        t->offset[i] = 2 * ken_rng_f64(&rng) - 1;
    }
}

static double loss_value_at(loss_case *t, int k, int i, double margin) {
    const double before = t->margin[k * N + i];
    double value;
    t->margin[k * N + i] = margin;
    t->loss.row->value(ken_kernels_at(0), &t->loss, i, 1, &value);
    t->margin[k * N + i] = before;
    return value;
}

static double loss_slope_at(ken_ctx *ctx, loss_case *t, int k, int i, double margin, double *h) {
    const double before = t->margin[k * N + i];
    double g;
    t->margin[k * N + i] = margin;
    TEST_OK(ctx, ken__boosting_loss_refresh(ctx, &t->loss));
    t->loss.row->block(ken_kernels_at(0), &t->loss, k, i, 1, &g, h);
    t->margin[k * N + i] = before;
    return g;
}

static const boosting_loss_kind loss_kinds[] = {
    BOOSTING_SQUARED, BOOSTING_ABSOLUTE, BOOSTING_HUBER,     BOOSTING_QUANTILE, BOOSTING_POISSON,     BOOSTING_LOGISTIC,
    BOOSTING_SOFTMAX, BOOSTING_GAMMA,    BOOSTING_EXPECTILE, BOOSTING_TWEEDIE,  BOOSTING_CROSS_ENTROPY};

static void test_boosting_loss__slopes_are_differences_of_values(void **state) {
    static loss_case t;
    ken_ctx *ctx = test_ctx(1);
    (void)state;
    for (int c = 0; c < KEN_COUNT(loss_kinds); c++) {
        const boosting_loss_kind kind = loss_kinds[c];
        const char *const name = (loss_case_fill(ctx, &t, kind, false), t.loss.row->name);
        TEST_OK(ctx, ken__boosting_loss_start(ctx, &t.loss, t.base));
        ken_rng rng = ken_rng_stream(ctx, "test.margin", 0);
        for (int i = 0; i < t.loss.outputs * N; i++) t.margin[i] += ken_rng_normal(&rng);
        const bool renews = ken__boosting_loss_renews(&t.loss);
        const double factor = kind == BOOSTING_SOFTMAX ? CLASSES / (CLASSES - 1.0) : 1; /* boosting.md */
        for (int k = 0; k < t.loss.outputs; k++)
            for (int i = 0; i < 60; i++) {
                const double F = t.margin[k * N + i], e = 1e-5;
                double h, spare;
                const double g = loss_slope_at(ctx, &t, k, i, F, &h);
                const double want = (loss_value_at(&t, k, i, F + e) - loss_value_at(&t, k, i, F - e)) / (2 * e);
                test_near_(g, want, 1e-6, 1e-6, name, __FILE__, __LINE__);
                if (renews) continue; /* their curvature is none: 1 stands for it */
                const double curve =
                    (loss_slope_at(ctx, &t, k, i, F + e, &spare) - loss_slope_at(ctx, &t, k, i, F - e, &spare)) /
                    (2 * e);
                test_near_(h, factor * curve, 1e-6, 1e-6, name, __FILE__, __LINE__);
            }
        ken__boosting_loss_free(ctx, &t.loss);
    }
    test_ctx_free(ctx);
}

/* With offsets, too: no other constant has less loss, of the training rows. */
static void test_boosting_loss__the_start_is_the_best_constant(void **state) {
    static loss_case t;
    ken_ctx *ctx = test_ctx(2);
    (void)state;
    for (int c = 0; c < 2 * KEN_COUNT(loss_kinds); c++) {
        double at, beside;
        if (loss_kinds[c / 2] == BOOSTING_HUBER) continue; /* starts from the median */
        loss_case_fill(ctx, &t, loss_kinds[c / 2], c % 2);
        if (t.loss.offset && t.loss.outputs > 1) {
            TEST_FAILS(ctx, ken__boosting_loss_start(ctx, &t.loss, t.base), KEN_E_UNSUPPORTED, "offset");
            continue;
        }
        TEST_OK(ctx, ken__boosting_loss_start(ctx, &t.loss, t.base));
        for (int i = 0; i < N; i++) assert_true(t.margin[i] == t.base[0] + (c % 2 ? t.offset[i] : 0));
        TEST_OK(ctx, ken__boosting_loss_mean(ctx, &t.loss, 0, TRAIN, &at));
        for (int s = 0; s < 4; s++) { /* a ten-thousandth beside it, and far beside it */
            const double off = (s % 2 ? 1 : -1) * (s < 2 ? 1e-4 : 0.3);
            for (int i = 0; i < N; i++) t.margin[i] += off;
            TEST_OK(ctx, ken__boosting_loss_mean(ctx, &t.loss, 0, TRAIN, &beside));
            for (int i = 0; i < N; i++) t.margin[i] -= off;
            assert_true(beside >= at - 1e-12 * fabs(at));
        }
        ken__boosting_loss_free(ctx, &t.loss);
    }
    test_ctx_free(ctx);
}

static void test_boosting_loss__targets_that_it_cannot_take_are_refused(void **state) {
    static loss_case t;
    static const struct {
        boosting_loss_kind kind;
        double y;
    } list[] = {{BOOSTING_CROSS_ENTROPY, 1.01}, {BOOSTING_CROSS_ENTROPY, -0.01}, {BOOSTING_GAMMA, 0},
                {BOOSTING_POISSON, -1},         {BOOSTING_TWEEDIE, -1}};
    ken_ctx *ctx = test_ctx(1);
    (void)state;
    for (int c = 0; c < KEN_COUNT(list); c++) {
        loss_case_fill(ctx, &t, list[c].kind, false);
        t.y[N - 1] = list[c].y; /* a validation row counts, too */
        TEST_FAILS(ctx, ken__boosting_loss_start(ctx, &t.loss, t.base), KEN_E_VALUE, t.loss.row->name);
    }
    loss_case_fill(ctx, &t, BOOSTING_CROSS_ENTROPY, false);
    for (int i = 0; i < TRAIN; i++) t.y[i] = 1;
    TEST_FAILS(ctx, ken__boosting_loss_start(ctx, &t.loss, t.base), KEN_E_VALUE, "all training rows");
    test_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_boosting_loss__slopes_are_differences_of_values),
        cmocka_unit_test(test_boosting_loss__the_start_is_the_best_constant),
        cmocka_unit_test(test_boosting_loss__targets_that_it_cannot_take_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
