/* The built-in tables: csv files that the build compiles in, found by name. Generated ones:
 * datasets_gen.c. */
#include "ken/data/datasets/datasets.h"

#include <string.h>

#include "ken/core/text.h"
#include "ken/data/datasets/datasets_csv.h"
#include "ken/data/datasets/datasets_gen.h"

#ifndef KEN_HAVE_DATASETS
/* A build without data/ (see cmake/datasets.cmake): the generated tables remain. */
static const ken_dataset_csv datasets_none[] = {{NULL, NULL, 0, NULL}};
#define ken_dataset_csvs datasets_none
#endif

static ken_status datasets_load_csv(ken_ctx *ctx, const char *name, ken_table **out) {
    const ken_dataset_csv *csv = ken_dataset_csvs;
    while (csv->name && strcmp(csv->name, name) != 0) csv++;
    if (!csv->name)
        return KEN_FAIL(ctx, KEN_E_UNSUPPORTED, "read data/NAME.csv instead",
                        "%s: this build carries no tables", name);
    return csv->parse(ctx, name, csv->bytes, csv->size, NULL, NULL, out);
}

/* "gen:moons:rows=500,noise=0.1": settings behind a second colon. */
static ken_status datasets_settings(ken_ctx *ctx, const ken_desc *desc, const char *settings,
                                    void *params) {
    char name[64], value[64];
    while (*settings) {
        const size_t length = strcspn(settings, ", ");
        const char *equals = memchr(settings, '=', length);
        const size_t left = equals ? (size_t)(equals - settings) : 0;
        if (!left || left >= sizeof name || length - left > sizeof value)
            return KEN_FAIL(ctx, KEN_E_ARG, "write gen:moons:rows=500,noise=0.1",
                            "%s: '%.*s' is not name=value", desc->name, (int)KEN_MIN(length, 60),
                            settings);
        memcpy(name, settings, left);
        name[left] = 0;
        memcpy(value, equals + 1, length - left - 1);
        value[length - left - 1] = 0;
        KEN_TRY(ken_param_set(ctx, desc, params, name, value));
        settings += length;
        settings += strspn(settings, ", ");
    }
    return ken_params_check(ctx, desc, params);
}

ken_status ken_dataset_load(ken_ctx *ctx, const char *name, ken_table **out) {
    const ken_desc *desc;
    char base[64];
    union {
        ken_gen_params gen;
        ken_gen_wide_params wide;
    } params;
    *out = NULL;
    const char *colon = strncmp(name, "gen:", 4) == 0 ? strchr(name + 4, ':') : NULL;
    const size_t size = colon ? (size_t)(colon - name) : strlen(name);
    if (size >= sizeof base)
        return KEN_FAIL(ctx, KEN_E_NOT_FOUND, "ken data lists them", "there is no built-in table '%.60s'",
                        name);
    memcpy(base, name, size);
    base[size] = 0;
    KEN_TRY(ken_catalog_find(ctx, base, KEN_DATASET, &desc));
    if (!desc->params) return desc->dataset->load(ctx, NULL, out);
    if (desc->params_size > sizeof params)
        return KEN_FAIL(ctx, KEN_E_BUG, NULL, "%s: parameters are too large", desc->name);
    memcpy(&params, desc->defaults, desc->params_size);
    if (colon) KEN_TRY(datasets_settings(ctx, desc, colon + 1, &params));
    return desc->dataset->load(ctx, &params, out);
}

void ken__dataset_write_json(const ken_desc *desc, ken_json_writer *w) {
    KEN_JSON(w, "target", string, desc->dataset->target);
    KEN_JSON(w, "license", string, desc->dataset->license);
    KEN_JSON(w, "source", string, desc->dataset->source);
}

/* --- descriptors ------------------------------------------------------------------------------------ */

#define DATASETS_CSV(thing, words, task, goal, right, from, text)                                 \
    static ken_status datasets_load_##thing(ken_ctx *ctx, const void *params, ken_table **out) { \
        (void)params;                                                                             \
        return datasets_load_csv(ctx, #thing, out);                                               \
    }                                                                                             \
    static const ken_desc datasets_##thing##_desc = {                                             \
        .name = #thing,                                                                           \
        .title = words,                                                                           \
        .kind = KEN_DATASET,                                                                      \
        .tasks = task,                                                                            \
        .dataset = &(const ken_dataset){goal, right, from, datasets_load_##thing},                \
        .write_json = ken__dataset_write_json,                                                    \
        .doc = text}

DATASETS_CSV(iris, "Iris flowers", KEN_CLASSIFY, "species", "public domain; CC BY 4.0",
             "Fisher 1936; measurements by E. Anderson; doi:10.24432/C56C76",
             "150 flowers of three species, four lengths in cm. Two species overlap a little.");
DATASETS_CSV(penguins, "Palmer penguins", KEN_CLASSIFY, "species", "CC0-1.0",
             "Horst, Hill & Gorman 2020, doi:10.5281/zenodo.3960218",
             "344 penguins of three species: island, bill, flipper, mass, sex; some cells are missing.");
DATASETS_CSV(credit_g, "German credit", KEN_CLASSIFY, "class", "CC BY 4.0",
             "H. Hofmann 1994, UCI, doi:10.24432/C5NC77",
             "1000 loans, good or bad, 20 columns, most of them categories. A bad loan that is called "
             "good costs five times as much as the other mistake.");
DATASETS_CSV(wine, "Wine", KEN_CLASSIFY, "cultivar", "CC BY 4.0",
             "Aeberhard & Forina 1992, UCI, doi:10.24432/C5PC7J",
             "178 wines of three cultivars by 13 chemical measures.");
DATASETS_CSV(breast_cancer, "Breast cancer, Wisconsin", KEN_CLASSIFY, "diagnosis", "CC BY 4.0",
             "Wolberg et al. 1993, UCI, doi:10.24432/C5DW2B",
             "569 tumors, malignant (M) or benign (B), by 30 measures of cell nuclei.");
DATASETS_CSV(diabetes, "Diabetes progression", KEN_REGRESS, "y", "free use, facts",
             "Efron, Hastie, Johnstone & Tibshirani 2004",
             "442 patients, 10 measures, progression after one year; raw values.");
DATASETS_CSV(auto_mpg, "Car mileage", KEN_REGRESS, "mpg", "CC BY 4.0",
             "R. Quinlan 1993, UCI, doi:10.24432/C5859H",
             "398 cars of 1970 to 1982, miles per gallon; six horsepowers are missing; names are text.");
DATASETS_CSV(heart_disease, "Heart disease, Cleveland", KEN_CLASSIFY, "num", "CC BY 4.0",
             "Detrano et al. 1989, UCI, doi:10.24432/C52P4X",
             "303 patients, 13 measures, 0 (healthy) to 4; a few cells are missing.");

const ken_desc *const ken_datasets_things[] = {
    &datasets_auto_mpg_desc,   &datasets_breast_cancer_desc, &datasets_credit_g_desc,
    &datasets_diabetes_desc,   &ken_gen_blobs_desc,          &ken_gen_churn_desc,
    &ken_gen_circles_desc,     &ken_gen_friedman_desc,       &ken_gen_houses_desc,
    &ken_gen_linear_desc,      &ken_gen_moons_desc,          &ken_gen_spirals_desc,
    &datasets_heart_disease_desc, &datasets_iris_desc,       &datasets_penguins_desc,
    &datasets_wine_desc,       NULL};
