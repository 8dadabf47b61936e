/* L-BFGS: see lbfgs.h. */
#include "ken/math/lbfgs.h"

#include <math.h>
#include <string.h>

enum { LBFGS_MAX_TRIES = 40 };

static double lbfgs_dot(const double *a, const double *b, int64_t n) {
    double sum = 0;
    for (int64_t i = 0; i < n; i++) sum += a[i] * b[i];
    return sum;
}

int64_t ken_lbfgs_room(int64_t n, int64_t memory) { return n * (2 * memory + 5) + 2 * memory; }

ken_status ken_lbfgs_begin(ken_ctx *ctx, int64_t n, int64_t memory, ken_objective_fn fn, void *arg,
                           const double *start, ken_lbfgs *out) {
    double *room;
    KEN_TRY(KEN_SCRATCH(ctx, double, ken_lbfgs_room(n, memory), &room));
    return ken_lbfgs_begin_in(ctx, n, memory, fn, arg, start, room, out);
}

ken_status ken_lbfgs_begin_in(ken_ctx *ctx, int64_t n, int64_t memory, ken_objective_fn fn, void *arg,
                              const double *start, double *room, ken_lbfgs *out) {
    memset(out, 0, sizeof *out);
    out->n = n;
    out->memory = memory;
    out->fn = fn;
    out->arg = arg;
    double **arrays[] = {&out->x, &out->g, &out->next, &out->next_g, &out->direction};
    for (int i = 0; i < KEN_COUNT(arrays); i++) *arrays[i] = room + i * n;
    out->s = room + 5 * n;
    out->y = out->s + n * memory;
    out->rho = out->y + n * memory;
    out->a = out->rho + memory;
    memcpy(out->x, start, (size_t)n * sizeof *out->x);
    KEN_TRY(fn(arg, out->x, &out->f, out->g));
    out->evaluations = 1;
    out->moving = true;
    if (isfinite(out->f)) return KEN_OK;
    return KEN_FAIL(ctx, KEN_E_VALUE, "scale the columns, or start elsewhere",
                    "lbfgs: the objective is %g at the start", out->f);
}

/* direction := -H g by the two loops over the remembered steps (alg. 7.4). */
static void lbfgs_direction(ken_lbfgs *s) {
    const int64_t n = s->n;
    double *q = s->direction;
    for (int64_t i = 0; i < n; i++) q[i] = -s->g[i];
    for (int64_t k = 0; k < s->stored; k++) {
        const int64_t at = (s->newest - k + s->memory) % s->memory;
        s->a[at] = s->rho[at] * lbfgs_dot(s->s + at * n, q, n);
        for (int64_t i = 0; i < n; i++) q[i] -= s->a[at] * s->y[at * n + i];
    }
    if (s->stored > 0) { /* the size of the inverse Hessian along the newest step (7.20) */
        const double *y = s->y + s->newest * n;
        const double gamma = 1 / (s->rho[s->newest] * lbfgs_dot(y, y, n));
        for (int64_t i = 0; i < n; i++) q[i] *= gamma;
    }
    for (int64_t k = s->stored - 1; k >= 0; k--) {
        const int64_t at = (s->newest - k + s->memory) % s->memory;
        const double b = s->rho[at] * lbfgs_dot(s->y + at * n, q, n);
        for (int64_t i = 0; i < n; i++) q[i] += (s->a[at] - b) * s->s[at * n + i];
    }
}

/* A point of the line: step, value, slope. */
typedef struct lbfgs_point {
    double t, f, slope;
} lbfgs_point;

static ken_status lbfgs_evaluate(ken_lbfgs *s, double t, lbfgs_point *out) {
    for (int64_t i = 0; i < s->n; i++) s->next[i] = s->x[i] + t * s->direction[i];
    KEN_TRY(s->fn(s->arg, s->next, &out->f, s->next_g));
    s->evaluations++;
    out->t = t;
    out->slope = lbfgs_dot(s->next_g, s->direction, s->n);
    return KEN_OK;
}

/* The minimum of the cubic through two points and slopes (3.59), kept well inside. */
static double lbfgs_cubic(lbfgs_point a, lbfgs_point b) {
    const double d1 = a.slope + b.slope - 3 * (a.f - b.f) / (a.t - b.t);
    const double root = d1 * d1 - a.slope * b.slope;
    const double d2 = copysign(sqrt(root > 0 ? root : 0), b.t - a.t);
    const double t = b.t - (b.t - a.t) * (b.slope + d2 - d1) / (b.slope - a.slope + 2 * d2);
    const double lo = KEN_MIN(a.t, b.t), hi = KEN_MAX(a.t, b.t), edge = 0.1 * (hi - lo);
    return t > lo + edge && t < hi - edge ? t : 0.5 * (lo + hi);
}

