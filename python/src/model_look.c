/* What a model tells about itself, and its bytes. */
#include "model_look.h"

#include <stdlib.h>
#include <string.h>

#include "functions.h"
#include "ken/core/text.h"
#include "ken/io/model_file/model_file.h"

/* --- JSON ------------------------------------------------------------------------------------------------------------ */
PyObject *door_text_take(door_context *context, ken_text *text) {
    PyObject *out = NULL;
    const char *bytes;
    const ken_status status = ken_text_end(text, &bytes);
    if (status == KEN_OK)
        out = PyUnicode_DecodeUTF8(bytes, (Py_ssize_t)text->size, "replace");
    else
        door_raise(context, status);
    ken_text_free(text);
    return out;
}

/* The catalog, as `ken models --json` prints it. */
PyObject *door_things(PyObject *module, PyObject *unused) {
    door_state *state = door_state_of_module(module);
    door_context *context = door_context_take(state, 1, 0, 0);
    (void)unused;
    if (!context) return NULL;
    ken_text text = ken_text_new(context->ctx);
    ken_json_writer w = ken_json_writer_new(&text, 0);
    ken_json_array(&w);
    for (int i = 0; ken_catalog_at(i); i++) ken_desc_write_json(ken_catalog_at(i), ken_catalog_room(i), &w);
    ken_json_end_array(&w);
    PyObject *out = door_text_take(context, &text);
    door_context_give(state, context, false);
    return out;
}

PyObject *door_model_params(door_model *self, PyObject *unused) {
    door_state *state = door_state_of_module(self->module);
    (void)unused;
    if (door_model_enter(self, false) < 0) return NULL;
    door_context *context = door_context_take(state, 1, 0, 0);
    PyObject *out = NULL;
    if (context) {
        ken_text text = ken_text_new(context->ctx);
        ken_json_writer w = ken_json_writer_new(&text, 0);
        ken_json_object(&w);
        ken_model_write_params(self->model, &w);
        ken_json_end_object(&w);
        out = door_text_take(context, &text);
        door_context_give(state, context, false);
    }
    door_model_leave(self, false);
    return out;
}

/* --- attributes ---------------------------------------------------------------------------------------------------------- */
PyObject *door_strings_list(const ken_strings *s) {
    PyObject *list = PyList_New((Py_ssize_t)s->n);
    for (int64_t i = 0; list && i < s->n; i++) {
        int64_t size;
        const char *text = ken_strings_at(s, i, &size);
        PyObject *item = PyUnicode_DecodeUTF8(text, (Py_ssize_t)size, "replace");
        if (!item || PyList_SetItem(list, (Py_ssize_t)i, item) < 0) Py_CLEAR(list);
    }
    return list;
}

static const char *attr_numpy_type(ken_dtype dtype) {
    switch (dtype) {
        case KEN_F64: return "f8";
        case KEN_F32: return "f4";
        case KEN_I64: return "i8";
        case KEN_I32: return "i4";
        case KEN_I16: return "i2";
        case KEN_U16: return "u2";
        case KEN_U8: return "u1";
        case KEN_BOOL: return "?";
        default: return NULL;
    }
}

/* A copy: a model that is fitted anew does not change what was given out. */
static PyObject *attr_array(door_state *state, const ken_tensor *t) {
    const char *type = attr_numpy_type(t->dtype);
    void *data = NULL;
    if (!type) return PyErr_Format(PyExc_TypeError, "an attribute of type %s has no array", ken_dtype_name(t->dtype));
    if (!ken_tensor_is_contiguous(t)) return PyErr_Format(PyExc_RuntimeError, "an attribute that is not dense");
    PyObject *array = door_array_new(state, t->ndim, t->shape, type, &data);
    const size_t size = (size_t)ken_tensor_count(t) * ken_dtype_size(t->dtype);
    if (array && size) memcpy(data, t->data, size);
    return array;
}

PyObject *door_model_attr(door_model *self, PyObject *name) {
    PyObject *utf8 = PyUnicode_AsUTF8String(name), *out = NULL;
    const char *text = utf8 ? PyBytes_AsString(utf8) : NULL;
    if (text && door_model_enter(self, false) == 0) {
        const ken_strings *strings = ken_model_attr_strings(self->model, text);
        const ken_tensor *tensor = strings ? NULL : ken_model_attr(self->model, text);
        if (strings)
            out = door_strings_list(strings);
        else if (tensor)
            out = attr_array(door_state_of_module(self->module), tensor);
        else
            out = Py_None, Py_INCREF(out);
        door_model_leave(self, false);
    }
    Py_XDECREF(utf8);
    return out;
}

