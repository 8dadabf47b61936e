/* A model's loss over two of its parameters, as a map: what a lesson draws in parameter space. */
#include "wasm/probe.h"

#include "ken/core/alloc.h"
#include "ken/kernels/elementary.h"

typedef struct loss_data {
    int64_t n;
    const double *a, *b; /* what the two parameters are multiplied with; b NULL: the second is the constant */
    const double *rest;  /* what else the margin holds; NULL: nothing */
    const double *y;
    bool logistic;
    double l1, l2;
} loss_data;

/* Mean over the rows of (y - margin)^2 or of log(1 + exp(-+ margin)), and the penalty. */
static double loss_at(const loss_data *d, double u, double v) {
    double sum = 0;
    for (int64_t i = 0; i < d->n; i++) {
        const double margin = (d->rest ? d->rest[i] : 0) + u * d->a[i] + v * (d->b ? d->b[i] : 1);
        if (d->logistic) {
            const double s = d->y[i] > 0.5 ? margin : -margin;
            sum += s > 0 ? ken_log1p(ken_exp(-s)) : ken_log1p(ken_exp(s)) - s;
        } else {
            sum += (d->y[i] - margin) * (d->y[i] - margin);
        }
    }
    const double w = d->b ? fabs(v) : 0; /* the constant is not penalized */
    return sum / (double)KEN_MAX(d->n, 1) + d->l1 * (fabs(u) + w) + d->l2 * (u * u + w * w);
}

static ken_status loss_column(ken_ctx *ctx, ken_probe_env *env, const ken_table *table, const ken_json *in, const char *key,
                              bool needed, const double **out) {
    double *values;
    *out = NULL;
    if (!needed && !ken_json_get(in, key)) return KEN_OK;
    const ken_column *c = ken_probe_column(env, table, in, key);
    if (!c) return env->status;
    KEN_TRY(KEN_SCRATCH(ctx, double, c->n, &values));
    for (int64_t i = 0; i < c->n; i++) values[i] = ken_column_f64(c, i);
    *out = values;
    return KEN_OK;
}

static ken_status loss_range(ken_ctx *ctx, const ken_json *in, const char *key, double **out) {
    int64_t n;
    KEN_TRY(ken_probe_numbers(ctx, in, key, out, &n));
    return n == 2 ? KEN_OK : KEN_FAIL(ctx, KEN_E_ARG, "pass [low, high]", "'%s' is no range", key);
}

static ken_status loss_read(ken_ctx *ctx, ken_probe_env *env, const ken_json *in, loss_data *d) {
    const ken_table *table = ken_probe_table(env, in, "table");
    if (!table) return env->status;
    *d = (loss_data){.n = ken_table_rows(table), .l1 = ken_json_f64(ken_json_get(in, "l1"), 0),
                     .l2 = ken_json_f64(ken_json_get(in, "l2"), 0)};
    d->logistic = strcmp(ken_json_string(ken_json_get(in, "loss"), NULL, "squared"), "logistic") == 0;
    KEN_TRY(loss_column(ctx, env, table, in, "a", true, &d->a));
    KEN_TRY(loss_column(ctx, env, table, in, "b", false, &d->b));
    KEN_TRY(loss_column(ctx, env, table, in, "rest", false, &d->rest));
    return loss_column(ctx, env, table, in, "target", true, &d->y);
}

/* {table, a, b?, rest?, target, loss: "squared" | "logistic", l1?, l2?, x: [u0, u1], y: [v0, v1], nx, ny} -> {z}:
 * loss of margin = rest + u a + v b (without b: + v), row by row from v0. Columns by name or number. */
KEN_PROBE(loss_map) {
    loss_data d;
    double *x, *y, *z;
    int64_t nx, ny;
    KEN_TRY(loss_read(ctx, env, in, &d));
    KEN_TRY(loss_range(ctx, in, "x", &x));
    KEN_TRY(loss_range(ctx, in, "y", &y));
    KEN_TRY(ken_probe_count(ctx, in, "nx", 40, 2, 200, &nx));
    KEN_TRY(ken_probe_count(ctx, in, "ny", 40, 2, 200, &ny));
    KEN_TRY(KEN_SCRATCH(ctx, double, nx * ny, &z));
    for (int64_t j = 0; j < ny; j++)
        for (int64_t i = 0; i < nx; i++)
            z[j * nx + i] = loss_at(&d, x[0] + (x[1] - x[0]) * (double)i / (double)(nx - 1),
                                    y[0] + (y[1] - y[0]) * (double)j / (double)(ny - 1));
    ken_json_object(out);
    ken_probe_array(out, "z", z, nx * ny);
    ken_json_end_object(out);
    return KEN_OK;
}

/* The same at points: {table, a, b?, rest?, target, loss, l1?, l2?, u: [..], v: [..]} -> {z} */
KEN_PROBE(loss_points) {
    loss_data d;
    double *u, *v, *z;
    int64_t n, m;
    KEN_TRY(loss_read(ctx, env, in, &d));
    KEN_TRY(ken_probe_numbers(ctx, in, "u", &u, &n));
    KEN_TRY(ken_probe_numbers(ctx, in, "v", &v, &m));
    if (n != m) return KEN_FAIL(ctx, KEN_E_SHAPE, NULL, "u has %lld numbers, v %lld", (long long)n, (long long)m);
    KEN_TRY(KEN_SCRATCH(ctx, double, n, &z));
    for (int64_t i = 0; i < n; i++) z[i] = loss_at(&d, u[i], v[i]);
    ken_json_object(out);
    ken_probe_array(out, "z", z, n);
    ken_json_end_object(out);
    return KEN_OK;
}
