/* Golden numbers: describe_golden.py (numpy, scipy, pandas); tolerance 1e-12: order of summation.
 */
#include "tests/support.h"
#include "ken/core/alloc.h"
#include "ken/core/rng.h"
#include "ken/io/csv/csv.h"
#include "ken/stats/describe/describe.h"
#include "ken/stats/stats_sort.h"
#include "ken/stats/describe/golden/describe_golden.h"

static ken_table *parse(ken_ctx *ctx, const char *csv) {
    ken_table *t;
    TEST_OK(ctx, ken_csv_parse(ctx, "test", csv, strlen(csv), NULL, NULL, &t));
    return t;
}

static const ken_profile_column *column(const ken_profile *p, const char *name) {
    for (int j = 0; j < p->cols; j++)
        if (!strcmp(p->columns[j].name, name)) return &p->columns[j];
    fail_msg("no column %s", name);
    return NULL;
}

static double pair(const ken_profile *p, const double *m, const char *a, const char *b) {
    int u = -1, v = -1;
    for (int k = 0; k < p->n_pairs; k++) {
        if (!strcmp(p->columns[p->pair_columns[k]].name, a)) u = k;
        if (!strcmp(p->columns[p->pair_columns[k]].name, b)) v = k;
    }
    assert_true(u >= 0 && v >= 0);
    const double one = m[u * p->n_pairs + v], other = m[v * p->n_pairs + u];
    assert_true(one == other || (isnan(one) && isnan(other)));
    return m[u * p->n_pairs + v];
}

static const ken_profile_warning *warning(const ken_profile *p, const char *kind,
                                          const char *name) {
    for (int k = 0; k < p->n_warnings; k++) {
        const ken_profile_warning *w = &p->warnings[k];
        if (strcmp(w->kind, kind)) continue;
        if (!name || (w->column >= 0 && !strcmp(p->columns[w->column].name, name))) return w;
    }
    return NULL;
}

static void figures_are(const ken_profile_column *c, const double *golden) {
    const double got[] = {c->min, c->q1, c->median, c->q3, c->max, c->mean, c->sd, c->skew};
    for (int k = 0; k < 8; k++) TEST_NEAR(got[k], golden[k], 1e-12);
}

/* x, z with gaps, a (5 levels), b (3 levels), x squared */
static char *golden_csv(void) {
    char *csv = calloc(1, 20000), *at = csv;
    at += sprintf(at, "x,z,a,b,s\n");
    for (int i = 0; i < 60; i++) {
        const double x = i * 7919 % 1000 / 10.0 - 30, z = sin(i * 0.7) * 3 + (i % 5) * (i % 5);
        char cell[40] = "";
        if (i % 7 != 3) sprintf(cell, "%.17g", z);
        at += sprintf(at, "%.17g,%s,a%d,b%d,%.17g\n", x, cell, (i * i + 3 * i) % 11 % 5,
                      (i * 53 % 17) % 3, x * x);
    }
    return csv;
}

static void test_describe__figures_equal_numpy_and_scipy(void **s) {
    (void)s;
    ken_ctx *ctx = test_ctx(2);
    char *csv = golden_csv();
    ken_table *t = parse(ctx, csv);
    ken_profile *p;
    TEST_OK(ctx, ken_describe(ctx, t, -1, &p));
    figures_are(column(p, "x"), golden_x);
    figures_are(column(p, "z"), golden_z);
    assert_int_equal(column(p, "z")->missing, 9);
    TEST_NEAR(pair(p, p->pearson, "x", "z"), golden_pairs[0], 1e-12);
    TEST_NEAR(pair(p, p->spearman, "x", "s"), golden_pairs[1], 1e-12);
    TEST_NEAR(pair(p, p->association, "a", "b"), golden_pairs[2], 1e-12);
    TEST_NEAR(pair(p, p->association, "a", "x"), golden_pairs[3], 1e-12);
    TEST_NEAR(pair(p, p->association, "b", "z"), golden_pairs[4], 1e-12);
    assert_true(isnan(pair(p, p->pearson, "a", "x")));
    ken_profile_free(p), ken_table_free(t), free(csv);
    test_ctx_free(ctx);
}

