/* Ordered target statistics of text columns and of combinations of them. */
#include "ken/preprocess/ordered_encode/ordered_encode.h"

#include <stdio.h>
#include <string.h>

#include "ken/core/rng.h"
#include "ken/core/threads.h"
#include "ken/preprocess/ordered_encode/ordered_combine.h"
#include "ken/preprocess/ordered_encode/ordered_pass.h"

/* --- the target -------------------------------------------------------------------------------- */

static ken_status ordered_target_new(ken_ctx *ctx, const ken_model *model, const ken_problem *problem,
                                     ordered_target *out) {
    const ken_ordered_encode_params *p = ken_model_params(model);
    double total = 0;
    if (!problem->y && !problem->label)
        return KEN_FAIL(ctx, KEN_E_ARG, "give the target in ken_data",
                        "ordered_encode: it learns from a target, but there is none");
    *out = (ordered_target){.y = problem->y, .label = problem->label, .weight = problem->weight,
                            .n = problem->n_train, .prior = p->prior};
    out->k = problem->y || problem->n_classes <= 2 ? 1 : problem->n_classes;
    KEN_TRY(KEN_SCRATCH(ctx, double, out->k, &out->mean));
    memset(out->mean, 0, (size_t)out->k * sizeof *out->mean);
    for (int64_t i = 0; i < out->n; i++) {
        const double w = ordered_weight(out, i);
        const int64_t o = out->y || out->k == 1 ? 0 : out->label[i];
        total += w;
        out->mean[o] += out->y ? w * out->y[i] : out->k > 1 || out->label[i] == 1 ? w : 0;
    }
    for (int64_t o = 0; o < out->k; o++) out->mean[o] /= total > 0 ? total : 1;
    return KEN_OK;
}

/* order[permutation * n + r]: the training row in place r. */
static ken_status ordered_orders(ken_ctx *ctx, int64_t n, int64_t permutations, int64_t **out) {
    KEN_TRY(KEN_SCRATCH(ctx, int64_t, KEN_MAX(n * permutations, 1), out));
    for (int64_t p = 0; p < permutations; p++) {
        ken_rng rng = ken_rng_stream(ctx, "ordered_encode.order", (uint64_t)p);
        int64_t *order = *out + p * n;
        for (int64_t i = 0; i < n; i++) order[i] = i;
        ken_rng_shuffle(&rng, order, n);
        KEN_TRY(ken_check_cancel(ctx));
    }
    return KEN_OK;
}

/* codes[j]: levels of column j of X by row, NULL: not a text column. */
static ken_status ordered_codes(ken_ctx *ctx, const ken__levels *levels, const ken_table *X,
                                int32_t ***out) {
    KEN_TRY(KEN_SCRATCH(ctx, int32_t *, KEN_MAX(levels->d, 1), out));
    for (int j = 0; j < levels->d; j++) {
        (*out)[j] = NULL;
        if (levels->missing[j] < 0) continue;
        KEN_TRY(KEN_SCRATCH(ctx, int32_t, KEN_MAX(ken_table_rows(X), 1), &(*out)[j]));
        KEN_TRY(ken__levels_codes(ctx, levels, j, ken_table_column(X, j), (*out)[j]));
    }
    return KEN_OK;
}

/* --- what was learned --------------------------------------------------------------------------- */

/* Where the values of column j begin: those of a column are its missing cell and then its levels. */
static inline int64_t ordered_first(const ken__levels *l, int64_t j) { return l->first[j] + j; }

static ordered_tuple ordered_single(const ken__levels *l, int j) {
    const ordered_tuple t = {1, {j}, {ken__levels_of(l, j) + 1}};
    return t;
}

static ken_status ordered_damaged(ken_ctx *ctx, const char *what) {
    return KEN_FAIL(ctx, KEN_E_FORMAT, "the model file is damaged: train the model again",
                    "ordered_encode: %s", what);
}

