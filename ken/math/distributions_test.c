/* Against 60-digit values (shared/suites/distributions and special, made with mpmath): value by value
 * to 1e-12, quantiles to 1e-11, looser only by the condition of the function at its argument. */
#include "tests/support.h"

#include "ken/math/distributions.h"

typedef double (*distributions_fn)(const double *c, double x);

#define WRAP1(name)                                                                         \
    static double name##_cdf(const double *c, double x) { return ken_##name##_cdf(x, c[0]); } \
    static double name##_sf(const double *c, double x) { return ken_##name##_sf(x, c[0]); }   \
    static double name##_pdf(const double *c, double x) { return ken_##name##_pdf(x, c[0]); } \
    static double name##_ppf(const double *c, double x) { return ken_##name##_quantile(x, c[0]); }
#define WRAP2(name)                                                                               \
    static double name##_cdf(const double *c, double x) { return ken_##name##_cdf(x, c[0], c[1]); } \
    static double name##_sf(const double *c, double x) { return ken_##name##_sf(x, c[0], c[1]); }   \
    static double name##_pdf(const double *c, double x) { return ken_##name##_pdf(x, c[0], c[1]); } \
    static double name##_ppf(const double *c, double x) { return ken_##name##_quantile(x, c[0], c[1]); }
WRAP1(t)
WRAP1(chi2)
WRAP2(gamma)
WRAP2(beta)
WRAP2(f)
static double normal_cdf(const double *c, double x) { return ken_normal_cdf((x - c[0]) / c[1]); }
static double normal_sf(const double *c, double x) { return ken_normal_sf((x - c[0]) / c[1]); }
static double normal_pdf(const double *c, double x) {
    return ken_normal_pdf((x - c[0]) / c[1]) / c[1];
}
static double normal_ppf(const double *c, double x) { return c[0] + c[1] * ken_normal_quantile(x); }

static const struct {
    const char *name;
    distributions_fn cdf, sf, pdf, ppf;
} distributions_all[] = {
    {"normal", normal_cdf, normal_sf, normal_pdf, normal_ppf},
    {"student_t", t_cdf, t_sf, t_pdf, t_ppf},
    {"chi2", chi2_cdf, chi2_sf, chi2_pdf, chi2_ppf},
    {"gamma", gamma_cdf, gamma_sf, gamma_pdf, gamma_ppf},
    {"beta", beta_cdf, beta_sf, beta_pdf, beta_ppf},
    {"f", f_cdf, f_sf, f_pdf, f_ppf},
};

/* How much an error of one rounding in the argument (and in a parameter) moves the value. */
static double distributions_condition(distributions_fn fn, const double *c, double x) {
    const double h = 1e-7, y = fn(c, x);
    double sum = fabs(fn(c, x * (1 + h)) - y);
    for (int i = 0; i < 2; i++) {
        double moved[2] = {c[0], c[1]};
        moved[i] *= 1 + h;
        sum += fabs(fn(moved, x) - y);
    }
    return sum / (h * fabs(y));
}

static void test_distributions__agree_with_sixty_digit_values(void **state) {
    (void)state;
    const char *path = test_shared("suites/distributions/distributions.csv");
    if (!path) TEST_SKIP("no ../shared");
    size_t size;
    char *text = test_read_file(path, &size);
    int rows = 0, bad = 0;
    double worst = 0;
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        char name[32], params[64], fn[16];
        double x, want;
        if (sscanf(line, "%31[^,],%63[^,],%15[^,],%lf,%lf", name, params, fn, &x, &want) != 5) continue;
        double c[2] = {0, 0};
        sscanf(params, "%lf;%lf", &c[0], &c[1]);
        for (int d = 0; d < KEN_COUNT(distributions_all); d++) {
            if (strcmp(name, distributions_all[d].name) != 0) continue;
            const distributions_fn f = strcmp(fn, "cdf") == 0   ? distributions_all[d].cdf
                                       : strcmp(fn, "sf") == 0  ? distributions_all[d].sf
                                       : strcmp(fn, "pdf") == 0 ? distributions_all[d].pdf
                                       : strcmp(fn, "ppf") == 0 ? distributions_all[d].ppf
                                                                : NULL;
            if (!f) continue;
            rows++;
            const double got = f(c, x), error = got == want ? 0 : fabs(got - want) / fabs(want);
            double allowed = strcmp(fn, "ppf") == 0 ? 1e-11 : 1e-12;
            if (error > allowed && distributions_condition(f, c, x) > 1e3) allowed = 1e-9;
            if (fabs(want) < 1e-300) allowed = 1e-8; /* subnormal or next to it */
            if (!(error <= allowed))
                bad++, printf("%s = %.17g (off by %.2g)\n", line, got, error);
            else
                worst = KEN_MAX(worst, error);
        }
    }
    free(text);
    printf("%d values, largest error %.2g\n", rows, worst);
    assert_int_equal(bad, 0);
    assert_true(rows > 700);
}

