/* From ken_data to a ken_problem: task, target, recipe; with prepare_rows.c (roles, validation rows) and
 * prepare_side.c (weights, groups, offsets, censoring). What no estimator should have to repeat. */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ken/core/model_internal.h"
#include "ken/core/rng.h"
#include "ken/core/threads.h"

/* --- task ------------------------------------------------------------------------------------------ */
#define TASK_MAX_WHOLE 10

ken_status ken_task_of(ken_ctx *ctx, const ken_column *target, ken_task *out) {
    double seen[TASK_MAX_WHOLE];
    int n = 0;
    *out = KEN_REGRESS;
    if (target->dtype == KEN_TIME)
        return KEN_FAIL(ctx, KEN_E_TYPE, "choose a target of numbers or names",
                        "the target '%s' is a time", target->name);
    if (target->dtype == KEN_CATEGORY || target->dtype == KEN_STRING || target->dtype == KEN_BOOL)
        *out = KEN_CLASSIFY;
    if (*out == KEN_CLASSIFY) return KEN_OK;
    for (int64_t i = 0; i < target->n; i++) {
        const double v = ken_column_f64(target, i);
        int k = 0;
        if (isnan(v)) continue;
        if (v != floor(v)) return KEN_OK;
        while (k < n && seen[k] != v) k++;
        if (k == TASK_MAX_WHOLE) return KEN_OK;
        if (k == n) seen[n++] = v;
    }
    *out = KEN_CLASSIFY;
    return KEN_OK;
}

ken_status ken_model_task_of(ken_ctx *ctx, const ken_model *model, const ken_column *target, ken_task *out) {
    const ken_estimator *e = model->desc->estimator;
    *out = e && e->task ? e->task(model->params) : KEN_TASK_AUTO;
    return *out == KEN_TASK_AUTO ? ken_task_of(ctx, target, out) : KEN_OK;
}

/* --- target --------------------------------------------------------------------------------------------- */
typedef struct prepare_class {
    double value;     /* numbers sort by value */
    const char *text; /* names by bytes */
    int64_t size;
    int32_t code;     /* in order of appearance */
} prepare_class;

static int prepare_by_value(const void *a, const void *b) {
    const prepare_class *x = a, *y = b;
    return x->value < y->value ? -1 : x->value > y->value;
}

static int prepare_by_text(const void *a, const void *b) {
    const prepare_class *x = a, *y = b;
    const int c = memcmp(x->text, y->text, (size_t)KEN_MIN(x->size, y->size));
    return c ? c : x->size < y->size ? -1 : x->size > y->size;
}

/* The text of a class cell without copying where it is text already. */
static const char *prepare_cell(const ken_column *c, int64_t i, char *buf, size_t size, int64_t *length) {
    if (c->dtype == KEN_STRING) return ken_strings_at(&c->text, i, length);
    if (c->dtype == KEN_CATEGORY) {
        const int32_t code = ((const int32_t *)c->data)[i * c->stride];
        return ken_strings_at(&c->text, code, length);
    }
    ken_column_format(c, i, buf, size);
    *length = (int64_t)strlen(buf);
    return buf;
}

/* Classes in order (numbers by value, names by bytes), each with a NUL behind; order[] maps codes of
 * appearance to classes. */
static ken_status prepare_sort_classes(ken_ctx *ctx, ken_model *m, const ken_dict *dict, bool numeric,
                                       int32_t *order) {
    const ken_strings keys = ken_dict_keys(dict);
    const int64_t k = keys.n;
    prepare_class *classes;
    KEN_TRY(KEN_SCRATCH(ctx, prepare_class, k, &classes));
    for (int64_t c = 0; c < k; c++) {
        classes[c].text = ken_strings_at(&keys, c, &classes[c].size);
        classes[c].code = (int32_t)c;
        classes[c].value = 0;
        if (numeric) ken_parse_f64(classes[c].text, (size_t)classes[c].size, &classes[c].value);
    }
    qsort(classes, (size_t)k, sizeof(*classes), numeric ? prepare_by_value : prepare_by_text);
    int64_t *offset = NULL;
    char *bytes = NULL;
    KEN_TRY(KEN_ALLOC(ctx, int64_t, k + 1, &offset));
    m->classes.offset = offset;
    for (int64_t c = 0; c < k; c++) offset[c + 1] = offset[c] + classes[c].size + 1;
    KEN_TRY(KEN_ALLOC(ctx, char, offset[k], &bytes));
    m->classes.bytes = bytes;
    for (int64_t c = 0; c < k; c++) {
        if (classes[c].size) memcpy(bytes + offset[c], classes[c].text, (size_t)classes[c].size);
        order[classes[c].code] = (int32_t)c;
    }
    m->classes.n = k;
    return KEN_OK;
}

