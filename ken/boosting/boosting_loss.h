/* Losses of boosting: where the sum starts, gradients and hessians at the present margins, leaf
 * values where a Newton step is not the answer, the mean loss. The table of formulas is in
 * boosting/boosting.md. Each loss is a row of functions (boosting_loss_table.h); this is what a fit
 * asks of any of them. */
#ifndef KEN_BOOSTING_LOSS_H
#define KEN_BOOSTING_LOSS_H

#include "ken/boosting/boosting_grow.h"
#include "ken/math/expression.h"

KEN_BEGIN_C

/* In the order of ken_boosting_loss. */
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
    BOOSTING_TWEEDIE,
    BOOSTING_CROSS_ENTROPY,
    BOOSTING_LAMBDARANK,
    BOOSTING_XENDCG,
    BOOSTING_COX,
    BOOSTING_AFT,
    BOOSTING_FORMULA,  /* the caller's, as text */
    BOOSTING_CALLBACK, /* the caller's, as functions */
    BOOSTING_N_LOSSES
} boosting_loss_kind;

/* The law of BOOSTING_AFT. */
enum { BOOSTING_AFT_NORMAL = 0, BOOSTING_AFT_LOGISTIC, BOOSTING_AFT_EXTREME };

/* What a margin becomes. */
typedef enum boosting_link_kind {
    BOOSTING_LINK_NONE = 0,
    BOOSTING_LINK_EXP,     /* the margin is the logarithm */
    BOOSTING_LINK_SIGMOID, /* the margin is the log odds */
    BOOSTING_LINK_SOFTMAX
} boosting_link_kind;

struct boosting_loss_row;
struct ken_boosting_objective;

typedef struct boosting_loss {
    const struct boosting_loss_row *row;
    double quantile;  /* BOOSTING_QUANTILE */
    const double *levels; /* BOOSTING_QUANTILE: one an output; NULL: quantile alone */
    double expectile; /* BOOSTING_EXPECTILE */
    double power;     /* of log links: the variance is mean^power */
    double delta;     /* BOOSTING_HUBER: where the parabola becomes a line */
    bool breslow;     /* BOOSTING_COX: ties as Breslow, not Efron */
    int aft;          /* BOOSTING_AFT_* */
    double aft_scale; /* BOOSTING_AFT: of the logarithm of a time */
    int64_t rank_cut; /* ranking: places of a query that count */
    boosting_link_kind link; /* of BOOSTING_FORMULA, and of what metrics see */
    ken_expression *objective; /* owned; NULL: none. Of y, p and w */
    const struct ken_boosting_objective *callback;
    bool flat;        /* a formula without curvature: 1 stands for it */
    double floor;     /* of a formula's curvature */
    int outputs;      /* margins a row */
    int64_t n, n_train;
    const double *y;      /* (n), or NULL */
    const int32_t *label; /* (n), or NULL */
    const double *weight; /* (n), or NULL */
    const double *offset; /* (n) what margins start from besides the base, or NULL */
    const double *upper;  /* (n) survival: the target lies in [y, upper]; NULL: it is y */
    const int32_t *group; /* (n) 0 .. n_groups-1, or NULL */
    int32_t n_groups;
    double max_weight;    /* of the training rows */
    double *margin;       /* (outputs, n) */
    double *lse;          /* (n) softmax, owned: log of the sum of exp of a row's margins */
    double *g, *h;        /* (n_train) owned, where rows hang together: found by refresh */
    void *own;            /* of the loss's file */
} boosting_loss;

/* Rows of losses with small hessians: leaves are limited by rows instead. */
bool ken__boosting_loss_few(boosting_loss_kind kind);
/* Its functions; the fields that are parameters are to be set before anything else is asked. */
void ken__boosting_loss_choose(boosting_loss *loss, boosting_loss_kind kind);
boosting_link_kind ken__boosting_loss_link(boosting_loss_kind kind);

/* Frees what the loss owns: it may have been started, or be all zeros. */
void ken__boosting_loss_free(ken_ctx *ctx, boosting_loss *loss);

/* base (outputs), the margins of all rows (base + offset), and delta where it is to be found from
 * the data. Errors: values that the loss cannot take, one class only. */
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
double ken__boosting_loss_renew(const boosting_loss *loss, int k, const uint32_t *rows, int64_t n,
                                boosting_loss_item *scratch);
/* Newton step of a leaf with sums G, H, tamed where the loss asks for it. */
double ken__boosting_loss_step(const boosting_loss *loss, const boosting_rules *rules, double G,
                               double H);
/* Whether it asks for that; what becomes of a step. */
bool ken__boosting_loss_tames(const boosting_loss *loss);
double ken__boosting_loss_tame(const boosting_loss *loss, double step);
/* Mean loss of rows [begin, end), NaN when there are none. */
ken_status ken__boosting_loss_mean(ken_ctx *ctx, const boosting_loss *loss, int64_t begin,
                                   int64_t end, double *out);

KEN_END_C

#endif
