/* Growing one tree: rows are kept in node order, with their packed gradients beside them; a split
 * moves them to the other of two buffers. Of two children only the smaller one's histogram is
 * summed, the other is the parent's minus that. Large nodes are worked on by all threads together;
 * small ones a node a thread, some of them before it is known that they will be split (the order of
 * decisions, by gain, stays what it is with one thread). */
#include "ken/boosting/boosting_grow.h"

#include <math.h>
#include <string.h>

#include "ken/core/alloc.h"
#include "ken/core/threads.h"

enum {
    GROW_PLACES_PER_TILE = 8192, /* 64 KB of packed sums: they should stay in the nearest caches */
    GROW_BATCH = 2,              /* small nodes per thread split at a time */
    GROW_ROWS_PER_TASK = 8 * BOOSTING_CHUNK,
    GROW_COLUMNS_PER_TASK = 4
};
static const int64_t GROW_LARGE = 300000; /* row x column of a node that all threads share */
static const int64_t GROW_POOL_BYTES = 256 << 20;

typedef struct grow_worker {
    uint64_t *packed; /* (n_places) sums of a chunk */
    uint64_t **hist;  /* (d) where the columns of `packed`, or of a slot, begin */
    int64_t *wide;    /* (2 n_places) own part of a large node's histogram; several threads only */
} grow_worker;

struct boosting_grower {
    const boosting_binned *binned;
    const boosting_rules *rules;
    const boosting_scale *scale;
    const ken_kernels *k;
    ken_ctx *ctx;
    int64_t n_train, n_places;
    int64_t *offset;   /* (d + 1) */
    uint32_t *rows[2]; /* (n_train) in node order */
    uint64_t *gh[2];
    uint8_t *mark; /* (n_train) */
    /* columns of the tree at hand, in tiles [tile[t], tile[t+1]) */
    const int32_t *columns;
    int n_columns;
    int *tile; /* (d + 1); the first is 0 */
    int n_tiles;
    /* nodes, and the heap of leaves that may be split */
    boosting_node *node;
    int64_t n_nodes, node_capacity;
    int32_t *heap;
    int64_t n_heap;
    /* pool of histograms */
    int64_t **slot;
    int32_t *free_slot;
    int32_t n_slots, n_free, max_slots;
    /* workers */
    int threads;
    grow_worker *worker;
    boosting_split *found; /* (tasks of columns) */
    int64_t *part;         /* (tasks of rows + 1) */
};

/* --- memory -------------------------------------------------------------------------------------
 */

static ken_status grow_allocate_rows(ken_ctx *ctx, boosting_grower *w) {
    const int64_t tasks = w->n_train / GROW_ROWS_PER_TASK + 2;
    for (int b = 0; b < 2; b++) {
        KEN_TRY(KEN_ALLOC(ctx, uint32_t, w->n_train, &w->rows[b]));
        KEN_TRY(KEN_ALLOC(ctx, uint64_t, w->n_train, &w->gh[b]));
    }
    KEN_TRY(KEN_ALLOC(ctx, uint8_t, w->n_train, &w->mark));
    return KEN_ALLOC(ctx, int64_t, tasks, &w->part);
}

static ken_status grow_allocate_workers(ken_ctx *ctx, boosting_grower *w) {
    const int d = w->binned->d;
    w->threads = ken_ctx_threads(ctx);
    KEN_TRY(KEN_ALLOC(ctx, grow_worker, w->threads, &w->worker));
    for (int t = 0; t < w->threads; t++) {
        KEN_TRY(KEN_ALLOC(ctx, uint64_t, w->n_places, &w->worker[t].packed));
        KEN_TRY(KEN_ALLOC(ctx, uint64_t *, d, &w->worker[t].hist));
        if (w->threads > 1) KEN_TRY(KEN_ALLOC(ctx, int64_t, 2 * w->n_places, &w->worker[t].wide));
    }
    return KEN_ALLOC(ctx, boosting_split, d / GROW_COLUMNS_PER_TASK + 1, &w->found);
}

static ken_status grow_allocate(ken_ctx *ctx, boosting_grower *w) {
    const int d = w->binned->d;
    KEN_TRY(KEN_ALLOC(ctx, int64_t, d + 1, &w->offset));
    KEN_TRY(KEN_ALLOC(ctx, int, d + 1, &w->tile));
    for (int j = 0; j < d; j++) w->offset[j + 1] = w->offset[j] + w->binned->feature[j].n_bins + 1;
    w->n_places = w->offset[d];
    KEN_TRY(grow_allocate_rows(ctx, w));
    KEN_TRY(grow_allocate_workers(ctx, w));
    const int64_t bytes = w->rules->pool_bytes > 0 ? w->rules->pool_bytes : GROW_POOL_BYTES;
    const int64_t fit = bytes / KEN_MAX(16 * w->n_places, 1);
    const int64_t least = 4 * (int64_t)w->threads * GROW_BATCH + 4;
    w->max_slots = (int32_t)KEN_MIN(KEN_MAX(fit, least), w->rules->max_leaves + least);
    KEN_TRY(KEN_ALLOC(ctx, int64_t *, w->max_slots, &w->slot));
    return KEN_ALLOC(ctx, int32_t, w->max_slots, &w->free_slot);
}

