/* Surfaces over any number of variables, and Powell's over four. See surfaces_plane.c for sources. */
#include <math.h>
#include <string.h>

#include "ken/kernels/elementary.h"
#include "ken/optim/surfaces/surfaces_parts.h"

static const double surfaces_two_pi = 6.283185307179586477;

static double surfaces_turns(double x) { return surfaces_two_pi * (x - floor(x + 0.5)); }
static void surfaces_alternate(double *x, int64_t n, double a, double b) {
    for (int64_t i = 0; i < n; i++) x[i] = i % 2 ? b : a;
}
static bool surfaces_all(double *x, int64_t n, int i, double value, bool *global) {
    if (i > 0) return false;
    for (int64_t k = 0; k < n; k++) x[k] = value;
    *global = true;
    return true;
}
static void surfaces_zero(double *H, int64_t n) { memset(H, 0, (size_t)(n * n) * sizeof *H); }

/* --- bowl: f = sum of l_i z_i^2 / 2, l from 1 to `condition` by equal factors; z: x with its first and last
 * variable turned by `rotation` ----------------------------------------------------------------------------- */

static double surfaces_bowl_scale(const ken_bowl_params *p, int64_t n, int64_t i) {
    return n == 1 ? 1 : i == n - 1 ? p->condition : ken_pow(p->condition, (double)i / (double)(n - 1));
}
static void surfaces_bowl_turn(const ken_bowl_params *p, double *c, double *s) {
    const double angle = p->rotation * (surfaces_two_pi / 360);
    *c = ken_cos(angle), *s = ken_sin(angle);
}
double ken__bowl_value(const void *params, int64_t n, const double *x) {
    double c, s, f = 0;
    surfaces_bowl_turn(params, &c, &s);
    for (int64_t i = 0; i < n; i++) {
        double z = x[i];
        if (n > 1 && i == 0) z = c * x[0] + s * x[n - 1];
        if (n > 1 && i == n - 1) z = c * x[n - 1] - s * x[0];
        f += 0.5 * surfaces_bowl_scale(params, n, i) * z * z;
    }
    return f;
}
void ken__bowl_gradient(const void *params, int64_t n, const double *x, double *g) {
    double c, s;
    surfaces_bowl_turn(params, &c, &s);
    for (int64_t i = 0; i < n; i++) g[i] = surfaces_bowl_scale(params, n, i) * x[i];
    if (n < 2) return;
    const double first = surfaces_bowl_scale(params, n, 0) * (c * x[0] + s * x[n - 1]);
    const double last = surfaces_bowl_scale(params, n, n - 1) * (c * x[n - 1] - s * x[0]);
    g[0] = c * first - s * last;
    g[n - 1] = s * first + c * last;
}
void ken__bowl_hessian(const void *params, int64_t n, const double *x, double *H) {
    double c, s;
    (void)x;
    surfaces_bowl_turn(params, &c, &s);
    surfaces_zero(H, n);
    for (int64_t i = 0; i < n; i++) H[i * n + i] = surfaces_bowl_scale(params, n, i);
    if (n < 2) return;
    const double a = H[0], b = H[n * n - 1];
    H[0] = c * c * a + s * s * b;
    H[n * n - 1] = s * s * a + c * c * b;
    H[n - 1] = H[n * (n - 1)] = c * s * (a - b);
}
void ken__bowl_start(const void *params, int64_t n, double *x) {
    (void)params;
    surfaces_alternate(x, n, 4, 2);
}
bool ken__bowl_minimum(const void *params, int64_t n, int i, double *x, bool *global) {
    (void)params;
    return surfaces_all(x, n, i, 0, global);
}
bool ken__bowl_curvature(const void *params, int64_t n, double *L, double *mu) {
    *L = surfaces_bowl_scale(params, n, n - 1), *mu = 1;
    return true;
}

/* --- rosenbrock: f = sum of steepness (x_(i+1) - x_i^2)^2 + (1 - x_i)^2 ------------------------------------ */

