/* One tree of a forest, grown depth first by one worker. */
#include "ken/tree/forest_parts.h"

#include <stdio.h>
#include <string.h>

/* A node that can be split. */
typedef struct forest_todo {
    int64_t begin, end;
    int32_t node, depth;
    bool local;
} forest_todo;

size_t forest_todo_size(void) { return sizeof(forest_todo); }

/* --- the draw of rows ------------------------------------------------------------------------- */

static uint32_t forest_below(ken_rng *rng, uint32_t bound) {
    return (uint32_t)((uint64_t)ken_rng_u32(rng) * bound >> 32);
}

/* Rows of the tree in row order, with how often each was drawn; how many different ones. */
static int64_t forest_draw(const forest *f, forest_worker *w, int64_t t) {
    int64_t n = 0;
    char name[64];
    snprintf(name, sizeof name, "%s.rows", f->rules->name);
    ken_rng rng = ken_rng_stream(f->ctx, name, (uint64_t)t);
    if (f->rules->bootstrap) {
        memset(w->count, 0, (size_t)f->n * sizeof *w->count);
        for (int64_t i = 0; i < f->draws; i++) {
            uint16_t *count = &w->count[forest_below(&rng, (uint32_t)f->n)];
            *count = (uint16_t)(*count + (*count < UINT16_MAX));
        }
    } else {
        int64_t need = f->draws; /* without repeats: selection sampling (Knuth, algorithm S) */
        for (int32_t i = 0; i < f->n; i++) {
            const bool take =
                need == f->n - i || (int64_t)forest_below(&rng, (uint32_t)(f->n - i)) < need;
            w->count[i] = take;
            need -= take;
        }
    }
    for (int32_t i = 0; i < f->n; i++) {
        if (!w->count[i]) continue;
        if (f->in_bag) f->in_bag[t * ((f->n + 7) / 8) + i / 8] |= (uint8_t)(1u << (i & 7));
        if (f->weight && !(f->weight[i] > 0)) continue;
        w->entry[n++] =
            (forest_entry){(uint32_t)i, f->label ? (uint16_t)f->label[i] : 0, w->count[i]};
    }
    return n;
}

/* --- nodes ------------------------------------------------------------------------------------ */

/* A node with these sums; whether it can be split. */
static bool forest_add_node(const forest *f, forest_worker *w, const double *sums, int32_t depth,
                            int64_t rows) {
    forest_tree *t = &w->tree;
    const int32_t i = t->n_nodes++;
    double *value = t->value + (int64_t)i * f->width;
    const double weight = forest_weight(f, sums), safe = weight > 0 ? weight : 1;
    int32_t classes = 0;
    t->node[i] = (forest_node){.column = -1, .set = -1, .cover = weight};
    if (f->y) {
        value[0] = f->center + sums[1] / safe;
    } else if (f->width == 1) {
        value[0] = f->k > 1 ? sums[1] / safe : 1;
    } else {
        for (int32_t c = 0; c < f->k; c++) value[c] = sums[c] / safe;
    }
    for (int32_t c = 0; !f->y && c < f->k; c++) classes += sums[c] > 0;
    if ((!f->y && classes < 2) || rows < 2) return false;
    if (f->rules->max_depth && depth >= f->rules->max_depth) return false;
    const double count = forest_count(f, sums);
    return count >= (double)f->rules->min_split_rows &&
           count >= 2.0 * (double)f->rules->min_leaf_rows;
}

/* Draws columns until some can split, at least m of them. */
static void forest_find_split(const forest *f, forest_worker *w, const forest_rows *rows,
                              forest_split *best) {
    int32_t done = 0;
    best->column = -1;
    forest_total(f, rows, w->total);
    if (f->y) { /* the same target everywhere: nothing to gain */
        int64_t i = 1;
        while (i < rows->n && rows->y[rows->entry[i].row] == rows->y[rows->entry[0].row]) i++;
        if (i == rows->n) return;
    }
    while (best->column < 0 && done < f->d) {
        const int32_t n = done ? KEN_MIN(FOREST_CHUNK, f->d - done) : f->m;
        for (int32_t j = done; j < done + n; j++) {
            const int32_t other = j + (int32_t)forest_below(&w->rng, (uint32_t)(f->d - j));
            const int32_t column = w->column[other];
            w->column[other] = w->column[j];
            w->column[j] = column;
        }
        forest_find(f, w, rows, w->column + done, n, best);
        done += n;
    }
}

