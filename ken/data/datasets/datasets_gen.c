/* Generated tables. Row i draws from its own stream "datasets.<name>", i: more rows leave the first ones
 * as they are. Each law is written once, in a ..._truth function, so that tests can hold models to it. */
#include "ken/data/datasets/datasets_gen.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "ken/core/alloc.h"
#include "ken/core/rng.h"
#include "ken/kernels/elementary.h"

#define GEN_PI 3.14159265358979323846

static ken_status gen_number(ken_ctx *ctx, ken_table *t, const char *name, double **out) {
    return ken_table_add_new(ctx, t, name, KEN_F64, (void **)out, NULL);
}

/* A category column from codes; levels are texts side by side, apart by '|'. missing: code -1. */
static ken_status gen_category(ken_ctx *ctx, ken_table *t, const char *name, const char *levels,
                               int32_t *codes, int64_t n) {
    char bytes[256];
    int64_t offset[33] = {0}, k = 0, at = 0;
    uint8_t *valid;
    for (; *levels && k < 32 && at < 255; levels++) {
        if (*levels == '|')
            offset[++k] = at;
        else
            bytes[at++] = *levels;
    }
    offset[++k] = at;
    KEN_TRY(KEN_SCRATCH(ctx, uint8_t, n / 8 + 1, &valid));
    memset(valid, 0xFF, (size_t)(n / 8 + 1));
    for (int64_t i = 0; i < n; i++)
        if (codes[i] < 0) {
            ken_bitmap_clear(valid, i);
            codes[i] = 0;
        }
    const ken_column c = {.name = name, .dtype = KEN_CATEGORY, .n = n, .data = codes, .stride = 1,
                          .valid = valid, .text = {k, offset, bytes}, .source = -1};
    return ken_table_add_copy(ctx, t, &c);
}

/* Fills a new table of params->rows; frees it on failure. */
typedef ken_status (*gen_fill)(ken_ctx *ctx, const void *params, ken_table *t, int64_t n);

static ken_status gen_make(ken_ctx *ctx, const void *params, int64_t n, gen_fill fill,
                           ken_table **out) {
    ken_table *t = NULL;
    const ken_mark mark = ken_scratch_mark(ctx);
    *out = NULL;
    KEN_TRY(ken_table_new(ctx, n, &t));
    const ken_status status = fill(ctx, params, t, n);
    ken_scratch_release(ctx, mark);
    if (status == KEN_OK)
        *out = t;
    else
        ken_table_free(t);
    return status;
}

/* --- regression ------------------------------------------------------------------------------------- */

double ken_gen_friedman_truth(const double x[5]) {
    return 10 * ken_sin(GEN_PI * x[0] * x[1]) + 20 * (x[2] - 0.5) * (x[2] - 0.5) + 10 * x[3] + 5 * x[4];
}

static ken_status gen_friedman(ken_ctx *ctx, const void *params, ken_table *t, int64_t n) {
    const ken_gen_params *p = params;
    double *x[10], *y;
    for (int j = 0; j < 10; j++) {
        const char name[3] = {'x', (char)('0' + j), 0};
        KEN_TRY(gen_number(ctx, t, name, &x[j]));
    }
    KEN_TRY(gen_number(ctx, t, "y", &y));
    for (int64_t i = 0; i < n; i++) {
        ken_rng rng = ken_rng_stream(ctx, "datasets.friedman", (uint64_t)i);
        double row[10];
        for (int j = 0; j < 10; j++) row[j] = x[j][i] = ken_rng_f64(&rng);
        y[i] = ken_gen_friedman_truth(row) + p->noise * ken_rng_normal(&rng);
    }
    return KEN_OK;
}

/* y = 1 x0 + 2 x1 + ... + d x(d-1) */
static ken_status gen_linear(ken_ctx *ctx, const void *params, ken_table *t, int64_t n) {
    const ken_gen_wide_params *p = params;
    double **x, *y;
    KEN_TRY(KEN_SCRATCH(ctx, double *, p->columns, &x));
    for (int64_t j = 0; j < p->columns; j++) {
        char name[24];
        snprintf(name, sizeof name, "x%lld", (long long)j);
        KEN_TRY(gen_number(ctx, t, name, &x[j]));
    }
    KEN_TRY(gen_number(ctx, t, "y", &y));
    for (int64_t i = 0; i < n; i++) {
        ken_rng rng = ken_rng_stream(ctx, "datasets.linear", (uint64_t)i);
        for (int64_t j = 0; j < p->columns; j++) {
            x[j][i] = ken_rng_normal(&rng);
            y[i] += (double)(j + 1) * x[j][i];
        }
        y[i] += p->noise * ken_rng_normal(&rng);
    }
    return KEN_OK;
}

