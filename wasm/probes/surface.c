/* A test surface as a picture: {"surface": "bowl:condition=30", "nx", "ny", "window"?: [left, right, bottom, top],
 * "arrows"?: n} -> {"surface", "window", "nx", "ny", "z": (ny, nx), "start", "convex", "minima": [{x, y, value, global}],
 * "L", "mu" (null: not known)} and, with arrows, the gradient on an n by n grid: {"n", "x", "y", "dx", "dy"}.
 * With "dims": 1 a function of one variable: "z" (nx) and "slope" (nx) over "x" (nx); each minimum has its
 * "curvature" too; "y", "ny" and "arrows" are left out. */
#include "ken/optim/optim.h"
#include "wasm/probe.h"

static ken_status surface_window(ken_ctx *ctx, const ken_surface *s, const ken_json *in, double *window) {
    double *given;
    int64_t n;
    memcpy(window, ken_surface_desc(s)->objective->window, 4 * sizeof(double));
    KEN_TRY(ken_probe_numbers(ctx, in, "window", &given, &n));
    if (!given) return KEN_OK;
    if (n != 4 || !(given[0] < given[1]) || !(given[2] < given[3]) || !isfinite(given[0] + given[1] + given[2] + given[3]))
        return KEN_FAIL(ctx, KEN_E_ARG, "pass [left, right, bottom, top], rising", "surface: 'window' is no window");
    memcpy(window, given, 4 * sizeof(double));
    return KEN_OK;
}

static void surface_pair(ken_json_writer *out, const char *key, const double *values, int n) {
    ken_json_put_key(out, key);
    ken_json_array(out);
    for (int i = 0; i < n; i++) ken_json_put_f64(out, values[i]);
    ken_json_end_array(out);
}

static ken_status surface_minima(ken_ctx *ctx, const ken_surface *s, ken_json_writer *out) {
    double *x, curvature;
    bool global;
    KEN_TRY(KEN_SCRATCH(ctx, double, ken_surface_dims(s), &x));
    ken_json_put_key(out, "minima");
    ken_json_array(out);
    for (int i = 0; ken_surface_minimum(s, i, x, &global); i++) {
        ken_json_object(out);
        KEN_JSON(out, "x", f64, x[0]);
        if (ken_surface_dims(s) > 1) {
            KEN_JSON(out, "y", f64, x[1]);
        } else {
            ken_surface_hessian(s, x, &curvature);
            KEN_JSON(out, "curvature", f64, curvature);
        }
        KEN_JSON(out, "value", f64, ken_surface_value(s, x));
        KEN_JSON(out, "global", bool, global);
        ken_json_end_object(out);
    }
    ken_json_end_array(out);
    return KEN_OK;
}

static ken_status surface_arrows(ken_ctx *ctx, const ken_surface *s, const double *w, int64_t n,
                                 ken_json_writer *out) {
    const int64_t d = ken_surface_dims(s), m = n * n;
    double *x, *g, *all;
    KEN_TRY(KEN_SCRATCH(ctx, double, d, &x));
    KEN_TRY(KEN_SCRATCH(ctx, double, d, &g));
    KEN_TRY(KEN_SCRATCH(ctx, double, 4 * m, &all));
    ken_surface_start(s, x);
    for (int64_t i = 0; i < m; i++) {
        x[0] = w[0] + (w[1] - w[0]) * ((double)(i % n) + 0.5) / (double)n;
        x[1] = w[2] + (w[3] - w[2]) * ((double)(i / n) + 0.5) / (double)n;
        ken_surface_gradient(s, x, g);
        all[i] = x[0], all[m + i] = x[1], all[2 * m + i] = g[0], all[3 * m + i] = g[1];
    }
    ken_json_put_key(out, "arrows");
    ken_json_object(out);
    KEN_JSON(out, "n", i64, n);
    ken_probe_array(out, "x", all, m);
    ken_probe_array(out, "y", all + m, m);
    ken_probe_array(out, "dx", all + 2 * m, m);
    ken_probe_array(out, "dy", all + 3 * m, m);
    ken_json_end_object(out);
    return KEN_OK;
}

