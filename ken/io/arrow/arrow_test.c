/* Arrow in and out: hand-made arrays of every type against values written here, what is lent and what is copied, how often
 * release is called, and structures that contradict themselves. */
#include "tests/support.h"

#include "ken/core/alloc.h"
#include "ken/io/arrow/arrow.h"

/* --- a producer that counts ---------------------------------------------------------------------------- */
static int released_arrays, released_schemas, dropped;

static void count_array(struct ArrowArray *array) {
    assert_non_null(array->release);
    array->release = NULL;
    released_arrays++;
}
static void count_schema(struct ArrowSchema *schema) {
    assert_non_null(schema->release);
    schema->release = NULL;
    released_schemas++;
}
static void count_drop(void *owner) {
    (void)owner;
    dropped++;
}

typedef struct column_case {
    struct ArrowSchema schema;
    struct ArrowArray array;
    const void *buffers[8];
} column_case;

/* A single array. Its parts are lent. */
static column_case *column_make(column_case *c, const char *format, int64_t n, int64_t offset, int n_buffers, const void *valid,
                                const void *data, const void *bytes) {
    memset(c, 0, sizeof *c);
    c->schema = (struct ArrowSchema){.format = format, .name = "c", .flags = ARROW_FLAG_NULLABLE, .release = count_schema};
    c->buffers[0] = valid, c->buffers[1] = data, c->buffers[2] = bytes;
    c->array = (struct ArrowArray){.length = n, .null_count = valid ? -1 : 0, .offset = offset, .n_buffers = n_buffers,
                                   .buffers = c->buffers, .release = count_array};
    released_arrays = released_schemas = 0;
    return c;
}

static const ken_column *column_read(ken_ctx *ctx, column_case *c, ken_table **table) {
    TEST_OK(ctx, ken_arrow_read(ctx, &c->schema, &c->array, table));
    assert_null(c->schema.release);
    assert_null(c->array.release);
    assert_int_equal(released_schemas, 1);
    assert_int_equal(ken_table_cols(*table), 1);
    return ken_table_column(*table, 0);
}

static void column_done(ken_table *table) {
    ken_table_free(table);
    assert_int_equal(released_arrays, 1);
}

/* --- types ------------------------------------------------------------------------------------------------ */
static void test_arrow__numbers_of_every_type(void **state) {
    static const int8_t c8[] = {-3, 7};
    static const uint8_t C8[] = {200, 7};
    static const int16_t s16[] = {-300, 7};
    static const uint16_t S16[] = {60000, 7}, e16[] = {0xC100, 0x4700}; /* -2.5, 7 */
    static const int32_t i32[] = {-70000, 7};
    static const uint32_t I32[] = {4000000000u, 7};
    static const int64_t l64[] = {-5000000000, 7}, D128[] = {-12345, -1, 700, 0}, us[] = {1500000, 7000000};
    static const uint64_t L64[] = {18000000000000000000u, 7};
    static const float f32[] = {-1.5f, 7};
    static const double g64[] = {-1.25, 7};
    static const uint8_t bits[] = {0x02};
    static const int32_t day[] = {-1, 7};
    static const struct {
        const char *format;
        const void *data;
        ken_dtype dtype;
        double first, second;
    } cases[] = {{"c", c8, KEN_I64, -3, 7}, {"C", C8, KEN_I64, 200, 7}, {"s", s16, KEN_I64, -300, 7},
                 {"S", S16, KEN_I64, 60000, 7}, {"i", i32, KEN_I64, -70000, 7}, {"I", I32, KEN_I64, 4e9, 7},
                 {"l", l64, KEN_I64, -5e9, 7}, {"L", L64, KEN_F64, 1.8e19, 7}, {"e", e16, KEN_F32, -2.5, 7},
                 {"f", f32, KEN_F32, -1.5, 7}, {"g", g64, KEN_F64, -1.25, 7}, {"b", bits, KEN_BOOL, 0, 1},
                 {"d:10,2", D128, KEN_F64, -123.45, 7}, {"tdD", day, KEN_TIME, -864e8, 7 * 864e8},
                 {"tss:", l64, KEN_TIME, -5e15, 7e6}, {"tsm:UTC", l64, KEN_TIME, -5e12, 7e3},
                 {"tsu:Europe/Berlin", us, KEN_TIME, 1.5e6, 7e6}, {"tsn:", us, KEN_TIME, 1500, 7000},
                 {"tDu", us, KEN_F64, 1.5, 7}, {"tts", i32, KEN_F64, -70000, 7}};
    ken_ctx *ctx = test_ctx(1);
    (void)state;
    for (int i = 0; i < KEN_COUNT(cases); i++) {
        column_case c;
        ken_table *t = NULL;
        const ken_column *got =
            column_read(ctx, column_make(&c, cases[i].format, 2, 0, 2, NULL, cases[i].data, NULL), &t);
        assert_int_equal(got->dtype, cases[i].dtype);
        assert_true(ken_column_f64(got, 0) == cases[i].first);
        assert_true(ken_column_f64(got, 1) == cases[i].second);
        column_done(t);
    }
    test_ctx_free(ctx);
}

