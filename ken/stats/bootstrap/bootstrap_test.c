/* The bootstrap against distributions that are known in full. */
#include "tests/support.h"

#include "ken/core/alloc.h"
#include "ken/core/rng.h"
#include "ken/stats/bootstrap/bootstrap.h"

typedef struct sample {
    const double *x;
    int64_t n, calls, undefined; /* every undefined-th resample is NaN; 0: none */
} sample;

static ken_status mean(ken_ctx *ctx, void *arg, const int64_t *rows, int64_t m, double *out) {
    sample *s = arg;
    double *copy, sum = 0;
    KEN_TRY(KEN_SCRATCH(ctx, double, m, &copy)); /* scratch is given back by the caller */
    for (int64_t i = 0; i < m; i++) sum += copy[i] = s->x[rows ? rows[i] : i];
    *out = s->undefined && rows && s->calls % s->undefined == 0 ? NAN : sum / (double)m;
    s->calls++;
    return KEN_OK;
}

/* 60 ones among 100: the bootstrap mean is binomial(100, 0.6) / 100, whose 2.5 % and 97.5 % quantiles are
 * 0.50 and 0.69 (scipy.stats.binom.ppf), standard deviation sqrt(0.24 / 100). */
static void test_bootstrap__of_zeros_and_ones_is_binomial(void **state) {
    (void)state;
    double x[100];
    ken_bootstrap_result first = {0}, r;
    for (int i = 0; i < 100; i++) x[i] = i < 60;
    for (int threads = 1; threads <= 2; threads++) {
        ken_ctx *ctx = test_ctx(threads);
        sample s = {.x = x, .n = 100};
        ken_bootstrap_options o = KEN_BOOTSTRAP_DEFAULTS;
        o.resamples = 4000;
        TEST_OK(ctx, ken_bootstrap(ctx, 100, &o, mean, &s, &r));
        assert_int_equal(s.calls, 4001);
        TEST_NEAR(r.value, 0.6, 1e-15);
        assert_true(fabs(r.low - 0.50) < 0.0101 && fabs(r.high - 0.69) < 0.0101);
        assert_true(fabs(r.se - sqrt(0.24 / 100)) < 0.03 * r.se);
        if (threads == 1) first = r;
        test_ctx_free(ctx);
    }
    assert_memory_equal(&first, &r, sizeof r);
}

/* 90000 rows, resamples of 400: the standard error is that of 90000 rows. */
static void test_bootstrap__m_out_of_n_scales(void **state) {
    (void)state;
    enum { n = 90000 };
    double *x = malloc(sizeof(*x) * n);
    ken_ctx *ctx = test_ctx(1);
    ken_bootstrap_options o = KEN_BOOTSTRAP_DEFAULTS;
    ken_bootstrap_result r;
    sample s = {.x = x, .n = n};
    for (int i = 0; i < n; i++) x[i] = i % 2;
    o.max_rows = 400;
    TEST_OK(ctx, ken_bootstrap(ctx, n, &o, mean, &s, &r));
    const double se = 0.5 / sqrt(n);
    assert_true(fabs(r.se - se) < 0.08 * se);
    assert_true(fabs(r.high - r.low - 2 * 1.96 * se) < 0.4 * se);
    free(x);
    test_ctx_free(ctx);
}

static void test_bootstrap__undefined_resamples(void **state) {
    (void)state;
    const double x[4] = {1, 2, 3, 4};
    ken_ctx *ctx = test_ctx(1);
    ken_bootstrap_result r;
    sample s = {.x = x, .n = 4, .undefined = 4};
    TEST_OK(ctx, ken_bootstrap(ctx, 4, NULL, mean, &s, &r));
    assert_int_equal(r.resamples, 750);
    assert_true(r.low >= 1 && r.high <= 4);
    s.undefined = 1, s.calls = 0;
    TEST_OK(ctx, ken_bootstrap(ctx, 4, NULL, mean, &s, &r));
    assert_true(r.value == 2.5 && isnan(r.low) && isnan(r.high) && isnan(r.se));
    test_ctx_free(ctx);
}

static void test_bootstrap__wrong_calls_are_errors(void **state) {
    (void)state;
    const double x[1] = {1};
    ken_ctx *ctx = test_ctx(1);
    ken_bootstrap_result r;
    ken_bootstrap_options o = KEN_BOOTSTRAP_DEFAULTS;
    sample s = {.x = x, .n = 1};
    TEST_FAILS(ctx, ken_bootstrap(ctx, 0, NULL, mean, &s, &r), KEN_E_ARG, "0 rows");
    o.level = 1;
    TEST_FAILS(ctx, ken_bootstrap(ctx, 1, &o, mean, &s, &r), KEN_E_ARG, "level");
    TEST_OK(ctx, ken_bootstrap(ctx, 1, NULL, mean, &s, &r));
    assert_true(r.low == 1 && r.high == 1);
    test_ctx_free(ctx);
}

static void test_bootstrap__can_be_cancelled(void **state) {
    (void)state;
    const double x[2] = {1, 2};
    volatile int cancel = 1;
    const ken_ctx_options options = {.cancel = &cancel};
    ken_ctx *ctx = NULL;
    ken_bootstrap_result r;
    sample s = {.x = x, .n = 2};
    assert_int_equal(ken_ctx_new(&options, &ctx), KEN_OK);
    assert_int_equal(ken_bootstrap(ctx, 2, NULL, mean, &s, &r), KEN_E_CANCELLED);
    assert_true(s.calls < 100);
    ken_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bootstrap__of_zeros_and_ones_is_binomial),
        cmocka_unit_test(test_bootstrap__m_out_of_n_scales),
        cmocka_unit_test(test_bootstrap__undefined_resamples),
        cmocka_unit_test(test_bootstrap__wrong_calls_are_errors),
        cmocka_unit_test(test_bootstrap__can_be_cancelled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
