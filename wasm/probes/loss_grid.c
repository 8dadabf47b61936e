/* What a linear model minimizes, over a grid of two coefficients: {"table", "target", "columns": [a, b], "model": "ridge",
 * "settings": {"alpha": 1}, "window": [left, right, bottom, top], "nx", "ny", "intercept"?} -> {"window", "nx", "ny",
 * "data": (ny, nx), "penalty": (ny, nx)}. Their sum is the objective of the model, as its page states it:
 *
 *   linear, ridge        sum (y - b0 - x.b)^2            + alpha |b|^2
 *   lasso, elastic_net   1/(2n) sum (y - b0 - x.b)^2     + alpha (l1_ratio |b|_1 + (1 - l1_ratio)/2 |b|^2)
 *   logistic             sum -log p of the own class     + l2/2 |b|^2
 *
 * intercept: b0; absent: for squares the best one for each b, for logistic 0. Rows with a missing cell are left out. */
#include "ken/kernels/elementary.h"
#include "wasm/probe.h"

typedef struct loss_form {
    bool logistic, mean, profile;
    double l1, l2; /* l1 |b|_1 + l2 |b|^2 */
    double intercept;
    int64_t n;
    const double *a, *b, *y; /* (n); logistic: y is +1 or -1 */
} loss_form;

static double loss_setting(const ken_json *in, const char *key, double otherwise) {
    return ken_json_f64(ken_json_get(ken_json_get(in, "settings"), key), otherwise);
}

static ken_status loss_model(ken_ctx *ctx, const ken_json *in, loss_form *form) {
    const char *model = ken_json_string(ken_json_get(in, "model"), NULL, "ridge");
    const double alpha = loss_setting(in, "alpha", 1), ratio = loss_setting(in, "l1_ratio", 0.5);
    const ken_json *intercept = ken_json_get(in, "intercept");
    memset(form, 0, sizeof *form);
    form->intercept = ken_json_f64(intercept, 0);
    form->profile = !intercept;
    if (strcmp(model, "linear") == 0) return KEN_OK;
    if (strcmp(model, "ridge") == 0) {
        form->l2 = alpha;
    } else if (strcmp(model, "lasso") == 0) {
        form->mean = true, form->l1 = alpha;
    } else if (strcmp(model, "elastic_net") == 0) {
        form->mean = true, form->l1 = alpha * ratio, form->l2 = alpha * (1 - ratio) / 2;
    } else if (strcmp(model, "logistic") == 0) {
        form->logistic = true, form->profile = false, form->l2 = loss_setting(in, "l2", 1) / 2;
    } else {
        return KEN_FAIL(ctx, KEN_E_ARG, "linear, ridge, lasso, elastic_net or logistic",
                        "loss_grid: there is no objective of '%s'", model);
    }
    return KEN_OK;
}

/* Target of logistic: the second of two values, in the order of the model's classes, is +1. */
static ken_status loss_signs(ken_ctx *ctx, const ken_column *target, int64_t n, double *y) {
    double low = INFINITY, high = -INFINITY;
    for (int64_t i = 0; i < n; i++) low = KEN_MIN(low, y[i]), high = KEN_MAX(high, y[i]);
    for (int64_t i = 0; i < n; i++) {
        if (y[i] != low && y[i] != high)
            return KEN_FAIL(ctx, KEN_E_VALUE, "choose a target with two values",
                            "loss_grid: '%s' has more than two classes", target->name);
        y[i] = y[i] == high ? 1 : -1;
    }
    return KEN_OK;
}

