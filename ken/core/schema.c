/* What a model remembers of its columns, and how a new table is brought into that shape. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "ken/core/dict.h"
#include "ken/core/model_internal.h"
#include "ken/core/table_internal.h"

/* --- owning ------------------------------------------------------------------------------------- */
ken_status ken__strings_copy(ken_ctx *ctx, const ken_strings *from, ken_strings *out) {
    int64_t *offset = NULL;
    char *bytes = NULL;
    memset(out, 0, sizeof *out);
    KEN_TRY(KEN_ALLOC(ctx, int64_t, from->n + 1, &offset));
    out->offset = offset;
    if (from->n == 0) return KEN_OK;
    const int64_t first = from->offset[0], size = from->offset[from->n] - first;
    for (int64_t i = 0; i <= from->n; i++) offset[i] = from->offset[i] - first;
    const ken_status status = KEN_ALLOC(ctx, char, size, &bytes);
    if (status != KEN_OK) {
        ken_free(ctx, offset);
        out->offset = NULL;
        return status;
    }
    if (size) memcpy(bytes, from->bytes + first, (size_t)size);
    out->bytes = bytes;
    out->n = from->n;
    return KEN_OK;
}

void ken__strings_free(const ken_allocator *alloc, ken_strings *s) {
    ken_allocator_free(alloc, (void *)(uintptr_t)s->offset);
    ken_allocator_free(alloc, (void *)(uintptr_t)s->bytes);
    memset(s, 0, sizeof *s);
}

void ken__field_free(const ken_allocator *alloc, ken_field *field) {
    ken_allocator_free(alloc, field->name);
    ken__strings_free(alloc, &field->levels);
    memset(field, 0, sizeof *field);
}

void ken__schema_free(const ken_allocator *alloc, ken_schema *schema) {
    for (int j = 0; j < schema->n; j++) ken__field_free(alloc, &schema->fields[j]);
    ken_allocator_free(alloc, schema->fields);
    memset(schema, 0, sizeof *schema);
}

ken_status ken__schema_of(ken_ctx *ctx, const ken_table *table, ken_schema *out) {
    const int d = ken_table_cols(table);
    memset(out, 0, sizeof *out);
    KEN_TRY(KEN_ALLOC(ctx, ken_field, d, &out->fields));
    out->n = d;
    for (int j = 0; j < d; j++) {
        const ken_column *c = ken_table_column(table, j);
        ken_field *f = &out->fields[j];
        f->dtype = c->dtype;
        f->source = c->source;
        KEN_TRY(ken_strdup(ctx, c->name, &f->name));
        if (c->dtype == KEN_CATEGORY) KEN_TRY(ken__strings_copy(ctx, &c->text, &f->levels));
    }
    return KEN_OK;
}

/* --- aligning -------------------------------------------------------------------------------------- */
typedef struct schema_align {
    ken_ctx *ctx;
    const char *who;
    const ken_field *field;
    const ken_column *column;
    ken_table *out;
} schema_align;

static ken_status schema_wrong_type(const schema_align *a, int64_t row) {
    char cell[80];
    ken_column_format(a->column, row, cell, sizeof cell);
    return KEN_FAIL(a->ctx, KEN_E_TYPE, "give the column the type it had when the model was trained",
                    "%s: column '%s' was %s in training, but row %lld holds '%s'", a->who,
                    a->field->name, ken_dtype_name(a->field->dtype), (long long)row + 1, cell);
}

static bool schema_same_levels(const ken_strings *a, const ken_strings *b) {
    if (a->n != b->n) return false;
    for (int64_t i = 0; i < a->n; i++) {
        int64_t na, nb;
        const char *x = ken_strings_at(a, i, &na), *y = ken_strings_at(b, i, &nb);
        if (na != nb || (na && memcmp(x, y, (size_t)na) != 0)) return false;
    }
    return true;
}

static ken_status schema_borrow(const schema_align *a) {
    ken_column c = *a->column;
    c.name = a->field->name;
    c.source = a->field->source;
    ken__table_view_add(a->out, &c);
    return KEN_OK;
}

