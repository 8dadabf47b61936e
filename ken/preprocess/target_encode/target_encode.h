/* A level as the mean target of its training rows, shrunk towards the mean of all. */
#ifndef KEN_PREPROCESS_TARGET_ENCODE_H
#define KEN_PREPROCESS_TARGET_ENCODE_H

#include "ken/core/model.h"

KEN_BEGIN_C

typedef struct ken_target_encode_params {
    int64_t folds;
    double smooth;
} ken_target_encode_params;

#define KEN_TARGET_ENCODE_DEFAULTS {5, 0}

/* Category and string columns become one f64 column (regression, two classes: the share of class 1)
 * or one per class; other columns pass. Missing is a level of its own; unseen levels get the mean
 * of all. While training, the value of a row comes from the other folds only, so that a row's own
 * target does not show in it (transform of new rows uses all training rows).
 *
 * attrs   levels and their counts; encoding (l, k); encoding_missing (d, k); mean (k)
 * random  stream "target_encode.folds"
 * cost    O(n) per column, fold and pass
 * source  Micci-Barreca 2001 (SIGKDD Explorations 3:1), eq. 4-5; Pargent et al. 2022 (Computational
 *         Statistics 37), cross-fitting. Peer: sklearn.preprocessing.TargetEncoder */
extern KEN_API const ken_desc ken_target_encode_desc;
KEN_DEFINE_NEW(target_encode)

KEN_END_C

#endif