static void test_describe__titanic_equals_pandas(void **s) {
    (void)s;
    const char *path = test_shared("data/titanic/titanic_train.csv");
    if (!path) TEST_SKIP("no shared data");
    ken_ctx *ctx = test_ctx(1);
    ken_table *t;
    ken_profile *p;
    TEST_OK(ctx, ken_csv_read(ctx, path, NULL, NULL, &t));
    TEST_OK(ctx, ken_describe(ctx, t, ken_table_find(t, "Survived"), &p));
    figures_are(column(p, "Age"), golden_age);
    figures_are(column(p, "Fare"), golden_fare);
    TEST_NEAR(pair(p, p->pearson, "Age", "Fare"), golden_titanic[0], 1e-12);
    TEST_NEAR(pair(p, p->spearman, "Pclass", "Fare"), golden_titanic[1], 1e-12);
    TEST_NEAR(pair(p, p->association, "Sex", "Embarked"), golden_titanic[2], 1e-12);
    TEST_NEAR(column(p, "Sex")->association, golden_titanic[3], 1e-12);
    TEST_NEAR(pair(p, p->association, "Embarked", "Fare"), golden_titanic[4], 1e-12);
    assert_true(p->target_classes);
    assert_non_null(warning(p, "identifier", "PassengerId"));
    assert_non_null(warning(p, "mostly_missing", "Cabin"));
    assert_null(warning(p, "leak", NULL));
    ken_profile_free(p), ken_table_free(t);
    test_ctx_free(ctx);
}

static void test_describe__histograms_have_round_edges_and_all_rows(void **s) {
    (void)s;
    ken_ctx *ctx = test_ctx(1);
    const struct {
        double low, high;
    } ranges[] = {{0, 1},        {-3.7, 12.9},
                  {1e-9, 3e-7},  {1e6, 1e6 + 0.5},
                  {-5e15, 7e17}, {0.1, 0.30000000000000004},
                  {7, 7}};
    for (int r = 0; r < KEN_COUNT(ranges); r++) {
        double x[500];
        for (int i = 0; i < 500; i++)
            x[i] = ranges[r].low + (ranges[r].high - ranges[r].low) * (i * 37 % 500) / 499.0;
        ken_table *t = test_table(ctx, x, 500, 1);
        ken_profile *p;
        TEST_OK(ctx, ken_describe(ctx, t, -1, &p));
        const ken_profile_column *c = &p->columns[0];
        int64_t total = 0;
        assert_true(c->n_bins >= 1 && c->edges[0] <= c->min && c->edges[c->n_bins] >= c->max);
        for (int k = 0; k < c->n_bins; k++) {
            char text[40];
            total += c->bins[k];
            assert_true(c->edges[k + 1] > c->edges[k]);
            assert_true(ken_format_f64(c->edges[k], text) <= 12);
        }
        assert_int_equal(total, 500);
        ken_profile_free(p), ken_table_free(t);
    }
    test_ctx_free(ctx);
}

static char *troubled_csv(int rows) {
    char *csv = calloc(1, (size_t)rows * 200 + 400), *at = csv;
    if (!csv) exit(1);
    at += sprintf(at, "id,same,rare,empty,half,copy,half_copy,text,leak,when,word,mix,y\n");
    for (int i = 0; i < rows; i++) {
        const int y = i * 7919 % 97 < 6;
        char gap[20] = "";
        if (i % 3 == 0) sprintf(gap, "%d", i * 31 % 101);
        at += sprintf(at, "%d,5,%d,,%s,%d,%d,w%d,%.3f,2020-01-%02d,k%d,%s,%s\n", i + 1, i == 7, gap,
                      i * 17 % 53, i * 17 % 53, i * 13 % 9973, y + 0.001 * (i % 100),
                      i * 7 % 28 + 1, i, i % 20 ? "12" : "none", y ? "yes" : "no");
    }
    return csv;
}

static void test_describe__warns_of_what_spoils_models(void **s) {
    (void)s;
    ken_ctx *ctx = test_ctx(2);
    char *csv = troubled_csv(400);
    ken_table *t = parse(ctx, csv);
    ken_profile *p;
    TEST_OK(ctx, ken_describe(ctx, t, ken_table_find(t, "y"), &p));
    const struct {
        const char *kind, *column;
        ken_severity severity;
    } want[] = {{"identifier", "id", KEN_NOTE},
                {"constant", "same", KEN_WARNING},
                {"nearly_constant", "rare", KEN_NOTE},
                {"empty", "empty", KEN_WARNING},
                {"mostly_missing", "half", KEN_WARNING},
                {"duplicate_column", "half_copy", KEN_WARNING},
                {"leak", "leak", KEN_SERIOUS},
                {"unordered_time", "when", KEN_NOTE},
                {"identifier", "word", KEN_NOTE},
                {"mixed", "mix", KEN_WARNING},
                {"imbalance", "y", KEN_NOTE}};
    for (int k = 0; k < KEN_COUNT(want); k++) {
        const ken_profile_warning *w = warning(p, want[k].kind, want[k].column);
        if (!w) fail_msg("no %s for %s", want[k].kind, want[k].column);
        assert_int_equal(w->severity, want[k].severity);
        assert_true(strlen(w->words) > 10 && strlen(w->action) > 10);
    }
    assert_string_equal(p->warnings[0].kind, "leak"); /* the worst first */
    assert_null(warning(p, "duplicate_rows", NULL));
    ken_profile_free(p), ken_table_free(t), free(csv);
    test_ctx_free(ctx);
}

