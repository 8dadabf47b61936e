/* The descriptors of the metrics of classification. */
#include "ken/metrics/classify/classify.h"
#include "ken/metrics/metrics_util.h"

static const ken_param classify_fbeta_params[] = {
    KEN_ROW_F64(ken_fbeta_params, beta, .min = 0, .max = 1e6, .open_min = true,
                .doc = "recall counts beta times as much as precision"),
    {0}};
static const ken_param classify_ece_params[] = {
    KEN_ROW_I64(ken_ece_params, bins, .min = 1, .max = 10000,
                .doc = "bins of equal width over the probability"),
    {0}};

/* name, title, the metric's fields, doc, paper, peer */
#define CLASSIFY_METRIC(thing, words, source, like, text, ...)                                     \
    const ken_desc ken_##thing##_desc = {                                                          \
        .name = #thing,                                                                            \
        .title = words,                                                                            \
        .kind = KEN_METRIC,                                                                        \
        .tasks = KEN_CLASSIFY,                                                                     \
        .tags = KEN_TAG_WEIGHTS,                                                                   \
        .write_json = ken__metric_write_json,                                                      \
        .metric = &(const ken_metric){.value = ken__##thing##_value, __VA_ARGS__},      \
        .doc = text,                                                                               \
        .paper = source,                                                                           \
        .peer = "sklearn.metrics." like}

CLASSIFY_METRIC(accuracy, "Accuracy", "Wilson 1927 (interval)", "accuracy_score",
                "Share of rows whose class is predicted right. Misleads when one class is rare: look "
                "at balanced_accuracy or roc_auc then.",
                .higher_is_better = true, .best = 1, .main = true, .interval = ken__accuracy_interval);
CLASSIFY_METRIC(balanced_accuracy, "Balanced accuracy", "Brodersen et al. 2010",
                "balanced_accuracy_score",
                "Mean recall of the classes that occur; a model that always says the same class gets "
                "1 / classes.",
                .higher_is_better = true, .best = 1, .main = true);
CLASSIFY_METRIC(precision, "Precision", "van Rijsbergen 1979", "precision_score",
                "Share of right ones among the rows predicted positive; 0 when there are none.",
                .higher_is_better = true, .best = 1, .binary_only = true, .main = true);
CLASSIFY_METRIC(recall, "Recall", "van Rijsbergen 1979", "recall_score",
                "Share of the positive rows that are found; 0 when there are none.",
                .higher_is_better = true, .best = 1, .binary_only = true, .main = true);
CLASSIFY_METRIC(f1, "F1", "van Rijsbergen 1979", "f1_score",
                "Harmonic mean of precision and recall of the positive class.",
                .higher_is_better = true, .best = 1, .binary_only = true, .main = true);
CLASSIFY_METRIC(precision_macro, "Precision, mean over classes", "Sokolova & Lapalme 2009",
                "precision_score(average='macro')",
                "Mean precision of the classes that occur in truth or prediction.",
                .higher_is_better = true, .best = 1, .main = true);
CLASSIFY_METRIC(precision_micro, "Precision, all classes in one pot", "Sokolova & Lapalme 2009",
                "precision_score(average='micro')", "With one class a row it equals accuracy.",
                .higher_is_better = true, .best = 1);
CLASSIFY_METRIC(precision_weighted, "Precision, weighted by rows", "Sokolova & Lapalme 2009",
                "precision_score(average='weighted')",
                "Mean precision, each class as heavy as its rows.", .higher_is_better = true, .best = 1);
CLASSIFY_METRIC(recall_macro, "Recall, mean over classes", "Sokolova & Lapalme 2009",
                "recall_score(average='macro')",
                "Mean recall of the classes that occur in truth or prediction.",
                .higher_is_better = true, .best = 1, .main = true);
CLASSIFY_METRIC(recall_micro, "Recall, all classes in one pot", "Sokolova & Lapalme 2009",
                "recall_score(average='micro')", "With one class a row it equals accuracy.",
                .higher_is_better = true, .best = 1);
CLASSIFY_METRIC(recall_weighted, "Recall, weighted by rows", "Sokolova & Lapalme 2009",
                "recall_score(average='weighted')", "Equals accuracy.", .higher_is_better = true, .best = 1);
CLASSIFY_METRIC(f1_macro, "F1, mean over classes", "Sokolova & Lapalme 2009",
                "f1_score(average='macro')",
                "Mean F1 of the classes that occur in truth or prediction; rare classes count as much "
                "as common ones.",
                .higher_is_better = true, .best = 1, .main = true);
CLASSIFY_METRIC(f1_micro, "F1, all classes in one pot", "Sokolova & Lapalme 2009",
                "f1_score(average='micro')", "With one class a row it equals accuracy.",
                .higher_is_better = true, .best = 1);
CLASSIFY_METRIC(f1_weighted, "F1, weighted by rows", "Sokolova & Lapalme 2009",
                "f1_score(average='weighted')", "Mean F1, each class as heavy as its rows.",
                .higher_is_better = true, .best = 1, .main = true);