ken_status ken__prepare_codes(ken_ctx *ctx, ken_dict *dict, const ken_column *target,
                              const prepare_rows *rows, int32_t *label) {
    char cell[64];
    int32_t *map = NULL; /* level -> code, so that a category is looked up once */
    if (target->dtype == KEN_CATEGORY) {
        KEN_TRY(KEN_SCRATCH(ctx, int32_t, target->text.n, &map));
        for (int64_t l = 0; l < target->text.n; l++) map[l] = -1;
    }
    for (int64_t i = 0; i < rows->n; i++) {
        int64_t size;
        const int64_t row = rows->index[i];
        int32_t *known = map ? &map[((const int32_t *)target->data)[row * target->stride]] : NULL;
        if (known && *known >= 0) {
            label[i] = *known;
            continue;
        }
        const char *text = prepare_cell(target, row, cell, sizeof cell, &size);
        KEN_TRY(ken_dict_add(dict, text, (size_t)size, &label[i]));
        if (known) *known = label[i];
    }
    return KEN_OK;
}

static ken_status prepare_labels(ken_ctx *ctx, ken_model *m, const ken_column *target,
                                 const prepare_rows *rows, ken_prepared *out) {
    ken_dict *dict = NULL;
    int32_t *order = NULL;
    KEN_TRY(KEN_ALLOC(ctx, int32_t, rows->n, &out->label));
    KEN_TRY(ken_dict_new(ctx, &dict));
    ken_status status = ken__prepare_codes(ctx, dict, target, rows, out->label);
    const int64_t k = ken_dict_count(dict);
    if (status == KEN_OK && k < 2) {
        const ken_strings keys = ken_dict_keys(dict);
        int64_t size;
        const char *only = ken_strings_at(&keys, 0, &size);
        status = KEN_FAIL(ctx, KEN_E_VALUE, "a classifier needs rows of at least two classes",
                          "the target '%s' has one class only, '%.*s'", target->name,
                          (int)KEN_MIN(size, 60), only);
    }
    if (status == KEN_OK && k > 65535)
        status = KEN_FAIL(ctx, KEN_E_LIMIT, "choose a target with fewer names, or regress on a number",
                          "the target '%s' has %lld classes, the limit is 65535", target->name,
                          (long long)k);
    if (status == KEN_OK) status = KEN_SCRATCH(ctx, int32_t, k, &order);
    if (status == KEN_OK)
        status = prepare_sort_classes(ctx, m, dict, ken_dtype_is_number(target->dtype) &&
                                      target->dtype != KEN_BOOL, order);
    for (int64_t i = 0; status == KEN_OK && i < rows->n; i++) out->label[i] = order[out->label[i]];
    ken_dict_free(dict);
    out->problem.label = out->label;
    out->problem.n_classes = (int)k;
    return status;
}

static ken_status prepare_numbers(ken_ctx *ctx, const ken_column *target, const prepare_rows *rows,
                                  ken_prepared *out) {
    if (!ken_dtype_is_number(target->dtype))
        return KEN_FAIL(ctx, KEN_E_TYPE, "choose a target of numbers, or --task classify",
                        "the target '%s' is of type %s and cannot be regressed on", target->name,
                        ken_dtype_name(target->dtype));
    KEN_TRY(KEN_ALLOC(ctx, double, rows->n, &out->y));
    for (int64_t i = 0; i < rows->n; i++) {
        out->y[i] = ken_column_f64(target, rows->index[i]);
        if (isinf(out->y[i]))
            return KEN_FAIL(ctx, KEN_E_VALUE, "remove or correct the row",
                            "the target '%s' is infinite in row %lld", target->name,
                            (long long)rows->index[i] + 1);
    }
    out->problem.y = out->y;
    return KEN_OK;
}

