/* Averaged stochastic gradient descent (Polyak & Juditsky 1992; Ruppert 1988), with the falling rate of Bottou 2010:
 * beside x, which keeps jumping with the noise, the average of where it has been. */
#include "ken/optim/asgd/asgd.h"

#include "ken/optim/optim_step.h"

static void asgd_step(const void *params, double rate, int64_t t, int64_t n, double *x, const double *g,
                      double *const *state) {
    const ken_asgd_params *p = params;
    const double done = (double)(t - 1);
    const double now = rate / ken_pow(1 + p->rate_decay * rate * done, p->power);
    const double share = 1 / KEN_MAX(1, done - p->start);
    double *average = state[0];
    for (int64_t i = 0; i < n; i++) {
        const double d = ken__decayed(g[i], p->weight_decay, x[i]);
        x[i] = x[i] * (1 - p->rate_decay * now) - now * d;
        average[i] = share < 1 ? average[i] + (x[i] - average[i]) * share : x[i];
    }
}

/* --- descriptor ------------------------------------------------------------------------------------------ */

static const ken_param asgd_params[] = {
    KEN_OPTIM_RATE(ken_asgd_params, 1e-4, 1, "length of the step per unit of gradient, at first"),
    KEN_ROW_F64(ken_asgd_params, rate_decay, .min = 0, .max = 1e9,
                .doc = "the rate of step t is divided by (1 + rate_decay * learning_rate (t - 1))^power; variables also shrink by it"),
    KEN_ROW_F64(ken_asgd_params, power, .min = 0, .max = 1,
                .doc = "how fast the rate falls"),
    KEN_ROW_F64(ken_asgd_params, start, .min = 0, .max = 1e15,
                .doc = "steps before the averaging begins"),
    KEN_OPTIM_DECAY(ken_asgd_params),
    {0}};

static const ken_attr asgd_state[] = {
    {"average", KEN_F64, "n", "average of the points since start"},
    {0}};

static const ken_optimizer asgd_optimizer = {.step = asgd_step};

static const ken_asgd_params asgd_defaults = KEN_ASGD_DEFAULTS;

const ken_desc ken_asgd_desc = {
    .name = "asgd",
    .title = "Averaged gradient descent",
    .kind = KEN_OPTIMIZER,
    .params = asgd_params,
    .defaults = &asgd_defaults,
    .params_size = sizeof(ken_asgd_params),
    .attrs = asgd_state,
    .optimizer = &asgd_optimizer,
    .doc = "Gradient descent whose answer is the average of its points: noise cancels in it, and "
           "it is as good as a second-order method in the long run. The state 'average' is the "
           "answer; x itself keeps jumping.",
    .paper = "Polyak & Juditsky 1992 (SIAM J. Control Optim.)",
    .peer = "torch.optim.ASGD",
};

const ken_desc *const ken_asgd_things[] = {&ken_asgd_desc, NULL};
