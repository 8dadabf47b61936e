/* What the splitters share. Private to the folder. */
#ifndef KEN_DATA_SPLITS_INTERNAL_H
#define KEN_DATA_SPLITS_INTERNAL_H

#include "ken/data/splits/splits.h"

/* The rows that may be split, rising, in scratch: those of role TRAIN. Other entries of `role` are
 * set here: validation rows stay so, test rows are unused. */
ken_status ken__split_rows(ken_ctx *ctx, const ken_data *data, uint8_t *role, int64_t **rows,
                           int64_t *n);
/* A number 0 .. k-1 a row for equal cells of a column, in order of first appearance; -1 is missing. */
ken_status ken__split_codes(ken_ctx *ctx, const ken_column *column, const int64_t *rows, int64_t n,
                            int32_t *codes, int32_t *k);
/* Positions 0 .. n-1 sorted by code (missing last), equal codes in order; start (k + 2) borders. */
ken_status ken__split_by_code(ken_ctx *ctx, const int32_t *codes, int64_t n, int32_t k,
                              int64_t **order, int64_t **start);
/* rows in order of time, in place; no time column: as they are. A missing time is an error. */
ken_status ken__split_sort_time(ken_ctx *ctx, const ken_data *data, int64_t *rows, int64_t n);
/* The group's number of each of the rows; a missing group is an error. */
ken_status ken__split_groups(ken_ctx *ctx, const ken_data *data, const int64_t *rows, int64_t n,
                             int32_t **codes, int32_t *k);

ken_status ken__split_holdout_run(ken_ctx *ctx, const void *params, const ken_data *data, int64_t i,
                                  uint8_t *role);
ken_status ken__split_kfold_run(ken_ctx *ctx, const void *params, const ken_data *data, int64_t i,
                                uint8_t *role);
ken_status ken__split_stratified_run(ken_ctx *ctx, const void *params, const ken_data *data,
                                     int64_t i, uint8_t *role);
ken_status ken__split_group_run(ken_ctx *ctx, const void *params, const ken_data *data, int64_t i,
                                uint8_t *role);
ken_status ken__split_time_run(ken_ctx *ctx, const void *params, const ken_data *data, int64_t i,
                               uint8_t *role);

#endif