CLASSIFY_METRIC(mcc, "Matthews correlation", "Matthews 1975; Gorodkin 2004", "matthews_corrcoef",
                "Correlation of true and predicted labels, -1 to 1; 0 when one of them is constant.",
                .higher_is_better = true, .best = 1, .main = true);
CLASSIFY_METRIC(kappa, "Cohen's kappa", "Cohen 1960", "cohen_kappa_score",
                "Agreement beyond what the two label frequencies would give by chance.",
                .higher_is_better = true, .best = 1);
CLASSIFY_METRIC(log_loss, "Log loss", "Good 1952", "log_loss",
                "Mean of -log(probability given to the true class), in nats; honest about "
                "overconfidence. Probabilities are kept within 2.2e-16 of 0 and 1.",
                .best = 0, .main = true, .needs_proba = true);
CLASSIFY_METRIC(brier, "Brier score", "Brier 1950", "brier_score_loss",
                "Mean squared distance between probabilities and the one-hot truth, halved for two "
                "classes.",
                .best = 0, .main = true, .needs_proba = true);
CLASSIFY_METRIC(roc_auc, "Area under the ROC curve", "Hanley & McNeil 1982; DeLong et al. 1988",
                "roc_auc_score",
                "Probability that a positive row gets a higher score than a negative one, ties half. "
                "Knows nothing of calibration; with few positives see average_precision.",
                .higher_is_better = true, .best = 1, .binary_only = true, .main = true, .needs_proba = true,
                .interval = ken__roc_auc_interval);
CLASSIFY_METRIC(roc_auc_ovr, "ROC AUC, one class against the rest", "Provost & Domingos 2000",
                "roc_auc_score(multi_class='ovr')",
                "Mean over the classes that occur of the area for that class against all others.",
                .higher_is_better = true, .best = 1, .main = true, .needs_proba = true,
                .class_cost = 4);
CLASSIFY_METRIC(roc_auc_ovo, "ROC AUC, mean over pairs of classes", "Hand & Till 2001",
                "roc_auc_score(multi_class='ovo')",
                "Mean over pairs of classes that occur; does not depend on class frequencies.",
                .higher_is_better = true, .best = 1, .needs_proba = true, .class_cost = 8);
CLASSIFY_METRIC(average_precision, "Average precision", "Davis & Goadrich 2006",
                "average_precision_score",
                "Area under the precision-recall curve as a sum over thresholds; the baseline is the "
                "share of positive rows.",
                .higher_is_better = true, .best = 1, .binary_only = true, .main = true, .needs_proba = true);

const ken_desc ken_fbeta_desc = {
    .name = "fbeta",
    .title = "F beta",
    .kind = KEN_METRIC,
    .tasks = KEN_CLASSIFY,
    .tags = KEN_TAG_WEIGHTS,
    .write_json = ken__metric_write_json,
    .params = classify_fbeta_params,
    .defaults = &(const ken_fbeta_params)KEN_FBETA_DEFAULTS,
    .params_size = sizeof(ken_fbeta_params),
    .metric = &(const ken_metric){.value = ken__fbeta_value, .best = 1, .higher_is_better = true,
                                  .binary_only = true},
    .doc = "Weighted harmonic mean of precision and recall of the positive class.",
    .paper = "van Rijsbergen 1979",
    .peer = "sklearn.metrics.fbeta_score"};

const ken_desc ken_ece_desc = {
    .name = "ece",
    .title = "Expected calibration error",
    .kind = KEN_METRIC,
    .tasks = KEN_CLASSIFY,
    .tags = KEN_TAG_WEIGHTS,
    .write_json = ken__metric_write_json,
    .params = classify_ece_params,
    .defaults = &(const ken_ece_params)KEN_ECE_DEFAULTS,
    .params_size = sizeof(ken_ece_params),
    .metric = &(const ken_metric){.value = ken__ece_value, .main = true, .needs_proba = true},
    .doc = "How far the highest probability is from the share of right predictions, over bins. It "
           "falls with fewer bins and never is exactly 0 on a sample: compare, do not certify.",
    .paper = "Naeini et al. 2015; Guo et al. 2017"};

const ken_desc *const ken_classify_things[] = {
    &ken_accuracy_desc,      &ken_average_precision_desc,  &ken_balanced_accuracy_desc,
    &ken_brier_desc,         &ken_ece_desc,                &ken_f1_desc,
    &ken_f1_macro_desc,      &ken_f1_micro_desc,           &ken_f1_weighted_desc,
    &ken_fbeta_desc,         &ken_kappa_desc,              &ken_log_loss_desc,
    &ken_mcc_desc,           &ken_precision_desc,          &ken_precision_macro_desc,
    &ken_precision_micro_desc, &ken_precision_weighted_desc, &ken_recall_desc,
    &ken_recall_macro_desc,  &ken_recall_micro_desc,       &ken_recall_weighted_desc,
    &ken_roc_auc_desc,       &ken_roc_auc_ovo_desc,        &ken_roc_auc_ovr_desc,
    NULL};
