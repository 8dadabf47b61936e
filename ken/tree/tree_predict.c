/* Prediction with trees. Rows are coded once (tree_layout.h). Then a group of rows goes through each
 * tree: through small trees by all of their questions at once, through others from node to node, several
 * rows at a time, so that the loads of one row hide behind those of the others. The sums are made in
 * the order of the trees: the bits are those of the plain walk. */
#include <string.h>

#include "ken/core/alloc.h"
#include "ken/core/threads.h"
#include "ken/kernels/kernels.h"
#include "ken/tree/tree_walk.h"

enum {
    PREDICT_GROUP_BYTES = 128 << 10, /* codes of the rows that a tree serves before the next tree */
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

static void predict_add(const ken_ensemble *e, int32_t tree, int64_t node, double *out) {
    const double *value = e->value + node * e->width;
    if (e->width == 1)
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
    int32_t n_used, n_slots;
    int64_t group;           /* rows that are coded together, a multiple of the tile */
    uint16_t *codes;         /* (threads, group / 64, slots, 64) */
    uint8_t *bytes;          /* (threads, slots, KEN_TREE_GROUP) codes of narrow slots; NULL: not used */
    double *x;               /* (threads, group) a column; plain walk: (threads, n_inputs) */
    uint32_t *at;            /* (threads, 64) where rows stand */
    const uint32_t *leaf_of; /* (nodes) leaf numbers; NULL: margins are wanted */
} predict_job;

static void predict_plain_rows(void *arg, int64_t begin, int64_t end, int worker) {
    const predict_job *job = arg;
    const ken_ensemble *e = job->e;
    double *x = job->x + (int64_t)worker * e->n_inputs;
    for (int64_t i = begin; i < end; i++) {
        double *out = job->out + i * (job->leaf_of ? e->n_trees : e->n_outputs);
        ken_table_gather(job->X, i, 1, x, ken_table_cols(job->X));
        if (!job->leaf_of)
            for (int32_t o = 0; o < e->n_outputs; o++) out[o] = e->base[o];
        for (int32_t t = 0; t < e->n_trees; t++) {
            const int64_t node = e->tree_offset[t] + ken_ensemble_walk(e, t, x);
            if (job->leaf_of)
                out[t] = job->leaf_of[node];
            else
                predict_add(e, t, node, out);
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
    ken_status status = KEN_SCRATCH(
        ctx, double, (int64_t)ken_ctx_threads(ctx) * KEN_MAX(job->e->n_inputs, 1), &job->x);
    if (status == KEN_OK)
        status = ken_parallel(ctx, ken_table_rows(job->X), 256, predict_plain_rows, job);
    ken_scratch_release(ctx, mark);
    return status;
}

ken_status ken_ensemble_margin_ref(ken_ctx *ctx, const ken_ensemble *ens, const ken_table *X,
                                   double *out) {
    predict_job job = {.e = ens, .X = X, .out = out};
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

/* Narrow codes of one column for the rows of a group: the ranks, straight from the kernel. */
static void predict_code_bytes(const ken_kernels *k, const ken_tree_layout *l, const ken_tree_used *u,
                               const double *x, int64_t rows, uint8_t *bytes) {
    const double *t = l->threshold + u->first;
    if (u->count > KEN_TREE_EDGES - 2) return;
    if (u->slot_left >= 0)
        k->bin_f64(x, rows, t, u->count, 0, bytes + (int64_t)u->slot_left * KEN_TREE_GROUP, 1);
    if (u->slot_right >= 0)
        k->bin_f64(x, rows, t, u->count, UINT8_MAX, bytes + (int64_t)u->slot_right * KEN_TREE_GROUP,
                   1);
}

/* codes, bytes: NULL where they are not asked for. */
static void predict_code(const predict_job *job, int64_t begin, int64_t rows, double *x,
                         uint16_t *codes, uint8_t *bytes) {
    const ken_tree_layout *l = job->e->layout;
    const int64_t tile_size = (int64_t)l->n_slots * KEN_TREE_TILE;
    for (int32_t k = 0; k < l->n_used; k++) {
        const ken_tree_used *u = &l->used[k];
        ken_column_gather(ken_table_column(job->X, u->column), begin, rows, x, 1);
        if (bytes) predict_code_bytes(job->kernels, l, u, x, rows, bytes);
        for (int64_t first = 0; codes && first < rows; first += KEN_TREE_TILE)
            predict_code_column(job->kernels, l, u, x + first, KEN_MIN(KEN_TREE_TILE, rows - first),
                                codes + first / KEN_TREE_TILE * tile_size);
    }
}

/* --- walking ---------------------------------------------------------------------------------- */

/* PREDICT_STRIDE steps of the eight rows list[0..8) of a tile, side by side: each waits for its
 * loads while the others go on. */
static void predict_walk_rows8(const ken_tree_node *node, const uint16_t *codes,
                               const uint8_t *list, uint32_t *at) {
    uint32_t a = at[list[0]], b = at[list[1]], c = at[list[2]], d = at[list[3]], e = at[list[4]],
             f = at[list[5]], g = at[list[6]], h = at[list[7]];
    for (int k = 0; k < PREDICT_STRIDE; k++) {
        a = ken__tree_step(node, codes + list[0], KEN_TREE_TILE, a);
        b = ken__tree_step(node, codes + list[1], KEN_TREE_TILE, b);
        c = ken__tree_step(node, codes + list[2], KEN_TREE_TILE, c);
        d = ken__tree_step(node, codes + list[3], KEN_TREE_TILE, d);
        e = ken__tree_step(node, codes + list[4], KEN_TREE_TILE, e);
        f = ken__tree_step(node, codes + list[5], KEN_TREE_TILE, f);
        g = ken__tree_step(node, codes + list[6], KEN_TREE_TILE, g);
        h = ken__tree_step(node, codes + list[7], KEN_TREE_TILE, h);
    }
    at[list[0]] = a, at[list[1]] = b, at[list[2]] = c, at[list[3]] = d;
    at[list[4]] = e, at[list[5]] = f, at[list[6]] = g, at[list[7]] = h;
}

/* All rows of a tile through a tree without sets: some steps for all, then more for those that are
 * not at a leaf yet, and so on. */
static void predict_walk_rows(const ken_tree_node *node, const uint16_t *codes, int64_t rows,
                              uint32_t *at) {
    uint8_t list[KEN_TREE_TILE + PREDICT_LANES];
    int64_t n = rows;
    for (int64_t r = 0; r < rows; r++) {
        list[r] = (uint8_t)r;
        at[r] = 0;
    }
    while (n > 0) {
        int64_t left = 0;
        for (int64_t k = n; k < n + PREDICT_LANES; k++) list[k] = list[n - 1]; /* walks in step */
        for (int64_t k = 0; k < n; k += PREDICT_LANES)
            predict_walk_rows8(node, codes, list + k, at);
        for (int64_t k = 0; k < n; k++) {
            const uint8_t r = list[k];
            list[left] = r;
            left += node[at[r]].rank != KEN_TREE_LEAF;
        }
        n = left;
    }
}

static void predict_walk_tile(const ken_ensemble *e, int32_t tree, const uint16_t *codes,
                              int64_t rows, uint32_t *at) {
    if (!e->layout->sets[tree]) {
        predict_walk_rows(e->layout->node + e->tree_offset[tree], codes, rows, at);
        return;
    }
    for (int64_t r = 0; r < rows; r++) at[r] = ken__tree_walk(e, tree, codes + r, KEN_TREE_TILE);
}

/* --- margins and leaves ----------------------------------------------------------------------- */

static void predict_take(const predict_job *job, int32_t t, int64_t row, int64_t node) {
    const ken_ensemble *e = job->e;
    if (job->leaf_of)
        job->out[row * e->n_trees + t] = job->leaf_of[node];
    else
        predict_add(e, t, node, job->out + row * e->n_outputs);
}

static void predict_take_at(const predict_job *job, int32_t t, int64_t row, uint32_t at) {
    const int64_t first = job->e->tree_offset[t];
    predict_take(job, t, row, first + job->e->layout->origin[first + at]);
}

/* All rows of a tile at scalar leaves: the common case, without a call per row. */
static void predict_add_scalar(const predict_job *job, int32_t t, int64_t row, int64_t rows,
                               const uint32_t *at) {
    const ken_ensemble *e = job->e;
    const int64_t first = e->tree_offset[t];
    const uint32_t *origin = e->layout->origin + first;
    const double *value = e->value + first;
    double *out = job->out + row * e->n_outputs + KEN_MAX(e->tree_output[t], 0);
    for (int64_t r = 0; r < rows; r++) out[r * e->n_outputs] += value[origin[at[r]]];
}

/* The rows of a group through a tree that has a second form; where they are is counted in places. */
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

static void predict_walk_tiles(const predict_job *job, int32_t t, int64_t row, int64_t rows,
                               const uint16_t *codes, uint32_t *at) {
    const ken_ensemble *e = job->e;
    const int64_t tile_size = (int64_t)job->n_slots * KEN_TREE_TILE;
    for (int64_t first = 0; first < rows; first += KEN_TREE_TILE) {
        const int64_t n = KEN_MIN(KEN_TREE_TILE, rows - first);
        predict_walk_tile(e, t, codes + first / KEN_TREE_TILE * tile_size, n, at);
        if (e->width == 1 && !job->leaf_of)
            predict_add_scalar(job, t, row + first, n, at);
        else
            for (int64_t r = 0; r < n; r++) predict_take_at(job, t, row + first + r, at[r]);
    }
}

static bool predict_by_asks(const predict_job *job, int64_t rows) {
    return job->kernels->tree_many > 0 && rows >= job->kernels->tree_many;
}

static void predict_group(void *arg, int64_t begin, int64_t end, int worker) {
    const predict_job *job = arg;
    const ken_ensemble *e = job->e;
    const int64_t rows = end - begin;
    const bool many = job->bytes && rows >= PREDICT_MANY;
    const bool asks = many && predict_by_asks(job, rows);
    const bool walks = !many || e->layout->n_by[KEN_TREE_BY_NODES] > 0 ||
                       (!asks && e->layout->n_by[KEN_TREE_BY_ASKS] > 0);
    uint16_t *codes = job->codes + worker * job->group * job->n_slots;
    uint8_t *bytes = many ? job->bytes + worker * (int64_t)job->n_slots * KEN_TREE_GROUP : NULL;
    uint32_t *at = job->at + worker * KEN_TREE_TILE;
    predict_code(job, begin, rows, job->x + worker * job->group,
                 walks ? codes : NULL, bytes);
    if (!job->leaf_of)
        for (int64_t r = begin; r < end; r++)
            for (int32_t o = 0; o < e->n_outputs; o++) job->out[r * e->n_outputs + o] = e->base[o];
    for (int32_t t = 0; t < e->n_trees; t++)
        if (asks ? e->layout->by[t] != KEN_TREE_BY_NODES
                 : many && e->layout->by[t] == KEN_TREE_BY_LEVELS)
            predict_ask(job, t, begin, rows, bytes);
        else
            predict_walk_tiles(job, t, begin, rows, codes, at);
}

static ken_status predict_fast_scratch(ken_ctx *ctx, predict_job *job, int64_t n) {
    const int64_t threads = ken_ctx_threads(ctx), slots = KEN_MAX((int64_t)job->n_slots, 1);
    const int64_t tile_bytes = slots * KEN_TREE_TILE * 2;
    const int32_t *by = job->e->layout->n_by;
    const bool many = n >= PREDICT_MANY &&
                      (by[KEN_TREE_BY_LEVELS] > 0 ||
                       (by[KEN_TREE_BY_ASKS] > 0 && predict_by_asks(job, n)));
    const int64_t tiles = many ? KEN_TREE_GROUP / KEN_TREE_TILE
                               : KEN_MIN(KEN_MAX(PREDICT_GROUP_BYTES / tile_bytes, 1), 64);
    job->group = KEN_MIN(tiles, (n + KEN_TREE_TILE - 1) / KEN_TREE_TILE) * KEN_TREE_TILE;
    KEN_TRY(KEN_SCRATCH(ctx, uint16_t, threads * job->group * slots, &job->codes));
    if (many) {
        KEN_TRY(KEN_SCRATCH(ctx, uint8_t, threads * slots * KEN_TREE_GROUP, &job->bytes));
        memset(job->bytes, 0, (size_t)(threads * slots * KEN_TREE_GROUP)); /* the ends are read too */
    }
    KEN_TRY(KEN_SCRATCH(ctx, double, threads * job->group, &job->x));
    return KEN_SCRATCH(ctx, uint32_t, threads * KEN_TREE_TILE, &job->at);
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
    predict_job job = {.e = ens, .X = X, .out = out};
    KEN_TRY(predict_check(ctx, ens, X));
    if (ken_table_rows(X) < PREDICT_LANES) return predict_few(ctx, &job);
    return predict_run(ctx, &job);
}

ken_status ken_ensemble_leaves(ken_ctx *ctx, const ken_ensemble *ens, const ken_table *X,
                               double *out) {
    predict_job job = {.e = ens, .X = X, .out = out};
    uint32_t *leaf_of = NULL;
    KEN_TRY(predict_check(ctx, ens, X));
    const ken_mark mark = ken_scratch_mark(ctx);
    ken_status status = KEN_SCRATCH(ctx, uint32_t, ens->n_nodes, &leaf_of);
    if (status == KEN_OK) {
        for (int32_t t = 0; t < ens->n_trees; t++) {
            uint32_t leaves = 0;
            for (int64_t i = ens->tree_offset[t]; i < ens->tree_offset[t + 1]; i++)
                leaf_of[i] = ens->feature[i] < 0 ? leaves++ : 0;
        }
        job.leaf_of = leaf_of;
        status = predict_run(ctx, &job);
    }
    ken_scratch_release(ctx, mark);
    return status;
}
