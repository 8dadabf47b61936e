/* Descents: rates against theory, Newton on quadratics, records forth and back, divergence, noise. */
#include "tests/support.h"

#include "ken/core/alloc.h"
#include "ken/optim/descent.h"
#include "ken/optim/second_order/second_order.h"

static ken_descent *descent(ken_ctx *ctx, const char *objective, const char *optimizer) {
    ken_descent *d;
    TEST_OK(ctx, ken_descent_new(ctx, objective, optimizer, NULL, 0, &d));
    return d;
}
static double value(const ken_descent *d) { return ken_descent_at(d)->objective; }

/* Rate 1/L: both bounds at every step, for a bowl of condition 50 (mu 1, L 50). */
static void test_descent__gradient_descent_keeps_to_its_bounds(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    ken_descent *d;
    TEST_OK(ctx, ken_descent_new(ctx, "bowl:condition=50,rotation=30", "gd:learning_rate=0.02", NULL, 2, &d));
    double L, mu;
    assert_true(ken_surface_curvature(ken_descent_surface(d), &L, &mu));
    const double gap = value(d), distance = ken_descent_distance(d);
    TEST_NEAR(distance, sqrt(20), 1e-15); /* from (4, 2) to 0 */
    for (int64_t k = 1; k <= 300; k++) {
        TEST_OK(ctx, ken_descent_step(d));
        assert_true(value(d) <= ken_descent_bound_convex(L, distance, k));
        assert_true(value(d) <= ken_descent_bound_strong(L, mu, gap, k) * (1 + 1e-12));
        assert_true(value(d) < ken_descent_values(d, &(int64_t){0})[k - 1]);
    }
    /* late, only the flat direction is left: each step has the factor 1 - mu / L on x, its square on f */
    TEST_NEAR(ken_descent_factor(d, 0, 20), (1 - mu / L) * (1 - mu / L), 1e-9);
    assert_true(isnan(ken_descent_factor(d, 0, 301)));
    assert_true(isnan(ken_descent_factor(d, value(d), 1)));
    ken_descent_free(d);
    test_ctx_free(ctx);
}

/* Rate 2 / (L + mu): the distance falls by (k - 1) / (k + 1), no more and no less, when both ends are there. */
static void test_descent__best_rates_on_a_quadratic(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    ken_descent *d, *m;
    const double L = 100, mu = 1, start[2] = {1, 1};
    char text[100];
    snprintf(text, sizeof text, "gd:learning_rate=%.17g", 2 / (L + mu));
    TEST_OK(ctx, ken_descent_new(ctx, "bowl:condition=100", text, start, 2, &d));
    for (int k = 0; k < 50; k++) {
        const double before = ken_descent_distance(d);
        TEST_OK(ctx, ken_descent_step(d));
        TEST_NEAR(ken_descent_distance(d) / before, ken_descent_factor_gd(L, mu), 1e-12);
    }
    /* heavy ball with its best pair: after 100 steps within a factor of 10 k of factor^k, far below gd */
    const double root = sqrt(L) + sqrt(mu), beta = ken_descent_factor_momentum(L, mu);
    snprintf(text, sizeof text, "momentum:learning_rate=%.17g,momentum=%.17g", 4 / (root * root), beta * beta);
    TEST_OK(ctx, ken_descent_new(ctx, "bowl:condition=100", text, start, 2, &m));
    TEST_OK(ctx, ken_descent_seek(m, 100));
    assert_true(ken_descent_distance(m) < 1000 * pow(beta, 100));
    assert_true(ken_descent_distance(m) > 1e-3 * pow(beta, 100));
    TEST_OK(ctx, ken_descent_seek(d, 100));
    assert_true(ken_descent_distance(m) < 1e-4 * ken_descent_distance(d));
    ken_descent_free(d);
    ken_descent_free(m);
    test_ctx_free(ctx);
}

static void test_descent__newton_needs_one_step_on_a_quadratic(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    static const char *const quadratics[] = {"bowl:condition=1000,rotation=20", "booth", "matyas"};
    static const char *const ways[] = {"newton", "newton:line_search=false,negative=keep", "newton:negative=absolute"};
    for (int k = 0; k < 3; k++)
        for (int w = 0; w < 3; w++) {
            ken_descent *d;
            TEST_OK(ctx, ken_descent_new(ctx, quadratics[k], ways[w], NULL, 2, &d));
            TEST_OK(ctx, ken_descent_step(d));
            assert_true(ken_descent_distance(d) < 1e-12);
            ken_descent_free(d);
        }
    test_ctx_free(ctx);
}

