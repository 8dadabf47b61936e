/* Constraints on columns, from the names in the parameters to the binned columns. A name is that of an
 * input, or of a raw column: then it stands for all inputs made from it. */
#include <string.h>

#include "ken/boosting/boosting/boosting_state.h"

enum { CONSTRAIN_DEPTH = 1000 }; /* leaves are put in order by a recursion */

/* Marks the inputs that a name stands for: mark[j] = 1. */
static ken_status constrain_name(ken_ctx *ctx, const ken_model *model, const ken_table *X,
                                 const char *name, uint8_t *mark) {
    bool found = false;
    int j;
    for (int i = 0; i < ken_table_cols(X); i++) {
        const int source = ken_model_input_source(model, i);
        const bool here = strcmp(ken_table_column(X, i)->name, name) == 0 ||
                          (source >= 0 && strcmp(ken_model_feature(model, source), name) == 0);
        mark[i] |= here;
        found |= here;
    }
    for (int i = 0; i < ken_model_n_features(model); i++) /* left out by the recipe: nothing to hold */
        found |= strcmp(ken_model_feature(model, i), name) == 0;
    return found ? KEN_OK : ken_table_require(ctx, X, name, &j);
}

/* The same for the names in text[0 .. size), apart by '|'. */
static ken_status constrain_names(ken_ctx *ctx, const ken_model *model, const ken_table *X,
                                  const char *text, size_t size, uint8_t *mark) {
    const ken_mark scratch = ken_scratch_mark(ctx);
    const char *const end = text + size;
    char *name;
    KEN_TRY(KEN_SCRATCH(ctx, char, size + 1, &name));
    while (text < end) {
        const char *stop = memchr(text, '|', (size_t)(end - text));
        if (!stop) stop = end;
        memcpy(name, text, (size_t)(stop - text));
        name[stop - text] = 0;
        if (stop > text) KEN_TRY(constrain_name(ctx, model, X, name, mark));
        text = stop + 1;
    }
    ken_scratch_release(ctx, scratch);
    return KEN_OK;
}

/* --- directions --------------------------------------------------------------------------------- */

static ken_status constrain_check_direction(ken_ctx *ctx, const ken_table *X, int j, int both) {
    const ken_column *const c = ken_table_column(X, j);
    if (both == 3)
        return KEN_FAIL(ctx, KEN_E_ARG, "name it in one of the two",
                        "boosting: '%.60s' cannot be both increasing and decreasing", c->name);
    if (c->dtype == KEN_CATEGORY)
        return KEN_FAIL(ctx, KEN_E_ARG,
                        "categories have no order; make the column a number, or leave it out",
                        "boosting: '%.60s' is a category, it cannot be increasing or decreasing", c->name);
    return KEN_OK;
}

static ken_status constrain_directions(ken_ctx *ctx, const ken_model *model, boosting_fit *s,
                                       const ken_table *X) {
    const char *const text[2] = {s->p->increasing ? s->p->increasing : "",
                                 s->p->decreasing ? s->p->decreasing : ""};
    const int d = ken_table_cols(X);
    uint8_t *mark[2];
    if (!*text[0] && !*text[1]) return KEN_OK;
    if (s->loss.label && s->loss.outputs > 1)
        return KEN_FAIL(ctx, KEN_E_ARG, "leave increasing and decreasing empty, or predict two classes",
                        "boosting: the target has %d classes, which cannot all rise together",
                        s->loss.outputs);
    for (int k = 0; k < 2; k++) {
        KEN_TRY(KEN_SCRATCH(ctx, uint8_t, d, &mark[k]));
        memset(mark[k], 0, (size_t)d);
        KEN_TRY(constrain_names(ctx, model, X, text[k], strlen(text[k]), mark[k]));
    }
    for (int j = 0; j < d; j++)
        if (mark[0][j] || mark[1][j])
            KEN_TRY(constrain_check_direction(ctx, X, j, mark[0][j] + 2 * mark[1][j]));
    KEN_TRY(KEN_ALLOC(ctx, int8_t, s->binned.d, &s->direction));
    for (int j = 0; j < s->binned.d; j++)
        s->direction[j] = (int8_t)(mark[0][s->source[j]] - mark[1][s->source[j]]);
    s->rules.direction = s->direction;
    if (s->rules.max_depth == 0) s->rules.max_depth = 1000; /* boosting_monotone.c recurses as deep */
    if (s->rules.max_depth == 0 || s->rules.max_depth > CONSTRAIN_DEPTH) s->rules.max_depth = CONSTRAIN_DEPTH;
    return KEN_OK;
}

/* --- interactions ------------------------------------------------------------------------------- */

/* Sets bit `number` of the inputs of one group; named[j]: input j is in some group. */
static ken_status constrain_group(ken_ctx *ctx, const ken_model *model, const ken_table *X,
                                  const char *text, size_t size, int number, int words, uint64_t *bits,
                                  uint8_t *named) {
    const ken_mark scratch = ken_scratch_mark(ctx);
    const int d = ken_table_cols(X);
    uint8_t *mark;
    KEN_TRY(KEN_SCRATCH(ctx, uint8_t, d, &mark));
    memset(mark, 0, (size_t)d);
    KEN_TRY(constrain_names(ctx, model, X, text, size, mark));
    for (int j = 0; j < d; j++) {
        if (mark[j]) bits[(int64_t)j * words + number / 64] |= UINT64_C(1) << (number % 64);
        named[j] |= mark[j];
    }
    ken_scratch_release(ctx, scratch);
    return KEN_OK;
}

static ken_status constrain_interactions(ken_ctx *ctx, const ken_model *model, boosting_fit *s,
                                         const ken_table *X) {
    const char *text = s->p->interactions ? s->p->interactions : "";
    const int d = ken_table_cols(X);
    int n_groups = 2, number = 0; /* the listed ones, and one of the columns that no group names */
    uint64_t *bits;
    uint8_t *named;
    if (!*text) return KEN_OK;
    for (const char *c = text; *c; c++) n_groups += *c == ';';
    const int words = (n_groups + 63) / 64;
    KEN_TRY(KEN_SCRATCH(ctx, uint64_t, (int64_t)d * words, &bits));
    KEN_TRY(KEN_SCRATCH(ctx, uint8_t, d, &named));
    memset(bits, 0, (size_t)d * (size_t)words * sizeof *bits);
    memset(named, 0, (size_t)d);
    for (; *text; number++) {
        const size_t size = strcspn(text, ";");
        KEN_TRY(constrain_group(ctx, model, X, text, size, number, words, bits, named));
        text += size + (text[size] == ';');
    }
    for (int j = 0; j < d; j++)
        if (!named[j]) bits[(int64_t)j * words + number / 64] |= UINT64_C(1) << (number % 64);
    KEN_TRY(ken_alloc(ctx, (size_t)s->binned.d, (size_t)words * sizeof *bits, (void **)&s->group));
    for (int j = 0; j < s->binned.d; j++)
        memcpy(s->group + (int64_t)j * words, bits + (int64_t)s->source[j] * words,
               (size_t)words * sizeof *bits);
    s->rules.group = s->group;
    s->rules.group_words = words;
    return KEN_OK;
}

ken_status ken__boosting_constrain(ken_ctx *ctx, const ken_model *model, boosting_fit *s,
                                   const ken_table *X) {
    const ken_mark mark = ken_scratch_mark(ctx);
    KEN_TRY(constrain_directions(ctx, model, s, X));
    KEN_TRY(constrain_interactions(ctx, model, s, X));
    ken_scratch_release(ctx, mark);
    return KEN_OK;
}
