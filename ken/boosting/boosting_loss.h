/* Losses of boosting: where the sum starts, gradients and hessians at the present margins, leaf
 * values where a Newton step is not the answer, the mean loss. The table of formulas is in
 * boosting/boosting.md. */
#ifndef KEN_BOOSTING_LOSS_H
#define KEN_BOOSTING_LOSS_H

#include "ken/boosting/boosting_grow.h"

KEN_BEGIN_C

typedef enum boosting_loss_kind {
    BOOSTING_AUTO = 0,
    BOOSTING_SQUARED,
    BOOSTING_ABSOLUTE,
    BOOSTING_HUBER,
    BOOSTING_QUANTILE,
    BOOSTING_POISSON,
    BOOSTING_LOGISTIC,
    BOOSTING_SOFTMAX,
    BOOSTING_EXPECTILE,
    BOOSTING_GAMMA,
    BOOSTING_TWEEDIE
} boosting_loss_kind;

typedef struct boosting_loss {
    boosting_loss_kind kind;
    double quantile;  /* BOOSTING_QUANTILE */
    double expectile; /* BOOSTING_EXPECTILE */
    double power;     /* BOOSTING_TWEEDIE: variance = mean^power, 1 < power < 2 */
    double delta;     /* BOOSTING_HUBER: where the parabola becomes a line */
    int outputs;      /* margins a row */
    int64_t n, n_train;
    const double *y;      /* (n), or NULL */
    const int32_t *label; /* (n), or NULL */
    const double *weight; /* (n), or NULL */
    double max_weight;    /* of the training rows */
    double *margin;       /* (outputs, n) */
    double *lse;          /* (n) softmax: log of the sum of exp of a row's margins */
} boosting_loss;

/* base (outputs), and delta where it is to be found from the data. Errors: values that the loss
 * cannot take, one class only. */
ken_status ken__boosting_loss_start(ken_ctx *ctx, boosting_loss *loss, double *base);
/* Before the trees of a step. */
ken_status ken__boosting_loss_refresh(ken_ctx *ctx, boosting_loss *loss);
/* The scale for the gradients of output k, then the packed words of all training rows. */
ken_status ken__boosting_loss_pack(ken_ctx *ctx, const boosting_loss *loss, int k,
                                   boosting_scale *scale, uint64_t *words);
/* Whether leaves get their values from the residuals of their rows, not from a Newton step. */
bool ken__boosting_loss_renews(const boosting_loss *loss);
/* Value for the rows of one leaf. */
typedef struct boosting_loss_item {
    double value, weight;
} boosting_loss_item;
double ken__boosting_loss_renew(const boosting_loss *loss, const uint32_t *rows, int64_t n,
                                boosting_loss_item *scratch);
/* Whether the margin is the logarithm of the mean. */
bool ken__boosting_loss_log_link(boosting_loss_kind kind);
/* Newton step of a leaf with sums G, H, tamed where the loss asks for it. */
double ken__boosting_loss_step(const boosting_loss *loss, const boosting_rules *rules, double G,
                               double H);
/* Mean loss of rows [begin, end), NaN when there are none. */
ken_status ken__boosting_loss_mean(ken_ctx *ctx, const boosting_loss *loss, int64_t begin,
                                   int64_t end, double *out);

KEN_END_C

#endif