static void test_arrow__one_piece_is_lent_with_any_offset(void **state) {
    static const double x[20] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19};
    static const uint8_t valid[] = {0xFF, 0xFB, 0xFF}; /* cell 10 is missing */
    ken_ctx *ctx = test_ctx(1);
    (void)state;
    for (int64_t offset = 0; offset <= 10; offset++) {
        column_case c;
        ken_table *t = NULL;
        const ken_column *got = column_read(ctx, column_make(&c, "g", 10, offset, 2, valid, x, NULL), &t);
        assert_ptr_equal(got->data, x + offset);
        if (offset % 8 == 0) assert_ptr_equal(got->valid, valid + offset / 8);
        for (int64_t i = 0; i < 10; i++) {
            assert_int_equal(ken_column_missing(got, i), offset + i == 10);
            if (offset + i != 10) assert_true(ken_column_f64(got, i) == (double)(offset + i));
        }
        assert_int_equal(released_arrays, 0);
        column_done(t);
    }
    test_ctx_free(ctx);
}

static void test_arrow__converted_cells_release_at_once(void **state) {
    static const int32_t x[] = {1, 2, 3};
    ken_ctx *ctx = test_ctx(1);
    column_case c;
    ken_table *t = NULL;
    (void)state;
    column_read(ctx, column_make(&c, "i", 3, 0, 2, NULL, x, NULL), &t);
    assert_int_equal(released_arrays, 1);
    column_done(t);
    test_ctx_free(ctx);
}

static void cell_is(const ken_column *c, int64_t i, const char *want) {
    char text[64];
    assert_string_equal(ken_column_format(c, i, text, sizeof text), want);
}

static void test_arrow__texts(void **state) {
    static const int32_t narrow[] = {0, 1, 3, 3, 8};
    static const int64_t wide[] = {0, 1, 3, 3, 8};
    static const char bytes[] = "a\xC3\xA4world";
    static const uint8_t valid[] = {0x0B}; /* row 2 is missing */
    static const char far_text[] = "..a text of more than twelve bytes";
    static const int64_t far_size[] = {sizeof far_text - 1};
    ken_ctx *ctx = test_ctx(1);
    column_case c;
    ken_table *t = NULL;
    (void)state;
    const ken_column *got = column_read(ctx, column_make(&c, "U", 4, 0, 3, valid, wide, bytes), &t);
    assert_ptr_equal(got->text.offset, wide);
    assert_ptr_equal(got->text.bytes, bytes);
    cell_is(got, 1, "\xC3\xA4"), cell_is(got, 2, ""), cell_is(got, 3, "world");
    assert_int_equal(ken_column_count_missing(got), 1);
    column_done(t);
    got = column_read(ctx, column_make(&c, "u", 2, 2, 3, valid, narrow, bytes), &t);
    assert_ptr_equal(got->text.bytes, bytes);
    cell_is(got, 1, "world");
    assert_true(ken_column_missing(got, 0));
    column_done(t);

    struct {
        int32_t length;
        char text[12];
    } view[3] = {{3, "abc"}, {0, ""}, {32, "a te"}};
    const int32_t where[2] = {0, 2};
    memcpy(view[2].text + 4, where, 8);
    column_make(&c, "vu", 3, 0, 4, NULL, view, far_text);
    c.buffers[3] = far_size;
    got = column_read(ctx, &c, &t);
    cell_is(got, 0, "abc"), cell_is(got, 1, ""), cell_is(got, 2, "a text of more than twelve bytes");
    column_done(t);
    test_ctx_free(ctx);
}

