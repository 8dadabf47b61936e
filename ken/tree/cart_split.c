/* Exact splits: thresholds between neighbors, sets of levels in the order of their mean target. */
#include "ken/tree/cart_split.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ken/kernels/elementary.h"

enum { CART_AXIS_STEPS = 30 };

/* --- sums ------------------------------------------------------------------------------------- */

void cart_clear(const cart_job *job, cart_sums *s) {
    for (int32_t c = 0; c < job->data->k; c++) s->c[c] = 0;
    s->total = 0;
    s->weight = 0;
    s->rows = 0;
}

void cart_add(const cart_job *job, cart_sums *s, int32_t row) {
    const double w = job->weight ? job->weight[row] : 1.0;
    s->weight += w;
    s->rows++;
    if (job->target)
        s->total += job->target[row];
    else
        s->c[job->data->label[row]] += w;
}

/* to = all - part */
void cart_rest(const cart_job *job, const cart_sums *all, const cart_sums *part, cart_sums *to) {
    for (int32_t c = 0; c < job->data->k; c++) to->c[c] = all->c[c] - part->c[c];
    to->total = all->total - part->total;
    to->weight = all->weight - part->weight;
    to->rows = all->rows - part->rows;
}

static void cart_copy(const cart_job *job, const cart_sums *from, cart_sums *to) {
    memcpy(to->c, from->c, (size_t)job->data->k * sizeof(double));
    to->total = from->total;
    to->weight = from->weight;
    to->rows = from->rows;
}

void cart_move(const cart_job *job, cart_sums *left, cart_sums *right, int32_t row) {
    const double w = job->weight ? job->weight[row] : 1.0;
    left->weight += w;
    right->weight -= w;
    left->rows++;
    right->rows--;
    if (job->target) {
        left->total += job->target[row];
        right->total -= job->target[row];
    } else {
        left->c[job->data->label[row]] += w;
        right->c[job->data->label[row]] -= w;
    }
}

double cart_score(const cart_job *job, const cart_sums *s) {
    double sum = 0;
    if (!(s->weight > 0)) return 0;
    if (job->target) {
        const double total = (double)s->total * job->unit;
        return total * total / s->weight;
    }
    if (job->rules->criterion != KEN_ENTROPY) {
        for (int32_t c = 0; c < job->data->k; c++) sum += s->c[c] * s->c[c];
        return sum / s->weight;
    }
    for (int32_t c = 0; c < job->data->k; c++) /* - weight * entropy, in bits */
        if (s->c[c] > 0) sum += s->c[c] * ken_log2(s->c[c]);
    return sum - s->weight * ken_log2(s->weight);
}

/* Whether the cut between `left` and `right` beats the best so far. */
static bool cart_better(const cart_job *job, const cart_sums *left, const cart_sums *right,
                        double parent, cart_split *best) {
    const int64_t least = job->rules->min_leaf_rows;
    if (left->rows < least || right->rows < least) return false;
    const double gain = cart_score(job, left) + cart_score(job, right) - parent;
    if (best->column >= 0 && !(gain > best->gain)) return false;
    best->gain = gain;
    return true;
}

/* --- numbers ---------------------------------------------------------------------------------- */

double cart_midpoint(double low, double high) {
    const double mid = low / 2 + high / 2;
    return mid >= high || !(mid >= low) ? low : mid;
}

static cart_split cart_split_numeric(const cart_job *job, int32_t column, int64_t begin,
                                     int64_t end, const cart_sums *node, cart_worker *w) {
    const double *x = job->data->x + (int64_t)column * job->data->n;
    const int32_t *rows = job->order[column] + begin;
    const int64_t n = end - begin;
    const double parent = cart_score(job, node);
    cart_split best = {.column = -1};
    int64_t m = n; /* rows with a value; those without stand last */
    while (m > 0 && x[rows[m - 1]] != x[rows[m - 1]]) m--;
    for (int pass = 0; pass <= (m < n); pass++) {
        cart_clear(job, &w->left);
        for (int64_t i = m; pass && i < n; i++) cart_add(job, &w->left, rows[i]);
        cart_rest(job, node, &w->left, &w->right);
        for (int64_t i = 0; i < m; i++) {
            cart_move(job, &w->left, &w->right, rows[i]);
            const bool last = i + 1 == m; /* all values against the missing ones */
            if (last ? pass || m == n : !(x[rows[i + 1]] > x[rows[i]])) continue;
            if (!cart_better(job, &w->left, &w->right, parent, &best)) continue;
            best.column = column;
            best.missing_left = pass;
            best.threshold = last ? (double)INFINITY : cart_midpoint(x[rows[i]], x[rows[i + 1]]);
        }
    }
    return best;
}

/* --- sets of levels --------------------------------------------------------------------------- */

static int cart_compare_levels(const void *a, const void *b) {
    const cart_level *x = a, *y = b;
    if (x->key != y->key) return x->key < y->key ? -1 : 1;
    return (x->code > y->code) - (x->code < y->code);
}

/* Several classes: the levels' class shares are laid on their first principal axis (power steps
 * from the axis of the largest class). */
