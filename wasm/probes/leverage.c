/* Leverage of rows. */
#include "wasm/probe.h"

#include "ken/core/alloc.h"

/* How much a row's own target moves its prediction, from what `linear` learned: variance of the fitted value over
 * the variance of the noise. {model: fitted linear without a recipe, table} -> {leverage} */
KEN_PROBE(leverage) {
    const ken_table *table = ken_probe_table(env, in, "table");
    const ken_model *model = table ? ken_probe_model(env, in, "model") : NULL;
    if (!model) return env->status;
    const ken_tensor *covariance = ken_model_attr(model, "covariance"), *center = ken_model_attr(model, "center");
    const double sigma = ken_model_attr_f64(model, "sigma", NAN), mean = ken_model_attr_f64(model, "mean_variance", NAN);
    if (!covariance || !center || ken_model_n_inputs(model) != ken_model_n_features(model))
        return KEN_FAIL(ctx, KEN_E_ARG, "fit a model 'linear' without a recipe", "the model has no covariance of its columns");
    const int d = ken_model_n_features(model);
    const int64_t n = ken_table_rows(table);
    double *x, *out_h;
    KEN_TRY(KEN_SCRATCH(ctx, double, d, &x));
    KEN_TRY(KEN_SCRATCH(ctx, double, n, &out_h));
    int *column;
    KEN_TRY(KEN_SCRATCH(ctx, int, d, &column));
    for (int j = 0; j < d; j++) KEN_TRY(ken_table_require(ctx, table, ken_model_feature(model, j), &column[j]));
    for (int64_t i = 0; i < n; i++) {
        double sum = mean;
        for (int j = 0; j < d; j++) x[j] = ken_column_f64(ken_table_column(table, column[j]), i) - ken_f64(center)[j];
        for (int j = 0; j < d; j++)
            for (int k = 0; k < d; k++) sum += x[j] * ken_f64(covariance)[j * d + k] * x[k];
        out_h[i] = sum / (sigma * sigma);
    }
    ken_json_object(out);
    ken_probe_array(out, "leverage", out_h, n);
    ken_json_end_object(out);
    return KEN_OK;
}
