/* Model files over the safetensors container. Layout of a file that ken writes:
 *
 *   8 bytes   length of the header, little end first
 *   header    {"__metadata__":{"ken":"<JSON of the model>","sha256":"<64 digits>"}, tensors ...},
 *             padded with blanks so that the data starts at a multiple of 64
 *   data      the tensors, wide elements first, then by name: each aligned, no holes
 *
 * The digest covers all of that, its own digits taken as zeros. */
#include "ken/io/model_file/model_file.h"

#include <stdlib.h>
#include <string.h>

#include "ken/core/sha256.h"
#include "ken/io/file.h"
#include "ken/io/model_file/safetensors.h"

#define MODEL_FILE_HINT "give a file that ken has saved"
#define MODEL_FILE_DAMAGED "copy it again from where it came, or train the model again"
static const char model_file_key[] = "\"sha256\":\"";

/* --- writing -------------------------------------------------------------------------------- */
static size_t model_file_bytes(const ken_tensor *t) {
    return (size_t)ken_tensor_count(t) * ken_dtype_size(t->dtype);
}

static int model_file_order(const void *a, const void *b) {
    const ken_named_tensor *x = *(const ken_named_tensor *const *)a;
    const ken_named_tensor *y = *(const ken_named_tensor *const *)b;
    const size_t p = ken_dtype_size(x->tensor.dtype), q = ken_dtype_size(y->tensor.dtype);
    if (p != q) return p > q ? -1 : 1;
    return strcmp(x->name, y->name);
}

static ken_status model_file_sorted(ken_ctx *ctx, const ken_bundle *bundle,
                                    const ken_named_tensor ***out) {
    const int n = ken_bundle_count(bundle);
    KEN_TRY(KEN_SCRATCH(ctx, const ken_named_tensor *, n, out));
    for (int i = 0; i < n; i++) {
        const ken_named_tensor *t = ken_bundle_at(bundle, i);
        if (!ken_safetensors_dtype(t->tensor.dtype) || !ken_tensor_is_contiguous(&t->tensor))
            return KEN_FAIL(ctx, KEN_E_BUG, "please report it",
                            "model file: attribute '%s' of type %s cannot be saved", t->name,
                            ken_dtype_name(t->tensor.dtype));
        (*out)[i] = t;
    }
    if (n > 1) qsort(*out, (size_t)n, sizeof **out, model_file_order);
    return KEN_OK;
}

/* The header as text, length in front, digest still zeros. *digits: where they are. */
static ken_status model_file_header(const ken_bundle *bundle,
                                    const ken_named_tensor *const *tensors, ken_text *out,
                                    size_t *digits) {
    ken_json_writer w = ken_json_writer_new(out, 0);
    const char zeros[65] = "0000000000000000000000000000000000000000000000000000000000000000";
    uint64_t at = 0;
    const char *text;
    ken_text_add_bytes(out, "\0\0\0\0\0\0\0\0", 8);
    ken_json_object(&w);
    ken_json_put_key(&w, "__metadata__");
    ken_json_object(&w);
    KEN_JSON(&w, "ken", string, ken_bundle_json(bundle));
    KEN_JSON(&w, "sha256", string, zeros);
    *digits = out->size - 65;
    ken_json_end_object(&w);
    for (int i = 0; i < ken_bundle_count(bundle); i++) {
        const ken_tensor *t = &tensors[i]->tensor;
        ken_json_put_key(&w, tensors[i]->name);
        ken_json_object(&w);
        KEN_JSON(&w, "dtype", string, ken_safetensors_dtype(t->dtype));
        ken_json_put_key(&w, "shape");
        ken_json_array(&w);
        for (int j = 0; j < t->ndim; j++) ken_json_put_i64(&w, t->shape[j]);
        ken_json_end_array(&w);
        ken_json_put_key(&w, "data_offsets");
        ken_json_array(&w);
        ken_json_put_i64(&w, (int64_t)at);
        at += model_file_bytes(t);
        ken_json_put_i64(&w, (int64_t)at);
        ken_json_end_array(&w);
        ken_json_end_object(&w);
    }
    ken_json_end_object(&w);
    while (out->status == KEN_OK && out->size % 64 != 0) ken_text_add_char(out, ' ');
    KEN_TRY(ken_text_end(out, &text));
    for (int i = 0; i < 8; i++) out->data[i] = (char)((uint64_t)(out->size - 8) >> (8 * i));
    return KEN_OK;
}

