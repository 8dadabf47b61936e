/* The doors to the splitters, and their descriptors. The splitters: splits_holdout.c, splits_folds.c. */
#include "ken/data/splits/splits.h"

#include "ken/core/alloc.h"
#include "ken/data/splits/splits_internal.h"

static ken_status splits_check(ken_ctx *ctx, const ken_desc *desc, const ken_data *data) {
    const ken_column *columns[] = {data->target, data->group, data->time, data->weight};
    if (!desc || desc->kind != KEN_SPLITTER)
        return KEN_FAIL(ctx, KEN_E_ARG, "look it up with ken_catalog_find and KEN_SPLITTER",
                        "%s: is not a splitter", desc ? desc->name : "(null)");
    if (!data->table)
        return KEN_FAIL(ctx, KEN_E_ARG, "set data.table", "%s: no table given", desc->name);
    for (int c = 0; c < KEN_COUNT(columns); c++)
        if (columns[c] && columns[c]->n != ken_table_rows(data->table))
            return KEN_FAIL(ctx, KEN_E_SHAPE, "take all columns from one table",
                            "%s: column '%s' has %lld rows but the table has %lld", desc->name,
                            columns[c]->name, (long long)columns[c]->n,
                            (long long)ken_table_rows(data->table));
    return KEN_OK;
}

ken_status ken_split(ken_ctx *ctx, const ken_desc *desc, const void *params, const ken_data *data,
                     int64_t i, uint8_t *role) {
    KEN_TRY(splits_check(ctx, desc, data));
    if (!params) params = desc->defaults;
    KEN_TRY(ken_params_check(ctx, desc, params));
    const int64_t count = desc->splitter->count(params);
    if (i < 0 || i >= count)
        return KEN_FAIL(ctx, KEN_E_ARG, "splits are counted from 0", "%s: split %lld of %lld",
                        desc->name, (long long)i, (long long)count);
    const ken_mark mark = ken_scratch_mark(ctx);
    const ken_status status = desc->splitter->split(ctx, params, data, i, role);
    ken_scratch_release(ctx, mark);
    return status;
}

/* --- descriptors ------------------------------------------------------------------------------------ */

static int64_t splits_count_one(const void *params) {
    (void)params;
    return 1;
}
static int64_t splits_count_folds(const void *params) {
    const ken_kfold_params *p = params;
    return p->folds * p->repeats;
}
static int64_t splits_count_groups(const void *params) {
    return ((const ken_group_kfold_params *)params)->folds;
}
static int64_t splits_count_times(const void *params) {
    return ((const ken_time_split_params *)params)->folds;
}

static const ken_param splits_holdout_rows[] = {
    KEN_ROW_F64(ken_holdout_params, fraction, .min = 0, .max = 0.99,
                .doc = "share of the rows set aside; 0: none"),
    KEN_ROW_BOOL(ken_holdout_params, shuffle, .doc = "take rows at random; false: the last ones"),
    {0}};
static const ken_param splits_kfold_rows[] = {
    KEN_ROW_I64(ken_kfold_params, folds, .min = 2, .max = 1e6, .doc = "number of folds"),
    KEN_ROW_I64(ken_kfold_params, repeats, .min = 1, .max = 1e6,
                .doc = "whole cross-validations, each shuffled anew"),
    KEN_ROW_BOOL(ken_kfold_params, shuffle, .doc = "false: rows in their order"),
    {0}};
static const ken_param splits_group_rows[] = {
    KEN_ROW_I64(ken_group_kfold_params, folds, .min = 2, .max = 1e6, .doc = "number of folds"),
    KEN_ROW_BOOL(ken_group_kfold_params, shuffle, .doc = "false: groups in order of appearance"),
    {0}};
static const ken_param splits_time_rows[] = {
    KEN_ROW_I64(ken_time_split_params, folds, .min = 1, .max = 1e6, .doc = "number of test folds"),
    KEN_ROW_I64(ken_time_split_params, gap, .min = 0, .max = 1e12, .unit = "rows",
                .doc = "rows left out between training and test"),
    KEN_ROW_I64(ken_time_split_params, test_rows, .min = 0, .max = 1e12, .unit = "rows",
                .doc = "size of a test fold; 0: rows / (folds + 1)"),
    KEN_ROW_I64(ken_time_split_params, max_train_rows, .min = 0, .max = 1e12, .unit = "rows",
                .doc = "at most so many training rows, the latest ones; 0: all"),
    {0}};

