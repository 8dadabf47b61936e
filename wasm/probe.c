/* What probes read their JSON with, in a module and natively. ken_probe_array is the caller's. */
#include "wasm/probe.h"

static const ken_json *probe_handle(ken_probe_env *env, const ken_json *in, const char *key,
                                    const char *kind, int64_t *handle) {
    const ken_json *v = ken_json_get(in, key);
    *handle = ken_json_i64(v, 0);
    if (!v)
        env->status = KEN_FAIL(env->ctx, KEN_E_ARG, "name it in the call of the probe",
                               "the probe needs the %s '%s'", kind, key);
    return v;
}

static ken_status probe_no(ken_probe_env *env, const char *kind, const char *key, int64_t handle) {
    return KEN_FAIL(env->ctx, KEN_E_ARG, "pass one that has been made and not freed",
                    "'%s' is no %s (handle %lld)", key, kind, (long long)handle);
}

const ken_table *ken_probe_table(ken_probe_env *env, const ken_json *in, const char *key) {
    int64_t handle;
    if (!probe_handle(env, in, key, "table", &handle)) return NULL;
    const ken_table *table = env->table(env->user, handle);
    if (!table) env->status = probe_no(env, "table", key, handle);
    return table;
}

ken_model *ken_probe_model(ken_probe_env *env, const ken_json *in, const char *key) {
    int64_t handle;
    if (!probe_handle(env, in, key, "model", &handle)) return NULL;
    ken_model *model = env->model(env->user, handle);
    if (!model) env->status = probe_no(env, "model", key, handle);
    return model;
}

const ken_column *ken_probe_column(ken_probe_env *env, const ken_table *table, const ken_json *in,
                                   const char *key) {
    const ken_json *v = ken_json_get(in, key);
    const char *name = ken_json_string(v, NULL, NULL);
    int j = (int)KEN_MAX(KEN_MIN(ken_json_i64(v, -1), INT32_MAX), -1);
    if (name) {
        env->status = ken_table_require(env->ctx, table, name, &j);
        return env->status == KEN_OK ? ken_table_column(table, j) : NULL;
    }
    if (j >= 0 && j < ken_table_cols(table)) return ken_table_column(table, j);
    env->status = KEN_FAIL(env->ctx, KEN_E_ARG, "pass a column's name, or its number from 0",
                           "'%s' is no column: the table has %d", key, ken_table_cols(table));
    return NULL;
}

ken_status ken_probe_numbers(ken_ctx *ctx, const ken_json *in, const char *key, double **values,
                             int64_t *n) {
    const ken_json *v = ken_json_get(in, key);
    *values = NULL;
    *n = 0;
    if (!v) return KEN_OK;
    if (ken_json_get_type(v) != KEN_JSON_ARRAY)
        return KEN_FAIL(ctx, KEN_E_ARG, "pass numbers in an array", "'%s' is no array", key);
    *n = ken_json_count(v);
    KEN_TRY(KEN_SCRATCH(ctx, double, KEN_MAX(*n, 1), values));
    for (int64_t i = 0; i < *n; i++) (*values)[i] = ken_json_f64(ken_json_at(v, i), NAN);
    return KEN_OK;
}

ken_status ken_probe_count(ken_ctx *ctx, const ken_json *in, const char *key, int64_t otherwise,
                           int64_t low, int64_t high, int64_t *out) {
    const ken_json *v = ken_json_get(in, key);
    *out = ken_json_i64(v, v ? low - 1 : otherwise);
    if (*out >= low && *out <= high) return KEN_OK;
    return KEN_FAIL(ctx, KEN_E_ARG, "pass a whole number within it", "'%s' is not in [%lld, %lld]", key,
                    (long long)low, (long long)high);
}
