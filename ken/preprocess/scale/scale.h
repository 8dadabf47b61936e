/* Scale number columns: standardize, to [0, 1], or by median and quartiles. */
#ifndef KEN_PREPROCESS_SCALE_H
#define KEN_PREPROCESS_SCALE_H

#include "ken/core/model.h"

KEN_BEGIN_C

enum { KEN_SCALE_STANDARD, KEN_SCALE_MINMAX, KEN_SCALE_ROBUST, KEN_SCALE_NONE };

typedef struct ken_scale_params {
    int method;
} ken_scale_params;

#define KEN_SCALE_DEFAULTS {KEN_SCALE_STANDARD}

/* Columns of f64, f32 and i64 become f64 (x - center) / scale; missing cells stay missing and do
 * not count. bool, text and time columns pass. A column of one value gets scale 1.
 *
 * attrs   center, scale (d); used (d): 1 where the column is scaled
 * errors  KEN_E_VALUE an infinite training value (row and column are named)
 * cost    O(n d); robust O(n d) with a radix sort, 16 n bytes of scratch a thread
 * Peer    sklearn.preprocessing.StandardScaler, MinMaxScaler, RobustScaler */
extern KEN_API const ken_desc ken_scale_desc;
KEN_DEFINE_NEW(scale)

KEN_END_C

#endif
