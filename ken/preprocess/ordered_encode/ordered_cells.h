/* Cells: the levels of a text column with "missing" behind them, or the tuples of levels of a combination of
 * columns that training rows had. Shared by the files of this folder. */
#ifndef KEN_PREPROCESS_ORDERED_CELLS_H
#define KEN_PREPROCESS_ORDERED_CELLS_H

#include "ken/preprocess/preprocess_levels.h"

KEN_BEGIN_C

enum { ORDERED_WIDTH = 3 }; /* columns of a combination at most */

/* Tuples of levels as one number: the digits are code + 1 (0: missing), the first column's counts most. */
typedef struct ordered_tuple {
    int n;                          /* columns; 1: a column by itself */
    int column[ORDERED_WIDTH];
    int64_t radix[ORDERED_WIDTH];   /* levels + 1 */
} ordered_tuple;

/* Keys of all tuples are below this; 0: too many to be numbered. */
static inline int64_t ordered_tuple_keys(const ordered_tuple *t) {
    int64_t keys = 1;
    for (int c = 0; c < t->n; c++) {
        if (t->radix[c] > ((int64_t)1 << 62) / keys) return 0;
        keys *= t->radix[c];
    }
    return keys;
}

/* The key of a row; -1: it has a level that no training row had. */
static inline int64_t ordered_tuple_key(const ordered_tuple *t, int32_t *const *codes, int64_t i) {
    int64_t key = 0;
    for (int c = 0; c < t->n; c++) {
        const int32_t code = codes[t->column[c]][i];
        if (code < KEN__MISSING) return -1;
        key = key * t->radix[c] + code + 1;
    }
    return key;
}

/* The cells of a column or combination: sorted keys, or (key NULL) all keys in turn, missing first. */
typedef struct ordered_cells {
    ordered_tuple tuple;
    int64_t n;
    const int64_t *key;
} ordered_cells;

/* Distinct keys of rows [0, n), sorted, with their rows; of more than `most` the most frequent (of equally
 * frequent ones the first). key and rows: n items each; tmp: 2 n items. Returns how many. */
int64_t ken__ordered_learn(const ordered_tuple *t, int32_t *const *codes, int64_t n, int64_t most,
                           int64_t *key, int64_t *rows, int64_t *tmp);

/* Keys up to which a map from key to cell is used for n rows, in place of a search. */
static inline int64_t ordered_map_size(int64_t n) { return 4 * n + 1024; }

/* cell[i] of rows [begin, end): its place among the cells, -1: none. map: ordered_map_size(end - begin)
 * items. */
void ken__ordered_find(const ordered_cells *cells, int32_t *const *codes, int64_t begin, int64_t end,
                       int32_t *cell, int32_t *map);

KEN_END_C

#endif
