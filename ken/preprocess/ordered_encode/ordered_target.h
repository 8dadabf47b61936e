/* The target as numbers, one output after another; shared by the files of this folder. */
#ifndef KEN_PREPROCESS_ORDERED_TARGET_H
#define KEN_PREPROCESS_ORDERED_TARGET_H

#include "ken/core/model.h"

KEN_BEGIN_C

/* Of the training rows. Two classes have one output, for class 1; more have one per class. */
typedef struct ordered_target {
    const double *y;      /* regression, else NULL */
    const int32_t *label;
    const double *weight; /* NULL: all 1 */
    int64_t n, k;
    double *mean;         /* (k) */
    double prior;         /* rows' worth of trust in the mean */
} ordered_target;

static inline double ordered_weight(const ordered_target *t, int64_t i) { return t->weight ? t->weight[i] : 1; }

/* A number is taken from the mean, so that sums stay small; a class counts, so that they stay whole. */
static inline double ordered_number(const ordered_target *t, int64_t o, int64_t i) {
    if (t->y) return t->y[i] - t->mean[0];
    return t->label[i] == (t->k == 1 ? 1 : o);
}

/* The statistic from the sums of such numbers and of weights: (sum + prior mean) / (weight + prior). */
static inline double ordered_statistic(const ordered_target *t, int64_t o, double sum, double weight) {
    if (t->y) return t->mean[0] + sum / (weight + t->prior);
    return (sum + t->prior * t->mean[o]) / (weight + t->prior);
}

KEN_END_C

#endif
