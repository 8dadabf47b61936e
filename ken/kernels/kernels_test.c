/* Every kernel table against plain loops, and the dispatch. */
#include "tests/support.h"

#include "ken/core/rng.h"
#include "ken/kernels/elementary.h"
#include "ken/kernels/kernels.h"

enum { KERNELS_N = 301, KERNELS_D = 37, KERNELS_LD = 48, KERNELS_M = 11 };

static void kernels_fill(double *out, int64_t n, uint64_t index) {
    ken_ctx *ctx = test_ctx(1);
    ken_rng rng = ken_rng_stream(ctx, "kernels_test", index);
    for (int64_t i = 0; i < n; i++) out[i] = ken_rng_normal(&rng);
    test_ctx_free(ctx);
}

static void test_kernels__dispatch_finds_what_runs_here(void **state) {
    (void)state;
    int n = 0;
    while (ken_kernels_at(n)) n++;
    assert_true(n >= 1 && !ken_kernels_at(-1));
    assert_string_equal(ken_kernels_at(n - 1)->isa, "generic");
    assert_ptr_equal(ken_kernels_find("best"), ken_kernels_at(0));
    assert_ptr_equal(ken_kernels_find(NULL), ken_kernels_at(0));
    for (int i = 0; i < n; i++)
        assert_ptr_equal(ken_kernels_find(ken_kernels_at(i)->isa), ken_kernels_at(i));
    assert_null(ken_kernels_find("z80"));
}

/* Every length, so that all tails are met. generic: bit for bit the 16-lane order. */
static void test_kernels__vectors_agree_with_plain_loops(void **state) {
    (void)state;
    double x[100], y[100], z[100];
    kernels_fill(x, 100, 0);
    kernels_fill(y, 100, 1);
    for (int t = 0; ken_kernels_at(t); t++) {
        const ken_kernels *k = ken_kernels_at(t);
        for (int n = 0; n <= 100; n++) {
            double lane[16] = {0}, sum = 0;
            for (int i = 0; i < n; i++) lane[i % 16] += x[i] * y[i], sum += x[i];
            for (int width = 8; width > 0; width /= 2)
                for (int l = 0; l < width; l++) lane[l] += lane[l + width];
            TEST_NEAR(k->dot(x, y, n), lane[0], 1e-12);
            if (strcmp(k->isa, "generic") == 0) assert_true(k->dot(x, y, n) == lane[0]);
            TEST_NEAR(k->sum(x, n), sum, 1e-12);
            memcpy(z, y, sizeof z);
            k->axpy(0.75, x, z, n);
            for (int i = 0; i < 100; i++)
                TEST_NEAR(z[i], i < n ? y[i] + 0.75 * x[i] : y[i], 1e-12);
        }
    }
}

static void test_kernels__matrices_agree_with_plain_loops(void **state) {
    (void)state;
    static double X[KERNELS_N * KERNELS_LD], A[KERNELS_N * KERNELS_M], w[KERNELS_N];
    static double G[KERNELS_LD * KERNELS_LD], C[KERNELS_M * KERNELS_LD], out[2 * KERNELS_N];
    kernels_fill(X, KERNELS_N * KERNELS_LD, 2);
    kernels_fill(A, KERNELS_N * KERNELS_M, 3);
    kernels_fill(w, KERNELS_N, 4);
    for (int i = 0; i < KERNELS_N; i++)
        for (int j = KERNELS_D; j < KERNELS_LD; j++) X[i * KERNELS_LD + j] = 0;
    for (int t = 0; ken_kernels_at(t); t++) {
        const ken_kernels *k = ken_kernels_at(t);
        for (int weighted = 0; weighted < 2; weighted++) {
            memset(G, 0, sizeof G);
            k->syrk(X, KERNELS_N, KERNELS_LD, weighted ? w : NULL, G);
            ken_mirror(G, KERNELS_D, KERNELS_LD);
            for (int a = 0; a < KERNELS_D; a++)
                for (int b = 0; b < KERNELS_D; b++) {
                    double sum = 0;
                    for (int i = 0; i < KERNELS_N; i++)
                        sum += (weighted ? w[i] : 1) * X[i * KERNELS_LD + a] * X[i * KERNELS_LD + b];
                    assert_true(fabs(G[a * KERNELS_LD + b] - sum) < 1e-11);
                }
        }
        memset(C, 0, sizeof C);
        k->gemm_tn(A, KERNELS_M, KERNELS_M, X, KERNELS_LD, KERNELS_N, C);
        for (int a = 0; a < KERNELS_M; a++)
            for (int b = 0; b < KERNELS_LD; b++) {
                double sum = 0;
                for (int i = 0; i < KERNELS_N; i++) sum += A[i * KERNELS_M + a] * X[i * KERNELS_LD + b];
                assert_true(fabs(C[a * KERNELS_LD + b] - sum) < 1e-11);
            }
        k->gemv(X, KERNELS_N, KERNELS_D, KERNELS_LD, w, 0.5, out, 2);
        for (int i = 0; i < KERNELS_N; i++) {
            double sum = 0.5;
            for (int j = 0; j < KERNELS_D; j++) sum += X[i * KERNELS_LD + j] * w[j];
            TEST_NEAR(out[2 * i], sum, 1e-12);
        }
    }
}

static void test_kernels__softmax_rows_sum_to_one(void **state) {
    (void)state;
    for (int t = 0; ken_kernels_at(t); t++) {
        double M[] = {1, 2, 3, 1000, 0, -1000, -5000, -5000, -5000}, lse[3];
        ken_kernels_at(t)->softmax_rows(M, 3, 3, lse);
        TEST_NEAR(M[0] + M[1] + M[2], 1, 1e-15);
        TEST_NEAR(M[1] / M[0], 2.718281828459045, 1e-14);
        TEST_NEAR(lse[0], 3.4076059644443804, 1e-15);
        assert_true(M[3] == 1 && M[4] == 0 && M[5] == 0 && lse[1] == 1000);
        TEST_NEAR(M[6], 1.0 / 3, 1e-15);
        TEST_NEAR(lse[2], -5000 + 1.0986122886681098, 1e-15);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kernels__dispatch_finds_what_runs_here),
        cmocka_unit_test(test_kernels__vectors_agree_with_plain_loops),
        cmocka_unit_test(test_kernels__matrices_agree_with_plain_loops),
        cmocka_unit_test(test_kernels__softmax_rows_sum_to_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
