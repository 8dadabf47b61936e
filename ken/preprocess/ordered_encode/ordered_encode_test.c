/* Outside truth: the definition by brute force (every row against every row before it), CatBoost's documented
 * formula by hand, and what must hold of any such statistic. */
#include "ken/preprocess/preprocess_test_tables.h"
#include "ken/core/rng.h"
#include "ken/kernels/elementary.h"
#include "ken/preprocess/ordered_encode/ordered_encode.h"

enum { N = 400, COLUMNS = 4 };

/* Category columns of codes; -1 is missing. */
typedef struct data {
    int32_t code[COLUMNS][8000];
    double y[8000], weight[8000];
    int32_t label[8000];
    int levels[COLUMNS];
    int64_t n;
} data;

static ken_table *data_table(ken_ctx *ctx, const data *d, int64_t n) {
    static const char bytes[] = "l00l01l02l03l04l05l06l07l08l09l10l11l12l13l14l15l16l17l18l19";
    static int64_t offset[21];
    ken_table *table;
    for (int i = 0; i < 21; i++) offset[i] = 3 * i;
    TEST_OK(ctx, ken_table_new(ctx, n, &table));
    for (int j = 0; j < COLUMNS; j++) {
        char name[2] = {(char)('a' + j), 0};
        uint8_t *valid = calloc((size_t)n / 8 + 1, 1);
        for (int64_t i = 0; i < n; i++)
            if (d->code[j][i] >= 0) valid[i / 8] |= (uint8_t)(1 << i % 8);
        const ken_column c = {.name = name, .dtype = KEN_CATEGORY, .n = n, .data = (void *)(uintptr_t)d->code[j],
                              .stride = 1, .valid = valid, .text = {d->levels[j], offset, bytes}, .source = -1};
        TEST_OK(ctx, ken_table_add_copy(ctx, table, &c));
        free(valid);
    }
    return table;
}

/* Levels of 4, 5, 6 and 20 values, some missing; targets that depend on pairs of a and b. */
static data *data_new(ken_ctx *ctx, int64_t n, double effect, double missing) {
    static const int levels[COLUMNS] = {4, 5, 6, 20};
    data *d = calloc(1, sizeof *d);
    ken_rng rng = ken_rng_stream(ctx, "test.ordered", (uint64_t)n);
    double pair[20];
    for (int i = 0; i < 20; i++) pair[i] = effect * ken_rng_normal(&rng);
    d->n = n;
    for (int j = 0; j < COLUMNS; j++) d->levels[j] = levels[j];
    for (int64_t i = 0; i < n; i++) {
        for (int j = 0; j < COLUMNS; j++) {
            d->code[j][i] = (int32_t)ken_rng_below(&rng, (uint64_t)levels[j]);
            if (ken_rng_f64(&rng) < missing) d->code[j][i] = -1;
        }
        const int a = d->code[0][i], b = d->code[1][i];
        const double z = a < 0 || b < 0 ? 0 : pair[a * 5 + b];
        d->y[i] = z + ken_rng_normal(&rng);
        d->label[i] = ken_rng_f64(&rng) < ken_sigmoid(z);
        d->weight[i] = (double)ken_rng_below(&rng, 4);
    }
    return d;
}

static ken_problem data_problem(const data *d, const ken_table *X, int classes, bool weighted, int64_t n_train) {
    ken_problem p = {.task = classes ? KEN_CLASSIFY : KEN_REGRESS, .n = ken_table_rows(X), .n_train = n_train,
                     .X = X, .n_classes = classes};
    if (classes)
        p.label = d->label;
    else
        p.y = d->y;
    if (weighted) p.weight = d->weight;
    return p;
}

/* --- the definition by brute force ---------------------------------------------------------------- */

static double truth_number(const ken_problem *p, int64_t o, int64_t i) {
    return p->y ? p->y[i] : p->label[i] == (p->n_classes <= 2 ? 1 : o);
}

static bool truth_same(const data *d, const int *columns, int width, int64_t a, int64_t b) {
    for (int c = 0; c < width; c++)
        if (d->code[columns[c]][a] != d->code[columns[c]][b]) return false;
    return true;
}

