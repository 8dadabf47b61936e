/* k nearest neighbors against scikit-learn (golden/make_knn.py), against a plain search written
 * here, and its properties. */
#include "ken/neighbors/knn/knn.h"

#include "tests/support.h"

#include "ken/core/rng.h"
#include "ken/kernels/kernels.h"
#include "ken/neighbors/knn_search.h"

static const char *const metric_names[] = {"euclidean", "manhattan", "chebyshev", "cosine"};

static ken_model *knn_fitted(ken_ctx *ctx, const char *settings, ken_table *table, const double *y,
                             ken_task task) {
    ken_model *m;
    const ken_column target = test_column_f64("y", y, ken_table_rows(table));
    const ken_data data = {.table = table, .target = &target, .task = task};
    TEST_OK(ctx, ken_model_new(ctx, "knn", settings, &m));
    TEST_OK(ctx, ken_model_fit(ctx, m, &data));
    return m;
}

static void knn_predicted(ken_ctx *ctx, const ken_model *m, const ken_table *t, ken_what what,
                          double *out) {
    int64_t width;
    TEST_OK(ctx, ken_model_width(ctx, m, what, &width));
    ken_tensor tensor = ken_tensor_2d(out, KEN_F64, ken_table_rows(t), width);
    TEST_OK(ctx, ken_model_predict(ctx, m, t, what, &tensor));
}

/* scikit-learn takes |q|^2 - 2 q.x + |x|^2 and 1 - cos, which lose digits where rows are near:
 * distances here are above 1e-2 of the lengths (1e-4 for cosine), and answers are small differences
 * of them. */
#define GOLDEN_DIGITS 1e-12
#define GOLDEN_ANSWER_DIGITS 1e-11

/* --- scikit-learn ----------------------------------------------------------------------------- */
enum { GN = 60, GM = 12, GD = 3 };
typedef struct golden {
    double X[GN * GD], Q[GM * GD], y[GN], label[GN];
    int rows, queries, near, mean, vote;
    ken_ctx *ctx;
    ken_table *train, *query;
} golden;

static void golden_near(golden *g, const char *metric, int q, const char *rest) {
    int64_t idx[GM * 5];
    double dist[GM * 5], want[10];
    char settings[80];
    assert_int_equal(sscanf(rest, "%lf,%lf,%lf,%lf,%lf,%lf,%lf,%lf,%lf,%lf", want, want + 1,
                            want + 2, want + 3, want + 4, want + 5, want + 6, want + 7, want + 8,
                            want + 9),
                     10);
    snprintf(settings, sizeof settings, "metric=%s", metric);
    ken_model *m = knn_fitted(g->ctx, settings, g->train, g->y, KEN_REGRESS);
    TEST_OK(g->ctx, ken_knn_neighbors(g->ctx, m, g->query, 5, idx, dist));
    for (int i = 0; i < 5; i++) {
        assert_int_equal(idx[q * 5 + i], (int64_t)want[i]);
        TEST_NEAR(dist[q * 5 + i], want[5 + i], GOLDEN_DIGITS);
    }
    ken_model_free(m);
    g->near++;
}

static void golden_answer(golden *g, const char *kind, const char *metric, const char *weights,
                          int k, int q, const char *rest) {
    double want[3], got[GM * 3];
    char settings[120];
    const bool vote = strcmp(kind, "vote") == 0;
    const int width = vote ? 3 : 1;
    assert_int_equal(sscanf(rest, "%lf,%lf,%lf", want, want + 1, want + 2), width);
    snprintf(settings, sizeof settings, "metric=%s weights=%s k=%d", metric, weights, k);
    ken_model *m = knn_fitted(g->ctx, settings, g->train, vote ? g->label : g->y,
                              vote ? KEN_CLASSIFY : KEN_REGRESS);
    knn_predicted(g->ctx, m, g->query, vote ? KEN_WHAT_PROBA : KEN_WHAT_VALUE, got);
    for (int c = 0; c < width; c++) TEST_NEAR(got[q * width + c], want[c], GOLDEN_ANSWER_DIGITS);
    ken_model_free(m);
    *(vote ? &g->vote : &g->mean) += 1;
}

