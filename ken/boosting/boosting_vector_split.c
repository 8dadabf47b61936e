/* The best split of a node for several outputs at once: the same families of candidates as in
 * boosting_split.c, each worth the sum of its gains over the outputs. Rows are counted by the histogram.
 *
 * Categories: few in the node: one against the rest; else in the order of the first principal component of
 * their mean gradients, which for one output is the order that is best there (Coppersmith, Hong & Hosking
 * 1999), cut from both ends. Read before: boosting_vector.h, boosting_split.c. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ken/boosting/boosting_vector.h"
#include "ken/core/rng.h"

enum { PLACES = 256, PRINCIPAL_STEPS = 40 };

typedef struct vector_search {
    const boosting_search *s;
    const boosting_vector *v;
    ken_vector_gains family;
    double total_g[VECTOR_WIDTH], total_h[VECTOR_WIDTH], none[VECTOR_WIDTH];
    double parent, min_rows, min_h; /* least of a side */
} vector_search;

/* One column in the node. */
typedef struct vector_column {
    int32_t column;
    const ken_bin_feature *feature;
    double missing_g[VECTOR_WIDTH], missing_h[VECTOR_WIDTH];
    int64_t rows[PLACES], h[PLACES]; /* by code; missing at n_bins */
    uint8_t place[PLACES];
    int64_t left_rows[PLACES], left_h[PLACES]; /* of the family at hand */
    double gain[PLACES];
} vector_column;

/* --- sums --- */

static void vector_at(const vector_search *q, int64_t place, int w, int64_t *g, int64_t *h) {
    const int64_t i = place * q->v->width + w;
    const int shift = q->s->scale->shift;
    *g = q->family.h ? q->family.g[i] : q->family.g[i] >> shift;
    *h = q->family.h ? q->family.h[i] : q->family.g[i] & ((INT64_C(1) << shift) - 1);
}

/* Adds the places [begin, end) of the column at hand, in units. */
static void vector_sum(const vector_search *q, int begin, int end, double *G, double *H) {
    for (int w = 0; w < q->v->width; w++) {
        int64_t g = 0, h = 0;
        for (int b = begin; b < end; b++) {
            int64_t one_g, one_h;
            vector_at(q, b, w, &one_g, &one_h);
            g += one_g;
            h += one_h;
        }
        G[w] = (double)g * q->v->unit_g[w];
        H[w] = (double)h * q->v->unit_h[w];
    }
}

static void vector_point(vector_search *q, int32_t column) {
    const int64_t *const at = q->s->hist + q->s->offset[column];
    q->family.g = at;
    q->family.h = q->s->node->narrow ? NULL : at + q->s->n_places;
}

static double vector_score(const vector_search *q, const double *G, const double *H) {
    double score = 0;
    for (int w = 0; w < q->v->searched; w++) score += ken__boosting_score(q->s->rules, G[w], H[w]);
    return score;
}

/* Of columns[begin .. end) one of few places gives the node's sums. */
static void vector_open(vector_search *q, const boosting_search *s, const int32_t *columns, int begin, int end) {
    const boosting_rules *const r = s->rules;
    int32_t least = columns ? columns[begin] : begin;
    for (int j = begin + 1; j < end; j++) {
        const int32_t column = columns ? columns[j] : j;
        if (s->binned->feature[column].n_bins < s->binned->feature[least].n_bins) least = column;
    }
    memset(q, 0, sizeof *q);
    q->s = s;
    q->v = r->vector;
    q->min_rows = KEN_MAX(r->min_rows, 1);
    q->min_h = r->min_weight * s->scale->scale_h;
    vector_point(q, least);
    vector_sum(q, 0, s->binned->feature[least].n_bins + 1, q->total_g, q->total_h);
    q->parent = vector_score(q, q->total_g, q->total_h);
    q->family.shift = s->scale->shift;
    q->family.width = q->v->width;
    q->family.lanes = (q->v->searched + 3) & ~3;
    q->family.unit_g = q->v->unit_g;
    q->family.unit_h = q->v->unit_h;
    q->family.total_g = q->total_g;
    q->family.total_h = q->total_h;
    q->family.l1 = r->l1;
}

