/* What holds for every transformer of the room. */
#include "ken/core/rng.h"
#include "ken/preprocess/preprocess_test_tables.h"

static const char *const things[] = {
    "impute",           "scale",      "one_hot", "ordinal", "target_encode",
    "frequency_encode", "date_parts", "tfidf",   "drop",    "recipe"};
/* Settings that lead through other code than the defaults. */
static const char *const others[] = {"strategy=mode indicator=yes",
                                     "method=robust",
                                     "max_levels=3 drop=first",
                                     "output=category max_levels=4",
                                     "folds=3 smooth=2",
                                     "output=count",
                                     "cyclic=yes",
                                     "max_words=5 sublinear=true min_rows=2",
                                     "columns=n|s",
                                     "encode=frequency scale=minmax impute=mean"};

enum { ROWS = 150 };
static double target[ROWS];

/* Columns of all types, rows in the order given (NULL: 0, 1, 2 ...). */
static ken_table *every_type(ken_ctx *ctx, const int64_t *order, int64_t n) {
    static const char *const words[] = {"red", "green", "blue", "dark", "light", "pale"};
    char *spec = calloc(1, 100000), *at = spec;
    for (int column = 0; column < 7; column++) {
        static const char *const heads[] = {"n f64",    "\ni i64",    "\nb bool",    "\ns string",
                                            "\nt time", "\nx string", "\nc category"};
        at += sprintf(at, "%s", heads[column]);
        for (int64_t k = 0; k < n; k++) {
            const int64_t r = order ? order[k] : k;
            const int i = (int)r;
            target[k] = i * 31 % 17;
            *at++ = ' ';
            if (column != 2 && i % 13 == column)
                *at++ = '.';
            else if (column == 0)
                at += sprintf(at, "%d.25", i * 7919 % 1009);
            else if (column == 1)
                at += sprintf(at, "%d", i * 31 % 7);
            else if (column == 2)
                *at++ = (char)('0' + i % 2);
            else if (column == 3)
                at += sprintf(at, "%s", words[i * i % 11 % 6]);
            else if (column == 4)
                at += sprintf(at, "%d.5", 18000 + i * 13 % 800);
            else if (column == 5)
                at += sprintf(at, "%s_and_%s_but_%s_no%d", words[i % 6], words[i % 5], words[i % 4],
                              i);
            else
                at += sprintf(at, "%s", k < 6 && !order ? words[k] : words[i % 6]);
        }
    }
    ken_table *X = tables_of(ctx, spec);
    free(spec);
    return X;
}

static ken_model *fit_thing(ken_ctx *ctx, int which, bool other, const ken_table *X) {
    const ken_column y = test_column_f64("y", target, ken_table_rows(X));
    const ken_data data = {.table = X, .target = &y, .task = KEN_REGRESS};
    ken_model *m;
    TEST_OK(ctx, ken_model_new(ctx, things[which], other ? others[which] : NULL, &m));
    TEST_OK(ctx, ken_model_fit(ctx, m, &data));
    return m;
}

static void test_preprocess__same_for_any_threads_and_after_saving(void **s) {
    (void)s;
    ken_ctx *one = test_ctx(1), *four = test_ctx(4);
    ken_table *X = every_type(one, NULL, ROWS), *Y = every_type(four, NULL, ROWS), *a, *b;
    for (int k = 0; k < 2 * KEN_COUNT(things); k++) {
        ken_model *m = fit_thing(one, k / 2, k % 2, X), *n = fit_thing(four, k / 2, k % 2, Y);
        TEST_OK(one, ken_model_transform(one, m, X, &a));
        TEST_OK(four, ken_model_transform(four, n, Y, &b));
        tables_same(a, b);
        tables_round_trip(one, m, X);
        ken_table_free(a), ken_table_free(b), ken_model_free(m), ken_model_free(n);
    }
    ken_table_free(X), ken_table_free(Y);
    test_ctx_free(one), test_ctx_free(four);
}

static void test_preprocess__a_row_alone_becomes_what_it_is_among_others(void **s) {
    (void)s;
    ken_ctx *ctx = test_ctx(1);
    ken_table *X = every_type(ctx, NULL, ROWS), *all, *one, *out;
    for (int k = 0; k < 2 * KEN_COUNT(things); k++) {
        ken_model *m = fit_thing(ctx, k / 2, k % 2, X);
        TEST_OK(ctx, ken_model_transform(ctx, m, X, &all));
        for (int64_t i = 0; i < ROWS; i += 37) {
            TEST_OK(ctx, ken_table_take(ctx, X, &i, 1, &one));
            TEST_OK(ctx, ken_model_transform(ctx, m, one, &out));
            assert_int_equal(ken_table_cols(out), ken_table_cols(all));
            for (int j = 0; j < ken_table_cols(out); j++) {
                char u[100], v[100];
                ken_column_format(ken_table_column(all, j), i, u, sizeof u);
                assert_string_equal(u, ken_column_format(ken_table_column(out, j), 0, v, sizeof v));
            }
            ken_table_free(out), ken_table_free(one);
        }
        TEST_OK(ctx, ken_table_slice(ctx, X, 0, 0, &one)); /* and no row at all */
        TEST_OK(ctx, ken_model_transform(ctx, m, one, &out));
        assert_int_equal(ken_table_cols(out), ken_table_cols(all));
        ken_table_free(out), ken_table_free(one), ken_table_free(all), ken_model_free(m);
    }
    ken_table_free(X);
    test_ctx_free(ctx);
}

