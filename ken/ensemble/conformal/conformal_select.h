/* The order statistic of CV+: among the predictions of all folds, each with the scores of its own fold. */
#ifndef KEN_ENSEMBLE_CONFORMAL_SELECT_H
#define KEN_ENSEMBLE_CONFORMAL_SELECT_H

#include "ken/core/status.h"

typedef struct conformal_view {
    const double *score;   /* ascending in each fold */
    const int64_t *offset; /* (folds + 1) */
    int64_t folds, n, rank;
} conformal_view;

/* The rank-th smallest of sign * said[k * stride] + score over all folds k and their scores: bisection over all
 * doubles, so it is one of those sums, to the bit. INFINITY: there are fewer. */
double ken__conformal_select(const conformal_view *v, const double *said, int64_t stride, double sign);

#endif
