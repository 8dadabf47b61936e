/* Adamax (Kingma & Ba 2015), algorithm 2: Adam with the largest recent gradient in place of the root mean square. */
#include "ken/optim/adamax/adamax.h"

#include "ken/optim/optim_step.h"

static void adamax_step(const void *params, double rate, int64_t t, int64_t n, double *x, const double *g,
                        double *const *state) {
    const ken_adamax_params *p = params;
    const double now = rate / ken__weight_so_far(p->beta1, t);
    double *m = state[0], *u = state[1];
    for (int64_t i = 0; i < n; i++) {
        const double d = ken__decayed(g[i], p->weight_decay, x[i]);
        m[i] = ken__average(p->beta1, m[i], d);
        u[i] = KEN_MAX(p->beta2 * u[i], fabs(d) + p->epsilon);
        x[i] -= now * m[i] / u[i];
    }
}

/* --- descriptor ------------------------------------------------------------------------------------------ */

static const ken_param adamax_params[] = {
    KEN_OPTIM_RATE(ken_adamax_params, 1e-5, 1, "size of a step of a variable with steady gradients"),
    KEN_OPTIM_KEEP(ken_adamax_params, beta1, 0.5, 0.99,
                   "memory of the average gradient, m"),
    KEN_OPTIM_KEEP(ken_adamax_params, beta2, 0.9, 0.9999,
                   "memory of the largest gradient, u"),
    KEN_OPTIM_EPSILON(ken_adamax_params),
    KEN_OPTIM_DECAY(ken_adamax_params),
    {0}};

static const ken_attr adamax_state[] = {
    KEN_OPTIM_M,
    {"u", KEN_F64, "n", "decaying maximum of the absolute gradient"},
    {0}};

static const ken_optimizer adamax_optimizer = {.step = adamax_step};

static const ken_adamax_params adamax_defaults = KEN_ADAMAX_DEFAULTS;

const ken_desc ken_adamax_desc = {
    .name = "adamax",
    .title = "Adamax: Adam by the largest gradient",
    .kind = KEN_OPTIMIZER,
    .params = adamax_params,
    .defaults = &adamax_defaults,
    .params_size = sizeof(ken_adamax_params),
    .attrs = adamax_state,
    .optimizer = &adamax_optimizer,
    .doc = "Adam with the decaying maximum of the gradient in place of its root mean square: a "
           "step never exceeds learning_rate.",
    .paper = "Kingma & Ba 2015 (ICLR), section 7.1",
    .peer = "torch.optim.Adamax",
};

const ken_desc *const ken_adamax_things[] = {&ken_adamax_desc, NULL};
