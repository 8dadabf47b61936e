/* Adam (Kingma & Ba 2015), algorithm 1; amsgrad: Reddi, Kale & Kumar 2018, algorithm 2. */
#include "ken/optim/adam/adam.h"

#include "ken/optim/optim_step.h"

static bool adam_uses(const void *params, int part) {
    return part < 2 || ((const ken_adam_params *)params)->amsgrad;
}

static void adam_step(const void *params, double rate, int64_t t, int64_t n, double *x, const double *g,
                      double *const *state) {
    const ken_adam_params *p = params;
    const double m_weight = ken__weight_so_far(p->beta1, t);
    const double v_root = sqrt(ken__weight_so_far(p->beta2, t));
    double *m = state[0], *v = state[1], *v_max = state[2];
    for (int64_t i = 0; i < n; i++) {
        const double d = ken__decayed(g[i], p->weight_decay, x[i]);
        m[i] = ken__average(p->beta1, m[i], d);
        double top = v[i] = ken__average(p->beta2, v[i], d * d);
        if (v_max) top = v_max[i] = KEN_MAX(v_max[i], top);
        x[i] -= rate / m_weight * m[i] / (sqrt(top) / v_root + p->epsilon);
    }
}

/* --- descriptor ------------------------------------------------------------------------------------------ */

static const ken_param adam_params[] = {
    KEN_OPTIM_RATE(ken_adam_params, 1e-5, 1, "size of a step of a variable with steady gradients"),
    KEN_OPTIM_BETAS(ken_adam_params),
    KEN_OPTIM_EPSILON(ken_adam_params),
    KEN_OPTIM_DECAY(ken_adam_params),
    KEN_ROW_BOOL(ken_adam_params, amsgrad, .doc = "divide by the largest v so far: steps never grow again"),
    {0}};

static const ken_attr adam_state[] = {
    KEN_OPTIM_M,
    KEN_OPTIM_V,
    {"v_max", KEN_F64, "n", "largest v so far (amsgrad)"},
    {0}};

static const ken_optimizer adam_optimizer = {.uses = adam_uses, .step = adam_step};

static const ken_adam_params adam_defaults = KEN_ADAM_DEFAULTS;

const ken_desc ken_adam_desc = {
    .name = "adam",
    .title = "Adam: adaptive moments",
    .kind = KEN_OPTIMIZER,
    .params = adam_params,
    .defaults = &adam_defaults,
    .params_size = sizeof(ken_adam_params),
    .attrs = adam_state,
    .optimizer = &adam_optimizer,
    .doc = "The average gradient over its root mean square, both of recent steps and corrected "
           "for their start at 0: steps of about learning_rate whatever the scale. The first "
           "thing to try on a network; SGD with momentum often ends better.",
    .paper = "Kingma & Ba 2015 (ICLR); Reddi et al. 2018 (ICLR)",
    .peer = "torch.optim.Adam",
};

const ken_desc *const ken_adam_things[] = {&ken_adam_desc, NULL};
