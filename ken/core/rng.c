/* Philox4x32-10. */
#include "ken/core/rng.h"

#include <math.h>
#include <string.h>

#include "ken/core/dict.h"
#include "ken/kernels/elementary.h"

void ken_philox4x32(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]) {
    uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
    uint32_t k0 = key[0], k1 = key[1];
    for (int round = 0; round < 10; round++) {
        const uint64_t p0 = (uint64_t)0xD2511F53u * c0, p1 = (uint64_t)0xCD9E8D57u * c2;
        c0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0;
        c2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
        c1 = (uint32_t)p1;
        c3 = (uint32_t)p0;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    out[0] = c0, out[1] = c1, out[2] = c2, out[3] = c3;
}

ken_rng ken_rng_stream(const ken_ctx *ctx, const char *name, uint64_t index) {
    ken_rng rng;
    const uint64_t key = ken_hash(name, strlen(name), ken_ctx_seed(ctx));
    memset(&rng, 0, sizeof rng);
    rng.key[0] = (uint32_t)key;
    rng.key[1] = (uint32_t)(key >> 32);
    rng.counter[2] = (uint32_t)index;
    rng.counter[3] = (uint32_t)(index >> 32);
    rng.used = 4;
    return rng;
}

uint32_t ken_rng_u32(ken_rng *rng) {
    if (rng->used == 4) {
        ken_philox4x32(rng->counter, rng->key, rng->block);
        if (++rng->counter[0] == 0) rng->counter[1]++;
        rng->used = 0;
    }
    return rng->block[rng->used++];
}

uint64_t ken_rng_u64(ken_rng *rng) {
    const uint64_t low = ken_rng_u32(rng);
    return (uint64_t)ken_rng_u32(rng) << 32 | low;
}

/* Multiply and shift, refusing the few draws that would favor some results (Lemire 2019). Two
 * halves of 32 bits, so that no 128-bit product is needed. */
uint64_t ken_rng_below(ken_rng *rng, uint64_t bound) {
    if (bound <= UINT32_MAX) {
        const uint32_t b = (uint32_t)bound, least = (uint32_t)(-b) % b;
        uint64_t product;
        do product = (uint64_t)ken_rng_u32(rng) * b;
        while ((uint32_t)product < least);
        return product >> 32;
    }
    const uint64_t least = (uint64_t)(-bound) % bound;
    uint64_t draw;
    do draw = ken_rng_u64(rng);
    while (draw < least);
    return draw % bound;
}

double ken_rng_f64(ken_rng *rng) { return (double)(ken_rng_u64(rng) >> 11) * 0x1p-53; }

double ken_rng_normal(ken_rng *rng) {
    const double u = 1.0 - ken_rng_f64(rng), v = ken_rng_f64(rng);
    return sqrt(-2.0 * ken_log(u)) * ken_cos(6.283185307179586477 * v);
}

void ken_rng_shuffle(ken_rng *rng, int64_t *items, int64_t n) {
    for (int64_t i = n - 1; i > 0; i--) {
        const int64_t j = (int64_t)ken_rng_below(rng, (uint64_t)i + 1), kept = items[i];
        items[i] = items[j];
        items[j] = kept;
    }
}
