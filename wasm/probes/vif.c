/* Collinearity of columns. */
#include "wasm/probe.h"

#include "ken/stats/vif/vif.h"

static ken_status vif_columns(ken_ctx *ctx, const ken_table *table, const ken_json *names, int **columns, int *n) {
    *n = (int)ken_json_count(names);
    if (*n < 1 || *n > 64) return KEN_FAIL(ctx, KEN_E_ARG, "pass 1 to 64 names of columns", "vif: %d columns", *n);
    KEN_TRY(KEN_SCRATCH(ctx, int, *n, columns));
    for (int j = 0; j < *n; j++)
        KEN_TRY(ken_table_require(ctx, table, ken_json_string(ken_json_at(names, j), NULL, ""), &(*columns)[j]));
    return KEN_OK;
}

/* {table, columns: [names]} -> {vif: a number a column, index: condition indices, rising from 1 (columns + 1)} */
KEN_PROBE(vif) {
    const ken_table *table = ken_probe_table(env, in, "table");
    int *columns, n;
    double *vif, *index;
    if (!table) return env->status;
    KEN_TRY(vif_columns(ctx, table, ken_json_get(in, "columns"), &columns, &n));
    KEN_TRY(KEN_SCRATCH(ctx, double, n, &vif));
    KEN_TRY(KEN_SCRATCH(ctx, double, n + 1, &index));
    KEN_TRY(ken_vif(ctx, table, columns, n, vif, NULL));
    KEN_TRY(ken_condition_indices(ctx, table, columns, n, index, NULL));
    ken_json_object(out);
    ken_probe_array(out, "vif", vif, n);
    ken_probe_array(out, "index", index, n + 1);
    ken_json_end_object(out);
    return KEN_OK;
}
