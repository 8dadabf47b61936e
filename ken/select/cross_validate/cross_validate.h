/* Cross-validation: the same model learned and judged on several splits of the same rows. */
#ifndef KEN_SELECT_CROSS_VALIDATE_H
#define KEN_SELECT_CROSS_VALIDATE_H

#include "ken/core/alloc.h"
#include "ken/data/splits/splits.h"
#include "ken/metrics/metrics.h"

KEN_BEGIN_C

typedef struct ken_cv_options {
    const ken_desc *splitter;        /* NULL: group_kfold, time_split, stratified_kfold or kfold, as
                                        the data have groups, times or classes */
    const void *splitter_params;     /* NULL: defaults; only with splitter */
    int64_t folds;                   /* without splitter */
    const ken_desc *const *metrics;  /* NULL-ended; NULL: the main ones that suit */
    bool keep_predictions;           /* out-of-fold predictions */
} ken_cv_options;
#define KEN_CV_DEFAULTS {NULL, NULL, 5, NULL, false}

typedef struct ken_cv_result {
    ken_task task;
    int n_classes;          /* among all rows that take part; 0 for regression */
    ken_strings classes;    /* their texts in order of appearance; owned */
    const char *splitter;   /* its name */
    int64_t folds;
    int n_metrics;
    const ken_desc **metric;
    double *score;          /* (folds, n_metrics); NaN: undefined on that fold */
    double *mean, *se;      /* (n_metrics) over the folds where defined; se: sd / sqrt(folds) */
    double *fit_s, *predict_s;         /* (folds) NaN without a clock */
    int64_t *rows_train, *rows_test;   /* (folds) */
    int64_t n_unseen;       /* test rows of classes that their fold's model had not seen */
    int64_t model_bytes;    /* packed size of the first fold's model */
    int64_t n;              /* rows of the table */
    double *prediction;     /* (n) number, or class by its place in `classes`; NaN: a row of no test
                               fold. With repeats the last one counts. NULL: not kept. */
    ken_allocator alloc;
} ken_cv_result;

/* model    unfitted, with its recipe; it is cloned for each fold and stays unfitted.
 * data     rows of role TEST take no part at all; VALIDATION rows serve every fold's fit as such.
 * options  NULL: defaults.
 * out      freed by ken_cv_result_free, also after an error.
 * errors   those of the splitter, fit, predict and metrics
 * cost     folds fits and predictions, one after the other (each uses all threads) */
KEN_API ken_status ken_cross_validate(ken_ctx *ctx, const ken_model *model, const ken_data *data,
                                      const ken_cv_options *options, ken_cv_result *out);
KEN_API void ken_cv_result_free(ken_cv_result *result); /* NULL is fine */
KEN_API int ken_cv_result_find(const ken_cv_result *result, const char *metric); /* -1: none */

/* The corrected resampled t-test of two cross-validations on the same splits: is the difference of
 * means more than the choice of rows explains? Overlapping training sets make plain t far too sure;
 * the variance of the mean is taken as (1 / folds + test rows / training rows) s^2.
 *
 * a, b        (folds) scores of the two, in the same order; folds where one is NaN are left out.
 * test_ratio  test rows / training rows of a split.
 * difference  out: mean of a - b.
 * returns     two-sided p; NaN with fewer than two folds; 1 when all differences are 0.
 * source      Nadeau & Bengio 2003 (Machine Learning 52), eq. 9 */
KEN_API double ken_corrected_t(const double *a, const double *b, int64_t folds, double test_ratio,
                               double *difference);

/* Do the rows of role TRAIN have exactly two classes? For the files of this room. */
ken_status ken__cv_two_classes(ken_ctx *ctx, const ken_data *data, bool *two);

KEN_END_C

#endif
