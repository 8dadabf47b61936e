/* .npy and .npz against files written by NumPy (outside data folder: suites/parsers/formats, values
 * from its expect.json; golden bytes here: numpy 2.x numpy.save). */
#include "tests/support.h"

#include <dirent.h>
#include <unistd.h>

#include "ken/core/json.h"
#include "ken/io/npy/npy.h"

/* Archives that are compressed are refused politely by a build without zlib. */
static bool no_zlib(ken_ctx *ctx, ken_status status) {
    return status == KEN_E_UNSUPPORTED && strstr(ken_ctx_message(ctx), "without zlib");
}

/* Element i in C order, as text as Python's repr of it would read. */
static double element(const ken_tensor *t, int64_t i) {
    int64_t at = 0;
    for (int k = t->ndim - 1; k >= 0; k--) {
        at += i % t->shape[k] * t->stride[k];
        i /= t->shape[k];
    }
    return ken_tensor_value(t, at);
}

static double expected_number(const char *text) {
    if (strcmp(text, "True") == 0) return 1;
    if (strcmp(text, "False") == 0) return 0;
    return strtod(text + (*text == '('), NULL);
}

static void check_array(const ken_npy_array *a, const ken_json *want) {
    const ken_json *shape = ken_json_get(want, "shape"), *first = ken_json_get(want, "first");
    const ken_tensor *t = &a->tensor;
    assert_int_equal(t->ndim - a->complex, ken_json_count(shape));
    for (int64_t k = 0; k < ken_json_count(shape); k++)
        assert_int_equal(t->shape[k], ken_json_i64(ken_json_at(shape, k), -1));
    for (int64_t i = 0; i < ken_json_count(first); i++) {
        const double x = element(t, a->complex ? 2 * i : i);
        const char *text = ken_json_string(ken_json_at(first, i), NULL, "");
        if (t->dtype == KEN_F32 && t->ndim) /* repr of the double that the float is */
            assert_true((float)x == (float)expected_number(text));
        assert_true(x == expected_number(text));
    }
    const char *sum_text = ken_json_string(ken_json_get(want, "sum"), NULL, NULL);
    double sum = 0;
    for (int64_t i = 0; i < ken_tensor_count(t); i++) sum += element(t, i);
    if (sum_text) TEST_NEAR(sum, strtod(sum_text, NULL), 1e-13);
}

static void test_npy__samples(void **s) {
    const char *folder = test_shared("suites/parsers/formats/files");
    char path[4096];
    size_t size;
    int count = 0;
    ken_json_doc *doc;
    (void)s;
    if (!folder) TEST_SKIP("no samples");
    ken_ctx *ctx = test_ctx(1);
    snprintf(path, sizeof path, "%s/expect.json", folder);
    char *text = test_read_file(path, &size);
    TEST_OK(ctx, ken_json_parse(ctx, "expect.json", text, size, &doc));
    free(text);
    const ken_json *root = ken_json_root(doc);
    for (int64_t i = 0; i < ken_json_count(root); i++) {
        const char *name = ken_json_key(root, i, NULL);
        const ken_json *want = ken_json_at(root, i);
        const bool ok = ken_json_bool(ken_json_get(want, "ok"), true);
        const bool zip = strstr(name, ".npz") != NULL;
        ken_npy_array array;
        ken_table *table = NULL;
        if (!zip && !strstr(name, ".npy")) continue;
        snprintf(path, sizeof path, "%s/%s", folder, name);
        char *bytes = test_read_file(path, &size);
        char *exact = malloc(size ? size : 1);
        memcpy(exact, bytes, size);
        free(bytes);
        ken_status status = zip ? ken_npz_parse(ctx, name, exact, size, NULL, &table)
                                : ken_npy_array_parse(ctx, name, exact, size, &array);
        if (ok && !no_zlib(ctx, status)) {
            TEST_OK(ctx, status);
            if (!zip) check_array(&array, want);
        } else if (!ok && status == KEN_OK) {
            print_error("%s was read\n", name);
            fail();
        } else {
            assert_true(ken_ctx_message(ctx)[0] != 0);
        }
        if (!zip) ken_npy_array_free(ctx, &array);
        ken_table_free(table);
        free(exact);
        count++;
    }
    assert_true(count >= 23);
    ken_json_doc_free(doc);
    test_ctx_free(ctx);
}

