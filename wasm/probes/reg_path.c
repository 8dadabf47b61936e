/* Coefficients over the strength of the penalty: {"table", "target", "model": "lasso" | "elastic_net" | "ridge",
 * "settings": {...}, "features"?: [names], "n_alphas"?, "recipe"?: true} -> what ken_linear_path_write_json gives. */
#include "ken/linear/linear_path.h"
#include "wasm/probe.h"

static ken_status path_features(ken_ctx *ctx, const ken_table *table, const ken_column *target,
                                const ken_json *names, ken_table **out) {
    int *keep, n = 0, j;
    KEN_TRY(KEN_SCRATCH(ctx, int, KEN_MAX(ken_table_cols(table), ken_json_count(names)) + 1, &keep));
    for (int64_t i = 0; i < ken_json_count(names); i++) {
        KEN_TRY(ken_table_require(ctx, table, ken_json_string(ken_json_at(names, i), NULL, ""), &j));
        keep[n++] = j;
    }
    for (j = 0; !names && j < ken_table_cols(table); j++)
        if (ken_table_column(table, j) != target) keep[n++] = j;
    return ken_table_select(ctx, table, keep, n, out);
}

static ken_status path_model(ken_ctx *ctx, const ken_json *in, ken_model **out) {
    const ken_json *settings = ken_json_get(in, "settings");
    char text[64];
    ken_model *recipe;
    KEN_TRY(ken_model_new(ctx, ken_json_string(ken_json_get(in, "model"), NULL, "lasso"), NULL, out));
    if (ken_json_bool(ken_json_get(in, "recipe"), false)) {
        KEN_TRY(ken_model_new(ctx, "recipe", NULL, &recipe));
        const ken_status status = ken_model_set_recipe(ctx, *out, recipe);
        if (status != KEN_OK) {
            ken_model_free(recipe);
            return status;
        }
    }
    for (int64_t i = 0; i < ken_json_count(settings); i++) {
        const ken_json *v = ken_json_at(settings, i);
        const char *value = ken_json_string(v, NULL, NULL);
        if (ken_json_get_type(v) == KEN_JSON_BOOL) value = ken_json_bool(v, false) ? "true" : "false";
        if (!value) ken_format_f64(ken_json_f64(v, NAN), text);
        KEN_TRY(ken_model_set(ctx, *out, ken_json_key(settings, i, NULL), value ? value : text));
    }
    return KEN_OK;
}

KEN_PROBE(reg_path) {
    const ken_table *table = ken_probe_table(env, in, "table");
    ken_linear_path_params params = KEN_LINEAR_PATH_DEFAULTS;
    ken_linear_path *path = NULL;
    ken_table *features = NULL;
    ken_model *model = NULL;
    ken_data data = {0};
    if (!table || !(data.target = ken_probe_column(env, table, in, "target"))) return env->status;
    KEN_TRY(ken_probe_count(ctx, in, "n_alphas", 60, 2, 1000, &params.n_alphas));
    ken_status status = path_features(ctx, table, data.target, ken_json_get(in, "features"), &features);
    data.table = features;
    data.task = KEN_REGRESS;
    if (status == KEN_OK) status = path_model(ctx, in, &model);
    if (status == KEN_OK) status = ken_linear_path_new(ctx, model, &data, &params, &path);
    if (status == KEN_OK) ken_linear_path_write_json(path, out);
    ken_linear_path_free(path);
    ken_model_free(model);
    ken_table_free(features);
    return status;
}