/* What is told of any surface, after its values. */
static ken_status surface_facts(ken_ctx *ctx, const ken_surface *s, ken_json_writer *out) {
    double *start, L, mu;
    KEN_TRY(KEN_SCRATCH(ctx, double, ken_surface_dims(s), &start));
    ken_surface_start(s, start);
    const bool known = ken_surface_curvature(s, &L, &mu);
    surface_pair(out, "start", start, (int)KEN_MIN(2, ken_surface_dims(s)));
    KEN_JSON(out, "convex", bool, ken_surface_desc(s)->objective->convex);
    KEN_TRY(surface_minima(ctx, s, out));
    ken_json_put_key(out, "L");
    known ? ken_json_put_f64(out, L) : ken_json_put_null(out);
    ken_json_put_key(out, "mu");
    known ? ken_json_put_f64(out, mu) : ken_json_put_null(out);
    return KEN_OK;
}

static ken_status surface_line(ken_ctx *ctx, const ken_surface *s, const ken_json *in, ken_json_writer *out) {
    int64_t nx;
    double window[4], *all;
    KEN_TRY(surface_window(ctx, s, in, window));
    KEN_TRY(ken_probe_count(ctx, in, "nx", 64, 2, 4096, &nx));
    KEN_TRY(KEN_SCRATCH(ctx, double, 3 * nx, &all));
    double *x = all, *z = all + nx, *slope = all + 2 * nx;
    for (int64_t i = 0; i < nx; i++) {
        x[i] = window[0] + (window[1] - window[0]) * (double)i / (double)(nx - 1);
        z[i] = ken_surface_value(s, x + i);
        ken_surface_gradient(s, x + i, slope + i);
    }
    ken_json_object(out);
    KEN_JSON(out, "surface", string, ken_surface_desc(s)->name);
    surface_pair(out, "window", window, 4);
    KEN_JSON(out, "nx", i64, nx);
    ken_probe_array(out, "x", x, nx);
    ken_probe_array(out, "z", z, nx);
    ken_probe_array(out, "slope", slope, nx);
    KEN_TRY(surface_facts(ctx, s, out));
    ken_json_end_object(out);
    return KEN_OK;
}

static ken_status surface_write(ken_ctx *ctx, const ken_surface *s, const ken_json *in, ken_json_writer *out) {
    int64_t nx, ny, arrows;
    double window[4], *z;
    KEN_TRY(surface_window(ctx, s, in, window));
    KEN_TRY(ken_probe_count(ctx, in, "nx", 64, 2, 1024, &nx));
    KEN_TRY(ken_probe_count(ctx, in, "ny", 64, 2, 1024, &ny));
    KEN_TRY(ken_probe_count(ctx, in, "arrows", 0, 0, 64, &arrows));
    KEN_TRY(KEN_SCRATCH(ctx, double, nx * ny, &z));
    KEN_TRY(ken_surface_grid(ctx, s, window, ny, nx, z));
    ken_json_object(out);
    KEN_JSON(out, "surface", string, ken_surface_desc(s)->name);
    surface_pair(out, "window", window, 4);
    KEN_JSON(out, "nx", i64, nx);
    KEN_JSON(out, "ny", i64, ny);
    ken_probe_array(out, "z", z, nx * ny);
    KEN_TRY(surface_facts(ctx, s, out));
    if (arrows) KEN_TRY(surface_arrows(ctx, s, window, arrows, out));
    ken_json_end_object(out);
    return KEN_OK;
}

KEN_PROBE(surface) {
    ken_surface *s;
    int64_t dims;
    KEN_TRY(ken_probe_count(ctx, in, "dims", 2, 1, 2, &dims));
    KEN_TRY(ken_surface_new(ctx, ken_json_string(ken_json_get(in, "surface"), NULL, "rosenbrock"), NULL, dims, &s));
    const ken_status status = dims == 1 ? surface_line(ctx, s, in, out) : surface_write(ctx, s, in, out);
    ken_surface_free(s);
    return status;
}
