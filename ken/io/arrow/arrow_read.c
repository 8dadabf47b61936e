/* Arrow streams and batches as tables. The arrays are moved out of what the caller gave into a lease, which releases them
 * when the table that borrows from them is freed. Read next: arrow_texts.c. */
#include <string.h>

#include "ken/core/text.h"
#include "ken/io/arrow/arrow_parts.h"

/* --- the lease ---------------------------------------------------------------------------------- */
typedef struct arrow_lease {
    ken_allocator alloc;
    struct ArrowArray *arrays; /* the batches */
    int64_t n, capacity;
} arrow_lease;

static void arrow_lease_free(void *arg) {
    arrow_lease *lease = arg;
    const ken_allocator alloc = lease->alloc;
    for (int64_t i = 0; i < lease->n; i++)
        if (lease->arrays[i].release) lease->arrays[i].release(&lease->arrays[i]);
    ken_allocator_free(&alloc, lease->arrays);
    ken_allocator_free(&alloc, lease);
}

static ken_status arrow_lease_new(ken_ctx *ctx, arrow_lease **out) {
    KEN_TRY(KEN_ALLOC(ctx, arrow_lease, 1, out));
    (*out)->alloc = ken_ctx_allocator(ctx);
    return KEN_OK;
}

static ken_status arrow_lease_room(ken_ctx *ctx, arrow_lease *lease) {
    if (lease->n < lease->capacity) return KEN_OK;
    const size_t capacity = ken_next_capacity((size_t)lease->capacity, (size_t)lease->n + 1);
    KEN_TRY(ken_grow(ctx, (void **)&lease->arrays, (size_t)lease->n, capacity, sizeof *lease->arrays));
    lease->capacity = (int64_t)capacity;
    return KEN_OK;
}

/* --- a chunk: what can be checked, is --------------------------------------------------------------- */
static ken_status arrow_broken(ken_ctx *ctx, const char *name, const char *what) {
    return KEN_FAIL(ctx, KEN_E_FORMAT, "its producer breaks the Arrow C data interface", "Arrow: column '%s' %s", name, what);
}

static ken_status arrow_buffers(ken_ctx *ctx, const char *name, const struct ArrowArray *a, const arrow_type *type,
                                int64_t cells) {
    if (type->kind == ARROW_NULL) return KEN_OK;
    const int64_t want = type->kind == ARROW_TEXT || type->kind == ARROW_VIEW ? 3 : 2;
    if (a->n_buffers < want || (a->n_buffers > want && type->kind != ARROW_VIEW))
        return arrow_broken(ctx, name, "has a wrong number of buffers");
    if (!a->buffers) return arrow_broken(ctx, name, "has no buffers");
    if (cells && !a->buffers[1]) return arrow_broken(ctx, name, "has cells but no buffer of them");
    if (a->null_count > 0 && cells && !a->buffers[0]) return arrow_broken(ctx, name, "has missing cells but no bitmap of them");
    return KEN_OK;
}

ken_status ken__arrow_chunk(ken_ctx *ctx, const char *name, const struct ArrowArray *a, const arrow_type *type, int64_t skip,
                            int64_t n, arrow_chunk *out) {
    if (!a) return arrow_broken(ctx, name, "is not there");
    if (a->length < 0 || a->offset < 0 || a->offset > INT64_MAX - a->length || a->offset + a->length > INT64_MAX / 16)
        return arrow_broken(ctx, name, "has an impossible length or offset");
    if (skip < 0 || n < 0 || skip > a->length || n > a->length - skip)
        return arrow_broken(ctx, name, "has fewer cells than its table has rows");
    KEN_TRY(arrow_buffers(ctx, name, a, type, n));
    *out = (arrow_chunk){a, a->offset + skip, n, NULL};
    if (type->kind != ARROW_NULL && a->null_count != 0) out->valid = a->buffers[0];
    return KEN_OK;
}

/* --- bitmaps ------------------------------------------------------------------------------------------ */
ken_status ken__arrow_valid(const arrow_column *column, const uint8_t **out, unsigned *own) {
    bool any = false;
    uint8_t *bits = NULL;
    *out = NULL;
    for (int64_t k = 0; k < column->n_chunks; k++) any |= column->chunks[k].valid != NULL;
    if (!any) return KEN_OK;
    const arrow_chunk *first = &column->chunks[0];
    if (column->n_chunks == 1 && first->first % 8 == 0) {
        *out = first->valid + first->first / 8;
        return KEN_OK;
    }
    KEN_TRY(KEN_ALLOC(column->ctx, uint8_t, (column->n + 7) / 8, &bits));
    int64_t at = 0;
    for (int64_t k = 0; k < column->n_chunks; k++)
        for (int64_t i = 0; i < column->chunks[k].n; i++, at++)
            if (arrow_there(&column->chunks[k], i)) bits[at >> 3] = (uint8_t)(bits[at >> 3] | 1u << (at & 7));
    *out = bits;
    *own |= KEN_OWN_VALID;
    return KEN_OK;
}

