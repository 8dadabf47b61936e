/* AdamW (Loshchilov & Hutter 2019), algorithm 2: Adam with the decay of weights apart from the gradient, which
 * Adam would divide by its size. */
#include "ken/optim/adamw/adamw.h"

#include "ken/optim/optim_step.h"

static void adamw_step(const void *params, double rate, int64_t t, int64_t n, double *x, const double *g,
                       double *const *state) {
    const ken_adamw_params *p = params;
    const double m_weight = ken__weight_so_far(p->beta1, t);
    const double v_root = sqrt(ken__weight_so_far(p->beta2, t));
    double *m = state[0], *v = state[1];
    for (int64_t i = 0; i < n; i++) {
        m[i] = ken__average(p->beta1, m[i], g[i]);
        v[i] = ken__average(p->beta2, v[i], g[i] * g[i]);
        x[i] -= rate * p->weight_decay * x[i];
        x[i] -= rate / m_weight * m[i] / (sqrt(v[i]) / v_root + p->epsilon);
    }
}

/* --- descriptor ------------------------------------------------------------------------------------------ */

static const ken_param adamw_params[] = {
    KEN_OPTIM_RATE(ken_adamw_params, 1e-5, 1, "size of a step of a variable with steady gradients"),
    KEN_OPTIM_BETAS(ken_adamw_params),
    KEN_OPTIM_EPSILON(ken_adamw_params),
    KEN_ROW_F64(ken_adamw_params, weight_decay, .min = 0, .max = 1e9, .lo = 1e-4, .hi = 0.3, .scale = KEN_LOG_SCALE,
                .doc = "variables shrink by the share learning_rate * weight_decay a step, apart from the gradient"),
    {0}};

static const ken_attr adamw_state[] = {
    KEN_OPTIM_M,
    KEN_OPTIM_V,
    {0}};

static const ken_optimizer adamw_optimizer = {.step = adamw_step};

static const ken_adamw_params adamw_defaults = KEN_ADAMW_DEFAULTS;

const ken_desc ken_adamw_desc = {
    .name = "adamw",
    .title = "AdamW: Adam with decay apart",
    .kind = KEN_OPTIMIZER,
    .params = adamw_params,
    .defaults = &adamw_defaults,
    .params_size = sizeof(ken_adamw_params),
    .attrs = adamw_state,
    .optimizer = &adamw_optimizer,
    .doc = "Adam with weight decay that acts on the weights, not through the gradient: the usual "
           "choice for transformers.",
    .paper = "Loshchilov & Hutter 2019 (ICLR)",
    .peer = "torch.optim.AdamW",
};

const ken_desc *const ken_adamw_things[] = {&ken_adamw_desc, NULL};