static ken_status prepare_target(ken_ctx *ctx, ken_model *m, const ken_data *data,
                                 const prepare_rows *rows, ken_prepared *out) {
    ken_task task = data->task;
    const ken_desc *desc = m->desc;
    if (desc->kind == KEN_ESTIMATOR && desc->tasks == KEN_DETECT) {
        m->task = out->problem.task = KEN_DETECT;
        if (!data->target) return KEN_OK;
        return KEN_FAIL(ctx, KEN_E_ARG, "leave the target out, and drop its column where it is no feature",
                        "%s learns without a target, but was given '%s'", desc->name, data->target->name);
    }
    if (!data->target) {
        if (desc->kind == KEN_TRANSFORMER) return KEN_OK;
        return KEN_FAIL(ctx, KEN_E_ARG, "set data.target", "%s: fit needs a target", desc->name);
    }
    if (task == KEN_TASK_AUTO) KEN_TRY(ken_model_task_of(ctx, m, data->target, &task));
    if (desc->kind == KEN_ESTIMATOR && !(desc->tasks & task)) {
        const bool other = task == KEN_CLASSIFY;
        return KEN_FAIL(ctx, KEN_E_UNSUPPORTED,
                        other ? "choose a classifier such as logistic or boosting, or --task regress"
                              : "choose a regressor such as ridge or boosting, or --task classify",
                        "%s cannot %s, and the target '%s' asks for that", desc->name,
                        ken_task_name(task), data->target->name);
    }
    m->task = out->problem.task = task;
    KEN_TRY(ken_strdup(ctx, data->target->name ? data->target->name : "", &m->target.name));
    m->target.dtype = data->target->dtype;
    const ken_column *const side[KEN_SIDES] = {data->group, data->event, data->upper};
    for (int s = 0; s < KEN_SIDES; s++)
        if (side[s]) KEN_TRY(ken_strdup(ctx, side[s]->name ? side[s]->name : "", &m->side[s]));
    return task == KEN_CLASSIFY ? prepare_labels(ctx, m, data->target, rows, out)
                                : prepare_numbers(ctx, data->target, rows, out);
}

static ken_status prepare_maybe_set_aside(ken_ctx *ctx, const ken_model *m, const ken_data *data,
                                          prepare_rows *rows) {
    const ken_estimator *e = m->desc->estimator;
    ken_task task = data->task;
    if (!e || !e->stop_rule || !data->target || rows->n > rows->n_train) return KEN_OK;
    const ken_stop_rule rule = e->stop_rule(m->params, rows->n_train);
    if (!(rule.validation_fraction > 0)) return KEN_OK;
    if (task == KEN_TASK_AUTO) KEN_TRY(ken_model_task_of(ctx, m, data->target, &task));
    return ken__prepare_set_aside(ctx, data, rule.validation_fraction, task, rows);
}

/* --- all together ----------------------------------------------------------------------------------------- */
static ken_status prepare_check_data(ken_ctx *ctx, const ken_model *m, const ken_data *data) {
    const ken_column *const others[] = {data->target, data->weight, data->group,
                                        data->offset, data->event,  data->upper};
    const int64_t n = ken_table_rows(data->table);
    for (int i = 0; i < KEN_COUNT(others); i++)
        if (others[i] && others[i]->n != n)
            return KEN_FAIL(ctx, KEN_E_SHAPE, "pass one value per row",
                            "%s: the table has %lld rows but '%s' has %lld", m->desc->name,
                            (long long)n, others[i]->name, (long long)others[i]->n);
    if (ken_table_cols(data->table) == 0)
        return KEN_FAIL(ctx, KEN_E_VALUE, "give the table columns besides the target",
                        "%s: the table has no column to learn from", m->desc->name);
    return KEN_OK;
}

