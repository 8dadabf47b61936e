/* SHA-256 (FIPS 180-4), for checksums of model files and data. */
#ifndef KEN_CORE_SHA256_H
#define KEN_CORE_SHA256_H

#include "ken/core/compiler.h"

KEN_BEGIN_C

typedef struct ken_sha256 {
    uint32_t state[8];
    uint64_t size;
    uint8_t block[64];
} ken_sha256;

KEN_API void ken_sha256_begin(ken_sha256 *sha);
KEN_API void ken_sha256_add(ken_sha256 *sha, const void *data, size_t size);
KEN_API void ken_sha256_end(ken_sha256 *sha, uint8_t digest[32]);
/* 64 lower-case hexadecimal digits and a NUL. */
KEN_API void ken_sha256_hex(const uint8_t digest[32], char text[65]);

extern const uint32_t ken__sha256_k[64]; /* private: the constants of the rounds, for kernels/isa */

KEN_END_C

#endif
