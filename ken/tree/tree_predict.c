/* Prediction with trees. Rows are coded once (tree_layout.h). Then a group of rows goes through each
 * tree: through small trees by all of their questions at once, through others from node to node, several
 * rows at a time, so that the loads of one row hide behind those of the others. The sums are made in
 * the order of the trees: the bits are those of the plain walk. */
#include <string.h>

#include "ken/core/alloc.h"
#include "ken/core/threads.h"
#include "ken/kernels/kernels.h"
#include "ken/tree/tree_linear.h"
#include "ken/tree/tree_walk.h"

enum {
    PREDICT_GROUP_BYTES = 128 << 10, /* codes of the rows that a tree serves before the next tree */
    PREDICT_LARGE_TREE = 16 << 10,   /* bytes of nodes: such a tree shall serve more rows while it is near */
    PREDICT_LARGE_BYTES = 2 << 20,   /* codes of those, a thread */
    PREDICT_LANES = 8,               /* rows that walk together */
    PREDICT_STRIDE = 4,              /* steps before those that have arrived are left out */
    PREDICT_MANY = 64                /* from so many rows on, questions by level are cheaper */
};

/* --- the plain walk --------------------------------------------------------------------------- */

int32_t ken_ensemble_walk(const ken_ensemble *ens, int32_t tree, const double *x) {
    const int64_t first = ens->tree_offset[tree];
    int64_t i = first;
    while (ens->feature[i] >= 0) {
        const bool left = ken_ensemble_goes_left(ens, i, x[ens->feature[i]]);
        i = first + (left ? ens->left[i] : ens->right[i]);
    }
    return (int32_t)(i - first);
}

/* x[column[t]]: the values for the terms of linear leaves, held. */
static void predict_add(const ken_ensemble *e, int32_t tree, int64_t node, const int32_t *column,
                        const double *x, double *out) {
    const double *value = e->value + node * e->width;
    if (e->linear)
        out[KEN_MAX(e->tree_output[tree], 0)] += ken__tree_linear_at(e, node, column, x);
    else if (e->width == 1)
        out[KEN_MAX(e->tree_output[tree], 0)] += value[0];
    else
        for (int32_t o = 0; o < e->width; o++) out[o] += value[o];
}

/* Leaf numbers are counted in node order; count[j] leaves stand before node j. */
typedef struct predict_job {
    const ken_ensemble *e;
    const ken_table *X;
    const ken_kernels *kernels;
    double *out;
    int32_t n_slots;
    bool wide;               /* walks go by `codes`, not by `bytes` */
    bool walks;              /* some tree is walked, if only from where its questions end */
    int64_t group;           /* rows that are coded together, a multiple of the tile */
    uint16_t *codes;         /* wide: (threads, group / 64, slots, 64) */
    uint8_t *bytes;          /* (threads, group / 512, slots, KEN_TREE_GROUP) codes of a part */
    double *x;               /* (threads, group) a column; plain walk: (threads, n_inputs) */
    double *raw;             /* (threads, group or 1, columns of linear leaves) held; NULL: leaves are constants */
    int64_t raw_first;       /* the row that raw begins with, of one thread's own job */
    uint32_t *at;            /* (threads, KEN_TREE_GROUP) where rows stand */
    const uint32_t *leaf_of; /* (nodes) leaf numbers; NULL: margins are wanted */
    uint32_t *leaf;          /* (end - first, n) where they go; NULL: to out */
    int32_t first, end;      /* the trees that are asked */
} predict_job;

static predict_job predict_job_of(const ken_ensemble *e, const ken_table *X, double *out) {
    return (predict_job){.e = e, .X = X, .out = out, .end = e->n_trees};
}

static void predict_put_leaf(const predict_job *job, int32_t t, int64_t row, int64_t node) {
    if (job->leaf)
        job->leaf[(t - job->first) * ken_table_rows(job->X) + row] = job->leaf_of[node];
    else
        job->out[row * job->e->n_trees + t] = job->leaf_of[node];
}