static ken_status loss_rows(ken_ctx *ctx, ken_probe_env *env, const ken_json *in, loss_form *form) {
    const ken_table *table = ken_probe_table(env, in, "table");
    const ken_column *c[3];
    double *rows[3];
    int64_t kept = 0;
    if (!table) return env->status;
    if (!(c[2] = ken_probe_column(env, table, in, "target"))) return env->status;
    const ken_json *columns = ken_json_get(in, "columns");
    if (ken_json_count(columns) != 2)
        return KEN_FAIL(ctx, KEN_E_ARG, "pass columns: [a, b]", "loss_grid: the grid is over two columns");
    for (int k = 0; k < 2; k++) {
        int j;
        KEN_TRY(ken_table_require(ctx, table, ken_json_string(ken_json_at(columns, k), NULL, ""), &j));
        c[k] = ken_table_column(table, j);
    }
    for (int k = 0; k < 3; k++) {
        if (!ken_dtype_is_number(c[k]->dtype) && !(k == 2 && form->logistic && c[k]->dtype == KEN_CATEGORY))
            return KEN_FAIL(ctx, KEN_E_TYPE, "choose a column of numbers", "loss_grid: '%s' is %s", c[k]->name,
                            ken_dtype_name(c[k]->dtype));
        KEN_TRY(KEN_SCRATCH(ctx, double, c[k]->n, &rows[k]));
        ken_column_gather(c[k], 0, c[k]->n, rows[k], 1);
    }
    for (int64_t i = 0; i < c[2]->n; i++) {
        if (isnan(rows[0][i]) || isnan(rows[1][i]) || isnan(rows[2][i])) continue;
        for (int k = 0; k < 3; k++) rows[k][kept] = rows[k][i];
        kept++;
    }
    form->n = kept, form->a = rows[0], form->b = rows[1], form->y = rows[2];
    if (kept == 0) return KEN_FAIL(ctx, KEN_E_VALUE, "choose columns that have values", "loss_grid: no complete row");
    return form->logistic ? loss_signs(ctx, c[2], kept, rows[2]) : KEN_OK;
}

static double loss_data(const loss_form *f, double b1, double b2) {
    double intercept = f->intercept, sum = 0;
    if (f->profile) {
        for (int64_t i = 0; i < f->n; i++) sum += f->y[i] - b1 * f->a[i] - b2 * f->b[i];
        intercept = sum / (double)f->n;
        sum = 0;
    }
    for (int64_t i = 0; i < f->n; i++) {
        const double z = intercept + b1 * f->a[i] + b2 * f->b[i];
        const double r = f->y[i] - z;
        sum += f->logistic ? ken_softplus(-f->y[i] * z) : r * r;
    }
    return f->mean ? sum / (2 * (double)f->n) : sum;
}

KEN_PROBE(loss_grid) {
    loss_form form;
    double *w, *data, *penalty;
    int64_t n_window, nx, ny;
    KEN_TRY(loss_model(ctx, in, &form));
    KEN_TRY(loss_rows(ctx, env, in, &form));
    KEN_TRY(ken_probe_count(ctx, in, "nx", 48, 2, 512, &nx));
    KEN_TRY(ken_probe_count(ctx, in, "ny", 48, 2, 512, &ny));
    KEN_TRY(ken_probe_numbers(ctx, in, "window", &w, &n_window));
    if (n_window != 4)
        return KEN_FAIL(ctx, KEN_E_ARG, "pass window: [left, right, bottom, top]", "loss_grid: 'window' is no window");
    KEN_TRY(KEN_SCRATCH(ctx, double, nx * ny, &data));
    KEN_TRY(KEN_SCRATCH(ctx, double, nx * ny, &penalty));
    for (int64_t i = 0; i < nx * ny; i++) {
        const double b1 = w[0] + (w[1] - w[0]) * (double)(i % nx) / (double)(nx - 1);
        const double b2 = w[2] + (w[3] - w[2]) * (double)(i / nx) / (double)(ny - 1);
        if (i % nx == 0) KEN_TRY(ken_check_cancel(ctx));
        data[i] = loss_data(&form, b1, b2);
        penalty[i] = form.l1 * (fabs(b1) + fabs(b2)) + form.l2 * (b1 * b1 + b2 * b2);
    }
    ken_json_object(out);
    ken_json_put_key(out, "window");
    ken_json_array(out);
    for (int k = 0; k < 4; k++) ken_json_put_f64(out, w[k]);
    ken_json_end_array(out);
    KEN_JSON(out, "nx", i64, nx);
    KEN_JSON(out, "ny", i64, ny);
    KEN_JSON(out, "rows", i64, form.n);
    ken_probe_array(out, "data", data, nx * ny);
    ken_probe_array(out, "penalty", penalty, nx * ny);
    ken_json_end_object(out);
    return KEN_OK;
}
