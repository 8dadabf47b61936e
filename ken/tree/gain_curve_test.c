/* The curve against squares counted anew, and its best place against the splits of a tree and of boosting. */
#include "tests/support.h"

#include "ken/core/alloc.h"
#include "ken/core/rng.h"
#include "ken/tree/gain_curve.h"
#include "ken/tree/tree/tree.h"

enum { N = 90 };

typedef struct curve_sample {
    double x[N], y[N], g[N], h[N];
    } curve_sample;

static curve_sample sample(ken_ctx *ctx, uint64_t index) {
    curve_sample s;
    ken_rng rng = ken_rng_stream(ctx, "gain_curve_test", index);
    for (int i = 0; i < N; i++) {
        s.x[i] = floor(40 * ken_rng_f64(&rng)) / 4; /* with ties */
        s.y[i] = s.x[i] * s.x[i] / 9 + ken_rng_normal(&rng);
    }
    return s;
}

/* The first split of a model of one tree of one split. */
static double stump(ken_ctx *ctx, const curve_sample *s, const char *name, const char *settings) {
    ken_model *m;
    ken_table *table;
    const ken_column x = {.name = "x", .dtype = KEN_F64, .n = N, .data = s->x, .stride = 1};
    const ken_column y = {.name = "y", .dtype = KEN_F64, .n = N, .data = s->y, .stride = 1};
    TEST_OK(ctx, ken_table_new(ctx, N, &table));
    TEST_OK(ctx, ken_table_add_borrow(ctx, table, &x));
    const ken_data data = {.table = table, .target = &y, .task = KEN_REGRESS};
    TEST_OK(ctx, ken_model_new(ctx, name, settings, &m));
    TEST_OK(ctx, ken_model_fit(ctx, m, &data));
    const double threshold = ken_f64(ken_model_attr(m, "threshold"))[0];
    ken_model_free(m);
    ken_table_free(table);
    return threshold;
}

static void gradients_give_the_fall_of_squares(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    for (uint64_t t = 0; t < 20; t++) {
        const ken_mark mark = ken_scratch_mark(ctx);
        curve_sample s = sample(ctx, t);
        ken_gain_curve c, strong;
        double mean = 0;
        for (int i = 0; i < N; i++) mean += s.y[i] / N;
        for (int i = 0; i < N; i++) {
            s.g[i] = mean - s.y[i];
            s.h[i] = 1;
        }
        TEST_OK(ctx, ken_gain_curve_of(ctx, N, s.x, s.g, s.h, 0, &c));
        TEST_OK(ctx, ken_gain_curve_of(ctx, N, s.x, s.g, s.h, 5, &strong));
        int64_t best = 0;
        for (int64_t i = 0; i < c.count; i++) {
            double sum[2] = {0}, rows[2] = {0};
            for (int r = 0; r < N; r++) {
                sum[s.x[r] <= c.threshold[i]] += s.y[r] - mean;
                rows[s.x[r] <= c.threshold[i]]++;
            }
            test_near_(c.gain[i], sum[0] * sum[0] / rows[0] + sum[1] * sum[1] / rows[1], 1e-9, 1e-9, "gain", __FILE__, __LINE__);
            assert_true(strong.gain[i] <= c.gain[i] + 1e-9);
            if (c.gain[i] > c.gain[best] + 1e-9) best = i;
        }
        TEST_NEAR(c.threshold[best], stump(ctx, &s, "tree", "max_depth=1"), 0);
        int64_t held = 0;
        for (int64_t i = 0; i < strong.count; i++)
            if (strong.gain[i] > strong.gain[held] + 1e-9) held = i;
        TEST_NEAR(strong.threshold[held],
                  stump(ctx, &s, "boosting", "trees=1 max_leaves=2 row_fraction=1 l2=5 early_stopping=off min_leaf_rows=1"), 0);
        ken_scratch_release(ctx, mark);
    }
    test_ctx_free(ctx);
}

static void edges(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    ken_gain_curve c;
    const double x[3] = {1, 1, 1}, bad[3] = {1, NAN, 2}, g[3] = {1, -1, 2}, h[3] = {1, 1, 1};
    TEST_OK(ctx, ken_gain_curve_of(ctx, 3, x, g, h, 0, &c));
    assert_int_equal(c.count, 0);
    TEST_OK(ctx, ken_gain_curve_of(ctx, 0, x, g, h, 0, &c));
    assert_int_equal(c.count, 0);
    TEST_FAILS(ctx, ken_gain_curve_of(ctx, 3, bad, g, h, 0, &c), KEN_E_VALUE, "row 1");
    /* Neighbors without a number between them. */
    const double close[2] = {1, nextafter(1, 2)};
    TEST_OK(ctx, ken_gain_curve_of(ctx, 2, close, g, h, 0, &c));
    assert_true(c.threshold[0] >= close[0] && c.threshold[0] < close[1]);
    TEST_NEAR(c.gain[0], 2, 1e-15); /* 1 + 1 - 0 */
    test_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gradients_give_the_fall_of_squares),
        cmocka_unit_test(edges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
