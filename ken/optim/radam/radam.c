/* RAdam (Liu et al. 2020), algorithm 2: Adam, but while v rests on too few gradients to be trusted the step is that
 * of momentum, and then it is shortened by how uncertain v still is: a warm-up that needs no setting. */
#include "ken/optim/radam/radam.h"

#include "ken/optim/optim_step.h"

/* How much of the step of Adam may be trusted, 0: nothing (rho: the length of the average so far). */
static double radam_trust(double beta2, int64_t t) {
    const double most = 2 / (1 - beta2) - 1, power = ken_pow(beta2, (double)t);
    const double rho = most - 2 * (double)t * power / (1 - power);
    if (rho <= 5) return 0;
    return sqrt((rho - 4) * (rho - 2) * most / ((most - 4) * (most - 2) * rho));
}

static void radam_step(const void *params, double rate, int64_t t, int64_t n, double *x, const double *g,
                       double *const *state) {
    const ken_radam_params *p = params;
    const double now = rate / ken__weight_so_far(p->beta1, t), trust = radam_trust(p->beta2, t);
    const double v_root = sqrt(ken__weight_so_far(p->beta2, t));
    double *m = state[0], *v = state[1];
    for (int64_t i = 0; i < n; i++) {
        const double d = ken__decayed(g[i], p->weight_decay, x[i]);
        m[i] = ken__average(p->beta1, m[i], d);
        v[i] = ken__average(p->beta2, v[i], d * d);
        x[i] -= now * m[i] * (trust > 0 ? trust * v_root / (sqrt(v[i]) + p->epsilon) : 1);
    }
}

/* --- descriptor ------------------------------------------------------------------------------------------ */

static const ken_param radam_params[] = {
    KEN_OPTIM_RATE(ken_radam_params, 1e-5, 1, "size of a step of a variable with steady gradients"),
    KEN_OPTIM_BETAS(ken_radam_params),
    KEN_OPTIM_EPSILON(ken_radam_params),
    KEN_OPTIM_DECAY(ken_radam_params),
    {0}};

static const ken_attr radam_state[] = {
    KEN_OPTIM_M,
    KEN_OPTIM_V,
    {0}};

static const ken_optimizer radam_optimizer = {.step = radam_step};

static const ken_radam_params radam_defaults = KEN_RADAM_DEFAULTS;

const ken_desc ken_radam_desc = {
    .name = "radam",
    .title = "RAdam: Adam that warms up by itself",
    .kind = KEN_OPTIMIZER,
    .params = radam_params,
    .defaults = &radam_defaults,
    .params_size = sizeof(ken_radam_params),
    .attrs = radam_state,
    .optimizer = &radam_optimizer,
    .doc = "Adam that warms up by itself: it begins as momentum and trusts the squared gradients "
           "only as far as their number allows.",
    .paper = "Liu et al. 2020 (ICLR)",
    .peer = "torch.optim.RAdam",
};

const ken_desc *const ken_radam_things[] = {&ken_radam_desc, NULL};
