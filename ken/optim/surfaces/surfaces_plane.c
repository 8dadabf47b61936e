/* Surfaces over two variables (one over one): polynomials, with gradients and Hessians by hand.
 * source  Surjanovic & Bingham, Virtual Library of Simulation Experiments; More, Garbow & Hillstrom 1981 */
#include <math.h>

#include "ken/optim/surfaces/surfaces_parts.h"

/* --- himmelblau: a = x^2 + y - 11, b = x + y^2 - 7, f = a^2 + b^2 ---------------------------------------- */

double ken__himmelblau_value(const void *params, int64_t n, const double *x) {
    const double a = x[0] * x[0] + x[1] - 11, b = x[0] + x[1] * x[1] - 7;
    (void)params, (void)n;
    return a * a + b * b;
}
void ken__himmelblau_gradient(const void *params, int64_t n, const double *x, double *g) {
    const double a = x[0] * x[0] + x[1] - 11, b = x[0] + x[1] * x[1] - 7;
    (void)params, (void)n;
    g[0] = 4 * x[0] * a + 2 * b;
    g[1] = 2 * a + 4 * x[1] * b;
}
void ken__himmelblau_hessian(const void *params, int64_t n, const double *x, double *H) {
    const double a = x[0] * x[0] + x[1] - 11, b = x[0] + x[1] * x[1] - 7;
    (void)params, (void)n;
    ken__surface_matrix(H, 4 * a + 8 * x[0] * x[0] + 2, 4 * (x[0] + x[1]), 4 * b + 8 * x[1] * x[1] + 2);
}
void ken__himmelblau_start(const void *params, int64_t n, double *x) {
    (void)params, (void)n;
    x[0] = x[1] = 0;
}
bool ken__himmelblau_minimum(const void *params, int64_t n, int i, double *x, bool *global) {
    static const double at[4][2] = {{3, 2},
                                    {-2.8051180869527448, 3.131312518250573},
                                    {-3.779310253377747, -3.2831859912861701},
                                    {3.5844283403304922, -1.848126526964404}};
    (void)params, (void)n;
    return i < 4 && ken__surface_point(x, global, at[i][0], at[i][1], true);
}

/* --- beale: t_k = c_k - x + x y^k, f = t_1^2 + t_2^2 + t_3^2 --------------------------------------------- */

static const double surfaces_beale_terms[] = {1.5, 2.25, 2.625};

double ken__beale_value(const void *params, int64_t n, const double *x) {
    double f = 0, power = 1;
    (void)params, (void)n;
    for (int k = 0; k < 3; k++) {
        power *= x[1];
        const double t = surfaces_beale_terms[k] - x[0] + x[0] * power;
        f += t * t;
    }
    return f;
}
void ken__beale_gradient(const void *params, int64_t n, const double *x, double *g) {
    double power = 1;
    (void)params, (void)n;
    g[0] = g[1] = 0;
    for (int k = 0; k < 3; k++) {
        const double dy = (k + 1) * x[0] * power;
        power *= x[1];
        const double t = surfaces_beale_terms[k] - x[0] + x[0] * power;
        g[0] += 2 * t * (power - 1);
        g[1] += 2 * t * dy;
    }
}
void ken__beale_hessian(const void *params, int64_t n, const double *x, double *H) {
    double power = 1, before = 0, xx = 0, xy = 0, yy = 0; /* before: y^(k - 1), 0 for k = 0 */
    (void)params, (void)n;
    for (int k = 0; k < 3; k++) {
        const double dy = (k + 1) * x[0] * power, dyy = (k + 1) * k * x[0] * before;
        const double dxy = (k + 1) * power;
        before = power;
        power *= x[1];
        const double t = surfaces_beale_terms[k] - x[0] + x[0] * power, dx = power - 1;
        xx += 2 * dx * dx;
        xy += 2 * (dx * dy + t * dxy);
        yy += 2 * (dy * dy + t * dyy);
    }
    ken__surface_matrix(H, xx, xy, yy);
}
void ken__beale_start(const void *params, int64_t n, double *x) {
    (void)params, (void)n;
    x[0] = x[1] = 1;
}
bool ken__beale_minimum(const void *params, int64_t n, int i, double *x, bool *global) {
    (void)params, (void)n;
    return i < 1 && ken__surface_point(x, global, 3, 0.5, true);
}

/* --- booth: f = (x + 2y - 7)^2 + (2x + y - 5)^2 ---------------------------------------------------------- */