/* --- numbers and dates ----------------------------------------------------------------------------------- */
static ken_dtype arrow_dtype(const arrow_column *column) {
    const arrow_type *type = &column->type;
    switch (type->kind) {
    case ARROW_BOOL: return KEN_BOOL;
    case ARROW_TIME: return KEN_TIME;
    case ARROW_FLOAT: return type->width == 8 ? KEN_F64 : KEN_F32;
    case ARROW_SIGNED: return KEN_I64;
    case ARROW_UNSIGNED:
        for (int64_t k = 0; k < column->n_chunks; k++)
            if (ken__arrow_beyond(type, &column->chunks[k])) return KEN_F64;
        return KEN_I64;
    default: return KEN_F64;
    }
}

/* The cells lie as the library wants them, in one piece. */
static bool arrow_in_place(const arrow_column *column) {
    const arrow_type *type = &column->type;
    if (column->n_chunks != 1) return false;
    const bool like = type->kind == ARROW_FLOAT    ? type->width >= 4
                      : type->kind == ARROW_SIGNED ? type->width == 8
                                                   : type->kind == ARROW_TIME && type->width == 8 && type->times == type->parts;
    return like && (uintptr_t)column->chunks[0].array->buffers[1] % (uintptr_t)type->width == 0;
}

static ken_status arrow_fill(const arrow_column *column, ken_dtype dtype, char *to) {
    const arrow_type *type = &column->type;
    int64_t done = 0;
    for (int64_t k = 0; k < column->n_chunks; k++) {
        const arrow_chunk *c = &column->chunks[k];
        void *at = to + (size_t)done * ken_dtype_size(dtype);
        if (type->kind == ARROW_BOOL) {
            ken__arrow_bools(c, at);
        } else if (dtype == KEN_TIME) {
            const int64_t row = ken__arrow_times(type, c, at);
            if (row >= 0)
                return KEN_FAIL(column->ctx, KEN_E_VALUE, "dates reach from the year -290308 to 294247",
                                "column '%s': the date of row %lld is out of range", column->name, (long long)(done + row) + 1);
        } else if (dtype == KEN_I64) {
            ken__arrow_whole(type, c, at);
        } else if (dtype == KEN_F64) {
            ken__arrow_real(type, c, at);
        } else if (type->width == 2) {
            ken__arrow_half(c, at);
        } else {
            memcpy(at, (const char *)c->array->buffers[1] + c->first * 4, (size_t)c->n * 4);
        }
        done += c->n;
    }
    return KEN_OK;
}

static ken_status arrow_add_cells(const arrow_column *column, ken_table *table, bool *lent) {
    ken_column made = {.name = column->name, .dtype = arrow_dtype(column), .n = column->n, .stride = 1, .source = -1};
    unsigned own = 0;
    char *data = NULL;
    KEN_TRY(ken__arrow_valid(column, &made.valid, &own));
    if (arrow_in_place(column)) {
        const arrow_chunk *c = &column->chunks[0];
        made.data = (const char *)c->array->buffers[1] + c->first * column->type.width;
    } else {
        ken_status status = ken_alloc(column->ctx, (size_t)column->n, ken_dtype_size(made.dtype), (void **)&data);
        if (status == KEN_OK) status = arrow_fill(column, made.dtype, data);
        if (status != KEN_OK) {
            ken_free(column->ctx, data);
            if (own & KEN_OWN_VALID) ken_free(column->ctx, (void *)(uintptr_t)made.valid);
            return status;
        }
        made.data = data;
        own |= KEN_OWN_DATA;
    }
    *lent |= !(own & KEN_OWN_DATA) || (made.valid && !(own & KEN_OWN_VALID));
    return ken_table_add_parts(column->ctx, table, &made, own);
}

ken_status ken__arrow_add(const arrow_column *column, ken_table *table, bool *lent) {
    if (column->schema->dictionary) return ken__arrow_add_codes(column, table, lent);
    if (column->type.kind == ARROW_TEXT || column->type.kind == ARROW_VIEW) return ken__arrow_add_texts(column, table, lent);
    return arrow_add_cells(column, table, lent);
}

