/* How well a card is remembered, and when to ask again: the memory model FSRS-6. Two numbers describe a
 * memory: its stability (the days after which it is recalled with probability 0.9) and its difficulty
 * (1 easy to 10 hard). A review moves both; the forgetting curve says the rest.
 *
 * source  Ye, Su & Cao 2022 (KDD): the DSR model; the formulas and default weights of FSRS-6 as published by
 *         the Open Spaced Repetition group. Peer: ts-fsrs 5.2. */
#ifndef KEN_STATS_RECALL_H
#define KEN_STATS_RECALL_H

#include "ken/core/compiler.h"

KEN_BEGIN_C

typedef enum ken_grade { KEN_GRADE_AGAIN = 1, KEN_GRADE_HARD, KEN_GRADE_GOOD, KEN_GRADE_EASY } ken_grade;

#define KEN_RECALL_WEIGHTS 21
typedef struct ken_recall_params {
    double weights[KEN_RECALL_WEIGHTS];
    double retention; /* in (0, 1): ask again when recall has fallen to it */
    double max_days;  /* longest interval */
} ken_recall_params;

#define KEN_RECALL_DEFAULTS                                                                          \
    {{0.212, 1.2931, 2.3065, 8.2956, 6.4133, 0.8334, 3.0194, 0.001, 1.8722, 0.1666, 0.796, 1.4835, 0.0614, \
      0.2629, 1.6483, 0.6014, 1.8729, 0.5425, 0.0912, 0.0658, 0.1542},                                 \
     0.9, 36500}

/* A memory; zeros: never asked. stability in days, difficulty in 1 .. 10. */
typedef struct ken_recall {
    double stability, difficulty;
} ken_recall;

/* The memory after a review `days` (>= 0; less than 1: the same day) after the one before. params NULL:
 * the defaults. A memory of zeros is a first review, whatever `days`. A day count that is no number
 * counts as 0. */
KEN_API ken_recall ken_recall_review(const ken_recall_params *params, ken_recall memory, double days,
                                     ken_grade grade);
/* Probability of recall `days` after the last review; 0 for a card never asked. */
KEN_API double ken_recall_probability(const ken_recall_params *params, ken_recall memory, double days);
/* Whole days until recall has fallen to params->retention: at least 1, at most max_days. */
KEN_API double ken_recall_interval(const ken_recall_params *params, ken_recall memory);

KEN_END_C

#endif
