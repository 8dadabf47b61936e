/* Counter-based random numbers (Philox4x32-10), addressed by name and index: a draw depends on the
 * seed, the stream's name, its index and its number, never on threads or order.
 *
 * source  Salmon, Moraes, Dror & Shaw 2011 (SC'11), "Parallel random numbers: as easy as 1, 2, 3" */
#ifndef KEN_CORE_RNG_H
#define KEN_CORE_RNG_H

#include "ken/core/ctx.h"

KEN_BEGIN_C

typedef struct ken_rng {
    uint32_t key[2];
    uint32_t counter[4]; /* [0..1] draw number, [2..3] index of the stream */
    uint32_t block[4];
    int used;            /* words of `block` already given */
} ken_rng;

/* The bare function, for tests and for code that addresses each draw itself. */
KEN_API void ken_philox4x32(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]);

/* ken_rng_stream(ctx, "forest.bootstrap", tree) */
KEN_API ken_rng ken_rng_stream(const ken_ctx *ctx, const char *name, uint64_t index);
KEN_API uint32_t ken_rng_u32(ken_rng *rng);
KEN_API uint64_t ken_rng_u64(ken_rng *rng);
KEN_API uint64_t ken_rng_below(ken_rng *rng, uint64_t bound); /* unbiased; bound >= 1 */
KEN_API double ken_rng_f64(ken_rng *rng);                     /* [0, 1), 53 bits */
KEN_API double ken_rng_normal(ken_rng *rng);                  /* mean 0, variance 1 (Box-Muller) */
/* Fisher-Yates over 64-bit indices, in place. */
KEN_API void ken_rng_shuffle(ken_rng *rng, int64_t *items, int64_t n);

KEN_END_C

#endif
