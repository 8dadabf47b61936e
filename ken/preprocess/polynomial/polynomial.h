/* Powers and products of number columns, so that a linear model can bend. */
#ifndef KEN_PREPROCESS_POLYNOMIAL_H
#define KEN_PREPROCESS_POLYNOMIAL_H

#include "ken/core/model.h"

KEN_BEGIN_C

typedef struct ken_polynomial_params {
    int64_t degree;
    bool interaction_only;
    bool include_bias;
    int64_t max_columns;
} ken_polynomial_params;

#define KEN_POLYNOMIAL_DEFAULTS {2, false, false, 5000}

/* Columns of f64, f32 and i64 become all products of at most `degree` of them, as f64, in the order
 * and with the names of scikit-learn: a, b, a^2, a b, b^2. A product with a missing factor is
 * missing. Other columns pass, after these. Nothing is scaled: scale before (and after) where
 * numbers are far from 1, as the recipe does.
 *
 * attrs   used (d); parent, factor (t): product t is product parent[t] times column factor[t]; name (t)
 * errors  KEN_E_LIMIT more than max_columns products
 * cost    O(n t), one multiplication a cell
 * Peer    sklearn.preprocessing.PolynomialFeatures */
extern KEN_API const ken_desc ken_polynomial_desc;
KEN_DEFINE_NEW(polynomial)

/* How many columns `d` number columns become, saturating at INT64_MAX. */
KEN_API int64_t ken_polynomial_columns(int64_t d, const ken_polynomial_params *params);

KEN_END_C

#endif
