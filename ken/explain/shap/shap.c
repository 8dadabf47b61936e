#include "ken/explain/shap/shap.h"

#include <math.h>
#include <stdlib.h>

#include "ken/core/alloc.h"
#include "ken/explain/explain_score.h"
#include "ken/explain/shap/shap_parts.h"

enum { SHAP_CELLS = 1 << 22 };

const ken_shap_view *ken_shap_get(const ken_shap *shap) { return &shap->view; }

void ken_shap_free(ken_shap *shap) {
    if (!shap) return;
    const ken_allocator alloc = shap->alloc;
    ken_allocator_free(&alloc, shap->row);
    ken_allocator_free(&alloc, shap->value);
    ken_allocator_free(&alloc, shap->base);
    ken_allocator_free(&alloc, shap->sum);
    ken_allocator_free(&alloc, shap);
}

ken_status ken__shap_make(ken_ctx *ctx, const ken_model *model, const int64_t *rows, int64_t n,
                          int outputs, ken_shap **out) {
    const int d = ken_model_n_features(model);
    ken_shap *s = NULL;
    *out = NULL;
    KEN_TRY(KEN_ALLOC(ctx, ken_shap, 1, &s));
    s->alloc = ken_ctx_allocator(ctx);
    ken_status status = KEN_ALLOC(ctx, int64_t, n, &s->row);
    if (status == KEN_OK)
        status = ken_alloc(ctx, (size_t)n, (size_t)outputs * (size_t)(d + 1) * sizeof(double),
                           (void **)&s->value);
    if (status == KEN_OK) status = KEN_ALLOC(ctx, double, n * outputs, &s->base);
    if (status == KEN_OK) status = KEN_ALLOC(ctx, double, n * outputs, &s->sum);
    if (status != KEN_OK) {
        ken_shap_free(s);
        return status;
    }
    for (int64_t i = 0; i < n; i++) s->row[i] = rows ? rows[i] : i;
    s->view = (ken_shap_view){.n = n, .row = s->row, .n_features = d, .n_outputs = outputs,
                              .value = s->value, .base = s->base, .sum = s->sum};
    *out = s;
    return KEN_OK;
}

/* Contributions (m, outputs * (inputs + 1)) of rows [first, first + m) into the raw columns. */
static void shap_collect(const ken_model *model, const double *in, int64_t first, int64_t m,
                         ken_shap *s) {
    const int inputs = ken_model_n_inputs(model), d = s->view.n_features;
    const int outputs = s->view.n_outputs;
    for (int64_t io = first * outputs; io < (first + m) * outputs; io++, in += inputs + 1) {
        double *value = s->value + io * (d + 1);
        for (int j = 0; j < inputs; j++) {
            const int source = ken_model_input_source(model, j);
            const bool known = source >= 0 && source < d;
            if (!known) s->view.other = true;
            value[known ? source : d] += in[j];
        }
        s->base[io] = in[inputs];
        double sum = in[inputs];
        for (int j = 0; j <= d; j++) sum += value[j];
        s->sum[io] = sum;
    }
}

/* The largest difference to what the model says by itself, if `what` has the same columns. */
static ken_status shap_compare(ken_ctx *ctx, const ken_model *model, const ken_table *table,
                               ken_what what, int64_t first, ken_shap *s, double *gap) {
    const int outputs = s->view.n_outputs;
    const int64_t m = ken_table_rows(table);
    int64_t width = 0;
    double *own = NULL;
    *gap = INFINITY;
    if (ken_model_width(ctx, model, what, &width) != KEN_OK || !width) {
        ken_ctx_clear_error(ctx);
        return KEN_OK;
    }
    const int skip = what == KEN_WHAT_PROBA && outputs == 1 && width == 2;
    if (width - skip != outputs) return KEN_OK;
    KEN_TRY(KEN_ALLOC(ctx, double, m * width, &own));
    ken_tensor out = ken_tensor_2d(own, KEN_F64, m, width);
    const ken_status status = ken_model_predict(ctx, model, table, what, &out);
    *gap = 0;
    for (int64_t i = 0; i < m && status == KEN_OK; i++)
        for (int o = 0; o < outputs; o++) {
            const double want = own[i * width + skip + o];
            const double off = fabs(s->sum[(first + i) * outputs + o] - want) / (1 + fabs(want));
            if (!(off <= *gap)) *gap = off;
        }
    ken_free(ctx, own);
    return status;
}

/* Which of the model's answers the sums are: the probability (models that average), or the margin. */
static ken_status shap_unit(ken_ctx *ctx, const ken_model *model, const ken_table *table,
                            int64_t first, ken_shap *s) {
    const bool classes = ken_model_task(model) == KEN_CLASSIFY;
    double margin = INFINITY, proba = INFINITY;
    if (classes) KEN_TRY(shap_compare(ctx, model, table, KEN_WHAT_PROBA, first, s, &proba));
    if (!(proba <= 1e-6))
        KEN_TRY(shap_compare(ctx, model, table, KEN_WHAT_MARGIN, first, s, &margin));
    if (!classes && !(margin < INFINITY))
        KEN_TRY(shap_compare(ctx, model, table, KEN_WHAT_VALUE, first, s, &margin));
    const char *unit = !classes                ? "value"
                       : proba < margin        ? "probability"
                       : s->view.n_outputs > 1 ? "score"
                                               : "log odds";
    const double gap = KEN_MIN(margin, proba);
    if (!s->view.unit || gap > s->view.gap) s->view.gap = gap;
    s->view.unit = unit;
    return KEN_OK;
}