PyObject *door_model_attrs(door_model *self, PyObject *unused) {
    PyObject *list = PyList_New(0);
    (void)unused;
    for (const ken_attr *a = ken_model_desc(self->model)->attrs; list && a && a->name; a++) {
        PyObject *name = PyUnicode_FromString(a->name);
        if (!name || PyList_Append(list, name) < 0) Py_CLEAR(list);
        Py_XDECREF(name);
    }
    return list;
}

/* --- bytes ------------------------------------------------------------------------------------------------------------------ */
typedef struct look_bytes_args {
    const ken_model *model;
    void *bytes;
    size_t size;
} look_bytes_args;

static ken_status look_write(ken_ctx *ctx, void *arg) {
    look_bytes_args *a = arg;
    return ken_model_write(ctx, a->model, &a->bytes, &a->size);
}

PyObject *door_model_to_bytes(door_model *self, PyObject *unused) {
    door_state *state = door_state_of_module(self->module);
    PyObject *out = NULL;
    (void)unused;
    if (door_model_enter(self, false) < 0) return NULL;
    door_context *context = door_context_take(state, 1, 0, 0);
    look_bytes_args *a = context ? calloc(1, sizeof *a) : NULL;
    if (a) {
        a->model = self->model;
        if (door_run(state, context, look_write, a, true, NULL) == 0)
            out = PyBytes_FromStringAndSize(a->bytes, (Py_ssize_t)a->size);
        ken_free(context->ctx, a->bytes);
    } else if (!PyErr_Occurred()) {
        PyErr_NoMemory();
    }
    free(a);
    if (context) door_context_give(state, context, false);
    door_model_leave(self, false);
    return out;
}

PyObject *door_model_from_bytes(PyObject *type, PyObject *bytes) {
    door_state *state = door_state_of_type((PyTypeObject *)type);
    char *data;
    Py_ssize_t size;
    ken_model *model = NULL;
    if (!state || PyBytes_AsStringAndSize(bytes, &data, &size) < 0) return NULL;
    door_context *context = door_context_take(state, 1, 0, 0);
    if (!context) return NULL;
    const ken_status status = ken_model_read(context->ctx, "the model's bytes", data, (size_t)size, &model);
    PyObject *out = status == KEN_OK ? door_model_wrap(state, model) : (door_raise(context, status), NULL);
    door_context_give(state, context, false);
    return out;
}

/* A path as Python means it (str, bytes or os.PathLike), as bytes. */
static PyObject *look_path(PyObject *args) {
    PyObject *path = NULL;
    return PyArg_ParseTuple(args, "O&", PyUnicode_FSConverter, &path) ? path : NULL;
}

PyObject *door_model_save(door_model *self, PyObject *args) {
    door_state *state = door_state_of_module(self->module);
    PyObject *path = look_path(args);
    if (!path || door_model_enter(self, false) < 0) {
        Py_XDECREF(path);
        return NULL;
    }
    door_context *context = door_context_take(state, 1, 0, 0);
    ken_status status = KEN_E_NOMEM;
    if (context) {
        status = ken_model_save(context->ctx, self->model, PyBytes_AsString(path));
        if (status != KEN_OK) door_raise(context, status);
        door_context_give(state, context, false);
    }
    door_model_leave(self, false);
    Py_DECREF(path);
    if (status != KEN_OK) return NULL;
    Py_RETURN_NONE;
}

PyObject *door_model_load(PyObject *type, PyObject *args) {
    door_state *state = door_state_of_type((PyTypeObject *)type);
    PyObject *path = state ? look_path(args) : NULL, *out = NULL;
    door_context *context = path ? door_context_take(state, 1, 0, 0) : NULL;
    ken_model *model = NULL;
    if (context) {
        const ken_status status = ken_model_load(context->ctx, PyBytes_AsString(path), &model);
        out = status == KEN_OK ? door_model_wrap(state, model) : (door_raise(context, status), NULL);
        door_context_give(state, context, false);
    }
    Py_XDECREF(path);
    return out;
}

/* --- copies ------------------------------------------------------------------------------------------------------------------ */
PyObject *door_model_clone(door_model *self, PyObject *unused) {
    door_state *state = door_state_of_module(self->module);
    PyObject *out = NULL;
    ken_model *model = NULL;
    (void)unused;
    if (door_model_enter(self, false) < 0) return NULL;
    door_context *context = door_context_take(state, 1, 0, 0);
    if (context) {
        const ken_status status = ken_model_clone(context->ctx, self->model, &model);
        out = status == KEN_OK ? door_model_wrap(state, model) : (door_raise(context, status), NULL);
        door_context_give(state, context, false);
    }
    door_model_leave(self, false);
    return out;
}

