/* From a status to an exception. Which one, ken/_errors.py decides. */
#include "door.h"

#include <string.h>

/* A file's name may be no UTF-8. */
static PyObject *error_text(const char *text) { return PyUnicode_DecodeUTF8(text, (Py_ssize_t)strlen(text), "replace"); }

static PyObject *error_make(door_context *context, ken_status status) {
    PyObject *errors = PyImport_ImportModule("ken._errors");
    if (!errors) return NULL;
    PyObject *exception =
        PyObject_CallMethod(errors, "exception_of", "sNNN", ken_status_name(status), error_text(ken_ctx_message(context->ctx)),
                            error_text(ken_ctx_hint(context->ctx)), error_text(ken_ctx_place(context->ctx)));
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
