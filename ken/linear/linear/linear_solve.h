/* The least squares solution with its covariance: what linear.c asks for. */
#ifndef KEN_LINEAR_LINEAR_LINEAR_SOLVE_H
#define KEN_LINEAR_LINEAR_LINEAR_SOLVE_H

#include "ken/core/model.h"

KEN_BEGIN_C

typedef struct ken_linear_solution {
    int64_t d, rows, rank;     /* rows of weight > 0; rank without the constant column */
    double *coef;              /* (d) the caller's */
    double *center;            /* (d) the caller's: weighted means */
    double *covariance;        /* (d, d) the caller's: inverse of Z'WZ, zero where dependent */
    bool *dependent;           /* (d) in scratch */
    double intercept, intercept_variance; /* the latter over sigma squared */
    double total_weight, rss, tss, condition;
} ken_linear_solution;

/* Small problems in pairs of doubles; large ones by Cholesky of the cross products, with a step of
 * refinement, where the condition allows it; else by QR of blocks of rows. */
ken_status ken__linear_solve(ken_ctx *ctx, const ken_problem *problem, bool fit_intercept,
                             ken_linear_solution *s);

KEN_END_C

#endif