/* A model that is being fitted is none yet. */
static bool look_is_fitted(const door_model *self) { return !self->writer && ken_model_fitted(self->model); }

PyObject *door_model_copy(door_model *self, PyObject *unused) {
    (void)unused;
    if (!look_is_fitted(self)) return door_model_clone(self, NULL);
    PyObject *bytes = door_model_to_bytes(self, NULL);
    PyObject *out = bytes ? door_model_from_bytes((PyObject *)Py_TYPE(self), bytes) : NULL;
    Py_XDECREF(bytes);
    return out;
}

/* Fitted: (Model.from_bytes, (bytes,)). Else (Model, (name, settings)), as ken/_settings.py reads them from the JSON. */
PyObject *door_model_reduce(door_model *self, PyObject *unused) {
    (void)unused;
    if (look_is_fitted(self)) {
        PyObject *from = PyObject_GetAttrString((PyObject *)Py_TYPE(self), "from_bytes");
        PyObject *bytes = from ? door_model_to_bytes(self, NULL) : NULL;
        PyObject *out = bytes ? Py_BuildValue("O(O)", from, bytes) : NULL;
        Py_XDECREF(from);
        Py_XDECREF(bytes);
        return out;
    }
    PyObject *json = door_model_params(self, NULL), *settings = NULL, *out = NULL;
    PyObject *module = json ? PyImport_ImportModule("ken._settings") : NULL;
    if (module) settings = PyObject_CallMethod(module, "from_json", "O", json);
    if (settings) out = Py_BuildValue("O(sO)", (PyObject *)Py_TYPE(self), ken_model_desc(self->model)->name, settings);
    Py_XDECREF(settings);
    Py_XDECREF(module);
    Py_XDECREF(json);
    return out;
}

/* --- facts -------------------------------------------------------------------------------------------------------------------- */
static PyObject *look_list(const ken_model *m, int n, const char *(*at)(const ken_model *, int)) {
    PyObject *list = PyList_New(n);
    for (int j = 0; list && j < n; j++) {
        PyObject *item = PyUnicode_FromString(at(m, j));
        if (!item || PyList_SetItem(list, j, item) < 0) Py_CLEAR(list);
    }
    return list;
}

static PyObject *look_text(const char *text) { return PyUnicode_FromString(text ? text : ""); }

/* Not while a fit changes it. */
#define LOOK(what, value)                                          \
    static PyObject *look_##what(door_model *self, void *unused) { \
        const ken_model *m = self->model;                          \
        (void)unused;                                              \
        if (door_model_enter(self, false) < 0) return NULL;        \
        PyObject *out = value;                                     \
        door_model_leave(self, false);                             \
        return out;                                                \
    }
static const char *look_feature_type(const ken_model *m, int j) { return ken_dtype_name(ken_model_feature_dtype(m, j)); }
LOOK(name, look_text(ken_model_desc(m)->name))
LOOK(fitted, PyBool_FromLong(ken_model_fitted(m)))
LOOK(task, look_text(ken_task_name(ken_model_task(m))))
LOOK(target, look_text(ken_model_target(m)))
LOOK(classes, look_list(m, ken_model_n_classes(m), ken_model_class))
LOOK(features, look_list(m, ken_model_n_features(m), ken_model_feature))
LOOK(feature_types, look_list(m, ken_model_n_features(m), look_feature_type))
LOOK(inputs, look_list(m, ken_model_n_inputs(m), ken_model_input))
LOOK(rows_train, PyLong_FromLongLong(ken_model_rows_train(m)))
LOOK(tags, PyLong_FromUnsignedLong(ken_model_tags(m)))

#define LOOK_ROW(what, doc) {#what, (getter)(void (*)(void))look_##what, NULL, doc, NULL}
PyGetSetDef door_model_getset[] = {LOOK_ROW(name, "Of the catalog."),
                                   LOOK_ROW(fitted, "Whether it can predict."),
                                   LOOK_ROW(task, "regress, classify, detect; auto before the fit."),
                                   LOOK_ROW(target, "Name of the target."),
                                   LOOK_ROW(classes, "Classes as text, in the order of their codes."),
                                   LOOK_ROW(features, "Names of the columns it was fitted on."),
                                   LOOK_ROW(feature_types, "Their types."),
                                   LOOK_ROW(inputs, "What the model itself sees, after its recipe."),
                                   LOOK_ROW(rows_train, "Rows it was fitted on."),
                                   LOOK_ROW(tags, "The bits of KEN_TAG_*."),
                                   {NULL, NULL, NULL, NULL, NULL}};
