/* Arrays of numbers, in by NumPy's __array_struct__ or by DLPack, out through numpy.empty. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "dlpack.h"
#include "door.h"

/* --- __array_struct__ ------------------------------------------------------------------------------------------ */
/* The structure that the protocol lays down (NumPy's manual, "The array interface protocol", version 3). */
typedef struct array_interface {
    int two; /* 2: a sanity check */
    int nd;
    char typekind;
    int itemsize;
    int flags;
    Py_intptr_t *shape, *strides;
    void *data;
    PyObject *descr;
} array_interface;
enum { ARRAY_NOT_SWAPPED = 0x200 };

static int view_too_deep(int ndim) {
    PyErr_Format(PyExc_ValueError, "an array of %d dimensions: at most %d are understood", ndim, KEN_MAX_DIMS);
    return -1;
}

/* What the structures of the protocols say comes from anybody: their counts must not overflow ours. */
static int view_check(const door_view *v) {
    int64_t count = 1, span;
    bool wrong = v->itemsize < 0, empty = false;
    for (int i = 0; i < v->ndim && !wrong; i++) {
        if (v->shape[i] == 0) empty = true;
        wrong = v->shape[i] < 0 || __builtin_mul_overflow(count, v->shape[i] ? v->shape[i] : 1, &count) ||
                __builtin_mul_overflow(v->stride[i], v->shape[i], &span);
    }
    wrong = wrong || count > INT64_MAX / 16 || (!empty && v->itemsize > 0 && !v->data);
    wrong = wrong || (v->kind == 'O' && v->itemsize != (int)sizeof(void *)) || (v->kind == 'U' && v->itemsize % 4) ||
            ((v->kind == 'M' || v->kind == 'm') && v->itemsize != 8);
    if (!wrong) return 1;
    PyErr_SetString(PyExc_ValueError, "an array whose shape, type and memory do not go together");
    return -1;
}

static int view_from_struct(PyObject *capsule, door_view *out) {
    const array_interface *a = PyCapsule_GetPointer(capsule, NULL);
    if (!a) return -1;
    if (a->two != 2) {
        PyErr_SetString(PyExc_ValueError, "__array_struct__ gives something that is no array interface");
        return -1;
    }
    if (a->nd < 0 || a->nd > KEN_MAX_DIMS) return view_too_deep(a->nd);
    *out = (door_view){.data = a->data, .ndim = a->nd, .kind = a->typekind, .itemsize = a->itemsize};
    out->swapped = a->itemsize > 1 && !(a->flags & ARRAY_NOT_SWAPPED);
    int64_t dense = a->itemsize;
    for (int i = a->nd - 1; i >= 0; i--) {
        out->shape[i] = a->shape[i];
        out->stride[i] = a->strides ? a->strides[i] : dense;
        if (__builtin_mul_overflow(dense, out->shape[i], &dense)) dense = INT64_MAX; /* which view_check will say */
    }
    return view_check(out);
}

/* --- DLPack ------------------------------------------------------------------------------------------------------ */
static void view_dlpack_free(PyObject *capsule) {
    dl_managed *m = PyCapsule_GetPointer(capsule, "used_dltensor");
    if (m && m->deleter) m->deleter(m);
}

static char view_dlpack_kind(dl_type type) {
    if (type.lanes != 1) return 'V';
    switch (type.code) {
        case DL_INT: return 'i';
        case DL_UINT: return 'u';
        case DL_FLOAT: return 'f';
        case DL_BOOL: return 'b';
        case DL_COMPLEX: return 'c';
        default: return 'V';
    }
}

