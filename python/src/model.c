/* ken._ken.Model: the generic verbs on one model. What each verb takes from Python is gathered first, on the heap; then
 * it runs without the GIL. Read next: model_look.c (what a model tells about itself). */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "door.h"
#include "functions.h"
#include "model_look.h"
#include "model_more.h"

/* --- life --------------------------------------------------------------------------------------------------------- */
static door_model *model_object(PyTypeObject *type, door_state *state) {
    allocfunc alloc = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
    door_model *self = (door_model *)alloc(type, 0);
    if (!self) return NULL;
    self->module = state->module;
    Py_INCREF(self->module);
    return self;
}

static void model_dealloc(door_model *self) {
    PyTypeObject *type = Py_TYPE(self);
    if (!self->writer) ken_model_free(self->model);
    Py_XDECREF(self->module);
    freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
    release(self);
    Py_DECREF(type);
}

PyObject *door_model_wrap(door_state *state, ken_model *model) {
    door_model *self = model_object((PyTypeObject *)state->model_type, state);
    if (!self) {
        ken_model_free(model);
        return NULL;
    }
    self->model = model;
    return (PyObject *)self;
}

int door_model_enter(door_model *model, bool writer) {
    if (!model->model) {
        PyErr_SetString(PyExc_RuntimeError, "this model has not been made");
        return -1;
    }
    if (model->pid != getpid()) model->pid = getpid(), model->readers = 0;
    if (model->writer || (writer && model->readers)) {
        PyErr_SetString(PyExc_RuntimeError, "the model is in use by another thread; give each thread its own copy");
        return -1;
    }
    if (writer && model->lent) {
        PyErr_SetString(PyExc_RuntimeError, "tables that this model has made are still in use; fit a clone of it");
        return -1;
    }
    if (writer)
        model->writer = true;
    else
        model->readers++;
    return 0;
}

void door_model_leave(door_model *model, bool writer) {
    if (model->pid != getpid()) return; /* forked meanwhile: what was written is not whole */
    if (writer)
        model->writer = false;
    else if (model->readers > 0)
        model->readers--;
}

const char *door_text_of(PyObject *str, PyObject **owner) {
    char *text;
    *owner = NULL;
    if (!PyUnicode_Check(str)) {
        PyErr_Format(PyExc_TypeError, "expected a str, found %S", (PyObject *)Py_TYPE(str));
        return NULL;
    }
    *owner = PyUnicode_AsUTF8String(str);
    if (!*owner) return NULL;
    return PyBytes_AsStringAndSize(*owner, &text, NULL) < 0 ? NULL : text;
}

static int model_set_text(door_context *context, ken_model *model, PyObject *name, PyObject *value) {
    int failed = -1;
    PyObject *n = NULL, *v = NULL;
    const char *nt = door_text_of(name, &n), *vt = nt ? door_text_of(value, &v) : NULL;
    if (nt && vt) {
        const ken_status status = ken_model_set(context->ctx, model, nt, vt);
        failed = status == KEN_OK ? 0 : door_raise(context, status);
    }
    Py_XDECREF(n);
    Py_XDECREF(v);
    return failed;
}

static int model_set_all(door_context *context, ken_model *model, PyObject *settings) {
    PyObject *items = PyDict_Check(settings) ? PyDict_Items(settings) : NULL;
    const Py_ssize_t n = items ? PyList_Size(items) : -1;
    int failed = n < 0 ? -1 : 0;
    if (!PyDict_Check(settings)) PyErr_SetString(PyExc_TypeError, "settings must be a dict of texts");
    for (Py_ssize_t i = 0; i < n && !failed; i++) {
        PyObject *pair = PyList_GetItem(items, i); /* borrowed, a pair: the list is the dict's own */
        failed = model_set_text(context, model, PyTuple_GetItem(pair, 0), PyTuple_GetItem(pair, 1));
    }
    Py_XDECREF(items);
    return failed;
}

