/* Gradient descent (Cauchy 1847): x := x - learning_rate g. With the gradient of all rows it is GD, with that of
 * a row or of a few drawn at random SGD (Robbins & Monro 1951): the step is the same. */
#include "ken/optim/gd/gd.h"

#include "ken/optim/optim_step.h"

static void gd_step(const void *params, double rate, int64_t t, int64_t n, double *x, const double *g,
                    double *const *state) {
    const ken_gd_params *p = params;
    (void)t, (void)state;
    for (int64_t i = 0; i < n; i++) x[i] -= rate * ken__decayed(g[i], p->weight_decay, x[i]);
}

/* --- descriptor ------------------------------------------------------------------------------------------ */

static const ken_param gd_params[] = {
    KEN_OPTIM_RATE(ken_gd_params, 1e-4, 1, "length of the step per unit of gradient"),
    KEN_OPTIM_DECAY(ken_gd_params),
    {0}};

static const ken_optimizer gd_optimizer = {.step = gd_step};

static const ken_gd_params gd_defaults = KEN_GD_DEFAULTS;

const ken_desc ken_gd_desc = {
    .name = "gd",
    .title = "Gradient descent, also the step of SGD",
    .kind = KEN_OPTIMIZER,
    .params = gd_params,
    .defaults = &gd_defaults,
    .params_size = sizeof(ken_gd_params),
    .optimizer = &gd_optimizer,
    .doc = "A step down the slope, in proportion to it. Without memory: in narrow valleys it "
           "crosses from side to side. It is also the step of SGD, which differs by its gradient "
           "alone (that of a few rows; see the model sgd).",
    .paper = "Cauchy 1847; Robbins & Monro 1951",
    .peer = "torch.optim.SGD",
};

const ken_desc *const ken_gd_things[] = {&ken_gd_desc, NULL};
