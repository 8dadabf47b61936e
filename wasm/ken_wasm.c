/* The module's ground: context, buffers, handles, errors, catalog. Tables: ken_wasm_table.c; models:
 * ken_wasm_model.c; probes and cells: ken_wasm_run.c. */
#include "wasm/kw.h"

typedef struct kw_slot {
    kw_kind kind;
    int32_t generation; /* a handle of a freed object stays wrong when its slot is used again */
    int32_t holds;
    void *object;
} kw_slot;

enum { KW_SLOTS = 1 << 14, KW_GENERATIONS = 1 << 16 };

static struct {
    ken_ctx *ctx;
    char *input;
    size_t input_size;
    char *result;
    size_t result_size;
    ken_text text;
    ken_json_writer json;
    ken_json_doc *doc;
    kw_slot *slots;
    int32_t n_slots;
} kw;

/* --- context and errors --------------------------------------------------------------------------- */
ken_ctx *kw_ctx(void) { return kw.ctx; }

ken_status kw_ctx_new(ken_ctx **out) {
    const ken_ctx_options options = {.threads = 1, .strict = true, .seed = kw.ctx ? ken_ctx_seed(kw.ctx) : 1};
    return ken_ctx_new(&options, out);
}

ken_status kw_from(ken_ctx *ctx, ken_status status) {
    if (status == KEN_OK || ctx == kw.ctx) return status;
    /* Copied: the context may be gone when kw_error is called. */
    (void)KEN_FAIL(kw.ctx, status, ken_ctx_hint(ctx), "%s", ken_ctx_message(ctx));
    if (ken_ctx_place(ctx)[0]) ken_fail_place(kw.ctx, "%s", ken_ctx_place(ctx));
    return status;
}

KW(open, void) { return kw.ctx ? KEN_OK : kw_ctx_new(&kw.ctx); }

KW(seed, double seed) {
    if (!(seed >= 0 && seed <= 9007199254740991.0) || seed != floor(seed))
        return KEN_FAIL(kw.ctx, KEN_E_ARG, "pass a whole number from 0 on", "the seed is no whole number");
    ken_ctx_set_seed(kw.ctx, (uint64_t)seed);
    return KEN_OK;
}

/* The last error as JSON, as the result; status: what the verb returned. */
KW(error, int32_t status) {
    ken_json_writer *w = kw_result_json();
    ken_json_object(w);
    KEN_JSON(w, "code", string, ken_status_name((ken_status)status));
    KEN_JSON(w, "message", string, ken_ctx_message(kw.ctx));
    KEN_JSON(w, "hint", string, ken_ctx_hint(kw.ctx));
    KEN_JSON(w, "place", string, ken_ctx_place(kw.ctx));
    ken_json_end_object(w);
    return kw_result_end();
}

/* --- buffers ---------------------------------------------------------------------------------------- */
/* Room for `size` bytes; 0: there is none. */
KW(input, uint32_t size) {
    if (size > kw.input_size) {
        void *room;
        ken_free(kw.ctx, kw.input);
        kw.input = NULL;
        kw.input_size = 0;
        if (ken_alloc(kw.ctx, size, 1, &room) != KEN_OK) return 0;
        kw.input = room;
        kw.input_size = size;
    }
    return (int32_t)(uintptr_t)kw.input;
}

/* After a large file: give its room back. */
KW(input_free, void) {
    ken_free(kw.ctx, kw.input);
    kw.input = NULL;
    kw.input_size = 0;
    return KEN_OK;
}

static ken_status kw_too_long(void) {
    return KEN_FAIL(kw.ctx, KEN_E_ARG, "ask kw_input for room first", "the input is shorter than said");
}

ken_status kw_json(int32_t size, const ken_json **in) {
    ken_json_doc_free(kw.doc);
    kw.doc = NULL;
    *in = NULL;
    if (size == 0) return KEN_OK;
    if (size < 0 || (size_t)size > kw.input_size) return kw_too_long();
    KEN_TRY(ken_json_parse(kw.ctx, "arguments", kw.input, (size_t)size, &kw.doc));
    *in = ken_json_root(kw.doc);
    return KEN_OK;
}

ken_status kw_rest(int32_t size, size_t bytes, const void **out) {
    const size_t start = ((size_t)(uint32_t)size + 7) & ~(size_t)7;
    if (size < 0 || start > kw.input_size || bytes > kw.input_size - start) return kw_too_long();
    *out = kw.input + start;
    return KEN_OK;
}

const char *kw_text(const ken_json *in, const char *key, const char *otherwise) {
    return ken_json_string(ken_json_get(in, key), NULL, otherwise);
}

static void kw_result_clear(void) {
    ken_free(kw.ctx, kw.result);
    kw.result = NULL;
    kw.result_size = 0;
    ken_text_free(&kw.text);
    kw.text = ken_text_new(kw.ctx);
}

