/* Momentum (Polyak 1964): steps add up where gradients agree and cancel where they swing.
 *     velocity := momentum velocity + (1 - dampening) g;    x := x - learning_rate velocity
 * The first gradient enters whole. */
#include "ken/optim/momentum/momentum.h"

#include "ken/optim/optim_step.h"

static void momentum_step(const void *params, double rate, int64_t t, int64_t n, double *x, const double *g,
                          double *const *state) {
    const ken_momentum_params *p = params;
    const double enter = t == 1 ? 1 : 1 - p->dampening;
    double *v = state[0];
    for (int64_t i = 0; i < n; i++) {
        v[i] = p->momentum * v[i] + enter * ken__decayed(g[i], p->weight_decay, x[i]);
        x[i] -= rate * v[i];
    }
}

/* --- descriptor ------------------------------------------------------------------------------------------ */

static const ken_param momentum_params[] = {
    KEN_OPTIM_RATE(ken_momentum_params, 1e-4, 1, "length of the step per unit of velocity"),
    KEN_OPTIM_KEEP(ken_momentum_params, momentum, 0.5, 0.99,
                   "share of the velocity that is kept"),
    KEN_ROW_F64(ken_momentum_params, dampening, .min = 0, .max = 1,
                .doc = "share of each gradient that does not enter the velocity"),
    KEN_OPTIM_DECAY(ken_momentum_params),
    {0}};

static const ken_attr momentum_state[] = {
    {"velocity", KEN_F64, "n", "decaying sum of the gradients"},
    {0}};

static const ken_optimizer momentum_optimizer = {.step = momentum_step};

static const ken_momentum_params momentum_defaults = KEN_MOMENTUM_DEFAULTS;

const ken_desc ken_momentum_desc = {
    .name = "momentum",
    .title = "Momentum: the heavy ball",
    .kind = KEN_OPTIMIZER,
    .params = momentum_params,
    .defaults = &momentum_defaults,
    .params_size = sizeof(ken_momentum_params),
    .attrs = momentum_state,
    .optimizer = &momentum_optimizer,
    .doc = "Gradient descent with inertia: gradients that agree add up to steps 1 / (1 - "
           "momentum) times as long, those that swing cancel. It overshoots and returns where gd "
           "would crawl.",
    .paper = "Polyak 1964 (USSR Comp. Math.)",
    .peer = "torch.optim.SGD(momentum)",
};

const ken_desc *const ken_momentum_things[] = {&ken_momentum_desc, NULL};
