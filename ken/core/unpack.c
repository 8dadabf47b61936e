/* JSON text and named tensors back into a model. The bytes may come from anywhere: every name, type,
 * size and offset is checked before it is used. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ken/core/model_internal.h"
#include "ken/core/pack.h"

typedef struct unpack {
    ken_ctx *ctx;
    const char *name;                 /* of the file, for messages */
    const ken_named_tensor **sorted;  /* by name */
    int n;
} unpack;

#define UNPACK_FAIL(u, ...) unpack_fail((u), __VA_ARGS__)
static ken_status KEN_PRINTF(2, 3) unpack_fail(const unpack *u, const char *fmt, ...) {
    char what[512];
    va_list args;
    va_start(args, fmt);
    vsnprintf(what, sizeof what, fmt, args);
    va_end(args);
    return KEN_FAIL(u->ctx, KEN_E_FORMAT, "save the model again with 'ken train'",
                    "'%s' is not a sound model file: %s", u->name, what);
}

static int unpack_by_name(const void *a, const void *b) {
    return strcmp((*(const ken_named_tensor *const *)a)->name, (*(const ken_named_tensor *const *)b)->name);
}

static const ken_tensor *unpack_find(const unpack *u, const char *prefix, const char *name,
                                     const char *suffix) {
    char full[512];
    const int size = snprintf(full, sizeof full, "%s/%s%s", prefix, name, suffix);
    if (size < 0 || (size_t)size >= sizeof full) return NULL;
    ken_named_tensor key = {full, {0}};
    const ken_named_tensor *at = &key;
    const ken_named_tensor **found =
        u->n ? bsearch(&at, u->sorted, (size_t)u->n, sizeof *u->sorted, unpack_by_name) : NULL;
    return found ? &(*found)->tensor : NULL;
}

static ken_status unpack_strings(const unpack *u, const char *prefix, const char *name, ken_strings *out) {
    const ken_tensor *offset = unpack_find(u, prefix, name, ".offset");
    const ken_tensor *bytes = unpack_find(u, prefix, name, ".bytes");
    if (!offset || !bytes || offset->dtype != KEN_I64 || bytes->dtype != KEN_U8 || offset->ndim != 1 ||
        bytes->ndim != 1 || offset->shape[0] < 1)
        return UNPACK_FAIL(u, "the texts '%s/%s' are missing or of the wrong type", prefix, name);
    const int64_t *at = offset->data, n = offset->shape[0] - 1;
    bool sound = at[0] == 0 && at[n] == bytes->shape[0];
    for (int64_t i = 0; sound && i < n; i++) sound = at[i] <= at[i + 1];
    if (!sound) return UNPACK_FAIL(u, "the offsets of '%s/%s' do not fit its bytes", prefix, name);
    const ken_strings view = {n, at, bytes->data};
    return ken__strings_copy(u->ctx, &view, out);
}

static ken_dtype unpack_dtype(const char *name) {
    for (int t = KEN_F64; t <= KEN_TIME; t++)
        if (strcmp(ken_dtype_name((ken_dtype)t), name) == 0) return (ken_dtype)t;
    return 0;
}

static ken_status unpack_schema(const unpack *u, const ken_json *list, const char *key,
                                const char *prefix, ken_schema *out) {
    const int64_t n = ken_json_count(list);
    if (n > INT32_MAX / 2) return UNPACK_FAIL(u, "too many %s", key);
    KEN_TRY(KEN_ALLOC(u->ctx, ken_field, n, &out->fields));
    out->n = (int)n;
    for (int j = 0; j < n; j++) {
        const ken_json *item = ken_json_at(list, j);
        size_t size = 0;
        const char *name = ken_json_string(ken_json_get(item, "name"), &size, NULL);
        ken_field *f = &out->fields[j];
        f->dtype = unpack_dtype(ken_json_string(ken_json_get(item, "type"), NULL, ""));
        const int64_t source = ken_json_i64(ken_json_get(item, "source"), -1);
        if (!name || strlen(name) != size || f->dtype == 0 || source < -1 || source > INT32_MAX)
            return UNPACK_FAIL(u, "entry %d of '%s' is wrong", j + 1, key);
        f->source = (int32_t)source;
        KEN_TRY(ken_strdup(u->ctx, name, &f->name));
        if (f->dtype == KEN_CATEGORY) {
            char levels[48];
            snprintf(levels, sizeof levels, "%s/%d/levels", key, j);
            KEN_TRY(unpack_strings(u, prefix, levels, &f->levels));
        }
    }
    return KEN_OK;
}

