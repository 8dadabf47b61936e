/* Rows of nodes: they stand in node order, with their packed gradients beside them, in one of two
 * buffers; a split moves a node's rows to the other one. */
#include "ken/boosting/boosting_grower.h"

#include <string.h>

#include "ken/core/alloc.h"
#include "ken/core/threads.h"

/* --- the root -----------------------------------------------------------------------------------
 */

typedef struct grow_start {
    boosting_grower *w;
    const uint32_t *rows;
    int buffer;   /* 1, where the gradients are, unless rows are picked */
    int64_t *sum; /* two per task */
} grow_start;

static void grow_start_block(void *arg, int64_t begin, int64_t end, int worker) {
    const grow_start *const s = arg;
    uint32_t *const rows = s->w->rows[s->buffer];
    uint64_t *const gh = s->w->gh[s->buffer];
    const int shift = s->w->scale->shift;
    const uint64_t mask = (UINT64_C(1) << shift) - 1;
    int64_t *const sum = s->sum + 2 * (begin / GROW_ROWS_PER_TASK);
    int64_t g = 0, h = 0;
    (void)worker;
    for (int64_t i = begin; i < end; i++) rows[i] = s->rows ? s->rows[i] : (uint32_t)i;
    for (int64_t i = begin; s->rows && i < end; i++) gh[i] = s->w->gh[1][rows[i]];
    for (int64_t i = begin; i < end; i++) {
        g += (int64_t)gh[i] >> shift;
        h += (int64_t)(gh[i] & mask);
    }
    sum[0] = g;
    sum[1] = h;
}

ken_status ken__grow_start(ken_ctx *ctx, boosting_grower *w, const uint32_t *rows, int64_t n) {
    const int64_t tasks = (n + GROW_ROWS_PER_TASK - 1) / GROW_ROWS_PER_TASK;
    grow_start start = {w, rows, rows ? 0 : 1, NULL};
    boosting_node *const root = &w->node[0];
    KEN_TRY(KEN_SCRATCH(ctx, int64_t, 2 * tasks, &start.sum));
    KEN_TRY(ken_parallel(ctx, n, GROW_ROWS_PER_TASK, grow_start_block, &start));
    memset(root, 0, sizeof *root);
    root->left = root->right = root->slot = -1;
    root->end = n;
    root->buffer = (uint8_t)start.buffer;
    for (int64_t t = 0; t < tasks; t++) {
        root->g += start.sum[2 * t];
        root->h += start.sum[2 * t + 1];
    }
    return KEN_OK;
}

/* --- to the sides -------------------------------------------------------------------------------
 */

static void grow_side_table(const boosting_grower *w, const boosting_split *s, uint8_t left[256]) {
    const int missing = w->binned->feature[s->column].n_bins;
    for (int c = 0; c < 256; c++) left[c] = boosting_goes_left(s, missing, c);
}

int64_t ken__grow_partition(const boosting_grower *w, const boosting_node *node) {
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

ken_status ken__grow_partition_together(ken_ctx *ctx, boosting_grower *w, const boosting_node *node,
                                        int64_t *n_left) {
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
