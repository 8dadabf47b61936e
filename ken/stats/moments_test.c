/* Moments against NIST's certified univariate values (StRD) and numbers by hand. */
#include "tests/support.h"

#include "ken/core/json.h"
#include "ken/stats/moments.h"

static double moments_certified(const ken_json *set, const char *key) {
    return strtod(ken_json_string(ken_json_get(set, key), NULL, "nan"), NULL);
}
static double moments_digits(double got, double want) {
    const double off = fabs(got - want) / fabs(want);
    return off < 1e-15 ? 15 : -log10(off);
}

/* Floors: shared/suites/nist/attainable.csv, less one digit. */
static void test_moments__nist_certified_values(void **state) {
    (void)state;
    static const struct {
        const char *name;
        double digits;
    } floors[] = {{"Mavro", 12.1}, {"Michelso", 12.8}};
    const char *path = test_shared("suites/nist/nist.json");
    if (!path) TEST_SKIP("no ../shared");
    ken_ctx *ctx = test_ctx(1);
    size_t size;
    char *text = test_read_file(path, &size);
    ken_json_doc *doc;
    int sets = 0;
    TEST_OK(ctx, ken_json_parse(ctx, "nist.json", text, size, &doc));
    for (int64_t i = 0; i < ken_json_count(ken_json_root(doc)); i++) {
        const ken_json *set = ken_json_at(ken_json_root(doc), i), *y = ken_json_get(set, "y");
        if (strcmp(ken_json_string(ken_json_get(set, "kind"), NULL, ""), "univariate") != 0) continue;
        const char *name = ken_json_string(ken_json_get(set, "name"), NULL, "");
        const int64_t n = ken_json_count(y);
        double *x = malloc((size_t)n * sizeof *x), floor_digits = 14, digits[3];
        for (int64_t k = 0; k < n; k++)
            x[k] = strtod(ken_json_string(ken_json_at(y, k), NULL, "nan"), NULL);
        const ken_moments m = ken_moments_of(x, n, 1);
        digits[0] = moments_digits(m.mean, moments_certified(set, "mean"));
        digits[1] = moments_digits(m.sd, moments_certified(set, "sd"));
        digits[2] = moments_digits(ken_autocorrelation(x, n, 1),
                                   moments_certified(set, "autocorrelation_lag1"));
        printf("%-9s mean %.1f, sd %.1f, autocorrelation %.1f digits\n", name, digits[0], digits[1],
               digits[2]);
        for (int f = 0; f < KEN_COUNT(floors); f++)
            if (strcmp(floors[f].name, name) == 0) floor_digits = floors[f].digits;
        assert_true(digits[0] >= 14);
        assert_true(digits[1] >= floor_digits);
        assert_true(digits[2] >= fmin(floor_digits, 12));
        free(x);
        sets++;
    }
    assert_true(sets >= 7);
    ken_json_doc_free(doc);
    free(text);
    test_ctx_free(ctx);
}

/* 1 2 3 10: mean 4, squares 9 4 1 36, cubes -27 -8 -1 216, fourths 81 16 1 1296. */
static void test_moments__by_hand(void **state) {
    (void)state;
    const double x[] = {1, 2, NAN, 3, 10};
    const ken_moments m = ken_moments_of(x, 5, 1), none = ken_moments_of(x + 2, 1, 1);
    assert_int_equal(m.n, 4);
    assert_true(m.mean == 4 && m.min == 1 && m.max == 10);
    TEST_NEAR(m.variance, 50.0 / 3, 1e-15);
    TEST_NEAR(m.skewness, 45 / pow(12.5, 1.5), 1e-15);
    TEST_NEAR(m.kurtosis, 348.5 / 156.25 - 3, 1e-14);
    assert_true(none.n == 0 && isnan(none.mean) && isnan(none.sd) && isnan(none.min));
    assert_true(isnan(ken_moments_of(x, 1, 1).sd) && ken_moments_of(x, 1, 1).mean == 1);
}

static void test_moments__running_parts_merge_to_the_whole(void **state) {
    (void)state;
    const double x[] = {1e3 + 4, 1e3 + 7, 1e3 + 13, 1e3 + 16};
    ken_running whole = {0}, a = {0}, b = {0};
    for (int i = 0; i < 4; i++) ken_running_add(&whole, x[i], i + 1);
    for (int i = 0; i < 4; i++) ken_running_add(i < 1 ? &a : &b, x[i], i + 1);
    ken_running_merge(&a, &b);
    TEST_NEAR(a.mean, whole.mean, 1e-15);
    TEST_NEAR(ken_running_variance(&a), ken_running_variance(&whole), 1e-12);
    ken_running twice = {0};
    for (int i = 0; i < 4; i++)
        for (int r = 0; r <= i; r++) ken_running_add(&twice, x[i], 1);
    TEST_NEAR(ken_running_variance(&twice), ken_running_variance(&whole), 1e-12);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_moments__nist_certified_values),
        cmocka_unit_test(test_moments__by_hand),
        cmocka_unit_test(test_moments__running_parts_merge_to_the_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
