/* The extension ken._ken: limited API of Python 3.9, state in the module, multi-phase initialization. */
#include <Python.h>

PyMODINIT_FUNC PyInit__ken(void);

static int module_exec(PyObject *module) {
    return PyModule_AddStringConstant(module, "version", KEN_VERSION);
}

static PyModuleDef_Slot module_slots[] = {
    {Py_mod_exec, module_exec},
    {0, NULL},
};

static struct PyModuleDef module_def = {
    PyModuleDef_HEAD_INIT,
    .m_name = "ken._ken",
    .m_doc = "The library, as Python sees it.",
    .m_slots = module_slots,
};

PyMODINIT_FUNC PyInit__ken(void) {
    return PyModuleDef_Init(&module_def);
}
