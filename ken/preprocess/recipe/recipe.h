/* The recipe: makes any table usable by the model behind it. Looks at the training rows alone,
 * decides for each column what it is and what is done with it, and says why. */
#ifndef KEN_PREPROCESS_RECIPE_H
#define KEN_PREPROCESS_RECIPE_H

#include "ken/core/model.h"

KEN_BEGIN_C

enum {
    KEN_RECIPE_ENCODE_AUTO,
    KEN_RECIPE_ONE_HOT,
    KEN_RECIPE_ORDINAL,
    KEN_RECIPE_TARGET,
    KEN_RECIPE_FREQUENCY
};
enum {
    KEN_RECIPE_IMPUTE_AUTO,
    KEN_RECIPE_MEAN,
    KEN_RECIPE_MEDIAN,
    KEN_RECIPE_MODE,
    KEN_RECIPE_CONSTANT,
    KEN_RECIPE_IMPUTE_NONE
};
enum { KEN_RECIPE_INDICATOR_AUTO, KEN_RECIPE_INDICATOR_NO, KEN_RECIPE_INDICATOR_YES };
enum {
    KEN_RECIPE_SCALE_AUTO,
    KEN_RECIPE_STANDARD,
    KEN_RECIPE_MINMAX,
    KEN_RECIPE_ROBUST,
    KEN_RECIPE_SCALE_NONE
};
enum { KEN_RECIPE_TEXT_AUTO, KEN_RECIPE_TFIDF, KEN_RECIPE_TEXT_DROP };

typedef struct ken_recipe_params {
    int encode, impute, indicator, scale, text;
    int64_t max_words;
    int64_t max_levels;
    int64_t category_levels;
    int64_t min_level_rows;
    int64_t polynomial;
    int64_t combine;
    const char *drop, *keep;
} ken_recipe_params;

#define KEN_RECIPE_DEFAULTS {0, 0, 0, 0, 0, 0, 32, 254, 0, 1, 2, "", ""}

/* What a raw column is taken for. */
typedef enum ken_recipe_role {
    KEN_RECIPE_NUMBER = 0,
    KEN_RECIPE_BOOL,
    KEN_RECIPE_CATEGORY,
    KEN_RECIPE_TIME,
    KEN_RECIPE_FREE_TEXT,
    KEN_RECIPE_IDENTIFIER,
    KEN_RECIPE_CONSTANT_COLUMN,
    KEN_RECIPE_EMPTY,   /* no value at all */
    KEN_RECIPE_LEFT_OUT /* by the parameter drop */
} ken_recipe_role;

/* attrs   column, type, role, action, reason (d): the plan; block_* : which columns go through
 * which children; output, output_source: what comes out cost    one pass over the table to plan,
 * then the steps */
extern KEN_API const ken_desc ken_recipe_desc;
KEN_DEFINE_NEW(recipe)

/* The fitted plan as a JSON array of one object per raw column: column, type, role, action, reason,
 * outputs. errors: KEN_E_STATE not a fitted recipe. */
KEN_API ken_status ken_recipe_describe(ken_ctx *ctx, const ken_model *model, ken_json_writer *w);
/* The same as lines for people: "age      number    filled with the median, standardized  (12 %
 * missing)" */
KEN_API ken_status ken_recipe_describe_text(ken_ctx *ctx, const ken_model *model, ken_text *out);

KEN_END_C

#endif
