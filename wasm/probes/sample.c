/* Small seeded samples with a known truth, for widgets that need a few points rather than a data set. */
#include "wasm/probe.h"

#include "ken/core/alloc.h"
#include "ken/core/rng.h"
#include "ken/kernels/elementary.h"

static double truth(const char *shape, double x) {
    if (strcmp(shape, "line") == 0) return 0.8 * x + 1;
    if (strcmp(shape, "quadratic") == 0) return 0.25 * (x - 4) * (x - 4) - 1;
    if (strcmp(shape, "step") == 0) return x < 3 ? -1 : x < 6 ? 2 : 0.5;
    if (strcmp(shape, "wave") == 0) return 2 * ken_sin(x) + 0.3 * x;
    if (strcmp(shape, "burst") == 0) return x < 6 ? 0.15 * x : 2.5 * ken_sin(2.2 * x);
    return NAN;
}

/* {shape: "line" | "quadratic" | "step" | "wave" | "burst" (calm, then not), n, noise, seed} -> {x in [0, 10] rising, y, truth} */
KEN_PROBE(sample) {
    const char *shape = ken_json_string(ken_json_get(in, "shape"), NULL, "line");
    const double noise = ken_json_f64(ken_json_get(in, "noise"), 0.5);
    int64_t n, seed;
    double *x, *y, *f;
    KEN_TRY(ken_probe_count(ctx, in, "n", 30, 1, 5000, &n));
    KEN_TRY(ken_probe_count(ctx, in, "seed", 1, 0, INT32_MAX, &seed));
    if (isnan(truth(shape, 1)))
        return KEN_FAIL(ctx, KEN_E_ARG, "line, quadratic, step, wave or burst", "there is no shape '%s'", shape);
    KEN_TRY(KEN_SCRATCH(ctx, double, n, &x));
    KEN_TRY(KEN_SCRATCH(ctx, double, n, &y));
    KEN_TRY(KEN_SCRATCH(ctx, double, n, &f));
    ken_rng rng = ken_rng_stream(ctx, "probe.sample", (uint64_t)seed);
    for (int64_t i = 0; i < n; i++) { /* one in each n-th of the range: no holes by chance */
        x[i] = 10 * ((double)i + ken_rng_f64(&rng)) / (double)n;
        f[i] = truth(shape, x[i]);
        y[i] = f[i] + noise * ken_rng_normal(&rng);
    }
    ken_json_object(out);
    ken_probe_array(out, "x", x, n);
    ken_probe_array(out, "y", y, n);
    ken_probe_array(out, "truth", f, n);
    ken_json_end_object(out);
    return KEN_OK;
}

/* Two columns with a given correlation, y = a + b + noise: {n, rho, noise, seed} -> {a, b, y} */
KEN_PROBE(pair) {
    const double rho = ken_json_f64(ken_json_get(in, "rho"), 0), noise = ken_json_f64(ken_json_get(in, "noise"), 1);
    int64_t n, seed;
    double *a, *b, *y;
    KEN_TRY(ken_probe_count(ctx, in, "n", 50, 2, 5000, &n));
    KEN_TRY(ken_probe_count(ctx, in, "seed", 1, 0, INT32_MAX, &seed));
    if (!(rho >= -1 && rho <= 1)) return KEN_FAIL(ctx, KEN_E_ARG, "from -1 to 1", "rho is %g", rho);
    KEN_TRY(KEN_SCRATCH(ctx, double, n, &a));
    KEN_TRY(KEN_SCRATCH(ctx, double, n, &b));
    KEN_TRY(KEN_SCRATCH(ctx, double, n, &y));
    ken_rng rng = ken_rng_stream(ctx, "probe.pair", (uint64_t)seed);
    for (int64_t i = 0; i < n; i++) {
        a[i] = ken_rng_normal(&rng);
        b[i] = rho * a[i] + sqrt(1 - rho * rho) * ken_rng_normal(&rng);
        y[i] = a[i] + b[i] + noise * ken_rng_normal(&rng);
    }
    ken_json_object(out);
    ken_probe_array(out, "a", a, n);
    ken_probe_array(out, "b", b, n);
    ken_probe_array(out, "y", y, n);
    ken_json_end_object(out);
    return KEN_OK;
}