static void predict_plain_rows(void *arg, int64_t begin, int64_t end, int worker) {
    const predict_job *job = arg;
    const ken_ensemble *e = job->e;
    double *x = job->x + (int64_t)worker * e->n_inputs, *held = job->raw;
    if (held) held += (int64_t)worker * e->linear->n_used;
    for (int64_t i = begin; i < end; i++) {
        double *out = job->leaf_of ? NULL : job->out + i * e->n_outputs;
        ken_table_gather(job->X, i, 1, x, ken_table_cols(job->X));
        if (held) ken__tree_linear_row(e->linear, x, held);
        if (!job->leaf_of)
            for (int32_t o = 0; o < e->n_outputs; o++) out[o] = e->base[o];
        for (int32_t t = job->first; t < job->end; t++) {
            const int64_t node = e->tree_offset[t] + ken_ensemble_walk(e, t, x);
            if (job->leaf_of)
                predict_put_leaf(job, t, i, node);
            else
                predict_add(e, t, node, e->linear ? e->linear->slot : NULL, held, out);
        }
    }
}

static ken_status predict_check(ken_ctx *ctx, const ken_ensemble *e, const ken_table *X) {
    if (ken_table_cols(X) == e->n_inputs) return KEN_OK;
    return KEN_FAIL(ctx, KEN_E_SHAPE, "pass the columns that fit saw",
                    "trees: the table has %d columns, not %d", ken_table_cols(X), (int)e->n_inputs);
}

static ken_status predict_plain(ken_ctx *ctx, predict_job *job) {
    const ken_mark mark = ken_scratch_mark(ctx);
    const int64_t threads = ken_ctx_threads(ctx);
    ken_status status = KEN_SCRATCH(ctx, double, threads * KEN_MAX(job->e->n_inputs, 1), &job->x);
    if (status == KEN_OK && job->e->linear && !job->leaf_of)
        status = KEN_SCRATCH(ctx, double, threads * KEN_MAX(job->e->linear->n_used, 1), &job->raw);
    if (status == KEN_OK)
        status = ken_parallel(ctx, ken_table_rows(job->X), 256, predict_plain_rows, job);
    ken_scratch_release(ctx, mark);
    return status;
}

ken_status ken_ensemble_margin_ref(ken_ctx *ctx, const ken_ensemble *ens, const ken_table *X,
                                   double *out) {
    predict_job job = predict_job_of(ens, X, out);
    KEN_TRY(predict_check(ctx, ens, X));
    return predict_plain(ctx, &job);
}

/* --- coding ----------------------------------------------------------------------------------- */

/* rank[r] = number of thresholds below x[r]; a NaN compares false: 0. */
static void predict_rank(const ken_kernels *k, const double *t, int32_t n, const double *x,
                         int64_t rows, uint16_t *rank) {
    if (n <= KEN_TREE_EDGES - 2) {
        uint8_t code[KEN_TREE_TILE];
        k->bin_f64(x, rows, t, n, 0, code, 1);
        for (int64_t r = 0; r < rows; r++) rank[r] = code[r];
        return;
    }
    for (int64_t r = 0; r < rows; r++) {
        int32_t low = 0, len = n;
        while (len > 1) {
            const int32_t half = len / 2;
            low += (t[low + half - 1] < x[r]) * half;
            len -= half;
        }
        rank[r] = (uint16_t)(low + (t[low] < x[r]));
    }
}

static void predict_levels(const double *x, int64_t rows, uint16_t *code) {
    for (int64_t r = 0; r < rows; r++)
        code[r] = x[r] >= 0 && x[r] < 0xFFFF ? (uint16_t)x[r] : 0xFFFF;
}

/* Codes of one column for the rows of one tile. */
static void predict_code_column(const ken_kernels *k, const ken_tree_layout *l,
                                const ken_tree_used *u, const double *x, int64_t rows,
                                uint16_t *tile) {
    uint16_t ranks[KEN_TREE_TILE];
    if (u->slot_level >= 0) predict_levels(x, rows, tile + (int64_t)u->slot_level * KEN_TREE_TILE);
    if (u->slot_left < 0 && u->slot_right < 0) return;
    predict_rank(k, l->threshold + u->first, u->count, x, rows, ranks);
    if (u->slot_left >= 0)
        memcpy(tile + (int64_t)u->slot_left * KEN_TREE_TILE, ranks, (size_t)rows * sizeof *ranks);
    if (u->slot_right < 0) return;
    uint16_t *code = tile + (int64_t)u->slot_right * KEN_TREE_TILE;
    for (int64_t r = 0; r < rows; r++) code[r] = x[r] != x[r] ? KEN_TREE_MAX_RANKS + 1 : ranks[r];
}

