/* HMAC-SHA256 (RFC 2104): who knows the key of the connection file wrote the message. */
#ifndef KEN_KERNEL_HMAC_H
#define KEN_KERNEL_HMAC_H

#include "ken/core/sha256.h"

typedef struct hmac {
    ken_sha256 inner;
    uint8_t outer_pad[64];
} hmac;

void hmac_begin(hmac *h, const void *key, size_t size);
void hmac_add(hmac *h, const void *data, size_t size);
void hmac_end(hmac *h, uint8_t digest[32]);
/* In a time that does not depend on where the two differ. */
bool hmac_equal(const void *a, const void *b, size_t size);

#endif
