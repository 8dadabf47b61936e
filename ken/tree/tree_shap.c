/* Contributions of columns. The formula stands in the header; here it is carried through the tree.
 */
#include "ken/tree/tree_shap.h"

#include <math.h>
#include <string.h>

#include "ken/core/alloc.h"
#include "ken/core/threads.h"
#include "ken/kernels/elementary.h"
#include "ken/kernels/kernels.h"
#include "ken/tree/tree_linear.h"

enum {
    SHAP_ROWS = 64,             /* rows that go down together */
    SHAP_LANES = 8,             /* points come in multiples of this */
    SHAP_LEVEL_BYTES = 32 << 20 /* scratch of a thread; deeper trees take fewer rows at once */
};

void ken_gauss_legendre(int m, double *t, double *w) {
    for (int i = 0; i < m; i++) {
        double x = ken_cos(3.14159265358979323846 * (i + 0.75) / (m + 0.5)), slope = 1;
        for (int step = 0; step < 100; step++) {
            double p = 1, q = 0; /* Legendre polynomials of degree k and k - 1 at x */
            for (int k = 1; k <= m; k++) {
                const double r = ((2 * k - 1) * x * p - (k - 1) * q) / k;
                q = p;
                p = r;
            }
            slope = m * (x * p - q) / (x * x - 1);
            const double move = p / slope;
            x -= move;
            if (fabs(move) < 1e-16) break;
        }
        t[m - 1 - i] = (1 + x) / 2;
        w[m - 1 - i] = 1 / ((1 - x * x) * slope * slope);
    }
}

/* --- plan: what does not depend on the row ---------------------------------------------------- */

/* The edge into a node. */
typedef struct shap_edge {
    double z;         /* product of cover shares of the splits on this column, from the root */
    int32_t ancestor; /* the last edge on the same column above (its lower node), -1: none */
    int32_t depth;
} shap_edge;

typedef struct shap_plan {
    const ken_ensemble *e;
    const ken_table *X;
    const ken_kernels *kernels;
    double *out;
    shap_edge *edge;  /* (nodes) */
    double *expected; /* (trees, width) mean of the leaves by cover */
    int32_t m;        /* points, a multiple of SHAP_LANES */
    int32_t rows;     /* rows at a time */
    double *t, *w;    /* (m) */
    double *x;        /* (threads, inputs, rows) */
    double *path;     /* (threads, depth + 1, rows, m) products of factors */
    double *sum;      /* (threads, depth + 1, rows, m) leaf values times products, summed */
    uint8_t *one;     /* (threads, depth + 1, rows): o of the edge at that depth */
    double *table;    /* (threads, 6, m) */
    int32_t *stack;   /* (threads, 2 (depth + 2)) */
    /* Interactions alone. */
    bool pairs;
    double *slope; /* (threads, depth + 1, m) g of the edge at that depth where o = 1 */
    int32_t *last; /* (threads, depth + 1 + inputs) depths that count, then per column: seen */
} shap_plan;

static double shap_share(const ken_ensemble *e, int64_t parent, int64_t child) {
    return e->cover[parent] > 0 ? e->cover[child] / e->cover[parent] : 0.5;
}

/* The last edge on `column` on the way to `node`: found by going up. up: parents in the tree. */
static int32_t shap_ancestor(const ken_ensemble *e, int64_t first, const int32_t *up, int32_t node,
                             int32_t column) {
    while (up[node] >= 0) {
        if (e->feature[first + up[node]] == column) return node;
        node = up[node];
    }
    return -1;
}

/* Edges of one tree; the largest number of different columns on a path. */
static int32_t shap_plan_tree(shap_plan *p, int32_t t, int32_t *up, int32_t *distinct,
                              double *share) {
    const ken_ensemble *e = p->e;
    const int64_t first = e->tree_offset[t];
    const int32_t size = (int32_t)(e->tree_offset[t + 1] - first);
    double *expected = p->expected + (int64_t)t * e->width;
    int32_t most = 0;
    up[0] = -1, distinct[0] = 0, share[0] = 1;
    p->edge[first] = (shap_edge){1, -1, 0};
    for (int32_t o = 0; o < e->width; o++) expected[o] = 0;
    for (int32_t j = 0; j < size; j++) {
        const int64_t i = first + j;
        if (e->feature[i] < 0) {
            for (int32_t o = 0; o < e->width; o++)
                expected[o] += share[j] * e->value[i * e->width + o];
            most = KEN_MAX(most, distinct[j]);
            continue;
        }
        const int32_t above = shap_ancestor(e, first, up, j, e->feature[i]);
        for (int side = 0; side < 2; side++) {
            const int32_t child = side ? e->right[i] : e->left[i];
            const double z = shap_share(e, i, first + child);
            up[child] = j;
            share[child] = share[j] * z;
            distinct[child] = distinct[j] + (above < 0);
            p->edge[first + child] = (shap_edge){z * (above < 0 ? 1 : p->edge[first + above].z),
                                                 above, p->edge[i].depth + 1};
        }
    }
    return most;
}

