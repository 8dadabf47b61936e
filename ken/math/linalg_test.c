/* Linear algebra against 120-digit solutions (shared/suites/linalg) and its own invariants. */
#include "tests/support.h"

#include "ken/core/json.h"
#include "ken/core/rng.h"
#include "ken/math/linalg.h"

static double *linalg_numbers(const ken_json *v, int64_t *n) {
    *n = ken_json_count(v);
    double *out = malloc((size_t)(*n + 1) * sizeof *out);
    for (int64_t i = 0; i < *n; i++) out[i] = strtod(ken_json_string(ken_json_at(v, i), NULL, "nan"), NULL);
    return out;
}

/* |got - want| within `allowed` of the largest of want */
static void linalg_near(const char *what, const double *got, const double *want, int64_t n,
                        double allowed) {
    double top = 0, off = 0;
    for (int64_t i = 0; i < n; i++) top = fmax(top, fabs(want[i]));
    for (int64_t i = 0; i < n; i++) off = fmax(off, fabs(got[i] - want[i]));
    printf("%-32s relative error %.2g\n", what, off / top);
    if (!(off <= allowed * top)) fail_msg("%s: off by %.3g of %.3g", what, off, top);
}

static void linalg_suite_case(ken_ctx *ctx, const ken_json *set) {
    const int64_t m = ken_json_i64(ken_json_get(set, "rows"), 0);
    const int64_t n = ken_json_i64(ken_json_get(set, "cols"), 0);
    const char *name = ken_json_string(ken_json_get(set, "name"), NULL, "");
    double *A = malloc((size_t)(m * n) * sizeof *A), *x = malloc((size_t)(m + n) * sizeof *x);
    char what[100];
    int64_t count, rank;
    for (int64_t i = 0; i < m; i++) {
        double *row = linalg_numbers(ken_json_at(ken_json_get(set, "A"), i), &count);
        memcpy(A + i * n, row, (size_t)n * sizeof *row);
        free(row);
    }
    double *b = linalg_numbers(ken_json_get(set, "b"), &count);
    static const char *const keys[] = {"solve", "lstsq", "singular_values", "eigenvalues"};
    for (int k = 0; k < 4; k++) {
        if (!ken_json_get(set, keys[k])) continue;
        double *want = linalg_numbers(ken_json_get(set, keys[k]), &count);
        snprintf(what, sizeof what, "%s %s", name, keys[k]);
        if (k == 0) TEST_OK(ctx, ken_solve(ctx, A, n, n, b, x));
        if (k == 1) TEST_OK(ctx, ken_least_squares(ctx, A, m, n, n, b, 0, x, &rank, NULL));
        if (k == 2) TEST_OK(ctx, ken_svd(ctx, A, m, n, n, x, NULL, NULL));
        if (k == 2 && want[0] < want[count - 1])
            for (int64_t i = 0; i < count / 2; i++) {
                const double t = want[i];
                want[i] = want[count - 1 - i], want[count - 1 - i] = t;
            }
        if (k == 3) TEST_OK(ctx, ken_eigen_symmetric(ctx, A, n, n, x, NULL));
        linalg_near(what, x, want, count, k < 2 ? 4e-16 : 2e-15);
        free(want);
    }
    free(A), free(b), free(x);
}

static void test_linalg__solutions_of_120_digits(void **state) {
    (void)state;
    const char *path = test_shared("suites/linalg/linalg.json");
    if (!path) TEST_SKIP("no ../shared");
    ken_ctx *ctx = test_ctx(1);
    size_t size;
    char *text = test_read_file(path, &size);
    ken_json_doc *doc;
    TEST_OK(ctx, ken_json_parse(ctx, "linalg.json", text, size, &doc));
    const ken_json *sets = ken_json_get_type(ken_json_root(doc)) == KEN_JSON_ARRAY
                               ? ken_json_root(doc)
                               : ken_json_get(ken_json_root(doc), "matrices");
    assert_true(ken_json_count(sets) >= 10);
    for (int64_t i = 0; i < ken_json_count(sets); i++) linalg_suite_case(ctx, ken_json_at(sets, i));
    ken_json_doc_free(doc);
    free(text);
    test_ctx_free(ctx);
}

static double *linalg_random(ken_ctx *ctx, int64_t count, uint64_t index) {
    ken_rng rng = ken_rng_stream(ctx, "linalg_test", index);
    double *out = malloc((size_t)count * sizeof *out);
    for (int64_t i = 0; i < count; i++) out[i] = ken_rng_normal(&rng);
    return out;
}