static const double x34[12] = {-0.8019314252534474, -1.324358995628145, -0.24836162209524854,
                               0.4204452380655215, 1.1360465324896427};

static void test_npy__archives_as_tables(void **s) {
    const char *stored = test_shared("suites/parsers/formats/files/stored.npz");
    const char *packed = test_shared("suites/parsers/formats/files/deflated.npz");
    ken_table *t;
    (void)s;
    if (!stored || !packed) TEST_SKIP("no samples");
    ken_ctx *ctx = test_ctx(1);
    TEST_OK(ctx, ken_npz_read(ctx, stored, NULL, &t));
    assert_int_equal(ken_table_cols(t), 5);
    assert_int_equal(ken_table_rows(t), 3);
    assert_string_equal(ken_table_column(t, 0)->name, "a0");
    assert_string_equal(ken_table_column(t, 4)->name, "b");
    assert_int_equal(ken_table_column(t, 4)->dtype, KEN_I64);
    assert_true(ken_column_f64(ken_table_column(t, 4), 2) == 2);
    assert_true(ken_column_f64(ken_table_column(t, 1), 0) == x34[1]);
    ken_table_free(t);
    TEST_OK(ctx, ken_npz_read(ctx, stored, "b.npy", &t));
    assert_int_equal(ken_table_cols(t), 1);
    assert_string_equal(ken_table_column(t, 0)->name, "x0");
    ken_table_free(t);
    TEST_FAILS(ctx, ken_npz_read(ctx, stored, "c", &t), KEN_E_NOT_FOUND, "'c'");
    const ken_status status = ken_npz_read(ctx, packed, "a", &t);
    if (!no_zlib(ctx, status)) {
        TEST_OK(ctx, status);
        assert_int_equal(ken_table_cols(t), 4);
        assert_string_equal(ken_table_column(t, 3)->name, "x3");
        for (int j = 0; j < 4; j++)
            assert_true(ken_column_f64(ken_table_column(t, j), 0) == x34[j]);
    }
    ken_table_free(t);
    test_ctx_free(ctx);
}

static void damage(const char *path, bool npz, int *refused) {
    size_t size;
    char *bytes = test_read_file(path, &size);
    ken_ctx *ctx = test_ctx(1);
    for (size_t i = 0; i < 2 * size; i++) {
        const size_t n = i < size ? size : i - size; /* a flipped bit, then a truncation */
        char *copy = malloc(n ? n : 1);
        ken_table *t = NULL;
        memcpy(copy, bytes, n);
        if (i < size) copy[i] = (char)(copy[i] ^ 1 << (i % 8));
        const ken_status status =
            npz ? ken_npz_parse(ctx, "f", copy, n, NULL, &t) : ken_npy_parse(ctx, "f", copy, n, &t);
        *refused += status != KEN_OK;
        if (i >= size) assert_true(status != KEN_OK);
        ken_table_free(t);
        free(copy);
    }
    free(bytes);
    test_ctx_free(ctx);
}

static void test_npy__damaged_files_never_crash(void **s) {
    const char *files[] = {"f8.npy", "f4_bigendian.npy", "stored.npz", "deflated.npz"};
    int refused = 0;
    (void)s;
    for (int i = 0; i < 4; i++) {
        char name[128];
        snprintf(name, sizeof name, "suites/parsers/formats/files/%s", files[i]);
        const char *path = test_shared(name);
        if (!path) TEST_SKIP("no samples");
        damage(path, i >= 2, &refused);
    }
    assert_true(refused > 1000);
}

/* A .npy file of version 1.0 around a dictionary and `size` bytes of data. */
static char *make_npy(const char *dictionary, const void *data, size_t size, size_t *total) {
    const size_t n = strlen(dictionary);
    char *b = malloc(10 + n + size);
    memcpy(b, "\x93NUMPY\x01\x00", 8);
    b[8] = (char)(n & 255);
    b[9] = (char)(n >> 8);
    memcpy(b + 10, dictionary, n);
    if (size) memcpy(b + 10 + n, data, size);
    *total = 10 + n + size;
    return b;
}

static ken_status parse(ken_ctx *ctx, const char *dictionary, const void *data, size_t size,
                        ken_npy_array *out) {
    size_t total;
    char *b = make_npy(dictionary, data, size, &total);
    const ken_status status = ken_npy_array_parse(ctx, "f", b, total, out);
    free(b);
    return status;
}