static void golden_line(golden *g, const char *line) {
    double v[5];
    char metric[20], weights[20];
    int q, k, at = 0;
    if (sscanf(line, "train,%lf,%lf,%lf,%lf,%lf", v, v + 1, v + 2, v + 3, v + 4) == 5) {
        memcpy(g->X + g->rows * GD, v, GD * sizeof *v);
        g->y[g->rows] = v[3], g->label[g->rows++] = v[4];
    } else if (sscanf(line, "query,%lf,%lf,%lf", v, v + 1, v + 2) == 3) {
        memcpy(g->Q + g->queries++ * GD, v, GD * sizeof *v);
        if (g->queries < GM) return;
        g->train = test_table(g->ctx, g->X, GN, GD);
        g->query = test_table(g->ctx, g->Q, GM, GD);
    } else if (sscanf(line, "near,%19[^,],%d,%n", metric, &q, &at) == 2) {
        golden_near(g, metric, q, line + at);
    } else if (sscanf(line, "%*4s,%19[^,],%19[^,],%d,%d,%n", metric, weights, &k, &q, &at) == 4) {
        golden_answer(g, line[0] == 'v' ? "vote" : "mean", metric, weights, k, q, line + at);
    }
}

static void test_knn__agrees_with_scikit_learn(void **state) {
    (void)state;
    static golden g;
    size_t size;
    memset(&g, 0, sizeof g);
    g.ctx = test_ctx(2);
    char *text = test_read_file(KEN_SOURCE_DIR "/ken/neighbors/knn/golden/knn.csv", &size);
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) golden_line(&g, line);
    assert_int_equal(g.rows, GN);
    assert_int_equal(g.near, 4 * GM);
    assert_int_equal(g.mean, 4 * 2 * 3 * GM - 3);
    assert_int_equal(g.vote, g.mean);
    free(text);
    ken_table_free(g.train), ken_table_free(g.query);
    test_ctx_free(g.ctx);
}

/* --- against a plain search ------------------------------------------------------------------- */
typedef struct pair {
    double dist;
    int64_t row;
} pair;

static int pair_order(const void *a, const void *b) {
    const pair *x = a, *y = b;
    return x->dist < y->dist ? -1 : x->dist > y->dist ? 1 : x->row < y->row ? -1 : x->row > y->row;
}

/* Values of a coarse grid, so that distances tie often; some columns far from 0, where the products
 * of the bound cancel badly. */
static double *grid_rows(ken_ctx *ctx, const char *stream, int64_t n, int d, double offset,
                         double scale) {
    ken_rng rng = ken_rng_stream(ctx, stream, (uint64_t)d);
    double *X = malloc((size_t)(n * d) * sizeof *X);
    for (int64_t i = 0; i < n * d; i++)
        X[i] = (offset + (double)ken_rng_below(&rng, 7) - 3) * scale;
    return X;
}

