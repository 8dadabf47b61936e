/* splits() and split(): rows to train on and to test on, by the catalogue's splitters; dataset(): its tables. */
#include "ken/data/splits/splits.h"

#include <stdlib.h>
#include <string.h>

#include "functions.h"
#include "ken/data/datasets/datasets.h"
#include "params.h"

typedef struct split_call {
    const ken_desc *desc;
    void *params;
    ken_data data;
    int64_t which;
    uint8_t *role;
    door_table *rows, *side[3];
} split_call;

static void split_free(split_call *c) {
    if (!c) return;
    Py_XDECREF(c->rows);
    for (int i = 0; i < 3; i++) Py_XDECREF(c->side[i]);
    free(c->params);
    free(c->role);
    free(c);
}

static ken_status split_work(ken_ctx *ctx, void *arg) {
    split_call *c = arg;
    return ken_split(ctx, c->desc, c->params, &c->data, c->which, c->role);
}

static int split_sides(door_state *state, door_context *context, split_call *c, PyObject *const *given) {
    static const char *const names[] = {"y", "groups", "time"};
    const ken_column **const out[] = {&c->data.target, &c->data.group, &c->data.time};
    for (int i = 0; i < 3; i++) {
        if (!given[i] || given[i] == Py_None) continue;
        c->side[i] = door_column_of(state, context, given[i], names[i], out[i]);
        if (!c->side[i]) return -1;
    }
    return 0;
}

/* The numbers of the rows of that role, as an array of int64. */
static PyObject *split_rows(door_state *state, const uint8_t *role, int64_t n, uint8_t which) {
    int64_t count = 0;
    void *data = NULL;
    for (int64_t i = 0; i < n; i++) count += role[i] == which;
    PyObject *out = door_array_new(state, 1, &count, "i8", &data);
    if (!out) return NULL;
    int64_t *at = data;
    for (int64_t i = 0; i < n; i++)
        if (role[i] == which) *at++ = i;
    return out;
}

static PyObject *split_answer(door_state *state, const split_call *c, int64_t n) {
    PyObject *train = split_rows(state, c->role, n, KEN_ROLE_TRAIN);
    PyObject *test = train ? split_rows(state, c->role, n, KEN_ROLE_TEST) : NULL;
    PyObject *out = test ? PyTuple_Pack(2, train, test) : NULL;
    Py_XDECREF(train);
    Py_XDECREF(test);
    return out;
}

PyObject *door_split(PyObject *module, PyObject *args, PyObject *kwargs) {
    static char *keys[] = {"name", "settings", "n_rows", "i", "target", "group", "time", "seed", NULL};
    door_state *state = door_state_of_module(module);
    const char *name;
    PyObject *settings, *given[3] = {NULL}, *out = NULL;
    long long n, which, seed = 0;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "sOLL|$OOOL", keys, &name, &settings, &n, &which, &given[0], &given[1],
                                     &given[2], &seed))
        return NULL;
    door_context *context = door_context_take(state, 1, (uint64_t)seed, 0);
    split_call *c = context ? calloc(1, sizeof *c) : NULL;
    if (c) c->role = calloc((size_t)(n > 0 ? n : 1), 1);
    if (context && (!c || !c->role)) PyErr_NoMemory();
    if (c && c->role && door_params_of(context, name, KEN_SPLITTER, settings, &c->desc, &c->params) == 0 &&
        (c->rows = door_table_new(state, context, n)) && split_sides(state, context, c, given) == 0) {
        c->which = which;
        c->data.table = c->rows->table;
        if (door_run(state, context, split_work, c, n < 10000, NULL) == 0) out = split_answer(state, c, n);
    }
    split_free(c);
    if (context && door_context_give(state, context, out != NULL) < 0) Py_CLEAR(out);
    return out;
}

PyObject *door_splits(PyObject *module, PyObject *args, PyObject *kwargs) {
    static char *keys[] = {"name", "settings", NULL};
    door_state *state = door_state_of_module(module);
    const char *name;
    const ken_desc *desc;
    void *params = NULL;
    PyObject *settings, *out = NULL;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "sO", keys, &name, &settings)) return NULL;
    door_context *context = door_context_take(state, 1, 0, 0);
    if (!context) return NULL;
    if (door_params_of(context, name, KEN_SPLITTER, settings, &desc, &params) == 0)
        out = PyLong_FromLongLong(desc->splitter->count(params));
    free(params);
    door_context_give(state, context, false);
    return out;
}

/* --- tables ---------------------------------------------------------------------------------------------------------- */
typedef struct dataset_call {
    ken_table *out;
    char name[256];
} dataset_call;

static ken_status dataset_work(ken_ctx *ctx, void *arg) {
    dataset_call *c = arg;
    return ken_dataset_load(ctx, c->name, &c->out);
}

/* Takes the table over. */
static PyObject *table_wrap(door_state *state, door_context *context, ken_table **made) {
    door_table *self = door_table_new(state, context, 0);
    if (!self) return NULL;
    ken_table_free(self->table);
    self->table = *made;
    *made = NULL;
    return (PyObject *)self;
}

PyObject *door_dataset(PyObject *module, PyObject *args, PyObject *kwargs) {
    static char *keys[] = {"name", "seed", NULL};
    door_state *state = door_state_of_module(module);
    const char *name;
    long long seed = 0;
    PyObject *out = NULL;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "s|L", keys, &name, &seed)) return NULL;
    dataset_call *c = calloc(1, sizeof *c);
    if (!c) return PyErr_NoMemory();
    door_context *context = door_context_take(state, 1, (uint64_t)seed, 0);
    strncpy(c->name, name, sizeof c->name - 1);
    if (context && door_run(state, context, dataset_work, c, false, NULL) == 0) out = table_wrap(state, context, &c->out);
    ken_table_free(c->out); /* made before an exception came */
    free(c);
    if (context && door_context_give(state, context, out != NULL) < 0) Py_CLEAR(out);
    return out;
}

typedef struct stack_call {
    const ken_table *top, *bottom;
    ken_table *out;
} stack_call;

static ken_status stack_work(ken_ctx *ctx, void *arg) {
    stack_call *c = arg;
    return ken_table_stack(ctx, "eval_set", c->top, c->bottom, &c->out);
}

PyObject *door_stack(PyObject *module, PyObject *args, PyObject *kwargs) {
    static char *keys[] = {"top", "bottom", NULL};
    door_state *state = door_state_of_module(module);
    door_table *top, *bottom;
    PyObject *out = NULL;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O!O!", keys, state->table_type, &top, state->table_type, &bottom))
        return NULL;
    stack_call *c = calloc(1, sizeof *c);
    if (!c) return PyErr_NoMemory();
    *c = (stack_call){top->table, bottom->table, NULL};
    door_context *context = door_context_take(state, 1, 0, 0);
    if (context && door_run(state, context, stack_work, c, false, NULL) == 0) out = table_wrap(state, context, &c->out);
    ken_table_free(c->out);
    free(c);
    if (context && door_context_give(state, context, out != NULL) < 0) Py_CLEAR(out);
    return out;
}
