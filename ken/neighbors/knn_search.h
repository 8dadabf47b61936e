/* Exact search for nearest rows by looking at all of them, in blocks. Shared by what needs
 * neighbors. */
#ifndef KEN_NEIGHBORS_KNN_SEARCH_H
#define KEN_NEIGHBORS_KNN_SEARCH_H

#include "ken/core/table.h"

KEN_BEGIN_C

typedef enum ken_knn_metric {
    KEN_KNN_METRIC_EUCLIDEAN = 0,
    KEN_KNN_METRIC_MANHATTAN,
    KEN_KNN_METRIC_CHEBYSHEV,
    KEN_KNN_METRIC_COSINE
} ken_knn_metric;

/* Rows to search in; borrows all. */
typedef struct ken_knn_rows {
    const double *X;      /* (n, d), finite; of length 1 (or 0) for cosine: ken__knn_unit */
    const double *square; /* (n) squared lengths: ken__knn_squares */
    int64_t n, d;
    ken_knn_metric metric;
} ken_knn_rows;

/* Scales a row to length 1, safe from overflow; a row of zeros stays. */
void ken__knn_unit(double *x, int64_t d);
void ken__knn_squares(const double *X, int64_t n, int64_t d, double *square);
/* The distance of two rows, by its definition: sums in the order of the columns, so that its bits
 * are the same everywhere. For cosine both are of length 1 or 0. */
double ken__knn_distance(ken_knn_metric metric, const double *a, const double *b, int64_t d);

/* Called for queries [first, first + n), in parallel, in any order: idx and dist (n, k), nearest
 * first. */
typedef void (*ken_knn_found_fn)(void *arg, int64_t first, int64_t n, const int64_t *idx,
                                 const double *dist);

/* The k nearest rows, 1 <= k <= rows->n, of every row of X. Missing or infinite cells are an error.
 */
ken_status ken__knn_search(ken_ctx *ctx, const ken_knn_rows *rows, const ken_table *X, int64_t k,
                           ken_knn_found_fn found, void *arg);

KEN_END_C

#endif