/* The statistic of row i from the rows `rows`[0, n), of those with the same levels. */
static double truth_of(const data *d, const ken_problem *p, const int *columns, int width, int64_t o, int64_t i,
                       const int64_t *rows, int64_t n, double prior) {
    double mean = 0, total = 0, sum = 0, weight = 0;
    for (int64_t r = 0; r < p->n_train; r++) {
        const double w = p->weight ? p->weight[r] : 1;
        mean += w * truth_number(p, o, r), total += w;
    }
    mean /= total;
    for (int64_t r = 0; r < n; r++) {
        const double w = p->weight ? p->weight[rows[r]] : 1;
        if (!truth_same(d, columns, width, i, rows[r])) continue;
        sum += w * truth_number(p, o, rows[r]), weight += w;
    }
    return (sum + prior * mean) / (weight + prior);
}

static void truth_check(ken_ctx *ctx, const data *d, const ken_problem *p, const ken_model *m,
                        const ken_table *out, int first, const int *columns, int width) {
    const ken_ordered_encode_params *params = ken_model_params(m);
    const int64_t n = p->n_train, k = p->n_classes > 2 ? p->n_classes : 1;
    int64_t *order = calloc((size_t)(n * params->permutations), sizeof *order), *all = calloc((size_t)n, 8);
    for (int64_t q = 0; q < params->permutations; q++) {
        ken_rng rng = ken_rng_stream(ctx, "ordered_encode.order", (uint64_t)q);
        for (int64_t i = 0; i < n; i++) order[q * n + i] = all[i] = i;
        ken_rng_shuffle(&rng, order + q * n, n);
    }
    for (int64_t o = 0; o < k; o++) {
        double *want = calloc((size_t)p->n, sizeof *want);
        for (int64_t q = 0; q < params->permutations; q++)
            for (int64_t r = 0; r < n; r++)
                want[order[q * n + r]] += truth_of(d, p, columns, width, o, order[q * n + r], order + q * n, r,
                                                   params->prior) / (double)params->permutations;
        for (int64_t i = n; i < p->n; i++) want[i] = truth_of(d, p, columns, width, o, i, all, n, params->prior);
        for (int64_t i = 0; i < p->n; i++)
            TEST_NEAR(ken_column_f64(ken_table_column(out, first + (int)o), i), want[i], 1e-12);
        free(want);
    }
    free(order), free(all);
}

static ken_table *fit_train(ken_ctx *ctx, const ken_ordered_encode_params *params, const ken_problem *p,
                            ken_model **m) {
    ken_table *out;
    TEST_OK(ctx, ken_ordered_encode_new(ctx, params, m));
    TEST_OK(ctx, ken_model_fit_problem(ctx, *m, p, &out));
    return out;
}

static void test_ordered_encode__is_its_definition(void **s) {
    (void)s;
    ken_ctx *ctx = test_ctx(2);
    for (int classes = 0; classes <= 3; classes++)
        for (int weighted = 0; weighted < 2 && classes != 1; weighted++) {
            data *d = data_new(ctx, N, 1, 0.1);
            for (int i = 0; classes == 3 && i < N; i++) d->label[i] += i % 2;
            ken_ordered_encode_params params = KEN_ORDERED_ENCODE_DEFAULTS;
            ken_model *m;
            params.permutations = 3;
            params.combine = 1;
            params.prior = 2.5;
            ken_table *X = data_table(ctx, d, N);
            const ken_problem p = data_problem(d, X, classes, weighted, 300);
            ken_table *out = fit_train(ctx, &params, &p, &m);
            const int k = classes > 2 ? classes : 1;
            assert_int_equal(ken_table_cols(out), COLUMNS * k);
            for (int j = 0; j < COLUMNS; j++) truth_check(ctx, d, &p, m, out, j * k, &j, 1);
            ken_table_free(out), ken_table_free(X), ken_model_free(m), free(d);
        }
    test_ctx_free(ctx);
}