static void cart_principal_axis(const cart_job *job, const cart_worker *w, int32_t n,
                                const double *mean, double *axis, double *next) {
    const int32_t k = job->data->k;
    for (int32_t c = 0, top = 0; c < k; c++) {
        if (mean[c] > mean[top]) top = c;
        if (c == k - 1)
            for (int32_t b = 0; b < k; b++) axis[b] = (b == top) - 1.0 / k;
    }
    for (int step = 0; step < CART_AXIS_STEPS; step++) {
        double norm = 0;
        for (int32_t c = 0; c < k; c++) next[c] = 0;
        for (int32_t s = 0; s < n; s++) {
            double dot = 0;
            for (int32_t c = 0; c < k; c++)
                dot += axis[c] * (w->level_c[(int64_t)s * k + c] / w->level_weight[s] - mean[c]);
            for (int32_t c = 0; c < k; c++)
                next[c] += dot * (w->level_c[(int64_t)s * k + c] - w->level_weight[s] * mean[c]);
        }
        for (int32_t c = 0; c < k; c++) norm += next[c] * next[c];
        if (!(norm > 0)) return;
        norm = sqrt(norm);
        for (int32_t c = 0; c < k; c++) axis[c] = next[c] / norm;
    }
}

static void cart_level_keys(const cart_job *job, cart_worker *w, int32_t n) {
    const int32_t k = job->data->k;
    double *axis = w->axis, *mean = w->axis + 2 * k, total = 0;
    if (job->target) {
        for (int32_t s = 0; s < n; s++)
            w->level[s].key = (double)w->level_total[s] / w->level_weight[s];
        return;
    }
    axis[k - 1] = 1; /* two classes: the share of the second */
    for (int32_t c = 0; c + 1 < k; c++) axis[c] = 0;
    if (k > 2) {
        for (int32_t c = 0; c < k; c++) mean[c] = 0;
        for (int32_t s = 0; s < n; s++) {
            total += w->level_weight[s];
            for (int32_t c = 0; c < k; c++) mean[c] += w->level_c[(int64_t)s * k + c];
        }
        for (int32_t c = 0; c < k; c++) mean[c] /= total;
        cart_principal_axis(job, w, n, mean, axis, w->axis + k);
    }
    for (int32_t s = 0; s < n; s++) {
        double key = 0;
        for (int32_t c = 0; c < k; c++) key += axis[c] * w->level_c[(int64_t)s * k + c];
        w->level[s].key = key / w->level_weight[s];
    }
}

int32_t cart_order_levels(const cart_job *job, int32_t column, int64_t begin, int64_t end,
                          int worker) {
    const ken_tree_data *d = job->data;
    const double *x = d->x + (int64_t)column * d->n;
    const int32_t *rows = job->order[d->d];
    cart_worker *w = &job->worker[worker];
    int32_t n = 0;
    cart_clear(job, &w->missing);
    for (int64_t i = begin; i < end; i++) {
        const int32_t row = rows[i];
        if (x[row] != x[row]) {
            cart_add(job, &w->missing, row);
            continue;
        }
        const int32_t code = (int32_t)x[row];
        if (w->slot_of[code] < 0) {
            w->slot_of[code] = n;
            w->level[n] = (cart_level){0, n, code};
            memset(w->level_c + (int64_t)n * d->k, 0, (size_t)d->k * sizeof(double));
            w->level_weight[n] = 0;
            w->level_total[n] = 0;
            w->level_rows[n++] = 0;
        }
        const int32_t s = w->slot_of[code];
        cart_sums sums = {w->level_c + (int64_t)s * d->k, w->level_total[s], w->level_weight[s],
                          w->level_rows[s]};
        cart_add(job, &sums, row);
        w->level_total[s] = sums.total;
        w->level_weight[s] = sums.weight;
        w->level_rows[s] = sums.rows;
    }
    for (int32_t s = 0; s < n; s++) w->slot_of[w->level[s].code] = -1;
    cart_level_keys(job, w, n);
    qsort(w->level, (size_t)n, sizeof *w->level, cart_compare_levels);
    return n;
}

static void cart_join(const cart_job *job, const cart_worker *w, int32_t slot, cart_sums *s) {
    for (int32_t c = 0; c < job->data->k; c++)
        s->c[c] += w->level_c[(int64_t)slot * job->data->k + c];
    s->total += w->level_total[slot];
    s->weight += w->level_weight[slot];
    s->rows += w->level_rows[slot];
}

static cart_split cart_split_levels(const cart_job *job, int32_t column, int64_t begin, int64_t end,
                                    const cart_sums *node, int worker) {
    cart_worker *w = &job->worker[worker];
    const int32_t n = cart_order_levels(job, column, begin, end, worker);
    const double parent = cart_score(job, node);
    const bool some_missing = w->missing.rows > 0;
    cart_split best = {.column = -1};
    for (int pass = 0; pass <= some_missing; pass++) {
        cart_clear(job, &w->left);
        if (pass) cart_copy(job, &w->missing, &w->left);
        for (int32_t i = 0; i < n; i++) {
            cart_join(job, w, w->level[i].slot, &w->left);
            if (i + 1 == n && (pass || !some_missing)) continue;
            cart_rest(job, node, &w->left, &w->right);
            if (!cart_better(job, &w->left, &w->right, parent, &best)) continue;
            best.column = column;
            best.missing_left = pass;
            best.prefix = i + 1;
        }
    }
    return best;
}

cart_split cart_best_split(const cart_job *job, int32_t column, int64_t begin, int64_t end,
                           const cart_sums *node, int worker) {
    if (job->data->levels[column]) return cart_split_levels(job, column, begin, end, node, worker);
    return cart_split_numeric(job, column, begin, end, node, &job->worker[worker]);
}
