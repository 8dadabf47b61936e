/* The text door of models: by name through the catalog. Apart from model.c, so that a program that
 * uses typed doors alone links no catalog. */
#include <string.h>

#include "ken/core/model.h"

static ken_status model_set_all(ken_ctx *ctx, ken_model *model, char *settings) {
    for (char *at = settings, *name, *value;;) {
        KEN_TRY(ken_setting_next(ctx, &at, &name, &value));
        if (!name) return ken_params_check(ctx, ken_model_desc(model), ken_model_params(model));
        KEN_TRY(ken_model_set(ctx, model, name, value));
    }
}

ken_status ken_model_new(ken_ctx *ctx, const char *name, const char *settings, ken_model **out) {
    const ken_desc *desc;
    char *copy = NULL;
    *out = NULL;
    if (ken_catalog_find(ctx, name, KEN_TRANSFORMER, &desc) != KEN_OK)
        KEN_TRY(ken_catalog_find(ctx, name, KEN_ESTIMATOR, &desc));
    KEN_TRY(ken_model_new_desc(ctx, desc, NULL, out));
    if (!settings || !*settings) return KEN_OK;
    ken_status status = ken_strdup(ctx, settings, &copy);
    if (status == KEN_OK) status = model_set_all(ctx, *out, copy);
    ken_free(ctx, copy);
    if (status != KEN_OK) {
        ken_model_free(*out);
        *out = NULL;
    }
    return status;
}
