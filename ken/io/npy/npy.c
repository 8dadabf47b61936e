/* One array in NumPy's format (numpy/lib/format.py, NEP 1). The header is a Python literal; only
 * the dictionary that NumPy writes is understood, nothing is evaluated. Archives: npz.c. */
#include "ken/io/npy/npy.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "ken/core/text.h"
#include "ken/io/file.h"

#define NPY_MAX_HEADER 65536u
/* Columns are made before a row is seen: a header alone must not ask for more. */
#define NPY_MAX_COLUMNS 1000000

/* --- the header ----------------------------------------------------------------------------- */
typedef struct npy_head {
    char descr[16];
    bool fortran, complex, swap;
    int kind, item; /* letter and bytes of one element in the file */
    int ndim;
    int64_t shape[KEN_MAX_DIMS];
} npy_head;

typedef struct npy_cursor {
    ken_ctx *ctx;
    const char *name, *s;
    size_t size, at;
} npy_cursor;

static ken_status npy_bad(npy_cursor *c, const char *what) {
    return KEN_FAIL(c->ctx, KEN_E_FORMAT, "write it with numpy.save",
                    "%s: the header of the array %s", c->name, what);
}

static char npy_peek(npy_cursor *c) {
    while (c->at < c->size && (c->s[c->at] == ' ' || c->s[c->at] == '\n' || c->s[c->at] == '\t'))
        c->at++;
    return c->at < c->size ? c->s[c->at] : 0;
}

static bool npy_take(npy_cursor *c, char wanted) {
    if (npy_peek(c) != wanted) return false;
    c->at++;
    return true;
}

static ken_status npy_text(npy_cursor *c, char *out, size_t capacity) {
    const char quote = npy_peek(c);
    size_t n = 0;
    if (quote != '\'' && quote != '"') return npy_bad(c, "is not a dictionary as NumPy writes it");
    for (c->at++; c->at < c->size && c->s[c->at] != quote; c->at++) {
        if (c->s[c->at] == '\\' || (unsigned char)c->s[c->at] < 0x20 || n + 1 >= capacity)
            return npy_bad(c, "has a text that is too long, or with a backslash");
        out[n++] = c->s[c->at];
    }
    if (c->at >= c->size) return npy_bad(c, "ends inside a text");
    c->at++;
    out[n] = 0;
    return KEN_OK;
}

static ken_status npy_bool(npy_cursor *c, bool *out) {
    const char first = npy_peek(c);
    const char *word = first == 'T' ? "True" : "False";
    const size_t n = strlen(word);
    if (c->size - c->at < n || memcmp(c->s + c->at, word, n) != 0)
        return npy_bad(c, "has a fortran_order that is neither True nor False");
    c->at += n;
    *out = first == 'T';
    return KEN_OK;
}

static ken_status npy_shape(npy_cursor *c, npy_head *h) {
    bool comma = true;
    if (!npy_take(c, '(')) return npy_bad(c, "has a shape that is no tuple");
    while (npy_peek(c) != ')') {
        const size_t start = c->at;
        int64_t v;
        if (!comma) return npy_bad(c, "has a shape without commas");
        while (c->at < c->size && c->s[c->at] >= '0' && c->s[c->at] <= '9') c->at++;
        if (!ken_parse_i64(c->s + start, c->at - start, &v, NULL))
            return npy_bad(c, "has a shape with a dimension that is no whole number, 0 or more");
        if (h->ndim == KEN_MAX_DIMS)
            return KEN_FAIL(c->ctx, KEN_E_UNSUPPORTED, "reshape it", "%s: more than %d dimensions",
                            c->name, KEN_MAX_DIMS);
        h->shape[h->ndim++] = v;
        if (c->at < c->size && c->s[c->at] == 'L') c->at++; /* Python 2 */
        comma = npy_take(c, ',');
    }
    c->at++;
    return h->ndim == 1 && !comma ? npy_bad(c, "has a shape that is no tuple") : KEN_OK;
}

