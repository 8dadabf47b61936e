/* Filling missing cells from what the training rows hold. */
#include "ken/preprocess/impute/impute.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "ken/core/threads.h"
#include "ken/preprocess/preprocess_names.h"
#include "ken/stats/stats_sort.h"

enum { IMPUTE_PASS, IMPUTE_NUMBER, IMPUTE_TEXT };

/* --- fit ----------------------------------------------------------------------------------------
 */

typedef struct impute_job {
    const ken_table *X;
    int64_t n;
    const ken_impute_params *params;
    const int64_t *used;
    double *fill;
    int64_t *missing;
    double *values; /* per worker 2 n doubles */
} impute_job;

static double impute_mean(const double *x, int64_t n) {
    double sum = 0, rest = 0;
    for (int64_t i = 0; i < n; i++) sum += x[i];
    const double mean = sum / (double)n;
    if (!isfinite(mean)) return mean;
    for (int64_t i = 0; i < n; i++) rest += x[i] - mean; /* what rounding lost */
    return mean + rest / (double)n;
}

/* Of sorted values; the least of several. */
static double impute_mode(const double *x, int64_t n) {
    double best = x[0];
    int64_t most = 0;
    for (int64_t i = 0; i < n;) {
        int64_t end = i + 1;
        while (end < n && x[end] == x[i]) end++;
        if (end - i > most) {
            most = end - i;
            best = x[i];
        }
        i = end;
    }
    return best;
}

static void impute_number(const impute_job *job, int64_t j, double *x) {
    const ken_column *c = ken_table_column(job->X, (int)j);
    int64_t n = 0;
    ken_column_gather(c, 0, job->n, x, 1);
    for (int64_t i = 0; i < job->n; i++)
        if (!isnan(x[i])) x[n++] = x[i];
    job->missing[j] = job->n - n;
    job->fill[j] = job->params->fill_value;
    if (!n || job->params->strategy == KEN_IMPUTE_CONSTANT ||
        job->params->indicator == KEN_INDICATOR_ONLY)
        return;
    if (job->params->strategy == KEN_IMPUTE_MEAN) {
        job->fill[j] = impute_mean(x, n);
        return;
    }
    if (job->params->strategy == KEN_IMPUTE_MEDIAN) {
        job->fill[j] = ken_quantile(x, n, 0.5, x + job->n);
        return;
    }
    ken_sort_f64(x, n, x + job->n);
    job->fill[j] = impute_mode(x, n);
}

static void impute_columns(void *arg, int64_t begin, int64_t end, int worker) {
    const impute_job *job = arg;
    for (int64_t j = begin; j < end; j++) {
        if (job->used[j] == IMPUTE_NUMBER) {
            impute_number(job, j, job->values + 2 * job->n * worker);
            continue;
        }
        const ken_column *c = ken_table_column(job->X, (int)j);
        for (int64_t i = 0; i < job->n; i++) job->missing[j] += ken_column_missing(c, i);
    }
}

/* The most frequent level of each text column, or the constant. */
static ken_status impute_levels(ken_ctx *ctx, ken_model *model, const ken_problem *problem,
                                const int64_t *used, ken__name_list *fills) {
    const ken_impute_params *p = ken_model_params(model);
    ken__levels levels;
    KEN_TRY(ken__levels_learn(ctx, model, problem));
    KEN_TRY(ken__levels_open(ctx, model, &levels));
    for (int j = 0; j < levels.d; j++) {
        const int64_t *count = levels.count + levels.first[j];
        int64_t best = -1, size = 0;
        for (int64_t k = 0; k < ken__levels_of(&levels, j); k++)
            if (best < 0 || count[k] > count[best]) best = k;
        if (used[j] == IMPUTE_TEXT && p->strategy == KEN_IMPUTE_MODE && best >= 0) {
            const char *text = ken_strings_at(&levels.text, levels.first[j] + best, &size);
            ken_text_add_bytes(&fills->bytes, text, (size_t)size);
        } else {
            ken_text_add(&fills->bytes, p->fill_text ? p->fill_text : "");
        }
        ken__name_list_end(fills);
    }
    return ken__name_list_store(fills, model, "fill_level");
}

