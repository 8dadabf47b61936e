/* Rprop (Riedmiller & Braun 1993), the variant without backtracking (Igel & Huesken 2000, iRprop-): each variable
 * has a step of its own, that grows while its gradient keeps its sign and shrinks when it changes. */
#include "ken/optim/rprop/rprop.h"

#include "ken/optim/optim_step.h"

static void rprop_begin(const void *params, double rate, int64_t n, double *const *state) {
    (void)params;
    for (int64_t i = 0; i < n; i++) state[0][i] = rate;
}

static void rprop_step(const void *params, double rate, int64_t t, int64_t n, double *x, const double *g,
                       double *const *state) {
    const ken_rprop_params *p = params;
    double *step = state[0], *last = state[1];
    (void)rate, (void)t;
    for (int64_t i = 0; i < n; i++) {
        const double turn = ken__sign(g[i]) * ken__sign(last[i]);
        const double factor = turn > 0 ? p->grow : turn < 0 ? p->shrink : 1;
        step[i] = KEN_MIN(KEN_MAX(step[i] * factor, p->least), p->most);
        last[i] = turn < 0 ? 0 : g[i];
        x[i] -= ken__sign(last[i]) * step[i];
    }
}

static ken_status rprop_check(ken_ctx *ctx, const void *params) {
    const ken_rprop_params *p = params;
    if (p->least <= p->most) return KEN_OK;
    return KEN_FAIL(ctx, KEN_E_ARG, "lower least or raise most",
                    "rprop: the shortest step, %g, is above the longest, %g", p->least, p->most);
}

/* --- descriptor ------------------------------------------------------------------------------------------ */

static const ken_param rprop_params[] = {
    KEN_OPTIM_RATE(ken_rprop_params, 1e-4, 1, "first step of every variable"),
    KEN_ROW_F64(ken_rprop_params, shrink, .min = 0, .open_min = true, .max = 1, .lo = 0.2, .hi = 0.9,
                .doc = "factor on a step whose gradient has changed its sign"),
    KEN_ROW_F64(ken_rprop_params, grow, .min = 1, .max = 100, .lo = 1, .hi = 2,
                .doc = "factor on a step whose gradient has kept its sign"),
    KEN_ROW_F64(ken_rprop_params, least, .min = 0, .max = 1e300,
                .doc = "shortest step"),
    KEN_ROW_F64(ken_rprop_params, most, .min = 0, .max = 1e300,
                .doc = "longest step"),
    {0}};

static const ken_attr rprop_state[] = {
    {"step", KEN_F64, "n", "present step of each variable"},
    {"last", KEN_F64, "n", "last gradient, 0 after a change of sign"},
    {0}};

static const ken_optimizer rprop_optimizer = {.begin = rprop_begin, .step = rprop_step};

static const ken_rprop_params rprop_defaults = KEN_RPROP_DEFAULTS;

const ken_desc ken_rprop_desc = {
    .name = "rprop",
    .title = "Rprop: signs and a step for each variable",
    .kind = KEN_OPTIMIZER,
    .params = rprop_params,
    .defaults = &rprop_defaults,
    .params_size = sizeof(ken_rprop_params),
    .check = rprop_check,
    .attrs = rprop_state,
    .optimizer = &rprop_optimizer,
    .doc = "Only signs, and a step for each variable that grows while the sign holds: quick and "
           "without a rate to choose where the gradient is that of all rows. Useless with "
           "gradients of small batches, whose signs are noise.",
    .paper = "Riedmiller & Braun 1993; Igel & Huesken 2000",
    .peer = "torch.optim.Rprop",
};

const ken_desc *const ken_rprop_things[] = {&ken_rprop_desc, NULL};