/* Columns of combination c and where its outputs begin. */
static int combination_of(const ken_model *m, int64_t c, int columns[3]) {
    const int64_t *at = (const int64_t *)ken_model_attr(m, "combination")->data + 3 * c;
    int n = 0;
    for (; n < 3 && at[n] >= 0; n++) columns[n] = (int)at[n];
    return n;
}

static void test_ordered_encode__combinations_are_their_definition(void **s) {
    (void)s;
    ken_ctx *ctx = test_ctx(2);
    for (int width = 2; width <= 3; width++) {
        data *d = data_new(ctx, 6000, 1.5, 0.02);
        /* A part that only all three of a, b and c tell. */
        for (int64_t i = 0; width == 3 && i < d->n; i++)
            if (d->code[0][i] >= 0 && d->code[1][i] >= 0 && d->code[2][i] >= 0)
                d->y[i] += 3 * ((d->code[0][i] * 7 + d->code[1][i] * 3 + d->code[2][i] * 5) % 4);
        ken_ordered_encode_params params = KEN_ORDERED_ENCODE_DEFAULTS;
        ken_model *m;
        params.singles = false;
        params.combine = width;
        ken_table *X = data_table(ctx, d, d->n);
        ken_problem p = data_problem(d, X, 0, true, 5900);
        p.n = d->n;
        ken_table *out = fit_train(ctx, &params, &p, &m);
        const int n = ken_table_cols(out);
        int columns[3], widest = 0;
        assert_true(n >= 1);
        for (int c = 0; c < n; c++) {
            const int w = combination_of(m, c, columns);
            widest = KEN_MAX(widest, w);
            if (c < 2) truth_check(ctx, d, &p, m, out, c, columns, w);
        }
        assert_int_equal(widest, width);
        combination_of(m, 0, columns);
        assert_int_equal(columns[0], 0);
        assert_int_equal(columns[1], 1);
        assert_string_equal(ken_table_column(out, 0)->name, "a & b (target)");
        assert_int_equal(ken_table_column(out, 0)->source, -1);
        tables_round_trip(ctx, m, X);
        ken_table_free(out), ken_table_free(X), ken_model_free(m), free(d);
    }
    test_ctx_free(ctx);
}

/* --- by hand --------------------------------------------------------------------------------------- */

/* CatBoost's documentation: ctr = (countInClass + prior) / (totalCount + 1); with as many rows of each class
 * the prior is 0.5. */
static void test_ordered_encode__by_hand_as_catboost_documents_it(void **s) {
    (void)s;
    ken_ctx *ctx = test_ctx(1);
    const double label[] = {1, 1, 0, 0, 1, 0, 1, 0};
    const ken_column target = test_column_f64("y", label, 8);
    ken_ordered_encode_params params = KEN_ORDERED_ENCODE_DEFAULTS;
    ken_model *m;
    params.prior = 1;
    ken_table *X = tables_of(ctx, "c string a a a b b b b .\nn f64 1 2 3 4 5 6 7 8"), *out, *later;
    const ken_data given = {.table = X, .target = &target, .task = KEN_CLASSIFY};
    TEST_OK(ctx, ken_ordered_encode_new(ctx, &params, &m));
    TEST_OK(ctx, ken_model_fit(ctx, m, &given));
    later = tables_of(ctx, "c string a b . zz\nn f64 0 0 0 0");
    TEST_OK(ctx, ken_model_transform(ctx, m, later, &out));
    const double want[] = {2.5 / 4, 2.5 / 5, 0.5 / 2, 0.5 / 1}; /* a: 2 of 3; b: 2 of 4; missing: 0 of 1; unseen */
    for (int i = 0; i < 4; i++) TEST_NEAR(ken_column_f64(ken_table_column(out, 0), i), want[i], 1e-15);
    assert_string_equal(ken_table_column(out, 0)->name, "c (target)");
    ken_table_free(out);

    /* While training, row by row in the order drawn: the classes before it among rows of its level. */
    const int32_t classes[] = {1, 1, 0, 0, 1, 0, 1, 0}, level[] = {0, 0, 0, 1, 1, 1, 1, 2};
    const ken_problem p = {.task = KEN_CLASSIFY, .n = 8, .n_train = 8, .X = X, .label = classes, .n_classes = 2};
    TEST_OK(ctx, ken_model_fit_problem(ctx, m, &p, &out));
    int64_t order[8];
    int ones[3] = {0}, total[3] = {0};
    ken_rng rng = ken_rng_stream(ctx, "ordered_encode.order", 0);
    for (int i = 0; i < 8; i++) order[i] = i;
    ken_rng_shuffle(&rng, order, 8);
    for (int r = 0; r < 8; r++) {
        const int64_t i = order[r];
        const int l = level[i];
        TEST_NEAR(ken_column_f64(ken_table_column(out, 0), i), (ones[l] + 0.5) / (total[l] + 1), 1e-15);
        ones[l] += classes[i], total[l]++;
    }
    ken_table_free(out), ken_table_free(later), ken_table_free(X), ken_model_free(m);
    test_ctx_free(ctx);
}