static void check_against_plain(ken_ctx *ctx, int64_t n, int64_t m, int d, int64_t k, double offset,
                                double scale) {
    double *X = grid_rows(ctx, "knn.train", n, d, offset, scale),
           *Q = grid_rows(ctx, "knn.query", m, d, offset, scale);
    double *y = calloc((size_t)n, sizeof *y), *dist = malloc((size_t)(m * k) * sizeof *dist);
    int64_t *idx = malloc((size_t)(m * k) * sizeof *idx);
    pair *all = malloc((size_t)n * sizeof *all);
    ken_table *train = test_table(ctx, X, n, d), *query = test_table(ctx, Q, m, d);
    for (int metric = 0; metric < 4; metric++) {
        char settings[60];
        snprintf(settings, sizeof settings, "k=1 metric=%s", metric_names[metric]);
        ken_model *model = knn_fitted(ctx, settings, train, y, KEN_REGRESS);
        const double *kept = ken_f64(ken_model_attr(model, "X"));
        TEST_OK(ctx, ken_knn_neighbors(ctx, model, query, k, idx, dist));
        for (int64_t q = 0; q < m; q++) {
            double row[64];
            memcpy(row, Q + q * d, (size_t)d * sizeof *row);
            if (metric == KEN_KNN_COSINE) ken__knn_unit(row, d);
            for (int64_t i = 0; i < n; i++)
                all[i] = (pair){ken__knn_distance((ken_knn_metric)metric, row, kept + i * d, d), i};
            qsort(all, (size_t)n, sizeof *all, pair_order);
            for (int64_t i = 0; i < k; i++)
                if (idx[q * k + i] != all[i].row || dist[q * k + i] != all[i].dist)
                    fail_msg("%s, offset %g, query %d, place %d: row %d at %.17g, not %d at %.17g",
                             metric_names[metric], offset, (int)q, (int)i, (int)idx[q * k + i],
                             dist[q * k + i], (int)all[i].row, all[i].dist);
        }
        ken_model_free(model);
    }
    ken_table_free(train), ken_table_free(query);
    free(X), free(Q), free(y), free(dist), free(idx), free(all);
}

static void test_knn__finds_what_a_plain_search_finds(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(3);
    check_against_plain(ctx, 700, 150, 3, 7, 0, 1);
    check_against_plain(ctx, 700, 70, 40, 20, 0, 0.1);
    check_against_plain(ctx, 300, 70, 5, 300, 0, 1);   /* all of them */
    check_against_plain(ctx, 500, 70, 4, 9, 1e8, 1);   /* |x|^2 is 1e16 times the distances */
    check_against_plain(ctx, 500, 70, 4, 9, 0, 1e200); /* squares overflow */
    check_against_plain(ctx, 500, 70, 4, 9, 0, 1e-200);
    check_against_plain(ctx, 1, 1, 1, 1, 0, 1);
    test_ctx_free(ctx);
}

/* The bound comes from other kernels, the answer must not. */
static void test_knn__same_bits_for_any_threads_and_instruction_set(void **state) {
    (void)state;
    static double first[400 * 3], now[400 * 3];
    for (int run = 0; run < 8; run++) {
        const ken_kernels *kernels = ken_kernels_at(run / 2);
        if (!kernels) break;
        ken_ctx_options o = {.threads = run % 2 ? 5 : 1, .seed = 1, .isa = kernels->isa};
        ken_ctx *ctx = NULL;
        assert_int_equal(ken_ctx_new(&o, &ctx), KEN_OK);
        double *X = grid_rows(ctx, "knn.isa", 400, 6, 0.3, 1), y[400];
        for (int i = 0; i < 400; i++) y[i] = i % 3;
        ken_table *t = test_table(ctx, X, 400, 6);
        ken_model *m = knn_fitted(ctx, "k=9 weights=distance", t, y, KEN_CLASSIFY);
        knn_predicted(ctx, m, t, KEN_WHAT_PROBA, run ? now : first);
        if (run) assert_memory_equal(first, now, sizeof first);
        ken_model_free(m);
        ken_table_free(t);
        free(X);
        ken_ctx_free(ctx);
    }
}

/* --- properties
 * ----------------------------------------------------------------------------------------------------
 */