static int view_from_dlpack(PyObject *obj, door_view *out) {
    PyObject *capsule = PyObject_CallMethod(obj, "__dlpack__", NULL);
    if (!capsule) return -1;
    dl_managed *m = PyCapsule_GetPointer(capsule, "dltensor");
    if (!m) {
        Py_DECREF(capsule);
        return -1;
    }
    const dl_tensor *t = &m->tensor;
    int status = 1;
    if (t->device.type != DL_CPU && t->device.type != DL_CUDA_HOST) {
        PyErr_SetString(PyExc_TypeError, "the array lies on a device; move it to the CPU first");
        status = -1;
    } else if (t->ndim < 0 || t->ndim > KEN_MAX_DIMS) {
        status = view_too_deep(t->ndim);
    }
    if (status < 0) {
        Py_DECREF(capsule); /* its own destructor frees the tensor */
        return status;
    }
    *out = (door_view){.data = (char *)t->data + t->byte_offset, .ndim = t->ndim, .kind = view_dlpack_kind(t->type),
                       .itemsize = t->type.bits / 8};
    int64_t dense = out->itemsize;
    for (int i = t->ndim - 1; i >= 0; i--) {
        out->shape[i] = t->shape[i];
        if (__builtin_mul_overflow(t->strides ? t->strides[i] : 1, t->strides ? out->itemsize : dense, &out->stride[i]))
            out->stride[i] = INT64_MAX; /* which view_check will say */
        if (__builtin_mul_overflow(dense, out->shape[i], &dense)) dense = INT64_MAX;
    }
    if (view_check(out) < 0) {
        Py_DECREF(capsule);
        return -1;
    }
    /* From here on we are its owner, and say so as the protocol wants it. */
    PyCapsule_SetName(capsule, "used_dltensor");
    PyCapsule_SetDestructor(capsule, view_dlpack_free);
    out->owner = capsule;
    return 1;
}

/* --- a view ------------------------------------------------------------------------------------------------------- */
static bool view_has(PyObject *obj, const char *name, PyObject **value) {
    *value = PyObject_GetAttrString(obj, name);
    if (*value) return true;
    if (PyErr_ExceptionMatches(PyExc_AttributeError)) PyErr_Clear();
    return false;
}

int door_view_of(PyObject *obj, door_view *out) {
    PyObject *found = NULL;
    memset(out, 0, sizeof *out);
    if (PyType_Check(obj)) return 0;
    if (view_has(obj, "__array_struct__", &found)) {
        const int status = view_from_struct(found, out);
        if (status == 1) {
            out->owner = obj;
            Py_INCREF(obj);
            /* What is not an array itself may have made one for the question: the capsule keeps that. */
            PyObject *both = PyTuple_Pack(2, obj, found);
            if (both) {
                Py_DECREF(out->owner);
                out->owner = both;
            }
            Py_DECREF(found);
            return both ? 1 : (door_view_release(out), -1);
        }
        Py_DECREF(found);
        return status;
    }
    if (PyErr_Occurred()) return -1;
    if (view_has(obj, "__dlpack__", &found)) {
        Py_DECREF(found);
        return view_from_dlpack(obj, out);
    }
    return PyErr_Occurred() ? -1 : 0;
}

void door_view_release(door_view *view) { Py_CLEAR(view->owner); }

static bool view_aligned(const door_view *v) {
    if ((uintptr_t)v->data % (uintptr_t)v->itemsize != 0) return false;
    for (int i = 0; i < v->ndim; i++)
        if (v->shape[i] > 1 && v->stride[i] % v->itemsize != 0) return false;
    return true;
}

ken_dtype door_view_dtype(const door_view *v) {
    if (v->swapped || v->itemsize <= 0 || !view_aligned(v)) return 0;
    if (v->kind == 'f' && v->itemsize == 8) return KEN_F64;
    if (v->kind == 'f' && v->itemsize == 4) return KEN_F32;
    if (v->kind == 'i' && v->itemsize == 8) return KEN_I64;
    if (v->kind == 'b' && v->itemsize == 1) return KEN_BOOL;
    return 0;
}

static void block_free(PyObject *capsule) { free(PyCapsule_GetPointer(capsule, "ken.block")); }

PyObject *door_block_new(size_t count, size_t size, void **data) {
    *data = size && count > SIZE_MAX / 2 / size ? NULL : calloc(count ? count : 1, size ? size : 1);
    if (!*data) return PyErr_NoMemory();
    PyObject *capsule = PyCapsule_New(*data, "ken.block", block_free);
    if (!capsule) free(*data);
    return capsule;
}

