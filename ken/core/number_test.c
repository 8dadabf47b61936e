/* Numbers against the C library's strtod and printf in the C locale, on random and hard cases. */
#include "tests/support.h"

#include "ken/core/number.h"

static uint64_t state = 88172645463325252u;
static uint64_t next(void) { /* xorshift64 */
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static uint64_t bits_of(double x) {
    uint64_t b;
    memcpy(&b, &x, sizeof b);
    return b;
}

static double of_bits(uint64_t b) {
    double x;
    memcpy(&x, &b, sizeof x);
    return x;
}

static void same_as_strtod(const char *text) {
    double got = -1;
    const double want = strtod(text, NULL);
    if (ken_parse_f64(text, strlen(text), &got) && bits_of(got) == bits_of(want)) return;
    print_error("%.300s: got %a, strtod says %a\n", text, got, want);
    fail();
}

static void test_number__reads_as_strtod_random(void **s) {
    (void)s;
    char text[128];
    for (int i = 0; i < test_rounds(1000000); i++) {
        const uint64_t r = next();
        const int digits = 1 + (int)(next() % 25), exponent = (int)(next() % 700) - 350;
        double x = of_bits(r);
        if (isfinite(x)) {
            snprintf(text, sizeof text, "%.*e", digits, x);
            same_as_strtod(text);
        }
        snprintf(text, sizeof text, "%s%llu.%llue%d", r & 1 ? "-" : "",
                 (unsigned long long)(r >> (r >> 58)),
                 (unsigned long long)(next() >> (r >> 57 & 63)), exponent % 40);
        same_as_strtod(text);
        snprintf(text, sizeof text, "%llue%d", (unsigned long long)(next() >> (r & 63)), exponent);
        same_as_strtod(text);
    }
}

/* The exact decimal expansion of the point half way between two doubles, and a little to each side:
 * glibc prints exactly, so long double (64 bits) gives the half way points of normal doubles. */
static void test_number__reads_halfway_points(void **s) {
    (void)s;
    static char text[2048];
    if (sizeof(long double) < 16) TEST_SKIP("long double is not wider than double");
    for (int i = 0; i < 40000; i++) {
        const uint64_t fraction = next() & 0xfffffffffffffu;
        const int field = i < 200 ? i % 4 : (int)(next() % 2046);
        const double x = of_bits((uint64_t)field << 52 | fraction);
        const double y = of_bits(((uint64_t)field << 52 | fraction) + 1);
        const long double half = ((long double)x + (long double)y) / 2;
        int n = snprintf(text, sizeof text, "%.800Le", half);
        char *e = strchr(text, 'e');
        char exponent[16];
        snprintf(exponent, sizeof exponent, "%s", e);
        same_as_strtod(text); /* zeros up to 800 digits */
        e[-1] = '1';
        same_as_strtod(text); /* a trace above */
        e[-1] = '0';
        while (e > text && e[-1] == '0') e--;
        snprintf(e, 16, "%s", exponent);
        same_as_strtod(text);
        e[-1]--; /* a trace below (its last digit is 5) */
        snprintf(e, 32, "999%s", exponent);
        same_as_strtod(text);
        (void)n;
    }
}

static void test_number__reads_hard_cases(void **s) {
    (void)s;
    static const char *const cases[] = {
        "0",
        "-0",
        "+0",
        "0.0",
        "-0.0e99999999999999999999",
        "1",
        "1.",
        ".5",
        "-.5e1",
        "1e0",
        "1E+05",
        "123456789012345678901234567890",
        "0.000000000000000000000000000000000000123456789012345678901",
        "9007199254740993",
        "9007199254740992",
        "9007199254740991",
        "9007199254740993.0000000000000000001",
        "9007199254740995",
        "2.2250738585072011e-308",
        "2.2250738585072012e-308",
        "2.2250738585072014e-308",
        "4.9406564584124654e-324",
        "2.4703282292062327e-324",
        "2.4703282292062328e-324",
        "2.47032822920623272088284396434110686182e-324",
        "2.47032822920623272088284396434110686183e-324",
        "1.7976931348623157e308",
        "1.7976931348623158e308",
        "1.7976931348623159e308",
        "1e309",
        "-1e309",
        "1."
        "797693134862315807937289714053034150799341327100378269361737789804449682927647509466490179"
        "775872070963302864166928879109465555478519404026306574886715058206819089020007083836762738"
        "548458177115317644757302700698555713669596228429148198608349364752927190741684443655107043"
        "427116996995080930428801779041744977919999999999999999999999",
        "179769313486231580793728971405303415079934132710037826936173778980444968292764750946649017"
        "977587207096330286416692887910946555547851940402630657488671505820681908902000708383676273"
        "854845817711531764475730270069855571366959622842914819860834936475292719074168444365510704"
        "342711559699508093042880",
        "1e-400",
        "1e400",
        "1e99999999999999999999",
        "1e-99999999999999999999",
        "0e999999999999999999",
        "6.631236871469758276785396630275967242e-308",
        "3.571e266",
        "3.08984926168550152811e-32",
        "7.1202363472230444e-307",
        "8.98846567431158e307",
        "5e-324",
        "1e23",
        "8.5e22",
        "1e22",
        "9e-23",
        "1448997445238699",
        "1000000000000000000000000e-24",
        "00000000000000000000000000000000001.5",
        "0.00000000000000000000000000000000000000000000000000000000000000000000000000000000001e83",
        "6929495644600919.5",
        "3.2378839133029012895883524125015321748630094231740e-319",
        "0.500000000000000166533453693773481063544750213623046875",
        "inf",
        "-inf",
        "Infinity",
        "+INFINITY"};
    for (int i = 0; i < KEN_COUNT(cases); i++) same_as_strtod(cases[i]);
    double x;
    assert_true(ken_parse_f64("nan", 3, &x) && isnan(x));
    assert_true(ken_parse_f64("NaN", 3, &x) && isnan(x));
}

static void test_number__a_million_digits_are_read(void **s) {
    (void)s;
    const size_t n = 1000000;
    char *text = malloc(n + 16);
    memset(text, '0', n);
    memcpy(text, "0.", 2);
    memcpy(text + n, "1e999990", 9);
    same_as_strtod(text);
    memset(text, '9', n);
    memcpy(text + n, "e-999990", 9);
    same_as_strtod(text);
    memcpy(text, "9007199254740993", 16);
    memset(text + 16, '0', n - 16);
    memcpy(text + n, "e-999984", 9);
    same_as_strtod(text);
    text[n - 1] = '1';
    same_as_strtod(text);
    free(text);
}

static void test_number__refuses_what_is_none(void **s) {
    (void)s;
    static const char *const cases[] = {"",        "+",
                                        "-",       ".",
                                        "e5",      "1e",
                                        "1e+",     "1e-",
                                        " 1",      "1 ",
                                        "1,5",     "0x10",
                                        "1.2.3",   "--1",
                                        "+-1",     "1e5.5",
                                        "infinit", "nano",
                                        "1f",      ".e1",
                                        "in",      "123456789012345678901x",
                                        "1.e",     "\xd9\xa1"};
    double x;
    int64_t i;
    for (int k = 0; k < KEN_COUNT(cases); k++) {
        if (ken_parse_f64(cases[k], strlen(cases[k]), &x)) {
            print_error("'%s' was read as %g\n", cases[k], x);
            fail();
        }
        assert_false(ken_parse_i64(cases[k], strlen(cases[k]), &i, NULL));
    }
    assert_false(ken_parse_f64("1\0", 2, &x));
    assert_true(ken_parse_f64("12345", 2, &x) && x == 12);
}

static void test_number__gathered_digits_read_as_strtod(void **s) {
    (void)s;
    char text[64];
    for (int i = 0; i < test_rounds(500000); i++) {
        const uint64_t m = next() >> (next() & 63);
        const int e = (int)(next() % 60) - 30;
        double x;
        assert_true(ken_decimal_to_f64(m, e, &x));
        snprintf(text, sizeof text, "%llue%d", (unsigned long long)m, e);
        assert_true(bits_of(x) == bits_of(strtod(text, NULL)));
    }
}

static void test_number__whole_numbers_to_the_last_one(void **s) {
    (void)s;
    static const struct {
        const char *text;
        bool ok, overflow;
        int64_t value;
    } cases[] = {{"0", true, false, 0},
                 {"-0", true, false, 0},
                 {"+7", true, false, 7},
                 {"007", true, false, 7},
                 {"9223372036854775807", true, false, INT64_MAX},
                 {"-9223372036854775808", true, false, INT64_MIN},
                 {"9223372036854775808", false, true, 0},
                 {"-9223372036854775809", false, true, 0},
                 {"18446744073709551616", false, true, 0},
                 {"99999999999999999999999999", false, true, 0},
                 {"99999999999999999999999999x", false, false, 0},
                 {"1.0", false, false, 0}};
    for (int i = 0; i < KEN_COUNT(cases); i++) {
        int64_t v = 0;
        bool over = true;
        char buf[32];
        assert_int_equal(ken_parse_i64(cases[i].text, strlen(cases[i].text), &v, &over),
                         cases[i].ok);
        assert_int_equal(over, cases[i].overflow);
        if (!cases[i].ok) continue;
        assert_true(v == cases[i].value);
        ken_format_i64(v, buf);
        assert_int_equal(strtoll(buf, NULL, 10), v);
    }
}

/* Reads back, and no decimal with one digit less does; with the same number of digits none is
 * nearer. %.*e of glibc is exact. */
static void check_shortest(double x) {
    char buf[64], other[64];
    const int n = ken_format_f64(x, buf);
    int digits = 0;
    bool leading = true;
    assert_int_equal(n, strlen(buf));
    assert_true(n < 32);
    if (bits_of(strtod(buf, NULL)) != bits_of(x)) {
        print_error("%a was printed as %s\n", x, buf);
        fail();
    }
    for (const char *c = buf; *c && *c != 'e'; c++) {
        leading = leading && (*c == '0' || *c == '.' || *c == '-');
        digits += !leading && *c != '.';
    }
    const char *e = strchr(buf, 'e');
    if (!e && !strchr(buf, '.'))
        for (const char *c = buf + n; digits > 1 && *--c == '0';) digits--;
    if (digits > 1) {
        snprintf(other, sizeof other, "%.*e", digits - 2, x);
        if (bits_of(strtod(other, NULL)) == bits_of(x)) {
            print_error("%s is not the shortest: %s\n", buf, other);
            fail();
        }
    }
    snprintf(other, sizeof other, "%.*e", digits > 0 ? digits - 1 : 0, x);
    /* glibc's correctly rounded text of as many digits is the nearest one, if it reads back. */
    if (bits_of(strtod(other, NULL)) != bits_of(x)) return;
    char a[64];
    char b[64];
    snprintf(a, sizeof a, "%.*e", 20, strtod(buf, NULL));
    snprintf(b, sizeof b, "%.*e", 20, strtod(other, NULL));
    assert_string_equal(a, b);
    /* The same digits: compare them without points and exponents. */
    char da[40] = {0}, db[40] = {0};
    int na = 0, nb = 0;
    for (const char *c = buf; *c && *c != 'e'; c++)
        if (*c >= '0' && *c <= '9' && (na || *c != '0')) da[na++] = *c;
    for (const char *c = other; *c && *c != 'e'; c++)
        if (*c >= '0' && *c <= '9' && (nb || *c != '0')) db[nb++] = *c;
    while (na > 1 && da[na - 1] == '0') da[--na] = 0;
    while (nb > 1 && db[nb - 1] == '0') db[--nb] = 0;
    if (strcmp(da, db) != 0) {
        print_error("%s is not the nearest: %s\n", buf, other);
        fail();
    }
}

static void test_number__prints_shortest(void **s) {
    (void)s;
    for (int i = 0; i < test_rounds(400000); i++) {
        const double x = of_bits(next());
        if (isfinite(x) && x != 0) check_shortest(x);
        check_shortest((double)((int64_t)(next() % 2000001) - 1000000) / 1000);
        check_shortest(ldexp((double)(next() >> 11), (int)(next() % 120) - 60));
        check_shortest((double)(next() >> 1));
    }
    for (int e = 0; e < 2046; e++) { /* powers of two: the gap below is half as wide */
        check_shortest(of_bits((uint64_t)e << 52 | (e == 0)));
        check_shortest(of_bits(((uint64_t)e << 52) + 1));
        if (e) check_shortest(of_bits(((uint64_t)e << 52) - 1));
    }
    for (uint64_t b = 1; b < 2000; b++) check_shortest(of_bits(b));
}

static void test_number__layout_of_shortest(void **s) {
    (void)s;
    static const struct {
        double value;
        const char *text;
    } cases[] = {{0.0, "0"},
                 {-0.0, "-0"},
                 {1, "1"},
                 {-1.5, "-1.5"},
                 {0.1, "0.1"},
                 {100, "100"},
                 {1e15, "1000000000000000"},
                 {1e16, "1e+16"},
                 {1.5e300, "1.5e+300"},
                 {0.0001, "0.0001"},
                 {0.00001, "1e-05"},
                 {5e-324, "5e-324"},
                 {-1.7976931348623157e308, "-1.7976931348623157e+308"},
                 {2.2250738585072014e-308, "2.2250738585072014e-308"},
                 {9007199254740993.0, "9007199254740992"},
                 {1e23, "1e+23"},
                 {9.5367431640625e-07, "9.5367431640625e-07"},
                 {INFINITY, "Infinity"},
                 {-INFINITY, "-Infinity"},
                 {NAN, "NaN"}};
    for (int i = 0; i < KEN_COUNT(cases); i++) {
        char buf[32];
        const int n = ken_format_f64(cases[i].value, buf);
        assert_int_equal(n, strlen(cases[i].text));
        assert_string_equal(buf, cases[i].text);
    }
}

static void test_number__digits_are_correctly_rounded(void **s) {
    (void)s;
    for (int i = 0; i < test_rounds(300000); i++) {
        const double x = i & 1 ? of_bits(next()) : (double)(int64_t)(next() % 200001 - 100000) / 64;
        const int digits = 1 + (int)(next() % 17);
        char buf[64], want[64], back[64];
        if (!(fabs(x) < 1e307)) continue; /* rounding up may leave the range */
        const int n = ken_format_f64_digits(x, digits, buf);
        assert_int_equal(n, strlen(buf));
        assert_true(strlen(buf) < 32);
        snprintf(want, sizeof want, "%.*e", digits - 1, x);
        snprintf(back, sizeof back, "%.*e", digits - 1, strtod(buf, NULL));
        if (strcmp(want, back) != 0) {
            print_error("%a to %d digits: %s, wanted %s\n", x, digits, buf, want);
            fail();
        }
    }
}

static void test_number__layout_of_digits(void **s) {
    (void)s;
    static const struct {
        double value;
        int digits;
        const char *text;
    } cases[] = {{0.81268, 4, "0.8127"},
                 {1.2e-7, 4, "1.2e-07"},
                 {31250, 4, "31250"},
                 {0.5, 4, "0.5"},
                 {0.99996, 4, "1"},
                 {9999.6, 4, "10000"},
                 {2.5, 1, "2"},
                 {3.5, 1, "4"},
                 {123456.7, 4, "123500"},
                 {12345678, 4, "1.235e+07"},
                 {0, 4, "0"},
                 {-0.00012345, 3, "-0.000123"},
                 {NAN, 3, "NaN"},
                 {1e300, 3, "1e+300"},
                 {4e-320, 2, "4e-320"}};
    for (int i = 0; i < KEN_COUNT(cases); i++) {
        char buf[32];
        ken_format_f64_digits(cases[i].value, cases[i].digits, buf);
        assert_string_equal(buf, cases[i].text);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_number__reads_as_strtod_random),
        cmocka_unit_test(test_number__reads_halfway_points),
        cmocka_unit_test(test_number__reads_hard_cases),
        cmocka_unit_test(test_number__a_million_digits_are_read),
        cmocka_unit_test(test_number__refuses_what_is_none),
        cmocka_unit_test(test_number__gathered_digits_read_as_strtod),
        cmocka_unit_test(test_number__whole_numbers_to_the_last_one),
        cmocka_unit_test(test_number__prints_shortest),
        cmocka_unit_test(test_number__layout_of_shortest),
        cmocka_unit_test(test_number__digits_are_correctly_rounded),
        cmocka_unit_test(test_number__layout_of_digits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