/* The columns of a stored combination as a tuple: text columns, none twice, -1 behind them. */
static bool ordered_read_tuple(const ken__levels *l, const int64_t *columns, ordered_tuple *out) {
    *out = (ordered_tuple){0};
    while (out->n < ORDERED_WIDTH && columns[out->n] >= 0) {
        const int64_t j = columns[out->n];
        if (j >= l->d || l->missing[j] < 0) return false;
        for (int p = 0; p < out->n; p++)
            if (out->column[p] == j) return false;
        out->column[out->n] = (int)j;
        out->radix[out->n++] = ken__levels_of(l, (int)j) + 1;
    }
    for (int p = out->n; p < ORDERED_WIDTH; p++)
        if (columns[p] != -1) return false;
    return out->n >= 2 && ordered_tuple_keys(out) > 0;
}

static ken_status ordered_combinations_of(ken_ctx *ctx, const ken_model *model, ordered_learned *l) {
    const ken_tensor *columns = ken_model_attr(model, "combination");
    const ken_tensor *value = ken_model_attr(model, "cell_value");
    const int64_t *first, *key, *rows;
    if (!columns || columns->dtype != KEN_I64 || columns->ndim != 2 || columns->shape[1] != ORDERED_WIDTH ||
        !value || value->dtype != KEN_F64 || value->ndim != 2 || value->shape[1] != l->k)
        return ordered_damaged(ctx, "it has no list of combinations");
    const int64_t n = columns->shape[0], cells = value->shape[0];
    KEN_TRY(ken__attr_need(ctx, model, "cell_first", KEN_I64, n + 1, (const void **)&first));
    KEN_TRY(ken__attr_need(ctx, model, "cell_key", KEN_I64, cells, (const void **)&key));
    KEN_TRY(ken__attr_need(ctx, model, "cell_rows", KEN_I64, cells, (const void **)&rows));
    if (first[0] != 0 || first[n] != cells) return ordered_damaged(ctx, "its cells do not add up");
    for (int64_t c = 0; c < n; c++) {
        ordered_feature *f = l->feature + l->n_features++;
        if (first[c] > first[c + 1] || first[c + 1] > cells || first[c + 1] - first[c] > INT32_MAX ||
            !ordered_read_tuple(&l->levels, (const int64_t *)columns->data + c * ORDERED_WIDTH,
                                &f->cells.tuple))
            return ordered_damaged(ctx, "a combination is none of its columns");
        f->cells.n = first[c + 1] - first[c];
        f->cells.key = key + first[c];
        f->value = (double *)value->data + first[c] * l->k;
        f->rows = rows + first[c];
        const int64_t keys = ordered_tuple_keys(&f->cells.tuple);
        for (int64_t i = 0; i < f->cells.n; i++)
            if (f->cells.key[i] < 0 || f->cells.key[i] >= keys ||
                (i && f->cells.key[i] <= f->cells.key[i - 1]))
                return ordered_damaged(ctx, "the cells of a combination are not in order");
    }
    return KEN_OK;
}

/* A view of the model, checked; its memory is scratch. */
static ken_status ordered_learned_of(ken_ctx *ctx, const ken_model *model, ordered_learned *l) {
    const ken_ordered_encode_params *p = ken_model_params(model);
    const ken_tensor *encoding = ken_model_attr(model, "encoding"), *mean = ken_model_attr(model, "mean");
    const ken_tensor *columns = ken_model_attr(model, "combination");
    const int64_t *rows;
    *l = (ordered_learned){0};
    KEN_TRY(ken__levels_open(ctx, model, &l->levels));
    const int64_t d = l->levels.d, all = p->singles ? l->levels.text.n + d : 0;
    l->k = mean && mean->ndim == 1 && mean->dtype == KEN_F64 ? mean->shape[0] : 0;
    l->rows = (int64_t)ken_model_attr_f64(model, "rows", 0);
    KEN_TRY(ken__attr_need(ctx, model, "encoding_rows", KEN_I64, all, (const void **)&rows));
    if (l->k < 1 || l->rows < 1 || !encoding || encoding->dtype != KEN_F64 || encoding->ndim != 2 ||
        encoding->shape[0] != all || encoding->shape[1] != l->k)
        return ordered_damaged(ctx, "its encodings do not fit its levels");
    l->mean = mean->data;
    const int64_t combinations = columns && columns->ndim == 2 ? columns->shape[0] : 0;
    KEN_TRY(KEN_SCRATCH(ctx, ordered_feature, KEN_MAX(d + combinations, 1), &l->feature));
    for (int j = 0; p->singles && j < d; j++) {
        if (l->levels.missing[j] < 0) continue;
        const ordered_tuple t = ordered_single(&l->levels, j);
        l->feature[l->n_features++] =
            (ordered_feature){{t, t.radix[0], NULL},
                              (double *)encoding->data + ordered_first(&l->levels, j) * l->k,
                              rows + ordered_first(&l->levels, j)};
    }
    return ordered_combinations_of(ctx, model, l);
}