static PyObject *model_new(PyTypeObject *type, PyObject *args, PyObject *kwargs) {
    static char *keys[] = {"name", "settings", NULL};
    const char *name;
    PyObject *settings = Py_None;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "s|O", keys, &name, &settings)) return NULL;
    door_state *state = door_state_of_type(type);
    door_model *self = state ? model_object(type, state) : NULL;
    door_context *context = self ? door_context_take(state, 1, 0, 0) : NULL;
    int failed = context ? 0 : -1;
    if (!failed) {
        const ken_status status = ken_model_new(context->ctx, name, NULL, &self->model);
        if (status != KEN_OK) failed = door_raise(context, status);
    }
    if (!failed && settings != Py_None) failed = model_set_all(context, self->model, settings);
    if (context && door_context_give(state, context, !failed) < 0) failed = -1;
    if (failed) Py_CLEAR(self);
    return (PyObject *)self;
}

static PyObject *model_set(door_model *self, PyObject *args) {
    PyObject *name, *value;
    if (!PyArg_ParseTuple(args, "UU", &name, &value)) return NULL;
    door_state *state = door_state_of_module(self->module);
    if (door_model_enter(self, true) < 0) return NULL;
    door_context *context = door_context_take(state, 1, 0, 0);
    int failed = context ? model_set_text(context, self->model, name, value) : -1;
    if (context && door_context_give(state, context, !failed) < 0) failed = -1;
    door_model_leave(self, true);
    if (failed) return NULL;
    Py_RETURN_NONE;
}

/* The recipe is copied: a Python object keeps its own. */
static PyObject *model_set_recipe(door_model *self, PyObject *args) {
    door_state *state = door_state_of_module(self->module);
    door_model *recipe;
    ken_model *copy = NULL;
    if (!PyArg_ParseTuple(args, "O!", state->model_type, &recipe)) return NULL;
    if (door_model_enter(recipe, false) < 0) return NULL;
    if (door_model_enter(self, true) < 0) return door_model_leave(recipe, false), NULL;
    door_context *context = door_context_take(state, 1, 0, 0);
    ken_status status = context ? ken_model_clone(context->ctx, recipe->model, &copy) : KEN_E_NOMEM;
    if (status == KEN_OK) status = ken_model_set_recipe(context->ctx, self->model, copy);
    if (context && status != KEN_OK) {
        door_raise(context, status);
        ken_model_free(copy);
    }
    if (context) door_context_give(state, context, false);
    door_model_leave(self, true);
    door_model_leave(recipe, false);
    if (status != KEN_OK) return NULL;
    Py_RETURN_NONE;
}

/* --- fit ------------------------------------------------------------------------------------------------------------ */
enum { MODEL_SIDES = 8 };

typedef struct model_fit_args {
    ken_model *model;
    ken_data data;
    double decay;
    ken_status (*verb)(ken_ctx *, ken_model *, const ken_data *);
    ken_table *made; /* of fit_transform */
} model_fit_args;

/* What a fit takes from Python, and what keeps it alive. */
typedef struct model_fit_call {
    model_fit_args *args;
    door_table *table, *side[MODEL_SIDES];
    int n_sides;
    door_view role;
    long long seed;
    int threads;
    double budget, decay;
    PyObject *progress;
} model_fit_call;

static ken_status model_fit_work(ken_ctx *ctx, void *arg) {
    model_fit_args *a = arg;
    if (!a->verb) return ken_model_refit(ctx, a->model, &a->data, a->decay);
    return a->verb(ctx, a->model, &a->data);
}

static int model_side(door_state *state, door_context *context, model_fit_call *call, PyObject *obj, const char *name,
                      const ken_column **out) {
    if (!obj || obj == Py_None) return 0;
    door_table *one = door_column_of(state, context, obj, name, out);
    if (!one) return -1;
    call->side[call->n_sides++] = one;
    const int64_t want = ken_table_rows(call->table->table);
    if ((*out)->n == want) return 0;
    PyErr_Format(PyExc_ValueError, "Found input variables with inconsistent numbers of samples: X has %lld rows, %s has %lld",
                 (long long)want, name, (long long)(*out)->n);
    return -1;
}