/* --- a table ------------------------------------------------------------------------------------------------ */
typedef struct arrow_job {
    ken_ctx *ctx;
    const struct ArrowSchema *schema;
    const arrow_lease *lease;
    bool is_struct, lent;
    int64_t n_rows;
    arrow_chunk *chunks; /* room for one of each batch */
    ken_table *table;
} arrow_job;

/* Rows of a batch that are missing as a whole have no place in a table. */
static ken_status arrow_whole_rows(ken_ctx *ctx, const struct ArrowArray *batch) {
    const uint8_t *valid = batch->n_buffers > 0 && batch->buffers && batch->null_count != 0 ? batch->buffers[0] : NULL;
    for (int64_t i = 0; valid && i < batch->length; i++)
        if (!arrow_bit(valid, batch->offset + i))
            return KEN_FAIL(ctx, KEN_E_TYPE, "give the fields as columns, or drop the row",
                            "Arrow: row %lld is missing as a whole", (long long)i + 1);
    return KEN_OK;
}

static ken_status arrow_count(arrow_job *job) {
    for (int64_t k = 0; k < job->lease->n; k++) {
        const struct ArrowArray *batch = &job->lease->arrays[k];
        if (batch->length < 0 || batch->offset < 0 || batch->length > INT64_MAX / 16 - job->n_rows ||
            batch->offset > INT64_MAX / 16 - batch->length)
            return KEN_FAIL(job->ctx, KEN_E_FORMAT, NULL, "Arrow: batch %lld has an impossible length or offset", (long long)k);
        if (job->is_struct && (batch->n_children != job->schema->n_children || (batch->n_children && !batch->children)))
            return KEN_FAIL(job->ctx, KEN_E_FORMAT, NULL, "Arrow: batch %lld has %lld columns, the schema %lld", (long long)k,
                            (long long)batch->n_children, (long long)job->schema->n_children);
        if (job->is_struct) KEN_TRY(arrow_whole_rows(job->ctx, batch));
        job->n_rows += batch->length;
    }
    return KEN_OK;
}

static ken_status arrow_job_column(arrow_job *job, int64_t j) {
    const struct ArrowSchema *schema = job->is_struct ? job->schema->children[j] : job->schema;
    if (!schema) return KEN_FAIL(job->ctx, KEN_E_FORMAT, NULL, "Arrow: column %lld has no schema", (long long)j);
    const char *name = schema->name ? schema->name : "";
    arrow_column column = {job->ctx, name, schema, {ARROW_NULL, 0, 0, 1, 1}, job->chunks, 0, job->n_rows};
    if (ken_utf8_valid(name, strlen(name)) != strlen(name))
        return KEN_FAIL(job->ctx, KEN_E_FORMAT, NULL, "Arrow: the name of column %lld is not UTF-8", (long long)j);
    KEN_TRY(ken__arrow_type(job->ctx, name, schema->format, &column.type));
    for (int64_t k = 0; k < job->lease->n; k++) {
        const struct ArrowArray *batch = &job->lease->arrays[k];
        const struct ArrowArray *a = job->is_struct ? batch->children[j] : batch;
        arrow_chunk *chunk = &job->chunks[column.n_chunks];
        KEN_TRY(ken__arrow_chunk(job->ctx, name, a, &column.type, job->is_struct ? batch->offset : 0, batch->length, chunk));
        if (chunk->n) column.n_chunks++;
    }
    KEN_TRY(ken__arrow_add(&column, job->table, &job->lent));
    ken_table_set_source(job->table, (int)j, (int32_t)j);
    return ken_check_cancel(job->ctx);
}

static ken_status arrow_run(arrow_job *job) {
    if (!job->schema->format) return KEN_FAIL(job->ctx, KEN_E_FORMAT, NULL, "Arrow: the schema has no format");
    job->is_struct = strcmp(job->schema->format, "+s") == 0;
    if (job->is_struct && (job->schema->n_children < 0 || (job->schema->n_children && !job->schema->children)))
        return KEN_FAIL(job->ctx, KEN_E_FORMAT, NULL, "Arrow: the schema has no columns where it says %lld",
                        (long long)job->schema->n_children);
    if (job->is_struct && job->schema->n_children > INT32_MAX / 2)
        return KEN_FAIL(job->ctx, KEN_E_LIMIT, NULL, "Arrow: %lld columns", (long long)job->schema->n_children);
    KEN_TRY(arrow_count(job));
    KEN_TRY(KEN_SCRATCH(job->ctx, arrow_chunk, job->lease->n + 1, &job->chunks));
    KEN_TRY(ken_table_new(job->ctx, job->n_rows, &job->table));
    const int64_t d = job->is_struct ? job->schema->n_children : 1;
    for (int64_t j = 0; j < d; j++) KEN_TRY(arrow_job_column(job, j));
    return KEN_OK;
}

