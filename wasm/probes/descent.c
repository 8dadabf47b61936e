/* A race of optimizers on a test surface from one start: {"surface": "bowl:condition=30", "start"?: [x, y], "steps",
 * "noise", "seed", "runs": [{"optimizer": "adam", "settings": {"learning_rate": 0.1}}]} -> {"bound": what theory promises
 * plain gradient descent of rate 1/L on a convex surface (null: nothing), "runs": [{"optimizer", "x", "y", "f", "state":
 * {name: (steps + 1, n)}, "diverged": the step or -1, "still": the step or -1, "distance"}]}. x, y, f have steps + 1
 * numbers: NaN after the run diverged; where it came to rest it stays. With "dims": 1 (start: [x]) runs have the
 * "slope" at each step in place of y. */
#include "ken/optim/descent.h"
#include "wasm/probe.h"

/* "adam:learning_rate=0.1 amsgrad=true" */
static void descent_optimizer(const ken_json *run, ken_text *text) {
    const ken_json *settings = ken_json_get(run, "settings");
    ken_text_add(text, ken_json_string(ken_json_get(run, "optimizer"), NULL, "gd"));
    for (int64_t i = 0; i < ken_json_count(settings); i++) {
        const ken_json *v = ken_json_at(settings, i);
        ken_text_addf(text, "%s%s=", i ? " " : ":", ken_json_key(settings, i, NULL));
        if (ken_json_get_type(v) == KEN_JSON_BOOL)
            ken_text_add(text, ken_json_bool(v, false) ? "true" : "false");
        else if (ken_json_get_type(v) == KEN_JSON_STRING)
            ken_text_add(text, ken_json_string(v, NULL, ""));
        else
            ken_text_add_f64(text, ken_json_f64(v, NAN));
    }
}

/* What stands at step i: nothing once the run has diverged, the last point once it rests. */
static int64_t descent_at(const ken_descent *d, int64_t i, int64_t count) {
    if (i < count) return i;
    return ken_descent_where(d) == KEN_DESCENT_STILL ? count - 1 : -1;
}

static void descent_pick(const ken_descent *d, const double *path, int64_t n, int64_t j, int64_t count,
                         int64_t total, double *out) {
    for (int64_t i = 0; i < total; i++) {
        const int64_t at = descent_at(d, i, count);
        out[i] = at < 0 ? NAN : path[at * n + j];
    }
}

/* Parts of the optimizer's state at every step: sought through again, which costs nothing. */
static ken_status descent_state(ken_ctx *ctx, ken_descent *d, int64_t count, int64_t total, ken_json_writer *out) {
    const int n_views = ken_descent_at(d)->n_views;
    const bool still = ken_descent_where(d) == KEN_DESCENT_STILL;
    ken_json_put_key(out, "state");
    ken_json_object(out);
    for (int v = 0; v < n_views; v++) {
        const char *name = ken_descent_at(d)->views[v].name;
        double *all;
        if (!strcmp(name, "x") || !strcmp(name, "gradient") || !strcmp(name, "step")) continue;
        const int64_t n = ken_tensor_count(ken_descent_at(d)->views[v].tensor);
        KEN_TRY(KEN_SCRATCH(ctx, double, total * n, &all));
        for (int64_t i = 0; i < count; i++) {
            KEN_TRY(ken_descent_seek(d, i));
            memcpy(all + i * n, ken_descent_at(d)->views[v].tensor->data, (size_t)n * sizeof(double));
        }
        for (int64_t i = count * n; i < total * n; i++) all[i] = still ? all[i - n] : NAN;
        ken_probe_array(out, name, all, total * n);
    }
    ken_json_end_object(out);
    return KEN_OK;
}

/* One variable: the slope at each point of the path. */
static ken_status descent_slope(ken_ctx *ctx, const ken_descent *d, const double *x, int64_t total, ken_json_writer *out) {
    double *slope;
    KEN_TRY(KEN_SCRATCH(ctx, double, total, &slope));
    for (int64_t i = 0; i < total; i++) {
        slope[i] = NAN;
        if (isfinite(x[i])) ken_surface_gradient(ken_descent_surface(d), x + i, slope + i);
    }
    ken_probe_array(out, "slope", slope, total);
    return KEN_OK;
}

