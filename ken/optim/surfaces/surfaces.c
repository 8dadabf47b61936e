/* The descriptors of the test surfaces. Formulas: surfaces_plane.c, surfaces_many.c. */
#include "ken/optim/surfaces/surfaces.h"

#include "ken/optim/surfaces/surfaces_parts.h"

/* --- facts as JSON ---------------------------------------------------------------------------------------- */

static void surfaces_put(ken_json_writer *w, const char *key, const double *x, int64_t n) {
    if (key) ken_json_put_key(w, key);
    ken_json_array(w);
    for (int64_t i = 0; i < n; i++) ken_json_put_f64(w, x[i]);
    ken_json_end_array(w);
}

/* Start and minima are those of the defaults, in the least number of variables from 2 on that it has. */
static void surfaces_write_json(const ken_desc *desc, ken_json_writer *w) {
    const ken_objective *o = desc->objective;
    const int64_t n = o->dims ? o->dims : KEN_MAX(o->least_dims, 2);
    double x[8];
    bool global;
    ken_json_put_key(w, "dims");
    if (o->dims) ken_json_put_i64(w, o->dims);
    else ken_json_put_null(w);
    KEN_JSON(w, "least_dims", i64, o->dims ? o->dims : o->least_dims);
    KEN_JSON(w, "convex", bool, o->convex);
    surfaces_put(w, "box", (const double[]){o->lo, o->hi}, 2);
    surfaces_put(w, "window", o->window, 4);
    o->start(desc->defaults, n, x);
    surfaces_put(w, "start", x, n);
    ken_json_put_key(w, "minima");
    ken_json_array(w);
    for (int i = 0; o->minimum(desc->defaults, n, i, x, &global); i++) {
        ken_json_object(w);
        surfaces_put(w, "x", x, n);
        KEN_JSON(w, "f", f64, o->value(desc->defaults, n, x));
        KEN_JSON(w, "global", bool, global);
        ken_json_end_object(w);
    }
    ken_json_end_array(w);
}

/* --- descriptors ------------------------------------------------------------------------------------------ */

static const ken_param surfaces_bowl_params[] = {
    KEN_ROW_F64(ken_bowl_params, condition, .min = 1, .max = 1e15, .lo = 1, .hi = 1000, .scale = KEN_LOG_SCALE,
                .doc = "largest curvature over the least: how narrow the valley is"),
    KEN_ROW_F64(ken_bowl_params, rotation, .min = -360, .max = 360, .lo = 0, .hi = 90, .unit = "degrees",
                .doc = "turns the axes of the valley away from those of the variables"),
    {0}};
static const ken_param surfaces_rosenbrock_params[] = {
    KEN_ROW_F64(ken_rosenbrock_params, steepness, .min = 0, .open_min = true, .max = 1e9, .lo = 1, .hi = 1000,
                .scale = KEN_LOG_SCALE, .doc = "how steep the walls of the valley are"),
    {0}};
static const ken_param surfaces_rastrigin_params[] = {
    KEN_ROW_F64(ken_rastrigin_params, amplitude, .min = 0, .max = 1e9, .lo = 0, .hi = 20,
                .doc = "depth of the dimples; 0 is a plain bowl"),
    {0}};
static const ken_param surfaces_saddle_params[] = {
    KEN_ROW_F64(ken_saddle_params, bend, .min = 0, .max = 1e9, .lo = 0, .hi = 2,
                .doc = "bends the falling sides up again, into two minima; 0: they fall for ever"),
    {0}};
static const ken_param surfaces_double_well_params[] = {
    KEN_ROW_F64(ken_double_well_params, tilt, .min = -10, .max = 10, .lo = -0.4, .hi = 0.4,
                .doc = "raises one side, so that one well is deeper"),
    {0}};

#define SURFACES_VERBS_OF(thing)                                                                   \
    .value = ken__##thing##_value, .gradient = ken__##thing##_gradient,                            \
    .hessian = ken__##thing##_hessian, .start = ken__##thing##_start, .minimum = ken__##thing##_minimum

#define SURFACE(thing, words, source, text)                                                        \
    .name = #thing, .title = words, .kind = KEN_OBJECTIVE, .objective = &surfaces_##thing,         \
    .write_json = surfaces_write_json, .doc = text, .paper = source

