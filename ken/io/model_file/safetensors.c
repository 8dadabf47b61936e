/* Reader of the safetensors container. Writing is model_file.c. */
#include "ken/io/model_file/safetensors.h"

#include <stdlib.h>
#include <string.h>

#include "ken/core/dict.h"

/* The format's own limit on the header. */
#define SAFETENSORS_MAX_HEADER 100000000u

static const struct {
    const char *name;
    ken_dtype dtype;
} safetensors_dtypes[] = {{"F64", KEN_F64}, {"F32", KEN_F32}, {"I64", KEN_I64}, {"I32", KEN_I32},
                          {"I16", KEN_I16}, {"U16", KEN_U16}, {"U8", KEN_U8},   {"BOOL", KEN_BOOL}};

const char *ken_safetensors_dtype(ken_dtype dtype) {
    for (int i = 0; i < KEN_COUNT(safetensors_dtypes); i++)
        if (safetensors_dtypes[i].dtype == dtype) return safetensors_dtypes[i].name;
    return NULL;
}

ken_status ken_safetensors_header(ken_ctx *ctx, const char *name, const void *bytes, size_t size,
                                  const char **header, size_t *header_size) {
    const uint8_t *b = bytes;
    uint64_t length = 0;
    *header = NULL;
    *header_size = 0;
    if (size == 0) return KEN_FAIL(ctx, KEN_E_FORMAT, NULL, "%s: the file is empty", name);
    if (size < 8)
        return KEN_FAIL(ctx, KEN_E_FORMAT, NULL, "%s: %zu bytes are too few for a safetensors file",
                        name, size);
    for (int i = 7; i >= 0; i--) length = length << 8 | b[i];
    if (length < 2 || length > SAFETENSORS_MAX_HEADER || (size > 8 && b[8] != '{'))
        return KEN_FAIL(ctx, KEN_E_FORMAT, NULL,
                        "%s: not a safetensors file (no header of JSON at its start)", name);
    if (length > size - 8)
        return KEN_FAIL(ctx, KEN_E_FORMAT, "copy it again",
                        "%s: cut short: the header has %llu bytes, but only %zu are there", name,
                        (unsigned long long)length, size - 8);
    *header = (const char *)b + 8;
    *header_size = (size_t)length;
    return KEN_OK;
}

/* One entry of the header; *begin and *end are its data_offsets. */
static ken_status safetensors_entry(ken_ctx *ctx, const char *file, const char *name,
                                    const ken_json *v, ken_tensor *t, uint64_t *begin,
                                    uint64_t *end) {
    const char *type = ken_json_string(ken_json_get(v, "dtype"), NULL, NULL);
    const ken_json *shape = ken_json_get(v, "shape"), *offsets = ken_json_get(v, "data_offsets");
    const int64_t from = ken_json_i64(ken_json_at(offsets, 0), -1);
    const int64_t to = ken_json_i64(ken_json_at(offsets, 1), -1);
    const int64_t ndim = ken_json_count(shape);
    int64_t dims[KEN_MAX_DIMS] = {0};
    uint64_t bytes;
    ken_dtype dtype = 0;
    if (!type || ken_json_get_type(shape) != KEN_JSON_ARRAY || ken_json_count(offsets) != 2 ||
        ken_json_get_type(offsets) != KEN_JSON_ARRAY || from < 0 || to < from)
        return KEN_FAIL(ctx, KEN_E_FORMAT, NULL,
                        "%s: tensor '%s' lacks a proper dtype, shape or data_offsets", file, name);
    for (int i = 0; i < KEN_COUNT(safetensors_dtypes); i++)
        if (strcmp(type, safetensors_dtypes[i].name) == 0) dtype = safetensors_dtypes[i].dtype;
    if (!dtype)
        return KEN_FAIL(ctx, KEN_E_UNSUPPORTED, "convert it to F32 or F64 first",
                        "%s: tensor '%s' has elements of type '%s', which cannot be read", file,
                        name, type);
    if (ndim > KEN_MAX_DIMS)
        return KEN_FAIL(ctx, KEN_E_UNSUPPORTED, NULL,
                        "%s: tensor '%s' has %lld dimensions, at most %d can be read", file, name,
                        (long long)ndim, KEN_MAX_DIMS);
    bytes = ken_dtype_size(dtype);
    bool empty = false;
    for (int64_t i = 0; i < ndim; i++) {
        dims[i] = ken_json_i64(ken_json_at(shape, i), -1);
        if (dims[i] < 0)
            return KEN_FAIL(ctx, KEN_E_FORMAT, NULL, "%s: tensor '%s' has a shape that is none",
                            file, name);
        empty = empty || dims[i] == 0;
        if (dims[i] > 0 && bytes > (uint64_t)INT64_MAX / (uint64_t)dims[i])
            return KEN_FAIL(ctx, KEN_E_FORMAT, NULL, "%s: tensor '%s' has too many elements", file,
                            name);
        if (dims[i] > 0) bytes *= (uint64_t)dims[i];
    }
    if (empty) bytes = 0;
    if (bytes != (uint64_t)(to - from))
        return KEN_FAIL(ctx, KEN_E_FORMAT, NULL,
                        "%s: tensor '%s' needs %llu bytes by its shape, but has %lld", file, name,
                        (unsigned long long)bytes, (long long)(to - from));
    *t = ken_tensor_nd(NULL, dtype, (int)ndim, dims);
    t->flags |= KEN_TENSOR_READONLY;
    *begin = (uint64_t)from;
    *end = (uint64_t)to;
    return KEN_OK;
}