static ken_status descent_write(ken_ctx *ctx, ken_descent *d, int64_t steps, ken_json_writer *out) {
    int64_t count, n = ken_surface_dims(ken_descent_surface(d));
    double *one;
    KEN_TRY(ken_descent_seek(d, steps));
    const double *path = ken_descent_path(d, &count), *values = ken_descent_values(d, &count);
    const ken_descent_state where = ken_descent_where(d);
    const int64_t total = steps + 1;
    KEN_TRY(KEN_SCRATCH(ctx, double, total, &one));
    ken_json_object(out);
    KEN_JSON(out, "optimizer", string, ken_descent_optimizer(d)->name);
    descent_pick(d, path, n, 0, count, total, one);
    ken_probe_array(out, "x", one, total);
    if (n > 1) {
        descent_pick(d, path, n, 1, count, total, one);
        ken_probe_array(out, "y", one, total);
    } else {
        KEN_TRY(descent_slope(ctx, d, one, total, out));
    }
    descent_pick(d, values, 1, 0, count, total, one);
    ken_probe_array(out, "f", one, total);
    KEN_JSON(out, "diverged", i64, where == KEN_DESCENT_DIVERGED ? count - 1 : -1);
    KEN_JSON(out, "still", i64, where == KEN_DESCENT_STILL ? count - 1 : -1);
    KEN_JSON(out, "distance", f64, ken_descent_distance(d));
    KEN_TRY(descent_state(ctx, d, count, total, out));
    ken_json_end_object(out);
    return KEN_OK;
}

static ken_status descent_one(ken_ctx *ctx, const ken_json *in, const ken_json *run, const double *start,
                              int64_t n, int64_t steps, ken_json_writer *out) {
    const double noise = ken_json_f64(ken_json_get(in, "noise"), 0);
    const char *surface = ken_json_string(ken_json_get(in, "surface"), NULL, "rosenbrock"), *optimizer;
    ken_text text = ken_text_new(ctx);
    ken_descent *d = NULL;
    descent_optimizer(run, &text);
    ken_status status = ken_text_end(&text, &optimizer);
    if (status == KEN_OK) status = ken_descent_new(ctx, surface, optimizer, start, n, &d);
    ken_text_free(&text);
    if (status == KEN_OK && noise > 0)
        status = ken_descent_set_noise(d, noise, (uint32_t)ken_json_i64(ken_json_get(in, "seed"), 1));
    if (status == KEN_OK) status = descent_write(ctx, d, steps, out);
    ken_descent_free(d);
    return status;
}

/* f_k - f* <= L |x0 - x*|^2 / (2 k), with the nearest global minimum; k = 0 has no bound. */
static ken_status descent_bound(ken_ctx *ctx, const ken_surface *s, const double *start, int64_t steps,
                                ken_json_writer *out) {
    double L, mu, x0[2] = {0, 0}, x[2] = {0, 0}, nearest = INFINITY, *bound;
    bool global;
    ken_surface_start(s, x0);
    if (start) memcpy(x0, start, (size_t)ken_surface_dims(s) * sizeof *x0);
    for (int i = 0; ken_surface_minimum(s, i, x, &global); i++)
        if (global) nearest = KEN_MIN(nearest, sqrt((x[0] - x0[0]) * (x[0] - x0[0]) + (x[1] - x0[1]) * (x[1] - x0[1])));
    if (!ken_surface_desc(s)->objective->convex || !ken_surface_curvature(s, &L, &mu) || !isfinite(nearest)) {
        ken_json_put_key(out, "bound");
        ken_json_put_null(out);
        return KEN_OK;
    }
    KEN_TRY(KEN_SCRATCH(ctx, double, steps + 1, &bound));
    bound[0] = NAN;
    for (int64_t k = 1; k <= steps; k++) bound[k] = ken_descent_bound_convex(L, nearest, k);
    ken_probe_array(out, "bound", bound, steps + 1);
    return KEN_OK;
}

KEN_PROBE(descent) {
    const ken_json *runs = ken_json_get(in, "runs");
    ken_surface *s;
    double *start;
    int64_t steps, n, dims;
    KEN_TRY(ken_probe_count(ctx, in, "dims", 2, 1, 2, &dims));
    KEN_TRY(ken_probe_count(ctx, in, "steps", 100, 0, 20000, &steps));
    KEN_TRY(ken_probe_numbers(ctx, in, "start", &start, &n));
    if (start && n != dims)
        return KEN_FAIL(ctx, KEN_E_SHAPE, dims == 1 ? "pass [x]" : "pass [x, y]", "descent: 'start' has %lld numbers", (long long)n);
    if (ken_json_count(runs) > 16)
        return KEN_FAIL(ctx, KEN_E_ARG, "race at most 16 at a time", "descent: %lld runs", (long long)ken_json_count(runs));
    KEN_TRY(ken_surface_new(ctx, ken_json_string(ken_json_get(in, "surface"), NULL, "rosenbrock"), NULL, dims, &s));
    ken_json_object(out);
    ken_status status = descent_bound(ctx, s, start, steps, out);
    ken_surface_free(s);
    ken_json_put_key(out, "runs");
    ken_json_array(out);
    for (int64_t i = 0; i < ken_json_count(runs) && status == KEN_OK; i++) {
        const ken_mark mark = ken_scratch_mark(ctx);
        status = descent_one(ctx, in, ken_json_at(runs, i), start, dims, steps, out);
        ken_scratch_release(ctx, mark);
    }
    ken_json_end_array(out);
    ken_json_end_object(out);
    return status;
}
