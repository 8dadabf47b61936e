/* Growing one tree: rows are kept in node order, with their packed gradients beside them; a split
 * moves them to the other of two buffers. Of two children only the smaller one's histogram is
 * summed, the other is the parent's minus that.
 *
 * Large nodes are worked on by all threads together. Of the others each thread takes the next best
 * when it is free, without waiting for what comes before in the order of decisions: a node may be
 * split that in the end stays a leaf. Decisions are made in their order, by gain, from what has been
 * split, so the tree is what it is with one thread. */
#include "ken/boosting/boosting_grower.h"

#include <string.h>

#include "ken/core/alloc.h"
#include "ken/core/threads.h"

static const int64_t GROW_LARGE = 300000; /* row x column of a node that all threads share, if it is as large as
                                           * the part of the root that each thread can have for itself */

/* --- a node's split -----------------------------------------------------------------------------
 */

bool ken__grow_may_split(const boosting_grower *w, const boosting_node *node) {
    const boosting_rules *const r = w->rules;
    const double H = (double)node->h / w->scale->scale_h;
    return (r->max_depth == 0 || node->depth < r->max_depth) &&
           (double)(node->end - node->begin) >= 2 * KEN_MAX(r->min_rows, 1) &&
           H >= 2 * r->min_weight;
}

void ken__grow_look_at_hessians(const boosting_grower *w, boosting_node *node) {
    if (!w->scale->one && w->rules->min_rows > 1)
        w->k->hist_range(w->gh[node->buffer] + node->begin, node->end - node->begin,
                         w->scale->shift, node->range);
}

boosting_search ken__grow_search(const boosting_grower *w, const boosting_node *node) {
    return (boosting_search){.k = w->k,
                             .binned = w->binned,
                             .rules = w->rules,
                             .scale = w->scale,
                             .offset = w->offset,
                             .n_places = w->n_places,
                             .hist = w->slot[node->slot],
                             .node = node,
                             .rows = w->rows[node->buffer] + node->begin,
                             .ctx = w->ctx,
                             .key = w->rules->extra_random ? ken__grow_key(w, node) : 0};
}

/* The columns that a node may ask about (NULL: all there are), in `list` where it may not all. */
static const int32_t *grow_columns(const boosting_grower *w, const boosting_node *node, int32_t *list,
                                   int *n) {
    *n = w->n_columns;
    if (!ken__grow_chooses(w)) return w->columns;
    *n = ken__grow_choose(w, node, list);
    return list;
}

static void grow_find(const boosting_grower *w, boosting_node *node, grow_worker *worker) {
    const boosting_search search = ken__grow_search(w, node);
    boosting_split found;
    int n;
    const int32_t *const columns = grow_columns(w, node, worker->chosen, &n);
    ken__grow_look_at_hessians(w, node);
    ken__boosting_best_split(&search, columns, 0, n, &found);
    node->split = found;
    ken__grow_force(w, node);
}

/* One or two nodes, the columns of each in tasks: those of the second one follow. */
typedef struct grow_find_job {
    const boosting_grower *w;
    boosting_node *node[2];
    const int32_t *columns[2];
    int n[2], tasks[2];
} grow_find_job;

static void grow_find_block(void *arg, int64_t begin, int64_t end, int worker) {
    const grow_find_job *const job = arg;
    (void)worker;
    for (int64_t t = begin; t < end; t++) {
        const int which = t >= job->tasks[0];
        const int at = GROW_COLUMNS_PER_TASK * ((int)t - (which ? job->tasks[0] : 0));
        const boosting_search search = ken__grow_search(job->w, job->node[which]);
        ken__boosting_best_split(&search, job->columns[which], at,
                                 KEN_MIN(at + GROW_COLUMNS_PER_TASK, job->n[which]), &job->w->found[t]);
    }
}