/* 1e-4: a small part of the decrease that the slope promises. When f moves less than its rounding,
 * it decides nothing. */
static bool lbfgs_decreases(const lbfgs_point *zero, const lbfgs_point *p) {
    const double noise = 1e-15 * fabs(zero->f);
    return p->f <= zero->f + 1e-4 * p->t * zero->slope + noise;
}
static bool lbfgs_flat(const lbfgs_point *zero, const lbfgs_point *p) {
    return fabs(p->slope) <= -0.9 * zero->slope;
}

/* Strong Wolfe by bracketing, then cubic interpolation; *found false: none in working precision. The
 * accepted point is in next, next_g. */
static ken_status lbfgs_search(ken_lbfgs *s, double first, lbfgs_point zero, double *f, bool *found) {
    lbfgs_point lo = zero, hi = zero, p;
    bool bracketed = false;
    double t = first;
    *found = false;
    for (int i = 0; i < LBFGS_MAX_TRIES; i++) {
        KEN_TRY(lbfgs_evaluate(s, t, &p));
        if (!isfinite(p.f) || !isfinite(p.slope)) { /* too far */
            if (bracketed && !(p.t > lo.t)) return KEN_OK;
            t = lo.t + 0.1 * (t - lo.t);
            continue;
        }
        *f = p.f;
        if (lbfgs_decreases(&zero, &p) && lbfgs_flat(&zero, &p)) {
            *found = true;
            return KEN_OK;
        }
        if (!lbfgs_decreases(&zero, &p) || (lo.t > 0 && p.f > lo.f)) {
            hi = p;
            bracketed = true;
        } else if (p.slope * (bracketed ? hi.t - lo.t : 1) >= 0) {
            hi = lo;
            lo = p;
            bracketed = true;
        } else {
            lo = p;
        }
        t = bracketed ? lbfgs_cubic(lo, hi) : 2 * t;
        if (bracketed && fabs(hi.t - lo.t) < 1e-14 * KEN_MAX(lo.t, hi.t)) break;
    }
    if (lo.t > 0) { /* decreases, though not flat enough */
        KEN_TRY(lbfgs_evaluate(s, lo.t, &p));
        *f = p.f;
        *found = p.f < zero.f;
    }
    return KEN_OK;
}

/* Remember the step unless the curvature along it is lost in rounding. */
static void lbfgs_remember(ken_lbfgs *s) {
    const int64_t n = s->n, at = s->stored ? (s->newest + 1) % s->memory : 0;
    double *step = s->s + at * n, *change = s->y + at * n;
    for (int64_t i = 0; i < n; i++) {
        step[i] = s->next[i] - s->x[i];
        change[i] = s->next_g[i] - s->g[i];
    }
    const double curvature = lbfgs_dot(step, change, n);
    if (!(curvature > 1e-16 * lbfgs_dot(change, change, n)) || !isfinite(1 / curvature)) return;
    s->rho[at] = 1 / curvature;
    s->newest = at;
    s->stored = KEN_MIN(s->stored + 1, s->memory);
}

ken_status ken_lbfgs_step(ken_lbfgs *s) {
    double f = s->f;
    bool found;
    lbfgs_direction(s);
    lbfgs_point zero = {0, s->f, lbfgs_dot(s->g, s->direction, s->n)};
    if (!(zero.slope < 0)) { /* spoilt by rounding: forget, and go down the gradient */
        s->stored = 0;
        lbfgs_direction(s);
        zero.slope = lbfgs_dot(s->g, s->direction, s->n);
    }
    if (!(zero.slope < 0)) {
        s->moving = false;
        return KEN_OK;
    }
    const double first = s->stored ? 1 : KEN_MIN(1, 1 / sqrt(-zero.slope));
    KEN_TRY(lbfgs_search(s, first, zero, &f, &found));
    s->iterations++;
    if (!found) {
        s->moving = s->stored > 0; /* once more without memory before giving up */
        s->stored = 0;
        return KEN_OK;
    }
    lbfgs_remember(s);
    s->f = f;
    memcpy(s->x, s->next, (size_t)s->n * sizeof *s->x);
    memcpy(s->g, s->next_g, (size_t)s->n * sizeof *s->g);
    return KEN_OK;
}
