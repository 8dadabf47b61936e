/* Accelerated failure time (Wei 1992): log T = F + scale · e, with e normal, logistic or extreme (then T
 * is Weibull). A target seen has the density of z = (log t - F) / scale, one known to lie in [y, upper] the
 * probability between its two z, y = 0 or no upper bound leaving one side open. Barnwal, Cho & Hocking 2022.
 * All three are log-concave, so minus the logarithm is convex in F. Read next: boosting_loss.c. */
#include <math.h>

#include "ken/boosting/boosting_loss_table.h"

/* Minus a logarithm, as a function of z. */
typedef struct aft_curve {
    double value, slope, bend;
} aft_curve;

/* In the extreme tail e^z goes on as a line from here, so that one row's slope is not all there is. */
#define AFT_EXTREME 15.0
#define AFT_LOG_ROOT_2PI 0.91893853320467274178

static aft_curve aft_density(int law, double z) { /* -log f(z) */
    if (law == BOOSTING_AFT_NORMAL) return (aft_curve){z * z / 2 + AFT_LOG_ROOT_2PI, z, 1};
    if (law == BOOSTING_AFT_LOGISTIC) {
        const double p = ken_sigmoid(z);
        return (aft_curve){2 * ken_softplus(-z) + z, 2 * p - 1, 2 * p * (1 - p)};
    }
    const double e = ken_exp(KEN_MIN(z, AFT_EXTREME));
    return (aft_curve){e * (1 + KEN_MAX(z - AFT_EXTREME, 0)) - z, e - 1, e};
}

/* -log of P(e > z). Normal: the hazard f / P; beyond z = 30, where P underflows soon, the first terms of
 * its asymptotic series. */
static aft_curve aft_above(int law, double z) {
    if (law == BOOSTING_AFT_NORMAL) {
        if (z > 30) return (aft_curve){z * z / 2 + AFT_LOG_ROOT_2PI + ken_log(z), z + 1 / z, 1 - 1 / (z * z)};
        const double above = ken_erfc(z * 0.70710678118654752440) / 2;
        const double hazard = ken_exp(-z * z / 2 - AFT_LOG_ROOT_2PI) / above;
        return (aft_curve){-ken_log(above), hazard, hazard * (hazard - z)};
    }
    if (law == BOOSTING_AFT_LOGISTIC) {
        const double p = ken_sigmoid(z);
        return (aft_curve){ken_softplus(z), p, p * (1 - p)};
    }
    const double e = ken_exp(KEN_MIN(z, AFT_EXTREME));
    return (aft_curve){e * (1 + KEN_MAX(z - AFT_EXTREME, 0)), e, e};
}

/* -log of P(e < z). */
static aft_curve aft_below(int law, double z) {
    if (law != BOOSTING_AFT_EXTREME) { /* symmetric */
        const aft_curve mirror = aft_above(law, -z);
        return (aft_curve){mirror.value, -mirror.slope, mirror.bend};
    }
    if (z < -30) return (aft_curve){-z, -1, 0};
    /* with x = e^z and r = x / (e^x - 1): the slope is -r, the bend r (x + r - 1) */
    const double x = ken_exp(KEN_MIN(z, AFT_EXTREME)), r = x / ken_expm1(x);
    return (aft_curve){-ken_log(-ken_expm1(-x)), -r, KEN_MAX(r * (x + r - 1), 0)};
}

static double aft_pdf(int law, double z) { return ken_exp(-aft_density(law, z).value); }

/* P(low < e < high), from the side where the terms are small. */
static double aft_between(int law, double low, double high) {
    if (law == BOOSTING_AFT_NORMAL) {
        const double s = 0.70710678118654752440;
        return low > 0 ? (ken_erfc(low * s) - ken_erfc(high * s)) / 2 : (ken_erfc(-high * s) - ken_erfc(-low * s)) / 2;
    }
    if (law == BOOSTING_AFT_LOGISTIC)
        return low > 0 ? ken_sigmoid(-low) - ken_sigmoid(-high) : ken_sigmoid(high) - ken_sigmoid(low);
    const double a = ken_exp(KEN_MIN(low, AFT_EXTREME)), b = ken_exp(KEN_MIN(high, AFT_EXTREME));
    return ken_exp(-a) * -ken_expm1(a - b);
}