/* c = a + b + a little: variance inflation of all three; the target and a repeated column do not take part. */
static void test_describe__collinear_columns_are_named_worst_first(void **s) {
    (void)s;
    ken_ctx *ctx = test_ctx(1);
    ken_rng rng = ken_rng_stream(ctx, "test", 1);
    double X[200 * 6];
    for (int i = 0; i < 200; i++) {
        double *x = X + i * 6;
        for (int j = 0; j < 4; j++) x[j] = ken_rng_normal(&rng);
        x[2] = x[0] + x[1] + 0.1 * x[2];
        x[4] = x[3];
        x[5] = x[3] + x[0];
    }
    ken_table *t = test_table(ctx, X, 200, 6);
    ken_profile *p;
    TEST_OK(ctx, ken_describe(ctx, t, 5, &p));
    const ken_profile_warning *w = warning(p, "collinear", "x2");
    assert_non_null(w);
    assert_int_equal(w->severity, KEN_NOTE);
    assert_non_null(strstr(w->words, "3 number columns are nearly combinations of others (variance inflation: 'x2'"));
    assert_true(p->columns[2].vif > 100 && p->columns[0].vif > 50 && p->columns[1].vif > 50);
    assert_true(p->columns[3].vif >= 1 && p->columns[3].vif < 1.1);
    assert_true(isnan(p->columns[4].vif) && isnan(p->columns[5].vif));
    assert_non_null(warning(p, "duplicate_column", "x4"));
    ken_text text = ken_text_new(ctx);
    ken_json_writer json = ken_json_writer_new(&text, 0);
    const char *out;
    ken_profile_write_json(p, &json);
    TEST_OK(ctx, ken_text_end(&text, &out));
    assert_non_null(strstr(out, "\"vif\":"));
    ken_text_free(&text);
    ken_profile_free(p), ken_table_free(t);
    /* too few rows to say */
    t = test_table(ctx, X, 10, 6);
    TEST_OK(ctx, ken_describe(ctx, t, 5, &p));
    assert_null(warning(p, "collinear", NULL));
    assert_true(isnan(p->columns[2].vif));
    ken_profile_free(p), ken_table_free(t);
    test_ctx_free(ctx);
}

static void test_describe__good_columns_raise_nothing(void **s) {
    (void)s;
    ken_ctx *ctx = test_ctx(1);
    ken_rng rng = ken_rng_stream(ctx, "test", 0);
    double X[1000 * 3];
    for (int i = 0; i < 1000; i++) {
        X[i * 3] = ken_rng_normal(&rng);
        X[i * 3 + 1] = ken_rng_f64(&rng);
        X[i * 3 + 2] = X[i * 3] + ken_rng_normal(&rng);
    }
    ken_table *t = test_table(ctx, X, 1000, 3);
    ken_profile *p;
    TEST_OK(ctx, ken_describe(ctx, t, 2, &p));
    assert_int_equal(p->n_warnings, 0);
    assert_true(p->columns[0].alone > 0.35 && p->columns[0].alone < 0.6); /* R2 is 0.5 */
    assert_true(fabs(p->columns[1].alone) < 0.15);
    ken_profile_free(p), ken_table_free(t);
    test_ctx_free(ctx);
}

static void test_describe__counts_duplicate_rows(void **s) {
    (void)s;
    ken_ctx *ctx = test_ctx(1);
    ken_table *t = parse(ctx, "a,b,c\n1,x,\n2,y,3\n1,x,\n1,x,4\n2,y,3\n2,y,3\n-0.0,z,1\n0,z,1\n");
    ken_profile *p;
    TEST_OK(ctx, ken_describe(ctx, t, -1, &p));
    assert_int_equal(p->duplicate_rows, 4);
    ken_profile_free(p), ken_table_free(t);
    test_ctx_free(ctx);
}

