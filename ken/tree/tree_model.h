/* The verbs that single trees, forests and extra trees share: their outputs are the mean over the
 * trees of a class share or of a target. Two classes: one output, the share of the second class. */
#ifndef KEN_TREE_TREE_MODEL_H
#define KEN_TREE_TREE_MODEL_H

#include "ken/tree/tree_ensemble.h"

KEN_BEGIN_C

/* Outputs of a model of `n_classes` (0: regression). */
static inline int32_t ken_tree_outputs(int n_classes) { return n_classes > 2 ? n_classes : 1; }

KEN_API /* .gives of ken_tree_model_width. */
#define KEN_TREE_MODEL_GIVES (KEN_GIVES(MARGIN) | KEN_GIVES(LEAF) | KEN_GIVES(CONTRIBUTIONS) | KEN_GIVES(INTERACTIONS))
int64_t ken_tree_model_width(const ken_model *model, ken_what what);
KEN_API ken_status ken_tree_model_predict(ken_ctx *ctx, const ken_model *model, const ken_table *X,
                                          ken_what what, double *out);
KEN_API ken_status ken_tree_model_contributions_against(ken_ctx *ctx, const ken_model *model,
                                                        const ken_table *X,
                                                        const ken_table *background, double *out);
/* One row: VALUE of a regression, PROBA, MARGIN. */
KEN_API ken_status ken_tree_model_predict_row(ken_ctx *ctx, const ken_model *model, const double *x,
                                              ken_what what, double *out);
KEN_API ken_status ken_tree_model_open(ken_ctx *ctx, ken_model *model, void **state);
KEN_API void ken_tree_model_close(const ken_allocator *alloc, void *state);

KEN_END_C

#endif
