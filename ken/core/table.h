/* Tables: named columns of equal length, each with its own type and its own missing cells. A matrix
 * is a table of strided columns over the caller's memory, without a copy. */
#ifndef KEN_CORE_TABLE_H
#define KEN_CORE_TABLE_H

#include "ken/core/tensor.h"

KEN_BEGIN_C

/* A list of texts: item i is bytes[offset[i] .. offset[i+1]). UTF-8, not NUL-terminated. */
typedef struct ken_strings {
    int64_t n;
    const int64_t *offset; /* (n + 1); NULL when n is 0 */
    const char *bytes;
} ken_strings;

static inline const char *ken_strings_at(const ken_strings *s, int64_t i, int64_t *size) {
    *size = s->offset[i + 1] - s->offset[i];
    return s->bytes + s->offset[i];
}

/* A view of one column. data by dtype: f64 double, f32 float, i64 int64_t, bool uint8_t, category
 * int32_t codes into `text`, time int64_t microseconds; string has no data, its values are `text`.
 * A missing cell has its bit in `valid` cleared (bit i%8 of byte i/8) and an arbitrary value; in a
 * float column NaN is missing too. */
typedef struct ken_column {
    const char *name;
    ken_dtype dtype;
    int64_t n;
    const void *data;
    int64_t stride;         /* in elements; 1 when dense */
    const uint8_t *valid;   /* NULL: every cell is there */
    ken_strings text;       /* category: the levels; string: the values */
    int32_t source;         /* column of the raw table it was made from; -1: several or none */
} ken_column;

typedef struct ken_table ken_table; /* owns (or borrows) its columns; immutable once shared */

KEN_API ken_status ken_table_new(ken_ctx *ctx, int64_t n_rows, ken_table **out);
KEN_API void ken_table_free(ken_table *table);
KEN_API int64_t ken_table_rows(const ken_table *table);
KEN_API int ken_table_cols(const ken_table *table);
KEN_API const ken_column *ken_table_column(const ken_table *table, int j);
KEN_API int ken_table_find(const ken_table *table, const char *name); /* -1: none */
/* The same with an error that offers the nearest name. what: "table", a file's name ... */
KEN_API ken_status ken_table_require(ken_ctx *ctx, const ken_table *table, const char *name, int *j);

/* Add a column: by copy, as a view whose memory the caller keeps alive, or taking over buffers that
 * came from ken_alloc of the same context (data, valid, text.offset, text.bytes; on error they are
 * freed). Names are always copied. Equal names are allowed; ken_table_find gives the first. */
KEN_API ken_status ken_table_add_copy(ken_ctx *ctx, ken_table *table, const ken_column *column);
KEN_API ken_status ken_table_add_borrow(ken_ctx *ctx, ken_table *table, const ken_column *column);
KEN_API ken_status ken_table_add_adopt(ken_ctx *ctx, ken_table *table, const ken_column *column);
/* Takes over the buffers that `own` names and borrows the others. */
enum { KEN_OWN_DATA = 1, KEN_OWN_VALID = 2, KEN_OWN_OFFSET = 4, KEN_OWN_BYTES = 8 };
KEN_API ken_status ken_table_add_parts(ken_ctx *ctx, ken_table *table, const ken_column *column,
                                       unsigned own);
/* A dense numeric column (f64 f32 i64 bool time category) to be filled by the caller, zeroed;
 * *valid (may be NULL) gets a bitmap with every cell marked as there. */
KEN_API ken_status ken_table_add_new(ken_ctx *ctx, ken_table *table, const char *name,
                                     ken_dtype dtype, void **data, uint8_t **valid);
/* Rename or re-tag a column of a table that is still being built. */
KEN_API ken_status ken_table_rename(ken_ctx *ctx, ken_table *table, int j, const char *name);
KEN_API void ken_table_set_source(ken_table *table, int j, int32_t source);

