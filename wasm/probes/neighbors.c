/* Which training rows a k-nearest-neighbor model looks at, and how far they are, as the model sees it. */
#include "wasm/probe.h"

#include "ken/core/alloc.h"
#include "ken/neighbors/knn/knn.h"

/* {model: knn, table: n rows to ask about, k} -> {rows (n, k), distance (n, k)} */
KEN_PROBE(neighbors) {
    const ken_table *table = ken_probe_table(env, in, "table");
    const ken_model *model = table ? ken_probe_model(env, in, "model") : NULL;
    int64_t k, *idx;
    double *distance, *rows;
    if (!model) return env->status;
    const int64_t n = ken_table_rows(table);
    KEN_TRY(ken_probe_count(ctx, in, "k", 5, 1, 1000, &k));
    KEN_TRY(KEN_SCRATCH(ctx, int64_t, n * k, &idx));
    KEN_TRY(KEN_SCRATCH(ctx, double, n * k, &distance));
    KEN_TRY(KEN_SCRATCH(ctx, double, n * k, &rows));
    KEN_TRY(ken_knn_neighbors(ctx, model, table, k, idx, distance));
    for (int64_t i = 0; i < n * k; i++) rows[i] = (double)idx[i];
    ken_json_object(out);
    ken_probe_array(out, "rows", rows, n * k);
    ken_probe_array(out, "distance", distance, n * k);
    ken_json_end_object(out);
    return KEN_OK;
}