/* Codes of one column in bytes, for the rows of a block. */
static void predict_code_bytes(const ken_kernels *k, const double *edge, const ken_tree_used *u,
                               const double *x, int64_t rows, uint8_t *bytes) {
    uint8_t *left = bytes + (int64_t)u->slot_left * KEN_TREE_GROUP;
    uint8_t *right = bytes + (int64_t)u->slot_right * KEN_TREE_GROUP;
    if (u->slot_left < 0) {
        if (u->slot_right >= 0) k->bin_f64(x, rows, edge, u->count, UINT8_MAX, right, 1);
        return;
    }
    k->bin_f64(x, rows, edge, u->count, 0, left, 1);
    for (int64_t r = 0; u->slot_right >= 0 && r < rows; r++) right[r] = x[r] == x[r] ? left[r] : UINT8_MAX;
}

static void predict_code_part(const predict_job *job, const ken_tree_part *part, int64_t begin, int64_t rows,
                              double *x, uint8_t *bytes) {
    const ken_tree_layout *l = job->e->layout;
    for (int32_t k = part->used; k < part->used_end; k++) {
        const ken_tree_used *u = &l->coded[k];
        ken_column_gather(ken_table_column(job->X, u->column), begin, rows, x, 1);
        for (int64_t b = 0; b < rows; b += KEN_TREE_GROUP)
            predict_code_bytes(job->kernels, l->coded_edge + u->first, u, x + b, KEN_MIN(KEN_TREE_GROUP, rows - b),
                               bytes + b * job->n_slots);
    }
}

static void predict_code(const predict_job *job, int64_t begin, int64_t rows, double *x, uint16_t *codes) {
    const ken_tree_layout *l = job->e->layout;
    const int64_t tile_size = (int64_t)l->n_slots * KEN_TREE_TILE;
    for (int32_t k = 0; k < l->n_used; k++) {
        const ken_tree_used *u = &l->used[k];
        ken_column_gather(ken_table_column(job->X, u->column), begin, rows, x, 1);
        for (int64_t first = 0; first < rows; first += KEN_TREE_TILE)
            predict_code_column(job->kernels, l, u, x + first, KEN_MIN(KEN_TREE_TILE, rows - first),
                                codes + first / KEN_TREE_TILE * tile_size);
    }
}

/* --- walking ---------------------------------------------------------------------------------- */

/* PREDICT_STRIDE steps of the eight rows list[0..8) of a tile, side by side: each waits for its
 * loads while the others go on. Two of them: by codes of a tile, and by bytes of a block. */
#define PREDICT_WALK8(name, code, stride)                                                              \
    static void name(const ken_tree_node *node, const code *codes, const uint8_t *list, uint32_t *at) { \
        uint32_t a = at[list[0]], b = at[list[1]], c = at[list[2]], d = at[list[3]], e = at[list[4]],   \
                 f = at[list[5]], g = at[list[6]], h = at[list[7]];                                     \
        for (int k = 0; k < PREDICT_STRIDE; k++) {                                                      \
            a = KEN_TREE_STEP(node, codes + list[0], stride, a);                                       \
            b = KEN_TREE_STEP(node, codes + list[1], stride, b);                                       \
            c = KEN_TREE_STEP(node, codes + list[2], stride, c);                                       \
            d = KEN_TREE_STEP(node, codes + list[3], stride, d);                                       \
            e = KEN_TREE_STEP(node, codes + list[4], stride, e);                                       \
            f = KEN_TREE_STEP(node, codes + list[5], stride, f);                                       \
            g = KEN_TREE_STEP(node, codes + list[6], stride, g);                                       \
            h = KEN_TREE_STEP(node, codes + list[7], stride, h);                                       \
        }                                                                                               \
        at[list[0]] = a, at[list[1]] = b, at[list[2]] = c, at[list[3]] = d;                             \
        at[list[4]] = e, at[list[5]] = f, at[list[6]] = g, at[list[7]] = h;                             \
    }