/* --- invariants -------------------------------------------------------------------------------------- */

static void test_ordered_encode__no_row_sees_its_own_target(void **s) {
    (void)s;
    ken_ctx *ctx = test_ctx(1);
    data *d = data_new(ctx, N, 1, 0.1);
    ken_table *X = data_table(ctx, d, N);
    ken_model *m;
    const ken_problem p = data_problem(d, X, 0, false, N);
    ken_table *before = fit_train(ctx, NULL, &p, &m), *after;
    const double mean = *(double *)ken_model_attr(m, "mean")->data;
    ken_model_free(m);
    /* Row 7 up and row 8 down by as much: the mean stays, and so must what both become, but that the later one
     * may see the earlier one. */
    d->y[7] += 50, d->y[8] -= 50;
    after = fit_train(ctx, NULL, &p, &m);
    TEST_NEAR(*(double *)ken_model_attr(m, "mean")->data, mean, 1e-12);
    int moved = 0;
    for (int j = 0; j < COLUMNS; j++) {
        const ken_column *a = ken_table_column(before, j), *b = ken_table_column(after, j);
        double by[N];
        for (int64_t i = 0; i < N; i++) {
            by[i] = fabs(ken_column_f64(a, i) - ken_column_f64(b, i));
            moved += by[i] > 1e-9;
        }
        assert_true(by[7] < 1e-9 || by[8] < 1e-9);
    }
    assert_true(moved > 10); /* rows that come later do see it */
    ken_table_free(before), ken_table_free(after), ken_table_free(X), ken_model_free(m), free(d);
    test_ctx_free(ctx);
}

/* Strings l0, l1 ..: a level for each `rows` rows, and a target that has nothing to do with them. */
static ken_table *noise_table(ken_ctx *ctx, int n, int rows, int32_t *label) {
    char *spec = calloc(1, (size_t)n * 8 + 16), *at = spec + sprintf(spec, "c string");
    ken_rng rng = ken_rng_stream(ctx, "test.noise", (uint64_t)rows);
    for (int i = 0; i < n; i++) {
        at += sprintf(at, " l%d", i / rows);
        label[i] = (int32_t)ken_rng_below(&rng, 2);
    }
    ken_table *X = tables_of(ctx, spec);
    free(spec);
    return X;
}

static void test_ordered_encode__identifiers_tell_nothing(void **s) {
    (void)s;
    ken_ctx *ctx = test_ctx(1);
    enum { M = 4000 };
    int32_t label[M];
    for (int rows = 1; rows <= 4; rows++) {
        ken_table *X = noise_table(ctx, M, rows, label);
        const ken_problem p = {.task = KEN_CLASSIFY, .n = M, .n_train = M, .X = X, .label = label, .n_classes = 2};
        ken_model *m;
        ken_table *out = fit_train(ctx, NULL, &p, &m);
        double x = 0, y = 0, xx = 0, yy = 0, xy = 0;
        for (int i = 0; i < M; i++) {
            const double v = ken_column_f64(ken_table_column(out, 0), i);
            x += v / M, y += label[i] / (double)M;
        }
        for (int i = 0; i < M; i++) {
            const double v = ken_column_f64(ken_table_column(out, 0), i) - x, w = label[i] - y;
            xx += v * v, yy += w * w, xy += v * w;
        }
        if (rows == 1) /* a level a row: all the same, nothing to learn */
            assert_true(xx < 1e-20);
        else /* within 3 standard errors of none */
            assert_true(fabs(xy / sqrt(xx * yy)) < 3 / sqrt(M));
        ken_table_free(out), ken_table_free(X), ken_model_free(m);
    }
    test_ctx_free(ctx);
}

