/* Leaves columns out; all others pass. */
#include "ken/preprocess/drop/drop.h"
#include "ken/preprocess/preprocess_names.h"

static ken_status drop_fit(ken_ctx *ctx, ken_model *model, const ken_problem *problem) {
    const ken_drop_params *p = ken_model_params(model);
    const int64_t d = ken_table_cols(problem->X);
    int64_t *dropped;
    KEN_TRY(ken_attr_new(ctx, model, "dropped", KEN_I64, 1, &d, (void **)&dropped));
    KEN_TRY(ken__names_mark(ctx, "drop", problem->X, p->columns, dropped));
    ken__name_list names = ken__name_list_new(ctx);
    for (int j = 0; j < d; j++)
        if (dropped[j]) ken__name_list_add(&names, ken_table_column(problem->X, j)->name);
    const ken_status status = ken__name_list_store(&names, model, "names");
    ken__name_list_free(&names);
    return status;
}

static ken_status drop_transform(ken_ctx *ctx, const ken_model *model, const ken_table *X,
                                 ken_table *out) {
    const ken_tensor *dropped = ken_model_attr(model, "dropped");
    const int64_t *drop = dropped->data;
    KEN_TRY(ken__check_columns(ctx, model, X, dropped->shape[0]));
    for (int j = 0; j < ken_table_cols(X); j++)
        if (!drop[j]) KEN_TRY(ken__pass(ctx, out, X, j));
    return KEN_OK;
}

static ken_status drop_open(ken_ctx *ctx, ken_model *model, void **state) {
    const void *data;
    *state = NULL;
    return ken__attr_need(ctx, model, "dropped", KEN_I64, -1, &data);
}

static const ken_param drop_params[] = {
    KEN_ROW_TEXT(ken_drop_params, columns,
                 .doc = "names of the columns to leave out, apart by '|'"),
    KEN_ROW_TEXT(ken_drop_params, reason, .doc = "why, for people who read the model"),
    {0}};
static const ken_attr drop_attrs[] = {{"dropped", KEN_I64, "d", "1: the column is left out"},
                                      {"names", KEN_STRING, "", "the columns left out"},
                                      {0}};
static const ken_transformer drop_verbs = {
    .fit = drop_fit, .transform = drop_transform, .open = drop_open};

const ken_desc ken_drop_desc = {
    .name = "drop",
    .title = "Leave columns out",
    .kind = KEN_TRANSFORMER,
    .tags = KEN_TAG_TYPED | KEN_TAG_CATEGORY | KEN_TAG_MISSING,
    .params = drop_params,
    .defaults = &(const ken_drop_params)KEN_DROP_DEFAULTS,
    .params_size = sizeof(ken_drop_params),
    .attrs = drop_attrs,
    .transformer = &drop_verbs,
    .doc =
        "Leaves columns out by name. The recipe uses it for identifiers and constants, and writes "
        "the reason beside the name.",
    .peer = "sklearn.compose.ColumnTransformer(drop)",
};

const ken_desc *const ken_drop_things[] = {&ken_drop_desc, NULL};