/* second NULL: there is none. */
static ken_status grow_find_together(ken_ctx *ctx, boosting_grower *w, boosting_node *first,
                                     boosting_node *second) {
    grow_find_job job = {.w = w, .node = {first, second}};
    for (int i = 0; i < 2 && job.node[i]; i++) {
        job.columns[i] = grow_columns(w, job.node[i], w->chosen + i * w->binned->d, &job.n[i]);
        job.tasks[i] = (job.n[i] + GROW_COLUMNS_PER_TASK - 1) / GROW_COLUMNS_PER_TASK;
        ken__grow_look_at_hessians(w, job.node[i]);
    }
    KEN_TRY(ken_parallel(ctx, job.tasks[0] + job.tasks[1], 1, grow_find_block, &job));
    const boosting_split *found = w->found;
    for (int i = 0; i < 2 && job.node[i]; i++) {
        memset(&job.node[i]->split, 0, sizeof job.node[i]->split);
        for (int t = 0; t < job.tasks[i]; t++, found++)
            if (ken__boosting_split_better(found, &job.node[i]->split)) job.node[i]->split = *found;
        ken__grow_force(w, job.node[i]);
    }
    return KEN_OK;
}

/* --- splitting a node ----------------------------------------------------------------------------
 */

void ken__grow_children(boosting_grower *w, const boosting_node *node, int64_t n_left) {
    for (int c = 0; c < 2; c++) {
        boosting_node *const child = &w->node[c ? node->right : node->left];
        memset(child, 0, sizeof *child);
        child->left = child->right = child->slot = -1;
        child->depth = node->depth + 1;
        child->path = 2 * node->path + (uint64_t)c;
        if (node->forced)
            child->forced = c ? w->rules->forced[node->forced - 1].right : w->rules->forced[node->forced - 1].left;
        child->buffer = !node->buffer;
        child->begin = c ? node->begin + n_left : node->begin;
        child->end = c ? node->end : node->begin + n_left;
        child->g = c ? node->g - node->split.g : node->split.g;
        child->h = c ? node->h - node->split.h : node->split.h;
        child->range[0] = node->range[0];
        child->range[1] = node->range[1];
        ken__grow_groups(w, node, child);
    }
}

/* Which histograms the children need, and in which slots they come to lie. */
typedef struct grow_plan {
    boosting_node *small, *large;
    bool want_small, want_large;
    bool subtract, remove; /* the large one's comes from the parent's: minus a histogram, minus rows */
} grow_plan;

static void grow_plan_children(boosting_grower *w, const boosting_node *node, grow_plan *p) {
    boosting_node *const l = &w->node[node->left], *const r = &w->node[node->right];
    const bool left_small = l->end - l->begin <= r->end - r->begin;
    p->small = left_small ? l : r;
    p->large = left_small ? r : l;
    p->want_small = ken__grow_may_split(w, p->small);
    p->want_large = ken__grow_may_split(w, p->large);
    p->subtract = p->want_large && node->slot >= 0;
    p->remove = p->subtract && !p->want_small && node->narrow && !w->rules->vector;
    p->subtract &= !p->remove;
    if (p->want_small || p->subtract) p->small->slot = node->spare[0];
    if (p->want_large) {
        p->large->slot = p->subtract || p->remove ? node->slot : node->spare[1];
        p->large->narrow = node->narrow;
    }
}

static void grow_split_alone(void *arg, int64_t task, int worker) {
    boosting_grower *const w = arg;
    boosting_node *const node = &w->node[task];
    grow_plan p;
    ken__grow_children(w, node, ken__grow_partition(w, node));
    grow_plan_children(w, node, &p);
    if (p.small->slot >= 0) ken__grow_sum(w, p.small, &w->worker[worker]);
    if (p.subtract)
        ken__grow_subtract(w, p.large, p.small);
    else if (p.remove)
        ken__grow_remove(w, p.large, p.small, &w->worker[worker]);
    else if (p.want_large)
        ken__grow_sum(w, p.large, &w->worker[worker]);
    if (p.want_small) grow_find(w, p.small, &w->worker[worker]);
    if (p.want_large) grow_find(w, p.large, &w->worker[worker]);
}

