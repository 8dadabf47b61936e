/* Histograms of nodes: sums of packed words in chunks whose hessians cannot carry, tile after tile of
 * columns, so that the sums stay in the nearest cache; the difference of parent and child; the pool
 * in which they lie. */
#include "ken/boosting/boosting_grower.h"
#include "ken/boosting/boosting_vector.h"

#include <string.h>

#include "ken/core/alloc.h"
#include "ken/core/threads.h"

enum {
    GROW_PLACES_PER_TILE = 4096, /* 32 KB of packed sums: they should stay in the nearest cache */
    GROW_WORDS_PER_TILE = 32768  /* several words a place: a row's are read for each tile, too */
};

/* --- pool of histograms --------------------------------------------------------------------------
 */

void ken__grow_free_slots(boosting_grower *w) {
    w->n_free = 0;
    for (int32_t i = w->n_slots; i-- > 0;) w->free_slot[w->n_free++] = i;
    for (int32_t i = 0; i < w->n_slots; i++) w->owner[i] = -1;
}

static void grow_release(boosting_grower *w, int32_t slot) {
    w->owner[slot] = -1;
    w->free_slot[w->n_free++] = slot;
}

/* Of the nodes that nobody works on, the one that is last in line loses its histogram: it will be
 * summed anew should it be split. false: none has any. */
static bool grow_evict(boosting_grower *w) {
    int32_t last = -1;
    for (int32_t i = 0; i < w->n_slots; i++) {
        const int32_t node = w->owner[i];
        if (node >= 0 && !w->node[node].busy && (last < 0 || grow_before(w, last, node)))
            last = node;
    }
    if (last < 0) return false;
    grow_release(w, w->node[last].slot);
    w->node[last].slot = -1;
    return true;
}

bool ken__grow_slots(boosting_grower *w, int32_t node, int n) {
    const int64_t held = w->n_slots - w->n_free, splits_left = w->rules->max_leaves - w->n_split - 1;
    const bool crowded = held > splits_left + 2 * w->threads; /* not all of these will be split */
    while (w->n_free < n)
        if ((!crowded && w->n_slots < w->max_slots) || !grow_evict(w)) return false;
    for (int i = 0; i < n; i++) {
        const int32_t slot = w->free_slot[--w->n_free];
        w->node[node].spare[i] = slot;
        w->owner[slot] = node;
    }
    return true;
}

ken_status ken__grow_more_slots(ken_ctx *ctx, boosting_grower *w) {
    const int32_t more = KEN_MIN(2 * w->threads + 2, w->max_slots - w->n_slots);
    for (int32_t i = 0; i < more && w->n_free < more; i++) {
        KEN_TRY(KEN_ALLOC(ctx, int64_t, 2 * w->n_places, &w->slot[w->n_slots]));
        grow_release(w, w->n_slots++);
    }
    return KEN_OK;
}

/* The slots that no child took, or that a child has no use for, are free again. */
void ken__grow_settle(boosting_grower *w, boosting_node *node) {
    const int32_t held[3] = {node->spare[0], node->spare[1], node->slot};
    const int32_t children[2] = {node->left, node->right};
    node->slot = -1;
    for (int i = 0; i < 3; i++)
        if (held[i] >= 0) w->owner[held[i]] = -1;
    for (int c = 0; c < 2; c++) {
        boosting_node *const child = &w->node[children[c]];
        if (!(child->split.gain > 0)) child->slot = -1;
        if (child->slot >= 0) w->owner[child->slot] = children[c];
    }
    for (int i = 0; i < 3; i++)
        if (held[i] >= 0 && w->owner[held[i]] < 0) grow_release(w, held[i]);
}

/* --- tiles --------------------------------------------------------------------------------------
 */

/* Columns side by side, whose sums lie evenly, and joint codes take two thirds of the time of columns in a
 * list: so if most are in the list, all are summed. */
