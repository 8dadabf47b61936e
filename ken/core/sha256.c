/* SHA-256: FIPS 180-4, section 6.2. */
#include "ken/core/sha256.h"

#include <string.h>

const uint32_t ken__sha256_k[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static uint32_t sha256_rotate(uint32_t x, int n) { return x >> n | x << (32 - n); }

static uint32_t sha256_word(const uint8_t *p) {
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* One round; the caller turns the eight letters instead of moving eight values. */
#define SHA256_ROUND(a, b, c, d, e, f, g, h, i)                                                    \
    do {                                                                                           \
        h += (sha256_rotate(e, 6) ^ sha256_rotate(e, 11) ^ sha256_rotate(e, 25)) +                 \
             (g ^ (e & (f ^ g))) + k[i] + w[i];                                                    \
        d += h;                                                                                    \
        h += (sha256_rotate(a, 2) ^ sha256_rotate(a, 13) ^ sha256_rotate(a, 22)) +                 \
             ((a & b) | (c & (a | b)));                                                            \
    } while (0)
#define SHA256_EIGHT_ROUNDS(i)                                                                     \
    do {                                                                                           \
        SHA256_ROUND(a, b, c, d, e, f, g, h, i);                                                   \
        SHA256_ROUND(h, a, b, c, d, e, f, g, i + 1);                                               \
        SHA256_ROUND(g, h, a, b, c, d, e, f, i + 2);                                               \
        SHA256_ROUND(f, g, h, a, b, c, d, e, i + 3);                                               \
        SHA256_ROUND(e, f, g, h, a, b, c, d, i + 4);                                               \
        SHA256_ROUND(d, e, f, g, h, a, b, c, i + 5);                                               \
        SHA256_ROUND(c, d, e, f, g, h, a, b, i + 6);                                               \
        SHA256_ROUND(b, c, d, e, f, g, h, a, i + 7);                                               \
    } while (0)
/* Word i of the next sixteen, in place of the one sixteen before it. */
#define SHA256_EXPAND(i)                                                                           \
    (w[i] += (sha256_rotate(w[(i + 1) & 15], 7) ^ sha256_rotate(w[(i + 1) & 15], 18) ^             \
              w[(i + 1) & 15] >> 3) +                                                              \
             w[(i + 9) & 15] +                                                                     \
             (sha256_rotate(w[(i + 14) & 15], 17) ^ sha256_rotate(w[(i + 14) & 15], 19) ^          \
              w[(i + 14) & 15] >> 10))
#define SHA256_EXPAND_FOUR(i)                                                                      \
    (SHA256_EXPAND(i), SHA256_EXPAND(i + 1), SHA256_EXPAND(i + 2), SHA256_EXPAND(i + 3))

static void sha256_block(uint32_t state[8], const uint8_t *p) {
    uint32_t w[16];
    uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
    uint32_t e = state[4], f = state[5], g = state[6], h = state[7];
    for (int i = 0; i < 16; i++) w[i] = sha256_word(p + 4 * i);
    for (const uint32_t *k = ken__sha256_k; k < ken__sha256_k + 64; k += 16) {
        if (k > ken__sha256_k) {
            SHA256_EXPAND_FOUR(0);
            SHA256_EXPAND_FOUR(4);
            SHA256_EXPAND_FOUR(8);
            SHA256_EXPAND_FOUR(12);
        }
        SHA256_EIGHT_ROUNDS(0);
        SHA256_EIGHT_ROUNDS(8);
    }
    state[0] += a;
    state[1] += b;
    state[2] += c;
    state[3] += d;
    state[4] += e;
    state[5] += f;
    state[6] += g;
    state[7] += h;
}

void ken_sha256_begin(ken_sha256 *sha) {
    static const uint32_t start[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                      0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    memcpy(sha->state, start, sizeof start);
    sha->size = 0;
}

void ken_sha256_add(ken_sha256 *sha, const void *data, size_t size) {
    const uint8_t *p = data;
    const size_t used = (size_t)(sha->size % 64);
    if (size == 0) return;
    sha->size += size;
    if (used) {
        const size_t take = KEN_MIN(size, 64 - used);
        memcpy(sha->block + used, p, take);
        if (used + take < 64) return;
        sha256_block(sha->state, sha->block);
        p += take;
        size -= take;
    }
    for (; size >= 64; p += 64, size -= 64) sha256_block(sha->state, p);
    memcpy(sha->block, p, size);
}

void ken_sha256_end(ken_sha256 *sha, uint8_t digest[32]) {
    const uint64_t bits = sha->size * 8;
    const size_t used = (size_t)(sha->size % 64);
    uint8_t tail[72] = {0x80};
    const size_t pad = (used < 56 ? 56 : 120) - used;
    for (int i = 0; i < 8; i++) tail[pad + (size_t)i] = (uint8_t)(bits >> (56 - 8 * i));
    ken_sha256_add(sha, tail, pad + 8);
    for (int i = 0; i < 32; i++) digest[i] = (uint8_t)(sha->state[i / 4] >> (24 - 8 * (i % 4)));
}

void ken_sha256_hex(const uint8_t digest[32], char text[65]) {
    static const char hex[] = "0123456789abcdef";
    for (int i = 0; i < 32; i++) {
        text[2 * i] = hex[digest[i] >> 4];
        text[2 * i + 1] = hex[digest[i] & 15];
    }
    text[64] = 0;
}