typedef ken_status (*model_file_sink)(void *arg, const void *bytes, size_t size);

static ken_status model_file_emit(ken_ctx *ctx, const ken_bundle *bundle, ken_text *header,
                                  model_file_sink sink, void *arg) {
    const ken_named_tensor **tensors;
    const int n = ken_bundle_count(bundle);
    ken_sha256 sha;
    uint8_t digest[32];
    char hex[65];
    size_t digits;
    KEN_TRY(model_file_sorted(ctx, bundle, &tensors));
    KEN_TRY(model_file_header(bundle, tensors, header, &digits));
    ken_sha256_begin(&sha);
    ken_sha256_add(&sha, header->data, header->size);
    for (int i = 0; i < n; i++)
        ken_sha256_add(&sha, tensors[i]->tensor.data, model_file_bytes(&tensors[i]->tensor));
    ken_sha256_end(&sha, digest);
    ken_sha256_hex(digest, hex);
    memcpy(header->data + digits, hex, 64);
    KEN_TRY(sink(arg, header->data, header->size));
    for (int i = 0; i < n; i++)
        KEN_TRY(sink(arg, tensors[i]->tensor.data, model_file_bytes(&tensors[i]->tensor)));
    return KEN_OK;
}

static ken_status model_file_pack(ken_ctx *ctx, const ken_model *model, model_file_sink sink,
                                  void *arg) {
    const ken_mark mark = ken_scratch_mark(ctx);
    ken_text header = ken_text_new(ctx);
    ken_bundle *bundle = NULL;
    ken_status status = ken_model_pack(ctx, model, &bundle);
    if (status == KEN_OK) status = model_file_emit(ctx, bundle, &header, sink, arg);
    ken_text_free(&header);
    ken_bundle_free(bundle);
    ken_scratch_release(ctx, mark);
    return status;
}

static ken_status model_file_to_text(void *arg, const void *bytes, size_t size) {
    ken_text *t = arg;
    ken_text_add_bytes(t, bytes, size);
    return t->status;
}

ken_status ken_model_write(ken_ctx *ctx, const ken_model *model, void **bytes, size_t *size) {
    ken_text out = ken_text_new(ctx);
    const ken_status status = model_file_pack(ctx, model, model_file_to_text, &out);
    *bytes = NULL;
    *size = 0;
    if (status != KEN_OK) {
        ken_text_free(&out);
        return status;
    }
    *bytes = out.data;
    *size = out.size;
    return KEN_OK;
}

static ken_status model_file_to_file(void *arg, const void *bytes, size_t size) {
    return ken_file_write(arg, bytes, size);
}

ken_status ken_model_save(ken_ctx *ctx, const ken_model *model, const char *path) {
    ken_file_writer *file;
    KEN_TRY(ken_file_create(ctx, path, &file));
    const ken_status status = model_file_pack(ctx, model, model_file_to_file, file);
    if (status == KEN_OK) return ken_file_commit(file);
    ken_file_discard(file);
    return status;
}

/* --- reading -------------------------------------------------------------------------------- */
/* Where the 64 digits are in the header; NULL: nowhere. Quotes inside JSON strings are written \",
 * so the pattern can only be the key itself. */
static const char *model_file_digits(const char *header, size_t size) {
    const size_t n = sizeof model_file_key - 1;
    for (size_t i = 0; i + n + 65 <= size; i++)
        if (header[i] == '"' && memcmp(header + i, model_file_key, n) == 0 &&
            header[i + n + 64] == '"')
            return header + i + n;
    return NULL;
}