static ken_status shap_plan_all(ken_ctx *ctx, shap_plan *p) {
    const ken_ensemble *e = p->e;
    int64_t largest = 1;
    int32_t *up = NULL, *distinct = NULL, most = 1;
    double *share = NULL;
    for (int32_t t = 0; t < e->n_trees; t++)
        largest = KEN_MAX(largest, e->tree_offset[t + 1] - e->tree_offset[t]);
    KEN_TRY(KEN_SCRATCH(ctx, shap_edge, e->n_nodes, &p->edge));
    KEN_TRY(KEN_SCRATCH(ctx, double, (int64_t)e->n_trees * e->width, &p->expected));
    KEN_TRY(KEN_SCRATCH(ctx, int32_t, largest, &up));
    KEN_TRY(KEN_SCRATCH(ctx, int32_t, largest, &distinct));
    KEN_TRY(KEN_SCRATCH(ctx, double, largest, &share));
    for (int32_t t = 0; t < e->n_trees; t++) {
        const int32_t here = shap_plan_tree(p, t, up, distinct, share);
        most = KEN_MAX(most, here);
    }
    const int32_t points = (most + 1) / 2;
    p->m = (points + SHAP_LANES - 1) / SHAP_LANES * SHAP_LANES;
    KEN_TRY(KEN_SCRATCH(ctx, double, p->m, &p->t));
    KEN_TRY(KEN_SCRATCH(ctx, double, p->m, &p->w));
    ken_gauss_legendre(p->m, p->t, p->w);
    return KEN_OK;
}

/* --- one tile of rows through one tree -------------------------------------------------------- */

typedef struct shap_tile {
    const shap_plan *p;
    int32_t rows, output, column; /* output: of the tree's leaf values */
    const double *x;
    double *path, *sum, *table;
    uint8_t *one;
    int32_t *stack;
    double *phi; /* (rows, ...) of this output */
    int64_t phi_stride, phi_step; /* from row to row, from column to column */
    double *slope;                /* NULL: no interactions */
    int32_t *last;
} shap_tile;

/* Factors of the edge into `node` by state o_ancestor + o_edge: 0, 1, 2.
 * table[state] is the ratio of the path's product with and without the edge, table[3 + state] the
 * weights by which the sum of the leaves below enters phi. */
static void shap_fill_table(const shap_tile *s, int64_t first, int32_t node) {
    const shap_plan *p = s->p;
    const shap_edge *edge = &p->edge[first + node];
    const bool again = edge->ancestor >= 0;
    const double z = edge->z, za = again ? p->edge[first + edge->ancestor].z : 1;
    double *table = s->table;
    for (int32_t q = 0; q < p->m; q++) {
        const double t = p->t[q], u = 1 - t;
        const double one = t + z * u; /* the factor when o = 1; z u when o = 0 */
        const double above = again ? t + za * u : 1;
        const double g = (1 - z) / one, ga = again ? (1 - za) / above : 0;
        table[q] = again && za > 0 ? z / za : 0;
        table[p->m + q] = z * u / above;
        table[2 * p->m + q] = one / above;
        table[3 * p->m + q] = 0;
        table[4 * p->m + q] = p->w[q] * (-1 / u - ga);
        table[5 * p->m + q] = p->w[q] * (g - ga);
    }
}

