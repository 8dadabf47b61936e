/* The order of a category's levels for ALE. Not public. */
#ifndef KEN_EXPLAIN_ALE_ALE_ORDER_H
#define KEN_EXPLAIN_ALE_ALE_ORDER_H

#include "ken/core/table.h"

/* order (n_levels): level codes that occur in column j, so that those whose rows are alike in the other columns
 * stand near each other; *n of them. Distances: Kolmogorov-Smirnov for numbers, half the sum of differences of
 * shares for categories, added up over the columns; then the first axis of classical scaling.
 * Memory 8 * levels^2 bytes of scratch. */
ken_status ken__ale_order(ken_ctx *ctx, const ken_table *table, int j, int64_t *order, int64_t *n);

#endif