static ken_status npy_descr(npy_cursor *c, npy_head *h) {
    const char *d = h->descr;
    if (npy_peek(c) == '[' || npy_peek(c) == '(')
        return KEN_FAIL(c->ctx, KEN_E_UNSUPPORTED, "save each field as an array of its own",
                        "%s: a structured array (named fields in a row) cannot be read", c->name);
    KEN_TRY(npy_text(c, h->descr, sizeof h->descr));
    h->swap = d[0] == '>';
    if (d[0] == '<' || d[0] == '>' || d[0] == '|' || d[0] == '=') d++;
    h->kind = *d;
    if (h->kind == 'O')
        return KEN_FAIL(c->ctx, KEN_E_UNSUPPORTED, "save numbers: array.astype(float)",
                        "%s: holds Python objects, which ken does not load", c->name);
    if (h->kind == 'b' || h->kind == 'i' || h->kind == 'u' || h->kind == 'f' || h->kind == 'c') {
        static const char *const known[] = {"b1", "i1", "i2", "i4", "i8", "u1", "u2",
                                            "u4", "u8", "f2", "f4", "f8", "c8", "c16"};
        for (int i = 0; i < KEN_COUNT(known); i++) {
            if (strcmp(d, known[i]) != 0) continue;
            h->complex = h->kind == 'c';
            h->item = d[2] == '6' ? 16 : d[1] - '0';
            return KEN_OK;
        }
    }
    return KEN_FAIL(c->ctx, KEN_E_UNSUPPORTED, "save numbers: array.astype(float)",
                    "%s: elements of type '%s' cannot be read", c->name, h->descr);
}

static ken_status npy_dictionary(npy_cursor *c, npy_head *h) {
    unsigned seen = 0;
    if (!npy_take(c, '{')) return npy_bad(c, "is not a dictionary");
    while (npy_peek(c) != '}') {
        static const char *const keys[] = {"descr", "fortran_order", "shape"};
        char key[32];
        int which = 0;
        KEN_TRY(npy_text(c, key, sizeof key));
        while (which < 3 && strcmp(key, keys[which]) != 0) which++;
        if (which == 3 || (seen >> which & 1))
            return npy_bad(c, "has an unknown or repeated entry");
        seen |= 1u << which;
        if (!npy_take(c, ':')) return npy_bad(c, "is not a dictionary as NumPy writes it");
        KEN_TRY(which == 0   ? npy_descr(c, h)
                : which == 1 ? npy_bool(c, &h->fortran)
                             : npy_shape(c, h));
        if (!npy_take(c, ',') && npy_peek(c) != '}') return npy_bad(c, "lacks a comma");
    }
    c->at++;
    if (seen != 7) return npy_bad(c, "lacks descr, fortran_order or shape");
    if (npy_peek(c) || c->at < c->size) return npy_bad(c, "has something after its dictionary");
    return KEN_OK;
}

/* *data, *data_size: what follows the header. */
static ken_status npy_header(ken_ctx *ctx, const char *name, const uint8_t *b, size_t size,
                             npy_head *h, const uint8_t **data, size_t *data_size) {
    npy_cursor c = {ctx, name, NULL, 0, 0};
    size_t start, length;
    memset(h, 0, sizeof *h);
    if (size == 0) return KEN_FAIL(ctx, KEN_E_FORMAT, NULL, "%s: the file is empty", name);
    if (size < 10 || memcmp(b, "\x93NUMPY", 6) != 0)
        return KEN_FAIL(ctx, KEN_E_FORMAT, "give a file written by numpy.save",
                        "%s: not a .npy file", name);
    if (b[6] < 1 || b[6] > 3 || b[7] != 0)
        return KEN_FAIL(ctx, KEN_E_UNSUPPORTED, NULL, "%s: .npy format %d.%d is not known", name,
                        b[6], b[7]);
    start = b[6] == 1 ? 10 : 12;
    length = b[8] | (size_t)b[9] << 8;
    if (b[6] > 1 && size >= 12) length |= (size_t)b[10] << 16 | (size_t)b[11] << 24;
    if (size < start || length > size - start)
        return KEN_FAIL(ctx, KEN_E_FORMAT, "copy it again", "%s: cut short inside its header",
                        name);
    if (length > NPY_MAX_HEADER) return npy_bad(&c, "is longer than 64 KiB");
    c.s = (const char *)b + start;
    c.size = length;
    KEN_TRY(npy_dictionary(&c, h));
    *data = b + start + length;
    *data_size = size - start - length;
    return KEN_OK;
}