/* Everything that the descriptor declares and that is there; what is missing is for .open to judge. */
static ken_status unpack_attrs(const unpack *u, ken_model *m, const char *prefix) {
    for (const ken_attr *row = m->desc->attrs; row && row->name; row++) {
        if (row->dtype == KEN_STRING) {
            ken_strings strings;
            if (!unpack_find(u, prefix, row->name, ".offset")) continue;
            KEN_TRY(unpack_strings(u, prefix, row->name, &strings));
            const ken_status status = ken_attr_set_strings(u->ctx, m, row->name, &strings);
            const ken_allocator a = ken_ctx_allocator(u->ctx);
            ken__strings_free(&a, &strings);
            KEN_TRY(status);
            continue;
        }
        const ken_tensor *t = unpack_find(u, prefix, row->name, "");
        void *data;
        if (!t) continue;
        if (t->dtype != row->dtype)
            return UNPACK_FAIL(u, "'%s/%s' is %s, not %s", prefix, row->name, ken_dtype_name(t->dtype),
                               ken_dtype_name(row->dtype));
        KEN_TRY(ken_attr_new(u->ctx, m, row->name, row->dtype, t->ndim, t->shape, &data));
        const size_t bytes = (size_t)ken_tensor_count(t) * ken_dtype_size(t->dtype);
        if (bytes) memcpy(data, t->data, bytes);
    }
    return KEN_OK;
}

static ken_status unpack_params(const unpack *u, ken_model *m, const ken_json *object) {
    for (int64_t i = 0; i < ken_json_count(object); i++) {
        const char *key = ken_json_key(object, i, NULL);
        const ken_json *v = ken_json_at(object, i);
        char number[32];
        const char *text = number;
        switch (ken_json_get_type(v)) {
        case KEN_JSON_BOOL: text = ken_json_bool(v, false) ? "true" : "false"; break;
        case KEN_JSON_INT: ken_format_i64(ken_json_i64(v, 0), number); break;
        case KEN_JSON_NUMBER: ken_format_f64(ken_json_f64(v, 0), number); break;
        case KEN_JSON_STRING: text = ken_json_string(v, NULL, ""); break;
        default: return UNPACK_FAIL(u, "parameter '%.60s' has no plain value", key);
        }
        const ken_param *p = ken_desc_param(m->desc, key);
        if (p && p->type == KEN_PARAM_F64 && strcmp(text, "Infinity") == 0) text = "inf";
        KEN_TRY(ken_model_set(u->ctx, m, key, text));
    }
    return ken_params_check(u->ctx, m->desc, m->params);
}

/* Class names, each with a NUL behind (model.c). */
static ken_status unpack_classes(const unpack *u, ken_model *m, const ken_json *list) {
    const int64_t k = ken_json_count(list);
    int64_t *offset = NULL, total = 0;
    char *bytes = NULL;
    size_t size;
    if (k < 2 || k > 65535) return UNPACK_FAIL(u, "%lld classes", (long long)k);
    for (int64_t c = 0; c < k; c++) {
        const char *text = ken_json_string(ken_json_at(list, c), &size, NULL);
        if (!text || strlen(text) != size) return UNPACK_FAIL(u, "class %lld is no text", (long long)c + 1);
        total += (int64_t)size + 1;
    }
    KEN_TRY(KEN_ALLOC(u->ctx, int64_t, k + 1, &offset));
    m->classes.offset = offset;
    KEN_TRY(KEN_ALLOC(u->ctx, char, total, &bytes));
    m->classes.bytes = bytes;
    for (int64_t c = 0; c < k; c++) {
        const char *text = ken_json_string(ken_json_at(list, c), &size, "");
        memcpy(bytes + offset[c], text, size + 1);
        offset[c + 1] = offset[c] + (int64_t)size + 1;
    }
    m->classes.n = k;
    return KEN_OK;
}

static ken_status unpack_head(const unpack *u, ken_model *m, const ken_json *v) {
    const char *task = ken_json_string(ken_json_get(v, "task"), NULL, "auto");
    const ken_json *target = ken_json_get(v, "target"), *classes = ken_json_get(v, "classes");
    m->task = strcmp(task, "classify") == 0 ? KEN_CLASSIFY
              : strcmp(task, "regress") == 0 ? KEN_REGRESS
              : strcmp(task, "detect") == 0 ? KEN_DETECT : KEN_TASK_AUTO;
    m->rows_train = ken_json_i64(ken_json_get(v, "rows_train"), 0);
    if (target) {
        const char *name = ken_json_string(ken_json_get(target, "name"), NULL, "");
        m->target.dtype = unpack_dtype(ken_json_string(ken_json_get(target, "type"), NULL, ""));
        KEN_TRY(ken_strdup(u->ctx, name, &m->target.name));
    }
    for (int s = 0; s < KEN_SIDES; s++) {
        const char *const name = ken_json_string(ken_json_get(v, ken__side_names[s]), NULL, NULL);
        if (name) KEN_TRY(ken_strdup(u->ctx, name, &m->side[s]));
    }
    if (m->desc->kind == KEN_ESTIMATOR) {
        if (!(m->task & m->desc->tasks)) return UNPACK_FAIL(u, "%s cannot '%s'", m->desc->name, task);
        if (m->task == KEN_CLASSIFY) return unpack_classes(u, m, classes);
    }
    return KEN_OK;
}

static ken_status unpack_model(const unpack *u, const ken_json *v, const char *prefix, int depth,
                               ken_model **out);