ken_status kw_result_new(int64_t count, size_t item, void **out) {
    kw_result_clear();
    if (count < 0 || count > INT32_MAX / (int64_t)item)
        return KEN_FAIL(kw.ctx, KEN_E_LIMIT, "ask for fewer rows at a time",
                        "a result of %lld numbers is too large for a page", (long long)count);
    KEN_TRY(ken_alloc(kw.ctx, (size_t)count, item, out));
    kw.result = *out;
    kw.result_size = (size_t)count * item;
    return KEN_OK;
}

ken_text *kw_result_text(void) {
    kw_result_clear();
    return &kw.text;
}

ken_json_writer *kw_result_json(void) {
    kw.json = ken_json_writer_new(kw_result_text(), 0);
    return &kw.json;
}

ken_status kw_result_end(void) {
    const char *text;
    return ken_text_end(&kw.text, &text);
}

KW(result, void) { return (int32_t)(uintptr_t)(kw.result ? kw.result : kw.text.data); }
KW(result_size, void) { return (int32_t)(kw.result ? kw.result_size : kw.text.size); }

/* --- handles ---------------------------------------------------------------------------------------- */
static const char *kw_kind_name(kw_kind kind) {
    static const char *const names[] = {"object", "table", "model", "trace"};
    return names[kind];
}

ken_status kw_handle_new(kw_kind kind, void *object, int32_t *handle) {
    int32_t i = 0;
    while (i < kw.n_slots && kw.slots[i].kind != KW_FREE) i++;
    if (i == KW_SLOTS)
        return KEN_FAIL(kw.ctx, KEN_E_LIMIT, "free what is no longer used: t.free(), m.free()",
                        "%d tables and models are open", (int)KW_SLOTS);
    if (i == kw.n_slots) {
        void *slots = kw.slots;
        const size_t next = KEN_MIN(ken_next_capacity((size_t)i, (size_t)i + 1), KW_SLOTS);
        KEN_TRY(ken_grow(kw.ctx, &slots, (size_t)i, next, sizeof(kw_slot)));
        kw.slots = slots;
        kw.n_slots = (int32_t)next;
    }
    kw_slot *slot = &kw.slots[i];
    slot->kind = kind;
    slot->object = object;
    slot->holds = 0;
    slot->generation = (slot->generation + 1) % KW_GENERATIONS;
    *handle = slot->generation * KW_SLOTS + i + 1;
    return KEN_OK;
}

static kw_slot *kw_slot_of(int32_t handle) {
    const int32_t i = (handle - 1) % KW_SLOTS;
    if (handle < 1 || i >= kw.n_slots || kw.slots[i].kind == KW_FREE) return NULL;
    return kw.slots[i].generation == (handle - 1) / KW_SLOTS ? &kw.slots[i] : NULL;
}

ken_status kw_get(int32_t handle, kw_kind kind, void *out) {
    const kw_slot *slot = kw_slot_of(handle);
    void *object = slot && slot->kind == kind ? slot->object : NULL;
    memcpy(out, &object, sizeof object);
    if (object) return KEN_OK;
    return KEN_FAIL(kw.ctx, KEN_E_ARG, "pass one that has been made and not freed",
                    slot ? "handle %d is not a %s" : "there is no handle %d of a %s", handle,
                    kw_kind_name(kind));
}

void kw_hold(int32_t handle, int change) {
    kw_slot *slot = kw_slot_of(handle);
    if (slot) slot->holds += change;
}

ken_status kw_unheld(int32_t handle) {
    const kw_slot *slot = kw_slot_of(handle);
    if (!slot || !slot->holds) return KEN_OK;
    return KEN_FAIL(kw.ctx, KEN_E_STATE, "end the trace first: trace.end()", "a trace stands on this %s",
                    kw_kind_name(slot->kind));
}

KW(free, int32_t handle) {
    kw_slot *slot = kw_slot_of(handle);
    if (!slot)
        return KEN_FAIL(kw.ctx, KEN_E_ARG, "free each object once", "there is no handle %d", handle);
    KEN_TRY(kw_unheld(handle));
    if (slot->kind == KW_TABLE) ken_table_free(slot->object);
    if (slot->kind == KW_MODEL) ken_model_free(slot->object);
    if (slot->kind == KW_TRACE) kw_trace_free(slot->object);
    slot->kind = KW_FREE;
    return KEN_OK;
}

/* --- catalog ---------------------------------------------------------------------------------------- */
KW(things, void) {
    ken_json_writer *w = kw_result_json();
    const ken_desc *desc;
    ken_json_array(w);
    for (int i = 0; (desc = ken_catalog_at(i)); i++) ken_desc_write_json(desc, ken_catalog_room(i), w);
    ken_json_end_array(w);
    return kw_result_end();
}
