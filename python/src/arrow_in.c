/* Tables that speak Arrow: their capsules are emptied, and the library reads what was in them (ken/io/arrow). */
#include <stdlib.h>
#include <string.h>

#include "door.h"
#include "functions.h"
#include "ken/io/arrow/arrow.h"

bool door_speaks_arrow(PyObject *obj) {
    if (PyType_Check(obj)) return false;
    return PyObject_HasAttrString(obj, "__arrow_c_array__") || PyObject_HasAttrString(obj, "__arrow_c_stream__");
}

typedef struct arrow_job {
    struct ArrowArrayStream *stream; /* or: */
    struct ArrowSchema *schema;
    struct ArrowArray *array;
    ken_table *out;
} arrow_job;

static ken_status arrow_work(ken_ctx *ctx, void *arg) {
    arrow_job *job = arg;
    if (job->stream) return ken_arrow_read_stream(ctx, job->stream, &job->out);
    return ken_arrow_read(ctx, job->schema, job->array, &job->out);
}

/* The structures stay in the capsules; what is read there is marked as taken. */
static int arrow_open(PyObject *capsules, arrow_job *job) {
    if (PyTuple_Check(capsules) && PyTuple_Size(capsules) == 2) {
        job->schema = PyCapsule_GetPointer(PyTuple_GetItem(capsules, 0), "arrow_schema");
        job->array = job->schema ? PyCapsule_GetPointer(PyTuple_GetItem(capsules, 1), "arrow_array") : NULL;
        return job->array ? 0 : -1;
    }
    job->stream = PyCapsule_GetPointer(capsules, "arrow_array_stream");
    return job->stream ? 0 : -1;
}

/* A stream may run Python of its own, on this thread or on others: the GIL is free meanwhile. */
static door_table *arrow_read(door_state *state, door_context *context, PyObject *capsules) {
    arrow_job *job = calloc(1, sizeof *job);
    door_table *self = job ? door_table_new(state, context, 0) : NULL;
    if (!job) PyErr_NoMemory();
    if (self && (arrow_open(capsules, job) < 0 || door_run(state, context, arrow_work, job, true, NULL) < 0)) Py_CLEAR(self);
    if (self) {
        ken_table_free(self->table);
        self->table = job->out;
    }
    free(job);
    return self;
}

door_table *door_table_of_arrow(door_state *state, door_context *context, PyObject *obj) {
    const bool whole = PyObject_HasAttrString(obj, "__arrow_c_array__");
    PyObject *capsules = PyObject_CallMethod(obj, whole ? "__arrow_c_array__" : "__arrow_c_stream__", NULL);
    if (!capsules) return NULL;
    door_table *self = arrow_read(state, context, capsules);
    Py_DECREF(capsules);
    return self;
}

PyObject *door_table_from_arrow(PyObject *type, PyObject *obj) {
    door_state *state = door_state_of_type((PyTypeObject *)type);
    if (!state) return NULL;
    if (!door_speaks_arrow(obj)) return PyErr_Format(PyExc_TypeError, "%S does not speak Arrow", (PyObject *)Py_TYPE(obj));
    door_context *context = door_context_take(state, 1, 0, 0);
    door_table *self = context ? door_table_of_arrow(state, context, obj) : NULL;
    if (context) door_context_give(state, context, false);
    return (PyObject *)self;
}
