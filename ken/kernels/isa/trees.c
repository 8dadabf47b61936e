/* Kernels that send rows through a decision tree, many at once: whole numbers, the same on every
 * instruction set. What is asked, and of which codes: ken/tree/tree_layout.h.
 *
 * A tree is a list of questions, parents before children. Every row has a place, at first 0; question
 * q is asked at place[q], and sends the rows that stand there and whose code is greater than rank[q]
 * on to place q + 1, while the others stay. Each leaf is then a place of its own. Nothing is looked up
 * by row, so no load waits for another: three operations serve 64 rows with AVX-512. It is worth it
 * while the questions are few (the walk of one row meets only the depth of the tree of them). */
#include "ken/kernels/isa/isa.h"

#include <string.h>

void KEN_K(tree_places)(const ken_tree_ask *ask, int n, const uint8_t *codes, int64_t rows,
                        uint8_t *place);
void KEN_K(tree_levels)(const ken_tree_ask *ask, int depth, const uint8_t *codes, int64_t rows,
                        uint8_t *place);

#if KEN_AVX512
enum { TREES_TILE = 64, TREES_TILES = 8 };
#define TREES_INLINE static inline __attribute__((always_inline))

/* `tiles` is a constant of the caller's: the places stay in registers. */
TREES_INLINE void trees_ask(const ken_tree_ask *ask, int n, const uint8_t *codes, int tiles,
                            uint8_t *place) {
    const __m512i one = _mm512_set1_epi8(1);
    __m512i at[TREES_TILES], next = _mm512_setzero_si512();
    for (int t = 0; t < tiles; t++) at[t] = next;
    for (int q = 0; q < n; q++) {
        const __m512i here = _mm512_set1_epi8((char)ask[q].place);
        const __m512i rank = _mm512_set1_epi8((char)ask[q].rank);
        const uint8_t *code = codes + (int64_t)ask[q].slot * KEN_TREE_GROUP;
        next = _mm512_add_epi8(next, one);
#pragma GCC unroll 8
        for (int t = 0; t < tiles; t++) {
            const __mmask64 asked = _mm512_cmpeq_epi8_mask(at[t], here);
            const __mmask64 right = _mm512_mask_cmpgt_epu8_mask(
                asked, _mm512_loadu_si512(code + TREES_TILE * t), rank);
            at[t] = _mm512_mask_mov_epi8(at[t], right, next);
        }
    }
#pragma GCC unroll 8
    for (int t = 0; t < tiles; t++) _mm512_storeu_si512(place + TREES_TILE * t, at[t]);
}

void KEN_K(tree_places)(const ken_tree_ask *ask, int n, const uint8_t *codes, int64_t rows,
                        uint8_t *place) {
    if (rows > 4 * TREES_TILE)
        trees_ask(ask, n, codes, 8, place);
    else if (rows > 2 * TREES_TILE)
        trees_ask(ask, n, codes, 4, place);
    else
        trees_ask(ask, n, codes, 2, place);
}

void KEN_K(tree_levels)(const ken_tree_ask *ask, int depth, const uint8_t *codes, int64_t rows,
                        uint8_t *place) {
    for (int64_t r = 0; r < rows; r += TREES_TILE) {
        __m512i at = _mm512_setzero_si512();
        for (int q = 0; q < depth; q++) {
            const __m512i rank = _mm512_set1_epi8((char)ask[q].rank);
            const __m512i code =
                _mm512_loadu_si512(codes + (int64_t)ask[q].slot * KEN_TREE_GROUP + r);
            at = _mm512_mask_add_epi8(at, _mm512_cmpgt_epu8_mask(code, rank), at,
                                      _mm512_set1_epi8((char)(1 << (depth - 1 - q))));
        }
        _mm512_storeu_si512(place + r, at);
    }
}

#elif KEN_AVX2
enum { TREES_TILE = 32, TREES_TILES = 8 };