static bool model_file_intact(const char *bytes, size_t size, const char *digits) {
    const size_t at = (size_t)(digits - bytes);
    ken_sha256 sha;
    uint8_t digest[32];
    char zeros[64], hex[65];
    memset(zeros, '0', sizeof zeros);
    ken_sha256_begin(&sha);
    ken_sha256_add(&sha, bytes, at);
    ken_sha256_add(&sha, zeros, 64);
    ken_sha256_add(&sha, bytes + at + 64, size - at - 64);
    ken_sha256_end(&sha, digest);
    ken_sha256_hex(digest, hex);
    return memcmp(hex, digits, 64) == 0;
}

/* The digest does not fit: cut short, or otherwise damaged? */
static ken_status model_file_damaged(ken_ctx *ctx, const char *name, const void *bytes,
                                     size_t size) {
    ken_safetensors file;
    const ken_status status = ken_safetensors_parse(ctx, name, bytes, size, &file);
    const unsigned long long there = file.data_size, needed = file.data_needed;
    ken_safetensors_free(ctx, &file);
    if (status == KEN_E_NOMEM) return status;
    if (needed > there && status == KEN_E_FORMAT)
        return KEN_FAIL(ctx, KEN_E_FORMAT, MODEL_FILE_DAMAGED,
                        "%s: cut short: %llu of %llu bytes of data are there", name, there, needed);
    return KEN_FAIL(ctx, KEN_E_FORMAT, MODEL_FILE_DAMAGED,
                    "%s: damaged: the contents do not match their checksum", name);
}

static ken_status model_file_unpack(ken_ctx *ctx, const char *name, const ken_safetensors *file,
                                    bool has_digest, ken_model **out) {
    size_t size;
    const char *json = ken_json_string(ken_json_get(file->metadata, "ken"), &size, NULL);
    if (!json)
        return KEN_FAIL(ctx, KEN_E_FORMAT, MODEL_FILE_HINT,
                        "%s: a safetensors file, but not a model of ken", name);
    if (!has_digest)
        return KEN_FAIL(ctx, KEN_E_FORMAT, MODEL_FILE_DAMAGED,
                        "%s: damaged, or written again by another program: its checksum is missing",
                        name);
    return ken_model_unpack(ctx, name, json, size, file->tensors, file->n, out);
}

/* Shorter than its header says is damage; anything else was never a model. */
static ken_status model_file_no_header(ken_ctx *ctx, const char *name, size_t size,
                                       ken_status status) {
    if (strstr(ken_ctx_message(ctx), "cut short"))
        ken_fail_hint(ctx, "%s", MODEL_FILE_DAMAGED);
    else if (size == 0)
        ken_fail_hint(ctx, "%s", MODEL_FILE_HINT);
    else
        return KEN_FAIL(ctx, KEN_E_FORMAT, MODEL_FILE_HINT, "%s: not a model file", name);
    return status;
}

ken_status ken_model_read(ken_ctx *ctx, const char *name, const void *bytes, size_t size,
                          ken_model **out) {
    const char *header, *digits;
    size_t header_size;
    ken_safetensors file;
    ken_status status;
    *out = NULL;
    status = ken_safetensors_header(ctx, name, bytes, size, &header, &header_size);
    if (status != KEN_OK) return model_file_no_header(ctx, name, size, status);
    digits = model_file_digits(header, header_size);
    if (digits && !model_file_intact(bytes, size, digits))
        return model_file_damaged(ctx, name, bytes, size);
    status = ken_safetensors_parse(ctx, name, bytes, size, &file);
    if (status == KEN_OK)
        status = model_file_unpack(ctx, name, &file, digits != NULL, out);
    else if (status == KEN_E_FORMAT)
        ken_fail_hint(ctx, "%s", MODEL_FILE_DAMAGED);
    ken_safetensors_free(ctx, &file);
    return status;
}

ken_status ken_model_load(ken_ctx *ctx, const char *path, ken_model **out) {
    ken_file_bytes file;
    ken_status status;
    *out = NULL;
    KEN_TRY(ken_file_open(ctx, path, &file));
    status = ken_model_read(ctx, path, file.data, file.size, out);
    ken_file_close(ctx, &file);
    return status;
}