/* --- elements ------------------------------------------------------------------------------- */
static ken_dtype npy_dtype(const npy_head *h) {
    switch (h->kind) {
    case 'b':
        return KEN_BOOL;
    case 'f':
        return h->item == 8 ? KEN_F64 : KEN_F32;
    case 'c':
        return h->item == 16 ? KEN_F64 : KEN_F32;
    case 'u':
        return h->item == 1 ? KEN_U8 : h->item == 2 ? KEN_U16 : KEN_I64;
    default:
        return h->item <= 2 ? KEN_I16 : h->item == 4 ? KEN_I32 : KEN_I64;
    }
}

/* IEEE 754 half to single precision: exact. */
static float npy_half(uint16_t half) {
    const int exponent = half >> 10 & 31;
    const int fraction = half & 1023;
    float v;
    if (exponent == 31)
        v = fraction ? (float)NAN : (float)INFINITY;
    else if (exponent == 0)
        v = (float)ldexp(fraction, -24);
    else
        v = (float)ldexp(fraction + 1024, exponent - 25);
    return half >> 15 ? -v : v;
}

/* n numbers of `item` bytes (complex: twice as many parts) into `out`, of npy_dtype. */
static ken_status npy_convert(ken_ctx *ctx, const char *name, const npy_head *h,
                              const uint8_t *from, size_t n, void *out) {
    const size_t item = (size_t)(h->complex ? h->item / 2 : h->item);
    const ken_dtype dtype = npy_dtype(h);
    if (ken_dtype_size(dtype) == item && (!h->swap || item == 1) && dtype != KEN_BOOL &&
        h->kind != 'b' && !(h->kind == 'u' && item == 8)) {
        memcpy(out, from, n * item);
        return KEN_OK;
    }
    for (size_t i = 0; i < n; i++, from += item) {
        uint64_t raw = 0;
        for (size_t j = 0; j < item; j++)
            raw |= (uint64_t)from[h->swap ? item - 1 - j : j] << (8 * j);
        const unsigned unused = 64 - 8 * (unsigned)item;
        const int64_t whole = h->kind == 'i' ? (int64_t)(raw << unused) >> unused : (int64_t)raw;
        if (h->kind == 'u' && whole < 0)
            return KEN_FAIL(ctx, KEN_E_VALUE, "save it as float64, or in other units",
                            "%s: element %zu is %llu, more than int64 holds", name, i,
                            (unsigned long long)raw);
        switch (dtype) {
        case KEN_F64:
            memcpy((double *)out + i, &raw, 8);
            break;
        case KEN_F32:
            if (item == 2) {
                ((float *)out)[i] = npy_half((uint16_t)raw);
            } else {
                const uint32_t bits = (uint32_t)raw;
                memcpy((float *)out + i, &bits, 4);
            }
            break;
        case KEN_I64:
            ((int64_t *)out)[i] = whole;
            break;
        case KEN_I32:
            ((int32_t *)out)[i] = (int32_t)whole;
            break;
        case KEN_I16:
            ((int16_t *)out)[i] = (int16_t)whole;
            break;
        case KEN_U16:
            ((uint16_t *)out)[i] = (uint16_t)raw;
            break;
        default:
            ((uint8_t *)out)[i] = raw != 0;
            break; /* bool */
        }
    }
    return KEN_OK;
}

