/* What the build writes (ken_catalog.c): a row a folder, in reading order. */
#ifndef KEN_CORE_CATALOG_H
#define KEN_CORE_CATALOG_H

#include "ken/core/desc.h"

typedef struct ken_catalog_folder {
    const char *room;
    const ken_desc *const *things; /* NULL-ended */
} ken_catalog_folder;
extern const ken_catalog_folder ken_catalog_folders[]; /* ended by {NULL, NULL} */

#endif