ken_status ken__boosting_grower_new(ken_ctx *ctx, const boosting_binned *binned,
                                    const boosting_rules *rules, boosting_grower **out) {
    const int64_t n_train = binned->n_train;
    *out = NULL;
    if (n_train > UINT32_MAX)
        return KEN_FAIL(ctx, KEN_E_LIMIT, "train on a sample of the rows",
                        "boosting: %lld training rows, at most 4294967295 are possible",
                        (long long)n_train);
    KEN_TRY(KEN_ALLOC(ctx, boosting_grower, 1, out));
    boosting_grower *const w = *out;
    w->binned = binned;
    w->rules = rules;
    w->k = ken_ctx_kernels(ctx);
    w->n_train = n_train;
    const ken_status status = grow_allocate(ctx, w);
    if (status != KEN_OK) {
        ken__boosting_grower_free(ctx, w);
        *out = NULL;
    }
    return status;
}

void ken__boosting_grower_free(ken_ctx *ctx, boosting_grower *w) {
    if (!w) return;
    ken_free(ctx, w->offset);
    ken_free(ctx, w->tile);
    ken_free(ctx, w->mark);
    ken_free(ctx, w->part);
    for (int b = 0; b < 2; b++) {
        ken_free(ctx, w->rows[b]);
        ken_free(ctx, w->gh[b]);
    }
    for (int t = 0; w->worker && t < w->threads; t++) {
        ken_free(ctx, w->worker[t].packed);
        ken_free(ctx, w->worker[t].hist);
        ken_free(ctx, w->worker[t].wide);
    }
    for (int32_t i = 0; i < w->n_slots; i++) ken_free(ctx, w->slot[i]);
    ken_free(ctx, w->slot);
    ken_free(ctx, w->free_slot);
    ken_free(ctx, w->worker);
    ken_free(ctx, w->found);
    ken_free(ctx, w->node);
    ken_free(ctx, w->heap);
    ken_free(ctx, w);
}

uint64_t *ken__boosting_grower_words(boosting_grower *w) { return w->gh[1]; }
const boosting_node *ken__boosting_grower_nodes(const boosting_grower *w) { return w->node; }
const uint32_t *ken__boosting_grower_rows(const boosting_grower *w, const boosting_node *node) {
    return w->rows[node->buffer] + node->begin;
}

/* --- scale --------------------------------------------------------------------------------------
 */

/* The greatest power of two s with round(max * s) < 2^bits. */
static double grow_power(double max, int bits) {
    int e;
    if (!(max > 0)) return 1;
    (void)frexp(max, &e);
    const double s = ldexp(1, KEN_MAX(KEN_MIN(bits - e, 1000), -1000));
    return max * s + 0.5 >= ldexp(1, bits) ? s / 2 : s;
}

boosting_scale ken__boosting_scale_of(int64_t n, bool one, double max_g, double max_h) {
    int log_n = 0;
    while ((INT64_C(1) << log_n) < n) log_n++;
    boosting_scale s = {.one = one, .shift = one ? 12 : 31, .scale_g = 1, .scale_h = 1};
    /* a chunk of 2^11 words: |sum| < 2^(63 - shift); a whole table: |sum| < 2^62 */
    s.scale_g = grow_power(max_g, KEN_MIN(one ? 40 : 21, 62 - log_n));
    if (!one) s.scale_h = grow_power(max_h, KEN_MIN(20, 62 - log_n));
    return s;
}

/* --- pool of histograms -------------------------------------------------------------------------
 */

/* Order of decisions: by gain; depthwise: level after level. Ties: the node whose rows come first.
 */
static bool grow_before(const boosting_grower *w, int32_t a, int32_t b) {
    const boosting_node *const x = &w->node[a], *const y = &w->node[b];
    if (w->rules->depthwise && x->depth != y->depth) return x->depth < y->depth;
    if (x->split.gain != y->split.gain) return x->split.gain > y->split.gain;
    return x->begin < y->begin;
}

static void grow_release(boosting_grower *w, boosting_node *node) {
    if (node->slot >= 0) w->free_slot[w->n_free++] = node->slot;
    node->slot = -1;
}