const ken_desc ken_holdout_desc = {
    .name = "holdout",
    .title = "Hold-out set",
    .kind = KEN_SPLITTER,
    .tasks = KEN_CLASSIFY | KEN_REGRESS,
    .tags = KEN_TAG_RANDOM,
    .params = splits_holdout_rows,
    .defaults = &(const ken_holdout_params)KEN_HOLDOUT_DEFAULTS,
    .params_size = sizeof(ken_holdout_params),
    .splitter = &(const ken_splitter){splits_count_one, ken__split_holdout_run},
    .doc = "Sets a share of the rows aside: whole groups if groups are given, else the last rows if "
           "times are given, else the same share of every class, else any rows.",
    .peer = "sklearn.model_selection.train_test_split"};
const ken_desc ken_kfold_desc = {
    .name = "kfold",
    .title = "k-fold",
    .kind = KEN_SPLITTER,
    .tasks = KEN_CLASSIFY | KEN_REGRESS,
    .tags = KEN_TAG_RANDOM,
    .params = splits_kfold_rows,
    .defaults = &(const ken_kfold_params)KEN_KFOLD_DEFAULTS,
    .params_size = sizeof(ken_kfold_params),
    .splitter = &(const ken_splitter){splits_count_folds, ken__split_kfold_run},
    .doc = "Every row is tested once in each repeat.",
    .paper = "Stone 1974",
    .peer = "sklearn.model_selection.RepeatedKFold"};
const ken_desc ken_stratified_kfold_desc = {
    .name = "stratified_kfold",
    .title = "Stratified k-fold",
    .kind = KEN_SPLITTER,
    .tasks = KEN_CLASSIFY,
    .tags = KEN_TAG_RANDOM,
    .params = splits_kfold_rows,
    .defaults = &(const ken_kfold_params)KEN_KFOLD_DEFAULTS,
    .params_size = sizeof(ken_kfold_params),
    .splitter = &(const ken_splitter){splits_count_folds, ken__split_stratified_run},
    .doc = "k-fold whose folds have every class in the same number, give or take one row.",
    .paper = "Kohavi 1995",
    .peer = "sklearn.model_selection.RepeatedStratifiedKFold"};
const ken_desc ken_group_kfold_desc = {
    .name = "group_kfold",
    .title = "Group k-fold",
    .kind = KEN_SPLITTER,
    .tasks = KEN_CLASSIFY | KEN_REGRESS,
    .tags = KEN_TAG_RANDOM,
    .params = splits_group_rows,
    .defaults = &(const ken_group_kfold_params)KEN_GROUP_KFOLD_DEFAULTS,
    .params_size = sizeof(ken_group_kfold_params),
    .splitter = &(const ken_splitter){splits_count_groups, ken__split_group_run},
    .doc = "k-fold that never tears a group (a patient, a customer) apart; folds of like size.",
    .peer = "sklearn.model_selection.GroupKFold"};
const ken_desc ken_time_split_desc = {
    .name = "time_split",
    .title = "Time split",
    .kind = KEN_SPLITTER,
    .tasks = KEN_CLASSIFY | KEN_REGRESS,
    .params = splits_time_rows,
    .defaults = &(const ken_time_split_params)KEN_TIME_SPLIT_DEFAULTS,
    .params_size = sizeof(ken_time_split_params),
    .splitter = &(const ken_splitter){splits_count_times, ken__split_time_run},
    .doc = "Trains on the past, tests on what comes next, with a growing window.",
    .paper = "Bergmeir, Hyndman & Koo 2018",
    .peer = "sklearn.model_selection.TimeSeriesSplit"};

ken_status ken_split_holdout(ken_ctx *ctx, const ken_data *data, double fraction, uint8_t *role) {
    ken_holdout_params p = KEN_HOLDOUT_DEFAULTS;
    p.fraction = fraction;
    return ken_split(ctx, &ken_holdout_desc, &p, data, 0, role);
}

const ken_desc *const ken_splits_things[] = {
    &ken_group_kfold_desc, &ken_holdout_desc, &ken_kfold_desc, &ken_stratified_kfold_desc,
    &ken_time_split_desc, NULL};
