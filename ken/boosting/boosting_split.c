/* The best split of a node from its histogram.
 *
 * Numeric columns: every threshold, with missing values on either side. Categories: few in the
 * node: one against the rest; else the levels in the order of their mean gradient, cut like a
 * number (Fisher 1958: for this order some cut is the best of all 2^(k-1) subsets), from both ends
 * because levels with little support always stay right. Gains are computed in double from
 * whole-number sums, the same way everywhere; ties: lowest column, then lowest bin. Bins without rows
 * are passed over: their gains are those of the bin before (small leaves have few bins with rows). The
 * search over the thresholds of a number is a kernel: ken/kernels/isa/split.c. */
#include "ken/boosting/boosting_vector.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ken/core/rng.h"

enum { SPLIT_PLACES = 256 };

/* Sums of one column in one node, and the counts of rows if they had to be taken. */
typedef struct boosting_column {
    int32_t column;
    const ken_bin_feature *feature;
    const int64_t *at_g, *at_h; /* where they lie; at_g NULL: packed words at at_h */
    int64_t g[SPLIT_PLACES], h[SPLIT_PLACES]; /* of categories, by code; missing at n_bins */
    bool counted;
    uint32_t count[SPLIT_PLACES];
    double G[SPLIT_PLACES], H[SPLIT_PLACES], gain[SPLIT_PLACES]; /* of a family of candidates */
} boosting_column;

/* What is the same for all columns of a node. */
typedef struct boosting_facts {
    ken_split_node node; /* least: what a side must have of H */
    double parent;       /* score */
    double sure;         /* with so much a side has surely min_rows rows */
} boosting_facts;

bool ken__boosting_split_better(const boosting_split *a, const boosting_split *b) {
    return a->gain > b->gain || (a->gain == b->gain && a->gain > 0 && a->column < b->column);
}

static double boosting_soft(double g, double l1) {
    return g > l1 ? g - l1 : g < -l1 ? g + l1 : 0.0;
}

double ken__boosting_leaf_value(const boosting_rules *rules, double G, double H) {
    return H + rules->l2 > 0 ? -boosting_soft(G, rules->l1) / (H + rules->l2) : 0.0;
}

double ken__boosting_score(const boosting_rules *rules, double G, double H) {
    const double s = boosting_soft(G, rules->l1);
    return H + rules->l2 > 0 ? s * s / (H + rules->l2) : 0.0;
}

static void boosting_point(const boosting_search *s, int32_t column, boosting_column *c) {
    const int64_t *const at = s->hist + s->offset[column];
    c->column = column;
    c->feature = &s->binned->feature[column];
    c->counted = false;
    c->at_g = s->node->narrow ? NULL : at;
    c->at_h = s->node->narrow ? at : at + s->n_places;
}

static void boosting_at(const boosting_search *s, const boosting_column *c, int b, int64_t *g, int64_t *h) {
    const int shift = s->scale->shift;
    *g = c->at_g ? c->at_g[b] : c->at_h[b] >> shift;
    *h = c->at_g ? c->at_h[b] : c->at_h[b] & ((INT64_C(1) << shift) - 1);
}

static void boosting_load(const boosting_search *s, boosting_column *c) {
    for (int b = 0; b <= c->feature->n_bins; b++) boosting_at(s, c, b, &c->g[b], &c->h[b]);
}

static void boosting_count(const boosting_search *s, boosting_column *c) {
    const int64_t n = s->node->end - s->node->begin;
    const uint8_t *const codes = s->binned->by_column + c->column * s->binned->n_train;
    memset(c->count, 0, (size_t)(c->feature->n_bins + 1) * sizeof *c->count);
    for (int64_t i = 0; i < n; i++) c->count[codes[s->rows[i]]]++;
    c->counted = true;
}

/* The least hessian that a side must have. Where rows are counted by it (every hessian is 1) that
 * is all there is to say. Else min_rows rows have at least so much... */
static double boosting_least_possible(const boosting_search *s) {
    const double rows = s->scale->one ? 1.0 : (double)s->node->range[0] / s->scale->scale_h;
    return KEN_MAX(KEN_MAX(s->rules->min_weight, 1e-300), s->rules->min_rows * rows);
}

/* ... and a side with so much has surely min_rows rows. In between they are counted. */
static double boosting_least_certain(const boosting_search *s) {
    return s->scale->one ? 0.0
                         : s->rules->min_rows * ((double)s->node->range[1] / s->scale->scale_h);
}

