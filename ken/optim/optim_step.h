/* What optimizers share: rows of their descriptors, and the arithmetic of decay and of moving averages.
 * For the sources of this room. */
#ifndef KEN_OPTIM_OPTIM_STEP_H
#define KEN_OPTIM_OPTIM_STEP_H

#include "ken/kernels/elementary.h"
#include "ken/optim/optim.h"

/* --- arithmetic ---------------------------------------------------------------------------------------- */
/* The gradient with that of the penalty decay / 2 x^2. */
static inline double ken__decayed(double g, double decay, double x) { return g + decay * x; }
/* An exponential moving average of mean age 1 / (1 - keep); 1 - keep^t is its weight so far. */
static inline double ken__average(double keep, double old, double now) {
    return keep * old + (1 - keep) * now;
}
static inline double ken__weight_so_far(double keep, int64_t t) { return 1 - ken_pow(keep, (double)t); }
static inline double ken__sign(double x) { return (x > 0) - (x < 0); }

/* --- rows ---------------------------------------------------------------------------------------------- */
#define KEN_OPTIM_RATE(params_t, low, high, text)                                                  \
    KEN_ROW_F64(params_t, learning_rate, .min = 0, .max = 1e9, .lo = low, .hi = high,              \
                .scale = KEN_LOG_SCALE, .doc = text)
#define KEN_OPTIM_DECAY(params_t)                                                                  \
    KEN_ROW_F64(params_t, weight_decay, .min = 0, .max = 1e9,                                      \
                .doc = "adds weight_decay * x to the gradient: a penalty on the squared length")
#define KEN_OPTIM_KEEP(params_t, field, low, high, text)                                           \
    KEN_ROW_F64(params_t, field, .min = 0, .max = 0.9999999999999999, .lo = low, .hi = high, .doc = text)
#define KEN_OPTIM_EPSILON(params_t)                                                                \
    KEN_ROW_F64(params_t, epsilon, .min = 0, .open_min = true, .max = 1e9,                         \
                .doc = "added to what is divided by, so that it is never 0")
#define KEN_OPTIM_BETAS(params_t)                                                                  \
    KEN_OPTIM_KEEP(params_t, beta1, 0.5, 0.99, "memory of the average gradient, m"),               \
    KEN_OPTIM_KEEP(params_t, beta2, 0.9, 0.9999, "memory of the average squared gradient, v")

#define KEN_OPTIM_M {"m", KEN_F64, "n", "moving average of the gradient"}
#define KEN_OPTIM_V {"v", KEN_F64, "n", "moving average of the squared gradient"}

#endif