static ken_status unpack_nested(const unpack *u, ken_model *m, const ken_json *v, const char *prefix,
                                int depth) {
    const ken_json *recipe = ken_json_get(v, "recipe"), *children = ken_json_get(v, "children");
    char nested[KEN_PACK_PREFIX];
    if (recipe) {
        KEN_TRY(unpack_schema(u, ken_json_get(v, "inputs"), "inputs", prefix, &m->inputs));
        KEN_TRY(unpack_model(u, recipe, depth ? "model/recipe" : "recipe", depth + 1, &m->recipe));
        if (m->recipe->desc->kind != KEN_TRANSFORMER) return UNPACK_FAIL(u, "the recipe is no transformer");
        for (int j = 0; j < m->inputs.n; j++)
            if (m->inputs.fields[j].source >= m->features.n)
                return UNPACK_FAIL(u, "input %d comes from no column", j + 1);
    }
    for (int64_t i = 0; i < ken_json_count(children); i++) {
        ken_model *child = NULL;
        snprintf(nested, sizeof nested, "%s/%lld", prefix, (long long)i);
        KEN_TRY(unpack_model(u, ken_json_at(children, i), nested, depth + 1, &child));
        const ken_status status = ken_model_adopt(u->ctx, m, child);
        if (status != KEN_OK) ken_model_free(child);
        KEN_TRY(status);
    }
    return KEN_OK;
}

static ken_status unpack_fill(const unpack *u, ken_model *m, const ken_json *v, const char *prefix,
                              int depth) {
    KEN_TRY(unpack_params(u, m, ken_json_get(v, "parameters")));
    KEN_TRY(unpack_schema(u, ken_json_get(v, "features"), "features", prefix, &m->features));
    KEN_TRY(unpack_head(u, m, v));
    KEN_TRY(unpack_attrs(u, m, prefix));
    KEN_TRY(unpack_nested(u, m, v, prefix, depth));
    KEN_TRY(ken__model_open(u->ctx, m));
    m->fitted = true;
    return KEN_OK;
}

static ken_status unpack_model(const unpack *u, const ken_json *v, const char *prefix, int depth,
                               ken_model **out) {
    const ken_desc *desc;
    *out = NULL;
    if (depth > KEN_PACK_DEPTH) return UNPACK_FAIL(u, "models are nested too deep");
    const char *thing = ken_json_string(ken_json_get(v, "thing"), NULL, NULL);
    if (!thing) return UNPACK_FAIL(u, "a model has no name");
    const ken_status found = ken_catalog_find(u->ctx, thing, 0, &desc);
    if (found != KEN_OK)
        return KEN_FAIL(u->ctx, KEN_E_NOT_FOUND, "use the build of ken that made the file",
                        "'%s' holds a '%.60s', which this build lacks", u->name, thing);
    KEN_TRY(ken_model_new_desc(u->ctx, desc, NULL, out));
    const ken_status status = unpack_fill(u, *out, v, prefix, depth);
    if (status != KEN_OK) {
        ken_model_free(*out);
        *out = NULL;
    }
    return status;
}

static ken_status unpack_all(ken_ctx *ctx, const char *name, const ken_json *root,
                             const ken_named_tensor *tensors, int n, ken_model **out) {
    unpack u = {ctx, name, NULL, n};
    const int64_t format = ken_json_i64(ken_json_get(root, "format"), 0);
    if (format < 1 || !ken_json_get(root, "model")) return UNPACK_FAIL(&u, "its header lacks 'format' or 'model'");
    if (format > KEN_PACK_FORMAT) {
        (void)KEN_FAIL(ctx, KEN_E_UNSUPPORTED, NULL, "'%s' has format %lld, this ken reads up to %d",
                       name, (long long)format, KEN_PACK_FORMAT);
        ken_fail_hint(ctx, "read it with ken %.20s or newer",
                      ken_json_string(ken_json_get(root, "ken"), NULL, "?"));
        return KEN_E_UNSUPPORTED;
    }
    KEN_TRY(ken_scratch(ctx, (size_t)n, sizeof *u.sorted, (void **)&u.sorted));
    for (int i = 0; i < n; i++) {
        if (!ken_tensor_is_contiguous(&tensors[i].tensor)) return UNPACK_FAIL(&u, "a tensor has gaps");
        u.sorted[i] = &tensors[i];
    }
    qsort(u.sorted, (size_t)n, sizeof *u.sorted, unpack_by_name);
    return unpack_model(&u, ken_json_get(root, "model"), "model", 0, out);
}

ken_status ken_model_unpack(ken_ctx *ctx, const char *name, const char *json, size_t size,
                            const ken_named_tensor *tensors, int n, ken_model **out) {
    ken_json_doc *doc = NULL;
    const ken_mark mark = ken_scratch_mark(ctx);
    *out = NULL;
    KEN_TRY(ken_json_parse(ctx, name, json, size, &doc));
    const ken_status status = unpack_all(ctx, name, ken_json_root(doc), tensors, n, out);
    ken_json_doc_free(doc);
    ken_scratch_release(ctx, mark);
    return status;
}
