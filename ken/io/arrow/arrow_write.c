/* Tables as Arrow arrays. Every array that goes out, children as well (their reader may move them elsewhere), holds a share
 * of one loan; with the last share the table is given back. Releasing happens on any thread, without a context: what goes
 * out knows its allocator. */
#include <stdatomic.h>
#include <string.h>

#include "ken/io/arrow/arrow_parts.h"

enum { ARROW_NO_MEMORY = 12 }; /* ENOMEM */

static const int64_t arrow_nothing[8]; /* what a buffer without cells points to */

static void *arrow_memory(const ken_allocator *a, size_t size) {
    void *p = size ? a->alloc(a->user, size, 64) : NULL;
    if (p) memset(p, 0, size);
    return p;
}

/* --- the loan ------------------------------------------------------------------------------------------- */
typedef struct arrow_loan {
    ken_allocator alloc;
    atomic_long shares;
    void (*drop)(void *);
    void *owner;
} arrow_loan;

static arrow_loan *arrow_loan_share(arrow_loan *loan) {
    atomic_fetch_add(&loan->shares, 1);
    return loan;
}

static void arrow_loan_give(arrow_loan *loan) {
    const ken_allocator alloc = loan->alloc;
    if (atomic_fetch_sub(&loan->shares, 1) > 1) return;
    if (loan->drop) loan->drop(loan->owner);
    ken_allocator_free(&alloc, loan);
}

/* With one share, the caller's. */
static arrow_loan *arrow_loan_new(const ken_allocator *alloc, void (*drop)(void *), void *owner) {
    arrow_loan *loan = arrow_memory(alloc, sizeof *loan);
    if (!loan) {
        if (drop) drop(owner);
        return NULL;
    }
    loan->alloc = *alloc;
    loan->drop = drop;
    loan->owner = owner;
    atomic_init(&loan->shares, 1);
    return loan;
}

/* --- schemas ------------------------------------------------------------------------------------------------ */
typedef struct arrow_schema_own {
    ken_allocator alloc;
    char name[]; /* flexible: NUL-terminated */
} arrow_schema_own;

static void arrow_schema_release(struct ArrowSchema *schema) {
    const ken_allocator alloc = ((arrow_schema_own *)schema->private_data)->alloc;
    for (int64_t i = 0; schema->children && i < schema->n_children; i++) {
        struct ArrowSchema *child = schema->children[i];
        if (child && child->release) child->release(child);
        ken_allocator_free(&alloc, child);
    }
    ken_allocator_free(&alloc, schema->children);
    if (schema->dictionary && schema->dictionary->release) schema->dictionary->release(schema->dictionary);
    ken_allocator_free(&alloc, schema->dictionary);
    ken_allocator_free(&alloc, schema->private_data);
    schema->release = NULL;
}

static bool arrow_schema_begin(const ken_allocator *alloc, const char *name, const char *format, struct ArrowSchema *out) {
    const size_t size = strlen(name) + 1;
    memset(out, 0, sizeof *out);
    arrow_schema_own *own = arrow_memory(alloc, sizeof *own + size);
    if (!own) return false;
    own->alloc = *alloc;
    memcpy(own->name, name, size);
    out->format = format;
    out->name = own->name;
    out->flags = ARROW_FLAG_NULLABLE;
    out->private_data = own;
    out->release = arrow_schema_release;
    return true;
}

static const char *arrow_format(ken_dtype dtype) {
    switch (dtype) {
    case KEN_F64: return "g";
    case KEN_F32: return "f";
    case KEN_I64: return "l";
    case KEN_I32: case KEN_CATEGORY: return "i";
    case KEN_I16: return "s";
    case KEN_U16: return "S";
    case KEN_U8: return "C";
    case KEN_BOOL: return "b";
    case KEN_TIME: return "tsu:";
    default: return "U";
    }
}

static bool arrow_schema_column(const ken_allocator *alloc, const ken_column *column, struct ArrowSchema *out) {
    if (!arrow_schema_begin(alloc, column->name, arrow_format(column->dtype), out)) return false;
    if (column->dtype != KEN_CATEGORY) return true;
    out->dictionary = arrow_memory(alloc, sizeof *out->dictionary);
    return out->dictionary && arrow_schema_begin(alloc, "", "U", out->dictionary);
}

