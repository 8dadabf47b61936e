/* The bytes of data/<name>.csv, in a file that the build writes (cmake/datasets.cmake). */
#ifndef KEN_DATA_DATASETS_CSV_H
#define KEN_DATA_DATASETS_CSV_H

#include <stddef.h>

typedef struct ken_dataset_csv {
    const char *name, *bytes;
    size_t size;
} ken_dataset_csv;
extern const ken_dataset_csv ken_dataset_csvs[]; /* ended by a row of zeros */

#endif