/* Nothing that is learned depends on the order of the rows. Sums may round differently: 1e-12. */
static void test_preprocess__order_of_rows_does_not_matter(void **s) {
    (void)s;
    ken_ctx *ctx = test_ctx(1);
    int64_t order[ROWS], same[ROWS];
    for (int i = 0; i < ROWS; i++) order[i] = same[i] = i;
    ken_rng rng = ken_rng_stream(ctx, "test.order", 0);
    ken_rng_shuffle(&rng, order, ROWS);
    for (int k = 0; k < 2 * KEN_COUNT(things); k++) {
        ken_table *X = every_type(ctx, same, ROWS), *a, *b;
        ken_model *m = fit_thing(ctx, k / 2, k % 2, X);
        ken_table *Y = every_type(ctx, order, ROWS);
        ken_model *n = fit_thing(ctx, k / 2, k % 2, Y);
        TEST_OK(ctx, ken_model_transform(ctx, m, X, &a));
        TEST_OK(ctx, ken_model_transform(ctx, n, X, &b));
        assert_int_equal(ken_table_cols(a), ken_table_cols(b));
        for (int j = 0; j < ken_table_cols(a); j++) {
            const ken_column *x = ken_table_column(a, j);
            if (strncmp(x->name, "c", 1) == 0)
                continue; /* its levels come in order of appearance */
            const ken_column *y = ken_table_column(b, ken_table_find(b, x->name));
            for (int64_t i = 0; i < ROWS; i++) {
                const double u = ken_column_f64(x, i), v = ken_column_f64(y, i);
                assert_true((isnan(u) && isnan(v)) || fabs(u - v) <= 1e-12 * KEN_MAX(1, fabs(u)));
            }
        }
        ken_table_free(a), ken_table_free(b), ken_table_free(X), ken_table_free(Y);
        ken_model_free(m), ken_model_free(n);
    }
    test_ctx_free(ctx);
}

static void test_preprocess__one_row_is_enough_to_learn_from(void **s) {
    (void)s;
    ken_ctx *ctx = test_ctx(1);
    ken_table *X = tables_of(ctx, "n f64 1\ni i64 .\nb bool 1\ns string red\nt time 5\nx string "
                                  "a_few_words_here\nc category ."),
              *out;
    for (int k = 0; k < 2 * KEN_COUNT(things); k++) {
        ken_model *m = fit_thing(ctx, k / 2, k % 2, X);
        TEST_OK(ctx, ken_model_transform(ctx, m, X, &out));
        tables_round_trip(ctx, m, X);
        ken_table_free(out), ken_model_free(m);
    }
    ken_table_free(X);
    test_ctx_free(ctx);
}

static void test_preprocess__all_missing_is_enough_to_learn_from(void **s) {
    (void)s;
    ken_ctx *ctx = test_ctx(1);
    ken_table *X = tables_of(
                  ctx, "n f64 . . .\ni i64 . . .\ns string . . .\nt time . . .\nc category . . ."),
              *out;
    for (int k = 0; k < KEN_COUNT(things); k++) {
        if (strcmp(things[k], "drop") == 0) continue;
        ken_model *m = fit_thing(ctx, k, false, X);
        TEST_OK(ctx, ken_model_transform(ctx, m, X, &out));
        tables_round_trip(ctx, m, X);
        ken_table_free(out), ken_model_free(m);
    }
    ken_table_free(X);
    test_ctx_free(ctx);
}

static void test_preprocess__a_hundred_thousand_levels(void **s) {
    (void)s;
    ken_ctx *ctx = test_ctx(2);
    const int64_t n = 200000, levels = 100000;
    int64_t *offset = calloc((size_t)n + 1, 8);
    char *bytes = calloc(1, (size_t)n * 8);
    double *y = calloc((size_t)n, 8);
    for (int64_t i = 0; i < n; i++) {
        offset[i + 1] = offset[i] + sprintf(bytes + offset[i], "v%d", (int)(i * 7919 % levels));
        y[i] = (double)(i * 31 % 101);
    }
    const ken_column c = {
        .name = "c", .dtype = KEN_STRING, .n = n, .stride = 1, .text = {n, offset, bytes}};
    const ken_column t = test_column_f64("y", y, n);
    static const char *const settings[][2] = {
        {"one_hot", "max_levels=50"}, {"ordinal", NULL},         {"target_encode", NULL},
        {"frequency_encode", NULL},   {"tfidf", "max_words=64"}, {"recipe", NULL}};
    for (int k = 0; k < KEN_COUNT(settings); k++) {
        ken_table *X, *out;
        ken_model *m;
        TEST_OK(ctx, ken_table_new(ctx, n, &X));
        TEST_OK(ctx, ken_table_add_borrow(ctx, X, &c));
        const ken_data data = {.table = X, .target = &t, .task = KEN_REGRESS};
        TEST_OK(ctx, ken_model_new(ctx, settings[k][0], settings[k][1], &m));
        TEST_OK(ctx, ken_model_fit(ctx, m, &data));
        TEST_OK(ctx, ken_model_transform(ctx, m, X, &out));
        assert_true(ken_table_cols(out) >= 1 && ken_table_cols(out) <= 64);
        ken_table_free(out), ken_model_free(m), ken_table_free(X);
    }
    free(offset), free(bytes), free(y);
    test_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_preprocess__same_for_any_threads_and_after_saving),
        cmocka_unit_test(test_preprocess__a_row_alone_becomes_what_it_is_among_others),
        cmocka_unit_test(test_preprocess__order_of_rows_does_not_matter),
        cmocka_unit_test(test_preprocess__one_row_is_enough_to_learn_from),
        cmocka_unit_test(test_preprocess__all_missing_is_enough_to_learn_from),
        cmocka_unit_test(test_preprocess__a_hundred_thousand_levels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