/* A narrow interval is its middle, and so is one too far out for a probability: its nearer end. The bend:
 * f' = -slope f, so that of -log P it is ((slope f)(high) - (slope f)(low)) / P + ((f(high) - f(low)) / P)^2. */
static aft_curve aft_interval(int law, double low, double width) {
    const double high = low + width;
    if (width < 1e-5) {
        aft_curve middle = aft_density(law, low + width / 2);
        middle.value -= ken_log(width);
        return middle;
    }
    const double p = aft_between(law, low, high);
    if (!(p > 1e-280)) return aft_density(law, low > 0 ? low : high);
    const double f = aft_pdf(law, low) / p, g = aft_pdf(law, high) / p, slope = g - f;
    const double bend = aft_density(law, high).slope * g - aft_density(law, low).slope * f + slope * slope;
    return (aft_curve){-ken_log(p), -slope, KEN_MAX(bend, 0)};
}

static aft_curve aft_at(const boosting_loss *l, int64_t i) {
    const double F = l->margin[i], y = l->y[i], upper = l->upper ? l->upper[i] : y;
    const double low = y > 0 ? (ken_log(y) - F) / l->aft_scale : -(double)INFINITY;
    if (upper == y) return aft_density(l->aft, low);
    if (!(upper < (double)INFINITY)) return y > 0 ? aft_above(l->aft, low) : (aft_curve){0, 0, 0};
    if (y > 0) return aft_interval(l->aft, low, ken_log1p((upper - y) / y) / l->aft_scale);
    return aft_below(l->aft, (ken_log(upper) - F) / l->aft_scale);
}

static ken_status aft_open(ken_ctx *ctx, boosting_loss *l) {
    bool bounded = false;
    for (int64_t i = 0; i < l->n; i++) {
        const double upper = l->upper ? l->upper[i] : l->y[i];
        if (!(l->y[i] >= 0 && upper > 0))
            return KEN_FAIL(ctx, KEN_E_VALUE, "a time is above 0; 0 with an upper bound: any time up to that",
                            "boosting: loss=aft needs times above 0, one value is %g", l->y[i]);
        bounded |= i < l->n_train && loss_weight(l, i) > 0 && upper < (double)INFINITY;
    }
    if (bounded) return KEN_OK;
    return KEN_FAIL(ctx, KEN_E_VALUE, "give rows whose target was seen (event 1), or upper bounds",
                    "boosting: loss=aft: no training row has an end, any time fits");
}

/* Newton from the mean of the logarithms of what is known. */
static ken_status aft_start(ken_ctx *ctx, boosting_loss *l, double total, double *base) {
    double sum = 0, weight = 0;
    (void)total;
    for (int64_t i = 0; i < l->n_train; i++) {
        const double known = l->y[i] > 0 ? l->y[i] : l->upper ? l->upper[i] : 0;
        if (!(known > 0 && known < (double)INFINITY)) continue;
        sum += loss_weight(l, i) * (ken_log(known) - loss_offset(l, i));
        weight += loss_weight(l, i);
    }
    base[0] = weight > 0 ? sum / weight : 0;
    return ken__loss_newton(ctx, l, base);
}

static void aft_block(const ken_kernels *kernels, const boosting_loss *l, int k, int64_t at, int64_t n, double *g,
                      double *h) {
    const double s = l->aft_scale;
    (void)kernels, (void)k;
    for (int64_t i = 0; i < n; i++) {
        const aft_curve c = aft_at(l, at + i);
        g[i] = -c.slope / s;
        h[i] = c.bend / (s * s);
    }
}

static void aft_value(const ken_kernels *kernels, const boosting_loss *l, int64_t at, int64_t n, double *value) {
    (void)kernels;
    for (int64_t i = 0; i < n; i++) value[i] = aft_at(l, at + i).value;
}

const boosting_loss_row ken__loss_aft = {.name = "aft",
                                         .link = BOOSTING_LINK_EXP,
                                         .bounds = true,
                                         .open = aft_open,
                                         .start = aft_start,
                                         .block = aft_block,
                                         .value = aft_value};
