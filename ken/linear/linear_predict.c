/* Prediction from coef, intercept and center: see linear_predict.h. */
#include "ken/linear/linear_predict.h"

#include "ken/kernels/kernels.h"
#include "ken/linear/linear_rows.h"

typedef struct linear_predict_view {
    const ken_kernels *kernels;
    const double *coef, *intercept, *center;
    int64_t d, m;
} linear_predict_view;

static void linear_predict_margin(const void *arg, const double *X, int64_t rows, double *out) {
    const linear_predict_view *v = arg;
    for (int64_t c = 0; c < v->m; c++)
        v->kernels->gemv(X, rows, v->d, v->d, v->coef + c * v->d, v->intercept[c], out + c, v->m);
}

static void linear_predict_proba(const void *arg, const double *X, int64_t rows, double *out) {
    const linear_predict_view *v = arg;
    if (v->m > 1) {
        linear_predict_margin(arg, X, rows, out);
        v->kernels->softmax_rows(out, rows, v->m, NULL);
        return;
    }
    v->kernels->gemv(X, rows, v->d, v->d, v->coef, v->intercept[0], out + 1, 2);
    for (int64_t i = 0; i < rows; i++) out[2 * i] = -out[2 * i + 1]; /* each to its own digits */
    v->kernels->sigmoid_n(out, out, 2 * rows);
}

static void linear_predict_contribution(const void *arg, const double *X, int64_t rows, double *out) {
    const linear_predict_view *v = arg;
    for (int64_t c = 0; c < v->m; c++) {
        const double *coef = v->coef + c * v->d;
        double base = v->intercept[c];
        for (int64_t j = 0; j < v->d; j++) base += coef[j] * v->center[j];
        ken__linear_contributions(X, rows, v->d, coef, v->center, base, out + c * (v->d + 1),
                                  v->m * (v->d + 1));
    }
}

static int64_t linear_predict_outputs(const ken_model *model) {
    return ken_model_n_classes(model) > 2 ? ken_model_n_classes(model) : 1;
}

int64_t ken__linear_model_width(const ken_model *model, ken_what what) {
    const int64_t k = ken_model_n_classes(model), m = linear_predict_outputs(model);
    if (what == KEN_WHAT_PROBA) return k;
    if (what == KEN_WHAT_MARGIN) return m;
    if (what == KEN_WHAT_VALUE) return k == 0;
    return what == KEN_WHAT_CONTRIBUTIONS ? m * (ken_model_n_inputs(model) + 1) : 0;
}

ken_status ken__linear_model_predict(ken_ctx *ctx, const ken_model *model, const ken_table *X, ken_what what,
                                     double *out) {
    const linear_predict_view v = {.kernels = ken_ctx_kernels(ctx),
                           .coef = ken_f64(ken_model_attr(model, "coef")),
                           .intercept = ken_f64(ken_model_attr(model, "intercept")),
                           .center = ken_f64(ken_model_attr(model, "center")),
                           .d = ken_table_cols(X),
                           .m = linear_predict_outputs(model)};
    const ken_row_block_fn rows = what == KEN_WHAT_PROBA           ? linear_predict_proba
                                  : what == KEN_WHAT_CONTRIBUTIONS ? linear_predict_contribution
                                                                   : linear_predict_margin;
    return ken_predict_dense(ctx, X, ken__linear_model_width(model, what), rows, &v, out);
}

ken_status ken__linear_model_open(ken_ctx *ctx, ken_model *model, void **state) {
    const int64_t k = ken_model_n_classes(model), m = linear_predict_outputs(model), d = ken_model_n_inputs(model);
    *state = NULL;
    if (ken_model_task(model) == KEN_CLASSIFY ? k < 2 : k != 0)
        return KEN_FAIL(ctx, KEN_E_FORMAT, "fit the model again", "%s: %lld classes", ken_model_desc(model)->name,
                        (long long)k);
    KEN_TRY(ken__linear_expect(ctx, model, "coef", m * d));
    KEN_TRY(ken__linear_expect(ctx, model, "intercept", m));
    return ken__linear_expect(ctx, model, "center", d);
}