/* o of the edge and the state, for each row; then the products of the level below. */
static void shap_go_down(const shap_tile *s, int64_t first, int32_t parent, int32_t child,
                         uint8_t *state) {
    const shap_plan *p = s->p;
    const ken_ensemble *e = p->e;
    const shap_edge *edge = &p->edge[first + child];
    const bool is_left = e->left[first + parent] == child;
    const double *x = s->x + (int64_t)e->feature[first + parent] * p->rows;
    const int64_t level = (int64_t)p->rows * p->m;
    uint8_t *one = s->one + (int64_t)edge->depth * p->rows;
    const uint8_t *above = edge->ancestor < 0
                               ? NULL
                               : s->one + (int64_t)p->edge[first + edge->ancestor].depth * p->rows;
    shap_fill_table(s, first, child);
    for (int32_t q = 0; s->slope && q < p->m; q++)
        s->slope[(int64_t)edge->depth * p->m + q] =
            (1 - edge->z) / (p->t[q] + edge->z * (1 - p->t[q]));
    for (int32_t r = 0; r < s->rows; r++) {
        const uint8_t o_above = above ? above[r] : 1;
        one[r] = o_above & (ken_ensemble_goes_left(e, first + parent, x[r]) == is_left);
        state[r] = (uint8_t)(o_above + one[r]);
    }
    p->kernels->shap_down(s->table, p->m, state, s->rows, s->path + (edge->depth - 1) * level,
                          s->path + edge->depth * level);
}

/* The edges above `depth` that are the last of their column there, but for column `own`: those whose
 * factors stand in the path's product. Their depths into s->last; how many. */
static int32_t shap_last_edges(const shap_tile *s, int64_t first, int32_t depth, int32_t own) {
    const ken_ensemble *e = s->p->e;
    int32_t *seen = s->last + e->max_depth + 1;
    int32_t n = 0;
    for (int32_t k = depth - 1; k >= 1; k--) {
        const int32_t column = e->feature[first + s->stack[k - 1]];
        if (column != own && !seen[column]) s->last[n++] = k;
        seen[column] = 1;
    }
    for (int32_t k = 1; k < depth; k++) seen[e->feature[first + s->stack[k - 1]]] = 0;
    return n;
}

/* The product g_i g_j of the header grows edge by edge: this edge adds (its g - the g it replaces) times
 * the g_j of every other column above, weighted by the sum of the leaves below. */
static void shap_pairs(const shap_tile *s, int64_t first, int32_t parent, int32_t child) {
    const shap_plan *p = s->p;
    const int32_t depth = p->edge[first + child].depth, i = p->e->feature[first + parent];
    const shap_edge *edge = &p->edge[first + child];
    const double *below = s->sum + depth * (int64_t)p->rows * p->m;
    const uint8_t *one = s->one + (int64_t)depth * p->rows;
    const uint8_t *above = edge->ancestor < 0
                               ? NULL
                               : s->one + (int64_t)p->edge[first + edge->ancestor].depth * p->rows;
    const int32_t n = shap_last_edges(s, first, depth, i);
    for (int32_t k = 0; k < n; k++) {
        const int32_t at = s->last[k], j = p->e->feature[first + s->stack[at - 1]];
        const double *slope = s->slope + (int64_t)at * p->m;
        for (int32_t r = 0; r < s->rows; r++) {
            const int state = (above ? above[r] : 1) + one[r];
            const double *weight = s->table + (int64_t)(3 + state) * p->m;
            const double *b = below + (int64_t)r * p->m;
            const double *g = s->one[(int64_t)at * p->rows + r] ? slope : s->slope;
            double lane[SHAP_LANES] = {0};
            for (int32_t q = 0; q < p->m; q += SHAP_LANES)
                for (int32_t l = 0; l < SHAP_LANES; l++)
                    lane[l] += weight[q + l] * b[q + l] * g[q + l];
            const double half = 0.5 * (((lane[0] + lane[4]) + (lane[2] + lane[6])) +
                                       ((lane[1] + lane[5]) + (lane[3] + lane[7])));
            double *phi = s->phi + r * s->phi_stride;
            phi[i * (s->phi_step - 1) + j] += half;
            phi[j * (s->phi_step - 1) + i] += half;
        }
    }
}

