/* The bytes of data/<name>.csv and what reads them, in a file that the build writes (cmake/datasets.cmake). A page's
 * small module has them in another form (tools/wasm). */
#ifndef KEN_DATA_DATASETS_CSV_H
#define KEN_DATA_DATASETS_CSV_H

#include "ken/io/csv/csv.h"

typedef struct ken_dataset_csv {
    const char *name, *bytes;
    size_t size;
    ken_status (*parse)(ken_ctx *ctx, const char *name, const char *bytes, size_t size,
                        const ken_csv_options *options, ken_csv_info *info, ken_table **out);
} ken_dataset_csv;
extern const ken_dataset_csv ken_dataset_csvs[]; /* ended by a row of zeros */

#endif