/* Digits double a step near the minimum of Rosenbrock. */
static void test_descent__newton_is_quadratic_near_a_minimum(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    ken_descent *d = descent(ctx, "rosenbrock", "newton");
    double before = NAN;
    int quadratic = 0;
    while (ken_descent_where(d) == KEN_DESCENT_MOVING && ken_descent_at(d)->iteration < 60) {
        TEST_OK(ctx, ken_descent_step(d));
        const double now = ken_descent_distance(d);
        if (before < 0.05 && now > 1e-14) {
            assert_true(now <= 100 * before * before); /* the constant is some 20 here */
            quadratic++;
        }
        before = now;
    }
    assert_true(quadratic >= 2);
    assert_true(before < 1e-14);
    assert_int_equal(ken_descent_where(d), KEN_DESCENT_STILL);
    assert_true(ken_descent_at(d)->iteration < 30);
    ken_descent_free(d);
    test_ctx_free(ctx);
}

/* Plain Newton goes to the saddle; with raised or absolute curvatures it leaves. */
static void test_descent__negative_curvature(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    ken_descent *keep = descent(ctx, "saddle:bend=1", "newton:negative=keep,line_search=false");
    ken_descent *shift = descent(ctx, "saddle:bend=1", "newton");
    ken_descent *absolute = descent(ctx, "saddle:bend=1", "newton:negative=absolute");
    TEST_OK(ctx, ken_descent_seek(keep, 20));
    TEST_OK(ctx, ken_descent_seek(shift, 60));
    TEST_OK(ctx, ken_descent_seek(absolute, 60));
    TEST_NEAR(value(keep), 0, 1e-12); /* caught: f = 0 at the saddle, -0.5 in the minima */
    assert_true(ken_descent_distance(keep) > 0.9);
    assert_true(ken_descent_distance(shift) < 1e-8);
    assert_true(ken_descent_distance(absolute) < 1e-8);
    ken_descent_free(keep);
    ken_descent_free(shift);
    ken_descent_free(absolute);
    test_ctx_free(ctx);
}

/* The worked example of second_order.md. */
static void test_descent__newton_on_the_double_well_by_hand(void **state) {
    (void)state;
    static const char *const ways[] = {"newton:negative=keep,line_search=false", "newton:negative=absolute"};
    const double start = 0.5, want[2] = {-1, 1.25};
    ken_ctx *ctx = test_ctx(1);
    for (int k = 0; k < 2; k++) {
        ken_descent *d;
        TEST_OK(ctx, ken_descent_new(ctx, "double_well:tilt=0", ways[k], &start, 1, &d));
        TEST_OK(ctx, ken_descent_step(d));
        TEST_NEAR(ken_f64(ken_descent_view(d, "x"))[0], want[k], 1e-15);
        ken_descent_free(d);
    }
    test_ctx_free(ctx);
}

static void test_descent__lbfgs_finds_the_minima(void **state) {
    (void)state;
    static const char *const names[] = {"rosenbrock", "beale", "himmelblau", "booth", "powell_singular", "bowl:condition=1e6"};
    ken_ctx *ctx = test_ctx(1);
    for (int k = 0; k < KEN_COUNT(names); k++) {
        ken_descent *d = descent(ctx, names[k], "lbfgs");
        TEST_OK(ctx, ken_descent_seek(d, 200));
        if (!(ken_descent_distance(d) < (k == 4 ? 1e-3 : 1e-6)))
            fail_msg("%s: %g away after %d steps", names[k], ken_descent_distance(d), (int)ken_descent_at(d)->iteration);
        ken_descent_free(d);
    }
    test_ctx_free(ctx);
}

/* --- records ---------------------------------------------------------------------------------------------- */

typedef struct shot {
    double x[4], step[4], f, parts[64];
} shot;

static shot look(const ken_descent *d) {
    shot s;
    memset(&s, 0, sizeof s);
    const ken_progress *at = ken_descent_at(d);
    const size_t n = (size_t)ken_surface_dims(ken_descent_surface(d)) * sizeof(double);
    memcpy(s.x, ken_f64(ken_descent_view(d, "x")), n);
    memcpy(s.step, ken_f64(ken_descent_view(d, "step")), n);
    s.f = at->objective;
    int used = 0;
    for (int v = 3; v < at->n_views; v++)
        for (int64_t i = 0; i < ken_tensor_count(at->views[v].tensor); i++)
            s.parts[used++] = ken_f64(at->views[v].tensor)[i];
    return s;
}

