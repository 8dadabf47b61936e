/* Adadelta (Zeiler 2012), algorithm 1: the step is the size of recent steps over that of recent gradients, so
 * that it has the unit of x, and no rate to choose. */
#include "ken/optim/adadelta/adadelta.h"

#include "ken/optim/optim_step.h"

static void adadelta_step(const void *params, double rate, int64_t t, int64_t n, double *x, const double *g,
                          double *const *state) {
    const ken_adadelta_params *p = params;
    double *v = state[0], *u = state[1];
    (void)t;
    for (int64_t i = 0; i < n; i++) {
        const double d = ken__decayed(g[i], p->weight_decay, x[i]);
        v[i] = ken__average(p->memory, v[i], d * d);
        const double step = sqrt(u[i] + p->epsilon) / sqrt(v[i] + p->epsilon) * d;
        u[i] = ken__average(p->memory, u[i], step * step);
        x[i] -= rate * step;
    }
}

/* --- descriptor ------------------------------------------------------------------------------------------ */

static const ken_param adadelta_params[] = {
    KEN_OPTIM_RATE(ken_adadelta_params, 1e-2, 10, "factor on the step that the method finds by itself"),
    KEN_OPTIM_KEEP(ken_adadelta_params, memory, 0.5, 0.99,
                   "memory of both averages"),
    KEN_OPTIM_EPSILON(ken_adadelta_params),
    KEN_OPTIM_DECAY(ken_adadelta_params),
    {0}};

static const ken_attr adadelta_state[] = {
    KEN_OPTIM_V,
    {"u", KEN_F64, "n", "moving average of the squared steps"},
    {0}};

static const ken_optimizer adadelta_optimizer = {.step = adadelta_step};

static const ken_adadelta_params adadelta_defaults = KEN_ADADELTA_DEFAULTS;

const ken_desc ken_adadelta_desc = {
    .name = "adadelta",
    .title = "Adadelta: steps without a rate",
    .kind = KEN_OPTIMIZER,
    .params = adadelta_params,
    .defaults = &adadelta_defaults,
    .params_size = sizeof(ken_adadelta_params),
    .attrs = adadelta_state,
    .optimizer = &adadelta_optimizer,
    .doc = "No learning rate to choose: the step is the size of recent steps over the size of "
           "recent gradients. It starts very slowly, because the first steps are of the size of "
           "the root of epsilon.",
    .paper = "Zeiler 2012 (arXiv:1212.5701)",
    .peer = "torch.optim.Adadelta",
};

const ken_desc *const ken_adadelta_things[] = {&ken_adadelta_desc, NULL};
