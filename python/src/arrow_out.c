/* Tables that are lent by Arrow capsules. Whoever reads them holds the Table until he releases it, and may do so on any
 * thread, with or without the GIL. The Table is then put into the dropbox, which whoever comes by with the GIL empties: the
 * next call of the extension, or the main thread, which is told. */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "door.h"
#include "functions.h"
#include "ken/io/arrow/arrow.h"

/* --- the dropbox ---------------------------------------------------------------------------------------------------- */
typedef struct dropbox_item {
    struct door_dropbox *box;
    PyObject *table;
    struct dropbox_item *next;
} dropbox_item;

struct door_dropbox {
    atomic_long shares;   /* the module's state, items out, calls that the main thread was told of */
    bool main;            /* of the main interpreter, whose thread can be told */
    pthread_mutex_t lock; /* of the list */
    dropbox_item *items;
};

door_dropbox *door_dropbox_new(void) {
    door_dropbox *box = calloc(1, sizeof *box);
    if (!box) return (door_dropbox *)PyErr_NoMemory();
    atomic_init(&box->shares, 1);
    pthread_mutex_init(&box->lock, NULL);
    box->main = PyInterpreterState_GetID(PyInterpreterState_Get()) == 0;
    return box;
}

void door_dropbox_give(door_dropbox *box) {
    if (!box || atomic_fetch_sub(&box->shares, 1) > 1) return;
    pthread_mutex_destroy(&box->lock);
    free(box);
}

void door_dropbox_empty(door_dropbox *box) {
    if (!box->items) return; /* an item that is missed now is found next time */
    pthread_mutex_lock(&box->lock);
    dropbox_item *items = box->items;
    box->items = NULL;
    pthread_mutex_unlock(&box->lock);
    for (dropbox_item *next; items; items = next) {
        next = items->next;
        Py_DECREF(items->table);
        free(items);
        door_dropbox_give(box);
    }
}

static int dropbox_told(void *arg) {
    door_dropbox_empty(arg);
    door_dropbox_give(arg);
    return 0;
}

/* Any thread, no GIL. After the interpreter's end there is nobody to give the table to. */
static void dropbox_put(void *arg) {
    dropbox_item *item = arg;
    door_dropbox *box = item->box;
    if (!Py_IsInitialized()) return;
    atomic_fetch_add(&box->shares, 1); /* for the call, and for now */
    pthread_mutex_lock(&box->lock);
    item->next = box->items;
    box->items = item;
    pthread_mutex_unlock(&box->lock);
    if (!box->main || Py_AddPendingCall(dropbox_told, box) != 0) door_dropbox_give(box);
}

/* The Table as the owner of a loan. */
static dropbox_item *dropbox_lend(door_state *state, door_table *table) {
    dropbox_item *item = calloc(1, sizeof *item);
    if (!item) return (dropbox_item *)PyErr_NoMemory();
    item->box = state->dropbox;
    atomic_fetch_add(&item->box->shares, 1);
    item->table = (PyObject *)table;
    Py_INCREF(item->table);
    return item;
}

/* --- capsules --------------------------------------------------------------------------------------------------------- */
#define CAPSULE(type, label)                                                \
    static void capsule_free_##type(PyObject *capsule) {                    \
        struct type *held = PyCapsule_GetPointer(capsule, label);           \
        if (held && held->release) held->release(held);                     \
        free(held);                                                         \
    }                                                                       \
    static PyObject *capsule_new_##type(struct type *held) {                \
        PyObject *capsule = PyCapsule_New(held, label, capsule_free_##type); \
        if (capsule) return capsule;                                        \
        if (held->release) held->release(held);                             \
        free(held);                                                         \
        return NULL;                                                        \
    }
CAPSULE(ArrowSchema, "arrow_schema")
CAPSULE(ArrowArray, "arrow_array")
CAPSULE(ArrowArrayStream, "arrow_array_stream")

/* A schema that somebody asks for may be passed over by whoever gives the data, says the specification. */
static int arrow_arguments(PyObject *args, PyObject *kwargs) {
    static char *keys[] = {"requested_schema", NULL};
    PyObject *ignored = NULL;
    return PyArg_ParseTupleAndKeywords(args, kwargs, "|O", keys, &ignored) ? 0 : -1;
}

PyObject *door_table_arrow_stream(PyObject *obj, PyObject *args, PyObject *kwargs) {
    door_table *self = (door_table *)obj;
    door_state *state = door_state_of_module(self->module);
    if (arrow_arguments(args, kwargs) < 0) return NULL;
    door_context *context = door_context_take(state, 1, 0, 0);
    struct ArrowArrayStream *stream = context ? calloc(1, sizeof *stream) : NULL;
    dropbox_item *item = stream ? dropbox_lend(state, self) : NULL;
    if (context && !stream) PyErr_NoMemory();
    ken_status status = KEN_OK;
    if (item) status = ken_arrow_write_stream(context->ctx, self->table, dropbox_put, item, stream);
    if (status != KEN_OK) door_raise(context, status);
    if (context) door_context_give(state, context, false);
    if (!item || status != KEN_OK) {
        free(stream);
        return NULL;
    }
    return capsule_new_ArrowArrayStream(stream);
}

/* (schema capsule, array capsule), or the schema's alone. */
static PyObject *arrow_batch(PyObject *obj, bool with_array) {
    door_table *self = (door_table *)obj;
    door_state *state = door_state_of_module(self->module);
    door_context *context = door_context_take(state, 1, 0, 0);
    struct ArrowSchema *schema = context ? calloc(1, sizeof *schema) : NULL;
    struct ArrowArray *array = schema ? calloc(1, sizeof *array) : NULL;
    dropbox_item *item = array ? dropbox_lend(state, self) : NULL;
    if (context && !array) PyErr_NoMemory();
    ken_status status = KEN_OK;
    if (item) status = ken_arrow_write(context->ctx, self->table, dropbox_put, item, schema, with_array ? array : NULL);
    if (status != KEN_OK) door_raise(context, status);
    if (context) door_context_give(state, context, false);
    if (!item || status != KEN_OK) {
        free(schema);
        free(array);
        return NULL;
    }
    PyObject *first = capsule_new_ArrowSchema(schema), *second = capsule_new_ArrowArray(array);
    PyObject *both = first && second && with_array ? PyTuple_Pack(2, first, second) : NULL;
    Py_XDECREF(second);
    if (!with_array && second) return first;
    Py_XDECREF(first);
    return both;
}

PyObject *door_table_arrow_array(PyObject *obj, PyObject *args, PyObject *kwargs) {
    return arrow_arguments(args, kwargs) < 0 ? NULL : arrow_batch(obj, true);
}

PyObject *door_table_arrow_schema(PyObject *obj, PyObject *unused) {
    (void)unused;
    return arrow_batch(obj, false);
}