double ken_gen_houses_truth(double area_m2, double rooms, double age_years, double distance_km,
                            int neighborhood, int energy, bool garden) {
    static const double place[5] = {0.55, 0.8, 1.0, 1.25, 1.7}, label[3] = {1.1, 1.0, 0.88};
    const double old = age_years > 60 ? 0.95 : 1 - 0.004 * age_years; /* old houses are charming again */
    const double square_meter = 2.6 * place[neighborhood] * label[energy] * old;
    return area_m2 * square_meter * (0.7 + 0.6 * ken_exp(-distance_km / 12)) + 6 * rooms +
           (garden ? 35 * place[neighborhood] : 0.0);
}

static ken_status gen_houses(ken_ctx *ctx, const void *params, ken_table *t, int64_t n) {
    const ken_gen_params *p = params;
    double *area, *rooms, *age, *distance, *price;
    int32_t *place, *energy, *garden;
    KEN_TRY(KEN_SCRATCH(ctx, int32_t, n, &place));
    KEN_TRY(KEN_SCRATCH(ctx, int32_t, n, &energy));
    KEN_TRY(KEN_SCRATCH(ctx, int32_t, n, &garden));
    KEN_TRY(gen_number(ctx, t, "area_m2", &area));
    KEN_TRY(gen_number(ctx, t, "rooms", &rooms));
    KEN_TRY(gen_number(ctx, t, "age_years", &age));
    KEN_TRY(gen_number(ctx, t, "distance_km", &distance));
    for (int64_t i = 0; i < n; i++) {
        ken_rng rng = ken_rng_stream(ctx, "datasets.houses", (uint64_t)i);
        const double u = ken_rng_f64(&rng), v = ken_rng_f64(&rng);
        area[i] = floor(35 + 180 * u * u);
        rooms[i] = KEN_MAX(1, floor(area[i] / 28 + ken_rng_normal(&rng) * 0.8 + 0.5));
        age[i] = floor(110 * v * v);
        distance[i] = floor(300 * ken_rng_f64(&rng)) / 10;
        place[i] = (int32_t)ken_rng_below(&rng, 5);
        energy[i] = (int32_t)(ken_rng_f64(&rng) * 1.2 + 1.8 * v) % 3;
        garden[i] = ken_rng_f64(&rng) < 0.2 + 0.02 * distance[i];
    }
    KEN_TRY(gen_number(ctx, t, "price", &price));
    for (int64_t i = 0; i < n; i++) {
        ken_rng rng = ken_rng_stream(ctx, "datasets.houses.price", (uint64_t)i);
        const double truth = ken_gen_houses_truth(area[i], rooms[i], age[i], distance[i], place[i],
                                                  energy[i], garden[i]);
        price[i] = floor(10 * truth * ken_exp(p->noise * ken_rng_normal(&rng)) + 0.5) / 10;
        if (ken_rng_f64(&rng) < 0.06) energy[i] = -1; /* the label was not asked for */
        if (ken_rng_f64(&rng) < 0.03) age[i] = NAN;
    }
    KEN_TRY(gen_category(ctx, t, "neighborhood", "docks|old town|park|hill|lake", place, n));
    KEN_TRY(gen_category(ctx, t, "energy", "A|B|C", energy, n));
    return gen_category(ctx, t, "garden", "no|yes", garden, n);
}

/* --- classification ------------------------------------------------------------------------------------ */

double ken_gen_churn_truth(double months, double monthly_fee, double calls, int contract, bool fiber) {
    static const double bound[3] = {0.9, -0.9, -2.2};
    const double margin = bound[contract] - 0.035 * months + 0.022 * (monthly_fee - 60) +
                          0.35 * calls + (fiber && monthly_fee > 70 ? 0.8 : 0.0) - 0.9;
    return 1 / (1 + ken_exp(-margin));
}

static ken_status gen_churn(ken_ctx *ctx, const void *params, ken_table *t, int64_t n) {
    const ken_gen_params *p = params;
    double *months, *fee, *calls;
    int32_t *contract, *fiber, *left;
    KEN_TRY(KEN_SCRATCH(ctx, int32_t, n, &contract));
    KEN_TRY(KEN_SCRATCH(ctx, int32_t, n, &fiber));
    KEN_TRY(KEN_SCRATCH(ctx, int32_t, n, &left));
    KEN_TRY(gen_number(ctx, t, "months", &months));
    KEN_TRY(gen_number(ctx, t, "monthly_fee", &fee));
    KEN_TRY(gen_number(ctx, t, "support_calls", &calls));
    for (int64_t i = 0; i < n; i++) {
        ken_rng rng = ken_rng_stream(ctx, "datasets.churn", (uint64_t)i);
        const double u = ken_rng_f64(&rng);
        months[i] = 1 + floor(71 * u);
        fiber[i] = ken_rng_f64(&rng) < 0.45;
        fee[i] = floor(100 * (25 + 40 * fiber[i] + 40 * ken_rng_f64(&rng))) / 100;
        calls[i] = floor(-1.2 * ken_log(1 - ken_rng_f64(&rng)));
        contract[i] = (int32_t)(ken_rng_f64(&rng) * 1.4 + 1.5 * u);
        double leave = ken_gen_churn_truth(months[i], fee[i], calls[i], contract[i], fiber[i]);
        leave = p->noise / 2 + (1 - p->noise) * leave; /* noise: share of coin tosses */
        left[i] = ken_rng_f64(&rng) < leave;
        if (ken_rng_f64(&rng) < 0.04) fee[i] = NAN;
    }
    KEN_TRY(gen_category(ctx, t, "contract", "month|year|two years", contract, n));
    KEN_TRY(gen_category(ctx, t, "internet", "dsl|fiber", fiber, n));
    return gen_category(ctx, t, "churn", "no|yes", left, n);
}

