/* Growth of one exact tree. Read cart_split.c for how a split is found, cart_prune.c for what is
 * done afterwards. */
#include "ken/tree/cart_grow.h"

#include <math.h>
#include <string.h>

#include "ken/core/alloc.h"
#include "ken/core/rng.h"
#include "ken/core/threads.h"
#include "ken/stats/stats_sort.h"
#include "ken/tree/cart_split.h"

enum {
    CART_PARALLEL_CELLS = 30000, /* rows times columns from which a node is worth the threads */
    CART_MAX_WORDS = 1 << 24     /* of sets of levels in one tree; beyond, no more such splits */
};

/* A leaf that can be split, and how. */
typedef struct cart_pending {
    int32_t node, depth;
    int64_t begin, end;
    cart_split split;
} cart_pending;

struct cart_growth {
    ken_ctx *ctx;
    cart_job job;
    ken_cart *tree;
    cart_sums sums; /* of the node being made */
    int32_t **order;
    int32_t *spare;        /* (threads, n): right sides during partition */
    uint8_t *goes_left;    /* (n) */
    int32_t *columns;      /* (d) in the order in which they are looked at */
    cart_split *found;     /* (d) */
    cart_pending *pending; /* a stack, or with max_leaves a heap by gain */
    size_t n_pending, pending_capacity;
    int64_t begin, end; /* the node that workers look at */
    int64_t first_column;
    int64_t n_rows, leaves;
    double total_weight, center;
};
typedef struct cart_growth cart_growth;

void ken_cart_free(ken_ctx *ctx, ken_cart *tree) {
    ken_free(ctx, tree->node);
    ken_free(ctx, tree->value);
    ken_free(ctx, tree->bits);
    memset(tree, 0, sizeof *tree);
}

/* --- pending leaves --------------------------------------------------------------------------- */

static bool cart_before(const cart_pending *a, const cart_pending *b) {
    if (a->split.gain != b->split.gain) return a->split.gain > b->split.gain;
    return a->node < b->node;
}