static void test_describe__finds_leaks_in_regression_and_many_classes(void **s) {
    (void)s;
    ken_ctx *ctx = test_ctx(1);
    char *csv = calloc(1, 100000), *at = csv;
    at += sprintf(at, "cents,noise,group,price,kind\n");
    for (int i = 0; i < 900; i++) {
        const int v = i * 7919 % 997;
        at += sprintf(at, "%d,%d,g%d,%d.5,%s\n", v * 100 + 3, i * 31 % 101, v % 3, v,
                      v % 3 == 0   ? "A"
                      : v % 3 == 1 ? "B"
                                   : "C");
    }
    ken_table *t = parse(ctx, csv);
    ken_profile *p;
    TEST_OK(ctx, ken_describe(ctx, t, ken_table_find(t, "price"), &p));
    assert_false(p->target_classes);
    assert_int_equal(warning(p, "leak", "cents")->severity, KEN_SERIOUS);
    assert_null(warning(p, "leak", "noise"));
    ken_profile_free(p);
    TEST_OK(ctx, ken_describe(ctx, t, ken_table_find(t, "kind"), &p));
    assert_int_equal(warning(p, "leak", "group")->severity, KEN_SERIOUS);
    assert_null(warning(p, "leak", "noise"));
    ken_profile_free(p), ken_table_free(t), free(csv);
    test_ctx_free(ctx);
}

static char *profile_json(ken_ctx *ctx, const ken_table *t, int target) {
    ken_profile *p;
    ken_text text = ken_text_new(ctx);
    ken_json_writer w = ken_json_writer_new(&text, 1);
    const char *out;
    TEST_OK(ctx, ken_describe(ctx, t, target, &p));
    ken_profile_write_json(p, &w);
    TEST_OK(ctx, ken_text_end(&text, &out));
    char *copy = strdup(out);
    ken_text_free(&text), ken_profile_free(p);
    return copy;
}

static void test_describe__is_the_same_for_any_threads_and_valid_json(void **s) {
    (void)s;
    char *csv = troubled_csv(3000), *json[3];
    for (int k = 0; k < 3; k++) {
        ken_ctx *ctx = test_ctx(1 + 3 * k);
        ken_table *t = parse(ctx, csv);
        ken_json_doc *doc;
        json[k] = profile_json(ctx, t, ken_table_find(t, "y"));
        assert_string_equal(json[k], json[0]);
        TEST_OK(ctx, ken_json_parse(ctx, "profile", json[k], strlen(json[k]), &doc));
        assert_int_equal(ken_json_i64(ken_json_get(ken_json_root(doc), "rows"), 0), 3000);
        ken_json_doc_free(doc), ken_table_free(t);
        test_ctx_free(ctx);
    }
    for (int k = 0; k < 3; k++) free(json[k]);
    free(csv);
}

static void test_describe__takes_odd_tables(void **s) {
    (void)s;
    ken_ctx *ctx = test_ctx(2);
    ken_table *t;
    ken_profile *p;
    TEST_OK(ctx, ken_table_new(ctx, 0, &t)); /* no row, no column */
    TEST_OK(ctx, ken_describe(ctx, t, -1, &p));
    ken_profile_free(p), ken_table_free(t);
    double none[1] = {NAN}, odd[4] = {INFINITY, -INFINITY, NAN, 3};
    t = test_table(ctx, none, 1, 1);
    TEST_OK(ctx, ken_describe(ctx, t, 0, &p));
    assert_int_equal(p->columns[0].missing, 1);
    ken_profile_free(p), ken_table_free(t);
    t = test_table(ctx, odd, 4, 1);
    TEST_OK(ctx, ken_describe(ctx, t, -1, &p));
    assert_int_equal(p->columns[0].infinite, 2);
    assert_true(p->columns[0].mean == 3);
    ken_profile_free(p);
    TEST_FAILS(ctx, ken_describe(ctx, t, 1, &p), KEN_E_ARG, "column 1");
    ken_table_free(t);
    test_ctx_free(ctx);
}

static void test_describe__takes_five_thousand_columns_and_many_levels(void **s) {
    (void)s;
    ken_ctx *ctx = test_ctx(2);
    double *X = calloc(5000 * 50, 8);
    for (int i = 0; i < 5000 * 50; i++) X[i] = i * 7919ll % 10007;
    ken_table *t = test_table(ctx, X, 50, 5000);
    ken_profile *p;
    TEST_OK(ctx, ken_describe(ctx, t, 4999, &p));
    assert_int_equal(p->n_pairs, KEN_PROFILE_PAIR_COLUMNS);
    ken_profile_free(p), ken_table_free(t), free(X);
    char *csv = calloc(1, 100000 * 10 + 100), *at = csv;
    at += sprintf(at, "a,b\n");
    for (int i = 0; i < 100000; i++) at += sprintf(at, "w%d,%d\n", i, i & 1);
    const ken_csv_options options = {.header = 1, .max_levels = 1000000};
    TEST_OK(ctx, ken_csv_parse(ctx, "wide", csv, strlen(csv), &options, NULL, &t));
    TEST_OK(ctx, ken_describe(ctx, t, 1, &p));
    assert_int_equal(p->columns[0].distinct, 100000);
    ken_profile_free(p), ken_table_free(t), free(csv);
    test_ctx_free(ctx);
}

