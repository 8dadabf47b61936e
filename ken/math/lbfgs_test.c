/* L-BFGS on functions with known minima (More, Garbow & Hillstrom 1981). */
#include "tests/support.h"

#include "ken/math/lbfgs.h"

/* Extended Rosenbrock: pairs (x, y), 100 (y - x x)^2 + (1 - x)^2; minimum 0 at ones. */
static ken_status lbfgs_rosenbrock(void *arg, const double *x, double *f, double *g) {
    const int64_t n = *(const int64_t *)arg;
    *f = 0;
    for (int64_t i = 0; i < n; i += 2) {
        const double a = x[i + 1] - x[i] * x[i], b = 1 - x[i];
        *f += 100 * a * a + b * b;
        g[i] = -400 * x[i] * a - 2 * b;
        g[i + 1] = 200 * a;
    }
    return KEN_OK;
}

/* sum of i x_i^2 / 2 - x_i; minimum at 1/i. Condition n. */
static ken_status lbfgs_quadratic(void *arg, const double *x, double *f, double *g) {
    const int64_t n = *(const int64_t *)arg;
    *f = 0;
    for (int64_t i = 0; i < n; i++) {
        const double c = (double)(i + 1);
        *f += 0.5 * c * x[i] * x[i] - x[i];
        g[i] = c * x[i] - 1;
    }
    return KEN_OK;
}

/* Infinite left of 0: x - log x; minimum at 1. */
static ken_status lbfgs_barrier(void *arg, const double *x, double *f, double *g) {
    (void)arg;
    *f = x[0] > 0 ? x[0] - log(x[0]) : INFINITY;
    g[0] = 1 - 1 / x[0];
    return KEN_OK;
}

static double lbfgs_norm(const ken_lbfgs *s) {
    double top = 0;
    for (int64_t i = 0; i < s->n; i++) top = fmax(top, fabs(s->g[i]));
    return top;
}

static void lbfgs_run(ken_objective_fn fn, int64_t n, double *start, double tolerance, int64_t limit,
                      ken_lbfgs *s, ken_ctx *ctx) {
    double before = INFINITY;
    TEST_OK(ctx, ken_lbfgs_begin(ctx, n, 10, fn, &s->n, start, s));
    while (s->moving && lbfgs_norm(s) > tolerance && s->iterations < limit) {
        TEST_OK(ctx, ken_lbfgs_step(s));
        assert_true(s->f <= before + 1e-14 * fabs(before));
        before = s->f;
    }
    assert_true(lbfgs_norm(s) <= tolerance);
}

static void test_lbfgs__rosenbrock(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    const ken_mark mark = ken_scratch_mark(ctx);
    double start[100];
    ken_lbfgs s = {0};
    for (int i = 0; i < 100; i++) start[i] = i % 2 ? 1 : -1.2;
    lbfgs_run(lbfgs_rosenbrock, 2, start, 1e-9, 80, &s, ctx);
    TEST_NEAR(s.x[0], 1, 1e-8);
    assert_true(s.evaluations < 100);
    lbfgs_run(lbfgs_rosenbrock, 100, start, 1e-9, 120, &s, ctx);
    for (int i = 0; i < 100; i++) TEST_NEAR(s.x[i], 1, 1e-8);
    ken_scratch_release(ctx, mark);
    test_ctx_free(ctx);
}

static void test_lbfgs__quadratic_and_barrier(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    const ken_mark mark = ken_scratch_mark(ctx);
    double start[300] = {0}, one = 1e-3;
    ken_lbfgs s = {0};
    lbfgs_run(lbfgs_quadratic, 300, start, 1e-10, 400, &s, ctx);
    for (int i = 0; i < 300; i++) TEST_NEAR(s.x[i], 1.0 / (i + 1), 1e-8);
    lbfgs_run(lbfgs_barrier, 1, &one, 1e-10, 60, &s, ctx);
    TEST_NEAR(s.x[0], 1, 1e-9);
    one = -1;
    TEST_FAILS(ctx, ken_lbfgs_begin(ctx, 1, 5, lbfgs_barrier, NULL, &one, &s), KEN_E_VALUE, "start");
    ken_scratch_release(ctx, mark);
    test_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lbfgs__rosenbrock),
        cmocka_unit_test(test_lbfgs__quadratic_and_barrier),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
