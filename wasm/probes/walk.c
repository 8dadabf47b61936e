/* Descents on functions of one variable: the curve, and one path with its slopes. */
#include "wasm/probe.h"

#include "ken/core/alloc.h"
#include "ken/optim/descent.h"

static const char *walk_text(const ken_json *in, const char *key, const char *otherwise) {
    return ken_json_string(ken_json_get(in, key), NULL, otherwise);
}

/* {surface: "double_well:tilt=0.2", from, to, n} -> {x, f, slope} */
KEN_PROBE(curve) {
    ken_surface *s;
    int64_t n;
    const double from = ken_json_f64(ken_json_get(in, "from"), -3), to = ken_json_f64(ken_json_get(in, "to"), 3);
    double *x, *f, *slope;
    KEN_TRY(ken_probe_count(ctx, in, "n", 200, 2, 4000, &n));
    KEN_TRY(KEN_SCRATCH(ctx, double, n, &x));
    KEN_TRY(KEN_SCRATCH(ctx, double, n, &f));
    KEN_TRY(KEN_SCRATCH(ctx, double, n, &slope));
    KEN_TRY(ken_surface_new(ctx, walk_text(in, "surface", "double_well"), NULL, 1, &s));
    for (int64_t i = 0; i < n; i++) {
        x[i] = from + (to - from) * (double)i / (double)(n - 1);
        f[i] = ken_surface_value(s, &x[i]);
        ken_surface_gradient(s, &x[i], &slope[i]);
    }
    ken_surface_free(s);
    ken_json_object(out);
    ken_probe_array(out, "x", x, n);
    ken_probe_array(out, "f", f, n);
    ken_probe_array(out, "slope", slope, n);
    ken_json_end_object(out);
    return KEN_OK;
}

static ken_status walk_write(ken_ctx *ctx, ken_descent *d, int64_t steps, ken_json_writer *out) {
    int64_t count;
    double *slope;
    KEN_TRY(ken_descent_seek(d, steps));
    const double *path = ken_descent_path(d, &count), *values = ken_descent_values(d, &count);
    KEN_TRY(KEN_SCRATCH(ctx, double, count, &slope));
    for (int64_t i = 0; i < count; i++) ken_surface_gradient(ken_descent_surface(d), &path[i], &slope[i]);
    ken_json_object(out);
    KEN_JSON(out, "diverged", i64, ken_descent_where(d) == KEN_DESCENT_DIVERGED ? count - 1 : -1);
    ken_probe_array(out, "x", path, count);
    ken_probe_array(out, "f", values, count);
    ken_probe_array(out, "slope", slope, count);
    ken_json_end_object(out);
    return KEN_OK;
}

/* {surface, start, steps, optimizer: "gd:learning_rate=0.1"} -> {x, f, slope: as far as it went, diverged: step or -1} */
KEN_PROBE(walk) {
    ken_descent *d;
    int64_t steps;
    const double start = ken_json_f64(ken_json_get(in, "start"), 1);
    KEN_TRY(ken_probe_count(ctx, in, "steps", 20, 0, 5000, &steps));
    KEN_TRY(ken_descent_new(ctx, walk_text(in, "surface", "double_well"), walk_text(in, "optimizer", "gd"), &start, 1, &d));
    const ken_status status = walk_write(ctx, d, steps, out);
    ken_descent_free(d);
    return status;
}
