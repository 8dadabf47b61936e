/* Lion (Chen et al. 2023), program 1: every variable moves by the same step, in the direction of the sign of an
 * average of gradients. */
#include "ken/optim/lion/lion.h"

#include "ken/optim/optim_step.h"

static void lion_step(const void *params, double rate, int64_t t, int64_t n, double *x, const double *g,
                      double *const *state) {
    const ken_lion_params *p = params;
    double *m = state[0];
    (void)t;
    for (int64_t i = 0; i < n; i++) {
        const double direction = ken__sign(ken__average(p->beta1, m[i], g[i]));
        x[i] -= rate * (direction + p->weight_decay * x[i]);
        m[i] = ken__average(p->beta2, m[i], g[i]);
    }
}

/* --- descriptor ------------------------------------------------------------------------------------------ */

static const ken_param lion_params[] = {
    KEN_OPTIM_RATE(ken_lion_params, 1e-6, 0.1, "size of every step"),
    KEN_OPTIM_KEEP(ken_lion_params, beta1, 0.5, 0.99,
                   "weight of the average in the direction"),
    KEN_OPTIM_KEEP(ken_lion_params, beta2, 0.5, 0.999,
                   "memory of the average"),
    KEN_ROW_F64(ken_lion_params, weight_decay, .min = 0, .max = 1e9, .lo = 1e-3, .hi = 1, .scale = KEN_LOG_SCALE,
                .doc = "variables shrink by the share learning_rate * weight_decay a step, apart from the gradient"),
    {0}};

static const ken_attr lion_state[] = {
    KEN_OPTIM_M,
    {0}};

static const ken_optimizer lion_optimizer = {.step = lion_step};

static const ken_lion_params lion_defaults = KEN_LION_DEFAULTS;

const ken_desc ken_lion_desc = {
    .name = "lion",
    .title = "Lion: signs of an average",
    .kind = KEN_OPTIMIZER,
    .params = lion_params,
    .defaults = &lion_defaults,
    .params_size = sizeof(ken_lion_params),
    .attrs = lion_state,
    .optimizer = &lion_optimizer,
    .doc = "Only signs: every variable moves by learning_rate, up or down. Half the memory of "
           "Adam; it wants a rate some three to ten times smaller, and large batches.",
    .paper = "Chen et al. 2023 (NeurIPS)",
    .peer = "lion-pytorch",
};

const ken_desc *const ken_lion_things[] = {&ken_lion_desc, NULL};
