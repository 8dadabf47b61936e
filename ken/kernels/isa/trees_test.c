/* Rows through trees, on every instruction set that runs here, against the definition row by row. */
#include "ken/kernels/kernels.h"
#include "tests/support.h"

enum { SLOTS = 6, ASKS = 255 };

static uint8_t codes[SLOTS * KEN_TREE_GROUP];
static ken_tree_ask ask[ASKS];

static uint32_t state = 1;
static uint32_t dice(uint32_t sides) {
    state = state * 1664525u + 1013904223u;
    return (uint32_t)(((uint64_t)state * sides) >> 32);
}

/* Questions at places that exist by then; codes and ranks up to the ends of their range. */
static void make(int n) {
    for (int i = 0; i < SLOTS * KEN_TREE_GROUP; i++)
        codes[i] = (uint8_t)(dice(8) ? dice(256) : 255 * dice(2));
    for (int q = 0; q < n; q++)
        ask[q] = (ken_tree_ask){(uint16_t)dice(SLOTS), (uint8_t)dice((uint32_t)q + 1),
                                (uint8_t)(dice(8) ? dice(255) : 254 * dice(2))};
}

static uint8_t code_of(int q, int row) { return codes[ask[q].slot * KEN_TREE_GROUP + row]; }

static void test_trees__every_question_sends_its_rows_on(void **unused) {
    (void)unused;
    static const int sizes[] = {0, 1, 2, 7, 30, 254, 255}, rows[] = {1, 31, 64, 65, 129, 257, 300, 512};
    for (int s = 0; s < KEN_COUNT(sizes); s++)
        for (int k = 0; k < KEN_COUNT(rows); k++) {
            make(sizes[s]);
            for (int v = 0; ken_kernels_at(v); v++) {
                uint8_t place[KEN_TREE_GROUP];
                ken_kernels_at(v)->tree_places(ask, sizes[s], codes, rows[k], place);
                for (int r = 0; r < rows[k]; r++) {
                    int at = 0;
                    for (int q = 0; q < sizes[s]; q++)
                        if (at == ask[q].place && code_of(q, r) > ask[q].rank) at = q + 1;
                    assert_int_equal(place[r], at);
                }
            }
        }
}

static void test_trees__levels_are_the_bits_of_the_place(void **unused) {
    (void)unused;
    static const int rows[] = {1, 33, 64, 512};
    for (int depth = 0; depth <= 8; depth++)
        for (int k = 0; k < KEN_COUNT(rows); k++) {
            make(depth);
            for (int v = 0; ken_kernels_at(v); v++) {
                uint8_t place[KEN_TREE_GROUP];
                ken_kernels_at(v)->tree_levels(ask, depth, codes, rows[k], place);
                for (int r = 0; r < rows[k]; r++) {
                    int at = 0;
                    for (int q = 0; q < depth; q++) at = 2 * at + (code_of(q, r) > ask[q].rank);
                    assert_int_equal(place[r], at);
                }
            }
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_trees__every_question_sends_its_rows_on),
        cmocka_unit_test(test_trees__levels_are_the_bits_of_the_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
