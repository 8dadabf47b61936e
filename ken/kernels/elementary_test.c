/* Largest error of every elementary function against the C library's long double functions (64 bits
 * of mantissa), over random arguments of all kinds, and the special cases one by one. */
#include "tests/support.h"

#include <float.h>

#include "ken/kernels/elementary.h"
#include "ken/kernels/kernels.h"

static uint64_t elementary_state;
static uint64_t elementary_next(void) {
    uint64_t z = elementary_state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}
static double elementary_between(double lo, double hi) {
    return lo + (hi - lo) * ((double)(elementary_next() >> 11) * 0x1p-53);
}
/* Any exponent between two powers of ten. */
static double elementary_spread(double lo, double hi) {
    return pow(10, elementary_between(log10(lo), log10(hi)));
}

/* |got - want| in units of the last place of want */
static double elementary_ulps(double got, long double want) {
    if (isnan(got) || isnan((double)want)) return isnan(got) && isnan((double)want) ? 0 : 1e9;
    if (got == (double)want) return 0;
    if (isinf(got)) return fabsl(want) > (long double)DBL_MAX ? 0 : 1e9;
    int e;
    frexpl(want, &e);
    const long double ulp = ldexpl(1, e - 53 < -1074 ? -1074 : e - 53);
    return (double)(fabsl((long double)got - want) / ulp);
}

typedef struct elementary_case {
    const char *name;
    double (*ours)(double);
    long double (*truth)(long double);
    double lo, hi, ulp;
} elementary_case;

static long double elementary_softplusl(long double x) {
    return x > 0 ? x + log1pl(expl(-x)) : log1pl(expl(x));
}
static long double elementary_sigmoidl(long double x) { return 1 / (1 + expl(-x)); }

static const elementary_case elementary_cases[] = {
    {"exp", ken_exp, expl, -746, 710, 1},
    {"exp", ken_exp, expl, -2, 2, 1},
    {"exp2", ken_exp2, exp2l, -1076, 1025, 1},
    {"exp2", ken_exp2, exp2l, -2, 2, 1},
    {"expm1", ken_expm1, expm1l, -40, 710, 1},
    {"expm1", ken_expm1, expm1l, -2, 2, 1},
    {"log", ken_log, logl, 1e-320, 1.7e308, 1},
    {"log", ken_log, logl, 0.5, 2, 1},
    {"log2", ken_log2, log2l, 1e-320, 1.7e308, 1},
    {"log2", ken_log2, log2l, 0.5, 2, 1},
    {"log10", ken_log10, log10l, 1e-320, 1.7e308, 1},
    {"log10", ken_log10, log10l, 0.5, 2, 1},
    {"log1p", ken_log1p, log1pl, -1, 3, 1},
    {"log1p", ken_log1p, log1pl, 1e-300, 1e300, 1},
    {"cbrt", ken_cbrt, cbrtl, -1000, 1000, 1},
    {"cbrt", ken_cbrt, cbrtl, 1e-320, 1.7e308, 1},
    {"sin", ken_sin, sinl, -4, 4, 1},
    {"sin", ken_sin, sinl, 1e-300, 1e6, 1},
    {"sin", ken_sin, sinl, 1e4, 1e18, 1},
    {"cos", ken_cos, cosl, -4, 4, 1},
    {"cos", ken_cos, cosl, -1e6, 1e6, 1},
    {"cos", ken_cos, cosl, 1e4, 1e18, 1},
    {"tan", ken_tan, tanl, -4, 4, 3},
    {"tan", ken_tan, tanl, 1e-8, 1e15, 3},
    {"atan", ken_atan, atanl, -3, 3, 1},
    {"atan", ken_atan, atanl, 1e-300, 1e300, 1},
    {"sinh", ken_sinh, sinhl, -711, 711, 2},
    {"sinh", ken_sinh, sinhl, -23, 23, 2},
    {"sinh", ken_sinh, sinhl, 1e-300, 30, 2},
    {"cosh", ken_cosh, coshl, -711, 711, 2},
    {"cosh", ken_cosh, coshl, -23, 23, 2},
    {"tanh", ken_tanh, tanhl, -20, 20, 3},
    {"tanh", ken_tanh, tanhl, -1, 1, 3},
    {"tanh", ken_tanh, tanhl, 1e-300, 30, 3},
    {"sigmoid", ken_sigmoid, elementary_sigmoidl, -745, 40, 2},
    {"softplus", ken_softplus, elementary_softplusl, -700, 40, 3},
    {"softplus", ken_softplus, elementary_softplusl, -2, 2, 3},
    {"erf", ken_erf, erfl, -6, 6, 1},
    {"erf", ken_erf, erfl, 1e-308, 1, 1},
    {"erfc", ken_erfc, erfcl, -6, 6, 3},
    {"erfc", ken_erfc, erfcl, 0.2, 1.2, 3},
    {"erfc", ken_erfc, erfcl, 5, 27.2, 3},
    {"tgamma", ken_tgamma, tgammal, 1e-308, 171.6, 5},
    {"tgamma", ken_tgamma, tgammal, 0.1, 13, 5},
    {"tgamma", ken_tgamma, tgammal, -20, 0, 5},
    {"lgamma", ken_lgamma, lgammal, 1e-308, 1e305, 3},
    {"lgamma", ken_lgamma, lgammal, 0.2, 3, 4},
    {"lgamma", ken_lgamma, lgammal, 2, 15, 3},
};