/* Histograms that a waiting leaf holds: its own, or those of the children it already has. */
static int grow_held(const boosting_grower *w, const boosting_node *leaf) {
    if (leaf->busy) return 0;
    return (leaf->slot >= 0) +
           (leaf->left >= 0 ? (w->node[leaf->left].slot >= 0) + (w->node[leaf->right].slot >= 0)
                            : 0);
}

/* The leaf that is last in line loses its histograms. false: none has any. */
static bool grow_evict(boosting_grower *w) {
    int32_t last = -1;
    for (int64_t i = 0; i < w->n_heap; i++) {
        const int32_t leaf = w->heap[i];
        if (grow_held(w, &w->node[leaf]) > 0 && (last < 0 || grow_before(w, last, leaf)))
            last = leaf;
    }
    if (last < 0) return false;
    boosting_node *const leaf = &w->node[last];
    grow_release(w, leaf);
    if (leaf->left >= 0) {
        grow_release(w, &w->node[leaf->left]);
        grow_release(w, &w->node[leaf->right]);
    }
    return true;
}

/* A free slot: from the leaves of which there are more than can still be split, by growing the
 * pool, or from the leaf that is last in line. */
static ken_status grow_slot(ken_ctx *ctx, boosting_grower *w, int64_t leaves_left, int32_t *out) {
    if (w->n_free == 0 && w->n_heap > leaves_left) (void)grow_evict(w);
    if (w->n_free == 0 && w->n_slots < w->max_slots) {
        KEN_TRY(KEN_ALLOC(ctx, int64_t, 2 * w->n_places, &w->slot[w->n_slots]));
        w->free_slot[w->n_free++] = w->n_slots++;
    }
    if (w->n_free == 0 && !grow_evict(w))
        return KEN_FAIL(ctx, KEN_E_BUG, NULL, "boosting: no histogram can be freed");
    *out = w->free_slot[--w->n_free];
    return KEN_OK;
}

/* --- histograms ---------------------------------------------------------------------------------
 */

static void grow_point(const boosting_grower *w, grow_worker *worker, uint64_t *memory) {
    for (int j = 0; j < w->n_columns; j++)
        worker->hist[j] = memory + w->offset[w->columns ? w->columns[j] : j];
}

/* Add rows [begin, end) of a node's buffer into the packed histogram that worker->hist points to.
 */
static void grow_add(const boosting_grower *w, const grow_worker *worker, int buffer, int64_t begin,
                     int64_t end, int tile) {
    const int first = w->tile[tile], d = w->tile[tile + 1] - first;
    const boosting_binned *const b = w->binned;
    const uint32_t *const rows = w->rows[buffer] + begin;
    const uint64_t *const gh = w->gh[buffer] + begin;
    if (w->columns)
        w->k->hist_add_some(b->codes, b->stride, rows, end - begin, gh, w->columns + first, d,
                            worker->hist + first);
    else
        w->k->hist_add(b->codes + first, b->stride, rows, end - begin, gh, d, worker->hist + first);
}

/* Places of a histogram that a tile covers: [*from, *to). Sampled columns: from first to last. */
static void grow_places(const boosting_grower *w, int tile, int64_t *from, int64_t *to) {
    const int first = w->tile[tile], last = w->tile[tile + 1] - 1;
    *from = w->offset[w->columns ? w->columns[first] : first];
    *to = w->offset[(w->columns ? w->columns[last] : last) + 1];
}

/* Rows [begin, end) into the wide sums of one tile, chunk by chunk through packed ones. */
static void grow_sum_wide(const boosting_grower *w, grow_worker *worker, int buffer, int64_t begin,
                          int64_t end, int tile, int64_t *wide) {
    int64_t from, to;
    grow_places(w, tile, &from, &to);
    for (int64_t i = begin; i < end; i += BOOSTING_CHUNK) {
        memset(worker->packed + from, 0, (size_t)(to - from) * sizeof(uint64_t));
        grow_add(w, worker, buffer, i, KEN_MIN(i + BOOSTING_CHUNK, end), tile);
        w->k->hist_widen(worker->packed + from, to - from, w->scale->shift, wide + from,
                         wide + w->n_places + from);
    }
}

static bool grow_is_narrow(const boosting_node *node) {
    return node->end - node->begin <= BOOSTING_CHUNK;
}

