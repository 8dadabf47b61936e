/* Model files with a thing of this test alone (it brings its own catalog), and the safetensors
 * samples of the outside data folder. */
#include "tests/support.h"

#include <dirent.h>
#include <unistd.h>

#include "ken/core/catalog.h"
#include "ken/io/model_file/model_file.h"
#include "ken/io/model_file/safetensors.h"

/* --- a thing with an attribute of every type ------------------------------------------------ */
typedef struct sample_params {
    double alpha;
} sample_params;

static const ken_param sample_rows[] = {
    KEN_ROW_F64(sample_params, alpha, .min = 0, .max = 1e9, .doc = "a number"), {0}};
static const sample_params sample_defaults = {0.1};

static ken_status sample_fit(ken_ctx *ctx, ken_model *model, const ken_problem *problem) {
    static const struct {
        const char *name;
        ken_dtype dtype;
    } attrs[] = {{"a_bool", KEN_BOOL}, {"b_u8", KEN_U8},   {"c_i16", KEN_I16}, {"d_u16", KEN_U16},
                 {"e_i32", KEN_I32},   {"f_f32", KEN_F32}, {"g_i64", KEN_I64}};
    static const int64_t offset[] = {0, 3, 3, 9};
    static const ken_strings texts = {3, offset, "onethree\xc3"};
    const int64_t shape[2] = {3, 5}, none[1] = {0};
    void *data;
    KEN_TRY(ken_attr_set_f64(ctx, model, "mean", problem->y[0]));
    for (int i = 0; i < KEN_COUNT(attrs); i++) {
        KEN_TRY(ken_attr_new(ctx, model, attrs[i].name, attrs[i].dtype, 2, shape, &data));
        for (size_t j = 0; j < 15 * ken_dtype_size(attrs[i].dtype); j++)
            ((uint8_t *)data)[j] = (uint8_t)(attrs[i].dtype == KEN_BOOL ? j % 2 : j % 50);
    }
    KEN_TRY(ken_attr_new(ctx, model, "nothing", KEN_F64, 1, none, &data));
    return ken_attr_set_strings(ctx, model, "texts", &texts);
}

static int64_t sample_width(const ken_model *model, ken_what what) {
    (void)model;
    return what == KEN_WHAT_VALUE;
}

static ken_status sample_predict(ken_ctx *ctx, const ken_model *model, const ken_table *X,
                                 ken_what what, double *out) {
    (void)ctx, (void)what;
    for (int64_t i = 0; i < ken_table_rows(X); i++) out[i] = ken_model_attr_f64(model, "mean", NAN);
    return KEN_OK;
}

static const ken_estimator sample_verbs = {
    .fit = sample_fit, .width = sample_width, .predict = sample_predict};
static const ken_desc sample_desc = {.name = "sample",
                                     .title = "For this test",
                                     .kind = KEN_ESTIMATOR,
                                     .tasks = KEN_REGRESS,
                                     .params = sample_rows,
                                     .defaults = &sample_defaults,
                                     .params_size = sizeof(sample_params),
                                     .attrs = (const ken_attr[]){{"mean", KEN_F64, "", "x"},
                                                                 {"a_bool", KEN_BOOL, "3,5", "x"},
                                                                 {"b_u8", KEN_U8, "3,5", "x"},
                                                                 {"c_i16", KEN_I16, "3,5", "x"},
                                                                 {"d_u16", KEN_U16, "3,5", "x"},
                                                                 {"e_i32", KEN_I32, "3,5", "x"},
                                                                 {"f_f32", KEN_F32, "3,5", "x"},
                                                                 {"g_i64", KEN_I64, "3,5", "x"},
                                                                 {"nothing", KEN_F64, "0", "x"},
                                                                 {"texts", KEN_STRING, "3", "x"},
                                                                 {0}},
                                     .estimator = &sample_verbs,
                                     .doc = "x"};
static const ken_desc *const sample_things[] = {&sample_desc, NULL};
/* Taken by the linker instead of the library's own. */
const ken_catalog_folder ken_catalog_folders[] = {{"test", sample_things}, {NULL, NULL}};

static ken_status fit_model(ken_ctx *ctx, ken_model **model) {
    static const double x[] = {1, 2, 3, 4}, y[] = {0.1, 0.2, 0.3, 0.45};
    ken_column target = test_column_f64("y", y, 4), column = test_column_f64("x0", x, 4);
    ken_data data = {0};
    ken_table *table = NULL;
    *model = NULL;
    ken_status status = ken_table_new(ctx, 4, &table);
    if (status == KEN_OK) status = ken_table_add_borrow(ctx, table, &column);
    data.table = table;
    data.target = &target;
    data.task = KEN_REGRESS;
    if (status == KEN_OK) status = ken_model_new(ctx, "sample", "alpha=0.25", model);
    if (status == KEN_OK) status = ken_model_fit(ctx, *model, &data);
    ken_table_free(table);
    if (status != KEN_OK) ken_model_free(*model);
    return status;
}