static void test_ordered_encode__weights_are_rows_again(void **s) {
    (void)s;
    ken_ctx *ctx = test_ctx(1);
    data *d = data_new(ctx, N, 1, 0.1), *again = calloc(1, sizeof *again);
    memcpy(again->levels, d->levels, sizeof d->levels);
    for (int64_t i = 0; i < N; i++)
        for (int r = 0; r < (int)d->weight[i]; r++, again->n++) {
            for (int j = 0; j < COLUMNS; j++) again->code[j][again->n] = d->code[j][i];
            again->label[again->n] = d->label[i];
            again->y[again->n] = d->y[i];
        }
    for (int classes = 0; classes <= 2; classes += 2) {
        ken_ordered_encode_params params = KEN_ORDERED_ENCODE_DEFAULTS;
        ken_model *a, *b;
        ken_table *X = data_table(ctx, d, N), *Y = data_table(ctx, again, again->n), *x, *y;
        params.combine = 1;
        const ken_problem p = data_problem(d, X, classes, true, N);
        const ken_problem q = data_problem(again, Y, classes, false, again->n);
        ken_table_free(fit_train(ctx, &params, &p, &a));
        ken_table_free(fit_train(ctx, &params, &q, &b));
        TEST_OK(ctx, ken_model_transform(ctx, a, X, &x));
        TEST_OK(ctx, ken_model_transform(ctx, b, X, &y));
        for (int j = 0; j < COLUMNS; j++)
            for (int64_t i = 0; i < N; i++)
                TEST_NEAR(ken_column_f64(ken_table_column(x, j), i), ken_column_f64(ken_table_column(y, j), i),
                          classes ? 1e-15 : 1e-12);
        ken_table_free(x), ken_table_free(y), ken_table_free(X), ken_table_free(Y), ken_model_free(a),
            ken_model_free(b);
    }
    free(d), free(again);
    test_ctx_free(ctx);
}

static void test_ordered_encode__is_the_same_for_any_threads(void **s) {
    (void)s;
    static const int threads[] = {1, 2, 3, 7};
    ken_table *first = NULL;
    ken_ctx *first_ctx = NULL;
    for (int k = 0; k < KEN_COUNT(threads); k++) {
        ken_ctx *ctx = test_ctx(threads[k]);
        data *d = data_new(ctx, 5000, 1.5, 0.05);
        ken_ordered_encode_params params = KEN_ORDERED_ENCODE_DEFAULTS;
        ken_model *m;
        params.combine = 3, params.counts = true, params.permutations = 2;
        ken_table *X = data_table(ctx, d, d->n);
        const ken_problem p = data_problem(d, X, 2, true, 4000);
        ken_table *out = fit_train(ctx, &params, &p, &m);
        assert_true(ken_table_cols(out) > 2 * COLUMNS);
        ken_table_free(X), ken_model_free(m), free(d);
        if (first) {
            tables_same(first, out);
            ken_table_free(out);
            test_ctx_free(ctx);
        } else {
            first = out, first_ctx = ctx;
        }
    }
    ken_table_free(first);
    test_ctx_free(first_ctx);
}

/* --- combinations ------------------------------------------------------------------------------------- */

static int64_t found(ken_ctx *ctx, const data *d, int classes, ken_model **m) {
    ken_table *X = data_table(ctx, d, d->n);
    const ken_problem p = data_problem(d, X, classes, false, d->n);
    ken_table_free(fit_train(ctx, NULL, &p, m));
    ken_table_free(X);
    return ken_model_attr(*m, "combination")->shape[0];
}

