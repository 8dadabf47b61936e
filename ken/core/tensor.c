/* Tensor views. */
#include "ken/core/tensor.h"

#include <math.h>
#include <string.h>

size_t ken_dtype_size(ken_dtype dtype) {
    switch (dtype) {
    case KEN_F64: case KEN_I64: case KEN_TIME: return 8;
    case KEN_F32: case KEN_I32: case KEN_CATEGORY: return 4;
    case KEN_I16: case KEN_U16: return 2;
    case KEN_U8: case KEN_BOOL: return 1;
    case KEN_STRING: return 0;
    }
    return 0;
}

const char *ken_dtype_name(ken_dtype dtype) {
    static const char *const names[] = {"",   "f64",  "f32",      "i64",    "i32", "i16",
                                        "u16", "u8", "bool", "category", "string", "time"};
    return (int)dtype > 0 && (int)dtype < KEN_COUNT(names) ? names[dtype] : "unknown";
}

ken_tensor ken_tensor_nd(void *data, ken_dtype dtype, int ndim, const int64_t *shape) {
    ken_tensor t;
    int64_t stride = 1;
    memset(&t, 0, sizeof t);
    t.data = data;
    t.dtype = dtype;
    t.ndim = ndim;
    for (int k = ndim - 1; k >= 0; k--) {
        t.shape[k] = shape[k];
        t.stride[k] = stride;
        stride *= shape[k];
    }
    return t;
}

ken_tensor ken_tensor_1d(void *data, ken_dtype dtype, int64_t n) {
    return ken_tensor_nd(data, dtype, 1, &n);
}

ken_tensor ken_tensor_2d(void *data, ken_dtype dtype, int64_t n, int64_t d) {
    const int64_t shape[2] = {n, d};
    return ken_tensor_nd(data, dtype, 2, shape);
}

int64_t ken_tensor_count(const ken_tensor *t) {
    int64_t count = 1;
    for (int k = 0; k < t->ndim; k++) count *= t->shape[k];
    return count;
}

bool ken_tensor_is_contiguous(const ken_tensor *t) {
    int64_t stride = 1;
    for (int k = t->ndim - 1; k >= 0; k--) {
        if (t->shape[k] != 1 && t->stride[k] != stride) return false;
        stride *= t->shape[k];
    }
    return true;
}

double ken_tensor_value(const ken_tensor *t, int64_t offset) {
    switch (t->dtype) {
    case KEN_F64: return ((const double *)t->data)[offset];
    case KEN_F32: return (double)((const float *)t->data)[offset];
    case KEN_I64: case KEN_TIME: return (double)((const int64_t *)t->data)[offset];
    case KEN_I32: case KEN_CATEGORY: return ((const int32_t *)t->data)[offset];
    case KEN_I16: return ((const int16_t *)t->data)[offset];
    case KEN_U16: return ((const uint16_t *)t->data)[offset];
    case KEN_U8: case KEN_BOOL: return ((const uint8_t *)t->data)[offset];
    case KEN_STRING: break;
    }
    return (double)NAN;
}
