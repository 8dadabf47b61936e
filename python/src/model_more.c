/* Widths, names of outputs, importances, contributions against a background. */
#include "model_more.h"

#include <stdlib.h>
#include <string.h>

#include "ken/explain/importance/importance.h"

PyObject *door_model_width(door_model *self, PyObject *args) {
    door_state *state = door_state_of_module(self->module);
    const char *text;
    ken_what what;
    int64_t width = 0;
    if (!PyArg_ParseTuple(args, "s", &text) || door_what_of(text, &what) < 0) return NULL;
    if (door_model_enter(self, false) < 0) return NULL;
    door_context *context = door_context_take(state, 1, 0, 0);
    ken_status status = KEN_OK;
    if (context) status = ken_model_width(context->ctx, self->model, what, &width);
    if (status == KEN_E_STATE) door_raise(context, status);
    if (context) door_context_give(state, context, false);
    door_model_leave(self, false);
    return context && status != KEN_E_STATE ? PyLong_FromLongLong(status == KEN_OK ? width : 0) : NULL;
}

/* --- outputs of a transformer ------------------------------------------------------------------------------------------- */
/* A table without rows that has the columns of the fit; a category without levels. */
static ken_status outputs_nothing(ken_ctx *ctx, const ken_model *m, ken_table **out) {
    static const int64_t no_levels[1] = {0};
    KEN_TRY(ken_table_new(ctx, 0, out));
    for (int j = 0; j < ken_model_n_features(m); j++) {
        ken_column c = {.name = ken_model_feature(m, j), .dtype = ken_model_feature_dtype(m, j), .stride = 1, .source = j};
        c.data = no_levels;
        c.text = (ken_strings){0, no_levels, ""};
        KEN_TRY(ken_table_add_copy(ctx, *out, &c));
    }
    return KEN_OK;
}

static PyObject *outputs_names(const ken_table *table) {
    PyObject *list = PyList_New(ken_table_cols(table));
    for (int j = 0; list && j < ken_table_cols(table); j++) {
        PyObject *name = PyUnicode_FromString(ken_table_column(table, j)->name);
        if (!name || PyList_SetItem(list, j, name) < 0) Py_CLEAR(list);
    }
    return list;
}

PyObject *door_model_outputs(door_model *self, PyObject *unused) {
    door_state *state = door_state_of_module(self->module);
    ken_table *nothing = NULL, *made = NULL;
    PyObject *out = NULL;
    (void)unused;
    if (door_model_enter(self, false) < 0) return NULL;
    door_context *context = door_context_take(state, 1, 0, 0);
    if (context) {
        ken_status status = outputs_nothing(context->ctx, self->model, &nothing);
        if (status == KEN_OK) status = ken_model_transform(context->ctx, self->model, nothing, &made);
        out = status == KEN_OK ? outputs_names(made) : (door_raise(context, status), NULL);
        ken_table_free(made);
        ken_table_free(nothing);
        door_context_give(state, context, false);
    }
    door_model_leave(self, false);
    return out;
}

/* --- importances ---------------------------------------------------------------------------------------------------------- */
typedef struct importance_call {
    const ken_model *model;
    ken_importance_way way;
    double *out; /* (d + 1) */
} importance_call;

static ken_status importance_work(ken_ctx *ctx, void *arg) {
    importance_call *c = arg;
    return ken_explain_importance(ctx, c->model, c->way, NULL, c->out);
}

static PyObject *importance_answer(door_state *state, door_context *context, const ken_model *model, ken_importance_way way) {
    const int64_t d = ken_model_n_features(model);
    importance_call *c = calloc(1, sizeof *c);
    double *values = calloc((size_t)d + 1, sizeof *values);
    void *data = NULL;
    PyObject *out = NULL;
    if (c && values) {
        *c = (importance_call){model, way, values};
        if (door_run(state, context, importance_work, c, false, NULL) == 0) out = door_array_new(state, 1, &d, "f8", &data);
        if (out) memcpy(data, values, (size_t)d * sizeof *values);
    } else {
        PyErr_NoMemory();
    }
    free(values);
    free(c);
    return out;
}

PyObject *door_model_importance(door_model *self, PyObject *args) {
    door_state *state = door_state_of_module(self->module);
    const char *text = "gain";
    PyObject *out = NULL;
    if (!PyArg_ParseTuple(args, "|s", &text)) return NULL;
    const ken_importance_way way = strcmp(text, "splits") == 0 ? KEN_IMPORTANCE_BY_SPLITS : KEN_IMPORTANCE_BY_GAIN;
    if (way == KEN_IMPORTANCE_BY_GAIN && strcmp(text, "gain") != 0) {
        PyErr_Format(PyExc_ValueError, "unknown importance \"%s\": gain or splits", text);
        return NULL;
    }
    if (door_model_enter(self, false) < 0) return NULL;
    if (ken_importance_way_of(self->model) != KEN_IMPORTANCE_BY_GAIN) {
        door_model_leave(self, false);
        Py_RETURN_NONE;
    }
    door_context *context = door_context_take(state, 1, 0, 0);
    if (context) {
        out = importance_answer(state, context, self->model, way);
        if (door_context_give(state, context, out != NULL) < 0) Py_CLEAR(out);
    }
    door_model_leave(self, false);
    return out;
}

/* --- contributions against a background ---------------------------------------------------------------------------------- */
typedef struct against_call {
    const ken_model *model;
    const ken_table *table, *background;
    ken_tensor out;
} against_call;

static ken_status against_work(ken_ctx *ctx, void *arg) {
    against_call *c = arg;
    return ken_model_contributions_against(ctx, c->model, c->table, c->background, &c->out);
}

static PyObject *against_answer(door_state *state, door_context *context, const ken_model *model, const ken_table *table,
                                const ken_table *background) {
    int64_t shape[2] = {ken_table_rows(table), 0};
    void *data = NULL;
    const ken_status status = ken_model_width(context->ctx, model, KEN_WHAT_CONTRIBUTIONS, &shape[1]);
    if (status != KEN_OK) return door_raise(context, status), NULL;
    against_call *c = calloc(1, sizeof *c);
    PyObject *out = c ? door_array_new(state, 2, shape, "f8", &data) : PyErr_NoMemory();
    if (out) {
        *c = (against_call){model, table, background, ken_tensor_2d(data, KEN_F64, shape[0], shape[1])};
        if (door_run(state, context, against_work, c, false, NULL) < 0) Py_CLEAR(out);
    }
    free(c);
    return out;
}

PyObject *door_model_against(door_model *self, PyObject *args) {
    door_state *state = door_state_of_module(self->module);
    door_table *table, *background;
    int threads = 1;
    PyObject *out = NULL;
    if (!PyArg_ParseTuple(args, "O!O!|i", state->table_type, &table, state->table_type, &background, &threads)) return NULL;
    if (door_model_enter(self, false) < 0) return NULL;
    door_context *context = door_context_take(state, threads, 0, 0);
    if (context) {
        out = against_answer(state, context, self->model, table->table, background->table);
        if (door_context_give(state, context, out != NULL) < 0) Py_CLEAR(out);
    }
    door_model_leave(self, false);
    return out;
}
