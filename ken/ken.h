/* ken: machine learning in C. One header for all of it; rooms in reading order. The path is the name:
 * ken/linear/ridge/ridge.h is the model `ridge`. Start with core/status.h, core/ctx.h, core/model.h. */
#ifndef KEN_KEN_H
#define KEN_KEN_H

#include "ken/core/status.h"
#include "ken/core/ctx.h"
#include "ken/core/alloc.h"
#include "ken/core/rng.h"
#include "ken/core/threads.h"
#include "ken/core/tensor.h"
#include "ken/core/table.h"
#include "ken/core/text.h"
#include "ken/core/json.h"
#include "ken/core/desc.h"
#include "ken/core/model.h"

#include "ken/io/file.h"
#include "ken/io/csv/csv.h"
#include "ken/io/npy/npy.h"
#include "ken/io/model_file/model_file.h"
#include "ken/data/splits/splits.h"
#include "ken/data/datasets/datasets.h"
#include "ken/stats/describe/describe.h"
#include "ken/stats/recall/recall.h"
#include "ken/metrics/metrics.h"
#include "ken/metrics/curves.h"

#include "ken/preprocess/recipe/recipe.h"
#include "ken/baseline/dummy/dummy.h"
#include "ken/linear/linear/linear.h"
#include "ken/linear/ridge/ridge.h"
#include "ken/linear/lasso/lasso.h"
#include "ken/linear/elastic_net/elastic_net.h"
#include "ken/linear/logistic/logistic.h"
#include "ken/neighbors/knn/knn.h"
#include "ken/tree/tree/tree.h"
#include "ken/tree/forest/forest.h"
#include "ken/tree/extra_trees/extra_trees.h"
#include "ken/boosting/boosting/boosting.h"

#include "ken/select/cross_validate/cross_validate.h"
#include "ken/select/compare/compare.h"
#include "ken/select/evaluate/evaluate.h"
#include "ken/select/train/train.h"
#include "ken/explain/permutation/permutation.h"
#include "ken/explain/importance/importance.h"
#include "ken/explain/effect/effect.h"
#include "ken/explain/shap/shap.h"
#include "ken/report/report.h"
#include "ken/report/show.h"

#endif
