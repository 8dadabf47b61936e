/* What early stopping goes by where `metric` says so: named metrics (ken/metrics/metrics.h) and formulas of
 * the validation rows, in a list. Read next: boosting_judge.c. */
#ifndef KEN_BOOSTING_JUDGE_H
#define KEN_BOOSTING_JUDGE_H

#include "ken/boosting/boosting_loss.h"
#include "ken/core/model.h"
#include "ken/metrics/metrics.h"

KEN_BEGIN_C

/* One of the list: a metric, a formula, or (both NULL) the mean loss. */
typedef struct boosting_metric {
    const ken_desc *desc;
    ken_expression *formula;
} boosting_metric;

/* All zeros: none. */
typedef struct boosting_judge {
    int n;
    char *text; /* the parameter, cut into names */
    boosting_metric metric[KEN_MAX_VERDICTS];
    ken_verdict verdict[KEN_MAX_VERDICTS];
    bool formulas, names; /* whether there are such */
    ken_scores scores;    /* of the validation rows */
    double *predicted, *proba, *margin;
    double *history; /* (steps, n) */
    size_t steps, history_capacity;
} boosting_judge;

/* A list apart by '|': names of metrics, formulas of y, p and w (the lower the better), and `loss`.
 * Free it also after an error.
 * errors  KEN_E_ARG an unknown name (with the nearest), a formula that is none, too many, an empty item */
ken_status ken__boosting_judge_parse(ken_ctx *ctx, const char *text, boosting_judge *judge);
void ken__boosting_judge_free(ken_ctx *ctx, boosting_judge *judge);
/* The views of a fit's validation rows.
 * errors  KEN_E_ARG a metric of the other task · KEN_E_UNSUPPORTED one of two classes where there are more,
 *         a formula where a row has several margins */
ken_status ken__boosting_judge_open(ken_ctx *ctx, boosting_judge *judge, const ken_problem *problem,
                                    const boosting_loss *loss);
/* The verdicts at the present margins, also behind the history. loss_mean: that of the validation rows. */
ken_status ken__boosting_judge_look(ken_ctx *ctx, boosting_judge *judge, const boosting_loss *loss,
                                    double loss_mean);
/* What `model` remembers of rounds [0, rounds) comes first, NaN where it remembers none. */
ken_status ken__boosting_judge_recall(ken_ctx *ctx, boosting_judge *judge, const ken_model *model,
                                      int64_t rounds);
/* The attributes `metrics` and `validation_metric`. */
ken_status ken__boosting_judge_write(ken_ctx *ctx, const boosting_judge *judge, ken_model *model);

KEN_END_C

#endif
