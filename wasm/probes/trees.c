/* Trees beyond their verbs: what each threshold would bring, predictions after each tree, which way rows go. */
#include "wasm/probe.h"

#include "ken/core/alloc.h"
#include "ken/tree/gain_curve.h"
#include "ken/tree/tree_curve.h"
#include "ken/tree/tree_ensemble.h"

static ken_status cells_of(ken_ctx *ctx, const ken_column *c, double **out) {
    KEN_TRY(KEN_SCRATCH(ctx, double, c->n, out));
    for (int64_t i = 0; i < c->n; i++) (*out)[i] = ken_column_f64(c, i);
    return KEN_OK;
}

/* Rows that count: all, or those that `rows` lists. */
static ken_status rows_of(ken_ctx *ctx, const ken_json *in, int64_t n, int64_t **rows, int64_t *count) {
    double *given;
    KEN_TRY(ken_probe_numbers(ctx, in, "rows", &given, count));
    if (!given) *count = n;
    KEN_TRY(KEN_SCRATCH(ctx, int64_t, *count, rows));
    for (int64_t i = 0; i < *count; i++) {
        if (given && !(given[i] >= 0 && given[i] < (double)n))
            return KEN_FAIL(ctx, KEN_E_ARG, NULL, "there is no row %g", given[i]);
        (*rows)[i] = given ? (int64_t)given[i] : i;
    }
    return KEN_OK;
}

static ken_status put_class_curve(ken_ctx *ctx, int64_t n, const double *x, const int32_t *label, int32_t k,
                                  ken_criterion criterion, const char *key, ken_json_writer *out) {
    ken_split_curve *c;
    KEN_TRY(ken_split_curve_new(ctx, x, n, NULL, label, k, NULL, criterion, &c));
    ken_json_put_key(out, key);
    ken_json_object(out);
    KEN_JSON(out, "impurity", f64, c->impurity);
    KEN_JSON(out, "best", i64, c->best);
    ken_probe_array(out, "threshold", c->threshold, c->n);
    ken_probe_array(out, "left", c->left, c->n);
    ken_probe_array(out, "right", c->right, c->n);
    ken_probe_array(out, "share", c->share, c->n);
    ken_probe_array(out, "gain", c->gain, c->n);
    ken_json_end_object(out);
    ken_split_curve_free(ctx, c);
    return KEN_OK;
}

/* {table, column, target: a category, rows?: [..]} -> {gini, entropy}, each {impurity, best, threshold, left, right,
 * share, gain} as ken_split_curve */
KEN_PROBE(split_curve) {
    const ken_table *table = ken_probe_table(env, in, "table");
    const ken_column *column = table ? ken_probe_column(env, table, in, "column") : NULL;
    const ken_column *target = column ? ken_probe_column(env, table, in, "target") : NULL;
    int64_t *rows, n;
    double *x;
    int32_t *label, k = 0;
    if (!target) return env->status;
    KEN_TRY(rows_of(ctx, in, column->n, &rows, &n));
    KEN_TRY(KEN_SCRATCH(ctx, double, n, &x));
    KEN_TRY(KEN_SCRATCH(ctx, int32_t, n, &label));
    for (int64_t i = 0; i < n; i++) {
        x[i] = ken_column_f64(column, rows[i]);
        label[i] = (int32_t)ken_column_f64(target, rows[i]);
        k = KEN_MAX(k, label[i] + 1);
    }
    ken_json_object(out);
    ken_status status = put_class_curve(ctx, n, x, label, k, KEN_GINI, "gini", out);
    if (status == KEN_OK) status = put_class_curve(ctx, n, x, label, k, KEN_ENTROPY, "entropy", out);
    ken_json_end_object(out);
    return status;
}

/* {table, column, gradient, hessian?: (1), l2?, rows?} -> {threshold, gain, left_G, left_H, G, H} */
KEN_PROBE(gain_curve) {
    const ken_table *table = ken_probe_table(env, in, "table");
    const ken_column *column = table ? ken_probe_column(env, table, in, "column") : NULL;
    const ken_column *gradient = column ? ken_probe_column(env, table, in, "gradient") : NULL;
    ken_gain_curve c;
    int64_t *rows, n;
    double *x, *g, *h, *hessian = NULL;
    if (!gradient) return env->status;
    if (ken_json_get(in, "hessian")) {
        const ken_column *second = ken_probe_column(env, table, in, "hessian");
        if (!second) return env->status;
        KEN_TRY(cells_of(ctx, second, &hessian));
    }
    KEN_TRY(rows_of(ctx, in, column->n, &rows, &n));
    KEN_TRY(KEN_SCRATCH(ctx, double, n, &x));
    KEN_TRY(KEN_SCRATCH(ctx, double, n, &g));
    KEN_TRY(KEN_SCRATCH(ctx, double, n, &h));
    for (int64_t i = 0; i < n; i++) {
        x[i] = ken_column_f64(column, rows[i]);
        g[i] = ken_column_f64(gradient, rows[i]);
        h[i] = hessian ? hessian[rows[i]] : 1;
    }
    KEN_TRY(ken_gain_curve_of(ctx, n, x, g, h, ken_json_f64(ken_json_get(in, "l2"), 0), &c));
    ken_json_object(out);
    KEN_JSON(out, "G", f64, c.G);
    KEN_JSON(out, "H", f64, c.H);
    ken_probe_array(out, "threshold", c.threshold, c.count);
    ken_probe_array(out, "gain", c.gain, c.count);
    ken_probe_array(out, "left_G", c.left_G, c.count);
    ken_probe_array(out, "left_H", c.left_H, c.count);
    ken_json_end_object(out);
    return KEN_OK;
}

