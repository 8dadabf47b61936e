/* Logistic regression: two classes, or more (softmax), with a penalty on the squared coefficients. */
#ifndef KEN_LINEAR_LOGISTIC_LOGISTIC_H
#define KEN_LINEAR_LOGISTIC_LOGISTIC_H

#include "ken/core/model.h"

KEN_BEGIN_C

enum { KEN_LOGISTIC_AUTO = 0, KEN_LOGISTIC_NEWTON, KEN_LOGISTIC_LBFGS };
enum { KEN_LOGISTIC_NONE = 0, KEN_LOGISTIC_BALANCED };

typedef struct ken_logistic_params {
    double l2;
    bool fit_intercept;
    int class_weight; /* KEN_LOGISTIC_NONE, KEN_LOGISTIC_BALANCED */
    int solver;       /* KEN_LOGISTIC_AUTO ... */
    int64_t max_iter;
    double tol;
} ken_logistic_params;

#define KEN_LOGISTIC_DEFAULTS                                                            \
    {.l2 = 1, .fit_intercept = true, .class_weight = KEN_LOGISTIC_NONE,                  \
     .solver = KEN_LOGISTIC_AUTO, .max_iter = 500, .tol = 1e-8}

extern KEN_API const ken_desc ken_logistic_desc;
KEN_DEFINE_NEW(logistic)

KEN_END_C

#endif
