/* What each classifier of a pair says. */
#include "wasm/probe.h"

#include "ken/core/alloc.h"
#include "ken/ensemble/one_vs_one/one_vs_one.h"

/* {model: fitted one_vs_one, table, what?: "margin" | "proba"} -> {classes, pairs, "z": (n, pairs)}: above 0 (or 1/2) the
 * second class of a pair; pairs in the order (0,1) (0,2) ... (1,2) ... */
KEN_PROBE(pairs) {
    const ken_table *table = ken_probe_table(env, in, "table");
    const ken_model *model = table ? ken_probe_model(env, in, "model") : NULL;
    if (!model) return env->status;
    const bool proba = strcmp(ken_json_string(ken_json_get(in, "what"), NULL, "margin"), "proba") == 0;
    const int64_t k = ken_model_n_classes(model), n = ken_table_rows(table), pairs = k * (k - 1) / 2;
    double *z;
    KEN_TRY(KEN_SCRATCH(ctx, double, n * KEN_MAX(pairs, 1), &z));
    KEN_TRY(ken_one_vs_one_pairs(ctx, model, table, proba ? KEN_WHAT_PROBA : KEN_WHAT_MARGIN, z));
    ken_json_object(out);
    KEN_JSON(out, "classes", i64, k);
    KEN_JSON(out, "pairs", i64, pairs);
    ken_probe_array(out, "z", z, n * pairs);
    ken_json_end_object(out);
    return KEN_OK;
}
