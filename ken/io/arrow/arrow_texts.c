/* Texts and dictionaries of Arrow. A text column in one piece lends its bytes; its offsets are lent, too, where they are
 * 64 bits wide. Codes of 32 bits into a dictionary whose entries are different, there and in order are lent as well. */
#include <string.h>

#include "ken/core/table_internal.h"
#include "ken/core/text.h"
#include "ken/io/arrow/arrow_parts.h"

/* --- where a text lies ------------------------------------------------------------------------------ */
static int64_t arrow_offset(const arrow_type *type, const arrow_chunk *c, int64_t i) {
    const char *at = (const char *)c->array->buffers[1] + (c->first + i) * type->width;
    int64_t wide;
    int32_t small;
    if (type->width == 8) {
        memcpy(&wide, at, 8);
        return wide;
    }
    memcpy(&small, at, 4);
    return small;
}

/* Text i of a view array: up to 12 bytes in place, longer ones in a buffer. NULL: it points nowhere. */
static const char *arrow_view_text(const arrow_chunk *c, int64_t i, int64_t *size) {
    const struct ArrowArray *a = c->array;
    const char *at = (const char *)a->buffers[1] + (c->first + i) * 16;
    const int64_t n_data = a->n_buffers - 3; /* the last buffer holds their sizes */
    int32_t length, which, offset;
    int64_t held;
    memcpy(&length, at, 4);
    *size = length;
    if (length < 0) return NULL;
    if (length <= 12) return at + 4;
    memcpy(&which, at + 8, 4);
    memcpy(&offset, at + 12, 4);
    if (which < 0 || which >= n_data || offset < 0 || !a->buffers[2 + which] || !a->buffers[a->n_buffers - 1]) return NULL;
    memcpy(&held, (const char *)a->buffers[a->n_buffers - 1] + which * 8, 8);
    return offset <= held && length <= held - offset ? (const char *)a->buffers[2 + which] + offset : NULL;
}

/* --- checks --------------------------------------------------------------------------------------------- */
static ken_status arrow_bad_text(const arrow_column *column, int64_t row, const char *what) {
    return KEN_FAIL(column->ctx, KEN_E_FORMAT, "give numbers or texts in UTF-8", "Arrow: column '%s', row %lld: %s",
                    column->name, (long long)row + 1, what);
}

static bool arrow_continues(char c) { return ((unsigned char)c & 0xC0) == 0x80; }

/* Offsets never fall; all bytes together are UTF-8, and each text begins with a character. */
static ken_status arrow_check_texts(const arrow_column *column, const arrow_chunk *c, int64_t row) {
    const arrow_type *type = &column->type;
    const char *bytes = c->array->buffers[2];
    const int64_t first = arrow_offset(type, c, 0), end = arrow_offset(type, c, c->n);
    int64_t before = first;
    if (first < 0) return arrow_bad_text(column, row, "the text lies before its buffer");
    for (int64_t i = 1; i <= c->n; i++) {
        const int64_t at = arrow_offset(type, c, i);
        if (at < before) return arrow_bad_text(column, row + i - 1, "the text has a negative length");
        before = at;
    }
    if (end > first && !bytes) return arrow_bad_text(column, row, "the texts have no bytes");
    const size_t valid = end > first ? ken_utf8_valid(bytes + first, (size_t)(end - first)) : 0;
    const bool all = (int64_t)valid == end - first;
    for (int64_t i = 0; i < c->n; i++) {
        const int64_t at = arrow_offset(type, c, i);
        if (at < end && arrow_continues(bytes[at])) return arrow_bad_text(column, row + i, "the text is not UTF-8");
        if (!all && arrow_offset(type, c, i + 1) - first > (int64_t)valid)
            return arrow_bad_text(column, row + i, "the text is not UTF-8");
    }
    return KEN_OK;
}