typedef enum gen_shape { GEN_MOONS, GEN_CIRCLES, GEN_SPIRALS } gen_shape;

/* Two curves in the plane; u in [0, 1) runs along them. */
static void gen_point(gen_shape shape, int side, double u, double *x, double *y) {
    const double angle = (shape == GEN_MOONS ? GEN_PI : 2 * GEN_PI) * u;
    if (shape == GEN_MOONS) {
        *x = side ? 1 - ken_cos(angle) : ken_cos(angle);
        *y = side ? 0.5 - ken_sin(angle) : ken_sin(angle);
    } else if (shape == GEN_CIRCLES) {
        *x = (side ? 0.5 : 1) * ken_cos(angle);
        *y = (side ? 0.5 : 1) * ken_sin(angle);
    } else {
        const double turn = 1.75 * angle + (side ? GEN_PI : 0.0);
        *x = (0.1 + 0.9 * u) * ken_cos(turn);
        *y = (0.1 + 0.9 * u) * ken_sin(turn);
    }
}

static ken_status gen_plane(ken_ctx *ctx, const ken_gen_params *p, gen_shape shape, const char *levels,
                            ken_table *t, int64_t n) {
    static const char *const streams[] = {"datasets.moons", "datasets.circles", "datasets.spirals"};
    double *x, *y;
    int32_t *side;
    KEN_TRY(KEN_SCRATCH(ctx, int32_t, n, &side));
    KEN_TRY(gen_number(ctx, t, "x", &x));
    KEN_TRY(gen_number(ctx, t, "y", &y));
    for (int64_t i = 0; i < n; i++) {
        ken_rng rng = ken_rng_stream(ctx, streams[shape], (uint64_t)i);
        side[i] = (int32_t)(i % 2);
        gen_point(shape, side[i], ken_rng_f64(&rng), &x[i], &y[i]);
        x[i] += p->noise * ken_rng_normal(&rng);
        y[i] += p->noise * ken_rng_normal(&rng);
    }
    return gen_category(ctx, t, "class", levels, side, n);
}

static ken_status gen_moons(ken_ctx *ctx, const void *params, ken_table *t, int64_t n) {
    return gen_plane(ctx, params, GEN_MOONS, "upper|lower", t, n);
}
static ken_status gen_circles(ken_ctx *ctx, const void *params, ken_table *t, int64_t n) {
    return gen_plane(ctx, params, GEN_CIRCLES, "outer|inner", t, n);
}
static ken_status gen_spirals(ken_ctx *ctx, const void *params, ken_table *t, int64_t n) {
    return gen_plane(ctx, params, GEN_SPIRALS, "one|two", t, n);
}

/* Gaussian clouds around centers in [-5, 5]^d. */
static ken_status gen_blobs(ken_ctx *ctx, const void *params, ken_table *t, int64_t n) {
    const ken_gen_wide_params *p = params;
    double **x;
    int32_t *label;
    KEN_TRY(KEN_SCRATCH(ctx, double *, p->columns, &x));
    KEN_TRY(KEN_SCRATCH(ctx, int32_t, n, &label));
    for (int64_t j = 0; j < p->columns; j++) {
        char name[24];
        snprintf(name, sizeof name, "x%lld", (long long)j);
        KEN_TRY(gen_number(ctx, t, name, &x[j]));
    }
    for (int64_t i = 0; i < n; i++) {
        label[i] = (int32_t)(i % p->classes);
        ken_rng center = ken_rng_stream(ctx, "datasets.blobs.center", (uint64_t)label[i]);
        ken_rng rng = ken_rng_stream(ctx, "datasets.blobs", (uint64_t)i);
        for (int64_t j = 0; j < p->columns; j++)
            x[j][i] = 10 * ken_rng_f64(&center) - 5 + p->noise * ken_rng_normal(&rng);
    }
    return gen_category(ctx, t, "class", "a|b|c|d|e|f|g|h|i|j|k|l|m|n|o|p", label, n);
}