double ken__rosenbrock_value(const void *params, int64_t n, const double *x) {
    const double b = ((const ken_rosenbrock_params *)params)->steepness;
    double f = 0;
    for (int64_t i = 0; i + 1 < n; i++) {
        const double t = x[i + 1] - x[i] * x[i], u = 1 - x[i];
        f += b * t * t + u * u;
    }
    return f;
}
void ken__rosenbrock_gradient(const void *params, int64_t n, const double *x, double *g) {
    const double b = ((const ken_rosenbrock_params *)params)->steepness;
    memset(g, 0, (size_t)n * sizeof *g);
    for (int64_t i = 0; i + 1 < n; i++) {
        const double t = x[i + 1] - x[i] * x[i];
        g[i] += -4 * b * x[i] * t - 2 * (1 - x[i]);
        g[i + 1] += 2 * b * t;
    }
}
void ken__rosenbrock_hessian(const void *params, int64_t n, const double *x, double *H) {
    const double b = ((const ken_rosenbrock_params *)params)->steepness;
    surfaces_zero(H, n);
    for (int64_t i = 0; i + 1 < n; i++) {
        const double t = x[i + 1] - x[i] * x[i];
        H[i * n + i] += -4 * b * t + 8 * b * x[i] * x[i] + 2;
        H[(i + 1) * n + i + 1] += 2 * b;
        H[i * n + i + 1] = H[(i + 1) * n + i] = -4 * b * x[i];
    }
}
void ken__rosenbrock_start(const void *params, int64_t n, double *x) {
    (void)params;
    surfaces_alternate(x, n, -1.2, 1);
}
bool ken__rosenbrock_minimum(const void *params, int64_t n, int i, double *x, bool *global) {
    (void)params;
    return surfaces_all(x, n, i, 1, global);
}

/* --- rastrigin: f = sum of x^2 + amplitude (1 - cos 2 pi x) ------------------------------------------------ */

double ken__rastrigin_value(const void *params, int64_t n, const double *x) {
    const double a = ((const ken_rastrigin_params *)params)->amplitude;
    double f = 0;
    for (int64_t i = 0; i < n; i++) f += x[i] * x[i] + a * (1 - ken_cos(surfaces_turns(x[i])));
    return f;
}
void ken__rastrigin_gradient(const void *params, int64_t n, const double *x, double *g) {
    const double a = ((const ken_rastrigin_params *)params)->amplitude * surfaces_two_pi;
    for (int64_t i = 0; i < n; i++) g[i] = 2 * x[i] + a * ken_sin(surfaces_turns(x[i]));
}
void ken__rastrigin_hessian(const void *params, int64_t n, const double *x, double *H) {
    const double a = ((const ken_rastrigin_params *)params)->amplitude;
    surfaces_zero(H, n);
    for (int64_t i = 0; i < n; i++)
        H[i * n + i] = 2 + a * surfaces_two_pi * surfaces_two_pi * ken_cos(surfaces_turns(x[i]));
}
void ken__rastrigin_start(const void *params, int64_t n, double *x) {
    (void)params;
    surfaces_alternate(x, n, 3.3, -2.6);
}
bool ken__rastrigin_minimum(const void *params, int64_t n, int i, double *x, bool *global) {
    (void)params;
    return surfaces_all(x, n, i, 0, global);
}

/* --- ackley: r = root mean square of x, c = mean of cos 2 pi x,
 *     f = 20 (1 - exp(-r / 5)) + e - exp(c); at 0 it has a tip, without gradient: 0 is given ---------------- */

