/* Where a tree on bins may cut a column. */
#include "wasm/probe.h"

#include "ken/tree/tree_bins.h"

/* {table, column, max_bins} -> {n_bins, exact: a bin for each value that occurs, edge: the thresholds (n_bins - 1), rising} */
KEN_PROBE(bins) {
    const ken_table *table = ken_probe_table(env, in, "table");
    const ken_column *column = table ? ken_probe_column(env, table, in, "column") : NULL;
    int64_t max_bins;
    ken_table *one;
    ken_bins *bins;
    if (!column) return env->status;
    KEN_TRY(ken_probe_count(ctx, in, "max_bins", KEN_BINS_MAX, 2, KEN_BINS_MAX, &max_bins));
    const int j = ken_table_find(table, column->name);
    KEN_TRY(ken_table_select(ctx, table, &j, 1, &one));
    const ken_status status = ken_bins_fit(ctx, one, column->n, NULL, (int)max_bins, &bins);
    ken_table_free(one);
    KEN_TRY(status);
    const ken_bin_feature *f = &bins->feature[0];
    ken_json_object(out);
    KEN_JSON(out, "n_bins", i64, f->n_bins);
    KEN_JSON(out, "exact", bool, f->exact);
    ken_probe_array(out, "edge", f->edge, f->category ? 0 : KEN_MAX(f->n_bins - 1, 0));
    ken_json_end_object(out);
    ken_bins_free(ctx, bins);
    return KEN_OK;
}