/* --- one piece: lent ---------------------------------------------------------------------------------------- */
static ken_status arrow_lend_texts(const arrow_column *column, ken_strings *out, unsigned *own) {
    const arrow_chunk *c = &column->chunks[0];
    const char *offsets = (const char *)c->array->buffers[1] + c->first * column->type.width;
    int64_t *wide = NULL;
    KEN_TRY(arrow_check_texts(column, c, 0));
    out->n = column->n;
    out->bytes = c->array->buffers[2] ? c->array->buffers[2] : "";
    if (column->type.width == 8 && (uintptr_t)offsets % 8 == 0) {
        out->offset = (const int64_t *)(const void *)offsets;
        return KEN_OK;
    }
    KEN_TRY(KEN_ALLOC(column->ctx, int64_t, column->n + 1, &wide));
    for (int64_t i = 0; i <= column->n; i++) wide[i] = arrow_offset(&column->type, c, i);
    out->offset = wide;
    *own |= KEN_OWN_OFFSET;
    return KEN_OK;
}

/* --- several pieces, or views: copied --------------------------------------------------------------------------- */
static ken_status arrow_view_size(const arrow_column *column, const arrow_chunk *c, int64_t row, int64_t *total) {
    int64_t size;
    for (int64_t i = 0; i < c->n; i++) {
        if (!arrow_there(c, i)) continue;
        const char *text = arrow_view_text(c, i, &size);
        if (!text) return arrow_bad_text(column, row + i, "the text lies outside of its buffers");
        if (ken_utf8_valid(text, (size_t)size) != (size_t)size) return arrow_bad_text(column, row + i, "the text is not UTF-8");
        *total += size;
    }
    return KEN_OK;
}

/* Bytes of all texts, which are checked. */
static ken_status arrow_texts_size(const arrow_column *column, int64_t *total) {
    int64_t row = 0;
    *total = 0;
    for (int64_t k = 0; k < column->n_chunks; k++) {
        const arrow_chunk *c = &column->chunks[k];
        if (column->type.kind == ARROW_VIEW) {
            KEN_TRY(arrow_view_size(column, c, row, total));
        } else {
            KEN_TRY(arrow_check_texts(column, c, row));
            const int64_t size = arrow_offset(&column->type, c, c->n) - arrow_offset(&column->type, c, 0);
            if (size > INT64_MAX / 4 - *total) return arrow_bad_text(column, row, "the texts are too long");
            *total += size;
        }
        row += c->n;
    }
    return KEN_OK;
}

static void arrow_copy_chunk(const arrow_column *column, const arrow_chunk *c, int64_t *offset, char *bytes) {
    int64_t at = offset[0], size;
    for (int64_t i = 0; i < c->n; i++) {
        const char *text = NULL;
        if (column->type.kind == ARROW_VIEW) {
            text = arrow_there(c, i) ? arrow_view_text(c, i, &size) : NULL;
        } else {
            const int64_t from = arrow_offset(&column->type, c, i);
            size = arrow_offset(&column->type, c, i + 1) - from;
            text = size ? (const char *)c->array->buffers[2] + from : NULL;
        }
        if (text && size) {
            memcpy(bytes + at, text, (size_t)size);
            at += size;
        }
        offset[i + 1] = at;
    }
}

static ken_status arrow_copy_texts(const arrow_column *column, ken_strings *out, unsigned *own) {
    int64_t total, row = 0, *offset = NULL;
    char *bytes = NULL;
    KEN_TRY(arrow_texts_size(column, &total));
    KEN_TRY(KEN_ALLOC(column->ctx, int64_t, column->n + 1, &offset));
    *own |= KEN_OWN_OFFSET;
    *out = (ken_strings){column->n, offset, NULL};
    KEN_TRY(KEN_ALLOC(column->ctx, char, total, &bytes));
    *own |= KEN_OWN_BYTES;
    out->bytes = bytes;
    for (int64_t k = 0; k < column->n_chunks; k++) {
        arrow_copy_chunk(column, &column->chunks[k], offset + row, bytes);
        row += column->chunks[k].n;
    }
    return KEN_OK;
}

