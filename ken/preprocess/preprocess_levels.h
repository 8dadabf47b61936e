/* Levels of text columns (category and string), as the encoders learn and look them up, and the
 * small things that all transformers share. */
#ifndef KEN_PREPROCESS_LEVELS_H
#define KEN_PREPROCESS_LEVELS_H

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "ken/core/model.h"
#include "ken/core/alloc.h"

KEN_BEGIN_C

/* Codes of cells that are no level. */
enum { KEN__MISSING = -1, KEN__UNSEEN = -2 };

/* A view of what ken__levels_learn stored. Columns that are not text have no levels. */
typedef struct ken__levels {
    ken_strings text;       /* of all columns, one after another */
    const int64_t *first;   /* (d + 1) */
    const int64_t *count;   /* (levels) training rows of each, all > 0 */
    const int64_t *missing; /* (d) training rows without one; -1: not a text column */
    int64_t d;
} ken__levels;

#define KEN__LEVEL_ATTRS                                                                           \
    {"levels", KEN_STRING, "l", "levels of the text columns, one column after another"},           \
        {"level_first", KEN_I64, "d+1", "where the levels of each column begin"},                  \
        {"level_count", KEN_I64, "l", "training rows of each level"},                              \
        {"level_missing", KEN_I64, "d", "training rows without a level; -1: not a text column"}

/* Levels of rows [0, n_train): those of a category column in its own order, those of a string
 * column in byte order. Stores the attributes above. */
ken_status ken__levels_learn(ken_ctx *ctx, ken_model *model, const ken_problem *problem);
/* The view, checked: KEN_E_FORMAT if a file made it nonsense. */
ken_status ken__levels_open(ken_ctx *ctx, const ken_model *model, ken__levels *out);
/* codes[n] of column j of the table: a level of column j from 0, KEN__MISSING or KEN__UNSEEN. */
ken_status ken__levels_codes(ken_ctx *ctx, const ken__levels *levels, int j, const ken_column *c,
                             int32_t *codes);
/* keep[levels of j] = 1 for levels of at least min_rows rows, the most frequent `most` of them at
 * most (0: no limit; of equally frequent ones the first). Returns how many are kept. */
ken_status ken__levels_keep(ken_ctx *ctx, const ken__levels *levels, int j, int64_t most,
                            int64_t min_rows, uint8_t *keep, int64_t *kept);

static inline bool ken__is_text(const ken_column *c) {
    return c->dtype == KEN_CATEGORY || c->dtype == KEN_STRING;
}
static inline int64_t ken__levels_of(const ken__levels *l, int j) {
    return l->first[j + 1] - l->first[j];
}
/* An attribute of `count` items of the type, or KEN_E_FORMAT. */
ken_status ken__attr_need(ken_ctx *ctx, const ken_model *model, const char *name, ken_dtype dtype,
                          int64_t count, const void **data);
/* X must have as many columns as were learned. */
ken_status ken__check_columns(ken_ctx *ctx, const ken_model *model, const ken_table *X, int64_t d);
/* Column j of X as it is, borrowed. */
ken_status ken__pass(ken_ctx *ctx, ken_table *out, const ken_table *X, int j);
/* A new column with its source. */
ken_status ken__add(ken_ctx *ctx, ken_table *out, const char *name, ken_dtype dtype, int source,
                    void **data, uint8_t **valid);
/* The column that is now last gets this source. */
void ken__set_source(ken_table *out, int source);

KEN_END_C

#endif