/* --- fit ---------------------------------------------------------------------------------------- */

/* The columns by themselves; nothing of them where combinations alone are asked for. */
static ken_status ordered_fit_singles(ken_ctx *ctx, ken_model *model, const ordered_target *t) {
    const ken_ordered_encode_params *p = ken_model_params(model);
    ken__levels l;
    int64_t *rows;
    double *encoding, *mean;
    KEN_TRY(ken__levels_open(ctx, model, &l));
    const int64_t shape[2] = {p->singles ? l.text.n + l.d : 0, t->k};
    KEN_TRY(ken_attr_new(ctx, model, "mean", KEN_F64, 1, &t->k, (void **)&mean));
    KEN_TRY(ken_attr_new(ctx, model, "encoding", KEN_F64, 2, shape, (void **)&encoding));
    KEN_TRY(ken_attr_new(ctx, model, "encoding_rows", KEN_I64, 1, shape, (void **)&rows));
    KEN_TRY(ken_attr_set_i64(ctx, model, "rows", t->n));
    memcpy(mean, t->mean, (size_t)t->k * sizeof *mean);
    for (int64_t j = 0; p->singles && j < l.d; j++) {
        rows[ordered_first(&l, j)] = KEN_MAX(l.missing[j], 0);
        for (int64_t c = l.first[j]; c < l.first[j + 1]; c++) rows[c + j + 1] = l.count[c];
    }
    return KEN_OK;
}

/* The cells of the chosen combinations, one after another. */
static ken_status ordered_fit_cells(ken_ctx *ctx, ken_model *model, const ordered_target *t,
                                    int32_t *const *codes, const ordered_tuple *chosen, int64_t n) {
    const ken_ordered_encode_params *p = ken_model_params(model);
    const int64_t most = KEN_MIN(p->max_cells, t->n), shape[2] = {n, ORDERED_WIDTH}, first_shape = n + 1;
    int64_t *columns, *first, *learned, *rows, *tmp, *stored, total = 0;
    double *value;
    KEN_TRY(ken_attr_new(ctx, model, "combination", KEN_I64, 2, shape, (void **)&columns));
    KEN_TRY(ken_attr_new(ctx, model, "cell_first", KEN_I64, 1, &first_shape, (void **)&first));
    /* A tuple's keys and rows lie behind those of the tuples before it, with room for all rows. */
    KEN_TRY(KEN_SCRATCH(ctx, int64_t, n * most + t->n, &learned));
    KEN_TRY(KEN_SCRATCH(ctx, int64_t, n * most + t->n, &rows));
    KEN_TRY(KEN_SCRATCH(ctx, int64_t, 2 * t->n, &tmp));
    for (int64_t c = 0; c < n; c++) {
        for (int q = 0; q < ORDERED_WIDTH; q++)
            columns[c * ORDERED_WIDTH + q] = q < chosen[c].n ? chosen[c].column[q] : -1;
        total += ken__ordered_learn(&chosen[c], codes, t->n, most, learned + total, rows + total, tmp);
        first[c + 1] = total;
        KEN_TRY(ken_check_cancel(ctx));
    }
    const int64_t value_shape[2] = {total, t->k};
    KEN_TRY(ken_attr_new(ctx, model, "cell_key", KEN_I64, 1, &total, (void **)&stored));
    memcpy(stored, learned, (size_t)total * sizeof *stored);
    KEN_TRY(ken_attr_new(ctx, model, "cell_rows", KEN_I64, 1, &total, (void **)&stored));
    memcpy(stored, rows, (size_t)total * sizeof *stored);
    return ken_attr_new(ctx, model, "cell_value", KEN_F64, 2, value_shape, (void **)&value);
}