static void test_arrow__dictionaries(void **state) {
    static const int32_t levels_at[] = {0, 3, 8, 11};
    static const char levels[] = "redgreenred"; /* one twice */
    static const int32_t codes[] = {1, 0, 9, 1};
    static const uint8_t small[] = {2, 0, 1, 2}, valid[] = {0x0B}, no_green[] = {0x05};
    static const double numbers[] = {12, 2.5};
    ken_ctx *ctx = test_ctx(1);
    column_case c, d;
    ken_table *t = NULL;
    (void)state;
    column_make(&d, "u", 2, 0, 3, NULL, levels_at, levels);
    column_make(&c, "i", 4, 0, 2, valid, codes, NULL);
    c.schema.dictionary = &d.schema, c.array.dictionary = &d.array;
    c.schema.flags |= ARROW_FLAG_DICTIONARY_ORDERED;
    const ken_column *got = column_read(ctx, &c, &t); /* row 2 is missing, whatever its code */
    assert_int_equal(got->dtype, KEN_CATEGORY);
    assert_ptr_equal(got->data, codes);
    cell_is(got, 0, "green"), cell_is(got, 1, "red"), cell_is(got, 2, "");
    column_done(t);

    column_make(&d, "u", 2, 0, 3, NULL, levels_at, levels); /* an order without meaning: green, red, as texts would have it */
    column_make(&c, "i", 4, 0, 2, valid, codes, NULL);
    c.schema.dictionary = &d.schema, c.array.dictionary = &d.array;
    got = column_read(ctx, &c, &t);
    assert_int_equal(((const int32_t *)got->data)[0], 0);
    cell_is(got, 0, "green"), cell_is(got, 1, "red"), cell_is(got, 2, ""), cell_is(got, 3, "green");
    column_done(t);

    column_make(&d, "u", 3, 0, 3, no_green, levels_at, levels); /* entry 1 is missing, entry 2 is entry 0 */
    column_make(&c, "C", 4, 0, 2, NULL, small, NULL);
    c.schema.dictionary = &d.schema, c.array.dictionary = &d.array;
    got = column_read(ctx, &c, &t);
    assert_int_equal(got->text.n, 1);
    cell_is(got, 0, "red"), cell_is(got, 1, "red"), cell_is(got, 3, "red");
    assert_true(ken_column_missing(got, 2));
    column_done(t);

    column_make(&d, "g", 2, 0, 2, NULL, numbers, NULL);
    column_make(&c, "i", 2, 0, 2, NULL, codes, NULL);
    c.schema.dictionary = &d.schema, c.array.dictionary = &d.array;
    got = column_read(ctx, &c, &t);
    cell_is(got, 0, "2.5"), cell_is(got, 1, "12");
    column_done(t);
    test_ctx_free(ctx);
}

/* --- streams ------------------------------------------------------------------------------------------------- */
typedef struct stream_case {
    column_case batch[4];
    int n, next, fail_at, released;
} stream_case;

