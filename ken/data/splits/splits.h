/* Splitters: they return roles. */
#ifndef KEN_DATA_SPLITS_H
#define KEN_DATA_SPLITS_H

#include "ken/core/model.h"

KEN_BEGIN_C

typedef struct ken_splitter {
    /* Number of splits that the parameters ask for. */
    int64_t (*count)(const void *params);
    /* role[n] of split `i`: KEN_ROLE_TRAIN and KEN_ROLE_TEST (rows left out of both, as in time
     * splits: KEN_ROLE_UNUSED). */
    ken_status (*split)(ken_ctx *ctx, const void *params, const ken_data *data, int64_t i,
                        uint8_t *role);
} ken_splitter;

enum { KEN_ROLE_UNUSED = 3 };

/* Only rows of role TRAIN (all, without roles) are split. Of the others, validation rows stay
 * validation rows and test rows become unused. */
typedef struct ken_holdout_params {
    double fraction;
    bool shuffle;
} ken_holdout_params;
#define KEN_HOLDOUT_DEFAULTS {0.2, true}

typedef struct ken_kfold_params {
    int64_t folds, repeats;
    bool shuffle;
} ken_kfold_params;
#define KEN_KFOLD_DEFAULTS {5, 1, true}

typedef struct ken_group_kfold_params {
    int64_t folds;
    bool shuffle;
} ken_group_kfold_params;
#define KEN_GROUP_KFOLD_DEFAULTS {5, true}

typedef struct ken_time_split_params {
    int64_t folds, gap, test_rows, max_train_rows;
} ken_time_split_params;
#define KEN_TIME_SPLIT_DEFAULTS {5, 0, 0, 0}

extern KEN_API const ken_desc ken_holdout_desc, ken_kfold_desc, ken_stratified_kfold_desc,
    ken_group_kfold_desc, ken_time_split_desc;

/* Generic door: params NULL is defaults. Same seed, same roles, for any number of threads.
 * role     out: (n)
 * errors   KEN_E_ARG no target, group or such where the splitter needs one · KEN_E_VALUE too few rows
 *          or groups, or one of them without a group or time · KEN_E_SHAPE
 * random   streams "splits.<name>", index = number of the repeat */
KEN_API ken_status ken_split(ken_ctx *ctx, const ken_desc *splitter, const void *params,
                             const ken_data *data, int64_t i, uint8_t *role);
/* The splitter that suits the data: group if data->group, time if data->time, stratified for
 * classification, else plain; as hold-out of `fraction` (0: no test rows). With two or more rows there
 * is at least one on either side; a class of one row trains. */
KEN_API ken_status ken_split_holdout(ken_ctx *ctx, const ken_data *data, double fraction,
                                     uint8_t *role);

KEN_END_C

#endif