static int model_role(model_fit_call *call, PyObject *obj) {
    if (!obj || obj == Py_None) return 0;
    const int found = door_view_of(obj, &call->role);
    if (found < 0) return -1;
    if (found == 0 || call->role.ndim != 1 || call->role.itemsize != 1 || call->role.stride[0] != 1 ||
        call->role.shape[0] != ken_table_rows(call->table->table)) {
        PyErr_SetString(PyExc_ValueError, "role must be a dense array of one byte a row: 0 trains, 1 validates, 2 tests");
        return -1;
    }
    call->args->data.role = call->role.data;
    return 0;
}

static int model_task(const char *task, ken_task *out) {
    static const ken_task tasks[] = {KEN_TASK_AUTO, KEN_REGRESS, KEN_CLASSIFY, KEN_DETECT};
    for (int i = 0; i < KEN_COUNT(tasks); i++)
        if (strcmp(task, ken_task_name(tasks[i])) == 0) {
            *out = tasks[i];
            return 0;
        }
    PyErr_Format(PyExc_ValueError, "unknown task \"%s\": auto, regress, classify or detect", task);
    return -1;
}

static void model_fit_free(model_fit_call *call) {
    if (call->args) ken_table_free(call->args->made);
    for (int i = 0; i < call->n_sides; i++) Py_XDECREF(call->side[i]);
    Py_XDECREF(call->table);
    door_view_release(&call->role);
    free(call->args);
}

/* Arguments of fit, fit_on, refit and fit_transform. */
static int model_fit_parse(door_model *self, door_state *state, PyObject *args, PyObject *kwargs, model_fit_call *call,
                           door_context **out) {
    static char *keys[] = {"table", "target", "weight", "group", "time", "offset", "event", "upper", "role",
                           "task", "seed", "threads", "progress", "budget", "decay", NULL};
    PyObject *table, *target = NULL, *weight = NULL, *group = NULL, *time = NULL, *offset = NULL, *event = NULL,
                     *upper = NULL, *role = NULL;
    const char *task = "auto";
    memset(call, 0, sizeof *call);
    call->threads = 1;
    call->decay = 0.9;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O|O$OOOOOOOsLiOdd", keys, &table, &target, &weight, &group, &time, &offset,
                                     &event, &upper, &role, &task, &call->seed, &call->threads, &call->progress,
                                     &call->budget, &call->decay))
        return -1;
    call->args = calloc(1, sizeof *call->args);
    if (!call->args) return PyErr_NoMemory(), -1;
    call->args->model = self->model;
    call->args->decay = call->decay;
    ken_data *data = &call->args->data;
    door_context *context = door_context_take(state, call->threads, (uint64_t)call->seed, call->budget);
    *out = context;
    if (!context || model_task(task, &data->task) < 0) return -1;
    call->table = door_table_of(state, context, table, NULL, 0);
    if (!call->table) return -1;
    data->table = call->table->table;
    return model_side(state, context, call, target, "y", &data->target) < 0 ||
                   model_side(state, context, call, weight, "sample_weight", &data->weight) < 0 ||
                   model_side(state, context, call, group, "group", &data->group) < 0 ||
                   model_side(state, context, call, time, "time", &data->time) < 0 ||
                   model_side(state, context, call, offset, "offset", &data->offset) < 0 ||
                   model_side(state, context, call, event, "event", &data->event) < 0 ||
                   model_side(state, context, call, upper, "upper", &data->upper) < 0 || model_role(call, role) < 0
               ? -1
               : 0;
}

static PyObject *model_fit_verb(door_model *self, PyObject *args, PyObject *kwargs,
                                ken_status (*verb)(ken_ctx *, ken_model *, const ken_data *)) {
    door_state *state = door_state_of_module(self->module);
    door_context *context = NULL;
    model_fit_call call;
    if (door_model_enter(self, true) < 0) return NULL;
    int failed = model_fit_parse(self, state, args, kwargs, &call, &context);
    if (!failed) {
        call.args->verb = verb;
        failed = door_run(state, context, model_fit_work, call.args, false, call.progress);
    }
    if (context && door_context_give(state, context, !failed) < 0) failed = -1;
    model_fit_free(&call);
    door_model_leave(self, true);
    if (failed) return NULL;
    Py_RETURN_NONE;
}

