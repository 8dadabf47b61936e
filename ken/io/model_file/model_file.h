/* Model files: a valid safetensors file whose metadata key "ken" holds our JSON, with a SHA-256 over
 * header and data. Equal models give equal bytes. Nothing in a file is ever executed. */
#ifndef KEN_IO_MODEL_FILE_H
#define KEN_IO_MODEL_FILE_H

#include "ken/core/model.h"

KEN_BEGIN_C

/* Whole or not at all: temporary file, fsync, rename. */
KEN_API ken_status ken_model_save(ken_ctx *ctx, const ken_model *model, const char *path);
/* errors  KEN_E_IO · KEN_E_FORMAT (not a model, truncated, any flipped bit) · KEN_E_UNSUPPORTED */
KEN_API ken_status ken_model_load(ken_ctx *ctx, const char *path, ken_model **out);
/* To and from memory; *bytes is ken_free'd by the caller. */
KEN_API ken_status ken_model_write(ken_ctx *ctx, const ken_model *model, void **bytes, size_t *size);
KEN_API ken_status ken_model_read(ken_ctx *ctx, const char *name, const void *bytes, size_t size,
                                  ken_model **out);

KEN_END_C

#endif