static ken_status ordered_find_combinations(ken_ctx *ctx, const ken_model *model, const ordered_target *t,
                                            const ken__levels *levels, int32_t *const *codes,
                                            ordered_tuple **chosen, int64_t *n) {
    const ken_ordered_encode_params *p = ken_model_params(model);
    ordered_search s = {.levels = levels, .codes = codes, .target = t};
    int64_t *order;
    s.width = p->combine;
    s.most = p->max_combinations;
    KEN_TRY(KEN_SCRATCH(ctx, ordered_tuple, KEN_MAX(s.most, 1), chosen));
    KEN_TRY(ordered_orders(ctx, t->n, 1, &order));
    s.order = order;
    return ken__ordered_choose(ctx, &s, *chosen, n);
}

/* Levels are kept of columns that are part of a combination alone: the others are learned as numbers are. */
static ken_status ordered_forget(ken_ctx *ctx, ken_model *model, const ken_problem *problem,
                                 const ordered_tuple *chosen, int64_t n) {
    static const double nothing = 0;
    ken_problem sub = *problem;
    ken_table *X;
    KEN_TRY(ken_table_new(ctx, ken_table_rows(problem->X), &X));
    ken_status status = KEN_OK;
    for (int j = 0; status == KEN_OK && j < ken_table_cols(problem->X); j++) {
        const ken_column none = {.name = "", .dtype = KEN_F64, .n = ken_table_rows(problem->X),
                                 .data = (void *)(uintptr_t)&nothing, .source = -1};
        bool used = false;
        for (int64_t c = 0; c < n; c++)
            for (int p = 0; p < chosen[c].n; p++) used |= chosen[c].column[p] == j;
        status = ken_table_add_borrow(ctx, X, used ? ken_table_column(problem->X, j) : &none);
    }
    sub.X = X;
    if (status == KEN_OK) status = ken__levels_learn(ctx, model, &sub);
    ken_table_free(X);
    return status;
}

static ken_status ordered_encode_fit(ken_ctx *ctx, ken_model *model, const ken_problem *problem) {
    const ken_ordered_encode_params *p = ken_model_params(model);
    ordered_target target;
    ordered_learned learned;
    ken__levels levels;
    ordered_job job = {.learned = &learned, .target = &target};
    ordered_tuple *chosen;
    int32_t **codes;
    int64_t n;
    KEN_TRY(ordered_target_new(ctx, model, problem, &target));
    KEN_TRY(ken__levels_learn(ctx, model, problem));
    KEN_TRY(ken__levels_open(ctx, model, &levels));
    KEN_TRY(ordered_codes(ctx, &levels, problem->X, &codes));
    KEN_TRY(ordered_find_combinations(ctx, model, &target, &levels, codes, &chosen, &n));
    if (!p->singles) KEN_TRY(ordered_forget(ctx, model, problem, chosen, n));
    KEN_TRY(ordered_fit_singles(ctx, model, &target));
    KEN_TRY(ordered_fit_cells(ctx, model, &target, codes, chosen, n));
    KEN_TRY(ordered_learned_of(ctx, model, &learned));
    KEN_TRY(ken__ordered_works(ctx, &learned, problem->n, &job.work));
    job.codes = codes;
    return ken_parallel(ctx, learned.n_features, 1, ken__ordered_fit_features, &job);
}