/* Product of the dimensions; false: it, or that of the dimensions that are not 0, is too big. */
static bool npy_count(const npy_head *h, size_t *count) {
    const uint64_t limit = (uint64_t)PTRDIFF_MAX / 16;
    uint64_t n = 1;
    bool empty = false;
    for (int k = 0; k < h->ndim; k++) {
        empty = empty || h->shape[k] == 0;
        if (h->shape[k] > 0 && n > limit / (uint64_t)h->shape[k]) return false;
        if (h->shape[k] > 0) n *= (uint64_t)h->shape[k];
    }
    *count = empty ? 0 : (size_t)n;
    return true;
}

static ken_tensor npy_view(const npy_head *h, void *data) {
    ken_tensor t = {0};
    const int ndim = h->ndim + h->complex;
    int64_t stride = h->complex ? 2 : 1;
    t.data = data;
    t.dtype = npy_dtype(h);
    t.ndim = ndim;
    for (int k = 0; k < h->ndim; k++) {
        const int at = h->fortran ? k : h->ndim - 1 - k;
        t.shape[at] = h->shape[at];
        t.stride[at] = stride;
        stride *= KEN_MAX(h->shape[at], 1);
    }
    if (h->complex) {
        t.shape[h->ndim] = 2;
        t.stride[h->ndim] = 1;
    }
    return t;
}

ken_status ken_npy_array_parse(ken_ctx *ctx, const char *name, const void *bytes, size_t size,
                               ken_npy_array *out) {
    npy_head h;
    const uint8_t *data = NULL;
    size_t data_size = 0, count;
    void *elements;
    memset(out, 0, sizeof *out);
    KEN_TRY(npy_header(ctx, name, bytes, size, &h, &data, &data_size));
    if (h.complex && h.ndim == KEN_MAX_DIMS)
        return KEN_FAIL(ctx, KEN_E_UNSUPPORTED, "reshape it", "%s: more than %d dimensions", name,
                        KEN_MAX_DIMS);
    if (!npy_count(&h, &count))
        return KEN_FAIL(ctx, KEN_E_FORMAT, NULL, "%s: the shape is too big for any file", name);
    if (count > data_size / (size_t)h.item)
        return KEN_FAIL(ctx, KEN_E_FORMAT, "copy it again",
                        "%s: cut short: %zu elements of %d bytes, but only %zu bytes", name, count,
                        h.item, data_size);
    if (count * (size_t)h.item != data_size)
        return KEN_FAIL(ctx, KEN_E_FORMAT, "save one array a file", "%s: %zu bytes after the array",
                        name, data_size - count * (size_t)h.item);
    count *= h.complex ? 2 : 1;
    KEN_TRY(ken_alloc(ctx, count, ken_dtype_size(npy_dtype(&h)), &elements));
    const ken_status status = npy_convert(ctx, name, &h, data, count, elements);
    if (status != KEN_OK) {
        ken_free(ctx, elements);
        return status;
    }
    out->tensor = npy_view(&h, elements);
    out->complex = h.complex;
    return KEN_OK;
}

void ken_npy_array_free(ken_ctx *ctx, ken_npy_array *array) {
    ken_free(ctx, array->tensor.data);
    memset(array, 0, sizeof *array);
}

/* --- as a table ----------------------------------------------------------------------------- */
int64_t ken__npy_rows(const ken_npy_array *array) {
    return array->tensor.ndim - array->complex > 0 ? array->tensor.shape[0] : 1;
}

static int64_t npy_whole(const ken_tensor *t, int64_t at) {
    switch (t->dtype) {
    case KEN_I64:
        return ((const int64_t *)t->data)[at];
    case KEN_I32:
        return ((const int32_t *)t->data)[at];
    case KEN_I16:
        return ((const int16_t *)t->data)[at];
    case KEN_U16:
        return ((const uint16_t *)t->data)[at];
    default:
        return ((const uint8_t *)t->data)[at];
    }
}