PREDICT_WALK8(predict_walk8_codes, uint16_t, KEN_TREE_TILE)
PREDICT_WALK8(predict_walk8_bytes, uint8_t, KEN_TREE_GROUP)

/* All rows of a tile through a tree without sets, from where they stand: some steps for all, then more
 * for those that are not at a leaf yet, and so on. codes or bytes: the other is NULL. */
static void predict_walk_rows(const ken_tree_node *node, const uint16_t *codes, const uint8_t *bytes,
                              int64_t rows, uint32_t *at) {
    uint8_t list[KEN_TREE_TILE + PREDICT_LANES];
    int64_t n = rows;
    for (int64_t r = 0; r < rows; r++) list[r] = (uint8_t)r;
    while (n > 0) {
        int64_t left = 0;
        for (int64_t k = n; k < n + PREDICT_LANES; k++) list[k] = list[n - 1]; /* walks in step */
        for (int64_t k = 0; bytes && k < n; k += PREDICT_LANES) predict_walk8_bytes(node, bytes, list + k, at);
        for (int64_t k = 0; !bytes && k < n; k += PREDICT_LANES) predict_walk8_codes(node, codes, list + k, at);
        for (int64_t k = 0; k < n; k++) {
            const uint8_t r = list[k];
            list[left] = r;
            left += node[at[r]].rank != KEN_TREE_LEAF;
        }
        n = left;
    }
}

/* The rows of a block from at[r] on to their leaves. first: of the block in the group. */
static void predict_walk_block(const predict_job *job, int32_t t, int64_t first, int64_t rows, const uint16_t *codes,
                               const uint8_t *bytes, uint32_t *at) {
    const ken_ensemble *e = job->e;
    const ken_tree_node *node = e->layout->node + e->tree_offset[t];
    for (int64_t k = 0; k < rows; k += KEN_TREE_TILE) {
        const int64_t n = KEN_MIN(KEN_TREE_TILE, rows - k);
        const uint16_t *tile = job->wide ? codes + (first + k) * job->n_slots : NULL;
        if (!e->layout->sets[t])
            predict_walk_rows(node, tile, job->wide ? NULL : bytes + k, n, at + k);
        else
            for (int64_t r = 0; r < n; r++) at[k + r] = ken__tree_walk(e, t, tile + r, KEN_TREE_TILE);
    }
}

/* --- margins and leaves ----------------------------------------------------------------------- */

static void predict_take(const predict_job *job, int32_t t, int64_t row, int64_t node) {
    const ken_ensemble *e = job->e;
    const ken_tree_linear *l = e->linear;
    if (job->leaf_of)
        predict_put_leaf(job, t, row, node);
    else if (l)
        predict_add(e, t, node, l->slot, job->raw + (row - job->raw_first) * l->n_used,
                    job->out + row * e->n_outputs);
    else
        predict_add(e, t, node, NULL, NULL, job->out + row * e->n_outputs);
}

static void predict_take_at(const predict_job *job, int32_t t, int64_t row, uint32_t at) {
    const int64_t first = job->e->tree_offset[t];
    predict_take(job, t, row, first + job->e->layout->origin[first + at]);
}

/* All rows of a block at scalar leaves: the common case, without a call per row. */
static void predict_add_scalar(const predict_job *job, int32_t t, int64_t row, int64_t rows,
                               const uint32_t *at) {
    const ken_ensemble *e = job->e;
    const int64_t first = e->tree_offset[t];
    const uint32_t *origin = e->layout->origin + first;
    const double *value = e->value + first;
    double *out = job->out + row * e->n_outputs + KEN_MAX(e->tree_output[t], 0);
    for (int64_t r = 0; r < rows; r++) out[r * e->n_outputs] += value[origin[at[r]]];
}