static int stream_schema(struct ArrowArrayStream *s, struct ArrowSchema *out) {
    *out = ((stream_case *)s->private_data)->batch[0].schema;
    return 0;
}
static int stream_next(struct ArrowArrayStream *s, struct ArrowArray *out) {
    stream_case *c = s->private_data;
    memset(out, 0, sizeof *out);
    if (c->next == c->fail_at) return 5;
    if (c->next < c->n) *out = c->batch[c->next++].array;
    return 0;
}
static const char *stream_error(struct ArrowArrayStream *s) {
    (void)s;
    return "the disk is on fire";
}
static void stream_release(struct ArrowArrayStream *s) {
    ((stream_case *)s->private_data)->released++;
    s->release = NULL;
}
static struct ArrowArrayStream stream_make(stream_case *c, int n, int fail_at) {
    c->n = n, c->next = 0, c->fail_at = fail_at, c->released = 0;
    return (struct ArrowArrayStream){stream_schema, stream_next, stream_error, stream_release, c};
}

static void test_arrow__pieces_are_put_together(void **state) {
    static const double x[] = {0, 1, 2, 3, 4};
    static const uint8_t valid[] = {0x1D}; /* cell 1 is missing */
    static const int32_t at[] = {0, 1, 3, 3, 8};
    static const char bytes[] = "aaaworld";
    ken_ctx *ctx = test_ctx(1);
    stream_case c;
    ken_table *t = NULL;
    (void)state;
    column_make(&c.batch[0], "g", 2, 0, 2, valid, x, NULL);
    column_make(&c.batch[1], "g", 0, 0, 2, NULL, NULL, NULL); /* an empty one */
    column_make(&c.batch[2], "g", 3, 2, 2, NULL, x, NULL);
    struct ArrowArrayStream s = stream_make(&c, 3, -1);
    TEST_OK(ctx, ken_arrow_read_stream(ctx, &s, &t));
    assert_int_equal(released_arrays, 3);
    assert_int_equal(ken_table_rows(t), 5);
    for (int64_t i = 0; i < 5; i++)
        if (i != 1) assert_true(ken_column_f64(ken_table_column(t, 0), i) == (double)i);
    assert_true(ken_column_missing(ken_table_column(t, 0), 1));
    ken_table_free(t);

    column_make(&c.batch[0], "u", 1, 3, 3, NULL, at, bytes);
    column_make(&c.batch[1], "u", 3, 0, 3, NULL, at, bytes);
    s = stream_make(&c, 2, -1);
    TEST_OK(ctx, ken_arrow_read_stream(ctx, &s, &t));
    cell_is(ken_table_column(t, 0), 0, "world"), cell_is(ken_table_column(t, 0), 2, "aa");
    ken_table_free(t);
    assert_int_equal(released_arrays, 2);
    test_ctx_free(ctx);
}

static void test_arrow__a_failing_stream_releases_what_it_gave(void **state) {
    static const double x[] = {0, 1, 2};
    ken_ctx *ctx = test_ctx(1);
    stream_case c;
    ken_table *t = NULL;
    (void)state;
    column_make(&c.batch[0], "g", 3, 0, 2, NULL, x, NULL);
    struct ArrowArrayStream s = stream_make(&c, 4, 1);
    TEST_FAILS(ctx, ken_arrow_read_stream(ctx, &s, &t), KEN_E_IO, "the disk is on fire");
    assert_null(t);
    assert_int_equal(released_arrays, 1);
    assert_int_equal(released_schemas, 1);
    assert_int_equal(c.released, 1);
    TEST_FAILS(ctx, ken_arrow_read_stream(ctx, &s, &t), KEN_E_STATE, "read or released");
    test_ctx_free(ctx);
}

/* --- structures that contradict themselves ------------------------------------------------------------------- */
static void hostile(ken_ctx *ctx, column_case *c, ken_status code, const char *part) {
    ken_table *t = NULL;
    TEST_FAILS(ctx, ken_arrow_read(ctx, &c->schema, &c->array, &t), code, part);
    assert_null(t);
    assert_int_equal(released_arrays, 1);
    assert_int_equal(released_schemas, 1);
}

