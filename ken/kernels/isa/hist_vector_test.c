/* Kernels of several outputs a row against plain loops, for every instruction set that runs here. */
#include <math.h>

#include "ken/kernels/kernels.h"
#include "tests/support.h"

enum { ROWS = 517, COLUMNS = 5, STRIDE = 8, MOST = 32, PLACES = 256, SHIFT = 31 };

static uint64_t test_next(uint64_t *state) { /* splitmix64 */
    uint64_t z = (*state += UINT64_C(0x9E3779B97F4A7C15));
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

static uint64_t test_word(uint64_t *seed) {
    const int64_t g = (int64_t)(test_next(seed) % 4194303) - 2097151;
    return ((uint64_t)g << SHIFT) + 1 + test_next(seed) % 1048575;
}

static void test_hist_vector__add_equals_a_plain_loop(void **state) {
    static const int32_t some[3] = {0, 2, 4};
    uint64_t seed = 3;
    uint8_t *codes = malloc(ROWS * STRIDE);
    uint32_t rows[ROWS];
    uint64_t *words = malloc(ROWS * MOST * sizeof *words), *want = malloc(COLUMNS * PLACES * MOST * sizeof *want);
    uint64_t *got = malloc(COLUMNS * PLACES * MOST * sizeof *got);
    (void)state;
    for (int i = 0; i < ROWS * STRIDE; i++) codes[i] = (uint8_t)(test_next(&seed) % PLACES);
    for (int i = 0; i < ROWS; i++) rows[i] = (uint32_t)(test_next(&seed) % ROWS);
    for (int i = 0; i < ROWS * MOST; i++) words[i] = test_word(&seed);
    for (int width = 4; width <= MOST; width += 4)
        for (int part = 0; part < 2; part++) {
            const int d = part ? 3 : COLUMNS;
            const size_t size = (size_t)COLUMNS * PLACES * (size_t)width * sizeof *want;
            memset(want, 0, size);
            for (int i = 0; i < ROWS; i++)
                for (int j = 0; j < d; j++)
                    for (int w = 0; w < width; w++)
                        want[(j * PLACES + codes[rows[i] * STRIDE + (uint32_t)(part ? some[j] : j)]) * width + w] +=
                            words[rows[i] * (uint32_t)width + (uint32_t)w];
            for (int v = 0; ken_kernels_at(v); v++) {
                uint64_t *hist[COLUMNS];
                memset(got, 0, size);
                for (int j = 0; j < d; j++) hist[j] = got + j * PLACES * width;
                ken_kernels_at(v)->vector_add(codes, STRIDE, rows, ROWS, words, width, part ? some : NULL, d, hist);
                assert_memory_equal(got, want, size);
            }
        }
    free(codes);
    free(words);
    free(want);
    free(got);
}

static double test_score(double G, double H, double l1, double l2) {
    const double s = fmax(fabs(G) - l1, 0);
    return s * s / (H + l2);
}

/* Sums over n places listed in p, narrow or wide; gains by the definition, and equal bits everywhere. */
static void test_family(ken_vector_gains f, const uint8_t *place, bool check) {
    double want[PLACES], first[PLACES], gain[PLACES];
    f.place = place;
    for (int i = 0; i < f.n; i++) want[i] = 0;
    for (int w = 0; w < f.lanes; w++) {
        double G = f.start_g[w], H = f.start_h[w];
        for (int i = 0; i < f.n; i++) {
            const int64_t at = (int64_t)place[i] * f.width + w;
            const int64_t g = f.h ? f.g[at] : f.g[at] >> f.shift, h = f.h ? f.h[at] : f.g[at] & ((INT64_C(1) << f.shift) - 1);
            G = (f.single ? 0 : G) + (double)g * f.unit_g[w];
            H = (f.single ? 0 : H) + (double)h * f.unit_h[w];
            want[i] += test_score(G, H, f.l1, f.l2) + test_score(f.total_g[w] - G, f.total_h[w] - H, f.l1, f.l2);
        }
    }
    for (int v = 0; ken_kernels_at(v); v++) {
        ken_kernels_at(v)->vector_gains(&f, v ? gain : first);
        for (int i = 0; i < f.n && check; i++) TEST_NEAR(first[i], want[i], 1e-11);
        if (v) assert_memory_equal(gain, first, (size_t)f.n * sizeof *gain);
    }
}

static void test_hist_vector__gains_are_the_definition_and_the_same_everywhere(void **state) {
    uint64_t seed = 11;
    int64_t *g = malloc(PLACES * MOST * sizeof *g), *h = malloc(PLACES * MOST * sizeof *h);
    double unit_g[MOST], unit_h[MOST], total_g[MOST], total_h[MOST], start_g[MOST], start_h[MOST];
    uint8_t place[PLACES];
    (void)state;
    for (int round = 0; round < 60; round++) {
        const int width = 4 + 4 * (round % 8), lanes = width - 4 * (round % 3 == 2 && width > 4);
        const bool wide = round & 1;
        const int64_t far = round % 5 == 1 ? INT64_C(1) << 48 : 1; /* wide sums may be large */
        for (int i = 0; i < PLACES * width; i++) {
            const uint64_t word = test_word(&seed);
            g[i] = wide ? ((int64_t)word >> SHIFT) * (far / (1 << 21) + 1) : (int64_t)word;
            h[i] = (int64_t)(word & 1048575) + 1;
        }
        for (int w = 0; w < width; w++) {
            unit_g[w] = ldexp(1, -(int)(test_next(&seed) % 20));
            unit_h[w] = ldexp(1, -(int)(test_next(&seed) % 20));
            start_g[w] = (double)(round % 4 == 3 ? 100 * w : 0) * unit_g[w];
            start_h[w] = (double)(round % 4 == 3 ? 7 + w : 0) * unit_h[w];
            total_g[w] = start_g[w];
            total_h[w] = start_h[w];
            for (int b = 0; b < PLACES; b++) {
                const int64_t i = b * width + w;
                total_g[w] += (double)(wide ? g[i] : g[i] >> SHIFT) * unit_g[w];
                total_h[w] += (double)(wide ? h[i] : g[i] & ((INT64_C(1) << SHIFT) - 1)) * unit_h[w];
            }
        }
        for (int b = 0; b < PLACES; b++) place[b] = (uint8_t)(round % 2 ? b : 255 - b);
        test_family((ken_vector_gains){.g = g, .h = wide ? h : NULL, .shift = SHIFT, .width = width, .lanes = lanes,
                                       .n = round % 7 == 0 ? 1 : 255, .single = round % 4 == 2, .unit_g = unit_g,
                                       .unit_h = unit_h, .total_g = total_g, .total_h = total_h, .start_g = start_g,
                                       .start_h = start_h, .l1 = round % 3 == 1 ? 40 : 0, .l2 = (double)(round % 2)},
                    place, true);
    }
    free(g);
    free(h);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hist_vector__add_equals_a_plain_loop),
        cmocka_unit_test(test_hist_vector__gains_are_the_definition_and_the_same_everywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