static void test_elementary__largest_error_is_the_stated_one(void **state) {
    (void)state;
    if (LDBL_MANT_DIG < 64) TEST_SKIP("long double is not longer than double here");
    const bool show = getenv("KEN_TEST_SHOW") != NULL;
    int bad = 0;
    for (int c = 0; c < KEN_COUNT(elementary_cases); c++) {
        const elementary_case *t = &elementary_cases[c];
        double worst = 0, at = 0;
        elementary_state = 7u + (uint64_t)c;
        for (int i = 0; i < 40000; i++) {
            const bool spread = t->lo > 0 && t->hi / t->lo > 100;
            const double x = spread ? elementary_spread(t->lo, t->hi)
                                    : elementary_between(t->lo, t->hi);
            const double u = elementary_ulps(t->ours(x), t->truth((long double)x));
            if (u > worst) worst = u, at = x;
        }
        if (show) printf("%-9s [%g, %g]  %.3f ulp at %.17g\n", t->name, t->lo, t->hi, worst, at);
        if (worst > t->ulp) bad++, printf("%s(%.17g): %.3f ulp\n", t->name, at, worst);
    }
    assert_int_equal(bad, 0);
}

static void test_elementary__pow_and_atan2_are_within_their_bounds(void **state) {
    (void)state;
    if (LDBL_MANT_DIG < 64) TEST_SKIP("long double is not longer than double here");
    double worst_pow = 0, worst_atan2 = 0;
    elementary_state = 99;
    for (int i = 0; i < 100000; i++) {
        const double x = elementary_spread(1e-300, 1e300);
        const double y = elementary_between(-700, 700) / log(x);
        const double u = elementary_ulps(ken_pow(x, y), powl((long double)x, (long double)y));
        worst_pow = KEN_MAX(worst_pow, u);
        const double a = elementary_between(0.5, 1.5), b = elementary_between(-1000, 1000);
        const double v = elementary_ulps(ken_pow(a, b), powl((long double)a, (long double)b));
        worst_pow = KEN_MAX(worst_pow, v);
        const double p = elementary_spread(1e-20, 1e20) * (i & 1 ? -1 : 1);
        const double q = elementary_spread(1e-20, 1e20) * (i & 2 ? -1 : 1);
        const double w = elementary_ulps(ken_atan2(p, q), atan2l((long double)p, (long double)q));
        worst_atan2 = KEN_MAX(worst_atan2, w);
    }
    if (getenv("KEN_TEST_SHOW")) printf("pow %.3f ulp, atan2 %.3f ulp\n", worst_pow, worst_atan2);
    assert_true(worst_pow <= 1);
    assert_true(worst_atan2 <= 2);
}

