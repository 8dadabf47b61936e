/* Adagrad (Duchi, Hazan & Singer 2011): every variable has a step of its own, the shorter the more its
 * gradients have added up to. */
#include "ken/optim/adagrad/adagrad.h"

#include "ken/optim/optim_step.h"

static void adagrad_begin(const void *params, double rate, int64_t n, double *const *state) {
    const ken_adagrad_params *p = params;
    (void)rate;
    for (int64_t i = 0; i < n; i++) state[0][i] = p->initial;
}

static void adagrad_step(const void *params, double rate, int64_t t, int64_t n, double *x, const double *g,
                         double *const *state) {
    const ken_adagrad_params *p = params;
    const double now = rate / (1 + (double)(t - 1) * p->rate_decay);
    double *sum = state[0];
    for (int64_t i = 0; i < n; i++) {
        const double d = ken__decayed(g[i], p->weight_decay, x[i]);
        sum[i] += d * d;
        x[i] -= now * d / (sqrt(sum[i]) + p->epsilon);
    }
}

/* --- descriptor ------------------------------------------------------------------------------------------ */

static const ken_param adagrad_params[] = {
    KEN_OPTIM_RATE(ken_adagrad_params, 1e-3, 1, "step of a variable before its gradients have added up"),
    KEN_ROW_F64(ken_adagrad_params, rate_decay, .min = 0, .max = 1e9,
                .doc = "the rate of step t is divided by 1 + (t - 1) rate_decay"),
    KEN_ROW_F64(ken_adagrad_params, initial, .min = 0, .max = 1e9,
                .doc = "what the sums of squares start from"),
    KEN_OPTIM_EPSILON(ken_adagrad_params),
    KEN_OPTIM_DECAY(ken_adagrad_params),
    {0}};

static const ken_attr adagrad_state[] = {
    {"sum", KEN_F64, "n", "sum of the squared gradients"},
    {0}};

static const ken_optimizer adagrad_optimizer = {.begin = adagrad_begin, .step = adagrad_step};

static const ken_adagrad_params adagrad_defaults = KEN_ADAGRAD_DEFAULTS;

const ken_desc ken_adagrad_desc = {
    .name = "adagrad",
    .title = "Adagrad: a step for each variable",
    .kind = KEN_OPTIMIZER,
    .params = adagrad_params,
    .defaults = &adagrad_defaults,
    .params_size = sizeof(ken_adagrad_params),
    .attrs = adagrad_state,
    .optimizer = &adagrad_optimizer,
    .doc = "A step for each variable, divided by the root of the sum of its squared gradients: "
           "rare features keep long steps. Steps only ever shrink, so that it may stop before it "
           "arrives.",
    .paper = "Duchi, Hazan & Singer 2011 (JMLR)",
    .peer = "torch.optim.Adagrad",
};

const ken_desc *const ken_adagrad_things[] = {&ken_adagrad_desc, NULL};
