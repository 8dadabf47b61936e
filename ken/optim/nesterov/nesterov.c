/* Nesterov's accelerated gradient (Nesterov 1983) in the form of Sutskever et al. 2013, with x the point
 * where the next gradient is taken: the velocity is applied once more in advance.
 *     velocity := momentum velocity + g;    x := x - learning_rate (g + momentum velocity) */
#include "ken/optim/nesterov/nesterov.h"

#include "ken/optim/optim_step.h"

static void nesterov_step(const void *params, double rate, int64_t t, int64_t n, double *x, const double *g,
                          double *const *state) {
    const ken_nesterov_params *p = params;
    double *v = state[0];
    (void)t;
    for (int64_t i = 0; i < n; i++) {
        const double d = ken__decayed(g[i], p->weight_decay, x[i]);
        v[i] = p->momentum * v[i] + d;
        x[i] -= rate * (d + p->momentum * v[i]);
    }
}

/* --- descriptor ------------------------------------------------------------------------------------------ */

static const ken_param nesterov_params[] = {
    KEN_OPTIM_RATE(ken_nesterov_params, 1e-4, 1, "length of the step per unit of velocity"),
    KEN_OPTIM_KEEP(ken_nesterov_params, momentum, 0.5, 0.99,
                   "share of the velocity that is kept"),
    KEN_OPTIM_DECAY(ken_nesterov_params),
    {0}};

static const ken_attr nesterov_state[] = {
    {"velocity", KEN_F64, "n", "decaying sum of the gradients"},
    {0}};

static const ken_optimizer nesterov_optimizer = {.step = nesterov_step};

static const ken_nesterov_params nesterov_defaults = KEN_NESTEROV_DEFAULTS;

const ken_desc ken_nesterov_desc = {
    .name = "nesterov",
    .title = "Nesterov momentum: looks ahead",
    .kind = KEN_OPTIMIZER,
    .params = nesterov_params,
    .defaults = &nesterov_defaults,
    .params_size = sizeof(ken_nesterov_params),
    .attrs = nesterov_state,
    .optimizer = &nesterov_optimizer,
    .doc = "Momentum that looks ahead: the gradient is taken where the velocity is about to "
           "lead, so that it brakes before it overshoots.",
    .paper = "Nesterov 1983; Sutskever et al. 2013 (ICML)",
    .peer = "torch.optim.SGD(nesterov)",
};

const ken_desc *const ken_nesterov_things[] = {&ken_nesterov_desc, NULL};