/* One family of candidates: gains of places 0 .. n-1, each with its left side (G, H) + missing. */
typedef struct boosting_family {
    int n;
    double total[2], missing[2], l2;
    int only;                   /* the one place that is tried; -1: all */
    const uint32_t *left_count; /* NULL: not needed */
    int64_t missing_count, rows;
} boosting_family;

/* The best of a family: its place or -1. *certain: the row limit surely holds there. */
static int boosting_pick(const boosting_search *s, boosting_column *c, const boosting_family *f,
                         double *gain, bool *certain) {
    const double least = boosting_least_possible(s), sure = boosting_least_certain(s);
    const int from = f->only < 0 ? 0 : f->only, to = f->only < 0 ? f->n : KEN_MIN(f->only + 1, f->n);
    s->k->split_gains(c->G + from, c->H + from, to - from, f->total, f->missing, s->rules->l1, f->l2,
                      least, c->gain + from);
    if (f->left_count)
        for (int b = from; b < to; b++) {
            const int64_t left = f->left_count[b] + f->missing_count;
            if ((double)left < s->rules->min_rows || (double)(f->rows - left) < s->rules->min_rows)
                c->gain[b] = -1;
        }
    double best = 0;
    for (int b = from; b < to; b++) best = c->gain[b] > best ? c->gain[b] : best;
    if (!(best > 0)) return -1;
    int at = from;
    while (c->gain[at] != best) at++;
    const double h = c->H[at] + f->missing[1];
    *gain = best;
    *certain = f->left_count || (h >= sure && f->total[1] - h >= sure);
    return at;
}

/* Whether a split of this gain is worth it, and better than what there is. */
static bool boosting_improves(const boosting_search *s, double gain, double parent, double so_far) {
    const double improved = gain - parent;
    return improved > s->rules->min_gain && improved > 1e-10 * parent && improved > so_far;
}

/* Take the family's best into `out` if it is better. Returns false when rows must be counted first
 * to know (and it would win). */
static bool boosting_offer(const boosting_search *s, boosting_column *c, const boosting_family *f,
                           double parent, boosting_split *out, int *place) {
    double gain = 0;
    bool certain = true;
    const int at = boosting_pick(s, c, f, &gain, &certain);
    *place = -1;
    if (at < 0 || !boosting_improves(s, gain, parent, out->gain)) return true;
    if (!certain) return false;
    out->gain = gain - parent;
    *place = at;
    return true;
}

static void boosting_node_family(const boosting_search *s, boosting_family *f) {
    memset(f, 0, sizeof *f);
    f->total[0] = (double)s->node->g / s->scale->scale_g;
    f->total[1] = (double)s->node->h / s->scale->scale_h;
    f->l2 = s->rules->l2;
    f->only = -1;
    f->rows = s->node->end - s->node->begin;
}

/* extra_random: one of n places, the same whenever this column is looked at in this node. */
static int boosting_draw(const boosting_search *s, const boosting_column *c, int n) {
    ken_rng rng = ken_rng_stream(s->ctx, "boosting.threshold", s->key + (uint64_t)c->column);
    return (int)ken_rng_below(&rng, (uint64_t)n);
}

/* ... of the thresholds between the least and the greatest code here; -1: there is none. */
static int boosting_draw_threshold(const boosting_search *s, const boosting_column *c, bool missing) {
    int lo = 0, hi = c->feature->n_bins - 1;
    while (lo < hi && c->at_h[lo] == 0) lo++;
    while (hi > lo && c->at_h[hi] == 0) hi--;
    const int n = hi - lo + missing;
    return n > 0 ? lo + boosting_draw(s, c, n) : -1;
}

/* With counts, places outside [from, to) have too few rows on a side; left, right: what else is there. */
static void boosting_limit(const boosting_search *s, const boosting_column *c, int64_t left, int64_t right,
                           ken_split_column *out) {
    const int64_t least = (int64_t)ceil(s->rules->min_rows);
    const int n = c->feature->n_bins;
    int from = 0, to = n;
    while (from < n && (left += c->count[from]) < least) from++;
    while (to > 0 && right < least) right += c->count[--to];
    out->from = from;
    out->to = to;
}

/* Whether a threshold leaves enough rows on both sides, by looking at them: often it does, and then no other
 * place needs to be counted. */
