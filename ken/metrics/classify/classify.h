/* Metrics of classification. By labels: what was predicted against what was true. By rank: how well
 * the probability of the positive class orders the rows. By probability: how far the probabilities are
 * from the truth. */
#ifndef KEN_METRICS_CLASSIFY_H
#define KEN_METRICS_CLASSIFY_H

#include "ken/metrics/metrics.h"

KEN_BEGIN_C

typedef struct ken_fbeta_params {
    double beta; /* recall counts beta times as much as precision */
} ken_fbeta_params;
#define KEN_FBETA_DEFAULTS {2.0}

typedef struct ken_ece_params {
    int64_t bins; /* of equal width over [0, 1] */
} ken_ece_params;
#define KEN_ECE_DEFAULTS {15}

extern KEN_API const ken_desc ken_accuracy_desc, ken_balanced_accuracy_desc, ken_precision_desc,
    ken_recall_desc, ken_f1_desc, ken_fbeta_desc, ken_precision_macro_desc, ken_precision_micro_desc,
    ken_precision_weighted_desc, ken_recall_macro_desc, ken_recall_micro_desc,
    ken_recall_weighted_desc, ken_f1_macro_desc, ken_f1_micro_desc, ken_f1_weighted_desc,
    ken_mcc_desc, ken_kappa_desc, ken_log_loss_desc, ken_brier_desc, ken_ece_desc, ken_roc_auc_desc,
    ken_roc_auc_ovr_desc, ken_roc_auc_ovo_desc, ken_average_precision_desc;

/* --- for the files of this folder --------------------------------------------------------------- */
typedef ken_status (*ken__metric_fn)(ken_ctx *, const void *, const ken_scores *, double *);
typedef ken_status (*ken__interval_fn)(ken_ctx *, const void *, const ken_scores *, double,
                                       ken_interval *);
ken_status ken__accuracy_value(ken_ctx *, const void *, const ken_scores *, double *);
ken_status ken__accuracy_interval(ken_ctx *, const void *, const ken_scores *, double,
                                  ken_interval *);
ken_status ken__balanced_accuracy_value(ken_ctx *, const void *, const ken_scores *, double *);
ken_status ken__precision_value(ken_ctx *, const void *, const ken_scores *, double *);
ken_status ken__recall_value(ken_ctx *, const void *, const ken_scores *, double *);
ken_status ken__f1_value(ken_ctx *, const void *, const ken_scores *, double *);
ken_status ken__fbeta_value(ken_ctx *, const void *, const ken_scores *, double *);
ken_status ken__precision_macro_value(ken_ctx *, const void *, const ken_scores *, double *);
ken_status ken__precision_micro_value(ken_ctx *, const void *, const ken_scores *, double *);
ken_status ken__precision_weighted_value(ken_ctx *, const void *, const ken_scores *, double *);
ken_status ken__recall_macro_value(ken_ctx *, const void *, const ken_scores *, double *);
ken_status ken__recall_micro_value(ken_ctx *, const void *, const ken_scores *, double *);
ken_status ken__recall_weighted_value(ken_ctx *, const void *, const ken_scores *, double *);
ken_status ken__f1_macro_value(ken_ctx *, const void *, const ken_scores *, double *);
ken_status ken__f1_micro_value(ken_ctx *, const void *, const ken_scores *, double *);
ken_status ken__f1_weighted_value(ken_ctx *, const void *, const ken_scores *, double *);
ken_status ken__mcc_value(ken_ctx *, const void *, const ken_scores *, double *);
ken_status ken__kappa_value(ken_ctx *, const void *, const ken_scores *, double *);
ken_status ken__log_loss_value(ken_ctx *, const void *, const ken_scores *, double *);
ken_status ken__brier_value(ken_ctx *, const void *, const ken_scores *, double *);
ken_status ken__ece_value(ken_ctx *, const void *, const ken_scores *, double *);
ken_status ken__roc_auc_value(ken_ctx *, const void *, const ken_scores *, double *);
ken_status ken__roc_auc_interval(ken_ctx *, const void *, const ken_scores *, double,
                                 ken_interval *);
ken_status ken__roc_auc_ovr_value(ken_ctx *, const void *, const ken_scores *, double *);
ken_status ken__roc_auc_ovo_value(ken_ctx *, const void *, const ken_scores *, double *);
ken_status ken__average_precision_value(ken_ctx *, const void *, const ken_scores *, double *);

KEN_END_C

#endif