/* --- descriptors ---------------------------------------------------------------------------------------- */

#define GEN_MAX_ROWS 1e8
static const ken_param gen_rows[] = {
    KEN_ROW_I64(ken_gen_params, rows, .min = 1, .max = GEN_MAX_ROWS, .unit = "rows", .doc = "how many rows"),
    KEN_ROW_F64(ken_gen_params, noise, .min = 0, .max = 1e6, .doc = "how far rows are off the law"),
    {0}};
static const ken_param gen_share_rows[] = {
    KEN_ROW_I64(ken_gen_params, rows, .min = 1, .max = GEN_MAX_ROWS, .unit = "rows", .doc = "how many rows"),
    KEN_ROW_F64(ken_gen_params, noise, .min = 0, .max = 1, .doc = "share of rows that toss a coin"),
    {0}};
static const ken_param gen_wide_rows[] = {
    KEN_ROW_I64(ken_gen_wide_params, rows, .min = 1, .max = GEN_MAX_ROWS, .unit = "rows",
                .doc = "how many rows"),
    KEN_ROW_I64(ken_gen_wide_params, columns, .min = 1, .max = 1e5, .doc = "how many features"),
    KEN_ROW_I64(ken_gen_wide_params, classes, .min = 2, .max = 16, .doc = "how many classes (blobs)"),
    KEN_ROW_F64(ken_gen_wide_params, noise, .min = 0, .max = 1e6,
                .doc = "standard deviation around the law"),
    {0}};

#define GEN_DATASET(thing, type, table, words, task, goal, paper_, text, ...)                       \
    static ken_status gen_load_##thing(ken_ctx *ctx, const void *params, ken_table **out) {         \
        static const type defaults = __VA_ARGS__;                                                   \
        const type *p = params ? params : &defaults;                                                \
        return gen_make(ctx, p, p->rows, gen_##thing, out);                                         \
    }                                                                                               \
    const ken_desc ken_gen_##thing##_desc = {                                                       \
        .name = "gen:" #thing,                                                                      \
        .title = words,                                                                             \
        .kind = KEN_DATASET,                                                                        \
        .tasks = task,                                                                              \
        .tags = KEN_TAG_RANDOM,                                                                     \
        .params = table,                                                                            \
        .defaults = &(const type)__VA_ARGS__,                                                       \
        .params_size = sizeof(type),                                                                \
        .dataset = &(const ken_dataset){goal, "MIT (made by ken)", "generated", gen_load_##thing},  \
        .write_json = ken__dataset_write_json,                                                      \
        .doc = text,                                                                                \
        .paper = paper_}

GEN_DATASET(houses, ken_gen_params, gen_rows, "House prices (made up)", KEN_REGRESS, "price", NULL,
            "Prices in thousands by area, rooms, age, distance, neighborhood, energy label, garden; 6 % "
            "of the labels and 3 % of the ages are missing. noise: relative error of a price.",
            {1000, 0.1});
GEN_DATASET(churn, ken_gen_params, gen_share_rows, "Customers who leave (made up)", KEN_CLASSIFY,
            "churn", NULL,
            "Who cancels, by months, fee, support calls, contract and internet; 4 % of the fees are "
            "missing. noise: share of customers who toss a coin.",
            {2000, 0.05});
GEN_DATASET(moons, ken_gen_params, gen_rows, "Two moons", KEN_CLASSIFY, "class", NULL,
            "Two half circles that reach into one another: no line parts them.", {400, 0.15});
GEN_DATASET(circles, ken_gen_params, gen_rows, "Two circles", KEN_CLASSIFY, "class", NULL,
            "A circle in a circle: linear in the squares only.", {400, 0.1});
GEN_DATASET(spirals, ken_gen_params, gen_rows, "Two spirals", KEN_CLASSIFY, "class",
            "Lang & Witbrock 1988", "Two arms around one another: hard for trees, harder for lines.",
            {600, 0.02});
GEN_DATASET(blobs, ken_gen_wide_params, gen_wide_rows, "Gaussian clouds", KEN_CLASSIFY, "class", NULL,
            "A cloud a class around random centers.", {300, 2, 3, 1.0});
GEN_DATASET(friedman, ken_gen_params, gen_rows, "Friedman's first function", KEN_REGRESS, "y",
            "Friedman 1991",
            "10 sin(pi x0 x1) + 20 (x2 - 0.5)^2 + 10 x3 + 5 x4 + noise; x5 to x9 do not matter.",
            {1000, 1.0});
GEN_DATASET(linear, ken_gen_wide_params, gen_wide_rows, "A linear law", KEN_REGRESS, "y", NULL,
            "y = 1 x0 + 2 x1 + 3 x2 ... + noise.", {500, 5, 2, 1.0});
