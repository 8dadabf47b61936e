/* The kernels of TreeSHAP against their definition, to the bit, on every instruction set. */
#include "ken/kernels/kernels.h"
#include "tests/support.h"

enum { ROWS = 37, STATES = 3, POINTS = 24, STRIDE = 5 };

static double table[STATES * POINTS], from[ROWS * POINTS], start[ROWS * POINTS];
static uint8_t states[ROWS];

static void make(void) {
    uint32_t s = 1;
    for (int i = 0; i < STATES * POINTS; i++) table[i] = (double)(s = s * 1664525u + 1013904223u) / 3e9 - 0.7;
    for (int i = 0; i < ROWS * POINTS; i++) {
        from[i] = (double)(s = s * 1664525u + 1013904223u) / 1e9;
        start[i] = (double)(s = s * 1664525u + 1013904223u) / 7e9;
    }
    for (int r = 0; r < ROWS; r++) states[r] = (uint8_t)((s = s * 1664525u + 1013904223u) >> 24) % STATES;
}

static void test_treeshap__down_multiplies_by_the_factors_of_the_state(void **unused) {
    (void)unused;
    make();
    for (int v = 0; ken_kernels_at(v); v++)
        for (int m = 8; m <= POINTS; m += 8) {
            double to[ROWS * POINTS];
            ken_kernels_at(v)->shap_down(table, m, states, ROWS, from, to);
            for (int i = 0; i < ROWS * m; i++)
                assert_true(to[i] == from[i] * table[states[i / m] * m + i % m]);
        }
}

static void test_treeshap__up_sums_in_its_fixed_order(void **unused) {
    (void)unused;
    make();
    for (int v = 0; ken_kernels_at(v); v++)
        for (int m = 8; m <= POINTS; m += 8) {
            double sum[ROWS * POINTS], phi[ROWS * STRIDE];
            memcpy(sum, start, sizeof sum);
            for (int i = 0; i < ROWS * STRIDE; i++) phi[i] = 0.25 * i;
            ken_kernels_at(v)->shap_up(table, m, states, ROWS, from, sum, phi, STRIDE);
            for (int r = 0; r < ROWS; r++) {
                double lane[8] = {0};
                for (int q = 0; q < m; q++) {
                    const double product = table[states[r] * m + q] * from[r * m + q];
                    lane[q % 8] += product;
                    assert_true(sum[r * m + q] == start[r * m + q] + from[r * m + q]);
                }
                assert_true(phi[r * STRIDE] ==
                            0.25 * r * STRIDE + (((lane[0] + lane[4]) + (lane[2] + lane[6])) +
                                                 ((lane[1] + lane[5]) + (lane[3] + lane[7]))));
                for (int k = 1; k < STRIDE; k++)
                    assert_true(phi[r * STRIDE + k] == 0.25 * (r * STRIDE + k));
            }
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_treeshap__down_multiplies_by_the_factors_of_the_state),
        cmocka_unit_test(test_treeshap__up_sums_in_its_fixed_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