/* --- conversion: any number, any byte order, any alignment --------------------------------------------------------- */
static double half_to_double(uint16_t h) {
    const int exponent = h >> 10 & 31, fraction = h & 1023;
    double x = exponent == 0    ? ldexp(fraction, -24)
               : exponent == 31 ? (fraction ? (double)NAN : (double)INFINITY)
                                : ldexp(1024 + fraction, exponent - 25);
    return h >> 15 ? -x : x;
}

/* One item in this machine's byte order. */
static void item_load(const door_view *v, const char *at, unsigned char *item) {
    if (!v->swapped) {
        memcpy(item, at, (size_t)v->itemsize);
        return;
    }
    for (int i = 0; i < v->itemsize; i++) item[i] = (unsigned char)at[v->itemsize - 1 - i];
}

#define ITEM(type)                        \
    {                                     \
        type x;                           \
        memcpy(&x, item, sizeof x);       \
        return x;                         \
    }

static int64_t item_integer(const door_view *v, const char *at) {
    unsigned char item[16];
    item_load(v, at, item);
    if (v->kind == 'b') return item[0] != 0;
    if (v->kind == 'i') switch (v->itemsize) {
            case 1: ITEM(int8_t)
            case 2: ITEM(int16_t)
            case 4: ITEM(int32_t)
            default: ITEM(int64_t)
        }
    switch (v->itemsize) {
        case 1: ITEM(uint8_t)
        case 2: ITEM(uint16_t)
        default: ITEM(uint32_t)
    }
}

static double item_number(const door_view *v, const char *at) {
    unsigned char item[16];
    if (v->kind == 'f') {
        item_load(v, at, item);
        switch (v->itemsize) {
            case 2: {
                uint16_t half;
                memcpy(&half, item, sizeof half);
                return half_to_double(half);
            }
            case 4: ITEM(float)
            case 8: ITEM(double)
            default: {
                long double x;
                memcpy(&x, item, sizeof x);
                return (double)x;
            }
        }
    }
    if (v->kind == 'u' && v->itemsize == 8) {
        item_load(v, at, item);
        uint64_t x;
        memcpy(&x, item, sizeof x);
        return (double)x;
    }
    return (double)item_integer(v, at);
}

/* The type to convert to; 0 with an exception. */
static ken_dtype view_target(const door_view *v) {
    const bool small = v->itemsize == 1 || v->itemsize == 2 || v->itemsize == 4 || v->itemsize == 8;
    switch (v->kind) {
        case 'b':
            if (v->itemsize == 1) return KEN_BOOL;
            break;
        case 'i':
            if (small) return KEN_I64;
            break;
        case 'u':
            if (v->itemsize == 8) return KEN_F64;
            if (small) return KEN_I64;
            break;
        case 'f':
            if (v->itemsize == 2 || v->itemsize == 4) return KEN_F32;
            if (v->itemsize == 8 || (v->itemsize == (int)sizeof(long double) && !v->swapped)) return KEN_F64;
            break;
        case 'c':
            PyErr_SetString(PyExc_ValueError, "Complex data not supported: take the real and the imaginary part as columns");
            return 0;
        default: break;
    }
    PyErr_Format(PyExc_TypeError, "an array of kind '%c' with items of %d bytes is no array of numbers",
                 v->kind > ' ' ? v->kind : '?', v->itemsize);
    return 0;
}

/* Items along the last axis, dense. */
static void view_convert_line(const door_view *v, const char *from, int64_t n, ken_dtype dtype, void *to) {
    const int64_t step = v->ndim ? v->stride[v->ndim - 1] : 0;
    for (int64_t i = 0; i < n; i++, from += step) {
        if (dtype == KEN_I64)
            ((int64_t *)to)[i] = item_integer(v, from);
        else if (dtype == KEN_BOOL)
            ((uint8_t *)to)[i] = item_integer(v, from) != 0;
        else if (dtype == KEN_F32)
            ((float *)to)[i] = (float)item_number(v, from);
        else
            ((double *)to)[i] = item_number(v, from);
    }
}

