/* Losses that the caller brings: a formula (ken/math/expression.h), or functions of a C program. Read next:
 * boosting_loss.c. */
#include <math.h>
#include <string.h>

#include "ken/boosting/boosting/boosting.h"
#include "ken/boosting/boosting_loss_table.h"

/* The target as numbers, where it has classes. */
static const double *custom_target(const boosting_loss *l) { return l->y ? l->y : l->own; }

static ken_status custom_open(ken_ctx *ctx, boosting_loss *l) {
    double *target;
    if (l->y) return KEN_OK;
    KEN_TRY(KEN_ALLOC(ctx, double, l->n, &target));
    l->own = target;
    for (int64_t i = 0; i < l->n; i++) target[i] = l->label[i];
    return KEN_OK;
}

static void custom_close(ken_ctx *ctx, boosting_loss *l) { ken_free(ctx, l->own); }

/* --- a formula --- */

/* Of rows [at, at + n); g and h NULL: the value alone. p: what the formula sees as p. */
static void formula_eval(const ken_expression *e, const ken_kernels *kernels, const boosting_loss *l,
                         const double *p, int64_t at, int64_t n, double *value, double *g, double *h) {
    double one[KEN_EXPRESSION_BLOCK];
    for (int64_t i = 0; i < n; i += KEN_EXPRESSION_BLOCK) {
        const int64_t m = KEN_MIN(KEN_EXPRESSION_BLOCK, n - i);
        for (int64_t r = 0; !l->weight && r < m; r++) one[r] = 1;
        const double *const variable[] = {custom_target(l) + at + i, p + i, l->weight ? l->weight + at + i : one};
        ken_expression_eval(e, kernels, variable, 1, m, value + i, g ? g + i : NULL, h ? h + i : NULL);
    }
}

static void formula_block(const ken_kernels *kernels, const boosting_loss *l, int k, int64_t at, int64_t n,
                          double *g, double *h) {
    double value[LOSS_BLOCK];
    formula_eval(l->objective, kernels, l, l->margin + k * l->n + at, at, n, value, g, h);
    for (int64_t i = 0; i < n; i++) {
        if (!isfinite(g[i])) g[i] = 0;
        h[i] = l->flat ? 1 : h[i] > l->floor && isfinite(h[i]) ? h[i] : l->floor;
    }
}

static void formula_value(const ken_kernels *kernels, const boosting_loss *l, int64_t at, int64_t n,
                          double *value) {
    formula_eval(l->objective, kernels, l, l->margin + at, at, n, value, NULL, NULL);
}

/* All rows at the first guess: values must be numbers. A formula without curvature there, |y - p| say, gets 1
 * for it; else a curvature is at least a millionth of the greatest one. */
static ken_status formula_look(ken_ctx *ctx, boosting_loss *l, double guess) {
    const ken_kernels *const kernels = ken_ctx_kernels(ctx);
    double value[LOSS_BLOCK], g[LOSS_BLOCK], h[LOSS_BLOCK], top = 0;
    for (int64_t i = 0; i < l->n; i++) l->margin[i] = guess + loss_offset(l, i);
    for (int64_t at = 0; at < l->n; at += LOSS_BLOCK) {
        const int64_t n = KEN_MIN(LOSS_BLOCK, l->n - at);
        formula_eval(l->objective, kernels, l, l->margin + at, at, n, value, g, h);
        for (int64_t i = 0; i < n; i++) {
            if (!isfinite(value[i]) || !isfinite(g[i]))
                return KEN_FAIL(ctx, KEN_E_VALUE, "set link=log where p must be above 0, and write exp(p) for the mean",
                                "boosting: the objective is no number at y = %g, p = %g", custom_target(l)[at + i],
                                l->margin[at + i]);
            if (at + i < l->n_train && isfinite(h[i])) top = KEN_MAX(top, h[i]);
        }
    }
    l->flat = !(top > 0);
    l->floor = 1e-6 * top;
    return KEN_OK;
}

/* Newton from the mean of the target, through the link. */
static ken_status formula_start(ken_ctx *ctx, boosting_loss *l, double total, double *base) {
    double sum = 0;
    for (int64_t i = 0; i < l->n_train; i++) sum += loss_weight(l, i) * custom_target(l)[i];
    const double mean = sum / total;
    base[0] = mean;
    if (l->link == BOOSTING_LINK_EXP) base[0] = mean > 0 ? ken_log(mean) : 0;
    if (l->link == BOOSTING_LINK_SIGMOID) base[0] = mean > 0 && mean < 1 ? ken_log(mean / (1 - mean)) : 0;
    KEN_TRY(formula_look(ctx, l, base[0]));
    return ken__loss_newton(ctx, l, base);
}

/* --- functions --- */

static ken_status callback_open(ken_ctx *ctx, boosting_loss *l) {
    KEN_TRY(KEN_ALLOC(ctx, double, l->n_train, &l->g));
    KEN_TRY(KEN_ALLOC(ctx, double, l->n_train, &l->h));
    return custom_open(ctx, l);
}

static ken_status callback_start(ken_ctx *ctx, boosting_loss *l, double total, double *base) {
    (void)ctx, (void)total;
    base[0] = l->callback->base;
    return KEN_OK;
}

static ken_status callback_refresh(ken_ctx *ctx, boosting_loss *l) {
    const ken_boosting_objective *const c = l->callback;
    KEN_TRY(c->derivatives(c->user, ctx, l->n_train, l->margin, custom_target(l), l->weight, l->g, l->h));
    for (int64_t i = 0; i < l->n_train; i++) {
        if (!isfinite(l->g[i]) || !isfinite(l->h[i]))
            return KEN_FAIL(ctx, KEN_E_VALUE, "look at what it does with this target and margin",
                            "boosting: the objective's gradient or hessian is no number at y = %g, margin %g",
                            custom_target(l)[i], l->margin[i]);
        l->h[i] = KEN_MAX(l->h[i], 0);
    }
    return KEN_OK;
}

static ken_status callback_mean(ken_ctx *ctx, const boosting_loss *l, int64_t begin, int64_t end, double *out) {
    const ken_boosting_objective *const c = l->callback;
    (void)ctx;
    *out = (double)NAN;
    if (c->metric && end > begin)
        *out = c->metric(c->user, end - begin, l->margin + begin, custom_target(l) + begin,
                         l->weight ? l->weight + begin : NULL);
    return KEN_OK;
}

const boosting_loss_row ken__loss_formula = {.name = "objective",
                                             .look_one = true,
                                             .open = custom_open,
                                             .close = custom_close,
                                             .start = formula_start,
                                             .block = formula_block,
                                             .value = formula_value};
const boosting_loss_row ken__loss_callback = {.name = "a function",
                                              .look_one = true,
                                              .open = callback_open,
                                              .close = custom_close,
                                              .start = callback_start,
                                              .refresh = callback_refresh,
                                              .block = ken__loss_kept_block,
                                              .mean = callback_mean};
