/* A leaderboard: several models on the same splits, the best one by mean score, and why. */
#ifndef KEN_SELECT_COMPARE_H
#define KEN_SELECT_COMPARE_H

#include "ken/select/cross_validate/cross_validate.h"

KEN_BEGIN_C

/* A model to try: by name and settings (ken_model_new) with a default recipe before it, or as it is. */
typedef struct ken_candidate {
    const char *name;
    const char *settings;     /* NULL: defaults */
    const ken_model *model;   /* unfitted; NULL: made from name and settings */
} ken_candidate;

/* The small, fast set that is tried when nobody names a model: a baseline, a linear model, a tree, a
 * forest and boosting, as far as the catalog has them; for many cells (n * d) those that take long are
 * left out or made smaller. Cheapest first. Returns how many (at most capacity are stored). */
KEN_API int ken_candidates_default(ken_task task, int64_t n, int64_t d, ken_candidate *out,
                                   int capacity);
/* The unfitted model of a candidate, with a recipe; the caller frees it. */
KEN_API ken_status ken_candidate_new(ken_ctx *ctx, const ken_candidate *candidate, ken_model **out);
/* Folds that keep a comparison short: 5, fewer for very many cells. */
KEN_API int64_t ken_compare_folds(int64_t n, int64_t d);

typedef struct ken_compare_options {
    ken_cv_options cv;         /* cv.metrics NULL: the main ones that suit */
    const char *metric;        /* to rank by; NULL: ken_metric_default */
    double budget_s;           /* > 0 and a clock: candidates not begun by then are skipped */
} ken_compare_options;
#define KEN_COMPARE_DEFAULTS {KEN_CV_DEFAULTS, NULL, 0}

typedef struct ken_compare_row {
    char *name, *settings;     /* owned; settings "" for defaults */
    int candidate;             /* place among the candidates given */
    ken_status status;         /* not KEN_OK: failed or (KEN_E_CANCELLED) skipped for time */
    char *message;             /* owned; why it failed, "" if not */
    double mean, se;           /* of the metric ranked by; NaN if failed */
    double fit_s, predict_s;   /* a fold, mean; NaN without a clock */
    int64_t bytes;             /* packed size of a fold's model */
    double difference, p;      /* to the best row on the same folds, and its corrected t-test */
    ken_cv_result cv;          /* all metrics and folds */
} ken_compare_row;

typedef struct ken_comparison {
    int n;
    ken_compare_row *row;      /* best first; failed ones last */
    const ken_desc *metric;    /* ranked by */
    char *reason;              /* owned: the choice in plain words */
    ken_allocator alloc;
} ken_comparison;

/* errors  all candidates failed (the first one's error) · KEN_E_NOT_FOUND no such metric · KEN_E_ARG no
 *         candidate · KEN_E_NOMEM, KEN_E_CANCELLED. One candidate's failure is no error but a row. */
KEN_API ken_status ken_compare(ken_ctx *ctx, const ken_candidate *candidates, int n,
                               const ken_data *data, const ken_compare_options *options,
                               ken_comparison *out);
KEN_API void ken_comparison_free(ken_comparison *c); /* NULL is fine */

/* compare_reason.c */
ken_status ken__compare_reason(ken_ctx *ctx, ken_comparison *c);

KEN_END_C

#endif
