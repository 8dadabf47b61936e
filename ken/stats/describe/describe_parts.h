/* What the files of describe share. */
#ifndef KEN_STATS_DESCRIBE_PARTS_H
#define KEN_STATS_DESCRIBE_PARTS_H

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "ken/core/alloc.h"
#include "ken/core/dict.h"
#include "ken/core/threads.h"
#include "ken/stats/describe/describe.h"
#include "ken/stats/stats_sort.h"

/* A profile and the blocks that it owns. */
typedef struct describe_owner {
    ken_profile profile; /* first: the public pointer is a pointer to the owner */
    ken_allocator alloc;
    void **blocks;
    size_t n_blocks, capacity;
} describe_owner;

typedef struct describe_build {
    ken_ctx *ctx;
    const ken_table *table;
    describe_owner *owner;
    ken_profile_column *columns;
    uint64_t *column_hash; /* (cols) */
    int32_t
        *top_code;   /* (cols, KEN_PROFILE_TOP) level codes of the top values of category columns */
    double *values;  /* per worker 2 n doubles */
    int64_t *counts; /* per worker: levels of the widest category column */
    int64_t max_levels;
    ken_profile_warning *warnings;
    size_t warning_capacity;
} describe_build;

/* Memory that lives as long as the profile, zeroed. */
ken_status describe_own(describe_build *b, size_t count, size_t size, void **out);
ken_status describe_own_text(describe_build *b, const char *text, size_t size, const char **out);

static inline bool describe_is_text(const ken_column *c) {
    return c->dtype == KEN_CATEGORY || c->dtype == KEN_STRING;
}
static inline uint64_t describe_mix(uint64_t h, uint64_t v) {
    h = (h ^ v) * 0x9E3779B97F4A7C15u;
    return h ^ (h >> 29);
}

/* describe_columns.c: figures of each column; describe_pairs.c: associations and the look for
 * leaks; describe_vif.c: collinearity; describe_warn.c: duplicates and warnings. */
ken_status describe_columns(describe_build *b);
ken_status describe_pairs(describe_build *b);
ken_status describe_vif(describe_build *b);
ken_status describe_warnings(describe_build *b);

#endif