/* A = B'B + I: factor, solve, inverse; and a matrix that is not definite is refused at the right row. */
static void test_linalg__cholesky_solves_and_refuses(void **state) {
    (void)state;
    enum { N = 130, LD = 133 };
    ken_ctx *ctx = test_ctx(1);
    double *B = linalg_random(ctx, N * N, 1), *x = linalg_random(ctx, N, 2);
    static double A[N * LD], L[N * LD], b[N], inverse[N * LD];
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) {
            A[i * LD + j] = i == j;
            for (int k = 0; k < N; k++) A[i * LD + j] += B[k * N + i] * B[k * N + j];
        }
    memcpy(L, A, sizeof L);
    assert_int_equal(ken_cholesky(L, N, LD, 0), N);
    for (int i = 0; i < N; i++) {
        b[i] = 0;
        for (int j = 0; j < N; j++) b[i] += A[i * LD + j] * x[j];
    }
    ken_cholesky_solve(L, N, LD, b);
    for (int i = 0; i < N; i++) TEST_NEAR(b[i], x[i], 1e-9);
    ken_cholesky_inverse(L, N, LD, inverse);
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) {
            double sum = 0;
            for (int k = 0; k < N; k++) sum += A[i * LD + k] * inverse[k * LD + j];
            assert_true(fabs(sum - (i == j)) < 1e-10);
        }
    A[77 * LD + 77] = -1;
    assert_int_equal(ken_cholesky(A, N, LD, 0), 77);
    free(B), free(x);
    test_ctx_free(ctx);
}

/* Large enough for doubles: the residual is orthogonal to the columns; dependent ones are named. */
static void test_linalg__least_squares_in_doubles(void **state) {
    (void)state;
    enum { M = 5000, N = 20 };
    ken_ctx *ctx = test_ctx(1);
    double *A = linalg_random(ctx, M * N, 3), *b = linalg_random(ctx, M, 4), x[N];
    bool dependent[N];
    int64_t rank;
    TEST_OK(ctx, ken_least_squares(ctx, A, M, N, N, b, 0, x, &rank, dependent));
    assert_int_equal(rank, N);
    for (int round = 0; round < 2; round++) {
        double gradient[N] = {0};
        for (int i = 0; i < M; i++) {
            double r = b[i];
            for (int j = 0; j < N; j++) r -= A[i * N + j] * x[j];
            for (int j = 0; j < N; j++) gradient[j] += r * A[i * N + j];
        }
        for (int j = 0; j < N; j++) assert_true(fabs(gradient[j]) < 1e-10);
        for (int i = 0; i < M; i++) A[i * N + 7] = A[i * N + 1] - 3 * A[i * N + 2];
        TEST_OK(ctx, ken_least_squares(ctx, A, M, N, N, b, 0, x, &rank, dependent));
        assert_int_equal(rank, N - 1);
        assert_true(dependent[1] + dependent[2] + dependent[7] == 1);
    }
    free(A), free(b);
    test_ctx_free(ctx);
}

static void test_linalg__svd_multiplies_back(void **state) {
    (void)state;
    static const int shapes[][2] = {{30, 12}, {12, 30}, {9, 9}, {5, 1}, {1, 5}};
    ken_ctx *ctx = test_ctx(1);
    for (int c = 0; c < KEN_COUNT(shapes); c++) {
        const int m = shapes[c][0], n = shapes[c][1], k = KEN_MIN(m, n);
        double *A = linalg_random(ctx, m * n, 5), *U = malloc((size_t)(m * k) * sizeof *U);
        double *V = malloc((size_t)(k * n) * sizeof *V), *s = malloc((size_t)k * sizeof *s);
        for (int i = 0; i < m && n > 2; i++) A[i * n + 2] = A[i * n]; /* a singular value 0 */
        TEST_OK(ctx, ken_svd(ctx, A, m, n, n, s, U, V));
        for (int i = 0; i < m; i++)
            for (int j = 0; j < n; j++) {
                double sum = 0;
                for (int q = 0; q < k; q++) sum += U[i * k + q] * s[q] * V[q * n + j];
                assert_true(fabs(sum - A[i * n + j]) < 1e-13);
            }
        for (int p = 0; p < k; p++)
            for (int q = 0; q <= p; q++) {
                double v = 0, u = 0;
                for (int j = 0; j < n; j++) v += V[p * n + j] * V[q * n + j];
                for (int i = 0; i < m; i++) u += U[i * k + p] * U[i * k + q];
                assert_true(fabs(v - (p == q)) < 1e-13);
                if (s[p] > 1e-10) assert_true(fabs(u - (p == q)) < 1e-13);
            }
        for (int q = 1; q < k; q++) assert_true(s[q] <= s[q - 1]);
        free(A), free(U), free(V), free(s);
    }
    test_ctx_free(ctx);
}

