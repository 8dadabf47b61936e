/* How the encoders learn levels and find them again. */
#include "ken/preprocess/preprocess_levels.h"

#include <string.h>

#include "ken/core/dict.h"
#include "ken/core/threads.h"
#include "ken/stats/stats_sort.h"

/* --- learning -----------------------------------------------------------------------------------
 */

typedef struct levels_build {
    ken_text bytes;  /* of all levels so far */
    int64_t *offset; /* growable, count + 1 */
    int64_t *count;
    int64_t n, capacity;
} levels_build;

static ken_status levels_append(ken_ctx *ctx, levels_build *b, const char *text, int64_t size,
                                int64_t count) {
    if (b->n + 2 > b->capacity) {
        const size_t next = ken_next_capacity((size_t)b->capacity, (size_t)b->n + 2);
        KEN_TRY(ken_grow(ctx, (void **)&b->offset, (size_t)b->capacity, next, sizeof *b->offset));
        KEN_TRY(ken_grow(ctx, (void **)&b->count, (size_t)b->capacity, next, sizeof *b->count));
        b->capacity = (int64_t)next;
    }
    ken_text_add_bytes(&b->bytes, text, (size_t)size);
    b->count[b->n] = count;
    b->n++;
    b->offset[b->n] = (int64_t)b->bytes.size;
    return b->bytes.status;
}

/* Counts of the levels of a category column; those that no training row has are left out. */
static ken_status levels_of_category(ken_ctx *ctx, const ken_column *c, int64_t n, levels_build *b,
                                     int64_t *missing) {
    int64_t *count;
    KEN_TRY(KEN_SCRATCH(ctx, int64_t, KEN_MAX(c->text.n, 1), &count));
    memset(count, 0, (size_t)c->text.n * sizeof *count);
    const int32_t *code = c->data;
    for (int64_t i = 0; i < n; i++) {
        const int32_t k = code[i * c->stride];
        if (ken_column_valid(c, i) && k >= 0 && k < c->text.n)
            count[k]++;
        else
            ++*missing;
    }
    for (int64_t k = 0; k < c->text.n; k++) {
        if (!count[k]) continue;
        int64_t size;
        const char *text = ken_strings_at(&c->text, k, &size);
        KEN_TRY(levels_append(ctx, b, text, size, count[k]));
    }
    return KEN_OK;
}

static ken_status levels_sorted(ken_ctx *ctx, const ken_dict *dict, const int64_t *count,
                                levels_build *b) {
    const ken_strings keys = ken_dict_keys(dict);
    int32_t *order, *tmp;
    KEN_TRY(KEN_SCRATCH(ctx, int32_t, KEN_MAX(keys.n, 1), &order));
    KEN_TRY(KEN_SCRATCH(ctx, int32_t, KEN_MAX(keys.n, 1), &tmp));
    KEN_TRY(ken_sort_strings(ctx, &keys, order, tmp));
    for (int64_t k = 0; k < keys.n; k++) {
        int64_t size;
        const char *text = ken_strings_at(&keys, order[k], &size);
        KEN_TRY(levels_append(ctx, b, text, size, count[order[k]]));
    }
    return KEN_OK;
}

static ken_status levels_of_string(ken_ctx *ctx, const ken_column *c, int64_t n, levels_build *b,
                                   int64_t *missing, ken_dict *dict) {
    int64_t *count;
    KEN_TRY(KEN_SCRATCH(ctx, int64_t, KEN_MAX(n, 1), &count));
    for (int64_t i = 0; i < n; i++) {
        if (i % 16384 == 0) KEN_TRY(ken_check_cancel(ctx));
        if (!ken_column_valid(c, i)) {
            ++*missing;
            continue;
        }
        int64_t size;
        int32_t code;
        const int64_t known = ken_dict_count(dict);
        const char *text = ken_strings_at(&c->text, i, &size);
        KEN_TRY(ken_dict_add(dict, text, (size_t)size, &code));
        if (code == known) count[code] = 0;
        count[code]++;
    }
    return levels_sorted(ctx, dict, count, b);
}

static ken_status levels_of_column(ken_ctx *ctx, const ken_column *c, int64_t n, levels_build *b,
                                   int64_t *missing) {
    if (!ken__is_text(c)) {
        *missing = -1;
        return KEN_OK;
    }
    const ken_mark mark = ken_scratch_mark(ctx);
    ken_status status;
    if (c->dtype == KEN_CATEGORY) {
        status = levels_of_category(ctx, c, n, b, missing);
    } else {
        ken_dict *dict = NULL;
        status = ken_dict_new(ctx, &dict);
        if (status == KEN_OK) status = levels_of_string(ctx, c, n, b, missing, dict);
        ken_dict_free(dict);
    }
    ken_scratch_release(ctx, mark);
    return status;
}

