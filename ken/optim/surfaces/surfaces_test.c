/* Test surfaces against 40-digit values (mpmath; all of them in shared/suites/optim_functions), against finite
 * differences, and at their known minima. */
#include "tests/support.h"

#include "ken/core/json.h"
#include "ken/core/rng.h"
#include "ken/math/linalg.h"
#include "ken/optim/surfaces/surfaces.h"

/* Values and gradients to 18 digits: mpmath 1.3, 40 digits, gradients by mpmath.diff, points as doubles. */
static const struct {
    const char *name;
    int n;
    double x[4], f, g[4];
} golden[] = {
    {"rosenbrock", 2, {-1.2, 1.0}, 24.1999999999999904, {-215.599999999999941, -87.9999999999999787}},
    {"rosenbrock", 2, {0.5, 0.8}, 30.5000000000000049, {-111.000000000000009, 110.000000000000009}},
    {"rosenbrock", 2, {1.25, 1.55}, 0.078124999999999889, {6.7499999999999778, -2.49999999999999112}},
    {"himmelblau", 2, {0.0, 0.0}, 170.0, {-14.0, -22.0}},
    {"himmelblau", 2, {0.5, 0.8}, 133.342099999999998, {-31.6199999999999998, -38.6520000000000007}},
    {"himmelblau", 2, {1.25, 1.55}, 73.4184124999999984, {-46.1324999999999995, -36.5294999999999997}},
    {"beale", 2, {1.0, 1.0}, 14.203125, {0.0, 27.75}},
    {"beale", 2, {0.5, 0.8}, 11.9140610000000004, {-4.37425599999999925, 9.28352000000000085}},
    {"beale", 2, {1.25, 1.55}, 57.1691816650390689, {46.4840969140625079, 145.143215820312516}},
    {"rastrigin", 2, {3.3, -2.6}, 48.8303398874989339, {66.3566432948311402, 31.7316366098091633}},
    {"rastrigin", 2, {0.5, 0.8}, 27.7998300562505232, {1.0, -58.1566432948311134}},
    {"rastrigin", 2, {1.25, 1.55}, 33.475565162951535, {65.3318530717958648, -16.3161103872546824}},
    {"booth", 2, {-5.0, 5.0}, 104.0, {-44.0, -28.0}},
    {"booth", 2, {0.5, 0.8}, 34.2499999999999988, {-22.5999999999999996, -25.9999999999999996}},
    {"booth", 2, {1.25, 1.55}, 7.92499999999999944, {-9.09999999999999964, -12.4999999999999996}},
    {"ackley", 2, {2.5, -4.1}, 11.6680658379007366, {0.746652550499896918, -2.90291657652184217}},
    {"ackley", 2, {0.5, 0.8}, 4.50840120682510581, {1.31183098231290244, -0.0160741943076937948}},
    {"ackley", 2, {1.25, 1.55}, 7.00525469997010724, {3.29246231160843003, 1.05792227135931794}},
    {"powell_singular", 4, {3.0, -1.0, 0.0, 1.0}, 215.0, {306.0, -144.0, -2.0, -310.0}},
    {"powell_singular", 4, {0.5, 0.8, -0.8999999999999999, 1.4}, 150.958599999999992,
     {-12.1599999999999905, 240.303999999999998, -163.607999999999977, 52.1599999999999896}},
    {"powell_singular", 4, {1.25, 1.55, -0.1499999999999999, 2.15}, 325.287006250000005,
     {4.34000000000000952, 360.326500000000003, -73.6529999999999873, 52.1599999999999896}},
    {"three_hump_camel", 2, {2.0, 2.0}, 9.86666666666666667, {8.4, 6.0}},
    {"three_hump_camel", 2, {0.5, 0.8}, 1.47697916666666676,
     {2.30625000000000004, 2.10000000000000009}},
    {"three_hump_camel", 2, {1.25, 1.55}, 5.53730631510416686,
     {1.39863281250000004, 4.35000000000000009}},
};

static void expect(const char *name, int n, const double *x, double f, const double *g) {
    ken_ctx *ctx = test_ctx(1);
    ken_surface *s;
    double got[4], top = 0;
    TEST_OK(ctx, ken_surface_new(ctx, name, NULL, n, &s));
    TEST_NEAR(ken_surface_value(s, x), f, 1e-12);
    ken_surface_gradient(s, x, got);
    for (int i = 0; i < n; i++) top = fmax(top, fabs(g[i]));
    for (int i = 0; i < n; i++)
        if (!(fabs(got[i] - g[i]) <= 1e-12 * (1 + top)))
            fail_msg("%s: slope %d is %.17g, not %.17g", name, i, got[i], g[i]);
    ken_surface_free(s);
    test_ctx_free(ctx);
}