/* --- transform ----------------------------------------------------------------------------------- */

/* "a (target)", "a & b (target 2)", "a & b (frequency)" */
static ken_status ordered_add(ken_ctx *ctx, const ordered_learned *l, const ken_table *X,
                              const ordered_tuple *t, int64_t o, ken_table *out, double **data) {
    char name[640], *end = name + sizeof name;
    char *at = name;
    for (int c = 0; c < t->n; c++)
        at += snprintf(at, (size_t)(end - at), "%s%.180s", c ? " & " : "",
                       ken_table_column(X, t->column[c])->name);
    if (o == l->k)
        snprintf(at, (size_t)(end - at), " (frequency)");
    else if (l->k == 1)
        snprintf(at, (size_t)(end - at), " (target)");
    else
        snprintf(at, (size_t)(end - at), " (target %lld)", (long long)o);
    return ken__add(ctx, out, name, KEN_F64, t->n == 1 ? t->column[0] : -1, (void **)data, NULL);
}

/* The columns that come out: each text column in its place, combinations behind all. */
static ken_status ordered_columns(ken_ctx *ctx, const ordered_learned *l, bool singles, bool counts,
                                  const ken_table *X, ken_table *out, double ***columns) {
    const int64_t each = l->k + counts;
    int64_t f = 0;
    KEN_TRY(KEN_SCRATCH(ctx, double *, KEN_MAX(l->n_features * each, 1), columns));
    for (int j = 0; j < ken_table_cols(X); j++) {
        const bool text = ken__is_text(ken_table_column(X, j)), learned = l->levels.missing[j] >= 0;
        if (!learned && (singles || !text)) KEN_TRY(ken__pass(ctx, out, X, j));
        if (!learned || !singles) continue;
        for (int64_t o = 0; o < each; o++)
            KEN_TRY(ordered_add(ctx, l, X, &l->feature[f].cells.tuple, o, out, &(*columns)[f * each + o]));
        f++;
    }
    for (; f < l->n_features; f++)
        for (int64_t o = 0; o < each; o++)
            KEN_TRY(ordered_add(ctx, l, X, &l->feature[f].cells.tuple, o, out, &(*columns)[f * each + o]));
    return KEN_OK;
}

/* problem NULL: new rows. */
static ken_status ordered_run(ken_ctx *ctx, const ken_model *model, const ken_table *X,
                              const ken_problem *problem, ken_table *out) {
    const ken_ordered_encode_params *p = ken_model_params(model);
    ordered_learned learned;
    ordered_target target;
    ordered_job job = {.learned = &learned, .target = &target, .n = ken_table_rows(X), .counts = p->counts,
                       .permutations = p->permutations};
    int32_t **codes;
    int64_t *order;
    KEN_TRY(ordered_learned_of(ctx, model, &learned));
    KEN_TRY(ken__check_columns(ctx, model, X, learned.levels.d));
    KEN_TRY(ordered_codes(ctx, &learned.levels, X, &codes));
    KEN_TRY(ordered_columns(ctx, &learned, p->singles, p->counts, X, out, &job.column));
    KEN_TRY(ken__ordered_works(ctx, &learned, job.n, &job.work));
    job.codes = codes;
    KEN_TRY(ken_parallel(ctx, learned.n_features, 1, ken__ordered_apply_features, &job));
    if (!problem) return KEN_OK;
    KEN_TRY(ordered_target_new(ctx, model, problem, &target));
    KEN_TRY(ordered_orders(ctx, target.n, p->permutations, &order));
    job.order = order;
    return ken_parallel(ctx, learned.n_features, 1, ken__ordered_train_features, &job);
}

static ken_status ordered_encode_transform(ken_ctx *ctx, const ken_model *model, const ken_table *X,
                                           ken_table *out) {
    return ordered_run(ctx, model, X, NULL, out);
}

static ken_status ordered_encode_transform_train(ken_ctx *ctx, const ken_model *model,
                                                 const ken_problem *problem, ken_table *out) {
    return ordered_run(ctx, model, problem->X, problem, out);
}