static void test_linalg__eigenvectors_satisfy_their_equation(void **state) {
    (void)state;
    ken_ctx *ctx = test_ctx(1);
    for (int n = 1; n <= 61; n += 12) {
        double *A = linalg_random(ctx, n * n, 6), *V = malloc((size_t)(n * n) * sizeof *V);
        double *w = malloc((size_t)n * sizeof *w);
        for (int i = 0; i < n; i++)
            for (int j = 0; j < i; j++) A[j * n + i] = A[i * n + j];
        TEST_OK(ctx, ken_eigen_symmetric(ctx, A, n, n, w, V));
        for (int k = 0; k < n; k++) {
            assert_true(k == 0 || w[k] >= w[k - 1]);
            for (int i = 0; i < n; i++) {
                double sum = 0, dot = 0;
                for (int j = 0; j < n; j++) sum += A[i * n + j] * V[k * n + j];
                for (int j = 0; j < n; j++) dot += V[k * n + j] * V[i * n + j];
                assert_true(fabs(sum - w[k] * V[k * n + i]) < 1e-12);
                assert_true(fabs(dot - (i == k)) < 1e-12);
            }
        }
        free(A), free(V), free(w);
    }
    double diagonal[9] = {3, 0, 0, 0, 1, 0, 0, 0, 2}, values[3], vectors[9];
    TEST_OK(ctx, ken_eigen_symmetric(ctx, diagonal, 3, 3, values, vectors));
    assert_true(values[0] == 1 && values[1] == 2 && values[2] == 3 && vectors[1] == 1);
    diagonal[0] = NAN;
    TEST_FAILS(ctx, ken_eigen_symmetric(ctx, diagonal, 3, 3, values, NULL), KEN_E_VALUE, "(0, 0)");
    test_ctx_free(ctx);
}

/* The estimate lies between a tenth of the true condition number (1-norm) and it. */
static void test_linalg__condition_estimate(void **state) {
    (void)state;
    enum { N = 12 };
    ken_ctx *ctx = test_ctx(1);
    for (uint64_t c = 0; c < 20; c++) {
        double *R = linalg_random(ctx, N * N, 10 + c), work[3 * N], norm = 0, inverse = 0;
        for (int j = 0; j < N; j++) {
            double x[N] = {0}, sum = 0, isum = 0;
            x[j] = 1;
            ken_solve_upper(R, N, N, x);
            for (int i = 0; i <= j; i++) sum += fabs(R[i * N + j]), isum += fabs(x[i]);
            norm = fmax(norm, sum), inverse = fmax(inverse, isum);
        }
        const double got = ken_condition_upper(R, N, N, work);
        assert_true(got <= norm * inverse * (1 + 1e-10) && got >= 0.1 * norm * inverse);
        R[5 * N + 5] = 0;
        assert_true(ken_condition_upper(R, N, N, work) == INFINITY);
        free(R);
    }
    test_ctx_free(ctx);
}

static ken_status linalg_round(ken_ctx *ctx, void *arg) {
    double A[6] = {1, 2, 3, 4, 5, 7}, b[3] = {1, 2, 3}, x[3], s[2];
    int64_t rank;
    (void)arg;
    KEN_TRY(ken_least_squares(ctx, A, 3, 2, 2, b, 0, x, &rank, NULL));
    return ken_svd(ctx, A, 3, 2, 2, s, NULL, NULL);
}
static void test_linalg__every_allocation_may_fail(void **state) {
    (void)state;
    test_every_allocation(linalg_round, NULL, 100);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_linalg__solutions_of_120_digits),
        cmocka_unit_test(test_linalg__cholesky_solves_and_refuses),
        cmocka_unit_test(test_linalg__least_squares_in_doubles),
        cmocka_unit_test(test_linalg__svd_multiplies_back),
        cmocka_unit_test(test_linalg__eigenvectors_satisfy_their_equation),
        cmocka_unit_test(test_linalg__condition_estimate),
        cmocka_unit_test(test_linalg__every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
