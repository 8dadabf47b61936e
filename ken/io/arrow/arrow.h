/* Tables to and from other programs of this process by the Arrow C data interface: structures that say where the columns
 * lie and whom to call when they are no longer needed. Nothing is copied that the reader can use where it lies.
 * source  "The Arrow C data interface" and "The Arrow C stream interface", arrow.apache.org/docs/format */
#ifndef KEN_IO_ARROW_H
#define KEN_IO_ARROW_H

#include "ken/core/table.h"

KEN_BEGIN_C

/* The structures as the specification lays them down, under the guards that it asks for: a program may have them from
 * elsewhere already. */
#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE

#define ARROW_FLAG_DICTIONARY_ORDERED 1
#define ARROW_FLAG_NULLABLE 2
#define ARROW_FLAG_MAP_KEYS_SORTED 4

struct ArrowSchema {
    const char *format;   /* the type, as a text: "g" is double */
    const char *name;
    const char *metadata;
    int64_t flags;
    int64_t n_children;
    struct ArrowSchema **children;
    struct ArrowSchema *dictionary;
    void (*release)(struct ArrowSchema *); /* NULL: released, or moved elsewhere */
    void *private_data;
};

struct ArrowArray {
    int64_t length;
    int64_t null_count;   /* -1: not counted */
    int64_t offset;       /* cells of the buffers before the first one */
    int64_t n_buffers;
    int64_t n_children;
    const void **buffers;
    struct ArrowArray **children;
    struct ArrowArray *dictionary;
    void (*release)(struct ArrowArray *);
    void *private_data;
};

#endif

#ifndef ARROW_C_STREAM_INTERFACE
#define ARROW_C_STREAM_INTERFACE

struct ArrowArrayStream {
    int (*get_schema)(struct ArrowArrayStream *, struct ArrowSchema *out); /* 0 or an errno */
    int (*get_next)(struct ArrowArrayStream *, struct ArrowArray *out);    /* at the end, *out is released */
    const char *(*get_last_error)(struct ArrowArrayStream *);
    void (*release)(struct ArrowArrayStream *);
    void *private_data;
};

#endif

/* A table of all batches of a stream, or of one batch; an array that is no struct becomes a table of one column. The
 * structures are taken over, on failure, too: what was passed is marked as released. The table borrows from arrays that
 * come in one piece and releases them when it is freed; those in several pieces are copied together.
 *
 * types   arrow.md says what becomes what. Nested ones are refused.
 * errors  KEN_E_TYPE nested types, intervals, run ends · KEN_E_FORMAT structures that contradict themselves, a code
 *         beyond its dictionary, bad UTF-8 · KEN_E_VALUE dates beyond 64 bits of microseconds · KEN_E_IO the stream failed
 * cost    O(cells) of text and categories, which are checked; none for numbers in one piece */
KEN_API ken_status ken_arrow_read_stream(ken_ctx *ctx, struct ArrowArrayStream *stream, ken_table **out);
KEN_API ken_status ken_arrow_read(ken_ctx *ctx, struct ArrowSchema *schema, struct ArrowArray *array, ken_table **out);

/* The table as one batch (a struct array), or as a stream of it. The arrays borrow from the table, which must live until
 * drop(owner) is called: once, when the last of them is released, on whichever thread that happens; on failure at once.
 * Dense columns are lent, strided ones and truth values copied. Where only a schema is wanted, array may be NULL.
 * errors  KEN_E_NOMEM */
KEN_API ken_status ken_arrow_write(ken_ctx *ctx, const ken_table *table, void (*drop)(void *owner), void *owner,
                                   struct ArrowSchema *schema, struct ArrowArray *array);
KEN_API ken_status ken_arrow_write_stream(ken_ctx *ctx, const ken_table *table, void (*drop)(void *owner), void *owner,
                                          struct ArrowArrayStream *stream);

KEN_END_C

#endif
