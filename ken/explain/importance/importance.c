#include "ken/explain/importance/importance.h"

#include <math.h>

#include "ken/core/alloc.h"
#include "ken/tree/tree_ensemble.h"

static bool importance_of_trees(const ken_model *model) {
    return ken_model_attr(model, "tree_offset") && ken_model_attr(model, "gain") &&
           ken_model_attr(model, "base");
}

ken_importance_way ken_importance_way_of(const ken_model *model) {
    if (!ken_model_fitted(model)) return KEN_IMPORTANCE_NONE;
    if (importance_of_trees(model)) return KEN_IMPORTANCE_BY_GAIN;
    const ken_tensor *coef = ken_model_attr(model, "coef");
    if (coef && coef->ndim >= 1 && coef->shape[coef->ndim - 1] == ken_model_n_inputs(model))
        return KEN_IMPORTANCE_BY_COEF;
    return KEN_IMPORTANCE_NONE;
}

static ken_status importance_trees(ken_ctx *ctx, const ken_model *model, ken_importance_way way,
                                   double *input) {
    const ken_allocator alloc = ken_ctx_allocator(ctx);
    const ken_tensor *base = ken_model_attr(model, "base");
    ken_ensemble *ens = NULL;
    KEN_TRY(ken_ensemble_open(ctx, model, (int32_t)ken_tensor_count(base), &ens));
    ken_ensemble_importance(ens,
                            way == KEN_IMPORTANCE_BY_GAIN ? KEN_IMPORTANCE_GAIN
                                                          : KEN_IMPORTANCE_SPLITS,
                            input);
    ken_ensemble_close(&alloc, ens);
    return KEN_OK;
}

/* Standard deviation of a column's cells that are there (n - 1); 0 with fewer than two. */
static double importance_sd(const ken_column *column) {
    double mean = 0, squares = 0;
    int64_t m = 0;
    for (int64_t i = 0; i < column->n; i++) {
        const double x = ken_column_f64(column, i);
        if (!isfinite(x)) continue;
        const double step = x - mean;
        mean += step / (double)++m;
        squares += step * (x - mean);
    }
    return m > 1 ? sqrt(squares / (double)(m - 1)) : 0;
}

static ken_status importance_coef(ken_ctx *ctx, const ken_model *model, const ken_table *table,
                                  double *input) {
    const ken_tensor *coef = ken_model_attr(model, "coef");
    const int d = ken_model_n_inputs(model);
    const int64_t k = d ? ken_tensor_count(coef) / d : 0;
    ken_table *seen = NULL;
    if (ken_model_recipe(model)) KEN_TRY(ken_model_transform(ctx, model, table, &seen));
    for (int j = 0; j < d; j++) {
        const ken_table *from = seen ? seen : table;
        const int c = seen ? j : ken_table_find(table, ken_model_input(model, j));
        if (c < 0 || c >= ken_table_cols(from)) {
            ken_table_free(seen);
            return KEN_FAIL(ctx, KEN_E_NOT_FOUND, "give a table with the model's columns",
                            "importance: the table has no column '%s'", ken_model_input(model, j));
        }
        double size = 0;
        for (int64_t o = 0; o < k; o++) {
            const double b = ken_tensor_value(coef, o * d + j);
            size += fabs(b);
        }
        input[j] = size * importance_sd(ken_table_column(from, c));
    }
    ken_table_free(seen);
    return KEN_OK;
}

ken_status ken_explain_importance(ken_ctx *ctx, const ken_model *model, ken_importance_way way,
                                  const ken_table *table, double *out) {
    const int d = ken_model_n_features(model), inputs = ken_model_n_inputs(model);
    const ken_importance_way can = ken_importance_way_of(model);
    double *input = NULL;
    if (!ken_model_fitted(model))
        return KEN_FAIL(ctx, KEN_E_STATE, "fit or load the model first",
                        "importance: the model is not fitted");
    if (can == KEN_IMPORTANCE_NONE ||
        (can == KEN_IMPORTANCE_BY_COEF) != (way == KEN_IMPORTANCE_BY_COEF))
        return KEN_FAIL(ctx, KEN_E_UNSUPPORTED, "use permutation importance: it asks any model",
                        "importance: '%s' has no importances of this kind",
                        ken_model_desc(model)->name);
    KEN_TRY(KEN_ALLOC(ctx, double, inputs, &input));
    ken_status status = way == KEN_IMPORTANCE_BY_COEF ? importance_coef(ctx, model, table, input)
                                                      : importance_trees(ctx, model, way, input);
    for (int j = 0; j <= d; j++) out[j] = 0;
    for (int j = 0; j < inputs && status == KEN_OK; j++) {
        const int source = ken_model_input_source(model, j);
        out[source >= 0 && source < d ? source : d] += input[j];
    }
    ken_free(ctx, input);
    return status;
}