static void test_npy__headers_that_are_refused(void **s) {
    static const struct {
        const char *dictionary;
        size_t size;
        ken_status status;
        const char *part;
    } cases[] = {
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (1,), }\n", 8, KEN_OK, ""},
        {"{\"descr\": \"<f8\", \"fortran_order\": True, \"shape\": (1L,)}", 8, KEN_OK, ""},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (0, 1000000000000), }", 0, KEN_OK, ""},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (1,), }", 7, KEN_E_FORMAT, "cut short"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (1,), }", 9, KEN_E_FORMAT,
         "after the array"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (1), }", 8, KEN_E_FORMAT, "tuple"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': 1, }", 8, KEN_E_FORMAT, "tuple"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (1 1), }", 8, KEN_E_FORMAT, "commas"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (-1,), }", 8, KEN_E_FORMAT,
         "whole number"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999999999999,), }", 8,
         KEN_E_FORMAT, "whole"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (9223372036854775807, 0, "
         "9223372036854775807), }",
         0, KEN_E_FORMAT, "too big"},
        {"{'descr': '<f8', 'fortran_order': 0, 'shape': (1,), }", 8, KEN_E_FORMAT, "fortran_order"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (1,), 'x': 1}", 8, KEN_E_FORMAT,
         "unknown"},
        {"{'descr': '<f8', 'descr': '<f8', 'fortran_order': False, 'shape': (1,)}", 8, KEN_E_FORMAT,
         "repeated"},
        {"{'descr': '<f8', 'fortran_order': False}", 8, KEN_E_FORMAT, "lacks"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (1,)} x", 8, KEN_E_FORMAT,
         "after its dictionary"},
        {"{'descr': '<f8' 'fortran_order': False, 'shape': (1,)}", 8, KEN_E_FORMAT, "comma"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (1,)", 8, KEN_E_FORMAT, ""},
        {"{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (1,)}", 8, KEN_E_UNSUPPORTED,
         "structured"},
        {"{'descr': '|O', 'fortran_order': False, 'shape': (1,)}", 8, KEN_E_UNSUPPORTED,
         "Python objects"},
        {"{'descr': '<U4', 'fortran_order': False, 'shape': (1,)}", 16, KEN_E_UNSUPPORTED, "'<U4'"},
        {"{'descr': '<M8[s]', 'fortran_order': False, 'shape': (1,)}", 8, KEN_E_UNSUPPORTED,
         "'<M8[s]'"},
        {"{'descr': '<f16', 'fortran_order': False, 'shape': (1,)}", 16, KEN_E_UNSUPPORTED,
         "'<f16'"},
        {"{'descr': '', 'fortran_order': False, 'shape': (1,)}", 16, KEN_E_UNSUPPORTED, "''"},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1)}", 8, KEN_E_UNSUPPORTED,
         "6 dimensions"},
        {"", 0, KEN_E_FORMAT, "dictionary"}};
    static const char zeros[32];
    ken_ctx *ctx = test_ctx(1);
    (void)s;
    for (int i = 0; i < KEN_COUNT(cases); i++) {
        ken_npy_array a;
        const ken_status status = parse(ctx, cases[i].dictionary, zeros, cases[i].size, &a);
        if (cases[i].status == KEN_OK)
            TEST_OK(ctx, status);
        else
            TEST_FAILS(ctx, status, cases[i].status, cases[i].part);
        ken_npy_array_free(ctx, &a);
    }
    test_ctx_free(ctx);
}

