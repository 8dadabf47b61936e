/* Levels as codes. */
#include "ken/preprocess/ordinal/ordinal.h"

#include <math.h>
#include <string.h>

#include "ken/core/threads.h"
#include "ken/preprocess/preprocess_names.h"

typedef struct ordinal_learned {
    ken__levels levels;
    const int64_t *code, *other, *first;
    ken_strings names;
} ordinal_learned;

static ken_status ordinal_plan(ken_ctx *ctx, const ken_ordinal_params *p, const ken__levels *levels,
                               int j, int64_t *code, int64_t *other, ken__name_list *names) {
    const int64_t n = ken__levels_of(levels, j);
    uint8_t *keep;
    int64_t kept, next = 0;
    *other = -1;
    if (levels->missing[j] < 0) return KEN_OK;
    KEN_TRY(KEN_SCRATCH(ctx, uint8_t, KEN_MAX(n, 1), &keep));
    KEN_TRY(ken__levels_keep(ctx, levels, j, p->max_levels, p->min_level_rows, keep, &kept));
    for (int64_t k = 0; k < n; k++) {
        if (!keep[k]) continue;
        int64_t size;
        const char *text = ken_strings_at(&levels->text, levels->first[j] + k, &size);
        ken_text_add_bytes(&names->bytes, text, (size_t)size);
        ken__name_list_end(names);
        code[k] = next++;
    }
    if (kept == n) return KEN_OK;
    ken__name_list_add(names, "(other)");
    *other = next;
    for (int64_t k = 0; k < n; k++)
        if (!keep[k]) code[k] = next;
    return KEN_OK;
}

static ken_status ordinal_learn(ken_ctx *ctx, ken_model *model, const ken_problem *problem,
                                ken__name_list *names) {
    ken__levels levels;
    const int64_t d = ken_table_cols(problem->X), d1 = d + 1;
    int64_t *code, *other, *first;
    KEN_TRY(ken__levels_learn(ctx, model, problem));
    KEN_TRY(ken__levels_open(ctx, model, &levels));
    KEN_TRY(ken_attr_new(ctx, model, "code", KEN_I64, 1, &levels.text.n, (void **)&code));
    KEN_TRY(ken_attr_new(ctx, model, "other", KEN_I64, 1, &d, (void **)&other));
    KEN_TRY(ken_attr_new(ctx, model, "name_first", KEN_I64, 1, &d1, (void **)&first));
    for (int j = 0; j < d; j++) {
        const ken_mark mark = ken_scratch_mark(ctx);
        KEN_TRY(ordinal_plan(ctx, ken_model_params(model), &levels, j, code + levels.first[j],
                             &other[j], names));
        ken_scratch_release(ctx, mark);
        first[j + 1] = names->n;
    }
    return ken__name_list_store(names, model, "names");
}

static ken_status ordinal_fit(ken_ctx *ctx, ken_model *model, const ken_problem *problem) {
    ken__name_list names = ken__name_list_new(ctx);
    const ken_status status = ordinal_learn(ctx, model, problem, &names);
    ken__name_list_free(&names);
    return status;
}

static ken_status ordinal_learned_of(ken_ctx *ctx, const ken_model *model, ordinal_learned *out) {
    const ken_strings *names = ken_model_attr_strings(model, "names");
    KEN_TRY(ken__levels_open(ctx, model, &out->levels));
    const int64_t d = out->levels.d;
    KEN_TRY(
        ken__attr_need(ctx, model, "code", KEN_I64, out->levels.text.n, (const void **)&out->code));
    KEN_TRY(ken__attr_need(ctx, model, "other", KEN_I64, d, (const void **)&out->other));
    KEN_TRY(ken__attr_need(ctx, model, "name_first", KEN_I64, d + 1, (const void **)&out->first));
    bool good = names && out->first[0] == 0 && out->first[d] == names->n && names->n <= INT32_MAX;
    for (int j = 0; good && j < d; j++) {
        const int64_t n = out->first[j + 1] - out->first[j];
        good = n >= 0 && n <= names->n && out->other[j] >= -1 && out->other[j] < n;
        for (int64_t k = out->levels.first[j]; good && k < out->levels.first[j + 1]; k++)
            good = out->code[k] >= 0 && out->code[k] < n;
    }
    if (!good)
        return KEN_FAIL(ctx, KEN_E_FORMAT, "the model file is damaged: train the model again",
                        "ordinal: its codes do not fit its levels");
    out->names = *names;
    return KEN_OK;
}

typedef struct ordinal_job {
    const int32_t *level;
    const int64_t *code;
    int64_t other;
    double *number; /* one of these two */
    int32_t *category;
} ordinal_job;

static void ordinal_rows(void *arg, int64_t begin, int64_t end, int worker) {
    const ordinal_job *job = arg;
    (void)worker;
    for (int64_t i = begin; i < end; i++) {
        const int32_t level = job->level[i];
        const int64_t code = level >= 0 ? job->code[level] : level == KEN__UNSEEN ? job->other : -1;
        if (job->number)
            job->number[i] = code >= 0 ? (double)code : NAN;
        else
            job->category[i] = (int32_t)code;
    }
}