/* On failure nothing is left. */
static bool arrow_schema_table(const ken_allocator *alloc, const ken_table *table, struct ArrowSchema *out) {
    const int d = ken_table_cols(table);
    if (!arrow_schema_begin(alloc, "", "+s", out)) return false;
    out->flags = 0;
    out->n_children = d;
    out->children = arrow_memory(alloc, ((size_t)d + 1) * sizeof *out->children);
    bool made = out->children != NULL;
    for (int j = 0; made && j < d; j++) {
        out->children[j] = arrow_memory(alloc, sizeof **out->children);
        made = out->children[j] && arrow_schema_column(alloc, ken_table_column(table, j), out->children[j]);
    }
    if (!made) arrow_schema_release(out);
    return made;
}

/* --- arrays --------------------------------------------------------------------------------------------------- */
typedef struct arrow_array_own {
    arrow_loan *loan;
    const void *buffers[3];
    void *copy; /* cells that could not be lent */
} arrow_array_own;

static void arrow_array_release(struct ArrowArray *array) {
    arrow_array_own *own = array->private_data;
    const ken_allocator alloc = own->loan->alloc;
    for (int64_t i = 0; array->children && i < array->n_children; i++) {
        struct ArrowArray *child = array->children[i];
        if (child && child->release) child->release(child);
        ken_allocator_free(&alloc, child);
    }
    ken_allocator_free(&alloc, array->children);
    if (array->dictionary && array->dictionary->release) array->dictionary->release(array->dictionary);
    ken_allocator_free(&alloc, array->dictionary);
    ken_allocator_free(&alloc, own->copy);
    array->release = NULL;
    arrow_loan_give(own->loan);
    ken_allocator_free(&alloc, own);
}

static arrow_array_own *arrow_array_begin(arrow_loan *loan, int64_t n, int n_buffers, struct ArrowArray *out) {
    memset(out, 0, sizeof *out);
    arrow_array_own *own = arrow_memory(&loan->alloc, sizeof *own);
    if (!own) return NULL;
    own->loan = arrow_loan_share(loan);
    out->length = n;
    out->n_buffers = n_buffers;
    out->buffers = own->buffers;
    out->private_data = own;
    out->release = arrow_array_release;
    return own;
}

static int64_t arrow_count_missing(const uint8_t *valid, int64_t n) {
    int64_t there = 0;
    for (int64_t i = 0; i < n; i++) there += arrow_bit(valid, i);
    return n - there;
}

static void arrow_texts(arrow_array_own *own, const ken_strings *texts) {
    own->buffers[1] = texts->n && texts->offset ? (const void *)texts->offset : arrow_nothing;
    own->buffers[2] = texts->bytes ? (const void *)texts->bytes : arrow_nothing;
}

/* Cells that are strided, or truth values, which Arrow packs into bits. */
static bool arrow_copy_cells(const ken_allocator *alloc, const ken_column *column, arrow_array_own *own) {
    const size_t size = ken_dtype_size(column->dtype);
    const char *from = column->data;
    char *to = own->copy = arrow_memory(alloc, column->dtype == KEN_BOOL ? (size_t)column->n / 8 + 1 : (size_t)column->n * size);
    if (!to) return false;
    for (int64_t i = 0; i < column->n; i++) {
        const char *at = from + i * column->stride * (int64_t)size;
        if (column->dtype == KEN_BOOL)
            to[i >> 3] = (char)((unsigned char)to[i >> 3] | (unsigned)(*at != 0) << (i & 7));
        else
            memcpy(to + (size_t)i * size, at, size);
    }
    own->buffers[1] = to;
    return true;
}

static bool arrow_array_column(arrow_loan *loan, const ken_column *column, struct ArrowArray *out) {
    const bool is_text = column->dtype == KEN_STRING;
    arrow_array_own *own = arrow_array_begin(loan, column->n, is_text ? 3 : 2, out);
    if (!own) return false;
    own->buffers[0] = column->valid;
    if (column->valid) out->null_count = arrow_count_missing(column->valid, column->n);
    if (is_text) {
        arrow_texts(own, &column->text);
        return true;
    }
    if (column->n == 0)
        own->buffers[1] = arrow_nothing;
    else if (column->stride == 1 && column->dtype != KEN_BOOL)
        own->buffers[1] = column->data;
    else if (!arrow_copy_cells(&loan->alloc, column, own))
        return false;
    if (column->dtype != KEN_CATEGORY) return true;
    out->dictionary = arrow_memory(&loan->alloc, sizeof *out->dictionary);
    arrow_array_own *levels = out->dictionary ? arrow_array_begin(loan, column->text.n, 3, out->dictionary) : NULL;
    if (levels) arrow_texts(levels, &column->text);
    return levels != NULL;
}

