/* What a loss is made of: a row of functions, one a loss, in the file of its family
 * (boosting_loss_regression.c, boosting_loss_order.c, boosting_loss_classes.c). Only the files of
 * losses include this. */
#ifndef KEN_BOOSTING_LOSS_TABLE_H
#define KEN_BOOSTING_LOSS_TABLE_H

#include "ken/boosting/boosting_loss.h"
#include "ken/core/alloc.h"
#include "ken/core/threads.h"
#include "ken/kernels/elementary.h"

enum { LOSS_BLOCK = 1024, LOSS_GRAIN = 4 * LOSS_BLOCK };

/* Functions over rows [at, at + n) get n <= LOSS_BLOCK. Where there is a choice, NULL is it. */
typedef struct boosting_loss_row {
    const char *name;
    boosting_link_kind link;
    bool one;     /* every hessian is 1 (before weights) */
    bool look_one; /* perhaps it is: look at all rows */
    bool classes; /* for classes, not for numbers */
    bool few;     /* hessians are small */
    bool bounds;  /* takes targets that are bounds */
    /* Whether the loss can take these targets; memory of its own. NULL: any, none. */
    ken_status (*open)(ken_ctx *ctx, boosting_loss *l);
    void (*close)(ken_ctx *ctx, boosting_loss *l);
    /* base (outputs); total: the weight of the training rows. */
    ken_status (*start)(ken_ctx *ctx, boosting_loss *l, double total, double *base);
    /* Before the trees of a round. NULL: nothing to do. */
    ken_status (*refresh)(ken_ctx *ctx, boosting_loss *l);
    /* Gradients and hessians of output k, before weights. */
    void (*block)(const ken_kernels *kernels, const boosting_loss *l, int k, int64_t at, int64_t n,
                  double *g, double *h);
    /* The greatest gradient and hessian of a row of weight 1. NULL: a look at all rows. */
    void (*bound)(const boosting_loss *l, double bound[2]);
    /* The value of a leaf from its rows. NULL: a Newton step. */
    double (*renew)(const boosting_loss *l, int k, const uint32_t *rows, int64_t n,
                    boosting_loss_item *scratch);
    /* A Newton step, tamed. NULL: as it is. */
    double (*tame)(double step);
    /* Loss of each row, before weights; or, where rows hang together, the mean of all (either the
     * training rows or the validation rows). */
    void (*value)(const ken_kernels *kernels, const boosting_loss *l, int64_t at, int64_t n,
                  double *value);
    ken_status (*mean)(ken_ctx *ctx, const boosting_loss *l, int64_t begin, int64_t end, double *out);
} boosting_loss_row;

extern const boosting_loss_row ken__loss_squared, ken__loss_expectile, ken__loss_poisson,
    ken__loss_gamma, ken__loss_tweedie;                                              /* ..._regression.c */
extern const boosting_loss_row ken__loss_absolute, ken__loss_huber, ken__loss_quantile; /* ..._order.c */
extern const boosting_loss_row ken__loss_logistic, ken__loss_softmax, ken__loss_cross_entropy; /* ..._classes.c */
extern const boosting_loss_row ken__loss_lambdarank, ken__loss_xendcg;                /* ..._rank.c */
extern const boosting_loss_row ken__loss_cox, ken__loss_aft;                          /* ..._cox.c, ..._aft.c */
extern const boosting_loss_row ken__loss_formula, ken__loss_callback;                 /* ..._custom.c */

static inline double loss_weight(const boosting_loss *l, int64_t i) {
    return l->weight ? l->weight[i] : 1.0;
}
static inline double loss_offset(const boosting_loss *l, int64_t i) {
    return l->offset ? l->offset[i] : 0.0;
}

/* Weighted gradients and hessians of output k of rows [at, at + n), n <= LOSS_BLOCK. */
void ken__loss_weighted_block(const ken_kernels *kernels, const boosting_loss *l, int k, int64_t at, int64_t n,
                              double *g, double *h);
/* The scale of the words of output k. may_be_one: hessians that all are 1 get the scale for that. */
ken_status ken__loss_scale(ken_ctx *ctx, const boosting_loss *l, int k, bool may_be_one, boosting_scale *scale);
/* The constant that, with the offsets, minimizes the loss of the training rows: Newton from base[0],
 * steps halved until the loss falls. For one output. */
ken_status ken__loss_newton(ken_ctx *ctx, boosting_loss *l, double *base);
/* .block of losses whose refresh leaves gradients in l->g and l->h. */
void ken__loss_kept_block(const ken_kernels *kernels, const boosting_loss *l, int k, int64_t at, int64_t n,
                          double *g, double *h);

#endif