static PyObject *model_fit(door_model *self, PyObject *args, PyObject *kwargs) {
    return model_fit_verb(self, args, kwargs, ken_model_fit);
}
static PyObject *model_fit_on(door_model *self, PyObject *args, PyObject *kwargs) {
    return model_fit_verb(self, args, kwargs, ken_model_fit_on);
}
static PyObject *model_refit(door_model *self, PyObject *args, PyObject *kwargs) {
    return model_fit_verb(self, args, kwargs, NULL);
}

/* --- predict ---------------------------------------------------------------------------------------------------------- */
int door_what_of(const char *text, ken_what *out) {
    for (int i = 0; i < KEN_N_WHATS; i++)
        if (strcmp(text, ken_what_name((ken_what)i)) == 0) {
            *out = (ken_what)i;
            return 0;
        }
    PyErr_Format(PyExc_ValueError,
                 "unknown \"%s\": value, proba, margin, leaf, contributions, interval, quantiles, interactions or set", text);
    return -1;
}

static int model_need_fit(door_context *context, const ken_model *model) {
    if (ken_model_fitted(model)) return 0;
    return door_raise(context, ken_fail(context->ctx, KEN_E_STATE, "fit it first", "%s is not fitted", ken_model_desc(model)->name));
}

/* Not worth a thread, even where each row is compared with all that the model has seen. */
static bool model_is_quick(const ken_model *model, int64_t n) {
    const double seen = (double)ken_model_rows_train(model), d = ken_model_n_features(model);
    return n <= 64 && (double)n * (seen + 1) * (d + 1) < 1 << 26;
}

typedef struct model_predict_args {
    const ken_model *model;
    const ken_table *table;
    ken_what what;
    ken_tensor out;
} model_predict_args;

static ken_status model_predict_work(ken_ctx *ctx, void *arg) {
    model_predict_args *a = arg;
    return ken_model_predict(ctx, a->model, a->table, a->what, &a->out);
}

/* The answers' array: (n) of a value, else (n, width). */
static PyObject *model_answers(door_state *state, door_context *context, const ken_model *model, ken_what what, int64_t n,
                               void **data, int64_t *width) {
    const ken_status status = ken_model_width(context->ctx, model, what, width);
    if (status != KEN_OK) return door_raise(context, status), NULL;
    const int64_t shape[2] = {n, *width};
    return door_array_new(state, what == KEN_WHAT_VALUE && *width == 1 ? 1 : 2, shape, "f8", data);
}

/* Names of the inputs, so that the columns of a matrix are found by place. scratch of the heap, freed by the caller. */
static const char **model_feature_names(const ken_model *model) {
    const int d = ken_model_n_features(model);
    const char **names = calloc((size_t)d + 1, sizeof *names);
    for (int j = 0; names && j < d; j++) names[j] = ken_model_feature(model, j);
    return names;
}

static PyObject *model_predict_table(door_model *self, door_state *state, door_context *context, PyObject *X, ken_what what) {
    const char **names = model_feature_names(self->model);
    if (!names) return PyErr_NoMemory();
    door_table *table = door_table_of(state, context, X, names, ken_model_n_features(self->model));
    free(names);
    if (!table) return NULL;
    model_predict_args *a = calloc(1, sizeof *a);
    void *data = NULL;
    int64_t width = 0;
    const int64_t n = ken_table_rows(table->table);
    PyObject *out = a ? model_answers(state, context, self->model, what, n, &data, &width) : PyErr_NoMemory();
    if (out) {
        *a = (model_predict_args){self->model, table->table, what, ken_tensor_2d(data, KEN_F64, n, width)};
        if (door_run(state, context, model_predict_work, a, model_is_quick(self->model, n), NULL) < 0) Py_CLEAR(out);
    }
    free(a);
    Py_DECREF(table);
    return out;
}