static ken_status levels_store(ken_ctx *ctx, ken_model *model, const levels_build *b) {
    static const int64_t none[1] = {0};
    const ken_strings text = {b->n, b->offset ? b->offset : none,
                              b->bytes.data ? b->bytes.data : ""};
    int64_t *count;
    KEN_TRY(ken_attr_set_strings(ctx, model, "levels", &text));
    KEN_TRY(ken_attr_new(ctx, model, "level_count", KEN_I64, 1, &b->n, (void **)&count));
    if (b->n) memcpy(count, b->count, (size_t)b->n * sizeof *count);
    return KEN_OK;
}

static ken_status levels_fill(ken_ctx *ctx, ken_model *model, const ken_problem *problem,
                              levels_build *b) {
    const int64_t d = ken_table_cols(problem->X), d1 = d + 1;
    int64_t *first, *missing;
    KEN_TRY(ken_attr_new(ctx, model, "level_first", KEN_I64, 1, &d1, (void **)&first));
    KEN_TRY(ken_attr_new(ctx, model, "level_missing", KEN_I64, 1, &d, (void **)&missing));
    for (int j = 0; j < d; j++) {
        KEN_TRY(levels_of_column(ctx, ken_table_column(problem->X, j), problem->n_train, b,
                                 &missing[j]));
        KEN_TRY(ken_check_cancel(ctx));
        first[j + 1] = b->n;
    }
    return levels_store(ctx, model, b);
}

ken_status ken__levels_learn(ken_ctx *ctx, ken_model *model, const ken_problem *problem) {
    levels_build b = {.bytes = ken_text_new(ctx)};
    const ken_status status = levels_fill(ctx, model, problem, &b);
    ken_text_free(&b.bytes);
    ken_free(ctx, b.offset);
    ken_free(ctx, b.count);
    return status;
}

/* --- looking up ---------------------------------------------------------------------------------
 */

ken_status ken__attr_need(ken_ctx *ctx, const ken_model *model, const char *name, ken_dtype dtype,
                          int64_t count, const void **data) {
    const ken_tensor *t = ken_model_attr(model, name);
    if (!t || t->dtype != dtype || t->ndim != 1 || !ken_tensor_is_contiguous(t) ||
        (count >= 0 && t->shape[0] != count))
        return KEN_FAIL(ctx, KEN_E_FORMAT, "the model file is damaged: train the model again",
                        "%s: attribute '%s' is not a list of %lld %s", ken_model_desc(model)->name,
                        name, (long long)count, ken_dtype_name(dtype));
    *data = t->data;
    return KEN_OK;
}

ken_status ken__levels_open(ken_ctx *ctx, const ken_model *model, ken__levels *out) {
    const char *thing = ken_model_desc(model)->name;
    const ken_strings *text = ken_model_attr_strings(model, "levels");
    const ken_tensor *missing = ken_model_attr(model, "level_missing");
    if (!text || !missing || missing->ndim != 1)
        return KEN_FAIL(ctx, KEN_E_FORMAT, "the model file is damaged: train the model again",
                        "%s: it has no levels", thing);
    out->text = *text;
    out->d = missing->shape[0];
    KEN_TRY(
        ken__attr_need(ctx, model, "level_missing", KEN_I64, out->d, (const void **)&out->missing));
    KEN_TRY(
        ken__attr_need(ctx, model, "level_first", KEN_I64, out->d + 1, (const void **)&out->first));
    KEN_TRY(
        ken__attr_need(ctx, model, "level_count", KEN_I64, text->n, (const void **)&out->count));
    bool good = out->first[0] == 0 && out->first[out->d] == text->n && text->n <= INT32_MAX;
    for (int64_t j = 0; good && j < out->d; j++) good = out->first[j] <= out->first[j + 1];
    if (!good)
        return KEN_FAIL(ctx, KEN_E_FORMAT, "the model file is damaged: train the model again",
                        "%s: its levels do not add up to %lld", thing, (long long)text->n);
    return KEN_OK;
}

/* The part of the list that is column j's. */
static ken_strings levels_slice(const ken__levels *l, int j) {
    static const int64_t none[1] = {0};
    const ken_strings s = {ken__levels_of(l, j), l->text.n ? l->text.offset + l->first[j] : none,
                           l->text.bytes ? l->text.bytes : ""};
    return s;
}

static bool levels_equal(const ken_strings *a, int64_t i, const ken_strings *b, int64_t j) {
    int64_t na, nb;
    const char *ta = ken_strings_at(a, i, &na), *tb = ken_strings_at(b, j, &nb);
    return na == nb && memcmp(ta, tb, (size_t)na) == 0;
}

/* map[level of c] = learned level. Learned levels stand in the order of the training column, so one
 * walk over both lists mostly suffices; else a dictionary. */
static ken_status levels_map(ken_ctx *ctx, const ken_strings *learned, const ken_column *c,
                             int32_t *map) {
    int64_t next = 0;
    for (int64_t k = 0; k < c->text.n; k++) {
        const bool same = next < learned->n && levels_equal(learned, next, &c->text, k);
        map[k] = same ? (int32_t)next++ : KEN__UNSEEN;
    }
    if (next == learned->n) return KEN_OK;
    ken_dict *dict;
    KEN_TRY(ken_dict_of(ctx, learned, &dict));
    for (int64_t k = 0; k < c->text.n; k++) {
        int64_t size;
        const char *text = ken_strings_at(&c->text, k, &size);
        const int32_t at = ken_dict_find(dict, text, (size_t)size);
        map[k] = at >= 0 ? at : KEN__UNSEEN;
    }
    ken_dict_free(dict);
    return KEN_OK;
}

