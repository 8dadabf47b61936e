/* Model files: the container, the file as it is, and, because no fuzzer guesses a SHA-256, the
 * model inside without its checksum. A model that opens must predict without harm and save the same
 * twice. */
#include "fuzz/fuzz.h"

#include "ken/io/model_file/model_file.h"
#include "ken/io/model_file/safetensors.h"

#define ROWS 3

/* A table as the model wants it, of a few awkward values. */
static ken_status make_table(ken_ctx *ctx, const ken_model *model, ken_table **out) {
    static const double values[ROWS] = {0, -1e300, 7.5};
    static const int64_t offset[] = {0, 1, 4};
    KEN_TRY(ken_table_new(ctx, ROWS, out));
    for (int j = 0; j < ken_model_n_features(model); j++) {
        const ken_dtype dtype = ken_model_feature_dtype(model, j);
        const char *name = ken_model_feature(model, j);
        void *data;
        if (dtype == KEN_CATEGORY || dtype == KEN_STRING) {
            static const int32_t codes[ROWS] = {0, 1, 0};
            static const int64_t offset3[] = {0, 1, 4, 4};
            ken_column c = {0};
            c.name = name;
            c.dtype = dtype;
            c.n = ROWS;
            c.data = dtype == KEN_CATEGORY ? codes : NULL;
            c.stride = 1;
            c.text.n = dtype == KEN_CATEGORY ? 2 : ROWS;
            c.text.offset = dtype == KEN_CATEGORY ? offset : offset3;
            c.text.bytes = "axyz";
            c.source = -1;
            KEN_TRY(ken_table_add_copy(ctx, *out, &c));
            continue;
        }
        KEN_TRY(ken_table_add_new(ctx, *out, name, dtype, &data, NULL));
        for (int i = 0; i < ROWS; i++) {
            if (dtype == KEN_F64) ((double *)data)[i] = values[i];
            if (dtype == KEN_F32) ((float *)data)[i] = (float)(values[i] / 1e280);
            if (dtype == KEN_I64 || dtype == KEN_TIME) ((int64_t *)data)[i] = i * (INT64_MAX / 2);
            if (dtype == KEN_BOOL) ((uint8_t *)data)[i] = i & 1;
        }
    }
    return KEN_OK;
}

static void use(ken_ctx *ctx, const ken_model *model) {
    static double room[1 << 16];
    ken_table *table = NULL, *out = NULL;
    if (make_table(ctx, model, &table) == KEN_OK) {
        for (int what = KEN_WHAT_VALUE; what <= KEN_WHAT_SET; what++) {
            int64_t width;
            if (ken_model_width(ctx, model, (ken_what)what, &width) != KEN_OK) continue;
            if (width < 1 || width > (1 << 16) / ROWS) continue;
            ken_tensor t = ken_tensor_2d(room, KEN_F64, ROWS, width);
            (void)ken_model_predict(ctx, model, table, (ken_what)what, &t);
        }
        if (ken_model_transform(ctx, model, table, &out) == KEN_OK) ken_table_free(out);
    }
    ken_table_free(table);
}

static void round_trip(ken_ctx *ctx, const ken_model *model) {
    ken_model *again;
    void *one = NULL, *two = NULL;
    size_t n, m;
    FUZZ_CHECK(ken_model_write(ctx, model, &one, &n) == KEN_OK);
    FUZZ_CHECK(ken_model_read(ctx, "again", one, n, &again) == KEN_OK);
    FUZZ_CHECK(ken_model_write(ctx, again, &two, &m) == KEN_OK);
    FUZZ_CHECK(n == m && memcmp(one, two, n) == 0);
    ken_model_free(again);
    ken_free(ctx, one);
    ken_free(ctx, two);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    fuzz_memory memory;
    ken_ctx *ctx = fuzz_begin(&memory);
    ken_safetensors file;
    ken_model *model;
    if (ken_model_read(ctx, "fuzz", data, size, &model) == KEN_OK)
        ken_model_free(model);
    else
        FUZZ_CHECK(ken_ctx_message(ctx)[0] != 0);
    if (ken_safetensors_parse(ctx, "fuzz", data, size, &file) == KEN_OK) {
        size_t n;
        const char *json = ken_json_string(ken_json_get(file.metadata, "ken"), &n, NULL);
        if (json &&
            ken_model_unpack(ctx, "fuzz", json, n, file.tensors, file.n, &model) == KEN_OK) {
            round_trip(ctx, model);
            use(ctx, model);
            ken_model_free(model);
        }
    }
    ken_safetensors_free(ctx, &file);
    fuzz_end(ctx, &memory);
    return 0;
}
