/* Levels as numbers 0, 1, 2 ..., or as a tidy category column with rare levels grouped. */
#ifndef KEN_PREPROCESS_ORDINAL_H
#define KEN_PREPROCESS_ORDINAL_H

#include "ken/core/model.h"

KEN_BEGIN_C

enum { KEN_ORDINAL_NUMBER, KEN_ORDINAL_CATEGORY };

typedef struct ken_ordinal_params {
    int output;
    int64_t max_levels;
    int64_t min_level_rows;
} ken_ordinal_params;

#define KEN_ORDINAL_DEFAULTS {KEN_ORDINAL_NUMBER, 0, 1}

/* Category and string columns become f64 codes or category columns of the learned levels; others
 * pass. Rare levels share the last code, "(other)"; unseen levels get it too, and are missing where
 * there is none. Missing stays missing.
 *
 * attrs   levels and their counts; code (l); names: levels of the output; name_first (d + 1);
 *         other (d): code of rare levels, -1: none
 * Peer    sklearn.preprocessing.OrdinalEncoder */
extern KEN_API const ken_desc ken_ordinal_desc;
KEN_DEFINE_NEW(ordinal)

KEN_END_C

#endif
