/* Indicator columns for levels. Learns which level writes to which column ("slot"). */
#include "ken/preprocess/one_hot/one_hot.h"
#include "ken/core/threads.h"
#include "ken/preprocess/preprocess_names.h"

typedef struct one_hot_learned {
    ken__levels levels;
    const int64_t *slot, *other, *missing, *first;
    ken_strings outputs;
} one_hot_learned;

/* --- fit ----------------------------------------------------------------------------------------
 */

/* The kept level that gets no column, -1: none. */
static int64_t one_hot_reference(const ken_one_hot_params *p, const ken_problem *problem,
                                 const int64_t *count, const uint8_t *keep, int64_t n,
                                 int64_t slots) {
    int choice = p->drop;
    if (choice == KEN_ONE_HOT_AUTO) {
        const bool linear = problem->consumer_tags & KEN_TAG_LINEAR;
        choice = linear || slots == 2 ? KEN_ONE_HOT_DROP_FREQUENT : KEN_ONE_HOT_KEEP_ALL;
    }
    if (choice == KEN_ONE_HOT_KEEP_ALL || slots < 2) return -1;
    int64_t best = -1;
    for (int64_t k = 0; k < n; k++) {
        if (!keep[k]) continue;
        if (best < 0 || count[k] > count[best]) best = k;
        if (choice == KEN_ONE_HOT_DROP_FIRST) break;
    }
    return best;
}

static void one_hot_name_level(ken__name_list *names, const char *column, const ken_strings *text,
                               int64_t level) {
    int64_t size;
    const char *bytes = ken_strings_at(text, level, &size);
    ken_text_add(&names->bytes, column);
    ken_text_add_char(&names->bytes, '=');
    ken_text_add_bytes(&names->bytes, bytes, (size_t)size);
    ken__name_list_end(names);
}

static ken_status one_hot_plan(ken_ctx *ctx, const ken_one_hot_params *p,
                               const ken_problem *problem, const ken__levels *levels, int j,
                               int64_t *slot, int64_t *other, int64_t *missing,
                               ken__name_list *names) {
    const char *column = ken_table_column(problem->X, j)->name;
    const int64_t n = ken__levels_of(levels, j);
    const int64_t *count = levels->count + levels->first[j];
    uint8_t *keep;
    int64_t kept, next = 0;
    *other = *missing = -1;
    if (levels->missing[j] < 0) return KEN_OK;
    KEN_TRY(KEN_SCRATCH(ctx, uint8_t, KEN_MAX(n, 1), &keep));
    KEN_TRY(ken__levels_keep(ctx, levels, j, p->max_levels, p->min_level_rows, keep, &kept));
    const int64_t slots = kept + (kept < n) + (levels->missing[j] > 0);
    const int64_t reference = one_hot_reference(p, problem, count, keep, n, slots);
    for (int64_t k = 0; k < n; k++) {
        slot[k] = -1;
        if (!keep[k] || k == reference) continue;
        slot[k] = next++;
        one_hot_name_level(names, column, &levels->text, levels->first[j] + k);
    }
    if (kept < n) {
        *other = next++;
        ken__name_list_addf(names, "%s=(other)", column);
        for (int64_t k = 0; k < n; k++)
            if (!keep[k]) slot[k] = *other;
    }
    if (levels->missing[j] > 0) {
        *missing = next++;
        ken__name_list_addf(names, "%s=(missing)", column);
    }
    return KEN_OK;
}