typedef struct levels_job {
    const ken_column *c;
    const int32_t *map;
    const ken_dict *dict;
    int32_t *codes;
} levels_job;

static void levels_code_rows(void *arg, int64_t begin, int64_t end, int worker) {
    const levels_job *job = arg;
    const ken_column *c = job->c;
    const int32_t *code = c->data;
    (void)worker;
    for (int64_t i = begin; i < end; i++) {
        int32_t out = KEN__MISSING;
        if (ken_column_valid(c, i)) {
            if (job->dict) {
                int64_t size;
                const char *text = ken_strings_at(&c->text, i, &size);
                const int32_t at = ken_dict_find(job->dict, text, (size_t)size);
                out = at >= 0 ? at : KEN__UNSEEN;
            } else {
                const int32_t k = code[i * c->stride];
                if (k >= 0 && k < c->text.n) out = job->map[k];
            }
        }
        job->codes[i] = out;
    }
}

ken_status ken__levels_codes(ken_ctx *ctx, const ken__levels *levels, int j, const ken_column *c,
                             int32_t *codes) {
    if (!ken__is_text(c))
        return KEN_FAIL(ctx, KEN_E_TYPE, "give the column the type it had in training",
                        "column '%s' holds %s, but text was learned", c->name,
                        ken_dtype_name(c->dtype));
    const ken_strings learned = levels_slice(levels, j);
    const ken_mark mark = ken_scratch_mark(ctx);
    levels_job job = {c, NULL, NULL, codes};
    ken_dict *dict = NULL;
    int32_t *map;
    ken_status status;
    if (c->dtype == KEN_CATEGORY) {
        status = KEN_SCRATCH(ctx, int32_t, KEN_MAX(c->text.n, 1), &map);
        if (status == KEN_OK) status = levels_map(ctx, &learned, c, map);
        job.map = map;
    } else {
        status = ken_dict_of(ctx, &learned, &dict);
        job.dict = dict;
    }
    if (status == KEN_OK) status = ken_parallel(ctx, c->n, 16384, levels_code_rows, &job);
    ken_dict_free(dict);
    ken_scratch_release(ctx, mark);
    return status;
}

ken_status ken__levels_keep(ken_ctx *ctx, const ken__levels *levels, int j, int64_t most,
                            int64_t min_rows, uint8_t *keep, int64_t *kept) {
    const int64_t n = ken__levels_of(levels, j);
    const int64_t *count = levels->count + levels->first[j];
    const ken_mark mark = ken_scratch_mark(ctx);
    double *key, *tmp;
    int32_t *index, *tmp_index;
    KEN_TRY(KEN_SCRATCH(ctx, double, KEN_MAX(n, 1), &key));
    KEN_TRY(KEN_SCRATCH(ctx, double, KEN_MAX(n, 1), &tmp));
    KEN_TRY(KEN_SCRATCH(ctx, int32_t, KEN_MAX(n, 1), &index));
    KEN_TRY(KEN_SCRATCH(ctx, int32_t, KEN_MAX(n, 1), &tmp_index));
    for (int64_t k = 0; k < n; k++) {
        key[k] = -(double)count[k];
        index[k] = (int32_t)k;
        keep[k] = 0;
    }
    ken_sort_f64_index(key, index, n, tmp, tmp_index);
    *kept = 0;
    for (int64_t k = 0; k < n && (most <= 0 || *kept < most); k++) {
        if (-key[k] < (double)min_rows) break;
        keep[index[k]] = 1;
        ++*kept;
    }
    ken_scratch_release(ctx, mark);
    return KEN_OK;
}

/* --- what all transformers share ----------------------------------------------------------------
 */

ken_status ken__check_columns(ken_ctx *ctx, const ken_model *model, const ken_table *X, int64_t d) {
    if (ken_table_cols(X) != d)
        return KEN_FAIL(ctx, KEN_E_SHAPE, "pass the columns that it was fitted on",
                        "%s: the table has %d columns, but %lld were learned",
                        ken_model_desc(model)->name, ken_table_cols(X), (long long)d);
    return KEN_OK;
}

void ken__set_source(ken_table *out, int source) {
    ken_table_set_source(out, ken_table_cols(out) - 1, source);
}

ken_status ken__pass(ken_ctx *ctx, ken_table *out, const ken_table *X, int j) {
    KEN_TRY(ken_table_add_borrow(ctx, out, ken_table_column(X, j)));
    ken__set_source(out, j);
    return KEN_OK;
}

ken_status ken__add(ken_ctx *ctx, ken_table *out, const char *name, ken_dtype dtype, int source,
                    void **data, uint8_t **valid) {
    KEN_TRY(ken_table_add_new(ctx, out, name, dtype, data, valid));
    ken__set_source(out, source);
    return KEN_OK;
}
