/* Gradient-boosted trees: Newton boosting on histograms, leaf by leaf. What, when, the maths:
 * boosting.md. Read next: boosting.c (the rounds), boosting_begin.c, ken/boosting/boosting_grow.h. */
#ifndef KEN_BOOSTING_BOOSTING_H
#define KEN_BOOSTING_BOOSTING_H

#include "ken/core/model.h"

KEN_BEGIN_C

typedef enum ken_boosting_growth {
    KEN_BOOSTING_LEAFWISE = 0,
    KEN_BOOSTING_DEPTHWISE,
    KEN_BOOSTING_OBLIVIOUS
} ken_boosting_growth;

typedef enum ken_boosting_loss {
    KEN_BOOSTING_LOSS_AUTO = 0,
    KEN_BOOSTING_SQUARED,
    KEN_BOOSTING_ABSOLUTE,
    KEN_BOOSTING_HUBER,
    KEN_BOOSTING_QUANTILE,
    KEN_BOOSTING_POISSON,
    KEN_BOOSTING_LOGISTIC,
    KEN_BOOSTING_SOFTMAX,
    KEN_BOOSTING_EXPECTILE,
    KEN_BOOSTING_GAMMA,
    KEN_BOOSTING_TWEEDIE,
    KEN_BOOSTING_CROSS_ENTROPY,
    KEN_BOOSTING_LAMBDARANK,
    KEN_BOOSTING_XENDCG,
    KEN_BOOSTING_COX,
    KEN_BOOSTING_AFT
} ken_boosting_loss;

typedef enum ken_boosting_cox_ties { KEN_BOOSTING_COX_EFRON = 0, KEN_BOOSTING_COX_BRESLOW } ken_boosting_cox_ties;

typedef enum ken_boosting_aft_law {
    KEN_BOOSTING_AFT_NORMAL = 0,
    KEN_BOOSTING_AFT_LOGISTIC,
    KEN_BOOSTING_AFT_EXTREME
} ken_boosting_aft_law;

typedef enum ken_boosting_link {
    KEN_BOOSTING_LINK_IDENTITY = 0,
    KEN_BOOSTING_LINK_LOG,
    KEN_BOOSTING_LINK_LOGIT
} ken_boosting_link;

typedef enum ken_boosting_class_weight {
    KEN_BOOSTING_CLASS_WEIGHT_NONE = 0,
    KEN_BOOSTING_CLASS_WEIGHT_BALANCED
} ken_boosting_class_weight;

typedef enum ken_boosting_stop {
    KEN_BOOSTING_STOP_AUTO = 0,
    KEN_BOOSTING_STOP_OFF,
    KEN_BOOSTING_STOP_ON
} ken_boosting_stop;

typedef enum ken_boosting_stop_by { KEN_BOOSTING_STOP_BY_ANY = 0, KEN_BOOSTING_STOP_BY_FIRST } ken_boosting_stop_by;

typedef enum ken_boosting_drop_scale {
    KEN_BOOSTING_DROP_TREE = 0,
    KEN_BOOSTING_DROP_FOREST
} ken_boosting_drop_scale;

typedef enum ken_boosting_sampling {
    KEN_BOOSTING_UNIFORM = 0,
    KEN_BOOSTING_GOSS,
    KEN_BOOSTING_MVS
} ken_boosting_sampling;

typedef enum ken_boosting_leaf_rows { KEN_BOOSTING_LEAF_ROWS_ALL = 0, KEN_BOOSTING_LEAF_ROWS_SAMPLE } ken_boosting_leaf_rows;

typedef enum ken_boosting_leaves { KEN_BOOSTING_SCALAR = 0, KEN_BOOSTING_VECTOR } ken_boosting_leaves;

/* Auto: linear with squared errors and with classes, where nothing else speaks against it. */
typedef enum ken_boosting_linear_leaves {
    KEN_BOOSTING_LINEAR_OFF = 0,
    KEN_BOOSTING_LINEAR_ON,
    KEN_BOOSTING_LINEAR_AUTO
} ken_boosting_linear_leaves;

typedef struct ken_boosting_params {
    int64_t trees;
    double learning_rate;
    int64_t max_leaves;
    int64_t max_depth;
    int64_t max_bins;
    int64_t min_leaf_rows;
    double min_leaf_weight;
    double l1;
    double l2;
    double min_gain;
    double row_fraction;
    int leaf_rows;
    int sampling;
    double top_rate;
    double other_rate;
    double mvs_lambda;
    double drop_rate;
    double skip_drop;
    int64_t max_drop;
    int drop_scale;
    double column_fraction;
    int growth;
    int leaves;
    int loss;
    double huber_delta;
    double quantile;
    const char *quantiles;
    double expectile;
    double tweedie_power;
    int64_t rank_cut;
    int cox_ties;
    int aft_law;
    double aft_scale;
    const char *objective;
    int link;
    int stop_by;
    const char *metric;
    int class_weight;
    int early_stopping;
    double validation_fraction;
    int64_t patience;
    double min_delta;
    int64_t max_onehot;
    double category_smooth;
    double category_l2;
    double level_fraction;
    double node_fraction;
    double path_smoothing;
    bool extra_random;
    int linear_leaves;
    double linear_l2;
    const char *interactions;
    const char *forced;
    const char *increasing;
    const char *decreasing;
} ken_boosting_params;