static ken_status one_hot_learn(ken_ctx *ctx, ken_model *model, const ken_problem *problem,
                                ken__name_list *names) {
    ken__levels levels;
    const int64_t d = ken_table_cols(problem->X), d1 = d + 1;
    int64_t *slot, *other, *missing, *first;
    KEN_TRY(ken__levels_learn(ctx, model, problem));
    KEN_TRY(ken__levels_open(ctx, model, &levels));
    KEN_TRY(ken_attr_new(ctx, model, "slot", KEN_I64, 1, &levels.text.n, (void **)&slot));
    KEN_TRY(ken_attr_new(ctx, model, "slot_other", KEN_I64, 1, &d, (void **)&other));
    KEN_TRY(ken_attr_new(ctx, model, "slot_missing", KEN_I64, 1, &d, (void **)&missing));
    KEN_TRY(ken_attr_new(ctx, model, "output_first", KEN_I64, 1, &d1, (void **)&first));
    for (int j = 0; j < d; j++) {
        const ken_mark mark = ken_scratch_mark(ctx);
        KEN_TRY(one_hot_plan(ctx, ken_model_params(model), problem, &levels, j,
                             slot + levels.first[j], &other[j], &missing[j], names));
        ken_scratch_release(ctx, mark);
        first[j + 1] = names->n;
    }
    return ken__name_list_store(names, model, "outputs");
}

static ken_status one_hot_fit(ken_ctx *ctx, ken_model *model, const ken_problem *problem) {
    ken__name_list names = ken__name_list_new(ctx);
    const ken_status status = one_hot_learn(ctx, model, problem, &names);
    ken__name_list_free(&names);
    return status;
}

/* --- transform ----------------------------------------------------------------------------------
 */

static ken_status one_hot_learned_of(ken_ctx *ctx, const ken_model *model, one_hot_learned *out) {
    const ken_strings *outputs = ken_model_attr_strings(model, "outputs");
    KEN_TRY(ken__levels_open(ctx, model, &out->levels));
    const int64_t d = out->levels.d;
    KEN_TRY(
        ken__attr_need(ctx, model, "slot", KEN_I64, out->levels.text.n, (const void **)&out->slot));
    KEN_TRY(ken__attr_need(ctx, model, "slot_other", KEN_I64, d, (const void **)&out->other));
    KEN_TRY(ken__attr_need(ctx, model, "slot_missing", KEN_I64, d, (const void **)&out->missing));
    KEN_TRY(ken__attr_need(ctx, model, "output_first", KEN_I64, d + 1, (const void **)&out->first));
    bool good = outputs && out->first[0] == 0 && out->first[d] == outputs->n;
    for (int j = 0; good && j < d; j++) {
        const int64_t n = out->first[j + 1] - out->first[j];
        good = n >= 0 && n <= outputs->n && out->other[j] >= -1 && out->other[j] < n &&
               out->missing[j] >= -1 && out->missing[j] < n;
        for (int64_t k = out->levels.first[j]; good && k < out->levels.first[j + 1]; k++)
            good = out->slot[k] >= -1 && out->slot[k] < n;
    }
    if (!good)
        return KEN_FAIL(ctx, KEN_E_FORMAT, "the model file is damaged: train the model again",
                        "one_hot: its output columns do not fit its levels");
    out->outputs = *outputs;
    return KEN_OK;
}

typedef struct one_hot_job {
    const int32_t *codes;
    const int64_t *slot;
    int64_t other, missing;
    uint8_t **column;
} one_hot_job;

static void one_hot_rows(void *arg, int64_t begin, int64_t end, int worker) {
    const one_hot_job *job = arg;
    (void)worker;
    for (int64_t i = begin; i < end; i++) {
        const int32_t code = job->codes[i];
        const int64_t slot = code >= 0              ? job->slot[code]
                             : code == KEN__MISSING ? job->missing
                                                    : job->other;
        if (slot >= 0) job->column[slot][i] = 1;
    }
}

