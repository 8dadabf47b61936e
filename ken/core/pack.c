/* A model as JSON text and named tensors. What is written here is all that a model is: two equal
 * models give equal bytes. Reading back is unpack.c. */
#include <stdio.h>
#include <string.h>

#include "ken/core/model_internal.h"
#include "ken/core/pack.h"

struct ken_bundle {
    ken_ctx *ctx;
    ken_text json;
    const char *json_text;
    int n, capacity;
    ken_named_tensor *tensors; /* names owned */
};

static ken_status pack_tensor(ken_bundle *b, const ken_tensor *t, const char *prefix, const char *name,
                              const char *suffix) {
    ken_text text = ken_text_new(b->ctx);
    const char *full;
    if (b->n == b->capacity) {
        const size_t capacity = ken_next_capacity((size_t)b->n, (size_t)b->n + 1);
        KEN_TRY(ken_grow(b->ctx, (void **)&b->tensors, (size_t)b->n, capacity, sizeof(*b->tensors)));
        b->capacity = (int)capacity;
    }
    ken_text_addf(&text, "%s/%s%s", prefix, name, suffix);
    const ken_status status = ken_text_end(&text, &full);
    if (status != KEN_OK) {
        ken_text_free(&text);
        return status;
    }
    b->tensors[b->n].name = full;
    b->tensors[b->n++].tensor = *t;
    return KEN_OK;
}

/* A list of texts: its bytes and its offsets. */
static ken_status pack_strings(ken_bundle *b, const ken_strings *s, const char *prefix, const char *name) {
    static const int64_t zero = 0;
    static const char none = 0;
    const int64_t *offset = s->offset ? s->offset : &zero;
    ken_tensor t = ken_tensor_1d((void *)(uintptr_t)offset, KEN_I64, s->n + 1);
    KEN_TRY(pack_tensor(b, &t, prefix, name, ".offset"));
    t = ken_tensor_1d((void *)(uintptr_t)(s->bytes ? s->bytes : &none), KEN_U8, offset[s->n]);
    return pack_tensor(b, &t, prefix, name, ".bytes");
}

static ken_status pack_schema(ken_bundle *b, ken_json_writer *w, const ken_schema *schema,
                              const char *key, const char *prefix) {
    ken_json_put_key(w, key);
    ken_json_array(w);
    for (int j = 0; j < schema->n; j++) {
        const ken_field *f = &schema->fields[j];
        ken_json_object(w);
        KEN_JSON(w, "name", string, f->name);
        KEN_JSON(w, "type", string, ken_dtype_name(f->dtype));
        KEN_JSON(w, "source", i64, f->source);
        ken_json_end_object(w);
        if (f->dtype == KEN_CATEGORY) {
            char name[48];
            snprintf(name, sizeof name, "%s/%d/levels", key, j);
            KEN_TRY(pack_strings(b, &f->levels, prefix, name));
        }
    }
    ken_json_end_array(w);
    return KEN_OK;
}

static ken_status pack_attrs(ken_bundle *b, const ken_model *m, const char *prefix) {
    for (int i = 0; i < m->n_attrs; i++) {
        const ken_learned *a = &m->attrs[i];
        if (a->tensor.dtype == KEN_STRING)
            KEN_TRY(pack_strings(b, &a->strings, prefix, a->name));
        else
            KEN_TRY(pack_tensor(b, &a->tensor, prefix, a->name, ""));
    }
    return KEN_OK;
}

static ken_status pack_model(ken_bundle *b, ken_json_writer *w, const ken_model *m, const char *prefix,
                             int depth) {
    char nested[KEN_PACK_PREFIX];
    if (depth > KEN_PACK_DEPTH)
        return KEN_FAIL(b->ctx, KEN_E_LIMIT, NULL, "models are nested deeper than %d", KEN_PACK_DEPTH);
    ken_json_object(w);
    KEN_JSON(w, "thing", string, m->desc->name);
    KEN_JSON(w, "task", string, ken_task_name(m->task));
    KEN_JSON(w, "rows_train", i64, m->rows_train);
    ken_json_put_key(w, "parameters");
    ken_json_object(w);
    ken_model_write_params(m, w);
    ken_json_end_object(w);
    KEN_TRY(pack_schema(b, w, &m->features, "features", prefix));
    if (m->target.name) {
        ken_json_put_key(w, "target");
        ken_json_object(w);
        KEN_JSON(w, "name", string, m->target.name);
        KEN_JSON(w, "type", string, ken_dtype_name(m->target.dtype));
        ken_json_end_object(w);
    }
    for (int s = 0; s < KEN_SIDES; s++)
        if (m->side[s]) {
            ken_json_put_key(w, ken__side_names[s]);
            ken_json_put_string(w, m->side[s]);
        }
    if (m->classes.n) {
        ken_json_put_key(w, "classes");
        ken_json_array(w);
        for (int k = 0; k < m->classes.n; k++) ken_json_put_string(w, ken_model_class(m, k));
        ken_json_end_array(w);
    }
    KEN_TRY(pack_attrs(b, m, prefix));
    if (m->recipe) {
        KEN_TRY(pack_schema(b, w, &m->inputs, "inputs", prefix));
        ken_json_put_key(w, "recipe");
        KEN_TRY(pack_model(b, w, m->recipe, depth ? "model/recipe" : "recipe", depth + 1));
    }
    if (m->n_children) {
        ken_json_put_key(w, "children");
        ken_json_array(w);
        for (int i = 0; i < m->n_children; i++) {
            snprintf(nested, sizeof nested, "%s/%d", prefix, i);
            KEN_TRY(pack_model(b, w, m->children[i], nested, depth + 1));
        }
        ken_json_end_array(w);
    }
    ken_json_end_object(w);
    return KEN_OK;
}

ken_status ken_model_pack(ken_ctx *ctx, const ken_model *m, ken_bundle **out) {
    ken_bundle *b = NULL;
    *out = NULL;
    if (!m->fitted)
        return KEN_FAIL(ctx, KEN_E_STATE, "fit it first", "%s is not fitted", m->desc->name);
    KEN_TRY(KEN_ALLOC(ctx, ken_bundle, 1, &b));
    b->ctx = ctx;
    b->json = ken_text_new(ctx);
    ken_json_writer w = ken_json_writer_new(&b->json, 0);
    ken_json_object(&w);
    KEN_JSON(&w, "format", i64, KEN_PACK_FORMAT);
    KEN_JSON(&w, "ken", string, KEN_VERSION);
    ken_json_put_key(&w, "model");
    ken_status status = pack_model(b, &w, m, "model", 0);
    if (status == KEN_OK) {
        ken_json_end_object(&w);
        status = ken_text_end(&b->json, &b->json_text);
    }
    if (status != KEN_OK) {
        ken_bundle_free(b);
        return status;
    }
    *out = b;
    return KEN_OK;
}

void ken_bundle_free(ken_bundle *b) {
    if (!b) return;
    for (int i = 0; i < b->n; i++) ken_free(b->ctx, (void *)(uintptr_t)b->tensors[i].name);
    ken_free(b->ctx, b->tensors);
    ken_text_free(&b->json);
    ken_free(b->ctx, b);
}

const char *ken_bundle_json(const ken_bundle *b) { return b->json_text; }
int ken_bundle_count(const ken_bundle *b) { return b->n; }
const ken_named_tensor *ken_bundle_at(const ken_bundle *b, int i) { return &b->tensors[i]; }