static bool boosting_enough(const boosting_search *s, const boosting_column *c, int place, bool missing_left) {
    const int64_t n = s->node->end - s->node->begin;
    const uint8_t *const codes = s->binned->by_column + c->column * s->binned->n_train;
    const int missing = missing_left ? c->feature->n_bins : -1;
    int64_t left = 0;
    for (int64_t i = 0; i < n; i++) {
        const int code = codes[s->rows[i]];
        left += (code <= place) | (code == missing);
    }
    return (double)left >= s->rules->min_rows && (double)(n - left) >= s->rules->min_rows;
}

/* A gain up to here is of no use; a hair less than that, for the sake of rounding: boosting_improves says it
 * exactly. */
static double boosting_floor(const boosting_search *s, double parent, double so_far) {
    const double need = KEN_MAX(KEN_MAX(s->rules->min_gain, 1e-10 * parent), so_far);
    return (parent + need) * (1 - 0x1p-50);
}

/* The best threshold of a number, with missing values right, then left. false: count first. */
static bool boosting_numeric(const boosting_search *s, const boosting_facts *facts, boosting_column *c,
                             boosting_split *out) {
    const ken_split_node *const node = &facts->node;
    const int n = c->feature->n_bins;
    ken_split_best best = {0}, found = {.place = -1};
    int64_t missing[2];
    double most = out->gain;
    bool left = false;
    boosting_at(s, c, n, &missing[0], &missing[1]);
    ken_split_column column = {.g = c->at_g, .h = c->at_h, .to = n};
    const int only = s->rules->extra_random ? boosting_draw_threshold(s, c, missing[1] != 0) : -1;
    if (s->rules->extra_random && only < 0) return true;
    for (int side = 0; side < 1 + (missing[1] != 0); side++) {
        column.missing_g = side ? (double)missing[0] * node->unit_g : 0;
        column.missing_h = side ? (double)missing[1] * node->unit_h : 0;
        if (c->counted) boosting_limit(s, c, side ? c->count[n] : 0, side ? 0 : c->count[n], &column);
        if (only >= 0) column.from = KEN_MAX(column.from, only), column.to = KEN_MIN(column.to, only + 1);
        best.gain = boosting_floor(s, facts->parent, most);
        s->k->split_scan(node, &column, &best);
        if (best.place < 0 || !boosting_improves(s, best.gain, facts->parent, most)) continue;
        const double h = (double)best.h * node->unit_h + column.missing_h;
        const bool certain = c->counted || (h >= facts->sure && node->total_h - h >= facts->sure);
        if (!certain && !boosting_enough(s, c, best.place, side)) return false;
        most = best.gain - facts->parent;
        found = best;
        left = side;
    }
    if (found.place < 0) return true;
    out->gain = most;
    out->column = c->column;
    out->bin = found.place;
    out->category = false;
    out->g = found.g + (left ? missing[0] : 0);
    out->h = found.h + (left ? missing[1] : 0);
    out->missing_left = missing[1] != 0 ? left : 2 * out->h > s->node->h;
    return true;
}

/* --- categories ---------------------------------------------------------------------------------
 */

typedef struct boosting_level {
    double key;
    int32_t code;
} boosting_level;

static int boosting_by_key(const void *a, const void *b) {
    const boosting_level *x = a, *y = b;
    if (x->key != y->key) return x->key < y->key ? -1 : 1;
    return x->code < y->code ? -1 : x->code > y->code;
}

/* Codes that take part in the order: those with enough support; returns how many. *present: codes
 * with any row of the node. */
static int boosting_levels(const boosting_search *s, const boosting_column *c,
                           boosting_level *level, int *present) {
    const double ug = 1 / s->scale->scale_g, uh = 1 / s->scale->scale_h;
    const double rows = (double)(s->node->end - s->node->begin);
    const double per_h = rows / ((double)s->node->h * uh); /* rows for a hessian of 1 */
    int n = 0;
    *present = 0;
    for (int b = 0; b <= c->feature->n_bins; b++) {
        const double g = (double)c->g[b] * ug, h = (double)c->h[b] * uh;
        if (c->h[b] <= 0) continue;
        ++*present;
        if (h * per_h < s->rules->cat_smooth) continue;
        level[n++] = (boosting_level){g / (h + s->rules->cat_smooth), b};
    }
    return n;
}

