/* The best split of one node of a forest: sums per bin of each drawn column, then one look along
 * the bins. Random cuts: forest_random.c. */
#include "ken/tree/forest_parts.h"

#include <math.h>
#include <string.h>

#include "ken/kernels/elementary.h"

enum { FOREST_FEW_ROWS = 96 }; /* so few that noting the bins is cheaper than looking for them */

/* --- scores ----------------------------------------------------------------------------------- */

double forest_score(const forest *f, const double *s) {
    double weight = 0, sum = 0;
    if (f->y) return s[0] > 0 ? s[1] * s[1] / s[0] : 0;
    for (int32_t c = 0; c < f->k; c++) weight += s[c];
    if (!(weight > 0)) return 0;
    if (!f->rules->entropy) {
        for (int32_t c = 0; c < f->k; c++) sum += s[c] * s[c];
        return sum / weight;
    }
    for (int32_t c = 0; c < f->k; c++)
        if (s[c] > 0) sum += s[c] * ken_log2(s[c]);
    return sum - weight * ken_log2(weight);
}

void forest_total(const forest *f, const forest_rows *rows, double *out) {
    for (int32_t s = 0; s < f->stats; s++) out[s] = 0;
    for (int64_t i = 0; i < rows->n; i++) {
        const forest_entry e = rows->entry[i];
        const double w = rows->weight ? rows->weight[e.row] * e.count : e.count;
        if (f->y) {
            out[0] += w;
            out[1] += w * rows->y[e.row];
        } else {
            out[e.label] += w;
        }
        if (f->counted) out[f->stats - 1] += e.count;
    }
}

bool forest_better(const forest_look *s, forest_split *best) {
    const forest *f = s->f;
    forest_worker *w = s->w;
    const double least = (double)f->rules->min_leaf_rows;
    if (least > 1 && forest_count(f, w->left) < least) return false;
    for (int32_t c = 0; c < f->stats; c++) w->right[c] = w->total[c] - w->left[c];
    if (least > 1 && forest_count(f, w->right) < least) return false;
    const double gain = forest_score(f, w->left) + forest_score(f, w->right) - s->parent;
    if (best->column >= 0 && !(gain > best->gain)) return false;
    best->gain = gain;
    memcpy(w->best_left, w->left, (size_t)f->stats * sizeof(double));
    return true;
}

/* --- sums per bin ----------------------------------------------------------------------------- */

/* Class counts of a column; seen: the bins that occur, noted when the rows are few. */
static void forest_count_classes(const forest_look *s, uint64_t seen[4]) {
    const forest_entry *entry = s->rows->entry;
    const int64_t n = s->rows->n;
    uint32_t *counts = s->w->counts;
    const uint32_t k = (uint32_t)s->f->k;
    if (n < FOREST_FEW_ROWS)
        for (int64_t i = 0; i < n; i++) seen[s->codes[i] >> 6] |= UINT64_C(1) << (s->codes[i] & 63);
    if (k == 2)
        for (int64_t i = 0; i < n; i++) counts[2 * s->codes[i] + entry[i].label] += entry[i].count;
    else
        for (int64_t i = 0; i < n; i++) counts[k * s->codes[i] + entry[i].label] += entry[i].count;
}

static void forest_sum_any(const forest_look *s, uint64_t seen[4]) {
    const forest *f = s->f;
    const forest_rows *rows = s->rows;
    for (int64_t i = 0; i < rows->n; i++) {
        const forest_entry e = rows->entry[i];
        const double w = rows->weight ? rows->weight[e.row] * e.count : e.count;
        double *to = s->w->sums + (int64_t)s->codes[i] * f->stats;
        if (f->y) {
            to[0] += w;
            to[1] += w * rows->y[e.row];
        } else {
            to[e.label] += w;
        }
        if (f->counted) to[f->stats - 1] += e.count;
        seen[s->codes[i] >> 6] |= UINT64_C(1) << (s->codes[i] & 63);
    }
}

