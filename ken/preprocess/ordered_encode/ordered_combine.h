/* Which combinations of text columns tell something that the columns by themselves do not. */
#ifndef KEN_PREPROCESS_ORDERED_COMBINE_H
#define KEN_PREPROCESS_ORDERED_COMBINE_H

#include "ken/preprocess/ordered_encode/ordered_cells.h"
#include "ken/preprocess/ordered_encode/ordered_target.h"

KEN_BEGIN_C

/* What is chosen from: training rows in a random order. */
typedef struct ordered_search {
    const ken__levels *levels;
    int32_t *const *codes;   /* (d) of all rows; NULL where a column is not text */
    const ordered_target *target;
    const int64_t *order;    /* (n) training rows */
    int64_t width, most;     /* columns of a combination, combinations */
} ordered_search;

/* chosen[most]: in the order of their gains. Returns how many in *n. */
ken_status ken__ordered_choose(ken_ctx *ctx, const ordered_search *s, ordered_tuple *chosen, int64_t *n);

KEN_END_C

#endif
