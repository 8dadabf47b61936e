/* Test surfaces: functions with known gradients, Hessians and minima, on which optimizers can be watched.
 * Things of kind objective; ken_surface_new (optim.h) makes one by name, ken_descent_new runs on it. */
#ifndef KEN_OPTIM_SURFACES_SURFACES_H
#define KEN_OPTIM_SURFACES_SURFACES_H

#include "ken/optim/optim.h"

KEN_BEGIN_C

typedef struct ken_bowl_params {
    double condition, rotation;
} ken_bowl_params;
#define KEN_BOWL_DEFAULTS {10, 0}

typedef struct ken_rosenbrock_params {
    double steepness;
} ken_rosenbrock_params;
#define KEN_ROSENBROCK_DEFAULTS {100}

typedef struct ken_rastrigin_params {
    double amplitude;
} ken_rastrigin_params;
#define KEN_RASTRIGIN_DEFAULTS {10}

typedef struct ken_saddle_params {
    double bend;
} ken_saddle_params;
#define KEN_SADDLE_DEFAULTS {0}

typedef struct ken_double_well_params {
    double tilt;
} ken_double_well_params;
#define KEN_DOUBLE_WELL_DEFAULTS {0.1}

extern KEN_API const ken_desc ken_ackley_desc, ken_beale_desc, ken_booth_desc, ken_bowl_desc, ken_double_well_desc,
    ken_goldstein_price_desc, ken_himmelblau_desc, ken_matyas_desc, ken_powell_singular_desc,
    ken_rastrigin_desc, ken_rosenbrock_desc, ken_saddle_desc, ken_three_hump_camel_desc;

KEN_END_C

#endif