/* Column j as the table keeps it. */
static void npy_column(const ken_tensor *t, int64_t at, int64_t stride, int64_t n, ken_dtype dtype,
                       void *out) {
    if (dtype == KEN_F64)
        for (int64_t i = 0; i < n; i++)
            ((double *)out)[i] = ((const double *)t->data)[at + i * stride];
    else if (dtype == KEN_F32)
        for (int64_t i = 0; i < n; i++)
            ((float *)out)[i] = ((const float *)t->data)[at + i * stride];
    else if (dtype == KEN_BOOL)
        for (int64_t i = 0; i < n; i++)
            ((uint8_t *)out)[i] = ((const uint8_t *)t->data)[at + i * stride];
    else
        for (int64_t i = 0; i < n; i++) ((int64_t *)out)[i] = npy_whole(t, at + i * stride);
}

ken_status ken__npy_add(ken_ctx *ctx, const char *name, const ken_npy_array *array,
                        const char *prefix, const char *alone, ken_table *table) {
    const ken_tensor *t = &array->tensor;
    const int ndim = t->ndim - array->complex, parts = array->complex ? 2 : 1;
    const int64_t n = ken__npy_rows(array), d = ndim == 2 ? t->shape[1] : 1;
    const ken_dtype dtype =
        t->dtype == KEN_F64 || t->dtype == KEN_F32 || t->dtype == KEN_BOOL ? t->dtype : KEN_I64;
    if (ndim > 2)
        return KEN_FAIL(ctx, KEN_E_SHAPE, "reshape it to (rows, columns) before saving",
                        "%s: has %d dimensions, a table has 2", name, ndim);
    if (d > NPY_MAX_COLUMNS)
        return KEN_FAIL(ctx, KEN_E_LIMIT, NULL, "%s: %lld columns, at most %d can be read", name,
                        (long long)d, NPY_MAX_COLUMNS);
    for (int64_t j = 0; j < d * parts; j++) {
        const int64_t column = j / parts, part = j % parts;
        const char *suffix = !array->complex ? "" : part ? "_im" : "_re";
        ken_text label = ken_text_new(ctx);
        const char *text;
        void *data;
        if (ndim == 2)
            ken_text_addf(&label, "%s%lld%s", prefix, (long long)column, suffix);
        else
            ken_text_addf(&label, "%s%s", alone, suffix);
        ken_status status = ken_text_end(&label, &text);
        if (status == KEN_OK) status = ken_table_add_new(ctx, table, text, dtype, &data, NULL);
        ken_text_free(&label);
        KEN_TRY(status);
        npy_column(t, (ndim == 2 ? column * t->stride[1] : 0) + part, ndim ? t->stride[0] : 1, n,
                   dtype, data);
    }
    return KEN_OK;
}

ken_status ken_npy_parse(ken_ctx *ctx, const char *name, const void *bytes, size_t size,
                         ken_table **out) {
    ken_npy_array array;
    ken_table *table = NULL;
    *out = NULL;
    KEN_TRY(ken_npy_array_parse(ctx, name, bytes, size, &array));
    ken_status status = ken_table_new(ctx, ken__npy_rows(&array), &table);
    if (status == KEN_OK) status = ken__npy_add(ctx, name, &array, "x", "x0", table);
    ken_npy_array_free(ctx, &array);
    if (status != KEN_OK) {
        ken_table_free(table);
        return status;
    }
    *out = table;
    return KEN_OK;
}

ken_status ken_npy_read(ken_ctx *ctx, const char *path, ken_table **out) {
    ken_file_bytes file;
    *out = NULL;
    KEN_TRY(ken_file_open(ctx, path, &file));
    const ken_status status = ken_npy_parse(ctx, path, file.data, file.size, out);
    ken_file_close(ctx, &file);
    return status;
}

/* --- writing -------------------------------------------------------------------------------- */
/* As numpy.lib.format does: room for the first dimension to grow to 21 digits, then blanks so that
 * the data starts at a multiple of 64. */
