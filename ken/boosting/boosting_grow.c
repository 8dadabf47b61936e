/* Growing one tree: rows are kept in node order, with their packed gradients beside them; a split
 * moves them to the other of two buffers. Of two children only the smaller one's histogram is
 * summed, the other is the parent's minus that. Large nodes are worked on by all threads together;
 * small ones a node a thread, some of them before it is known that they will be split (the order of
 * decisions, by gain, stays what it is with one thread). */
#include "ken/boosting/boosting_grower.h"

#include <string.h>

#include "ken/core/alloc.h"
#include "ken/core/threads.h"

static const int64_t GROW_LARGE = 300000; /* row x column of a node that all threads share */

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

static void grow_children(const boosting_node *node, int64_t n_left, boosting_node child[2]) {
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
}

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
    grow_children(node, ken__grow_partition(w, node), child);
    w->node[node->left] = child[0];
    w->node[node->right] = child[1];
    grow_plan_children(w, node, task, &p);
    if (p.small->slot >= 0) ken__grow_sum(w, p.small, worker);
    if (p.subtract)
        ken__grow_subtract(w, p.large, p.small);
    else if (p.want_large)
        ken__grow_sum(w, p.large, worker);
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

static ken_status grow_split_together(ken_ctx *ctx, boosting_grower *w, const grow_task *task) {
    boosting_node *const node = &w->node[task->node];
    boosting_node child[2];
    grow_plan p;
    int64_t n_left;
    KEN_TRY(ken__grow_partition_together(ctx, w, node, &n_left));
    grow_children(node, n_left, child);
    w->node[node->left] = child[0];
    w->node[node->right] = child[1];
    grow_plan_children(w, node, task, &p);
    if (p.small->slot >= 0) KEN_TRY(ken__grow_sum_together(ctx, w, p.small));
    if (p.subtract)
        ken__grow_subtract(w, p.large, p.small);
    else if (p.want_large)
        KEN_TRY(ken__grow_sum_together(ctx, w, p.large));
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
    KEN_TRY(ken__grow_slot(ctx, w, leaves_left, &task->spare[0]));
    if (w->node[leaf].slot < 0) KEN_TRY(ken__grow_slot(ctx, w, leaves_left, &task->spare[1]));
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

static ken_status grow_root(ken_ctx *ctx, boosting_grower *w, const uint32_t *rows, int64_t n) {
    KEN_TRY(grow_more_nodes(ctx, w, 64));
    KEN_TRY(ken__grow_start(ctx, w, rows, n));
    boosting_node *const root = &w->node[0];
    w->n_nodes = 1;
    w->n_heap = 0;
    ken__grow_free_slots(w);
    if (!grow_may_split(w, root) || w->n_columns == 0) return KEN_OK;
    KEN_TRY(ken__grow_slot(ctx, w, w->rules->max_leaves, &root->slot));
    KEN_TRY(ken__grow_sum_together(ctx, w, root));
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
    ken__grow_tiles(w);
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
