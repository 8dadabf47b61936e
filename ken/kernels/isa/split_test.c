/* The search for a threshold against its definition, on every instruction set: bit for bit. */
#include <math.h>

#include "ken/kernels/kernels.h"
#include "tests/support.h"

enum { PLACES = 256, ROUNDS = 6000 };

typedef struct split_case {
    uint64_t word[PLACES];
    int64_t g[PLACES], h[PLACES];
    ken_split_node node;
    ken_split_column column;
    double floor;
} split_case;

static uint64_t test_next(uint64_t *state) { /* splitmix64 */
    uint64_t z = (*state += UINT64_C(0x9E3779B97F4A7C15));
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

static double test_unit(uint64_t *seed) { return (double)(test_next(seed) >> 11) * 0x1p-53; }

/* A node of few or many rows on a column of 1 to 256 places; some places have none. */
static void test_make(split_case *t, uint64_t *seed) {
    const int places = 1 + (int)(test_next(seed) % PLACES), shift = test_next(seed) % 2 ? 31 : 12;
    const double crowd = pow(test_unit(seed), 3);
    int64_t all_g = 0, all_h = 0, rows = 0;
    for (int b = 0; b < places; b++) {
        const int64_t here = test_unit(seed) < crowd ? 1 + (int64_t)(test_next(seed) % 7) : 0;
        t->h[b] = here && shift == 31 ? (int64_t)(test_next(seed) % (UINT64_C(1) << 18)) + 1 : here;
        t->g[b] = here ? (int64_t)(test_next(seed) % (UINT64_C(1) << 22)) - (INT64_C(1) << 21) : 0;
        if (test_next(seed) % 16 == 0) t->g[b] = 0;
        t->word[b] = ((uint64_t)t->g[b] << shift) + (uint64_t)t->h[b];
        all_g += t->g[b], all_h += t->h[b], rows += here;
    }
    const bool missing = test_next(seed) % 2;
    const int64_t missing_g = missing ? (int64_t)(test_next(seed) % 1000000) - 500000 : 0;
    const int64_t missing_h = missing ? 1 + (int64_t)(test_next(seed) % 100000) : 0;
    const double unit_h = shift == 31 ? 0x1p-20 : 1, l1s[] = {0, 0, 0.3};
    t->node = (ken_split_node){.unit_g = 0x1p-21, .unit_h = unit_h, .total_g = (double)(all_g + missing_g) * 0x1p-21,
                               .total_h = (double)(all_h + missing_h) * unit_h, .l1 = l1s[test_next(seed) % 3],
                               .l2 = test_next(seed) % 2 ? 0.7 : 0, .rows = rows + missing, .shift = shift};
    t->node.least = test_next(seed) % 2 ? 1e-300 : t->node.total_h * test_unit(seed) / 2;
    t->column = (ken_split_column){.h = (const int64_t *)t->word, .to = places};
    if (test_next(seed) % 2) t->column = (ken_split_column){.g = t->g, .h = t->h, .to = places};
    if (test_next(seed) % 2) { /* missing values go left */
        t->column.missing_g = (double)missing_g * t->node.unit_g;
        t->column.missing_h = (double)missing_h * unit_h;
    }
    if (test_next(seed) % 3 == 0) t->column.from = (int)(test_next(seed) % (uint64_t)(places + 1));
    if (test_next(seed) % 3 == 0) t->column.to = (int)(test_next(seed) % (uint64_t)(places + 1));
    t->floor = test_next(seed) % 2 ? 0 : t->node.total_g * t->node.total_g / t->node.total_h;
}

static double test_soft(double g, double l1) { return l1 > 0 ? fmax(fabs(g) - l1, 0) : g; }

static ken_split_best test_define(const split_case *t) {
    const ken_split_node *const node = &t->node;
    ken_split_best best = {.gain = t->floor, .place = -1};
    int64_t g = 0, h = 0;
    for (int b = 0; b < t->column.to; b++) {
        g += t->g[b];
        h += t->h[b];
        const double hl = (double)h * node->unit_h + t->column.missing_h, hr = node->total_h - hl;
        const double gl = (double)g * node->unit_g + t->column.missing_g, gr = node->total_g - gl;
        const double sl = test_soft(gl, node->l1), sr = test_soft(gr, node->l1);
        const double L = hl + node->l2, R = hr + node->l2;
        const double gain = (sl * sl * R + sr * sr * L) / (L * R);
        if (b >= t->column.from && hl >= node->least && hr >= node->least && gain > best.gain)
            best = (ken_split_best){.gain = gain, .place = b, .g = g, .h = h};
    }
    return best;
}

static void test_split__scan_is_its_definition_everywhere(void **state) {
    uint64_t seed = 7;
    int found = 0;
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        split_case t;
        test_make(&t, &seed);
        const ken_split_best want = test_define(&t);
        found += want.place >= 0;
        for (int v = 0; ken_kernels_at(v); v++) {
            ken_split_best got = {.gain = t.floor};
            ken_kernels_at(v)->split_scan(&t.node, &t.column, &got);
            assert_int_equal(got.place, want.place);
            if (want.place < 0) continue;
            assert_true(got.gain == want.gain && got.g == want.g && got.h == want.h);
            got.gain = want.gain; /* what is not above it by a bit is not found, what is by one, is */
            ken_kernels_at(v)->split_scan(&t.node, &t.column, &got);
            assert_int_equal(got.place, -1);
            got.gain = nextafter(want.gain, 0);
            ken_kernels_at(v)->split_scan(&t.node, &t.column, &got);
            assert_true(got.place == want.place && got.gain == want.gain);
        }
    }
    assert_true(found > ROUNDS / 4 && found < ROUNDS * 3 / 4); /* both are tried */
}