/* Sum a node's histogram into its slot, on one thread. */
static void grow_sum(const boosting_grower *w, boosting_node *node, grow_worker *worker) {
    int64_t *const slot = w->slot[node->slot];
    node->narrow = grow_is_narrow(node);
    memset(slot, 0, (size_t)(node->narrow ? 1 : 2) * (size_t)w->n_places * sizeof *slot);
    grow_point(w, worker, node->narrow ? (uint64_t *)slot : worker->packed);
    for (int t = 0; t < w->n_tiles; t++) {
        if (node->narrow)
            grow_add(w, worker, node->buffer, node->begin, node->end, t);
        else
            grow_sum_wide(w, worker, node->buffer, node->begin, node->end, t, slot);
    }
}

/* slot of `large` (the parent's) minus the histogram of `small`. */
static void grow_subtract(const boosting_grower *w, const boosting_node *large,
                          const boosting_node *small, int64_t from, int64_t to) {
    int64_t *const a = w->slot[large->slot];
    const int64_t *const b = w->slot[small->slot];
    if (large->narrow) {
        for (int64_t i = from; i < to; i++) a[i] = (int64_t)((uint64_t)a[i] - (uint64_t)b[i]);
    } else if (small->narrow) {
        w->k->hist_narrow((const uint64_t *)b + from, to - from, w->scale->shift, a + from,
                          a + w->n_places + from);
    } else {
        for (int half = 0; half < 2; half++)
            for (int64_t i = from; i < to; i++)
                a[half * w->n_places + i] -= b[half * w->n_places + i];
    }
}

/* --- rows ---------------------------------------------------------------------------------------
 */

static void grow_side_table(const boosting_grower *w, const boosting_split *s, uint8_t left[256]) {
    const int missing = w->binned->feature[s->column].n_bins;
    for (int c = 0; c < 256; c++) left[c] = boosting_goes_left(s, missing, c);
}

static void grow_children(const boosting_grower *w, const boosting_node *node, int64_t n_left,
                          boosting_node child[2]) {
    for (int c = 0; c < 2; c++) {
        memset(&child[c], 0, sizeof child[c]);
        child[c].left = child[c].right = -1;
        child[c].slot = -1;
        child[c].depth = node->depth + 1;
        child[c].buffer = !node->buffer;
        child[c].begin = c ? node->begin + n_left : node->begin;
        child[c].end = c ? node->end : node->begin + n_left;
        child[c].g = c ? node->g - node->split.g : node->split.g;
        child[c].h = c ? node->h - node->split.h : node->split.h;
        child[c].range[0] = node->range[0];
        child[c].range[1] = node->range[1];
    }
    (void)w;
}

/* Move the rows of a node to the other buffer: left ones first. Returns how many go left. */
static int64_t grow_partition(const boosting_grower *w, const boosting_node *node) {
    const int b = node->buffer;
    const int64_t at = node->begin, n = node->end - at;
    uint8_t left[256];
    grow_side_table(w, &node->split, left);
    const int64_t n_left =
        w->k->partition_mark(w->binned->by_column + node->split.column * w->n_train, 1,
                             w->rows[b] + at, n, left, w->mark + at);
    w->k->partition_move(w->mark + at, w->rows[b] + at, w->gh[b] + at, n, w->rows[!b] + at,
                         w->gh[!b] + at, 0, n_left);
    return n_left;
}

typedef struct grow_move {
    const boosting_grower *w;
    const boosting_node *node;
    uint8_t left[256];
    int64_t n_left;
} grow_move;

static void grow_mark_block(void *arg, int64_t begin, int64_t end, int worker) {
    const grow_move *const m = arg;
    const boosting_grower *const w = m->w;
    const int64_t at = m->node->begin + begin;
    (void)worker;
    w->part[begin / GROW_ROWS_PER_TASK + 1] =
        w->k->partition_mark(w->binned->by_column + m->node->split.column * w->n_train, 1,
                             w->rows[m->node->buffer] + at, end - begin, m->left, w->mark + at);
}

static void grow_move_block(void *arg, int64_t begin, int64_t end, int worker) {
    const grow_move *const m = arg;
    const boosting_grower *const w = m->w;
    const int b = m->node->buffer;
    const int64_t first = m->node->begin, at = first + begin;
    const int64_t before = w->part[begin / GROW_ROWS_PER_TASK];
    (void)worker;
    w->k->partition_move(w->mark + at, w->rows[b] + at, w->gh[b] + at, end - begin,
                         w->rows[!b] + first, w->gh[!b] + first, before,
                         m->n_left + begin - before);
}