static void test_knn__one_neighbor_gives_training_rows_their_own_answer(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    ken_rng rng = ken_rng_stream(ctx, "knn.own", 0);
    double X[200 * 3], y[200], label[200], got[200];
    for (int i = 0; i < 600; i++) X[i] = ken_rng_normal(&rng);
    for (int i = 0; i < 200; i++)
        y[i] = ken_rng_normal(&rng), label[i] = (double)ken_rng_below(&rng, 4);
    ken_table *t = test_table(ctx, X, 200, 3);
    for (int metric = 0; metric < 4; metric++)
        for (int task = 0; task < 2; task++) {
            char settings[60];
            snprintf(settings, sizeof settings, "k=1 metric=%s", metric_names[metric]);
            ken_model *m =
                knn_fitted(ctx, settings, t, task ? label : y, task ? KEN_CLASSIFY : KEN_REGRESS);
            knn_predicted(ctx, m, t, KEN_WHAT_VALUE, got);
            assert_memory_equal(got, task ? label : y, sizeof got);
            ken_model_free(m);
        }
    /* and so do all 200 with weights=distance, since distance 0 outweighs */
    ken_model *m = knn_fitted(ctx, "k=200 weights=distance", t, y, KEN_REGRESS);
    knn_predicted(ctx, m, t, KEN_WHAT_VALUE, got);
    assert_memory_equal(got, y, sizeof got);
    ken_model_free(m);
    ken_table_free(t);
    test_ctx_free(ctx);
}

/* Four equal rows, then one apart: the first rows are taken, and a query on the equal ones averages
 * them. */
static void test_knn__duplicates_tie_by_row_number(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    double X[] = {2, 1, 1, 1, 1}, y[] = {100, 1, 2, 3, 4}, Q[] = {1, 1.75}, dist[6], got[2];
    int64_t idx[6];
    ken_table *t = test_table(ctx, X, 5, 1), *query = test_table(ctx, Q, 2, 1);
    ken_model *m = knn_fitted(ctx, "k=3", t, y, KEN_REGRESS);
    TEST_OK(ctx, ken_knn_neighbors(ctx, m, query, 3, idx, dist));
    const int64_t want[] = {1, 2, 3, 0, 1, 2};
    assert_memory_equal(idx, want, sizeof want);
    assert_true(dist[0] == 0 && dist[3] == 0.25 && dist[4] == 0.75);
    knn_predicted(ctx, m, query, KEN_WHAT_VALUE, got);
    TEST_NEAR(got[0], 2, 1e-15);
    TEST_NEAR(got[1], 103.0 / 3, 1e-15);
    TEST_OK(ctx, ken_model_set(ctx, m, "weights", "distance"));
    knn_predicted(ctx, m, query, KEN_WHAT_VALUE, got);
    TEST_NEAR(got[0], 2, 1e-15);
    /* 1/0.25 = 4 against twice 1/0.75: (400 + 4/3 + 8/3) / (4 + 8/3) */
    TEST_NEAR(got[1], 404 / (20.0 / 3), 1e-15);
    ken_model_free(m);
    ken_table_free(t), ken_table_free(query);
    test_ctx_free(ctx);
}

static void test_knn__order_of_training_rows_does_not_matter(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    ken_rng rng = ken_rng_stream(ctx, "knn.order", 0);
    double X[300 * 2], y[300], mixed[300 * 2], mixed_y[300], a[300], b[300];
    for (int i = 0; i < 600; i++) X[i] = ken_rng_normal(&rng);
    for (int i = 0; i < 300; i++) y[i] = (double)ken_rng_below(&rng, 3);
    for (int i = 0; i < 300; i++) {
        const int from = (i * 127 + 31) % 300;
        memcpy(mixed + 2 * i, X + 2 * from, 2 * sizeof *X);
        mixed_y[i] = y[from];
    }
    ken_table *t = test_table(ctx, X, 300, 2), *u = test_table(ctx, mixed, 300, 2);
    ken_model *m = knn_fitted(ctx, "k=7", t, y, KEN_CLASSIFY),
              *w = knn_fitted(ctx, "k=7", u, mixed_y, KEN_CLASSIFY);
    knn_predicted(ctx, m, t, KEN_WHAT_VALUE, a);
    knn_predicted(ctx, w, t, KEN_WHAT_VALUE, b);
    assert_memory_equal(a, b, sizeof a);
    ken_model_free(m), ken_model_free(w);
    ken_table_free(t), ken_table_free(u);
    test_ctx_free(ctx);
}