static void boosting_take_category(const boosting_search *s, const boosting_column *c,
                                   const boosting_level *level, int n, boosting_split *out) {
    const int missing = c->feature->n_bins;
    out->column = c->column;
    out->bin = 0;
    out->category = true;
    out->g = out->h = 0;
    memset(out->set, 0, sizeof out->set);
    for (int l = 0; l < n; l++) {
        const int b = level[l].code;
        out->set[b >> 5] |= UINT32_C(1) << (b & 31);
        out->g += c->g[b];
        out->h += c->h[b];
    }
    if (c->h[missing] != 0)
        out->missing_left = out->set[missing >> 5] >> (missing & 31) & 1;
    else
        out->missing_left = 2 * out->h > s->node->h;
    if (out->missing_left) /* levels without training rows go where missing values go */
        out->set[missing >> 5] |= UINT32_C(1) << (missing & 31);
}

static int boosting_present(const boosting_column *c) {
    int n = 0;
    for (int b = 0; b <= c->feature->n_bins; b++) n += c->h[b] > 0;
    return n;
}

static bool boosting_one_against_rest(const boosting_search *s, boosting_column *c, double parent,
                                      boosting_split *out) {
    const double ug = 1 / s->scale->scale_g, uh = 1 / s->scale->scale_h;
    boosting_family f;
    int place;
    boosting_node_family(s, &f);
    f.n = c->feature->n_bins + 1;
    f.left_count = c->counted ? c->count : NULL;
    for (int b = 0; b < f.n; b++) {
        c->G[b] = (double)c->g[b] * ug;
        c->H[b] = (double)c->h[b] * uh;
    }
    if (s->rules->extra_random) {
        int of = boosting_draw(s, c, boosting_present(c)); /* the of-th level that is here */
        for (f.only = 0; c->h[f.only] <= 0 || of-- > 0;) f.only++;
    }
    if (!boosting_offer(s, c, &f, parent, out, &place)) return false;
    if (place >= 0) boosting_take_category(s, c, &(boosting_level){0, place}, 1, out);
    return true;
}

static bool boosting_subset(const boosting_search *s, boosting_column *c, boosting_level *level,
                            int n, double parent, boosting_split *out) {
    const double ug = 1 / s->scale->scale_g, uh = 1 / s->scale->scale_h;
    uint32_t left[SPLIT_PLACES];
    boosting_family f;
    boosting_node_family(s, &f);
    f.n = n;
    f.l2 += s->rules->cat_l2;
    f.left_count = c->counted ? left : NULL;
    if (s->rules->extra_random && n > 0) f.only = boosting_draw(s, c, n);
    for (int end = 0; end < 2; end++) {
        int64_t g = 0, h = 0;
        uint32_t count = 0;
        int place;
        for (int l = 0; l < n; l++) {
            const int b = level[l].code;
            g += c->g[b];
            h += c->h[b];
            count += c->counted ? c->count[b] : 0;
            left[l] = count;
            c->G[l] = (double)g * ug;
            c->H[l] = (double)h * uh;
        }
        if (!boosting_offer(s, c, &f, parent, out, &place)) return false;
        if (place >= 0) boosting_take_category(s, c, level, place + 1, out);
        for (int a = 0, z = n - 1; a < z; a++, z--) {
            const boosting_level swap = level[a];
            level[a] = level[z];
            level[z] = swap;
        }
    }
    return true;
}

static bool boosting_category(const boosting_search *s, boosting_column *c, double parent,
                              boosting_split *out) {
    boosting_level level[SPLIT_PLACES];
    int present;
    const int n = boosting_levels(s, c, level, &present);
    if (present < 2) return true;
    if (present <= s->rules->onehot) return boosting_one_against_rest(s, c, parent, out);
    qsort(level, (size_t)n, sizeof *level, boosting_by_key);
    return boosting_subset(s, c, level, n, parent, out);
}

/* --- one question for all nodes of a level ------------------------------------------------------
 */

void ken__boosting_order_levels(const boosting_search *s, int32_t column, boosting_level_order *out) {
    boosting_level level[SPLIT_PLACES];
    boosting_column c;
    int present;
    if (s->rules->vector) {
        ken__vector_order_levels(s, column, out);
        return;
    }
    memset(out, 0, sizeof *out);
    if (!s->binned->feature[column].category) return;
    boosting_point(s, column, &c);
    boosting_load(s, &c);
    const int n = boosting_levels(s, &c, level, &present);
    out->single = present <= s->rules->onehot;
    if (out->single) {
        for (int b = 0; b <= c.feature->n_bins; b++)
            if (c.h[b] > 0) out->code[out->n++] = (uint8_t)b;
        return;
    }
    qsort(level, (size_t)n, sizeof *level, boosting_by_key);
    for (int l = 0; l < n; l++) out->code[out->n++] = (uint8_t)level[l].code;
}

