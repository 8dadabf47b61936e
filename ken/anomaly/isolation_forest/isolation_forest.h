/* An isolation forest: rows that random cuts part from all others after a few steps are outliers. Learns
 * without a target. */
#ifndef KEN_ANOMALY_ISOLATION_FOREST_H
#define KEN_ANOMALY_ISOLATION_FOREST_H

#include "ken/core/model.h"

KEN_BEGIN_C

typedef struct ken_isolation_forest_params {
    int64_t trees;
    int64_t sample_rows;  /* rows drawn for a tree, without replacement */
    int64_t max_depth;    /* 0: log2 of sample_rows, rounded up */
    double contamination; /* 0: the threshold is 0.5 */
} ken_isolation_forest_params;

#define KEN_ISOLATION_FOREST_DEFAULTS {.trees = 100, .sample_rows = 256, .max_depth = 0, .contamination = 0}

extern KEN_API const ken_desc ken_isolation_forest_desc;
KEN_DEFINE_NEW(isolation_forest)

/* c(n): the mean number of steps of an unsuccessful search in a binary search tree of n keys, 2 H(n-1) - 2 (n-1) / n;
 * 0 for n < 2. What a path that was cut short at n rows is lengthened by. */
KEN_API double ken_isolation_path(int64_t n);

KEN_END_C

#endif
