/* For the sources of this folder: the verbs of each surface, and how a descriptor is made of them. */
#ifndef KEN_OPTIM_SURFACES_SURFACES_PARTS_H
#define KEN_OPTIM_SURFACES_SURFACES_PARTS_H

#include "ken/optim/surfaces/surfaces.h"

#define SURFACES_VERBS(name)                                                          \
    double ken__##name##_value(const void *params, int64_t n, const double *x);       \
    void ken__##name##_gradient(const void *params, int64_t n, const double *x, double *g); \
    void ken__##name##_hessian(const void *params, int64_t n, const double *x, double *H);  \
    void ken__##name##_start(const void *params, int64_t n, double *x);               \
    bool ken__##name##_minimum(const void *params, int64_t n, int i, double *x, bool *global);

SURFACES_VERBS(ackley)
SURFACES_VERBS(beale)
SURFACES_VERBS(booth)
SURFACES_VERBS(bowl)
SURFACES_VERBS(double_well)
SURFACES_VERBS(goldstein_price)
SURFACES_VERBS(himmelblau)
SURFACES_VERBS(matyas)
SURFACES_VERBS(powell_singular)
SURFACES_VERBS(rastrigin)
SURFACES_VERBS(rosenbrock)
SURFACES_VERBS(saddle)
SURFACES_VERBS(three_hump_camel)

bool ken__bowl_curvature(const void *params, int64_t n, double *L, double *mu);
bool ken__booth_curvature(const void *params, int64_t n, double *L, double *mu);
bool ken__matyas_curvature(const void *params, int64_t n, double *L, double *mu);

/* A symmetric 2 by 2 matrix. */
static inline void ken__surface_matrix(double *H, double xx, double xy, double yy) {
    H[0] = xx, H[1] = H[2] = xy, H[3] = yy;
}
static inline bool ken__surface_point(double *x, bool *global, double a, double b, bool is_global) {
    x[0] = a, x[1] = b;
    *global = is_global;
    return true;
}

#endif