double ken__booth_value(const void *params, int64_t n, const double *x) {
    const double a = x[0] + 2 * x[1] - 7, b = 2 * x[0] + x[1] - 5;
    (void)params, (void)n;
    return a * a + b * b;
}
void ken__booth_gradient(const void *params, int64_t n, const double *x, double *g) {
    const double a = x[0] + 2 * x[1] - 7, b = 2 * x[0] + x[1] - 5;
    (void)params, (void)n;
    g[0] = 2 * a + 4 * b;
    g[1] = 4 * a + 2 * b;
}
void ken__booth_hessian(const void *params, int64_t n, const double *x, double *H) {
    (void)params, (void)n, (void)x;
    ken__surface_matrix(H, 10, 8, 10);
}
void ken__booth_start(const void *params, int64_t n, double *x) {
    (void)params, (void)n;
    x[0] = -5, x[1] = 5;
}
bool ken__booth_minimum(const void *params, int64_t n, int i, double *x, bool *global) {
    (void)params, (void)n;
    return i < 1 && ken__surface_point(x, global, 1, 3, true);
}
bool ken__booth_curvature(const void *params, int64_t n, double *L, double *mu) {
    (void)params, (void)n;
    *L = 18, *mu = 2;
    return true;
}

/* --- matyas: f = 0.26 (x^2 + y^2) - 0.48 x y ------------------------------------------------------------- */

double ken__matyas_value(const void *params, int64_t n, const double *x) {
    (void)params, (void)n;
    return 0.26 * (x[0] * x[0] + x[1] * x[1]) - 0.48 * x[0] * x[1];
}
void ken__matyas_gradient(const void *params, int64_t n, const double *x, double *g) {
    (void)params, (void)n;
    g[0] = 0.52 * x[0] - 0.48 * x[1];
    g[1] = 0.52 * x[1] - 0.48 * x[0];
}
void ken__matyas_hessian(const void *params, int64_t n, const double *x, double *H) {
    (void)params, (void)n, (void)x;
    ken__surface_matrix(H, 0.52, -0.48, 0.52);
}
void ken__matyas_start(const void *params, int64_t n, double *x) {
    (void)params, (void)n;
    x[0] = -8, x[1] = 6;
}
bool ken__matyas_minimum(const void *params, int64_t n, int i, double *x, bool *global) {
    (void)params, (void)n;
    return i < 1 && ken__surface_point(x, global, 0, 0, true);
}
bool ken__matyas_curvature(const void *params, int64_t n, double *L, double *mu) {
    (void)params, (void)n;
    *L = 1, *mu = 0.04;
    return true;
}

/* --- goldstein_price: f = A(u) B(w), u = x + y, w = 2x - 3y:
 *     A = 1 + (u + 1)^2 (19 - 14 u + 3 u^2),   B = 30 + w^2 (18 - 16 w + 3 w^2) --------------------------- */

/* A, A', A'' and B, B', B''. */
static void surfaces_goldstein(const double *x, double A[3], double B[3]) {
    const double u = x[0] + x[1], p = u + 1, q = 19 + u * (-14 + 3 * u), dq = -14 + 6 * u;
    const double w = 2 * x[0] - 3 * x[1], s = 18 + w * (-16 + 3 * w), ds = -16 + 6 * w;
    A[0] = 1 + p * p * q;
    A[1] = 2 * p * q + p * p * dq;
    A[2] = 2 * q + 4 * p * dq + 6 * p * p;
    B[0] = 30 + w * w * s;
    B[1] = 2 * w * s + w * w * ds;
    B[2] = 2 * s + 4 * w * ds + 6 * w * w;
}
double ken__goldstein_price_value(const void *params, int64_t n, const double *x) {
    double A[3], B[3];
    (void)params, (void)n;
    surfaces_goldstein(x, A, B);
    return A[0] * B[0];
}
void ken__goldstein_price_gradient(const void *params, int64_t n, const double *x, double *g) {
    double A[3], B[3];
    (void)params, (void)n;
    surfaces_goldstein(x, A, B);
    g[0] = A[1] * B[0] + 2 * A[0] * B[1];
    g[1] = A[1] * B[0] - 3 * A[0] * B[1];
}
void ken__goldstein_price_hessian(const void *params, int64_t n, const double *x, double *H) {
    double A[3], B[3];
    (void)params, (void)n;
    surfaces_goldstein(x, A, B);
    const double aa = A[2] * B[0], ab = A[1] * B[1], bb = A[0] * B[2];
    ken__surface_matrix(H, aa + 4 * ab + 4 * bb, aa - ab - 6 * bb, aa - 6 * ab + 9 * bb);
}
void ken__goldstein_price_start(const void *params, int64_t n, double *x) {
    (void)params, (void)n;
    x[0] = -1.5, x[1] = 1;
}
bool ken__goldstein_price_minimum(const void *params, int64_t n, int i, double *x, bool *global) {
    static const double at[4][2] = {{0, -1}, {-0.6, -0.4}, {1.8, 0.2}, {1.2, 0.8}};
    (void)params, (void)n;
    return i < 4 && ken__surface_point(x, global, at[i][0], at[i][1], i == 0);
}