static void vector_load(vector_search *q, int32_t column, vector_column *c) {
    c->column = column;
    c->feature = &q->s->binned->feature[column];
    vector_point(q, column);
    for (int b = 0; b <= c->feature->n_bins; b++) vector_at(q, b, q->v->searched, &c->rows[b], &c->h[b]);
}

/* --- families --- */

/* Gains of the n places listed, -1 where a side is below the limits. left_missing: beside missing values. */
static void vector_gains(vector_search *q, vector_column *c, int n, bool single, bool left_missing, double l2) {
    const boosting_node *const node = q->s->node;
    const int missing = c->feature->n_bins;
    int64_t rows = left_missing ? c->rows[missing] : 0, h = left_missing ? c->h[missing] : 0;
    q->family.place = c->place;
    q->family.n = n;
    q->family.single = single;
    q->family.start_g = left_missing ? c->missing_g : q->none;
    q->family.start_h = left_missing ? c->missing_h : q->none;
    q->family.l2 = l2;
    q->s->k->vector_gains(&q->family, c->gain);
    for (int i = 0; i < n; i++) {
        rows = (single ? 0 : rows) + c->rows[c->place[i]];
        h = (single ? 0 : h) + c->h[c->place[i]];
        const int64_t right = node->end - node->begin - rows;
        const double least_h = (double)KEN_MIN(h, node->h - h);
        c->left_rows[i] = rows;
        c->left_h[i] = h;
        if ((double)KEN_MIN(rows, right) < q->min_rows || least_h < q->min_h) c->gain[i] = -1;
    }
}

/* The first place of most gain, if it is better than what is found already; only: the one to be tried, -1:
 * all. -1: none. */
static int vector_pick(const vector_search *q, const vector_column *c, int n, int only, const boosting_split *out) {
    int best = -1;
    for (int i = only < 0 ? 0 : only; i < (only < 0 ? n : KEN_MIN(only + 1, n)); i++)
        if (c->gain[i] > (best < 0 ? 0 : c->gain[best])) best = i;
    if (best < 0) return -1;
    const double improved = c->gain[best] - q->parent;
    const bool better = improved > q->s->rules->min_gain && improved > 1e-10 * q->parent && improved > out->gain;
    return better ? best : -1;
}

static int vector_draw(const vector_search *q, const vector_column *c, int n) {
    ken_rng rng = ken_rng_stream(q->s->ctx, "boosting.threshold", q->s->key + (uint64_t)c->column);
    return (int)ken_rng_below(&rng, (uint64_t)n);
}

/* --- numbers --- */

static int vector_places(const vector_search *q, vector_column *c) {
    int m = 0;
    for (int b = 0; b < c->feature->n_bins; b++)
        if (c->rows[b] > 0 || q->s->rules->extra_random) c->place[m++] = (uint8_t)b;
    return m;
}

/* extra_random: a threshold between the least and the greatest code here; -1: there is none. */
static int vector_threshold(const vector_search *q, const vector_column *c, bool missing) {
    int lo = 0, hi = c->feature->n_bins - 1;
    while (lo < hi && c->rows[lo] == 0) lo++;
    while (hi > lo && c->rows[hi] == 0) hi--;
    const int n = hi - lo + missing;
    return n > 0 ? lo + vector_draw(q, c, n) : -1;
}

static void vector_take(const vector_search *q, const vector_column *c, int i, bool missing_left, boosting_split *out) {
    const bool missing = c->rows[c->feature->n_bins] > 0;
    memset(out, 0, sizeof *out);
    out->gain = c->gain[i] - q->parent;
    out->column = c->column;
    out->bin = c->place[i];
    out->h = c->left_h[i];
    out->missing_left = missing ? missing_left : 2 * out->h > q->s->node->h;
}