/* The bins of a column that occur in a node, in order, with their sums side by side. */
typedef struct forest_bins {
    int32_t n;             /* missing not counted */
    const double *missing; /* sums of the missing, NULL: none */
    uint8_t bin[FOREST_BINS];
    uint8_t place[FOREST_BINS]; /* of its sums in w->packed */
} forest_bins;

static void forest_find_seen(const uint32_t *counts, int32_t k, int32_t bins, uint64_t seen[4]) {
    for (int32_t b = 0; b < bins; b++) {
        uint32_t any = 0;
        for (int32_t c = 0; c < k; c++) any |= counts[b * k + c];
        seen[b >> 6] |= (uint64_t)(any != 0) << (b & 63);
    }
}

/* Take the sums of the bins that occur out of the table, which is zero again. */
static void forest_pack(const forest_look *s, forest_bins *b) {
    const forest *f = s->f;
    const int32_t missing = f->column[s->column].n_bins;
    const bool whole = !f->y && !f->weight;
    uint64_t seen[4] = {0};
    int32_t n = 0;
    if (whole)
        forest_count_classes(s, seen);
    else
        forest_sum_any(s, seen);
    if (whole && s->rows->n >= FOREST_FEW_ROWS)
        forest_find_seen(s->w->counts, f->k, missing + 1, seen);
    b->n = 0;
    b->missing = NULL;
    for (int32_t block = 0; block < 4; block++)
        for (uint64_t bits = seen[block]; bits; bits &= bits - 1, n++) {
            const int32_t bin = block * 64 + __builtin_ctzll(bits);
            double *to = s->w->packed + (int64_t)n * f->stats;
            uint32_t *counts = s->w->counts + bin * f->k;
            double *sums = s->w->sums + (int64_t)bin * f->stats;
            for (int32_t c = 0; c < f->stats; c++) {
                to[c] = whole ? counts[c] : sums[c];
                if (whole)
                    counts[c] = 0;
                else
                    sums[c] = 0;
            }
            if (bin == missing) {
                b->missing = to;
            } else {
                b->bin[b->n] = (uint8_t)bin;
                b->place[b->n++] = (uint8_t)n;
            }
        }
}

/* --- along the bins --------------------------------------------------------------------------- */

/* Bins of a category in the order of their mean target; several classes: of the share of the class
 * that is largest in the node. */
static void forest_order_set(const forest_look *s, forest_bins *b) {
    const forest *f = s->f;
    double key[FOREST_BINS];
    int32_t top = f->k - 1;
    for (int32_t c = 0; !f->y && f->k > 2 && c < f->k; c++)
        if (s->w->total[c] > s->w->total[top]) top = c;
    for (int32_t i = 0; i < b->n; i++) {
        const uint8_t bin = b->bin[i], place = b->place[i];
        const double *sum = s->w->packed + (int64_t)place * f->stats;
        const double x = f->y ? sum[1] / sum[0] : sum[top] / forest_weight(f, sum);
        int32_t at = i;
        for (; at > 0 && key[at - 1] > x; at--) {
            key[at] = key[at - 1];
            b->bin[at] = b->bin[at - 1];
            b->place[at] = b->place[at - 1];
        }
        key[at] = x;
        b->bin[at] = bin;
        b->place[at] = place;
    }
}

/* The first `count` bins go left. A threshold stands in the middle of the empty bins. */
static void forest_take(const forest_look *s, const forest_bins *b, int32_t count,
                        bool missing_left, forest_split *best) {
    best->column = s->column;
    best->missing_left = missing_left;
    best->missing_seen = b->missing != NULL;
    best->is_set = s->f->column[s->column].set;
    memset(&best->set, 0, sizeof best->set);
    for (int32_t i = 0; best->is_set && i < count; i++)
        best->set.bits[b->bin[i] >> 6] |= UINT64_C(1) << (b->bin[i] & 63);
    best->bin = count == b->n ? (uint8_t)(s->f->column[s->column].n_bins - 1)
                              : (uint8_t)((b->bin[count - 1] + b->bin[count] - 1) / 2);
}