static void test_surfaces__values_to_many_digits(void **state) {
    (void)state;
    for (int k = 0; k < KEN_COUNT(golden); k++)
        expect(golden[k].name, golden[k].n, golden[k].x, golden[k].f, golden[k].g);
}

/* --- the whole suite -------------------------------------------------------------------------------------- */

static double number(const ken_json *v) {
    double out = ken_json_f64(v, NAN);
    size_t size;
    const char *text = ken_json_string(v, &size, NULL);
    if (text) assert_true(ken_parse_f64(text, size, &out));
    return out;
}
static int numbers(const ken_json *list, double *out) {
    const int n = (int)ken_json_count(list);
    assert_in_range(n, 1, 4);
    for (int i = 0; i < n; i++) out[i] = number(ken_json_at(list, i));
    return n;
}

/* The suite names the number of variables: "ackley2". */
static void suite_one(ken_ctx *ctx, const ken_json *v) {
    char name[40];
    double x[4], g[4], at[4];
    ken_surface *s;
    snprintf(name, sizeof name, "%s", ken_json_string(ken_json_get(v, "name"), NULL, ""));
    if (name[strlen(name) - 1] == '2') name[strlen(name) - 1] = 0;
    const ken_json *points = ken_json_get(v, "points"), *minima = ken_json_get(v, "minima");
    const ken_json *box = ken_json_get(v, "domain");
    for (int64_t i = 0; i < ken_json_count(points); i++) {
        const ken_json *p = ken_json_at(points, i);
        const int n = numbers(ken_json_get(p, "x"), x);
        numbers(ken_json_get(p, "grad"), g);
        expect(name, n, x, number(ken_json_get(p, "f")), g);
    }
    const int n = numbers(ken_json_at(ken_json_get(v, "starts"), 0), x);
    TEST_OK(ctx, ken_surface_new(ctx, name, NULL, n, &s));
    ken_surface_start(s, at);
    for (int j = 0; j < n; j++) TEST_NEAR(at[j], x[j], 0);
    TEST_NEAR(ken_surface_desc(s)->objective->lo, number(ken_json_at(box, 0)), 0);
    TEST_NEAR(ken_surface_desc(s)->objective->hi, number(ken_json_at(box, 1)), 0);
    for (int64_t i = 0; i < ken_json_count(minima); i++) {
        bool global, found = false;
        numbers(ken_json_at(minima, i), x);
        for (int k = 0; ken_surface_minimum(s, k, at, &global); k++) {
            bool same = global;
            for (int j = 0; j < n; j++) same &= fabs(at[j] - x[j]) < 1e-12;
            found |= same;
        }
        if (!found) fail_msg("%s: minimum %d of the suite is not known", name, (int)i);
    }
    ken_surface_free(s);
}

static void test_surfaces__the_whole_suite(void **state) {
    (void)state;
    const char *path = test_shared("suites/optim_functions/functions.json");
    if (!path) TEST_SKIP("no ../shared");
    ken_ctx *ctx = test_ctx(1);
    ken_json_doc *doc;
    size_t size;
    char *text = test_read_file(path, &size);
    TEST_OK(ctx, ken_json_parse(ctx, path, text, size, &doc));
    assert_int_equal(ken_json_count(ken_json_root(doc)), 8);
    for (int64_t i = 0; i < 8; i++) suite_one(ctx, ken_json_at(ken_json_root(doc), i));
    ken_json_doc_free(doc);
    free(text);
    test_ctx_free(ctx);
}

/* --- every surface ---------------------------------------------------------------------------------------- */

static const ken_desc *surface_at(int i) {
    const ken_desc *d;
    for (int k = 0; (d = ken_catalog_at(k)); k++)
        if (d->kind == KEN_OBJECTIVE && i-- == 0) return d;
    return NULL;
}

/* Surface i of all, in 2 and in 5 variables where it has any number; with other parameters than the defaults
 * the second time. NULL past the end. */
static ken_surface *round_at(ken_ctx *ctx, int i) {
    static const char *const others[][2] = {{"bowl", "condition=40 rotation=33"}, {"rosenbrock", "steepness=7"},
                                            {"rastrigin", "amplitude=3"}, {"saddle", "bend=0.7"},
                                            {"double_well", "tilt=-0.2"}};
    ken_surface *s;
    const char *settings = NULL;
    const ken_desc *d = surface_at(i / 2);
    if (!d) return NULL;
    for (int k = 0; i % 2 && k < KEN_COUNT(others); k++)
        if (strcmp(others[k][0], d->name) == 0) settings = others[k][1];
    TEST_OK(ctx, ken_surface_new(ctx, d->name, settings, d->objective->dims ? 0 : i % 2 ? 5 : 2, &s));
    return s;
}