static ken_status one_hot_column(ken_ctx *ctx, const one_hot_learned *l, const ken_table *X, int j,
                                 ken_table *out) {
    const ken_column *c = ken_table_column(X, j);
    const int64_t n = l->first[j + 1] - l->first[j];
    one_hot_job job = {NULL, l->slot + l->levels.first[j], l->other[j], l->missing[j], NULL};
    int32_t *codes;
    KEN_TRY(KEN_SCRATCH(ctx, int32_t, KEN_MAX(c->n, 1), &codes));
    KEN_TRY(KEN_SCRATCH(ctx, uint8_t *, KEN_MAX(n, 1), &job.column));
    KEN_TRY(ken__levels_codes(ctx, &l->levels, j, c, codes));
    job.codes = codes;
    for (int64_t k = 0; k < n; k++) {
        char name[1024];
        ken__text_at(&l->outputs, l->first[j] + k, name, sizeof name);
        KEN_TRY(ken__add(ctx, out, name, KEN_BOOL, j, (void **)&job.column[k], NULL));
    }
    return ken_parallel(ctx, c->n, 16384, one_hot_rows, &job);
}

static ken_status one_hot_transform(ken_ctx *ctx, const ken_model *model, const ken_table *X,
                                    ken_table *out) {
    one_hot_learned learned;
    KEN_TRY(one_hot_learned_of(ctx, model, &learned));
    KEN_TRY(ken__check_columns(ctx, model, X, learned.levels.d));
    for (int j = 0; j < ken_table_cols(X); j++) {
        if (learned.levels.missing[j] < 0) {
            KEN_TRY(ken__pass(ctx, out, X, j));
            continue;
        }
        const ken_mark mark = ken_scratch_mark(ctx);
        KEN_TRY(one_hot_column(ctx, &learned, X, j, out));
        ken_scratch_release(ctx, mark);
    }
    return KEN_OK;
}

static ken_status one_hot_open(ken_ctx *ctx, ken_model *model, void **state) {
    one_hot_learned learned;
    *state = NULL;
    return one_hot_learned_of(ctx, model, &learned);
}

static const char *const one_hot_drops[] = {"auto", "no", "first", "frequent", NULL};
static const ken_param one_hot_params[] = {
    KEN_ROW_I64(ken_one_hot_params, max_levels, .min = 0, .max = 1e9,
                .doc = "levels with a column of their own, the most frequent; 0: all"),
    KEN_ROW_I64(ken_one_hot_params, min_level_rows, .min = 1, .max = 1e18, .unit = "rows",
                .doc = "rarer levels share the column (other)"),
    KEN_ROW_CHOICE(ken_one_hot_params, drop, one_hot_drops,
                   .doc = "level without a column; auto: the most frequent one for linear models"),
    {0}};
static const ken_attr one_hot_attrs[] = {
    KEN__LEVEL_ATTRS,
    {"slot", KEN_I64, "l", "output column of the level within its column; -1: all zeros"},
    {"slot_other", KEN_I64, "d", "output column of rare and unseen levels; -1: all zeros"},
    {"slot_missing", KEN_I64, "d", "output column of missing cells; -1: all zeros"},
    {"outputs", KEN_STRING, "", "names of the output columns"},
    {"output_first", KEN_I64, "d+1", "where the output columns of each column begin"},
    {0}};
static const ken_transformer one_hot_verbs = {
    .fit = one_hot_fit, .transform = one_hot_transform, .open = one_hot_open};

const ken_desc ken_one_hot_desc = {
    .name = "one_hot",
    .title = "One column per level",
    .kind = KEN_TRANSFORMER,
    .tags = KEN_TAG_TYPED | KEN_TAG_CATEGORY | KEN_TAG_MISSING,
    .params = one_hot_params,
    .defaults = &(const ken_one_hot_params)KEN_ONE_HOT_DEFAULTS,
    .params_size = sizeof(ken_one_hot_params),
    .attrs = one_hot_attrs,
    .transformer = &one_hot_verbs,
    .doc = "Turns each level of a text column into a column of 0 and 1. Right for columns of few "
           "levels; for hundreds of levels target_encode needs one column instead.",
    .peer = "sklearn.preprocessing.OneHotEncoder",
};

const ken_desc *const ken_one_hot_things[] = {&ken_one_hot_desc, NULL};
