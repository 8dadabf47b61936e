/* Inside a module: what the verbs share. A module is one page's library: one context (strict, one thread), a
 * table of handles, one buffer in and one buffer out. The only caller is hub/runtime/ken.mjs.
 *
 * In: the caller asks kw_input for room and writes there; a verb is told how many bytes of it are its JSON
 * (always first); arrays follow at the next multiple of 8. Out: bytes at kw_result(), kw_result_size() of
 * them, until the next call. Return: a handle or a count, or a negative ken_status, told by kw_error(). */
#ifndef KEN_WASM_KW_H
#define KEN_WASM_KW_H

#include <math.h>
#include <string.h>

#include "ken/ken.h"

/* The reader of files; NULL in a module that takes none. Written by tools/wasm. */
extern __typeof__(ken_csv_parse) *const kw_csv_parse;

#if defined(__wasm__)
#define KW_EXPORT(name) __attribute__((export_name("kw_" #name)))
#else
#define KW_EXPORT(name)
#endif
/* KW(seed)(double seed) { ... } defines and exports kw_seed. */
#define KW(name, ...)                   \
    int32_t kw_##name(__VA_ARGS__);     \
    KW_EXPORT(name) int32_t kw_##name(__VA_ARGS__)

typedef enum kw_kind { KW_FREE = 0, KW_TABLE, KW_MODEL, KW_TRACE } kw_kind;

/* What a fit or a trace works on; borrows from a table of the caller. */
typedef struct kw_fit_data {
    ken_data data;
    ken_table *features;
    uint8_t *role;
} kw_fit_data;

/* Scratch of a trace lives until it ends, so each has a context of its own. */
typedef struct kw_trace {
    ken_ctx *ctx;
    ken_trace *trace;
    kw_fit_data fit;
    int32_t table, model; /* handles that it holds */
} kw_trace;

ken_ctx *kw_ctx(void);
ken_status kw_ctx_new(ken_ctx **out);        /* as the module's own, with its seed */
ken_status kw_from(ken_ctx *ctx, ken_status status); /* kw_error tells the error of `ctx` */

/* Parses the first `size` bytes of the input; *in lives until the next call. size 0: *in is NULL. */
ken_status kw_json(int32_t size, const ken_json **in);
/* What follows `size` bytes of JSON: `bytes` of it; checked. */
ken_status kw_rest(int32_t size, size_t bytes, const void **out);

/* The result: room for count items of `item` bytes, or a text. The JSON form: begin, write, end. */
ken_status kw_result_new(int64_t count, size_t item, void **out);
ken_json_writer *kw_result_json(void);
ken_status kw_result_end(void); /* KEN_OK, and the text is the result */
ken_text *kw_result_text(void); /* for those who write lines; end it the same way */

ken_status kw_handle_new(kw_kind kind, void *object, int32_t *handle);
ken_status kw_get(int32_t handle, kw_kind kind, void *out); /* out: pointer to a pointer */
void kw_hold(int32_t handle, int change);                   /* +1: a trace stands on it; -1: no more */
ken_status kw_unheld(int32_t handle);                       /* error when a trace stands on it */

ken_status kw_fit_data_read(ken_ctx *ctx, const ken_table *table, const ken_json *in, int32_t size,
                            int32_t roles, kw_fit_data *out);
void kw_fit_data_free(ken_ctx *ctx, kw_fit_data *fit);
void kw_trace_free(kw_trace *trace);
int32_t kw_free(int32_t handle);
const char *kw_text(const ken_json *in, const char *key, const char *otherwise);

#endif