static ken_status cart_push(cart_growth *g, cart_pending p) {
    if (g->n_pending == g->pending_capacity) {
        const size_t next = ken_next_capacity(g->pending_capacity, g->n_pending + 1);
        KEN_TRY(ken_grow(g->ctx, (void **)&g->pending, g->pending_capacity, next, sizeof p));
        g->pending_capacity = next;
    }
    size_t i = g->n_pending++;
    while (g->job.rules->max_leaves && i > 0 && cart_before(&p, &g->pending[(i - 1) / 2])) {
        g->pending[i] = g->pending[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    g->pending[i] = p;
    return KEN_OK;
}

static cart_pending cart_pop(cart_growth *g) {
    if (!g->job.rules->max_leaves) return g->pending[--g->n_pending];
    const cart_pending top = g->pending[0], last = g->pending[--g->n_pending];
    size_t i = 0;
    for (;;) {
        size_t child = 2 * i + 1;
        if (child >= g->n_pending) break;
        if (child + 1 < g->n_pending && cart_before(&g->pending[child + 1], &g->pending[child]))
            child++;
        if (!cart_before(&g->pending[child], &last)) break;
        g->pending[i] = g->pending[child];
        i = child;
    }
    g->pending[i] = last;
    return top;
}

/* --- finding splits --------------------------------------------------------------------------- */

static void cart_find_columns(void *arg, int64_t begin, int64_t end, int worker) {
    cart_growth *g = arg;
    for (int64_t k = begin; k < end; k++) {
        const int32_t column = g->columns[g->first_column + k];
        g->found[column] = cart_best_split(&g->job, column, g->begin, g->end, &g->sums, worker);
    }
}

/* Look at n columns of the list from first_column on. */
static ken_status cart_find_some(cart_growth *g, int64_t first, int64_t n, cart_split *best) {
    g->first_column = first;
    const int64_t grain = (g->end - g->begin) * n < CART_PARALLEL_CELLS ? n : 1;
    KEN_TRY(ken_parallel(g->ctx, n, grain, cart_find_columns, g));
    for (int64_t k = 0; k < n; k++) {
        const int32_t column = g->columns[first + k];
        const cart_split *s = &g->found[column];
        if (s->column < 0) continue;
        if (best->column < 0 || s->gain > best->gain ||
            (s->gain == best->gain && s->column < best->column))
            *best = *s;
    }
    return KEN_OK;
}

/* The best split of rows [begin, end); column -1: none. With column_fraction < 1 a random part of
 * the columns, and one more after another as long as none of them can split. */
static ken_status cart_find(cart_growth *g, int32_t node, cart_split *best) {
    const int32_t d = g->job.data->d;
    int64_t n = (int64_t)ceil(g->job.rules->column_fraction * d - 1e-9);
    n = KEN_MIN(KEN_MAX(n, 1), d);
    best->column = -1;
    for (int32_t j = 0; j < d; j++) g->columns[j] = j;
    if (d == 0) return KEN_OK;
    if (n < d) {
        ken_rng rng = ken_rng_stream(g->ctx, "tree.columns", (uint64_t)node);
        for (int32_t j = 0; j + 1 < d; j++) {
            const int32_t other = j + (int32_t)ken_rng_below(&rng, (uint64_t)(d - j));
            const int32_t column = g->columns[other];
            g->columns[other] = g->columns[j];
            g->columns[j] = column;
        }
    }
    KEN_TRY(cart_find_some(g, 0, n, best));
    for (; best->column < 0 && n < d; n++) KEN_TRY(cart_find_some(g, n, 1, best));
    return KEN_OK;
}

/* --- nodes ------------------------------------------------------------------------------------ */

static bool cart_pure(const cart_growth *g) {
    const ken_tree_data *d = g->job.data;
    const int32_t *rows = g->order[d->d];
    int32_t classes = 0;
    if (d->label) {
        for (int32_t c = 0; c < d->k; c++) classes += g->sums.c[c] > 0;
        return classes < 2;
    }
    for (int64_t i = g->begin + 1; i < g->end; i++)
        if (d->y[rows[i]] != d->y[rows[g->begin]]) return false;
    return true;
}

static ken_status cart_reserve_node(cart_growth *g) {
    ken_cart *t = g->tree;
    if ((size_t)t->n < t->node_capacity) return KEN_OK;
    const size_t next = ken_next_capacity(t->node_capacity, (size_t)t->n + 1);
    KEN_TRY(ken_grow(g->ctx, (void **)&t->value, t->node_capacity * (size_t)t->width,
                     next * (size_t)t->width, sizeof(double)));
    KEN_TRY(ken_grow(g->ctx, (void **)&t->node, t->node_capacity, next, sizeof *t->node));
    t->node_capacity = next;
    return KEN_OK;
}

static ken_status cart_new_node(cart_growth *g) {
    ken_cart *t = g->tree;
    const ken_tree_data *d = g->job.data;
    const double w = g->sums.weight;
    KEN_TRY(cart_reserve_node(g));
    t->node[t->n] = (ken_cart_node){.feature = -1, .category = -1, .cover = w};
    double *value = t->value + (int64_t)t->n * t->width, sum = 0;
    if (d->label && t->width == 1) value[0] = d->k > 1 ? g->sums.c[1] / w : 1;
    for (int32_t c = 0; t->width > 1 && c < d->k; c++) value[c] = g->sums.c[c] / w;
    for (int64_t i = g->begin; d->y && i < g->end; i++) {
        const int32_t row = g->order[d->d][i];
        sum += (g->job.weight ? g->job.weight[row] : 1.0) * (d->y[row] - g->center);
    }
    if (d->y) value[0] = g->center + sum / w;
    t->n++;
    return KEN_OK;
}

/* A new node of rows [begin, end): its sums and value; if it can be split it becomes pending. */
static ken_status cart_make(cart_growth *g, int64_t begin, int64_t end, int32_t depth) {
    const ken_cart_rules *r = g->job.rules;
    const int32_t *rows = g->order[g->job.data->d];
    cart_pending p = {g->tree->n, depth, begin, end, {.column = -1}};
    g->begin = begin;
    g->end = end;
    cart_clear(&g->job, &g->sums);
    for (int64_t i = begin; i < end; i++) cart_add(&g->job, &g->sums, rows[i]);
    KEN_TRY(cart_new_node(g));
    if (end - begin < KEN_MAX(r->min_split_rows, 2 * r->min_leaf_rows) || end - begin < 2 ||
        (r->max_depth && depth >= r->max_depth) || cart_pure(g))
        return KEN_OK;
    KEN_TRY(cart_find(g, p.node, &p.split));
    /* a gain of rounding errors is none, and a gain below nothing is one of them */
    p.split.gain = KEN_MAX(p.split.gain, 0);
    if (p.split.column < 0 || p.split.gain / g->total_weight + 2e-16 < r->min_gain) return KEN_OK;
    return cart_push(g, p);
}

/* --- splitting -------------------------------------------------------------------------------- */

/* The set of levels of a split; levels that the node has not seen follow the missing ones. */
static ken_status cart_write_set(cart_growth *g, const cart_pending *p, bool missing_left) {
    ken_cart *t = g->tree;
    ken_cart_node *node = &t->node[p->node];
    const cart_level *level = g->job.worker[0].level;
    const int32_t n = cart_order_levels(&g->job, p->split.column, p->begin, p->end, 0);
    int32_t top = missing_left ? g->job.data->levels[p->split.column] - 1 : 0;
    for (int32_t i = 0; i < p->split.prefix; i++) top = KEN_MAX(top, level[i].code);
    const int32_t words = top / 32 + 1;
    if ((size_t)(t->n_bits + words) > t->bits_capacity) {
        const size_t next = ken_next_capacity(t->bits_capacity, (size_t)(t->n_bits + words));
        KEN_TRY(ken_grow(g->ctx, (void **)&t->bits, t->bits_capacity, next, sizeof *t->bits));
        t->bits_capacity = next;
    }
    uint32_t *bits = (uint32_t *)t->bits + t->n_bits;
    for (int32_t k = 0; k < words; k++) bits[k] = missing_left ? UINT32_MAX : 0;
    for (int32_t i = 0; i < n; i++) {
        const uint32_t bit = 1u << (level[i].code & 31);
        if (level[i].code > top) continue;
        if (i < p->split.prefix)
            bits[level[i].code >> 5] |= bit;
        else
            bits[level[i].code >> 5] &= ~bit;
    }
    node->category = (int32_t)t->n_bits;
    node->category_words = words;
    t->n_bits += words;
    return KEN_OK;
}

static bool cart_row_left(const cart_growth *g, const ken_cart_node *node, int32_t row) {
    const double x = g->job.data->x[(int64_t)node->feature * g->job.data->n + row];
    if (x != x) return node->missing_left;
    if (node->category < 0) return x <= node->threshold;
    const uint32_t c = (uint32_t)x;
    return c < 32u * (uint32_t)node->category_words &&
           ((uint32_t)g->tree->bits[node->category + (int32_t)(c >> 5)] >> (c & 31) & 1);
}

/* Where no row was missing, missing values will go where most of the weight goes. */
static bool cart_missing_seen(const cart_growth *g, const cart_pending *p) {
    const int32_t *rows = g->order[g->job.data->d];
    const double *x = g->job.data->x + (int64_t)p->split.column * g->job.data->n;
    for (int64_t i = p->begin; i < p->end; i++)
        if (x[rows[i]] != x[rows[i]]) return true;
    return false;
}

static void cart_partition(void *arg, int64_t begin, int64_t end, int worker) {
    cart_growth *g = arg;
    int32_t *spare = g->spare + (int64_t)worker * g->n_rows;
    for (int64_t j = begin; j < end; j++) {
        int32_t *rows = g->order[j];
        if (!rows) continue;
        int64_t left = g->begin, right = 0;
        for (int64_t i = g->begin; i < g->end; i++) {
            const int32_t row = rows[i];
            const bool goes_left = g->goes_left[row];
            rows[left] = row;
            spare[right] = row;
            left += goes_left;
            right += !goes_left;
        }
        memcpy(rows + left, spare, (size_t)right * sizeof *rows);
    }
}

/* Which rows go left; how many. */
static int64_t cart_mark(cart_growth *g, const cart_pending *p, double *weight_left) {
    const int32_t *rows = g->order[g->job.data->d];
    const double *weight = g->job.weight;
    int64_t n_left = 0;
    *weight_left = 0;
    for (int64_t i = p->begin; i < p->end; i++) {
        const bool left = cart_row_left(g, &g->tree->node[p->node], rows[i]);
        g->goes_left[rows[i]] = left;
        n_left += left;
        if (left) *weight_left += weight ? weight[rows[i]] : 1.0;
    }
    return n_left;
}

static ken_status cart_split_node(cart_growth *g, const cart_pending *p) {
    ken_cart_node *node = &g->tree->node[p->node];
    const bool category = g->job.data->levels[p->split.column] > 0;
    const bool seen = cart_missing_seen(g, p);
    double weight_left = 0;
    node->missing_left = p->split.missing_left;
    node->feature = p->split.column;
    node->threshold = p->split.threshold;
    node->gain = p->split.gain;
    if (category) KEN_TRY(cart_write_set(g, p, p->split.missing_left));
    int64_t n_left = cart_mark(g, p, &weight_left);
    if (!seen && weight_left > node->cover / 2) {
        node->missing_left = 1;
        if (category) {
            g->tree->n_bits = node->category; /* write it again, levels never seen to the left */
            KEN_TRY(cart_write_set(g, p, true));
        }
    }
    if (n_left == 0 || n_left == p->end - p->begin)
        return KEN_FAIL(g->ctx, KEN_E_BUG, NULL, "tree: a split leaves one side empty");
    g->begin = p->begin;
    g->end = p->end;
    const int64_t lists = g->job.data->d + 1;
    const int64_t grain = (p->end - p->begin) * lists < CART_PARALLEL_CELLS ? lists : 1;
    KEN_TRY(ken_parallel(g->ctx, lists, grain, cart_partition, g));
    node->left = g->tree->n;
    KEN_TRY(cart_make(g, p->begin, p->begin + n_left, p->depth + 1));
    g->tree->node[p->node].right = g->tree->n;
    return cart_make(g, p->begin + n_left, p->end, p->depth + 1);
}

/* --- set-up ----------------------------------------------------------------------------------- */

typedef struct cart_sort {
    cart_growth *g;
    double *x, *tmp;          /* (threads, n) */
    int32_t *row, *row_tmp;
} cart_sort;

/* Missing last; equal values in the order of the rows. */
static void cart_sort_columns(void *arg, int64_t begin, int64_t end, int worker) {
    const cart_sort *s = arg;
    const cart_growth *g = s->g;
    const ken_tree_data *d = g->job.data;
    const int64_t at = (int64_t)worker * g->n_rows;
    double *x = s->x + at;
    int32_t *row = s->row + at;
    for (int64_t j = begin; j < end; j++) {
        int64_t n = 0, last = g->n_rows;
        if (!g->order[j]) continue;
        for (int64_t i = 0; i < g->n_rows; i++) {
            row[n] = g->order[d->d][i];
            x[n] = d->x[j * d->n + row[n]] + 0.0; /* -0 is 0 */
            n += x[n] == x[n];
        }
        ken_sort_f64_index(x, row, n, s->tmp + at, s->row_tmp + at);
        memcpy(g->order[j], row, (size_t)n * sizeof *row);
        for (int64_t i = g->n_rows - 1; last > n; i--) {
            const int32_t r = g->order[d->d][i];
            const double value = d->x[j * d->n + r];
            if (value != value) g->order[j][--last] = r;
        }
    }
}

static ken_status cart_sort_all(cart_growth *g) {
    const ken_mark mark = ken_scratch_mark(g->ctx);
    const int64_t n = g->n_rows * ken_ctx_threads(g->ctx);
    cart_sort sort = {.g = g};
    ken_status status = KEN_SCRATCH(g->ctx, double, n, &sort.x);
    if (status == KEN_OK) status = KEN_SCRATCH(g->ctx, double, n, &sort.tmp);
    if (status == KEN_OK) status = KEN_SCRATCH(g->ctx, int32_t, n, &sort.row);
    if (status == KEN_OK) status = KEN_SCRATCH(g->ctx, int32_t, n, &sort.row_tmp);
    if (status == KEN_OK)
        status = ken_parallel(g->ctx, g->job.data->d, 1, cart_sort_columns, &sort);
    ken_scratch_release(g->ctx, mark);
    return status;
}

/* Rows of weight 0 are as good as not there. */
static ken_status cart_list_rows(cart_growth *g) {
    const ken_tree_data *d = g->job.data;
    double sum = 0;
    KEN_TRY(KEN_SCRATCH(g->ctx, int32_t *, (int64_t)d->d + 1, &g->order));
    KEN_TRY(KEN_SCRATCH(g->ctx, int32_t, d->n, &g->order[d->d]));
    for (int32_t i = 0; i < d->n; i++) {
        const double w = d->weight ? d->weight[i] : 1.0;
        if (!(w > 0)) continue;
        g->order[d->d][g->n_rows++] = i;
        g->total_weight += w;
        if (d->y) sum += w * d->y[i];
    }
    if (g->n_rows == 0)
        return KEN_FAIL(g->ctx, KEN_E_VALUE, "give some row a weight above 0",
                        "tree: no row has a weight above 0");
    if (d->y) g->center = sum / g->total_weight;
    for (int32_t j = 0; j < d->d; j++) {
        g->order[j] = NULL;
        if (!d->levels[j]) KEN_TRY(KEN_SCRATCH(g->ctx, int32_t, g->n_rows, &g->order[j]));
    }
    return KEN_OK;
}

/* Weights as multiples of a power of two whose sum is below 2^52 such multiples: sums are exact,
 * and whole weights stay as they are. */
static ken_status cart_round_weights(cart_growth *g) {
    const ken_tree_data *d = g->job.data;
    double *weight = NULL;
    int bits = 0;
    if (!d->weight) return KEN_OK;
    KEN_TRY(KEN_SCRATCH(g->ctx, double, d->n, &weight));
    frexp(g->total_weight, &bits);
    for (int32_t i = 0; i < d->n; i++) {
        const double units = nearbyint(ldexp(d->weight[i], 51 - bits));
        weight[i] = d->weight[i] > 0 ? ldexp(KEN_MAX(units, 1), bits - 51) : 0;
    }
    g->job.weight = weight;
    g->total_weight = 0;
    for (int64_t i = 0; i < g->n_rows; i++) g->total_weight += weight[g->order[d->d][i]];
    return KEN_OK;
}

/* Targets as whole numbers of a unit so small that their sum just stays below 2^61. A whole weight
 * multiplies the rounded target, as a repeated row would. */
static ken_status cart_round_targets(cart_growth *g) {
    const ken_tree_data *d = g->job.data;
    int64_t *target = NULL;
    double sum = 0;
    int bits = 0;
    if (!d->y) return KEN_OK;
    KEN_TRY(KEN_SCRATCH(g->ctx, int64_t, d->n, &target));
    for (int64_t i = 0; i < g->n_rows; i++) {
        const int32_t row = g->order[d->d][i];
        const double w = g->job.weight ? g->job.weight[row] : 1.0;
        sum += KEN_MAX(w, 1) * fabs(d->y[row] - g->center);
    }
    frexp(sum, &bits);
    for (int64_t i = 0; i < g->n_rows; i++) {
        const int32_t row = g->order[d->d][i];
        const double w = g->job.weight ? g->job.weight[row] : 1.0;
        const double units = nearbyint(ldexp(d->y[row] - g->center, 60 - bits));
        target[row] = w == floor(w) && w < 0x1p60 ? (int64_t)w * (int64_t)units
                                                  : (int64_t)nearbyint(w * units);
    }
    g->job.target = target;
    g->job.unit = ldexp(1, bits - 60);
    return KEN_OK;
}

static ken_status cart_new_sums(cart_growth *g, cart_sums *s) {
    return KEN_SCRATCH(g->ctx, double, g->job.data->k, &s->c);
}

static ken_status cart_new_workers(cart_growth *g) {
    const ken_tree_data *d = g->job.data;
    const int threads = ken_ctx_threads(g->ctx);
    int64_t most = 0;
    for (int32_t j = 0; j < d->d; j++) most = KEN_MAX(most, d->levels[j]);
    KEN_TRY(KEN_SCRATCH(g->ctx, cart_worker, threads, &g->job.worker));
    for (int t = 0; t < threads; t++) {
        cart_worker *w = &g->job.worker[t];
        const int64_t present = KEN_MIN(most, g->n_rows);
        KEN_TRY(cart_new_sums(g, &w->left));
        KEN_TRY(cart_new_sums(g, &w->right));
        KEN_TRY(cart_new_sums(g, &w->missing));
        KEN_TRY(KEN_SCRATCH(g->ctx, int32_t, most, &w->slot_of));
        KEN_TRY(KEN_SCRATCH(g->ctx, cart_level, present, &w->level));
        KEN_TRY(KEN_SCRATCH(g->ctx, double, present * d->k, &w->level_c));
        KEN_TRY(KEN_SCRATCH(g->ctx, int64_t, present, &w->level_total));
        KEN_TRY(KEN_SCRATCH(g->ctx, double, present, &w->level_weight));
        KEN_TRY(KEN_SCRATCH(g->ctx, int32_t, present, &w->level_rows));
        KEN_TRY(KEN_SCRATCH(g->ctx, double, 3 * (int64_t)d->k, &w->axis));
        for (int64_t c = 0; c < most; c++) w->slot_of[c] = -1;
    }
    return cart_new_sums(g, &g->sums);
}

static ken_status cart_prepare(cart_growth *g) {
    const ken_tree_data *d = g->job.data;
    KEN_TRY(cart_list_rows(g));
    KEN_TRY(cart_round_weights(g));
    KEN_TRY(cart_round_targets(g));
    KEN_TRY(cart_new_workers(g));
    KEN_TRY(KEN_SCRATCH(g->ctx, int32_t, g->n_rows *ken_ctx_threads(g->ctx), &g->spare));
    KEN_TRY(KEN_SCRATCH(g->ctx, uint8_t, d->n, &g->goes_left));
    KEN_TRY(KEN_SCRATCH(g->ctx, int32_t, d->d, &g->columns));
    KEN_TRY(KEN_SCRATCH(g->ctx, cart_split, d->d, &g->found));
    g->job.order = g->order;
    return cart_sort_all(g);
}

/* Mean impurity of the root: what pruning's prices are counted from. */
static double cart_root_impurity(const cart_growth *g) {
    const ken_tree_data *d = g->job.data;
    double sum = 0;
    if (d->label) {
        const double all = g->job.rules->criterion == KEN_ENTROPY ? 0 : g->sums.weight;
        return (all - cart_score(&g->job, &g->sums)) / g->total_weight;
    }
    for (int64_t i = 0; i < g->n_rows; i++) {
        const int32_t row = g->order[d->d][i];
        const double off = d->y[row] - g->center;
        sum += (g->job.weight ? g->job.weight[row] : 1.0) * off * off;
    }
    return sum / g->total_weight;
}

ken_status ken_cart_grow_begin(ken_ctx *ctx, const ken_tree_data *data, const ken_cart_rules *rules,
                               ken_cart *out, ken_cart_growth **growth) {
    cart_growth *g;
    *growth = NULL;
    memset(out, 0, sizeof *out);
    KEN_TRY(KEN_SCRATCH(ctx, cart_growth, 1, &g));
    *g = (cart_growth){.ctx = ctx, .tree = out, .job = {.data = data, .rules = rules}, .leaves = 1};
    *growth = g;
    out->width = data->k > 2 ? data->k : 1;
    KEN_TRY(cart_prepare(g));
    KEN_TRY(cart_make(g, 0, g->n_rows, 0));
    g->begin = 0, g->end = g->n_rows;
    out->root_impurity = cart_root_impurity(g);
    return KEN_OK;
}

ken_status ken_cart_grow_step(ken_cart_growth *g, bool *done) {
    const int64_t limit = g->job.rules->max_leaves ? g->job.rules->max_leaves : INT64_MAX;
    for (bool split = false; !split && g->n_pending > 0 && g->leaves < limit;) {
        const cart_pending p = cart_pop(g);
        const bool category = g->job.data->levels[p.split.column] > 0;
        if (category && g->tree->n_bits > CART_MAX_WORDS) continue;
        KEN_TRY(cart_split_node(g, &p));
        g->tree->gained += p.split.gain;
        g->leaves++;
        split = true;
    }
    *done = g->n_pending == 0 || g->leaves >= limit;
    return KEN_OK;
}

void ken__cart_root(const ken_cart_growth *g, const cart_job **job, const cart_sums **sums,
                    int64_t *n_rows, double *center) {
    *job = &g->job, *sums = &g->sums, *n_rows = g->n_rows, *center = g->center;
}

void ken_cart_grow_end(ken_cart_growth *g) {
    if (g) ken_free(g->ctx, g->pending);
}
