/* Formulas: values against C's own, derivatives against differences on random formulas, errors with their place. */
#include "ken/math/expression.h"
#include "ken/core/rng.h"
#include "tests/support.h"

static const char *const names[] = {"y", "p", "w", NULL};

static double eval_at(ken_ctx *ctx, const char *text, double y, double p, double *slope, double *bend) {
    const double w = 3;
    const double *const variable[] = {&y, &p, &w};
    ken_expression *e;
    double value;
    TEST_OK(ctx, ken_expression_new(ctx, "test", text, names, &e));
    ken_expression_eval(e, ken_kernels_at(0), variable, 1, 1, &value, slope, bend);
    ken_expression_free(ctx, e);
    return value;
}

static void test_expression__values_are_those_of_arithmetic(void **state) {
    const double y = 0.7, p = -1.3;
    const struct {
        const char *text;
        double want;
    } list[] = {{"1+2*3", 7},
                {"(1+2)*3", 9},
                {"-2^2", -4},
                {"2^3^2", 512},
                {"2^-1", 0.5},
                {" 7 - 4 - 2 ", 1},
                {"8/4/2", 1},
                {"--2", 2},
                {"1e-2*1.5E+2", 1.5},
                {".5", 0.5},
                {"y*p+w", 0.7 * -1.3 + 3},
                {"exp(p)", exp(p)},
                {"log(y)", log(y)},
                {"log1p(y)", log1p(y)},
                {"sqrt(y)", sqrt(y)},
                {"abs(p)", 1.3},
                {"sigmoid(p)", 1 / (1 + exp(1.3))},
                {"softplus(p)", log1p(exp(p))},
                {"tanh(p)", tanh(p)},
                {"pow(y, 2.5)", pow(y, 2.5)},
                {"max(y;p)", 0.7},
                {"min(y,p)", -1.3},
                {"if(y>p, 10, 20)", 10},
                {"if(y<p, 10, 20)", 20},
                {"(1<2)+(2<=2)+(2>=3)+(1==1)+(1!=1)", 3}};
    ken_ctx *ctx = test_ctx(1);
    (void)state;
    for (int i = 0; i < KEN_COUNT(list); i++)
        test_near_(eval_at(ctx, list[i].text, y, p, NULL, NULL), list[i].want, 1e-14, 1e-14, list[i].text, __FILE__,
                   __LINE__);
    test_ctx_free(ctx);
}

/* By hand: squares are exact; what does not depend on p stays without slope, though its own would be infinite. */
static void test_expression__derivatives_by_hand(void **state) {
    ken_ctx *ctx = test_ctx(1);
    double d, s;
    (void)state;
    assert_true(eval_at(ctx, "0.5*(y-p)^2", 1.1, 0.3, &d, &s) == 0.5 * (1.1 - 0.3) * (1.1 - 0.3));
    assert_true(d == 0.3 - 1.1 && s == 1);
    eval_at(ctx, "exp(p)-y*p", 2, 0.5, &d, &s);
    TEST_NEAR(d, exp(0.5) - 2, 1e-15);
    TEST_NEAR(s, exp(0.5), 1e-15);
    eval_at(ctx, "p + sqrt(y) + log(y + 1) / 1e300 + y^0.5", 0, 0.5, &d, &s);
    assert_true(d == 1 && s == 0);
    eval_at(ctx, "if(y > 0, log(y), p^2)", 0, 0.5, &d, &s);
    assert_true(d == 1 && s == 2);
    eval_at(ctx, "p^3", 0, 2, &d, &s);
    TEST_NEAR(d, 12, 1e-14);
    TEST_NEAR(s, 12, 1e-14);
    test_ctx_free(ctx);
}

/* A random formula; `depth` bounds it. */
static void random_formula(ken_rng *rng, int depth, char *out, size_t size) {
    static const char *const one[] = {"exp", "log", "log1p", "sqrt", "abs", "sigmoid", "softplus", "tanh", "-"};
    static const char *const two[] = {"+", "-", "*", "/"};
    static const char *const call[] = {"max", "min", "pow"};
    char a[400], b[400], c[400];
    const uint64_t kind = depth == 0 ? ken_rng_below(rng, 3) : 2 + ken_rng_below(rng, 10);
    if (kind < 2) {
        snprintf(out, size, "%s", kind ? "p" : "y");
        return;
    }
    if (kind == 2) {
        snprintf(out, size, "%.2f", 3 * ken_rng_f64(rng));
        return;
    }
    random_formula(rng, depth - 1, a, sizeof a);
    random_formula(rng, depth - 1, b, sizeof b);
    if (kind < 6) {
        snprintf(out, size, "%s(%s)", one[ken_rng_below(rng, KEN_COUNT(one))], a);
    } else if (kind < 9) {
        snprintf(out, size, "(%s)%s(%s)", a, two[ken_rng_below(rng, 4)], b);
    } else if (kind == 9) {
        snprintf(out, size, "%s(%s,%s)", call[ken_rng_below(rng, 3)], a, b);
    } else if (kind == 10) {
        snprintf(out, size, "(%s)^%d", a, (int)ken_rng_below(rng, 5) - 1);
    } else {
        random_formula(rng, depth - 1, c, sizeof c);
        snprintf(out, size, "if(%s<%s,%s,%s)", a, b, a, c);
    }
}

