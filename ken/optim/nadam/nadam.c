/* Nadam (Dozat 2016): Adam that looks ahead as Nesterov's momentum does, with a momentum that grows slowly. */
#include "ken/optim/nadam/nadam.h"

#include "ken/optim/optim_step.h"

static void nadam_begin(const void *params, double rate, int64_t n, double *const *state) {
    (void)params, (void)rate, (void)n;
    *state[2] = 1;
}

static double nadam_momentum(const ken_nadam_params *p, int64_t t) {
    return p->beta1 * (1 - 0.5 * ken_pow(0.96, (double)t * p->momentum_decay));
}

static void nadam_advance(const void *params, int64_t t, double *const *state) {
    *state[2] *= nadam_momentum(params, t);
}

static void nadam_step(const void *params, double rate, int64_t t, int64_t n, double *x, const double *g,
                       double *const *state) {
    const ken_nadam_params *p = params;
    const double now = nadam_momentum(p, t), next = nadam_momentum(p, t + 1), product = *state[2];
    const double of_g = rate * (1 - now) / (1 - product), of_m = rate * next / (1 - product * next);
    const double v_weight = ken__weight_so_far(p->beta2, t);
    double *m = state[0], *v = state[1];
    for (int64_t i = 0; i < n; i++) {
        const double d = ken__decayed(g[i], p->weight_decay, x[i]);
        m[i] = ken__average(p->beta1, m[i], d);
        v[i] = ken__average(p->beta2, v[i], d * d);
        x[i] -= (of_g * d + of_m * m[i]) / (sqrt(v[i] / v_weight) + p->epsilon);
    }
}

/* --- descriptor ------------------------------------------------------------------------------------------ */

static const ken_param nadam_params[] = {
    KEN_OPTIM_RATE(ken_nadam_params, 1e-5, 1, "size of a step of a variable with steady gradients"),
    KEN_OPTIM_BETAS(ken_nadam_params),
    KEN_OPTIM_EPSILON(ken_nadam_params),
    KEN_OPTIM_DECAY(ken_nadam_params),
    KEN_ROW_F64(ken_nadam_params, momentum_decay, .min = 0, .max = 1e9,
                .doc = "how fast beta1 grows from half its value: beta1 (1 - 0.96^(t momentum_decay) / 2)"),
    {0}};

static const ken_attr nadam_state[] = {
    KEN_OPTIM_M,
    KEN_OPTIM_V,
    {"product", KEN_F64, "", "product of the momenta so far"},
    {0}};

static const ken_optimizer nadam_optimizer = {.begin = nadam_begin, .advance = nadam_advance, .step = nadam_step};

static const ken_nadam_params nadam_defaults = KEN_NADAM_DEFAULTS;

const ken_desc ken_nadam_desc = {
    .name = "nadam",
    .title = "Nadam: Adam that looks ahead",
    .kind = KEN_OPTIMIZER,
    .params = nadam_params,
    .defaults = &nadam_defaults,
    .params_size = sizeof(ken_nadam_params),
    .attrs = nadam_state,
    .optimizer = &nadam_optimizer,
    .doc = "Adam with Nesterov's look ahead: the present gradient counts at once, not only "
           "through the average.",
    .paper = "Dozat 2016 (ICLR workshop)",
    .peer = "torch.optim.NAdam",
};

const ken_desc *const ken_nadam_things[] = {&ken_nadam_desc, NULL};