/* Text cells where numbers were: fine if each of them reads as a number. */
static ken_status schema_text_to_number(const schema_align *a) {
    double *data;
    char cell[512];
    KEN_TRY(ken_table_add_new(a->ctx, a->out, a->field->name, KEN_F64, (void **)&data, NULL));
    for (int64_t i = 0; i < a->column->n; i++) {
        data[i] = (double)NAN;
        if (ken_column_missing(a->column, i)) continue;
        ken_column_format(a->column, i, cell, sizeof cell);
        bool truth = strcmp(cell, "true") == 0;
        if (truth || strcmp(cell, "false") == 0)
            data[i] = truth;
        else if (!ken_parse_f64(cell, strlen(cell), &data[i]))
            return schema_wrong_type(a, i);
    }
    return KEN_OK;
}

/* Codes of the training levels; a cell whose text is not among them becomes missing. */
static ken_status schema_to_category(const schema_align *a) {
    const ken_column *c = a->column;
    ken_dict *dict = NULL;
    int32_t *map = NULL, *codes = NULL;
    ken_column made;
    uint8_t *valid = NULL;
    char cell[512];
    ken_status status = ken_dict_of(a->ctx, &a->field->levels, &dict);
    if (status == KEN_OK) status = KEN_ALLOC(a->ctx, int32_t, c->n, &codes);
    if (status == KEN_OK) status = KEN_ALLOC(a->ctx, uint8_t, (c->n + 7) / 8, &valid);
    if (status == KEN_OK && c->dtype == KEN_CATEGORY)
        status = KEN_ALLOC(a->ctx, int32_t, c->text.n, &map);
    memset(&made, 0, sizeof made);
    if (status == KEN_OK) {
        int64_t size;
        for (int64_t l = 0; map && l < c->text.n; l++) {
            const char *s = ken_strings_at(&c->text, l, &size);
            map[l] = ken_dict_find(dict, s, (size_t)size);
        }
        for (int64_t i = 0; i < c->n; i++) {
            int32_t code = -1;
            if (ken_column_missing(c, i)) {
                code = -1;
            } else if (map) {
                const int32_t own = ((const int32_t *)c->data)[i * c->stride];
                code = own >= 0 && own < c->text.n ? map[own] : -1;
            } else if (c->dtype == KEN_STRING) {
                const char *s = ken_strings_at(&c->text, i, &size);
                code = ken_dict_find(dict, s, (size_t)size);
            } else {
                ken_column_format(c, i, cell, sizeof cell);
                code = ken_dict_find(dict, cell, strlen(cell));
            }
            codes[i] = code < 0 ? 0 : code;
            if (code >= 0) valid[i >> 3] = (uint8_t)(valid[i >> 3] | 1u << (i & 7));
        }
        made.text = (ken_strings){0, NULL, NULL};
        status = ken__strings_copy(a->ctx, &a->field->levels, &made.text);
    }
    ken_free(a->ctx, map);
    ken_dict_free(dict);
    if (status != KEN_OK) {
        const ken_allocator alloc = ken_ctx_allocator(a->ctx);
        ken_free(a->ctx, codes);
        ken_free(a->ctx, valid);
        ken__strings_free(&alloc, &made.text);
        return status;
    }
    made.name = a->field->name, made.dtype = KEN_CATEGORY, made.n = c->n;
    made.data = codes, made.stride = 1, made.valid = valid, made.source = a->field->source;
    return ken_table_add_adopt(a->ctx, a->out, &made);
}

