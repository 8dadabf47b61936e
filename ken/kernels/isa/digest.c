/* SHA-256 by the processor's own instructions, where it has them: a checksum of a file then costs
 * less than reading it as a table. core/sha256.c is the portable one and the oracle.
 * source  FIPS 180-4, section 6.2. */
#include "ken/core/sha256.h"
#include "ken/kernels/isa/isa.h"

bool KEN_K(sha256_blocks)(uint32_t state[8], const void *data, int64_t n_blocks);

#if KEN_AVX2 && defined(__GNUC__) && defined(__x86_64__)
#include <cpuid.h>

static bool digest_has_sha(void) {
    unsigned a, b = 0, c, d;
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b >> 29 & 1);
}

/* The instructions want the state as (a b e f) and (c d g h), four rounds by two of them. */
__attribute__((target("sha,sse4.1,ssse3"))) static void
digest_blocks(uint32_t state[8], const uint8_t *p, int64_t n_blocks) {
    const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
    const __m128i dcba = _mm_loadu_si128((const __m128i *)(const void *)state);
    const __m128i hgfe = _mm_loadu_si128((const __m128i *)(const void *)(state + 4));
    const __m128i cdab = _mm_shuffle_epi32(dcba, 0xB1), efgh = _mm_shuffle_epi32(hgfe, 0x1B);
    __m128i abef = _mm_alignr_epi8(cdab, efgh, 8), cdgh = _mm_blend_epi16(efgh, cdab, 0xF0);
    for (; n_blocks > 0; n_blocks--, p += 64) {
        const __m128i abef_before = abef, cdgh_before = cdgh;
        __m128i w[4];
        for (int i = 0; i < 4; i++)
            w[i] = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(const void *)(p + 16 * i)),
                                    swap);
#pragma GCC unroll 16
        for (int i = 0; i < 16; i++) {
            const __m128i now = w[i & 3];
            const __m128i sum = _mm_add_epi32(
                now, _mm_loadu_si128((const __m128i *)(const void *)(ken__sha256_k + 4 * i)));
            cdgh = _mm_sha256rnds2_epu32(cdgh, abef, sum);
            abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(sum, 0x0E));
            if (i >= 12) continue; /* the four words that come 16 later */
            const __m128i w7 = _mm_alignr_epi8(w[(i + 3) & 3], w[(i + 2) & 3], 4);
            w[i & 3] = _mm_sha256msg2_epu32(
                _mm_add_epi32(_mm_sha256msg1_epu32(now, w[(i + 1) & 3]), w7), w[(i + 3) & 3]);
        }
        abef = _mm_add_epi32(abef, abef_before);
        cdgh = _mm_add_epi32(cdgh, cdgh_before);
    }
    const __m128i feba = _mm_shuffle_epi32(abef, 0x1B), dchg = _mm_shuffle_epi32(cdgh, 0xB1);
    _mm_storeu_si128((__m128i *)(void *)state, _mm_blend_epi16(feba, dchg, 0xF0));
    _mm_storeu_si128((__m128i *)(void *)(state + 4), _mm_alignr_epi8(dchg, feba, 8));
}

bool KEN_K(sha256_blocks)(uint32_t state[8], const void *data, int64_t n_blocks) {
    if (!digest_has_sha()) return false;
    digest_blocks(state, data, n_blocks);
    return true;
}

#else

bool KEN_K(sha256_blocks)(uint32_t state[8], const void *data, int64_t n_blocks) {
    (void)state, (void)data, (void)n_blocks;
    return false;
}

#endif
