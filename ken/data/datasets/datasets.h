/* Built-in tables: small real ones that may be carried, and generated ones ("gen:houses"). */
#ifndef KEN_DATA_DATASETS_H
#define KEN_DATA_DATASETS_H

#include "ken/core/desc.h"

KEN_BEGIN_C

typedef struct ken_dataset {
    const char *target;        /* the usual one */
    const char *license, *source;
    ken_status (*load)(ken_ctx *ctx, const void *params, ken_table **out);
} ken_dataset;

/* By name ("credit_g", "iris"); generated ones may have settings: "gen:moons:rows=500,noise=0.1". What
 * is generated depends on the context's seed alone.
 * errors  KEN_E_NOT_FOUND with the nearest name · KEN_E_UNSUPPORTED a build without tables · KEN_E_ARG,
 *         KEN_E_VALUE wrong settings */
KEN_API ken_status ken_dataset_load(ken_ctx *ctx, const char *name, ken_table **out);

/* .write_json of every dataset: its target, license and source. */
void ken__dataset_write_json(const ken_desc *desc, ken_json_writer *w);

KEN_END_C

#endif