static void vector_numeric(vector_search *q, vector_column *c, boosting_split *out) {
    const int absent = c->feature->n_bins;
    const bool missing = c->rows[absent] > 0;
    const int m = vector_places(q, c);
    int only = -1;
    if (m + missing < 2) return;
    if (q->s->rules->extra_random && (only = vector_threshold(q, c, missing)) < 0) return;
    if (missing) vector_sum(q, absent, absent + 1, c->missing_g, c->missing_h);
    for (int side = 0; side <= missing; side++) {
        const int n = missing && side == 0 ? m : m - 1; /* the last one leaves only missing values right */
        vector_gains(q, c, n, false, side == 1, q->s->rules->l2);
        const int i = vector_pick(q, c, n, only, out);
        if (i >= 0) vector_take(q, c, i, side == 1, out);
    }
}

/* --- categories --- */

typedef struct vector_level {
    double key;
    uint8_t code;
} vector_level;

static int vector_by_key(const void *a, const void *b) {
    const vector_level *const x = a, *const y = b;
    if (x->key != y->key) return x->key < y->key ? -1 : 1;
    return (x->code > y->code) - (x->code < y->code);
}

/* Mean gradients of a level, smoothed as for one output. */
static void vector_means(const vector_search *q, int code, double *mean) {
    double H[VECTOR_WIDTH];
    vector_sum(q, code, code + 1, mean, H);
    for (int k = 0; k < q->v->searched; k++) mean[k] /= H[k] + q->s->rules->cat_smooth;
}

/* The direction in which the n levels vary most, their rows as weights: power iteration on their covariance. */
static void vector_principal(const vector_search *q, const vector_column *c, const vector_level *level, int n,
                             double *axis) {
    const int K = q->v->searched;
    double cov[VECTOR_SEARCHED][VECTOR_SEARCHED] = {{0}}, mid[VECTOR_WIDTH] = {0}, x[VECTOR_WIDTH], rows = 0;
    for (int l = 0; l < n; l++) {
        const double weight = (double)c->rows[level[l].code];
        vector_means(q, level[l].code, x);
        for (int k = 0; k < K; k++) mid[k] += weight * x[k];
        rows += weight;
    }
    for (int l = 0; l < n; l++) {
        const double weight = (double)c->rows[level[l].code] / rows;
        vector_means(q, level[l].code, x);
        for (int k = 0; k < K; k++) x[k] -= mid[k] / rows;
        for (int j = 0; j < K; j++)
            for (int k = 0; k < K; k++) cov[j][k] += weight * x[j] * x[k];
    }
    int most = 0;
    for (int k = 1; k < K; k++) most = cov[k][k] > cov[most][most] ? k : most;
    memcpy(axis, cov[most], (size_t)K * sizeof *axis);
    for (int step = 0; step < PRINCIPAL_STEPS; step++) {
        double size = 0;
        for (int k = 0; k < K; k++) size = KEN_MAX(size, fabs(axis[k]));
        if (!(size > 0)) return;
        for (int j = 0; j < K; j++) {
            x[j] = 0;
            for (int k = 0; k < K; k++) x[j] += cov[j][k] * (axis[k] / size);
        }
        memcpy(axis, x, (size_t)K * sizeof *axis);
    }
}

/* Levels of the node in c->place: all, where they stand against the rest (*single), else those with enough
 * rows, in order. Returns how many. */
static int vector_levels(const vector_search *q, vector_column *c, bool *single) {
    vector_level level[PLACES];
    double axis[VECTOR_WIDTH], x[VECTOR_WIDTH];
    int n = 0, present = 0;
    for (int b = 0; b <= c->feature->n_bins; b++)
        if (c->rows[b] > 0) c->place[present++] = (uint8_t)b;
    *single = present <= q->s->rules->onehot;
    if (*single) return present;
    for (int i = 0; i < present; i++)
        if ((double)c->rows[c->place[i]] >= q->s->rules->cat_smooth) level[n++] = (vector_level){0, c->place[i]};
    if (n > 0) vector_principal(q, c, level, n, axis);
    for (int l = 0; l < n; l++) {
        vector_means(q, level[l].code, x);
        for (int k = 0; k < q->v->searched; k++) level[l].key += axis[k] * x[k];
    }
    qsort(level, (size_t)n, sizeof *level, vector_by_key);
    for (int l = 0; l < n; l++) c->place[l] = level[l].code;
    return n;
}