/* --- three_hump_camel: f = 2 x^2 - 1.05 x^4 + x^6 / 6 + x y + y^2 ---------------------------------------- */

double ken__three_hump_camel_value(const void *params, int64_t n, const double *x) {
    const double q = x[0] * x[0];
    (void)params, (void)n;
    return q * (2 + q * (-1.05 + q / 6)) + x[0] * x[1] + x[1] * x[1];
}
void ken__three_hump_camel_gradient(const void *params, int64_t n, const double *x, double *g) {
    const double q = x[0] * x[0];
    (void)params, (void)n;
    g[0] = x[0] * (4 + q * (-4.2 + q)) + x[1];
    g[1] = x[0] + 2 * x[1];
}
void ken__three_hump_camel_hessian(const void *params, int64_t n, const double *x, double *H) {
    const double q = x[0] * x[0];
    (void)params, (void)n;
    ken__surface_matrix(H, 4 + q * (-12.6 + 5 * q), 1, 2);
}
void ken__three_hump_camel_start(const void *params, int64_t n, double *x) {
    (void)params, (void)n;
    x[0] = x[1] = 2;
}
/* y = -x / 2 and x^4 - 4.2 x^2 + 3.5 = 0. */
bool ken__three_hump_camel_minimum(const void *params, int64_t n, int i, double *x, bool *global) {
    const double out = sqrt(2.1 + sqrt(0.91)), at = i == 0 ? 0 : i == 1 ? out : -out;
    (void)params, (void)n;
    return i < 3 && ken__surface_point(x, global, at, i == 0 ? 0 : -0.5 * at, i == 0);
}

/* --- saddle: f = x^2 - y^2 + bend / 2 y^4 ---------------------------------------------------------------- */

double ken__saddle_value(const void *params, int64_t n, const double *x) {
    const double bend = ((const ken_saddle_params *)params)->bend, q = x[1] * x[1];
    (void)n;
    return x[0] * x[0] - q + 0.5 * bend * q * q;
}
void ken__saddle_gradient(const void *params, int64_t n, const double *x, double *g) {
    const double bend = ((const ken_saddle_params *)params)->bend;
    (void)n;
    g[0] = 2 * x[0];
    g[1] = 2 * x[1] * (bend * x[1] * x[1] - 1);
}
void ken__saddle_hessian(const void *params, int64_t n, const double *x, double *H) {
    const double bend = ((const ken_saddle_params *)params)->bend;
    (void)n;
    ken__surface_matrix(H, 2, 0, 6 * bend * x[1] * x[1] - 2);
}
void ken__saddle_start(const void *params, int64_t n, double *x) {
    (void)params, (void)n;
    x[0] = 1.5, x[1] = 0.001;
}
bool ken__saddle_minimum(const void *params, int64_t n, int i, double *x, bool *global) {
    const double bend = ((const ken_saddle_params *)params)->bend;
    (void)n;
    if (!(bend > 0) || i >= 2) return false;
    return ken__surface_point(x, global, 0, (i ? -1 : 1) / sqrt(bend), true);
}

/* --- double_well: one variable, f = x^4 / 4 - x^2 / 2 + tilt x ------------------------------------------- */

double ken__double_well_value(const void *params, int64_t n, const double *x) {
    const double tilt = ((const ken_double_well_params *)params)->tilt, q = x[0] * x[0];
    (void)n;
    return q * (0.25 * q - 0.5) + tilt * x[0];
}
void ken__double_well_gradient(const void *params, int64_t n, const double *x, double *g) {
    (void)n;
    g[0] = x[0] * (x[0] * x[0] - 1) + ((const ken_double_well_params *)params)->tilt;
}
void ken__double_well_hessian(const void *params, int64_t n, const double *x, double *H) {
    (void)params, (void)n;
    H[0] = 3 * x[0] * x[0] - 1;
}
void ken__double_well_start(const void *params, int64_t n, double *x) {
    (void)params, (void)n;
    x[0] = 1.8;
}
/* The outer roots of f', by Newton's method from outside, where f' is convex (concave): it never crosses. A
 * well is there while |tilt| < 2 / sqrt(27); the deeper one is against the tilt. */
bool ken__double_well_minimum(const void *params, int64_t n, int i, double *x, bool *global) {
    const double tilt = ((const ken_double_well_params *)params)->tilt, edge = 2 / sqrt(27.0);
    const double side = (tilt > 0 ? -1 : 1) * (i == 0 ? 1 : -1);
    if (i >= (fabs(tilt) < edge ? 2 : 1)) return false;
    x[0] = 2 * side;
    for (int k = 0; k < 60; k++) {
        double g, h;
        ken__double_well_gradient(params, n, x, &g);
        ken__double_well_hessian(params, n, x, &h);
        x[0] -= g / h;
    }
    *global = i == 0 || tilt == 0;
    return true;
}