/* Sums of more than 53 bits become the nearest double, on instruction sets without such a conversion, too. */
static void test_split__large_sums_round_once(void **state) {
    uint64_t seed = 11;
    (void)state;
    for (int round = 0; round < 500; round++) {
        split_case t;
        test_make(&t, &seed);
        int64_t all = 0;
        const int places = 256;
        for (int b = 0; b < places; b++) {
            t.g[b] = (int64_t)(test_next(&seed) >> 10) - (INT64_C(1) << 53);
            t.h[b] = 1 + (int64_t)(test_next(&seed) % 1000);
            all += t.h[b];
        }
        t.column = (ken_split_column){.g = t.g, .h = t.h, .to = places};
        t.node.total_h = (double)all * t.node.unit_h;
        t.node.least = t.node.total_h / 100;
        t.floor = 0;
        const ken_split_best want = test_define(&t);
        assert_true(want.place >= 0);
        for (int v = 0; ken_kernels_at(v); v++) {
            ken_split_best got = {.gain = 0};
            ken_kernels_at(v)->split_scan(&t.node, &t.column, &got);
            assert_true(got.place == want.place && got.gain == want.gain && got.g == want.g && got.h == want.h);
        }
    }
}

/* Units and penalties at the ends of double: nothing overflows or vanishes that the definition would keep. */
static void test_split__extreme_units(void **state) {
    const double units[] = {0x1p-900, 0x1p-400, 0x1p-250, 0x1p200, 0x1p400}, l2s[] = {0, 1e-300, 1, 1e250};
    uint64_t seed = 13;
    (void)state;
    for (int round = 0; round < 2000; round++) {
        split_case t;
        test_make(&t, &seed);
        const double scale_g = units[test_next(&seed) % 5] / t.node.unit_g, scale_h = units[test_next(&seed) % 5] / t.node.unit_h;
        t.node.unit_g *= scale_g, t.node.total_g *= scale_g, t.column.missing_g *= scale_g, t.node.l1 *= scale_g;
        t.node.unit_h *= scale_h, t.node.total_h *= scale_h, t.column.missing_h *= scale_h;
        t.node.least = fmax(t.node.least * scale_h, 1e-300);
        t.node.l2 = l2s[test_next(&seed) % 4];
        t.floor = 0;
        const ken_split_best want = test_define(&t);
        for (int v = 0; ken_kernels_at(v); v++) {
            ken_split_best got = {.gain = 0};
            ken_kernels_at(v)->split_scan(&t.node, &t.column, &got);
            assert_int_equal(got.place, want.place);
            if (want.place >= 0) assert_true(got.gain == want.gain);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_split__scan_is_its_definition_everywhere),
        cmocka_unit_test(test_split__large_sums_round_once),
        cmocka_unit_test(test_split__extreme_units),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
