#include "ken/explain/explain_score.h"

#include <stdlib.h>

#include "ken/core/rng.h"
#include "ken/core/text.h"

/* --- rows --------------------------------------------------------------------------------------- */

static int explain_rows_compare(const void *a, const void *b) {
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static ken_status explain_rows_choose(ken_ctx *ctx, int64_t n, const uint8_t *keep,
                                      int64_t max_rows, const char *stream,
                                      ken__explain_rows *out) {
    KEN_TRY(KEN_ALLOC(ctx, int64_t, n, &out->index));
    for (int64_t i = 0; i < n; i++)
        if (!keep || keep[i]) out->index[out->n++] = i;
    if (!max_rows || out->n <= max_rows) return KEN_OK;
    ken_rng rng = ken_rng_stream(ctx, stream, 0);
    ken_rng_shuffle(&rng, out->index, out->n);
    out->n = max_rows;
    qsort(out->index, (size_t)out->n, sizeof(int64_t), explain_rows_compare);
    return KEN_OK;
}

static ken_status explain_rows_select(ken_ctx *ctx, const ken_model *model, const ken_table *table,
                                      ken__explain_rows *out) {
    const int d = ken_model_n_features(model);
    const ken_mark mark = ken_scratch_mark(ctx);
    int *columns = NULL;
    ken_status status = KEN_SCRATCH(ctx, int, d, &columns);
    for (int j = 0; j < d && status == KEN_OK; j++)
        status = ken_table_require(ctx, table, ken_model_feature(model, j), &columns[j]);
    if (status == KEN_OK) status = ken_table_select(ctx, table, columns, d, &out->selected);
    ken_scratch_release(ctx, mark);
    return status;
}

ken_status ken__explain_rows_begin(ken_ctx *ctx, const ken_model *model, const ken_table *table,
                                   const uint8_t *keep, int64_t max_rows, const char *stream,
                                   ken__explain_rows *out) {
    const int64_t n = ken_table_rows(table);
    *out = (ken__explain_rows){0};
    if (!ken_model_fitted(model))
        return KEN_FAIL(ctx, KEN_E_STATE, "fit or load the model first",
                        "explain: the model is not fitted");
    ken_status status = explain_rows_choose(ctx, n, keep, max_rows, stream, out);
    if (status == KEN_OK && out->n == 0)
        status = KEN_FAIL(ctx, KEN_E_VALUE, "give rows whose target is known to the model",
                          "explain: none of the table's %lld rows can be used", (long long)n);
    if (status == KEN_OK) status = explain_rows_select(ctx, model, table, out);
    if (status == KEN_OK && out->n < n)
        status = ken_table_take(ctx, out->selected, out->index, out->n, &out->taken);
    out->table = out->taken ? out->taken : out->selected;
    if (status != KEN_OK) ken__explain_rows_end(ctx, out);
    return status;
}

void ken__explain_rows_end(ken_ctx *ctx, ken__explain_rows *rows) {
    ken_table_free(rows->taken);
    ken_table_free(rows->selected);
    ken_free(ctx, rows->index);
    *rows = (ken__explain_rows){0};
}

ken_status ken__explain_replace(ken_ctx *ctx, const ken_table *table, int j,
                                const ken_column *column, ken_table **out) {
    ken_table *made = NULL;
    ken_status status = ken_table_new(ctx, ken_table_rows(table), &made);
    for (int c = 0; c < ken_table_cols(table) && status == KEN_OK; c++) {
        if (c == j)
            status = ken_table_add_copy(ctx, made, column);
        else
            status = ken_table_add_borrow(ctx, made, ken_table_column(table, c));
    }
    if (status != KEN_OK) {
        ken_table_free(made);
        made = NULL;
    }
    *out = made;
    return status;
}

static void explain_fill(ken_dtype dtype, const double *value, int64_t n, void *data) {
    for (int64_t i = 0; i < n; i++) {
        const double v = value[i];
        switch (dtype) {
        case KEN_F32: ((float *)data)[i] = (float)v; break;
        case KEN_BOOL: ((uint8_t *)data)[i] = v != 0; break;
        case KEN_CATEGORY: ((int32_t *)data)[i] = (int32_t)v; break;
        case KEN_I64:
        case KEN_TIME: ((int64_t *)data)[i] = (int64_t)v; break;
        default: ((double *)data)[i] = v; break;
        }
    }
}

ken_status ken__explain_set(ken_ctx *ctx, const ken_table *table, int j, const double *value, ken_table **out) {
    ken_column column = *ken_table_column(table, j);
    void *data = NULL;
    *out = NULL;
    KEN_TRY(ken_alloc(ctx, (size_t)column.n, sizeof(double), &data));
    explain_fill(column.dtype, value, column.n, data);
    column.data = data;
    column.stride = 1;
    column.valid = NULL;
    const ken_status status = ken__explain_replace(ctx, table, j, &column, out);
    ken_free(ctx, data);
    return status;
}

void ken__explain_label(const ken_column *column, double value, char *buf, size_t size) {
    double cell[1] = {0};
    ken_column one = *column;
    explain_fill(column->dtype, &value, 1, cell);
    one.n = 1;
    one.data = cell;
    one.stride = 1;
    one.valid = NULL;
    if (column->dtype == KEN_F64 || column->dtype == KEN_F32)
        ken_format_f64_digits(value, 4, buf);
    else
        ken_column_format(&one, 0, buf, size);
}

void ken__explain_outputs(const ken_model *model, int *width, int *first, int *n_outputs) {
    const int k = ken_model_n_classes(model);
    *width = k ? k : 1;
    *first = k == 2;
    *n_outputs = k > 2 ? k : 1;
}

ken_status ken__explain_answer(ken_ctx *ctx, const ken_model *model, const ken_table *table, double *out) {
    const bool classes = ken_model_task(model) == KEN_CLASSIFY;
    ken_tensor t = ken_tensor_2d(out, KEN_F64, ken_table_rows(table), classes ? ken_model_n_classes(model) : 1);
    return ken_model_predict(ctx, model, table, classes ? KEN_WHAT_PROBA : KEN_WHAT_VALUE, &t);
}

/* --- score -------------------------------------------------------------------------------------- */

/* keep[i] = 1 where the target of row i is there and, for classes, known to the model. */
static ken_status explain_score_known(ken_ctx *ctx, const ken_model *model, const ken_data *data,
                                      int32_t *codes, uint8_t *keep) {
    const int64_t n = ken_table_rows(data->table);
    if (ken_model_task(model) == KEN_CLASSIFY) {
        KEN_TRY(ken_model_encode_target(ctx, model, data->target, codes));
        for (int64_t i = 0; i < n; i++) keep[i] = codes[i] >= 0;
    } else {
        for (int64_t i = 0; i < n; i++) keep[i] = !ken_column_missing(data->target, i);
    }
    for (int64_t i = 0; i < n && data->weight; i++) keep[i] &= ken_column_f64(data->weight, i) > 0;
    return KEN_OK;
}

static ken_status explain_score_fill(ken_ctx *ctx, const ken_data *data, const int32_t *codes,
                                     ken__explain_score *s) {
    const int64_t n = s->rows.n;
    const int k = ken_model_n_classes(s->model);
    const bool classes = ken_model_task(s->model) == KEN_CLASSIFY;
    KEN_TRY(KEN_ALLOC(ctx, double, n, &s->predicted));
    if (classes) {
        KEN_TRY(KEN_ALLOC(ctx, int32_t, n, &s->label));
        KEN_TRY(KEN_ALLOC(ctx, double, n * k, &s->proba));
        for (int64_t i = 0; i < n; i++) s->label[i] = codes[s->rows.index[i]];
    } else {
        KEN_TRY(KEN_ALLOC(ctx, double, n, &s->y));
        for (int64_t i = 0; i < n; i++) s->y[i] = ken_column_f64(data->target, s->rows.index[i]);
    }
    if (data->weight) {
        KEN_TRY(KEN_ALLOC(ctx, double, n, &s->weight));
        for (int64_t i = 0; i < n; i++)
            s->weight[i] = ken_column_f64(data->weight, s->rows.index[i]);
    }
    s->scores = (ken_scores){.task = classes ? KEN_CLASSIFY : KEN_REGRESS, .n = n, .y = s->y,
                             .label = s->label, .n_classes = k, .positive = 1,
                             .predicted = s->predicted, .proba = s->proba, .weight = s->weight};
    return KEN_OK;
}

static ken_status explain_score_prepare(ken_ctx *ctx, const ken_data *data, int64_t max_rows,
                                        const char *stream, ken__explain_score *s) {
    const int64_t n = ken_table_rows(data->table);
    int32_t *codes = NULL;
    uint8_t *keep = NULL;
    ken_status status = KEN_ALLOC(ctx, int32_t, n, &codes);
    if (status == KEN_OK) status = KEN_ALLOC(ctx, uint8_t, n, &keep);
    if (status == KEN_OK) status = explain_score_known(ctx, s->model, data, codes, keep);
    if (status == KEN_OK)
        status = ken__explain_rows_begin(ctx, s->model, data->table, keep, max_rows, stream,
                                         &s->rows);
    if (status == KEN_OK) status = explain_score_fill(ctx, data, codes, s);
    ken_free(ctx, keep);
    ken_free(ctx, codes);
    return status;
}

ken_status ken__explain_score_begin(ken_ctx *ctx, const ken_model *model, const ken_data *data,
                                    const char *metric, int64_t max_rows, const char *stream,
                                    ken__explain_score *out) {
    *out = (ken__explain_score){.model = model};
    if (!ken_model_fitted(model))
        return KEN_FAIL(ctx, KEN_E_STATE, "fit or load the model first",
                        "explain: the model is not fitted");
    if (!data->target)
        return KEN_FAIL(ctx, KEN_E_ARG, "give the target column in ken_data",
                        "explain: a score needs the target '%s'", ken_model_target(model));
    if (data->target->n != ken_table_rows(data->table))
        return KEN_FAIL(ctx, KEN_E_SHAPE, "take target and table from the same rows",
                        "explain: the table has %lld rows but the target %lld",
                        (long long)ken_table_rows(data->table), (long long)data->target->n);
    const ken_judged what = {.task = ken_model_task(model), .n_classes = ken_model_n_classes(model),
                             .answer = ken_model_answer(model)};
    const char *name = metric ? metric : ken_metric_default(&what);
    ken_status status = ken_catalog_find(ctx, name, KEN_METRIC, &out->metric);
    if (status == KEN_OK && !(out->metric->tasks & (uint32_t)ken_model_task(model)))
        status = KEN_FAIL(ctx, KEN_E_ARG, "choose a metric of the model's task",
                          "explain: metric '%s' does not suit a model that does '%s'", name,
                          ken_task_name(ken_model_task(model)));
    if (status == KEN_OK) status = explain_score_prepare(ctx, data, max_rows, stream, out);
    if (status != KEN_OK) ken__explain_score_end(ctx, out);
    return status;
}

void ken__explain_score_end(ken_ctx *ctx, ken__explain_score *s) {
    ken__explain_rows_end(ctx, &s->rows);
    ken_free(ctx, s->y);
    ken_free(ctx, s->predicted);
    ken_free(ctx, s->proba);
    ken_free(ctx, s->weight);
    ken_free(ctx, s->label);
    *s = (ken__explain_score){0};
}

ken_status ken__explain_score_value(ken_ctx *ctx, ken__explain_score *s, const ken_table *table,
                                    double *out) {
    const int64_t n = s->rows.n;
    const int k = s->scores.n_classes;
    if (s->scores.task == KEN_REGRESS) {
        ken_tensor value = ken_tensor_2d(s->predicted, KEN_F64, n, 1);
        KEN_TRY(ken_model_predict(ctx, s->model, table, KEN_WHAT_VALUE, &value));
    } else {
        ken_tensor proba = ken_tensor_2d(s->proba, KEN_F64, n, k);
        KEN_TRY(ken_model_predict(ctx, s->model, table, KEN_WHAT_PROBA, &proba));
        for (int64_t i = 0; i < n; i++) {
            int best = 0;
            for (int c = 1; c < k; c++)
                if (s->proba[i * k + c] > s->proba[i * k + best]) best = c;
            s->predicted[i] = best;
        }
    }
    const ken_mark mark = ken_scratch_mark(ctx);
    const ken_status status = ken_metric_value(ctx, s->metric, NULL, &s->scores, out);
    ken_scratch_release(ctx, mark);
    return status;
}