static void boosting_add(const boosting_search *s, boosting_column *c, const boosting_family *f,
                         double *sum) {
    const double parent = ken__boosting_score(s->rules, f->total[0], f->total[1]);
    s->k->split_gains(c->G, c->H, f->n, f->total, f->missing, s->rules->l1, f->l2,
                      boosting_least_possible(s), c->gain);
    for (int b = 0; b < f->n; b++) sum[b] += c->gain[b] >= 0 ? c->gain[b] - parent : 0;
}

bool ken__boosting_add_gains(const boosting_search *s, int32_t column,
                             const boosting_level_order *order, double *const sum[2]) {
    const double ug = 1 / s->scale->scale_g, uh = 1 / s->scale->scale_h;
    int64_t g = 0, h = 0;
    boosting_column c;
    boosting_family f;
    if (s->rules->vector) return ken__vector_add_gains(s, column, order, sum);
    boosting_node_family(s, &f);
    boosting_point(s, column, &c);
    boosting_load(s, &c);
    const int n = c.feature->n_bins;
    const bool missing = c.h[n] != 0;
    if (c.feature->category) {
        for (int l = 0; l < order->n; l++) {
            g = order->single ? c.g[order->code[l]] : g + c.g[order->code[l]];
            h = order->single ? c.h[order->code[l]] : h + c.h[order->code[l]];
            c.G[l] = (double)g * ug;
            c.H[l] = (double)h * uh;
        }
        f.n = order->n;
        f.l2 += order->single ? 0 : s->rules->cat_l2;
        boosting_add(s, &c, &f, sum[0]);
        return missing;
    }
    for (int b = 0; b < n; b++) {
        g += c.g[b];
        h += c.h[b];
        c.G[b] = (double)g * ug;
        c.H[b] = (double)h * uh;
    }
    f.n = n;
    boosting_add(s, &c, &f, sum[0]);
    f.n = n - 1;
    f.missing[0] = (double)c.g[n] * ug;
    f.missing[1] = (double)c.h[n] * uh;
    boosting_add(s, &c, &f, sum[1]);
    return missing;
}

/* --- all columns --------------------------------------------------------------------------------
 */

static void boosting_learn(const boosting_search *s, boosting_facts *f) {
    f->node = (ken_split_node){.unit_g = 1 / s->scale->scale_g,
                               .unit_h = 1 / s->scale->scale_h,
                               .total_g = (double)s->node->g / s->scale->scale_g,
                               .total_h = (double)s->node->h / s->scale->scale_h,
                               .l1 = s->rules->l1,
                               .l2 = s->rules->l2,
                               .least = boosting_least_possible(s),
                               .rows = s->node->end - s->node->begin,
                               .shift = s->scale->shift};
    f->parent = ken__boosting_score(s->rules, f->node.total_g, f->node.total_h);
    f->sure = boosting_least_certain(s);
}

static bool boosting_try(const boosting_search *s, const boosting_facts *facts, boosting_column *c,
                         boosting_split *out) {
    if (!c->feature->category) return boosting_numeric(s, facts, c, out);
    boosting_split found = *out;
    const bool known = boosting_category(s, c, facts->parent, &found);
    if (known && found.gain > out->gain) *out = found;
    return known;
}

void ken__boosting_best_split(const boosting_search *search, const int32_t *columns, int begin,
                              int end, boosting_split *out) {
    boosting_facts facts;
    boosting_column c;
    if (search->rules->vector) {
        ken__vector_best_split(search, columns, begin, end, out);
        return;
    }
    boosting_learn(search, &facts);
    memset(out, 0, sizeof *out);
    for (int j = begin; j < end; j++) {
        boosting_point(search, columns ? columns[j] : j, &c);
        if (c.feature->n_bins + c.feature->has_missing < 2) continue;
        if (c.feature->category) boosting_load(search, &c);
        if (!boosting_try(search, &facts, &c, out)) {
            boosting_count(search, &c);
            (void)boosting_try(search, &facts, &c, out);
        }
    }
}