/* What the leaves below `child` give to the column of the edge; and to the sum of its parent. */
static void shap_come_up(const shap_tile *s, int64_t first, int32_t parent, int32_t child,
                         uint8_t *state) {
    const shap_plan *p = s->p;
    const shap_edge *edge = &p->edge[first + child];
    const int64_t level = (int64_t)p->rows * p->m;
    const uint8_t *one = s->one + (int64_t)edge->depth * p->rows;
    const uint8_t *above = edge->ancestor < 0
                               ? NULL
                               : s->one + (int64_t)p->edge[first + edge->ancestor].depth * p->rows;
    shap_fill_table(s, first, child);
    if (s->slope) shap_pairs(s, first, parent, child);
    for (int32_t r = 0; r < s->rows; r++) state[r] = (uint8_t)((above ? above[r] : 1) + one[r]);
    p->kernels->shap_up(s->table + 3 * (int64_t)p->m, p->m, state, s->rows,
                        s->sum + edge->depth * level, s->sum + (edge->depth - 1) * level,
                        s->phi + p->e->feature[first + parent] * s->phi_step, s->phi_stride);
}

/* Depth first without recursion: a stack of nodes, each met again when its leaves are summed. */
static void shap_tree(const shap_tile *s, int32_t tree) {
    const shap_plan *p = s->p;
    const ken_ensemble *e = p->e;
    const int64_t first = e->tree_offset[tree];
    const int64_t level = (int64_t)p->rows * p->m;
    int32_t *node = s->stack, *next = s->stack + e->max_depth + 2; /* next child: 0, 1, 2: done */
    uint8_t state[SHAP_ROWS];
    int32_t depth = 0;
    node[0] = next[0] = 0;
    for (int64_t k = 0; k < (int64_t)s->rows * p->m; k++) s->path[k] = 1;
    for (;;) {
        const int64_t i = first + node[depth];
        double *sum = s->sum + depth * level;
        if (e->feature[i] < 0) {
            const double v = e->value[i * e->width + s->output];
            for (int64_t k = 0; k < (int64_t)s->rows * p->m; k++)
                sum[k] = v * s->path[depth * level + k];
        } else if (next[depth] < 2) {
            if (next[depth] == 0) memset(sum, 0, (size_t)level * sizeof(double));
            const int32_t child = next[depth]++ ? e->right[i] : e->left[i];
            shap_go_down(s, first, node[depth], child, state);
            depth++;
            node[depth] = child;
            next[depth] = 0;
            continue;
        }
        if (depth == 0) return;
        shap_come_up(s, first, node[depth - 1], node[depth], state);
        depth--;
    }
}

/* --- all -------------------------------------------------------------------------------------- */

/* The diagonal holds all of a column's contribution until here: what it shares with others leaves it. */
static void shap_settle(double *pairs, int64_t width) {
    for (int64_t i = 0; i + 1 < width; i++) {
        double shared = 0;
        for (int64_t j = 0; j + 1 < width; j++)
            if (j != i) shared += pairs[i * width + j];
        pairs[i * width + i] -= shared;
    }
}

static void shap_trees(const shap_plan *p, shap_tile *s, double *out) {
    const ken_ensemble *e = p->e;
    const int64_t cells = p->pairs ? ((int64_t)e->n_inputs + 1) * (e->n_inputs + 1) : e->n_inputs + 1;
    const int64_t base = e->n_inputs * s->phi_step;
    memset(out, 0, (size_t)(s->rows * e->n_outputs * cells) * sizeof(double));
    for (int64_t k = 0; k < s->rows * (int64_t)e->n_outputs; k++)
        out[k * cells + base] = e->base[k % e->n_outputs];
    for (int32_t t = 0; t < e->n_trees; t++)
        for (int32_t o = 0; o < e->width; o++) {
            const int32_t to = e->width == 1 ? KEN_MAX(e->tree_output[t], 0) : o;
            s->output = o;
            s->phi = out + to * cells;
            shap_tree(s, t);
            for (int64_t r = 0; r < s->rows; r++)
                s->phi[r * s->phi_stride + base] += p->expected[(int64_t)t * e->width + o];
        }
    for (int64_t k = 0; p->pairs && k < s->rows * (int64_t)e->n_outputs; k++)
        shap_settle(out + k * cells, e->n_inputs + 1);
}