static void vector_take_category(const vector_search *q, const vector_column *c, int i, bool single,
                                 boosting_split *out) {
    const int missing = c->feature->n_bins;
    vector_take(q, c, i, false, out);
    out->bin = 0;
    out->category = true;
    for (int l = single ? i : 0; l <= i; l++) out->set[c->place[l] >> 5] |= UINT32_C(1) << (c->place[l] & 31);
    if (c->rows[missing] > 0) out->missing_left = out->set[missing >> 5] >> (missing & 31) & 1;
    if (out->missing_left) /* levels without training rows go where missing values go */
        out->set[missing >> 5] |= UINT32_C(1) << (missing & 31);
}

static void vector_category(vector_search *q, vector_column *c, boosting_split *out) {
    bool single;
    const int n = vector_levels(q, c, &single);
    const double l2 = q->s->rules->l2 + (single ? 0 : q->s->rules->cat_l2);
    const int only = q->s->rules->extra_random && n > 0 ? vector_draw(q, c, n) : -1;
    for (int end = 0; end < (single ? 1 : 2); end++) {
        vector_gains(q, c, n, single, false, l2);
        const int i = vector_pick(q, c, n, only, out);
        if (i >= 0) vector_take_category(q, c, i, single, out);
        for (int a = 0, z = n - 1; a < z; a++, z--) {
            const uint8_t swap = c->place[a];
            c->place[a] = c->place[z];
            c->place[z] = swap;
        }
    }
}

/* --- all columns --- */

void ken__vector_best_split(const boosting_search *s, const int32_t *columns, int begin, int end,
                            boosting_split *out) {
    vector_search q;
    vector_column c;
    memset(out, 0, sizeof *out);
    if (begin == end) return;
    vector_open(&q, s, columns, begin, end);
    for (int j = begin; j < end; j++) {
        vector_load(&q, columns ? columns[j] : j, &c);
        if (c.feature->n_bins + c.feature->has_missing < 2) continue;
        if (c.feature->category)
            vector_category(&q, &c, out);
        else
            vector_numeric(&q, &c, out);
    }
}

/* --- one question for all nodes of a level --- */

void ken__vector_order_levels(const boosting_search *s, int32_t column, boosting_level_order *out) {
    vector_search q;
    vector_column c;
    memset(out, 0, sizeof *out);
    if (!s->binned->feature[column].category) return;
    vector_open(&q, s, &column, 0, 1);
    vector_load(&q, column, &c);
    out->n = vector_levels(&q, &c, &out->single);
    memcpy(out->code, c.place, (size_t)out->n);
}

bool ken__vector_add_gains(const boosting_search *s, int32_t column, const boosting_level_order *order,
                           double *const sum[2]) {
    vector_search q;
    vector_column c;
    vector_open(&q, s, &column, 0, 1);
    vector_load(&q, column, &c);
    const int absent = c.feature->n_bins;
    const bool category = c.feature->category;
    const double l2 = s->rules->l2 + (category && !order->single ? s->rules->cat_l2 : 0);
    const int n = category ? order->n : absent;
    if (category)
        memcpy(c.place, order->code, (size_t)n);
    else
        for (int b = 0; b < n; b++) c.place[b] = (uint8_t)b;
    vector_sum(&q, absent, absent + 1, c.missing_g, c.missing_h);
    for (int side = 0; side < (category ? 1 : 2); side++) {
        const int m = side == 0 ? n : n - 1;
        vector_gains(&q, &c, m, category && order->single, side == 1, l2);
        for (int i = 0; i < m; i++) sum[side][i] += c.gain[i] >= 0 ? c.gain[i] - q.parent : 0;
    }
    return c.rows[absent] > 0;
}
