/* Generated tables: as many rows as wanted, from a law that is known. */
#ifndef KEN_DATA_DATASETS_GEN_H
#define KEN_DATA_DATASETS_GEN_H

#include "ken/data/datasets/datasets.h"

KEN_BEGIN_C

typedef struct ken_gen_params {
    int64_t rows;
    double noise;
} ken_gen_params;
typedef struct ken_gen_wide_params {
    int64_t rows, columns, classes;
    double noise;
} ken_gen_wide_params;

extern KEN_API const ken_desc ken_gen_houses_desc, ken_gen_churn_desc, ken_gen_moons_desc,
    ken_gen_circles_desc, ken_gen_spirals_desc, ken_gen_blobs_desc, ken_gen_friedman_desc,
    ken_gen_linear_desc;

/* The laws without their noise, for tests and lessons. */
/* Friedman 1991: 10 sin(pi x0 x1) + 20 (x2 - 1/2)^2 + 10 x3 + 5 x4; the other columns are noise. */
KEN_API double ken_gen_friedman_truth(const double x[5]);
/* Price in thousands: see datasets.md. neighborhood 0..4, energy 0..2 (A, B, C), garden 0 or 1. */
KEN_API double ken_gen_houses_truth(double area_m2, double rooms, double age_years, double distance_km,
                                    int neighborhood, int energy, bool garden);
/* Probability that the customer leaves. contract 0..2 (month, year, two years). */
KEN_API double ken_gen_churn_truth(double months, double monthly_fee, double calls, int contract,
                                   bool fiber);

KEN_END_C

#endif