static void grow_choose_sums(boosting_grower *w) {
    const int d = w->binned->d;
    w->joint_on = 2 * w->joint.n <= 3 * w->n_columns && w->joint.n > 0;
    const bool all = !w->columns || w->joint_on || (!w->rules->vector && w->n_places == GROW_APART * (int64_t)d && 3 * w->n_columns >= 2 * d);
    w->listed = all ? NULL : w->columns;
    w->n_sums = all ? d : w->n_columns;
}

void ken__grow_tiles(boosting_grower *w) {
    const int64_t most = w->rules->vector ? GROW_WORDS_PER_TILE : GROW_PLACES_PER_TILE;
    grow_choose_sums(w);
    w->n_tiles = 0;
    w->tile[0] = 0;
    int64_t places = 0;
    for (int j = 0; j < w->n_sums; j++) {
        const int32_t column = w->listed ? w->listed[j] : j;
        const int64_t here = w->offset[column + 1] - w->offset[column];
        if (places > 0 && places + here > most) {
            w->tile[++w->n_tiles] = j;
            places = 0;
        }
        places += here;
    }
    if (w->n_sums > 0) w->tile[++w->n_tiles] = w->n_sums; /* no column, no tile */
}

/* --- sums of one thread -------------------------------------------------------------------------
 */

static void grow_point(const boosting_grower *w, grow_worker *worker, uint64_t *memory) {
    for (int j = 0; j < w->n_sums; j++)
        worker->hist[j] = memory + w->offset[w->listed ? w->listed[j] : j];
}

/* Add rows [begin, end) of a node's buffer into the packed histogram that worker->hist points to.
 */
static void grow_add(const boosting_grower *w, const grow_worker *worker, int buffer, int64_t begin,
                     int64_t end, int tile) {
    const int first = w->tile[tile], d = w->tile[tile + 1] - first;
    const boosting_binned *const b = w->binned;
    const uint32_t *const rows = w->rows[buffer] + begin;
    const uint64_t *const gh = w->gh[buffer] + begin;
    const boosting_vector *const v = w->rules->vector;
    if (v)
        w->k->vector_add(b->codes + (w->listed ? 0 : first), b->stride, rows, end - begin, v->words, v->width,
                         w->listed ? w->listed + first : NULL, d, worker->hist + first);
    else if (w->listed)
        w->k->hist_add_some(b->codes, b->stride, rows, end - begin, gh, w->listed + first, d,
                            worker->hist + first);
    else
        w->k->hist_add(b->codes + first, b->stride, rows, end - begin, gh, d, worker->hist + first);
}

/* Places of a histogram that a tile covers: [*from, *to). Sampled columns: from first to last. */
static void grow_places(const boosting_grower *w, int tile, int64_t *from, int64_t *to) {
    const int first = w->tile[tile], last = w->tile[tile + 1] - 1;
    *from = w->offset[w->listed ? w->listed[first] : first];
    *to = w->offset[(w->listed ? w->listed[last] : last) + 1];
}

/* Rows [begin, end) into the wide sums of tiles [first, last), chunk by chunk through packed ones: the
 * codes of a chunk, which the first tile brings, are still in the second cache for the next one. */
static void grow_sum_wide(const boosting_grower *w, grow_worker *worker, int buffer, int64_t begin,
                          int64_t end, int first, int last, int64_t *wide) {
    const int64_t n = end - begin, chunks = (n + w->scale->chunk - 1) / w->scale->chunk;
    for (int64_t c = 0; w->joint_on && c < chunks; c++) {
        ken__grow_add_joint(w, worker, buffer, begin + c * n / chunks, begin + (c + 1) * n / chunks, worker->packed);
        w->k->hist_widen(worker->packed, w->n_places, w->scale->shift, wide, wide + w->n_places);
    }
    for (int64_t c = 0; !w->joint_on && c < chunks; c++)
        for (int t = first; t < last; t++) {
            int64_t from, to;
            grow_places(w, t, &from, &to);
            grow_add(w, worker, buffer, begin + c * n / chunks, begin + (c + 1) * n / chunks, t);
            w->k->hist_widen(worker->packed + from, to - from, w->scale->shift, wide + from,
                             wide + w->n_places + from);
        }
}