#define FOR_EACH_SURFACE(ctx, s) \
    ken_surface *s;              \
    for (int round_ = 0; (s = round_at(ctx, round_)); round_++, ken_surface_free(s))

/* Central differences of values and of gradients at points of the box: of order h^2, h = 1e-5 of the size of x. */
static void test_surfaces__derivatives_are_those_of_the_values(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    ken_rng rng = ken_rng_stream(ctx, "surfaces", 0);
    FOR_EACH_SURFACE(ctx, s) {
        const int n = (int)ken_surface_dims(s);
        const ken_objective *o = ken_surface_desc(s)->objective;
        for (int trial = 0; trial < 20; trial++) {
            double x[5], g[5], up[5], down[5], H[25], scale = 0;
            for (int i = 0; i < n; i++) x[i] = o->window[0] + (o->window[1] - o->window[0]) * ken_rng_f64(&rng);
            ken_surface_gradient(s, x, g);
            ken_surface_hessian(s, x, H);
            for (int i = 0; i < n * n; i++) scale = fmax(scale, fabs(H[i]));
            for (int i = 0; i < n; i++) {
                const double at = x[i], h = 1e-5 * (1 + fabs(at));
                x[i] = at + h;
                const double above = ken_surface_value(s, x);
                ken_surface_gradient(s, x, up);
                x[i] = at - h;
                const double below = ken_surface_value(s, x);
                ken_surface_gradient(s, x, down);
                x[i] = at;
                const double noise = 1e-15 * (fabs(above) + fabs(below)) / h;
                if (!(fabs((above - below) / (2 * h) - g[i]) <= 1e-6 * (1 + scale) + noise))
                    fail_msg("%s: slope %d is %.12g, by differences %.12g", ken_surface_desc(s)->name, i, g[i],
                             (above - below) / (2 * h));
                for (int j = 0; j < n; j++) {
                    assert_true(H[i * n + j] == H[j * n + i]);
                    if (!(fabs((up[j] - down[j]) / (2 * h) - H[i * n + j]) <= 1e-6 * (1 + scale)))
                        fail_msg("%s: curvature %d, %d is %.12g, by differences %.12g", ken_surface_desc(s)->name,
                                 i, j, H[i * n + j], (up[j] - down[j]) / (2 * h));
                }
            }
        }
    }
    test_ctx_free(ctx);
}

/* No slope, no direction that falls, global ones of the same depth and no local one deeper. */
static void test_surfaces__minima_are_minima(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    int known = 0;
    FOR_EACH_SURFACE(ctx, s) {
        const int n = (int)ken_surface_dims(s);
        double x[5], g[5], H[25], values[5], best = NAN;
        bool global;
        for (int k = 0; ken_surface_minimum(s, k, x, &global); k++, known++) {
            const double f = ken_surface_value(s, x);
            ken_surface_gradient(s, x, g);
            ken_surface_hessian(s, x, H);
            TEST_OK(ctx, ken_eigen_symmetric(ctx, H, n, n, values, NULL));
            for (int i = 0; i < n; i++) assert_true(fabs(g[i]) <= 1e-12 * (1 + fabs(values[n - 1])));
            assert_true(values[0] >= -1e-12 * values[n - 1]);
            if (k == 0) assert_true(global);
            if (k == 0) best = f;
            else if (global) TEST_NEAR(f, best, 1e-12);
            else assert_true(f > best);
        }
    }
    assert_true(known >= 30);
    test_ctx_free(ctx);
}

static void test_surfaces__known_depths(void **state) {
    (void)state;
    static const struct {
        const char *name;
        double f[4];
        int n;
    } depths[] = {{"goldstein_price", {3, 30, 84, 840}, 4}, {"himmelblau", {0, 0, 0, 0}, 4},
                  {"three_hump_camel", {0, 0.2986384422, 0.2986384422}, 3}, {"ackley", {0}, 1}, {"matyas", {0}, 1}};
    ken_ctx *ctx = test_ctx(1);
    for (int k = 0; k < KEN_COUNT(depths); k++) {
        ken_surface *s;
        double x[2];
        bool global;
        TEST_OK(ctx, ken_surface_new(ctx, depths[k].name, NULL, 2, &s));
        for (int i = 0; i < depths[k].n; i++) {
            assert_true(ken_surface_minimum(s, i, x, &global));
            TEST_NEAR(ken_surface_value(s, x), depths[k].f[i], 1e-9);
        }
        assert_false(ken_surface_minimum(s, depths[k].n, x, &global));
        ken_surface_free(s);
    }
    test_ctx_free(ctx);
}