/* lgamma for negative arguments: the error relative to max(1, |result|). */
static void test_elementary__lgamma_of_negative_numbers(void **state) {
    (void)state;
    elementary_state = 5;
    for (int i = 0; i < 20000; i++) {
        const double x = elementary_between(-30, 0);
        const long double want = lgammal((long double)x);
        const long double scale = fabsl(want) > 1 ? fabsl(want) : 1;
        assert_true(fabsl((long double)ken_lgamma(x) - want) <= 1e-14L * scale);
    }
}

/* Same value, or both NaN; zeros with their signs. */
static void elementary_same(const char *name, double x, double got, double want) {
    const bool same = isnan(want) ? isnan(got) : got == want && signbit(got) == signbit(want);
    if (!same) fail_msg("%s(%g) is %g, not %g", name, x, got, want);
}

static void test_elementary__specials_are_those_of_the_c_standard(void **state) {
    (void)state;
    static const struct {
        const char *name;
        double (*ours)(double), (*libm)(double);
    } each[] = {{"exp", ken_exp, exp},       {"exp2", ken_exp2, exp2},    {"expm1", ken_expm1, expm1},
                {"log", ken_log, log},       {"log2", ken_log2, log2},    {"log10", ken_log10, log10},
                {"log1p", ken_log1p, log1p}, {"cbrt", ken_cbrt, cbrt},    {"sin", ken_sin, sin},
                {"cos", ken_cos, cos},       {"tan", ken_tan, tan},       {"atan", ken_atan, atan},
                {"sinh", ken_sinh, sinh},    {"cosh", ken_cosh, cosh},    {"tanh", ken_tanh, tanh},
                {"erf", ken_erf, erf},       {"erfc", ken_erfc, erfc},    {"lgamma", ken_lgamma, lgamma},
                {"tgamma", ken_tgamma, tgamma}};
    static const double at[] = {0.0, -0.0, INFINITY, -INFINITY, NAN, 1e308, -1e308};
    for (int f = 0; f < KEN_COUNT(each); f++)
        for (int i = 0; i < KEN_COUNT(at); i++) {
            const bool angle = strchr("sct", each[f].name[0]) && fabs(at[i]) == 1e308;
            if (angle || (i > 4 && strcmp(each[f].name, "tgamma") == 0)) continue;
            const double got = each[f].ours(at[i]), want = each[f].libm(at[i]);
            if (i > 4 && isfinite(want) && want != 0)
                TEST_NEAR(got, want, 1e-15);
            else
                elementary_same(each[f].name, at[i], got, want);
        }
    elementary_same("exp", 709.79, ken_exp(709.79), INFINITY);
    elementary_same("exp", -745.2, ken_exp(-745.2), 0);
    elementary_same("exp", -745.13, ken_exp(-745.13), 0x1p-1074);
    elementary_same("exp2", -1074, ken_exp2(-1074), 0x1p-1074);
    elementary_same("exp2", 1023, ken_exp2(1023), 0x1p1023);
    elementary_same("log", 0x1p-1074, ken_log(0x1p-1074), log(0x1p-1074));
    elementary_same("log", -1, ken_log(-1), NAN);
    elementary_same("log1p", -1, ken_log1p(-1), -INFINITY);
    elementary_same("log1p", 0x1p-1074, ken_log1p(0x1p-1074), 0x1p-1074);
    elementary_same("tanh", 1e-310, ken_tanh(1e-310), 1e-310);
    elementary_same("tgamma", 171.7, ken_tgamma(171.7), INFINITY);
    elementary_same("tgamma", 5, ken_tgamma(5), 24);
    elementary_same("lgamma", 1, ken_lgamma(1), 0);
    elementary_same("lgamma", 2, ken_lgamma(2), 0);
    elementary_same("sigmoid", -800, ken_sigmoid(-800), 0);
    elementary_same("sigmoid", 800, ken_sigmoid(800), 1);
    elementary_same("sigmoid", NAN, ken_sigmoid(NAN), NAN);
    elementary_same("softplus", INFINITY, ken_softplus(INFINITY), INFINITY);
    elementary_same("softplus", -INFINITY, ken_softplus(-INFINITY), 0);
    elementary_same("softplus", NAN, ken_softplus(NAN), NAN);
}

