/* What a point of coordinate descent proves. With r = y - Z b, products as weighted means, the dual
 * of P(b) = |r|^2 / 2 + l1 |b|_1 + l2/2 |b|^2 is, for any theta, D(theta) = theta . y - |theta|^2 /
 * 2 - 1/(2 l2) sum of max(|z_j . theta| - l1, 0)^2  <=  min P, where l2 = 0 turns the last sum into
 * the condition |z_j . theta| <= l1. P(b) - D(theta) is the gap. */
#include <math.h>

#include "ken/linear/linear_cd.h"

/* How far a value exceeds the l1 bound; of positive coefficients only the upper one binds. */
static double cd_excess(const ken_cd *s, double value) {
    return KEN_MAX((s->options.positive ? value : fabs(value)) - s->l1, 0);
}

/* D(scale r); `target` is y . r. */
static double cd_dual(const ken_cd *s, const double *correlation, double square, double target,
                      double scale) {
    double sum = 0;
    for (int64_t j = 0; s->l2 > 0 && j < s->d; j++) {
        if (s->screened[j]) continue;
        const double e = cd_excess(s, scale * correlation[j]);
        sum += e * e;
    }
    const double penalty = s->l2 > 0 ? sum / (2 * s->l2) : 0;
    return scale * target - 0.5 * scale * scale * square - penalty;
}

/* Two points are tried: r itself where l2 > 0 allows it, and r scaled into the feasible set of the
 * lasso of rows (Z over sqrt(l2) I, y over 0), as far along as is best. The second also gives the
 * sphere. */
void ken__cd_bound_of(const ken_cd *s, const double *correlation, double residual_square,
                      ken_cd_bound *out) {
    double lasso = 0, ridge = 0, along = 0, top = 0;
    for (int64_t j = 0; j < s->d; j++) {
        const double b = s->coef[j], v = correlation[j] - s->l2 * b;
        lasso += fabs(b);
        ridge += b * b;
        along += b * correlation[j];
        if (!s->screened[j]) top = KEN_MAX(top, s->options.positive ? v : fabs(v));
    }
    const double square = KEN_MAX(residual_square, 0), target = square + along;
    const double augmented = square + s->l2 * ridge;
    double scale = augmented > 0 ? target / augmented : 0;
    if (scale * top > s->l1) scale = s->l1 / top;
    scale = KEN_MAX(scale, 0);
    out->objective = 0.5 * square + s->l1 * lasso + 0.5 * s->l2 * ridge;
    const double feasible = scale * target - 0.5 * scale * scale * augmented;
    double dual = KEN_MAX(feasible, cd_dual(s, correlation, square, target, scale));
    if (s->l2 > 0) dual = KEN_MAX(dual, cd_dual(s, correlation, square, target, 1));
    out->gap = KEN_MAX(out->objective - dual, 0);
    out->scale = scale;
    /* D is strongly concave with constant 1; the addend keeps rounding from proving too much. */
    out->radius = sqrt(2 * (KEN_MAX(out->objective - feasible, 0) + 1e-14 * s->target_square));
}

/* |x_j . theta| < l1 for all theta of the sphere proves b_j = 0 at the minimum. */
void ken__cd_screen(ken_cd *s) {
    for (int64_t j = 0; j < s->d; j++) {
        if (s->screened[j] || s->coef[j] != 0) continue;
        const double v = s->bound.scale * s->correlation[j]; /* of augmented column j, as b_j = 0 */
        const double reach = s->bound.radius * sqrt(s->square[j] + s->l2);
        s->screened[j] = (s->options.positive ? v : fabs(v)) + reach < s->l1;
    }
}
