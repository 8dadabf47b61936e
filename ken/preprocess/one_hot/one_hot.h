/* One column of 0 and 1 per level of a text column. */
#ifndef KEN_PREPROCESS_ONE_HOT_H
#define KEN_PREPROCESS_ONE_HOT_H

#include "ken/core/model.h"

KEN_BEGIN_C

/* Which level has no column of its own (all its columns are 0). AUTO: the most frequent one for a
 * consumer that is linear in its inputs, and for columns of two levels; else none. */
enum { KEN_ONE_HOT_AUTO, KEN_ONE_HOT_KEEP_ALL, KEN_ONE_HOT_DROP_FIRST, KEN_ONE_HOT_DROP_FREQUENT };

typedef struct ken_one_hot_params {
    int64_t max_levels;
    int64_t min_level_rows;
    int drop;
} ken_one_hot_params;

#define KEN_ONE_HOT_DEFAULTS {0, 1, KEN_ONE_HOT_AUTO}

/* Category and string columns become bool columns "color=red"; other columns pass. Rarer levels
 * than max_levels and min_level_rows allow share "color=(other)". Missing has a column
 * "color=(missing)" if a training row lacks the value. Unseen levels: "(other)" where there is one,
 * else all zeros.
 *
 * attrs   levels and their counts; slot (l): output column of a level, -1: all zeros; slot_other,
 *         slot_missing (d); outputs: names; output_first (d + 1)
 * cost    O(n) per column, one byte per row and level
 * Peer    sklearn.preprocessing.OneHotEncoder */
extern KEN_API const ken_desc ken_one_hot_desc;
KEN_DEFINE_NEW(one_hot)

KEN_END_C

#endif