/* codes (-1: missing) become a category column of the learned names. */
static ken_status ordinal_add_category(ken_ctx *ctx, const ordinal_learned *l, int j,
                                       const ken_column *c, const int32_t *codes, ken_table *out) {
    uint8_t *valid;
    KEN_TRY(KEN_SCRATCH(ctx, uint8_t, c->n / 8 + 1, &valid));
    memset(valid, 0xFF, (size_t)(c->n / 8 + 1));
    bool some_missing = false;
    for (int64_t i = 0; i < c->n; i++) {
        if (codes[i] >= 0) continue;
        ken_bitmap_clear(valid, i);
        some_missing = true;
    }
    static const int64_t none[1] = {0};
    const ken_strings names = {l->first[j + 1] - l->first[j],
                               l->names.n ? l->names.offset + l->first[j] : none,
                               l->names.bytes ? l->names.bytes : ""};
    const ken_column column = {.name = c->name,
                               .dtype = KEN_CATEGORY,
                               .n = c->n,
                               .data = codes,
                               .stride = 1,
                               .valid = some_missing ? valid : NULL,
                               .text = names};
    KEN_TRY(ken_table_add_copy(ctx, out, &column));
    ken__set_source(out, j);
    return KEN_OK;
}

/* A category column that has exactly the learned names needs no copy. */
static bool ordinal_same(const ordinal_learned *l, int j, const ken_column *c) {
    if (c->dtype != KEN_CATEGORY || l->other[j] >= 0) return false;
    if (c->text.n != l->first[j + 1] - l->first[j]) return false;
    for (int64_t k = 0; k < c->text.n; k++) {
        int64_t na, nb;
        const char *a = ken_strings_at(&c->text, k, &na);
        const char *b = ken_strings_at(&l->names, l->first[j] + k, &nb);
        if (na != nb || memcmp(a, b, (size_t)na)) return false;
    }
    return true;
}

static ken_status ordinal_column(ken_ctx *ctx, const ken_model *model, const ordinal_learned *l,
                                 const ken_table *X, int j, ken_table *out) {
    const ken_ordinal_params *p = ken_model_params(model);
    const ken_column *c = ken_table_column(X, j);
    int32_t *level;
    if (p->output == KEN_ORDINAL_CATEGORY && ordinal_same(l, j, c))
        return ken__pass(ctx, out, X, j);
    KEN_TRY(KEN_SCRATCH(ctx, int32_t, KEN_MAX(c->n, 1), &level));
    KEN_TRY(ken__levels_codes(ctx, &l->levels, j, c, level));
    ordinal_job job = {level, l->code + l->levels.first[j], l->other[j], NULL, level};
    if (p->output == KEN_ORDINAL_NUMBER)
        KEN_TRY(ken__add(ctx, out, c->name, KEN_F64, j, (void **)&job.number, NULL));
    KEN_TRY(ken_parallel(ctx, c->n, 16384, ordinal_rows, &job));
    return p->output == KEN_ORDINAL_NUMBER ? KEN_OK
                                           : ordinal_add_category(ctx, l, j, c, level, out);
}

static ken_status ordinal_transform(ken_ctx *ctx, const ken_model *model, const ken_table *X,
                                    ken_table *out) {
    ordinal_learned learned;
    KEN_TRY(ordinal_learned_of(ctx, model, &learned));
    KEN_TRY(ken__check_columns(ctx, model, X, learned.levels.d));
    for (int j = 0; j < ken_table_cols(X); j++) {
        const ken_mark mark = ken_scratch_mark(ctx);
        if (learned.levels.missing[j] < 0)
            KEN_TRY(ken__pass(ctx, out, X, j));
        else
            KEN_TRY(ordinal_column(ctx, model, &learned, X, j, out));
        ken_scratch_release(ctx, mark);
    }
    return KEN_OK;
}

static ken_status ordinal_open(ken_ctx *ctx, ken_model *model, void **state) {
    ordinal_learned learned;
    *state = NULL;
    return ordinal_learned_of(ctx, model, &learned);
}

static const char *const ordinal_outputs[] = {"number", "category", NULL};
static const ken_param ordinal_params[] = {
    KEN_ROW_CHOICE(ken_ordinal_params, output, ordinal_outputs,
                   .doc = "numbers 0, 1, 2 ..., or a category column with rare levels grouped"),
    KEN_ROW_I64(ken_ordinal_params, max_levels, .min = 0, .max = 1e9,
                .doc = "levels with a code of their own, the most frequent; 0: all"),
    KEN_ROW_I64(ken_ordinal_params, min_level_rows, .min = 1, .max = 1e18, .unit = "rows",
                .doc = "rarer levels share the code (other)"),
    {0}};
static const ken_attr ordinal_attrs[] = {
    KEN__LEVEL_ATTRS,
    {"code", KEN_I64, "l", "code of the level"},
    {"other", KEN_I64, "d", "code of rare and unseen levels; -1: none"},
    {"names", KEN_STRING, "", "levels of the output columns"},
    {"name_first", KEN_I64, "d+1", "where the levels of each output column begin"},
    {0}};
static const ken_transformer ordinal_verbs = {
    .fit = ordinal_fit, .transform = ordinal_transform, .open = ordinal_open};

const ken_desc ken_ordinal_desc = {
    .name = "ordinal",
    .title = "Levels as numbers",
    .kind = KEN_TRANSFORMER,
    .tags = KEN_TAG_TYPED | KEN_TAG_CATEGORY | KEN_TAG_MISSING,
    .params = ordinal_params,
    .defaults = &(const ken_ordinal_params)KEN_ORDINAL_DEFAULTS,
    .params_size = sizeof(ken_ordinal_params),
    .attrs = ordinal_attrs,
    .transformer = &ordinal_verbs,
    .doc =
        "Numbers the levels of a text column. Right where the levels have an order, or for trees; "
        "a linear model would read distances into the numbers.",
    .peer = "sklearn.preprocessing.OrdinalEncoder",
};

const ken_desc *const ken_ordinal_things[] = {&ken_ordinal_desc, NULL};