static void test_arrow__contradictions_are_errors(void **state) {
    static const double x[] = {0, 1, 2};
    static const int64_t fall[] = {0, 5, 3}, below[] = {-1, 0, 1}, at[] = {0, 1, 2}, far_time[] = {INT64_MAX};
    static const char bad[] = "\xFF\xC3", split[] = "\xC3\xA4";
    static const int32_t codes[] = {0, 7}, levels_at[] = {0, 1}, minus[] = {-1};
    ken_ctx *ctx = test_ctx(1);
    column_case c, d;
    (void)state;
    hostile(ctx, column_make(&c, "g", 3, 0, 2, NULL, NULL, NULL), KEN_E_FORMAT, "no buffer");
    hostile(ctx, column_make(&c, "g", -3, 0, 2, NULL, x, NULL), KEN_E_FORMAT, "impossible");
    hostile(ctx, column_make(&c, "g", 3, -1, 2, NULL, x, NULL), KEN_E_FORMAT, "impossible");
    hostile(ctx, column_make(&c, "g", INT64_MAX, INT64_MAX, 2, NULL, x, NULL), KEN_E_FORMAT, "impossible");
    hostile(ctx, column_make(&c, "g", 3, 0, 3, NULL, x, NULL), KEN_E_FORMAT, "number of buffers");
    column_make(&c, "g", 3, 0, 2, NULL, x, NULL)->array.buffers = NULL;
    hostile(ctx, &c, KEN_E_FORMAT, "no buffers");
    column_make(&c, "g", 3, 0, 2, NULL, x, NULL)->array.null_count = 2;
    hostile(ctx, &c, KEN_E_FORMAT, "no bitmap");
    hostile(ctx, column_make(&c, "+l", 3, 0, 2, NULL, x, NULL), KEN_E_TYPE, "nested");
    hostile(ctx, column_make(&c, "tiM", 3, 0, 2, NULL, x, NULL), KEN_E_TYPE, "no model reads");
    hostile(ctx, column_make(&c, "d:3,999", 1, 0, 2, NULL, x, NULL), KEN_E_TYPE, "no model reads");
    hostile(ctx, column_make(&c, NULL, 3, 0, 2, NULL, x, NULL), KEN_E_FORMAT, "no format");
    hostile(ctx, column_make(&c, "tss:", 1, 0, 2, NULL, far_time, NULL), KEN_E_VALUE, "row 1 is out of range");
    hostile(ctx, column_make(&c, "U", 2, 0, 3, NULL, fall, "abcde"), KEN_E_FORMAT, "row 2: the text has a negative length");
    hostile(ctx, column_make(&c, "U", 2, 0, 3, NULL, below, "abcde"), KEN_E_FORMAT, "before its buffer");
    hostile(ctx, column_make(&c, "U", 2, 0, 3, NULL, at, NULL), KEN_E_FORMAT, "no bytes");
    hostile(ctx, column_make(&c, "U", 2, 0, 3, NULL, at, bad), KEN_E_FORMAT, "row 1: the text is not UTF-8");
    hostile(ctx, column_make(&c, "U", 2, 0, 3, NULL, at, split), KEN_E_FORMAT, "row 2: the text is not UTF-8");
    column_make(&c, "g", 3, 0, 2, NULL, x, NULL)->schema.name = "\xFF";
    hostile(ctx, &c, KEN_E_FORMAT, "name of column 0");

    column_make(&d, "u", 1, 0, 3, NULL, levels_at, "a");
    column_make(&c, "i", 2, 0, 2, NULL, codes, NULL);
    c.schema.dictionary = &d.schema, c.array.dictionary = &d.array;
    hostile(ctx, &c, KEN_E_FORMAT, "row 2: code 7 of a dictionary of 1");
    column_make(&c, "i", 1, 0, 2, NULL, minus, NULL);
    c.schema.dictionary = &d.schema, c.array.dictionary = &d.array;
    hostile(ctx, &c, KEN_E_FORMAT, "code -1");
    column_make(&c, "i", 1, 0, 2, NULL, codes, NULL)->schema.dictionary = &d.schema;
    hostile(ctx, &c, KEN_E_FORMAT, "broken dictionary");

    column_make(&c, "+s", 3, 0, 1, NULL, NULL, NULL)->schema.n_children = 2;
    hostile(ctx, &c, KEN_E_FORMAT, "no columns where it says 2");
    struct ArrowSchema *children[] = {&d.schema};
    column_make(&d, "g", 2, 0, 2, NULL, x, NULL);
    column_make(&c, "+s", 3, 0, 1, NULL, NULL, NULL)->schema.n_children = 1;
    c.schema.children = children;
    hostile(ctx, &c, KEN_E_FORMAT, "has 0 columns, the schema 1");
    struct ArrowArray *arrays[] = {&d.array};
    column_make(&c, "+s", 3, 0, 1, NULL, NULL, NULL)->schema.n_children = 1;
    c.schema.children = children, c.array.children = arrays, c.array.n_children = 1;
    hostile(ctx, &c, KEN_E_FORMAT, "fewer cells");
    test_ctx_free(ctx);
}