typedef struct safetensors_span {
    uint64_t begin, end;
    ken_named_tensor tensor;
} safetensors_span;

static int safetensors_by_offset(const void *a, const void *b) {
    const safetensors_span *x = a, *y = b;
    if (x->begin != y->begin) return x->begin < y->begin ? -1 : 1;
    if (x->end != y->end) return x->end < y->end ? -1 : 1;
    return strcmp(x->tensor.name, y->tensor.name);
}

/* Names are unique, without a NUL; entries as such are in order. */
static ken_status safetensors_spans(ken_ctx *ctx, const char *file, const ken_json *root,
                                    safetensors_span *spans, ken_dict *names,
                                    ken_safetensors *out) {
    for (int64_t i = 0; i < ken_json_count(root); i++) {
        size_t size;
        int32_t code;
        const char *name = ken_json_key(root, i, &size);
        const ken_json *v = ken_json_at(root, i);
        if (strlen(name) != size)
            return KEN_FAIL(ctx, KEN_E_FORMAT, NULL, "%s: the name of a tensor has a NUL in it",
                            file);
        KEN_TRY(ken_dict_add(names, name, size, &code));
        if (code != (int32_t)i)
            return KEN_FAIL(ctx, KEN_E_FORMAT, NULL, "%s: two tensors are named '%s'", file, name);
        if (strcmp(name, "__metadata__") == 0) {
            if (ken_json_get_type(v) != KEN_JSON_OBJECT)
                return KEN_FAIL(ctx, KEN_E_FORMAT, NULL, "%s: __metadata__ is no object", file);
            out->metadata = v;
            continue;
        }
        safetensors_span *s = &spans[out->n];
        s->tensor.name = name;
        KEN_TRY(safetensors_entry(ctx, file, name, v, &s->tensor.tensor, &s->begin, &s->end));
        out->data_needed = KEN_MAX(out->data_needed, s->end);
        out->n++;
    }
    return KEN_OK;
}

/* The bytes are covered once each, from the first to the last. */
static ken_status safetensors_cover(ken_ctx *ctx, const char *file, const safetensors_span *spans,
                                    const ken_safetensors *out) {
    uint64_t at = 0;
    if (out->data_needed > out->data_size)
        return KEN_FAIL(ctx, KEN_E_FORMAT, "copy it again",
                        "%s: cut short: the tensors have %llu bytes, but only %llu are there", file,
                        (unsigned long long)out->data_needed, (unsigned long long)out->data_size);
    for (int i = 0; i < out->n; i++) {
        if (spans[i].begin != at)
            return KEN_FAIL(
                ctx, KEN_E_FORMAT, NULL, "%s: tensor '%s' %s", file, spans[i].tensor.name,
                spans[i].begin < at ? "overlaps another one" : "leaves a hole before it");
        at = spans[i].end;
    }
    if (at != out->data_size)
        return KEN_FAIL(ctx, KEN_E_FORMAT, NULL, "%s: %llu bytes after the last tensor", file,
                        (unsigned long long)(out->data_size - at));
    return KEN_OK;
}