/* The rows of a block through a tree that is asked all its questions; where they are is counted in places. */
static void predict_ask(const predict_job *job, int32_t t, int64_t row, int64_t rows,
                        const uint8_t *bytes) {
    const ken_ensemble *e = job->e;
    const ken_tree_layout *l = e->layout;
    const ken_tree_ask *ask = l->ask + l->ask_first[t];
    const int n = (int)(l->ask_first[t + 1] - l->ask_first[t]);
    const bool levels = l->by[t] == KEN_TREE_BY_LEVELS;
    const int above = levels && n > 8 ? n - 8 : 0; /* levels that do not fit in one byte */
    uint8_t place[KEN_TREE_GROUP], high[KEN_TREE_GROUP];
    if (levels)
        job->kernels->tree_levels(ask + above, n - above, bytes, rows, place);
    else
        job->kernels->tree_places(ask, n, bytes, rows, place);
    if (above) job->kernels->tree_levels(ask, above, bytes, rows, high);
    if (l->place_value && !job->leaf_of && !above) {
        const double *value = l->place_value + l->place_first[t];
        double *out = job->out + row * e->n_outputs + KEN_MAX(e->tree_output[t], 0);
        for (int64_t r = 0; r < rows; r++) out[r * e->n_outputs] += value[place[r]];
        return;
    }
    const uint32_t *node = l->place_node + l->place_first[t];
    for (int64_t r = 0; r < rows; r++)
        predict_take(job, t, row + r, e->tree_offset[t] + node[place[r] | (above ? high[r] << 8 : 0)]);
}

/* The rows of a block from node to node: from the root, or from where the questions of the top lead. */
static void predict_walk(const predict_job *job, int32_t t, int64_t row, int64_t first, int64_t rows, bool top,
                         const uint16_t *codes, const uint8_t *bytes, uint32_t *at) {
    const ken_ensemble *e = job->e;
    const ken_tree_layout *l = e->layout;
    if (top) {
        const uint32_t *node = l->place_node + l->place_first[t];
        uint8_t place[KEN_TREE_GROUP];
        job->kernels->tree_places(l->ask + l->ask_first[t], KEN_TREE_TOP, bytes, rows, place);
        for (int64_t r = 0; r < rows; r++) at[r] = node[place[r]];
    } else {
        memset(at, 0, (size_t)rows * sizeof *at);
    }
    predict_walk_block(job, t, first, rows, codes, bytes, at);
    if (e->width == 1 && !job->leaf_of && !e->linear)
        predict_add_scalar(job, t, row, rows, at);
    else
        for (int64_t r = 0; r < rows; r++) predict_take_at(job, t, row + r, at[r]);
}

static bool predict_by_asks(const predict_job *job, int64_t rows) {
    return job->kernels->tree_many > 0 && rows >= job->kernels->tree_many;
}

/* Whether rows go through trees of a kind by its questions. */
static bool predict_asks(const predict_job *job, int kind, int64_t rows) {
    return kind == KEN_TREE_BY_LEVELS ? rows >= PREDICT_MANY
                                      : kind != KEN_TREE_BY_NODES && predict_by_asks(job, rows);
}

static void predict_part(const predict_job *job, const ken_tree_part *part, int64_t begin, int64_t rows,
                         const uint16_t *codes, uint8_t *bytes, double *x, uint32_t *at) {
    const ken_tree_layout *l = job->e->layout;
    const int32_t first = KEN_MAX(part->tree, job->first), end = KEN_MIN(part->end, job->end);
    bool coded = !job->wide;
    if (first >= end) return;
    for (int kind = 0; kind < KEN_COUNT(part->n_by); kind++)
        coded |= part->n_by[kind] > 0 && predict_asks(job, kind, rows);
    if (coded) predict_code_part(job, part, begin, rows, x, bytes);
    for (int32_t t = first; t < end; t++) {
        const bool asks = predict_asks(job, l->by[t], rows), top = l->by[t] == KEN_TREE_BY_TOP;
        for (int64_t b = 0; b < rows; b += KEN_TREE_GROUP) {
            const int64_t n = KEN_MIN(KEN_TREE_GROUP, rows - b);
            const uint8_t *block = bytes + b * job->n_slots;
            if (asks && !top)
                predict_ask(job, t, begin + b, n, block);
            else
                predict_walk(job, t, begin + b, b, n, asks, codes, block, at);
        }
    }
}

