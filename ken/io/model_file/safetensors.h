/* The safetensors container: 8 bytes of header length, a JSON header, then the tensors' bytes. */
#ifndef KEN_IO_SAFETENSORS_H
#define KEN_IO_SAFETENSORS_H

#include "ken/core/model.h"

KEN_BEGIN_C

typedef struct ken_safetensors {
    ken_json_doc *header;      /* owned */
    const ken_json *metadata;  /* member __metadata__, NULL: none */
    ken_named_tensor *tensors; /* owned; dense, read-only, in the order of their bytes */
    int n;
    void *moved;          /* owned: tensors that lie badly aligned in the file */
    uint64_t data_size;   /* bytes there */
    uint64_t data_needed; /* bytes that the header claims, also after a failure */
} ken_safetensors;

/* Reads a whole file in memory. name: the file's, for messages. The tensors point into `bytes`,
 * which must outlive them; names are lent by the header. Free it with ken_safetensors_free, also
 * after a failure. errors  KEN_E_FORMAT not such a file, or one that breaks a rule of the format
 * (lengths, shapes and offsets that do not fit, holes, overlaps, equal names) · KEN_E_UNSUPPORTED
 * an element type or a number of dimensions that ken has not · KEN_E_NOMEM source
 * https://huggingface.co/docs/safetensors (format 0.4) */
KEN_API ken_status ken_safetensors_parse(ken_ctx *ctx, const char *name, const void *bytes,
                                         size_t size, ken_safetensors *out);
KEN_API void ken_safetensors_free(ken_ctx *ctx, ken_safetensors *file);

/* The header's bounds, checked: *header and *header_size are the JSON text, padding included. */
KEN_API ken_status ken_safetensors_header(ken_ctx *ctx, const char *name, const void *bytes,
                                          size_t size, const char **header, size_t *header_size);
/* "F64" ...; NULL for types that such files do not have. */
KEN_API const char *ken_safetensors_dtype(ken_dtype dtype);

KEN_END_C

#endif