static void arrow_drop_parts(ken_ctx *ctx, const ken_column *made, unsigned own) {
    if (own & KEN_OWN_DATA) ken_free(ctx, (void *)(uintptr_t)made->data);
    if (own & KEN_OWN_VALID) ken_free(ctx, (void *)(uintptr_t)made->valid);
    if (own & KEN_OWN_OFFSET) ken_free(ctx, (void *)(uintptr_t)made->text.offset);
    if (own & KEN_OWN_BYTES) ken_free(ctx, (void *)(uintptr_t)made->text.bytes);
}

ken_status ken__arrow_add_texts(const arrow_column *column, ken_table *table, bool *lent) {
    const bool whole = column->n_chunks == 1 && column->type.kind == ARROW_TEXT;
    ken_column made = {.name = column->name, .dtype = KEN_STRING, .n = column->n, .stride = 1, .source = -1};
    unsigned own = 0;
    ken_status status = ken__arrow_valid(column, &made.valid, &own);
    if (status == KEN_OK) status = whole ? arrow_lend_texts(column, &made.text, &own) : arrow_copy_texts(column, &made.text, &own);
    if (status != KEN_OK) {
        arrow_drop_parts(column->ctx, &made, own);
        return status;
    }
    *lent |= whole || (made.valid && !(own & KEN_OWN_VALID));
    return ken_table_add_parts(column->ctx, table, &made, own);
}

/* --- dictionaries ------------------------------------------------------------------------------------------------- */
typedef struct arrow_levels {
    ken_dict *dict;       /* of all pieces */
    int32_t *map;         /* of one piece: its entry to a level; -1: missing */
    int64_t n_map;
    bool straight;        /* all entries so far are the levels themselves, in order */
} arrow_levels;

/* The entries of one piece's dictionary, of any type that has a text. */
static ken_status arrow_entries(const arrow_column *column, const struct ArrowArray *dictionary, ken_table **out) {
    const struct ArrowSchema *schema = column->schema->dictionary;
    arrow_column entries = {column->ctx, column->name, schema, {ARROW_NULL, 0, 0, 1, 1}, NULL, 0, 0};
    arrow_chunk chunk;
    bool lent = false;
    *out = NULL;
    if (schema->dictionary || !dictionary)
        return KEN_FAIL(column->ctx, KEN_E_FORMAT, NULL, "Arrow: column '%s' has a broken dictionary", column->name);
    KEN_TRY(ken__arrow_type(column->ctx, column->name, schema->format, &entries.type));
    KEN_TRY(ken__arrow_chunk(column->ctx, column->name, dictionary, &entries.type, 0, dictionary->length, &chunk));
    entries.chunks = &chunk;
    entries.n = chunk.n;
    entries.n_chunks = chunk.n > 0;
    KEN_TRY(ken_table_new(column->ctx, chunk.n, out));
    const ken_status status = ken__arrow_add(&entries, *out, &lent);
    if (status == KEN_OK) return KEN_OK;
    ken_table_free(*out);
    *out = NULL;
    return status;
}

static ken_status arrow_add_levels(const arrow_column *column, const ken_column *entries, arrow_levels *levels) {
    ken_free(column->ctx, levels->map);
    levels->map = NULL;
    levels->n_map = entries->n;
    KEN_TRY(KEN_ALLOC(column->ctx, int32_t, entries->n, &levels->map));
    for (int64_t i = 0; i < entries->n; i++) {
        char buffer[64];
        int64_t size;
        const char *text = buffer;
        levels->map[i] = -1;
        if (!ken_column_missing(entries, i)) {
            if (entries->dtype == KEN_STRING)
                text = ken_strings_at(&entries->text, i, &size);
            else
                size = (int64_t)strlen(ken_column_format(entries, i, buffer, sizeof buffer));
            const ken_status status = ken_dict_add(levels->dict, text, (size_t)size, &levels->map[i]);
            if (status != KEN_OK) return KEN_FAIL(column->ctx, status, NULL, "Arrow: levels of column '%s'", column->name);
        }
        levels->straight &= levels->map[i] == i;
    }
    return KEN_OK;
}