static ken_status shap_block(ken_ctx *ctx, const ken_model *model, const ken_table *table,
                             const ken_table *background, int64_t first, int64_t m, double *in,
                             ken_shap *s) {
    const int64_t width = (int64_t)s->view.n_outputs * (ken_model_n_inputs(model) + 1);
    ken_table *block = NULL;
    KEN_TRY(ken_check_cancel(ctx));
    KEN_TRY(ken_table_take(ctx, table, s->row + first, m, &block));
    ken_tensor out = ken_tensor_2d(in, KEN_F64, m, width);
    ken_status status =
        background ? ken_model_contributions_against(ctx, model, block, background, &out)
                   : ken_model_predict(ctx, model, block, KEN_WHAT_CONTRIBUTIONS, &out);
    if (status == KEN_OK) {
        shap_collect(model, in, first, m, s);
        status = shap_unit(ctx, model, block, first, s);
    }
    ken_table_free(block);
    return status;
}

/* Columns of the contributions, with an error that says what else there is. */
static ken_status shap_outputs(ken_ctx *ctx, const ken_model *model, int *outputs) {
    const int inputs = ken_model_n_inputs(model);
    int64_t width = 0;
    if (!ken_model_fitted(model))
        return KEN_FAIL(ctx, KEN_E_STATE, "fit or load the model first",
                        "shap: the model is not fitted");
    if (ken_model_width(ctx, model, KEN_WHAT_CONTRIBUTIONS, &width) != KEN_OK || width < 1)
        return KEN_FAIL(ctx, KEN_E_UNSUPPORTED,
                        "use permutation importance and effects: they ask any model",
                        "shap: '%s' does not say what its inputs contribute",
                        ken_model_desc(model)->name);
    if (width % (inputs + 1))
        return KEN_FAIL(ctx, KEN_E_BUG, NULL, "shap: %lld contributions do not fit %d inputs",
                        (long long)width, inputs);
    *outputs = (int)(width / (inputs + 1));
    return KEN_OK;
}

ken_status ken_explain_shap_against(ken_ctx *ctx, const ken_model *model, const ken_table *table,
                                    const ken_table *background, const int64_t *rows, int64_t n,
                                    ken_shap **out) {
    const int64_t all = ken_table_rows(table);
    ken__explain_rows picked;
    int outputs = 0;
    double *in = NULL;
    ken_shap *s = NULL;
    *out = NULL;
    if (!rows) n = all;
    for (int64_t i = 0; i < n && rows; i++)
        if (rows[i] < 0 || rows[i] >= all)
            return KEN_FAIL(ctx, KEN_E_ARG, "number the rows from 0",
                            "shap: row %lld is not one of the table's %lld", (long long)rows[i],
                            (long long)all);
    KEN_TRY(shap_outputs(ctx, model, &outputs));
    KEN_TRY(ken__explain_rows_begin(ctx, model, table, NULL, 0, "", &picked));
    const int64_t width = (int64_t)outputs * (ken_model_n_inputs(model) + 1);
    const int64_t step = KEN_MAX(1, KEN_MIN(n, SHAP_CELLS / width));
    ken_status status = ken__shap_make(ctx, model, rows, n, outputs, &s);
    if (status == KEN_OK) status = KEN_ALLOC(ctx, double, step * width, &in);
    for (int64_t first = 0; first < n && status == KEN_OK; first += step)
        status = shap_block(ctx, model, picked.table, background, first, KEN_MIN(step, n - first), in,
                            s);
    ken_free(ctx, in);
    ken__explain_rows_end(ctx, &picked);
    if (status != KEN_OK) {
        ken_shap_free(s);
        s = NULL;
    }
    *out = s;
    return status;
}

ken_status ken_explain_shap(ken_ctx *ctx, const ken_model *model, const ken_table *table,
                            const int64_t *rows, int64_t n, ken_shap **out) {
    return ken_explain_shap_against(ctx, model, table, NULL, rows, n, out);
}

static int shap_part_compare(const void *a, const void *b) {
    const ken_shap_part *x = a, *y = b;
    const double u = fabs(x->contribution), v = fabs(y->contribution);
    if (u != v) return u < v ? 1 : -1;
    return (x->feature > y->feature) - (x->feature < y->feature);
}

ken_status ken_explain_row(ken_ctx *ctx, const ken_model *model, const ken_table *table,
                           const ken_shap *shap, int64_t i, int output, ken_shap_part *parts,
                           int *n_parts) {
    const ken_shap_view *v = &shap->view;
    if (i < 0 || i >= v->n || output < 0 || output >= v->n_outputs)
        return KEN_FAIL(ctx, KEN_E_ARG, "ask for an explained row and one of the outputs",
                        "explain row: row %lld of %lld, output %d of %d", (long long)i,
                        (long long)v->n, output, v->n_outputs);
    const double *value = v->value + (i * v->n_outputs + output) * (v->n_features + 1);
    *n_parts = v->n_features + (v->other ? 1 : 0);
    for (int j = 0; j < *n_parts; j++) {
        int c = -1;
        parts[j] = (ken_shap_part){.feature = j < v->n_features ? j : -1, .contribution = value[j]};
        if (j == v->n_features) continue;
        KEN_TRY(ken_table_require(ctx, table, ken_model_feature(model, j), &c));
        ken_column_format(ken_table_column(table, c), v->row[i], parts[j].text,
                          sizeof parts[j].text);
    }
    qsort(parts, (size_t)*n_parts, sizeof *parts, shap_part_compare);
    return KEN_OK;
}