static char *make_bytes(ken_ctx *ctx, size_t *size) {
    ken_model *model;
    void *bytes;
    TEST_OK(ctx, fit_model(ctx, &model));
    TEST_OK(ctx, ken_model_write(ctx, model, &bytes, size));
    ken_model_free(model);
    return bytes;
}

/* --- tests ---------------------------------------------------------------------------------- */
static void test_model_file__write_read_write_is_equal(void **s) {
    ken_ctx *ctx = test_ctx(1);
    ken_model *model = NULL;
    size_t size, size2;
    void *again;
    char *bytes = make_bytes(ctx, &size);
    (void)s;
    for (size_t shift = 0; shift < 9; shift++) { /* wherever the bytes lie in memory */
        char *moved = malloc(size + shift);
        memcpy(moved + shift, bytes, size);
        TEST_OK(ctx, ken_model_read(ctx, "m", moved + shift, size, &model));
        free(moved);
        assert_true(((const sample_params *)ken_model_params(model))->alpha == 0.25);
        assert_true(ken_model_attr_f64(model, "mean", 0) == 0.1);
        assert_int_equal(ken_model_attr_strings(model, "texts")->n, 3);
        TEST_OK(ctx, ken_model_write(ctx, model, &again, &size2));
        assert_int_equal(size, size2);
        assert_memory_equal(bytes, again, size);
        ken_free(ctx, again);
        ken_model_free(model);
    }
    ken_free(ctx, bytes);
    test_ctx_free(ctx);
}

static void test_model_file__is_a_valid_safetensors_file(void **s) {
    ken_ctx *ctx = test_ctx(1);
    ken_safetensors file;
    size_t size;
    char *bytes = make_bytes(ctx, &size);
    (void)s;
    TEST_OK(ctx, ken_safetensors_parse(ctx, "m", bytes, size, &file));
    assert_int_equal((size - file.data_size) % 64, 0);
    assert_true(file.n >= 10);
    assert_null(file.moved); /* all are aligned as they lie */
    for (int i = 1; i < file.n; i++)
        assert_true(ken_dtype_size(file.tensors[i - 1].tensor.dtype) >=
                    ken_dtype_size(file.tensors[i].tensor.dtype));
    ken_safetensors_free(ctx, &file);
    ken_free(ctx, bytes);
    test_ctx_free(ctx);
}

static void test_model_file__every_flipped_byte_is_noticed(void **s) {
    ken_ctx *ctx = test_ctx(1);
    ken_model *model = NULL;
    size_t size;
    char *bytes = make_bytes(ctx, &size);
    (void)s;
    for (size_t i = 0; i < size; i++) {
        const char bit = (char)(1 << (i % 8));
        bytes[i] ^= bit;
        const ken_status status = ken_model_read(ctx, "m", bytes, size, &model);
        if (status != KEN_E_FORMAT || !ken_ctx_hint(ctx)[0]) {
            print_error("byte %zu of %zu: %s: %s\n", i, size, ken_status_name(status),
                        ken_ctx_message(ctx));
            fail();
        }
        assert_null(model);
        bytes[i] ^= bit;
    }
    ken_free(ctx, bytes);
    test_ctx_free(ctx);
}

static void test_model_file__every_truncation_is_noticed(void **s) {
    ken_ctx *ctx = test_ctx(1);
    ken_model *model = NULL;
    size_t size;
    char *bytes = make_bytes(ctx, &size);
    (void)s;
    for (size_t n = 0; n < size; n += n < 70 || n + 70 > size ? 1 : 7) {
        char *cut = malloc(n ? n : 1);
        memcpy(cut, bytes, n);
        TEST_FAILS(ctx, ken_model_read(ctx, "m", cut, n, &model), KEN_E_FORMAT, "m: ");
        if (n > 8) assert_non_null(strstr(ken_ctx_message(ctx), "cut short"));
        assert_true(ken_ctx_hint(ctx)[0] != 0);
        free(cut);
    }
    ken_free(ctx, bytes);
    test_ctx_free(ctx);
}

