/* Arrow structures of random types, lengths and contents over buffers that are long enough: whatever they say, they become
 * a table whose every cell can be read, or an error; and everything is released. With sanitizers this finds reads outside
 * of the buffers. */
#include "tests/support.h"

#include "ken/core/alloc.h"
#include "ken/core/rng.h"
#include "ken/io/arrow/arrow.h"

enum { CELLS = 64, BYTES = CELLS * 16, ROUNDS = 20000 };

static int held; /* arrays and schemas that have not been released */

static void gone_array(struct ArrowArray *array) {
    held--;
    array->release = NULL;
}
static void gone_schema(struct ArrowSchema *schema) {
    held--;
    schema->release = NULL;
}

static const char *const formats[] = {"n", "b", "c", "C", "s", "S", "i", "I", "l", "L", "e", "f", "g", "u", "U", "z", "Z", "vu", "vz",
                                      "tdD", "tdm", "tts", "ttn", "tss:", "tsm:x", "tsu:", "tsn:UTC", "tDs", "tDn", "d:9,2", "d:9,2,32",
                                      "d:18,-3,64", "d:38,300", "+l", "+s", "w:3", "", "tsx:", "d:", "d:1,2,3"};

typedef struct random_array {
    struct ArrowSchema schema;
    struct ArrowArray array;
    const void *buffers[4];
    uint64_t valid[2], data[BYTES / 8 + 8];
    int64_t sizes[1];
    char text[BYTES];
} random_array;

static uint64_t pick(ken_rng *rng, uint64_t below) { return ken_rng_below(rng, below); }

/* Mostly well-formed: offsets that rise, characters that are letters. */
static void random_fill(ken_rng *rng, random_array *a, const char *format) {
    const bool tame = pick(rng, 4) > 0;
    for (int i = 0; i < KEN_COUNT(a->data); i++) a->data[i] = ken_rng_u64(rng);
    for (int i = 0; i < BYTES; i++) a->text[i] = (char)(tame ? 'a' + pick(rng, 26) : pick(rng, 256));
    for (int i = 0; i < 2; i++) a->valid[i] = pick(rng, 2) ? UINT64_MAX : ken_rng_u64(rng);
    const bool wide = format[0] == 'U' || format[0] == 'Z';
    int64_t at = 0;
    for (int i = 0; wide || format[0] == 'u' || format[0] == 'z'; i++) {
        if (i > CELLS) break;
        const int64_t offset = tame || pick(rng, 10) ? at : (int64_t)pick(rng, BYTES);
        if (wide) ((int64_t *)a->data)[i] = offset;
        else ((int32_t *)a->data)[i] = (int32_t)offset;
        at += (int64_t)pick(rng, 12);
    }
    if (format[0] == 'v')
        for (int i = 0; i < CELLS; i++) {
            int32_t *view = (int32_t *)a->data + i * 4;
            view[0] = (int32_t)pick(rng, tame ? 40 : 2000) - (tame ? 0 : 20);
            if (view[0] > 12) view[2] = (int32_t)pick(rng, tame ? 1 : 3), view[3] = (int32_t)pick(rng, tame ? 900 : 2000);
            else memset(view + 1, 'a', 12);
        }
    else if (strchr("csilCSIL", format[0]) && format[0] && tame)
        for (int i = 0; i < BYTES; i++) ((char *)a->data)[i] = (char)(pick(rng, 3) && i % 4 == 0);
}

static void random_make(ken_rng *rng, random_array *a, int depth) {
    const char *format = depth ? (pick(rng, 2) ? "U" : formats[pick(rng, KEN_COUNT(formats))]) : formats[pick(rng, KEN_COUNT(formats))];
    memset(&a->schema, 0, sizeof a->schema);
    memset(&a->array, 0, sizeof a->array);
    random_fill(rng, a, format);
    const bool text = strchr("uUzZ", format[0]) && format[0], view = format[0] == 'v';
    a->buffers[0] = pick(rng, 2) ? a->valid : NULL;
    a->buffers[1] = pick(rng, 50) ? a->data : NULL;
    a->buffers[2] = pick(rng, 50) ? a->text : NULL;
    a->buffers[3] = a->sizes;
    a->sizes[0] = BYTES;
    a->schema = (struct ArrowSchema){.format = format, .name = pick(rng, 9) ? "x" : NULL, .release = gone_schema};
    a->array = (struct ArrowArray){.length = (int64_t)pick(rng, CELLS / 2), .offset = (int64_t)pick(rng, CELLS / 2),
                                   .n_buffers = pick(rng, 30) ? (text ? 3 : view ? 4 : 2) : (int64_t)pick(rng, 5),
                                   .null_count = (int64_t)pick(rng, 3) - 1, .buffers = a->buffers, .release = gone_array};
    if (pick(rng, 40) == 0) a->array.length = (int64_t)ken_rng_u64(rng) | INT64_MIN;
    if (pick(rng, 40) == 0) a->array.offset = INT64_MAX - (int64_t)pick(rng, 3);
    /* What says that its buffers are longer than they are cannot be caught; n_buffers 4 of a view must hold. */
    if (view && a->array.n_buffers > 4) a->array.n_buffers = 4;
}

static void read_all(const ken_table *t) {
    char text[64];
    for (int j = 0; j < ken_table_cols(t); j++)
        for (int64_t i = 0; i < ken_table_rows(t); i++) ken_column_format(ken_table_column(t, j), i, text, sizeof text);
}

static void test_arrow__random_structures_are_read_or_refused(void **state) {
    static random_array a, d;
    ken_ctx *ctx = test_ctx(1);
    ken_rng rng = ken_rng_stream(ctx, "arrow", 0);
    int read = 0;
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        ken_table *t = NULL;
        random_make(&rng, &a, 0);
        if (pick(&rng, 3) == 0) {
            random_make(&rng, &d, 1);
            a.schema.dictionary = &d.schema;
            a.array.dictionary = pick(&rng, 20) ? &d.array : NULL;
        }
        held = 2;
        if (ken_arrow_read(ctx, &a.schema, &a.array, &t) == KEN_OK) {
            read_all(t);
            read++;
        } else {
            assert_null(t);
        }
        ken_table_free(t);
        assert_int_equal(held, 0);
    }
    assert_true(read > ROUNDS / 4);
    test_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_arrow__random_structures_are_read_or_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