/* Any order of seeks shows the same bits, for every optimizer of the catalog, also with noise. */
static void test_descent__forth_and_back_has_the_same_bits(void **state) {
    static const int64_t order[] = {0, 50, 3, 49, 12, 70, 0, 1, 70, 69};
    const ken_desc *o;
    ken_ctx *ctx = test_ctx(1);
    (void)state;
    for (int i = 0, seen = 0; (o = ken_catalog_at(i)) || !seen; i++) {
        if (!o || o->kind != KEN_OPTIMIZER) continue;
        seen = 1;
        static shot shots[71];
        char text[80];
        snprintf(text, sizeof text, "%s%s", o->name, ken_desc_param(o, "learning_rate") ? ":learning_rate=0.001" : "");
        ken_descent *a = descent(ctx, "rosenbrock", text), *b = descent(ctx, "rosenbrock", text);
        if (o != &ken_lbfgs_desc) {
            TEST_OK(ctx, ken_descent_set_noise(a, 0.5, 3));
            TEST_OK(ctx, ken_descent_set_noise(b, 0.5, 3));
        }
        int64_t last = 0;
        shots[0] = look(a);
        while (last < 70 && ken_descent_where(a) == KEN_DESCENT_MOVING) {
            TEST_OK(ctx, ken_descent_step(a));
            last = ken_descent_at(a)->iteration;
            shots[last] = look(a);
        }
        for (int k = 0; k < KEN_COUNT(order); k++) {
            TEST_OK(ctx, ken_descent_seek(b, order[k]));
            const int64_t at = ken_descent_at(b)->iteration;
            const shot s = look(b);
            assert_int_equal(at, KEN_MIN(order[k], last));
            if (memcmp(&s, &shots[at], sizeof s) != 0) fail_msg("%s differs at step %d", o->name, (int)at);
        }
        ken_descent_free(a);
        ken_descent_free(b);
    }
    test_ctx_free(ctx);
}

static void test_descent__a_new_setting_forgets_what_came_later(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    ken_descent *d = descent(ctx, "bowl", "gd:learning_rate=0.1"); /* one variable: x halves, say, by 1 - rate */
    int64_t count;
    TEST_OK(ctx, ken_descent_seek(d, 10));
    TEST_OK(ctx, ken_descent_seek(d, 4));
    ken_descent_path(d, &count);
    assert_int_equal(count, 11);
    TEST_OK(ctx, ken_descent_set(d, "learning_rate", "0.5"));
    ken_descent_values(d, &count);
    assert_int_equal(count, 5);
    TEST_OK(ctx, ken_descent_seek(d, 6));
    const double *path = ken_descent_path(d, &count);
    TEST_NEAR(path[4], 4 * pow(0.9, 4), 1e-14);
    TEST_NEAR(path[6], 4 * pow(0.9, 4) * 0.25, 1e-14);
    TEST_OK(ctx, ken_descent_seek(d, 2)); /* what came before stays as it was */
    TEST_OK(ctx, ken_descent_step(d));
    TEST_NEAR(ken_f64(ken_descent_view(d, "x"))[0], 4 * pow(0.9, 3), 1e-14);
    TEST_OK(ctx, ken_descent_restart(d, (const double[]){2}));
    TEST_OK(ctx, ken_descent_step(d));
    TEST_NEAR(ken_f64(ken_descent_view(d, "x"))[0], 1, 1e-15);
    ken_descent_free(d);
    test_ctx_free(ctx);
}

/* --- divergence and noise --------------------------------------------------------------------------------- */

static void test_descent__divergence_is_a_state_with_its_step(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    ken_descent *d;
    const double start = 1;
    /* x_k = (-2)^k, f = 4^k / 2: beyond 1.5e30 for k = 51 */
    TEST_OK(ctx, ken_descent_new(ctx, "bowl", "gd:learning_rate=3", &start, 1, &d));
    TEST_OK(ctx, ken_descent_seek(d, 1000));
    assert_int_equal(ken_descent_where(d), KEN_DESCENT_DIVERGED);
    assert_int_equal(ken_descent_at(d)->iteration, 51);
    TEST_OK(ctx, ken_descent_step(d));
    assert_int_equal(ken_descent_at(d)->iteration, 51);
    TEST_OK(ctx, ken_descent_seek(d, 50));
    assert_int_equal(ken_descent_where(d), KEN_DESCENT_MOVING);
    TEST_NEAR(ken_f64(ken_descent_view(d, "x"))[0], 0x1p50, 0);
    TEST_OK(ctx, ken_descent_seek(d, 60));
    assert_int_equal(ken_descent_where(d), KEN_DESCENT_DIVERGED);
    ken_descent_free(d);
    d = descent(ctx, "rosenbrock", "gd:learning_rate=1e9"); /* overflows to what is not finite */
    TEST_OK(ctx, ken_descent_seek(d, 100));
    assert_int_equal(ken_descent_where(d), KEN_DESCENT_DIVERGED);
    ken_descent_free(d);
    test_ctx_free(ctx);
}