static void test_model_file__other_files_are_refused(void **s) {
    static const struct {
        const char *bytes, *part;
    } cases[] = {{"", "empty"},
                 {"a,b,c\n1,2,3\n", "not a model file"},
                 {"x", "not a model file"},
                 {"{\"json\": 1}", "not a model file"},
                 {"\x1f\x8b\x08 and so on", "not a model file"}};
    ken_ctx *ctx = test_ctx(1);
    ken_model *model;
    (void)s;
    for (int i = 0; i < KEN_COUNT(cases); i++)
        TEST_FAILS(ctx,
                   ken_model_read(ctx, "t.csv", cases[i].bytes, strlen(cases[i].bytes), &model),
                   KEN_E_FORMAT, cases[i].part);
    const char other[] =
        "\x2e\0\0\0\0\0\0\0{\"w\":{\"dtype\":\"U8\",\"shape\":[],\"data_offsets\":[0,1]}}!";
    TEST_FAILS(ctx, ken_model_read(ctx, "w", other, 8 + 0x2e + 1, &model), KEN_E_FORMAT, "");
    TEST_FAILS(ctx, ken_model_load(ctx, "/nowhere/m.ken", &model), KEN_E_IO, "No such file");
    test_ctx_free(ctx);
}

static void test_model_file__saved_and_loaded(void **s) {
    ken_ctx *ctx = test_ctx(1);
    ken_model *model, *loaded;
    char path[64];
    double got[2] = {0}, x[] = {1, 2};
    (void)s;
    snprintf(path, sizeof path, "/tmp/ken_model_file_test_%d.ken", (int)getpid());
    TEST_OK(ctx, fit_model(ctx, &model));
    TEST_OK(ctx, ken_model_save(ctx, model, path));
    TEST_OK(ctx, ken_model_load(ctx, path, &loaded));
    ken_table *table = test_table(ctx, x, 2, 1);
    ken_tensor out = ken_tensor_2d(got, KEN_F64, 2, 1);
    TEST_OK(ctx, ken_model_predict(ctx, loaded, table, KEN_WHAT_VALUE, &out));
    assert_true(got[0] == 0.1 && got[1] == 0.1);
    ken_table_free(table);
    TEST_FAILS(ctx, ken_model_save(ctx, model, "/dev/full"), KEN_E_IO, "No space");
    TEST_FAILS(ctx, ken_model_save(ctx, model, "/nowhere/m.ken"), KEN_E_IO, "No such file");
    ken_model_free(loaded);
    ken_model_free(model);
    unlink(path);
    test_ctx_free(ctx);
}

static ken_status write_and_read(ken_ctx *ctx, void *arg) {
    ken_model *model, *again = NULL;
    void *bytes = NULL;
    size_t size;
    (void)arg;
    KEN_TRY(fit_model(ctx, &model));
    ken_status status = ken_model_write(ctx, model, &bytes, &size);
    if (status == KEN_OK) status = ken_model_read(ctx, "m", bytes, size, &again);
    ken_model_free(model);
    ken_model_free(again);
    ken_free(ctx, bytes);
    return status;
}

static void test_model_file__every_allocation_may_fail(void **s) {
    (void)s;
    test_every_allocation(write_and_read, NULL, 2000);
}

/* A file of `header` and `size` bytes of data. */
static ken_status parse(ken_ctx *ctx, const char *header, size_t size) {
    const size_t n = strlen(header);
    char *bytes = calloc(1, 8 + n + size);
    ken_safetensors file;
    for (int i = 0; i < 8; i++) bytes[i] = (char)(n >> (8 * i));
    memcpy(bytes + 8, header, n);
    const ken_status status = ken_safetensors_parse(ctx, "f", bytes, 8 + n + size, &file);
    ken_safetensors_free(ctx, &file);
    free(bytes);
    return status;
}

