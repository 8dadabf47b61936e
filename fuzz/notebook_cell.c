/* Cells of a notebook: splitting, what a compiler says of them, where a cursor stands. */
#include "fuzz/fuzz.h"

#include "kernel/cell_errors.h"
#include "kernel/cell_split.h"
#include "kernel/cursor.h"
#include "kernel/tcc_object.h"

static const char *source(void *user, const char *file, size_t *size) {
    const cell_scan *cell = user;
    *size = cell->size;
    return file[0] == 'c' ? cell->text : NULL;
}

static void check_split(ken_ctx *ctx, const char *text, size_t size) {
    cell_split split;
    int depth;
    const cell_state state = cell_is_complete(text, size, &depth);
    if (cell_split_text(ctx, text, size, &split) != KEN_OK) {
        FUZZ_CHECK(ken_ctx_message(ctx)[0] && strchr(ken_ctx_place(ctx), ':'));
        return;
    }
    FUZZ_CHECK(state != CELL_INVALID && depth == 0);
    size_t before = 0;
    for (int i = 0; i < split.n_blocks; i++) {
        const cell_block *b = &split.blocks[i];
        FUZZ_CHECK(before <= b->begin && b->begin < b->body && b->body < b->end && b->end <= size);
        FUZZ_CHECK(text[b->body] == '{' && text[b->end - 1] == '}');
        before = b->end;
    }
    FUZZ_CHECK(split.tail <= split.tail_end && split.tail_end <= size);
    FUZZ_CHECK(split.tail == split.tail_end || split.tail >= before);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    fuzz_memory memory;
    ken_ctx *ctx = fuzz_begin(&memory);
    const char *text = (const char *)data;
    cell_scan s = {.text = text, .size = size};
    ken_text out = ken_text_new(ctx);
    cell_error first;
    cursor_place place;
    check_split(ctx, text, size);
    cell_errors_tell(text, size, source, &s, true, &out, &first);
    ken_text_free(&out);
    for (size_t at = 0; at <= size && at < 64; at++) {
        cursor_find(text, size, at, &place);
        FUZZ_CHECK(place.begin <= at && at <= place.end && place.end <= size);
        FUZZ_CHECK(cursor_bytes(text, size, cursor_points(text, at)) >= at || ken_utf8_valid(text, size) != size);
    }
    (void)tcc_object_is_sound(data, size);
    fuzz_end(ctx, &memory);
    return 0;
}
