/* Tree kernels against plain loops, for every instruction set that runs here: all results are whole
 * numbers or exact, so they must be equal to the bit. */
#include "ken/kernels/kernels.h"
#include "tests/support.h"

enum { N = 1003, D = 13, STRIDE = 16 };

typedef struct hist_data {
    uint8_t codes[N * STRIDE];
    uint32_t rows[N];
    uint64_t gh[N];
    double x[N];
} hist_data;

static uint64_t test_next(uint64_t *state) { /* splitmix64 */
    uint64_t z = (*state += UINT64_C(0x9E3779B97F4A7C15));
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

static hist_data *test_data(void) {
    hist_data *const t = calloc(1, sizeof *t);
    uint64_t seed = 1;
    assert_non_null(t);
    for (int i = 0; i < N * STRIDE; i++) t->codes[i] = (uint8_t)(test_next(&seed) % 256);
    for (int i = 0; i < N; i++) {
        const int64_t g = (int64_t)(test_next(&seed) % 4194303) - 2097151; /* |g| < 2^21 */
        t->rows[i] = (uint32_t)(test_next(&seed) % N);
        t->gh[i] = ((uint64_t)g << 31) + test_next(&seed) % 1048576;
        t->x[i] = (double)(int64_t)(test_next(&seed) % 2000) / 8 - 125;
    }
    t->x[3] = (double)NAN;
    t->x[5] = INFINITY;
    t->x[7] = -INFINITY;
    return t;
}

/* Columns 256 places apart are summed in a way of their own; rows in order are asked for in another. */
static void test_hist__add_equals_a_plain_loop(void **state) {
    enum { APART = 260 };
    hist_data *const t = test_data();
    uint64_t *const want = calloc(D * APART, sizeof *want), *const got = calloc(D * APART, sizeof *got);
    static const int32_t some[] = {1, 4, 6, 7, 9, 12};
    (void)state;
    for (int round = 0; round < 4; round++) {
        const int apart = round % 2 ? APART : 256, n = round < 2 ? N : 6;
        for (int i = 0; round == 2 && i < N; i++) t->rows[i] = (uint32_t)i;
        memset(want, 0, D * APART * sizeof *want);
        for (int i = 0; i < n; i++)
            for (int j = 0; j < D; j++) want[j * apart + t->codes[t->rows[i] * STRIDE + j]] += t->gh[i];
        for (int v = 0; ken_kernels_at(v); v++) {
            uint64_t *hist[D], *part[KEN_COUNT(some)];
            memset(got, 0, D * APART * sizeof *got);
            for (int j = 0; j < D; j++) hist[j] = got + j * apart;
            ken_kernels_at(v)->hist_add(t->codes, STRIDE, t->rows, n, t->gh, D, hist);
            assert_memory_equal(got, want, D * APART * sizeof *got);
            memset(got, 0, D * APART * sizeof *got);
            for (int j = 0; j < KEN_COUNT(some); j++) part[j] = got + some[j] * apart;
            ken_kernels_at(v)->hist_add_some(t->codes, STRIDE, t->rows, n, t->gh, some, KEN_COUNT(some), part);
            for (int j = 0; j < KEN_COUNT(some); j++)
                assert_memory_equal(got + some[j] * apart, want + some[j] * apart, 256 * sizeof *got);
        }
    }
    free(want);
    free(got);
    free(t);
}

static void test_hist__packed_sums_widen_exactly(void **state) {
    hist_data *const t = test_data();
    uint64_t packed[256] = {0}, widened[256];
    int64_t g[256] = {0}, h[256] = {0}, want_g[256] = {0}, want_h[256] = {0};
    (void)state;
    for (int i = 0; i < N; i++) {
        packed[t->codes[i]] += t->gh[i];
        want_g[t->codes[i]] += (int64_t)t->gh[i] >> 31;
        want_h[t->codes[i]] += (int64_t)(t->gh[i] & 0x7fffffff);
    }
    for (int v = 0; ken_kernels_at(v); v++) {
        memcpy(widened, packed, sizeof packed);
        ken_kernels_at(v)->hist_widen(widened, 256, 31, g, h);
        for (int b = 0; b < 256; b++) assert_true(widened[b] == 0);
        assert_memory_equal(g, want_g, sizeof g);
        assert_memory_equal(h, want_h, sizeof h);
        ken_kernels_at(v)->hist_narrow(packed, 256, 31, g, h);
        for (int b = 0; b < 256; b++) assert_true(g[b] == 0 && h[b] == 0);
        uint64_t from[255];
        for (int b = 0; b < 255; b++) from[b] = t->gh[b];
        ken_kernels_at(v)->hist_subtract(packed, 255, from);
        for (int b = 0; b < 255; b++) assert_true(from[b] + packed[b] == t->gh[b]);
    }
    free(t);
}

static void test_hist__codes_are_the_number_of_edges_below(void **state) {
    hist_data *const t = test_data();
    const int counts[] = {1, 3, 15, 16, 17, 254};
    (void)state;
    for (int c = 0; c < KEN_COUNT(counts); c++) {
        double edge[256];
        float edge32[256], x32[N];
        uint8_t got[2 * N], want[N];
        for (int b = 0; b < 256; b++) {
            edge[b] = b < counts[c] ? -120 + b * (240.0 / counts[c]) : INFINITY;
            edge[b] = b < counts[c] ? floor(edge[b] * 8) / 8 : edge[b];
            edge32[b] = (float)edge[b];
        }
        for (int i = 0; i < N; i++) {
            int below = 0;
            for (int b = 0; b < counts[c]; b++) below += edge[b] < t->x[i];
            want[i] = (uint8_t)(isnan(t->x[i]) ? counts[c] + 1 : below);
            x32[i] = (float)t->x[i];
        }
        for (int v = 0; ken_kernels_at(v); v++) {
            ken_kernels_at(v)->bin_f64(t->x, N, edge, counts[c], counts[c] + 1, got, 2);
            for (int i = 0; i < N; i++) assert_int_equal(got[2 * i], want[i]);
            ken_kernels_at(v)->bin_f32(x32, N, edge32, counts[c], counts[c] + 1, got, 1);
            assert_memory_equal(got, want, N);
        }
    }
    free(t);
}

static void test_hist__pack_rounds_to_whole_numbers(void **state) {
    const double g[] = {0.5, -0.5, 1.25, -3.75, 0, 1e-9}, h[] = {0.25, 0, 0.125, 1, 0.3, 1e-9};
    (void)state;
    for (int v = 0; ken_kernels_at(v); v++) {
        uint64_t out[6];
        ken_kernels_at(v)->hist_pack(g, h, 6, 4, 8, 31, out);
        for (int i = 0; i < 6; i++) {
            assert_int_equal((int64_t)out[i] >> 31, (int64_t)rint(g[i] * 4));
            assert_int_equal(out[i] & 0x7fffffff, (int64_t)fmax(rint(h[i] * 8), 1));
        }
        ken_kernels_at(v)->hist_pack(g, NULL, 6, 4, 1, 12, out);
        for (int i = 0; i < 6; i++) {
            assert_int_equal((int64_t)out[i] >> 12, (int64_t)rint(g[i] * 4));
            assert_int_equal(out[i] & 0xfff, 1);
        }
    }
}

static void test_hist__partition_is_stable(void **state) {
    hist_data *const t = test_data();
    uint8_t left[256], mark[N];
    uint32_t rows[N], want_rows[N];
    uint64_t gh[N], want_gh[N];
    int64_t n_left = 0, l = 0;
    (void)state;
    for (int c = 0; c < 256; c++) left[c] = c % 3 == 0;
    for (int i = 0; i < N; i++) n_left += left[t->codes[t->rows[i] * STRIDE + 2]];
    for (int i = 0, r = (int)n_left; i < N; i++) {
        const int64_t at = left[t->codes[t->rows[i] * STRIDE + 2]] ? l++ : r++;
        want_rows[at] = t->rows[i];
        want_gh[at] = t->gh[i];
    }
    for (int v = 0; ken_kernels_at(v); v++) {
        const ken_kernels *const k = ken_kernels_at(v);
        uint64_t range[2], lo = UINT64_MAX, hi = 0;
        assert_int_equal(k->partition_mark(t->codes + 2, STRIDE, t->rows, N, left, mark), n_left);
        k->partition_move(mark, t->rows, t->gh, N, rows, gh, 0, n_left);
        assert_memory_equal(rows, want_rows, sizeof rows);
        assert_memory_equal(gh, want_gh, sizeof gh);
        k->hist_range(t->gh, N, 31, range);
        for (int i = 0; i < N; i++) {
            lo = KEN_MIN(lo, t->gh[i] & 0x7fffffff);
            hi = KEN_MAX(hi, t->gh[i] & 0x7fffffff);
        }
        assert_true(range[0] == lo && range[1] == hi);
    }
    free(t);
}

static void test_hist__gains_are_the_same_everywhere(void **state) {
    double G[255], H[255], gain[255];
    const double total[2] = {40, 300}, missing[2] = {-3, 5};
    (void)state;
    for (int b = 0; b < 255; b++) {
        G[b] = sin(b) * b;
        H[b] = b * 1.1 + 0.01;
    }
    for (int v = 0; ken_kernels_at(v); v++)
        for (int l1 = 0; l1 < 2; l1++) {
            ken_kernels_at(v)->split_gains(G, H, 255, total, missing, l1, 0.5, 10, gain);
            for (int b = 0; b < 255; b++) {
                const double gl = G[b] - 3, hl = H[b] + 5, gr = 40 - gl, hr = 300 - hl;
                const double sl = fmax(fabs(gl) - l1, 0), sr = fmax(fabs(gr) - l1, 0);
                const double L = hl + 0.5, R = hr + 0.5;
                const double want = (sl * sl * R + sr * sr * L) / (L * R);
                assert_true(gain[b] == (hl >= 10 && hr >= 10 ? want : -1.0));
                if (hl >= 10 && hr >= 10) TEST_NEAR(gain[b], sl * sl / L + sr * sr / R, 1e-12);
            }
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hist__add_equals_a_plain_loop),
        cmocka_unit_test(test_hist__packed_sums_widen_exactly),
        cmocka_unit_test(test_hist__codes_are_the_number_of_edges_below),
        cmocka_unit_test(test_hist__pack_rounds_to_whole_numbers),
        cmocka_unit_test(test_hist__partition_is_stable),
        cmocka_unit_test(test_hist__gains_are_the_same_everywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