/* Stable partition of entries [0, n) by the node's split; how many go left. */
static int64_t forest_partition(const forest *f, const forest_worker *w, const forest_node *node,
                                const uint8_t *codes, forest_entry *entry, int64_t n) {
    forest_entry *spare = w->spare;
    const int32_t n_bins = f->column[node->column].n_bins;
    int64_t left = 0, right = 0;
    codes += node->column;
    for (int64_t i = 0; i < n; i++) {
        const forest_entry e = entry[i];
        const bool goes_left = forest_bin_left(node, w->tree.set, n_bins, codes[e.row * f->stride]);
        entry[left] = e;
        spare[right] = e;
        left += goes_left;
        right += !goes_left;
    }
    memcpy(entry + left, spare, (size_t)right * sizeof *entry);
    return left;
}

/* Move the rows of a small node into cache: codes, targets and weights side by side. */
static void forest_move(const forest *f, forest_worker *w, forest_todo *todo) {
    const forest_entry *entry = w->entry + todo->begin;
    const int64_t n = todo->end - todo->begin;
    for (int64_t i = 0; i < n; i++) {
        const uint32_t row = entry[i].row;
        memcpy(w->local + i * f->stride, f->codes + row * f->stride, (size_t)f->stride);
        w->local_entry[i] = (forest_entry){(uint32_t)i, entry[i].label, entry[i].count};
        if (f->y) w->local_y[i] = f->y[row];
        if (f->weight) w->local_w[i] = f->weight[row];
    }
    *todo = (forest_todo){0, n, todo->node, todo->depth, true};
}

/* Split a node, make its children; those that can be split are pushed, the left one on top. */
static int32_t forest_split_node(const forest *f, forest_worker *w, const forest_todo *todo,
                                 int32_t depth) {
    forest_tree *t = &w->tree;
    forest_entry *entry = (todo->local ? w->local_entry : w->entry) + todo->begin;
    const int64_t n = todo->end - todo->begin;
    const forest_rows rows = {entry, n, todo->local ? w->local : f->codes,
                              todo->local ? w->local_y : f->y,
                              !f->weight    ? NULL
                              : todo->local ? w->local_w
                                            : f->weight};
    forest_split best;
    forest_find_split(f, w, &rows, &best);
    best.gain = best.column < 0 ? 0 : KEN_MAX(best.gain, 0);
    if (best.column < 0 || best.gain / f->total_weight + 2e-16 < f->rules->min_gain) return depth;
    forest_node *node = &t->node[todo->node];
    *node = (forest_node){.column = best.column,
                          .left = t->n_nodes,
                          .gain = (float)best.gain,
                          .bin = best.bin,
                          .missing_left = best.missing_left,
                          .set = -1,
                          .cover = node->cover,
                          .cut = best.cut};
    if (best.is_set) {
        node->set = t->n_sets;
        t->set[t->n_sets++] = best.set;
    }
    double *right = w->best_left + f->stats;
    for (int32_t c = 0; c < f->stats; c++) right[c] = w->total[c] - w->best_left[c];
    /* where nothing was missing, missing values will go with most of the weight */
    if (!best.missing_seen) node->missing_left = forest_weight(f, w->best_left) > node->cover / 2;
    const int64_t left = forest_partition(f, w, node, rows.codes, entry, n);
    const bool split_left = forest_add_node(f, w, w->best_left, todo->depth + 1, left);
    const bool split_right = forest_add_node(f, w, right, todo->depth + 1, n - left);
    const forest_todo next = *todo;
    if (split_right)
        w->todo[depth++] =
            (forest_todo){next.begin + left, next.end, t->n_nodes - 1, next.depth + 1, next.local};
    if (split_left)
        w->todo[depth++] = (forest_todo){next.begin, next.begin + left, t->n_nodes - 2,
                                         next.depth + 1, next.local};
    return depth;
}

void forest_grow_tree(const forest *f, forest_worker *w, int64_t t) {
    char name[64];
    const int64_t n = forest_draw(f, w, t);
    int32_t depth = 0;
    const forest_rows all = {w->entry, n, f->codes, f->y, f->weight};
    snprintf(name, sizeof name, "%s.columns", f->rules->name);
    w->rng = ken_rng_stream(f->ctx, name, (uint64_t)t);
    w->tree.n_nodes = w->tree.n_sets = 0;
    for (int32_t j = 0; j < f->d; j++) w->column[j] = j;
    forest_total(f, &all, w->total);
    memcpy(w->best_left, w->total, (size_t)f->stats * sizeof(double));
    if (forest_add_node(f, w, w->best_left, 0, n))
        w->todo[depth++] = (forest_todo){0, n, 0, 0, false};
    while (depth > 0 && !ken_ctx_cancelled(f->ctx)) { /* half a tree goes with the whole forest */
        forest_todo todo = w->todo[--depth];
        if (!todo.local && todo.end - todo.begin <= w->local_rows) forest_move(f, w, &todo);
        depth = forest_split_node(f, w, &todo, depth);
    }
}
