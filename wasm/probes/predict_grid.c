/* What a fitted model says over a grid of two columns, the others as in one row: {"model", "table", "x": column, "y": column,
 * "nx", "ny", "window"?: [left, right, bottom, top], "row"?: 0, "what"?: "value" | "proba" | "margin"} -> {"window", "nx",
 * "ny", "width", "z": (ny, nx, width)}. Row 0 of z is the bottom. window: absent, the columns' range and 5 % more. */
#include "wasm/probe.h"

typedef struct grid_job {
    const ken_table *table;
    const ken_model *model;
    const ken_column *x, *y;
    int64_t nx, ny, row;
    double window[4];
    ken_what what;
} grid_job;

static void grid_range(const ken_column *c, double *range) {
    double low = INFINITY, high = -INFINITY;
    for (int64_t i = 0; i < c->n; i++) {
        const double v = ken_column_f64(c, i);
        if (isnan(v)) continue;
        low = KEN_MIN(low, v), high = KEN_MAX(high, v);
    }
    if (!(low <= high)) low = high = 0;
    const double edge = high > low ? 0.05 * (high - low) : 1;
    range[0] = low - edge, range[1] = high + edge;
}

static ken_status grid_read(ken_ctx *ctx, ken_probe_env *env, const ken_json *in, grid_job *job) {
    const char *what = ken_json_string(ken_json_get(in, "what"), NULL, "value");
    double *window;
    int64_t n;
    if (!(job->model = ken_probe_model(env, in, "model")) || !(job->table = ken_probe_table(env, in, "table")))
        return env->status;
    if (!(job->x = ken_probe_column(env, job->table, in, "x")) || !(job->y = ken_probe_column(env, job->table, in, "y")))
        return env->status;
    if (!ken_dtype_is_number(job->x->dtype) || !ken_dtype_is_number(job->y->dtype))
        return KEN_FAIL(ctx, KEN_E_TYPE, "choose columns of numbers", "predict_grid: '%s' is %s",
                        (ken_dtype_is_number(job->x->dtype) ? job->y : job->x)->name,
                        ken_dtype_name((ken_dtype_is_number(job->x->dtype) ? job->y : job->x)->dtype));
    job->what = strcmp(what, "proba") == 0 ? KEN_WHAT_PROBA : strcmp(what, "margin") == 0 ? KEN_WHAT_MARGIN : KEN_WHAT_VALUE;
    KEN_TRY(ken_probe_count(ctx, in, "nx", 64, 2, 1024, &job->nx));
    KEN_TRY(ken_probe_count(ctx, in, "ny", 64, 2, 1024, &job->ny));
    KEN_TRY(ken_probe_count(ctx, in, "row", 0, 0, KEN_MAX(ken_table_rows(job->table) - 1, 0), &job->row));
    if (ken_table_rows(job->table) == 0)
        return KEN_FAIL(ctx, KEN_E_VALUE, "pass the table of the fit", "predict_grid: the table has no rows");
    KEN_TRY(ken_probe_numbers(ctx, in, "window", &window, &n));
    if (window && n != 4)
        return KEN_FAIL(ctx, KEN_E_ARG, "pass [left, right, bottom, top]", "predict_grid: 'window' is no window");
    grid_range(job->x, job->window);
    grid_range(job->y, job->window + 2);
    if (window) memcpy(job->window, window, 4 * sizeof(double));
    return KEN_OK;
}

/* The row again and again, with the two columns replaced. */
static ken_status grid_table(ken_ctx *ctx, const grid_job *job, ken_table *same, ken_table *grid) {
    double *value;
    for (int j = 0; j < ken_table_cols(job->table); j++) {
        const ken_column *c = ken_table_column(job->table, j);
        if (c != job->x && c != job->y) {
            KEN_TRY(ken_table_add_borrow(ctx, grid, ken_table_column(same, j)));
            continue;
        }
        const double *w = job->window + (c == job->x ? 0 : 2);
        KEN_TRY(ken_table_add_new(ctx, grid, c->name, KEN_F64, (void **)&value, NULL));
        for (int64_t i = 0; i < job->nx * job->ny; i++) {
            const double at = c == job->x ? (double)(i % job->nx) / (double)(job->nx - 1)
                                          : (double)(i / job->nx) / (double)(job->ny - 1);
            value[i] = w[0] + (w[1] - w[0]) * at;
        }
    }
    return KEN_OK;
}

static ken_status grid_predict(ken_ctx *ctx, const grid_job *job, ken_table *grid, ken_json_writer *out) {
    const int64_t n = job->nx * job->ny;
    int64_t width;
    double *z;
    KEN_TRY(ken_model_width(ctx, job->model, job->what, &width));
    if (width > INT32_MAX / 8 / n) return KEN_FAIL(ctx, KEN_E_LIMIT, "a coarser grid", "predict_grid: too many outputs");
    KEN_TRY(KEN_SCRATCH(ctx, double, n * width, &z));
    ken_tensor view = ken_tensor_2d(z, KEN_F64, n, width);
    KEN_TRY(ken_model_predict(ctx, job->model, grid, job->what, &view));
    ken_json_object(out);
    ken_json_put_key(out, "window");
    ken_json_array(out);
    for (int k = 0; k < 4; k++) ken_json_put_f64(out, job->window[k]);
    ken_json_end_array(out);
    KEN_JSON(out, "nx", i64, job->nx);
    KEN_JSON(out, "ny", i64, job->ny);
    KEN_JSON(out, "width", i64, width);
    ken_probe_array(out, "z", z, n * width);
    ken_json_end_object(out);
    return KEN_OK;
}

KEN_PROBE(predict_grid) {
    grid_job job;
    int64_t *rows;
    ken_table *same = NULL, *grid = NULL;
    KEN_TRY(grid_read(ctx, env, in, &job));
    const int64_t n = job.nx * job.ny;
    KEN_TRY(KEN_SCRATCH(ctx, int64_t, n, &rows));
    for (int64_t i = 0; i < n; i++) rows[i] = job.row;
    ken_status status = ken_table_take(ctx, job.table, rows, n, &same);
    if (status == KEN_OK) status = ken_table_new(ctx, n, &grid);
    if (status == KEN_OK) status = grid_table(ctx, &job, same, grid);
    if (status == KEN_OK) status = grid_predict(ctx, &job, grid, out);
    ken_table_free(grid);
    ken_table_free(same);
    return status;
}