static ken_status grow_split_together(ken_ctx *ctx, boosting_grower *w, boosting_node *node) {
    grow_plan p;
    int64_t n_left;
    KEN_TRY(ken__grow_partition_together(ctx, w, node, &n_left));
    ken__grow_children(w, node, n_left);
    grow_plan_children(w, node, &p);
    if (p.small->slot >= 0) KEN_TRY(ken__grow_sum_together(ctx, w, p.small));
    if (p.subtract)
        ken__grow_subtract(w, p.large, p.small);
    else if (p.remove)
        ken__grow_remove(w, p.large, p.small, &w->worker[0]);
    else if (p.want_large)
        KEN_TRY(ken__grow_sum_together(ctx, w, p.large));
    if (p.want_small && p.want_large) return grow_find_together(ctx, w, p.small, p.large);
    if (!p.want_small && !p.want_large) return KEN_OK;
    return grow_find_together(ctx, w, p.want_small ? p.small : p.large, NULL);
}

/* --- two heaps of leaves: those to be decided on, and those of them not yet split -----------------
 */

static void grow_push(const boosting_grower *w, grow_heap *heap, int32_t leaf) {
    int64_t i = heap->n++;
    while (i > 0 && grow_before(w, leaf, heap->leaf[(i - 1) / 2])) {
        heap->leaf[i] = heap->leaf[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    heap->leaf[i] = leaf;
}

static int32_t grow_pop(const boosting_grower *w, grow_heap *heap) {
    const int32_t top = heap->leaf[0], last = heap->leaf[--heap->n];
    int64_t i = 0;
    for (;;) {
        int64_t c = 2 * i + 1;
        if (c >= heap->n) break;
        if (c + 1 < heap->n && grow_before(w, heap->leaf[c + 1], heap->leaf[c])) c++;
        if (!grow_before(w, heap->leaf[c], last)) break;
        heap->leaf[i] = heap->leaf[c];
        i = c;
    }
    heap->leaf[i] = last;
    return top;
}

static void grow_offer(boosting_grower *w, int32_t leaf) {
    if (!(w->node[leaf].split.gain > 0)) return;
    grow_push(w, &w->waiting, leaf);
    grow_push(w, &w->whole, leaf);
}

/* --- order ---------------------------------------------------------------------------------------
 */

/* Decide, as far as what is decided on has been split. */
static void grow_decide(boosting_grower *w) {
    while (w->n_leaves < w->rules->max_leaves && w->waiting.n > 0) {
        boosting_node *const top = &w->node[w->waiting.leaf[0]];
        if (top->left < 0 || top->busy) return;
        (void)grow_pop(w, &w->waiting);
        top->open = true;
        w->n_leaves++;
        grow_offer(w, top->left);
        grow_offer(w, top->right);
    }
}

static int64_t grow_work(const boosting_grower *w, const boosting_node *node) {
    return (node->end - node->begin) * w->n_columns + 8 * w->n_places;
}

bool ken__grow_is_large(const boosting_grower *w, const boosting_node *node) {
    const int64_t work = grow_work(w, node);
    return w->threads > 1 && work >= GROW_LARGE &&
           work * w->threads >= grow_work(w, &w->node[0]);
}

/* The best leaf that is worth splitting now: one that is decided on next, or one of so many that the
 * tree may well need it. -1: none. */
static int32_t grow_next(boosting_grower *w) {
    grow_decide(w);
    if (w->n_leaves >= w->rules->max_leaves || w->whole.n == 0) return -1;
    const int32_t best = w->whole.leaf[0];
    return best == w->waiting.leaf[0] || w->n_split + 1 < w->rules->max_leaves ? best : -1;
}

/* Give `leaf` to a thread, with children and with slots for their histograms. false: there is no
 * room for those. */
static bool grow_begin(boosting_grower *w, int32_t leaf) {
    boosting_node *const node = &w->node[leaf];
    const int want = node->slot >= 0 ? 1 : 2;
    if (w->n_nodes + 2 > w->node_capacity) return false;
    node->busy = true;
    node->spare[0] = node->spare[1] = -1;
    if (!ken__grow_slots(w, leaf, want)) {
        node->busy = false;
        return false;
    }
    (void)grow_pop(w, &w->whole);
    node->left = (int32_t)w->n_nodes++;
    node->right = (int32_t)w->n_nodes++;
    w->n_split++;
    return true;
}

static int64_t grow_take(void *arg) {
    boosting_grower *const w = arg;
    const int32_t leaf = grow_next(w);
    return leaf >= 0 && !ken__grow_is_large(w, &w->node[leaf]) && grow_begin(w, leaf) ? leaf : -1;
}

static void grow_done(void *arg, int64_t task) {
    boosting_grower *const w = arg;
    ken__grow_settle(w, &w->node[task]);
    w->node[task].busy = false;
}

/* --- growth --------------------------------------------------------------------------------------
 */

ken_status ken__grow_more_nodes(ken_ctx *ctx, boosting_grower *w, int64_t least) {
    const int64_t some = w->n_nodes + 2 * KEN_MIN(w->rules->max_leaves, 1024) + 2 * w->threads;
    const int64_t need = KEN_MAX(least, some);
    if (least <= w->node_capacity) return KEN_OK;
    const size_t next = ken_next_capacity((size_t)w->node_capacity, (size_t)need);
    void *grown[4] = {w->node, w->waiting.leaf, w->whole.leaf, w->groups};
    const size_t size[4] = {sizeof *w->node, sizeof *w->waiting.leaf, sizeof *w->whole.leaf,
                            (size_t)w->rules->group_words * sizeof *w->groups};
    for (int i = 0; i < 4 && size[i] > 0; i++) {
        const ken_status status = ken_grow(ctx, &grown[i], (size_t)w->node_capacity, next, size[i]);
        w->node = grown[0];
        w->waiting.leaf = grown[1];
        w->whole.leaf = grown[2];
        w->groups = grown[3];
        KEN_TRY(status);
    }
    w->node_capacity = (int64_t)next;
    return KEN_OK;
}

static ken_status grow_root(ken_ctx *ctx, boosting_grower *w, const uint32_t *rows, int64_t n) {
    w->n_nodes = w->waiting.n = w->whole.n = w->n_split = 0;
    w->n_leaves = 1;
    KEN_TRY(ken__grow_more_nodes(ctx, w, w->n_nodes + 2));
    KEN_TRY(ken__grow_start(ctx, w, rows, n));
    boosting_node *const root = &w->node[w->n_nodes++];
    root->path = 1;
    root->forced = w->rules->first_forced;
    ken__grow_groups(w, NULL, root);
    if (!ken__grow_may_split(w, root) || w->n_columns == 0) return KEN_OK;
    if (w->rules->oblivious) return ken__grow_oblivious(ctx, w);
    KEN_TRY(ken__grow_more_slots(ctx, w));
    root->busy = true;
    if (!ken__grow_slots(w, 0, 1)) return KEN_FAIL(ctx, KEN_E_BUG, NULL, "boosting: no histogram");
    root->busy = false;
    root->slot = root->spare[0];
    KEN_TRY(ken__grow_sum_together(ctx, w, root));
    KEN_TRY(grow_find_together(ctx, w, root, NULL));
    grow_offer(w, 0);
    return KEN_OK;
}

ken_status ken__boosting_grow(ken_ctx *ctx, boosting_grower *w, const boosting_scale *scale,
                              const uint32_t *rows, int64_t n_rows, const int32_t *columns,
                              int n_columns) {
    static const ken_tasks tasks = {grow_take, grow_split_alone, grow_done};
    w->ctx = ctx;
    w->tree++;
    w->scale = scale;
    w->columns = columns;
    w->n_columns = columns ? n_columns : w->binned->d;
    ken__grow_tiles(w);
    ken__grow_free_slots(w);
    KEN_TRY(grow_root(ctx, w, rows, n_rows));
    for (int32_t leaf; (leaf = grow_next(w)) >= 0;) {
        KEN_TRY(ken__grow_more_nodes(ctx, w, w->n_nodes + 2));
        KEN_TRY(ken__grow_more_slots(ctx, w));
        if (!ken__grow_is_large(w, &w->node[leaf])) {
            KEN_TRY(ken_parallel_tasks(ctx, w->threads, &tasks, w));
            continue;
        }
        if (!grow_begin(w, leaf)) return KEN_FAIL(ctx, KEN_E_BUG, NULL, "boosting: no histogram");
        KEN_TRY(grow_split_together(ctx, w, &w->node[leaf]));
        grow_done(w, leaf);
    }
    return KEN_OK;
}