/* --- after each tree ------------------------------------------------------------------------------------------ */

/* Mean squares of y - margin after each tree. */
static ken_status put_losses(ken_ctx *ctx, const double *z, const ken_column *y, int64_t stages, ken_json_writer *out) {
    double *loss;
    KEN_TRY(KEN_SCRATCH(ctx, double, stages, &loss));
    for (int64_t t = 0; t < stages; t++) {
        double sum = 0;
        for (int64_t i = 0; i < y->n; i++) {
            const double r = ken_column_f64(y, i) - z[t * y->n + i];
            sum += r * r;
        }
        loss[t] = sum / (double)KEN_MAX(y->n, 1);
    }
    ken_probe_array(out, "loss", loss, stages);
    return KEN_OK;
}

/* out (trees + 1, n): the sum of base and the first t trees of one output. */
static ken_status staged(ken_ctx *ctx, const ken_ensemble *e, const ken_table *X, double *out) {
    const int64_t n = ken_table_rows(X);
    double *row;
    KEN_TRY(KEN_SCRATCH(ctx, double, e->n_inputs, &row));
    for (int64_t i = 0; i < n; i++) {
        for (int32_t j = 0; j < e->n_inputs; j++) row[j] = ken_column_f64(ken_table_column(X, j), i);
        double sum = e->base[0];
        out[i] = sum;
        for (int32_t t = 0; t < e->n_trees; t++) {
            const int64_t node = e->tree_offset[t] + ken_ensemble_walk(e, t, row);
            sum += e->value[node * e->width];
            out[(int64_t)(t + 1) * n + i] = sum;
        }
    }
    return KEN_OK;
}

static ken_status staged_table(ken_ctx *ctx, const ken_model *model, const ken_table *X, const ken_column *y,
                               ken_json_writer *out) {
    ken_ensemble *e;
    double *z;
    const int64_t n = ken_table_rows(X);
    if (ken_model_n_inputs(model) != ken_table_cols(X))
        return KEN_FAIL(ctx, KEN_E_UNSUPPORTED, "fit it without a recipe", "the model sees other columns than the table has");
    KEN_TRY(ken_ensemble_open(ctx, model, 1, &e));
    ken_status status = KEN_SCRATCH(ctx, double, n * ((int64_t)e->n_trees + 1), &z);
    if (status == KEN_OK) status = staged(ctx, e, X, z);
    if (status == KEN_OK) {
        ken_json_object(out);
        KEN_JSON(out, "trees", i64, e->n_trees);
        ken_probe_array(out, "margin", z, n * ((int64_t)e->n_trees + 1));
        if (y) status = put_losses(ctx, z, y, (int64_t)e->n_trees + 1, out);
        ken_json_end_object(out);
    }
    const ken_allocator alloc = ken_ctx_allocator(ctx);
    ken_ensemble_close(&alloc, e);
    return status;
}

/* The model's own columns of a table. */
static ken_status inputs_of(ken_ctx *ctx, const ken_model *model, const ken_table *table, ken_table **out) {
    const int d = ken_model_n_features(model);
    int *keep;
    KEN_TRY(KEN_SCRATCH(ctx, int, d, &keep));
    for (int j = 0; j < d; j++) KEN_TRY(ken_table_require(ctx, table, ken_model_feature(model, j), &keep[j]));
    return ken_table_select(ctx, table, keep, d, out);
}

/* {model: boosting with one output, without a recipe, table, target?} ->
 * {trees, margin (trees + 1, n), loss?: mean squares after each tree (trees + 1)} */
KEN_PROBE(staged) {
    const ken_table *table = ken_probe_table(env, in, "table");
    const ken_model *model = table ? ken_probe_model(env, in, "model") : NULL;
    const ken_column *target = NULL;
    ken_table *X;
    if (!model) return env->status;
    if (ken_json_get(in, "target")) {
        target = ken_probe_column(env, table, in, "target");
        if (!target) return env->status;
    }
    KEN_TRY(inputs_of(ctx, model, table, &X));
    const ken_status status = staged_table(ctx, model, X, target, out);
    ken_table_free(X);
    return status;
}
