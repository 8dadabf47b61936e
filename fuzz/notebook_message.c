/* Messages of a front end, frames apart by a byte 0xff; unsigned, so that all of the parser is reached. */
#include "fuzz/fuzz.h"

#include "kernel/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    fuzz_memory memory;
    ken_ctx *ctx = fuzz_begin(&memory);
    wire_part parts[WIRE_MAX_PARTS];
    const wire_key none = {"", 0}, key = {"key", 3};
    wire_message m;
    int n = 0;
    for (size_t begin = 0; begin <= size && n < WIRE_MAX_PARTS;) {
        size_t end = begin;
        while (end < size && data[end] != 0xff) end++;
        parts[n++] = (wire_part){data + begin, end - begin};
        begin = end + 1;
    }
    if (wire_open(ctx, &none, parts, n, &m) == KEN_OK) {
        FUZZ_CHECK(m.type && m.session && m.n_identities < n);
        FUZZ_CHECK(ken_json_get_type(m.content) == KEN_JSON_OBJECT && ken_json_get_type(m.metadata) == KEN_JSON_OBJECT);
        wire_close(&m);
    } else {
        FUZZ_CHECK(ken_ctx_message(ctx)[0]);
    }
    FUZZ_CHECK(wire_open(ctx, &key, parts, n, &m) != KEN_OK); /* nobody guesses a signature */
    fuzz_end(ctx, &memory);
    return 0;
}