static void test_ordered_encode__finds_the_pair_that_matters_and_no_other(void **s) {
    (void)s;
    ken_ctx *ctx = test_ctx(1);
    for (int classes = 0; classes <= 2; classes += 2) {
        data *d = data_new(ctx, 4000, 1.5, 0);
        int columns[3];
        ken_model *m;
        assert_int_equal(found(ctx, d, classes, &m), 1);
        assert_int_equal(combination_of(m, 0, columns), 2);
        assert_int_equal(columns[0], 0);
        assert_int_equal(columns[1], 1);
        ken_model_free(m), free(d);
    }
    test_ctx_free(ctx);
}

/* Log odds that add up are no interaction, though probabilities near 0 and 1 then do not add up. */
static void test_ordered_encode__what_adds_up_is_no_combination(void **s) {
    (void)s;
    ken_ctx *ctx = test_ctx(1);
    for (int classes = 0; classes <= 2; classes += 2) {
        data *d = data_new(ctx, 8000, 0, 0);
        ken_rng rng = ken_rng_stream(ctx, "test.additive", 0);
        ken_model *m;
        for (int64_t i = 0; i < d->n; i++) {
            const double z = 1.2 * d->code[0][i] + 1.5 * d->code[1][i] - 0.8 * d->code[2][i] - 3;
            d->y[i] = z + ken_rng_normal(&rng);
            d->label[i] = ken_rng_f64(&rng) < ken_sigmoid(z);
        }
        assert_int_equal(found(ctx, d, classes, &m), 0);
        ken_model_free(m), free(d);
    }
    test_ctx_free(ctx);
}

/* What is sure but next to nothing beside what a column says by itself is left to the model. */
static void test_ordered_encode__a_trifle_is_no_combination(void **s) {
    (void)s;
    ken_ctx *ctx = test_ctx(1);
    for (int k = 0; k < 2; k++) {
        data *d = data_new(ctx, 8000, 0, 0);
        ken_rng rng = ken_rng_stream(ctx, "test.trifle", 0);
        ken_model *m;
        for (int64_t i = 0; i < d->n; i++) /* variances: 31 of a; 0.16 or 4 of a and b together; 0.04 */
            d->y[i] = 5 * d->code[0][i] + (k ? 2 : 0.4) * ((d->code[0][i] + d->code[1][i]) % 2 ? 1 : -1) +
                      0.2 * ken_rng_normal(&rng);
        assert_int_equal(found(ctx, d, 0, &m), k);
        ken_model_free(m), free(d);
    }
    test_ctx_free(ctx);
}

static void test_ordered_encode__keeps_the_most_frequent_cells(void **s) {
    (void)s;
    ken_ctx *ctx = test_ctx(1);
    data *d = data_new(ctx, 4000, 1.5, 0);
    for (int64_t i = 0; i < d->n; i++) /* cell (0, 0) is the most frequent */
        if (i % 3 == 0) d->code[0][i] = d->code[1][i] = 0;
    ken_ordered_encode_params params = KEN_ORDERED_ENCODE_DEFAULTS;
    ken_model *m, *all;
    ken_table *X = data_table(ctx, d, d->n), *few_out, *all_out;
    const ken_problem p = data_problem(d, X, 0, false, d->n);
    params.singles = false;
    params.max_combinations = 1;
    ken_table_free(fit_train(ctx, &params, &p, &all));
    params.max_cells = 7;
    few_out = fit_train(ctx, &params, &p, &m);
    assert_int_equal(ken_model_attr(m, "cell_key")->shape[0], 7);
    assert_int_equal(ken_model_attr(all, "cell_key")->shape[0], 20);
    ken_table_free(few_out);
    TEST_OK(ctx, ken_model_transform(ctx, m, X, &few_out));
    TEST_OK(ctx, ken_model_transform(ctx, all, X, &all_out));
    const double mean = *(double *)ken_model_attr(m, "mean")->data;
    int64_t kept = 0, rows[20] = {0}, least = INT64_MAX, top_dropped = 0;
    bool is_kept[20] = {false};
    for (int64_t i = 0; i < d->n; i++) {
        const double few = ken_column_f64(ken_table_column(few_out, 0), i);
        const int cell = d->code[0][i] * 5 + d->code[1][i];
        rows[cell]++;
        if (few == mean) continue;
        assert_true(few == ken_column_f64(ken_table_column(all_out, 0), i));
        is_kept[cell] = true;
    }
    for (int c = 0; c < 20; c++) {
        kept += is_kept[c];
        if (is_kept[c]) least = KEN_MIN(least, rows[c]);
        else top_dropped = KEN_MAX(top_dropped, rows[c]);
    }
    assert_int_equal(kept, 7);
    assert_true(is_kept[0] && least >= top_dropped);
    ken_table_free(few_out), ken_table_free(all_out), ken_table_free(X), ken_model_free(m), ken_model_free(all);
    free(d);
    test_ctx_free(ctx);
}

