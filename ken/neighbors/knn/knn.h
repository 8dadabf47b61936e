/* k nearest neighbors: the answer of the k training rows that are nearest. Nothing is learned but
 * the rows themselves. */
#ifndef KEN_NEIGHBORS_KNN_KNN_H
#define KEN_NEIGHBORS_KNN_KNN_H

#include "ken/core/model.h"

KEN_BEGIN_C

enum { KEN_KNN_EUCLIDEAN = 0, KEN_KNN_MANHATTAN, KEN_KNN_CHEBYSHEV, KEN_KNN_COSINE };
enum { KEN_KNN_UNIFORM = 0, KEN_KNN_DISTANCE };

typedef struct ken_knn_params {
    int64_t k;
    int metric;  /* KEN_KNN_EUCLIDEAN ... */
    int weights; /* KEN_KNN_UNIFORM or KEN_KNN_DISTANCE */
} ken_knn_params;

#define KEN_KNN_DEFAULTS {.k = 5, .metric = KEN_KNN_EUCLIDEAN, .weights = KEN_KNN_UNIFORM}

extern KEN_API const ken_desc ken_knn_desc;
KEN_DEFINE_NEW(knn)

/* The k nearest training rows of each row of `table`, nearest first, equal distances by row number.
 *
 * model     fitted knn; its metric is used, its own k is not. Its recipe runs first.
 * table     n rows with the model's columns, found by name.
 * idx       (n, k) numbers of training rows, from 0 in the order of the fit.
 * dist      (n, k) distances, as the model sees them (after its recipe).
 * errors    KEN_E_ARG the model is no knn, k is below 1 or above the training rows · KEN_E_STATE
 * not fitted · as ken_model_transform cost      O(n n_train d); the same bits for any number of
 * threads and any instruction set. */
KEN_API ken_status ken_knn_neighbors(ken_ctx *ctx, const ken_model *model, const ken_table *table,
                                     int64_t k, int64_t *idx, double *dist);

KEN_END_C

#endif
