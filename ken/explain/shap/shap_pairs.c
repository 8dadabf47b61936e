/* Interaction values on the raw columns: means over the rows of what the estimator's inputs do two by two. */
#include <math.h>

#include "ken/core/alloc.h"
#include "ken/explain/explain_score.h"
#include "ken/explain/shap/shap.h"

struct ken_shap_pairs {
    ken_shap_pairs_view view;
    ken_allocator alloc;
    double *value, *size, *base;
};

enum { PAIRS_CELLS = 1 << 22 };

const ken_shap_pairs_view *ken_shap_pairs_get(const ken_shap_pairs *pairs) { return &pairs->view; }

void ken_shap_pairs_free(ken_shap_pairs *p) {
    if (!p) return;
    const ken_allocator alloc = p->alloc;
    ken_allocator_free(&alloc, p->value);
    ken_allocator_free(&alloc, p->size);
    ken_allocator_free(&alloc, p->base);
    ken_allocator_free(&alloc, p);
}

static ken_status pairs_outputs(ken_ctx *ctx, const ken_model *model, int64_t cells, int *outputs) {
    int64_t width = 0;
    if (!ken_model_fitted(model))
        return KEN_FAIL(ctx, KEN_E_STATE, "fit or load the model first", "shap: the model is not fitted");
    if (ken_model_width(ctx, model, KEN_WHAT_INTERACTIONS, &width) != KEN_OK || width < cells || width % cells)
        return KEN_FAIL(ctx, KEN_E_UNSUPPORTED, "trees, forests and boosting can; --interactions asks any model",
                        "shap: '%s' does not say what its inputs do two by two", ken_model_desc(model)->name);
    *outputs = (int)(width / cells);
    return KEN_OK;
}

static ken_status pairs_make(ken_ctx *ctx, const ken_model *model, int64_t n, int outputs, ken_shap_pairs **out) {
    const int d = ken_model_n_features(model);
    const size_t cells = (size_t)(d + 1) * (size_t)(d + 1);
    ken_shap_pairs *p = NULL;
    *out = NULL;
    KEN_TRY(KEN_ALLOC(ctx, ken_shap_pairs, 1, &p));
    p->alloc = ken_ctx_allocator(ctx);
    ken_status status = ken_alloc(ctx, (size_t)outputs, cells * sizeof(double), (void **)&p->value);
    if (status == KEN_OK) status = ken_alloc(ctx, (size_t)outputs, cells * sizeof(double), (void **)&p->size);
    if (status == KEN_OK) status = KEN_ALLOC(ctx, double, outputs, &p->base);
    if (status != KEN_OK) {
        ken_shap_pairs_free(p);
        return status;
    }
    p->view = (ken_shap_pairs_view){.n = n, .n_features = d, .n_outputs = outputs,
                                    .value = p->value, .size = p->size, .base = p->base};
    *out = p;
    return KEN_OK;
}

/* The matrix of one row and output, from inputs to raw columns; sum (d + 1)^2 of the caller. */
static void pairs_add(const ken_model *model, const double *in, int output, double *sum, ken_shap_pairs *p) {
    const int inputs = ken_model_n_inputs(model), d = p->view.n_features;
    const int64_t cells = (int64_t)(d + 1) * (d + 1);
    double *const value = p->value + output * cells, *const size = p->size + output * cells;
    for (int64_t i = 0; i < cells; i++) sum[i] = 0;
    for (int a = 0; a < inputs; a++) {
        const int from = ken_model_input_source(model, a), row = from >= 0 && from < d ? from : d;
        if (row == d) p->view.other = true;
        for (int b = 0; b < inputs; b++) {
            const int to = ken_model_input_source(model, b), column = to >= 0 && to < d ? to : d;
            sum[(int64_t)row * (d + 1) + column] += in[(int64_t)a * (inputs + 1) + b];
        }
    }
    p->base[output] += in[(int64_t)(inputs + 1) * (inputs + 1) - 1];
    for (int64_t i = 0; i < cells; i++) value[i] += sum[i], size[i] += fabs(sum[i]);
}