static void test_ordered_encode__counts_are_shares_of_rows(void **s) {
    (void)s;
    ken_ctx *ctx = test_ctx(1);
    const double y[] = {1, 2, 3, 4};
    const ken_column target = test_column_f64("y", y, 4);
    ken_ordered_encode_params params = KEN_ORDERED_ENCODE_DEFAULTS;
    ken_model *m;
    ken_table *X = tables_of(ctx, "c string a a b .\nn f64 1 2 3 4"), *out;
    ken_table *later = tables_of(ctx, "c string b a . zz\nn f64 1 2 3 4");
    const ken_data given = {.table = X, .target = &target, .task = KEN_REGRESS};
    params.counts = true;
    TEST_OK(ctx, ken_ordered_encode_new(ctx, &params, &m));
    TEST_OK(ctx, ken_model_fit(ctx, m, &given));
    TEST_OK(ctx, ken_model_transform(ctx, m, later, &out));
    assert_int_equal(ken_table_cols(out), 3);
    const double want[] = {0.25, 0.5, 0.25, 0};
    for (int i = 0; i < 4; i++) assert_true(ken_column_f64(tables_col(out, "c (frequency)"), i) == want[i]);
    ken_table_free(out), ken_table_free(X), ken_table_free(later), ken_model_free(m);
    test_ctx_free(ctx);
}

/* --- errors -------------------------------------------------------------------------------------------- */

static void test_ordered_encode__needs_a_target(void **s) {
    (void)s;
    ken_ctx *ctx = test_ctx(1);
    ken_table *X = tables_of(ctx, "c string a b");
    const ken_data given = {.table = X};
    ken_model *m;
    TEST_OK(ctx, ken_ordered_encode_new(ctx, NULL, &m));
    TEST_FAILS(ctx, ken_model_fit(ctx, m, &given), KEN_E_ARG, "target");
    ken_table_free(X), ken_model_free(m);
    test_ctx_free(ctx);
}