static ken_status grow_partition_together(ken_ctx *ctx, boosting_grower *w,
                                          const boosting_node *node, int64_t *n_left) {
    const int64_t n = node->end - node->begin;
    const int64_t tasks = (n + GROW_ROWS_PER_TASK - 1) / GROW_ROWS_PER_TASK;
    grow_move m = {.w = w, .node = node};
    grow_side_table(w, &node->split, m.left);
    w->part[0] = 0;
    KEN_TRY(ken_parallel(ctx, n, GROW_ROWS_PER_TASK, grow_mark_block, &m));
    for (int64_t t = 0; t < tasks; t++) w->part[t + 1] += w->part[t];
    m.n_left = *n_left = w->part[tasks];
    return ken_parallel(ctx, n, GROW_ROWS_PER_TASK, grow_move_block, &m);
}

/* --- a node's split -----------------------------------------------------------------------------
 */

static bool grow_may_split(const boosting_grower *w, const boosting_node *node) {
    const boosting_rules *const r = w->rules;
    const double H = (double)node->h / w->scale->scale_h;
    return (r->max_depth == 0 || node->depth < r->max_depth) &&
           (double)(node->end - node->begin) >= 2 * KEN_MAX(r->min_rows, 1) &&
           H >= 2 * r->min_weight;
}

static void grow_look_at_hessians(const boosting_grower *w, boosting_node *node) {
    if (!w->scale->one && w->rules->min_rows > 1)
        w->k->hist_range(w->gh[node->buffer] + node->begin, node->end - node->begin,
                         w->scale->shift, node->range);
}

static boosting_search grow_search(const boosting_grower *w, const boosting_node *node) {
    return (boosting_search){.k = w->k,
                             .binned = w->binned,
                             .rules = w->rules,
                             .scale = w->scale,
                             .offset = w->offset,
                             .n_places = w->n_places,
                             .hist = w->slot[node->slot],
                             .node = node,
                             .rows = w->rows[node->buffer] + node->begin};
}

static void grow_find(const boosting_grower *w, boosting_node *node) {
    const boosting_search search = grow_search(w, node);
    boosting_split found;
    grow_look_at_hessians(w, node);
    ken__boosting_best_split(&search, w->columns, 0, w->n_columns, &found);
    node->split = found;
}

typedef struct grow_find_job {
    const boosting_grower *w;
    const boosting_node *node;
} grow_find_job;

static void grow_find_block(void *arg, int64_t begin, int64_t end, int worker) {
    const grow_find_job *const job = arg;
    const boosting_search search = grow_search(job->w, job->node);
    (void)worker;
    ken__boosting_best_split(&search, job->w->columns, (int)begin, (int)end,
                             &job->w->found[begin / GROW_COLUMNS_PER_TASK]);
}

static ken_status grow_find_together(ken_ctx *ctx, boosting_grower *w, boosting_node *node) {
    grow_find_job job = {w, node};
    grow_look_at_hessians(w, node);
    KEN_TRY(ken_parallel(ctx, w->n_columns, GROW_COLUMNS_PER_TASK, grow_find_block, &job));
    node->split = w->found[0];
    for (int t = 1; t * GROW_COLUMNS_PER_TASK < w->n_columns; t++)
        if (ken__boosting_split_better(&w->found[t], &node->split)) node->split = w->found[t];
    return KEN_OK;
}

/* --- splitting a node ---------------------------------------------------------------------------
 */

/* Children stand at node->left and node->right; spare: slots for their histograms. */
typedef struct grow_task {
    int32_t node;
    int32_t spare[2];
} grow_task;

/* Which histograms the children need, and in which slots they come to lie. */
typedef struct grow_plan {
    boosting_node *small, *large;
    bool want_small, want_large, subtract;
} grow_plan;

static void grow_plan_children(boosting_grower *w, boosting_node *node, const grow_task *task,
                               grow_plan *p) {
    boosting_node *const l = &w->node[node->left], *const r = &w->node[node->right];
    const bool left_small = l->end - l->begin <= r->end - r->begin;
    p->small = left_small ? l : r;
    p->large = left_small ? r : l;
    p->want_small = grow_may_split(w, p->small);
    p->want_large = grow_may_split(w, p->large);
    p->subtract = p->want_large && node->slot >= 0;
    if (p->want_small || p->subtract) p->small->slot = task->spare[0];
    if (p->want_large) {
        p->large->slot = p->subtract ? node->slot : task->spare[1];
        p->large->narrow = node->narrow;
    }
}

static void grow_split_alone(boosting_grower *w, const grow_task *task, grow_worker *worker) {
    boosting_node *const node = &w->node[task->node];
    boosting_node child[2];
    grow_plan p;
    grow_children(w, node, grow_partition(w, node), child);
    w->node[node->left] = child[0];
    w->node[node->right] = child[1];
    grow_plan_children(w, node, task, &p);
    if (p.small->slot >= 0) grow_sum(w, p.small, worker);
    if (p.subtract)
        grow_subtract(w, p.large, p.small, 0, w->n_places);
    else if (p.want_large)
        grow_sum(w, p.large, worker);
    if (p.want_small) grow_find(w, p.small);
    if (p.want_large) grow_find(w, p.large);
}

