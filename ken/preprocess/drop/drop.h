/* Leave columns out, by name. */
#ifndef KEN_PREPROCESS_DROP_H
#define KEN_PREPROCESS_DROP_H

#include "ken/core/model.h"

KEN_BEGIN_C

typedef struct ken_drop_params {
    const char *columns; /* names apart by '|' */
    const char *reason;  /* kept with the model, for people */
} ken_drop_params;

#define KEN_DROP_DEFAULTS {"", ""}

/* attrs   dropped (d): 1 where the column is left out; names: those columns
 * errors  KEN_E_NOT_FOUND a name that no column has */
extern KEN_API const ken_desc ken_drop_desc;
KEN_DEFINE_NEW(drop)

KEN_END_C

#endif