static ken_status prepare_all(ken_ctx *ctx, ken_model *m, const ken_data *data, ken_prepared *out) {
    prepare_rows rows;
    KEN_TRY(prepare_check_data(ctx, m, data));
    KEN_TRY(ken__prepare_collect(ctx, data, &rows));
    KEN_TRY(prepare_maybe_set_aside(ctx, m, data, &rows));
    KEN_TRY(prepare_target(ctx, m, data, &rows, out));
    KEN_TRY(ken__prepare_side(ctx, m, data, &rows, out));
    out->problem.n = rows.n;
    out->problem.n_train = rows.n_train;
    m->rows_train = rows.n_train;
    out->raw_owned = true;
    if (rows.identity)
        KEN_TRY(ken_table_slice(ctx, data->table, 0, rows.n, &out->raw));
    else
        KEN_TRY(ken_table_take(ctx, data->table, rows.index, rows.n, &out->raw));
    for (int j = 0; j < ken_table_cols(out->raw); j++) ken_table_set_source(out->raw, j, j);
    KEN_TRY(ken__schema_of(ctx, out->raw, &m->features));
    out->problem.X = out->raw;
    if (!m->recipe) return KEN_OK;

    ken_problem raw = out->problem;
    raw.consumer_tags = ken_model_tags(m);
    raw.consumer_tasks = (uint32_t)out->problem.task;
    KEN_TRY(ken_model_fit_problem(ctx, m->recipe, &raw, &out->inputs));
    KEN_TRY(ken__schema_of(ctx, out->inputs, &m->inputs));
    if (m->inputs.n == 0)
        return KEN_FAIL(ctx, KEN_E_VALUE, "'ken describe' shows what is in the table",
                        "%s: the recipe left no column to learn from (all are constant, missing or "
                        "identifiers)", m->desc->name);
    out->problem.X = out->inputs;
    return KEN_OK;
}

ken_status ken__prepare(ken_ctx *ctx, ken_model *m, const ken_data *data, ken_prepared *out) {
    memset(out, 0, sizeof *out);
    const ken_mark mark = ken_scratch_mark(ctx);
    const ken_status status = prepare_all(ctx, m, data, out);
    ken_scratch_release(ctx, mark);
    if (status != KEN_OK) ken__prepared_free(ctx, out);
    return status;
}

/* --- again, for a model that has learned ------------------------------------------------------------------ */
static ken_status prepare_known_labels(ken_ctx *ctx, const ken_model *m, const ken_column *target,
                                       const prepare_rows *rows, ken_prepared *out) {
    char cell[64];
    int64_t size;
    int32_t *code;
    KEN_TRY(KEN_SCRATCH(ctx, int32_t, target->n, &code));
    KEN_TRY(ken_model_encode_target(ctx, m, target, code));
    KEN_TRY(KEN_ALLOC(ctx, int32_t, rows->n, &out->label));
    for (int64_t i = 0; i < rows->n; i++) {
        out->label[i] = code[rows->index[i]];
        if (out->label[i] >= 0) continue;
        const char *const text = prepare_cell(target, rows->index[i], cell, sizeof cell, &size);
        return KEN_FAIL(ctx, KEN_E_VALUE, "leave out its rows, or train a new model",
                        "%s: the model has no class '%.*s' of the target '%s'", m->desc->name,
                        (int)KEN_MIN(size, 60), text, target->name);
    }
    out->problem.label = out->label;
    out->problem.n_classes = (int)m->classes.n;
    return KEN_OK;
}

static ken_status prepare_known_target(ken_ctx *ctx, const ken_model *m, const ken_data *data,
                                       const prepare_rows *rows, ken_prepared *out) {
    if (!data->target)
        return KEN_FAIL(ctx, KEN_E_ARG, "set data.target", "%s: fit needs a target", m->desc->name);
    if (data->task != KEN_TASK_AUTO && data->task != m->task)
        return KEN_FAIL(ctx, KEN_E_ARG, "leave the task open", "%s: the model was fitted to %s, not to %s",
                        m->desc->name, ken_task_name(m->task), ken_task_name(data->task));
    out->problem.task = m->task;
    return m->task == KEN_CLASSIFY ? prepare_known_labels(ctx, m, data->target, rows, out)
                                   : prepare_numbers(ctx, data->target, rows, out);
}