/* On x^2 / 2 with rate r and noise s, x is an AR(1) process: variance r^2 s^2 / (1 - (1 - r)^2). */
static void test_descent__noise_has_its_size(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    ken_descent *d = descent(ctx, "bowl", "gd:learning_rate=0.2"), *other;
    const double want = 0.04 * 4 / (1 - 0.64);
    double sum = 0, square = 0;
    int64_t count;
    TEST_OK(ctx, ken_descent_set_noise(d, 2, 0));
    TEST_OK(ctx, ken_descent_seek(d, 20100));
    const double *path = ken_descent_path(d, &count);
    for (int64_t k = 100; k < count; k++) sum += path[k], square += path[k] * path[k];
    sum /= 20000, square /= 20000;
    assert_true(fabs(sum) < 0.05);                 /* standard error 0.014 */
    assert_true(fabs(square - want) < 0.05 * want); /* standard error 0.02 */
    other = descent(ctx, "bowl", "gd:learning_rate=0.2");
    TEST_OK(ctx, ken_descent_set_noise(other, 2, 1));
    TEST_OK(ctx, ken_descent_seek(other, 1));
    assert_true(ken_descent_path(other, &count)[1] != path[1]);
    TEST_FAILS(ctx, ken_descent_set_noise(d, -1, 0), KEN_E_ARG, "-1");
    ken_descent_free(d);
    ken_descent_free(other);
    test_ctx_free(ctx);
}

static void test_descent__errors(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    ken_descent *d;
    const double bad[2] = {NAN, 0};
    TEST_FAILS(ctx, ken_descent_new(ctx, "bowl", "adm", NULL, 2, &d), KEN_E_NOT_FOUND, "adm");
    TEST_FAILS(ctx, ken_descent_new(ctx, "bwl", "adam", NULL, 2, &d), KEN_E_NOT_FOUND, "bwl");
    TEST_FAILS(ctx, ken_descent_new(ctx, "bowl", "adam", bad, 2, &d), KEN_E_VALUE, "start");
    TEST_FAILS(ctx, ken_descent_new(ctx, "booth", "adam", NULL, 3, &d), KEN_E_SHAPE, "3");
    TEST_FAILS(ctx, ken_descent_new(ctx, "bowl", "newton:damping=-1", NULL, 2, &d), KEN_E_ARG, "damping");
    d = descent(ctx, "booth", "lbfgs");
    TEST_FAILS(ctx, ken_descent_set_noise(d, 1, 0), KEN_E_UNSUPPORTED, "exact");
    TEST_FAILS(ctx, ken_descent_set(d, "memory", "3"), KEN_E_STATE, "memory");
    assert_null(ken_descent_view(d, "m"));
    ken_descent_free(d);
    d = descent(ctx, "saddle", "newton");
    TEST_OK(ctx, ken_descent_set(d, "damping", "2"));
    TEST_FAILS(ctx, ken_descent_set(d, "dmping", "2"), KEN_E_ARG, "dmping");
    assert_true(isnan(ken_descent_distance(d))); /* no minimum */
    assert_int_equal(ken_tensor_count(ken_descent_view(d, "hessian")), 4);
    ken_descent_free(d);
    test_ctx_free(ctx);
}

static ken_status allocation_round(ken_ctx *ctx, void *arg) {
    ken_descent *d = NULL;
    ken_status status = ken_descent_new(ctx, "rosenbrock", arg, NULL, 0, &d);
    if (status == KEN_OK) status = ken_descent_seek(d, 30);
    if (status == KEN_OK) status = ken_descent_seek(d, 5);
    ken_descent_free(d);
    return status;
}

static void test_descent__every_allocation_may_fail(void **state) {
    (void)state;
    test_every_allocation(allocation_round, "adam:learning_rate=0.1", 200);
    test_every_allocation(allocation_round, "newton", 400);
    test_every_allocation(allocation_round, "lbfgs", 200);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_descent__gradient_descent_keeps_to_its_bounds),
        cmocka_unit_test(test_descent__best_rates_on_a_quadratic),
        cmocka_unit_test(test_descent__newton_needs_one_step_on_a_quadratic),
        cmocka_unit_test(test_descent__newton_is_quadratic_near_a_minimum),
        cmocka_unit_test(test_descent__negative_curvature),
        cmocka_unit_test(test_descent__newton_on_the_double_well_by_hand),
        cmocka_unit_test(test_descent__lbfgs_finds_the_minima),
        cmocka_unit_test(test_descent__forth_and_back_has_the_same_bits),
        cmocka_unit_test(test_descent__a_new_setting_forgets_what_came_later),
        cmocka_unit_test(test_descent__divergence_is_a_state_with_its_step),
        cmocka_unit_test(test_descent__noise_has_its_size),
        cmocka_unit_test(test_descent__errors),
        cmocka_unit_test(test_descent__every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
