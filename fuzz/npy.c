/* .npy and .npz: arrays that are read are written as NumPy would, and read and written again. */
#include "fuzz/fuzz.h"

#include "ken/core/alloc.h"
#include "ken/io/npy/npy.h"

static void round_trip(ken_ctx *ctx, const ken_npy_array *array) {
    ken_npy_array again;
    void *one = NULL, *two = NULL;
    size_t n, m;
    FUZZ_CHECK(ken_npy_encode(ctx, &array->tensor, &one, &n) == KEN_OK);
    FUZZ_CHECK(ken_npy_array_parse(ctx, "again", one, n, &again) == KEN_OK);
    FUZZ_CHECK(ken_npy_encode(ctx, &again.tensor, &two, &m) == KEN_OK);
    FUZZ_CHECK(n == m && memcmp(one, two, n) == 0);
    ken_npy_array_free(ctx, &again);
    ken_free(ctx, one);
    ken_free(ctx, two);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    fuzz_memory memory;
    ken_ctx *ctx = fuzz_begin(&memory);
    ken_npy_array array;
    ken_table *table;
    if (ken_npy_array_parse(ctx, "fuzz", data, size, &array) == KEN_OK) {
        round_trip(ctx, &array);
        ken_npy_array_free(ctx, &array);
    } else {
        FUZZ_CHECK(ken_ctx_message(ctx)[0] != 0);
    }
    /* A million empty columns are allowed, but slow to try again and again. */
    if (size > 128 && ken_npy_parse(ctx, "fuzz", data, size, &table) == KEN_OK)
        ken_table_free(table);
    if (ken_npz_parse(ctx, "fuzz", data, size, NULL, &table) == KEN_OK) ken_table_free(table);
    if (ken_npz_parse(ctx, "fuzz", data, size, "a", &table) == KEN_OK) ken_table_free(table);
    fuzz_end(ctx, &memory);
    return 0;
}