static int64_t impute_use(const ken_impute_params *p, const ken_column *c) {
    if (ken_dtype_is_number(c->dtype)) return IMPUTE_NUMBER;
    const bool text = p->strategy == KEN_IMPUTE_MODE || p->strategy == KEN_IMPUTE_CONSTANT;
    return ken__is_text(c) && text ? IMPUTE_TEXT : IMPUTE_PASS;
}

static ken_status impute_check(ken_ctx *ctx, const impute_job *job, int64_t d) {
    for (int64_t j = 0; j < d; j++)
        if (job->used[j] == IMPUTE_NUMBER && !isfinite(job->fill[j]))
            return KEN_FAIL(ctx, KEN_E_VALUE, "make it missing, or use strategy=median",
                            "impute: column '%s' has infinite values, so it has no mean",
                            ken_table_column(job->X, (int)j)->name);
    return KEN_OK;
}

static ken_status impute_fit(ken_ctx *ctx, ken_model *model, const ken_problem *problem) {
    const ken_impute_params *p = ken_model_params(model);
    const int64_t d = ken_table_cols(problem->X), workers = ken_ctx_threads(ctx);
    impute_job job = {.X = problem->X, .n = problem->n_train, .params = p};
    int64_t *used, *indicate;
    KEN_TRY(ken_attr_new(ctx, model, "used", KEN_I64, 1, &d, (void **)&used));
    KEN_TRY(ken_attr_new(ctx, model, "fill", KEN_F64, 1, &d, (void **)&job.fill));
    KEN_TRY(ken_attr_new(ctx, model, "indicate", KEN_I64, 1, &d, (void **)&indicate));
    KEN_TRY(KEN_SCRATCH(ctx, int64_t, KEN_MAX(d, 1), &job.missing));
    for (int j = 0; j < d; j++) {
        used[j] = impute_use(p, ken_table_column(problem->X, j));
        job.missing[j] = 0;
    }
    if (job.n > INT64_MAX / 32 / workers)
        return KEN_FAIL(ctx, KEN_E_LIMIT, NULL, "impute: %lld rows are too many", (long long)job.n);
    KEN_TRY(KEN_SCRATCH(ctx, double, 2 * KEN_MAX(job.n, 1) * workers, &job.values));
    job.used = used;
    KEN_TRY(ken_parallel(ctx, d, 1, impute_columns, &job));
    KEN_TRY(impute_check(ctx, &job, d));
    for (int64_t j = 0; j < d; j++) {
        const bool often = job.missing[j] >= 5 && job.missing[j] * 100 >= job.n;
        indicate[j] = p->indicator == KEN_INDICATOR_AUTO ? often : p->indicator != KEN_INDICATOR_NO;
    }
    ken__name_list fills = ken__name_list_new(ctx);
    const ken_status status = impute_levels(ctx, model, problem, used, &fills);
    ken__name_list_free(&fills);
    return status;
}

/* --- transform ----------------------------------------------------------------------------------
 */

typedef struct impute_learned {
    const int64_t *used, *indicate;
    const double *fill;
    ken_strings levels;
    int64_t d;
} impute_learned;

static ken_status impute_learned_of(ken_ctx *ctx, const ken_model *model, impute_learned *out) {
    const ken_tensor *used = ken_model_attr(model, "used");
    const ken_strings *levels = ken_model_attr_strings(model, "fill_level");
    out->d = used && used->ndim == 1 ? used->shape[0] : 0;
    KEN_TRY(ken__attr_need(ctx, model, "used", KEN_I64, out->d, (const void **)&out->used));
    KEN_TRY(ken__attr_need(ctx, model, "fill", KEN_F64, out->d, (const void **)&out->fill));
    KEN_TRY(ken__attr_need(ctx, model, "indicate", KEN_I64, out->d, (const void **)&out->indicate));
    if (!levels || levels->n != out->d)
        return KEN_FAIL(ctx, KEN_E_FORMAT, "the model file is damaged: train the model again",
                        "impute: it has no text to fill with");
    out->levels = *levels;
    return KEN_OK;
}

typedef struct impute_fill_job {
    const ken_column *c;
    double fill, *out;
    uint8_t *flag;
} impute_fill_job;

