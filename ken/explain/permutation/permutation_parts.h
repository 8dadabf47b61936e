/* What shuffling columns one by one and in groups have in common. */
#ifndef KEN_EXPLAIN_PERMUTATION_PARTS_H
#define KEN_EXPLAIN_PERMUTATION_PARTS_H

#include "ken/explain/explain_score.h"
#include "ken/explain/permutation/permutation.h"

/* The score with n columns in the order of one draw, that of the first of them; order (rows) of the caller. */
ken_status ken__permutation_shuffle(ken_ctx *ctx, ken__explain_score *score, const int *columns, int n,
                                    int64_t repeat, int64_t *order, double *out);
/* Mean and standard deviation of r losses. */
void ken__permutation_summary(const double *loss, int64_t r, ken_permutation_row *out);
ken_status ken__permutation_check(ken_ctx *ctx, const ken_permutation_params *params);

#endif