enum { MODEL_ROW_FEATURES = 512, MODEL_ROW_WIDTH = 64 };

static double model_cell(const ken_tensor *x, int64_t j) { return ken_tensor_value(x, j * x->stride[1]); }

/* One row of numbers: no table, no thread. 1: done; 0: another way must be gone; -1: an exception. */
static int model_predict_one(door_model *self, door_state *state, door_context *context, PyObject *X, ken_what what,
                             PyObject **out) {
    door_view view;
    ken_tensor x;
    double row[MODEL_ROW_FEATURES], answer[MODEL_ROW_WIDTH];
    void *data = NULL;
    int64_t width = 0;
    const int d = ken_model_n_features(self->model);
    const int found = door_view_of(X, &view);
    if (found <= 0) return found;
    int status = 0;
    PyObject *copy = NULL;
    if (view.ndim == 2 && view.shape[0] == 1 && view.shape[1] == d && d <= MODEL_ROW_FEATURES && door_view_dtype(&view) &&
        model_is_quick(self->model, 1) &&
        door_view_tensor(&view, &x, &copy) == 0 && ken_model_width(context->ctx, self->model, what, &width) == KEN_OK &&
        width <= MODEL_ROW_WIDTH) {
        for (int j = 0; j < d; j++) row[j] = model_cell(&x, j);
        /* Whatever is wrong with the row is said by the general way. */
        if (ken_model_predict_row(context->ctx, self->model, row, what, answer) == KEN_OK) {
            *out = model_answers(state, context, self->model, what, 1, &data, &width);
            if (*out) memcpy(data, answer, (size_t)width * sizeof *answer);
            status = *out ? 1 : -1;
        }
    }
    door_view_release(&view);
    return status;
}

static PyObject *model_predict(door_model *self, PyObject *args, PyObject *kwargs) {
    static char *keys[] = {"X", "what", "threads", NULL};
    PyObject *X, *out = NULL;
    const char *text = "value";
    int threads = 1;
    ken_what what;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O|si", keys, &X, &text, &threads)) return NULL;
    if (door_what_of(text, &what) < 0 || door_model_enter(self, false) < 0) return NULL;
    door_state *state = door_state_of_module(self->module);
    door_context *context = door_context_take(state, threads, 0, 0);
    if (context && model_need_fit(context, self->model) == 0) {
        const bool is_table = PyObject_TypeCheck(X, (PyTypeObject *)state->table_type);
        const int done = is_table ? 0 : model_predict_one(self, state, context, X, what, &out);
        if (done == 0) out = model_predict_table(self, state, context, X, what);
    }
    if (context && door_context_give(state, context, out != NULL) < 0) Py_CLEAR(out);
    door_model_leave(self, false);
    return out;
}

/* --- transform --------------------------------------------------------------------------------------------------------- */
typedef struct model_transform_args {
    const ken_model *model;
    const ken_table *table;
    ken_table *out;
} model_transform_args;

static ken_status model_transform_work(ken_ctx *ctx, void *arg) {
    model_transform_args *a = arg;
    return ken_model_transform(ctx, a->model, a->table, &a->out);
}

/* A table out of the library, which is taken over, with the Python objects that it borrows from. */
static door_table *model_table_wrap(door_state *state, door_context *context, ken_table **table, PyObject *from,
                                    door_model *model) {
    door_table *self = door_table_new(state, context, 0);
    if (!self) return NULL;
    ken_table_free(self->table);
    self->table = *table;
    *table = NULL;
    if (door_table_keep(self, from) < 0 || door_table_keep(self, (PyObject *)model) < 0) {
        Py_DECREF(self);
        return NULL;
    }
    self->lender = model;
    model->lent++;
    return self;
}

