/* RMSprop (Tieleman & Hinton 2012): gradients over their recent root mean square; centered and with momentum as in
 * Graves 2013. */
#include "ken/optim/rmsprop/rmsprop.h"

#include "ken/optim/optim_step.h"

static bool rmsprop_uses(const void *params, int part) {
    const ken_rmsprop_params *p = params;
    return part == 0 || (part == 1 ? p->centered : p->momentum > 0);
}

static void rmsprop_step(const void *params, double rate, int64_t t, int64_t n, double *x, const double *g,
                         double *const *state) {
    const ken_rmsprop_params *p = params;
    double *v = state[0], *mean = state[1], *velocity = state[2];
    (void)t;
    for (int64_t i = 0; i < n; i++) {
        const double d = ken__decayed(g[i], p->weight_decay, x[i]);
        double spread = v[i] = ken__average(p->memory, v[i], d * d);
        if (mean) {
            mean[i] = ken__average(p->memory, mean[i], d);
            spread = KEN_MAX(spread - mean[i] * mean[i], 0); /* rounding must not make it negative */
        }
        double step = d / (sqrt(spread) + p->epsilon);
        if (velocity) step = velocity[i] = p->momentum * velocity[i] + step;
        x[i] -= rate * step;
    }
}

/* --- descriptor ------------------------------------------------------------------------------------------ */

static const ken_param rmsprop_params[] = {
    KEN_OPTIM_RATE(ken_rmsprop_params, 1e-5, 0.1, "size of a step of a variable with steady gradients"),
    KEN_OPTIM_KEEP(ken_rmsprop_params, memory, 0.5, 0.999,
                   "memory of the average squared gradient"),
    KEN_OPTIM_KEEP(ken_rmsprop_params, momentum, 0, 0.99,
                   "share of the velocity that is kept; 0: no velocity"),
    KEN_ROW_BOOL(ken_rmsprop_params, centered,
                 .doc = "divide by the standard deviation of the gradients, not by their root mean square"),
    KEN_OPTIM_EPSILON(ken_rmsprop_params),
    KEN_OPTIM_DECAY(ken_rmsprop_params),
    {0}};

static const ken_attr rmsprop_state[] = {
    KEN_OPTIM_V,
    {"mean", KEN_F64, "n", "moving average of the gradient (centered)"},
    {"velocity", KEN_F64, "n", "decaying sum of the scaled gradients (momentum above 0)"},
    {0}};

static const ken_optimizer rmsprop_optimizer = {.uses = rmsprop_uses, .step = rmsprop_step};

static const ken_rmsprop_params rmsprop_defaults = KEN_RMSPROP_DEFAULTS;

const ken_desc ken_rmsprop_desc = {
    .name = "rmsprop",
    .title = "RMSprop: over the recent size",
    .kind = KEN_OPTIMIZER,
    .params = rmsprop_params,
    .defaults = &rmsprop_defaults,
    .params_size = sizeof(ken_rmsprop_params),
    .attrs = rmsprop_state,
    .optimizer = &rmsprop_optimizer,
    .doc = "Gradients divided by their recent size, variable by variable: Adagrad that forgets, "
           "so that steps do not die out.",
    .paper = "Tieleman & Hinton 2012 (lecture 6.5); Graves 2013",
    .peer = "torch.optim.RMSprop",
};

const ken_desc *const ken_rmsprop_things[] = {&ken_rmsprop_desc, NULL};