/* x from Muller's list: the double closest to a multiple of pi/2, and the largest ones. */
static void test_elementary__large_angles_keep_all_their_digits(void **state) {
    (void)state;
    TEST_NEAR(ken_cos(0x1.6ac5b262ca1ffp849), -4.6871659242546277e-19, 4e-16);
    TEST_NEAR(ken_sin(0x1.6ac5b262ca1ffp849), 1.0, 4e-16);
    TEST_NEAR(ken_sin(1e22), -0.8522008497671888, 4e-16);
    TEST_NEAR(ken_cos(1e22), 0.5232147853951389, 4e-16);
    TEST_NEAR(ken_sin(0x1.fffffffffffffp1023), 0.004961954789184062, 4e-16);
    TEST_NEAR(ken_cos(0x1.fffffffffffffp1023), -0.9999876894265599, 4e-16);
}

static void test_elementary__pow_specials_are_those_of_the_c_standard(void **state) {
    (void)state;
    static const double at[] = {0.0, -0.0, 1, -1, 2, -2, 3, 0.5, -0.5, -3, INFINITY, -INFINITY, NAN,
                                1e300, -1e300, 0x1p53, -0x1p-1074, 1e-300};
    for (int i = 0; i < KEN_COUNT(at); i++)
        for (int j = 0; j < KEN_COUNT(at); j++) {
            const double got = ken_pow(at[i], at[j]), want = pow(at[i], at[j]);
            if (isnan(want) ? !isnan(got) : fabs(got - want) > fabs(want) * 2e-16)
                fail_msg("pow(%g, %g) is %g, not %g", at[i], at[j], got, want);
            elementary_same("pow's sign", at[i], copysign(1, isnan(got) ? 1 : got),
                            copysign(1, isnan(want) ? 1 : want));
            const double angle = ken_atan2(at[i], at[j]), truth = atan2(at[i], at[j]);
            if (isnan(truth) ? !isnan(angle) : fabs(angle - truth) > fabs(truth) * 4e-16)
                fail_msg("atan2(%g, %g) is %g, not %g", at[i], at[j], angle, truth);
            elementary_same("atan2's sign", at[i], copysign(1, isnan(angle) ? 1 : angle),
                            copysign(1, isnan(truth) ? 1 : truth));
        }
}

static void test_elementary__lanes_have_the_bits_of_the_scalar_form(void **state) {
    (void)state;
    enum { N = 4099 };
    static double x[N], out[N];
    elementary_state = 3;
    for (int i = 0; i < N; i++)
        x[i] = i % 3 ? elementary_between(-3, 3) : elementary_between(-760, 760);
    static const double at[] = {0.0, -0.0, INFINITY, -INFINITY, NAN, 0x1p-1074, -0x1p-1050, -1, 1};
    memcpy(x, at, sizeof at);
    for (int t = 0; ken_kernels_at(t); t++) {
        const ken_kernels *k = ken_kernels_at(t);
        const struct {
            void (*lanes)(const double *, double *, int64_t);
            double (*scalar)(double);
            const char *name;
        } each[] = {{k->exp_n, ken_exp, "exp"},           {k->log_n, ken_log, "log"},
                    {k->log1p_n, ken_log1p, "log1p"},     {k->expm1_n, ken_expm1, "expm1"},
                    {k->tanh_n, ken_tanh, "tanh"},        {k->sigmoid_n, ken_sigmoid, "sigmoid"},
                    {k->softplus_n, ken_softplus, "softplus"}};
        for (int f = 0; f < KEN_COUNT(each); f++) {
            each[f].lanes(x, out, N);
            for (int i = 0; i < N; i++) elementary_same(each[f].name, x[i], out[i], each[f].scalar(x[i]));
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_elementary__largest_error_is_the_stated_one),
        cmocka_unit_test(test_elementary__pow_and_atan2_are_within_their_bounds),
        cmocka_unit_test(test_elementary__lgamma_of_negative_numbers),
        cmocka_unit_test(test_elementary__specials_are_those_of_the_c_standard),
        cmocka_unit_test(test_elementary__large_angles_keep_all_their_digits),
        cmocka_unit_test(test_elementary__pow_specials_are_those_of_the_c_standard),
        cmocka_unit_test(test_elementary__lanes_have_the_bits_of_the_scalar_form),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