/* Rows of a group as linear leaves look at them. */
static void predict_raw(predict_job *own, int64_t begin, int64_t rows, int worker) {
    const ken_tree_linear *l = own->e->linear;
    if (!own->raw) return;
    own->raw += worker * own->group * l->n_used;
    own->raw_first = begin;
    for (int32_t k = 0; k < l->n_used; k++) {
        ken_column_gather(ken_table_column(own->X, l->used[k]), begin, rows, own->raw + k, l->n_used);
        for (int64_t r = 0; r < rows; r++)
            own->raw[r * l->n_used + k] = ken__tree_linear_hold(l, l->used[k], own->raw[r * l->n_used + k]);
    }
}

static void predict_group(void *arg, int64_t begin, int64_t end, int worker) {
    predict_job own = *(const predict_job *)arg;
    const predict_job *job = &own;
    const ken_ensemble *e = job->e;
    const int64_t blocks = (job->group + KEN_TREE_GROUP - 1) / KEN_TREE_GROUP;
    uint16_t *codes = job->wide ? job->codes + worker * job->group * job->n_slots : NULL;
    uint8_t *bytes = job->bytes + worker * blocks * job->n_slots * KEN_TREE_GROUP;
    double *x = job->x + worker * job->group;
    if (job->wide && job->walks) predict_code(job, begin, end - begin, x, codes);
    predict_raw(&own, begin, end - begin, worker);
    if (!job->leaf_of)
        for (int64_t r = begin; r < end; r++)
            for (int32_t o = 0; o < e->n_outputs; o++) job->out[r * e->n_outputs + o] = e->base[o];
    for (int32_t p = 0; p < e->layout->n_parts; p++)
        predict_part(job, &e->layout->part[p], begin, end - begin, codes, bytes, x, job->at + worker * KEN_TREE_GROUP);
}

/* Rows a group: one block where all trees are asked. Else so many that their codes stay near while the trees
 * pass by; large trees shall stay near themselves, so that more rows come to them, and codes pass by. */
static int64_t predict_group_rows(ken_ctx *ctx, const predict_job *job, int64_t n) {
    const ken_ensemble *e = job->e;
    const int64_t row_bytes = KEN_MAX((int64_t)job->n_slots, 1) * (job->wide ? 2 : 1), threads = ken_ctx_threads(ctx);
    int64_t rows = KEN_TREE_GROUP;
    if (job->walks) rows = KEN_MAX(KEN_MIN(PREDICT_GROUP_BYTES / row_bytes, 4096), KEN_TREE_TILE);
    if (job->walks && !e->linear && e->n_nodes / e->n_trees * (int64_t)sizeof(ken_tree_node) > PREDICT_LARGE_TREE)
        rows = KEN_MIN(KEN_MAX(PREDICT_LARGE_BYTES / row_bytes, rows), KEN_MAX((n + threads - 1) / threads, rows));
    const int64_t unit = rows < KEN_TREE_GROUP ? KEN_TREE_TILE : KEN_TREE_GROUP;
    rows = rows / unit * unit;
    return KEN_MIN(rows, (n + KEN_TREE_TILE - 1) / KEN_TREE_TILE * KEN_TREE_TILE);
}

