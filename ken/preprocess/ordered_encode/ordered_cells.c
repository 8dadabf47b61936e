/* Learning the cells of a combination and finding them again: sorted keys and a search. */
#include "ken/preprocess/ordered_encode/ordered_cells.h"

enum { CELLS_DIGIT = 11 };

/* Ascending, by radix; only the digits that numbers below `bound` have. */
static void cells_sort(int64_t *key, int64_t n, int64_t bound, int64_t *tmp) {
    int64_t *from = key, *to = tmp;
    for (int shift = 0; shift < 63 && (bound - 1) >> shift > 0; shift += CELLS_DIGIT) {
        int64_t first[(1 << CELLS_DIGIT) + 1] = {0};
        const int64_t mask = (1 << CELLS_DIGIT) - 1;
        for (int64_t i = 0; i < n; i++) first[(from[i] >> shift & mask) + 1]++;
        for (int d = 0; d < 1 << CELLS_DIGIT; d++) first[d + 1] += first[d];
        for (int64_t i = 0; i < n; i++) to[first[from[i] >> shift & mask]++] = from[i];
        int64_t *const swap = from;
        from = to, to = swap;
    }
    if (from != key) memcpy(key, from, (size_t)n * sizeof *key);
}

/* Of m cells those of the most rows stay, `most` of them. */
static int64_t cells_cap(int64_t *key, int64_t *rows, int64_t m, int64_t most, int64_t *tmp) {
    int64_t kept = 0;
    memcpy(tmp, rows, (size_t)m * sizeof *tmp);
    int64_t top = 0;
    for (int64_t c = 0; c < m; c++) top = KEN_MAX(top, rows[c]);
    cells_sort(tmp, m, top + 1, tmp + m);
    const int64_t least = tmp[m - most];
    int64_t equal = 0; /* of those with just as many rows, so many have a place */
    for (int64_t c = m - most; c < m; c++) equal += tmp[c] == least;
    for (int64_t c = 0; c < m; c++) {
        if (rows[c] < least || (rows[c] == least && equal-- <= 0)) continue;
        key[kept] = key[c];
        rows[kept++] = rows[c];
    }
    return kept;
}

int64_t ken__ordered_learn(const ordered_tuple *t, int32_t *const *codes, int64_t n, int64_t most,
                           int64_t *key, int64_t *rows, int64_t *tmp) {
    int64_t m = 0;
    for (int64_t i = 0; i < n; i++) key[i] = ordered_tuple_key(t, codes, i);
    cells_sort(key, n, ordered_tuple_keys(t), tmp);
    for (int64_t i = 0; i < n; i++) {
        if (m == 0 || key[m - 1] != key[i]) {
            key[m] = key[i];
            rows[m++] = 0;
        }
        rows[m - 1]++;
    }
    return m > most ? cells_cap(key, rows, m, most, tmp) : m;
}

/* The place of a key among n sorted ones, -1: none. */
static int32_t cells_search(const int64_t *key, int64_t n, int64_t wanted) {
    int64_t begin = 0;
    while (n > 1) {
        const int64_t half = n / 2;
        begin += key[begin + half] <= wanted ? half : 0;
        n -= half;
    }
    return n == 1 && key[begin] == wanted ? (int32_t)begin : -1;
}

void ken__ordered_find(const ordered_cells *cells, int32_t *const *codes, int64_t begin, int64_t end,
                       int32_t *cell, int32_t *map) {
    const ordered_tuple *t = &cells->tuple;
    const int64_t keys = ordered_tuple_keys(t);
    if (!cells->key) {
        for (int64_t i = begin; i < end; i++) cell[i] = (int32_t)ordered_tuple_key(t, codes, i);
        return;
    }
    const bool mapped = keys <= ordered_map_size(end - begin);
    if (mapped) {
        for (int64_t k = 0; k < keys; k++) map[k] = -1;
        for (int64_t c = 0; c < cells->n; c++) map[cells->key[c]] = (int32_t)c;
    }
    for (int64_t i = begin; i < end; i++) {
        const int64_t key = ordered_tuple_key(t, codes, i);
        cell[i] = key < 0 ? -1 : mapped ? map[key] : cells_search(cells->key, cells->n, key);
    }
}