static ken_status pairs_block(ken_ctx *ctx, const ken_model *model, const ken_table *table, const int64_t *rows,
                              int64_t m, double *in, double *sum, ken_shap_pairs *p) {
    const int64_t cells = (int64_t)(ken_model_n_inputs(model) + 1) * (ken_model_n_inputs(model) + 1);
    const int outputs = p->view.n_outputs;
    ken_table *block = NULL;
    KEN_TRY(ken_check_cancel(ctx));
    KEN_TRY(ken_table_take(ctx, table, rows, m, &block));
    ken_tensor out = ken_tensor_2d(in, KEN_F64, m, outputs * cells);
    const ken_status status = ken_model_predict(ctx, model, block, KEN_WHAT_INTERACTIONS, &out);
    for (int64_t i = 0; status == KEN_OK && i < m; i++)
        for (int o = 0; o < outputs; o++) pairs_add(model, in + (i * outputs + o) * cells, o, sum, p);
    ken_table_free(block);
    return status;
}

static ken_status pairs_all(ken_ctx *ctx, const ken_model *model, const ken_table *table, const int64_t *rows,
                            ken_shap_pairs *p) {
    const int64_t d = p->view.n_features, inputs = ken_model_n_inputs(model), n = p->view.n;
    const int64_t width = p->view.n_outputs * (inputs + 1) * (inputs + 1);
    const int64_t step = KEN_MAX(1, KEN_MIN(n, PAIRS_CELLS / width)), all = p->view.n_outputs * (d + 1) * (d + 1);
    ken_shap *shap = NULL;
    double *in, *sum;
    KEN_TRY(ken_scratch(ctx, (size_t)step, (size_t)width * sizeof(double), (void **)&in));
    KEN_TRY(KEN_SCRATCH(ctx, double, (d + 1) * (d + 1), &sum));
    for (int64_t first = 0; first < n; first += step)
        KEN_TRY(pairs_block(ctx, model, table, rows + first, KEN_MIN(step, n - first), in, sum, p));
    for (int64_t i = 0; i < all; i++) p->value[i] /= (double)n, p->size[i] /= (double)n;
    for (int o = 0; o < p->view.n_outputs; o++) p->base[o] /= (double)n;
    KEN_TRY(ken_explain_shap(ctx, model, table, rows, KEN_MIN(n, 8), &shap));
    p->view.unit = ken_shap_get(shap)->unit;
    ken_shap_free(shap);
    return KEN_OK;
}

ken_status ken_explain_shap_pairs(ken_ctx *ctx, const ken_model *model, const ken_table *table, const int64_t *rows,
                                  int64_t n, ken_shap_pairs **out) {
    const int64_t all = ken_table_rows(table), inputs = ken_model_n_inputs(model);
    ken__explain_rows picked;
    ken_shap_pairs *p = NULL;
    int64_t *numbers;
    int outputs = 0;
    *out = NULL;
    if (!rows) n = all;
    if (n < 1) return KEN_FAIL(ctx, KEN_E_ARG, "give some rows", "shap: there is no row to explain");
    for (int64_t i = 0; i < n && rows; i++)
        if (rows[i] < 0 || rows[i] >= all)
            return KEN_FAIL(ctx, KEN_E_ARG, "number the rows from 0", "shap: row %lld is not one of the table's %lld",
                            (long long)rows[i], (long long)all);
    const ken_mark mark = ken_scratch_mark(ctx);
    KEN_TRY(pairs_outputs(ctx, model, (inputs + 1) * (inputs + 1), &outputs));
    KEN_TRY(KEN_SCRATCH(ctx, int64_t, n, &numbers));
    for (int64_t i = 0; i < n; i++) numbers[i] = rows ? rows[i] : i;
    KEN_TRY(ken__explain_rows_begin(ctx, model, table, NULL, 0, "", &picked));
    ken_status status = pairs_make(ctx, model, n, outputs, &p);
    if (status == KEN_OK) status = pairs_all(ctx, model, picked.table, numbers, p);
    ken__explain_rows_end(ctx, &picked);
    ken_scratch_release(ctx, mark);
    if (status != KEN_OK) {
        ken_shap_pairs_free(p);
        return status;
    }
    *out = p;
    return KEN_OK;
}