static int64_t arrow_code(const arrow_type *type, const char *at) {
    uint64_t x = 0;
    memcpy(&x, at, (size_t)type->width); /* little-endian, as all of the library's files */
    const int shift = 64 - 8 * type->width;
    if (type->kind == ARROW_SIGNED) return (int64_t)(x << shift) >> shift;
    return x > INT64_MAX ? -1 : (int64_t)x;
}

/* Codes of one piece as codes of the levels; clears the bits of those whose entry is missing. to NULL: only checks. */
static ken_status arrow_map_codes(const arrow_column *column, const arrow_chunk *c, const arrow_levels *levels, int64_t row,
                                  int32_t *to, uint8_t *valid) {
    const char *from = (const char *)c->array->buffers[1] + c->first * column->type.width;
    for (int64_t i = 0; i < c->n; i++, from += column->type.width) {
        if (!arrow_there(c, i)) continue;
        const int64_t code = arrow_code(&column->type, from);
        if (code < 0 || code >= levels->n_map)
            return KEN_FAIL(column->ctx, KEN_E_FORMAT, NULL, "Arrow: column '%s', row %lld: code %lld of a dictionary of %lld",
                            column->name, (long long)(row + i) + 1, (long long)code, (long long)levels->n_map);
        if (!to) continue;
        to[row + i] = levels->map[code] < 0 ? 0 : levels->map[code];
        if (levels->map[code] < 0) ken_bitmap_clear(valid, row + i);
    }
    return KEN_OK;
}

/* A bitmap of ours: that of the cells, in which those with a missing entry can be cleared. */
static ken_status arrow_own_valid(const arrow_column *column, const uint8_t **valid, unsigned *own) {
    const size_t size = (size_t)(column->n + 7) / 8;
    uint8_t *copy = NULL;
    if (*own & KEN_OWN_VALID) return KEN_OK;
    KEN_TRY(KEN_ALLOC(column->ctx, uint8_t, size, &copy));
    if (*valid)
        memcpy(copy, *valid, size);
    else
        memset(copy, 0xFF, size);
    *valid = copy;
    *own |= KEN_OWN_VALID;
    return KEN_OK;
}

static ken_status arrow_piece_codes(const arrow_column *column, int64_t k, int64_t row, arrow_levels *levels, ken_column *made,
                                    unsigned *own) {
    const arrow_chunk *c = &column->chunks[k];
    ken_table *entries = NULL;
    int32_t *codes = NULL;
    KEN_TRY(arrow_entries(column, c->array->dictionary, &entries));
    ken_status status = arrow_add_levels(column, ken_table_column(entries, 0), levels);
    ken_table_free(entries);
    if (status != KEN_OK) return status;
    const char *from = (const char *)c->array->buffers[1] + c->first * column->type.width;
    const bool in_place = column->n_chunks == 1 && levels->straight && column->type.width == 4 && (uintptr_t)from % 4 == 0;
    if (in_place) {
        made->data = from;
        return arrow_map_codes(column, c, levels, row, NULL, NULL);
    }
    if (k == 0) {
        KEN_TRY(KEN_ALLOC(column->ctx, int32_t, column->n, &codes));
        made->data = codes;
        *own |= KEN_OWN_DATA;
        KEN_TRY(arrow_own_valid(column, &made->valid, own));
    }
    return arrow_map_codes(column, c, levels, row, (int32_t *)(uintptr_t)made->data, (uint8_t *)(uintptr_t)made->valid);
}

/* A dictionary whose order means something, or is that of its bytes already. */
static bool arrow_in_order(const arrow_column *column, const ken_dict *dict) {
    const ken_strings keys = ken_dict_keys(dict);
    if (column->schema->flags & ARROW_FLAG_DICTIONARY_ORDERED) return true;
    for (int64_t k = 1; k < keys.n; k++) {
        int64_t a, b;
        const char *x = ken_strings_at(&keys, k - 1, &a), *y = ken_strings_at(&keys, k, &b);
        const int order = memcmp(x, y, (size_t)KEN_MIN(a, b));
        if (order > 0 || (order == 0 && a > b)) return false;
    }
    return true;
}