static void shap_rows(void *arg, int64_t begin, int64_t end, int worker) {
    const shap_plan *p = arg;
    const ken_ensemble *e = p->e;
    const int64_t width = e->n_inputs + 1, cells = p->pairs ? width * width : width;
    const int64_t level = (int64_t)p->rows * p->m, levels = e->max_depth + 1;
    double *x = p->x + (int64_t)worker * e->n_inputs * p->rows;
    shap_tile s = {.p = p,
                   .rows = (int32_t)(end - begin),
                   .x = x,
                   .path = p->path + worker * levels * level,
                   .sum = p->sum + worker * levels * level,
                   .table = p->table + (int64_t)worker * 6 * p->m,
                   .one = p->one + worker * levels * p->rows,
                   .stack = p->stack + (int64_t)worker * 2 * (e->max_depth + 2),
                   .phi_stride = e->n_outputs * cells,
                   .phi_step = p->pairs ? width + 1 : 1};
    if (p->pairs) {
        s.slope = p->slope + worker * levels * p->m;
        s.last = p->last + worker * (levels + e->n_inputs);
        for (int32_t q = 0; q < p->m; q++) s.slope[q] = -1 / (1 - p->t[q]); /* g where o = 0 */
    }
    for (int32_t j = 0; j < e->n_inputs; j++)
        ken_column_gather(ken_table_column(p->X, j), begin, end - begin, x + (int64_t)j * p->rows,
                          1);
    shap_trees(p, &s, p->out + begin * s.phi_stride);
}

static ken_status shap_run(ken_ctx *ctx, shap_plan *p) {
    const ken_ensemble *e = p->e;
    const int64_t threads = ken_ctx_threads(ctx), levels = (int64_t)e->max_depth + 1;
    KEN_TRY(shap_plan_all(ctx, p));
    const int64_t row_bytes = levels * p->m * 2 * (int64_t)sizeof(double);
    p->rows = (int32_t)KEN_MIN(KEN_MAX(SHAP_LEVEL_BYTES / row_bytes, 1), SHAP_ROWS);
    const int64_t level = (int64_t)p->rows * p->m;
    KEN_TRY(KEN_SCRATCH(ctx, double, threads * p->rows * KEN_MAX(e->n_inputs, 1), &p->x));
    KEN_TRY(KEN_SCRATCH(ctx, double, threads *levels *level, &p->path));
    KEN_TRY(KEN_SCRATCH(ctx, double, threads *levels *level, &p->sum));
    KEN_TRY(KEN_SCRATCH(ctx, double, threads * 6 * p->m, &p->table));
    KEN_TRY(KEN_SCRATCH(ctx, uint8_t, threads *levels * p->rows, &p->one));
    KEN_TRY(KEN_SCRATCH(ctx, int32_t, threads * 2 * (levels + 1), &p->stack));
    if (p->pairs) {
        const int64_t last = threads * (levels + e->n_inputs);
        KEN_TRY(KEN_SCRATCH(ctx, double, threads *levels *p->m, &p->slope));
        KEN_TRY(KEN_SCRATCH(ctx, int32_t, last, &p->last));
        memset(p->last, 0, (size_t)last * sizeof(int32_t));
    }
    return ken_parallel(ctx, ken_table_rows(p->X), p->rows, shap_rows, p);
}

static ken_status shap_all(ken_ctx *ctx, shap_plan *p) {
    if (ken_table_cols(p->X) != p->e->n_inputs)
        return KEN_FAIL(ctx, KEN_E_SHAPE, "pass the columns that fit saw",
                        "trees: the table has %d columns, not %d", ken_table_cols(p->X),
                        (int)p->e->n_inputs);
    const ken_mark mark = ken_scratch_mark(ctx);
    const ken_status status = shap_run(ctx, p);
    ken_scratch_release(ctx, mark);
    return status;
}

ken_status ken_ensemble_contributions(ken_ctx *ctx, const ken_ensemble *ens, const ken_table *X,
                                      double *out) {
    shap_plan p = {.e = ens, .X = X, .kernels = ken_ctx_kernels(ctx), .out = out};
    KEN_TRY(shap_all(ctx, &p));
    return ens->linear ? ken__tree_linear_contributions(ctx, ens, X, false, out) : KEN_OK;
}

ken_status ken_ensemble_interactions(ken_ctx *ctx, const ken_ensemble *ens, const ken_table *X,
                                     double *out) {
    shap_plan p = {.e = ens, .X = X, .kernels = ken_ctx_kernels(ctx), .out = out, .pairs = true};
    KEN_TRY(shap_all(ctx, &p));
    return ens->linear ? ken__tree_linear_contributions(ctx, ens, X, true, out) : KEN_OK;
}
