/* Sorting numbers and texts, and what follows from sorted numbers: quantiles and ranks. */
#ifndef KEN_STATS_SORT_H
#define KEN_STATS_SORT_H

#include "ken/core/table.h"

KEN_BEGIN_C

/* Ascending, in place, by radix; -0 before +0. No NaN. tmp: n doubles. Safe in a worker. */
KEN_API void ken_sort_f64(double *x, int64_t n, double *tmp);
/* The same, `index` (what the caller put there) moves along; equal numbers keep their order.
 * tmp and tmp_index: n items each. */
KEN_API void ken_sort_f64_index(double *x, int32_t *index, int64_t n, double *tmp,
                                int32_t *tmp_index);
/* order[0..n): numbers of texts in byte order, equal texts in their own order. tmp: n items.
 * errors  KEN_E_CANCELLED. */
KEN_API ken_status ken_sort_strings(ken_ctx *ctx, const ken_strings *s, int32_t *order,
                                    int32_t *tmp);
/* Byte order of two texts: < 0, 0, > 0. */
KEN_API int ken_compare_bytes(const char *a, int64_t na, const char *b, int64_t nb);
/* Quantile p in [0, 1] of sorted x with linear interpolation between neighbors (type 7 of Hyndman
 * & Fan 1996, what NumPy and R do); NaN when n is 0. */
KEN_API double ken_quantile_sorted(const double *x, int64_t n, double p);

/* The same of x in any order, exactly, in O(n); x is reordered. tmp: n doubles. No NaN. */
KEN_API double ken_quantile(double *x, int64_t n, double p, double *tmp);

KEN_END_C

#endif