/* The dictionary's keys as a list that the column owns. */
static ken_status arrow_keys(ken_ctx *ctx, const ken_dict *dict, ken_strings *out) {
    const ken_strings keys = ken_dict_keys(dict);
    int64_t *offset = NULL;
    char *bytes = NULL;
    const int64_t first = keys.n ? keys.offset[0] : 0, size = keys.n ? keys.offset[keys.n] - first : 0;
    KEN_TRY(KEN_ALLOC(ctx, int64_t, keys.n + 1, &offset));
    *out = (ken_strings){keys.n, offset, NULL};
    for (int64_t i = 0; i <= keys.n && keys.n; i++) offset[i] = keys.offset[i] - first;
    KEN_TRY(KEN_ALLOC(ctx, char, size, &bytes));
    out->bytes = bytes;
    if (size) memcpy(bytes, keys.bytes + first, (size_t)size);
    return KEN_OK;
}

/* An order that comes from the order of the rows is none: levels in byte order, as texts would have them. */
static ken_status arrow_reorder(const arrow_column *column, const ken_dict *dict, ken_column *made, unsigned *own) {
    int32_t *rank, *codes = (int32_t *)(uintptr_t)made->data;
    KEN_TRY(KEN_SCRATCH(column->ctx, int32_t, ken_dict_count(dict) + 1, &rank));
    KEN_TRY(ken__levels_order(column->ctx, dict, &made->text, rank));
    if (!(*own & KEN_OWN_DATA)) {
        KEN_TRY(KEN_ALLOC(column->ctx, int32_t, column->n, &codes));
        memcpy(codes, made->data, (size_t)column->n * sizeof *codes);
        made->data = codes;
        *own |= KEN_OWN_DATA;
    }
    for (int64_t i = 0; i < column->n; i++) codes[i] = ken_column_valid(made, i) ? rank[codes[i]] : 0;
    return KEN_OK;
}

static ken_status arrow_all_codes(const arrow_column *column, arrow_levels *levels, ken_column *made, unsigned *own) {
    int64_t row = 0;
    void *none;
    KEN_TRY(ken_dict_new(column->ctx, &levels->dict));
    KEN_TRY(ken__arrow_valid(column, &made->valid, own));
    for (int64_t k = 0; k < column->n_chunks; k++) {
        KEN_TRY(arrow_piece_codes(column, k, row, levels, made, own));
        row += column->chunks[k].n;
    }
    if (!made->data) { /* a table without rows */
        KEN_TRY(ken_alloc(column->ctx, 1, sizeof(int32_t), &none));
        made->data = none;
        *own |= KEN_OWN_DATA;
    }
    *own |= KEN_OWN_OFFSET | KEN_OWN_BYTES;
    if (arrow_in_order(column, levels->dict)) return arrow_keys(column->ctx, levels->dict, &made->text);
    return arrow_reorder(column, levels->dict, made, own);
}

ken_status ken__arrow_add_codes(const arrow_column *column, ken_table *table, bool *lent) {
    ken_column made = {.name = column->name, .dtype = KEN_CATEGORY, .n = column->n, .stride = 1, .source = -1};
    arrow_levels levels = {.straight = true};
    unsigned own = 0;
    if (column->type.kind != ARROW_SIGNED && column->type.kind != ARROW_UNSIGNED)
        return KEN_FAIL(column->ctx, KEN_E_FORMAT, NULL, "Arrow: column '%s' has a dictionary, but its codes are no whole numbers",
                        column->name);
    const ken_mark mark = ken_scratch_mark(column->ctx);
    const ken_status status = arrow_all_codes(column, &levels, &made, &own);
    ken_scratch_release(column->ctx, mark);
    ken_dict_free(levels.dict);
    ken_free(column->ctx, levels.map);
    if (status != KEN_OK) {
        arrow_drop_parts(column->ctx, &made, own);
        return status;
    }
    *lent |= !(own & KEN_OWN_DATA) || (made.valid && !(own & KEN_OWN_VALID));
    return ken_table_add_parts(column->ctx, table, &made, own);
}