/* A file's tensors with wrong numbers: unpack refuses them, or what comes out is at least sound. */
static void test_ordered_encode__hostile_files_never_crash(void **s) {
    (void)s;
    ken_ctx *ctx = test_ctx(1);
    data *d = data_new(ctx, 4000, 1.5, 0.05);
    ken_ordered_encode_params params = KEN_ORDERED_ENCODE_DEFAULTS;
    ken_table *X = data_table(ctx, d, d->n), *few, *out;
    const ken_problem p = data_problem(d, X, 0, false, d->n);
    ken_model *m, *copy;
    ken_bundle *b;
    int refused = 0, rows = 0;
    params.counts = true;
    ken_table_free(fit_train(ctx, &params, &p, &m));
    TEST_OK(ctx, ken_table_slice(ctx, X, 0, 50, &few));
    TEST_OK(ctx, ken_model_pack(ctx, m, &b));
    const int n = ken_bundle_count(b);
    ken_named_tensor *t = calloc((size_t)n, sizeof *t);
    for (int i = 0; i < n; i++) t[i] = *ken_bundle_at(b, i);
    for (int i = 0; i < n; i++)
        for (int k = 0; k < 40; k++) {
            const ken_named_tensor good = t[i];
            const size_t size = (size_t)ken_tensor_count(&good.tensor) * ken_dtype_size(good.tensor.dtype);
            static const uint8_t bytes[] = {0xFF, 0x7F, 0x80, 0x01};
            uint8_t *bad = malloc(size + 1);
            memcpy(bad, good.tensor.data, size);
            if (k < 4)
                memset(bad, bytes[k], size);
            else if (k < 20 && size)
                bad[(size_t)(k * 7919 + i * 31) % size] ^= bytes[k % 4];
            else if (k < 36 && good.tensor.dtype == KEN_I64 && size)
                ((int64_t *)bad)[(size_t)(k * 13 + i) % (size / 8)] += k % 2 ? 1 : -1;
            else if (good.tensor.ndim > 0 && good.tensor.shape[0] > 0)
                t[i].tensor.shape[0]--;
            t[i].tensor.data = bad;
            const char *json = ken_bundle_json(b);
            if (ken_model_unpack(ctx, "bad", json, strlen(json), t, n, &copy) == KEN_OK) {
                if (ken_model_transform(ctx, copy, few, &out) == KEN_OK) {
                    rows += (int)ken_table_rows(out);
                    ken_table_free(out);
                }
                ken_model_free(copy);
            } else {
                refused++;
            }
            t[i] = good;
            free(bad);
        }
    assert_true(refused > n && rows > 0);
    ken_bundle_free(b), free(t), ken_table_free(few), ken_table_free(X), ken_model_free(m), free(d);
    test_ctx_free(ctx);
}

static ken_status ordered_allocates(ken_ctx *ctx, void *arg) {
    const ken_table *X = arg;
    static double y[600];
    for (int i = 0; i < 600; i++) y[i] = (i % 2) ^ (i / 2 % 2);
    const ken_problem p = {.task = KEN_REGRESS, .n = 600, .n_train = 600, .X = X, .y = y};
    ken_ordered_encode_params params = KEN_ORDERED_ENCODE_DEFAULTS;
    ken_model *m = NULL;
    ken_table *out = NULL;
    params.singles = false;
    ken_status status = ken_ordered_encode_new(ctx, &params, &m);
    if (status == KEN_OK) status = ken_model_fit_problem(ctx, m, &p, &out);
    if (status == KEN_OK) assert_int_equal(ken_table_cols(out), 1);
    ken_table_free(out), ken_model_free(m);
    return status;
}

static void test_ordered_encode__every_allocation_may_fail(void **s) {
    (void)s;
    ken_ctx *ctx = test_ctx(1);
    data *d = data_new(ctx, 600, 0, 0);
    for (int i = 0; i < 600; i++) d->code[0][i] = i % 2, d->code[1][i] = i / 2 % 2;
    ken_table *X = data_table(ctx, d, 600);
    test_every_allocation(ordered_allocates, X, 2000);
    ken_table_free(X), free(d);
    test_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ordered_encode__is_its_definition),
        cmocka_unit_test(test_ordered_encode__combinations_are_their_definition),
        cmocka_unit_test(test_ordered_encode__by_hand_as_catboost_documents_it),
        cmocka_unit_test(test_ordered_encode__no_row_sees_its_own_target),
        cmocka_unit_test(test_ordered_encode__identifiers_tell_nothing),
        cmocka_unit_test(test_ordered_encode__weights_are_rows_again),
        cmocka_unit_test(test_ordered_encode__is_the_same_for_any_threads),
        cmocka_unit_test(test_ordered_encode__finds_the_pair_that_matters_and_no_other),
        cmocka_unit_test(test_ordered_encode__what_adds_up_is_no_combination),
        cmocka_unit_test(test_ordered_encode__a_trifle_is_no_combination),
        cmocka_unit_test(test_ordered_encode__keeps_the_most_frequent_cells),
        cmocka_unit_test(test_ordered_encode__counts_are_shares_of_rows),
        cmocka_unit_test(test_ordered_encode__needs_a_target),
        cmocka_unit_test(test_ordered_encode__hostile_files_never_crash),
        cmocka_unit_test(test_ordered_encode__every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