static ken_status predict_fast_scratch(ken_ctx *ctx, predict_job *job, int64_t n) {
    const ken_tree_layout *l = job->e->layout;
    const int64_t threads = ken_ctx_threads(ctx), slots = KEN_MAX((int64_t)l->n_slots, 1);
    for (int kind = 0; kind < KEN_COUNT(l->n_by); kind++)
        job->walks |= l->n_by[kind] > 0 && (kind == KEN_TREE_BY_TOP || !predict_asks(job, kind, n));
    job->wide = !l->narrow;
    job->group = predict_group_rows(ctx, job, n);
    const int64_t blocks = (job->group + KEN_TREE_GROUP - 1) / KEN_TREE_GROUP, bytes = threads * blocks * slots * KEN_TREE_GROUP;
    if (job->wide) KEN_TRY(KEN_SCRATCH(ctx, uint16_t, threads * job->group * slots, &job->codes));
    KEN_TRY(KEN_SCRATCH(ctx, uint8_t, bytes, &job->bytes));
    memset(job->bytes, 0, (size_t)bytes); /* the ends are read too */
    KEN_TRY(KEN_SCRATCH(ctx, double, threads * job->group, &job->x));
    if (job->e->linear && !job->leaf_of)
        KEN_TRY(KEN_SCRATCH(ctx, double, threads * job->group * KEN_MAX(job->e->linear->n_used, 1), &job->raw));
    return KEN_SCRATCH(ctx, uint32_t, threads * KEN_TREE_GROUP, &job->at);
}

static ken_status predict_run(ken_ctx *ctx, predict_job *job) {
    const int64_t n = ken_table_rows(job->X);
    if (n == 0) return KEN_OK;
    if (!job->e->layout) return predict_plain(ctx, job);
    const ken_mark mark = ken_scratch_mark(ctx);
    job->n_slots = job->e->layout->n_slots;
    job->kernels = ken_ctx_kernels(ctx);
    ken_status status = predict_fast_scratch(ctx, job, n);
    if (status == KEN_OK) status = ken_parallel(ctx, n, job->group, predict_group, job);
    ken_scratch_release(ctx, mark);
    return status;
}

static ken_status predict_few(ken_ctx *ctx, const predict_job *job) {
    const ken_mark mark = ken_scratch_mark(ctx);
    const ken_ensemble *e = job->e;
    double *x = NULL;
    ken_status status = KEN_SCRATCH(ctx, double, KEN_MAX(e->n_inputs, 1), &x);
    for (int64_t i = 0; status == KEN_OK && i < ken_table_rows(job->X); i++) {
        ken_table_gather(job->X, i, 1, x, ken_table_cols(job->X));
        status = ken_ensemble_margin_row(ctx, e, x, job->out + i * e->n_outputs);
    }
    ken_scratch_release(ctx, mark);
    return status;
}

ken_status ken_ensemble_margin(ken_ctx *ctx, const ken_ensemble *ens, const ken_table *X,
                               double *out) {
    predict_job job = predict_job_of(ens, X, out);
    KEN_TRY(predict_check(ctx, ens, X));
    if (ken_table_rows(X) < PREDICT_LANES) return predict_few(ctx, &job);
    return predict_run(ctx, &job);
}

static ken_status predict_leaves(ken_ctx *ctx, predict_job *job) {
    const ken_ensemble *e = job->e;
    uint32_t *leaf_of = NULL;
    KEN_TRY(predict_check(ctx, e, job->X));
    const ken_mark mark = ken_scratch_mark(ctx);
    ken_status status = KEN_SCRATCH(ctx, uint32_t, e->n_nodes, &leaf_of);
    if (status == KEN_OK) {
        for (int32_t t = job->first; t < job->end; t++) {
            uint32_t leaves = 0;
            for (int64_t i = e->tree_offset[t]; i < e->tree_offset[t + 1]; i++)
                leaf_of[i] = e->feature[i] < 0 ? leaves++ : 0;
        }
        job->leaf_of = leaf_of;
        status = predict_run(ctx, job);
    }
    ken_scratch_release(ctx, mark);
    return status;
}

ken_status ken_ensemble_leaves(ken_ctx *ctx, const ken_ensemble *ens, const ken_table *X,
                               double *out) {
    predict_job job = predict_job_of(ens, X, out);
    return predict_leaves(ctx, &job);
}

ken_status ken_ensemble_leaves_of(ken_ctx *ctx, const ken_ensemble *ens, const ken_table *X, int32_t first,
                                  int32_t end, uint32_t *out) {
    predict_job job = predict_job_of(ens, X, NULL);
    job.leaf = out, job.first = first, job.end = end;
    return predict_leaves(ctx, &job);
}