static bool grow_is_narrow(const boosting_grower *w, const boosting_node *node) {
    return node->end - node->begin <= w->scale->chunk;
}

void ken__grow_sum(const boosting_grower *w, boosting_node *node, grow_worker *worker) {
    int64_t *const slot = w->slot[node->slot];
    node->narrow = grow_is_narrow(w, node);
    memset(slot, 0, (size_t)(node->narrow ? 1 : 2) * (size_t)w->n_places * sizeof *slot);
    grow_point(w, worker, node->narrow ? (uint64_t *)slot : worker->packed);
    if (!node->narrow)
        grow_sum_wide(w, worker, node->buffer, node->begin, node->end, 0, w->n_tiles, slot);
    else if (ken__grow_pays_to_join(w, node->end - node->begin))
        ken__grow_add_joint(w, worker, node->buffer, node->begin, node->end, (uint64_t *)slot);
    else
        for (int t = 0; t < w->n_tiles; t++) grow_add(w, worker, node->buffer, node->begin, node->end, t);
}

void ken__grow_subtract(const boosting_grower *w, const boosting_node *large,
                        const boosting_node *small) {
    int64_t *const a = w->slot[large->slot];
    const uint64_t *const b = (const uint64_t *)w->slot[small->slot];
    if (small->narrow && !large->narrow)
        w->k->hist_narrow(b, w->n_places, w->scale->shift, a, a + w->n_places);
    else
        w->k->hist_subtract(b, (large->narrow ? 1 : 2) * w->n_places, (uint64_t *)a);
}

void ken__grow_remove(boosting_grower *w, const boosting_node *large, const boosting_node *small,
                      grow_worker *worker) {
    uint64_t *const gh = w->gh[small->buffer];
    grow_point(w, worker, (uint64_t *)w->slot[large->slot]);
    for (int64_t i = small->begin; i < small->end; i++) gh[i] = 0 - gh[i];
    for (int t = 0; t < w->n_tiles; t++) grow_add(w, worker, small->buffer, small->begin, small->end, t);
    for (int64_t i = small->begin; i < small->end; i++) gh[i] = 0 - gh[i];
}

/* --- sums of all threads ------------------------------------------------------------------------
 */

typedef struct grow_sum_job {
    boosting_grower *w;
    boosting_node *node;
} grow_sum_job;

static void grow_sum_rows_block(void *arg, int64_t begin, int64_t end, int worker) {
    const grow_sum_job *const job = arg;
    boosting_grower *const w = job->w;
    grow_worker *const own = &w->worker[worker];
    grow_sum_wide(w, own, job->node->buffer, job->node->begin + begin, job->node->begin + end, 0, w->n_tiles,
                  own->wide);
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
    grow_sum_wide(w, &w->worker[worker], job->node->buffer, job->node->begin, job->node->end, (int)begin,
                  (int)end, w->slot[job->node->slot]);
}

ken_status ken__grow_sum_together(ken_ctx *ctx, boosting_grower *w, boosting_node *node) {
    const size_t size = 2 * (size_t)w->n_places * sizeof(int64_t);
    grow_sum_job job = {w, node};
    if (w->threads == 1 || grow_is_narrow(w, node)) {
        ken__grow_sum(w, node, &w->worker[0]);
        return KEN_OK;
    }
    node->narrow = false;
    for (int t = 0; t < w->threads; t++) grow_point(w, &w->worker[t], w->worker[t].packed);
    if (w->n_tiles >= 4 * w->threads && !w->joint_on) {
        memset(w->slot[node->slot], 0, size);
        return ken_parallel(ctx, w->n_tiles, 1, grow_sum_tiles_block, &job);
    }
    for (int t = 0; t < w->threads; t++) memset(w->worker[t].wide, 0, size);
    KEN_TRY(
        ken_parallel(ctx, node->end - node->begin, GROW_ROWS_PER_TASK, grow_sum_rows_block, &job));
    return ken_parallel(ctx, 2 * w->n_places, 16384, grow_merge_block, &job);
}