static bool calm(const double *x, int n) {
    for (int i = 0; i < n; i++)
        if (!isfinite(x[i]) || fabs(x[i]) > 1e3) return false;
    return true;
}

/* Where the function is smooth and calm: differences with two steps agree there. */
static void test_expression__derivatives_are_differences(void **state) {
    ken_ctx *ctx = test_ctx(1);
    int compared = 0;
    (void)state;
    for (int round = 0; round < 4000; round++) {
        ken_rng rng = ken_rng_stream(ctx, "test.expression", (uint64_t)round);
        char text[2000];
        random_formula(&rng, 3, text, sizeof text);
        const double y = 0.2 + ken_rng_f64(&rng), p = 0.2 + ken_rng_f64(&rng), e = 1e-4;
        double v[5], d[5], s[5];
        for (int i = 0; i < 5; i++) v[i] = eval_at(ctx, text, y, p + e * (i - 2), &d[i], &s[i]);
        if (!calm(v, 5) || !calm(d, 5) || !calm(s, 5)) continue;
        const double first = (v[3] - v[1]) / (2 * e), first2 = (v[4] - v[0]) / (4 * e);
        const double second = (d[3] - d[1]) / (2 * e), second2 = (d[4] - d[0]) / (4 * e);
        if (fabs(first - first2) > 1e-5 * (1 + fabs(first)) || fabs(second - second2) > 1e-5 * (1 + fabs(second)))
            continue; /* a kink, or too steep for differences */
        if (fabs(first - d[2]) > 1e-5 * (1 + fabs(d[2])) || fabs(second - s[2]) > 1e-5 * (1 + fabs(s[2])))
            fail_msg("%s at y %g p %g: %g and %g, differences %g and %g", text, y, p, d[2], s[2], first, second);
        compared += first != 0;
    }
    assert_true(compared > 500);
    test_ctx_free(ctx);
}

static void test_expression__errors_say_where(void **state) {
    static const struct {
        const char *text, *part;
    } list[] = {{"", "no value at character 1"},
                {"y-", "no value at character 3"},
                {"y-z", "an unknown name at character 3"},
                {"(y", "a ')' is missing at character 3"},
                {"y)", "does not belong at character 2"},
                {"max(y)", "an argument is missing at character 6"},
                {"exp y", "a '(' is missing at character 5"},
                {"1.2.3", "no number at character 1"},
                {"y ? p", "does not belong at character 3"},
                {"2 y", "does not belong at character 3"}};
    ken_ctx *ctx = test_ctx(1);
    ken_expression *e;
    char deep[600];
    (void)state;
    for (int i = 0; i < KEN_COUNT(list); i++)
        TEST_FAILS(ctx, ken_expression_new(ctx, "test", list[i].text, names, &e), KEN_E_ARG, list[i].part);
    memset(deep, '(', 599);
    deep[599] = 0;
    TEST_FAILS(ctx, ken_expression_new(ctx, "test", deep, names, &e), KEN_E_ARG, "deep");
    memset(deep, '-', 599);
    TEST_FAILS(ctx, ken_expression_new(ctx, "test", deep, names, &e), KEN_E_ARG, "deep");
    char *wide = malloc(10001);
    for (int i = 0; i < 5000; i++) wide[2 * i] = 'y', wide[2 * i + 1] = '+';
    wide[9999] = 0;
    TEST_FAILS(ctx, ken_expression_new(ctx, "test", wide, names, &e), KEN_E_ARG, "steps");
    free(wide);
    char waits[300] = "y";
    for (int i = 0; i < 30; i++) strcat(waits, "+(y");
    for (int i = 0; i < 30; i++) strcat(waits, ")");
    TEST_FAILS(ctx, ken_expression_new(ctx, "test", waits, names, &e), KEN_E_ARG, "wait");
    test_ctx_free(ctx);
}

static ken_status parse_once(ken_ctx *ctx, void *arg) {
    ken_expression *e;
    const ken_status status = ken_expression_new(ctx, "test", arg, names, &e);
    ken_expression_free(ctx, e);
    return status;
}

static void test_expression__every_failed_allocation_is_an_error(void **state) {
    static char text[] = "exp(p)-y*p";
    (void)state;
    test_every_allocation(parse_once, text, 20);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_expression__values_are_those_of_arithmetic),
        cmocka_unit_test(test_expression__derivatives_by_hand),
        cmocka_unit_test(test_expression__derivatives_are_differences),
        cmocka_unit_test(test_expression__errors_say_where),
        cmocka_unit_test(test_expression__every_failed_allocation_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