static void view_convert(const door_view *v, ken_dtype dtype, char *to) {
    const int64_t n = v->ndim ? v->shape[v->ndim - 1] : 1;
    const size_t line = (size_t)n * ken_dtype_size(dtype);
    int64_t lines = 1, at[KEN_MAX_DIMS] = {0};
    for (int i = 0; i < v->ndim - 1; i++) lines *= v->shape[i];
    for (int64_t l = 0; l < lines; l++, to += line) {
        const char *from = v->data;
        for (int i = 0; i < v->ndim - 1; i++) from += at[i] * v->stride[i];
        view_convert_line(v, from, n, dtype, to);
        for (int i = v->ndim - 2; i >= 0 && ++at[i] == v->shape[i]; i--) at[i] = 0;
    }
}

/* Truth values may be any byte to whoever has made them by a cast; the library wants 0 and 1. */
static bool view_is_truth(const door_view *v) {
    if (v->ndim < 1 || v->ndim > 2) return v->ndim == 0;
    const int64_t rows = v->shape[0], columns = v->ndim == 2 ? v->shape[1] : 1, step = v->ndim == 2 ? v->stride[1] : 0;
    unsigned char all = 0;
    for (int64_t i = 0; i < rows; i++) {
        const unsigned char *from = (const unsigned char *)v->data + i * v->stride[0];
        for (int64_t j = 0; j < columns; j++) all |= from[j * step];
    }
    return all <= 1;
}

int door_view_tensor(const door_view *view, ken_tensor *out, PyObject **copy) {
    ken_dtype dtype = door_view_dtype(view);
    void *data;
    *copy = NULL;
    if (dtype && (dtype != KEN_BOOL || view_is_truth(view))) {
        *out = ken_tensor_nd(view->data, dtype, view->ndim, view->shape);
        for (int i = 0; i < view->ndim; i++) out->stride[i] = view->stride[i] / view->itemsize;
        out->flags = KEN_TENSOR_READONLY;
        return 0;
    }
    dtype = view_target(view);
    if (!dtype) return -1;
    *out = ken_tensor_nd(NULL, dtype, view->ndim, view->shape);
    *copy = door_block_new((size_t)ken_tensor_count(out), ken_dtype_size(dtype), &data);
    if (!*copy) return -1;
    if (ken_tensor_count(out)) view_convert(view, dtype, data);
    out->data = data;
    return 0;
}

/* --- out ---------------------------------------------------------------------------------------------------------- */
static PyObject *array_empty(door_state *state) {
    if (!state->numpy_empty) {
        PyObject *numpy = PyImport_ImportModule("numpy");
        if (!numpy) return NULL;
        state->numpy_empty = PyObject_GetAttrString(numpy, "empty");
        Py_DECREF(numpy);
    }
    return state->numpy_empty;
}

PyObject *door_array_new(door_state *state, int ndim, const int64_t *shape, const char *type, void **data) {
    PyObject *empty = array_empty(state);
    if (!empty) return NULL;
    PyObject *sizes = PyTuple_New(ndim);
    for (int i = 0; sizes && i < ndim; i++) {
        PyObject *size = PyLong_FromLongLong(shape[i]);
        if (!size || PyTuple_SetItem(sizes, i, size) < 0) Py_CLEAR(sizes);
    }
    if (!sizes) return NULL;
    PyObject *array = PyObject_CallFunction(empty, "Os", sizes, type);
    Py_DECREF(sizes);
    PyObject *capsule = array ? PyObject_GetAttrString(array, "__array_struct__") : NULL;
    const array_interface *a = capsule ? PyCapsule_GetPointer(capsule, NULL) : NULL;
    if (a) *data = a->data;
    Py_XDECREF(capsule);
    if (!a) Py_CLEAR(array);
    return array;
}