/* All ones where code > rank, for rank < 255. */
static inline __m256i trees_greater(const uint8_t *code, int rank) {
    const __m256i x = _mm256_loadu_si256((const __m256i *)code);
    return _mm256_cmpeq_epi8(_mm256_max_epu8(x, _mm256_set1_epi8((char)(rank + 1))), x);
}

static void trees_ask(const ken_tree_ask *ask, int n, const uint8_t *codes, uint8_t *place) {
    __m256i at[TREES_TILES];
    for (int t = 0; t < TREES_TILES; t++) at[t] = _mm256_setzero_si256();
    for (int q = 0; q < n; q++) {
        const __m256i here = _mm256_set1_epi8((char)ask[q].place);
        const __m256i move = _mm256_set1_epi8((char)(ask[q].place ^ (q + 1)));
        const uint8_t *code = codes + (int64_t)ask[q].slot * KEN_TREE_GROUP;
#pragma GCC unroll 8
        for (int t = 0; t < TREES_TILES; t++) {
            const __m256i right = _mm256_and_si256(
                _mm256_cmpeq_epi8(at[t], here), trees_greater(code + TREES_TILE * t, ask[q].rank));
            at[t] = _mm256_xor_si256(at[t], _mm256_and_si256(right, move));
        }
    }
#pragma GCC unroll 8
    for (int t = 0; t < TREES_TILES; t++)
        _mm256_storeu_si256((__m256i *)(place + TREES_TILE * t), at[t]);
}

void KEN_K(tree_places)(const ken_tree_ask *ask, int n, const uint8_t *codes, int64_t rows,
                        uint8_t *place) {
    for (int64_t r = 0; r < rows; r += TREES_TILE * TREES_TILES)
        trees_ask(ask, n, codes + r, place + r);
}

void KEN_K(tree_levels)(const ken_tree_ask *ask, int depth, const uint8_t *codes, int64_t rows,
                        uint8_t *place) {
    for (int64_t r = 0; r < rows; r += TREES_TILE) {
        __m256i at = _mm256_setzero_si256();
        for (int q = 0; q < depth; q++) {
            const __m256i bit = _mm256_set1_epi8((char)(1 << (depth - 1 - q)));
            const __m256i right =
                trees_greater(codes + (int64_t)ask[q].slot * KEN_TREE_GROUP + r, ask[q].rank);
            at = _mm256_or_si256(at, _mm256_and_si256(right, bit));
        }
        _mm256_storeu_si256((__m256i *)(place + r), at);
    }
}

#else
/* The oracle. Slower than walking: tree_many of the table says so. */
void KEN_K(tree_places)(const ken_tree_ask *ask, int n, const uint8_t *restrict codes, int64_t rows,
                        uint8_t *restrict place) {
    memset(place, 0, (size_t)rows);
    for (int q = 0; q < n; q++) {
        const uint8_t *code = codes + (int64_t)ask[q].slot * KEN_TREE_GROUP;
        const uint8_t here = ask[q].place, rank = ask[q].rank, move = (uint8_t)(here ^ (q + 1));
        for (int64_t r = 0; r < rows; r++) {
            const uint8_t asked = place[r] == here ? 0xFF : 0, right = code[r] > rank ? 0xFF : 0;
            place[r] ^= asked & right & move;
        }
    }
}

void KEN_K(tree_levels)(const ken_tree_ask *ask, int depth, const uint8_t *restrict codes,
                        int64_t rows, uint8_t *restrict place) {
    memset(place, 0, (size_t)rows);
    for (int q = 0; q < depth; q++) {
        const uint8_t *code = codes + (int64_t)ask[q].slot * KEN_TREE_GROUP;
        const uint8_t rank = ask[q].rank, bit = (uint8_t)(1 << (depth - 1 - q));
        for (int64_t r = 0; r < rows; r++) {
            const uint8_t right = code[r] > rank ? 0xFF : 0;
            place[r] |= right & bit;
        }
    }
}
#endif