static void forest_scan(const forest_look *s, const forest_bins *b, forest_split *best) {
    const forest *f = s->f;
    double *left = s->w->left;
    for (int pass = 0; pass <= (b->missing != NULL); pass++) {
        for (int32_t c = 0; c < f->stats; c++) left[c] = pass ? b->missing[c] : 0;
        for (int32_t i = 0; i < b->n; i++) {
            const double *add = s->w->packed + (int64_t)b->place[i] * f->stats;
            for (int32_t c = 0; c < f->stats; c++) left[c] += add[c];
            if (i + 1 == b->n && (pass || !b->missing)) continue;
            if (forest_better(s, best)) forest_take(s, b, i + 1, pass, best);
        }
    }
}

/* forest_scan for the commonest case: two classes, Gini, no weights, nothing missing, leaves of any
 * size. The same numbers, without a call a bin. */
static void forest_scan_two(const forest_look *s, const forest_bins *b, forest_split *best) {
    const double *packed = s->w->packed, *total = s->w->total;
    double l0 = 0, l1 = 0, top0 = 0, top1 = 0;
    double top = best->column >= 0 ? best->gain : -(double)INFINITY;
    int32_t at = -1;
    for (int32_t i = 0; i + 1 < b->n; i++) {
        l0 += packed[2 * b->place[i]];
        l1 += packed[2 * b->place[i] + 1];
        const double r0 = total[0] - l0, r1 = total[1] - l1;
        const double gain =
            (l0 * l0 + l1 * l1) / (l0 + l1) + (r0 * r0 + r1 * r1) / (r0 + r1) - s->parent;
        if (!(gain > top)) continue;
        top = gain, top0 = l0, top1 = l1;
        at = i;
    }
    if (at < 0) return;
    best->gain = top;
    s->w->best_left[0] = top0;
    s->w->best_left[1] = top1;
    forest_take(s, b, at + 1, false, best);
}

static void forest_try_best(const forest_look *s, forest_split *best) {
    const forest *f = s->f;
    forest_bins b;
    forest_pack(s, &b);
    if (b.n + (b.missing != NULL) < 2) return;
    if (f->column[s->column].set) forest_order_set(s, &b);
    if (f->k == 2 && !f->weight && !f->rules->entropy && f->rules->min_leaf_rows == 1 && !b.missing)
        forest_scan_two(s, &b, best);
    else
        forest_scan(s, &b, best);
}

/* The codes of n columns, one column after another. */
static void forest_gather(const forest *f, const forest_rows *rows, const int32_t *list, int32_t n,
                          uint8_t *out) {
    for (int64_t i = 0; i < rows->n; i++) {
        const uint8_t *codes = rows->codes + rows->entry[i].row * f->stride;
        for (int32_t q = 0; q < n; q++) out[q * rows->n + i] = codes[list[q]];
    }
}

void forest_find(const forest *f, forest_worker *w, const forest_rows *rows, const int32_t *list,
                 int32_t n, forest_split *best) {
    forest_look look = {.f = f, .w = w, .rows = rows, .parent = forest_score(f, w->total)};
    for (int32_t first = 0; first < n; first += FOREST_CHUNK) {
        const int32_t chunk = KEN_MIN(FOREST_CHUNK, n - first);
        forest_gather(f, rows, list + first, chunk, w->codes);
        for (int32_t q = 0; q < chunk; q++) {
            look.column = list[first + q];
            look.codes = w->codes + q * rows->n;
            if (f->rules->random_cuts)
                forest_try_random(&look, best);
            else
                forest_try_best(&look, best);
        }
    }
}