static void impute_fill_rows(void *arg, int64_t begin, int64_t end, int worker) {
    const impute_fill_job *job = arg;
    (void)worker;
    ken_column_gather(job->c, begin, end - begin, job->out + begin, 1);
    for (int64_t i = begin; i < end; i++)
        if (isnan(job->out[i])) job->out[i] = job->fill;
}

static void impute_flag_rows(void *arg, int64_t begin, int64_t end, int worker) {
    const impute_fill_job *job = arg;
    (void)worker;
    for (int64_t i = begin; i < end; i++) job->flag[i] = ken_column_missing(job->c, i);
}

/* Texts with the gaps filled, as a string column. */
static ken_status impute_strings(ken_ctx *ctx, const ken_column *c, const char *fill, int64_t size,
                                 ken_table *out) {
    ken_text bytes = ken_text_new(ctx);
    int64_t *offset;
    KEN_TRY(KEN_SCRATCH(ctx, int64_t, c->n + 1, &offset));
    offset[0] = 0;
    for (int64_t i = 0; i < c->n; i++) {
        int64_t length = size;
        const char *text = ken_column_valid(c, i) ? ken_strings_at(&c->text, i, &length) : fill;
        ken_text_add_bytes(&bytes, text, (size_t)length);
        offset[i + 1] = (int64_t)bytes.size;
    }
    const ken_column column = {.name = c->name,
                               .dtype = KEN_STRING,
                               .n = c->n,
                               .stride = 1,
                               .text = {c->n, offset, bytes.data ? bytes.data : ""}};
    ken_status status = bytes.status;
    if (status == KEN_OK) status = ken_table_add_copy(ctx, out, &column);
    ken_text_free(&bytes);
    return status;
}

static ken_status impute_category(ken_ctx *ctx, const ken_column *c, const char *fill, int64_t size,
                                  ken_table *out) {
    ken__name_list names = ken__name_list_new(ctx);
    int32_t *codes, code = -1;
    const int32_t *from = c->data;
    KEN_TRY(KEN_SCRATCH(ctx, int32_t, KEN_MAX(c->n, 1), &codes));
    for (int64_t k = 0; k < c->text.n; k++) {
        int64_t length;
        const char *text = ken_strings_at(&c->text, k, &length);
        ken_text_add_bytes(&names.bytes, text, (size_t)length);
        ken__name_list_end(&names);
        if (length == size && memcmp(text, fill, (size_t)size) == 0) code = (int32_t)k;
    }
    if (code < 0) {
        code = (int32_t)c->text.n;
        ken_text_add_bytes(&names.bytes, fill, (size_t)size);
        ken__name_list_end(&names);
    }
    for (int64_t i = 0; i < c->n; i++)
        codes[i] = ken_column_missing(c, i) ? code : from[i * c->stride];
    const ken_column column = {.name = c->name,
                               .dtype = KEN_CATEGORY,
                               .n = c->n,
                               .data = codes,
                               .stride = 1,
                               .text = ken__name_list_view(&names)};
    ken_status status = names.bytes.status;
    if (status == KEN_OK) status = ken_table_add_copy(ctx, out, &column);
    ken__name_list_free(&names);
    return status;
}

static ken_status impute_column(ken_ctx *ctx, const ken_model *model, const impute_learned *l,
                                const ken_table *X, int j, ken_table *out) {
    const ken_column *c = ken_table_column(X, j);
    const bool number = ken_dtype_is_number(c->dtype);
    if (l->used[j] == IMPUTE_PASS || ken_column_count_missing(c) == 0)
        return ken__pass(ctx, out, X, j);
    if (number != (l->used[j] == IMPUTE_NUMBER))
        return KEN_FAIL(ctx, KEN_E_TYPE, "give the column the type it had in training",
                        "%s: column '%s' holds %s, but %s was learned", ken_model_desc(model)->name,
                        c->name, ken_dtype_name(c->dtype), number ? "text" : "a number");
    if (!number) {
        int64_t size;
        const char *fill = ken_strings_at(&l->levels, j, &size);
        KEN_TRY(c->dtype == KEN_CATEGORY ? impute_category(ctx, c, fill, size, out)
                                         : impute_strings(ctx, c, fill, size, out));
        ken__set_source(out, j);
        return KEN_OK;
    }
    impute_fill_job job = {.c = c, .fill = l->fill[j]};
    KEN_TRY(ken__add(ctx, out, c->name, KEN_F64, j, (void **)&job.out, NULL));
    return ken_parallel(ctx, c->n, 16384, impute_fill_rows, &job);
}