typedef struct grow_batch {
    boosting_grower *w;
    const grow_task *task;
} grow_batch;

static void grow_split_block(void *arg, int64_t begin, int64_t end, int worker) {
    const grow_batch *const batch = arg;
    for (int64_t i = begin; i < end; i++)
        grow_split_alone(batch->w, &batch->task[i], &batch->w->worker[worker]);
}

/* --- large nodes: all threads on one ------------------------------------------------------------
 */

typedef struct grow_sum_job {
    boosting_grower *w;
    boosting_node *node;
} grow_sum_job;

static void grow_sum_rows_block(void *arg, int64_t begin, int64_t end, int worker) {
    const grow_sum_job *const job = arg;
    boosting_grower *const w = job->w;
    grow_worker *const own = &w->worker[worker];
    for (int t = 0; t < w->n_tiles; t++)
        grow_sum_wide(w, own, job->node->buffer, job->node->begin + begin, job->node->begin + end,
                      t, own->wide);
}

static void grow_merge_block(void *arg, int64_t begin, int64_t end, int worker) {
    const grow_sum_job *const job = arg;
    const boosting_grower *const w = job->w;
    int64_t *const slot = w->slot[job->node->slot];
    (void)worker;
    memcpy(slot + begin, w->worker[0].wide + begin, (size_t)(end - begin) * sizeof *slot);
    for (int t = 1; t < w->threads; t++)
        for (int64_t i = begin; i < end; i++) slot[i] += w->worker[t].wide[i];
}

static void grow_sum_tiles_block(void *arg, int64_t begin, int64_t end, int worker) {
    const grow_sum_job *const job = arg;
    boosting_grower *const w = job->w;
    for (int64_t t = begin; t < end; t++)
        grow_sum_wide(w, &w->worker[worker], job->node->buffer, job->node->begin, job->node->end,
                      (int)t, w->slot[job->node->slot]);
}

static ken_status grow_sum_together(ken_ctx *ctx, boosting_grower *w, boosting_node *node) {
    const size_t size = 2 * (size_t)w->n_places * sizeof(int64_t);
    grow_sum_job job = {w, node};
    if (w->threads == 1 || grow_is_narrow(node)) {
        grow_sum(w, node, &w->worker[0]);
        return KEN_OK;
    }
    node->narrow = false;
    for (int t = 0; t < w->threads; t++) grow_point(w, &w->worker[t], w->worker[t].packed);
    if (w->n_tiles >= 2 * w->threads) {
        memset(w->slot[node->slot], 0, size);
        return ken_parallel(ctx, w->n_tiles, 1, grow_sum_tiles_block, &job);
    }
    for (int t = 0; t < w->threads; t++) memset(w->worker[t].wide, 0, size);
    KEN_TRY(
        ken_parallel(ctx, node->end - node->begin, GROW_ROWS_PER_TASK, grow_sum_rows_block, &job));
    return ken_parallel(ctx, 2 * w->n_places, 16384, grow_merge_block, &job);
}

static ken_status grow_split_together(ken_ctx *ctx, boosting_grower *w, const grow_task *task) {
    boosting_node *const node = &w->node[task->node];
    boosting_node child[2];
    grow_plan p;
    int64_t n_left;
    KEN_TRY(grow_partition_together(ctx, w, node, &n_left));
    grow_children(w, node, n_left, child);
    w->node[node->left] = child[0];
    w->node[node->right] = child[1];
    grow_plan_children(w, node, task, &p);
    if (p.small->slot >= 0) KEN_TRY(grow_sum_together(ctx, w, p.small));
    if (p.subtract)
        grow_subtract(w, p.large, p.small, 0, w->n_places);
    else if (p.want_large)
        KEN_TRY(grow_sum_together(ctx, w, p.large));
    if (p.want_small) KEN_TRY(grow_find_together(ctx, w, p.small));
    if (p.want_large) KEN_TRY(grow_find_together(ctx, w, p.large));
    return KEN_OK;
}

/* --- the heap of leaves -------------------------------------------------------------------------
 */

