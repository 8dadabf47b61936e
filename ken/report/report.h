/* The report: one HTML file that tells what a table holds, what a model does with it, and how far it
 * can be trusted. No network, light and dark, printable; figures are Vega-Lite (figures.h), drawn
 * when the JavaScript is handed in, else shown as tables. Sections without input are left out. */
#ifndef KEN_REPORT_REPORT_H
#define KEN_REPORT_REPORT_H

#include "ken/core/json.h"
#include "ken/core/model.h"
#include "ken/core/text.h"
#include "ken/explain/ale/ale.h"
#include "ken/explain/drop_column/drop_column.h"
#include "ken/explain/effect/effect.h"
#include "ken/explain/interaction/interaction.h"
#include "ken/explain/permutation/permutation.h"
#include "ken/explain/shap/shap.h"
#include "ken/metrics/metrics.h"
#include "ken/stats/describe/describe.h"

KEN_BEGIN_C

/* One metric of the evaluation. Fields may be NaN where not known. */
typedef struct ken_report_metric {
    const char *name;   /* of the catalog: "roc_auc" */
    const char *title;  /* NULL: the catalog's, else the name */
    double value, low, high;
    double baseline;    /* the same metric of a model that ignores the columns */
    bool higher_is_better;
} ken_report_metric;

/* One line of the leaderboard, best first. */
typedef struct ken_report_leader {
    const char *model;
    double score, error; /* error: standard error of the score, NaN: unknown */
    double fit_s, predict_s;
    double bytes;        /* of the saved model, NaN: unknown */
    bool baseline, chosen;
    const char *note;    /* why it failed, say; NULL: none */
} ken_report_leader;

typedef struct ken_report_curve_point { /* score against rows, or objective against iterations */
    double x, train, validation;        /* NaN: none */
} ken_report_curve_point;

typedef struct ken_report_fact {
    const char *name, *value;
} ken_report_fact;

/* What was asked besides, each with the figures it has: NULL, not asked. */
typedef struct ken_report_asked {
    const ken_effect *effect;                  /* or ... */
    const ken_ale *ale;
    const ken_interaction_info *interactions;
    const ken_interaction_row *totals, *pairs; /* (n_features), (interactions->n_pairs) */
    const ken_drop_column_info *drop;
    const ken_drop_column_row *dropped;        /* (n_features) */
    const ken_shap *dependence;                /* of rows of dependence_table: contributions of `column` ... */
    const ken_table *dependence_table;
    int column, partner, output;               /* ... to `output`, colored by the values of `partner`, -1: none */
} ken_report_asked;

typedef struct ken_report_input {
    const char *title;          /* NULL: made from the model's target or the data's name */
    const char *data_name;      /* "churn.csv" */
    const ken_model *model;     /* fitted; NULL: a report on the data alone */
    const ken_table *table;     /* the data */
    const ken_profile *profile; /* of the table (ken_describe) */

    const ken_report_leader *leaders; /* the leaderboard and its metric */
    int n_leaders;
    const char *leader_metric;
    bool leader_higher_is_better;
    const char *leader_how;     /* "5-fold cross-validation on the training rows" */
    const char *leader_reason;  /* why the first one was chosen, in plain words */

    const ken_scores *scores;   /* the model's answers for rows with known target */
    const char *scores_how;     /* "409 rows set aside before training" */
    const ken_report_metric *metrics; /* the first one is the main one */
    int n_metrics;
    int64_t rows_train, rows_test;

    const ken_permutation_row *permutation; /* sorted; (n_permutation) at most n_features */
    int n_permutation;
    const ken_permutation_info *permutation_info;
    const int *together_of;             /* (n_features) group of columns that say the same, -1: none; NULL: not looked at */
    const ken_permutation_group *together; /* (n_together) shuffled together, sorted */
    int n_together;
    const double *importance;   /* the model's own, (n_features + 1), or NULL */
    const char *importance_name; /* "gain of the splits" */
    const ken_effect *const *effects; /* one axis each, most important first */
    int n_effects;
    const ken_effect *pair;     /* two axes; NULL: none */
    const ken_shap *shap;       /* of rows of shap_table */
    const ken_table *shap_table;
    const int64_t *shap_row_numbers; /* of the rows of shap_table in the data, from 1; NULL: as they lie */
    int shap_output;

    ken_report_asked asked;

    const ken_report_curve_point *training;
    int n_training;
    const char *training_name;  /* "log loss" */
    const ken_report_curve_point *learning; /* score against training rows */
    int n_learning;

    const ken_report_fact *recipe; /* column -> what is done with it */
    const char *const *recipe_why; /* (n_recipe) why, or NULL */
    int n_recipe;
    const char *command;        /* the command line that repeats it */
    const ken_report_fact *run; /* seed, versions, checksum of the data, durations ... */
    int n_run;
    const ken_report_fact *card; /* further lines of the model card */
    int n_card;

    const char *vega_js, *vega_lite_js, *vega_embed_js; /* all three, or none: tables only */
    size_t vega_size, vega_lite_size, vega_embed_size;
} ken_report_input;

/* The whole page into `out`.
 * errors  KEN_E_ARG neither model nor table · KEN_E_NOMEM */
KEN_API ken_status ken_report_render(ken_ctx *ctx, const ken_report_input *input, ken_text *out);
/* The page's figures alone, in its order, as one JSON object: name -> {"title", "label" (what a screen reader says),
 * "caption", "height" (of the plot, in pixels), "spec" (Vega-Lite 5, figures.h)}. Errors as above. */
KEN_API ken_status ken_report_figures(ken_ctx *ctx, const ken_report_input *input, ken_json_writer *w);
/* The page into a file: whole or not at all. "-": standard output. */
KEN_API ken_status ken_report_write(ken_ctx *ctx, const ken_report_input *input, const char *path);

/* --- filling the input ------------------------------------------------------------------------------ */
typedef struct ken_report_options {
    int64_t max_rows;     /* rows asked for permutation importance */
    int64_t effect_rows;  /* rows averaged for an effect */
    int64_t shap_rows;    /* rows explained for the overview */
    int max_effects;      /* columns with an effect, the most important ones */
    int64_t n_repeats;    /* shuffles a column */
    double budget_s;      /* by the context's clock: begin no further explanation then; 0: none */
} ken_report_options;
#define KEN_REPORT_OPTIONS_DEFAULTS {1000, 300, 300, 12, 5, 10}

/* Owns what ken_report_collect computed; input points into it. */
typedef struct ken_report_parts ken_report_parts;

/* Compute the explanations that `input` lacks and put them in: permutation importance, the model's own
 * importances, effects of the most important columns and of the first two together, Shapley values
 * where the model has them, the recipe. Fields that are set stay; what a model or a table cannot
 * give is left out.
 *
 * test    rows that the model did not see, all of them used whatever their role; target NULL: only
 *         what needs none. NULL: only what the model alone can say. Outlives the report.
 * parts   out: freed by the caller after the report is written.
 * errors  KEN_E_STATE not fitted · KEN_E_NOMEM · KEN_E_CANCELLED; anything else becomes a warning */
KEN_API ken_status ken_report_collect(ken_ctx *ctx, const ken_model *model, const ken_data *test,
                                      const ken_report_options *options, ken_report_input *input,
                                      ken_report_parts **parts);
KEN_API void ken_report_parts_free(ken_report_parts *parts); /* NULL is fine */

KEN_END_C

#endif