static void test_distributions__special_functions_agree_with_sixty_digit_values(void **state) {
    (void)state;
    const char *path = test_shared("suites/special/special.csv");
    if (!path) TEST_SKIP("no ../shared");
    size_t size;
    char *text = test_read_file(path, &size);
    int rows = 0, bad = 0;
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        char name[32], params[64];
        double want, c[3] = {0, 0, 0};
        if (sscanf(line, "%31[^,],%63[^,],%lf", name, params, &want) != 3) continue;
        if (sscanf(params, "%lf;%lf;%lf", &c[0], &c[1], &c[2]) < 1) continue;
        double got;
        if (strcmp(name, "lgamma") == 0) got = ken_lgamma(c[0]);
        else if (strcmp(name, "gamma") == 0) got = ken_tgamma(c[0]);
        else if (strcmp(name, "digamma") == 0) got = ken_digamma(c[0]);
        else if (strcmp(name, "trigamma") == 0 && c[0] > 0) got = ken_trigamma(c[0]);
        else if (strcmp(name, "lbeta") == 0) got = ken_lbeta(c[0], c[1]);
        else if (strcmp(name, "erf") == 0) got = ken_erf(c[0]);
        else if (strcmp(name, "erfc") == 0) got = ken_erfc(c[0]);
        else if (strcmp(name, "erfinv") == 0) got = ken_erf_inv(c[0]);
        else if (strcmp(name, "expit") == 0) got = ken_sigmoid(c[0]);
        else if (strcmp(name, "expm1") == 0) got = ken_expm1(c[0]);
        else if (strcmp(name, "log1p") == 0) got = ken_log1p(c[0]);
        else if (strcmp(name, "softplus") == 0) got = ken_softplus(c[0]);
        else if (strcmp(name, "betainc_reg") == 0) got = ken_beta_reg(c[0], c[1], c[2], 1 - c[2]);
        else if (strcmp(name, "gammainc_lower_reg") == 0) got = ken_gamma_p(c[0], c[1]);
        else if (strcmp(name, "gammainc_upper_reg") == 0) got = ken_gamma_q(c[0], c[1]);
        else continue;
        rows++;
        const double error = got == want ? 0 : fabs(got - want) / KEN_MAX(fabs(want), 1e-307);
        if (!(error <= 1e-12)) bad++, printf("%s = %.17g (off by %.2g)\n", line, got, error);
    }
    free(text);
    printf("%d values\n", rows);
    assert_int_equal(bad, 0);
    assert_true(rows > 70);
}

static void test_distributions__quantile_and_cdf_are_inverses(void **state) {
    (void)state;
    static const double ps[] = {1e-12, 1e-3, 0.025, 0.3, 0.5, 0.77, 0.975, 1 - 1e-9};
    static const double shapes[] = {0.3, 1, 2.5, 40, 3000};
    for (int i = 0; i < KEN_COUNT(ps); i++) {
        TEST_NEAR(ken_normal_cdf(ken_normal_quantile(ps[i])), ps[i], 1e-13);
        for (int j = 0; j < KEN_COUNT(shapes); j++) {
            TEST_NEAR(ken_t_cdf(ken_t_quantile(ps[i], shapes[j]), shapes[j]), ps[i], 1e-11);
            TEST_NEAR(ken_chi2_cdf(ken_chi2_quantile(ps[i], shapes[j]), shapes[j]), ps[i], 1e-11);
            for (int k = 0; k < KEN_COUNT(shapes); k++) {
                const double a = shapes[j], b = shapes[k], x = ken_beta_quantile(ps[i], a, b);
                if (x < 0.999) TEST_NEAR(ken_beta_cdf(x, a, b), ps[i], 1e-10);
                TEST_NEAR(ken_f_cdf(ken_f_quantile(ps[i], a, b), a, b), ps[i], 1e-10);
            }
        }
    }
}

static void test_distributions__outside_the_domain_is_nan_and_ends_are_exact(void **state) {
    (void)state;
    assert_true(isnan(ken_normal_quantile(-0.1)) && isnan(ken_normal_quantile(1.1)));
    assert_true(isnan(ken_t_cdf(1, 0)) && isnan(ken_chi2_cdf(1, -1)) && isnan(ken_f_sf(1, 1, 0)));
    assert_true(isnan(ken_beta_quantile(0.5, 0, 1)) && isnan(ken_beta_cdf(NAN, 1, 1)));
    assert_true(ken_normal_quantile(0) == -INFINITY && ken_normal_quantile(0.5) == 0);
    assert_true(ken_beta_quantile(0, 2, 3) == 0 && ken_beta_quantile(1, 2, 3) == 1);
    assert_true(ken_t_cdf(-INFINITY, 3) == 0 && ken_t_cdf(INFINITY, 3) == 1);
    assert_true(ken_chi2_sf(INFINITY, 3) == 0 && ken_f_cdf(INFINITY, 3, 3) == 1);
    TEST_NEAR(ken_normal_quantile(0.975), 1.959963984540054, 1e-15);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_distributions__agree_with_sixty_digit_values),
        cmocka_unit_test(test_distributions__special_functions_agree_with_sixty_digit_values),
        cmocka_unit_test(test_distributions__quantile_and_cdf_are_inverses),
        cmocka_unit_test(test_distributions__outside_the_domain_is_nan_and_ends_are_exact),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