static ken_status describe_allocates(ken_ctx *ctx, void *arg) {
    ken_table *t = NULL;
    ken_profile *p = NULL;
    ken_status status = ken_csv_parse(ctx, "t", arg, strlen(arg), NULL, NULL, &t);
    if (status == KEN_OK) status = ken_describe(ctx, t, 1, &p);
    ken_profile_free(p), ken_table_free(t);
    return status;
}

static void test_describe__every_allocation_may_fail(void **s) {
    (void)s;
    char *csv = troubled_csv(40);
    test_every_allocation(describe_allocates, csv, 5000);
    free(csv);
}

static void test_describe__knows_names_of_identifiers(void **s) {
    (void)s;
    const char *const yes[] = {"id",          "ID",      "customer_id", "customerID",
                               "PassengerId", "user id", "Unnamed: 0",  "index"};
    const char *const no[] = {"paid", "GRID", "humid", "fluid", "identity", "width", "AID", "_id"};
    for (int k = 0; k < KEN_COUNT(yes); k++) assert_true(ken_named_like_identifier(yes[k]));
    for (int k = 0; k < KEN_COUNT(no); k++) assert_false(ken_named_like_identifier(no[k]));
}

static void test_sort__equals_qsort_and_keeps_order_of_equals(void **s) {
    (void)s;
    ken_ctx *ctx = test_ctx(1);
    ken_rng rng = ken_rng_stream(ctx, "test.sort", 0);
    for (int n = 0; n < 5000; n = n * 2 + 7) {
        double *x = calloc((size_t)n + 1, 8), *tmp = calloc((size_t)n + 1, 8);
        int32_t *at = calloc((size_t)n + 1, 4), *tmp_at = calloc((size_t)n + 1, 4);
        for (int i = 0; i < n; i++) {
            x[i] = n % 2 ? floor(ken_rng_normal(&rng) * 3)
                         : ken_rng_normal(&rng) * ldexp(1, (int)ken_rng_below(&rng, 600) - 300);
            at[i] = i;
        }
        double *first = calloc((size_t)n + 1, 8);
        memcpy(first, x, (size_t)n * 8);
        ken_sort_f64_index(x, at, n, tmp, tmp_at);
        for (int i = 0; i < n; i++) {
            assert_true(x[i] == first[at[i]]);
            if (i)
                assert_true(x[i - 1] < x[i] ||
                            (x[i - 1] == x[i] && (at[i - 1] < at[i] || x[i] == 0)));
        }
        for (int k = 0; k <= 8; k++) { /* selection gives the bits that sorting gives */
            double *any = calloc((size_t)n + 1, 8);
            memcpy(any, first, (size_t)n * 8);
            const double want = ken_quantile_sorted(x, n, k / 8.0),
                         got = ken_quantile(any, n, k / 8.0, tmp);
            assert_true(want == got || n == 0);
            free(any);
        }
        free(x), free(tmp), free(at), free(tmp_at), free(first);
    }
    test_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_describe__figures_equal_numpy_and_scipy),
        cmocka_unit_test(test_describe__titanic_equals_pandas),
        cmocka_unit_test(test_describe__histograms_have_round_edges_and_all_rows),
        cmocka_unit_test(test_describe__warns_of_what_spoils_models),
        cmocka_unit_test(test_describe__collinear_columns_are_named_worst_first),
        cmocka_unit_test(test_describe__good_columns_raise_nothing),
        cmocka_unit_test(test_describe__counts_duplicate_rows),
        cmocka_unit_test(test_describe__finds_leaks_in_regression_and_many_classes),
        cmocka_unit_test(test_describe__is_the_same_for_any_threads_and_valid_json),
        cmocka_unit_test(test_describe__takes_odd_tables),
        cmocka_unit_test(test_describe__takes_five_thousand_columns_and_many_levels),
        cmocka_unit_test(test_describe__every_allocation_may_fail),
        cmocka_unit_test(test_describe__knows_names_of_identifiers),
        cmocka_unit_test(test_sort__equals_qsort_and_keeps_order_of_equals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