static void test_npy__every_type_is_exact(void **s) {
    static const struct {
        const char *type;
        unsigned char bytes[8];
        int size;
        ken_dtype dtype;
        double value;
    } cases[] = {{"<i1", {0x80}, 1, KEN_I16, -128},
                 {">i2", {0xff, 0xfe}, 2, KEN_I16, -2},
                 {"<i4", {0xfe, 0xff, 0xff, 0xff}, 4, KEN_I32, -2},
                 {">i4", {0x80, 0, 0, 0}, 4, KEN_I32, -2147483648.0},
                 {">i8", {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfd}, 8, KEN_I64, -3},
                 {"|u1", {0xff}, 1, KEN_U8, 255},
                 {">u2", {0xff, 0xfe}, 2, KEN_U16, 65534},
                 {"<u4", {0xff, 0xff, 0xff, 0xff}, 4, KEN_I64, 4294967295.0},
                 {"<u8", {1, 0, 0, 0, 0, 0, 0, 0x40}, 8, KEN_I64, 4611686018427387905.0},
                 {"|b1", {2}, 1, KEN_BOOL, 1},
                 {"<f2", {0x00, 0x3c}, 2, KEN_F32, 1},
                 {">f2", {0x80, 0x01}, 2, KEN_F32, -0x1p-24},
                 {"<f2", {0xff, 0x7b}, 2, KEN_F32, 65504},
                 {"<f2", {0x00, 0xfc}, 2, KEN_F32, -INFINITY},
                 {"<f2", {0xff, 0x03}, 2, KEN_F32, 1023 * 0x1p-24},
                 {">f4", {0x3f, 0xc0, 0, 0}, 4, KEN_F32, 1.5},
                 {">f8", {0x3f, 0xf8, 0, 0, 0, 0, 0, 0}, 8, KEN_F64, 1.5},
                 {"<f8", {0, 0, 0, 0, 0, 0, 0xf8, 0x3f}, 8, KEN_F64, 1.5}};
    ken_ctx *ctx = test_ctx(1);
    (void)s;
    for (int i = 0; i < KEN_COUNT(cases); i++) {
        char d[128];
        ken_npy_array a;
        snprintf(d, sizeof d, "{'descr': '%s', 'fortran_order': False, 'shape': (), }",
                 cases[i].type);
        TEST_OK(ctx, parse(ctx, d, cases[i].bytes, (size_t)cases[i].size, &a));
        assert_int_equal(a.tensor.dtype, cases[i].dtype);
        assert_true(ken_tensor_value(&a.tensor, 0) == cases[i].value);
        ken_npy_array_free(ctx, &a);
    }
    ken_npy_array a;
    TEST_FAILS(ctx,
               parse(ctx, "{'descr': '<u8', 'fortran_order': False, 'shape': (), }",
                     "\xff\xff\xff\xff\xff\xff\xff\xff", 8, &a),
               KEN_E_VALUE, "18446744073709551615");
    test_ctx_free(ctx);
}

static void test_npy__tables(void **s) {
    static const int32_t v[] = {1, 2, 3, 4, 5, 6};
    static const float z[] = {1, -1, 2, -2};
    size_t total;
    ken_table *t;
    ken_ctx *ctx = test_ctx(1);
    (void)s;
    char *b =
        make_npy("{'descr': '<i4', 'fortran_order': True, 'shape': (3, 2), }", v, sizeof v, &total);
    TEST_OK(ctx, ken_npy_parse(ctx, "f", b, total, &t));
    assert_int_equal(ken_table_cols(t), 2);
    assert_string_equal(ken_table_column(t, 1)->name, "x1");
    assert_int_equal(ken_table_column(t, 1)->dtype, KEN_I64);
    assert_true(ken_column_f64(ken_table_column(t, 1), 0) == 4);
    ken_table_free(t);
    free(b);
    b = make_npy("{'descr': '<c8', 'fortran_order': False, 'shape': (2,), }", z, sizeof z, &total);
    TEST_OK(ctx, ken_npy_parse(ctx, "f", b, total, &t));
    assert_int_equal(ken_table_rows(t), 2);
    assert_int_equal(ken_table_cols(t), 2);
    assert_string_equal(ken_table_column(t, 0)->name, "x0_re");
    assert_string_equal(ken_table_column(t, 1)->name, "x0_im");
    assert_true(ken_column_f64(ken_table_column(t, 1), 1) == -2);
    ken_table_free(t);
    free(b);
    b = make_npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1,2,2), }", z, sizeof z,
                 &total);
    TEST_FAILS(ctx, ken_npy_parse(ctx, "f", b, total, &t), KEN_E_SHAPE, "3 dimensions");
    free(b);
    b = make_npy("{'descr': '<f4', 'fortran_order': False, 'shape': (0,1000000000), }", NULL, 0,
                 &total);
    TEST_FAILS(ctx, ken_npy_parse(ctx, "f", b, total, &t), KEN_E_LIMIT, "columns");
    free(b);
    test_ctx_free(ctx);
}

