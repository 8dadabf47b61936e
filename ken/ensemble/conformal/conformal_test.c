/* Conformal intervals: coverage over many fresh tables against what theory says to the third digit, the jackknife+ and
 * CV+ against their definitions by sorting, and the usual. */
#include "tests/support.h"

#include "ken/core/rng.h"
#include "ken/ensemble/conformal/conformal.h"

static ken_model *fit(ken_ctx *ctx, const char *settings, const ken_table *t, const double *y) {
    const ken_column target = test_column_f64("y", y, ken_table_rows(t));
    const ken_data data = {.table = t, .target = &target, .task = KEN_REGRESS};
    return test_fit(ctx, "conformal", settings, &data);
}

/* No linear law, and errors whose size depends on x and whose tails are long: the guarantee asks for neither. */
static void draw(ken_rng *rng, int64_t n, double *x, double *y) {
    for (int64_t i = 0; i < n; i++) {
        x[i] = 4 * ken_rng_f64(rng) - 2;
        const double z = ken_rng_normal(rng);
        y[i] = x[i] * x[i] + (0.3 + fabs(x[i])) * z * z * z;
    }
}

static int by_value(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

/* --- outside truths ---------------------------------------------------------------------------- */
static void test_conformal__rank_is_exact(void **state) {
    (void)state;
    assert_int_equal(ken_conformal_rank(9, 0.9), 9);   /* 10 * 0.9 = 9.000000000000002 in doubles */
    assert_int_equal(ken_conformal_rank(10, 0.9), 10); /* 9.9 */
    assert_int_equal(ken_conformal_rank(99, 0.9), 90);
    assert_int_equal(ken_conformal_rank(19, 0.95), 19);
    assert_int_equal(ken_conformal_rank(18, 0.95), 19); /* 18.05: too few, none bounds it */
    assert_int_equal(ken_conformal_rank(8, 0.9), 9);
    assert_int_equal(ken_conformal_rank(5, 0.001), 1);
}

/* Mean coverage of fresh rows over fresh fits. */
static double covered(ken_ctx *ctx, const char *settings, int rounds, int n) {
    enum { FRESH = 30 };
    double x[200], y[200], fx[FRESH], fy[FRESH], inside = 0;
    ken_rng rng = ken_rng_stream(ctx, "test.conformal", (uint64_t)n);
    for (int r = 0; r < rounds; r++) {
        draw(&rng, n, x, y);
        draw(&rng, FRESH, fx, fy);
        ken_table *t = test_table(ctx, x, n, 1), *fresh = test_table(ctx, fx, FRESH, 1);
        ken_model *m = fit(ctx, settings, t, y);
        double *both = test_predict(ctx, m, fresh, KEN_WHAT_INTERVAL);
        for (int i = 0; i < FRESH; i++) inside += fy[i] >= both[2 * i] && fy[i] <= both[2 * i + 1];
        free(both);
        ken_model_free(m);
        ken_table_free(t), ken_table_free(fresh);
    }
    return inside / rounds / FRESH;
}

/* Scores without ties: a new row lies inside with probability rank / (rows + 1) exactly. Of 100 rows 25 calibrate: 24/26.
 * A fit's coverage is Beta(24, 2) (sd 0.051), its 30 rows binomial (sd 0.049): over 400 fits 0.0035, four of them 0.014. */
static void test_conformal__split_covers_as_often_as_theory_says(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    const double ridge = covered(ctx, "base=ridge method=split", 400, 100);
    const double quantile = covered(ctx, "base=quantile_forest base.trees=4 base.oob=false", 400, 100);
    if (fabs(ridge - 24.0 / 26) > 0.014 || fabs(quantile - 24.0 / 26) > 0.014)
        fail_msg("split %.4f, quantile %.4f, in theory %.4f", ridge, quantile, 24.0 / 26);
    test_ctx_free(ctx);
}

/* Barber et al., theorems 1 and 4: 1 - 2 alpha at least (less a term of the folds), about 1 - alpha in practice. */
static void test_conformal__cv_plus_covers(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    const double cv = covered(ctx, "base=tree method=cv folds=5", 120, 100);
    const double jackknife = covered(ctx, "base=ridge method=cv folds=1000", 60, 40);
    if (!(cv > 0.88 && cv < 1 && jackknife > 0.88 && jackknife < 0.96)) fail_msg("cv+ %.4f, jackknife+ %.4f", cv, jackknife);
    test_ctx_free(ctx);
}

/* The jackknife+ of a mean, by its definition: mu_i the mean without row i, R_i = |y_i - mu_i|; lower is the
 * floor(alpha (n + 1))-th smallest of mu_i - R_i, upper the ceil((1 - alpha) (n + 1))-th of mu_i + R_i. */
static void test_conformal__jackknife_plus_of_a_mean_by_hand(void **state) {
    enum { N = 39 };
    double x[N], y[N], low[N], high[N], sum = 0;
    (void)state;
    ken_ctx *ctx = test_ctx(2);
    ken_rng rng = ken_rng_stream(ctx, "test.mean", 0);
    draw(&rng, N, x, y);
    for (int i = 0; i < N; i++) sum += y[i];
    for (int i = 0; i < N; i++) {
        const double mu = (sum - y[i]) / (N - 1), off = fabs(y[i] - mu);
        low[i] = mu - off, high[i] = mu + off;
    }
    qsort(low, N, sizeof *low, by_value), qsort(high, N, sizeof *high, by_value);
    ken_table *t = test_table(ctx, x, N, 1);
    ken_model *m = fit(ctx, "base=dummy method=cv folds=39 coverage=0.8", t, y);
    double *both = test_predict(ctx, m, t, KEN_WHAT_INTERVAL), *value = test_predict(ctx, m, t, KEN_WHAT_VALUE);
    for (int i = 0; i < N; i++) {
        TEST_NEAR(both[2 * i], low[8 - 1], 1e-12); /* 0.2 * 40 */
        TEST_NEAR(both[2 * i + 1], high[32 - 1], 1e-12);
        TEST_NEAR(value[i], sum / N, 1e-12);
    }
    assert_int_equal(ken_model_n_children(m), N + 1);
    free(both), free(value);
    ken_model_free(m);
    ken_table_free(t);
    test_ctx_free(ctx);
}

/* CV+ by sorting what the nested models say and the scores kept: the same bits as the bisection. */
static void test_conformal__cv_plus_is_its_definition(void **state) {
    enum { N = 130, K = 7 };
    double x[N], y[N], low[N], high[N], *said[K];
    (void)state;
    ken_ctx *ctx = test_ctx(3);
    ken_rng rng = ken_rng_stream(ctx, "test.cv", 0);
    draw(&rng, N, x, y);
    ken_table *t = test_table(ctx, x, N, 1);
    ken_model *m = fit(ctx, "base=tree base.max_depth=3 method=cv folds=7 coverage=0.85", t, y);
    const double *score = ken_f64(ken_model_attr(m, "score"));
    const int64_t *offset = ken_model_attr(m, "offset")->data, rank = ken_conformal_rank(N, 0.85);
    double *both = test_predict(ctx, m, t, KEN_WHAT_INTERVAL);
    for (int k = 0; k < K; k++) said[k] = test_predict(ctx, ken_model_child(m, k + 1), t, KEN_WHAT_VALUE);
    for (int i = 0; i < N; i++) {
        for (int k = 0; k < K; k++)
            for (int64_t j = offset[k]; j < offset[k + 1]; j++) low[j] = said[k][i] - score[j], high[j] = said[k][i] + score[j];
        qsort(low, N, sizeof *low, by_value), qsort(high, N, sizeof *high, by_value);
        assert_true(both[2 * i] == low[N - rank] && both[2 * i + 1] == high[rank - 1]);
    }
    for (int k = 0; k < K; k++) free(said[k]);
    free(both);
    ken_model_free(m);
    ken_table_free(t);
    test_ctx_free(ctx);
}

/* Romano et al., equation 8: the score is max(lower - y, y - upper), both ends move by one quantile of it; an interval
 * that is far too wide gets narrower. The base alone gives the pair. */
static void test_conformal__quantiles_are_moved_by_one_number(void **state) {
    enum { N = 200 };
    double x[N], y[N];
    (void)state;
    ken_ctx *ctx = test_ctx(2);
    ken_rng rng = ken_rng_stream(ctx, "test.cqr", 0);
    draw(&rng, N, x, y);
    ken_table *t = test_table(ctx, x, N, 1);
    ken_model *m = fit(ctx, "base=quantile_forest base.quantiles=0.02|0.98 coverage=0.6 base.trees=30", t, y);
    assert_true(ken_model_attr_f64(m, "method", 0) == KEN_CONFORMAL_QUANTILE);
    const double *score = ken_f64(ken_model_attr(m, "score")), by = score[ken_conformal_rank(50, 0.6) - 1];
    assert_int_equal(ken_model_attr(m, "score")->shape[0], 50);
    assert_true(by < 0);
    double *both = test_predict(ctx, m, t, KEN_WHAT_INTERVAL), *own = test_predict(ctx, ken_model_child(m, 0), t, KEN_WHAT_INTERVAL);
    for (int i = 0; i < N; i++) {
        const double low = own[2 * i] - by, high = own[2 * i + 1] + by, middle = (own[2 * i] + own[2 * i + 1]) / 2;
        assert_true(both[2 * i] == (low > high ? middle : low) && both[2 * i + 1] == (low > high ? middle : high));
    }
    free(both), free(own);
    ken_model_free(m);
    ken_table_free(t);
    test_ctx_free(ctx);
}

/* --- sets of classes ------------------------------------------------------------------------------- */
static void draw_classes(ken_rng *rng, int64_t n, double *x, double *y) {
    for (int64_t i = 0; i < n; i++) {
        x[i] = 4 * ken_rng_f64(rng) - 2;
        y[i] = x[i] + ken_rng_normal(rng) > 1 ? 2 : x[i] * x[i] + ken_rng_normal(rng) > 1;
    }
}

static ken_model *fit_classes(ken_ctx *ctx, const char *settings, const ken_table *t, const double *y) {
    const ken_column target = test_column_f64("y", y, ken_table_rows(t));
    const ken_data data = {.table = t, .target = &target, .task = KEN_CLASSIFY};
    ken_model *m;
    TEST_OK(ctx, ken_model_new(ctx, "conformal", settings, &m));
    TEST_OK(ctx, ken_model_fit(ctx, m, &data));
    return m;
}

/* As for split: rank / (rows + 1) where scores do not tie: 24/26, four sd of 400 fits. Those of APS do, at 1, where y is
 * the least likely class: it covers more often. */
static void test_conformal__sets_cover_as_often_as_theory_says(void **state) {
    enum { N = 100, FRESH = 30, ROUNDS = 400 };
    static const char *const settings[] = {"base=logistic method=lac", "base=logistic method=aps"};
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    for (int k = 0; k < 2; k++) {
        double x[N], y[N], fx[FRESH], fy[FRESH], inside = 0, size = 0;
        ken_rng rng = ken_rng_stream(ctx, "test.sets", 0);
        for (int r = 0; r < ROUNDS; r++) {
            draw_classes(&rng, N, x, y), draw_classes(&rng, FRESH, fx, fy);
            ken_table *t = test_table(ctx, x, N, 1), *fresh = test_table(ctx, fx, FRESH, 1);
            ken_model *m = fit_classes(ctx, settings[k], t, y);
            double *set = test_predict(ctx, m, fresh, KEN_WHAT_SET);
            for (int i = 0; i < FRESH; i++) {
                inside += set[3 * i + (int)fy[i]];
                size += set[3 * i] + set[3 * i + 1] + set[3 * i + 2];
            }
            free(set);
            ken_model_free(m);
            ken_table_free(t), ken_table_free(fresh);
        }
        const double over = inside / ROUNDS / FRESH - 24.0 / 26;
        if (over < -0.014 || over > (k ? 0.06 : 0.014) || size / ROUNDS / FRESH > (k ? 2.9 : 2.6))
            fail_msg("%s: %.4f, in theory %.4f, size %.3f", settings[k], inside / ROUNDS / FRESH, 24.0 / 26, size / ROUNDS / FRESH);
    }
    test_ctx_free(ctx);
}

/* By the definitions, from probabilities and the scores kept; and VALUE, PROBA, MARGIN are the base's. */
static void test_conformal__sets_are_their_definition(void **state) {
    enum { N = 240 };
    double x[N], y[N];
    (void)state;
    ken_ctx *ctx = test_ctx(2);
    ken_rng rng = ken_rng_stream(ctx, "test.sets", 1);
    draw_classes(&rng, N, x, y);
    ken_table *t = test_table(ctx, x, N, 1);
    for (int aps = 0; aps < 2; aps++) {
        ken_model *m = fit_classes(ctx, aps ? "base=logistic method=aps coverage=0.8" : "base=logistic coverage=0.8", t, y);
        const double *score = ken_f64(ken_model_attr(m, "score")), bound = score[ken_conformal_rank(60, 0.8) - 1];
        double *set = test_predict(ctx, m, t, KEN_WHAT_SET), *p = test_predict(ctx, m, t, KEN_WHAT_PROBA);
        double *own = test_predict(ctx, ken_model_child(m, 0), t, KEN_WHAT_PROBA);
        assert_memory_equal(p, own, 3 * N * sizeof *p);
        for (int i = 0; i < 3 * N; i++) {
            const double *row = p + i / 3 * 3;
            double misfit = aps ? 0 : 1 - p[i];
            for (int c = 0; aps && c < 3; c++) misfit += row[c] >= p[i] ? row[c] : 0;
            assert_true(set[i] == (misfit <= bound));
        }
        free(set), free(p), free(own);
        ken_model_free(m);
    }
    ken_table_free(t);
    test_ctx_free(ctx);
}

/* A class of one row, which calibrates: the base never saw it, it has probability 0 and stays out of nothing else's way. */
static void test_conformal__class_that_the_base_never_saw(void **state) {
    enum { N = 60 };
    double x[N], y[N];
    int unseen = 0;
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    ken_rng rng = ken_rng_stream(ctx, "test.sets", 2);
    for (int rare = 0; rare < 12; rare++) {
        draw_classes(&rng, N, x, y);
        for (int i = 0; i < N; i++) y[i] = i == rare ? 7 : y[i] == 2;
        ken_table *t = test_table(ctx, x, N, 1);
        ken_model *m = fit_classes(ctx, "base=tree base.max_depth=2", t, y);
        unseen += ken_model_n_classes(ken_model_child(m, 0)) == 2;
        double *p = test_predict(ctx, m, t, KEN_WHAT_PROBA), *set = test_predict(ctx, m, t, KEN_WHAT_SET);
        for (int i = 0; i < N; i++) assert_true(fabs(p[3 * i] + p[3 * i + 1] + p[3 * i + 2] - 1) < 1e-12);
        free(p), free(set);
        ken_model_free(m);
        ken_table_free(t);
    }
    assert_true(unseen > 0 && unseen < 12);
    test_ctx_free(ctx);
}

/* --- properties ---------------------------------------------------------------------------------- */
/* What is not an interval is the word of the base fitted on the same rows. */
static void test_conformal__predicts_as_its_base(void **state) {
    enum { N = 80 };
    double x[N], y[N];
    int64_t width;
    (void)state;
    ken_ctx *ctx = test_ctx(2);
    ken_rng rng = ken_rng_stream(ctx, "test.base", 0);
    draw(&rng, N, x, y);
    ken_table *t = test_table(ctx, x, N, 1);
    const ken_column target = test_column_f64("y", y, N);
    const ken_data data = {.table = t, .target = &target, .task = KEN_REGRESS};
    ken_model *tree, *m = fit(ctx, "base=tree base.max_depth=4 method=cv", t, y);
    TEST_OK(ctx, ken_model_new(ctx, "tree", "max_depth=4", &tree));
    TEST_OK(ctx, ken_model_fit(ctx, tree, &data));
    static const ken_what whats[] = {KEN_WHAT_VALUE, KEN_WHAT_MARGIN, KEN_WHAT_LEAF, KEN_WHAT_CONTRIBUTIONS};
    for (int w = 0; w < 4; w++) {
        double *a = test_predict(ctx, m, t, whats[w]), *b = test_predict(ctx, tree, t, whats[w]);
        assert_memory_equal(a, b, N * sizeof *a * (w == 3 ? 2 : 1));
        free(a), free(b);
    }
    TEST_FAILS(ctx, ken_model_width(ctx, m, KEN_WHAT_QUANTILES, &width), KEN_E_UNSUPPORTED, "quantiles");
    ken_model_free(m), ken_model_free(tree);
    ken_table_free(t);
    test_ctx_free(ctx);
}

/* Fewer than 9 scores cannot bound nine new rows of ten: the interval is infinite, with a warning, and not wrong. */
static void test_conformal__too_few_rows_give_infinite_intervals(void **state) {
    double x[20], y[20];
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    ken_rng rng = ken_rng_stream(ctx, "test.few", 0);
    draw(&rng, 20, x, y);
    ken_table *t = test_table(ctx, x, 20, 1);
    ken_model *m = fit(ctx, "base=dummy method=split", t, y);
    double *both = test_predict(ctx, m, t, KEN_WHAT_INTERVAL);
    for (int i = 0; i < 20; i++) assert_true(both[2 * i] == -INFINITY && both[2 * i + 1] == INFINITY);
    free(both);
    ken_model_free(m);
    ken_table_free(t);
    test_ctx_free(ctx);
}

static void test_conformal__same_for_any_threads_and_after_a_file(void **state) {
    static const int threads[] = {1, 2, 3, 7};
    static const char *const settings[] = {"base=forest base.trees=5 method=cv folds=3", "base=ridge method=split",
                                           "base=quantile_forest base.trees=5"};
    enum { N = 300 };
    double first[3][2 * N];
    (void)state;
    for (int i = 0; i < 4; i++) {
        ken_ctx *ctx = test_ctx(threads[i]);
        double x[N], y[N];
        ken_rng rng = ken_rng_stream(ctx, "test.threads", 0);
        draw(&rng, N, x, y);
        ken_table *t = test_table(ctx, x, N, 1);
        for (int k = 0; k < 3; k++) {
            ken_model *m = fit(ctx, settings[k], t, y), *back;
            ken_bundle *b;
            TEST_OK(ctx, ken_model_pack(ctx, m, &b));
            const char *json = ken_bundle_json(b);
            TEST_OK(ctx, ken_model_unpack(ctx, "test", json, strlen(json), ken_bundle_at(b, 0), ken_bundle_count(b), &back));
            double *both = test_predict(ctx, back, t, KEN_WHAT_INTERVAL);
            if (i == 0) memcpy(first[k], both, sizeof first[k]);
            assert_memory_equal(first[k], both, sizeof first[k]);
            free(both);
            ken_bundle_free(b);
            ken_model_free(m), ken_model_free(back);
        }
        ken_table_free(t);
        test_ctx_free(ctx);
    }
}

/* --- errors and files ----------------------------------------------------------------------------- */
static void test_conformal__bad_calls_are_errors(void **state) {
    double x[40], y[40];
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    ken_rng rng = ken_rng_stream(ctx, "test.bad", 0);
    draw(&rng, 40, x, y);
    ken_table *t = test_table(ctx, x, 40, 1), *two = test_table(ctx, x, 2, 1);
    const ken_column target = test_column_f64("y", y, 40), small = test_column_f64("y", y, 2);
    ken_data data = {.table = t, .target = &target, .task = KEN_REGRESS};
    ken_model *m;
    TEST_FAILS(ctx, ken_model_new(ctx, "conformal", "coverage=1", &m), KEN_E_ARG, "coverage");
    TEST_FAILS(ctx, ken_model_new(ctx, "conformal", "base=recipe", &m), KEN_E_NOT_FOUND, "recipe");
    TEST_OK(ctx, ken_model_new(ctx, "conformal", "base=tree method=lac", &m));
    TEST_FAILS(ctx, ken_model_fit(ctx, m, &data), KEN_E_ARG, "this method cannot regress");
    TEST_OK(ctx, ken_model_set(ctx, m, "method", "cv"));
    data.task = KEN_CLASSIFY;
    TEST_FAILS(ctx, ken_model_fit(ctx, m, &data), KEN_E_ARG, "this method cannot classify");
    data.task = KEN_REGRESS;
    ken_model_free(m);
    TEST_OK(ctx, ken_model_new(ctx, "conformal", "base=tree method=quantile", &m));
    TEST_FAILS(ctx, ken_model_fit(ctx, m, &data), KEN_E_UNSUPPORTED, "'tree' gives no quantiles");
    data.offset = &target; /* boosting could, but what calibrates it cannot */
    TEST_OK(ctx, ken_model_set(ctx, m, "base", "boosting"));
    TEST_FAILS(ctx, ken_model_fit(ctx, m, &data), KEN_E_UNSUPPORTED, "cannot take an offset");
    data.offset = NULL;
    data.table = two, data.target = &small;
    TEST_FAILS(ctx, ken_model_fit(ctx, m, &data), KEN_E_VALUE, "2 rows");
    ken_model_free(m);
    ken_table_free(t), ken_table_free(two);
    test_ctx_free(ctx);
}

/* The file with entry `at` of attribute `name` set to value is refused. */
static void spoil(ken_ctx *ctx, const ken_bundle *b, const char *name, int64_t at, double value) {
    const int n = ken_bundle_count(b);
    ken_named_tensor *tensors = malloc((size_t)n * sizeof *tensors);
    double copy[64];
    ken_model *back;
    for (int i = 0; i < n; i++) {
        tensors[i] = *ken_bundle_at(b, i);
        if (strcmp(tensors[i].name, name) != 0) continue;
        memcpy(copy, tensors[i].tensor.data, (size_t)ken_tensor_count(&tensors[i].tensor) * 8);
        if (tensors[i].tensor.dtype == KEN_F64)
            copy[at] = value;
        else
            ((int64_t *)copy)[at] = (int64_t)value;
        tensors[i].tensor.data = copy;
    }
    TEST_FAILS(ctx, ken_model_unpack(ctx, "test", ken_bundle_json(b), strlen(ken_bundle_json(b)), tensors, n, &back),
               KEN_E_FORMAT, "conformal");
    free(tensors);
}

static void test_conformal__hostile_files_are_refused(void **state) {
    double x[40], y[40];
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    ken_rng rng = ken_rng_stream(ctx, "test.hostile", 0);
    draw(&rng, 40, x, y);
    ken_table *t = test_table(ctx, x, 40, 1);
    ken_model *m = fit(ctx, "base=ridge method=cv folds=4", t, y), *back;
    ken_bundle *b;
    TEST_OK(ctx, ken_model_pack(ctx, m, &b));
    spoil(ctx, b, "model/score", 3, (double)NAN);
    spoil(ctx, b, "model/score", 3, 1e9);
    spoil(ctx, b, "model/offset", 1, 1e9);
    spoil(ctx, b, "model/offset", 1, -5);
    spoil(ctx, b, "model/offset", 0, 1);
    spoil(ctx, b, "model/method", 0, 1); /* split has one model */
    spoil(ctx, b, "model/method", 0, 9);
    spoil(ctx, b, "model/method", 0, 4); /* sets of no classes */
    const char *json = ken_bundle_json(b), *at = strstr(json, "\"children\"");
    char *bad = malloc(strlen(json) + 8);
    sprintf(bad, "%.*s\"childless\"%s", (int)(at - json), json, at + 10);
    TEST_FAILS(ctx, ken_model_unpack(ctx, "test", bad, strlen(bad), ken_bundle_at(b, 0), ken_bundle_count(b), &back),
               KEN_E_FORMAT, "conformal");
    free(bad);
    ken_bundle_free(b);
    ken_model_free(m);
    ken_table_free(t);
    test_ctx_free(ctx);
}

static ken_status conformal_round(ken_ctx *ctx, void *arg) {
    double X[24], y[24], values[48];
    ken_model *m = NULL;
    ken_table *t = NULL;
    for (int i = 0; i < 24; i++) X[i] = (i * 7) % 24, y[i] = (i * 5) % 11;
    ken_tensor matrix = ken_tensor_2d(X, KEN_F64, 24, 1), out = ken_tensor_2d(values, KEN_F64, 24, 2);
    const ken_column column = test_column_f64("y", y, 24);
    ken_status status = ken_table_from_matrix(ctx, &matrix, NULL, &t);
    const ken_data data = {.table = t, .target = &column, .task = KEN_REGRESS};
    if (status == KEN_OK) status = ken_model_new(ctx, "conformal", arg, &m);
    if (status == KEN_OK) status = ken_model_fit(ctx, m, &data);
    if (status == KEN_OK) status = ken_model_predict(ctx, m, t, KEN_WHAT_INTERVAL, &out);
    ken_model_free(m);
    ken_table_free(t);
    return status;
}

static void test_conformal__every_allocation_may_fail(void **state) {
    (void)state;
    test_every_allocation(conformal_round, "base=dummy method=cv folds=2", 5000);
    test_every_allocation(conformal_round, "base=quantile_forest base.trees=2", 5000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conformal__rank_is_exact),
        cmocka_unit_test(test_conformal__split_covers_as_often_as_theory_says),
        cmocka_unit_test(test_conformal__cv_plus_covers),
        cmocka_unit_test(test_conformal__jackknife_plus_of_a_mean_by_hand),
        cmocka_unit_test(test_conformal__cv_plus_is_its_definition),
        cmocka_unit_test(test_conformal__quantiles_are_moved_by_one_number),
        cmocka_unit_test(test_conformal__sets_cover_as_often_as_theory_says),
        cmocka_unit_test(test_conformal__sets_are_their_definition),
        cmocka_unit_test(test_conformal__class_that_the_base_never_saw),
        cmocka_unit_test(test_conformal__predicts_as_its_base),
        cmocka_unit_test(test_conformal__too_few_rows_give_infinite_intervals),
        cmocka_unit_test(test_conformal__same_for_any_threads_and_after_a_file),
        cmocka_unit_test(test_conformal__bad_calls_are_errors),
        cmocka_unit_test(test_conformal__hostile_files_are_refused),
        cmocka_unit_test(test_conformal__every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