/* Cosine sees directions alone; a row of zeros has none and stands at distance 1. */
static void test_knn__cosine_ignores_length(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    double X[] = {1, 0, 0, 1, 0, 0, 1, 1}, y[] = {1, 2, 3, 4}, Q[] = {5, 0, -2e200, 0}, dist[8];
    int64_t idx[8];
    ken_table *t = test_table(ctx, X, 4, 2), *query = test_table(ctx, Q, 2, 2);
    ken_model *m = knn_fitted(ctx, "k=1 metric=cosine", t, y, KEN_REGRESS);
    TEST_OK(ctx, ken_knn_neighbors(ctx, m, query, 4, idx, dist));
    const int64_t want[] = {0, 3, 1, 2, 1, 2, 3, 0};
    assert_memory_equal(idx, want, sizeof want);
    const double far[] = {0, 1 - sqrt(0.5), 1, 1, 1, 1, 1 + sqrt(0.5), 2};
    for (int i = 0; i < 8; i++) TEST_NEAR(dist[i], far[i], 1e-15);
    ken_model_free(m);
    ken_table_free(t), ken_table_free(query);
    test_ctx_free(ctx);
}

/* --- errors and files
 * ------------------------------------------------------------------------------------------------
 */
static void test_knn__bad_input_is_an_error(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    double X[] = {1, 2, 3}, y[] = {1, 2, 3}, hole[] = {1, NAN, 3}, dist[12];
    int64_t idx[12];
    ken_model *m;
    ken_table *t = test_table(ctx, X, 3, 1), *holes = test_table(ctx, hole, 3, 1);
    const ken_column target = test_column_f64("y", y, 3);
    const ken_data data = {.table = t, .target = &target, .task = KEN_REGRESS};
    TEST_OK(ctx, ken_model_new(ctx, "knn", NULL, &m));
    TEST_FAILS(ctx, ken_model_fit(ctx, m, &data), KEN_E_VALUE, "k is 5, but there are only 3");
    ken_table *one = test_table(ctx, X, 1, 1);
    const ken_column first = test_column_f64("y", y, 1);
    const ken_data single = {.table = one, .target = &first, .task = KEN_REGRESS};
    TEST_FAILS(ctx, ken_model_fit(ctx, m, &single), KEN_E_VALUE, "one sample only");
    ken_table_free(one);
    TEST_FAILS(ctx, ken_knn_neighbors(ctx, m, t, 1, idx, dist), KEN_E_STATE, "not fitted");
    TEST_OK(ctx, ken_model_set(ctx, m, "k", "3"));
    TEST_OK(ctx, ken_model_fit(ctx, m, &data));
    TEST_FAILS(ctx, ken_knn_neighbors(ctx, m, t, 4, idx, dist), KEN_E_ARG, "k is 4");
    TEST_FAILS(ctx, ken_knn_neighbors(ctx, m, t, 0, idx, dist), KEN_E_ARG, "k is 0");
    TEST_FAILS(ctx, ken_knn_neighbors(ctx, m, holes, 1, idx, dist), KEN_E_VALUE, "row 2");
    ken_model_free(m);
    TEST_OK(ctx, ken_model_new(ctx, "ridge", NULL, &m));
    TEST_OK(ctx, ken_model_fit(ctx, m, &data));
    TEST_FAILS(ctx, ken_knn_neighbors(ctx, m, t, 1, idx, dist), KEN_E_ARG, "ridge");
    ken_model_free(m);
    ken_table_free(t), ken_table_free(holes);
    test_ctx_free(ctx);
}

