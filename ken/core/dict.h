/* A dictionary from text to a number 0, 1, 2 ... in order of first appearance. */
#ifndef KEN_CORE_DICT_H
#define KEN_CORE_DICT_H

#include "ken/core/table.h"

KEN_BEGIN_C

typedef struct ken_dict ken_dict;

KEN_API ken_status ken_dict_new(ken_ctx *ctx, ken_dict **out);
KEN_API void ken_dict_free(ken_dict *dict);
/* The number of `key`, adding it if new. errors: KEN_E_NOMEM, KEN_E_LIMIT (2^31 keys). */
KEN_API ken_status ken_dict_add(ken_dict *dict, const char *key, size_t size, int32_t *code);
KEN_API int32_t ken_dict_find(const ken_dict *dict, const char *key, size_t size); /* -1: none */
KEN_API int64_t ken_dict_count(const ken_dict *dict);
/* The keys in order of number; lent until the next addition. */
KEN_API ken_strings ken_dict_keys(const ken_dict *dict);
/* A dictionary of all texts of a list (equal texts get the first one's number). */
KEN_API ken_status ken_dict_of(ken_ctx *ctx, const ken_strings *strings, ken_dict **out);
/* A 64-bit hash of bytes (not cryptographic; the same on every machine). */
KEN_API uint64_t ken_hash(const void *data, size_t size, uint64_t seed);

KEN_END_C

#endif