/* The table of the leased batches. The lease goes to the table, or is freed here. */
static ken_status arrow_table(ken_ctx *ctx, const struct ArrowSchema *schema, arrow_lease *lease, ken_table **out) {
    const ken_mark mark = ken_scratch_mark(ctx);
    arrow_job job = {.ctx = ctx, .schema = schema, .lease = lease};
    ken_status status = arrow_run(&job);
    ken_scratch_release(ctx, mark);
    bool leased = false;
    if (status == KEN_OK && job.lent) {
        status = ken_table_on_free(ctx, job.table, arrow_lease_free, lease);
        leased = status == KEN_OK;
    }
    if (status != KEN_OK) ken_table_free(job.table);
    if (!leased) arrow_lease_free(lease);
    *out = status == KEN_OK ? job.table : NULL;
    return status;
}

ken_status ken_arrow_read(ken_ctx *ctx, struct ArrowSchema *schema, struct ArrowArray *array, ken_table **out) {
    struct ArrowSchema own_schema = *schema;
    struct ArrowArray own_array = *array;
    arrow_lease *lease = NULL;
    *out = NULL;
    schema->release = NULL;
    array->release = NULL;
    ken_status status = own_schema.release && own_array.release
                            ? arrow_lease_new(ctx, &lease)
                            : KEN_FAIL(ctx, KEN_E_STATE, NULL, "Arrow: the array has been released already");
    if (status == KEN_OK) status = arrow_lease_room(ctx, lease);
    if (status == KEN_OK) {
        lease->arrays[lease->n++] = own_array;
        status = arrow_table(ctx, &own_schema, lease, out);
    } else {
        if (own_array.release) own_array.release(&own_array);
        if (lease) arrow_lease_free(lease);
    }
    if (own_schema.release) own_schema.release(&own_schema);
    return status;
}

/* --- streams ---------------------------------------------------------------------------------------------------- */
static ken_status arrow_stream_failed(ken_ctx *ctx, struct ArrowArrayStream *stream, int error) {
    const char *said = stream->get_last_error ? stream->get_last_error(stream) : NULL;
    return KEN_FAIL(ctx, KEN_E_IO, NULL, "Arrow: the stream failed with error %d%s%.400s", error, said ? ": " : "",
                    said ? said : "");
}

static ken_status arrow_stream_batches(ken_ctx *ctx, struct ArrowArrayStream *stream, arrow_lease *lease) {
    for (;;) {
        KEN_TRY(ken_check_cancel(ctx));
        KEN_TRY(arrow_lease_room(ctx, lease));
        struct ArrowArray *batch = &lease->arrays[lease->n];
        memset(batch, 0, sizeof *batch);
        const int error = stream->get_next(stream, batch);
        if (error) {
            if (batch->release) batch->release(batch);
            return arrow_stream_failed(ctx, stream, error);
        }
        if (!batch->release) return KEN_OK;
        lease->n++;
    }
}

ken_status ken_arrow_read_stream(ken_ctx *ctx, struct ArrowArrayStream *from, ken_table **out) {
    struct ArrowArrayStream stream = *from;
    struct ArrowSchema schema;
    arrow_lease *lease = NULL;
    *out = NULL;
    from->release = NULL;
    memset(&schema, 0, sizeof schema);
    if (!stream.release) return KEN_FAIL(ctx, KEN_E_STATE, NULL, "Arrow: the stream has been read or released already");
    ken_status status = arrow_lease_new(ctx, &lease);
    if (status == KEN_OK) {
        const int error = stream.get_schema(&stream, &schema);
        status = error ? arrow_stream_failed(ctx, &stream, error) : KEN_OK;
        if (status == KEN_OK && !schema.release)
            status = KEN_FAIL(ctx, KEN_E_FORMAT, NULL, "Arrow: the stream gives no schema");
    }
    if (status == KEN_OK) status = arrow_stream_batches(ctx, &stream, lease);
    stream.release(&stream);
    if (status == KEN_OK)
        status = arrow_table(ctx, &schema, lease, out);
    else if (lease)
        arrow_lease_free(lease);
    if (schema.release) schema.release(&schema);
    return status;
}
