/* Levels as their share of the training rows. */
#include "ken/preprocess/frequency_encode/frequency_encode.h"

#include <stdio.h>

#include "ken/core/threads.h"
#include "ken/preprocess/preprocess_levels.h"

static ken_status frequency_encode_fit(ken_ctx *ctx, ken_model *model, const ken_problem *problem) {
    KEN_TRY(ken__levels_learn(ctx, model, problem));
    return ken_attr_set_i64(ctx, model, "rows", problem->n_train);
}

typedef struct frequency_job {
    const int32_t *codes;
    const int64_t *count;
    int64_t missing;
    double unit, *out;
} frequency_job;

static void frequency_rows(void *arg, int64_t begin, int64_t end, int worker) {
    const frequency_job *job = arg;
    (void)worker;
    for (int64_t i = begin; i < end; i++) {
        const int32_t code = job->codes[i];
        const int64_t count = code >= 0              ? job->count[code]
                              : code == KEN__MISSING ? job->missing
                                                     : 0;
        job->out[i] = (double)count / job->unit;
    }
}

static ken_status frequency_column(ken_ctx *ctx, const ken__levels *levels, double unit,
                                   const ken_table *X, int j, ken_table *out) {
    const ken_column *c = ken_table_column(X, j);
    frequency_job job = {NULL, levels->count + levels->first[j], levels->missing[j], unit, NULL};
    int32_t *codes;
    char name[512];
    snprintf(name, sizeof name, "%.480s (frequency)", c->name);
    KEN_TRY(KEN_SCRATCH(ctx, int32_t, KEN_MAX(c->n, 1), &codes));
    KEN_TRY(ken__levels_codes(ctx, levels, j, c, codes));
    job.codes = codes;
    KEN_TRY(ken__add(ctx, out, name, KEN_F64, j, (void **)&job.out, NULL));
    return ken_parallel(ctx, c->n, 16384, frequency_rows, &job);
}

static ken_status frequency_encode_transform(ken_ctx *ctx, const ken_model *model,
                                             const ken_table *X, ken_table *out) {
    const ken_frequency_encode_params *p = ken_model_params(model);
    const double rows = ken_model_attr_f64(model, "rows", 1);
    ken__levels levels;
    KEN_TRY(ken__levels_open(ctx, model, &levels));
    KEN_TRY(ken__check_columns(ctx, model, X, levels.d));
    for (int j = 0; j < ken_table_cols(X); j++) {
        const ken_mark mark = ken_scratch_mark(ctx);
        if (levels.missing[j] < 0)
            KEN_TRY(ken__pass(ctx, out, X, j));
        else
            KEN_TRY(frequency_column(ctx, &levels, p->output == KEN_FREQUENCY_SHARE ? rows : 1, X,
                                     j, out));
        ken_scratch_release(ctx, mark);
    }
    return KEN_OK;
}

static ken_status frequency_encode_open(ken_ctx *ctx, ken_model *model, void **state) {
    ken__levels levels;
    *state = NULL;
    if (!(ken_model_attr_f64(model, "rows", 0) >= 1))
        return KEN_FAIL(ctx, KEN_E_FORMAT, "the model file is damaged: train the model again",
                        "frequency_encode: it was learned on no rows");
    return ken__levels_open(ctx, model, &levels);
}

static const char *const frequency_outputs[] = {"share", "count", NULL};
static const ken_param frequency_encode_params[] = {
    KEN_ROW_CHOICE(ken_frequency_encode_params, output, frequency_outputs,
                   .doc = "share of the training rows, or their count"),
    {0}};
static const ken_attr frequency_encode_attrs[] = {
    KEN__LEVEL_ATTRS, {"rows", KEN_I64, "", "training rows"}, {0}};
static const ken_transformer frequency_encode_verbs = {.fit = frequency_encode_fit,
                                                       .transform = frequency_encode_transform,
                                                       .open = frequency_encode_open};

const ken_desc ken_frequency_encode_desc = {
    .name = "frequency_encode",
    .title = "Levels as frequencies",
    .kind = KEN_TRANSFORMER,
    .tags = KEN_TAG_TYPED | KEN_TAG_CATEGORY | KEN_TAG_MISSING,
    .params = frequency_encode_params,
    .defaults = &(const ken_frequency_encode_params)KEN_FREQUENCY_ENCODE_DEFAULTS,
    .params_size = sizeof(ken_frequency_encode_params),
    .attrs = frequency_encode_attrs,
    .transformer = &frequency_encode_verbs,
    .doc =
        "Replaces a level by how common it is. Looks at no target, so nothing can leak; two levels "
        "that are equally common become equal.",
    .peer = "category_encoders.CountEncoder",
};

const ken_desc *const ken_frequency_encode_things[] = {&ken_frequency_encode_desc, NULL};