#define SURFACE_PARAMS(thing, upper)                                                               \
    .params = surfaces_##thing##_params,                                                           \
    .defaults = &(const ken_##thing##_params)KEN_##upper##_DEFAULTS,                               \
    .params_size = sizeof(ken_##thing##_params)

static const ken_objective surfaces_ackley = {
    SURFACES_VERBS_OF(ackley), .least_dims = 1, .lo = -32.768, .hi = 32.768, .window = {-5,
    5, -5, 5}};
const ken_desc ken_ackley_desc = {
    SURFACE(ackley, "Ackley", "Ackley 1987",
            "A nearly flat plain of small waves around one deep funnel: far out the slope says "
            "little about where the minimum lies."),
};

static const ken_objective surfaces_beale = {
    SURFACES_VERBS_OF(beale), .dims = 2, .lo = -4.5, .hi = 4.5, .window = {-4.5, 4.5, -4.5,
    4.5}};
const ken_desc ken_beale_desc = {
    SURFACE(beale, "Beale", "Beale 1958",
            "Flat valleys and sharp peaks in the corners: one learning rate does not suit both."),
};

static const ken_objective surfaces_booth = {
    SURFACES_VERBS_OF(booth), .dims = 2, .lo = -10, .hi = 10, .window = {-10, 10, -10, 10},
    .convex = true, .curvature = ken__booth_curvature};
const ken_desc ken_booth_desc = {
    SURFACE(booth, "Booth", "Jamil & Yang 2013",
            "A plain convex quadratic whose valley stands askew, with condition 9."),
};

static const ken_objective surfaces_bowl = {
    SURFACES_VERBS_OF(bowl), .least_dims = 1, .lo = -5, .hi = 5, .window = {-5, 5, -5, 5},
    .convex = true, .curvature = ken__bowl_curvature};
const ken_desc ken_bowl_desc = {
    SURFACE(bowl, "Quadratic bowl", "Nesterov 2004 (Introductory Lectures on Convex Optimization)",
            "The convex quadratic on which rates of convergence are exact: curvatures from 1 to "
            "condition. Gradient descent crosses it from side to side as soon as the condition is "
            "large."),
    SURFACE_PARAMS(bowl, BOWL),
};

static const ken_objective surfaces_double_well = {
    SURFACES_VERBS_OF(double_well), .dims = 1, .lo = -2, .hi = 2, .window = {-2, 2, -0.5,
    1.5}};
const ken_desc ken_double_well_desc = {
    SURFACE(double_well, "Double well", "Strogatz 1994",
            "One variable, two valleys of unlike depth: where a descent ends depends on where it "
            "starts and on how far it jumps."),
    SURFACE_PARAMS(double_well, DOUBLE_WELL),
};

static const ken_objective surfaces_goldstein_price = {
    SURFACES_VERBS_OF(goldstein_price), .dims = 2, .lo = -2, .hi = 2, .window = {-2, 2, -2,
    2}};
const ken_desc ken_goldstein_price_desc = {
    SURFACE(goldstein_price, "Goldstein-Price", "Goldstein & Price 1971",
            "Values from 3 to a million over a small square, with three local minima beside the "
            "global one."),
};

static const ken_objective surfaces_himmelblau = {
    SURFACES_VERBS_OF(himmelblau), .dims = 2, .lo = -5, .hi = 5, .window = {-5, 5, -5, 5}};
const ken_desc ken_himmelblau_desc = {
    SURFACE(himmelblau, "Himmelblau", "Himmelblau 1972",
            "Four minima of the same depth: which one is found depends on the start alone."),
};

static const ken_objective surfaces_matyas = {
    SURFACES_VERBS_OF(matyas), .dims = 2, .lo = -10, .hi = 10, .window = {-10, 10, -10, 10},
    .convex = true, .curvature = ken__matyas_curvature};
const ken_desc ken_matyas_desc = {
    SURFACE(matyas, "Matyas", "Matyas 1965",
            "A convex quadratic of condition 25 along the diagonal."),
};

static const ken_objective surfaces_powell_singular = {
    SURFACES_VERBS_OF(powell_singular), .dims = 4, .lo = -4, .hi = 5, .window = {-4, 5, -4,
    5}, .convex = true};
const ken_desc ken_powell_singular_desc = {
    SURFACE(powell_singular, "Powell singular", "Powell 1962; More, Garbow & Hillstrom 1981",
            "Four variables, and a Hessian that is singular at the minimum: the quadratic "
            "convergence of Newton is lost."),
};

static const ken_objective surfaces_rastrigin = {
    SURFACES_VERBS_OF(rastrigin), .least_dims = 1, .lo = -5.12, .hi = 5.12, .window =
    {-5.12, 5.12, -5.12, 5.12}};
const ken_desc ken_rastrigin_desc = {
    SURFACE(rastrigin, "Rastrigin", "Rastrigin 1974",
            "A bowl full of dimples: a local minimum near every point of whole numbers."),
    SURFACE_PARAMS(rastrigin, RASTRIGIN),
};

static const ken_objective surfaces_rosenbrock = {
    SURFACES_VERBS_OF(rosenbrock), .least_dims = 2, .lo = -5, .hi = 10, .window = {-2, 2,
    -1, 3}};
const ken_desc ken_rosenbrock_desc = {
    SURFACE(rosenbrock, "Rosenbrock", "Rosenbrock 1960",
            "The banana: the valley is found at once, its floor is nearly flat and bends, and "
            "descent along it is slow."),
    SURFACE_PARAMS(rosenbrock, ROSENBROCK),
};

static const ken_objective surfaces_saddle = {
    SURFACES_VERBS_OF(saddle), .dims = 2, .lo = -2, .hi = 2, .window = {-2, 2, -2, 2}};
const ken_desc ken_saddle_desc = {
    SURFACE(saddle, "Saddle", "Dauphin et al. 2014",
            "Falls to both sides of a point of no slope: a descent that starts on the ridge stays "
            "there long before it leaves."),
    SURFACE_PARAMS(saddle, SADDLE),
};

static const ken_objective surfaces_three_hump_camel = {
    SURFACES_VERBS_OF(three_hump_camel), .dims = 2, .lo = -5, .hi = 5, .window = {-2, 2, -2,
    2}};
const ken_desc ken_three_hump_camel_desc = {
    SURFACE(three_hump_camel, "Three-hump camel", "Branin 1972",
            "Three minima in a row, the middle one the deepest."),
};

const ken_desc *const ken_surfaces_things[] = {
    &ken_ackley_desc, &ken_beale_desc, &ken_booth_desc, &ken_bowl_desc,
    &ken_double_well_desc, &ken_goldstein_price_desc, &ken_himmelblau_desc,
    &ken_matyas_desc, &ken_powell_singular_desc, &ken_rastrigin_desc,
    &ken_rosenbrock_desc, &ken_saddle_desc, &ken_three_hump_camel_desc, NULL};
