/* A level, or a combination of levels, as the mean target of the training rows that come before a row in a
 * random order: ordered target statistics. What, when, the maths: ordered_encode.md. Read next:
 * ordered_cells.h, ordered_combine.h. */
#ifndef KEN_PREPROCESS_ORDERED_ENCODE_H
#define KEN_PREPROCESS_ORDERED_ENCODE_H

#include "ken/core/model.h"

KEN_BEGIN_C

typedef struct ken_ordered_encode_params {
    int64_t permutations;
    double prior;
    bool singles;
    bool counts;
    int64_t combine;
    int64_t max_combinations;
    int64_t max_cells;
} ken_ordered_encode_params;

#define KEN_ORDERED_ENCODE_DEFAULTS {1, 10, true, false, 2, 8, 65536}

/* Category and string columns become one f64 column (regression, two classes: the share of class 1) or one
 * per class, and so do the combinations of two or three of them that pay; other columns pass. Missing is a
 * level of its own; what no training row had gets the mean of all. Rows of the fit are encoded from the rows
 * before them in `permutations` random orders (averaged), new rows from all training rows.
 *
 * attrs   levels and their counts; encoding (l + d, k), mean (k); combinations: columns (c, 3), and of each
 *         its cells, sorted: cell_key, cell_rows, cell_value (m, k)
 * weights rows count by their weight
 * random  stream "ordered_encode.order", by number of the permutation
 * cost    O(n) per column or combination, output and permutation; choosing: O(min(n, 100000)) per pair, at
 *         most 2^26 cells in all; memory 4 bytes a cell of text columns, 8 per row and permutation
 * source  Prokhorenkova, Gusev, Vorobev, Dorogush & Gulin 2018 (NeurIPS), section 3.2; the choice of
 *         combinations by sequential prediction: Dawid 1984 (J. R. Stat. Soc. A 147). Peer:
 *         catboost (ctr type Borders) */
extern KEN_API const ken_desc ken_ordered_encode_desc;
KEN_DEFINE_NEW(ordered_encode)

KEN_END_C

#endif
