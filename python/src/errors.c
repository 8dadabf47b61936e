/* From a status to an exception. Which one, ken/_errors.py decides. */
#include "door.h"

static PyObject *error_make(door_context *context, ken_status status) {
    PyObject *errors = PyImport_ImportModule("ken._errors");
    if (!errors) return NULL;
    PyObject *exception =
        PyObject_CallMethod(errors, "exception_of", "ssss", ken_status_name(status), ken_ctx_message(context->ctx),
                            ken_ctx_hint(context->ctx), ken_ctx_place(context->ctx));
    Py_DECREF(errors);
    return exception;
}

int door_raise(door_context *context, ken_status status) {
    if (PyErr_Occurred()) return -1; /* of a callable that was asked meanwhile */
    if (status == KEN_E_NOMEM) {
        PyErr_NoMemory();
        return -1;
    }
    PyObject *exception = error_make(context, status);
    if (!exception) return -1;
    PyErr_SetObject((PyObject *)Py_TYPE(exception), exception);
    Py_DECREF(exception);
    return -1;
}