static void test_arrow__views_that_point_nowhere_are_errors(void **state) {
    static const char far_text[] = "a text of more than twelve bytes";
    static const int64_t far_size[] = {sizeof far_text - 1};
    static const struct {
        int32_t length, prefix, which, offset;
    } views[] = {{-1, 0, 0, 0}, {20, 0, 1, 0}, {20, 0, -1, 0}, {20, 0, 0, 20}, {20, 0, 0, -1}, {INT32_MAX, 0, 0, 0}};
    ken_ctx *ctx = test_ctx(1);
    (void)state;
    for (int i = 0; i < KEN_COUNT(views); i++) {
        column_case c;
        column_make(&c, "vu", 1, 0, 4, NULL, &views[i], far_text);
        c.buffers[3] = far_size;
        hostile(ctx, &c, KEN_E_FORMAT, "outside of its buffers");
    }
    test_ctx_free(ctx);
}

/* --- out ------------------------------------------------------------------------------------------------------ */
static const double out_x[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
static const uint8_t out_valid[] = {0xFE, 0x03}, out_bool[] = {1, 0, 1, 1, 0, 0, 1, 0, 1, 1};
static const int32_t out_codes[] = {0, 1, 1, 0, 0, 1, 0, 1, 0, 1};
static const int64_t out_at[] = {0, 1, 3, 3, 4, 5, 6, 7, 8, 9, 10}, out_levels_at[] = {0, 3, 8};

static ken_status out_table(ken_ctx *ctx, ken_table **out) {
    const ken_column columns[] = {
        {"dense", KEN_F64, 10, out_x, 1, out_valid, {0, NULL, NULL}, -1},
        {"back", KEN_F64, 10, out_x + 9, -1, NULL, {0, NULL, NULL}, -1},
        {"truth", KEN_BOOL, 10, out_bool, 1, NULL, {0, NULL, NULL}, -1},
        {"color", KEN_CATEGORY, 10, out_codes, 1, out_valid, {2, out_levels_at, "redgreen"}, -1},
        {"text", KEN_STRING, 10, NULL, 1, out_valid, {10, out_at, "0123456789"}, -1},
        {"time", KEN_TIME, 10, out_at, 1, NULL, {0, NULL, NULL}, -1}};
    KEN_TRY(ken_table_new(ctx, 10, out));
    for (int j = 0; j < KEN_COUNT(columns); j++) KEN_TRY(ken_table_add_borrow(ctx, *out, &columns[j]));
    return KEN_OK;
}

static void same_table(const ken_table *a, const ken_table *b) {
    assert_int_equal(ken_table_cols(a), ken_table_cols(b));
    assert_int_equal(ken_table_rows(a), ken_table_rows(b));
    for (int j = 0; j < ken_table_cols(a); j++) {
        const ken_column *x = ken_table_column(a, j), *y = ken_table_column(b, j);
        assert_string_equal(x->name, y->name);
        assert_int_equal(x->dtype, y->dtype);
        for (int64_t i = 0; i < x->n; i++) {
            char s[64], t[64];
            assert_int_equal(ken_column_missing(x, i), ken_column_missing(y, i));
            assert_string_equal(ken_column_format(x, i, s, sizeof s), ken_column_format(y, i, t, sizeof t));
        }
    }
}

static void test_arrow__what_goes_out_comes_back(void **state) {
    ken_ctx *ctx = test_ctx(1);
    ken_table *t = NULL, *back = NULL;
    struct ArrowSchema schema;
    struct ArrowArray array;
    struct ArrowArrayStream stream;
    (void)state;
    TEST_OK(ctx, out_table(ctx, &t));
    dropped = 0;
    TEST_OK(ctx, ken_arrow_write(ctx, t, count_drop, NULL, &schema, &array));
    assert_ptr_equal(array.children[0]->buffers[1], out_x);
    assert_int_equal(array.children[0]->null_count, 1);
    TEST_OK(ctx, ken_arrow_read(ctx, &schema, &array, &back));
    assert_ptr_equal(ken_table_column(back, 0)->data, out_x);
    same_table(t, back);
    assert_int_equal(dropped, 0);
    ken_table_free(back);
    assert_int_equal(dropped, 1);

    TEST_OK(ctx, ken_arrow_write_stream(ctx, t, count_drop, NULL, &stream));
    TEST_OK(ctx, ken_arrow_read_stream(ctx, &stream, &back));
    same_table(t, back);
    ken_table_free(back);
    assert_int_equal(dropped, 2);
    ken_table_free(t);
    test_ctx_free(ctx);
}

static void test_arrow__children_may_be_moved_and_outlive_their_parent(void **state) {
    ken_ctx *ctx = test_ctx(1);
    ken_table *t = NULL;
    struct ArrowSchema schema;
    struct ArrowArray array, child;
    (void)state;
    TEST_OK(ctx, out_table(ctx, &t));
    dropped = 0;
    TEST_OK(ctx, ken_arrow_write(ctx, t, count_drop, NULL, &schema, &array));
    child = *array.children[3];
    array.children[3]->release = NULL;
    array.release(&array);
    schema.release(&schema);
    assert_int_equal(dropped, 0);
    assert_int_equal(((const int32_t *)child.buffers[1])[1], 1);
    child.release(&child);
    assert_int_equal(dropped, 1);
    ken_table_free(t);
    test_ctx_free(ctx);
}

static ken_status round_trip(ken_ctx *ctx, void *arg) {
    ken_table *t = NULL, *back = NULL;
    struct ArrowArrayStream stream;
    (void)arg;
    const int before = dropped;
    ken_status status = out_table(ctx, &t);
    if (status == KEN_OK) {
        status = ken_arrow_write_stream(ctx, t, count_drop, NULL, &stream);
        if (status == KEN_OK) status = ken_arrow_read_stream(ctx, &stream, &back);
        ken_table_free(back);
        assert_int_equal(dropped, before + 1);
    }
    ken_table_free(t);
    return status == KEN_E_IO ? KEN_E_NOMEM : status; /* a schema that could not be made: the stream's own error */
}

static void test_arrow__every_allocation_may_fail(void **state) {
    (void)state;
    test_every_allocation(round_trip, NULL, 400);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_arrow__numbers_of_every_type),
        cmocka_unit_test(test_arrow__one_piece_is_lent_with_any_offset),
        cmocka_unit_test(test_arrow__converted_cells_release_at_once),
        cmocka_unit_test(test_arrow__texts),
        cmocka_unit_test(test_arrow__dictionaries),
        cmocka_unit_test(test_arrow__pieces_are_put_together),
        cmocka_unit_test(test_arrow__a_failing_stream_releases_what_it_gave),
        cmocka_unit_test(test_arrow__contradictions_are_errors),
        cmocka_unit_test(test_arrow__views_that_point_nowhere_are_errors),
        cmocka_unit_test(test_arrow__what_goes_out_comes_back),
        cmocka_unit_test(test_arrow__children_may_be_moved_and_outlive_their_parent),
        cmocka_unit_test(test_arrow__every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
