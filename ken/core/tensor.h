/* Tensor views and element types. A view owns nothing. Strides count elements, may be 0 or
 * negative; row-major, shape[0] slowest. */
#ifndef KEN_CORE_TENSOR_H
#define KEN_CORE_TENSOR_H

#include "ken/core/ctx.h"

KEN_BEGIN_C

typedef enum ken_dtype {
    KEN_F64 = 1,
    KEN_F32,
    KEN_I64,
    KEN_I32,
    KEN_I16,
    KEN_U16,
    KEN_U8,
    KEN_BOOL,     /* a byte, 0 or 1 */
    KEN_CATEGORY, /* int32 codes into a list of names; only in tables */
    KEN_STRING,   /* UTF-8; only in tables and attributes */
    KEN_TIME      /* int64 microseconds since 1970-01-01 UTC; only in tables */
} ken_dtype;

#define KEN_MAX_DIMS 6
enum { KEN_TENSOR_READONLY = 1 };

typedef struct ken_tensor {
    void *data;
    ken_dtype dtype;
    int32_t ndim;
    int64_t shape[KEN_MAX_DIMS], stride[KEN_MAX_DIMS];
    uint32_t flags;
} ken_tensor;

KEN_API size_t ken_dtype_size(ken_dtype dtype);      /* bytes of one element; 0 for KEN_STRING */
KEN_API const char *ken_dtype_name(ken_dtype dtype); /* "f64", "category" ... */
KEN_API ken_tensor ken_tensor_1d(void *data, ken_dtype dtype, int64_t n);
KEN_API ken_tensor ken_tensor_2d(void *data, ken_dtype dtype, int64_t n, int64_t d); /* dense */
KEN_API ken_tensor ken_tensor_nd(void *data, ken_dtype dtype, int ndim, const int64_t *shape);
KEN_API int64_t ken_tensor_count(const ken_tensor *t);
KEN_API bool ken_tensor_is_contiguous(const ken_tensor *t);
/* Element at a flat element offset, as a double, whatever the dtype. */
KEN_API double ken_tensor_value(const ken_tensor *t, int64_t offset);

static inline const double *ken_f64(const ken_tensor *t) { return (const double *)t->data; }
static inline double *ken_f64_mut(ken_tensor *t) { return (double *)t->data; }

KEN_END_C

#endif
