/* JSON: what is read is written, read and written again, the same. */
#include "fuzz/fuzz.h"

#include "ken/core/json.h"

static void put(ken_json_writer *w, const ken_json *v, int depth) {
    size_t size;
    const char *text;
    const ken_json_type type = ken_json_get_type(v);
    if (depth >= KEN_JSON_MAX_WRITE_DEPTH) {
        ken_json_put_null(w); /* deeper than the writer goes */
        return;
    }
    switch (type) {
    case KEN_JSON_NULL:
        ken_json_put_null(w);
        return;
    case KEN_JSON_BOOL:
        ken_json_put_bool(w, ken_json_bool(v, false));
        return;
    case KEN_JSON_INT:
        ken_json_put_i64(w, ken_json_i64(v, 0));
        return;
    case KEN_JSON_NUMBER:
        ken_json_put_f64(w, ken_json_f64(v, 0));
        return;
    case KEN_JSON_STRING:
        text = ken_json_string(v, &size, NULL);
        FUZZ_CHECK(text[size] == 0 && ken_utf8_valid(text, size) == size);
        ken_json_put_bytes(w, text, size);
        return;
    case KEN_JSON_ARRAY:
        ken_json_array(w);
        for (int64_t i = 0; i < ken_json_count(v); i++) put(w, ken_json_at(v, i), depth + 1);
        ken_json_end_array(w);
        return;
    case KEN_JSON_OBJECT:
        ken_json_object(w);
        for (int64_t i = 0; i < ken_json_count(v); i++) {
            const char *key = ken_json_key(v, i, &size);
            if (strlen(key) == size) FUZZ_CHECK(ken_json_get(v, key) != NULL);
            ken_json_put_key(w, key);
            put(w, ken_json_at(v, i), depth + 1);
        }
        ken_json_end_object(w);
    }
}

static ken_status again(ken_ctx *ctx, const char *text, size_t size, int indent, ken_text *out) {
    ken_json_doc *doc;
    ken_json_writer w = ken_json_writer_new(out, indent);
    const char *end;
    KEN_TRY(ken_json_parse(ctx, "fuzz", text, size, &doc));
    put(&w, ken_json_root(doc), 0);
    ken_json_doc_free(doc);
    return ken_text_end(out, &end);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    fuzz_memory memory;
    ken_ctx *ctx = fuzz_begin(&memory);
    ken_text one = ken_text_new(ctx), two = ken_text_new(ctx);
    if (again(ctx, (const char *)data, size, 2, &one) == KEN_OK) {
        FUZZ_CHECK(again(ctx, one.data, one.size, 2, &two) == KEN_OK);
        FUZZ_CHECK(one.size == two.size && memcmp(one.data, two.data, one.size) == 0);
    } else {
        FUZZ_CHECK(ken_ctx_message(ctx)[0] != 0);
    }
    ken_text_free(&one);
    ken_text_free(&two);
    fuzz_end(ctx, &memory);
    return 0;
}
