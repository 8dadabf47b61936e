/* Linear models by gradient descent: of all rows, of a row, or of some rows at a time, with any optimizer. */
#ifndef KEN_LINEAR_SGD_SGD_H
#define KEN_LINEAR_SGD_SGD_H

#include "ken/core/model.h"

KEN_BEGIN_C

enum { KEN_SGD_GD = 0, KEN_SGD_MOMENTUM, KEN_SGD_NESTEROV, KEN_SGD_ADAGRAD, KEN_SGD_ADADELTA, KEN_SGD_RMSPROP,
       KEN_SGD_ADAM, KEN_SGD_ADAMW, KEN_SGD_ADAMAX, KEN_SGD_NADAM, KEN_SGD_RADAM, KEN_SGD_LION, KEN_SGD_RPROP,
       KEN_SGD_ASGD };
enum { KEN_SGD_CONSTANT = 0, KEN_SGD_INVERSE, KEN_SGD_COSINE };
enum { KEN_SGD_EPOCH = 0, KEN_SGD_UPDATE };
enum { KEN_SGD_START_MEAN = 0, KEN_SGD_START_ZERO };

typedef struct ken_sgd_params {
    int loss;      /* KEN_SGD_AUTO, _SQUARED, _HUBER, _LOGISTIC, _HINGE: sgd_loss.h */
    double delta;
    int optimizer; /* KEN_SGD_GD ... */
    const char *optimizer_settings;
    double learning_rate;
    int schedule;  /* KEN_SGD_CONSTANT ... */
    double decay;
    int64_t batch_rows, epochs;
    int step_unit; /* KEN_SGD_EPOCH, KEN_SGD_UPDATE */
    double l1, l2;
    bool fit_intercept, shuffle;
    int start;     /* KEN_SGD_START_* */
    double tol;
    int64_t patience;
    double validation_fraction, min_delta;
} ken_sgd_params;

#define KEN_SGD_DEFAULTS                                                                       \
    {.optimizer_settings = "", .delta = 1, .schedule = KEN_SGD_COSINE, .decay = 0.1,           \
     .batch_rows = 32, .epochs = 100, .fit_intercept = true, .shuffle = true, .tol = 1e-8,     \
     .validation_fraction = 0.1}

extern KEN_API const ken_desc ken_sgd_desc;
KEN_DEFINE_NEW(sgd)

KEN_END_C

#endif