/* On failure nothing is left. */
static bool arrow_array_table(arrow_loan *loan, const ken_table *table, struct ArrowArray *out) {
    const int d = ken_table_cols(table);
    if (!arrow_array_begin(loan, ken_table_rows(table), 1, out)) return false;
    out->n_children = d;
    out->children = arrow_memory(&loan->alloc, ((size_t)d + 1) * sizeof *out->children);
    bool made = out->children != NULL;
    for (int j = 0; made && j < d; j++) {
        out->children[j] = arrow_memory(&loan->alloc, sizeof **out->children);
        made = out->children[j] && arrow_array_column(loan, ken_table_column(table, j), out->children[j]);
    }
    if (!made) arrow_array_release(out);
    return made;
}

static ken_status arrow_no_memory(ken_ctx *ctx) { return KEN_FAIL(ctx, KEN_E_NOMEM, NULL, "Arrow: out of memory"); }

ken_status ken_arrow_write(ken_ctx *ctx, const ken_table *table, void (*drop)(void *owner), void *owner,
                           struct ArrowSchema *schema, struct ArrowArray *array) {
    const ken_allocator alloc = ken_ctx_allocator(ctx);
    arrow_loan *loan = arrow_loan_new(&alloc, drop, owner);
    if (!loan) return arrow_no_memory(ctx);
    bool made = arrow_schema_table(&alloc, table, schema);
    if (made && array && !arrow_array_table(loan, table, array)) {
        arrow_schema_release(schema);
        made = false;
    }
    arrow_loan_give(loan);
    return made ? KEN_OK : arrow_no_memory(ctx);
}

/* --- streams ------------------------------------------------------------------------------------------------------ */
typedef struct arrow_stream_own {
    arrow_loan *loan;
    const ken_table *table;
    struct ArrowArray batch; /* until it is asked for */
} arrow_stream_own;

static int arrow_stream_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out) {
    const arrow_stream_own *own = stream->private_data;
    return arrow_schema_table(&own->loan->alloc, own->table, out) ? 0 : ARROW_NO_MEMORY;
}

static int arrow_stream_next(struct ArrowArrayStream *stream, struct ArrowArray *out) {
    arrow_stream_own *own = stream->private_data;
    *out = own->batch;
    memset(&own->batch, 0, sizeof own->batch);
    return 0;
}

static const char *arrow_stream_error(struct ArrowArrayStream *stream) {
    (void)stream;
    return "out of memory";
}

static void arrow_stream_release(struct ArrowArrayStream *stream) {
    arrow_stream_own *own = stream->private_data;
    const ken_allocator alloc = own->loan->alloc;
    if (own->batch.release) own->batch.release(&own->batch);
    arrow_loan_give(own->loan);
    ken_allocator_free(&alloc, own);
    stream->release = NULL;
}

ken_status ken_arrow_write_stream(ken_ctx *ctx, const ken_table *table, void (*drop)(void *owner), void *owner,
                                  struct ArrowArrayStream *stream) {
    const ken_allocator alloc = ken_ctx_allocator(ctx);
    arrow_loan *loan = arrow_loan_new(&alloc, drop, owner);
    arrow_stream_own *own = loan ? arrow_memory(&alloc, sizeof *own) : NULL;
    if (!own || !arrow_array_table(loan, table, &own->batch)) {
        ken_allocator_free(&alloc, own);
        if (loan) arrow_loan_give(loan);
        return arrow_no_memory(ctx);
    }
    own->loan = loan;
    own->table = table;
    *stream = (struct ArrowArrayStream){arrow_stream_schema, arrow_stream_next, arrow_stream_error, arrow_stream_release, own};
    return KEN_OK;
}
