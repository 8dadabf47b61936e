/* Forced splits: a node's question is given; only which way missing values go is found. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "ken/boosting/boosting_grower.h"
#include "ken/boosting/boosting_vector.h"

typedef struct force_sums {
    int64_t g, h, rows;
} force_sums;

/* Rows of the node with codes <= bin, those with missing values. */
static void force_sum(const boosting_grower *w, const boosting_node *node, const boosting_forced *f,
                      force_sums *low, force_sums *missing) {
    const uint8_t *const code = w->binned->by_column + (int64_t)f->column * w->n_train;
    const uint32_t *const rows = w->rows[node->buffer];
    const uint64_t *const gh = w->gh[node->buffer];
    const uint64_t mask = (UINT64_C(1) << w->scale->shift) - 1;
    for (int64_t i = node->begin; i < node->end; i++) {
        const int c = code[rows[i]];
        const bool absent = c == w->binned->feature[f->column].n_bins;
        if (!absent && c > f->bin) continue;
        force_sums *const to = absent ? missing : low;
        to->g += (int64_t)gh[i] >> w->scale->shift;
        to->h += (int64_t)(gh[i] & mask);
        to->rows++;
    }
}

/* -infinity where a side would be below the limits. */
static double force_gain(const boosting_grower *w, const boosting_node *node, const force_sums *left) {
    const boosting_rules *const r = w->rules;
    const double ug = 1 / w->scale->scale_g, uh = 1 / w->scale->scale_h;
    const int64_t rows = node->end - node->begin - left->rows, h = node->h - left->h, g = node->g - left->g;
    const double least = KEN_MAX(r->min_rows, 1);
    if ((double)left->rows < least || (double)rows < least || (double)left->h * uh < r->min_weight ||
        (double)h * uh < r->min_weight)
        return -(double)INFINITY;
    return ken__boosting_score(r, (double)left->g * ug, (double)left->h * uh) +
           ken__boosting_score(r, (double)g * ug, (double)h * uh) -
           ken__boosting_score(r, (double)node->g * ug, (double)node->h * uh);
}

/* The same with several outputs, where the limits allow it: missing values right, left. */
static void force_vector(const boosting_grower *w, const boosting_node *node, const boosting_forced *f,
                         double gain[2]) {
    enum { LOW, ABSENT, HIGH, PARTS };
    const boosting_vector *const v = w->rules->vector;
    const uint8_t *const code = w->binned->by_column + (int64_t)f->column * w->n_train;
    const uint32_t *const rows = w->rows[node->buffer];
    const uint64_t mask = (UINT64_C(1) << w->scale->shift) - 1;
    int64_t g[PARTS][VECTOR_WIDTH] = {{0}}, h[PARTS][VECTOR_WIDTH] = {{0}};
    for (int64_t i = node->begin; i < node->end; i++) {
        const int c = code[rows[i]];
        const int part = c == w->binned->feature[f->column].n_bins ? ABSENT : c <= f->bin ? LOW : HIGH;
        for (int k = 0; k < v->searched; k++) {
            const uint64_t word = v->words[rows[i] * (int64_t)v->width + k];
            g[part][k] += (int64_t)word >> w->scale->shift;
            h[part][k] += (int64_t)(word & mask);
        }
    }
    for (int side = 0; side < 2; side++) {
        double sum = 0;
        for (int k = 0; k < v->searched; k++) {
            const int64_t left_g = g[LOW][k] + (side ? g[ABSENT][k] : 0), left_h = h[LOW][k] + (side ? h[ABSENT][k] : 0);
            const int64_t all_g = g[LOW][k] + g[ABSENT][k] + g[HIGH][k], all_h = h[LOW][k] + h[ABSENT][k] + h[HIGH][k];
            const double ug = v->unit_g[k], uh = v->unit_h[k];
            sum += ken__boosting_score(w->rules, (double)left_g * ug, (double)left_h * uh) +
                   ken__boosting_score(w->rules, (double)(all_g - left_g) * ug, (double)(all_h - left_h) * uh) -
                   ken__boosting_score(w->rules, (double)all_g * ug, (double)all_h * uh);
        }
        if (gain[side] > -(double)INFINITY) gain[side] = sum;
    }
}

void ken__grow_force(const boosting_grower *w, boosting_node *node) {
    if (node->forced == 0) return;
    const boosting_forced *const f = &w->rules->forced[node->forced - 1];
    force_sums side[2] = {{0}}, missing = {0};
    force_sum(w, node, f, &side[0], &missing);
    side[1] = (force_sums){side[0].g + missing.g, side[0].h + missing.h, side[0].rows + missing.rows};
    double gain[2] = {force_gain(w, node, &side[0]), force_gain(w, node, &side[1])};
    if (w->rules->vector) force_vector(w, node, f, gain);
    const int best = gain[1] > gain[0];
    if (!(gain[best] > -(double)INFINITY)) {
        node->forced = 0;
        return;
    }
    memset(&node->split, 0, sizeof node->split);
    node->split.gain = KEN_MAX(gain[best], DBL_MIN); /* it may well be none; 0 means no split */
    node->split.column = f->column;
    node->split.bin = f->bin;
    node->split.g = side[best].g;
    node->split.h = side[best].h;
    node->split.missing_left = missing.rows > 0 ? best : 2 * side[0].h > node->h;
}
