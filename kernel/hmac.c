/* HMAC-SHA256: H(key ^ opad, H(key ^ ipad, text)). */
#include "kernel/hmac.h"

#include <string.h>

enum { HMAC_BLOCK = 64, HMAC_DIGEST = 32 };

void hmac_begin(hmac *h, const void *key, size_t size) {
    uint8_t block[HMAC_BLOCK] = {0}, inner_pad[HMAC_BLOCK];
    if (size > HMAC_BLOCK) { /* a long key is replaced by its digest */
        ken_sha256_begin(&h->inner);
        ken_sha256_add(&h->inner, key, size);
        ken_sha256_end(&h->inner, block);
    } else if (size) {
        memcpy(block, key, size);
    }
    for (int i = 0; i < HMAC_BLOCK; i++) {
        inner_pad[i] = block[i] ^ 0x36;
        h->outer_pad[i] = block[i] ^ 0x5c;
    }
    ken_sha256_begin(&h->inner);
    ken_sha256_add(&h->inner, inner_pad, HMAC_BLOCK);
}

void hmac_add(hmac *h, const void *data, size_t size) { ken_sha256_add(&h->inner, data, size); }

void hmac_end(hmac *h, uint8_t digest[32]) {
    ken_sha256 outer;
    uint8_t inner[HMAC_DIGEST];
    ken_sha256_end(&h->inner, inner);
    ken_sha256_begin(&outer);
    ken_sha256_add(&outer, h->outer_pad, HMAC_BLOCK);
    ken_sha256_add(&outer, inner, HMAC_DIGEST);
    ken_sha256_end(&outer, digest);
}

bool hmac_equal(const void *a, const void *b, size_t size) {
    const volatile uint8_t *x = a, *y = b;
    uint8_t differs = 0;
    for (size_t i = 0; i < size; i++) differs |= x[i] ^ y[i];
    return differs == 0;
}
