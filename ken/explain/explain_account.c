/* The account of one prediction. The values themselves: shap/. */
#include "ken/explain/explain_account.h"

#include <string.h>

#include "ken/core/alloc.h"

static ken_status account_predict(ken_ctx *ctx, const ken_table *table, ken_account *a) {
    const int k = ken_model_n_classes(a->model);
    ken_table *one = NULL;
    if (k) KEN_TRY(KEN_ALLOC(ctx, double, k, &a->proba));
    KEN_TRY(ken_table_take(ctx, table, &a->row, 1, &one));
    ken_tensor t = ken_tensor_2d(&a->value, KEN_F64, 1, 1);
    ken_status status = ken_model_predict(ctx, a->model, one, KEN_WHAT_VALUE, &t);
    if (status == KEN_OK && k) {
        t = ken_tensor_2d(a->proba, KEN_F64, 1, k);
        status = ken_model_predict(ctx, a->model, one, KEN_WHAT_PROBA, &t);
    }
    ken_table_free(one);
    return status;
}

static ken_status account_all(ken_ctx *ctx, const ken_table *table, const ken_table *background, ken_account *a) {
    if (!ken_model_fitted(a->model))
        return KEN_FAIL(ctx, KEN_E_STATE, "fit or load the model first", "explain: the model is not fitted");
    if (a->row < 0 || a->row >= ken_table_rows(table))
        return KEN_FAIL(ctx, KEN_E_ARG, NULL, "explain: there is no row %lld in a table of %lld rows", (long long)a->row,
                        (long long)ken_table_rows(table));
    KEN_TRY(account_predict(ctx, table, a));
    ken_status status = ken_explain_shap_against(ctx, a->model, table, background, &a->row, 1, &a->shap);
    a->asked = status == KEN_E_UNSUPPORTED;
    if (a->asked)
        status = ken_explain_kernel_shap(ctx, a->model, table, background ? background : table, &a->row, 1, NULL,
                                         &a->shap);
    KEN_TRY(status);
    KEN_TRY(KEN_ALLOC(ctx, ken_shap_part, ken_model_n_features(a->model) + 1, &a->parts));
    a->output = ken_shap_get(a->shap)->n_outputs > 1 ? (int)a->value : 0;
    return ken_explain_row(ctx, a->model, table, a->shap, 0, a->output, a->parts, &a->n_parts);
}

ken_status ken_explain_account(ken_ctx *ctx, const ken_model *model, const ken_table *table,
                               const ken_table *background, int64_t row, ken_account *out) {
    memset(out, 0, sizeof *out);
    out->alloc = ken_ctx_allocator(ctx);
    out->model = model;
    out->row = row;
    out->background_rows = background ? ken_table_rows(background) : 0;
    return account_all(ctx, table, background, out);
}

void ken_account_free(ken_account *a) {
    if (!a) return;
    ken_allocator_free(&a->alloc, a->proba);
    ken_allocator_free(&a->alloc, a->parts);
    ken_shap_free(a->shap);
    memset(a, 0, sizeof *a);
}

const char *ken_account_class(const ken_account *a) {
    return a->proba ? ken_model_class(a->model, ken_shap_get(a->shap)->n_outputs > 1 ? a->output : 1) : NULL;
}

const char *ken_account_name(const ken_account *a, int part) {
    const int feature = a->parts[part].feature;
    return feature < 0 ? "(several columns)" : ken_model_feature(a->model, feature);
}

const char *ken_account_value(const ken_account *a, int part) {
    const ken_shap_part *p = &a->parts[part];
    return p->text[0] ? p->text : p->feature < 0 ? "" : "(missing)";
}