static void grow_push(boosting_grower *w, int32_t leaf) {
    int64_t i = w->n_heap++;
    while (i > 0 && grow_before(w, leaf, w->heap[(i - 1) / 2])) {
        w->heap[i] = w->heap[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    w->heap[i] = leaf;
}

static int32_t grow_pop(boosting_grower *w) {
    const int32_t top = w->heap[0], last = w->heap[--w->n_heap];
    int64_t i = 0;
    for (;;) {
        int64_t c = 2 * i + 1;
        if (c >= w->n_heap) break;
        if (c + 1 < w->n_heap && grow_before(w, w->heap[c + 1], w->heap[c])) c++;
        if (!grow_before(w, w->heap[c], last)) break;
        w->heap[i] = w->heap[c];
        i = c;
    }
    w->heap[i] = last;
    return top;
}

/* --- growth -------------------------------------------------------------------------------------
 */

static ken_status grow_more_nodes(ken_ctx *ctx, boosting_grower *w, int64_t need) {
    if (need <= w->node_capacity) return KEN_OK;
    const size_t next = ken_next_capacity((size_t)w->node_capacity, (size_t)need);
    void *node = w->node, *heap = w->heap;
    ken_status status = ken_grow(ctx, &node, (size_t)w->node_capacity, next, sizeof *w->node);
    w->node = node;
    KEN_TRY(status);
    status = ken_grow(ctx, &heap, (size_t)w->node_capacity, next, sizeof *w->heap);
    w->heap = heap;
    KEN_TRY(status);
    w->node_capacity = (int64_t)next;
    return KEN_OK;
}

static int64_t grow_work(const boosting_grower *w, const boosting_node *node) {
    return (node->end - node->begin) * w->n_columns + 8 * w->n_places;
}

static ken_status grow_prepare(ken_ctx *ctx, boosting_grower *w, int32_t leaf, int64_t leaves_left,
                               grow_task *task) {
    KEN_TRY(grow_more_nodes(ctx, w, w->n_nodes + 2));
    task->node = leaf;
    task->spare[0] = task->spare[1] = -1;
    KEN_TRY(grow_slot(ctx, w, leaves_left, &task->spare[0]));
    if (w->node[leaf].slot < 0) KEN_TRY(grow_slot(ctx, w, leaves_left, &task->spare[1]));
    for (int c = 0; c < 2; c++) {
        boosting_node *const child = &w->node[w->n_nodes];
        memset(child, 0, sizeof *child);
        child->slot = -1;
        *(c ? &w->node[leaf].right : &w->node[leaf].left) = (int32_t)w->n_nodes++;
    }
    return KEN_OK;
}

/* Give back the slots that no child took. */
static void grow_settle(boosting_grower *w, const grow_task *task) {
    boosting_node *const node = &w->node[task->node];
    const int32_t owned[3] = {task->spare[0], task->spare[1], node->slot};
    boosting_node *const child[2] = {&w->node[node->left], &w->node[node->right]};
    for (int c = 0; c < 2; c++)
        if (child[c]->slot >= 0 && !(child[c]->split.gain > 0)) child[c]->slot = -1;
    for (int i = 0; i < 3; i++)
        if (owned[i] >= 0 && child[0]->slot != owned[i] && child[1]->slot != owned[i])
            w->free_slot[w->n_free++] = owned[i];
    node->slot = -1;
    node->busy = false;
}

/* Split `top`, and with it, when it is small, some of the next in line. */
static ken_status grow_split_batch(ken_ctx *ctx, boosting_grower *w, int32_t top,
                                   int64_t leaves_left) {
    grow_task task[64];
    int32_t leaf[64];
    int n = 0;
    const bool large = grow_work(w, &w->node[top]) >= GROW_LARGE && w->threads > 1;
    const int64_t most = large || w->threads == 1
                             ? 1
                             : KEN_MIN(KEN_MIN((int64_t)GROW_BATCH * w->threads, leaves_left), 64);
    leaf[n++] = top;
    int32_t aside[64];
    int n_aside = 0;
    while (n < most && w->n_heap > 0 && n_aside < 64) {
        const int32_t next = grow_pop(w);
        aside[n_aside++] = next;
        if (w->node[next].left < 0 && grow_work(w, &w->node[next]) < GROW_LARGE) leaf[n++] = next;
    }
    for (int i = 0; i < n_aside; i++) grow_push(w, aside[i]);
    for (int i = 0; i < n; i++) w->node[leaf[i]].busy = true;
    for (int i = 0; i < n; i++) KEN_TRY(grow_prepare(ctx, w, leaf[i], leaves_left, &task[i]));
    grow_batch batch = {w, task};
    KEN_TRY(large ? grow_split_together(ctx, w, &task[0])
                  : ken_parallel(ctx, n, 1, grow_split_block, &batch));
    for (int i = 0; i < n; i++) grow_settle(w, &task[i]);
    return KEN_OK;
}

static void grow_offer(boosting_grower *w, int32_t leaf) {
    if (w->node[leaf].split.gain > 0) grow_push(w, leaf);
}

static void grow_tiles(boosting_grower *w) {
    w->n_tiles = 0;
    w->tile[0] = 0;
    int64_t places = 0;
    for (int j = 0; j < w->n_columns; j++) {
        const int32_t column = w->columns ? w->columns[j] : j;
        const int64_t here = w->offset[column + 1] - w->offset[column];
        if (places > 0 && places + here > GROW_PLACES_PER_TILE) {
            w->tile[++w->n_tiles] = j;
            places = 0;
        }
        places += here;
    }
    if (w->n_columns > 0) w->tile[++w->n_tiles] = w->n_columns; /* no column, no tile */
}

typedef struct grow_start {
    boosting_grower *w;
    const uint32_t *rows;
    int buffer; /* 1, where the gradients are, unless rows are picked */
} grow_start;

static void grow_start_block(void *arg, int64_t begin, int64_t end, int worker) {
    const grow_start *const s = arg;
    uint32_t *const rows = s->w->rows[s->buffer];
    uint64_t *const gh = s->w->gh[s->buffer];
    (void)worker;
    for (int64_t i = begin; i < end; i++) rows[i] = s->rows ? s->rows[i] : (uint32_t)i;
    for (int64_t i = begin; s->rows && i < end; i++) gh[i] = s->w->gh[1][rows[i]];
}

typedef struct grow_total {
    const boosting_grower *w;
    int buffer;
    int64_t *sum; /* two per task */
} grow_total;

static void grow_total_block(void *arg, int64_t begin, int64_t end, int worker) {
    const grow_total *const t = arg;
    const uint64_t *const gh = t->w->gh[t->buffer];
    const int shift = t->w->scale->shift;
    const uint64_t mask = (UINT64_C(1) << shift) - 1;
    int64_t g = 0, h = 0;
    (void)worker;
    for (int64_t i = begin; i < end; i++) {
        g += (int64_t)gh[i] >> shift;
        h += (int64_t)(gh[i] & mask);
    }
    t->sum[2 * (begin / GROW_ROWS_PER_TASK)] = g;
    t->sum[2 * (begin / GROW_ROWS_PER_TASK) + 1] = h;
}

static ken_status grow_root(ken_ctx *ctx, boosting_grower *w, const uint32_t *rows, int64_t n) {
    grow_start start = {w, rows, rows ? 0 : 1};
    KEN_TRY(ken_parallel(ctx, n, GROW_ROWS_PER_TASK, grow_start_block, &start));
    KEN_TRY(grow_more_nodes(ctx, w, 64));
    boosting_node *const root = &w->node[0];
    memset(root, 0, sizeof *root);
    root->left = root->right = root->slot = -1;
    root->end = n;
    root->buffer = (uint8_t)start.buffer;
    const int64_t tasks = (n + GROW_ROWS_PER_TASK - 1) / GROW_ROWS_PER_TASK;
    grow_total total = {w, start.buffer, NULL};
    KEN_TRY(KEN_SCRATCH(ctx, int64_t, 2 * tasks, &total.sum));
    KEN_TRY(ken_parallel(ctx, n, GROW_ROWS_PER_TASK, grow_total_block, &total));
    for (int64_t t = 0; t < tasks; t++) {
        root->g += total.sum[2 * t];
        root->h += total.sum[2 * t + 1];
    }
    w->n_nodes = 1;
    w->n_heap = 0;
    w->n_free = 0;
    for (int32_t i = w->n_slots; i-- > 0;) w->free_slot[w->n_free++] = i;
    if (!grow_may_split(w, root) || w->n_columns == 0) return KEN_OK;
    KEN_TRY(grow_slot(ctx, w, w->rules->max_leaves, &root->slot));
    KEN_TRY(grow_sum_together(ctx, w, root));
    KEN_TRY(grow_find_together(ctx, w, root));
    grow_offer(w, 0);
    return KEN_OK;
}

ken_status ken__boosting_grow(ken_ctx *ctx, boosting_grower *w, const boosting_scale *scale,
                              const uint32_t *rows, int64_t n_rows, const int32_t *columns,
                              int n_columns) {
    w->scale = scale;
    w->columns = columns;
    w->n_columns = columns ? n_columns : w->binned->d;
    grow_tiles(w);
    KEN_TRY(grow_root(ctx, w, rows, n_rows));
    for (int64_t leaves = 1; leaves < w->rules->max_leaves && w->n_heap > 0; leaves++) {
        const int32_t top = grow_pop(w);
        if (w->node[top].left < 0)
            KEN_TRY(grow_split_batch(ctx, w, top, w->rules->max_leaves - leaves));
        w->node[top].open = true;
        grow_offer(w, w->node[top].left);
        grow_offer(w, w->node[top].right);
    }
    return KEN_OK;
}
