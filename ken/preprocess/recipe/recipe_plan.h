/* What the recipe finds out about a column before it decides; shared by its two files. */
#ifndef KEN_PREPROCESS_RECIPE_PLAN_H
#define KEN_PREPROCESS_RECIPE_PLAN_H

#include "ken/preprocess/preprocess_names.h"
#include "ken/preprocess/recipe/recipe.h"

/* Columns that go through the same steps. In the order of the outputs. */
typedef enum recipe_block {
    RECIPE_PASS,        /* numbers as they are */
    RECIPE_NUMBERS,     /* impute, scale */
    RECIPE_BOOLS,       /* impute */
    RECIPE_INDICATORS,  /* "x (missing)" */
    RECIPE_TIMES,       /* date_parts, impute, scale */
    RECIPE_CATEGORIES,  /* category columns for models that take them */
    RECIPE_ONE_HOTS,
    RECIPE_ORDINALS,
    RECIPE_TARGETS,
    RECIPE_FREQUENCIES,
    RECIPE_TEXTS,       /* tfidf */
    RECIPE_COMBINATIONS,/* mean targets of combinations, beside the columns by themselves */
    RECIPE_BLOCKS
} recipe_block;

/* What the training rows of a column show. */
typedef struct recipe_look {
    int64_t n, missing;
    int64_t distinct;       /* texts: in the first rows looked at; numbers: 1 or "2 or more" */
    int64_t common;         /* texts: levels of at least min_level_rows rows */
    int64_t looked;         /* texts: rows looked at that have one */
    double words, length;   /* texts: mean words and bytes */
    double min, max;
    bool rising, whole;     /* numbers: strictly, in row order; no fractions */
    bool infinite;
} recipe_look;

typedef struct recipe_column {
    recipe_look look;
    ken_recipe_role role;
    int block;              /* recipe_block, -1: dropped */
    bool indicator;
    bool combines;          /* combinations are looked for among such */
    bool combined;          /* it is part of one */
    char reason[160];
} recipe_column;

/* Looks at every column and decides. plan: d columns. */
ken_status ken__recipe_plan(ken_ctx *ctx, const ken_recipe_params *p, const ken_problem *problem,
                            recipe_column *plan);
const char *ken__recipe_role_name(int64_t role);
/* Levels of fewer training rows than this are grouped. */
int64_t ken__recipe_min_rows(const ken_recipe_params *p, int64_t n);

#endif