static ken_status impute_indicators(ken_ctx *ctx, const impute_learned *l, const ken_table *X,
                                    ken_table *out) {
    for (int j = 0; j < ken_table_cols(X); j++) {
        if (!l->indicate[j]) continue;
        impute_fill_job job = {.c = ken_table_column(X, j)};
        char name[512];
        snprintf(name, sizeof name, "%.480s (missing)", job.c->name);
        KEN_TRY(ken__add(ctx, out, name, KEN_BOOL, j, (void **)&job.flag, NULL));
        KEN_TRY(ken_parallel(ctx, job.c->n, 16384, impute_flag_rows, &job));
    }
    return KEN_OK;
}

static ken_status impute_transform(ken_ctx *ctx, const ken_model *model, const ken_table *X,
                                   ken_table *out) {
    const ken_impute_params *p = ken_model_params(model);
    impute_learned learned;
    KEN_TRY(impute_learned_of(ctx, model, &learned));
    KEN_TRY(ken__check_columns(ctx, model, X, learned.d));
    for (int j = 0; j < ken_table_cols(X) && p->indicator != KEN_INDICATOR_ONLY; j++) {
        const ken_mark mark = ken_scratch_mark(ctx);
        KEN_TRY(impute_column(ctx, model, &learned, X, j, out));
        ken_scratch_release(ctx, mark);
    }
    return impute_indicators(ctx, &learned, X, out);
}

static ken_status impute_open(ken_ctx *ctx, ken_model *model, void **state) {
    impute_learned learned;
    *state = NULL;
    return impute_learned_of(ctx, model, &learned);
}

static const char *const impute_strategies[] = {"mean", "median", "mode", "constant", NULL};
static const char *const impute_indicators_names[] = {"auto", "no", "yes", "only", NULL};
static const ken_param impute_params[] = {
    KEN_ROW_CHOICE(ken_impute_params, strategy, impute_strategies,
                   .doc = "what fills a missing cell; text columns know mode and constant"),
    KEN_ROW_CHOICE(ken_impute_params, indicator, impute_indicators_names,
                   .doc = "a column that says where cells were missing; auto: where not rare"),
    KEN_ROW_F64(ken_impute_params, fill_value, .min = -1e308, .max = 1e308,
                .when = "strategy=constant", .doc = "number that fills missing cells"),
    KEN_ROW_TEXT(ken_impute_params, fill_text, .when = "strategy=constant",
                 .doc = "text that fills missing cells"),
    {0}};
static const ken_attr impute_attrs[] = {
    KEN__LEVEL_ATTRS,
    {"used", KEN_I64, "d", "0: the column passes, 1: filled with a number, 2: with a text"},
    {"fill", KEN_F64, "d", "number that fills missing cells"},
    {"fill_level", KEN_STRING, "d", "text that fills missing cells"},
    {"indicate", KEN_I64, "d", "1: a column says where cells were missing"},
    {0}};
static const ken_transformer impute_verbs = {
    .fit = impute_fit, .transform = impute_transform, .open = impute_open};

const ken_desc ken_impute_desc = {
    .name = "impute",
    .title = "Fill missing cells",
    .kind = KEN_TRANSFORMER,
    .tags = KEN_TAG_TYPED | KEN_TAG_CATEGORY | KEN_TAG_MISSING,
    .params = impute_params,
    .defaults = &(const ken_impute_params)KEN_IMPUTE_DEFAULTS,
    .params_size = sizeof(ken_impute_params),
    .attrs = impute_attrs,
    .transformer = &impute_verbs,
    .doc =
        "Fills missing cells with one value per column, learned on the training rows, and can say "
        "where they were: that something is missing often tells more than what it was.",
    .peer = "sklearn.impute.SimpleImputer",
};

const ken_desc *const ken_impute_things[] = {&ken_impute_desc, NULL};
