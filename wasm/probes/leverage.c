/* Rows that a least squares fit hangs on. */
#include "wasm/probe.h"

#include "ken/core/alloc.h"

/* {model: fitted linear, table, target: column} -> {leverage, cook, studentized}, a number a row; NaN where undefined */
KEN_PROBE(leverage) {
    static const char *const columns[] = {"leverage", "cook", "studentized"};
    const ken_table *table = ken_probe_table(env, in, "table");
    const ken_column *target = table ? ken_probe_column(env, table, in, "target") : NULL;
    const ken_model *model = target ? ken_probe_model(env, in, "model") : NULL;
    ken_table *features, *rows = NULL;
    int *index;
    if (!model) return env->status;
    const int d = ken_model_n_features(model);
    KEN_TRY(KEN_SCRATCH(ctx, int, d, &index));
    for (int j = 0; j < d; j++) KEN_TRY(ken_table_require(ctx, table, ken_model_feature(model, j), &index[j]));
    KEN_TRY(ken_table_select(ctx, table, index, d, &features));
    const ken_data data = {.table = features, .target = target, .task = KEN_REGRESS};
    const ken_status status = ken_linear_influence(ctx, model, &data, &rows);
    ken_table_free(features);
    KEN_TRY(status);
    ken_json_object(out);
    for (int c = 0; c < KEN_COUNT(columns); c++) {
        const ken_column *column = ken_table_column(rows, ken_table_find(rows, columns[c]));
        ken_probe_array(out, columns[c], column->data, column->n);
    }
    ken_json_end_object(out);
    ken_table_free(rows);
    return KEN_OK;
}
