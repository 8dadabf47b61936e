/* Codes of one byte (ken/tree/tree_bins.h), contiguous: plain loops that the compiler turns into
 * lanes. Whole numbers, the same on every instruction set. */
#include "ken/kernels/isa/isa.h"

void KEN_K(code_range)(const uint8_t *x, int64_t n, uint8_t skip, uint8_t range[3]);

void KEN_K(code_range)(const uint8_t *x, int64_t n, uint8_t skip, uint8_t range[3]) {
    uint8_t low = 255, high = 0, skipped = 0;
    for (int64_t i = 0; i < n; i++) {
        const uint8_t is = x[i] == skip ? 255 : 0;
        const uint8_t a = x[i] | is, b = x[i] & (uint8_t)~is;
        low = a < low ? a : low;
        high = b > high ? b : high;
        skipped |= is;
    }
    range[0] = low;
    range[1] = high;
    range[2] = skipped;
}
