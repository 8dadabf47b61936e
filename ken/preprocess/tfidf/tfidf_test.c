/* Golden numbers: preprocess_golden.py, scikit-learn 1.9.1. */
#include "ken/preprocess/preprocess_test_tables.h"
#include "ken/preprocess/golden/preprocess_golden.h"
#include "ken/preprocess/tfidf/tfidf.h"

enum { TEXTS = 10 };

static ken_table *texts_of(ken_ctx *ctx) {
    static const char *const texts[TEXTS] = {
        "The cat sat on the mat.",   "A DOG, a cat & a bird: the zoo!",
        "naïve Ünïcode ÉCOLE école", "",
        "ABBA abba 42 4 c3po",       "μετά Ωmega ΩMEGA ωmega",
        "привет Мир мир МИР",        "snow_white and 7 dwarfs; and the and",
        "日本語 テキスト 日本語",    "x y z"};
    int64_t offset[TEXTS + 1] = {0};
    char bytes[1000] = "";
    for (int i = 0; i < TEXTS; i++) {
        strcat(bytes, texts[i]);
        offset[i + 1] = (int64_t)strlen(bytes);
    }
    const ken_column c = {
        .name = "t", .dtype = KEN_STRING, .n = TEXTS, .stride = 1, .text = {TEXTS, offset, bytes}};
    ken_table *X;
    TEST_OK(ctx, ken_table_new(ctx, TEXTS, &X));
    TEST_OK(ctx, ken_table_add_copy(ctx, X, &c));
    return X;
}

static void test_tfidf__equals_sklearn(void **s) {
    (void)s;
    ken_ctx *ctx = test_ctx(3);
    ken_model *m;
    ken_table *X = texts_of(ctx);
    TEST_OK(ctx, ken_tfidf_new(ctx, NULL, &m));
    ken_table *out = tables_fit(ctx, m, X, NULL, NULL);
    const int k = KEN_COUNT(golden_words);
    assert_int_equal(ken_table_cols(out), k);
    for (int j = 0; j < k; j++)
        assert_string_equal(ken_table_column(out, j)->name + 2, golden_words[j]);
    tables_near(out, 0, k, golden_tfidf, 1e-14);
    tables_round_trip(ctx, m, X);
    ken_table_free(out), ken_table_free(X), ken_model_free(m);
    test_ctx_free(ctx);
}

static void test_tfidf__most_used_words_and_sublinear_equal_sklearn(void **s) {
    (void)s;
    ken_ctx *ctx = test_ctx(1);
    ken_tfidf_params p = {3, 1, true};
    ken_model *m;
    ken_table *X = texts_of(ctx);
    TEST_OK(ctx, ken_tfidf_new(ctx, &p, &m));
    ken_table *out = tables_fit(ctx, m, X, NULL, NULL);
    assert_int_equal(ken_table_cols(out), 3);
    tables_near(out, 0, 3, golden_tfidf_top, 1e-14);
    ken_table_free(out), ken_table_free(X), ken_model_free(m);
    test_ctx_free(ctx);
}

static void test_tfidf__takes_missing_bad_bytes_and_categories(void **s) {
    (void)s;
    ken_ctx *ctx = test_ctx(1);
    ken_model *m;
    ken_table *X = tables_of(
        ctx, "a string good_day . \xff\xfe_day\xc3\nb category red_fox blue_fox .\nn f64 1 2 3");
    TEST_OK(ctx, ken_tfidf_new(ctx, NULL, &m));
    ken_table *out = tables_fit(ctx, m, X, NULL, NULL);
    assert_true(ken_column_f64(tables_col(out, "a:day"), 1) == 0);
    assert_true(ken_column_f64(tables_col(out, "a:day"), 2) == 1);
    assert_true(ken_column_f64(tables_col(out, "b:fox"), 0) > 0);
    assert_true(ken_column_f64(tables_col(out, "b:fox"), 2) == 0);
    assert_true(ken_column_f64(tables_col(out, "n"), 2) == 3);
    tables_round_trip(ctx, m, X);
    ken_table_free(out), ken_table_free(X), ken_model_free(m);
    test_ctx_free(ctx);
}

static void test_tfidf__a_column_without_words_gives_no_columns(void **s) {
    (void)s;
    ken_ctx *ctx = test_ctx(1);
    ken_model *m;
    ken_table *X = tables_of(ctx, "a string . . a\nb string 1 2 3\nn f64 1 2 3");
    TEST_OK(ctx, ken_tfidf_new(ctx, NULL, &m));
    ken_table *out = tables_fit(ctx, m, X, NULL, NULL);
    assert_int_equal(ken_table_cols(out), 1);
    tables_round_trip(ctx, m, X);
    ken_table_free(out), ken_table_free(X), ken_model_free(m);
    test_ctx_free(ctx);
}

static ken_status tfidf_allocates(ken_ctx *ctx, void *arg) {
    ken_model *m = NULL;
    ken_table *X = NULL, *out = NULL;
    (void)arg;
    ken_status status = tables_make(
        ctx, "a string good_day . bad_day one_two_three_four_five_six_seven_eight_nine", &X);
    const ken_data data = {.table = X};
    if (status == KEN_OK) status = ken_tfidf_new(ctx, NULL, &m);
    if (status == KEN_OK) status = ken_model_fit(ctx, m, &data);
    if (status == KEN_OK) status = ken_model_transform(ctx, m, X, &out);
    ken_table_free(out), ken_table_free(X), ken_model_free(m);
    return status;
}

static void test_tfidf__every_allocation_may_fail(void **s) {
    (void)s;
    test_every_allocation(tfidf_allocates, NULL, 1000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tfidf__equals_sklearn),
        cmocka_unit_test(test_tfidf__most_used_words_and_sublinear_equal_sklearn),
        cmocka_unit_test(test_tfidf__takes_missing_bad_bytes_and_categories),
        cmocka_unit_test(test_tfidf__a_column_without_words_gives_no_columns),
        cmocka_unit_test(test_tfidf__every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