/* The rows' columns as the model knows them, then what its recipe makes of them. */
static ken_status prepare_known_inputs(ken_ctx *ctx, const ken_model *m, const ken_data *data,
                                       const prepare_rows *rows, ken_prepared *out) {
    ken_table *taken = NULL;
    KEN_TRY(rows->identity ? ken_table_slice(ctx, data->table, 0, rows->n, &taken)
                           : ken_table_take(ctx, data->table, rows->index, rows->n, &taken));
    const ken_status status = ken__schema_align(ctx, m->desc->name, &m->features, taken, &out->raw);
    if (status != KEN_OK) {
        ken_table_free(taken);
        return status;
    }
    ken_table_keep(out->raw, taken);
    out->raw_owned = true;
    out->problem.X = out->raw;
    if (!m->recipe) return KEN_OK;
    KEN_TRY(ken_table_new(ctx, rows->n, &out->inputs));
    out->problem.X = out->inputs;
    return m->recipe->desc->transformer->transform(ctx, m->recipe, out->raw, out->inputs);
}

static ken_status prepare_known(ken_ctx *ctx, const ken_model *m, const ken_data *data, ken_prepared *out) {
    prepare_rows rows;
    KEN_TRY(prepare_check_data(ctx, m, data));
    KEN_TRY(ken__prepare_collect(ctx, data, &rows));
    KEN_TRY(prepare_maybe_set_aside(ctx, m, data, &rows));
    KEN_TRY(prepare_known_target(ctx, m, data, &rows, out));
    KEN_TRY(ken__prepare_side(ctx, m, data, &rows, out));
    out->problem.n = rows.n;
    out->problem.n_train = rows.n_train;
    return prepare_known_inputs(ctx, m, data, &rows, out);
}

ken_status ken__prepare_again(ken_ctx *ctx, const ken_model *m, const ken_data *data, ken_prepared *out) {
    memset(out, 0, sizeof *out);
    const ken_mark mark = ken_scratch_mark(ctx);
    const ken_status status = prepare_known(ctx, m, data, out);
    ken_scratch_release(ctx, mark);
    if (status != KEN_OK) ken__prepared_free(ctx, out);
    return status;
}

void ken__prepared_free(ken_ctx *ctx, ken_prepared *p) {
    ken_table_free(p->inputs);
    if (p->raw_owned) ken_table_free(p->raw);
    ken_free(ctx, p->y);
    ken_free(ctx, p->weight);
    ken_free(ctx, p->label);
    ken_free(ctx, p->group);
    ken_free(ctx, p->offset);
    ken_free(ctx, p->upper);
    memset(p, 0, sizeof *p);
}

/* Whether every cell of rows [begin, end) is there and finite, at the speed of reading it. */
static bool prepare_finite(const ken_column *c, int64_t begin, int64_t end) {
    int bad = 0;
    if (c->valid) return false;
    if (c->dtype == KEN_F64)
        for (int64_t i = begin; i < end; i++) bad |= !(fabs(((const double *)c->data)[i * c->stride]) <= DBL_MAX);
    if (c->dtype == KEN_F32)
        for (int64_t i = begin; i < end; i++) bad |= !(fabsf(((const float *)c->data)[i * c->stride]) <= FLT_MAX);
    return !bad;
}

typedef struct finite_job {
    const ken_table *X;
    uint8_t *bad; /* a byte a block */
} finite_job;

#define FINITE_ROWS 1024 /* all columns of a block in turn: a matrix is read once, not once a column */
static void prepare_finite_block(void *arg, int64_t begin, int64_t end, int worker) {
    const finite_job *job = arg;
    (void)worker;
    for (int j = 0; j < ken_table_cols(job->X); j++)
        if (!prepare_finite(ken_table_column(job->X, j), begin, end)) job->bad[begin / FINITE_ROWS] = 1;
}

