/* Passes over the rows: features side by side, each by one worker. Read next: ordered_pass.c. */
#ifndef KEN_PREPROCESS_ORDERED_PASS_H
#define KEN_PREPROCESS_ORDERED_PASS_H

#include "ken/preprocess/ordered_encode/ordered_combine.h"

KEN_BEGIN_C

/* A column or combination: its cells, and of each its value and rows. */
typedef struct ordered_feature {
    ordered_cells cells;
    double *value;       /* (cells, k) */
    const int64_t *rows; /* (cells) */
} ordered_feature;

typedef struct ordered_learned {
    ken__levels levels;
    int64_t k, n_features, rows;
    const double *mean;       /* (k) */
    ordered_feature *feature; /* columns that are text, then combinations */
} ordered_learned;

/* What a worker needs: cells and map of the rows, sums and weights of the cells. */
typedef struct ordered_work {
    int32_t *cell, *map;
    double *sum, *weight;
} ordered_work;

typedef struct ordered_job {
    const ordered_learned *learned;
    const ordered_target *target;
    int32_t *const *codes;
    ordered_work *work;
    const int64_t *order;  /* (permutations, n) */
    int64_t permutations;
    int64_t n;             /* rows of codes */
    double **column;       /* of feature f its outputs, and behind them its counts */
    bool counts;
} ordered_job;

ken_status ken__ordered_works(ken_ctx *ctx, const ordered_learned *l, int64_t n, ordered_work **out);
/* The next three are for ken_parallel over the features; arg is a job. */
/* The value of each cell from all training rows. */
void ken__ordered_fit_features(void *arg, int64_t begin, int64_t end, int worker);
/* Training rows: each from those before it, in all orders. */
void ken__ordered_train_features(void *arg, int64_t begin, int64_t end, int worker);
/* New rows: the cell's value. */
void ken__ordered_apply_features(void *arg, int64_t begin, int64_t end, int worker);

KEN_END_C

#endif
