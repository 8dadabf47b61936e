/* Random cuts, for extra trees: no sums per bin, only the range of a column and one count. */
#include <math.h>
#include <string.h>

#include "ken/kernels/kernels.h"
#include "ken/tree/forest_parts.h"

/* Which codes go left: up to a bin, or a set of bins; and the missing code, maybe. */
typedef struct random_side {
    uint8_t bin, missing, missing_left;
    bool is_set;
    uint8_t set[FOREST_BINS]; /* 0 or 1 by code; only with is_set */
} random_side;

static inline uint32_t random_goes_left(const random_side *side, uint8_t code) {
    if (side->is_set) return side->set[code];
    return (code <= side->bin) | (side->missing_left & (code == side->missing));
}

/* Adds the rows that go left to w->left. */
static void random_sum_left(const forest_look *s, const random_side *side) {
    const forest *f = s->f;
    const forest_rows *rows = s->rows;
    double *sums = s->w->left;
    for (int32_t c = 0; c < f->stats; c++) sums[c] = 0;
    for (int64_t i = 0; i < rows->n; i++) {
        const forest_entry e = rows->entry[i];
        const double in = random_goes_left(side, s->codes[i]);
        const double w = in * (rows->weight ? rows->weight[e.row] * e.count : e.count);
        if (f->y) {
            sums[0] += w;
            sums[1] += w * rows->y[e.row];
        } else {
            sums[e.label] += w;
        }
        if (f->counted) sums[f->stats - 1] += in * e.count;
    }
}

/* Two classes, no weights, no sets: whole numbers. */
static void random_count_left(const forest_look *s, const random_side *side) {
    const forest_entry *entry = s->rows->entry;
    uint32_t all = 0, second = 0;
    for (int64_t i = 0; i < s->rows->n; i++) {
        const uint32_t in =
            (s->codes[i] <= side->bin) | (side->missing_left & (s->codes[i] == side->missing));
        const uint32_t count = (0 - in) & entry[i].count;
        all += count;
        second += (0 - (uint32_t)entry[i].label) & count;
    }
    s->w->left[0] = all - second;
    s->w->left[1] = second;
}

/* A number between the smallest and the largest value of the node decides; where a bin holds
 * several values it goes left as a whole. Codes in [low, high] occur. Returns the last code to the
 * left. */
static int32_t random_cut(const forest_look *s, int32_t low, int32_t high, double *cut) {
    const forest_column *c = &s->f->column[s->column];
    const double u = ken_rng_f64(&s->w->rng);
    int32_t at = low, end = high; /* the last bin below high whose low is <= cut */
    *cut = 0;
    if (!c->low) return low + (int32_t)(u * (high - low));
    const double range = c->high[high] - c->low[low];
    if (!isfinite(range)) { /* infinite values, or too far apart: a cut between two bins */
        at = low + (int32_t)(u * (high - low));
        *cut = c->high[at];
        return at;
    }
    *cut = c->low[low] + u * range;
    while (end - at > 1) {
        const int32_t mid = (at + end) / 2;
        if (c->low[mid] <= *cut)
            at = mid;
        else
            end = mid;
    }
    return at;
}

/* A random part of the bins that occur, neither none nor all. */
static bool random_set(const forest_look *s, uint8_t *left, forest_set *set) {
    const int32_t missing = s->f->column[s->column].n_bins;
    uint8_t seen[FOREST_BINS] = {0}, list[FOREST_BINS];
    int32_t n = 0, n_left = 0;
    for (int64_t i = 0; i < s->rows->n; i++) seen[s->codes[i]] = 1;
    for (int32_t b = 0; b < missing; b++) {
        left[b] = 0;
        if (seen[b]) list[n++] = (uint8_t)b;
    }
    if (n < 2) return false;
    for (int32_t i = 0; i < n; i++) n_left += left[list[i]] = ken_rng_u32(&s->w->rng) & 1;
    if (n_left == 0 || n_left == n) left[list[ken_rng_u32(&s->w->rng) % (uint32_t)n]] ^= 1;
    memset(set, 0, sizeof *set);
    for (int32_t i = 0; i < n; i++)
        if (left[list[i]]) set->bits[list[i] >> 6] |= UINT64_C(1) << (list[i] & 63);
    return true;
}

void forest_try_random(const forest_look *s, forest_split *best) {
    const forest *f = s->f;
    const forest_column *c = &f->column[s->column];
    random_side side;
    forest_set set = {{0}};
    double cut = 0;
    uint8_t range[3];
    f->kernels->code_range(s->codes, s->rows->n, (uint8_t)c->n_bins, range);
    const bool missing = range[2] != 0, one = range[0] == range[1];
    if (range[0] > range[1] || (one && !missing)) return;
    side.missing = (uint8_t)c->n_bins;
    side.missing_left = missing && !one && (ken_rng_u32(&s->w->rng) & 1);
    side.is_set = c->set;
    side.bin = (uint8_t)(c->n_bins - 1); /* one value against the missing */
    if (c->set) {
        memset(side.set, 0, sizeof side.set);
        side.set[range[0]] = 1;
        set.bits[range[0] >> 6] = UINT64_C(1) << (range[0] & 63);
        if (!one && !random_set(s, side.set, &set)) return;
        side.set[c->n_bins] = side.missing_left;
    } else if (!one) {
        side.bin = (uint8_t)random_cut(s, range[0], range[1], &cut);
    }
    if (f->k == 2 && !f->weight && !c->set)
        random_count_left(s, &side);
    else
        random_sum_left(s, &side);
    if (!forest_better(s, best)) return;
    *best = (forest_split){s->column, side.bin, side.missing_left, missing, c->set, best->gain,
                           cut,       set};
}
