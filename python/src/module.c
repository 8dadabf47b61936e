/* The module: its types, its functions, its life. Read next: model.c. */
#include "door.h"

#include <stdlib.h>
#include <string.h>

#include "functions.h"

static struct PyModuleDef module_def;

door_state *door_state_of_module(PyObject *module) { return PyModule_GetState(module); }

/* _module is an attribute, which anybody may set. */
door_state *door_state_of_type(PyTypeObject *type) {
    PyObject *module = PyObject_GetAttrString((PyObject *)type, "_module");
    if (!module) return NULL;
    const bool ours = PyModule_Check(module) && PyModule_GetDef(module) == &module_def;
    door_state *state = ours ? PyModule_GetState(module) : NULL;
    if (!ours) PyErr_Clear();
    Py_DECREF(module);
    if (!state) PyErr_SetString(PyExc_TypeError, "this type has lost its module");
    return state;
}

/* A heap type that knows its module (PyType_FromModuleAndSpec is not in the limited API of 3.9). */
static PyObject *module_add_type(PyObject *module, PyType_Spec *spec, const char *name) {
    PyObject *type = PyType_FromSpec(spec);
    if (!type) return NULL;
    if (PyObject_SetAttrString(type, "_module", module) < 0 || PyObject_SetAttrString(module, name, type) < 0) {
        Py_DECREF(type);
        return NULL;
    }
    return type;
}

/* ken._ken._stop is called before the interpreter ends. */
static int module_register_stop(PyObject *module) {
    PyObject *atexit = PyImport_ImportModule("atexit");
    if (!atexit) return -1;
    PyObject *stop = PyObject_GetAttrString(module, "_stop");
    PyObject *done = stop ? PyObject_CallMethod(atexit, "register", "O", stop) : NULL;
    Py_XDECREF(done);
    Py_XDECREF(stop);
    Py_DECREF(atexit);
    return done ? 0 : -1;
}

static int module_exec(PyObject *module) {
    door_state *state = PyModule_GetState(module);
    memset(state, 0, sizeof *state);
    state->module = module;
    state->dropbox = door_dropbox_new();
    if (!state->dropbox) return -1;
    state->table_type = module_add_type(module, &door_table_spec, "Table");
    state->model_type = state->table_type ? module_add_type(module, &door_model_spec, "Model") : NULL;
    if (!state->model_type) return -1;
    if (PyModule_AddStringConstant(module, "version", KEN_VERSION) < 0) return -1;
    return module_register_stop(module);
}

static int module_traverse(PyObject *module, visitproc visit, void *arg) {
    door_state *state = PyModule_GetState(module);
    if (!state) return 0;
    Py_VISIT(state->table_type);
    Py_VISIT(state->model_type);
    Py_VISIT(state->numpy_empty);
    return 0;
}

static int module_clear(PyObject *module) {
    door_state *state = PyModule_GetState(module);
    if (!state) return 0;
    Py_CLEAR(state->table_type);
    Py_CLEAR(state->model_type);
    Py_CLEAR(state->numpy_empty);
    return 0;
}

static void module_free(void *module) {
    door_state *state = PyModule_GetState(module);
    if (!state) return;
    module_clear(module);
    door_contexts_free(state);
    door_dropbox_give(state->dropbox);
}

static PyObject *module_stop(PyObject *module, PyObject *unused) {
    (void)unused;
    door_contexts_stop(door_state_of_module(module));
    Py_RETURN_NONE;
}

static PyMethodDef module_functions[] = {
    DOOR_FUNCTIONS
    {"_stop", module_stop, METH_NOARGS, "Cancels whatever runs, and waits for it."},
    {NULL, NULL, 0, NULL}};

/* Slots by number, since the headers of 3.9 do not know them: 3 is Py_mod_multiple_interpreters (3.12), whose value 2 says
 * that each interpreter may have a GIL of its own. */
static PyModuleDef_Slot module_slots[3] = {{Py_mod_exec, (void *)module_exec}, {0, NULL}, {0, NULL}};

static struct PyModuleDef module_def = {.m_base = PyModuleDef_HEAD_INIT,
                                        .m_name = "_ken",
                                        .m_doc = "The generic verbs of libken.",
                                        .m_size = sizeof(door_state),
                                        .m_methods = module_functions,
                                        .m_slots = module_slots,
                                        .m_traverse = module_traverse,
                                        .m_clear = module_clear,
                                        .m_free = module_free};

PyMODINIT_FUNC PyInit__ken(void);
PyMODINIT_FUNC PyInit__ken(void) {
    int major = 0, minor = 0;
    if (sscanf(Py_GetVersion(), "%d.%d", &major, &minor) == 2 && (major > 3 || minor >= 12))
        module_slots[1] = (PyModuleDef_Slot){3, (void *)2};
    return PyModuleDef_Init(&module_def);
}
