/* NumPy's files: .npy (one array; formats 1.0, 2.0, 3.0) and .npz (a zip of them), in and out. */
#ifndef KEN_IO_NPY_H
#define KEN_IO_NPY_H

#include "ken/core/table.h"

KEN_BEGIN_C

/* An array that owns its elements. File types become: f8 f64 · f4 f2 f32 · i8 u4 i64 · u8 i64 if
 * all values fit · i4 i32 · i2 i1 i16 · u2 u16 · u1 u8 · b1 bool · c8 c16 as f32 f64 with one more,
 * last dimension of 2 (real, imaginary). Fortran order stays, as strides. */
typedef struct ken_npy_array {
    ken_tensor tensor;
    bool complex;
} ken_npy_array;
KEN_API void ken_npy_array_free(ken_ctx *ctx, ken_npy_array *array);

/* name: what the bytes are, for messages.
 * errors  KEN_E_FORMAT · KEN_E_UNSUPPORTED element type (objects, texts, dates, structures), more
 * than 6 dimensions · KEN_E_VALUE u8 beyond int64 */
KEN_API ken_status ken_npy_array_parse(ken_ctx *ctx, const char *name, const void *bytes,
                                       size_t size, ken_npy_array *out);

/* As a table: (n, d) gives columns x0, x1 ...; (n) one column x0; a scalar one cell; complex
 * columns come in pairs x0_re, x0_im. Whole numbers become i64. errors: also KEN_E_SHAPE, 3
 * dimensions or more. */
KEN_API ken_status ken_npy_read(ken_ctx *ctx, const char *path, ken_table **out);
KEN_API ken_status ken_npy_parse(ken_ctx *ctx, const char *name, const void *bytes, size_t size,
                                 ken_table **out);

/* One member of an archive ("X" or "X.npy") as ken_npy_read gives it; member NULL: all members side
 * by side, columns named after them (X0, X1 ...; y). Compressed ones need zlib.
 * errors  KEN_E_NOT_FOUND member · KEN_E_SHAPE members of different length · KEN_E_UNSUPPORTED */
KEN_API ken_status ken_npz_read(ken_ctx *ctx, const char *path, const char *member,
                                ken_table **out);
KEN_API ken_status ken_npz_parse(ken_ctx *ctx, const char *name, const void *bytes, size_t size,
                                 const char *member, ken_table **out);

/* Any strides; written in C order, byte for byte as numpy.save does. errors: KEN_E_TYPE category
 * and string. ken_npy_encode: *bytes is ken_free'd by the caller. */
KEN_API ken_status ken_npy_write(ken_ctx *ctx, const char *path, const ken_tensor *tensor);
KEN_API ken_status ken_npy_encode(ken_ctx *ctx, const ken_tensor *tensor, void **bytes,
                                  size_t *size);

/* --- for npz.c ------------------------------------------------------------------------------ */
/* Appends the array's columns: named prefix0, prefix1 ...; a single one of at most one dimension is
 * named `alone`. */
KEN_API ken_status ken__npy_add(ken_ctx *ctx, const char *name, const ken_npy_array *array,
                                const char *prefix, const char *alone, ken_table *table);
/* Rows that the array has as a table. */
KEN_API int64_t ken__npy_rows(const ken_npy_array *array);

KEN_END_C

#endif