/* The bytes lie where the machine wants them for this type. */
static bool safetensors_aligned(const uint8_t *p, ken_dtype dtype) {
    return (uintptr_t)p % ken_dtype_size(dtype) == 0;
}

static size_t safetensors_room(const safetensors_span *s) {
    return (size_t)(s->end - s->begin) / 8 * 8 + 8;
}

/* Points the tensors at their bytes, copying those that lie at an odd place; checks booleans. */
static ken_status safetensors_place(ken_ctx *ctx, const char *file, const uint8_t *data,
                                    const safetensors_span *spans, ken_safetensors *out) {
    size_t moved = 0;
    for (int i = 0; i < out->n; i++)
        if (!safetensors_aligned(data + spans[i].begin, spans[i].tensor.tensor.dtype))
            moved += safetensors_room(&spans[i]);
    if (moved > 0) KEN_TRY(ken_alloc(ctx, moved, 1, &out->moved));
    moved = 0;
    for (int i = 0; i < out->n; i++) {
        const uint8_t *from = data + spans[i].begin;
        const size_t size = (size_t)(spans[i].end - spans[i].begin);
        ken_tensor *t = &out->tensors[i].tensor;
        out->tensors[i] = spans[i].tensor;
        if (safetensors_aligned(from, t->dtype)) {
            t->data = (void *)(uintptr_t)from;
        } else {
            t->data = (char *)out->moved + moved;
            memcpy(t->data, from, size);
            moved += safetensors_room(&spans[i]);
        }
        for (size_t j = 0; t->dtype == KEN_BOOL && j < size; j++)
            if (from[j] > 1)
                return KEN_FAIL(ctx, KEN_E_FORMAT, NULL,
                                "%s: tensor '%s' has a BOOL of %d, not 0 or 1", file,
                                out->tensors[i].name, from[j]);
    }
    return KEN_OK;
}

static ken_status safetensors_read(ken_ctx *ctx, const char *name, const uint8_t *bytes,
                                   size_t size, ken_dict *names, ken_safetensors *out) {
    const char *header;
    size_t header_size;
    safetensors_span *spans;
    KEN_TRY(ken_safetensors_header(ctx, name, bytes, size, &header, &header_size));
    KEN_TRY(ken_json_parse(ctx, name, header, header_size, &out->header));
    const ken_json *root = ken_json_root(out->header);
    const int64_t count = ken_json_count(root);
    out->data_size = size - 8 - header_size;
    if (ken_json_get_type(root) != KEN_JSON_OBJECT || count > INT32_MAX)
        return KEN_FAIL(ctx, KEN_E_FORMAT, NULL, "%s: the header is no JSON object", name);
    KEN_TRY(KEN_ALLOC(ctx, ken_named_tensor, count, &out->tensors));
    KEN_TRY(KEN_SCRATCH(ctx, safetensors_span, count, &spans));
    KEN_TRY(safetensors_spans(ctx, name, root, spans, names, out));
    if (out->n > 1) qsort(spans, (size_t)out->n, sizeof *spans, safetensors_by_offset);
    KEN_TRY(safetensors_cover(ctx, name, spans, out));
    return safetensors_place(ctx, name, bytes + 8 + header_size, spans, out);
}

ken_status ken_safetensors_parse(ken_ctx *ctx, const char *name, const void *bytes, size_t size,
                                 ken_safetensors *out) {
    const ken_mark mark = ken_scratch_mark(ctx);
    ken_dict *names = NULL;
    ken_status status;
    memset(out, 0, sizeof *out);
    status = ken_dict_new(ctx, &names);
    if (status == KEN_OK) status = safetensors_read(ctx, name, bytes, size, names, out);
    if (status != KEN_OK) out->n = 0;
    ken_dict_free(names);
    ken_scratch_release(ctx, mark);
    return status;
}

void ken_safetensors_free(ken_ctx *ctx, ken_safetensors *file) {
    ken_json_doc_free(file->header);
    ken_free(ctx, file->tensors);
    ken_free(ctx, file->moved);
    memset(file, 0, sizeof *file);
}