static void test_safetensors__rules_of_the_format(void **s) {
    static const struct {
        const char *header;
        size_t size;
        ken_status status;
        const char *part;
    } cases[] = {
        {"{}", 0, KEN_OK, ""},
        {"{}   ", 0, KEN_OK, ""},
        {"{}", 1, KEN_E_FORMAT, "after the last"},
        {"[]", 0, KEN_E_FORMAT, "not a safetensors"},
        {"{\"__metadata__\":{\"a\":\"b\"}}", 0, KEN_OK, ""},
        {"{\"__metadata__\":1}", 0, KEN_E_FORMAT, "no object"},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[],\"data_offsets\":[0,1]}}", 1, KEN_OK, ""},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[0,9223372036854775807],\"data_offsets\":[0,0]}}", 0,
         KEN_OK, ""},
        {"{\"a\":{\"dtype\":\"F64\",\"shape\":[0,9223372036854775807],\"data_offsets\":[0,0]}}", 0,
         KEN_E_FORMAT, "too many"},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[4294967296,4294967296],\"data_offsets\":[0,0]}}", 0,
         KEN_E_FORMAT, "too many"},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]},\"a\":{\"dtype\":\"U8\","
         "\"shape\":[2],"
         "\"data_offsets\":[0,2]}}",
         2, KEN_E_FORMAT, "two tensors"},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]},\"b\":{\"dtype\":\"U8\","
         "\"shape\":[2],"
         "\"data_offsets\":[1,3]}}",
         3, KEN_E_FORMAT, "overlaps"},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[1,3]}}", 3, KEN_E_FORMAT,
         "hole"},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]}}", 1, KEN_E_FORMAT,
         "cut short"},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[2,0]}}", 2, KEN_E_FORMAT,
         "data_offsets"},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[-1],\"data_offsets\":[0,0]}}", 0, KEN_E_FORMAT,
         "shape"},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[1.0],\"data_offsets\":[0,1]}}", 1, KEN_E_FORMAT,
         "shape"},
        {"{\"a\":{\"dtype\":\"BF16\",\"shape\":[1],\"data_offsets\":[0,2]}}", 2, KEN_E_UNSUPPORTED,
         "BF16"},
        {"{\"a\":{\"dtype\":\"U8\",\"shape\":[1,1,1,1,1,1,1],\"data_offsets\":[0,1]}}", 1,
         KEN_E_UNSUPPORTED, "7 dimensions"},
        {"{\"a\":[]}", 0, KEN_E_FORMAT, "lacks"},
        {"{\"a\\u0000\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}", 1, KEN_E_FORMAT,
         "NUL"}};
    ken_ctx *ctx = test_ctx(1);
    (void)s;
    for (int i = 0; i < KEN_COUNT(cases); i++) {
        const ken_status status = parse(ctx, cases[i].header, cases[i].size);
        if (cases[i].status == KEN_OK)
            TEST_OK(ctx, status);
        else
            TEST_FAILS(ctx, status, cases[i].status, cases[i].part);
    }
    test_ctx_free(ctx);
}

static void check_good(const ken_safetensors *f) {
    static const float w[] = {0, 0.25f, 0.5f, 0.75f, 1, 1.25f};
    static const int64_t b[] = {7, -9};
    assert_int_equal(f->n, 2);
    assert_string_equal(f->tensors[0].name, "w");
    assert_int_equal(f->tensors[0].tensor.dtype, KEN_F32);
    assert_int_equal(f->tensors[0].tensor.shape[0], 2);
    assert_int_equal(f->tensors[0].tensor.shape[1], 3);
    assert_memory_equal(f->tensors[0].tensor.data, w, sizeof w);
    assert_string_equal(f->tensors[1].name, "b");
    assert_memory_equal(f->tensors[1].tensor.data, b, sizeof b);
}

static void test_safetensors__samples(void **s) {
    const char *folder = test_shared("suites/parsers/formats/files");
    int count = 0;
    (void)s;
    if (!folder) TEST_SKIP("no samples");
    ken_ctx *ctx = test_ctx(1);
    DIR *dir = opendir(folder);
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        char path[4096];
        size_t size;
        ken_safetensors file;
        if (!strstr(entry->d_name, ".safetensors")) continue;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        char *bytes = test_read_file(path, &size);
        const ken_status status = ken_safetensors_parse(ctx, entry->d_name, bytes, size, &file);
        if (strncmp(entry->d_name, "good", 4) == 0 || strncmp(entry->d_name, "metadata", 8) == 0) {
            TEST_OK(ctx, status);
            check_good(&file);
        } else {
            TEST_FAILS(ctx, status, KEN_E_FORMAT, entry->d_name);
        }
        ken_safetensors_free(ctx, &file);
        ken_model *model;
        TEST_FAILS(ctx, ken_model_read(ctx, entry->d_name, bytes, size, &model), KEN_E_FORMAT,
                   entry->d_name);
        free(bytes);
        count++;
    }
    closedir(dir);
    assert_true(count >= 9);
    test_ctx_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_model_file__write_read_write_is_equal),
        cmocka_unit_test(test_model_file__is_a_valid_safetensors_file),
        cmocka_unit_test(test_model_file__every_flipped_byte_is_noticed),
        cmocka_unit_test(test_model_file__every_truncation_is_noticed),
        cmocka_unit_test(test_model_file__other_files_are_refused),
        cmocka_unit_test(test_model_file__saved_and_loaded),
        cmocka_unit_test(test_model_file__every_allocation_may_fail),
        cmocka_unit_test(test_safetensors__rules_of_the_format),
        cmocka_unit_test(test_safetensors__samples),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
