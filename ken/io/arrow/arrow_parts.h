/* What the stages of the Arrow reader share; private to this folder. In reading order:
 *   arrow_type    what a format text says
 *   arrow_read    streams and batches; the chunks of a column, checked; columns of numbers
 *   arrow_cells   cells of a chunk into a buffer of ours
 *   arrow_texts   texts and dictionaries
 *   arrow_write   the way out */
#ifndef KEN_IO_ARROW_PARTS_H
#define KEN_IO_ARROW_PARTS_H

#include "ken/core/alloc.h"
#include "ken/io/arrow/arrow.h"

typedef enum arrow_kind {
    ARROW_NULL,
    ARROW_BOOL,
    ARROW_SIGNED,
    ARROW_UNSIGNED,
    ARROW_FLOAT,
    ARROW_DECIMAL,
    ARROW_TIME,    /* a date */
    ARROW_SECONDS, /* a time of day or a duration */
    ARROW_TEXT,
    ARROW_VIEW     /* a text as 16 bytes: its length, and itself or where it lies */
} arrow_kind;

typedef struct arrow_type {
    arrow_kind kind;
    int width;            /* bytes of an item; of texts: of an offset */
    int scale;            /* decimals: digits after the point */
    int64_t times, parts; /* times: item * times / parts is microseconds */
} arrow_type;

/* Cells [first, first + n) of the buffers of an array. */
typedef struct arrow_chunk {
    const struct ArrowArray *array;
    int64_t first, n;
    const uint8_t *valid; /* NULL: every cell is there */
} arrow_chunk;

/* A column while it is read. chunks: those with cells. */
typedef struct arrow_column {
    ken_ctx *ctx;
    const char *name;
    const struct ArrowSchema *schema;
    arrow_type type; /* of a dictionary: of its codes */
    arrow_chunk *chunks;
    int64_t n_chunks, n;
} arrow_column;

static inline bool arrow_bit(const uint8_t *bits, int64_t i) { return bits[i >> 3] >> (i & 7) & 1; }
static inline bool arrow_there(const arrow_chunk *c, int64_t i) { return !c->valid || arrow_bit(c->valid, c->first + i); }

/* --- arrow_type.c */
ken_status ken__arrow_type(ken_ctx *ctx, const char *name, const char *format, arrow_type *out);

/* --- arrow_read.c */
/* The part of an array as a chunk, as far as the interface lets one check it. */
ken_status ken__arrow_chunk(ken_ctx *ctx, const char *name, const struct ArrowArray *array, const arrow_type *type,
                            int64_t skip, int64_t n, arrow_chunk *out);
/* Adds the column to the table. *lent: it borrows from the arrays. */
ken_status ken__arrow_add(const arrow_column *column, ken_table *table, bool *lent);
/* The bitmap of the whole column: NULL, or lent, or (*own = KEN_OWN_VALID) of ken_alloc. */
ken_status ken__arrow_valid(const arrow_column *column, const uint8_t **out, unsigned *own);

/* --- arrow_cells.c: cells of a chunk, dense, to out */
void ken__arrow_whole(const arrow_type *type, const arrow_chunk *chunk, int64_t *out);
void ken__arrow_real(const arrow_type *type, const arrow_chunk *chunk, double *out);
void ken__arrow_half(const arrow_chunk *chunk, float *out);
void ken__arrow_bools(const arrow_chunk *chunk, uint8_t *out);
/* Gives the row that cannot be said in microseconds, or -1. */
int64_t ken__arrow_times(const arrow_type *type, const arrow_chunk *chunk, int64_t *out);
/* A whole number beyond int64 is among the cells. */
bool ken__arrow_beyond(const arrow_type *type, const arrow_chunk *chunk);

/* --- arrow_texts.c */
ken_status ken__arrow_add_texts(const arrow_column *column, ken_table *table, bool *lent);
ken_status ken__arrow_add_codes(const arrow_column *column, ken_table *table, bool *lent);

#endif
