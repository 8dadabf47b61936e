/* Fill missing cells, and say where they were. */
#ifndef KEN_PREPROCESS_IMPUTE_H
#define KEN_PREPROCESS_IMPUTE_H

#include "ken/core/model.h"

KEN_BEGIN_C

enum { KEN_IMPUTE_MEAN, KEN_IMPUTE_MEDIAN, KEN_IMPUTE_MODE, KEN_IMPUTE_CONSTANT };
/* A bool column "age (missing)": AUTO where missing is not rare (1 % and 5 training rows). ONLY:
 * just these columns, nothing is filled. */
enum { KEN_INDICATOR_AUTO, KEN_INDICATOR_NO, KEN_INDICATOR_YES, KEN_INDICATOR_ONLY };

typedef struct ken_impute_params {
    int strategy;
    int indicator;
    double fill_value;
    const char *fill_text;
} ken_impute_params;

#define KEN_IMPUTE_DEFAULTS {KEN_IMPUTE_MEDIAN, KEN_INDICATOR_AUTO, 0, "(missing)"}

/* Number columns by the strategy; text columns by mode and constant, else they pass, as time
 * columns do. A column without missing cells passes as it is. A column that has no value at all in
 * training gets fill_value. Of several modes the least.
 *
 * attrs   used (d): 0 passes, 1 number, 2 text; fill (d); fill_level (d); indicate (d)
 * errors  KEN_E_VALUE an infinite training value under strategy=mean
 * Peer    sklearn.impute.SimpleImputer */
extern KEN_API const ken_desc ken_impute_desc;
KEN_DEFINE_NEW(impute)

KEN_END_C

#endif