#define KEN_BOOSTING_DEFAULTS                                                                      \
    {.trees = 0,                                                                                   \
     .learning_rate = 0.04,                                                                        \
     .max_leaves = 0,                                                                              \
     .max_depth = 0,                                                                               \
     .max_bins = 255,                                                                              \
     .min_leaf_rows = 0,                                                                           \
     .min_leaf_weight = 0,                                                                         \
     .l1 = 0,                                                                                      \
     .l2 = -1,                                                                                     \
     .min_gain = 0,                                                                                \
     .row_fraction = 0.7,                                                                          \
     .leaf_rows = KEN_BOOSTING_LEAF_ROWS_ALL,                                                      \
     .sampling = KEN_BOOSTING_UNIFORM,                                                             \
     .top_rate = 0.2,                                                                              \
     .other_rate = 0.1,                                                                            \
     .mvs_lambda = 0,                                                                              \
     .drop_rate = 0,                                                                               \
     .skip_drop = 0.5,                                                                             \
     .max_drop = 50,                                                                               \
     .drop_scale = KEN_BOOSTING_DROP_TREE,                                                         \
     .column_fraction = 0,                                                                         \
     .growth = KEN_BOOSTING_LEAFWISE,                                                              \
     .leaves = KEN_BOOSTING_SCALAR,                                                                \
     .loss = KEN_BOOSTING_LOSS_AUTO,                                                               \
     .huber_delta = 0,                                                                             \
     .quantile = 0.5,                                                                              \
     .quantiles = "",                                                                              \
     .expectile = 0.5,                                                                             \
     .tweedie_power = 1.5,                                                                         \
     .rank_cut = 30,                                                                               \
     .cox_ties = KEN_BOOSTING_COX_EFRON,                                                           \
     .aft_law = KEN_BOOSTING_AFT_NORMAL,                                                           \
     .aft_scale = 1,                                                                               \
     .objective = "",                                                                              \
     .link = KEN_BOOSTING_LINK_IDENTITY,                                                           \
     .stop_by = KEN_BOOSTING_STOP_BY_ANY,                                                          \
     .metric = "",                                                                                 \
     .class_weight = KEN_BOOSTING_CLASS_WEIGHT_NONE,                                               \
     .early_stopping = KEN_BOOSTING_STOP_AUTO,                                                     \
     .validation_fraction = 0.1,                                                                   \
     .patience = 20,                                                                               \
     .min_delta = 0,                                                                               \
     .max_onehot = 4,                                                                              \
     .category_smooth = 10,                                                                        \
     .category_l2 = 10,                                                                            \
     .level_fraction = 1,                                                                          \
     .node_fraction = 0,                                                                           \
     .extra_random = false,                                                                        \
     .linear_leaves = KEN_BOOSTING_LINEAR_AUTO,                                                                       \
     .path_smoothing = 0,                                                                          \
     .linear_l2 = -1,                                                                              \
     .interactions = "",                                                                           \
     .forced = "",                                                                                 \
     .increasing = "",                                                                             \
     .decreasing = ""}

extern KEN_API const ken_desc ken_boosting_desc;
KEN_DEFINE_NEW(boosting)

/* --- rounds of a fitted model (boosting_rounds.c) --- */
/* Rounds that the model keeps: of several classes one tree each, or one for all (leaves=vector). */
KEN_API int64_t ken_boosting_rounds(const ken_model *model);
/* A model of the rounds [first, last) of a fitted one, with the base of the whole. From 0 on it is, to
 * the bit, what a fit of `last` rounds without early stopping gives.
 * errors  KEN_E_ARG no such rounds, or not a boosting; KEN_E_STATE not fitted; KEN_E_NOMEM */
KEN_API ken_status ken_boosting_slice(ken_ctx *ctx, const ken_model *model, int64_t first,
                                      int64_t last, ken_model **out);
/* Called after each round, 0: none yet, the base alone. out (n, width) row-major, lent; what is not
 * KEN_OK ends the predictions and is given back. */
typedef ken_status (*ken_boosting_staged_fn)(void *arg, int64_t round, const double *out);
/* Predictions after each round, a tree walked once: what = KEN_WHAT_MARGIN, PROBA, or VALUE of a
 * regression, with the bits of ken_model_predict on a slice. Table as in ken_model_predict; what the
 * recipe makes of it stands in memory whole.
 * errors  KEN_E_ARG another `what`, not a boosting; KEN_E_STATE not fitted; those of predict */
KEN_API ken_status ken_boosting_staged(ken_ctx *ctx, const ken_model *model, const ken_table *table,
                                       ken_what what, ken_boosting_staged_fn fn, void *arg);

/* --- a loss of the caller's own (boosting_loss_custom.c) --- */
/* A loss of the caller's own, as functions (as text: the parameter `objective`). They are called by the thread that
 * fits, once a round, with all rows; targets of two classes are 0 and 1. Weights (NULL: all 1) are for the
 * functions to look at: what they give is multiplied by them afterwards. */
typedef struct ken_boosting_objective {
    /* Gradient and hessian of each of n rows by its margin; below 0 a hessian is taken as 0. */
    ken_status (*derivatives)(void *user, ken_ctx *ctx, int64_t n, const double *margin, const double *target,
                              const double *weight, double *gradient, double *hessian);
    /* What early stopping looks at, of the validation rows; the lower the better. NULL: it does not stop early. */
    double (*metric)(void *user, int64_t n, const double *margin, const double *target, const double *weight);
    void *user;
    double base; /* where margins start */
} ken_boosting_objective;
/* The next fits of model, and of its clones, minimize this; NULL: what the parameters say, again. Not saved with
 * the model: the prediction is the margin, of two classes its sigmoid. objective must live as long as it is used.
 * errors  KEN_E_ARG model is no boosting, or there is no function `derivatives` */
KEN_API ken_status ken_boosting_set_objective(ken_ctx *ctx, ken_model *model, const ken_boosting_objective *objective);

KEN_END_C

#endif