static ken_status ordered_encode_open(ken_ctx *ctx, ken_model *model, void **state) {
    ordered_learned learned;
    *state = NULL;
    return ordered_learned_of(ctx, model, &learned);
}

/* --- descriptor ---------------------------------------------------------------------------------- */

static const ken_param ordered_encode_params[] = {
    KEN_ROW_I64(ken_ordered_encode_params, permutations, .min = 1, .max = 64,
                .doc = "random orders of the training rows whose values are averaged"),
    KEN_ROW_F64(ken_ordered_encode_params, prior, .min = 0, .open_min = true, .max = 1e300, .lo = 1,
                .hi = 100, .scale = KEN_LOG_SCALE, .unit = "rows",
                .doc = "rows' worth of trust in the mean of all"),
    KEN_ROW_BOOL(ken_ordered_encode_params, singles, .doc = "the columns by themselves, too"),
    KEN_ROW_BOOL(ken_ordered_encode_params, counts, .doc = "a column that says how frequent a level is, too"),
    KEN_ROW_I64(ken_ordered_encode_params, combine, .min = 1, .max = ORDERED_WIDTH,
                .doc = "columns of a combination at most; 1: no combinations"),
    KEN_ROW_I64(ken_ordered_encode_params, max_combinations, .min = 0, .max = 1000,
                .doc = "combinations that are taken at most, the best first"),
    KEN_ROW_I64(ken_ordered_encode_params, max_cells, .min = 1, .max = 1e8,
                .doc = "cells of a combination that are kept at most, the most frequent ones"),
    {0}};
static const ken_attr ordered_encode_attrs[] = {
    KEN__LEVEL_ATTRS,
    {"encoding", KEN_F64, "l+d,k", "of each column the value of missing cells, then of its levels"},
    {"encoding_rows", KEN_I64, "l+d", "their training rows"},
    {"mean", KEN_F64, "k", "mean target: the value of what was not seen"},
    {"rows", KEN_I64, "", "training rows"},
    {"combination", KEN_I64, "c,3", "columns of each combination, -1 behind them"},
    {"cell_first", KEN_I64, "c+1", "where the cells of each combination begin"},
    {"cell_key", KEN_I64, "m", "levels of a cell as one number, ascending"},
    {"cell_rows", KEN_I64, "m", "training rows of each cell"},
    {"cell_value", KEN_F64, "m,k", "the value of each cell"},
    {0}};
static const ken_transformer ordered_encode_verbs = {.fit = ordered_encode_fit,
                                                     .transform = ordered_encode_transform,
                                                     .transform_train = ordered_encode_transform_train,
                                                     .open = ordered_encode_open};

const ken_desc ken_ordered_encode_desc = {
    .name = "ordered_encode",
    .title = "Levels and combinations of levels as ordered target statistics",
    .kind = KEN_TRANSFORMER,
    .tasks = KEN_REGRESS | KEN_CLASSIFY,
    .tags = KEN_TAG_TYPED | KEN_TAG_CATEGORY | KEN_TAG_MISSING | KEN_TAG_RANDOM | KEN_TAG_WEIGHTS,
    .params = ordered_encode_params,
    .defaults = &(const ken_ordered_encode_params)KEN_ORDERED_ENCODE_DEFAULTS,
    .params_size = sizeof(ken_ordered_encode_params),
    .attrs = ordered_encode_attrs,
    .transformer = &ordered_encode_verbs,
    .doc =
        "Replaces a level by the mean target of its training rows, drawn towards the mean of all; while "
        "training, by that of the rows before it in a random order, so that no row sees its own target. Pairs "
        "and triples of columns that tell more together than apart are found and encoded alike.",
    .paper = "Prokhorenkova et al. 2018",
    .peer = "catboost (ordered target statistics)",
};

const ken_desc *const ken_ordered_encode_things[] = {&ken_ordered_encode_desc, NULL};
