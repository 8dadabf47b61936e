/* categories(): columns of text become categories, for models that take those. Levels ascend by their bytes, so that the
 * order of rows does not matter. */
#include <stdlib.h>
#include <string.h>

#include "door.h"
#include "functions.h"
#include "ken/core/dict.h"

typedef struct categories_call {
    const ken_table *from;
    ken_table *out;
} categories_call;

typedef struct categories_level {
    const char *text;
    int64_t size;
    int32_t code; /* by appearance */
} categories_level;

static int categories_by_bytes(const void *a, const void *b) {
    const categories_level *x = a, *y = b;
    const int c = memcmp(x->text, y->text, (size_t)(x->size < y->size ? x->size : y->size));
    return c ? c : (x->size > y->size) - (x->size < y->size);
}

static ken_status categories_code(const ken_column *c, ken_dict *dict, int32_t *code) {
    for (int64_t i = 0; i < c->n; i++) {
        int64_t size;
        const char *text = ken_strings_at(&c->text, i, &size);
        code[i] = 0;
        if (!ken_column_missing(c, i)) KEN_TRY(ken_dict_add(dict, text, (size_t)size, &code[i]));
    }
    return KEN_OK;
}

/* The keys in order of bytes into offset (k + 1) and bytes; rank of each code. */
static void categories_write(categories_level *level, int64_t k, int64_t *offset, char *bytes, int32_t *rank) {
    qsort(level, (size_t)k, sizeof *level, categories_by_bytes);
    offset[0] = 0;
    for (int64_t l = 0; l < k; l++) {
        if (level[l].size) memcpy(bytes + offset[l], level[l].text, (size_t)level[l].size);
        offset[l + 1] = offset[l] + level[l].size;
        rank[level[l].code] = (int32_t)l;
    }
}

static ken_status categories_add(ken_ctx *ctx, const ken_column *c, const ken_dict *dict, int32_t *code, ken_table *out) {
    const ken_strings keys = ken_dict_keys(dict);
    categories_level *level;
    int64_t *offset, bytes = 0;
    int32_t *rank;
    char *text;
    KEN_TRY(KEN_SCRATCH(ctx, categories_level, keys.n + 1, &level));
    KEN_TRY(KEN_SCRATCH(ctx, int64_t, keys.n + 1, &offset));
    KEN_TRY(KEN_SCRATCH(ctx, int32_t, keys.n + 1, &rank));
    for (int64_t l = 0; l < keys.n; l++) {
        level[l].text = ken_strings_at(&keys, l, &level[l].size);
        level[l].code = (int32_t)l;
        bytes += level[l].size;
    }
    KEN_TRY(KEN_SCRATCH(ctx, char, bytes + 1, &text));
    rank[0] = 0;
    categories_write(level, keys.n, offset, text, rank);
    for (int64_t i = 0; i < c->n; i++) code[i] = rank[code[i]];
    ken_column made = *c;
    made.dtype = KEN_CATEGORY;
    made.data = code;
    made.stride = 1;
    made.text = (ken_strings){keys.n, offset, text};
    return ken_table_add_copy(ctx, out, &made);
}

static ken_status categories_of(ken_ctx *ctx, const ken_column *c, ken_table *out) {
    ken_dict *dict = NULL;
    int32_t *code = NULL;
    const ken_mark mark = ken_scratch_mark(ctx);
    KEN_TRY(ken_dict_new(ctx, &dict));
    ken_status status = KEN_SCRATCH(ctx, int32_t, c->n + 1, &code);
    if (status == KEN_OK) status = categories_code(c, dict, code);
    if (status == KEN_OK) status = categories_add(ctx, c, dict, code, out);
    ken_dict_free(dict);
    ken_scratch_release(ctx, mark);
    return status;
}

static ken_status categories_work(ken_ctx *ctx, void *arg) {
    categories_call *call = arg;
    KEN_TRY(ken_table_new(ctx, ken_table_rows(call->from), &call->out));
    ken_status status = KEN_OK;
    for (int j = 0; status == KEN_OK && j < ken_table_cols(call->from); j++) {
        const ken_column *c = ken_table_column(call->from, j);
        status = c->dtype == KEN_STRING ? categories_of(ctx, c, call->out) : ken_table_add_borrow(ctx, call->out, c);
    }
    if (status != KEN_OK) {
        ken_table_free(call->out);
        call->out = NULL;
    }
    return status;
}

PyObject *door_categories(PyObject *module, PyObject *table) {
    door_state *state = door_state_of_module(module);
    if (!PyObject_TypeCheck(table, (PyTypeObject *)state->table_type)) {
        PyErr_SetString(PyExc_TypeError, "categories() takes a Table");
        return NULL;
    }
    categories_call *call = calloc(1, sizeof *call);
    if (!call) return PyErr_NoMemory();
    call->from = ((door_table *)table)->table;
    door_table *out = NULL;
    door_context *context = door_context_take(state, 1, 0, 0);
    if (context && door_run(state, context, categories_work, call, false, NULL) == 0) {
        out = door_table_new(state, context, 0);
        if (out) {
            ken_table_free(out->table);
            out->table = call->out;
            if (door_table_keep(out, table) < 0) Py_CLEAR(out);
        } else {
            ken_table_free(call->out);
        }
    }
    free(call);
    if (context && door_context_give(state, context, out != NULL) < 0) Py_CLEAR(out);
    return (PyObject *)out;
}