static PyObject *model_transform(door_model *self, PyObject *args, PyObject *kwargs) {
    static char *keys[] = {"X", "threads", NULL};
    PyObject *X, *out = NULL;
    int threads = 1;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O|i", keys, &X, &threads)) return NULL;
    if (door_model_enter(self, false) < 0) return NULL;
    door_state *state = door_state_of_module(self->module);
    door_context *context = door_context_take(state, threads, 0, 0);
    const char **names = context && model_need_fit(context, self->model) == 0 ? model_feature_names(self->model) : NULL;
    door_table *table = names ? door_table_of(state, context, X, names, ken_model_n_features(self->model)) : NULL;
    model_transform_args *a = table ? calloc(1, sizeof *a) : NULL;
    if (a) {
        *a = (model_transform_args){self->model, table->table, NULL};
        if (door_run(state, context, model_transform_work, a, model_is_quick(self->model, ken_table_rows(table->table)), NULL) == 0)
            out = (PyObject *)model_table_wrap(state, context, &a->out, (PyObject *)table, self);
        ken_table_free(a->out); /* made before an exception came */
    } else if (!PyErr_Occurred()) {
        PyErr_NoMemory();
    }
    free(a);
    free(names);
    Py_XDECREF(table);
    if (context && door_context_give(state, context, out != NULL) < 0) Py_CLEAR(out);
    door_model_leave(self, false);
    return out;
}

static ken_status model_fit_transform_work(ken_ctx *ctx, void *arg) {
    model_fit_args *a = arg;
    return ken_model_fit_transform(ctx, a->model, &a->data, &a->made);
}

static PyObject *model_fit_transform(door_model *self, PyObject *args, PyObject *kwargs) {
    door_state *state = door_state_of_module(self->module);
    door_context *context = NULL;
    PyObject *out = NULL;
    model_fit_call call;
    if (door_model_enter(self, true) < 0) return NULL;
    if (model_fit_parse(self, state, args, kwargs, &call, &context) == 0 &&
        door_run(state, context, model_fit_transform_work, call.args, false, call.progress) == 0)
        out = (PyObject *)model_table_wrap(state, context, &call.args->made, (PyObject *)call.table, self);
    if (context && door_context_give(state, context, out != NULL) < 0) Py_CLEAR(out);
    model_fit_free(&call);
    door_model_leave(self, true);
    return out;
}

static PyMethodDef model_methods[] = {
    DOOR_ROW("fit", model_fit,
             "fit(table, target=None, *, weight, group, time, offset, event, upper, role, task, seed, threads, progress, "
             "budget)")
    DOOR_ROW("fit_on", model_fit_on, "As fit: more rounds for a fitted model.")
    DOOR_ROW("refit", model_refit, "As fit, and decay: new leaf values for the questions that there are.")
    DOOR_ROW("predict", model_predict, "predict(X, what='value', threads=1): float64, (n) for values, else (n, width).")
    DOOR_ROW("fit_transform", model_fit_transform,
             "As fit: a Table of what the rows of the fit become (across folds, where a row must not see its own target).")
    DOOR_ROW("transform", model_transform, "transform(X, threads=1): a Table.")
    {"set", (PyCFunction)(void (*)(void))model_set, METH_VARARGS, "set(name, value): a parameter, as text."},
    {"set_recipe", (PyCFunction)(void (*)(void))model_set_recipe, METH_VARARGS, "What runs before the model."},
    DOOR_MODEL_LOOK
    DOOR_MODEL_MORE
    {NULL, NULL, 0, NULL}};

static PyType_Slot model_slots[] = {{Py_tp_new, (void *)model_new},
                                    {Py_tp_dealloc, (void *)model_dealloc},
                                    {Py_tp_methods, model_methods},
                                    {Py_tp_getset, door_model_getset},
                                    {Py_tp_doc, "Model(name, settings=None): a thing of the catalog, fitted or not."},
                                    {0, NULL}};

PyType_Spec door_model_spec = {.name = "ken._ken.Model",
                               .basicsize = sizeof(door_model),
                               .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,
                               .slots = model_slots};