/* The formula as it is printed everywhere. */
static void test_surfaces__goldstein_price_as_printed(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    ken_surface *s;
    TEST_OK(ctx, ken_surface_new(ctx, "goldstein_price", NULL, 0, &s));
    for (double x = -2; x <= 2; x += 0.37)
        for (double y = -2; y <= 2; y += 0.41) {
            const double p[2] = {x, y};
            const double a = 1 + (x + y + 1) * (x + y + 1) *
                                     (19 - 14 * x + 3 * x * x - 14 * y + 6 * x * y + 3 * y * y);
            const double b = 30 + (2 * x - 3 * y) * (2 * x - 3 * y) *
                                      (18 - 32 * x + 12 * x * x + 48 * y - 36 * x * y + 27 * y * y);
            TEST_NEAR(ken_surface_value(s, p), a * b, 1e-12);
        }
    ken_surface_free(s);
    test_ctx_free(ctx);
}

/* L and mu are the extreme eigenvalues of the Hessian; a bowl that is turned keeps them. */
static void test_surfaces__curvature_is_that_of_the_hessian(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    int known = 0;
    FOR_EACH_SURFACE(ctx, s) {
        const int n = (int)ken_surface_dims(s);
        double x[5], H[25], values[5], L, mu;
        if (!ken_surface_curvature(s, &L, &mu)) continue;
        ken_surface_start(s, x);
        ken_surface_hessian(s, x, H);
        TEST_OK(ctx, ken_eigen_symmetric(ctx, H, n, n, values, NULL));
        TEST_NEAR(values[0], mu, 1e-12);
        TEST_NEAR(values[n - 1], L, 1e-12);
        known++;
    }
    assert_int_equal(known, 6);
    test_ctx_free(ctx);
}

static void test_surfaces__grids_and_errors(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    ken_surface *s;
    double z[6];
    TEST_FAILS(ctx, ken_surface_new(ctx, "booth", NULL, 3, &s), KEN_E_SHAPE, "3");
    TEST_FAILS(ctx, ken_surface_new(ctx, "rosenbrock", NULL, 1, &s), KEN_E_SHAPE, "1");
    TEST_FAILS(ctx, ken_surface_new(ctx, "bool", NULL, 2, &s), KEN_E_NOT_FOUND, "bool");
    TEST_FAILS(ctx, ken_surface_new(ctx, "bowl:condition=0.5", NULL, 2, &s), KEN_E_ARG, "condition");
    TEST_FAILS(ctx, ken_surface_new(ctx, "booth", "tilt=1", 2, &s), KEN_E_ARG, "tilt");
    TEST_OK(ctx, ken_surface_new(ctx, "bowl:condition=4", NULL, 2, &s));
    TEST_OK(ctx, ken_surface_grid(ctx, s, (const double[]){-1, 1, 0, 2}, 2, 3, z));
    const double want[6] = {0.5, 0, 0.5, 8.5, 8, 8.5}; /* x^2 / 2 + 2 y^2 */
    for (int i = 0; i < 6; i++) TEST_NEAR(z[i], want[i], 1e-15);
    ken_surface_free(s);
    test_ctx_free(ctx);
}

static ken_status allocation_round(ken_ctx *ctx, void *arg) {
    ken_surface *s = NULL;
    double z[4];
    (void)arg;
    ken_status status = ken_surface_new(ctx, "bowl:condition=3", "rotation=10", 4, &s);
    if (status == KEN_OK) status = ken_surface_grid(ctx, s, NULL, 2, 2, z);
    ken_surface_free(s);
    return status;
}

static void test_surfaces__every_allocation_may_fail(void **state) {
    (void)state;
    test_every_allocation(allocation_round, NULL, 100);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_surfaces__values_to_many_digits),
        cmocka_unit_test(test_surfaces__the_whole_suite),
        cmocka_unit_test(test_surfaces__derivatives_are_those_of_the_values),
        cmocka_unit_test(test_surfaces__minima_are_minima),
        cmocka_unit_test(test_surfaces__known_depths),
        cmocka_unit_test(test_surfaces__goldstein_price_as_printed),
        cmocka_unit_test(test_surfaces__curvature_is_that_of_the_hessian),
        cmocka_unit_test(test_surfaces__grids_and_errors),
        cmocka_unit_test(test_surfaces__every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