/* Every attribute in turn with a wrong value: refused when read. */
static void test_knn__unsound_file_is_refused(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    double X[] = {1, 2, 3, 4, 5, 6}, y[] = {0, 1, 0, 1, 0, 1};
    ken_table *t = test_table(ctx, X, 6, 1);
    ken_model *m = knn_fitted(ctx, "k=3", t, y, KEN_CLASSIFY), *back;
    ken_bundle *bundle;
    TEST_OK(ctx, ken_model_pack(ctx, m, &bundle));
    const char *json = ken_bundle_json(bundle);
    for (int harm = 0; harm < 5; harm++) {
        ken_named_tensor tensors[8];
        double bad_X[6];
        int32_t bad_label[6];
        const int n = ken_bundle_count(bundle);
        assert_true(n <= 8);
        for (int i = 0; i < n; i++) {
            ken_named_tensor *one = &tensors[i];
            *one = *ken_bundle_at(bundle, i);
            if (strcmp(one->name, "model/X") == 0) {
                memcpy(bad_X, one->tensor.data, sizeof bad_X);
                one->tensor.data = bad_X;
                if (harm == 1) bad_X[3] = NAN;
                if (harm == 2) one->tensor = ken_tensor_2d(bad_X, KEN_F64, 2, 1);
                if (harm == 3) one->tensor = ken_tensor_2d(bad_X, KEN_F64, 3, 2);
            }
            if (strcmp(one->name, "model/label") == 0) {
                memcpy(bad_label, one->tensor.data, sizeof bad_label);
                one->tensor.data = bad_label;
                if (harm == 4) bad_label[5] = 2;
            }
        }
        const ken_status status =
            ken_model_unpack(ctx, "test", json, strlen(json), tensors, n, &back);
        assert_int_equal(status, harm ? KEN_E_FORMAT : KEN_OK);
        if (status == KEN_OK) ken_model_free(back);
    }
    ken_bundle_free(bundle);
    ken_model_free(m);
    ken_table_free(t);
    test_ctx_free(ctx);
}

static ken_status knn_round(ken_ctx *ctx, void *arg) {
    double X[40], y[40], values[40];
    ken_model *m = NULL;
    ken_table *t = NULL;
    (void)arg;
    for (int i = 0; i < 40; i++) X[i] = i * 0.7, y[i] = i % 5;
    ken_tensor matrix = ken_tensor_2d(X, KEN_F64, 40, 1), out = ken_tensor_1d(values, KEN_F64, 40);
    const ken_column target = test_column_f64("y", y, 40);
    ken_status status = ken_table_from_matrix(ctx, &matrix, NULL, &t);
    const ken_data data = {.table = t, .target = &target, .task = KEN_CLASSIFY};
    if (status == KEN_OK) status = ken_model_new(ctx, "knn", "k=4", &m);
    if (status == KEN_OK) status = ken_model_fit(ctx, m, &data);
    if (status == KEN_OK) status = ken_model_predict(ctx, m, t, KEN_WHAT_VALUE, &out);
    ken_model_free(m);
    ken_table_free(t);
    return status;
}

static void test_knn__every_allocation_may_fail(void **state) {
    (void)state;
    test_every_allocation(knn_round, NULL, 1000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_knn__agrees_with_scikit_learn),
        cmocka_unit_test(test_knn__finds_what_a_plain_search_finds),
        cmocka_unit_test(test_knn__same_bits_for_any_threads_and_instruction_set),
        cmocka_unit_test(test_knn__one_neighbor_gives_training_rows_their_own_answer),
        cmocka_unit_test(test_knn__duplicates_tie_by_row_number),
        cmocka_unit_test(test_knn__order_of_training_rows_does_not_matter),
        cmocka_unit_test(test_knn__cosine_ignores_length),
        cmocka_unit_test(test_knn__bad_input_is_an_error),
        cmocka_unit_test(test_knn__unsound_file_is_refused),
        cmocka_unit_test(test_knn__every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