static void test_npy__written_as_numpy_does(void **s) {
    const char *names[] = {"f8.npy",       "i2.npy",    "bool.npy",
                           "scalar0d.npy", "empty.npy", "u1_3d.npy"};
    ken_ctx *ctx = test_ctx(1);
    (void)s;
    for (int i = 0; i < KEN_COUNT(names); i++) {
        char name[128];
        size_t size, again_size;
        ken_npy_array a;
        void *again;
        snprintf(name, sizeof name, "suites/parsers/formats/files/%s", names[i]);
        const char *path = test_shared(name);
        if (!path) {
            test_ctx_free(ctx);
            TEST_SKIP("no samples");
        }
        char *bytes = test_read_file(path, &size);
        TEST_OK(ctx, ken_npy_array_parse(ctx, names[i], bytes, size, &a));
        TEST_OK(ctx, ken_npy_encode(ctx, &a.tensor, &again, &again_size));
        assert_int_equal(size, again_size);
        assert_memory_equal(bytes, again, size);
        ken_npy_array_free(ctx, &a);
        ken_free(ctx, again);
        free(bytes);
    }
    test_ctx_free(ctx);
}

static void test_npy__any_strides_are_written(void **s) {
    double v[24], want[6];
    char path[64];
    ken_ctx *ctx = test_ctx(1);
    ken_tensor t = ken_tensor_2d(v + 23, KEN_F64, 2, 3);
    (void)s;
    for (int i = 0; i < 24; i++) v[i] = i;
    snprintf(path, sizeof path, "/tmp/ken_npy_test_%d.npy", (int)getpid());
    const int64_t strides[][2] = {{-6, -2}, {-1, -7}, {-12, 0}, {-11, 1}};
    for (int k = 0; k < 4; k++) {
        ken_table *table;
        t.stride[0] = strides[k][0];
        t.stride[1] = strides[k][1];
        t.data = v + (k == 3 ? 20 : 23);
        for (int i = 0; i < 6; i++)
            want[i] = ((double *)t.data)[i / 3 * t.stride[0] + i % 3 * t.stride[1]];
        TEST_OK(ctx, ken_npy_write(ctx, path, &t));
        TEST_OK(ctx, ken_npy_read(ctx, path, &table));
        for (int i = 0; i < 6; i++)
            assert_true(ken_column_f64(ken_table_column(table, i % 3), i / 3) == want[i]);
        ken_table_free(table);
    }
    unlink(path);
    const ken_tensor texts = ken_tensor_1d(NULL, KEN_STRING, 0);
    TEST_FAILS(ctx, ken_npy_write(ctx, path, &texts), KEN_E_TYPE, "string");
    test_ctx_free(ctx);
}

static ken_status read_all(ken_ctx *ctx, void *arg) {
    size_t *size = arg;
    const char *bytes = (const char *)(size + 1);
    ken_table *t;
    ken_npy_array a;
    void *again = NULL;
    size_t again_size;
    const double x[] = {1, 2, 3, 4};
    const ken_status read = ken_npz_parse(ctx, "f", bytes, *size, NULL, &t);
    if (!no_zlib(ctx, read)) KEN_TRY(read);
    ken_table_free(t);
    const ken_tensor view = ken_tensor_2d((void *)(uintptr_t)x, KEN_F64, 2, 2);
    KEN_TRY(ken_npy_encode(ctx, &view, &again, &again_size));
    ken_status status = ken_npy_parse(ctx, "f", again, again_size, &t);
    if (status == KEN_OK) {
        ken_table_free(t);
        status = ken_npy_array_parse(ctx, "f", again, again_size, &a);
        if (status == KEN_OK) ken_npy_array_free(ctx, &a);
    }
    ken_free(ctx, again);
    return status;
}

static void test_npy__every_allocation_may_fail(void **s) {
    const char *path = test_shared("suites/parsers/formats/files/deflated.npz");
    (void)s;
    if (!path) TEST_SKIP("no samples");
    size_t size;
    char *bytes = test_read_file(path, &size);
    char *arg = malloc(sizeof size + size);
    memcpy(arg, &size, sizeof size);
    memcpy(arg + sizeof size, bytes, size);
    test_every_allocation(read_all, arg, 1000);
    free(arg);
    free(bytes);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_npy__samples),
        cmocka_unit_test(test_npy__archives_as_tables),
        cmocka_unit_test(test_npy__damaged_files_never_crash),
        cmocka_unit_test(test_npy__headers_that_are_refused),
        cmocka_unit_test(test_npy__every_type_is_exact),
        cmocka_unit_test(test_npy__tables),
        cmocka_unit_test(test_npy__written_as_numpy_does),
        cmocka_unit_test(test_npy__any_strides_are_written),
        cmocka_unit_test(test_npy__every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