static ken_status schema_to_string(const schema_align *a) {
    const ken_column *c = a->column;
    ken_text text = ken_text_new(a->ctx);
    int64_t *offset = NULL;
    const char *ignored;
    uint8_t *valid = NULL;
    char cell[64];
    ken_status status = KEN_ALLOC(a->ctx, int64_t, c->n + 1, &offset);
    if (status == KEN_OK) status = KEN_ALLOC(a->ctx, uint8_t, (c->n + 7) / 8, &valid);
    for (int64_t i = 0; status == KEN_OK && i < c->n; i++) {
        if (!ken_column_missing(c, i)) {
            valid[i >> 3] = (uint8_t)(valid[i >> 3] | 1u << (i & 7));
            if (c->dtype == KEN_CATEGORY) {
                int64_t size;
                const char *s = ken_strings_at(&c->text, ((const int32_t *)c->data)[i * c->stride], &size);
                ken_text_add_bytes(&text, s, (size_t)size);
            } else {
                ken_text_add(&text, ken_column_format(c, i, cell, sizeof cell));
            }
        }
        offset[i + 1] = (int64_t)text.size;
    }
    if (status == KEN_OK) status = ken_text_end(&text, &ignored);
    if (status != KEN_OK) {
        ken_text_free(&text);
        ken_free(a->ctx, offset);
        ken_free(a->ctx, valid);
        return status;
    }
    ken_column made;
    memset(&made, 0, sizeof made);
    made.name = a->field->name, made.dtype = KEN_STRING, made.n = c->n, made.stride = 1;
    made.valid = valid, made.source = a->field->source;
    made.text = (ken_strings){c->n, offset, text.data};
    return ken_table_add_adopt(a->ctx, a->out, &made);
}

static ken_status schema_to_time(const schema_align *a) {
    void *data;
    uint8_t *valid;
    for (int64_t i = 0; i < a->column->n; i++)
        if (!ken_column_missing(a->column, i)) return schema_wrong_type(a, i);
    KEN_TRY(ken_table_add_new(a->ctx, a->out, a->field->name, KEN_TIME, &data, &valid));
    memset(valid, 0, (size_t)((a->column->n + 7) / 8));
    return KEN_OK;
}

static ken_status schema_align_one(const schema_align *a) {
    const ken_dtype want = a->field->dtype, have = a->column->dtype;
    if (want == KEN_CATEGORY)
        return have == KEN_CATEGORY && schema_same_levels(&a->field->levels, &a->column->text)
                   ? schema_borrow(a)
                   : schema_to_category(a);
    if (want == have || (ken_dtype_is_number(want) && ken_dtype_is_number(have)))
        return schema_borrow(a);
    if (ken_dtype_is_number(want)) {
        if (have == KEN_TIME && a->column->n > ken_column_count_missing(a->column))
            return schema_wrong_type(a, 0);
        return schema_text_to_number(a);
    }
    return want == KEN_STRING ? schema_to_string(a) : schema_to_time(a);
}

static ken_status schema_lacks(ken_ctx *ctx, const char *who, const ken_table *table, const char *name) {
    int j;
    (void)ken_table_require(ctx, table, name, &j); /* for its hint: the nearest name, or all */
    char hint[1024];
    snprintf(hint, sizeof hint, "%s", ken_ctx_hint(ctx));
    return KEN_FAIL(ctx, KEN_E_NOT_FOUND, hint, "%s needs the column '%s', which the table lacks", who,
                    name);
}

ken_status ken__schema_align(ken_ctx *ctx, const char *who, const ken_schema *schema,
                             const ken_table *table, ken_table **out) {
    ken_table *aligned = NULL;
    *out = NULL;
    KEN_TRY(ken__table_view_begin(ctx, ken_table_rows(table), schema->n, &aligned));
    for (int j = 0; j < schema->n; j++) {
        /* Mostly the same table again: look at the same place first. */
        int at = j < ken_table_cols(table) &&
                         strcmp(ken_table_column(table, j)->name, schema->fields[j].name) == 0
                     ? j
                     : ken_table_find(table, schema->fields[j].name);
        ken_status status = KEN_OK;
        if (at < 0) status = schema_lacks(ctx, who, table, schema->fields[j].name);
        if (status == KEN_OK) {
            const schema_align a = {ctx, who, &schema->fields[j], ken_table_column(table, at), aligned};
            status = schema_align_one(&a);
        }
        if (status != KEN_OK) {
            ken_table_free(aligned);
            return status;
        }
        ken_table_set_source(aligned, j, j);
    }
    *out = aligned;
    return KEN_OK;
}