/* The usual case: numbers, all there, all finite. */
static ken_status prepare_all_finite(ken_ctx *ctx, const ken_table *X, bool *all) {
    const int64_t n = ken_table_rows(X), blocks = (n + FINITE_ROWS - 1) / FINITE_ROWS;
    finite_job job = {X, NULL};
    *all = false;
    for (int j = 0; j < ken_table_cols(X); j++)
        if (!ken_dtype_is_number(ken_table_column(X, j)->dtype)) return KEN_OK;
    const ken_mark mark = ken_scratch_mark(ctx);
    KEN_TRY(KEN_SCRATCH(ctx, uint8_t, blocks, &job.bad));
    memset(job.bad, 0, (size_t)blocks);
    const ken_status status = ken_parallel(ctx, n, FINITE_ROWS, prepare_finite_block, &job);
    *all = status == KEN_OK && (blocks == 0 || !memchr(job.bad, 1, (size_t)blocks));
    ken_scratch_release(ctx, mark);
    return status;
}

static ken_status prepare_check_numbers(ken_ctx *ctx, const ken_model *m, const ken_column *c) {
    const ken_desc *desc = m->desc;
    const bool missing = ken_model_tags(m) & KEN_TAG_MISSING;
    if (!ken_dtype_is_number(c->dtype))
        return KEN_FAIL(ctx, KEN_E_TYPE, "put a recipe in front of the model",
                        "%s takes numbers, but column '%s' is of type %s", desc->name, c->name,
                        ken_dtype_name(c->dtype));
    if (prepare_finite(c, 0, c->n)) return KEN_OK;
    for (int64_t i = 0; i < c->n; i++) {
        if (!missing && ken_column_missing(c, i))
            return KEN_FAIL(ctx, KEN_E_VALUE, "impute it: put a recipe in front of the model",
                            "%s: column '%s' is missing in row %lld", desc->name, c->name,
                            (long long)i + 1);
        if (isinf(ken_column_f64(c, i)))
            return KEN_FAIL(ctx, KEN_E_VALUE, "replace or drop the row",
                            "%s: column '%s' is infinite in row %lld", desc->name, c->name,
                            (long long)i + 1);
    }
    return KEN_OK;
}

ken_status ken__check_inputs(ken_ctx *ctx, const ken_model *m, const ken_table *X) {
    const uint32_t all_cells = KEN_TAG_TYPED | KEN_TAG_CATEGORY | KEN_TAG_MISSING;
    const ken_desc *desc = m->desc;
    if ((ken_model_tags(m) & all_cells) == all_cells) {
        for (int j = 0; j < ken_table_cols(X); j++) {
            const ken_column *c = ken_table_column(X, j);
            if (c->dtype == KEN_STRING || c->dtype == KEN_TIME)
                return KEN_FAIL(ctx, KEN_E_TYPE, "put a recipe in front of the model",
                                "%s: column '%s' is of type %s", desc->name, c->name,
                                ken_dtype_name(c->dtype));
        }
        return KEN_OK;
    }
    bool all;
    KEN_TRY(prepare_all_finite(ctx, X, &all));
    if (all) return KEN_OK;
    for (int j = 0; j < ken_table_cols(X); j++) KEN_TRY(prepare_check_numbers(ctx, m, ken_table_column(X, j)));
    return KEN_OK;
}

ken_status ken_model_encode_target(ken_ctx *ctx, const ken_model *m, const ken_column *target,
                                   int32_t *codes) {
    ken_dict *dict = NULL;
    char cell[64];
    if (m->task != KEN_CLASSIFY)
        return KEN_FAIL(ctx, KEN_E_UNSUPPORTED, NULL, "%s: a regression has no classes", m->desc->name);
    KEN_TRY(ken_dict_new(ctx, &dict));
    ken_status status = KEN_OK;
    for (int k = 0; status == KEN_OK && k < m->classes.n; k++) {
        int32_t code;
        const char *text = ken_model_class(m, k);
        status = ken_dict_add(dict, text, strlen(text), &code);
    }
    for (int64_t i = 0; status == KEN_OK && i < target->n; i++) {
        int64_t size;
        codes[i] = -1;
        if (ken_column_missing(target, i)) continue;
        const char *text = prepare_cell(target, i, cell, sizeof cell, &size);
        codes[i] = ken_dict_find(dict, text, (size_t)size);
    }
    ken_dict_free(dict);
    return status;
}