static ken_status npy_write_header(ken_ctx *ctx, const ken_tensor *t, ken_text *out) {
    static const char *const types[] = {
        [KEN_F64] = "<f8", [KEN_F32] = "<f4", [KEN_I64] = "<i8", [KEN_I32] = "<i4",
        [KEN_I16] = "<i2", [KEN_U16] = "<u2", [KEN_U8] = "|u1",  [KEN_BOOL] = "|b1"};
    const char *type =
        (int)t->dtype > 0 && (int)t->dtype < KEN_COUNT(types) ? types[t->dtype] : NULL;
    char first[32];
    const char *text;
    if (!type)
        return KEN_FAIL(ctx, KEN_E_TYPE, "write numbers", "npy: cannot write elements of type %s",
                        ken_dtype_name(t->dtype));
    ken_text_add_bytes(out, "\x93NUMPY\x01\x00__", 10);
    ken_text_addf(out, "{'descr': '%s', 'fortran_order': False, 'shape': (", type);
    for (int k = 0; k < t->ndim; k++)
        ken_text_addf(out, "%s%lld", k ? ", " : "", (long long)t->shape[k]);
    ken_text_addf(out, "%s), }", t->ndim == 1 ? "," : "");
    if (t->ndim > 0)
        for (int i = ken_format_i64(t->shape[0], first); i < 21; i++) ken_text_add_char(out, ' ');
    while (out->status == KEN_OK && (out->size + 1) % 64 != 0) ken_text_add_char(out, ' ');
    ken_text_add_char(out, '\n');
    KEN_TRY(ken_text_end(out, &text));
    out->data[8] = (char)((out->size - 10) & 255);
    out->data[9] = (char)((out->size - 10) >> 8);
    return KEN_OK;
}

typedef ken_status (*npy_sink)(void *arg, const void *bytes, size_t size);

/* Elements in C order, whatever the strides: runs of the last dimension when it is dense. */
static ken_status npy_write_elements(const ken_tensor *t, npy_sink sink, void *arg) {
    const size_t item = ken_dtype_size(t->dtype);
    const int64_t count = ken_tensor_count(t);
    const bool dense = ken_tensor_is_contiguous(t);
    const int last = t->ndim - 1;
    const int64_t run = dense ? count : last >= 0 && t->stride[last] == 1 ? t->shape[last] : 1;
    int64_t index[KEN_MAX_DIMS] = {0}, at = 0;
    for (int64_t done = 0; done < count; done += run) {
        KEN_TRY(sink(arg, (const char *)t->data + at * (int64_t)item, (size_t)run * item));
        for (int k = run == 1 || dense ? last : last - 1; k >= 0; k--) { /* the next index */
            at += t->stride[k];
            if (++index[k] < t->shape[k]) break;
            at -= index[k] * t->stride[k];
            index[k] = 0;
        }
    }
    return KEN_OK;
}

static ken_status npy_to_text(void *arg, const void *bytes, size_t size) {
    ken_text *t = arg;
    ken_text_add_bytes(t, bytes, size);
    return t->status;
}

static ken_status npy_to_file(void *arg, const void *bytes, size_t size) {
    return ken_file_write(arg, bytes, size);
}

ken_status ken_npy_encode(ken_ctx *ctx, const ken_tensor *tensor, void **bytes, size_t *size) {
    ken_text out = ken_text_new(ctx);
    ken_status status = npy_write_header(ctx, tensor, &out);
    if (status == KEN_OK) status = npy_write_elements(tensor, npy_to_text, &out);
    *bytes = status == KEN_OK ? out.data : NULL;
    *size = status == KEN_OK ? out.size : 0;
    if (status != KEN_OK) ken_text_free(&out);
    return status;
}

ken_status ken_npy_write(ken_ctx *ctx, const char *path, const ken_tensor *tensor) {
    ken_text header = ken_text_new(ctx);
    ken_file_writer *file = NULL;
    ken_status status = npy_write_header(ctx, tensor, &header);
    if (status == KEN_OK) status = ken_file_create(ctx, path, &file);
    if (status == KEN_OK) status = ken_file_write(file, header.data, header.size);
    if (status == KEN_OK) status = npy_write_elements(tensor, npy_to_file, file);
    ken_text_free(&header);
    if (status == KEN_OK) return ken_file_commit(file);
    ken_file_discard(file);
    return status;
}