static void surfaces_ackley_parts(int64_t n, const double *x, double *r, double *c) {
    double q = 0, sum = 0;
    for (int64_t i = 0; i < n; i++) {
        q += x[i] * x[i];
        sum += ken_cos(surfaces_turns(x[i]));
    }
    *r = sqrt(q / (double)n), *c = sum / (double)n;
}
double ken__ackley_value(const void *params, int64_t n, const double *x) {
    double r, c;
    (void)params;
    surfaces_ackley_parts(n, x, &r, &c);
    return -20 * ken_expm1(-0.2 * r) - 2.718281828459045235 * ken_expm1(c - 1);
}
void ken__ackley_gradient(const void *params, int64_t n, const double *x, double *g) {
    double r, c;
    (void)params;
    surfaces_ackley_parts(n, x, &r, &c);
    const double a = r > 0 ? 4 * ken_exp(-0.2 * r) / ((double)n * r) : 0;
    const double b = ken_exp(c) * surfaces_two_pi / (double)n;
    for (int64_t i = 0; i < n; i++) g[i] = a * x[i] + b * ken_sin(surfaces_turns(x[i]));
}
void ken__ackley_hessian(const void *params, int64_t n, const double *x, double *H) {
    double r, c;
    (void)params;
    surfaces_ackley_parts(n, x, &r, &c);
    const double dn = (double)n, a = r > 0 ? 4 * ken_exp(-0.2 * r) / (dn * r) : 0;
    const double both = r > 0 ? a * (1 / r + 0.2) / (dn * r) : 0;
    const double b = ken_exp(c) * surfaces_two_pi * surfaces_two_pi / dn;
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < n; j++)
            H[i * n + j] = (i == j ? a + b * ken_cos(surfaces_turns(x[i])) : 0) - both * (x[i] * x[j]) -
                           b / dn * (ken_sin(surfaces_turns(x[i])) * ken_sin(surfaces_turns(x[j])));
}
void ken__ackley_start(const void *params, int64_t n, double *x) {
    (void)params;
    surfaces_alternate(x, n, 2.5, -4.1);
}
bool ken__ackley_minimum(const void *params, int64_t n, int i, double *x, bool *global) {
    (void)params;
    return surfaces_all(x, n, i, 0, global);
}

/* --- powell_singular: f = (a + 10 b)^2 + 5 (c - d)^2 + (b - 2c)^4 + 10 (a - d)^4; its Hessian at the
 * minimum has rank 2 only ----------------------------------------------------------------------------------- */

double ken__powell_singular_value(const void *params, int64_t n, const double *x) {
    const double p = x[0] + 10 * x[1], q = x[2] - x[3], r = x[1] - 2 * x[2], s = x[0] - x[3];
    (void)params, (void)n;
    return p * p + 5 * q * q + r * r * (r * r) + 10 * (s * s * (s * s));
}
void ken__powell_singular_gradient(const void *params, int64_t n, const double *x, double *g) {
    const double p = x[0] + 10 * x[1], q = x[2] - x[3], r = x[1] - 2 * x[2], s = x[0] - x[3];
    (void)params, (void)n;
    g[0] = 2 * p + 40 * s * s * s;
    g[1] = 20 * p + 4 * r * r * r;
    g[2] = 10 * q - 8 * r * r * r;
    g[3] = -10 * q - 40 * s * s * s;
}
void ken__powell_singular_hessian(const void *params, int64_t n, const double *x, double *H) {
    const double r = x[1] - 2 * x[2], s = x[0] - x[3], rr = 12 * r * r, ss = 120 * s * s;
    const double rows[16] = {2 + ss, 20,       0,           -ss,  20, 200 + rr, -2 * rr, 0,
                             0,      -2 * rr,  10 + 4 * rr, -10, -ss, 0,        -10,     10 + ss};
    (void)params, (void)n;
    memcpy(H, rows, sizeof rows);
}
void ken__powell_singular_start(const void *params, int64_t n, double *x) {
    (void)params, (void)n;
    x[0] = 3, x[1] = -1, x[2] = 0, x[3] = 1;
}
bool ken__powell_singular_minimum(const void *params, int64_t n, int i, double *x, bool *global) {
    (void)params;
    return surfaces_all(x, n, i, 0, global);
}
