/* Values under a partial order: the nearest values that no pair contradicts (isotonic regression on a
 * graph). Who needs it: leaves under monotone constraints, boosting_monotone.c. */
#ifndef KEN_BOOSTING_ORDER_H
#define KEN_BOOSTING_ORDER_H

#include "ken/core/ctx.h"

KEN_BEGIN_C

/* value[low] must not be above value[high]; low < high, so that items stand in an order that agrees. */
typedef struct boosting_pair {
    int32_t low, high;
} boosting_pair;

/* Replaces value (n) by the minimum of  sum weight[i] (new[i] - value[i])^2  under all m pairs. Not
 * a bit changes when no pair is broken, and none is broken by as much as a bit afterwards.
 *
 * weight  (n) >= 0.   pair  (m), sorted here.   errors  KEN_E_NOMEM.
 * cost    O(n + m) when no pair is broken; else a maximum flow for each block of equal values.
 * source  Hochbaum & Queyranne 2003 (SIAM J. Discrete Math. 16): a block is cut where a closure of its
 *         graph pulls away from the block's mean; closures by minimum cut (Picard 1976), the cut by
 *         Dinic's blocking flows. */
ken_status ken__boosting_order(ken_ctx *ctx, int64_t n, const double *weight, boosting_pair *pair,
                               int64_t m, double *value);

KEN_END_C

#endif