/* Borrowed columns x0, x1, ... (or `names`) over X (n, d) f64 or f32, any strides. */
KEN_API ken_status ken_table_from_matrix(ken_ctx *ctx, const ken_tensor *X,
                                         const char *const *names, ken_table **out);
/* Rows in the order given (indices may repeat), copied; category levels and names are kept. */
KEN_API ken_status ken_table_take(ken_ctx *ctx, const ken_table *table, const int64_t *rows,
                                  int64_t n, ken_table **out);
/* A table that borrows some columns of another, which must outlive it. */
KEN_API ken_status ken_table_select(ken_ctx *ctx, const ken_table *table, const int *columns,
                                    int n, ken_table **out);

/* Rows [first, first + n) as a borrowed table; first must be a multiple of 8. */
KEN_API ken_status ken_table_slice(ken_ctx *ctx, const ken_table *table, int64_t first, int64_t n,
                                   ken_table **out);
/* The rows of `bottom` under those of `top`, copied: the columns of top, found by name in bottom, which may
 * have more. Types are those of top (numbers become f64 where a cell would change); a level that top does
 * not know is missing, as it is to a model that has learned on top. who: in messages.
 * errors  KEN_E_NOT_FOUND bottom lacks a column · KEN_E_TYPE a cell that is none of top's type */
KEN_API ken_status ken_table_stack(ken_ctx *ctx, const char *who, const ken_table *top,
                                   const ken_table *bottom, ken_table **out);
/* The table with string columns of at most so many different texts (most 0: 20, or a quarter of the rows, up to 65536:
 * as a CSV is read) as categories, levels in byte order. Everything else is borrowed; `table` must outlive it. */
KEN_API ken_status ken_table_levels(ken_ctx *ctx, const ken_table *table, int64_t most, ken_table **out);
/* `table` frees `kept` when it is freed itself: for columns of it that borrow from `kept`. */
KEN_API void ken_table_keep(ken_table *table, ken_table *kept);
/* call(arg) when `table` is freed, after its columns: for memory of others that they borrow from. */
KEN_API ken_status ken_table_on_free(ken_ctx *ctx, ken_table *table, void (*call)(void *arg),
                                     void *arg);

/* --- cells ---------------------------------------------------------------------------------- */
static inline bool ken_column_valid(const ken_column *c, int64_t i) {
    return !c->valid || (c->valid[i >> 3] >> (i & 7) & 1);
}
static inline void ken_bitmap_clear(uint8_t *valid, int64_t i) {
    valid[i >> 3] = (uint8_t)(valid[i >> 3] & ~(1u << (i & 7)));
}
/* Missing by bitmap or NaN. */
KEN_API bool ken_column_missing(const ken_column *c, int64_t i);
KEN_API int64_t ken_column_count_missing(const ken_column *c);
/* The cell as a number, NaN when missing; category: the code; string: NaN. */
KEN_API double ken_column_f64(const ken_column *c, int64_t i);
/* out[i] = cell first+i as ken_column_f64 does, without a branch per cell on the type. */
KEN_API void ken_column_gather(const ken_column *c, int64_t first, int64_t n, double *out,
                               int64_t out_stride);
/* Rows [first, first+n) of every column into out, row-major, a row every out_stride >= d doubles;
 * missing is NaN. Fast where the columns are those of one row-major matrix. */
KEN_API void ken_table_gather(const ken_table *table, int64_t first, int64_t n, double *out,
                              int64_t out_stride);
static inline bool ken_dtype_is_number(ken_dtype t) {
    return t == KEN_F64 || t == KEN_F32 || t == KEN_I64 || t == KEN_BOOL;
}
/* The text of a cell into buf (NUL-terminated, cut to fit; category and string: their text; time:
 * ISO 8601; numbers: shortest that reads back). Returns buf; "" when missing. */
KEN_API const char *ken_column_format(const ken_column *c, int64_t i, char *buf, size_t size);

KEN_END_C

#endif
